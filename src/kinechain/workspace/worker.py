"""A worker: leases jobs, has them done in a limited process of their own, and writes down what came of them."""

from __future__ import annotations

import importlib
import json
import os
import queue
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from kinechain.core.errors import KinechainError
from kinechain.store.erasure import sweep_files
from kinechain.store.jobs import (
    Job,
    Kept,
    Output,
    cancel,
    fail,
    finish,
    give_back,
    lease,
    let_go,
    renew,
    tell_step,
    wanted,
)
from kinechain.workspace.place import Place, open_place

__all__ = ["KINDS", "ON_DONE", "ON_FAILED", "Output", "Terms", "run_worker"]

#: What does the work of a kind: ``(place, job, say) -> sequence of Output``. It runs in the limited process.
KINDS: Mapping[str, str] = {
    "inspect": "kinechain.workspace.inspecting:run_inspection",
    "assess": "kinechain.workspace.assess_work:run_assessment",
}

#: Called with place, connection and job in the transaction that sets a job to done, after its outputs are written.
#: Named by their place, because the modules of the work import a good deal that a worker at rest does not need.
ON_DONE: Mapping[str, str] = {
    "inspect": "kinechain.workspace.inspecting:inspection_done",
    "assess": "kinechain.workspace.assessing:assessment_done",
}
#: The same for a job that failed.
ON_FAILED: Mapping[str, str] = {"assess": "kinechain.workspace.assessing:assessment_failed"}

#: A lease holds so long without a renewal, s; renewed every third of it.
LEASE_S = 20.0
#: Between two looks for work, and two looks whether somebody asked to stop, s.
LOOK_S = 0.5
#: A job may take so long, s.  Assumption: ten times what the slowest known recordings take.
LONGEST_S: Mapping[str, float] = {"inspect": 120.0, "assess": 1200.0}
LONGEST_OTHER_S = 600.0
#: The process that works may take so long to begin, s; that is not the job's time.
LONGEST_START_S = 180.0
#: Address space of the process that works, bytes; most of it is never touched.
MEMORY_BYTES = 6 * 1024**3
#: A process has done so many jobs when it is renewed, so that what a library leaves in memory does not add up.
MOST_JOBS = 50
#: Between two sweeps of the store of files, and before the first, s.
SWEEP_S, FIRST_SWEEP_S = 3600.0, 60.0

Hook = Callable[[Place, Connection, Job], None]


@dataclass(frozen=True)
class Terms:
    """What a worker does and within which limits; the defaults are those of the installation."""

    kinds: Mapping[str, str] = field(default_factory=lambda: dict(KINDS))
    on_done: Mapping[str, str] = field(default_factory=lambda: dict(ON_DONE))
    on_failed: Mapping[str, str] = field(default_factory=lambda: dict(ON_FAILED))
    lease_s: float = LEASE_S
    look_s: float = LOOK_S
    longest_s: Mapping[str, float] = field(default_factory=lambda: dict(LONGEST_S))
    memory_bytes: int = MEMORY_BYTES


