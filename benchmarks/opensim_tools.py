"""OpenSim's tools on files: inverse kinematics, inverse dynamics, static optimisation, joint reactions.

Used by ``opensim_loads.py``, in its own process and, for the cold runs, as a program of its own:

    python benchmarks/opensim_tools.py ik|id|so|jr CASE.json
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

#: What a reserve of OpenSim can give at control 1, N m; residuals of the pelvis, N or N m.
RESERVE_NM = 1.0
RESIDUAL = 100.0


@dataclass(frozen=True)
class Case:
    """One model and trial, and everything OpenSim's tools read of it; all paths absolute."""

    name: str
    model: str
    trial: str
    ik_setup: str
    motion: str
    external_loads: str
    actuators: str
    actuator_model: str
    times_s: tuple[float, float]
    cutoff_hz: float
    folder: str

    @property
    def files(self) -> Path:
        return Path(self.folder)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Run something; return the seconds it took by the clock and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


@contextmanager
def silence() -> Iterator[None]:
    """Keep what OpenSim prints past its logger off the screen; costs it nothing."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def write_external_loads(source: Path, data: Path, target: Path) -> None:
    """Write the shipped external loads with a path to their data that exists, and no second motion file."""
    tree = ElementTree.parse(source)
    for loads in tree.getroot().iter("ExternalLoads"):
        loads.find("datafile").text = str(data)
        for name in ("external_loads_model_kinematics_file", "lowpass_cutoff_frequency_for_load_kinematics"):
            for element in loads.findall(name):
                loads.remove(element)
    tree.write(target)


def write_actuators(coordinates: dict[str, float], target: Path) -> None:
    """Write one actuator for each coordinate, without bounds."""
    items = "".join(
        f'<CoordinateActuator name="{name}_reserve"><min_control>-Inf</min_control><max_control>Inf</max_control>'
        f"<coordinate>{name}</coordinate><optimal_force>{force}</optimal_force></CoordinateActuator>"
        for name, force in coordinates.items()
    )
    target.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><OpenSimDocument Version="40000"><ForceSet name="reserves">'
        f"<objects>{items}</objects></ForceSet></OpenSimDocument>"
    )


def run_ik(opensim, case: Case, accuracy: float | None = None) -> None:
    tool = opensim.InverseKinematicsTool(case.ik_setup)
    tool.set_model_file(case.model)
    tool.setMarkerDataFileName(case.trial)
    tool.setOutputMotionFileName(case.motion)
    tool.setResultsDir(case.folder)
    if accuracy is not None:
        tool.set_accuracy(accuracy)
    tool.run()


def run_id(opensim, case: Case) -> None:
    tool = opensim.InverseDynamicsTool()
    tool.setModelFileName(case.model)
    tool.setCoordinatesFileName(case.motion)
    tool.setLowpassCutoffFrequency(case.cutoff_hz)
    tool.setExternalLoadsFileName(case.external_loads)
    tool.setStartTime(case.times_s[0])
    tool.setEndTime(case.times_s[1])
    excluded = opensim.ArrayStr()
    excluded.append("Muscles")
    excluded.append("actuators")
    tool.setExcludedForces(excluded)
    tool.setResultsDir(case.folder)
    tool.setOutputGenForceFileName("id.sto")
    tool.run()


def _analyse(opensim, case: Case, analysis) -> None:
    tool = opensim.AnalyzeTool()
    tool.setName(case.name)
    tool.setModelFilename(case.actuator_model)
    tool.setReplaceForceSet(False)
    forces = opensim.ArrayStr()
    forces.append(case.actuators)
    tool.setForceSetFiles(forces)
    tool.setCoordinatesFileName(case.motion)
    tool.setLowpassCutoffFrequency(case.cutoff_hz)
    if case.external_loads:
        tool.setExternalLoadsFileName(case.external_loads)
    tool.setInitialTime(case.times_s[0])
    tool.setFinalTime(case.times_s[1])
    tool.setSolveForEquilibrium(False)
    tool.setResultsDir(case.folder)
    tool.setOutputPrecision(16)
    analysis.setStartTime(case.times_s[0])
    analysis.setEndTime(case.times_s[1])
    analysis.setStepInterval(1)
    tool.updAnalysisSet().cloneAndAppend(analysis)
    setup = str(case.files / f"{case.name}_{analysis.getName()}.xml")
    tool.printToXML(setup)
    # Only a tool read from a file loads its model and external loads.
    opensim.AnalyzeTool(setup).run()


def run_so(opensim, case: Case) -> None:
    analysis = opensim.StaticOptimization()
    analysis.setName("StaticOptimization")
    analysis.setUseModelForceSet(True)
    analysis.setActivationExponent(2.0)
    analysis.setUseMusclePhysiology(True)
    _analyse(opensim, case, analysis)


def run_jr(opensim, case: Case) -> None:
    analysis = opensim.JointReaction()
    analysis.setName("JointReaction")
    analysis.setForcesFileName(str(case.files / f"{case.name}_StaticOptimization_force.sto"))
    for setter, word in (
        (analysis.setJointNames, "ALL"),
        (analysis.setOnBody, "child"),
        (analysis.setInFrame, "child"),
    ):
        words = opensim.ArrayStr()
        words.append(word)
        setter(words)
    _analyse(opensim, case, analysis)


STEPS = {"ik": run_ik, "id": run_id, "so": run_so, "jr": run_jr}


def read_sto(path: Path) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the labels and numbers of a storage file, time first."""
    lines = Path(path).read_text().splitlines()
    header = next(i for i, line in enumerate(lines) if line.strip() == "endheader")
    return tuple(lines[header + 1].split()), np.array([line.split() for line in lines[header + 2 :]], dtype=float)


def save(case: Case, path: Path) -> None:
    path.write_text(json.dumps(asdict(case)))


def load(path: Path) -> Case:
    fields = json.loads(path.read_text())
    return Case(**fields | {"times_s": tuple(fields["times_s"])})


def main() -> int:
    import opensim

    step, path = sys.argv[1:]
    opensim.Logger.setLevelString("Error")
    with silence():
        STEPS[step](opensim, load(Path(path)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
