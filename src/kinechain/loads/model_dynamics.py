"""Inverse dynamics of an imported model from files to files, as OpenSim's ``InverseDynamicsTool`` does it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from kinechain.body.body import Body
from kinechain.body.osim import is_in_degrees
from kinechain.body.pose import segment_poses
from kinechain.body.tree import Index
from kinechain.core.arrays import FloatArray, median
from kinechain.core.errors import FileError, RecordingError, suggest
from kinechain.core.frames import OURS_FROM_OPENSIM
from kinechain.core.text import printable
from kinechain.loads.external_loads import (
    ExternalLoads,
    external_wrenches,
    plates_as_external_loads,
    read_external_loads,
    spline_at,
)
from kinechain.loads.inverse_dynamics import InverseDynamics, moment_labels, solve_inverse_dynamics
from kinechain.loads.kinematics import Kinematics, motion_kinematics
from kinechain.loads.newton_euler import Dynamics, dynamics_of
from kinechain.motion.motion import Motion
from kinechain.recording.readers.mot import looks_like_table, read_table
from kinechain.recording.readers.text import decode_text
from kinechain.recording.recording import ForcePlate, Series, Side
from kinechain.recording.writers.mot import write_mot
from kinechain.recording.writers.parquet import write_parquet

__all__ = [
    "external_of",
    "is_coordinate_table",
    "model_inverse_dynamics",
    "read_coordinates",
    "read_ground_forces",
    "write_moments",
]

#: An angle above this many radians is one in degrees, where a header says nothing: a joint turns by less.
LARGEST_RAD = 7.0
#: Farther than this, rad or m, nothing is: a damaged number.
LARGEST = 1e4
#: Decimals a time stamp is rounded to, from coarse to fine.
DECIMALS = range(2, 10)
#: A step between rows this many times the usual one is a hole: nothing tells how the body moved in it (assumption).
LONGEST_HOLE = 3.5


def is_coordinate_table(path: Path) -> bool:
    """Return whether a file ends as OpenSim's tables of coordinates do."""
    return path.suffix.lower() in (".mot", ".sto")


def read_coordinates(path: str | Path, body: Body) -> Motion:
    """Read a table of coordinates as a motion of a model.

    Parameters
    ----------
    path : path
        ``.mot`` or ``.sto`` with columns named as the model's coordinates, or as state paths
        (``/jointset/hip_r/hip_flexion_r/value``).
    body : Body
        Coordinates that the table lacks stand at their default, as in OpenSim.

    Raises
    ------
    FileError
        If the file is no such table, or is damaged.
    RecordingError
        If it names no coordinate of the model.

    Notes
    -----
    Stamps rounded to a few decimals (0.017, 0.033 ...) stand for a uniform rate; a spline through the rounded ones
    would shake.  Where the frames really are uneven they are interpolated to the mean rate, by a cubic spline.
    """
    path = Path(path)
    name = printable(path.name)
    if not path.is_file():
        raise FileError(f"there is no file {name}; check the name and the folder")
    content = decode_text(path.read_bytes())
    if content is None or not looks_like_table(content):
        raise FileError(f"{name} is no MOT or STO; give a table of coordinates, or markers")
    table = read_table(content, name, path.suffix[1:].upper())
    series = table.series
    columns = {_coordinate_name(label): i for i, label in enumerate(series.labels)}
    known = [c for c in body.coordinates if c.name in columns]
    if not known:
        raise RecordingError(
            f"{name} holds no coordinate of the model. {suggest(body.coordinates[0].name, series.labels)}"
        )
    notes = [note.text for note in table.notes if note.kind != "found"]
    values = np.tile([c.default for c in body.coordinates], (len(series.times_s), 1))
    places = [i for i, c in enumerate(body.coordinates) if c.name in columns]
    values[:, places] = series.values[:, [columns[c.name] for c in known]]
    absent = [c.name for c in body.coordinates if c.name not in columns and c.driver is None]
    if absent:
        notes.append(f"{name} lacks coordinates, which stand at their default: {', '.join(absent)}.")
    turns = np.array([c.name in columns and is_in_degrees(body, c.name) for c in body.coordinates])
    if _is_degrees(table.is_degrees, values[:, turns], name, notes):
        values[:, turns] = np.deg2rad(values[:, turns])
    _require_possible(values, body, series, name)
    values, rate, start = _uniform(series, values, name, notes)
    empty = np.empty((len(values), 0))
    names = tuple(c.name for c in body.coordinates)
    return Motion(names, values, rate, start, (), empty, np.ones(len(values)), body.hash, tuple(notes))


