"""Links and targets by one name: what an experiment looks at, in printed units."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from kinechain.chain.links import LINKS, Link
from kinechain.chain.targets import TARGETS, Target
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError, suggest

__all__ = ["check_output", "is_target", "output_unit", "pick_output"]

_PRINTED = {"rad": ("deg", 180.0 / math.pi), "m": ("mm", 1000.0)}


@cache
def _columns(name: str) -> tuple[bool, tuple[int, ...], str]:
    """Return whether an output is a target, its columns (both sides where none is named) and its unit."""
    bare = name.removeprefix("-")
    tables: tuple[tuple[bool, tuple[Link | Target, ...]], ...] = ((False, LINKS), (True, TARGETS))
    for is_load, known in tables:
        at = tuple(i for i, k in enumerate(known) if bare in (k.id, k.id.removesuffix(f"_{k.side}")))
        if at:
            return is_load, at, known[at[0]].unit
    names = [k.id for _, known in tables for k in known]
    raise SettingError(f"'{bare}' is no link of the chain and no target. {suggest(bare, names)}")


def check_output(name: str) -> None:
    """Refuse a name that is neither a link nor a target.

    Parameters
    ----------
    name : str
        An id, an id without its side, or either with '-' before it.

    Raises
    ------
    SettingError
        With the nearest name there is.
    """
    _columns(name)


def is_target(name: str) -> bool:
    """Return True if an output is a load, which takes muscles to compute."""
    return _columns(name)[0]


def output_unit(name: str) -> str:
    """Return the printed unit of an output."""
    unit = _columns(name)[2]
    return _PRINTED.get(unit, (unit, 1.0))[0]


def pick_output(name: str, links: FloatArray, targets: FloatArray | None) -> FloatArray:
    """Return an output of every case, (case,) array, in its printed unit.

    Parameters
    ----------
    name : str
        Without its side: the mean of both sides; with '-' before it: turned round.
    links : (case, link) array, rad or m
    targets : (case, target) array or None, N, N m, 1 or %
        None where no target is asked.
    """
    is_load, at, unit = _columns(name)
    if is_load and targets is None:
        raise SettingError(f"'{name}' is a load and needs muscles; compute the targets")
    table = targets if is_load else links
    assert table is not None
    factor = _PRINTED.get(unit, (unit, 1.0))[1] * (-1.0 if name.startswith("-") else 1.0)
    return np.asarray(table[:, list(at)].mean(axis=1) * factor)
