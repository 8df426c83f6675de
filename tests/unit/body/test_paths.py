"""Paths over bodies: lengths by hand, work, conditions, moving points, several surfaces, and both implementations."""

from dataclasses import fields, replace

import numpy as np
import pytest

from kinechain.body import path_geometry, paths
from kinechain.body.body import Function
from kinechain.body.muscle import Muscle, Musculature, Path, PathPoint, Surface, Tissue, Wrap
from kinechain.body.paths import (
    column_slopes,
    flatten_paths,
    input_arms,
    lengthening_speeds,
    measure_paths,
    moment_arms,
    path_lengths,
)
from kinechain.body.pose import segment_poses
from kinechain.body.tree import KERNELS, kernels
from kinechain.core.errors import BodyError
from toy_bodies import BEND, arm, at, leg, random_leg_values, turned

compiled = pytest.mark.skipif(KERNELS != "compiled", reason="the extension was not built")


def point(segment: str, x: float, y: float, z: float, **more) -> PathPoint:
    return PathPoint(segment, np.array([x, y, z]), **more)


def surface(name: str, segment: str, kind: str = "cylinder", radius: float = 0.05, **more) -> Surface:
    pose = more.pop("pose", turned((1, 0, 0), -np.pi / 2, (0, 0, 0)))
    return Surface(name, segment, kind, pose, np.broadcast_to(radius, 3), **more)


def muscles(*ways: Path, surfaces: tuple[Surface, ...] = ()) -> Musculature:
    made = tuple(Muscle(f"muscle_{i}_r", way, 100.0, 0.1, 0.2) for i, way in enumerate(ways))
    return Musculature(made, surfaces=surfaces)


STRAIGHT = Path((point("upper", 0.05, 0, 0.2), point("lower", 0.05, 0, 0.3)))


def test_a_straight_path_has_the_length_and_arm_of_trigonometry():
    angles = np.linspace(0.1, 2.0, 9)
    values = np.column_stack([np.full(9, 0.7), angles])
    first, second = np.array([0.05, 0.0, -0.8]), np.array([0.05, 0.0, 0.3])
    c, s = np.cos(angles), np.sin(angles)
    turned_second = np.column_stack([c * second[0] + s * second[2], 0 * c, -s * second[0] + c * second[2]])
    chord = turned_second - first
    length = np.linalg.norm(chord, axis=1)
    assert path_lengths(arm(), muscles(STRAIGHT), values)[:, 0] == pytest.approx(length, abs=1e-14)
    arms = moment_arms(arm(), muscles(STRAIGHT), values)[:, 0]
    # the elbow turns z towards x: about +y, at the origin of this drawing
    about = np.cross(turned_second, -chord / length[:, None])[:, 1]
    assert arms[:, 1] == pytest.approx(about, abs=1e-14)
    assert np.array_equal(arms[:, 0], np.zeros(9))


def test_points_on_the_way_add_their_pieces():
    way = Path((STRAIGHT.points[0], point("upper", 0.1, 0.02, 0.9), point("lower", 0.1, 0, 0.1), STRAIGHT.points[1]))
    values = np.array([[0.3, 0.8]])
    ends = np.array([[0.05, 0, 0.2], [0.1, 0.02, 0.9]]), np.array([[0.1, 0, 0.1], [0.05, 0, 0.3]])
    between = Path(way.points[1:3])
    expected = path_lengths(arm(), muscles(between), values) + sum(np.linalg.norm(e[1] - e[0]) for e in ends)
    assert path_lengths(arm(), muscles(way), values) == pytest.approx(expected, abs=1e-14)
    assert moment_arms(arm(), muscles(way), values) == pytest.approx(
        moment_arms(arm(), muscles(between), values), abs=1e-14
    )


