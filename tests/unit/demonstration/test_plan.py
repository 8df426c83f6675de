"""The stride of the example person: feet that rest, a ground that can explain it, and the table that stores it."""

from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.pose import marker_positions
from kinechain.body.skeleton import generic_body
from kinechain.core.arrays import cross
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.demonstration.demonstrate import _curves, example_body, example_person, example_stride
from kinechain.demonstration.plan import CONTACTS, RESTS, plan_stride
from kinechain.demonstration.stride import HARMONICS, Stride, basis, read_stride, stride_table
from kinechain.demonstration.walk import Asymmetry, wanted_coefficients
from kinechain.loads.newton_euler import dynamics_of, solve_forces

RATE = 200.0


@pytest.fixture(scope="module")
def body() -> Body:
    return example_body(example_person(), Asymmetry())


@pytest.fixture(scope="module")
def stride(body: Body) -> Stride:
    return read_stride(body)


def test_the_stored_stride_is_the_one_that_is_planned(body: Body, stride: Stride) -> None:
    """If not, the body or the curves changed: make the table anew, as its heading says."""
    _, planned = example_stride(example_person(), Asymmetry())
    assert stride.cost == pytest.approx(planned.cost, rel=1e-3)
    phase = np.arange(100) / 100
    apart = planned.values(phase) - stride.values(phase)
    apart -= apart.mean(axis=0)
    assert np.abs(apart).max() < np.deg2rad(0.5)


def test_a_changed_stride_is_planned_back(body: Body, stride: Stride) -> None:
    """The search finds the stored stride from another one, so what is stored is a least, not a resting place."""
    wanted = wanted_coefficients(body, _curves(body), Asymmetry())
    changed = np.array(stride.coefficients)
    names = [c.name for c in body.coordinates]
    changed[names.index("hip_flexion_r"), 2] += np.deg2rad(4.0)
    changed[names.index("pelvis_ty"), 1] += 0.03
    found = plan_stride(body, wanted, Asymmetry().stride_time_s, replace(stride, coefficients=changed))
    assert found.cost == pytest.approx(stride.cost, rel=1e-3)


def test_the_table_says_what_was_stored(body: Body, stride: Stride) -> None:
    text = (files("kinechain.demonstration") / "stride.csv").read_text(encoding="utf-8")
    assert stride_table(tuple(c.name for c in body.coordinates), stride) == text


def test_the_basis_has_its_derivatives() -> None:
    phase, step = np.linspace(0.0, 1.0, 17), 1e-6
    for order in (0, 1):
        slope = (basis(phase + step, order) - basis(phase - step, order)) / (2 * step)
        assert basis(phase, order + 1) == pytest.approx(slope, rel=1e-4, abs=1e-2)


@pytest.mark.parametrize(("foot", "side", "strikes"), [(0, "r", 0.0), (1, "l", 0.5)])
def test_contacts_rest_and_swing_clears_the_floor(
    body: Body, stride: Stride, foot: int, side: str, strikes: float
) -> None:
    within = np.arange(0.0, 1.0, 0.005)
    marks = tuple(body.landmark(f"{name}_{side}") for name in CONTACTS)
    paths = marker_positions(body, marks, stride.values(strikes + within))
    neutral = marker_positions(body, marks, np.zeros((1, len(body.coordinates))))[0, :, 2]
    # A foot everted by 7 degrees presses with its inner edge; half of that height is its own.
    soles = paths[..., 2] - (neutral - neutral.min())
    for contact, (begin, end) in enumerate(RESTS):
        resting = (within > begin) & (within < end)
        slip = np.ptp(paths[resting, contact, :2], axis=0)
        print(f"{side} {CONTACTS[contact]}: slips {1e3 * slip.max():.1f} mm, ", end="")
        print(f"sole {1e3 * soles[resting, contact].min():.1f} to {1e3 * soles[resting, contact].max():.1f} mm")
        assert slip.max() < 0.010
        assert soles[resting, contact].min() > -0.010
    assert soles[within > 0.62].min() > -0.010
    assert soles[(within > 0.62), 0].max() > 0.1


def _total_ground(body: Body, stride: Stride) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Force and centre of pressure the motion needs, (time, 3) each, and the free moment about the vertical."""
    time_s = Asymmetry().stride_time_s
    phase = np.arange(100) / 100
    q, dq, ddq = (basis(phase, k) @ stride.coefficients.T / time_s**k for k in range(3))
    q[:, 0] += stride.length_m * phase
    dq[:, 0] += stride.length_m / time_s
    dynamics = dynamics_of(body)
    inputs = dynamics.tree.inputs
    wrench = solve_forces(dynamics, q[:, inputs], dq[:, inputs], ddq[:, inputs]).joint_wrench[:, 0]
    force = wrench[:, :3]
    moment = wrench[:, 3:] + cross(q[:, :3], force)
    centre = np.stack([-moment[:, 1] / force[:, 2], moment[:, 0] / force[:, 2], np.zeros(100)], axis=1)
    return force, centre, moment[:, 2] - cross(centre, force)[:, 2]


def test_the_ground_can_give_what_the_stride_needs(body: Body, stride: Stride) -> None:
    """One centre of pressure and friction explain the whole body, and the centre lies under the foot that stands."""
    force, centre, free = _total_ground(body, stride)
    weight = body.mass_kg * GRAVITY_M_S2
    assert force[:, 2].mean() == pytest.approx(weight, rel=1e-6)
    assert force[:, :2].mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-6 * weight)
    assert 1.0 < force[:, 2].max() / weight < 1.25
    assert 0.7 < force[:, 2].min() / weight < 0.95
    assert np.abs(force[:, :2]).max() < 0.3 * weight
    assert np.abs(free).max() < 20.0
    for strikes, side in ((0.0, "r"), (0.5, "l")):
        alone = np.arange(15, 48) + round(100 * strikes)
        marks = tuple(body.landmark(f"{n}_{side}") for n in ("heel", "hallux_tip", *CONTACTS[1:3]))
        flat = marker_positions(body, marks, stride.values(np.array([strikes + 0.25])))[0]
        assert flat[0, 0] - 0.02 < centre[alone, 0].min()
        assert centre[alone, 0].max() < flat[1, 0] + 0.02
        inner, outer = sorted(flat[2:, 1])
        assert inner - 0.02 < centre[alone, 1].min()
        assert centre[alone, 1].max() < outer + 0.02


def test_a_symmetric_person_walks_symmetrically() -> None:
    """Of another body, without asymmetry, the left half of the stride is the right one half a stride later."""
    body = generic_body("female")
    even = Asymmetry(0.0, 0.0, 0.0)
    stride = plan_stride(body, wanted_coefficients(body, _curves(body), even), even.stride_time_s, read_stride(body))
    phase = np.arange(50) / 50
    names = [c.name for c in body.coordinates]
    now, later = stride.values(phase), stride.values(phase + 0.5)
    for stem in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion", "subtalar_eversion"):
        right, left = names.index(f"{stem}_r"), names.index(f"{stem}_l")
        assert np.abs(now[:, right] - later[:, left]).max() < np.deg2rad(1.0)
    assert stride.coefficients.shape == (len(names), 1 + 2 * HARMONICS)
