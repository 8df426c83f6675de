"""The job that looks at a recording: what it holds, what it can be used for, what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from kinechain.store.jobs import Job, Output, outputs_of
from kinechain.workspace.place import Place
from kinechain.workspace.recordings import write_inspection

__all__ = ["INSPECTION", "inspection_done", "run_inspection", "safe_name"]

INSPECTION = "inspection.json"
#: Longest name of a file on any disk, bytes, less what is put before and after it.
LONGEST_NAME = 180


def run_inspection(place: Place, job: Job, say: Callable[[str], None]) -> Sequence[Output]:
    """Look at one recording.

    Parameters
    ----------
    place : Place
    job : Job
        Of kind 'inspect': ``input`` names ``digest`` and ``name``.
    say : callable
        Told each step.
    """
    # Reading recordings loads numerics, which a worker that only waits does not need.
    from kinechain.inspection.inspect_file import inspect_file
    from kinechain.report.inspection_json import inspection_json

    say("Reading the recording")
    with place.files.work_folder() as folder:
        path = folder / safe_name(str(job.input["name"]))
        place.files.copy(str(job.input["digest"]), path)
        inspected = inspect_file(path)
    say("Writing down what it holds")
    return (Output(INSPECTION, "application/json", inspection_json([inspected]).encode()),)


def safe_name(name: str) -> str:
    """Return a name that every disk takes, its ending kept.

    Parameters
    ----------
    name : str
        As `kinechain.workspace.recordings.clean_name` keeps it.
    """
    path = Path(name)
    stem = path.stem.encode()[: LONGEST_NAME - len(path.suffix.encode())].decode(errors="ignore")
    return (stem.replace("/", " ").replace("\0", "").strip(" .") or "recording") + path.suffix


def inspection_done(place: Place, connection: Connection, job: Job) -> None:
    """Write down what was seen, in the transaction that ends the job.

    Parameters
    ----------
    place : Place
    connection : Connection
    job : Job
    """
    kept = next((o for o in outputs_of(connection, job.id) if o.name == INSPECTION), None)
    if kept is not None:
        (inspected,) = json.loads(place.files.read(kept.digest))["files"]
        write_inspection(connection, str(job.input["file"]), inspected)