def test_a_path_around_the_joint_has_the_radius_as_its_arm():
    way = Path((point("upper", -0.06, 0, 0.6), point("lower", -0.06, 0, 0.4)), (Wrap("pulley", method="shortest"),))
    pulley = surface("pulley", "upper", pose=turned((1, 0, 0), -np.pi / 2, (0, 0, 1)), quadrant="-x")
    values = np.column_stack([np.full(6, 0.4), np.linspace(0.6, 1.8, 6)])
    musculature = muscles(way, surfaces=(pulley,))
    arms = moment_arms(arm(), musculature, values)[:, 0, 1]
    assert arms == pytest.approx(np.full(6, -0.05), abs=1e-12)
    lengths = path_lengths(arm(), musculature, values)[:, 0]
    assert np.diff(lengths) == pytest.approx(0.05 * np.diff(values[:, 1]), abs=1e-12)


def leg_musculature() -> Musculature:
    """Every kind of point and surface, over every joint of ``leg``."""
    surfaces = (
        surface("hip", "pelvis", radius=0.04, pose=turned((1, 0.3, 0), 1.4, (0.0, -0.1, -0.08))),
        surface("thigh", "thigh", "sphere", 0.06, pose=at(-0.02, 0.0, -0.2)),
        surface("shank", "shank", "ellipsoid", np.array([0.04, 0.06, 0.09]), pose=turned((0, 1, 1), 0.4, (0, 0, -0.1))),
        surface("heel", "foot", radius=0.03, pose=turned((1, 0, 0), 1.5, (-0.02, 0, 0))),
        surface("half", "shank", radius=0.04, quadrant="-x", length_m=0.4),
    )
    moving = (("knee", BEND), ("ankle", Function.linear(0.05, -0.01)), ("patella", Function.linear(0.02, -0.3)))
    ways = (
        Path((point("pelvis", 0.05, 0, 0.05), point("shank", 0.03, 0, -0.1))),
        Path((point("pelvis", 0.1, -0.1, 0.1), point("thigh", -0.1, 0.01, -0.25)), (Wrap("hip"),)),
        Path((point("thigh", 0.1, 0.03, -0.2), point("shank", -0.12, 0.0, -0.2)), (Wrap("thigh"),)),
        Path((point("thigh", 0.08, 0.02, -0.35), point("foot", -0.06, -0.02, -0.02)), (Wrap("shank"),)),
        Path((point("thigh", -0.05, 0.0, -0.3), point("foot", -0.03, 0.02, -0.05)), (Wrap("half"), Wrap("heel"))),
        Path((point("thigh", 0.02, 0, -0.2), point("shank", 0, 0, 0, motion=moving), point("foot", 0.1, 0, 0))),
        Path(
            (
                point("patella", 0.02, 0, 0.05),
                point("shank", 0.05, 0, 0, condition=("knee", 0.4, 1.2)),
                point("foot", 0.1, 0, 0),
            )
        ),
        Path((point("ground", 0.4, 0.1, 1.0), point("foot", 0.0, 0.1, -0.02))),
    )
    return replace(muscles(*ways, surfaces=surfaces), tissues=(Tissue("strap_r", ways[0], "ligament", 0.3),))


def leg_inputs(frames: int, *, seed: int = 2) -> np.ndarray:
    values = random_leg_values(np.random.default_rng(seed), frames)
    return values[:, flatten_paths(leg(), leg_musculature()).tree.inputs]


@pytest.mark.parametrize("locks", [True, False])
def test_arms_are_minus_the_change_of_length(locks):
    body, musculature = leg(), leg_musculature()
    flat = flatten_paths(body, musculature, locks=locks)
    values = random_leg_values(np.random.default_rng(2), 40)[:, flat.tree.inputs]
    arms = input_arms(flat, values, measure_paths(flat, values)[1])
    step = 1e-6
    for i in range(values.shape[1]):
        shift = step * np.eye(values.shape[1])[i]
        up, down = (measure_paths(flat, values + sign * shift, arms=False)[0] for sign in (1, -1))
        assert arms[:, :, i] == pytest.approx(-(up - down) / (2 * step), abs=1e-7)


