"""What joints at rest resist: published values, the sense in which each pulls, and nothing counted twice."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kinechain.body.skeleton import generic_body
from kinechain.body.tables import lookup, read_table
from kinechain.body.tree import flatten
from kinechain.chain import joint_stiffness as module
from kinechain.chain.joint_stiffness import passive_coupling, passive_springs
from kinechain.core.errors import EvidenceError, SettingError
from kinechain.core.frames import about_axis
from kinechain.evidence.library import source_keys
from kinechain.loads.lumbar import LUMBAR_JOINTS, disc_stiffness

SAGITTAL = ("hip_flexion", "knee_flexion", "ankle_dorsiflexion")
LEG = (*SAGITTAL, "hip_adduction", "hip_rotation", "knee_rotation", "subtalar_eversion")
FOOT = ("midtarsal_dorsiflexion", "forefoot_eversion", "mtp_dorsiflexion")
LEVELS = tuple(f"{j}_{m}" for j in LUMBAR_JOINTS for m in ("flexion", "bending", "rotation"))
FREE = (
    "pelvis_tx",
    *LEVELS,
    "neck_flexion",
    "neck_bending",
    "neck_rotation",
    *(f"{name}_{side}" for side in "rl" for name in (*LEG, *FOOT)),
)


def moment(name: str, degrees: float, **reference: float) -> float:
    """Moment on a coordinate at an angle, with the others of the right leg at the reference, N m and degrees."""
    at = np.radians([reference.get(n.removesuffix("_r"), 0.0) for n in FREE])
    spring = passive_springs(FREE, at)[FREE.index(name)]
    assert spring is not None
    return spring.value(math.radians(degrees))


def test_the_hip_has_the_published_moments():
    """What passive_stiffness.csv says was checked: 8.6 N m towards flexion, and 73 back from 100 degrees of it."""
    assert moment("hip_flexion_r", 0.0) == pytest.approx(8.6, abs=0.05)
    assert moment("hip_flexion_r", 100.0) == pytest.approx(-73.0, abs=1.0)


@pytest.mark.parametrize(
    ("name", "far", "back"),
    [
        ("hip_flexion_r", 100.0, -1),
        ("hip_flexion_r", -20.0, 1),
        ("knee_flexion_r", -5.0, 1),
        ("knee_flexion_r", 110.0, -1),
        ("ankle_dorsiflexion_r", 20.0, -1),
        ("ankle_dorsiflexion_r", -45.0, 1),
        ("hip_adduction_r", 35.0, -1),
        ("hip_adduction_r", -35.0, 1),
        ("hip_rotation_r", 38.0, -1),
        ("hip_rotation_r", -38.0, 1),
        ("subtalar_eversion_r", 20.0, -1),
        ("subtalar_eversion_r", -20.0, 1),
        ("mtp_dorsiflexion_r", 40.0, -1),
    ],
)
def test_a_joint_near_the_end_of_its_range_is_pulled_back(name: str, far: float, back: int):
    assert back * moment(name, far) > 0


@pytest.mark.parametrize("name", [n for n in FREE if n != "pelvis_tx"])
def test_no_spring_ever_pushes_on(name: str):
    spring = passive_springs(FREE, np.zeros(len(FREE)))[FREE.index(name)]
    assert spring is not None
    assert (spring.evaluate(np.radians(np.linspace(-60.0, 90.0, 601)))[1] < 1e-9).all()


def test_the_subtalar_joint_stiffens_to_either_side_and_eversion_is_the_turn_of_the_tables():
    slope = [moment("subtalar_eversion_r", a + 1.0) - moment("subtalar_eversion_r", a) for a in (-20.0, 0.0, 20.0)]
    assert slope[0] < slope[1] and slope[2] < slope[1]
    # Cadaver hindfeet bear more in eversion than in inversion (parenteau1998): inversion is the softer way.
    assert moment("subtalar_eversion_r", -20.0) < -moment("subtalar_eversion_r", 20.0)
    body = generic_body()
    axis = body.joint_of("calcaneus_r").mobilities[0].axis
    turned = about_axis(axis, 0.1)
    # Everted, the sole of the right foot looks to the right, and the foot is abducted: both to the right of forward.
    assert (turned @ [0.0, 0.0, -1.0])[1] < 0 and (turned @ [1.0, 0.0, 0.0])[1] < 0
    assert "subtalar_eversion_r" in flatten(body, locks=False).coordinates


def test_muscles_over_two_joints_couple_them():
    # Straight-leg raise: hamstrings flex the knee more; a bent knee relaxes calf and hamstrings.
    assert moment("knee_flexion_r", 10.0, hip_flexion=60.0) > moment("knee_flexion_r", 10.0) + 5.0
    assert moment("ankle_dorsiflexion_r", 10.0, knee_flexion=60.0) > moment("ankle_dorsiflexion_r", 10.0) + 5.0
    assert moment("hip_flexion_r", 60.0, knee_flexion=60.0) > moment("hip_flexion_r", 60.0) + 5.0
    coupling = passive_coupling(FREE, np.zeros(len(FREE)))
    hip, knee, ankle = (FREE.index(f"{n}_r") for n in SAGITTAL)
    # A pull over both joints: flexing the hip and extending the knee both stretch the hamstrings.
    assert coupling[hip, knee] < 0 and coupling[knee, ankle] < 0 and coupling[hip, ankle] == 0
    np.testing.assert_array_equal(coupling, coupling.T)
    assert not np.diag(coupling).any()
    assert np.count_nonzero(coupling) == 8


def test_the_coupling_is_the_mean_of_both_directions():
    step = 0.01
    hip, knee = FREE.index("hip_flexion_r"), FREE.index("knee_flexion_r")
    by_knee = moment("hip_flexion_r", 0.0, knee_flexion=step) - moment("hip_flexion_r", 0.0, knee_flexion=-step)
    by_hip = moment("knee_flexion_r", 0.0, hip_flexion=step) - moment("knee_flexion_r", 0.0, hip_flexion=-step)
    mean = -0.5 * (by_knee + by_hip) / (2.0 * math.radians(step))
    assert passive_coupling(FREE, np.zeros(len(FREE)))[hip, knee] == pytest.approx(mean, rel=1e-3)


def test_a_standing_leg_at_rest_resists_every_motion():
    for knee in (0.0, 5.0, 20.0):
        at = np.radians([knee if n.startswith("knee_flexion") else 0.0 for n in FREE])
        slopes = [s.evaluate(a)[1] if s else 0.0 for s, a in zip(passive_springs(FREE, at), at, strict=True)]
        least = np.linalg.eigvalsh(np.diag(-np.array(slopes)) + passive_coupling(FREE, at))[1]
        assert least > 0.5  # the first is the root, which nothing holds


def test_both_sides_are_alike():
    at = np.zeros(len(FREE))
    springs = dict(zip(FREE, passive_springs(FREE, at), strict=True))
    turns = np.radians(np.linspace(-40.0, 60.0, 51))
    for name in (*LEG, *FOOT):
        right, left = springs[f"{name}_r"], springs[f"{name}_l"]
        assert right is not None and left is not None
        np.testing.assert_array_equal(right.evaluate(turns)[0], left.evaluate(turns)[0])


def test_a_lumbar_level_answers_as_its_disc_under_the_load_of_the_day():
    at = np.radians([7.0 if n == "l4_l5_flexion" else 0.0 for n in FREE])
    factor = lookup("disc_load_effects", quantity="preload_factor")
    spring = passive_springs(FREE, at)[FREE.index("l4_l5_flexion")]
    assert spring is not None
    assert spring.value(math.radians(7.0)) == pytest.approx(0.0, abs=1e-9)
    for turn, motion in ((10.0, "flexion"), (-10.0, "extension")):
        told = -factor * disc_stiffness("l4_l5", motion) * math.radians(turn)
        assert spring.value(math.radians(7.0 + turn)) == pytest.approx(told, rel=0.05)
    rotation = passive_springs(FREE, at)[FREE.index("l5_s1_rotation")]
    assert rotation is not None
    assert -rotation.evaluate(0.0)[1] == pytest.approx(factor * disc_stiffness("l5_s1", "axial_rotation"))


def test_springs_without_a_curve_hold_nothing_in_the_reference_posture():
    at = np.full(len(FREE), 0.05)
    for name, spring in zip(FREE, passive_springs(FREE, at), strict=True):
        if name.split("_")[0] in ("neck", "forefoot", "midtarsal", "mtp") or name.startswith("knee_rotation"):
            assert spring is not None and spring.value(0.05) == pytest.approx(0.0, abs=1e-9)


def test_without_a_fascia_of_its_own_the_toes_are_as_stiff_as_published():
    toes = FREE.index("mtp_dorsiflexion_r")
    with_fascia, without = (passive_springs(FREE, np.zeros(len(FREE)), fascia=f)[toes] for f in (True, False))
    assert with_fascia is not None and without is not None
    assert -without.evaluate(0.0)[1] == pytest.approx(25.0)
    assert -with_fascia.evaluate(0.0)[1] < 0.2 * 25.0


def test_knots_are_dense_enough():
    law = module._law("riener", "knee_flexion_r", dict.fromkeys(FREE, 0.0))
    turns = np.radians(np.linspace(-19.9, 119.9, 987))
    spring = passive_springs(FREE, np.zeros(len(FREE)))[FREE.index("knee_flexion_r")]
    assert spring is not None
    np.testing.assert_allclose(spring.evaluate(turns)[0], law(turns).real, rtol=1e-4, atol=1e-4)


def test_every_row_holds_its_value_between_its_limits_and_says_where_it_is_from():
    known = {*source_keys(), "assumption"}
    for row in read_table("joint_stiffness"):
        assert set(row["source"].split()) <= known and row["licence"] and row["note"], row
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"]), row
        assert (row["source"] == "assumption") == (row["grade"] == "assumption"), row


def test_what_cannot_be_told_is_refused():
    with pytest.raises(SettingError, match="knee_flexion_r"):
        passive_springs(("hip_flexion_r",), np.zeros(1))
    with pytest.raises(SettingError, match="reference values"):
        passive_springs(FREE, np.zeros(3))
    with pytest.raises(EvidenceError, match="cannot be read"):
        module._evaluate("open(1)", {})
    with pytest.raises(EvidenceError, match="no lumbar level"):
        module._disc("hip_flexion_r", 0.0)
