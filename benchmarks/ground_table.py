"""Hidden plates: the ground reaction predicted from the movement beside what the plates measured.

    python benchmarks/ground_table.py [schreiber|opencap] [--calibrate]

Every walking trial of schreiber_moissenet (16) and opencap_validation_s4 (12).  The prediction sees neither plates nor
stored events.  Compared are the stances that a plate shows whole or in part under one foot alone, frame by frame, per
foot, in body weights of the stated mass (opencap: what the person weighs standing on plates).  Constants were chosen on
2014001 and 2014004; all other people are held out.  --calibrate prints the curves of the calibration trials from which
`TRAILING_SHARE`, `PROGRESS_ALONG`, `PROGRESS_OUTWARD` and `LEAN` were taken.

Needs the shared recordings beside the checkout (or KINECHAIN_SHARED).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.ground import ground_reaction, movement_events
from kinechain.loads.loads import GroundReaction, LoadSettings
from kinechain.loads.measured_ground import MeasuredFoot, measured_foot, usable_contacts
from kinechain.loads.whole_body import ground_demand
from kinechain.motion.body_paths import foot_paths
from kinechain.motion.contacts import find_contacts
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.motion.weight import standing_weight
from kinechain.recording.join import join_recordings
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording, Side

SIDES: tuple[Side, Side] = ("right", "left")
CALIBRATION = ("2014001", "2014004")
CLASSES = {"_C1_": "very slow", "_C3_": "slow", "_C4_": "preferred", "_C5_": "fast"}
#: Shortest contact that counts as a stance here, s; a shorter one is cut off by the recording.
SHORTEST_S = 0.4
PHASES = ("first double", "single", "second double")


@dataclass(frozen=True)
class Row:
    """One trial: agreement over all its measured stances; forces in % of body weight, centre in mm."""

    name: str
    kind: str
    speed_m_s: float
    correlation: float
    rms: dict[str, np.ndarray]
    phases: np.ndarray
    centre_mm: float
    weight_percent: float
    late_ms: float
    impulse: float
    stances: int = field(default=0)


def shared_folder() -> Path:
    return Path(os.environ.get("KINECHAIN_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def schreiber(shared: Path) -> Iterator[tuple[Body, Recording]]:
    from validation_tables import prepared, schreiber_people

    for person, size in schreiber_people(shared):
        folder = shared / "data/dev/schreiber_moissenet" / person
        static = prepared(folder / f"{person}_ST.c3d")
        walks = [prepared(path) for path in sorted(folder.glob(f"{person}_C*.c3d"))]
        body = fit_body(size, static=static, recording=walks[0])
        yield from ((body, walk) for walk in walks)


def opencap(shared: Path) -> Iterator[tuple[Body, Recording]]:
    folder = shared / "data/dev/opencap_validation_s4"

    def joined(stem: str) -> Recording:
        files = (read_recording(folder / f"{stem}.trc"), read_recording(folder / f"{stem}_grf.mot"))
        return prepare_recording(join_recordings(files)[0])

    static = joined("static1")
    weight = standing_weight(static)
    walks = [joined(path.stem) for path in sorted(folder.glob("walking*.trc"))]
    body = fit_body(BodySize(mass_kg=weight.mass_kg), static=static, recording=walks[0])
    yield from ((body, walk) for walk in walks)


SETS: dict[str, Callable[[Path], Iterator[tuple[Body, Recording]]]] = {"schreiber": schreiber, "opencap": opencap}


def compare(body: Body, walk: Recording, scale_plates: bool = False) -> Row:
    """Return how the prediction for one trial agrees with its plates, these scaled to the stated mass if asked."""
    trial = analyze_gait(body, walk, least_cycles=0)
    predicted = ground_reaction(body, trial, LoadSettings(ground="predicted"))
    weight = body.mass_kg * GRAVITY_M_S2
    raw, filtered = plates_of(body, trial, None), plates_of(body, trial, 6.0)
    overread, late = plates_against_motion(body, trial, predicted, raw)
    factor = 1.0 / (1.0 + overread) if scale_plates else 1.0
    parts = [
        (foot, raw[foot.side].force * factor, filtered[foot.side].force * factor, raw[foot.side].centre, rows, part)
        for foot in predicted.feet
        for rows, part in stances(trial, predicted, raw[foot.side])
    ]
    unfiltered = np.concatenate([(f.force[rows] - one[rows]) / weight * 100 for f, one, _, _, rows, _ in parts])
    alike = np.concatenate([(f.force[rows] - two[rows]) / weight * 100 for f, _, two, _, rows, _ in parts])
    pair = np.concatenate([np.column_stack([f.force[rows, 2], one[rows, 2]]) for f, one, _, _, rows, _ in parts])
    phase = np.concatenate([part for *_, part in parts])
    centre = np.concatenate([(f.centre_of_pressure[rows] - c[rows])[:, :2] for f, _, _, c, rows, _ in parts])
    single = centre[(phase == 1) & np.isfinite(centre).all(axis=1)]
    return Row(
        walk.name,
        next((word for key, word in CLASSES.items() if key in walk.name), "natural"),
        speed(body, trial),
        float(np.corrcoef(pair.T)[0, 1]),
        {"unfiltered": rms(unfiltered), "filtered": rms(alike)},
        np.array([rms(unfiltered[phase == k]) for k in range(3)]),
        float(np.sqrt((single**2).sum(axis=1).mean()) * 1e3),
        overread * 100,
        late * 1e3,
        stride_impulse(trial, predicted, weight),
        len(parts),
    )


def rms(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean(values**2, axis=0)) if len(values) else np.full(values.shape[1:], np.nan)


def plates_of(body: Body, trial: GaitTrial, cutoff_hz: float | None) -> dict[Side, MeasuredFoot]:
    paths = foot_paths(body, trial.motion)
    plates = trial.recording.plates
    contacts = [c for c in find_contacts(plates, paths) if c.end_s - c.start_s > SHORTEST_S]
    return {
        side: measured_foot(side, usable_contacts(contacts, plates, paths, side), plates, trial.motion, cutoff_hz)
        for side in SIDES
    }


def stances(trial: GaitTrial, predicted: GroundReaction, foot: MeasuredFoot) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the frames of every measured stance and the phase of each: the other foot down before, not, or after."""
    times = trial.motion.times_s
    other = predicted.foot("left" if foot.side == "right" else "right").force[:, 2]
    for contact in foot.contacts:
        inside = (times >= contact.start_s) & (times <= contact.end_s) & np.isfinite(other)
        rows = np.flatnonzero(inside)
        early = times[rows] < 0.5 * (contact.start_s + contact.end_s)
        yield rows, np.where(other[rows] > 0, np.where(early, 0, 2), 1)