def test_every_surface_of_the_leg_is_touched():
    flat, values = flatten_paths(leg(), leg_musculature()), leg_inputs(40)
    plain = replace(
        leg_musculature(),
        muscles=tuple(replace(m, path=Path(m.path.points)) for m in leg_musculature().muscles),
    )
    longer = measure_paths(flat, values)[0] - measure_paths(flatten_paths(leg(), plain), values)[0]
    assert longer.min() >= -1e-12
    assert ((longer[:, 1:5] > 1e-6).sum(axis=0) >= 3).all()


@pytest.mark.parametrize("pull", ["length", "tension"])
def test_the_loads_of_a_tension_do_the_work_of_the_arms(pull):
    """Wrenches on segments, moved as forward kinematics moves them, against the arms folded through the tree."""
    body = leg()
    flat = flatten_paths(body, leg_musculature(), pull=pull)
    values = leg_inputs(10)
    _, arms, loads = measure_paths(flat, values, loads=True)
    dense = input_arms(flat, values, arms)
    moving = 5  # the path with a point that moves in its segment does work beside that of its wrenches
    step = 1e-6
    for i in range(values.shape[1]):
        shift = step * np.eye(values.shape[1])[i]
        poses = [all_poses(body, flat, values + sign * shift) for sign in (1, -1)]
        middle = all_poses(body, flat, values)
        twist = np.zeros((len(values), len(body.segments), 6))
        rate = (poses[0] - poses[1]) / (2 * step)
        spin = rate[..., :3, :3] @ np.swapaxes(middle[..., :3, :3], -1, -2)
        turn = np.stack([spin[..., 2, 1], spin[..., 0, 2], spin[..., 1, 0]], axis=-1)
        twist[..., 3:] = turn
        twist[..., :3] = rate[..., :3, 3] - np.cross(turn, middle[..., :3, 3])
        work = np.zeros((len(values), len(flat.names)))
        for k, (path, segment) in enumerate(zip(flat.load_path, flat.load_segment, strict=True)):
            if segment >= 0:
                work[:, path] += (loads[:, k] * twist[:, segment]).sum(axis=1)
        keep = [n for n in range(len(flat.names)) if n != moving]
        assert work[:, keep] == pytest.approx(dense[:, keep, i], abs=1e-7)


def all_poses(body, flat, inputs):
    values = np.tile(flat.tree.constants, (len(inputs), 1))
    values[:, flat.tree.inputs] = inputs
    return segment_poses(body, values)


@pytest.mark.parametrize("pull", ["length", "tension"])
def test_the_loads_of_a_path_cancel(pull):
    flat = flatten_paths(leg(), leg_musculature(), pull=pull)
    loads = measure_paths(flat, leg_inputs(20), loads=True)[2]
    for path in range(len(flat.names)):
        assert loads[:, flat.load_path == path].sum(axis=1) == pytest.approx(0, abs=1e-9)


def test_a_conditional_point_counts_within_its_range_and_at_both_ends():
    flat = flatten_paths(leg(), leg_musculature())
    knee = list(flat.tree.inputs).index([c.name for c in leg().coordinates].index("knee"))
    values = np.tile(leg_inputs(1), (5, 1))
    values[:, knee] = [0.4 - 1e-9, 0.4, 0.8, 1.2, 1.2 + 1e-9]
    lengths = measure_paths(flat, values, arms=False)[0][:, 6]
    assert lengths[1] - lengths[0] > 1e-4
    assert lengths[3] - lengths[4] > 1e-4


def test_an_unknown_input_leaves_the_paths_it_moves_unknown():
    flat, values = flatten_paths(leg(), leg_musculature()), leg_inputs(2)
    knee = list(flat.tree.inputs).index([c.name for c in leg().coordinates].index("knee"))
    values[1, knee] = np.nan
    lengths, arms, loads = measure_paths(flat, values, loads=True)
    assert np.isfinite(lengths[0]).all() and np.isfinite(arms[0]).all() and np.isfinite(loads[0]).all()
    over_knee = [n for n in range(len(flat.names)) if n != 1]
    assert np.isnan(lengths[1, over_knee]).all()
    assert np.isfinite(lengths[1, 1])
    assert np.isnan(arms[1, flat.entry_path == 6]).all()
    assert np.isnan(loads[1, flat.load_path == 6]).all()


