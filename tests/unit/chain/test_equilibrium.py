"""Where bodies come to rest, against differences, closed forms and laws of statics."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.body.body import Body, Joint
from kinechain.chain import equilibrium as solver
from kinechain.chain.equilibrium import FRICTION, LIMIT_RAD, Evaluation, evaluate, solve_equilibrium
from kinechain.chain.situation import ROOT, ChainModel, Situation
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError
from kinechain.core.gravity import GRAVITY_M_S2
from toy_bodies import IDENTITY, at, turn, turned
from toy_standing import AXES, at_rest, coordinates, mass, model, pad, root_joint, stand_on, two_legs

FEET = np.repeat([[0.0, -0.09, 0.0], [0.0, 0.09, 0.0]], 4, axis=0)


@pytest.fixture(scope="module")
def legs() -> ChainModel:
    return two_legs()


@pytest.fixture(scope="module")
def standing(legs: ChainModel) -> Situation:
    return at_rest(legs, stand_on(legs, centre_gain=6e3, direction_gain=150.0))


@pytest.fixture(params=["compiled", "Python"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(solver, "KERNELS", request.param)
    yield request.param


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list]:
    def run(action: Callable[[], object]) -> list:
        out = []
        for name in ("compiled", "Python"):
            monkeypatch.setattr(solver, "KERNELS", name)
            out.append(action())
        return out

    return run


def on_wedge(situation: Situation, axis: tuple[float, float, float], degrees: float) -> Situation:
    """Tilt the support of each foot about an axis through the place below its hip."""
    turn = turned(axis, np.radians(degrees), (0, 0, 0))[:3, :3]
    floor = FEET + np.array([0.0, 0.0, situation.pad_anchor[0, 0, 2]])
    anchor = (situation.pad_anchor - floor) @ turn.T + floor
    return replace(situation, pad_anchor=anchor, pad_normal=situation.pad_normal @ turn.T)


def changed(legs: ChainModel, standing: Situation) -> Situation:
    """Many changes of one body: wedges, a lift, masses, weaker joints, controls that pull."""
    lift = standing.pad_anchor + np.where(np.arange(8) < 4, 0.01, 0.0)[:, None] * [0.0, 0.0, 1.0]
    half = np.outer(*[np.where(np.arange(len(legs.free)) % 3, 1.0, 0.8)] * 2)
    wedges = [on_wedge(standing, AXES[i], d) for i in (0, 1) for d in (-4.0, 0.5, 3.0, 6.0)]
    return Situation.joined(
        (
            *wedges,
            replace(standing, pad_anchor=lift),
            replace(standing, mass=standing.mass * np.linspace(0.8, 1.3, standing.mass.shape[1])),
            replace(standing, stiffness=standing.stiffness * half),
            replace(standing, centre_target=standing.centre_target + np.array([0.02, 0.01])),
            replace(standing, direction_target=standing.direction_target @ turned((1, 2, 0), 0.1, (0, 0, 0))[:3, :3].T),
            replace(standing, spring_shift=standing.spring_shift + 0.05, spring_scale=1.4 * standing.spring_scale),
        )
    )


def random_case(legs: ChainModel, seed: int) -> tuple[Situation, FloatArray]:
    """A situation in which every term speaks, and a posture somewhere near the ground."""
    generator = np.random.default_rng(seed)
    blank = stand_on(legs, centre_gain=2e3, direction_gain=100.0)
    normal = blank.pad_normal + 0.2 * generator.normal(size=blank.pad_normal.shape)
    lengthened = blank.reference.copy()
    lengthened[0, legs.input_index("length_r")] = 0.004
    free = len(legs.free)
    spread = generator.normal(size=(2, free, free))
    situation = replace(
        blank,
        reference=lengthened,
        pad_normal=normal / np.linalg.norm(normal, axis=-1, keepdims=True),
        tonic=generator.normal(size=(1, free)),
        spring_scale=generator.uniform(0.5, 2.0, (1, free)),
        spring_shift=0.1 * generator.normal(size=(1, free)),
        stiffness=(spread[0] @ spread[0].T)[None],
        direction_target=blank.direction_target @ turned((1, 2, 3), 0.3, (0, 0, 0))[:3, :3].T,
        centre_target=blank.centre_target + 0.03,
    )
    values = 0.06 * generator.normal(size=(1, free))
    values[:, :3] *= 0.03
    values[:, 3:6] *= 0.1
    return situation, values


@pytest.mark.parametrize("seed", range(4))
def test_derivatives_are_those_of_the_energy(legs: ChainModel, kernels: str, seed: int) -> None:
    situation, values = random_case(legs, seed)
    here, step = evaluate(legs, situation, values), 3e-8
    depth = here.pad_force[0, :, 2]
    assert (depth > 20.0).any() and (depth < 5.0).any()  # some pads bear and some hardly do
    for i in range(len(legs.free)):
        ahead, behind = (evaluate(legs, situation, values + s * step * np.eye(len(legs.free))[i]) for s in (1, -1))

        def slope(name: str, ahead: Evaluation = ahead, behind: Evaluation = behind) -> FloatArray:
            return np.asarray(getattr(ahead, name) - getattr(behind, name))[0] / (2 * step)

        size = np.abs(here.gradient).max()
        assert slope("energy") == pytest.approx(here.gradient[0, i], abs=1e-7 * size)
        assert slope("gradient") == pytest.approx(here.hessian[0, i], abs=1e-6 * np.abs(here.hessian).max())
        assert slope("control") == pytest.approx(here.control_gradient[0, i], abs=1e-6)
        assert slope("control_gradient") == pytest.approx(here.control_hessian[0, i], abs=1e-4)
        assert slope("centre_of_mass") == pytest.approx(here.centre_jacobian[0, :, i], abs=1e-7)
        assert slope("directions") == pytest.approx(here.direction_jacobian[0, ..., i], abs=1e-7)
    assert np.abs(here.control_hessian).max() > 100.0
    assert here.hessian[0] == pytest.approx(here.hessian[0].T, abs=1e-8 * np.abs(here.hessian).max())


@pytest.mark.parametrize("seed", range(3))
def test_the_kernel_evaluates_what_its_twin_does(legs: ChainModel, both: Callable, seed: int) -> None:
    situation, values = random_case(legs, seed)
    kernel, twin = both(lambda: evaluate(legs, situation, values))
    for field in dataclasses.fields(Evaluation):
        one, other = getattr(kernel, field.name), getattr(twin, field.name)
        assert one == pytest.approx(other, abs=1e-12 * max(1.0, np.abs(other).max())), field.name


def test_the_kernel_finds_what_its_twin_finds(legs: ChainModel, standing: Situation, both: Callable) -> None:
    situation = changed(legs, standing)
    kernel, twin = both(lambda: solve_equilibrium(legs, situation, workers=1))
    assert kernel.reason == twin.reason and kernel.reason.count("") == len(situation)
    assert kernel.inputs == pytest.approx(twin.inputs, abs=1e-9)
    assert kernel.pad_force == pytest.approx(twin.pad_force, abs=1e-6)
    assert kernel.centre_of_mass == pytest.approx(twin.centre_of_mass, abs=1e-9)
    assert kernel.smallest_eigenvalue == pytest.approx(twin.smallest_eigenvalue, rel=1e-6)
    assert (kernel.iterations == twin.iterations).all()


def test_every_rest_obeys_statics(legs: ChainModel, standing: Situation, kernels: str) -> None:
    situation = changed(legs, standing)
    rest = solve_equilibrium(legs, situation, workers=1)
    assert rest.is_solved.all()
    free = [legs.input_index(n) for n in legs.free]
    there = evaluate(legs, situation, rest.inputs[:, free])
    weight = GRAVITY_M_S2 * situation.mass.sum(axis=1)
    total = rest.pad_force.sum(axis=1)
    assert total[:, :2] == pytest.approx(0.0, abs=1e-6)
    assert total[:, 2] == pytest.approx(weight, abs=1e-6)
    moment = np.cross(there.pad_position, rest.pad_force).sum(axis=1)
    pressure = np.stack([-moment[:, 1], moment[:, 0]], axis=1) / weight[:, None]
    assert pressure == pytest.approx(rest.centre_of_mass[:, :2], abs=1e-9)
    assert moment[:, 2] == pytest.approx(0.0, abs=1e-6)
    assert (rest.residual <= 1e-6).all()
    # Control really pulls: the joints hold it, the ground does not.
    assert np.abs(there.control_gradient).max() > 1.0


def total_residual(there: Evaluation) -> FloatArray:
    """Return the derivative of Phi by the joints, (joint,), written out as the contract has it."""
    n, h = len(ROOT), there.hessian[0]
    root = -np.linalg.solve(h[:n, :n], h[:n, n:])
    control = there.control_gradient[0]
    return np.asarray(there.gradient[0, n:] + control[n:] + root.T @ control[:n])


def borne(legs: ChainModel, situation: Situation, values: FloatArray) -> Evaluation:
    """Move the root until the ground bears the body, by plain Newton's steps."""
    for _ in range(30):
        there = evaluate(legs, situation, values)
        if np.abs(there.gradient[0, :6]).max() < 1e-10:
            break
        values = values.copy()
        values[0, :6] -= np.linalg.solve(there.hessian[0, :6, :6], there.gradient[0, :6])
    return there