class _Child:
    """The process that works, and what it says."""

    def __init__(self, place: Place, terms: Terms) -> None:
        self.messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.done = 0
        self.is_ready = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kinechain.workspace.work_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("KINECHAIN_DEBUG") else subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        assert self._process.stdout is not None
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        self._ask(
            {
                "folder": str(place.folder.absolute()),
                "url": place.url,
                "address": place.address,
                "targets": list(terms.kinds.values()),
                "memory_bytes": terms.memory_bytes,
            }
        )

    def _listen(self, lines: IO[str]) -> None:
        with lines, suppress(ValueError):
            for line in lines:
                self.messages.put(json.loads(line))
        self.messages.put({"is_gone": True})

    def _ask(self, request: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        # A process that has ended says so by its last message.
        with suppress(OSError):
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()

    def begin(self, job: Job, target: str) -> None:
        self.done += 1
        self._ask({"job": job.id, "target": target})

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process and all that it has started."""
        if os.name == "posix":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()


class _Outcome(NamedTuple):
    """What came of a job: ``kind`` is how it ended, ``value`` what was made, or the fault."""

    kind: Literal["made", "fault", "late", "cancelled", "stopped", "lost", "gone"]
    value: Any = None


class _Worker:
    """One worker; `run` is its whole life."""

    def __init__(self, place: Place, stop: threading.Event, terms: Terms) -> None:
        self._place, self._stop, self._terms = place, stop, terms
        self._name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._child: _Child | None = None
        self._sweep_at = time.monotonic() + FIRST_SWEEP_S
        self._looked_on: date | None = None
        self._looked_at = ""

    def run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    if not self._work_once():
                        self._sweep()
                        self._look_again()
                        self._stop.wait(self._terms.look_s)
                except DBAPIError:
                    # A database that restarts comes back; until then nothing can be leased or lost.
                    self._stop.wait(4 * self._terms.look_s)
        finally:
            self._end_child()

    def _sweep(self) -> None:
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + SWEEP_S
            sweep_files(self._place.database, self._place.files)

    def _look_again(self) -> None:
        """Look at one patient whose plan runs, and at each of them once a day."""
        today = date.today()
        if self._looked_on != today:
            # Loads the follow-up of plans, which a worker that only computes does not need before.
            from kinechain.workspace.tasks import look_again

            self._looked_at = look_again(self._place.database, self._looked_at)
            if not self._looked_at:
                self._looked_on = today

    def _work_once(self) -> bool:
        """Do one job; False if none waits."""
        # Begun before there is work, so that a job does not wait for the imports.
        child = self._ready_child()
        job = lease(self._place.database, self._name, list(self._terms.kinds), self._terms.lease_s)
        if job is None:
            return False
        child.begin(job, self._terms.kinds[job.kind])
        outcome = self._outcome(child, job)
        if outcome.kind not in ("made", "fault"):
            self._end_child()
        self._settle(job, outcome)
        return True

    def _ready_child(self) -> _Child:
        if self._child is None or not self._child.is_alive or self._child.done >= MOST_JOBS:
            self._end_child()
            self._child = _Child(self._place, self._terms)
        return self._child

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _outcome(self, child: _Child, job: Job) -> _Outcome:
        """Wait for the work, hold the lease meanwhile, and return what came of it."""
        begun = renewed = looked = time.monotonic()
        step = ""
        while True:
            with suppress(queue.Empty):
                message = child.messages.get(timeout=self._terms.look_s / 2)
                if "made" in message:
                    return _Outcome("made", [Kept(**item) for item in message["made"]])
                if "fault" in message:
                    return _Outcome("fault", message["fault"])
                if "is_gone" in message:
                    return _Outcome("gone")
                if "is_ready" in message:
                    child.is_ready, begun = True, time.monotonic()
                # The work may say more than anybody reads: the newest step is written when it is time to look.
                step = message.get("step", step)
            moment = time.monotonic()
            if self._stop.is_set():
                return _Outcome("stopped")
            if moment - begun > (self._longest(job) if child.is_ready else LONGEST_START_S):
                return _Outcome("late" if child.is_ready else "gone")
            if moment - looked < self._terms.look_s:
                continue
            looked = moment
            with suppress(DBAPIError):
                is_due = moment - renewed > self._terms.lease_s / 3
                state = self._look(job, step, is_due)
                renewed, step = (moment if is_due else renewed), ""
                if state != "held":
                    return _Outcome("cancelled" if state == "cancel" else "lost")

    def _longest(self, job: Job) -> float:
        return self._terms.longest_s.get(job.kind, LONGEST_OTHER_S)

    def _look(self, job: Job, step: str, is_due: bool) -> Literal["held", "cancel", "lost"]:
        database = self._place.database
        if step:
            tell_step(database, job.id, self._name, step)
        return renew(database, job, self._terms.lease_s) if is_due else wanted(database, job)

    def _settle(self, job: Job, outcome: _Outcome) -> None:
        """Write down what came of a job; where the database is away, until the lease has ended."""
        # What follows a job may be at fault, and so may what follows its failure: then it fails with nothing following.
        fails: list[Callable[[str], object]] = [partial(fail, self._place.database, job), partial(self._fail, job)]
        settle = self._way(job, outcome)
        end = time.monotonic() + self._terms.lease_s
        while True:
            try:
                settle()
                return
            except OperationalError:
                if time.monotonic() > end or self._stop.wait(self._terms.look_s):
                    return
            except Exception as error:  # noqa: BLE001 - a fault in what follows a job ends the job, not the worker
                if not fails:
                    return
                settle = partial(fails.pop(), _said(error))

    def _way(self, job: Job, outcome: _Outcome) -> Callable[[], object]:
        """Return what writes an outcome down."""
        database = self._place.database
        minutes = self._longest(job) / 60
        late = f"this took longer than {minutes:.3g} minutes and was stopped; take shorter recordings and ask again"
        ways: dict[str, Callable[[], object]] = {
            "made": lambda: finish(database, job, outcome.value, self._hook(self._terms.on_done, job.kind)),
            "fault": lambda: self._fail(job, outcome.value),
            "late": lambda: self._fail(job, late),
            "cancelled": lambda: cancel(database, job),
            "stopped": lambda: give_back(database, job),
            "lost": lambda: None,
            "gone": lambda: let_go(database, job),
        }
        return ways[outcome.kind]

    def _fail(self, job: Job, fault: str) -> None:
        fail(self._place.database, job, fault, self._hook(self._terms.on_failed, job.kind))

    def _hook(self, hooks: Mapping[str, str], kind: str) -> Callable[[Connection, Job], None] | None:
        if kind not in hooks:
            return None
        module, _, name = hooks[kind].partition(":")
        hook: Hook = getattr(importlib.import_module(module), name)
        return partial(hook, self._place)


def _said(error: Exception) -> str:
    """Return a fault in words that hold nobody's data."""
    if isinstance(error, KinechainError):
        return str(error)
    return f"a fault of this program, please report it ({type(error).__name__})"


def run_worker(place: Place, stop: threading.Event | None = None, terms: Terms | None = None) -> None:
    """Work until asked to stop: by the event, or by a signal to end, after which a job in hand goes back to the queue.

    Parameters
    ----------
    place : Place
        Its database has the newest layout.
    stop : threading.Event, optional
        Without one, the signals to end and to interrupt stop the worker.
    terms : Terms, optional
    """
    if stop is None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    _Worker(place, stop, terms or Terms()).run()


def main() -> None:
    """Run as a process of its own: the place comes in as a line of JSON, and the end of the input means to stop."""
    given = json.loads(sys.stdin.readline())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def listen() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    terms = Terms(**given.get("terms", {}))
    run_worker(open_place(Path(given["folder"]), given["url"], given["address"]), stop, terms)


if __name__ == "__main__":
    main()
