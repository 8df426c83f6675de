"""What one frame costs from markers in memory to joint reactions, on our own full body with all its muscles.

    python benchmarks/load_speed.py [--person 2014001] [--repeats 7] [--part stages cores memory whatifs]

All walks of one person of schreiber_moissenet, prepared recordings in memory.  Stages and single-core figures are
process time of one process without its idle threads, the least of some repeats; "cold" is the first walk of a fresh
process, imports not counted.  Side by side is wall time, so other work on the machine shows: the load average is
printed, and runs with one and two workers alternate.  Memory is the peak resident size of a forked child per length.

Needs the shared recordings beside the checkout (or KINECHAIN_SHARED).
"""

from __future__ import annotations

import argparse
import ctypes
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from ground_table import shared_folder
from validation_tables import prepared, schreiber_people

from kinechain.body.body import Body
from kinechain.body.fit import fit_body
from kinechain.body.musculature import person_muscles
from kinechain.loads import analyze_loads as pipeline
from kinechain.loads.analyze_loads import LoadCase, LoadModel, load_case, load_model, solve_chunk, solve_loads
from kinechain.loads.ground import ground_reaction
from kinechain.loads.kinematics import Kinematics
from kinechain.loads.loads import GroundReaction, Loads, LoadSettings
from kinechain.loads.many import analyze_walks, core_count, solve_cases
from kinechain.loads.muscle_forces import chunks
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.recording.recording import Recording

PARTS = ("stages", "cores", "memory", "whatifs")
#: Functions of the pipeline whose time is told apart; what is left is the putting together.
TOLD = {
    "solve_forces": "inverse dynamics",
    "compute_disc_moments": "discs",
    "measure_muscles": "paths and fibres",
    "share_forces": "muscles (both turns)",
    "_arch_tensions": "arch (both turns)",
    "solve_reactions": "joint reactions",
}


def walks_of(person: str) -> tuple[Body, list[Recording]]:
    shared = shared_folder()
    size = next(size for name, size in schreiber_people(shared) if name == person)
    folder = shared / "data/dev/schreiber_moissenet" / person
    # Walks at preferred speed first: stages, memory and what-ifs are those of the first.
    paths = sorted(folder.glob(f"{person}_C*.c3d"), key=lambda path: ("_C4_" not in path.name, path.name))
    walks = [prepared(path) for path in paths]
    return fit_body(size, static=prepared(folder / f"{person}_ST.c3d"), recording=walks[0]), walks


