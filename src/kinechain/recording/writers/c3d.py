"""Write a recording as C3D: markers, plates, analog channels, events, and angles as model outputs.

Conventions are those of the C3D User Guide (c3d.org): positions in mm with residual -1 where missing; every plate as
type 2 (FORCE_PLATFORM), whose six channels are force and moment about the middle of the surface in the plate's own
axes, z pointing down; events with minutes and seconds; model outputs as points that POINT:ANGLES lists.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kinechain import __version__
from kinechain.core.arrays import FloatArray
from kinechain.core.draft import drafted
from kinechain.core.errors import RecordingError
from kinechain.recording.plates import plate_axes
from kinechain.recording.recording import Event, ForcePlate, Recording, Series

__all__ = ["JOINTS", "OUR_OUTPUT", "write_c3d"]

#: Behind the name of every point that holds angles of this project, so that none is taken for Plug-in Gait's.
OUR_OUTPUT = "Angles_kinechain"

#: Our angles (without side) that share a point, in the places of x, y and z; '' where there is none.
JOINTS: Mapping[str, tuple[str, str, str]] = {
    "Pelvis": ("pelvis_tilt", "pelvis_obliquity", "pelvis_rotation"),
    "Hip": ("hip_flexion", "hip_adduction", "hip_rotation"),
    "Knee": ("knee_flexion", "knee_varus", "knee_rotation"),
    "Ankle": ("ankle_dorsiflexion", "", ""),
    "FootProgress": ("", "", "foot_progression"),
    "Hindfoot": ("hindfoot_dorsiflexion", "hindfoot_eversion", "hindfoot_rotation"),
    "Forefoot": ("forefoot_dorsiflexion", "forefoot_eversion", "forefoot_adduction"),
    "Hallux": ("hallux_dorsiflexion", "", ""),
    "Lumbar": ("lumbar_flexion", "lumbar_bending", "lumbar_rotation"),
    "Thorax": ("thorax_tilt", "thorax_obliquity", "thorax_rotation"),
    "TrunkLean": ("", "trunk_lean", ""),
    **{
        level.upper(): (f"{level}_flexion_christophy2012", f"{level}_flexion_lifting_full_body", "")
        for level in ("l5s1", "l4l5", "l3l4", "l2l3", "l1l2", "t12l1")
    },
}

_EVENT_LABELS = {"foot_strike": "Foot Strike", "foot_off": "Foot Off"}
#: Icons of the two kinds of events in common viewers (C3D User Guide, EVENT:ICON_IDS: 1 foot strike, 2 foot off).
_ICONS = {"foot_strike": 1, "foot_off": 2}
#: Around the centre of pressure of a plate whose corners are not known, m (assumption: half a shoe).
MARGIN_M = 0.15
MILLIMETRES = 1e3


def write_c3d(
    recording: Recording,
    path: Path | str,
    events: Sequence[Event] | None = None,
    angles: Series | None = None,
) -> tuple[str, ...]:
    """Write a recording as C3D.

    Parameters
    ----------
    recording : Recording
        In the axes it has; names and other words of the subject are not in it, so none are written.
    path : path
    events : sequence of Event, optional
        Written in place of those the recording holds.
    angles : Series, optional
        In degrees, labels ``<angle>_<left|right>`` as in ``kinechain.motion.signs``, in the frames of the markers.

    Returns
    -------
    tuple of str
        What could not be written as it was, in sentences.

    Raises
    ------
    RecordingError
        If there are no markers, or the angles are of other frames.
    OSError
        If the file cannot be written whole; what was there before stays.
    """
    # A quarter of a second that only a writer should pay.
    import ezc3d

    path = Path(path)
    markers = recording.markers
    if markers is None or not markers.labels:
        raise RecordingError(f"there are no markers to write to {path.name}; give a recording with markers")
    said: list[str] = []
    outputs = _stored_outputs(recording.outputs, len(markers.positions), said)
    outputs |= _our_outputs(angles, len(markers.positions), path.name)
    names = [*markers.labels, *outputs]
    blocks = [markers.positions * MILLIMETRES, *(values[:, None] for values, _, _ in outputs.values())]
    file = ezc3d.c3d()
    _put_points(file, names, np.concatenate(blocks, axis=1), markers.rate_hz, markers.start_s)
    point = file["parameters"]["POINT"]
    for group in dict.fromkeys(group for _, group, _ in outputs.values()):
        listed = [name for name, (_, its, _) in outputs.items() if its == group]
        file.add_parameter("POINT", group, listed)
        units = {"ANGLES": "deg", "MOMENTS": "Nmm", "POWERS": "W", "FORCES": "N"}
        file.add_parameter("POINT", f"{group.removesuffix('S')}_UNITS", [units.get(group, "")])
    point["DESCRIPTIONS"]["value"] = ["" if n not in outputs else outputs[n][2] for n in names]
    _put_analog(file, recording, markers.rate_hz, said)
    for event in recording.events if events is None else events:
        minutes, seconds = divmod(event.time_s, 60.0)
        file.add_event(
            time=[minutes, seconds],
            context=event.side.capitalize(),
            label=_EVENT_LABELS[event.kind],
            icon_id=_ICONS[event.kind],
        )
    if recording.is_world:
        file.add_parameter("POINT", "X_SCREEN", ["+X"])
        file.add_parameter("POINT", "Y_SCREEN", ["+Z"])
    file.add_parameter("MANUFACTURER", "SOFTWARE", ["kinechain"])
    file.add_parameter("MANUFACTURER", "VERSION_LABEL", [__version__])
    file.add_parameter("KINECHAIN", "SOURCE_SHA256", [recording.sha256])
    file.add_parameter("KINECHAIN", "AXES", ["x forward, y left, z up" if recording.is_world else "as recorded"])
    with drafted(path) as draft:
        file.write(str(draft))
        _check_whole(draft, len(markers.positions), file["data"])
    return tuple(said)


def _check_whole(path: Path, frames: int, data: Any) -> None:
    """The library says nothing of a disk that is full, or of a folder that takes no file."""
    samples = 4 * data["points"].shape[1] * frames + data["analogs"].size
    with path.open("rb") as written:
        head = written.read(512)
    if path.stat().st_size < (int.from_bytes(head[16:18], "little") - 1) * 512 + 4 * samples:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _put_points(file: Any, names: Sequence[str], values: FloatArray, rate: float, start_s: float) -> None:
    points = np.ones((4, len(names), len(values)))
    points[:3] = np.nan_to_num(values, nan=0.0).transpose(2, 1, 0)
    # Of an output some components may be missing by nature; a marker is whole or missing.
    residuals = np.where(np.isnan(values).all(axis=2).T, -1.0, 0.0)[None]
    file["data"]["points"] = points
    file["data"]["meta_points"]["residuals"] = residuals
    file["header"]["points"]["first_frame"] = round(start_s * rate)
    group = file["parameters"]["POINT"]
    group["RATE"]["value"] = [rate]
    group["LABELS"]["value"] = list(names)
    group["UNITS"]["value"] = ["mm"]


def _our_outputs(angles: Series | None, frames: int, name: str) -> dict[str, tuple[FloatArray, str, str]]:
    """Return our angles by the name of their point: (time, 3) values, their list, and what they are."""
    if angles is None:
        return {}
    if len(angles.values) != frames:
        raise RecordingError(
            f"{name} cannot be written: {len(angles.values)} rows of angles for {frames} frames of markers"
        )
    measured = {x for x in angles.labels if np.isfinite(angles.column(x)).any()}
    out: dict[str, tuple[FloatArray, str, str]] = {}
    for joint, parts in JOINTS.items():
        for letter, side in (("L", "left"), ("R", "right")):
            there = [part for part in parts if f"{part}_{side}" in measured]
            # A point is whole or missing: a joint of which a plane is not measured gets a point for each other plane.
            is_whole = len(there) == sum(bool(part) for part in parts)
            groups = {joint: there} if is_whole else {_camel(part): [part] for part in there}
            for name_of, group in groups.items():
                if group:
                    columns = [angles.column(f"{p}_{side}") if p in group else np.zeros(frames) for p in parts]
                    values = np.stack(columns, axis=1)
                    values[np.isnan(values).any(axis=1)] = np.nan
                    what = "; ".join(f"{a} {p}" for a, p in zip("xyz", parts, strict=True) if p in group)
                    out[f"{letter}{name_of}{OUR_OUTPUT}"] = (values, "ANGLES", f"deg, kinechain: {what}"[:120])
    return out


def _camel(part: str) -> str:
    return "".join(word.capitalize() for word in part.split("_"))


def _stored_outputs(outputs: Series | None, frames: int, said: list[str]) -> dict[str, tuple[FloatArray, str, str]]:
    """Return the outputs that were in the file, by the name of their point."""
    if outputs is None:
        return {}
    if len(outputs.values) != frames:
        said.append(f"Stored model outputs ({len(outputs.labels)} columns) run at another rate and are not written.")
        return {}
    found: dict[str, tuple[FloatArray, str, str]] = {}
    for label in dict.fromkeys(label[:-2] for label in outputs.labels if label.endswith((".x", ".y", ".z"))):
        columns = [f"{label}.{axis}" for axis in "xyz"]
        if not all(column in outputs.labels for column in columns) or label.endswith(OUR_OUTPUT):
            continue
        values = np.stack([outputs.column(column) for column in columns], axis=1)
        unit = outputs.units[outputs.labels.index(columns[0])]
        found[label] = (values, _group_of(label, unit), "")
    return found


def _group_of(label: str, unit: str) -> str:
    if unit.lower().startswith("deg"):
        return "ANGLES"
    words = (("moment", "MOMENTS"), ("power", "POWERS"), ("force", "FORCES"), ("grf", "FORCES"))
    return next((group for word, group in words if word in label.lower()), "SCALARS")


def _put_analog(file: Any, recording: Recording, point_rate: float, said: list[str]) -> None:
    """Write the plates as type 2, and behind their channels those the recording holds."""
    markers = recording.require_markers()
    plates: list[ForcePlate] = []
    for stored in recording.plates:
        plate = _with_corners(stored)
        if plate is None:
            said.append(f"{stored.name}: its corners are not known and nobody loaded it; it is not written.")
            continue
        plates.append(plate)
        if plate is not stored:
            said.append(f"{plate.name}: its corners are not known; a surface around its centre of pressure is written.")
    series = recording.series if recording.series is not None and len(recording.series.times_s) > 1 else None
    rates = [plate.rate_hz for plate in plates]
    if series is not None:
        rates.append((len(series.times_s) - 1) / float(series.times_s[-1] - series.times_s[0]))
    if not rates:
        return
    step = max(round(max(rates) / point_rate), 1)
    times = markers.start_s + np.arange(len(markers.positions) * step) / (point_rate * step)
    channels: list[FloatArray] = []
    labels: list[str] = []
    units: list[str] = []
    for number, plate in enumerate(plates, 1):
        force, moment = _wrench(plate)
        table = np.concatenate([force, moment * MILLIMETRES], axis=1)
        channels += list(_at_times(table, plate.times_s, times).T)
        labels += [f"{what}{axis}{number}" for what in ("Force.F", "Moment.M") for axis in "xyz"]
        units += ["N"] * 3 + ["Nmm"] * 3
    if series is not None:
        kept = [i for i, label in enumerate(series.labels) if label not in labels and not _is_plate_channel(label)]
        channels += list(_at_times(series.values[:, kept], series.times_s, times).T)
        labels += [series.labels[i] for i in kept]
        units += [series.units[i] for i in kept]
        if len(kept) < len(series.labels):
            said.append(
                f"{len(series.labels) - len(kept)} channels of plates stand as force and moment of their plate."
            )
    if any(abs(rate - point_rate * step) > 0.01 * rate for rate in rates):
        said.append(f"Plates and channels were brought to {point_rate * step:g} Hz on straight lines between samples.")
    if not channels:
        return
    _put_channels(file, np.stack(channels), labels, units, point_rate * step)
    if plates:
        _put_plates(file, plates)


def _is_plate_channel(label: str) -> bool:
    return re.match(r"^(force|moment)\.?[fm][xyz]\d*$|^[fm][xyz]\d+$", label, re.IGNORECASE) is not None


def _put_channels(file: Any, values: FloatArray, labels: list[str], units: list[str], rate: float) -> None:
    file["data"]["analogs"] = np.nan_to_num(values, nan=0.0)[None]
    group = file["parameters"]["ANALOG"]
    group["RATE"]["value"] = [rate]
    group["LABELS"]["value"] = labels
    group["UNITS"]["value"] = units
    group["SCALE"]["value"] = [1.0] * len(labels)
    group["OFFSET"]["value"] = [0] * len(labels)
    group["GEN_SCALE"]["value"] = [1.0]


def _put_plates(file: Any, plates: Sequence[ForcePlate]) -> None:
    count = len(plates)
    corners = np.stack([plate.corners.T for plate in plates], axis=2) * MILLIMETRES
    group = file["parameters"]["FORCE_PLATFORM"]
    # Set in place, so that whole numbers stay whole numbers.
    group["USED"]["value"] = np.array([count])
    group["TYPE"]["value"] = np.full(count, 2)
    group["CHANNEL"]["value"] = np.arange(1, 6 * count + 1).reshape(count, 6).T
    group["CORNERS"]["value"] = corners
    group["ORIGIN"]["value"] = np.zeros((3, count))


def _wrench(plate: ForcePlate) -> tuple[FloatArray, FloatArray]:
    """Return force (time, 3), N, and moment (time, 3), N m, about the middle of the surface in the plate's axes.

    The inverse of ``recording.plates``: Mx = y Fz, My = -x Fz, Mz = Tz + x Fy - y Fx.
    """
    lab_from_plate, middle = plate_axes(plate.corners)
    force = np.nan_to_num(plate.force) @ lab_from_plate
    at = np.nan_to_num((plate.centre_of_pressure - middle) @ lab_from_plate)
    free = (np.nan_to_num(plate.free_moment) @ lab_from_plate)[:, 2]
    x, y = at[:, 0], at[:, 1]
    moment = np.stack([y * force[:, 2], -x * force[:, 2], free + x * force[:, 1] - y * force[:, 0]], axis=1)
    return force, moment


def _with_corners(plate: ForcePlate) -> ForcePlate | None:
    """Give a plate without corners a surface around its centre of pressure, level; None if it was never loaded."""
    if np.isfinite(plate.corners).all():
        return plate
    seen = plate.centre_of_pressure[np.isfinite(plate.centre_of_pressure).all(axis=1)]
    if not len(seen):
        return None
    up = int(np.argmax(np.abs(np.nan_to_num(plate.force)).sum(axis=0)))
    sign = 1.0 if np.nan_to_num(plate.force)[:, up].sum() > 0 else -1.0
    first, second = (up + 1) % 3, (up + 2) % 3
    low, high = seen.min(axis=0) - MARGIN_M, seen.max(axis=0) + MARGIN_M
    middle, half = (low + high) / 2, (high - low) / 2
    middle[up] = np.median(seen[:, up])
    x, y = np.zeros(3), np.zeros(3)
    # x cross y points down, as the format has it.
    x[first], y[second] = half[first], -sign * half[second]
    corners = np.stack([middle + x + y, middle - x + y, middle - x - y, middle + x - y])
    return replace(plate, corners=corners)


def _at_times(values: FloatArray, times: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return values at other times, on straight lines; zero before the first and behind the last."""
    if len(times) == len(wanted) and np.allclose(times, wanted, atol=1e-6):
        return values
    values = np.nan_to_num(values)
    columns = [np.interp(wanted, times, values[:, i], left=0.0, right=0.0) for i in range(values.shape[1])]
    return np.stack(columns, axis=1) if columns else np.empty((len(wanted), 0))
