"""Which items an examination sheet may hold, in which unit, and within which limits."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from kinechain.core.errors import EvidenceError

__all__ = ["ExamDefinition", "read_exam_definitions"]


@dataclass(frozen=True)
class ExamDefinition:
    """How one measure is written in the ``[exam]`` table.

    Attributes
    ----------
    id : str
        Key in ``measures.toml``.
    name : str
        As printed.
    units : mapping of unit to (lowest, highest)
        Units that may be written, the usual one first; empty for an answer in words.
    words : tuple of str
        The two answers in words, the one worth 0 first; empty for a number.
    basis : str
        'definition' where the limits are the ends of the scale, 'assumption' where they only
        catch slips of the pen.
    """

    id: str
    name: str
    units: Mapping[str, tuple[float, float]]
    words: tuple[str, ...]
    basis: str


@lru_cache(maxsize=1)
def read_exam_definitions() -> Mapping[str, ExamDefinition]:
    """Return every item an examination may hold, by id.

    Raises
    ------
    EvidenceError
        If an item is no measure of ``measures.toml``.
    """
    folder = files("kinechain.evidence") / "data" / "clinical"
    items = tomllib.loads((folder / "exam_items.toml").read_text(encoding="utf-8"))["item"]
    measures = tomllib.loads((folder / "measures.toml").read_text(encoding="utf-8"))["measure"]
    names = {measure["id"]: measure["name"] for measure in measures}
    dangling = sorted(set(items) - set(names))
    if dangling:
        raise EvidenceError(f"exam_items.toml: not in measures.toml: {', '.join(dangling)}")
    return MappingProxyType(
        {
            key: ExamDefinition(
                id=key,
                name=names[key],
                units=MappingProxyType({unit: (low, high) for unit, (low, high) in item.get("units", {}).items()}),
                words=tuple(item.get("words", ())),
                basis=item["basis"],
            )
            for key, item in items.items()
        }
    )
