"""Logs kept apart become one: nothing is lost, nothing is counted twice.

The merged log depends only on the set of what was written, so the order of merging, and merging again, change nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from kinechain.care.follow_up.events import Event

__all__ = ["DOUBLE_TAP_S", "Conflict", "Duplicate", "Merged", "content_digest", "merge"]

#: Two entries of the same person and content this close are one entry tapped twice (choice).
DOUBLE_TAP_S = 10.0

DIGEST_LENGTH = 12

#: Where an event keeps what was computed of it: it never changes, and logs are merged at every look.
SAID = "_said"


class Said(NamedTuple):
    """What an event says, shortened.

    Attributes
    ----------
    content : str
        The same for all events that say the same, whatever their id and time.
    digest : str
        Of content and time.
    """

    content: str
    digest: str


@dataclass(frozen=True)
class Conflict:
    """One id under which different things were written; all of them are kept.

    Attributes
    ----------
    id : str
        As written.
    kept_as : tuple of str
        Ids in the merged log; the first is the id as written, and the one that is counted.
    """

    id: str
    kept_as: tuple[str, ...]


@dataclass(frozen=True)
class Duplicate:
    """Entries of the same content within seconds: all are kept, the first is counted.

    Attributes
    ----------
    counted : str
    not_counted : tuple of str
        Their ids.
    """

    counted: str
    not_counted: tuple[str, ...]


@dataclass(frozen=True)
class Merged:
    """One log made of several.

    Attributes
    ----------
    events : tuple of Event
        Everything that was written, by time.
    duplicates : tuple of Duplicate
    conflicts : tuple of Conflict
    """

    events: tuple[Event, ...]
    duplicates: tuple[Duplicate, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def counted(self) -> tuple[Event, ...]:
        """The events that are counted: without second taps and second versions."""
        out = {i for d in self.duplicates for i in d.not_counted} | {i for c in self.conflicts for i in c.kept_as[1:]}
        return tuple(event for event in self.events if event.id not in out)


def content_digest(event: Event) -> str:
    """Return a digest of everything an event says but its id.

    Parameters
    ----------
    event : Event
    """
    return _said(event).digest


def merge(*logs: Iterable[Event]) -> Merged:
    """Return one log of all: the union by id, commutative, associative and idempotent.

    Parameters
    ----------
    *logs : iterable of Event
        Of one person; each may come from another device, in any order.
    """
    versions: dict[str, dict[str, tuple[Event, str]]] = {}
    for event in (event for log in logs for event in log):
        content, digest = _said(event)
        versions.setdefault(_written_id(event.id, digest), {})[digest] = event, content
    kept: list[tuple[Event, str]] = []
    conflicts: list[Conflict] = []
    for written, found in versions.items():
        named = []
        for rank, digest in enumerate(sorted(found)):
            event, content = found[digest]
            key = f"{written}-{digest}" if rank else written
            named.append((event if event.id == key else dataclasses.replace(event, id=key), content))
        kept += named
        if len(named) > 1:
            conflicts.append(Conflict(written, tuple(event.id for event, _ in named)))
    kept.sort(key=lambda pair: (_instant(pair[0].at), pair[0].id))
    events = tuple(event for event, _ in kept)
    return Merged(events, _double_taps(kept), tuple(sorted(conflicts, key=lambda c: c.id)))


def _written_id(kept: str, digest: str) -> str:
    """Return the id an event was written under; a second version carries its own digest at the end."""
    return kept.removesuffix(f"-{digest}")


def _double_taps(ordered: Sequence[tuple[Event, str]]) -> tuple[Duplicate, ...]:
    alike: dict[str, list[list[Event]]] = {}
    for event, content in ordered:
        clusters = alike.setdefault(content, [])
        if clusters and (event.at - clusters[-1][-1].at).total_seconds() <= DOUBLE_TAP_S:
            clusters[-1].append(event)
        else:
            clusters.append([event])
    return tuple(
        Duplicate(cluster[0].id, tuple(event.id for event in cluster[1:]))
        for clusters in alike.values()
        for cluster in clusters
        if len(cluster) > 1
    )


def _instant(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _said(event: Event) -> Said:
    """Return what an event says, computed once."""
    found: Said | None = vars(event).get(SAID)
    if found is None:
        names = (field.name for field in dataclasses.fields(event) if field.name not in ("id", "at"))
        told = (f"{name}={_plain(getattr(event, name))}" for name in names)
        content = "\n".join((type(event).__name__, *told)).encode()
        content_only = hashlib.sha256(content).hexdigest()
        with_time = hashlib.sha256(event.at.isoformat().encode() + b"\n" + content).hexdigest()[:DIGEST_LENGTH]
        found = vars(event)[SAID] = Said(content_only, with_time)
    return found


def _plain(value: Any) -> str:
    """Return a value as text that depends neither on the order of a mapping nor on how a number is written."""
    # What JSON is made of first: a visit holds thousands of such values.
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, str | bool):
        return repr(value)
    if isinstance(value, int | float):
        return repr(float(value))
    if isinstance(value, Mapping):
        return _table(value)
    if isinstance(value, tuple | list):
        return _row(value)
    if dataclasses.is_dataclass(value):
        return "(" + ",".join(f"{f.name}={_plain(getattr(value, f.name))}" for f in dataclasses.fields(value)) + ")"
    return repr(value)


def _table(value: Mapping[Any, Any]) -> str:
    return "{" + ",".join([f"{key!r}:{_plain(value[key])}" for key in sorted(value)]) + "}"


def _row(value: Sequence[Any]) -> str:
    return "[" + ",".join([_plain(item) for item in value]) + "]"


_WRITERS: Mapping[type, Callable[[Any], str]] = MappingProxyType(
    {
        type(None): repr,
        bool: repr,
        str: repr,
        float: repr,
        int: lambda value: repr(float(value)),
        dict: _table,
        MappingProxyType: _table,
        list: _row,
        tuple: _row,
    }
)
