"""A patient with a phone: link, agreement, questions, exercises, the log without a connection, and when to stop."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from browsing import Running, Watched, check_accessible, shoot, sign_in, too_wide

from kinechain.care.follow_up.events import CheckIn, Session
from kinechain.store.people import find_patient
from kinechain.workspace.case import Case, read_case

#: What this patient writes where a number is asked; every danger sign is a no, every other question passed over.
NUMBERS = {
    **{"old are you": "46", "tall": "171", "weigh": "70", "average": "4", "worst": "6", "first step": "5"},
    **{"back pain begin": "30", "foot pain begin": "40", "this pain begin": "40"},
}
PLACES = ("pain:low_back", "pain:heel_left")
#: What a page of the questions asks, in one look; nothing where there is no question.
ASKED = """() => {
  const form = document.querySelector("form.ask");
  return form && {
    question: document.getElementById("question").innerText,
    choices: [...form.querySelectorAll("button[name=answer]")].map(button => button.value),
    is_map: !!form.querySelector("[data-body-map]"),
    is_text: !!form.querySelector("input[name=answer][inputmode]"),
  };
}"""
#: Six entries of the diary as they wait on a phone, of the days before today.
SIX_DAYS = """async () => {
  const owner = document.querySelector('meta[name=owner]').content;
  for (let day = 6; day > 0; day -= 1) {
    const at = self.outbox.stamp(new Date(Date.now() - day * 86400000));
    const entry = { event: "standing_day", id: self.outbox.newId(), at, prompts: "6", noticed: String(day) };
    await self.outbox.put(owner, { ...entry, weight_on: "both" });
  }
}"""
#: Counts the tones that are played.
COUNT_BEEPS = """
window.beeps = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...given) { window.beeps += 1; return start.apply(this, given); };
"""
#: What the phone keeps for use without a connection, and that it keeps nothing of a person.
KEPT = "() => caches.match('/my/exercise/1').then(kept => kept && navigator.serviceWorker.controller)"
KEPT_FIRST = KEPT.replace("exercise/1", "check")
FORGOTTEN = "() => caches.has('kinechain-my-pages').then(kept => !kept)"
PHONE = {"width": 390, "height": 844, "touch": True}


def register(watched: Watched, served: Running, name: str) -> tuple[Any, str, str]:
    """Register a patient as the clinician, make a link; return the page, the patient's id, and the link."""
    page = watched.page()
    sign_in(page, served)
    page.locator("[data-register]").first.click()
    page.get_by_label("Name", exact=True).last.fill(name)
    page.get_by_role("button", name="Register", exact=True).click()
    page.wait_for_url(re.compile(r"/patients/[0-9a-f-]{36}"))
    patient_id = re.search(r"[0-9a-f-]{36}", page.url)
    page.get_by_role("button", name=re.compile("Make a")).click()
    link = page.locator("#new-link").input_value()
    assert patient_id is not None and link.startswith(served.address)
    assert page.locator(".new-link svg").count() == 1
    return page, patient_id[0], urlsplit(link).path


def open_link(phone: Any, link: str) -> None:
    """Open a link and agree."""
    phone.goto(link)
    leads_on(phone, phone.get_by_role("button", name="Open"))
    phone.wait_for_url("**/my/consent")
    check_accessible(phone)
    shoot(phone, "journey-consent-390")
    phone.locator("input[name=scope][value=care]").check()
    leads_on(phone, phone.get_by_role("button", name="I agree"))
    phone.wait_for_url("**/my")


def leads_on(phone: Any, target: Any) -> None:
    """Tap what leads to another page, and wait for it."""
    with phone.expect_navigation(wait_until="domcontentloaded"):
        target.tap()


def begin(phone: Any) -> None:
    """Begin with the questions."""
    leads_on(phone, phone.get_by_role("link", name=re.compile("Begin")))
    phone.locator("form.ask").wait_for()


def answer_all(phone: Any, resumed_at: int = 20) -> int:
    """Answer the questions as they come; leave and come back after some; return how many there were."""
    count = 0
    while (asked := phone.evaluate(ASKED)) is not None:
        count += 1
        assert count < 200, "the questions have no end"
        if count == resumed_at:
            phone.goto("/my")
            leads_on(phone, phone.get_by_role("link", name=re.compile("Go on")))
            assert phone.evaluate(ASKED) == asked, "another question than before"
        if count in (1, 60):
            phone.set_viewport_size({"width": 320, "height": 640})
            assert not too_wide(phone), too_wide(phone)
            phone.set_viewport_size({"width": 390, "height": 844})
            check_accessible(phone)
            shoot(phone, f"journey-intake-{count}-390")
        leads_on(phone, answer_to(phone, asked))
    return count


