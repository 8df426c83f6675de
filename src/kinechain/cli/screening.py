"""``kinechain screen``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinechain.cli.person_files import Records, check_person_path, new_id, passphrase, read_records, write_events
from kinechain.cli.questions import Terminal, interview, is_interactive
from kinechain.cli.terminal import wrapped
from kinechain.core.errors import InputError, SettingError
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.core.text import printable
from kinechain.evidence.wording import say

if TYPE_CHECKING:
    from kinechain.care.screening.screen import Screen

__all__ = ["screen"]

EXIT_LOCKED = 1
#: A new person is written here if no file is named.
USUAL = Path("person.toml")
#: Open questions that are printed to somebody who has just left them.
FEW = 3


def screen(
    person_file: Annotated[
        Path | None, typer.Argument(metavar="[PERSON.toml]", help="A person file; without one a new one is begun.")
    ] = None,
    ask: Annotated[
        bool | None,
        typer.Option("--ask/--no-ask", help="Ask what is missing.", show_default="ask in a terminal"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Save the answers here instead.", metavar="FILE")] = None,
    from_fhir: Annotated[
        Path | None,
        typer.Option(help="Begin with the answers of a FHIR R4 bundle; write them to --out.", metavar="BUNDLE.json"),
    ] = None,
    clear: Annotated[
        list[str] | None,
        typer.Option(help="Clear this danger sign, as a clinician; may be given again.", metavar="FLAG"),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why it is cleared.", metavar="TEXT")] = "",
    clinician: Annotated[str, typer.Option(help="Whose key signs; see kinechain clinician.", metavar="NAME")] = "",
    letter: Annotated[
        Path | None, typer.Option(help="Write a letter to whoever should see the person here.", metavar="DIR")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Ask the danger signs, save the answers, and say how urgent they are.

    In a terminal it asks what the file does not answer, the emergencies first, and saves after every answer; it can be
    left at any question and goes on there the next time.  Without a terminal it asks nothing.

    Exit code 0: the plan is unlocked; 1: locked, or not screened; 2: bad input.

    Example: kinechain screen person.toml

    Example: kinechain screen person.toml --json

    Example: kinechain screen person.toml --letter letters

    Example: kinechain screen --from-fhir received.json --out person.toml

    Example: kinechain screen person.toml --clear foot_drop --reason "seen today, old palsy" --clinician dr_ono
    """
    if clear and (not reason.strip() or not clinician.strip()):
        raise SettingError("--clear needs --reason TEXT and --clinician NAME: a clearance says who and why")
    asks = is_interactive() and not (as_json or clear) if ask is None else ask
    path = _receive(from_fhir, person_file, out) if from_fhir else _begin(person_file, out, asks)
    records = _read(path)
    if clear:
        records = _clear(records, clear, reason.strip(), clinician.strip())
    is_left = False
    if asks:
        records, is_left = _ask(records)
    outcome = records.screened()
    written: list[Path] = []
    if letter:
        from kinechain.cli.plan_making import write_referrals

        written = write_referrals(records, outcome, letter)
    _print(records, outcome, as_json, FEW if is_left else None, written)
    if outcome.plan_locked:
        raise typer.Exit(EXIT_LOCKED)


def _read(path: Path) -> Records:
    """Return what is known of a person; a journal that cannot be read holds back no emergency of the file itself."""
    try:
        return read_records(path)
    except InputError:
        from kinechain.care.person.person_file import read_person
        from kinechain.care.screening.red_flags import screen_person
        from kinechain.cli.screen_text import emergency_page

        page = emergency_page(screen_person(read_person(path)))
        if page:
            typer.echo(wrapped("\n".join(printable(line) for line in page)))
        raise


def _begin(person_file: Path | None, out: Path | None, asks: bool) -> Path:
    """Return the file that answers are read from and saved to; a new one is made if none was named."""
    if person_file is None and not asks:
        raise SettingError("nothing to screen: give a person file (TOML), or run this in a terminal to be asked")
    is_new = person_file is None or (asks and out is None and not person_file.exists())
    if person_file is not None and out is None and not is_new:
        return check_person_path(person_file)
    target = out or person_file or USUAL
    if target.exists():
        raise SettingError(f"{target} exists already and is not overwritten; give it first, or name another with --out")
    if person_file is None or is_new:
        from kinechain.care.person.person import Person
        from kinechain.care.person.person_writer import write_person

        write_person(Person(pseudonym=_code(target)), target)
    else:
        target.write_bytes(check_person_path(person_file).read_bytes())
    return target


