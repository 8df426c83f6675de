"""How good an attribution is, told from people whose drivers are known.

Everything here is a function of what was said and what was true; nothing knows how either came about.  What is asked
of a forecast is first that it is calibrated (sets that claim 80 % hold the truth in 80 % of people), then that it is
sharp (few and small sets, a lower Brier score than the share of drivers alone would reach).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray, IntArray
from kinechain.core.errors import SettingError

__all__ = [
    "LEAST_PROBABILITY",
    "STATED",
    "STRATA",
    "Area",
    "Band",
    "Forecast",
    "Rate",
    "Score",
    "brier",
    "conditional_area",
    "credible_sets",
    "discrimination",
    "log_score",
    "reliability",
    "score_forecasts",
    "wilson",
]

#: Probability up to which sets are reported (issue: "stated 80 % sets").
STATED = 0.8
#: Probabilities are told from 200 draws: what was in none of them is taken as half a draw, so that one miss does not
#: make a logarithm infinite.  Said beside every log score.
LEAST_PROBABILITY = 1.0 / 400.0
#: Effect sizes, as fixed in ``evidence/data/chain/virtual.toml``.
STRATA = ("small", "medium", "large")
#: Edges of the reliability table.
_EDGES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Forecast:
    """What was said about one person, and what is true of them.

    Attributes
    ----------
    person : str
    measured : str
        What the analyst had: 'exam', 'exam+mocap' or 'exam+mocap+plates'.
    probability : mapping of player to probability
        That the player is relevant; every player the analyst measured, also those that were no candidates.
    sets : tuple of (players, probability)
        Of the relevant set, the most probable first; all that were drawn.
    truth : frozenset of str
        The relevant set of the person, of the players that were measured.
    unmeasured : frozenset of str
        Relevant players that nothing measured: no set can name them.
    sizes : mapping of player to 'small', 'medium' or 'large'
        Of the players that were set as drivers.
    direction : str
        'none', 'foot-first', 'back-first' or 'both': where the drivers were set.
    """

    person: str
    measured: str
    probability: Mapping[str, float]
    sets: tuple[tuple[frozenset[str], float], ...]
    truth: frozenset[str]
    unmeasured: frozenset[str]
    sizes: Mapping[str, str]
    direction: str

    def __post_init__(self) -> None:
        if not self.truth <= set(self.probability):
            raise SettingError(
                f"{self.person}: {', '.join(sorted(self.truth - set(self.probability)))} was not measured, so it "
                "cannot be part of the truth that is scored; put it among the unmeasured"
            )


@dataclass(frozen=True)
class Rate:
    """A share of people, with Wilson's interval.

    Attributes
    ----------
    hits, count : int
    low, high : float
        2.5 and 97.5 %; 0 and 1 of nobody.
    """

    hits: int
    count: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share; NaN of nobody."""
        return self.hits / self.count if self.count else math.nan


@dataclass(frozen=True)
class Area:
    """Area under the receiver operating curve.

    Attributes
    ----------
    value, error : float
        And its standard error; NaN if one of the two groups is empty.
    positives, negatives : int
    """

    value: float
    error: float
    positives: int
    negatives: int


@dataclass(frozen=True)
class Band:
    """One row of a reliability table.

    Attributes
    ----------
    low, high : float
        Of the probabilities in this row.
    stated : float
        Their mean.
    observed : Rate
    """

    low: float
    high: float
    stated: float
    observed: Rate


