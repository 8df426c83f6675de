"""One process of several that inspect a folder: paths come in, inspections go out, both pickled."""

from __future__ import annotations

import pickle
import signal
import struct
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from kinechain.inspection.inspect_file import inspect_trial

__all__ = ["Fault", "main", "receive", "send"]


@dataclass(frozen=True)
class Fault:
    """An exception that nobody expected: where, but not its words, which may hold what the file holds."""

    where: str


def send(stream: IO[bytes], value: Any) -> None:
    """Write one value with its length before it."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(struct.pack("<Q", len(data)) + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read one value.

    Raises
    ------
    EOFError
        If the other side has gone.
    """
    head = stream.read(8)
    if len(head) < 8:
        raise EOFError
    (length,) = struct.unpack("<Q", head)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def main() -> None:
    """Inspect one trial after the other until nobody asks any more."""
    # Ctrl-C is for the parent, which ends this process by closing its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inward, outward = sys.stdin.buffer, sys.stdout.buffer

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        frames = traceback.extract_tb(trace)
        at = f" at {Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else ""
        send(outward, Fault(f"{kind.__name__}{at}"))
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = tell
    settings = receive(inward)
    while True:
        try:
            paths: tuple[Path, ...] = receive(inward)
        except EOFError:
            return
        send(outward, inspect_trial(paths, settings))
