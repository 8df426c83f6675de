"""A clinician finds a patient, marks the body map, and fills the sheet by keyboard; nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from browsing import Running, Watched, check_accessible, shoot, too_wide
from playwright.sync_api import Page, expect

BOTH = "[data-item={}][data-side={}]"


@pytest.fixture(scope="module")
def place(served: Running) -> Iterator[Any]:
    """Open the data that is served."""
    opened = served.place()
    yield opened
    opened.database.close()


@pytest.fixture
def clinician(watched: Watched, served: Running, place: Any) -> Any:
    """Return a page of somebody who signed in before."""
    from kinechain.store.accounts import find_account
    from kinechain.store.sessions import add_session
    from kinechain.web.access import COOKIE

    with place.database.writing() as connection:
        account = find_account(connection, served.email)
        assert account
        token, _ = add_session(connection, account_id=account.id)
    page = watched.page()
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": served.address}])
    return page


@pytest.fixture
def patient(served: Running, place: Any) -> str:
    """Register somebody nobody examined yet; return the address of their page."""
    from kinechain.store.accounts import find_account
    from kinechain.store.audit import Actor
    from kinechain.workspace.patients import register

    with place.database.reading() as connection:
        account = find_account(connection, served.email)
    assert account
    actor = Actor("admin", account.id, account.name, account.clinic_id)
    made = register(place.database, actor, "Xenia Neu", f"b-{uuid4().hex[:8]}")
    return f"{served.address}/patients/{made.id}"


def field(page: Page, item: str, side: str) -> Any:
    return page.locator(BOTH.format(item, side)).first


def test_a_patient_is_registered_and_found_as_one_types(clinician: Page) -> None:
    clinician.goto("/patients")
    clinician.get_by_role("link", name="Register a patient").first.click()
    clinician.locator("#new-name").fill("Yves Anders")
    clinician.get_by_role("button", name="Register", exact=True).click()
    clinician.wait_for_url(re.compile(r"/patients/[0-9a-f-]{36}$"))
    clinician.goto("/patients")
    clinician.get_by_label("Search by name or code").press_sequentially("anders", delay=20)
    expect(clinician.locator(".count")).to_contain_text("anders")
    shoot(clinician, "patients-search")
    clinician.get_by_role("link", name="Yves Anders").first.click()
    expect(clinician.get_by_role("heading", level=1)).to_contain_text("Yves Anders")
    expect(clinician.locator(".path .now")).to_contain_text("Danger signs")
    check_accessible(clinician)
    shoot(clinician, "patient")


def test_a_link_is_made_and_copied(clinician: Page, patient: str) -> None:
    clinician.goto(patient)
    clinician.get_by_label("Days it opens").fill("7")
    clinician.get_by_role("button", name="Make a link").click()
    expect(clinician.get_by_label("Link for the patient").first).to_be_visible()
    assert "/p/" in clinician.locator("#new-link").input_value()
    box = clinician.locator("svg.qr").bounding_box()
    assert box and box["width"] > 100
    shoot(clinician, "patient-link")
    usual = clinician.viewport_size
    for width in (1280, 900, 320):
        clinician.set_viewport_size({"width": width, "height": 900})
        card, table = (clinician.locator(f"#links-card{inner}").bounding_box() for inner in ("", " table"))
        assert card and table and table["x"] + table["width"] <= card["x"] + card["width"] - 8, width
    clinician.set_viewport_size(usual)


def test_the_sheet_is_filled_by_keyboard_and_each_value_is_kept(
    clinician: Page, patient: str, watched: Watched
) -> None:
    clinician.goto(f"{patient}/exam")
    left, right = field(clinician, "lunge_test", "left"), field(clinician, "lunge_test", "right")
    left.locator(".measure").fill("9,5")
    left.locator(".measure").press("Enter")
    expect(right.locator(".measure")).to_be_focused()
    clinician.keyboard.type("80")
    right.locator("select.unit").select_option("mm")
    expect(right).to_have_attribute("data-before", "8 cm")
    expect(left).to_have_attribute("data-before", "9.5 cm")
    expect(clinician.locator("[data-status]")).to_contain_text("Saved")
    expect(clinician.locator("[data-done]")).to_have_text("1")

    left.locator(".measure").fill("99")
    left.locator(".measure").press("Tab")
    expect(left.locator("[data-said]")).to_contain_text("0 to 40")
    expect(clinician.locator("[data-status]")).to_contain_text("Not saved")
    left.locator(".measure").fill("10")
    left.locator(".measure").press("Enter")
    expect(left).to_have_attribute("data-before", "10 cm")
    clinician.keyboard.press("Alt+z")
    expect(left).to_have_attribute("data-before", "9.5 cm")
    expect(left.locator(".measure")).to_have_value("9.5")

    slump = field(clinician, "slump", "left")
    slump.locator("input").first.focus()
    clinician.keyboard.press("Space")
    clinician.keyboard.press("ArrowRight")
    expect(slump).to_have_attribute("data-before", "positive")
    clinician.keyboard.press("Delete")
    expect(slump).to_have_attribute("data-before", "")
    clinician.keyboard.press("Alt+s")
    expect(slump).to_have_attribute("data-before", "skipped")

    drop = field(clinician, "navicular_drop", "left")
    drop.locator(".measure").fill("6")
    drop.locator("[data-again]").click()
    clinician.keyboard.type("9")
    clinician.keyboard.press("Enter")
    repeat = clinician.locator('[data-item=navicular_drop][data-part="repeat 2"]')
    expect(repeat).to_have_attribute("data-before", "9 mm")

    clinician.reload()
    expect(field(clinician, "lunge_test", "right").locator(".measure")).to_have_value("8")
    expect(clinician.locator('[data-item=navicular_drop][data-part="repeat 2"] .measure')).to_have_value("9")
    check_accessible(clinician)
    shoot(clinician, "exam")


def test_what_a_colleague_wrote_in_between_is_shown_beside_ones_own(
    clinician: Page, patient: str, watched: Watched
) -> None:
    watched.allow("409")
    colleague = clinician.context.new_page()
    for page in (clinician, colleague):
        page.goto(f"{patient}/exam")
    for page, value in ((clinician, "5"), (colleague, "7")):
        field(page, "fpi6", "left").locator(".measure").fill(value)
        field(page, "fpi6", "left").locator(".measure").press("Enter")
        if page is clinician:
            expect(field(page, "fpi6", "left")).to_have_attribute("data-before", "5 points")
    said = field(colleague, "fpi6", "left").locator("[data-said]")
    expect(said).to_contain_text("Somebody else wrote 5 points")
    colleague.get_by_role("button", name="Write mine").click()
    expect(field(colleague, "fpi6", "left")).to_have_attribute("data-before", "7 points")


def test_a_value_typed_without_a_network_is_kept_when_it_is_back(
    clinician: Page, patient: str, watched: Watched
) -> None:
    watched.allow("ERR_INTERNET_DISCONNECTED|exam/item")
    clinician.goto(f"{patient}/exam")
    clinician.context.set_offline(True)
    left = field(clinician, "fpi6", "left")
    left.locator(".measure").fill("-3")
    left.locator(".measure").press("Enter")
    expect(clinician.locator("[data-status]")).to_contain_text("trying again")
    clinician.context.set_offline(False)
    expect(left).to_have_attribute("data-before", "-3 points")
    expect(clinician.locator("[data-status]")).to_contain_text("Saved")


def test_the_body_map_is_marked_by_finger_keyboard_and_list(clinician: Page, patient: str) -> None:
    clinician.goto(f"{patient}/body-map")
    clinician.locator('svg[data-view="sole_left"] .place[data-code="heel_left"]').click()
    marked = clinician.locator("[data-marked]")
    expect(marked).to_contain_text("Pain: left heel")
    clinician.get_by_label("Numbness", exact=True).check()
    clinician.locator('svg[data-view="back"] .place[tabindex="0"]').focus()
    clinician.keyboard.press("End")
    clinician.keyboard.press("ArrowUp")
    clinician.keyboard.press("Space")
    expect(marked).to_contain_text("Numbness:")
    clinician.get_by_text("List of places, instead of the picture").click()
    clinician.get_by_label("Numbness: calf, right").check()
    expect(marked).to_contain_text("Numbness: right calf")
    clinician.get_by_label("Mark the exact point").check()
    clinician.locator('svg[data-view="sole_right"] .place[data-code="forefoot_right"]').click()
    expect(marked).to_contain_text("right ball of the foot (exact point)")
    check_accessible(clinician)
    shoot(clinician, "body-map")
    clinician.get_by_role("button", name="Save the marks").click()
    clinician.wait_for_url(re.compile("/exam"))
    for words in ("Pain: left heel", "Numbness: right calf", "right ball of the foot (exact point)"):
        expect(clinician.locator("#symptom_map")).to_contain_text(words)


def test_an_answer_is_corrected_in_the_intake_and_marked_as_seen(clinician: Page, patient: str) -> None:
    clinician.goto(f"{patient}/intake")
    section = clinician.locator("#section-emergency")
    section.get_by_label("Yes", exact=True).first.check()
    section.get_by_role("button", name="Save this section").click()
    expect(clinician.get_by_text("1 answer was changed and kept")).to_be_visible()
    expect(clinician.locator("#danger-signs")).to_contain_text("EMERGENCY")
    clinician.get_by_role("button", name="Mark as reviewed").click()
    expect(clinician.get_by_text("Last reviewed: version 1")).to_be_visible()
    shoot(clinician, "intake")


@pytest.mark.parametrize("page_name", ["", "/intake", "/exam", "/body-map"])
def test_pages_fit_a_tablet_and_a_small_phone(
    watched: Watched, served: Running, clinician: Page, patient: str, page_name: str
) -> None:
    for width in (820, 320):
        clinician.set_viewport_size({"width": width, "height": 800})
        clinician.goto(patient + page_name)
        assert not too_wide(clinician), width
        small = clinician.evaluate(
            """() => [...document.querySelectorAll("main button, main input, main select, main summary")]
              .filter((e) => e.checkVisibility() && !["radio", "checkbox", "hidden"].includes(e.type))
              .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
              .filter(([, box]) => box.width && Math.min(box.width, box.height) < 36)
              .map(([html]) => html)"""
        )
        assert not small, small[:5]
