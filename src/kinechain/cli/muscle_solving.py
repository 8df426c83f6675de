"""``kinechain muscles``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
    from kinechain.core.arrays import FloatArray

__all__ = ["muscles"]

#: Names, units and columns of a table, its times, and what is said about it.
_Found = tuple[tuple[list[str], list[str], "FloatArray"], "FloatArray", tuple[str, ...], str]


def muscles(
    recording: RecordingArgument,
    body: BodyOption,
    out: Annotated[
        Path, typer.Option(help="Activations, forces, reserves, joint reactions.", metavar="FILE.(sto|mot|parquet)")
    ],
    grf: ForcesOption = None,
    static: StaticOption = None,
    setup: SetupOption = None,
    cutoff: CutoffOption = 6.0,
    exponent: Annotated[float, typer.Option(help="Power of the activations whose sum is least.")] = 2.0,
    weighting: Annotated[
        Literal["activation", "volume"] | None,
        typer.Option(
            help="Every muscle alike (a model's default, as OpenSim), or by its volume (a person's).",
            show_default=False,
        ),
    ] = None,
    strength: Annotated[
        list[str] | None,
        typer.Option(help="Force left to a muscle or group; may be given again.", metavar="GROUP_SIDE=FRACTION"),
    ] = None,
    passive: Annotated[
        bool | None,
        typer.Option(
            "--passive/--no-passive",
            help="Stretched muscles pull; by default for a person, not for a model, as OpenSim.",
        ),
    ] = None,
) -> None:
    """Share the moments of a motion among the muscles: activations, forces, reserves and joint reactions.

    Reserves are moments that no muscle could give; demands that these muscles cannot hold are named with their frames.

    Example: kinechain muscles walk.mot --body scaled.osim --grf walk_grf.xml --out muscles.sto

    Example: kinechain muscles walk.c3d --body person.toml --strength gluteus_medius_r=0.6 --out muscles.parquet
    """
    require_files(recording, body, grf, static, setup)
    with progress() as say:
        say("Loading")
        from kinechain.loads.model_muscles import write_muscles
        from kinechain.motion.motion_file import check_motion_path

        check_motion_path(out)
        chosen = (cutoff, exponent, weighting, list(strength or []), passive)
        if is_model(body, static, setup):
            table, times, notes, frame = _of_model(body, recording, setup, grf, chosen, say)
        else:
            table, times, notes, frame = _of_person(body, recording, static, grf, chosen, say)
        try:
            write_muscles(table, times, out, frame)
        except OSError as error:
            raise InputError(f"the muscle forces cannot be written to {out}: {error.strerror or error}") from error
    typer.echo("\n".join(printable(line) for line in [*notes, f"Written: {out}"]))


_Chosen = tuple[float, float, Literal["activation", "volume"] | None, list[str], bool | None]


def _of_model(
    model: Path, recording: Path, setup: Path | None, grf: Path | None, chosen: _Chosen, say: Callable[[str], None]
) -> _Found:
    from kinechain.body.osim import read_osim
    from kinechain.body.osim_muscles import read_osim_muscles
    from kinechain.loads.model_dynamics import is_coordinate_table, read_coordinates, read_ground_forces
    from kinechain.loads.model_muscles import model_muscles, muscle_table
    from kinechain.loads.muscle_forces import MuscleSettings
    from kinechain.loads.strength import parse_strength, with_strength
    from kinechain.motion.track import solve_model_motion

    cutoff, exponent, weighting, strength, passive = chosen
    say("Reading the model")
    solved = read_osim(model)
    own = read_osim_muscles(model, solved)
    if not own.muscles:
        raise SettingError(f"{model.name} holds no muscles; give a model that does, or ask for 'kinechain id'")
    if is_coordinate_table(recording):
        if setup:
            raise SettingError("--setup is for markers; a table of coordinates is taken as it is")
        motion = read_coordinates(recording, solved)
    else:
        say("Solving the motion")
        solved, motion = solve_model_motion(solved, recording, setup)
    say("Sharing the moments among the muscles")
    loads = read_ground_forces(grf, solved, motion) if grf else None
    fractions = parse_strength(strength, own)
    settings = MuscleSettings(exponent, weighting or "activation", is_passive=bool(passive), weakened=fractions)
    found = model_muscles(solved, with_strength(own, fractions), motion, loads, settings, cutoff)
    m = found.muscles
    table = muscle_table(m.forces, m.activations, m.reserves, found.reactions)
    frame = "joint reactions on the child, in its axes, at the joint"
    return table, found.kinematics.times_s, (*own.notes, *found.notes), frame


def _of_person(
    file: Path, recording: Path, static: Path | None, grf: Path | None, chosen: _Chosen, say: Callable[[str], None]
) -> _Found:
    from kinechain.care.person.person_file import read_person
    from kinechain.loads.loads import LoadSettings
    from kinechain.loads.model_muscles import muscle_table
    from kinechain.loads.person_muscles import person_walk_loads

    cutoff, exponent, weighting, strength, passive = chosen
    if passive is False:
        raise SettingError("--no-passive compares a model with OpenSim; a person's muscles pull when stretched")
    require_table(grf)
    settings = LoadSettings(cutoff_hz=cutoff, exponent=exponent, weighting=weighting or "volume")
    loads = person_walk_loads(read_person(file), recording, static, grf, settings, strength, say)
    table = muscle_table(loads.muscle_forces, loads.activations, loads.reserves, loads.reactions)
    frame = "joint reactions of the upper on the lower segment, in the lower one's axes: x forward, y left, z up"
    return table, loads.times_s, loads.notes, frame
