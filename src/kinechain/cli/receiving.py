"""A person received as a FHIR bundle: written as a person file, with every thing named that was not taken over."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from kinechain.care.person.person import Person
from kinechain.care.person.person_writer import write_person
from kinechain.cli.person_files import now
from kinechain.core.errors import FileError, InputError
from kinechain.evidence.wording import say
from kinechain.report.fhir_read import Received, read_bundle

__all__ = ["receive"]

MAX_BYTES = 20_000_000


def receive(bundle: Path, target: Path, pseudonym: str) -> list[str]:
    """Write what a bundle holds of a person as a person file, and return what was taken over and what was not.

    Parameters
    ----------
    bundle, target : path
    pseudonym : str
        Where the bundle gives none of ours.

    Raises
    ------
    FileError
        If it cannot be read.
    InputError
        If it is no bundle, or holds neither answers nor scores that have a place here.
    PersonError
        If an answer is impossible; it is named.
    """
    if not bundle.is_file():
        raise FileError(f"there is no file {bundle}")
    if bundle.stat().st_size > MAX_BYTES:
        raise FileError(f"{bundle.name} is larger than {MAX_BYTES // 1_000_000} MB, which no bundle of one person is")
    try:
        text = bundle.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{bundle.name} is not UTF-8 text, as FHIR's JSON is") from error
    received = read_bundle(text, now().date())
    if received.person is None and not received.scores:
        raise InputError(
            f"{bundle.name} holds no answers of this questionnaire and no score that has a place here; "
            "begin a new person with kinechain screen"
        )
    person = received.person or Person(pseudonym=pseudonym)
    person = replace(person, questionnaires=(*person.questionnaires, *received.scores))
    write_person(person, target)
    return _told(received, bundle.name, target.name)


def _told(received: Received, source: str, target: str) -> list[str]:
    lines = [say("terminal.received", source=source, file=target, count=len(received.scores)).text]
    if received.person is None:
        lines.append(say("terminal.received_no_answers").text)
    if received.level:
        level = received.level.replace("_", " ")
        lines.append(say("terminal.received_level", level=level).text)
    left = Counter(f"{entry.where}: {entry.what}" for entry in received.unread)
    if received.plan:
        left[say("terminal.received_plan", plan=received.plan.id, day=received.plan.made_on.isoformat()).text] += 1
    if received.referrals:
        left[say("terminal.received_referrals").text] += len(received.referrals)
    if left:
        lines.append(say("terminal.received_left").text)
    return lines + [f"  - {what}" + (f" ({count})" if count > 1 else "") for what, count in left.items()]
