"""``kinechain plan``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinechain.cli.inputs import sort_inputs
from kinechain.cli.person_files import Records, now, read_day, read_records
from kinechain.cli.signing import confirmed
from kinechain.cli.terminal import progress, wrapped
from kinechain.core.errors import InputError, SettingError
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.core.text import printable
from kinechain.evidence.wording import say

if TYPE_CHECKING:
    from kinechain.care.planning.plan import Plan
    from kinechain.care.screening.screen import Screen
    from kinechain.cli.plan_making import Made

__all__ = ["plan"]

EXIT_LOCKED = 1
READERS = ("clinician", "patient")


def plan(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="PERSON.toml [RECORDING...]", help="The person file, and recordings if any.")
    ],
    replace: Annotated[
        str, typer.Option(help="Make a new plan in place of the present one, and why.", metavar="REASON")
    ] = "",
    keep_up: Annotated[
        bool, typer.Option("--keep-up", help="After week 8: let the new plan keep up what was reached; with --replace.")
    ] = False,
    for_: Annotated[str, typer.Option("--for", help="Who reads it.", metavar="clinician|patient")] = "clinician",
    full: Annotated[bool, typer.Option("--full", help="Print every sentence and source.")] = False,
    no_drivers: Annotated[
        bool, typer.Option("--no-drivers", help="Do not compute which parameters carry load; saves some seconds.")
    ] = False,
    on: Annotated[str | None, typer.Option(help="First day of the plan; today if not given.", metavar="DATE")] = None,
    agree: Annotated[bool, typer.Option("--agree", help="Record that a clinician agrees; needs --clinician.")] = False,
    clinician: Annotated[str, typer.Option(help="Who agrees; see kinechain clinician.", metavar="NAME")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for plan.json and letters.", metavar="DIR")] = None,
    letters: Annotated[bool, typer.Option("--letters", help="Write letters (PDF and text) to --out.")] = False,
    fhir: Annotated[
        Path | None, typer.Option(help="Write a FHIR R4 bundle for the reader of --for.", metavar="FILE.json")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Make a plan for eight weeks, or print the present one.

    A plan stands in the journal beside the person file and is never edited: a new one replaces it, with the reason.
    While a danger sign holds it back, the reason and the referral are printed instead.

    Exit code 0: there is a plan; 1: it is locked; 2: bad input.

    Example: kinechain plan person.toml

    Example: kinechain plan person.toml --for patient --out plan --letters

    Example: kinechain plan person.toml --fhir person.fhir.json

    Example: kinechain plan person.toml walk1.c3d --replace "week 6: heel pain has not changed"

    Example: kinechain plan person.toml --replace "week 8: better" --keep-up

    Example: kinechain plan person.toml --agree --clinician dr_ono
    """
    if for_ not in READERS:
        raise SettingError(f"--for is '{printable(for_)}'; write clinician or patient")
    if agree != bool(clinician):
        raise SettingError("--agree and --clinician NAME belong together: an agreement says whose it is")
    if keep_up and not replace.strip():
        raise SettingError("--keep-up makes a new plan in place of the present one: give --replace REASON too")
    person_file, recordings = sort_inputs(inputs)
    if person_file is None:
        raise SettingError("a plan needs a person file: a recording answers no danger sign")
    day = read_day(on, "--on")
    clinician = confirmed(clinician) if clinician else ""
    with progress() as tell:
        records = read_records(person_file)
        from kinechain.cli.consents import visit_consent
        from kinechain.cli.plan_making import make

        outcome = records.screened()
        if outcome.plan_locked:
            _print_locked(records, outcome, out if letters else None, fhir, as_json)
            raise typer.Exit(EXIT_LOCKED)
        made = make(
            records,
            recordings,
            replace.strip(),
            clinician,
            day=day,
            with_drivers=not no_drivers,
            tell=tell,
            is_kept_up=keep_up,
        )
        written = _write(records, made, out, letters)
        written += _written_fhir(records, outcome, fhir, made.plan, for_ == "patient")
    said = visit_consent(records, day, bool(recordings or records.person.recordings)) if made.is_new else []
    if as_json and said:
        typer.echo(wrapped(said[0]), err=True)
    _print(records, made, for_ == "patient", full, as_json, written, said)


