"""Many loads at once: trials side by side on all cores, and what-ifs that share what a motion does to the paths.

Results come in the order of what was asked and do not depend on the number of workers.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from kinechain.body.body import Body
from kinechain.body.muscle import Musculature
from kinechain.core.errors import SettingError
from kinechain.loads.analyze_loads import (
    LoadCase,
    LoadChunk,
    LoadModel,
    analyze_loads,
    join_chunks,
    load_model,
    solve_chunk,
)
from kinechain.loads.kinematics import Kinematics
from kinechain.loads.loads import Loads, LoadSettings
from kinechain.loads.muscle_forces import chunks, measure_muscles, remeasure_strength
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.recording.recording import Recording

__all__ = ["analyze_trials", "analyze_walks", "core_count", "share_out", "solve_cases"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: What-ifs that go through the frames together: they share the paths, which take a quarter of the time of one, and
#: wait in memory until the last frame.
BATCH = 16


def core_count() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def analyze_trials(
    body: Body,
    musculature: Musculature,
    trials: Sequence[GaitTrial],
    settings: LoadSettings | None = None,
    *,
    workers: int | None = None,
) -> tuple[Loads, ...]:
    """Return what each of several walks of a person costs, solved side by side.

    Parameters
    ----------
    body, musculature, settings
        As for `kinechain.loads.analyze_loads.analyze_loads`.
    trials : sequence of GaitTrial
        Of that body.
    workers : int, optional
        Trials at once; by default as many as there are cores.

    Returns
    -------
    tuple of Loads
        In the order of the trials.
    """
    load_model(body, musculature, settings)  # Once, before the work is shared out.
    return tuple(share_out(lambda trial: analyze_loads(body, musculature, trial, settings), trials, workers))


def analyze_walks(
    body: Body,
    musculature: Musculature,
    recordings: Sequence[Recording],
    settings: LoadSettings | None = None,
    *,
    workers: int | None = None,
) -> tuple[tuple[GaitTrial, Loads], ...]:
    """Return motion and loads of several recordings of a person, from markers in memory to joint reactions.

    Parameters
    ----------
    body, musculature, settings, workers
        As for `analyze_trials`.
    recordings : sequence of Recording
        Prepared.

    Returns
    -------
    tuple of (GaitTrial, Loads)
        In the order of the recordings.
    """
    chosen = settings or LoadSettings()

    def solved(recording: Recording) -> tuple[GaitTrial, Loads]:
        trial = analyze_gait(body, recording, chosen.cutoff_hz)
        return trial, analyze_loads(body, musculature, trial, chosen)

    load_model(body, musculature, chosen)
    return tuple(share_out(solved, recordings, workers))


def solve_cases(
    cases: Sequence[LoadCase],
    kinematics: Kinematics,
    keep: Callable[[Loads], _Result],
    *,
    workers: int | None = None,
) -> tuple[_Result, ...]:
    """Return what is wanted of the loads of many what-ifs of one motion.

    What-ifs that differ in strength, mass, criterion or ground alone share the paths of the muscles.

    Parameters
    ----------
    cases : sequence of LoadCase
    kinematics : Kinematics
        Of all of them.
    keep : callable
        From the loads of one case to what is kept of it; thousands of whole loads fill the memory.
    workers : int, optional
        Cases at once; by default as many as there are cores.

    Returns
    -------
    tuple
        What was kept, in the order of the cases.

    Raises
    ------
    SettingError
        If the external forces of a case do not run over the frames of the kinematics.
    """
    for number, case in enumerate(cases):
        if len(case.external) != len(kinematics.values):
            raise SettingError(
                f"the external forces of case {number} have {len(case.external)} frames, "
                f"the motion {len(kinematics.values)}"
            )
    batches = [cases[first : first + BATCH] for first in range(0, len(cases), BATCH)]
    solved = share_out(partial(_solve_batch, kinematics=kinematics, keep=keep), batches, workers)
    return tuple(result for batch in solved for result in batch)


def _solve_batch(cases: Sequence[LoadCase], kinematics: Kinematics, keep: Callable[[Loads], _Result]) -> list[_Result]:
    parts: list[list[LoadChunk]] = [[] for _ in cases]
    for first, last in chunks(len(kinematics.values)):
        moving = kinematics.cut(first, last)
        for to, part in zip(parts, _solve_alike(cases, moving, first, last), strict=True):
            to.append(part)
    return [keep(join_chunks(c.model, kinematics, c.ground, p)) for c, p in zip(cases, parts, strict=True)]


def _solve_alike(cases: Sequence[LoadCase], moving: Kinematics, first: int, last: int) -> Iterator[LoadChunk]:
    """Solve some frames of many cases; the paths are measured anew only where they are others."""
    model: LoadModel | None = None
    for case in cases:
        plan = case.model.plan
        if model is None or plan.paths is not model.plan.paths:
            measured = measure_muscles(plan, moving.values, moving.velocities, with_loads=True)
        elif plan.fibres is not model.plan.fibres or plan.settings.has_speed != model.plan.settings.has_speed:
            measured = remeasure_strength(plan, measured, moving.velocities)
        model = case.model
        yield solve_chunk(model, moving, case.external[first:last], measured)


# Sharing out.  What a worker needs is inherited when it is forked: nothing but the results is copied.

_work: tuple[Callable[[Any], Any], Sequence[Any]] | None = None


def share_out(work: Callable[[_Item], _Result], items: Sequence[_Item], workers: int | None = None) -> list[_Result]:
    """Return the work done on every item, in their order, side by side on as many cores as there are.

    Parameters
    ----------
    work : callable
        From an item to its result; it changes nothing else.
    items : sequence
    workers : int, optional
        How many at once; None takes every core this process may use.

    Raises
    ------
    SettingError
        If there is to be less than one worker.
    """
    if workers is not None and workers < 1:
        raise SettingError(f"{workers} workers do no work; give 1 or more, or none for as many as there are cores")
    count = min(workers or core_count(), len(items))
    if count <= 1:
        return [work(item) for item in items]
    # To fork while another thread holds a lock would leave it held for ever in the child.
    # Elsewhere than on Linux the system's own libraries may not bear a fork.
    if sys.platform == "linux" and threading.active_count() == 1:
        fork = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(count, mp_context=fork, initializer=_inherit, initargs=(work, items)) as pool:
            return _collected(pool, _do, range(len(items)))
    with ThreadPoolExecutor(count) as threads:
        return _collected(threads, work, items)


def _collected(pool: Executor, work: Callable[[Any], _Result], items: Sequence[Any]) -> list[_Result]:
    with warnings.catch_warnings():
        # Python 3.12 warns of any thread; those of the linear algebra hold no lock and are made anew in a child.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        return list(pool.map(work, items))


def _inherit(work: Callable[[Any], Any], items: Sequence[Any]) -> None:
    global _work
    _work = (work, items)


def _do(number: int) -> Any:
    assert _work is not None
    work, items = _work
    return work(items[number])
