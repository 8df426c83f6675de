"""How a plan goes, as a terminal prints it: what to do now first, then what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from statistics import fmean

from kinechain.care.follow_up.alerts import Alert
from kinechain.care.follow_up.days import plan_week
from kinechain.care.follow_up.follow_up import Progress
from kinechain.care.follow_up.pain_series import DayPain
from kinechain.care.follow_up.progression import Decision
from kinechain.care.follow_up.retest import Retest
from kinechain.care.follow_up.review import Review
from kinechain.care.planning.plan import Plan
from kinechain.cli.plan_text import dose_words, measure_words
from kinechain.evidence.wording import Sentence, say

__all__ = ["pain_chart", "progress_lines", "relapse_lines"]

#: Cells of a bar for the greatest pain there is.
CELLS = 30
GREATEST = 10.0


def progress_lines(progress: Progress, plan: Plan, person: str) -> list[str]:
    """Return how a plan goes, one paragraph a line.

    Parameters
    ----------
    progress : Progress
    plan : Plan
    person : str
        Pseudonym.
    """
    titles = {part.exercise: part.title.text.rstrip(".") for part in plan.exercises}
    on, days = progress.today.isoformat(), 7 * plan.weeks
    week = min(progress.week, plan.weeks)
    lines = [say("terminal.progress_title", person=person, day=progress.day, days=days, week=week, on=on).text]
    alerts = {alert.sentence for alert in progress.alerts}
    steps = [f"  - {s.text}{_rule(s)}" for s in progress.next_steps if s not in alerts]
    lines += _section("now", [*map(_alert, progress.alerts), *steps])
    lines += _section("done", _done(progress, titles))
    lines += _section("pain", [*pain_chart(progress.pain, plan.made_on, progress.today), *_changes(progress)])
    lines += _section("soreness", _told(progress.soreness.sentences))
    lines += _section("decisions", _decisions(progress.decisions, titles))
    lines += _section("plan_reviews", [line for review in progress.reviews for line in _review(review)], plain=True)
    lines += _section("course", _told(progress.course.sentences))
    lines += _section("retests", [line for found in progress.retests for line in _retest(found)])
    return lines + _section("diary", _told(progress.diary.sentences))


def relapse_lines(has_come_back: bool | None) -> list[str]:
    """Return whether pain came back to stay, and what to do then; nothing before week 8.

    Parameters
    ----------
    has_come_back : bool or None
    """
    if has_come_back is None:
        return []
    found = [say("terminal.come_back"), say("plan.relapse_do")]
    return _section("come_back", _told(found if has_come_back else [say("terminal.not_come_back")]))


def pain_chart(series: Sequence[DayPain], start: date, today: date) -> list[str]:
    """Return the mean pain of each week of a plan as a bar of '#', with its number and how many days tell it.

    Parameters
    ----------
    series : sequence of DayPain
    start, today : date
        First day of the plan, and the last to show.
    """
    told = [(plan_week(d.day, start), d.main) for d in series if d.main is not None and start <= d.day <= today]
    if not told:
        return [f"  {say('terminal.no_pain_told').text}"]
    lines = []
    for week in range(1, max(week for week, _ in told) + 1):
        values = [value for w, value in told if w == week]
        label = say("terminal.week", week=f"{week:2}").text
        if not values:
            lines.append(f"  {label}  {say('terminal.week_silent').text}")
            continue
        mean = fmean(values)
        bar = ("#" * round(CELLS * mean / GREATEST)).ljust(CELLS, ".")
        count = say("terminal.days_told" if len(values) != 1 else "terminal.day_told", count=len(values)).text
        lines.append(f"  {label}  {bar} {mean:4.1f}  {count}")
    return lines


def _section(name: str, lines: Sequence[str], *, plain: bool = False) -> list[str]:
    """Return a heading and what stands below it, nothing if that is nothing."""
    if not lines:
        return []
    return ["", say(f"terminal.{name}" if plain else f"terminal.progress_{name}").text, *lines]


def _told(sentences: Sequence[Sentence]) -> list[str]:
    return [f"  {sentence.text}{_rule(sentence)}" for sentence in sentences]


def _rule(sentence: Sentence) -> str:
    """Return what a sentence rests on, and how sure that is."""
    rests_on = [*([sentence.rule] if sentence.rule else []), *sentence.sources]
    if not rests_on:
        return ""
    graded = sentence.certainty
    sure = graded if graded in ("", "not graded") else say("terminal.plan_certainty", certainty=graded).text
    return f" [{'; '.join(filter(None, [', '.join(rests_on), sure]))}]"


def _alert(alert: Alert) -> str:
    urgency = say(f"terminal.urgency_{alert.urgency}").text
    seen = f" ({say('terminal.alert_seen').text})" if alert.acknowledged else ""
    since = say("terminal.since", day=alert.since.isoformat()).text
    return f"  ! {urgency}  {alert.sentence.text}{seen} ({since}; {alert.id})"


def _done(progress: Progress, titles: dict[str, str]) -> list[str]:
    rows = [f"  {_named(row.exercise, row.side, titles)}: {row.sentence.text}" for row in progress.repetitions.rows]
    return rows + _told(progress.adherence.sentences)


def _named(exercise: str, side: str, titles: dict[str, str]) -> str:
    title = titles.get(exercise, exercise.replace("_", " "))
    return f"{title} ({say(f'terminal.side_{side}').text})" if side else title


def _changes(progress: Progress) -> list[str]:
    judged = [change for change in progress.changes if change.verdict != "not enough known"]
    return _told([change.sentence for change in judged or progress.changes[:1]])


def _decisions(decisions: Sequence[Decision], titles: dict[str, str]) -> list[str]:
    """Return what to do with each exercise; those with the same reasons stand together above them."""
    groups: dict[tuple[Sentence, ...], list[Decision]] = {}
    for decision in decisions:
        groups.setdefault(decision.sentences, []).append(decision)
    lines = []
    for sentences, together in groups.items():
        for decision in together:
            action = say(f"terminal.action_{decision.action.replace(' ', '_')}").text
            dose = f", {dose_words(decision.dose)}" if decision.dose else ""
            lines.append(f"  {_named(decision.exercise, decision.side, titles)}: {action}{dose}")
        lines += [f"    {sentence.text}{_rule(sentence)}" for sentence in sentences]
    return lines


def _review(review: Review) -> list[str]:
    state = say(f"terminal.review_{review.state.replace(' ', '_')}", day=review.due_on.isoformat()).text
    timing = f", {review.timing}" if review.timing else ""
    lines = [f"  {review.checkpoint}: {state}{timing}"]
    if review.recorded:
        lines.append(f"    {say('terminal.review_recorded', decision=review.recorded).text}")
    if review.state == "due":
        lines += [f"    ? {check.text}" for check in review.checks]
    if review.outcome is not None:
        decision = say("terminal.review_by_rule", decision=review.outcome.decision).text
        first = review.outcome.sentences[:1]
        lines.append(f"    {decision} {' '.join(sentence.text + _rule(sentence) for sentence in first)}".rstrip())
    return lines


def _retest(found: Retest) -> list[str]:
    verdict = say("terminal.retest", player=measure_words(found.hypothesis.player), verdict=found.verdict).text
    return [f"  {verdict}", *(f"    {sentence.text}{_rule(sentence)}" for sentence in found.sentences)]
