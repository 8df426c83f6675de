"""What is said of one recording, against recordings of which everything is known."""

import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from visits import STRIDE_S, WEIGHED_KG, forces, hidden, standing, trc, walking, without

from kinechain.inspection.inspect_file import InspectSettings, inspect_file, inspect_recording, inspect_trial
from kinechain.inspection.inspection import USES
from kinechain.recording.recording import Event, Markers, Note, Recording


def verdicts(inspection):
    return {use.name: use.verdict for use in inspection.uses}


def reason(inspection, name):
    return inspection.use(name).reason


@pytest.fixture(scope="module")
def walk():
    return inspect_recording(walking())


def test_a_walk_on_two_plates_can_be_used_for_everything_but_posture(walk):
    assert verdicts(walk) == {"ik": "yes", "events": "yes", "loads": "yes", "posture": "no"}
    assert walk.task == "walking"
    assert walk.speed_m_s == pytest.approx(1.3 / STRIDE_S, rel=0.02)
    assert dict(walk.strides) == {"left": 3, "right": 3}
    assert walk.plate_mass_kg == pytest.approx(WEIGHED_KG, rel=0.02)
    assert not walk.defects


def test_every_answer_that_is_not_yes_has_a_cure(walk):
    for inspection in (walk, inspect_recording(standing()), inspect_recording(without(walking(), "LASI", "RASI"))):
        assert [use.name for use in inspection.uses] == list(USES)
        for use in inspection.uses:
            assert use.reason.endswith(".")
            assert bool(use.cure) == (use.verdict != "yes")


def test_somebody_who_stands_gives_posture_and_no_events():
    found = inspect_recording(standing())
    assert verdicts(found) == {"ik": "yes", "events": "no", "loads": "no", "posture": "yes"}
    assert "--static" in found.use("events").cure
    assert found.speed_m_s is None


def test_who_stood_on_which_plate_when(walk):
    left, right = (plate.contacts[0] for plate in walk.plates)
    assert (left.side, left.state, right.side, right.state) == ("left", "clean", "right", "clean")
    assert left.start_s == pytest.approx(0.1 + STRIDE_S, abs=0.01)
    assert max(walk.plates[0].load_n) == pytest.approx(700, rel=0.01)
    assert len(walk.plates[0].load_n) <= 240


def test_what_was_subtracted_from_a_plate_is_said_beside_it():
    offset = Note("repaired", "Plate 1: -13.4 N while nobody stands on it.", "plates.offset", "plate 1")
    found = inspect_recording(walking(notes=(offset,)))
    assert [plate.offset_n for plate in found.plates] == [-13.4, None]


def test_one_plate_gives_the_loads_of_one_side_only():
    found = inspect_recording(walking(plates=("right",)))
    assert verdicts(found)["loads"] == "partly"
    assert "right side only" in reason(found, "loads")


def test_loads_need_a_mass():
    found = inspect_recording(walking(plates=("right",), mass_kg=None))
    assert verdicts(found)["loads"] == "partly"
    assert "mass is not known" in reason(found, "loads")
    assert "--mass" in found.use("loads").cure


def test_loads_need_plates_that_share_the_clock():
    recording = walking()
    late = replace(recording, plates=tuple(replace(p, start_s=100.0) for p in recording.plates))
    found = inspect_recording(late)
    assert verdicts(found)["loads"] == "no"
    assert "share no time" in reason(found, "loads")


def test_a_mass_that_the_plates_contradict_is_a_defect():
    (defect,) = inspect_recording(walking(mass_kg=90.0)).defects
    assert (defect.code, defect.kind) == ("person.mass_contradicts_plates", "defect")
    assert "90.0 kg" in defect.text
    assert defect.effect and defect.cure


