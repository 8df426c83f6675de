"""What-ifs while somebody moves a slider: asked of processes that keep the person standing, the newest one first."""

from __future__ import annotations

import atexit
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from kinechain.chain.change import find_kind, parse_change
from kinechain.core.errors import InputError, SettingError
from kinechain.store.audit import Actor
from kinechain.workspace.place import Place

__all__ = ["DRAWS", "SLIDERS", "Slider", "SupersededError", "UnansweredError", "ask_what_if", "forget_people"]

#: Draws while somebody moves a slider, and once it rests.
DRAWS = (60, 200)
MOST_CHANGES, LONGEST_CHANGE = 20, 200
#: The first question waits for imports and for the person to stand; more is a fault, s.
LONGEST_S = 45.0
MEMORY_BYTES = 6 * 1024**3


class SupersededError(InputError):
    """A newer question of the same person came before this one was begun."""


@dataclass(frozen=True)
class Slider:
    """One change that can be moved.

    Attributes
    ----------
    kind : str
        Of `kinechain.chain.change.kinds`.
    name, help : str
        As printed.
    low, high, step, neutral : float
        Within what the kind takes.
    unit : str
    sides : tuple of str
        '' for what has none.
    options : str
        As a change is written.
    """

    kind: str
    name: str
    help: str
    low: float
    high: float
    step: float
    unit: str
    sides: tuple[str, ...] = ("left", "right")
    options: str = ""
    neutral: float = 0.0

    def change(self, side: str, amount: float) -> str:
        """Return the change as `parse_change` reads it.

        Parameters
        ----------
        side : str
        amount : float
        """
        unit = self.unit if self.unit != next(iter(find_kind(self.kind).units)) else ""
        return " ".join(word for word in (self.kind, side, f"{amount:g}{unit}", self.options) if word)


#: The changes on the page, from the floor upwards; any other can be written in words.
SLIDERS: tuple[Slider, ...] = (
    Slider("wedge", "Wedge under the foot", "Above 0 the inner side is raised, below 0 the outer.", -10, 10, 0.5, "deg",
           options="raise=medial"),
    Slider("lift", "Lift under the whole foot", "Flat, under heel and forefoot.", 0, 20, 1, "mm"),
    Slider("heel_height", "Heel height", "Of both shoes, above the ball.", 0, 80, 5, "mm", ("both",)),
    Slider("tightness", "Calf tightness", "Resistance comes so many degrees earlier; below 0 later.", -15, 15, 1, "deg",
           options="group=calf"),
    Slider("weakness", "Weak gluteus medius", "Share of its force that is lost.", 0, 60, 5, "%",
           options="group=gluteus_medius"),
    Slider("pelvic_tilt", "Pelvic tilt", "By the muscles of the hips; above 0 forward.", -10, 10, 1, "deg", ("",)),
    Slider("lordosis", "Lumbar curve", "Above 0 deeper, below 0 flatter.", -15, 15, 1, "deg", ("",)),
    Slider("guarding", "Stiff back", "Factor on the stiffness of the lumbar joints.", 1, 3, 0.1, "factor", ("",),
           neutral=1.0),
    Slider("pack", "Pack on the back", "", 0, 30, 1, "kg", ("",)),
    Slider("body_mass", "Body mass", "Gained or lost, everywhere in proportion.", -20, 20, 1, "kg", ("",)),
)  # fmt: skip


