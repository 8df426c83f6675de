"""Muscles from tables: both sides alike, scaled with the person, every row sourced, faults told in one sentence."""

import csv
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from kinechain.body import musculature as module
from kinechain.body.body import Body
from kinechain.body.muscle import Musculature
from kinechain.body.musculature import person_muscles, template_muscles
from kinechain.body.paths import flatten_paths, moment_arms, path_lengths
from kinechain.body.scale import scale_body
from kinechain.body.skeleton import generic_body, template_body
from kinechain.core.errors import BodyError, EvidenceError
from kinechain.evidence.library import source_keys

MIRROR = np.array([1.0, -1.0, 1.0])
#: Coordinates of the midline that a mirror turns round.
TURNED = ("pelvis_ty", "pelvis_rotation", "pelvis_obliquity", "lumbar_bending", "lumbar_rotation")
TURNED += ("neck_bending", "neck_rotation")


def other(name: str) -> str:
    return f"{name[:-2]}_l" if name.endswith("_r") else f"{name[:-2]}_r" if name.endswith("_l") else name


def random_poses(body: Body, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return poses within the ranges and their mirror images."""
    rng = np.random.default_rng(4)
    low = np.array([max(c.low, -0.5) for c in body.coordinates])
    high = np.array([min(c.high, 0.8) for c in body.coordinates])
    poses = rng.uniform(low, high, (count, len(low)))
    names = [c.name for c in body.coordinates]
    swapped = poses[:, [names.index(other(n)) for n in names]]
    return poses, swapped * np.where(np.isin(names, TURNED), -1.0, 1.0)


def test_every_leg_has_more_than_forty_muscles_and_the_same_on_both_sides() -> None:
    names = template_muscles().names
    assert {other(n) for n in names} == set(names)
    legs = {row["muscle"] for part in ("leg", "foot") for row in table(f"muscles_{part}")}
    assert len(legs) == 54
    assert {f"{n}_{s}" for n in legs for s in "rl"} <= set(names)


def test_left_is_the_mirror_image_of_right() -> None:
    body, own = template_body(), template_muscles()
    poses, mirrored = random_poses(body, 12)
    at = {n: i for i, n in enumerate(own.names)}
    swap = [at[other(n)] for n in own.names]
    coordinates = [c.name for c in body.coordinates]
    columns = [coordinates.index(other(n)) for n in coordinates]
    sign = np.where(np.isin(coordinates, TURNED), -1.0, 1.0)
    np.testing.assert_allclose(path_lengths(body, own, poses), path_lengths(body, own, mirrored)[:, swap], atol=1e-9)
    there = moment_arms(body, own, mirrored)[:, swap][:, :, columns] * sign
    np.testing.assert_allclose(moment_arms(body, own, poses), there, atol=1e-7)
    for right in (m for m in own.muscles if m.name.endswith("_r")):
        left = own.muscle(other(right.name))
        assert (left.group, left.roots, left.max_isometric_force_n) == (
            right.group,
            right.roots,
            right.max_isometric_force_n,
        )
        for a, b in zip(right.path.points, left.path.points, strict=True):
            np.testing.assert_array_equal(a.position * MIRROR, b.position)


def uniform(body: Body, size: float) -> Body:
    return scale_body(body, {s.name: size for s in body.segments})


def test_a_person_of_twice_the_size_has_twice_the_lengths_and_arms() -> None:
    body = generic_body("male")
    small, large = person_muscles(body), person_muscles(uniform(body, 1.2))
    poses, _ = random_poses(body, 6)
    poses[:, :6] = 0.0
    np.testing.assert_allclose(
        path_lengths(uniform(body, 1.2), large, poses), 1.2 * path_lengths(body, small, poses), rtol=1e-9
    )
    np.testing.assert_allclose(
        moment_arms(uniform(body, 1.2), large, poses), 1.2 * moment_arms(body, small, poses), atol=1e-9
    )
    for a, b in zip(small.muscles, large.muscles, strict=True):
        assert b.optimal_fibre_length_m == pytest.approx(1.2 * a.optimal_fibre_length_m)
        assert b.tendon_slack_length_m == pytest.approx(1.2 * a.tendon_slack_length_m)
        assert b.max_isometric_force_n == pytest.approx(a.max_isometric_force_n)
    for c, d in zip(small.tissues, large.tissues, strict=True):
        assert d.slack_length_m == pytest.approx(1.2 * c.slack_length_m)


def test_uneven_scaling_keeps_a_muscle_at_the_same_part_of_its_range() -> None:
    """Fibre length over optimal when upright, by hand from length and slack, is that of the template."""
    body = scale_body(generic_body("female"), {"tibia_r": np.array([1.0, 1.0, 1.1]), "femur_r": 0.95})
    own, template = person_muscles(body), template_muscles()
    lengths = path_lengths(body, own, np.zeros((1, len(body.coordinates))))[0]
    before = path_lengths(template_body(), template, np.zeros((1, len(body.coordinates))))[0]
    for i, (a, b) in enumerate(zip(own.muscles, template.muscles, strict=True)):
        stretched = (lengths[i] - a.tendon_slack_length_m) / a.optimal_fibre_length_m
        assert stretched == pytest.approx((before[i] - b.tendon_slack_length_m) / b.optimal_fibre_length_m, abs=1e-9)


def test_force_goes_with_mass_to_the_power_two_thirds_and_says_so() -> None:
    body = generic_body("female")
    own = person_muscles(body)
    by_hand = 6194.84 * (67.8 / 75.337) ** (2 / 3)
    assert own.muscle("soleus_r").max_isometric_force_n == pytest.approx(by_hand, rel=1e-6)
    assert any("2/3" in note and "assumption" in note for note in own.notes)


def test_the_cross_section_of_the_fascia_is_a_setting() -> None:
    body = generic_body("male")

    def tension(own: Musculature) -> float:
        bands = [t for t in own.tissues if t.name.startswith("plantar_fascia") and t.name.endswith("_r")]
        assert len(bands) == 3
        return sum(float(t.tension.evaluate(0.04)[0]) for t in bands if t.tension is not None)

    assert tension(person_muscles(body, fascia_area_mm2=290.0)) == pytest.approx(
        tension(person_muscles(body)) * 290 / 70
    )


def test_tissues_can_be_left_out() -> None:
    body = generic_body()
    names = {t.name for t in person_muscles(body, without=("posterior_chain",)).tissues}
    assert "posterior_chain_r" not in names
    assert "sciatic_tibial_nerve_l" in names
    with pytest.raises(BodyError, match="posterior_chian"):
        person_muscles(body, without=("posterior_chian",))


def test_a_body_without_mass_or_segments_is_refused() -> None:
    with pytest.raises(BodyError, match="no mass"):
        person_muscles(template_body())
    body = generic_body()
    keep = [i for i, s in enumerate(body.segments) if not s.name.startswith("toes")]
    footless = Body(
        "footless",
        tuple(body.segments[i] for i in keep),
        tuple(body.joints[i] for i in keep),
        body.coordinates,
    )
    with pytest.raises(BodyError, match="toes"):
        person_muscles(footless)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"condition": "lumbar_bending:0:10"}, "lumbar_bending"),
        ({"order": "1"}, "order"),
    ],
)
def test_a_fault_in_a_table_is_named(change: dict[str, str], word: str) -> None:
    rows = [dict(row) for row in module.read_table("muscle_points_leg") if row["muscle"] == "soleus"]
    rows[1] |= change
    with pytest.raises(EvidenceError, match=word):
        module._path(rows, "", "r", "soleus")


def table(name: str) -> list[dict[str, str]]:
    text = files("kinechain.body").joinpath("parts", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


KINDS = ("muscles_", "muscle_points_", "moving_points_", "surfaces_", "tissues_", "tissue_points_", "tissue_laws_")


def test_every_row_has_a_source_that_is_known_or_says_it_is_an_assumption() -> None:
    known = {*source_keys(), "assumption", "definition"}
    names = [p.name for p in files("kinechain.body").joinpath("parts").iterdir()]
    tables = [n.removesuffix(".csv") for n in names if n.startswith(KINDS)]
    assert len(tables) >= 12
    for name in tables:
        for row in table(name):
            keys = row["source"].replace(",", " ").split()
            assert keys and set(keys) <= known, (name, row)
            assert row["grade"] and row["licence"], (name, row)
            if keys == ["assumption"]:
                assert row["grade"] == "assumption", (name, row)


def test_what_only_weighs_differently_keeps_its_paths() -> None:
    body = generic_body("female")
    heavier = replace(body, segments=tuple(replace(s, mass_kg=1.2 * s.mass_kg) for s in body.segments))
    own, strong = person_muscles(body), person_muscles(heavier)
    assert person_muscles(generic_body("female")) is own
    ratio = [
        b.max_isometric_force_n / a.max_isometric_force_n for a, b in zip(own.muscles, strong.muscles, strict=True)
    ]
    np.testing.assert_allclose(ratio, 1.2 ** (2.0 / 3.0))
    assert flatten_paths(heavier, strong) is flatten_paths(body, own)
    turned = replace(body, coordinates=tuple(replace(c, is_locked=False) for c in body.coordinates))
    assert flatten_paths(turned, own) is not flatten_paths(body, own)
    first = own.muscles[0]
    point = replace(first.path.points[0], position=first.path.points[0].position + 0.01)
    path = replace(first.path, points=(point, *first.path.points[1:]))
    moved = replace(own, muscles=(replace(first, path=path), *own.muscles[1:]))
    assert flatten_paths(body, moved) is not flatten_paths(body, own)
