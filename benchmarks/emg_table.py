"""Computed activations against surface EMG, muscle by muscle, over every walk of schreiber_moissenet.

``python benchmarks/emg_table.py [--subject 2014001] [--speed C4] [--no-loads] [--no-passive]`` prints per muscle the
median over the strides of Pearson's r at the best delay up to 100 ms, that delay, how much of the cycle both are on or
both are off, and how far the peak of the activation lies behind the peak of the EMG; then the same overlap for the
published bursts, which name no origin and judge nothing.  Without loads (``--no-loads``) only EMG and published bursts
are compared; without passive forces (``--no-passive``) shows how much of a disagreement these make.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.body.musculature import person_muscles
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import KinechainError
from kinechain.core.estimate import NotMeasured
from kinechain.loads.loads import LoadSettings, Table
from kinechain.loads.muscle_activity import (
    EMG_MUSCLES,
    ON_PART,
    BadChannel,
    Envelope,
    MuscleCurve,
    envelopes,
    muscle_curves,
)
from kinechain.motion.cycles import Cycle
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.recording.collect import collect_recordings

SHARED = Path(os.environ.get("KINECHAIN_SHARED", Path(__file__).resolve().parents[2] / "shared"))
FOLDER = SHARED / "data" / "dev" / "schreiber_moissenet"

#: Envelopes, strides, activations and their times of one recording.
Walk = tuple[Sequence[Envelope], Sequence[Cycle], Table | None, FloatArray | None]


def people(wanted: str) -> list[Path]:
    """Return the folders of the people, or of the one that is asked for."""
    return [p for p in sorted(FOLDER.iterdir()) if p.is_dir() and wanted in p.name]


def sizes() -> dict[str, BodySize]:
    """Return mass and height of each person, from the manifest."""
    manifest = tomllib.loads((SHARED / "data" / "MANIFEST.toml").read_text("utf-8"))
    out = {}
    for file in manifest["file"]:
        if file.get("dataset") == "schreiber_moissenet" and "mass_kg" in file:
            name = Path(file["path"]).parent.name
            sex = {"M": "male", "F": "female"}.get(file.get("sex", ""))
            out[name] = BodySize(file["mass_kg"], file.get("height_m"), sex, file.get("age"))
    return out


def computed(body: Body, trial: GaitTrial, with_passive: bool) -> tuple[Table, FloatArray]:
    """Return the activations of our own body's muscles by static optimisation, and their times."""
    from kinechain.loads.analyze_loads import analyze_loads

    musculature = person_muscles(body)
    if not with_passive:
        muscles = tuple(replace(muscle, has_passive_force=False) for muscle in musculature.muscles)
        musculature = replace(musculature, muscles=muscles)
    loads = analyze_loads(body, musculature, trial, LoadSettings())
    return loads.activations, loads.times_s


def walks(
    folder: Path, size: BodySize, with_loads: bool, with_passive: bool = True, speed: str = ""
) -> tuple[list[Walk], list[str]]:
    """Return every walk of one person, and what could not be used."""
    out: list[Walk] = []
    said: list[str] = []
    static = next(folder.glob("*_ST.c3d"))
    body: Body | None = None
    for path in sorted(folder.glob(f"*_{speed or 'C'}*.c3d")):
        began = time.perf_counter()
        try:
            material = collect_recordings([path], static)
            if body is None:
                body = fit_body(size, static=material.standing, recording=material.walking[0])
            trial = analyze_gait(body, material.walking[0])
            found = envelopes(trial.recording)
            table, times = computed(body, trial, with_passive) if with_loads else (None, None)
        except KinechainError as error:
            said.append(f"{path.name}: {error}")
            continue
        if isinstance(found, NotMeasured):
            said.append(f"{path.name}: {found.reason}")
            continue
        said += [_bad(path.name, channel) for channel in found[1]]
        strides = sum(c.side == "right" for c in trial.cycles)
        said.append(f"{path.name}: {strides} right strides, {time.perf_counter() - began:.1f} s")
        out.append((found[0], trial.cycles, table, times))
    return out, said


def _bad(name: str, channel: BadChannel) -> str:
    return f"{name}: {channel.label} left out: {channel.reason}"


def published_overlap(curve: MuscleCurve) -> float:
    """Return how much of the cycle the mean EMG and the published bursts are both on or both off, %."""
    percent = np.arange(100.0)
    usual = np.zeros(100, dtype=bool)
    for on, off in curve.published:
        usual |= (percent >= on) & (percent <= off)
    return 100.0 * float(np.mean(usual == (curve.mean[:-1] > ON_PART * curve.mean.max())))


def print_table(title: str, curves: Sequence[MuscleCurve]) -> None:
    print(f"\n{title}")
    head = f"{'muscle':24} side  strides     r  delay ms  overlap %  peak shift %"
    print(head + "  EMG peak at %   published on/off (origin not named): overlap %")
    for curve in curves:
        found = curve.agreement
        ours = "    -         -          -             -" if found is None else (
            f"{found.correlation:5.2f}  {found.delay_s * 1e3:8.0f}  {found.overlap_percent:9.0f}  "
            f"{found.peak_shift_percent:12.0f}"
        )  # fmt: skip
        peak = int(np.argmax(curve.mean))
        print(
            f"{EMG_MUSCLES[curve.muscle].name:24} {curve.side:5} {curve.strides:7d} {ours}  {peak:13d}   "
            f"{published_overlap(curve):8.0f}"
        )


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subject", default="")
    parser.add_argument("--no-loads", action="store_true")
    parser.add_argument("--no-passive", action="store_true", help="take the passive force off every muscle")
    parser.add_argument("--speed", default="", help="only trials of one instruction: C1 (slow) to C5 (fast)")
    chosen = parser.parse_args(arguments)
    everything: list[Walk] = []
    size = sizes()
    for folder in people(chosen.subject):
        found, said = walks(folder, size[folder.name], not chosen.no_loads, not chosen.no_passive, chosen.speed)
        print(f"{folder.name}:", *said, sep="\n  ")
        everything += found
    print_table(f"{len(everything)} walks", muscle_curves(everything))


if __name__ == "__main__":
    main(sys.argv[1:])
