"""C3D: markers, plates, analog channels, events and stored model outputs.

The file is opened by ``ezc3d`` and, on an exception or zero frames, by ``c3d``, in a child
process with a limit on time and memory (see :mod:`kinechain.recording.readers.c3d_child`).
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.events import find_file_events
from kinechain.recording.plates import PlateSettings
from kinechain.recording.readers.c3d_plates import plates_of_c3d
from kinechain.recording.recording import Event, ForcePlate, Markers, Note, Series

__all__ = ["C3dContent", "C3dLimits", "read_c3d"]

#: Metres per unit, by the lower-case beginning of POINT:UNITS ("mete" is a real file's truncation).
LENGTHS = (("mm", 1e-3), ("millim", 1e-3), ("cm", 1e-2), ("centim", 1e-2), ("mete", 1.0), ("m", 1.0))
#: Labels no operator gave: unlabelled trajectories of Vicon (*52), Qualisys (unnamed), Cortex (U_12).
GHOST = re.compile(r"^(\*.*|u_?\d+|uname\*?\d*|unnamed.*|unlabel+ed.*|new ?\d+|ghost.*|)$", re.IGNORECASE)
#: Endings of model outputs stored among the points (Plug-in Gait; BTK's copies end in V).
OUTPUT = re.compile(
    r"(Angles?|Moments?|Powers?|Forces?|GRF|GroundReaction\w*|Progress|AngleCom|AbsAnkleAngle)V?(_.*)?$"
)
#: Plug-in Gait segment axes (LFEO, LFEA, LFEL, LFEP ...) and body centres: stored as points, never seen by a camera.
MODEL_POINT = re.compile(
    r"^([LR](FE|TI|FO|TO|CL|HU|RA|HN)|PEL|TRX|HED|[LR]?(BM))[OALP]$|^(CentreOfMass|CentreOfMassFloor|CenterOfMass.*)$"
)
UNITS_OF_OUTPUT = (("Angle", "deg"), ("Progress", "deg"), ("Power", ""), ("Moment", ""), ("Force", ""), ("GRF", ""))


@dataclass(frozen=True)
class C3dLimits:
    """What the child process may use before it is stopped.

    Attributes
    ----------
    seconds : float
    memory_bytes : int
        Of address space.
    times_file : int
        A large file may take this many times its own size instead (measured: 10 times).
    """

    seconds: float = 20.0
    memory_bytes: int = 1 << 30
    times_file: int = 20

    def memory(self, path: Path) -> int:
        """Bytes of address space allowed for one file."""
        return max(self.memory_bytes, self.times_file * path.stat().st_size)


@dataclass(frozen=True, eq=False)
class C3dContent:
    """What one C3D holds, in SI units and the lab frame."""

    markers: Markers | None
    plates: tuple[ForcePlate, ...]
    events: tuple[Event, ...]
    outputs: Series | None
    analog: Series | None
    mass_kg: float | None
    height_m: float | None
    notes: tuple[Note, ...] = field(default=())


def read_c3d(path: Path, limits: C3dLimits, plate_settings: PlateSettings) -> C3dContent:
    """Read one C3D.

    Parameters
    ----------
    path : Path
    limits : C3dLimits
    plate_settings : PlateSettings

    Raises
    ------
    FileError
        If neither library can read it, or the limits are exceeded.
    """
    notes: list[Note] = []
    head, arrays = _open(path, limits, notes)
    rate = float(head.get("rate") or head.get("parameter_rate") or 0.0)
    n_frames = arrays["points"].shape[2]
    n_analog = arrays["analogs"].shape[1]
    if not n_frames:
        raise FileError(f"{path.name} is not a usable C3D: it holds no frames; export the trial again")
    if not (np.isfinite(rate) and rate > 0):
        raise FileError(
            f"{path.name} is not a usable C3D: it states a frame rate of {rate:g} Hz, so no "
            "time can be told; export it again"
        )
    start = (int(head.get("first_frame", 1)) - 1) / rate
    unit = _length_unit(head, arrays, notes)
    markers, outputs = _split_points(head, arrays, rate, start, unit, notes)
    ratio = n_analog / n_frames
    analog_rate = rate * ratio
    analog = _analog(head, arrays, analog_rate, start) if n_analog else None
    plates = plates_of_c3d(head, arrays, unit, analog_rate, start, plate_settings, notes)
    end = start + (n_frames - 1) / rate
    events = find_file_events(
        head.get("event_labels", []),
        head.get("event_contexts", []),
        arrays.get("event_times"),
        head.get("header_events", []),
        (start, end),
        notes,
    )
    mass, height = _size(head, notes)
    if head.get("n_rotations"):
        notes.append(Note("found", "The file holds segment rotations of a markerless system; they are not read."))
    return C3dContent(markers, plates, events, outputs, analog, mass, height, tuple(notes))


def _open(path: Path, limits: C3dLimits, notes: list[Note]) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    reasons = []
    empty = None
    for library in ("ezc3d", "c3d"):
        head, arrays = _ask_child(path, library, limits)
        reason = head.get("error")
        if reason is None and arrays["points"].shape[2] > 0:
            if library == "c3d":
                notes.append(Note("found", "The first C3D library could not read this file; a second one did."))
            return head, arrays
        if reason is None:
            empty = (head, arrays)
        reasons.append(reason or "no frames")
    if empty is not None:
        return empty
    if "time" in reasons:
        raise FileError(
            f"{path.name} is not a usable C3D: reading it took longer than {limits.seconds:.0f} "
            "s and was stopped; export it again"
        )
    if "memory" in reasons:
        raise FileError(
            f"{path.name} is not a usable C3D: its header asks for more than "
            f"{limits.memory(path) / 2**20:.0f} MB of memory; "
            "export it again"
        )
    raise FileError(
        f"{path.name} is not a valid C3D: its parameter or data section is damaged or of a "
        "kind no reader knows; export it again"
    )


def _ask_child(path: Path, library: str, limits: C3dLimits) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """Run the child and decode its answer; every failure becomes ``{"error": word}``."""
    child = Path(__file__).with_name("c3d_child.py")
    command = [sys.executable, "-I", "-S", str(child), str(path.resolve()), library]
    command += [str(limits.memory(path)), str(limits.seconds), *_search_path(library)]
    # One thread each: a pool of threads reserves address space by the number of cores.
    environment = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    environment |= {k: v for k, v in os.environ.items() if k in ("SYSTEMROOT", "LD_LIBRARY_PATH", "PATH")}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limits.seconds,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": "time"}, {}
    return _decode(done.stdout)


def _decode(answer: bytes) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    if len(answer) < 8:
        return {"error": "killed"}, {}
    (length,) = struct.unpack("<Q", answer[:8])
    head: dict[str, Any] = json.loads(answer[8 : 8 + length])
    arrays, at = {}, 8 + length
    for name, shape, kind in head.pop("arrays"):
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(answer, kind, count, at).reshape(shape)
        at += count * np.dtype(kind).itemsize
    return head, arrays


def _search_path(library: str) -> list[str]:
    """Folders the child needs, found without importing the libraries here."""
    folders = []
    for name in ("numpy", library):
        spec = find_spec(name)
        if spec is not None and spec.origin:
            folders.append(str(Path(spec.origin).parents[1]))
    return list(dict.fromkeys(folders))


def _length_unit(head: dict[str, Any], arrays: dict[str, FloatArray], notes: list[Note]) -> float:
    """Return metres per unit; guess from the size of the cloud when the file states none."""
    stated = next((u for u in head.get("point_units", []) if u), "")
    for beginning, metres in LENGTHS:
        if stated.lower().startswith(beginning):
            return metres
    points = arrays["points"]
    seen = np.where(np.any(points != 0.0, axis=0), points, np.nan)
    if not np.isfinite(seen).any():
        return 1e-3
    first = np.isfinite(seen[0]).any(axis=0).argmax()
    extent = float(np.nanmax(np.nanmax(seen[:, :, first], axis=1) - np.nanmin(seen[:, :, first], axis=1)))
    metres = 1e-3 if extent > 20.0 else 1.0
    said = f"states the unit '{stated}'" if stated else "states no unit of length"
    name = "millimetres" if metres < 1 else "metres"
    notes.append(Note("assumed", f"The file {said}; {name} were taken because the markers span {extent:.4g} units."))
    return metres


def _split_points(
    head: dict[str, Any], arrays: dict[str, FloatArray], rate: float, start: float, unit: float, notes: list[Note]
) -> tuple[Markers | None, Series | None]:
    """Separate what cameras saw from what a model computed and from unlabelled points."""
    points = arrays["points"].transpose(2, 1, 0)  # (time, point, 3)
    unseen = np.asarray(~np.isfinite(points).all(axis=2) | ~points.any(axis=2))
    missing = unseen | (arrays["residuals"].T < 0)
    if missing.all() and not unseen.all():
        missing = unseen
        text = "Every point carries the mark 'invalid'; positions were read all the same where they are not zero."
        notes.append(Note("assumed", text))
    points = np.where(missing[:, :, None], np.nan, points)
    labels = [*map(printable, head.get("labels", [])), *[""] * points.shape[1]][: points.shape[1]]
    grouped = {printable(label): group for group, names in head.get("output_groups", {}).items() for label in names}
    is_output = [label in grouped or bool(OUTPUT.search(label) or MODEL_POINT.match(label)) for label in labels]
    is_ghost = [not out and bool(GHOST.match(label)) for label, out in zip(labels, is_output, strict=True)]
    if sum(is_ghost):
        notes.append(Note("found", f"{sum(is_ghost)} unlabelled points were left out."))
    kept = [i for i in range(len(labels)) if not is_output[i] and not is_ghost[i]]
    markers = None
    if kept:
        names, positions = merge_duplicates([labels[i] for i in kept], points[:, kept] * unit, notes)
        markers = Markers(names, positions, rate, start)
    if head.get("label_prefixes", 0) > 1:
        text = (
            f"Labels carry {head['label_prefixes']} different subject prefixes: there may be "
            "more than one subject in the file."
        )
        notes.append(Note("defect", text))
    stored = [i for i in range(len(labels)) if is_output[i] and np.isfinite(points[:, i]).any()]
    return markers, _outputs(head, [labels[i] for i in stored], points[:, stored], grouped, rate, start)


def merge_duplicates(labels: list[str], positions: FloatArray, notes: list[Note]) -> tuple[tuple[str, ...], FloatArray]:
    """Join points of one label: the fullest one, completed from its twins where they do not contradict it.

    Parameters
    ----------
    labels : list of str
    positions : (time, point, 3) array, m
    notes : list of Note
        Appended to.

    Returns
    -------
    labels : tuple of str
        All different.
    positions : (time, marker, 3) array, m
    """
    if len(set(labels)) == len(labels):
        return tuple(labels), positions
    order: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        order.setdefault(label, []).append(i)
    out, refused = [], []
    for label, members in order.items():
        members.sort(key=lambda i: -int(np.isfinite(positions[:, i, 0]).sum()))
        best = positions[:, members[0]].copy()
        for other in members[1:]:
            twin = positions[:, other]
            gap = np.linalg.norm(best - twin, axis=1)
            # A twin more than 5 mm away is another point under the same name.
            if np.nanmax(gap, initial=0.0) > 0.005:
                refused.append(label)
                continue
            best = np.where(np.isfinite(best), best, twin)
        out.append(best)
    twice = [label for label, members in order.items() if len(members) > 1]
    notes.append(
        Note("repaired", f"{len(twice)} labels occur more than once ({_listed(twice)}); their pieces were joined.")
    )
    if refused:
        text = (
            f"Points that share a label but lie apart: {_listed(sorted(set(refused)))}; "
            "only the fullest of each was kept."
        )
        notes.append(Note("defect", text))
    return tuple(order), np.stack(out, axis=1)


def _listed(names: list[str], limit: int = 6) -> str:
    return ", ".join(names[:limit]) + (", ..." if len(names) > limit else "")


def _outputs(
    head: dict[str, Any],
    labels: list[str],
    values: FloatArray,
    grouped: dict[str, str],
    rate: float,
    start: float,
) -> Series | None:
    """Return stored model outputs, three columns each (label.x, label.y, label.z), in the file's own unit."""
    if not labels:
        return None
    stated = head.get("output_units", {})
    unit = next((u for u in head.get("point_units", []) if u), "")
    columns, units, taken, kept = [], [], set(), []
    for i, label in enumerate(labels):
        if label in taken:
            continue
        taken.add(label)
        kept.append(i)
        group = grouped.get(label)
        if group in stated:
            one = stated[group]
        elif MODEL_POINT.match(label):
            one = unit
        else:
            one = next((u for word, u in UNITS_OF_OUTPUT if word in label), "")
        columns += [f"{label}.{axis}" for axis in "xyz"]
        units += [one] * 3
    flat = values[:, kept].reshape(len(values), -1)
    return Series(tuple(columns), flat, tuple(units), start + np.arange(len(values)) / rate)


