"""The first account of an installation: made in a browser, by whoever can read the data of this machine."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from kinechain.core.errors import InputError
from kinechain.store.accounts import Account
from kinechain.workspace.accounts import is_new, make_clinic
from kinechain.workspace.place import Place

__all__ = ["is_start_token", "start", "start_address"]

TOKEN_BYTES = 24


def start_address(place: Place) -> str:
    """Return the address where the first account is made; '' once there is one.

    Parameters
    ----------
    place : Place
    """
    path = _path(place)
    if not is_new(place.database):
        path.unlink(missing_ok=True)
        return ""
    return f"{place.address}/start/{_read(path) or _make(path)}"


def is_start_token(place: Place, token: str) -> bool:
    """Tell whether the first account may be made with this token.

    Parameters
    ----------
    place : Place
    token : str
    """
    kept = _read(_path(place))
    return bool(kept) and secrets.compare_digest(kept.encode(), token.encode()) and is_new(place.database)


def start(place: Place, token: str, clinic: str, email: str, name: str, password: str) -> Account:
    """Make the first clinic and its administrator; once.

    Parameters
    ----------
    place : Place
    token, clinic, email, name, password : str

    Raises
    ------
    InputError
        If somebody was faster, or a name or the address is impossible.
    SettingError
        If the password is too simple.
    """
    if not is_start_token(place, token):
        raise InputError("somebody has an account here already; ask them for an invitation")
    made = make_clinic(place.database, clinic, email, name, password, by="start")
    _path(place).unlink(missing_ok=True)
    return made


def _path(place: Place) -> Path:
    return place.folder / "start-token"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""


def _make(path: Path) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(token)
    return token