def answer_to(phone: Any, asked: dict[str, Any]) -> Any:
    """Fill in what a question asks, and return the button that sends it."""
    number = next((value for words, value in NUMBERS.items() if words in asked["question"].lower()), None)
    form, choices = phone.locator("form.ask"), asked["choices"]
    if asked["is_map"]:
        form.locator(".body-list summary").tap()
        for place in PLACES:
            form.locator(f"input[value='{place}']").check()
        return form.get_by_role("button", name="Next")
    if number and asked["is_text"]:
        form.locator("input[name=answer]").fill(number)
        return form.get_by_role("button", name="Next")
    wanted = next(value for value in ("no", number, "female", "skipped") if value in choices)
    return form.locator(f"button[value='{wanted}']")


def case_of(served: Running, patient_id: str) -> Case:
    """Return the case as the database holds it."""
    place = served.place()
    try:
        with place.database.reading() as connection:
            return read_case(connection, patient_id)
    finally:
        place.database.close()


def test_a_patient_from_the_link_to_the_log(watched: Watched, served: Running) -> None:
    clinic, patient_id, link = register(watched, served, "Petra Journey")
    context = watched.context(**PHONE)
    context.add_init_script(COUNT_BEEPS)
    phone = context.new_page()
    open_link(phone, link)
    shoot(phone, "journey-next-390")
    begin(phone)
    assert answer_all(phone) > 40
    assert phone.get_by_role("heading", name="Thank you").count(), phone.locator("main").inner_text()
    assert case_of(served, patient_id).screened().level == "none"

    agree_plan(clinic, patient_id)
    phone.goto("/my")
    assert phone.locator(".exercise").count() >= 1, phone.locator("main").inner_text()
    check_accessible(phone)
    assert not too_wide(phone), too_wide(phone)
    shoot(phone, "journey-today-390")
    do_one_exercise(phone)
    log_without_connection(watched, context, phone, served, patient_id)
    keep_diary(phone)
    tell_morning(phone)
    see_progress_and_sheet(phone)
    stop_by_a_sign(phone)
    assert case_of(served, patient_id).screened().plan_locked
    sees_it_locked(clinic, patient_id)
    watched.allow("401")
    takes_data_and_leaves(phone)


def agree_plan(clinic: Any, patient_id: str) -> None:
    clinic.goto(f"/patients/{patient_id}/plan")
    clinic.get_by_label(re.compile("has read this and agrees")).check()
    clinic.get_by_role("button", name="Agree on this plan").click()
    clinic.get_by_role("heading", name="The plan that is agreed").wait_for()


def do_one_exercise(phone: Any) -> None:
    """Go through the timer with its sounds, and write the exercise down with one tap."""
    leads_on(phone, phone.get_by_role("link", name="Start").first)
    phone.wait_for_load_state()
    check_accessible(phone)
    what, count = phone.locator("[data-what]"), phone.locator("[data-count]")
    phone.locator("[data-start]").tap()
    assert what.inner_text() == "Get ready"
    before = int(count.inner_text())
    phone.wait_for_function(f"() => Number(document.querySelector('[data-count]').textContent) < {before}")
    shoot(phone, "journey-timer-390")
    phone.locator("[data-pause]").tap()
    held = count.inner_text()
    phone.wait_for_timeout(1200)
    assert count.inner_text() == held, "a pause does not stop the timer"
    beeps = phone.evaluate("window.beeps")
    phone.locator("[data-next]").tap()
    assert what.inner_text() in ("Hold", "Move slowly")
    assert phone.evaluate("window.beeps") > beeps > 0, "a new step makes no sound"
    phone.get_by_label("Sound").uncheck()
    beeps = phone.evaluate("window.beeps")
    phone.locator("[data-next]").tap()
    assert phone.evaluate("window.beeps") == beeps
    phone.locator("[data-stop]").tap()
    phone.get_by_role("button", name="Done, pain 2 of 10").tap()
    phone.locator(".verdict-carry-on").wait_for()


def log_without_connection(watched: Watched, context: Any, phone: Any, served: Running, patient_id: str) -> None:
    """Log with the connection gone, twice tapped, on pages kept by the phone; everything arrives once."""
    phone.goto("/my")
    phone.wait_for_function(KEPT)
    before = case_of(served, patient_id)
    watched.allow(r"ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to (load|fetch)")
    context.set_offline(True)
    phone.goto("/my/exercise/1")
    # Two taps on the same button, as fast as a thumb can.
    phone.locator("[name=pain_during][value='3']").first.evaluate("button => { button.click(); button.click(); }")
    phone.locator(".verdict").wait_for()
    phone.goto("/my/check")
    phone.get_by_label("None of these").check()
    phone.get_by_role("button", name="Keep").tap()
    phone.locator("#waiting", has_text="2 entries wait").wait_for()
    assert len(case_of(served, patient_id).events) == len(before.events)
    shoot(phone, "journey-offline-390")
    phone.goto("/my/data")
    assert phone.get_by_role("heading", name="No connection").is_visible()
    shoot(phone, "journey-no-page-390")
    context.set_offline(False)
    phone.goto("/my")
    phone.locator("#waiting").wait_for(state="hidden")
    phone.reload(wait_until="networkidle")
    new = case_of(served, patient_id).events[len(before.events) :]
    assert sorted(type(event).__name__ for event in new) == ["CheckIn", "Session"]
    assert [event.pain_during for event in new if isinstance(event, Session)] == [3.0]


