r"""The readable twin of the compiled pose solver, in numpy; the two give the same numbers.

Objective of one frame, as OpenSim's assembler states it, over the inputs :math:`z`:

.. math:: J = \tfrac12 \Big[ \sum_m w_m |p_m(z) - t_m|^2 / \sum_m w_m + \sum_c k_c (q_c(z) - g_c)^2 \Big]

with the markers seen in that frame.  Bounded Newton steps on the exact second derivatives
where these are positive definite, else damped Gauss-Newton steps (Levenberg-Marquardt).

Every node moves a point ``p`` that it carries by ``turn x p + slide`` per unit, so the second
derivative of p by two nodes, i carrying j, is ``turn_i x (turn_j x p + slide_j)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinechain.body.tree import Index, Tree
from kinechain.core.arrays import FloatArray

__all__ = [
    "CONVERGED",
    "Problem",
    "SKIPPED",
    "STALLED",
    "Track",
    "coordinate_jets",
    "evaluate_objective",
    "frames_of_nodes",
    "node_jets",
    "point_positions",
    "solve_frames",
]

SKIPPED, CONVERGED, STALLED = 0, 1, 2

#: Above this step a bound cuts the step off; below it the step is solved again with the bound held.
#: Held bounds at large steps trapped first frames in wrong poses, cut steps alone left frames unconverged.
BOUND_STEP = 0.1
#: No angle turns further than this in one step, rad.
LONGEST_TURN = 1.0
#: Above this step the exact second derivatives are not trusted.
EXACT_STEP = 0.5
#: Gauss-Newton steps converge linearly, so they must be this much shorter before they count as converged.
LINEAR_FACTOR = 0.05
#: An input is held in a frame where one unit of it moves the markers by less than sqrt of this, in m.
UNSEEN = 1e-12
#: Pivots below this part of their diagonal entry mean that a matrix is not positive definite.
PIVOT = 1e-12
#: Least damping of a Gauss-Newton step.
REGULARITY = 1e-12
#: An input this near to a bound stands at it, rad or m.
AT_BOUND = 1e-13
#: A gain smaller than this part of the objective is lost in rounding.
ROUNDING = 1e-14
#: Objectives this near, as a part and in m^2, count as equal: rounding must not decide whether a step is taken.
TIE, TIE_FLOOR = 1e-12, 1e-28
#: Levenberg-Marquardt: first value, below this it ends, above this the solver gives up.
DAMPING_START, DAMPING_END, DAMPING_STOP = 1e-3, 1e-5, 1e8


@dataclass(frozen=True)
class Problem:
    """What to track.

    Attributes
    ----------
    targets : (time, marker, 3) array, m
        NaN where a marker was not seen.
    weights : (marker,) array
    wanted : (time, target) array, rad or m
        Values that some coordinates should have.
    wanted_coordinate : (target,) array of int
    wanted_weights : (target,) array
    is_held : (input,) array of int
        1 if the input may not move.
    is_usable : (time,) array of int
        0 for frames to leave out.
    """

    targets: FloatArray
    weights: FloatArray
    wanted: FloatArray
    wanted_coordinate: Index
    wanted_weights: FloatArray
    is_held: Index
    is_usable: Index


@dataclass(frozen=True)
class Track:
    """The answer, frame by frame.

    Attributes
    ----------
    inputs : (time, input) array, rad or m
    marker_error : (time, marker) array, m
    objective : (time,) array
    iterations : (time,) array of int
    status : (time,) array of int
        SKIPPED, CONVERGED or STALLED.
    """

    inputs: FloatArray
    marker_error: FloatArray
    objective: FloatArray
    iterations: Index
    status: Index


@dataclass(frozen=True)
class _System:
    """Objective, gradient (input,), Gauss-Newton and exact Hessian (input, input) at one point."""

    objective: float
    gradient: FloatArray
    gauss_newton: FloatArray
    exact: FloatArray


class _Frame:
    """One frame of a problem, with the markers seen in it."""

    def __init__(self, tree: Tree, problem: Problem, frame: int) -> None:
        seen = np.isfinite(problem.targets[frame]).all(axis=-1) & (problem.weights > 0)
        self.tree = tree
        self.on = tree.marker_node[seen] + 1
        self.positions = tree.marker_position[seen]
        self.targets = problem.targets[frame][seen]
        total = problem.weights[seen].sum()
        self.weights = problem.weights[seen] / total if total > 0 else problem.weights[seen]
        self.wanted = problem.wanted[frame]
        self.wanted_coordinate = problem.wanted_coordinate
        self.wanted_weights = problem.wanted_weights
        carries = np.vstack([np.zeros(len(tree.node_path), dtype=bool), tree.node_path.T]).T
        self.carries_marker = carries[:, self.on]

    def system(self, z: FloatArray) -> _System:
        tree = self.tree
        q, slope, curvature = coordinate_jets(tree, z)
        value, node_slope, node_curvature = node_jets(tree, q, slope, curvature)
        rotation, origin = frames_of_nodes(tree, value)
        points = origin[self.on] + np.einsum("mij,mj->mi", rotation[self.on], self.positions)
        residual = points - self.targets
        axis = rotation[1:, :, 2]
        turns = tree.node_is_rotation[:, None] == 1
        turn = np.where(turns, axis, 0.0)  # (node, 3)
        slide = np.where(turns, np.cross(origin[1:], axis), axis)  # (node, 3)
        moves = np.cross(turn[:, None], points[None]) + slide[:, None]  # (node, marker, 3), d point / d node
        moves *= self.carries_marker[..., None]
        weighted = residual * self.weights[:, None]

        input_of = tree.coordinate_input[tree.node_coordinate]
        fold = np.zeros((len(input_of), len(tree.inputs)))  # (node, input), d node / d input
        fold[np.arange(len(input_of)), input_of] = node_slope

        by_node = np.einsum("nmi,mi->n", moves, weighted)
        flat = moves.reshape(len(moves), 3 * len(points))
        products = (flat * np.repeat(self.weights, 3)) @ flat.T
        # The part of the Hessian that holds the residual; only pairs along one path have any.
        bend = np.einsum("ni,ki->nk", turn, np.cross(moves, weighted[None]).sum(axis=1)) * tree.node_path
        bend = bend + bend.T - np.diag(np.diag(bend))

        gradient = fold.T @ by_node
        gauss_newton = fold.T @ products @ fold
        exact = gauss_newton + fold.T @ bend @ fold
        np.add.at(exact, (input_of, input_of), by_node * node_curvature)

        c, k = self.wanted_coordinate, self.wanted_weights
        i, off = tree.coordinate_input[c], q[c] - self.wanted
        moving = i >= 0
        np.add.at(gradient, i[moving], (k * off * slope[c])[moving])
        np.add.at(gauss_newton, (i[moving], i[moving]), (k * slope[c] ** 2)[moving])
        np.add.at(exact, (i[moving], i[moving]), (k * (slope[c] ** 2 + off * curvature[c]))[moving])
        objective = 0.5 * float((weighted * residual).sum() + (k * off**2).sum())
        return _System(objective, gradient, gauss_newton, exact)

    def objective(self, z: FloatArray) -> float:
        q, slope, curvature = coordinate_jets(self.tree, z)
        rotation, origin = frames_of_nodes(self.tree, node_jets(self.tree, q, slope, curvature)[0])
        residual = origin[self.on] + np.einsum("mij,mj->mi", rotation[self.on], self.positions) - self.targets
        off = q[self.wanted_coordinate] - self.wanted
        return 0.5 * float((self.weights * (residual**2).sum(axis=-1)).sum() + (self.wanted_weights * off**2).sum())


def evaluate_objective(
    tree: Tree, problem: Problem, frame: int, z: FloatArray
) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Return objective, gradient (input,), Gauss-Newton and exact Hessian (input, input) at ``z`` (input,)."""
    system = _Frame(tree, problem, frame).system(np.asarray(z, dtype=float))
    return system.objective, system.gradient, system.gauss_newton, system.exact