@pytest.mark.parametrize("degrees", [1.0, 5.0])
def test_stability_is_judged_by_the_true_second_derivative(
    legs: ChainModel, standing: Situation, kernels: str, degrees: float
) -> None:
    situation = on_wedge(standing, AXES[0], degrees)
    situation = replace(situation, centre_target=situation.centre_target + np.array([0.0, 0.03]))
    rest = solve_equilibrium(legs, situation, workers=1)
    assert rest.is_solved.all()
    values = rest.inputs[:, [legs.input_index(n) for n in legs.free]]
    joints, step = len(legs.free) - 6, 2e-6
    assert total_residual(evaluate(legs, situation, values)) == pytest.approx(0.0, abs=1e-6)
    rows = []
    for i in range(joints):
        offset = step * np.eye(len(legs.free))[None, 6 + i]
        ahead, behind = (borne(legs, situation, values + sign * offset) for sign in (1, -1))
        rows.append((total_residual(ahead) - total_residual(behind)) / (2 * step))
        slope = (ahead.energy + ahead.control - behind.energy - behind.control) / (2 * step)
        assert slope[0] == pytest.approx(0.0, abs=1e-4)
    smallest = np.linalg.eigvalsh(0.5 * (np.array(rows) + np.array(rows).T))[0]
    assert rest.smallest_eigenvalue[0] == pytest.approx(smallest, rel=1e-4)


