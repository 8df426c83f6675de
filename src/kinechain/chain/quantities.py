"""What some experiments looked at that is no link and no target: in vitro turns, axes, shares, ratios of slopes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from kinechain.body.paths import path_lengths
from kinechain.body.pose import coordinate_values, segment_poses
from kinechain.chain.alter import alter
from kinechain.chain.change import parse_change
from kinechain.chain.equilibrium import evaluate, solve_equilibrium
from kinechain.chain.experiments import Experiment
from kinechain.chain.situation import ChainModel, Situation
from kinechain.chain.stand import standing_situation
from kinechain.chain.study_people import Group
from kinechain.chain.targets import compute_nerve_strain, compute_targets, target_index
from kinechain.chain.unknowns import best_unknowns
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError
from kinechain.core.estimate import NotMeasured
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.lumbar import estimate_facet_share

__all__ = ["QUANTITY_UNITS", "compute_quantity"]

QUANTITY_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "tibia_turn_per_eversion": "deg/deg",
        "tibia_turn_per_heel_turn": "deg/deg",
        "subtalar_axis_angle": "deg",
        "facet_share_erect": "%",
        "facet_share_flexed": "%",
        "leg_length_difference": "mm",
        "hip_moment_of_forward_bend": "N m",
        "nerve_length_of_hip_flexion": "%",
        "fascia_strain_of_hip_flexion": "%",
        "achilles_share": "%",
        "fascia_by_achilles": "1",
    }
)
#: Step of finite differences, rad.
_STEP = 1e-5
#: How far the spine is bent where its facet joints were read to bear nothing: within the range of that study.
_FLEXED_RAD = math.radians(40.0)
_BENT_RAD = math.radians(60.0)
#: How the weight and the tendon are varied against each other: the centre of mass ahead, m, and mass gained.
_AHEAD_M, _GAINED = 0.01, "body_mass +10%"
#: Loads take muscles and longer: so many people of a group are enough.
_FEW = 6


def compute_quantity(experiment: Experiment, groups: Sequence[Group]) -> FloatArray:
    """Return a quantity of every person, (case,) array, in its printed unit; NaN where it cannot be computed.

    Parameters
    ----------
    experiment : Experiment
        With a quantity.
    groups : sequence of Group
    """
    if experiment.quantity not in _COMPUTED:
        raise SettingError(f"no quantity is named '{experiment.quantity}'; there is {', '.join(_COMPUTED)}")
    computed = _COMPUTED[experiment.quantity]
    return np.concatenate([computed(experiment, group) for group in groups])


def _inputs(group: Group) -> FloatArray:
    """Return the posture of every person with the own axes and lengths, (case, input)."""
    model = group.model
    inputs = np.tile(model.tree.default[model.tree.inputs], (len(group.unknowns), 1))
    for name in model.parameters:
        inputs[:, model.input_index(name)] = group.unknowns.of(name)
    return inputs


def _axis(model: ChainModel, inputs: FloatArray, coordinate: str, above: str, below: str) -> FloatArray:
    """Return about which axis a coordinate turns one segment against another, (case, 3), world axes, per rad."""
    there = inputs.copy()
    there[:, model.input_index(coordinate)] += _STEP
    names = [s.name for s in model.body.segments]
    frames = []
    for values in (inputs, there):
        poses = segment_poses(model.body, coordinate_values(model.tree, values))[..., :3, :3]
        up, down = poses[:, names.index(above)], poses[:, names.index(below)]
        frames.append((up, np.einsum("cji,cjk->cik", up, down)))
    (fixed, before), (_, after) = frames
    turn = np.einsum("cij,ckj->cik", after, before)
    own = np.stack([turn[:, 2, 1] - turn[:, 1, 2], turn[:, 0, 2] - turn[:, 2, 0], turn[:, 1, 0] - turn[:, 0, 1]], 1)
    return np.asarray(np.einsum("cij,cj->ci", fixed, own) / (2.0 * _STEP))


def _turn_of_tibia(group: Group, of_heel: FloatArray) -> FloatArray:
    """Return how far an upright tibia turns about itself when the heel turns by a small vector, (case,) array.

    The heel turns by ``of_heel``, the tibia about the vertical alone; ankle and subtalar joint take up the difference,
    as hinges: three unknown turns, three equations.
    """
    model, inputs = group.model, _inputs(group)
    ankle = _axis(model, inputs, "ankle_dorsiflexion_r", "tibia_r", "talus_r")
    subtalar = _axis(model, inputs, "subtalar_eversion_r", "talus_r", "calcaneus_r")
    up = np.tile([0.0, 0.0, 1.0], (len(inputs), 1))
    unknown = np.linalg.solve(np.stack([up, ankle, subtalar], axis=2), np.tile(of_heel, (len(inputs), 1))[..., None])
    return np.asarray(unknown[:, 0, 0])


def _per_eversion(experiment: Experiment, group: Group) -> FloatArray:
    # The right heel everts about x backward (its sole turns outward); its tibia then turns inward, about z forward.
    return _turn_of_tibia(group, np.array([-1.0, 0.0, 0.0]))


def _per_heel_turn(experiment: Experiment, group: Group) -> FloatArray:
    return _turn_of_tibia(group, np.array([0.0, 0.0, 1.0]))


def _axis_angle(experiment: Experiment, group: Group) -> FloatArray:
    generic = replace(group, unknowns=best_unknowns(len(group.unknowns)))
    own, other = (_axis(g.model, _inputs(g), "subtalar_eversion_r", "talus_r", "calcaneus_r") for g in (group, generic))
    cosine = (own * other).sum(axis=1) / np.linalg.norm(own, axis=1) / np.linalg.norm(other, axis=1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _facets(flexion_rad: float) -> Callable[[Experiment, Group], FloatArray]:
    def share(experiment: Experiment, group: Group) -> FloatArray:
        found = estimate_facet_share(flexion_rad)
        value = math.nan if isinstance(found, NotMeasured) else 100.0 * found.value
        return np.full(len(group.unknowns), value)

    return share


def _leg_lengths(experiment: Experiment, group: Group) -> FloatArray:
    longer = {s: group.unknowns.of(f"thigh_length_{s}") + group.unknowns.of(f"shank_length_{s}") for s in "rl"}
    return np.asarray(1000.0 * np.abs(longer["r"] - longer["l"]))


def _bent_hip(experiment: Experiment, group: Group) -> FloatArray:
    """Return by how much a change alters the moment that a bent hip resists with, knees straight; both hips' mean."""
    model = group.model
    before = standing_situation(model, group.unknowns)
    after = alter(model, before, experiment.arms[0])
    inputs = before.reference.copy()
    for side in "rl":
        inputs[:, model.input_index(f"hip_flexion_{side}")] = _BENT_RAD
        inputs[:, model.input_index(f"knee_flexion_{side}")] = 0.0
    values = inputs[:, [model.input_index(n) for n in model.free]]
    hips = [model.free_index(f"hip_flexion_{side}") for side in "rl"]
    resisted = [evaluate(model, s, values).gradient[:, hips].mean(axis=1) for s in (before, after)]
    return np.asarray(resisted[1] - resisted[0])


