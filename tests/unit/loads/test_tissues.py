"""Fascia, ligaments and tendons: their laws by hand, the windlass, and an arch in balance with its load."""

import numpy as np
import pytest

from kinechain.body.muscle import Musculature
from kinechain.body.musculature import person_muscles, template_muscles
from kinechain.body.paths import moment_arms, path_lengths
from kinechain.body.pose import segment_poses
from kinechain.body.skeleton import generic_body, template_body
from kinechain.body.tree import KERNELS
from kinechain.core.errors import SettingError
from kinechain.core.frames import about_axis
from kinechain.loads import tissues as module
from kinechain.loads.tissues import (
    compute_achilles_tension,
    compute_fascia_tension,
    compute_iliotibial_tension,
    compute_tissue_strains,
    compute_tissue_tensions,
    infer_toe_dorsiflexion,
    solve_arch,
)

BODY = generic_body("male")
OWN = person_muscles(BODY)
NAMES = [t.name for t in OWN.tissues]
COORDINATES = [c.name for c in BODY.coordinates]


def poses(**degrees: list[float]) -> np.ndarray:
    count = max(len(v) for v in degrees.values())
    values = np.zeros((count, len(COORDINATES)))
    for name, series in degrees.items():
        values[:, COORDINATES.index(name)] = np.radians(series)
    return values


def measured(values: np.ndarray, coordinate: str = "midtarsal_dorsiflexion_r") -> tuple[np.ndarray, np.ndarray]:
    """Return the lengths of all tissues and their arms about a coordinate."""
    count = len(OWN.muscles)
    arms = moment_arms(BODY, OWN, values)[:, count:, COORDINATES.index(coordinate)]
    return path_lengths(BODY, OWN, values)[:, count:], arms


def test_the_whole_fascia_is_as_stiff_as_cadaver_fascia() -> None:
    """203.7 N/mm (Kitaoka 1994) at 70 mm2, beyond the toe region, at the size of the template."""
    own = template_muscles()
    slack = np.array([t.slack_length_m for t in own.tissues])
    tension = [
        compute_fascia_tension(own, compute_tissue_tensions(own, (slack + extra)[None]), "right")[0]
        for extra in (0.009, 0.010)
    ]
    assert tension[1] - tension[0] == pytest.approx(203.7, rel=0.02)


def test_a_slack_tissue_pulls_nothing_and_a_missing_length_stays_missing() -> None:
    slack = np.array([t.slack_length_m for t in OWN.tissues])
    lengths = np.stack([0.9 * slack, slack, np.full(len(slack), np.nan)])
    tensions = compute_tissue_tensions(OWN, lengths)
    np.testing.assert_array_equal(tensions[:2], 0.0)
    assert np.isnan(tensions[2]).all()
    np.testing.assert_allclose(compute_tissue_strains(OWN, lengths)[0], -0.1)


def test_nerves_and_tendons_of_muscles_have_a_length_and_no_force() -> None:
    lengths = 1.1 * np.array([[t.slack_length_m for t in OWN.tissues]])
    tensions = dict(zip(NAMES, compute_tissue_tensions(OWN, lengths)[0], strict=True))
    for name in ("sciatic_tibial_nerve_r", "achilles_r", "iliotibial_band_l", "posterior_chain_r"):
        assert tensions[name] == 0.0
    assert tensions["plantar_fascia_central_r"] > 0.0


def test_tension_never_falls_as_a_tissue_lengthens() -> None:
    slack = np.array([t.slack_length_m for t in OWN.tissues])
    tensions = compute_tissue_tensions(OWN, slack * np.linspace(0.95, 1.2, 200)[:, None])
    assert (np.diff(tensions, axis=0) >= 0.0).all()


