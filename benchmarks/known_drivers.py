"""People whose drivers are known: calibration and discrimination, as docs/known_drivers.md prints them.

::

    python benchmarks/known_drivers.py --people 2000 --seed 1 --draws 50 --workers 2 --out known_drivers.json

One pool of people with and one without drivers is made; 25, 50 and 75 % with none are drawn from it, so that each
person is made and attributed once.  Everything runs in memory; that a person read from files gives the same is held by
a test.  With ``--minutes`` the run ends after so long with the people it has, in the order of their numbers.  Cameras
alone are not told apart from cameras and plates here: plates say nothing about the parameters that may be drivers.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from kinechain.chain.attribute import AttributionSettings
from kinechain.chain.score import STATED, Forecast, Score, score_forecasts
from kinechain.chain.virtual import draw_person, examine, make_person
from kinechain.chain.virtual_analyst import LEVELS, Answer, analyse, forecast_of, stance_of
from kinechain.chain.virtual_files import Truth, truth_of
from kinechain.core.errors import KinechainError
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.still import keep_still_part

SHARES = (0.25, 0.5, 0.75)
#: Truth, answers by level, seconds by step, and why there is none.
Outcome = tuple[Truth | None, dict[str, Answer], dict[str, float], str]


def one_person(job: tuple[int, int, bool, int]) -> Outcome:
    """Return truth, answers by level and seconds by step of one person; or why there is none.

    Parameters
    ----------
    job : (seed, number, whether nothing is set as a driver, draws)
    """
    seed, number, is_none, draws = job
    random = np.random.default_rng([seed, number, int(is_none)])
    settings = AttributionSettings(draws=draws, seed=number)
    seconds: dict[str, float] = {}
    start = time.perf_counter()

    def step(name: str) -> None:
        nonlocal start
        seconds[name], start = time.perf_counter() - start, time.perf_counter()

    try:
        made = make_person(draw_person(f"virtual_{number:04d}", float(is_none), random), random)
        truth, person = truth_of(made), examine(made.draw, random)
        recording = made.recording(plates=True, random=random)
        step("make")
        stance = stance_of(person, keep_still_part(prepare_recording(recording)))
        step("recording")
        answers = {}
        for level, seen in (("exam", None), ("exam+mocap+plates", stance)):
            answers[level] = analyse(person, seen, settings, workers=1)
            step(level)
    except KinechainError as error:
        return None, {}, seconds, f"{number}{' (none)' if is_none else ''}: {error}"
    return truth, answers, seconds, ""


def people(count: int, seed: int, draws: int, workers: int, minutes: float) -> list[Outcome]:
    """Return the outcome of so many people with, and so many without drivers, or of as many as the time allows."""
    jobs = [(seed, i, is_none, draws) for i in range(count) for is_none in (False, True)]
    end, out = time.perf_counter() + 60.0 * minutes, []
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for outcome in pool.map(one_person, jobs):
            out.append(outcome)
            if time.perf_counter() > end:
                pool.shutdown(wait=False, cancel_futures=True)
                break
    return out


def shared_out(with_drivers: list, without: list, share: float) -> list:
    """Return people of whom a share has no driver set, as many as the two lists allow."""
    total = min(len(without) / share, len(with_drivers) / (1.0 - share))
    return [*without[: round(share * total)], *with_drivers[: round((1.0 - share) * total)]]


def row(name: str, score: Score) -> str:
    """Return one line of the table."""
    cover, false = score.coverage, score.false_attribution
    areas = " ".join(f"{score.areas[s].value:.2f}" for s in ("small", "medium", "large"))
    return (
        f"| {name} | {score.people} | {score.truth_none / score.people:.2f} | {cover.value:.3f} ({cover.low:.3f}-"
        f"{cover.high:.3f}) | {score.stated_mass:.3f} | {score.exact_coverage:.3f} +- {1.96 * score.exact_error:.3f} | "
        f"{score.sets:.2f} | {score.brier:.4f} / {score.brier_prior:.4f} | {score.log:.3f} / {score.log_prior:.3f} | "
        f"{areas} | {false.value:.3f} ({false.low:.3f}-{false.high:.3f}) |"
    )


HEAD = (
    "| group | people | truth none | covered (95 %) | stated | exact | sets | Brier / prior | log / prior | "
    "AUC small medium large | false attribution |\n|" + "---|" * 11
)


def main() -> None:
    """Make, attribute, score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000, help="half of them with nothing set as a driver")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--raw", type=Path, help="keep truths and answers, for looking")
    given = parser.parse_args()
    start = time.perf_counter()
    outcomes = people(given.people // 2, given.seed, given.draws, given.workers, given.minutes)
    seconds = time.perf_counter() - start
    if given.raw:
        given.raw.write_bytes(pickle.dumps(outcomes))
    failed = [o[3] for o in outcomes if o[3]]
    sys.stdout.write(f"{len(outcomes)} people in {seconds:.0f} s, {len(failed)} not told: {failed[:3]}\n")
    names = sorted({name for o in outcomes for name in o[2]})
    medians = {name: float(np.median([o[2][name] for o in outcomes if name in o[2]])) for name in names}
    sys.stdout.write(f"median seconds per person: { {k: round(v, 2) for k, v in medians.items()} }\n")
    told = [o for o in outcomes if not o[3]]
    scores: dict[str, Score] = {}
    for floor in ("with noise", "5 % alone"):
        sys.stdout.write(f"\nFloor of the truth: {floor}\n\n{HEAD}\n")
        for level in (LEVELS[0], LEVELS[2]):
            forecasts = [forecast_of(o[0], o[1][level], level, noise_floor=floor == "with noise") for o in told]
            set_none = [f for f in forecasts if not f.sizes]
            driven = [f for f in forecasts if f.sizes]
            groups: dict[str, list[Forecast]] = {f"{100 * s:.0f} %": shared_out(driven, set_none, s) for s in SHARES}
            groups |= {d: [f for f in driven if f.direction == d] for d in ("foot-first", "back-first", "both")}
            for name, group in groups.items():
                if group:
                    scores[f"{floor}, {level}, {name}"] = score_forecasts(group, STATED)
                    sys.stdout.write(row(f"{level}, {name}", scores[f"{floor}, {level}, {name}"]) + "\n")
    for key in (k for k in scores if k.startswith("with noise") and k.endswith("50 %")):
        sys.stdout.write(f"\nReliability of p_i, {key}\n\n| said | mean | happened | of |\n|---|---|---|---|\n")
        for b in scores[key].bands:
            sys.stdout.write(
                f"| {b.low:g}-{b.high:g} | {b.stated:.3f} | {b.observed.value:.3f} | {b.observed.count} |\n"
            )
    if given.out:
        content = {"people": len(outcomes), "seed": given.seed, "draws": given.draws, "seconds": seconds}
        content |= {"failed": failed, "scores": {k: asdict(v) for k, v in scores.items()}}
        given.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
