"""Look at many files on all cores; one that breaks its process does not stop the rest."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from kinechain.core.text import printable
from kinechain.inspection.folder import Trial, find_trials
from kinechain.inspection.inspect_file import InspectSettings, inspect_trial
from kinechain.inspection.inspection import Defect, Inspection
from kinechain.inspection.worker import Fault, receive, send

__all__ = ["Progress", "inspect_folder", "inspect_trials"]

#: Called with how many trials are done, how many there are, and the name of the last.
Progress = Callable[[int, int, str], None]

#: A trial that takes longer is given up, s.  Assumption: the slowest known takes a tenth of it.
LONGEST_S = 60.0
#: Trials for one process before it is renewed, so that what a library leaves in memory does not add up.
MOST_TRIALS = 200


@dataclass
class _Worker:
    """A process and what it is doing."""

    process: subprocess.Popen[bytes]
    trial: int = -1
    since_s: float = 0.0
    done: int = 0

    @property
    def answers(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    @property
    def questions(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin


def inspect_folder(
    paths: Sequence[Path],
    settings: InspectSettings | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> tuple[Inspection, ...]:
    """Return the inspection of every recording among files and folders, in the order of their names.

    Parameters
    ----------
    paths : sequence of path
        Files, and folders with everything below them.
    settings : InspectSettings, optional
    jobs : int, optional
        Processes; as many as there are cores when None.
    progress : callable, optional
        Called after every trial.

    Raises
    ------
    FileError
        If a path does not exist.
    """
    return inspect_trials(find_trials(paths).trials, settings, jobs, progress)


def inspect_trials(
    trials: Sequence[Trial],
    settings: InspectSettings | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> tuple[Inspection, ...]:
    """Return the inspections of trials, in their order; see `inspect_folder`."""
    settings, progress = settings or InspectSettings(), progress or (lambda done, total, name: None)
    if len(trials) == 1:
        answers = [inspect_trial(trials[0].paths, settings)]
        progress(1, 1, trials[0].names[0])
    else:
        count = max(1, min(jobs or os.cpu_count() or 1, len(trials)))
        answers = _Pool(trials, settings, progress).run(count)
    rows = [row for trial, answer in zip(trials, answers, strict=True) for row in _named(trial, answer)]
    return _with_twins(rows)


class _Pool:
    """Processes that take trials until none is left."""

    def __init__(self, trials: Sequence[Trial], settings: InspectSettings, progress: Progress) -> None:
        self.trials, self.settings, self.progress = trials, settings, progress
        self.answers: list[tuple[Inspection, ...]] = [()] * len(trials)
        self.next = self.finished = 0
        self.selector = selectors.DefaultSelector()
        self.workers: list[_Worker] = []

    def run(self, count: int) -> list[tuple[Inspection, ...]]:
        with ExitStack() as stack:
            stack.callback(self._end)
            for _ in range(count):
                self._start()
            while self.finished < len(self.trials):
                for key, _ in self.selector.select(timeout=1.0):
                    self._hear(key.data)
                self._give_up_the_slow()
        return self.answers

    def _start(self) -> None:
        """Begin a process, if there is something left for it."""
        if self.next >= len(self.trials):
            return
        quiet = None if os.environ.get("KINECHAIN_DEBUG") else subprocess.DEVNULL
        # One thread each: the cores are shared among processes.
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        process = subprocess.Popen(
            [sys.executable, "-c", "from kinechain.inspection.worker import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=quiet,
            env={**os.environ, **threads, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        worker = _Worker(process)
        self.workers.append(worker)
        self.selector.register(worker.answers, selectors.EVENT_READ, worker)
        self._ask(worker, self.settings)

    def _ask(self, worker: _Worker, first: InspectSettings | None = None) -> None:
        """Hand the next trial to a process; without one, let it go."""
        if self.next >= len(self.trials) or worker.done >= MOST_TRIALS:
            self._drop(worker)
            self._start()
            return
        worker.trial, self.next, worker.since_s = self.next, self.next + 1, time.monotonic()
        # A process that has died is noticed when its answer is read.
        with suppress(BrokenPipeError):
            if first is not None:
                send(worker.questions, first)
            send(worker.questions, self.trials[worker.trial].paths)

    def _hear(self, worker: _Worker) -> None:
        try:
            answer: tuple[Inspection, ...] | Fault = receive(worker.answers)
        except EOFError:
            self._fail(worker, _why_it_ended(worker.process.wait()))
            return
        if isinstance(answer, Fault):
            self._fail(worker, f"a fault of this program, please report it ({answer.where})")
            return
        worker.done += 1
        self._finish(worker.trial, answer)
        self._ask(worker)

    def _give_up_the_slow(self) -> None:
        for worker in list(self.workers):
            if time.monotonic() - worker.since_s > LONGEST_S:
                worker.process.kill()
                worker.process.wait()
                self._fail(worker, f"it took longer than {LONGEST_S:.0f} s and was stopped; export it again, or cut it")

    def _fail(self, worker: _Worker, why: str) -> None:
        """Report the trial that a process was at, and go on with a new process."""
        trial = self.trials[worker.trial]
        self._drop(worker)
        sentence = f"{printable(trial.paths[0].name)} could not be inspected: {why}"
        self._finish(
            worker.trial, (Inspection(printable(trial.paths[0].name), _size(trial.paths[0]), "", refused=sentence),)
        )
        self._start()

    def _finish(self, trial: int, answer: tuple[Inspection, ...]) -> None:
        self.answers[trial] = answer
        self.finished += 1
        self.progress(self.finished, len(self.trials), self.trials[trial].names[0])

    def _drop(self, worker: _Worker) -> None:
        if worker not in self.workers:
            return
        self.workers.remove(worker)
        self.selector.unregister(worker.answers)
        with suppress(BrokenPipeError):
            worker.questions.close()
        worker.answers.close()
        try:
            worker.process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()

    def _end(self) -> None:
        """Leave no process behind, whatever happened."""
        for worker in list(self.workers):
            worker.process.kill()
            self._drop(worker)
        self.selector.close()


def _why_it_ended(code: int) -> str:
    if code < 0:
        return f"the process that read it was ended from outside (signal {-code}), as a machine out of memory does it"
    return f"the process that read it ended by itself (code {code})"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _named(trial: Trial, answer: tuple[Inspection, ...]) -> tuple[Inspection, ...]:
    """Give rows the names below the folder that was asked for."""
    names = {printable(path.name): name for path, name in zip(trial.paths, trial.names, strict=True)}
    return tuple(replace(row, name=names.get(row.name, row.name)) for row in answer)


def _with_twins(rows: Sequence[Inspection]) -> tuple[Inspection, ...]:
    """Say of a file that holds the same bytes as one before it."""
    first: dict[str, str] = {}
    out = []
    for row in rows:
        other = first.setdefault(row.sha256, row.name) if row.sha256 else row.name
        if other != row.name:
            twin = Defect(
                "file.same_bytes",
                "defect",
                row.name,
                "Counted twice, one trial looks like two.",
                "Keep one of the two.",
                f"{row.name} holds the same bytes as {other}.",
            )
            row = replace(row, defects=(twin, *row.defects))
        out.append(row)
    return tuple(out)
