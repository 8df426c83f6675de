"""The tables of the reference page of the person file, made from what the reader itself reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from kinechain.care.person.exam import Scale, read_exam_definitions
from kinechain.care.person.history_keys import Key, read_keys
from kinechain.care.person.questionnaires import Questionnaire, read_questionnaires
from kinechain.care.person.symptom_map import read_regions

__all__ = ["reference_tables", "renewed"]

PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def reference_tables() -> Mapping[str, str]:
    """Return every table as Markdown, by the name of its place in the page."""
    made: dict[str, Callable[[], str]] = {
        "person": lambda: _keys("person"),
        "history": lambda: _keys("history"),
        "treatment": lambda: _keys("treatment"),
        "conditions": lambda: _keys("conditions"),
        "wells": lambda: _keys("wells"),
        "exam": _exam,
        "questionnaires": _questionnaires,
        "regions": _regions,
    }
    return MappingProxyType({name: make() for name, make in made.items()})


def renewed(page: str) -> str:
    """Return a page with its tables made anew: each stands between ``<!-- table: NAME -->`` and ``<!-- end -->``.

    Parameters
    ----------
    page : str
    """
    tables = reference_tables()
    return PLACE.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n{found[3]}", page)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def _keys(table: str) -> str:
    return _table(
        ("key", "meaning", "accepted", "limits from"),
        [(f"`{key.id}`", key.meaning, _accepted(key), key.basis) for key in read_keys(table).values()],
    )


def _accepted(key: Key) -> str:
    if key.kind == "number":
        whole = "whole number, " if key.is_whole else ""
        return f"{whole}{_number(key.low)} to {_number(key.high)} {key.unit}"
    if key.kind == "regions":
        return "list of places, see below"
    if key.kind == "answer":
        return '`"yes"`, `"no"`'
    words = ", ".join(f'`"{word}"`' for word in key.words)
    if key.kind == "treatments":
        return f"list of tables, see below; `kind` is {words}"
    return f"list of {words}" if key.kind == "several" else words


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ") if value.is_integer() else f"{value:g}"


def _exam() -> str:
    rows = []
    for item in read_exam_definitions().values():
        whole = (
            _scale(Scale(item.units, item.words)) if item.has_whole else f"as `[[{item.table}]]`" if item.table else ""
        )
        rows.append((f"`{item.id}`", item.name, "", whole, item.basis))
        rows += [("", "", f'`"{part}"`', _scale(scale), "") for part, scale in item.parts.items()]
    return _table(("key", "measure", "part", "value", "limits from"), rows)


def _scale(scale: Scale) -> str:
    numbers = [f"{_number(low)} to {_number(high)} {unit}" for unit, (low, high) in scale.units.items()]
    return "; ".join([*numbers, ", ".join(f'`"{word}"`' for word in scale.words)] if scale.words else numbers)


def _questionnaires() -> str:
    rows = [(f"`{q.id}`", q.name, _score(q), q.total_basis, q.may_embed) for q in read_questionnaires().values()]
    return _table(("key", "questionnaire", "entered as", "range of the total", "items may be shipped"), rows)


def _score(questionnaire: Questionnaire) -> str:
    low, high, _ = questionnaire.limits
    told = [f"`total` {_number(low)} to {_number(high)}"] if questionnaire.has_total else []
    told += [f"`ticks`: numbers 1 to {questionnaire.ticks}"] if questionnaire.ticks else []
    told += [f"`activities`: 1 to {questionnaire.activities}"] if questionnaire.activities else []
    parts = ", ".join(f"`{p}` {_number(low)} to {_number(high)}" for p, (low, high) in questionnaire.parts.items())
    return "; ".join([*told, f"`parts`: {parts}"] if parts else told)


def _regions() -> str:
    rows = [
        (f"`{r.id}`", r.name, "yes" if r.has_sides else "no", ", ".join(r.views), ", ".join(r.groups).replace("_", " "))
        for r in read_regions().values()
    ]
    return _table(("code", "place", "`_left` and `_right`", "outlines", "counts as"), rows)
