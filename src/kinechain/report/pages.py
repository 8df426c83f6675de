"""The figures of a report, laid out in pages, and the still pictures of the body."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kinechain.body.pose import segment_poses
from kinechain.evidence.wording import say
from kinechain.findings.gait import Pace, choose_pace
from kinechain.loads.predicted_ground import STATED_ERROR
from kinechain.motion.trial import GaitTrial
from kinechain.report.curves import GRF_PANELS, KINEMATIC_PAGES, Page, Panel, Strides, collect_forces, collect_strides
from kinechain.report.figures import Palette, curve_figure, legend_figure
from kinechain.report.kinetics import emg_pages, kinetic_pages, predicted_forces
from kinechain.report.norms import NormBand, find_bands
from kinechain.report.scene import BEHIND, SIDE, stick_figure
from kinechain.report.sheets import FigurePage, FigureRow
from kinechain.report.svg import Figure

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = ["FigurePage", "FigureRow", "figure_pages", "standing_figure", "walking_figure"]


def figure_pages(assessment: Assessment, palette: Palette) -> tuple[FigurePage, ...]:
    """Return the curves, every stride before the average, then the ground reaction forces.

    Only walks of one speed are drawn together: the same that the measures are taken from.

    Parameters
    ----------
    assessment : Assessment
    palette : Palette

    Returns
    -------
    tuple of FigurePage
        Empty without a walk.
    """
    if not assessment.trials or assessment.body is None:
        return ()
    pages: list[FigurePage] = []
    bands = find_bands(assessment.person, assessment.own_norms)
    pace = choose_pace(assessment.body, assessment.trials, assessment.person)
    for number, page in enumerate(KINEMATIC_PAGES, 1):
        strides = {panel.key: collect_strides(pace.trials, panel.key) for panel in page.panels}
        for every_stride in (True, False):
            pages.append(_kinematic_page(page, number, strides, bands, every_stride, _stride_counts(pace), palette))
    forces = _force_page(assessment, pace.trials, palette)
    loads = kinetic_pages(assessment, pace.trials, palette)
    return (*pages, forces, *loads, *emg_pages(assessment, palette))


def _kinematic_page(
    page: Page,
    number: int,
    strides: dict[str, Strides],
    bands: dict[str, NormBand],
    every_stride: bool,
    counts: str,
    palette: Palette,
) -> FigurePage:
    rows = []
    for label, panels in page.rows:
        figures = tuple(_panel(p, strides, bands, every_stride, palette) for p in panels)
        rows.append(FigureRow(label, figures))
    kind = "every stride" if every_stride else "average"
    note = f"{counts}. {say('report.every_stride' if every_stride else 'report.mean_stride').text}"
    return FigurePage(
        f"curves-{number}-{'strides' if every_stride else 'average'}",
        f"{page.title}: {kind}",
        note,
        tuple(rows),
        legend_figure(palette),
    )


def _panel(
    panel: Panel | None,
    strides: dict[str, Strides],
    bands: dict[str, NormBand],
    every_stride: bool,
    palette: Palette,
) -> Figure | str:
    if panel is None:
        return ""
    if strides[panel.key].is_empty:
        return f"{panel.title}: not measured"
    return curve_figure(panel, strides[panel.key], bands.get(panel.key), every_stride=every_stride, palette=palette)


def _stride_counts(pace: Pace) -> str:
    count = {side: sum(c.side == side for t in pace.trials for c in t.cycles) for side in ("left", "right")}
    strides = "stride" if count["right"] == 1 else "strides"
    recordings = _plural(len(pace.trials), "recording")
    words = f"{count['left']} left and {count['right']} right {strides} from {recordings}"
    if pace.speed_m_s is not None:
        words += f" at {pace.speed_m_s:.2f} m/s"
    if pace.left_out:
        words += f"; {_plural(len(pace.left_out), 'recording')} at another speed left out"
    return words


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _force_page(assessment: Assessment, trials: tuple[GaitTrial, ...], palette: Palette) -> FigurePage:
    mass = assessment.body.mass_kg if assessment.body else assessment.person.mass_kg
    plates = any(t.recording.plates for t in trials)
    measured = collect_forces(trials, mass) if mass and plates else {}
    predicted = predicted_forces(assessment, trials, mass) if mass else {}
    legend = legend_figure(palette, has_band=False, has_foot_off=False, has_predicted=bool(predicted))
    if not measured and not predicted:
        reason = say("report.no_whole_stance" if plates else "report.no_plates").text
        return FigurePage("forces", "Ground reaction forces", f"Not measured. {reason}", (), legend)
    rows = (*_force_rows("Measured", measured, False, palette), *_force_rows("Predicted", predicted, True, palette))
    words = [say("report.force_unit", mass=f"{mass:.1f}").text]
    if measured:
        words.insert(0, say("report.stances_measured", stances=_stances(measured)).text)
    if predicted:
        where = "" if measured else ", no plate used"
        words.append(f"Predicted from the motion{where}: {_stances(predicted)}, dotted. {STATED_ERROR}".strip())
    title = "Ground reaction forces" if measured else "Ground reaction forces, predicted from the motion"
    return FigurePage("forces", title, " ".join(words), rows, legend, ("Vertical", "Fore-aft", "Side"))


def _stances(forces: dict[str, Strides]) -> str:
    left, right = (len(forces["vertical"].of(side)) for side in ("left", "right"))
    return f"{_plural(left, 'left stance')} and {_plural(right, 'right stance')}"


def _force_rows(word: str, forces: dict[str, Strides], is_predicted: bool, palette: Palette) -> tuple[FigureRow, ...]:
    """Return every stance, then the average; nothing without forces."""
    if not forces:
        return ()
    rows = []
    for every_stride in (True, False):
        figures = tuple(
            curve_figure(
                replace(p, title=f"{p.title}, predicted") if is_predicted else p,
                forces[p.key],
                None,
                every_stride=every_stride,
                percent_of="stance",
                palette=palette,
                is_predicted=is_predicted,
            )
            for p in GRF_PANELS
        )
        rows.append(FigureRow(f"{word}, {'every stance' if every_stride else 'average'}", figures))
    return tuple(rows)


def walking_figure(assessment: Assessment, palette: Palette) -> Figure | None:
    """Return some moments of the first stride, seen from the side, or None without a walk.

    Parameters
    ----------
    assessment : Assessment
    palette : Palette
    """
    if assessment.body is None or not assessment.trials or not assessment.trials[0].cycles:
        return None
    trial = assessment.trials[0]
    cycle = trial.cycles[0]
    motion = trial.motion
    solved = np.flatnonzero(np.isfinite(motion.values).all(axis=1))
    if not len(solved):
        return None
    percents = (0, 15, 35, 50, 65, 85)
    at = [cycle.start_s + p / 100.0 * cycle.duration_s for p in percents]
    frames = [solved[np.argmin(np.abs(motion.times_s[solved] - t))] for t in at]
    poses = segment_poses(assessment.body, motion.values[frames])
    labels = tuple(f"{p} %" for p in percents)
    return stick_figure(
        assessment.body,
        poses,
        (SIDE,) * len(percents),
        labels,
        f"One {cycle.side} stride of {trial.recording.name}, seen from the right side",
        palette=palette,
        height=230.0,
    )


def standing_figure(assessment: Assessment, palette: Palette) -> Figure | None:
    """Return the standing posture from behind and from the side, or None without a standing trial.

    Parameters
    ----------
    assessment : Assessment
    palette : Palette
    """
    if assessment.body is None or assessment.standing is None:
        return None
    solved = assessment.standing.motion.values
    solved = solved[np.isfinite(solved).all(axis=1)]
    if not len(solved):
        return None
    values = np.median(solved, axis=0)
    pose = segment_poses(assessment.body, values[None, :])[0]
    return stick_figure(
        assessment.body,
        np.stack([pose, pose]),
        (BEHIND, SIDE),
        ("from behind", "from the right side"),
        "Standing posture",
        plumb=True,
        palette=palette,
        height=360.0,
    )