@dataclass(frozen=True)
class Score:
    """How good the forecasts of one group of people are.

    Attributes
    ----------
    people, truth_none : int
    coverage : Rate
        People whose relevant set is among the sets reported up to the stated probability.
    stated_mass : float
        Mean probability of the sets that were reported: above the stated one, because sets are discrete.
    exact_coverage, exact_error : float
        Coverage when the last set of each person counts by the share of it that is needed, and its standard error:
        calibrated forecasts reach the stated probability exactly.
    sets, set_size : float
        Mean number of reported sets; mean number of players in the most probable one.
    brier, brier_prior, brier_difference_error : float
        Mean squared error of the probabilities of the players; of saying every player's share among these very people
        (a baseline that knows the population); standard error of the difference, by person.
    log, log_prior : float
        Mean negative logarithm of the probability of what was true, of the same two.
    areas : mapping of stratum to Area
        Relevant players of one effect size ('all': of any) against players that are not relevant.
    false_attribution : Rate
        Of people of whom nothing is relevant: any player above one half.
    none_stated : float
        Mean of ``none_supported``, to be compared with the share with none.
    unmeasured : Rate
        Of all relevant players: those that nothing measured.
    bands : tuple of Band
    """

    people: int
    truth_none: int
    coverage: Rate
    stated_mass: float
    exact_coverage: float
    exact_error: float
    sets: float
    set_size: float
    brier: float
    brier_prior: float
    brier_difference_error: float
    log: float
    log_prior: float
    areas: Mapping[str, Area]
    false_attribution: Rate
    none_stated: float
    unmeasured: Rate
    bands: tuple[Band, ...]


def wilson(hits: int, count: int) -> Rate:
    """Return a share with Wilson's 95 % interval."""
    if not 0 <= hits <= count:
        raise SettingError(f"{hits} of {count} is no share; hits lie between 0 and the count")
    if count == 0:
        return Rate(0, 0, 0.0, 1.0)
    share, z2 = hits / count, _Z95**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z95 / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return Rate(hits, count, max(0.0, middle - half), min(1.0, middle + half))


def brier(probability: FloatArray, truth: FloatArray) -> float:
    """Return the mean squared error of probabilities.

    Parameters
    ----------
    probability, truth : (answer,) array
        Truth is 0 or 1.
    """
    return float(np.mean((np.asarray(probability) - np.asarray(truth)) ** 2))


def log_score(probability: FloatArray, truth: FloatArray, least: float = LEAST_PROBABILITY) -> float:
    """Return the mean negative logarithm of the probability that was given to what is true.

    Parameters
    ----------
    probability, truth : (answer,) array
    least : float
        Probabilities are held this far from 0 and 1.
    """
    p = np.clip(np.asarray(probability, dtype=float), least, 1.0 - least)
    return float(-np.mean(np.where(np.asarray(truth) > 0.5, np.log(p), np.log1p(-p))))


def discrimination(positive: FloatArray, negative: FloatArray) -> Area:
    """Return the probability that a positive scores above a negative (ties count half), with DeLong's error.

    Parameters
    ----------
    positive, negative : (answer,) array
        Scores of those that are, and of those that are not.
    """
    ones, zeros = np.sort(np.asarray(positive, dtype=float)), np.sort(np.asarray(negative, dtype=float))
    m, n = len(ones), len(zeros)
    if m == 0 or n == 0:
        return Area(math.nan, math.nan, m, n)
    below = (np.searchsorted(zeros, ones, "left") + np.searchsorted(zeros, ones, "right")) / (2 * n)
    above = 1.0 - (np.searchsorted(ones, zeros, "left") + np.searchsorted(ones, zeros, "right")) / (2 * m)
    variance = (below.var(ddof=1) / m if m > 1 else math.nan) + (above.var(ddof=1) / n if n > 1 else math.nan)
    return Area(float(below.mean()), math.sqrt(variance), m, n)


def conditional_area(forecasts: Sequence[Forecast], stratum: str | None = None) -> Area:
    """Return the area of relevant players of one effect size against all players that are not relevant.

    Parameters
    ----------
    forecasts : sequence of Forecast
    stratum : str, optional
        One of `STRATA`; None takes every relevant player, also one that was not set as a driver.
    """
    positive, negative = [], []
    for forecast in forecasts:
        for player, probability in forecast.probability.items():
            if player not in forecast.truth:
                negative.append(probability)
            elif stratum is None or forecast.sizes.get(player) == stratum:
                positive.append(probability)
    return discrimination(np.array(positive), np.array(negative))


