"""Whose points they are, which nobody named, which a model computed."""

import numpy as np
import pytest

from kinechain.recording.readers.point_labels import (
    described_labels,
    is_ghost,
    is_output,
    join_fragments,
    merge_duplicates,
    name_points,
    told_apart,
    without_ghosts,
)

SET = "LASI RASI LPSI RPSI LTHI LKNE LTIB LANK LHEE LTOE RTHI RKNE RTIB RANK RHEE RTOE".split()


def name(raw, stated=(), seen=None, names=()):
    notes = []
    named = name_points(raw, stated, np.ones(len(raw)) if seen is None else np.asarray(seen), notes, names)
    return named, notes


@pytest.mark.parametrize("label", ["*52", "*", "", "U_12", "u3", "uname*7", "unnamed", "Unlabeled 123", "New 0001",
                                   "unlabelled_4", "ghost1", "Unidentified", "?", "Unknown 3"])  # fmt: skip
def test_ghosts(label):
    assert is_ghost(label)


@pytest.mark.parametrize("label", ["LASI", "C7", "M1", "T10", "UM5", "NewHeel", "C_001", "r.ASIS"])
def test_no_ghosts(label):
    assert not is_ghost(label)


@pytest.mark.parametrize("label", ["LHipAngles", "LHipAnglesV", "LHipAngles_cgm2", "LHipAngles_cgm2.4", "RKneeMoment",
                                   "LGroundReactionForce", "RNormalisedGRF", "LFootProgressAngles", "LHIPANGLE",
                                   "RHipPower1", "LFEO", "PELP", "CentreOfMassFloor", "LKneeAngles(2)"])  # fmt: skip
def test_outputs(label):
    assert is_output(label)


@pytest.mark.parametrize(
    "label", ["LASI", "LTOE", "Forceplate1", "R_SIA", "RScapulaInferiorAngle", "LFE", "PowerTool", "HED1"]
)
def test_no_outputs(label):
    assert not is_output(label)


@pytest.mark.parametrize("before", ["Anna:", "Patient 12:", "a:b:"])
def test_a_subject_before_a_colon_is_dropped(before):
    named, notes = name([before + x for x in SET])
    assert named.labels == tuple(SET)
    assert all(named.keep)
    assert notes == []


@pytest.mark.parametrize("glue", ["Anna", "Anna_", "Anna-"])
def test_a_stated_subject_glued_to_the_label_is_dropped(glue):
    named, _ = name([glue + x for x in SET] + ["*3"], stated=["Anna"])
    assert named.labels == (*SET, "*3")


def test_a_short_name_does_not_cut_labels_that_begin_like_it():
    named, _ = name(SET, stated=["LA", "RT"])
    assert named.labels == tuple(SET)


def test_a_long_name_is_dropped_from_the_few_labels_that_carry_it():
    named, _ = name([*SET, "Zerubabel_STRN"], stated=["Zerubabel"])
    assert named.labels[-1] == "STRN"


def test_a_shared_beginning_that_the_file_does_not_state_is_dropped_unless_it_is_a_side():
    assert name(["Skeleton_" + x for x in SET])[0].labels == tuple(SET)
    right = [f"R_{x}" for x in ("ASIS", "PSIS", "KNEE", "ANKLE", "HEEL", "TOE", "MT1", "MT5")]
    assert name(right)[0].labels == tuple(right)
    counted = [f"Marker_{k:03d}" for k in range(20)]
    assert name(counted)[0].labels == tuple(counted)


def test_of_two_subjects_the_more_complete_is_taken_and_none_is_named():
    raw = [f"Anna:{x}" for x in SET] + [f"Bert:{x}" for x in SET] + ["*5"]
    seen = [0.5] * len(SET) + [0.9] * len(SET) + [1.0]
    named, notes = name(raw, seen=seen, names=["Anna", "Bert"])
    assert [x for x, k in zip(named.labels, named.keep, strict=True) if k] == [
        *SET,
        *(["*5"] if named.keep[-1] else []),
    ]
    assert not any(named.keep[: len(SET)])
    assert named.subject == 1
    (note,) = notes
    assert note.code == "person.several"
    assert "2 subjects; subject 2" in note.text
    assert "Anna" not in repr(note) and "Bert" not in repr(note)


def test_a_rigid_body_beside_the_subject_stays_and_a_namesake_goes():
    raw = [f"S1:{x}" for x in SET] + ["LeftFoot:a", "LeftFoot:b", "Wand:LASI"]
    named, notes = name(raw)
    assert named.keep == (True,) * (len(SET) + 2) + (False,)
    assert [n.code for n in notes] == ["markers.objects"]
    assert "Wand" not in repr(notes)


def test_two_parts_of_one_body_are_one_person():
    arms = [f"Arms:A{k}x" for k in range(12)]
    named, notes = name([f"Legs:{x}" for x in SET] + arms)
    assert all(named.keep)
    assert notes == []
    stated, _ = name([f"Legs:{x}" for x in SET] + arms, stated=["Legs", "Arms"])
    assert stated.keep == (True,) * len(SET) + (False,) * len(arms)


