"""Which answers of a person with back pain point towards the feet, and which away from them: a hint, never a verdict.

Each answer counts one.  No published list of such questions and no weight was read, so direction is all that is used;
what it does to prior odds is a choice of this project, and small.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from kinechain.care.person.person import Person
from kinechain.care.person.person_page import ABSENT
from kinechain.care.person.person_paths import value_at
from kinechain.care.person.symptom_map import in_group
from kinechain.core.errors import EvidenceError
from kinechain.evidence.wording import Sentence, say

__all__ = ["FootHint", "FootItem", "foot_hint", "foot_items"]

#: What one answer does to prior odds, and what all of them together do at most (choice).
STEP, MOST = 1.2, 2.0


@dataclass(frozen=True)
class FootItem:
    """One answer that is looked at.

    Attributes
    ----------
    id, path : str
        Where it stands, as in `kinechain.care.intake.intake.Question`.
    raises, lowers : tuple of str
        Words that point towards the feet, and away from them.
    raises_above : float or None
        A larger number points towards the feet.
    raises_in : str
        A place of this group points towards the feet; '' for none.
    """

    id: str
    path: str
    raises: tuple[str, ...] = ()
    lowers: tuple[str, ...] = ()
    raises_above: float | None = None
    raises_in: str = ""

    def direction(self, value: Any) -> int:
        """Return 1 towards the feet, -1 away from them, 0 for neither."""
        if isinstance(value, float):
            return int(self.raises_above is not None and value > self.raises_above)
        words = set(value if isinstance(value, tuple) else (value,))
        if words & set(self.raises) or (self.raises_in and any(in_group(word, self.raises_in) for word in words)):
            return 1
        return -1 if words & set(self.lowers) else 0


@dataclass(frozen=True)
class FootHint:
    """What the answers say together.

    Attributes
    ----------
    raises, lowers, neutral, unanswered : tuple of str
        Ids of `FootItem`.
    """

    raises: tuple[str, ...]
    lowers: tuple[str, ...]
    neutral: tuple[str, ...]
    unanswered: tuple[str, ...]

    @property
    def score(self) -> int:
        """Answers towards the feet less answers away from them."""
        return len(self.raises) - len(self.lowers)

    @property
    def odds_factor(self) -> float:
        """What prior odds of a part of the feet may be multiplied by: between one half and two (choice)."""
        return min(MOST, max(1.0 / MOST, STEP**self.score))

    @property
    def sentence(self) -> Sentence:
        """What is said about it."""
        if self.raises or self.lowers:
            return say("intake.foot_hint", raises=len(self.raises), lowers=len(self.lowers))
        return say("intake.foot_none" if self.neutral else "intake.foot_not_asked")


@cache
def foot_items() -> tuple[FootItem, ...]:
    """Return every answer that is looked at.

    Raises
    ------
    EvidenceError
        If one points nowhere.
    """
    path = files("kinechain.evidence") / "data" / "clinical" / "intake.toml"
    found = tuple(_item(row) for row in tomllib.loads(path.read_text(encoding="utf-8"))["foot_item"])
    for item in found:
        if not (item.raises or item.lowers or item.raises_in or item.raises_above is not None):
            raise EvidenceError(f"intake.toml: foot_item '{item.id}' points nowhere")
    return found


def _item(row: Mapping[str, Any]) -> FootItem:
    return FootItem(
        id=row["id"],
        path=row["path"],
        raises=tuple(row.get("raises", ())),
        lowers=tuple(row.get("lowers", ())),
        raises_above=row.get("raises_above"),
        raises_in=row.get("raises_in", ""),
    )


def foot_hint(person: Person) -> FootHint:
    """Return which answers point towards the feet; "I do not know", skipped and missing point nowhere.

    Parameters
    ----------
    person : Person
    """
    found: dict[int | None, list[str]] = {1: [], -1: [], 0: [], None: []}
    for item in foot_items():
        value = value_at(person, item.path)
        is_open = value is None or (isinstance(value, str) and value in ABSENT)
        found[None if is_open else item.direction(value)].append(item.id)
    return FootHint(tuple(found[1]), tuple(found[-1]), tuple(found[0]), tuple(found[None]))
