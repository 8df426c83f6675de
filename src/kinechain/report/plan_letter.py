"""The printed plan: in plain words and big type for a patient, with all that stands behind it for a clinician."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from kinechain.care.planning.plan import Advice, Exercise, Goal, HeelLift, NotOffered, Orthosis, Part, Plan, Referral
from kinechain.care.screening.settings import Settings
from kinechain.evidence.wording import say
from kinechain.report.letter import Block, Letter, Section, about, backed, bullets, led, lines, text_of
from kinechain.report.plan_lines import part_lines, said_beside_lines, side_label

__all__ = ["beside_exercises", "clinician_plan", "orthosis_sheets", "patient_plan"]

#: When to call at once, in the order printed.
CALLS = ("bladder", "saddle", "legs", "weak", "chest", "cold", "hot", "fever", "harm")


def patient_plan(plan: Plan, pseudonym: str, settings: Settings) -> Letter:
    """Return the plan as a patient takes it home: one sheet for each exercise, sides named, when to stop, whom to call.

    Parameters
    ----------
    plan : Plan
    pseudonym : str
    settings : Settings
    """
    parts = plan.for_patient()
    exercises = [part for part in parts if isinstance(part, Exercise)]
    advice = [part for part in parts if isinstance(part, Advice)]
    sections = [
        Section("", (_lead(plan),)),
        _calls(settings),
        Section(text_of("plan_exercises"), _overview(exercises)),
        _reviews(plan),
        _goals(parts),
        *_safety([part for part in advice if part.topic == "safety"]),
        *(_sheet(exercise, plan.weeks) for exercise in exercises),
        *_advice([part for part in advice if part.topic != "safety"]),
        *(_short(part) for part in parts if isinstance(part, Referral)),
        _not_offered(parts),
        Section(text_of("plan_not_asked"), (bullets(plan.not_asked, False),)),
    ]
    return Letter(text_of("plan_title"), about(pseudonym, plan.made_on, plan.version), _filled(sections), is_large=True)


def beside_exercises(plan: Plan) -> tuple[Section, ...]:
    """Return what a plan tells a patient beside the exercises: goals, advice, what is not offered; for a screen.

    Parameters
    ----------
    plan : Plan
    """
    parts = plan.for_patient()
    told = [part for part in parts if isinstance(part, Advice | Referral)]
    return _filled([_goals(parts), *(_short(part) for part in told), _not_offered(parts)])


def clinician_plan(plan: Plan, pseudonym: str) -> Letter:
    """Return the plan with every reason, source and certainty, and the orthosis sheet on a page of its own.

    Parameters
    ----------
    plan : Plan
    pseudonym : str
    """
    sheets = [part for part in plan.parts if isinstance(part, Orthosis)]
    rest = [part for part in plan.parts if not isinstance(part, Orthosis)]
    sections = [
        Section("", (_lead(plan),)),
        Section(text_of("clinician_parts"), (Block("paragraphs", (say("letters.not_signed").text,)),)),
        *(_part(part) for part in rest),
        _hypotheses(plan),
        Section(text_of("clinician_reviews"), (_checkpoints(plan),)),
        Section(text_of("plan_not_asked"), (bullets(plan.not_asked, True),)),
        Section("", (_signatures(),)),
        *(_orthosis(sheet) for sheet in sheets),
    ]
    return Letter(text_of("clinician_title"), about(pseudonym, plan.made_on, plan.version), _filled(sections))


def orthosis_sheets(plan: Plan, pseudonym: str) -> Letter | None:
    """Return the sheets of orthoses and heel lifts alone, for the clinician; None if the plan has none.

    Parameters
    ----------
    plan : Plan
    pseudonym : str
    """
    sections = [
        *(_orthosis(part) for part in plan.parts if isinstance(part, Orthosis)),
        *(_part(part) for part in plan.parts if isinstance(part, HeelLift)),
    ]
    if not sections:
        return None
    return Letter(text_of("clinician_orthosis"), about(pseudonym, plan.made_on, plan.version), _filled(sections))


def _filled(sections: Sequence[Section]) -> tuple[Section, ...]:
    return tuple(section for section in sections if any(not block.is_empty for block in section.blocks))


def _lead(plan: Plan) -> Block:
    told = [say("letters.plan_for", weeks=plan.weeks, day=plan.made_on.isoformat())]
    told += [say("letters.plan_screen_only")] if plan.mode == "screen only" else []
    told += [say("letters.plan_replaces", reason=plan.reason)] if plan.replaces else []
    return bullets(told, True, "paragraphs")


def _calls(settings: Settings) -> Section:
    number = settings.emergency_number
    lead = say("letters.plan_calls_lead", number=number) if number else say("letters.plan_calls_lead_local")
    told = [lead, *(say(f"letters.plan_call_{name}") for name in CALLS)]
    told += [say("letters.plan_crisis_line", line=settings.crisis_line)] if settings.crisis_line else []
    clinic = settings.clinic
    contact = (
        Block("paragraphs", (say("letters.plan_clinic", clinic=clinic).text,))
        if clinic
        else Block("blanks", (text_of("plan_clinic_blank"),))
    )
    return Section(text_of("plan_calls"), (bullets(told, False, "notice"), contact))


def _goals(parts: Sequence[Part]) -> Section:
    """Return the goals; what several of them say is said at the first."""
    blocks: list[Block] = []
    said: set[str] = set()
    for goal in (part for part in parts if isinstance(part, Goal)):
        aim = "; ".join(f"{label.text}: {value}" for label, value in part_lines(goal))
        told = bullets([sentence for sentence in goal.sentences if sentence.text not in said], False)
        blocks += [Block("lead", (goal.title.text,)), Block("paragraphs", (aim,)), *([] if told.is_empty else [told])]
        said |= {sentence.text for sentence in goal.sentences}
    return Section(text_of("plan_goals"), tuple(blocks))


def _overview(exercises: Sequence[Exercise]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for part in exercises:
        name = ", ".join(filter(None, (part.title.text, side_label(part.side))))
        blocks += [Block("lead", (name,)), Block("paragraphs", (_dose_short(part),))]
    return tuple(blocks)


def _dose_short(exercise: Exercise) -> str:
    return "; ".join(f"{label.text}: {value}" for label, value in part_lines(exercise))


def _reviews(plan: Plan) -> Section:
    return Section(text_of("plan_reviews"), (_checkpoints(plan),))


def _checkpoints(plan: Plan) -> Block:
    """Return the reviews with the days on which they fall."""
    return Block("bullets", tuple(f"{name}: {_days(name, plan.made_on)}".removesuffix(": ") for name in plan.reviews))


def _days(checkpoint: str, start: date) -> str:
    kind, _, numbers = checkpoint.partition(" ")
    if kind not in ("day", "week") or not all(number.isdigit() for number in numbers.split("-")):
        return ""
    days = [start + timedelta(days=int(number) * (7 if kind == "week" else 1)) for number in numbers.split("-")]
    first, last = days[0].isoformat(), days[-1].isoformat()
    return first if first == last else say("letters.range", least=first, most=last).text


def _sheet(exercise: Exercise, weeks: int) -> Section:
    """Return the sheet of one exercise, on a page of its own."""
    stop = [say("letters.plan_stop"), *exercise.stop_rules]
    blocks = [
        bullets(exercise.sentences, False, "paragraphs"),
        lines(part_lines(exercise), False),
        *led("plan_start", bullets(exercise.setup, False)),
        *led("plan_how", bullets(exercise.cues, False, "steps")),
        bullets(stop, False, "notice"),
        *led("plan_easier", bullets(exercise.regressions, False)),
        *led("plan_harder", bullets(exercise.progressions, False)),
        *led("plan_why", bullets([reason.sentence for reason in exercise.because], False)),
        Block("lead", (text_of("plan_tick"),)),
        Block("ticks", rows=tuple((f"{text_of('plan_week')} {week}",) for week in range(1, weeks + 1))),
    ]
    return Section(exercise.title.text, tuple(blocks), exercise.side, starts_page=True)


def _advice(parts: Sequence[Part]) -> tuple[Section, ...]:
    """Return advice under one heading that begins a page."""
    if not parts:
        return ()
    return (
        Section(text_of("plan_advice"), (Block("paragraphs", (text_of("plan_advice_lead"),)),), starts_page=True),
        *(_short(part) for part in parts),
    )


def _safety(parts: Sequence[Part]) -> tuple[Section, ...]:
    """Return when to stop and how much pain is fine; their reasons only say so again, and stand in the other copy."""
    return tuple(Section(part.title.text, (bullets(part.sentences, False),), part.side, level=2) for part in parts)


def _short(part: Part) -> Section:
    shown = bullets(part.sentences, False)
    why = led("plan_why", bullets([reason.sentence for reason in part.because], False))
    return Section(part.title.text, (shown, *why), part.side, level=3)


def _not_offered(parts: Sequence[Part]) -> Section:
    blocks: list[Block] = []
    for part in parts:
        if isinstance(part, NotOffered):
            reasons = [reason.sentence for reason in part.because]
            blocks += [Block("lead", (part.title.text,)), bullets([*part.sentences, *reasons], False)]
    return Section(text_of("plan_not_offered"), tuple(blocks))


def _part(part: Part) -> Section:
    """Return one part as a clinician reads it."""
    blocks = [
        lines(part_lines(part)),
        bullets(said_beside_lines(part), True),
        Block("lead", (text_of("because"),)),
        _reasons(part),
    ]
    if isinstance(part, Exercise):
        rests = ", ".join((part.dose.basis, *part.dose.sources))
        blocks += [
            Block("lines", rows=((text_of("dose_rests_on"), rests),)),
            *led("plan_start", bullets(part.setup, True)),
            *led("plan_how", bullets(part.cues, True)),
            *led("plan_stop", bullets(part.stop_rules, True)),
            *led("plan_easier", bullets(part.regressions, True)),
            *led("plan_harder", bullets(part.progressions, True)),
        ]
    return Section(part.title.text, tuple(blocks), part.side, level=3)


def _reasons(part: Part) -> Block:
    """Return every reason with what it refers to, a rule once."""
    told = []
    for reason in part.because:
        is_said = reason.kind == "rule" and reason.ref == reason.sentence.rule
        told.append(backed(reason.sentence, True) + ("" if is_said else f" ({reason.kind}: {reason.ref})"))
    return Block("bullets", tuple(told))


def _hypotheses(plan: Plan) -> Section:
    names = ("clinician_hypothesis", "clinician_measure", "clinician_chance", "clinician_parts_on_it")
    rows = tuple(
        (
            hypothesis.player,
            hypothesis.measure,
            text_of("clinician_exam_alone") if hypothesis.p_relevant is None else f"{hypothesis.p_relevant:.2f}",
            ", ".join(hypothesis.parts),
        )
        for hypothesis in plan.hypotheses
    )
    return Section(text_of("clinician_hypotheses"), (Block("table", head=tuple(map(text_of, names)), rows=rows),))


def _signatures() -> Block:
    return Block("blanks", tuple(text_of(f"sign_{name}") for name in ("name", "signature", "date")))


def _orthosis(sheet: Orthosis) -> Section:
    blocks = (
        bullets([say("letters.clinician_orthosis_note"), *said_beside_lines(sheet)], True),
        lines(part_lines(sheet)),
        Block("lead", (text_of("because"),)),
        _reasons(sheet),
        _signatures(),
    )
    return Section(f"{text_of('clinician_orthosis')}: {sheet.title.text}", blocks, sheet.side, starts_page=True)