def _receive(bundle: Path, person_file: Path | None, out: Path | None) -> Path:
    """Write what a bundle holds as a new person file, and say what was not taken over."""
    from kinechain.cli.receiving import receive

    if person_file is not None or out is None:
        raise SettingError("--from-fhir makes a new person file: name it with --out, and give no other")
    if out.exists():
        raise SettingError(f"{out} exists already and is not overwritten; name another with --out")
    lines = receive(bundle, out, _code(out))
    typer.echo(wrapped("\n".join(printable(line) for line in [*lines, ""])), err=True)
    return out


def _code(path: Path) -> str:
    """Return a pseudonym made of a file name."""
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in path.stem)[:40] or "person"


def _clear(records: Records, flags: Sequence[str], reason: str, clinician: str) -> Records:
    """Sign the clearance of danger signs, and write it into the journal."""
    from kinechain.care.follow_up.events import Cleared
    from kinechain.care.screening.keyring import sign_clearance

    secret = passphrase(say("terminal.ask_passphrase", clinician=clinician).text)
    signed = [sign_clearance(records.person, flag, reason, clinician, secret, told=records.told) for flag in flags]
    events = [
        Cleared(id=new_id(), at=clearance.at, by=clearance.clinician, why=reason, clearance=clearance)
        for clearance in signed
    ]
    where = write_events(records, events)
    typer.echo(say("terminal.cleared", flags=", ".join(flags), clinician=clinician, file=where.name).text, err=True)
    return read_records(records.path)


def _ask(records: Records) -> tuple[Records, bool]:
    """Ask what is open; return what is known afterwards, and whether the person left before the end."""
    from kinechain.care.person.person_writer import update_person
    from kinechain.cli.screen_questions import open_intake, screen_script

    terminal = Terminal.of_process()
    count = len(open_intake(records.person))
    if not count:
        typer.echo(say("terminal.nothing_open").text, err=True)
        return records, False
    is_new = not records.person.screen
    first = say("terminal.start_screen") if is_new else say("terminal.resume_screen", open=count)
    typer.echo(wrapped(first.text), err=True)
    script = screen_script(lambda person: update_person(person, records.path), records.clearances)
    ending = interview(records.person, script, terminal)
    terminal.write("")
    if ending.how == "left":
        command = f"kinechain screen {records.path}"
        typer.echo(wrapped(say("terminal.saved", file=str(records.path), command=command).text), err=True)
    elif ending.how == "stopped":
        typer.echo(say("terminal.stopped").text, err=True)
    return read_records(records.path), ending.how == "left"


def _print(records: Records, outcome: Screen, as_json: bool, most_open: int | None, written: Sequence[Path]) -> None:
    from kinechain.cli.screen_text import screen_lines

    if as_json:
        from kinechain.care.planning.referral import referral_for
        from kinechain.care.screening.settings import Settings, read_settings
        from kinechain.report.plan_json import screen_json

        try:
            settings = read_settings()
        except InputError:
            if outcome.level != "emergency":
                raise
            settings = Settings()  # Broken settings hold back no emergency.
        told = (settings.emergency_number, settings.crisis_line)
        first = next(iter(referral_for(records.person, outcome)), None)
        typer.echo(screen_json(records.person, outcome, *told, first), nl=False)
        return
    lines = screen_lines(records.person, outcome, most_open)
    if outcome.level != "emergency":  # Then nothing else is looked at (rule R0.2).
        lines += _examination(records)
        steps = _next_steps(records, outcome)
        lines += ["", *steps] if steps else []
    lines += [say("terminal.plan_written", file=str(path)).text for path in written]
    lines += ["", INTENDED_PURPOSE]
    typer.echo(wrapped("\n".join(printable(line) for line in lines)))


def _examination(records: Records) -> list[str]:
    """Return what the nerve screen and the Wells score say, nothing where neither was examined or is due."""
    from kinechain.care.screening.nerve_report import nerve_sentences, wells_sentences

    said = (*wells_sentences(records.person), *nerve_sentences(records.person))
    return ["", say("screen.nerve_title").text, *(f"  - {sentence.text}" for sentence in said)] if said else []


def _next_steps(records: Records, outcome: Screen) -> list[str]:
    """Return what to type next."""
    from kinechain.care.screening.red_flags import ASK, LOCKING, NOT_CLEARABLE

    command = f"kinechain screen {records.path}"
    can_clear = [f.id for f in outcome.flags if f.rule != ASK and f.urgency in LOCKING and f.id not in NOT_CLEARABLE]
    lines = []
    if any(flag.rule == ASK for flag in outcome.flags) or outcome.not_asked:
        lines.append(say("terminal.how_to_answer", command=command).text)
    if can_clear:
        clear = f'{command} --clear {can_clear[0]} --reason "..." --clinician NAME'
        lines.append(say("terminal.how_to_clear", command=clear).text)
    if not outcome.plan_locked:
        lines.append(say("terminal.screen_complete", command=f"kinechain plan {records.path}").text)
    return lines
