"""Studies, noise floors and claims are facts with keys; what lacks its source, unit or reading is refused."""

import random
import subprocess
import sys
import tomllib
from importlib.resources import files
from typing import Any

import pytest

from kinechain.core.errors import EvidenceError
from kinechain.evidence.chain import (
    Study,
    noise_floor,
    parse_claims,
    parse_floors,
    parse_studies,
    read_claims,
    read_floors,
    read_studies,
    study,
)

STUDY = """
[[study]]
key = "Somebody2001"
topics = [1]
citation = "Somebody A. A journal 2001;1:1-2"
year = 2001
design = "within-subject"
n = "12"
population = "healthy adults"
read_level = "abstract"
quality = "A"
independent = true

  [[study.result]]
  exposure = "wedge"
  exposure_value = 10
  exposure_unit = "deg"
  outcome = "tilt"
  segment = "pelvis"
  condition = "standing"
  effect_kind = "mean_difference"
  effect = 1.5
  unit = "deg"
  sd = 0.4
  ci_low = 1.0
  ci_high = 2.0
  where = "abstract"
"""
FLOOR = '[[floor]]\nkey = "tilt"\nquantity = "tilt"\nvalue = 1.5\nunit = "deg"\nstudy = "Somebody2001"\n'
CLAIM = '[[claim]]\nnumber = 1\nclaim = "c"\nverdict = "v"\n'
SENTENCE = '[[sentence]]\nclaims = [1]\nstance = "for"\ntext = "t"\nstudies = ["Somebody2001"]\n'


def known() -> dict[str, Study]:
    return parse_studies(STUDY, "s.toml")


def packaged(name: str) -> str:
    return (files("kinechain.evidence") / "data" / "chain" / name).read_text(encoding="utf-8")


def test_the_packaged_files_hold_what_was_read() -> None:
    studies = read_studies()
    assert len(studies) == 172
    assert sum(len(s.results) for s in studies.values()) == 465
    tilt = study("Pinto2008").results[0]
    assert (tilt.value, tilt.unit, tilt.p, tilt.where) == (1.57, "deg", "0.003", "abstract")
    assert noise_floor("lordosis").value == 3.0
    assert [c.number for c in read_claims()] == [*range(1, 21), 0]
    assert all(s.studies or c.number for c in read_claims() for s in c.sentences)
    assert {f.study.key for f in read_floors().values()} == {
        "Pan2021",
        "Preece2008",
        "Nichols2017",
        "JAT2012_47_83",
        "Knutson2005",
    }


def test_no_mirror_is_given_as_a_place() -> None:
    for found in read_studies().values():
        for name in ("scribd", "mirror", "proxy", "researcher.life", "qxmd", "docz", ":8081", ":3004"):
            assert name not in str(found).lower(), found.key


def test_a_study_holds_what_the_file_says() -> None:
    (made,) = parse_studies(STUDY, "s.toml").values()
    (result,) = made.results
    assert (made.key, made.topics, made.n, result.value, result.low, result.high) == (
        "Somebody2001",
        (1,),
        "12",
        1.5,
        1.0,
        2.0,
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('citation = "Somebody A. A journal 2001;1:1-2"\n', "", "study 'Somebody2001' has no citation"),
        ('citation = "Somebody A. A journal 2001;1:1-2"\n', 'citation = ""\n', "has no citation"),
        ('read_level = "abstract"\n', "", "has no read_level"),
        ('read_level = "abstract"', 'read_level = "not read"', "a study nobody read does not ship"),
        ('where = "abstract"', 'where = "full text, not read"', "a number from what was not read"),
        ('where = "abstract"\n', "", "result 1 has no where"),
        ('  unit = "deg"\n', "", "a number without a unit"),
        ("  effect = 1.5\n", "", "lacks its number"),
        ('"mean_difference"', '"direction_only"', "holds a number although none was read"),
        ('"mean_difference"', '"null"', "holds a number although none was read"),
        ('"mean_difference"', '"mean_diference"', "Did you mean 'mean_difference'"),
        ("effect = 1.5", 'effect = "1.5"', "'effect' must be a number"),
        ("effect = 1.5", "effect = nan", "'effect' must be a number"),
        ("sd = 0.4", "sd = -0.4", "below zero"),
        ("ci_low = 1.0", "ci_low = 3.0", "the low one first"),
        ("  ci_low = 1.0\n", "", "needs ci_low and ci_high"),
        ('  exposure_unit = "deg"\n', "", "exposure_value without exposure_unit"),
        ('quality = "A"', 'quality = "E"', "the quality is one of"),
        ("year = 2001", 'year = "2001"', "'year' must be a whole number"),
        ("topics = [1]", 'topics = ["1"]', "topics are whole numbers"),
        ("independent = true", "independant = true", "Did you mean 'independent'"),
        ("[[study]]", "[[studies]]", "unknown entry 'studies'. Did you mean 'study'"),
        ("[[study]]", "[study", "not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_study_is_said(old: str, new: str, says: str) -> None:
    assert old in STUDY
    with pytest.raises(EvidenceError, match=says.replace("[", r"\[").replace("(", r"\(")):
        parse_studies(STUDY.replace(old, new, 1), "s.toml")


def test_a_key_names_one_study() -> None:
    with pytest.raises(EvidenceError, match=r"s\.toml: study 'Somebody2001' is there twice"):
        parse_studies(STUDY + STUDY, "s.toml")


def test_a_floor_is_a_number_that_was_read() -> None:
    assert parse_floors(FLOOR, "f.toml", known())["tilt"].study.key == "Somebody2001"
    with pytest.raises(EvidenceError, match=r"no result of 'Somebody2001' is 1\.6 deg"):
        parse_floors(FLOOR.replace("1.5", "1.6"), "f.toml", known())
    with pytest.raises(EvidenceError, match="cites a study that is not there: 'Nobody2001'"):
        parse_floors(FLOOR.replace("Somebody2001", "Nobody2001"), "f.toml", known())
    with pytest.raises(EvidenceError, match="'tilt' is there twice"):
        parse_floors(FLOOR + FLOOR, "f.toml", known())
    with pytest.raises(EvidenceError, match="Did you mean 'lordosis'"):
        noise_floor("lordose")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CLAIM + CLAIM, "claim 1 is there twice"),
        (CLAIM + SENTENCE.replace("[1]", "[2]"), "is about claim 2, which is not there"),
        (CLAIM + SENTENCE.replace("Somebody", "Nobody"), "cites a study that is not there"),
        (CLAIM + SENTENCE.replace('"for"', '"pro"'), "the stance is for, against"),
        (CLAIM.replace("verdict", "verdikt"), "Did you mean 'verdict'"),
    ],
)
def test_what_is_wrong_with_a_claim_is_said(text: str, says: str) -> None:
    (claim, rest) = parse_claims(CLAIM + SENTENCE, "c.toml", known())
    assert (claim.sentences[0].text, rest.sentences) == ("t", ())
    with pytest.raises(EvidenceError, match=says):
        parse_claims(text, "c.toml", known())


