"""Which curves a report draws, and the strides behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.motion.cycles import PERCENT_POINTS, Cycle, normalize
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import ForcePlate, Side

__all__ = ["GRF_PANELS", "KINEMATIC_PAGES", "Page", "Panel", "Strides", "collect_forces", "collect_strides"]

#: A plate is loaded above this vertical force, N (a choice: below it a centre of pressure means little).
CONTACT_N = 20.0
#: A plate belongs to a stance if its contact starts and ends within this time of the events, s.
CONTACT_TOLERANCE_S = 0.06


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Attributes
    ----------
    key : str
        Angle (without side) or force component.
    title : str
    up, down : str
        What the two directions of the axis mean.
    low, high : float
        Usual limits, so that reports compare at a glance; widened when data exceed them.
    unit : str
    """

    key: str
    title: str
    up: str
    down: str
    low: float
    high: float
    unit: str = "°"


@dataclass(frozen=True)
class Page:
    """Rows of three panels: sagittal, frontal, transverse; None where a plane is not reported."""

    title: str
    rows: tuple[tuple[str, tuple[Panel | None, Panel | None, Panel | None]], ...]

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Every panel of the page, row by row."""
        return tuple(panel for _, row in self.rows for panel in row if panel is not None)


KINEMATIC_PAGES: tuple[Page, ...] = (
    Page(
        "Pelvis, hip, knee, ankle",
        (
            (
                "Pelvis",
                (
                    Panel("pelvis_tilt", "Pelvic tilt", "Anterior", "Posterior", -10, 30),
                    Panel("pelvis_obliquity", "Pelvic obliquity", "Side up", "Side down", -20, 20),
                    Panel("pelvis_rotation", "Pelvic rotation", "Side forward", "Side backward", -30, 30),
                ),
            ),
            (
                "Hip",
                (
                    Panel("hip_flexion", "Hip flexion", "Flexion", "Extension", -30, 60),
                    Panel("hip_adduction", "Hip adduction", "Adduction", "Abduction", -20, 20),
                    Panel("hip_rotation", "Hip rotation", "Internal", "External", -30, 30),
                ),
            ),
            (
                "Knee",
                (
                    Panel("knee_flexion", "Knee flexion", "Flexion", "Extension", -10, 80),
                    Panel("knee_varus", "Knee varus", "Varus", "Valgus", -20, 20),
                    Panel("knee_rotation", "Knee rotation", "Internal", "External", -30, 30),
                ),
            ),
            (
                "Ankle and foot",
                (
                    Panel("ankle_dorsiflexion", "Ankle dorsiflexion", "Dorsiflexion", "Plantarflexion", -30, 30),
                    None,
                    Panel("foot_progression", "Foot progression", "Toe in", "Toe out", -40, 20),
                ),
            ),
        ),
    ),
    Page(
        "Thorax and lumbar spine",
        (
            (
                "Thorax",
                (
                    Panel("thorax_tilt", "Thorax tilt", "Forward", "Backward", -20, 20),
                    Panel("thorax_obliquity", "Thorax obliquity", "Side up", "Side down", -20, 20),
                    Panel("thorax_rotation", "Thorax rotation", "Side forward", "Side backward", -20, 20),
                ),
            ),
            (
                "Lumbar spine",
                (
                    Panel("lumbar_flexion", "Lumbar flexion", "Flexion", "Extension", -30, 30),
                    Panel("lumbar_bending", "Lumbar bending", "To this side", "Away from it", -20, 20),
                    Panel("lumbar_rotation", "Lumbar rotation", "Side forward", "Side backward", -20, 20),
                ),
            ),
            (
                "L5/S1, both rhythms",
                (
                    Panel("l5s1_flexion_christophy2012", "L5/S1 flexion, Christophy", "Flexion", "Extension", -10, 10),
                    Panel(
                        "l5s1_flexion_lifting_full_body",
                        "L5/S1 flexion, lifting model",
                        "Flexion",
                        "Extension",
                        -10,
                        10,
                    ),
                    None,
                ),
            ),
        ),
    ),
    Page(
        "Hindfoot, forefoot, hallux",
        (
            (
                "Hindfoot",
                (
                    Panel("hindfoot_dorsiflexion", "Hindfoot dorsiflexion", "Dorsiflexion", "Plantarflexion", -30, 30),
                    Panel("hindfoot_eversion", "Hindfoot eversion", "Eversion", "Inversion", -20, 20),
                    Panel("hindfoot_rotation", "Hindfoot rotation", "Internal", "External", -30, 30),
                ),
            ),
            (
                "Forefoot",
                (
                    Panel("forefoot_dorsiflexion", "Forefoot dorsiflexion", "Dorsiflexion", "Plantarflexion", -20, 20),
                    Panel("forefoot_eversion", "Forefoot eversion", "Eversion", "Inversion", -20, 20),
                    Panel("forefoot_adduction", "Forefoot adduction", "Adduction", "Abduction", -20, 20),
                ),
            ),
            (
                "Hallux",
                (
                    Panel("hallux_dorsiflexion", "Hallux dorsiflexion", "Dorsiflexion", "Plantarflexion", -20, 60),
                    None,
                    None,
                ),
            ),
        ),
    ),
)

GRF_PANELS: tuple[Panel, ...] = (
    Panel("vertical", "Vertical force", "Up", "", 0, 140, "% body weight"),
    Panel("forward", "Fore-aft force", "Forward", "Backward", -30, 30, "% body weight"),
    Panel("medial", "Side force", "Medial", "Lateral", -10, 10, "% body weight"),
)


@dataclass(frozen=True, eq=False)
class Strides(Immutable):
    """Time-normalised strides of both sides.

    Attributes
    ----------
    left, right : (stride, 101) array
        In the unit of the panel; empty if no stride of that side was seen.
    left_foot_off, right_foot_off : float
        Mean end of stance, % of the cycle; NaN without strides.
    """

    left: FloatArray
    right: FloatArray
    left_foot_off: float = float("nan")
    right_foot_off: float = float("nan")

    def of(self, side: Side) -> FloatArray:
        """Strides of one side, (stride, 101) array."""
        return self.left if side == "left" else self.right

    def foot_off(self, side: Side) -> float:
        """Mean end of stance of one side, %."""
        return self.left_foot_off if side == "left" else self.right_foot_off

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to draw."""
        return not (np.isfinite(self.left).any() or np.isfinite(self.right).any())


