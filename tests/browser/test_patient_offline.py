"""A patient's phone without a connection: exercises are there, entries wait on it, and each is sent once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from browsing import Running, Watched
from sqlalchemy import select

from kinechain.care.follow_up.events import ConsentGiven, Event, Session
from kinechain.store.audit import Actor
from kinechain.store.tables import account, patient
from kinechain.workspace.case import change_person, read_case, write_events
from kinechain.workspace.links import make_link, revoke_link
from kinechain.workspace.patients import register
from kinechain.workspace.plans import agree, read_plan

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
TAKEN_AWAY = WAIT % "!(await caches.match('/my/exercise/0'))"
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


def twin(place: Any, actor: Actor, patient_id: str) -> str:
    """Return somebody with the same answers and a plan, whom a test may leave with a danger sign."""
    with place.database.reading() as connection:
        case = read_case(connection, patient_id)
    made = register(place.database, actor, "Twin Example")
    consents = tuple(event for event in case.events if isinstance(event, ConsentGiven))
    with place.database.writing() as connection:
        change_person(connection, actor, made.id, lambda _: case.person, "write intake")
        write_events(connection, actor, made.id, consents, "give consent")
    proposed = read_plan(place, actor, made.id).plan
    assert proposed is not None
    agree(place, actor, made.id, 0, proposed.id, True)
    return str(made.id)


def waiting(page: Any, words: str) -> None:
    page.locator("#waiting", has_text=words).wait_for()


def opened_phone(watched: Watched, url: str) -> tuple[Any, Any]:
    """Return a phone and its page, after a link was opened and the pages were kept."""
    phone = watched.context(390, 844, touch=True)
    page = phone.new_page()
    page.goto(url)
    page.get_by_role("button", name="Open").click()
    page.wait_for_url("**/my")
    page.evaluate(KEPT)
    return phone, page


@pytest.mark.parametrize("tab", ["stays", "is closed"])
def test_entries_wait_and_are_sent_once(watched: Watched, served: Running, tab: str) -> None:
    watched.allowed += ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "401"]
    with opened(served) as place:
        actor, patient_id = followed(place)
        url, link = make_link(place, actor, patient_id)
        phone, page = opened_phone(watched, url)
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
        if tab == "stays":
            # As a browser does that goes back to a page it held in memory.
            page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })) && 0")
        else:
            page.goto("/my")
        page.get_by_role("heading", name="This link is closed").wait_for()
        page.evaluate(FORGOTTEN)


def test_a_page_kept_weeks_ago_is_shown_no_more(watched: Watched, served: Running) -> None:
    watched.allowed += ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED"]
    with opened(served) as place:
        phone, page = opened_phone(watched, make_link(place, *followed(place))[0])
        for days, heading in ((13, "Kept"), (15, "No connection")):
            page.evaluate(
                """async (days) => {
                  const date = new Date(Date.now() - days * 24 * 3600 * 1000).toUTCString();
                  const headers = { date, "content-type": "text/html" };
                  const store = await caches.open("kinechain-my-pages");
                  await store.put("/my/more", new Response("<h1>Kept</h1>", { headers }));
                }""",
                days,
            )
            phone.set_offline(True)
            page.goto("/my/more")
            page.get_by_role("heading", name=heading).wait_for()
            phone.set_offline(False)
            page.goto("/my/data")


def test_a_danger_sign_without_a_connection_stops_the_exercises_on_the_phone(watched: Watched, served: Running) -> None:
    watched.allowed += ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED"]
    with opened(served) as place:
        actor, patient_id = followed(place)
        url, _ = make_link(place, actor, twin(place, actor, patient_id))
        phone, page = opened_phone(watched, url)
        phone.set_offline(True)
        page.goto("/my/check")
        # As a clinic that named its number has it on every page.
        page.evaluate("document.head.insertAdjacentHTML('beforeend', '<meta name=call content=112>')")
        page.locator("[data-sign][data-urgency=emergency]").first.check()
        page.get_by_role("button", name="Keep").click()
        page.locator(".verdict-stop").wait_for()
        for path in ("/my", "/my/exercise/0"):
            page.goto(path)
            page.locator(".verdict-stop", has_text="STOP all exercises").wait_for()
            assert page.get_by_role("link", name="Call 112").get_attribute("href") == "tel:112"
            assert page.get_by_role("link", name="Start").count() == page.locator("[data-player]").count() == 0
            assert page.get_by_role("button", name="Done as planned").count() == 0

        phone.set_offline(False)
        # The server has heard of it by itself, and says what to do.
        page.wait_for_url("**/my/stop")
        page.get_by_role("button", name="I have read this").click()
        page.get_by_role("heading", name="What happens next").wait_for()
        page.evaluate(TAKEN_AWAY)
        phone.set_offline(True)
        for path in ("/my", "/my/exercise/0"):
            page.goto(path)
            page.wait_for_load_state()
            assert page.get_by_role("link", name="Start").count() == page.locator("[data-player]").count() == 0


def test_a_phone_shows_nothing_of_whoever_had_it_before(watched: Watched, served: Running) -> None:
    watched.allowed += ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED"]
    with opened(served) as place:
        actor, patient_id = followed(place)
        with place.database.reading() as connection:
            other = connection.execute(select(patient.c.id).where(patient.c.pseudonym == "example-1")).scalar_one()
        phone = watched.context(390, 844, touch=True)
        page = phone.new_page()
        for of, until in ((patient_id, KEPT), (other, TAKEN_AWAY)):
            page.goto(make_link(place, actor, of)[0])
            page.get_by_role("button", name="Open").click()
            page.wait_for_url("**/my")
            page.evaluate(until)
        phone.set_offline(True)
        page.goto("/my/exercise/0")
        page.get_by_role("heading", name="No connection").wait_for()
