"""Preparing a recording: the world frame, sides, tasks and swaps."""

import numpy as np
import pytest
from people import exchanged, labels, recording, standing, walking

from kinechain.core.errors import RecordingError, SettingError
from kinechain.recording.prepare import PrepareSettings, prepare_recording
from kinechain.recording.profile_choice import choose_profile
from kinechain.recording.profiles import find_profile, match_labels, read_profiles, segment_of
from kinechain.recording.recording import ForcePlate, Recording
from kinechain.recording.still import find_still_window, keep_still_part

Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
Z_DOWN = np.diag([1.0, -1, -1])


def about_z(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    "lab_from_world", [np.eye(3), about_z(180), about_z(90), about_z(33), Y_UP, Y_UP @ about_z(180), Z_DOWN]
)
def test_a_walk_stands_in_the_same_world_whatever_the_laboratory(lab_from_world):
    ready = prepare_recording(recording(walking() @ lab_from_world.T))
    assert ready.task == "walking"
    assert ready.is_world
    assert ready.profile == "isb_full_body"
    travel = ready.markers.position("R_IAS")[-1] - ready.markers.position("R_IAS")[0]
    np.testing.assert_allclose(travel / np.linalg.norm(travel), [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(ready.markers.positions, walking(), atol=1e-6)


def test_plates_turn_with_the_markers():
    turn = Y_UP @ about_z(180)
    force, point, free = np.array([[10.0, -20, 700]] * 3), np.array([[0.3, 0.1, 0]] * 3), np.array([[0, 0, 2.0]] * 3)
    corners = np.array([[0.6, 0.4, 0], [0, 0.4, 0], [0, 0, 0], [0.6, 0, 0]])
    plate = ForcePlate("plate 1", corners @ turn.T, force @ turn.T, point @ turn.T, free @ turn.T, 1000.0)
    ready = prepare_recording(recording(walking() @ turn.T, plates=(plate,)))
    np.testing.assert_allclose(ready.plates[0].force, force, atol=1e-6)
    np.testing.assert_allclose(ready.plates[0].centre_of_pressure, point, atol=1e-6)
    np.testing.assert_allclose(ready.plates[0].corners, corners, atol=1e-6)
    np.testing.assert_allclose(ready.plates[0].free_moment, free, atol=1e-6)


def test_a_plate_that_pushes_sideways_is_told():
    plate = ForcePlate(
        "plate 1", np.full((4, 3), np.nan), np.tile([700.0, 0, 0], (9, 1)), np.zeros((9, 3)), np.zeros((9, 3)), 1e3
    )
    ready = prepare_recording(recording(walking(), plates=(plate,)))
    assert any("do not agree" in n.text and n.kind == "defect" for n in ready.notes)


@pytest.mark.parametrize("frames", [1, 50])
def test_standing_faces_where_the_pelvis_faces(frames):
    ready = prepare_recording(recording(standing(frames) @ about_z(70).T))
    assert ready.task == "standing"
    np.testing.assert_allclose(ready.markers.positions, standing(frames), atol=1e-6)


def test_standing_up_and_a_treadmill_are_neither_walking_nor_standing():
    rising = standing(100)
    rising[:, :, 2] += np.where(rising[:, :, 2] > 0.6, np.linspace(-0.4, 0, 100)[:, None], 0.0)
    assert prepare_recording(recording(rising)).task == "other"
    treadmill = walking()
    treadmill[:, :, 0] -= (1.2 * (np.arange(200) - 99.5) / 100.0)[:, None]
    ready = prepare_recording(recording(treadmill))
    assert ready.task == "other"
    assert any("treadmill" in n.text for n in ready.notes)
    assert prepare_recording(recording(treadmill[:12])).task == "other"


def test_walking_backwards_is_told_and_faces_forward():
    ready = prepare_recording(recording(walking(speed=-1.2)))
    assert ready.task == "other"
    assert any("backwards" in n.text for n in ready.notes)
    np.testing.assert_allclose(ready.markers.positions, walking(speed=-1.2), atol=1e-6)


def test_exchanged_sides_and_mirrored_axes_are_refused():
    names = tuple({"R": "L", "L": "R"}[x[0]] + x[1:] if x[1] == "_" else x for x in labels())
    with pytest.raises(RecordingError, match="exchanged, or an axis is mirrored"):
        prepare_recording(recording(walking(), names=names))
    with pytest.raises(RecordingError, match="exchanged, or an axis is mirrored"):
        prepare_recording(recording(walking() * [1, -1, 1]))


def test_two_labels_exchanged_on_a_foot_are_exchanged_back_where_the_other_foot_tells():
    ready = prepare_recording(recording(walking(), names=exchanged(("L_FM5", "L_FM2"))))
    np.testing.assert_allclose(ready.markers.position("L_FM5"), walking()[:, labels().index("L_FM5")], atol=1e-6)
    assert {"metatarsal_5_head_l", "metatarsal_2_head_l"} <= {landmark for _, landmark in ready.landmarks}
    assert [n.place for n in ready.notes if n.code == "markers.swapped"] == ["L_FM2, L_FM5"] or [
        n.place for n in ready.notes if n.code == "markers.swapped"
    ] == ["L_FM5, L_FM2"]


def test_two_labels_exchanged_on_a_foot_are_left_out_where_nothing_tells():
    names = exchanged(("L_FM5", "L_FM2"))
    keep = [i for i, name in enumerate(names) if name not in ("R_FM5", "R_FM2")]
    ready = prepare_recording(recording(walking()[:, keep], names=tuple(names[i] for i in keep)))
    assert not {landmark for _, landmark in ready.landmarks} & {"metatarsal_5_head_l", "metatarsal_2_head_l"}
    assert len(ready.weights) == len(ready.landmarks)
    assert any("look exchanged" in n.text and n.kind == "defect" for n in ready.notes)


def test_a_sternum_labelled_upside_down_is_turned_back():
    names = list(labels())
    i, j = names.index("SJN"), names.index("SXS")
    names[i], names[j] = names[j], names[i]
    ready = prepare_recording(recording(walking(), names=tuple(names)))
    truth = prepare_recording(recording(walking()))
    np.testing.assert_allclose(ready.markers.position("SJN"), truth.markers.position("SJN"))
    assert any("exchanged back" in n.text and n.kind == "repaired" for n in ready.notes)
    assert len(ready.weights) == len(ready.landmarks)


def test_something_that_is_not_the_size_of_a_person_is_refused():
    with pytest.raises(RecordingError, match=r"span 5.* not the size of a person"):
        prepare_recording(recording(standing() * 4))


def test_one_marker_left_behind_does_not_condemn_the_trial():
    positions = np.array(walking())
    positions[:, list(labels()).index("L_FCC")] = positions[0, list(labels()).index("L_FCC")] + [-4.0, 0.0, 0.0]
    assert prepare_recording(recording(positions)).is_world


TILTED = np.array([[np.cos(0.7), 0, np.sin(0.7)], [0, 1, 0], [-np.sin(0.7), 0, np.cos(0.7)]]) @ about_z(20)


@pytest.mark.parametrize("figure", [standing(), standing(1)])
def test_somebody_who_stands_straight_tells_a_tilted_laboratory(figure):
    ready = prepare_recording(recording(figure @ TILTED.T))
    assert ready.task == "standing"
    tops = np.nanmean(ready.markers.positions, axis=0) - figure.mean(axis=0)
    assert np.linalg.norm(tops, axis=1).max() < 0.1
    assert [n.kind for n in ready.notes if n.code == "axes.tilted"] == ["repaired"]


def test_a_bent_body_in_no_axis_is_refused_until_the_user_says_up():
    bent = standing()
    above = np.maximum(bent[:, :, 2] - 0.9, 0.0)
    bent[:, :, 0] += above
    bent[:, :, 2] -= above
    with pytest.raises(RecordingError, match=r"vertical cannot be told.*--up"):
        prepare_recording(recording(bent @ TILTED.T))
    ready = prepare_recording(recording(bent @ Y_UP.T), settings=PrepareSettings(up=(0.0, 1.0, 0.0)))
    np.testing.assert_allclose(ready.markers.positions, bent, atol=1e-6)


def test_a_marker_that_was_never_seen_is_left_out():
    positions = walking()
    positions[:, 0] = np.nan
    ready = prepare_recording(recording(positions))
    assert labels()[0] not in ready.markers.labels
    assert any("asis_r" in n.text and "Not in this recording" in n.text for n in ready.notes)


def test_no_markers_and_prepared_twice():
    with pytest.raises(RecordingError, match="holds no markers"):
        prepare_recording(Recording("x.mot", "0" * 64, "MOT"))
    with pytest.raises(RecordingError, match="prepared already"):
        prepare_recording(prepare_recording(recording(standing())))


def test_no_usable_marker_set_lists_labels_and_needs():
    with pytest.raises(
        RecordingError, match=r"no marker set fits the labels of x.trc \(a, b\).*without doubt.*give a profile file"
    ):
        choose_profile(("a", "b"), recording="x.trc")


@pytest.mark.parametrize("profile", read_profiles(), ids=lambda p: p.name)
def test_every_profile_stands_on_known_segments_and_a_source(profile):
    assert profile.source
    assert profile.citation
    plain = [m[0] for m in profile.meanings]
    assert len(set(plain)) == len(plain)
    for _, landmark, weight in profile.meanings:
        assert segment_of(landmark)
        assert weight >= 0
    assert profile.required


def test_spelling_does_not_matter():
    profile = find_profile("opencap")
    found = dict(match_labels(profile, ("r_shank(antsup)", "R.Shank AntSup", "L_calc", "r.ASIS")).landmarks)
    assert found == {
        "r_shank(antsup)": "segment:tibia_r",
        "R.Shank AntSup": "segment:tibia_r",
        "L_calc": "heel_l",
        "r.ASIS": "asis_r",
    }


def test_a_profile_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'title = "mine"\n[sided]\nasis = ["hip*"]\nheel = { labels = ["h*"], weight = 2.0 }\n'
        '[required]\nsided = [["asis"]]\n'
    )
    match = choose_profile(("hipR", "hipL", "hR", "zzz"), str(path)).match
    assert dict(match.landmarks) == {"hipR": "asis_r", "hipL": "asis_l", "hR": "heel_r"}
    assert match.profile.weight("HR") == 2.0
    assert match.profile.weight("zzz") == 0.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("titel = 1\n", "unknown key 'titel'. Did you mean 'title'"),
        ('[sided]\nasiss = ["*A"]\n', "unknown landmark 'asiss'"),
        ("[sided]\nasis = 3\n", "a list of labels is expected"),
        ('[sided]\nasis = { labels = ["*A"], wait = 1 }\n', "unknown key 'wait'"),
        ("[sided\n", "not a valid marker-set profile"),
    ],
)
def test_a_wrong_profile_is_told(tmp_path, text, said):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(SettingError) as caught:
        find_profile(str(path))
    assert said in str(caught.value)


