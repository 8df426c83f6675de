"""Force plates of other people's laboratories: against OpenSim, against their twins, against feet and scales.

Part of ``python benchmarks/validation_tables.py plates``; the validation tests judge the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ezc3d
import numpy as np

from kinechain.core.errors import InputError
from kinechain.motion.contacts import find_contacts
from kinechain.motion.marker_paths import marker_paths
from kinechain.motion.weight import StandingWeight, mass_mismatch, standing_weight
from kinechain.recording.join import join_recordings
from kinechain.recording.plates import PlateSettings, PlateSource, compute_plate
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import ReadSettings, read_recording
from kinechain.recording.recording import ForcePlate, Recording

AS_MEASURED = ReadSettings(plates=PlateSettings(remove_baseline=False))
ENCODINGS = ("pc_real.c3d", "Dec_real.c3d", "sgi_real.c3d", "pc_int.c3d", "DEC_INT.C3D", "sgi_int.c3d")
#: Repairs that nearly every file needs and that change little.
USUAL = ("plates.origin_sign", "plates.offset", "plates.zero_unseen", "plates.vertical", "plates.unit_of_length")


@dataclass(frozen=True)
class AgainstOpensim:
    """Largest differences of one plate from OpenSim's reader, at its instants."""

    walk: str
    plate: str
    instants: int
    loaded: int
    force_n: float
    point_mm: float
    free_moment_nm: float


@dataclass(frozen=True)
class Twin:
    """One plate described as type 2 and as type 4: largest differences of vertical force, and where they come from.

    ``scale_n`` comes from another main sensitivity of the vertical channel, ``cross_talk_n`` from the rest of its row
    of the matrix; ``moment_ratios`` are the main sensitivities of Mx and My of the type 4 over those of the type 2.
    ``unexplained_n`` and ``unexplained_mm`` are left when the matrix is applied to the samples of the
    type 2.
    """

    pair: str
    plate: str
    peak_2_n: float
    peak_4_n: float
    force_n: float
    scale_n: float
    cross_talk_n: float
    unexplained_n: float
    moment_ratios: tuple[float, float]
    point_mm: float
    unexplained_mm: float


def plates_against_opensim(shared: Path) -> list[AgainstOpensim]:
    folder = shared / "data/dev/opensim_core_walking"
    out = []
    for walk in ("walking2", "walking5"):
        plates = read_recording(folder / f"{walk}.c3d", AS_MEASURED).plates
        table = read_recording(folder / f"std_cop_{walk}_grfs.sto").series
        assert table is not None
        for k, plate in enumerate(plates, start=1):
            rows = np.round((table.times_s - plate.start_s) * plate.rate_hz).astype(int)
            force, point, free = (np.stack([table.column(f"{q}{k}_{i}") for i in (1, 2, 3)], axis=1) for q in "fpm")
            loaded = force[:, 2] > 20.0
            away = plate.centre_of_pressure[rows][loaded] - point[loaded] / 1e3
            twist = plate.free_moment[rows][loaded] - free[loaded] / 1e3
            out.append(
                AgainstOpensim(
                    walk,
                    plate.name,
                    len(rows),
                    int(loaded.sum()),
                    float(np.abs(plate.force[rows] - force).max()),
                    float(np.linalg.norm(away, axis=1).max() * 1e3),
                    float(np.abs(twist).max()),
                )
            )
    return out


def twins(shared: Path) -> list[Twin]:
    """Compare types 2 and 4 of the same samples, and take the difference apart by the matrix of the type-4 file."""
    folder = shared / "data/broken/plates"
    out = []
    for two_name, four_name in (("TYPE-2.C3D", "TYPE-4.C3D"), ("type-2a.c3d", "type-4a.c3d")):
        two, four = (read_recording(folder / name, AS_MEASURED) for name in (two_name, four_name))
        group = ezc3d.c3d(str(folder / four_name))["parameters"]["FORCE_PLATFORM"]
        assert two.series is not None and four.series is not None
        for k, (a, b) in enumerate(zip(two.plates, four.plates, strict=True)):
            stored, volts = (r.series.values[:, 6 * k : 6 * k + 6] for r in (two, four) if r.series is not None)
            matrix = group["CAL_MATRIX"]["value"][:, :, k]
            # Newtons of a type 2 per volt of the type 4, channel by channel.
            slopes = (stored * volts).sum(axis=0) / (volts**2).sum(axis=0)
            main = slopes[2] * volts[:, 2] - matrix[2, 2] * volts[:, 2]
            cross = -(volts @ np.where(np.arange(6) == 2, 0.0, matrix[2]))
            difference = b.force[:, 2] - a.force[:, 2]
            wrench = (stored / slopes) @ matrix.T * [1, 1, 1, 1e-3, 1e-3, 1e-3]
            origin = group["ORIGIN"]["value"][:, k] / 1e3
            rebuilt, _ = compute_plate(
                PlateSource("", 4, wrench, b.corners, origin, b.rate_hz, b.start_s), AS_MEASURED.plates
            )
            assert rebuilt is not None
            loaded = (a.force[:, 2] > 100.0) & (b.force[:, 2] > 100.0)
            out.append(
                Twin(
                    f"{two_name} / {four_name}",
                    a.name,
                    float(a.force[:, 2].max()),
                    float(b.force[:, 2].max()),
                    float(np.abs(difference).max()),
                    float(np.abs(main).max()),
                    float(np.abs(cross).max()),
                    float(np.abs(rebuilt.force - b.force).max()),
                    (float(matrix[3, 3] / slopes[3]), float(matrix[4, 4] / slopes[4])),
                    _apart_mm(a, b, loaded),
                    _apart_mm(rebuilt, b, loaded),
                )
            )
    return out


