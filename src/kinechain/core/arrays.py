"""Read-only arrays inside frozen values.

NumPy's read-only flag is lost by ``deepcopy`` and by some pickle protocols, and a
read-only *view* still shows the caller's later writes.  So a value copies its arrays
when it is made and is rebuilt through its constructor when it is copied or unpickled.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FloatArray",
    "Immutable",
    "IntArray",
    "content_hash",
    "cross",
    "frozen",
    "handed_over",
    "lengths",
    "median",
    "runs_of",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def frozen(array: Any, shape: tuple[int | None, ...] | None = None, name: str = "array") -> FloatArray:
    """Return a read-only float64 copy, checked against a shape.

    An array that is read-only already and owns its memory, as this function returns it, is not copied again.

    Parameters
    ----------
    array : array_like
        What to copy.
    shape : tuple of int or None, optional
        Expected shape; ``None`` entries are free.
    name : str
        Used in the error message.

    Raises
    ------
    ValueError
        If the shape differs.
    """
    copy = array
    if not _is_frozen(array):
        copy = np.array(array, dtype=np.float64, order="C")
        copy.setflags(write=False)
    if shape is not None and shape != copy.shape and not _fits(copy.shape, shape):
        raise ValueError(f"{name} has shape {copy.shape}, expected {shape}")
    return np.asarray(copy)


def _fits(have: tuple[int, ...], want: tuple[int | None, ...]) -> bool:
    if len(have) != len(want):
        return False
    for length, wanted in zip(have, want, strict=True):
        if wanted is not None and wanted != length:
            return False
    return True


def _is_frozen(array: Any) -> bool:
    if type(array) is not np.ndarray or array.dtype != np.float64:
        return False
    flags = array.flags
    return bool(not flags.writeable and flags.owndata and flags.c_contiguous)


def handed_over(array: FloatArray) -> FloatArray:
    """Return an array that nobody else holds as read-only, so that a value takes it without a copy."""
    array.setflags(write=False)
    return array


def lengths(vectors: FloatArray) -> FloatArray:
    """Return the length of every vector (..., component), (...) array."""
    if vectors.shape[-1] != 3 or vectors.size < 200:
        return np.asarray(np.sqrt(np.vecdot(vectors, vectors)))
    # Of many vectors the components one after the other are faster.
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    total = x * x
    total += y * y
    total += z * z
    return np.asarray(np.sqrt(total, out=total))


def median(values: FloatArray | Sequence[float]) -> float:
    """Return the median of some numbers, NaN if there are none or one of them is.

    ``numpy.median`` loads masked arrays first, and takes many times as long where the numbers are few.
    """
    flat = np.ravel(values)
    if not flat.size:
        return math.nan
    half = flat.size // 2
    ordered = np.sort(flat) if flat.size < 300 else np.partition(flat, (max(half - 1, 0), half, flat.size - 1))
    if ordered[-1] != ordered[-1]:
        return math.nan
    return float(ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2.0)


def cross(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the vector products (..., 3) of vectors (..., 3); ``numpy.cross`` spends its time on other shapes."""
    x, y, z = one[..., 0], one[..., 1], one[..., 2]
    u, v, w = other[..., 0], other[..., 1], other[..., 2]
    out = np.empty(np.broadcast_shapes(one.shape, other.shape))
    out[..., 0] = y * w - z * v
    out[..., 1] = z * u - x * w
    out[..., 2] = x * v - y * u
    return out


class Immutable:
    """Mixin for frozen dataclasses that hold arrays: copies and pickles rebuild through the constructor."""

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        fields = [f for f in dataclasses.fields(self) if f.init]  # type: ignore[arg-type]
        return _rebuild, (type(self), {f.name: getattr(self, f.name) for f in fields})

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self

    def __copy__(self) -> Any:
        return self


def _rebuild(kind: type[Any], fields: dict[str, Any]) -> Any:
    return kind(**fields)


def runs_of(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (first, one after the last) of every run of True.

    Parameters
    ----------
    mask : (time,) array of bool
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def content_hash(value: Any) -> str:
    """Return a SHA-256 over everything a value holds, field by field.

    Parameters
    ----------
    value : object
        A dataclass, mapping, sequence, array, string, number, bool or None.
    """
    parts: list[bytes] = []
    _feed(parts.append, value)
    return hashlib.sha256(b"".join(parts)).hexdigest()


@lru_cache(maxsize=256)
def _field_names(kind: type[Any]) -> tuple[tuple[str, bytes], ...] | None:
    """Return what a dataclass is made of, and as bytes; None for other types."""
    if not dataclasses.is_dataclass(kind):
        return None
    return tuple((f.name, f.name.encode()) for f in dataclasses.fields(kind) if f.init)


@lru_cache(maxsize=256)
def _array_head(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    return f"array{shape}{dtype.str}".encode()


def _feed(add: Callable[[bytes], None], value: Any) -> None:
    kind: Any = type(value)
    if kind is float or kind is str:
        add(f"{kind.__name__}:{value!r};".encode())
    elif kind is tuple or kind is list:
        add(b"list%d" % len(value))
        for item in value:
            _feed(add, item)
    elif isinstance(value, np.ndarray):
        add(_array_head(value.shape, value.dtype))
        add(value.tobytes())
    elif (names := _field_names(kind)) is not None:
        add(kind.__name__.encode())
        for name, encoded in names:
            add(encoded)
            _feed(add, getattr(value, name))
    elif isinstance(value, dict):
        add(b"map%d" % len(value))
        for key in sorted(value, key=str):
            add(str(key).encode())
            _feed(add, value[key])
    elif isinstance(value, (tuple, list)):
        add(b"list%d" % len(value))
        for item in value:
            _feed(add, item)
    else:
        add(f"{kind.__name__}:{value!r};".encode())
