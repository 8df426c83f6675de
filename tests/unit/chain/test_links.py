"""How the links stand, against where points of the body lie: malleoli, joint centres, iliac spines, C7."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kinechain.body.pose import coordinate_values, marker_positions, segment_poses
from kinechain.body.skeleton import generic_body
from kinechain.body.tree import flatten
from kinechain.chain.chain_body import LEVELS, PLANES, chain_body
from kinechain.chain.links import LINKS, compute_links, link_index
from kinechain.chain.situation import ROOT, ChainModel
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError
from kinechain.motion.angles import anatomical_frames, angles_from_frames
from kinechain.motion.signs import labels

LEG = (
    "hip_flexion hip_adduction hip_rotation knee_flexion knee_rotation ankle_dorsiflexion subtalar_eversion "
    "midtarsal_dorsiflexion forefoot_eversion mtp_dorsiflexion"
).split()
STEP = math.radians(4.0)


@pytest.fixture(scope="module")
def model() -> ChainModel:
    body = chain_body(generic_body())
    free = (*ROOT, *(f"{level}_{plane}" for level in LEVELS for plane in PLANES))
    free += tuple(f"neck_{plane}" for plane in PLANES) + tuple(f"{name}_{s}" for s in "rl" for name in LEG)
    return ChainModel(body, flatten(body, locks=False), None, free, (), (), (), (None,) * len(free))


def posed(model: ChainModel, **values: float) -> FloatArray:
    inputs = np.zeros((1, len(model.inputs)))
    for name, value in values.items():
        inputs[0, model.input_index(name)] = value
    return inputs


def points(model: ChainModel, inputs: FloatArray, *names: str) -> list[FloatArray]:
    landmarks = tuple(model.body.landmark(name) for name in names)
    return list(marker_positions(model.body, landmarks, coordinate_values(model.tree, inputs))[0])


def change(model: ChainModel, link: str, **values: float) -> float:
    both = np.concatenate([posed(model), posed(model, **values)])
    before, after = compute_links(model, both)[:, link_index(link)]
    return float(after - before)


def heading(front: FloatArray, back: FloatArray) -> float:
    """Direction of a line seen from above, rad, positive to the left."""
    return math.atan2(front[1] - back[1], front[0] - back[0])


def fall(high: FloatArray, low: FloatArray, across: int) -> float:
    """Lean of a line towards +x (0) or +y (1), rad."""
    return math.atan2(high[across] - low[across], high[2] - low[2])


def test_links_run_from_the_floor_to_the_head_and_are_named_once() -> None:
    names = [link.id for link in LINKS]
    assert len(set(names)) == len(names)
    order = ["calcaneus_eversion_left", "shank_rotation_left", "hip_flexion_left", "pelvis_tilt", "thorax_tilt"]
    assert [names.index(name) for name in order] == sorted(names.index(name) for name in order)
    with pytest.raises(SettingError, match="pelvis_tilt"):
        link_index("pelvis_tillt")


@pytest.mark.parametrize(("side", "inward"), [("right", 1.0), ("left", -1.0)])
def test_a_shank_that_turns_inward_carries_its_outer_malleolus_forward(
    model: ChainModel, side: str, inward: float
) -> None:
    end = side[0]
    names = (f"lateral_malleolus_{end}", f"medial_malleolus_{end}")
    turned = {f"hip_rotation_{end}": STEP}
    before = heading(*points(model, posed(model), *names))
    after = heading(*points(model, posed(model, **turned), *names))
    assert inward * (after - before) == pytest.approx(STEP, abs=1e-3)
    assert change(model, f"shank_rotation_{side}", **turned) == pytest.approx(inward * (after - before), abs=1e-3)
    assert change(model, f"thigh_rotation_{side}", **turned) == pytest.approx(STEP, abs=1e-3)


@pytest.mark.parametrize("side", ["right", "left"])
def test_an_everted_foot_has_its_outer_edge_up(model: ChainModel, side: str) -> None:
    end = side[0]
    names = (f"metatarsal_1_head_{end}", f"metatarsal_5_head_{end}")
    everted = {f"subtalar_eversion_{end}": STEP}
    before, after = (points(model, posed(model, **which), *names) for which in ({}, everted))
    raised = (after[1][2] - after[0][2] - before[1][2] + before[0][2]) / np.linalg.norm(after[1] - after[0])
    assert raised > 0.5 * STEP
    assert change(model, f"calcaneus_eversion_{side}", **everted) == pytest.approx(raised, rel=0.2)
    assert change(model, f"subtalar_eversion_{side}", **everted) == pytest.approx(STEP)


@pytest.mark.parametrize(("side", "outward"), [("right", -1.0), ("left", 1.0)])
def test_a_shank_leans_as_the_line_from_ankle_to_knee(model: ChainModel, side: str, outward: float) -> None:
    end = side[0]
    moved = {f"hip_adduction_{end}": STEP, f"hip_flexion_{end}": -STEP}
    lines = [points(model, posed(model, **which), f"knee_centre_{end}", f"ankle_centre_{end}") for which in ({}, moved)]
    out, ahead = (fall(*lines[1], across=k) - fall(*lines[0], across=k) for k in (1, 0))
    assert outward * out > 0.5 * STEP
    assert change(model, f"shank_lean_frontal_{side}", **moved) == pytest.approx(outward * out, abs=2e-3)
    assert change(model, f"shank_lean_sagittal_{side}", **moved) == pytest.approx(ahead, abs=2e-3)
    assert ahead > 0.5 * STEP


def test_the_pelvis_stands_as_its_iliac_spines(model: ChainModel) -> None:
    names = ("asis_r", "asis_l", "psis_r", "psis_l")
    moved = {"pelvis_tilt": STEP, "pelvis_obliquity": 0.8 * STEP, "pelvis_rotation": 0.5 * STEP}
    asis_r, asis_l, psis_r, psis_l = points(model, posed(model, **moved), *names)
    assert asis_r[2] > asis_l[2]
    assert asis_r[0] > asis_l[0]
    level = math.asin((asis_r[2] - asis_l[2]) / np.linalg.norm(asis_r - asis_l))
    assert change(model, "pelvis_obliquity_right", **moved) == pytest.approx(level, abs=1e-3)
    assert change(model, "pelvis_obliquity_left", **moved) == pytest.approx(-level, abs=1e-3)
    assert change(model, "pelvis_rotation_right", **moved) == pytest.approx(
        heading(asis_l, asis_r) - math.pi / 2, abs=1e-3
    )
    front, back = (asis_r + asis_l) / 2, (psis_r + psis_l) / 2
    still = points(model, posed(model), *names)
    fallen = fall(front, back, across=0) - fall((still[0] + still[1]) / 2, (still[2] + still[3]) / 2, across=0)
    assert change(model, "pelvis_tilt", **moved) == pytest.approx(fallen, abs=2e-3)


def test_the_trunk_leans_and_bends_as_its_spine_does(model: ChainModel) -> None:
    bent = {"l5_s1_bending": STEP, "l3_l4_flexion": 0.5 * STEP, "t12_l1_flexion": 0.5 * STEP}
    c7, sacrum = points(model, posed(model, **bent), "c7", "psis_r")
    c7_before, _ = points(model, posed(model), "c7", "psis_r")
    assert c7[1] < c7_before[1]
    assert c7[0] > c7_before[0]
    assert sacrum[2] < c7[2]
    assert change(model, "lumbar_flexion", **bent) == pytest.approx(STEP)
    assert change(model, "lordosis", **bent) == pytest.approx(-STEP)
    assert change(model, "lumbar_bending_right", **bent) == pytest.approx(STEP)
    assert change(model, "thorax_lean_right", **bent) == pytest.approx(STEP, rel=0.02)
    assert change(model, "thorax_lean_left", **bent) == pytest.approx(-STEP, rel=0.02)
    assert change(model, "thorax_tilt", **bent) == pytest.approx(STEP, rel=0.02)
    assert change(model, "head_tilt", **bent) == pytest.approx(STEP, rel=0.02)


def test_a_longer_thigh_leaves_the_hip_and_a_higher_pelvis_lifts_it(model: ChainModel) -> None:
    assert change(model, "hip_height_left", pelvis_tz=0.01) == pytest.approx(0.01)
    assert change(model, "hip_height_right", pelvis_obliquity=STEP) > 0.004


def test_mirrored_postures_have_mirrored_links(model: ChainModel) -> None:
    generator = np.random.default_rng(5)
    names = list(model.inputs)
    one = np.zeros((1, len(names)))
    other = np.zeros((1, len(names)))
    odd = ("pelvis_ty", "pelvis_rotation", "pelvis_obliquity")
    for name in model.free:
        mirrored = {"_r": f"{name[:-2]}_l", "_l": f"{name[:-2]}_r"}.get(name[-2:], name)
        value = float(generator.normal(scale=0.05))
        sign = -1.0 if name in odd or (mirrored == name and name.endswith(("bending", "rotation"))) else 1.0
        one[0, names.index(name)], other[0, names.index(mirrored)] = value, sign * value
    first, second = compute_links(model, one)[0], compute_links(model, other)[0]
    for link in LINKS:
        opposite = {"left": "right", "right": "left"}.get(link.side)
        twin = link.id if opposite is None else f"{link.stem}_{opposite}"
        assert first[link_index(link.id)] == pytest.approx(second[link_index(twin)], abs=1e-9), link.id


def test_a_case_that_is_bent_far_does_not_turn_those_after_it(model: ChainModel) -> None:
    upright = posed(model, pelvis_rotation=0.05, hip_flexion_r=0.1, thigh_length_r=0.0)
    tumbled = posed(model, pelvis_tilt=2.8, pelvis_rotation=2.9, pelvis_obliquity=1.2, knee_flexion_r=2.0)
    found = compute_links(model, np.concatenate([upright, tumbled, upright]))
    assert found[2] == pytest.approx(found[0], abs=1e-12)


def test_links_between_segments_are_the_clinical_angles_of_walking(model: ChainModel) -> None:
    generator = np.random.default_rng(8)
    inputs = np.zeros((1, len(model.inputs)))
    inputs[:, [model.input_index(name) for name in model.free[3:]]] = generator.normal(
        scale=0.1, size=len(model.free) - 3
    )
    values = coordinate_values(model.tree, inputs)
    frames = anatomical_frames(model.body, segment_poses(model.body, values)) | {"walking": np.eye(3)[None]}
    clinical = dict(zip(labels(), angles_from_frames(frames)[0], strict=True))
    found = compute_links(model, inputs)[0]
    for name in ("hip_flexion_left", "hip_rotation_right", "knee_flexion_left", "knee_rotation_left",
                 "pelvis_obliquity_right", "pelvis_rotation_left", "thorax_rotation_right"):  # fmt: skip
        assert found[link_index(name)] == pytest.approx(clinical[name], abs=1e-12)
    assert found[link_index("pelvis_tilt")] == pytest.approx(clinical["pelvis_tilt_left"], abs=1e-12)


def test_a_posture_that_is_not_known_has_no_links(model: ChainModel) -> None:
    inputs = np.concatenate([posed(model), posed(model)])
    inputs[1, 3] = np.nan
    found = compute_links(model, inputs)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()
