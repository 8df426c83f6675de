"""From a recording in a laboratory's axes to one in the world frame, with names that mean something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError
from kinechain.recording.gaps import FilledGap, fill_gaps
from kinechain.recording.profiles import choose_profile, segment_of
from kinechain.recording.recording import ForcePlate, Markers, Note, Recording
from kinechain.recording.walkway import Heading, find_heading, find_up

__all__ = ["PrepareSettings", "landmark_tracks", "prepare_recording", "turned_plate"]


@dataclass(frozen=True)
class PrepareSettings:
    """What preparing a recording may do; assumptions of this project.

    Attributes
    ----------
    longest_gap_s : float
        Longer gaps stay open.
    swap_share : float
        A pair of markers counts as swapped when it stands the wrong way round in this share of the frames.
    """

    longest_gap_s: float = 0.2
    swap_share: float = 0.9


def prepare_recording(
    recording: Recording, profile: str | None = None, settings: PrepareSettings | None = None
) -> Recording:
    """Choose the marker set, turn everything into the world frame, check sides and fill short gaps.

    Parameters
    ----------
    recording : Recording
        As read.
    profile : str, optional
        Name or file of a marker-set profile; chosen from the labels when absent.
    settings : PrepareSettings, optional

    Returns
    -------
    Recording
        ``is_world``, with ``profile``, ``landmarks`` and ``task`` filled and a note for every step.

    Raises
    ------
    RecordingError
        If there are no markers, no marker set fits, the size is not a person's, the vertical cannot be told,
        or left and right are exchanged.
    """
    settings = settings or PrepareSettings()
    markers, notes = _seen_markers(recording), []
    match, note = choose_profile(markers.labels, profile, recording.name)
    notes.append(note)
    if match.missing:
        notes.append(Note("found", f"Not in this recording: {', '.join(match.missing)}."))
    tracks = landmark_tracks(markers, match.landmarks)
    _check_size(recording.name, markers)
    up = find_up(recording.name, tracks, recording.plates, notes)
    heading = find_heading(recording.name, tracks, up, markers.rate_hz, notes)
    world_from_lab = np.stack([heading.forward, np.cross(up, heading.forward), up])
    positions = markers.positions @ world_from_lab.T
    positions = _upright_pairs(positions, markers.labels, dict(match.landmarks), settings, notes)
    positions, gaps = fill_gaps(
        positions,
        {markers.labels.index(label): segment_of(landmark) for label, landmark in match.landmarks},
        int(settings.longest_gap_s * markers.rate_hz),
    )
    notes += _gap_notes(gaps, markers.labels, markers.rate_hz, settings)
    ready = Markers(markers.labels, positions, markers.rate_hz, markers.start_s)
    landmarks = _without_swaps(landmark_tracks(ready, match.landmarks), match.landmarks, settings, notes)
    notes.append(_floor_note(landmark_tracks(ready, landmarks), recording.plates, up))
    return replace(
        recording,
        markers=ready,
        plates=tuple(turned_plate(plate, world_from_lab) for plate in recording.plates),
        is_world=True,
        profile=match.profile.name,
        landmarks=landmarks,
        weights=tuple(match.profile.weight(label) for label, _ in landmarks),
        notes=(*recording.notes, *_heading_notes(heading, world_from_lab), *notes),
        task=heading.task,
    )


def _seen_markers(recording: Recording) -> Markers:
    """Return the markers that were seen at least once."""
    if recording.is_world:
        raise RecordingError(f"{recording.name} has been prepared already; prepare the recording as read")
    markers = recording.require_markers()
    seen = np.asarray(np.isfinite(markers.positions[:, :, 0]).any(axis=0))
    if not seen.any():
        raise RecordingError(f"{recording.name} names {len(markers.labels)} markers, but none was ever seen")
    labels = tuple(x for x, s in zip(markers.labels, seen, strict=True) if s)
    return Markers(labels, markers.positions[:, seen], markers.rate_hz, markers.start_s)


def landmark_tracks(markers: Markers, landmarks: Sequence[tuple[str, str]]) -> dict[str, FloatArray]:
    """Return trajectories (time, 3) by landmark name; tracking-only markers as 'segment:<segment>#<label>'."""
    return {
        landmark: markers.position(label) for label, landmark in landmarks if not landmark.startswith("segment:")
    } | {
        f"{landmark}#{label}": markers.position(label)
        for label, landmark in landmarks
        if landmark.startswith("segment:")
    }


#: Frames on which the size of the body is checked.
SIZE_FRAMES = 200


def _check_size(name: str, markers: Markers) -> None:
    """Refuse a cloud of markers that is not the size of a person (0.4 to 2.6 m)."""
    frames = np.unique(np.linspace(0, len(markers.positions) - 1, SIZE_FRAMES).astype(int))
    # The outermost twentieth at each end is left out, so that one lost marker does not condemn a whole trial.
    seen = [cloud[np.isfinite(cloud).all(axis=1)] for cloud in markers.positions[frames]]
    spans = [np.ptp(np.percentile(cloud, (5.0, 95.0), axis=0), axis=0).max() for cloud in seen if len(cloud) > 1]
    size = float(np.median(spans)) if spans else 0.0
    if not 0.4 <= size <= 2.6:
        raise RecordingError(
            f"the markers of {name} span {size:.3g} m, which is not the size of a person; "
            "check the unit of length in the file"
        )


def turned_plate(plate: ForcePlate, world_from_lab: FloatArray) -> ForcePlate:
    """Return a plate with everything it holds rotated by a (3, 3) rotation."""
    turned = world_from_lab.T
    return replace(
        plate,
        corners=plate.corners @ turned,
        force=plate.force @ turned,
        centre_of_pressure=plate.centre_of_pressure @ turned,
        free_moment=plate.free_moment @ turned,
    )


def _heading_notes(heading: Heading, world_from_lab: FloatArray) -> list[Note]:
    return [
        Note(
            "found",
            f"Up is {_axis_words(world_from_lab[2])} of the laboratory; forward is {_axis_words(world_from_lab[0])}, "
            f"told from {heading.method}.",
        )
    ]


def _axis_words(direction: FloatArray) -> str:
    """Name the laboratory axis a direction lies on, with the angle between them if there is one."""
    axis = int(np.argmax(np.abs(direction)))
    sign = "+" if direction[axis] > 0 else "-"
    off = float(np.degrees(np.arccos(np.clip(abs(direction[axis]), 0.0, 1.0))))
    return f"{sign}{'XYZ'[axis]}" + (f" turned by {off:.1f} deg" if off > 0.05 else "")


def _gap_notes(
    gaps: Iterable[FilledGap], labels: Sequence[str], rate_hz: float, settings: PrepareSettings
) -> list[Note]:
    notes = []
    words = {
        "rigid": "carried along by at least three markers of the same segment",
        "cubic": "a cubic through the edges of the gap",
    }
    gaps = list(gaps)
    for method, how in words.items():
        some = [g for g in gaps if g.method == method]
        if some:
            names = Counter(labels[g.marker] for g in some)
            longest = max(g.length for g in some) / rate_hz
            text = f"{len(some)} gaps of up to {longest:.2f} s were filled ({how}): {_counted(names)}."
            notes.append(Note("repaired", text))
    open_gaps = [g for g in gaps if g.method == "open"]
    if open_gaps:
        names = Counter(labels[g.marker] for g in open_gaps)
        longest = max(g.length for g in open_gaps) / rate_hz
        text = (
            f"{len(open_gaps)} gaps longer than {settings.longest_gap_s:g} s (up to "
            f"{longest:.2f} s) stay open: {_counted(names)}."
        )
        notes.append(Note("found", text))
    return notes


def _counted(names: Mapping[str, int], limit: int = 8) -> str:
    listed = [f"{name} {n}" if n > 1 else name for name, n in names.items()]
    return ", ".join(listed[:limit]) + (", ..." if len(listed) > limit else "")


#: Pairs (upper, lower) of landmarks of one segment; in an upright person nothing turns them over.
_UPPER_LOWER = (("suprasternal_notch", "xiphoid"), ("c7", "t10"))


def _upright_pairs(
    positions: FloatArray,
    labels: Sequence[str],
    landmarks: Mapping[str, str],
    settings: PrepareSettings,
    notes: list[Note],
) -> FloatArray:
    """Exchange the two markers of a pair that stands upside down throughout, and say so."""
    columns = {landmark: labels.index(label) for label, landmark in landmarks.items()}
    out = positions.copy()
    for upper, lower in _UPPER_LOWER:
        if upper not in columns or lower not in columns:
            continue
        a, b = columns[upper], columns[lower]
        rise = positions[:, a, 2] - positions[:, b, 2]
        rise = rise[np.isfinite(rise)]
        if len(rise) and np.mean(rise < -0.03) > settings.swap_share:
            out[:, [a, b]] = positions[:, [b, a]]
            text = (
                f"{labels[a]} stands {-np.median(rise) * 1e3:.0f} mm below {labels[b]} throughout: "
                "the two labels were exchanged back."
            )
            notes.append(Note("repaired", text))
    return out


#: Pairs (outer, inner) of landmarks whose order across the foot, ankle or knee never changes.
_OUTER_INNER = (
    ("lateral_malleolus", "medial_malleolus"),
    ("lateral_femoral_epicondyle", "medial_femoral_epicondyle"),
    ("metatarsal_5_head", "metatarsal_2_head"),
    ("metatarsal_5_head", "metatarsal_1_head"),
    ("metatarsal_2_head", "metatarsal_1_head"),
)


def _without_swaps(
    tracks: Mapping[str, FloatArray],
    landmarks: tuple[tuple[str, str], ...],
    settings: PrepareSettings,
    notes: list[Note],
) -> tuple[tuple[str, str], ...]:
    """Leave out pairs of markers that stand the wrong way round, and say so."""
    out = dict((landmark, label) for label, landmark in landmarks)
    dropped: set[str] = set()
    for side, sign in (("r", -1.0), ("l", 1.0)):
        for outer, inner in _OUTER_INNER:
            a, b = f"{outer}_{side}", f"{inner}_{side}"
            across = _across(tracks, side)
            if a not in tracks or b not in tracks or across is None:
                continue
            lateral = sign * np.sum((tracks[a] - tracks[b]) * across, axis=1)
            lateral = lateral[np.isfinite(lateral)]
            if len(lateral) and np.mean(lateral < -0.01) > settings.swap_share:
                dropped |= {a, b}
                text = (
                    f"{out[a]} stands {-np.median(lateral) * 1e3:.0f} mm on the inner side of {out[b]} throughout: "
                    "the two labels look exchanged, so neither marker is used."
                )
                notes.append(Note("defect", text))
    return tuple((label, landmark) for label, landmark in landmarks if landmark not in dropped)


def _across(tracks: Mapping[str, FloatArray], side: str) -> FloatArray | None:
    """Return the horizontal direction to the left of a foot (time, 3), from heel or ankle to the toes."""
    back = next((tracks[n] for n in (f"heel_{side}", f"lateral_malleolus_{side}") if n in tracks), None)
    front = [tracks[n] for n in tracks if n.startswith(("metatarsal", "hallux", "toe_2")) and n.endswith(f"_{side}")]
    if back is None or not front:
        return None
    ahead = np.mean(front, axis=0) - back
    ahead[:, 2] = 0.0
    norm = np.linalg.norm(ahead, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.cross([0.0, 0.0, 1.0], ahead / norm))


def _floor_note(tracks: Mapping[str, FloatArray], plates: Sequence[ForcePlate], up: FloatArray) -> Note:
    heights = [t[:, 2] for n, t in tracks.items() if n.startswith(("heel", "metatarsal", "hallux", "segment:toes"))]
    text = "No foot marker tells where the floor is."
    if heights:
        seen = np.concatenate(heights)
        text = f"The lowest foot marker comes down to {np.nanpercentile(seen, 1.0) * 1e3:.0f} mm"
    surfaces = [float(p.corners.mean(axis=0) @ up) for p in plates if np.isfinite(p.corners).all()]
    if surfaces:
        text += f"; the plates lie at {np.mean(surfaces) * 1e3:.0f} mm"
    return Note("found", text.rstrip(".") + ".")
