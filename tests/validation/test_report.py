"""The report of the demonstration: real findings, real sentences, every promise of the page kept."""

import json
import re
import time

import pypdfium2
import pytest

from kinechain.care.drivers import NOT_THE_CAUSE
from kinechain.demonstration.demonstrate import demonstrate
from kinechain.report.content import build_content
from kinechain.report.html import render_html
from kinechain.report.json import assessment_json, read_schema
from kinechain.report.loads import load_name, why_no_loads
from kinechain.report.pdf import render_pdf
from report_reading import FORBIDDEN, Page
from schema_check import faults


@pytest.fixture(scope="module")
def assessment():
    return demonstrate()


@pytest.fixture(scope="module")
def page(assessment):
    return Page(render_html(assessment))


def test_every_sentence_of_the_pipeline_keeps_to_the_wording_rules(page):
    # Titles of papers are quoted as they are, and the danger signs must name what they ask for.
    # The one sentence that must name what a driver is not is the other exception.
    said = page.text.partition("Methods and sources")[0].replace(NOT_THE_CAUSE, "").lower()
    for words in FORBIDDEN:
        assert not re.search(words, said), re.search(f".{{40}}{words}.{{40}}", said)


def test_every_measure_of_the_pipeline_has_a_place(page, assessment):
    assert len(assessment.findings) > 50
    for finding in assessment.findings:
        assert finding.name.removesuffix(", left minus right") in page.text
    for item in assessment.unmeasured:
        assert item.name in page.text


def test_every_load_of_the_pipeline_has_a_place_or_a_reason(page, assessment):
    if not assessment.load_rows:
        assert why_no_loads(assessment) in page.text
    for row in assessment.load_rows:
        assert load_name(row) in page.text
    assert len({p.id for p in build_content(assessment).pages}) == len(build_content(assessment).pages)


def test_no_placeholder_reaches_the_reader(page):
    assert not re.search(r"\bnan\b|\binf\b|\{\{|\}\}|Undefined", page.text)


def test_the_machine_output_follows_its_schema(assessment):
    assert faults(json.loads(assessment_json(assessment)), read_schema()) == []


def test_the_pdf_holds_the_pages_of_a_clinic_and_page_one_is_one_page(assessment):
    document = pypdfium2.PdfDocument(render_pdf(assessment))
    texts = [re.sub(r"\s+", " ", p.get_textpage().get_text_range()) for p in document]
    document.close()
    assert "Next best tests" in texts[0]
    assert "The fitted body, walking" in texts[1]
    assert all("Demonstration: nobody." in text for text in texts)
    assert len(texts) <= 32


def test_page_and_pdf_are_made_quickly(assessment):
    render_html(assessment), render_pdf(assessment)
    start = time.process_time()
    render_html(assessment)
    middle = time.process_time()
    render_pdf(assessment)
    assert middle - start < 0.8  # 0.15 s on an idle core
    assert time.process_time() - middle < 2.0
