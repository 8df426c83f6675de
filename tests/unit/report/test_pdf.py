"""The PDF: tagged, complete, and the same words as the page."""

import re
from dataclasses import replace

import pypdfium2
import pytest

from kinechain.care.person.person import Person
from kinechain.care.screening.screen import Screen
from kinechain.report.pdf import render_pdf


def read_text(data: bytes) -> list[str]:
    """Return the words of every page."""
    document = pypdfium2.PdfDocument(data)
    try:
        return [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


@pytest.fixture(scope="module")
def data(make_assessment):
    return render_pdf(make_assessment())


@pytest.fixture(scope="module")
def pages(data):
    return read_text(data)


def test_it_declares_pdf_ua_1_a_language_and_a_title(data):
    assert data.startswith(b"%PDF-1.7")
    assert re.search(rb"<pdfuaid:part>\s*1\s*</pdfuaid:part>", data)
    assert b"/MarkInfo" in data
    assert b"/StructTreeRoot" in data
    assert re.search(rb"/Lang\s*\(en", data)
    assert b"Foot to spine: P-017" in data


def test_pages_are_landscape_a4(data):
    document = pypdfium2.PdfDocument(data)
    for page in document:
        assert page.get_width() == pytest.approx(841.89, abs=0.1)
        assert page.get_height() == pytest.approx(595.28, abs=0.1)
    document.close()


def test_page_one_is_the_verdict_and_curves_follow_in_order(pages):
    assert "Not screened" in pages[0]
    assert "Next best tests" in pages[0]
    order = [
        "The fitted body, walking",
        "Pelvis, hip, knee, ankle: every stride",
        "Pelvis, hip, knee, ankle: average",
        "Thorax and lumbar spine: every stride",
        "Thorax and lumbar spine: average",
        "Hindfoot, forefoot, hallux: every stride",
        "Hindfoot, forefoot, hallux: average",
        "Ground reaction forces",
    ]
    assert [next(k for k, text in enumerate(pages) if title in text) for title in order] == list(range(1, 9))
    assert 12 <= len(pages) <= 16


def test_every_page_says_what_it_is_for(pages):
    assert all("clinician, who decides" in text for text in pages)


def test_every_page_of_a_demonstration_says_so(make_assessment):
    assert all(
        "Demonstration: nobody." in text for text in read_text(render_pdf(make_assessment(is_demonstration=True)))
    )


def test_every_finding_and_every_missing_measure_stands_in_it(pages, make_assessment):
    text = " ".join(pages)
    assessment = make_assessment()
    squeezed = text.replace(" ", "")
    for finding in assessment.findings:
        assert finding.name.removesuffix(", left minus right").replace(" ", "") in squeezed
    for item in assessment.unmeasured:
        assert item.answer.reason.replace(" ", "") in squeezed


def test_marks_of_the_typesetter_in_names_stay_words(make_assessment):
    hostile = '#panic("x") *b* _i_ $x$ @ref <label> `raw` \\ [x] //'
    trial = make_assessment().trials[0]
    named = replace(trial, recording=replace(trial.recording, name=hostile))
    assessment = make_assessment(
        person=Person(pseudonym=hostile), notes=(hostile,), refused=(hostile,), trials=(named,)
    )
    assert '#panic("x") *b* _i_' in " ".join(read_text(render_pdf(assessment)))


def test_an_examination_alone_still_gives_a_pdf(make_assessment):
    assessment = make_assessment(body=None, standing=None, trials=(), screen=Screen("none", (), False))
    pages = read_text(render_pdf(assessment))
    assert "Screened: no danger sign" in pages[0]
    assert not any("every stride" in text for text in pages)


def test_a_long_verdict_still_fits_page_one(make_assessment):
    base = make_assessment()
    many = tuple(
        replace(base.findings[0], id=f"knee.measure_{k}", name=f"A measure with a rather long name, {k}")
        for k in range(60)
    )
    pages = read_text(render_pdf(make_assessment(findings=many)))
    assert "Next best tests" in pages[0]
    assert "The fitted body, walking" in pages[1]


def test_a_name_in_a_script_without_a_font_does_not_cost_the_report(make_assessment):
    assessment = make_assessment()
    trial = assessment.trials[0]
    odd = replace(trial, recording=replace(trial.recording, name="歩行\N{GRINNING FACE}.c3d"))
    assert "???.c3d" in " ".join(read_text(render_pdf(make_assessment(trials=(odd,)))))


def test_lines_that_are_broken_on_purpose_show_no_question_mark(make_assessment):
    document = pypdfium2.PdfDocument(render_pdf(make_assessment()))
    words = document[0].get_textpage().get_text_range()
    assert "?Knee" not in words.replace("\n", "").replace("\r", "").replace(" ", "")
