"""``kinechain inspect``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kinechain.cli.habits import (
    ExchangeSidesOption,
    MirroredOption,
    RateOption,
    UpOption,
    checked_up,
    turned_over,
)
from kinechain.core.draft import drafted
from kinechain.core.errors import FileError, InputError, SettingError
from kinechain.core.text import printable

if TYPE_CHECKING:
    from kinechain.inspection.folder import Found
    from kinechain.inspection.inspect_file import InspectSettings
    from kinechain.inspection.inspection import Inspection

__all__ = ["inspect"]


def inspect(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|DIR...", help="Recordings, or folders of them.", show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with timelines, too.", metavar="FILE.html", show_default=False)
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Marker-set profile; chosen from the labels if not given.", metavar="NAME|FILE")
    ] = None,
    starter: Annotated[
        Path | None,
        typer.Option(
            help="Write a profile for these labels, to be completed by hand.", metavar="FILE.toml", show_default=False
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Processes for a folder; all cores if not given.", metavar="N", min=1)
    ] = None,
    up: UpOption = "",
    mirrored: MirroredOption = False,
    exchange_sides: ExchangeSidesOption = False,
    rate: RateOption = None,
) -> None:
    """Say what recordings hold, what they can be used for, and what is wrong with them.

    A folder, with everything below it, becomes one table. A recording that cannot be read is a row of it; a single
    one that cannot be read ends with exit code 2.

    Example: kinechain inspect walk.c3d

    Example: kinechain inspect visits/ --html visits.html

    Example: kinechain inspect walk.trc walk_grf.mot --json > walk.json

    Example: kinechain inspect walk.c3d --starter my_markers.toml
    """
    from kinechain.inspection.folder import find_trials
    from kinechain.inspection.inspect_folder import inspect_trials
    from kinechain.recording.readers.recognise import READABLE

    settings = _settings(profile, checked_up(up), turned_over(mirrored, exchange_sides), rate)
    if html is not None and html.is_dir():
        raise SettingError(f"{html} is a folder; name the page itself, e.g. {html / 'inspection.html'}")
    found = find_trials(paths)
    inputs = {path.resolve() for trial in found.trials for path in trial.paths}
    if html is not None and html.resolve() in inputs:
        raise SettingError(f"{html} is one of the recordings and is not overwritten; name another page")
    with _counting(len(found.trials)) as progress:
        inspections = inspect_trials(found.trials, settings, jobs, progress)
    _print(inspections, found, as_json)
    if html is not None:
        _write_page(inspections, found, html, _title(paths))
        typer.echo(printable(f"Written: {html}"), err=as_json)
    if starter is not None:
        _write_starter(inspections, starter)
        typer.echo(printable(f"Written: {starter}"), err=as_json)
    if not inspections:
        raise FileError(f"{paths[0]} holds no recording ({READABLE}); name the folder they lie in")
    if len(inspections) == 1 and inspections[0].refused and not found.is_folder:
        raise FileError(inspections[0].refused)


def _settings(
    profile: str | None, up: str, turned: Literal["", "mirrored", "exchanged"], rate: float | None
) -> InspectSettings:
    """Return what was asked for; a profile that does not exist is refused before any file is opened."""
    from kinechain.inspection.inspect_file import InspectSettings
    from kinechain.recording.prepare import PrepareSettings
    from kinechain.recording.profiles import find_profile
    from kinechain.recording.read import ReadSettings

    if profile is not None:
        find_profile(profile)
    return InspectSettings(ReadSettings(rate_hz=rate), PrepareSettings(up=up, turned_over=turned), profile)


def _write_starter(inspections: Sequence[Inspection], path: Path) -> None:
    """Write the beginning of a profile for the first recording with markers."""
    from kinechain.recording.profile_choice import starter_profile

    labels = next(([m.label for m in i.markers if m.seen_share > 0] for i in inspections if i.markers), [])
    if not labels:
        raise SettingError("--starter needs a recording with markers; none of these holds any")
    if path.exists():
        raise SettingError(f"{path} is there already; name a new file, so that nothing you wrote is lost")
    try:
        path.write_text(starter_profile(labels), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"the profile cannot be written to {path}: {error.strerror or error}") from error


def _title(paths: Sequence[Path]) -> str:
    return printable(paths[0].resolve().name) if len(paths) == 1 else ""


def _print(inspections: Sequence[Inspection], found: Found, as_json: bool) -> None:
    """Print the machine output alone, or what a person reads; a single refusal goes to stderr."""
    if as_json:
        from kinechain.report.inspection_json import inspection_json

        typer.echo(inspection_json(inspections, found.left_out), nl=False)
        return
    from kinechain.report.inspection_text import render_folder, render_inspection, render_left_out

    is_coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    if found.is_folder or len(inspections) > 1:
        if inspections:
            typer.echo(render_folder(inspections, found.left_out, is_coloured))
    elif not inspections[0].refused:
        left_out = render_left_out(found.left_out)
        typer.echo("\n".join([render_inspection(inspections[0], is_coloured), *([""] if left_out else []), *left_out]))


def _write_page(inspections: Sequence[Inspection], found: Found, path: Path, title: str) -> None:
    """Write the page whole or not at all."""
    from kinechain.report.inspection_html import render_inspection_html

    page = render_inspection_html(inspections, found.left_out, title)
    try:
        with drafted(path) as draft:
            draft.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"the page cannot be written to {path}: {error.strerror or error}") from error


@contextmanager
def _counting(count: int) -> Iterator[Callable[[int, int, str], None]]:
    """Show on stderr how far a folder is: a bar on a terminal, else a line for every hundred files."""
    if count < 2:
        yield lambda done, total, name: None
        return
    if not sys.stderr.isatty():

        def say(done: int, total: int, name: str) -> None:
            if done % 100 == 0:
                typer.echo(f"{done} of {total} ...", err=True)

        yield say
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.text import Text

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[name]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=count, name="")
        yield lambda done, total, name: bar.update(task, completed=done, name=Text(name[-40:]).plain)
