"""Laws of fitting: a body does not depend on where a person stands, nor on which side is called right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.body.pose import marker_positions
from kinechain.body.scale import scale_body
from kinechain.body.skeleton import generic_body
from kinechain.recording.recording import Markers, Recording

SIDED = (
    *("asis", "psis", "greater_trochanter", "lateral_femoral_epicondyle", "medial_femoral_epicondyle"),
    *("lateral_malleolus", "medial_malleolus", "heel", "metatarsal_1_head", "metatarsal_2_head", "metatarsal_5_head"),
    *("acromion", "humeral_lateral_epicondyle", "humeral_medial_epicondyle", "radial_styloid", "ulnar_styloid"),
)
NAMES = (*(f"{n}_{s}" for n in SIDED for s in "rl"), "c7", "t10", "suprasternal_notch", "xiphoid")
SIZE = BodySize(mass_kg=70.0, height_m=1.70, sex="male")
WORLD = ("pelvis_tx", "pelvis_ty", "pelvis_tz", "pelvis_rotation")


def points(seed: int) -> dict[str, np.ndarray]:
    """Return landmarks of somebody who is crooked in many small ways."""
    rng = np.random.default_rng(seed)
    body = generic_body("male")
    # Nobody's two shanks differ by more than a fit takes for one person's.
    body = scale_body(body, {s.name: 1 + 0.04 * np.clip(rng.standard_normal(3), -1.5, 1.5) for s in body.segments})
    values = 0.08 * rng.standard_normal((1, len(body.coordinates)))
    values[0, :6] = 0.05 * rng.standard_normal(6)
    values[0, 2] += 0.9
    marks = tuple(body.landmark(n) for n in NAMES)
    return dict(zip(NAMES, marker_positions(body, marks, values)[0], strict=True))


def fit(tracks: dict[str, np.ndarray]) -> Body:
    markers = Markers(tuple(tracks), np.stack(list(tracks.values()))[None], 100.0)
    landmarks = tuple((n, n) for n in tracks)
    return fit_body(
        SIZE, static=Recording("standing.c3d", "", "C3D", markers=markers, is_world=True, landmarks=landmarks)
    )


def rest(body: Body) -> dict[str, float]:
    return {c.name: c.default for c in body.coordinates if c.name not in WORLD}


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), heading=st.floats(-np.pi, np.pi), east=st.floats(-3, 3), north=st.floats(-3, 3))
def test_the_body_is_the_same_wherever_the_person_stands(seed: int, heading: float, east: float, north: float) -> None:
    turn = np.array([[np.cos(heading), -np.sin(heading), 0], [np.sin(heading), np.cos(heading), 0], [0, 0, 1.0]])
    here = points(seed)
    there = {n: turn @ p + np.array([east, north, 0.0]) for n, p in here.items()}
    one, other = fit(here), fit(there)
    for name, value in rest(one).items():
        assert rest(other)[name] == pytest.approx(value, abs=1e-6), name
    for a, b in zip(one.markers, other.markers, strict=True):
        np.testing.assert_allclose(a.position, b.position, atol=1e-7, err_msg=a.name)
    for a, b in zip(one.landmarks, other.landmarks, strict=True):
        np.testing.assert_allclose(a.position, b.position, atol=1e-7, err_msg=a.name)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_mirror_image_of_a_person_has_the_mirror_image_of_the_body(seed: int) -> None:
    here = points(seed)
    swap = {"r": "l", "l": "r"}

    def other_side(name: str) -> str:
        return f"{name[:-1]}{swap[name[-1]]}" if name[-2:] in ("_r", "_l") else name

    mirror = np.array([1.0, -1.0, 1.0])
    one, mirrored = fit(here), fit({n: here[other_side(n)] * mirror for n in here})
    odd = ("lumbar_bending", "lumbar_rotation", "neck_bending", "neck_rotation", "pelvis_obliquity")
    for name, value in rest(one).items():
        sign = -1.0 if name in odd else 1.0
        assert rest(mirrored)[other_side(name)] == pytest.approx(sign * value, abs=1e-6), name
    for mark in one.landmarks:
        twin = mirrored.landmark(other_side(mark.name))
        np.testing.assert_allclose(twin.position, mark.position * mirror, atol=1e-7, err_msg=mark.name)
    for segment in one.segments:
        twin_segment = mirrored.segment(other_side(segment.name))
        assert twin_segment.mass_kg == pytest.approx(segment.mass_kg, rel=1e-9)
