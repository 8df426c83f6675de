"""The plan and the danger signs as JSON, schemas ``kinechain/plan/1`` and ``kinechain/screen/1``."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from kinechain.care.person.person import Person
from kinechain.care.planning.plan import Plan, Referral
from kinechain.care.records.plain_values import to_plain
from kinechain.care.records.plan_values import PLAN_SCHEMA, plan_from_plain, plan_plain
from kinechain.care.screening.lock import Unlocked
from kinechain.care.screening.screen import Flag, Screen
from kinechain.core.errors import FileError
from kinechain.core.purpose import INTENDED_PURPOSE

__all__ = ["PLAN_SCHEMA", "SCREEN_SCHEMA", "plan_from_json", "plan_json", "read_care_schema", "screen_json"]

SCREEN_SCHEMA = "kinechain/screen/1"


def read_care_schema(name: str) -> dict[str, Any]:
    """Return one JSON Schema.

    Parameters
    ----------
    name : 'plan', 'screen' or 'progress'
    """
    text = files("kinechain.report").joinpath("schema", f"{name}-1.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def plan_json(plan: Plan) -> str:
    """Return a plan as JSON.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    str
        Indented JSON that ends with a line break; it holds no pseudonym.
    """
    plain = plan_plain(plan)
    return _text({"schema": plain.pop("schema"), "intended_purpose": INTENDED_PURPOSE, **plain})


def plan_from_json(text: str, unlocked: Unlocked, *, is_past: bool = False) -> Plan:
    """Return the plan that `plan_json` wrote.

    Parameters
    ----------
    text : str
    unlocked : Unlocked
        Of the person as they are now.
    is_past : bool
        As of `kinechain.care.records.plan_values.plan_from_plain`.

    Raises
    ------
    FileError
        If it is not JSON.
    InputError
        If it is no such plan, or was altered.
    LockedError
        If the lock is closed, or the answers are others than those it was made for.
    """
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileError(f"this is no plan: it is not valid JSON ({type(error).__name__})") from error
    if isinstance(plain, dict):
        plain.pop("intended_purpose", None)
    return plan_from_plain(plain, unlocked, is_past=is_past)


def screen_json(
    person: Person, screen: Screen, emergency_number: str = "", crisis_line: str = "", referral: Referral | None = None
) -> str:
    """Return the outcome of the danger signs as JSON.

    Parameters
    ----------
    person : Person
        Of whom only the pseudonym enters.
    screen : Screen
    emergency_number, crisis_line : str
        Of the settings of this installation; '' if none was set.
    referral : Referral, optional
        To whom and how soon.

    Returns
    -------
    str
        Indented JSON that ends with a line break.
    """
    emergency = screen.level == "emergency"
    document = {
        "schema": SCREEN_SCHEMA,
        "intended_purpose": INTENDED_PURPOSE,
        "person": {"pseudonym": person.pseudonym},
        "screen": screen_plain(screen),
        "emergency": {
            "act_now": emergency,
            "number": emergency_number or None,
            "crisis_line": crisis_line or None,
            "watched": False,
        },
        "referral": to_plain(referral) if referral else None,
    }
    return _text(document)


def screen_plain(screen: Screen) -> dict[str, Any]:
    """Return the outcome of the danger signs as plain values.

    Parameters
    ----------
    screen : Screen
    """
    return {
        "level": screen.level,
        "plan_locked": screen.plan_locked,
        "reason": screen.reason,
        "flags": [_flag(flag) for flag in screen.flags],
        "cleared": [
            {
                **_flag(flag),
                "clinician": clearance.clinician,
                "why": clearance.reason,
                "at": clearance.at.isoformat(),
                "key_id": clearance.key_id,
            }
            for flag, clearance in screen.cleared
        ],
        "not_asked": list(screen.not_asked),
        "contradictions": list(screen.contradictions),
    }


def _flag(flag: Flag) -> dict[str, Any]:
    return {
        "id": flag.id,
        "urgency": flag.urgency,
        "basis": flag.basis,
        "answer": flag.answer,
        "question": flag.question,
        "rule": flag.rule,
        "rule_id": flag.rule_id,
        "together_with": list(flag.together_with),
        "sources": list(flag.sources),
        "needs_sign_off": flag.needs_sign_off,
    }


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
