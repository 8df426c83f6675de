"""Peaks and means of the loads of walking, stride by stride.

Every value is the mean over the strides walked at one speed, the same that the measures of walking are taken from.
Its interval holds the variation between strides, and `with_samples` adds what the model itself leaves open.  Nothing
here is judged: a load is an estimate of a model, and what was published stands beside it (`findings.published_loads`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from types import MappingProxyType
from typing import Literal

import numpy as np

from kinechain.body.body import Body
from kinechain.care.person.person import Person
from kinechain.core.arrays import FloatArray
from kinechain.core.estimate import Estimate
from kinechain.findings.accuracy import interval_of_strides
from kinechain.findings.gait import choose_pace
from kinechain.loads.loads import FOOT_REGIONS, MEASURED, PREDICTED, Load, Loads
from kinechain.loads.lumbar import split_sacroiliac
from kinechain.loads.strides import cut_stride
from kinechain.motion.body_paths import foot_is_shown
from kinechain.motion.cycles import Cycle
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Side

__all__ = [
    "LOAD_MEASURES",
    "TRICEPS",
    "LoadMeasure",
    "achilles_tension",
    "load_measure",
    "load_series",
    "summarise_loads",
    "with_samples",
]

Reduce = Literal["maximum", "minimum", "largest size", "share"]
Part = Literal["stride", "stance", "first half of stance", "second half of stance", "swing"]

#: Muscles that pull on the Achilles tendon: starts of their names.
TRICEPS = ("soleus", "gastroc", "gasmed", "gaslat", "med_gas", "lat_gas")

#: Peaks of several strides within this are told as one instant, % of the cycle (a choice).
NEAR_PERCENT = 6
#: This long before the next foot strike a peak is told by that one, % of the cycle (a choice).
SHORTLY_PERCENT = 10.0
#: From one foot strike to that of the other foot, % of the cycle; of walks that are even enough.
HALF_CYCLE = 50.0

_SIDES: tuple[Side, ...] = ("left", "right")


#: What is carried below the shank, and is not told where no marker shows the foot.
FOOT_SITES = ("ankle", "achilles", "plantar_fascia", "sole")


@dataclass(frozen=True)
class LoadMeasure:
    """One number taken from a load over the stride.

    Attributes
    ----------
    site, quantity : str
        As in `Load`.
    name : str
        As printed, without the side.
    series : str
        What is looked at: ``reaction JOINT AXIS``, ``tension NAME``, ``moment COORDINATE``, ``frontal JOINT`` (net
        moment that keeps a leg from being adducted), ``power JOINT``, ``ground AXIS`` or ``region NAME``; ``{s}``
        stands for r or l, a minus before it turns the sign.
    reduce : str
        What is taken of it.
    part : str
        Of the stride.
    unit : str
        Of the estimate.
    is_midline : bool
        One value for both sides, from the strides of both.
    """

    site: str
    quantity: str
    name: str
    series: str
    reduce: Reduce
    part: Part
    unit: str
    is_midline: bool = False


def _levels() -> tuple[LoadMeasure, ...]:
    out: list[LoadMeasure] = []
    for level in ("l3_l4", "l4_l5", "l5_s1"):
        word = level.upper().replace("_", "/")
        for quantity, name, series, reduce in (
            ("compression_peak", "compression, peak", f"-reaction {level} z", "maximum"),
            ("compression_least", "compression, least", f"-reaction {level} z", "minimum"),
            ("anterior_shear_peak", "forward shear of the upper vertebra, peak", f"reaction {level} x", "maximum"),
            ("anterior_shear_least", "forward shear of the upper vertebra, least", f"reaction {level} x", "minimum"),
            ("lateral_shear_peak", "side shear, largest to either side", f"reaction {level} y", "largest size"),
        ):
            out.append(LoadMeasure(level, quantity, f"{word} {name}", series, reduce, "stride", "N", True))  # type: ignore[arg-type]
    return tuple(out)


def _leg_contacts() -> tuple[LoadMeasure, ...]:
    return tuple(
        LoadMeasure(site, "resultant_peak", f"{site.capitalize()} contact force, peak", f"reaction {site}_{{s}} size",
                    "maximum", "stance", "N")
        for site in ("hip", "knee", "ankle")
    )  # fmt: skip


def _shares() -> tuple[LoadMeasure, ...]:
    return tuple(
        LoadMeasure("sole", f"{region}_share", f"Share of the {region.replace('_', ', ')} in the load of the sole",
                    f"region {region}", "share", "stance", "1")
        for region in FOOT_REGIONS
    )  # fmt: skip


# fmt: off
_GROUND = (
    LoadMeasure("ground", "vertical_peak_loading", "Vertical ground reaction, peak of the first half of stance",
                "ground up", "maximum", "first half of stance", "N"),
    LoadMeasure("ground", "vertical_peak_push_off", "Vertical ground reaction, peak of the second half of stance",
                "ground up", "maximum", "second half of stance", "N"),
    LoadMeasure("ground", "braking_peak", "Braking ground reaction, peak", "-ground forward", "maximum",
                "first half of stance", "N"),
    LoadMeasure("ground", "propulsion_peak", "Propelling ground reaction, peak", "ground forward", "maximum",
                "second half of stance", "N"),
    LoadMeasure("ground", "medial_peak", "Ground reaction towards the midline, peak", "ground inward", "maximum",
                "stance", "N"),
)
#: Internal moments: what muscles and tissues give, not what the ground asks.
_MOMENTS = (
    LoadMeasure("lumbar", "extension_moment_peak", "Lumbar extensor moment, peak", "-moment lumbar_flexion", "maximum",
                "stride", "N m", True),
    LoadMeasure("hip", "extension_moment_peak", "Hip extensor moment, peak", "-moment hip_flexion_{s}", "maximum",
                "first half of stance", "N m"),
    LoadMeasure("hip", "flexion_moment_peak", "Hip flexor moment, peak", "moment hip_flexion_{s}", "maximum",
                "second half of stance", "N m"),
    LoadMeasure("hip", "abduction_moment_peak", "Hip abductor moment, peak", "-moment hip_adduction_{s}", "maximum",
                "stance", "N m"),
    LoadMeasure("knee", "abduction_moment_peak", "Knee abductor moment (resists the external adduction moment), peak",
                "frontal knee_{s}", "maximum", "stance", "N m"),
    LoadMeasure("knee", "extension_moment_peak", "Knee extensor moment, peak of the first half of stance",
                "-moment knee_flexion_{s}", "maximum", "first half of stance", "N m"),
    LoadMeasure("knee", "flexion_moment_peak", "Knee flexor moment in stance, peak", "moment knee_flexion_{s}",
                "maximum", "stance", "N m"),
    LoadMeasure("ankle", "plantarflexion_moment_peak", "Ankle plantarflexor moment, peak",
                "-moment ankle_dorsiflexion_{s}", "maximum", "stance", "N m"),
    LoadMeasure("hip", "power_generation_peak", "Hip power around foot off, peak", "power hip_{s}", "maximum",
                "second half of stance", "W"),
    LoadMeasure("knee", "power_absorption_peak", "Knee power taken up in stance, peak", "-power knee_{s}", "maximum",
                "stance", "W"),
    LoadMeasure("ankle", "power_generation_peak", "Ankle push-off power, peak", "power ankle_{s}", "maximum",
                "second half of stance", "W"),
)
#: From the spine to the ground.
LOAD_MEASURES: tuple[LoadMeasure, ...] = (
    *_levels(),
    LoadMeasure("sacroiliac", "both_resultant_peak", "Force between sacrum and pelvis, both joints together, peak",
                "reaction sacroiliac size", "maximum", "stride", "N", True),
    LoadMeasure("sacroiliac", "resultant_peak", "Sacroiliac joint force, peak (at most)",
                "reaction sacroiliac_{s} size", "maximum", "stride", "N"),
    *_leg_contacts(),
    LoadMeasure("achilles", "tension_peak", "Achilles tendon tension, peak", "tension achilles_{s}", "maximum",
                "stance", "N"),
    LoadMeasure("plantar_fascia", "tension_peak", "Plantar fascia tension, peak", "tension plantar_fascia_{s}",
                "maximum", "stance", "N"),
    *_shares(),
    *_GROUND,
    *_MOMENTS,
)
# fmt: on

#: Coordinates whose powers make the power of one joint: starts of their names.
JOINT_COORDINATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hip": ("hip_",),
        "knee": ("knee_",),
        "ankle": ("ankle_", "subtalar_"),
        "lumbar": ("lumbar_",),
    }
)


def load_measure(load: Load) -> LoadMeasure | None:
    """Return what a load is called and how it was taken; None if it is none of `LOAD_MEASURES`."""
    return next((m for m in LOAD_MEASURES if (m.site, m.quantity) == (load.site, load.quantity)), None)


def achilles_tension(loads: Loads, side: Side) -> FloatArray | None:
    """Return the tension of the Achilles tendon, (time,) array, N: what the triceps surae pulls along its tendon.

    Parameters
    ----------
    loads : Loads
    side : 'left' or 'right'

    Returns
    -------
    (time,) array or None
        A tissue of that name where the body has no such muscle; None if it has neither.
    """
    pulling = [
        k
        for k, name in enumerate(loads.muscle_forces.labels)
        if name.startswith(TRICEPS) and name.endswith(f"_{side[0]}")
    ]
    if pulling:
        return np.asarray(loads.muscle_forces.values[:, pulling].sum(axis=1))
    label = f"achilles_{side[0]}"
    return loads.tissue_forces.column(label) if label in loads.tissue_forces.labels else None


def load_series(loads: Loads, words: str, side: Side) -> FloatArray | None:
    """Return one load against time.

    Parameters
    ----------
    loads : Loads
    words : str
        As ``LoadMeasure.series``.
    side : 'left' or 'right'

    Returns
    -------
    (time,) array or None
        None if this body or model has no such load.
    """
    sign = -1.0 if words.startswith("-") else 1.0
    kind, *names = words.removeprefix("-").format(s=side[0]).split()
    look: Mapping[str, Callable[..., FloatArray | None]] = {
        "reaction": _reaction,
        "tension": _tension,
        "moment": _moment,
        "power": _power,
        "frontal": _frontal,
        "ground": _ground,
        "region": _region,
    }
    series = look[kind](loads, side, *names)
    return None if series is None else sign * series


def _reaction(loads: Loads, side: Side, joint: str, axis: str) -> FloatArray | None:
    for reaction in loads.reactions:
        if reaction.joint == joint:
            return reaction.resultant_n if axis == "size" else np.asarray(reaction.force[:, "xyz".index(axis)])
    return None


def _tension(loads: Loads, side: Side, name: str) -> FloatArray | None:
    if name.startswith("achilles"):
        return achilles_tension(loads, side)
    parts = [k for k, label in enumerate(loads.tissue_forces.labels) if _is_part(label, name)]
    return np.asarray(loads.tissue_forces.values[:, parts].sum(axis=1)) if parts else None


def _is_part(label: str, name: str) -> bool:
    """Tell whether a tissue is the one named, or a slip of it: 'plantar_fascia_medial_r' of 'plantar_fascia_r'."""
    stem, _, side = name.rpartition("_")
    return label.startswith(stem) and label.endswith(f"_{side}")


def _moment(loads: Loads, side: Side, coordinate: str) -> FloatArray | None:
    return loads.moments.column(coordinate) if coordinate in loads.moments.labels else None


def _frontal(loads: Loads, side: Side, joint: str) -> FloatArray | None:
    """Return the net moment that keeps the shank (or thigh) from being adducted, of muscles, ligaments and bone."""
    for reaction in loads.net_reactions:
        if reaction.joint == joint:
            return (-1.0 if side == "right" else 1.0) * reaction.moment[:, 0]
    return None


def _power(loads: Loads, side: Side, joint: str) -> FloatArray | None:
    stem, _, letter = joint.partition("_")
    parts = [
        k
        for k, label in enumerate(loads.powers.labels)
        if label.startswith(JOINT_COORDINATES[stem]) and (not letter or label.endswith(f"_{letter}"))
    ]
    return np.asarray(loads.powers.values[:, parts].sum(axis=1)) if parts else None


def _ground(loads: Loads, side: Side, axis: str) -> FloatArray:
    force = loads.ground.foot(side).force
    inward = -1.0 if side == "left" else 1.0
    return np.asarray({"up": force[:, 2], "forward": force[:, 0], "inward": inward * force[:, 1]}[axis])


def _region(loads: Loads, side: Side, region: str) -> FloatArray:
    return np.asarray(loads.ground.foot(side).region_force[:, FOOT_REGIONS.index(region), 2])


@dataclass(frozen=True)
class _Stride:
    """What one stride gives: a value, where in the cycle, and how the ground under it was known."""

    value: float
    percent: float
    is_measured: bool


def summarise_loads(
    body: Body, trials: Sequence[GaitTrial], loads: Sequence[Loads], person: Person | None = None
) -> tuple[Load, ...]:
    """Return the loads of one person's walking, one row per site, side and quantity.

    Parameters
    ----------
    body : Body
    trials : sequence of GaitTrial
    loads : sequence of Loads
        One per trial, in their order.
    person : Person, optional
        Only to choose the strides exactly as the measures do.

    Returns
    -------
    tuple of Load
        In N, N m, W or 1; from strides in which the ground reaction below the peak was measured where there are any,
        else from those where it was predicted.  Rows that no stride gives are left out.

    Notes
    -----
    What counts is the ground reaction at the frame of the peak: for a leg that of its own foot, for the spine and the
    pelvis that of both.
    """
    if not trials or not loads:
        return ()
    kept = choose_pace(body, trials, person or Person()).trials
    pairs = [(t, _with_sides(body, x)) for t, x in zip(trials, loads, strict=True) if any(t is k for k in kept)]
    rows: list[Load] = []
    for measure in LOAD_MEASURES:
        strides = {side: _strides(body, measure, pairs, side) for side in _SIDES}
        if measure.is_midline:
            rows += _row(measure, "both", strides["left"] + strides["right"])
        else:
            for side in _SIDES:
                rows += _row(measure, side, strides[side])
    return tuple(rows)


def _with_sides(body: Body, loads: Loads) -> Loads:
    """Part the force of the one sacroiliac joint between its sides, where the body tells how far apart they are."""
    joints = {r.joint: r for r in loads.reactions}
    landmarks = {m.name for m in body.landmarks}
    if "sacroiliac" not in joints or "sacroiliac_r" in joints or not {"psis_r", "psis_l"} <= landmarks:
        return loads
    return replace(loads, reactions=(*loads.reactions, *split_sacroiliac(body, joints["sacroiliac"])))


def _row(measure: LoadMeasure, side: Literal["left", "right", "both"], strides: list[_Stride]) -> list[Load]:
    measured = [s for s in strides if s.is_measured]
    used = measured or strides
    if not used:
        return []
    estimate = interval_of_strides([s.value for s in used], (), measure.unit, "strides")
    origin: Literal["measured", "predicted"] = "measured" if measured else "predicted"
    return [Load(measure.site, side, measure.quantity, estimate, _phase(measure, used), origin)]


def _phase(measure: LoadMeasure, strides: Sequence[_Stride]) -> str:
    """Say where in the cycle a value stands: one percent, or from where to where if the strides disagree."""
    if measure.reduce == "share":
        return measure.part
    percents = sorted(s.percent for s in strides)
    if measure.is_midline:
        return _after_strike(percents)
    return f"{_span(percents)} % of the cycle"


def _span(percents: Sequence[float]) -> str:
    first, last = round(percents[0]), round(percents[-1])
    return f"{round(percents[len(percents) // 2])}" if last - first <= NEAR_PERCENT else f"{first} to {last}"


def _after_strike(percents: Sequence[float]) -> str:
    """Say when the spine is loaded: late after one foot strike is shortly before the other."""
    gaps = [b - a for a, b in pairwise(percents)]
    widest = int(np.argmax(gaps)) if gaps else 0
    if gaps and gaps[widest] > HALF_CYCLE - (percents[-1] - percents[0]):
        percents = sorted(p - HALF_CYCLE if k > widest else p for k, p in enumerate(percents))
    if percents[len(percents) // 2] > HALF_CYCLE - SHORTLY_PERCENT:
        percents = [p - HALF_CYCLE for p in percents]
    first, last, middle = round(percents[0]), round(percents[-1]), round(percents[len(percents) // 2])
    if last - first <= NEAR_PERCENT:
        return f"{abs(middle)} % of a cycle {'before' if middle < 0 else 'after'} a foot strike"
    if first < 0 <= last:
        return f"from {-first} % of a cycle before to {last} % after a foot strike"
    if last < 0:
        return f"{-last} to {-first} % of a cycle before a foot strike"
    return f"{first} to {last} % of a cycle after a foot strike"


def _strides(body: Body, measure: LoadMeasure, pairs: Sequence[tuple[GaitTrial, Loads]], side: Side) -> list[_Stride]:
    out = []
    for trial, loads in pairs:
        series = load_series(loads, measure.series, side)
        if series is None:
            continue
        if measure.site in FOOT_SITES:
            series = np.where(foot_is_shown(body, trial.motion, side), series, np.nan)
        whole = load_series(loads, "ground up", side) if measure.reduce == "share" else None
        table = np.column_stack([series, *_origins(loads, measure, side), *([] if whole is None else [whole])])
        for cycle in trial.cycles:
            if cycle.side == side:
                percent, cut = cut_stride(loads.times_s, table, cycle, _part(measure.part, cycle))
                if len(cut):
                    out += _taken(measure, percent, cut, cycle)
    return out


def _origins(loads: Loads, measure: LoadMeasure, side: Side) -> list[FloatArray]:
    """Return how the ground counts, one column: measured, predicted, or in the air throughout (0)."""
    feet = loads.ground.feet if measure.is_midline else (loads.ground.foot(side),)
    origin = np.stack([np.asarray(f.origin, dtype=float) for f in feet])
    known = (origin >= 0).all(axis=0)
    return [np.where(known, origin.max(axis=0), np.nan)]


def _part(part: Part, cycle: Cycle) -> tuple[float, float]:
    off = 100.0 * cycle.stance_fraction
    return {
        "stride": (0.0, 100.0),
        "stance": (0.0, off),
        "first half of stance": (0.0, off / 2),
        "second half of stance": (off / 2, off),
        "swing": (off, 100.0),
    }[part]


def _taken(measure: LoadMeasure, percent: FloatArray, cut: FloatArray, cycle: Cycle) -> list[_Stride]:
    series, origin = cut[:, 0], cut[:, 1]
    if measure.reduce == "share":
        total, measured = float(cut[:, 2].sum()), not (origin == PREDICTED).any()
        return [_Stride(float(series.sum()) / total, math.nan, bool(measured))] if total > 0.0 else []
    pick: Mapping[Reduce, FloatArray] = {"maximum": series, "minimum": -series, "largest size": np.abs(series)}
    at = int(np.argmax(pick[measure.reduce]))
    value = abs(float(series[at])) if measure.reduce == "largest size" else float(series[at])
    where = float(percent[at])
    if measure.is_midline and cycle.opposite_foot_strike_s is not None:
        strike = 100.0 * (cycle.opposite_foot_strike_s - cycle.start_s) / cycle.duration_s
        where = where - strike if where >= strike else where
    return [_Stride(value, where, bool(origin[at] == MEASURED))]


def with_samples(rows: Sequence[Load], samples: Sequence[Sequence[Load]]) -> tuple[Load, ...]:
    """Widen the interval of every load by what the model leaves open.

    Parameters
    ----------
    rows : sequence of Load
        Of the best model, with intervals over strides.
    samples : sequence of sequence of Load
        The same rows of models drawn from their uncertainty; rows a sample lacks are passed over.

    Returns
    -------
    tuple of Load
        With ``half^2 = stride half^2 + (distance of the value to the 2.5 or 97.5 % point of the samples)^2`` to each
        side.
    """
    drawn: dict[tuple[str, str, str], list[float]] = {}
    ordered = sorted((x for sample in samples for x in sample), key=_key)
    for key, found in groupby(ordered, key=_key):
        drawn[key] = [x.estimate.value for x in found]
    return tuple(_widened(row, drawn.get(_key(row), [])) for row in rows)


def _key(load: Load) -> tuple[str, str, str]:
    return load.site, load.side, load.quantity


def _widened(row: Load, values: Sequence[float]) -> Load:
    if len(values) < 2:
        return row
    e = row.estimate
    low, high = (float(x) for x in np.quantile(values, [0.025, 0.975]))
    below = math.hypot(e.value - e.low, max(e.value - low, 0.0))
    above = math.hypot(e.high - e.value, max(high - e.value, 0.0))
    source = f"{e.source}, and {len(values)} models drawn from the uncertainty of the body"
    return replace(row, estimate=Estimate(e.value, e.value - below, e.value + above, e.unit, source))
