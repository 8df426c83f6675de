"""Foot strike and foot off beside force plates and beside the events stored in files, for every shared walk.

    python benchmarks/validation_tables.py events

An event of a method is false if, between the first and the last true event of its foot and kind (half a stride
further on either side), no true one lies within 0.2 of a stride; a true event is missed if the method has none that
near.  Both are counted per 100 strides.  Only schreiber_moissenet had a say in the constants of the methods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kinechain.body.fit import BodySize, fit_body
from kinechain.core.errors import KinechainError
from kinechain.motion.body_paths import foot_paths
from kinechain.motion.events import ChosenEvents, choose_events, find_plate_events
from kinechain.motion.foot_paths import SIDES, FootPaths
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.motion.kinematic_events import find_bonci_events, find_walk, find_zeni_events
from kinechain.motion.marker_paths import marker_paths
from kinechain.motion.smooth import smooth
from kinechain.recording.join import join_plates
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Event, Recording

#: The one set of recordings from which constants of the methods were taken.
CALIBRATED_ON = "schreiber_moissenet"
KINDS = ("foot_strike", "foot_off")


@dataclass(frozen=True)
class Walks:
    """Walks of one laboratory: files of markers, tables of forces to join, and standing trials, by file name."""

    name: str
    files: str
    forces: str = ""
    standing: Callable[[Path], Path | None] = lambda path: None


#: Patterns are relative to the shared folder; {stem} is the name of the marker file without its ending.
WALKS = (
    Walks(CALIBRATED_ON, "data/dev/schreiber_moissenet/*/*_C*.c3d", "", lambda p: p.with_name(f"{p.name[:7]}_ST.c3d")),
    Walks("lab_FMC", "data/dev/lab_FMC/MH0222_BP*.c3d", "", lambda p: p.with_name("MH0222_BP01.c3d")),
    Walks("lab_RBWH", "data/dev/lab_RBWH/bfnd_w*.c3d"),
    Walks("lab_AUC", "data/dev/lab_AUC/CB_Dynamic*.c3d", "", lambda p: p.with_name("CB_Static0001.c3d")),
    Walks(
        "btk_pig_nantes",
        "data/dev/btk_pig_nantes/PiG_Motion*.c3d",
        "",
        lambda p: p.with_name(p.name.replace("Motion", "Calibration")),
    ),
    Walks("c3dorg_motionanalysis", "data/dev/c3dorg_motionanalysis/Walk*.c3d"),
    Walks(
        "c3dorg_qualisys",
        "data/dev/c3dorg_qualisys/[CW]a*[123].c3d",
        "",
        lambda p: p.with_name(f"Standing_Hybrid_{p.name[15]}.c3d") if "Hybrid" in p.name else None,
    ),
    Walks("ezc3d_qualisys_isb", "data/dev/ezc3d_qualisys_isb/*.c3d"),
    Walks("opensim_core_walking", "data/dev/opensim_core_walking/*.c3d"),
    Walks("uwa_fast_walk", "data/dev/uwa_fast_walk/*.c3d"),
    Walks(
        "opencap_validation_s4",
        "data/dev/opencap_validation_s4/walking*.trc",
        "{stem}_grf.mot",
        lambda p: p.with_name("static1.trc"),
    ),
    Walks("bmc_gait_pressure", "data/dev/bmc_gait_pressure/walk*.trc", "{stem}.forces"),
    Walks(
        "rezaie_qtm_running",
        "data/dev/rezaie_qtm_running/gait_*_marker.trc",
        "{stem}_force.mot",
        lambda p: p.with_name("static_1_marker.trc"),
    ),
    Walks(
        "gait2392",
        "models/gait2392/subject01_walk1.trc",
        "{stem}_grf.mot",
        lambda p: p.with_name("subject01_static.trc"),
    ),
    Walks(
        "rajagopal",
        "models/rajagopal/motion_capture_walk.trc",
        "grf_walk.mot",
        lambda p: p.with_name("static_walk_1.trc"),
    ),
)


@dataclass(frozen=True)
class EventRow:
    """How one method tells one kind of event in the walks of one laboratory.

    ``apart_ms`` is method minus truth; ``frames`` the same in frames of the cameras.
    """

    walks: str
    paths: str
    truth: str
    method: str
    kind: str
    apart_ms: tuple[float, ...]
    frames: tuple[float, ...]
    true: int
    false: int
    missed: int


@dataclass(frozen=True, eq=False)
class WalkingTrial:
    """One walk of one laboratory, with the paths of its feet by markers or by a body."""

    walks: str
    name: str
    recording: Recording
    paths: FootPaths


def walking_trials(shared: Path, with_body: bool) -> tuple[list[WalkingTrial], list[str]]:
    """Every shared walk that can be prepared, and a sentence for each file that cannot."""
    trials, refused = [], []
    for walks in WALKS:
        for path in sorted(shared.glob(walks.files)):
            try:
                trial = _trial(walks, path, with_body)
            except KinechainError as error:
                refused.append(f"{walks.name}: {error}")
                continue
            if trial is not None:
                trials.append(trial)
    return trials, refused


def _trial(walks: Walks, path: Path, with_body: bool) -> WalkingTrial | None:
    read = read_recording(path)
    if walks.forces:
        stem = path.stem.removesuffix("_marker")
        read = join_plates(read, read_recording(path.with_name(walks.forces.format(stem=stem))))
    recording = prepare_recording(read)
    if recording.task == "standing":
        return None
    paths = marker_paths(recording)
    if with_body:
        static_path = walks.standing(path)
        static = prepare_recording(read_recording(static_path)) if static_path and static_path.exists() else None
        stated = [r for r in (static, recording) if r is not None]
        mass = next((r.mass_kg for r in stated if r.mass_kg), 70.0)
        height = next((r.height_m for r in stated if r.height_m), None if static else 1.7)
        body = fit_body(BodySize(mass_kg=mass, height_m=height), static=static, recording=recording)
        paths = foot_paths(body, smooth(solve_motion(body, recording)))
    return WalkingTrial(walks.name, path.name, recording, paths) if paths is not None else None


def _methods(trial: WalkingTrial) -> dict[str, tuple[Event, ...]]:
    """Events by each method alone, by movement alone, without the file's, and as they are used."""
    recording, paths = trial.recording, trial.paths
    return {
        "zeni2008": find_zeni_events(paths),
        "bonci2022": find_bonci_events(paths),
        "movement": movement_events(trial),
        "without file": choose_events(replace(recording, events=()), paths).events,
        "as used": chosen(trial).events,
    }


