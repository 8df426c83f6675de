"""Where one installation keeps its data: the database, the store of files, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kinechain.care.screening.settings import Settings, home_folder, read_settings
from kinechain.store.database import Database, open_database, sqlite_url
from kinechain.store.encryption import read_key
from kinechain.store.files import Files
from kinechain.store.migrate import migrate
from kinechain.store.troubles import told

__all__ = ["DATABASE_FILE", "Place", "data_folder", "open_place"]

#: In the folder of data, where no other database is named.
DATABASE_FILE = "workspace.sqlite"


@dataclass(frozen=True)
class Place:
    """One installation.

    Attributes
    ----------
    database : Database
    folder : Path
        Of data; uploaded files and results lie in ``folder/files`` under their digests.
    settings : Settings
        Emergency number, crisis line, clinic.
    address : str
        Where people reach it, such as ``http://127.0.0.1:8642``; links for patients begin so.
    url : str
        Of the database, for processes of their own.
    """

    database: Database
    folder: Path
    settings: Settings
    address: str
    url: str

    @cached_property
    def files(self) -> Files:
        """The store of files, sealed if ``KINECHAIN_KEY`` or ``KINECHAIN_KEY_FILE`` holds a key."""
        files = Files(self.folder / "files", read_key())
        files.check_key()
        return files

    @property
    def is_secure(self) -> bool:
        """Whether it is reached by https, so that cookies may be kept to that."""
        return self.address.startswith("https://")


def data_folder() -> Path:
    """Return the folder of data of this installation where none was named."""
    return home_folder() / "workspace"


@told()
def open_place(folder: Path | None = None, url: str = "", address: str = "http://127.0.0.1:8642") -> Place:
    """Open an installation, made new where there is none, its database brought to the newest layout.

    Parameters
    ----------
    folder : Path, optional
    url : str
        Of the database; '' for a SQLite file in the folder.
    address : str
    """
    folder = folder or data_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    url = url or sqlite_url(folder / DATABASE_FILE)
    database = open_database(url)
    migrate(database)
    place = Place(database, folder, read_settings(), address.rstrip("/"), url)
    # Made here, so that a missing key is told at the start and not at the first file.
    place.files  # noqa: B018
    return place
