"""The examination sheet of one day: every field there is, in an order a person can follow, and what stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Literal

from kinechain.care.person.exam import ExamDefinition, Scale, is_repeat, read_exam_definitions
from kinechain.care.person.person import ExamItem, NotExamined, Person, PersonSide
from kinechain.care.person.protocol import Protocol, protocols
from kinechain.findings.exam import ExamReference, exam_reference

__all__ = [
    "USUAL_METHOD",
    "Entry",
    "EntryUnit",
    "Field",
    "FieldKind",
    "Group",
    "Sheet",
    "Test",
    "entry_units",
    "exam_sheet",
    "field_at",
    "field_kinds",
    "grouped_items",
    "is_at",
    "value_text",
]

Entry = ExamItem | NotExamined
FieldKind = Literal["number", "words"]

#: How a day goes so that a person lies down, turns over and gets up once: headings with the positions of the protocols.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Before the tests", ("any", "from a picture", "shoes on the table")),
    ("Walking", ("walking",)),
    ("Standing", ("standing",)),
    ("Standing on one leg", ("standing on one leg",)),
    ("Sitting", ("sitting, then standing", "sitting", "sitting and lying")),
    (
        "Lying on the back",
        (
            "lying or sitting, eyes closed",
            "lying on the back",
            "lying on the back at the edge of a table",
            "lying on the side or on the back",
        ),
    ),
    (
        "Lying face down",
        (
            "lying face down",
            "on forearms and toes",
            "trunk on the table, feet on the floor",
            "lying face down, then standing",
        ),
    ),
)

#: What may be typed beside the units a value is kept in: unit kept, factor to it.
OTHER_UNITS: Mapping[str, tuple[tuple[str, float], ...]] = MappingProxyType(
    {
        "mm": (("cm", 10.0),),
        "cm": (("mm", 0.1),),
        "s": (("min", 60.0),),
        "m/s": (("km/h", 1 / 3.6),),
        "ratio": (("%", 0.01),),
        "g": (("kg", 1000.0),),
        "months": (("years", 12.0),),
    }
)

#: How something in a unit is usually measured, offered beside the protocol's own way.
TOOLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "degrees": ("goniometer", "inclinometer", "photograph"),
        "mm": ("ruler", "calliper", "tape measure"),
        "cm": ("tape measure", "ruler"),
        "s": ("stopwatch",),
        "m/s": ("stopwatch over a marked distance",),
        "Nm/kg": ("hand-held dynamometer", "hand-held dynamometer with a belt"),
        "ratio": ("footprint on paper", "scanner"),
    }
)
USUAL_METHOD = "as in the protocol"

#: Which way is plus, where a value can be negative.
SIGNS: Mapping[str, str] = MappingProxyType(
    {
        "fpi6": "+ pronated, − supinated",
        "navicular_drop": "+ when the bump sinks on standing",
        "resting_calcaneal_stance": "+ valgus (heel tilts outward), − varus",
        "footwear_fit": "+ shoe longer than the foot, − shoe too short",
        "pelvic_angle": "+ tilted forward",
        "tibiofemoral_angle": "+ valgus",
        "genu_recurvatum": "+ beyond straight",
        "passive_knee_extension_90_90": "degrees short of straight; − beyond straight",
        "modified_thomas": "hip: + thigh stays above the table, − below it; knee: + bent",
    }
)


@dataclass(frozen=True)
class EntryUnit:
    """One unit a number may be typed in.

    Attributes
    ----------
    name, kept : str
        As typed, and as it is kept.
    factor : float
        From the one to the other.
    low, high : float
        Limits as typed.
    """

    name: str
    kept: str
    factor: float
    low: float
    high: float


@dataclass(frozen=True)
class Field:
    """One value of one side on one day.

    Attributes
    ----------
    item, part, side : str
    kind : 'number' or 'words'
    units : tuple of EntryUnit
    words : tuple of str
    entry : ExamItem, NotExamined or None
        What stands there.
    earlier : ExamItem or None
        The last value of a day before.
    can_be_absent : bool
        Whether 'skipped' and 'unknown' are written here; of a test with a number and words, beside the number.
    """

    item: str
    part: str
    side: PersonSide
    kind: FieldKind
    units: tuple[EntryUnit, ...]
    words: tuple[str, ...]
    entry: Entry | None
    earlier: ExamItem | None
    can_be_absent: bool = True

    @property
    def key(self) -> str:
        """Names the field on the page."""
        return "-".join(
            re.sub(r"[^a-z0-9]+", "_", word.lower()) for word in (self.item, self.part, self.side, self.kind)
        )

    @property
    def text(self) -> str:
        """What stands there, as two writers compare it."""
        return value_text(self.entry)

    @property
    def state(self) -> str:
        """'skipped', 'unknown', 'value' or ''."""
        return "" if self.entry is None else getattr(self.entry, "state", "value")

    @property
    def number(self) -> str:
        """The number as typed; '' for none."""
        return f"{self.entry.value:.10g}" if isinstance(self.entry, ExamItem) and self.kind == "number" else ""

    @property
    def word(self) -> str:
        """The answer in words; '' for none."""
        return self.text if isinstance(self.entry, ExamItem) and self.kind == "words" else ""

    @property
    def unit(self) -> str:
        """Of the number that stands there, or the usual one."""
        if isinstance(self.entry, ExamItem) and self.kind == "number":
            return self.entry.unit
        if self.earlier is not None and self.kind == "number":
            return self.earlier.unit
        return self.units[0].name if self.units else ""

    @property
    def can_repeat(self) -> bool:
        """Whether the same may be measured again on this day."""
        return (not self.part or is_repeat(self.part)) and self.kind == "number"


@dataclass(frozen=True)
class Test:
    """One test of the sheet.

    Attributes
    ----------
    definition : ExamDefinition
    protocol : Protocol
    columns : tuple of (side, fields)
    methods : tuple of str
    method : str
        Last used, or the usual one.
    sign : str
        Which way is plus; '' where nothing is negative.
    reference : ExamReference or None
    is_done : bool
        Something stands there, of any day.
    """

    definition: ExamDefinition
    protocol: Protocol
    columns: tuple[tuple[PersonSide, tuple[Field, ...]], ...]
    methods: tuple[str, ...]
    method: str
    sign: str
    reference: ExamReference | None
    is_done: bool
    is_done_today: bool

    @property
    def id(self) -> str:
        """Of the item."""
        return self.definition.id


@dataclass(frozen=True)
class Group:
    """Tests of one position of the person."""

    title: str
    tests: tuple[Test, ...]

    @property
    def done(self) -> int:
        """How many have a value."""
        return sum(test.is_done for test in self.tests)


@dataclass(frozen=True)
class Sheet:
    """The examination of one day.

    Attributes
    ----------
    day : date
    groups : tuple of Group
    days : tuple of date
        On which something was measured, the newest first.
    """

    day: date
    groups: tuple[Group, ...]
    days: tuple[date, ...]

    @property
    def tests(self) -> tuple[Test, ...]:
        """All of them, in the order of the sheet."""
        return tuple(test for group in self.groups for test in group.tests)

    @property
    def done(self) -> int:
        """How many tests have a value, of any day."""
        return sum(test.is_done for test in self.tests)

    @property
    def done_today(self) -> int:
        """How many tests have a value of this day."""
        return sum(test.is_done_today for test in self.tests)


# ---- the sheet


def exam_sheet(person: Person, day: date) -> Sheet:
    """Return the examination sheet of a day.

    Parameters
    ----------
    person : Person
    day : date
    """
    entries: tuple[Entry, ...] = (*person.exam, *person.not_examined)
    days = sorted({e.measured_on for e in entries if e.measured_on} | {day}, reverse=True)
    by_item: dict[str, list[Entry]] = {}
    for entry in entries:
        by_item.setdefault(entry.id, []).append(entry)
    groups = tuple(
        Group(title, tuple(_test(person, key, by_item.get(key, []), day) for key in keys))
        for title, keys in grouped_items()
    )
    return Sheet(day, groups, tuple(days))


@cache
def grouped_items() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the headings of the sheet with the items under each, positions in the order they are taken up."""
    found = []
    for title, positions in GROUPS:
        keys = sorted(
            (key for key, protocol in protocols().items() if protocol.position in positions),
            key=lambda key: positions.index(protocols()[key].position),
        )
        found.append((title, tuple(keys)))
    return tuple(found)


