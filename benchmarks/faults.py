"""Kill the server and its workers again and again while people log, hand in files and analyse; count what is lost.

    python benchmarks/faults.py --kills 200
    python benchmarks/faults.py --kills 200 --database postgresql

Starts ``kinechain serve`` for real, on loopback. Clients send every write again, with the same id, until it is
acknowledged. At the end every acknowledged write must be there once, every job done once with one visit each, and every
journal whole; exit code 1 if not.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from kinechain.care.follow_up.events import ConsentGiven, VisitMade
from kinechain.care.records.consent import consent_text, text_digest
from kinechain.core.errors import KinechainError
from kinechain.demonstration.demonstrate import example_person
from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.store.jobs import jobs_of, outputs_of
from kinechain.store.people import find_patient, read_events
from kinechain.store.sessions import add_session
from kinechain.store.tables import file
from kinechain.web.access import COOKIE, PATIENT_COOKIE
from kinechain.workspace.accounts import make_clinic
from kinechain.workspace.case import change_person, write_events
from kinechain.workspace.links import make_link
from kinechain.workspace.patients import register
from kinechain.workspace.place import Place, open_place
from private_postgres import fresh_database, private_postgres

#: Patients who log, each with a client of their own; one more is analysed for every few kills.
LOGGING = 6
#: Between two kills, s; the shortest is shorter than a start, so that starts are killed too.
BETWEEN = (0.2, 1.6)
#: After so many single kills everything is killed at once, as by a power cut, and started anew.
SINGLE_KILLS = 8
SETTLE_S = 240.0
#: A client's pause after each acknowledged write, s.
PAUSE_S = 0.15


@dataclass
class People:
    """Whom the clients act for."""

    actor: Actor
    staff: tuple[str, str]
    logging: dict[str, tuple[str, str]]
    analysed: list[str]


@dataclass
class Acknowledged:
    """What the server has said is kept."""

    events: dict[str, list[str]] = field(default_factory=dict)
    files: dict[tuple[str, str], str] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)


def settle_people(place: Place, analysed: int) -> People:
    """Make a clinic with patients to log for and patients to analyse, and sessions for all who act."""
    account = make_clinic(place.database, "Clinic", "faults@clinic.example", "Dr Fault", "a long password")
    actor = Actor("admin", account.id, account.name, account.clinic_id, request=str(uuid4()))
    example = example_person()
    ids = []
    for number in range(LOGGING + analysed):
        made = register(place.database, actor, f"Patient {number}", f"p-{number}")
        ids.append(made.id)
        with place.database.writing() as connection:
            change_person(connection, actor, made.id, lambda _: example, "write intake")
            wording = text_digest(consent_text(("care",), None))
            agreed = ConsentGiven(id=str(uuid4()), at=now(), by="patient", scope=("care",), wording=wording)
            write_events(connection, actor, made.id, (agreed,), "give consent")
    logging = {}
    for patient in ids[:LOGGING]:
        _, link = make_link(place, actor, patient)
        with place.database.writing() as connection:
            token, session = add_session(connection, link_id=link.id)
        logging[patient] = (token, session.csrf)
    with place.database.writing() as connection:
        token, session = add_session(connection, account_id=account.id)
    return People(actor, (token, session.csrf), logging, ids[LOGGING:])


class Serving:
    """``kinechain serve`` and the processes under it."""

    def __init__(self, folder: Path, url: str, workers: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder, self.workers = folder, workers
        self._command = [
            sys.executable,
            "-m",
            "kinechain.cli",
            "serve",
            "--data",
            str(folder),
            "--port",
            str(self.port),
        ]
        self._command += ["--workers", str(workers), *(["--database", url] if url else [])]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.folder.parent / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_until_it_answers(self, seconds: float = 180) -> None:
        end = time.monotonic() + seconds
        while True:
            with suppress(httpx.HTTPError):
                httpx.get(f"{self.address}/sign-in", timeout=2, verify=False, trust_env=False)
                return
            if time.monotonic() > end:
                raise RuntimeError((self.folder.parent / "serve.log").read_text()[-2000:])
            time.sleep(0.05)

    def parts(self) -> tuple[list[int], list[int]]:
        """Return the server's process and the workers'."""
        assert self.process is not None
        servers, workers = [], []
        for child in _children(self.process.pid):
            if "spawn_main" in _command(child):
                (servers if _listens(child) else workers).append(child)
        return servers, workers

    def kill_all(self) -> None:
        """Kill everything at once."""
        assert self.process is not None
        below = list(_below(self.process.pid))
        self.process.kill()
        for number in below:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        if self.process is not None and self.is_running:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill_all()


def _children(process: int) -> list[int]:
    with suppress(OSError):
        return [int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []


def _below(process: int) -> Iterator[int]:
    for child in _children(process):
        yield child
        yield from _below(child)


def _command(process: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text()
    return ""


def _listens(process: int) -> bool:
    """Whether a process holds a listening socket."""
    with suppress(OSError):
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        listening = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
        return any(str(path.readlink()) in listening for path in Path(f"/proc/{process}/fd").iterdir())
    return False


class Client:
    """Sends one kind of write again until it is acknowledged."""

    def __init__(self, serving: Serving, session: tuple[str, str], cookie: str, done: threading.Event) -> None:
        self._serving, self._done = serving, done
        # Plain HTTP on loopback needs no certificates, which take long to load.
        self._client = httpx.Client(timeout=20, follow_redirects=False, verify=False, trust_env=False)
        self._headers = {"Cookie": f"{cookie}={session[0]}", "X-CSRF-Token": session[1], "Accept": "application/json"}

    def close(self) -> None:
        self._client.close()

    def send(self, kind: str, path: str, tries: Counter[str], **how: object) -> httpx.Response | None:
        """Return the answer that acknowledges; None if the time is over before."""
        headers = {**self._headers, **how.pop("headers", {})}  # type: ignore[dict-item]
        while True:
            tries[kind] += 1
            with suppress(httpx.HTTPError):
                answer = self._client.post(self._serving.address + path, headers=headers, **how)  # type: ignore[arg-type]
                if answer.status_code < 400:
                    return answer
                if answer.status_code not in (429, 500, 502, 503):
                    raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")
                tries[f"{kind} answered {answer.status_code}"] += 1
            if self._done.wait(0.1 + random.random() / 5):
                return None


def log(client: Client, patient: str, stop: threading.Event, kept: Acknowledged) -> None:
    """Log entries of one patient, each until it is acknowledged."""
    mine = kept.events[patient] = []
    while not stop.is_set():
        at = datetime.now(UTC)
        base = {"event": "steps_taken", "at": at.isoformat(), "day": f"{at:%Y-%m-%d}", "source": "phone"}
        entries = [
            {**base, "id": str(uuid4()), "steps": random.randint(1, 20_000)} for _ in range(random.randint(1, 3))
        ]
        answer = client.send("log", "/my/events", kept.tries, json=entries)
        if answer is None:
            return
        told = answer.json()
        if told["refused"]:
            raise RuntimeError(str(told["refused"]))
        mine += told["accepted"]
        stop.wait(PAUSE_S)


def hand_in(client: Client, patients: list[str], stop: threading.Event, kept: Acknowledged) -> None:
    """Hand in small recordings, each another one, until they are acknowledged."""
    number = 0
    while not stop.is_set():
        number += 1
        patient, content = patients[number % len(patients)], _recording(number)
        path = f"/patients/{patient}/recordings"
        name = {"X-File-Name": f"static {number}.trc", "Content-Type": "application/octet-stream"}
        answer = client.send("upload", path, kept.tries, content=content, headers=name)
        if answer is None:
            return
        kept.files[patient, hashlib.sha256(content).hexdigest()] = answer.json()["id"]
        stop.wait(PAUSE_S * 10)


def _recording(number: int) -> bytes:
    names = ["LHEE", "RHEE", "LTOE", "RTOE", "LASI", "RASI"]
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\tstanding{number}.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"100\t100\t200\t{len(names)}\tmm\t100\t1\t200",
        "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{n}" for n in range(1, len(names) + 1) for axis in "XYZ"),
        "",
    ]
    for frame in range(200):
        values = (
            f"{100 * n + frame * 0.01 + number * 1e-3 + axis:.4f}" for n in range(len(names)) for axis in range(3)
        )
        lines.append(f"{frame + 1}\t{frame / 100:.2f}\t" + "\t".join(values))
    return ("\n".join(lines) + "\n").encode()


def analyse(client: Client, patients: list[str], stop: threading.Event, kept: Acknowledged) -> None:
    """Ask for the analysis of one patient after the other, some of them twice."""
    for patient in patients:
        for _ in range(random.choice((1, 1, 2))):
            answer = client.send("analysis", f"/patients/{patient}/analysis", kept.tries)
            if answer is None:
                return
            job = answer.headers["location"].rpartition("/")[2]
            assert str(UUID(job)) == job
            if kept.jobs.setdefault(patient, job) != job:
                raise RuntimeError("the same analysis was queued twice")
        if stop.wait(random.uniform(2, 10)):
            return


def kill_again_and_again(serving: Serving, kills: int, say: Callable[[str], None]) -> Counter[str]:
    """Kill parts, and from time to time everything; return how often each."""
    done: Counter[str] = Counter()
    singles = told = 0
    while done.total() - done["gave up (not a kill)"] < kills:
        time.sleep(random.uniform(*BETWEEN))
        if not serving.is_running:
            # The supervisor gave up; a machine's own manager of services would start it again.
            done["gave up (not a kill)"] += 1
            serving.start()
        servers, workers = serving.parts()
        if singles >= SINGLE_KILLS:
            serving.kill_all()
            done["everything"] += 1
            singles = 0
            serving.start()
            # Some starts are killed before they answer.
            if random.random() < 0.8:
                serving.wait_until_it_answers()
        elif alive := [pair for pair in (("server", servers), ("worker", workers)) if pair[1]]:
            kind, numbers = random.choice(alive)
            with suppress(ProcessLookupError):
                os.kill(random.choice(numbers), signal.SIGKILL)
                done[kind] += 1
                singles += 1
        if done.total() >= told + 20:
            told = done.total()
            say(f"  {told} kills: {dict(done)}")
    return done


@dataclass(frozen=True)
class Result:
    """What was counted."""

    kills: Counter[str]
    counts: dict[str, int]
    faults: tuple[str, ...]
    seconds: float


def run(folder: Path, url: str, kills: int, workers: int, say: Callable[[str], None]) -> Result:
    """Kill so many times and count."""
    begun = time.monotonic()
    place = open_place(folder / "data", url)
    people = settle_people(place, max(3, kills // 12))
    place.database.close()
    serving, kept = Serving(folder / "data", url, workers), Acknowledged()
    stop, over = threading.Event(), threading.Event()
    raised: list[BaseException] = []

    def begin(work: Callable[..., None], session: tuple[str, str], cookie: str, *arguments: object) -> threading.Thread:
        def guarded() -> None:
            client = Client(serving, session, cookie, over)
            try:
                work(client, *arguments, stop, kept)
            except BaseException as error:  # noqa: BLE001
                raised.append(error)
            finally:
                client.close()

        thread = threading.Thread(target=guarded)
        thread.start()
        return thread

    serving.start()
    try:
        serving.wait_until_it_answers()
        patients = list(people.logging)
        threads = [begin(log, session, PATIENT_COOKIE, patient) for patient, session in people.logging.items()]
        threads.append(begin(hand_in, people.staff, COOKIE, patients))
        threads.append(begin(analyse, people.staff, COOKIE, people.analysed))
        killed = kill_again_and_again(serving, kills, say)
        if not serving.is_running:
            serving.start()
        serving.wait_until_it_answers()
        stop.set()
        for thread in threads:
            thread.join(SETTLE_S)
        say("  no more kills; waiting for the open jobs")
        place = open_place(folder / "data", url)
        unfinished = _wait_for_jobs(place, [*patients, *people.analysed])
    finally:
        stop.set()
        over.set()
        serving.end()
    faults = [f"a client failed: {error!r}" for error in raised]
    faults += [f"{unfinished} jobs still open after {SETTLE_S:.0f} s"] * bool(unfinished)
    counts, found = check(place, people, kept)
    place.database.close()
    return Result(killed, counts, (*faults, *found), time.monotonic() - begun)


def _wait_for_jobs(place: Place, patients: list[str]) -> int:
    end = time.monotonic() + SETTLE_S
    while True:
        with place.database.reading() as connection:
            count = sum(job.is_open for patient in patients for job in jobs_of(connection, patient))
        if not count or time.monotonic() > end:
            return count
        time.sleep(0.5)


def check(place: Place, people: People, kept: Acknowledged) -> tuple[dict[str, int], list[str]]:
    """Return what is there, and everything that is lost or doubled."""
    faults: list[str] = []
    counts: Counter[str] = Counter()
    with place.database.reading() as connection:
        for patient, acknowledged in kept.events.items():
            found = find_patient(connection, patient)
            assert found is not None
            ids = Counter(event.id for event in read_events(connection, found) if type(event).__name__ == "StepsTaken")
            counts["entries acknowledged"] += len(set(acknowledged))
            counts["entries there"] += sum(ids.values())
            faults += [f"entry {id} acknowledged and lost" for id in set(acknowledged) - set(ids)]
            faults += [f"entry {id} is there {n} times" for id, n in ids.items() if n > 1]
            faults += [f"entry {id} is there and was never acknowledged" for id in set(ids) - set(acknowledged)]
        for (patient, digest), id in kept.files.items():
            rows = connection.execute(select(file).where(file.c.patient_id == patient, file.c.digest == digest)).all()
            counts["files acknowledged"] += 1
            if [row.id for row in rows] != [id] or rows[0].inspected is None:
                faults.append(f"file {id}: {len(rows)} rows, looked at: {[row.inspected is not None for row in rows]}")
            faults += unreadable(place, digest)
        for patient, job in kept.jobs.items():
            found = find_patient(connection, patient)
            assert found is not None
            visits = sum(isinstance(event, VisitMade) for event in read_events(connection, found))
            counts["analyses acknowledged"] += 1
            if [j.id for j in jobs_of(connection, patient, "assess")] != [job] or visits != 1:
                faults.append(f"analysis {job}: {len(jobs_of(connection, patient, 'assess'))} jobs, {visits} visits")
        for patient in (*kept.events, *kept.jobs):
            jobs = jobs_of(connection, patient)
            faults += [f"job {j.id} of kind {j.kind} is {j.state}: {j.fault}" for j in jobs if j.state != "done"]
            faults += [f"key {key} done {n} times" for key, n in Counter(j.key for j in jobs).items() if n > 1]
            counts["jobs done"] += sum(j.state == "done" for j in jobs)
            counts["jobs done after more than one lease"] += sum(j.attempts > 1 for j in jobs)
            for j in jobs:
                outputs = outputs_of(connection, j.id)
                faults += [f"job {j.id} made nothing"] * (not outputs)
                for output in outputs:
                    faults += unreadable(place, output.digest)
                    counts["outputs read"] += 1
    return {**counts, **{f"tries: {kind}": n for kind, n in sorted(kept.tries.items())}}, faults


def unreadable(place: Place, digest: str) -> list[str]:
    """Return why a content cannot be read."""
    try:
        place.files.read(digest)
    except KinechainError as error:
        return [f"content {digest[:12]}: {error}"]
    return []


@contextmanager
def databases(names: list[str]) -> Iterator[dict[str, str]]:
    """Give the address of a database of each kind; '' for SQLite in the folder of data."""
    with ExitStack() as stack:
        found = {"sqlite": ""} if "sqlite" in names else {}
        if "postgresql" in names:
            server = stack.enter_context(private_postgres(is_quick=False))
            if server is None:
                raise SystemExit("there is no PostgreSQL to be had")
            found["postgresql"] = stack.enter_context(fresh_database(server))
        yield found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    random.seed(given.seed)
    is_whole = True
    with databases(given.database or ["sqlite", "postgresql"]) as urls:
        for name, url in urls.items():
            print(f"{name}: {given.kills} kills", flush=True)
            with tempfile.TemporaryDirectory(prefix="kinechain-faults-") as folder:
                result = run(Path(folder), url, given.kills, given.workers, lambda line: print(line, flush=True))
            rows = {"seconds": round(result.seconds), **{f"killed: {k}": n for k, n in result.kills.items()}}
            for label, value in {**rows, **result.counts, "lost or doubled": len(result.faults)}.items():
                print(f"  {label:40s} {value:>8}")
            for fault in result.faults[:20]:
                print(f"  FAULT {fault}")
            is_whole = is_whole and not result.faults
    sys.exit(0 if is_whole else 1)


if __name__ == "__main__":
    main()
