"""Backup of an installation while it runs, and restore into an empty place."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from kinechain.core.errors import InputError
from kinechain.store.audit import Actor, record
from kinechain.store.backup import Manifest, check_rows, fill, unpack, write_backup
from kinechain.store.database import Database, open_database, sqlite_url
from kinechain.store.encryption import read_key
from kinechain.store.files import Files
from kinechain.store.migrate import check_layout, migrate
from kinechain.store.tables import clinic
from kinechain.store.troubles import told
from kinechain.workspace.place import DATABASE_FILE, data_folder

__all__ = ["Copied", "back_up", "restore"]

ACTOR = Actor("command", "backup")


@dataclass(frozen=True)
class Copied:
    """What was backed up or restored."""

    folder: Path
    manifest: Manifest


@told()
def back_up(path: Path, folder: Path | None = None, url: str = "") -> Copied:
    """Write a backup of an installation; people may work on meanwhile.

    Parameters
    ----------
    path : Path
        Must not exist.
    folder : Path, optional
    url : str
        Of the database; '' for SQLite in the folder.

    Raises
    ------
    InputError
        If there is no installation, or the path exists.
    """
    folder = folder or data_folder()
    if not folder.is_dir() or not (url or (folder / DATABASE_FILE).is_file()):
        raise InputError(f"there is no workspace in {folder}; name its folder with --data")
    if not path.absolute().parent.is_dir():
        raise InputError(f"there is no folder {path.parent} to write the backup into; make it first")
    database = open_database(url or sqlite_url(folder / DATABASE_FILE))
    try:
        check_layout(database)
        manifest = write_backup(database, Files(folder / "files", read_key()), path)
        with database.writing() as connection:
            _tell(connection, "back up", manifest)
    finally:
        database.close()
    return Copied(folder, manifest)


@told()
def restore(path: Path, folder: Path, url: str = "") -> Copied:
    """Make an installation from a backup, all of it or nothing.

    Parameters
    ----------
    path : Path
    folder : Path
        Must not exist, or be empty.
    url : str
        Of an empty database; '' for SQLite in the folder.

    Raises
    ------
    InputError
        If folder or database hold something, or the backup is damaged.
    SettingError
        If its files are sealed and the key is not set.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}; check the name and the folder")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty; a backup is restored only into a new or an empty folder")
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=".restoring-", dir=folder.absolute().parent))
    try:
        manifest = unpack(path, staged)
        files = _checked_files(staged / "files")
        database = open_database(url or sqlite_url(staged / DATABASE_FILE))
        try:
            _load(database, files, staged, manifest, folder if url else None)
        finally:
            database.close()
        if not url:
            _settle(staged, folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return Copied(folder, manifest)


def _checked_files(folder: Path) -> Files:
    """Return the store, every content of it read once."""
    files = Files(folder, read_key())
    files.check_key()
    for digest, _ in files.digests():
        for _piece in files.chunks(digest):
            pass
    return files


def _load(database: Database, files: Files, staged: Path, manifest: Manifest, folder: Path | None) -> None:
    migrate(database)
    with database.writing() as connection:
        fill(connection, staged, manifest)
        check_rows(connection, files, manifest)
        _tell(connection, "restore backup", manifest)
        shutil.rmtree(staged / "tables")
        if folder is not None:
            # Before the rows are kept: a folder without rows is told at the next try, rows without files are not.
            _settle(staged, folder)


def _settle(staged: Path, folder: Path) -> None:
    if folder.exists():
        folder.rmdir()
    staged.rename(folder)


def _tell(connection: Connection, action: str, manifest: Manifest) -> None:
    """Write into the trail of each clinic that its data were copied."""
    detail = {"made_at": manifest.made_at, "patients": manifest.rows["patient"]}
    for (clinic_id,) in connection.execute(select(clinic.c.id)).all():
        record(connection, ACTOR, action, "", detail, clinic_id)
