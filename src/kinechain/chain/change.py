"""One thing altered about a body or what it stands on: the values, and the words they are written in.

A change is written as its kind, its side, its amount and its options::

    wedge left 5 raise=lateral region=heel pivot=medial_edge width=90
    weakness right 0.4 group=gluteus_medius
    body_mass +10%

What there is lies in ``evidence/data/chain/changes.toml``; what each does to a `Situation` in `kinechain.chain.alter`.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

from kinechain.body.tables import read_table
from kinechain.core.errors import EvidenceError, SettingError, suggest
from kinechain.core.text import listed, printable

__all__ = [
    "Change",
    "ChangeSide",
    "Kind",
    "Option",
    "Shoe",
    "find_kind",
    "find_shoe",
    "groups_of",
    "joints_of",
    "kinds",
    "parse_change",
]

ChangeSide = Literal["left", "right", "both", "middle"]

#: A change is one line; what is longer was not meant as one.
_LONGEST = 400

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True)
class Option:
    """Something a kind of change can be told beside its amount.

    Attributes
    ----------
    name, meaning : str
    choices : tuple of str
        The words it may hold; of none it holds a number.
    unit : str
        Of a number.
    low, high : float
        Limits of a number.
    default : str, float or None
        None: it has to be told, or, of a number, is taken from the body.
    """

    name: str
    meaning: str
    choices: tuple[str, ...] = ()
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    default: str | float | None = None

    @property
    def is_asked(self) -> bool:
        """True if a change of the kind cannot be made without it."""
        return self.default is None and bool(self.choices)


@dataclass(frozen=True)
class Kind:
    """One kind of change.

    Attributes
    ----------
    name, meaning : str
    alters : tuple of str
        Fields of `kinechain.chain.situation.Situation`; of none where it only asks.
    sides : tuple of str
        The first is taken where none is written, unless ``side_is_asked``.
    side_is_asked : bool
    units : mapping of unit to (low, high)
        Amounts that are accepted; the first unit is taken where none is written.
    neutral : float
        The amount that alters nothing.
    usual : float or None
        The amount that is taken where none is written; None: it has to be told.
    options : mapping of name to Option
    source, grade, spread : str
        Where what it does comes from; the plausible spread of an assumption.
    """

    name: str
    meaning: str
    alters: tuple[str, ...]
    sides: tuple[ChangeSide, ...]
    side_is_asked: bool
    units: Mapping[str, tuple[float, float]]
    neutral: float
    usual: float | None
    options: Mapping[str, Option]
    source: str
    grade: str
    spread: str = ""


@dataclass(frozen=True)
class Shoe:
    """A category of footwear that somebody measured.

    Attributes
    ----------
    name : str
    heel_mm : float
        Height of the heel above the ball.
    stiffness : float
        Of sole and heel pad together, as a factor on that of the bare sole.
    source, grade : str
    """

    name: str
    heel_mm: float
    stiffness: float
    source: str
    grade: str


@dataclass(frozen=True)
class Change:
    """One thing altered.

    Attributes
    ----------
    kind : str
    side : 'left', 'right', 'both' or 'middle'
    amount : float
        In the printed unit of the kind (``unit``).
    options : mapping of str to str or float
        In the order of the kind, defaults filled in; 'unit' among them where the kind can be told in several.

    Raises
    ------
    SettingError
        If there is no such kind, side or option, one is missing, or a number is impossible.
    """

    kind: str
    side: ChangeSide
    amount: float
    options: Mapping[str, str | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kind = find_kind(self.kind)
        if self.side not in kind.sides:
            raise SettingError(
                f"a {self.kind} has no side '{_shown(self.side)}'. {suggest(str(self.side), kind.sides)}"
            )
        options = _checked_options(kind, self.options)
        object.__setattr__(self, "options", MappingProxyType(options))
        object.__setattr__(self, "amount", _checked_amount(kind, self.unit, self.amount))

    def __hash__(self) -> int:
        return hash((self.kind, self.side, self.amount, tuple(self.options.items())))

    def __reduce__(self) -> tuple[Any, ...]:
        return Change, (self.kind, self.side, self.amount, dict(self.options))

    @property
    def unit(self) -> str:
        """Unit of the amount."""
        return str(self.options.get("unit") or next(iter(find_kind(self.kind).units)))

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest amount that is accepted."""
        return find_kind(self.kind).units[self.unit]

    @property
    def is_neutral(self) -> bool:
        """True if its amount alters nothing."""
        return self.amount == find_kind(self.kind).neutral

    @property
    def sides(self) -> tuple[Literal["left", "right"], ...]:
        """The legs it is made on; of none for what lies in the middle."""
        return {"left": ("left",), "right": ("right",), "both": ("left", "right"), "middle": ()}[self.side]  # type: ignore[return-value]

    @property
    def text(self) -> str:
        """The change as `parse_change` reads it, defaults left out."""
        kind = find_kind(self.kind)
        words = [self.kind]
        if len(kind.sides) > 1:
            words.append(self.side)
        first = next(iter(kind.units))
        words.append(_written(self.amount) + ("" if self.unit == first else self.unit))
        words += [
            f"{name}={value if isinstance(value, str) else _written(value)}"
            for name, value in self.options.items()
            if name != "unit" and value != kind.options[name].default
        ]
        return " ".join(words)

    def word(self, option: str) -> str:
        """Return an option that holds a word."""
        return str(self.options[option])

    def number(self, option: str) -> float:
        """Return an option that holds a number."""
        return float(self.options[option])


