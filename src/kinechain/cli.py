"""The command line: one function per verb; everything heavy is imported inside it."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated

import typer

from kinechain import __version__
from kinechain.core.errors import FileError, InputError, KinechainError, SettingError
from kinechain.core.text import printable

if TYPE_CHECKING:
    from kinechain.analysis import Assessment
    from kinechain.care.person import Person

__all__ = ["main"]

EXIT_LOCKED = 1
EXIT_BAD_INPUT = 2
EXIT_UNEXPECTED = 70
EXIT_BROKEN_PIPE = 141

PERSON_SUFFIXES = (".toml", ".json")
RECORDING_SUFFIXES = (".c3d", ".trc", ".mot", ".sto")

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

    Exit codes: 0 done, 1 the plan is locked (or `doctor` found a fault), 2 bad input,
    70 a fault of this program, 130 interrupted.
    """
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


def _refuse(sentence: str) -> None:
    """Say why in one line, and leave with the code of bad input."""
    typer.echo(f"kinechain: {printable(' '.join(sentence.split()))}", err=True)
    sys.exit(EXIT_BAD_INPUT)


def _say_unexpected(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """Replace a traceback by one line; leaving from here sets the exit code."""
    sentence = " ".join(f"{kind.__name__}: {error}".split())
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


@app.command()
def demo(
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report.", metavar="DIR", show_default="kinechain-demo")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the assessment as JSON; files only with --out.")
    ] = False,
) -> None:
    """Assess the example person: a walk that the project made itself, with a stated asymmetry.

    Example: kinechain demo --out demo
    """
    with _progress() as say:
        from kinechain.demonstration.demonstrate import demonstrate

        assessment = demonstrate(say)
        say("Writing the report")
        written = _write(assessment, _folder(out, "kinechain-demo", as_json))
    _print_assessment(assessment, written, as_json)


@app.command()
def assess(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PERSON.toml|RECORDING", help="A person file, walking trials, or both.", show_default=False
        ),
    ] = None,
    static: Annotated[Path | None, typer.Option(help="The standing trial.", metavar="FILE")] = None,
    mass: Annotated[float | None, typer.Option(help="Body mass.", metavar="KG")] = None,
    height: Annotated[float | None, typer.Option(help="Standing height.", metavar="M")] = None,
    sex: Annotated[str | None, typer.Option(help="Chooses proportions and norms.", metavar="female|male")] = None,
    age: Annotated[float | None, typer.Option(help="Age.", metavar="YEARS")] = None,
    foot_length: Annotated[float | None, typer.Option(help="Heel to longest toe.", metavar="M")] = None,
    rhythm: Annotated[
        str, typer.Option(help="Lumbar rhythm.", metavar="christophy2012|lifting_full_body")
    ] = "christophy2012",
    profile: Annotated[
        str | None, typer.Option(help="Marker-set profile; chosen from the labels if not given.", metavar="NAME|FILE")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report.", metavar="DIR", show_default="kinechain-report")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the assessment as JSON; files only with --out.")
    ] = False,
) -> None:
    """Assess one person from an examination, from recordings, or from both.

    Exit code 1 means: done, and the plan is locked (a danger sign, or the questions were not answered).

    Example: kinechain assess person.toml

    Example: kinechain assess walk1.c3d walk2.c3d --static standing.c3d --mass 67 --height 1.66

    Example: kinechain assess person.toml walk.trc --json > assessment.json
    """
    person_file, recordings = sort_inputs(inputs or [])
    if static is not None and _is_person_file(static):
        raise SettingError(f"--static names {static.name}, a person file; give the standing trial (C3D or TRC)")
    if person_file is None and not recordings and static is None:
        raise SettingError("nothing to assess: give a person file (TOML), a recording (C3D or TRC), or both")
    with _progress() as say:
        person = _person(person_file, mass=mass, height=height, sex=sex, age=age, foot_length=foot_length)
        say("Loading")
        from kinechain.analysis import Settings
        from kinechain.analysis import assess as assess_person

        assessment = assess_person(person, recordings, static, Settings(rhythm=rhythm, profile=profile), say)
        say("Writing the report")
        written = _write(assessment, _folder(out, "kinechain-report", as_json))
    _print_assessment(assessment, written, as_json)
    if assessment.screen.plan_locked:
        raise typer.Exit(EXIT_LOCKED)