def test_dorsiflexed_toes_wind_the_fascia_up() -> None:
    """Windlass: elongation is the arc over the metatarsal heads, arm times angle, and tension rises all the way."""
    angles = np.arange(0.0, 65.0, 5.0)
    lengths, arms = measured(poses(mtp_dorsiflexion_r=list(angles)), "mtp_dorsiflexion_r")
    bands = [i for i, n in enumerate(NAMES) if n.startswith("plantar_fascia") and n.endswith("_r")]
    assert (arms[:, bands] < -0.007).all() and (arms[:, bands] > -0.012).all()
    stretched = lengths[-1, bands] - lengths[0, bands]
    np.testing.assert_allclose(stretched, np.radians(60.0) * -arms[:, bands].mean(axis=0), rtol=0.02)
    tension = compute_fascia_tension(OWN, compute_tissue_tensions(OWN, lengths), "right")
    assert (np.diff(tension) > 0.0).all()
    other = compute_fascia_tension(OWN, compute_tissue_tensions(OWN, lengths), "left")
    np.testing.assert_allclose(other, 0.0, atol=1e-6)


def test_a_flattened_arch_stretches_fascia_and_ligaments() -> None:
    lengths, arms = measured(poses(midtarsal_dorsiflexion_r=[0.0, 3.0, 6.0]))
    for name in ("plantar_fascia_medial", "long_plantar_ligament", "short_plantar_ligament", "spring_ligament"):
        i = NAMES.index(f"{name}_r")
        assert (np.diff(lengths[:, i]) > 0.0).all() and (arms[:, i] < 0.0).all(), name


def test_tissues_of_a_loaded_arch_balance_its_moment() -> None:
    values = poses(mtp_dorsiflexion_r=[0.0, 20.0, 40.0, 60.0])
    lengths, arms = measured(values)
    moment = np.array([80.0, 60.0, 60.0, 40.0])
    arch = solve_arch(OWN, lengths, arms, moment)
    np.testing.assert_allclose(-(arch.tensions * arms).sum(axis=1), moment, rtol=1e-8)
    # At the same load dorsiflexed toes hold the arch higher and the fascia tighter.
    level = solve_arch(OWN, lengths, arms, np.full(4, 60.0))
    assert (np.diff(level.dorsiflexion_rad) < 0.0).all()
    assert (np.diff(compute_fascia_tension(OWN, level.tensions, "right")) > 0.0).all()


def test_the_balance_holds_in_the_pose_it_found() -> None:
    """The arch is really lowered by what was found, and its tissues measured again; arms were held meanwhile."""
    lengths, arms = measured(poses(mtp_dorsiflexion_r=[0.0]))
    arch = solve_arch(OWN, lengths, arms, np.array([60.0]))
    given = np.degrees(float(arch.dorsiflexion_rad[0]))
    again, arms_again = measured(poses(midtarsal_dorsiflexion_r=[given]))
    moment = -(compute_tissue_tensions(OWN, again) * arms_again).sum()
    assert 2.0 < given < 10.0
    assert moment == pytest.approx(60.0, rel=0.12)


def test_tissues_of_another_stiffness_share_the_moment_of_an_arch_otherwise() -> None:
    lengths, arms = measured(poses(mtp_dorsiflexion_r=[0.0, 0.0, 0.0]))
    moment = np.full(3, 60.0)
    scales = np.ones_like(lengths)
    scales[1] = 2.0
    scales[2, [NAMES.index(f"plantar_fascia_{band}_r") for band in ("medial", "central", "lateral")]] = 3.0
    arch = solve_arch(OWN, lengths, arms, moment, scales)
    np.testing.assert_allclose(-(arch.tensions * arms).sum(axis=1), moment, rtol=1e-8)
    np.testing.assert_allclose(arch.tensions[0], solve_arch(OWN, lengths, arms, moment).tensions[0], rtol=1e-6)
    # All twice as stiff, the arch gives as under half the moment; a stiffer fascia takes more of the same.
    half = solve_arch(OWN, lengths[:1], arms[:1], moment[:1] / 2)
    assert arch.dorsiflexion_rad[1] == pytest.approx(half.dorsiflexion_rad[0], abs=1e-9)
    fascia = compute_fascia_tension(OWN, arch.tensions, "right")
    assert fascia[2] > 1.3 * fascia[0]
    with pytest.raises(SettingError, match="scales"):
        solve_arch(OWN, lengths, arms, moment, scales[:2])


