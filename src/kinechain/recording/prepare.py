"""From a recording in a laboratory's axes to one in the world frame, with names that mean something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray, cross, handed_over
from kinechain.core.errors import RecordingError
from kinechain.recording.clock import check_clock
from kinechain.recording.gaps import fill_gaps, gap_notes
from kinechain.recording.plate_feet import plates_under_feet
from kinechain.recording.plate_gaps import without_gaps
from kinechain.recording.plate_shear import shear_notes
from kinechain.recording.profile_choice import choose_profile
from kinechain.recording.profiles import segment_of
from kinechain.recording.recording import ForcePlate, Markers, Note, Recording
from kinechain.recording.sides import exchange_labels, find_facing, find_sides, mirrored_plate
from kinechain.recording.snapshots import Snapshots, take_snapshots
from kinechain.recording.swaps import find_swaps
from kinechain.recording.tracking import without_tracking_faults
from kinechain.recording.unit import find_scale, rescaled_markers, rescaled_plates
from kinechain.recording.vertical import axis_of, find_vertical, read_direction
from kinechain.recording.walkway import Heading, find_heading

__all__ = ["PrepareSettings", "landmark_tracks", "prepare_recording", "turned_plate"]


@dataclass(frozen=True)
class PrepareSettings:
    """What preparing a recording may do; assumptions of this project.

    Attributes
    ----------
    swap_share : float
        A pair of markers counts as swapped when it stands the wrong way round in this share of the frames.
    up : str or (3,) tuple of float
        Upward direction in the laboratory, such as '+y', where it is known; '' tells it from the body.
    turned_over : 'mirrored', 'exchanged' or ''
        What is known of a body whose right and left stand the wrong way round: the axes are mirrored, or the labels
        of the two sides were exchanged.
    turned_over_by : str
        Who says so, for the note.
    """

    swap_share: float = 0.9
    up: str | tuple[float, float, float] = ""
    turned_over: Literal["", "mirrored", "exchanged"] = ""
    turned_over_by: str = "the user"


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
    name, share = recording.name, settings.swap_share
    markers = _seen_markers(recording)
    notes: list[Note] = []
    choice = choose_profile(markers.labels, profile, name, markers.positions)
    match = choice.match
    notes += choice.notes
    if match.missing:
        notes.append(Note("found", f"Not in this recording: {', '.join(match.missing)}."))

    shots = take_snapshots(markers, match.landmarks)
    scale = find_scale(name, markers, shots, notes)
    if scale != 1.0:
        markers, shots = rescaled_markers(markers, scale), replace(shots, points=shots.points * scale)
    plates = without_gaps(rescaled_plates(recording.plates, scale, shots), notes)

    up = find_vertical(name, shots, plates, _asked_up(settings), notes)
    righted = _righted(name, markers, shots, plates, up.up, settings, notes)
    segments = {markers.labels.index(label): segment_of(landmark) for label, landmark in match.landmarks}
    positions = without_tracking_faults(righted.positions, markers.labels, segments, markers.rate_hz, notes)
    if positions is not markers.positions:
        shots = take_snapshots(markers, match.landmarks, positions)
    swaps = find_swaps(shots, up.up, righted.facing, share, notes)
    positions = exchange_labels(positions, markers.labels, swaps.exchanged)
    heading = find_heading(name, shots.exchanged(swaps.exchanged), up.up, notes, righted.facing)
    turn = np.stack([heading.forward, cross(up.up, heading.forward), up.up])
    world_from_lab = turn @ righted.reflection
    positions = _turned(positions, turn)
    positions, gaps = fill_gaps(positions, segments, markers.rate_hz)
    notes += gap_notes(gaps, markers.labels, len(positions), markers.rate_hz)
    ready = Markers(markers.labels, handed_over(positions), markers.rate_hz, markers.start_s)
    landmarks = tuple((label, landmark) for label, landmark in match.landmarks if label not in swaps.dropped)
    tracks = landmark_tracks(ready, landmarks)
    plates = tuple(mirrored_plate(p, up.up) for p in plates) if righted.is_mirrored else plates
    turned = [turned_plate(plate, world_from_lab) for plate in plates]
    plates = plates_under_feet(turned, tracks, ready.rate_hz, ready.start_s, notes)
    notes += shear_notes(plates, tracks, ready.rate_hz, ready.start_s)
    notes.append(_floor_note(tracks, plates))
    notes += check_clock(tracks, ready.rate_hz, heading.task)
    return replace(
        recording,
        markers=ready,
        plates=plates,
        is_world=True,
        profile=match.profile.name,
        score=match.score,
        runner_up=choice.runner_up,
        missing=match.missing,
        landmarks=landmarks,
        weights=tuple(match.weight(label) for label, _ in landmarks),
        notes=(*recording.notes, _axes_note(up.method, heading, world_from_lab), *notes),
        task=heading.task,
        world_from_lab=world_from_lab,
        vertical_error_deg=up.error_deg,
    )


@dataclass(frozen=True, eq=False)
class _Righted:
    """Markers with right and left in order, in right-handed axes.

    Attributes
    ----------
    positions : (time, marker, 3) array, m
    facing : (time, 3) array or None
        Where the body faces.
    reflection : (3, 3) array
        What the axes were turned right-handed by; the identity if they were right-handed.
    is_mirrored : bool
    """

    positions: FloatArray
    facing: FloatArray | None
    reflection: FloatArray
    is_mirrored: bool


def _righted(
    name: str,
    markers: Markers,
    shots: Snapshots,
    plates: Sequence[ForcePlate],
    up: FloatArray,
    settings: PrepareSettings,
    notes: list[Note],
) -> _Righted:
    """Put right and left in order, and turn mirrored axes right-handed."""
    facing = find_facing(shots, up)
    known = {settings.turned_over_by: settings.turned_over} if settings.turned_over else {}
    sides = find_sides(name, shots, up, facing, plates, notes, known)
    positions = exchange_labels(markers.positions, markers.labels, sides.exchanged)
    if not sides.is_mirrored:
        return _Righted(positions, facing, np.eye(3), False)
    reflection = _reflection(up)
    return _Righted(positions @ reflection, None if facing is None else facing @ reflection, reflection, True)


def _seen_markers(recording: Recording) -> Markers:
    """Return the markers that were seen at least once."""
    if recording.is_world:
        raise RecordingError(f"{recording.name} has been prepared already; prepare the recording as read")
    markers = recording.require_markers()
    seen = np.asarray(np.isfinite(markers.positions[:, :, 0]).any(axis=0))
    if seen.all() and len(seen):
        return markers
    if not seen.any():
        raise RecordingError(f"{recording.name} names {len(markers.labels)} markers, but none was ever seen")
    labels = tuple(x for x, s in zip(markers.labels, seen, strict=True) if s)
    return Markers(labels, markers.positions[:, seen], markers.rate_hz, markers.start_s)


def landmark_tracks(markers: Markers, landmarks: Sequence[tuple[str, str]]) -> dict[str, FloatArray]:
    """Return trajectories (time, 3) by landmark name; tracking-only markers as 'segment:<segment>#<label>'."""
    bony: dict[str, FloatArray] = {}
    tracking: dict[str, FloatArray] = {}
    for label, landmark in landmarks:
        if landmark.startswith("segment:"):
            tracking[f"{landmark}#{label}"] = markers.position(label)
        else:
            bony[landmark] = markers.position(label)
    return bony | tracking


def _turned(positions: FloatArray, turn: FloatArray) -> FloatArray:
    """Return positions (time, marker, 3) turned by a (3, 3) rotation, in memory of their own."""
    return np.matmul(positions, turn.T, out=np.empty(positions.shape))


def turned_plate(plate: ForcePlate, world_from_lab: FloatArray) -> ForcePlate:
    """Return a plate with everything it holds turned by a (3, 3) rotation, or reflection of mirrored axes."""
    turned = world_from_lab.T
    # A moment has a sense of turning, which a mirror reverses.
    sense = float(np.sign(np.linalg.det(world_from_lab)))
    return replace(
        plate,
        corners=plate.corners @ turned,
        force=handed_over(plate.force @ turned),
        centre_of_pressure=handed_over(plate.centre_of_pressure @ turned),
        free_moment=handed_over(plate.free_moment @ (sense * turned)),
    )


def _asked_up(settings: PrepareSettings) -> FloatArray | None:
    if not settings.up:
        return None
    if isinstance(settings.up, str):
        return read_direction(settings.up)
    up = np.array(settings.up)
    return np.asarray(up / np.linalg.norm(up))


def _reflection(up: FloatArray) -> FloatArray:
    """Return the (3, 3) reflection that makes mirrored axes right-handed and leaves up alone."""
    aside = np.eye(3)[int(np.argmin(np.abs(up)))]
    aside = aside - (aside @ up) * up
    return np.asarray(np.eye(3) - 2.0 * np.outer(aside, aside) / (aside @ aside))


def _axes_note(method: str, heading: Heading, world_from_lab: FloatArray) -> Note:
    text = (
        f"Up is {_axis_words(world_from_lab[2])} of the laboratory, told from {method}; forward is "
        f"{_axis_words(world_from_lab[0])}, told from {heading.method}."
    )
    return Note("found", text, "axes.found")


def _axis_words(direction: FloatArray) -> str:
    """Name the laboratory axis a direction lies on, with the angle between them if there is one."""
    axis, off = axis_of(direction)
    return axis + (f" turned by {off:.1f} deg" if off > 0.05 else "")


def _lowest(heights: FloatArray) -> float:
    """Return the height above which 99 of 100 lie, linear between two of them; NaN of none."""
    if not len(heights):
        return float("nan")
    below, part = divmod(0.01 * (len(heights) - 1), 1.0)
    some = min(int(below) + 1, len(heights) - 1)
    ordered = np.partition(heights, (int(below), some))
    return float(ordered[int(below)] + part * (ordered[some] - ordered[int(below)]))


def _floor_note(tracks: Mapping[str, FloatArray], plates: Sequence[ForcePlate]) -> Note:
    heights = [t[:, 2] for n, t in tracks.items() if n.startswith(("heel", "metatarsal", "hallux", "segment:toes"))]
    text = "No foot marker tells where the floor is."
    if heights:
        seen = np.concatenate(heights)
        text = f"The lowest foot marker comes down to {_lowest(seen[np.isfinite(seen)]) * 1e3:.0f} mm"
    surfaces = [float(p.corners[:, 2].mean()) for p in plates if np.isfinite(p.corners).all()]
    if surfaces:
        text += f"; the plates lie at {np.mean(surfaces) * 1e3:.0f} mm"
    return Note("found", text.rstrip(".") + ".")
