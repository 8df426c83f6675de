"""The FORCE_PLATFORM group of a C3D: which channels, where the plate stands, how it is calibrated."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.text import printable
from kinechain.recording.plate_notes import DESCRIBE, NO_FORCE, refusal
from kinechain.recording.plate_types import CALIBRATED, CHANNELS, UNDEFINED, PlateSource
from kinechain.recording.plates import PlateSettings, compute_plates
from kinechain.recording.readers.c3d_format import C3dFile
from kinechain.recording.readers.lengths import length_of
from kinechain.recording.recording import ForcePlate, Note

__all__ = ["plates_of_c3d"]

#: Newtons per unit of force; the pound-force is 0.45359237 kg (1959 agreement) times standard gravity.
FORCES = {"kn": 1e3, "kilonewton": 1e3, "kilonewtons": 1e3, "lb": 4.4482216, "lbs": 4.4482216, "lbf": 4.4482216}
#: Newton metres per unit of moment, letters only.
MOMENTS = {
    "nmm": 1e-3,
    "newtonmm": 1e-3,
    "newtonmillimeter": 1e-3,
    "newtonmillimeters": 1e-3,
    "ncm": 1e-2,
    "nm": 1.0,
    "newtonm": 1.0,
    "newtonmeter": 1.0,
    "newtonmeters": 1.0,
    "newtonmetre": 1.0,
    "newtonmetres": 1.0,
    "knm": 1e3,
    "knmm": 1.0,
}


def plates_of_c3d(
    c3d: C3dFile, unit: float, start_s: float, settings: PlateSettings, notes: list[Note]
) -> tuple[ForcePlate, ...]:
    """Return the plates of a C3D that can be trusted; a note for each that cannot, and for every repair.

    Parameters
    ----------
    c3d : C3dFile
    unit : float
        Metres per unit of POINT:UNITS.
    start_s : float
        Time of the first analog sample.
    settings : PlateSettings
    notes : list of Note
        Appended to.
    """
    types = c3d.parameters.words("FORCE_PLATFORM", "TYPE")
    used = c3d.parameters.words("FORCE_PLATFORM", "USED")
    count = min(used[0], len(types)) if used else len(types)
    if count and not c3d.analogs.size:
        text = f"The file describes {count} force plates but holds no analog channels, so it holds no forces."
        notes.append(Note("defect", text, "plates.no_channels", "analog channels", NO_FORCE, DESCRIBE))
        return ()
    if used and used[0] and not types:
        text = f"The file counts {used[0]} force plates and describes none (FORCE_PLATFORM:TYPE is missing)."
        notes.append(Note("defect", text, "plates.undescribed", "FORCE_PLATFORM", NO_FORCE, DESCRIBE))
    if not count:
        return ()
    found: list[Note] = []
    group = _Group.of(c3d)
    sources = [_source(i, types[i], group, unit, c3d.analog_rate_hz, start_s, found) for i in range(count)]
    plates, more = compute_plates([s for s in sources if s is not None], settings)
    notes += grouped([*found, *more])
    return plates


@dataclass(frozen=True, eq=False)
class _Group:
    """The FORCE_PLATFORM group and the channels it speaks of.

    Attributes
    ----------
    channels, corners, origins, matrices, zero, polynomials : array or None
        CHANNEL, CORNERS, ORIGIN, CAL_MATRIX, ZERO and FPCOPPOLY as stored.
    is_by_row : bool
        Whether MATRIX_STORE says that matrices were stored by row.
    analogs : (sample, channel) array
    units : list of str
        One per channel.
    frames : int
    """

    channels: FloatArray | None
    corners: FloatArray | None
    origins: FloatArray | None
    matrices: FloatArray | None
    zero: FloatArray | None
    polynomials: FloatArray | None
    is_by_row: bool
    analogs: FloatArray
    units: list[str]
    frames: int

    @classmethod
    def of(cls, c3d: C3dFile) -> _Group:
        """Return the group of a file."""
        parameters, count = c3d.parameters, c3d.analogs.shape[1]
        store = (parameters.texts("FORCE_PLATFORM", "MATRIX_STORE") or [""])[0]
        units = [*map(printable, parameters.numbered("ANALOG", "UNITS")), *[""] * count][:count]

        def numbers(name: str) -> FloatArray | None:
            return parameters.numbers("FORCE_PLATFORM", name)

        return cls(
            channels=numbers("CHANNEL"),
            corners=numbers("CORNERS"),
            origins=numbers("ORIGIN"),
            matrices=numbers("CAL_MATRIX"),
            zero=numbers("ZERO"),
            polynomials=numbers("FPCOPPOLY"),
            is_by_row=store.upper().startswith("BYROW"),
            analogs=c3d.analogs,
            units=units,
            frames=len(c3d.points),
        )


def grouped(notes: list[Note]) -> list[Note]:
    """Join notes "plate N: ..." that say the same of several plates."""
    groups: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        name, _, text = note.text.partition(": ")
        groups.setdefault((note.kind, text), []).append(name.removeprefix("plate "))
    out = []
    for note in notes:
        text = note.text.partition(": ")[2]
        names = groups.pop((note.kind, text), None)
        if names:
            which = f"{'plate' if len(names) == 1 else 'plates'} {', '.join(names)}"
            out.append(Note(note.kind, f"{which.capitalize()}: {text}", note.code, which, note.effect, note.cure))
    return out


def _source(
    i: int, kind: int, group: _Group, unit: float, rate_hz: float, start_s: float, notes: list[Note]
) -> PlateSource | None:
    """Collect one plate's numbers in SI, or note why it cannot be used."""
    name = f"plate {i + 1}"
    if kind not in CHANNELS:
        what = f" ({UNDEFINED[kind]})" if kind in UNDEFINED else ""
        why = f"it is of type {kind}{what}; types 1 to 7 are read, this one is not publicly defined"
        notes.append(refusal(name, "plates.type", why))
        return None
    channels, corners = _per_plate(group.channels, i, 1), group.corners
    if channels is None or corners is None or corners.size < 12 * (i + 1):
        why = "the file does not say where it stands or which channels it has"
        notes.append(refusal(name, "plates.undescribed", why))
        return None
    index = np.nan_to_num(channels[: CHANNELS[kind]], posinf=0.0, neginf=0.0).astype(int) - 1
    if len(index) < CHANNELS[kind] or index.min() < 0 or index.max() >= group.analogs.shape[1]:
        notes.append(refusal(name, "plates.channels", "it names analog channels the file does not hold"))
        return None
    said = [group.units[k] for k in index]
    stored = group.analogs.T[index].T
    matrix = _matrix(i, kind, group) if kind in CALIBRATED else None
    values = _in_si(stored, said, kind, matrix, unit, name, notes)
    if values is None:
        return None
    origin = _origin(i, kind, group, unit, name, notes)
    place = corners.ravel(order="F")[12 * i : 12 * i + 12].reshape(4, 3) * unit
    return PlateSource(
        name,
        kind,
        values,
        place,
        origin,
        rate_hz,
        start_s,
        _zero(group),
        _polynomial(i, kind, group.polynomials),
        stored * _scales(2, said, unit) if kind == 4 and matrix is not None else None,
        said[0],
    )


