"""The plan of a patient: proposed, changed, agreed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.care.person.person import Person
from kinechain.care.planning.edit import (
    NOTE_TOPICS,
    ORTHOSIS_LIMITS,
    AddedExercise,
    DoseEdit,
    Edits,
    GoalEdit,
    Note,
    OwnGoal,
    dose_limits,
    is_droppable,
    may_be_added,
)
from kinechain.care.planning.orthosis import MATERIALS
from kinechain.care.planning.plan import Exercise, OrthosisParameters, Part
from kinechain.care.planning.referral import referral_for
from kinechain.core.errors import InputError, LockedError, SettingError
from kinechain.evidence.ledger import exercise_sentences
from kinechain.report.letter import backed
from kinechain.report.plan_letter import patient_plan
from kinechain.report.plan_lines import part_lines, said_beside_lines, side_label
from kinechain.report.plan_page import letter_fragment
from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.case import Case
from kinechain.workspace.clearing import names_of_accounts
from kinechain.workspace.place import Place
from kinechain.workspace.plans import Draft, PlanView, agree, change_draft, discard_draft, read_plan

__all__ = ["ROUTES", "locked_page", "locked_values"]

Fields = Mapping[str, str]

#: Headings the parts of a plan stand under, in the order of the page.
GROUPS = (
    ("exercise", "Exercises"),
    ("goal", "Goals"),
    ("advice", "Advice"),
    ("safety", "Safety, in every plan"),
    ("referral", "Referrals"),
    ("sheet", "For the clinician alone"),
    ("not offered", "Not offered"),
)


def locked_page(request: Request[Any, Any, Any], case: Case, tab: str, what: str) -> Response[str]:
    """Return the page that says why something is held back, and what clears it.

    Parameters
    ----------
    request : Request
    case : Case
    tab : str
    what : str
        What is held back, such as 'plan'.
    """
    title = f"{what.capitalize()} · {case.patient.name}"
    return page(request, "plan_locked.html.j2", title=title, tab=tab, what=what, **locked_values(case))


def locked_values(case: Case) -> dict[str, Any]:
    """Return what a page needs to say of the danger signs of a case.

    Parameters
    ----------
    case : Case
    """
    screen = case.screened()
    return {
        "case": case,
        "screen": screen,
        "open_flags": [flag for flag in screen.flags if flag.is_open],
        "raised": [flag for flag in screen.flags if not flag.is_open],
        "referrals": referral_for(case.person, screen),
    }


@get("/patients/{patient_id:str}/plan", name="plan", opt=rule("case", "read plan"))
@in_thread
def plan_page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Show the plan: the agreed one, or the one in progress."""
    place, actor = request.app.state.place, visitor_of(request).actor
    view = read_plan(place, actor, patient_id)
    if view.case.screened().plan_locked:
        return locked_page(request, view.case, "plan", "plan")
    return page(request, "plan.html.j2", **_values(place, view))


@post("/patients/{patient_id:str}/plan/draft", name="change plan", opt=rule("case", "change plan"), status_code=200)
async def changing(request: Request[Any, Any, Any], patient_id: str) -> Response[Any]:
    """Change the draft, and show it anew."""
    fields = await read_form(request)
    return await to_thread.run_sync(_changed, request, patient_id, fields)


def _changed(request: Request[Any, Any, Any], patient_id: str, fields: Fields) -> Response[Any]:
    place, actor = request.app.state.place, visitor_of(request).actor
    is_partial, fault = request.headers.get("hx-request") == "true", ""
    where = f"/patients/{patient_id}/plan"
    try:
        number, name = _whole(fields, "number"), fields.get("do", "")
        if name == "discard":
            discard_draft(place, actor, patient_id, number)
            return Response("", status_code=200, headers={"HX-Redirect": where}) if is_partial else Redirect(where)
        if name not in CHANGES:
            raise InputError(f"there is no change '{name[:40]}' of a plan; load the page again")
        view = change_draft(place, actor, patient_id, number, lambda kept, seen: CHANGES[name](kept, seen, fields))
    except LockedError:
        if not is_partial:
            return Redirect(where)
        return Response("", status_code=200, headers={"HX-Redirect": where})
    except InputError as error:
        if not is_partial:
            raise
        view, fault = read_plan(place, actor, patient_id), str(error)
    if not is_partial:
        return Redirect(where)
    return page(request, "plan_editor.html.j2", **_values(place, view, fault))


