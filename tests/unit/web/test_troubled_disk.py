"""What a page says when the disk is full or the database is away: a sentence, and that nothing was kept."""

import errno
import sqlite3
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from web_fixtures import Clinics, csrf


def full() -> Exception:
    told = sqlite3.OperationalError("database or disk is full")
    told.sqlite_errorname = "SQLITE_FULL"
    return OperationalError("INSERT INTO patient VALUES (?)", {"name": "Rosa Muster"}, told)


@pytest.mark.parametrize("fault", [full(), OSError(errno.ENOSPC, "No space left on device", "/srv/Rosa")])
def test_a_full_disk_is_told_on_the_page_and_in_the_api(
    client_for: Callable[[str], Any], clinic: Clinics, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    client, patient = client_for("clinician"), client_for("patient")

    @contextmanager
    def failing() -> Any:
        raise fault
        yield

    monkeypatch.setattr(clinic.place.database, "writing", failing)
    page = client.post("/patients", data={"name": "Rosa Muster", "csrf": client.csrf}, headers=csrf(client))
    assert page.status_code == 503
    assert "the disk is full and nothing of this was kept" in page.text
    assert "Rosa" not in page.text
    answer = client.post("/api/patients", json={"name": "Rosa Muster"}, headers=csrf(client))
    assert (answer.status_code, list(answer.json())) == (503, ["error"])
    assert "the disk is full" in answer.json()["error"]
    told = patient.post("/my/events", json=[], headers=csrf(patient) | {"Accept": "application/json"})
    assert told.status_code == 503 and "disk" not in told.text
