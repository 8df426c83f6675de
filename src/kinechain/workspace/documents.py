"""What leaves the clinic on paper or as a file: letters, exchange, the person file, the journal."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote

from kinechain import __version__
from kinechain.care.person.person import Person
from kinechain.care.person.person_file import parse_person
from kinechain.care.person.protocol import protocols
from kinechain.care.planning.plan import Plan
from kinechain.care.planning.referral import referral_for
from kinechain.care.records.journal_lines import chained
from kinechain.core.errors import InputError
from kinechain.findings.exam import find_exam
from kinechain.report.fhir import fhir_bundle
from kinechain.report.letter import Letter
from kinechain.report.letter_pdf import letter_pdf
from kinechain.report.plan_letter import clinician_plan, orthosis_sheets, patient_plan
from kinechain.report.progress_letter import progress_letter
from kinechain.report.protocol_sheet import protocol_booklet
from kinechain.report.referral_letter import referral_letter
from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.workspace.assessing import local_day, read_output, standing_assessment
from kinechain.workspace.case import Case, change_person, read_case
from kinechain.workspace.following import followed
from kinechain.workspace.place import Place
from kinechain.workspace.plans import current_plan, read_plan

__all__ = [
    "Document",
    "Download",
    "assessment_file",
    "documents_of",
    "fhir_file",
    "journal_file",
    "letter_file",
    "letter_of",
    "orthosis_letter",
    "person_file",
    "protocol_letter",
    "replace_person",
    "to_pdf",
]

MAX_PERSON_BYTES = 200_000


@dataclass(frozen=True)
class Document:
    """One letter that can be had.

    Attributes
    ----------
    kind : str
        Part of its address.
    title, about : str
    why_not : str
        Why it cannot be had now; '' if it can.
    is_urgent : bool
    """

    kind: str
    title: str
    about: str
    why_not: str = ""
    is_urgent: bool = False


@dataclass(frozen=True)
class Download:
    """A file to be kept.

    Attributes
    ----------
    name : str
        Code of the patient, what it is, and the day; never the patient's name.
    media_type : str
    content : bytes
    """

    name: str
    media_type: str
    content: bytes

    @property
    def disposition(self) -> str:
        """Value of ``Content-Disposition``; whatever the code holds, the header stays one header."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode()
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", plain).lstrip(".") or "file"
        return f"attachment; filename=\"{safe}\"; filename*=UTF-8''{quote(self.name, safe='')}"


def _named(case: Case, what: str, ending: str) -> str:
    return f"{case.patient.pseudonym}_{what}_{local_day(now()).isoformat()}.{ending}"


def documents_of(case: Case) -> tuple[Document, ...]:
    """Return the letters of a patient, the urgent ones first, each with what holds it back.

    Parameters
    ----------
    case : Case
    """
    screen = case.screened()
    held = "A danger sign holds back the plan; the letter to a colleague is above." if screen.plan_locked else ""
    no_plan = held or ("" if current_plan(case) else "There is no agreed plan for the answers of now.")
    no_progress = held or ("" if followed(case, local_day(now())) else "Nothing is followed yet.")
    referrals = referral_for(case.person, screen)
    return (
        *(
            Document(
                f"referral-{place}",
                part.title.text,
                " ".join(s.text for s in part.said_to("clinician")),
                is_urgent=part.urgency in ("same_day", "emergency"),
            )
            for place, part in enumerate(referrals, 1)
        ),
        Document("plan-patient", "Plan for the patient", "Large print: exercises, when to stop, whom to call", no_plan),
        Document("plan-clinician", "Plan for clinicians", "Every reason, source and certainty", no_plan),
        Document("progress-patient", "Progress for the patient", "How it goes, in plain words", no_progress),
        Document("progress-clinician", "Progress for a colleague", "Alerts, reviews, retests", no_progress),
    )


def letter_of(place: Place, case: Case, kind: str) -> Letter:
    """Return one letter of a patient.

    Parameters
    ----------
    place : Place
    case : Case
    kind : str
        `Document.kind`.

    Raises
    ------
    InputError
        If there is no such letter, or it cannot be had now; the sentence says why.
    LockedError
        If a danger sign holds back the plan.
    """
    makers: dict[str, Callable[[Place, Case], Letter]] = {
        "plan-patient": lambda p, c: patient_plan(_agreed(c), c.patient.pseudonym, p.settings),
        "plan-clinician": lambda _, c: clinician_plan(_agreed(c), c.patient.pseudonym),
        "progress-patient": lambda _, c: _progress(c, for_clinician=False),
        "progress-clinician": lambda _, c: _progress(c, for_clinician=True),
    }
    if kind in makers:
        return makers[kind](place, case)
    return _referral(place, case, kind)


def _agreed(case: Case) -> Plan:
    case.unlocked()
    plan = current_plan(case)
    if plan is None:
        raise InputError("there is no agreed plan for the answers of now; agree on one first")
    return plan


def _progress(case: Case, *, for_clinician: bool) -> Letter:
    case.unlocked()
    found = followed(case, local_day(now()))
    if found is None:
        raise InputError("nothing is followed yet: agree on a plan first")
    past, progress = found
    return progress_letter(progress, past.plan, case.patient.pseudonym, for_clinician=for_clinician)


def _referral(place: Place, case: Case, kind: str) -> Letter:
    screen = case.screened()
    letters = {f"referral-{i}": part for i, part in enumerate(referral_for(case.person, screen), 1)}
    part = letters.get(kind)
    if part is None:
        raise InputError("there is no such letter for this patient now; go back to the documents and choose again")
    return referral_letter(
        replace(case.person, pseudonym=case.patient.pseudonym),
        screen,
        part,
        settings=place.settings,
        made_on=local_day(now()),
        version=__version__,
        findings=find_exam(case.person)[0],
    )