def kinds() -> Mapping[str, Kind]:
    """Return every kind of change, by name."""
    return _registry().kinds


def find_kind(name: str) -> Kind:
    """Return a kind of change.

    Raises
    ------
    SettingError
        If there is none of that name.
    """
    found = kinds().get(name) if isinstance(name, str) else None
    if found is None:
        raise SettingError(f"no change is named '{_shown(name)}'. {suggest(str(name), kinds(), limit=40)}")
    return found


def find_shoe(category: str) -> Shoe:
    """Return a category of footwear.

    Raises
    ------
    SettingError
        If nobody measured such a shoe.
    """
    found = _registry().shoes.get(category)
    if found is None:
        raise SettingError(
            f"what '{_shown(category)}' footwear does is not computable: no source for its heel and sole was read. "
            f"{suggest(category, _registry().shoes)}"
        )
    return found


def groups_of(name: str) -> tuple[str, ...]:
    """Return the groups of the muscle tables that a name stands for: itself, or several that act together."""
    return _registry().groups.get(name, (name,))


def joints_of(name: str) -> tuple[str, ...]:
    """Return with which words the coordinates of a joint begin."""
    return _registry().joints[name]


def parse_change(text: str) -> Change:
    """Read a change as a user writes it.

    Parameters
    ----------
    text : str
        Kind, side, amount (with or without its unit) and options, such as 'wedge left 5 raise=lateral'.

    Raises
    ------
    SettingError
        If it cannot be understood, with the nearest that can.
    """
    words = text[: _LONGEST + 1].split()
    if not words or len(text) > _LONGEST:
        raise SettingError(
            "a change is written kind, side, amount and options, such as 'wedge left 5 raise=lateral'; "
            f"got {f'{len(text)} characters' if words else 'nothing'}"
        )
    kind = find_kind(words[0])
    side, amount = "", ""
    options: dict[str, str | float] = {}
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if equals:
            if name in options:
                raise SettingError(f"'{_shown(name)}' of a {kind.name} is told twice; tell it once")
            options[name] = value
        elif word in get_args(ChangeSide):
            side = _once(kind, "side", side, word)
        elif amount and word in kind.units and amount[-1] in "0123456789.":
            amount += word
        else:
            amount = _once(kind, "amount", amount, word)
    number, unit = _read_amount(kind, amount)
    if unit:
        if "unit" in options:
            raise SettingError(f"the unit of a {kind.name} is told twice; tell it once")
        options["unit"] = unit
    return Change(kind.name, _read_side(kind, side), number, options)


def _once(kind: Kind, what: str, before: str, word: str) -> str:
    if before:
        meant = [name for name, option in kind.options.items() if word in option.choices]
        cure = f"Write {meant[0]}={word}." if meant else "Options are written name=value."
        raise SettingError(f"a {kind.name} has one {what}; got '{_shown(before)}' and '{_shown(word)}'. {cure}")
    return word


def _read_side(kind: Kind, word: str) -> ChangeSide:
    if word:
        return word  # type: ignore[return-value]
    if kind.side_is_asked:
        raise SettingError(f"a {kind.name} needs a side: {listed(kind.sides, 4)}")
    return kind.sides[0]


def _read_amount(kind: Kind, word: str) -> tuple[float, str]:
    """Return the amount and its unit, '' where the unit is the first of the kind."""
    if not word:
        if kind.usual is None:
            raise SettingError(f"a {kind.name} needs an amount in {_units(kind)}, such as '{_example(kind)}'")
        return kind.usual, ""
    match = _NUMBER.match(word)
    if not match:
        raise SettingError(f"the amount of a {kind.name} is a number in {_units(kind)}; got '{_shown(word)}'")
    unit = word[match.end() :]
    unit = "deg" if unit == "°" else unit
    if unit and unit not in kind.units:
        raise SettingError(f"a {kind.name} is told in {_units(kind)}, not in '{_shown(unit)}'")
    return float(match.group()), unit


def _checked_options(kind: Kind, given: Mapping[str, str | float]) -> dict[str, str | float]:
    """Return the options in the order of the kind, checked and with defaults."""
    known = {**kind.options, **({"unit": None} if len(kind.units) > 1 else {})}
    for name in given:
        if name not in known and not (name == "unit" and given[name] in kind.units):
            raise SettingError(f"a {kind.name} has no option '{_shown(name)}'. {suggest(str(name), known)}")
    checked: dict[str, str | float] = {}
    for name, option in kind.options.items():
        if name in given:
            checked[name] = _checked_option(kind, option, given[name])
        elif option.is_asked:
            raise SettingError(f"a {kind.name} needs {name}=, {option.meaning}: {listed(option.choices, 60)}")
        elif option.default is not None:
            checked[name] = option.default
    if len(kind.units) > 1:
        unit = str(given.get("unit", next(iter(kind.units))))
        if unit not in kind.units:
            raise SettingError(f"a {kind.name} is told in {_units(kind)}, not in '{_shown(unit)}'")
        checked["unit"] = unit
    return checked


