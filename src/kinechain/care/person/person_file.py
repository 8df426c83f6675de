"""The person file: TOML (or the same tables as JSON), every key and every value checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

from kinechain.care.person.exam_items import read_exam
from kinechain.care.person.history_keys import Key, read_keys
from kinechain.care.person.person import Answer, History, Person, Symptom, Treatment
from kinechain.care.person.person_page import Page, possible_number
from kinechain.care.person.person_text import TABLES, parse_tables, read_text
from kinechain.care.person.questionnaires import read_scores
from kinechain.care.person.red_flag_text import screen_ids
from kinechain.care.person.symptom_map import SYMPTOM_KINDS, VIEWS, region_codes, views_of
from kinechain.core.errors import suggest

__all__ = [
    "PERSON_NUMBERS",
    "check_person_number",
    "parse_person",
    "read_person",
    "read_symptoms",
    "read_value",
    "screen_keys",
]

#: Numbers of ``[person]``: lowest, highest, unit in words.  The limits lie beyond anything recorded; they
#: catch slips of the pen and wrong units, and mean nothing clinically (assumption).
PERSON_NUMBERS: Mapping[str, tuple[float, float, str]] = MappingProxyType(
    {key.id: key.limits for key in read_keys("person").values() if key.kind == "number"}
)
PERSON_KEYS = ("pseudonym", *read_keys("person"))


def read_person(path: Path | str, today: date | None = None) -> Person:
    """Return the person of a person file.

    Parameters
    ----------
    path : path
        A TOML file, or a ``.json`` file with the same tables.
    today : date or None
        Nothing in the file may lie after it; None means the date of this machine.

    Returns
    -------
    Person
        Recordings as paths resolved against the file's own folder.

    Raises
    ------
    FileError
        If the file cannot be read or is not valid TOML or JSON; the line is named.
    PersonError
        If a table or key is unknown, a value is impossible, or a named recording does not exist.
    """
    path = Path(path)
    return parse_person(read_text(path), path.name, path.parent, today)


def parse_person(text: str, name: str, folder: Path | None, today: date | None = None) -> Person:
    """Return the person of the text of a person file.

    Parameters
    ----------
    text : str
    name : str
        File name, as messages begin; one that ends in ``.json`` is read as JSON.
    folder : Path or None
        Where paths of recordings start; None for a file of somebody whom the files of this machine do not concern: it
        may name none, and nothing of them is told.
    today : date or None

    Raises
    ------
    FileError
        As `read_person`.
    PersonError
        As `read_person`.
    """
    tables = parse_tables(text, name)
    page = Page(name, today or date.today())
    _check_tables(page, tables)
    person = tables.get("person", {})
    about, skipped, unknown = _read_plain(page, "person", {k: v for k, v in person.items() if k != "pseudonym"})
    exam, not_examined = read_exam(page, tables.get("exam", {}))
    scores, not_answered = read_scores(page, tables.get("questionnaires", {}))
    conditions, risk = _read_conditions(page, tables.get("conditions", {}))
    wells, examiner = _read_wells(page, tables.get("wells", {}))
    static, trials = _read_recordings(page, tables.get("recordings", {}), folder)
    return Person(
        pseudonym=page.code("person", "pseudonym", person.get("pseudonym", "person")),
        **about,
        history=_read_history(page, tables.get("history", {})),
        conditions=conditions,
        screen=_read_answers(page, "screen", tables.get("screen", {}), screen_keys()),
        exam=exam,
        not_examined=not_examined,
        questionnaires=scores,
        not_answered=not_answered,
        symptoms=read_symptoms(page, tables.get("symptoms", [])),
        wells=wells,
        wells_examiner=examiner,
        static=static,
        recordings=trials,
        iwgdf_risk=risk,
        skipped=skipped,
        unknown=unknown,
    )


def check_person_number(key: str, value: float, where: str) -> float:
    """Return a number of ``[person]`` if it is possible.

    Parameters
    ----------
    key : str
        Of :data:`PERSON_NUMBERS`.
    value : float
    where : str
        What the message starts with, e.g. ``--mass``.

    Raises
    ------
    PersonError
        If it is not a finite number inside the limits.
    """
    return possible_number(where, value, PERSON_NUMBERS[key])


def _check_tables(page: Page, tables: Mapping[str, Any]) -> None:
    for name, table in tables.items():
        if name not in TABLES:
            if name in PERSON_KEYS:
                page.refuse(f"'{name}' stands outside a table; write [person] on the line above it")
            page.refuse_key("", name, TABLES)
        if name == "symptoms":
            if not isinstance(table, list):
                page.refuse("symptoms must be a list of tables; write [[symptoms]] above each mark")
        elif not isinstance(table, dict):
            page.refuse(f"[{name}] must be a table with keys, not {type(table).__name__}")


def _read_plain(
    page: Page, name: str, table: Mapping[str, Any]
) -> tuple[dict[str, Any], frozenset[str], frozenset[str]]:
    """Return the values of a table, which keys were skipped, and which are unknown."""
    keys = read_keys(name)
    page.check_keys(name, table, PERSON_KEYS if name == "person" else keys)
    absent: dict[str, set[str]] = {"skipped": set(), "unknown": set()}
    values = {}
    for key, value in table.items():
        if state := page.absence(value):
            absent[state].add(key)
        else:
            values[key] = read_value(page, name, keys[key], value)
    return values, frozenset(absent["skipped"]), frozenset(absent["unknown"])


def read_value(page: Page, name: str, key: Key, value: Any) -> Any:
    """Return the value of one key as its kind asks for.

    Parameters
    ----------
    page : Page
    name : str
        Of the table.
    key : Key
    value : object
        As TOML or JSON has it.

    Raises
    ------
    PersonError
        If the key cannot hold it.
    """
    if key.kind == "number":
        read = page.whole if key.is_whole else page.number
        return read(name, key.id, value, key.limits)
    if key.kind == "choice":
        return page.choice(name, key.id, value, key.words)
    if key.kind == "regions":
        return page.several(name, key.id, value, region_codes(), '["low_back", "heel_left"]')
    if key.kind == "several":
        return page.several(name, key.id, value, key.words, f'["{key.words[0]}"]')
    if key.kind == "treatments":
        return _read_treatments(page, key, value)
    return page.answer(name, key.id, value)


def _read_history(page: Page, table: Mapping[str, Any]) -> History:
    values, skipped, unknown = _read_plain(page, "history", table)
    return History(**values, skipped=skipped, unknown=unknown)


def _read_treatments(page: Page, key: Key, value: Any) -> tuple[Treatment, ...]:
    """Read a list of { kind, region, weeks, response }."""
    example = '{ kind = "exercise", region = "back", weeks = 6, response = "same" }'
    if not isinstance(value, list):
        page.refuse(f"[history] treatments must be a list, e.g. [{example}]")
    keys = read_keys("treatment")
    found = []
    for entry in value:
        told = page.table("[history] a treatment", entry, example)
        page.check_keys("history.treatments", told, ("kind", *keys))
        if not {"kind", "region"} <= set(told):
            page.refuse(f"[history] a treatment needs a kind and a region, e.g. {example}")
        kind = page.choice("history.treatments", "kind", told["kind"], key.words)
        rest = {k: read_value(page, "history.treatments", keys[k], v) for k, v in told.items() if k != "kind"}
        treatment = Treatment(kind, **rest)
        if treatment in found:
            page.refuse(f"[history] treatments: '{kind}' stands twice with the same words; write it once")
        found.append(treatment)
    return tuple(found)


def screen_keys() -> tuple[str, ...]:
    """Return every key ``[screen]`` may hold: the danger signs and the questions that belong to one."""
    return screen_ids()


def _read_answers(page: Page, name: str, table: Mapping[str, Any], known: tuple[str, ...]) -> Mapping[str, Answer]:
    page.check_keys(name, table, known)
    return MappingProxyType({key: page.answer(name, key, value) for key, value in table.items()})


def _read_conditions(page: Page, table: Mapping[str, Any]) -> tuple[Mapping[str, Answer], int | None]:
    """Return the answers, and the risk group of the diabetic foot where it is a number."""
    keys = read_keys("conditions")
    page.check_keys("conditions", table, keys)
    answers, risk = {}, None
    for key, value in table.items():
        if keys[key].kind == "number" and not page.absence(value):
            risk = page.whole("conditions", key, value, keys[key].limits)
        else:
            answers[key] = page.answer("conditions", key, value)
    return MappingProxyType(answers), risk


def _read_wells(page: Page, table: Mapping[str, Any]) -> tuple[Mapping[str, Answer], str]:
    examiner = page.code("wells", "examiner", table["examiner"]) if "examiner" in table else ""
    page.check_keys("wells", table, ("examiner", *read_keys("wells")))
    return (
        MappingProxyType({k: page.answer("wells", k, v) for k, v in table.items() if k != "examiner"}),
        examiner,
    )


def read_symptoms(page: Page, marks: Iterable[Any]) -> tuple[Symptom, ...]:
    """Return the marks of ``[[symptoms]]``: kind and region, and on the picture also view, x and y.

    Parameters
    ----------
    page : Page
    marks : iterable of table

    Raises
    ------
    PersonError
        If a mark is impossible, or stands twice.
    """
    found: list[Symptom] = []
    for entry in marks:
        told = page.table("[[symptoms]]", entry, 'kind = "pain" and region = "heel_left" below it')
        page.check_keys("symptoms", told, ("kind", "region", "view", "x", "y"))
        if not {"kind", "region"} <= set(told):
            page.refuse('[[symptoms]] needs a kind and a region, e.g. kind = "pain" and region = "heel_left"')
        kind = cast(
            Literal["pain", "numbness", "tingling"], page.choice("symptoms", "kind", told["kind"], SYMPTOM_KINDS)
        )
        (region,) = page.several("symptoms", "region", [told["region"]], region_codes(), '"heel_left"')
        symptom = Symptom(kind, region, *_read_place(page, region, told))
        if symptom in found:
            page.refuse(f"[[symptoms]] {kind} of {region} stands twice at the same place; write it once")
        found.append(symptom)
    return tuple(found)


def _read_place(page: Page, region: str, told: Mapping[str, Any]) -> tuple[Any, float | None, float | None]:
    """Return outline and coordinates of a mark; all three or none."""
    given = [key for key in ("view", "x", "y") if key in told]
    if not given:
        return "", None, None
    if len(given) < 3:
        page.refuse("[[symptoms]] view, x and y belong together; give all three, or the region alone")
    view = page.choice("symptoms", "view", told["view"], VIEWS)
    if view not in views_of(region):
        page.refuse(
            f"[[symptoms]] '{region}' cannot be marked on the outline '{view}'. {suggest('', views_of(region))}"
        )
    x, y = (page.number("symptoms", key, told[key], (0.0, 1.0, "of the outline")) for key in ("x", "y"))
    return view, x, y


def _read_recordings(page: Page, table: Mapping[str, Any], folder: Path | None) -> tuple[str | None, tuple[str, ...]]:
    page.check_keys("recordings", table, ("static", "trials"))
    if folder is None:
        if table:
            page.refuse("[recordings] names files of a machine; leave it out, and hand in the recordings themselves")
        return None, ()
    trials = table.get("trials", [])
    if not isinstance(trials, list):
        page.refuse(f'[recordings] trials is {trials!r}; write a list, e.g. ["walk1.c3d", "walk2.c3d"]')
    static = table.get("static")
    return (
        None if static is None else _recording_path(page, "static", static, folder),
        tuple(_recording_path(page, "trials", trial, folder) for trial in trials),
    )


def _recording_path(page: Page, key: str, written: Any, folder: Path) -> str:
    if not isinstance(written, str) or not written.strip() or "\0" in written:
        page.refuse(f"[recordings] {key}: {written!r} is no file name; write it in quotes")
    path = folder / written
    if not path.is_file():
        page.refuse(
            f"[recordings] {key} names '{written}', and there is no such file; paths start at the person file's folder"
        )
    return str(path)