def test_no_change_gives_no_response(legs: ChainModel, standing: Situation, kernels: str) -> None:
    rest = solve_equilibrium(legs, standing)
    assert rest.reason == ("",)
    assert (rest.inputs == standing.reference).all()
    assert rest.distance[0] == 0.0 and rest.iterations[0] == 0


#: Coordinates that turn round when right and left are exchanged.
ODD = ("pelvis_ty", "pelvis_rotation", "pelvis_obliquity", "back_bending", "back_rotation")


def test_mirror_images_answer_alike(legs: ChainModel, standing: Situation, kernels: str) -> None:
    lift = np.zeros((2, 8, 3))
    lift[0, :4, 2] = lift[1, 4:, 2] = 0.01
    right, left = solve_equilibrium(
        legs, replace(standing.repeated(2), pad_anchor=standing.pad_anchor + lift), workers=1
    ).inputs
    assert np.degrees(np.abs(right).max()) > 2.0
    for i, name in enumerate(legs.inputs):
        other = name[:-1] + {"r": "l", "l": "r"}[name[-1]] if name.endswith(("_r", "_l")) else name
        sign = -1.0 if name in ODD else 1.0
        assert right[i] == pytest.approx(sign * left[legs.input_index(other)], abs=1e-9), name


def test_starts_and_workers_do_not_matter(legs: ChainModel, standing: Situation, kernels: str) -> None:
    situation = changed(legs, standing)
    one = solve_equilibrium(legs, situation, workers=1)
    again = solve_equilibrium(legs, situation, start=one.inputs, workers=2)
    assert (again.iterations == 0).all()
    assert again.inputs == pytest.approx(one.inputs, abs=1e-12)
    near = solve_equilibrium(legs, situation, start=np.roll(one.inputs, 1, axis=0), workers=2)
    assert near.reason == one.reason
    assert near.inputs == pytest.approx(one.inputs, abs=1e-7)


