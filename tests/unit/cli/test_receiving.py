"""`kinechain screen --from-fhir`: a bundle becomes a person file, and what has no place is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from called import Call, MakePerson
from kinechain.care.person.person_file import read_person
from kinechain.report.fhir_values import LOINC, LOINC_SCORES

BACK = '\n[history]\npain_regions = ["low_back"]\npain_weeks = 16\npain_average = 6\n'
SCORE, CODE = next(iter(LOINC_SCORES.items()))


def observation(value: float, code: str = CODE) -> dict[str, Any]:
    coding = {"coding": [{"system": LOINC, "code": code}]}
    return {"resource": {"resourceType": "Observation", "status": "final", "code": coding,
                         "effectiveDateTime": "2024-03-01", "valueQuantity": {"value": value}}}  # fmt: skip


@pytest.fixture
def bundle(call: Call, person: MakePerson, tmp_path: Path) -> dict[str, Any]:
    """Return the bundle of a person with a plan."""
    person(more=BACK)
    assert call("plan", "p.toml", "--fhir", "p.fhir.json").code == 0
    content: dict[str, Any] = json.loads((tmp_path / "p.fhir.json").read_text())
    return content


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_person_comes_back_as_they_were_and_the_plan_stays_with_the_sender(
    call: Call, bundle: dict[str, Any], tmp_path: Path
) -> None:
    other = {"resource": {"resourceType": "Basic", "code": {"text": "a note"}}}
    (tmp_path / "got.json").write_text(json.dumps(bundle | {"entry": [*bundle["entry"], other, other]}))
    result = call("screen", "--from-fhir", "got.json", "--out", "new.toml")
    assert result.code == 0, result.err
    assert read_person(tmp_path / "new.toml") == read_person(tmp_path / "p.toml")
    told = words(result.err)
    assert "is the sender's; a plan of today is made here" in told and "unlocks nothing here" in told
    assert "Basic: this kind of resource has no place here (2)" in told
    assert not (tmp_path / "new.journal.jsonl").exists()


def test_scores_alone_begin_a_person_who_is_asked_everything(call: Call, tmp_path: Path) -> None:
    (tmp_path / "got.json").write_text(json.dumps({"resourceType": "Bundle", "type": "collection",
                                                   "entry": [observation(3)]}))  # fmt: skip
    result = call("screen", "--from-fhir", "got.json", "--out", "new.toml", "--json")
    assert result.code == 1 and json.loads(result.out)["screen"]["plan_locked"] is True
    (score,) = read_person(tmp_path / "new.toml").questionnaires
    assert (score.id, score.total) == (SCORE, 3)
    assert "everything is to be asked" in words(result.err)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--from-fhir", "got.json"], "name it with --out"),
        (["p.toml", "--from-fhir", "got.json", "--out", "new.toml"], "give no other"),
        (["--from-fhir", "gone.json", "--out", "new.toml"], "there is no file gone.json"),
        (["--from-fhir", "got.json", "--out", "p.toml"], "is not overwritten"),
        (["--from-fhir", "got.json", "--out", "new.toml"], "holds no answers of this questionnaire"),
        (["--from-fhir", "p.toml", "--out", "new.toml"], "this is no FHIR bundle"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(
    call: Call, person: MakePerson, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    person(more=BACK)
    (tmp_path / "got.json").write_text('{"resourceType": "Bundle", "type": "collection", "entry": []}')
    assert sentence in call("screen", *arguments).refusal
    assert not (tmp_path / "new.toml").exists()