def test_markers_without_a_prefix_belong_to_the_one_subject():
    named, notes = name([f"S1:{x}" for x in SET] + [f"clu{k}a" for k in range(10)])
    assert all(named.keep)
    assert notes == []


def test_segments_before_a_colon_are_no_subjects():
    raw = [f"{part}:{k}" for part in ("RightFoot", "RightShank", "LeftFoot", "LeftShank") for k in ("a1", "a2", "a3")]
    named, notes = name(raw)
    assert all(named.keep)
    assert notes == []


def test_counted_names_go_where_others_are_and_stay_where_they_are_all():
    notes = []
    assert without_ghosts([*SET, "C_001", "C_002", "*3", "M0004", "Marker 5"], notes) == list(range(len(SET)))
    assert notes[0].text == "5 unlabelled points were left out."
    notes = []
    counted = [f"Marker {k}" for k in range(12)]
    assert without_ghosts(counted, notes) == list(range(12))
    assert notes == []


def test_twins():
    full = np.arange(30.0).reshape(10, 1, 3)
    half = full.copy()
    half[5:] = np.nan
    other_half = full + 0.001
    other_half[:4] = np.nan
    empty = np.full_like(full, np.nan)
    away = full + 1.0
    notes = []
    labels, joined = merge_duplicates(["A", "A"], np.concatenate([half, other_half], axis=1), notes)
    assert labels == ("A",)
    assert np.isfinite(joined).all()
    assert notes[-1].code == "markers.duplicates"
    labels, joined = merge_duplicates(["A", "B", "A"], np.concatenate([empty, away, full], axis=1), notes)
    assert labels == ("A", "B")
    np.testing.assert_array_equal(joined[:, 0], full[:, 0])
    assert notes[-1].code == "markers.empty_twins"
    merge_duplicates(["A", "A"], np.concatenate([full, away], axis=1), notes)
    assert notes[-1].code == "markers.namesakes"
    assert notes[-1].kind == "defect"


def test_a_piece_of_a_trajectory_is_joined_where_it_takes_up():
    full = np.linspace(0.0, 0.3, 30).reshape(10, 1, 3)
    first, second, elsewhere = full.copy(), full.copy(), full + 1.0
    first[5:] = np.nan
    second[:6] = np.nan
    elsewhere[:6] = np.nan
    notes = []
    labels, joined = join_fragments(("LASI", "LASI_1"), np.concatenate([first, second], axis=1), notes)
    assert labels == ("LASI",)
    assert np.isfinite(joined[:, 0, 0]).sum() == 9
    assert [n.code for n in notes] == ["markers.fragments"]
    for other in (elsewhere, full):
        notes = []
        labels, _ = join_fragments(("LASI", "LASI_1"), np.concatenate([first, other], axis=1), notes)
        assert labels == ("LASI", "LASI_1")
        assert notes == []
    assert join_fragments(("TH_1", "TH_2"), np.concatenate([first, second], axis=1), [])[0] == ("TH_1", "TH_2")


@pytest.mark.parametrize("raw", [["0001", "0002", "0003", "*4"], ["PT01", "PT02", "PT03", "*4"], ["H", "R", "RF", ""]])
def test_descriptions_name_what_labels_do_not(raw):
    said = ["C7", "Right ASIS", "R.Knee.Lateral", "nobody"]
    notes = []
    assert described_labels(raw, said, notes) == [*said[:3], raw[3]]
    assert [n.code for n in notes] == ["markers.descriptions"]


def test_labels_that_say_something_stay():
    notes = []
    for raw, said in (
        (["LASI", "RASI", "SACR"], ["Left ASIS", "Right ASIS", "Sacrum"]),
        (["01", "02", "03"], ["*", "*", "*"]),
        (["01", "02", "03"], ["Marker", "Marker", "Marker"]),
        (["01", "02", "03"], ["", "", ""]),
        (["M1", "M2", "M3"], ["Marker1", "Marker2", "Marker3"]),
    ):
        assert described_labels(raw, said, notes) == raw
    assert notes == []


def test_labels_cut_to_four_letters_are_told_apart_by_their_descriptions():
    one = np.zeros((4, 1, 3))
    empty = np.full((4, 1, 3), np.nan)
    apart = np.concatenate([one, one + 0.1, one + 0.5], axis=1)
    said = ["R.Knee.Lateral", "R.Knee.Medial", "Sacrum"]
    notes = []
    assert told_apart(["RKNE", "RKNE", "SACR"], said, apart, notes) == ["R.Knee.Lateral", "R.Knee.Medial", "SACR"]
    assert [n.code for n in notes] == ["markers.namesakes"]
    for positions in (np.concatenate([one, one, one], axis=1), np.concatenate([one, empty, one], axis=1)):
        assert told_apart(["RKNE", "RKNE", "SACR"], said, positions, notes) == ["RKNE", "RKNE", "SACR"]
    assert told_apart(["RKNE", "RKNE", "SACR"], ["", "", ""], apart, notes) == ["RKNE", "RKNE", "SACR"]
