"""Who acts as a clinician: only who holds a key of this installation and can open it."""

from __future__ import annotations

from kinechain.cli.person_files import passphrase
from kinechain.core.errors import SettingError, suggest
from kinechain.core.text import printable
from kinechain.evidence.wording import say

__all__ = ["confirmed"]


def confirmed(name: str) -> str:
    """Return the name of a clinician who has shown that the key of that name is theirs.

    Parameters
    ----------
    name : str
        As typed; nobody of that name is asked for a passphrase unless a key stands here.

    Raises
    ------
    LockedError
        If the passphrase does not open the key.
    SettingError
        If nobody of that name has a key here, or no passphrase can be asked for.
    """
    from kinechain.care.screening.keyring import clinicians, confirm_clinician

    known = [person.name for person in clinicians()]
    if name not in known:
        told = printable(name)[:60]
        raise SettingError(f"no clinician '{told}' has a key here. {suggest(name, known)} New: kinechain clinician new")
    return confirm_clinician(name, passphrase(say("terminal.ask_passphrase", clinician=name).text)).name
