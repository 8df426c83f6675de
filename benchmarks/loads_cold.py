"""A cold run of ours: from marker file, model and external loads to motion, moments, muscle forces and reactions.

python benchmarks/loads_cold.py CASE.json
"""

import json
import os
import sys
from pathlib import Path

# One trial needs no threads of linear algebra, and starting them takes as long as solving it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from kinechain.body.osim import read_osim
from kinechain.body.osim_muscles import read_osim_muscles
from kinechain.loads.external_loads import read_external_loads
from kinechain.loads.model_dynamics import model_inverse_dynamics, write_moments
from kinechain.loads.model_muscles import model_muscles, muscle_table, write_muscles
from kinechain.loads.muscle_forces import MuscleSettings
from kinechain.motion.motion_file import write_motion
from kinechain.motion.track import solve_model_motion


def main() -> None:
    case = json.loads(Path(sys.argv[1]).read_text())
    folder, cutoff = Path(case["folder"]), case["cutoff_hz"]
    body = read_osim(case["model"])
    muscles = read_osim_muscles(case["model"], body)
    tracked, motion = solve_model_motion(body, Path(case["trial"]), Path(case["ik_setup"]))
    write_motion(tracked, motion, folder / "cold_ik.mot")
    loads = read_external_loads(case["external_loads"])
    write_moments(body, model_inverse_dynamics(body, motion, loads, cutoff), folder / "cold_id.sto")
    settings = MuscleSettings(is_passive=False)
    found = model_muscles(body, muscles, motion, loads, settings, cutoff, times_s=tuple(case["times_s"]))
    table = muscle_table(found.muscles.forces, found.muscles.activations, found.muscles.reserves, found.reactions)
    write_muscles(table, found.kinematics.times_s, folder / "cold_so_jr.sto", "on the child, in its axes")


if __name__ == "__main__":
    main()