def test_an_unknown_profile_is_told():
    with pytest.raises(SettingError, match="Did you mean 'opencap'"):
        find_profile("opencup")
    with pytest.raises(SettingError, match="cannot be read"):
        find_profile("gone.toml")


def test_the_still_part_of_a_fidgeting_calibration():
    still, moving = standing(150), walking(200)
    still += 2e-4 * np.random.default_rng(0).normal(size=still.shape)
    moving[:, :, 0] -= moving[0, 0, 0] - still[0, 0, 0]
    ready = prepare_recording(recording(np.concatenate([moving[::-1] * [1, 1, 1], still, moving])))
    first, end = find_still_window(ready)
    assert 195 <= first <= 215
    assert 335 <= end <= 355
    kept = keep_still_part(ready)
    assert kept.task == "standing"
    assert len(kept.markers.positions) == end - first
    assert kept.markers.start_s == pytest.approx(first / 100)
    with pytest.raises(RecordingError, match="never stands still"):
        keep_still_part(prepare_recording(recording(walking())))


@pytest.mark.parametrize("ankle", ["L_FAL", "L_TAM"])
def test_an_ankle_and_a_heel_that_were_exchanged_are_exchanged_back(ankle):
    """However a foot points, its malleoli stay in front of its heel."""
    ready = prepare_recording(recording(walking(), names=exchanged((ankle, "L_FCC"))))
    truth = prepare_recording(recording(walking()))
    np.testing.assert_allclose(ready.markers.position("L_FCC"), truth.markers.position("L_FCC"), atol=1e-6)
    assert [n.place for n in ready.notes if n.code == "markers.swapped"] == [f"{ankle}, L_FCC"]
    assert not [n for n in truth.notes if n.code == "markers.swapped"]
