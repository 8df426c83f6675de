"""Patients of a workspace elsewhere, their answers and their danger signs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kinechain.cli.remote.answers import (
    EXIT_LOCKED,
    OutOption,
    PatientArgument,
    ServerOption,
    case_of,
    check_out,
    give,
    pages,
)
from kinechain.core.errors import FileError, SettingError

__all__ = ["fhir", "me", "patients", "person", "register", "screen"]

#: Larger than any person file; the workspace has the say.
MOST_BYTES = 1_000_000


def me(server: ServerOption = "") -> None:
    """Print whose token this is.

    Example: kinechain remote me --server https://clinic.example
    """
    from kinechain.cli.remote.client import open_workspace

    with open_workspace(server) as workspace:
        give(workspace.ask("/me"))


def patients(
    search: Annotated[str, typer.Option(help="Words of name or code, every one.", metavar="WORDS")] = "",
    server: ServerOption = "",
    out: OutOption = None,
) -> None:
    """Print the patients of the clinic, in the order of their names.

    Example: kinechain remote patients

    Example: kinechain remote patients --search p-17 --out patients.json
    """
    from kinechain.cli.remote.client import open_workspace

    check_out(out)
    with open_workspace(server) as workspace:
        give({"patients": pages(workspace, search), "next": ""}, out)


def register(
    code: Annotated[str, typer.Option(help="Stands on reports; made up without it.", metavar="CODE")] = "",
    server: ServerOption = "",
) -> None:
    """Register a patient; the name is typed, or read from standard input.

    A name is never an argument, where others would read it in the list of processes.

    Example: kinechain remote register --code p-17
    """
    from kinechain.cli.remote.client import open_workspace

    with open_workspace(server) as workspace:
        name = _name()
        give(workspace.send("POST", "/patients", {"name": name, "code": code}))


def _name() -> str:
    if sys.stdin.isatty():
        typed: str = typer.prompt("Name, shown to your clinic alone", err=True)
        return typed
    return sys.stdin.readline().strip()


def person(
    patient: PatientArgument,
    put: Annotated[
        Path | None, typer.Option(help="Put this person file in the place of --version.", metavar="PERSON.toml")
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="That was read and changed; 0 before the first.", min=0, metavar="N")
    ] = None,
    server: ServerOption = "",
    out: OutOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print version and file as JSON.")] = False,
) -> None:
    """Print the answers of a patient as a person file, or replace them by one.

    The version that was read is told, and given back with a changed file: if somebody changed the answers in between,
    nothing is replaced.

    Example: kinechain remote person p-17 --out person.toml

    Example: kinechain remote person p-17 --put person.toml --version 3
    """
    if (put is None) != (version is None):
        raise SettingError("--put FILE and --version N belong together: a file replaces the version it was made from")
    text = _text(put) if put else ""
    check_out(out)
    from kinechain.cli.remote.client import open_workspace

    with open_workspace(server) as workspace:
        path = f"{case_of(workspace, patient)}/person"
        if put is None:
            found = workspace.ask(path)
        else:
            found = workspace.send("PUT", path, {"version": version, "toml": text})
    typer.echo(f"Version {found['version']}." if found["version"] else "Nothing was answered yet: version 0.", err=True)
    if as_json:
        give(found, out)
    elif put is None or out is not None:
        give(found["toml"], out)


def _text(path: Path) -> str:
    if not path.is_file():
        raise FileError(f"there is no file {path}")
    if path.stat().st_size > MOST_BYTES:
        raise FileError(f"{path.name} is larger than any person file")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{path.name} is not UTF-8 text; save it as UTF-8") from error


def screen(patient: PatientArgument, server: ServerOption = "", out: OutOption = None) -> None:
    """Print the outcome of the danger signs.

    Exit code 0: nothing holds a plan back; 1: something does; 2: refused.

    Example: kinechain remote screen p-17
    """
    from kinechain.cli.remote.client import open_workspace

    check_out(out)
    with open_workspace(server) as workspace:
        found = workspace.ask(f"{case_of(workspace, patient)}/screen")
    give(found, out)
    if found["screen"]["plan_locked"]:
        raise typer.Exit(EXIT_LOCKED)


def fhir(patient: PatientArgument, server: ServerOption = "", out: OutOption = None) -> None:
    """Print everything known of a patient as a FHIR R4 bundle, for clinicians.

    Example: kinechain remote fhir p-17 --out p-17.fhir.json
    """
    from kinechain.cli.remote.client import open_workspace

    check_out(out)
    with open_workspace(server) as workspace:
        give(workspace.ask(f"{case_of(workspace, patient)}/fhir"), out)
