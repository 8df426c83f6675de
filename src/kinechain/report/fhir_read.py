"""A FHIR bundle as our values: what we wrote comes back as it was, what others wrote is read where it has a place.

Whatever has no place is named and kept as it came (`Received.unread`); nothing is guessed.  Names, birth dates and
addresses are neither read nor kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from kinechain.care.person.person import Person, Score
from kinechain.care.person.person_file import parse_person
from kinechain.care.person.questionnaires import read_questionnaires
from kinechain.core.errors import InputError
from kinechain.report.fhir import BASELINE, QUESTIONNAIRE, validated
from kinechain.report.fhir_values import LOINC, LOINC_SCORES, SYSTEM, Unread, answers_from_items
from kinechain.report.plan_summary import PlanPart, PlanSummary

__all__ = ["Received", "read_bundle"]

Value = TypeVar("Value")

#: Resources that only repeat, in another form, what others of our own bundle hold.
DERIVED = ("Questionnaire", "Device", "Provenance", "Condition")
#: Of a patient nothing else is read.
PATIENT_KEYS = {"resourceType", "id", "meta", "identifier", "gender"}


@dataclass(frozen=True)
class Received:
    """What a bundle holds.

    Attributes
    ----------
    person : Person or None
        None if it holds no answers of our questionnaire.
    level : str
        Of the danger signs, as the sender judged; '' if not told.  It unlocks nothing: ask again.
    scores : tuple of Score
        Scores told by observations alone.
    plan : PlanSummary or None
    referrals : tuple of PlanPart
        That stand without a plan.
    unread : tuple of Unread
    """

    person: Person | None
    level: str
    scores: tuple[Score, ...]
    plan: PlanSummary | None
    referrals: tuple[PlanPart, ...]
    unread: tuple[Unread, ...]


def read_bundle(bundle: Mapping[str, Any] | str, today: date | None = None) -> Received:
    """Return what a bundle holds.

    Parameters
    ----------
    bundle : mapping or str
        As JSON, read or not.
    today : date, optional
        No answer may be of a later day.

    Raises
    ------
    InputError
        If it is no FHIR bundle.
    PersonError
        If an answer is impossible; it is named.
    """
    content = _content(bundle)
    try:
        return _received(content, today)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            "this is no valid FHIR bundle: a part of it is not built as FHIR says; the extra 'fhir' names the part"
        ) from error


def _received(content: Mapping[str, Any], today: date | None) -> Received:
    resources = [
        (str(entry.get("fullUrl", "")), entry["resource"]) for entry in content.get("entry", ()) if "resource" in entry
    ]
    unread: list[Unread] = []
    person = _person([resource for _, resource in resources], today, unread)
    observed = [_observation(resource, person is not None, unread) for resource in _of(resources, "Observation")]
    plan = _plan(resources, unread)
    own = {part.id for part in plan.parts} if plan else set()
    requests = [_tried(_referral, r, unread) for r in _of(resources, "ServiceRequest") if _is_ours(r)]
    for _, resource in resources:
        _name_foreign(resource, unread)
    return Received(
        person=person,
        level=next((level for level, _ in observed if level), ""),
        scores=tuple(score for _, score in observed if score),
        plan=plan,
        referrals=tuple(part for part in requests if part is not None and part.id not in own),
        unread=tuple(unread),
    )


def _content(bundle: Mapping[str, Any] | str) -> Mapping[str, Any]:
    if isinstance(bundle, str):
        try:
            bundle = json.loads(bundle)
        except (ValueError, RecursionError) as error:
            raise InputError(f"this is no FHIR bundle: it is not valid JSON ({type(error).__name__})") from error
    if not isinstance(bundle, Mapping) or bundle.get("resourceType") != "Bundle":
        raise InputError("this is no FHIR bundle: it must be a table whose resourceType is 'Bundle'")
    entries = bundle.get("entry", [])
    are_entries = isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)
    if not are_entries or not all(isinstance(entry.get("resource"), dict) for entry in entries):
        raise InputError("this is no FHIR bundle that can be read: each entry must hold a resource")
    return validated(dict(bundle))


def _tried(read: Callable[[Any], Value], resource: Any, unread: list[Unread]) -> Value | None:
    """Return what a reader makes of a resource that claims to be ours; where it is not as we write, keep it unread."""
    try:
        return read(resource)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        what = "it names our system and is not as we write it"
        unread.append(Unread(str(resource.get("resourceType")), what, resource))
        return None


def _of(resources: Iterable[tuple[str, Any]], kind: str) -> list[Any]:
    return [resource for _, resource in resources if resource.get("resourceType") == kind]


def _person(resources: list[Any], today: date | None, unread: list[Unread]) -> Person | None:
    """Return the person of the answers; a patient's pseudonym stands in where the answers hold none."""
    responses = [r for r in resources if r.get("resourceType") == "QuestionnaireResponse"]
    own = [r for r in responses if r.get("questionnaire") == QUESTIONNAIRE]
    for other in (r for r in responses if r not in own[:1]):
        unread.append(Unread("QuestionnaireResponse", f"answers of '{other.get('questionnaire')}' are not ours", other))
    if not own:
        return None
    tables, lost = answers_from_items(own[0].get("item", ()))
    unread += lost
    return parse_person(json.dumps(tables), "bundle.json", Path(), today)


