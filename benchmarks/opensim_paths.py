"""Lengths and moment arms of every muscle of OpenSim models, against OpenSim: the approximation error of each path.

    python benchmarks/opensim_paths.py [--shared ../shared] [--poses 200] [--steps 11] [--worst 8] [--csv FILE]
    python benchmarks/opensim_paths.py --speed

The first needs the extra ``opensim``; the second prints the processor's time per frame of our own, without it. Poses:
every coordinate over its whole range with the others at their default, and random ones, all of which satisfy the
model's couplings. Three comparisons per muscle, each as the root mean square and the largest difference:

- the length;
- the arm of a tension along the straight ends (``pull='tension'``), which is what OpenSim computes;
- the derivative of the length (``pull='length'``), which OpenSim's arm is only where its curve is the shortest.
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kinechain.body.body import Body
from kinechain.body.muscle import Musculature
from kinechain.body.osim import read_osim
from kinechain.body.osim_muscles import read_osim_muscles
from kinechain.body.paths import Paths, flatten_paths, input_arms, measure_paths
from kinechain.body.pose import coordinate_values

MODELS = (
    "gait2392/subject01_scaled.osim",
    "rajagopal/Rajagopal2016.osim",
    "pose2sim/full_body_318_muscles.osim",
)


@dataclass(frozen=True)
class Poses:
    """Poses of a model, and for each the input whose arms are asked for; -1 for none.

    Attributes
    ----------
    inputs : (pose, input) array, rad or m
    swept : (pose,) array of int
    """

    inputs: np.ndarray
    swept: np.ndarray


def choose_poses(body: Body, paths: Paths, random: int, steps: int, seed: int = 1) -> Poses:
    """Return sweeps of every input that changes a length, and random poses within the ranges."""
    of_input = [body.coordinates[i] for i in paths.tree.inputs]
    default = np.array([c.default for c in of_input])
    low, high = (np.clip([getattr(c, end) for c in of_input], -3, 3) for end in ("low", "high"))
    moves = np.unique(paths.entry_input[paths.entry_input >= 0])
    inputs, swept = [], []
    for i in moves:
        sweep = np.tile(default, (steps, 1))
        sweep[:, i] = np.linspace(low[i], high[i], steps)
        inputs.append(sweep)
        swept += [i] * steps
    rng = np.random.default_rng(seed)
    chance = low + (high - low) * rng.uniform(0.1, 0.9, (random, len(low)))
    root = paths.tree.is_root.astype(bool)
    chance[:, root] = default[root] + rng.normal(0, 0.3, (random, int(root.sum())))
    return Poses(np.vstack([*inputs, chance]), np.array([*swept, *[-1] * random]))


def measure_opensim(file: Path, musculature: Musculature, paths: Paths, poses: Poses) -> tuple[np.ndarray, np.ndarray]:
    """Return OpenSim's lengths (pose, muscle) and arms about the swept input (pose, muscle), NaN for none."""
    import opensim

    opensim.Logger.setLevelString("Off")
    model: Any = opensim.Model(str(file))
    state = model.initSystem()
    ways = [model.getMuscles().get(m.name).getGeometryPath() for m in musculature.muscles]
    coordinates = [model.getCoordinateSet().get(name) for name in paths.tree.coordinates]
    for coordinate in coordinates:
        coordinate.setLocked(state, False)
    spans = np.zeros((len(ways), len(paths.tree.inputs)), dtype=bool)
    known = paths.entry_input >= 0
    spans[paths.entry_path[known], paths.entry_input[known]] = True
    lengths = np.empty((len(poses.inputs), len(ways)))
    arms = np.full(lengths.shape, np.nan)
    for row, values in enumerate(coordinate_values(paths.tree, poses.inputs)):
        for coordinate, value in zip(coordinates, values, strict=True):
            coordinate.setValue(state, float(value), False)
        model.realizePosition(state)
        lengths[row] = [way.getLength(state) for way in ways]
        swept = poses.swept[row]
        if swept >= 0:
            about = coordinates[paths.tree.inputs[swept]]
            for m in np.flatnonzero(spans[:, swept]):
                arms[row, m] = ways[m].computeMomentArm(state, about)
    return lengths, arms


