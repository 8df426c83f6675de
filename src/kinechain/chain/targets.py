"""What a posture costs each link: contact forces, muscle activity, tension, the load under the foot.

A posture at rest is a frame of a motion that does not move, so the loads package computes a thousand of them as it
computes a trial: net moments from weight and ground, less what passive joints give, shared among the muscles, then
joint reactions.  Everything that differs between the cases comes from outside the body's tables: weights act as
external forces, the strength of each muscle is a column, and the springs are those of the situation.

What is taken off before muscles are asked: the passive moments of all joints (``ChainModel.springs``), of which those
of hip, knee and ankle already hold muscles at rest, capsule and fascia.  So no muscle pulls at rest here, and no
tissue but those below the arch: they would be counted twice.  A passive moment turns a joint but presses on none, so
contact forces lack what passive tissue presses (all contact targets say so).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from kinechain.body.body import Body
from kinechain.body.hill import fibre_forces
from kinechain.body.paths import Paths, column_slopes, input_arms, measure_paths
from kinechain.body.pose import coordinate_values, segment_poses
from kinechain.chain.chain_body import ANKLE_PLAY
from kinechain.chain.joint_stiffness import passive_coupling
from kinechain.chain.situation import ROOT, ChainModel, Equilibrium, Situation
from kinechain.core.arrays import FloatArray, Immutable, IntArray, cross
from kinechain.core.errors import SettingError, suggest
from kinechain.core.estimate import Estimate
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.evidence.chain import study
from kinechain.loads.analyze_loads import ARCH_TURNS, CARRIED
from kinechain.loads.joint_reactions import PathLoads, ReactionPlan, reaction_plan, solve_reactions
from kinechain.loads.loads import FOOT_REGIONS, JointReaction
from kinechain.loads.lumbar import (
    LUMBAR_JOINTS,
    disc_axes,
    estimate_facet_share,
    level_tolerances,
    lumbar_rows,
    split_sacroiliac,
)
from kinechain.loads.muscle_forces import (
    Measured,
    MuscleChunk,
    MusclePlan,
    MuscleSettings,
    chunks,
    plan_muscles,
    share_forces,
)
from kinechain.loads.newton_euler import Dynamics, Forces, dynamics_of, solve_forces
from kinechain.loads.tissues import (
    compute_achilles_tension,
    compute_fascia_tension,
    compute_tissue_strains,
    solve_arch,
)
from kinechain.motion.signs import SIDES
from kinechain.recording.recording import Side

__all__ = [
    "TARGETS",
    "Moving",
    "Target",
    "compute_nerve_strain",
    "compute_targets",
    "pad_wrenches",
    "prepare_targets",
    "target_index",
]

#: Joints whose reaction is a target.
_JOINTS = ("l5_s1", "sacroiliac", "hip_r", "hip_l", "knee_r", "knee_l")
#: Tissues of the sole, which carry what flattens the arch.
_SOLE = ("plantar_fascia", "long_plantar_ligament", "short_plantar_ligament", "spring_ligament")
_NERVE = "sciatic_tibial_nerve"
#: Step by which paths of masses are differenced, s.
_INSTANT_S = 1e-3
_BACK_MUSCLES = ("erector_spinae", "multifidus")
#: Muscles of the trunk that pull against each other in a guarded back.
_TRUNK = (*_BACK_MUSCLES, "quadratus_lumborum", "rectus_abdominis", "external_oblique", "internal_oblique")


@dataclass(frozen=True)
class Target:
    """One load that the chain is asked about.

    Attributes
    ----------
    id : str
        E.g. 'knee_contact_left'.
    name : str
        As printed.
    site : str
        E.g. 'knee', 'l5_s1', 'plantar_fascia'.
    side : 'left', 'right' or 'middle'
    unit : 'N', 'N m', '1' or '%'
    harmful : +1 or -1
        Direction in which more of it is held to be worse.
    notes : str
        What it does not hold, in one sentence.
    least : float
        Smallest change that means anything, in ``unit``; what is 0 upright has no 5 % of itself.
    is_asked : bool
        False for what answers a what-if and decides no driver.
    """

    id: str
    name: str
    site: str
    side: Literal["left", "right", "middle"]
    unit: Literal["N", "N m", "1", "%"]
    harmful: Literal[1, -1]
    notes: str
    least: float = 0.0
    is_asked: bool = True


#: The loads of standing have the same passive moment of the hip as the pull of a tissue ahead of it, of muscles at
#: rest, and of those behind that hold against both: half as much again to twice as much contact force.
_CONTACT = (
    "Without what passive tissue and muscles at rest press, which carry their moment here without a force: a lower "
    "bound, well below the contact force among the loads of standing, where they pull; its changes are meant."
)
_SLOPE = "In the plane of the disc of the average adult; the sacral slope of this person was not measured."
_SHARED = "Muscles share their work by least effort; guarding and habit are not in it."
_REGIONS = {
    "heel": "heel",
    "midfoot": "midfoot",
    "forefoot_medial": "medial forefoot",
    "forefoot_lateral": "lateral forefoot",
    "toes": "toes",
}


def _least_strain() -> float:
    """Return what the order of movements alone makes of the strain of the nerve, %: less is no difference."""
    (found,) = (r for r in study("Boyd2013").results if r.unit == "% strain")
    assert found.value is not None
    return found.value


def _targets() -> tuple[Target, ...]:
    out = [
        Target("l5_s1_compression", "L5/S1 compression", "l5_s1", "middle", "N", 1, f"{_CONTACT} {_SLOPE}"),
        Target("l5_s1_anterior_shear", "L5/S1 forward shear of L5", "l5_s1", "middle", "N", 1, f"{_CONTACT} {_SLOPE}"),
        Target(
            "l5_s1_facet_share",
            "L5/S1: share of the compression that the facet joints take",
            "l5_s1",
            "middle",
            "1",
            1,
            "Known erect and flexed only, from cadavers; between and in extension nothing was read.",
            is_asked=False,
        ),
    ]

    def both(
        name: str,
        words: str,
        site: str,
        unit: Literal["N", "N m", "1", "%"],
        notes: str,
        least: float = 0.0,
        is_asked: bool = True,
    ) -> None:
        out.extend(Target(f"{name}_{side}", words, site, side, unit, 1, notes, least, is_asked) for side in SIDES)

    for group in _BACK_MUSCLES:
        words = group.replace("_", " ").capitalize()
        both(f"{group}_activation", f"{words} activation", group, "1", f"Mean by volume. {_SHARED}")
    both("sacroiliac_load", "Sacroiliac joint load", "sacroiliac", "N",
         f"{_CONTACT} No ligament takes a part, so differences between the sides are upper limits.")  # fmt: skip
    both("hip_contact", "Hip contact force", "hip", "N", f"{_CONTACT} {_SHARED}")
    both("knee_contact", "Knee contact force", "knee", "N", f"{_CONTACT} {_SHARED}")
    both("knee_adduction_moment", "External knee adduction moment", "knee", "N m",
         "Net moment, muscles included; next to nothing on two legs, so it decides no driver.",
         is_asked=False)  # fmt: skip
    both("plantar_fascia_tension", "Plantar fascia tension", "plantar_fascia", "N",
         "Cross-section and material between which sources disagree; bands share by declared geometry.")  # fmt: skip
    both("achilles_tension", "Achilles tendon tension", "achilles", "N",
         f"All that resists dorsiflexion at rest is taken for the calf. {_SHARED}")  # fmt: skip
    for region in FOOT_REGIONS:
        both(f"plantar_load_{region}", f"Load under the {_REGIONS[region]}", "sole", "N",
             "Vertical force on a few points, not a pressure.")  # fmt: skip
    both("nerve_strain", "Length of the sciatic and tibial nerve against upright", "nerve", "%",
         "Length of a declared path; no excursion, no tension, no difference along the nerve.",
         _least_strain())  # fmt: skip
    return tuple(out)


#: Every load that is asked about, always all of them.
TARGETS = _targets()
_PLACE = {target.id: i for i, target in enumerate(TARGETS)}


def target_index(name: str) -> int:
    """Return the place of a target among `TARGETS`.

    Parameters
    ----------
    name : str
        Its id.

    Raises
    ------
    SettingError
        If there is no such target.
    """
    if name not in _PLACE:
        raise SettingError(f"no target is named '{name}'. {suggest(name, _PLACE)}")
    return _PLACE[name]


@dataclass(frozen=True, eq=False)
class _Plan(Immutable):
    """A chain model made ready for its loads.

    Attributes
    ----------
    body : Body
        With nothing locked, so that its inputs are those of the model.
    dynamics : Dynamics
        Without gravity: weights come from outside, case by case.
    muscles : MusclePlan
    reactions : ReactionPlan
    spring_node : (free,) array of int
        Node that turns with each free coordinate; -1 for the root.
    spring_slope : (free,) array
    free_input : (free,) array of int
    coupling : (free, free) array, N m/rad
        What muscles at rest over two joints do between them.
    volume : (muscle,) array
    length_input : (parameter,) array of int
        Inputs that make a bone longer.
    length_growth : (parameter, path) array
        By how much the neutral length of each path grows with them.
    """

    body: Body
    dynamics: Dynamics
    muscles: MusclePlan
    reactions: ReactionPlan
    spring_node: IntArray
    spring_slope: FloatArray
    free_input: IntArray
    coupling: FloatArray
    volume: FloatArray
    length_input: IntArray
    length_growth: FloatArray


@dataclass(frozen=True, eq=False)
class Moving(Immutable):
    """How bodies move through their postures, and what acts on them beside weight and pads.

    Attributes
    ----------
    velocities, accelerations : (case, input) array, rad/s or m/s, and per s
    external : (case, segment, 6) array, N and N m
        Force, and moment about the world origin.
    """

    velocities: FloatArray
    accelerations: FloatArray
    external: FloatArray

    def case(self, which: IntArray) -> Moving:
        """Return some of the cases."""
        return Moving(self.velocities[which], self.accelerations[which], self.external[which])


def pad_wrenches(model: ChainModel, inputs: FloatArray, pad_force: FloatArray) -> FloatArray:
    """Return what the ground does to every segment, (case, segment, 6) array: force N, moment about the origin N m.

    Parameters
    ----------
    model : ChainModel
    inputs : (case, input) array, rad or m
    pad_force : (case, pad, 3) array, N, world
    """
    poses = segment_poses(model.body, coordinate_values(model.tree, inputs))
    out = np.zeros((len(inputs), len(model.tree.segments), 6))
    for i, pad in enumerate(model.pads):
        segment = model.tree.segments.index(pad.segment)
        at = poses[:, segment, :3, 3] + poses[:, segment, :3, :3] @ pad.position
        out[:, segment] += np.concatenate([pad_force[:, i], cross(at, pad_force[:, i])], axis=-1)
    return out


def compute_targets(
    model: ChainModel,
    situation: Situation,
    equilibrium: Equilibrium,
    moving: Moving | None = None,
    *,
    passive: FloatArray | None = None,
    co_contraction: float = 0.0,
    slopes: FloatArray | None = None,
) -> FloatArray:
    """Return what every posture costs.

    Parameters
    ----------
    model : ChainModel
        With muscles.
    situation : Situation
    equilibrium : Equilibrium
        Of that situation, case by case.
    moving : Moving, optional
        Where the postures are frames of a motion; None: they are still.
    passive : (case, free) array, N m, optional
        What tissues give beside the springs of the situation, positive where it would increase the coordinate: of a
        tight muscle, which `kinechain.chain.alter` counts with what muscles hold (`kinechain.chain.respond.tightness`).
    co_contraction : float
        Share of their strength with which all muscles of the trunk pull at least.
    slopes : (case,) array, rad, optional
        By how much steeper the plate of S1 is than that of the average adult.

    Returns
    -------
    (case, target) array, N, N m, 1 or %
        In the order of `TARGETS`; NaN where there is no equilibrium, where muscles or an arch cannot carry what is
        asked, and where no source tells a value (the share of the facets away from upright).

    Raises
    ------
    SettingError
        If the model has no muscles, or the two do not run over the same cases.
    """
    if len(situation) != len(equilibrium.inputs):
        raise SettingError(f"{len(situation)} situations do not belong to {len(equilibrium.inputs)} equilibria")
    plan = _plan_of(model, co_contraction)
    beside = np.zeros((len(situation), len(model.free))) if passive is None else passive
    out = np.full((len(situation), len(TARGETS)), np.nan)
    solved = np.flatnonzero(equilibrium.is_solved & np.isfinite(equilibrium.inputs).all(axis=1))
    for first, last in chunks(len(solved)):
        some = solved[first:last]
        if len(some):
            inputs, forces = equilibrium.inputs[some], equilibrium.pad_force[some]
            rates = None if moving is None else moving.case(some)
            out[some] = _targets_of(model, plan, situation.case(some), inputs, forces, rates, beside[some])
    return out if slopes is None else _on_slope(out, slopes)


def prepare_targets(model: ChainModel) -> None:
    """Make what the loads of a model share, once: workers that are forked afterwards have it too.

    Parameters
    ----------
    model : ChainModel
        With muscles.
    """
    _plan_of(model, 0.0)


def _on_slope(targets: FloatArray, slopes: FloatArray) -> FloatArray:
    """Return targets with the force on the lowest disc told in a plate that is steeper by ``slopes`` (case,), rad."""
    press, shear = target_index("l5_s1_compression"), target_index("l5_s1_anterior_shear")
    out = targets.copy()
    out[:, press] = np.cos(slopes) * targets[:, press] - np.sin(slopes) * targets[:, shear]
    out[:, shear] = np.cos(slopes) * targets[:, shear] + np.sin(slopes) * targets[:, press]
    return out


@lru_cache(maxsize=8)
def _plan_of(model: ChainModel, co_contraction: float) -> _Plan:
    if model.musculature is None:
        raise SettingError("loads need muscles; make the chain model with a musculature (person_muscles of the body)")
    body = replace(model.body, coordinates=tuple(replace(c, is_locked=False) for c in model.body.coordinates))
    dynamics = replace(dynamics_of(body), gravity=np.zeros(3))
    tree = dynamics.tree
    carried = {*CARRIED, ANKLE_PLAY}
    asked = {name for name in model.free if name.removesuffix("_r").removesuffix("_l") not in carried}
    left_out = [name for name in model.inputs if name not in asked]
    tolerances = zip((row.name for row in lumbar_rows(body, tree)), level_tolerances(body, tree), strict=True)
    settings = MuscleSettings(weighting="volume", is_passive=False, has_speed=False, reserves=dict(tolerances))
    muscles = plan_muscles(body, model.musculature, settings, left_out=left_out)
    if co_contraction:
        least = np.array([co_contraction if m.group in _TRUNK else 0.0 for m in model.musculature.muscles])
        problem = replace(muscles.problem, low=np.clip(least, muscles.problem.low, muscles.problem.high))
        muscles = replace(muscles, problem=problem)
    nodes, slopes = _spring_nodes(model)
    free = np.array([model.input_index(name) for name in model.free])
    lengths = np.array([i for i, name in enumerate(model.inputs) if "_length_" in name], dtype=np.int64)
    return _Plan(
        body=body,
        dynamics=dynamics,
        muscles=muscles,
        reactions=reaction_plan(body, dynamics, _JOINTS, rotations=disc_axes()),
        spring_node=nodes,
        spring_slope=slopes,
        free_input=free,
        coupling=passive_coupling(model.free, model.tree.default[model.tree.inputs][free]),
        volume=muscles.fibres.force * muscles.fibres.length,
        length_input=lengths,
        length_growth=_length_growth(muscles.paths, len(model.inputs))[:, lengths].T,
    )


def _spring_nodes(model: ChainModel) -> tuple[IntArray, FloatArray]:
    """Return for every free coordinate of a joint a node that turns in proportion to it, and by how much."""
    tree = model.tree
    nodes, slopes = np.full(len(model.free), -1, dtype=np.int64), np.ones(len(model.free))
    for i, name in enumerate(model.free[len(ROOT) :], start=len(ROOT)):
        coordinate = tree.coordinates.index(name)
        for node in np.flatnonzero(tree.node_coordinate == coordinate):
            function = tree.functions[int(tree.node_function[node])]
            slope = float(function.coefficients[0, 1])
            if function.is_linear and slope:
                nodes[i], slopes[i] = node, slope
                break
        else:
            raise SettingError(f"'{name}' turns no joint in proportion, so a passive moment about it cannot be placed")
    return nodes, slopes


def _length_growth(paths: Paths, inputs: int) -> FloatArray:
    """Return the derivative of every path's length by every input in the neutral posture, (path, input)."""
    neutral = np.zeros((1, inputs))
    return np.asarray(-input_arms(paths, neutral, measure_paths(paths, neutral, arms=True)[1])[0])