def test_chunks_leave_the_order_as_it_is(legs: ChainModel, standing: Situation) -> None:
    situation = changed(legs, standing).repeated(6)
    many = solve_equilibrium(legs, situation, workers=2)
    once = solve_equilibrium(legs, changed(legs, standing), workers=1)
    assert len(situation) > 2 * solver.CHUNK
    assert (many.inputs == np.tile(once.inputs, (6, 1))).all()


# Closed forms.


def plate(masses: float, centre: tuple[float, float, float], half: tuple[float, float] = (0.1, 0.05)) -> ChainModel:
    """A stiff plate on four pads, no joints."""
    body = Body("plate", (mass("plate", masses, centre),), (root_joint("plate", 0.0),), coordinates())
    corners = [(x, y) for x in (-half[0], half[0]) for y in (-half[1], half[1])]
    return model(body, (), [pad(f"heel_{i}", "right", "plate", (x, y, 0.0)) for i, (x, y) in enumerate(corners)])


def test_a_mass_sinks_by_its_weight_over_the_stiffness(kernels: str) -> None:
    block = plate(40.0, (0, 0, 0.05))
    rest = solve_equilibrium(block, stand_on(block, pad_stiffness=2e4, depth=0.0), workers=1)
    assert rest.reason == ("",)
    assert rest.inputs[0, block.input_index("pelvis_tz")] == pytest.approx(-40.0 * GRAVITY_M_S2 / 8e4, abs=1e-9)
    assert rest.smallest_eigenvalue[0] == np.inf  # no joint could give


def test_a_beam_shares_its_load_by_the_lever_rule(kernels: str) -> None:
    beam = plate(60.0, (0.04, 0.01, 0.0))
    rest = solve_equilibrium(beam, stand_on(beam, pad_stiffness=1e5, depth=0.0), workers=1)
    force = rest.pad_force[0, :, 2]
    weight, x, y = 60.0 * GRAVITY_M_S2, rest.centre_of_mass[0, 0], rest.centre_of_mass[0, 1]
    tilt = rest.inputs[0, beam.input_index("pelvis_tilt")]
    assert force[2:].sum() == pytest.approx(weight * (0.1 + x / np.cos(tilt)) / 0.2, rel=2e-4)
    assert force[[1, 3]].sum() == pytest.approx(weight * (0.05 + y) / 0.1, rel=2e-3)
    assert force[2:].sum() > 1.9 * force[:2].sum()


HEIGHT, POLE, SOLE = 0.9, 60.0, 2.0
TOPPLING = POLE * GRAVITY_M_S2 * HEIGHT
#: Of each pad, and how far weight presses it in: many times as far as the ramp is wide.
PAD, PRESSED = 2e4, (POLE + SOLE) * GRAVITY_M_S2 / 8e4


def pendulum() -> ChainModel:
    """A mass on a pole that hinges on a wide foot."""
    hinge = Joint("ankle", "foot", "pole", at(0, 0, 0), IDENTITY, (turn(AXES[1], "ankle"),))
    body = Body(
        "pendulum",
        (mass("foot", SOLE, (0, 0, 0)), mass("pole", POLE, (0, 0, HEIGHT))),
        (root_joint("foot", 0.0), hinge),
        coordinates("ankle"),
    )
    corners = [(x, y) for x in (-1.0, 1.0) for y in (-1.0, 1.0)]
    pads = [pad(f"heel_{i}", "right", "foot", (x, y, 0.0)) for i, (x, y) in enumerate(corners)]
    return model(body, ("ankle",), pads)