class _Process:
    """One process that answers."""

    def __init__(self, place: Place) -> None:
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kinechain.workspace.what_if_work"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("KINECHAIN_DEBUG") else subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, **threads},
            start_new_session=True,
        )
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        assert self._process.stdout is not None
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        setup = {
            "folder": str(place.folder.absolute()),
            "url": place.url,
            "address": place.address,
            "memory_bytes": MEMORY_BYTES,
        }
        self._write(setup)

    def _listen(self, lines: IO[str]) -> None:
        with lines, suppress(ValueError):
            for line in lines:
                self._answers.put(json.loads(line))
        self._answers.put(None)

    def _write(self, values: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(json.dumps(values) + "\n")
            self._process.stdin.flush()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return the answer; where there is none, the process has ended and is not asked again."""
        self._write(question)
        try:
            found = self._answers.get(timeout=LONGEST_S)
        except queue.Empty:
            found = {"fault": "this took too long and was stopped; make a smaller change, or fewer at once"}
            self.end()
        if found is None:
            self.end()
            return {"fault": "the process that answers has ended, most likely for want of memory; ask again"}
        return found

    def end(self) -> None:
        """End the process."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()


class _Pool:
    """Processes that answer, begun when they are first needed."""

    def __init__(self, place: Place, count: int) -> None:
        self._place, self._count = place, count
        self._free: list[_Process] = []
        self._began = 0
        #: How often everybody who stands was to be forgotten: a process that was asked before ends with its answer.
        self._forgotten = 0
        self._change = threading.Condition()
        self._newest: dict[str, int] = {}

    def ask(self, who: str, question: dict[str, Any]) -> dict[str, Any]:
        """Return an answer, unless ``who`` asks something newer before this is begun."""
        with self._change:
            mine = self._newest[who] = self._newest.get(who, 0) + 1
            self._change.notify_all()
            while True:
                if self._newest[who] != mine:
                    raise SupersededError("a newer question came")
                if self._free or self._began < self._count:
                    break
                self._change.wait()
            process = self._free.pop() if self._free else None
            self._began += process is None
            forgotten = self._forgotten
        try:
            if process is None or not process.is_alive:
                process = _Process(self._place)
            return process.ask(question)
        finally:
            with self._change:
                is_ended = process is None or not process.is_alive
                if process is not None and not is_ended and forgotten != self._forgotten:
                    process.end()
                    is_ended = True
                if process is not None and not is_ended:
                    self._free.append(process)
                else:
                    self._began -= 1
                self._change.notify_all()

    def end(self) -> None:
        """End every process: those that wait at once, one that answers as soon as it has answered."""
        with self._change:
            self._forgotten += 1
            while self._free:
                self._free.pop().end()
                self._began -= 1
            self._change.notify_all()


_POOLS: dict[tuple[str, str], _Pool] = {}
_GUARD = threading.Lock()


def _key(place: Place) -> tuple[str, str]:
    return str(place.folder.absolute()), place.url


def _pool(place: Place) -> _Pool:
    key = _key(place)
    with _GUARD:
        if key not in _POOLS:
            _POOLS[key] = _Pool(place, 2 if (os.cpu_count() or 1) > 2 else 1)
        return _POOLS[key]


@atexit.register
def end_processes() -> None:
    """End every process that waits for a question; they end by themselves as well once nobody can ask."""
    for pool in _POOLS.values():
        pool.end()


def forget_people(place: Place) -> None:
    """End the processes of a place, with everybody who stands in them; the next question begins another.

    Those of other processes of the server look for themselves whether somebody was erased, every few seconds.

    Parameters
    ----------
    place : Place
    """
    with _GUARD:
        pool = _POOLS.get(_key(place))
    if pool is not None:
        pool.end()


def ask_what_if(
    place: Place,
    actor: Actor,
    patient_id: str,
    changes: Sequence[str],
    draws: int = DRAWS[0],
    *,
    is_document: bool = False,
) -> dict[str, Any]:
    """Return what changes made together would do to a patient, standing; of no change, what is so now.

    Parameters
    ----------
    place : Place
    actor : Actor
        Whoever asks again gives up what they asked before and is not begun.
    patient_id : str
    changes : sequence of str
        As `kinechain.chain.change.parse_change` reads them.
    draws : int
        One of `DRAWS`.
    is_document : bool
        Answer as ``kinechain whatif --json`` does, not as the page shows it.

    Raises
    ------
    SupersededError
        If the same person asked something newer meanwhile.
    SettingError
        If a change is impossible, or there are too many.
    InputError
        If it has no answer: the patient is locked, or does not stand with the changes.
    """
    if draws not in DRAWS:
        raise SettingError(f"draws are {DRAWS[0]} or {DRAWS[1]}")
    if len(changes) > MOST_CHANGES or any(not isinstance(text, str) or len(text) > LONGEST_CHANGE for text in changes):
        raise SettingError(f"up to {MOST_CHANGES} changes are made together, each one line")
    asked = [parse_change(text) for text in changes]
    question = {"patient_id": patient_id, "changes": [change.text for change in asked], "draws": draws}
    question["is_document"] = is_document
    found = _pool(place).ask(f"{actor.code} {patient_id}", question)
    if "fault" in found:
        raise UnansweredError(found["fault"])
    return found


class UnansweredError(InputError):
    """The process said why there is no answer."""
