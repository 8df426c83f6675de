"""What one frame of inverse kinematics costs, against one ``mj_kinematics`` call and against the Python twin.

    python benchmarks/ik_speed.py [--shared ../shared] [--repeats 15] [--json FILE]

One thread, targets in memory.  "chain" is the solver from the second frame on, "whole" is ``solve_poses`` with the
starts of the first frame and every check.  "from the optimum" compares with the same solver at tolerance 1e-9.
The limit is the least time of one ``mj_kinematics`` call (from Python) on the same body compiled for MuJoCo; any method
pays it at least once per frame.  Rajagopal's model is not scaled to the trial here (``opensim_ik.py`` scales it).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import mujoco
import numpy as np

from kinechain.body import newton, solve
from kinechain.body.body import Body, Marker
from kinechain.body.compile import compile_mujoco
from kinechain.body.fit import BodySize, fit_body
from kinechain.body.osim import coordinate_targets, read_ik_setup, read_marker_set, read_osim, with_ik_weights
from kinechain.body.solve import CoordinateTarget, SolveSettings, solve_poses
from kinechain.body.tree import flatten
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Markers

TWIN_FRAMES = 30


@dataclass(frozen=True)
class Case:
    """A body, the markers it tracks and where they should be."""

    name: str
    body: Body
    markers: tuple[Marker, ...]
    targets: np.ndarray
    wishes: tuple[CoordinateTarget, ...]


@dataclass(frozen=True)
class Speed:
    """One line of the table; times in microseconds."""

    name: str
    frames: int
    nodes: int
    inputs: int
    markers: int
    chain_us: float
    chain_fps: float
    whole_us: float
    iterations: float
    evaluation_us: float
    kinematics_us: float
    mj_kinematics_us: float
    chain_over_limit: float
    twin_us: float
    twin_difference: float
    rms_from_optimum_deg: float
    solved: float


def case(name: str, body: Body, recorded: Markers, wishes: tuple[CoordinateTarget, ...] = ()) -> Case:
    tracked = tuple(m for m in body.markers if m.weight > 0 and m.name in recorded.labels)
    targets = recorded.positions[:, [recorded.labels.index(m.name) for m in tracked]]
    return Case(name, body, tracked, targets, wishes)


def cases(shared: Path) -> list[Case]:
    models = shared / "models"
    setup = read_ik_setup(models / "gait2392/subject01_Setup_IK.xml")
    gait = with_ik_weights(read_osim(models / "gait2392/subject01_scaled.osim"), setup)
    walk = read_recording(models / "gait2392/subject01_walk1.trc").require_markers()
    out = [case("gait2392", gait, walk, tuple(coordinate_targets(gait, setup)))]
    setup = read_ik_setup(models / "rajagopal/ik_setup_walk.xml")
    weights = dict(setup.marker_weights)
    markers = read_marker_set(models / "rajagopal/markerset_walk_preScale.xml")
    full = read_osim(models / "rajagopal/Rajagopal2016.osim")
    full = full.with_markers(tuple(replace(m, weight=weights.get(m.name, 0.0)) for m in markers))
    walk = read_recording(models / "rajagopal/motion_capture_walk.trc").require_markers()
    out.append(case("rajagopal", full, walk, tuple(coordinate_targets(full, setup))))
    folder = shared / "data/dev/schreiber_moissenet/2014001"
    static = prepare_recording(read_recording(folder / "2014001_ST.c3d"))
    trial = prepare_recording(read_recording(folder / "2014001_C4_05.c3d"))
    own = fit_body(BodySize(mass_kg=70.0, height_m=None, sex=None, age_years=None, foot_length_m=None), static, trial)
    pull = tuple(CoordinateTarget(c.name, np.array([c.default]), 1e-5) for c in own.coordinates[6:] if c.is_free)
    return [*out, case("kinechain", own, trial.require_markers(), pull)]


def least(action: Callable[[], object], repeats: int) -> float:
    """Return the least time of an action, us."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return 1e6 * min(times)


