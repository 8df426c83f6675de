"""A person as a FHIR R4 bundle: questionnaire, answers, observations, screen, plan, goals, referrals, where from.

Plain dictionaries, written for R4 (4.0.1).  Where the extra ``fhir`` is installed every bundle is also validated with
the R4B models of ``fhir.resources``: R4B changed none of the resources used here.  No name, no birth date enters.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Any, Literal

from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.person.person import ExamItem, Person, Score
from kinechain.care.person.person_writer import person_tables
from kinechain.care.person.questionnaires import read_questionnaires
from kinechain.care.person.symptom_map import in_group, region_name, side_of
from kinechain.care.planning.plan import Plan, Referral
from kinechain.care.screening.clearance import answers_digest
from kinechain.care.screening.screen import Screen
from kinechain.core.errors import InputError, LockedError
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.core.text import printable
from kinechain.report.fhir_values import SNOMED, SYSTEM, items_of_answers, questionnaire_items, score_coding
from kinechain.report.plan_summary import PlanPart, PlanSummary, plan_summary, summarised

__all__ = ["BASELINE", "PRIORITIES", "QUESTIONNAIRE", "fhir_bundle", "validated"]

UNITS = "http://unitsofmeasure.org"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
QUESTIONNAIRE = f"{SYSTEM}/Questionnaire/person"
#: Our extension of a goal: where the person starts.
BASELINE = f"{SYSTEM}/StructureDefinition/goal-baseline"
#: Of the place of a fault so much is named: letters of a step, and steps.
LONGEST_STEP, DEEPEST = 40, 12
#: Our urgencies in FHIR's four words; our own word stands beside.
PRIORITIES: Mapping[str, str] = {
    "routine": "routine",
    "soon": "urgent",
    "next_working_day": "asap",
    "same_day": "asap",
    "emergency": "stat",
}

Resource = dict[str, Any]


class _Bundle:
    """Entries under addresses of their own, so that each can name the others."""

    def __init__(self, person: Person, at: datetime) -> None:
        self.entries: list[dict[str, Any]] = []
        self._base = f"{SYSTEM}/{person.pseudonym}/{at.isoformat()}"
        self.subject = {"reference": self.address("Patient")}

    def address(self, name: str) -> str:
        return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{self._base}/{name}')}"

    def add(self, name: str, resource: Resource) -> dict[str, str]:
        self.entries.append({"fullUrl": self.address(name), "resource": resource})
        return {"reference": self.address(name)}


def fhir_bundle(
    person: Person,
    screen: Screen,
    *,
    at: datetime,
    version: str,
    plan: Plan | None = None,
    referrals: Sequence[Referral] = (),
    audience: Literal["patient", "clinician"] = "clinician",
) -> Resource:
    """Return everything known of a person as a FHIR R4 bundle of the type 'collection'.

    Parameters
    ----------
    person : Person
    screen : Screen
        Of the same person.
    at : datetime
        When it is written, aware.
    version : str
        Of kinechain.
    plan : Plan, optional
        There is none while danger signs hold it back.
    referrals : sequence of Referral
        Those that stand without a plan.
    audience : 'patient' or 'clinician'
        A patient's bundle holds no orthosis sheet and no note for the clinician.

    Raises
    ------
    InputError
        If ``at`` has no offset, or the models of ``fhir.resources`` refuse the bundle.
    LockedError
        If there is a plan though the danger signs hold it back, or it was made for other answers.
    """
    if plan is not None and (screen.plan_locked or plan.answers != answers_digest(person)):
        raise LockedError("no bundle holds a plan that is locked or was made for other answers; leave the plan out")
    if at.utcoffset() is None:
        raise InputError("a bundle needs the time with the offset of its clock")
    bundle = _Bundle(person, at)
    bundle.add("Patient", _patient(person))
    device = bundle.add("Device", _device(version))
    bundle.add("Questionnaire", _questionnaire())
    answers = bundle.add("QuestionnaireResponse", _response(person, at, bundle.subject))
    _add_observations(bundle, person, answers, device)
    bundle.add("Observation/danger-signs", _danger_signs(screen, at, bundle.subject, device))
    for number, region in enumerate(person.history.pain_regions):
        bundle.add(f"Condition/{number}", _pain(region, bundle.subject))
    if plan is not None:
        _add_plan(bundle, plan_summary(plan, audience), device)
    for referral in referrals:
        _add_referral(bundle, summarised(referral, audience))
    targets = [{"reference": entry["fullUrl"]} for entry in bundle.entries]
    bundle.add("Provenance", _provenance(targets, at, device, version))
    return validated(
        {"resourceType": "Bundle", "type": "collection", "timestamp": at.isoformat(), "entry": bundle.entries}
    )


def validated(bundle: Resource) -> Resource:
    """Return a bundle unchanged if the models of ``fhir.resources`` accept it; where they are not installed, unchanged.

    Parameters
    ----------
    bundle : dict

    Raises
    ------
    InputError
        If they refuse it; the first place is named.
    """
    if find_spec("fhir") is None or find_spec("fhir.resources") is None:
        return bundle
    from fhir.resources.R4B.bundle import Bundle
    from pydantic import ValidationError

    try:
        Bundle.model_validate(bundle)
    except ValidationError as error:
        fault = error.errors()[0]
        where = printable(".".join(str(step)[:LONGEST_STEP] for step in fault["loc"][:DEEPEST]))
        # Only the kind of fault: the words of the models repeat what stands there, a name or a date of birth.
        raise InputError(f"this is no valid FHIR bundle: {where}: {fault['type'].replace('_', ' ')}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The models stumble over a resource type or a key that is no text.
        raise InputError("this is no valid FHIR bundle: a part of it is not built as FHIR says") from error
    return bundle


def _own(system: str, code: str) -> dict[str, str]:
    return {"system": f"{SYSTEM}/CodeSystem/{system}", "code": code}


def _patient(person: Person) -> Resource:
    """Return a patient who is a code and nothing else."""
    resource: Resource = {
        "resourceType": "Patient",
        "identifier": [{"system": f"{SYSTEM}/pseudonym", "value": person.pseudonym}],
    }
    return {**resource, "gender": person.sex} if person.sex else resource


def _device(version: str) -> Resource:
    return {
        "resourceType": "Device",
        "deviceName": [{"name": "kinechain", "type": "model-name"}],
        "version": [{"value": version}],
        "note": [{"text": INTENDED_PURPOSE}],
    }


def _questionnaire() -> Resource:
    return {
        "resourceType": "Questionnaire",
        "url": QUESTIONNAIRE,
        "status": "active",
        "subjectType": ["Patient"],
        "item": questionnaire_items(),
    }


def _response(person: Person, at: datetime, subject: Resource) -> Resource:
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": QUESTIONNAIRE,
        "status": "completed",
        "subject": subject,
        "authored": at.isoformat(),
        "item": items_of_answers(person_tables(person)),
    }


def _add_observations(bundle: _Bundle, person: Person, answers: Resource, device: Resource) -> None:
    """Add what the answers hold in numbers, each as an observation of its own."""
    common = {
        "resourceType": "Observation",
        "status": "final",
        "subject": bundle.subject,
        "derivedFrom": [answers],
        "device": device,
    }
    for number, score in enumerate(person.questionnaires):
        if score.total is not None:
            bundle.add(f"Observation/score/{number}", {**common, **_score(score, score.total)})
    for number, item in enumerate(person.exam):
        bundle.add(f"Observation/exam/{number}", {**common, **_exam(item)})


def _score(score: Score, total: float) -> Resource:
    """Return a score as a quantity: the answer code that means two displays as "2 or more" (rule G5)."""
    resource: Resource = {
        "category": [{"coding": [{"system": CATEGORIES, "code": "survey"}]}],
        "code": {"coding": [score_coding(score.id)], "text": read_questionnaires()[score.id].name},
        "valueQuantity": {"value": total, "unit": "points", "system": UNITS, "code": "1"},
    }
    return {**resource, "effectiveDateTime": score.answered_on.isoformat()} if score.answered_on else resource


def _exam(item: ExamItem) -> Resource:
    words = item.unit.split(" / ")
    is_word = len(words) > 1 and item.value.is_integer() and 0 <= item.value < len(words)
    name = f"{read_exam_definitions()[item.id].name} {item.part}".strip()
    resource: Resource = {
        "category": [{"coding": [{"system": CATEGORIES, "code": "exam"}]}],
        "code": {"coding": [_own("measure", item.id)], "text": name},
        "bodySite": {"coding": [_own("side", item.side)], "text": item.side},
    }
    if is_word:
        resource["valueString"] = words[int(item.value)]
    else:
        resource["valueQuantity"] = {"value": item.value, **({"unit": item.unit} if item.unit else {})}
    if item.method:
        resource["method"] = {"text": item.method}
    if item.examiner:
        resource["performer"] = [{"display": item.examiner}]
    if item.measured_on:
        resource["effectiveDateTime"] = item.measured_on.isoformat()
    if item.reliability:
        resource["note"] = [{"text": item.reliability}]
    return resource


def _danger_signs(screen: Screen, at: datetime, subject: Resource, device: Resource) -> Resource:
    resource: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [_own("measure", "danger_signs")], "text": "danger signs"},
        "subject": subject,
        "device": device,
        "effectiveDateTime": at.isoformat(),
        "valueCodeableConcept": {"coding": [_own("level", screen.level)], "text": screen.level.replace("_", " ")},
        "component": [
            {"code": {"coding": [_own("measure", "plan_locked")]}, "valueBoolean": screen.plan_locked},
            *(
                {
                    "code": {"coding": [_own("danger-sign", flag.id)]},
                    "valueCodeableConcept": {"coding": [_own("level", flag.urgency)], "text": flag.answer},
                }
                for flag in screen.flags
            ),
            *(
                {
                    "code": {"coding": [_own("danger-sign", flag.id)], "text": "cleared"},
                    "valueString": f"{clearance.clinician}, {clearance.at.date().isoformat()}: {clearance.reason}",
                }
                for flag, clearance in screen.cleared
            ),
        ],
    }
    return {**resource, "note": [{"text": screen.reason}]} if screen.reason else resource


def _pain(region: str, subject: Resource) -> Resource:
    """Return where it hurts; SNOMED CT only where the code was read (rule G5), which low back pain was not."""
    resource: Resource = {
        "resourceType": "Condition",
        "code": {"text": f"pain: {region_name(region)}"},
        "subject": subject,
        "bodySite": [{"text": region_name(region)}],
    }
    if in_group(region, "foot"):
        resource["code"]["coding"] = [{"system": SNOMED, "code": "47933007"}]
        site = "7769000" if side_of(region) == "right" else "56459004"
        resource["bodySite"][0]["coding"] = [{"system": SNOMED, "code": site}]
    elif region.startswith("low_back"):
        resource["bodySite"][0]["coding"] = [{"system": SNOMED, "code": "37822005"}]
    return resource


def _add_plan(bundle: _Bundle, plan: PlanSummary, device: Resource) -> None:
    goals, activities = [], []
    for part in plan.parts:
        if part.kind == "goal":
            goals.append(bundle.add(f"Goal/{part.id}", _goal(part, plan, bundle.subject)))
        elif part.kind == "referral":
            activities.append({"reference": _add_referral(bundle, part)})
        else:
            activities.append({"detail": _activity(part)})
    end = plan.made_on + timedelta(weeks=plan.weeks)
    resource: Resource = {
        "resourceType": "CarePlan",
        "identifier": [{"system": f"{SYSTEM}/plan", "value": plan.id}],
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [_own("plan-mode", plan.mode.replace(" ", "-"))], "text": plan.mode}],
        "subject": bundle.subject,
        "period": {"start": plan.made_on.isoformat(), "end": end.isoformat()},
        "created": plan.made_on.isoformat(),
        "author": device,
        "extension": [{"url": f"{SYSTEM}/StructureDefinition/version", "valueString": plan.version}],
    }
    if plan.replaces:
        resource["replaces"] = [{"identifier": {"system": f"{SYSTEM}/plan", "value": plan.replaces}}]
        resource["note"] = [{"text": plan.reason}]
    resource |= {"goal": goals} if goals else {}
    resource |= {"activity": activities} if activities else {}
    bundle.add("CarePlan", resource)


def _coded(part: PlanPart) -> Resource:
    codes = [_own("part", part.id), _own("part-kind", part.kind.replace(" ", "-"))]
    codes += [_own("side", part.side)] if part.side else []
    return {"coding": codes, "text": part.title}


def _activity(part: PlanPart) -> Resource:
    detail: Resource = {"code": _coded(part), "status": "not-started", "doNotPerform": part.is_not_offered}
    if part.text:
        detail["description"] = part.text
    if part.days_per_week:
        least, most = part.days_per_week
        repeat = {"frequency": least, "frequencyMax": most, "period": 1, "periodUnit": "wk"}
        detail["scheduledTiming"] = {"repeat": repeat}
    return detail


def _goal(part: PlanPart, plan: PlanSummary, subject: Resource) -> Resource:
    due = plan.made_on + timedelta(weeks=part.by_week)
    target: Resource = {"measure": {"coding": [_own("measure", part.measure.replace(" ", "-"))], "text": part.measure}}
    unit = {"unit": part.unit} if part.unit else {}
    if part.target is not None:
        target["detailQuantity"] = {"value": part.target, **unit}
        target["dueDate"] = due.isoformat()
    resource: Resource = {
        "resourceType": "Goal",
        "identifier": [{"system": f"{SYSTEM}/part", "value": part.id}],
        "lifecycleStatus": "proposed",
        "description": _coded(part),
        "subject": subject,
        "startDate": plan.made_on.isoformat(),
        "target": [target],
        "extension": [{"url": f"{SYSTEM}/StructureDefinition/by-week", "valueInteger": part.by_week}],
    }
    if part.baseline is not None:
        resource["extension"].append({"url": BASELINE, "valueQuantity": {"value": part.baseline, **unit}})
    return {**resource, "note": [{"text": part.text}]} if part.text else resource


def _add_referral(bundle: _Bundle, part: PlanPart) -> Resource:
    resource: Resource = {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": f"{SYSTEM}/part", "value": part.id}],
        "status": "draft",
        "intent": "proposal",
        "category": [{"coding": [_own("urgency", part.urgency)], "text": part.urgency}],
        "priority": PRIORITIES[part.urgency],
        "code": _coded(part),
        "subject": bundle.subject,
        "performerType": {"coding": [_own("profession", part.to.replace(" ", "-"))], "text": part.to},
    }
    return bundle.add(
        f"ServiceRequest/{part.id}", {**resource, "note": [{"text": part.text}]} if part.text else resource
    )


def _provenance(targets: list[dict[str, str]], at: datetime, device: Resource, version: str) -> Resource:
    return {
        "resourceType": "Provenance",
        "target": targets,
        "recorded": at.isoformat(),
        "activity": {"text": f"written by kinechain {version}"},
        "agent": [{"who": device}],
    }
