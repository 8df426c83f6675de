"""Moments, muscle forces and joint reactions of the same model and trial in OpenSim and here, interleaved.

    python benchmarks/opensim_loads.py [gait2392 rajagopal pose2sim] [--shared ../shared] [--repeats 3] [--json FILE]

One process runs OpenSim's tools (inverse kinematics at the accuracy of the shipped setup, inverse dynamics, static
optimisation, joint reactions; each reads its model and files and writes its results) and ours in turn; ratios are
paired, of the time by the clock (judged) and of processor time.  "from files" means that ours read model, motion and
external loads, and wrote results too; "model at hand" that the model was read before in this process, as for every
trial but the first.  Both are judged; OpenSim's tools read their model each time.  A cold process is a new ``python``
that imports, reads, solves and writes; OpenSim's are four, one for each tool.

Accuracy is told on the same kinematics: OpenSim's coordinates with even time stamps (its own file rounds them, and
then each tool makes frames of another rate of it).  Model, trial, external loads and 6 Hz filter are the same; the
actuators that the models lack for static optimisation are written here: one for each free coordinate, without bounds,
1 N m at control 1 (100 for the six of the pelvis).  gait2392's shipped residual actuators are bounded at 100 N and
80 N m, which the shipped motion exceeds.  OpenSim 4.6 takes a muscle with compliant tendon at its stored fibre length;
"same strengths" gives ours the strengths that OpenSim's results imply (force over activation).  Where moments of the
Rajagopal model differ, OpenSim's miss the acceleration of its own centre of mass
(``tests/validation/test_opensim_loads.py``).

Exits 2 with one sentence if OpenSim is not installed, 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import opensim_ik
import opensim_tools
from opensim_tools import RESERVE_NM, RESIDUAL, Case, read_sto, silence, timed

from kinechain.body import hill, osim, osim_frames, osim_functions, osim_muscles, osim_xml, paths, tree
from kinechain.body.osim import read_osim
from kinechain.body.osim_muscles import read_osim_muscles
from kinechain.body.tree import KERNELS
from kinechain.loads import newton_euler
from kinechain.loads.external_loads import read_external_loads
from kinechain.loads.model_dynamics import model_inverse_dynamics, read_coordinates, write_moments
from kinechain.loads.model_muscles import ModelLoads, model_muscles, muscle_table, write_muscles
from kinechain.loads.muscle_forces import MuscleSettings
from kinechain.motion.motion_file import write_motion
from kinechain.motion.track import solve_model_motion
from kinechain.recording.writers.mot import write_mot

CUTOFF_HZ = 6.0
#: Largest root mean square difference of moments, N m, of activations, and of joint forces as a share of their peak.
TARGET_ID, TARGET_ACTIVATION, TARGET_REACTION = 0.2, 0.01, 0.01
#: Least ratios of processor time.
TARGET_SPEED = {"id": 30.0, "so_jr": 300.0, "chain": 400.0, "cold": 30.0}
REPEATS_OURS = 9
#: Joints whose peak force stays below this hold hardly more than a hand: differences there are told, not judged, N.
SMALL_N = 300.0
SETTINGS = MuscleSettings(is_passive=False, reserve_nm=RESERVE_NM)


def main() -> int:
    arguments = _arguments()
    try:
        import opensim
    except ImportError:
        print(
            "OpenSim is not installed here; install the extra 'opensim' in an environment of its own.", file=sys.stderr
        )
        return 2
    if not (arguments.shared / "models").is_dir():
        print(f"there is no folder models/ in {arguments.shared}; state it with --shared", file=sys.stderr)
        return 2
    opensim.Logger.setLevelString("Off")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # OpenSim writes its log where it stands.
        for name in arguments.cases:
            if name == "pose2sim":
                results.append(postures(opensim, arguments.shared / "models" / "pose2sim", Path(folder)))
            else:
                results.append(run_case(opensim, make_case(opensim, arguments.shared, name, Path(folder)), arguments))
        os.chdir("/")
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))
    missed = [line for result in results for line in result["missed"]]
    print("\n".join(f"MISSED  {line}" for line in missed) or "every target met")
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cases", nargs="*", default=["gait2392", "rajagopal", "pose2sim"], help="which of the three")
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-cold", action="store_true", help="leave out the cold processes")
    parser.add_argument("--json", type=Path, default=None)
    arguments = parser.parse_args()
    arguments.shared = arguments.shared.resolve()
    arguments.json = arguments.json and arguments.json.resolve()
    return arguments


def make_case(opensim, shared: Path, name: str, folder: Path) -> Case:
    """Write what OpenSim's tools need beside the shared files."""
    models, folder = shared / "models" / name, folder / name
    folder.mkdir()
    if name == "gait2392":
        model, trial, setup = (
            models / f for f in ("subject01_scaled.osim", "subject01_walk1.trc", "subject01_Setup_IK.xml")
        )
        grf, times = "subject01_walk1_grf", (0.5, 1.75)
    else:
        model = opensim_ik.rajagopal(opensim, models, folder).model
        trial, setup = models / "motion_capture_walk.trc", models / "ik_setup_walk.xml"
        grf, times = "grf_walk", (0.45, 1.8)
    loads, actuators = folder / "external_loads.xml", folder / "actuators.xml"
    opensim_tools.write_external_loads(models / f"{grf}.xml", models / f"{grf}.mot", loads)
    opensim_tools.write_actuators(_lacking(opensim, model), actuators)
    case = Case(
        name,
        *map(str, (model, trial, setup, folder / "ik.mot", loads, actuators, model)),
        times,
        CUTOFF_HZ,
        str(folder),
    )
    opensim_tools.save(case, folder / "case.json")
    return case