def _require_possible(values: FloatArray, body: Body, series: Series, name: str) -> None:
    bad = np.abs(values) > LARGEST
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise FileError(
            f"{name} puts '{body.coordinates[column].name}' at {values[row, column]:g} (rad or m) at "
            f"{series.times_s[row]:g} s, where no body can be; correct the row or leave it out"
        )


def _coordinate_name(label: str) -> str:
    parts = label.split("/")
    return parts[-2] if len(parts) > 2 and parts[-1] == "value" else label


def _is_degrees(said: bool | None, angles: FloatArray, name: str, notes: list[str]) -> bool:
    if said is not None:
        return said
    found = bool(angles.size and np.nanmax(np.abs(angles)) > LARGEST_RAD)
    notes.append(f"{name} does not say in which unit angles stand; they were taken as {'degrees' if found else 'rad'}.")
    return found


def _uniform(series: Series, values: FloatArray, name: str, notes: list[str]) -> tuple[FloatArray, float, float]:
    """Return values at a uniform rate, the rate and the first time."""
    times = series.times_s
    count = len(times)
    if count < 2:
        raise RecordingError(f"{name} holds {count} rows; accelerations need at least six")
    apart = np.diff(times)
    longest = int(apart.argmax())
    if apart[longest] > LONGEST_HOLE * median(apart):
        raise RecordingError(
            f"{name} lacks rows between {times[longest]:.2f} and {times[longest + 1]:.2f} s (elsewhere they lie "
            f"{median(apart):.3g} s apart); export every frame, or cut the file there"
        )
    step = (times[-1] - times[0]) / (count - 1)
    quantum = next((10.0**-d for d in DECIMALS if np.abs(times - np.round(times, d)).max() < 1e-10), 0.0)
    off = float(np.abs(times - times[0] - step * np.arange(count)).max())
    if off <= max(1.1 * quantum, 1e-6 * step):
        rate = 1 / step
        nearest = max(np.round(rate), 1.0)
        # Rounding of the first and the last stamp leaves this much doubt about the step.
        if abs(1 / nearest - step) <= quantum / (count - 1) and abs(rate - nearest) < 0.5:
            rate = float(nearest)
        if off > 1e-6 * step:
            notes.append(f"{name}: rounded time stamps were taken as a uniform {rate:g} frames per second.")
        return values, rate, float(times[0])
    whole = np.isfinite(values).all(axis=1)
    if not whole.all():
        raise RecordingError(f"{name} has uneven time stamps and missing values; export it at a uniform rate")
    grid = times[0] + step * np.arange(count)
    grid[-1] = times[-1]
    notes.append(f"{name}: uneven time stamps were interpolated to {1 / step:g} frames per second.")
    return spline_at(times, values, grid), 1 / step, float(times[0])


def read_ground_forces(path: Path, body: Body, motion: Motion) -> ExternalLoads:
    """Read what acts on a model from outside.

    Parameters
    ----------
    path : path
        ``.xml``: OpenSim's external loads.  Anything else is read as a recording whose plates are given to the feet
        ('calcn_r' and 'calcn_l') nearest to them; a table is taken to stand in OpenSim's axes, a C3D is turned into
        them, as its markers are.
    body : Body
    motion : Motion

    Raises
    ------
    InputError
        If the file cannot be used.
    """
    if path.suffix.lower() == ".xml":
        return read_external_loads(path)
    # Loaded here because the readers of every format take longer than all the rest of a model's dynamics.
    from kinechain.recording.prepare import prepare_recording
    from kinechain.recording.read import read_recording

    recording = read_recording(path)
    is_world = recording.format == "C3D"
    if is_world:
        recording = prepare_recording(recording)
    if not recording.plates:
        raise RecordingError(
            f"{recording.name} holds no plates (columns of force and point by name); give the external loads (.xml) "
            "that say which columns act on which body"
        )
    names = [s.name for s in body.segments]
    found: dict[Side, str] = {}
    sides: tuple[Side, ...] = ("right", "left")
    for side in sides:
        heel = f"calcn_{side[0]}"
        if heel not in names:
            raise RecordingError(f"the model has no body '{heel}' for a plate to act on; give external loads (.xml)")
        found[side] = heel
    plates = tuple(_in_opensims_axes(p) for p in recording.plates) if is_world else recording.plates
    return plates_as_external_loads(body, plates, motion.times_s, segment_poses(body, motion.values), found)