def _observation(resource: Any, has_answers: bool, unread: list[Unread]) -> tuple[str, Score | None]:
    """Return the level of the danger signs, or a score that no answer holds."""
    codings = [(c.get("system"), c.get("code")) for c in resource.get("code", {}).get("coding", ())]
    if (f"{SYSTEM}/CodeSystem/measure", "danger_signs") in codings:
        return _code(resource.get("valueCodeableConcept", {}), "level"), None
    if has_answers and resource.get("derivedFrom"):
        return "", None
    loinc = {code: score for score, code in LOINC_SCORES.items()}
    known = [loinc[code] for system, code in codings if system == LOINC and code in loinc]
    known += [
        code for system, code in codings if system == f"{SYSTEM}/CodeSystem/score" and code in read_questionnaires()
    ]
    value = resource.get("valueQuantity", {}).get("value", resource.get("valueInteger"))
    if not known or isinstance(value, bool) or not isinstance(value, int | float):
        unread.append(Unread("Observation", "its code or its value is not known here", resource))
        return "", None
    low, high, _ = read_questionnaires()[known[0]].limits
    if not low <= value <= high:
        raise InputError(f"an observation of '{known[0]}' is {value:g}; it must lie between {low:g} and {high:g}")
    day = str(resource.get("effectiveDateTime", ""))[:10]
    return "", Score(known[0], float(value), answered_on=date.fromisoformat(day) if len(day) == 10 else None)


def _plan(resources: list[tuple[str, Any]], unread: list[Unread]) -> PlanSummary | None:
    plans = _of(resources, "CarePlan")
    own = [plan for plan in plans if _is_ours(plan)]
    for other in (plan for plan in plans if plan not in own[:1]):
        unread.append(Unread("CarePlan", "a plan that was not made here", other))
    by_address = dict(resources)
    return _tried(lambda plan: _own_plan(plan, by_address), own[0], unread) if own else None


def _own_plan(plan: Any, by_address: Mapping[str, Any]) -> PlanSummary:
    period = plan["period"]
    made_on = date.fromisoformat(period["start"])
    goals = [_goal(by_address[goal["reference"]]) for goal in plan.get("goal", ())]
    rest = [
        _activity(done["detail"]) if "detail" in done else _referral(by_address[done["reference"]["reference"]])
        for done in plan.get("activity", ())
    ]
    return PlanSummary(
        id=_identifier(plan),
        mode=plan["category"][0]["text"],
        made_on=made_on,
        weeks=(date.fromisoformat(period["end"]) - made_on).days // 7,
        version=_extension(plan, f"{SYSTEM}/StructureDefinition/version").get("valueString", ""),
        parts=(*goals, *rest),
        replaces=plan["replaces"][0]["identifier"]["value"] if "replaces" in plan else "",
        reason=_note(plan),
    )


