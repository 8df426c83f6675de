"""Logs kept apart become one: nothing is lost, nothing is counted twice.

The merged log depends only on the set of what was written, so the order of merging, and merging again, change nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kinechain.care.events import Event

__all__ = ["DOUBLE_TAP_S", "Conflict", "Duplicate", "Merged", "content_digest", "merge"]

#: Two entries of the same person and content this close are one entry tapped twice (choice).
DOUBLE_TAP_S = 10.0

DIGEST_LENGTH = 12


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
    return _digest([type(event).__name__, *_fields(event, without=("id",))])


def merge(*logs: Iterable[Event]) -> Merged:
    """Return one log of all: the union by id, commutative, associative and idempotent.

    Parameters
    ----------
    *logs : iterable of Event
        Of one person; each may come from another device, in any order.
    """
    versions: dict[str, dict[str, Event]] = {}
    for event in (event for log in logs for event in log):
        digest = content_digest(event)
        versions.setdefault(_written_id(event.id, digest), {})[digest] = event
    kept: list[Event] = []
    conflicts: list[Conflict] = []
    for written, found in versions.items():
        named = [
            dataclasses.replace(found[digest], id=written if not rank else f"{written}-{digest}")
            for rank, digest in enumerate(sorted(found))
        ]
        kept += named
        if len(named) > 1:
            conflicts.append(Conflict(written, tuple(event.id for event in named)))
    ordered = tuple(sorted(kept, key=lambda event: (_instant(event.at), event.id)))
    return Merged(ordered, _double_taps(ordered), tuple(sorted(conflicts, key=lambda c: c.id)))


def _written_id(kept: str, digest: str) -> str:
    """Return the id an event was written under; a second version carries its own digest at the end."""
    return kept.removesuffix(f"-{digest}")


def _double_taps(ordered: tuple[Event, ...]) -> tuple[Duplicate, ...]:
    alike: dict[str, list[list[Event]]] = {}
    for event in ordered:
        key = _digest([type(event).__name__, *_fields(event, without=("id", "at"))])
        clusters = alike.setdefault(key, [])
        if clusters and (_instant(event.at) - _instant(clusters[-1][-1].at)).total_seconds() <= DOUBLE_TAP_S:
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


def _fields(event: Event, without: tuple[str, ...]) -> list[str]:
    return [
        f"{field.name}={_plain(getattr(event, field.name))}"
        for field in dataclasses.fields(event)
        if field.name not in without
    ]


def _plain(value: Any) -> str:
    """Return a value as text that does not depend on the order of a mapping."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key!r}:{_plain(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, tuple | list):
        return "[" + ",".join(_plain(item) for item in value) + "]"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(float(value))
    if dataclasses.is_dataclass(value):
        return "(" + ",".join(f"{f.name}={_plain(getattr(value, f.name))}" for f in dataclasses.fields(value)) + ")"
    return repr(value)


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:DIGEST_LENGTH]
