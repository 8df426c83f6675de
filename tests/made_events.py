"""One event of every kind, for tests of what keeps and exchanges them."""

from datetime import date, datetime, timedelta, timezone
from types import MappingProxyType

from kinechain.care.follow_up.events import (
    Acknowledged,
    AdverseEvent,
    Alerted,
    CheckIn,
    Cleared,
    ClearingWithdrawn,
    ConsentGiven,
    ConsentWithdrawn,
    Event,
    FootwearWorn,
    NextMorning,
    NotDone,
    Paused,
    PlanMade,
    Reviewed,
    Session,
    StandingDay,
    StepsTaken,
    VisitMade,
)
from kinechain.care.person.person import Score
from kinechain.care.screening.clearance import Clearance
from kinechain.core.estimate import Estimate

MORNING = datetime(2026, 3, 2, 7, 30, tzinfo=timezone(timedelta(hours=5, minutes=45)))


def every_kind() -> tuple[Event, ...]:
    """Return one event of every kind, an hour apart, with as many fields set as there are."""
    clearance = Clearance("weight_loss", "ab" * 32, "drv", "looked into", MORNING, "cd" * 8, "c2ln")
    made: list[tuple[type[Event], dict[str, object]]] = [
        (
            Session,
            {
                "exercise": "calf_raise",
                "side": "left",
                "sets": 3,
                "repetitions": 12,
                "load_kg": 2.5,
                "hold_s": 2,
                "effort": 6.0,
                "pain_before": 2,
                "pain_during": 3.0,
                "repetitions_in_reserve": 2,
            },
        ),
        (NextMorning, {"pain": 2.0, "usual_pain": 3.0, "soreness": 4.0, "soreness_days": 1.5}),
        (CheckIn, {"screen": MappingProxyType({"ces_bladder": "no", "self_harm": "skipped"}), "back_pain": 3.0}),
        (StandingDay, {"prompts": 8, "noticed": 5, "weight_on": "left", "hours": 6.5}),
        (FootwearWorn, {"kind": "trainer", "hours": 7.5, "orthosis": True}),
        (StepsTaken, {"day": date(2026, 3, 1), "steps": 6421, "source": "phone"}),
        (
            AdverseEvent,
            {"what": "fall", "severity": "mild", "exercise": "calf_raise", "note": "am Bordstein, \u00e4rgerlich"},
        ),
        (
            VisitMade,
            {
                "visit": "baseline",
                "version": "0.1.0",
                "inputs": MappingProxyType({"walk1.c3d": "ef" * 32}),
                "assessment": MappingProxyType({"measures": [{"id": "gps", "value": 6.5, "low": None}]}),
                "scores": (
                    Score("nprs", 5.0, answered_on=date(2026, 3, 1)),
                    Score("rmdq24", 2, MappingProxyType({"3": 1.0})),
                ),
            },
        ),
        (PlanMade, {"plan": MappingProxyType({"schema": "kinechain/plan/1", "parts": []}), "replaces": ""}),
        (
            Reviewed,
            {
                "checkpoint": "week 2",
                "decision": "continue",
                "measures": MappingProxyType({"lunge_test left": Estimate(9, 8.1, 9.9, "cm", "chisholm2012")}),
            },
        ),
        (ClearingWithdrawn, {"signature": clearance.signature}),
        (Cleared, {"clearance": clearance}),
        (Alerted, {"alert": "pain_rising", "urgency": "soon", "text": "pain rose"}),
        (Acknowledged, {"alert": "pain_rising 2026-03-02"}),
        (NotDone, {"exercise": "calf_raise", "side": "left"}),
        (Paused, {"first": date(2026, 3, 4), "last": date(2026, 3, 6), "reason": "sick"}),
        (ConsentGiven, {"scope": ("care", "sharing"), "keep_until": date(2031, 3, 1), "wording": "12" * 32}),
        (ConsentWithdrawn, {"scope": ("sharing",)}),
    ]
    return tuple(
        kind(id=f"entry-{number:03d}", at=MORNING + timedelta(hours=number), by="patient", why="", **fields)
        for number, (kind, fields) in enumerate(made)
    )
