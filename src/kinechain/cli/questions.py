"""An interview in a terminal: one question after another, with ways back, past, and out.

The interview knows nothing of danger signs or exercises: a `Script` says which questions are open in a state, what an
answer makes of the state, and when to stop.  It reads lines, so a pipe answers as well as a person; the end of the
input means: save and leave.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Literal, TypeVar

import typer

from kinechain.cli.answers import SKIPPED, UNKNOWN, Question, Value, parse_answer, spoken
from kinechain.core.errors import InputError
from kinechain.core.text import printable
from kinechain.evidence.wording import say

__all__ = ["Ending", "Script", "Terminal", "interview", "is_interactive", "paragraph"]

S = TypeVar("S")

#: Widest line, characters (choice: longer lines are hard to read).
WIDEST = 88
#: Lines of `terminal.toml` that say what each key does.
HELP = ("unknown", "skip", "back", "why", "leave")
KEYS = "u s b h q ?"


@dataclass(frozen=True)
class Terminal:
    """Where questions go and answers come from.

    Attributes
    ----------
    read : callable
        Returns one line without its end, or None when there are no more.
    write : callable
        Takes one line.
    prompt : callable
        Takes what stands before the answer, without a new line.
    width : int
        Characters in a line.
    """

    read: Callable[[], str | None]
    write: Callable[[str], None]
    prompt: Callable[[str], None]
    width: int = 80

    @classmethod
    def of_process(cls) -> Terminal:
        """Return the terminal of this process: questions on stderr, so that stdout holds the result alone."""

        def read() -> str | None:
            line = sys.stdin.readline()
            return line.rstrip("\r\n") if line else None

        return cls(
            read,
            lambda line: typer.echo(line, err=True),
            lambda text: typer.echo(text, err=True, nl=False),
            min(shutil.get_terminal_size().columns - 1, WIDEST),
        )


@dataclass(frozen=True)
class Script(Generic[S]):
    """What is asked, and what an answer does.

    Attributes
    ----------
    open_questions : callable
        Returns the questions without an answer in a state, in order.
    put : callable
        Returns the state with the answer to a question; raises `InputError` if the answer is impossible.
    save : callable
        Keeps a state, after each answer and each step back.
    stops : callable
        True for a state in which nothing more is asked.
    notes : callable
        Returns sentences to print after a step from one state to the next.
    """

    open_questions: Callable[[S], Sequence[Question]]
    put: Callable[[S, Question, Value], S]
    save: Callable[[S], None] = lambda _: None
    stops: Callable[[S], bool] = lambda _: False
    notes: Callable[[S, S], Sequence[str]] = lambda *_: ()


@dataclass(frozen=True)
class Ending(Generic[S]):
    """How an interview ended.

    Attributes
    ----------
    state
        With every answer that was given.
    how : 'done', 'left' or 'stopped'
        Everything was asked; the person left, or the input ended; the script stopped it.
    asked : int
        Questions that were answered, skipped ones among them.
    """

    state: S
    how: Literal["done", "left", "stopped"]
    asked: int


class _Key(Enum):
    BACK = "b"
    LEAVE = "q"


@dataclass(frozen=True)
class _Step(Generic[S]):
    """One question that has been passed: the state before it, and what was said."""

    before: S
    question: Question
    value: Value


def is_interactive() -> bool:
    """Return whether somebody sits at both ends: nobody is asked through a pipe unless that is asked for."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def paragraph(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text as lines of at most a width, each behind an indentation."""
    return textwrap.wrap(
        printable(text), max(width, 30), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def interview(state: S, script: Script[S], terminal: Terminal) -> Ending[S]:
    """Ask every open question of a script.

    Parameters
    ----------
    state
    script : Script
    terminal : Terminal
    """
    steps: list[_Step[S]] = []
    earlier: Value | None = None
    while not script.stops(state):
        passed = {step.question.id for step in steps}
        still_open = [question for question in script.open_questions(state) if question.id not in passed]
        if not still_open:
            return Ending(state, "done", len(steps))
        question = still_open[0]
        _ask(terminal, question, steps, len(still_open), earlier)
        value = _answer(terminal, question, bool(steps))
        earlier = None
        if value is _Key.LEAVE:
            return Ending(state, "left", len(steps))
        if isinstance(value, _Key):
            state, earlier = steps[-1].before, steps.pop().value
            script.save(state)
            continue
        try:
            following = script.put(state, question, value)
        except InputError as error:
            _tell(terminal, str(error))
            continue
        for sentence in script.notes(state, following):
            _tell(terminal, say("terminal.note", sentence=sentence).text)
        script.save(following)
        steps.append(_Step(state, question, value))
        state = following
    return Ending(state, "stopped", len(steps))


def _ask(
    terminal: Terminal, question: Question, steps: Sequence[_Step[S]], still_open: int, earlier: Value | None
) -> None:
    """Print a question: where one is, what is asked, the answers there are, and the keys the first time."""
    terminal.write("")
    position = say("terminal.position", number=len(steps) + 1, total=len(steps) + still_open).text
    is_new = not steps or steps[-1].question.section != question.section
    terminal.write(f"{position} · {question.section}" if question.section and is_new else position)
    for line in paragraph(question.text, terminal.width, "  "):
        terminal.write(line)
    for line in _listed([choice.label for choice in question.choices], terminal.width):
        terminal.write(line)
    if earlier is not None:
        _tell(terminal, say("terminal.before", answer=spoken(question, earlier)).text)
    if not steps:
        _tell(terminal, _keys(question))


def _listed(labels: Sequence[str], width: int) -> list[str]:
    """Return numbered answers; 'heel', 'left heel', 'right heel' share a line."""
    lines = []
    number = 0
    while number < len(labels):
        label, sides = labels[number], []
        for other in labels[number + 1 : number + 3]:
            side = other.removesuffix(f" {label}")
            if side == other:
                break
            sides.append(side)
        first, *rest = paragraph(label, width - 7) or [""]
        if len(sides) == 2 and not rest:
            first = f"{first:<38} {number + 2:3} {sides[0]}  {number + 3:3} {sides[1]}"
        lines += [f"  {number + 1:3}  {first}", *(f"       {line}" for line in rest)]
        number += 3 if len(sides) == 2 and not rest else 1
    return lines


def _keys(question: Question) -> str:
    values = {"unit": question.unit} if question.kind == "number" else {}
    return say(f"terminal.keys_{question.kind}", **values).text


def _answer(terminal: Terminal, question: Question, has_before: bool) -> Value | _Key:
    """Read lines until one is an answer, or a key that leads out of the question."""
    while True:
        terminal.prompt(_prompt(question))
        line = terminal.read()
        if line is None:
            terminal.write("")
            return _Key.LEAVE
        typed = printable(line.strip())
        key = typed.lower()
        if key in ("q", "quit"):
            return _Key.LEAVE
        if key in ("b", "back"):
            if has_before:
                return _Key.BACK
            _tell(terminal, say("terminal.first_question").text)
        elif key in ("u", "unknown"):
            return UNKNOWN
        elif key in ("s", "skip"):
            return SKIPPED
        elif key in ("h", "why"):
            _tell(terminal, question.why or say("terminal.no_reason").text)
        elif key == "" and question.usual is not None:
            return question.usual
        elif key in ("", "?", "help"):
            _help(terminal, question)
        else:
            try:
                return parse_answer(question, typed)
            except InputError as error:
                _tell(terminal, str(error))


def _prompt(question: Question) -> str:
    """Return what stands before the answer: the keys in short."""
    first = {"yes_no": "y n ", "number": f"{question.unit} "}.get(question.kind, "").lstrip()
    usual = ""
    if question.usual is not None:
        usual = f"{say('terminal.enter', answer=spoken(question, question.usual)).text} "
    return f"  [{first}{KEYS}] {usual}> "


def _help(terminal: Terminal, question: Question) -> None:
    names = ("yes", "no", *HELP) if question.kind == "yes_no" else HELP
    if question.kind != "yes_no":
        _tell(terminal, _keys(question).split("  ")[0])
    for name in names:
        _tell(terminal, say(f"terminal.help_{name}").text)


def _tell(terminal: Terminal, text: str) -> None:
    for line in paragraph(text, terminal.width - 2, "  "):
        terminal.write(line)