def _with_hips(group: Group, flexion_rad: float) -> FloatArray:
    inputs = _inputs(group)
    for side in "rl":
        inputs[:, group.model.input_index(f"hip_flexion_{side}")] = flexion_rad
        inputs[:, group.model.input_index(f"knee_flexion_{side}")] = 0.0
    return inputs


def _nerve(experiment: Experiment, group: Group) -> FloatArray:
    strains = [compute_nerve_strain(group.model, _with_hips(group, a)).mean(axis=1) for a in (0.0, _BENT_RAD)]
    return np.asarray(strains[1] - strains[0])


def _fascia(experiment: Experiment, group: Group) -> FloatArray:
    model = group.model
    assert model.musculature is not None
    names = [*(m.name for m in model.musculature.muscles), *(t.name for t in model.musculature.tissues)]
    bands = [i for i, name in enumerate(names) if name.startswith("plantar_fascia")]
    lengths = [
        path_lengths(model.body, model.musculature, coordinate_values(model.tree, _with_hips(group, a)))[:, bands]
        for a in (0.0, _BENT_RAD)
    ]
    return np.asarray(100.0 * (lengths[1] / lengths[0] - 1.0).mean(axis=1))


def _few(group: Group) -> Situation:
    return standing_situation(group.model, group.unknowns).case(slice(0, _FEW))


def _soles(model: ChainModel, situation: Situation) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return tension of tendon and fascia and weight on a foot, means of both sides, (case,) arrays, N."""
    rest = solve_equilibrium(model, situation)
    targets = compute_targets(model, situation, rest)
    tendon, fascia = (
        targets[:, [target_index(f"{name}_{side}") for side in ("left", "right")]].mean(axis=1)
        for name in ("achilles_tension", "plantar_fascia_tension")
    )
    weight = np.where(rest.is_solved, 0.5 * GRAVITY_M_S2 * situation.mass.sum(axis=1), np.nan)
    return tendon, fascia, weight


def _achilles(experiment: Experiment, group: Group) -> FloatArray:
    tendon, _, weight = _soles(group.model, _few(group))
    return np.asarray(100.0 * tendon / weight)


def _fascia_slopes(experiment: Experiment, group: Group) -> FloatArray:
    """Return tension of the fascia per tension of the tendon over that per weight on the foot.

    The centre of mass further ahead pulls on the tendon with the same weight; mass gained adds weight and tendon force:
    two differences, two slopes.
    """
    model, still = group.model, _few(group)
    ahead = replace(still, centre_target=still.centre_target + np.array([_AHEAD_M, 0.0]))
    heavier = alter(model, still, parse_change(_GAINED))
    before, leaning, gained = (_soles(model, s) for s in (still, ahead, heavier))
    by_tendon = (leaning[1] - before[1]) / (leaning[0] - before[0])
    by_weight = (gained[1] - before[1] - by_tendon * (gained[0] - before[0])) / (gained[2] - before[2])
    return np.asarray(by_tendon / by_weight)


_COMPUTED: Mapping[str, Callable[[Experiment, Group], FloatArray]] = MappingProxyType(
    {
        "tibia_turn_per_eversion": _per_eversion,
        "tibia_turn_per_heel_turn": _per_heel_turn,
        "subtalar_axis_angle": _axis_angle,
        "facet_share_erect": _facets(0.0),
        "facet_share_flexed": _facets(_FLEXED_RAD),
        "leg_length_difference": _leg_lengths,
        "hip_moment_of_forward_bend": _bent_hip,
        "nerve_length_of_hip_flexion": _nerve,
        "fascia_strain_of_hip_flexion": _fascia,
        "achilles_share": _achilles,
        "fascia_by_achilles": _fascia_slopes,
    }
)