def test_an_unknown_study_is_told_with_its_nearest() -> None:
    with pytest.raises(EvidenceError, match="Did you mean 'Pinto2008'"):
        study("Pinto2009")


@pytest.mark.parametrize("name", ["studies.toml", "noise_floors.toml", "disputes.toml"])
def test_damage_to_a_file_is_an_evidence_error_or_nothing(name: str) -> None:
    """Bytes taken out, doubled and exchanged: never anything but an `EvidenceError`."""
    text = packaged(name)[:6000]
    studies = read_studies()
    parse = {
        "studies.toml": lambda t: parse_studies(t, name),
        "noise_floors.toml": lambda t: parse_floors(t, name, studies),
        "disputes.toml": lambda t: parse_claims(t, name, studies),
    }[name]
    chance, refused = random.Random(7), 0
    for _ in range(400):
        damaged = list(text)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(damaged))
            damaged[at] = chance.choice(["", damaged[at] * 2, chance.choice('"=[]{}.,\n#-0a\x00é')])
        try:
            parse("".join(damaged))
        except EvidenceError:
            refused += 1
    assert 100 < refused


@pytest.mark.parametrize("wrong", [1, 1.5, True, "x", [], {}, [1], [{}], {"a": 1}])
def test_a_value_of_any_other_kind_is_refused_where_it_stands(wrong: Any) -> None:
    """Every field of a study and of a result in turn, given values of every kind TOML knows."""
    content = tomllib.loads(STUDY)["study"][0]
    for field in content:
        entry = {**content, field: wrong}
        if type(wrong) is type(content[field]) and wrong not in ([], {}, [{}]):
            continue
        try:
            parse_studies(written(entry), "s.toml")
        except EvidenceError as error:
            assert "s.toml" in str(error)
    for field in content["result"][0]:
        entry = {**content, "result": [{**content["result"][0], field: wrong}]}
        try:
            parse_studies(written(entry), "s.toml")
        except EvidenceError as error:
            assert "result 1" in str(error)


def written(entry: dict[str, Any]) -> str:
    """Return one study as TOML text with inline tables."""

    def value(of: Any) -> str:
        if isinstance(of, bool):
            return "true" if of else "false"
        if isinstance(of, str):
            return f'"{of}"'
        if isinstance(of, dict):
            return "{" + ", ".join(f"{k} = {value(v)}" for k, v in of.items()) + "}"
        if isinstance(of, list):
            return "[" + ", ".join(value(v) for v in of) + "]"
        return str(of)

    return "[[study]]\n" + "".join(f"{k} = {value(v)}\n" for k, v in entry.items())


def test_nothing_is_read_before_it_is_asked_for() -> None:
    code = (
        "import kinechain.evidence.chain as c, kinechain.evidence.library\n"
        "assert c.read_studies.cache_info().currsize == 0\n"
        "c.study('Pinto2008')\n"
        "assert c.read_studies.cache_info().currsize == 1 and c.read_claims.cache_info().currsize == 0"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
