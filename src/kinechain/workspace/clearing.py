"""Clinicians' signatures: their key of this installation, danger signs they clear, and clearances they take back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, select

from kinechain.care.follow_up.events import Cleared, ClearingWithdrawn
from kinechain.care.follow_up.standing import lasting
from kinechain.care.screening.clearance import Clearance, answers_digest
from kinechain.care.screening.keyring import NAME as KEY_NAME
from kinechain.care.screening.keyring import (
    Clinician,
    clinicians,
    confirm_clinician,
    distrusted,
    new_clinician,
    sign_clearance,
    trusted,
)
from kinechain.care.screening.red_flags import LOCKING
from kinechain.care.screening.screen import Flag
from kinechain.core.errors import InputError, LockedError
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.database import Database
from kinechain.store.limits import (
    add_attempt,
    attempt_key,
    forget_attempts,
    hold_attempts,
    take_back_attempt,
    wait_for,
)
from kinechain.store.people import hold
from kinechain.store.tables import account
from kinechain.workspace.assessing import local_day
from kinechain.workspace.case import Case, read_case, write_events
from kinechain.workspace.following import progress_of
from kinechain.workspace.tasks import keep_tasks

__all__ = [
    "Signed",
    "clear_flag",
    "clearable",
    "make_key",
    "names_of_accounts",
    "signatures",
    "signing_name",
    "standing_key",
    "withdraw_clearance",
]

#: Names of keys that would be read as somebody else in a journal.
RESERVED = frozenset({"patient"})

#: Refused tries to sign within the window of `kinechain.store.limits` (choice).
MOST_TRIES = 10


@dataclass(frozen=True)
class Signed:
    """One clearance of a journal.

    Attributes
    ----------
    clearance : Clearance
    question : str
        The danger sign as printed.
    holds : bool
        Whether it counts today.
    why_not : str
        Why it does not; '' if it does.
    withdrawn_by : str
        `Actor.code`; '' if nobody took it back.
    withdrawn_at : datetime or None
    """

    clearance: Clearance
    question: str
    holds: bool
    why_not: str = ""
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None


def signing_name(connection: Connection, actor: Actor) -> str:
    """Return the name an account signs under: its own, if nobody else of the installation has it.

    Parameters
    ----------
    connection : Connection
    actor : Actor
        Of the staff.

    Raises
    ------
    InputError
        If the name cannot stand under a signature, or another account, also a closed one, has it too.
    """
    row = connection.execute(select(account.c.name).where(account.c.id == actor.id)).first()
    name = " ".join(str(row.name).split()) if row and actor.is_staff else ""
    if not re.fullmatch(KEY_NAME, name) or name.casefold() in RESERVED:
        raise InputError(
            f"the name '{name}' cannot stand under a signature: use letters, digits, spaces, '.', '-' and \"'\", a "
            "letter at each end; whoever manages the accounts of your clinic can change it"
        )
    same = [
        other
        for other in connection.execute(select(account.c.id, account.c.name).where(account.c.id != actor.id))
        if " ".join(str(other.name).split()).casefold() == name.casefold()
    ]
    if same:
        raise InputError(
            f"two accounts of this installation are called '{name}', so a signature would not say whose it is; let "
            "whoever manages the accounts change one of the names"
        )
    return name


def standing_key(database: Database, actor: Actor) -> Clinician | None:
    """Return the key of the actor; None before they made one.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.

    Raises
    ------
    InputError
        As `signing_name`.
    """
    with database.reading() as connection:
        name = signing_name(connection, actor)
    return next((key for key in clinicians() if key.name == name), None)


def make_key(database: Database, actor: Actor, passphrase: str, again: str) -> Clinician:
    """Make the key of the actor, under a passphrase that is kept nowhere.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    passphrase, again : str

    Raises
    ------
    InputError
        If the two differ, the passphrase is too short, or the actor has a key.
    """
    if passphrase != again:
        raise InputError("the passphrase was typed differently the second time; type it twice alike")
    with database.writing() as connection:
        name = signing_name(connection, actor)
        made = new_clinician(name, passphrase)
        record(connection, actor, "make signing key", detail={"key": made.key_id[:16]})
    return made


def clearable(case: Case) -> tuple[Flag, ...]:
    """Return the danger signs of a case that a clinician can clear: raised, and holding back the plan.

    Parameters
    ----------
    case : Case
    """
    return tuple(flag for flag in case.screened().flags if not flag.is_open and flag.urgency in LOCKING)


def clear_flag(database: Database, actor: Actor, patient_id: str, flag: str, reason: str, passphrase: str) -> Case:
    """Sign that a danger sign was looked into and holds back nothing, for exactly the answers of now.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    patient_id, flag, reason, passphrase : str

    Raises
    ------
    InputError
        If there is nothing to clear, the reason will not do, or the passphrase opens no key of the actor.
    """
    moment = now()
    with _counted(database, actor), database.writing() as connection:
        hold(connection, patient_id)
        case = read_case(connection, patient_id)
        name = signing_name(connection, actor)
        at = moment.astimezone()
        signed = sign_clearance(case.person, flag, " ".join(reason.split()), name, passphrase, at, case.told)
        event = Cleared(id=str(uuid4()), at=at, by=actor.code, why=signed.reason, clearance=signed)
        case = write_events(connection, actor, patient_id, (event,), "clear danger sign")
        keep_tasks(connection, case, progress_of(case, local_day(moment)))
        return case


def withdraw_clearance(
    database: Database, actor: Actor, patient_id: str, signature: str, reason: str, passphrase: str
) -> Case:
    """Take a clearance back: the danger sign stands again, and holds back the plan.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    patient_id, signature, reason, passphrase : str
        The passphrase of the actor's own key, whoever signed.

    Raises
    ------
    InputError
        If there is no such clearance, it does not hold any more, no reason is given, or the passphrase is wrong.
    """
    moment = now()
    said = " ".join(reason.split())
    if len(said.split()) < 3 or len(said) > 500 or not said.isprintable():
        raise InputError("say in three words at least, and 500 characters at most, why the clearance is taken back")
    with _counted(database, actor), database.writing() as connection:
        hold(connection, patient_id)
        case = read_case(connection, patient_id)
        confirm_clinician(signing_name(connection, actor), passphrase)
        if not any(proof.clearance.signature == signature for proof in case.clearances):
            raise InputError("there is no such clearance of this patient, or it has ended already")
        event = ClearingWithdrawn(id=str(uuid4()), at=moment.astimezone(), by=actor.code, why=said, signature=signature)
        case = write_events(connection, actor, patient_id, (event,), "withdraw clearance")
        keep_tasks(connection, case, progress_of(case, local_day(moment)))
        return case


@contextmanager
def _counted(database: Database, actor: Actor) -> Iterator[None]:
    """Count tries to sign until one succeeds, so that nobody at an open screen guesses a passphrase."""
    key = attempt_key("passphrase", actor.id)
    # Counted before the passphrase is looked at: many at once are no more tries than one after the other.
    with database.writing() as connection:
        hold_attempts(connection, key)
        wait = wait_for(connection, key, MOST_TRIES)
        if wait is None:
            (tried,) = add_attempt(connection, key)
    if wait is not None:
        minutes = int(wait.total_seconds() // 60) + 1
        raise InputError(f"too many tries to sign were refused; try again in {minutes} minutes")
    try:
        yield
    except LockedError:
        raise
    except Exception:
        # Refused for something else than the passphrase, which is no guess.
        with database.writing() as connection:
            take_back_attempt(connection, tried)
        raise
    with database.writing() as connection:
        forget_attempts(connection, key)


def signatures(case: Case) -> tuple[Signed, ...]:
    """Return every clearance of a journal, the newest first, and whether each still counts.

    Parameters
    ----------
    case : Case
    """
    signed = [event.clearance for event in case.events if isinstance(event, Cleared)]
    faults = {found.clearance.signature: found.reason for found in distrusted(signed)}
    holding = {proof.clearance.signature for proof in lasting(trusted(signed), case.events)}
    taken = {event.signature: event for event in case.events if isinstance(event, ClearingWithdrawn)}
    questions = {flag.id: flag.asked for flag, _ in case.screened().cleared}
    questions |= {flag.id: flag.asked for flag in case.screened().flags}
    digest, found = answers_digest(case.person), []
    for clearance in signed:
        back = taken.get(clearance.signature)
        why = faults.get(clearance.signature, "")
        if not why and back is not None:
            why = f"taken back: {back.why}"
        elif not why and clearance.answers != digest:
            why = "the answers have changed since"
        elif not why and clearance.signature not in holding:
            why = "the sign was told again since"
        found.append(
            Signed(
                clearance,
                questions.get(clearance.flag, clearance.flag.replace("_", " ").replace(".", " ")),
                not why,
                why,
                back.by if back else "",
                back.at if back else None,
            )
        )
    return tuple(sorted(found, key=lambda s: s.clearance.at, reverse=True))


def names_of_accounts(connection: Connection, clinic_id: str) -> dict[str, str]:
    """Return the names of a clinic's accounts by the code that journal and audit trail hold.

    Parameters
    ----------
    connection : Connection
    clinic_id : str
    """
    rows = connection.execute(select(account.c.id, account.c.name).where(account.c.clinic_id == clinic_id))
    return {f"account:{row.id}": row.name for row in rows}
