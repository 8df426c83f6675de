"""The pages of loads: internal moments and powers, ground reaction, contact forces, muscles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.evidence.wording import say
from kinechain.findings.loads import load_series
from kinechain.loads.loads import PREDICTED, Loads
from kinechain.loads.muscle_activity import MuscleCurve
from kinechain.loads.strides import cut_stride, stride_curves
from kinechain.motion.cycles import PERCENT_POINTS
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Side
from kinechain.report.curves import GRF_PANELS, Panel, Strides
from kinechain.report.figures import curve_figure, legend_figure
from kinechain.report.norms import NormBand, kinetic_bands
from kinechain.report.palette import Palette
from kinechain.report.sheets import FigurePage, FigureRow
from kinechain.report.svg import Figure

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = ["KINETIC_ROWS", "MUSCLE_GROUPS", "collect_loads", "emg_pages", "kinetic_pages", "predicted_forces"]

#: A trial and what was computed of it.
Pairs = Sequence[tuple[GaitTrial, Loads]]

#: From loads and a side to a series, (time,) array, or None where this body has no such load.
Take = Callable[[Loads, Side], "FloatArray | None"]


@dataclass(frozen=True)
class LoadPanel:
    """One pair of axes and what is drawn in it.

    Attributes
    ----------
    panel : Panel
    series : str
        As in ``findings.loads.LoadMeasure``.
    per : 'weight', 'mass' or 'one'
        What it is divided by.
    turned : 'left', 'right' or ''
        A left-right quantity of the midline turns its sign for this side, so that the same motion looks the same.
    missing : str
        Said where the body has no such load.
    """

    panel: Panel
    series: str
    per: str = "mass"
    turned: str = ""
    missing: str = "not computed for this body"


def _moment(
    key: str, title: str, ways: tuple[str, str], low: float, high: float, series: str, **more: str
) -> LoadPanel:
    return LoadPanel(Panel(key, title, *ways, low, high, "N m/kg"), series, **more)


def _power(joint: str, low: float, high: float) -> LoadPanel:
    name = f"power {joint}" if joint == "lumbar" else f"power {joint}_{{s}}"
    panel = Panel(f"{joint}_power", f"{joint.capitalize()} power", "Generated", "Absorbed", low, high, "W/kg")
    return LoadPanel(panel, name)


#: Rows of internal moments and powers: extensor, plantarflexor and abductor upwards, as clinics draw them.
KINETIC_ROWS: tuple[tuple[str, tuple[LoadPanel, ...]], ...] = (
    (
        "Hip",
        (
            _moment("hip_extension", "Hip moment", ("Extensor", "Flexor"), -2, 2, "-moment hip_flexion_{s}"),
            _moment("hip_abduction", "Hip moment", ("Abductor", "Adductor"), -1, 2, "-moment hip_adduction_{s}"),
            _power("hip", -2, 3),
        ),
    ),
    (
        "Knee",
        (
            _moment("knee_extension", "Knee moment", ("Extensor", "Flexor"), -1, 2, "-moment knee_flexion_{s}"),
            _moment("knee_abduction", "Knee moment, ligaments and bone included", ("Abductor", "Adductor"), -1, 1,
                    "frontal knee_{s}"),
            _power("knee", -3, 2),
        ),
    ),
    (
        "Ankle",
        (
            _moment("ankle_plantarflexion", "Ankle moment", ("Plantarflexor", "Dorsiflexor"), -1, 2,
                    "-moment ankle_dorsiflexion_{s}"),
            _moment("subtalar_inversion", "Subtalar moment", ("Invertor", "Evertor"), -1, 1,
                    "-moment subtalar_eversion_{s}"),
            _power("ankle", -2, 5),
        ),
    ),
    (
        "Lumbar spine",
        (
            _moment("lumbar_extension", "Lumbar moment", ("Extensor", "Flexor"), -1, 1, "-moment lumbar_flexion"),
            _moment("lumbar_bending", "Lumbar moment", ("Bends to this side", "Away from it"), -1, 1,
                    "moment lumbar_bending", turned="left"),
            _power("lumbar", -1, 1),
        ),
    ),
)  # fmt: skip


def _contact(joint: str, title: str, high: float) -> tuple[LoadPanel, ...]:
    return (
        LoadPanel(Panel(f"{joint}_size", f"{title} force, whole", "", "", 0, high, "BW"),
                  f"reaction {joint}_{{s}} size", "weight"),
        LoadPanel(Panel(f"{joint}_along", f"{title} compression", "Pressed", "Pulled", -1, high, "BW"),
                  f"-reaction {joint}_{{s}} z", "weight"),
        LoadPanel(Panel(f"{joint}_shear", f"{title} fore-aft shear", "Upper bone forward", "Backward", -2, 2, "BW"),
                  f"reaction {joint}_{{s}} x", "weight"),
    )  # fmt: skip


def _level(level: str) -> tuple[LoadPanel, ...]:
    word = level.upper().replace("_", "/")
    return (
        LoadPanel(Panel(f"{level}_along", f"{word} compression", "Pressed", "", 0, 3, "BW"), f"-reaction {level} z",
                  "weight"),
        LoadPanel(Panel(f"{level}_shear", f"{word} fore-aft shear", "Upper vertebra forward", "Backward", -1, 1, "BW"),
                  f"reaction {level} x", "weight"),
        LoadPanel(Panel(f"{level}_side", f"{word} side shear", "Upper vertebra to this side", "Away from it", -0.5, 0.5,
                        "BW"), f"reaction {level} y", "weight", turned="right"),
    )  # fmt: skip


_LEG_CONTACTS = tuple(
    (title, _contact(joint, title, high)) for joint, title, high in (("hip", "Hip", 4.0), ("knee", "Knee", 4.0),
                                                                      ("ankle", "Ankle", 6.0))
)  # fmt: skip
_TENSIONS = (
    "Tendon and fascia",
    (
        LoadPanel(Panel("achilles", "Achilles tendon tension", "", "", 0, 5, "BW"), "tension achilles_{s}", "weight"),
        LoadPanel(Panel("plantar_fascia", "Plantar fascia tension", "", "", 0, 2, "BW"), "tension plantar_fascia_{s}",
                  "weight"),
    ),
)  # fmt: skip

#: Muscles drawn together: the mean activation of all whose name starts so; our tables' names, then OpenSim models'.
MUSCLE_GROUPS: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = (
    (
        "Hip",
        (
            ("Gluteus maximus", ("glmax", "glut_max")),
            ("Gluteus medius", ("glmed", "glut_med")),
            ("Iliacus and psoas", ("iliacus", "psoas", "Ps_")),
        ),
    ),
    (
        "Thigh",
        (
            ("Rectus femoris", ("recfem", "rect_fem")),
            ("Vasti", ("vas",)),
            ("Hamstrings", ("bflh", "semimem", "semiten", "bifemlh")),
        ),
    ),
    (
        "Calf and shin",
        (
            ("Gastrocnemius", ("gas", "med_gas", "lat_gas")),
            ("Soleus", ("soleus",)),
            ("Tibialis anterior", ("tibant", "tib_ant")),
        ),
    ),
    (
        "Trunk",
        (
            ("Erector spinae", ("IL_", "LTp", "ercspn", "erector")),
            ("Multifidus", ("MF_", "multifidus")),
            ("Abdominal muscles", ("rect_abd", "EO", "IO", "extobl", "intobl")),
        ),
    ),
)


def collect_loads(pairs: Pairs, take: Take) -> Strides:
    """Collect every stride of one load over all trials.

    Parameters
    ----------
    pairs : sequence of (GaitTrial, Loads)
    take : callable
        From loads and a side to a series, (time,) array, or None.

    Returns
    -------
    Strides
        In the unit of ``take``; empty where no stride of a side could be computed throughout.
    """
    rows: dict[Side, list[FloatArray]] = {"left": [], "right": []}
    ends: dict[Side, list[float]] = {"left": [], "right": []}
    for trial, loads in pairs:
        series = {side: take(loads, side) for side in rows}
        for cycle in trial.cycles:
            values = series[cycle.side]
            if values is None:
                continue
            curve = stride_curves(loads.times_s, values[:, None], cycle)[:, 0]
            if np.isfinite(curve).any():
                rows[cycle.side].append(curve)
                ends[cycle.side].append(100.0 * cycle.stance_fraction)
    off = {side: float(np.mean(found)) if found else float("nan") for side, found in ends.items()}
    return Strides(_stack(rows["left"]), _stack(rows["right"]), off["left"], off["right"])


def _stack(rows: list[FloatArray]) -> FloatArray:
    return np.stack(rows) if rows else np.empty((0, PERCENT_POINTS))


def _take(shown: LoadPanel) -> Take:
    def take(loads: Loads, side: Side) -> FloatArray | None:
        series = load_series(loads, shown.series, side)
        if series is None:
            return None
        per = {"weight": loads.mass_kg * GRAVITY_M_S2, "mass": loads.mass_kg, "one": 1.0}[shown.per]
        turn = -1.0 if side == shown.turned else 1.0
        return np.asarray(turn * series / per)

    return take


def kinetic_pages(assessment: Assessment, trials: tuple[GaitTrial, ...], palette: Palette) -> tuple[FigurePage, ...]:
    """Return the pages of loads: moments and powers stride by stride and averaged, contact forces, muscles.

    Parameters
    ----------
    assessment : Assessment
    trials : tuple of GaitTrial
        The walks of one speed, those that every other page draws.
    palette : Palette

    Returns
    -------
    tuple of FigurePage
        Empty without loads.
    """
    pairs = _pairs(assessment.trials, assessment.loads, trials)
    if not pairs:
        return ()
    said = _ground_word(pairs)
    moments, contact = (f"{say(f'report.{what}_note').text} {said}" for what in ("moment", "contact"))
    bands = kinetic_bands(assessment.person)
    pages = [
        _page(f"kinetics-{kind}", f"Joint moments and powers: {words}", moments, KINETIC_ROWS, pairs,
              palette, every_stride=kind == "strides", bands=bands,
              columns=("Sagittal moment", "Frontal moment", "Power"))
        for kind, words in (("strides", "every stride"), ("average", "average"))
    ]  # fmt: skip
    pages.append(
        _page("contact", "Joint contact forces", contact, (*_LEG_CONTACTS, _TENSIONS), pairs, palette,
              every_stride=True, with_mean=True, columns=("Whole", "Along the lower bone", "Across it"))
    )  # fmt: skip
    pages += _spine_page(assessment, trials, pairs, palette, said)
    pages += _muscle_page(pairs, palette)
    return tuple(pages)


#: Rows of one page of EMG.
EMG_ROWS = 4


def emg_pages(assessment: Assessment, palette: Palette) -> tuple[FigurePage, ...]:
    """Return the EMG of every muscle over the stride, grey, with the computed activation as a line.

    Parameters
    ----------
    assessment : Assessment
    palette : Palette

    Returns
    -------
    tuple of FigurePage
        Empty without EMG.
    """
    by_muscle: dict[str, dict[Side, MuscleCurve]] = {}
    for curve in assessment.muscle_curves:
        by_muscle.setdefault(curve.name, {})[curve.side] = curve
    rows = [
        FigureRow(
            name,
            (
                *(_emg_panel(sides.get(side), side, palette) for side in _SIDES),
                " ".join(_agreement_words(sides[side]) for side in _SIDES if side in sides),
            ),
        )
        for name, sides in by_muscle.items()
    ]
    return tuple(
        FigurePage(
            f"emg-{first // EMG_ROWS + 1}",
            f"Muscle activity: EMG beside computed activation{f' ({first // EMG_ROWS + 1})' if first else ''}",
            say("report.emg_note").text,
            tuple(rows[first : first + EMG_ROWS]),
            legend_figure(palette, has_band=False),
            ("Left", "Right", "How they agree"),
        )
        for first in range(0, len(rows), EMG_ROWS)
    )


_SIDES: tuple[Side, ...] = ("left", "right")


def _emg_panel(curve: MuscleCurve | None, side: Side, palette: Palette) -> Figure | str:
    if curve is None:
        return "no EMG of this side"
    empty = np.empty((0, PERCENT_POINTS))
    line = empty if curve.computed is None else 100.0 * np.asarray(curve.computed)[None, :]
    strides = Strides(
        line if side == "left" else empty,
        line if side == "right" else empty,
        curve.stance_percent if side == "left" else float("nan"),
        curve.stance_percent if side == "right" else float("nan"),
    )
    cohort = f"EMG of {curve.strides} {'stride' if curve.strides == 1 else 'strides'}"
    band = NormBand(100.0 * curve.mean, 100.0 * curve.sd, cohort, "", True, True)
    panel = Panel(f"{curve.muscle}_emg", f"{curve.name}, {side}", "", "", 0, 100, "%")
    return curve_figure(panel, strides, band, palette=palette)


def _agreement_words(curve: MuscleCurve) -> str:
    side = curve.side.capitalize()
    if curve.agreement is None:
        return say("report.emg_nothing", side=side).text
    a = curve.agreement
    return say(
        "report.emg_agreement",
        side=side,
        correlation=f"{a.correlation:.2f}",
        delay=f"{1e3 * a.delay_s:.0f}",
        overlap=f"{a.overlap_percent:.0f}",
        shift=f"{abs(a.peak_shift_percent):.0f}",
        when="after" if a.peak_shift_percent >= 0 else "before",
        strides=f"{a.strides} stride{'s' * (a.strides != 1)}",
    ).text


def _pairs(trials: Sequence[GaitTrial], loads: Sequence[Loads], kept: Sequence[GaitTrial]) -> Pairs:
    return [(t, x) for t, x in zip(trials, loads, strict=False) if any(t is k for k in kept)]


def _ground_word(pairs: Pairs) -> str:
    """Say of the strides drawn whether the ground reaction below them was measured."""
    origins = np.concatenate([np.asarray(f.origin) for _, x in pairs for f in x.ground.feet])
    predicted = origins == PREDICTED
    if not predicted.any():
        return say("report.plates_word").text
    if predicted.sum() == (origins > 0).sum():
        return say("report.motion_word").text
    return say("report.both_word").text


def _page(
    page_id: str,
    title: str,
    note: str,
    rows: Sequence[tuple[str, tuple[LoadPanel, ...]]],
    pairs: Pairs,
    palette: Palette,
    *,
    every_stride: bool,
    with_mean: bool = False,
    bands: dict[str, NormBand] | None = None,
    columns: tuple[str, ...],
) -> FigurePage:
    def drawn(shown: LoadPanel) -> Figure | str:
        strides = collect_loads(pairs, _take(shown))
        if strides.is_empty:
            return f"{shown.panel.title}: {shown.missing}"
        band = (bands or {}).get(shown.panel.key)
        return curve_figure(shown.panel, strides, band, every_stride=every_stride, with_mean=with_mean, palette=palette)

    made = tuple(FigureRow(label, _three([drawn(p) for p in panels])) for label, panels in rows)
    return FigurePage(page_id, title, note, made, legend_figure(palette, has_band=bool(bands)), columns)


def _three(figures: Sequence[Figure | str]) -> tuple[Figure | str, ...]:
    return (*figures, *[""] * (3 - len(figures)))


def _spine_page(
    assessment: Assessment, trials: tuple[GaitTrial, ...], pairs: Pairs, palette: Palette, said: str
) -> list[FigurePage]:
    """Return the lumbar levels, L5/S1 under both rhythms where both were computed; nothing without a level."""
    if not any(r.joint == "l5_s1" for _, x in pairs for r in x.reactions):
        return []
    levels = [("L3/L4", _level("l3_l4")), ("L4/L5", _level("l4_l5")), ("L5/S1", _level("l5_s1"))]
    columns = ("Compression", "Fore-aft shear", "Side shear")
    note = f"{say('report.contact_note').text} In the plane of each disc. {said}"
    other = _pairs(assessment.trials, assessment.other_rhythm_loads, trials)
    page = _page("spine-loads", "Lumbar contact forces", note, levels, pairs, palette, every_stride=True,
                 with_mean=True, columns=columns)  # fmt: skip
    if not other:
        return [page]
    second = _page("", "", "", [("L5/S1, other rhythm", _level("l5_s1"))], other, palette, every_stride=True,
                   with_mean=True, columns=columns)  # fmt: skip
    rhythm = assessment.provenance.settings.get("rhythm", "")
    rows = (*page.rows, *second.rows)
    note = f"{note} {say('report.both_rhythms', level='L5/S1', rhythm=rhythm).text}"
    return [FigurePage(page.id, page.title, note, rows, page.legend, columns)]


def _muscle_page(pairs: Pairs, palette: Palette) -> list[FigurePage]:
    """Return the activation of the main muscle groups; nothing without muscles."""
    if not any(x.activations.labels for _, x in pairs):
        return []
    rows = []
    for label, groups in MUSCLE_GROUPS:
        figures: list[Figure | str] = []
        for name, starts in groups:
            strides = collect_loads(pairs, lambda x, side, starts=starts: _activation(x, side, starts))  # type: ignore[misc]
            panel = Panel(name, name, "", "", 0, 100, "% active")
            figures.append(
                f"{name}: not part of this body"
                if strides.is_empty
                else curve_figure(panel, strides, every_stride=True, with_mean=True, palette=palette)
            )
        if any(isinstance(f, Figure) for f in figures):
            rows.append(FigureRow(label, tuple(figures)))
    note = say("report.activation_note").text
    legend = legend_figure(palette, has_band=False)
    return [FigurePage("muscles", "Muscle activation", note, tuple(rows), legend, ("", "", ""))] if rows else []


def _activation(loads: Loads, side: Side, starts: tuple[str, ...]) -> FloatArray | None:
    labels = loads.activations.labels
    mine = [k for k, name in enumerate(labels) if name.startswith(starts) and name.endswith(f"_{side[0]}")]
    return np.asarray(100.0 * loads.activations.values[:, mine].mean(axis=1)) if mine else None


#: A stance is drawn as predicted if at least this part of it was; the rest of such a stance may be measured.
PREDICTED_SHARE = 0.5


def predicted_forces(assessment: Assessment, trials: tuple[GaitTrial, ...], mass_kg: float) -> dict[str, Strides]:
    """Collect the ground reaction of every stance that was predicted from the motion, all or most of it.

    Parameters
    ----------
    assessment : Assessment
    trials : tuple of GaitTrial
    mass_kg : float
        To normalise by body weight.

    Returns
    -------
    dict
        'vertical', 'forward' and 'medial' -> Strides in % body weight against % of stance; empty if no stance was.
    """
    pairs = _pairs(assessment.trials, assessment.loads, trials)
    rows: dict[str, dict[Side, list[FloatArray]]] = {p.key: {"left": [], "right": []} for p in GRF_PANELS}
    for trial, loads in pairs:
        for cycle in trial.cycles:
            foot = loads.ground.foot(cycle.side)
            inward = -1.0 if cycle.side == "left" else 1.0
            table = np.column_stack([foot.force[:, [2, 0]], inward * foot.force[:, 1], foot.origin])
            off = 100.0 * cycle.stance_fraction
            percent, cut = cut_stride(loads.times_s, table, cycle, (0.0, off))
            if not len(cut) or np.mean(cut[:, 3] == PREDICTED) < PREDICTED_SHARE:
                continue
            at = np.linspace(0.0, off, PERCENT_POINTS)
            for k, panel in enumerate(GRF_PANELS):
                series = np.interp(at, percent, cut[:, k])
                rows[panel.key][cycle.side].append(100.0 * series / (mass_kg * GRAVITY_M_S2))
    if not any(rows["vertical"].values()):
        return {}
    return {key: Strides(_stack(both["left"]), _stack(both["right"])) for key, both in rows.items()}
