"""Processes that serve and work beside each other: started, started again when they die, ended together."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from threading import Thread
from types import FrameType
from typing import Any

__all__ = ["Opening", "Part", "end_with_parent", "supervise"]

#: Wait before a part that died is started again, s: doubled with each death in a row, up to the longest.
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 30.0
#: A part that ran this long begins again at the first wait, s.
STEADY_S = 60.0
#: Between two looks whether the parts answer, before they do, s.
LOOK_S = 0.1
#: How long a part may take to end by itself, s.
GRACE_S = 12.0
#: Ends the supervisor when it comes.
ENDINGS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

CONTEXT = get_context("spawn")


@dataclass
class Part:
    """One process to keep running.

    Attributes
    ----------
    name : str
    run : callable
        Of a module, so that another process can import it; called with ``arguments`` and the pipe that closes when the
        supervisor is gone.
    arguments : tuple
    """

    name: str
    run: Callable[..., None]
    arguments: tuple[Any, ...] = ()
    process: BaseProcess | None = field(default=None, init=False)
    deaths: int = field(default=0, init=False)
    started_at: float = field(default=0.0, init=False)
    start_at: float = field(default=0.0, init=False)
    lifeline: connection.Connection | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it, bound to this process by a pipe."""
        theirs, self.lifeline = CONTEXT.Pipe(duplex=False)
        # Not a daemon: a worker starts processes of its own.
        self.process = CONTEXT.Process(target=_begin, args=(self.run, self.arguments, theirs), name=self.name)
        self.process.start()
        theirs.close()
        self.started_at = time.monotonic()

    def buried(self) -> float:
        """Take note that it died and return how long to wait before it is started again, s."""
        if self.process is not None:
            self.process.join()
        if self.lifeline is not None:
            self.lifeline.close()
        self.process = None
        self.deaths = 0 if time.monotonic() - self.started_at > STEADY_S else self.deaths + 1
        wait = min(FIRST_WAIT_S * 2.0 ** max(self.deaths - 1, 0), LONGEST_WAIT_S)
        self.start_at = time.monotonic() + wait
        return wait


@dataclass(frozen=True)
class Opening:
    """What happens when the parts answer for the first time.

    Attributes
    ----------
    is_ready : callable
        Whether they do.
    done : callable
        Called then.
    late : callable
        Called once if they do not within ``longest_s``; an error of it ends everything.
    longest_s : float
    """

    is_ready: Callable[[], bool]
    done: Callable[[], None]
    late: Callable[[], None]
    longest_s: float


def supervise(parts: Sequence[Part], say: Callable[[str], None], opening: Opening | None = None) -> None:
    """Keep parts running until this process is told to end; then end them.

    Parameters
    ----------
    parts : sequence of Part
    say : callable
        Told of a part that died.
    opening : Opening, optional
    """
    reader, writer = CONTEXT.Pipe(duplex=False)

    def told(number: int, frame: FrameType | None) -> None:
        writer.send_bytes(b"end")

    before = {number: signal.signal(number, told) for number in ENDINGS}
    try:
        for part in parts:
            part.start()
        late_at = time.monotonic() + (opening.longest_s if opening else 0.0)
        while not reader.poll():
            # Watched from the beginning: a part that dies before it ever answered is started again like any other.
            _watch(parts, reader, say, LOOK_S if opening else None)
            if opening and opening.is_ready():
                opening.done()
                opening = None
            elif opening and time.monotonic() > late_at:
                opening.late()
                opening = None
    finally:
        _end(parts)
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(
    parts: Sequence[Part], reader: connection.Connection, say: Callable[[str], None], longest: float | None
) -> None:
    """Wait for a death, a time to start again, or the end, but no longer than so; and do what it asks."""
    now = time.monotonic()
    for part in parts:
        if part.process is None and part.start_at <= now:
            part.start()
    waiting = [
        *([longest] if longest is not None else []),
        *(max(part.start_at - now, 0.0) for part in parts if part.process is None),
    ]
    alive = {part.process.sentinel: part for part in parts if part.process is not None}
    for item in connection.wait([reader, *alive], timeout=min(waiting, default=None)):
        if isinstance(item, int):
            code = alive[item].process.exitcode if alive[item].process else None  # type: ignore[union-attr]
            wait = alive[item].buried()
            say(f"the {alive[item].name} ended (code {code}); it is started again in {wait:.2g} s")


def _end(parts: Sequence[Part]) -> None:
    """End every part: asked first, after a while not."""
    running = [part.process for part in parts if part.process is not None]
    for process in running:
        process.terminate()
    until = time.monotonic() + GRACE_S
    for process in running:
        process.join(max(until - time.monotonic(), 0.0))
        if process.is_alive():
            process.kill()
            process.join()


def _begin(run: Callable[..., None], arguments: tuple[Any, ...], lifeline: connection.Connection) -> None:
    """Be a part: what is typed in the terminal reaches the supervisor alone."""
    if hasattr(os, "setsid"):
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(lifeline)
    run(*arguments)


def end_with_parent(lifeline: connection.Connection) -> None:
    """End this process and those it started when the supervisor is gone, however it went.

    Parameters
    ----------
    lifeline : Connection
        Nothing is ever sent; it closes when the supervisor does.
    """

    def watch() -> None:
        try:
            lifeline.poll(None)
        except OSError:
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_S)
        if hasattr(os, "killpg"):
            os.killpg(os.getpgrp(), signal.SIGKILL)
        os._exit(1)

    Thread(target=watch, name="lifeline", daemon=True).start()
