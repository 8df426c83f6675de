"""How pain goes on average, and how this person's went beside it; neither says what a plan did (rule R7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kinechain.care.follow_up.change import is_beyond, read_thresholds
from kinechain.care.follow_up.course_tables import course_table
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import Sentence, say

__all__ = ["CourseComparison", "compare_course", "expected_pain"]


@dataclass(frozen=True)
class CourseComparison:
    """One person's pain beside the average course.

    Attributes
    ----------
    course : str
        Id of ``course.toml``.
    week : float
        Of the plan.
    average : Estimate or None
        Mean pain of the cohorts at that week, 0 to 10; None for a course without one.
    expected : float or None
        The person's own first value, falling as the mean of the cohorts does.
    now : float or None
    verdict : 'as expected', 'lower than expected', 'higher than expected' or 'not enough known'
        Differences below the measurement error are as expected.
    sentences : tuple of Sentence
        The last one always says that improvement is no proof.
    """

    course: str
    week: float
    average: Estimate | None
    expected: float | None
    now: float | None
    verdict: Literal["as expected", "lower than expected", "higher than expected", "not enough known"]
    sentences: tuple[Sentence, ...]


def expected_pain(course: str, week: float) -> Estimate:
    """Return the mean pain of the cohorts at a week, 0 to 10, between the published weeks on a straight line.

    Parameters
    ----------
    course : 'back_acute' or 'back_persistent'
    week : float
        Not beyond the last published one.
    """
    row = course_table("course")[course]
    value, low, high = (_between(row["weeks"], row[key], week) / 10.0 for key in ("mean", "low", "high"))
    return Estimate(value, low, high, "of 10", row["sources"][0])


def compare_course(
    site: Literal["back", "foot"], onset_weeks: float | None, week: float, baseline: float | None, now: float | None
) -> CourseComparison:
    """Return a person's pain beside the average course.

    Parameters
    ----------
    site : 'back' or 'foot'
    onset_weeks : float or None
        How long ago the pain had begun when the plan was made; decides between the two courses of back pain.
    week : float
        Of the plan.
    baseline, now : float or None
        Pain, 0 to 10.
    """
    proof = say("follow_up.course_no_proof")
    if site == "foot":
        row = course_table("recovery")["heel_pain"]
        sentence = say("follow_up.course_heel", percent=f"{row['percent']:g}", months=f"{row['months']:g}")
        return CourseComparison("heel_pain", week, None, None, now, "not enough known", (sentence, proof))
    course = _back_course(onset_weeks)
    if course is None or baseline is None or now is None or week > course_table("course")[course]["weeks"][-1]:
        unknown = say("follow_up.course_not_enough_known")
        return CourseComparison(course or "", week, None, None, now, "not enough known", (unknown, proof))
    average, first = expected_pain(course, week), expected_pain(course, 0.0)
    expected = baseline * average.value / first.value
    verdict: Literal["as expected", "lower than expected", "higher than expected"] = "as expected"
    if is_beyond(abs(now - expected), read_thresholds()["nprs"].error):
        verdict = "lower than expected" if now < expected else "higher than expected"
    sentences = (
        say(f"follow_up.{course}", first=f"{first.value:.1f}", then=f"{average.value:.1f}", week=f"{round(week, 1):g}"),
        say(f"follow_up.course_{verdict.replace(' ', '_')}", now=f"{now:.1f}", expected=f"{expected:.1f}"),
        proof,
    )
    return CourseComparison(course, week, average, expected, now, verdict, sentences)


def _back_course(onset_weeks: float | None) -> str | None:
    if onset_weeks is None:
        return None
    for course in ("back_acute", "back_persistent"):
        least, most = course_table("course")[course]["onset_weeks"]
        if least <= onset_weeks < most:
            return course
    return None


def _between(weeks: list[float], values: list[float], week: float) -> float:
    for (start, first), (end, last) in zip(
        zip(weeks, values, strict=True), list(zip(weeks, values, strict=True))[1:], strict=False
    ):
        if start <= week <= end:
            return float(first + (last - first) * (week - start) / (end - start))
    return float(values[0] if week < weeks[0] else values[-1])
