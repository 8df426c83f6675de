"""Marks of the symptom map as a form sends them."""

from __future__ import annotations

from typing import Any

from kinechain.care.person.person import Symptom
from kinechain.core.errors import InputError

__all__ = ["MOST_MARKS", "mark_text", "read_marks"]

#: More marks than this are a slip of a script, not an answer.
MOST_MARKS = 200


def mark_text(symptom: Symptom) -> str:
    """Return a mark as the value of a form's field ``mark``: 'pain:heel_left', or with its point.

    Parameters
    ----------
    symptom : Symptom
    """
    where = (
        f":{symptom.view}:{symptom.x:.3f}:{symptom.y:.3f}" if symptom.x is not None and symptom.y is not None else ""
    )
    return f"{symptom.kind}:{symptom.region}{where}"


def read_marks(text: str) -> tuple[dict[str, Any], ...]:
    """Return the marks of a form's field ``mark``, as `kinechain.care.intake.answers.put` takes them for 'symptoms'.

    Parameters
    ----------
    text : str
        Values joined by commas, as `kinechain.web.forms.read_form` joins them; '' for none.

    Raises
    ------
    InputError
        If one is written in another way; whether kind and region exist is checked when they are put.
    """
    written = [entry for entry in text.split(",") if entry]
    if len(written) > MOST_MARKS:
        raise InputError(f"a body map holds at most {MOST_MARKS} marks; choose regions instead of single points")
    return tuple(_mark(entry) for entry in dict.fromkeys(written))


def _mark(written: str) -> dict[str, Any]:
    parts = written.split(":")
    if len(parts) not in (2, 5):
        raise InputError("a mark is written kind:region or kind:region:view:x:y; mark the place again")
    found: dict[str, Any] = {"kind": parts[0], "region": parts[1]}
    if len(parts) == 5:
        try:
            x, y = float(parts[3]), float(parts[4])
        except ValueError as error:
            raise InputError("the point of a mark is two numbers from 0 to 1; mark the place again") from error
        found |= {"view": parts[2], "x": x, "y": y}
    return found
