"""The straight line from one walking trial to what it costs each link.

::

    motion ──► kinematics ──► ground ──► inverse dynamics ──► discs ──► muscles ⇄ arch ──► joint reactions

Frames go through in chunks, so memory does not grow with the length of a trial.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from kinechain.body.body import Body
from kinechain.body.muscle import Musculature
from kinechain.body.paths import Paths
from kinechain.core.arrays import FloatArray, Immutable, cross
from kinechain.core.errors import SettingError
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.balance import Shares
from kinechain.loads.ground import ground_reaction, segment_wrenches
from kinechain.loads.inverse_dynamics import UNEXPLAINED
from kinechain.loads.joint_reactions import PathLoads, ReactionPlan, reaction_plan, solve_reactions
from kinechain.loads.kinematics import Kinematics, motion_kinematics
from kinechain.loads.loads import GroundReaction, JointReaction, Loads, LoadSettings, Table, Unknowns
from kinechain.loads.lumbar import compute_disc_moments, disc_axes, level_tolerances, lumbar_notes, lumbar_rows
from kinechain.loads.muscle_forces import (
    Measured,
    MuscleChunk,
    MusclePlan,
    MuscleSettings,
    chunks,
    frames_in_words,
    gather,
    measure_muscles,
    plan_muscles,
    share_forces,
)
from kinechain.loads.newton_euler import Dynamics, Forces, dynamics_of, solve_forces
from kinechain.loads.strength import with_strength
from kinechain.loads.tissues import compute_tissue_tensions, infer_toe_dorsiflexion, solve_arch
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Side

__all__ = [
    "LoadCase",
    "LoadChunk",
    "LoadModel",
    "analyze_loads",
    "join_chunks",
    "load_case",
    "load_model",
    "solve_chunk",
    "solve_loads",
]

#: Coordinates whose moment muscles are not asked for, and who carries it instead.
CARRIED = {
    "knee_rotation": "ligaments and menisci of the knee",
    "midtarsal_dorsiflexion": "plantar fascia, ligaments of the arch and what muscles give in passing",
    "forefoot_eversion": "ligaments of the midfoot",
    "forefoot_adduction": "ligaments of the midfoot",
    "shoulder_flexion": "muscles that are not modelled",
    "shoulder_adduction": "muscles that are not modelled",
    "shoulder_rotation": "muscles that are not modelled",
}

SIDES: tuple[Side, Side] = ("right", "left")

#: Turns between muscles and arch: the fascia takes part of the moment at the toes, muscles part of that at the arch.
#: Two settle every peak within 0.1 % and the fascia within 1.5 %; in the last frames before toe-off up to 0.2 body
#: weights are then still wrong at the ankle (2014001_C4_05 against twenty turns; a third would leave 0.05).
ARCH_TURNS = 2


@dataclass(frozen=True, eq=False)
class LoadModel(Immutable):
    """A body made ready for any number of trials.

    Attributes
    ----------
    body : Body
        As the loads need it: arch and toes can turn though the markers may not have shown it.
    musculature : Musculature
    settings : LoadSettings
    dynamics : Dynamics
    plan : MusclePlan
    reactions : ReactionPlan
    unknowns : Unknowns
    """

    body: Body
    musculature: Musculature
    settings: LoadSettings
    dynamics: Dynamics
    plan: MusclePlan
    reactions: ReactionPlan
    unknowns: Unknowns


@dataclass(frozen=True, eq=False)
class LoadCase(Immutable):
    """One what-if of a motion: who moves, and what acts from outside.

    Attributes
    ----------
    model : LoadModel
    ground : GroundReaction
    external : (time, segment, 6) array, N and N m
        All that acts from outside beside gravity, moment about the world origin.
    """

    model: LoadModel
    ground: GroundReaction
    external: FloatArray


def load_model(
    body: Body, musculature: Musculature, settings: LoadSettings | None = None, unknowns: Unknowns | None = None
) -> LoadModel:
    """Make a body ready for loads.

    Parameters
    ----------
    body : Body
        Of our tables, at the size and mass of the person.
    musculature : Musculature
        Of the same body (`kinechain.body.musculature.person_muscles`).
    settings : LoadSettings, optional
    unknowns : Unknowns, optional
    """
    settings, unknowns = settings or LoadSettings(), unknowns or Unknowns()
    free = _with_free_feet(body)
    muscles = with_strength(musculature, settings.strength)
    dynamics = dynamics_of(free)
    levels = lumbar_rows(free, dynamics.tree)
    is_single = settings.balance == "levels"
    tolerances = dict(zip((row.name for row in levels), level_tolerances(free, dynamics.tree), strict=True))
    muscle_settings = MuscleSettings(
        exponent=settings.exponent,
        weighting=settings.weighting,
        reserves=tolerances if is_single else {},
        weakened=settings.strength,
    )
    left_out = [c.name for c in free.coordinates if c.name.removesuffix("_r").removesuffix("_l") in CARRIED]
    single = {row.node: row.name for row in levels} if is_single else None
    plan = plan_muscles(free, muscles, muscle_settings, single, left_out)
    if settings.strength:
        # Weak muscle is not cheap muscle: each costs what it did when it was healthy.
        healthy = plan_muscles(free, musculature, muscle_settings, single, left_out)
        plan = replace(plan, problem=replace(plan.problem, weight=healthy.problem.weight))
    return LoadModel(
        free,
        muscles,
        settings,
        dynamics,
        plan,
        reaction_plan(free, dynamics, rotations=disc_axes(unknowns.inclinations)),
        unknowns,
    )


@lru_cache(maxsize=16)
def _with_free_feet(body: Body) -> Body:
    """Return the same body for the same body, so that what is made of it is made once."""
    return replace(
        body, coordinates=tuple(replace(c, is_locked=c.is_locked and not _is_foot(c.name)) for c in body.coordinates)
    )


def _is_foot(coordinate: str) -> bool:
    return coordinate.startswith(("midtarsal_dorsiflexion", "mtp_dorsiflexion"))


def analyze_loads(
    body: Body,
    musculature: Musculature,
    trial: GaitTrial,
    settings: LoadSettings | None = None,
    unknowns: Unknowns | None = None,
) -> Loads:
    """Return what a walking trial costs each link of a body.

    Parameters
    ----------
    body : Body
        The body of the trial.
    musculature : Musculature
        Of the same body.
    trial : GaitTrial
    settings : LoadSettings, optional
    unknowns : Unknowns, optional

    Returns
    -------
    Loads
        NaN at frames without a pose, without a known ground reaction or without an answer; the notes name them.
    """
    kinematics, case = load_case(load_model(body, musculature, settings, unknowns), body, trial)
    return solve_loads(case.model, kinematics, case.ground, case.external)


def load_case(model: LoadModel, body: Body, trial: GaitTrial) -> tuple[Kinematics, LoadCase]:
    """Return the kinematics of a trial for a model, and the ground under it.

    Parameters
    ----------
    model : LoadModel
    body : Body
        The body of the trial, of which the model was made.
    trial : GaitTrial
    """
    ground = ground_reaction(model.body, trial, model.settings)
    kinematics = _with_toes(body, trial, ground, motion_kinematics(model.dynamics.tree, trial.motion))
    external = segment_wrenches(model.body, trial.motion, ground)
    shift = np.array([*model.unknowns.centre_shift_m, 0.0])
    external[..., 3:] += cross(np.broadcast_to(shift, external[..., :3].shape), external[..., :3])
    return kinematics, LoadCase(model, ground, external)


def _with_toes(body: Body, trial: GaitTrial, ground: GroundReaction, kinematics: Kinematics) -> Kinematics:
    """Lay toes that no marker shows flat on the floor while their foot carries half of body weight or more.

    Below that they straighten in proportion to the load, so that nothing jumps (assumption).  Their rates stay zero:
    what a load that comes and goes says of their angle says nothing of their speed.
    """
    values = np.array(kinematics.values)
    for side in SIDES:
        name = f"mtp_dorsiflexion_{side[0]}"
        if name not in kinematics.inputs or not body.coordinate(name).is_locked:
            continue
        load = np.nan_to_num(ground.foot(side).force[:, 2]) / (0.5 * body.mass_kg * GRAVITY_M_S2)
        bent = np.clip(load, 0.0, 1.0) * infer_toe_dorsiflexion(body, trial.motion.values, side, load > 0.0)
        values[:, kinematics.inputs.index(name)] = bent
    return replace(kinematics, values=values)


def solve_loads(model: LoadModel, kinematics: Kinematics, ground: GroundReaction, external: FloatArray) -> Loads:
    """Return the loads of a motion whose external forces are known.

    Parameters
    ----------
    model : LoadModel
    kinematics : Kinematics
        Of the inputs of the model's tree.
    ground : GroundReaction
        Kept with the result.
    external : (time, segment, 6) array, N and N m
        All that acts from outside beside gravity, moment about the world origin.

    Raises
    ------
    SettingError
        If the external forces do not run over the frames of the kinematics.
    """
    if len(external) != len(kinematics.values):
        raise SettingError(
            f"external forces of {len(external)} frames do not belong to a motion of {len(kinematics.values)}"
        )
    pieces = chunks(len(kinematics.values))
    return join_chunks(
        model, kinematics, ground, [solve_chunk(model, kinematics.cut(a, b), external[a:b]) for a, b in pieces]
    )


def join_chunks(model: LoadModel, kinematics: Kinematics, ground: GroundReaction, parts: Sequence[LoadChunk]) -> Loads:
    """Put the chunks of a motion together, in the order of time; arguments as for `solve_loads`."""
    none = np.empty((0, 0))
    muscles = gather(
        model.plan, [MuscleChunk(p.shares, p.demand, p.forces, p.lengths, none, none, none) for p in parts]
    )
    inputs = np.concatenate([p.moments for p in parts])
    names = model.dynamics.inputs
    return Loads(
        times_s=kinematics.times_s,
        mass_kg=model.body.mass_kg,
        settings=model.settings,
        ground=ground,
        moments=Table(names, inputs, "N m"),
        powers=Table(names, inputs * kinematics.velocities, "W"),
        activations=muscles.activations,
        muscle_forces=muscles.forces,
        reserves=muscles.reserves,
        tissue_forces=muscles.tissue_forces,
        tissue_lengths=muscles.tissue_lengths,
        reactions=_reactions(model, [p.reactions for p in parts]),
        net_reactions=_reactions(model, [p.net for p in parts]),
        notes=(
            *kinematics.notes,
            *ground.notes,
            *muscles.notes,
            *_flattened(np.concatenate([p.flattening for p in parts])),
            *lumbar_notes(model.body, model.dynamics.tree),
            *_notes(model, inputs),
        ),
    )


def _reactions(model: LoadModel, parts: Sequence[FloatArray]) -> tuple[JointReaction, ...]:
    whole = np.concatenate(list(parts))
    return tuple(
        JointReaction(joint, whole[:, j, :3], whole[:, j, 3:]) for j, joint in enumerate(model.reactions.joints)
    )


@dataclass(frozen=True, eq=False)
class LoadChunk(Immutable):
    """What some frames came to, without what only the solution needs.

    Attributes
    ----------
    moments : (time, input) array, N m
    shares : Shares
    demand : (time, row) array, N m
    forces : (time, path) array, N
        Of muscles, then of tissues.
    lengths : (time, path) array, m
    reactions : (time, joint, 6) array, N and N m
    net : (time, joint, 6) array, N and N m
        Without muscles and tissues.
    flattening : (time, side) array, N m
        Moments that flatten an arch more than it can carry, right and left; NaN where it carries them.
    """

    moments: FloatArray
    shares: Shares
    demand: FloatArray
    forces: FloatArray
    lengths: FloatArray
    reactions: FloatArray
    net: FloatArray
    flattening: FloatArray


def solve_chunk(
    model: LoadModel, moving: Kinematics, external: FloatArray, measured: Measured | None = None
) -> LoadChunk:
    """Return what some frames cost.

    Parameters
    ----------
    model : LoadModel
    moving : Kinematics
    external : (time, segment, 6) array, N and N m
    measured : Measured, optional
        Of the same frames and muscles, where it was made already.
    """
    tree, plan = model.dynamics.tree, model.plan
    forces = solve_forces(model.dynamics, moving.values, moving.velocities, moving.accelerations, external)
    asked = forces.nodes - compute_disc_moments(
        model.body, tree, moving.values, preload_factor=model.unknowns.preload_factor
    )
    measured = measured or measure_muscles(plan, moving.values, moving.velocities, with_loads=True)
    tensions = starts = None
    flattening = np.full((len(moving.values), len(SIDES)), np.nan)
    for _ in range(ARCH_TURNS):
        chunk = share_forces(
            plan, moving.values, moving.velocities, asked, measured=measured, tissue_tensions=tensions, starts=starts
        )
        starts = chunk.shares.multipliers
        tensions, flattening = _arch_tensions(model, chunk, forces, flattening)
    assert tensions is not None
    pulls = np.concatenate([_muscles(model, chunk), tensions], axis=1)
    loads = PathLoads(plan.paths.load_path, plan.paths.load_segment, measured.loads)
    reactions = solve_reactions(model.dynamics, model.reactions, moving.values, forces.joint_wrench, pulls, loads)
    net = solve_reactions(model.dynamics, model.reactions, moving.values, forces.joint_wrench)
    return LoadChunk(forces.inputs, chunk.shares, chunk.demand, pulls, measured.lengths, reactions, net, flattening)


def _muscles(model: LoadModel, chunk: MuscleChunk) -> FloatArray:
    return chunk.forces[:, : len(model.musculature.muscles)]


def _arch_tensions(
    model: LoadModel, chunk: MuscleChunk, forces: Forces, flattening: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the tension of every tissue, (time, tissue), and the moments no arch can carry, (time, side), else NaN.

    The tissues below an arch carry what its muscles leave; what was found impossible before is kept.
    """
    paths, muscles = model.plan.paths, len(model.musculature.muscles)
    lengths = chunk.lengths[:, muscles:]
    tensions, beyond = compute_tissue_tensions(model.musculature, lengths), np.array(flattening)
    for k, side in enumerate(SIDES):
        arch = f"midtarsal_dorsiflexion_{side[0]}"
        if arch not in model.dynamics.inputs:
            continue
        column = model.dynamics.inputs.index(arch)
        arms = _arms_about(paths, chunk, column)
        by_muscles = (arms[:, :muscles] * chunk.forces[:, :muscles]).sum(axis=1)
        moment = by_muscles - forces.inputs[:, column]
        found = solve_arch(model.musculature, lengths, arms[:, muscles:], moment)
        beyond[:, k] = np.fmax(beyond[:, k], np.where(found.is_beyond, moment, np.nan))
        crosses = np.array([t.name.endswith(f"_{side[0]}") for t in model.musculature.tissues])
        tensions = np.where(crosses, found.tensions, tensions)
    return tensions, beyond