def test_gaps_are_counted_by_marker_and_what_was_filled_is_told_apart():
    found = inspect_recording(hidden(hidden(walking(), "LTOE", 100, 104), "LTOE", 150, 350))
    row = next(m for m in found.markers if m.label == "LTOE")
    assert row.gaps == 2
    assert row.seen_share == pytest.approx(1 - 204 / 400)
    assert row.longest_gap_s == pytest.approx(2.0)
    assert [(s.state, round(s.start_s, 2), round(s.end_s, 2)) for s in row.spans] == [
        ("filled", 1.0, 1.04),
        ("missing", 1.5, 3.5),
    ]
    assert row.filled_share == pytest.approx(4 / 400)


def test_a_marker_that_comes_late_and_goes_early_has_no_gap():
    found = inspect_recording(hidden(hidden(walking(), "LTIB", 0, 50), "LTIB", 390, 400))
    row = next(m for m in found.markers if m.label == "LTIB")
    assert (row.gaps, row.longest_gap_s) == (0, 0.0)
    assert [s.state for s in row.spans] == ["missing", "missing"]


def test_a_marker_that_was_never_seen_is_said():
    found = inspect_recording(hidden(walking(), "LTIB", 0, 400))
    assert next(m for m in found.markers if m.label == "LTIB").seen_share == 0.0


def test_markers_that_are_there_for_a_part_of_the_time_give_ik_for_that_part():
    recording = walking()
    for label in ("LTOE", "LHEE", "LTIB", "LTHI"):
        recording = hidden(recording, label, 200, 400)
    found = inspect_recording(recording)
    assert verdicts(found)["ik"] == "partly"
    assert "2.0 of 4.0 s" in reason(found, "ik")


@pytest.mark.parametrize(("turn", "up", "forward"), [("zxy", "+Y", "+Z"), ("yzx", "+X", "+Y"), ("xyz", "+Z", "+X")])
def test_the_axes_of_the_laboratory_are_told(turn, up, forward):
    recording = walking(plates=())
    order = {"xyz": [0, 1, 2], "zxy": [1, 2, 0], "yzx": [2, 0, 1]}[turn]
    positions = recording.markers.positions[:, :, order]
    found = inspect_recording(replace(recording, markers=replace(recording.markers, positions=positions)))
    assert (found.axes.up, found.axes.forward, found.axes.is_mirrored) == (up, forward, False)
    assert found.axes.scale == 1.0


def test_labels_of_no_marker_set_leave_everything_else_that_is_known():
    recording = walking()
    labels = tuple(f"m{k}" for k in range(len(recording.markers.labels)))
    found = inspect_recording(replace(recording, markers=replace(recording.markers, labels=labels)))
    assert found.task == ""
    assert not found.marker_set.is_usable
    assert set(verdicts(found).values()) == {"no"}
    assert "--starter" in found.use("ik").cure
    assert [d.code for d in found.defects] == ["markers.no_set"]
    assert len(found.plates) == 2 and found.plates[0].peak_n == pytest.approx(700, rel=0.01)
    assert (found.duration_s, found.rate_hz, found.frames) == (4.0, 100.0, 400)


def test_plates_alone_and_nothing_at_all():
    plates = replace(walking(), markers=None)
    found = inspect_recording(plates)
    assert (found.task, len(found.plates), found.duration_s) == ("", 2, 4.0)
    assert reason(found, "ik") == "It holds no markers."
    empty = inspect_recording(Recording("empty.c3d", "00" * 32, "C3D"))
    assert set(verdicts(empty).values()) == {"no"}


def test_a_stored_event_is_kept_beside_the_chosen_ones():
    stored = (Event("foot_strike", "left", 0.1 + STRIDE_S, "file"),)
    found = inspect_recording(walking(events=stored))
    assert found.file_events == stored
    assert {e.source for e in found.events} >= {"plates"}


