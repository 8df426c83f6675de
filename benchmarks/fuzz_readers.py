"""Damage recordings and see that every one of them is read or refused in one sentence.

    python benchmarks/fuzz_readers.py --format c3d [--count 2000] [--seed 0] [--shared ../shared] [--then prepare|norms]
                                      [--memory 2000] [--seconds 5] [--only INDEX] [--keep FOLDER]

Copies of every file of the format below ``--shared`` (or ``--folder``, repeated, for files made elsewhere) are changed
one after the other, in bytes or in tokens, and read **in this process**, whose address space is limited to ``--memory``
MB beyond what it holds after the imports.  A file may take ``--seconds``; more is over time.  Printed are the
counts, the slowest file, the peak of resident memory, and for each failure the index to repeat it with ``--only``.
Exit code 1 when there was a traceback, a blow-up of memory or a file over time.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import random
import re
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

#: Endings of the names of files that one format's readers are given.
ENDINGS = {
    "c3d": (".c3d",),
    "trc": (".trc",),
    "mot": (".mot", ".sto"),
    "csv": (".csv", ".tsv", ".txt", ".forces"),
    "gcd": (".gcd",),
    "parquet": (".parquet",),
}
TEXTS = {"trc", "mot", "csv", "gcd"}

TOKENS = (
    "nan NaN inf -inf 1e400 -1e400 0 -0 -100 65535 2147483648 99999999999999999999 1e-320 1_0 0x10 1,5 1.5.2 - + . "
    "A time Time Frame# endheader nRows=0 nColumns=-1 nRows=99999999999 DataRate mm m \x00 \x1b[31m \u202e é "
).split(" ")

#: Values that parameters of a C3D are swapped for.
INTEGERS = (0, 1, 2, 255, 256, 32767, -1, -100, -32768)
REALS = (0.0, -0.0, -100.0, 1.0, 65535.0, 1e30, -1e38, 1e-40, float("nan"), float("inf"), float("-inf"))


class OverTimeError(BaseException):
    """The clock ran out; not an ``Exception``, so that no reader takes it for a fault of the file."""


def damage(data: bytes, kind: str, draw: random.Random) -> bytes:
    """Return a changed copy of a file.

    Parameters
    ----------
    data : bytes
    kind : str
        A key of `ENDINGS`.
    draw : random.Random
    """
    for _ in range(draw.choice((1, 1, 1, 2, 3, 6))):
        if kind in TEXTS and draw.random() < 0.75:
            data = damage_text(data, draw)
        elif kind == "c3d" and draw.random() < 0.6:
            data = damage_parameter(data, draw)
        else:
            data = damage_bytes(data, draw, head=2048 if kind != "c3d" else 20 * 512)
    return data


def damage_bytes(data: bytes, draw: random.Random, head: int = 2048) -> bytes:
    """Flip, overwrite, cut, double or lose some bytes; half of the time near the beginning."""
    if len(data) < 4:
        return bytes(draw.randrange(256) for _ in range(draw.randint(0, 64)))
    at = draw.randrange(min(head, len(data)) if draw.random() < 0.5 else len(data))
    length = min(draw.choice((1, 1, 1, 2, 4, 16, 512)), len(data) - at)
    what = draw.choice(("flip", "random", "same", "cut", "tail", "double", "lose", "move", "header"))
    if what == "flip":
        return data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :]
    if what == "random":
        return data[:at] + draw.randbytes(length) + data[at + length :]
    if what == "same":
        return data[:at] + bytes([draw.choice((0, 1, 0x20, 0x7F, 0x80, 0xFF))]) * length + data[at + length :]
    if what == "cut":
        return data[:at]
    if what == "tail":
        return data + draw.choice((draw.randbytes(draw.randint(1, 2000)), bytes(draw.randint(1, 2000)), data[:at]))
    if what == "double":
        return data[: at + length] + data[at:]
    if what == "lose":
        return data[:at] + data[at + length :]
    if what == "move":
        to = draw.randrange(len(data) - length + 1)
        return data[:to] + data[at : at + length] + data[to + length :]
    word = draw.randrange(0, min(24, len(data) - 1), 2)
    return data[:word] + struct.pack("<h", draw.choice(INTEGERS)) + data[word + 2 :]


def damage_text(data: bytes, draw: random.Random) -> bytes:
    """Swap, double or lose a token, a separator or a line; half of the time among the first lines."""
    text = data.decode("latin-1")
    lines = text.split("\n")
    row = draw.randrange(min(12, len(lines)) if draw.random() < 0.5 else len(lines))
    line = lines[row]
    what = draw.choice(("token", "token", "token", "swap", "separator", "line", "lines", "quote", "cut"))
    pieces = re.split(r"([\t,; =]+)", line)
    words = range(0, len(pieces), 2)
    if what == "token":
        pieces[draw.choice(words)] = draw.choice((*TOKENS, "", *pieces[:20:2])).encode().decode("latin-1")
        lines[row] = "".join(pieces)
    elif what == "swap":
        other = draw.randrange(len(lines))
        lines[row], lines[other] = lines[other], line
    elif what == "separator" and len(pieces) > 1:
        pieces[draw.choice(range(1, len(pieces), 2))] = draw.choice(("", " ", "\t", "\t\t", ",", ";", ",,", "\r"))
        lines[row] = "".join(pieces)
    elif what == "line":
        lines[row : row + 1] = draw.choice(([], [line, line], [""], [line[: len(line) // 2]], [line + "\t1"]))
    elif what == "lines":
        end = min(row + draw.randint(1, 50), len(lines))
        lines[row:end] = draw.choice(([], [*lines[row:end], *lines[row:end]], lines[row:end][::-1]))
    elif what == "quote":
        lines[row] = draw.choice(('"', "'", "//", "%", "\ufeff".encode().decode("latin-1"))) + line
    else:
        return data[: draw.randrange(len(data) + 1)]
    return "\n".join(lines).encode("latin-1")


def find_parameters(data: bytes) -> list[tuple[int, int, int, int, int]]:
    """Return (record, its name's length, type byte's place, place of the values, their bytes) of a C3D's parameters."""
    if len(data) < 1024 or not data[0]:
        return []
    start = (data[0] - 1) * 512
    order = "big" if data[start + 3 : start + 4] == b"\x56" else "little"
    at, found = start + 4, []
    while at + 2 < len(data) and len(found) < 2000:
        length = abs(int.from_bytes(data[at : at + 1], "little", signed=True))
        group = int.from_bytes(data[at + 1 : at + 2], "little", signed=True)
        jump = at + 2 + length
        step = int.from_bytes(data[jump : jump + 2], order)
        if group > 0 and jump + 4 < len(data):
            count = data[jump + 3]
            size = abs(int.from_bytes(data[jump + 2 : jump + 3], "little", signed=True))
            for k in range(count):
                size *= data[jump + 4 + k] if jump + 4 + k < len(data) else 0
            found.append((at, length, jump + 2, jump + 4 + count, size))
        if not length or not step:
            break
        at = jump + step
    return found