def _analog(head: dict[str, Any], arrays: dict[str, FloatArray], rate: float, start: float) -> Series:
    values = arrays["analogs"].T
    labels: list[str] = []
    for i in range(values.shape[1]):
        given = head.get("analog_labels", [])
        label = given[i] if i < len(given) and given[i] else f"channel {i + 1}"
        labels.append(label if label not in labels else f"{label} ({i + 1})")
    units = [*head.get("analog_units", []), *[""] * values.shape[1]][: values.shape[1]]
    return Series(tuple(labels), values, tuple(units), start + np.arange(len(values)) / rate)


def _size(head: dict[str, Any], notes: list[Note]) -> tuple[float | None, float | None]:
    """Return mass in kg and height in m where they can be those of a person."""
    mass, height = head.get("mass"), head.get("height")
    if height is not None:
        height *= 1e-3 if height > 300 else 1e-2 if height > 3 else 1.0
        if not 0.4 <= height <= 2.6:
            notes.append(Note("defect", f"The stated height of {height:.3g} m is not that of a person and is ignored."))
            height = None
    if mass is not None and not 3.0 <= mass <= 350.0:
        notes.append(Note("defect", f"The stated mass of {mass:.3g} kg is not that of a person and is ignored."))
        mass = None
    if height is None and mass is not None and mass < 20.0 and head.get("height") is not None:
        mass = None
    return mass, height
