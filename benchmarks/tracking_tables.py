"""How well gaps are filled and tracking faults found: artificial gaps and faults in real trajectories.

    python benchmarks/validation_tables.py gaps tracking

Both are seeded.  Faults go into trials from which the faults they came with have been taken first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinechain.core.errors import KinechainError
from kinechain.recording.gaps import METHODS, Carriers, GapMethod, fill_gap, fill_gaps
from kinechain.recording.jolts import find_jolts
from kinechain.recording.profile_choice import choose_profile
from kinechain.recording.profiles import segment_of
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Note
from kinechain.recording.tracking import without_tracking_faults

GAP_MS = (50, 100, 200, 300, 500)
#: Frames of these trials hardly move, so every method is right in them.
STILL = ("static", "Static", "_ST", "Cal", "Stand")


@dataclass(frozen=True)
class Trial:
    """Marker trajectories with the segments of their markers."""

    name: str
    labels: tuple[str, ...]
    positions: np.ndarray
    segments: dict[int, str]
    rate_hz: float


def moving_trials(shared: Path) -> Iterator[Trial]:
    """Read every trial of movement of the development data, as measured."""
    folder = shared / "data/dev"
    for path in sorted([*folder.glob("**/*.c3d"), *folder.glob("**/*.trc")]):
        if any(word in path.name for word in STILL):
            continue
        try:
            markers = read_recording(path).require_markers()
            match = choose_profile(markers.labels, None, path.name, markers.positions).match
        except KinechainError:
            continue
        segments = {markers.labels.index(label): segment_of(name) for label, name in match.landmarks}
        seen = np.isfinite(markers.positions[:, :, 0]).any(axis=0)
        segments = {m: s for m, s in segments.items() if seen[m]}
        if len(markers.positions) >= 60:
            yield Trial(path.name, markers.labels, np.array(markers.positions), segments, markers.rate_hz)


# --- gaps ------------------------------------------------------------------------------------------


def gap_errors(shared: Path, per_length: int = 60, seed: int = 1) -> dict[tuple[str, int], np.ndarray]:
    """Distance from the truth in the worst frame, m, of gaps cut into complete stretches, by method and length, ms.

    Every method is tried on every gap on which it can be used, whatever its longest gap.
    """
    rng = np.random.default_rng(seed)
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for trial in moving_trials(shared):
        positions, rate = trial.positions, trial.rate_hz
        if rate < 50:
            continue
        spoiled = np.zeros(positions.shape[:2], dtype=np.int32)
        spoiled[1:-2] = find_jolts(positions, rate).is_jolt
        bad = np.cumsum(np.vstack([np.zeros(positions.shape[1]), spoiled | ~np.isfinite(positions[:, :, 0])]), axis=0)
        carriers = Carriers(positions, trial.segments)
        for ms in GAP_MS:
            length = max(1, round(ms * 1e-3 * rate))
            for _ in range(per_length):
                marker = int(rng.choice(list(trial.segments)))
                first = int(rng.integers(6, max(len(positions) - length - 6, 7)))
                if first + length + 6 > len(positions):
                    continue
                there = bad[first - 6] == bad[first + length + 6]
                if not there[marker]:
                    continue
                truth = positions[first : first + length, marker]
                for name, rule in METHODS.items():
                    only = {name: GapMethod(rule.words, np.inf, rule.error_mm)}
                    _, fill = fill_gap(positions, carriers, marker, first, length, there, rate, only)
                    if fill is not None:
                        found[name, ms].append(float(np.linalg.norm(fill - truth, axis=1).max()))
    return {key: np.array(values) for key, values in found.items()}


def print_gaps(shared: Path) -> None:
    errors = gap_errors(shared)
    print("gaps cut into complete trajectories: distance from the truth in the worst frame, mm; median / 95 of 100 (n)")
    print(f"{'method':14s} used up to  " + "  ".join(f"{ms:>15d} ms" for ms in GAP_MS))
    for name, rule in METHODS.items():
        cells = []
        for ms in GAP_MS:
            values = 1e3 * errors.get((name, ms), np.array([]))
            text = f"{np.median(values):5.1f} /{np.percentile(values, 95):6.1f} ({len(values)})" if len(values) else "-"
            cells.append(f"{text:>18s}")
        print(f"{name:14s} {1e3 * rule.longest_s:6.0f} ms  " + "  ".join(cells))


# --- tracking faults -------------------------------------------------------------------------------

SIZES_MM = (10, 20, 50, 100)
RUNS = (1, 5, 20)


@dataclass(frozen=True)
class Detection:
    """One injected fault: whether it was undone, how many sound samples were lost, and the codes of the notes.

    A shift is only noted, so it is found when a note says so; labels exchanged up to the end are undone when each
    marker keeps one path, under whichever label.
    """

    kind: str
    trial: str
    is_found: bool
    lost: int
    codes: tuple[str, ...]


def clean(trial: Trial) -> Trial:
    """Return a trial without the faults it came with, short gaps filled."""
    notes: list[Note] = []
    positions = without_tracking_faults(trial.positions, trial.labels, trial.segments, trial.rate_hz, notes)
    positions, _ = fill_gaps(positions, trial.segments, trial.rate_hz)
    return Trial(trial.name, trial.labels, np.array(positions), trial.segments, trial.rate_hz)


def inject(trial: Trial, kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return positions with one fault, the same without it, and a mask (time, marker) of the wrong samples."""
    what, *numbers = kind.split()
    size, frames = (float(numbers[0]) * 1e-3, int(numbers[1])) if len(numbers) == 2 else (0.0, int(numbers[0]))
    truth = trial.positions
    seen = np.isfinite(truth[:, :, 0])
    marker = int(rng.choice(list(trial.segments)))
    first = int(rng.integers(10, max(len(truth) - frames - 10, 11)))
    end = first + frames
    if end + 10 > len(truth) or not seen[first - 10 : end + 10, marker].all():
        return None
    faulty, wrong = truth.copy(), np.zeros(seen.shape, dtype=bool)
    if what == "jump":
        way = rng.normal(size=3)
        faulty[first:end, marker] += size * way / np.linalg.norm(way)
        wrong[first:end, marker] = True
    elif what == "shift":
        way = rng.normal(size=3)
        faulty[first:, marker] += size * way / np.linalg.norm(way)
        wrong[first:, marker] = True
    elif what == "fallen":
        if first < len(truth) // 2:
            return None
        drop = 0.5 * 9.81 * (np.arange(len(truth) - first) / trial.rate_hz) ** 2
        faulty[first:, marker] = truth[first, marker]
        faulty[first:, marker, 2] -= np.minimum(drop, 0.8)
        faulty[first:, marker] += rng.normal(0, 2e-4, (len(truth) - first, 3))
        wrong[:, marker] = np.linalg.norm(faulty[:, marker] - truth[:, marker], axis=1) > 0.2
    elif what == "held":
        faulty[first:end, marker] = truth[first - 1, marker]
        if np.linalg.norm(truth[end - 1, marker] - truth[first - 1, marker]) < 0.03:
            return None
        wrong[first:end, marker] = True
    elif what == "reflection":
        around = slice(first - 5, end + 5)
        faulty[around, marker] = np.nan
        faulty[first:end, marker] = truth[first:end, marker] + 0.3 * np.array([0.6, 0.64, 0.48])
        wrong[around, marker] = True
    else:
        mates = [m for m, s in trial.segments.items() if m != marker and seen[first - 10 : end + 10, m].all()]
        same = [m for m in mates if trial.segments[m] == trial.segments[marker]]
        if not (same if what == "exchanged" else mates):
            return None
        other = int(rng.choice(same if what == "exchanged" else mates))
        if np.linalg.norm(truth[first:end, marker] - truth[first:end, other], axis=1).min() < 0.03:
            return None
        stop = len(truth) if what == "exchanged_end" else end
        if what == "exchanged_hidden":
            faulty[first - 5 : first, [marker, other]] = np.nan
        faulty[first:stop, [marker, other]] = faulty[first:stop, [other, marker]]
        wrong[first:stop, [marker, other]] = True
    return (faulty, truth, wrong) if wrong.any() else None


