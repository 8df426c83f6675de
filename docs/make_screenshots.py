"""Make the pictures of the workspace in docs/images/web: the example clinic, whose people are invented, in Chromium.

    python docs/make_screenshots.py            # all of them
    python docs/make_screenshots.py verdict    # those whose name begins so

Run it after a page has changed, look at what it made, and commit that.  Needs Chromium and the development packages.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))

from browsing import ARGUMENTS, Running, found_chromium, serving, sign_in, until

from kinechain.care.person.person import Person, Treatment
from kinechain.demonstration.demonstrate import example_person
from kinechain.store.accounts import find_account
from kinechain.store.audit import Actor
from kinechain.workspace.assessing import ask_assessment
from kinechain.workspace.case import change_person
from kinechain.workspace.links import make_link
from kinechain.workspace.patients import register

OUT = Path(__file__).parent / "images" / "web"
#: Printed where a clinic names its own; no such clinic exists.
SETTINGS = {"KINECHAIN_EMERGENCY_NUMBER": "112", "KINECHAIN_CLINIC": "Example clinic"}
LARGEST_BYTES, LARGEST_TOTAL_BYTES = 200_000, 1_200_000
DESK = {"viewport": {"width": 1280, "height": 860}, "reduced_motion": "reduce", "color_scheme": "light"}
PHONE = {
    **{"viewport": {"width": 390, "height": 780}, "device_scale_factor": 1.25, "has_touch": True, "is_mobile": True},
    **{"reduced_motion": "reduce", "color_scheme": "light"},
}
#: A picture as WebP, encoded by the browser itself.
ENCODE = """async (picture) => {
  const image = new Image();
  image.src = "data:image/png;base64," + picture;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width; canvas.height = image.height;
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", 0.58).split(",")[1];
}"""
MOVED = (
    "document.querySelector('[data-replay]')?.dataset.drawn === 'true'"
    " && document.querySelector('[data-curves]')?.dataset.ready === 'true'"
)


@dataclass(frozen=True)
class Picture:
    """One picture: the page, what is done on it first, and what is scrolled to the top."""

    name: str
    path: str
    before: Callable[[Any], object] | None = None
    top: str = ""


def wait_for_replay(page: Any) -> None:
    """Wait until the body and the curves are drawn, and let it be seen in the middle of a stride."""
    page.locator("#motion").scroll_into_view_if_needed()
    until(page, MOVED)
    page.locator(".viewer canvas").focus()
    for _ in range(12):
        page.keyboard.press(".")
    page.wait_for_timeout(500)


def move_a_slider(page: Any) -> None:
    """Put something under a foot, and wait for what it does."""
    slider = page.locator("input[type=range]").first
    slider.focus()
    for _ in range(5):
        slider.press("ArrowRight")
    page.wait_for_timeout(6000)


def begin_the_timer(page: Any) -> None:
    page.locator("[data-start]").tap()
    page.locator("[data-next]").tap()
    page.locator("[data-pause]").tap()


#: Of the clinician; the name before the colon says whose page it is.
CLINIC = (
    Picture("patients", "/patients"),
    Picture("patient", "followed:"),
    Picture("intake", "stopped:/intake"),
    Picture("exam", "walked:/exam", top="#group-3"),
    Picture("body-map", "walked:/body-map"),
    Picture("recordings", "walked:/recordings"),
    Picture("verdict", "walked:/verdict"),
    Picture("verdict-chain", "walked:/verdict", top="#chain"),
    Picture("verdict-replay", "walked:/verdict", wait_for_replay, "#motion"),
    Picture("what-if", "walked:/what-if", move_a_slider),
    Picture("plan", "walked:/plan"),
    Picture("orthosis", "pronated:/orthosis"),
    Picture("progress", "followed:/progress"),
    Picture("visits", "followed:/visits"),
    Picture("documents", "followed:/documents"),
    Picture("sign-off", "stopped:/sign-off"),
    Picture("tasks", "/tasks"),
    Picture("trail", "walked:/audit"),
    Picture("account", "/account"),
)
PATIENT = (
    Picture("my-today", "/my"),
    Picture("my-exercise", "/my/exercise/1"),
    Picture("my-timer", "/my/exercise/1", begin_the_timer, "[data-player]"),
    Picture("my-check", "/my/check"),
    Picture("my-morning", "/my/morning"),
    Picture("my-more", "/my/more"),
    Picture("my-progress", "/my/progress"),
    Picture("my-data", "/my/data"),
)


class Maker:
    """Takes pictures that were asked for, in a browser whose pages are of one person."""

    def __init__(self, browser: Any, wanted: tuple[str, ...]) -> None:
        self.browser, self.wanted = browser, wanted
        self.encoder = browser.new_page()

    def wants(self, name: str) -> bool:
        return not self.wanted or name.startswith(self.wanted)

    def keep(self, page: Any, name: str, top: str = "") -> None:
        """Keep what is seen of a page, scrolled so that something stands at the top."""
        if not self.wants(name):
            return
        if top:
            page.locator(top).first.evaluate("e => scrollTo(0, e.getBoundingClientRect().top + scrollY - 24)")
        page.wait_for_timeout(400)
        taken = base64.b64encode(page.screenshot(animations="disabled", caret="hide")).decode()
        content = base64.b64decode(self.encoder.evaluate(ENCODE, taken))
        OUT.mkdir(parents=True, exist_ok=True)
        (OUT / f"{name}.webp").write_bytes(content)
        sys.stdout.write(f"{name}.webp  {len(content) / 1000:.0f} kB\n")
        assert len(content) <= LARGEST_BYTES, name

    def go_through(self, page: Any, pictures: tuple[Picture, ...], address: Callable[[str], str]) -> None:
        for picture in pictures:
            if not self.wants(picture.name):
                continue
            page.goto(address(picture.path))
            page.wait_for_load_state("networkidle")
            if picture.before:
                picture.before(page)
            self.keep(page, picture.name, picture.top)


def make_clinic(maker: Maker, served: Running, ids: dict[str, str]) -> None:
    """Take the pictures of the clinician's pages."""
    page = maker.browser.new_context(base_url=served.address, locale="en-GB", **DESK).new_page()
    sign_in(page, served)
    page.goto(f"/patients/{ids['walked']}/verdict")
    if not page.locator("#stands-out").count():
        page.locator("main a[href*='/analysis/']").first.click()
        page.wait_for_timeout(3000)
        maker.keep(page, "analysis")
        page.wait_for_url("**/verdict", timeout=300_000)

    def address(path: str) -> str:
        whose, colon, rest = path.partition(":")
        return f"/patients/{ids[whose]}{rest}" if colon else path

    maker.go_through(page, CLINIC, address)


