"""Workers for real: processes that work, die, are stopped and killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from job_kinds import SECRET
from kinechain.store import jobs
from kinechain.store.jobs import Job
from kinechain.store.tables import audit
from kinechain.workspace.worker import KINDS, ON_DONE, ON_FAILED, Terms, run_worker

if TYPE_CHECKING:
    from web_fixtures import Clinics

TESTS = Path(__file__).resolve().parents[2]
NAMES = ("good", "refuses", "fault", "dies", "greedy", "sockets", "hooked", "unlucky")
TARGETS = {name: f"job_kinds:{'good' if name in ('hooked', 'unlucky') else name}" for name in NAMES}
TERMS = Terms(
    kinds=TARGETS,
    on_done={"good": "job_kinds:note_done", "hooked": "job_kinds:broken_hook", "unlucky": "job_kinds:broken_hook"},
    on_failed={"unlucky": "job_kinds:broken_hook"},
    look_s=0.1,
    lease_s=1.5,
    longest_s={"good": 3.0},
)


@pytest.fixture(autouse=True)
def kinds_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


class Work:
    """The queue of one patient."""

    def __init__(self, clinics: "Clinics") -> None:
        self.place, self.clinics = clinics.place, clinics

    def ask(self, kind: str, key: str = "", seconds: float = 0) -> Job:
        with self.place.database.writing() as connection:
            return jobs.add_job(
                connection,
                clinic_id=self.clinics.own.id,
                patient_id=self.clinics.patient,
                kind=kind,
                key=key or kind,
                input={"seconds": seconds},
                by="account:x",
            )

    def at(self, job: Job) -> Job:
        with self.place.database.reading() as connection:
            found = jobs.find_job(connection, job.id)
        assert found is not None
        return found

    def when(self, job: Job, holds: Callable[[Job], bool], seconds: float = 90) -> Job:
        end = time.monotonic() + seconds
        while not holds(found := self.at(job)):
            assert time.monotonic() < end, found
            time.sleep(0.02)
        return found

    def ended(self, job: Job) -> Job:
        return self.when(job, lambda found: not found.is_open)

    def read(self, job: Job) -> bytes:
        with self.place.database.reading() as connection:
            (kept,) = jobs.outputs_of(connection, job.id)
        return self.place.files.read(kept.digest)

    def count_done(self) -> int:
        asked = select(func.count()).select_from(audit).where(audit.c.action == "job done")
        with self.place.database.reading() as connection:
            return int(connection.execute(asked).scalar_one())


@pytest.fixture
def work(each_clinic: "Clinics") -> Work:
    return Work(each_clinic)


@pytest.fixture
def sqlite_work(clinic: "Clinics") -> Work:
    return Work(clinic)


@contextmanager
def worker_in_a_thread(work: Work) -> Iterator[threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(work.place, stop, TERMS))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


@contextmanager
def worker_process(work: Work) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-m", "kinechain.workspace.worker"], stdin=subprocess.PIPE, text=True)
    assert process.stdin is not None
    place = {"folder": str(work.place.folder), "url": work.place.url, "address": work.place.address}
    process.stdin.write(json.dumps({**place, "terms": asdict(TERMS)}) + "\n")
    process.stdin.flush()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()


def test_every_way_a_job_can_end(work: Work) -> None:
    asked = {kind: work.ask(kind) for kind in NAMES}
    with socket.socket() as listening, worker_in_a_thread(work):
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.set_inheritable(True)
        found = {kind: work.ended(job) for kind, job in asked.items()}
    assert {kind: job.state for kind, job in found.items()} == {
        **dict.fromkeys(NAMES, "failed"),
        "good": "done",
        "sockets": "done",
    }
    assert work.read(found["good"]) == b"good"
    assert work.read(found["sockets"]) == b"0"
    assert work.count_done() == 1
    assert found["refuses"].fault == "there are no markers in it; take another recording"
    assert "a fault of this program, please report it (KeyError at job_kinds.py line" in found["fault"].fault
    assert "ended without a word" in found["dies"].fault and found["dies"].attempts == 3
    assert "more memory than a job may have" in found["greedy"].fault
    assert found["hooked"].fault == "a fault of this program, please report it (ZeroDivisionError)"
    assert found["unlucky"].fault == found["hooked"].fault, "what follows a failure failed too"
    assert not any(SECRET in job.fault + job.step for job in found.values())


def test_steps_cancelling_and_the_limit_of_time(sqlite_work: Work) -> None:
    with worker_in_a_thread(sqlite_work):
        running = sqlite_work.ask("good", "cancelled", seconds=30)
        sqlite_work.when(running, lambda job: job.step == "reading")
        asked_at = time.monotonic()
        with sqlite_work.place.database.writing() as connection:
            jobs.ask_cancel(connection, running.id)
        assert sqlite_work.ended(running).state == "cancelled"
        assert time.monotonic() - asked_at < 5
        late = sqlite_work.ended(sqlite_work.ask("good", "late", seconds=30))
        assert "took longer than 0.05 minutes and was stopped" in late.fault
        # Longer than the lease, which is renewed meanwhile.
        held = sqlite_work.ended(sqlite_work.ask("good", "held", seconds=2.2))
        assert (held.state, held.attempts) == ("done", 1)


def test_a_worker_that_is_asked_to_end_puts_its_job_back(sqlite_work: Work) -> None:
    running = sqlite_work.ask("good", seconds=2)
    with worker_process(sqlite_work) as process:
        sqlite_work.when(running, lambda job: job.step == "reading")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    found = sqlite_work.at(running)
    assert (found.state, found.attempts) == ("queued", 0)


def test_a_worker_ends_with_the_process_that_holds_its_input(sqlite_work: Work) -> None:
    with worker_process(sqlite_work) as process:
        assert process.stdin is not None
        sqlite_work.ended(sqlite_work.ask("good"))
        process.stdin.close()
        assert process.wait(30) == 0


def children(process: subprocess.Popen[str]) -> list[int]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(number) for number in listed]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for children in /proc")
def test_a_killed_worker_leaves_no_process_and_its_job_is_done_once(work: Work) -> None:
    asked = work.ask("good", seconds=2)
    with worker_process(work) as process:
        work.when(asked, lambda job: job.step == "reading")
        (child,) = children(process)
        os.kill(process.pid, signal.SIGKILL)
        end = time.monotonic() + 30
        while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split()[2]:
            assert time.monotonic() < end
            time.sleep(0.05)
    with worker_in_a_thread(work):
        done = work.ended(asked)
    assert (done.state, done.attempts, work.count_done()) == ("done", 2, 1)


def test_the_kinds_of_an_installation_can_be_loaded() -> None:
    import importlib

    assert set(ON_DONE) | set(ON_FAILED) <= set(KINDS)
    for target in (*KINDS.values(), *ON_DONE.values(), *ON_FAILED.values()):
        module, _, name = target.partition(":")
        assert callable(getattr(importlib.import_module(module), name))
