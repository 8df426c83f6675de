"""``kinechain log``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinechain.cli.person_files import Records, check_person_path, new_id, now, read_records, read_time, write_events
from kinechain.cli.questions import Terminal, interview, is_interactive
from kinechain.cli.terminal import wrapped
from kinechain.core.errors import SettingError
from kinechain.core.text import printable
from kinechain.evidence.wording import say

if TYPE_CHECKING:
    from kinechain.care.follow_up.events import Event

__all__ = ["log"]

EXIT_LOCKED = 1
SCHEMA = "kinechain/log/1"
#: Entries that stood there already are named up to here, and counted beyond; ``--json`` names all.
FEW = 3


@dataclass(frozen=True)
class _Kept:
    """What became of entries.

    Attributes
    ----------
    written, known : tuple of Event
        New ones; those that stood there already.
    said : tuple of str
        Everything else worth a sentence.
    """

    written: tuple[Event, ...] = ()
    known: tuple[Event, ...] = ()
    said: tuple[str, ...] = ()


def log(
    person_file: Annotated[Path, typer.Argument(metavar="PERSON.toml", help="The person file.")],
    file: Annotated[Path | None, typer.Option(help="Entries, one a row.", metavar="FILE.csv|FILE.jsonl")] = None,
    exercise: Annotated[str | None, typer.Option(help="An exercise that was done.", metavar="ID")] = None,
    side: Annotated[str, typer.Option(help="Of the exercise.", metavar="left|right|both")] = "both",
    sets: Annotated[int | None, typer.Option(help="Sets done.", metavar="N")] = None,
    repetitions: Annotated[int | None, typer.Option(help="In each set.", metavar="N")] = None,
    load: Annotated[float, typer.Option(help="Beyond the body's own weight.", metavar="KG")] = 0.0,
    effort: Annotated[float | None, typer.Option(help="0 to 10.", metavar="N")] = None,
    pain: Annotated[
        float | None, typer.Option(help="Own pain, 0 to 10: during the exercise, or in the morning.", metavar="N")
    ] = None,
    morning: Annotated[bool, typer.Option("--morning", help="How it is the morning after.")] = False,
    usual: Annotated[float | None, typer.Option(help="Own pain on a usual morning, 0 to 10.", metavar="N")] = None,
    soreness: Annotated[float | None, typer.Option(help="Of the trained muscles, 0 to 10.", metavar="N")] = None,
    at: Annotated[str | None, typer.Option(help="When it was; now if not given.", metavar="DATE[TTIME]")] = None,
    consent: Annotated[
        list[str] | None,
        typer.Option(help="The person agrees to this; may be given again.", metavar="care|recordings|research|sharing"),
    ] = None,
    keep_until: Annotated[str | None, typer.Option(help="Last day the agreement holds.", metavar="DATE")] = None,
    withdraw: Annotated[
        list[str] | None, typer.Option(help="The person takes this back; may be given again.", metavar="SCOPE")
    ] = None,
    merge: Annotated[Path | None, typer.Option(help="Another copy of the journal.", metavar="OTHER.jsonl")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Save what a damaged journal still holds.")] = False,
    ask: Annotated[
        bool | None, typer.Option("--ask/--no-ask", help="Ask what was done.", show_default="ask in a terminal")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write down what was done: exercises, pain, and soreness the morning after.

    Without options it asks, in a terminal: danger signs first, then the exercises of the present plan one at a time.
    Entries are never changed or counted twice; what stands there already is named.

    Exit code 0: written; 1: a danger sign was named; 2: bad input.

    Example: kinechain log person.toml

    Example: kinechain log person.toml --exercise calf_raise --side right --sets 3 --repetitions 12 --pain 2 --effort 6

    Example: kinechain log person.toml --morning --pain 1 --soreness 3

    Example: kinechain log person.toml --file diary.csv

    Example: kinechain log person.toml --merge phone.journal.jsonl

    Example: kinechain log person.toml --consent care --consent research --keep-until 2036-12-31

    Example: kinechain log person.toml --withdraw research
    """
    if repair:
        _repair(person_file)
    records = read_records(person_file)
    typed = {"load_kg": load or None, "effort": effort, "pain": pain, "usual_pain": usual, "soreness": soreness}
    rows = _rows(exercise, morning, {**typed, "side": side, "sets": sets, "repetitions": repetitions}, at)
    has_consent = bool(consent or withdraw or keep_until)
    given = sum((bool(rows), file is not None, merge is not None, has_consent))
    if given > 1:
        raise SettingError("give one of --exercise, --morning, --file, --merge and --consent or --withdraw at a time")
    asks = is_interactive() if ask is None else ask
    if not given and not asks and not repair:
        raise SettingError("nothing to write: give --exercise, --morning, --file or --merge, or run this in a terminal")
    if merge is not None:
        kept = _merge(records, merge)
    elif file is not None:
        kept = _keep(records, _from_file(file))
    elif rows:
        kept = _keep(records, rows)
    elif has_consent:
        kept = _agree(records, consent or [], keep_until, withdraw or [], at)
    else:
        kept = _ask(records, at) if asks else _Kept()
    danger = _danger_told(records.path, kept.written)
    if danger and not as_json:
        typer.echo(wrapped("\n".join(printable(line) for line in [*danger, ""])))
    _print(records, kept, as_json, act_now=bool(danger))
    if danger:
        raise typer.Exit(EXIT_LOCKED)


