import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from scipy.optimize import least_squares

from kinechain.body import newton, solve
from kinechain.body.body import Marker
from kinechain.body.pose import marker_positions
from kinechain.body.solve import CoordinateTarget, SolveSettings, solve_poses
from kinechain.body.tree import KERNELS, flatten
from kinechain.core.errors import BodyError, SettingError
from toy_bodies import arm, leg, leg_values, random_leg_values

compiled = pytest.mark.skipif(KERNELS != "compiled", reason="the extension was not built here")


def noisy_walk(frames=40, seed=5, noise=0.01):
    """A smooth motion of the leg, its noisy markers with holes, and wishes for two coordinates."""
    t = np.linspace(0, 1, frames)
    values = leg_values(
        frames,
        tx=1.3 * t,
        yaw=3.0 + t,
        tilt=0.2 * np.sin(5 * t),
        hip_flexion=0.5 * np.sin(6 * t),
        hip_rotation=0.2 * np.cos(3 * t),
        knee=np.maximum(0.0, 0.4 + 0.6 * np.sin(6 * t + 1)),
        ankle=0.3 * np.sin(5 * t),
    )
    generator = np.random.default_rng(seed)
    markers = tuple(replace(m, weight=1.0 + i % 3) for i, m in enumerate(leg().markers))
    targets = marker_positions(leg(), markers, values)
    targets = targets + noise * generator.normal(size=targets.shape)
    targets[10:14, 3:5] = np.nan
    targets[20:21, :13] = np.nan
    wishes = (
        CoordinateTarget("ankle", np.linspace(0, 0.1, frames), 0.01),
        CoordinateTarget("patella", np.array([0.3]), 0.001),
    )
    return markers, values, targets, wishes


def flat_problem(wishes=True):
    markers, _, targets, wanted = noisy_walk()
    tree = flatten(leg(), markers)
    return tree, solve._problem(tree, markers, targets, wanted if wishes else (), SolveSettings())


def test_gradient_and_hessian_agree_with_finite_differences():
    tree, problem = flat_problem()
    z = random_leg_values(np.random.default_rng(6), 1)[0, tree.inputs]
    _, gradient, gauss_newton, exact = newton.evaluate_objective(tree, problem, 11, z)
    step = 1e-6 * np.eye(len(z))
    by_value = [
        (
            newton.evaluate_objective(tree, problem, 11, z + d)[0]
            - newton.evaluate_objective(tree, problem, 11, z - d)[0]
        )
        / 2e-6
        for d in step
    ]
    by_gradient = [
        (
            newton.evaluate_objective(tree, problem, 11, z + d)[1]
            - newton.evaluate_objective(tree, problem, 11, z - d)[1]
        )
        / 2e-6
        for d in step
    ]
    assert gradient == pytest.approx(np.array(by_value), abs=1e-8)
    assert exact == pytest.approx(np.array(by_gradient), abs=1e-8)
    assert np.linalg.eigvalsh(gauss_newton).min() > 0


def test_the_objective_is_half_the_weighted_mean_square_plus_the_wishes():
    markers, _, targets, _ = noisy_walk()
    values = leg_values(1, knee=0.3, ankle=0.2)
    tree = flatten(leg(), markers)
    wish = CoordinateTarget("ankle", np.array([0.5]), 2.0)
    problem = solve._problem(tree, markers, targets[11:12], (wish,), SolveSettings())
    distance = np.linalg.norm(marker_positions(leg(), markers, values)[0] - targets[11], axis=1)
    seen = np.isfinite(distance)
    weights = np.array([m.weight for m in markers])
    expected = 0.5 * (weights[seen] @ distance[seen] ** 2 / weights[seen].sum() + 2.0 * 0.3**2)
    assert newton.evaluate_objective(tree, problem, 0, values[0, tree.inputs])[0] == pytest.approx(expected, rel=1e-12)


@compiled
def test_the_compiled_sums_equal_the_twin_s_jacobians():
    tree, problem = flat_problem()
    for seed in range(10):
        z = random_leg_values(np.random.default_rng(seed), 1)[0, tree.inputs]
        twin = newton.evaluate_objective(tree, problem, seed, z)
        ours = tree.compiled.evaluate(
            problem.targets[seed : seed + 1],
            problem.weights,
            problem.wanted[seed : seed + 1],
            problem.wanted_coordinate,
            problem.wanted_weights,
            z,
        )
        for a, b in zip(ours, twin, strict=True):
            assert a == pytest.approx(b, abs=1e-12, rel=1e-11)


