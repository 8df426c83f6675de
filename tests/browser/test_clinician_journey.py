"""The way of a clinician, from registering somebody to the letter; and a part of it by keyboard alone."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pypdfium2
from browsing import CURSORS, LOOK, Running, Watched, check_accessible, shoot, sign_in, until
from playwright.sync_api import Page, expect

NAME, CODE = "Valentina Quellenberg", "q-7031"
PASSPHRASE = "the ankle bone and the hip bone"
FOLDER = "data/dev/schreiber_moissenet/2014015"
STANDING, WALK, SECOND_WALK = "2014015_ST.c3d", "2014015_C4_04.c3d", "2014015_C5_03.c3d"
#: The one danger sign that is a yes, and is looked into and signed off on the way.
SIGN = "weakness in one leg that has stayed the same"
#: Answers beside the danger signs, by words of their question.
NUMBERS = {
    "old are you": "46",
    "at its worst": "6",
    "on average": "4",
    "weeks ago did this pain": "30",
    "weeks ago did the foot": "30",
    "first steps": "5",
    "tall": "1.68",
    "weigh": "64",
}

#: Keeps the steps that the page of an analysis tells, beyond the page.
REMEMBER_STEPS = """() => {
  const step = document.querySelector("[data-step]");
  const keep = () => sessionStorage.setItem("seen", (sessionStorage.getItem("seen") ?? "") + step.textContent + "|");
  new MutationObserver(keep).observe(step, { childList: true, characterData: true, subtree: true });
}"""


def test_a_clinician_from_registering_to_the_letter(watched: Watched, served: Running, shared: Path) -> None:
    page = watched.page()
    sign_in(page, served)
    base = registers(page)
    link = makes_a_link(page, base)
    answers_together(page, base)
    fills_the_sheet(page, base)
    signs_off(page, base)
    hands_in(page, base, shared, STANDING, WALK)
    analyses(page, "Analyse 1 walk")
    reads_the_verdict(page, base)
    replays(page)
    asks_what_if(page, base)
    hands_in(page, base, shared, SECOND_WALK)
    stops_an_analysis(page)
    analyses(page, "Ask again")
    compares_visits(page, base)
    agrees_a_plan(page, base)
    takes_documents(page, base)
    reads_the_trail(page, base)
    is_read_by_the_patient(watched, link)


def registers(page: Page) -> str:
    page.get_by_role("link", name="Register a patient").first.click()
    page.locator("#new-name").fill(NAME)
    page.locator("#new-code").fill(CODE)
    page.get_by_role("button", name="Register", exact=True).click()
    page.wait_for_url(re.compile(r"/patients/[0-9a-f-]{36}$"))
    expect(page.locator("#danger-signs")).to_contain_text("locked")
    return page.url


def makes_a_link(page: Page, base: str) -> str:
    page.get_by_role("button", name="Make a link").click()
    link = page.locator("#new-link").input_value()
    box = page.locator("svg.qr").bounding_box()
    assert "/p/" in link and box and box["width"] > 100
    page.goto(base)
    assert not page.locator("#new-link").count(), "a link is shown once"
    return link


def answers_together(page: Page, base: str) -> None:
    """Fill in the questions as the patient tells them: no to every danger sign but one, foot pain, care that failed."""
    page.goto(f"{base}/intake")
    names = page.locator("form.intake-section").evaluate_all("all => all.map((form) => form.id)")
    for name in names:
        section = page.locator(f"#{name}")
        section.locator(".pill-no input").evaluate_all("all => all.forEach((one) => one.click())")
        if section.locator(".ask", has_text=SIGN).count():
            section.locator(".ask", has_text=SIGN).get_by_label("Yes", exact=True).check()
        for words, value in NUMBERS.items():
            measure = section.locator(".ask", has_text=words).locator("input.measure")
            if measure.count():
                measure.fill(value)
        if name == "section-about":
            section.get_by_role("combobox", name=re.compile("sex")).select_option("female")
        keeps(page, section)
        if name == "section-pain":
            # Where it hurts is asked of somebody who has pain.
            tells_of_pain(section)
            keeps(page, section)
    strip = page.locator("#danger-signs")
    expect(strip).to_contain_text("locked")
    expect(strip).not_to_contain_text("EMERGENCY")
    page.get_by_role("button", name="Mark as reviewed").click()
    expect(page.get_by_text(re.compile("Last reviewed: version"))).to_be_visible()


def keeps(page: Page, section: Any) -> None:
    with page.expect_navigation():
        section.get_by_role("button", name="Save this section").click()
    expect(page.get_by_text(re.compile("changed and kept|Nothing was changed"))).to_be_visible()


def tells_of_pain(section: Any) -> None:
    section.get_by_text("Change the places").click()
    section.get_by_label("heel, right").check()
    for place, values in enumerate(
        (("exercise", "foot", "8", "same"), ("insoles_prefabricated", "foot", "10", "same"))
    ):
        for field, value in zip(("kind", "region", "weeks", "response"), values, strict=True):
            entry = section.locator(f"[name='t{treatments(section)}.{place}.{field}']")
            if field == "weeks":
                entry.fill(value)
            else:
                entry.select_option(value)


def treatments(section: Any) -> str:
    """Return the number of the question about treatments."""
    found = section.locator("select[name$='.kind']").first.get_attribute("name")
    return re.sub(r"\D.*", "", str(found)[1:])


def fills_the_sheet(page: Page, base: str) -> None:
    page.goto(f"{base}/exam")
    for item, unit, values in (("lunge_test", "cm", ("11", "4")), ("fpi6", "points", ("4", "9"))):
        field(page, item, "left").locator(".measure").focus()
        for side, value in zip(("left", "right"), values, strict=True):
            expect(field(page, item, side).locator(".measure")).to_be_focused()
            page.keyboard.type(value)
            page.keyboard.press("Enter")
            expect(field(page, item, side)).to_have_attribute("data-before", f"{value} {unit}")
    expect(page.locator("[data-status]")).to_contain_text("Saved")
    page.reload()
    expect(field(page, "lunge_test", "right").locator(".measure")).to_have_value("4")
    expect(field(page, "fpi6", "right").locator(".measure")).to_have_value("9")
    expect(page.locator("[data-done]")).to_have_text("2")


def field(page: Page, item: str, side: str) -> Any:
    return page.locator(f"[data-item={item}][data-side={side}]").first


def signs_off(page: Page, base: str) -> None:
    """Look into the danger sign and sign it; before that there is no plan."""
    page.goto(f"{base}/plan")
    expect(page.get_by_role("heading", name="No plan for now")).to_be_visible()
    page.get_by_role("link", name="Look into them and sign off").click()
    page.get_by_role("link", name="Set it up").click()
    page.get_by_label(re.compile("^Passphrase")).fill(PASSPHRASE)
    page.get_by_label("The same again").fill(PASSPHRASE)
    page.get_by_role("button", name="Make my signature").click()
    page.wait_for_url("**/sign-off")
    page.get_by_text("Sign that this was looked into").click()
    page.get_by_label("What was looked into, and found").fill("Strength and reflexes alike on both sides")
    page.get_by_label(re.compile("^Passphrase")).fill(PASSPHRASE)
    check_accessible(page)
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("Holds", exact=True)).to_be_visible()
    expect(page.locator("#danger-signs")).not_to_contain_text("is locked")
    shoot(page, "journey-signed-1280")


def hands_in(page: Page, base: str, shared: Path, *names: str) -> None:
    """Hand in recordings and read what can be told of them before waiting for an analysis."""
    page.goto(f"{base}/recordings")
    before = page.locator(".recording").count()
    page.set_input_files("#files", [shared / FOLDER / name for name in names])
    until(page, f"document.querySelectorAll('.recording').length === {before + len(names)}")
    until(page, "document.querySelector('[data-waiting]').dataset.waiting === '0'")
    told = page.locator(".recording", has_text=names[-1])
    expect(told).to_contain_text(re.compile(r"Walking, .* markers"))
    expect(told).to_contain_text("Joint loads: yes")


def analyses(page: Page, button: str) -> None:
    """Ask for an analysis, and see how it goes on until the verdict comes by itself."""
    begun = time.monotonic()
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/analysis/*")
    page.evaluate(REMEMBER_STEPS)
    page.wait_for_url("**/verdict", timeout=120_000)
    seen = set(str(page.evaluate("sessionStorage.getItem('seen') ?? ''")).split("|")) - {""}
    print(f"verdict {time.monotonic() - begun:.1f} s after the click: {', '.join(sorted(seen))}")
    assert len(seen) > 2, "its steps were told while it ran"


def stops_an_analysis(page: Page) -> None:
    page.get_by_role("button", name="Analyse 2 walks").click()
    page.wait_for_url("**/analysis/*")
    until(page, "Number(document.querySelector('[data-bar]')?.value) > 0")
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_role("heading", name="This analysis was stopped")).to_be_visible(timeout=60_000)
    check_accessible(page)


def reads_the_verdict(page: Page, base: str) -> None:
    """Danger signs stand above the verdict, and the verdict above everything it rests on."""
    order = [
        "#danger-signs",
        "#stands-out",
        "#to-do",
        "#chain",
        "#motion",
        "#loads",
        "#measures",
        "#missing",
        "#rests-on",
    ]
    tops = [page.locator(part).bounding_box()["y"] for part in order]  # type: ignore[index]
    assert tops == sorted(tops)
    assert page.locator("#chain .chain-picture .dot").count() >= 10
    expect(page.locator("#drivers")).to_contain_text("never the cause of pain")
    tall = page.evaluate("document.documentElement.scrollHeight")
    assert tall < 4500, f"the verdict is {tall} px long"
    page.get_by_role("link", name="Not measured", exact=True).click()
    expect(page.locator("#missing table")).to_be_visible()
    page.goto(f"{base}/verdict")


def replays(page: Page) -> None:
    """The body moves in three dimensions, and the curves show the same moment."""
    page.locator("#motion").scroll_into_view_if_needed()
    until(page, "document.querySelector('[data-replay]').dataset.drawn === 'true'")
    until(page, "document.querySelector('[data-curves]').dataset.ready === 'true'")
    seen = page.locator(".viewer canvas").evaluate(LOOK)
    assert seen["colours"] > 50 and 0.01 < seen["filled"] < 0.9, seen
    clock = page.locator("[data-show=time]")
    before = clock.inner_text(), page.evaluate(CURSORS)
    page.locator(".viewer canvas").focus()
    for _ in range(5):
        page.keyboard.press(".")
    until(page, lambda: clock.inner_text() != before[0] and page.evaluate(CURSORS) != before[1], 10)
    moved = clock.inner_text()
    over = page.locator(".chart .u-over").nth(3)
    box = over.bounding_box()
    assert box is not None
    over.click(position={"x": box["width"] * 0.8, "y": box["height"] * 0.3})
    until(page, lambda: clock.inner_text() != moved, 10)
    assert "80 % of its stride" in page.locator("[data-moment]").inner_text()
    shoot(page, "journey-verdict-1280")


def asks_what_if(page: Page, base: str) -> None:
    page.goto(f"{base}/what-if")
    until(page, "document.querySelector('[data-told]').innerText.includes('200 drawn')")
    before = page.evaluate("document.querySelector('[data-ask]').dataset.answered")
    page.get_by_role("slider", name="Wedge under the foot, right").focus()
    page.keyboard.press("ArrowRight")
    until(page, lambda: page.evaluate("document.querySelector('[data-ask]').dataset.answered") != before, 10)
    expect(page.get_by_role("row", name="Subtalar eversion, right")).to_be_visible()


def compares_visits(page: Page, base: str) -> None:
    page.goto(f"{base}/visits")
    expect(page.get_by_role("heading", name=re.compile("^Before:"))).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^After:"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ measures changed by more than the error"))).to_be_visible()
    page.locator("[data-pair]").scroll_into_view_if_needed()
    until(page, "document.querySelectorAll('[data-pair] canvas').length >= 3")
    check_accessible(page)
    shoot(page, "journey-visits-1280")


def agrees_a_plan(page: Page, base: str) -> None:
    """Lower a dose, take one piece of advice out, look at the orthosis sheet, agree."""
    page.goto(f"{base}/plan")
    exercise = page.locator("[id^='part-exercise.']").first
    exercise.get_by_text("Change the dose").click()
    exercise.locator("[name=sets_least]").fill("1")
    exercise.locator("[name=sets_most]").fill("1")
    exercise.get_by_role("button", name="Set this dose").click()
    expect(page.locator(".part-head", has_text="changed").first).to_be_visible()
    goal = page.locator("[id^='part-goal.']").first
    goal.locator("summary", has_text="Take out").click()
    goal.get_by_label("Reason").fill("not what matters to her")
    goal.get_by_role("button", name="Take out").click()
    expect(page.get_by_role("heading", name="Taken out")).to_be_visible()
    check_accessible(page)
    shoot(page, "journey-plan-1280")
    page.get_by_role("link", name="Orthosis sheet").click()
    expect(page.get_by_text("Never shown to the patient. The plan is not agreed yet.")).to_be_visible()
    expect(page.locator(".sheet")).to_contain_text("foam")
    check_accessible(page)
    shoot(page, "journey-orthosis-1280")
    page.goto(f"{base}/plan")
    page.get_by_label(re.compile("has read this and agrees")).check()
    page.get_by_role("button", name="Agree on this plan").click()
    expect(page.get_by_role("heading", name="The plan that is agreed")).to_be_visible()
    expect(page.locator("#plan-editor .page-head")).to_contain_text("by Dr Example")


def takes_documents(page: Page, base: str) -> None:
    """Letters and files can be kept, and none of them holds the name."""
    page.goto(f"{base}/documents")
    check_accessible(page)
    with page.expect_download() as expected:
        page.get_by_role("link", name="PDF of Plan for the patient").click()
    kept = expected.value.path().read_bytes()
    assert kept.startswith(b"%PDF")
    printed = pdf_text(kept)
    assert CODE in printed and "orthosis" not in printed.lower() and "foam" not in printed
    with page.expect_download() as expected:
        page.get_by_role("link", name="Download the FHIR bundle").click()
    bundle = expected.value.path().read_text(encoding="utf-8")
    assert json.loads(bundle)["resourceType"] == "Bundle" and len(json.loads(bundle)["entry"]) > 3
    page.get_by_role("link", name="Look at Plan for the patient").click()
    letter = page.locator(".sheet").inner_text()
    report = page.request.get(f"{base}/verdict/report.pdf").body()
    assert report.startswith(b"%PDF")
    for text in (printed, bundle, letter, pdf_text(report), expected.value.suggested_filename):
        assert not set(NAME.split()) & set(re.findall(r"\w+", text))
    check_accessible(page)
    shoot(page, "journey-letter-1280")


def pdf_text(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def reads_the_trail(page: Page, base: str) -> None:
    page.goto(f"{base}/audit")
    told = page.locator("main table").inner_text()
    done = ("register patient", "make link", "write intake", "write exam", "clear danger sign", "hand in recording",
            "ask for analysis", "cancel analysis", "read verdict", "ask what-if", "compare visits", "change plan",
            "agree plan", "read orthosis sheet", "download letter", "download FHIR")  # fmt: skip
    older = page.get_by_role("link", name="Older")
    while older.count():
        older.click()
        page.wait_for_load_state()
        told += page.locator("main table").inner_text()
    missing = [words for words in done if words not in told]
    assert not missing, told
    assert not set(NAME.split()) & set(re.findall(r"\w+", told))
    check_accessible(page)


def is_read_by_the_patient(watched: Watched, link: str) -> None:
    """What was agreed is on the patient's phone, without a word of the orthosis."""
    phone = watched.page(390, 844, touch=True)
    phone.goto(link)
    phone.get_by_role("button", name="Open").tap()
    phone.locator("input[name=scope][value=care]").check()
    phone.get_by_role("button", name="I agree").tap()
    phone.wait_for_url("**/my")
    assert phone.locator(".exercise").count() >= 1
    assert "orthosis" not in phone.content().lower() and "foam" not in phone.content()