@post("/patients/{patient_id:str}/plan/agree", name="agree plan", opt=rule("case", "agree plan"), status_code=200)
async def agreeing(request: Request[Any, Any, Any], patient_id: str) -> Redirect:
    """Write the plan that was agreed."""
    fields, actor = await read_form(request), visitor_of(request).actor
    place, is_agreed = request.app.state.place, fields.get("agreed") == "yes"
    number, digest = _whole(fields, "number"), fields.get("plan", "")
    await to_thread.run_sync(agree, place, actor, patient_id, number, digest, is_agreed)
    return Redirect(f"/patients/{patient_id}/plan")


def _values(place: Place, view: PlanView, fault: str = "") -> dict[str, Any]:
    case = view.case
    with place.database.reading() as connection:
        names = names_of_accounts(connection, case.patient.clinic_id)
    shown = view.plan or (view.agreed.plan if view.agreed else None)
    return {
        "title": f"Plan · {case.patient.name}",
        "case": case,
        "tab": "plan",
        "screen": case.screened(),
        "view": view,
        "plan": shown,
        "number": view.draft.number if view.draft else 0,
        "edits": view.draft.edits if view.draft else Edits(),
        "names": names,
        "fault": fault or view.fault,
        "groups": _groups(shown.parts if shown else ()),
        "preview": letter_fragment(patient_plan(shown, case.patient.pseudonym, place.settings), base=3)
        if shown
        else "",
        "library": _library(case.person) if view.plan else (),
        "is_editable": view.plan is not None,
        "topics": NOTE_TOPICS,
        "backed": backed,
        "part_lines": part_lines,
        "said_beside_lines": said_beside_lines,
        "side_label": side_label,
        "is_droppable": is_droppable,
        "dose_limits": dose_limits,
        "orthosis_limits": ORTHOSIS_LIMITS,
        "materials": MATERIALS,
        "proposed": {part.id: part for part in view.proposal.plan.parts} if view.proposal else {},
    }


def _groups(parts: tuple[Part, ...]) -> list[tuple[str, str, list[Part]]]:
    found: dict[str, list[Part]] = {key: [] for key, _ in GROUPS}
    for part in parts:
        if not part.id.startswith("dropped."):
            found[_group(part)].append(part)
    return [(key, title, found[key]) for key, title in GROUPS if found[key]]


def _group(part: Part) -> str:
    if part.kind in ("orthosis", "heel lift"):
        return "sheet"
    if part.kind == "advice" and not is_droppable(part):
        return "safety"
    return part.kind


def _library(person: Person) -> list[tuple[str, str, str]]:
    """Return key, name and what forbids it, of every exercise with a dose; those that are allowed first."""
    rows = [
        (key, exercise_sentences(key).name.text, said[0].text if said else "")
        for key, said in may_be_added(person).items()
    ]
    return sorted(rows, key=lambda row: (bool(row[2]), row[1]))


# Each change of a draft, by the word its form sends.


