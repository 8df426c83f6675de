"""A patient's phone without a connection: exercises are there, entries wait on it, and each is sent once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from browsing import Running, Watched
from sqlalchemy import select

from kinechain.care.follow_up.events import Event, Session
from kinechain.store.audit import Actor
from kinechain.store.tables import account, patient
from kinechain.workspace.case import read_case
from kinechain.workspace.links import make_link, revoke_link

PAIN = 4.0
#: Waits until the phone keeps the exercises for use without a connection, and until it keeps nothing any more.
WAIT = """async () => {
  for (let tries = 0; tries < 100; tries += 1) {
    if (%s) return true;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error("waited in vain");
}"""
KEPT = WAIT % "await caches.match('/my/exercise/0') && navigator.serviceWorker.controller"
FORGOTTEN = WAIT % "!(await caches.has('kinechain-my-pages'))"


@contextmanager
def opened(served: Running) -> Iterator[Any]:
    place = served.place()
    try:
        yield place
    finally:
        place.database.close()


def followed(place: Any) -> tuple[Actor, str]:
    """Return the clinician of the example clinic, and its patient with a plan."""
    with place.database.reading() as connection:
        who = connection.execute(select(account.c.id, account.c.name, account.c.clinic_id)).first()
        assert who is not None
        found = connection.execute(select(patient.c.id).where(patient.c.pseudonym == "example-3")).scalar_one()
    return Actor("clinician", who.id, who.name, who.clinic_id), found


def journal(place: Any, patient_id: str) -> tuple[Event, ...]:
    with place.database.reading() as connection:
        return read_case(connection, patient_id).events


def waiting(page: Any, words: str) -> None:
    page.locator("#waiting", has_text=words).wait_for()


@pytest.mark.parametrize("tab", ["stays", "is closed"])
def test_entries_wait_and_are_sent_once(watched: Watched, served: Running, tab: str) -> None:
    watched.allowed += ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "401"]
    with opened(served) as place:
        actor, patient_id = followed(place)
        url, link = make_link(place, actor, patient_id)
        phone = watched.context(390, 844, touch=True)
        page = phone.new_page()
        page.goto(url)
        page.get_by_role("button", name="Open").click()
        page.wait_for_url("**/my")
        page.evaluate(KEPT)
        before = journal(place, patient_id)
        phone.set_offline(True)
        page.goto("/my/exercise/0")
        page.get_by_role("button", name=f"Done, pain {PAIN:g} of 10").click()
        page.locator(".verdict").wait_for()
        waiting(page, "One entry waits")
        if tab == "is closed":
            page.close()
            page = phone.new_page()
            page.goto("/my")
            waiting(page, "One entry waits")
        phone.set_offline(False)
        page.locator("#waiting").wait_for(state="hidden")
        page.reload()
        page.wait_for_load_state("networkidle")
        new = journal(place, patient_id)[len(before) :]
        assert [event.pain_during for event in new if isinstance(event, Session)] == [PAIN]

        revoke_link(place, actor, patient_id, link.id)
        page.goto("/my")
        page.get_by_role("heading", name="This link is closed").wait_for()
        page.evaluate(FORGOTTEN)