def _truths(trial: WalkingTrial) -> dict[str, list[Event]]:
    """Events of clean plate contacts, and events stored in the file."""
    plates = list(find_plate_events(trial.recording.plates, trial.paths))
    first, last = trial.paths.times_s[[0, -1]]
    return {"plates": plates, "file": [e for e in trial.recording.events if first <= e.time_s <= last]}


def chosen(trial: WalkingTrial) -> ChosenEvents:
    """Events as they are used, with what is said about them."""
    return choose_events(trial.recording, trial.paths)


def movement_events(trial: WalkingTrial) -> tuple[Event, ...]:
    """Events told from the movement alone."""
    return choose_events(replace(trial.recording, plates=(), events=()), trial.paths).events


def true_events(trial: WalkingTrial) -> list[Event]:
    """Events of clean plate contacts and of the file."""
    return [event for some in _truths(trial).values() for event in some]


def event_rows(trials: Iterable[WalkingTrial], paths: str) -> list[EventRow]:
    """Every method beside every truth, per laboratory and kind."""
    rows: dict[tuple[str, str, str, str], EventRow] = {}
    for trial in trials:
        walk = find_walk(trial.paths)
        stride = (walk.stride_s if walk else None) or 1.1
        methods = _methods(trial)
        for truth, true in _truths(trial).items():
            for method, found in methods.items():
                for kind in KINDS:
                    key = (trial.walks, truth, method, kind)
                    row = rows.get(key, EventRow(trial.walks, paths, truth, method, kind, (), (), 0, 0, 0))
                    rows[key] = _with_trial(row, trial, true, found, stride)
    return [row for row in rows.values() if row.true]