def _rows(exercise: str | None, morning: bool, typed: dict[str, Any], at: str | None) -> tuple[Event, ...]:
    """Return the entry the options describe, none if they describe none."""
    from kinechain.cli.log_entries import Row, entry

    if exercise is None and not morning:
        unused = [
            key for key in ("sets", "repetitions", "effort", "pain", "usual_pain", "soreness") if typed[key] is not None
        ]
        if unused:
            option = "--usual" if unused[0] == "usual_pain" else f"--{unused[0]}"
            raise SettingError(f"{option} belongs to an entry: add --exercise ID or --morning")
        return ()
    if exercise is not None and morning:
        raise SettingError("--exercise and --morning are two entries; write them one after the other")
    moment = read_time(at, "--at").isoformat()
    if morning:
        values = {key: typed[key] for key in ("pain", "usual_pain", "soreness")}
        if typed["pain"] is None and typed["soreness"] is None:
            raise SettingError("--morning needs --pain or --soreness, each from 0 to 10")
        return (entry(Row("--morning", {"event": "next_morning", "at": moment, **values})),)
    values = {key: typed[key] for key in ("side", "sets", "repetitions", "load_kg", "effort")}
    values |= {"exercise": exercise, "pain_during": typed["pain"]}
    return (entry(Row("--exercise", {"event": "session", "at": moment, **values})),)


def _from_file(path: Path) -> tuple[Event, ...]:
    from kinechain.cli.log_entries import read_entries

    return read_entries(path)


def _keep(records: Records, events: Sequence[Event]) -> _Kept:
    """Write entries that do not stand there yet."""
    from kinechain.care.follow_up.log import check_event
    from kinechain.cli.log_questions import planned_exercises

    known = {event.id for event in records.events}
    twice = [event for event in events if event.id in known]
    new: dict[str, Event] = {}
    for event in events:
        if event.id in new:
            twice.append(event)
        elif event.id not in known:
            new[event.id] = event
    for event in new.values():
        check_event(event, now=now())
    if new:
        write_events(records, tuple(new.values()))
        _lock_on_danger(records, tuple(new.values()))
    planned = {e.exercise for e in planned_exercises(records.events)}
    beside = [e for e in new.values() if planned and getattr(e, "exercise", "") not in ({""} | planned)]
    said = [say("terminal.not_in_plan", entry=_told(event)).text for event in beside]
    return _Kept(tuple(new.values()), tuple(twice), (*said, *_tapped((*records.events, *new.values()), set(new))))


def _agree(
    records: Records, given: Sequence[str], keep_until: str | None, withdrawn: Sequence[str], at: str | None
) -> _Kept:
    """Write what the person agrees to or takes back, with the text as it is shown."""
    from kinechain.cli.consents import consent_events

    events, said = consent_events(given, keep_until, withdrawn, read_time(at, "--at"))
    write_events(records, events)
    return _Kept(events, (), said)


def _tapped(events: Sequence[Event], new: set[str]) -> tuple[str, ...]:
    """Return a sentence for every new entry that is kept and not counted."""
    from kinechain.care.follow_up.merge import merge as merged

    found = merged(events)
    by_id = {event.id: event for event in found.events}
    taps = [key for d in found.duplicates if new & {d.counted, *d.not_counted} for key in d.not_counted]
    return tuple(say("terminal.logged_tapped", entry=_told(by_id[key])).text for key in taps)


