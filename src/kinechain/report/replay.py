"""The fitted body and its motion, packed small for the viewer in the page."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from kinechain.body.body import Body
from kinechain.body.pose import segment_poses
from kinechain.core.arrays import FloatArray
from kinechain.core.frames import OURS_FROM_OPENSIM
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import ForcePlate, Recording
from kinechain.report.figures import Palette
from kinechain.report.scene import body_solids

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = ["quaternions", "replay_json"]

#: The replay shows at most this many frames per second, and this much data (base64) over all trials.
RATE_HZ = 50.0
BUDGET_BYTES = 1_400_000
#: Positions are stored in steps of 0.5 mm around the middle of the scene, quaternions in 1/32767.
STEP_M = 0.0005
#: Length of a force arrow, m per N.
ARROW_M_PER_N = 0.001


def replay_json(assessment: Assessment, palette: Palette | None = None) -> str | None:
    """Pack the replay as JSON that is safe inside a ``<script>`` element.

    Parameters
    ----------
    assessment : Assessment
    palette : Palette, optional

    Returns
    -------
    str or None
        None if there is no body or nothing moved.
    """
    if assessment.body is None or not assessment.trials:
        return None
    trials: list[dict[str, Any]] = []
    spent = 0
    for trial in assessment.trials:
        packed = _pack_trial(assessment.body, trial)
        size = sum(len(v) for v in packed.values() if isinstance(v, str))
        if trials and spent + size > BUDGET_BYTES:
            break
        spent += size
        trials.append(packed)
    scene = {
        "step": STEP_M,
        "arrow": ARROW_M_PER_N,
        "solids": [_solid(s) for s in body_solids(assessment.body)],
        "trials": trials,
        "left_out": len(assessment.trials) - len(trials),
    }
    return (
        json.dumps(scene, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    )


def _solid(solid: Any) -> list[Any]:
    numbers = [round(float(v), 4) for v in (*solid.start, *solid.end, solid.radius)]
    return [
        solid.segment,
        0 if solid.kind == "capsule" else 1,
        {"middle": 0, "left": 1, "right": 2}[solid.tone],
        *numbers,
    ]


def _pack_trial(body: Body, trial: GaitTrial) -> dict[str, Any]:
    motion = trial.motion
    stride = max(1, int(np.ceil(motion.rate_hz / RATE_HZ - 1e-9)))
    frames = np.arange(0, len(motion.values), stride)
    times = motion.times_s[frames]
    is_solved = (motion.is_solved[frames] > 0) & np.isfinite(motion.values[frames]).all(axis=1)
    poses = segment_poses(body, np.nan_to_num(motion.values[frames]))
    turn = OURS_FROM_OPENSIM if body.up == "y" else np.eye(3)
    origin = turn @ poses[is_solved if is_solved.any() else slice(None), 0, :3, 3].mean(axis=0)
    points = np.einsum("ij,tsj->tsi", turn, poses[..., :3, 3]) - origin
    turns = quaternions(np.einsum("ij,tsjk->tsik", turn, poses[..., :3, :3]))
    markers = _markers(trial.recording, times, origin)
    return {
        "name": trial.recording.name,
        "rate": motion.rate_hz / stride,
        "start": float(times[0]),
        "frames": len(frames),
        "segments": len(body.segments),
        "floor": round(float(-origin[2]), 4),
        "points": _base64(points / STEP_M),
        "turns": _base64(turns * 32767.0),
        "markers": _base64(markers / STEP_M),
        "marker_count": markers.shape[1],
        "plates": [_plate(p, times, origin) for p in trial.recording.plates],
        "cycles": [[c.side, round(c.start_s, 4), round(c.end_s, 4)] for c in trial.cycles],
        "unsolved": np.flatnonzero(~is_solved).tolist(),
    }


def _markers(recording: Recording, times: FloatArray, origin: FloatArray) -> FloatArray:
    """Return measured markers at the replay's frames, (time, marker, 3), NaN where not seen."""
    if recording.markers is None:
        return np.empty((len(times), 0, 3))
    at = np.round((times - recording.markers.start_s) * recording.markers.rate_hz).astype(int)
    inside = np.clip(at, 0, len(recording.markers.positions) - 1)
    return np.asarray(recording.markers.positions[inside] - origin)


def _plate(plate: ForcePlate, times: FloatArray, origin: FloatArray) -> dict[str, Any]:
    at = np.clip(np.searchsorted(plate.times_s, times), 0, len(plate.force) - 1)
    corners = plate.corners - origin
    return {
        "corners": [[round(float(v), 3) for v in c] for c in corners] if np.isfinite(corners).all() else [],
        "force": _base64(plate.force[at]),
        "centre": _base64((plate.centre_of_pressure[at] - origin) / STEP_M),
    }


def _base64(values: FloatArray) -> str:
    """Return little-endian 16-bit integers as base64; NaN becomes the smallest integer."""
    rounded = np.where(np.isfinite(values), np.clip(np.round(values), -32767, 32767), -32768)
    return base64.b64encode(rounded.astype("<i2").tobytes()).decode("ascii")


def quaternions(rotations: FloatArray) -> FloatArray:
    """Return unit quaternions (..., 4) as w, x, y, z of rotations (..., 3, 3).

    Notes
    -----
    Takes the column of ``4 q q^T`` with the largest diagonal entry, so no division is ever by
    a small number (Shepperd 1978, doi 10.2514/3.55767b).
    """
    r = rotations
    xx, yy, zz = r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]
    wx, wy, wz = r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]
    xy, xz, yz = r[..., 0, 1] + r[..., 1, 0], r[..., 0, 2] + r[..., 2, 0], r[..., 1, 2] + r[..., 2, 1]
    outer = np.stack(
        [
            np.stack([1 + xx + yy + zz, wx, wy, wz], axis=-1),
            np.stack([wx, 1 + xx - yy - zz, xy, xz], axis=-1),
            np.stack([wy, xy, 1 - xx + yy - zz, yz], axis=-1),
            np.stack([wz, xz, yz, 1 - xx - yy + zz], axis=-1),
        ],
        axis=-2,
    )
    best = np.argmax(np.diagonal(outer, axis1=-2, axis2=-1), axis=-1)
    column = np.take_along_axis(outer, best[..., None, None], axis=-2)[..., 0, :]
    return np.asarray(column / np.linalg.norm(column, axis=-1, keepdims=True))
