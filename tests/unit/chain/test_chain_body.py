"""The body of the chain is the personal body, with more that may move."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.musculature import person_muscles
from kinechain.body.paths import path_lengths
from kinechain.body.pose import segment_poses
from kinechain.body.scale import neutral_landmarks
from kinechain.body.skeleton import generic_body, with_subtalar_axis
from kinechain.chain.chain_body import LEVELS, PARAMETERS, PLANES, chain_body, posture_of
from kinechain.core.errors import BodyError


@pytest.fixture(scope="module")
def body() -> Body:
    return generic_body("female")


def _random_poses(body: Body, count: int) -> np.ndarray:
    generator = np.random.default_rng(3)
    return np.array([[generator.uniform(-0.3, 0.3) for _ in body.coordinates] for _ in range(count)])


def _posed(body: Body, **values: float) -> dict[str, np.ndarray]:
    row = np.array([[values.get(c.name, 0.0) for c in body.coordinates]])
    return dict(zip((s.name for s in body.segments), segment_poses(body, row)[0], strict=True))


def test_every_pose_of_the_personal_body_is_the_same_pose(body: Body) -> None:
    values = _random_poses(body, 5)
    chain = chain_body(body)
    theirs = segment_poses(chain, posture_of(chain, body, values))
    np.testing.assert_allclose(theirs, segment_poses(body, values), atol=1e-12)


def test_the_rhythm_of_the_body_shares_out_the_lumbar_angle() -> None:
    lifting = generic_body(None, "lifting_full_body")
    values = np.array([[0.5 if c.name == "lumbar_flexion" else 0.0 for c in lifting.coordinates]])
    chain = chain_body(lifting, values[0])
    parts = [chain.coordinate(f"{level}_flexion").default for level in LEVELS]
    assert sum(parts) == pytest.approx(0.5)
    assert parts[0] == pytest.approx(0.5 * 0.139999, abs=1e-5)


def test_levels_stand_in_the_order_of_their_mobilities(body: Body) -> None:
    names = [c.name for c in chain_body(body).coordinates]
    start = names.index("l5_s1_flexion")
    assert names[start : start + 18] == [f"{level}_{plane}" for level in LEVELS for plane in PLANES]


def test_paths_of_muscles_keep_their_lengths(body: Body) -> None:
    chain = chain_body(body)
    values = 0.5 * _random_poses(body, 2)
    own, theirs = person_muscles(body), person_muscles(chain)
    assert own.names == theirs.names
    np.testing.assert_allclose(
        path_lengths(chain, theirs, posture_of(chain, body, values)), path_lengths(body, own, values), atol=1e-9
    )


@pytest.mark.parametrize("side", ["r", "l"])
def test_the_parameters_of_the_axis_are_the_axis_itself(body: Body, side: str) -> None:
    """Payne's axis lies 42 degrees up and 16 medial; 8 more up and 5 less medial is 50 and 11."""
    chain = chain_body(body)
    turned = {f"subtalar_inclination_{side}": np.radians(8), f"subtalar_deviation_{side}": -np.radians(5)}
    rotation = {f"subtalar_eversion_{side}": 0.3}
    theirs = _posed(chain, **turned, **rotation)[f"calcaneus_{side}"]
    expected = with_subtalar_axis(body, side, np.radians(50.0), np.radians(11.0))  # type: ignore[arg-type]
    own = _posed(expected, **rotation)[f"calcaneus_{side}"]
    np.testing.assert_allclose(theirs, own, atol=1e-3)
    assert np.abs(own - _posed(body, **rotation)[f"calcaneus_{side}"]).max() > 0.02


@pytest.mark.parametrize("bone", ["thigh", "shank"])
def test_a_longer_bone_lowers_the_foot_by_its_length(body: Body, bone: str) -> None:
    chain = chain_body(body)
    before, after = _posed(chain), _posed(chain, **{f"{bone}_length_l": 0.02})
    moved = after["calcaneus_l"][:3, 3] - before["calcaneus_l"][:3, 3]
    assert np.linalg.norm(moved) == pytest.approx(0.02)
    assert moved[2] == pytest.approx(-0.02, abs=5e-4)
    np.testing.assert_array_equal(after["calcaneus_r"], before["calcaneus_r"])


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_same_parameter_means_the_same_on_both_sides(body: Body, name: str) -> None:
    chain = chain_body(body)
    mirror = np.diag([1.0, -1.0, 1.0])
    amount = 0.01 if name.endswith("length") else 0.1
    right, left = (
        _posed(chain, **{f"{name}_{s}": amount, f"subtalar_eversion_{s}": 0.2})[f"calcaneus_{s}"] for s in "rl"
    )
    np.testing.assert_allclose(mirror @ right[:3, :3] @ mirror, left[:3, :3], atol=1e-12)
    np.testing.assert_allclose(mirror @ right[:3, 3], left[:3, 3], atol=1e-12)


def test_feet_are_free_and_parameters_are_held(body: Body) -> None:
    chain = chain_body(body)
    assert all(chain.coordinate(f"forefoot_eversion_{s}").is_free for s in "rl")
    assert not any(chain.coordinate(f"{p}_{s}").is_free for p in PARAMETERS for s in "rl")
    assert all(chain.coordinate(f"{p}_{s}").default == 0.0 for p in PARAMETERS for s in "rl")


def test_landmarks_stay(body: Body) -> None:
    own, theirs = neutral_landmarks(body), neutral_landmarks(chain_body(body))
    assert own.keys() == theirs.keys()
    np.testing.assert_allclose(np.array(list(theirs.values())), np.array(list(own.values())), atol=1e-12)


def test_a_posture_of_another_body_is_refused(body: Body) -> None:
    with pytest.raises(BodyError, match="coordinates"):
        chain_body(body, np.zeros(5))


def test_a_chain_body_is_refused_where_joints_lack(body: Body) -> None:
    stump = replace(body, segments=body.segments[:1], joints=body.joints[:1], landmarks=())
    with pytest.raises(BodyError, match="l5_s1"):
        chain_body(stump)


def test_the_play_of_the_ankle_turns_the_foot_inward_on_both_sides(body: Body) -> None:
    chain = chain_body(body)
    for side, sign in (("r", 1.0), ("l", -1.0)):
        foot = _posed(chain, **{f"ankle_rotation_{side}": 0.1})[f"talus_{side}"]
        assert np.arctan2(foot[1, 0], foot[0, 0]) == pytest.approx(sign * 0.1)
