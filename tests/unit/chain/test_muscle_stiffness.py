"""The stiffness of active muscles and tense tissues: energies, mirror images, and stiffness that was measured."""

from __future__ import annotations

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.muscle import Musculature
from kinechain.body.musculature import person_muscles
from kinechain.body.paths import path_lengths
from kinechain.body.skeleton import generic_body
from kinechain.body.tables import lookup
from kinechain.chain.joint_stiffness import passive_springs
from kinechain.chain.muscle_stiffness import (
    PathStiffness,
    lowered_arches,
    muscle_couplings,
    muscle_stiffness,
    posed_paths,
    tissue_stiffness,
)
from kinechain.core.errors import SettingError
from kinechain.core.gravity import GRAVITY_M_S2

LEG = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_flexion", "knee_rotation", "ankle_dorsiflexion")
FOOT = ("subtalar_eversion", "midtarsal_dorsiflexion", "forefoot_eversion", "mtp_dorsiflexion")
FREE = (
    "lumbar_flexion",
    "lumbar_bending",
    "lumbar_rotation",
    *(f"{name}_{side}" for side in "rl" for name in (*LEG, *FOOT)),
)
#: What bends or turns to the other side in the mirror.
ODD = np.array([-1.0 if name in ("lumbar_bending", "lumbar_rotation") else 1.0 for name in FREE])


@pytest.fixture(scope="module")
def body() -> Body:
    return generic_body("male")


@pytest.fixture(scope="module")
def muscles(body: Body) -> Musculature:
    return person_muscles(body)


@pytest.fixture(scope="module")
def posture(body: Body) -> np.ndarray:
    return np.array([c.default for c in body.coordinates])


@pytest.fixture(scope="module")
def standing(body: Body, muscles: Musculature, posture: np.ndarray) -> PathStiffness:
    return posed_paths(body, muscles, posture, FREE)


def mirrored(matrix: np.ndarray) -> np.ndarray:
    place = [
        FREE.index(n[:-1] + {"r": "l", "l": "r"}[n[-1]]) if n[-2:] in ("_r", "_l") else i for i, n in enumerate(FREE)
    ]
    return matrix[np.ix_(place, place)] * ODD[:, None] * ODD


def test_the_stiffness_of_a_path_is_the_second_derivative_of_its_energy(body, muscles, posture, standing):
    rng = np.random.default_rng(3)
    turn = rng.normal(size=len(FREE))
    turn /= np.linalg.norm(turn)
    stiffness, tension = rng.uniform(1e3, 1e4, len(muscles.names)), rng.uniform(0.0, 200.0, len(muscles.names))
    columns = [[c.name for c in body.coordinates].index(n) for n in FREE]
    step = 2e-3
    moved = np.tile(posture, (3, 1))
    moved[:, columns] += step * np.array([-1.0, 0.0, 1.0])[:, None] * turn
    grown = path_lengths(body, muscles, moved)
    grown = grown - grown[1]
    energy = tension * grown + 0.5 * stiffness * grown**2
    curvature = (energy[0] - 2.0 * energy[1] + energy[2]) / step**2
    told = [
        turn @ standing.matrix(stiffness[None, i : i + 1], tension[None, i : i + 1], first=i)[0] @ turn
        for i in range(len(muscles.names))
    ]
    np.testing.assert_allclose(told, curvature, atol=0.02, rtol=0.02)


def test_arms_are_the_derivatives_of_one_length(standing):
    assert standing.asymmetry.max() < 1e-5 < np.abs(standing.bends).max()


def test_without_the_geometric_term_no_motion_is_helped(standing):
    least = np.linalg.eigvalsh(muscle_stiffness(standing, 0.03, geometric=False)[0])
    assert least[0] > -1e-9 * least[-1]
    more = muscle_stiffness(standing, 0.03, tone=[1.0, 2.0], geometric=False)
    assert np.linalg.eigvalsh(more[1] - more[0])[0] > -1e-9 * least[-1]


def test_a_symmetric_body_has_a_mirrored_stiffness(body, muscles, posture, standing):
    for matrix in (muscle_stiffness(standing, 0.03)[0], tissue_stiffness(standing)[0]):
        np.testing.assert_allclose(mirrored(matrix), matrix, atol=1e-6 * np.abs(matrix).max())
        np.testing.assert_array_equal(matrix, matrix.T)


def test_without_tone_muscles_add_nothing_and_the_share_scales_the_rest(standing):
    assert not muscle_stiffness(standing, 0.0)[0].any()
    whole, part = muscle_stiffness(standing, 0.03, share=[1.0, 0.25], geometric=False)
    np.testing.assert_allclose(part, 0.25 * whole)


def test_muscles_couple_joints_as_their_anatomy_has_it(standing):
    def elastic(muscle: str, first: str, second: str) -> float:
        found = muscle_couplings(standing, 0.03, f"{first}_r", f"{second}_r")
        return next(c.elastic for c in found if c.muscle == f"{muscle}_r")

    # Extends the hip and turns it out: turning in stretches it, and it pulls into extension.
    assert elastic("glmax2", "hip_rotation", "hip_flexion") > 1.0
    # Over two joints: the one lengthens while the other shortens it.
    assert elastic("semimem", "hip_flexion", "knee_flexion") < -1.0
    assert elastic("recfem", "hip_flexion", "knee_flexion") < -1.0
    assert elastic("gasmed", "knee_flexion", "ankle_dorsiflexion") < -1.0
    # Inverts and plantarflexes: dorsiflexion and eversion stretch it together.
    assert elastic("tibpost", "ankle_dorsiflexion", "subtalar_eversion") > 0.1