@app.command()
def ik(
    recording: Annotated[Path, typer.Argument(metavar="RECORDING", help="A trial: C3D or TRC.", show_default=False)],
    body: Annotated[
        Path,
        typer.Option(
            help="An OpenSim 4 model that fits the person, or a person file.", metavar="FILE.osim|PERSON.toml"
        ),
    ],
    out: Annotated[Path, typer.Option(help="The motion.", metavar="FILE.(mot|sto|parquet)")],
    static: Annotated[
        Path | None, typer.Option(help="The standing trial the person's body is fitted to.", metavar="FILE")
    ] = None,
    setup: Annotated[
        Path | None, typer.Option(help="OpenSim setup with weights and time range, for a model.", metavar="FILE.xml")
    ] = None,
) -> None:
    """Solve the joint coordinates of a body from the markers of a recording; nothing is filtered.

    With a model a TRC file is taken to stand in OpenSim's axes, as OpenSim takes it; a C3D is turned into them.

    Example: kinechain ik walk.trc --body scaled.osim --setup ik_setup.xml --out walk.mot

    Example: kinechain ik walk.c3d --body person.toml --static standing.c3d --out walk.parquet
    """
    for path in (recording, body, *(p for p in (static, setup) if p)):
        if not path.is_file():
            raise FileError(f"there is no file {path}")
    with _progress() as say:
        say("Loading")
        from kinechain.motion.motion_file import check_motion_path, write_motion
        from kinechain.motion.track import track_model, track_person

        check_motion_path(out)
        if body.suffix.lower() == ".osim":
            if static:
                raise SettingError("--static fits the body of a person; an OpenSim model must fit already")
            solved, motion = track_model(body, recording, setup, say)
        else:
            if setup:
                raise SettingError("--setup holds the weights of an OpenSim model; the body here is a person's")
            from kinechain.care.person_file import read_person

            solved, motion = track_person(read_person(body), recording, static, say)
        try:
            write_motion(solved, motion, out)
        except OSError as error:
            raise InputError(f"the motion cannot be written to {out}: {error.strerror or error}") from error
    typer.echo("\n".join(printable(line) for line in [*motion.notes, f"Written: {out}"]))


@app.command()
def doctor() -> None:
    """Check this installation, and print the cure of what is wrong.

    Exit code 1 means that something does not work.

    Example: kinechain doctor
    """
    with _progress() as say:
        say("Looking at this installation")
        from kinechain.doctor import examine_installation

        checks = examine_installation()
    width = max(len(check.name) for check in checks)
    for check in checks:
        typer.echo(f"{check.state:6} {check.name:{width}}  {check.found}")
        if check.cure:
            typer.echo(f"{'':6} {'':{width}}  -> {check.cure}")
    if any(check.state == "fault" for check in checks):
        raise typer.Exit(1)


def sort_inputs(paths: Sequence[Path]) -> tuple[Path | None, tuple[Path, ...]]:
    """Return the person file and the recordings among some files.

    Parameters
    ----------
    paths : sequence of path

    Raises
    ------
    InputError
        If a file does not exist or is neither, or if there are two person files.
    """
    people = [path for path in paths if _is_person_file(path)]
    if len(people) > 1:
        names = " and ".join(path.name for path in people)
        raise SettingError(f"one person at a time: {names} are both person files; run kinechain assess once for each")
    return (people[0] if people else None), tuple(path for path in paths if path not in people)


