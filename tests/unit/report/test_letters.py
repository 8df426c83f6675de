"""Letters and printed plans: what must stand in them, what must not, tagged, and the same in text and PDF."""

import dataclasses
import re
from datetime import date
from typing import Any

import pypdfium2
import pytest

from kinechain.care.finding import Finding, Norm
from kinechain.care.person.person import ExamItem, History, NotExamined, Person, Score, Treatment
from kinechain.care.planning.plan import Referral
from kinechain.care.planning.referral import referral_for
from kinechain.care.screening.red_flags import screen_person
from kinechain.care.screening.settings import Settings
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import FORBIDDEN
from kinechain.report.letter import Letter
from kinechain.report.letter_pdf import letter_pdf, letter_text
from kinechain.report.plan_letter import clinician_plan, patient_plan
from kinechain.report.referral_letter import referral_letter
from made_plan import healthy, made_plan

DAY = date(2026, 3, 2)
SET = Settings("144", "143", "Clinic by the river, 000 000")


def locked_person() -> Person:
    """Return somebody with an emergency sign, an open question and a bit of everything."""
    return healthy(
        screen={**healthy().screen, "ces_bladder": "yes", "weight_loss": "yes", "ces_saddle": "unknown"},
        exam=(
            ExamItem("lunge_test", "left", 9.5, "cm", "knee to wall", examiner="drv", measured_on=DAY),
            ExamItem("calf_squeeze", "right", 0.0, "negative / positive", "prone"),
        ),
        not_examined=(NotExamined("slump", "left", "skipped", "too sore"),),
        history=History(
            pain_regions=("low_back",), pain_weeks=5.0, treatments=(Treatment("exercise", "back", 6.0, "same"),)
        ),
        questionnaires=(Score("nprs", 6.0, answered_on=DAY),),
        conditions={"diabetes": "yes"},
    )


def a_referral(settings: Settings = SET, **more: Any) -> Letter:
    person = locked_person()
    screen = screen_person(person)
    referral = referral_for(person, screen)[0]
    return referral_letter(person, screen, referral, settings=settings, made_on=DAY, version="0.1.0", **more)


LETTERS = {
    "referral": a_referral,
    "patient": lambda: patient_plan(made_plan(), "P01", SET),
    "clinician": lambda: clinician_plan(made_plan(), "P01"),
}


