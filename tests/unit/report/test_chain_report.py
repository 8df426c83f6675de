"""The chain in words, pictures and JSON, of a person with one parameter far out."""

import json
import re
from dataclasses import replace

import pytest

from kinechain.analysis import Assessment, Settings, assess, try_changes
from kinechain.care.drivers import NOT_THE_CAUSE
from kinechain.care.person.person import ExamItem, History, Person
from kinechain.chain.change import parse_change
from kinechain.chain.person_chain import ChainSettings
from kinechain.core.errors import SettingError
from kinechain.demonstration.demonstrate import example_person
from kinechain.report.chain import STARTS, chain_section, chain_sources, driver_lines, no_drivers, what_if_table
from kinechain.report.chain_json import WHAT_IF_SCHEMA, response_json
from kinechain.report.content import build_content
from kinechain.report.html import render_html
from kinechain.report.json import assessment_json, read_schema
from kinechain.report.pdf import render_pdf
from kinechain.report.verdict import render_verdict
from schema_check import faults

FEW = Settings(chain=ChainSettings(draws=24))


def person_with(*exam: ExamItem) -> Person:
    return replace(example_person(), exam=exam)


SHORT_LEG = (
    ExamItem("leg_length_tape", "left", 830.0, "mm", "tape"),
    ExamItem("leg_length_tape", "right", 870.0, "mm", "tape"),
    ExamItem("leg_length_block", "left", 38.0, "mm", "blocks"),
)


@pytest.fixture(scope="module")
def short() -> Assessment:
    return assess(person_with(*SHORT_LEG), settings=FEW)


def test_a_leg_forty_millimetres_short_is_named_and_the_cause_of_pain_is_not(short):
    (player,) = short.chain.drivers.players
    assert player.id == "leg_length"
    assert short.chain.drivers.p_relevant[0] > 0.8
    lines = driver_lines(short)
    assert "leg-length difference" in lines[0] and lines[0].endswith(NOT_THE_CAUSE)
    assert lines[0] in render_verdict(short)


def test_the_site_of_pain_orders_what_is_shown_and_changes_nothing_else(short):
    person = short.person
    elsewhere = replace(person, history=replace(person.history, pain_regions=("knee",)))
    other = assess(elsewhere, settings=FEW).chain.drivers
    drivers = short.chain.drivers
    assert [t.target for t in other.targets] != [t.target for t in drivers.targets]
    assert other.targets[0].site == "knee"
    assert sorted(t.target for t in other.targets) == sorted(t.target for t in drivers.targets)
    assert (other.sets, other.p_relevant, other.verdict) == (drivers.sets, drivers.p_relevant, drivers.verdict)


def test_every_page_of_the_chain_says_what_it_is_not(short):
    html = render_html(short)
    section = html[html.index('<section id="chain"') :]
    section = section[: section.index("</section>")]
    assert NOT_THE_CAUSE in section
    for key in ("Pan2021", "Nichols2017", "Preece2008"):
        assert key in section
    assert "behaviour" in section
    assert len(re.findall("<svg", section)) == len(STARTS)
    assert "nan" not in re.sub(r"<[^>]+>", " ", section).lower().split()


def test_gains_fade_from_the_shank_to_the_pelvis_and_hold_for_both_sides(short):
    gain = {(link.start, link.end): link.gain for link in short.chain.links}
    for side in ("left", "right"):
        up = [gain[f"wedge_{side}", f"{part}_rotation_{side}"].value for part in ("shank", "thigh")]
        assert up[0] > up[1] > 0.0
        assert abs(gain[f"wedge_{side}", "pelvis_tilt"].value) < up[1]


def test_a_what_if_tells_size_interval_and_what_could_go_either_way(short):
    tables = {t.change: t for t in map(what_if_table, short.chain.what_ifs)}
    lift = tables["lift left 5"]
    value = dict(lift.links)["Pelvic obliquity, left"]
    assert re.fullmatch(r"\+[\d.]+ \(\+[\d.]+ to \+[\d.]+\) deg", value)
    assert all(len(row) == 3 for row in lift.loads)


def test_the_machine_output_follows_its_schema(short):
    document = json.loads(assessment_json(short))
    assert faults(document, read_schema()) == []
    assert document["drivers"]["players"][0]["id"] == "leg_length"
    assert {link["from"] for link in document["links"]} == set(STARTS)
    assert sum(s["probability"] for s in document["drivers"]["sets"]) >= document["drivers"]["coverage"] - 1e-6


def test_the_pdf_holds_the_chain(short):
    assert render_pdf(short).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (replace(person_with(*SHORT_LEG), age_years=15.0), "18"),
        (replace(person_with(*SHORT_LEG), age_years=None), "age"),
        (replace(person_with(*SHORT_LEG), screen={}), "danger"),
        (replace(person_with(*SHORT_LEG), screen={**example_person().screen, "ces_bladder": "yes"}), "danger"),
        (replace(person_with(*SHORT_LEG), screen={**example_person().screen, "ces_bladder": "unknown"}), "danger"),
    ],
)
def test_the_young_the_locked_and_the_unscreened_get_neither_drivers_nor_what_ifs(person, words):
    assessment = assess(person, settings=FEW)
    assert assessment.chain is None
    assert words in no_drivers(assessment)
    assert chain_section(assessment).figures == ()
    document = json.loads(assessment_json(assessment))
    assert "drivers" not in document and document["links"] == []
    assert '<section id="chain"' not in render_html(assessment)
    with pytest.raises(SettingError, match=words):
        try_changes(person, [parse_change("lift left 5")], settings=FEW)


def test_what_if_answers_in_numbers_with_what_it_does_not_compute(short):
    response = try_changes(short.person, [parse_change("lift left 5")], settings=FEW)
    document = json.loads(response_json(response))
    assert document["schema"] == WHAT_IF_SCHEMA
    assert document["changes"] == ["lift left 5"]
    obliquity = next(link for link in document["links"] if link["id"] == "pelvis_obliquity_left")
    assert 0.0 < obliquity["low"] <= obliquity["value"] <= obliquity["high"] and obliquity["unit"] == "deg"
    assert "adaptation" in {entry["id"] for entry in document["not_measured"]}


def test_every_source_behind_the_chain_is_printed_with_how_deep_it_was_read(short):
    rows = {row.key: row for row in build_content(short).sources}
    keys = chain_sources(short)
    assert {"Pan2021", "loram2007", "lld_iga2023", "hanada2001", "knutson2005"} <= set(keys)
    assert set(keys) <= set(rows)
    assert all(rows[key].citation and rows[key].level for key in keys)


def test_answers_about_the_feet_are_a_hint_beside_the_drivers_and_change_none(short):
    history = History(pain_regions=("low_back",), onset_order="foot_first", first_step_pain=6.0)
    hinting = replace(short, person=replace(short.person, history=history))
    *lines, hint = driver_lines(hinting)
    assert "towards the feet: 2; away from them: 0" in hint
    elsewhere = History(pain_regions=("knee",))
    assert driver_lines(replace(short, person=replace(short.person, history=elsewhere))) == lines