def _targets_of(
    model: ChainModel,
    plan: _Plan,
    situation: Situation,
    inputs: FloatArray,
    pad_force: FloatArray,
    moving: Moving | None,
    beside: FloatArray,
) -> FloatArray:
    """Return the targets of some cases that stand, (case, target)."""
    external = _weights(model, situation, inputs) + pad_wrenches(model, inputs, pad_force)
    velocities = accelerations = np.zeros_like(inputs)
    if moving is not None:
        velocities, accelerations = moving.velocities, moving.accelerations
        external = external + moving.external + _inertia_beside(model, situation, inputs, moving)
    forces = solve_forces(plan.dynamics, inputs, velocities, accelerations, external)
    passive = _passive_moments(model, plan, situation, inputs) + beside
    asked = np.array(forces.nodes)
    for i in np.flatnonzero((plan.spring_node >= 0) & passive.any(axis=0)):
        asked[:, plan.spring_node[i]] -= passive[:, i] / plan.spring_slope[i]
    measured = _measure(plan, inputs)
    chunk, tensions = _share(model, plan, situation, inputs, forces, passive, asked, measured)
    pulls = np.concatenate([chunk.forces[:, : len(plan.volume)], tensions], axis=1)
    paths = PathLoads(plan.muscles.paths.load_path, plan.muscles.paths.load_segment, measured.loads)
    whole = solve_reactions(plan.dynamics, plan.reactions, inputs, forces.joint_wrench, pulls, paths)
    net = solve_reactions(plan.dynamics, plan.reactions, inputs, forces.joint_wrench)
    columns = _spine(plan, whole, _flexion_from(model, inputs))
    columns |= _contacts(plan, whole, net) | _pulls(plan, chunk, tensions, measured)
    columns |= _achilles(model, plan, chunk, passive)
    columns |= _sole(model, pad_force)
    return np.stack([columns[target.id] for target in TARGETS], axis=1)


