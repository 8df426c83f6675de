"""Whether the workspace keeps up with 200 patients who log and 20 clinicians who browse, at the same time on 2 cores.

    python benchmarks/web_load.py --database sqlite
    python benchmarks/web_load.py --database postgresql
    python benchmarks/web_load.py --database sqlite --seconds 20        # a short look

Starts ``kinechain serve`` for real, on loopback, with one worker, for a clinic of 1,000 patients who each have a plan,
two visits and 40 entries.  Every patient has a connection of their own and sends something every 4 to 8 s: five times
of six an entry (now and then two, as a phone does that was offline), else their page is opened.  That is about 28
requests to log and 6 pages a second, a day of real use in a few minutes.  Every clinician asks for a page every 2 to
5 s: list, search, one patient, progress, plan, visits, tasks.

All clients are one process, and what they cost comes out of the same 2 cores; where there are more, server, database
and clients are kept to two.  A time is from sending a request to having its whole answer.  What is sent in the first
10 s, while a server that has just started reads every patient for the first time, is shown as a row of its own; the
limit is for what comes after it.  Every answer must be 2xx and say what was asked for, and at the end every
acknowledged entry must be in the database exactly once, those of the first seconds too.  Exit code 1 if not, or if the
95th percentile is over 300 ms, overall or of one kind of request.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

from faults import Serving, databases
from made_clinic import LAST, MadeClinic, make_clinic_of, name_of, patient_session, staff_session, summarised

from kinechain.care.follow_up.events import Session
from kinechain.store.people import find_patient, read_events
from kinechain.web.access import COOKIE, PATIENT_COOKIE
from kinechain.workspace.case import read_case
from kinechain.workspace.place import Place, open_place

LIMIT_MS = 300.0
CORES = 2
WARM_UP_S = 10.0
#: Of the clinic, whoever logs included; visits and entries of each.
PATIENTS, VISITS, DIARY = 1000, 2, 40
#: Pauses before each request, s.
PATIENT_PAUSE_S, CLINICIAN_PAUSE_S = (4.0, 8.0), (2.0, 5.0)
#: How often a patient opens their page instead of logging, and sends two entries at once.
OPENS, SENDS_TWO = 1 / 6, 1 / 10
#: How long an answer may take before it counts as none, s.
PATIENCE_S = 30.0


@dataclass
class Seen:
    """What the clients saw: times by kind of request in ms, what went wrong, and which entries were acknowledged.

    What was sent before ``warm`` (of `time.monotonic`) is counted apart, in ``first``.
    """

    warm: float
    first: list[float] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    kept: dict[str, list[str]] = field(default_factory=dict)

    async def ask(
        self, client: httpx.AsyncClient, kind: str, path: str, fault: Callable[[httpx.Response], str], **given: Any
    ) -> None:
        """Send one request, and take down how long it took and what was wrong with its answer."""
        began, is_first = time.perf_counter(), time.monotonic() < self.warm
        try:
            answer = await client.request("POST" if "content" in given else "GET", path, **given)
        except httpx.HTTPError as error:
            self.errors.append(f"{kind}: {error!r}")
            return
        times = self.first if is_first else self.times.setdefault(kind, [])
        times.append((time.perf_counter() - began) * 1000)
        wrong = fault(answer) if answer.is_success else f"status {answer.status_code}"
        if wrong:
            self.errors.append(f"{kind}: {wrong}: {answer.text[:200]!r}")


async def log(seen: Seen, client: httpx.AsyncClient, patient: str, csrf: str, exercises: tuple[str, ...]) -> None:
    """Send one entry or two."""
    entries = [entry(exercises) for _ in range(2 if random.random() < SENDS_TWO else 1)]
    sent = [made["id"] for made in entries]

    def fault(answer: httpx.Response) -> str:
        told = answer.json()
        seen.kept.setdefault(patient, []).extend(told["accepted"])
        return "" if (told["accepted"], told["refused"], told["stop"]) == (sent, [], "") else "not what was sent"

    headers = {"x-csrf-token": csrf, "content-type": "application/json"}
    await seen.ask(client, "patient logs", "/my/events", fault, content=json.dumps(entries), headers=headers)


def entry(exercises: tuple[str, ...]) -> dict[str, Any]:
    """Return what a phone sends; nothing of it stops a plan, so that the same work is asked for throughout."""
    at = datetime.now().astimezone().replace(microsecond=0)
    made: dict[str, Any] = {"id": str(uuid4()), "at": at.isoformat()}
    match random.choices(("session", "next_morning", "standing_day", "steps_taken"), (6, 2, 1, 1))[0]:
        case "session":
            told = {"side": random.choice(("left", "right", "both")), "sets": 3, "repetitions": random.randint(8, 12)}
            made |= {"event": "session", "exercise": random.choice(exercises), "pain_during": 2, "effort": 5, **told}
        case "next_morning":
            made |= {"event": "next_morning", "pain": 2, "usual_pain": 2, "soreness": random.randint(0, 2)}
        case "standing_day":
            made |= {"event": "standing_day", "prompts": 10, "noticed": random.randint(3, 10), "weight_on": "both"}
        case _:
            day = (at - timedelta(days=1)).date().isoformat()
            made |= {"event": "steps_taken", "day": day, "steps": random.randint(2000, 9000), "source": "phone"}
    return made


async def be_patient(
    seen: Seen, address: str, patient: str, session: tuple[str, str], exercises: tuple[str, ...], until: float
) -> None:
    """Log and look until the time is over."""
    owner = hashlib.sha256(f"outbox:{patient}".encode()).hexdigest()[:20]
    async with _client(address, PATIENT_COOKIE, session[0]) as client:
        await asyncio.sleep(random.uniform(0, PATIENT_PAUSE_S[1]))
        while time.monotonic() < until:
            if random.random() < OPENS:
                await seen.ask(client, "patient opens page", "/my", lambda a: "" if owner in a.text else "another page")
            else:
                await log(seen, client, patient, session[1], exercises)
            await asyncio.sleep(random.uniform(*PATIENT_PAUSE_S))


async def be_clinician(seen: Seen, address: str, token: str, clinic: MadeClinic, until: float) -> None:
    """Look at one page after the other until the time is over."""
    async with _client(address, COOKIE, token) as client:
        await asyncio.sleep(random.uniform(0, CLINICIAN_PAUSE_S[1]))
        while time.monotonic() < until:
            number = random.randrange(len(clinic.patients))
            kind = random.choice(("list", "search", "one patient", "progress", "plan", "visits", "tasks"))
            page = {"one patient": "", "progress": "/progress", "plan": "/plan", "visits": "/visits"}.get(kind)
            name = random.choice(LAST)
            path, wanted = f"/patients/{clinic.patients[number]}{page}", name_of(number)
            if page is None:
                path = {"list": "/patients", "search": f"/patients?search={name}", "tasks": "/tasks"}[kind]
                wanted = {"list": "patients", "search": name, "tasks": "Tasks"}[kind]
            await seen.ask(client, kind, path, lambda a, w=wanted: "" if w in a.text and "</html>" in a.text else w)
            await asyncio.sleep(random.uniform(*CLINICIAN_PAUSE_S))


def _client(address: str, cookie: str, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address,
        headers={"cookie": f"{cookie}={token}"},
        timeout=PATIENCE_S,
        # A little less than the server keeps a connection open, so that neither closes it under the other's hands.
        limits=httpx.Limits(keepalive_expiry=15),
        verify=False,
        trust_env=False,
    )


async def everybody(
    address: str, clinic: MadeClinic, staff: list[str], patients: dict[str, tuple[str, str]], seconds: float, how: Any
) -> Seen:
    """Let all of them act at the same time."""
    begun = time.monotonic()
    seen, until = Seen(begun + WARM_UP_S), begun + WARM_UP_S + seconds
    acting = [be_patient(seen, address, patient, session, how, until) for patient, session in patients.items()]
    acting += [be_clinician(seen, address, token, clinic, until) for token in staff]
    await asyncio.gather(*acting)
    return seen


def lost_or_doubled(place: Place, kept: dict[str, list[str]]) -> list[str]:
    """Return what was acknowledged and is not in the database exactly once."""
    faults = []
    with place.database.reading() as connection:
        for patient, ids in kept.items():
            found = find_patient(connection, patient)
            assert found is not None
            there = Counter(event.id for event in read_events(connection, found))
            faults += [f"entry {id} of {patient}: there {there[id]} times" for id in ids if there[id] != 1]
    return faults


def processor_times(serving: Serving) -> tuple[float, float]:
    """Return what the server and what its worker have used so far, s."""
    servers, workers = serving.parts()
    return sum(map(_processor_time, servers)), sum(map(_processor_time, workers))


def _processor_time(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def told(seen: Seen, seconds: float) -> bool:
    """Print the times of every kind of request, and return whether one is too slow."""
    rows = {**dict(sorted(seen.times.items())), "all": [time for times in seen.times.values() for time in times]}
    print(f"{'request':20s} {'count':>6s} {'per s':>6s} {'median':>8s} {'p95':>8s} {'p99':>8s} {'max':>8s}  ms")
    rows |= {f"first {WARM_UP_S:.0f} s": seen.first}
    slow = False
    for kind, times in ((kind, times) for kind, times in rows.items() if times):
        cuts = statistics.quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
        is_slow = cuts[94] > LIMIT_MS and times is not seen.first
        slow |= is_slow
        per_s = len(times) / (WARM_UP_S if times is seen.first else seconds - WARM_UP_S)
        figures = " ".join(f"{value:8.1f}" for value in (statistics.median(times), cuts[94], cuts[98], max(times)))
        print(f"{kind:20s} {len(times):6d} {per_s:6.1f} {figures}{'  !' * is_slow}")
    return slow


def run(folder: Path, url: str, given: argparse.Namespace) -> bool:
    """Return whether everything went well and quickly."""
    place = open_place(folder / "data", url)
    clinic = make_clinic_of(place, max(PATIENTS, given.patients), VISITS, DIARY)
    staff = [staff_session(place, clinic)[0] for _ in range(given.clinicians)]
    patients = {patient: patient_session(place, clinic, patient) for patient in clinic.patients[: given.patients]}
    with place.database.reading() as connection:
        events = read_case(connection, clinic.patients[0]).events
    exercises = tuple(sorted({event.exercise for event in events if isinstance(event, Session)}))
    summarised(place)
    place.database.close()
    serving = Serving(folder / "data", url, 1)
    serving.start()
    try:
        serving.wait_until_it_answers()
        load, began, before, own = os.getloadavg()[0], time.monotonic(), processor_times(serving), time.process_time()
        seen = asyncio.run(everybody(serving.address, clinic, staff, patients, given.seconds, exercises))
        took = time.monotonic() - began
        server, worker = (after - there for after, there in zip(processor_times(serving), before, strict=True))
        own = time.process_time() - own
    finally:
        serving.end()
    slow = told(seen, took)
    place = open_place(folder / "data", url)
    faults = seen.errors + lost_or_doubled(place, seen.kept)
    place.database.close()
    print(f"entries acknowledged: {sum(map(len, seen.kept.values()))}; errors, lost or doubled: {len(faults)}")
    each = server / max(sum(map(len, seen.times.values())) + len(seen.first), 1) * 1000
    print(
        f"of one core: server {server / took:.0%} ({each:.1f} ms for each request), worker {worker / took:.0%}, ",
        end="",
    )
    print(f"clients {own / took:.0%}; load of the machine before: {load:.1f}")
    for fault in faults[:10]:
        print(f"  FAULT {fault}")
    return not slow and not faults


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked.add_argument("--patients", type=int, default=200)
    asked.add_argument("--clinicians", type=int, default=20)
    asked.add_argument("--seconds", type=float, default=120)
    asked.add_argument("--seed", type=int, default=7)
    given = asked.parse_args()
    random.seed(given.seed)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with databases([given.database]) as urls, ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kinechain-load-")))
        print(
            f"{given.patients} patients and {given.clinicians} clinicians for {given.seconds:.0f} s, {given.database}"
        )
        return 0 if run(folder, urls[given.database], given) else 1


if __name__ == "__main__":
    sys.exit(main())