def _activity(detail: Any) -> PlanPart:
    repeat = detail.get("scheduledTiming", {}).get("repeat")
    return PlanPart(
        **_coded(detail["code"]),
        text=detail.get("description", ""),
        days_per_week=(repeat["frequency"], repeat["frequencyMax"]) if repeat else None,
        is_not_offered=detail.get("doNotPerform", False),
    )


def _goal(goal: Any) -> PlanPart:
    target = goal["target"][0]
    baseline = _extension(goal, BASELINE).get("valueQuantity", {})
    quantity = target.get("detailQuantity", {})
    return PlanPart(
        **_coded(goal["description"]),
        text=_note(goal),
        measure=target["measure"]["text"],
        unit=quantity.get("unit", baseline.get("unit", "")),
        baseline=baseline.get("value"),
        target=quantity.get("value"),
        by_week=_extension(goal, f"{SYSTEM}/StructureDefinition/by-week").get("valueInteger", 0),
    )


def _referral(request: Any) -> PlanPart:
    return PlanPart(
        **_coded(request["code"]),
        text=_note(request),
        to=request["performerType"]["text"],
        urgency=request["category"][0]["text"],
    )


def _name_foreign(resource: Any, unread: list[Unread]) -> None:
    """Name what this reader has no place for."""
    kind = str(resource.get("resourceType"))
    if kind == "Patient":
        if extra := sorted(set(resource) - PATIENT_KEYS):
            kept: Mapping[str, Any] = {"keys": extra}
            unread.append(Unread("Patient", "who a person is stays outside: neither read nor kept", kept))
    elif kind == "ServiceRequest" and not _is_ours(resource):
        unread.append(Unread(kind, "a request that was not made here", resource))
    elif kind == "Goal" and not _is_ours(resource):
        unread.append(Unread(kind, "a goal that was not set here", resource))
    elif kind in DERIVED and _is_derived(resource):
        return
    elif kind not in ("QuestionnaireResponse", "Observation", "CarePlan", "ServiceRequest", "Goal"):
        unread.append(Unread(kind, "this kind of resource has no place here", resource))


def _is_derived(resource: Any) -> bool:
    """Return whether a resource repeats what our own answers hold."""
    if resource["resourceType"] == "Questionnaire":
        return bool(resource.get("url") == QUESTIONNAIRE)
    if resource["resourceType"] == "Condition":
        return str(resource.get("code", {}).get("text", "")).startswith("pain: ")
    names = [name.get("name") for name in resource.get("deviceName", ())]
    return "kinechain" in names or "kinechain" in str(resource.get("activity", {}).get("text", ""))


def _is_ours(resource: Any) -> bool:
    return any(str(i.get("system", "")).startswith(f"{SYSTEM}/") for i in resource.get("identifier", ()))


def _identifier(resource: Any) -> str:
    return next(str(i["value"]) for i in resource["identifier"] if str(i.get("system", "")).startswith(f"{SYSTEM}/"))


def _extension(resource: Any, url: str) -> Mapping[str, Any]:
    return next((e for e in resource.get("extension", ()) if e.get("url") == url), {})


def _note(resource: Any) -> str:
    return str(resource["note"][0]["text"]) if resource.get("note") else ""


def _code(concept: Any, system: str) -> str:
    codes = [c["code"] for c in concept.get("coding", ()) if c.get("system") == f"{SYSTEM}/CodeSystem/{system}"]
    return str(codes[0]) if codes else ""


def _coded(concept: Any) -> dict[str, Any]:
    return {
        "id": _code(concept, "part"),
        "kind": _code(concept, "part-kind").replace("-", " "),
        "side": _code(concept, "side"),
        "title": str(concept.get("text", "")),
    }
