"""Live through the worked example and write its page: ``python docs/worked_example/renew.py``.

Every command of ``page.txt`` is run in an empty folder, in a terminal of 80 columns, and what it prints takes the place
of the mark in the page.  A test holds the page to what is printed today.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import struct
import sys
import tempfile
import termios
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path

from kinechain.care.person.person import Person
from kinechain.care.person.person_writer import update_person_file
from kinechain.cli.answers import SKIPPED, parse_answer
from kinechain.cli.screen_questions import screen_script

HERE = Path(__file__).parent
PAGE = HERE.parent / "worked_example.md"
PERSON = "e01.toml"
CLINICIAN, PASSPHRASE = "dr_ono", "only for this example"
#: What is printed before something is typed.
PROMPTS = (b"> ", f"{CLINICIAN}: ".encode(), b"confirmation: ")

#: What the person of the example answers; every other danger sign and condition is a no, every other question skipped.
ANSWERS = {
    "person.age_years": "52",
    "person.sex": "female",
    "history.pain_worst": "7",
    "history.pain_average": "5",
    "history.pain_regions": "low back, left heel",
    "history.pain_weeks": "4 months",
    "history.onset_order": "foot_first",
    "history.first_step_pain": "6",
    "history.standing_hours": "6",
    "history.footwear": "trainers",
    "questionnaires.psfs": "standing at work 4; walking the dog 6",
    "person.height_m": "1,66",
    "person.mass_kg": "71",
}


@dataclass(frozen=True)
class Step:
    """One command of the example.

    Attributes
    ----------
    command : str
    typed : tuple of str
        What the person types when asked.
    code : int
        Exit code.
    shown : tuple of (str, str)
        Parts of the print, from a line that begins with the first to before one that begins with the second, '' for
        the end; all of it if empty.
    added : str
        File whose tables are written into the person file first.
    """

    command: str
    typed: tuple[str, ...] = ()
    code: int = 0
    shown: tuple[tuple[str, str], ...] = ()
    added: str = ""


def steps() -> tuple[Step, ...]:
    """Return the commands in order."""
    asked = (("A few questions", "Question 3 of"), ("Question 45", "Question 47"), ("e01: danger", "Research"))
    day = "--at 2024-03-02T20:00"
    diary = ("none", "y", "2", "3", "2", "5", "y", "3", "8", "1", "6", "n", "3", "5", "6", "25")
    plan = (("e01: plan", "GOALS"), ("GOALS", "EVERY DAY"), ("REVIEWS", "Research"))
    review = f"kinechain progress {PERSON} --review"
    by = f"--clinician {CLINICIAN} --on"
    written = (("Passphrase", "e01: day"),)
    return (
        Step(f"kinechain screen {PERSON}", _typed(), shown=asked),
        Step(f"kinechain log {PERSON} --consent care --at 2024-03-02T10:00"),
        Step(f"kinechain plan {PERSON} --on 2024-03-02 --no-drivers", shown=plan, added="exam_first.toml"),
        Step(f"kinechain log {PERSON} {day}", diary, shown=(("Question 2", "Question 7"), ("Question 13", ""))),
        Step(f"kinechain log {PERSON} --file diary.csv"),
        Step(f"kinechain log {PERSON} --file diary.csv", shown=(("Nothing", ""),)),
        Step(f'{review} "day 3-7" --decision continue {by} 2024-03-06', (PASSPHRASE,), shown=written),
        Step(f'{review} "week 2" --decision continue {by} 2024-03-16', (PASSPHRASE,), shown=written),
        Step(f"kinechain progress {PERSON} --on 2024-03-18", shown=(("e01: day", "Write"),)),
        Step(
            f'{review} "week 6" --decision continue {by} 2024-04-13',
            (PASSPHRASE,),
            shown=(*written, ("PAIN", "SORE"), ("  week 6: done", "  week 8"), ("WHAT THE PLAN", "Write")),
            added="exam_week_6.toml",
        ),
        Step(f"kinechain progress {PERSON} --on 2024-04-27", shown=(("e01: day", "DONE"), ("PAIN", "Write"))),
    )


def _typed() -> tuple[str, ...]:
    """Return what is typed at each question of the intake, in the order it asks them."""
    script = screen_script(lambda _: None)
    person, typed, passed = Person(pseudonym="e01"), [], set()
    while still_open := [question for question in script.open_questions(person) if question.id not in passed]:
        question = still_open[0]
        passed.add(question.id)
        answer = ANSWERS.get(question.id, "n" if question.kind == "yes_no" else "s")
        typed.append(answer)
        person = script.put(person, question, SKIPPED if answer == "s" else parse_answer(question, answer))
    return tuple(typed)


def lived(step: Step, folder: Path) -> str:
    """Run a command in a terminal of 80 columns, and return everything printed in it.

    Raises
    ------
    RuntimeError
        If it ends with another code than it should.
    """
    if step.added:
        update_person_file(folder / PERSON, tomllib.loads((HERE / step.added).read_text(encoding="utf-8")))
    words = re.findall(r'"[^"]*"|\S+', step.command)[1:]
    arguments = [sys.executable, "-m", "kinechain.cli", *(word.strip('"') for word in words)]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        own = {key: value for key, value in os.environ.items() if not key.startswith("KINECHAIN_")}
        own |= {"KINECHAIN_HOME": str(folder / "home"), "NO_COLOR": "1", "TERM": "dumb", "TZ": "UTC", "COLUMNS": "80"}
        os.execve(sys.executable, arguments, own)
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    text = _talked(terminal, list(step.typed))
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != step.code:
        raise RuntimeError(f"{step.command} ended with {os.waitstatus_to_exitcode(status)}:\n{text}")
    return text


def _talked(terminal: int, typed: list[str]) -> str:
    printed = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # The end of a terminal, on Linux.
            break
        if not data:
            break
        printed += data
        if printed.endswith(PROMPTS) and typed:
            os.write(terminal, f"{typed.pop(0)}\n".encode())
    os.close(terminal)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", printed.decode("utf-8").replace("\r\n", "\n"))
    return "\n".join(line.rpartition("\r")[2].rstrip() for line in text.split("\n"))


def excerpt(text: str, parts: Sequence[tuple[str, str]]) -> str:
    """Return the parts of a print, '[...]' where something is left out.

    Raises
    ------
    RuntimeError
        If a line that begins a part is not there.
    """
    lines = text.split("\n")
    found: list[str] = []
    for first, last in parts or (("", ""),):
        start = next((i for i, line in enumerate(lines) if line.startswith(first)), None)
        if start is None:
            raise RuntimeError(f"no line begins with '{first}':\n{text}")
        end = next((i for i, line in enumerate(lines) if last and i > start and line.startswith(last)), len(lines))
        if found or (start > 0 and first):
            found += ["[...]"] if found else []
        found += lines[start:end]
        while found and not found[-1]:
            found.pop()
    return "\n".join(found)


def render() -> str:
    """Return the page with what every command prints."""
    page = (HERE / "page.txt").read_text(encoding="utf-8")
    for mark, file in (("<<exam>>", "exam_first.toml"), ("<<week_6>>", "exam_week_6.toml")):
        page = page.replace(mark, (HERE / file).read_text(encoding="utf-8").strip())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(HERE / "diary.csv", folder)
        lived(Step(f"kinechain clinician new {CLINICIAN}", (PASSPHRASE, PASSPHRASE)), folder)
        for number, step in enumerate(steps(), 1):
            printed = excerpt(lived(step, folder), step.shown)
            page = page.replace(f"<<{number}>>", f"```console\n$ {step.command}\n{printed}\n```")
    return page


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
