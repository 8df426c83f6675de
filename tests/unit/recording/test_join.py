"""Joining markers and plates that came in two files."""

from dataclasses import replace

import numpy as np
import pytest
from people import labels, walking

from kinechain.core.errors import RecordingError
from kinechain.recording.join import join_plates, join_recordings
from kinechain.recording.prepare import prepare_recording, turned_plate
from kinechain.recording.recording import ForcePlate, Markers, Recording

Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


def markers(name="walk1.trc"):
    return Recording(name, "0" * 64, "TRC", Markers(labels(), walking(), 100.0))


def table(name="walk1_grf.mot", point=(0.0, -0.1, 0.0), start=0.0):
    n = 200
    plate = ForcePlate(
        "plate 1",
        np.full((4, 3), np.nan),
        np.tile([0.0, 0, 700], (n, 1)),
        walking()[:, labels().index("R_FCC")] + point,
        np.zeros((n, 3)),
        100.0,
        start,
    )
    return Recording(name, "1" * 64, "MOT", plates=(plate,))


def test_files_are_paired_by_the_beginning_of_their_names():
    out = join_recordings((markers("walk1.trc"), markers("walk10.trc"), table("walk10_forces.mot"), table("other.mot")))
    assert [r.name for r in out] == ["walk1.trc", "walk10.trc", "other.mot"]
    assert [len(r.plates) for r in out] == [0, 1, 1]
    assert any("walk10_forces.mot" in n.text for n in out[1].notes)


def test_joined_plates_are_prepared_with_the_markers():
    ready = prepare_recording(join_plates(markers(), table()))
    np.testing.assert_allclose(ready.plates[0].force[0], [0, 0, 700], atol=1e-6)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (table(point=(9.0, 0, 0)), "m away from every marker"),
        (table(start=50.0), "do not overlap"),
        (markers(), "join plates"),
    ],
)
def test_what_does_not_belong_together_is_refused(other, said):
    with pytest.raises(RecordingError, match=said):
        join_plates(markers(), other)


def test_a_prepared_recording_is_not_joined():
    with pytest.raises(RecordingError, match="before preparing"):
        join_plates(replace(markers(), is_world=True), table())


@pytest.mark.parametrize(
    ("trial", "forces"),
    [
        ("walking1.trc", "walking1_grf.mot"),
        ("walking1.trc", "walking1_forces.mot"),
        ("walking1.trc", "grf_walking1.sto"),
        ("gait_1_marker.trc", "gait_1_force.mot"),
        ("Walk 1 markers.trc", "walk_1-grfs.sto"),
        ("motion_capture_walk.trc", "grf_walk.mot"),
        ("walk1.trc", "walk1.forces"),
    ],
)
def test_names_that_say_the_same_trial(trial, forces):
    others = (markers("other2.trc"), table("other3_grf.mot", start=30.0))
    out = join_recordings((markers(trial), table(forces), *others))
    assert [(r.name, len(r.plates)) for r in out] == [(trial, 1), ("other2.trc", 0), ("other3_grf.mot", 1)]
    assert "file.joined" not in {n.code for n in out[0].notes}


def test_names_that_say_nothing_are_joined_by_clock_and_place():
    (out,) = join_recordings((markers("trial7.trc"), table("plates.mot")))
    assert len(out.plates) == 1
    note = next(n for n in out.notes if n.code == "file.joined")
    assert note.kind == "assumed"
    assert "trial7.trc" in note.text


def test_clock_and_place_decide_nothing_where_several_fit():
    out = join_recordings((markers("a.trc"), markers("b.trc"), table("plates.mot")))
    assert [len(r.plates) for r in out] == [0, 0, 1]
    out = join_recordings((markers("a.trc"), table("plates.mot"), table("planks.mot")))
    assert [len(r.plates) for r in out] == [0, 1, 1]
    out = join_recordings((markers("a.trc"), table("plates.mot", start=0.5)))
    assert [len(r.plates) for r in out] == [0, 1]
    out = join_recordings((markers("a.trc"), table("plates.mot", point=(3.0, 0, 0))))
    assert [len(r.plates) for r in out] == [0, 1]


def test_markers_that_have_forces_take_no_others():
    first, second = join_recordings((markers("walk.trc"), table("walk_grf.mot"), table("walk_forces.mot")))
    assert (len(first.plates), second.name) == (1, "walk_forces.mot")


@pytest.mark.parametrize("turn", [Y_UP, Y_UP.T, np.diag([-1.0, -1.0, 1.0]), np.diag([-1.0, 1.0, -1.0])])
def test_forces_in_other_axes_are_turned_to_the_markers(turn):
    straight = table()
    plates = tuple(turned_plate(plate, turn) for plate in straight.plates)
    joined = join_plates(markers(), replace(straight, plates=plates))
    np.testing.assert_allclose(joined.plates[0].force, straight.plates[0].force, atol=1e-9)
    np.testing.assert_allclose(joined.plates[0].centre_of_pressure, straight.plates[0].centre_of_pressure, atol=1e-9)
    assert [(n.kind, n.place) for n in joined.notes if n.code == "axes.forces"] == [("repaired", "walk1_grf.mot")]
