"""Scaling changes lengths and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.body.scale import BodySize, neutral_landmarks, scale_body, size_body, stature
from kinechain.body.skeleton import generic_body, template_body
from kinechain.core.errors import BodyError


@settings(max_examples=10, deadline=None)
@given(
    height=st.floats(1.40, 2.05),
    mass=st.floats(40, 150),
    sex=st.sampled_from(["female", "male", None]),
)
def test_stature_and_mass_are_exactly_those_asked_for(height: float, mass: float, sex: str | None) -> None:
    body = size_body(template_body(), BodySize(mass_kg=mass, height_m=height, sex=sex))  # type: ignore[arg-type]
    assert stature(body) == pytest.approx(height, abs=1e-9)
    assert body.mass_kg == pytest.approx(mass, abs=1e-9)
    assert body.segment("head").mass_kg == pytest.approx(0.068 * mass, rel=0.03)


def test_foot_length_is_the_persons() -> None:
    body = size_body(template_body(), BodySize(height_m=1.75, sex="male", foot_length_m=0.30))
    at = neutral_landmarks(body)
    assert at["hallux_tip_r"][0] - at["heel_r"][0] == pytest.approx(0.31, rel=0.01)


def test_one_segment_is_scaled_and_its_neighbours_move_along() -> None:
    body = generic_body("male")
    longer = scale_body(body, {"femur_r": np.array([1.0, 1.0, 1.1])})
    before, after = neutral_landmarks(body), neutral_landmarks(longer)
    thigh = before["hip_centre_r"][2] - before["knee_centre_r"][2]
    assert after["knee_centre_r"][2] == pytest.approx(before["knee_centre_r"][2] - 0.1 * thigh)
    for name in ("ankle_centre_r", "heel_r", "hallux_tip_r"):
        assert after[name] - before[name] == pytest.approx([0, 0, -0.1 * thigh], abs=2e-3)
    for name in ("knee_centre_l", "c7", "asis_r"):
        np.testing.assert_allclose(after[name], before[name], atol=1e-12)


def test_scaling_by_one_changes_nothing() -> None:
    body = generic_body("female")
    same = scale_body(body, {s.name: 1.0 for s in body.segments})
    assert same.hash == body.hash


@pytest.mark.parametrize("factor", [0.0, -1.0, np.nan, np.inf])
def test_an_impossible_factor_is_refused(factor: float) -> None:
    with pytest.raises(BodyError, match="positive number"):
        scale_body(generic_body("female"), {"femur_r": factor})


def test_an_unknown_segment_is_refused_with_a_suggestion() -> None:
    with pytest.raises(BodyError, match="femur_r"):
        scale_body(generic_body("female"), {"femur_right": 1.1})