def mean_stride(strides: FloatArray) -> FloatArray:
    """Return the mean over strides, (101,) array; NaN where no stride has a value."""
    seen = np.isfinite(strides)
    total = np.where(seen, strides, 0.0).sum(axis=0)
    return np.asarray(np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan))


def _cycles(trials: Iterable[GaitTrial], side: Side) -> list[tuple[GaitTrial, Cycle]]:
    return [(trial, cycle) for trial in trials for cycle in trial.cycles if cycle.side == side]


def collect_strides(trials: tuple[GaitTrial, ...], angle: str) -> Strides:
    """Collect every stride of one angle over all trials.

    Parameters
    ----------
    trials : tuple of GaitTrial
    angle : str
        Without side, e.g. ``knee_flexion``.

    Returns
    -------
    Strides
        Degrees.
    """
    rows: dict[Side, list[FloatArray]] = {"left": [], "right": []}
    ends: dict[Side, float] = {}
    for side in rows:
        found = _cycles(trials, side)
        label = f"{angle}_{side}"
        rows[side] = [np.degrees(normalize(t.angles, label, c)) for t, c in found if label in t.angles.labels]
        ends[side] = 100.0 * float(np.mean([c.stance_fraction for _, c in found])) if found else float("nan")
    return Strides(_stack(rows["left"]), _stack(rows["right"]), ends["left"], ends["right"])


def _stack(rows: list[FloatArray]) -> FloatArray:
    return np.stack(rows) if rows else np.empty((0, PERCENT_POINTS))


def collect_forces(trials: tuple[GaitTrial, ...], mass_kg: float) -> dict[str, Strides]:
    """Collect the ground reaction of every stance that stands cleanly on one plate.

    Parameters
    ----------
    trials : tuple of GaitTrial
    mass_kg : float
        To normalise by body weight.

    Returns
    -------
    dict
        'vertical', 'forward' and 'medial' -> Strides in % body weight against % of stance; empty
        if no plate carries exactly one whole stance.
    """
    weight = mass_kg * GRAVITY_M_S2
    rows: dict[str, dict[Side, list[FloatArray]]] = {p.key: {"left": [], "right": []} for p in GRF_PANELS}
    for side in ("left", "right"):
        for trial, cycle in _cycles(trials, side):
            plate = _plate_of(trial.recording.plates, cycle)
            if plate is None:
                continue
            at = np.linspace(cycle.start_s, cycle.foot_off_s, PERCENT_POINTS)
            force = np.stack([np.interp(at, plate.times_s, plate.force[:, k]) for k in range(3)], axis=1)
            inward = -1.0 if side == "left" else 1.0
            for key, series in (("vertical", force[:, 2]), ("forward", force[:, 0]), ("medial", inward * force[:, 1])):
                rows[key][side].append(100.0 * series / weight)
    if not any(rows["vertical"].values()):
        return {}
    return {key: Strides(_stack(both["left"]), _stack(both["right"])) for key, both in rows.items()}


def _plate_of(plates: tuple[ForcePlate, ...], cycle: Cycle) -> ForcePlate | None:
    """Return the plate whose one contact is this stance, or None."""
    for plate in plates:
        window = (plate.times_s > cycle.start_s - 0.15) & (plate.times_s < cycle.foot_off_s + 0.15)
        loaded = np.flatnonzero(window & (plate.force[:, 2] > CONTACT_N))
        if len(loaded) < 2:
            continue
        first, last = plate.times_s[loaded[0]], plate.times_s[loaded[-1]]
        if abs(first - cycle.start_s) < CONTACT_TOLERANCE_S and abs(last - cycle.foot_off_s) < CONTACT_TOLERANCE_S:
            return plate
    return None
