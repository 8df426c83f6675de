"""The command line: one function per verb; everything heavy is imported inside it."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated

import typer

from kinechain import __version__
from kinechain.cli.accounts import account
from kinechain.cli.assessing import assess, demo
from kinechain.cli.backing_up import backup, restore
from kinechain.cli.clinicians import clinician
from kinechain.cli.dynamics import inverse_dynamics
from kinechain.cli.evidence import evidence
from kinechain.cli.exporting import export
from kinechain.cli.inputs import sort_inputs
from kinechain.cli.inspecting import inspect
from kinechain.cli.installation import doctor
from kinechain.cli.logging_sessions import log
from kinechain.cli.measuring import protocol
from kinechain.cli.muscle_solving import muscles
from kinechain.cli.planning import plan
from kinechain.cli.progressing import progress
from kinechain.cli.remote import remote
from kinechain.cli.screening import screen
from kinechain.cli.serving import serve
from kinechain.cli.solving import ik
from kinechain.cli.trying import whatif
from kinechain.cli.validating import validate
from kinechain.cli.virtual_people import score, virtual
from kinechain.core.errors import KinechainError
from kinechain.core.text import printable

__all__ = ["app", "main", "sort_inputs"]

EXIT_BAD_INPUT = 2
EXIT_UNEXPECTED = 70
EXIT_BROKEN_PIPE = 141

#: Characters of a refusal (choice); of a longer one the beginning and the end are printed.
LONGEST_REFUSAL = 800

#: Typer carries its own Click in some versions and uses the installed one in others; this is the
#: base of every usage error in either.
UsageFault: type[Exception] = typer.BadParameter.__mro__[2]

app = typer.Typer(
    help="Which link of the chain from the sole to the spine plausibly drives this foot or back pain. "
    "Research and education; a clinician decides.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; every refusal is one line on stderr.

    Exit codes: 0 done, 1 the plan is locked (`doctor` or `evidence --check` found a fault, a row of `validate` fails),
    2 bad input, 70 a fault of this program, 130 interrupted.
    """
    _open_closed_streams()
    if not os.environ.get("KINECHAIN_DEBUG"):
        sys.excepthook = _say_unexpected
    # Calling the app itself would put Typer's own hook in place of ours.
    command = typer.main.get_command(app)
    try:
        code = command.main(args=arguments, prog_name="kinechain", standalone_mode=False)
    except BrokenPipeError:
        # The reader has gone; the interpreter would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_BROKEN_PIPE)
    except KeyboardInterrupt:
        sys.exit(130)
    except KinechainError as error:
        _refuse(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _refuse(f"{where}{error.strerror or error}; check the name, the folder and its rights")
    except UsageFault as error:
        _refuse(f"{error.format_message().rstrip('.')}. See kinechain --help.")  # type: ignore[attr-defined]
    sys.exit(code if isinstance(code, int) else 0)


def _open_closed_streams() -> None:
    """Put nothing where standard input or output was closed: a file opened later would be taken for it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))


def _refuse(sentence: str) -> None:
    """Say why in one line, and leave with the code of bad input."""
    line = printable(" ".join(sentence.split()))
    if len(line) > LONGEST_REFUSAL:
        # What was typed or stands in a file may be of any length; the end says what to try.
        line = f"{line[: LONGEST_REFUSAL // 2]} ... {line[-LONGEST_REFUSAL // 2 :]}"
    typer.echo(f"kinechain: {line}", err=True)
    sys.exit(EXIT_BAD_INPUT)


def _say_unexpected(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> None:
    """Replace a traceback by one line; leaving from here sets the exit code.

    Where, but not the words of the exception, which may hold what a file holds: a name, a date of birth.
    """
    frames = traceback.extract_tb(trace)
    sentence = kind.__name__ + (f" at {Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else "")
    typer.echo(
        f"kinechain: a fault of this program, please report it ({sentence}); "
        "set KINECHAIN_DEBUG=1 and run again for the traceback",
        err=True,
    )
    sys.exit(EXIT_UNEXPECTED)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"kinechain {__version__}")
        raise typer.Exit


#: The verbs, in the order in which the help names them.
VERBS = (
    *(demo, assess, whatif, validate, screen, plan, log, progress, clinician, protocol),
    *(inspect, ik, inverse_dynamics, muscles, export, virtual, score, evidence),
    *(serve, account, backup, restore, doctor),
)

for verb in VERBS:
    # ``id`` is a name of Python's own, so the function has another.
    app.command("id" if verb is inverse_dynamics else None)(verb)

app.add_typer(remote)
