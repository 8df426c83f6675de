"""Where the feet and the pelvis of a moving body go, over ground or on a treadmill."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, frozen, lengths, median
from kinechain.recording.recording import Side

__all__ = ["SIDES", "SLOWEST_WALK_M_S", "FootPaths", "belt_speed", "on_the_belt"]

SIDES: tuple[Side, ...] = ("left", "right")
#: Slowest walking that is still walking, m/s (the slowest trial known to us is 0.26 m/s).  Assumption.
SLOWEST_WALK_M_S = 0.12
#: Treading on the spot: each heel moves to and fro under the pelvis by this much, m, the two against each other
#: (correlation below this).  Assumption.
TREADING_M, TREADING_CORRELATION = 0.25, -0.5
#: On a belt the pelvis drifts, over this time, by less than this fraction of what the belt runs.  Assumption.
PELVIS_WINDOW_S, DRIFT_FRACTION = 1.5, 0.25


@dataclass(frozen=True)
class FootPaths:
    """What the methods look at: five points of each foot, the sacrum, and where the walk goes.

    Attributes
    ----------
    heel, forefoot, hallux, inner, outer : dict of side to (time, 3) array, m, world
        Heel, second metatarsal head, tip of the hallux, first and fifth metatarsal head.
    pelvis : (time, 3) array, m, world
        Midpoint of the posterior iliac spines.
    is_seen : (time,) array of bool
        The frame was solved, and markers of both feet were seen in it.
    rate_hz, start_s : float
    belt_m_s : float
        Speed of the treadmill, 0 over ground.  The paths above stand on the belt: this speed has been added to them.
    """

    heel: dict[Side, FloatArray]
    forefoot: dict[Side, FloatArray]
    hallux: dict[Side, FloatArray]
    inner: dict[Side, FloatArray]
    outer: dict[Side, FloatArray]
    pelvis: FloatArray
    is_seen: NDArray[np.bool_]
    rate_hz: float
    start_s: float
    belt_m_s: float = 0.0

    @cached_property
    def times_s(self) -> FloatArray:
        """Time of each frame, (time,) array, s."""
        return frozen(self.start_s + np.arange(len(self.pelvis)) / self.rate_hz)


def on_the_belt(paths: FootPaths, belt_m_s: float) -> FootPaths:
    """Return paths as they would be over ground: carried forward at the speed of a treadmill.

    Parameters
    ----------
    paths : FootPaths
        In the laboratory, x forward.
    belt_m_s : float
    """
    if belt_m_s == 0.0:
        return paths
    carried = np.zeros((len(paths.pelvis), 3))
    carried[:, 0] = belt_m_s * np.arange(len(carried)) / paths.rate_hz

    def both(path: dict[Side, FloatArray]) -> dict[Side, FloatArray]:
        return {side: path[side] + carried for side in SIDES}

    return replace(
        paths,
        heel=both(paths.heel),
        forefoot=both(paths.forefoot),
        hallux=both(paths.hallux),
        inner=both(paths.inner),
        outer=both(paths.outer),
        pelvis=paths.pelvis + carried,
        belt_m_s=paths.belt_m_s + belt_m_s,
    )


def belt_speed(paths: FootPaths) -> float:
    """Return how fast the standing foot goes backwards under a pelvis that stays, m/s; 0 if nobody treads.

    The forefoot of somebody on a treadmill moves backwards at the speed of the belt for more than half of the stride,
    so the median of its backward speeds is that speed.  A pelvis that travels, to and fro over ground even, is not on
    a belt.
    """
    seen = np.flatnonzero(paths.is_seen)
    if len(seen) < 3:
        return 0.0
    apart = [(paths.heel[side] - paths.pelvis)[seen, 0] for side in SIDES]
    if not min(float(np.ptp(a)) for a in apart) >= TREADING_M:
        return 0.0
    if np.corrcoef(apart[0], apart[1])[0, 1] > TREADING_CORRELATION:
        return 0.0
    speed = np.concatenate([np.gradient(paths.forefoot[side][:, 0])[seen] * paths.rate_hz for side in SIDES])
    belt = median(-speed[speed < 0]) if (speed < 0).any() else 0.0
    window = max(1, min(len(seen) - 1, round(PELVIS_WINDOW_S * paths.rate_hz)))
    ground = paths.pelvis[seen, :2]
    step = lengths(ground[window:] - ground[:-window]) * paths.rate_hz / (seen[window:] - seen[:-window])
    is_treading = belt > SLOWEST_WALK_M_S and median(step) < DRIFT_FRACTION * belt
    return belt if is_treading else 0.0
