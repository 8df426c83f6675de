"""A plan as a terminal prints it: what to do first, why, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

from kinechain.care.plan import (
    Advice,
    Because,
    Dose,
    Exercise,
    Goal,
    HeelLift,
    Hypothesis,
    NotOffered,
    Orthosis,
    Part,
    Plan,
    Referral,
)
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import Audience, Sentence, say

__all__ = ["dose_words", "plan_lines", "referral_lines"]


def plan_lines(plan: Plan, person: str, audience: Audience = "clinician") -> list[str]:
    """Return a plan, one paragraph a line.

    Parameters
    ----------
    plan : Plan
    person : str
        Pseudonym.
    audience : 'patient', 'clinician' or 'both'
        A patient sees no orthosis sheet, no sources and nothing that is for the clinician alone.
    """
    is_patient = audience == "patient"
    shown = plan.for_patient() if is_patient else plan.parts
    own = [part for part in shown if part.audience != "clinician"]
    lines = _head(plan, person)
    lines += _section("goals", [_part(p, is_patient) for p in own if isinstance(p, Goal)])
    lines += _exercises([p for p in own if isinstance(p, Exercise)], is_patient)
    lines += _section("advice", [_part(p, is_patient) for p in own if isinstance(p, Advice)])
    lines += _section("referrals", [_part(p, is_patient) for p in own if isinstance(p, Referral)])
    lines += _section("clinician", [_part(p, is_patient) for p in shown if p.audience == "clinician"])
    lines += _section("not_offered", [_part(p, is_patient) for p in own if isinstance(p, NotOffered)])
    lines += _section("reviews", [[f"  {', '.join(plan.reviews)}"]] if plan.reviews else [])
    if not is_patient:
        lines += _section("hypotheses", [[f"  {_hypothesis(h)}"] for h in plan.hypotheses])
    lines += _section("not_asked", [[f"  ? {sentence.text}"] for sentence in plan.not_asked])
    return lines


def referral_lines(referrals: Sequence[Referral]) -> list[str]:
    """Return referrals that stand without a plan.

    Parameters
    ----------
    referrals : sequence of Referral
    """
    return _section("referrals", [_part(referral, is_patient=False) for referral in referrals])


def dose_words(dose: Dose) -> str:
    """Return a dose in words: '3 x 8 to 12, on 3 days a week'.

    Parameters
    ----------
    dose : Dose
    """
    words = [say("terminal.dose", sets=_range(dose.sets), repetitions=_range(dose.repetitions)).text]
    if dose.hold_s:
        words.append(say("terminal.dose_hold", seconds=_range(dose.hold_s)).text)
    if dose.load:
        words.append(dose.load)
    if dose.times_per_day != (1, 1):
        words.append(say("terminal.dose_times", times=_range(dose.times_per_day)).text)
    is_daily = dose.days_per_week == (7, 7)
    words.append(
        say("terminal.dose_every_day").text
        if is_daily
        else say("terminal.dose_days", days=_range(dose.days_per_week)).text
    )
    return ", ".join(words)


def _head(plan: Plan, person: str) -> list[str]:
    day = plan.made_on.isoformat()
    if plan.mode == "screen only":
        title = say("terminal.plan_title_screen_only", person=person, day=day)
    else:
        title = say("terminal.plan_title", person=person, weeks=plan.weeks, day=day)
    if not plan.replaces:
        return [title.text]
    return [title.text, say("terminal.plan_replaces", plan=plan.replaces, reason=plan.reason).text]


def _section(name: str, blocks: Sequence[Sequence[str]]) -> list[str]:
    """Return a heading and what stands below it, nothing if that is nothing."""
    if not blocks:
        return []
    return ["", say(f"terminal.plan_{name}").text, *(line for block in blocks for line in block)]


def _exercises(exercises: Sequence[Exercise], is_patient: bool) -> list[str]:
    """Return the exercises; stop rules that all of them share are said once."""
    if not exercises:
        return []
    shared = [rule for rule in exercises[0].stop_rules if all(rule in e.stop_rules for e in exercises)]
    shared = shared if len(exercises) > 1 else []
    blocks = [_exercise(number, e, shared, is_patient) for number, e in enumerate(exercises, 1)]
    if shared:
        blocks.append([f"  {say('terminal.stop_all').text}", *(f"    - {rule.text}" for rule in shared)])
    return _section("exercises", blocks)


def _exercise(number: int, exercise: Exercise, shared: Sequence[Sentence], is_patient: bool) -> list[str]:
    lines = [f"  {number}. {_titled(exercise)}: {dose_words(exercise.dose)}"]
    lines += [f"     {say('terminal.how', sentence=s.text).text}" for s in exercise.setup]
    lines += [f"     - {s.text}" for s in (*exercise.cues, *exercise.sentences)]
    own_rules = tuple(rule for rule in exercise.stop_rules if rule not in shared)
    named = (("easier", exercise.regressions[:1]), ("harder", exercise.progressions[:1]), ("stop", own_rules))
    for key, sentences in named:
        lines += [f"     {say(f'terminal.{key}', sentence=s.text).text}" for s in sentences]
    if not is_patient:
        lines.append(f"     {_basis(exercise.dose)}")
    return lines + [f"     {_because(reason, is_patient)}" for reason in exercise.because]


def _basis(dose: Dose) -> str:
    basis = say("terminal.plan_choice").text if dose.basis == "choice" else dose.basis
    if not dose.sources:
        return say("terminal.dose_basis", basis=basis).text
    return say("terminal.dose_basis_sources", basis=basis, sources=", ".join(dose.sources)).text


def _part(part: Part, is_patient: bool) -> list[str]:
    """Return a part: its title with what stands in numbers, what is said, and why."""
    numbers = _numbers(part)
    lines = [f"  * {_titled(part)}" + (f": {numbers}" if numbers else "")]
    lines += [f"    {_with_backing(sentence, is_patient)}" for sentence in part.sentences]
    if isinstance(part, Orthosis):
        lines += [f"    {_predicted(name, estimate)}" for name, estimate in part.predicted]
    return lines + [f"    {_because(reason, is_patient)}" for reason in part.because]


def _titled(part: Part) -> str:
    title = part.title.text.rstrip(".")
    return f"{title} ({say(f'terminal.side_{part.side}').text})" if part.side else title


def _numbers(part: Part) -> str:
    if isinstance(part, Goal):
        return _goal(part)
    if isinstance(part, Referral):
        return say("terminal.referral_to", to=part.to, urgency=say(f"terminal.when_{part.urgency}").text).text
    if isinstance(part, HeelLift):
        d = part.difference
        values = {"value": f"{d.value:.3g}", "low": f"{d.low:.3g}", "high": f"{d.high:.3g}", "unit": d.unit}
        lift, step = f"{part.lift_mm:g}", f"{part.first_step_mm:g}"
        return say("terminal.heel_lift_numbers", **values, basis=part.basis, lift=lift, step=step).text
    if isinstance(part, Orthosis):
        return say(
            "terminal.orthosis_numbers",
            rearfoot=f"{part.rearfoot_posting_deg:+g}",
            forefoot=f"{part.forefoot_posting_deg:+g}",
            arch=f"{part.arch_mm:g}",
            heel=f"{part.heel_lift_mm:g}",
            material=part.material,
            weeks=part.trial_weeks,
        ).text
    return ", ".join(part.blocked_by) if isinstance(part, NotOffered) else ""


def _goal(goal: Goal) -> str:
    week = goal.by_week
    if goal.target is None:
        if goal.baseline is None:
            return say("terminal.plan_goal_unmeasured", week=week).text
        return say("terminal.plan_goal_open", baseline=f"{goal.baseline:g}", unit=goal.unit, week=week).text
    aim: dict[str, str | int] = {"target": f"{goal.target:g}", "unit": goal.unit, "week": week}
    if goal.baseline is None:
        return say("terminal.plan_goal_no_baseline", **aim).text
    return say("terminal.plan_goal_known", baseline=f"{goal.baseline:g}", **aim).text


def _because(reason: Because, is_patient: bool) -> str:
    said = say("terminal.plan_because", sentence=reason.sentence.text).text
    if is_patient:
        return said + _certainty(reason.sentence)
    backing = [reason.ref, *reason.sentence.sources]
    return f"{said} [{', '.join(dict.fromkeys(backing))}]{_certainty(reason.sentence)}"


def _with_backing(sentence: Sentence, is_patient: bool) -> str:
    """Return a sentence; a clinician sees what it rests on."""
    backing = [*([sentence.rule] if sentence.rule else []), *sentence.sources]
    shown = f" [{', '.join(backing)}]" if backing and not is_patient else ""
    return f"{sentence.text}{shown}{_certainty(sentence)}"


def _certainty(sentence: Sentence) -> str:
    if not sentence.certainty:
        return ""
    return f" ({say('terminal.plan_certainty', certainty=sentence.certainty).text})"


def _predicted(name: str, estimate: Estimate) -> str:
    numbers = {"value": f"{estimate.value:.3g}", "low": f"{estimate.low:.3g}", "high": f"{estimate.high:.3g}"}
    return say("terminal.orthosis_predicted", name=name, unit=estimate.unit, **numbers).text


def _hypothesis(hypothesis: Hypothesis) -> str:
    named = {"player": hypothesis.player, "measure": hypothesis.measure}
    if hypothesis.p_relevant is None:
        return say("terminal.hypothesis", **named).text
    return say("terminal.hypothesis_chance", **named, chance=f"{100 * hypothesis.p_relevant:.0f}").text


def _range(pair: tuple[float, float]) -> str:
    low, high = pair
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
