"""``kinechain progress``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from kinechain.cli.person_files import Records, moment_of, new_id, read_day, read_records, visit_scores, write_events
from kinechain.cli.terminal import progress as step_progress
from kinechain.cli.terminal import wrapped
from kinechain.core.errors import SettingError, suggest
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.core.text import printable
from kinechain.evidence.wording import say

if TYPE_CHECKING:
    from kinechain.care.follow_up.events import Event, VisitMade
    from kinechain.care.follow_up.follow_up import Progress
    from kinechain.care.planning.plan import Plan
    from kinechain.core.estimate import Estimate

__all__ = ["progress"]

EXIT_LOCKED = 1
DECISIONS = ("continue", "change", "refer", "not enough known")


def progress(
    person_file: Annotated[Path, typer.Argument(metavar="PERSON.toml", help="The person file.")],
    on: Annotated[str | None, typer.Option(help="As seen on this day; today if not given.", metavar="DATE")] = None,
    review: Annotated[
        str | None, typer.Option(help="Write down a review.", metavar='"day 3-7"|"week 2"|"week 6"|"week 8"')
    ] = None,
    decision: Annotated[str, typer.Option(help="Of the review.", metavar="continue|change|refer")] = "",
    clinician: Annotated[str, typer.Option(help="Who made the review.", metavar="NAME")] = "",
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Compute old visits again by this version, beside the old results.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show how the plan goes: what to do now, what was done, pain, the next review, and whether the plan still holds.

    A review writes down what a clinician decides, with the examination and the scores of the person file as they are
    then.  Exit code 0: the plan goes on; 1: it rests because of a danger sign, or there is none; 2: bad input.

    Example: kinechain progress person.toml

    Example: kinechain progress person.toml --on 2026-04-13 --json

    Example: kinechain progress person.toml --rerun

    Example: kinechain progress person.toml --review "week 6" --decision change --clinician dr_ono
    """
    today = read_day(on, "--on")
    records = read_records(person_file)
    if review is not None or decision or clinician:
        records = _write_review(records, review, decision, clinician, today)
    if rerun:
        _rerun(records)
        return
    from kinechain.care.screening.red_flags import screen_person

    outcome = screen_person(records.person, records.clearances)
    if outcome.plan_locked or not any(_is_plan(event) for event in records.events):
        _print_without(records, outcome.reason, today, as_json)
        raise typer.Exit(EXIT_LOCKED)
    plan, found = _follow(records, today)
    _print(records, plan, found, as_json)
    if found.suspended:
        raise typer.Exit(EXIT_LOCKED)


def _rerun(records: Records) -> None:
    from kinechain.cli.rerunning import rerun_lines, rerun_visits

    with step_progress() as tell:
        found = rerun_visits(records, tell)
    typer.echo(wrapped("\n".join(printable(line) for line in rerun_lines(found))))


def _is_plan(event: Event) -> bool:
    from kinechain.care.follow_up.events import PlanMade

    return isinstance(event, PlanMade)


def _follow(records: Records, today: date) -> tuple[Plan, Progress]:
    """Return the plan that was in force on a day, and how it went until then."""
    from kinechain.care.follow_up.events import PlanMade
    from kinechain.care.follow_up.follow_up import follow_up
    from kinechain.care.records.plan_values import plan_from_plain
    from kinechain.care.screening.lock import unlock

    unlocked = unlock(records.person, records.clearances)
    plans = [event for event in records.events if isinstance(event, PlanMade)]
    made = [event for event in plans if date.fromisoformat(str(event.plan["made_on"])) <= today] or plans[:1]
    plan = plan_from_plain(made[-1].plan, unlocked, is_past=True)
    if today < plan.made_on:
        raise SettingError(f"--on is {today}, and the plan began on {plan.made_on}; choose a day from then on")
    first = _first_visit(records.events, plan.made_on)
    history = records.person.history
    found = follow_up(
        records.events,
        plan,
        today,
        baseline=first.scores if first else (),
        measures=_key_measures(first.assessment) if first else {},
        clearances=[proof.clearance for proof in records.clearances],
        site=_site(history.pain_regions),
        onset_weeks=history.pain_weeks,
    )
    return plan, found


def _first_visit(events: Sequence[Event], made_on: date) -> VisitMade | None:
    """Return the visit a plan was made at: the last one up to its first day."""
    from kinechain.care.follow_up.events import VisitMade

    visits = [event for event in events if isinstance(event, VisitMade) and not event.rerun_of]
    before = [visit for visit in visits if visit.at.date() <= made_on]
    return before[-1] if before else None


