"""Lumbar levels: rows, disc planes and what discs resist, against hand calculations and published ranges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.musculature import template_muscles
from kinechain.body.pose import segment_poses
from kinechain.body.skeleton import RHYTHMS, template_body
from kinechain.body.tables import read_table
from kinechain.body.tree import Tree, flatten
from kinechain.chain.chain_body import chain_body
from kinechain.core.errors import BodyError, SettingError
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.evidence.library import source_keys
from kinechain.loads.loads import JointReaction
from kinechain.loads.lumbar import (
    LUMBAR_JOINTS,
    compute_disc_moments,
    disc_axes,
    disc_inclinations,
    disc_stiffness,
    estimate_facet_share,
    level_nodes,
    level_tolerances,
    lumbar_notes,
    lumbar_rows,
    sample_disc_inclinations,
    split_sacroiliac,
)


def bent(body: Body, tree: Tree, **degrees: float) -> np.ndarray:
    names = [tree.coordinates[i] for i in tree.inputs]
    values = np.zeros((1, len(names)))
    for name, angle in degrees.items():
        values[0, names.index(name)] = math.radians(angle)
    return values


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_every_level_has_its_three_rotations_unless_the_rhythm_leaves_it_rigid(rhythm: str) -> None:
    body = template_body(rhythm)
    names = [row.name for row in lumbar_rows(body, flatten(body))]
    levels = LUMBAR_JOINTS if rhythm == "lifting_full_body" else LUMBAR_JOINTS[:-1]
    assert names == [f"{joint}_{motion}" for joint in levels for motion in ("flexion", "bending", "rotation")]
    assert list(level_nodes(body, flatten(body)).values()) == names


def test_levels_with_coordinates_of_their_own_have_the_same_rows_and_discs() -> None:
    tied = template_body("lifting_full_body")
    free = chain_body(tied)
    own, ours = flatten(tied), flatten(free)
    assert [row.name for row in lumbar_rows(free, ours)] == [row.name for row in lumbar_rows(tied, own)]
    assert level_tolerances(free, ours) == pytest.approx(level_tolerances(tied, own))
    values = bent(free, ours, l5_s1_flexion=4.0, l3_l4_bending=-2.0)
    moments = compute_disc_moments(free, ours, values, preload_factor=1.0)[0]
    wanted = {"l5_s1_flexion": -4.0 * disc_stiffness("l5_s1", "flexion"),
              "l3_l4_bending": 2.0 * disc_stiffness("l3_l4", "lateral_bending")}  # fmt: skip
    found = {row.name: moments[row.node] for row in lumbar_rows(free, ours)}
    assert {n: m for n, m in found.items() if m} == pytest.approx({n: math.radians(m) for n, m in wanted.items()})


@pytest.mark.parametrize(
    ("coordinate", "axis", "sign"), [("lumbar_flexion", 0, 1), ("lumbar_bending", 1, -1), ("lumbar_rotation", 0, 1)]
)
def test_positive_is_forward_to_the_right_and_to_the_left(coordinate: str, axis: int, sign: int) -> None:
    body = template_body()
    values = np.zeros((1, len(body.coordinates)))
    values[0, [c.name for c in body.coordinates].index(coordinate)] = 0.1
    thorax = [s.name for s in body.segments].index("thorax")
    pose = segment_poses(body, values)[0][thorax]
    # The right shoulder comes forward when the trunk turns to the left; the top moves forward, and to the right.
    at = np.array([0.0, -0.17, 0.2561]) if coordinate == "lumbar_rotation" else np.array([0.0, 0.0, 0.3])
    rest = segment_poses(body, np.zeros_like(values))[0][thorax]
    moved = (pose[:3, :3] @ at + pose[:3, 3]) - (rest[:3, :3] @ at + rest[:3, 3])
    assert sign * moved[axis] > 0.01


def test_a_body_without_levels_is_refused() -> None:
    body = template_body()
    without = Body("short", body.segments[:1], body.joints[:1], body.coordinates)
    with pytest.raises(BodyError, match="no lumbar levels"):
        lumbar_rows(without, flatten(without))


def test_plates_stand_as_the_published_slope_and_lordosis_say() -> None:
    degrees = {joint: math.degrees(angle) for joint, angle in disc_inclinations().items()}
    # Sacral slope 39.5, then 21.6, 12.7, 9.1, 5.9 and 1.2 degrees of lordosis, summed by hand.
    expected = (39.5, 17.9, 5.2, -3.9, -9.8, -11.0)
    assert list(degrees.values()) == pytest.approx(expected)
    assert expected[0] - expected[-1] == pytest.approx(50.5)  # lordosis L1-S1 of the same people


def test_a_weight_on_a_plate_that_falls_forward_presses_and_shears_forward() -> None:
    slope = math.radians(30.0)
    axes = disc_axes({"l5_s1": slope})["l5_s1"]
    force = axes.T @ np.array([0.0, 0.0, -100.0])
    assert force == pytest.approx([100.0 * math.sin(slope), 0.0, -100.0 * math.cos(slope)])
    assert force[0] > 0
    assert np.linalg.det(axes) == pytest.approx(1.0)


def test_a_plate_that_falls_backward_shears_backward() -> None:
    axes = disc_axes()["l1_l2"]
    assert (axes.T @ np.array([0.0, 0.0, -100.0]))[0] < 0


def test_an_unknown_disc_is_refused() -> None:
    with pytest.raises(SettingError, match="no disc at l6_s1"):
        disc_axes({"l6_s1": 0.1})


def test_samples_of_the_sacral_slope_stay_in_the_published_range() -> None:
    drawn = np.degrees(sample_disc_inclinations(np.random.default_rng(1), 4000))
    assert drawn.shape == (4000, 6)
    # The source prints 24 to 55 degrees as mean plus and minus 2 SD.
    assert np.quantile(drawn[:, 0], [0.0228, 0.9772]) == pytest.approx([24.0, 55.0], abs=1.0)
    assert drawn.mean(axis=0) == pytest.approx(np.degrees(list(disc_inclinations().values())), abs=0.7)


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_discs_hold_nothing_in_standing_and_resist_every_departure_from_it(rhythm: str) -> None:
    body = template_body(rhythm)
    tree = flatten(body)
    assert not compute_disc_moments(body, tree, bent(body, tree)).any()
    for name, motion in (("lumbar_flexion", "flexion"), ("lumbar_bending", "bending"), ("lumbar_rotation", "rotation")):
        for angle in (-10.0, 10.0):
            moments = compute_disc_moments(body, tree, bent(body, tree, **{name: angle}))[0]
            for row in lumbar_rows(body, tree):
                assert (moments[row.node] * angle < 0) == (row.motion == motion)


def test_a_disc_gives_the_test_moment_at_the_published_range_of_motion() -> None:
    body = template_body()
    tree = flatten(body)
    # L4/5 flexes 8.9 degrees under 10 N m (yamamoto1989) and takes 0.185 of the lumbar angle in this rhythm.
    moments = compute_disc_moments(body, tree, bent(body, tree, lumbar_flexion=8.9 / 0.185), preload_factor=1.0)
    row = next(r for r in lumbar_rows(body, tree) if r.name == "l4_l5_flexion")
    assert moments[0, row.node] == pytest.approx(-10.0, rel=2e-3)
    pressed = compute_disc_moments(body, tree, bent(body, tree, lumbar_flexion=8.9 / 0.185))
    assert pressed[0, row.node] == pytest.approx(-13.3, rel=2e-3)


def test_discs_are_stiffer_in_extension_and_stiffest_in_rotation() -> None:
    for joint in LUMBAR_JOINTS:
        flexion, extension, rotation = (disc_stiffness(joint, m) for m in ("flexion", "extension", "axial_rotation"))
        assert flexion < extension < rotation


def test_the_reference_is_the_standing_posture_that_is_given() -> None:
    body = template_body()
    tree = flatten(body)
    standing = np.zeros(len(body.coordinates))
    standing[[c.name for c in body.coordinates].index("lumbar_flexion")] = math.radians(12.0)
    assert compute_disc_moments(body, tree, bent(body, tree, lumbar_flexion=12.0), standing) == pytest.approx(0.0)
    assert compute_disc_moments(body, tree, bent(body, tree), standing).max() > 0


@pytest.mark.parametrize("factor", [-1.0, math.nan])
def test_a_senseless_preload_factor_is_refused(factor: float) -> None:
    body = template_body()
    tree = flatten(body)
    with pytest.raises(SettingError, match="preload"):
        compute_disc_moments(body, tree, bent(body, tree), preload_factor=factor)


def test_no_tissue_with_a_tension_of_its_own_crosses_a_level() -> None:
    """What discs resist was measured with every ligament in place: another force there would count one twice."""
    spine = {"lumbar5", "lumbar4", "lumbar3", "lumbar2", "lumbar1", "thorax", "head"}
    for tissue in template_muscles().tissues:
        if tissue.tension is not None:
            assert not spine & {p.segment for p in tissue.path.points}, tissue.name


def test_a_level_may_be_missed_by_what_its_disc_gives_in_one_degree() -> None:
    body = template_body("lifting_full_body")
    tolerances = level_tolerances(body, flatten(body))
    assert len(tolerances) == 18
    # L5/S1 flexion: 10 N m over 10 degrees, times 1.33 under load.
    assert tolerances[0] == pytest.approx(1.33, rel=1e-6)
    assert ((tolerances > 1.0) & (tolerances < 10.0)).all()


def test_the_share_of_the_facets_is_told_for_the_two_postures_that_were_read() -> None:
    upright, flexed, between = (estimate_facet_share(math.radians(a)) for a in (0.0, 40.0, 12.0))
    assert isinstance(upright, Estimate)
    assert isinstance(flexed, Estimate)
    assert upright.value == 0.16
    assert upright.source == "adams_hutton1980"
    assert flexed.value == 0.0
    assert isinstance(between, NotMeasured)
    assert "12 degrees" in between.reason
    assert isinstance(estimate_facet_share(math.radians(-15.0)), NotMeasured)


def test_the_sacroiliac_joints_share_what_the_sacrum_brings() -> None:
    body = template_body()
    apart = 0.09  # between the posterior spines of the template
    # 300 N pressing down at the left joint alone, 0.045 m left of the middle, by hand: a moment of -0.045 * 300 about
    # the forward axis; with 20 N m about the transverse one.
    whole = JointReaction("sacroiliac", np.array([[0.0, 8.0, -300.0]]), np.array([[-13.5, 20.0, 0.0]]))
    right, left = split_sacroiliac(body, whole)
    assert left.force[0] == pytest.approx([0.0, 4.0, -300.0])
    assert right.force[0] == pytest.approx([0.0, 4.0, 0.0])
    assert right.moment[0] == pytest.approx([0.0, 10.0, 0.0])
    assert left.moment[0] == pytest.approx([0.0, 10.0, 0.0])
    # A turn to the left (about the vertical) pushes the right joint forward and the left one backward.
    turned = split_sacroiliac(body, JointReaction("sacroiliac", np.zeros((1, 3)), np.array([[0.0, 0.0, 9.0]])))
    assert [side.force[0, 0] for side in turned] == pytest.approx([9.0 / apart, -9.0 / apart])


def test_every_figure_has_a_source_that_exists() -> None:
    known = {*source_keys(), "assumption"}
    for name in ("disc_planes", "disc_stiffness", "disc_load_effects"):
        for row in read_table(name):
            assert set(row["source"].split()) <= known, row
            assert (row["source"] == "assumption") == (row["grade"] == "assumption"), row
    for name in ("muscles_trunk", "muscle_points_trunk", "surfaces_trunk"):
        for row in read_table(name):
            assert set(row["source"].split()) <= known, row
            assert row["licence"], row


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_the_notes_say_what_is_neglected_and_what_is_rigid(rhythm: str) -> None:
    body = template_body(rhythm)
    notes = " ".join(lumbar_notes(body, flatten(body)))
    assert "Pressure in the abdomen is neglected" in notes
    assert "39.5 degrees (SD 7.8" in notes
    assert ("t12_l1 rigid" in notes) == (rhythm == "christophy2012")
