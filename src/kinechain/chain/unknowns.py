"""What no measurement of one person tells: best values, spreads, and people drawn from them.

Every figure stands in ``evidence/data/chain/unknowns.toml`` with its source, or is declared an assumption there.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import EvidenceError, SettingError, suggest

__all__ = ["Unknown", "Unknowns", "best_unknowns", "draw_unknowns", "read_unknowns"]

#: Standard deviations at which a draw is cut off where its row does not say.
_LIMIT = 2.5

_TO_SI = MappingProxyType({"1": 1.0, "deg": math.pi / 180, "mm": 1e-3, "kN/m": 1e3, "N m/rad": 1.0})


@dataclass(frozen=True)
class Unknown:
    """One thing that is not known of a person.

    Attributes
    ----------
    id : str
        Without side.
    name : str
    best, spread : float
        SI and radians; of a lognormal one the spread is that of the logarithm.
    unit : str
        As in the file; '1', 'deg', 'mm', 'kN/m' or 'N m/rad'.
    distribution : 'normal' or 'lognormal'
    limit : float
        Draws lie within this many spreads.
    is_sided : bool
        One value per side.
    apart : float
        Share of the variance that right and left do not have in common.
    source : str
        A source key or 'assumption'.
    note : str
    """

    id: str
    name: str
    best: float
    spread: float
    unit: str
    distribution: Literal["normal", "lognormal"]
    limit: float
    is_sided: bool
    apart: float
    source: str
    note: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of `Unknowns` that belong to it."""
        return (f"{self.id}_r", f"{self.id}_l") if self.is_sided else (self.id,)

    def at(self, z: FloatArray) -> FloatArray:
        """Return the value at a number of spreads from the best one, of any shape, SI."""
        apart = self.spread * np.clip(z, -self.limit, self.limit)
        return np.asarray(self.best * np.exp(apart) if self.distribution == "lognormal" else self.best + apart)


@dataclass(frozen=True, eq=False)
class Unknowns(Immutable):
    """Values of everything unknown, for many cases.

    Attributes
    ----------
    names : tuple of str
        Ids of ``unknowns.toml``, those with sides followed by ``_r`` and ``_l``.
    values : (case, unknown) array, SI and radians
    """

    names: tuple[str, ...]
    values: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, (None, len(self.names)), "values"))

    def __len__(self) -> int:
        return len(self.values)

    def of(self, name: str) -> FloatArray:
        """Return one of them for every case, (case,) array, SI."""
        if name not in self.names:
            raise SettingError(f"'{name}' is none of the unknowns of the chain. {suggest(name, self.names)}")
        return np.asarray(self.values[:, self.names.index(name)])

    def with_values(self, name: str, value: float | FloatArray) -> Unknowns:
        """Return these with one of them set in every case, SI."""
        self.of(name)
        values = self.values.copy()
        values[:, self.names.index(name)] = value
        return replace(self, values=values)


@cache
def read_unknowns() -> Mapping[str, Unknown]:
    """Return everything unknown by its id, in the order of draws.

    Raises
    ------
    EvidenceError
        If an entry of the file lacks something or has an impossible value.
    """
    path = files("kinechain.evidence") / "data" / "chain" / "unknowns.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["unknown"]
    return MappingProxyType({key: _unknown(key, entry) for key, entry in entries.items()})


def best_unknowns(count: int = 1) -> Unknowns:
    """Return the best values, the same in every case."""
    columns = [(name, u.best) for u in read_unknowns().values() for name in u.columns]
    return Unknowns(tuple(n for n, _ in columns), np.tile([b for _, b in columns], (count, 1)))


def draw_unknowns(count: int, seed: int) -> Unknowns:
    """Return people drawn from the spreads; the first of many are the same as the first of few.

    Parameters
    ----------
    count : int
    seed : int

    Raises
    ------
    SettingError
        If ``count`` is not positive.
    """
    if count < 1:
        raise SettingError(f"{count} people cannot be drawn; ask for one at least")
    known = read_unknowns().values()
    names: list[str] = []
    columns: list[FloatArray] = []
    for i, unknown in enumerate(known):
        names += unknown.columns
        # A stream of its own for each, so that one more unknown leaves the others as they were.  Three columns, whether
        # sided or not: what both sides share, and either side.
        drawn = np.random.default_rng([seed, i]).standard_normal((count, 3))
        common = drawn[:, 0]
        if not unknown.is_sided:
            columns.append(unknown.at(common))
            continue
        together, alone = math.sqrt(1.0 - unknown.apart), math.sqrt(unknown.apart)
        columns += [unknown.at(together * common + alone * drawn[:, side]) for side in (1, 2)]
    return Unknowns(tuple(names), np.stack(columns, axis=1))


def _unknown(key: str, entry: Mapping[str, Any]) -> Unknown:
    try:
        kind, unit = entry["distribution"], entry["unit"]
        factor = _TO_SI[unit]
        is_log = {"normal": False, "lognormal": True}[kind]
        unknown = Unknown(
            key,
            str(entry["name"]),
            float(entry["best"]) * factor,
            float(entry["spread"]) * (1.0 if is_log else factor),
            unit,
            kind,
            float(entry.get("limit", _LIMIT)),
            bool(entry.get("sided", False)),
            float(entry.get("apart", 0.0)),
            str(entry["source"]),
            str(entry["note"]),
        )
    except KeyError as error:
        raise EvidenceError(
            f"chain/unknowns.toml: '{key}' lacks or does not know {error}; see the head of the file"
        ) from error
    if not (unknown.spread > 0 and 0 <= unknown.apart <= 1 and (unknown.best > 0 or not is_log)):
        raise EvidenceError(
            f"chain/unknowns.toml: '{key}' needs a positive spread, apart within 0 to 1, a positive factor"
        )
    return unknown