def solve_frames(
    tree: Tree, problem: Problem, starts: FloatArray, *, is_chained: bool, tolerance: float, max_iterations: int
) -> Track:
    """Solve every usable frame of a problem.

    Parameters
    ----------
    tree : Tree
    problem : Problem
    starts : (1, input) or (time, input) array, rad or m
        Where to begin: the first frame if chained, else every frame.
    is_chained : bool
        Begin each frame where the frames before it point to.
    tolerance : float
        Length of the last step, rad or m.
    max_iterations : int
    """
    frames, count = len(problem.targets), len(tree.inputs)
    inputs = np.tile(np.clip(starts[0], tree.low, tree.high), (frames, 1))
    objective = np.full(frames, np.nan)
    iterations = np.zeros(frames, dtype=np.int64)
    status = np.full(frames, SKIPPED, dtype=np.int64)
    last, before = np.clip(starts[0], tree.low, tree.high), np.zeros(count)
    in_a_row, is_warm = 0, False
    for t in range(frames):
        if not problem.is_usable[t]:
            inputs[t], in_a_row = last, 0
            continue
        frame = _Frame(tree, problem, t)
        start = last if is_chained else starts[t if len(starts) > 1 else 0]
        if is_chained and in_a_row > 1:
            start = np.where(_is_seen(frame), 2 * last - before, last)
        inputs[t], objective[t], iterations[t], converged = _solve_frame(
            frame,
            np.clip(start, tree.low, tree.high),
            problem.is_held == 1,
            is_warm=is_chained and is_warm,
            tolerance=tolerance,
            max_iterations=max_iterations,
        )
        status[t] = CONVERGED if converged else STALLED
        if converged:
            before, last, is_warm, in_a_row = last, inputs[t], True, in_a_row + 1
        else:
            in_a_row = 0
    return Track(inputs, _marker_error(tree, problem, inputs), objective, iterations, status)