@pytest.mark.parametrize("excess", [1.2, 2.0])
def test_a_pendulum_stands_where_its_spring_says(kernels: str, excess: float) -> None:
    pole = pendulum()
    situation = stand_on(pole, stiffness=excess * TOPPLING, pad_stiffness=PAD, depth=PRESSED)
    tonic = situation.tonic.copy()
    tonic[0, 6] = 0.05 * TOPPLING
    rest = solve_equilibrium(pole, replace(situation, tonic=tonic), workers=1)
    assert rest.reason == ("",)
    angle = rest.inputs[0, pole.input_index("ankle")]
    lean = angle + rest.inputs[0, pole.input_index("pelvis_tilt")]
    assert excess * angle - 0.05 == pytest.approx(np.sin(lean), abs=1e-9)
    # The pads, 1 m from the hinge, give to the moment like one more spring.
    assert lean - angle == pytest.approx(TOPPLING * np.sin(lean) / (4 * PAD), rel=1e-3)
    given = 1.0 - TOPPLING * np.cos(lean) / (4 * PAD)
    assert rest.smallest_eigenvalue[0] == pytest.approx(TOPPLING * (excess - np.cos(lean) / given), rel=0.01)
    expected = 0.0
    for _ in range(400):  # sin(lean) = excess (lean - what the pads give) - 0.05, by its contraction
        expected = (np.sin(expected) + 0.05) / excess + TOPPLING * np.sin(expected) / (4 * PAD)
    assert lean == pytest.approx(expected, rel=1e-3)


def test_a_pendulum_softer_than_its_weight_is_not_stable(kernels: str) -> None:
    pole = pendulum()
    situation = stand_on(pole, stiffness=0.9 * TOPPLING, pad_stiffness=PAD, depth=PRESSED)
    pushed = replace(situation, tonic=situation.tonic + np.array([0.0] * 6 + [0.01]))
    rest = solve_equilibrium(pole, Situation.joined((situation, pushed)), workers=1)
    assert rest.reason[0] == "not stable"
    given = 1.0 - TOPPLING / (4 * PAD)
    assert rest.smallest_eigenvalue[0] == pytest.approx(TOPPLING * (0.9 - 1.0 / given), rel=1e-3)
    # Where the spring holds the pole again, far down, its moment has grown to the weight's: sin(x) = 0.9 x.
    assert rest.reason[1] in ("falls", "far away")


# What cannot stand, and what is no number.


def test_a_body_pushed_beyond_its_base_falls(legs: ChainModel, standing: Situation, kernels: str) -> None:
    centre = standing.centre.copy()
    centre[0, 1] += [0.8, 0.0, 0.0]
    heavy = replace(standing, centre=centre, stiffness=1e3 * standing.stiffness)
    rest = solve_equilibrium(legs, Situation.joined((standing, heavy, on_wedge(standing, AXES[1], 2.0))), workers=1)
    assert rest.reason == ("", "falls", "")
    assert np.isnan(rest.inputs[1]).all() and np.isnan(rest.pad_force[1]).all()
    assert np.isfinite(rest.inputs[[0, 2]]).all() and np.isfinite(rest.pad_force[[0, 2]]).all()


