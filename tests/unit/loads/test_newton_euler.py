"""Inverse dynamics against closed forms, Newton's laws, Lagrange's equations and MuJoCo."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from kinechain.body.body import Body, Coordinate, Joint, Segment
from kinechain.body.compile import compile_mujoco, mujoco_positions
from kinechain.body.osim import read_osim
from kinechain.body.pose import segment_poses
from kinechain.body.tree import KERNELS
from kinechain.loads import newton_euler
from kinechain.loads.newton_euler import dynamics_of, solve_forces
from toy_bodies import IDENTITY, leg, random_leg_values, turn

G = 9.80665
compiled = pytest.mark.skipif(KERNELS != "compiled", reason="the extension was not built here")


def heavy_leg() -> Body:
    """The toy leg with masses, centres and inertias that differ."""
    generator = np.random.default_rng(7)
    segments = []
    for s in leg().segments:
        spread = generator.normal(size=(6, 3))
        tensor = np.einsum("pi,pj->ij", spread, spread)
        inertia = 0.01 * (np.trace(tensor) * np.eye(3) - tensor)
        segments.append(Segment(s.name, float(generator.uniform(1, 9)), 0.1 * generator.normal(size=3), inertia))
    return replace(leg(), segments=tuple(segments))


def random_motion(body: Body, frames: int, seed: int = 0):
    dynamics = dynamics_of(body)
    generator = np.random.default_rng(seed)
    values = random_leg_values(generator, frames)
    # The slope of the toy knee's slide jumps where its pieces meet: stay away from there.
    values[:, dynamics.tree.coordinates.index("knee")] = generator.uniform(0.6, 1.4, frames)
    z = values[:, dynamics.tree.inputs]
    return dynamics, z, generator.normal(size=z.shape), 4 * generator.normal(size=z.shape)


def poses(dynamics, body, z):
    full = np.zeros((len(z), len(body.coordinates))) + dynamics.tree.default
    full[:, dynamics.tree.inputs] = z
    return segment_poses(body, full)


def pendulum(length: float, mass: float, about_centre: float) -> Body:
    inertia = np.diag([about_centre, about_centre, 1e-9])
    bob = Segment("bob", mass, np.array([0, 0, -length]), inertia)
    hinge = Joint("pivot", "ground", "bob", IDENTITY, IDENTITY, (turn((0, 1, 0), "swing"),))
    return Body("pendulum", (bob,), (hinge,), (Coordinate("swing", "rotation"),))


def test_a_pendulum_needs_what_the_textbook_says():
    length, mass, about_centre = 0.7, 2.5, 0.03
    angle, rate, gain = 0.4, 1.3, -2.0
    dynamics = dynamics_of(pendulum(length, mass, about_centre))
    forces = solve_forces(dynamics, np.array([[angle]]), np.array([[rate]]), np.array([[gain]]))
    moment = (about_centre + mass * length**2) * gain + mass * G * length * np.sin(angle)
    assert forces.inputs[0, 0] == pytest.approx(moment, rel=1e-12)
    # Along the rod the pivot carries the weight's share and the centripetal force.
    down = np.array([-np.sin(angle), 0, -np.cos(angle)])
    along = -forces.joint_wrench[0, 0, :3] @ down
    assert along == pytest.approx(mass * G * np.cos(angle) + mass * length * rate**2, rel=1e-12)


def test_momentum_changes_by_what_acts_from_outside():
    body = heavy_leg()
    dynamics, z, dz, ddz = random_motion(body, 5)
    external = 50 * np.random.default_rng(3).normal(size=(5, len(body.segments), 6))
    forces = solve_forces(dynamics, z, dz, ddz, external)
    h = 2e-4
    masses = np.array([s.mass_kg for s in body.segments])
    weight = np.array([0, 0, -G])

    def state(step):
        at = poses(dynamics, body, z + step * dz + 0.5 * step**2 * ddz)
        centres = at[..., :3, 3] + np.einsum(
            "tsij,sj->tsi", at[..., :3, :3], np.array([s.centre_of_mass for s in body.segments])
        )
        return at, centres

    (before, c0), (now, c1), (after, c2) = state(-h), state(0.0), state(h)
    acceleration = (c2 - 2 * c1 + c0) / h**2
    total = external.sum(axis=1)
    root = forces.joint_wrench[:, 0]
    expected = np.einsum("s,tsi->ti", masses, acceleration)
    acting = root[:, :3] + total[:, :3] + masses.sum() * weight
    assert acting == pytest.approx(expected, abs=2e-4 * np.abs(expected).max())

    def momentum(first, last, d):
        """Angular momentum about the world origin half-way between two states."""
        out = np.zeros((len(z), 3))
        for s, segment in enumerate(body.segments):
            middle = 0.5 * (first[0][:, s, :3, :3] + last[0][:, s, :3, :3])
            spin = (last[0][:, s, :3, :3] - first[0][:, s, :3, :3]) / d @ np.swapaxes(middle, 1, 2)
            turn_rate = 0.5 * np.stack(
                [spin[:, 2, 1] - spin[:, 1, 2], spin[:, 0, 2] - spin[:, 2, 0], spin[:, 1, 0] - spin[:, 0, 1]], axis=1
            )
            inertia = middle @ segment.inertia @ np.swapaxes(middle, 1, 2)
            out += np.einsum("tij,tj->ti", inertia, turn_rate)
            place = 0.5 * (first[1][:, s] + last[1][:, s])
            out += segment.mass_kg * np.cross(place, (last[1][:, s] - first[1][:, s]) / d)
        return out

    change = (momentum((now, c1), (after, c2), h) - momentum((before, c0), (now, c1), h)) / h
    pivot = poses(dynamics, body, z)[:, 0] @ np.append(body.joints[0].child_from_joint[:3, 3], 1.0)
    moment = root[:, 3:] + np.cross(pivot[:, :3], root[:, :3]) + total[:, 3:]
    moment += np.cross(np.einsum("s,tsi->ti", masses, c1), weight)
    assert moment == pytest.approx(change, abs=1e-3 * np.abs(change).max())


def test_forces_are_those_of_lagrange():
    body = heavy_leg()
    dynamics, z, dz, ddz = random_motion(body, 3, seed=4)
    forces = solve_forces(dynamics, z, dz, ddz)
    for frame in range(3):
        assert forces.inputs[frame] == pytest.approx(
            lagrange(dynamics, body, z[frame], dz[frame], ddz[frame]), abs=2e-4 * np.abs(forces.inputs).max()
        )


def lagrange(dynamics, body, z, dz, ddz):
    """M z'' + M' z' - d(T - V)/dz by differences of poses alone."""
    step = 1e-4
    n = len(z)

    def mass_matrix(at):
        middle = poses(dynamics, body, at[None])[0]
        ahead = poses(dynamics, body, at + step * np.eye(n))
        behind = poses(dynamics, body, at - step * np.eye(n))
        slope = (ahead - behind) / (2 * step)
        out = np.zeros((n, n))
        for s, segment in enumerate(body.segments):
            linear = slope[:, s, :3, 3] + slope[:, s, :3, :3] @ segment.centre_of_mass
            spin = middle[s, :3, :3].T @ slope[:, s, :3, :3]
            turn_rate = np.stack([spin[:, 2, 1], spin[:, 0, 2], spin[:, 1, 0]], axis=1)
            out += segment.mass_kg * linear @ linear.T + turn_rate @ segment.inertia @ turn_rate.T
        return out

    def potential(at):
        middle = poses(dynamics, body, at[None])[0]
        return sum(
            s.mass_kg * G * (middle[i, 2, 3] + middle[i, 2, :3] @ s.centre_of_mass) for i, s in enumerate(body.segments)
        )

    unit = step * np.eye(n)
    gradient = np.array([(potential(z + e) - potential(z - e)) / (2 * step) for e in unit])
    slopes = np.array([(mass_matrix(z + e) - mass_matrix(z - e)) / (2 * step) for e in unit])
    kinetic = 0.5 * np.einsum("kij,i,j->k", slopes, dz, dz)
    return mass_matrix(z) @ ddz + np.einsum("kij,k,j->i", slopes, dz, dz) - kinetic + gradient


def test_power_is_the_change_of_energy():
    body = heavy_leg()
    dynamics, z, dz, ddz = random_motion(body, 6, seed=9)
    external = 30 * np.random.default_rng(1).normal(size=(6, len(body.segments), 6))
    forces = solve_forces(dynamics, z, dz, ddz, external)
    h = 2e-4
    path = [poses(dynamics, body, z + k * h * dz + 0.5 * (k * h) ** 2 * ddz) for k in (-2, -1, 0, 1, 2)]

    def energy(first, middle, last):
        total = np.zeros(len(z))
        for s, segment in enumerate(body.segments):
            slope = (last[:, s] - first[:, s]) / (2 * h)
            linear = slope[:, :3, 3] + slope[:, :3, :3] @ segment.centre_of_mass
            spin = np.swapaxes(middle[:, s, :3, :3], 1, 2) @ slope[:, :3, :3]
            turn_rate = np.stack([spin[:, 2, 1], spin[:, 0, 2], spin[:, 1, 0]], axis=1)
            height = middle[:, s, 2, 3] + middle[:, s, 2, :3] @ segment.centre_of_mass
            total += 0.5 * segment.mass_kg * (linear**2).sum(axis=1) + segment.mass_kg * G * height
            total += 0.5 * np.einsum("ti,ij,tj->t", turn_rate, segment.inertia, turn_rate)
        return total

    change = (energy(*path[2:5]) - energy(*path[0:3])) / (2 * h)
    slope = (path[3] - path[1]) / (2 * h)
    spin = slope[..., :3, :3] @ np.swapaxes(path[2][..., :3, :3], -1, -2)
    turn_rate = np.stack([spin[..., 2, 1], spin[..., 0, 2], spin[..., 1, 0]], axis=-1)
    # A wrench about the world origin does work on the velocity that the segment has there.
    at_origin = slope[..., :3, 3] + np.cross(turn_rate, -path[2][..., :3, 3])
    work = (external[..., :3] * at_origin + external[..., 3:] * turn_rate).sum(axis=(1, 2))
    power = (forces.inputs * dz).sum(axis=1) + work
    assert power == pytest.approx(change, abs=1e-3 * np.abs(change).max())


@pytest.mark.parametrize("name", ["toy", "gait2392/subject01_scaled.osim", "rajagopal/Rajagopal2016.osim"])
def test_node_forces_are_those_of_mujoco(name, request):
    if name == "toy":
        body = heavy_leg()
        dynamics, z, dz, ddz = random_motion(body, 8)
    else:
        body = read_osim(request.getfixturevalue("shared") / "models" / name)
        dynamics = dynamics_of(body)
        generator = np.random.default_rng(2)
        z = generator.uniform(-0.4, 0.4, size=(8, len(dynamics.inputs)))
        dz, ddz = generator.normal(size=z.shape), 4 * generator.normal(size=z.shape)
    external = 100 * np.random.default_rng(5).normal(size=(8, len(body.segments), 6))
    forces = solve_forces(dynamics, z, dz, ddz, external)
    folded = mujoco_forces(body, dynamics, z, dz, ddz, external)
    assert forces.inputs == pytest.approx(folded, abs=1e-9 * np.abs(folded).max())


def mujoco_forces(body, dynamics, z, dz, ddz, external):
    """Forces of an independent engine, folded to the inputs; followers move by differences of its own positions."""
    model = compile_mujoco(body)
    model.dof_armature[:] = 0.0
    data = mujoco.MjData(model)
    full = np.zeros((len(z), len(body.coordinates))) + dynamics.tree.default
    full[:, dynamics.tree.inputs] = z
    out = np.zeros(z.shape)
    for frame in range(len(z)):
        slopes = np.zeros((model.nv, z.shape[1]))
        velocity, acceleration = np.zeros(model.nv), np.zeros(model.nv)
        for joint in body.joints:
            for number, mobility in enumerate(joint.mobilities):
                at = model.joint(f"{joint.name}:{number}").dofadr[0]
                jet = chained(body, mobility, full[frame])
                if jet is None:
                    continue
                column = dynamics.inputs.index(jet[0])
                slopes[at, column] = jet[1]
                velocity[at] = jet[1] * dz[frame, column]
                acceleration[at] = jet[1] * ddz[frame, column] + jet[2] * dz[frame, column] ** 2
        data.qpos[:] = mujoco_positions(body, model, full[frame : frame + 1])[0]
        data.qvel[:], data.qacc[:] = velocity, acceleration
        mujoco.mj_inverse(model, data)
        taken = data.qfrc_inverse.copy()
        for s, segment in enumerate(body.segments):
            given = np.zeros(model.nv)
            # MuJoCo takes the moment about the point where the force acts: the world origin, carried by the segment.
            push, twist = external[frame, s, :3], external[frame, s, 3:]
            mujoco.mj_applyFT(model, data, push, twist, np.zeros(3), model.body(segment.name).id, given)
            taken -= given
        out[frame] = slopes.T @ taken
    return out


def chained(body, mobility, values):
    """Follow a mobility to its input; return its name with first and second derivative, None if it stands still."""
    names = [c.name for c in body.coordinates]
    if mobility.coordinate is None:
        return None

    def value_of(name):
        coordinate = body.coordinate(name)
        if coordinate.driver is None:
            return float(values[names.index(name)])
        return float(coordinate.coupling.evaluate(value_of(coordinate.driver))[0])

    name = mobility.coordinate
    _, first, second = (float(x) for x in mobility.function.evaluate(value_of(name)))
    while body.coordinate(name).driver is not None:
        coordinate = body.coordinate(name)
        _, slope, bend = (float(x) for x in coordinate.coupling.evaluate(value_of(coordinate.driver)))
        first, second, name = first * slope, second * slope**2 + first * bend, coordinate.driver
    return None if body.coordinate(name).is_locked else (name, first, second)


@compiled
def test_kernel_and_twin_agree():
    body = heavy_leg()
    dynamics, z, dz, ddz = random_motion(body, 7)
    z[:, dynamics.inputs.index("knee")] = np.random.default_rng(0).uniform(-0.9, 3.0, 7)
    external = 100 * np.random.default_rng(5).normal(size=(7, len(body.segments), 6))
    for pushed in (None, external):
        ours = solve_forces(dynamics, z, dz, ddz, pushed)
        twin = newton_euler._solve_forces(dynamics, z, dz, ddz, pushed)
        for name in ("nodes", "slopes", "inputs", "coordinates", "joint_wrench"):
            assert getattr(ours, name) == pytest.approx(getattr(twin, name), abs=1e-10), name


def test_a_coordinate_counts_for_itself_and_its_input_for_all_that_follow():
    body = heavy_leg()
    dynamics, z, dz, ddz = random_motion(body, 4)
    forces = solve_forces(dynamics, z, dz, ddz)
    names = dynamics.tree.coordinates
    column = {name: forces.coordinates[:, names.index(name)] for name in names}
    # Tibial rotation follows the knee by 0.2, the patella the tibial rotation by 3.
    folded = column["knee"] + 0.2 * column["tibial_rotation"] + 0.2 * 3.0 * column["patella"]
    assert forces.inputs[:, dynamics.inputs.index("knee")] == pytest.approx(folded, abs=1e-10)
    assert np.abs(column["patella"]).min() > 0


@pytest.mark.parametrize("kernels", [pytest.param("compiled", marks=compiled), "Python"])
def test_frames_without_a_pose_stay_empty_and_spoil_no_other(kernels, monkeypatch):
    monkeypatch.setattr(newton_euler, "KERNELS", kernels)
    dynamics, z, dz, ddz = random_motion(heavy_leg(), 5)
    whole = solve_forces(dynamics, z, dz, ddz)
    z[2] = np.nan
    holed = solve_forces(dynamics, z, dz, ddz)
    assert np.isnan(holed.inputs[2]).all()
    kept = [0, 1, 3, 4]
    assert holed.inputs[kept] == pytest.approx(whole.inputs[kept], abs=0)


def test_arrays_that_do_not_fit_are_refused():
    dynamics, z, dz, ddz = random_motion(heavy_leg(), 5)
    with pytest.raises(ValueError, match="velocities has shape"):
        solve_forces(dynamics, z, dz[:4], ddz)
    with pytest.raises(ValueError, match="values has shape"):
        solve_forces(dynamics, z[:, 1:], dz, ddz)
    with pytest.raises(ValueError, match="external has shape"):
        solve_forces(dynamics, z, dz, ddz, np.zeros((5, 2, 6)))


@compiled
def test_the_kernel_refuses_what_points_outside():
    dynamics, *_ = random_motion(heavy_leg(), 1)
    for name, wrong in (("segment_parent", [5, 0, 1, 2, 1]), ("node_segment", np.full(len(dynamics.node_segment), 9))):
        with pytest.raises(ValueError, match="dynamics"):
            _ = replace(dynamics, **{name: np.asarray(wrong, dtype=np.int64)}).compiled
    with pytest.raises(ValueError, match="finite"):
        _ = replace(dynamics, mass_kg=np.full(5, np.nan)).compiled