def compute_nerve_strain(model: ChainModel, inputs: FloatArray) -> FloatArray:
    """Return by how much the path of the sciatic and tibial nerve is longer than upright, (case, side) array, %.

    Parameters
    ----------
    model : ChainModel
        With muscles.
    inputs : (case, input) array, rad or m
        Any postures; nothing needs to be at rest.

    Returns
    -------
    (case, side) array, %
        Left, then right.
    """
    plan = _plan_of(model, 0.0)
    musculature, muscles = plan.muscles.musculature, len(plan.volume)
    lengths = (
        measure_paths(plan.muscles.paths, inputs, arms=False)[0] - inputs[:, plan.length_input] @ plan.length_growth
    )
    strains = 100.0 * compute_tissue_strains(musculature, lengths[:, muscles:])
    names = [t.name for t in musculature.tissues]
    return np.asarray(strains[:, [names.index(f"{_NERVE}_{side[0]}") for side in SIDES]])


def _weights(model: ChainModel, situation: Situation, inputs: FloatArray) -> FloatArray:
    """Return the wrench of weight on every segment about the world origin, (case, segment, 6)."""
    poses = segment_poses(model.body, coordinate_values(model.tree, inputs))
    weight = np.zeros(situation.centre.shape)
    weight[..., 2] = -GRAVITY_M_S2 * situation.mass
    centres = poses[..., :3, 3] + np.einsum("csij,csj->csi", poses[..., :3, :3], situation.centre)
    return np.concatenate([weight, cross(centres, weight)], axis=-1)