def _is_person_file(path: Path) -> bool:
    """Tell a person file from a recording by its suffix, else by how it begins."""
    if path.is_dir():
        raise FileError(f"{path} is a folder; give the files in it, e.g. {path}/*.c3d")
    if not path.exists():
        raise FileError(f"there is no file {path}")
    if not path.is_file():
        raise FileError(f"{path} is a pipe or a device; give a file on a disk")
    suffix = path.suffix.lower()
    if suffix in PERSON_SUFFIXES or suffix in RECORDING_SUFFIXES:
        return suffix in PERSON_SUFFIXES
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise FileError(f"{path.name} cannot be read: {error.strerror}") from error
    is_c3d = len(head) > 1 and head[1] == 0x50
    if is_c3d or head.startswith(b"PathFileType"):
        return False
    if head.lstrip().startswith((b"[", b"#")):
        return True
    raise FileError(f"{path.name} is neither a person file (.toml) nor a recording ({', '.join(RECORDING_SUFFIXES)})")


def _person(
    path: Path | None,
    *,
    mass: float | None,
    height: float | None,
    sex: str | None,
    age: float | None,
    foot_length: float | None,
) -> Person:
    """Read the person file, if any; what is given as an option replaces what it says."""
    from kinechain.care.person import Person
    from kinechain.care.person_file import check_person_number, read_person

    person = read_person(path) if path else Person()
    if sex not in (None, "female", "male"):
        raise SettingError(f"--sex is '{sex}'; write female or male, or leave it out")
    given = {
        "mass_kg": ("--mass", mass),
        "height_m": ("--height", height),
        "age_years": ("--age", age),
        "foot_length_m": ("--foot-length", foot_length),
    }
    numbers = {
        key: check_person_number(key, value, option) for key, (option, value) in given.items() if value is not None
    }
    return replace(person, **({"sex": sex} if sex else {}), **numbers)  # type: ignore[arg-type]


def _folder(out: Path | None, usual: str, as_json: bool) -> Path | None:
    """Return where files go: machine output alone writes none unless a folder is named."""
    return out or (None if as_json else Path(usual))


def _write(assessment: Assessment, folder: Path | None) -> tuple[Path, ...]:
    if folder is None:
        return ()
    from kinechain.report.write import write_outputs

    try:
        return tuple(write_outputs(assessment, folder))
    except OSError as error:
        raise InputError(f"the report cannot be written to {folder}: {error.strerror or error}") from error


def _print_assessment(assessment: Assessment, written: Sequence[Path], as_json: bool) -> None:
    """Print the machine output alone, or page one, what was used and what was written."""
    if as_json:
        from kinechain.report.json import assessment_json

        typer.echo(assessment_json(assessment), nl=False)
        return
    from kinechain.analysis import INTENDED_PURPOSE
    from kinechain.report.verdict import render_verdict

    used = [*([assessment.standing.recording.name] if assessment.standing else [])]
    used += [trial.recording.name for trial in assessment.trials]
    lines = [render_verdict(assessment), ""]
    if assessment.is_demonstration:
        lines += ["Demonstration: the walk was made by the project itself.", ""]
    if used:
        lines.append(f"Recordings used: {', '.join(used)}")
    lines += [f"Not used: {sentence}" for sentence in assessment.refused]
    lines += [f"Written: {path}" for path in written]
    lines += ["", INTENDED_PURPOSE]
    typer.echo(_wrapped("\n".join(printable(line) for text in lines for line in text.split("\n"))))


def _wrapped(text: str) -> str:
    """Break lines at the width of the terminal, hanging under their own indentation; a file gets them whole."""
    if not sys.stdout.isatty():
        return text
    width = max(40, shutil.get_terminal_size().columns - 1)
    lines = []
    for line in text.splitlines():
        hanging = " " * (len(line) - len(line.lstrip()) + (4 if line.startswith(" ") else 0))
        lines += textwrap.wrap(line, width, subsequent_indent=hanging, break_on_hyphens=False) or [""]
    return "\n".join(lines)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show the present step on stderr: a line that moves on a terminal, else one line per step."""
    if not sys.stderr.isatty():
        yield lambda step: typer.echo(f"{step} ...", err=True)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting")
        yield lambda step: bar.update(task, description=step)


if __name__ == "__main__":
    main()
