"""Which mechanism makes a response: the same experiment with one term of the mechanics switched off at a time.

A term is switched off about the reference posture, which stays at rest: muscles hold what the term held there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from kinechain.chain.alter import alter
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.experiments import Experiment
from kinechain.chain.links import compute_links
from kinechain.chain.outputs import is_target, pick_output
from kinechain.chain.situation import ChainModel, Situation
from kinechain.chain.stand import standing_situation
from kinechain.chain.study_people import BODIES, study_model
from kinechain.core.errors import SettingError

__all__ = ["TERMS", "has_terms", "switch_off"]

#: Joints whose passive moments stand for the capsule of the hip (and the muscles at rest in its published curves).
_HIPS = tuple(f"hip_{motion}_{side}" for side in "rl" for motion in ("flexion", "adduction", "rotation"))


def has_terms(experiment: Experiment) -> bool:
    """Tell whether terms can be switched off: people stand on both legs, and angles are looked at."""
    return experiment.task == "standing" and bool(experiment.outputs) and not any(map(is_target, experiment.outputs))


def switch_off(experiment: Experiment) -> Mapping[str, float]:
    """Return the mean change with all terms and without each of them, printed unit; NaN where nobody stands.

    Every body once, with the best value of everything unknown.

    Parameters
    ----------
    experiment : Experiment
        Standing on both legs, with links as outputs.

    Raises
    ------
    SettingError
        If the experiment looks at loads, or is done otherwise.
    """
    if not has_terms(experiment):
        raise SettingError(f"'{experiment.key}' is not about angles of standing people; no term can be switched off")
    models = [study_model(sex, i) for sex in ("female", "male") for i in range(BODIES)]
    situations = [standing_situation(model) for model in models]
    out = {}
    for name, without in TERMS.items():
        changes = [_change(experiment, m, without(m, s)) for m, s in zip(models, situations, strict=True)]
        out[name] = float(np.nanmean(changes)) if np.isfinite(changes).any() else float("nan")
    return MappingProxyType(out)


def _change(experiment: Experiment, model: ChainModel, situation: Situation) -> float:
    arms = [alter(model, situation, arm) if arm else situation for arm in (experiment.baseline, experiment.arms[-1])]
    before, after = (compute_links(model, solve_equilibrium(model, s).inputs) for s in arms)
    return float(np.mean([pick_output(o, after, None) - pick_output(o, before, None) for o in experiment.outputs]))


def _all(model: ChainModel, situation: Situation) -> Situation:
    return situation


def _without_coupling(model: ChainModel, situation: Situation) -> Situation:
    """Without what muscles and tissues over two coordinates tie together; each coordinate keeps its own stiffness."""
    own = situation.stiffness * np.eye(len(model.free))
    return replace(situation, stiffness=own)


def _without_capsule(model: ChainModel, situation: Situation) -> Situation:
    """Without the passive moments of the hip; muscles hold what they held."""
    at = [model.free_index(name) for name in _HIPS]
    scale, tonic = situation.spring_scale.copy(), situation.tonic.copy()
    for i in at:
        spring = model.springs[i]
        if spring is None:
            continue
        turned = situation.reference[:, model.input_index(model.free[i])] - situation.spring_shift[:, i]
        tonic[:, i] += scale[:, i] * spring.evaluate(turned)[0]
        scale[:, i] = 0.0
    return replace(situation, spring_scale=scale, tonic=tonic)


def _without_trunk_control(model: ChainModel, situation: Situation) -> Situation:
    """Without keeping thorax and head upright and forward."""
    return replace(situation, direction_gain=np.zeros_like(situation.direction_gain))


def _geometry(model: ChainModel, situation: Situation) -> Situation:
    """Neither coupling nor capsule nor control of the trunk: what the shape of bones and weight alone do."""
    return _without_trunk_control(model, _without_capsule(model, _without_coupling(model, situation)))


TERMS: Mapping[str, Callable[[ChainModel, Situation], Situation]] = MappingProxyType(
    {
        "all terms": _all,
        "without muscles coupling joints": _without_coupling,
        "without the hip's passive moments (capsule)": _without_capsule,
        "without control of the trunk": _without_trunk_control,
        "geometry and weight alone": _geometry,
    }
)