def _lacking(opensim, path: Path) -> dict[str, float]:
    """Return the free coordinates without an actuator, and what the one written for each can give."""
    model = opensim.Model(str(path))
    state = model.initSystem()
    actuators = [opensim.CoordinateActuator.safeDownCast(a) for a in model.getActuators()]
    have = {a.get_coordinate() for a in actuators if a is not None}
    free = [c for c in model.getCoordinateSet() if not c.getLocked(state) and not c.isConstrained(state)]
    names = [c.getName() for c in free if c.getName() not in have]
    return {name: RESIDUAL if name.startswith("pelvis") else RESERVE_NM for name in names}


# What is measured: each step of OpenSim, and ours from the same files to files of the same content.


def forget_models() -> None:
    """Let go of every model read before, and of all made from it, so that reading takes what a new process takes."""
    kept = (
        *(osim._read, osim_muscles._read, osim_xml._parse, osim_frames.collect_frames),
        *(osim_functions._spline_coefficients, tree._flatten, paths._flatten_paths, paths.moving_parts),
        *(hill.flatten_fibres, hill._tables, newton_euler._dynamics),
    )
    for function in kept:
        function.cache_clear()


class Ours:
    """Our steps on the files of a case."""

    def __init__(self, case: Case) -> None:
        self.case, self.folder = case, Path(case.folder) / "ours"
        self.folder.mkdir(exist_ok=True)

    def model(self):
        forget_models()
        self.body = read_osim(self.case.model)
        self.muscles = read_osim_muscles(self.case.model, self.body)

    def body_only(self):
        forget_models()
        self.body = read_osim(self.case.model)

    def motion(self):
        self.moved = read_coordinates(self.case.motion, self.body)
        self.loads = read_external_loads(self.case.external_loads)

    def ik(self):
        self.tracked, self.moved = solve_model_motion(self.body, Path(self.case.trial), Path(self.case.ik_setup))
        write_motion(self.tracked, self.moved, self.folder / "ik.mot")
        self.loads = read_external_loads(self.case.external_loads)

    def id(self):
        result = model_inverse_dynamics(self.body, self.moved, self.loads, CUTOFF_HZ)
        write_moments(self.body, result, self.folder / "id.sto")

    def so_jr(self):
        found = model_muscles(
            self.body, self.muscles, self.moved, self.loads, SETTINGS, CUTOFF_HZ, times_s=self.case.times_s
        )
        table = muscle_table(found.muscles.forces, found.muscles.activations, found.muscles.reserves, found.reactions)
        write_muscles(table, found.kinematics.times_s, self.folder / "so_jr.sto", "on the child, in its axes")

    def steps(self, *names: str) -> Callable[[], None]:
        return lambda: [getattr(self, name)() for name in names] and None


