"""How muscles share a demand: the least sum of powers of activation that gives the moments asked for.

For each frame::

    minimise    sum_i weight_i a_i^exponent + sum_j (reserve_j / reserve_force_j)^2
    subject to  sum_i moment_ji a_i + reserve_j = demand_j     for every row j
                low_i <= a_i <= high_i

A reserve is a moment that no muscle gives (OpenSim's CoordinateActuator): it keeps every demand feasible, costs its
square, and is reported.  The problem is convex; in its dual one multiplier per row is unknown and the activation of a
muscle follows from its pull, the multipliers' moment.  Semismooth Newton steps with a search along each reach the one
answer, to rounding for exponent 2, in a few steps from the frame before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from kinechain.body.tree import KERNELS, Tree, kernels
from kinechain.core.arrays import FloatArray, Immutable, IntArray, frozen
from kinechain.core.errors import SettingError, suggest

__all__ = ["BALANCED", "NOT_ASKED", "NOT_BALANCED", "Problem", "Rows", "Shares", "balance", "rows_of"]

#: How a frame ended: with an answer, without one, or with no finite number to start from.
BALANCED, NOT_BALANCED, NOT_ASKED = 1, 0, 2

#: Below this activation a power above 2 is as flat as here: keeps the Newton matrix finite, not the answer.
_FLAT = 1e-6
#: A step ends where the slope along it has fallen to this share.
_SLOPE_LEFT = 0.5


@dataclass(frozen=True, eq=False)
class Rows(Immutable):
    """The moments that muscles balance: about inputs of a tree, or about single nodes of it.

    Attributes
    ----------
    labels : tuple of str
    column_row : (column,) array of int
        Row that each column (nodes, then coordinates) adds to; -1 none.
    is_single : (column,) array
        1 where a node is a row by itself, 0 where it folds to its input by its slope.
    omitted : tuple of str
        Inputs about which no muscle turns; nothing balances them.
    """

    labels: tuple[str, ...]
    column_row: IntArray
    is_single: FloatArray
    omitted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_single", frozen(self.is_single, (len(self.column_row),), "is_single"))

    def weights(self, slopes: FloatArray) -> FloatArray:
        """What one unit of each column counts in its row, (time, column) array, from the columns' slopes."""
        return np.where(self.is_single > 0.0, 1.0, slopes) if self.is_single.any() else slopes

    def fold(self, forces: FloatArray, slopes: FloatArray) -> FloatArray:
        """Return the demand of every row, (time, row) array.

        Parameters
        ----------
        forces : (time, node) array, N m or N
            What is asked at every node.
        slopes : (time, column) array
            Of the nodes, then of the coordinates.
        """
        count = forces.shape[1]
        matrix = np.zeros((count, len(self.labels)))
        used = np.flatnonzero(self.column_row[:count] >= 0)
        matrix[used, self.column_row[used]] = 1.0
        return np.asarray((forces * self.weights(slopes)[:, :count]) @ matrix)


def rows_of(
    tree: Tree,
    entry_path: IntArray,
    entry_column: IntArray,
    muscles: int,
    single: Mapping[int, str] | None = None,
    left_out: Collection[str] = (),
) -> Rows:
    """Return the rows that the muscles of a tree can balance.

    Parameters
    ----------
    tree : Tree
    entry_path, entry_column : (entry,) array of int
        What the arms are derivatives of and by (`kinechain.body.paths.Paths`).
    muscles : int
        Paths before this number are muscles.
    single : mapping of node to label, optional
        Nodes that are balanced each for itself (the levels of the lumbar spine); all others fold to their inputs.
    left_out : collection of str
        Inputs that are no rows, though muscles turn about them.

    Raises
    ------
    SettingError
        If the tree has no coordinate of a name that is left out.
    """
    names_of_inputs = [tree.coordinates[i] for i in tree.inputs]
    odd = next((name for name in left_out if name not in tree.coordinates), None)
    if odd is not None:
        raise SettingError(f"no coordinate of this body is named '{odd}'. {suggest(odd, tree.coordinates)}")
    single = single or {}
    by_input = np.concatenate([tree.coordinate_input[tree.node_coordinate], tree.coordinate_input])
    turned = np.zeros(len(by_input), dtype=bool)
    turned[entry_column[entry_path < muscles]] = True
    own = np.zeros(len(by_input), dtype=bool)
    own[list(single)] = True
    # An input that only drives single nodes is balanced by these.
    asked = [i for i, name in enumerate(names_of_inputs) if name not in left_out]
    inputs = [i for i in asked if (turned & ~own & (by_input == i)).any()]
    place = {f"input {i}": row for row, i in enumerate(inputs)}
    nodes = [node for node in single if turned[node]]
    place |= {f"node {node}": len(inputs) + row for row, node in enumerate(nodes)}
    names = [f"node {c}" if own[c] else f"input {by_input[c]}" for c in range(len(by_input))]
    labels = [names_of_inputs[i] for i in inputs] + [single[node] for node in nodes]
    driven = {int(by_input[node]) for node in single}
    unmoved = [names_of_inputs[i] for i in asked if i not in {*inputs, *driven}]
    return Rows(
        tuple(labels),
        np.array([place.get(name, -1) for name in names], dtype=np.int64),
        own.astype(float),
        (*unmoved, *(single[node] for node in single if not turned[node])),
    )