def _begin(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    return replace(kept, reason=_text(fields, "reason"), is_kept_up=fields.get("keep_up") == "yes")


def _drop(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    key, edits = _text(fields, "part"), kept.edits
    added = [a for a in edits.added if not key.startswith(f"exercise.{a.exercise}.")]
    if len(added) < len(edits.added):
        return _with(kept, added=tuple(added), doses=_without(edits.doses, key))
    doses, goals, orthoses = (_without(table, key) for table in (edits.doses, edits.goals, edits.orthoses))
    dropped = MappingProxyType({**edits.dropped, key: _text(fields, "reason")})
    return _with(kept, dropped=dropped, doses=doses, goals=goals, orthoses=orthoses)


def _restore(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    return _with(kept, dropped=_without(kept.edits.dropped, _text(fields, "part")))


def _dose(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    key = _text(fields, "part")
    parts = {part.id: part for part in (view.plan.parts if view.plan else ())}
    part = parts.get(key)
    if not isinstance(part, Exercise):
        raise InputError("this exercise is no part of the plan any more; load the page again")
    hold = _pair(fields, "hold_s") if "hold_s_least" in fields else None
    wanted = DoseEdit(
        sets=_pair(fields, "sets"),
        repetitions=_pair(fields, "repetitions"),
        days_per_week=_pair(fields, "days_per_week"),
        times_per_day=_pair(fields, "times_per_day"),
        hold_s=(float(hold[0]), float(hold[1])) if hold else None,
        load=fields.get("load", "").strip(),
    )
    return _with(kept, doses=MappingProxyType({**kept.edits.doses, key: wanted}))


def _usual_dose(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    return _with(kept, doses=_without(kept.edits.doses, _text(fields, "part")))


def _orthosis(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    amounts = {name: _number(fields, name) for name in ORTHOSIS_LIMITS}
    wanted = OrthosisParameters(**amounts, material=_text(fields, "material"))
    return _with(kept, orthoses=MappingProxyType({**kept.edits.orthoses, _text(fields, "part"): wanted}))


def _usual_orthosis(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    return _with(kept, orthoses=_without(kept.edits.orthoses, _text(fields, "part")))


def _add(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    side: Any = fields.get("side", "")
    made = AddedExercise(_text(fields, "exercise"), side, _text(fields, "reason"))
    return _with(kept, added=(*kept.edits.added, made))


def _goal(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    target = fields.get("target", "").strip().replace(",", ".")
    try:
        wanted = GoalEdit(float(target) if target else None, _whole(fields, "by_week"))
    except ValueError as error:
        raise InputError("the target of a goal is a number, such as 3 or 2.5") from error
    return _with(kept, goals=MappingProxyType({**kept.edits.goals, _text(fields, "part"): wanted}))


def _usual_goal(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    return _with(kept, goals=_without(kept.edits.goals, _text(fields, "part")))


def _own_goal(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    made = OwnGoal(_text(fields, "activity"), _whole(fields, "by_week"))
    return _with(kept, own_goals=(*kept.edits.own_goals, made))


def _no_own_goal(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    return _with(kept, own_goals=_but(kept.edits.own_goals, _whole(fields, "place")))


def _note(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    topic: Any = fields.get("topic", "")
    return _with(kept, notes=(*kept.edits.notes, Note(topic, _text(fields, "text"))))


def _no_note(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    return _with(kept, notes=_but(kept.edits.notes, _whole(fields, "place")))


def _all_as_proposed(kept: Draft, view: PlanView, fields: Fields) -> Draft:
    return replace(kept, edits=Edits())


CHANGES: Mapping[str, Callable[[Draft, PlanView, Fields], Draft]] = {
    "begin": _begin,
    "drop": _drop,
    "restore": _restore,
    "dose": _dose,
    "usual dose": _usual_dose,
    "orthosis": _orthosis,
    "usual orthosis": _usual_orthosis,
    "add": _add,
    "goal": _goal,
    "usual goal": _usual_goal,
    "own goal": _own_goal,
    "no own goal": _no_own_goal,
    "note": _note,
    "no note": _no_note,
    "as proposed": _all_as_proposed,
}


def _with(kept: Draft, **changed: Any) -> Draft:
    return replace(kept, edits=replace(kept.edits, **changed))


def _without(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return MappingProxyType({name: value for name, value in table.items() if name != key})


def _but(rows: tuple[Any, ...], place: int) -> tuple[Any, ...]:
    return tuple(row for position, row in enumerate(rows, 1) if position != place)


def _text(fields: Fields, name: str) -> str:
    return " ".join(fields.get(name, "").split())


def _whole(fields: Fields, name: str) -> int:
    given = fields.get(name, "").strip()
    if not given.isascii() or not given.isdigit() or len(given) > 6:
        raise SettingError(f"{name.replace('_', ' ')} is a whole number; load the page again if it was not asked for")
    return int(given)


def _number(fields: Fields, name: str) -> float:
    try:
        return float(fields.get(name, "").strip().replace(",", "."))
    except ValueError as error:
        words = name.rpartition("_")[0].replace("_", " ")
        raise SettingError(f"the {words} of an orthosis is a number, such as 4 or 2.5") from error


def _pair(fields: Fields, name: str) -> tuple[int, int]:
    least = _whole(fields, f"{name}_least")
    return least, _whole(fields, f"{name}_most") if fields.get(f"{name}_most", "").strip() else least


ROUTES = (plan_page, changing, agreeing)