def plates_against_motion(
    body: Body, trial: GaitTrial, predicted: GroundReaction, measured: dict[Side, MeasuredFoot]
) -> tuple[float, float]:
    """Return by which part of body weight plates weigh more than mass times acceleration in single support, and by how
    many seconds their force comes later."""
    demand = ground_demand(body, trial.motion)
    times, weight = trial.motion.times_s, demand.mass_kg * GRAVITY_M_S2
    more, errors = [], {shift: [] for shift in np.arange(-0.04, 0.0401, 0.004)}
    for side, other in (("right", "left"), ("left", "right")):
        alone = (predicted.foot(side).force[:, 2] > 0) & ~(predicted.foot(other).force[:, 2] > 0)
        alone &= measured[side].force[:, 2] > 0.3 * weight
        apart = (measured[side].force - demand.force)[alone, 2] / weight
        more += apart.tolist()
        for shift in errors:
            moved = np.interp(times - shift, times, demand.force[:, 2])
            errors[shift] += ((measured[side].force[alone, 2] - moved[alone]) / weight).tolist()
    late = min(errors, key=lambda shift: np.std(errors[shift]))
    return float(np.mean(more)), float(late)


def stride_impulse(trial: GaitTrial, predicted: GroundReaction, weight: float) -> float:
    """Return the mean vertical force of both feet over the strides, in body weights; NaN without a stride."""
    total = sum(foot.force[:, 2] for foot in predicted.feet)
    times = trial.motion.times_s
    means = [
        np.trapezoid(total[inside], times[inside]) / (times[inside][-1] - times[inside][0])
        for cycle in trial.cycles
        if (inside := (times >= cycle.start_s) & (times <= cycle.end_s)).any()
    ]
    return float(np.mean(means) / weight) if means else float("nan")