def make_patient(maker: Maker, served: Running, links: dict[str, str]) -> None:
    """Take the pictures of a patient's pages, on a phone."""

    def phone(whose: str) -> Any:
        page = maker.browser.new_context(base_url=served.address, locale="en-GB", **PHONE).new_page()
        page.goto(links[whose])
        if whose == "new":
            maker.keep(page, "my-link")
        page.get_by_role("button", name="Open").tap()
        page.wait_for_url(re.compile("/my"))
        return page

    maker.go_through(phone("followed"), PATIENT, str)
    stopped = phone("stopped")
    stopped.goto("/my")
    maker.keep(stopped, "my-stop")
    new = phone("new")
    maker.keep(new, "my-consent")
    new.locator("input[name=scope][value=care]").check()
    new.get_by_role("button", name="I agree").tap()
    new.get_by_role("link", name=re.compile("Begin")).tap()
    new.locator("form.ask").wait_for()
    maker.keep(new, "my-question")


def pronated_person() -> Person:
    """Return the example person with a clearly pronated foot that stretching did not help."""
    person = example_person()
    history = replace(person.history, treatments=(Treatment("stretching", "foot", 10.0, "same"),))
    exam = tuple(
        replace(item, value=8.0) if (item.id, item.side) == ("fpi6", "right") else item for item in person.exam
    )
    return replace(person, sex="male", history=history, exam=exam)


def people(served: Running) -> tuple[dict[str, str], dict[str, str]]:
    """Return the ids of the example's people and of two more, and a link for those whose phone is shown.

    Dana has answered nothing yet; Emil is one of the few whom the rules allow an orthosis; Cora has a second visit.
    """
    ids: dict[str, str] = json.loads((served.folder / "example.json").read_text())
    place = served.place()
    with place.database.reading() as connection:
        account = find_account(connection, served.email)
    assert account is not None
    actor = Actor("admin", account.id, account.name, account.clinic_id)
    ids["new"] = register(place.database, actor, "Dana Example", "example-4").id
    ids["pronated"] = register(place.database, actor, "Emil Example", "example-5").id
    with place.database.writing() as connection:
        change_person(connection, actor, ids["pronated"], lambda _: pronated_person(), "write exam")
    ask_assessment(place, actor, ids["followed"])
    links = {whose: make_link(place, actor, ids[whose])[0] for whose in ("followed", "stopped", "new")}
    place.database.close()
    return ids, links


def main() -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="kinechain-shots-") as folder, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found_chromium(), args=list(ARGUMENTS))
        maker = Maker(browser, tuple(sys.argv[1:]))
        with serving(Path(folder), **SETTINGS) as served:
            ids, links = people(served)
            make_clinic(maker, served, ids)
            make_patient(maker, served, links)
            browser.close()
    total = sum(path.stat().st_size for path in OUT.iterdir())
    sys.stdout.write(f"{total / 1000:.0f} kB in all\n")
    assert total <= LARGEST_TOTAL_BYTES


if __name__ == "__main__":
    main()
