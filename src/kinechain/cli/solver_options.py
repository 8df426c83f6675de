"""Arguments that ``kinechain ik``, ``id`` and ``muscles`` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinechain.core.errors import FileError, SettingError

__all__ = [
    "BodyOption",
    "CutoffOption",
    "ForcesOption",
    "RecordingArgument",
    "SetupOption",
    "StaticOption",
    "is_model",
    "require_files",
    "require_table",
]

RecordingArgument = Annotated[
    Path,
    typer.Argument(
        metavar="RECORDING",
        help="A trial (C3D or TRC), or for a model its coordinates (MOT or STO).",
        show_default=False,
    ),
]
BodyOption = Annotated[
    Path,
    typer.Option(help="An OpenSim 4 model that fits the person, or a person file.", metavar="FILE.osim|PERSON.toml"),
]
ForcesOption = Annotated[
    Path | None,
    typer.Option(help="Ground forces: OpenSim's external loads, or a table of plates.", metavar="FILE.(xml|mot)"),
]
StaticOption = Annotated[
    Path | None, typer.Option(help="The standing trial the person's body is fitted to.", metavar="FILE")
]
SetupOption = Annotated[
    Path | None,
    typer.Option(help="OpenSim setup of inverse kinematics, for a model and markers.", metavar="FILE.xml"),
]
CutoffOption = Annotated[float, typer.Option(help="Low-pass cut-off of the coordinates, Hz.", metavar="HZ")]


def require_files(*paths: Path | None) -> None:
    """Raise FileError for the first path that was given and is no file."""
    for path in paths:
        if path is not None and not path.is_file():
            raise FileError(f"there is no file {path}")


def is_model(body: Path, static: Path | None, setup: Path | None) -> bool:
    """Tell whether the body is an OpenSim model, not a person.

    Raises
    ------
    SettingError
        If a model comes with a standing trial, or a person with an OpenSim setup.
    """
    if body.suffix.lower() == ".osim":
        if static:
            raise SettingError("--static fits the body of a person; an OpenSim model must fit already")
        return True
    if setup:
        raise SettingError("--setup holds the weights of an OpenSim model; the body here is a person's")
    return False


def require_table(forces: Path | None) -> None:
    """Raise SettingError if a person's ground forces are OpenSim's external loads."""
    if forces is not None and forces.suffix.lower() == ".xml":
        raise SettingError(
            "external loads (.xml) name the bodies of an OpenSim model; give a person's plates as a table"
        )