def _checked_option(kind: Kind, option: Option, value: str | float) -> str | float:
    if option.choices:
        if value in option.choices:
            return str(value)
        if option.name == "category":
            find_shoe(str(value))
        cure = suggest(str(value), option.choices, limit=60)
        raise SettingError(f"{option.name} of a {kind.name} cannot be '{_shown(value)}'. {cure}")
    return _checked_number(f"{option.name} of a {kind.name}", value, option.unit, option.low, option.high)


def _checked_amount(kind: Kind, unit: str, amount: float) -> float:
    return _checked_number(f"a {kind.name}", amount, unit, *kind.units[unit])


def _checked_number(what: str, value: str | float, unit: str, low: float, high: float) -> float:
    number = math.nan
    if isinstance(value, str):
        match = _NUMBER.match(value)
        if match and value[match.end() :] in ("", unit):
            number = float(match.group())
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
    if not low <= number <= high:
        raise SettingError(
            f"{what} lies from {_written(low)} to {_written(high)}{f' {unit}' if unit else ''}; got '{_shown(value)}'"
        )
    return number + 0.0


def _written(number: float) -> str:
    """Return a number as short as it can be read back."""
    return repr(number).removesuffix(".0")


def _shown(value: object) -> str:
    text = printable(str(value))
    return text if len(text) <= 40 else f"{text[:37]}..."


def _units(kind: Kind) -> str:
    return " or ".join(kind.units)


def _example(kind: Kind) -> str:
    low, high = next(iter(kind.units.values()))
    amount = _written(next((x for x in (10.0, 2.0, 0.5) if low <= x <= high), high))
    side = f" {kind.sides[0]}" if len(kind.sides) > 1 else ""
    asked = "".join(f" {o.name}={o.choices[0]}" for o in kind.options.values() if o.is_asked)
    return f"{kind.name}{side} {amount}{asked}"


@dataclass(frozen=True)
class _Registry:
    kinds: Mapping[str, Kind]
    groups: Mapping[str, tuple[str, ...]]
    joints: Mapping[str, tuple[str, ...]]
    shoes: Mapping[str, Shoe]


@cache
def _registry() -> _Registry:
    """Return what changes there are, from the data."""
    text = files("kinechain.evidence").joinpath("data", "chain", "changes.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    tables = [f"muscles_{part}" for part in ("leg", "foot", "trunk")]
    single = {row["group"] for table in tables for row in read_table(table) if row["group"]}
    groups = {name: tuple(members) for name, members in data["groups"].items()}
    for name, members in groups.items():
        if name in single or not set(members) <= single:
            raise EvidenceError(f"changes.toml: the muscles of '{name}' are not those of the muscle tables")
    joints = {name: tuple(words) for name, words in data["joints"].items()}
    shoes = {name: Shoe(name, **row) for name, row in data["footwear"].items()}
    choices = {
        "groups": tuple(sorted({*single, *groups})),
        "joints": tuple(joints),
        "footwear": tuple(shoes),
    }
    made = {name: _kind(name, row, choices) for name, row in data["kind"].items()}
    return _Registry(*(MappingProxyType(m) for m in (made, groups, joints, shoes)))  # type: ignore[arg-type]


def _kind(name: str, row: Mapping[str, Any], choices: Mapping[str, tuple[str, ...]]) -> Kind:
    """Return a kind from its entry in the data."""
    if not row.get("source") or not row.get("grade") or (row["source"] == "assumption" and not row.get("spread")):
        raise EvidenceError(f"changes.toml: '{name}' has no source, no grade, or no spread of its assumption")
    return Kind(
        name=name,
        meaning=row["meaning"],
        alters=tuple(row["alters"]),
        sides=tuple(row["sides"]),
        side_is_asked=row.get("side_is_asked", False),
        units=MappingProxyType({unit: (float(low), float(high)) for unit, (low, high) in row["units"].items()}),
        neutral=float(row["neutral"]),
        usual=None if "usual" not in row else float(row["usual"]),
        options=MappingProxyType({n: _option(n, o, choices) for n, o in row.get("options", {}).items()}),
        source=row["source"],
        grade=row["grade"],
        spread=row.get("spread", ""),
    )


def _option(name: str, row: Mapping[str, Any], choices: Mapping[str, tuple[str, ...]]) -> Option:
    words = choices[row["choices_of"]] if "choices_of" in row else tuple(row.get("choices", ()))
    default: Callable[[Any], Any] = (lambda x: x) if words else float
    return Option(
        name=name,
        meaning=row["meaning"],
        choices=words,
        unit=row.get("unit", ""),
        low=float(row.get("low", -math.inf)),
        high=float(row.get("high", math.inf)),
        default=None if "default" not in row else default(row["default"]),
    )
