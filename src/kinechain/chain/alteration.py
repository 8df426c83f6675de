"""What a change is made on: one body, its situation, and how much of the change every case gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kinechain.chain.change import Change
from kinechain.chain.situation import ChainModel, Situation
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.recording.recording import Side

__all__ = ["Alteration", "Fields", "scaled_stiffness", "spring_moments"]

#: Fields of a situation that a change replaces.
Fields = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Alteration(Immutable):
    """A change about to be made.

    Attributes
    ----------
    model : ChainModel
    situation : Situation
    change : Change
    amount : (case,) array
        In the unit of the change.
    size : (case,) array
        How many times as large as the model each person is (`kinechain.chain.stand.scaled`): lengths are told in the
        person's metres and kept in the model's.
    """

    model: ChainModel
    situation: Situation
    change: Change
    amount: FloatArray
    size: FloatArray

    def __post_init__(self) -> None:
        cases = (len(self.situation),)
        object.__setattr__(self, "amount", frozen(self.amount, cases, "amount"))
        object.__setattr__(self, "size", frozen(self.size, cases, "size"))

    @property
    def sides(self) -> tuple[Side, ...]:
        """The legs it is made on."""
        return self.change.sides

    @property
    def radians(self) -> FloatArray:
        """(case,) array, rad: an amount in degrees."""
        return np.radians(self.amount)

    @property
    def metres(self) -> FloatArray:
        """(case,) array, m of the model: an amount in millimetres."""
        return self.lengths(self.amount)

    @property
    def share(self) -> FloatArray:
        """(case,) array, 1: an amount that is a share, or percent of one."""
        return np.asarray(self.amount / 100.0 if self.change.unit == "%" else self.amount)

    def lengths(self, millimetres: float | FloatArray) -> FloatArray:
        """Return lengths in the model's metres, (case,) array."""
        return np.asarray(np.asarray(millimetres) / 1000.0 / self.size)

    def kilograms(self) -> FloatArray:
        """Return an amount of mass, (case,) array, kg as the model weighs (`kinechain.chain.stand.scaled`)."""
        if self.change.unit == "%":
            return np.asarray(self.amount / 100.0 * self.situation.mass.sum(axis=1))
        return np.asarray(self.amount * self.size)

    def moved_reference(self, turns: dict[str, FloatArray]) -> FloatArray:
        """Return the reference posture with some inputs moved, (case, input) array, rad or m."""
        reference = self.situation.reference.copy()
        for name, turn in turns.items():
            reference[:, self.model.input_index(name)] += turn
        return np.asarray(reference)


def spring_moments(model: ChainModel, situation: Situation) -> FloatArray:
    """Return the passive moments in the reference posture, (case, free) array, N m."""
    out = np.zeros_like(situation.tonic)
    for i, (name, spring) in enumerate(zip(model.free, model.springs, strict=True)):
        if spring is not None:
            at = situation.reference[:, model.input_index(name)] - situation.spring_shift[:, i]
            out[:, i] = situation.spring_scale[:, i] * spring.evaluate(at)[0]
    return out


def scaled_stiffness(stiffness: FloatArray, factor: FloatArray) -> FloatArray:
    """Return stiffness matrices with every coordinate as many times as stiff.

    Rows and columns go with the square root, so that the matrix stays symmetric and no direction turns soft.

    Parameters
    ----------
    stiffness : (case, free, free) array, N m/rad
    factor : (case, free) array
    """
    root = np.sqrt(factor)
    return np.asarray(stiffness * root[:, :, None] * root[:, None, :])
