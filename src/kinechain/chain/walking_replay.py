"""Experiments on walking people: a walk as it was measured, disturbed frame by frame.

Nobody was recorded on the wedges of a study; a walk that is at hand stands for those of its people, and what differs
between people is drawn.  How people walk otherwise with a change is behaviour and not in it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from kinechain.body.body import Body
from kinechain.chain.experiments import Experiment
from kinechain.chain.links import LINKS
from kinechain.chain.outputs import is_target, pick_output
from kinechain.chain.replay import Answers
from kinechain.chain.respond import Response
from kinechain.chain.respond_walking import respond_walking
from kinechain.chain.situation import ChainModel
from kinechain.chain.unknowns import draw_unknowns
from kinechain.core.arrays import Immutable
from kinechain.core.errors import SettingError, SolveError
from kinechain.loads.loads import Loads
from kinechain.motion.trial import GaitTrial

__all__ = ["Answered", "Walk", "replay_walking"]


@dataclass(frozen=True, eq=False)
class Walk(Immutable):
    """A walk at hand.

    Attributes
    ----------
    model : ChainModel
        Of the body, with muscles.
    body : Body
        Of the trial.
    trial : GaitTrial
    loads : Loads
        Of the trial.
    """

    model: ChainModel
    body: Body
    trial: GaitTrial
    loads: Loads


#: What a walk answered to some changes, so that experiments of one input share it.
Answered = dict[tuple[str, ...], Response]


def replay_walking(experiment: Experiment, walk: Walk, draws: int, seed: int, answered: Answered) -> Answers:
    """Do a walking experiment on a walk, with what is not known drawn.

    Parameters
    ----------
    experiment : Experiment
        With outputs: of a link the mean change over stance, of a load the change of its peak.
    walk : Walk
    draws : int
    seed : int
    answered : dict of changes to Response
        Of the same draws; filled as experiments ask.

    Raises
    ------
    SettingError
        If the experiment compares with a baseline other than the walk as it was, or asks for means of loads.
    SolveError
        If not the same people walk in all arms.
    """
    if experiment.baseline:
        raise SettingError(f"'{experiment.key}' compares with another change; walking is compared with the walk itself")
    if experiment.over == "mean" and any(is_target(o) for o in experiment.outputs):
        raise SettingError(
            f"'{experiment.key}' asks for a mean over stance; a response in walking tells peaks of loads"
        )
    unknowns = draw_unknowns(draws, seed)
    before, arms = None, []
    failed: Counter[str] = Counter()
    for arm in experiment.arms:
        place = tuple(change.text for change in arm)
        if place not in answered:
            answered[place] = respond_walking(walk.model, walk.body, walk.trial, walk.loads, arm, unknowns)
        response = answered[place]
        failed |= Counter(response.failed)
        still = np.zeros((len(response.link_changes), len(LINKS)))
        before = np.stack([pick_output(o, still, response.target_before) for o in experiment.outputs], axis=1)
        arms.append(
            np.stack(
                [pick_output(o, response.link_changes, response.target_changes) for o in experiment.outputs], axis=1
            )
        )
    if before is None or len({len(a) for a in arms}) != 1:
        raise SolveError("the drawn people who walk differ between the arms, so that they cannot be compared")
    changes = np.stack(arms, axis=1)
    known = np.array(
        [bool(np.isfinite(c).all() and np.isfinite(b).all()) for c, b in zip(changes, before, strict=True)]
    )
    places = np.flatnonzero(known).astype(float)
    return Answers(before[known], changes[known], places, np.zeros(len(places)), failed)
