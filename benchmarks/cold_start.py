"""What a newcomer waits for: one cold process from file to report, its memory, and the bare import.

    python benchmarks/cold_start.py [--shared ../shared] [--runs 5]

Prints medians and ranges of whole-process wall time (s) and peak resident memory (MB).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path

#: Verbs of care, in an order in which each finds what it needs; the person is the one of `kinechain demo`.
CARE = {
    "screen --no-ask": ("screen", "PERSON", "--no-ask"),
    "evidence R5.1": ("evidence", "R5.1"),
    "evidence pinto2008": ("evidence", "pinto2008"),
    "plan --no-drivers": ("plan", "PERSON", "--no-drivers"),
    "log --morning": ("log", "PERSON", "--morning", "--pain", "1"),
    "progress": ("progress", "PERSON"),
}


def measure(command: list[str]) -> tuple[float, float, int]:
    """Return wall time (s), peak resident memory of the process and its children (MB) and the exit code."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return time.perf_counter() - start, usage.ru_maxrss / 1024.0, os.waitstatus_to_exitcode(status)


def report(name: str, command: list[str], runs: int, expected: tuple[int, ...] = (0,)) -> None:
    """Print one line: median and range over ``runs`` after one warm-up."""
    measure(command)
    results = [measure(command) for _ in range(runs)]
    codes = {code for *_, code in results}
    if not codes <= set(expected):
        raise SystemExit(f"{name}: exit codes {sorted(codes)}, expected {expected}")
    walls = [wall for wall, _, _ in results]
    peak = max(memory for _, memory, _ in results)
    print(f"{name:44s} {statistics.median(walls):6.2f} s ({min(walls):.2f}-{max(walls):.2f})   peak {peak:6.0f} MB")


def main() -> None:
    """Run the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    folder = arguments.shared / "data" / "dev" / "schreiber_moissenet" / "2014001"
    report("python -c pass", [sys.executable, "-c", "pass"], arguments.runs)
    report("import kinechain", [sys.executable, "-c", "import kinechain"], arguments.runs)
    verb = [sys.executable, "-m", "kinechain.cli"]
    report("kinechain --help", [*verb, "--help"], arguments.runs)
    with tempfile.TemporaryDirectory() as out:
        person = Path(out) / "person.toml"
        person.write_text((files("kinechain") / "demonstration" / "person.toml").read_text("utf-8"), "utf-8")
        for name, words in CARE.items():
            command = [word.replace("PERSON", str(person)) for word in words]
            report(f"kinechain {name}", [*verb, *command], arguments.runs)
        for trial in ("2014001_C1_04.c3d", "2014001_C4_05.c3d"):
            command = [*verb, "assess", str(folder / trial)]
            command += ["--static", str(folder / "2014001_ST.c3d"), "--mass", "67", "--height", "1.66", "--out", out]
            report(f"kinechain assess {trial} (cold)", command, arguments.runs, expected=(0, 1))


if __name__ == "__main__":
    main()
