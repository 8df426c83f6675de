"""A plan made, kept in the journal, and written as files: what ``kinechain plan`` does, without printing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinechain import __version__
from kinechain.care.drivers import Drivers
from kinechain.care.finding import Finding
from kinechain.care.follow_up.events import Event, PlanMade, VisitMade
from kinechain.care.person.person import Person
from kinechain.care.planning.maintenance import FIRST_DAY, keeps_up, maintain
from kinechain.care.planning.plan import Plan
from kinechain.care.planning.planner import make_plan
from kinechain.care.planning.referral import referral_for
from kinechain.care.records.journal import journal_path
from kinechain.care.records.plan_values import PastPlan, past_plan, plan_from_plain, plan_plain
from kinechain.care.records.visits import made_visit
from kinechain.care.screening.lock import Unlocked
from kinechain.care.screening.screen import Screen
from kinechain.care.screening.settings import read_settings
from kinechain.cli.consents import check_care_consent
from kinechain.cli.person_files import Records, moment_of, new_id, now, visit_scores, write_events
from kinechain.core.errors import InputError, LockedError, SettingError

if TYPE_CHECKING:
    from kinechain.report.letter import Letter

__all__ = ["Looked", "Made", "last_plan", "look", "make", "write_plan", "write_referrals"]

BY_PATIENT = "patient"


@dataclass(frozen=True)
class Made:
    """A plan, and what was done with it.

    Attributes
    ----------
    plan : Plan
    is_new : bool
        False for the present plan, which was only looked up.
    agreed_by : str
        Clinician who agreed, '' if nobody did.
    journal : Path
    findings : tuple of Finding
        Of the assessment it was made from; empty for one that was looked up.
    could_keep_up : bool
        Whether, after week 8, a plan that keeps up what was reached could stand in its place.
    """

    plan: Plan
    is_new: bool
    agreed_by: str
    journal: Path
    findings: tuple[Finding, ...] = ()
    could_keep_up: bool = False


@dataclass(frozen=True)
class Looked:
    """What an assessment gives a plan.

    Attributes
    ----------
    findings : tuple of Finding
    drivers : Drivers or None
    assessment : mapping
        As JSON, schema ``kinechain/assessment/1``.
    """

    findings: tuple[Finding, ...]
    drivers: Drivers | None
    assessment: Mapping[str, Any]


def last_plan(events: Sequence[Event]) -> PlanMade | None:
    """Return the last plan of a journal, None if there is none.

    Parameters
    ----------
    events : sequence of Event
    """
    made = [event for event in events if isinstance(event, PlanMade)]
    return made[-1] if made else None


def make(
    records: Records,
    recordings: Sequence[Path],
    reason: str,
    clinician: str,
    *,
    day: date,
    with_drivers: bool,
    tell: Callable[[str], None],
    is_kept_up: bool = False,
) -> Made:
    """Return the present plan of a person, or make one and write it into the journal.

    Parameters
    ----------
    records : Records
    recordings : sequence of path
    reason : str
        Why the present plan is replaced; '' to keep it.
    clinician : str
        Who agrees, and has shown to be that (`kinechain.cli.signing.confirmed`); '' for nobody.
    day : date
        The first of the plan.
    with_drivers : bool
        Whether it is computed which parameters carry load.
    tell : callable
        Takes one short sentence per step.
    is_kept_up : bool
        Make the plan that keeps up what was reached, after week 8.

    Raises
    ------
    LockedError
        If the danger signs hold back a plan.
    SettingError
        If there is a reason to replace a plan and none to replace, or recordings and no reason, or it is too early to
        keep up what was reached, or the person took the consent to care back.
    """
    unlocked = records.unlocked()
    present = last_plan(records.events)
    if present is not None and not reason:
        return _looked_up(records, present, unlocked, recordings, clinician)
    if present is None and reason:
        raise SettingError("there is no plan to replace yet; leave out --replace")
    check_care_consent(records, day)
    past = past_plan(present, unlocked, __version__) if present else None
    looked = look(records, recordings, with_drivers, tell)
    plan = _planned(records.person, unlocked, looked, past, reason, day, is_kept_up)
    by, at = clinician or BY_PATIENT, moment_of(day)
    visit = made_visit(
        _visit_name(records.events, day),
        looked.assessment,
        id=new_id(),
        at=at,
        by=by,
        why=reason or "a plan was made",
        scores=visit_scores(records, day),
    )
    plain = json.loads(json.dumps(plan_plain(plan)))
    made = PlanMade(id=new_id(), at=at, by=by, why=reason, plan=plain, replaces=plan.replaces)
    could_keep_up = past is not None and _may_keep_up(past.plan, day) and not is_kept_up
    return Made(plan, True, clinician, write_events(records, (visit, made)), looked.findings, could_keep_up)


def _planned(
    person: Person, unlocked: Unlocked, looked: Looked, past: PastPlan | None, reason: str, day: date, is_kept_up: bool
) -> Plan:
    if past is not None and is_kept_up:
        plan = maintain(person, unlocked, previous=past.plan, reason=reason, today=day, version=__version__)
    else:
        plan = make_plan(
            person,
            unlocked,
            findings=looked.findings,
            drivers=looked.drivers,
            today=day,
            version=__version__,
            previous=past.plan if past else None,
            reason=reason,
        )
    return plan if past is None or past.is_as_made else replace(plan, replaces=past.id)


def _may_keep_up(plan: Plan, day: date) -> bool:
    return not keeps_up(plan) and (day - plan.made_on).days >= FIRST_DAY


def _looked_up(
    records: Records, present: PlanMade, unlocked: Unlocked, recordings: Sequence[Path], clinician: str
) -> Made:
    """Return the present plan; an agreement is written beside it."""
    if recordings:
        raise SettingError("there is a plan already; to make a new one from these recordings, give --replace REASON")
    try:
        plan = plan_from_plain(present.plan, unlocked)
    except LockedError as error:
        raise SettingError(
            "the answers have changed since the present plan was made; make a new one with --replace REASON"
        ) from error
    except InputError as error:
        past_plan(present, unlocked, __version__)
        raise SettingError(
            f"version {present.plan.get('version')} made the present plan, and this one reads it otherwise, so that it "
            "is not shown as the plan of today; make a new one with --replace REASON"
        ) from error
    where = journal_path(records.path)
    agreed = "" if present.by == BY_PATIENT else present.by
    if clinician and clinician != agreed:
        agreement = PlanMade(
            id=new_id(), at=now(), by=clinician, why=present.why, plan=present.plan, replaces=present.replaces
        )
        where = write_events(records, (agreement,))
    return Made(plan, False, clinician or agreed, where, (), _may_keep_up(plan, now().date()))


def look(records: Records, recordings: Sequence[Path], with_drivers: bool, tell: Callable[[str], None]) -> Looked:
    """Assess a person; without an examination or a recording a plan rests on rules.

    Parameters
    ----------
    records : Records
    recordings : sequence of path
        Beside those the person file names.
    with_drivers : bool
    tell : callable
        Takes one short sentence per step.
    """
    person = records.person
    if not (person.exam or recordings or person.recordings or person.static):
        return Looked((), None, {"provenance": {"version": __version__, "inputs": {}}, "measures": []})
    tell("Loading")
    from kinechain.analysis import Settings, assess
    from kinechain.chain.person_chain import ChainSettings
    from kinechain.report.json import assessment_json

    settings = Settings(chain=ChainSettings() if with_drivers else None)
    assessment = assess(person, recordings, None, settings, tell, None, records.clearances, records.told)
    drivers = assessment.chain.drivers if assessment.chain else None
    return Looked(assessment.findings, drivers, json.loads(assessment_json(assessment)))


def _visit_name(events: Sequence[Event], day: date) -> str:
    """Return 'baseline' for the first visit, then the week since."""
    visits = [event for event in events if isinstance(event, VisitMade)]
    if not visits:
        return "baseline"
    return f"week {(day - visits[0].at.date()).days // 7}"


def write_plan(records: Records, made: Made, folder: Path, with_letters: bool) -> list[Path]:
    """Write a plan as JSON, and as letters where they are asked for.

    Parameters
    ----------
    records : Records
    made : Made
    folder : path
    with_letters : bool

    Raises
    ------
    InputError
        If nothing can be written there.
    """
    from kinechain.report.plan_json import plan_json

    target = folder / "plan.json"
    with _written_into(folder):
        target.write_text(plan_json(made.plan), encoding="utf-8")
    if not with_letters:
        return [target]
    from kinechain.report.plan_letter import clinician_plan, patient_plan

    name = records.person.pseudonym
    with _written_into(folder):
        written = [target, *_write_letter(patient_plan(made.plan, name, read_settings()), folder / "plan_patient")]
        written += _write_letter(clinician_plan(made.plan, name), folder / "plan_clinician")
    return written + write_referrals(records, made.plan.unlocked.screen, folder, made.findings)


def write_referrals(records: Records, outcome: Screen, folder: Path, findings: Sequence[Finding] = ()) -> list[Path]:
    """Write a letter for everybody who should see a person because of a danger sign.

    Parameters
    ----------
    records : Records
    outcome : Screen
    folder : path
    findings : sequence of Finding

    Raises
    ------
    InputError
        If nothing can be written there.
    """
    from kinechain.report.referral_letter import referral_letter

    written: list[Path] = []
    for referral in referral_for(records.person, outcome):
        letter = referral_letter(
            records.person,
            outcome,
            referral,
            settings=read_settings(),
            made_on=date.today(),
            version=__version__,
            findings=findings,
        )
        with _written_into(folder):
            written += _write_letter(letter, folder / f"referral_{referral.to.replace(' ', '_')}_{referral.urgency}")
    return written


@contextmanager
def _written_into(folder: Path) -> Iterator[None]:
    """Make a folder, and say in one sentence if it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise InputError(f"nothing can be written to {folder}: {error.strerror or error}") from error


def _write_letter(letter: Letter, stem: Path) -> list[Path]:
    from kinechain.report.letter_pdf import letter_pdf, letter_text

    text, pdf = stem.with_suffix(".txt"), stem.with_suffix(".pdf")
    text.write_text(letter_text(letter), encoding="utf-8")
    pdf.write_bytes(letter_pdf(letter))
    return [text, pdf]
