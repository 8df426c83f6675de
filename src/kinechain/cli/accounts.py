"""``kinechain account``: who signs in to the workspace, managed at the machine itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinechain.cli.terminal import wrapped
from kinechain.core.errors import SettingError, suggest
from kinechain.core.text import printable

if TYPE_CHECKING:
    from kinechain.store.accounts import Account
    from kinechain.workspace.place import Place

__all__ = ["account"]

ACTIONS = ("add", "list", "password", "disable", "enable")


def account(
    action: Annotated[str, typer.Argument(metavar="add|list|password|disable|enable", help="What to do.")],
    email: Annotated[str | None, typer.Argument(metavar="[EMAIL]", help="Whose account.")] = None,
    name: Annotated[str, typer.Option(help="Of a new account: what colleagues read.")] = "",
    role: Annotated[str, typer.Option(help="Of a new account: clinician, or admin who manages accounts too.")] = "",
    clinic: Annotated[str, typer.Option(help="Of a new account; a clinic of another name is made.")] = "",
    data: Annotated[Path | None, typer.Option(help="Folder of data of the installation.")] = None,
    database: Annotated[str, typer.Option(help="Address of the database; without it a SQLite file in --data.")] = "",
) -> None:
    """Manage who signs in to the workspace, where nobody can in the browser.

    A password is typed and not shown, or read from standard input; never given as an argument, where others would
    read it in the list of processes.  A new password ends every session and token of the account.

    Example: kinechain account add ann@clinic.example --name "Ann Lee" --clinic "Lake clinic"

    Example: kinechain account password ann@clinic.example

    Example: kinechain account list --data ~/clinic
    """
    if action not in ACTIONS:
        raise SettingError(f"there is no 'account {printable(action)}'. {suggest(action, ACTIONS)}")
    if (email is None) != (action == "list"):
        needs = "takes no address; it prints them all" if action == "list" else "needs an e-mail address"
        raise SettingError(f"account {action} {needs}")
    if action != "add" and (name or role or clinic):
        raise SettingError("--name, --role and --clinic belong to 'account add'")
    from kinechain.store.troubles import told
    from kinechain.workspace.place import open_place

    place = open_place(data, database)
    try:
        with told():
            lines = _listed(place) if email is None else [_done(place, action, email, (name, role, clinic))]
    finally:
        place.database.close()
    typer.echo(wrapped("\n".join(printable(line) for line in lines)))


def _listed(place: Place) -> list[str]:
    from kinechain.store.accounts import accounts_of, clinic_name

    with place.database.reading() as connection:
        found = accounts_of(connection)
        clinics = {item.clinic_id: clinic_name(connection, item.clinic_id) for item in found}
    lines = [f"{item.email}  {item.name}  {item.role}  {_state(item)}  {clinics[item.clinic_id]}" for item in found]
    return lines or ["There is no account yet: kinechain account add EMAIL --name NAME --clinic CLINIC"]


def _state(item: Account) -> str:
    return "disabled" if item.disabled_at else "invited" if item.is_invited else "active"


def _done(place: Place, action: str, email: str, new: tuple[str, str, str]) -> str:
    from kinechain.store.accounts import find_account
    from kinechain.store.audit import Actor
    from kinechain.workspace.accounts import add_at_machine, disable_account, enable_account, set_password

    if action == "add":
        made = add_at_machine(place.database, email, new, _password)
        return f"{made.email} signs in as {made.role}."
    with place.database.reading() as connection:
        found = find_account(connection, email)
    if found is None:
        raise SettingError(f"there is no account {printable(email)[:80]}; kinechain account list prints them")
    actor = Actor("command", "account")
    if action == "password":
        set_password(place.database, actor, found.id, _password())
        return f"{found.email} has a new password; every session and token has ended."
    if action == "disable":
        disable_account(place.database, actor, found.id)
        return f"{found.email} is let in no more; every session and token has ended."
    enable_account(place.database, actor, found.id)
    return f"{found.email} is let in again."


def _password() -> str:
    """Return a password, typed twice without being shown, or one line of standard input."""
    if sys.stdin.isatty():
        typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return sys.stdin.readline().rstrip("\r\n")