@compiled
@pytest.mark.parametrize("wishes", [True, False])
def test_the_compiled_solver_gives_the_numbers_of_its_twin(wishes):
    tree, problem = flat_problem(wishes)
    start = leg_values(1, yaw=2.8, knee=0.4)[:, tree.inputs]
    twin = newton.solve_frames(tree, problem, start, is_chained=True, tolerance=3e-4, max_iterations=100)
    ours = solve._solve(tree, problem, start, SolveSettings(tolerance=3e-4))
    assert twin.status.tolist() == ours.status.tolist()
    assert twin.iterations.tolist() == ours.iterations.tolist()
    assert ours.inputs == pytest.approx(twin.inputs, abs=1e-10)
    assert ours.objective == pytest.approx(twin.objective, rel=1e-10, nan_ok=True)
    assert ours.marker_error == pytest.approx(twin.marker_error, abs=1e-10, nan_ok=True)


def test_the_twin_alone_solves_too(monkeypatch):
    markers, values, targets, _ = noisy_walk(frames=6, noise=0.0)
    monkeypatch.setattr(solve, "KERNELS", "Python")
    solution = solve_poses(leg(), markers, targets)
    assert solution.is_solved.all()
    assert solution.values == pytest.approx(values, abs=1e-7)


def test_without_the_extension_everything_still_works_and_says_so():
    code = """
import sys
sys.modules["kinechain._kernels"] = None
sys.path.insert(0, sys.argv[1])
import numpy as np
from toy_bodies import arm
from kinechain.body.pose import marker_positions, segment_poses
from kinechain.body.solve import KERNELS, solve_poses
values = np.array([[0.3, 0.5], [0.31, 0.52]])
found = solve_poses(arm(), arm().markers, marker_positions(arm(), arm().markers, values)).values
assert np.abs(found - values).max() < 1e-7, found
assert segment_poses(arm(), values).shape == (2, 2, 4, 4)
print(KERNELS)
"""
    tests = Path(__file__).resolve().parents[2]
    run = subprocess.run([sys.executable, "-c", code, str(tests)], capture_output=True, text=True, check=False)
    assert run.stdout.strip() == "Python", run.stderr


def test_no_bounded_optimum_is_better_than_ours():
    markers, _, targets, _ = noisy_walk(noise=0.03)
    solution = solve_poses(leg(), markers, targets)
    tree = flatten(leg(), markers)
    weights = np.array([m.weight for m in markers])
    at_bound = 0
    for frame in (0, 7, 12, 22, 29, 39):
        seen = np.isfinite(targets[frame, :, 0])
        scale = np.sqrt(weights[seen] / weights[seen].sum())[:, None]

        def residual(z, frame=frame, seen=seen, scale=scale):
            values = solution.values[frame].copy()
            values[tree.inputs] = z
            values[9:11] = 3.0 * (0.2 * values[11] + 0.01), 0.2 * values[11] + 0.01
            return (scale * (marker_positions(leg(), markers, values[None])[0] - targets[frame])[seen]).ravel()

        start = np.clip(solution.values[frame, tree.inputs], tree.low + 1e-9, tree.high - 1e-9)
        best = least_squares(residual, start, bounds=(tree.low, tree.high), xtol=1e-15, ftol=1e-15, gtol=1e-12)
        assert solution.objective[frame] <= best.cost * (1 + 1e-9)
        assert solution.values[frame, tree.inputs] == pytest.approx(best.x, abs=1e-5)
        at_bound += solution.values[frame, 11] == 0.0
    assert at_bound > 0


def test_a_clamped_coordinate_stays_inside_its_range():
    targets = marker_positions(arm(), arm().markers, np.array([[0.3, -0.5]]))
    solution = solve_poses(arm(), arm().markers, targets)
    assert solution.is_solved.all()
    assert solution.values[0, 1] == 0.0
    assert 0.0 < solution.values[0, 0] < 0.3


def test_hidden_markers_do_not_count_and_have_no_error():
    markers, values, targets, _ = noisy_walk(noise=0.0)
    solution = solve_poses(leg(), markers, targets)
    hidden = np.isnan(targets[..., 0])
    assert np.array_equal(np.isnan(solution.marker_error), hidden | (solution.is_solved == 0)[:, None])
    solved = solution.is_solved == 1
    assert solution.values[solved] == pytest.approx(values[solved], abs=1e-7)
    assert solution.marker_error[solved][~hidden[solved]].max() < 1e-7