def _test(person: Person, key: str, entries: Sequence[Entry], day: date) -> Test:
    definition, protocol = read_exam_definitions()[key], protocols()[key]
    columns = tuple((side, tuple(_fields(definition, side, entries, day))) for side in _sides(definition, entries, day))
    if key == "symptom_map":
        columns = ()
    units = {unit for _, fields in columns for field in fields for unit in (u.kept for u in field.units)}
    used = tuple(dict.fromkeys(e.method for e in reversed(entries) if e.method and e.method != "not stated"))
    tools = tuple(tool for unit in TOOLS if unit in units for tool in TOOLS[unit])
    is_map_done = key == "symptom_map" and bool(person.symptoms)
    return Test(
        definition=definition,
        protocol=protocol,
        columns=columns,
        methods=tuple(dict.fromkeys((USUAL_METHOD, *used, *tools, "by eye"))),
        method=used[0] if used else USUAL_METHOD,
        sign=SIGNS.get(key, ""),
        reference=exam_reference(key, person),
        is_done=bool(entries) or is_map_done,
        is_done_today=any(e.measured_on == day for e in entries) or is_map_done,
    )


def _sides(definition: ExamDefinition, entries: Sequence[Entry], day: date) -> tuple[PersonSide, ...]:
    """Return the sides that are asked for, and those that stand there otherwise."""
    here = {e.side for e in entries if e.measured_on == day}
    others: tuple[PersonSide, ...] = tuple(s for s in ("left", "right") if s in here and "both" in definition.sides)
    return (*definition.sides, *others)


