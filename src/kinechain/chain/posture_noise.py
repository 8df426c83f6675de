"""How a person may really have stood, where what was measured of the posture has an error.

Errors of joint angles come from markers, skin and joint centres; that the person stood without falling is sure.  So an
error is drawn per angle, and what of it would move the centre of mass against the feet is taken off again.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kinechain.chain.bearing import posed
from kinechain.chain.situation import ChainModel
from kinechain.chain.standing_model import prior_shares
from kinechain.chain.unknowns import read_unknowns
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError

__all__ = ["draw_postures"]

#: Step of the differences, rad; draws beyond so many standard deviations are cut off.
_STEP, _LIMIT = 1e-5, 2.5


def draw_postures(model: ChainModel, spreads: Mapping[str, float], count: int, seed: int) -> FloatArray:
    """Return postures about that of a model, (case, input) array, rad or m, for ``standing_situation``.

    Parameters
    ----------
    model : ChainModel
    spreads : mapping of coordinate to rad
        Standard deviation of the error of each angle; named with its side, or without for both.
    count : int
    seed : int
        The same for the same seed.

    Raises
    ------
    SettingError
        If a coordinate is not solved for in this body, or a spread is negative.
    """
    errors: dict[str, float] = {}
    for name, spread in spreads.items():
        if not spread >= 0.0:
            raise SettingError(f"the error of '{name}' has a spread of {spread} rad; give a positive number")
        own = [name] if name in model.free else [f"{name}_r", f"{name}_l"]
        for each in own:
            model.free_index(each)
            errors[each] = float(spread)
    columns = [model.input_index(name) for name in errors]
    base = model.tree.default[model.tree.inputs]
    drawn = np.clip(np.random.default_rng(seed).standard_normal((count, len(columns))), -_LIMIT, _LIMIT)
    drawn *= np.array(list(errors.values()))
    slopes = _lean_slopes(model, base, columns)
    out = np.tile(base, (count, 1))
    # Whatever the spreads are: the least change, each angle by how far it may be off.
    weight = np.array(list(errors.values())) ** 2
    back = weight[:, None] * slopes.T @ np.linalg.pinv(slopes * weight @ slopes.T)
    out[:, columns] += drawn - drawn @ slopes.T @ back.T
    return out


def _lean_slopes(model: ChainModel, base: FloatArray, columns: list[int]) -> FloatArray:
    """Return how the centre of mass moves against the feet per radian of each input, (2, column) array, m."""
    moved = np.tile(base, (len(columns) + 1, 1))
    moved[np.arange(len(columns)) + 1, columns] += _STEP
    own = model.body.segments
    mass = np.tile([s.mass_kg for s in own], (len(moved), 1))
    at = posed(model, moved, mass, np.tile([s.centre_of_mass for s in own], (len(moved), 1, 1)))
    shares = prior_shares(model.pads, read_unknowns()["rear_share"].best)
    lean = (at.centre_of_mass - np.einsum("p,cpi->ci", shares, at.pads))[:, :2]
    return np.asarray((lean[1:] - lean[0]).T / _STEP)
