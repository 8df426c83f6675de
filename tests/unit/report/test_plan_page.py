"""Plan and progress as a page: readable without colour, network or script, and the same words as on paper."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from kinechain.care.follow_up.events import CheckIn, Event, Session
from kinechain.care.follow_up.follow_up import Progress, follow_up
from kinechain.care.person.person import Score
from kinechain.care.planning.plan import Plan
from kinechain.care.planning.planner import make_plan
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.settings import Settings
from kinechain.evidence.wording import FORBIDDEN
from kinechain.report.letter import Block, Letter, Section
from kinechain.report.letter_pdf import letter_pdf, letter_text
from kinechain.report.page import static_text
from kinechain.report.plan_page import letter_fragment, pain_figure, plan_fragment, plan_page
from kinechain.report.progress_letter import progress_letter
from made_plan import healthy, made_plan
from report_reading import Page

SET = Settings("144", "143", "Clinic by the river, 000 000")
START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def events(danger: str = "") -> tuple[Event, ...]:
    """Return three weeks of a log, with a danger sign at the end if one is named."""
    pains = [
        CheckIn(id=f"checkin-{k:03d}", at=START + timedelta(days=k), by="patient", back_pain=6 - k / 5)
        for k in range(20)
        if not 7 <= k < 14
    ]
    done = [
        Session(
            id=f"session-{k:03d}", at=START + timedelta(days=k), by="patient", exercise="calf_raise", side="right",
            sets=3, repetitions=10, pain_during=2.0,
        )
        for k in range(0, 20, 2)
    ]  # fmt: skip
    if not danger:
        return (*pains, *done)
    sign = CheckIn(id="checkin-sign", at=START + timedelta(days=19, hours=1), by="patient", screen={danger: "yes"})
    return (*pains, *done, sign)


def followed(danger: str = "") -> tuple[Plan, Progress]:
    plan = made_plan()
    return plan, follow_up(events(danger), plan, date(2026, 3, 22), baseline=(Score("nprs", 6.0),))


@pytest.mark.parametrize("for_clinician", [False, True])
def test_a_page_stands_alone(for_clinician: bool) -> None:
    plan, progress = followed()
    source = plan_page(plan, "P01", SET, progress=progress, for_clinician=for_clinician)
    page = Page(source)
    addresses = re.findall(r"(?:src|href|url)\s*[=(]", source)
    assert not addresses and "http" not in source.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert not page.named("script") and not [a for _, a in page.elements if "style" in a]
    assert any(a.get("name") == "viewport" for a in page.named("meta"))
    policy = next(a["content"] for a in page.named("meta") if a.get("http-equiv"))
    assert policy is not None and "default-src 'none'" in policy and "script-src 'none'" in policy
    assert not [pattern for pattern in FORBIDDEN if re.search(pattern, page.text, re.IGNORECASE)]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_a_patient_reads_first_whom_to_call_and_no_note_for_the_clinician() -> None:
    plan, progress = followed()
    patient = Page(plan_fragment(plan, "P01", SET, progress=progress)).text
    clinician = Page(plan_fragment(plan, "P01", SET, progress=progress, for_clinician=True)).text
    assert patient.index("Call 144") < patient.index("What to do now") < patient.index("Heel raise on a step")
    for word in ("Orthosis", "Heel lift", "rule R", "Does the plan still stand"):
        assert word not in patient and word in clinician


def test_sides_are_words_and_marks() -> None:
    source = plan_fragment(made_plan(), "P01", SET)
    assert "RIGHT side" in Page(source).text
    assert 'class="leg" aria-hidden="true">L<' in source and 'class="leg on" aria-hidden="true">R<' in source


def test_pain_by_week_has_its_numbers_in_words() -> None:
    plan, progress = followed()
    figure = pain_figure(progress.pain, plan.made_on, progress.today)
    assert figure is not None
    assert "week 1: 5.4 of 10; week 2: nothing written down; week 3: 2.7 of 10" in figure.alt
    assert figure.svg.count("<rect") == 2 and ">5.4<" in figure.svg
    assert pain_figure((), plan.made_on, progress.today) is None


def test_a_resting_plan_says_so_first_and_in_a_frame() -> None:
    plan, progress = followed("ces_bladder")
    assert progress.suspended
    source = plan_page(plan, "P01", SET, progress=progress)
    assert 'class="plan urgent large"' in source
    letter = progress_letter(progress, plan, "P01", for_clinician=True)
    assert letter.is_urgent and letter.sections[0].blocks[0].kind == "notice"
    assert "STOP for now" in letter_text(letter) and b"/StructTreeRoot" in letter_pdf(letter)


def test_progress_tells_done_and_planned() -> None:
    plan, progress = followed()
    text = " ".join(letter_text(progress_letter(progress, plan, "P01", for_clinician=False)).split())
    assert "Heel raise on a step, RIGHT side: 300 repetitions done" in text
    assert "week 2: due since 2026-03-16" in text


def test_a_plan_of_the_planner_becomes_a_page() -> None:
    person = healthy()
    plan = make_plan(person, unlock(person), today=date(2026, 3, 2), version="0.1.0")
    assert "Your plan" in Page(plan_page(plan, "P01", SET)).text


def test_words_from_outside_are_escaped() -> None:
    letter = Letter("<b>t</b>", (("", "<i>"),), (Section("<script>", (Block("bullets", ("<img src=x>",)),)),))
    source = letter_fragment(letter)
    assert "<script>" not in source and "<img" not in source and "&lt;img" in source


def test_nothing_is_wider_than_a_narrow_screen() -> None:
    """No fixed width beyond 320 px; tables scroll inside their own box."""
    style = static_text("plan.css")
    widths = re.findall(r"(?<!max-)(?:min-)?width:\s*([\d.]+)(px|rem|em)", style)
    assert all(float(size) * (1 if unit == "px" else 16) < 320 for size, unit in widths)
    assert "overflow-x: auto" in style and "overflow-wrap" in style
    tables = Page(plan_fragment(made_plan(), "P01", SET, for_clinician=True))
    assert len(tables.named("table")) == len([a for _, a in tables.elements if a.get("class") == "scroll"])


def test_the_style_names_no_colour() -> None:
    style = static_text("plan.css")
    assert not re.findall(r"#[0-9a-f]{3,6}\b|rgb\(|hsl\(", style, re.IGNORECASE)
