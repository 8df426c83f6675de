"""Walks as other laboratories would have written them, and as patients walk: the meaning and the sides stay right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import laboratory_dressing as dressing
import numpy as np
import pytest
from laboratory_dressing import DIALECTS, STATIC_ONLY, Dress, Dressed, Walk
from manifest_rows import DATA, prepared

from kinechain.analysis import assess
from kinechain.care.person.person import Person
from kinechain.motion.cycles import find_cycles
from kinechain.motion.events import choose_events
from kinechain.motion.marker_paths import marker_paths
from kinechain.motion.motion import Angles
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording

WALKS = (
    "dev/schreiber_moissenet/2014001/2014001_C4_05.c3d",
    "dev/schreiber_moissenet/2014015/2014015_C4_04.c3d",
    "dev/ezc3d_qualisys_isb/Qualisys.c3d",
)
#: Codes of notes that change sides, labels, plates or the unit; of a good recording there are none.
REPAIRS = ("markers.sides", "markers.swapped", "plates.corner_order", "plates.not_under_feet", "axes.unit")


def turned(degrees: float) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, dressing.about(2, degrees).round(9).tolist()))


Y_UP = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0))
Z_DOWN = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))
LABORATORIES: dict[str, Dress] = {
    **{name: Dress(dialect=name) for name in DIALECTS},
    **{f"{name}, walk": Dress(dialect=name, drop=STATIC_ONLY, turn=turned(90)) for name in DIALECTS},
    "prefix": Dress(prefix="Subject01:", outputs="deg"),
    "small letters": Dress(dialect="words, side last", style=str.lower, turn=turned(180)),
    "Y up": Dress(turn=Y_UP, plate_type=3, origin=(2.0, 0.0, -1.0)),
    "Z down": Dress(turn=Z_DOWN, plate_type=4, corner_turn=1),
    "integers from frame 500": Dress(is_real=False, first=500, events="usual", shuffle=3, unlabelled=9),
    "MIPS in metres": Dress(encoding="MIPS", unit="m", moment_unit="Nm", analog_times=12),
    "centres beside markers": Dress(dialect="Visual3D CODA", centres=True, shuffle=5, outputs="rad"),
    "type 1": Dress(plate_type=1, corner_turn=2, turn=turned(-90)),
    "six plates": Dress(idle_plates=4, zero_n=15.0, analog_times=24),
    "forces on the plate": Dress(sign=-1.0, corner_turn=3, events="letters"),
}
PEOPLE: dict[str, Callable[[Walk], Walk]] = {
    "child": lambda walk: dressing.at_rate(dressing.scaled(walk, 0.65), 100.0),
    "toddler": lambda walk: dressing.at_rate(dressing.scaled(walk, 0.43), 100.0),
    "60 Hz": partial(dressing.at_rate, rate=60.0),
    "250 Hz": partial(dressing.at_rate, rate=250.0),
    "slow": lambda walk: dressing.at_rate(dressing.paced(walk, 0.6), 100.0),
    "fast": lambda walk: dressing.at_rate(dressing.paced(walk, 1.3), 100.0),
    "no trunk": dressing.without_trunk,
    "gaps": dressing.with_gaps,
    "in-toeing": lambda walk: dressing.toeing(walk, 40.0),
    "out-toeing": lambda walk: dressing.toeing(walk, -40.0),
    "equinus": lambda walk: dressing.equinus(walk, 40.0),
    "supination": lambda walk: dressing.supinated(walk, 50.0, "l"),
    "scissoring": lambda walk: dressing.sheared_legs(walk, 0.15, 0.15),
    "one leg crosses": lambda walk: dressing.sheared_legs(walk, 0.3, 0.0),
    "short steps": lambda walk: dressing.short_stepped(walk, 0.6),
    "windblown": lambda walk: dressing.sheared_legs(walk, 0.25, -0.25),
    "leans sideways": lambda walk: dressing.leaning(walk, 0, 25.0),
    "bent forward": lambda walk: dressing.leaning(walk, 1, 100.0),
    "pelvis turned": lambda walk: dressing.pelvis_turned(walk, 45.0),
    "stiff leg": lambda walk: dressing.stiff(walk, "l"),
    "wide body": dressing.wide_body,
    "stick": lambda walk: dressing.with_stick(walk, 200.0, on_own_plate=True),
}


@cache
def source(path: str) -> Walk:
    """Return a shared walk, its own events by the plates, the file and the feet."""
    ready = prepared(path)
    walk, events = dressing.walk_of(ready), choose_events(ready, marker_paths(ready)).events
    start = ready.markers.start_s
    return replace(walk, events=tuple(replace(e, time_s=e.time_s - start) for e in events))


def ready_of(walk: Walk, dress: Dress, folder: Path) -> tuple[Dressed, Recording]:
    dressed = dressing.write(walk, dress, folder / "trial.c3d")
    return dressed, prepare_recording(read_recording(dressed.path))


def assert_means_the_same(dressed: Dressed, ready: Recording) -> None:
    """Hold task, meaning of every label and the axes against what was written."""
    assert ready.task == "walking"
    found = dict(ready.landmarks)
    for label, meant in dressed.meaning.items():
        if np.isfinite(dressed.walk.tracks[meant]).any():
            assert found.get(label, found.get(label.partition(":")[2])) == meant.partition("#")[0], label
    assert len(found) == len(dressed.meaning)
    turn = ready.world_from_lab @ dressed.lab_from_world
    assert np.trace(turn) > 1.0 + 2.0 * np.cos(np.radians(3.0))


def assert_same_plates(dressed: Dressed, ready: Recording) -> None:
    """Hold forces within 1 % and points within 2 mm where a plate is loaded."""
    turn = ready.world_from_lab @ dressed.lab_from_world
    label, meant = next(iter(dressed.meaning.items()))
    seen = label if label in ready.markers.labels else label.partition(":")[2]
    away = np.nanmedian(ready.markers.position(seen) - dressed.walk.tracks[meant] @ turn.T, axis=0)
    loaded = [p for p in ready.plates if np.abs(p.force).max() > 100.0]
    assert len(loaded) == len(dressed.walk.plates)
    for plate, truth in zip(loaded, dressed.walk.plates, strict=True):
        times = truth.start_s + np.arange(len(truth.force)) / truth.rate_hz
        on = np.convolve(truth.force[:, 2] > 80.0, np.ones(21), "same") > 20.5
        force = np.stack([np.interp(times, plate.times_s - ready.markers.start_s, c) for c in plate.force.T], axis=1)
        point = np.nan_to_num(plate.centre_of_pressure)
        point = np.stack([np.interp(times, plate.times_s - ready.markers.start_s, c) for c in point.T], axis=1)
        limit = max(1.0, 0.01 * np.abs(truth.force).max())
        assert np.abs(force - truth.force @ turn.T)[on].max() < limit
        apart = (point - away - truth.centre_of_pressure @ turn.T)[on][:, :2]
        assert np.percentile(np.abs(apart), 98) < 2e-3


@pytest.mark.parametrize("path", WALKS)
@pytest.mark.parametrize("name", LABORATORIES)
def test_another_laboratory(shared: Path, tmp_path: Path, path: str, name: str) -> None:
    dressed, ready = ready_of(source(path), LABORATORIES[name], tmp_path)
    assert_means_the_same(dressed, ready)
    assert_same_plates(dressed, ready)
    assert not [n.code for n in ready.notes if n.code in REPAIRS]


@pytest.mark.parametrize("path", WALKS)
@pytest.mark.parametrize("dialect", ["plug-in gait", "Visual3D CODA", "cluster numbers"])
@pytest.mark.parametrize("name", PEOPLE)
def test_another_walker(shared: Path, tmp_path: Path, path: str, dialect: str, name: str) -> None:
    """Whoever walks, and however badly, no label changes its meaning and no plate its corners."""
    dressed, ready = ready_of(PEOPLE[name](source(path)), Dress(dialect=dialect), tmp_path)
    assert_means_the_same(dressed, ready)
    assert not [n.code for n in ready.notes if n.code in REPAIRS]


@pytest.mark.parametrize("path", WALKS)
@pytest.mark.parametrize("events", ["usual", "letters", "general"])
def test_events_keep_their_time(shared: Path, tmp_path: Path, path: str, events: str) -> None:
    """Stored events of every wording come back within 16 ms, at frame 500 of a clock, too."""
    dressed, ready = ready_of(source(path), Dress(events=events, first=500), tmp_path)
    chosen = choose_events(ready, marker_paths(ready)).events
    assert dressed.walk.events
    for event in dressed.walk.events:
        like = [e.time_s - ready.markers.start_s for e in chosen if (e.kind, e.side) == (event.kind, event.side)]
        assert min(abs(t - event.time_s) for t in like) < 0.016, event


@pytest.mark.parametrize("path", WALKS[:2])
@pytest.mark.parametrize("pace", [1.0, 0.6])
def test_treadmill(shared: Path, tmp_path: Path, path: str, pace: float) -> None:
    walk = dressing.at_rate(dressing.paced(dressing.on_treadmill(source(path)), pace), 100.0)
    _, ready = ready_of(walk, Dress(), tmp_path)
    assert any(n.code == "person.treadmill" for n in ready.notes)
    chosen = choose_events(ready, marker_paths(ready))
    assert len(find_cycles(chosen.events, chosen.stretches)) >= 16


STANDING = "dev/schreiber_moissenet/2014001/2014001_ST.c3d"


def angles_of(folder: Path, dress: Dress) -> Angles:
    """Return the angles of a walk that a laboratory wrote down, with its standing trial."""
    standing = replace(dressing.walk_of(prepared(STANDING)), plates=(), events=())
    dressing.write(source(WALKS[0]), dress, folder / "walk.c3d")
    dressing.write(standing, replace(dress, drop=(), unlabelled=0), folder / "standing.c3d")
    done = assess(Person(mass_kg=67.0, height_m=1.7), [folder / "walk.c3d"], folder / "standing.c3d")
    assert not done.refused
    assert len(done.trials[0].cycles) == 2
    return done.trials[0].angles


def mean_apart(one: Angles, other: Angles, label: str) -> float:
    frames = min(len(one.values), len(other.values))
    return float(np.degrees(abs(np.nanmean(one.angle(label)[:frames] - other.angle(label)[:frames]))))


@pytest.mark.parametrize("dialect", ["plug-in gait, medial", "Visual3D CODA", "CAST"])
def test_angles_do_not_depend_on_the_laboratory(shared: Path, tmp_path: Path, dialect: str) -> None:
    """Axes, units, clocks, plates and names of a laboratory change no angle by more than 0.1 deg."""
    plain = angles_of(tmp_path, Dress(dialect=dialect))
    for other in (
        Dress(dialect=dialect, turn=Y_UP, plate_type=3, unit="m", moment_unit="Nm"),
        Dress(dialect=dialect, turn=Z_DOWN, is_real=False, first=500, shuffle=2, unlabelled=7),
        Dress(dialect=dialect, turn=turned(217), prefix="S3:", centres=True, outputs="rad", plate_type=4),
    ):
        angles = angles_of(tmp_path, other)
        measured = [label for label in plain.labels if np.isfinite(plain.angle(label)).any()]
        assert measured == [label for label in angles.labels if np.isfinite(angles.angle(label)).any()]
        assert max(mean_apart(angles, plain, label) for label in measured) < 0.1


def test_a_foot_without_a_second_metatarsal_head_points_the_same_way(shared: Path, tmp_path: Path) -> None:
    """The middle of the outer heads stands for the second: foot progression within 2 deg of that with all three."""
    with_it = angles_of(tmp_path, Dress(dialect="CAST"))
    without = angles_of(tmp_path, Dress(dialect="CAST", drop=("metatarsal_2_head",)))
    for label in ("foot_progression_left", "foot_progression_right", "hindfoot_rotation_left"):
        assert mean_apart(with_it, without, label) < 2.0, label


def test_medial_markers_worn_only_while_standing_are_enough(shared: Path, tmp_path: Path) -> None:
    worn = angles_of(tmp_path, Dress(dialect="CAST"))
    taken_off = angles_of(tmp_path, Dress(dialect="CAST", drop=STATIC_ONLY))
    for side in ("left", "right"):
        for angle in ("hip_flexion", "hip_adduction", "knee_flexion", "ankle_dorsiflexion", "pelvis_tilt"):
            assert mean_apart(worn, taken_off, f"{angle}_{side}") < 2.0, (angle, side)


def test_the_walks_are_there(shared: Path) -> None:
    assert all((DATA / path).exists() for path in (*WALKS, STANDING))
