"""A person written as a FHIR bundle and read back is the same person; what others wrote is read or named."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from kinechain.care.intake.intake import intake_questions
from kinechain.care.person.person import ExamItem, History, Person, Score
from kinechain.care.person.person_file import parse_person
from kinechain.care.person.person_writer import person_tables
from kinechain.care.planning.referral import referral_for
from kinechain.care.screening.clearance import answers_digest
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import screen_person
from kinechain.core.errors import InputError, LockedError, PersonError
from kinechain.report.fhir import fhir_bundle, validated
from kinechain.report.fhir_read import Received, read_bundle
from kinechain.report.fhir_values import (
    LOINC,
    SNOMED,
    SYSTEM,
    answers_from_items,
    items_of_answers,
    questionnaire_items,
)
from kinechain.report.plan_summary import plan_summary, summarised
from made_plan import healthy, made_plan
from person_strategy import TODAY, people

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
pytest.importorskip("fhir.resources", reason="needs the extra 'fhir'")


def written(person: Person, **more: Any) -> dict[str, Any]:
    """Return a bundle as another program would receive it."""
    bundle = fhir_bundle(person, screen_person(person), at=AT, version="0.1.0", **more)
    received: dict[str, Any] = json.loads(json.dumps(bundle, allow_nan=False))
    return received


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(people())
def test_any_person_comes_back_as_they_were(person: Person) -> None:
    person = replace(person, static=None, recordings=())
    received = read_bundle(written(person), TODAY)
    assert received.person == person
    assert received.level == screen_person(person).level
    assert received.unread == ()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(people())
def test_any_answers_come_back_from_their_items(person: Person) -> None:
    tables = person_tables(replace(person, static=None, recordings=()))
    items = json.loads(json.dumps(items_of_answers(tables), allow_nan=False))
    back, unread = answers_from_items(items)
    assert unread == []
    assert parse_person(json.dumps(back), "bundle.json", Path(), TODAY) == replace(person, static=None, recordings=())


def full_person() -> Person:
    return healthy(
        exam=(ExamItem("lunge_test", "right", 6.0, "cm", "knee to wall", measured_on=date(2026, 3, 1)),),
        history=History(pain_regions=("low_back", "heel_right", "heel_left", "knee_left")),
        questionnaires=(Score("nprs", 2.0, answered_on=date(2026, 3, 1)), Score("promis_pi", 61.0), Score("odi", 30.0)),
        recordings=("/home/anna/walk.c3d",),
    )


@pytest.mark.parametrize("audience", ["patient", "clinician"])
def test_a_plan_comes_back_as_it_was_written(audience: Any) -> None:
    plan = made_plan()
    received = read_bundle(written(healthy(), plan=plan, audience=audience))
    assert received.plan == plan_summary(plan, audience)
    assert received.unread == () and received.referrals == ()
    again = made_plan(replaces=plan.id, reason="two weeks went well")
    assert read_bundle(written(healthy(), plan=again, audience=audience)).plan == plan_summary(again, audience)


def test_a_patient_never_receives_the_orthosis_sheet() -> None:
    text = json.dumps(written(healthy(), plan=made_plan(), audience="patient"))
    assert "rthosis" not in text and "eel lift, left" not in text
    assert "rthosis" in json.dumps(written(healthy(), plan=made_plan(), audience="clinician"))


def test_a_locked_person_has_a_referral_and_no_plan() -> None:
    person = healthy(screen={**healthy().screen, "ces_bladder": "yes"})
    referrals = referral_for(person, screen_person(person))
    bundle = written(person, referrals=referrals)
    assert not resources(bundle, "CarePlan") and not resources(bundle, "Goal")
    (request,) = resources(bundle, "ServiceRequest")
    assert request["priority"] == "stat"
    received = read_bundle(bundle)
    assert received.level == "emergency" and received.plan is None
    assert received.referrals == tuple(summarised(part, "clinician") for part in referrals)


def test_only_codes_that_were_read() -> None:
    """Rule G5: two LOINC codes, four of SNOMED CT; none for the ODI, the RMDQ or low back pain."""
    text = json.dumps(written(full_person(), plan=made_plan(unlock(full_person()))))
    coded: list[tuple[str, str]] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            if "system" in value and "code" in value:
                coded.append((value["system"], value["code"]))
            for part in value.values():
                collect(part)
        elif isinstance(value, list):
            for part in value:
                collect(part)

    collect(json.loads(text))
    assert {code for system, code in coded if system == LOINC} == {"72514-3", "77865-4"}
    assert {code for system, code in coded if system == SNOMED} == {"47933007", "7769000", "56459004", "37822005"}
    outside = {s for s, _ in coded if not s.startswith(SYSTEM)} - {LOINC, SNOMED}
    assert outside == {"http://terminology.hl7.org/CodeSystem/observation-category", "http://unitsofmeasure.org"}
    assert "LA6113-0" not in text


def test_pain_is_a_quantity_and_scores_are_extracted() -> None:
    bundle = written(full_person())
    pain = next(o for o in resources(bundle, "Observation") if o["code"]["coding"][0]["code"] == "72514-3")
    assert pain["valueQuantity"]["value"] == 2.0 and pain["effectiveDateTime"] == "2026-03-01"
    extracted: list[str] = []

    def collect(items: list[dict[str, Any]]) -> None:
        for item in items:
            if any(e["url"].endswith("sdc-questionnaire-observationExtract") for e in item.get("extension", ())):
                assert item["code"] and item["type"] == "decimal"
                extracted.append(item["linkId"])
            collect(item.get("item", []))

    collect(questionnaire_items())
    assert {"questionnaires.nprs.total", "questionnaires.odi.total", "questionnaires.rmdq24.total"} <= set(extracted)


def test_the_questionnaire_asks_what_the_intake_asks() -> None:
    texts: dict[str, str] = {}

    def collect(items: list[dict[str, Any]]) -> None:
        for item in items:
            texts[item["linkId"]] = item["text"]
            collect(item.get("item", []))

    collect(questionnaire_items())
    asked = {q.path: q.text for q in intake_questions() if not q.path.startswith("exam.")}
    assert set(asked) <= set(texts)
    assert all(texts[path] == text for path, text in asked.items())


def test_no_name_no_birth_date_no_path() -> None:
    bundle = written(full_person(), plan=made_plan(unlock(full_person())))
    (patient,) = resources(bundle, "Patient")
    assert set(patient) == {"resourceType", "identifier", "gender"}
    text = json.dumps(bundle)
    for word in ("birthDate", "anna", "walk.c3d", '"family"', '"given"'):
        assert word not in text


def test_the_version_stands_with_everything() -> None:
    bundle = written(full_person(), plan=made_plan(unlock(full_person())))
    (provenance,) = resources(bundle, "Provenance")
    assert len(provenance["target"]) == len(bundle["entry"]) - 1
    (device,) = resources(bundle, "Device")
    assert device["version"][0]["value"] == "0.1.0"
    addresses = {entry["fullUrl"] for entry in bundle["entry"]}
    assert len(addresses) == len(bundle["entry"])
    assert set(_references(bundle)) <= addresses


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [r for part in value.values() for r in _references(part)]
    return [r for part in value for r in _references(part)] if isinstance(value, list) else []


def foreign(*entries: dict[str, Any]) -> Received:
    return read_bundle({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": e} for e in entries]})


def pain_observation(value: float) -> dict[str, Any]:
    coding = [{"system": LOINC, "code": "72514-3"}]
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": coding},
        "valueQuantity": {"value": value},
        "effectiveDateTime": "2026-03-01",
    }


def test_a_foreign_score_is_read_and_the_rest_is_named_and_kept() -> None:
    other = {"resourceType": "Observation", "status": "final", "code": {"text": "mood"}, "valueString": "good"}
    medicine = {"resourceType": "Medication", "status": "active"}
    received = foreign(pain_observation(6), other, medicine)
    assert received.person is None and received.scores == (Score("nprs", 6.0, answered_on=date(2026, 3, 1)),)
    assert [(u.where, u.content) for u in received.unread] == [("Observation", other), ("Medication", medicine)]


def test_who_somebody_is_stays_outside() -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Muster"}], "birthDate": "1980-01-01"}
    (entry,) = foreign(patient).unread
    assert entry.where == "Patient" and "Muster" not in repr(entry) and "1980" not in repr(entry)


def test_an_unknown_item_is_named_and_the_rest_is_read() -> None:
    bundle = written(full_person())
    (response,) = resources(bundle, "QuestionnaireResponse")
    strange = {"linkId": "person.star_sign", "answer": [{"valueString": "crab"}]}
    response["item"][0]["item"].append(strange)
    received = read_bundle(bundle)
    assert received.person == replace(full_person(), recordings=())
    assert [(u.where, u.content) for u in received.unread] == [("person.star_sign", strange)]


def test_an_impossible_answer_is_refused_by_name() -> None:
    bundle = written(healthy(height_m=1.7))
    text = json.dumps(bundle).replace('"valueDecimal": 1.7', '"valueDecimal": 17')
    with pytest.raises(PersonError, match="height_m is 17"):
        read_bundle(text)
    with pytest.raises(InputError, match="'nprs' is 60"):
        foreign(pain_observation(60))


@pytest.mark.parametrize(
    "bundle",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        '{"resourceType":"Patient"}',
        '{"resourceType":"Bundle","type":"collection","entry":5}',
    ],
)
def test_what_is_no_bundle_is_refused(bundle: str) -> None:
    with pytest.raises(InputError, match="FHIR bundle"):
        read_bundle(bundle)


def test_a_bundle_the_models_refuse_is_refused_with_the_place() -> None:
    with pytest.raises(InputError, match=r"no valid FHIR bundle: .*status"):
        foreign({"resourceType": "Observation", "code": {"text": "x"}})
    bundle = written(healthy())
    assert validated(bundle) is bundle


def test_a_plan_that_is_not_as_we_write_it_is_named() -> None:
    plan = {
        "resourceType": "CarePlan",
        "identifier": [{"system": f"{SYSTEM}/plan", "value": "x"}],
        "status": "active",
        "intent": "plan",
        "subject": {"display": "x"},
    }
    received = foreign(plan, {**plan, "identifier": []})
    assert received.plan is None and [u.where for u in received.unread] == ["CarePlan", "CarePlan"]


def test_a_time_needs_an_offset() -> None:
    with pytest.raises(InputError, match="offset"):
        fhir_bundle(healthy(), screen_person(healthy()), at=datetime(2026, 1, 1), version="1")


PIECES = (None, 5, "x", [], {}, [{}], [5], {"a": 1}, True, -1e9, "2026-13-01")


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [path, *(place for key in keys for place in _places(value[key], (*path, key)))]


def _spoilt(bundle: dict[str, Any], random: Random) -> dict[str, Any]:
    """Return a bundle in which one to three places hold something else, or nothing."""
    for _ in range(random.randint(1, 3)):
        *way, key = random.choice(_places(bundle)[1:])
        place: Any = bundle
        for step in way:
            place = place[step]
        if isinstance(place, dict) and random.random() < 0.3:
            del place[key]
        else:
            place[key] = random.choice(PIECES)
    return bundle


@pytest.mark.parametrize("has_models", [True, False])
def test_a_spoilt_bundle_is_read_or_refused_in_a_sentence(has_models: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_models:
        monkeypatch.setattr("kinechain.report.fhir_read.validated", lambda bundle: bundle)
    bundle = written(full_person(), plan=made_plan(unlock(full_person())))
    bundle["entry"] = [e for e in bundle["entry"] if e["resource"]["resourceType"] != "Questionnaire"]
    text, refused = json.dumps(bundle), 0
    for seed in range(300):
        try:
            read_bundle(_spoilt(json.loads(text), Random(seed)))
        except InputError as error:
            refused += 1
            assert str(error)
    assert 0 < refused < 300


def test_no_bundle_carries_a_plan_to_somebody_who_is_locked_or_answers_otherwise() -> None:
    plan, person = made_plan(), healthy()
    assert plan.answers == answers_digest(person)
    locked = replace(person, screen={**person.screen, "foot_drop": "yes"})
    older = replace(person, age_years=61.0)
    for other in (locked, older):
        with pytest.raises(LockedError, match="no bundle holds a plan"):
            fhir_bundle(other, screen_person(other), at=AT, version="1", plan=plan)
    told = replace(screen_person(person), plan_locked=True)
    with pytest.raises(LockedError, match="no bundle holds a plan"):
        fhir_bundle(person, told, at=AT, version="1", plan=plan)
