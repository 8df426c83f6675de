"""Exercises, interventions, claims and rules are read whole, and refused where something lacks."""

import re
import tomllib
from pathlib import Path

import pytest

from kinechain.core.errors import EvidenceError
from kinechain.evidence.clinical import (
    claims,
    common_rules,
    exercise,
    exercises,
    interventions,
    parse_claims,
    parse_exercises,
    parse_interventions,
)
from kinechain.evidence.ledger import all_sentences, backing, exercise_sentences, intervention_sentences
from kinechain.evidence.rules import not_read, parse_not_read, parse_rules, refuse_unread, rules
from kinechain.evidence.sources import parse_sources

KNOWN = ("paper", "other")
EXERCISE = """
[[exercise]]
id = "squat"
name = "Squat"
targets = ["thigh"]
setup = "Stand."
cues = ["Slow"]
dose = "8 to 12 repetitions, 2 to 3 sets, 2 to 3 days a week"
dose_basis = "ACSM"
dosage = { sets = [2, 3], repetitions = [8, 12], days_per_week = [2, 3], sources = ["paper"], choices = ["sets"] }
progression = []
regressions = []
stop_rules = ["common"]
emg = [{ source = "paper", muscle = "thigh", value = "50" }]
sources = ["paper"]
"""
INTERVENTION = """
[[intervention]]
id = "walk"
for = "everybody"
advice = "offer"
effect = "Some."
certainty = "low"
certainty_note = "low"
contraindications = []
sources = ["paper"]
"""
CLAIM = """
[[claim]]
article = "A"
id = "A-01"
claim = "So they say."
verdict = "weak"
note = "Little was found."
sources = ["paper"]
"""
RULE = '[[rule]]\nid = "R1.1"\ntext = "Do so."\nsources = ["paper"]\n'


def test_everything_that_was_collected_is_there(shared: Path) -> None:
    folder = shared / "evidence" / "clinical"
    for name, kind, ours in (
        ("exercises", "exercise", exercises()),
        ("interventions", "intervention", interventions()),
        ("claims", "claim", claims()),
    ):
        collected = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))[kind]
        assert [e["id"] for e in collected] == list(ours)
        for entry in collected:
            assert set(entry["sources"]) <= set(ours[entry["id"]].sources), entry["id"]


def test_every_rule_that_was_collected_is_there(shared: Path) -> None:
    text = (shared / "evidence" / "clinical" / "RULES.md").read_text(encoding="utf-8")
    ids = set(re.findall(r"\b([RWLG]\d+\.\d+|W\d+b?|L\d+|G\d|R-[A-Z]+)\b", text))
    assert len(ids) > 70
    assert ids <= set(rules())
    ours = {key for rule in rules().values() for key in rule.sources}
    keys = {e["key"] for e in tomllib.loads((shared / "evidence/clinical/sources.toml").read_text("utf-8"))["source"]}
    assert keys & set(re.findall(r"[a-z][a-z0-9_]+", text)) <= ours


def test_a_dose_in_words_and_in_numbers_agree() -> None:
    assert exercise("calf_raise").dosage.repetitions == (8, 12)
    stages = exercise("heel_raise_towel").dosage.stages
    assert [(s.from_week, s.sets, s.repetitions) for s in stages] == [(0, 3, 12), (2, 4, 10), (4, 5, 8)]
    with pytest.raises(EvidenceError, match="the dose in words does not say repetitions 8 to 15"):
        parse_exercises(EXERCISE.replace("[8, 12]", "[8, 15]"), "e.toml", KNOWN)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('sources = ["paper"]\n', "sources = []\n", "has no source"),
        ('sources = ["paper"]\n', 'sources = ["gone"]\n', "cites 'gone', which is not among the sources"),
        ('source = "paper"', 'source = "other"', "emg cites 'other'"),
        ('setup = "Stand."', "", "has no setup"),
        ('setup = "Stand."', 'setup = "Stand."\nset_up = "x"', "unknown field 'set_up'. Did you mean 'setup'"),
        ('cues = ["Slow"]', 'cues = "Slow"', "'cues' must be a list"),
        ('sources = ["paper"], choices = ["sets"]', 'choices = ["sets"]', "has a source, or is a choice"),
        ('dose_basis = "ACSM"', 'dose_basis = "hearsay"', "dose_basis is one of"),
        ("sets = [2, 3]", "sets = [3, 2]", "is (least, most)"),
        ("emg = [", 'evidence_note = "It helps."\nemg = [', "an evidence_note and its certainty stand together"),
    ],
)
def test_an_exercise_that_lacks_something_is_refused(old: str, new: str, sentence: str) -> None:
    assert parse_exercises(EXERCISE, "e.toml", KNOWN)
    assert old in EXERCISE
    with pytest.raises(EvidenceError, match=re.escape(sentence)):
        parse_exercises(EXERCISE.replace(old, new), "e.toml", KNOWN)


