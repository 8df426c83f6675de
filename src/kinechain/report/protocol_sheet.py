"""A printable measuring sheet for each item of the examination: how, when to stop, what to write down, how sure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kinechain.care.person.protocol import Protocol, ProtocolValue, find_protocol, general_rules, protocols
from kinechain.evidence.wording import say
from kinechain.report.letter import Block, Letter, Section, bullets, led, text_of

__all__ = ["protocol_booklet"]

#: Repeats a sheet has room for: the error of a laboratory is told from repeats.
REPEATS = ("first", "again", "third")
#: Beyond so many values a sheet has one column for each side and no repeats.
MANY = 3


def protocol_booklet(keys: Sequence[str], made_on: date, version: str) -> Letter:
    """Return one sheet for each item, the rules for all of them first.

    Parameters
    ----------
    keys : sequence of str
        Examination items; empty for all.
    made_on : date
    version : str
        Of kinechain.

    Raises
    ------
    PersonError
        If there is no such item.
    """
    chosen = [find_protocol(key) for key in keys] or list(protocols().values())
    title = (
        text_of("protocol_title") if len(chosen) > 1 else say("letters.protocol_title_one", name=chosen[0].name).text
    )
    about = ((text_of("made_on"), made_on.isoformat()), ("", say("letters.made_by", version=version).text))
    rules = Section(text_of("protocol_rules"), (bullets(general_rules(), True),))
    return Letter(title, about, (rules, *(_sheet(protocol) for protocol in chosen)))


def _sheet(protocol: Protocol) -> Section:
    steps = tuple(step.strip().rstrip(".") + "." for step in protocol.how.split(". ") if step.strip())
    stop = tuple(filter(None, (protocol.stop.text, protocol.stop_note)))
    use = text_of(f"protocol_use_{protocol.use}")
    cutoffs = tuple(f"{name.replace('_', ' ')}: {value}" for name, value in protocol.cutoffs.items())
    blocks = (
        Block("lines", rows=((text_of("protocol_use"), use), (text_of("protocol_position"), protocol.position))),
        Block("lead", (text_of("plan_how"),)),
        Block("steps", steps),
        Block("notice", stop),
        *led("protocol_record", _record(protocol)),
        Block("blanks", (text_of("protocol_examiner"), text_of("sign_date"), text_of("protocol_tool"))),
        *led("protocol_reliability", Block("paragraphs", (protocol.reliability,))),
        *led("protocol_norms", Block("paragraphs", tuple(filter(None, (protocol.norms,))))),
        *led("protocol_cutoffs", Block("bullets", cutoffs)),
        *led("protocol_note", Block("paragraphs", tuple(filter(None, (protocol.note, protocol.licence_note))))),
        Block("lead", (text_of("protocol_sources"),)),
        Block("paragraphs", ("; ".join(source.key for source in protocol.sources),)),
    )
    return Section(protocol.name, blocks, starts_page=True)


def _record(protocol: Protocol) -> Block:
    """Return the boxes to write in: a side in each column where there is much to measure, else room for repeats."""
    sides = tuple(text_of(f"protocol_{side}") for side in protocol.sides)
    asked = [_asked(value, protocol) for value in protocol.values]
    if len(asked) > MANY:
        rows = [(name, *("" for _ in sides)) for name in asked]
        return Block("record", head=(text_of("protocol_value"), *sides), rows=tuple(rows))
    head = (text_of("protocol_value"), text_of("column_side"), *(text_of(f"protocol_{repeat}") for repeat in REPEATS))
    return Block(
        "record", head=head, rows=tuple((name, side, *("" for _ in REPEATS)) for name in asked for side in sides)
    )


def _asked(value: ProtocolValue, protocol: Protocol) -> str:
    """Return what to write down: the part, its unit with the limits, or its words."""
    told = [value.part or protocol.name]
    if value.words:
        told.append(f"({' / '.join(value.words)})")
    elif value.low is not None and value.high is not None:
        limits = say("letters.range", least=f"{value.low:g}", most=f"{value.high:g}").text
        told.append(f"({limits} {value.unit})")
    return " ".join(told)