def _inertia_beside(model: ChainModel, situation: Situation, inputs: FloatArray, moving: Moving) -> FloatArray:
    """Return the wrench of the inertia of masses that differ from the body's own, (case, segment, 6), as of points."""
    poses = [
        segment_poses(
            model.body,
            coordinate_values(model.tree, inputs + t * moving.velocities + 0.5 * t**2 * moving.accelerations),
        )
        for t in (-_INSTANT_S, 0.0, _INSTANT_S)
    ]
    body = model.body.segments
    own = (np.array([s.mass_kg for s in body]), np.array([s.centre_of_mass for s in body]))
    out = np.zeros((*situation.mass.shape, 6))
    for sign, mass, centre in ((-1.0, situation.mass, situation.centre), (1.0, *own)):
        local = np.broadcast_to(centre, situation.centre.shape)
        path = [p[..., :3, 3] + np.einsum("csij,csj->csi", p[..., :3, :3], local) for p in poses]
        force = sign * mass[..., None] * (path[2] - 2.0 * path[1] + path[0]) / _INSTANT_S**2
        out += np.concatenate([force, cross(path[1], force)], axis=-1)
    return out


def _passive_moments(model: ChainModel, plan: _Plan, situation: Situation, inputs: FloatArray) -> FloatArray:
    """Return the moment that passive joints give, (case, free), N m, with what muscles at rest pass on between two."""
    turned = inputs[:, plan.free_input] - situation.spring_shift
    away = (inputs - situation.reference)[:, plan.free_input]
    out = np.zeros_like(turned)
    for i, spring in enumerate(model.springs):
        if spring is not None:
            out[:, i] = situation.spring_scale[:, i] * spring.evaluate(turned[:, i])[0]
    # As in the stiffness people stand on (`kinechain.chain.stand`): about the reference posture.
    share = np.sqrt(situation.spring_scale)
    return np.asarray(out - share * ((share * away) @ plan.coupling))


