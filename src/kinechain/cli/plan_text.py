"""A plan as a terminal prints it: what to do first, why, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kinechain.care.person.exam import read_exam_definitions
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
    Part,
    Plan,
    Referral,
)
from kinechain.core.estimate import Estimate
from kinechain.core.text import listed
from kinechain.evidence.wording import Sentence, say
from kinechain.report.plan_lines import said_beside_lines
from kinechain.report.words import clinical

__all__ = ["Style", "dose_words", "measure_words", "plan_lines", "referral_lines"]

#: So many names of what blocks an intervention are printed; the rest is counted.
NAMED = 3


@dataclass(frozen=True)
class Style:
    """For whom a plan is printed, and how much of it.

    Attributes
    ----------
    is_patient : bool
        A patient sees no sources, no orthosis sheet and nothing that is for the clinician alone.
    is_full : bool
        Every sentence; otherwise of each part what it is, its first sentence and its first reason.
    """

    is_patient: bool = False
    is_full: bool = False


def plan_lines(plan: Plan, person: str, style: Style) -> list[str]:
    """Return a plan, one paragraph a line.

    Parameters
    ----------
    plan : Plan
    person : str
        Pseudonym.
    style : Style
    """
    shown = plan.for_patient() if style.is_patient else plan.parts
    own = [part for part in shown if part.audience != "clinician"]
    safety = [part for part in own if isinstance(part, Advice) and part.topic == "safety"]
    advice = [part for part in own if isinstance(part, Advice) and part not in safety]
    lines = _head(plan, person)
    lines += _section("safety", [_part(part, style) if style.is_full else _plain(part) for part in safety[:1]])
    lines += _section("goals", _goals([part for part in own if isinstance(part, Goal)], style))
    lines += _exercises([part for part in own if isinstance(part, Exercise)], style)
    lines += _section("advice", [_part(part, style) for part in (*safety[1:], *advice)])
    lines += _section("referrals", [_part(part, style) for part in own if isinstance(part, Referral)])
    lines += _section("clinician", [_part(part, style) for part in shown if part.audience == "clinician"])
    lines += _section("not_offered", [_part(part, style) for part in own if isinstance(part, NotOffered)])
    lines += _section("reviews", [[f"  {', '.join(plan.reviews)}"]] if plan.reviews else [])
    if not style.is_patient:
        lines += _section("hypotheses", [[f"  {_hypothesis(hypothesis)}"] for hypothesis in plan.hypotheses])
    lines += _section("not_asked", [[f"  ? {sentence.text}"] for sentence in plan.not_asked])
    return lines


def referral_lines(referrals: Sequence[Referral]) -> list[str]:
    """Return referrals that stand without a plan.

    Parameters
    ----------
    referrals : sequence of Referral
    """
    return _section("referrals", [_part(referral, Style(is_full=True)) for referral in referrals])


def dose_words(dose: Dose) -> str:
    """Return a dose in words: '3 sets of 8 to 12, on 3 days a week'.

    Parameters
    ----------
    dose : Dose
    """
    repetitions = _range(dose.repetitions)
    is_one = dose.sets == (1, 1)
    words = [
        say("terminal.dose_one_set", repetitions=repetitions).text
        if is_one
        else say("terminal.dose", sets=_range(dose.sets), repetitions=repetitions).text
    ]
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


def _exercises(exercises: Sequence[Exercise], style: Style) -> list[str]:
    """Return the exercises; stop rules that all of them share are said once."""
    if not exercises:
        return []
    shared = [rule for rule in exercises[0].stop_rules if all(rule in e.stop_rules for e in exercises)]
    shared = shared if len(exercises) > 1 else []
    blocks = [_exercise(number, e, shared, style) for number, e in enumerate(exercises, 1)]
    if shared:
        blocks.append([f"  {say('terminal.stop_all').text}", *(f"    - {rule.text}" for rule in shared)])
    return _section("exercises", blocks)


def _exercise(number: int, exercise: Exercise, shared: Sequence[Sentence], style: Style) -> list[str]:
    lines = [f"  {number}. {_titled(exercise)}: {dose_words(exercise.dose)}"]
    lines += [f"     {say('terminal.how', sentence=s.text).text}" for s in exercise.setup]
    if style.is_full or style.is_patient:
        lines += [f"     - {s.text}" for s in (*exercise.cues, *exercise.sentences)]
    own_rules = tuple(rule for rule in exercise.stop_rules if rule not in shared)
    named = (("easier", exercise.regressions[:1]), ("harder", exercise.progressions[:1]), ("stop", own_rules))
    for key, sentences in named:
        lines += [f"     {say(f'terminal.{key}', sentence=s.text).text}" for s in sentences]
    if not style.is_patient:
        lines.append(f"     {_basis(exercise.dose)}")
    return lines + [f"     {line}" for line in _reasons(exercise, style)]


def _basis(dose: Dose) -> str:
    basis = say("terminal.plan_choice").text if dose.basis == "choice" else dose.basis
    if not dose.sources:
        return say("terminal.dose_basis", basis=basis).text
    return say("terminal.dose_basis_sources", basis=basis, sources=", ".join(dose.sources)).text


def _part(part: Part, style: Style) -> list[str]:
    """Return a part: its title with what stands in numbers, what is said, and why."""
    numbers = _numbers(part)
    lines = [f"  * {_titled(part)}" + (f" - {numbers}" if numbers else "")]
    told = said_beside_lines(part, "patient" if style.is_patient else "clinician")
    said = told if style.is_full or style.is_patient or part.audience == "clinician" else told[:1]
    lines += [f"    {_with_backing(sentence, style.is_patient)}" for sentence in said]
    if isinstance(part, Orthosis):
        lines += [f"    {_predicted(name, estimate)}" for name, estimate in part.predicted]
    return lines + [f"    {line}" for line in _reasons(part, style)]


def _goals(goals: Sequence[Goal], style: Style) -> list[list[str]]:
    """Return the goals; what several of them say is said at the first."""
    said: set[str] = set()
    blocks = []
    for goal in goals:
        new = tuple(sentence for sentence in goal.sentences if sentence.text not in said)
        blocks.append(_part(goal if style.is_full else replace(goal, sentences=new), style))
        said |= {sentence.text for sentence in new}
    return blocks


def _plain(part: Part) -> list[str]:
    """Return a part with all it says and nothing behind it, so that the signs and the goals share a screen."""
    said = [sentence.text for sentence in part.said_to("patient")]
    return [f"  * {_titled(part)}", *(f"    {sentence}" for sentence in said)]


def _reasons(part: Part, style: Style) -> list[str]:
    """Return why a part stands there: every reason, or the first and where the others come from."""
    if style.is_full:
        return [_because(reason, style.is_patient) for reason in part.because]
    first, *rest = part.because
    if style.is_patient:
        return [_because(first, is_patient=True)]
    if isinstance(part, NotOffered):
        return []
    if isinstance(part, Advice):
        refs = ", ".join(dict.fromkeys(reason.ref for reason in part.because))
        return [say("terminal.plan_because", sentence=refs).text]
    return [_because(first, is_patient=False, others=[reason.ref for reason in rest])]


def _titled(part: Part) -> str:
    title = part.title.text.rstrip(".")
    if not part.side or title.endswith(f"({part.side})"):
        return title
    return f"{title} ({say(f'terminal.side_{part.side}').text})"


def _numbers(part: Part) -> str:
    if isinstance(part, Goal):
        return _goal(part)
    if isinstance(part, Referral):
        return say(f"terminal.when_{part.urgency}").text
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
    if isinstance(part, NotOffered) and part.blocked_by:
        names = [key.rpartition(".")[2].replace("_", " ") for key in part.blocked_by]
        return say("terminal.blocked_by", names=listed(names, NAMED)).text
    return ""


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


def _because(reason: Because, is_patient: bool, others: Sequence[str] = ()) -> str:
    said = say("terminal.plan_because", sentence=reason.sentence.text).text
    return said + _backing(reason.sentence, [reason.ref, *others], is_patient)


def _with_backing(sentence: Sentence, is_patient: bool) -> str:
    """Return a sentence and how sure it is; a clinician sees what it rests on."""
    return sentence.text + _backing(sentence, [], is_patient)


def _backing(sentence: Sentence, refs: Sequence[str], is_patient: bool) -> str:
    if is_patient:
        is_claim = sentence.certainty not in ("", "not graded") and sentence.kind == "fact"
        return f" ({say('terminal.plan_how_sure', certainty=sentence.certainty).text})" if is_claim else ""
    is_graded = sentence.certainty not in ("", "not graded")
    named = say("terminal.plan_certainty", certainty=sentence.certainty).text if is_graded else sentence.certainty
    sure = [named] if sentence.certainty else []
    rests_on = [*refs, *([sentence.rule] if sentence.rule else []), *sentence.sources]
    backing = "; ".join([", ".join(dict.fromkeys(rests_on)), *sure] if rests_on else sure)
    return f" [{backing}]" if backing else ""


def _predicted(name: str, given: Estimate) -> str:
    estimate = clinical(given)
    numbers = {"value": f"{estimate.value:.3g}", "low": f"{estimate.low:.3g}", "high": f"{estimate.high:.3g}"}
    return say("terminal.orthosis_predicted", name=name, unit=estimate.unit, **numbers).text


def measure_words(key: str) -> str:
    """Return what a hypothesis names, as people call it: 'lunge_test left' is the lunge on the left.

    Parameters
    ----------
    key : str
        Of a player or of an examination item, with its side.
    """
    name, _, side = key.partition(" ")
    known = read_exam_definitions()
    words = known[name].name if name in known else name.replace("_", " ")
    return f"{words} ({side})" if side else words


def _hypothesis(hypothesis: Hypothesis) -> str:
    player, measure = measure_words(hypothesis.player), measure_words(hypothesis.measure)
    named = player if player == measure else say("terminal.hypothesis", player=player, measure=measure).text
    if hypothesis.p_relevant is None:
        return named
    return say("terminal.hypothesis_chance", named=named, chance=f"{100 * hypothesis.p_relevant:.0f}").text


def _range(pair: tuple[float, float]) -> str:
    low, high = pair
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
