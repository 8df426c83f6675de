"""One walk in many laboratories: whatever axes, units, clock and names a laboratory uses, the walk stays the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from manifest_rows import read

from kinechain.core.errors import RecordingError
from kinechain.motion.contacts import find_contacts
from kinechain.motion.marker_paths import marker_paths
from kinechain.recording.prepare import prepare_recording, turned_plate
from kinechain.recording.profiles import match_labels, read_profiles
from kinechain.recording.recording import Recording

WALKS = (
    "dev/schreiber_moissenet/2014001/2014001_C4_05.c3d",
    "dev/schreiber_moissenet/2014015/2014015_C4_04.c3d",
    "dev/lab_FMC/MH0222_BP06.c3d",
    "dev/lab_AUC/CB_Dynamic0003.c3d",
    "dev/ezc3d_qualisys_isb/Qualisys.c3d",
    "dev/btk_pig_nantes/PiG_Motion-FlatFoot-Full.c3d",
)


def rotations() -> Iterator[np.ndarray]:
    """Yield the 24 rotations that carry axes onto axes."""
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            turn = np.zeros((3, 3))
            turn[range(3), order] = signs
            if np.linalg.det(turn) > 0:
                yield turn


def in_other_axes(recording: Recording, turn: np.ndarray) -> Recording:
    markers = replace(recording.markers, positions=recording.markers.positions @ turn.T)
    return replace(recording, markers=markers, plates=tuple(turned_plate(p, turn) for p in recording.plates))


def walk(path: str) -> Recording:
    known = [w for w in WALKS if w == path]
    assert known
    return read(path)


def assert_same_walk(ours: Recording, theirs: Recording, millimetre: float = 1.0) -> None:
    """Hold that two prepared recordings are the same walk: landmarks, plates and the task."""
    assert ours.task == theirs.task
    assert {n for _, n in ours.landmarks} == {n for _, n in theirs.landmarks}
    for (label, _), (other, _) in zip(ours.landmarks, theirs.landmarks, strict=True):
        gap = np.abs(ours.markers.position(label) - theirs.markers.position(other))
        assert np.nanmax(gap, initial=0.0) < millimetre / 1e3, label
    assert len(ours.plates) == len(theirs.plates)
    for plate, twin in zip(ours.plates, theirs.plates, strict=True):
        np.testing.assert_allclose(plate.force, twin.force, atol=1.0)


@pytest.mark.parametrize("path", WALKS)
def test_any_axes(shared: Path, path: str) -> None:
    recording = walk(path)
    ours = prepare_recording(recording)
    for turn in rotations():
        assert_same_walk(prepare_recording(in_other_axes(recording, turn)), ours)


@pytest.mark.parametrize("path", WALKS)
def test_another_origin(shared: Path, path: str) -> None:
    """Contacts do not depend on where the laboratory has its origin."""
    recording = walk(path)
    away = np.array([3.7, -2.1, 0.0])
    markers = replace(recording.markers, positions=recording.markers.positions + away)
    plates = tuple(
        replace(p, corners=p.corners + away, centre_of_pressure=p.centre_of_pressure + away) for p in recording.plates
    )
    one, other = prepare_recording(recording), prepare_recording(replace(recording, markers=markers, plates=plates))
    seen = [
        [(c.plate, c.side, c.is_clean, round(c.start_s, 3)) for c in find_contacts(r.plates, marker_paths(r))]
        for r in (one, other)
    ]
    assert seen[0] == seen[1]


@pytest.mark.parametrize("path", WALKS)
def test_a_mirrored_laboratory_is_never_believed(shared: Path, path: str) -> None:
    """Left and right never change places in silence: refused, or repaired and said."""
    recording = walk(path)
    ours = prepare_recording(recording)
    mirrored = replace(recording.markers, positions=recording.markers.positions * [1.0, -1.0, 1.0])
    try:
        ready = prepare_recording(replace(recording, markers=mirrored, plates=()))
    except RecordingError as error:
        assert "mirror" in str(error) or "exchanged" in str(error)
        return
    assert any(n.kind in ("repaired", "assumed") and "mirror" in n.text.lower() for n in ready.notes)
    assert_same_walk(replace(ready, plates=()), replace(ours, plates=()))


@pytest.mark.parametrize("path", WALKS)
@pytest.mark.parametrize("factor", [1000.0, 0.001, 0.1, 100.0, 1 / 0.0254])
def test_a_wrong_unit(shared: Path, path: str, factor: float) -> None:
    """A file that states the wrong unit of length is brought to the size of a person, or refused."""
    recording = walk(path)
    ours = prepare_recording(recording)
    scaled = replace(recording.markers, positions=recording.markers.positions * factor)
    try:
        ready = prepare_recording(replace(recording, markers=scaled, plates=()))
    except RecordingError as error:
        assert "unit" in str(error)
        return
    assert any("unit" in n.code or "unit" in n.text for n in ready.notes)
    assert_same_walk(replace(ready, plates=()), replace(ours, plates=()))


@pytest.mark.parametrize("path", WALKS)
def test_a_late_clock(shared: Path, path: str) -> None:
    recording = walk(path)
    late = replace(
        recording,
        markers=replace(recording.markers, start_s=recording.markers.start_s + 100.0),
        plates=tuple(replace(p, start_s=p.start_s + 100.0) for p in recording.plates),
        events=tuple(replace(e, time_s=e.time_s + 100.0) for e in recording.events),
    )
    assert_same_walk(prepare_recording(late), prepare_recording(recording))


@pytest.mark.parametrize("path", WALKS)
@pytest.mark.parametrize("style", [str.lower, str.upper, lambda x: x.replace("_", " "), lambda x: f"{x} "])
def test_labels_in_another_style(shared: Path, path: str, style) -> None:
    recording = walk(path)
    ours = prepare_recording(recording)
    labels = tuple(map(style, recording.markers.labels))
    renamed = replace(recording, markers=replace(recording.markers, labels=labels))
    ready = prepare_recording(renamed)
    assert ready.profile == ours.profile
    assert_same_walk(ready, ours)


@pytest.mark.parametrize("path", WALKS)
def test_names_of_another_marker_set(shared: Path, path: str) -> None:
    """Where another set has a name for enough of the landmarks, the walk under those names is the same."""
    recording = walk(path)
    ours = prepare_recording(recording)
    bony = [(label, name) for label, name in ours.landmarks if not name.startswith("segment:")]
    tried = 0
    for profile in read_profiles():
        names: dict[str, str] = {}
        for plain, landmark, _ in profile.meanings:
            names.setdefault(landmark, plain)
        pairs = [(label, names[name]) for label, name in bony if name in names]
        if not pairs or match_labels(profile, [new for _, new in pairs]).missing:
            continue
        tried += 1
        keep = [recording.markers.labels.index(label) for label, _ in pairs]
        renamed = replace(
            recording.markers,
            labels=tuple(new for _, new in pairs),
            positions=recording.markers.positions[:, keep],
        )
        ready = prepare_recording(replace(recording, markers=renamed))
        meant = {new: name for (label, new), name in zip(pairs, (dict(bony)[label] for label, _ in pairs), strict=True)}
        for label, name in ready.landmarks:
            if not name.startswith("segment:"):
                assert name == meant[label], (profile.name, label)
    assert tried