def orthosis_letter(place: Place, actor: Actor, patient_id: str) -> tuple[Case, Letter | None, bool]:
    """Return the sheets of orthoses and heel lifts of a patient, and whether the plan they stand in is agreed.

    Parameters
    ----------
    place : Place
    actor : Actor
        Of the staff: patients never see a sheet.
    patient_id : str

    Raises
    ------
    InputError
        If the actor is not of the staff.
    LockedError
        If a danger sign holds back the plan.
    """
    if not actor.is_staff:
        raise InputError("the sheet of an orthosis is for the clinic alone")
    view = read_plan(place, actor, patient_id)
    view.case.unlocked()
    plan = view.plan or (view.agreed.plan if view.agreed else None)
    letter = orthosis_sheets(plan, view.case.patient.pseudonym) if plan else None
    return view.case, letter, view.plan is None and view.is_in_force


def protocol_letter(keys: tuple[str, ...]) -> Letter:
    """Return sheets to measure by hand with.

    Parameters
    ----------
    keys : tuple of str
        Examination items; empty for all.

    Raises
    ------
    InputError
        If there is no such item.
    """
    if lost := [key for key in keys if key not in protocols()]:
        raise InputError(f"there is no examination item '{lost[0][:40]}'; choose one of the list")
    return protocol_booklet(keys, local_day(now()), __version__)


def to_pdf(letter: Letter, name: str) -> Download:
    """Return a letter as tagged PDF.

    Parameters
    ----------
    letter : Letter
    name : str
        Of the file, without its ending.
    """
    return Download(f"{name}.pdf", "application/pdf", letter_pdf(letter))


def letter_file(case: Case, letter: Letter, kind: str) -> Download:
    """Return a letter of a patient as tagged PDF.

    Parameters
    ----------
    case : Case
    letter : Letter
    kind : str
    """
    return to_pdf(letter, _named(case, kind, "pdf").removesuffix(".pdf"))


def fhir_file(case: Case) -> Download:
    """Return everything known of a patient as a FHIR R4 bundle for clinicians; a plan only while none is held back.

    Parameters
    ----------
    case : Case
    """
    screen, plan, moment = case.screened(), current_plan(case), now().astimezone()
    person = replace(case.person, pseudonym=case.patient.pseudonym)
    bundle = fhir_bundle(
        person,
        screen,
        at=moment,
        version=__version__,
        plan=plan,
        referrals=() if plan else referral_for(case.person, screen),
    )
    content = json.dumps(bundle, indent=2, ensure_ascii=False) + "\n"
    return Download(_named(case, "fhir", "json"), "application/fhir+json", content.encode())


def assessment_file(place: Place, case: Case) -> Download:
    """Return the analysis of the case as it stands as JSON, else the newest.

    Parameters
    ----------
    place : Place
    case : Case

    Raises
    ------
    InputError
        If nothing was analysed yet.
    LockedError
        If a danger sign holds back what an analysis says of drivers.
    """
    with place.database.reading() as connection:
        found = standing_assessment(connection, case)
    if found is None:
        raise InputError("nothing was analysed yet; hand in a recording or enter the examination, then analyse")
    content = read_output(place, found[1], "assessment.json")
    plain = json.loads(content)
    if case.screened().plan_locked and (plain.get("drivers") or plain.get("plan")):
        # Made before the sign was told: what it says of drivers is held back with the plan.
        case.unlocked()
    return Download(_named(case, "assessment", "json"), "application/json", content)


def person_file(case: Case) -> Download:
    """Return the answers of a patient as a person file.

    Parameters
    ----------
    case : Case

    Raises
    ------
    InputError
        If nothing was answered yet.
    """
    if case.version is None:
        raise InputError("nothing was answered yet, so there is no person file")
    return Download(_named(case, "person", "toml"), "application/toml", case.version.text.encode())


def journal_file(case: Case) -> Download:
    """Return the journal of a patient as a file that ``kinechain log`` reads.

    Parameters
    ----------
    case : Case
    """
    content = b"".join(chained(case.patient.pseudonym, case.events))
    return Download(_named(case, "journal", "jsonl"), "application/jsonl", content)


def replace_person(place: Place, actor: Actor, patient_id: str, content: bytes, base: int) -> Case:
    """Take the answers of a person file in place of those there are; as a new version, the old ones stay.

    Parameters
    ----------
    place : Place
    actor : Actor
        Of the staff.
    patient_id : str
    content : bytes
        TOML.
    base : int
        Number of the version it takes the place of.

    Raises
    ------
    ConflictError
        If somebody changed the answers in between.
    InputError
        If it is no person file, or it is another person's.
    """
    if len(content) > MAX_PERSON_BYTES:
        raise InputError(f"a person file is a short text, at most {MAX_PERSON_BYTES // 1000} kB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("this is no person file: it is not UTF-8 text") from error
    given = parse_person(text, "the person file", None)
    with place.database.writing() as connection:
        case = read_case(connection, patient_id)
        code = case.patient.pseudonym
        # A file that names nobody is of whom it is handed in for.
        if given.pseudonym not in (Person().pseudonym, code):
            raise InputError(f"this person file is of another person than '{code}'; look at its line 'pseudonym'")

        def taken(before: Person) -> Person:
            return given

        return change_person(connection, actor, patient_id, taken, "replace answers by a file", base)
