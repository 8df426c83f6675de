"""The process in which a job's work is done: limited in memory and time, and told by its input to go on or to end.

Lines of JSON come in, one job each, and go out: steps, then what was made or why nothing was.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

from kinechain.core.errors import KinechainError
from kinechain.store.jobs import find_job
from kinechain.store.troubles import trouble
from kinechain.workspace.place import Place, open_place

__all__ = ["main"]

#: Bytes a file may have that the work writes; more is a fault.
LARGEST_FILE = 2_000_000_000


def main() -> None:
    """Do one job after the other until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _own_output()
    requests: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    setup = requests.get()
    _limit(setup["memory_bytes"])
    place = open_place(Path(setup["folder"]), setup["url"], setup["address"])
    for target in setup["targets"]:
        # A kind whose module cannot be had fails when it is asked for, with a sentence.
        with suppress(ImportError):
            importlib.import_module(target.partition(":")[0])
    _answer(answers, {"is_ready": True})
    while True:
        request = requests.get()
        _answer(answers, _done(place, request, answers))


def _own_output() -> TextIO:
    """Keep standard output for answers; what a library prints goes nowhere, since it may hold what a file holds."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    if not os.environ.get("KINECHAIN_DEBUG"):
        os.dup2(nowhere, 2)
    return answers


def _listen(requests: SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    # Whoever asked has gone, perhaps killed: nobody would hear the answer.
    if os.name == "posix" and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)


def _limit(memory_bytes: int) -> None:
    """Bound what the work may take, where the system can."""
    try:
        import resource
    except ImportError:
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        # A core dump would hold somebody's data.
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most if hard < 0 else min(most, hard), hard))
    # People who wait for a page come first.
    os.nice(5)


def _answer(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _done(place: Place, request: dict[str, Any], answers: TextIO) -> dict[str, Any]:
    """Do one job and return what to answer."""
    try:
        with place.database.reading() as connection:
            job = find_job(connection, request["job"])
        if job is None:
            return {"fault": "this job is no longer there"}
        module, _, name = request["target"].partition(":")
        work = getattr(importlib.import_module(module), name)
        made = work(place, job, lambda step: _answer(answers, {"step": str(step)}))
        kept = [{"name": o.name, "media_type": o.media_type, **place.files.put(o.content)._asdict()} for o in made]
    except KinechainError as error:
        return {"fault": " ".join(str(error).split())}
    except MemoryError:
        return {"fault": "the work needs more memory than a job may have; take a shorter recording and ask again"}
    except Exception as error:  # noqa: BLE001 - of any fault only the place is told, its words may hold what a file holds
        if sentence := trouble(error):
            return {"fault": sentence}
        frames = traceback.extract_tb(error.__traceback__)
        where = f" at {Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else ""
        return {"fault": f"a fault of this program, please report it ({type(error).__name__}{where})"}
    return {"made": kept}


if __name__ == "__main__":
    main()
