"""A small plan with one part of every kind, for tests of what keeps, prints and exchanges plans."""

from datetime import date

from care_people import CALM
from kinechain.care.person.person import Person
from kinechain.care.planning.plan import (
    Advice,
    Because,
    Dose,
    Exercise,
    Goal,
    HeelLift,
    Hypothesis,
    NotOffered,
    Orthosis,
    Plan,
    Referral,
)
from kinechain.care.screening.lock import Unlocked, unlock
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import Sentence


def healthy(**fields: object) -> Person:
    """Return an adult who answered every danger sign with no."""
    return Person(**{"pseudonym": "P01", "sex": "female", "age_years": 46.0, "screen": CALM, **fields})  # type: ignore[arg-type]


def unlocked_person() -> Unlocked:
    """Return the opened lock of `healthy`."""
    return unlock(healthy())


def advice(text: str, key: str = "plan.made") -> Sentence:
    """Return a sentence as a plan holds one."""
    return Sentence(key, text, "advice", "both", ("nice_ng59",), "R5.1", "low")


WHY = (
    Because("finding", "ankle.lunge right", advice("Your right ankle bends less than the left.")),
    Because("rule", "R5.1", advice("Moving is advised for back pain.")),
)
DOSE = Dose(
    (3, 3), (8, 12), (2, 3), hold_s=(2.0, 2.0), load="a rucksack", basis="trial", sources=("rathleff2015_dose",)
)


def made_plan(unlocked: Unlocked | None = None, **fields: object) -> Plan:
    """Return a plan with one part of every kind."""
    parts = (
        Goal(
            id="goal.pain",
            title=advice("Less pain in the heel"),
            because=WHY,
            measure="nprs",
            baseline=6,
            target=4.0,
            unit="points of 10",
            by_week=6,
        ),
        Exercise(
            id="exercise.calf_raise.right",
            title=advice("Heel raise on a step"),
            because=WHY,
            exercise="calf_raise",
            dose=DOSE,
            side="right",
            setup=(advice("Stand on a step with a rolled towel under your toes."),),
            cues=(advice("Up slowly."), advice("Hold, then down slowly.")),
            regressions=(advice("Use both legs."),),
            progressions=(advice("Add a little weight."),),
            stop_rules=(advice("Stop if your pain goes above five of ten."),),
        ),
        Advice(
            id="advice.walk",
            title=advice("Walk"),
            because=WHY,
            topic="walking",
            sentences=(advice("Walk a little each day, as you like it."),),
        ),
        Orthosis(
            id="orthosis.right",
            title=advice("Orthosis, right"),
            because=WHY,
            side="right",
            rearfoot_posting_deg=4,
            arch_mm=2.5,
            material="EVA",
            trial_weeks=6,
            stop_on=date(2026, 4, 13),
            predicted=(("rearfoot eversion", Estimate(-1.5, -3.1, 0.2, "deg", "model")),),
        ),
        HeelLift(
            id="lift.left",
            title=advice("Heel lift, left"),
            because=WHY,
            side="left",
            difference=Estimate(9.0, 7.0, 11.0, "mm", "imaging"),
            lift_mm=6.0,
            first_step_mm=3.0,
            basis="imaging",
        ),
        Referral(
            id="referral.podiatrist",
            title=advice("See a podiatrist"),
            because=WHY,
            to="podiatrist",
            urgency="routine",
            sentences=(advice("Please check the shoes."),),
        ),
        NotOffered(
            id="not.ems",
            title=advice("Electrical stimulation"),
            because=WHY,
            intervention="ems",
            blocked_by=("pregnancy",),
        ),
    )
    hypothesis = Hypothesis("ankle.lunge right", "lunge_test right", ("exercise.calf_raise.right",), 0.62)
    given: dict[str, object] = {
        "mode": "care",
        "made_on": date(2026, 3, 2),
        "weeks": 8,
        "parts": parts,
        "hypotheses": (hypothesis,),
        "reviews": ("day 3-7", "week 2", "week 6", "week 8"),
        "version": "0.1.0",
        "not_asked": (advice("The nerve screen was not done."),),
    }
    return Plan(unlocked or unlocked_person(), **{**given, **fields})  # type: ignore[arg-type]