def speed(body: Body, trial: GaitTrial) -> float:
    pelvis = foot_paths(body, trial.motion).pelvis[:, :2]
    return float(np.linalg.norm(pelvis[-1] - pelvis[0]) * trial.motion.rate_hz / (len(pelvis) - 1))


HEADER = (
    f"{'trial':20} {'speed':9}  m/s |  r up | RMSE % body weight: up fore side (filtered up fore side) | "
    "up by phase: 1st double, single, 2nd | fore by phase   | CoP mm | plates weigh % more, ms late | stride"
)


def print_rows(rows: list[Row]) -> None:
    print(HEADER)
    for row in rows:
        one, two = row.rms["unfiltered"], row.rms["filtered"]
        print(
            f"{row.name:20} {row.kind:9} {row.speed_m_s:4.2f} | {row.correlation:.3f} | "
            f"{one[2]:5.1f} {one[0]:4.1f} {one[1]:4.1f} ({two[2]:5.1f} {two[0]:4.1f} {two[1]:4.1f}) | "
            f"{row.phases[0, 2]:5.1f} {row.phases[1, 2]:5.1f} {row.phases[2, 2]:5.1f} | "
            f"{row.phases[0, 0]:4.1f} {row.phases[1, 0]:4.1f} {row.phases[2, 0]:4.1f} | {row.centre_mm:5.0f} | "
            f"{row.weight_percent:+5.1f} {row.late_ms:+4.0f} | {row.impulse:.3f}"
        )


def print_medians(rows: list[Row], title: str) -> None:
    groups: dict[str, list[Row]] = {
        "all": rows,
        "calibration": [r for r in rows if r.name.startswith(CALIBRATION)],
        "held out": [r for r in rows if not r.name.startswith(CALIBRATION)],
    }
    for kind in ("very slow", "slow", "preferred", "natural", "fast"):
        groups[kind] = [r for r in rows if r.kind == kind]
    groups["preferred, natural, fast"] = [r for r in rows if r.kind in ("preferred", "natural", "fast")]
    print(f"\nMedians, {title}")
    for name, members in groups.items():
        if members:
            one = np.median([r.rms["unfiltered"] for r in members], axis=0)
            two = np.median([r.rms["filtered"] for r in members], axis=0)
            up, fore = (np.nanmedian([r.phases[:, k] for r in members], axis=0) for k in (2, 0))
            print(
                f"{name:25} {len(members):2d} trials | r {np.median([r.correlation for r in members]):.3f} | "
                f"up {one[2]:4.1f} fore {one[0]:4.1f} side {one[1]:4.1f} % (filtered {two[2]:4.1f} {two[0]:4.1f} "
                f"{two[1]:4.1f}) | up by phase {up[0]:4.1f} {up[1]:4.1f} {up[2]:4.1f} | fore {fore[0]:4.1f} "
                f"{fore[1]:4.1f} {fore[2]:4.1f} | CoP {np.median([r.centre_mm for r in members]):3.0f} mm"
            )


def print_verdict(rows: list[Row]) -> None:
    brisk = [r for r in rows if r.kind in ("preferred", "natural", "fast")]
    up = np.median([r.rms["unfiltered"][2] for r in rows])
    fore = np.median([r.rms["unfiltered"][0] for r in brisk])
    checks = (
        ("vertical r", np.median([r.correlation for r in rows]), 0.98, 1),
        ("vertical RMSE, % body weight", up, 6.0, -1),
        ("fore and aft RMSE, preferred and fast, % body weight", fore, 4.0, -1),
        ("centre of pressure in single support, mm", np.median([r.centre_mm for r in rows]), 25.0, -1),
    )
    for name, value, limit, sign in checks:
        verdict = "met" if sign * (value - limit) >= 0 else "MISSED"
        print(f"{name:55} {value:7.3f}  wanted {'>=' if sign > 0 else '<='} {limit:g}: {verdict}")


