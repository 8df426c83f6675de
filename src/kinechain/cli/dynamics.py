"""``kinechain id``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinechain.cli.solver_options import (
    BodyOption,
    CutoffOption,
    ForcesOption,
    RecordingArgument,
    SetupOption,
    StaticOption,
    is_model,
    require_files,
    require_table,
)
from kinechain.cli.terminal import progress
from kinechain.core.errors import InputError, SettingError
from kinechain.core.text import printable

if TYPE_CHECKING:
    from kinechain.body.body import Body
    from kinechain.loads.inverse_dynamics import InverseDynamics

__all__ = ["inverse_dynamics"]


def inverse_dynamics(
    recording: RecordingArgument,
    body: BodyOption,
    out: Annotated[Path, typer.Option(help="The moments.", metavar="FILE.(sto|mot|parquet)")],
    grf: ForcesOption = None,
    static: StaticOption = None,
    setup: SetupOption = None,
    cutoff: CutoffOption = 6.0,
) -> None:
    """Compute the moments a motion takes, and what the ground reaction leaves unexplained.

    Columns are named as OpenSim names them; those of the root (pelvis) are the residuals.  With a model every
    coordinate stands for itself, as in OpenSim; with a person what follows a coordinate is folded into it.

    Example: kinechain id walk.mot --body scaled.osim --grf walk_grf.xml --out moments.sto

    Example: kinechain id walk.trc --body scaled.osim --setup ik_setup.xml --grf walk_grf.xml --out moments.sto

    Example: kinechain id walk.c3d --body person.toml --static standing.c3d --out moments.parquet
    """
    require_files(recording, body, grf, static, setup)
    with progress() as say:
        say("Loading")
        from kinechain.loads.model_dynamics import write_moments
        from kinechain.motion.motion_file import check_motion_path

        check_motion_path(out)
        if is_model(body, static, setup):
            solved, result = _of_model(body, recording, setup, grf, cutoff, say)
        else:
            solved, result = _of_person(body, recording, static, grf, cutoff, say)
        try:
            write_moments(solved, result, out)
        except OSError as error:
            raise InputError(f"the moments cannot be written to {out}: {error.strerror or error}") from error
    typer.echo("\n".join(printable(line) for line in [*result.notes, f"Written: {out}"]))


def _of_model(
    model: Path, recording: Path, setup: Path | None, grf: Path | None, cutoff: float, say: Callable[[str], None]
) -> tuple[Body, InverseDynamics]:
    from kinechain.loads.model_dynamics import (
        is_coordinate_table,
        model_inverse_dynamics,
        read_coordinates,
        read_ground_forces,
    )

    if is_coordinate_table(recording):
        if setup:
            raise SettingError("--setup is for markers; a table of coordinates is taken as it is")
        from kinechain.body.osim import read_osim

        say("Reading the model")
        body = read_osim(model)
        motion = read_coordinates(recording, body)
    else:
        from kinechain.motion.track import track_model

        body, motion = track_model(model, recording, setup, say)
    say("Computing moments")
    loads = read_ground_forces(grf, body, motion) if grf else None
    return body, model_inverse_dynamics(body, motion, loads, cutoff)


def _of_person(
    file: Path, recording: Path, static: Path | None, grf: Path | None, cutoff: float, say: Callable[[str], None]
) -> tuple[Body, InverseDynamics]:
    from kinechain.care.person.person_file import read_person
    from kinechain.loads.loads import LoadSettings
    from kinechain.loads.person_dynamics import person_inverse_dynamics

    require_table(grf)
    return person_inverse_dynamics(read_person(file), recording, static, grf, LoadSettings(cutoff_hz=cutoff), say)