def _in_si(
    stored: FloatArray,
    said: list[str],
    kind: int,
    matrix: FloatArray | None,
    unit: float,
    name: str,
    notes: list[Note],
) -> FloatArray | None:
    """Return the channels of a plate calibrated and in SI; None, with the reason in a note, where nothing says how."""
    if kind not in CALIBRATED:
        return stored * _scales(kind, said, unit)
    if matrix is not None:
        return stored @ matrix.T * ([1.0] * 3 + [unit] * 3 if kind in (4, 5) else [1.0] * len(matrix))
    if kind in (4, 7) and not all(_letters(u).startswith("v") for u in said[:3]):
        text = (
            f"{name}: it is of type {kind} but has no calibration matrix; its channels are named "
            f"'{said[0]}' and were taken as calibrated."
        )
        effect = "Force and centre of pressure rest on that assumption."
        notes.append(Note("assumed", text, "plates.no_matrix", name, effect, DESCRIBE))
        return stored * _scales(2 if kind == 4 else 3, said, unit)
    notes.append(refusal(name, "plates.no_matrix", f"it is of type {kind} but has no calibration matrix"))
    return None


def _origin(i: int, kind: int, group: _Group, unit: float, name: str, notes: list[Note]) -> FloatArray:
    """Return ORIGIN, (3,) m; zero, with a note where that matters, if the file states none."""
    stated = _per_plate(group.origins, i, 1)
    if stated is not None and len(stated) >= 3 and np.isfinite(stated[:3]).all():
        return np.asarray(stated[:3] * unit)
    if kind in (2, 4, 5):
        text = f"{name}: the file does not say how deep its sensor lies (ORIGIN); the surface was taken."
        effect = "The centre of pressure lies wrong by that depth times the slope of the force."
        cure = "State FORCE_PLATFORM:ORIGIN from the plate's calibration sheet."
        notes.append(Note("assumed", text, "plates.no_origin", name, effect, cure))
    return np.zeros(3)


