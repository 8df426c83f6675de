"""The questionnaire of a person file in FHIR's terms, and answers as items of it and back: nothing lost on the way.

The tables of a person file (`person_writer.person_tables`) become nested items: the link id of an item is
its path, such as ``history.pain_weeks`` or ``exam.lunge_test.value``.  A key that was passed over or is not known has
no answer and says why by the data-absent-reason extension, so that missing, skipped and unknown stay three things.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from kinechain.care.intake.intake import Question, intake_questions
from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.person.history_keys import Key, read_keys
from kinechain.care.person.person_file import screen_keys
from kinechain.care.person.questionnaires import Questionnaire, read_questionnaires
from kinechain.care.person.red_flag_text import read_red_flags, read_sub_questions
from kinechain.care.person.symptom_map import SYMPTOM_KINDS, region_codes

__all__ = [
    "ABSENT_REASON",
    "LOINC_SCORES",
    "LOINC",
    "OBSERVATION_EXTRACT",
    "SNOMED",
    "SYSTEM",
    "Unread",
    "answers_from_items",
    "items_of_answers",
    "questionnaire_items",
    "score_coding",
]

#: Base of our own code systems and identifiers.  The name ends in .invalid and never resolves: nobody owns it but us.
SYSTEM = "https://kinechain.invalid/fhir"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"

#: Codes that were read in a published guide (rule G5: hl7be_painscale, mii_promis), and no others.
LOINC_SCORES: Mapping[str, str] = {"nprs": "72514-3", "promis_pi": "77865-4"}
#: Extension by which an answer becomes an Observation of its own (Structured Data Capture).
OBSERVATION_EXTRACT = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-observationExtract"
ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
#: Our two absences with a reason, in the words of that extension.
REASONS: Mapping[str, str] = {"skipped": "asked-declined", "unknown": "asked-unknown"}

ANSWERS = ("yes", "no", "unknown", "skipped")
VALUE_KEYS = {
    "decimal": "valueDecimal",
    "integer": "valueInteger",
    "choice": "valueCoding",
    "string": "valueString",
    "date": "valueDate",
}


@dataclass(frozen=True)
class Unread:
    """Something received that has no place in a person file; it is kept as it came.

    Attributes
    ----------
    where : str
        Link id, or kind of resource with its id.
    what : str
        Why it was not read, in a sentence.
    content : mapping
        As received.
    """

    where: str
    what: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class _Item:
    """One item of the questionnaire.

    A group that ``repeats`` is a list of tables; an item that repeats a list of values.
    """

    link: str
    text: str
    type: str
    options: tuple[str, ...] = ()
    repeats: bool = False
    score: str = ""
    children: tuple[_Item, ...] = ()


def questionnaire_items() -> list[dict[str, Any]]:
    """Return the items of the Questionnaire: every key a person file may hold, in our own words."""
    return [_written(item) for item in _tree()]


def items_of_answers(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tables of a person file as items of a QuestionnaireResponse.

    Parameters
    ----------
    tables : mapping
        As `person_writer.person_tables` gives them; recordings are left out: a path may name people.
    """
    return [item for part in _tree() if part.link in tables for item in _answered(part, tables[part.link])]


def answers_from_items(items: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], list[Unread]]:
    """Return the tables of a person file from items of a QuestionnaireResponse, and what found no place in them.

    Parameters
    ----------
    items : sequence of mapping
    """
    unread: list[Unread] = []
    tables = _table(items, {part.link: part for part in _tree()}, unread)
    return tables, unread


