"""Masses reproduce the published segments, and every tensor is one a solid can have."""

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.inertia import with_inertia
from kinechain.body.pose import segment_poses
from kinechain.body.skeleton import FOOT, generic_body
from kinechain.care.person.person import Sex
from kinechain.core.errors import BodyError
from kinechain.core.frames import transform_points

#: de Leva 1996, table 4: share of body mass, women and men.
DE_LEVA = {
    "head": (0.0668, 0.0694),
    "upper_arm": (0.0255, 0.0271),
    "forearm": (0.0138, 0.0162),
    "hand": (0.0056, 0.0061),
    "trunk": (0.4257, 0.4346),
    "thigh": (0.1478, 0.1416),
    "shank": (0.0481, 0.0433),
    "foot": (0.0129, 0.0137),
}
OURS = {
    "head": ["head"],
    "trunk": ["pelvis", "sacrum", "lumbar5", "lumbar4", "lumbar3", "lumbar2", "lumbar1", "thorax"],
    **{
        name: [f"{part}_r" for part in parts]
        for name, parts in {
            "upper_arm": ["humerus"],
            "forearm": ["forearm"],
            "hand": ["hand"],
            "thigh": ["femur"],
            "shank": ["tibia"],
            "foot": list(FOOT),
        }.items()
    },
}


def centre_of(body: Body, names: list[str]) -> np.ndarray:
    poses = segment_poses(body, np.zeros((1, len(body.coordinates))))[0]
    index = {s.name: i for i, s in enumerate(body.segments)}
    parts = [body.segment(n) for n in names]
    total = sum(p.mass_kg for p in parts)
    return np.asarray(sum(p.mass_kg * transform_points(poses[index[p.name]], p.centre_of_mass) for p in parts) / total)


@pytest.mark.parametrize(("sex", "column"), [("female", 0), ("male", 1)])
def test_every_published_segment_mass_is_reproduced(sex: Sex, column: int) -> None:
    body = with_inertia(generic_body(sex), 70.0, sex)
    for name, shares in DE_LEVA.items():
        mass = sum(body.segment(part).mass_kg for part in OURS[name])
        # The printed shares add up to 1 within 1e-4; ours are normalised.
        assert mass / 70.0 == pytest.approx(shares[column], rel=3e-4), name


@pytest.mark.parametrize("sex", ["female", "male", None])
@pytest.mark.parametrize("mass", [41.3, 85.5, 140.0])
def test_total_mass_is_the_persons(sex: Sex | None, mass: float) -> None:
    assert with_inertia(generic_body(sex), mass, sex).mass_kg == pytest.approx(mass, abs=1e-9)


@pytest.mark.parametrize("sex", ["female", "male", None])
def test_every_tensor_is_one_a_solid_can_have(sex: Sex | None) -> None:
    for segment in generic_body(sex).segments:
        assert segment.mass_kg > 0
        np.testing.assert_allclose(segment.inertia, segment.inertia.T)
        moments = np.linalg.eigvalsh(segment.inertia)
        assert moments[0] > 0, segment.name
        assert moments[2] <= moments[0] + moments[1] + 1e-12, segment.name


@pytest.mark.parametrize(("sex", "share"), [("female", 0.3612), ("male", 0.4095)])
def test_the_thigh_has_its_centre_of_mass_where_it_was_published(sex: Sex, share: float) -> None:
    body = generic_body(sex)
    length = np.linalg.norm(body.landmark("knee_centre_r").position)
    assert -body.segment("femur_r").centre_of_mass[2] / length == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize(("sex", "share"), [("female", 0.4014), ("male", 0.4415)])
def test_the_foot_has_its_centre_of_mass_where_it_was_published(sex: Sex, share: float) -> None:
    body = generic_body(sex)
    poses = segment_poses(body, np.zeros((1, len(body.coordinates))))[0]
    index = {s.name: i for i, s in enumerate(body.segments)}
    heel, tip = (
        transform_points(poses[index[m.segment]], m.position)
        for m in (body.landmark("heel_r"), body.landmark("hallux_tip_r"))
    )
    centre = centre_of(body, OURS["foot"])
    assert (centre[0] - heel[0]) / (tip[0] - heel[0]) == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize("sex", ["female", "male"])
def test_the_centre_of_the_whole_body_lies_in_front_of_the_sacrum(sex: Sex) -> None:
    # Standing, the centre of mass lies at 53 to 59 % of stature, near the height of the second sacral vertebra.
    body = generic_body(sex)
    whole = centre_of(body, [s.name for s in body.segments])
    poses = segment_poses(body, np.zeros((1, len(body.coordinates))))[0]
    calcaneus = [s.name for s in body.segments].index("calcaneus_r")
    floor = transform_points(poses[calcaneus], body.landmark("sole_heel_r").position)[2]
    height = 1.6285 if sex == "female" else 1.7562
    assert 0.53 < (whole[2] - floor) / height < 0.60
    assert abs(whole[1]) < 1e-9


def test_a_body_without_mass_is_refused() -> None:
    for mass in (0.0, -3.0, np.nan):
        with pytest.raises(BodyError, match="above 0 kg"):
            with_inertia(generic_body("male"), mass, "male")