def measure(case: Case, repeats: int) -> Speed:
    settings = SolveSettings()
    tree = flatten(case.body, case.markers)
    solution = solve_poses(case.body, case.markers, case.targets, coordinate_targets=case.wishes)
    tight = SolveSettings(tolerance=1e-9, max_iterations=500)
    best = solve_poses(case.body, case.markers, case.targets, coordinate_targets=case.wishes, settings=tight)
    problem = solve._problem(tree, case.markers, case.targets, case.wishes, settings)
    start = solution.values[:1, tree.inputs].copy()
    frames = len(case.targets)
    track = solve._solve(tree, problem, start, settings)
    few = solve._window(problem, np.arange(min(TWIN_FRAMES, frames)))
    begin = time.perf_counter()
    twin = newton.solve_frames(tree, few, start, is_chained=True, tolerance=settings.tolerance, max_iterations=100)
    twin_us = 1e6 * (time.perf_counter() - begin) / len(few.targets)
    chain = least(lambda: solve._solve(tree, problem, start, settings), repeats) / frames
    z = np.ascontiguousarray(start[0])
    one = (
        problem.targets[:1],
        problem.weights,
        problem.wanted[:1],
        problem.wanted_coordinate,
        problem.wanted_weights,
        z,
    )
    model = compile_mujoco(case.body)
    data = mujoco.MjData(model)
    many = np.ascontiguousarray(solution.values[:, tree.inputs])
    limit = least(lambda: [mujoco.mj_kinematics(model, data) for _ in range(200)], repeats) / 200
    angles = [c.kind == "rotation" for c in case.body.coordinates]
    return Speed(
        name=case.name,
        frames=frames,
        nodes=len(tree.node_parent),
        inputs=len(tree.inputs),
        markers=len(case.markers),
        chain_us=chain,
        chain_fps=1e6 / chain,
        whole_us=least(
            lambda: solve_poses(case.body, case.markers, case.targets, coordinate_targets=case.wishes), repeats
        )
        / frames,
        iterations=float(track.iterations.mean()),
        evaluation_us=least(lambda: [tree.compiled.evaluate(*one) for _ in range(50)], repeats) / 50,
        kinematics_us=least(lambda: tree.compiled.marker_positions(many), repeats) / frames,
        mj_kinematics_us=limit,
        chain_over_limit=chain / limit,
        twin_us=twin_us,
        twin_difference=float(np.abs(twin.inputs - track.inputs[: len(twin.inputs)]).max()),
        rms_from_optimum_deg=float(np.degrees(np.sqrt(((solution.values - best.values)[:, angles] ** 2).mean()))),
        solved=float(solution.is_solved.mean()),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results = [measure(c, arguments.repeats) for c in cases(arguments.shared)]
    print(f"kernels: {solve.KERNELS}")
    for r in results:
        print(
            f"{r.name}: {r.frames} frames, {r.inputs} free coordinates on {r.nodes} mobilities, {r.markers} markers, "
            f"{100 * r.solved:.0f} % solved\n"
            f"  chain {r.chain_us:.1f} us/frame ({r.chain_fps:,.0f} frames/s), whole {r.whole_us:.1f} us/frame, "
            f"{r.iterations:.2f} iterations; {r.rms_from_optimum_deg:.1e} deg RMS from the optimum\n"
            f"  one evaluation, both Hessians {r.evaluation_us:.1f} us; forward kinematics {r.kinematics_us:.1f} us; "
            f"limit (mj_kinematics) {r.mj_kinematics_us:.1f} us: a frame costs {r.chain_over_limit:.1f} of them\n"
            f"  twin {r.twin_us:,.0f} us/frame ({r.twin_us / r.chain_us:.0f} times slower), largest difference "
            f"{r.twin_difference:.0e}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(r) for r in results], indent=1))


if __name__ == "__main__":
    main()