def pdf_text(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def squeezed(text: str) -> str:
    """Return the letters of a text without its layout."""
    return re.sub(r"[^0-9A-Za-z]+", "", text)


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_is_a_tagged_pdf_that_says_what_the_text_says(name: str) -> None:
    letter = LETTERS[name]()
    pdf = letter_pdf(letter)
    assert b"/StructTreeRoot" in pdf and b"pdfuaid" in pdf and b"/Lang" in pdf
    printed = squeezed(pdf_text(pdf))
    text = letter_text(letter)
    for section in letter.sections:
        for block in section.blocks:
            for words in (*block.texts, *(cell for row in block.rows for cell in row)):
                assert squeezed(words) in squeezed(text)
                assert squeezed(words)[:25] in printed, words


@pytest.mark.parametrize("name", LETTERS)
def test_no_letter_claims_too_much(name: str) -> None:
    text = letter_text(LETTERS[name]())
    assert not [pattern for pattern in FORBIDDEN if re.search(pattern, text, re.IGNORECASE)]
    assert "Not a medical device" in text


@pytest.mark.parametrize("name", LETTERS)
def test_nothing_is_said_by_colour_alone(name: str) -> None:
    """A page turned grey keeps every word, and the notice is a frame with marks."""
    pdf = letter_pdf(LETTERS[name]())
    image = pypdfium2.PdfDocument(pdf)[0].render(scale=1.0).to_numpy().astype(int)
    colour = image[..., :3].max(axis=2) - image[..., :3].min(axis=2)
    assert colour.max() < 40, "a letter holds a colour"
    assert (image[..., :3].max(axis=2) < 60).any()


def test_the_emergency_letter_says_what_to_do_first() -> None:
    letter = a_referral()
    assert letter.is_urgent and letter.title.startswith("EMERGENCY")
    text = letter_text(letter)
    assert text.index("Call 144 now") < text.index("What is asked for")
    assert "Nobody watches" in text and "held back until a clinician" in text
    assert "your local emergency number" in letter_text(a_referral(Settings()))
    assert "Call 144" not in letter_text(a_referral(Settings()))


def test_the_referral_tells_what_was_asked_and_what_was_not() -> None:
    text = " ".join(letter_text(a_referral()).split())
    assert "numbness, tingling or a different feeling" in text and "Answer: not known" in text
    assert text.index("Asked and answered with no") < text.index("lost control of your bowels")
    assert "needs your sign-off" in text
    assert "Slump" in text and "passed over" in text
    assert "9.5 cm" in text and "negative" in text and "drv, 2026-03-02" in text
    assert "exercise (back), 6 weeks: same" in text
    assert "Numeric Pain Rating Scale" in text


def test_the_referral_prints_measures_with_interval_and_grade() -> None:
    norm = Norm(None, None, 4.0, 8.0, "adults", "schwartz", "abstract")
    outside = Finding(
        "knee.flexion", "Knee flexion", "left", Estimate(12, 10, 14, "mm", "x"), "markers", norm, "outside"
    )
    within = Finding("hip.flexion", "Hip flexion", "left", Estimate(6, 5, 7, "mm", "x"), "markers", norm, "within")
    text = " ".join(letter_text(a_referral(findings=(outside, within))).split())
    assert "12 mm (10 to 14)" in text and "schwartz, abstract" in text and "Hip flexion" not in text


def test_no_urgent_letter_soothes() -> None:
    person = locked_person()
    screen = screen_person(person)
    texts = {
        referral.urgency: letter_text(
            referral_letter(person, screen, referral, settings=SET, made_on=DAY, version="0.1.0")
        )
        for referral in referral_for(person, screen)
    }
    assert {urgency for urgency, text in texts.items() if "no serious disease" in text} == {"soon"}
    assert "emergency" in texts


def test_names_are_left_blank() -> None:
    text = letter_text(a_referral())
    for label in ("Name", "Date of birth", "Signature", "Clinician (name)"):
        assert f"{label}: ____" in text
    assert "Without a signature this is a draft" in text


def test_the_patient_gets_no_orthosis_sheet_and_no_note_for_the_clinician() -> None:
    patient = letter_text(patient_plan(made_plan(), "P01", SET))
    clinician = letter_text(clinician_plan(made_plan(), "P01"))
    for word in ("Orthosis", "Heel lift", "EVA", "rule R", "nice_ng59"):
        assert word not in patient and word in clinician


def test_the_patient_reads_sides_dose_stop_rules_and_whom_to_call() -> None:
    text = letter_text(patient_plan(made_plan(), "P01", SET))
    assert "Heel raise on a step - RIGHT side" in text
    assert "Repetitions in each set: 8 to 12" in text
    assert text.index("STOP this exercise if") < text.index("Stop if your pain goes above five")
    assert "Call 144 or go to an emergency department" in text and "143" in text and "Clinic by the river" in text
    assert "week 2: 2026-03-16" in text and "day 3-7: 2026-03-05 to 2026-03-09" in text
    assert text.count("[ ]") == 7 * 8
    plain = letter_text(patient_plan(made_plan(), "P01", Settings()))
    assert "your local emergency number" in plain and "For anything else call your clinic: ____" in plain


def test_big_type_for_the_patient() -> None:
    def height(letter: Letter) -> float:
        page = pypdfium2.PdfDocument(letter_pdf(letter))[0]
        text = page.get_textpage()
        found = text.search("Less pain in the heel").get_next()
        boxes = [text.get_charbox(k) for k in range(found[0], found[0] + found[1])]
        return max(box[3] - box[1] for box in boxes)

    assert height(patient_plan(made_plan(), "P01", SET)) > 1.3 * height(clinician_plan(made_plan(), "P01"))


def test_a_plan_that_replaces_another_says_why() -> None:
    plan = dataclasses.replace(made_plan(), replaces="0123456789abcdef", reason="the calf was too sore")
    for letter in (patient_plan(plan, "P01", SET), clinician_plan(plan, "P01")):
        assert "the calf was too sore" in letter_text(letter)


def test_text_from_outside_is_only_text() -> None:
    """What a person typed reaches the typesetter as data, never as its language."""
    person = healthy(exam=(ExamItem("lunge_test", "left", 9.5, "cm", '#panic("x") *bold* $x$ \u202e'),))
    screen = screen_person(person)
    referral = next(part for part in made_plan().parts if isinstance(part, Referral))
    letter = referral_letter(person, screen, referral, settings=SET, made_on=DAY, version="0.1.0")
    assert '#panic("x") *bold* $x$' in pdf_text(letter_pdf(letter))
