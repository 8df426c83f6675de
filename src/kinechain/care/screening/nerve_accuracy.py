"""How accurate the tests of the nerve screen are, as published, and what several of them say together."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["NerveTest", "Prior", "Ratio", "combine_ratios", "nerve_tests", "posterior", "priors", "read_tables"]


@dataclass(frozen=True)
class Ratio:
    """A likelihood ratio with its interval.

    Attributes
    ----------
    value, low, high : float
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class NerveTest:
    """One test of the nerve screen.

    Attributes
    ----------
    id, name, cohort : str
        ``cohort``: of whom the figures are.
    sensitivity, specificity : tuple of float or None
        Value, low and high; None where no figure was read.
    roots : tuple of str
        Roots it speaks of.
    positive, negative : Ratio
        Likelihood ratios of a positive and of a negative result, within the published bounds.
    sources : tuple of str
        Source keys.
    """

    id: str
    name: str
    cohort: str
    sensitivity: tuple[float, float, float] | None
    specificity: tuple[float, float, float] | None
    roots: tuple[str, ...]
    positive: Ratio
    negative: Ratio
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Prior:
    """How probable a root problem of one leg is before the tests.

    Attributes
    ----------
    id, name : str
    probability : float
    basis : 'source' or 'assumption'
    """

    id: str
    name: str
    probability: float
    basis: str


@cache
def read_tables() -> Mapping[str, Any]:
    """Return the tables of ``nerve_tests.toml``."""
    text = (files("kinechain.evidence") / "data" / "clinical" / "nerve_tests.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def nerve_tests() -> Mapping[str, NerveTest]:
    """Return every test by id."""
    bounds = read_tables()["bounds"]
    return {row["id"]: _test(row, bounds["lowest"], bounds["highest"]) for row in read_tables()["test"]}


@cache
def priors() -> tuple[Prior, ...]:
    """Return the priors, the lowest first."""
    return tuple(Prior(row["id"], row["name"], row["probability"], row["basis"]) for row in read_tables()["prior"])


def combine_ratios(positive: Sequence[Ratio], negative: Sequence[Ratio]) -> Ratio:
    """Return what results say together when nobody knows how far they depend on each other.

    Parameters
    ----------
    positive : sequence of Ratio
        Ratios of 1 or more in value: results that speak for it.
    negative : sequence of Ratio
        Of results that speak against it.

    Notes
    -----
    On the scale of log odds each direction lies between its strongest result alone (full dependence) and the sum of all
    (independence).  The value is the middle of the two; the interval runs from the least to the most that any
    dependence allows, with the interval of each ratio.  A cautious treatment of this project, not a published one.
    """
    for_it, against = [_logs(r) for r in positive], [_logs(r) for r in negative]
    value = _middle([v for v, _, _ in for_it], max) + _middle([v for v, _, _ in against], min)
    low = max([lo for _, lo, _ in for_it], default=0.0) + sum(min(lo, 0.0) for _, lo, _ in against)
    high = sum(max(hi, 0.0) for _, _, hi in for_it) + min([hi for _, _, hi in against], default=0.0)
    return Ratio(math.exp(value), math.exp(min(low, value)), math.exp(max(high, value)))


def posterior(prior: float, ratio: float) -> float:
    """Return a probability after a likelihood ratio.

    Parameters
    ----------
    prior : float
        Above 0 and below 1.
    ratio : float
    """
    odds = prior / (1.0 - prior) * ratio
    return odds / (1.0 + odds)


def _logs(ratio: Ratio) -> tuple[float, float, float]:
    return math.log(ratio.value), math.log(ratio.low), math.log(ratio.high)


def _middle(logs: Sequence[float], strongest: Any) -> float:
    """Return the middle between the strongest result alone and all together; 0 without any."""
    return (strongest(logs) + sum(logs)) / 2.0 if logs else 0.0


def _test(row: Mapping[str, Any], lowest: float, highest: float) -> NerveTest:
    sensitivity, specificity = row.get("sensitivity"), row.get("specificity")
    if sensitivity and specificity:
        (s, s_low, s_high), (c, c_low, c_high) = sensitivity, specificity
        positive = (s / (1.0 - c), s_low / (1.0 - c_low), s_high / (1.0 - c_high))
        negative = ((1.0 - s) / c, (1.0 - s_high) / c_high, (1.0 - s_low) / c_low)
    else:
        positive = (math.sqrt(highest), 1.0, highest)
        negative = (math.sqrt(lowest), lowest, 1.0)

    def bounded(values: tuple[float, float, float]) -> Ratio:
        return Ratio(*(min(max(value, lowest), highest) for value in values))

    return NerveTest(
        id=row["id"],
        name=row["name"],
        cohort=row["cohort"],
        sensitivity=tuple(sensitivity) if sensitivity else None,
        specificity=tuple(specificity) if specificity else None,
        roots=tuple(row["roots"]),
        positive=bounded(positive),
        negative=bounded(negative),
        sources=tuple(row["sources"]),
    )