def _apart_mm(one: ForcePlate, two: ForcePlate, rows: np.ndarray) -> float:
    apart = np.linalg.norm(one.centre_of_pressure[rows] - two.centre_of_pressure[rows], axis=1)
    return float(apart.max()) * 1e3


def encodings(shared: Path) -> dict[str, tuple[float, float]]:
    """Return the largest differences of force (N) and centre of pressure (mm, above 100 N) from the first encoding."""
    folder = shared / "data/broken/encodings"
    first, *others = (read_recording(folder / name).plates for name in ENCODINGS)
    out = {}
    for name, plates in zip(ENCODINGS[1:], others, strict=True):
        force = max(float(np.abs(a.force - b.force).max()) for a, b in zip(first, plates, strict=True))
        apart = 0.0
        for a, b in zip(first, plates, strict=True):
            loaded = a.force[:, 2] > 100.0
            gap = np.linalg.norm(a.centre_of_pressure[loaded] - b.centre_of_pressure[loaded], axis=1)
            apart = max(apart, float(gap.max()) * 1e3)
        out[name] = (force, apart)
    return out


def type_3_under_the_feet(shared: Path) -> dict[str, tuple[float, float]]:
    """Return the median distance (mm) of the centre of pressure from the line between heel and ball, ours and ezc3d's.

    These files state the origin of their type-3 plates with a positive depth.  We turn the depth alone; ezc3d turns the
    half distances of the sensors too.
    """
    folder = shared / "data/dev/c3dorg_qualisys"
    out = {}
    for trial in ("Walking_Hybrid_1_1", "Walking_Hybrid_1_2", "Walking_Hybrid_1_3", "Walking_Hybrid_2"):
        recording = read_recording(folder / f"{trial}.c3d", AS_MEASURED)
        theirs = ezc3d.c3d(str(folder / f"{trial}.c3d"), extract_forceplat_data=True)["data"]["platform"]
        assert recording.markers is not None
        away: list[list[float]] = [[], []]
        for plate, other in zip(recording.plates, theirs, strict=True):
            rows = np.flatnonzero(plate.force[:, 2] > 100.0)
            frames = ((rows + 0.5) * recording.markers.rate_hz / plate.rate_hz).astype(int)
            centres = (plate.centre_of_pressure[rows], other["center_of_pressure"].T[rows] / 1e3)
            for k, centre in enumerate(centres):
                apart = []
                for side in "RL":
                    heel, inner, outer = (
                        recording.markers.position(f"{side}_{name}")[frames] for name in ("HEEL", "MT_1", "MT_5")
                    )
                    line = (inner + outer) / 2 - heel
                    share = ((centre - heel) * line).sum(axis=1) / (line**2).sum(axis=1)
                    foot = heel + np.clip(share, 0.0, 1.0)[:, None] * line
                    apart.append(np.linalg.norm((centre - foot)[:, :2], axis=1))
                away[k].append(float(np.nanmedian(np.fmin(*apart)) * 1e3))
        out[trial] = (max(away[0]), max(away[1]))
    return out