def reliability(probability: FloatArray, truth: FloatArray, edges: Sequence[float] = _EDGES) -> tuple[Band, ...]:
    """Return what happened beside what was said, for every band of probability that was used.

    Parameters
    ----------
    probability, truth : (answer,) array
    edges : sequence of float
        Rising; a probability on an edge belongs to the band above it, 1 to the last.
    """
    p, y = np.asarray(probability, dtype=float), np.asarray(truth, dtype=float)
    which = np.clip(np.searchsorted(edges, p, "right") - 1, 0, len(edges) - 2)
    bands = []
    for i in range(len(edges) - 1):
        here = which == i
        if here.any():
            observed = wilson(int(y[here].sum()), int(here.sum()))
            bands.append(Band(edges[i], edges[i + 1], float(p[here].mean()), observed))
    return tuple(bands)


def credible_sets(
    sets: Sequence[tuple[frozenset[str], float]], stated: float = STATED
) -> tuple[tuple[frozenset[str], float, float], ...]:
    """Return the most probable sets up to a stated probability: players, probability, and share of it that is needed.

    The share is 1 for all but the last, which counts by as much as lifts the sum to the stated probability exactly.
    """
    chosen: list[tuple[frozenset[str], float, float]] = []
    total = 0.0
    for players, probability in sorted(sets, key=lambda s: (-s[1], len(s[0]), sorted(s[0]))):
        if total >= stated - 1e-12 or probability <= 0.0:
            break
        chosen.append((players, probability, min(1.0, (stated - total) / probability)))
        total += probability
    return tuple(chosen)


def score_forecasts(forecasts: Sequence[Forecast], stated: float = STATED) -> Score:
    """Score the forecasts of a group of people.

    Parameters
    ----------
    forecasts : sequence of Forecast
        One per person.
    stated : float
        Probability up to which sets are reported.

    Raises
    ------
    SettingError
        If there are none.
    """
    if not forecasts:
        raise SettingError("there is no forecast to score; make people first with 'kinechain virtual'")
    reported = [credible_sets(f.sets, stated) for f in forecasts]
    weight = np.array(
        [sum(w for s, _, w in r if s == f.truth) for f, r in zip(forecasts, reported, strict=True)], dtype=float
    )
    said, true, base, owner = _answers(forecasts)
    gain = np.zeros(len(forecasts))
    np.add.at(gain, owner, (base - true) ** 2 - (said - true) ** 2)
    none = [f for f in forecasts if not f.truth]
    relevant = sum(len(f.truth) + len(f.unmeasured) for f in forecasts)
    return Score(
        people=len(forecasts),
        truth_none=len(none),
        coverage=wilson(int((weight > 0).sum()), len(forecasts)),
        stated_mass=float(np.mean([sum(p for _, p, _ in r) for r in reported])),
        exact_coverage=float(weight.mean()),
        exact_error=_standard_error(weight),
        sets=float(np.mean([len(r) for r in reported])),
        set_size=float(np.mean([len(r[0][0]) for r in reported if r])),
        brier=brier(said, true),
        brier_prior=brier(base, true),
        brier_difference_error=_standard_error(gain) * len(forecasts) / max(len(said), 1),
        log=log_score(said, true),
        log_prior=log_score(base, true),
        areas={s or "all": conditional_area(forecasts, s) for s in (*STRATA, None)},
        false_attribution=wilson(sum(any(p > 0.5 for p in f.probability.values()) for f in none), len(none)),
        none_stated=float(np.mean([sum(p for s, p in f.sets if not s) for f in forecasts])),
        unmeasured=wilson(sum(len(f.unmeasured) for f in forecasts), relevant),
        bands=reliability(said, true),
    )


def _standard_error(values: FloatArray) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def _answers(forecasts: Sequence[Forecast]) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Return probability, truth, base rate and number of the person of every player of every person.

    Returns
    -------
    said, true, base : (answer,) array
    owner : (answer,) array of int
    """
    asked: dict[str, list[float]] = {}
    for forecast in forecasts:
        for player in forecast.probability:
            asked.setdefault(player, []).append(float(player in forecast.truth))
    share = {player: float(np.mean(values)) for player, values in asked.items()}
    rows = [
        (p, float(player in f.truth), share[player], i)
        for i, f in enumerate(forecasts)
        for player, p in f.probability.items()
    ]
    said, true, base, owner = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return said, true, base, owner.astype(np.int64)