def fault_kinds() -> list[str]:
    jumps = [f"jump {size} {run}" for size in SIZES_MM for run in RUNS]
    exchanges = [f"{what} {n}" for what in ("exchanged", "exchanged_any", "exchanged_hidden") for n in (5, 20, 50)]
    shifts = [f"shift {size} 30" for size in (20, 50, 100)]
    return [*jumps, "held 5", "held 20", "reflection 3", *exchanges, "exchanged_end 20", *shifts, "fallen 30"]


def detections(shared: Path, per_kind: int = 4, seed: int = 2) -> tuple[list[Detection], list[tuple[str, list[Note]]]]:
    """Inject every kind of fault into every trial; also the notes of the trials as they are."""
    rng = np.random.default_rng(seed)
    out, as_they_are = [], []
    for trial in moving_trials(shared):
        notes: list[Note] = []
        without_tracking_faults(trial.positions, trial.labels, trial.segments, trial.rate_hz, notes)
        as_they_are.append((trial.name, notes))
        base = clean(trial)
        for kind in fault_kinds():
            for _ in range(per_kind):
                made = inject(base, kind, rng)
                if made is None:
                    continue
                faulty, truth, wrong = made
                said: list[Note] = []
                now = without_tracking_faults(faulty, base.labels, base.segments, base.rate_hz, said)
                off = np.linalg.norm(now - truth, axis=2)
                undone = ~(off[wrong] > 1e-3)
                lost = int((np.isnan(now[:, :, 0]) & np.isfinite(faulty[:, :, 0]) & ~wrong).sum())
                is_found = bool(undone.mean() > 0.8)
                if kind.startswith("shift"):
                    is_found = any(
                        n.code in ("markers.shift", "markers.moved", "markers.stray", "markers.off_segment")
                        for n in said
                    )
                elif kind.startswith("exchanged_end"):
                    pair = np.flatnonzero(wrong.any(axis=0))
                    other = np.linalg.norm(now[:, pair] - truth[:, pair[::-1]], axis=2)
                    is_found |= bool((~(other > 1e-3)).mean() > 0.8)
                out.append(Detection(kind, base.name, is_found, lost, tuple(n.code for n in said)))
    return out, as_they_are


def print_tracking(shared: Path) -> None:
    found, as_they_are = detections(shared)
    print("tracking faults put into real trials: share undone (wrong samples missing or right), sound samples lost")
    for kind in fault_kinds():
        rows = [d for d in found if d.kind == kind]
        if rows:
            codes = Counter(code for d in rows for code in set(d.codes)).most_common(3)
            listed = ", ".join(f"{code.removeprefix('markers.')} {n}" for code, n in codes)
            share, lost = np.mean([d.is_found for d in rows]), np.mean([d.lost for d in rows])
            print(f"{kind:22s} {100 * share:5.1f} % of {len(rows):3d}, {lost:5.2f} lost on average | notes: {listed}")
    print("the trials as they are:")
    for name, notes in as_they_are:
        if notes:
            codes = Counter(n.code for n in notes)
            print(f"{name:32s} " + ", ".join(f"{code} {n}" for code, n in codes.items()))
    print(f"{sum(not notes for _, notes in as_they_are)} of {len(as_they_are)} trials without a note")
