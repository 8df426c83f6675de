"""How quickly the pages of a large clinic answer: list, search, one patient, progress.

    python benchmarks/clinic_size.py
    python benchmarks/clinic_size.py --database postgresql

Fills a database with 5,000 patients of 10 visits each (a minute on SQLite, some on PostgreSQL; 3 GB of disk), starts
``kinechain serve`` and asks each page again and again, of another patient every time, so that nearly every one is read
for the first time. Beside the times stands what the server's processor needed, which a busy machine changes less. Exit
code 1 if a page takes more than 200 ms at the 95th percentile.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))

from faults import Serving
from made_clinic import LAST, make_clinic_of, staff_session, summarised
from web_load import processor_times

from kinechain.web.access import COOKIE
from kinechain.workspace.place import open_place
from private_postgres import fresh_database, private_postgres

LIMIT_MS = 200.0


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked.add_argument("--patients", type=int, default=5000)
    asked.add_argument("--visits", type=int, default=10)
    asked.add_argument("--diary", type=int, default=40)
    asked.add_argument("--times", type=int, default=150)
    chosen = asked.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kinechain-size-")))
        url = ""
        if chosen.database == "postgresql":
            url = stack.enter_context(fresh_database(stack.enter_context(private_postgres(is_quick=False))))
        began = time.perf_counter()
        place = open_place(folder / "data", url)
        clinic = make_clinic_of(place, chosen.patients, chosen.visits, chosen.diary)
        token, _ = staff_session(place, clinic)
        summarised(place)
        place.database.close()
        told = f"{chosen.patients} patients, {chosen.patients * chosen.visits} visits on {chosen.database}"
        print(f"{told}: filled in {time.perf_counter() - began:.0f} s", flush=True)
        serving = Serving(folder / "data", url, 0)
        serving.start()
        stack.callback(serving.end)
        serving.wait_until_it_answers()
        return 1 if ask_pages(serving, token, clinic.patients, chosen.times) else 0


def ask_pages(serving: Serving, token: str, patients: tuple[str, ...], times: int) -> bool:
    """Print the times of every page, and return whether one is too slow."""
    draw = random.Random(1)
    pages = {
        "list of patients": lambda: "/patients",
        "list, needing attention": lambda: "/patients?show=attention",
        "search by name": lambda: f"/patients?search={draw.choice(LAST)}",
        "search by part of a code": lambda: f"/patients?search={draw.randrange(100, 999)}",
        "search without a hit": lambda: "/patients?search=nobodyhasthisname",
        "one patient": lambda: f"/patients/{draw.choice(patients)}",
        "progress": lambda: f"/patients/{draw.choice(patients)}/progress",
        "visits side by side": lambda: f"/patients/{draw.choice(patients)}/visits",
        "tasks": lambda: "/tasks",
        "audit trail": lambda: "/audit",
    }
    slow = False
    print(f"{'page':26s} {'median':>9s} {'p95':>9s} {'max':>9s} {'processor':>9s}")
    with httpx.Client(base_url=serving.address, cookies={COOKIE: token}, timeout=60) as client:
        for name, path in pages.items():
            client.get(path()).raise_for_status()
            took, used = [], processor_times(serving)[0]
            for _ in range(times):
                began = time.perf_counter()
                client.get(path()).raise_for_status()
                took.append((time.perf_counter() - began) * 1000)
            p95 = statistics.quantiles(took, n=20)[-1]
            slow |= p95 > LIMIT_MS
            used = (processor_times(serving)[0] - used) / times * 1000
            figures = " ".join(f"{value:7.1f}ms" for value in (statistics.median(took), p95, max(took), used))
            print(f"{name:26s} {figures}{' !' * (p95 > LIMIT_MS)}", flush=True)
    return slow


if __name__ == "__main__":
    sys.exit(main())