def _with_trial(
    row: EventRow, trial: WalkingTrial, true: Sequence[Event], found: Sequence[Event], stride_s: float
) -> EventRow:
    apart: list[float] = []
    count = false = missed = 0
    for side in SIDES:
        wanted = np.array([e.time_s for e in true if (e.kind, e.side) == (row.kind, side)])
        told = np.array([e.time_s for e in found if (e.kind, e.side) == (row.kind, side)])
        if not len(wanted):
            continue
        count += len(wanted)
        for time in wanted:
            near = told[np.abs(told - time) <= 0.2 * stride_s] - time
            missed += not len(near)
            apart += [1000 * float(near[np.argmin(np.abs(near))])] if len(near) else []
        known = told[(told > wanted.min() - 0.5 * stride_s) & (told < wanted.max() + 0.5 * stride_s)]
        false += sum(bool((np.abs(wanted - time) > 0.2 * stride_s).all()) for time in known)
    frames = tuple(ms * trial.paths.rate_hz / 1000 for ms in apart)
    return replace(
        row,
        apart_ms=(*row.apart_ms, *apart),
        frames=(*row.frames, *frames),
        true=row.true + count,
        false=row.false + false,
        missed=row.missed + missed,
    )


def together(rows: Iterable[EventRow], *, held_out: bool = False, **wanted: str) -> EventRow:
    """Add up rows, of every laboratory or of those that had no say in the constants."""
    some = [r for r in rows if all(getattr(r, k) == v for k, v in wanted.items())]
    some = [r for r in some if not (held_out and r.walks == CALIBRATED_ON)]
    first = some[0]
    return replace(
        first,
        walks="held out" if held_out else "all",
        apart_ms=tuple(x for r in some for x in r.apart_ms),
        frames=tuple(x for r in some for x in r.frames),
        true=sum(r.true for r in some),
        false=sum(r.false for r in some),
        missed=sum(r.missed for r in some),
    )


def _line(row: EventRow) -> str:
    figures = "no event in common"
    if row.apart_ms:
        low, middle, high = np.percentile(row.apart_ms, [25, 50, 75])
        size = np.median(np.abs(row.apart_ms))
        figures = f"{middle:+4.0f} [{low:+4.0f} {high:+4.0f}] ms, off by {size:3.0f} ms, {len(row.apart_ms):3d} events"
    return (
        f"{row.walks:21s} {row.truth:6s} {row.method:12s} {row.kind:11s} {figures}; per 100 strides "
        f"{100 * row.false / row.true:.0f} false, {100 * row.missed / row.true:.0f} missed"
    )


def print_events(shared: Path) -> None:
    """Print medians [quartiles] of method minus truth, the median of their size, and false and missed events."""
    for name, with_body in (("markers alone", False), ("the fitted body", True)):
        trials, refused = walking_trials(shared, with_body)
        rows = event_rows(trials, name)
        print(f"Events by {name}; constants from {CALIBRATED_ON}, every other row is held out")
        told = {(r.walks, r.truth, r.kind): r.apart_ms for r in rows if r.method == "bonci2022"}
        for row in rows:
            is_other = row.method == "movement" and row.apart_ms != told[row.walks, row.truth, row.kind]
            if row.method in ("zeni2008", "bonci2022") or is_other or (row.truth == "file" and row.method == "as used"):
                print(_line(row))
        for held_out in (False, True):
            for truth in ("plates", "file"):
                for method in ("zeni2008", "bonci2022", "movement", "without file"):
                    if (truth, method) != ("plates", "without file"):
                        for kind in KINDS:
                            print(_line(together(rows, held_out=held_out, truth=truth, method=method, kind=kind)))
        for sentence in refused:
            print(f"refused: {sentence}")
        print()
