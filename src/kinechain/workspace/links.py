"""A patient's way in without an account: a link or its QR code, for some days, until somebody closes it."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass
from datetime import timedelta

import segno

from kinechain.core.errors import InputError
from kinechain.evidence.wording import say
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.limits import add_attempt, attempt_key, wait_for
from kinechain.store.links import Link, add_link, close_link, find_link, links_of, touch_link
from kinechain.store.sessions import PATIENT_LONGEST, TOKEN_BYTES, Session, add_session, end_session
from kinechain.workspace.case import read_case
from kinechain.workspace.place import Place

__all__ = [
    "CLOSED",
    "ClosedLinkError",
    "Link",
    "Opened",
    "leave",
    "links_of",
    "make_link",
    "open_link",
    "qr_code",
    "revoke_link",
]

#: Days a link may last.
DAYS = range(1, 91)
#: Wrong tokens of one address that are written down within the window (choice).  A right one opens all the same:
#: nobody guesses 256 bits, and whoever tries from a clinic's own network shall not keep its patients out.
MOST_TRIES = 20

#: Said of every link that lets nobody in: which it is - never made, ended, closed - is not told.
CLOSED = say("web.closed_link").text


class ClosedLinkError(InputError):
    """A link that lets nobody in."""


@dataclass(frozen=True)
class Opened:
    """A patient's session that has begun; ``token`` goes into the cookie and is kept nowhere."""

    token: str
    session: Session
    patient_id: str


def make_link(place: Place, actor: Actor, patient_id: str, days: int = 30) -> tuple[str, Link]:
    """Make a link for a patient, and return its address, which is shown once, and its row.

    Parameters
    ----------
    place : Place
    actor : Actor
        Of the staff.
    patient_id : str
    days : int
        How long it lasts.

    Raises
    ------
    InputError
        If it would last for too long, or there is no such patient.
    """
    if days not in DAYS:
        raise InputError(f"a link lasts {DAYS.start} to {DAYS.stop - 1} days, not {days}; choose another number")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with place.database.writing() as connection:
        case = read_case(connection, patient_id)
        made = add_link(connection, case.patient.id, token, actor.id, now() + timedelta(days=days))
        record(connection, actor, "make link", patient_id, {"link": made.id, "days": days})
    return f"{place.address}/p/{token}", made


def revoke_link(place: Place, actor: Actor, patient_id: str, link_id: str) -> Link:
    """Close a link of a patient; whoever came in by it is out at once.

    Parameters
    ----------
    place : Place
    actor : Actor
    patient_id, link_id : str
    """
    with place.database.writing() as connection:
        closed = close_link(connection, patient_id, link_id)
        record(connection, actor, "revoke link", patient_id, {"link": link_id})
    return closed


def open_link(place: Place, token: str, address: str = "") -> Opened:
    """Begin a session of the patient a link belongs to.

    Parameters
    ----------
    place : Place
    token : str
    address : str
        Of whoever asks; wrong tokens are counted against a digest of it.

    Raises
    ------
    ClosedLinkError
        If the link lets nobody in.
    """
    key = attempt_key("link", address)
    with place.database.writing() as connection:
        found = find_link(connection, token)
        if found is None:
            if not wait_for(connection, key, MOST_TRIES):
                add_attempt(connection, key)
        else:
            made, clinic_id = found
            until = min(made.expires_at, now() + PATIENT_LONGEST)
            session_token, session = add_session(connection, link_id=made.id, expires_at=until)
            touch_link(connection, made.id)
            actor = Actor("patient", made.id, clinic_id=clinic_id, patient_id=made.patient_id)
            record(connection, actor, "open link", made.patient_id)
    if found is None:
        raise ClosedLinkError(CLOSED)
    return Opened(session_token, session, made.patient_id)


def leave(place: Place, actor: Actor, session: Session) -> None:
    """End a patient's session on one device; the link stays open.

    Parameters
    ----------
    place : Place
    actor : Actor
    session : Session
    """
    with place.database.writing() as connection:
        end_session(connection, session.digest)
        record(connection, actor, "leave", actor.patient_id)


def qr_code(url: str) -> str:
    """Return the QR code of an address as SVG, dark on light on every screen.

    Parameters
    ----------
    url : str
    """
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        out,
        kind="svg",
        scale=5,
        border=3,
        dark="#111111",
        light="#ffffff",
        xmldecl=False,
        svgclass="qr",
        lineclass=None,
        omitsize=True,
        title="QR code of the link",
    )
    return out.getvalue().decode()
