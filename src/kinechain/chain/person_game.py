"""The game of one standing person: values of parameters in, loads out.

With an examination alone the body is of the person's size and otherwise typical, in a neutral posture, and the person's
deviations are added as changes.  With a standing trial the posture that was seen already holds every deviation: the
changes are made to the same body, and what muscles hold is set such that the person, with the parameters as measured,
rests exactly as seen; making a parameter typical then moves the body away from that posture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kinechain.body.pose import coordinate_values, segment_poses
from kinechain.care.drivers import Drivers, may_attribute
from kinechain.care.finding import Finding
from kinechain.care.person.person import Person
from kinechain.care.screening.screen import Screen
from kinechain.chain.alter import alter
from kinechain.chain.attribute import AttributionSettings, attribute
from kinechain.chain.change import Change
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.game import Evaluate
from kinechain.chain.players import Parameter, survey_person
from kinechain.chain.respond import tightness
from kinechain.chain.situation import ChainModel, Situation
from kinechain.chain.stand import settled, standing_situation
from kinechain.chain.standing_model import prior_shares
from kinechain.chain.targets import TARGETS, compute_targets, prepare_targets
from kinechain.chain.unknowns import Unknowns, draw_unknowns
from kinechain.core.arrays import FloatArray, IntArray
from kinechain.core.errors import SettingError
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.many import share_out

__all__ = ["attribute_standing", "chain_game", "leg_difference_mm"]

#: So many cases are handed to a worker at once, and in its memory.
CHUNK = 100
#: Added to the share of the weight on a pad before shares are compared, so that one that is let go or taken up changes
#: by a factor that is finite (assumption: a hundredth of the weight).
_LEAST_SHARE = 0.01


def attribute_standing(
    model: ChainModel,
    person: Person,
    screen: Screen,
    findings: Sequence[Finding] = (),
    settings: AttributionSettings | None = None,
    *,
    posture: FloatArray | None = None,
    site: str | None = None,
    workers: int | None = None,
) -> Drivers:
    """Return which parameters of a person carry load where they stand.

    Parameters
    ----------
    model : ChainModel
        Of the person's body, with muscles.
    person : Person
    screen : Screen
        Of the danger signs.
    findings : sequence of Finding
        Of the recordings.
    settings : AttributionSettings or None
    posture : (input,) array, rad or m, or None
        How the person stood in a standing trial; None: not recorded.
    site : str or None
        Where it hurts: only orders what is shown.
    workers : int or None
        Cases solved at once; None: as many as there are cores.

    Raises
    ------
    SettingError
        If drivers may not be given to this person; the reason is the message.
    SolveError
        If fewer than half of the draws come to rest.
    """
    permission = may_attribute(person, screen)
    if not permission.is_given:
        raise SettingError(permission.reason)
    settings = AttributionSettings() if settings is None else settings
    survey = survey_person(person, findings)
    parameters = (*survey.measured, *survey.unmeasured)
    unknowns = draw_unknowns(settings.draws, settings.seed)
    seen = np.array([p.value for p in parameters])
    game = chain_game(model, parameters, unknowns, posture=posture, seen=seen, workers=workers)
    return attribute(game, survey, TARGETS, permission, settings, site=site)


def chain_game(
    model: ChainModel,
    parameters: Sequence[Parameter],
    unknowns: Unknowns,
    *,
    posture: FloatArray | None = None,
    seen: FloatArray | None = None,
    workers: int | None = None,
) -> Evaluate:
    """Return the game of one standing body.

    Parameters
    ----------
    model : ChainModel
        With muscles.
    parameters : sequence of Parameter
        Columns of the values that the game is asked for.
    unknowns : Unknowns
        One row per draw.
    posture : (input,) array, rad or m, or None
        How the person stood; None: not recorded, the deviations are added to the neutral posture.
    seen : (parameter,) array or None
        Values the person had in that posture; asked for together with it.
    workers : int or None
    """
    prepare_targets(model)
    base = standing_situation(model, unknowns, posture)
    own = leg_difference_mm(model)
    held = None
    if posture is not None:
        if seen is None:
            raise SettingError("a recorded posture needs the values that were measured in it")
        typical = np.array([p.mean for p in parameters])
        as_seen, as_typical = (
            alter(model, base, *_made(parameters, np.tile(values, (len(base), 1)), own)) for values in (seen, typical)
        )
        shares = prior_shares(model.pads, unknowns.of("rear_share"))
        shares = _shifted_shares(model, shares, as_typical, as_seen, workers)
        held = _difference(settled(model, as_seen, as_seen.reference, shares), as_seen)

    def loads(values: FloatArray, numbers: IntArray) -> FloatArray:
        before = base.case(numbers)
        changes, amounts = _made(parameters, values, own)
        after = alter(model, before, changes, amounts)
        if held is not None:
            after = _sum(after, held.case(numbers))
        rest = solve_equilibrium(model, after, workers=1)
        passive = tightness(model, before, changes, rest.inputs, amounts)
        return compute_targets(model, after, rest, passive=passive)

    def evaluate(values: FloatArray, numbers: IntArray) -> FloatArray:
        parts = [slice(i, i + CHUNK) for i in range(0, len(values), CHUNK)]
        return np.concatenate(share_out(lambda part: loads(values[part], numbers[part]), parts, workers))

    return evaluate


def _shifted_shares(
    model: ChainModel, shares: FloatArray, typical: Situation, seen: Situation, workers: int | None
) -> FloatArray:
    """Return how the load lies on the soles of a person, (case, pad), from how it lies in people without deviations.

    What was read of shares is of people in general: they belong to the person made typical, and the deviations shift
    them as statics has it.  Were they given to the person as seen, making a short leg typical would seem to unload it.
    Where one of the two does not come to rest, nothing is shifted.
    """
    rests = [solve_equilibrium(model, situation, workers=workers) for situation in (typical, seen)]
    weight = GRAVITY_M_S2 * seen.mass.sum(axis=1, keepdims=True)
    before, after = (np.maximum(rest.pad_force[..., 2], 0.0) / weight + _LEAST_SHARE for rest in rests)
    stands = (rests[0].is_solved & rests[1].is_solved)[:, None]
    return np.where(stands, shares * after / before, shares)


def leg_difference_mm(model: ChainModel) -> float:
    """Return by how much the left leg of a body is longer than the right, hip to ankle centre, mm."""
    values = coordinate_values(model.tree, model.tree.default[model.tree.inputs][None])
    poses = segment_poses(model.body, values)[0]
    length = {}
    for side in "rl":
        hip, knee, ankle = (
            poses[model.tree.segments.index(f"{name}_{side}"), :3, 3] for name in ("femur", "tibia", "talus")
        )
        length[side] = float(np.linalg.norm(hip - knee) + np.linalg.norm(knee - ankle))
    return 1000.0 * (length["l"] - length["r"])


def _made(
    parameters: Sequence[Parameter], values: FloatArray, own_mm: float
) -> tuple[list[Change], list[FloatArray | None]]:
    """Return all changes of a person and their amounts; a leg difference that a fitted body has is not made again."""
    changes: list[Change] = []
    amounts: list[FloatArray | None] = []
    for i, parameter in enumerate(parameters):
        has = own_mm if parameter.kind.change["kind"] == "leg_length" else 0.0
        for change, amount in parameter.made(values[:, i], has):
            changes.append(change)
            amounts.append(amount)
    return changes, amounts


#: What holds a posture: moments of muscles, how far pads are pressed in and where, and what control aims at.
_HELD = ("tonic", "pad_level", "pad_anchor", "centre_target", "direction_target")


def _difference(one: Situation, other: Situation) -> Situation:
    return replace(one, **{name: getattr(one, name) - getattr(other, name) for name in _HELD})


def _sum(situation: Situation, held: Situation) -> Situation:
    return replace(situation, **{name: getattr(situation, name) + getattr(held, name) for name in _HELD})
