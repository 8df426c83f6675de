"""Static optimisation: which muscles give the moments that a motion takes.

Frame by frame, from the kinematics and the forces at the nodes of the tree: lengths, moment arms and lengthening
speeds of all paths; what each muscle could give there (`kinechain.body.hill`, tendons rigid); what stretched muscles
and tissues give without being asked; and the shares of least cost (`kinechain.loads.balance`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import Body
from kinechain.body.hill import Fibres, fibre_forces, flatten_fibres
from kinechain.body.muscle import Musculature
from kinechain.body.paths import Paths, column_slopes, flatten_paths, measure_paths
from kinechain.body.tree import KERNELS, kernels
from kinechain.core.arrays import FloatArray, Immutable, frozen, handed_over, runs_of
from kinechain.core.errors import SettingError, suggest
from kinechain.loads.balance import BALANCED, NOT_BALANCED, Problem, Rows, Shares, balance, rows_of
from kinechain.loads.kinematics import Kinematics
from kinechain.loads.loads import Table
from kinechain.loads.tissues import compute_tissue_tensions

__all__ = [
    "CHUNK",
    "Measured",
    "MuscleChunk",
    "MuscleForces",
    "MusclePlan",
    "MuscleSettings",
    "chunks",
    "frames_in_words",
    "gather",
    "groups_of",
    "measure_muscles",
    "path_speeds",
    "plan_muscles",
    "remeasure_strength",
    "share_forces",
    "solve_muscles",
]

#: Frames treated at once, so that memory does not grow with the length of a trial.
CHUNK = 256
#: A reserve below this, N m, is never told, whatever share of the moment it is (assumption).
_NEGLIGIBLE = 1.0
_LEVEL = re.compile(r"^([lt]\d+)_([ls]\d)(?=_)")
#: The two directions of a coordinate, by the word in its name.
_OPPOSITES = {
    "dorsiflexion": "plantarflexion",
    "flexion": "extension",
    "adduction": "abduction",
    "extension": "flexion",
    "eversion": "inversion",
    "bending": "bending to the left",
    "internal_rotation": "external_rotation",
}


@dataclass(frozen=True)
class MuscleSettings:
    """How muscles share a demand.

    Attributes
    ----------
    exponent : float
        The sum of ``weight * activation ** exponent`` is least.
    weighting : 'activation' or 'volume'
        Every muscle alike, or by its volume (maximal force times optimal fibre length) against the mean.
    least_activation : float
    is_passive : bool
        What stretched muscles and tissues give is taken off the demand. OpenSim's StaticOptimization ignores it.
    has_speed : bool
        The force depends on the speed of the fibres; False for postures.
    reserve_nm : float
        The reserve, N m or N, that costs as much as one muscle at full activation.
    reserves : mapping of row to float
        The same for single rows.
    strength : mapping of name to fraction
        Highest activation of a muscle, or of a group and side ('gluteus_medius_r'); where several fit, the least.
    weakened : mapping of name to fraction
        What the forces of muscles were multiplied by before (`kinechain.loads.strength`); named in notes, nothing else.
    told_share : float
        A reserve above this share of the row's largest moment is told, with its frames.
    """

    exponent: float = 2.0
    weighting: Literal["activation", "volume"] = "activation"
    least_activation: float = 0.01
    is_passive: bool = True
    has_speed: bool = True
    reserve_nm: float = 1.0
    reserves: Mapping[str, float] = field(default_factory=dict)
    strength: Mapping[str, float] = field(default_factory=dict)
    weakened: Mapping[str, float] = field(default_factory=dict)
    told_share: float = 0.05

    def __post_init__(self) -> None:
        if not 0.0 <= self.least_activation < 1.0:
            raise SettingError(f"the least activation must lie between 0 and 1, got {self.least_activation}")
        for name, fraction in self.strength.items():
            if not 0.0 <= fraction <= 1.0:
                raise SettingError(f"the strength left to '{name}' is a fraction from 0 to 1, got {fraction}")


@dataclass(frozen=True, eq=False)
class MusclePlan(Immutable):
    """A body's muscles, ready for any number of frames.

    Attributes
    ----------
    body : Body
    musculature : Musculature
    settings : MuscleSettings
    paths : Paths
    fibres : Fibres
    rows : Rows
    problem : Problem
    """

    body: Body
    musculature: Musculature
    settings: MuscleSettings
    paths: Paths
    fibres: Fibres
    rows: Rows
    problem: Problem


@dataclass(frozen=True, eq=False)
class Measured(Immutable):
    """What the paths of some frames could give, whatever is asked of them.

    Attributes
    ----------
    lengths : (time, path) array, m
    arms : (time, entry) array
    slopes : (time, column) array
    loads : (time, load, 6) array
        What a unit tension does to the segments (`kinechain.body.paths.measure_paths`); no rows unless asked for.
    active, resting : (time, muscle) array, N
        Force at full activation, and of the stretch alone.
    """

    lengths: FloatArray
    arms: FloatArray
    slopes: FloatArray
    loads: FloatArray
    active: FloatArray
    resting: FloatArray


@dataclass(frozen=True, eq=False)
class MuscleChunk(Immutable):
    """What some frames took of the muscles.

    Attributes
    ----------
    shares : Shares
    demand : (time, row) array, N m or N
        Before passive forces are taken off.
    forces : (time, path) array, N
        Tension of every muscle, active and passive, then of every tissue.
    lengths : (time, path) array, m
    loads : (time, load, 6) array
        What a unit tension does to the segments (`kinechain.body.paths.measure_paths`); no rows unless asked for.
    arms : (time, entry) array
        Derivatives of the lengths, by the columns of the paths.
    slopes : (time, column) array
        Of the columns, by the input each follows.
    """

    shares: Shares
    demand: FloatArray
    forces: FloatArray
    lengths: FloatArray
    loads: FloatArray
    arms: FloatArray
    slopes: FloatArray


@dataclass(frozen=True, eq=False)
class MuscleForces(Immutable):
    """What a motion took of the muscles; NaN in frames without an answer.

    Attributes
    ----------
    activations : Table, 1
    forces : Table, N
        Along the tendon, active and passive.
    tissue_forces : Table, N
    tissue_lengths : Table, m
    demand : Table, N m
        By row of the balance, before passive forces are taken off.
    reserves : Table, N m
        What no muscle gave.
    multipliers : (time, row) array
        Growth of the cost per N m.
    iterations, residual, status : (time,) array
        As in `Shares`.
    notes : tuple of str
    """

    activations: Table
    forces: Table
    tissue_forces: Table
    tissue_lengths: Table
    demand: Table
    reserves: Table
    multipliers: FloatArray
    iterations: FloatArray
    residual: FloatArray
    status: FloatArray
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("multipliers", "iterations", "residual", "status"):
            object.__setattr__(self, name, frozen(getattr(self, name)))


def solve_muscles(
    body: Body,
    musculature: Musculature,
    kinematics: Kinematics,
    node_forces: FloatArray,
    settings: MuscleSettings | None = None,
    single: Mapping[int, str] | None = None,
) -> MuscleForces:
    """Return the activations and forces of the muscles during a motion.

    Parameters
    ----------
    body : Body
    musculature : Musculature
    kinematics : Kinematics
        Of the inputs of the body's tree, locked coordinates held.
    node_forces : (time, node) array, N m or N
        What must be given at every node: those of `kinechain.loads.newton_euler.Forces`, less what else resists.
    settings : MuscleSettings, optional
    single : mapping of node to label, optional
        Nodes that are balanced each for itself (`kinechain.loads.lumbar.level_nodes`).

    Raises
    ------
    SettingError
        If a setting names a muscle, a group or a row that is not there.
    """
    plan = plan_muscles(body, musculature, settings, single)
    parts = [
        share_forces(plan, kinematics.values[a:b], kinematics.velocities[a:b], node_forces[a:b])
        for a, b in chunks(len(kinematics.values))
    ]
    return gather(plan, parts)


def chunks(frames: int) -> Iterator[tuple[int, int]]:
    """Yield (first, one after the last) of runs of at most `CHUNK` frames; one empty run of no frames."""
    for first in range(0, max(frames, 1), CHUNK):
        yield first, min(first + CHUNK, frames)


def plan_muscles(
    body: Body,
    musculature: Musculature,
    settings: MuscleSettings | None = None,
    single: Mapping[int, str] | None = None,
    left_out: Collection[str] = (),
) -> MusclePlan:
    """Return everything about the muscles that no frame changes.

    Parameters
    ----------
    body, musculature, settings, single
        As for `solve_muscles`.
    left_out : collection of str
        Inputs whose moment muscles are not asked for: something else carries it.
    """
    settings = settings or MuscleSettings()
    paths = flatten_paths(body, musculature)
    fibres = flatten_fibres(musculature)
    rows = rows_of(paths.tree, paths.entry_path, paths.entry_column, len(musculature.muscles), single, left_out)
    reserves = np.full(len(rows.labels), settings.reserve_nm)
    for name, value in settings.reserves.items():
        if name not in rows.labels:
            raise SettingError(f"no row of the balance is named '{name}'. {suggest(name, rows.labels)}")
        reserves[rows.labels.index(name)] = value
    high = _highest(musculature, settings)
    weight = np.ones(len(high))
    if settings.weighting == "volume" and len(high):
        volume = fibres.force * fibres.length
        weight = np.maximum(volume / volume.mean(), 1e-9)
    low = np.minimum(settings.least_activation, high)
    problem = Problem(low, high, weight, reserves, settings.exponent)
    return MusclePlan(body, musculature, settings, paths, fibres, rows, problem)


def groups_of(musculature: Musculature) -> Mapping[str, tuple[int, ...]]:
    """Return the muscles that each name stands for: a muscle's own, and 'group_r' or 'group_l' of its groups.

    Parameters
    ----------
    musculature : Musculature
    """
    out: dict[str, list[int]] = {}
    for i, muscle in enumerate(musculature.muscles):
        sided = [f"{group.strip()}_{muscle.name[-1]}" for group in muscle.group.split(",") if group.strip()]
        plain = [group.strip() for group in muscle.group.split(",") if group.strip().endswith(("_r", "_l"))]
        for name in dict.fromkeys([muscle.name, *sided, *plain]):
            out.setdefault(name, []).append(i)
    return {name: tuple(of) for name, of in out.items()}


def _highest(musculature: Musculature, settings: MuscleSettings) -> FloatArray:
    high = np.ones(len(musculature.muscles))
    groups = groups_of(musculature) if settings.strength else {}
    for name, fraction in settings.strength.items():
        if name not in groups:
            raise SettingError(f"no muscle or group of muscles is named '{name}'. {suggest(name, groups)}")
        of = list(groups[name])
        high[of] = np.minimum(high[of], fraction)
    return high


def measure_muscles(
    plan: MusclePlan, values: FloatArray, velocities: FloatArray, *, with_loads: bool = False
) -> Measured:
    """Return what the paths of some frames could give.

    Parameters
    ----------
    plan : MusclePlan
    values, velocities : (time, input) array, rad or m, and per s
    with_loads : bool
        Whether what each path does to the segments is wanted (for joint reactions).
    """
    paths = plan.paths
    lengths, arms, loads = measure_paths(paths, values, arms=True, loads=with_loads)
    slopes = column_slopes(paths, values)
    speeds = path_speeds(paths, arms, slopes, velocities) if plan.settings.has_speed else np.zeros_like(lengths)
    return Measured(lengths, arms, slopes, loads, *fibre_forces(plan.fibres, lengths, speeds))


def remeasure_strength(plan: MusclePlan, measured: Measured, velocities: FloatArray) -> Measured:
    """Return what the same paths could give with other muscles on them.

    Parameters
    ----------
    plan : MusclePlan
        With the paths that were measured.
    measured : Measured
    velocities : (time, input) array, per s
    """
    speeds = np.zeros_like(measured.lengths)
    if plan.settings.has_speed:
        speeds = path_speeds(plan.paths, measured.arms, measured.slopes, velocities)
    active, resting = fibre_forces(plan.fibres, measured.lengths, speeds)
    return replace(measured, active=active, resting=resting)


def share_forces(
    plan: MusclePlan,
    values: FloatArray,
    velocities: FloatArray,
    node_forces: FloatArray,
    *,
    strengths: FloatArray | None = None,
    tissue_tensions: FloatArray | None = None,
    measured: Measured | None = None,
    with_loads: bool = False,
    starts: FloatArray | None = None,
) -> MuscleChunk:
    """Share the forces that some frames take among the muscles.

    Parameters
    ----------
    plan : MusclePlan
    values, velocities : (time, input) array, rad or m, and per s
    node_forces : (time, node) array, N m or N
    strengths : (time, muscle) array, N, optional
        Force at full activation, in place of the one computed here.
    tissue_tensions : (time, tissue) array, N, optional
        In place of those that follow from the lengths alone.
    measured : Measured, optional
        From `measure_muscles` of the same frames, where it was made already.
    with_loads : bool
        Whether what each path does to the segments is wanted (for joint reactions).
    starts : (time, row) array, optional
        Multipliers of a balance like this one to start from.
    """
    paths, muscles = plan.paths, len(plan.musculature.muscles)
    m = measured or measure_muscles(plan, values, velocities, with_loads=with_loads)
    passive = np.zeros_like(m.lengths)
    if plan.settings.is_passive:
        passive[:, :muscles] = m.resting
        if plan.musculature.tissues and tissue_tensions is None:
            tissue_tensions = compute_tissue_tensions(plan.musculature, m.lengths[:, muscles:])
    if tissue_tensions is not None:
        passive[:, muscles:] = tissue_tensions
    active = m.active if strengths is None else strengths
    demand = plan.rows.fold(node_forces, m.slopes)
    shares = balance(
        plan.rows,
        plan.problem,
        paths.entry_path,
        paths.entry_column,
        m.arms,
        m.slopes,
        active,
        demand,
        passive,
        starts,
    )
    forces = passive.copy()
    forces[:, :muscles] += shares.activations * active
    return MuscleChunk(shares, demand, forces, m.lengths, m.loads, m.arms, m.slopes)


def path_speeds(paths: Paths, arms: FloatArray, slopes: FloatArray, velocities: FloatArray) -> FloatArray:
    """Return how fast every path lengthens, (time, path) array, m/s.

    Parameters
    ----------
    paths : Paths
    arms : (time, entry) array
    slopes : (time, column) array
    velocities : (time, input) array
    """
    velocities = np.ascontiguousarray(velocities, dtype=np.float64)
    if KERNELS == "compiled":
        found = kernels().path_speeds(
            paths.entry_path, paths.entry_column, paths.column_input, arms, slopes, velocities, len(paths.names)
        )
        return np.asarray(found)
    return _path_speeds(paths, arms, slopes, velocities)


def _path_speeds(paths: Paths, arms: FloatArray, slopes: FloatArray, velocities: FloatArray) -> FloatArray:
    rates = slopes * np.where(paths.column_input >= 0, velocities[:, paths.column_input], 0.0)
    speeds = np.zeros((len(paths.names), len(arms)))
    np.add.at(speeds, paths.entry_path, (arms * rates[:, paths.entry_column]).T)
    return np.asarray(speeds.T)


def gather(plan: MusclePlan, parts: Sequence[MuscleChunk]) -> MuscleForces:
    """Put chunks together and say what could not be done.

    Parameters
    ----------
    plan : MusclePlan
    parts : sequence of MuscleChunk
        In the order of time.
    """
    names, muscles = plan.paths.names, len(plan.musculature.muscles)
    # Nobody else holds what is put together here, so it is not copied again: that would double the peak of memory.
    whole = {
        name: handed_over(np.concatenate([getattr(p.shares, name) for p in parts]))
        for name in ("activations", "reserves", "multipliers", "residual", "iterations", "status")
    }
    forces = handed_over(np.concatenate([p.forces[:, :muscles] for p in parts]))
    tensions = handed_over(np.concatenate([p.forces[:, muscles:] for p in parts]))
    lengths = handed_over(np.concatenate([p.lengths[:, muscles:] for p in parts]))
    demand = handed_over(np.concatenate([p.demand for p in parts]))
    labels = plan.rows.labels
    return MuscleForces(
        activations=Table(names[:muscles], whole["activations"], "1"),
        forces=Table(names[:muscles], forces, "N"),
        tissue_forces=Table(names[muscles:], tensions, "N"),
        tissue_lengths=Table(names[muscles:], lengths, "m"),
        demand=Table(labels, demand, "N m"),
        reserves=Table(labels, whole["reserves"], "N m"),
        multipliers=whole["multipliers"],
        iterations=whole["iterations"],
        residual=whole["residual"],
        status=whole["status"],
        notes=_notes(plan, whole["activations"], whole["reserves"], demand, whole["status"]),
    )


def _notes(
    plan: MusclePlan, activations: FloatArray, reserves: FloatArray, demand: FloatArray, status: FloatArray
) -> tuple[str, ...]:
    out = []
    lost = np.asarray(status == NOT_BALANCED)
    if lost.any():
        out.append(
            f"The shares of the muscles were not found in {frames_in_words(lost)}; muscle forces and what follows from "
            "them are left out there."
        )
    tree = plan.paths.tree
    free = {tree.coordinates[c] for c, is_root in zip(tree.inputs, tree.is_root, strict=True) if is_root}
    unmoved = [name for name in plan.rows.omitted if name not in free]
    if unmoved:
        out.append(f"No muscle turns {', '.join(unmoved)}: what these take is left to the joints themselves.")
    for row in range(len(plan.rows.labels)):
        out += _missing(plan, row, activations, reserves[:, row], demand[:, row], np.asarray(status == BALANCED))
    return tuple(out)


def _missing(
    plan: MusclePlan,
    row: int,
    activations: FloatArray,
    reserve: FloatArray,
    demand: FloatArray,
    is_solved: NDArray[np.bool_],
) -> Iterator[str]:
    """Say in one sentence for each direction where the muscles cannot give what a row asks for."""
    if not is_solved.any():
        return
    largest = float(np.abs(demand[is_solved]).max())
    # A row whose reserve is as cheap as an error of the model's angles is told only beyond that.
    limit = max(plan.settings.told_share * largest, _NEGLIGIBLE, float(plan.problem.reserve_force[row]))
    for sign in (1.0, -1.0):
        with np.errstate(invalid="ignore"):
            is_missing = np.asarray(is_solved & (sign * reserve > limit))
        if not is_missing.any():
            continue
        found = float(np.abs(reserve[is_missing]).max())
        weak = _weakened(plan, row, activations[is_missing])
        yield (
            f"{_motion(plan.rows.labels[row], sign)} cannot be held by these muscles in {frames_in_words(is_missing)}: "
            f"up to {found:.3g} N m missing, of a motion that takes at most {largest:.3g} N m{weak}."
        )


def _weakened(plan: MusclePlan, row: int, activations: FloatArray) -> str:
    """Name the stated weaknesses of muscles that turn a row and give all they have."""
    paths = plan.paths
    turning = set(paths.entry_path[plan.rows.column_row[paths.entry_column] == row].tolist())
    groups = groups_of(plan.musculature)
    at_most = np.any(activations >= plan.problem.high - 1e-9, axis=0).tolist()
    named = [
        f"{name} {fraction:g}"
        for name, fraction in {**plan.settings.weakened, **plan.settings.strength}.items()
        if fraction < 1.0 and any(m in turning and at_most[m] for m in groups.get(name, ()))
    ]
    return f"; strength left: {', '.join(named)}" if named else ""


def _motion(label: str, sign: float) -> str:
    """Return 'Left knee extension' for 'knee_flexion_l' and -1."""
    side = {"_r": "right ", "_l": "left "}.get(label[-2:], "")
    stem = label[:-2] if side else label
    word = stem
    for name, opposite in _OPPOSITES.items():
        if stem.endswith(name):
            word = stem if sign > 0 else stem[: -len(name)] + opposite
            break
    else:
        word = stem if sign > 0 else f"{stem} in the negative direction"
    # A lumbar level is written as clinicians do: L4/L5.
    word = _LEVEL.sub(lambda level: f"{level[1]}/{level[2]}".upper(), word)
    sentence = f"{side}{word.replace('_', ' ')}"
    return sentence[0].upper() + sentence[1:]


def frames_in_words(mask: NDArray[np.bool_]) -> str:
    """Return 'frame 3' or 'frames 3, 40 to 52 and 60', counted from 1.

    Parameters
    ----------
    mask : (time,) array of bool
        At least one True.
    """
    runs = runs_of(mask)
    words = [f"{a + 1}" if b == a + 1 else f"{a + 1} to {b}" for a, b in runs[:4]]
    more = sum(b - a for a, b in runs[4:])
    if more:
        words.append(f"{more} more")
    text = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"{'frame' if int(mask.sum()) == 1 else 'frames'} {text}"
