"""Every person a person file can hold, for hypothesis."""

from __future__ import annotations

import math
from datetime import date
from types import MappingProxyType

from hypothesis import strategies as st

from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.person.history_keys import Key, read_keys
from kinechain.care.person.person import ExamItem, History, NotExamined, Person, Score, Symptom, Treatment
from kinechain.care.person.questionnaires import Questionnaire, mean_activity, read_questionnaires
from kinechain.care.person.red_flag_text import screen_ids
from kinechain.care.person.symptom_map import SYMPTOM_KINDS, region_codes, views_of

TODAY = date(2026, 11, 22)
CODES = st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True)
DAYS = st.dates(date(1990, 1, 1), TODAY)
ANSWERS = st.sampled_from(("yes", "no", "unknown", "skipped"))
TEXTS = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=' \n"\\#='), max_size=30).filter(
    lambda text: text.replace("\n", " ").isprintable()
)


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Return numbers within limits, whole ones among them."""
    first, last = math.ceil(low), math.floor(high)
    whole = [st.integers(first, last).map(float)] if first <= last else []
    return st.one_of(*whole, st.floats(low, high))


def values(key: Key) -> st.SearchStrategy[object]:
    """Return what one key may hold."""
    if key.kind == "number":
        return numbers(key.low, key.high)
    if key.kind == "choice":
        return st.sampled_from(key.words)
    if key.kind == "treatments":
        return st.lists(treatments(), min_size=1, max_size=3, unique=True).map(tuple)
    words = region_codes() if key.kind == "regions" else key.words
    return st.lists(st.sampled_from(words), min_size=1, max_size=4, unique=True).map(tuple)


@st.composite
def treatments(draw: st.DrawFn) -> Treatment:
    keys = read_keys("treatment")
    return Treatment(
        draw(st.sampled_from(read_keys("history")["treatments"].words)),
        draw(st.sampled_from(keys["region"].words)),  # type: ignore[arg-type]
        draw(st.none() | numbers(0.0, 500.0)),
        draw(st.none() | st.sampled_from(keys["response"].words)),  # type: ignore[arg-type]
    )


@st.composite
def told(draw: st.DrawFn, table: str) -> dict[str, object]:
    """Return the values of a table, with the keys that were skipped and those that are unknown."""
    found: dict[str, object] = {}
    absent: dict[str, set[str]] = {"skipped": set(), "unknown": set()}
    for key in read_keys(table).values():
        state = draw(st.sampled_from(("missing", "given", "given", "skipped", "unknown")))
        if state == "given":
            found[key.id] = draw(values(key))
        elif state != "missing":
            absent[state].add(key.id)
    return found | {state: frozenset(keys) for state, keys in absent.items()}


@st.composite
def exam_entries(draw: st.DrawFn) -> tuple[list[ExamItem], list[NotExamined]]:
    items: list[ExamItem] = []
    absent: list[NotExamined] = []
    seen = set()
    for key in draw(st.lists(st.sampled_from(sorted(read_exam_definitions())), max_size=5, unique=True)):
        definition = read_exam_definitions()[key]
        whole = ("", "repeat 2") if definition.has_whole else ()
        for _ in range(draw(st.integers(1, 3))):
            part = draw(st.sampled_from((*whole, *definition.parts))) if whole or definition.parts else ""
            side = draw(st.sampled_from(("left", "right", "both")))
            examiner, day = draw(st.just("") | CODES), draw(st.none() | DAYS)
            is_absent = bool(definition.table) or draw(st.booleans())
            scale = None if is_absent else definition.scale(part)
            if scale is not None and scale.words and (not scale.units or draw(st.booleans())):
                unit = " / ".join(scale.words)
                value = float(draw(st.integers(0, len(scale.words) - 1)))
            elif scale is not None:
                unit = draw(st.sampled_from(sorted(scale.units)))
                value = draw(numbers(*scale.units[unit]))
            else:
                unit, value = "", 0.0
            entries = {(key, part, s, unit, day) for s in (("left", "right") if side == "both" else (side,))}
            if entries & seen:
                continue
            seen |= entries
            if is_absent:
                absent.append(
                    NotExamined(key, side, draw(st.sampled_from(("skipped", "unknown"))), "seen", part, examiner, day)
                )
            else:
                items.append(ExamItem(key, side, value, unit, draw(TEXTS), part, examiner, day, draw(TEXTS)))
    return items, absent


@st.composite
def scores(draw: st.DrawFn, questionnaire: Questionnaire) -> Score:
    low, high, _ = questionnaire.limits
    on = draw(st.none() | DAYS)
    total = None
    if questionnaire.has_total:
        whole = st.integers(int(low), int(high)).map(float)
        total = draw(whole if questionnaire.is_whole else numbers(low, high))
    if questionnaire.activities and draw(st.booleans()):
        what = draw(st.lists(TEXTS.filter(str.strip), min_size=1, max_size=questionnaire.activities, unique=True))
        parts = {str(n): draw(numbers(0.0, 10.0)) for n, _ in enumerate(what, 1)}
        return Score(questionnaire.id, mean_activity(parts), MappingProxyType(parts), tuple(what), on)
    if questionnaire.ticks and draw(st.booleans()):
        ticks = draw(st.sets(st.integers(1, questionnaire.ticks), min_size=1))
        return Score(questionnaire.id, total, MappingProxyType({str(t): 1.0 for t in sorted(ticks)}), (), on)
    least = 0 if questionnaire.has_total else 1
    keys = sorted(questionnaire.parts)
    chosen = draw(st.lists(st.sampled_from(keys), min_size=least, unique=True)) if keys else []
    return Score(
        questionnaire.id, total, MappingProxyType({k: draw(numbers(*questionnaire.parts[k])) for k in chosen}), (), on
    )


@st.composite
def questionnaires(draw: st.DrawFn) -> tuple[tuple[Score, ...], dict[str, str]]:
    found: list[Score] = []
    absent = {}
    for key in draw(st.lists(st.sampled_from(sorted(read_questionnaires())), max_size=4, unique=True)):
        if draw(st.booleans()):
            absent[key] = draw(st.sampled_from(("skipped", "unknown")))
            continue
        for _ in range(draw(st.integers(1, 2))):
            score = draw(scores(read_questionnaires()[key]))
            if not any(s.id == key and s.answered_on == score.answered_on for s in found):
                found.append(score)
    return tuple(found), absent


@st.composite
def symptoms(draw: st.DrawFn) -> Symptom:
    kind, region = draw(st.sampled_from(SYMPTOM_KINDS)), draw(st.sampled_from(region_codes()))
    if draw(st.booleans()):
        return Symptom(kind, region)  # type: ignore[arg-type]
    view = draw(st.sampled_from(views_of(region)))
    return Symptom(kind, region, view, draw(numbers(0.0, 1.0)), draw(numbers(0.0, 1.0)))  # type: ignore[arg-type]


def answers(ids: tuple[str, ...], most: int = 8) -> st.SearchStrategy[MappingProxyType[str, str]]:
    """Return answers to some of the questions."""
    return st.dictionaries(st.sampled_from(ids), ANSWERS, max_size=most).map(MappingProxyType)


@st.composite
def people(draw: st.DrawFn) -> Person:
    """Return a person of any kind, as a person file can hold them; recordings are none."""
    about = draw(told("person"))
    items, absent = draw(exam_entries())
    found, not_answered = draw(questionnaires())
    risk = draw(st.none() | st.integers(0, 3))
    conditions = dict(draw(answers(tuple(read_keys("conditions")))))
    if risk is not None or conditions.get("iwgdf_risk") not in ("skipped", "unknown"):
        conditions.pop("iwgdf_risk", None)
    return Person(
        pseudonym=draw(CODES),
        **about,  # type: ignore[arg-type]
        history=History(**draw(told("history"))),  # type: ignore[arg-type]
        conditions=MappingProxyType(conditions),  # type: ignore[arg-type]
        screen=draw(answers(screen_ids(), most=60)),  # type: ignore[arg-type]
        exam=tuple(items),
        not_examined=tuple(absent),
        questionnaires=found,
        not_answered=MappingProxyType(not_answered),  # type: ignore[arg-type]
        symptoms=tuple(draw(st.lists(symptoms(), max_size=4, unique=True))),
        wells=draw(answers(tuple(read_keys("wells")))),  # type: ignore[arg-type]
        wells_examiner=draw(st.just("") | CODES),
        iwgdf_risk=risk,
    )
