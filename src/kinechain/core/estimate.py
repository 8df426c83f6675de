"""The only two ways a scalar claim leaves the physics."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Estimate", "NotMeasured"]


@dataclass(frozen=True)
class Estimate:
    """A number with its interval, unit and source.

    Attributes
    ----------
    value : float
        Best estimate.
    low, high : float
        2.5 and 97.5 % limits.
    unit : str
        Unit of all three, as printed.
    source : str
        What stands behind the interval: a source key, or the method in words.
    """

    value: float
    low: float
    high: float
    unit: str
    source: str

    def __post_init__(self) -> None:
        if not all(math.isfinite(x) for x in (self.value, self.low, self.high)):
            raise ValueError(f"an estimate must be finite, got {self.low}, {self.value}, {self.high}")
        if not self.low <= self.value <= self.high:
            raise ValueError(f"an estimate must lie inside its interval, got {self.low}, {self.value}, {self.high}")
        if not self.source:
            raise ValueError("an estimate without a source does not ship")


@dataclass(frozen=True)
class NotMeasured:
    """An answer: this was not measured, why, and what would measure it."""

    reason: str
    next_test: str = ""