def calibrate(shared: Path) -> None:
    """Print what the constants of the prediction were taken from."""
    along, outward, shares, leans = [], [], [], []
    grid = np.linspace(0.0, 1.0, 11)
    for body, walk in schreiber(shared):
        if not walk.name.startswith(CALIBRATION):
            continue
        trial = analyze_gait(body, walk, least_cycles=0)
        raw = plates_of(body, trial, None)
        if "_C1_" not in walk.name:
            for side in SIDES:
                for one, two in progress(body, trial, raw[side], grid):
                    along.append(one)
                    outward.append(two)
        for share, lean in passing(body, trial, raw, grid):
            shares.append(share)
            leans.append(lean)
    for name, values in (("along", along), ("outward", outward), ("trailing share", shares)):
        print(f"{name:15} median {np.round(np.median(values, axis=0), 3)}")
        print(f"{'':15} spread {np.round(np.std(values, axis=0), 3)} of {len(values)}")
    print(f"lean: median {np.median(leans):.2f} of {np.round(leans, 2)}")


def progress(
    body: Body, trial: GaitTrial, foot: MeasuredFoot, grid: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the course of the centre of pressure along and outward of the flat foot, parts of its length."""
    paths, times = foot_paths(body, trial.motion), trial.motion.times_s
    for contact in foot.contacts:
        if not contact.is_whole:
            continue
        rows = np.flatnonzero((times >= contact.start_s) & (times <= contact.end_s) & np.isfinite(foot.centre[:, 0]))
        flat = rows[int(0.35 * len(rows))]
        heel, ball, tip = (p[foot.side][flat, :2] for p in (paths.heel, paths.forefoot, paths.hallux))
        length = np.linalg.norm(tip - heel)
        ahead = (ball - heel) / np.linalg.norm(ball - heel)
        aside = np.array([ahead[1], -ahead[0]]) * (1 if foot.side == "right" else -1)
        part = (times[rows] - contact.start_s) / (contact.end_s - contact.start_s)
        apart = (foot.centre[rows, :2] - heel) / length
        yield np.interp(grid, part, apart @ ahead), np.interp(grid, part, apart @ aside)


def passing(
    body: Body, trial: GaitTrial, raw: dict[Side, MeasuredFoot], grid: np.ndarray
) -> Iterator[tuple[np.ndarray, float]]:
    """Yield the share of the trailing foot through every measured double support, and how much the forces lean."""
    times, demand = trial.motion.times_s, ground_demand(body, trial.motion)
    events = movement_events(trial.recording, foot_paths(body, trial.motion))
    for trail, lead in (("right", "left"), ("left", "right")):
        for strike in (e.time_s for e in events if (e.kind, e.side) == ("foot_strike", lead)):
            offs = [e.time_s for e in events if (e.kind, e.side) == ("foot_off", trail) and e.time_s > strike]
            if not offs or not shows_both(raw[trail], raw[lead], strike, offs[0]):
                continue
            part = (times - strike) / (offs[0] - strike)
            one, two = raw[trail], raw[lead]
            share = one.force[:, 2] / np.maximum(one.force[:, 2] + two.force[:, 2], 1.0)
            near, middle = np.abs(part - 0.5) < 0.8, np.abs(part - 0.5) < 0.25
            with np.errstate(invalid="ignore", divide="ignore"):
                shear = (one.force / one.force[:, 2:] - two.force / two.force[:, 2:])[middle, 0]
            apart = (two.centre - one.centre)[middle, 0] / demand.centre_of_mass[middle, 2]
            yield np.interp(grid, part[near], share[near]), float(np.nanmedian(shear / apart))


def shows_both(one: MeasuredFoot, two: MeasuredFoot, start_s: float, end_s: float) -> bool:
    """Tell whether plates show the trailing foot going and the leading foot coming in a double support."""
    return any(abs(c.end_s - end_s) < 0.2 for c in one.contacts) and any(
        abs(c.start_s - start_s) < 0.1 for c in two.contacts
    )


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", choices=[*SETS, []], default=[])
    parser.add_argument("--calibrate", action="store_true")
    options = parser.parse_args(arguments)
    shared = shared_folder()
    if options.calibrate:
        calibrate(shared)
        return
    trials = [pair for name in options.sets or SETS for pair in SETS[name](shared)]
    rows = [compare(body, walk) for body, walk in trials]
    print_rows(rows)
    print_medians(rows, "plates as they are")
    print_verdict(rows)
    scaled = [compare(body, walk, scale_plates=True) for body, walk in trials]
    print_medians(scaled, "plates of each trial scaled to the stated mass (what they weigh more is taken off)")
    print_verdict(scaled)


if __name__ == "__main__":
    main(sys.argv[1:])
