"""Signing in the browser: a key, a cleared sign, a clearance taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from kinechain.store.tables import account, audit
from kinechain.workspace.case import change_person

if TYPE_CHECKING:
    from web_fixtures import Clinics

ClientFor = Callable[[str], Any]
SECRET = "seven small stones"


@pytest.fixture
def raised(clinic: Clinics) -> Clinics:
    """Return a clinic with a patient who lost weight and a clinician whom nobody else is called like."""
    with clinic.place.database.writing() as connection:
        connection.execute(update(account).where(account.c.id == clinic.own.clinician).values(name="Clara Ono"))
        change_person(
            connection,
            clinic.actor(),
            clinic.patient,
            lambda p: replace(p, screen=MappingProxyType({**p.screen, "weight_loss": "yes"})),
            "write intake",
        )
    return clinic


def post(client: Any, path: str, **fields: str) -> Any:
    return client.post(path, data={"csrf": client.csrf, **fields})


def test_from_a_key_over_a_signature_to_an_open_plan_and_back(client_for: ClientFor, raised: Clinics) -> None:
    client, base = client_for("clinician"), f"/patients/{raised.patient}"
    page = client.get(f"{base}/sign-off").text
    assert "You have no signature on this installation yet" in page
    assert "Passphrase" not in page
    refused = post(client, "/signing-key", passphrase=SECRET, again="other words here")
    assert "typed differently" in refused.text
    made = post(client, "/signing-key", passphrase=SECRET, again=SECRET, back=raised.patient)
    assert made.headers["location"] == f"{base}/sign-off"
    assert "You sign as <strong>Clara Ono</strong>" in client.get("/signing-key").text
    told = {"flag": "weight_loss", "reason": "a diet she chose herself"}
    wrong = post(client, f"{base}/sign-off/clear", **told, passphrase="wrong stones")
    assert wrong.status_code == 400
    assert "does not open the key" in wrong.text
    assert "a diet she chose herself" in wrong.text
    assert "wrong stones" not in wrong.text
    assert post(client, f"{base}/sign-off/clear", **told, passphrase=SECRET).status_code == 302
    page = client.get(f"{base}/sign-off").text
    assert "Holds" in page
    assert "Agree on this plan" in client.get(f"{base}/plan").text
    signature = re.search(r'name="signature" value="([^"]+)"', page)
    assert signature
    back = {"signature": signature[1], "reason": "looked again, not sure", "passphrase": SECRET}
    assert post(client, f"{base}/sign-off/withdraw", **back).status_code == 302
    assert "taken back: looked again" in client.get(f"{base}/sign-off").text
    assert "No plan for now" in client.get(f"{base}/plan").text
    with raised.place.database.reading() as connection:
        rows = connection.execute(select(audit.c.action, audit.c.detail)).all()
    assert {"make signing key", "clear danger sign", "withdraw clearance"} <= {row.action for row in rows}
    assert not any(SECRET in row.detail or "diet" in row.detail for row in rows)


def test_two_accounts_of_one_name_are_told_so(client_for: ClientFor, clinic: Clinics) -> None:
    client = client_for("clinician")
    assert "two accounts of this installation are called" in client.get("/signing-key").text
    assert "two accounts" in post(client, "/signing-key", passphrase=SECRET, again=SECRET).text


def test_only_staff_of_the_clinic_signs(client_for: ClientFor, raised: Clinics) -> None:
    path = f"/patients/{raised.patient}/sign-off/clear"
    for role in ("patient", "other_clinician", "nobody"):
        client = client_for(role)
        answer = client.post(path, data={"flag": "weight_loss", "csrf": client.csrf})
        assert answer.status_code in (401, 403, 404)