def test_couplings_of_muscles_add_up_to_the_matrix(standing):
    pair = "hip_rotation_r", "hip_flexion_r"
    found = muscle_couplings(standing, 0.03, *pair, share=0.4)
    i, j = (FREE.index(n) for n in pair)
    told = muscle_stiffness(standing, 0.03, share=0.4)[0, i, j]
    assert sum(c.elastic + c.geometric for c in found) == pytest.approx(told)
    sizes = [abs(c.elastic + c.geometric) for c in found]
    assert sizes == sorted(sizes, reverse=True) and len(found) == len(standing.musculature.muscles)


def test_a_tendon_limits_what_stiff_fibres_give(standing):
    ankle = FREE.index("ankle_dorsiflexion_r")
    soft, hard = muscle_stiffness(standing, 0.03, range_constant=[23.4, 1e9], geometric=False)[:, ankle, ankle]
    assert soft < hard < 10.0 * soft


def test_the_ankles_of_a_standing_person_are_as_stiff_as_was_measured(body, standing, posture):
    """91 % (SD 23) of what gravity takes, for motions of tenths of a degree (loram2002): within two SD."""
    ankle = FREE.index("ankle_dorsiflexion_r")
    active = muscle_stiffness(standing, lookup("joint_stiffness", law="tone"))[0, ankle, ankle]
    at = np.array([posture[[c.name for c in body.coordinates].index(n)] for n in FREE])
    passive = passive_springs(FREE, at)[ankle]
    assert passive is not None
    both = 2.0 * (active - float(passive.evaluate(at[ankle])[1]))
    height = 0.9  # of the centre of mass over the ankles, m: rounded, the bound is wide
    assert 0.45 < both / (body.mass_kg * GRAVITY_M_S2 * height) < 1.37


def test_only_tissues_of_the_foot_resist_and_the_hip_is_not_counted_twice(standing):
    matrix = tissue_stiffness(standing)[0]
    above = [i for i, n in enumerate(FREE) if n[:-2] not in FOOT]
    assert np.abs(matrix[above]).max() < 1e-9
    arch = FREE.index("midtarsal_dorsiflexion_r")
    assert matrix[arch, arch] > 0.0


def test_the_windlass_couples_toes_and_arch(body, muscles, posture):
    lowered = lowered_arches(body, muscles, posture, {"right": 15.0, "left": 15.0})
    tense = posed_paths(body, muscles, lowered, FREE)
    arch, toes = FREE.index("midtarsal_dorsiflexion_r"), FREE.index("mtp_dorsiflexion_r")
    slack, held = tissue_stiffness(posed_paths(body, muscles, posture, FREE))[0], tissue_stiffness(tense)[0]
    # Toes that are bent up wind the fascia up, which lifts the arch: both stretch it.
    assert held[arch, toes] > slack[arch, toes] > 0.0
    assert held[arch, arch] > 2.0 * slack[arch, arch]
    scaled = tissue_stiffness(tense, scale=np.full((2, len(muscles.tissues)), [[1.0], [0.5]]))
    np.testing.assert_allclose(scaled[1], 0.5 * scaled[0])


def test_a_lowered_arch_carries_the_moment(body, muscles, posture):
    lowered = lowered_arches(body, muscles, posture, {"right": 12.0})
    names = [c.name for c in body.coordinates]
    right, left = (names.index(f"midtarsal_dorsiflexion_{s}") for s in "rl")
    assert lowered[right] > posture[right] and lowered[left] == posture[left]
    tense = posed_paths(body, muscles, lowered, FREE)
    tension = np.zeros(len(muscles.tissues))
    for i, tissue in enumerate(muscles.tissues):
        if tissue.tension is not None and not tissue.name.startswith("anterior_hip"):
            tension[i] = tissue.tension.value(tense.lengths[len(muscles.muscles) + i] / tissue.slack_length_m - 1.0)
    held = -tension @ tense.arms[len(muscles.muscles) :, FREE.index("midtarsal_dorsiflexion_r")]
    assert held == pytest.approx(12.0, abs=0.1)


def test_what_does_not_fit_is_refused(body, muscles, posture, standing):
    with pytest.raises(SettingError, match="hip_flexoin_r"):
        posed_paths(body, muscles, posture, ("hip_flexoin_r",))
    with pytest.raises(SettingError, match="posture"):
        posed_paths(body, muscles, posture[1:], FREE)
    with pytest.raises(SettingError, match="activations"):
        muscle_stiffness(standing, np.ones(3))
    with pytest.raises(SettingError, match="not asked about"):
        muscle_couplings(standing, 0.03, "hip_rotation_r", "neck_flexion")
    with pytest.raises(SettingError, match="factors"):
        tissue_stiffness(standing, scale=np.ones((1, 2)))
    with pytest.raises(SettingError, match="flattens the arch"):
        lowered_arches(body, muscles, posture, {"left": 1e4})
