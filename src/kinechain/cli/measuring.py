"""``kinechain protocol``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from kinechain.cli.terminal import wrapped
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.evidence.wording import say

__all__ = ["protocol"]


def protocol(
    items: Annotated[
        list[str] | None, typer.Argument(metavar="[ITEM...]", help="Examination items; with --out none means all.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write protocol.pdf and protocol.txt into this folder.", metavar="DIR")
    ] = None,
) -> None:
    """Print how each item of the examination is measured: a sheet with boxes to write in, for every item.

    Without ITEM and --out: the items there are. With ITEM alone: its sheet as text.

    Example: kinechain protocol

    Example: kinechain protocol lunge_test

    Example: kinechain protocol lunge_test navicular_drop --out sheets

    Example: kinechain protocol --out sheets
    """
    if not items and out is None:
        lines = _listed()
    elif out is None:
        lines = _sheets(items or []).splitlines()
    else:
        lines = [say("terminal.plan_written", file=str(path)).text for path in _written(items or [], out)]
    typer.echo(wrapped("\n".join(printable(line) for line in lines)))


def _listed() -> list[str]:
    from kinechain.care.person.protocol import protocols

    longest = max(map(len, protocols()))
    rows = [f"  {key:{longest}}  {sheet.name}" for key, sheet in protocols().items()]
    return [*rows, "", say("terminal.protocol_how", command="kinechain protocol ITEM... --out DIR").text]


def _sheets(items: list[str]) -> str:
    from kinechain import __version__
    from kinechain.report.letter_pdf import letter_text
    from kinechain.report.protocol_sheet import protocol_booklet

    return letter_text(protocol_booklet(items, date.today(), __version__))


def _written(items: list[str], folder: Path) -> list[Path]:
    from kinechain import __version__
    from kinechain.report.letter_pdf import letter_pdf, letter_text
    from kinechain.report.protocol_sheet import protocol_booklet

    booklet = protocol_booklet(items, date.today(), __version__)
    pdf, text = folder / "protocol.pdf", folder / "protocol.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pdf.write_bytes(letter_pdf(booklet))
        text.write_text(letter_text(booklet), encoding="utf-8")
    except OSError as error:
        raise FileError(f"nothing can be written to {folder}: {error.strerror or error}") from error
    return [pdf, text]
