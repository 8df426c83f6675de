"""How a plan goes, as sections of a letter or a page: what to do now first, then what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from kinechain.care.follow_up.alerts import Alert
from kinechain.care.follow_up.follow_up import Progress
from kinechain.care.follow_up.progression import Decision
from kinechain.care.follow_up.review import Review
from kinechain.care.planning.plan import Plan
from kinechain.evidence.wording import Sentence, say
from kinechain.report.letter import Block, Letter, Section, about, backed, bullets
from kinechain.report.plan_lines import dose_lines, side_label

__all__ = ["progress_letter", "progress_sections"]


def progress_letter(progress: Progress, plan: Plan, pseudonym: str, *, for_clinician: bool) -> Letter:
    """Return how a plan goes, to be printed.

    Parameters
    ----------
    progress : Progress
    plan : Plan
        The one that is followed.
    pseudonym : str
    for_clinician : bool
        Print sources, alerts and the test of what the plan is built on.
    """
    sections = progress_sections(progress, plan, for_clinician=for_clinician)
    title = say("letters.progress_title", week=progress.week).text
    head = about(pseudonym, progress.today, plan.version)
    return Letter(title, head, sections, is_large=not for_clinician, is_urgent=progress.suspended)


def progress_sections(progress: Progress, plan: Plan, *, for_clinician: bool) -> tuple[Section, ...]:
    """Return how a plan goes.

    Parameters
    ----------
    progress : Progress
    plan : Plan
    for_clinician : bool
    """
    names = {part.exercise: part.title.text for part in plan.exercises}
    told = [
        ("progress_now", (_now(progress, for_clinician),)),
        ("progress_alerts", (_alerts(progress.alerts),) if for_clinician else ()),
        ("progress_done", (_done(progress, names), bullets(progress.adherence.sentences, for_clinician))),
        ("progress_pain", (bullets([change.sentence for change in progress.changes], for_clinician),)),
        ("progress_soreness", (bullets(progress.soreness.sentences, for_clinician),)),
        ("progress_decisions", _decisions(progress.decisions, names, for_clinician)),
        ("plan_reviews", (Block("bullets", tuple(map(_review, progress.reviews))),)),
        ("progress_course", (bullets(progress.course.sentences, for_clinician),)),
        ("progress_diary", (bullets(progress.diary.sentences, for_clinician),)),
        ("progress_retests", (_retests(progress),) if for_clinician else ()),
    ]
    sections = [Section(say(f"letters.{name}").text, tuple(blocks)) for name, blocks in told]
    return tuple(section for section in sections if any(not block.is_empty for block in section.blocks))


def _now(progress: Progress, for_clinician: bool) -> Block:
    return bullets(progress.next_steps, for_clinician, "notice" if progress.suspended else "bullets")


def _alerts(alerts: Sequence[Alert]) -> Block:
    rows = []
    for alert in alerts:
        seen = say("letters.alert_seen").text if alert.acknowledged else say("letters.alert_not_seen").text
        urgency = say(f"letters.urgency_{alert.urgency}").text
        rows.append((backed(alert.sentence, True), urgency, alert.since.isoformat(), seen))
    head = ("sign", "urgency", "since", "seen")
    return Block("table", head=tuple(say(f"letters.column_{name}").text for name in head), rows=tuple(rows))


def _done(progress: Progress, names: dict[str, str]) -> Block:
    rows = tuple((_named(row.exercise, row.side, names), row.sentence.text) for row in progress.repetitions.rows)
    return Block("lines", rows=rows)


def _named(exercise: str, side: str, names: dict[str, str]) -> str:
    return ", ".join(filter(None, (names.get(exercise, exercise.replace("_", " ")), side_label(side))))


def _decisions(decisions: Sequence[Decision], names: dict[str, str], for_clinician: bool) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for decision in decisions:
        action = say(f"letters.action_{decision.action.replace(' ', '_')}").text
        blocks.append(Block("lead", (f"{_named(decision.exercise, decision.side, names)}: {action}",)))
        if decision.dose:
            dose = "; ".join(f"{label.text}: {value}" for label, value in dose_lines(decision.dose))
            blocks.append(Block("paragraphs", (dose,)))
        blocks.append(bullets(decision.sentences, for_clinician))
    return tuple(blocks)


def _review(review: Review) -> str:
    state = say(f"letters.review_{review.state.replace(' ', '_')}", day=review.due_on.isoformat()).text
    return f"{review.checkpoint}: {state}"


def _retests(progress: Progress) -> Block:
    rows = [
        (found.hypothesis.player, found.hypothesis.measure, found.verdict, _joined(found.sentences))
        for found in progress.retests
    ]
    head = ("clinician_hypothesis", "clinician_measure", "column_verdict", "because")
    return Block("table", head=tuple(say(f"letters.{name}").text for name in head), rows=tuple(rows))


def _joined(sentences: Sequence[Sentence]) -> str:
    return " ".join(sentence.text for sentence in sentences)
