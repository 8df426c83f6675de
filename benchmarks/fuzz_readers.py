"""Damage recordings and see that every one of them is read or refused in one sentence.

    python benchmarks/fuzz_readers.py --format c3d [--count 2000] [--seed 0] [--shared ../shared] [--memory 2000]
                                      [--then prepare|inspect|norms] [--seconds 5] [--only INDEX] [--keep FOLDER]

Copies of every file of the format below ``--shared`` (or ``--folder``, repeated, for files made elsewhere) are changed
one after the other, in bytes, in tokens or by a consistent lie, and read **in this process**, whose address space is
limited to ``--memory`` MB beyond what it holds after the imports.  A file may take ``--seconds`` of the processor; more
is over time.  Printed are the counts, the slowest file, the peak of resident memory, and for each failure the index to
repeat it with ``--only``.  Exit code 1 when there was a traceback, a blow-up of memory or a file over time.
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
    "csv": (".csv", ".tsv", ".txt"),
    "forces": (".forces",),
    "gcd": (".gcd",),
    "parquet": (".parquet",),
}
TEXTS = {"trc", "mot", "csv", "forces", "gcd"}

TOKENS = (
    "nan NaN inf -inf 1e400 -1e400 0 -0 -100 65535 2147483648 99999999999999999999 1e-320 1_0 0x10 1,5 1.5.2 - + . "
    "1e30 -1e30 1e9 0.0 R_HEEL "
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
    if draw.random() < 0.3:
        lie = {"c3d": lie_c3d, "parquet": lie_parquet}.get(kind, lie_text)
        data = lie(data, draw)
        if draw.random() < 0.5:
            return data
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


def lie_text(data: bytes, draw: random.Random) -> bytes:
    """Change a whole table consistently: one column, two columns, all names, the clock, the unit, the counts."""
    lines = data.decode("latin-1").split("\n")
    separator = max("\t,;", key=lambda mark: sum(line.count(mark) for line in lines[:40]))
    rows = [line.split(separator) for line in lines]
    wide = max(len(row) for row in rows)
    one, other = draw.randrange(wide), draw.randrange(wide)
    token = draw.choice(TOKENS).encode().decode("latin-1")
    number = re.compile(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")
    factor = draw.choice((10.0, 0.1, 1000.0, 1e-3, -1.0, 0.0, 25.4, 1e12))
    what = draw.choice(("column", "exchange", "empty", "names", "clock", "scale", "head", "unit", "frozen", "lost"))
    if what == "names":
        lines = [line if number.match(line.strip()) else re.sub(r"[A-Za-z]+\w*", token, line) for line in lines]
        return "\n".join(lines).encode("latin-1")
    if what == "head":
        lines[:12] = [number.sub(draw.choice(("10", "0", "-5", "99999999", "nan")), line) for line in lines[:12]]
        return "\n".join(lines).encode("latin-1")
    if what == "unit":
        swapped = ("mm", draw.choice(("m", "cm", "in", "furlong", "", "M M")))
        return re.sub(rb"\bmm?\b", swapped[1].encode(), data)
    frozen = next((row for row in rows[8:] if len(row) > 3), rows[0])
    for k, row in enumerate(rows):
        is_number = bool(row and number.fullmatch(row[0].strip()))
        if not is_number and what not in ("exchange", "lost"):
            continue
        if what == "column" and one < len(row):
            row[one] = token
        elif what == "exchange" and max(one, other) < len(row):
            row[one], row[other] = row[other], row[one]
        elif what == "empty":
            row[one:other] = [""] * len(row[one:other])
        elif what == "clock":
            row[:2] = [scaled(cell, factor) for cell in row[:2]]
        elif what == "scale":
            row[1:] = [scaled(cell, factor) for cell in row[1:]]
        elif what == "frozen" and len(row) == len(frozen):
            rows[k] = [*row[:2], *frozen[2:]]
        elif what == "lost":
            del row[one : one + 1]
    return "\n".join(separator.join(row) for row in rows).encode("latin-1")


def scaled(cell: str, factor: float) -> str:
    """A number times a factor; other words as they are."""
    try:
        return f"{float(cell) * factor:.6g}"
    except ValueError:
        return cell


def lie_c3d(data: bytes, draw: random.Random) -> bytes:
    """Say something untrue of a C3D: its rate, first frame, counts, plates, channels, units or the times of events."""
    at = {bytes(data[p[0] + 2 : p[0] + 2 + p[1]]).upper(): p for p in find_parameters(data)}
    out = bytearray(data)
    big = len(data) > 1024 and data[(data[0] - 1) * 512 + 3 : (data[0] - 1) * 512 + 4] == b"\x56"
    order = ">" if big else "<"

    def put(name: bytes, code: str, change: Callable[[float], float]) -> None:
        if name not in at:
            return
        _, _, kind_at, place, size = at[name]
        width = struct.calcsize(code)
        if abs(int.from_bytes(data[kind_at : kind_at + 1], "little", signed=True)) != width:
            return
        for k in range(place, min(place + size, len(out) - width + 1), width):
            (old,) = struct.unpack_from(order + code, data, k)
            struct.pack_into(order + code, out, k, change(old))

    what = draw.choice(("rate", "first", "points", "plates", "type", "channels", "corners", "events", "unit", "scale"))
    if what == "rate":
        factor = draw.choice((10.0, 0.1, 1e6, 0.0, -1.0))
        put(b"RATE", "f", lambda old: max(-1e30, min(1e30, old * factor)))
        if len(out) > 24:
            struct.pack_into(order + "f", out, 20, draw.choice((1000.0, 10.0, 0.0, float("nan"), 1e30)))
    elif what == "first" and len(out) > 10:
        first = draw.choice((0, 2, 30000, 65000, 65535))
        struct.pack_into(order + "HH", out, 6, first, min(65535, first + draw.choice((0, 1, 500))))
    elif what == "points" and len(out) > 4:
        many = draw.choice((10000, 32767, -1, 0, 1))
        put(b"USED", "h", lambda _: many)
        struct.pack_into(order + "h", out, 2, many)
    elif what == "plates":
        put(b"USED", "h", lambda _: draw.choice((200, 0, 7, -3)))
    elif what == "type":
        put(b"TYPE", "h", lambda _: draw.choice((0, 1, 2, 3, 4, 5, 7, 21, -1)))
    elif what == "channels":
        put(b"CHANNEL", "h", lambda old: draw.choice((old + 1, 13 - old, 1, 32767)))
    elif what == "corners":
        put(b"CORNERS", "f", lambda old: draw.choice((0.0, 1e30, -0.0, old, 1.0)))
    elif what == "events":
        put(b"TIMES", "f", lambda old: draw.choice((-1.0, 1e9, float("nan"), 0.0, old + 0.5)))
    elif what == "unit":
        for name in (b"UNITS", b"LABELS", b"CONTEXTS"):
            if name in at and draw.random() < 0.6:
                place, size = at[name][3:]
                out[place : place + size] = (draw.choice((b"m", b"cm  ", b"LASI", b" ", b"\xff")) * size)[:size]
    else:
        put(b"SCALE", "f", lambda _: draw.choice((-1.0, 1.0, 0.0, -1e-20, 1e20)))
    return bytes(out[: len(data)])


def lie_parquet(data: bytes, draw: random.Random) -> bytes:
    """Change one column or the clock of a Parquet, name two columns alike, exchange, lose or retype columns."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(data))
    names, columns = list(table.column_names), [column.combine_chunks() for column in table.columns]
    one, other = draw.randrange(len(names)), draw.randrange(len(names))
    value = draw.choice((*REALS, 1e9, None))
    what = draw.choice(("column", "exchange", "twins", "clock", "text", "lost", "rows", "whole"))
    if what == "column":
        columns[one] = pa.array([value] * len(table), pa.float64())
    elif what == "exchange":
        columns[one], columns[other] = columns[other], columns[one]
    elif what == "twins":
        names[one] = names[other]
    elif what == "clock":
        columns[0] = pa.array([draw.choice((-1.0, 0.0, 1e9, 10.0)) * k for k in range(len(table))])
    elif what == "text":
        columns[one] = pa.array([draw.choice(TOKENS) for _ in range(len(table))])
    elif what == "lost":
        del names[one], columns[one]
    elif what == "rows":
        kept = draw.choice((0, 1, 2, 7))
        columns = [column[:kept] for column in columns]
    else:
        columns[one] = pa.array([draw.choice((2**62, -1, True))] * len(table))
    out = io.BytesIO()
    pq.write_table(pa.table(columns, names=names), out)
    return out.getvalue()


