"""What a command says on a terminal, and how it is shown."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

__all__ = ["progress", "wrapped"]


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show the present step on stderr: a line that moves on a terminal, else one line per step."""
    if not sys.stderr.isatty():
        yield lambda step: typer.echo(f"{step} ...", err=True)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting")
        yield lambda step: bar.update(task, description=step)


def wrapped(text: str) -> str:
    """Break lines at the width of the terminal, hanging under their own indentation; a file gets them whole."""
    if not sys.stdout.isatty():
        return text
    width = max(40, shutil.get_terminal_size().columns - 1)
    lines = []
    for line in text.splitlines():
        hanging = " " * (len(line) - len(line.lstrip()) + (4 if line.startswith(" ") else 0))
        lines += textwrap.wrap(line, width, subsequent_indent=hanging, break_on_hyphens=False) or [""]
    return "\n".join(lines)