def test_a_string_over_two_rollers_is_drawn_tight():
    """Equal rollers on one level and ends a little below their axes: straight pieces and arcs that add up by hand."""
    r, low = 0.05, 0.02
    rollers = tuple(
        surface(name, "ground", radius=r, pose=turned((1, 0, 0), -np.pi / 2, (x, 0, 0)))
        for name, x in (("one", 0.0), ("two", 0.4))
    )
    ends = tuple(point("ground", x, 0, -low) for x in (-0.5, 0.9))
    way = Path(ends, (Wrap("one"), Wrap("two")))
    length = path_lengths(arm(), muscles(way, surfaces=rollers), np.zeros((1, 2)))[0, 0]
    reach = np.hypot(0.5, low)
    falls = np.arcsin(r / reach) - np.arcsin(low / reach)
    assert length == pytest.approx(2 * np.sqrt(reach**2 - r * r) + 0.4 + 2 * r * falls, rel=1e-9)


def test_a_path_bends_only_between_the_points_it_is_told():
    points = (point("ground", -0.2, 0, 0.01), point("ground", 0.2, 0, 0.01), point("ground", 0.4, 0, 0.01))
    roller = surface("roller", "ground")
    bent, kept = (
        path_lengths(arm(), muscles(Path(points, (wrap,)), surfaces=(roller,)), np.zeros((1, 2)))[0, 0]
        for wrap in (Wrap("roller", 0, 1), Wrap("roller", 1, 2))
    )
    assert kept == pytest.approx(0.6, abs=1e-15)
    assert bent > 0.605


def test_speeds_are_the_change_of_length_in_time():
    body, musculature = leg(), leg_musculature()
    values = random_leg_values(np.random.default_rng(8), 6)
    rates = np.random.default_rng(9).normal(size=values.shape)
    step = 1e-6
    free = [i for i, c in enumerate(body.coordinates) if c.driver is None]
    shift = np.zeros_like(values)
    shift[:, free] = step * rates[:, free]
    up, down = (path_lengths(body, musculature, values + sign * shift) for sign in (1, -1))
    speeds = lengthening_speeds(body, musculature, values, rates)
    assert speeds == pytest.approx((up - down) / (2 * step), abs=1e-6)


@compiled
@pytest.mark.parametrize("pull", ["length", "tension"])
def test_both_implementations_agree(monkeypatch, pull):
    flat, values = flatten_paths(leg(), leg_musculature(), pull=pull), leg_inputs(25)
    values[3, 5] = np.nan
    fast = (*measure_paths(flat, values, loads=True), column_slopes(flat, values[:3]))
    monkeypatch.setattr(paths, "KERNELS", "Python")
    slow = (*measure_paths(flat, values, loads=True), column_slopes(flat, values[:3]))
    for one, two in zip(fast, slow, strict=True):
        assert one == pytest.approx(two, abs=1e-8, nan_ok=True)
    assert path_geometry.measure(flat, values[:1], False, False)[1].shape == (1, 0)


