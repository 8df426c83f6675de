"""``kinechain progress``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinechain.cli.person_files import Records, moment_of, new_id, read_day, read_records, visit_scores, write_events
from kinechain.cli.signing import confirmed
from kinechain.cli.terminal import progress as step_progress
from kinechain.cli.terminal import wrapped
from kinechain.core.errors import SettingError, suggest
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.core.text import printable
from kinechain.evidence.wording import say

if TYPE_CHECKING:
    from kinechain.care.follow_up.follow_up import Progress
    from kinechain.care.planning.plan import Plan
    from kinechain.care.records.plan_values import PastPlan

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
    drivers: Annotated[
        bool, typer.Option("--drivers", help="At the review, compute anew which parameters carry load; some seconds.")
    ] = False,
    acknowledge: Annotated[
        list[str] | None,
        typer.Option(help="A clinician has looked at this alert; may be given again.", metavar="ALERT"),
    ] = None,
    why: Annotated[str, typer.Option(help="What was found behind the alert.", metavar="TEXT")] = "",
    clinician: Annotated[
        str, typer.Option(help="Who made the review, or looked at the alert; see kinechain clinician.", metavar="NAME")
    ] = "",
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Compute old visits again by this version, beside the old results.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show how the plan goes: what to do now, what was done, pain, the next review, and whether the plan still holds.

    A review writes down what a clinician decides, with the examination and the scores of the person file as they are
    then; for this, and to have looked at an alert, the clinician's key is opened with its passphrase.

    Exit code 0: the plan goes on; 1: it rests because of a danger sign, or there is none; 2: bad input.

    Example: kinechain progress person.toml

    Example: kinechain progress person.toml --on 2026-04-13 --json

    Example: kinechain progress person.toml --rerun

    Example: kinechain progress person.toml --review "week 6" --decision change --clinician dr_ono

    Example: kinechain progress person.toml --acknowledge adverse.fall --clinician dr_ono --why "no harm done"
    """
    today = read_day(on, "--on")
    records = read_records(person_file)
    if acknowledge:
        from kinechain.cli.acknowledging import acknowledge as write_acknowledged

        records = write_acknowledged(records, acknowledge, clinician, why, today)
    elif why:
        raise SettingError("--why belongs to --acknowledge ALERT")
    if review is not None or decision or drivers or (clinician and not acknowledge):
        records = _write_review(records, review, decision, clinician, today, drivers)
    if rerun:
        _rerun(records, today)
        return
    from kinechain.care.records.following import follow, has_plan

    outcome = records.screened()
    if outcome.plan_locked or not has_plan(records):
        _print_without(records, outcome.reason, today, as_json)
        raise typer.Exit(EXIT_LOCKED)
    past, found = follow(records, today)
    _print(records, past, found, as_json)
    if found.suspended:
        raise typer.Exit(EXIT_LOCKED)


def _rerun(records: Records, today: date) -> None:
    from kinechain.cli.consents import check_care_consent
    from kinechain.cli.rerunning import rerun_lines, rerun_visits

    check_care_consent(records, today)
    with step_progress() as tell:
        found = rerun_visits(records, tell)
    typer.echo(wrapped("\n".join(printable(line) for line in rerun_lines(found))))


def _write_review(
    records: Records, checkpoint: str | None, decision: str, clinician: str, day: date, with_drivers: bool
) -> Records:
    """Write a review and the visit it was made at into the journal."""
    from kinechain.care.follow_up.events import Reviewed
    from kinechain.care.follow_up.review import CHECKPOINTS
    from kinechain.care.records.following import has_plan, key_measures
    from kinechain.care.records.visits import made_visit
    from kinechain.cli.consents import check_care_consent, visit_consent

    if checkpoint is None or not decision or not clinician:
        raise SettingError("a review needs --review CHECKPOINT, --decision and --clinician NAME")
    if checkpoint not in CHECKPOINTS:
        raise SettingError(f"there is no review '{printable(checkpoint)}'. {suggest(checkpoint, CHECKPOINTS)}")
    if decision not in DECISIONS:
        raise SettingError(f"--decision is '{printable(decision)}'; write {', '.join(DECISIONS[:3])}")
    if not has_plan(records):
        raise SettingError("there is no plan to review yet; make one with kinechain plan")
    check_care_consent(records, day)
    clinician = confirmed(clinician)
    assessment = _assessed(records) if with_drivers else _examined(records)
    head: dict[str, Any] = {"id": new_id(), "at": moment_of(day), "by": clinician, "why": f"review {checkpoint}"}
    visit = made_visit(checkpoint, assessment, **head, scores=visit_scores(records, day))
    measures = MappingProxyType(key_measures(assessment))
    reviewed = Reviewed(**(head | {"id": new_id()}), checkpoint=checkpoint, decision=decision, measures=measures)
    where = write_events(records, (visit, reviewed))
    told = {"checkpoint": checkpoint, "decision": decision, "clinician": clinician, "file": where.name}
    said = [say("terminal.review_written", **told).text, *visit_consent(records, day, False)]
    typer.echo(wrapped("\n".join(said)), err=True)
    return read_records(records.path)


