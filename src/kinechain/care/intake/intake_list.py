"""The questions of the intake as values: danger signs first, emergencies before all, the examination last."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from kinechain.care.person.exam import ExamDefinition, read_exam_definitions
from kinechain.care.person.history_keys import Key, read_keys
from kinechain.care.person.person import Person
from kinechain.care.person.person_page import ABSENT, ANSWERS
from kinechain.care.person.person_paths import value_at
from kinechain.care.person.questionnaires import find_questionnaire
from kinechain.care.person.red_flag_text import RedFlag, questions, read_sub_questions, read_wells_items
from kinechain.care.person.symptom_map import in_group, region_codes, region_name
from kinechain.core.errors import EvidenceError, PersonError, suggest
from kinechain.evidence.wording import say, wording

__all__ = ["Choice", "Gate", "Question", "QuestionKind", "Who", "find_question", "intake_questions"]

QuestionKind = Literal[
    "yes_no", "number", "choice", "several", "regions", "treatments", "symptoms", "activities", "code", "exam"
]
Who = Literal["patient", "clinician"]


@dataclass(frozen=True)
class Choice:
    """One of the answers of a choice.

    Attributes
    ----------
    value : str
        As kept.
    label : str
        As printed.
    """

    value: str
    label: str


@dataclass(frozen=True)
class Gate:
    """What must hold for a question to be asked.

    Attributes
    ----------
    paths : tuple of str
        Of the answers it reads; one that fits is enough.
    values : tuple of str
        Answers that fit, alone or in a list.
    above : float or None
        A number that fits is larger.
    or_missing : bool
        True if an answer that is missing fits as well.
    """

    paths: tuple[str, ...]
    values: tuple[str, ...] = ()
    above: float | None = None
    or_missing: bool = False

    def holds(self, person: Person) -> bool:
        """Tell whether the question is to be asked of a person; "I do not know" and skipped never close it."""
        return any(self._fits(value_at(person, path)) for path in self.paths)

    def _fits(self, value: Any) -> bool:
        if value is None:
            return self.or_missing
        if isinstance(value, str) and value in ABSENT:
            return True
        if self.above is not None:
            return isinstance(value, float) and value > self.above
        return bool(set(value if isinstance(value, tuple) else (value,)) & set(self.values))


@dataclass(frozen=True)
class Question:
    """One question of the intake.

    Attributes
    ----------
    path : str
        Where the answer stands in the person file, e.g. 'history.pain_weeks'; an examination item as
        'exam.fpi6.left', a part of one as 'exam.modified_thomas.left.hip angle'.
    section : str
        Id of the section; `section_title` prints it.
    kind : str
        'yes_no' (yes, no, unknown, skipped), 'number', 'choice', 'several', 'regions', 'treatments', 'symptoms',
        'activities', 'code' or 'exam' (a number, or one of the choices).
    who : 'patient' or 'clinician'
        Who can answer it; a clinician can answer for a patient.
    text : str
        As asked.
    why : str
        Why it is asked; '' where that is not written down.
    unit : str
        Of a number, as printed.
    low, high : float
        Limits of a number.
    is_whole : bool
    choices : tuple of Choice
    is_required : bool
        True if a missing answer holds something back.
    is_urgent : bool
        True for a sign of an emergency.
    only_if : tuple of Gate
        All must hold.
    sources : tuple of str
        Source keys of a danger sign.
    """

    path: str
    section: str
    kind: QuestionKind
    who: Who
    text: str
    why: str = ""
    unit: str = ""
    low: float = 0.0
    high: float = 0.0
    is_whole: bool = False
    choices: tuple[Choice, ...] = ()
    is_required: bool = False
    is_urgent: bool = False
    only_if: tuple[Gate, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def section_title(self) -> str:
        """Heading of its section."""
        return say(f"intake.section_{self.section}").text

    @property
    def is_danger_sign(self) -> bool:
        """True for an answer of ``[screen]``."""
        return self.path.startswith("screen.")


# ---- which questions there are


@cache
def intake_questions() -> tuple[Question, ...]:
    """Return every question of the intake, in the order they are asked.

    Raises
    ------
    EvidenceError
        If a question has no place in the person file, or no wording.
    """
    path = files("kinechain.evidence") / "data" / "clinical" / "intake.toml"
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    found = tuple(question for section in content["section"] for question in _section(section))
    paths = [question.path for question in found]
    if len(set(paths)) < len(paths):
        raise EvidenceError("intake.toml: a question stands twice")
    return found


def find_question(path: str) -> Question:
    """Return one question.

    Parameters
    ----------
    path : str

    Raises
    ------
    PersonError
        If nothing is asked there.
    """
    for question in intake_questions():
        if question.path == path:
            return question
    raise PersonError(f"nothing is asked for '{path}'. {suggest(path, (q.path for q in intake_questions()))}")


def _section(section: Mapping[str, Any]) -> Iterator[Question]:
    name = section["id"]
    if "danger_signs" in section:
        yield from _danger_signs(name, is_urgent=section["danger_signs"] == "emergency")
    if section.get("wells"):
        yield from _wells(name)
    if section.get("exam"):
        for definition in read_exam_definitions().values():
            yield from _exam(name, definition)
    for row in section.get("question", ()):
        yield _listed(name, row)


def _danger_signs(section: str, is_urgent: bool) -> Iterator[Question]:
    for flag in _in_order([flag for flag in questions() if (flag.urgency == "emergency") == is_urgent]):
        yield Question(
            path=f"screen.{flag.id}",
            section=section,
            kind="yes_no",
            who="patient",
            text=flag.question,
            why=flag.why,
            is_required=flag.is_required,
            is_urgent=is_urgent,
            choices=_answers(),
            only_if=tuple(_danger_gates(flag)),
            sources=flag.sources,
        )
        gate = Gate((f"screen.{flag.id}",), ("yes",))
        for sub in read_sub_questions():
            if sub.of == flag.id:
                yield _counted(f"screen.{sub.id}", section, "patient", sub.question, gate, sub.sources)


def _in_order(flags: Sequence[RedFlag]) -> Iterator[RedFlag]:
    """Yield danger signs as they stand, but each after those that can make it a no without being asked."""
    waiting, here, placed = list(flags), {flag.id for flag in flags}, set[str]()
    while waiting:
        ready = (flag for flag in waiting if not (here & set(flag.asked_unless_no)) - placed)
        flag = next(ready, waiting[0])
        waiting.remove(flag)
        placed.add(flag.id)
        yield flag


def _danger_gates(flag: RedFlag) -> Iterator[Gate]:
    if flag.asked_unless_no:
        yield Gate(tuple(f"screen.{key}" for key in flag.asked_unless_no), ("yes",), or_missing=True)
    if flag.condition:
        yield Gate((f"conditions.{flag.condition}",), ("yes",), or_missing=True)


def _wells(section: str) -> Iterator[Question]:
    gate = Gate(("screen.dvt_wells",), ("yes",))
    text = say("intake.wells_examiner").text
    yield Question("wells.examiner", section, "code", "clinician", text, is_required=True, only_if=(gate,))
    for item in read_wells_items():
        yield _counted(f"wells.{item.id}", section, "clinician", item.question, gate, item.sources)


def _counted(path: str, section: str, who: Who, text: str, gate: Gate, sources: tuple[str, ...]) -> Question:
    """Return a question whose yes is counted with others."""
    return Question(path, section, "yes_no", who, text, choices=_answers(), only_if=(gate,), sources=sources)


def _exam(section: str, definition: ExamDefinition) -> Iterator[Question]:
    """Yield one question for each side and part of an item; in its usual unit."""
    parts = (*(("",) if definition.has_whole else ()), *definition.parts)
    for part in parts:
        scale = definition.scale(part)
        low, high = scale.units.get(scale.usual_unit, (0.0, 0.0))
        for side in definition.sides:
            told = {"measure": definition.name, "side": say(f"intake.side_{side}").text}
            text = say("intake.exam_part", part=part, **told) if part else say("intake.exam_item", **told)
            yield Question(
                path=f"exam.{definition.id}.{side}" + (f".{part}" if part else ""),
                section=section,
                kind="exam",
                who="clinician",
                text=text.text,
                unit=scale.usual_unit if scale.units else "",
                low=low,
                high=high,
                choices=tuple(Choice(word, word) for word in scale.words),
            )


def _listed(section: str, row: Mapping[str, Any]) -> Question:
    """Return a question of the person, the history or the conditions."""
    path = row["path"]
    gates = tuple(_gate(entry) for entry in row.get("only_if", ()))
    asked = {"section": section, "path": path, "who": "patient", "is_required": row.get("required", False)}
    asked["why"] = say(f"intake.why_{section}").text
    if path == "symptoms":
        return Question(kind="symptoms", text=_worded("symptoms"), only_if=gates, choices=_places(), **asked)
    table, _, name = path.partition(".")
    if table == "questionnaires":
        questionnaire = find_questionnaire(name)
        low, high, unit = questionnaire.limits
        text = _worded(f"{table}_{name}", low=low, high=high, most=float(questionnaire.activities))
        return Question(kind="activities", text=text, unit=unit, low=low, high=high, only_if=gates, **asked)
    key = read_keys(table)[name]
    return Question(
        kind="yes_no" if key.kind == "answer" else key.kind,
        text=_worded(f"{table}_{name}", low=key.low, high=key.high),
        unit=key.unit,
        low=key.low,
        high=key.high,
        is_whole=key.is_whole,
        choices=_places() if key.kind == "regions" else _words(key),
        only_if=gates,
        **asked,
    )


def _gate(entry: Mapping[str, Any]) -> Gate:
    values = tuple(entry.get("is", ()))
    if "in" in entry:
        values = tuple(code for code in region_codes() if in_group(code, entry["in"]))
    return Gate((entry["path"],), values, entry.get("above"))


@cache
def _answers() -> tuple[Choice, ...]:
    return tuple(Choice(word, say(f"intake.word_{word}").text) for word in ANSWERS)


def _words(key: Key) -> tuple[Choice, ...]:
    if key.kind == "answer":
        return _answers()
    return tuple(Choice(word, say(f"intake.word_{word}").text) for word in key.words)


@cache
def _places() -> tuple[Choice, ...]:
    return tuple(Choice(code, region_name(code)) for code in region_codes())


def _worded(entry: str, **values: float) -> str:
    """Return a question of the ledger with the values it has places for."""
    key = f"intake.{entry}"
    places = [
        name for _, name, _, _ in string.Formatter().parse(wording()[key].text if key in wording() else "") if name
    ]
    return say(key, **{name: f"{values[name]:g}" for name in places}).text
