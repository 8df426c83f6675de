"""``kinechain ik``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinechain.cli.terminal import progress
from kinechain.core.errors import FileError, InputError, SettingError
from kinechain.core.text import printable

__all__ = ["ik"]


def ik(
    recording: Annotated[Path, typer.Argument(metavar="RECORDING", help="A trial: C3D or TRC.", show_default=False)],
    body: Annotated[
        Path,
        typer.Option(
            help="An OpenSim 4 model that fits the person, or a person file.", metavar="FILE.osim|PERSON.toml"
        ),
    ],
    out: Annotated[Path, typer.Option(help="The motion.", metavar="FILE.(mot|sto|parquet)")],
    static: Annotated[
        Path | None, typer.Option(help="The standing trial the person's body is fitted to.", metavar="FILE")
    ] = None,
    setup: Annotated[
        Path | None, typer.Option(help="OpenSim setup with weights and time range, for a model.", metavar="FILE.xml")
    ] = None,
) -> None:
    """Solve the joint coordinates of a body from the markers of a recording; nothing is filtered.

    With a model a TRC file is taken to stand in OpenSim's axes, as OpenSim takes it; a C3D is turned into them.

    Example: kinechain ik walk.trc --body scaled.osim --setup ik_setup.xml --out walk.mot

    Example: kinechain ik walk.c3d --body person.toml --static standing.c3d --out walk.parquet
    """
    for path in (recording, body, *(p for p in (static, setup) if p)):
        if not path.is_file():
            raise FileError(f"there is no file {path}")
    with progress() as say:
        say("Loading")
        from kinechain.motion.motion_file import check_motion_path, write_motion
        from kinechain.motion.track import track_model, track_person

        check_motion_path(out)
        if body.suffix.lower() == ".osim":
            if static:
                raise SettingError("--static fits the body of a person; an OpenSim model must fit already")
            solved, motion = track_model(body, recording, setup, say)
        else:
            if setup:
                raise SettingError("--setup holds the weights of an OpenSim model; the body here is a person's")
            from kinechain.care.person_file import read_person

            solved, motion = track_person(read_person(body), recording, static, say)
        try:
            write_motion(solved, motion, out)
        except OSError as error:
            raise InputError(f"the motion cannot be written to {out}: {error.strerror or error}") from error
    typer.echo("\n".join(printable(line) for line in [*motion.notes, f"Written: {out}"]))
