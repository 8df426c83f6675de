"""The loads of a report in words: tables with what was published beside, what they rest on, what is left over."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.estimate import Estimate
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.core.text import listed
from kinechain.evidence.wording import say
from kinechain.findings.loads import load_measure
from kinechain.findings.published_loads import PublishedLoad, load_sources, published_beside
from kinechain.findings.standing_loads import FACET_SHARE, STANDING, STANDING_LOADS
from kinechain.loads.loads import MEASURED, PREDICTED, Load, Loads, LoadSettings
from kinechain.report.words import decimals, interval_words, plain, value_words

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = [
    "LoadCell",
    "LoadRow",
    "LoadSection",
    "LoadTable",
    "clinical_load",
    "load_doubts",
    "load_lines",
    "load_mass_kg",
    "load_name",
    "load_section",
    "load_sources_of",
    "why_no_loads",
]

#: How far they are known to lie from measured ones: medians of ``benchmarks/load_table.py``; renew with the model.
KNOWN = {"walks": 28, "hip": 566, "knee": 359}

#: Tables and the sites that belong to them, from the spine to the ground.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Lumbar spine and sacrum", ("l3_l4", "l4_l5", "l5_s1", "lumbar", "sacroiliac")),
    ("Hip", ("hip",)),
    ("Knee", ("knee",)),
    ("Ankle and foot", ("ankle", "achilles", "plantar_fascia", "sole")),
    ("Ground reaction", ("ground",)),
)

#: Largest reserve, N m/kg, and residuals, as part of the body weight and in N m/kg RMS, from which loads are doubted
#: (assumptions).
DOUBTFUL_RESERVE, DOUBTFUL_FORCE, DOUBTFUL_MOMENT = 0.2, 0.1, 1.0

#: What the six coordinates of the pelvis keep: forces, then moments.
FREE_FORCES, FREE_MOMENTS = (
    ("pelvis_tx", "pelvis_ty", "pelvis_tz"),
    ("pelvis_rotation", "pelvis_obliquity", "pelvis_tilt"),
)

WEIGHTINGS: Mapping[str, str] = MappingProxyType({"activation": "every muscle alike", "volume": "by muscle volume"})
BALANCES: Mapping[str, str] = MappingProxyType(
    {
        "levels": "the trunk muscles balance every lumbar level",
        "rhythm": "the trunk muscles balance the lumbar spine as a whole, the rhythm carries the rest",
    }
)


@dataclass(frozen=True)
class LoadCell:
    """One load of one side as printed."""

    value: str
    interval: str


@dataclass(frozen=True)
class LoadRow:
    """One load as printed: both sides, when it occurs, and what was published beside it.

    Attributes
    ----------
    name : str
    left, right, middle : LoadCell or None
    phase, origin : str
        ``origin``: how the ground reaction below was known.
    published : tuple of str
        One sentence a figure, with the person's own value in its unit.
    behind : str
        What stands behind the interval.
    """

    name: str
    left: LoadCell | None
    right: LoadCell | None
    middle: LoadCell | None
    phase: str
    origin: str
    published: tuple[str, ...]
    behind: str


@dataclass(frozen=True)
class LoadTable:
    """Loads under one heading."""

    name: str
    rows: tuple[LoadRow, ...]


@dataclass(frozen=True)
class LoadSection:
    """Everything a report says of loads besides the curves.

    Attributes
    ----------
    missing : str
        Why there are none; '' if there are.
    doubts : tuple of str
        Why the loads of a recording should not be trusted.
    statements : tuple of str
        What they are, how they were computed, what is left over.
    tables : tuple of LoadTable
    notes : tuple of str
        Of the computation, once each.
    """

    missing: str
    doubts: tuple[str, ...]
    statements: tuple[str, ...]
    tables: tuple[LoadTable, ...]
    notes: tuple[str, ...]


def load_section(assessment: Assessment) -> LoadSection:
    """Put the loads of an assessment into words.

    Parameters
    ----------
    assessment : Assessment
    """
    if not assessment.load_rows:
        return LoadSection(why_no_loads(assessment), (), (), (), ())
    mass = load_mass_kg(assessment)
    said = [say("report.loads_are_estimates"), say("report.loads_known", **KNOWN), say("report.loads_beside", width=95)]
    if assessment.screen.plan_locked:
        said.append(say("report.loads_locked"))
    statements = [sentence.text for sentence in said]
    statements += _ground_words(assessment.loads)
    statements += [_method_words(assessment.loads[0].settings)] if assessment.loads else []
    solved = [(t, x) for t, x in zip(assessment.trials, assessment.loads, strict=False) if x.moments.labels]
    statements += [_left_over(trial.recording.name, loads) for trial, loads in solved]
    notes = [note for loads in _all_loads(assessment) for note in (*loads.ground.notes, *loads.notes)]
    tables = _tables(assessment.load_rows, mass)
    return LoadSection("", load_doubts(assessment), tuple(statements), tables, tuple(dict.fromkeys(notes)))


def load_doubts(assessment: Assessment) -> tuple[str, ...]:
    """Return, per recording, why its loads should not be trusted: what is left over is too large.

    Parameters
    ----------
    assessment : Assessment
    """
    said: list[str] = []
    for trial, loads in zip(assessment.trials, assessment.loads, strict=False):
        if not loads.moments.labels:
            said += loads.notes
            continue
        why = []
        short = np.abs(loads.reserves.values)
        if np.isfinite(short).any() and float(np.nanmax(short)) > DOUBTFUL_RESERVE * loads.mass_kg:
            frame, column = np.unravel_index(int(np.nanargmax(short)), short.shape)
            where = loads.reserves.labels[int(column)].replace("_", " ")
            why.append(
                f"it asks for {_figure(float(short[frame, column]))} N m at {where} that these muscles cannot give "
                f"({loads.times_s[int(frame)]:.2f} s)"
            )
        force, moment = (_size(loads, labels) for labels in (FREE_FORCES, FREE_MOMENTS))
        weight = loads.mass_kg * GRAVITY_M_S2
        if force is not None and _rms(force) > DOUBTFUL_FORCE * weight:
            why.append(f"{100.0 * _rms(force) / weight:.0f} % of the body weight is left over at the pelvis")
        if moment is not None and _rms(moment) > DOUBTFUL_MOMENT * loads.mass_kg:
            why.append(f"{_figure(_rms(moment))} N m is left over at the pelvis")
        if why:
            said.append(say("report.do_not_trust", name=trial.recording.name, why="; ".join(why)).text)
    return tuple(said)


def _all_loads(assessment: Assessment) -> tuple[Loads, ...]:
    standing = () if assessment.standing_loads is None else (assessment.standing_loads,)
    return (*assessment.loads, *assessment.other_rhythm_loads, *standing)


def why_no_loads(assessment: Assessment) -> str:
    """Return why an assessment holds no loads, in a sentence.

    Parameters
    ----------
    assessment : Assessment
    """
    if assessment.no_loads:
        return assessment.no_loads
    if not assessment.trials:
        return say("report.no_walk").text
    if not assessment.loads:
        return say("report.no_load_here").text
    unsolved = [note for loads in assessment.loads if not loads.moments.labels for note in loads.notes]
    if unsolved:
        return " ".join(unsolved)
    if all(loads.settings.ground == "measured" for loads in assessment.loads):
        return say("report.no_stride_on_plates").text
    return say("report.no_stride").text


def load_mass_kg(assessment: Assessment) -> float:
    """Return the mass by which loads are divided: that of the body they were computed on."""
    computed = _all_loads(assessment)
    if computed:
        return computed[0].mass_kg
    return assessment.body.mass_kg if assessment.body is not None else (assessment.person.mass_kg or math.nan)


def clinical_load(estimate: Estimate, mass_kg: float) -> Estimate:
    """Return a load in the unit a clinic reads: body weights, N m/kg, W/kg, %.

    Parameters
    ----------
    estimate : Estimate
        In N, N m, W or 1.
    mass_kg : float
    """
    factor, unit = {
        "N": (1.0 / (mass_kg * GRAVITY_M_S2), "BW"),
        "N m": (1.0 / mass_kg, "N m/kg"),
        "W": (1.0 / mass_kg, "W/kg"),
        "1": (100.0, "%"),
    }.get(estimate.unit, (1.0, estimate.unit))
    value, low, high = (factor * x for x in (estimate.value, estimate.low, estimate.high))
    return Estimate(value, min(low, value), max(high, value), unit, estimate.source)


def load_name(load: Load) -> str:
    """Return what a load is called, without its side."""
    measure = load_measure(load)
    if measure is not None:
        return measure.name
    if load.quantity == "facet_share":
        return FACET_SHARE
    for site, quantity, name, *_ in STANDING_LOADS:
        if (site, quantity) == (load.site, load.quantity):
            return name
    return f"{load.site} {load.quantity}".replace("_", " ").capitalize()


def _tables(rows: Sequence[Load], mass_kg: float) -> tuple[LoadTable, ...]:
    tables = []
    for name, sites in GROUPS:
        walking = [r for r in rows if r.site in sites and r.phase != STANDING]
        tables.append(LoadTable(name, _printed(walking, mass_kg)))
    tables.append(LoadTable("Standing still", _printed([r for r in rows if r.phase == STANDING], mass_kg)))
    known = {site for _, sites in GROUPS for site in sites}
    others = [r for r in rows if r.site not in known and r.phase != STANDING]
    tables.append(LoadTable("Other", _printed(others, mass_kg)))
    return tuple(t for t in tables if t.rows)


def _printed(rows: Iterable[Load], mass_kg: float) -> tuple[LoadRow, ...]:
    grouped: dict[tuple[str, str], list[Load]] = {}
    for row in rows:
        grouped.setdefault((row.site, row.quantity), []).append(row)
    return tuple(_row(found, mass_kg) for found in grouped.values())


def _row(found: list[Load], mass_kg: float) -> LoadRow:
    cells = {}
    for load in found:
        estimate = clinical_load(load.estimate, mass_kg)
        cells[load.side] = LoadCell(value_words(estimate), interval_words(estimate))
    phase = _by_side((load.side, load.phase) for load in found)
    return LoadRow(
        name=load_name(found[0]),
        left=cells.get("left"),
        right=cells.get("right"),
        middle=cells.get("both"),
        phase=phase,
        origin=f"ground reaction {_by_side((load.side, load.origin) for load in found)}",
        published=_published(found, mass_kg) or _drawn_words(found[0]),
        behind=_by_side((load.side, _behind(load)) for load in found),
    )


def _behind(load: Load) -> str:
    """Return what stands behind an interval, in a few words."""
    words = load.estimate.source.removeprefix("spread of ").replace(" (its spread is not known)", "")
    return re.sub(r", and (\d+) models drawn from the uncertainty of the body", r", \1 drawn bodies", words)


def _by_side(words: Iterable[tuple[str, str]]) -> str:
    """Return what is said of each side, once if it is the same."""
    pairs = sorted(words)
    if len({said for _, said in pairs}) == 1:
        return pairs[0][1]
    return "; ".join(f"{side}: {said}" for side, said in pairs)


def _published(found: list[Load], mass_kg: float) -> tuple[str, ...]:
    """Return one sentence per published figure, with the values of all sides in its unit."""
    beside = [(load.side, published_beside(load, mass_kg)) for load in found]
    lines = []
    for k, first in enumerate(beside[0][1]):
        people = f"n = {first.n}" if first.n is not None else "n not stated"
        note = f"; {first.note}" if first.note else ""
        here = ", ".join(
            f"{'' if side == 'both' else side + ' '}{_figure(rows[k].computed)} ({_place_words(rows[k])})"
            for side, rows in sorted(beside)
        )
        lines.append(
            f"{_range_words(first)} {first.unit}, {first.item}: {first.cohort} ({people}; read from: {first.grade}"
            f"{note}) [{first.source}]. Here: {here}."
        )
    return tuple(lines)


def _drawn_words(load: Load) -> tuple[str, ...]:
    """Say where the published curve of a moment or power is drawn."""
    if load.site in ("hip", "knee", "ankle") and load.estimate.unit in ("N m", "W"):
        return ("the grey curve on the pages of moments and powers",)
    return ()


def _figure(value: float) -> str:
    """Return a published or computed figure with three significant digits."""
    return plain(value, max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0)


def _range_words(published: PublishedLoad) -> str:
    low, high = published.low, published.high
    if published.value is not None and low is not None and high is not None:
        return f"{_figure(published.value)} ({_figure(low)} to {_figure(high)})"
    if published.value is not None:
        return _figure(published.value)
    return f"{_figure(low or 0.0)} to {_figure(high or 0.0)}"


def _place_words(published: PublishedLoad) -> str:
    if published.place == "inside":
        return "inside"
    if published.place == "one value":
        assert published.value is not None
        return f"{100.0 * published.computed / published.value:.0f} % of it"
    edge = published.low if published.place == "below" else published.high
    assert edge is not None
    apart = abs(published.computed / edge - 1.0) if edge else math.inf
    words = f" by {100.0 * apart:.0f} %" if math.isfinite(apart) else ""
    return f"{published.place} the range{words}"


def _ground_words(loads: Sequence[Loads]) -> list[str]:
    """Say of how many frames on the ground the reaction was measured, and of how many predicted."""
    origin = [np.asarray(f.origin) for x in loads for f in x.ground.feet]
    if not origin:
        return []
    together = np.concatenate(origin)
    measured, predicted = int((together == MEASURED).sum()), int((together == PREDICTED).sum())
    if not measured + predicted:
        return [say("report.no_foot").text]
    if not predicted:
        return [say("report.ground_measured").text]
    if not measured:
        return [say("report.ground_predicted").text]
    share = 100.0 * predicted / (measured + predicted)
    return [say("report.ground_both", share=f"{share:.0f}").text]


def _method_words(settings: LoadSettings) -> str:
    weak = [f"{group.replace('_', ' ')} {100.0 * left:.0f} %" for group, left in sorted(settings.strength.items())]
    said = [
        say(
            "report.load_method",
            cutoff=f"{settings.cutoff_hz:g}",
            power=f"{settings.exponent:g}",
            weighting=WEIGHTINGS[settings.weighting],
            balance=BALANCES[settings.balance],
            fascia=f"{settings.fascia_area_mm2:g}",
        )
    ]
    if settings.plate_delay_s:
        said.append(say("report.plate_delay", delay=f"{1e3 * settings.plate_delay_s:g}"))
    if weak:
        said.append(say("report.strength_left", groups=listed(weak, len(weak))))
    drawn = settings.samples
    said.append(say("report.intervals_models", count=drawn) if drawn else say("report.intervals_strides"))
    return " ".join(sentence.text for sentence in said)


def _left_over(name: str, loads: Loads) -> str:
    """Say how large residuals and reserves are."""
    weight = loads.mass_kg * GRAVITY_M_S2
    force, moment = (_size(loads, labels) for labels in (FREE_FORCES, FREE_MOMENTS))
    said = []
    if force is not None:
        said.append(
            f"force RMS {_figure(_rms(force))} N ({100.0 * _rms(force) / weight:.1f} % of body weight), at most "
            f"{_figure(float(force.max()))} N"
        )
    if moment is not None:
        said.append(f"moment RMS {_figure(_rms(moment))} N m, at most {_figure(float(moment.max()))} N m")
    words = f"{name}: what the ground reaction does not explain (residual at the pelvis): {', '.join(said)}"
    return f"{words}; {_reserve_words(loads)}." if said else f"{name}: {_reserve_words(loads)}."


def _reserve_words(loads: Loads) -> str:
    """Say how much moment no muscle could give."""
    values = np.abs(loads.reserves.values)
    if not np.isfinite(values).any():
        return "no reserve was computed"
    frame, column = np.unravel_index(int(np.nanargmax(values)), values.shape)
    largest = float(values[frame, column])
    where = loads.reserves.labels[int(column)].replace("_", " ")
    return (
        f"what no muscle could give (reserve): at most {_figure(largest)} N m, at {where}, "
        f"{loads.times_s[int(frame)]:.2f} s"
    )


def _size(loads: Loads, labels: Sequence[str]) -> FloatArray | None:
    """Return the size of what the pelvis keeps, finite frames only; None if the table has none of it."""
    columns = [loads.moments.column(x) for x in labels if x in loads.moments.labels]
    if not columns:
        return None
    size = np.linalg.norm(np.stack(columns), axis=0)
    size = size[np.isfinite(size)]
    return size if len(size) else None


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def load_sources_of(assessment: Assessment) -> tuple[str, ...]:
    """Return the keys of every source printed beside the loads."""
    return load_sources(assessment.load_rows, load_mass_kg(assessment)) if assessment.load_rows else ()


def load_lines(assessment: Assessment) -> list[str]:
    """Return the loads in two or three lines, for the terminal.

    Parameters
    ----------
    assessment : Assessment
    """
    if not assessment.trials:
        return []
    if not assessment.load_rows:
        return [f"Loads: {why_no_loads(assessment)}"]
    mass = load_mass_kg(assessment)
    found: dict[tuple[str, str], dict[str, Estimate]] = {}
    for row in assessment.load_rows:
        found.setdefault((row.site, row.quantity), {})[row.side] = clinical_load(row.estimate, mass)
    parts = []
    for site, quantity, words in (
        ("l5_s1", "compression_peak", "L5/S1 compression"),
        ("hip", "resultant_peak", "hip"),
        ("knee", "resultant_peak", "knee"),
        ("ankle", "resultant_peak", "ankle"),
        ("achilles", "tension_peak", "Achilles tendon"),
    ):
        sides = found.get((site, quantity))
        if sides:
            values = "/".join(plain(e.value, max(1, min(2, decimals(e)))) for _, e in sorted(sides.items()))
            parts.append(f"{words} {values} BW")
    lines = [say("report.peak_loads", loads=", ".join(parts)).text] if parts else []
    return [*lines, *(f"  {words}" for words in (*_ground_words(assessment.loads), *load_doubts(assessment)))]
