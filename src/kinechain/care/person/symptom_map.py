"""Places of the body: their codes, which outline shows them, and what they count as."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

from kinechain.care.person.person import Symptom
from kinechain.core.errors import EvidenceError, PersonError, suggest

__all__ = [
    "SYMPTOM_KINDS",
    "VIEWS",
    "Region",
    "base_region",
    "in_group",
    "read_regions",
    "region_codes",
    "region_name",
    "side_of",
    "sides_marked",
    "views_of",
]

SYMPTOM_KINDS = ("pain", "numbness", "tingling")
VIEWS = ("front", "back", "sole_left", "sole_right")
GROUPS = ("back", "leg", "below_knee", "foot", "saddle", "trunk", "arm")


@dataclass(frozen=True)
class Region:
    """One place of the body.

    Attributes
    ----------
    id : str
    name : str
        As printed.
    has_sides : bool
        True if '_left' and '_right' may follow the code.
    views : tuple of str
        'front', 'back' and 'sole': the outlines it can be marked on.
    groups : tuple of str
        What it counts as: 'back', 'leg', 'below_knee', 'foot', 'saddle', 'trunk', 'arm'.
    """

    id: str
    name: str
    has_sides: bool
    views: tuple[str, ...]
    groups: tuple[str, ...]


@cache
def read_regions() -> Mapping[str, Region]:
    """Return every place by its code without a side.

    Raises
    ------
    EvidenceError
        If ``symptom_regions.toml`` names an outline or a group that is not known.
    """
    path = files("kinechain.evidence") / "data" / "clinical" / "symptom_regions.toml"
    found = {}
    for key, row in tomllib.loads(path.read_text(encoding="utf-8"))["region"].items():
        if not set(row["views"]) <= {"front", "back", "sole"} or not set(row["groups"]) <= set(GROUPS):
            raise EvidenceError(f"symptom_regions.toml: '{key}' has an outline or a group that is not known")
        found[key] = Region(key, row["name"], row["sides"], tuple(row["views"]), tuple(row["groups"]))
    return MappingProxyType(found)


@cache
def region_codes() -> tuple[str, ...]:
    """Return every code that may be written, those with a side included: the list beside the picture."""
    return tuple(
        code
        for region in read_regions().values()
        for code in (region.id, *((f"{region.id}_left", f"{region.id}_right") if region.has_sides else ()))
    )


def base_region(code: str) -> Region:
    """Return the place a code means, whatever its side.

    Parameters
    ----------
    code : str
        E.g. 'heel_left'.

    Raises
    ------
    PersonError
        If there is no such code.
    """
    if code not in region_codes():
        raise PersonError(f"no region '{code}'. {suggest(code, region_codes(), limit=45)}")
    return read_regions()[code if not side_of(code) else code.rpartition("_")[0]]


def side_of(code: str) -> Literal["left", "right", ""]:
    """Return the side a code names, '' if none.

    Parameters
    ----------
    code : str
    """
    return "left" if code.endswith("_left") else "right" if code.endswith("_right") else ""


def region_name(code: str) -> str:
    """Return a code as printed, e.g. 'left heel'.

    Parameters
    ----------
    code : str
    """
    name = base_region(code).name
    return f"{side_of(code)} {name}" if side_of(code) else name


def in_group(code: str, group: str) -> bool:
    """Tell whether a code counts as 'back', 'leg', 'below_knee', 'foot', 'saddle', 'trunk' or 'arm'.

    Parameters
    ----------
    code, group : str
    """
    return group in base_region(code).groups


def views_of(code: str) -> tuple[str, ...]:
    """Return the outlines a code can be marked on; a sole is that of its own side.

    Parameters
    ----------
    code : str
    """
    soles = tuple(v for v in ("sole_left", "sole_right") if v.endswith(side_of(code)))
    views = base_region(code).views
    return (*(v for v in views if v != "sole"), *(soles if "sole" in views else ()))


def sides_marked(symptoms: tuple[Symptom, ...], group: str, kinds: tuple[str, ...] = SYMPTOM_KINDS) -> frozenset[str]:
    """Return on which sides a group of places is marked: of 'left', 'right' and '' (no side named).

    Parameters
    ----------
    symptoms : tuple of Symptom
    group : str
    kinds : tuple of str
        Of symptoms that count.
    """
    return frozenset(side_of(s.region) for s in symptoms if s.kind in kinds and in_group(s.region, group))