def keep_diary(phone: Any) -> None:
    """Keep the diary of standing for seven days: six that waited on the phone, and today."""
    phone.evaluate(SIX_DAYS)
    phone.goto("/my/more")
    phone.locator("#waiting").wait_for(state="hidden")
    phone.get_by_label("brushing teeth").check()
    phone.get_by_label("cooking").check()
    assert phone.get_by_label("How often I noticed").input_value() == "2"
    phone.get_by_label("More on the left").check()
    phone.locator("#standing + * ~ form, section form").first.get_by_role("button", name="Keep").tap()
    phone.locator(".toast", has_text="Kept").wait_for()
    phone.reload()
    assert phone.locator(".diary li").count() == 7
    assert "noticed 2 of 6, weight left" in phone.locator(".diary li").first.inner_text()
    check_accessible(phone)
    assert not too_wide(phone), too_wide(phone)
    shoot(phone, "journey-diary-390")


def tell_morning(phone: Any) -> None:
    """Tell soreness apart from the pain one came with."""
    phone.goto("/my/morning")
    for name, points in (("pain", 4), ("usual_pain", 4), ("soreness", 6)):
        phone.locator(f"input[name={name}][value='{points}']").check()
    check_accessible(phone)
    shoot(phone, "journey-morning-390")
    phone.get_by_role("button", name="Keep").tap()
    phone.locator(".verdict-carry-on").wait_for()
    phone.goto("/my/morning")
    for name, points in (("pain", 8), ("usual_pain", 4), ("soreness", 1)):
        phone.locator(f"input[name={name}][value='{points}']").check()
    phone.get_by_role("button", name="Keep").tap()
    phone.locator(".verdict-ease-off").wait_for()
    shoot(phone, "journey-morning-told-390")


def see_progress_and_sheet(phone: Any) -> None:
    phone.goto("/my/progress")
    assert phone.locator(".told-block").count() >= 1
    assert not too_wide(phone), too_wide(phone)
    shoot(phone, "journey-progress-390")
    sheet = phone.request.get(str(phone.get_by_role("link", name="Plan to print").get_attribute("href")))
    assert sheet.body().startswith(b"%PDF") and "Petra" not in str(sheet.headers)


def stop_by_a_sign(phone: Any) -> None:
    """Name a danger sign on the day's check and read what to do; the exercises are gone, also those the phone kept."""
    phone.goto("/my/check")
    phone.locator("[data-sign]").first.check()
    assert not phone.get_by_label("None of these").is_checked()
    phone.get_by_role("button", name="Keep").tap()
    phone.wait_for_url("**/my/stop")
    check_accessible(phone)
    shoot(phone, "journey-stop-390")
    reads_without_colour(phone)
    leads_on(phone, phone.get_by_role("button", name="I have read this"))
    phone.goto("/my")
    assert not phone.locator(".exercise").count()
    assert phone.locator(".stands").is_visible()
    phone.goto("/my/exercise/1")
    assert urlsplit(phone.url).path == "/my"
    shoot(phone, "journey-held-390")


def reads_without_colour(phone: Any) -> None:
    """Check that the stop page says what it says by words and shapes, for who sees no colours or none of ours."""
    alert = phone.get_by_role("alert")
    assert alert.locator("h1").inner_text().strip() and alert.locator("svg.shape").is_visible()
    assert alert.locator(".reasons strong").first.inner_text().strip()
    phone.emulate_media(forced_colors="active")
    assert alert.is_visible()
    shoot(phone, "journey-stop-own-colours-390")
    phone.emulate_media(forced_colors="none")
    grey = phone.locator(".stop-page").evaluate("e => [getComputedStyle(e).borderTopStyle, e.offsetWidth > 250]")
    assert grey[0] != "none" and grey[1]


def sees_it_locked(clinic: Any, patient_id: str) -> None:
    clinic.goto(f"/patients/{patient_id}/plan")
    assert "locked" in clinic.locator("#danger-signs").inner_text().lower()
    assert not clinic.get_by_role("button", name="Agree on this plan").count()
    shoot(clinic, "journey-locked-1280")
    clinic.goto("/patients")
    row = clinic.get_by_role("row", name=re.compile("Petra Journey"))
    assert row.locator("[class*=level-emergency], [class*=level-same_day]").count()


