"""Every trial of every shared laboratory through the whole path: assessed, or refused in one sentence.

``python benchmarks/lab_table.py [DATASET ...]`` prints one row per trial.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from kinechain.analysis import Assessment, assess
from kinechain.core.errors import InputError

SHARED = Path(os.environ.get("KINECHAIN_SHARED", Path(__file__).resolve().parents[2] / "shared"))
#: The standing trial of each walk, by the beginning of its path; None where the laboratory gave none.
STATICS = {
    "dev/uwa_fast_walk/": None,
    "dev/ezc3d_qualisys_isb/": None,
    "dev/c3dorg_motionanalysis/": None,
    "dev/c3dorg_qualisys/Walking_Hybrid_1": "dev/c3dorg_qualisys/Standing_Hybrid_1.c3d",
    "dev/c3dorg_qualisys/Walking_Hybrid_2": "dev/c3dorg_qualisys/Standing_Hybrid_2.c3d",
    "dev/c3dorg_qualisys/Capture": "dev/c3dorg_qualisys/Capture0008_Standing.c3d",
    "dev/bmc_gait_pressure/": None,
    "dev/rezaie_qtm_running/": "dev/rezaie_qtm_running/static_1_marker.trc",
    "dev/opensim_core_walking/": None,
    "dev/btk_pig_nantes/PiG_Motion3_FF": "dev/btk_pig_nantes/PiG_Calibration3_FF.c3d",
    "dev/btk_pig_nantes/PiG_Motion3_noFF": "dev/btk_pig_nantes/PiG_Calibration3_noFF.c3d",
    "dev/btk_pig_nantes/PiG_Motion-FlatFoot": "dev/btk_pig_nantes/PiG_Calibration-FlatFoot-Full.c3d",
    "dev/lab_RBWH/": "dev/lab_RBWH/Cal_01.c3d",
    "dev/lab_FMC/": "dev/lab_FMC/MH0222_BP08.c3d",
    "dev/lab_AUC/": "dev/lab_AUC/CB_Static0001.c3d",
}
#: Tables of plates that belong to markers in a file of their own.
TABLES = {
    "dev/bmc_gait_pressure/walk": ("walk", ".forces"),
    "dev/rezaie_qtm_running/gait_": ("_marker.trc", "_force.mot"),
}


@dataclass(frozen=True)
class Outcome:
    """What became of one trial.

    Attributes
    ----------
    path : str
        As the manifest writes it.
    strides : int
    sides : str
        'left', 'right', 'both' or ''.
    measures : int
        Findings with a number.
    told : str
        Why it was refused, or what was left out of it.
    seconds : float
    """

    path: str
    strides: int
    sides: str
    measures: int
    told: str
    seconds: float

    @property
    def verdict(self) -> str:
        """'assessed', 'in part' (less than a stride) or 'refused'."""
        return "assessed" if self.strides else "in part" if self.measures else "refused"


def trials(datasets: list[str] | None = None) -> list[str]:
    """Return the moving trials of the laboratories, from the manifest."""
    manifest = tomllib.loads((SHARED / "data" / "MANIFEST.toml").read_text("utf-8"))
    statics = set(STATICS.values()) | {"dev/lab_FMC/MH0222_BP01.c3d"}
    found = []
    for file in manifest["file"]:
        path = file["path"]
        known = any(path.startswith(beginning) for beginning in STATICS)
        if known and path.lower().endswith((".c3d", ".trc")) and path not in statics and "Calibration" not in path:
            if not datasets or file["dataset"] in datasets:
                found.append(path)
    return found


def run(path: str) -> Outcome:
    """Assess one trial as a user does: the trial, its standing trial and its table of plates."""
    static = next(s for beginning, s in STATICS.items() if path.startswith(beginning))
    files = [SHARED / "data" / path]
    for beginning, (word, other) in TABLES.items():
        if path.startswith(beginning):
            table = path.replace(word, other) if word.startswith("_") else path.rsplit(".", 1)[0] + other
            files.append(SHARED / "data" / table)
    began = time.perf_counter()
    try:
        assessment = assess(None, files, SHARED / "data" / static if static else None)
    except InputError as error:
        return Outcome(path, 0, "", 0, str(error), time.perf_counter() - began)
    return _outcome(path, assessment, time.perf_counter() - began)


def _outcome(path: str, assessment: Assessment, seconds: float) -> Outcome:
    cycles = [cycle for trial in assessment.trials for cycle in trial.cycles]
    sides = {cycle.side for cycle in cycles}
    side = "both" if len(sides) == 2 else next(iter(sides), "")
    told = " / ".join(assessment.refused)
    walked = bool(assessment.trials or assessment.parts)
    return Outcome(path, len(cycles), side, len(assessment.findings) if walked else 0, told, seconds)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", nargs="*")
    rows = [run(path) for path in trials(parser.parse_args(arguments).datasets)]
    print(f"{'trial':58} {'verdict':9} strides sides measures   s  told")
    for row in rows:
        print(
            f"{row.path[4:]:58} {row.verdict:9} {row.strides:7d} {row.sides:5} {row.measures:8d} {row.seconds:5.1f} "
            f"{row.told[:160]}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
