"""Moment arms of the trunk's muscles beside OpenSim's on the model they come from, over each lumbar coordinate.

::

    python benchmarks/trunk_paths.py            (a Python with OpenSim; shared models beside the checkout)

Both rhythms: in OpenSim the couplers are switched off and every level is set as our rhythm says, so that only paths and
joint centres differ.  Right side, arms hanging.  Fascicles that the file fixes to its body 'Abdomen' stand apart: here
the sheath is held on pelvis or ribs.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import opensim as osim
from ground_table import shared_folder

from kinechain.body.musculature import template_muscles
from kinechain.body.paths import moment_arms, path_lengths
from kinechain.body.skeleton import RHYTHMS, template_body
from kinechain.body.tables import read_table

MODEL = Path("models/pose2sim/full_body_318_muscles.osim")
GRIDS = {
    "lumbar_flexion": np.arange(-20.0, 61.0, 10.0),
    "lumbar_bending": np.arange(-25.0, 26.0, 5.0),
    "lumbar_rotation": np.arange(-15.0, 16.0, 5.0),
}
#: Levels in their words, ours, the coordinate of a motion there, and the sign against ours.
LEVELS = {"L5_S1": "l5_s1", "L4_L5": "l4_l5", "L3_L4": "l3_l4", "L2_L3": "l2_l3", "L1_L2": "l1_l2", "L1_T12": "t12_l1"}
MOTIONS = {
    "lumbar_flexion": ("Flex_Ext", "Abs_r3", -1.0, "flexion_extension"),
    "lumbar_bending": ("Lat_Bending", "Abs_r2", 1.0, "lateral_bending"),
    "lumbar_rotation": ("axial_rotation", "Abs_r1", 1.0, "axial_rotation"),
}
HALF_STEP = 0.5


class Theirs:
    """The model in OpenSim with its levels free."""

    def __init__(self, file: Path) -> None:
        osim.Logger.setLevelString("Error")
        self.model = osim.Model(str(file))
        for i in range(self.model.getConstraintSet().getSize()):
            self.model.updConstraintSet().get(i).set_isEnforced(False)
        self.state = self.model.initSystem()
        for side in "rl":
            self.set(f"arm_add_{side}", 0.0)

    def set(self, name: str, value: float) -> None:
        self.model.getCoordinateSet().get(name).setValue(self.state, value, False)

    def lengths(self, names: list[str], rhythm: str, motion: str, degrees: float) -> np.ndarray:
        """Lengths (muscle,) in m with one lumbar motion spread over the levels."""
        for other, (word, abdomen, sign, plane) in MOTIONS.items():
            angle = sign * np.radians(degrees if other == motion else 0.0)
            for level, joint in LEVELS.items():
                self.set(f"{level}_{word}", angle * share(rhythm, joint, plane))
            self.set(abdomen, angle)
        self.model.realizePosition(self.state)
        muscles = self.model.getMuscles()
        return np.array([muscles.get(n).getLength(self.state) for n in names])


def share(rhythm: str, joint: str, plane: str) -> float:
    rows = {
        r["joint"]: float(r["value"])
        for r in read_table("lumbar_rhythm")
        if r["rhythm"] == rhythm and r["plane"] == plane
    }
    return rows[joint] / sum(rows.values())


def family(name: str, group: str) -> str:
    if name[:3] in ("EO1", "EO2", "EO3", "EO4", "IO1", "IO2", "IO3"):
        return f"{group} (sheath)"
    return f"{group} {name.split('_')[0]}" if group == "erector_spinae" else group


def main() -> None:
    """Print RMS and largest difference of the moment arms, mm, and of the change of length, mm, by group."""
    theirs = Theirs(shared_folder() / MODEL)
    ours = template_muscles()
    known = {theirs.model.getMuscles().get(i).getName() for i in range(theirs.model.getMuscles().getSize())}
    chosen = [m for m in ours.muscles if m.name.endswith("_r") and "lfb_pose2sim" in m.source and m.name in known]
    names, rows = [m.name for m in chosen], [ours.names.index(m.name) for m in chosen]
    for rhythm in RHYTHMS:
        body = template_body(rhythm)
        at = [c.name for c in body.coordinates]
        differences: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
        for motion, grid in GRIDS.items():
            values = np.zeros((len(grid), len(at)))
            values[:, at.index(motion)] = np.radians(grid)
            arms = moment_arms(body, ours, values)[:, rows, at.index(motion)]
            lengths = path_lengths(body, ours, values)[:, rows]
            length = np.array([theirs.lengths(names, rhythm, motion, a) for a in grid])
            ends = [np.array([theirs.lengths(names, rhythm, motion, a + s * HALF_STEP) for a in grid]) for s in (1, -1)]
            arm = -(ends[0] - ends[1]) / np.radians(2 * HALF_STEP)
            zero = int(np.flatnonzero(grid == 0.0)[0])
            change = (lengths - lengths[zero]) - (length - length[zero])
            for k, muscle in enumerate(chosen):
                of = differences[family(muscle.name, muscle.group)]
                of[motion].append(1000 * (arms - arm)[:, k])
                of[f"{motion} length"].append(1000 * change[:, k])
        print(f"\n{rhythm}: moment arm RMS / largest, change of length largest (mm)")
        for group, of in differences.items():
            told = "  ".join(
                f"{m.removeprefix('lumbar_'):8s} {np.sqrt(np.mean(np.square(of[m]))):5.1f} / {np.abs(of[m]).max():5.1f}"
                f", {np.abs(of[f'{m} length']).max():4.1f}"
                for m in GRIDS
            )
            print(f"  {group:28s} {told}  ({len(of['lumbar_flexion'])})")


if __name__ == "__main__":
    main()
