"""Every number that a clinical sentence prints is a fact with unit, source and certainty."""

import re
from dataclasses import replace

import pytest

from kinechain.core.errors import EvidenceError
from kinechain.evidence import check as checking
from kinechain.evidence import facts as module
from kinechain.evidence.check import unsourced_tables
from kinechain.evidence.facts import clinical_facts, facts_about, parse_facts, unsourced_numbers, unsourced_words
from kinechain.evidence.prose import Prose, numbers_in, prose
from kinechain.evidence.rules import parse_rules, rules
from kinechain.evidence.wording import Entry

HEADER = "id,about,quantity,value,low,high,unit,n,sources,certainty\n"
ROW = "walking.1,intervention:walking,recurrence,0.72,0.6,0.85,hazard ratio,701,paper,not graded\n"


def test_every_printed_number_is_a_fact() -> None:
    assert list(unsourced_numbers()) == []


def test_a_number_without_a_fact_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [p for p in prose() if (p.kind, p.id, p.field) == ("intervention", "walking", "effect")]
    assert len(texts) == 1
    changed = replace(texts[0], text=texts[0].text.replace("0.72", "0.62"))
    rest = [
        p for p in prose() if p is not texts[0] and (p.kind, p.id, p.field) != ("intervention", "walking", "effect")
    ]
    monkeypatch.setattr(module, "prose", lambda: [changed, *rest])
    faults = list(unsourced_numbers())
    assert "intervention 'walking', effect: 0.62 stands in no fact" in faults
    assert any(re.search(r"fact 'intervention\.walking\.1': .* does not print 0\.72", fault) for fault in faults)


def test_a_fact_that_rests_on_another_source_than_its_sentence_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    first = clinical_facts()[0]
    monkeypatch.setattr(module, "clinical_facts", lambda: (replace(first, sources=("nice_ng59",)),))
    assert any(f"fact '{first.id}' rests on 'nice_ng59'" in fault for fault in unsourced_numbers())
    monkeypatch.setattr(module, "clinical_facts", lambda: (replace(first, about=("intervention:gone",)),))
    assert any("is about 'intervention:gone', which is not there" in fault for fault in unsourced_numbers())


def test_instructions_need_no_fact_but_doses_stand_in_numbers() -> None:
    cue = Prose("exercise", "clamshell", "cues", "Hold 77 counts", ("acsm2009",))
    dose = Prose("exercise", "clamshell", "dose", "77 repetitions", ("acsm2009",))
    assert not cue.states_facts
    assert module._lacking(dose, "exercise:clamshell") == ["77"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("RR 0.55 (0.41 to 0.74), n = 701", ("0.55", "0.41", "0.74", "701")),
        ("pain -5.4 mm of 100, FPI +4", ("5.4", "100", "4")),
        ("roots L2-S2, rule R5.1, HLA-B27, FPI-6 and NG59", ()),
        ("12RM x 3, 0-20 minimal, 95 % CI", ("12", "3", "0", "20", "95")),
    ],
)
def test_numbers_are_told_from_names(text: str, numbers: tuple[str, ...]) -> None:
    assert numbers_in(text) == numbers


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (",paper,", ",,", "a number without a source does not ship"),
        (",paper,", ",gone,", "cites 'gone', which is not among the sources"),
        (",hazard ratio,", ",,", "has no unit"),
        (",not graded", ",sure", "certainty is one of"),
        (",0.72,", ",not read,", "'not read' is no number; one that nobody read does not ship"),
        (",0.72,", ",nan,", "'nan' is no number"),
        (",0.6,0.85,", ",0.85,0.6,", "an interval has the low end first"),
        (",not graded", ",not graded,more", "not as many columns"),
    ],
)
def test_a_fact_that_lacks_something_is_refused(old: str, new: str, sentence: str) -> None:
    assert parse_facts(HEADER + ROW, "facts.csv", ("paper",))[0].value == 0.72
    with pytest.raises(EvidenceError, match=re.escape(sentence)):
        parse_facts(HEADER + ROW.replace(old, new), "facts.csv", ("paper",))


def test_a_fact_that_is_there_twice_is_refused() -> None:
    with pytest.raises(EvidenceError, match="is there twice"):
        parse_facts(HEADER + ROW * 2, "facts.csv", ("paper",))
    with pytest.raises(EvidenceError, match="needs the columns id, about"):
        parse_facts(ROW, "facts.csv", ("paper",))


def test_a_fact_reads_as_one_line() -> None:
    fact = facts_about()["intervention:walking"][0]
    assert fact.text.endswith("0.72 (0.6 to 0.85) hazard ratio, n = 701")
    assert facts_about()["rule:R1.2"][2].text == "fracture after serious injury: 11 (8 to 16) %"


def test_every_number_of_the_wording_stands_in_a_fact_or_its_rule() -> None:
    assert list(unsourced_words()) == []


@pytest.mark.parametrize(
    ("text", "rule", "lacking"),
    [
        ("In one study 712 people walked.", "", "712"),
        ("Walk on 5 days a week, pain at most 3 of 10.", "R6.1", ""),
        ("Rate it from 0 to 10; {weeks} weeks.", "", ""),
        ("Rate it within 9 weeks.", "R5.3", "9"),
    ],
)
def test_a_number_of_the_wording_without_a_fact_is_named(
    text: str, rule: str, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = Entry("plan.made_up", text, "advice", "both", ("walkback2024",), rule)
    monkeypatch.setattr(module, "wording", lambda: {"plan.made_up": entry})
    assert [fault.split(": ")[1].split(" ")[0] for fault in unsourced_words()] == ([lacking] if lacking else [])


def test_numbers_of_our_own_are_marked() -> None:
    assert rules()["R6.6"].own_numbers == (3, 15, 6, 8, 1890, 2520)
    assert rules()["R6.6"].choice
    assert 3 * 15 * 6 * 7 == 1890 and 3 * 15 * 8 * 7 == 2520
    with pytest.raises(EvidenceError, match="has numbers of its own and does not say why"):
        parse_rules('[[rule]]\nid = "X"\ntext = "3."\nsources = ["a"]\nown_numbers = [3]\n', "r.toml", ("a",))


def test_a_number_in_a_table_needs_a_source_or_a_basis(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(unsourced_tables()) == []
    bare = {"threshold": [{"id": "nprs", "points": 2.0}, {"id": "odi", "points": 10.0, "sources": ["ostelo2008"]}]}
    monkeypatch.setattr(checking, "evidence_files", lambda: [("course", bare)])
    assert list(unsourced_tables()) == [
        "course.threshold.nprs.points: 2 has no source, and no basis that says whose it is"
    ]
