"""Look at one file, or at the files of one trial, and say what is there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from kinechain.core.errors import InputError, RecordingError
from kinechain.core.text import printable, sentence
from kinechain.inspection.inspection import Defect, Inspection, MarkerSet
from kinechain.inspection.rows import axes_of, marker_rows, plate_rows
from kinechain.inspection.uses import Evidence, judge_uses
from kinechain.motion.cycles import find_cycles
from kinechain.motion.events import ChosenEvents, choose_events
from kinechain.motion.foot_paths import SIDES, FootPaths
from kinechain.motion.kinematic_events import Walk
from kinechain.motion.marker_paths import marker_paths
from kinechain.motion.weight import (
    STRIDE_TOLERANCE,
    StrideWeight,
    body_weight_from_plates,
    mass_mismatch,
    peak_notes,
    standing_weight,
)
from kinechain.recording.join import join_plates
from kinechain.recording.label_words import plain, side_and_stem
from kinechain.recording.prepare import PrepareSettings, prepare_recording
from kinechain.recording.profiles import USABLE_SCORE, LabelKeys, find_profile, match_keys, read_profiles
from kinechain.recording.read import ReadSettings, read_recording
from kinechain.recording.recording import Note, Recording

__all__ = ["InspectSettings", "inspect_file", "inspect_recording", "inspect_trial"]


@dataclass(frozen=True)
class InspectSettings:
    """How files are inspected.

    Attributes
    ----------
    read : ReadSettings
    prepare : PrepareSettings
    profile : str or None
        Marker-set profile by name or file; chosen from the labels when None.
    """

    read: ReadSettings = field(default_factory=ReadSettings)
    prepare: PrepareSettings = field(default_factory=PrepareSettings)
    profile: str | None = None


def inspect_file(path: Path | str, settings: InspectSettings | None = None) -> Inspection:
    """Return what one file holds, what it can be used for and what is wrong with it.

    Parameters
    ----------
    path : path
    settings : InspectSettings, optional

    Returns
    -------
    Inspection
        Of a file that cannot be read only ``refused``, the sentence that says why.
    """
    return inspect_trial([Path(path)], settings)[0]


def inspect_trial(paths: Sequence[Path], settings: InspectSettings | None = None) -> tuple[Inspection, ...]:
    """Return the inspection of a trial, its tables of forces joined to it, then of each file that stays apart.

    Parameters
    ----------
    paths : sequence of path
        The file with markers first, then tables that may belong to it.
    settings : InspectSettings, optional
    """
    settings = settings or InspectSettings()
    first, *others = paths
    main = _read(first, settings)
    out: list[Inspection] = []
    joined: list[str] = []
    for path in others:
        table = _read(path, settings)
        if isinstance(table, Recording) and table.plates and isinstance(main, Recording) and not main.plates:
            try:
                main = join_plates(main, table)
                joined.append(table.name)
                continue
            except RecordingError as error:
                table = replace(table, notes=(*table.notes, _not_joined(table.name, str(error))))
        out.append(_inspect(path, table, settings))
    return replace(_inspect(first, main, settings), companions=tuple(joined)), *out


def _not_joined(name: str, sentence: str) -> Note:
    return Note(
        "defect",
        sentence,
        "file.not_joined",
        name,
        "The forces are not used with the markers.",
        "Give markers and forces of the same trial, on one clock and in the same axes.",
    )


def _read(path: Path, settings: InspectSettings) -> Recording | InputError:
    try:
        return read_recording(path, settings.read)
    except InputError as error:
        return error


def _inspect(path: Path, read: Recording | InputError, settings: InspectSettings) -> Inspection:
    if isinstance(read, InputError):
        size, digest = _fingerprint(path, settings.read.largest_bytes)
        return Inspection(printable(path.name), size, digest, refused=_one_line(str(read)))
    return replace(inspect_recording(read, settings), bytes=_fingerprint(path, 0)[0])


def _fingerprint(path: Path, largest: int) -> tuple[int, str]:
    """Return size and SHA-256 of a file that was refused; 0 and '' where it cannot be opened."""
    try:
        if not path.is_file():
            return 0, ""
        size = path.stat().st_size
        return size, hashlib.sha256(path.read_bytes()).hexdigest() if size <= largest else ""
    except OSError:
        return 0, ""


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def inspect_recording(recording: Recording, settings: InspectSettings | None = None) -> Inspection:
    """Return the inspection of a recording that was read.

    Parameters
    ----------
    recording : Recording
        As read.
    settings : InspectSettings, optional
    """
    settings = settings or InspectSettings()
    ready, trouble = _prepare(recording, settings)
    marker_set = _marker_set(recording, ready, settings.profile)
    paths = marker_paths(ready) if ready else None
    chosen = choose_events(ready, paths) if ready and paths else ChosenEvents((), (), ())
    contacts = chosen.contacts
    standing = standing_weight(ready) if ready and ready.plates else None
    stride = _stride_weight(ready, paths, chosen) if ready else None
    cycles = find_cycles(chosen.events, chosen.stretches)
    said = tuple(note.text for note in chosen.notes)
    runs = chosen.walk is not None and chosen.walk.is_running
    evidence = Evidence(
        recording, ready, marker_set, trouble, chosen.events, cycles, said, contacts, standing, stride, runs
    )
    own = _own_notes(evidence)
    if ready and chosen.walk and not chosen.walk.is_running and not any(n.code.startswith("person.mass") for n in own):
        own += peak_notes(ready, contacts, ready.mass_kg)
    notes = [*(ready or recording).notes, *chosen.notes, *own]
    markers = recording.markers
    times = _extent(recording)
    return Inspection(
        name=recording.name,
        bytes=0,
        sha256=recording.sha256,
        format=recording.format,
        task=ready.task if ready else "",
        duration_s=times[1],
        rate_hz=times[2],
        start_s=times[0],
        frames=len(markers.positions) if markers else 0,
        markers=marker_rows(markers, ready.markers if ready else None, ready.landmarks if ready else ())
        if markers
        else (),
        unlabelled=_unlabelled(notes),
        marker_set=marker_set,
        axes=axes_of(recording, ready) if ready else None,
        speed_m_s=_speed(chosen.walk, ready),
        strides=tuple((side, sum(c.side == side for c in cycles)) for side in SIDES) if ready else (),
        plates=plate_rows(recording, ready, contacts),
        analog=tuple(printable(x) for x in recording.series.labels) if recording.series else (),
        outputs=_outputs(recording),
        file_events=recording.events,
        events=chosen.events,
        agreements=chosen.agreements,
        mass_kg=recording.mass_kg,
        height_m=recording.height_m,
        plate_mass_kg=evidence.plate_mass_kg,
        uses=judge_uses(evidence),
        defects=_defects(notes),
        findings=_findings(notes),
    )


def _prepare(recording: Recording, settings: InspectSettings) -> tuple[Recording | None, str]:
    """Return the prepared recording, or None and why not."""
    if recording.markers is None or not recording.markers.labels:
        return None, ""
    try:
        return prepare_recording(recording, settings.profile, settings.prepare), ""
    except RecordingError as error:
        return None, sentence(_one_line(str(error)))


def _marker_set(recording: Recording, ready: Recording | None, profile: str | None) -> MarkerSet | None:
    """Return how the labels match: the profile that was used, or the nearest of all."""
    if recording.markers is None or not recording.markers.labels:
        return None
    if ready is not None:
        known = {label for label, _ in ready.landmarks}
        unused = tuple(printable(x) for x in ready.require_markers().labels if x not in known)
        runner_up, score = ready.runner_up
        return MarkerSet(ready.profile, True, ready.score, runner_up, score, unused, ready.missing)
    keys = [LabelKeys(label, plain(label), *side_and_stem(label)) for label in recording.markers.labels]
    profiles = [find_profile(profile)] if profile else read_profiles()
    matches = sorted(
        (match_keys(p, keys) for p in profiles), key=lambda m: (-m.score, -len(m.landmarks), m.profile.name)
    )
    best, second_best = matches[0], matches[1] if len(matches) > 1 else None
    return MarkerSet(
        best.profile.name,
        best.score >= USABLE_SCORE,
        max(best.score, 0.0),
        second_best.profile.name if second_best else "",
        max(second_best.score, 0.0) if second_best else 0.0,
        tuple(map(printable, best.unused)),
        best.missing,
    )


def _stride_weight(ready: Recording, paths: FootPaths | None, chosen: ChosenEvents) -> StrideWeight | None:
    """Return what plates weigh over one stride of a walk, if each foot has a clean contact."""
    sides = {c.side for c in chosen.contacts if c.is_clean and c.is_whole}
    if paths is None or ready.task != "walking" or len(sides) < 2:
        return None
    return body_weight_from_plates(ready, paths, chosen.contacts, chosen.walk.stride_s if chosen.walk else None)


def _own_notes(evidence: Evidence) -> list[Note]:
    """Return what only an inspection finds: markers that cannot be understood, a mass that the plates contradict."""
    notes = []
    marker_set, recording = evidence.marker_set, evidence.recording
    if evidence.trouble and marker_set is not None and not marker_set.is_usable:
        notes.append(
            Note(
                "defect",
                evidence.trouble,
                "markers.no_set",
                "labels",
                "Nothing that needs the markers can be done.",
                "Write a profile of your own (--starter writes a beginning) and give it with --profile.",
            )
        )
    elif evidence.trouble:
        notes.append(
            Note(
                "defect",
                evidence.trouble,
                "markers.not_usable",
                "markers",
                "Nothing that needs the markers can be done.",
                "Correct what the sentence names, or export the trial again.",
            )
        )
    stated, stride = recording.mass_kg, evidence.stride
    if note := mass_mismatch(stated, evidence.standing):
        notes.append(note)
    if stated and stride and abs(stride.ratio(stated) - 1.0) > STRIDE_TOLERANCE:
        notes.append(
            Note(
                "defect",
                f"The file states {stated:.1f} kg and the plates weigh {stride.mass_kg:.1f} kg over one stride.",
                "person.mass_contradicts_plates",
                "body mass",
                "Every load is wrong by that part.",
                "Weigh the person and give --mass; see that the plates are scaled rightly.",
            )
        )
    return notes


def _extent(recording: Recording) -> tuple[float, float, float]:
    """Return start, duration and rate: of the markers, else of the plates, else of the table."""
    if recording.markers is not None:
        rate = recording.markers.rate_hz
        return recording.markers.start_s, len(recording.markers.positions) / rate, rate
    if recording.plates:
        plate = recording.plates[0]
        return plate.start_s, len(plate.force) / plate.rate_hz, plate.rate_hz
    if recording.series is not None and len(recording.series.times_s) > 1:
        times = recording.series.times_s
        span = float(times[-1] - times[0])
        rate = (len(times) - 1) / span if span > 0 else 0.0
        return float(times[0]), span, round(rate, 3)
    return 0.0, 0.0, 0.0


def _unlabelled(notes: Iterable[Note]) -> int:
    return sum(int(note.place.split()[0]) for note in notes if note.code == "markers.unlabelled")


def _speed(walk: Walk | None, ready: Recording | None) -> float | None:
    """Return the median speed of steady walking, m/s."""
    if walk is None or not walk.is_steady.any() or ready is None or ready.task == "standing":
        return None
    return float(np.median(walk.speed[walk.is_steady]))


def _outputs(recording: Recording) -> tuple[str, ...]:
    """Return the names of stored outputs, their three columns as one."""
    if recording.outputs is None:
        return ()
    return tuple(dict.fromkeys(printable(re.sub(r"\.[xyz]$", "", label)) for label in recording.outputs.labels))


def _defects(notes: Iterable[Note]) -> tuple[Defect, ...]:
    """Return everything that is no plain finding: defects first, then repairs, then assumptions."""
    order = ("defect", "repaired", "assumed")
    some = [
        Defect(n.code, n.kind, _one_line(n.place), _one_line(n.effect), _one_line(n.cure), _one_line(n.text))
        for n in notes
        if n.kind != "found"
    ]
    return tuple(sorted(dict.fromkeys(some), key=lambda d: order.index(d.kind)))


def _findings(notes: Iterable[Note]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_one_line(n.text) for n in notes if n.kind == "found"))