def test_who_would_topple_with_locked_joints_is_balanced_where_there_is_room(
    legs: ChainModel, standing: Situation, both: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The wish to lean on the heels brings the centre of mass to within half a millimetre of the edge of the base.
    backward = replace(standing, centre_target=standing.centre_target - np.array([0.04, 0.0]))
    assert solve_equilibrium(legs, backward).reason == ("falls",)
    monkeypatch.setattr(solver, "ROOM_M", 0.0)
    kernel, twin = both(lambda: solve_equilibrium(legs, backward, workers=1))
    assert kernel.reason == twin.reason == ("",)
    assert kernel.inputs == pytest.approx(twin.inputs, abs=1e-9)
    assert kernel.smallest_eigenvalue == pytest.approx(twin.smallest_eigenvalue, rel=1e-6)
    there = evaluate(legs, backward, kernel.inputs[:, [legs.input_index(n) for n in legs.free]])
    assert np.linalg.eigvalsh(there.hessian[0, :6, :6])[0] < -50.0
    assert np.abs(there.gradient[0, :6]).max() < 1e-6
    lever = np.cross(there.pad_position[0] - there.centre_of_mass[0], there.pad_force[0]).sum(axis=0)
    assert np.abs(lever).max() < 1e-6
    # Nothing jumps where the posture passes the one from which a locked body would topple.
    targets = standing.centre_target - np.linspace(0.03, 0.04, 41)[:, None] * [1.0, 0.0]
    path = solve_equilibrium(legs, replace(standing.repeated(41), centre_target=targets))
    assert path.reason == ("",) * 41
    steps = np.abs(np.diff(path.centre_of_mass[:, 0]))
    assert steps.max() < 2.0 * 0.01 / 40


@pytest.mark.parametrize("shear", [2e4, 1e5, 3e5])
@pytest.mark.parametrize("push", [0.25, 0.6])
def test_no_body_hangs_on_its_soles(legs: ChainModel, shear: float, push: float) -> None:
    # Soles that are stiff along the ground could hold a toppled body by the shear of pads that have risen.
    standing = at_rest(legs, stand_on(legs, centre_gain=6e3, direction_gain=150.0, pad_shear=shear))
    centre = standing.centre.copy()
    centre[0, 1, 0] += push
    toppled = replace(standing, centre=centre, stiffness=1e3 * standing.stiffness)
    assert solve_equilibrium(legs, toppled).reason[0] in ("falls", "slips")


def test_a_pad_pushes_as_far_as_it_is_pressed_in(legs: ChainModel, standing: Situation, kernels: str) -> None:
    situation = on_wedge(standing, AXES[0], 6.0)
    rest = solve_equilibrium(legs, situation, workers=1)
    there = evaluate(legs, situation, rest.inputs[:, [legs.input_index(n) for n in legs.free]])
    depth = situation.pad_level - ((there.pad_position - situation.pad_anchor) * situation.pad_normal).sum(axis=-1)
    push = (rest.pad_force * situation.pad_normal).sum(axis=-1)
    pressed = depth > 0.002
    assert pressed.any() and (depth < -0.002).any()
    assert push[pressed] == pytest.approx((situation.pad_stiffness * depth)[pressed], rel=1e-3)
    assert push[depth < -0.002] == pytest.approx(0.0, abs=1e-3)


def test_far_and_slippery_rests_are_said_to_be(legs: ChainModel, standing: Situation, kernels: str) -> None:
    situation = on_wedge(standing, AXES[1], 4.0)
    assert solve_equilibrium(legs, situation).reason == ("",)
    assert solve_equilibrium(legs, situation, limit_rad=np.radians(2.0)).reason == ("far away",)
    assert solve_equilibrium(legs, situation, friction=0.05).reason == ("slips",)
    assert 0.3 <= FRICTION <= 1.0 and np.degrees(LIMIT_RAD) == pytest.approx(45.0)


NAMES = tuple(f.name for f in dataclasses.fields(Situation) if f.name not in ("strength", "tissue_scale"))


@pytest.mark.parametrize(("share", "reason"), [(0.999, "slips"), (1.001, "")])
def test_a_slope_holds_what_its_friction_does(kernels: str, share: float, reason: str) -> None:
    block = plate(40.0, (0, 0, 0.05))
    flat = stand_on(block, pad_stiffness=2e4, depth=40.0 * GRAVITY_M_S2 / 8e4)
    slope = turned((1, 2, 0), 0.15, (0, 0, 0))[:3, :3]
    tilted = replace(flat, pad_anchor=flat.pad_anchor @ slope.T, pad_normal=flat.pad_normal @ slope.T)
    assert solve_equilibrium(block, tilted, friction=share * np.tan(0.15)).reason == (reason,)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", NAMES)
def test_a_number_that_is_none_spoils_its_case_only(
    legs: ChainModel, standing: Situation, name: str, bad: float
) -> None:
    situation = on_wedge(standing, AXES[1], 2.0).repeated(3)
    array = getattr(situation, name).copy()
    array[1].flat[-1] = bad
    if array.ndim == 1:
        array[1] = bad
    rest = solve_equilibrium(legs, replace(situation, **{name: array}), workers=1)
    clean = solve_equilibrium(legs, situation, workers=1)
    assert rest.reason == ("", "no rest was found", "")
    assert (rest.inputs[[0, 2]] == clean.inputs[[0, 2]]).all()
    assert np.isnan(rest.inputs[1]).all()


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    value=st.sampled_from([0.0, -1.0, 1e-300, 1e9, -1e9, 1e150, 1e300, -1e300]),
    place=st.integers(0, 10_000),
    everywhere=st.booleans(),
)
def test_nothing_given_crashes_or_leaks(
    legs: ChainModel, standing: Situation, name: str, value: float, place: int, everywhere: bool
) -> None:
    situation = on_wedge(standing, AXES[1], 2.0).repeated(2)
    array = getattr(situation, name).copy()
    if everywhere or array.ndim == 1:
        array[1] = value
    else:
        array[1].flat[place % array[1].size] = value
    rest = solve_equilibrium(legs, replace(situation, **{name: array}), workers=1)
    assert (rest.inputs[0] == solve_equilibrium(legs, situation.case(0), workers=1).inputs[0]).all()
    assert np.isfinite(rest.inputs[1]).all() or rest.reason[1] in ("falls", "no rest was found")
    if not rest.reason[1]:
        assert np.isfinite(rest.pad_force[1]).all() and rest.smallest_eigenvalue[1] > 0 and rest.residual[1] <= 1e-6


