"""What standing costs: one solve after a change, and a wedge under thousands of sampled people.

    python benchmarks/standing_speed.py [--people 10000] [--repeats 15] [--workers 2] [--json FILE]

One solve: from the flat reference, one core, the median over repeats of the whole call from Python.  The study samples
its people in batches, as `kinechain validate` does; its memory is the peak of the process after the last batch against
that after the first, so that it says whether memory grows with the number of people.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from kinechain.body.musculature import person_muscles
from kinechain.body.skeleton import generic_body
from kinechain.body.tree import KERNELS
from kinechain.chain.alter import alter
from kinechain.chain.change import parse_change
from kinechain.chain.equilibrium import evaluate, solve_equilibrium
from kinechain.chain.situation import ChainModel, Situation
from kinechain.chain.stand import standing_situation
from kinechain.chain.standing_model import chain_model
from kinechain.chain.unknowns import draw_unknowns

CHANGES = (
    "wedge left 5 raise=lateral",
    "wedge both 10 raise=lateral",
    "wedge both 10 raise=medial",
    "wedge both 10 raise=toe",
    "wedge both 10 raise=heel",
    "lift right 10",
    "lift left 30",
    "heel_height both 50 mm",
    "pack 10",
    "body_mass 10",
)
STUDY, BATCH = "wedge both 10 raise=lateral", 500


@dataclass(frozen=True)
class Solve:
    """One line of the table."""

    change: str
    median_ms: float
    iterations: int
    largest_turn_deg: float
    reason: str


@dataclass(frozen=True)
class Study:
    """A wedge under many people."""

    people: int
    workers: int
    whole_s: float
    solve_s: float
    solve_ms_per_person: float
    iterations_median: float
    iterations_99_percent: float
    reasons: dict[str, int]
    first_batch_mb: float
    last_batch_mb: float


def peak_mb() -> float:
    """Return the most memory this process has held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def measure(model: ChainModel, standing: Situation, change: str, repeats: int) -> Solve:
    situation = alter(model, standing, parse_change(change))
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        rest = solve_equilibrium(model, situation, workers=1)
        times.append(time.perf_counter() - begin)
    turn = float(np.degrees(rest.distance[0]))
    return Solve(change, 1e3 * statistics.median(times), int(rest.iterations[0]), turn, rest.reason[0])


def study(model: ChainModel, people: int, workers: int) -> Study:
    begin, solving, first = time.perf_counter(), 0.0, 0.0
    iterations: list[int] = []
    reasons: Counter[str] = Counter()
    for seed in range(0, people, BATCH):
        drawn = draw_unknowns(min(BATCH, people - seed), seed)
        situation = alter(model, standing_situation(model, drawn), parse_change(STUDY))
        before = time.perf_counter()
        rest = solve_equilibrium(model, situation, workers=workers)
        solving += time.perf_counter() - before
        iterations += rest.iterations.tolist()
        reasons.update(rest.reason)
        first = first or peak_mb()
    median, most = np.percentile(iterations, [50, 99])
    whole = time.perf_counter() - begin
    return Study(people, workers, whole, solving, 1e3 * solving / people, median, most, dict(reasons), first, peak_mb())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    body = generic_body()
    model = chain_model(body, person_muscles(body))
    standing = standing_situation(model)
    values = standing.reference[:, [model.input_index(n) for n in model.free]]
    begin = time.perf_counter()
    for _ in range(200):
        evaluate(model, standing, values)
    once = (time.perf_counter() - begin) / 200
    print(
        f"kernels: {KERNELS}; {len(model.free)} free coordinates on {len(model.tree.node_parent)} mobilities, "
        f"{len(model.pads)} pads; one evaluation with its Hessian {1e6 * once:.0f} us from Python"
    )
    solves = [measure(model, standing, change, arguments.repeats) for change in CHANGES]
    for s in solves:
        print(
            f"  {s.change:32} {s.median_ms:6.2f} ms, {s.iterations:3d} iterations, {s.largest_turn_deg:5.1f} deg "
            f"{s.reason}"
        )
    many = study(model, arguments.people, arguments.workers)
    print(
        f"{STUDY} under {many.people} people, {many.workers} workers: {many.whole_s:.0f} s, of which solving "
        f"{many.solve_s:.0f} s ({many.solve_ms_per_person:.2f} ms each, {many.iterations_median:.0f} iterations, 99 % "
        f"within {many.iterations_99_percent:.0f}); {many.reasons}; peak {many.first_batch_mb:.0f} MB after the first "
        f"batch, {many.last_batch_mb:.0f} MB after the last"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps({"solves": [asdict(s) for s in solves], "study": asdict(many)}, indent=1))


if __name__ == "__main__":
    main()