def sources(kind: str, folders: list[Path]) -> list[Path]:
    """Files of a format below some folders, sorted."""
    return sorted(p for f in folders for p in f.rglob("*") if p.is_file() and p.suffix.lower() in ENDINGS[kind])


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `OverTimeError` when the body takes longer; end the process when not even that helps."""

    def stop(*_: object) -> None:
        raise OverTimeError

    before = signal.signal(signal.SIGPROF, stop)
    # Seconds of this process, so that a busy machine is no fault of a file.
    signal.setitimer(signal.ITIMER_PROF, seconds)
    faulthandler.dump_traceback_later(seconds * 12, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        faulthandler.cancel_dump_traceback_later()


def address_space() -> int:
    """Bytes of address space this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def peak_mb() -> float:
    """Peak of resident memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def choose_action(name: str) -> Callable[[Path], object]:
    """What is done with each file: 'read', read and 'prepare', 'inspect' with all that is printed, or as 'norms'."""
    import json

    from kinechain.core.errors import FileError
    from kinechain.findings.own_norms import read_own_norms
    from kinechain.inspection.inspect_file import inspect_file
    from kinechain.recording.prepare import prepare_recording
    from kinechain.recording.read import read_recording
    from kinechain.report.inspection_html import render_inspection_html
    from kinechain.report.inspection_json import inspection_json
    from kinechain.report.inspection_text import render_inspection

    def refuse_constant(text: str) -> None:
        raise ValueError(f"{text} is no JSON")

    def inspect(path: Path) -> None:
        found = inspect_file(path)
        json.loads(inspection_json([found], ()), parse_constant=refuse_constant)
        render_inspection_html([found], (), "")
        if found.refused:
            raise FileError(found.refused)
        if not all(line.isprintable() for line in render_inspection(found, False).split("\n")):
            raise ValueError("the inspection holds signs that control a terminal")

    if name == "inspect":
        return inspect
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
    parser.add_argument("--then", choices=("read", "prepare", "inspect", "norms"), default="read")
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
            before, begun = peak_mb(), time.process_time()
            kind, text = judge(action, path, given.seconds)
            took = time.process_time() - begun
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