def _site(regions: Sequence[str]) -> Literal["back", "foot"]:
    return "back" if not regions or any("back" in region or "buttock" in region for region in regions) else "foot"


def _key_measures(assessment: Mapping[str, Any]) -> dict[str, Estimate]:
    """Return the measures of an assessment as hypotheses name them: item and side."""
    from kinechain.core.estimate import Estimate

    found = {}
    for row in assessment.get("measures", ()):
        name = str(row["id"]).partition(".")[2] or str(row["id"])
        key = name if row["side"] in ("both", "") else f"{name} {row['side']}"
        source = str(row.get("source") or row.get("method") or "not stated")
        found[key] = Estimate(row["value"], row["low"], row["high"], row["unit"], source)
    return found


def _write_review(records: Records, checkpoint: str | None, decision: str, clinician: str, day: date) -> Records:
    """Write a review and the visit it was made at into the journal."""
    from kinechain import __version__
    from kinechain.care.follow_up.events import Reviewed
    from kinechain.care.follow_up.review import CHECKPOINTS
    from kinechain.care.records.visits import made_visit
    from kinechain.findings.exam import find_exam

    if checkpoint is None or not decision or not clinician:
        raise SettingError("a review needs --review CHECKPOINT, --decision and --clinician NAME")
    if checkpoint not in CHECKPOINTS:
        raise SettingError(f"there is no review '{printable(checkpoint)}'. {suggest(checkpoint, CHECKPOINTS)}")
    if decision not in DECISIONS:
        raise SettingError(f"--decision is '{printable(decision)}'; write {', '.join(DECISIONS[:3])}")
    if not any(_is_plan(event) for event in records.events):
        raise SettingError("there is no plan to review yet; make one with kinechain plan")
    rows = [
        {"id": f.id, "side": f.side, "value": f.estimate.value, "low": f.estimate.low, "high": f.estimate.high}
        | {"unit": f.estimate.unit, "source": f.estimate.source}
        for f in find_exam(records.person)[0]
    ]
    assessment = {"provenance": {"version": __version__, "inputs": {}}, "measures": rows}
    head: dict[str, Any] = {"id": new_id(), "at": moment_of(day), "by": clinician, "why": f"review {checkpoint}"}
    visit = made_visit(checkpoint, assessment, **head, scores=visit_scores(records, day))
    measures = MappingProxyType(_key_measures(assessment))
    reviewed = Reviewed(**(head | {"id": new_id()}), checkpoint=checkpoint, decision=decision, measures=measures)
    where = write_events(records, (visit, reviewed))
    told = {"checkpoint": checkpoint, "decision": decision, "clinician": clinician, "file": where.name}
    typer.echo(wrapped(say("terminal.review_written", **told).text), err=True)
    return read_records(records.path)


def _print_without(records: Records, reason: str, today: date, as_json: bool) -> None:
    """Say why there is nothing to follow, and show the pain that was told all the same."""
    from kinechain.care.follow_up.events import PlanMade
    from kinechain.care.follow_up.pain_series import pain_series
    from kinechain.cli.progress_text import pain_chart
    from kinechain.cli.screen_text import emergency_page
    from kinechain.report.progress_json import no_progress_json

    plans = [event for event in records.events if isinstance(event, PlanMade)]
    if as_json:
        typer.echo(no_progress_json(records.person.pseudonym, reason), nl=False)
        return
    lines = emergency_page(records.person, records.clearances)
    if reason:
        lines += [say("terminal.progress_locked", reason=reason).text]
        lines += [say("terminal.see_screen", command=f"kinechain screen {records.path}").text]
    else:
        lines += [say("terminal.progress_no_plan", command=f"kinechain plan {records.path}").text]
    if plans:
        series = pain_series(records.events, today)
        lines += ["", say("terminal.progress_pain").text, *pain_chart(series, plans[0].at.date(), today)]
    typer.echo(wrapped("\n".join(printable(line) for line in [*lines, "", INTENDED_PURPOSE])))


def _print(records: Records, plan: Plan, found: Progress, as_json: bool) -> None:
    from kinechain.cli.progress_text import progress_lines
    from kinechain.report.progress_json import progress_json

    if as_json:
        typer.echo(progress_json(records.person.pseudonym, found), nl=False)
        return
    lines = progress_lines(found, plan, records.person.pseudonym)
    lines += ["", say("terminal.plan_next", command=f"kinechain log {records.path}").text]
    typer.echo(wrapped("\n".join(printable(line) for line in [*lines, "", INTENDED_PURPOSE])))