def swept_arms(paths: Paths, poses: Poses) -> np.ndarray:
    """Return our arms (pose, muscle) about the swept input; NaN in random poses."""
    arms = input_arms(paths, poses.inputs, measure_paths(paths, poses.inputs)[1])
    chosen = arms[np.arange(len(arms)), :, np.maximum(poses.swept, 0)]
    chosen[poses.swept < 0] = np.nan
    return chosen


def compare(file: Path, random: int = 200, steps: int = 11) -> list[dict[str, object]]:
    """Return one row per muscle: root mean square and largest difference, mm, of length, tension arm and derivative."""
    body = read_osim(file)
    musculature = read_osim_muscles(file, body)
    tension, length = (flatten_paths(body, musculature, pull=pull) for pull in ("tension", "length"))
    poses = choose_poses(body, length, random, steps)
    theirs, their_arms = measure_opensim(file, musculature, length, poses)
    off = {
        "length": measure_paths(length, poses.inputs, arms=False)[0] - theirs,
        "tension_arm": swept_arms(tension, poses) - their_arms,
        "derivative": swept_arms(length, poses) - their_arms,
    }
    kinds = {s.name: s.kind for s in musculature.surfaces}
    rows = []
    for i, muscle in enumerate(musculature.muscles):
        bent = "+".join(kinds[w.surface] for w in muscle.path.wraps) or "straight"
        row: dict[str, object] = {"model": file.name, "muscle": muscle.name, "bends": bent}
        for name, difference in off.items():
            column = difference[:, i][np.isfinite(difference[:, i])]
            row[f"{name}_rms_mm"] = 1e3 * float(np.sqrt(np.mean(column**2))) if len(column) else 0.0
            row[f"{name}_max_mm"] = 1e3 * float(np.abs(column).max()) if len(column) else 0.0
        rows.append(row)
    return rows


def show(rows: list[dict[str, object]], worst: int) -> None:
    numbers = [name for name in rows[0] if name.endswith("_mm")]
    print(f"\n{rows[0]['model']}: {len(rows)} muscles")
    for kind in sorted({str(row["bends"]) for row in rows}):
        of_kind = [row for row in rows if row["bends"] == kind]
        largest = ", ".join(f"{name[:-3]} {max(float(r[name]) for r in of_kind):.2e}" for name in numbers)  # type: ignore[arg-type]
        print(f"  {kind} ({len(of_kind)}), largest per column, mm: {largest}")
    for row in sorted(rows, key=lambda r: -float(r["length_max_mm"]))[:worst]:  # type: ignore[arg-type]
        print(f"  {row['muscle']!s:18} {row['bends']!s:18} " + " ".join(f"{row[name]:10.2e}" for name in numbers))


def show_speed(file: Path, repeats: int = 30) -> None:
    """Print microseconds of the processor per frame, the least of some repeats, over random poses."""
    body = read_osim(file)
    musculature = read_osim_muscles(file, body)
    for pull in ("length", "tension"):
        paths = flatten_paths(body, musculature, pull=pull)  # type: ignore[arg-type]
        poses = choose_poses(body, paths, 200, 2)
        inputs = np.ascontiguousarray(poses.inputs[poses.swept < 0])
        said = []
        for what, asked in (("lengths", {"arms": False}), ("and arms", {}), ("and wrenches", {"loads": True})):
            times = []
            for _ in range(repeats):
                start = time.process_time()
                measure_paths(paths, inputs, **asked)
                times.append(time.process_time() - start)
            said.append(f"{what} {1e6 * min(times) / len(inputs):.1f}")
        print(f"{file.name}, {len(paths.names)} paths, pull '{pull}', us per frame: {', '.join(said)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--poses", type=int, default=200)
    parser.add_argument("--steps", type=int, default=11)
    parser.add_argument("--worst", type=int, default=8)
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    if options.speed:
        for name in MODELS:
            show_speed(options.shared / "models" / name)
        return
    every = []
    for name in MODELS:
        rows = compare(options.shared / "models" / name, options.poses, options.steps)
        show(rows, options.worst)
        every += rows
    if options.csv:
        with options.csv.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, list(every[0]))
            writer.writeheader()
            writer.writerows(every)


if __name__ == "__main__":
    main()