def test_a_frame_with_too_few_markers_stays_unsolved_and_is_passed_over():
    markers, _, targets, _ = noisy_walk(noise=0.0)
    solution = solve_poses(leg(), markers, targets)
    assert np.flatnonzero(solution.is_solved == 0).tolist() == [20]
    assert np.isnan(solution.objective[20])
    assert np.array_equal(solution.values[20], solution.values[19])


def test_weight_zero_carries_a_marker_without_tracking_it():
    markers, values, targets, _ = noisy_walk(noise=0.0)
    targets[:, 0] += 0.5
    markers = (replace(markers[0], weight=0.0), *markers[1:])
    solution = solve_poses(leg(), markers, targets)
    solved = solution.is_solved == 1
    assert solution.values[solved] == pytest.approx(values[solved], abs=1e-6)
    assert solution.marker_error[0, 0] == pytest.approx(0.5 * np.sqrt(3))


def test_a_heavy_wish_wins_and_a_light_one_loses():
    markers, values, targets, _ = noisy_walk(noise=0.0)
    heavy = solve_poses(leg(), markers, targets, coordinate_targets=(CoordinateTarget("ankle", np.array([0.7]), 1e6),))
    light = solve_poses(leg(), markers, targets, coordinate_targets=(CoordinateTarget("ankle", np.array([0.7]), 1e-9),))
    assert heavy.values[5, 12] == pytest.approx(0.7, abs=1e-4)
    assert light.values[5, 12] == pytest.approx(values[5, 12], abs=1e-4)


def test_a_wish_for_a_driven_coordinate_moves_its_driver():
    markers, _, targets, _ = noisy_walk(noise=0.0)
    wish = CoordinateTarget("patella", np.array([0.63]), 1e6)
    solution = solve_poses(leg(), markers, targets[:3], coordinate_targets=(wish,))
    assert solution.values[:, 11] == pytest.approx(1.0, abs=1e-4)


def test_held_coordinates_stay_at_their_default():
    markers, _, targets, _ = noisy_walk()
    solution = solve_poses(leg(), markers, targets, held=("ankle",))
    assert np.all(solution.values[:, 12] == 0.0)


def test_a_coordinate_no_seen_marker_shows_stays_where_it_was():
    markers, values, targets, _ = noisy_walk(noise=0.0)
    targets[15:18, 9:12] = np.nan  # the foot
    solution = solve_poses(leg(), markers, targets)
    assert solution.is_solved[15:18].all()
    assert solution.values[15:18, 12] == pytest.approx(values[14, 12], abs=1e-7)


@pytest.mark.parametrize("yaw", [-3.1, -1.5, 0.0, 1.5, 3.1])
def test_the_first_frame_is_found_from_any_heading(yaw):
    values = leg_values(1, yaw=yaw, tx=8.0, hip_flexion=0.9, knee=1.4, tilt=0.3)
    solution = solve_poses(leg(), leg().markers, marker_positions(leg(), leg().markers, values))
    assert solution.values == pytest.approx(values, abs=1e-6)


def test_the_laboratory_may_lie_anywhere():
    values = leg_values(2, tx=4000.0, ty=-300.0, yaw=2.0, knee=0.7)
    solution = solve_poses(leg(), leg().markers, marker_positions(leg(), leg().markers, values))
    assert solution.is_solved.all()
    assert solution.values == pytest.approx(values, abs=1e-6)


def test_nothing_that_can_move_is_solved_by_standing_still():
    fixed = tuple(replace(c, is_locked=True) if c.driver is None else c for c in leg().coordinates)
    body = replace(leg(), coordinates=fixed)
    solution = solve_poses(body, body.markers, marker_positions(leg(), leg().markers, leg_values(3)))
    assert solution.is_solved.all()
    assert np.nanmax(solution.marker_error) < 1e-12


def test_without_markers_nothing_is_solved():
    assert not solve_poses(leg(), (), np.empty((4, 0, 3))).is_solved.any()


def test_a_frame_that_does_not_converge_says_so():
    markers, _, targets, _ = noisy_walk()
    settings = SolveSettings(max_iterations=1, starts=1)
    solution = solve_poses(leg(), markers, targets, start=leg_values(1)[0], settings=settings)
    assert solution.is_solved[0] == 0


def test_no_frames_and_no_usable_frame_are_answers():
    assert len(solve_poses(leg(), leg().markers, np.empty((0, 15, 3))).values) == 0
    solution = solve_poses(leg(), leg().markers, np.full((3, 15, 3), np.nan))
    assert not solution.is_solved.any()