def test_notes_become_defects_in_the_order_of_their_weight():
    notes = (
        Note("assumed", "It was assumed.", "file.a", "line 1", "This.", "That."),
        Note("defect", "It is\nbroken.", "file.b", "line 2", "Th\x1bis.", "That."),
        Note("found", "It was found."),
        Note("defect", "It is\nbroken.", "file.b", "line 2", "Th\x1bis.", "That."),
    )
    found = inspect_recording(standing().__class__(**{**vars(standing()), "notes": notes}))
    assert [(d.kind, d.code) for d in found.defects] == [("defect", "file.b"), ("assumed", "file.a")]
    assert found.defects[0].text == "It is broken."
    assert found.defects[0].effect == "Th?is."
    assert "It was found." in found.findings


def test_hostile_labels_come_out_fit_to_be_shown():
    tracks = {"<script>alert(1)</script>": 0, "two\nlines": 0, "x" * 300: 0, "\u202egnp.exe": 0}
    positions = np.random.default_rng(1).normal(size=(20, len(tracks), 3))
    found = inspect_recording(Recording("a.trc", "00" * 32, "TRC", markers=Markers(tuple(tracks), positions, 50.0)))
    labels = [m.label for m in found.markers]
    assert labels[0] == "<script>alert(1)</script>"
    assert labels[1] == "two?lines"
    assert labels[3] == "?gnp.exe"
    assert all(text.isprintable() for d in found.defects for text in (d.text, d.place, d.cure))


def test_a_file_that_cannot_be_read_says_why_in_one_sentence(tmp_path):
    path = tmp_path / "broken.c3d"
    path.write_bytes(b"")
    found = inspect_file(path)
    assert found.refused == "broken.c3d is empty (0 bytes); copy or export it again"
    assert (found.uses, found.format) == ((), "")
    gone = inspect_file(tmp_path / "gone.c3d")
    assert "there is no file" in gone.refused and gone.sha256 == ""


def test_a_refused_file_is_known_by_its_bytes(tmp_path):
    import hashlib

    path = tmp_path / "letter.c3d"
    path.write_bytes(b"this is a letter, not a recording\n" * 40)
    found = inspect_file(path)
    assert found.refused
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.bytes == path.stat().st_size


def test_a_table_of_forces_joins_the_markers_of_its_trial(tmp_path):
    recording = walking()
    turn = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
    markers = replace(recording.markers, positions=recording.markers.positions @ turn.T)
    path = trc(tmp_path / "walk.trc", replace(recording, markers=markers))
    table = forces(tmp_path / "walk_grf.mot", recording)
    (found,) = inspect_trial([path, table])
    assert found.companions == ("walk_grf.mot",)
    assert len(found.plates) == 2
    assert found.use("loads").verdict == "yes", found.use("loads")


def test_a_table_of_another_time_stays_apart_and_says_so(tmp_path):
    recording = walking()
    late = replace(recording, plates=tuple(replace(p, start_s=50.0) for p in recording.plates))
    trial = trc(tmp_path / "walk.trc", recording)
    markers, table = inspect_trial([trial, forces(tmp_path / "walk_grf.mot", late)])
    assert markers.companions == ()
    assert [d.code for d in table.defects] == ["file.not_joined"]
    assert "do not overlap in time" in table.defects[0].text


def test_a_profile_that_was_asked_for_is_used():
    found = inspect_recording(walking(), InspectSettings(profile="helen_hayes"))
    assert found.marker_set.name == "helen_hayes"


def test_an_inspection_can_be_sent_to_another_process(walk):
    assert pickle.loads(pickle.dumps(walk)) == walk


def test_inspecting_loads_neither_scipy_nor_the_body():
    code = (
        "import sys, kinechain.inspection.inspect_folder, kinechain.report.inspection_text, "
        "kinechain.report.inspection_json; "
        "print(*[m for m in sys.modules if m.split('.')[0] in ('scipy', 'mujoco', 'pandas', 'ezc3d', 'pyarrow', 'c3d') "
        "or m.startswith(('kinechain.body', 'kinechain.findings', 'kinechain.analysis'))])"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
