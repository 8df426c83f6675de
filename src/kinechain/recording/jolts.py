"""Jolts of a trajectory: how far a sample lies from where the samples around it lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray

__all__ = ["Jolts", "find_jolts", "jolt_sizes", "middle", "stretch"]

#: No jolt below this counts, m (assumption: the smallest fault that matters for an angle, 6 mm on a 0.35 m shank
#: being 1 deg), and none below so many times what a tenth of the same marker's jolts exceed: heel strikes and noise
#: are far below it in the shared recordings, and a short recording with two faults does not hide them.
LEAST_JOLT_M, JOLT_TIMES, JOLT_SHARE = 0.006, 6.0, 0.1
#: Nor one that this acceleration can make within a frame, m/s^2 (assumption: 5 g, as of a foot that hits the floor).
FASTEST_M_S2 = 50.0
#: A jolt counts as a peak when it exceeds this part of those beside it; a spike makes two equal ones.
PEAK_SHARE = 0.75
#: So many frames are enough for that.
_FRAMES = 300
_BLOCK = 128
#: Fewer samples tell neither median nor percentile.
_LEAST = 10


@dataclass(frozen=True, eq=False)
class Jolts:
    """Jolts of all markers.

    Attributes
    ----------
    sizes : (time - 3, marker) array, m
        Entry t belongs to the step from frame t + 1 to frame t + 2; 0 where a sample is missing.
    usual : (marker,) array, m
        Median; 0 for markers that are hardly seen.
    limits : (marker,) array, m
        Above which a jolt is one.
    is_jolt : (time - 3, marker) array of bool
    """

    sizes: FloatArray
    usual: FloatArray
    limits: FloatArray
    is_jolt: NDArray[np.bool_]

    @cached_property
    def is_peak(self) -> NDArray[np.bool_]:
        """The jolts that none beside them outdoes, (time - 3, marker); a step makes one between two halves."""
        beside = np.zeros_like(self.sizes)
        beside[1:] = self.sizes[:-1]
        np.maximum(beside[:-1], self.sizes[1:], out=beside[:-1])
        return np.asarray(self.is_jolt & (self.sizes > PEAK_SHARE * beside))


def jolt_sizes(positions: FloatArray) -> FloatArray:
    """Return half the third difference (time - 3, ...), m, of positions (time, ..., 3); 0 where one is missing.

    Notes
    -----
    A step of size s between two frames of an even motion is a jolt of size s, a spike one of 1.5 s.
    """
    sizes = np.zeros((max(len(positions) - 3, 0), *positions.shape[1:-1]))
    # In blocks that stay in the processor's cache.
    for start in range(0, len(sizes), _BLOCK):
        third = positions[start : start + _BLOCK + 3]
        for _ in range(3):
            third = third[1:] - third[:-1]
        third *= third
        here = sizes[start : start + _BLOCK]
        np.add(third[..., 0], third[..., 1], out=here)
        here += third[..., 2]
    np.sqrt(sizes, out=sizes)
    sizes *= 0.5
    sizes[np.isnan(sizes)] = 0.0
    return sizes


def find_jolts(positions: FloatArray, rate_hz: float) -> Jolts:
    """Return the jolts of positions (time, marker, 3), m."""
    sizes = jolt_sizes(positions)
    # Missing samples count as 0 and come first when sorted.
    ordered = np.sort(sizes[:: max(len(sizes) // _FRAMES, 1)], axis=0)
    count = len(ordered)
    shown = np.count_nonzero(ordered, axis=0)
    columns = np.arange(ordered.shape[1])
    usual = np.where(shown >= _LEAST, ordered[np.minimum(count - (shown + 1) // 2, count - 1), columns], 0.0)
    high = ordered[count - 1 - (JOLT_SHARE * shown).astype(int), columns]
    least = max(LEAST_JOLT_M, FASTEST_M_S2 / rate_hz**2)
    limits = np.maximum(least, JOLT_TIMES * np.where(shown >= _LEAST, high, 0.0))
    return Jolts(sizes, usual, limits, np.asarray(sizes > limits))


def middle(values: Sequence[float] | FloatArray, share: float = 0.5) -> float:
    """Return the value below which a share of the values lies, the median by default; 0 for none.

    ``numpy.median`` loads masked arrays first, which takes longer than everything here.
    """
    ordered = sorted(float(value) for value in values)
    return ordered[int(share * (len(ordered) - 1) + 0.5)] if ordered else 0.0


def stretch(first: int, end: int, rate_hz: float) -> str:
    """Return frames ``first`` to ``end - 1`` in words, counted from 1 and timed from the start of the recording."""
    if end - first == 1:
        return f"frame {first + 1}, {first / rate_hz:.2f} s"
    return f"frames {first + 1} to {end}, {first / rate_hz:.2f} to {(end - 1) / rate_hz:.2f} s"