def test_arguments_that_do_not_fit_are_refused_in_words():
    markers, _, targets, _ = noisy_walk()
    with pytest.raises(SettingError, match="15 markers need targets"):
        solve_poses(leg(), markers, targets[:, :4])
    with pytest.raises(SettingError, match="Did you mean 'ankle'"):
        solve_poses(leg(), markers, targets, coordinate_targets=(CoordinateTarget("ancle", np.array([0.0]), 1.0),))
    with pytest.raises(SettingError, match="1 or 40 finite values"):
        solve_poses(leg(), markers, targets, coordinate_targets=(CoordinateTarget("ankle", np.zeros(3), 1.0),))
    with pytest.raises(SettingError, match="weight of a marker"):
        solve_poses(leg(), (replace(markers[0], weight=-1.0), *markers[1:]), targets)
    with pytest.raises(SettingError, match="14 coordinates"):
        solve_poses(leg(), markers, targets, start=np.zeros(3))
    with pytest.raises(SettingError, match="finite"):
        solve_poses(leg(), markers, targets, start=np.full(14, np.nan))
    with pytest.raises(SettingError, match="tolerance above 0"):
        SolveSettings(tolerance=0.0)
    with pytest.raises(BodyError, match="no coordinate named 'elbow'"):
        solve_poses(leg(), markers, targets, held=("elbow",))


def arguments(tree, problem):
    return [
        tree.low, tree.high, problem.targets, problem.weights, problem.wanted, problem.wanted_coordinate,
        problem.wanted_weights, problem.is_held, problem.is_usable, tree.default[tree.inputs][None], True, 1e-4, 50,
    ]  # fmt: skip


@compiled
@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, np.zeros(3)),
        (0, np.full(11, np.nan)),
        (1, np.full(11, -np.inf)),
        (2, np.zeros((40, 14, 3))),
        (2, np.zeros((40, 45))),
        (3, np.full(15, np.inf)),
        (3, np.ones((15, 1))),
        (4, np.zeros((40, 3))),
        (5, np.array([0, 99])),
        (5, np.array([0, -1])),
        (6, np.full(2, np.nan)),
        (7, np.zeros(12, dtype=np.int64)),
        (8, np.ones(39, dtype=np.int64)),
        (9, np.zeros((0, 11))),
        (9, np.zeros((40, 11))),
        (9, np.full((1, 11), np.nan)),
        (11, 0.0),
        (11, np.nan),
        (12, 0),
        (2, None),
        (2, "targets"),
        (2, np.zeros((40, 15, 3), dtype=complex)),
    ],
)
def test_the_kernel_refuses_arrays_that_do_not_fit(place, value):
    tree, problem = flat_problem()
    given = arguments(tree, problem)
    tree.compiled.solve(*given)
    given[place] = value
    with pytest.raises((ValueError, TypeError)):
        tree.compiled.solve(*given)


@compiled
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("node_parent", -2),
        ("node_parent", 99),
        ("node_coordinate", 99),
        ("node_coordinate", -1),
        ("node_function", 99),
        ("marker_node", 99),
        ("segment_node", -2),
        ("inputs", 99),
        ("coordinate_input", 50),
        ("coordinate_driver", 50),
        ("coordinate_order", -1),
        ("coordinate_order", 3),
        ("function_start", 5),
        ("knots", np.nan),
        ("knots", 1e9),
        ("node_rotation", np.inf),
    ],
)
def test_the_kernel_refuses_a_tree_that_points_outside_itself(name, value):
    tree = flatten(leg(), leg().markers)
    array = np.array(getattr(tree, name))
    array.flat[0] = value
    with pytest.raises(ValueError, match="tree"):
        _ = replace(tree, **{name: array}).compiled
    with pytest.raises(ValueError, match=r"tree|shape"):
        _ = replace(tree, **{name: getattr(tree, name)[:-1]}).compiled


@compiled
def test_threads_do_not_disturb_each_other():
    tree, problem = flat_problem()
    alone = tree.compiled.solve(*arguments(tree, problem))
    answers = []
    threads = [Thread(target=lambda: answers.append(tree.compiled.solve(*arguments(tree, problem)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers:
        assert np.array_equal(answer[0], alone[0])


def test_a_marker_on_the_ground_changes_nothing_but_the_objective():
    markers, values, targets, _ = noisy_walk(noise=0.0)
    fixed = Marker("plate", "ground", np.array([1.0, 0.0, 0.0]))
    targets = np.concatenate([targets, np.zeros((40, 1, 3))], axis=1)
    solution = solve_poses(leg(), (*markers, fixed), targets)
    assert solution.values[0] == pytest.approx(values[0], abs=1e-6)
    assert solution.marker_error[0, -1] == 1.0
