"""Lines of a journal: how one event becomes a line bound to the line before it, and how damage is found."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

from kinechain.care.follow_up.events import Event
from kinechain.care.records.plain_values import from_plain, to_plain
from kinechain.core.errors import InputError, JournalError

__all__ = [
    "MAX_BYTES",
    "MAX_LINE",
    "MAX_LINES",
    "SCHEMA",
    "Damage",
    "Salvaged",
    "chained",
    "check_event",
    "check_pseudonym",
    "digest",
    "read_lines",
    "read_more",
]

#: Version of the file, in its first line.
SCHEMA = "kinechain/journal/1"

#: A file or a line beyond these is none of ours (assumption: ten years of daily entries stay far below).
MAX_BYTES = 64 * 1024**2
MAX_LINES = 200_000
MAX_LINE = 8 * 1024**2

EVENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
PSEUDONYM = re.compile(r"[\w.-]{1,40}")


@dataclass(frozen=True)
class Damage:
    """One line that is not as it was written.

    Attributes
    ----------
    line : int
        From 1.
    what : str
        What is wrong with it, in a sentence.
    """

    line: int
    what: str


@dataclass(frozen=True)
class Salvaged:
    """What can still be read of a journal.

    Attributes
    ----------
    person : str
        Pseudonym; '' if the first line is lost or doubtful.
    events : tuple of Event
        As they were written.
    doubtful : tuple of Event
        Readable, but the line was altered after it was written, or the line after it is missing: nobody can tell.
    damage : tuple of Damage
        Empty if the journal is whole.
    head : str
        SHA-256 of the last line.
    """

    person: str
    events: tuple[Event, ...]
    doubtful: tuple[Event, ...]
    damage: tuple[Damage, ...]
    head: str


@dataclass(frozen=True)
class _Line:
    """One line, read for itself."""

    number: int
    digest: str
    previous: str = ""
    person: str = ""
    event: Event | None = None
    fault: str = ""


def digest(line: bytes) -> str:
    """Return the SHA-256 of a line with its line break."""
    return hashlib.sha256(line).hexdigest()


def chained(person: str, events: Iterable[Event], head: str = "") -> list[bytes]:
    """Return the lines of events, each bound to the one before it.

    Parameters
    ----------
    person : str
        Pseudonym.
    events : iterable of Event
    head : str
        Digest of the line they follow; '' for a new journal, whose first line then comes first.

    Raises
    ------
    JournalError
        If a line would be too long.
    """
    lines = [] if head else [_line({"schema": SCHEMA, "person": person})]
    for event in events:
        lines.append(_line({**to_plain(event), "previous": digest(lines[-1]) if lines else head}))
        if len(lines[-1]) > MAX_LINE:
            _refuse(f"the entry '{event.id}' is longer than {MAX_LINE // 1024**2} MB")
    return lines


def read_lines(content: bytes) -> Salvaged:
    """Read every line for itself, then whether each is what the line after it was bound to.

    Parameters
    ----------
    content : bytes
        Of the whole file.
    """
    lines = [_read_line(number, line) for number, line in enumerate(content.splitlines(keepends=True), 1)]
    if not lines:
        return Salvaged("", (), (), (Damage(1, "it is empty"),), digest(b""))
    altered = {
        line.number
        for line, after in pairwise(lines)
        if not line.fault and not after.fault and after.previous != line.digest
    }
    what = "it is not what the line after it was bound to: it was altered, or lines after it are missing"
    damage = [Damage(line.number, line.fault or what) for line in lines if line.fault or line.number in altered]
    events: dict[str, Event] = {}
    doubtful = []
    for line in lines:
        if line.event is None:
            continue
        if line.number in altered:
            doubtful.append(line.event)
        elif events.setdefault(line.event.id, line.event) != line.event:
            damage.append(Damage(line.number, f"the entry '{line.event.id}' stands above and says something else"))
            doubtful.append(line.event)
    person = "" if 1 in altered else lines[0].person
    ordered = tuple(sorted(damage, key=lambda found: found.line))
    return Salvaged(person, tuple(events.values()), tuple(doubtful), ordered, lines[-1].digest)


def read_more(known: Sequence[Event], head: str, content: bytes) -> tuple[tuple[Event, ...], str] | None:
    """Return the events of a journal whose first lines were read before, and the digest of its last line.

    Parameters
    ----------
    known : sequence of Event
        Of the lines that were read before.
    head : str
        Digest of the last of them.
    content : bytes
        Of the lines that follow it.

    Returns
    -------
    tuple of (tuple of Event, str), or None
        None unless every line is whole and bound to the one before it: `read_lines` of everything then tells.
    """
    events = {event.id: event for event in known}
    for number, content_of_line in enumerate(content.splitlines(keepends=True), len(known) + 2):
        line = _read_line(number, content_of_line)
        if line.event is None or line.fault or line.previous != head:
            return None
        if events.setdefault(line.event.id, line.event) != line.event:
            return None
        head = line.digest
    return tuple(events.values()), head


def check_event(event: Event) -> None:
    """Refuse an event that no journal holds.

    Parameters
    ----------
    event : Event

    Raises
    ------
    JournalError
        If its id or its time is impossible, or it would not be read back as it is.
    """
    _check_id(event)
    if event.at.utcoffset() is None:
        _refuse(f"the entry '{event.id}' has a time without the offset of its clock")
    try:
        same = from_plain(json.loads(_line(to_plain(event))), Event) == event
    except InputError as error:
        raise JournalError(f"the entry '{event.id}' cannot be kept: {error}") from error
    if not same:
        _refuse(f"the entry '{event.id}' would not be read back as it is")


def _check_id(event: Event) -> None:
    if not EVENT_ID.fullmatch(event.id):
        _refuse(f"the id {event.id[:70]!r} must be 8 to 64 letters, digits, '-' and '_'")


def check_pseudonym(person: str) -> None:
    """Refuse what is no pseudonym.

    Parameters
    ----------
    person : str

    Raises
    ------
    JournalError
        If it is not a short code.
    """
    if not PSEUDONYM.fullmatch(person):
        _refuse("a journal belongs to a pseudonym: a code of letters, digits, '.', '-' and '_', at most 40")


def _read_line(number: int, line: bytes) -> _Line:
    try:
        plain = _parse(line)
        if number == 1:
            return _Line(number, digest(line), person=_person(plain))
        previous = plain.pop("previous", "")
        event: Event = from_plain(plain, Event)
        _check_id(event)
    except InputError as error:
        return _Line(number, digest(line), fault=str(error))
    return _Line(number, digest(line), previous if isinstance(previous, str) else "", event=event)


def _parse(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        _refuse(f"it is longer than {MAX_LINE // 1024**2} MB")
    if not line.endswith(b"\n"):
        _refuse("it is torn: its end was never written")
    try:
        plain = json.loads(line.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number)
    except UnicodeDecodeError:
        _refuse("it is not UTF-8 text")
    except json.JSONDecodeError as error:
        _refuse(f"it is not JSON ({error.msg})")
    except RecursionError:
        _refuse("its brackets are nested too deep")
    except ValueError:
        _refuse("a number in it has too many digits")
    if not isinstance(plain, dict):
        _refuse("it is no table with keys")
    return plain


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        _refuse("a key stands twice in it")
    return found


def _no_number(word: str) -> NoReturn:
    _refuse(f"{word} is not a number")


def _person(plain: dict[str, Any]) -> str:
    schema, person = plain.get("schema"), plain.get("person")
    if schema != SCHEMA:
        _refuse(f"it names the schema {str(schema)[:60]!r}, and this version of kinechain reads '{SCHEMA}'")
    if not isinstance(person, str) or set(plain) != {"schema", "person"}:
        _refuse("the first line holds 'schema' and 'person' (a pseudonym), and nothing else")
    check_pseudonym(person)
    return person


def _line(plain: dict[str, Any]) -> bytes:
    return json.dumps(plain, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _refuse(sentence: str) -> NoReturn:
    raise JournalError(sentence)
