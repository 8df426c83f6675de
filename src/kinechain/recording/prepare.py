"""From a recording in a laboratory's axes to one in the world frame, with names that mean something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError
from kinechain.recording.gaps import fill_gaps, gap_notes
from kinechain.recording.plate_feet import plates_under_feet
from kinechain.recording.profile_choice import choose_profile
from kinechain.recording.profiles import segment_of
from kinechain.recording.recording import ForcePlate, Markers, Note, Recording
from kinechain.recording.swaps import exchange_upside_down, without_swaps
from kinechain.recording.unit import check_size
from kinechain.recording.walkway import Heading, find_heading, find_up

__all__ = ["PrepareSettings", "landmark_tracks", "prepare_recording", "turned_plate"]


@dataclass(frozen=True)
class PrepareSettings:
    """What preparing a recording may do; assumptions of this project.

    Attributes
    ----------
    swap_share : float
        A pair of markers counts as swapped when it stands the wrong way round in this share of the frames.
    """

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
    choice = choose_profile(markers.labels, profile, recording.name, markers.positions)
    match = choice.match
    notes += choice.notes
    if match.missing:
        notes.append(Note("found", f"Not in this recording: {', '.join(match.missing)}."))
    tracks = landmark_tracks(markers, match.landmarks)
    check_size(recording.name, markers)
    up = find_up(recording.name, tracks, recording.plates, notes)
    heading = find_heading(recording.name, tracks, up, markers.rate_hz, notes)
    world_from_lab = np.stack([heading.forward, np.cross(up, heading.forward), up])
    positions = markers.positions @ world_from_lab.T
    positions = exchange_upside_down(positions, markers.labels, dict(match.landmarks), settings.swap_share, notes)
    positions, gaps = fill_gaps(
        positions,
        {markers.labels.index(label): segment_of(landmark) for label, landmark in match.landmarks},
        markers.rate_hz,
    )
    notes += gap_notes(gaps, markers.labels, len(positions), markers.rate_hz)
    ready = Markers(markers.labels, positions, markers.rate_hz, markers.start_s)
    landmarks = without_swaps(landmark_tracks(ready, match.landmarks), match.landmarks, settings.swap_share, notes)
    placed = landmark_tracks(ready, landmarks)
    notes.append(_floor_note(placed, recording.plates, up))
    turned = [turned_plate(plate, world_from_lab) for plate in recording.plates]
    plates = plates_under_feet(turned, placed, ready.rate_hz, ready.start_s, notes)
    return replace(
        recording,
        markers=ready,
        plates=plates,
        is_world=True,
        profile=match.profile.name,
        score=match.score,
        runner_up=choice.runner_up,
        landmarks=landmarks,
        weights=tuple(match.weight(label) for label, _ in landmarks),
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