def least(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the least process time of some calls, s, and the last result."""
    times, result = [], None
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return min(times), result


def measured_pipeline(case: LoadCase, kinematics: Kinematics, repeats: int) -> dict[str, float]:
    """Return the least time of every told function within one solution, s, and of all of it."""
    best: dict[str, float] = {}
    for _ in range(repeats):
        spent = dict.fromkeys(TOLD, 0.0)
        kept = {name: getattr(pipeline, name) for name in TOLD}

        def timed(name: str, work: Callable[..., Any], spent: dict[str, float]) -> Callable[..., Any]:
            def run(*args: Any, **kwargs: Any) -> Any:
                start = time.process_time()
                result = work(*args, **kwargs)
                spent[name] += time.process_time() - start
                return result

            return run

        try:
            for name, work in kept.items():
                setattr(pipeline, name, timed(name, work, spent))
            start = time.process_time()
            solve_loads(case.model, kinematics, case.ground, case.external)
            spent["whole"] = time.process_time() - start
        finally:
            for name, work in kept.items():
                setattr(pipeline, name, work)
        best = {name: min(value, best.get(name, np.inf)) for name, value in spent.items()}
    return best


def print_stages(body: Body, walks: list[Recording], repeats: int) -> None:
    walk = walks[0]
    start = time.process_time()
    muscles = person_muscles(body)
    made = load_model(body, muscles)
    models = time.process_time() - start
    start = time.process_time()
    trial = analyze_gait(body, walk)
    first = pipeline.analyze_loads(body, muscles, trial)
    cold = time.process_time() - start
    frames = len(trial.motion.values)
    print(
        f"{walk.name}: {frames} frames; {len(muscles.muscles)} muscles, {len(muscles.tissues)} tissues, "
        f"{len(made.plan.rows.labels)} rows, {np.isfinite(first.reactions[0].force[:, 0]).sum()} frames with an answer"
    )
    us = 1e6 / frames
    ik, _ = least(lambda: solve_motion(body, walk), repeats)
    gait, trial = least(lambda: analyze_gait(body, walk), repeats)
    ground, _ = least(lambda: ground_reaction(made.body, trial, made.settings), repeats)
    prepare, (kinematics, case) = least(lambda: load_case(made, body, trial), repeats)
    solved = measured_pipeline(case, kinematics, repeats)
    rest = solved["whole"] - sum(solved[name] for name in TOLD)
    rows = [("inverse kinematics", ik), ("filter, events, strides, angles", gait - ik), ("ground reaction", ground)]
    rows += [("rates, toes, wrenches", prepare - ground)]
    rows += [(word, solved[name]) for name, word in TOLD.items()] + [("putting together", rest)]
    for name, seconds in rows:
        print(f"  {name:<34}{seconds * us:8.1f} us/frame")
    whole, _ = least(lambda: pipeline.analyze_loads(body, muscles, analyze_gait(body, walk)), repeats)
    print(f"  {'markers to reactions, warm':<34}{whole * us:8.1f} us/frame = {frames / whole:.0f} frames/s on one core")
    bare = ik + prepare - ground + solved["whole"]
    print(
        f"  {'same, events and ground given':<34}{bare * us:8.1f} us/frame = {frames / bare:.0f} frames/s on one core"
    )
    print(f"  {'the first walk of a process':<34}{cold * us:8.1f} us/frame = {frames / cold:.0f} frames/s on one core")
    print(f"  muscles and model of a new person: {1e3 * models:.0f} ms once (tables read)")


def processor_s() -> float:
    """Return the processor time of this process and of its children that have ended, s."""
    return sum(os.times()[:4])


def print_cores(body: Body, walks: list[Recording], repeats: int) -> None:
    muscles = person_muscles(body)
    many = [*walks, *walks]
    frames = 0
    ratios, rates, work = [], [], []
    for _ in range(max(repeats // 2, 3)):
        seconds, used = [], []
        for workers in (1, 2):
            start, before = time.perf_counter(), processor_s()
            found = analyze_walks(body, muscles, many, workers=workers)
            seconds.append(time.perf_counter() - start)
            used.append(processor_s() - before)
        frames = sum(len(loads.times_s) for _, loads in found)
        ratios.append(seconds[0] / seconds[1])
        rates.append(frames / seconds[1])
        work.append(used[1] / used[0])
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"{len(many)} walks, {frames} frames, on {core_count()} cores: two workers are {statistics.median(ratios):.2f} "
        f"times as fast as one (paired, {', '.join(f'{r:.2f}' for r in ratios)}), up to {max(rates):.0f} frames/s; "
        f"both together take {statistics.median(work):.2f} times the processor time of one; load average {load:.1f}"
    )


def tiled(ground: GroundReaction, times: int) -> GroundReaction:
    def grown(array: np.ndarray) -> np.ndarray:
        return np.concatenate([array] * times)

    feet = [
        replace(foot, **{f.name: grown(getattr(foot, f.name)) for f in fields(foot) if f.name != "side"})
        for foot in ground.feet
    ]
    step = ground.times_s[1] - ground.times_s[0]
    return GroundReaction(np.arange(len(ground.times_s) * times) * step, (feet[0], feet[1]))


def size_of(value: Any) -> int:
    """Return the bytes of all arrays a value holds."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, tuple):
        return sum(size_of(v) for v in value)
    return sum(size_of(getattr(value, f.name)) for f in fields(value)) if hasattr(value, "__dataclass_fields__") else 0


def status_mb(name: str) -> float:
    """Return a figure of this process, MB (Linux)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return float(line.split()[1]) / 1024


def forget_peak() -> float:
    """Give free memory back, so that using it again shows, set the peak to what is held, and return that, MB."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return status_mb("VmRSS")


def memory_of(case: LoadCase, kinematics: Kinematics, times: int, is_kept: bool, to: Any) -> None:
    """Send frames, MB that solving took beyond its input and output, and MB of its output."""
    longer = replace(
        kinematics,
        **{n: np.concatenate([getattr(kinematics, n)] * times) for n in ("values", "velocities", "accelerations")},
    )
    external, ground = np.concatenate([case.external] * times), tiled(case.ground, times)
    before, output = forget_peak(), 0.0
    if is_kept:
        loads = solve_loads(case.model, longer, ground, external)
        output = (
            sum(size_of(getattr(loads, f.name)) for f in fields(loads) if f.name not in ("ground", "settings")) / 2**20
        )
    else:
        for a, b in chunks(len(longer.values)):
            solve_chunk(case.model, longer.cut(a, b), external[a:b])
    to.send((len(longer.values), status_mb("VmHWM") - before, output))


def print_memory(body: Body, walks: list[Recording]) -> None:
    kinematics, case = load_case(load_model(body, person_muscles(body)), body, analyze_gait(body, walks[0]))
    print("frames   MB to solve, chunks let go   MB to solve, all kept   of these in the result")
    for times in (1, 4, 16):
        row = []
        for is_kept in (False, True):
            here, there = multiprocessing.Pipe()
            child = multiprocessing.get_context("fork").Process(
                target=memory_of, args=(case, kinematics, times, is_kept, there)
            )
            child.start()
            row.append(here.recv())
            child.join()
        print(f"{row[0][0]:6d} {row[0][1]:28.1f} {row[1][1]:23.1f} {row[1][2]:23.1f}")


def peak_hip(loads: Loads) -> float:
    return float(np.nanmax(next(r for r in loads.reactions if r.joint == "hip_r").resultant_n))


def one_stride(kinematics: Kinematics, case: LoadCase, trial: GaitTrial) -> tuple[Kinematics, LoadCase]:
    cycle = trial.cycles[0]
    first, last = (int(np.searchsorted(kinematics.times_s, t)) for t in (cycle.start_s, cycle.end_s))
    feet = [
        replace(f, **{x.name: getattr(f, x.name)[first:last] for x in fields(f) if x.name != "side"})
        for f in case.ground.feet
    ]
    ground = GroundReaction(case.ground.times_s[first:last], (feet[0], feet[1]))
    return kinematics.cut(first, last), LoadCase(case.model, ground, case.external[first:last])


def print_what_ifs(body: Body, walks: list[Recording], repeats: int) -> None:
    muscles, trial = person_muscles(body), analyze_gait(body, walks[0])
    kinematics, own = one_stride(*load_case(load_model(body, muscles), body, trial), trial)
    groups = sorted({f"{m.group}_{m.name[-1]}" for m in muscles.muscles if m.group})
    generator = np.random.default_rng(1)

    def weaker() -> LoadModel:
        factors = generator.uniform(0.5, 1.0, len(groups))
        return load_model(body, muscles, LoadSettings(strength=dict(zip(groups, factors.tolist(), strict=True))))

    def heavier() -> LoadModel:
        factors = generator.uniform(0.9, 1.1, len(body.segments))
        parts = zip(body.segments, factors.tolist(), strict=True)
        other = replace(
            body, segments=tuple(replace(s, mass_kg=s.mass_kg * f, inertia=s.inertia * f) for s, f in parts)
        )
        return load_model(other, muscles)

    print(f"What-ifs over one stride of {len(kinematics.values)} frames, peak hip force kept of each:")
    for name, made in (("strength of every group", weaker), ("mass of every segment", heavier)):
        count = 32
        building, models = least(lambda made=made, count=count: [made() for _ in range(count)], 1)
        cases = [replace(own, model=model) for model in models]
        shared, found = least(lambda cases=cases: solve_cases(cases, kinematics, peak_hip, workers=1), repeats)
        alone, other = least(
            lambda cases=cases: tuple(peak_hip(solve_loads(c.model, kinematics, c.ground, c.external)) for c in cases),
            repeats,
        )
        assert found == other
        rate = count / (building + shared)
        print(
            f"  {name:<26}{rate:6.0f} a second on one core ({1e3 * building / count:.1f} ms to make the model, "
            f"{1e3 * shared / count:.1f} ms to solve; solved one by one {alone / shared:.2f} times as long); "
            f"peak {min(found):.0f} to {max(found):.0f} N"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--person", default="2014001")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--part", nargs="*", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    body, walks = walks_of(options.person)
    if "stages" in options.part:
        print_stages(body, walks, options.repeats)
    if "cores" in options.part:
        print_cores(body, walks, options.repeats)
    if "memory" in options.part:
        print_memory(body, walks)
    if "whatifs" in options.part:
        print_what_ifs(body, walks, options.repeats)


if __name__ == "__main__":
    main()
