"""Change of a measure since the plan began: beyond its error, beyond its threshold, or not clear (rules, section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from kinechain.care.follow_up.course_tables import course_table
from kinechain.core.errors import SettingError, suggest
from kinechain.evidence.wording import Sentence, say

__all__ = ["FIRST_STEP", "Change", "ChangeVerdict", "Threshold", "judge_change", "read_thresholds", "threshold_id"]

#: Pain of the first steps in the morning, judged as other pain is.
FIRST_STEP = "nprs first step"

ChangeVerdict = Literal["better", "improving", "no clear change", "worse", "not judged", "not enough known"]


@dataclass(frozen=True)
class Threshold:
    """How change of one measure is judged.

    Attributes
    ----------
    id, name : str
    better : 'lower' or 'higher'
    points, percent : float or None
        A change that matters, whichever is reached first; None where none was read.
    error : float
        The smallest change that is more than measurement error.
    error_basis : 'source' or 'choice'
    recovered : float or None
    lowest_baseline : float or None
        Below it the measure cannot show change.
    high : float or None
        From here on disability is called high.
    sources : tuple of str
    """

    id: str
    name: str
    better: Literal["lower", "higher"]
    points: float | None
    percent: float | None
    error: float
    error_basis: Literal["source", "choice"]
    recovered: float | None
    lowest_baseline: float | None
    high: float | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """What happened to one measure.

    Attributes
    ----------
    measure : str
        Id of the threshold, with the number of the activity for 'psfs'.
    baseline, now : float or None
    verdict : 'better', 'improving', 'no clear change', 'worse', 'not judged' or 'not enough known'
        'improving': beyond error, below the threshold.
    is_recovered : bool or None
        None where no such limit was read, or the value is not known.
    is_high : bool
        Whether disability is still high; False where it is not known or no limit stands.
    sentence : Sentence
    """

    measure: str
    baseline: float | None
    now: float | None
    verdict: ChangeVerdict
    is_recovered: bool | None
    is_high: bool
    sentence: Sentence


@cache
def read_thresholds() -> Mapping[str, Threshold]:
    """Return every threshold by id."""
    return MappingProxyType(
        {
            key: Threshold(
                key,
                row["name"],
                row["better"],
                row.get("points"),
                row.get("percent"),
                row["error"],
                row["error_basis"],
                row.get("recovered"),
                row.get("lowest_baseline"),
                row.get("high"),
                tuple(row["sources"]),
            )
            for key, row in course_table("threshold").items()
        }
    )


def threshold_id(measure: str) -> str:
    """Return the id of the threshold a measure is judged by, '' if there is none.

    Parameters
    ----------
    measure : str
        E.g. 'nprs', 'nprs first step', 'psfs 2', 'lunge_test left'.
    """
    if measure in read_thresholds():
        return measure
    return "nprs" if measure == FIRST_STEP else "psfs" if measure.startswith("psfs ") else ""


def judge_change(measure: str, baseline: float | None, now: float | None) -> Change:
    """Return what happened to a measure.

    Parameters
    ----------
    measure : str
    baseline, now : float or None

    Raises
    ------
    SettingError
        If no threshold stands for the measure.
    """
    key = threshold_id(measure)
    if not key:
        raise SettingError(f"no threshold stands for '{measure}'. {suggest(measure, read_thresholds())}")
    limit = read_thresholds()[key]
    if baseline is None or now is None:
        return Change(measure, baseline, now, "not enough known", None, _is_high(limit, now), _unknown(limit))
    verdict = _verdict(limit, baseline, now)
    name = f"First-step {limit.name.lower()}" if measure == FIRST_STEP else limit.name
    is_low = limit.lowest_baseline is not None and baseline < limit.lowest_baseline
    sentence_key = "follow_up.change_baseline_low" if is_low else f"follow_up.change_{verdict.replace(' ', '_')}"
    sentence = say(sentence_key, name=name, baseline=f"{baseline:g}", now=f"{round(now, 1):g}")
    return Change(measure, baseline, now, verdict, _is_recovered(limit, now), _is_high(limit, now), sentence)


def is_beyond(distance: float, limit: float) -> bool:
    """Return whether a distance reaches a limit, the rounding of a sum of decimals aside.

    Parameters
    ----------
    distance, limit : float
    """
    return distance >= limit - 1e-9


def _verdict(limit: Threshold, baseline: float, now: float) -> ChangeVerdict:
    gain = now - baseline if limit.better == "higher" else baseline - now
    if limit.points is None or (limit.lowest_baseline is not None and baseline < limit.lowest_baseline):
        return "not judged"
    if not is_beyond(abs(gain), limit.error):
        return "no clear change"
    percent = limit.percent is not None and baseline > 0.0 and is_beyond(100.0 * gain / baseline, limit.percent)
    if gain > 0.0:
        return "better" if is_beyond(gain, limit.points) or percent else "improving"
    return "worse" if is_beyond(-gain, limit.points) else "no clear change"


def _is_recovered(limit: Threshold, now: float) -> bool | None:
    if limit.recovered is None:
        return None
    return now <= limit.recovered if limit.better == "lower" else now >= limit.recovered


def _is_high(limit: Threshold, now: float | None) -> bool:
    return limit.high is not None and now is not None and now >= limit.high


def _unknown(limit: Threshold) -> Sentence:
    return say("follow_up.change_not_enough_known", name=limit.name)
