"""How often one session or one address may ask for what costs much, or may guess; kept in memory, per process.

People of one clinic share an address, so whoever has a session is counted by it, and an address only where nobody is
signed in; there, only answers that refused count, for 200 patients may well open their links within the same minute.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Literal

__all__ = ["LIMITS", "Allowance", "Kind", "Limits"]

#: Of routes that cost much or that guess; see `kinechain.web.access.rule`.
Kind = Literal["guess", "upload", "analyse", "what-if", "print", "log"]


@dataclass(frozen=True)
class Allowance:
    """So many at once, and one more every ``seconds``."""

    at_once: int
    seconds: float


#: Choices: far above what a person does by hand, far below what stops the others.
LIMITS: Mapping[Kind, Allowance] = {
    "guess": Allowance(30, 10.0),
    "upload": Allowance(60, 2.0),
    "analyse": Allowance(20, 10.0),
    "what-if": Allowance(60, 0.25),
    "print": Allowance(20, 2.0),
    # A phone sends up to a hundred entries at once; a program that writes without end is not the patient.
    "log": Allowance(200, 0.5),
}

#: Keys that are kept; the longest unused go first, which were full again anyway.
MOST_KEYS = 20_000


class Limits:
    """Buckets of tokens, one per kind and key.

    Parameters
    ----------
    limits : mapping, optional
    clock : callable, optional
        Seconds that only grow.
    """

    def __init__(self, limits: Mapping[Kind, Allowance] = LIMITS, clock: Callable[[], float] = monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = Lock()
        #: What is left, and when that was so.
        self._buckets: OrderedDict[tuple[Kind, str], tuple[float, float]] = OrderedDict()

    def wait(self, kind: Kind, key: str) -> int:
        """Return how many seconds somebody must wait; 0 if they need not.

        Parameters
        ----------
        kind : Kind
        key : str
        """
        with self._lock:
            left = self._left(kind, key)
        return 0 if left >= 1 else math.ceil((1 - left) * self._limits[kind].seconds)

    def take(self, kind: Kind, key: str) -> int:
        """Count one, and return how many seconds somebody must wait; 0 if they need not.

        Parameters
        ----------
        kind : Kind
        key : str
        """
        with self._lock:
            left = self._left(kind, key)
            if left >= 1:
                left -= 1
                wait = 0
            else:
                wait = math.ceil((1 - left) * self._limits[kind].seconds)
            self._buckets[kind, key] = (left, self._clock())
            self._buckets.move_to_end((kind, key))
            while len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
        return wait

    def _left(self, kind: Kind, key: str) -> float:
        allowance = self._limits[kind]
        left, since = self._buckets.get((kind, key), (float(allowance.at_once), self._clock()))
        return min(float(allowance.at_once), left + (self._clock() - since) / allowance.seconds)