#: What each row of the table runs here, and which tools it stands for; the last: is the model at hand?
ROWS = {
    "id": (("body_only", "motion", "id"), ("id",), "ID, from files"),
    "id at hand": (("motion", "id"), ("id",), "ID, from files, model at hand"),
    "so_jr": (("model", "motion", "so_jr"), ("so", "jr"), "SO + JR, from files"),
    "so_jr at hand": (("motion", "so_jr"), ("so", "jr"), "SO + JR, from files, model at hand"),
    "chain": (("model", "ik", "id", "so_jr"), ("ik", "id", "so", "jr"), "IK + ID + SO + JR, from files"),
    "chain at hand": (("ik", "id", "so_jr"), ("ik", "id", "so", "jr"), "IK + ID + SO + JR, model at hand"),
}


def run_case(opensim, case: Case, arguments) -> dict:
    ours = Ours(case)
    with silence():
        opensim_tools.run_ik(opensim, case)
    even = replace(case, motion=str(case.files / "even.mot"))
    write_even(case, Path(even.motion))
    ours.case = even
    ours.model()
    theirs, mine = {}, {}
    for _ in range(arguments.repeats):
        for step, run in opensim_tools.STEPS.items():
            with silence():
                # The tools that follow inverse kinematics read the motion with even time stamps.
                theirs.setdefault(step, []).append(
                    timed(lambda run=run, s=step: run(opensim, case if s == "ik" else even))
                )
        for row, (steps, _, _) in ROWS.items():
            ours.steps(*steps)()
            runs = [timed(ours.steps(*steps)) for _ in range(REPEATS_OURS)]
            mine.setdefault(row, []).append(tuple(statistics.median(r[i] for r in runs) for i in (0, 1)))
    result = {
        "case": case.name,
        "kernels": KERNELS,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }
    result["opensim_s"] = {step: spread([r[0] for r in runs]) for step, runs in theirs.items()}
    result["ours_ms"] = {row: spread([1e3 * r[0] for r in runs]) for row, runs in mine.items()}
    result["ratio"] = {row: ratios(theirs, mine[row], tools, 0) for row, (_, tools, _) in ROWS.items()}
    result["ratio_processor"] = {row: ratios(theirs, mine[row], tools, 1) for row, (_, tools, _) in ROWS.items()}
    # The cold processes write over what OpenSim found on even stamps.
    result |= accuracy(even)
    if not arguments.no_cold:
        result["cold"] = cold(case, arguments.repeats)
    result["missed"] = misses(result)
    show(result)
    return result


def ratios(theirs: dict, mine: list, tools: tuple[str, ...], clock: int) -> dict[str, float]:
    return spread([sum(theirs[t][i][clock] for t in tools) / own[clock] for i, own in enumerate(mine)])


def write_even(case: Case, target: Path) -> None:
    """Copy OpenSim's coordinates with time stamps at an even rate."""
    motion = read_coordinates(case.motion, read_osim(case.model))
    lines = Path(case.motion).read_text().splitlines()
    head = next(i for i, line in enumerate(lines) if line.strip() == "endheader") + 2
    rows = [line.split() for line in lines[head:] if line.strip()]
    stamped = ["\t".join([f"{motion.start_s + i / motion.rate_hz:.12f}", *row[1:]]) for i, row in enumerate(rows)]
    target.write_text("\n".join([*lines[:head], *stamped]) + "\n")