#: What has the focus: where it is on the page, how it is marked, and whether it is seen.
FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return { html: "", marked: true, seen: true };
  const style = (e) => getComputedStyle(e);
  const outlined = (e) => style(e).outlineStyle !== "none" && parseFloat(style(e).outlineWidth) >= 2;
  const marks = [at, at.nextElementSibling, at.closest("label")].filter(Boolean);
  const shown = at.matches(".visually-hidden, [type=radio], [type=checkbox]") ? at.parentElement : at;
  const box = shown.getBoundingClientRect();
  const seen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return { html: at.outerHTML.slice(0, 160), marked: at.id === "main" || marks.some(outlined), seen };
}"""


class Keys:
    """Somebody with a keyboard alone, who sees at every step where they are."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> str:
        """Press a key; return what has the focus then."""
        self.page.keyboard.press(key)
        found = self.page.evaluate(FOCUS)
        assert found["marked"] and found["seen"], f"{self.page.url} after {key}: {found}"
        return str(found["html"])

    def go_to(self, selector: str, most: int = 120) -> None:
        """Press Tab until something has the focus."""
        for _ in range(most):
            self.press("Tab")
            if self.page.evaluate("words => document.activeElement.matches(words)", selector):
                return
        raise AssertionError(f"{self.page.url}: {selector} is not reached by {most} times Tab")

    def follow(self, selector: str, where: str) -> None:
        """Go to a link and press Enter."""
        self.go_to(selector)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(where)
        self.page.wait_for_load_state("load")

    def round_trip(self, most: int = 400) -> int:
        """Press Tab through the whole page until its first stop comes again; return how many stops there were."""
        before, same = "", 0
        for count in range(most):
            now = self.press("Tab")
            if count and 'class="skip"' in now:
                return count
            # A field for a date has a stop for each of its parts.
            same = same + 1 if now == before and now else 0
            assert same < 6, f"{self.page.url}: trapped in {now}"
            before = now
        raise AssertionError(f"{self.page.url}: no end after {most} times Tab")