def test_an_arch_without_load_does_not_give() -> None:
    lengths, arms = measured(poses(mtp_dorsiflexion_r=[0.0, 30.0]))
    arch = solve_arch(OWN, lengths, arms, np.array([0.0, -20.0]))
    np.testing.assert_array_equal(arch.tensions[:, (arms < 0.0).all(axis=0)], 0.0)
    # Dorsiflexed toes lift an arch that carries nothing.
    assert arch.dorsiflexion_rad[0] == pytest.approx(0.0, abs=1e-9)
    assert arch.dorsiflexion_rad[1] < np.radians(-5.0)


def test_a_missing_moment_stays_missing_and_an_impossible_one_is_named() -> None:
    lengths, arms = measured(poses(mtp_dorsiflexion_r=[0.0, 0.0]))
    arch = solve_arch(OWN, lengths, arms, np.array([np.nan, 30.0]))
    assert np.isnan(arch.dorsiflexion_rad[0]) and np.isnan(arch.tensions[0]).all()
    assert np.isfinite(arch.tensions[1]).all()
    assert not arch.is_beyond.any()
    impossible = solve_arch(OWN, lengths, arms, np.array([10.0, 1e6]))
    assert impossible.is_beyond.tolist() == [False, True]
    assert np.isfinite(impossible.tensions[0]).all() and np.isnan(impossible.tensions[1]).all()
    with pytest.raises(SettingError, match="same instants"):
        solve_arch(OWN, lengths, arms, np.array([10.0]))