def _measure(plan: _Plan, inputs: FloatArray) -> Measured:
    """Return lengths, arms and what the muscles could give; the muscles of a longer bone are longer too."""
    paths = plan.muscles.paths
    lengths, arms, loads = measure_paths(paths, inputs, arms=True, loads=True)
    lengths = lengths - inputs[:, plan.length_input] @ plan.length_growth
    active, resting = fibre_forces(plan.muscles.fibres, lengths, np.zeros_like(lengths))
    return Measured(lengths, arms, column_slopes(paths, inputs), loads, active, resting)


def _share(
    model: ChainModel,
    plan: _Plan,
    situation: Situation,
    inputs: FloatArray,
    forces: Forces,
    passive: FloatArray,
    asked: FloatArray,
    measured: Measured,
) -> tuple[MuscleChunk, FloatArray]:
    """Share the demand among muscles and the tissues of the sole; return the shares and the tension of every tissue."""
    muscles = len(plan.volume)
    tissues = [t.name for t in plan.muscles.musculature.tissues]
    tensions = np.zeros((len(inputs), len(tissues)))
    starts = None
    for _ in range(ARCH_TURNS):
        chunk = share_forces(
            plan.muscles,
            inputs,
            np.zeros_like(inputs),
            asked,
            strengths=measured.active * situation.strength,
            tissue_tensions=tensions,
            measured=measured,
            starts=starts,
        )
        starts = chunk.shares.multipliers
        tensions = np.zeros_like(tensions)
        for side in SIDES:
            name = f"midtarsal_dorsiflexion_{side[0]}"
            column = model.input_index(name)
            arms = _arms_about(plan.muscles.paths, chunk, column)
            sole = np.array([t.startswith(_SOLE) and t.endswith(f"_{side[0]}") for t in tissues])
            given = (arms[:, :muscles] * chunk.forces[:, :muscles]).sum(axis=1) + passive[:, model.free_index(name)]
            found = solve_arch(
                plan.muscles.musculature,
                measured.lengths[:, muscles:],
                np.where(sole, arms[:, muscles:], 0.0),
                given - forces.inputs[:, column],
                scales=situation.tissue_scale,
            )
            tensions = np.where(sole, found.tensions, tensions)
    return chunk, tensions


