"""``kinechain backup`` and ``kinechain restore``: everything of a workspace in one file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kinechain.store.backup import Manifest

__all__ = ["backup", "restore"]


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE.tar.gz", help="Where to; must not exist.")],
    data: Annotated[Path | None, typer.Option(help="Folder of data of the installation.")] = None,
    database: Annotated[str, typer.Option(help="Address of the database; without it a SQLite file in --data.")] = "",
) -> None:
    """Copy a workspace into one file, also while it is open.

    Rows and files of one moment, with their digests.  Not in it: the key that files are sealed with, the clinicians'
    keys and the settings of this machine, and who is signed in.

    Example: kinechain backup clinic.tar.gz --data ~/clinic
    """
    from kinechain.care.screening.settings import home_folder
    from kinechain.workspace.backing_up import back_up

    done = back_up(file, data, database)
    typer.echo(f"{file}: {_counts(done.manifest)}")
    typer.echo("It holds health data of everybody here: keep it as closed as the installation itself.")
    if done.manifest.missing:
        typer.echo(f"{len(done.manifest.missing)} files that are named in the database were not there.", err=True)
    if done.manifest.is_sealed:
        typer.echo("Its files are sealed, its rows are not. The key is not in it: keep that elsewhere.")
    typer.echo(f"Clinicians' keys and settings are not in it; they lie in {home_folder()}.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE.tar.gz", help="As kinechain backup wrote it.")],
    data: Annotated[Path, typer.Option(help="Folder of data to make; new or empty.")],
    database: Annotated[str, typer.Option(help="Address of an empty database; else a SQLite file in --data.")] = "",
) -> None:
    """Make a workspace from a backup, in a new or empty place; every digest, journal and version is checked first.

    Example: kinechain restore clinic.tar.gz --data ~/clinic-again
    """
    from kinechain.workspace.backing_up import restore as restored

    done = restored(file, data, database)
    typer.echo(f"{data}: {_counts(done.manifest)}, as of {done.manifest.made_at[:16].replace('T', ' ')} UTC")
    if done.manifest.missing:
        typer.echo(f"{len(done.manifest.missing)} files were missing already when the backup was made.", err=True)
    typer.echo("Everybody signs in again. A clearance counts once its clinician's key is trusted here.")
    typer.echo("Patients who were erased after the backup was made are back: erase them again.")


def _counts(manifest: Manifest) -> str:
    rows, files = manifest.rows, sum(name.startswith("files/") for name in manifest.members) - manifest.is_sealed
    return f"{rows['patient']} patients, {rows['event']} entries of journals, {files} files"
