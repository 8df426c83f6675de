"""The poses of a body that fit measured markers best."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kinechain.body import newton
from kinechain.body.body import Body, Marker
from kinechain.body.newton import CONVERGED, Problem, Track
from kinechain.body.pose import tree_marker_positions
from kinechain.body.tree import KERNELS, Index, Tree, flatten
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import SettingError, suggest
from kinechain.core.frames import nearest_rotation

__all__ = [
    "KERNELS",
    "CoordinateTarget",
    "PoseSolution",
    "SolveSettings",
    "is_circular",
    "solve_poses",
    "with_dependent",
]

#: Half width of the random poses tried beside the default one, rad.
START_SPREAD = 0.6
#: At most this many frames of one call are tried again, each from several poses.
RETRIES = 25
#: A frame whose objective is this many times the median is looked at again, at most CHECKS times.
#: Below NEGLIGIBLE, m^2 (1 mm root mean square), no frame is.
SUSPICIOUS, NEGLIGIBLE = 4.0, 0.5e-6
CHECKS = 3
#: Objectives this near, m^2 (0.01 mm root mean square), come from one pose, perhaps told in different angles.
SAME_POSE = 1e-10

#: An objective, m^2, that says the markers were reached: a root mean square distance of 1.4 micrometres.
REACHED = 1e-12

_TRACK = tuple(f.name for f in fields(Track))


@dataclass(frozen=True)
class SolveSettings:
    """How poses are solved.

    Attributes
    ----------
    tolerance : float
        A frame is solved when the last step of every coordinate is shorter than this, rad or m.  The
        steps converge quadratically, so what remains is about its square.
    max_iterations : int
        Per frame and start.
    starts : int
        Different poses from which the first frame, and frames that do not converge, are solved; the best counts.
    minimum_markers : int
        Frames that show fewer tracked markers stay unsolved.
    """

    tolerance: float = 1e-4
    max_iterations: int = 100
    starts: int = 8
    minimum_markers: int = 3

    def __post_init__(self) -> None:
        if not self.tolerance > 0 or self.max_iterations < 1 or self.starts < 1 or self.minimum_markers < 0:
            raise SettingError(
                f"solving poses needs a tolerance above 0, at least one iteration and one start, got {self}"
            )


@dataclass(frozen=True, eq=False)
class CoordinateTarget(Immutable):
    """A value that a coordinate should have, beside the markers (OpenSim's IKCoordinateTask).

    Attributes
    ----------
    coordinate : str
    value : (time,) or (1,) array, rad or m
    weight : float
        Against the markers' mean squared distance: 1 makes 1 rad as bad as 1 m.
    """

    coordinate: str
    value: FloatArray
    weight: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", frozen(np.atleast_1d(self.value), (None,), f"value of '{self.coordinate}'"))


@dataclass(frozen=True, eq=False)
class PoseSolution(Immutable):
    """Poses of a body, and how well they fit.

    Attributes
    ----------
    values : (time, coordinate) array, rad or m
        All coordinates in the body's order; frames that were left out repeat the last pose.
    marker_error : (time, marker) array, m
        Distance of model and measured marker; NaN where the marker was not seen.
    objective : (time,) array, m^2
        Half of: weighted mean squared marker distance, plus the coordinate targets' terms; NaN where left out.
    iterations : (time,) array
    is_solved : (time,) array
        1 where the frame converged with enough markers, else 0.
    """

    values: FloatArray
    marker_error: FloatArray
    objective: FloatArray
    iterations: FloatArray
    is_solved: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, (None, None), "values"))
        frames = len(self.values)
        object.__setattr__(self, "marker_error", frozen(self.marker_error, (frames, None), "marker_error"))
        for name in ("objective", "iterations", "is_solved"):
            object.__setattr__(self, name, frozen(getattr(self, name), (frames,), name))


def solve_poses(
    body: Body,
    markers: tuple[Marker, ...],
    targets: FloatArray,
    *,
    start: FloatArray | None = None,
    coordinate_targets: Sequence[CoordinateTarget] = (),
    held: Collection[str] = (),
    settings: SolveSettings | None = None,
) -> PoseSolution:
    """Return the poses in which the markers of a body lie nearest to their measured positions.

    Parameters
    ----------
    body : Body
        Locked coordinates stay at their default; clamped ones stay inside their range.
    markers : tuple of Marker
        With their weights; weight 0 is carried along and not tracked.
    targets : (time, marker, 3) array, m, the body's ground frame
        NaN where a marker was not seen.  Frames follow each other in time: each begins where those before it point to.
    start : (coordinate,) array, optional
        Pose from which the first frame begins; None tries several.
    coordinate_targets : sequence of CoordinateTarget
        Values that coordinates should have, weighed against the markers.
    held : collection of str
        More coordinates that stay at their default.
    settings : SolveSettings, optional

    Returns
    -------
    PoseSolution

    Raises
    ------
    SettingError
        If the arguments do not fit each other.
    BodyError
        If a name is not in the body.

    Notes
    -----
    Bounded Newton steps on exact second derivatives, Levenberg-Marquardt where these are not positive definite.
    The objective is the one of OpenSim's inverse kinematics (Simbody's Assembler: ``Markers`` and ``QValue``).
    """
    settings = settings or SolveSettings()
    tree = flatten(body, markers, held=held)
    problem = _problem(tree, markers, targets, coordinate_targets, settings)
    if start is not None and np.shape(start) != (len(tree.coordinates),):
        raise SettingError(f"a start pose needs {len(tree.coordinates)} coordinates, got shape {np.shape(start)}")
    if start is not None and not np.isfinite(start).all():
        raise SettingError("a start pose needs a finite number for every coordinate")
    if problem.is_usable.any():
        first = int(np.argmax(problem.is_usable))
        if start is None:
            begin = _solve_from_many(tree, problem, first, settings).inputs[0]
        else:
            begin = np.asarray(start, dtype=float)[tree.inputs]
        track = _solve(tree, problem, begin[None], settings)
        track = _retry_stalled(tree, problem, track, settings)
        track = _check_worst(tree, problem, track, settings)
    else:
        track = _solve(tree, problem, tree.default[tree.inputs][None], settings)
    values = np.tile(tree.constants, (len(track.inputs), 1))
    values[:, tree.inputs] = track.inputs
    return PoseSolution(
        values=with_dependent(tree, values),
        marker_error=track.marker_error,
        objective=track.objective,
        iterations=track.iterations.astype(np.float64),
        is_solved=(track.status == CONVERGED).astype(np.float64),
    )


def with_dependent(tree: Tree, values: FloatArray) -> FloatArray:
    """Return values (time, coordinate) with every coordinate that has a driver computed from it."""
    values = np.array(values, dtype=float)
    for c in tree.coordinate_order:
        if tree.coordinate_driver[c] >= 0:
            coupling = tree.functions[tree.coordinate_function[c]]
            values[:, c] = coupling.evaluate(values[:, tree.coordinate_driver[c]])[0]
    return values


def _problem(
    tree: Tree,
    markers: tuple[Marker, ...],
    targets: FloatArray,
    coordinate_targets: Sequence[CoordinateTarget],
    settings: SolveSettings,
) -> Problem:
    """Check the arguments against each other and lay them out flat."""
    targets = np.array(targets, dtype=float, order="C")
    if targets.ndim != 3 or targets.shape[1:] != (len(markers), 3):
        raise SettingError(
            f"{len(markers)} markers need targets of shape (time, {len(markers)}, 3), got {targets.shape}"
        )
    frames = len(targets)
    targets[~np.isfinite(targets).all(axis=-1)] = np.nan
    weights = np.array([m.weight for m in markers], dtype=float)
    wanted_weights = np.array([c.weight for c in coordinate_targets], dtype=float)
    for name, values in (("marker", weights), ("coordinate target", wanted_weights)):
        if not np.isfinite(values).all() or (values < 0).any():
            raise SettingError(f"the weight of a {name} must be a finite number from 0 up, got {values.min()}")
    wanted = np.empty((frames, len(coordinate_targets)))
    indices = []
    for column, target in enumerate(coordinate_targets):
        if target.coordinate not in tree.coordinates:
            raise SettingError(
                f"no coordinate named '{target.coordinate}' to aim at. {suggest(target.coordinate, tree.coordinates)}"
            )
        if len(target.value) not in (1, frames) or not np.isfinite(target.value).all():
            raise SettingError(
                f"the target of '{target.coordinate}' needs 1 or {frames} finite values, got {len(target.value)}"
            )
        wanted[:, column] = target.value
        indices.append(tree.coordinates.index(target.coordinate))
    seen = (np.isfinite(targets[..., 0]) & (weights > 0)).sum(axis=1)
    return Problem(
        targets=targets,
        weights=weights,
        wanted=wanted,
        wanted_coordinate=np.array(indices, dtype=np.int64),
        wanted_weights=wanted_weights,
        is_held=np.zeros(len(tree.inputs), dtype=np.int64),
        is_usable=(seen >= settings.minimum_markers).astype(np.int64),
    )


def _solve(
    tree: Tree, problem: Problem, starts: FloatArray, settings: SolveSettings, *, is_chained: bool = True
) -> Track:
    """Run the compiled solver, or its twin."""
    if KERNELS == "compiled":
        return Track(
            *tree.compiled.solve(
                tree.low, tree.high, problem.targets, problem.weights, problem.wanted, problem.wanted_coordinate,
                problem.wanted_weights, problem.is_held, problem.is_usable, np.ascontiguousarray(starts, dtype=float),
                is_chained, settings.tolerance, settings.max_iterations,
            )
        )  # fmt: skip
    return newton.solve_frames(
        tree,
        problem,
        starts,
        is_chained=is_chained,
        tolerance=settings.tolerance,
        max_iterations=settings.max_iterations,
    )


def _window(problem: Problem, frames: Index) -> Problem:
    """Return the same problem for other frames, in the order given."""
    return replace(
        problem,
        targets=np.ascontiguousarray(problem.targets[frames]),
        wanted=np.ascontiguousarray(problem.wanted[frames]),
        is_usable=np.ascontiguousarray(problem.is_usable[frames]),
    )


def _solve_from_many(tree: Tree, problem: Problem, frame: int, settings: SolveSettings) -> Track:
    """Solve one frame from several poses and return the best answer, a track of one frame."""
    root = _align_root(tree, problem, frame, settings)
    generator = np.random.default_rng(0)
    spread = np.where(tree.is_angle == 1, START_SPREAD, 0.0) * (tree.is_root == 0)
    starts = root + spread * generator.uniform(-1.0, 1.0, (settings.starts, len(root)))
    starts[0] = root
    starts = np.clip(starts, tree.low, tree.high)
    many = _window(problem, np.full(settings.starts, frame))
    track = _solve(tree, many, starts, settings, is_chained=False)
    default = tree.default[tree.inputs]
    best = _pick(tree, replace(track, inputs=_wrapped(tree, track.inputs, default)))
    turns = np.flatnonzero((tree.is_root == 1) & (tree.is_angle == 1))
    if len(turns) != 3:
        return best
    # Three angles tell one orientation in two ways: the outer ones half a turn on, the middle one mirrored.
    told = np.repeat(best.inputs, 2, axis=0)
    told[1, turns] = told[1, turns] * (1, -1, 1) + np.pi
    told = np.clip(_wrapped(tree, told, default), tree.low, tree.high)
    track = _solve(tree, _window(problem, np.full(2, frame)), told, settings, is_chained=False)
    return _pick(tree, replace(track, inputs=_wrapped(tree, track.inputs, default)))


def _pick(tree: Tree, track: Track) -> Track:
    """Return the answer with the lowest objective; among equals the one nearest to the default pose."""
    objective = np.where(track.status == CONVERGED, track.objective, np.inf)
    if not np.isfinite(objective).any():
        objective = track.objective
    away = np.abs((track.inputs - tree.default[tree.inputs]) * tree.is_angle).sum(axis=1)
    equal = objective <= objective.min() * (1 + 1e-6) + SAME_POSE
    best = np.array([int(np.argmin(np.where(equal, away, np.inf)))])
    return Track(*(getattr(track, name)[best] for name in _TRACK))


def _align_root(tree: Tree, problem: Problem, frame: int, settings: SolveSettings) -> FloatArray:
    """Return the default pose, carried as one rigid piece onto the measured markers, (input,) array."""
    default = np.clip(tree.default[tree.inputs], tree.low, tree.high)
    seen = np.isfinite(problem.targets[frame, :, 0]) & (problem.weights > 0)
    if not (tree.is_root == 1).any() or not seen.any():
        return default
    points = tree_marker_positions(tree, default[None])[0]
    moved = np.full_like(points, np.nan)
    moved[seen] = _rigid(points[seen], problem.targets[frame][seen], problem.weights[seen])
    turns = np.flatnonzero((tree.is_root == 1) & (tree.is_angle == 1))
    starts = np.tile(default, (max(1, 4 * len(turns)), 1))
    for row in range(len(starts) if len(turns) else 0):
        starts[row, turns[row // 4]] += (row % 4) * np.pi / 2

    def solve_rigidly(starts: FloatArray) -> Track:
        rigid = replace(
            _window(problem, np.full(len(starts), frame)),
            targets=np.tile(moved, (len(starts), 1, 1)),
            wanted=np.empty((len(starts), 0)),
            wanted_coordinate=np.empty(0, dtype=np.int64),
            wanted_weights=np.empty(0),
            is_held=1 - tree.is_root,
        )
        track = _solve(tree, rigid, starts, settings, is_chained=False)
        return _pick(tree, replace(track, inputs=_wrapped(tree, track.inputs, default)))

    # A root that can move freely reaches its goal exactly; within a quarter turn the answer is the only one that near.
    track = solve_rigidly(starts[:1])
    is_near = np.all(np.abs(track.inputs[0, turns] - default[turns]) < np.pi / 2)
    if track.status[0] != CONVERGED or track.objective[0] > REACHED or not is_near:
        track = solve_rigidly(starts)
    return np.asarray(track.inputs[0])


def _rigid(points: FloatArray, targets: FloatArray, weights: FloatArray) -> FloatArray:
    """Return points (marker, 3) moved as one rigid piece onto targets (marker, 3), weighted least squares."""
    weights = weights / weights.sum()
    centre, goal = weights @ points, weights @ targets
    turn = nearest_rotation((targets - goal).T @ ((points - centre) * weights[:, None]))
    return np.asarray((points - centre) @ turn.T + goal)


def _wrapped(tree: Tree, inputs: FloatArray, near: FloatArray) -> FloatArray:
    """Return inputs (time, input) with whole turns taken off angles where that changes nothing, nearest to ``near``."""
    turn = np.where(is_circular(tree), 2 * np.pi, 0.0)
    return np.asarray(inputs - turn * np.round((inputs - near) / (2 * np.pi)))


@lru_cache(maxsize=64)
def is_circular(tree: Tree) -> NDArray[np.bool_]:
    """Say for which inputs (input,) a whole turn leads back to the same pose, and no bound forbids it."""
    circular = (tree.is_angle == 1) & np.isinf(tree.low) & np.isinf(tree.high)
    for node, coordinate in enumerate(tree.node_coordinate):
        function = tree.functions[tree.node_function[node]]
        is_plain = function.is_linear and abs(function.coefficients[0, 1]) == 1.0
        if not (tree.node_is_rotation[node] and is_plain and tree.coordinate_driver[coordinate] < 0):
            circular[tree.coordinate_input[coordinate]] = False
    circular.setflags(write=False)
    return np.asarray(circular)


def _retry_stalled(tree: Tree, problem: Problem, track: Track, settings: SolveSettings) -> Track:
    """Solve frames that did not converge again from several poses."""
    for frame in np.flatnonzero(track.status == newton.STALLED)[:RETRIES]:
        again = _solve_from_many(tree, problem, int(frame), settings)
        if again.status[0] == CONVERGED:
            near = track.inputs[max(frame - 1, 0)]
            again = replace(again, inputs=_wrapped(tree, again.inputs, near))
            track = _paste(track, again, np.array([frame]))
    return track


def _check_worst(tree: Tree, problem: Problem, track: Track, settings: SolveSettings) -> Track:
    """Where one frame fits far worse than most, look for a better pose there and spread it both ways."""
    for _ in range(CHECKS):
        objective = np.where(track.status == CONVERGED, track.objective, np.nan)
        if not (track.status == CONVERGED).any():
            return track
        worst = int(np.nanargmax(objective))
        if objective[worst] <= max(SUSPICIOUS * np.nanmedian(objective), NEGLIGIBLE):
            return track
        better = _solve_from_many(tree, problem, worst, settings)
        if better.status[0] != CONVERGED or better.objective[0] >= objective[worst] * (1 - 1e-6):
            return track
        begin = _wrapped(tree, better.inputs, track.inputs[worst])
        for frames in (np.arange(worst, len(objective)), np.arange(worst, -1, -1)):
            part = _solve(tree, _window(problem, frames), begin, settings)
            is_better = (part.status == CONVERGED) & ~(part.objective >= track.objective[frames])
            chosen = Track(*(getattr(part, name)[is_better] for name in _TRACK))
            track = _paste(track, chosen, frames[is_better])
    return track


def _paste(track: Track, part: Track, frames: Index) -> Track:
    """Return a track with some frames taken from another."""
    fields = {name: np.array(getattr(track, name)) for name in _TRACK}
    for name, values in fields.items():
        values[frames] = getattr(part, name)
    return Track(**fields)