def _is_seen(frame: _Frame) -> NDArray[np.bool_]:
    """Say which inputs a marker seen in this frame, or a wanted value, depends on."""
    tree = frame.tree
    seen = np.zeros(len(tree.inputs), dtype=bool)
    seen[tree.coordinate_input[tree.node_coordinate[frame.carries_marker.any(axis=1)]]] = True
    by_wish = tree.coordinate_input[frame.wanted_coordinate[frame.wanted_weights > 0]]
    seen[by_wish[by_wish >= 0]] = True
    return seen


def _solve_frame(
    frame: _Frame, z: FloatArray, is_held: NDArray[np.bool_], *, is_warm: bool, tolerance: float, max_iterations: int
) -> tuple[FloatArray, float, int, bool]:
    low, high = frame.tree.low, frame.tree.high
    now = frame.system(z)
    damping, length = 0.0, 0.0 if is_warm else np.inf
    for iteration in range(1, max_iterations + 1):
        diagonal = np.diag(now.gauss_newton)
        held = is_held | (diagonal <= UNSEEN)
        held |= (z <= low + AT_BOUND) & (now.gradient > 0) | (z >= high - AT_BOUND) & (now.gradient < 0)
        step = None
        is_exact = damping == 0.0 and length < EXACT_STEP
        if is_exact:
            step = _bounded_step(now.exact, now.gradient, z, low, high, held)
        if step is None:
            is_exact = False
            while step is None and damping < DAMPING_STOP:
                damped = now.gauss_newton + np.diag((damping + REGULARITY) * diagonal)
                step = _bounded_step(damped, now.gradient, z, low, high, held)
                if step is None:
                    damping = max(10 * damping, DAMPING_START)
            if step is None:
                return z, now.objective, iteration, False
        turn = float(np.abs(step * frame.tree.is_angle).max(initial=0.0))
        if turn > LONGEST_TURN:
            step = step * (LONGEST_TURN / turn)
        longest = float(np.abs(step).max(initial=0.0))
        trial = np.clip(z + step, low, high)
        is_short = longest < (tolerance if is_exact else LINEAR_FACTOR * tolerance)
        gain = -float(now.gradient @ step)  # what the quadratic model promises, twice
        if damping <= DAMPING_START and (is_short or gain <= ROUNDING * now.objective):
            objective = frame.objective(trial)
            if objective <= _limit(now.objective):
                return trial, objective, iteration, True
            return z, now.objective, iteration, True
        there = frame.system(trial)
        if there.objective <= _limit(now.objective):
            z, now, length = trial, there, longest
            damping = damping / 10 if damping > DAMPING_END else 0.0
        else:
            damping, length = max(10 * damping, DAMPING_START), np.inf
            if damping > DAMPING_STOP:
                return z, now.objective, iteration, False
    return z, now.objective, max_iterations, False


def _limit(objective: float) -> float:
    """Return up to where another objective counts as no worse."""
    return (1 + TIE) * objective + TIE_FLOOR


