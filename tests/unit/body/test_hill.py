"""Muscle curves: what the published curves say, and what OpenSim's classes of these names return."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.body import hill
from kinechain.body.hill import (
    CURVE_VALUES,
    active_force_length,
    fibre_forces,
    flatten_fibres,
    force_velocity,
    passive_force,
    passive_force_length,
    strength,
    tendon_force_strain,
)
from kinechain.body.muscle import Muscle, Musculature, Path, PathPoint
from kinechain.body.tree import KERNELS
from kinechain.core.errors import BodyError

FAMILIES = tuple(CURVE_VALUES)
#: OpenSim 4.6, ``ActiveForceLengthCurve().calcValue(x)`` and its like at np.linspace(first, last, 20).
OPENSIM = {
    ("millard2012", active_force_length, 0.4, 1.9): (
        "0.1 0.101773375592 0.302042509226 0.580824666637 0.790161784197 0.866098644439 0.934226968492 0.996205676843 "
        "0.999343282655 0.94448881046 0.838266835798 0.72825821538 0.617601635139 0.506786759006 0.3959873375 "
        "0.285591738855 0.177707190971 0.104477101554 0.1 0.1"
    ),
    ("millard2012", force_velocity, -1.05, 1.05): (
        "0 0.004278596632 0.030398818757 0.060784055419 0.100620220888 0.159784265294 0.244835041924 0.356484656403 "
        "0.50221133522 0.752693787832 1.180683674833 1.257898034785 1.289472491083 1.311745113894 1.330701736313 "
        "1.348253351582 1.365177292821 1.381837736473 1.398114916736 1.4"
    ),
    ("millard2012", passive_force_length, 0.9, 1.9): (
        "0 0 9.988901e-06 0.008099085325 0.019497210553 0.03451795264 0.057959215982 0.095439318744 0.15001359254 "
        "0.221271571179 0.308603992921 0.413246748417 0.53606029615 0.673783673747 0.820149954063 0.969927052528 "
        "1.12030075188 1.270676691729 1.421052631579 1.571428571429"
    ),
    ("millard2012", tendon_force_strain, -0.01, 0.06): (
        "0 0 0 0.001463328689 0.034660205448 0.078662572731 0.130229626663 0.187088310751 0.250746229126 "
        "0.325902551619 0.406643208053 0.491974408198 0.585902183457 0.688372717508 0.791756176155 0.895139634801 "
        "0.998523093448 1.101906552095 1.205290010741 1.308673469388"
    ),
    ("degroote2016", active_force_length, 0.4, 1.9): (
        "0.025541217565 0.043758628748 0.146033988884 0.465771550496 0.720097974111 0.830961837056 0.911222522703 "
        "0.98031314766 0.998980844839 0.940961209476 0.814236749212 0.649674964524 0.481583624327 0.33449601858 "
        "0.219536004796 0.137215871657 0.082255276212 0.047601248857 0.026764682458 0.01472757702"
    ),
    ("degroote2016", force_velocity, -1.0, 1.0): (
        "0 0.03719594243 0.079213947093 0.127470219746 0.184097147971 0.252504633997 0.338581713977 0.453493402851 "
        "0.61975944647 0.864913015045 1.118543293437 1.293814254378 1.413712009108 1.502695070722 1.572962263768 "
        "1.630870453033 1.680059452253 1.722785399864 1.760536378562 1.794342963555"
    ),
    ("degroote2016", passive_force_length, 0.4, 1.7): (
        "0.000247057486 0.000440962571 0.000746939327 0.001229762018 0.00199164261 0.003193868697 0.005090947559 "
        "0.008084484504 0.012808201381 0.0202620934 0.032024124799 0.050584278645 0.079871677997 0.12608636824 "
        "0.19901184614 0.314086193691 0.49567026891 0.782204818745 1.234348257809 1.947817853733"
    ),
    ("degroote2016", tendon_force_strain, 0.0, 0.06): (
        "0 0.024480891311 0.05195835282 0.082799178072 0.117415057778 0.156268075428 0.19987687559 0.248823587236 "
        "0.303761594521 0.365424258733 0.434634707847 0.512316824373 0.599507578157 0.697370868774 0.807213062296 "
        "0.930500429823 1.068878720573 1.224195130801 1.398522961818 1.594189296252"
    ),
}


def muscle(**values) -> Muscle:
    path = Path((PathPoint("ground", np.zeros(3)), PathPoint("ground", np.ones(3))))
    given = {"max_isometric_force_n": 1000.0, "optimal_fibre_length_m": 0.1, "tendon_slack_length_m": 0.2}
    return Muscle("m_r", path, **(given | values))


def musculature(*muscles: Muscle) -> Musculature:
    return Musculature(tuple(replace(m, name=f"m{i}_r") for i, m in enumerate(muscles)))


@pytest.mark.parametrize("case", OPENSIM, ids=lambda c: f"{c[0]} {c[1].__name__}")
def test_curves_are_opensims(case):
    family, curve, first, last = case
    expected = np.array([float(x) for x in OPENSIM[case].split()])
    np.testing.assert_allclose(curve(np.linspace(first, last, 20), family), expected, atol=1e-11)


def test_a_widened_curve_is_stretched_about_its_peak():
    x = np.linspace(0.6, 1.6, 20)
    wide = active_force_length(1.0 + 1.5 * (x - 1.0), "degroote2016", active_width_scale=1.5)
    np.testing.assert_allclose(wide, active_force_length(x, "degroote2016"), atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_anchor_points(family):
    assert active_force_length(1.0, family) == pytest.approx(1.0, abs=2e-3 if family == "degroote2016" else 1e-9)
    assert force_velocity(0.0, family) == pytest.approx(1.0, abs=1e-9)
    assert force_velocity(-1.0, family) == pytest.approx(0.0, abs=1e-9)
    plateau = {"thelen2003": 1.4, "millard2012": 1.4, "degroote2016": 1.8}[family]
    assert 0.95 * plateau < force_velocity(1.0, family) < 1.13 * plateau
    strain = CURVE_VALUES[family]["passive_strain"]
    assert passive_force_length(1.0 + strain, family) == pytest.approx(1.0, abs=1e-9)
    assert passive_force_length(0.9, family) < 0.01
    assert tendon_force_strain(0.049, family) == pytest.approx(1.0, abs=1e-9)
    assert tendon_force_strain(-0.01, family) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("family", FAMILIES)
def test_curves_rise_where_they_must(family):
    assert (np.diff(force_velocity(np.linspace(-1.0, 1.0, 400), family)) >= 0.0).all()
    assert (np.diff(passive_force_length(np.linspace(0.3, 1.9, 400), family)) >= 0.0).all()
    assert (np.diff(tendon_force_strain(np.linspace(0.0, 0.1, 400), family)) > 0.0).all()


# OpenSim's class for Thelen's curves shows no curve: they are held to their equations turned the other way.
@pytest.mark.parametrize(("shape", "plateau"), [(0.25, 1.4), (0.3, 1.8)])
def test_speed_of_a_force_after_thelen(shape, plateau):
    force = np.linspace(0.01, 0.94 * plateau, 200)
    shortening = (force - 1.0) / (1.0 + force / shape)
    lengthening = (force - 1.0) * (plateau - 1.0) / ((2.0 + 2.0 / shape) * (plateau - force))
    speed = np.where(force <= 1.0, shortening, lengthening)
    found = force_velocity(speed, "thelen2003", concentric_shape=shape, eccentric_plateau=plateau)
    np.testing.assert_allclose(found, force, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_tables_meet_the_formulae(family):
    fibres = flatten_fibres(musculature(muscle(curves=family)))
    at = np.array([0])
    x, v = np.linspace(0.0, 2.5, 5001)[:, None], np.linspace(-1.0, 1.0, 5001)[:, None]
    lengths = (np.minimum(x, 2.0) * (hill.LENGTH_PIECES / 2.0), x * (hill.LENGTH_PIECES / 2.0))
    inside = x[:, 0] <= 2.0
    np.testing.assert_allclose(
        hill._look_up(fibres.active, at, lengths[0])[inside, 0], active_force_length(x, family)[inside, 0], atol=1e-6
    )
    np.testing.assert_allclose(
        hill._look_up(fibres.passive, at, lengths[1])[inside, 0], passive_force_length(x, family)[inside, 0], atol=1e-6
    )
    assert (np.diff(hill._look_up(fibres.passive, at, lengths[1])[:, 0]) >= -1e-9).all()
    quick = (v + 1.0) * (hill.SPEED_PIECES / 2.0)
    met = hill._look_up(fibres.velocity, at, quick)[:, 0]
    np.testing.assert_allclose(met, force_velocity(v, family)[:, 0], atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_force_along_the_tendon_by_hand(family):
    m = muscle(curves=family, pennation_rad=0.3, max_contraction_velocity=8.0)
    along, speed = 0.11, 0.15
    height = 0.1 * np.sin(0.3)
    fibre = np.hypot(along, height)
    cosine = along / fibre
    wanted = 1000.0 * cosine * active_force_length(fibre / 0.1, family) * force_velocity(speed * cosine / 0.8, family)
    both = musculature(m)
    lengths, speeds = np.array([[0.2 + along, 9.0]]), np.array([[speed, 9.0]])
    assert strength(both, lengths, speeds)[0, 0] == pytest.approx(wanted, rel=1e-6)
    assert passive_force(both, lengths)[0, 0] == pytest.approx(
        1000.0 * cosine * passive_force_length(fibre / 0.1, family), rel=1e-5
    )
    assert passive_force(musculature(replace(m, has_passive_force=False)), lengths)[0, 0] == 0.0


def test_kernel_is_its_twin():
    rng = np.random.default_rng(3)
    kinds = [
        muscle(curves=f, pennation_rad=p, curve_values=v)
        for f in FAMILIES
        for p in (0.0, 0.4, 1.2)
        for v in ((), (("passive_strain", 0.5),))
    ]
    fibres = flatten_fibres(musculature(*kinds))
    lengths, speeds = rng.uniform(0.1, 0.6, (50, len(kinds) + 2)), rng.uniform(-3.0, 3.0, (50, len(kinds) + 2))
    both = fibre_forces(fibres, lengths, speeds), hill._fibre_forces(fibres, lengths, speeds)
    for found, twin in zip(*both, strict=True):
        np.testing.assert_allclose(found, twin, rtol=1e-12, atol=1e-9)


def test_a_slack_muscle_is_without_force_and_no_number_stays_none():
    three = flatten_fibres(musculature(muscle(), muscle(), muscle()))
    lengths, speeds = np.array([[0.15, np.nan, 0.3], [0.3, np.inf, 0.15]]), np.array([[0.0, 0.0, np.nan]] * 2)
    for active, passive in (fibre_forces(three, lengths, speeds), hill._fibre_forces(three, lengths, speeds)):
        assert active[0, 0] == 0.0 and passive[0, 0] == 0.0
        assert active[1, 0] > 0.0
        assert np.isnan(active[:, 1:]).all() and np.isnan(passive[:, 1:]).all()


@pytest.mark.skipif(KERNELS != "compiled", reason="the kernel's own checks")
@pytest.mark.parametrize(("name", "value"), [("length", -0.1), ("length", 0.0), ("speed", 0.0), ("height", -1.0)])
def test_the_kernel_refuses_what_would_lead_outside_its_tables(name, value):
    fibres = flatten_fibres(musculature(muscle()))
    bad = replace(fibres, **{name: np.array([value])})
    with pytest.raises(ValueError, match="must be positive"):
        fibre_forces(bad, np.array([[0.3]]), np.zeros((1, 1)))


def test_impossible_muscles_and_unknown_curves_are_refused():
    with pytest.raises(BodyError, match="optimal fibre length"):
        flatten_fibres(musculature(muscle(optimal_fibre_length_m=0.0)))
    with pytest.raises(BodyError, match="pennation"):
        flatten_fibres(musculature(muscle(pennation_rad=1.5)))
    with pytest.raises(BodyError, match="Did you mean 'thelen2003'"):
        active_force_length(1.0, "thelen2002")
    with pytest.raises(BodyError, match="no 'passive_strian'"):
        passive_force_length(1.0, "thelen2003", passive_strian=0.5)