def test_a_start_that_is_no_number_is_no_rest(legs: ChainModel, standing: Situation, kernels: str) -> None:
    start = np.tile(standing.reference, (2, 1))
    start[0] = np.nan
    rest = solve_equilibrium(legs, on_wedge(standing, AXES[1], 2.0).repeated(2), start=start, workers=1)
    assert rest.reason == ("no rest was found", "")


def test_what_does_not_fit_is_refused(legs: ChainModel, standing: Situation) -> None:
    with pytest.raises(SettingError, match="'mass' of the situation has shape"):
        solve_equilibrium(legs, replace(standing, mass=standing.mass[:, 1:]))
    with pytest.raises(SettingError, match="starts have shape"):
        solve_equilibrium(legs, standing, start=np.zeros((1, 3)))
    with pytest.raises(SettingError, match="postures of shape"):
        evaluate(legs, standing, np.zeros((2, len(legs.free))))
    with pytest.raises(SettingError, match="friction of -1"):
        solve_equilibrium(legs, standing, friction=-1.0)
    with pytest.raises(SettingError, match="0 workers"):
        solve_equilibrium(legs, standing, workers=0)


def test_no_cases_give_no_rests(legs: ChainModel, standing: Situation, kernels: str) -> None:
    rest = solve_equilibrium(legs, standing.case(slice(0, 0)))
    assert len(rest.reason) == 0 and rest.inputs.shape == (0, len(legs.inputs))


@pytest.mark.parametrize(
    ("field", "place", "value"),
    [
        ("free", 3, 999),
        ("free", 3, -1),
        ("free", 3, 4),  # named twice
        ("free", 0, 9),  # no coordinate of the root
        ("pad_node", 0, 10_000),
        ("pad_node", 0, -1),  # the ground
        ("pad_node", 0, 0),  # a part of the root that does not carry the body
        ("direction_node", 0, -5),
    ],
)
def test_the_kernel_reads_nothing_outside_its_arrays(legs: ChainModel, field: str, place: int, value: int) -> None:
    shared = solver._shared(legs)
    array = getattr(shared, field).copy()
    array[place] = value
    with pytest.raises(ValueError, match="standing"):
        _ = replace(shared, **{field: array}).compiled


def test_the_kernel_refuses_cases_of_another_shape(legs: ChainModel, standing: Situation) -> None:
    kernel, arrays = solver._shared(legs).compiled, solver._arrays(standing)
    none = np.empty((0, len(legs.free)))
    with pytest.raises(ValueError, match="mass has shape"):
        kernel.solve({**arrays, "mass": arrays["mass"][:, 1:].copy()}, none, 0, 1)
    with pytest.raises(ValueError, match="no such cases"):
        kernel.solve(arrays, none, 0, 2)
    with pytest.raises(ValueError, match="values has shape"):
        kernel.evaluate(arrays, none)
    with pytest.raises(KeyError):
        kernel.solve({}, none, 0, 0)