def _fields(definition: ExamDefinition, side: PersonSide, entries: Sequence[Entry], day: date) -> Iterator[Field]:
    here = [e for e in entries if e.measured_on == day]
    repeats = sorted({e.part for e in here if is_repeat(e.part)})
    for part in (*(("", *repeats) if definition.has_whole else ()), *definition.parts):
        scale = definition.scale(part)
        for kind in field_kinds(scale):
            entry = next((e for e in here if is_at(e, part, side, kind, scale)), None)
            if is_repeat(part) and entry is None:
                continue
            before = [
                e
                for e in entries
                if isinstance(e, ExamItem) and is_at(e, part, side, kind, scale) and (e.measured_on or date.min) < day
            ]
            yield Field(
                definition.id,
                part,
                side,
                kind,
                entry_units(scale) if kind == "number" else (),
                scale.words if kind == "words" else (),
                entry,
                max(before, key=lambda e: e.measured_on or date.min, default=None),
                kind == field_kinds(scale)[0],
            )


def field_kinds(scale: Scale) -> tuple[FieldKind, ...]:
    """Return which fields a value has: one for a number, one for words, or both.

    Parameters
    ----------
    scale : Scale
    """
    return (*(("number",) if scale.units else ()), *(("words",) if scale.words else ()))


def is_at(entry: Entry, part: str, side: PersonSide, kind: FieldKind, scale: Scale) -> bool:
    """Tell whether an entry stands in a field; one for both sides stands in each, an absence in the first field.

    Parameters
    ----------
    entry : ExamItem or NotExamined
    part, side, kind : str
        Of the field.
    scale : Scale
    """
    if entry.part != part or (entry.side != side and (entry.side != "both" or side == "both")):
        return False
    if isinstance(entry, NotExamined):
        return kind == field_kinds(scale)[0]
    return (" / " in entry.unit) == (kind == "words")


def entry_units(scale: Scale) -> tuple[EntryUnit, ...]:
    """Return the units a number may be typed in, the usual one first, each with its limits.

    Parameters
    ----------
    scale : Scale
    """
    kept = [EntryUnit(unit, unit, 1.0, low, high) for unit, (low, high) in scale.units.items()]
    names = set(scale.units)
    for unit, (low, high) in scale.units.items():
        for name, factor in OTHER_UNITS.get(unit, ()):
            if name not in names:
                names.add(name)
                kept.append(EntryUnit(name, unit, factor, round(low / factor, 6), round(high / factor, 6)))
    return tuple(kept)


def value_text(entry: Entry | None) -> str:
    """Return what stands in a field: a number with its unit, a word, 'skipped', 'unknown', or ''.

    Parameters
    ----------
    entry : ExamItem, NotExamined or None
    """
    if entry is None:
        return ""
    if isinstance(entry, NotExamined):
        return entry.state
    if " / " in entry.unit:
        return entry.unit.split(" / ")[int(entry.value)]
    return f"{entry.value:.10g} {entry.unit}".strip()


def field_at(sheet: Sheet, item: str, part: str, side: str, kind: str) -> Field | None:
    """Return one field of a sheet; None if it has none there.

    Parameters
    ----------
    sheet : Sheet
    item, part, side, kind : str
    """
    for test in sheet.tests:
        for _, fields in test.columns if test.id == item else ():
            for field in fields:
                if (field.part, field.side, field.kind) == (part, side, kind):
                    return field
    return None
