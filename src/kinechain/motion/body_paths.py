"""Where the feet and the pelvis of a fitted body go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import Body
from kinechain.body.pose import segment_poses
from kinechain.core.arrays import FloatArray
from kinechain.motion.angles import landmark_path
from kinechain.motion.foot_paths import SIDES, FootPaths, belt_speed, on_the_belt
from kinechain.motion.motion import Motion
from kinechain.motion.signs import REGIONS
from kinechain.recording.recording import Side

__all__ = ["foot_is_shown", "foot_paths"]

_FOOT = REGIONS["foot"] + REGIONS["toes"]


def foot_paths(body: Body, motion: Motion) -> FootPaths:
    """Return the paths of the foot landmarks and the sacrum of a moving body.

    Raises
    ------
    BodyError
        If the body lacks a landmark.
    """
    is_seen = np.asarray(np.isfinite(motion.values).all(axis=1), dtype=bool) & _feet_shown(body, motion)
    poses = segment_poses(body, _bridged(motion.values, is_seen))

    def both(name: str) -> dict[Side, FloatArray]:
        return {"left": landmark_path(body, poses, f"{name}_l"), "right": landmark_path(body, poses, f"{name}_r")}

    paths = FootPaths(
        both("heel"),
        both("metatarsal_2_head"),
        both("hallux_tip"),
        both("metatarsal_1_head"),
        both("metatarsal_5_head"),
        (landmark_path(body, poses, "psis_r") + landmark_path(body, poses, "psis_l")) / 2,
        is_seen,
        motion.rate_hz,
        motion.start_s,
    )
    return on_the_belt(paths, belt_speed(paths))


def foot_is_shown(body: Body, motion: Motion, side: Side) -> NDArray[np.bool_]:
    """Tell in which frames markers show how a foot stands against its shank; elsewhere its pose is a guess.

    Parameters
    ----------
    body : Body
    motion : Motion
    side : 'left' or 'right'

    Returns
    -------
    (time,) array of bool
        False throughout if markers of this body were followed and none of them was the foot's.
    """
    foot = {f"{part}_{side[0]}" for part in _FOOT}
    followed = [m.segment for m in body.markers if m.weight > 0 and m.name in motion.markers]
    ankle = motion.shown_values[:, motion.coordinates.index(f"ankle_dorsiflexion_{side[0]}")]
    return np.isfinite(ankle) & (not followed or not foot.isdisjoint(followed))


def _feet_shown(body: Body, motion: Motion) -> NDArray[np.bool_]:
    """Tell in which frames both feet are on record: a marker of the foot, or of the shank where no foot is marked.

    Inverse kinematics draws a leg of which no marker is seen straight across the gap; no stride is taken from that.
    """
    segment = {m.name: m.segment for m in body.markers if m.weight > 0}
    on = [segment.get(name, "") for name in motion.markers]
    shown = np.ones(len(motion.values), dtype=bool)
    for side in SIDES:
        foot = [i for i, name in enumerate(on) if name in {f"{part}_{side[0]}" for part in _FOOT}]
        columns = foot or [i for i, name in enumerate(on) if name == f"tibia_{side[0]}"]
        if columns:
            shown &= np.isfinite(motion.marker_error[:, columns]).any(axis=1)
    return shown


def _bridged(values: FloatArray, is_seen: NDArray[np.bool_]) -> FloatArray:
    """Bridge frames without a pose by straight lines; no event is taken from them."""
    if is_seen.all() or not is_seen.any():
        return values
    time = np.arange(len(values))
    seen = np.flatnonzero(is_seen)
    return np.stack([np.interp(time, seen, column[seen]) for column in values.T], axis=1)