def _matrix(i: int, kind: int, group: _Group) -> FloatArray | None:
    """Return the calibration matrix of a plate, None where it is missing, empty or of the wrong size."""
    rows, columns = CALIBRATED[kind]
    matrix = _per_plate(group.matrices, i, 2)
    if matrix is None:
        return None
    if group.is_by_row or (matrix.shape != (rows, columns) and matrix.shape == (columns, rows)):
        # The C3D manual stores matrices by column; some writers do not, and a few say so.
        matrix = matrix.T
    matrix = matrix[:rows, :columns]
    return matrix if matrix.shape == (rows, columns) and matrix.any() and np.isfinite(matrix).all() else None


def _zero(group: _Group) -> tuple[int, int] | None:
    """Return FORCE_PLATFORM:ZERO as analog samples (C3D counts frames from 1; two zeros mean none)."""
    stored, samples = group.zero, len(group.analogs)
    if stored is None or stored.size < 2 or not np.isfinite(stored).all() or not stored.ravel()[:2].any():
        return None
    ratio = samples / group.frames
    first, last = (int(x) for x in stored.ravel()[:2])
    begin, end = int((max(first, 1) - 1) * ratio), int(last * ratio) - 1
    return (begin, min(end, samples - 1)) if 0 <= begin < min(end, samples - 1) else None


def _polynomial(i: int, kind: int, stored: FloatArray | None) -> FloatArray | None:
    one = _per_plate(stored, i, 2) if kind in (3, 7) else None
    return one if one is not None and one.shape == (6, 2) and np.isfinite(one).all() and one.any() else None


def _per_plate(stored: FloatArray | None, i: int, dimensions: int) -> FloatArray | None:
    """Return what an array holds for one plate; a file of one plate may leave out the dimension that counts plates."""
    if stored is not None and stored.ndim == dimensions:
        stored = stored[..., None]
    if stored is None or stored.ndim != dimensions + 1 or stored.shape[-1] <= i:
        return None
    return np.asarray(stored[..., i])


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def _scales(kind: int, units: list[str], unit: float) -> list[float]:
    """Return SI per stated unit for each channel; moments without a unit follow the unit of length."""
    scales = []
    for i, text in enumerate(units):
        plain = _letters(text)
        if kind in (3, 6, 7) or i < 3:
            scales.append(FORCES.get(plain, 1.0))
        elif kind == 1 and i < 5:
            scales.append(length_of(plain) or unit)
        else:
            scales.append(MOMENTS.get(plain, unit))
    return scales
