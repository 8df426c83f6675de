"""Questionnaires: which score may be entered, within which limits, and who may print the items.

No item of a published questionnaire stands anywhere in this project: a total, numbered ticks or subscales are entered,
and activities are the person's own words.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, cast

from kinechain.care.person.person import Score
from kinechain.care.person.person_page import Page
from kinechain.core.errors import EvidenceError, PersonError, suggest

__all__ = [
    "Questionnaire",
    "find_questionnaire",
    "mean_activity",
    "read_questionnaires",
    "read_scores",
    "startback_group",
]

SCORE_KEYS = ("total", "on", "ticks", "parts", "activities")
BASES = ("definition", "assumption", "range not read", "no total")

#: Accepted where the scoring was not read: what a score can look like, no limit of the questionnaire (assumption).
NOT_READ = (0.0, 1000.0)


@dataclass(frozen=True)
class Questionnaire:
    """One questionnaire.

    Attributes
    ----------
    id, name, construct, scoring, change, licence : str
        As in ``questionnaires.toml``; ``change`` is what difference matters.
    may_embed : 'yes', 'no' or 'unknown'
        Whether its items could be shipped; 'unknown' counts as no.
    total : (float, float) or None
        Lowest and highest; None where it has no total, or its range was not read.
    total_basis : str
        'definition', 'assumption', 'range not read' or 'no total'.
    is_whole : bool
    parts : mapping of str to (float, float)
        Subscales.
    ticks : int
        How many numbered statements can be ticked; 0 if none.
    activities : int
        At most so many in the person's own words; 0 if none.
    sources : tuple of str
    """

    id: str
    name: str
    construct: str
    scoring: str
    change: str
    licence: str
    may_embed: Literal["yes", "no", "unknown"]
    total: tuple[float, float] | None
    total_basis: str
    is_whole: bool
    parts: Mapping[str, tuple[float, float]]
    ticks: int
    activities: int
    sources: tuple[str, ...]

    @property
    def has_total(self) -> bool:
        """True if one number sums it up."""
        return self.total_basis != "no total"

    @property
    def limits(self) -> tuple[float, float, str]:
        """Lowest and highest total that is accepted, and the unit in words."""
        return (*(self.total or NOT_READ), "points")


@cache
def read_questionnaires() -> Mapping[str, Questionnaire]:
    """Return every questionnaire by id.

    Raises
    ------
    EvidenceError
        If an entry does not say how its score is written.
    """
    path = files("kinechain.evidence") / "data" / "clinical" / "questionnaires.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["questionnaire"]
    return MappingProxyType({row["id"]: _questionnaire(row) for row in rows})


def _questionnaire(row: Mapping[str, Any]) -> Questionnaire:
    total, basis = row.get("total"), row.get("total_basis")
    if basis not in BASES or (total is not None) != (basis in ("definition", "assumption")):
        raise EvidenceError(f"questionnaires.toml: '{row['id']}' does not say how its total is written")
    embed = row["can_embed"]
    return Questionnaire(
        id=row["id"],
        name=row["name"],
        construct=row["construct"],
        scoring=row["scoring"],
        change=row["mcid"],
        licence=row["licence"],
        may_embed=embed if isinstance(embed, str) else "yes" if embed else "no",  # type: ignore[arg-type]
        total=None if total is None else (float(total[0]), float(total[1])),
        total_basis=basis,
        is_whole=row.get("whole", False),
        parts=MappingProxyType({part: (float(low), float(high)) for part, (low, high) in row.get("parts", {}).items()}),
        ticks=row.get("ticks", 0),
        activities=row.get("activities", 0),
        sources=tuple(row["sources"]),
    )


def find_questionnaire(key: str) -> Questionnaire:
    """Return one questionnaire.

    Parameters
    ----------
    key : str

    Raises
    ------
    PersonError
        If there is none of that id.
    """
    known = read_questionnaires()
    if key not in known:
        raise PersonError(f"no questionnaire '{key}'. {suggest(key, known, limit=30)}")
    return known[key]


def startback_group(score: Score) -> Literal["low", "medium", "high", ""]:
    """Return the risk group of a STarT Back score, '' where the total or the subscale that decides is missing.

    Parameters
    ----------
    score : Score
        Total 0 to 9, part 'subscale' 0 to 5.

    References
    ----------
    Rule R4.1, startback_keele_scoring: total 3 or less low; above it the subscale decides, 4 or more is high.
    """
    subscale = score.parts.get("subscale")
    if score.id != "startback" or score.total is None:
        return ""
    if score.total <= 3:
        return "low"
    if subscale is None:
        return ""
    return "high" if subscale >= 4 else "medium"


def mean_activity(scores: Mapping[str, float]) -> float:
    """Return the mean of patient-specific activities, to three decimals.

    Parameters
    ----------
    scores : mapping of str to float
        By number of the activity; not empty.
    """
    return round(sum(scores.values()) / len(scores), 3)


def read_scores(
    page: Page, table: Mapping[str, Any]
) -> tuple[tuple[Score, ...], Mapping[str, Literal["skipped", "unknown"]]]:
    """Return the scores of ``[questionnaires]``, and which have none.

    Parameters
    ----------
    page : Page
    table : mapping of str to object

    Raises
    ------
    PersonError
        If a questionnaire or a key is not known, a score is impossible, or one stands twice.
    """
    known = read_questionnaires()
    page.check_keys("questionnaires", table, known)
    scores: list[Score] = []
    absent: dict[str, Literal["skipped", "unknown"]] = {}
    for key, value in table.items():
        if state := page.absence(value):
            absent[key] = state
            continue
        for entry in value if isinstance(value, list) else [value]:
            told = page.table(f"[questionnaires] {key}", entry, "{ total = 1, on = 2020-01-31 }")
            score = _read_score(page, known[key], told)
            if any(s.id == key and s.answered_on == score.answered_on for s in scores):
                page.refuse(f"[questionnaires] {key} stands twice for the same day; give each its own date with 'on'")
            scores.append(score)
    return tuple(scores), MappingProxyType(absent)


def _read_score(page: Page, questionnaire: Questionnaire, entry: Mapping[str, Any]) -> Score:
    table = f"questionnaires.{questionnaire.id}"
    page.check_keys(table, entry, SCORE_KEYS)
    on = page.day(table, "on", entry["on"]) if "on" in entry else None
    total = _read_total(page, table, questionnaire, entry["total"]) if "total" in entry else None
    parts, activities, computed = _read_parts(page, table, questionnaire, entry)
    if total is None:
        total = computed
    if total is None and not parts:
        named = "'activities'" if questionnaire.activities else "'parts'" if questionnaire.parts else "'total'"
        page.refuse(f"[{table}] holds no score; write {named}")
    return Score(questionnaire.id, total, MappingProxyType(parts), activities, on)


def _read_total(page: Page, table: str, questionnaire: Questionnaire, value: Any) -> float:
    if not questionnaire.has_total:
        page.refuse(f"[{table}] has no total: its numbers are never summed; write parts = {{ ... }}")
    read = page.whole if questionnaire.is_whole else page.number
    return float(read(table, "total", value, questionnaire.limits))


def _read_parts(
    page: Page, table: str, questionnaire: Questionnaire, entry: Mapping[str, Any]
) -> tuple[dict[str, float], tuple[str, ...], float | None]:
    """Return parts, activities and the total that follows from them, None if none does."""
    for key in ("ticks", "parts", "activities"):
        if key in entry and not getattr(questionnaire, key):
            page.refuse(f"[{table}] has no '{key}'; write its total")
    parts: dict[str, float] = {}
    if "parts" in entry:
        written = page.table(f"[{table}] parts", entry["parts"], "{ " + next(iter(questionnaire.parts)) + " = 1 }")
        page.check_keys(f"{table}.parts", written, questionnaire.parts)
        for part, value in written.items():
            parts[part] = page.number(f"{table}.parts", part, value, (*questionnaire.parts[part], "points"))
    if "ticks" in entry:
        ticks = _read_ticks(page, table, questionnaire, entry["ticks"])
        return {str(tick): 1.0 for tick in ticks}, (), float(len(ticks))
    if "activities" in entry:
        activities, scores = _read_activities(page, table, questionnaire, entry["activities"])
        return scores, activities, mean_activity(scores)
    return parts, (), None


def _read_ticks(page: Page, table: str, questionnaire: Questionnaire, value: Any) -> list[int]:
    if not isinstance(value, list):
        page.refuse(f"[{table}] ticks must be a list of the numbers that were ticked, e.g. [1, 4]")
    ticks = [page.whole(table, "ticks", tick, (1.0, float(questionnaire.ticks), "of the statements")) for tick in value]
    twice = next((tick for tick in ticks if ticks.count(tick) > 1), None)
    if twice is not None:
        page.refuse(f"[{table}] ticks: number {twice} stands twice")
    return sorted(ticks)


def _read_activities(
    page: Page, table: str, questionnaire: Questionnaire, value: Any
) -> tuple[tuple[str, ...], dict[str, float]]:
    if not isinstance(value, list) or not 1 <= len(value) <= questionnaire.activities:
        page.refuse(
            f"[{table}] activities must be a list of 1 to {questionnaire.activities}, e.g. "
            '[{ what = "climbing stairs", score = 4 }]'
        )
    words, scores = [], {}
    for number, entry in enumerate(value, 1):
        told = page.table(f"[{table}] activity {number}", entry, '{ what = "climbing stairs", score = 4 }')
        page.check_keys(f"{table}.activities", told, ("what", "score"))
        what = page.text(table, "what", told.get("what"), "what is hard to do, in the person's own words", most=80)
        if not what.strip() or what in words:
            page.refuse(f"[{table}] activity {number} is empty or stands twice; write what is hard to do")
        words.append(what)
        scores[str(number)] = page.number(table, "score", told.get("score"), cast(Any, (0.0, 10.0, "points")))
    return tuple(words), scores
