"""The lumbar spine in still postures: hand calculations, mirror images, and what was published."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from spine_table import (
    MASS_KG,
    MODEL,
    STANDING,
    WILKE,
    Posture,
    man,
    outside_forces,
    posed,
    segment_places,
    solve_posture,
    table,
)
from spine_walking import walks

from kinechain.body.skeleton import RHYTHMS
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.joint_reactions import joint_reactions, reaction_plan
from kinechain.loads.lumbar import LUMBAR_JOINTS, compute_disc_moments, disc_axes, lumbar_rows
from kinechain.loads.newton_euler import dynamics_of, solve_forces

#: Published rows that the model misses by more than a quarter; kept, and shown by ``benchmarks/spine_table.py``.
MISSED = {
    "christophy2012": {"static posture: extension 15 deg"},
    "lifting_full_body": {"static posture: extension 15 deg", "flexion while standing, rise over upright"},
}

ABOVE = ("lumbar5", "lumbar4", "lumbar3", "lumbar2", "lumbar1", "thorax", "head")
ARMS = ("humerus", "forearm", "hand")


def above_sacrum(posture: Posture) -> list[tuple[float, np.ndarray]]:
    """Return mass (kg) and place (m) of every segment above L5/S1."""
    body, _ = man()
    at = segment_places(body, posed(body, posture))
    names = [*ABOVE, *(f"{a}_{s}" for a in ARMS for s in "rl")]
    return [(body.segment(n).mass_kg, at[n][:3, :3] @ body.segment(n).centre_of_mass + at[n][:3, 3]) for n in names]


def test_the_upper_body_weighs_what_was_published() -> None:
    # de Leva 1996, men, normalised to 1 (they print 1.0002 with both limbs): head 0.0694, upper and middle trunk 0.1596
    # and 0.1633, per side upper arm 0.0271, forearm 0.0162, hand 0.0061; the slice of L5 0.0217 (model file).
    by_hand = 70.0 * (0.0694 + 0.1596 + 0.1633 + 2 * (0.0271 + 0.0162 + 0.0061) + 0.0217)
    assert sum(m for m, _ in above_sacrum(STANDING)) == pytest.approx(by_hand, rel=2e-3)
    assert man()[0].mass_kg == pytest.approx(MASS_KG)


@pytest.mark.parametrize("posture", [STANDING, *WILKE[1:], MODEL[0]], ids=lambda p: p.name)
def test_the_moment_at_l5_s1_is_weights_times_levers(posture: Posture) -> None:
    body, _ = man()
    at = segment_places(body, posed(body, posture))
    centre = at["lumbar5"][:3, 3]
    moment = sum(m * GRAVITY_M_S2 * (place[0] - centre[0]) for m, place in above_sacrum(posture))
    if posture.load_kg:
        hand = body.segment("hand_r").centre_of_mass
        at_hand = (at["hand_r"][:3, :3] @ hand + at["hand_r"][:3, 3])[0]
        ahead = at_hand if posture.load_ahead_m is None else at["lumbar4"][0, 3] + posture.load_ahead_m
        moment += posture.load_kg * GRAVITY_M_S2 * (ahead - centre[0])
    # Weights ahead bend forward; what must be given extends: negative flexion.
    assert solve_posture(posture).net_flexion_moment["l5_s1"] == pytest.approx(-moment, abs=1e-6)


def test_a_bent_trunk_asks_what_a_rigid_plank_would() -> None:
    """Tilt the pelvis by 40 degrees: the lever of the upper body follows from its upright place by turning it."""
    upright = above_sacrum(STANDING)
    body, _ = man()
    centre = segment_places(body, posed(body, STANDING))["lumbar5"][:3, 3]
    total = sum(m for m, _ in upright)
    x, _, z = sum(m * (place - centre) for m, place in upright) / total
    tilt = math.radians(40.0)
    by_hand = total * 9.80665 * (x * math.cos(tilt) + z * math.sin(tilt))
    found = solve_posture(Posture("bent", {"pelvis_tilt": 40.0})).net_flexion_moment["l5_s1"]
    assert found == pytest.approx(-by_hand, rel=1e-6)
    # 35.9 kg about 0.27 m above the joint.
    assert by_hand == pytest.approx(35.9 * 9.81 * (0.01 + 0.27 * math.sin(tilt)), rel=0.12)


def test_without_muscles_the_disc_carries_the_weight_above_it() -> None:
    body, _ = man()
    values = posed(body, STANDING)
    dynamics, still = dynamics_of(body), np.zeros_like(values)
    at = segment_places(body, values)
    forces = solve_forces(dynamics, values, still, still, outside_forces(body, STANDING, at))
    plan = reaction_plan(body, dynamics, LUMBAR_JOINTS, disc_axes())
    disc = joint_reactions(dynamics, plan, values, forces)[0]
    weight = sum(m for m, _ in above_sacrum(STANDING)) * GRAVITY_M_S2
    slope = math.radians(39.5)
    assert disc.compression_n[0] == pytest.approx(weight * math.cos(slope))
    assert disc.force[0, 0] == pytest.approx(weight * math.sin(slope))  # forward, as the plate falls forward
    assert disc.force[0, 1] == pytest.approx(0.0, abs=1e-9)


def test_the_ground_carries_body_and_load() -> None:
    body, _ = man()
    for posture in WILKE:
        values = posed(body, posture)
        still = np.zeros_like(values)
        at = segment_places(body, values)
        forces = solve_forces(dynamics_of(body), values, still, still, outside_forces(body, posture, at))
        names = [dynamics_of(body).tree.coordinates[i] for i in dynamics_of(body).tree.inputs]
        residual = [forces.inputs[0, names.index(n)] for n in names if n.startswith("pelvis")]
        assert residual == pytest.approx(np.zeros(6), abs=1e-6)


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_a_mirrored_posture_has_mirrored_loads(rhythm: str) -> None:
    right = solve_posture(Posture("right", {"lumbar_bending": 12.0, "lumbar_rotation": -3.0}), rhythm)
    left = solve_posture(Posture("left", {"lumbar_bending": -12.0, "lumbar_rotation": 3.0}), rhythm)
    for joint in LUMBAR_JOINTS:
        here, there = right.reactions[joint], left.reactions[joint]
        assert here.force[0] == pytest.approx(there.force[0] * [1.0, -1.0, 1.0], abs=1e-3)
        assert here.moment[0] == pytest.approx(there.moment[0] * [-1.0, 1.0, -1.0], abs=1e-3)
    for name, activation in right.activation.items():
        other = f"{name[:-2]}_{'l' if name.endswith('_r') else 'r'}"
        assert activation == pytest.approx(left.activation[other], abs=1e-5)


def test_an_upright_man_is_loaded_without_a_side() -> None:
    spine = solve_posture(STANDING)
    assert max(abs(r.force[0, 1]) for r in spine.reactions.values()) < 1e-3


def test_a_weight_further_ahead_presses_more() -> None:
    near = WILKE[2]
    far = replace(near, load_ahead_m=0.55)
    at_disc = [float(solve_posture(p).reactions["l4_l5"].compression_n[0]) for p in (near, far)]
    lever = (0.55 - 0.25) * 20.0 * GRAVITY_M_S2
    # Extensors 4 to 7 cm behind the disc balance the added moment.
    assert lever / 0.07 < at_disc[1] - at_disc[0] < lever / 0.04


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_no_level_is_missed_by_more_than_its_disc_gives_in_two_degrees(rhythm: str) -> None:
    for posture in (*WILKE, *MODEL[:3]):
        assert solve_posture(posture, rhythm).disc_missing < 2.7, posture.name


def test_a_rhythm_of_moments_would_leave_single_discs_more_than_they_can_carry() -> None:
    """Why every level is balanced: the same posture, muscles balancing the levels or the three coordinates only."""
    body, _ = man("lifting_full_body")
    tree = dynamics_of(body).tree
    close = WILKE[2]
    disc = compute_disc_moments(body, tree, posed(body, close))[0]
    left = {}
    for balanced in ("levels", "rhythm"):
        spine = solve_posture(close, "lifting_full_body", balanced)
        left[balanced] = max(
            abs(spine.reactions[row.joint].moment[0, 1] + disc[row.node])
            for row in lumbar_rows(body, tree)
            if row.motion == "flexion"
        )
    assert left["levels"] < 1.5
    assert left["rhythm"] > 25.0


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_published_loads_are_met_within_a_quarter_or_named_as_missed(rhythm: str) -> None:
    ratios = {row.item: row.computed / row.published for row in table(rhythm)}
    assert len(ratios) == 11
    assert {item for item, ratio in ratios.items() if not 0.75 < ratio < 1.25} == MISSED[rhythm]


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_postures_load_the_disc_in_the_published_order(rhythm: str) -> None:
    computed = {row.item: row.computed for row in table(rhythm) if row.source == "wilke1999"}
    standing, flexed, close, round_back, bent_knees = computed.values()
    assert standing < flexed < bent_knees < round_back
    assert standing < close < bent_knees


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_walking_presses_the_spine_as_published_and_more_when_fast(shared: Path, rhythm: str) -> None:
    """Cappozzo 1984, L3/4: the largest compression lies between 1.0 and 2.5 body weights and rises with speed."""
    del shared  # skips where there are no shared recordings
    by_person: dict[str, dict[str, float]] = {}
    for walk in walks("levels", 2):
        if walk.rhythm == rhythm:
            largest, smallest = walk.compression["l3_l4"]
            assert 1.0 < largest < 2.5, walk.name
            # Published from 0.8 (slow) down to 0.2 (fast): ours stays above it, a miss that is kept.
            assert 0.7 < smallest < 1.15, walk.name
            by_person.setdefault(walk.name[:7], {})[walk.kind] = largest
    assert len(by_person) == 2
    for kinds in by_person.values():
        assert kinds["fast"] > 1.05 * kinds["preferred"]
