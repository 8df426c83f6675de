"""``kinechain evidence``."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kinechain.cli.terminal import wrapped
from kinechain.core.errors import SettingError
from kinechain.core.text import printable

if TYPE_CHECKING:
    from kinechain.evidence.lookup import Card

__all__ = ["evidence"]

_WIDTH = 100
#: Places that are named before the rest is only counted.
_PLACES = 12


def evidence(
    key: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY",
            help="A source, rule (R5.3), test, exercise, claim (A-01), sentence, study, row of a table; or words.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Verify the whole library; exit code 1 if it fails.")] = False,
    sign_off: Annotated[
        bool, typer.Option("--sign-off", help="List every choice that waits for a responsible clinician's signature.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say what stands behind a number, a rule or a sentence.

    Without KEY: how much there is, how certain it is and how deep it was read. Words that are no key are searched.

    Example: kinechain evidence R5.3

    Example: kinechain evidence --sign-off
    """
    if sign_off and (key or check):
        raise SettingError("--sign-off prints a page of its own; leave out KEY and --check")
    if sign_off:
        _print_sign_off(as_json)
    elif check:
        _verify(as_json)
    elif key:
        _look_up(" ".join(key), as_json)
    else:
        _count(as_json)


def _print_sign_off(as_json: bool) -> None:
    from kinechain.cli.sign_off import sign_off_lines, signable

    if as_json:
        groups = signable()
        counts = {name: len(rows) for name, rows in groups.items()}
        _print_json(
            {"counts": counts, "choices": {name: [asdict(row) for row in rows] for name, rows in groups.items()}}
        )
    else:
        typer.echo(wrapped("\n".join(printable(line) for line in sign_off_lines())))


def _verify(as_json: bool) -> None:
    from kinechain.evidence.check import check

    faults = check()
    if as_json:
        from kinechain.evidence.lookup import counts

        _print_json({"faults": list(faults), "counts": {} if faults else {k: dict(v) for k, v in counts().items()}})
    else:
        for fault in faults:
            typer.echo(fault)
        if not faults:
            _count(as_json=False)
        some = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        typer.echo(some if faults else "The library is in order.")
    if faults:
        raise typer.Exit(1)


def _count(as_json: bool) -> None:
    from kinechain.evidence.lookup import counts

    counted = counts()
    if as_json:
        _print_json({group: dict(rows) for group, rows in counted.items()})
        return
    for group, rows in counted.items():
        typer.echo(f"{group}:")
        for name, number in rows.items():
            typer.echo(f"  {number:6}  {name}")


def _look_up(key: str, as_json: bool) -> None:
    from kinechain.core.errors import EvidenceError
    from kinechain.evidence.lookup import find, search

    try:
        cards = find(key)
        exact = True
    except EvidenceError:
        cards, exact = search(key), False
        if not cards:
            raise
    if as_json:
        _print_json({"key": key, "exact": exact, "cards": [asdict(card) for card in cards]})
    elif exact:
        typer.echo("\n\n".join(_page(card) for card in cards))
    else:
        typer.echo(f"No entry has the key '{key}'; {len(cards)} hold these words:")
        for card in cards:
            typer.echo(f"  {card.key}  ({card.kind})  {textwrap.shorten(card.title, 70, placeholder=' …')}")


def _page(card: Card) -> str:
    """Return one card as text, what it rests on written out."""
    from kinechain.evidence.sources import all_sources

    lines = [f"{card.key}  ({card.kind})", *_paragraph("", card.title)]
    for label, text in card.lines:
        lines += _paragraph(f"{label}: ", text)
    if card.sources:
        lines.append("  rests on:")
    for key in card.sources:
        made = all_sources()[key]
        people = f"; n = {made.n}" if made.n else ""
        tie = f"; {made.interest}" if made.has_commercial_tie else ""
        doi = f" doi:{made.doi}." if made.doi else f" PMID {made.pmid}." if made.pmid else ""
        lines += _paragraph(f"  {key}: ", f"{made.citation}.{doi} Read: {made.level}{people}{tie}")
    if card.cited_by:
        shown = ", ".join(card.cited_by[:_PLACES])
        more = len(card.cited_by) - _PLACES
        lines += _paragraph("cited by: ", shown + (f" and {more} more" if more > 0 else ""))
    return "\n".join(lines)


def _paragraph(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        label.lstrip() + text, _WIDTH, initial_indent="  " + " " * (len(label) - len(label.lstrip())),
        subsequent_indent="      ", break_long_words=False,
    )  # fmt: skip


def _print_json(content: object) -> None:
    import json

    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
