"""A plan as plain values, schema ``kinechain/plan/1``, and back: only with the lock open, only if unaltered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_type_hints

from kinechain.care.follow_up.events import PlanMade
from kinechain.care.planning.plan import Hypothesis, Part, Plan
from kinechain.care.records.plain_values import from_plain, to_plain
from kinechain.care.screening.lock import Unlocked
from kinechain.core.errors import InputError, LockedError, suggest

__all__ = ["PLAN_SCHEMA", "PastPlan", "agreed_plan", "past_plan", "plan_from_plain", "plan_plain"]

#: Version of the plan as plain values.
PLAN_SCHEMA = "kinechain/plan/1"

#: Where an event keeps the plan that was read from it: neither of the two ever changes.
READ = "_read"


@dataclass(frozen=True)
class PastPlan:
    """A plan that is read again as a record of what was planned; never the plan of today.

    Attributes
    ----------
    plan : Plan
    id : str
        As it was made.
    is_as_made : bool
        False if another version made it and its content can no longer be read in full, or reads otherwise today.
    """

    plan: Plan
    id: str
    is_as_made: bool = True


def plan_plain(plan: Plan) -> dict[str, Any]:
    """Return a plan as dictionaries, lists, texts and numbers; of the lock only the digest of the answers.

    Parameters
    ----------
    plan : Plan
    """
    fields = {name: to_plain(getattr(plan, name)) for name in plan.__dataclass_fields__ if name != "unlocked"}
    return {"schema": PLAN_SCHEMA, "id": plan.id, **fields}


def plan_from_plain(plain: Mapping[str, Any], unlocked: Unlocked, *, is_past: bool = False) -> Plan:
    """Return the plan that `plan_plain` wrote.

    Parameters
    ----------
    plain : mapping
    unlocked : Unlocked
        Of the person as they are now.
    is_past : bool
        Read it as a record of what was planned: the answers may have changed since.  Never show such a plan as the
        plan of today, it may hold what the new answers forbid.

    Raises
    ------
    InputError
        If it is no such plan, or was altered after it was made.
    LockedError
        If the lock is closed, or the answers are others than those it was made for.
    """
    if not isinstance(unlocked, Unlocked):
        raise LockedError("no plan without unlocked danger signs: call unlock(person) first")
    schema = plain.get("schema") if isinstance(plain, Mapping) else None
    if schema != PLAN_SCHEMA:
        raise InputError(f"this is no plan of the schema '{PLAN_SCHEMA}': it names {str(schema)[:60]!r}")
    if plain.get("answers") != unlocked.answers and not is_past:
        raise LockedError("the answers have changed since this plan was made; make a new plan, which replaces it")
    plan = Plan(unlocked=unlocked, **_fields(plain))
    if plan.id != plain.get("id"):
        raise InputError("this plan is not as it was made: its content does not fit its id; read the original again")
    return plan


def agreed_plan(made: PlanMade, unlocked: Unlocked, *, is_past: bool = False) -> Plan:
    """Return the plan of an event, as `plan_from_plain` does; while the lock says the same it is read once.

    Parameters
    ----------
    made : PlanMade
    unlocked : Unlocked
    is_past : bool
        As in `plan_from_plain`, and so are the errors.
    """
    known: Plan | None = vars(made).get(READ)
    if known is not None and isinstance(unlocked, Unlocked) and (is_past or known.answers == unlocked.answers):
        if (known.unlocked.answers, known.unlocked.screen) == (unlocked.answers, unlocked.screen):
            return known
    plan = vars(made)[READ] = plan_from_plain(made.plan, unlocked, is_past=is_past)
    return plan


def past_plan(made: PlanMade, unlocked: Unlocked, version: str) -> PastPlan:
    """Return a plan of the past; one of another version is read as far as it can be.

    Parameters
    ----------
    made : PlanMade
    unlocked : Unlocked
        Of the person as they are now.
    version : str
        Of kinechain, today.

    Raises
    ------
    InputError
        If it is no plan, or this very version made it and it was altered since.
    LockedError
        If the lock is closed.
    """
    plain = made.plan
    try:
        plan = agreed_plan(made, unlocked, is_past=True)
    except InputError:
        is_other = isinstance(plain, Mapping) and plain.get("schema") == PLAN_SCHEMA and plain.get("id")
        if not is_other or plain.get("version", version) == version:
            raise
        return PastPlan(_readable(plain, unlocked), str(plain["id"]), is_as_made=False)
    return PastPlan(plan, plan.id)


def _readable(plain: Mapping[str, Any], unlocked: Unlocked) -> Plan:
    """Return what can be read of a plan that another version made; parts that cannot are left out."""
    kinds = {name: kind for name, kind in get_type_hints(Plan).items() if name != "unlocked"}
    usual = {field.name: field.default for field in fields(Plan) if field.default is not MISSING}
    parts = _each(plain.get("parts"), Part)
    known = {part.id for part in parts}
    hypotheses = tuple(h for h in _each(plain.get("hypotheses"), Hypothesis) if set(h.parts) <= known)
    read: dict[str, Any] = {"parts": parts, "hypotheses": hypotheses}
    for name in set(kinds) - set(read):
        try:
            read[name] = from_plain(plain[name], kinds[name])
        except (InputError, KeyError) as error:
            if name not in usual:
                told = f"a plan of version {plain.get('version')} cannot be read: its {name} is missing"
                raise InputError(told) from error
            read[name] = usual[name]
    return Plan(unlocked=unlocked, **read)


def _each(rows: Any, kind: Any) -> tuple[Any, ...]:
    found = []
    for row in (row for row in rows if isinstance(row, Mapping)) if isinstance(rows, list | tuple) else ():
        try:
            found.append(from_plain(row, kind))
        except InputError:
            continue
    return tuple(found)


def _fields(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return every field of a plan but the lock."""
    kinds = {name: kind for name, kind in get_type_hints(Plan).items() if name != "unlocked"}
    written = {key: value for key, value in plain.items() if key not in ("schema", "id")}
    if extra := sorted(set(written) - set(kinds)):
        raise InputError(f"a plan has no key '{extra[0]}'. {suggest(extra[0], kinds, limit=20)}")
    if lacking := sorted(set(kinds) - set(written)):
        raise InputError(f"this plan lacks the key '{lacking[0]}'")
    found = {}
    for name, value in written.items():
        try:
            found[name] = from_plain(value, kinds[name])
        except InputError as error:
            raise InputError(f"{name} of this plan: {error}") from error
    return found