@pytest.mark.skipif(KERNELS != "compiled", reason="the extension was not built here")
def test_kernel_and_python_twin_give_the_same_arch(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    count = 60
    values = poses(
        mtp_dorsiflexion_r=list(random.uniform(-20, 60, count)),
        midtarsal_dorsiflexion_r=list(random.uniform(-5, 8, count)),
    )
    lengths, arms = measured(values)
    lengths, arms = np.array(lengths), np.array(arms)
    moment = random.uniform(-30.0, 150.0, count)
    lengths[3, 0] = arms[4, 1] = moment[5] = np.nan
    tensions = compute_tissue_tensions(OWN, lengths)
    arch = solve_arch(OWN, lengths, arms, moment)
    monkeypatch.setattr(module, "KERNELS", "Python")
    np.testing.assert_allclose(tensions, compute_tissue_tensions(OWN, lengths), rtol=1e-12, atol=1e-9)
    twin = solve_arch(OWN, lengths, arms, moment)
    np.testing.assert_allclose(arch.dorsiflexion_rad, twin.dorsiflexion_rad, rtol=0, atol=3e-12)
    np.testing.assert_allclose(arch.tensions, twin.tensions, rtol=0, atol=1e-6)
    assert solve_arch(OWN, lengths[:2], arms[:2], np.array([10.0, 1e6])).is_beyond.tolist() == [False, True]


@pytest.mark.skipif(KERNELS != "compiled", reason="the extension was not built here")
def test_the_kernel_refuses_laws_it_cannot_read() -> None:
    laws = module.kernels().TissueLaws
    table = [np.array([0, 1]), np.array([0]), np.array([0.0, 1.0]), np.array([[0.0, 100.0, 0.0, 0.0]])]
    assert laws(np.array([0.1]), np.array([0]), *table).tensions(np.array([[0.11]]))[0, 0] == pytest.approx(10.0)
    with pytest.raises(ValueError, match="outside its table"):
        laws(np.array([0.1]), np.array([1]), *table)
    with pytest.raises(ValueError, match="slack length"):
        laws(np.array([0.0]), np.array([0]), *table)
    with pytest.raises(ValueError, match="lengths"):
        laws(np.array([0.1]), np.array([0]), *table).tensions(np.zeros((2, 3)))


def test_the_achilles_tendon_carries_the_triceps_surae_of_its_side() -> None:
    names = [m.name for m in OWN.muscles]
    forces = np.zeros((2, len(names)))
    for name, force in (("soleus_r", 900.0), ("gasmed_r", 300.0), ("gaslat_r", 100.0), ("tibpost_r", 50.0)):
        forces[0, names.index(name)] = force
    forces[1, names.index("tfl_l")] = 70.0
    np.testing.assert_allclose(compute_achilles_tension(OWN, forces, "right"), [1300.0, 0.0])
    np.testing.assert_allclose(compute_achilles_tension(OWN, forces, "left"), [0.0, 0.0])
    np.testing.assert_allclose(compute_iliotibial_tension(OWN, forces, "left"), [0.0, 70.0])


def test_the_sciatic_nerve_lengthens_as_in_a_straight_leg_raise() -> None:
    """Raising a straight leg lengthens it, bending the knee takes it back, dorsiflexion adds: slump and SLR tests."""
    i = NAMES.index("sciatic_tibial_nerve_r")
    series = {
        "hip_flexion_r": [0.0, 70.0, 70.0, 70.0],
        "knee_flexion_r": [0.0, 0.0, 60.0, 0.0],
        "ankle_dorsiflexion_r": [0.0, 0.0, 0.0, 20.0],
    }
    upright, raised, bent, pulled = compute_tissue_strains(OWN, measured(poses(**series))[0])[:, i]
    assert upright == pytest.approx(0.0, abs=1e-9)
    assert 0.02 < raised < 0.10
    assert bent < raised < pulled


def test_columns_must_fit_the_musculature() -> None:
    with pytest.raises(SettingError, match="one column per tissue"):
        compute_tissue_tensions(OWN, np.zeros((3, 2)))
    with pytest.raises(SettingError, match="one column per muscle"):
        compute_achilles_tension(OWN, np.zeros((3, 2)), "left")
    bare = Musculature((OWN.muscle("tibant_r"),))
    with pytest.raises(SettingError, match="soleus"):
        compute_achilles_tension(bare, np.zeros((3, 1)), "left")


def test_template_and_person_have_the_same_tissues() -> None:
    assert template_body().name == "template"
    assert [t.name for t in template_muscles().tissues] == NAMES


def test_toes_on_the_floor_bend_as_far_as_the_foot_is_pitched() -> None:
    """Pitched about the joint's own axis the angle is that of the pitch; then the toes stand level."""
    axis = BODY.joint_of("toes_r").mobilities[0].axis
    pitch = np.radians([0.0, 15.0, 45.0, -20.0, 45.0])
    values = np.zeros((len(pitch), len(COORDINATES)))
    names = [s.name for s in BODY.segments]
    loaded = np.array([True, True, True, True, False])
    for count, angle in enumerate(pitch):
        rotation = about_axis(axis, -float(angle))
        values[count, [COORDINATES.index(n) for n in ("pelvis_rotation", "pelvis_obliquity", "pelvis_tilt")]] = (
            root_angles(rotation)
        )
    found = infer_toe_dorsiflexion(BODY, values, "right", loaded)
    np.testing.assert_allclose(found, np.radians([0.0, 15.0, 45.0, 0.0, 0.0]), atol=1e-6)
    values[:, COORDINATES.index("mtp_dorsiflexion_r")] = found
    toes = segment_poses(BODY, values)[:, names.index("toes_r"), 2, 2]
    np.testing.assert_allclose(toes[:3], 1.0, atol=1e-9)


def root_angles(rotation: np.ndarray) -> np.ndarray:
    """Return rotation, obliquity and tilt of the pelvis that give a world attitude, by least squares."""
    from scipy.optimize import least_squares

    columns = [COORDINATES.index(n) for n in ("pelvis_rotation", "pelvis_obliquity", "pelvis_tilt")]

    def missing(angles: np.ndarray) -> np.ndarray:
        values = np.zeros((1, len(COORDINATES)))
        values[0, columns] = angles
        return np.asarray((segment_poses(BODY, values)[0, 0, :3, :3] - rotation).ravel())

    return np.asarray(least_squares(missing, np.zeros(3), xtol=1e-15, ftol=1e-15, gtol=1e-15).x)
