"""``kinechain ik``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinechain.cli.solver_options import BodyOption, StaticOption, is_model, require_files
from kinechain.cli.terminal import progress
from kinechain.core.errors import InputError
from kinechain.core.text import printable

__all__ = ["ik"]


def ik(
    recording: Annotated[Path, typer.Argument(metavar="RECORDING", help="A trial: C3D or TRC.", show_default=False)],
    body: BodyOption,
    out: Annotated[Path, typer.Option(help="The motion.", metavar="FILE.(mot|sto|parquet)")],
    static: StaticOption = None,
    setup: Annotated[
        Path | None, typer.Option(help="OpenSim setup with weights and time range, for a model.", metavar="FILE.xml")
    ] = None,
) -> None:
    """Solve the joint coordinates of a body from the markers of a recording; nothing is filtered.

    With a model a TRC file is taken to stand in OpenSim's axes, as OpenSim takes it; a C3D is turned into them.

    Example: kinechain ik walk.trc --body scaled.osim --setup ik_setup.xml --out walk.mot

    Example: kinechain ik walk.c3d --body person.toml --static standing.c3d --out walk.parquet
    """
    require_files(recording, body, static, setup)
    with progress() as say:
        say("Loading")
        from kinechain.motion.motion_file import check_motion_path, write_motion
        from kinechain.motion.track import track_model, track_person

        check_motion_path(out)
        if is_model(body, static, setup):
            solved, motion = track_model(body, recording, setup, say)
        else:
            from kinechain.care.person.person_file import read_person

            solved, motion = track_person(read_person(body), recording, static, say)
        try:
            write_motion(solved, motion, out)
        except OSError as error:
            raise InputError(f"the motion cannot be written to {out}: {error.strerror or error}") from error
    typer.echo("\n".join(printable(line) for line in [*motion.notes, f"Written: {out}"]))