def standing_weights(shared: Path) -> dict[str, tuple[float | None, StandingWeight | None, str]]:
    """Return for every standing trial the stated mass, what the plates weigh, and what is said of a difference."""
    data = shared / "data/dev"
    trials: dict[str, tuple[Path, ...]] = {
        name: (data / name,)
        for name in (
            "lab_FMC/MH0222_BP01.c3d",
            "lab_FMC/MH0222_BP08.c3d",
            "lab_AUC/CB_Static0001.c3d",
            "c3dorg_qualisys/Capture0008_Standing.c3d",
            "c3dorg_qualisys/Standing_Hybrid_2.c3d",
            "btk_pig_nantes/PiG_Calibration-FlatFoot-Full.c3d",
        )
    }
    opencap = data / "opencap_validation_s4"
    trials["opencap_validation_s4/static1"] = (opencap / "static1.trc", opencap / "static1_grf.mot")
    out = {}
    for name, paths in trials.items():
        ready = _ready(*paths)
        weight = standing_weight(ready)
        note = mass_mismatch(ready.mass_kg, weight)
        out[name] = (ready.mass_kg, weight, note.text if note else "")
    return out


@dataclass(frozen=True)
class LabPlates:
    """What became of the plates of one recording, and how near its forces act to the feet."""

    name: str
    plates: int
    clean: int
    contacts: int
    codes: tuple[str, ...]
    reasons: tuple[str, ...]


def plates_of_labs(shared: Path) -> list[LabPlates]:
    """Return what became of the plates of every shared C3D that has some."""
    data = shared / "data"
    out = []
    for path in sorted(p for p in data.rglob("*") if p.suffix.lower() == ".c3d"):
        try:
            recording = read_recording(path)
        except InputError:
            continue
        notes = recording.notes
        plates: tuple[ForcePlate, ...] = recording.plates
        if not plates and not any(n.code.startswith("plates.") for n in notes):
            continue
        contacts = ()
        try:
            ready = prepare_recording(recording)
        except InputError:
            pass
        else:
            notes, plates = ready.notes, ready.plates
            paths = marker_paths(ready)
            contacts = find_contacts(plates, paths) if paths else ()
        codes = tuple(f"{n.place}: {n.code[7:]}" for n in notes if n.code.startswith("plates.") and n.code not in USUAL)
        reasons = tuple(f"{plates[c.plate].name}: {c.reason}" for c in contacts if c.reason)
        clean = sum(c.is_clean for c in contacts)
        out.append(LabPlates(str(path.relative_to(data)), len(plates), clean, len(contacts), codes, reasons))
    return out


def _ready(*paths: Path) -> Recording:
    return prepare_recording(join_recordings([read_recording(path) for path in paths])[0])


def print_plates(shared: Path) -> None:
    print("Plates against OpenSim's C3D reader, at its instants (centre of pressure above 20 N)")
    for row in plates_against_opensim(shared):
        print(
            f"  {row.walk} {row.plate}: {row.instants} instants, {row.loaded} loaded: force {row.force_n:.1e} N, "
            f"centre of pressure {row.point_mm:.1e} mm, free moment {row.free_moment_nm:.1e} N m"
        )
    print("One plate as type 2 (main sensitivities) and type 4 (whole matrix): largest differences, vertical force")
    for twin in twins(shared):
        print(
            f"  {twin.pair} {twin.plate}: peaks {twin.peak_2_n:.1f} / {twin.peak_4_n:.1f} N, difference "
            f"{twin.force_n:.2f} N = {twin.scale_n:.2f} main sensitivity + {twin.cross_talk_n:.2f} cross talk, "
            f"main sensitivities of Mx and My in the ratio {twin.moment_ratios[0]:.3f}, {twin.moment_ratios[1]:.3f}: "
            f"centre of pressure {twin.point_mm:.2f} mm; "
            f"with the matrix applied to the type 2: {twin.unexplained_n:.3f} N, {twin.unexplained_mm:.3f} mm"
        )
    print(f"Six encodings, against {ENCODINGS[0]}")
    for name, (force, apart) in encodings(shared).items():
        print(f"  {name:14s} force {force:.3g} N, centre of pressure {apart:.3g} mm")
    print("Type 3 with the depth of its origin stated above the surface: median distance from the middle of the foot")
    for name, (ours, theirs) in type_3_under_the_feet(shared).items():
        print(f"  {name}: {ours:.0f} mm; ezc3d {theirs:.0f} mm")
    print("Standing weight")
    for name, (stated, weight, said) in standing_weights(shared).items():
        what = f"{weight.force_n:.1f} N = {weight.mass_kg:.1f} kg" if weight else "nobody stands on plates"
        doubts = f"; {'; '.join(weight.doubts)}" if weight and weight.doubts else ""
        print(f"  {name}: stated {stated or 'none'}, plates {what}{doubts}{' -> ' + said if said else ''}")
    print("What became of the plates of every recording")
    for lab in plates_of_labs(shared):
        print(f"  {lab.name}: {lab.plates} plates, {lab.clean} of {lab.contacts} contacts clean")
        for line in (*lab.codes, *lab.reasons):
            print(f"      {line}")
