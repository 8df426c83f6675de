"""The poses of the exercises, read from ``poses/*.toml``: one file for each exercise of the library.

The first picture of a file is the exercise itself; each further one draws a line of the library that changes the
posture, such as the easier version sitting down.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from kinechain.core.errors import SettingError, suggest

__all__ = ["Arrow", "Contact", "Panel", "Picture", "Prop", "drawn_exercises", "picture_of", "pictures_of"]


@dataclass(frozen=True)
class Contact:
    """A part that stands on something.

    Attributes
    ----------
    part : str
        A part of the figure, such as 'right_foot'.
    height : float
        Of what it stands on, m.
    """

    part: str
    height: float = 0.0


@dataclass(frozen=True)
class Prop:
    """A thing of the exercise.

    Attributes
    ----------
    kind : 'box', 'beads', 'line' or 'band'
        A band runs around the named points of the figure.
    tone : str
        'wood', 'wall', 'soft', 'ball', 'band' or 'metal'.
    layer : 'behind' or 'front'
        Of the figure.
    low, high : sequence of float
        Corners of a box, m.
    beads : sequence of sequence of float
        Centre and radius, m, of what a skin is drawn around; the points of a line.
    points : sequence of str
    radius : float
        How far a band runs outside its points, half the thickness of a line, m.
    """

    kind: str
    tone: str = "wood"
    layer: str = "behind"
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    beads: tuple[tuple[float, ...], ...] = ()
    points: tuple[str, ...] = ()
    radius: float = 0.06


@dataclass(frozen=True)
class Arrow:
    """Which way to move.

    Attributes
    ----------
    point : str
        Of the figure.
    path : sequence of (float, float)
        On the screen, m right and up of the point; without one, the way of the point from the panel before.
    shift : (float, float)
        Moves the way on the screen, m right and up, so that it stands beside what moves.
    share : (float, float)
        The piece of the way that is drawn.
    """

    point: str
    path: tuple[tuple[float, float], ...] = ()
    shift: tuple[float, float] = (0.0, 0.0)
    share: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class Panel:
    """One posture.

    Attributes
    ----------
    label : str
        Sentence of the ledger (``pictures.toml``) that stands below it.
    pose : mapping
        Joint angles in degrees.
    contacts : tuple of Contact
        The first places the figure.
    figure : 'person' or 'foot'
    row : int
        Row of the picture.
    camera : sequence of float
        Azimuth and elevation, degrees.
    at : (float, float)
        Where the first bead of the first contact stands on the floor, m.
    ghost : tuple of str
        Groups whose outline in the panel before is shown.
    order : tuple of str
        Groups from far to near, where depth alone would draw them wrongly.
    props : tuple of Prop
    arrows : tuple of Arrow
    muscles : tuple of str
        Patches shown.
    is_step : bool
        Whether the panels are done one after the other; not so where one of them is chosen.
    has_floor : bool
        Whether a floor is drawn; not so for a foot that is held in the hands.
    """

    label: str
    pose: Mapping[str, Mapping[str, float]]
    contacts: tuple[Contact, ...]
    figure: str = "person"
    row: int = 1
    camera: tuple[float, ...] = (0.0, 8.0)
    at: tuple[float, float] = (0.0, 0.0)
    ghost: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    props: tuple[Prop, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    muscles: tuple[str, ...] = ()
    is_step: bool = True
    has_floor: bool = True


@dataclass(frozen=True)
class Picture:
    """All panels of one exercise, or of one of its easier or harder versions.

    Attributes
    ----------
    variant : str
        '' for the exercise itself.
    line : str
        The line of the library that a variant draws.
    is_one_sided : bool
        Whether left and right differ.
    panels : tuple of Panel
    """

    variant: str
    line: str
    is_one_sided: bool
    panels: tuple[Panel, ...] = field(default_factory=tuple)


@cache
def drawn_exercises() -> tuple[str, ...]:
    """Return the exercises that have poses."""
    names = (path.name for path in (files("kinechain.report") / "poses").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def pictures_of(exercise: str) -> Mapping[str, Picture]:
    """Return the pictures of one exercise by variant; '' is the exercise itself.

    Parameters
    ----------
    exercise : str
        Of ``exercises.toml``.

    Raises
    ------
    SettingError
        If it has no poses, or its file is not written as it must be.
    """
    if exercise not in drawn_exercises():
        raise SettingError(f"no poses are drawn for '{exercise}'. {suggest(exercise, drawn_exercises())}")
    text = (files("kinechain.report") / "poses" / f"{exercise}.toml").read_text(encoding="utf-8")
    try:
        pictures = [_picture(table) for table in tomllib.loads(text)["picture"]]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SettingError(f"poses/{exercise}.toml is not written as it must be: {error}") from error
    return MappingProxyType({picture.variant: picture for picture in pictures})


def picture_of(exercise: str, variant: str = "") -> Picture:
    """Return one picture of one exercise.

    Parameters
    ----------
    exercise, variant : str

    Raises
    ------
    SettingError
        As `pictures_of`, or if it has no such variant.
    """
    pictures = pictures_of(exercise)
    if variant not in pictures:
        raise SettingError(f"'{exercise}' is not drawn as '{variant}'. {suggest(variant, pictures)}")
    return pictures[variant]


def _picture(table: dict[str, Any]) -> Picture:
    panels = tuple(_panel(panel) for panel in table.pop("panel"))
    return Picture(table.pop("variant", ""), table.pop("line", ""), table.pop("is_one_sided"), panels, **table)


def _panel(table: dict[str, Any]) -> Panel:
    made: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    for key, kind in (("contacts", Contact), ("props", Prop), ("arrows", Arrow)):
        made[key] = tuple(kind(**one) for one in table.get(key, ()))
    return Panel(**made)
