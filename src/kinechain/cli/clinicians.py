"""``kinechain clinician``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinechain.cli.person_files import passphrase
from kinechain.cli.terminal import wrapped
from kinechain.core.errors import FileError, SettingError, suggest
from kinechain.core.text import printable
from kinechain.evidence.wording import say

__all__ = ["clinician"]

ACTIONS = ("new", "list", "trust")
MAX_BYTES = 10_000


def clinician(
    action: Annotated[str, typer.Argument(metavar="new|list|trust", help="What to do.")],
    name: Annotated[str | None, typer.Argument(metavar="[NAME|FILE.pub]", help="A name, or a public key.")] = None,
) -> None:
    """Keep the keys of the clinicians who may clear danger signs on this machine.

    `new` makes a key under a passphrase; `trust` accepts the public key of a clinician of another machine.  A name in
    a file never clears anything: only a key that is trusted here does.

    Example: kinechain clinician new dr_ono

    Example: kinechain clinician list

    Example: kinechain clinician trust dr_ono.pub
    """
    if action not in ACTIONS:
        raise SettingError(f"there is no 'clinician {printable(action)}'. {suggest(action, ACTIONS)}")
    if action == "list":
        if name is not None:
            raise SettingError("clinician list takes no name; it prints them all")
        lines = _listed()
    elif name is None:
        raise SettingError(f"clinician {action} needs {'a name' if action == 'new' else 'a public key (FILE.pub)'}")
    else:
        lines = _made(name) if action == "new" else _trusted(Path(name))
    typer.echo(wrapped("\n".join(printable(line) for line in lines)))


def _listed() -> list[str]:
    from kinechain.care.screening.keyring import clinicians, keys_folder

    known = clinicians()
    if not known:
        return [say("terminal.no_clinician", command="kinechain clinician new NAME").text]
    lines = [say("terminal.clinicians", folder=str(keys_folder())).text]
    return lines + [f"  {person.name}  {person.key_id[:16]}" for person in known]


def _made(name: str) -> list[str]:
    from kinechain.care.screening.keyring import keys_folder, new_clinician

    secret = passphrase(say("terminal.new_passphrase", clinician=name).text, twice=True)
    made = new_clinician(name, secret)
    public = keys_folder() / f"{name}.pub"
    return [
        say("terminal.clinician_made", clinician=made.name, figures=made.key_id[:16]).text,
        say("terminal.clinician_public", file=str(public)).text,
    ]


def _trusted(path: Path) -> list[str]:
    """Copy a public key into the folder of keys, after reading it as one."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from kinechain.care.screening.keyring import NAME, clinicians, keys_folder

    if not path.is_file():
        raise FileError(f"there is no file {path}")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES)
    try:
        is_key = isinstance(load_pem_public_key(content), Ed25519PublicKey)
    except (ValueError, UnsupportedAlgorithm):
        is_key = False
    if not is_key or path.suffix != ".pub" or not NAME.fullmatch(path.stem):
        raise FileError(f"{path.name} is no clinician's public key; it is a file NAME.pub made by 'clinician new NAME'")
    target = keys_folder() / path.name
    if target.exists():
        raise SettingError(f"a clinician '{path.stem}' is trusted already; keys are never overwritten")
    keys_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    target.write_bytes(content)
    target.chmod(0o644)  # A key that others can write is trusted by nobody.
    (made,) = [person for person in clinicians() if person.name == path.stem]
    return [say("terminal.clinician_trusted", clinician=made.name, figures=made.key_id[:16]).text]
