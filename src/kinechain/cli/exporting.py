"""``kinechain export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from kinechain.cli.habits import (
    ExchangeSidesOption,
    MirroredOption,
    RateOption,
    UpOption,
    checked_up,
    turned_over,
)
from kinechain.cli.terminal import progress
from kinechain.core.errors import FileError, InputError, SettingError
from kinechain.core.text import printable

__all__ = ["export"]


def export(
    recordings: Annotated[
        list[Path],
        typer.Argument(metavar="RECORDING...", help="Trials, and tables of plates that belong to them."),
    ],
    out: Annotated[Path, typer.Option(help="A file, or a folder for several recordings.", metavar="PATH")],
    to: Annotated[
        str | None,
        typer.Option(help="Told from the ending of --out if not given.", metavar="c3d|trc|mot|csv|parquet|bids"),
    ] = None,
    events: Annotated[bool, typer.Option("--events", help="Write events as assess finds them.")] = False,
    angles: Annotated[bool, typer.Option("--angles", help="Write clinical angles; needs --body.")] = False,
    body: Annotated[Path | None, typer.Option(help="The person whose body is fitted.", metavar="PERSON.toml")] = None,
    static: Annotated[
        Path | None, typer.Option(help="The standing trial the body is fitted to.", metavar="FILE")
    ] = None,
    axes: Annotated[str, typer.Option(help="As recorded, or turned.", metavar="lab|world|opensim")] = "lab",
    profile: Annotated[
        str | None, typer.Option(help="Marker-set profile; chosen from the labels if not given.", metavar="NAME|FILE")
    ] = None,
    up: UpOption = "",
    mirrored: MirroredOption = False,
    exchange_sides: ExchangeSidesOption = False,
    rate: RateOption = None,
    subject: Annotated[str | None, typer.Option(help="BIDS: a pseudonym.", metavar="LABEL")] = None,
    task: Annotated[str, typer.Option(help="BIDS: what was done.", metavar="LABEL")] = "walking",
    session: Annotated[str, typer.Option(help="BIDS: which visit.", metavar="LABEL", show_default=False)] = "",
    run: Annotated[int, typer.Option(help="BIDS: number of the run.", metavar="N", min=0, show_default=False)] = 0,
) -> None:
    """Write recordings in another format, with events and angles if asked for.

    Markers, plates and channels are written as read; names and birth dates never are.

    Example: kinechain export walk.trc walk_grf.mot --to c3d --out walk.c3d --events

    Example: kinechain export walk.c3d --to c3d --out out/ --events --angles --body person.toml --static standing.c3d

    Example: kinechain export walk.c3d --to trc --out walk.trc --axes opensim

    Example: kinechain export walk1.c3d walk2.c3d --to bids --out dataset --subject K01 --task walking --events
    """
    for path in (*recordings, *(p for p in (body, static) if p)):
        if not path.is_file():
            raise FileError(f"there is no file {path}")
    with progress() as say:
        say("Loading")
        from kinechain.motion.export import FORMATS, ExportSettings, export_recordings
        from kinechain.recording.prepare import PrepareSettings
        from kinechain.recording.read import ReadSettings
        from kinechain.recording.writers.bids import BidsNames

        told = to or out.suffix.lower().lstrip(".")
        if told not in FORMATS:
            raise SettingError(f"say what to write: --to {'|'.join(FORMATS)} (--out {out.name} does not tell)")
        where = cast(Literal["lab", "world", "opensim"], axes)
        reading = ReadSettings(rate_hz=rate)
        preparing = PrepareSettings(up=checked_up(up), turned_over=turned_over(mirrored, exchange_sides))
        settings = ExportSettings(told, where, events, angles, profile, reading, preparing)
        names = BidsNames(subject, task, session, run) if subject is not None else None
        person = None
        if body is not None:
            from kinechain.care.person.person_file import read_person

            person = read_person(body)
            static = static or (Path(person.static) if person.static else None)
        try:
            exported = export_recordings(recordings, out, settings, person, static, names, say)
        except OSError as error:
            raise InputError(f"nothing can be written to {out}: {error.strerror or error}") from error
    for line in (*exported.said, *(f"Written: {path}" for path in exported.paths)):
        typer.echo(printable(line))
