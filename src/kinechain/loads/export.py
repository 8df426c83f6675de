"""Loads as files: OpenSim's ``.sto`` tables and external loads, and one Parquet table with everything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError
from kinechain.loads.loads import FOOT_REGIONS, Loads, Table
from kinechain.recording.writers.parquet import write_parquet

__all__ = ["LOAD_FILES", "loads_table", "write_load_files", "write_loads_parquet", "write_sto"]

#: Endings of the files of one trial, after its name; the last two are OpenSim's external loads.
LOAD_FILES = (
    "_moments.sto",
    "_powers.sto",
    "_activations.sto",
    "_muscle_forces.sto",
    "_reserves.sto",
    "_tissues.sto",
    "_reactions.sto",
    "_loads.parquet",
    "_ground_reaction.xml",
    "_ground_reaction.mot",
)

#: Coordinates that are translations: their 'moment' is a force.
_TRANSLATION = re.compile(r"_t[xyz]$")


def write_sto(
    names: Sequence[str], values: FloatArray, times_s: FloatArray, path: Path | str, remarks: Sequence[str] = ()
) -> None:
    """Write a table that OpenSim reads, in SI units.

    Parameters
    ----------
    names : sequence of str
        One per column.
    values : (time, column) array
        Written with eight significant digits; what is not finite as ``nan``.
    times_s : (time,) array, s
    path : path
    remarks : sequence of str
        Lines for people, written into the header; OpenSim passes over them.

    Raises
    ------
    RecordingError
        If names and values do not belong together, or a name would break the table.
    """
    path, table, times = Path(path), np.asarray(values, dtype=float), np.asarray(times_s, dtype=float)
    if table.shape != (len(times), len(names)):
        raise RecordingError(
            f"{path.name} cannot be written: {len(names)} names for values of {table.shape} and {len(times)} times"
        )
    if len({"time", *names}) != len(names) + 1 or any(not n.strip() or any(c in n for c in "\t\r\n") for n in names):
        raise RecordingError(f"{path.name} cannot be written: column names must differ and hold no tab")
    lines = [
        path.stem,
        "version=1",
        f"nRows={len(times)}",
        f"nColumns={len(names) + 1}",
        "inDegrees=no",
        *(" ".join(remark.replace("=", ":").split()) for remark in remarks),
        "endheader",
        "time\t" + "\t".join(names),
    ]
    row = "\t".join(["{:.8g}"] * (len(names) + 1))
    lines += [row.format(*values_) for values_ in np.column_stack([times, table]).tolist()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def loads_table(loads: Loads) -> tuple[tuple[str, ...], tuple[str, ...], FloatArray]:
    """Return everything computed of one motion side by side.

    Parameters
    ----------
    loads : Loads

    Returns
    -------
    names, units : tuple of str
        ``moment.hip_flexion_r``, ``reaction.knee_r.force_x``, ``ground.right.force_z`` ... and the unit of each.
    values : (time, column) array
    """
    names: list[str] = []
    units: list[str] = []
    columns: list[FloatArray] = []

    def add(prefix: str, labels: Sequence[str], unit: str | Sequence[str], values: FloatArray) -> None:
        names.extend(f"{prefix}.{label}" for label in labels)
        units.extend([unit] * len(labels) if isinstance(unit, str) else unit)
        columns.append(np.asarray(values, dtype=float))

    moments = loads.moments
    add("moment", moments.labels, [_moment_unit(x) for x in moments.labels], moments.values)
    for prefix, table in _tables(loads):
        add(prefix, table.labels, table.unit, table.values)
    for reaction in loads.reactions:
        add(f"reaction.{reaction.joint}", [f"force_{a}" for a in "xyz"], "N", reaction.force)
        add(f"reaction.{reaction.joint}", [f"moment_{a}" for a in "xyz"], "N m", reaction.moment)
    for foot in loads.ground.feet:
        prefix = f"ground.{foot.side}"
        add(prefix, [f"force_{a}" for a in "xyz"], "N", foot.force)
        add(prefix, [f"centre_of_pressure_{a}" for a in "xyz"], "m", foot.centre_of_pressure)
        add(prefix, [f"free_moment_{a}" for a in "xyz"], "N m", foot.free_moment)
        for k, region in enumerate(FOOT_REGIONS):
            add(f"{prefix}.{region}", [f"force_{a}" for a in "xyz"], "N", foot.region_force[:, k])
        origin = np.asarray(foot.origin, dtype=float)[:, None]
        add(prefix, ["origin"], "-1 unknown, 0 no contact, 1 measured, 2 predicted", origin)
    return tuple(names), tuple(units), np.hstack(columns)


def _tables(loads: Loads) -> tuple[tuple[str, Table], ...]:
    return (
        ("power", loads.powers),
        ("activation", loads.activations),
        ("muscle_force", loads.muscle_forces),
        ("reserve", loads.reserves),
        ("tissue_force", loads.tissue_forces),
        ("tissue_length", loads.tissue_lengths),
    )


def _moment_unit(coordinate: str) -> str:
    return "N" if _TRANSLATION.search(coordinate) else "N m"


def write_loads_parquet(loads: Loads, path: Path | str, metadata: Mapping[str, str] | None = None) -> None:
    """Write `loads_table` as Parquet, with units, settings and notes in its metadata.

    Parameters
    ----------
    loads : Loads
    path : path
    metadata : mapping of str to str, optional
    """
    names, units, values = loads_table(loads)
    about = {**(metadata or {}), **_about(loads)}
    frame = "ground: world, x forward, y left, z up; reactions: axes of the lower segment, x forward, y left, z up"
    write_parquet(names, units, values, loads.times_s, path, frame, about)


def _about(loads: Loads) -> dict[str, str]:
    settings = {name: getattr(loads.settings, name) for name in loads.settings.__dataclass_fields__}
    settings["strength"] = dict(loads.settings.strength)
    return {
        "mass_kg": f"{loads.mass_kg:.8g}",
        "load_settings": json.dumps(settings, sort_keys=True),
        "notes": json.dumps(_said(loads)),
        "what": "estimates of a model, not measurements",
    }


def _said(loads: Loads) -> list[str]:
    """Return all notes, once each."""
    return list(dict.fromkeys((*loads.ground.notes, *loads.notes)))


def write_load_files(
    loads: Loads, folder: Path, stem: str, remarks: Sequence[str] = (), metadata: Mapping[str, str] | None = None
) -> tuple[Path, ...]:
    """Write every file of the loads of one trial.

    Parameters
    ----------
    loads : Loads
    folder : Path
        Must exist.
    stem : str
        How their names begin, see `LOAD_FILES`.
    remarks : sequence of str
        Lines for the headers of the ``.sto`` files.
    metadata : mapping of str to str, optional
        For the Parquet file.

    Returns
    -------
    tuple of Path
        Tables without a column are not written, nor external loads where the ground reaction is nowhere known.

    Notes
    -----
    Moments end in ``_moment`` (``_force`` for the translations of the pelvis), as OpenSim's inverse dynamics names
    them; tissues in ``_tension`` (N) and ``_length`` (m).  A reaction is ``<joint>_on_lower_in_lower_fx`` ...: what
    the upper segment exerts on the lower one, in the axes of the lower one, x forward, y left, z up.
    """
    said = [*remarks, "Estimates of a model, not measurements.", *_said(loads)]
    written: list[Path] = []

    def write(ending: str, names: Sequence[str], values: FloatArray) -> None:
        if names:
            path = folder / f"{stem}{ending}"
            write_sto(names, values, loads.times_s, path, said)
            written.append(path)

    moments = [f"{x}_{'force' if _TRANSLATION.search(x) else 'moment'}" for x in loads.moments.labels]
    write("_moments.sto", moments, loads.moments.values)
    write("_powers.sto", [f"{x}_power" for x in loads.powers.labels], loads.powers.values)
    write("_activations.sto", loads.activations.labels, loads.activations.values)
    write("_muscle_forces.sto", loads.muscle_forces.labels, loads.muscle_forces.values)
    write("_reserves.sto", [f"{x}_reserve" for x in loads.reserves.labels], loads.reserves.values)
    tissues = [f"{x}_tension" for x in loads.tissue_forces.labels]
    lengths = [f"{x}_length" for x in loads.tissue_lengths.labels]
    write("_tissues.sto", [*tissues, *lengths], np.hstack([loads.tissue_forces.values, loads.tissue_lengths.values]))
    names, values = _reactions(loads)
    write("_reactions.sto", names, values)
    path = folder / f"{stem}_loads.parquet"
    write_loads_parquet(loads, path, metadata)
    return (*written, path, *_write_ground(loads, folder / f"{stem}_ground_reaction.xml"))


def _reactions(loads: Loads) -> tuple[list[str], FloatArray]:
    names = [
        f"{reaction.joint}_on_lower_in_lower_{kind}{axis}"
        for reaction in loads.reactions
        for kind in "fm"
        for axis in "xyz"
    ]
    columns = [part for reaction in loads.reactions for part in (reaction.force, reaction.moment)]
    return names, np.hstack(columns) if columns else np.empty((len(loads.times_s), 0))


def _write_ground(loads: Loads, path: Path) -> tuple[Path, ...]:
    """Write the ground reaction as OpenSim's external loads, unless it is nowhere known."""
    from kinechain.loads.external_loads import ground_as_external_loads, write_external_loads

    known = np.all([(f.origin >= 0) & np.isfinite(f.force).all(axis=1) for f in loads.ground.feet], axis=0)
    if not (known[1:] & known[:-1]).any():
        return ()
    return write_external_loads(ground_as_external_loads(loads.ground), path)
