"""Links for patients: only a digest is kept, they end, and guesses are counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from kinechain.core.errors import InputError
from kinechain.store.clock import now
from kinechain.store.sessions import find_session, token_digest
from kinechain.store.tables import attempt, link
from kinechain.workspace.links import MOST_TRIES, ClosedLinkError, links_of, make_link, open_link, qr_code, revoke_link
from web_fixtures import Clinics


def made(clinic: Clinics, days: int = 30) -> tuple[str, Any]:
    url, row = make_link(clinic.place, clinic.actor(), clinic.patient, days)
    return url.rpartition("/")[2], row


def test_the_token_is_kept_nowhere(clinic: Clinics) -> None:
    token, row = made(clinic)
    with clinic.place.database.reading() as connection:
        kept = connection.execute(select(link).where(link.c.id == row.id)).one()
    assert kept.token_digest == token_digest(token) and token not in str(kept)


def test_closing_a_link_ends_its_sessions(each_clinic: Clinics) -> None:
    token, row = made(each_clinic)
    opened = open_link(each_clinic.place, token, "10.0.0.1")
    revoke_link(each_clinic.place, each_clinic.actor(), each_clinic.patient, row.id)
    with each_clinic.place.database.reading() as connection:
        assert find_session(connection, opened.token) is None
        assert not next(found for found in links_of(connection, each_clinic.patient) if found.id == row.id).is_open
    with pytest.raises(ClosedLinkError):
        open_link(each_clinic.place, token, "10.0.0.1")


def test_a_link_ends_by_itself_and_so_does_its_session(clinic: Clinics, monkeypatch: pytest.MonkeyPatch) -> None:
    token, _ = made(clinic, 1)
    opened = open_link(clinic.place, token)
    later = now() + timedelta(days=2)
    for name in ("store.links", "store.sessions", "store.limits"):
        monkeypatch.setattr(f"kinechain.{name}.now", lambda: later)
    with clinic.place.database.reading() as connection:
        assert find_session(connection, opened.token) is None
    with pytest.raises(ClosedLinkError):
        open_link(clinic.place, token)


def test_guesses_are_counted_up_to_a_limit_and_keep_nobody_else_at_that_address_out(clinic: Clinics) -> None:
    token, _ = made(clinic)
    for _ in range(MOST_TRIES + 5):
        with pytest.raises(ClosedLinkError):
            open_link(clinic.place, "wrong", "10.0.0.9")
    with clinic.place.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(attempt)).scalar_one() == MOST_TRIES
    assert open_link(clinic.place, token, "10.0.0.9").patient_id == clinic.patient


def test_a_link_of_another_patient_is_not_found(clinic: Clinics) -> None:
    _, row = made(clinic)
    with pytest.raises(InputError, match="no such link"):
        revoke_link(clinic.place, clinic.actor("other_clinician"), clinic.other.patient, row.id)


@pytest.mark.parametrize("days", [0, 91])
def test_a_link_lasts_some_days(clinic: Clinics, days: int) -> None:
    with pytest.raises(InputError, match="lasts 1 to 90 days"):
        made(clinic, days)


def test_the_code_has_no_style_of_its_own() -> None:
    drawn = qr_code("https://clinic.example/p/abc")
    assert drawn.startswith("<svg") and "style=" not in drawn and "<script" not in drawn
