"""Which way is up, which way is forward, and what the person does: told from the body itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError
from kinechain.recording.recording import ForcePlate, Note

__all__ = ["Heading", "find_heading", "find_up"]

Task = Literal["walking", "standing", "other"]

#: Limits below are assumptions of this project, chosen wide of the recordings they were tried on.
UP_COSINE = 0.85
WALKED_M = 0.5
STILL_M = 0.15
LEAST_SPEED = 0.1
SHUFFLE_SPEED = 0.3
STRAIGHT_SHARE = 0.8
SINK_M = 0.2


@dataclass(frozen=True, eq=False)
class Heading:
    """Direction and task of a recording.

    Attributes
    ----------
    forward : (3,) array, unit, lab frame
    task : 'walking', 'standing' or 'other'
    method : str
        What the direction was told from.
    """

    forward: FloatArray
    task: Task
    method: str


def find_up(name: str, tracks: Mapping[str, FloatArray], plates: Sequence[ForcePlate], notes: list[Note]) -> FloatArray:
    """Return the laboratory axis that points up, (3,) unit array.

    The body tells: its upper part stands above its feet (median over the frames).  Plates must agree.

    Parameters
    ----------
    name : str
        Of the recording, for messages.
    tracks : mapping of landmark to (time, 3) array, m
    plates : sequence of ForcePlate
    notes : list of Note
        Appended to.

    Raises
    ------
    RecordingError
        If no axis lies along the body.
    """
    feet = _mean(tracks, ("heel", "lateral_malleolus", "metatarsal", "segment:toes"))
    upper = _mean(tracks, ("c7", "acromion", "suprasternal_notch", "head", "asis", "psis", "sacrum"))
    pelvis = _mean(tracks, ("asis", "psis", "sacrum"))
    axis = None
    for top in (upper, pelvis):
        if top is None or feet is None:
            continue
        body = np.nanmedian(top - feet, axis=0) if np.isfinite(top - feet).any() else np.full(3, np.nan)
        if np.isfinite(body).all() and np.abs(body).max() > UP_COSINE * np.linalg.norm(body):
            k = int(np.argmax(np.abs(body)))
            axis = np.eye(3)[k] * np.sign(body[k])
            break
    if axis is None:
        raise RecordingError(
            f"in {name} no laboratory axis runs from the feet to the trunk, so the vertical cannot be told; "
            "export the trial in axes of which one is vertical"
        )
    for plate in plates:
        loaded = np.linalg.norm(plate.force, axis=1) > 50.0
        if loaded.sum() < 3:
            continue
        push = plate.force[loaded].mean(axis=0)
        if push @ axis < 0.7 * np.linalg.norm(push):
            text = f"{plate.name} pushes away from the vertical of the body: its axes do not agree with the markers'."
            notes.append(Note("defect", text))
    return np.asarray(axis)


def find_heading(
    name: str, tracks: Mapping[str, FloatArray], up: FloatArray, rate_hz: float, notes: list[Note]
) -> Heading:
    """Return the forward direction and the task.

    Parameters
    ----------
    name : str
        Of the recording, for messages.
    tracks : mapping of landmark to (time, 3) array, m, lab frame
    up : (3,) unit array
    rate_hz : float
    notes : list of Note
        Appended to.

    Raises
    ------
    RecordingError
        If there is no pelvis, or left and right are exchanged.
    """
    pelvis = _mean(tracks, ("asis", "psis", "sacrum"))
    facing = _facing(tracks, up)
    if pelvis is None or facing is None:
        raise RecordingError(f"in {name} the pelvis is never seen whole, so the direction of the person cannot be told")
    _check_sides(name, tracks, up, facing)
    seen = np.flatnonzero(np.isfinite(pelvis[:, 0]))
    path = pelvis[seen] - np.outer(pelvis[seen] @ up, up)
    height = pelvis[seen] @ up
    velocity, duration = _velocity(tracks, ("asis", "psis", "sacrum"), up, rate_hz)
    speed = float(np.linalg.norm(velocity))
    distance = speed * duration
    walked = distance >= WALKED_M and speed >= LEAST_SPEED
    sunk = float(np.ptp(height)) > SINK_M
    if not walked:
        task = _task_in_place(tracks, path, up, rate_hz, sunk, notes)
        return Heading(facing, task, "the pelvis (right to left, turned by a quarter)")
    forward = velocity / speed
    straight = float(np.linalg.norm(path[-1] - path[0])) / max(_length(path, rate_hz), 1e-9)
    if straight < STRAIGHT_SHARE or sunk:
        why = "sinks or rises" if sunk else "does not move in a straight line"
        notes.append(Note("found", f"The pelvis {why}: this is not straight level walking."))
        return Heading(facing, "other", "the pelvis (right to left, turned by a quarter)")
    if forward @ facing < 0:
        notes.append(Note("found", f"The person walks backwards for {distance:.2f} m."))
        return Heading(-forward, "other", "the travel of the pelvis, backwards")
    off = float(np.degrees(np.arccos(np.clip(forward @ facing, -1.0, 1.0))))
    if off > 45.0:
        notes.append(Note("found", f"The person moves {off:.0f} deg away from where the pelvis faces."))
        return Heading(facing, "other", "the pelvis (right to left, turned by a quarter)")
    notes.append(Note("found", f"Walking {distance:.2f} m at {speed:.2f} m/s."))
    return Heading(forward, "walking", "the travel of the pelvis")


def _mean(tracks: Mapping[str, FloatArray], names: tuple[str, ...]) -> FloatArray | None:
    """Mean of the landmarks whose names begin so, (time, 3).

    NaN in a frame where one of them is missing; if they are never seen all at once, the mean of those seen.
    """
    some = [t for n, t in tracks.items() if n.startswith(names)]
    if not some:
        return None
    together = np.mean(some, axis=0)
    if np.isfinite(together).any():
        return np.asarray(together)
    stack = np.stack(some)
    seen = np.isfinite(stack)
    count = seen.sum(axis=0)
    return np.where(count > 0, np.where(seen, stack, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _facing(tracks: Mapping[str, FloatArray], up: FloatArray) -> FloatArray | None:
    """Where the pelvis faces: the mean direction from right to left, turned by a quarter about the vertical."""
    left = np.zeros(3)
    for name in ("asis", "psis", "iliac_crest", "greater_trochanter"):
        right_track, left_track = tracks.get(f"{name}_r"), tracks.get(f"{name}_l")
        if right_track is not None and left_track is not None:
            step = left_track - right_track
            if np.isfinite(step).any():
                left += np.nanmean(step, axis=0)
    forward = np.cross(left, up)
    size = np.linalg.norm(forward)
    return np.asarray(forward / size) if size > 1e-6 else None


def _check_sides(name: str, tracks: Mapping[str, FloatArray], up: FloatArray, facing: FloatArray) -> None:
    """Refuse a body whose feet point against the way its right and left sides say it faces."""
    feet = []
    for side in "rl":
        heel = tracks.get(f"heel_{side}", tracks.get(f"lateral_malleolus_{side}"))
        toes = [
            t
            for n, t in tracks.items()
            if n.startswith(("metatarsal", "hallux", "toe_2", f"segment:toes_{side}"))
            and n.split("#")[0].endswith(f"_{side}")
        ]
        if heel is not None and toes:
            step = np.mean(toes, axis=0) - heel
            if np.isfinite(step).any():
                feet.append(np.nanmean(step, axis=0))
    if not feet:
        return
    ahead = np.mean(feet, axis=0)
    ahead -= (ahead @ up) * up
    if ahead @ facing < -0.5 * np.linalg.norm(ahead):
        raise RecordingError(
            f"in {name} the feet point against the pelvis: right and left labels are "
            "exchanged, or an axis is mirrored; "
            "correct the labels or the export"
        )


def _task_in_place(
    tracks: Mapping[str, FloatArray], path: FloatArray, up: FloatArray, rate_hz: float, sunk: bool, notes: list[Note]
) -> Task:
    """Tell standing from stepping on the spot, a treadmill and everything else."""
    swing = []
    for name, track in tracks.items():
        if name.startswith(("heel", "lateral_malleolus")):
            flat = track - np.outer(track @ up, up)
            flat = flat[np.isfinite(flat[:, 0])]
            if len(flat):
                swing.append(float(np.linalg.norm(np.ptp(flat, axis=0))))
    moved = max(swing, default=0.0)
    roam = float(np.linalg.norm(np.ptp(path, axis=0)))
    speed = moved / max((len(path) - 1) / rate_hz, 0.1) if len(path) > 1 else 0.0
    if roam < STILL_M and moved < STILL_M and speed < SHUFFLE_SPEED and not sunk:
        return "standing"
    if moved > 2 * STILL_M and roam < WALKED_M:
        text = (
            f"The feet move {moved:.2f} m to and fro under a pelvis that stays: this looks like a treadmill, "
            "so speed and step length cannot be told."
        )
        notes.append(Note("found", text))
    else:
        notes.append(Note("found", "The person neither walks along nor stands still."))
    return "other"


def _velocity(
    tracks: Mapping[str, FloatArray], names: tuple[str, ...], up: FloatArray, rate_hz: float
) -> tuple[FloatArray, float]:
    """Mean horizontal velocity (3,) m/s and the time in which any of the landmarks was seen, s.

    One slope for all landmarks, each about its own mean, so that one that drops out moves nothing.
    """
    above, below = np.zeros(3), 0.0
    first, last = np.inf, -np.inf
    for name, track in tracks.items():
        seen = np.flatnonzero(np.isfinite(track[:, 0]))
        if not name.startswith(names) or not len(seen):
            continue
        time = seen / rate_hz
        away = track[seen] - track[seen].mean(axis=0)
        above += (time - time.mean()) @ away
        below += float(((time - time.mean()) ** 2).sum())
        first, last = min(first, time[0]), max(last, time[-1])
    if below <= 0.0:
        return np.zeros(3), 0.0
    velocity = above / below
    return velocity - (velocity @ up) * up, float(last - first)


def _length(path: FloatArray, rate_hz: float) -> float:
    """Length of a path sampled every half second, so that sway and noise do not count."""
    step = max(int(0.5 * rate_hz), 1)
    corners = path[::step]
    return float(np.linalg.norm(np.diff(corners, axis=0), axis=1).sum() + np.linalg.norm(path[-1] - corners[-1]))