@compiled
def test_the_kernel_refuses_rows_that_point_outside():
    flat = flatten_paths(leg(), leg_musculature())
    whole = {f.name: getattr(flat, f.name) for f in fields(flat) if f.name not in ("names", "tree")}
    kernels().Paths(flat.tree.compiled, whole)
    refused = 0
    for name, value in whole.items():
        if value.dtype.kind != "i" or not len(value) or name == "surface_segment" or name.startswith("load_path"):
            continue
        if name in ("entry_path", "function_is_linear_outside"):
            continue
        for wrong in (-7, 10_000, 2**62):
            damaged = value.copy()
            damaged.flat[len(damaged.flat) // 2] = wrong
            with pytest.raises(ValueError, match=r"paths|tree"):
                kernels().Paths(flat.tree.compiled, {**whole, name: damaged})
                pytest.fail(f"{name} with {wrong} was taken")
            refused += 1
        with pytest.raises(ValueError, match=r"paths|tree"):
            kernels().Paths(flat.tree.compiled, {**whole, name: value.ravel()[:-1].copy()})
    assert refused > 60
    for name in ("point_position", "surface_radii", "surface_rotation"):
        damaged = whole[name].copy()
        damaged.flat[0] = np.nan
        with pytest.raises(ValueError, match=r"finite|above"):
            kernels().Paths(flat.tree.compiled, {**whole, name: damaged})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "torus"}, "torus"),
        ({"quadrant": "+w"}, r"\+w"),
        ({"radii": np.array([0.1, 0.0, 0.1])}, "above 0"),
        ({"segment": "wing"}, "wing"),
    ],
)
def test_a_surface_that_no_path_can_bend_around_is_refused(change, said):
    roller = replace(surface("roller", "upper"), **change)
    with pytest.raises(BodyError, match=said):
        flatten_paths(arm(), muscles(Path(STRAIGHT.points, (Wrap("roller"),)), surfaces=(roller,)))


@pytest.mark.parametrize("wrap", [Wrap("roller", 1, 1), Wrap("roller", 0, 2), Wrap("roller", method="round")])
def test_a_wrap_that_makes_no_sense_is_refused(wrap):
    with pytest.raises(BodyError, match=r"between|method"):
        flatten_paths(arm(), muscles(Path(STRAIGHT.points, (wrap,)), surfaces=(surface("roller", "upper"),)))


def test_inputs_of_another_shape_are_refused():
    flat = flatten_paths(arm(), muscles(STRAIGHT))
    with pytest.raises(BodyError, match="2 inputs"):
        measure_paths(flat, np.zeros((3, 5)))
    with pytest.raises(BodyError, match="2 coordinates"):
        path_lengths(arm(), muscles(STRAIGHT), np.zeros((3, 5)))
    with pytest.raises(BodyError, match="velocities"):
        lengthening_speeds(arm(), muscles(STRAIGHT), np.zeros((3, 2)), np.zeros((2, 2)))


def test_equal_bodies_share_their_paths():
    assert flatten_paths(leg(), leg_musculature()) is flatten_paths(leg(), leg_musculature())


def test_no_muscles_are_no_paths():
    lengths = path_lengths(arm(), Musculature(()), np.zeros((4, 2)))
    assert lengths.shape == (4, 0)


def test_on_the_shortest_way_a_tension_does_the_work_of_the_length():
    """Where the string is taut both kinds of arms are one; on OpenSim's curve they are not."""
    way = Path((point("upper", 0.05, 0.2, 0.9), point("lower", -0.12, -0.25, 0.3)))
    pulley = surface("pulley", "upper", pose=turned((1, 0.2, 0), -np.pi / 2, (0, 0, 1)))
    values = np.column_stack([np.full(8, 0.4), np.linspace(-0.4, 0.6, 8)])
    apart = {}
    for method in ("shortest", "hybrid"):
        bent = muscles(replace(way, wraps=(Wrap("pulley", method=method),)), surfaces=(pulley,))
        arms = []
        for pull in ("length", "tension"):
            flat = flatten_paths(arm(), bent, pull=pull)
            lengths, by_column, _ = measure_paths(flat, values)
            arms.append(input_arms(flat, values, by_column))
        assert (lengths[:, 0] > path_lengths(arm(), muscles(way), values)[:, 0] + 1e-4).sum() >= 4
        apart[method] = np.abs(arms[0] - arms[1]).max()
    assert apart["shortest"] < 1e-12
    assert apart["hybrid"] > 1e-5
