"""What inspecting costs: one C3D against what ezc3d needs to read it alone, and a folder of 500 files on all cores.

    python benchmarks/inspect_speed.py [--shared ../shared] [--repeats 7] [--files 500] [--each]

The pair: ``inspect_file`` (read, prepare, events, contacts, answers) and ``ezc3d.c3d(path)``, in turn, in changing
order, on each C3D that both can read; medians over the repeats, then sums over the files.

The folder: copies of the shared recordings of one format after the other, up to the number asked for, in a temporary
folder.  Files per second, processor time over wall time, and the largest memory of this process and of any it started.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from read_speed import Speed, compare, files

from kinechain.inspection.folder import RECORDING_SUFFIXES
from kinechain.inspection.inspect_file import inspect_file
from kinechain.inspection.inspect_folder import inspect_folder


def pairs(shared: Path, repeats: int) -> list[Speed]:
    """Time ``inspect_file`` and ``ezc3d`` on every C3D."""
    return [compare(path, repeats, inspect_file) for path in files(shared / "data")]


def copies(shared: Path, count: int, folder: Path) -> float:
    """Fill a folder with copies of the shared recordings; return how many megabytes they are."""
    found = sorted(p for p in (shared / "data" / "dev").rglob("*") if p.suffix.lower() in RECORDING_SUFFIXES)
    size = 0.0
    for number, path in enumerate(islice(cycle(found), count)):
        shutil.copyfile(path, folder / f"{number:04d}{path.suffix.lower()}")
        size += path.stat().st_size / 1e6
    return size


def folder_speed(shared: Path, count: int, jobs: int | None) -> str:
    """Return one line about a folder of so many files."""
    with tempfile.TemporaryDirectory() as name:
        size = copies(shared, count, Path(name))
        before = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
        begun = time.perf_counter()
        rows = inspect_folder([Path(name)], jobs=jobs)
        wall = time.perf_counter() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
    used = sum(b.ru_utime + b.ru_stime - a.ru_utime - a.ru_stime for a, b in zip(before, after, strict=True))
    own, child = after[1].ru_maxrss / 1024, after[0].ru_maxrss / 1024
    cores = os.cpu_count()
    return (
        f"{count} files, {size:.0f} MB, {jobs or cores} processes: {wall:.1f} s, {count / wall:.0f} files/s, "
        f"{len(rows)} rows, {used / wall:.2f} of {cores} cores busy, "
        f"memory {own:.0f} MB here and {child:.0f} MB in the largest process"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--each", action="store_true", help="one line per C3D")
    given = parser.parse_args()
    if not (given.shared / "data").is_dir():
        print(f"there is no folder {given.shared / 'data'}")
        return 1
    for jobs in (1, None):
        print(folder_speed(given.shared, given.files, jobs))
    rows = pairs(given.shared, given.repeats)
    if given.each:
        for row in rows:
            print(f"{row.name:44} {row.megabytes:6.2f} MB {row.ours_ms:8.2f} {row.ezc3d_ms:8.2f} ms {row.ratio:6.2f}")
    ours, theirs = sum(r.ours_ms for r in rows), sum(r.ezc3d_ms for r in rows)
    print(f"{len(rows)} C3D: inspect_file {ours:.0f} ms, ezc3d {theirs:.0f} ms, ratio of the sums {ours / theirs:.3f}")
    print(
        f"per file: inspect_file {ours / len(rows):.1f} ms, median ratio {statistics.median(r.ratio for r in rows):.2f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
