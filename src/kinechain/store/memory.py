"""What a server holds in memory of patients it read lately, so that it need not be read anew at every look.

Nothing here is believed: whoever takes something out compares it with what the database says now.  It is bounded, it is
let go after a while, and what belongs to an erased patient is gone with them and never comes back.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import Connection

__all__ = ["OPTION", "Memory", "memory_of"]

#: Under which option of an engine it goes.
OPTION = "kinechain_memory"
#: What nobody asked for in so many seconds is let go.
LONGEST_S = 900.0


@dataclass
class _Slot:
    """What is held of one patient; sizes in bytes of what it was read from."""

    used: float
    values: dict[str, tuple[Any, int]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(size for _, size in self.values.values())


class Memory:
    """What is held of patients, the longest unused let go first.

    Parameters
    ----------
    most : int
        Bytes of what it was read from; in memory it takes about four times as much.  0 holds nothing.
    clock : callable, optional
        Seconds that only grow.
    """

    def __init__(self, most: int = 0, clock: Callable[[], float] = monotonic) -> None:
        self.most = most
        self._clock = clock
        self._lock = Lock()
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._size = 0
        #: A look that began before an erasure may end after it.
        self._gone: set[str] = set()

    def find(self, patient_id: str, name: str) -> Any:
        """Return what is held under a name; None if nothing is.

        Parameters
        ----------
        patient_id, name : str
        """
        with self._lock:
            self._let_go()
            slot = self._slots.get(patient_id)
            if slot is None:
                return None
            slot.used = self._clock()
            self._slots.move_to_end(patient_id)
            return slot.values.get(name, (None, 0))[0]

    def keep(self, patient_id: str, name: str, value: Any, size: int) -> None:
        """Hold something in place of what was held under the same name.

        Parameters
        ----------
        patient_id, name : str
        value : object
            Never changed from now on: others are given the same one.
        size : int
            Bytes of what it was read from.
        """
        with self._lock:
            if patient_id in self._gone or size > self.most or not self.most:
                self._drop(patient_id)
                return
            slot = self._slots.setdefault(patient_id, _Slot(self._clock()))
            self._size -= slot.values.get(name, (None, 0))[1]
            slot.values[name] = (value, size)
            slot.used = self._clock()
            self._size += size
            self._slots.move_to_end(patient_id)
            self._let_go()

    def forget(self, patient_id: str) -> None:
        """Let go of everything of a patient for good.

        Parameters
        ----------
        patient_id : str
        """
        with self._lock:
            self._gone.add(patient_id)
            self._drop(patient_id)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._slots.clear()
            self._size = 0

    def _let_go(self) -> None:
        while self._slots:
            oldest = next(iter(self._slots))
            if self._size <= self.most and self._slots[oldest].used > self._clock() - LONGEST_S:
                return
            self._drop(oldest)

    def _drop(self, patient_id: str) -> None:
        slot = self._slots.pop(patient_id, None)
        if slot is not None:
            self._size -= slot.size


def memory_of(connection: Connection) -> Memory:
    """Return what is held for the database of a connection.

    Parameters
    ----------
    connection : Connection
    """
    found: Memory | None = connection.get_execution_options().get(OPTION)
    return found if found is not None else Memory()
