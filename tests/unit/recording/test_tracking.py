"""Faults of marker tracking: each kind put into a sound walk, and sound walks left alone."""

import numpy as np
import pytest

from kinechain.core.frames import about_axis
from kinechain.recording.jolts import find_jolts, jolt_sizes, middle, stretch
from kinechain.recording.tracking import without_tracking_faults

RATE = 100.0
FRAMES = 200
LABELS = tuple(f"{part}{k}" for part in ("LTH", "RTH", "PEL") for k in range(4))
SEGMENTS = {i: ("femur_l", "femur_r", "pelvis")[i // 4] for i in range(12)}


def walk(seed=0, noise_m=2e-4, frames=FRAMES):
    """Two thighs that swing and a pelvis, four markers each, travelling at 1.3 m/s."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / RATE
    shape = np.array([[0.06, 0, 0], [0, 0.07, -0.1], [-0.05, 0.01, -0.2], [0.02, -0.06, -0.3]])
    parts = []
    for part, swing, side in (("l", 0.5, 0.1), ("r", -0.5, -0.1), ("p", 0.05, 0.0)):
        turns = about_axis(np.array([0.0, 1.0, 0.0]), swing * np.sin(2 * np.pi * 0.9 * time))
        place = np.stack([1.3 * time, side + 0 * time, 0.9 + 0.02 * np.cos(4 * np.pi * 0.9 * time)], axis=1)
        wide = np.array([1.0, 3.0, 0.3]) if part == "p" else 1.0
        parts.append(np.einsum("tij,mj->tmi", turns, shape * wide) + place[:, None])
    positions = np.concatenate(parts, axis=1)
    return positions + rng.normal(0, noise_m, positions.shape)


def mend(positions, labels=LABELS, segments=SEGMENTS, rate=RATE):
    notes = []
    return without_tracking_faults(positions, labels, segments, rate, notes), notes


def only(notes, code):
    (note,) = notes
    assert note.code == code
    assert note.place
    assert note.effect
    assert note.cure
    assert note.text.endswith(".")
    return note


@pytest.mark.parametrize("seed", range(8))
def test_a_sound_walk_is_returned_as_it_is(seed):
    sound = walk(seed)
    now, notes = mend(sound)
    assert now is sound
    assert notes == []


def test_a_sound_walk_with_markers_that_come_and_go_is_returned_as_it_is():
    sound = walk(3)
    sound[:30, 2], sound[180:, 5], sound[60:75, 7], sound[90:94, 0] = np.nan, np.nan, np.nan, np.nan
    now, notes = mend(sound)
    np.testing.assert_array_equal(now, sound)
    assert notes == []


@pytest.mark.parametrize("step_m", [1e-4, 1e-3])
def test_rounded_positions_are_not_held(step_m):
    sound = np.round(walk(1) / step_m) * step_m
    sound[:, 8:] -= (1.3 * np.arange(FRAMES) / RATE)[:, None, None] * np.array([1.0, 0, 0])
    assert mend(sound)[1] == []


def test_a_person_at_rest_in_rounded_positions_repeats_no_frame():
    still = np.repeat(walk(1)[:1], FRAMES, axis=0)
    still[100:, :, 2] += 1e-3
    now, notes = mend(still)
    assert now is still
    assert notes == []


@pytest.mark.parametrize("frames", [1, 2, 5])
@pytest.mark.parametrize("size_m", [0.015, 0.05, 0.3])
def test_a_leap_and_its_return_are_taken_out(size_m, frames):
    wrong = walk(2)
    wrong[80 : 80 + frames, 1] += size_m * np.array([0.6, 0.64, 0.48])
    now, notes = mend(wrong)
    assert np.isnan(now[80 : 80 + frames, 1]).all()
    assert np.isfinite(np.delete(now, range(80, 80 + frames), axis=0)).all()
    note = only(notes, "markers.spikes")
    assert "LTH1" in note.place
    assert note.kind == "repaired"


def test_a_long_leap_has_a_note_of_its_own_with_frames_and_seconds():
    wrong = walk(2)
    wrong[80:100, 1] += 0.06
    now, notes = mend(wrong)
    assert np.isnan(now[80:100, 1]).all()
    assert "frames 81 to 100, 0.80 to 0.99 s" in only(notes, "markers.jump").place


def test_a_drift_that_snaps_back_is_taken_out():
    wrong = walk(2)
    wrong[80:84, 1] += np.linspace(0.01, 0.05, 4)[:, None] * np.array([0.6, 0.64, 0.48])
    now, notes = mend(wrong)
    assert np.isnan(now[82:84, 1]).all()
    only(notes, "markers.spikes")


@pytest.mark.parametrize(("other", "first", "end"), [(3, 60, 90), (6, 60, 90), (3, 150, FRAMES), (3, 0, 40)])
def test_labels_exchanged_in_part_of_the_frames_are_exchanged_back(other, first, end):
    sound = walk(4)
    wrong = sound.copy()
    wrong[first:end, [1, other]] = sound[first:end, [other, 1]]
    now, notes = mend(wrong)
    np.testing.assert_array_equal(now, sound)
    note = only(notes, "markers.exchanged_part")
    assert "LTH1" in note.place
    assert LABELS[other] in note.place
    assert f"in {end - first} of {FRAMES} frames" in note.text


def test_left_and_right_that_change_over_as_a_whole_are_exchanged_back():
    sound = walk(4)
    left, right = sound[:, :4], sound[:, 4:8]
    wrong = sound.copy()
    wrong[60:90, :8] = np.concatenate([right, left], axis=1)[60:90]
    now, notes = mend(wrong)
    np.testing.assert_array_equal(now, sound)
    assert "LTH0 and RTH0, LTH1 and RTH1, LTH2 and RTH2, LTH3 and RTH3" in only(notes, "markers.exchanged_part").text


def test_labels_that_change_over_while_hidden_are_exchanged_back():
    sound = walk(4)
    sound[[*range(60, 70), *range(120, 130)], 1] = np.nan
    sound[[*range(62, 72), *range(118, 128)], 5] = np.nan
    wrong = sound.copy()
    wrong[70:122, [1, 5]] = sound[70:122, [5, 1]]
    now, notes = mend(wrong)
    np.testing.assert_array_equal(now[72:118], sound[72:118])
    assert notes[0].code == "markers.exchanged_part"


def test_neighbours_that_cross_over_smoothly_are_told_by_their_places():
    sound = walk(4)
    wrong = sound.copy()
    wrong[:40, [1, 3]] = sound[:40, [3, 1]]
    share = np.linspace(0, 1, 12)[:, None]
    for a, b in ((1, 3), (3, 1)):
        wrong[28:40, a] = (1 - share) * sound[28:40, b] + share * sound[28:40, a]
    wrong[40:44, [1, 3]] = np.nan
    now, notes = mend(wrong)
    np.testing.assert_array_equal(now[:28], sound[:28])
    assert "markers.exchanged_part" in {n.code for n in notes}


def test_a_held_position_is_taken_as_missing():
    wrong = walk(5)
    wrong[101:110, 6] = wrong[100, 6]
    now, notes = mend(wrong)
    assert np.isnan(now[101:110, 6]).all()
    assert np.isfinite(now[100, 6]).all()
    assert "RTH2" in only(notes, "markers.held").place


def test_repeated_frames_are_taken_as_missing():
    wrong = walk(5)[np.repeat(np.arange(FRAMES // 2), 2)]
    now, notes = mend(wrong)
    assert np.isnan(now[1::2]).all()
    assert np.isfinite(now[::2]).all()
    assert f"{FRAMES // 2} of {FRAMES} frames" in only(notes, "markers.repeated_frames").text


def test_zeros_are_taken_as_missing():
    wrong = walk(5)
    wrong[40:60, 9] = 0.0
    now, notes = mend(wrong)
    assert np.isnan(now[40:60, 9]).all()
    assert "20 positions of PEL1" in only(notes, "markers.zero").text


def test_a_marker_that_rests_beside_the_body_is_left_out():
    wrong = walk(5)
    wrong[:, 7] = np.array([0.5, 0.4, 0.01]) + np.random.default_rng(1).normal(0, 2e-4, (FRAMES, 3))
    now, notes = mend(wrong)
    assert np.isnan(now[:, 7]).all()
    assert only(notes, "markers.not_on_body").place == "RTH3"


def test_feet_that_rest_while_the_person_rises_are_on_the_body():
    rising = walk(5)
    rising[:, 4:8] = rising[0, 4:8] + np.random.default_rng(1).normal(0, 2e-4, (FRAMES, 4, 3))
    assert mend(rising)[1] == []


def test_a_reflection_in_a_gap_is_taken_out():
    wrong = walk(6)
    wrong[80:100, 2] = np.nan
    wrong[88:91, 2] = np.array([1.5, 1.0, 0.5]) + np.random.default_rng(1).normal(0, 1e-3, (3, 3))
    now, notes = mend(wrong)
    assert np.isnan(now[80:100, 2]).all()
    assert notes[0].code in ("markers.spikes", "markers.stray", "markers.wrong_beside_gap")


@pytest.mark.parametrize("size_m", [0.03, 0.1])
def test_a_marker_that_is_moved_is_noted_and_left(size_m):
    wrong = walk(7)
    wrong[120:, 2] += size_m * np.array([0.0, 0.6, 0.8])
    now, notes = mend(wrong)
    np.testing.assert_array_equal(now[125:, 2], wrong[125:, 2])
    note = next(n for n in notes if n.code == "markers.shift")
    assert note.kind == "defect"
    assert "LTH2" in note.place
    assert "1.20 s" in note.place


def test_a_marker_that_falls_off_is_left_out_from_then_on():
    wrong = walk(7)
    time = np.arange(FRAMES - 120) / RATE
    wrong[120:, 2, 2] -= np.minimum(0.5 * 9.81 * time**2, 0.5)
    now, notes = mend(wrong)
    assert np.isnan(now[145:, 2]).all()
    assert np.isfinite(now[:120, 2]).all()
    assert "LTH2" in only(notes, "markers.off_segment").place


def test_a_marker_that_shakes_is_noted():
    wrong = walk(7)
    wrong[:, 2] += np.random.default_rng(2).normal(0, 3e-3, (FRAMES, 3))
    note = next(n for n in mend(wrong)[1] if n.code == "markers.noise")
    assert note.kind == "defect"
    assert note.place == "LTH2"


def test_a_leap_of_the_whole_body_is_no_fault_of_its_markers():
    wrong = np.delete(walk(7, frames=FRAMES + 5), range(100, 105), axis=0)
    now, notes = mend(wrong)
    assert now is wrong
    assert "frame 101, 1.00 s" in only(notes, "markers.lost_frames").place


def test_markers_without_a_meaning_are_not_looked_at():
    wrong = walk(2)
    wrong[80:82, 1] += 0.3
    now, notes = mend(wrong, segments={k: s for k, s in SEGMENTS.items() if k != 1})
    assert now is wrong
    assert notes == []


@pytest.mark.parametrize("frames", [0, 1, 5])
def test_a_few_frames_are_left_alone(frames):
    few = walk()[:frames]
    assert mend(few)[0] is few


def test_no_marker_at_all_is_no_fault():
    nothing = np.full((50, 12, 3), np.nan)
    now, notes = mend(nothing)
    assert np.isnan(now).all()
    assert notes == []


def test_jolts_are_the_size_of_steps():
    track = np.zeros((20, 1, 3))
    track[10:, 0, 0] = 0.02
    sizes = jolt_sizes(track)[:, 0]
    assert sizes[8] == pytest.approx(0.02)
    assert sizes[7] == sizes[9] == pytest.approx(0.01)
    assert find_jolts(track, RATE).is_jolt[:, 0].sum() == 3
    assert not find_jolts(track, 12.5).is_jolt.any()


def test_words_for_stretches_count_from_one_and_time_from_zero():
    assert stretch(0, 1, 100.0) == "frame 1, 0.00 s"
    assert stretch(10, 21, 100.0) == "frames 11 to 21, 0.10 to 0.20 s"


def test_the_middle_of_nothing_is_zero():
    assert middle([]) == 0.0
    assert middle([3.0, 1.0, 2.0]) == 2.0
    assert middle(range(11), 0.8) == 8.0
