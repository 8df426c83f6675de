"""What reading a C3D costs, against ezc3d in the same process on the same file, one beside the other.

    python benchmarks/read_speed.py [--shared ../shared] [--repeats 7] [--each] [--json FILE]

Both are asked in turn, in changing order, file by file; the median over the repeats counts.  Ours is the whole of
``read_recording``: bytes from disk, SHA-256, points, plates, events and notes.  ezc3d's is ``ezc3d.c3d(path)``, which
gives arrays and nothing more.  Files that ezc3d cannot read, or that exhaust memory in it, are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import ezc3d

from kinechain.core.errors import InputError
from kinechain.recording.read import read_recording

#: Allocates in ezc3d until the process is killed.
BOMBS = ("bkin_memory_bomb.c3d", "bad_parameter_section.c3d")


@dataclass(frozen=True)
class Speed:
    """One file; medians in milliseconds, and the median of the ratios of neighbouring runs."""

    name: str
    megabytes: float
    ours_ms: float
    ezc3d_ms: float
    ratio: float


def files(folder: Path) -> list[Path]:
    """C3D files below a folder that both can read."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".c3d" and p.name not in BOMBS):
        try:
            read_recording(path)
            ezc3d.c3d(str(path))
        except InputError:
            continue
        except Exception:  # noqa: BLE001 - whatever ezc3d throws, the pair cannot be timed
            continue
        found.append(path)
    return found


def clock(action: Callable[[], object]) -> float:
    """Seconds of one call."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def compare(path: Path, repeats: int, ours: Callable[[Path], object] = read_recording) -> Speed:
    """Time both readers in turn on one file."""
    times: list[tuple[float, float]] = []
    for k in range(repeats):
        pair = {}
        for who in (0, 1) if k % 2 else (1, 0):
            pair[who] = clock((lambda: ezc3d.c3d(str(path))) if who else (lambda: ours(path)))
        times.append((pair[0], pair[1]))
    ours_ms, theirs_ms = (1e3 * statistics.median(t[who] for t in times) for who in (0, 1))
    ratio = statistics.median(a / b for a, b in times)
    return Speed(path.name, path.stat().st_size / 1e6, ours_ms, theirs_ms, ratio)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--each", action="store_true", help="one line per file")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    chosen = files(given.shared / "data")
    if not chosen:
        print(f"no C3D below {given.shared / 'data'}")
        return 1
    rows = [compare(path, given.repeats) for path in chosen]
    if given.each:
        print(f"{'file':44} {'MB':>6} {'ours ms':>8} {'ezc3d ms':>9} {'ratio':>6}")
        for row in rows:
            print(f"{row.name:44} {row.megabytes:6.2f} {row.ours_ms:8.2f} {row.ezc3d_ms:9.2f} {row.ratio:6.2f}")
    ours, theirs = sum(r.ours_ms for r in rows), sum(r.ezc3d_ms for r in rows)
    print(f"{len(rows)} files, {sum(r.megabytes for r in rows):.1f} MB, {os.cpu_count()} cores, one process")
    print(f"read_recording {ours:.0f} ms, ezc3d {theirs:.0f} ms, ratio of the sums {ours / theirs:.3f}")
    ratios = [r.ratio for r in rows]
    print(f"ratio per file: median {statistics.median(ratios):.3f}, largest {max(ratios):.3f}")
    if given.json:
        given.json.write_text(json.dumps([asdict(r) for r in rows], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
