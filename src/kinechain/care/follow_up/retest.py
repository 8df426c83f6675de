"""Testing a driver again: did it change, did pain change, and does the idea that they go together still stand?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from kinechain.care.drivers import UNDETERMINED_BELOW, Drivers
from kinechain.care.follow_up.change import Change
from kinechain.care.follow_up.course_tables import course_table
from kinechain.care.planning.plan import Hypothesis
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import Sentence, say

__all__ = ["VERDICTS", "DriverState", "PainState", "Retest", "RetestVerdict", "pain_state", "retest"]

DriverState = Literal["typical now", "better", "unchanged", "worse", "unknown"]
PainState = Literal["gone", "better", "unchanged", "worse", "unknown"]
RetestVerdict = Literal["still supported", "weakened", "fallen", "not needed", "not tested"]

#: What follows from how the driver and the pain changed; what is not named here is 'not tested'.
VERDICTS: Mapping[tuple[DriverState, PainState], RetestVerdict] = MappingProxyType(
    {
        ("typical now", "gone"): "still supported",
        ("typical now", "better"): "still supported",
        ("typical now", "unchanged"): "fallen",
        ("typical now", "worse"): "fallen",
        ("better", "gone"): "still supported",
        ("better", "better"): "still supported",
        ("better", "unchanged"): "weakened",
        ("better", "worse"): "weakened",
        ("unchanged", "gone"): "not needed",
        ("unchanged", "better"): "weakened",
        ("worse", "gone"): "not needed",
        ("worse", "better"): "fallen",
        ("worse", "unchanged"): "weakened",
        ("worse", "worse"): "still supported",
    }
)

#: A chance of a driver moves only by more than this (choice); smaller steps are noise of the draws.
P_STEP = 0.25


@dataclass(frozen=True)
class Retest:
    """One hypothesis of a plan, tested again.

    Attributes
    ----------
    hypothesis : Hypothesis
    driver : 'typical now', 'better', 'unchanged', 'worse' or 'unknown'
    pain : 'gone', 'better', 'unchanged', 'worse' or 'unknown'
    verdict : 'still supported', 'weakened', 'fallen', 'not needed' or 'not tested'
    p_relevant : float or None
        In the new drivers.
    sentences : tuple of Sentence
        The last says that this is no proof either way.
    """

    hypothesis: Hypothesis
    driver: DriverState
    pain: PainState
    verdict: RetestVerdict
    p_relevant: float | None
    sentences: tuple[Sentence, ...]


def retest(
    hypothesis: Hypothesis,
    before: Mapping[str, Estimate],
    now: Mapping[str, Estimate],
    pain: PainState,
    drivers: Drivers | Mapping[str, float] | None = None,
) -> Retest:
    """Return whether a hypothesis still stands.

    Parameters
    ----------
    hypothesis : Hypothesis
    before, now : mapping of measure to Estimate
        E.g. 'lunge_test left'; their intervals are the error of the measure.
    pain : 'gone', 'better', 'unchanged', 'worse' or 'unknown'
        Of `pain_state`.
    drivers : Drivers, mapping of player to chance, or None
        Computed anew from this visit; the chances alone where it is read again.
    """
    chance = None if drivers is None else _chance(drivers, hypothesis.player)
    measure = _moved(hypothesis.measure, before.get(hypothesis.measure), now.get(hypothesis.measure))
    driver = _joined(measure, _chance_state(hypothesis.p_relevant, chance))
    verdict = VERDICTS.get((driver, pain), "not tested")
    sentences = (say(f"follow_up.retest_{verdict.replace(' ', '_')}"), say("follow_up.retest_no_proof"))
    return Retest(hypothesis, driver, pain, verdict, chance, sentences)


def pain_state(change: Change) -> PainState:
    """Return how pain changed, as a hypothesis is tested by it.

    Parameters
    ----------
    change : Change
        Of pain.
    """
    if change.verdict in ("not enough known", "not judged"):
        return "unknown"
    if change.verdict in ("better", "improving"):
        return "gone" if change.is_recovered else "better"
    return "worse" if change.verdict == "worse" else "unchanged"


def _chance(drivers: Drivers | Mapping[str, float], key: str) -> float | None:
    if isinstance(drivers, Mapping):
        return drivers.get(key)
    for player, chance in zip(drivers.players, drivers.p_relevant, strict=True):
        if player.key == key:
            return chance
    return next((silent.p_relevant for silent in drivers.silent if silent.key == key), None)


def _moved(measure: str, before: Estimate | None, now: Estimate | None) -> DriverState:
    """Return whether a measure moved by more than the errors of both readings, and which way."""
    if before is None or now is None or before.unit != now.unit:
        return "unknown"
    error = math.hypot(before.high - before.low, now.high - now.low) / 2.0
    shift = now.value - before.value
    if abs(shift) <= error:
        return "unchanged"
    directions = course_table("direction")["exam"]
    item = measure.split()[0]
    if item not in (*directions["higher"], *directions["lower"]):
        return "unknown"
    return "better" if (shift > 0.0) == (item in directions["higher"]) else "worse"


def _chance_state(before: float | None, now: float | None) -> DriverState:
    if before is None or now is None:
        return "unknown"
    if before >= UNDETERMINED_BELOW > now and before - now >= P_STEP:
        return "typical now"
    if abs(now - before) < P_STEP:
        return "unchanged"
    return "better" if now < before else "worse"


def _joined(measure: DriverState, chance: DriverState) -> DriverState:
    """Return what measure and new drivers say together: a measure within its error never lets a driver move."""
    if measure == "unknown":
        return chance
    if measure == "better" and chance == "typical now":
        return "typical now"
    return measure
