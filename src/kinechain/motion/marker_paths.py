"""Where the feet and the pelvis of a prepared recording go, from its markers alone: no body is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, median
from kinechain.motion.foot_paths import SIDES, FootPaths, belt_speed, on_the_belt
from kinechain.recording.prepare import landmark_tracks
from kinechain.recording.recording import Recording, Side

__all__ = ["marker_paths"]

#: Length to the ball over the length of a foot, and breadth over length: means of 4082 men (ansur2, params/
#: anthropometry_ansur2.csv: 0.741; 101.9 mm / 271.2 mm).
BALL_FRACTION, BREADTH_FRACTION = 0.741, 0.376
#: Markers are smoothed by a Gaussian that halves the power at this frequency, Hz.  Assumption: above what walking feet
#: hold, below what marker noise adds to a speed; the spread in time (13 ms) is below the 20 ms asked of an event.
SMOOTHING_HZ = 10.0
#: Where each point of a foot is taken from: the first of these that the recording has.  Names with a colon are the
#: tracking markers of a segment; the lowest of them stands for the point.
_HEEL = (
    "heel",
    "heel_proximal",
    "segment:calcaneus",
    "calcaneus_lateral",
    "calcaneus_medial",
    "sustentaculum",
    "peroneal_tubercle",
    "lateral_malleolus",
    "medial_malleolus",
    "ankle_centre",
)
_BALL = (
    "metatarsal_2_head",
    "hallux_proximal",
    "segment:forefoot_medial",
    "segment:forefoot_lateral",
    "segment:toes",
    "segment:midfoot",
    "metatarsal_5_base",
)
_FOOT = ("talus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")
_TIP = ("hallux_tip", "toe_2_tip")


def marker_paths(recording: Recording) -> FootPaths | None:
    """Return the paths of feet and pelvis, told from the markers.

    The heel is the heel marker or, without one, the lowest marker of the hindfoot, the ankle, or the hindmost marker
    of a cluster; the forefoot is the second metatarsal head or what lies between the first and the fifth; what lacks
    (tip of the hallux, the breadth) is placed by the proportions of a mean foot.

    Parameters
    ----------
    recording : Recording
        Prepared.

    Returns
    -------
    FootPaths or None
        World frame, m.  All points of a foot are NaN if that foot bears no markers.  None if the pelvis or both feet
        bear none.
    """
    if recording.markers is None or not recording.is_world:
        return None
    tracks = landmark_tracks(recording.markers, recording.landmarks)
    pelvis = _pelvis(tracks)
    feet = {side: _foot(tracks, side[0]) for side in SIDES}
    if pelvis is None or all(foot is None for foot in feet.values()):
        return None
    is_seen = np.asarray(np.isfinite(pelvis[:, 0]), dtype=bool)
    for foot in feet.values():
        if foot is not None:
            is_seen &= np.isfinite(foot[:, :2, 0]).all(axis=1)
    rate = recording.markers.rate_hz
    nowhere = np.full((len(pelvis), 5, 3), np.nan)
    stacks = [nowhere if foot is None else foot for foot in (feet["left"], feet["right"])]
    points = _smooth(_bridged(np.concatenate([*stacks, pelvis[:, None]], axis=1)), rate)

    def both(index: int) -> dict[Side, FloatArray]:
        return {"left": points[:, index], "right": points[:, index + 5]}

    paths = FootPaths(
        both(0), both(1), both(2), both(3), both(4), points[:, 10], is_seen, rate, recording.markers.start_s
    )
    return on_the_belt(paths, belt_speed(paths))


def _pelvis(tracks: Mapping[str, FloatArray]) -> FloatArray | None:
    """Return the back of the pelvis, or what else shows it, (time, 3); gaps of the first choice from the others."""
    choices: list[FloatArray] = []
    for names in (("psis_r", "psis_l"), ("sacrum",), ("asis_r", "asis_l")):
        if all(name in tracks for name in names):
            choices.append(_mean([tracks[name] for name in names]))
    choices += [
        t for n, t in tracks.items() if n.startswith(("psis", "asis", "iliac_crest", "hip_centre", "segment:pelvis"))
    ]
    if not choices:
        return None
    out = choices[0]
    for other in choices[1:]:
        out = _completed(out, other)
    return out


def _mean(tracks: Sequence[FloatArray]) -> FloatArray:
    """Return the middle of some tracks, (time, 3); NaN where one of them is hidden."""
    total = tracks[0].copy()
    for track in tracks[1:]:
        total += track
    return total / len(tracks)


def _foot(tracks: Mapping[str, FloatArray], letter: str) -> FloatArray | None:
    """Return heel, forefoot, hallux tip, inner and outer edge of one foot, (time, 5, 3); None without markers."""
    inner, outer = (tracks.get(f"metatarsal_{ray}_head_{letter}") for ray in (1, 5))
    heel, ball = _heel_and_ball(tracks, letter, [edge for edge in (inner, outer) if edge is not None])
    if heel is None or ball is None:
        return None
    flat = (ball - heel) * [1.0, 1.0, 0.0]
    tip = _first(tracks, _TIP, letter)
    if tip is None:
        tip = ball + flat * (1.0 / BALL_FRACTION - 1.0)
    outward = np.stack([flat[:, 1], -flat[:, 0], flat[:, 2]], axis=1) * (1.0 if letter == "r" else -1.0)
    outward *= BREADTH_FRACTION / BALL_FRACTION / 2
    if inner is None:
        inner = ball - outward if outer is None else outer - 2 * outward
    if outer is None:
        outer = inner + 2 * outward
    return np.stack([heel, ball, tip, inner, outer], axis=1)


def _heel_and_ball(
    tracks: Mapping[str, FloatArray], letter: str, edges: Sequence[FloatArray]
) -> tuple[FloatArray | None, FloatArray | None]:
    """Return heel and forefoot of one foot; of a foot that bears a cluster alone its hindmost and foremost marker."""
    heel, tip = _first(tracks, _HEEL, letter), _first(tracks, _TIP, letter)
    middle = _mean(edges) if edges else None
    ball = tracks.get(f"metatarsal_2_head_{letter}")
    if ball is None:
        ball = middle if middle is not None else _first(tracks, _BALL, letter)
    elif middle is not None:
        ball = _completed(ball, middle)
    if ball is None and heel is not None and tip is not None:
        ball = heel + BALL_FRACTION * (tip - heel)
    parts = tuple(f"segment:{part}_{letter}#" for part in _FOOT)
    cluster = [t for n, t in tracks.items() if n.startswith(parts)]
    if heel is None and len(cluster) > 1:
        along = [_usual((t - cluster[0])[:, 0]) for t in cluster]
        heel = cluster[int(np.argmin(along))]
        ball = cluster[int(np.argmax(along))] if not edges and tip is None else ball
    return heel, ball


def _first(tracks: Mapping[str, FloatArray], names: Sequence[str], letter: str) -> FloatArray | None:
    """Return the first of some points that a foot has; of the tracking markers of a segment the lowest."""
    for name in names:
        if f"{name}_{letter}" in tracks:
            return tracks[f"{name}_{letter}"]
        some = [t for n, t in tracks.items() if n.startswith(f"{name}_{letter}#") and np.isfinite(t).any()]
        if some:
            return min(some, key=lambda track: _usual(track[:, 2]))
    return None


def _usual(values: FloatArray) -> float:
    """Return the median of the finite values, NaN if there is none."""
    return median(values[np.isfinite(values)])


def _completed(track: FloatArray, other: FloatArray) -> FloatArray:
    """Fill what is missing of a track from another that keeps its distance to it."""
    seen = np.isfinite(track[:, 0])
    if seen.all():
        return track
    there = np.isfinite(other[:, 0])
    missing, together = there & ~seen, np.flatnonzero(seen & there)
    if not missing.any() or not len(together):
        return track if np.isfinite(track).any() else other
    out, frames = track.copy(), np.flatnonzero(missing)
    for axis in range(3):
        apart = track[together, axis] - other[together, axis]
        out[frames, axis] = other[frames, axis] + np.interp(frames, together, apart)
    return out


def _bridged(points: FloatArray) -> FloatArray:
    """Bridge missing frames by straight lines; no event is taken from them."""
    finite = np.isfinite(points)
    there = finite[:, :, 0] & finite[:, :, 1] & finite[:, :, 2]
    if there.all():
        return points
    out, time = points.copy(), np.arange(len(points))
    for point in np.flatnonzero(~there.all(axis=0)).tolist():
        seen: NDArray[np.intp] = np.flatnonzero(there[:, point])
        if 0 < len(seen) < len(time):
            for axis in range(3):
                out[:, point, axis] = np.interp(time, seen, points[seen, point, axis])
    return out


def _smooth(points: FloatArray, rate_hz: float) -> FloatArray:
    """Smooth by a Gaussian window; the ends are mirrored through their last value."""
    spread = np.sqrt(np.log(2.0)) / (2 * np.pi * SMOOTHING_HZ) * rate_hz
    reach = min(int(np.ceil(3 * spread)), len(points) - 1)
    if reach < 1 or spread < 0.3:
        return points
    window = np.exp(-0.5 * (np.arange(-reach, reach + 1) / spread) ** 2)
    window /= window.sum()
    before = 2 * points[:1] - points[reach:0:-1]
    after = 2 * points[-1:] - points[-2 : -reach - 2 : -1]
    padded = np.concatenate([before, points, after]).reshape(len(points) + 2 * reach, -1)
    rows = np.ascontiguousarray(padded.T)
    out = np.empty((len(points), len(rows)))
    for k, row in enumerate(rows):
        out[:, k] = np.convolve(row, window, mode="valid")
    return out.reshape(points.shape)