def test_by_keyboard_alone(watched: Watched, served: Running) -> None:
    patient_id = known_patient(served, "Keya Brett")
    page = watched.page()
    keys = Keys(page)
    page.goto("/sign-in")
    assert "Skip to content" in keys.press("Tab")
    keys.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    keys.go_to("input[name=email]")
    page.keyboard.type(served.email)
    keys.go_to("input[name=password]")
    page.keyboard.type(served.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/patients")
    opens_and_closes_the_dialog(keys)
    keys.go_to("input[name=search]")
    page.keyboard.type("keya")
    expect(page.locator(".count")).to_contain_text("keya")
    keys.follow(f"#list a[href$='{patient_id}']", f"**/patients/{patient_id}")
    assert keys.round_trip() > 15
    keys.follow(".tabs a[href$='/exam']", "**/exam")
    enters_two_values(keys)
    page.reload()
    keys.follow(".tabs a[href$='/plan']", "**/plan")
    changes_a_dose(keys)
    assert keys.round_trip() > 30


def known_patient(served: Running, name: str) -> str:
    """Register somebody with the answers and the examination of the example person."""
    from kinechain.demonstration.demonstrate import example_person
    from kinechain.store.accounts import find_account
    from kinechain.store.audit import Actor
    from kinechain.workspace.case import change_person
    from kinechain.workspace.patients import register

    place = served.place()
    try:
        with place.database.reading() as connection:
            account = find_account(connection, served.email)
        assert account is not None
        actor = Actor("clinician", account.id, account.name, account.clinic_id)
        made = register(place.database, actor, name)
        with place.database.writing() as connection:
            change_person(connection, actor, made.id, lambda _: example_person(), "write exam")
    finally:
        place.database.close()
    return made.id


def opens_and_closes_the_dialog(keys: Keys) -> None:
    keys.go_to("[data-register]")
    keys.page.keyboard.press("Enter")
    expect(keys.page.locator("#new-name")).to_be_focused()
    for _ in range(6):
        keys.press("Tab")
    keys.page.keyboard.press("Escape")
    expect(keys.page.locator("dialog.register")).to_be_hidden()
    expect(keys.page.locator("[data-register]").first).to_be_focused()


def enters_two_values(keys: Keys) -> None:
    """Jump to a group of tests, enter a value for each side."""
    page = keys.page
    group = page.locator("a[href^='#group-']", has_text="Standing").first.get_attribute("href")
    keys.go_to(f"a[href='{group}']")
    page.keyboard.press("Enter")
    keys.go_to("[data-item=lunge_test][data-side=left] .measure", 300)
    for side, value in (("left", "9.5"), ("right", "8")):
        expect(field(page, "lunge_test", side).locator(".measure")).to_be_focused()
        page.keyboard.press("Control+a")
        page.keyboard.type(value)
        page.keyboard.press("Enter")
        expect(field(page, "lunge_test", side)).to_have_attribute("data-before", f"{value} cm")
    expect(page.locator("[data-status]")).to_contain_text("Saved")


def changes_a_dose(keys: Keys) -> None:
    page = keys.page
    keys.go_to("[id^='dose-exercise.'] > summary")
    page.keyboard.press("Enter")
    keys.go_to("[name=sets_most]")
    page.keyboard.press("Control+a")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.locator(".part-head", has_text="changed").first).to_be_visible()
