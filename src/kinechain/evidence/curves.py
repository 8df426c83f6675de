"""Published gait curves with their sources; apart from the tables, so that those need no arrays."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import EvidenceError
from kinechain.evidence.library import cohorts, curves_file
from kinechain.evidence.sources import Source, source

__all__ = ["Curve", "read_curves"]


@dataclass(frozen=True, eq=False)
class Curve(Immutable):
    """Mean and standard deviation of one variable over the gait cycle.

    Attributes
    ----------
    source : Source
    group, category, variable, unit : str
        As in the table.
    mean, sd : (51,) arrays
        At 0, 2 ... 100 % of the gait cycle, in ``unit``.
    """

    source: Source
    group: str
    category: str
    variable: str
    unit: str
    mean: FloatArray
    sd: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", frozen(self.mean, (51,), "mean"))
        object.__setattr__(self, "sd", frozen(self.sd, (51,), "sd"))


@cache
def read_curves(source_key: str, group: str) -> Mapping[str, Curve]:
    """Return the gait curves of one cohort, by ``category/variable``.

    Parameters
    ----------
    source_key, group : str
        E.g. 'schwartz2008' and 'children_Free'.

    Raises
    ------
    EvidenceError
        If there is no such cohort.
    """
    path = curves_file()
    curves: dict[str, Curve] = {}
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.startswith(f"{source_key},{group},"):
                continue
            row = next(csv.reader([line]))
            key, group_name, category, variable, unit, mean, sd = row
            try:
                curve = Curve(source(key), group_name, category, variable, unit, _floats(mean), _floats(sd))
            except ValueError as error:
                raise EvidenceError(f"{path.name}, line {number}: {error}") from error
            curves[f"{category}/{variable}"] = curve
    if not curves:
        raise EvidenceError(f"no gait curves of source '{source_key}', group '{group}'. There is: {_cohorts()}.")
    return MappingProxyType(curves)


def _floats(text: str) -> FloatArray:
    return np.array(text.split(), dtype=np.float64)


def _cohorts() -> str:
    return ", ".join(sorted({f"{key} {group}" for key, group in cohorts()}))