def _flattened(flattening: FloatArray) -> Iterator[str]:
    """Name the frames in which more flattens an arch than it can carry."""
    for side, moment in zip(SIDES, flattening.T, strict=True):
        beyond = np.isfinite(moment)
        if beyond.any():
            yield (
                f"Up to {np.nanmax(moment):.0f} N m flatten the arch of the {side} foot in {frames_in_words(beyond)}, "
                "more than its tissues can carry; muscle forces and what follows from them are left out there. Check "
                "the mass, the plates, and where the force acts."
            )


def _arms_about(paths: Paths, chunk: MuscleChunk, column: int) -> FloatArray:
    """Return the moment arms of all paths about one input, (time, path), m."""
    out = np.zeros_like(chunk.lengths)
    for entry in np.flatnonzero(paths.entry_input == column):
        out[:, paths.entry_path[entry]] -= chunk.arms[:, entry] * chunk.slopes[:, paths.entry_column[entry]]
    return out


def _notes(model: LoadModel, inputs: FloatArray) -> tuple[str, ...]:
    """Say who carries what muscles were not asked for, and how large the residuals are."""
    tree = model.dynamics.tree
    root = inputs[:, tree.is_root == 1]
    known = np.isfinite(root).all(axis=1)
    carried = [f"{name.replace('_', ' ')} ({who})" for name, who in CARRIED.items() if _has(model, name)]
    out = [f"Not asked of the muscles: {'; '.join(carried)}."]
    if model.settings.strength:
        left = ", ".join(f"{name.replace('_', ' ')} {share:.2f}" for name, share in model.settings.strength.items())
        out.append(f"Strength taken, as a share of the model's: {left}.")
    if known.any():
        is_angle = tree.is_angle[tree.is_root == 1] == 1
        weight = model.body.mass_kg * GRAVITY_M_S2
        force, moment = (np.linalg.norm(root[known][:, kind], axis=1) for kind in (~is_angle, is_angle))
        out.append(
            f"Residual on the pelvis, root mean square and largest: {_rms(force):.0f} and {force.max():.0f} N "
            f"({100 * _rms(force) / weight:.1f} and {100 * force.max() / weight:.1f} % of body weight), "
            f"{_rms(moment):.0f} and {moment.max():.0f} N m: what plates or prediction do not explain of the motion."
        )
        large = np.zeros(len(root), dtype=bool)
        large[known] = force > UNEXPLAINED * weight
        if large.any():
            out.append(
                f"Not to be trusted in {frames_in_words(large)}: more than {100 * UNEXPLAINED:.0f} % of body weight is "
                "left on the pelvis there. Check the plates, the markers and the mass."
            )
    return tuple(out)


def _has(model: LoadModel, stem: str) -> bool:
    return any(name.startswith(stem) for name in model.dynamics.inputs)


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))