def cold(case: Case, repeats: int) -> dict:
    """Return whole processes: four of OpenSim, one of ours."""
    script = Path(opensim_tools.__file__)
    settings = str(case.files / "case.json")

    # Both have their bytecode, as installed packages have; a folder of its own keeps it out of the sources.
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(case.files / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(*words: str) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([sys.executable, *words], check=True, env=environment, **quiet)

    run(str(script), "id", settings)
    run(str(Path(__file__).with_name("loads_cold.py")), settings)
    theirs, mine = [], []
    for _ in range(repeats):
        steps = [of_children(lambda s=s: run(str(script), s, settings)) for s in opensim_tools.STEPS]
        theirs.append(tuple(sum(s[i] for s in steps) for i in (0, 1)))
        own = [of_children(lambda: run(str(Path(__file__).with_name("loads_cold.py")), settings)) for _ in range(3)]
        mine.append(tuple(statistics.median(o[i] for o in own) for i in (0, 1)))
    return {
        "opensim_s": spread([t[0] for t in theirs]),
        "ours_s": spread([o[0] for o in mine]),
        "ratio": spread([t[0] / o[0] for t, o in zip(theirs, mine, strict=True)]),
        "ratio_processor": spread([t[1] / o[1] for t, o in zip(theirs, mine, strict=True)]),
    }


def of_children(work: Callable[[], object]) -> tuple[float, float]:
    """Run something that starts a process; return the seconds by the clock and of the processor in that process."""
    before, wall = os.times(), time.perf_counter()
    work()
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - wall, spent


# Still postures of the model with lumbar levels.

#: Coordinates of each posture, rad; the others stand at their default.  Lumbar flexion is negative in this model.
POSTURES = {
    "standing": {},
    "flexed": {"L5_S1_Flex_Ext": -0.15, "hip_flexion_r": 0.5, "hip_flexion_l": 0.5, "pelvis_tilt": -0.3},
}
#: High enough that the model's own contact spheres do not touch the ground; nothing else acts, so the root carries all.
FLOATING_M = 2.0
STILL_FRAMES, STILL_RATE = 21, 100.0
LUMBAR = ("L5_S1_IVDjnt", "L4_L5_IVDjnt", "L3_L4_IVDjnt", "L2_L3_IVD_jnt", "L1_L2_IVD_jnt", "L1_T12_IVD_jnt")


def postures(opensim, models: Path, folder: Path) -> dict:
    """Compare lumbar reactions in still postures: static optimisation and joint reactions of both."""
    model = models / "full_body_318_muscles.osim"
    body = read_osim(model)
    muscles = read_osim_muscles(model, body)
    out: dict = {"case": "pose2sim", "missed": [], "postures": {}}
    for name, chosen in POSTURES.items():
        case = still_case(model, body, chosen, folder / name)
        with silence():
            seconds = [timed(lambda case=case: opensim_tools.run_so(opensim, case))[0]]
            spread_forces(case)
            seconds.append(timed(lambda case=case: opensim_tools.run_jr(opensim, case))[0])
        motion = read_coordinates(case.motion, body)
        theirs = {what: read_sto(case.files / f"{case.name}_{file}.sto") for what, file in RESULTS.items()}
        names = [m.name for m in muscles.muscles]
        activation, force = (theirs[what][1][:, [theirs[what][0].index(n) for n in names]] for what in ("a", "f"))
        force = force[: len(activation)]
        found: dict = {"opensim_s": seconds, "frames": len(activation)}
        for label, strengths in (("own", None), ("same", force / activation)):
            result = model_muscles(body, muscles, motion, None, SETTINGS, None, case.times_s, strengths)
            found[label] = compare_muscles(result, activation, names)
            found[label]["reactions"] = compare_reactions(result, theirs["r"])
        # Passive forces were off on both sides; with them the load of a flexed spine is another.
        found["force_n"] = {r.joint: float(np.linalg.norm(r.force, axis=1)[0]) for r in result.reactions}
        out["postures"][name] = found
        show_posture(name, found)
        for joint in LUMBAR:
            share = found["same"]["reactions"][joint]["rms_share"]
            if not share <= TARGET_REACTION:
                out["missed"].append(
                    f"pose2sim {name}: {joint} {100 * share:.2f} % of its force, target {TARGET_REACTION:.0%}"
                )
    return out


def still_case(model: Path, body, chosen: dict[str, float], folder: Path) -> Case:
    folder.mkdir()
    free = [c.name for c in body.coordinates if c.is_free]
    values = {c.name: c.default for c in body.coordinates} | {"pelvis_ty": FLOATING_M} | chosen
    for coordinate in body.coordinates:
        if coordinate.driver is not None:
            values[coordinate.name] = float(coordinate.coupling.evaluate(values[coordinate.driver])[0])
    rows = np.tile(list(values.values()), (STILL_FRAMES, 1))
    kinds = [c.kind for c in body.coordinates]
    write_mot(list(values), kinds, rows, np.arange(STILL_FRAMES) / STILL_RATE, folder / "still.mot")
    reserves = {name: RESIDUAL if name.startswith("pelvis") else RESERVE_NM for name in free}
    opensim_tools.write_actuators(reserves, folder / "actuators.xml")
    middle = STILL_FRAMES // 2 / STILL_RATE
    return Case(
        folder.name, *map(str, (model, "", "", folder / "still.mot", "", folder / "actuators.xml", model)),
        (middle, middle + 1.0 / STILL_RATE), -1.0, str(folder),
    )  # fmt: skip


def spread_forces(case: Case) -> None:
    """Repeat OpenSim's forces of one still frame over the whole file, without those of contact.

    JointReaction splines the forces of its file, which takes rows, and gives NaN where contact spheres stand in it.
    """
    path = case.files / f"{case.name}_{RESULTS['f']}.sto"
    labels, table = read_sto(path)
    kept = [i for i, label in enumerate(labels) if i and "." not in label]
    values = np.tile(table[:1, kept], (STILL_FRAMES, 1))
    names = [labels[i] for i in kept]
    write_mot(names, ["as it is"] * len(names), values, np.arange(STILL_FRAMES) / STILL_RATE, path)


def show_posture(name: str, found: dict) -> None:
    so, jr = found["opensim_s"]
    print(f"pose2sim, {name}: OpenSim's SO {so:.1f} s and JR {jr:.1f} s for {found['frames']} frames")
    for label in ("same", "own"):
        m = found[label]
        said = ", ".join(
            f"{j} {100 * m['reactions'][j]['rms_share']:.2f}% of {m['reactions'][j]['peak_n']:.0f} N" for j in LUMBAR
        )
        print(
            f"  {label} strengths: activations {m['activation_rms']:.5f} RMS, {m['activation_max']:.4f} max "
            f"({m['activation_worst']}), reserve up to {m['reserve_max']:.3f} N m; {said}", flush=True,
        )  # fmt: skip


# How far the answers are apart.


def accuracy(case: Case) -> dict:
    body = read_osim(case.model)
    muscles = read_osim_muscles(case.model, body)
    motion, loads = read_coordinates(case.motion, body), read_external_loads(case.external_loads)
    names = [m.name for m in muscles.muscles]
    theirs = {what: read_sto(case.files / f"{case.name}_{file}.sto") for what, file in RESULTS.items()}
    activation, force = (theirs[what][1][:, [theirs[what][0].index(n) for n in names]] for what in ("a", "f"))
    out: dict = {"id": compare_id(case, body, motion, loads)}
    for label, strengths in (("own", None), ("same", force / activation)):
        found = model_muscles(body, muscles, motion, loads, SETTINGS, CUTOFF_HZ, case.times_s, strengths)
        times = theirs["a"][1][:, 0]
        if np.abs(times - found.kinematics.times_s).max() > 1e-6:
            raise SystemExit("OpenSim's frames are not ours")
        out[label] = compare_muscles(found, activation, names) | {"reactions": compare_reactions(found, theirs["r"])}
    out["frames"] = len(times)
    return out


RESULTS = {"a": "StaticOptimization_activation", "f": "StaticOptimization_force", "r": "JointReaction_ReactionLoads"}


def compare_id(case: Case, body, motion, loads) -> dict:
    result = model_inverse_dynamics(body, motion, loads, CUTOFF_HZ)
    labels, table = read_sto(case.files / "id.sto")
    times = result.kinematics.times_s
    at = np.array([int(np.argmin(np.abs(times - t))) for t in table[:, 0]])
    kept = np.abs(times[at] - table[:, 0]) < 1e-6
    differences = {}
    for i, name in enumerate(result.dynamics.tree.coordinates):
        column = next(k for k, label in enumerate(labels) if label in (f"{name}_moment", f"{name}_force"))
        error = result.forces.coordinates[at[kept], i] - table[kept, column]
        differences[name] = float(np.sqrt((error**2).mean()))
    is_moment = {c.name: c.kind == "rotation" for c in body.coordinates}
    moments = np.array([d for name, d in differences.items() if is_moment[name] and not name.startswith("pelvis")])
    worst = max((name for name in differences if is_moment[name]), key=lambda n: differences[n])
    return {
        "frames": int(kept.sum()),
        "rms_nm": float(np.sqrt((moments**2).mean())),
        "median_nm": float(np.median(moments)),
        "worst": f"{worst} {differences[worst]:.3f} N m",
        "all": differences,
    }


def compare_muscles(found: ModelLoads, activation: np.ndarray, names: list[str]) -> dict:
    error = found.muscles.activations.values - activation
    each = np.sqrt((error**2).mean(axis=0))
    worst = int(np.argmax(each))
    return {
        "activation_rms": float(np.sqrt((error**2).mean())),
        "activation_max": float(np.abs(error).max()),
        "activation_worst": f"{names[worst]} {each[worst]:.4f}",
        "reserve_max": float(np.abs(found.muscles.reserves.values).max()),
        "balanced": int((found.muscles.status == 1).sum()),
        "iterations": float(found.muscles.iterations.mean()),
    }


def compare_reactions(found: ModelLoads, theirs: tuple[tuple[str, ...], np.ndarray]) -> dict:
    """Return for each joint its peak force, N, and the difference as a share of it."""
    labels, table = theirs
    out = {}
    for reaction in found.reactions:
        columns = [i for i, n in enumerate(labels) if n.startswith(f"{reaction.joint}_on_") and n[-3:-1] == "_f"]
        force = table[:, columns]
        peak = float(np.linalg.norm(force, axis=1).max())
        error = float(np.sqrt((np.linalg.norm(reaction.force - force, axis=1) ** 2).mean()))
        out[reaction.joint] = {"peak_n": peak, "rms_share": error / peak}
    return out


def misses(result: dict) -> list[str]:
    name, missed = result["case"], []
    if not result["id"]["rms_nm"] <= TARGET_ID:
        missed.append(f"{name}: moments {result['id']['rms_nm']:.3f} N m from OpenSim, target {TARGET_ID}")
    if not result["same"]["activation_rms"] <= TARGET_ACTIVATION:
        missed.append(f"{name}: activations {result['same']['activation_rms']:.4f}, target {TARGET_ACTIVATION}")
    for joint, found in result["same"]["reactions"].items():
        if found["peak_n"] >= SMALL_N and not found["rms_share"] <= TARGET_REACTION:
            missed.append(f"{name}: {joint} {100 * found['rms_share']:.2f} % of its peak, target {TARGET_REACTION:.0%}")
    clock = {row: found["median"] for row, found in result["ratio"].items()}
    if "cold" in result:
        clock["cold"] = result["cold"]["ratio"]["median"]
    for row, ratio in clock.items():
        stem, at_hand, _ = row.partition(" at hand")
        if not ratio >= TARGET_SPEED[stem]:
            how = "" if at_hand or stem == "cold" else ", the model read anew"
            missed.append(f"{name}: {stem}{how} {ratio:.0f} x OpenSim by the clock, target {TARGET_SPEED[stem]:.0f}")
    return missed


def spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def show(r: dict) -> None:
    def text(s: dict[str, float], digits: int = 0) -> str:
        return f"{s['median']:9.{digits}f} ({s['min']:.{digits}f} to {s['max']:.{digits}f})"

    print(f"{r['case']}: {r['frames']} frames of muscles, {r['id']['frames']} of moments, kernels: {r['kernels']}")
    found = r["id"]
    print(
        f"  moments, RMS over all joints {found['rms_nm']:.4f} N m, median {found['median_nm']:.4f}; {found['worst']}"
    )
    for label, words in (("same", "OpenSim's strengths"), ("own", "own rigid tendons")):
        m = r[label]
        print(
            f"  activations, {words:22s} {m['activation_rms']:.5f} RMS, {m['activation_max']:.4f} max; "
            f"{m['activation_worst']}; reserve up to {m['reserve_max']:.3f} N m; {m['iterations']:.1f} steps"
        )
        joints = {n: j for n, j in m["reactions"].items() if j["peak_n"] >= 1.0}
        said = ", ".join(f"{n} {100 * j['rms_share']:.2f}% of {j['peak_n']:.0f}" for n, j in joints.items())
        print(f"  joint forces, {words:21s} {said}")
    for step, s in r["opensim_s"].items():
        print(f"  OpenSim {step:5s} s                     {text(s, 2)}")
    for row, (_, _, words) in ROWS.items():
        print(
            f"  {words:36s}{text(r['ours_ms'][row], 1)} ms; ratio{text(r['ratio'][row])}, "
            f"of processor time{text(r['ratio_processor'][row])}"
        )
    if "cold" in r:
        c = r["cold"]
        print(
            f"  cold processes: OpenSim's four {text(c['opensim_s'], 2)} s, ours {text(c['ours_s'], 2)} s, "
            f"ratio{text(c['ratio'])}, of processor time{text(c['ratio_processor'])}"
        )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
