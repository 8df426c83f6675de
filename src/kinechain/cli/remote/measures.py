"""Recordings, analyses and what-ifs of a workspace elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from kinechain.cli.remote.answers import EXIT_LOCKED, OutOption, PatientArgument, ServerOption, case_of, check_out, give
from kinechain.cli.terminal import progress
from kinechain.core.errors import FileError, InputError, SettingError
from kinechain.core.text import printable

if TYPE_CHECKING:
    from kinechain.cli.remote.client import Workspace

__all__ = ["assess", "recordings", "send", "whatif"]

CHUNK = 1 << 20
#: Seconds between two looks at an analysis: at first, and at most.
FIRST_LOOK_S, LAST_LOOK_S = 0.5, 3.0
#: A look at a recording is waited for so long, s.
LONGEST_LOOK_S = 300.0
Say = Callable[[str], None]


def send(
    patient: PatientArgument,
    files: Annotated[list[Path], typer.Argument(metavar="RECORDING...", help="C3D, TRC, MOT, STO, CSV, Parquet.")],
    use: Annotated[
        str, typer.Option(help="Of the one recording; chosen there without it.", metavar="walking|standing|aside")
    ] = "",
    server: ServerOption = "",
) -> None:
    """Hand in recordings; the same file again is kept once.

    Example: kinechain remote send p-17 standing.c3d walk1.c3d walk2.c3d

    Example: kinechain remote send p-17 quiet.c3d --use standing
    """
    if use and len(files) != 1:
        raise SettingError("--use belongs to one recording; hand them in one after the other")
    for path in files:
        if not path.is_file():
            raise FileError(f"there is no file {path}")
    from kinechain.cli.remote.client import open_workspace

    with open_workspace(server) as workspace, progress() as say:
        case = case_of(workspace, patient)
        found = [_hand_in(workspace, case, path, say) for path in files]
        if use:
            found = [workspace.send("PUT", f"{case}/recordings/{UUID(found[0]['id'])}", {"use": use})]
    give(found)


def _hand_in(workspace: Workspace, case: str, path: Path, say: Say) -> Any:
    size = path.stat().st_size
    content = (lambda: _parts(path, size, say), size)
    return workspace.hand_in(f"{case}/recordings", content, name=path.name)


def _parts(path: Path, size: int, say: Say) -> Iterator[bytes]:
    """Return a file in parts, telling every tenth of it."""
    name = printable(path.name)
    say(f"Sending {name}")
    sent = told = 0
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            yield part
            sent += len(part)
            tenth = 10 * sent // max(size, 1)
            if told < tenth < 10:
                told = tenth
                say(f"Sending {name}: {10 * tenth} %")


def recordings(
    patient: PatientArgument,
    use: Annotated[
        tuple[str, str] | None, typer.Option(help="What a recording is used for.", metavar="ID walking|standing|aside")
    ] = None,
    remove: Annotated[str, typer.Option(help="Take a recording away.", metavar="ID")] = "",
    server: ServerOption = "",
    out: OutOption = None,
) -> None:
    """Print the recordings of a patient, and what a look at each found.

    Example: kinechain remote recordings p-17

    Example: kinechain remote recordings p-17 --use 0c9e8a1e-6a2c-4b53-8a0a-4b5f5a3a0b11 standing
    """
    check_out(out)
    from kinechain.cli.remote.client import open_workspace

    with open_workspace(server) as workspace:
        path = f"{case_of(workspace, patient)}/recordings"
        if use:
            workspace.send("PUT", f"{path}/{_id(use[0])}", {"use": use[1]})
        if remove:
            workspace.send("DELETE", f"{path}/{_id(remove)}")
        give(workspace.ask(path), out)


def _id(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError as error:
        raise SettingError(
            f"'{printable(given)[:40]}' is no id of a recording; kinechain remote recordings prints them"
        ) from error


def assess(
    patient: PatientArgument,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until it is done.")] = True,
    server: ServerOption = "",
    out: OutOption = None,
) -> None:
    """Analyse everything there is of a patient, and print the assessment; Ctrl+C stops the analysis.

    The same answers and recordings again are the same analysis.

    Exit code 0: done; 1: done, and the plan is locked; 2: refused, or it failed.

    Example: kinechain remote assess p-17 --out assessment.json

    Example: kinechain remote assess p-17 --no-wait
    """
    check_out(out)
    from kinechain.cli.remote.client import open_workspace

    with open_workspace(server) as workspace, progress() as say:
        case = case_of(workspace, patient)
        if not wait:
            give(workspace.send("POST", f"{case}/assessments", is_repeatable=True), out)
            return
        _wait_for_looks(workspace, case, say)
        state = workspace.send("POST", f"{case}/assessments", is_repeatable=True)
        try:
            state = _wait_for(workspace, case, state, say)
        except KeyboardInterrupt:
            _cancel(workspace, case, state)
            raise
        if state["state"] != "done":
            raise InputError(state["fault"] or f"the analysis was {state['state']}")
        found = workspace.ask(f"{case}/assessment")
    give(found, out)
    if found["screen"]["plan_locked"]:
        raise typer.Exit(EXIT_LOCKED)


def _looks() -> Iterator[None]:
    """Wait between two looks, longer each time."""
    pause = FIRST_LOOK_S
    while True:
        time.sleep(pause)
        pause = min(1.3 * pause, LAST_LOOK_S)
        yield


def _wait_for_looks(workspace: Workspace, case: str, say: Say) -> None:
    """Wait until a worker has looked at every recording: what one is used for may follow from that."""
    looks, end, is_told = _looks(), time.monotonic() + LONGEST_LOOK_S, False
    while any(row["inspected"] is None for row in workspace.ask(f"{case}/recordings")):
        if time.monotonic() > end:
            say("Going on without a look at every recording")
            return
        if not is_told:
            is_told = True
            say("Waiting for a look at the recordings")
        next(looks)


def _wait_for(workspace: Workspace, case: str, state: dict[str, Any], say: Say) -> dict[str, Any]:
    """Wait until an analysis has ended, telling each step once."""
    told, looks = "", _looks()
    while state["state"] in ("queued", "running"):
        step = printable(state["step"] or ("Waiting for a worker" if state["state"] == "queued" else "Begun"))
        if step != told:
            told = step
            say(step)
        next(looks)
        state = workspace.ask(f"{case}/assessments/{UUID(state['id'])}")
    return state


def _cancel(workspace: Workspace, case: str, state: dict[str, Any]) -> None:
    try:
        workspace.send("DELETE", f"{case}/assessments/{UUID(state['id'])}", is_repeatable=True)
    except InputError as error:
        typer.echo(f"The analysis goes on there: {printable(str(error))}", err=True)
    else:
        typer.echo("The analysis was stopped.", err=True)


def whatif(
    patient: PatientArgument,
    change: Annotated[list[str], typer.Option("--change", help="What to alter; may be given again.", metavar="CHANGE")],
    draws: Annotated[int, typer.Option(help="Draws of what was not measured: 60 or 200.", metavar="N")] = 200,
    server: ServerOption = "",
    out: OutOption = None,
) -> None:
    """Show what a change would do to the standing patient, at every link and load, with its interval.

    Changes given together are made together.  docs/changes.md lists every change.

    Example: kinechain remote whatif p-17 --change "wedge left 5 raise=medial"
    """
    check_out(out)
    from kinechain.cli.remote.client import open_workspace

    with open_workspace(server) as workspace, progress() as say:
        case = case_of(workspace, patient)
        say("Making the changes")
        found = workspace.send("POST", f"{case}/whatif", {"changes": change, "draws": draws}, is_repeatable=True)
    give(found, out)
