"""OpenSim's external loads: forces on bodies against time, read as wrenches on segments and written from a reaction.

An ``ExternalLoads`` file names, for each force, the body it acts on and the columns of a ``.mot`` or ``.sto`` table
that hold force, point and torque; a column belongs to an identifier that its name begins with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import numpy as np

from kinechain.body.body import GROUND, Body
from kinechain.body.osim_xml import children, describe, naming, read_document, require_unique, text, truth
from kinechain.body.tree import KERNELS, kernels
from kinechain.core.arrays import FloatArray, Immutable, cross, frozen, runs_of
from kinechain.core.errors import FileError, RecordingError, SettingError, suggest
from kinechain.core.frames import OURS_FROM_OPENSIM
from kinechain.core.text import printable
from kinechain.loads.loads import NO_CONTACT, UNKNOWN, GroundReaction
from kinechain.recording.readers.mot import looks_like_table, read_table
from kinechain.recording.readers.text import decode_text
from kinechain.recording.recording import ForcePlate, Series, Side
from kinechain.recording.writers.mot import write_mot

__all__ = [
    "AppliedForce",
    "ExternalLoads",
    "external_wrenches",
    "ground_as_external_loads",
    "plates_as_external_loads",
    "read_external_loads",
    "spline_at",
    "write_external_loads",
]

#: Larger forces and torques no plate measures, N and N m: a file in other units, or a damaged number.
LARGEST_N, LARGEST_NM, FARTHEST_M = 1e5, 1e5, 1e3
#: A plate carries a foot from this force on, N; plates drift by less (assumption).
LOADED_N = 20.0


@dataclass(frozen=True, eq=False)
class AppliedForce(Immutable):
    """One force against time.

    Attributes
    ----------
    name : str
    segment : str
        It acts on.
    force : (time, 3) array, N
    point : (time, 3) array, m, or None
        Where it acts; None: at the origin of the segment.
    torque : (time, 3) array, N m
    force_frame, point_frame : str
        Segment, or 'ground', in whose axes force and torque, and the point, are given.
    """

    name: str
    segment: str
    force: FloatArray
    point: FloatArray | None
    torque: FloatArray
    force_frame: str = GROUND
    point_frame: str = GROUND

    def __post_init__(self) -> None:
        object.__setattr__(self, "force", frozen(self.force, (None, 3), "force"))
        object.__setattr__(self, "torque", frozen(self.torque, (len(self.force), 3), "torque"))
        if self.point is not None:
            object.__setattr__(self, "point", frozen(self.point, (len(self.force), 3), "point"))


@dataclass(frozen=True, eq=False)
class ExternalLoads(Immutable):
    """Forces from outside, in the axes of an OpenSim model's ground.

    Attributes
    ----------
    times_s : (time,) array, s
    forces : tuple of AppliedForce
    notes : tuple of str
    """

    times_s: FloatArray
    forces: tuple[AppliedForce, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_s", frozen(self.times_s, (None,), "times_s"))


def read_external_loads(path: str | Path) -> ExternalLoads:
    """Read an ``ExternalLoads`` file and the table it names.

    Parameters
    ----------
    path : path
        ``.xml``; the table is sought where it says, then beside it.

    Raises
    ------
    FileError
        If either file is damaged, a column is missing, or a number is none.
    """
    path = Path(path)
    with naming(path, "OpenSim external loads file"):
        root = read_document(path)
        element = root if root.tag == "ExternalLoads" else root.find("ExternalLoads")
        if element is None:
            raise FileError("it holds no <ExternalLoads>")
        entries = children(element, "") if element.find("objects") is None else list(element.find("objects") or ())
        odd = next((e.tag for e in entries if e.tag != "ExternalForce"), None)
        if odd is not None:
            raise FileError(f"it holds <{odd[:40]}> where <ExternalForce> is expected; save it in OpenSim 4")
        entries = [e for e in entries if _applies(e)]
        if not entries:
            raise FileError("it holds no force that is switched on")
        require_unique([e.get("name", "") for e in entries], "force")
        named = text(element, "datafile")
        if not named:
            raise FileError("it names no <datafile>, the table with force, point and torque")
        series, notes = _read_series(path.parent, Path(named.replace("\\", "/")))
        forces = tuple(_applied(e, series, Path(named).name) for e in entries)
        return ExternalLoads(series.times_s, forces, notes)


def _applies(element: Element) -> bool:
    return truth(element, "appliesForce", True) and not truth(element, "isDisabled", False)


def _read_series(folder: Path, named: Path) -> tuple[Series, tuple[str, ...]]:
    """Read the table from where the file says, or from beside the file."""
    name = printable(named.name)
    path = next((p for p in (folder / named, folder / named.name) if p.is_file()), None)
    if path is None:
        raise FileError(f"its table {name} is not there; put it beside the file")
    content = decode_text(path.read_bytes())
    if content is None or not looks_like_table(content):
        raise FileError(f"its table {name} is no MOT or STO")
    table = read_table(content, name, "STO" if path.suffix.lower() == ".sto" else "MOT")
    return table.series, tuple(note.text for note in table.notes if note.kind != "found")


def _applied(element: Element, series: Series, table: str) -> AppliedForce:
    name = element.get("name", "")
    segment = text(element, "applied_to_body")
    if not segment:
        raise FileError(f"{describe(element)} says no body that it acts on (<applied_to_body>)")
    wanted = {what: text(element, f"{what}_identifier") for what in ("force", "point", "torque")}
    if not wanted["force"] and not wanted["torque"]:
        raise FileError(f"{describe(element)} names neither a force nor a torque")
    found = {what: _columns(series, prefix, what, name, table) for what, prefix in wanted.items() if prefix}
    none = np.zeros((len(series.times_s), 3))
    force, torque = found.get("force", none), found.get("torque", none)
    point = found.get("point") if wanted["force"] else None
    _check(force, LARGEST_N, f"the force of '{name}'", table, series)
    _check(torque, LARGEST_NM, f"the torque of '{name}'", table, series)
    if point is not None:
        # Without a force the point has no meaning, and programs write anything there.
        point = np.where((force != 0).any(axis=1)[:, None] | np.isfinite(point), point, 0.0)
        _check(point, FARTHEST_M, f"the point of '{name}'", table, series)
    return AppliedForce(
        name,
        segment,
        force,
        point,
        torque,
        _frame(text(element, "force_expressed_in_body", GROUND)),
        _frame(text(element, "point_expressed_in_body", GROUND)),
    )


def _frame(name: str) -> str:
    """Return the last part of a path such as '/bodyset/calcn_r'."""
    return name.rsplit("/", 1)[-1]


def _columns(series: Series, prefix: str, what: str, name: str, table: str) -> FloatArray:
    chosen = [i for i, label in enumerate(series.labels) if label.startswith(prefix)]
    if len(chosen) != 3:
        raise FileError(
            f"the {what} of '{name}' needs three columns beginning with '{printable(prefix)[:40]}', and {table} has "
            f"{len(chosen)}. {suggest(prefix, series.labels)}"
        )
    labels = [series.labels[i] for i in chosen]
    plain = [re.sub(r" \(\d+\)$", "", label) for label in labels]
    if len(set(plain)) != 3:
        twice = next(label for label in plain if plain.count(label) > 1)
        raise FileError(f"{table} has more than one column '{printable(twice)[:40]}'; name each once")
    return np.asarray(series.values[:, chosen])


def _check(values: FloatArray, largest: float, what: str, table: str, series: Series) -> None:
    bad = ~(np.abs(values) <= largest).all(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        said = ", ".join(f"{x:g}" for x in values[row])
        raise FileError(
            f"{what} in {table} is ({said}) at {series.times_s[row]:g} s ({int(bad.sum())} rows in all); "
            "fill or remove these rows"
        )


def spline_at(times_s: FloatArray, values: FloatArray, wanted_s: FloatArray) -> FloatArray:
    """Return the natural cubic spline through samples at other times.

    Parameters
    ----------
    times_s : (time,) array, s
        Ascending.
    values : (time, column) array
    wanted_s : (wish,) array, s

    Returns
    -------
    (wish, column) array
        NaN outside the samples.

    Notes
    -----
    OpenSim puts the same spline through external forces (``GCVSpline`` of degree 3 with no smoothing); of one sample it
    makes a constant, of two or three straight lines.
    """
    times, values = np.ascontiguousarray(times_s, dtype=float), np.ascontiguousarray(values, dtype=float)
    wanted = np.ascontiguousarray(wanted_s, dtype=float)
    if len(times) == 1:
        return np.repeat(values, len(wanted), axis=0)
    if len(times) < 4:
        lines = [np.interp(wanted, times, column, left=np.nan, right=np.nan) for column in values.T]
        return np.stack(lines, axis=1) if lines else np.empty((len(wanted), 0))
    return np.asarray((kernels().cubic_spline if KERNELS == "compiled" else _cubic_spline)(times, values, wanted))


def external_wrenches(
    body: Body, loads: ExternalLoads, times_s: FloatArray, poses: FloatArray | None = None
) -> FloatArray:
    """Return what external loads do to the segments of a body at some times.

    Parameters
    ----------
    body : Body
        Its ground frame is the loads'.
    loads : ExternalLoads
    times_s : (time,) array, s
    poses : (time, segment, 4, 4) array, optional
        world_from_segment at these times; needed where a force has no point, or is not given in the ground's axes.

    Returns
    -------
    external : (time, segment, 6) array, N and N m
        Force, and moment about the world origin, world axes; NaN on the loaded segments outside the table's times.

    Raises
    ------
    SettingError
        If the body lacks a segment, or poses are needed and not given.
    """
    place = {s.name: i for i, s in enumerate(body.segments)}
    out = np.zeros((len(times_s), len(body.segments), 6))
    for force in loads.forces:
        for name in (force.segment, force.force_frame, force.point_frame):
            if name not in place and not (name == GROUND and name != force.segment):
                raise SettingError(
                    f"external force '{force.name}' names the body '{printable(name)[:40]}'. {suggest(name, place)}"
                )
        columns = [force.force, force.torque] + ([force.point] if force.point is not None else [])
        at = spline_at(loads.times_s, np.concatenate(columns, axis=1), times_s)
        push, twist = at[:, :3], at[:, 3:6]
        frame = _pose(force, force.force_frame, place, poses, len(at))
        push, twist = (np.einsum("tij,tj->ti", frame[:, :3, :3], v) for v in (push, twist))
        if force.point is None:
            point = _pose(force, force.segment, place, poses, len(at))[:, :3, 3]
        else:
            carrier = _pose(force, force.point_frame, place, poses, len(at))
            point = carrier[:, :3, 3] + np.einsum("tij,tj->ti", carrier[:, :3, :3], at[:, 6:])
        segment = place[force.segment]
        out[:, segment, :3] += push
        out[:, segment, 3:] += twist + cross(point, push)
    return out


def _pose(force: AppliedForce, name: str, place: Mapping[str, int], poses: FloatArray | None, times: int) -> FloatArray:
    if name == GROUND:
        return np.broadcast_to(np.eye(4), (times, 4, 4))
    if poses is None:
        raise SettingError(f"external force '{force.name}' moves with '{name}', so the poses of the body are needed")
    return poses[:, place[name]]


def plates_as_external_loads(
    body: Body, plates: Sequence[ForcePlate], times_s: FloatArray, poses: FloatArray, feet: Mapping[Side, str]
) -> ExternalLoads:
    """Return plates as loads on the feet: each contact goes to the foot whose heel is nearest to it.

    Parameters
    ----------
    body : Body
    plates : sequence of ForcePlate
        In the axes of the body's ground, all at one rate.
    times_s : (time,) array, s
    poses : (time, segment, 4, 4) array
        world_from_segment at these times.
    feet : mapping of side to str
        The segment that stands on the ground.

    Raises
    ------
    RecordingError
        If no plate is loaded while the body moves, or plates differ in their times.
    """
    place = {s.name: i for i, s in enumerate(body.segments)}
    if not plates or any(len(p.force) != len(plates[0].force) for p in plates):
        raise RecordingError("the force table holds no plates, or plates of different length; give one table")
    clock = plates[0].times_s
    total = {side: np.zeros((len(clock), 6)) for side in feet}
    notes: list[str] = []
    is_posed = np.isfinite(poses).all(axis=(1, 2, 3))
    for plate in plates:
        _check_plate(plate)
        loaded = np.asarray(
            (np.linalg.norm(plate.force, axis=1) > LOADED_N) & np.isfinite(plate.centre_of_pressure[:, 0])
        )
        for first, last in runs_of(loaded):
            frames = is_posed & (times_s >= clock[first]) & (times_s <= clock[last - 1])
            if not frames.any():
                continue
            rows = np.searchsorted(clock, times_s[frames]).clip(first, last - 1)
            centre, weight = plate.centre_of_pressure[rows], np.linalg.norm(plate.force[rows], axis=1)
            gap = {side: _mean_gap(poses[frames][:, place[name], :3, 3], centre, weight) for side, name in feet.items()}
            side = min(gap, key=lambda s: gap[s])
            point, push = plate.centre_of_pressure[first:last], plate.force[first:last]
            total[side][first:last, :3] += push
            total[side][first:last, 3:] += plate.free_moment[first:last] + cross(point, push)
            notes.append(f"{plate.name}, {clock[first]:.2f} to {clock[last - 1]:.2f} s: {side} foot.")
    if not notes:
        raise RecordingError("no plate is loaded while the body moves; check that motion and forces share one clock")
    # As force at the world's origin and moment about it: exact, also where a foot stands on two plates.
    zero = np.zeros((len(clock), 3))
    forces = tuple(AppliedForce(s, feet[s], total[s][:, :3], zero, total[s][:, 3:]) for s in feet)
    return ExternalLoads(clock, forces, tuple(notes))


def _check_plate(plate: ForcePlate) -> None:
    for values, largest, what in (
        (plate.force, LARGEST_N, "a force of {:.3g} N"),
        (plate.free_moment, LARGEST_NM, "a moment of {:.3g} N m"),
        (plate.centre_of_pressure, FARTHEST_M, "a centre of pressure {:.3g} m away"),
    ):
        size = float(np.nanmax(np.abs(values), initial=0.0))
        if size > largest:
            raise RecordingError(
                f"{plate.name} holds {what.format(size)}, which no plate measures; check the number and its unit"
            )


def _mean_gap(path: FloatArray, centre: FloatArray, weight: FloatArray) -> float:
    """Return the mean distance of a heel from the centre of pressure, by the force that acts, m."""
    return float(np.average(np.linalg.norm(path - centre, axis=1), weights=weight))


def ground_as_external_loads(ground: GroundReaction, segments: Mapping[Side, str] | None = None) -> ExternalLoads:
    """Return a ground reaction as external loads in OpenSim's axes.

    Parameters
    ----------
    ground : GroundReaction
        World frame, z up.
    segments : mapping of side to str, optional
        Bodies of the OpenSim model that stand on the ground; 'calcn_r' and 'calcn_l' if not given.

    Returns
    -------
    ExternalLoads
        Of the longest stretch in which both feet are known; the notes say so where some is left out.

    Raises
    ------
    RecordingError
        If the reaction is known at fewer than two frames in a row.
    """
    named = segments or {"right": "calcn_r", "left": "calcn_l"}
    known = np.all([(f.origin != UNKNOWN) & np.isfinite(f.force).all(axis=1) for f in ground.feet], axis=0)
    first, last = max(runs_of(np.asarray(known)), key=lambda run: run[1] - run[0], default=(0, 0))
    if last - first < 2:
        raise RecordingError("the ground reaction is known nowhere for two frames in a row, so nothing can be written")
    rows = slice(first, last)
    times = ground.times_s[rows]
    notes = list(ground.notes)
    if last - first < len(known):
        notes.append(f"Written from {times[0]:.2f} to {times[-1]:.2f} s, where both feet are known.")
    forces = []
    for foot in ground.feet:
        off = (foot.origin[rows] == NO_CONTACT)[:, None] | ~np.isfinite(foot.centre_of_pressure[rows])
        point = np.where(off, 0.0, foot.centre_of_pressure[rows])
        force, torque = (np.where(off, 0.0, v[rows]) for v in (foot.force, foot.free_moment))
        force, point, torque = (v @ OURS_FROM_OPENSIM for v in (force, point, torque))
        forces.append(AppliedForce(foot.side, named[foot.side], force, point, torque))
    return ExternalLoads(times, tuple(forces), tuple(notes))


def write_external_loads(loads: ExternalLoads, path: str | Path) -> tuple[Path, Path]:
    """Write external loads as OpenSim reads them.

    Parameters
    ----------
    loads : ExternalLoads
        In the ground frame of the OpenSim model; of a reaction see `ground_as_external_loads`.
    path : path
        ``.xml``; the table is written beside it with the ending ``.mot``.

    Returns
    -------
    tuple of Path
        Both files.

    Raises
    ------
    SettingError
        If the ending is not ``.xml`` or names repeat.
    """
    path = Path(path)
    if path.suffix.lower() != ".xml":
        raise SettingError(f"external loads cannot be written to {path.name}: the name must end in .xml")
    names = [f.name for f in loads.forces]
    if len(set(names)) != len(names):
        raise SettingError(f"external forces must differ in name, got {', '.join(names)}")
    table = path.with_suffix(".mot")
    labels: list[str] = []
    columns: list[FloatArray] = []
    root = Element("OpenSimDocument", Version="40000")
    whole = SubElement(root, "ExternalLoads", name=path.stem)
    objects = SubElement(whole, "objects")
    SubElement(whole, "groups")
    SubElement(whole, "datafile").text = table.name
    for force in loads.forces:
        entry = SubElement(objects, "ExternalForce", name=force.name)
        fields = {
            "applied_to_body": force.segment,
            "force_expressed_in_body": force.force_frame,
            "point_expressed_in_body": force.point_frame,
            "force_identifier": f"{force.name}_ground_force_v",
            "point_identifier": "" if force.point is None else f"{force.name}_ground_force_p",
            "torque_identifier": f"{force.name}_ground_torque_",
        }
        for tag, content in fields.items():
            SubElement(entry, tag).text = content
        held = {"force": force.force, "point": force.point, "torque": force.torque}
        for what, values in held.items():
            if values is not None:
                labels += [f"{fields[f'{what}_identifier']}{axis}" for axis in "xyz"]
                columns.append(values)
    write_mot(labels, ["as it is"] * len(labels), np.concatenate(columns, axis=1), loads.times_s, table, loads.notes)
    indent(root)
    ElementTree(root).write(path, encoding="UTF-8", xml_declaration=True)
    return path, table


# The Python twin of the kernel.


def _cubic_spline(times: FloatArray, values: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return the spline from its second derivatives, which a tridiagonal system gives."""
    steps = np.diff(times)
    bends = np.zeros_like(values)
    if len(times) > 2:
        matrix = np.diag(2 * (steps[:-1] + steps[1:])) + np.diag(steps[1:-1], 1) + np.diag(steps[1:-1], -1)
        slopes = np.diff(values, axis=0) / steps[:, None]
        bends[1:-1] = np.linalg.solve(matrix, 6 * np.diff(slopes, axis=0))
    piece = np.clip(np.searchsorted(times, wanted, side="right") - 1, 0, len(steps) - 1)
    h = steps[piece][:, None]
    b = (wanted[:, None] - times[piece][:, None]) / h
    a = 1 - b
    out = a * values[piece] + b * values[piece + 1]
    out += h**2 / 6 * ((a**3 - a) * bends[piece] + (b**3 - b) * bends[piece + 1])
    out[~((wanted >= times[0]) & (wanted <= times[-1]))] = np.nan
    return np.asarray(out)
