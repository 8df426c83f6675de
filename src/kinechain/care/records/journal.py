"""The journal of one person: a file that only grows, one event a line, each line bound to the one before it.

The first line names the schema and the person; every line after it holds one event and, as ``previous``, the SHA-256
of the line before.  A line that was altered, torn or taken out is therefore named, and what stands around it can still
be read (`salvage`).  The chain does not show that whole lines are missing at the end; a second copy does (`merged`).
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from kinechain.care.follow_up.events import Event
from kinechain.care.follow_up.merge import content_digest, merge
from kinechain.care.records.journal_lines import (
    MAX_BYTES,
    MAX_LINES,
    SCHEMA,
    Damage,
    Salvaged,
    chained,
    check_event,
    check_pseudonym,
    digest,
    read_lines,
)
from kinechain.care.records.journal_place import SUFFIX, journal_path
from kinechain.core.errors import FileError, JournalError

__all__ = [
    "SCHEMA",
    "SUFFIX",
    "Damage",
    "Journal",
    "Salvaged",
    "append",
    "journal_path",
    "merge_files",
    "merged",
    "read_journal",
    "repair",
    "salvage",
]


#: How long a second writer waits for the first, seconds.
PATIENCE_S = 10.0


@dataclass(frozen=True)
class Journal:
    """A whole, verified journal.

    Attributes
    ----------
    person : str
        Pseudonym.
    events : tuple of Event
        In the order they were written.
    head : str
        SHA-256 of the last line: kept elsewhere, it proves later that nothing was cut off.
    """

    person: str
    events: tuple[Event, ...]
    head: str


def read_journal(path: Path | str, person: str = "") -> Journal:
    """Return a journal in which every line is as it was written.

    Parameters
    ----------
    path : path
    person : str
        Pseudonym it must belong to; '' for anybody's.

    Raises
    ------
    FileError
        If there is no such file, or it cannot be read.
    JournalError
        If a line is damaged or not known (the first one is named), or it belongs to somebody else.
    """
    path = Path(path)
    return _whole(path.name, read_lines(_content(path)), person)


def salvage(path: Path | str) -> Salvaged:
    """Return every event that can still be read, and every line that is damaged.

    Parameters
    ----------
    path : path

    Raises
    ------
    FileError
        If there is no such file, or it cannot be read.
    """
    path = Path(path)
    return read_lines(_content(path))


def append(path: Path | str, *events: Event, person: str) -> tuple[Event, ...]:
    """Write events at the end of a journal, which is made if there is none; wait for another writer.

    Parameters
    ----------
    path : path
    *events : Event
    person : str
        Pseudonym it must belong to.

    Returns
    -------
    tuple of Event
        Those written; one that stands there already, word for word, is not written twice.

    Raises
    ------
    FileError
        If it cannot be written; then it is as before.
    JournalError
        If it is damaged, belongs to somebody else, an event has an impossible id or time, or an id stands there with
        other content; then nothing is written.
    """
    path = Path(path)
    check_pseudonym(person)
    _check_kind(path)
    for event in events:
        check_event(event)
    try:
        with path.open("a+b") as file, _held(file, path.name):
            content = _read(file, path.name)
            journal = _whole(path.name, read_lines(content), person) if content else None
            new = _new_events(path.name, events, journal.events if journal else ())
            _write(file, path.name, len(content), b"".join(chained(person, new, journal.head if journal else "")))
            return new
    except OSError as error:
        raise FileError(f"{path.name} cannot be written: {error.strerror}") from error


def merged(*journals: Journal) -> Journal:
    """Return the union of journals of one person: nothing lost, nothing twice, in the order of time.

    Parameters
    ----------
    *journals : Journal

    Returns
    -------
    Journal
        Where one id stands for two different entries both are kept (`kinechain.care.follow_up.merge.merge`).

    Raises
    ------
    JournalError
        If they belong to different people.
    """
    people = sorted({journal.person for journal in journals})
    if len(people) != 1:
        raise JournalError(f"journals of one person can be merged, not of {len(people)}: {', '.join(people)}")
    events = merge(*(journal.events for journal in journals)).events
    return Journal(people[0], events, digest(chained(people[0], events)[-1]))


def merge_files(path: Path | str, other: Path | str, person: str = "") -> tuple[Event, ...]:
    """Append to a journal what only another copy of it holds.

    Parameters
    ----------
    path : path
        Grows; what stands in it stays.
    other : path
        Is only read.
    person : str
        Pseudonym both must belong to; '' for anybody's.

    Returns
    -------
    tuple of Event
        Those that were new, in the order of time; another version of an entry under an id of its own.

    Raises
    ------
    FileError, JournalError
        As `read_journal` and `append`; JournalError if they belong to different people.
    """
    here, there = read_journal(path, person), read_journal(other, person)
    if here.person != there.person:
        raise JournalError(f"journals of one person can be merged, not of 2: {here.person}, {there.person}")
    known = {event.id: event for event in here.events}
    other_versions = {event.id: f"{event.id}-{content_digest(event)}" for event in there.events}
    new = [
        event if event.id not in known else replace(event, id=other_versions[event.id])
        for event in there.events
        if known.get(event.id) != event
    ]
    # A second version that was merged before stands there under its own id already.
    fresh = [event for event in new if event.id not in known]
    return append(path, *sorted(fresh, key=lambda event: (event.at, event.id)), person=here.person)


def repair(path: Path | str, person: str = "") -> tuple[Salvaged, Path]:
    """Set a damaged journal aside, unchanged, and write what is as it was written as a new one.

    Parameters
    ----------
    path : path
    person : str
        Pseudonym, for a journal whose first line is lost.

    Returns
    -------
    tuple of Salvaged, Path
        What was found, and where the damaged file lies now.

    Raises
    ------
    FileError
        If it cannot be read or written.
    JournalError
        If it is whole, or its first line is lost and nobody says whose it is.
    """
    path = Path(path)
    _content(path)
    try:
        # Under the lock, or an entry that is being written would be taken for a torn one.
        with path.open("r+b") as file, _held(file, path.name):
            return _repaired(path, file, person)
    except OSError as error:
        raise FileError(f"{path.name} cannot be repaired: {error.strerror}") from error


def _repaired(path: Path, file: BinaryIO, person: str) -> tuple[Salvaged, Path]:
    """Write the damaged content beside the journal, then what is whole of it into the journal, which stays one file."""
    content = _read(file, path.name)
    found = read_lines(content)
    person = person or found.person
    if not found.damage:
        raise JournalError(f"{path.name} is whole; there is nothing to repair")
    if not person:
        raise JournalError(f"{path.name} has lost its first line, and with it whose it is; say whose it is")
    if found.person and person != found.person:
        raise JournalError(f"{path.name} is the journal of '{found.person}', not of '{person}'")
    check_pseudonym(person)
    aside = path.with_name(f"{path.name}.damaged-{hashlib.sha256(content).hexdigest()[:8]}")
    with aside.open("wb") as copy:
        copy.write(content)
        copy.flush()
        os.fsync(copy.fileno())
    file.seek(0)
    file.truncate()
    file.writelines(chained(person, found.events))
    file.flush()
    os.fsync(file.fileno())
    return found, aside


def _check_kind(path: Path) -> None:
    """Refuse what is there and is no file: a journal that cannot be seen is not the same as none."""
    if path.is_dir():
        raise FileError(f"{path.name or path} is a folder; the journal of NAME.toml is the file NAME{SUFFIX} beside it")
    if path.is_symlink() and not path.exists():
        raise FileError(
            f"{path.name} points to a file that is not there; connect the drive it lies on, or take it away"
        )
    if path.exists() and not path.is_file():
        raise FileError(f"{path.name} is a pipe or a device; a journal is a file on a disk")


def _content(path: Path) -> bytes:
    _check_kind(path)
    if not path.is_file():
        raise FileError(f"there is no journal {path.name}")
    try:
        with path.open("rb") as file:
            return _read(file, path.name)
    except OSError as error:
        raise FileError(f"{path.name} cannot be read: {error.strerror}") from error


def _read(file: BinaryIO, name: str) -> bytes:
    file.seek(0)
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise JournalError(f"{name} is larger than {MAX_BYTES // 1024**2} MB, which no journal of one person is")
    if content.count(b"\n") > MAX_LINES:
        raise JournalError(f"{name} has more than {MAX_LINES} lines, which no journal of one person has")
    return content


def _whole(name: str, found: Salvaged, person: str) -> Journal:
    if found.damage:
        first = found.damage[0]
        raise JournalError(
            f"{name} is damaged in line {first.line}: {first.what}; {len(found.events)} entries are as they were "
            "written; kinechain log PERSON.toml --repair keeps them and sets the damaged file aside"
        )
    if person and found.person != person:
        raise JournalError(f"{name} is the journal of '{found.person}', not of '{person}'")
    return Journal(found.person, found.events, found.head)


def _new_events(name: str, events: tuple[Event, ...], written: tuple[Event, ...]) -> tuple[Event, ...]:
    held = {event.id: event for event in written}
    new: dict[str, Event] = {}
    for event in events:
        if held.setdefault(event.id, event) != event:
            raise JournalError(
                f"{name} holds an entry '{event.id}' that says something else; entries are never changed: write a new "
                "one with an id of its own"
            )
        new[event.id] = event
    for event in written:
        new.pop(event.id, None)
    return tuple(new.values())


def _write(file: BinaryIO, name: str, size: int, text: bytes) -> None:
    """Write all lines at once and wait for the disk; on failure the file is as before."""
    if size + len(text) > MAX_BYTES:
        raise JournalError(f"{name} would grow beyond {MAX_BYTES // 1024**2} MB; nothing was written")
    # Past the buffer of the file: what a full disk refused would wait there and be written after all.
    left = memoryview(text)
    try:
        while left:
            left = left[os.write(file.fileno(), left) :]
        os.fsync(file.fileno())
    except BaseException:
        os.ftruncate(file.fileno(), size)
        raise


@contextmanager
def _held(file: BinaryIO, name: str) -> Iterator[None]:
    """Hold the file against a second writer; the system lets go of it if this process dies."""
    until = time.monotonic() + PATIENCE_S
    while not _lock(file):
        if time.monotonic() > until:
            raise FileError(f"{name} is being written by another program; try again when that has ended")
        time.sleep(0.02)
    try:
        yield
    finally:
        _unlock(file)


def _lock(file: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(MAX_BYTES)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unlock(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(MAX_BYTES)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
