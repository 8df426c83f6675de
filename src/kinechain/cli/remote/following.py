"""The plan of a patient of a workspace elsewhere, what was done of it, and how it goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinechain.cli.remote.answers import EXIT_LOCKED, OutOption, PatientArgument, ServerOption, case_of, check_out, give
from kinechain.core.errors import InputError, SettingError
from kinechain.core.text import printable

if TYPE_CHECKING:
    from kinechain.cli.remote.client import Workspace

__all__ = ["log", "plan", "progress"]

#: Entries of one request, as the workspace takes them.
MOST_ENTRIES = 500


def plan(
    patient: PatientArgument,
    agree: Annotated[str, typer.Option(help="Agree on the proposed plan with this id.", metavar="ID")] = "",
    patient_agrees: Annotated[
        bool, typer.Option("--patient-agrees", help="The patient said that they agree; with --agree.")
    ] = False,
    server: ServerOption = "",
    out: OutOption = None,
) -> None:
    """Print the plan in force, else the one that is proposed; or write down that both agreed on it.

    What is agreed is named by the id of the plan that was read, so that nobody agrees on another one by mistake. While
    a danger sign holds the plan back, the outcome of the danger signs is printed instead.

    Exit code 0: there is a plan; 1: it is locked; 2: refused.

    Example: kinechain remote plan p-17

    Example: kinechain remote plan p-17 --agree 5b1d0c3f --patient-agrees
    """
    if bool(agree) != patient_agrees:
        raise SettingError("--agree ID and --patient-agrees belong together: a plan is agreed by two")
    check_out(out)
    from kinechain.cli.remote.client import open_workspace

    with open_workspace(server) as workspace:
        case = case_of(workspace, patient)
        state = workspace.ask(f"{case}/plan")
        if state["locked"]:
            give(workspace.ask(f"{case}/screen"), out)
            raise typer.Exit(EXIT_LOCKED)
        if agree:
            state = _agree(workspace, case, state, agree)
    shown = state["agreed"] or state["proposed"]
    if shown is None:
        raise InputError(state["fault"] or "there is no plan, and none is proposed")
    typer.echo(_said(state), err=True)
    give(shown, out)


def _agree(workspace: Workspace, case: str, state: dict[str, Any], agreed: str) -> dict[str, Any]:
    """Agree on a plan; the workspace refuses if it is another one by then."""
    agreement = {"plan": agreed, "draft": state["draft"], "patient_agrees": True}
    found: dict[str, Any] = workspace.send("POST", f"{case}/plan", agreement)
    return found


def _said(state: dict[str, Any]) -> str:
    if state["agreed"] is None:
        what = "This plan is proposed, and nobody agreed on it yet."
    elif state["proposed"] is None:
        return "This plan is in force."
    else:
        what = f"This plan is in force; another one is proposed, with the id {printable(state['proposed']['id'])}."
    return f"{what} {printable(state['fault'])}".strip()


def log(
    patient: PatientArgument,
    file: Annotated[Path, typer.Option(help="Entries, one a row.", metavar="FILE.csv|FILE.jsonl")],
    server: ServerOption = "",
    out: OutOption = None,
) -> None:
    """Write down what was done: exercises, pain, and soreness the morning after, from a table.

    Entries are never changed or counted twice, so that the same file may be sent again. An impossible row is refused
    before anything is sent; docs/commands.md names the columns.

    Exit code 0: written; 1: written, and a danger sign holds the plan back; 2: something was refused.

    Example: kinechain remote log p-17 --file diary.csv
    """
    check_out(out)
    from kinechain.care.records.plain_values import to_plain
    from kinechain.cli.log_entries import read_entries
    from kinechain.cli.remote.client import open_workspace

    entries = [to_plain(event) for event in read_entries(file)]
    found: dict[str, Any] = {"accepted": [], "refused": [], "told": [], "screen": {}}
    with open_workspace(server) as workspace:
        path = f"{case_of(workspace, patient)}/log"
        for start in range(0, len(entries), MOST_ENTRIES):
            part = {"entries": entries[start : start + MOST_ENTRIES]}
            told = workspace.send("POST", path, part, is_repeatable=True)
            found = {key: value if key == "screen" else found[key] + value for key, value in told.items()}
    give(found, out)
    if refused := found["refused"]:
        raise InputError(f"{len(refused)} of {len(entries)} entries were refused; the first: {refused[0]['why']}")
    if found["screen"].get("plan_locked"):
        raise typer.Exit(EXIT_LOCKED)


def progress(patient: PatientArgument, server: ServerOption = "", out: OutOption = None) -> None:
    """Show how the plan goes: what to do now, what was done, pain, the next review, and whether the plan still holds.

    Exit code 0: the plan goes on; 1: it rests because of a danger sign, or there is none; 2: refused.

    Example: kinechain remote progress p-17
    """
    check_out(out)
    from kinechain.cli.remote.client import open_workspace

    with open_workspace(server) as workspace:
        found = workspace.ask(f"{case_of(workspace, patient)}/progress")
    give(found, out)
    # Without a plan nothing says whether it rests.
    if found["locked"] or found.get("suspended", True):
        raise typer.Exit(EXIT_LOCKED)