@cache
def _tree() -> tuple[_Item, ...]:
    """Return the whole questionnaire."""
    questions = {flag.id: flag.question for flag in read_red_flags()}
    questions |= {sub.id: sub.question for sub in read_sub_questions()}
    screen = tuple(_Item(f"screen.{key}", questions.get(key, key), "choice", ANSWERS) for key in screen_keys())
    wells = (_Item("wells.examiner", "examiner", "string"), *_keys("wells"))
    exam = tuple(_exam(key, definition.name) for key, definition in read_exam_definitions().items())
    scores = tuple(_score(questionnaire) for questionnaire in read_questionnaires().values())
    symptom = (
        _Item("symptoms.kind", "kind", "choice", SYMPTOM_KINDS),
        _Item("symptoms.region", "region", "choice", region_codes()),
        _Item("symptoms.view", "view", "string"),
        _Item("symptoms.x", "x", "decimal"),
        _Item("symptoms.y", "y", "decimal"),
    )
    return (
        _Item("person", "person", "group", children=(_Item("person.pseudonym", "code", "string"), *_keys("person"))),
        _Item("history", "history", "group", children=_keys("history")),
        _Item("conditions", "conditions", "group", children=_keys("conditions")),
        _Item("screen", "danger signs", "group", children=screen),
        _Item("wells", "two-level Wells score, by a clinician", "group", children=wells),
        _Item("exam", "examination", "group", children=exam),
        _Item("questionnaires", "scores", "group", children=scores),
        _Item("symptoms", "symptom map", "group", repeats=True, children=symptom),
    )


def _keys(table: str) -> tuple[_Item, ...]:
    return tuple(_key(f"{table}.{name}", key) for name, key in read_keys(table).items())


def _key(link: str, key: Key) -> _Item:
    if key.kind == "treatments":
        fields = tuple(_key(f"{link}.{name}", field) for name, field in read_keys("treatment").items())
        kind = _Item(f"{link}.kind", "kind", "choice", key.words)
        return _Item(link, key.meaning, "group", repeats=True, children=(kind, *fields))
    if key.kind == "number":
        return _Item(link, f"{key.meaning} ({key.unit})", "decimal")
    if key.kind in ("several", "regions"):
        words = region_codes() if key.kind == "regions" else key.words
        return _Item(link, key.meaning, "choice", words, repeats=True)
    return _Item(link, key.meaning, "choice", ANSWERS if key.kind == "answer" else key.words)


def _exam(key: str, name: str) -> _Item:
    link = f"exam.{key}"
    words = tuple(
        _Item(f"{link}.{field}", field, "string") for field in ("part", "unit", "method", "examiner", "reliability")
    )
    values = (
        _Item(f"{link}.side", "side", "choice", ("left", "right", "both")),
        _Item(f"{link}.value", "value", "decimal"),
        _Item(f"{link}.answer", "answer in words", "string"),
        _Item(f"{link}.measured_on", "measured on", "date"),
    )
    return _Item(link, name, "group", repeats=True, children=(*values, *words))


def _score(questionnaire: Questionnaire) -> _Item:
    link = f"questionnaires.{questionnaire.id}"
    children = [_Item(f"{link}.on", "answered on", "date")]
    if questionnaire.has_total:
        children.insert(0, _Item(f"{link}.total", "total", "decimal", score=questionnaire.id))
    if questionnaire.ticks:
        children.append(_Item(f"{link}.ticks", "numbers of the statements ticked", "integer", repeats=True))
    if questionnaire.parts:
        parts = tuple(_Item(f"{link}.parts.{part}", part.replace("_", " "), "decimal") for part in questionnaire.parts)
        children.append(_Item(f"{link}.parts", "parts", "group", children=parts))
    if questionnaire.activities:
        fields = (
            _Item(f"{link}.activities.what", "activity", "string"),
            _Item(f"{link}.activities.score", "score", "decimal"),
        )
        children.append(_Item(f"{link}.activities", "own activities", "group", repeats=True, children=fields))
    return _Item(link, questionnaire.name, "group", repeats=True, children=tuple(children))


@cache
def _questions() -> Mapping[str, Question]:
    """Return what the intake asks, by path."""
    return {question.path: question for question in intake_questions()}


def _written(item: _Item) -> dict[str, Any]:
    """Return one item of the Questionnaire resource."""
    question = _questions().get(item.link)
    labels = {choice.value: choice.label for choice in question.choices} if question else {}
    written: dict[str, Any] = {
        "linkId": item.link,
        "text": question.text if question else item.text,
        "type": item.type,
    }
    if item.repeats:
        written["repeats"] = True
    if item.score:
        written["code"] = [score_coding(item.score)]
        written["extension"] = [{"url": OBSERVATION_EXTRACT, "valueBoolean": True}]
    if item.options:
        written["answerOption"] = [
            {"valueCoding": {**_coding(word), **({"display": labels[word]} if word in labels else {})}}
            for word in item.options
        ]
    if item.children:
        written["item"] = [_written(child) for child in item.children]
    return written


