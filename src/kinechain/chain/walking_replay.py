"""Experiments on walking people: a walk as it was measured, disturbed frame by frame.

Nobody was recorded on the wedges of a study; a walk that is at hand stands for those of its people, and what differs
between people is drawn.  How people walk otherwise with a change is behaviour and not in it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from kinechain.body.body import Body
from kinechain.chain.change import Change
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


#: What a walk answered to some changes, draw by draw (None: no rest was found), so that experiments share it.
Answered = dict[tuple[str, ...], list[Response | None]]


def replay_walking(experiment: Experiment, walk: Walk, draws: int, seed: int, answered: Answered) -> Answers:
    """Do a walking experiment on a walk, with what is not known drawn.

    Parameters
    ----------
    experiment : Experiment
        With outputs: of a link the mean change over stance, of a load the change of its peak.
    walk : Walk
    draws : int
    seed : int
    answered : dict of changes to Responses
        Of the same draws; filled as experiments ask.

    Raises
    ------
    SettingError
        If the experiment compares with a baseline other than the walk as it was, or asks for means of loads.
    """
    if experiment.baseline:
        raise SettingError(f"'{experiment.key}' compares with another change; walking is compared with the walk itself")
    if experiment.over == "mean" and any(is_target(o) for o in experiment.outputs):
        raise SettingError(
            f"'{experiment.key}' asks for a mean over stance; a response in walking tells peaks of loads"
        )
    arms = [_answer(walk, arm, draws, seed, answered) for arm in experiment.arms]
    before, changes, places, failed = [], [], [], Counter[str]()
    for draw, responses in enumerate(zip(*arms, strict=True)):
        row = [r for r in responses if r is not None]
        if len(row) < len(arms):
            failed["no rest beside the walk"] += 1
            continue
        still = np.zeros((1, len(LINKS)))
        base = np.array([pick_output(o, still, row[-1].target_before)[0] for o in experiment.outputs])
        moved = np.array(
            [[pick_output(o, r.link_changes, r.target_changes)[0] for o in experiment.outputs] for r in row]
        )
        if not (np.isfinite(base).all() and np.isfinite(moved).all()):
            failed["a load could not be computed"] += 1
            continue
        before.append(base)
        changes.append(moved)
        places.append(float(draw))
    shape = (len(before), len(arms), len(experiment.outputs))
    return Answers(
        np.reshape(before, (shape[0], shape[2])),
        np.reshape(changes, shape),
        np.array(places),
        np.zeros(shape[0]),
        failed,
    )


def _answer(walk: Walk, arm: tuple[Change, ...], draws: int, seed: int, answered: Answered) -> list[Response | None]:
    """Return the response of every draw for itself, so that one that has no rest spoils no other."""
    place = tuple(change.text for change in arm)
    if place not in answered:
        drawn = draw_unknowns(draws, seed)
        found: list[Response | None] = []
        for i in range(draws):
            one = replace(drawn, values=drawn.values[i : i + 1])
            try:
                found.append(respond_walking(walk.model, walk.body, walk.trial, walk.loads, arm, one))
            except SolveError:
                found.append(None)
        answered[place] = found
    return answered[place]
