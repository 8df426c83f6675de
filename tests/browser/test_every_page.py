"""Every page there is, found by its route: nothing sticks out, nothing fails, everybody can use it, in both modes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from browsing import Running, Watched, inaccessible, shoot, sign_in, too_wide

#: Routes whose path names something beside the patient: how a page that links to it is found. A route that is missing
#: here and on no page fails the test, so that a new page cannot be overlooked.
UNREACHED = {
    "start": "made once, before there is an account",
    "invitation": "opened by somebody invited",
}
#: Routes that answer 400 where there is nothing to show: a plan without an orthosis, a patient with a single visit.
MAY_BE_NOTHING = ("orthosis as PDF", "curves of visits")
#: Pages that say something else of a patient with a danger sign, and of one who has lived with a plan.
DIFFERENT = ("patient", "verdict", "plan", "sign-off", "progress", "documents", "orthosis sheet", "what if")
SIZES = ((1280, 900), (390, 844))
#: Of the rules of axe-core, those whose answer hangs on colours and widths; the others are asked once per page.
BY_LOOK = (
    "color-contrast",
    "link-in-text-block",
    "target-size",
    "scrollable-region-focusable",
)


@dataclass(frozen=True)
class Page:
    """A route that answers GET with a page."""

    name: str
    path: str
    access: str

    def pattern(self) -> re.Pattern[str]:
        parts = re.split(r"(\{[^}]*\})", self.path)
        return re.compile("".join("[^/?#]+" if p.startswith("{") else re.escape(p) for p in parts) + "(?:[?#].*)?$")


def pages() -> list[Page]:
    """Return every route that answers GET, from the application itself."""
    from kinechain.web.app import ROUTES

    found = []
    for handler in ROUTES:
        if "GET" not in getattr(handler, "http_methods", ()):
            continue
        path = sorted(handler.paths)[0]
        if not path.startswith(("/static", "/api")):
            found.append(Page(str(handler.name), path, str(handler.opt.get("access"))))
    return found


class Visit:
    """Goes through pages in one browser and gathers what is wrong with them."""

    def __init__(self, browser_page: Any, role: str) -> None:
        self.page, self.role = browser_page, role
        self.wrong: list[str] = []
        self.seen: set[str] = set()
        self.links: set[str] = set()

    def visit(self, name: str, address: str) -> None:
        answer = self.page.request.get(address, max_redirects=0)
        if answer.status in (301, 302, 303, 307):
            self.seen.add(name)
            return
        if not answer.ok:
            self.wrong.append(f"{name} {address}: answered {answer.status}")
            return
        self.seen.add(name)
        if "text/html" not in answer.headers.get("content-type", "") or "attachment" in answer.headers.get(
            "content-disposition", ""
        ):
            return
        # A part of a page, for htmx to put in its place.
        if "<html" not in answer.text():
            return
        self.page.goto(address)
        if self.page.locator("main h1").count() != 1:
            self.wrong.append(f"{name}: {self.page.locator('main h1').count()} main headings")
        self.links |= set(self.page.eval_on_selector_all("a[href]", "all => all.map((a) => a.getAttribute('href'))"))
        self._look(name, answer.url)
        self.page.set_viewport_size({"width": 1280, "height": 900})

    def _look(self, name: str, address: str) -> None:
        """Look at a page wide and narrow, light and dark; ask axe-core once for everything, once for what one sees."""
        for dark in (False, True):
            self.page.emulate_media(color_scheme="dark" if dark else "light")
            for width, height in SIZES:
                self.page.set_viewport_size({"width": width, "height": height})
                where = f"{name} {address} ({'dark' if dark else 'light'}, {width})"
                if not dark and (wide := too_wide(self.page)):
                    self.wrong.append(f"{where}: sticks out: {wide}")
                if dark == (width < 600):
                    found = inaccessible(self.page, BY_LOOK if dark else ())
                    self.wrong += [f"{where}: {fault}" for fault in found]
                shoot(self.page, f"{self.role}-{name.replace(' ', '_')}-{width}{'-dark' if dark else ''}")


def visit_all(visit: Visit, wanted: list[Page], known: dict[str, str]) -> None:
    """Visit the pages whose path is known, then those that were linked from them."""
    later = []
    for item in wanted:
        path = item.path
        for key, value in known.items():
            path = re.sub(r"\{" + key + r"(:\w+)?\}", value, path)
        if "{" in path:
            later.append(item)
        else:
            visit.visit(item.name, path)
    for item in later:
        linked = sorted(link for link in visit.links if item.pattern().match(link))
        if linked:
            visit.visit(item.name, linked[0])
        elif item.name not in UNREACHED:
            visit.wrong.append(f"{item.name} {item.path}: no page links to it")


@pytest.fixture(scope="module")
def ids(served: Running) -> dict[str, str]:
    found: dict[str, str] = json.loads((served.folder / "example.json").read_text())
    return found


def wait_for_analysis(page: Any, patient_id: str) -> None:
    """Wait until the worker has assessed the example patient."""
    page.goto(f"/patients/{patient_id}/verdict")
    for _ in range(60):
        if page.request.get(f"/patients/{patient_id}/replay").ok:
            return
        page.wait_for_timeout(1000)
    raise AssertionError("the worker did not assess the example in a minute")


def agree_plan(page: Any, patient_id: str) -> None:
    """Agree on the plan that is proposed, so that its letters exist."""
    page.goto(f"/patients/{patient_id}/plan")
    if page.get_by_role("button", name="Agree on this plan").count():
        page.get_by_label(re.compile("has read this and agrees")).check()
        page.get_by_role("button", name="Agree on this plan").click()
        page.get_by_role("heading", name="The plan that is agreed").wait_for()


def test_pages_of_the_clinic(watched: Watched, served: Running, ids: dict[str, str]) -> None:
    page = watched.page()
    sign_in(page, served)
    wait_for_analysis(page, ids["walked"])
    agree_plan(page, ids["walked"])
    wanted = [item for item in pages() if item.access in ("staff", "admin", "case")]
    whole = []
    for key in ("walked", "stopped", "followed"):
        visit = Visit(page, key)
        chosen = wanted if key == "walked" else [item for item in wanted if item.name in DIFFERENT]
        visit_all(visit, chosen, {"patient_id": ids[key], "kind": "plan-patient"})
        whole += visit.wrong
    whole = [w for w in whole if not (w.startswith(MAY_BE_NOTHING) and "answered 400" in w)]
    assert not whole, "\n".join(whole)


def test_pages_of_a_patient(watched: Watched, served: Running, ids: dict[str, str]) -> None:
    page = watched.page(390, 844)
    page.goto(ids["link"].removeprefix("http://127.0.0.1:8642"))
    visit = Visit(page, "patient")
    visit.visit("link", page.url)
    if page.get_by_role("button").count():
        page.get_by_role("button").first.click()
    wanted = [item for item in pages() if item.access == "patient"]
    visit_all(visit, wanted, {})
    assert not visit.wrong, "\n".join(visit.wrong)


def test_pages_of_nobody(watched: Watched, served: Running) -> None:
    page = watched.page()
    watched.allow(r"status of 40\d")
    visit = Visit(page, "nobody")
    visit_all(visit, [item for item in pages() if item.access == "public" and "{" not in item.path], {})
    assert not visit.wrong, "\n".join(visit.wrong)
    page.goto("/patients/00000000-0000-4000-8000-000000000000/plan")
    assert "sign-in" in page.url
    page.goto("/there-is-no-such-page")
    assert not inaccessible(page) and page.get_by_role("alert").is_visible()
    shoot(page, "nobody-error-1280")


def test_every_rule_is_visited_by_somebody() -> None:
    assert {item.access for item in pages()} <= {"public", "staff", "admin", "case", "patient"}