@dataclass(frozen=True, eq=False)
class Problem(Immutable):
    """What is asked of the muscles, without the frames.

    Attributes
    ----------
    low, high : (muscle,) array
        Bounds of the activations.
    weight : (muscle,) array
        Cost of each activation.
    reserve_force : (row,) array, N m or N
        The reserve that costs as much as one full activation of weight 1.
    exponent : float
        From 1.5 to 5.
    tolerance : float
        What may be missing of a demand, as a share of the largest demand of the frame (or of 1 N m).
    max_iterations : int
    """

    low: FloatArray
    high: FloatArray
    weight: FloatArray
    reserve_force: FloatArray
    exponent: float = 2.0
    tolerance: float = 1e-8
    max_iterations: int = 200

    def __post_init__(self) -> None:
        for name in ("low", "high", "weight"):
            object.__setattr__(self, name, frozen(getattr(self, name), (len(self.low),), name))
        object.__setattr__(self, "reserve_force", frozen(self.reserve_force, (None,), "reserve_force"))
        if not ((self.low >= 0.0).all() and (self.high >= self.low).all() and (self.weight > 0.0).all()):
            raise SettingError("bounds of activation must not be negative or cross, and weights must be positive")
        if not (self.reserve_force > 0.0).all():
            raise SettingError("every reserve needs a positive force; a small one makes it dear")
        if not 1.5 <= self.exponent <= 5.0:
            raise SettingError(f"the exponent of the activations must lie between 1.5 and 5, got {self.exponent}")


@dataclass(frozen=True, eq=False)
class Shares(Immutable):
    """How the muscles share a demand; NaN in frames without an answer.

    Attributes
    ----------
    activations : (time, muscle) array
    reserves : (time, row) array, N m or N
    multipliers : (time, row) array
        Growth of the cost per N m of demand.
    residual : (time,) array, N m
        Largest part of a demand that is missing beyond the reserves: the one condition that is not met exactly.
    iterations : (time,) array
    status : (time,) array
        `BALANCED`, `NOT_BALANCED` or `NOT_ASKED`.
    """

    activations: FloatArray
    reserves: FloatArray
    multipliers: FloatArray
    residual: FloatArray
    iterations: FloatArray
    status: FloatArray

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            object.__setattr__(self, name, frozen(value))


def balance(
    rows: Rows,
    problem: Problem,
    entry_path: IntArray,
    entry_column: IntArray,
    arms: FloatArray,
    slopes: FloatArray,
    strengths: FloatArray,
    demand: FloatArray,
    passive: FloatArray | None = None,
    starts: FloatArray | None = None,
) -> Shares:
    """Share a demand among muscles.

    Parameters
    ----------
    rows : Rows
    problem : Problem
    entry_path, entry_column : (entry,) array of int
    arms : (time, entry) array
        Derivative of the length of a path by a column: the moment arm is its negative.
    slopes : (time, column) array
    strengths : (time, muscle) array, N
        At full activation.
    demand : (time, row) array, N m or N
    passive : (time, path) array, N, optional
        What every path, muscles first, pulls without being asked.
    starts : (time, row) array, optional
        Multipliers of a problem like this one to start from, NaN where there are none; else those of the frame before.
        They change how fast the one answer is found, not which.
    """
    weights = rows.weights(slopes)
    rest = np.zeros((len(strengths), 1 + int(entry_path.max(initial=-1)))) if passive is None else passive
    arrays = [np.ascontiguousarray(a, dtype=np.float64) for a in (arms, weights, strengths, rest, demand)]
    begin = np.empty((0, demand.shape[1])) if starts is None else np.ascontiguousarray(starts, dtype=np.float64)
    if KERNELS == "Python":
        return _balance(rows, problem, entry_path, entry_column, *arrays, starts=starts)
    p = problem
    found = kernels().balance(
        entry_path, entry_column, rows.column_row, *arrays, p.low, p.high, p.weight, p.reserve_force, begin,
        p.exponent, p.tolerance, p.max_iterations,
    )  # fmt: skip
    return Shares(*found)