def damage_parameter(data: bytes, draw: random.Random) -> bytes:
    """Change the values, the name, the group, the dimensions or the offset of one parameter of a C3D."""
    parameters = find_parameters(data)
    if not parameters:
        return damage_bytes(data, draw)
    at, length, kind_at, values_at, size = draw.choice(parameters)
    out = bytearray(data)
    kind = int.from_bytes(data[kind_at : kind_at + 1], "little", signed=True)
    what = draw.choice(("value", "value", "value", "value", "name", "group", "dimension", "offset", "kind", "length"))
    if what == "value" and size and values_at + size <= len(out):
        width = abs(kind) or 1
        first = values_at + draw.randrange(max(size // width, 1)) * width
        new = {
            4: lambda: struct.pack("<f", draw.choice(REALS)),
            2: lambda: struct.pack("<h", draw.choice(INTEGERS)),
        }.get(width, lambda: bytes([draw.choice((0, 1, 32, 58, 127, 128, 255))]))()
        # All values at once half of the time: every channel's scale, every label.
        new = new * (size // width) if draw.random() < 0.5 else new
        first = values_at if len(new) > width else first
        out[first : first + len(new)] = new
    elif what == "name":
        other, its_length, *_ = draw.choice(parameters)
        name = bytes(data[other + 2 : other + 2 + its_length]).ljust(length)[:length]
        out[at + 2 : at + 2 + length] = name
    elif what == "group":
        out[at + 1] = draw.choice((0, 1, 2, 127, 128, 255))
    elif what == "dimension":
        count = draw.choice((out[kind_at + 1], 1, 3, 7, 255))
        out[kind_at + 1] = count
        for k in range(min(count, len(out) - kind_at - 2)):
            out[kind_at + 2 + k] = draw.choice((0, 1, 2, 255, out[kind_at + 2 + k]))
    elif what == "offset":
        step = draw.choice((0, 1, -1, 2, 32767, -32768, 255, -100))
        out[at + 2 + length : at + 4 + length] = struct.pack("<h", step)
    elif what == "kind":
        out[kind_at] = draw.choice((0, 1, 2, 3, 4, 8, 127, 128, 255))
    else:
        out[at] = draw.choice((0, 1, 127, 128, 255, length ^ 0xFF))
    return bytes(out)


def sources(kind: str, folders: list[Path]) -> list[Path]:
    """Files of a format below some folders, sorted."""
    return sorted(p for f in folders for p in f.rglob("*") if p.is_file() and p.suffix.lower() in ENDINGS[kind])


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `OverTimeError` when the body takes longer; end the process when not even that helps."""

    def stop(*_: object) -> None:
        raise OverTimeError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(seconds * 6, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        faulthandler.cancel_dump_traceback_later()


def address_space() -> int:
    """Bytes of address space this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def peak_mb() -> float:
    """Peak of resident memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def choose_action(name: str) -> Callable[[Path], object]:
    """What is done with each file: 'read', read and 'prepare', or read as 'norms'."""
    from kinechain.findings.own_norms import read_own_norms
    from kinechain.recording.prepare import prepare_recording
    from kinechain.recording.read import read_recording

    if name == "norms":
        return read_own_norms
    if name == "read":
        return read_recording
    return lambda path: prepare_recording(read_recording(path))


def judge(action: Callable[[Path], object], path: Path, seconds: float) -> tuple[str, str]:
    """Return what became of one file ('read', 'refused', ...) and the sentence or the traceback."""
    from kinechain.core.errors import InputError

    try:
        with time_limit(seconds), warnings.catch_warnings():
            warnings.simplefilter("error")
            action(path)
    except InputError as error:
        text = str(error)
        return ("refused", text) if text and text.isprintable() else ("unclear", repr(text))
    except OverTimeError:
        return "over time", f"more than {seconds:g} s"
    except MemoryError:
        return "memory", traceback.format_exc(limit=-2)
    except Exception:  # noqa: BLE001 - a traceback is what this script looks for
        return "traceback", traceback.format_exc(limit=-4)
    return "read", ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--format", choices=sorted(ENDINGS), required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--folder", type=Path, action="append", default=[])
    parser.add_argument("--then", choices=("read", "prepare", "norms"), default="read")
    parser.add_argument("--memory", type=float, default=2000.0, help="MB beyond what the imports hold")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--only", type=int)
    parser.add_argument("--keep", type=Path, help="folder for copies of the files that failed")
    given = parser.parse_args()
    files = sources(given.format, given.folder or [given.shared / "data", given.shared / "models"])
    if not files:
        print(f"no file of the format {given.format} below {given.folder or given.shared}")
        return 1
    action = choose_action(given.then)
    resource.setrlimit(resource.RLIMIT_AS, (address_space() + int(given.memory * 2**20),) * 2)
    counts: Counter[str] = Counter()
    slowest, growth, started, peak = (0.0, ""), (0.0, ""), time.perf_counter(), peak_mb()
    with tempfile.TemporaryDirectory() as folder:
        for index in range(given.count) if given.only is None else [given.only]:
            source = files[index % len(files)]
            draw = random.Random(f"{given.seed} {index}")
            data = damage(source.read_bytes(), given.format, draw)
            path = Path(folder) / f"{index}{source.suffix.lower()}"
            path.write_bytes(data)
            before, begun = peak_mb(), time.perf_counter()
            kind, text = judge(action, path, given.seconds)
            took = time.perf_counter() - begun
            counts[kind] += 1
            slowest = max(slowest, (took, f"{index} {source.name}"))
            growth = max(growth, (peak_mb() - before, f"{index} {source.name}"))
            if given.only is not None or kind not in ("read", "refused"):
                print(f"{index} {source.name}: {kind} {text}", flush=True)
                if given.keep:
                    given.keep.mkdir(parents=True, exist_ok=True)
                    (given.keep / path.name).write_bytes(data)
            path.unlink()
    total = time.perf_counter() - started
    print(f"{sum(counts.values())} damaged {given.format} files from {len(files)}, seed {given.seed}: {dict(counts)}")
    print(f"slowest {slowest[0]:.2f} s ({slowest[1]}), all {total:.0f} s")
    print(
        f"peak {peak_mb():.0f} MB, after imports {peak:.0f} MB, one file added at most {growth[0]:.0f} MB ({growth[1]})"
    )
    return int(any(kind not in ("read", "refused") for kind in counts))


if __name__ == "__main__":
    sys.exit(main())
