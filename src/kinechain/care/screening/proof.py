"""Proofs: values that exist only because one function checked something.

Python cannot stop an attacker who runs code in the same process: every private name can be reached.  What is kept out
is accident: a copy that lost its ground, a value revived from a file, an empty instance, an altered attribute.
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from functools import cache
from typing import Any, NoReturn, Self, cast
from weakref import WeakSet

from kinechain.core.errors import LockedError

__all__ = ["Proof"]


class _OnlyIssued(ABCMeta):
    """An instance counts as one only if it was issued, however else it came to be."""

    def __instancecheck__(cls, instance: object) -> bool:
        return super().__instancecheck__(instance) and instance in _ISSUED


class Proof(metaclass=_OnlyIssued):
    """Base of proofs: issued by one function, never altered, never revived from a file.  A copy is the proof itself.

    It is abstract, for ``object.__new__`` makes an empty instance of any other class, and that would pass for one.
    """

    __slots__ = ("__weakref__",)

    def __new__(cls, *args: object, **values: object) -> Self:  # noqa: D102
        raise LockedError(f"a {cls.__name__} cannot be made by hand; ask the function that checks")

    @classmethod
    def _issue(cls, **values: Any) -> Self:
        made = object.__new__(_concrete(cls))
        for name, value in values.items():
            object.__setattr__(made, name, value)
        _ISSUED.add(made)
        return cast("Self", made)

    @abstractmethod
    def _is_concrete(self) -> bool: ...

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise LockedError(f"a {type(self).__name__} cannot be altered; ask the function that checks again")

    def __delattr__(self, name: str) -> NoReturn:
        raise LockedError(f"a {type(self).__name__} cannot be altered; ask the function that checks again")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise LockedError(f"a {type(self).__name__} is not kept in a file: check again where it is needed")


_ISSUED: WeakSet[Proof] = WeakSet()


@cache
def _concrete(abstract: type[Proof]) -> type[Proof]:
    """Return the one class that proofs of a kind are instances of."""
    content = {"__slots__": (), "__doc__": abstract.__doc__, "_is_concrete": lambda self: True}
    return cast("type[Proof]", _OnlyIssued(abstract.__name__, (abstract,), content))