def _arms_about(paths: Paths, chunk: MuscleChunk, column: int) -> FloatArray:
    """Return the moment arms of all paths about one input, (case, path), m."""
    out = np.zeros_like(chunk.lengths)
    for entry in np.flatnonzero(paths.entry_input == column):
        out[:, paths.entry_path[entry]] -= chunk.arms[:, entry] * chunk.slopes[:, paths.entry_column[entry]]
    return out


def _flexion_from(model: ChainModel, inputs: FloatArray) -> FloatArray:
    """Return how far the lumbar spine is flexed against the person's own standing, (case,), rad."""
    levels = [model.input_index(f"{joint}_flexion") for joint in LUMBAR_JOINTS]
    own = model.tree.default[model.tree.inputs]
    return np.asarray((inputs - own)[:, levels].sum(axis=1))


def _reaction(plan: _Plan, whole: FloatArray, joint: str) -> JointReaction:
    j = plan.reactions.joints.index(joint)
    return JointReaction(joint, whole[:, j, :3], whole[:, j, 3:])


def _spine(plan: _Plan, whole: FloatArray, flexion: FloatArray) -> dict[str, FloatArray]:
    disc = _reaction(plan, whole, "l5_s1")
    right, left = split_sacroiliac(plan.body, _reaction(plan, whole, "sacroiliac"))
    shares = [estimate_facet_share(float(angle)) for angle in flexion]
    return {
        "l5_s1_compression": disc.compression_n,
        "l5_s1_anterior_shear": disc.force[:, 0],
        "l5_s1_facet_share": np.array([s.value if isinstance(s, Estimate) else np.nan for s in shares]),
        "sacroiliac_load_right": right.resultant_n,
        "sacroiliac_load_left": left.resultant_n,
    }