def _merge(records: Records, other: Path) -> _Kept:
    from kinechain.care.records.journal import append, journal_path, merge_files, read_journal

    where = journal_path(records.path)
    if not where.exists():
        found = read_journal(other, records.person.pseudonym)
        new = append(where, *found.events, person=records.person.pseudonym)
    else:
        new = merge_files(where, other, records.person.pseudonym)
    _lock_on_danger(records, new)
    first = say("terminal.merged", other=other.name, count=len(new)).text
    return _Kept(new, (), (first, *_tapped((*records.events, *new), {event.id for event in new})))


def _repair(person_file: Path) -> None:
    from kinechain.care.person.person_file import read_person
    from kinechain.care.records.journal import journal_path, repair

    person = read_person(check_person_path(person_file))
    found, aside = repair(journal_path(person_file), person.pseudonym)
    kept, damaged = len(found.events), len(found.damage)
    typer.echo(wrapped(say("terminal.repaired", count=kept, damaged=damaged, aside=aside.name).text), err=True)


def _ask(records: Records, at: str | None) -> _Kept:
    """Ask for the day, and write what was said, also when it is left in the middle."""
    from kinechain.cli.log_questions import Draft, diary_events, diary_script, open_diary, planned_exercises

    terminal = Terminal.of_process()
    drafts = [
        open_diary(
            records.person, records.events, read_time(at, "--at"), may_exercise=not records.screened().plan_locked
        )
    ]
    if not planned_exercises(records.events):
        typer.echo(wrapped(say("terminal.no_plan", command=f"kinechain plan {records.path}").text), err=True)
    script = diary_script(drafts.append)
    if not script.open_questions(drafts[0]):
        typer.echo(say("terminal.all_logged").text, err=True)
        return _Kept()
    typer.echo(wrapped(say("terminal.start_log").text), err=True)

    def keep(draft: Draft) -> _Kept:
        return _keep(records, diary_events(draft, new_id))

    try:
        ending = interview(drafts[0], script, terminal)
    except KeyboardInterrupt:
        keep(drafts[-1])
        raise
    terminal.write("")
    return keep(ending.state)


def _lock_on_danger(records: Records, events: Sequence[Event]) -> None:
    """Write a danger sign that was named, or not known, into the person file too, so that the plan locks."""
    from kinechain.care.follow_up.events import CheckIn
    from kinechain.care.person.person_writer import update_person

    told = {k: a for e in events if isinstance(e, CheckIn) for k, a in e.screen.items() if a in ("yes", "unknown")}
    if told:
        screen = MappingProxyType({**records.person.screen, **told})
        update_person(replace(records.person, screen=screen), records.path)


def _danger_told(path: Path, events: Sequence[Event]) -> list[str]:
    """Return what to do now about the danger signs and unwanted events just written, nothing if there are none."""
    from kinechain.care.follow_up.events import AdverseEvent, CheckIn
    from kinechain.care.screening.red_flags import LOCKING
    from kinechain.cli.screen_text import emergency_page

    named = {key for e in events if isinstance(e, CheckIn) for key, answer in e.screen.items() if answer == "yes"}
    named |= {f"adverse.{event.what}" for event in events if isinstance(event, AdverseEvent)}
    if not named:
        return []
    outcome = read_records(path).screened()
    found = [flag for flag in outcome.flags if flag.id in named and not flag.is_open and flag.urgency in LOCKING]
    return (emergency_page(outcome) or [flag.advice or flag.rule for flag in found]) if found else []


def _told(event: Event) -> str:
    """Return an entry in a few words."""
    words = [type(event).__name__, event.at.strftime("%Y-%m-%d %H:%M")]
    words += [str(getattr(event, key)) for key in ("exercise", "side") if getattr(event, key, "")]
    return " ".join(words)


def _print(records: Records, kept: _Kept, as_json: bool, act_now: bool) -> None:
    from kinechain.care.records.journal import journal_path
    from kinechain.care.records.plain_values import to_plain

    if as_json:
        document = {
            "schema": SCHEMA,
            "person": records.person.pseudonym,
            "written": [to_plain(event) for event in kept.written],
            "already_there": [event.id for event in kept.known],
            "said": list(kept.said),
            "act_now": act_now,
        }
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    lines = [say("terminal.logged_twice", entry=_told(event)).text for event in kept.known[:FEW]]
    if more := len(kept.known[FEW:]):
        lines.append(say("terminal.logged_twice_more", count=more).text)
    lines += kept.said
    name = journal_path(records.path).name
    lines.append(
        say("terminal.logged", file=name, count=len(kept.written)).text
        if kept.written
        else say("terminal.logged_nothing").text
    )
    typer.echo(wrapped("\n".join(printable(line) for line in lines)))