def score_coding(score: str) -> dict[str, str]:
    """Return the code of a score: LOINC where one was read, else our own."""
    if score in LOINC_SCORES:
        return {"system": LOINC, "code": LOINC_SCORES[score]}
    return {"system": f"{SYSTEM}/CodeSystem/score", "code": score}


def _coding(word: str) -> dict[str, str]:
    return {"system": f"{SYSTEM}/CodeSystem/answer", "code": word}


def _answered(item: _Item, value: Any) -> list[dict[str, Any]]:
    """Return the items of one answer: several where a group repeats."""
    if isinstance(value, str) and value in REASONS and ANSWERS != item.options:
        return [{"linkId": item.link, "extension": [{"url": ABSENT_REASON, "valueCode": REASONS[value]}]}]
    if item.type == "group":
        tables = value if isinstance(value, list) else [value]
        return [{"linkId": item.link, "item": _group(item, table)} for table in tables]
    values = value if item.repeats else [value]
    return [{"linkId": item.link, "answer": [_answer(item.type, entry) for entry in values if entry != ""]}]


def _group(item: _Item, table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the answers of one table; an examination in words stands in an item of its own."""
    known = {child.link.removeprefix(f"{item.link}."): child for child in item.children}
    found: list[dict[str, Any]] = []
    for key, value in table.items():
        is_word = "answer" in known and key == "value" and isinstance(value, str)
        found += [entry for entry in _answered(known["answer" if is_word else key], value)]
    return [entry if entry.get("answer") or "answer" not in entry else {"linkId": entry["linkId"]} for entry in found]


def _answer(kind: str, value: Any) -> dict[str, Any]:
    if kind == "choice":
        return {"valueCoding": _coding(value)}
    return {VALUE_KEYS[kind]: value.isoformat() if isinstance(value, date) else value}


def _table(items: Iterable[Mapping[str, Any]], known: Mapping[str, _Item], unread: list[Unread]) -> dict[str, Any]:
    """Return one table of answers by key; what is not known goes to ``unread``."""
    table: dict[str, Any] = {}
    for entry in items:
        link = str(entry.get("linkId"))
        item = known.get(link)
        if item is None:
            unread.append(Unread(link, "no key of a person file", entry))
            continue
        key = "value" if link.endswith(".answer") and link.startswith("exam.") else link.rpartition(".")[2]
        value = _value(item, entry, unread)
        if value is None:
            continue
        if item.type == "group" and item.repeats and isinstance(value, dict):
            table.setdefault(key, []).append(value)
        elif key in table:
            unread.append(Unread(link, "answered twice; the first answer was taken", entry))
        else:
            table[key] = value
    return table


def _value(item: _Item, entry: Mapping[str, Any], unread: list[Unread]) -> Any:
    """Return the value of one item, None if it has none that can be read."""
    for extension in entry.get("extension", ()):
        for word, reason in REASONS.items():
            if extension.get("url") == ABSENT_REASON and extension.get("valueCode") == reason:
                return word
    if item.type == "group":
        return _table(entry.get("item", ()), {child.link: child for child in item.children}, unread)
    answers = [_plain(item, answer) for answer in entry.get("answer", ())]
    if any(answer is None for answer in answers) or (len(answers) > 1 and not item.repeats):
        unread.append(Unread(item.link, f"its answer is not of the type {item.type}", entry))
        return None
    if item.repeats:
        return answers
    return answers[0] if answers else ""


def _plain(item: _Item, answer: Mapping[str, Any]) -> Any:
    value = answer.get(VALUE_KEYS[item.type])
    if item.type == "choice":
        return value.get("code") if isinstance(value, Mapping) else None
    if item.type == "decimal" and value is None:
        return answer.get("valueInteger")
    return value
