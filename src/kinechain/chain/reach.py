"""To a new rest by small steps, where it is not found at once.

A large change, or several at once, can lie so far from the rest without it that the search loses its way although there
is a rest.  Then the situation is changed little by little, and every step begins where the one before came to rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from kinechain.chain.equilibrium import FRICTION, solve_equilibrium
from kinechain.chain.situation import ChainModel, Equilibrium, Situation
from kinechain.core.arrays import FloatArray, IntArray

__all__ = ["WAYS", "reach_equilibrium"]

#: The way to the change is cut into so many steps, more of them where fewer do not lead there.
WAYS = (2, 5, 12)
#: What a search that lost its way says; other reasons are answers.
_LOST = ("falls", "no rest was found")


def reach_equilibrium(
    model: ChainModel,
    situation: Situation,
    changed: Situation,
    first: Equilibrium,
    *,
    friction: float = FRICTION,
    workers: int | None = None,
    ways: Sequence[int] = WAYS,
) -> Equilibrium:
    """Return where people come to rest who stood before something was changed.

    Parameters
    ----------
    model : ChainModel
    situation : Situation
        Without the change.
    changed : Situation
        With it, case by case.
    first : Equilibrium
        Of ``situation``.
    friction : float
        As for `kinechain.chain.equilibrium.solve_equilibrium`.
    workers : int, optional
        Cases solved at once; None: as many as there are cores.
    ways : sequence of int
        Into how many steps the way is cut, one after the other, for those that are lost; fewer are quicker, and leave
        some lost that the others would bring to rest.

    Returns
    -------
    Equilibrium
        Of ``changed``; where the search loses its way on every path, as it ended at once.
    """
    start = np.where(np.isfinite(first.inputs), first.inputs, situation.reference)
    # From the reference the solver follows the change to its rest, in half the time of a search that begins there.
    begins = None if np.array_equal(start, situation.reference) else start
    found = solve_equilibrium(model, changed, start=begins, friction=friction, workers=workers)
    for steps in ways:
        lost = np.flatnonzero([not a and b in _LOST for a, b in zip(first.reason, found.reason, strict=True)])
        if not len(lost):
            break
        own, there, at = situation.case(lost), changed.case(lost), start[lost]
        for step in range(1, steps + 1):
            between = _between(own, there, step / steps)
            rest = solve_equilibrium(model, between, start=at, friction=friction, workers=workers)
            at = np.where(np.isfinite(rest.inputs), rest.inputs, at)
        found = _with_cases(found, lost, rest)
    return found


def _between(one: Situation, other: Situation, share: float) -> Situation:
    """Return the situation that lies a share of the way from one to another."""
    if share == 1.0:
        return other
    mixed = {n: v + share * (vars(other)[n] - v) for n, v in vars(one).items()}
    for name in ("pad_normal", "direction_target"):
        mixed[name] = mixed[name] / np.sqrt((mixed[name] ** 2).sum(axis=-1, keepdims=True))
    return Situation(**mixed)


def _with_cases(found: Equilibrium, which: IntArray, rest: Equilibrium) -> Equilibrium:
    """Return equilibria with those of some cases replaced where they were reached."""
    reached = np.flatnonzero([r not in _LOST for r in rest.reason])
    changed: dict[str, FloatArray | IntArray | tuple[str, ...]] = {}
    for field in fields(Equilibrium):
        value = getattr(found, field.name)
        if field.name == "reason":
            new = list(value)
            for k in reached:
                new[int(which[k])] = rest.reason[k]
            changed["reason"] = tuple(new)
            continue
        array = np.array(value)
        array[which[reached]] = getattr(rest, field.name)[reached]
        changed[field.name] = array
    return replace(found, **changed)  # type: ignore[arg-type]