def _print_locked(records: Records, outcome: Screen, letters: Path | None, fhir: Path | None, as_json: bool) -> None:
    """Say why there is no plan, and who should see the person instead."""
    from kinechain.care.planning.referral import referral_for
    from kinechain.care.screening.settings import read_settings
    from kinechain.cli.plan_making import write_referrals
    from kinechain.cli.plan_text import referral_lines
    from kinechain.cli.screen_text import emergency_page
    from kinechain.report.plan_json import screen_json

    referrals = referral_for(records.person, outcome)
    written = write_referrals(records, outcome, letters) if letters else []
    written += _written_fhir(records, outcome, fhir, None)
    if as_json:
        settings = read_settings()
        first = referrals[0] if referrals else None
        document = screen_json(records.person, outcome, settings.emergency_number, settings.crisis_line, first)
        typer.echo(document, nl=False)
        return
    lines = emergency_page(outcome) or [say("terminal.plan_locked", reason=outcome.reason).text]
    lines += referral_lines(referrals)
    lines += ["", say("terminal.see_screen", command=f"kinechain screen {records.path}").text]
    lines += _written_lines(written)
    _echo([*lines, "", INTENDED_PURPOSE])


def _written_fhir(
    records: Records, outcome: Screen, target: Path | None, plan: Plan | None, is_patient: bool = False
) -> list[Path]:
    """Write a bundle, with the plan or with the referrals that stand without one."""
    if target is None:
        return []
    from kinechain import __version__
    from kinechain.care.planning.referral import referral_for
    from kinechain.report.fhir import fhir_bundle

    bundle = fhir_bundle(
        records.person,
        outcome,
        at=now(),
        version=__version__,
        plan=plan,
        referrals=() if plan else referral_for(records.person, outcome),
        audience="patient" if is_patient else "clinician",
    )
    try:
        target.write_text(json.dumps(bundle, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"nothing can be written to {target}: {error.strerror or error}") from error
    return [target]


def _write(records: Records, made: Made, out: Path | None, letters: bool) -> list[Path]:
    from kinechain.cli.plan_making import write_plan

    if letters and out is None:
        raise SettingError("--letters needs --out DIR: the folder the letters are written to")
    return write_plan(records, made, out, letters) if out else []


def _print(
    records: Records, made: Made, is_patient: bool, full: bool, as_json: bool, written: list[Path], said: list[str]
) -> None:
    from kinechain.cli.plan_text import Style, plan_lines
    from kinechain.report.plan_json import plan_json

    if as_json:
        typer.echo(plan_json(made.plan), nl=False)
        return
    lines = plan_lines(made.plan, records.person.pseudonym, Style(is_patient, full))
    lines += ["", *_state(records, made), *said, *_written_lines(written)]
    if not (full or is_patient):
        lines.append(say("terminal.plan_more", command=f"kinechain plan {records.path} --full").text)
    _echo([*lines, "", INTENDED_PURPOSE])


def _state(records: Records, made: Made) -> list[str]:
    """Return whether the plan is new, who agreed to it, and what to type next."""
    plan: Plan = made.plan
    key = "plan_is_new" if made.is_new else "plan_is_present"
    lines = [say(f"terminal.{key}", plan=plan.id, file=made.journal.name).text]
    agreement = f"kinechain plan {records.path} --agree --clinician NAME"
    lines.append(
        say("terminal.plan_agreed", clinician=made.agreed_by).text
        if made.agreed_by
        else say("terminal.plan_not_agreed", command=agreement).text
    )
    if made.could_keep_up:
        command = f'kinechain plan {records.path} --replace "..." --keep-up'
        lines.append(say("terminal.offer_keep_up", command=command).text)
    return [*lines, say("terminal.plan_next", command=f"kinechain log {records.path}").text]


def _written_lines(written: list[Path]) -> list[str]:
    return [say("terminal.plan_written", file=str(path)).text for path in written]


def _echo(lines: list[str]) -> None:
    typer.echo(wrapped("\n".join(printable(line) for line in lines)))
