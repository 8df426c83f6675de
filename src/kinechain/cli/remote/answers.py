"""What the verbs of a remote workspace share: their options, whom they mean, and how an answer is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from kinechain.core.errors import FileError, InputError
from kinechain.core.text import printable

if TYPE_CHECKING:
    from kinechain.cli.remote.client import Workspace

__all__ = ["EXIT_LOCKED", "OutOption", "PatientArgument", "ServerOption", "case_of", "check_out", "give", "pages"]

EXIT_LOCKED = 1

PatientArgument = Annotated[str, typer.Argument(metavar="PATIENT", help="Code or id of the patient.")]
ServerOption = Annotated[
    str,
    typer.Option(
        envvar="KINECHAIN_SERVER", metavar="URL", help="Address of the workspace; https, or http on this machine."
    ),
]
OutOption = Annotated[Path | None, typer.Option(help="Write it to this file instead.", metavar="FILE")]


def case_of(workspace: Workspace, patient: str) -> str:
    """Return the path of a patient.

    Parameters
    ----------
    workspace : Workspace
    patient : str
        Id or code.

    Raises
    ------
    InputError
        If nobody in the list has this code.
    """
    try:
        return f"/patients/{UUID(patient)}"
    except ValueError:
        pass
    for row in pages(workspace, patient[:100]):
        if row["code"] == patient:
            return f"/patients/{UUID(row['id'])}"
    raise InputError(
        f"there is no patient with the code '{printable(patient)[:40]}' in this clinic; kinechain remote patients "
        "lists them"
    )


def pages(workspace: Workspace, search: str) -> list[dict[str, Any]]:
    """Return every patient whose name or code holds every word.

    Parameters
    ----------
    workspace : Workspace
    search : str
    """
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = workspace.ask("/patients", search=search, after=after)
        found += page["patients"]
        after = page["next"]
        if not after:
            return found


def check_out(out: Path | None) -> None:
    """Refuse a file that cannot be made, before anything is asked.

    Parameters
    ----------
    out : path, optional
    """
    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise FileError(f"nothing can be written to {out}: name a file in a folder that exists")


def give(document: Any, out: Path | None = None) -> None:
    """Print an answer as the local verb prints it with ``--json``, or write it to a file.

    Parameters
    ----------
    document : values of JSON, or str
        A text goes out as it is.
    out : path, optional
    """
    text = document if isinstance(document, str) else json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    typer.echo(f"Written: {out}", err=True)
