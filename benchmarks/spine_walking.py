"""Lumbar loads of walking people, from the upper body downwards, beside published.

::

    python benchmarks/spine_walking.py [--balance rhythm] [--people 2]

Every walk of schreiber_moissenet (C1 very slow to C5 fast).  What the lumbar levels carry follows from the masses above
them and their motion alone: no plate is needed, and an error of a plate cannot enter.  Hips and shoulders are left to
actuators, so the psoas acts on the spine without a task at the hip; ``kinechain assess`` balances the whole body.
Published (Cappozzo 1984, five young men, L3/4): largest compression 1.0 to 2.5 and smallest 0.8 to 0.2 body weights,
slow to fast.  Needs the shared recordings beside the checkout (or KINECHAIN_SHARED).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from ground_table import CLASSES, shared_folder
from validation_tables import prepared, schreiber_people

from kinechain.body.body import Body
from kinechain.body.fit import fit_body
from kinechain.body.musculature import person_muscles
from kinechain.body.skeleton import RHYTHMS
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.joint_reactions import PathLoads, reaction_plan, solve_reactions
from kinechain.loads.kinematics import motion_kinematics
from kinechain.loads.lumbar import (
    LUMBAR_JOINTS,
    compute_disc_moments,
    disc_axes,
    level_nodes,
    level_tolerances,
    lumbar_rows,
)
from kinechain.loads.muscle_forces import MuscleSettings, plan_muscles, share_forces
from kinechain.loads.newton_euler import dynamics_of, solve_forces
from kinechain.motion.trial import GaitTrial, analyze_gait

TRUNK = (
    "erector_spinae",
    "multifidus",
    "quadratus_lumborum",
    "psoas",
    "rectus_abdominis",
    "external_oblique",
    "internal_oblique",
    "latissimus_dorsi",
)


@dataclass(frozen=True)
class Walk:
    """One walk under one rhythm: largest and smallest over its strides, median, in body weights.

    Attributes
    ----------
    name, kind, rhythm : str
    speed_m_s : float
    compression : mapping of joint to (largest, smallest)
    shear : float
        Largest forward shear at L5/S1.
    missed : float
        Largest moment missed at a level, N m.
    """

    name: str
    kind: str
    rhythm: str
    speed_m_s: float
    compression: dict[str, tuple[float, float]]
    shear: float
    missed: float


def measure(body: Body, trial: GaitTrial, rhythm: str, balanced: str) -> Walk:
    """Return the lumbar loads of one walk."""
    every = person_muscles(body)
    musculature = replace(every, muscles=tuple(m for m in every.muscles if m.group in TRUNK), tissues=())
    dynamics = dynamics_of(body)
    tree = dynamics.tree
    moving = motion_kinematics(tree, trial.motion)
    forces = solve_forces(dynamics, moving.values, moving.velocities, moving.accelerations)
    levels = lumbar_rows(body, tree)
    is_single = balanced == "levels"
    slack = dict(zip((r.name for r in levels), level_tolerances(body, tree), strict=True))
    away = [c.name for c in body.coordinates if not c.name.startswith("lumbar")]
    plan = plan_muscles(
        body,
        musculature,
        MuscleSettings(reserves=slack if is_single else {}),
        level_nodes(body, tree) if is_single else None,
        away,
    )
    asked = forces.nodes - compute_disc_moments(body, tree, moving.values)
    chunk = share_forces(plan, moving.values, moving.velocities, asked, with_loads=True)
    reactions = solve_reactions(
        dynamics,
        reaction_plan(body, dynamics, LUMBAR_JOINTS, disc_axes()),
        moving.values,
        forces.joint_wrench,
        chunk.forces,
        PathLoads(plan.paths.load_path, plan.paths.load_segment, chunk.loads),
    )
    weight = body.mass_kg * GRAVITY_M_S2
    cycles = [(c.start_s, c.end_s) for c in trial.cycles]
    inside = [(moving.times_s >= a) & (moving.times_s <= b) for a, b in cycles]

    def extremes(values: np.ndarray) -> tuple[float, float]:
        return (
            float(np.median([np.nanmax(values[i]) for i in inside])),
            float(np.median([np.nanmin(values[i]) for i in inside])),
        )

    place = trial.motion.values[:, trial.motion.coordinates.index("pelvis_tx")]
    side = trial.motion.values[:, trial.motion.coordinates.index("pelvis_ty")]
    seen = np.flatnonzero(np.isfinite(place))
    way = np.hypot(place[seen[-1]] - place[seen[0]], side[seen[-1]] - side[seen[0]])
    return Walk(
        trial.recording.name,
        next((c for key, c in CLASSES.items() if key in trial.recording.name), ""),
        rhythm,
        float(way / (seen[-1] - seen[0]) * trial.motion.rate_hz),
        {j: extremes(-reactions[:, i, 2] / weight) for i, j in enumerate(LUMBAR_JOINTS)},
        extremes(reactions[:, 0, 0] / weight)[0],
        float(np.nanmax(np.abs(chunk.shares.reserves))),
    )


def walks(balanced: str, people: int | None = None) -> Iterator[Walk]:
    """Yield every walk under both rhythms."""
    shared = shared_folder()
    for person, size in list(schreiber_people(shared))[:people]:
        folder = shared / "data/dev/schreiber_moissenet" / person
        static = prepared(folder / f"{person}_ST.c3d")
        recordings = [prepared(path) for path in sorted(folder.glob(f"{person}_C*.c3d"))]
        for rhythm in RHYTHMS:
            body = fit_body(size, static=static, recording=recordings[0], rhythm=rhythm)
            for recording in recordings:
                yield measure(body, analyze_gait(body, recording, least_cycles=0), rhythm, balanced)


def main() -> None:
    """Print a line per walk, and medians per class of speed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--balance", choices=("levels", "rhythm"), default="levels")
    parser.add_argument("--people", type=int)
    chosen = parser.parse_args()
    found = []
    for walk in walks(chosen.balance, chosen.people):
        found.append(walk)
        told = "  ".join(f"{j} {a:.2f}/{b:.2f}" for j, (a, b) in walk.compression.items())
        print(
            f"{walk.name:24s} {walk.kind:10s} {walk.speed_m_s:4.2f} m/s {walk.rhythm:18s} {told}  "
            f"L5/S1 forward {walk.shear:.2f}  missed {walk.missed:.1f} N m",
            flush=True,
        )
    print("\nL3/4 compression in body weights, median largest / smallest (published 1.0-2.5 / 0.8-0.2, slow to fast)")
    key = lambda w: (w.rhythm, list(CLASSES.values()).index(w.kind))  # noqa: E731
    for (rhythm, place), group in groupby(sorted(found, key=key), key=key):
        pairs = [w.compression["l3_l4"] for w in group]
        high, low = np.median(np.array(pairs), axis=0)
        print(f"  {rhythm:18s} {list(CLASSES.values())[place]:10s} {high:.2f} / {low:.2f}  ({len(pairs)} walks)")


if __name__ == "__main__":
    main()
