"""Which way is forward, and what the person does: told from the body itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, cross, lengths, median
from kinechain.core.errors import RecordingError
from kinechain.recording.recording import Note
from kinechain.recording.sides import find_facing
from kinechain.recording.snapshots import PELVIS, Snapshots

__all__ = ["Heading", "find_heading"]

Task = Literal["walking", "standing", "other"]

#: Limits below are assumptions of this project, chosen wide of the recordings they were tried on.
WALKED_M = 0.5
STILL_M = 0.15
LEAST_SPEED = 0.1
SHUFFLE_SPEED = 0.3
STRAIGHT_SHARE = 0.8
SINK_M = 0.2
#: A straight pass of a walk that turns: at least two steps long, within this angle of its own middle.
PASS_M = 1.2
PASS_DEG = 25.0
ASIDE_DEG = 45.0
#: Of the thigh with the vertical: nobody sits at 37 deg, and few stand more bent.
UPRIGHT_COSINE = 0.8


@dataclass(frozen=True, eq=False)
class Heading:
    """Direction and task of a recording.

    Attributes
    ----------
    forward : (3,) array, unit, lab frame
        x of the world; of a walk to and fro, the direction of its first straight pass.
    task : 'walking', 'standing' or 'other'
    method : str
        What the direction was told from.
    """

    forward: FloatArray
    task: Task
    method: str


def find_heading(
    name: str, shots: Snapshots, up: FloatArray, notes: list[Note], facing: FloatArray | None = None
) -> Heading:
    """Return the forward direction and the task.

    Parameters
    ----------
    name : str
        Of the recording, for messages.
    shots : Snapshots
        Lab frame, right and left in order.
    up : (3,) unit array
    notes : list of Note
        Appended to.
    facing : (time, 3) array, optional
        Where the body faces at every instant; told from the body when absent.

    Raises
    ------
    RecordingError
        If the pelvis is never seen whole.
    """
    pelvis = shots.pelvis
    facing = find_facing(shots, up) if facing is None else facing
    ahead, method = _mean_facing(shots, up, facing)
    if pelvis is None or ahead is None or not np.isfinite(pelvis).any():
        raise RecordingError(f"in {name} the pelvis is never seen whole, so the direction of the person cannot be told")
    seen = np.flatnonzero(np.isfinite(pelvis[:, 0]))
    times, height = shots.times_s[seen], pelvis[seen] @ up
    path = pelvis[seen] - np.outer(height, up)
    velocity, duration = _velocity(
        shots, PELVIS if shots.rows(PELVIS) else ("segment:pelvis", "iliac_crest", "hip_centre"), up
    )
    speed = float(np.linalg.norm(velocity))
    distance = speed * duration
    sunk = float(np.ptp(height)) > SINK_M
    length = _length(path, times)
    straight = float(np.linalg.norm(path[-1] - path[0])) >= STRAIGHT_SHARE * max(length, 1e-9)
    if not sunk and not straight and length > 2 * PASS_M:
        turned = _to_and_fro(path, times, seen, facing, notes)
        if turned is not None:
            return turned
    if distance < WALKED_M or speed < LEAST_SPEED:
        return Heading(ahead, _task_in_place(shots, path, up, sunk, notes), method)
    if not straight or sunk:
        why = "sinks or rises" if sunk else "does not move in a straight line"
        notes.append(Note("found", f"The pelvis {why}: this is not straight level walking.", "person.task"))
        return Heading(ahead, "other", method)
    forward = velocity / speed
    feet = _feet_ahead(shots, up)
    if feet is not None and feet @ forward > max(float(ahead @ forward), np.cos(np.radians(ASIDE_DEG))):
        # A pelvis may be turned out of the way that the feet point and go, as in hemiplegia.
        ahead = feet
    return _straight_walk(forward, ahead, distance, speed, method, notes)


def _straight_walk(
    forward: FloatArray, ahead: FloatArray, distance: float, speed: float, method: str, notes: list[Note]
) -> Heading:
    """Tell walking forwards from walking backwards and sideways."""
    off = float(np.degrees(np.arccos(np.clip(forward @ ahead, -1.0, 1.0))))
    if off > 180.0 - ASIDE_DEG:
        text = f"The person walks backwards for {distance:.2f} m."
        notes.append(Note("found", text, "person.backwards", "", "Events and norms are of walking forwards."))
        return Heading(-forward, "other", "the travel of the pelvis, backwards")
    if off > ASIDE_DEG:
        text = f"The person moves {off:.0f} deg away from where the body faces."
        notes.append(Note("found", text, "person.sideways", "", "Events and norms are of walking forwards."))
        return Heading(ahead, "other", method)
    notes.append(Note("found", f"The pelvis travels {distance:.2f} m, on average at {speed:.2f} m/s.", "person.walks"))
    return Heading(forward, "walking", "the travel of the pelvis")


def _to_and_fro(
    path: FloatArray, times: FloatArray, seen: NDArray[np.intp], facing: FloatArray | None, notes: list[Note]
) -> Heading | None:
    """Return the heading of a walk with turns that holds at least one straight pass forwards, else None."""
    passes = _straight_passes(path, times)
    ahead = []
    for first, end in passes:
        way = path[end - 1] - path[first]
        along = facing[seen[first:end]] @ (way / np.linalg.norm(way)) if facing is not None else np.ones(1)
        ahead.append(float(np.nanmean(along)) if np.isfinite(along).any() else 1.0)
    forwards = [p for p, a in zip(passes, ahead, strict=True) if a > np.cos(np.radians(ASIDE_DEG))]
    if not forwards:
        return None
    first, end = forwards[0]
    way = path[end - 1] - path[first]
    total = sum(float(np.linalg.norm(path[e - 1] - path[f])) for f, e in forwards)
    count = f"{len(forwards)} straight passes" if len(forwards) > 1 else "one straight pass"
    text = f"Walking with turns: {count}, together {total:.2f} m; x is forward in the first."
    effect = "Strides on the turns are no straight walking."
    notes.append(Note("found", text, "person.walks_turning", f"{times[first]:.2f} to {times[end - 1]:.2f} s", effect))
    return Heading(way / np.linalg.norm(way), "walking", "the first straight pass of the pelvis")


def _straight_passes(path: FloatArray, times: FloatArray) -> list[tuple[int, int]]:
    """Stretches (first, end) in which a path of (time, 3) runs on within 25 deg of its direction, 1.2 m or more."""
    reach = np.searchsorted(times, times + 0.4)
    back = np.searchsorted(times, times - 0.4)
    step = path[np.minimum(reach, len(path) - 1)] - path[back]
    going = np.linalg.norm(step, axis=1)
    moving = going > LEAST_SPEED * 0.8
    units = step / np.maximum(going, 1e-9)[:, None]
    out, first = [], 0
    while first < len(path):
        end, direction = first, np.zeros(3)
        while end < len(path) and moving[end]:
            ahead = direction / max(float(np.linalg.norm(direction)), 1e-9)
            if end > first and units[end] @ ahead < np.cos(np.radians(PASS_DEG)):
                break
            direction = direction + units[end]
            end += 1
        if end - first > 1 and np.linalg.norm(path[end - 1] - path[first]) >= PASS_M:
            out.append((first, end))
        first = max(end, first + 1)
    return out


def _mean_facing(shots: Snapshots, up: FloatArray, facing: FloatArray | None) -> tuple[FloatArray | None, str]:
    """Where the body faces on average: from right to left on the pelvis, else from its fronts and backs."""
    left = np.zeros(3)
    for row, name in enumerate(shots.names):
        other = shots.track(name[:-2] + "_l") if name.endswith("_r") else None
        if other is not None and name.startswith(("asis", "psis", "iliac_crest", "greater_trochanter")):
            step = other - shots.points[row]
            step = step[np.isfinite(step[:, 0])]
            left += step.mean(axis=0) if len(step) else 0.0
    forward = cross(left, up)
    method = "the pelvis (right to left, turned by a quarter)"
    if facing is not None and np.isfinite(facing).any():
        front = facing[np.isfinite(facing).all(axis=1)].mean(axis=0)
        if np.linalg.norm(forward) < 1e-6 or forward @ front <= 0.0:
            forward, method = front, "the fronts of trunk, pelvis and feet"
    size = np.linalg.norm(forward)
    return (np.asarray(forward / size), method) if size > 1e-6 else (None, method)


def _feet_ahead(shots: Snapshots, up: FloatArray) -> FloatArray | None:
    """Return the mean horizontal direction of both feet, heel to toes, (3,) unit array; None unless both are seen."""
    total = np.zeros(3)
    for side in ("_r", "_l"):
        heel, toes = shots.centre(("heel",), side), shots.centre(("metatarsal", "hallux", "toe_2"), side)
        if heel is None or toes is None:
            return None
        line = (toes - heel)[np.isfinite((toes - heel)[:, 0])]
        mean = line.mean(axis=0) if len(line) else np.zeros(3)
        mean = mean - (mean @ up) * up
        total += mean / max(float(np.linalg.norm(mean)), 1e-9)
    size = float(np.linalg.norm(total))
    return total / size if size > 1e-6 else None


def _task_in_place(shots: Snapshots, path: FloatArray, up: FloatArray, sunk: bool, notes: list[Note]) -> Task:
    """Tell standing from stepping on the spot, a treadmill and everything else."""
    moved = 0.0
    for row in shots.rows(("heel", "lateral_malleolus")):
        track = shots.points[row]
        track = track[np.isfinite(track[:, 0])]
        if len(track):
            flat = track - np.outer(track @ up, up)
            moved = max(moved, float(np.linalg.norm(np.ptp(flat, axis=0))))
    roam = float(np.linalg.norm(np.ptp(path, axis=0)))
    duration = float(shots.times_s[-1]) if len(shots.times_s) > 1 else 0.0
    speed = moved / max(duration, 0.1) if len(path) > 1 else 0.0
    if roam < STILL_M and moved < STILL_M and speed < SHUFFLE_SPEED and not sunk:
        if _sits(shots, up):
            effect, cure = "It tells nothing of standing.", "Give a trial of quiet standing."
            notes.append(Note("found", "The person sits or squats, still.", "person.sits", "", effect, cure))
            return "other"
        return "standing"
    if moved > 2 * STILL_M and roam < WALKED_M:
        text = (
            f"The feet move {moved:.2f} m to and fro under a pelvis that stays: this looks like a treadmill, "
            "so speed and step length cannot be told."
        )
        notes.append(Note("found", text, "person.treadmill"))
    else:
        notes.append(Note("found", "The person neither walks along nor stands still.", "person.task"))
    return "other"


def _sits(shots: Snapshots, up: FloatArray) -> bool:
    """Whether the thighs lie more than 37 deg away from the vertical, by the median."""
    knees = shots.centre(("lateral_femoral_epicondyle", "knee_centre"))
    if shots.pelvis is None or knees is None:
        return False
    thigh = shots.pelvis - knees
    thigh = thigh[np.isfinite(thigh[:, 0])]
    return bool(len(thigh) and median(thigh @ up / lengths(thigh)) < UPRIGHT_COSINE)


def _velocity(shots: Snapshots, names: tuple[str, ...], up: FloatArray) -> tuple[FloatArray, float]:
    """Mean horizontal velocity (3,) m/s and the time in which any of the landmarks was seen, s.

    One slope for all landmarks, each about its own mean, so that one that drops out moves nothing.
    """
    tracks = shots.points[shots.rows(names)]
    if len(tracks) and np.isfinite(tracks).all():
        total, centred = tracks.sum(axis=0), shots.times_s - shots.times_s.mean()
        slope = centred @ (total - total.mean(axis=0)) / max(len(tracks) * float(centred @ centred), 1e-12)
        return slope - (slope @ up) * up, float(shots.times_s[-1] - shots.times_s[0])
    above, below = np.zeros(3), 0.0
    first, last = np.inf, -np.inf
    for row in shots.rows(names):
        track = shots.points[row]
        seen = np.isfinite(track[:, 0])
        if not seen.any():
            continue
        time = shots.times_s[seen]
        away = track[seen] - track[seen].mean(axis=0)
        centred = time - time.mean()
        above += centred @ away
        below += float(centred @ centred)
        first, last = min(first, time[0]), max(last, time[-1])
    if below <= 0.0:
        return np.zeros(3), 0.0
    velocity = above / below
    return velocity - (velocity @ up) * up, float(last - first)


def _length(path: FloatArray, times: FloatArray) -> float:
    """Length of a path sampled every half second, so that sway and noise do not count."""
    step = max(round(0.5 / (times[1] - times[0])), 1) if len(times) > 1 else 1
    corners = path[::step]
    return float(lengths(np.diff(corners, axis=0)).sum() + np.linalg.norm(path[-1] - corners[-1]))