def _examined(records: Records) -> Mapping[str, Any]:
    """Return the examination of the person file as an assessment."""
    from kinechain import __version__
    from kinechain.findings.exam import find_exam

    rows = [
        {"id": f.id, "side": f.side, "value": f.estimate.value, "low": f.estimate.low, "high": f.estimate.high}
        | {"unit": f.estimate.unit, "source": f.estimate.source}
        for f in find_exam(records.person)[0]
    ]
    return {"provenance": {"version": __version__, "inputs": {}}, "measures": rows}


def _assessed(records: Records) -> Mapping[str, Any]:
    """Return an assessment with drivers, from everything the person file names."""
    from kinechain.cli.plan_making import look

    with step_progress() as tell:
        return look(records, (), True, tell).assessment


def _print_without(records: Records, reason: str, today: date, as_json: bool) -> None:
    """Say why there is nothing to follow, and show the pain that was told all the same."""
    from kinechain.care.follow_up.events import PlanMade
    from kinechain.care.follow_up.pain_series import pain_series
    from kinechain.cli.consents import consent_lines
    from kinechain.cli.progress_text import pain_chart
    from kinechain.cli.screen_text import emergency_page
    from kinechain.report.progress_json import no_progress_json

    plans = [event for event in records.events if isinstance(event, PlanMade)]
    if as_json:
        typer.echo(no_progress_json(records.person.pseudonym, reason), nl=False)
        return
    lines = emergency_page(records.screened())
    if reason:
        lines += [say("terminal.progress_locked", reason=reason).text]
        lines += [say("terminal.see_screen", command=f"kinechain screen {records.path}").text]
    else:
        lines += [say("terminal.progress_no_plan", command=f"kinechain plan {records.path}").text]
    if plans:
        series = pain_series(records.events, today)
        lines += ["", say("terminal.progress_pain").text, *pain_chart(series, plans[0].at.date(), today)]
    lines += consent_lines(records, today)
    typer.echo(wrapped("\n".join(printable(line) for line in [*lines, "", INTENDED_PURPOSE])))


def _print(records: Records, past: PastPlan, found: Progress, as_json: bool) -> None:
    from kinechain.cli.consents import consent_lines
    from kinechain.cli.progress_text import progress_lines
    from kinechain.report.progress_json import progress_json

    if as_json:
        typer.echo(progress_json(records.person.pseudonym, found), nl=False)
        return
    lines = progress_lines(found, past.plan, records.person.pseudonym)
    if not past.is_as_made:
        command = f'kinechain plan {records.path} --replace "..."'
        lines[1:1] = [say("terminal.plan_of_old", version=past.plan.version, command=command).text]
    lines += _after_week_8(records, past.plan, found)
    if unseen := [alert for alert in found.alerts if not alert.acknowledged]:
        given = f'--acknowledge {unseen[0].id} --clinician NAME --why "..."'
        command = f"kinechain progress {records.path} {given}"
        lines += ["", say("terminal.how_to_acknowledge", command=command).text]
    lines += consent_lines(records, found.today)
    lines += ["", say("terminal.plan_next", command=f"kinechain log {records.path}").text]
    typer.echo(wrapped("\n".join(printable(line) for line in [*lines, "", INTENDED_PURPOSE])))


def _after_week_8(records: Records, plan: Plan, found: Progress) -> list[str]:
    """Return whether pain came back, and how to go on."""
    from kinechain.care.records.following import could_keep_up, has_come_back
    from kinechain.cli.progress_text import relapse_lines

    lines = relapse_lines(has_come_back(plan, found))
    if could_keep_up(plan, found):
        command = f'kinechain plan {records.path} --replace "..." --keep-up'
        lines += ["", say("terminal.offer_keep_up", command=command).text]
    return lines