def test_an_id_that_is_there_twice_is_refused() -> None:
    with pytest.raises(EvidenceError, match="'squat' is there twice"):
        parse_exercises(EXERCISE * 2, "e.toml", KNOWN)
    with pytest.raises(EvidenceError, match="'walk' is there twice"):
        parse_interventions(INTERVENTION * 2, "i.toml", KNOWN)
    with pytest.raises(EvidenceError, match=r"'R1\.1' is there twice"):
        parse_rules(RULE * 2, "r.toml", KNOWN)
    source = '[[source]]\nkey = "a"\ncitation = "b"\nread_from = "c"\nlevel = "abstract"\n'
    with pytest.raises(EvidenceError, match="source 'a' is there twice"):
        parse_sources(source * 2, "s.toml")


def test_interventions_and_claims_are_checked() -> None:
    with pytest.raises(EvidenceError, match="certainty is one of"):
        parse_interventions(INTERVENTION.replace('certainty = "low"', 'certainty = "good"'), "i.toml", KNOWN)
    with pytest.raises(EvidenceError, match="advice is one of"):
        parse_interventions(INTERVENTION.replace('"offer"', '"insist"'), "i.toml", KNOWN)
    with pytest.raises(EvidenceError, match="is called weak without a source"):
        parse_claims(CLAIM.replace('["paper"]', "[]"), "c.toml", KNOWN)
    assert not parse_claims(CLAIM.replace('["paper"]', "[]").replace("weak", "unverifiable"), "c.toml", KNOWN)[
        "A-01"
    ].sources


def test_a_rule_has_a_source_or_says_whose_choice_it_is() -> None:
    with pytest.raises(EvidenceError, match="has no source and does not say whose choice"):
        parse_rules(RULE.replace('["paper"]', "[]"), "r.toml", KNOWN)
    with pytest.raises(EvidenceError, match="cites 'gone'"):
        parse_rules(RULE.replace("paper", "gone"), "r.toml", KNOWN)
    assert parse_rules(RULE.replace('["paper"]', '[]\nchoice = "ours"'), "r.toml", KNOWN)["R1.1"].choice == "ours"


@pytest.mark.parametrize(
    "text",
    [
        "An arch index below 0.21 means a high arch.",
        "Flat: above 0.26 of the arch index.",
        "Chippaux-Smirak: flat from 45.",
        "Shabat found a change of 30 mm.",
        "Ferrari 2013: pain fell by 20 mm.",
        "Pain of 0-2 is safe, 3-5 acceptable.",
        "The norm of the side bridge is a mean of 84 s.",
        "A movement needs 10 000 repetitions.",
        "Boren measured 103 % of the maximum.",
        "The LEFS is free to use.",
    ],
)
def test_a_number_that_nobody_read_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError, match="was not read and does not ship"):
        refuse_unread(text, "a sentence")


def test_numbers_that_were_read_pass() -> None:
    for text in ("In 11 volunteers the arch index was 0.215 to 0.219.", "Pain of 0 to 3 of 10: go on."):
        refuse_unread(text, "a sentence")
    assert len(not_read()) >= 13
    with pytest.raises(EvidenceError, match="is no pattern"):
        parse_not_read("[[not_read]]\nid = 'a'\nwhat = 'b'\npatterns = ['(']\n", "r.toml")


def test_a_source_needs_the_reason_of_its_interest() -> None:
    text = '[a]\ncitation = "b"\nread_from = "c"\nlevel = "abstract"\ninterest = "{}"\n'
    with pytest.raises(EvidenceError, match="'commercial' without the reason"):
        parse_sources(text.format("commercial"), "s.toml")
    with pytest.raises(EvidenceError, match="interest is one of"):
        parse_sources(text.format("rich"), "s.toml")


def test_what_an_exercise_says_is_keyed_and_backed() -> None:
    said = exercise_sentences("clamshell")
    assert said.cues[0].key == "exercise.clamshell.cue.1"
    assert said.dose.rule == "R6.2" and said.dose.sources == ("acsm2009",)
    assert "danger signs" in said.stop_rules[1].text
    assert said.note is None
    note = exercise_sentences("hip_flexor_stretch").note
    assert note is not None and note.certainty == "very low"
    for key in exercises():
        assert exercise_sentences(key).stop_rules, key
    assert len(common_rules()) == 11


def test_backing_says_certainty_people_and_depth() -> None:
    effect, *against = intervention_sentences("hip_strengthening_for_lbp")
    assert backing(effect) == "very low certainty; n = 309, n = 508; read: abstract"
    assert backing(against[0]).startswith("our choice, to be signed by a clinician")
    assert "a source with a commercial tie" in backing(intervention_sentences("electrical_stimulation_foot")[0])
    assert backing(all_sentences()["rule.R1.7"]).startswith("rule R1.7 with a choice of ours")


def test_every_sentence_has_its_backing() -> None:
    for sentence in all_sentences().values():
        assert sentence.kind == "frame" or backing(sentence), sentence.key