def _bounded_step(
    matrix: FloatArray, gradient: FloatArray, z: FloatArray, low: FloatArray, high: FloatArray, held: NDArray[np.bool_]
) -> FloatArray | None:
    """Return the step to the minimum of the quadratic model inside the bounds; None if it has none."""
    held, step = held.copy(), np.zeros(len(z))
    while True:
        free = ~held
        if not free.any():
            return step
        part = matrix[np.ix_(free, free)]
        factor = _factorize(part)
        if factor is None:
            return None
        right = -gradient[free] - matrix[np.ix_(free, held)] @ step[held]
        step[free] = np.linalg.solve(factor, np.linalg.solve(factor.T, right))
        outside = free & ((z + step < low) | (z + step > high))
        if not outside.any():
            return step
        if np.abs(step).max() >= BOUND_STEP:
            return np.clip(z + step, low, high) - z
        step[outside] = np.clip(z + step, low, high)[outside] - z[outside]
        held |= outside


def _factorize(matrix: FloatArray) -> FloatArray | None:
    """Return the lower L with matrix = L^T L; None if a pivot is not above PIVOT times its diagonal entry."""
    try:
        factor = np.linalg.cholesky(matrix[::-1, ::-1])[::-1, ::-1].T
    except np.linalg.LinAlgError:
        return None
    if (np.diag(factor) ** 2 <= PIVOT * np.diag(matrix)).any():
        return None
    return np.asarray(factor)


def coordinate_jets(tree: Tree, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return all coordinates (coordinate,) with first and second derivative by their input."""
    q, slope, curvature = tree.constants.copy(), np.zeros(len(tree.constants)), np.zeros(len(tree.constants))
    q[tree.inputs], slope[tree.inputs] = z, 1.0
    for c in tree.coordinate_order:
        driver = tree.coordinate_driver[c]
        if driver >= 0:
            value, first, second = tree.functions[tree.coordinate_function[c]].evaluate(q[driver])
            q[c], slope[c] = value, first * slope[driver]
            curvature[c] = second * slope[driver] ** 2 + first * curvature[driver]
    return q, slope, curvature


def node_jets(
    tree: Tree, q: FloatArray, slope: FloatArray, curvature: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what every mobility is set to (node,) with first and second derivative by its input."""
    on, by = q[tree.node_coordinate], tree.node_function
    first_knot, at_knot, by_q = tree.lines[by].T.copy()
    value, by_qq = at_knot + by_q * (on - first_knot), np.zeros(len(on))
    for node in np.flatnonzero(~tree.is_line[by]):
        value[node], by_q[node], by_qq[node] = tree.functions[by[node]].evaluate(on[node])
    along = slope[tree.node_coordinate]
    return value, by_q * along, by_qq * along**2 + by_q * curvature[tree.node_coordinate]


def frames_of_nodes(tree: Tree, value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return rotation (1 + node, 3, 3) and origin (1 + node, 3) of the ground and of every node."""
    turns = tree.node_is_rotation == 1
    cosine, sine = np.cos(value * turns), np.sin(value * turns)
    motion = np.zeros((len(value), 4, 4))
    motion[:, 0, 0], motion[:, 0, 1], motion[:, 1, 0], motion[:, 1, 1] = cosine, -sine, sine, cosine
    motion[:, 2, 2], motion[:, 2, 3], motion[:, 3, 3] = 1.0, np.where(turns, 0.0, value), 1.0
    parent_from_node = np.zeros((len(value), 4, 4))
    parent_from_node[:, :3, :3], parent_from_node[:, :3, 3] = tree.node_rotation, tree.node_translation
    parent_from_node[:, 3, 3] = 1.0
    parent_from_moved = parent_from_node @ motion
    world_from_node = np.empty((len(value) + 1, 4, 4))
    world_from_node[0] = np.eye(4)
    for node, parent in enumerate(tree.node_parent + 1):
        np.matmul(world_from_node[parent], parent_from_moved[node], out=world_from_node[node + 1])
    return world_from_node[:, :3, :3], world_from_node[:, :3, 3]


def point_positions(tree: Tree, z: FloatArray) -> FloatArray:
    """Return where the markers (marker, 3) are for the inputs ``z`` (input,), m."""
    rotation, origin = frames_of_nodes(tree, node_jets(tree, *coordinate_jets(tree, z))[0])
    on = tree.marker_node + 1
    return np.asarray(origin[on] + np.einsum("mij,mj->mi", rotation[on], tree.marker_position))


def _marker_error(tree: Tree, problem: Problem, inputs: FloatArray) -> FloatArray:
    """Return the distance (time, marker) of model and measured markers, m; NaN where not seen or not solved."""
    error = np.full(problem.targets.shape[:2], np.nan)
    for t in np.flatnonzero(problem.is_usable):
        error[t] = np.linalg.norm(point_positions(tree, inputs[t]) - problem.targets[t], axis=-1)
    return error