def _balance(
    rows: Rows,
    problem: Problem,
    entry_path: IntArray,
    entry_column: IntArray,
    arms: FloatArray,
    weights: FloatArray,
    strengths: FloatArray,
    passive: FloatArray,
    demand: FloatArray,
    *,
    starts: FloatArray | None = None,
) -> Shares:
    frames, muscles = strengths.shape
    used = np.flatnonzero(rows.column_row[entry_column] >= 0)
    path, column = entry_path[used], entry_column[used]
    activations, found = np.full((frames, muscles), np.nan), np.full((2, *demand.shape), np.nan)
    residual, iterations, status = np.full(frames, np.nan), np.zeros(frames), np.full(frames, NOT_ASKED)
    start = np.zeros(demand.shape[1])
    for t in range(frames):
        arm = np.zeros((demand.shape[1], max(passive.shape[1], muscles)))
        np.add.at(arm, (rows.column_row[column], path), -arms[t, used] * weights[t, column])
        moments, wanted = arm[:, :muscles] * strengths[t], demand[t] - arm[:, : passive.shape[1]] @ passive[t]
        if not (np.isfinite(moments).all() and np.isfinite(wanted).all()):
            continue
        if starts is not None and np.isfinite(starts[t]).all():
            start = starts[t]
        for begin in (start, np.zeros_like(start)):
            multipliers, a, residual[t], iterations[t] = _solve(problem, moments, wanted, begin)
            status[t] = BALANCED if residual[t] <= problem.tolerance * max(1.0, np.abs(wanted).max()) else NOT_BALANCED
            if status[t] == BALANCED:
                break
        if status[t] == BALANCED:
            activations[t], start = a, multipliers
            found[:, t] = 0.5 * problem.reserve_force**2 * multipliers, multipliers
        else:
            start = np.zeros_like(start)
    return Shares(activations, found[0], found[1], residual, iterations, status)


def _solve(
    p: Problem, moments: FloatArray, demand: FloatArray, start: FloatArray
) -> tuple[FloatArray, FloatArray, float, int]:
    """Return multipliers, activations, what is missing and the steps taken."""
    soft = 0.5 * p.reserve_force**2
    multipliers, iteration = start.copy(), 0
    while True:
        a = _activation(p, moments.T @ multipliers)
        error = moments @ a + soft * multipliers - demand
        residual = float(np.abs(error).max(initial=0.0))
        if residual <= p.tolerance * max(1.0, np.abs(demand).max(initial=0.0)) or iteration >= p.max_iterations:
            return multipliers, a, residual, iteration
        matrix = (moments * _steepness(p, a)) @ moments.T + np.diag(soft)
        step: FloatArray = -np.asarray(np.linalg.solve(matrix, error), dtype=np.float64)

        def slope(s: float, at: FloatArray = multipliers, along: FloatArray = step) -> float:
            reached = at + s * along
            return float(along @ (moments @ _activation(p, moments.T @ reached) + soft * reached - demand))

        multipliers = multipliers + _search(slope, float(step @ error)) * step
        iteration += 1


def _activation(p: Problem, pull: FloatArray) -> FloatArray:
    wanted = (np.maximum(pull, 0.0) / (p.exponent * p.weight)) ** (1.0 / (p.exponent - 1.0))
    return np.asarray(np.clip(wanted, p.low, p.high))


def _steepness(p: Problem, a: FloatArray) -> FloatArray:
    """Growth of an activation with its pull; none at the bounds."""
    flat = np.maximum(a, _FLAT) if p.exponent > 2.0 else a
    grown = flat ** (2.0 - p.exponent) / (p.exponent * (p.exponent - 1.0) * p.weight)
    return np.where((a > p.low) & (a < p.high), grown, 0.0)


def _search(slope: Callable[[float], float], first: float) -> float:
    """The slope along a step only grows: return where it is near zero, the full step if that will do."""
    enough = _SLOPE_LEFT * abs(first)
    below, at_below, s = 0.0, first, 1.0
    here = slope(s)
    while here < -enough and s < 2.0**30:
        below, at_below, s = s, here, 2.0 * s
        here = slope(s)
    above, at_above = s, here
    for _ in range(60):
        if abs(here) <= enough:
            break
        secant = below + (above - below) * at_below / (at_below - at_above)
        margin = 0.1 * (above - below)
        s = float(np.clip(secant, below + margin, above - margin))
        here = slope(s)
        if here < 0.0:
            below, at_below = s, here
        else:
            above, at_above = s, here
    return s
