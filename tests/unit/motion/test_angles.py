"""Frames, decomposition and support of clinical angles; the signs stand in tests/validation/test_signs.py."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinechain.body.body import Body, Marker
from kinechain.body.skeleton import generic_body
from kinechain.core.errors import BodyError
from kinechain.core.frames import about_axis
from kinechain.motion.angles import angle_support, compute_angles, decompose, pelvis_axes, walking_heading
from kinechain.motion.motion import Motion
from kinechain.motion.signs import ANGLES, FLEXION_SHARES, LUMBAR_LEVELS, angle_of, labels, sign_table

AXES = {"X": np.array([1.0, 0, 0]), "Y": np.array([0, 1.0, 0]), "Z": np.array([0, 0, 1.0])}


def compose(sequence: str, angles: np.ndarray) -> np.ndarray:
    first, middle, last = (about_axis(AXES[axis], a) for axis, a in zip(sequence, angles.T, strict=True))
    return first @ middle @ last


@pytest.mark.parametrize("sequence", ["YXZ", "ZXY", "ZYX", "XYZ"])
@given(st.tuples(st.floats(-3.1, 3.1), st.floats(-1.5, 1.5), st.floats(-3.1, 3.1)))
def test_a_decomposition_gives_back_what_was_composed(sequence: str, triple: tuple[float, float, float]) -> None:
    found = decompose(compose(sequence, np.array([triple])), sequence)
    np.testing.assert_allclose([found[axis.lower()][0] for axis in sequence], triple, atol=1e-7)


@pytest.mark.parametrize("sequence", ["YXZ", "ZXY", "ZYX"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_no_angle_flips_on_a_path_round_the_whole_circle_and_through_the_gimbal_position(
    sequence: str, axis: int
) -> None:
    time = np.linspace(0, 1, 401)
    triple = np.stack([0.2 * np.sin(5 * time), 0.1 + 0.1 * time, 0.3 * np.cos(4 * time)], axis=1)
    triple[:, axis] += np.linspace(0, 2 * np.pi if axis != 1 else np.pi, 401)
    found = decompose(compose(sequence, triple), sequence)
    for column, name in enumerate(sequence.lower()):
        assert np.abs(np.diff(found[name])).max() < 0.1
        np.testing.assert_allclose(found[name] - found[name][0], triple[:, column] - triple[0, column], atol=1e-6)


def test_missing_frames_stay_missing_and_do_not_break_the_rest() -> None:
    triple = np.linspace([0, 0, 0], [4, 0.5, 0.2], 50)
    rotation = compose("YXZ", triple)
    rotation[20:25] = np.nan
    found = decompose(rotation, "YXZ")["y"]
    assert np.isnan(found[20:25]).all()
    np.testing.assert_allclose(found[25:], triple[25:, 0], atol=1e-9)


def test_the_heading_follows_the_stride_and_not_its_sway() -> None:
    time = np.arange(400) / 100
    path = np.stack([1.2 * time, 0.03 * np.sin(2 * np.pi * time / 1.1)], axis=1)
    assert np.abs(walking_heading(path, 100.0, 1.1)).max() < np.radians(0.1)
    oblique = path @ np.array([[np.cos(0.2), np.sin(0.2)], [-np.sin(0.2), np.cos(0.2)]])
    np.testing.assert_allclose(walking_heading(oblique, 100.0, 1.1), 0.2, atol=2e-3)
    np.testing.assert_allclose(walking_heading(oblique, 100.0), 0.2, atol=5e-3)


def test_a_standing_person_faces_along_the_world() -> None:
    path = 0.01 * np.random.default_rng(0).normal(size=(200, 2))
    assert not walking_heading(path, 100.0).any()
    assert not walking_heading(path, 100.0, 1.1).any()
    assert not walking_heading(np.full((5, 2), np.nan), 100.0).any()


def with_landmark_markers(body: Body, names: tuple[str, ...] | None = None) -> Body:
    chosen = [m for m in body.landmarks if names is None or m.name in names]
    return body.with_markers(tuple(Marker(m.name, m.segment, m.position) for m in chosen))


def still(body: Body, frames: int = 5, **moved: float) -> Motion:
    values = np.array([[moved.get(c.name, c.default) for c in body.coordinates]] * frames)
    markers = tuple(m.name for m in body.markers)
    return Motion(
        tuple(c.name for c in body.coordinates),
        values,
        100.0,
        0.0,
        markers,
        np.zeros((frames, len(markers))),
        np.ones(frames),
        body.hash,
    )


def test_pelvic_tilt_is_the_tilt_of_the_iliac_spines_and_upright_limbs_have_no_flexion() -> None:
    body = with_landmark_markers(generic_body("female"))
    angles = compute_angles(body, still(body))
    forward = pelvis_axes(body)[:, 0]
    for side in ("left", "right"):
        assert angles.angle(f"pelvis_tilt_{side}")[0] == pytest.approx(-np.arcsin(forward[2]))
        assert angles.angle(f"hip_flexion_{side}")[0] == pytest.approx(-np.arcsin(forward[2]), abs=np.radians(3))
        for name in ("knee_flexion", "ankle_dorsiflexion", "hindfoot_eversion", "hallux_dorsiflexion"):
            assert abs(angles.angle(f"{name}_{side}")[0]) < np.radians(5), name


def test_both_rhythms_share_out_the_same_lumbar_flexion() -> None:
    body = with_landmark_markers(generic_body("male"))
    angles = compute_angles(body, still(body, lumbar_flexion=0.3))
    for rhythm, shares in FLEXION_SHARES.items():
        total = sum(angles.angle(f"{level}_flexion_{rhythm}_left")[0] for level in LUMBAR_LEVELS)
        assert total == pytest.approx(0.3, abs=1e-6)
        assert angles.angle(f"l5s1_flexion_{rhythm}_right")[0] == pytest.approx(0.3 * shares[0], abs=1e-6)


def test_the_shares_are_the_published_ones(shared: Path) -> None:
    keys = {"christophy2012_axialupd": "christophy2012", "lfb_pose2sim": "lifting_full_body"}
    with (shared / "params" / "lumbar_rhythm.csv").open() as file:
        for row in csv.DictReader(file):
            if row["motion"] == "flexion_extension" and row["unit"].startswith("fraction") and row["source"] in keys:
                level = LUMBAR_LEVELS.index(row["level"].lower().replace("_", ""))
                published = FLEXION_SHARES[keys[row["source"]]]
                level = {"l5s1": 0, "s1l5": 0}.get(row["level"].lower().replace("_", ""), level)
                assert published[level] == pytest.approx(float(row["value"]))
    assert all(sum(shares) == pytest.approx(1.0) for shares in FLEXION_SHARES.values())


def test_all_landmarks_as_markers_measure_everything_the_body_can_do() -> None:
    body = with_landmark_markers(generic_body("male"))
    reasons = angle_support(body, still(body))
    stuck = {"knee_varus", "forefoot_eversion", "forefoot_adduction"}
    assert {label.rpartition("_")[0] for label in reasons} == stuck
    assert "does not move freely" in reasons["knee_varus_left"]
    assert np.isnan(compute_angles(body, still(body)).angle("knee_varus_left")).all()


def test_one_heel_and_one_toe_marker_cannot_tell_forefoot_or_hallux() -> None:
    plug_in_gait = ("asis", "psis", "lateral_femoral_epicondyle", "lateral_malleolus", "heel", "metatarsal_2_head")
    names = tuple(f"{name}_{s}" for name in (*plug_in_gait, "greater_trochanter", "fibula_head") for s in "rl")
    body = with_landmark_markers(generic_body("male"), names)
    reasons = angle_support(body, still(body))
    for side in ("left", "right"):
        assert reasons[f"forefoot_dorsiflexion_{side}"] == (
            f"it needs 2 markers on the {side} hindfoot, this recording tracks 1"
        )
        assert (
            "tracks none" in reasons[f"hallux_dorsiflexion_{side}"]
            or "forefoot" in reasons[f"hallux_dorsiflexion_{side}"]
        )
        assert "it needs 3 markers" in reasons[f"hindfoot_eversion_{side}"]
        assert "cannot tell" in reasons[f"lumbar_flexion_{side}"]
        for measured in ("pelvis_tilt", "hip_flexion", "knee_flexion", "ankle_dorsiflexion"):
            assert f"{measured}_{side}" not in reasons


def test_a_marker_that_was_never_seen_supports_nothing() -> None:
    body = with_landmark_markers(generic_body("male"))
    motion = still(body)
    error = np.array(motion.marker_error)
    error[:, [m.endswith(("_tip_l",)) for m in motion.markers]] = np.nan
    reasons = angle_support(body, replace(motion, marker_error=error))
    assert "hallux_dorsiflexion_left" in reasons
    assert "hallux_dorsiflexion_right" not in reasons


def test_unsolved_frames_have_no_angles() -> None:
    body = with_landmark_markers(generic_body("male"))
    motion = still(body)
    values = np.array(motion.values)
    values[2] = np.nan
    angle = compute_angles(body, replace(motion, values=values)).angle("hip_flexion_left")
    assert list(np.isnan(angle)) == [False, False, True, False, False]


def test_a_body_without_iliac_spines_is_refused_in_a_sentence() -> None:
    body = replace(generic_body("male"), landmarks=())
    with pytest.raises(BodyError, match="asis_r"):
        compute_angles(body, still(body))


def test_the_table_names_every_column_once() -> None:
    assert len(set(labels())) == len(labels()) == 2 * len(ANGLES)
    assert angle_of("knee_flexion_left") == (next(a for a in ANGLES if a.id == "knee_flexion"), "left")
    with pytest.raises(KeyError):
        angle_of("knee_flexion_middle")
    assert sign_table().count("\n") == 2 + len(ANGLES)
