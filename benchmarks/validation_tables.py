"""Motion against other people's results: prints the tables that the validation tests judge.

    python benchmarks/validation_tables.py [schreiber|opencap|plug_in_gait|gaps|tracking|events|plates]...

Needs the shared recordings beside the checkout (or KINECHAIN_SHARED).
"""

from __future__ import annotations

import csv
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from event_tables import print_events
from force_plate_tables import print_plates
from tracking_tables import print_gaps, print_tracking

from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.findings.part import is_foot_flat
from kinechain.motion.angles import compute_angles
from kinechain.motion.body_paths import foot_paths
from kinechain.motion.events import choose_events
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.motion.motion import Angles, Motion
from kinechain.motion.smooth import smooth
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.motion.weight import body_weight_from_plates
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording, Series, Side
from kinechain.recording.still import keep_still_part

SIDES: tuple[Side, ...] = ("left", "right")


def shared_folder() -> Path:
    return Path(os.environ.get("KINECHAIN_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def prepared(path: Path) -> Recording:
    return prepare_recording(read_recording(path))


def root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt(np.nanmean(np.square(values))))


# --- schreiber_moissenet -------------------------------------------------------------------------


@dataclass(frozen=True)
class SchreiberTrial:
    """One walking trial: strides, mass by the law of impulse, event agreement, distance from the supplied angles."""

    name: str
    speed_m_s: float
    strides: int
    mass_ratio: float | None
    agreements: tuple
    rms_deg: dict[str, float]
    clinical_rms_deg: dict[str, float]
    clinical_shift_deg: dict[str, float]


#: Supplied column, our coordinate, our clinical angle.
REFERENCE_ANGLES = (
    ("hip_flexion", "hip_flexion", "hip_flexion"),
    ("knee_angle", "knee_flexion", "knee_flexion"),
    ("ankle_angle", "ankle_dorsiflexion", "ankle_dorsiflexion"),
)


def schreiber_people(shared: Path) -> list[tuple[str, BodySize]]:
    folder = shared / "data/dev/schreiber_moissenet"
    with (folder / "anthropometrics.csv").open() as file:
        rows = {row["subjectID"]: row for row in csv.DictReader(file)}
    return [
        (
            path.name,
            BodySize(
                mass_kg=float(rows[path.name]["mass"]),
                height_m=float(rows[path.name]["height"]),
                sex="male" if rows[path.name]["gender"] == "M" else "female",
            ),
        )
        for path in sorted(folder.iterdir())
        if path.is_dir()
    ]


def schreiber_trials(shared: Path) -> list[SchreiberTrial]:
    out = []
    for person, size in schreiber_people(shared):
        folder = shared / "data/dev/schreiber_moissenet" / person
        static = prepared(folder / f"{person}_ST.c3d")
        walks = [prepared(path) for path in sorted(folder.glob(f"{person}_C*.c3d"))]
        body = fit_body(size, static=static, recording=walks[0])
        for walk in walks:
            out.append(_schreiber_trial(body, size, walk, folder))
    return out


def _schreiber_trial(body: Body, size: BodySize, walk: Recording, folder: Path) -> SchreiberTrial:
    trial = analyze_gait(body, walk)
    paths = foot_paths(body, trial.motion)
    weight = body_weight_from_plates(walk, paths)
    speed = np.median([np.linalg.norm(np.diff(paths.pelvis[[0, -1]], axis=0)) / (len(paths.pelvis) / paths.rate_hz)])
    reference = folder / f"{walk.name.removesuffix('.c3d').split('_', 1)[1]}_ik.mot"
    rms: dict[str, float] = {}
    clinical: dict[str, float] = {}
    shift: dict[str, float] = {}
    if reference.exists():
        table = read_recording(reference).series
        rms, clinical, shift = against_opensim(trial.motion, trial.angles, table)
    ratio = weight.ratio(size.mass_kg) if weight else None
    chosen = choose_events(walk, paths)
    return SchreiberTrial(
        walk.name, float(speed), len(trial.cycles), ratio, chosen.agreements, rms, clinical, shift
    )  # fmt: skip


def against_opensim(
    motion: Motion, angles: Angles, table: Series
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """RMS distance, deg, of our coordinates and of our clinical angles (mean shift removed) from an OpenSim table."""
    rms, clinical, shift = {}, {}, {}
    for theirs, coordinate, angle in REFERENCE_ANGLES:
        for side in SIDES:
            s = side[0]
            wanted = in_degrees(table, f"{theirs}_{s}")
            times = table.times_s
            ours = np.degrees(np.interp(times, motion.times_s, motion.coordinate(f"{coordinate}_{s}")))
            named = np.degrees(np.interp(times, angles.times_s, angles.angle(f"{angle}_{side}")))
            rms[f"{angle}_{side}"] = root_mean_square(ours - wanted)
            shift[f"{angle}_{side}"] = float(np.nanmean(named - wanted))
            clinical[f"{angle}_{side}"] = root_mean_square(named - wanted)
    return rms, clinical, shift


def in_degrees(table: Series, label: str) -> np.ndarray:
    values = table.column(label)
    unit = table.units[table.labels.index(label)]
    return np.degrees(values) if unit == "rad" else values


def print_schreiber(shared: Path) -> None:
    trials = schreiber_trials(shared)
    print("schreiber_moissenet: strides, mass by left + right stance impulse over stride time, angles against *_ik.mot")
    print(
        f"{'trial':22s} m/s  n  mass   RMS deg of coordinates: hip l r  knee l r  ankle l r | shift of clinical angles"
    )
    for t in trials:
        ratio = f"{t.mass_ratio:5.3f}" if t.mass_ratio else "  -  "
        numbers = " ".join(f"{v:5.1f}" for v in t.rms_deg.values())
        shifts = " ".join(f"{v:5.1f}" for v in t.clinical_shift_deg.values())
        print(f"{t.name:22s} {t.speed_m_s:4.2f} {t.strides:2d} {ratio}  {numbers} | {shifts}")
    ratios = [t.mass_ratio for t in trials if t.mass_ratio]
    print(
        f"mass ratio: median {np.median(ratios):.4f}, from {min(ratios):.3f} to {max(ratios):.3f}, {len(ratios)} trials"
    )
    for joint in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion"):
        for name, part in (("coordinate", "rms_deg"), ("clinical", "clinical_rms_deg")):
            values = [v for t in trials for k, v in getattr(t, part).items() if k.startswith(joint)]
            print(
                f"{joint} {name}: RMS median {np.median(values):.1f}, worst {max(values):.1f} deg, {len(values)} limbs"
            )
    print_agreement([a for t in trials for a in t.agreements])


def print_agreement(agreements: list) -> None:
    seen: dict[tuple[str, str, str], list[float]] = {}
    for a in agreements:
        seen.setdefault((a.kind, a.first, a.second), []).append(a.median_ms)
    for (kind, first, second), values in sorted(seen.items()):
        print(
            f"{kind:12s} {second:10s} from {first:9s}: median {np.median(values):+5.0f} ms, "
            f"from {min(values):+.0f} to {max(values):+.0f}, {len(values)} trials"
        )


# --- opencap_validation_s4 ----------------------------------------------------------------------

OPENCAP_KINDS = {"walking": "natural", "walkingTI": "toe-in", "walkingTO": "toe-out", "walkingTS": "trunk-sway"}


@dataclass(frozen=True)
class OpencapTrial:
    """One trial: what the person was told to do, what we measure, distance from the expert's angles.

    The trials hold one step of each foot and so no full stride: angles are taken over the frames in which the whole
    foot rests on the floor.
    """

    name: str
    kind: str
    foot_progression_deg: dict[str, float]
    trunk_lean_range_deg: float
    rms_deg: dict[str, float]


def opencap_trials(shared: Path) -> list[OpencapTrial]:
    folder = shared / "data/dev/opencap_validation_s4"
    static = prepared(folder / "static1.trc")
    walks = [prepared(p) for p in sorted(folder.glob("walking*.trc"))]
    body = fit_body(BodySize(mass_kg=60.0), static=static, recording=walks[0])
    out = []
    for walk in walks:
        motion = smooth(solve_motion(body, walk))
        angles = compute_angles(body, motion)
        paths = foot_paths(body, motion)
        table = read_recording(folder / walk.name.replace(".trc", "_manual_scaling_ik.mot")).series
        rms, _, _ = against_opensim(motion, angles, table)
        stem = walk.name.removesuffix(".trc").rstrip("0123456789")
        progression = {}
        for side in SIDES:
            flat = is_foot_flat(paths, side)
            progression[side] = float(np.degrees(np.nanmean(angles.angle(f"foot_progression_{side}")[flat])))
        lean = float(np.ptp(np.degrees(angles.angle("trunk_lean_left"))))
        out.append(OpencapTrial(walk.name, OPENCAP_KINDS[stem], progression, lean, rms))
    return out


def print_opencap(shared: Path) -> None:
    trials = opencap_trials(shared)
    print(
        "opencap_validation_s4: foot progression with the foot flat (toe-in +), range of trunk lean, RMS to expert IK"
    )
    for t in trials:
        numbers = " ".join(f"{v:5.1f}" for v in t.rms_deg.values())
        left, right = (t.foot_progression_deg[side] for side in SIDES)
        print(
            f"{t.name:16s} {t.kind:11s} progression left {left:6.1f} right {right:6.1f} deg, "
            f"lean range {t.trunk_lean_range_deg:5.1f} deg | hip knee ankle {numbers}"
        )
    values = [v for t in trials for v in t.rms_deg.values()]
    print(f"joint angles: RMS median {np.median(values):.1f}, worst {max(values):.1f} deg, {len(values)} curves")


# --- Plug-in Gait -------------------------------------------------------------------------------


@dataclass(frozen=True)
class StoredAngle:
    """One stored Plug-in Gait angle beside ours, over the frames of our strides; static is '' without one."""

    trial: str
    static: str
    angle: str
    correlation: float
    rms_deg: float
    shift_deg: float


#: Stored label, component, our angle and the factor that turns the stored sign into ours.
STORED = (
    ("HipAngles", 0, "hip_flexion"),
    ("KneeAngles", 0, "knee_flexion"),
    ("AnkleAngles", 0, "ankle_dorsiflexion"),
    ("HipAngles", 1, "hip_adduction"),
    ("HipAngles", 2, "hip_rotation"),
    ("PelvisAngles", 0, "pelvis_tilt"),
    ("PelvisAngles", 1, "pelvis_obliquity"),
    ("PelvisAngles", 2, "pelvis_rotation"),
    ("FootProgressAngles", 2, "foot_progression"),
)
PLUG_IN_GAIT = (
    ("lab_FMC/MH0222_BP01.c3d", ("lab_FMC/MH0222_BP06.c3d", "lab_FMC/MH0222_BP15.c3d")),
    ("lab_FMC/MH0222_BP08.c3d", ("lab_FMC/MH0222_BP06.c3d", "lab_FMC/MH0222_BP15.c3d")),
    ("lab_RBWH/Cal_01.c3d", ("lab_RBWH/bfnd_w1.c3d",)),
    ("btk_pig_nantes/PiG_Calibration3_FF.c3d", ("btk_pig_nantes/PiG_Motion3_FF.c3d",)),
    ("btk_pig_nantes/PiG_Calibration3_noFF.c3d", ("btk_pig_nantes/PiG_Motion3_noFF.c3d",)),
    ("btk_pig_nantes/PiG_Calibration-FlatFoot-Full.c3d", ("btk_pig_nantes/PiG_Motion-FlatFoot-Full.c3d",)),
)


def plug_in_gait_angles(shared: Path) -> tuple[list[StoredAngle], list]:
    """Return every stored angle beside ours: each walk with each of its statics, and once without."""
    out: list[StoredAngle] = []
    agreements: list = []
    alone: set[str] = set()
    for static_path, walk_paths in PLUG_IN_GAIT:
        static = keep_still_part(prepared(shared / "data/dev" / static_path))
        for path in walk_paths:
            walk = prepared(shared / "data/dev" / path)
            for standing in (static, None) if path not in alone else (static,):
                body, trial = plug_in_gait_trial(standing, walk)
                out += stored_beside_ours(trial, static.name if standing else "")
                agreements += choose_events(walk, foot_paths(body, trial.motion)).agreements
            alone.add(path)
    return out, agreements


def plug_in_gait_trial(static: Recording | None, walk: Recording) -> tuple[Body, GaitTrial]:
    size = BodySize(
        mass_kg=(static and static.mass_kg) or walk.mass_kg, height_m=(static and static.height_m) or walk.height_m
    )
    body = fit_body(size, static=static, recording=walk)
    return body, analyze_gait(body, walk)


def stored_beside_ours(trial: GaitTrial, static: str) -> list[StoredAngle]:
    stored = trial.recording.outputs
    out = []
    for name, component, angle in STORED:
        for side in SIDES:
            label = find_output(stored, side[0].upper() + name, component)
            cycles = [c for c in trial.cycles if c.side == side]
            if label is None or not cycles:
                continue
            first, last = min(c.start_s for c in cycles), max(c.end_s for c in cycles)
            inside = (trial.angles.times_s >= first) & (trial.angles.times_s <= last)
            times = trial.angles.times_s[inside]
            theirs = np.interp(times, stored.times_s, stored.column(label))
            ours = np.degrees(trial.angles.angle(f"{angle}_{side}")[inside])
            good = np.isfinite(theirs) & np.isfinite(ours)
            if good.sum() < 20:
                continue
            apart = ours[good] - theirs[good]
            out.append(
                StoredAngle(
                    trial.recording.name,
                    static,
                    f"{angle}_{side}",
                    float(np.corrcoef(ours[good], theirs[good])[0, 1]),
                    float(apart.std()),
                    float(apart.mean()),
                )
            )
    return out


def find_output(stored: Series | None, name: str, component: int) -> str | None:
    if stored is None:
        return None
    for label in stored.labels:
        stem, _, axis = label.rpartition(".")
        stem = stem.rpartition(":")[2]
        if stem in (name, name + "V") and axis == "xyz"[component]:
            return label
    return None


def print_plug_in_gait(shared: Path) -> None:
    rows, agreements = plug_in_gait_angles(shared)
    print(
        "Plug-in Gait angles stored in the file beside ours: correlation, RMS without the mean, mean of ours - theirs"
    )
    for row in rows:
        print(
            f"{row.trial:28s} static {row.static or 'none':32s} {row.angle:26s} r {row.correlation:5.2f}  "
            f"RMS {row.rms_deg:5.1f}  shift {row.shift_deg:6.1f}"
        )
    for angle in dict.fromkeys(r.angle.rpartition("_")[0] for r in rows):
        for is_static in (True, False):
            own = [r for r in rows if r.angle.startswith(angle) and bool(r.static) == is_static]
            r, rms = [o.correlation for o in own], [o.rms_deg for o in own]
            print(
                f"{angle:20s} {'with' if is_static else 'without'} static: median r {np.median(r):.3f}, "
                f"least {min(r):.2f}, median RMS {np.median(rms):.1f}, worst {max(rms):.1f} deg"
            )
    print_agreement(agreements)


TABLES = {
    "schreiber": print_schreiber,
    "opencap": print_opencap,
    "plug_in_gait": print_plug_in_gait,
    "gaps": print_gaps,
    "tracking": print_tracking,
    "events": print_events,
    "plates": print_plates,
}

if __name__ == "__main__":
    for choice in sys.argv[1:] or list(TABLES):
        TABLES[choice](shared_folder())
        print()