def _contacts(plan: _Plan, whole: FloatArray, net: FloatArray) -> dict[str, FloatArray]:
    out: dict[str, FloatArray] = {}
    for side in SIDES:
        for site in ("hip", "knee"):
            out[f"{site}_contact_{side}"] = _reaction(plan, whole, f"{site}_{side[0]}").resultant_n
        # What the ground does is the opposite of what thigh and muscles must do to the shank.
        adducting = -1.0 if side == "right" else 1.0
        moment = _reaction(plan, net, f"knee_{side[0]}").moment[:, 0]
        out[f"knee_adduction_moment_{side}"] = np.asarray(adducting * moment)
    return out


def _pulls(plan: _Plan, chunk: MuscleChunk, tensions: FloatArray, measured: Measured) -> dict[str, FloatArray]:
    musculature, muscles = plan.muscles.musculature, len(plan.volume)
    strains = 100.0 * compute_tissue_strains(musculature, measured.lengths[:, muscles:])
    out: dict[str, FloatArray] = {}
    for side in SIDES:
        end = f"_{side[0]}"
        for group in _BACK_MUSCLES:
            of = [i for i, m in enumerate(musculature.muscles) if m.group == group and m.name.endswith(end)]
            volume = plan.volume[of]
            out[f"{group}_activation_{side}"] = chunk.shares.activations[:, of] @ volume / volume.sum()
        out[f"plantar_fascia_tension_{side}"] = compute_fascia_tension(musculature, tensions, side)
        nerve = [t.name for t in musculature.tissues].index(f"{_NERVE}{end}")
        out[f"nerve_strain_{side}"] = strains[:, nerve]
    return out


def _achilles(model: ChainModel, plan: _Plan, chunk: MuscleChunk, passive: FloatArray) -> dict[str, FloatArray]:
    """Return the tension of both Achilles tendons: of active muscle, and of the calf at rest."""
    musculature, muscles = plan.muscles.musculature, len(plan.volume)
    out: dict[str, FloatArray] = {}
    for side in SIDES:
        name = f"ankle_dorsiflexion_{side[0]}"
        tendon = muscles + [t.name for t in musculature.tissues].index(f"achilles_{side[0]}")
        arm = -_arms_about(plan.muscles.paths, chunk, model.input_index(name))[:, tendon]
        at_rest = np.maximum(-passive[:, model.free_index(name)], 0.0) / arm
        out[f"achilles_tension_{side}"] = (
            compute_achilles_tension(musculature, chunk.forces[:, :muscles], side) + at_rest
        )
    return out


def _sole(model: ChainModel, pad_force: FloatArray) -> dict[str, FloatArray]:
    sides: tuple[Side, ...] = SIDES
    return {
        f"plantar_load_{region}_{side}": np.asarray(pad_force[:, model.pads_of(side, region), 2].sum(axis=1))
        for side in sides
        for region in FOOT_REGIONS
    }