def _in_opensims_axes(plate: ForcePlate) -> ForcePlate:
    turned = {
        name: getattr(plate, name) @ OURS_FROM_OPENSIM
        for name in ("corners", "force", "centre_of_pressure", "free_moment")
    }
    return replace(plate, **turned)


def model_inverse_dynamics(
    body: Body, motion: Motion, loads: ExternalLoads | None = None, cutoff_hz: float | None = 6.0
) -> InverseDynamics:
    """Return the generalised forces of a model's motion, for every coordinate that has no driver.

    Parameters
    ----------
    body : Body
        Imported.
    motion : Motion
        Not filtered.
    loads : ExternalLoads, optional
        Not filtered further, as in OpenSim.
    cutoff_hz : float or None
        Low-pass cut-off for the coordinates; None filters nothing.

    Raises
    ------
    RecordingError
        If the motion is too short, or lies outside the times of the loads.

    Notes
    -----
    Locked coordinates count as moving ones here, as in OpenSim: what they hold is reported.  ``forces.coordinates``
    holds OpenSim's columns, in which a coordinate that follows another stands for itself; ``moments`` holds its share
    folded into its driver.  Frames outside the times of the loads are NaN.
    """
    dynamics = dynamics_of(body, locks=False)
    kinematics = motion_kinematics(dynamics.tree, motion, cutoff_hz)
    external, notes = external_of(body, dynamics, kinematics, motion, loads)
    result = solve_inverse_dynamics(dynamics, kinematics, external)
    said = (*motion.notes, *(loads.notes if loads else ()), *result.notes, *notes)
    return InverseDynamics(dynamics, kinematics, result.forces, result.moments, result.powers, said)


def external_of(
    body: Body, dynamics: Dynamics, kinematics: Kinematics, motion: Motion, loads: ExternalLoads | None
) -> tuple[FloatArray | None, tuple[str, ...]]:
    """Return what external loads do to the segments at the times of a motion, and what was left out, in sentences.

    Parameters
    ----------
    body : Body
    dynamics : Dynamics
    kinematics : Kinematics
        Filtered, of the inputs of the dynamics.
    motion : Motion
        It was made from.
    loads : ExternalLoads or None

    Returns
    -------
    external : (time, segment, 6) array, N and N m, or None
    notes : tuple of str

    Raises
    ------
    RecordingError
        If the motion lies outside the times of the loads.
    """
    if loads is None:
        return None, ("No ground forces were given: the residuals on the root hold the whole ground reaction.",)
    poses = None
    if any(f.point is None or f.force_frame != "ground" or f.point_frame != "ground" for f in loads.forces):
        poses = np.asarray(segment_poses(body, _all_values(dynamics.tree.inputs, kinematics.values, motion)))
    external = external_wrenches(body, loads, kinematics.times_s, poses)
    outside = int((~np.isfinite(external).all(axis=(1, 2))).sum())
    if outside == len(external):
        raise RecordingError(
            f"the forces run from {loads.times_s[0]:.2f} to {loads.times_s[-1]:.2f} s and the motion from "
            f"{motion.times_s[0]:.2f} to {motion.times_s[-1]:.2f} s; give those of the same trial"
        )
    if not outside:
        return external, ()
    return external, (f"{outside} frames lie outside the times of the forces and are empty.",)


def _all_values(inputs: Index, values: FloatArray, motion: Motion) -> FloatArray:
    out = np.array(motion.values)
    out[:, inputs] = values
    return out


def write_moments(body: Body, result: InverseDynamics, path: Path) -> None:
    """Write generalised forces under OpenSim's names (``hip_flexion_r_moment``, ``pelvis_tx_force``).

    Parameters
    ----------
    body : Body
    result : InverseDynamics
        Of a model: every coordinate, those that follow others for themselves.  Of our own bodies: every input, all
        that follow it folded in.
    path : path
        ``.sto`` or ``.mot``, or ``.parquet``.
    """
    labels = dict(zip((c.name for c in body.coordinates), moment_labels(body), strict=True))
    if body.up == "y":
        names, values = result.dynamics.tree.coordinates, result.forces.coordinates
    else:
        names, values = result.dynamics.inputs, result.forces.inputs
    columns = [labels[name] for name in names]
    times = result.kinematics.times_s
    if path.suffix.lower() == ".parquet":
        units = ["N m" if body.coordinate(name).kind == "rotation" else "N" for name in names]
        frame = "generalised forces, positive as the coordinate"
        write_parquet(columns, units, values, times, path, frame, {"body": body.hash})
        return
    write_mot(columns, ["as it is"] * len(columns), values, times, path)