def takes_data_and_leaves(phone: Any) -> None:
    """Take a copy, leave the phone, and find nothing on it."""
    phone.goto("/my/data")
    shoot(phone, "journey-data-390")
    with phone.expect_download() as expected:
        phone.get_by_role("link", name="Download everything").tap()
    copy = expected.value.path().read_text(encoding="utf-8")
    assert "Petra" not in copy and "posting" not in copy and "standing_day" in copy
    leads_on(phone, phone.get_by_role("button", name="Leave on this phone"))
    phone.wait_for_function(FORGOTTEN)
    phone.go_back()
    phone.get_by_role("heading", name="This link is closed").wait_for()


def test_a_closed_link_opens_nothing(watched: Watched, served: Running) -> None:
    clinic, patient_id, link = register(watched, served, "Quirin Closed")
    context = watched.context(**PHONE)
    phone = context.new_page()
    open_link(phone, link)
    phone.goto("/my/check")
    phone.wait_for_function(KEPT_FIRST)
    # An entry that waits: its connection is gone when it is written.
    watched.allow(r"401|ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to (load|fetch)")
    context.set_offline(True)
    phone.get_by_label("None of these").check()
    phone.get_by_role("button", name="Keep").tap()
    phone.locator("#waiting", has_text="One entry waits").wait_for()

    clinic.reload()
    assert clinic.get_by_role("button", name="Close", exact=True).count() == 1, "loading again made another link"
    clinic.get_by_role("button", name="Close", exact=True).click()
    clinic.get_by_text(re.compile("^Closed 20")).wait_for()

    # The page that stands on the screen gives way by itself as soon as the phone hears of it.
    context.set_offline(False)
    phone.get_by_role("heading", name="This link is closed").wait_for()
    assert phone.get_by_role("alert").is_visible()
    phone.locator("#waiting", has_text="One entry waits").wait_for()
    phone.wait_for_function(FORGOTTEN)
    shoot(phone, "journey-closed-390")
    for address in ("/my", "/my/check", "/my/data"):
        answer = phone.goto(address)
        assert answer.status == 401 and answer.headers["cache-control"] == "no-store", address
        assert phone.get_by_role("alert").is_visible() and not phone.locator("form").count()
    phone.go_back()
    assert not phone.locator("form").count()
    context.set_offline(True)
    phone.goto("/my")
    assert phone.get_by_role("heading", name="No connection").is_visible()
    context.set_offline(False)
    assert not [event for event in case_of(served, patient_id).events if isinstance(event, CheckIn)]
    phone.goto(link)
    leads_on(phone, phone.get_by_role("button", name="Open"))
    assert phone.get_by_role("heading", name="This link is closed").is_visible()


def test_an_emergency_in_the_questions(watched: Watched, served: Running) -> None:
    clinic, patient_id, link = register(watched, served, "Rosa Emergency")
    phone = watched.page(**PHONE)
    open_link(phone, link)
    begin(phone)
    leads_on(phone, phone.locator("form.ask button[value=yes]"))
    phone.wait_for_url("**/my/stop**")
    check_accessible(phone)
    assert not too_wide(phone), too_wide(phone)
    shoot(phone, "journey-emergency-390")
    assert phone.locator(".stop-emergency").count() == 1
    assert phone.locator(".stop-first").first.inner_text().strip()
    reads_without_colour(phone)
    phone.goto("/my/intake")
    assert urlsplit(phone.url).path == "/my/stop", "the questions go on before the page was read"
    clinic.goto(f"/patients/{patient_id}")
    assert "level-emergency" in str(clinic.locator("#danger-signs").get_attribute("class"))
    deletes_everything(watched, served, phone, patient_id)


def deletes_everything(watched: Watched, served: Running, phone: Any, patient_id: str) -> None:
    """Delete one's own data; one word guards against a slip."""
    leads_on(phone, phone.get_by_role("button", name="I have read this"))
    phone.goto("/my/data")
    leads_on(phone, phone.get_by_role("link", name="Delete my data"))
    shoot(phone, "journey-delete-390")
    phone.get_by_label(re.compile("Write the word")).fill("delete")
    leads_on(phone, phone.get_by_role("button", name="Delete everything for good"))
    assert phone.get_by_role("heading", name="Your data are deleted").is_visible()
    watched.allow("401")
    assert phone.goto("/my").status == 401
    phone.wait_for_function(FORGOTTEN)
    place = served.place()
    try:
        with place.database.reading() as connection:
            found = find_patient(connection, patient_id)
        assert found is None or not found.name
    finally:
        place.database.close()
