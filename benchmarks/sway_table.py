"""Sway of the norms' own trials, computed here and by their authors, side by side.

``python benchmarks/sway_table.py DIR`` reads ``BDSinfoCOP.txt`` and ``data/BDS*.txt`` of the public data set
santos_duarte2016 (doi 10.6084/m9.figshare.3394432, CC-BY-4.0) and prints the largest relative differences, the spread
between trials of one person, and how many trials the limits of quiet standing would refuse.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from kinechain.core.errors import RecordingError
from kinechain.loads.quiet_standing import combined_path, measure_sway
from kinechain.recording.recording import ForcePlate

NAMES = ("COParea", "COPvelo", "COPmfreq")


def differences(folder: Path, published: Mapping[str, Mapping[str, str]]) -> tuple[np.ndarray, list[str]]:
    """Return relative differences (trial, measure), and the sentences of the trials that would be refused."""
    rows, refused = [], []
    for path in sorted((folder / "data").glob("BDS*.txt")):
        table = np.loadtxt(path, skiprows=1)
        sway = measure_sway(table[:, 7:9] / 100.0, 100.0)
        ours = (sway.area_m2 * 1e4, sway.velocity_m_s * 100.0, sway.frequency_hz or np.nan)
        rows.append([x / float(published[path.stem][name]) - 1.0 for x, name in zip(ours, NAMES, strict=True)])
        force, point = table[:, 1:4], np.pad(table[:, 7:9] / 100.0, ((0, 0), (0, 1)))
        plate = ForcePlate(path.stem, np.full((4, 3), np.nan), force, point, np.zeros_like(force), 100.0)
        try:
            combined_path([plate])
        except RecordingError as error:
            refused.append(f"{path.stem}: {error}")
    return np.array(rows), refused


def spreads(rows: Sequence[Mapping[str, str]]) -> dict[str, np.ndarray]:
    """Return the standard deviation of the logarithm between trials of one person, per condition."""
    trials = defaultdict(list)
    for row in rows:
        trials[row["Subject"], row["Vision"], row["Surface"]].append([float(row[name]) for name in NAMES])
    out = {}
    for condition in sorted({key[1:] for key in trials}):
        logs = [np.log(values) for key, values in trials.items() if key[1:] == condition and len(values) > 1]
        squares = sum(((x - x.mean(axis=0)) ** 2).sum(axis=0) for x in logs)
        out[" ".join(condition)] = np.sqrt(squares / sum(len(x) - 1 for x in logs))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    with (folder / "BDSinfoCOP.txt").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    apart, refused = differences(folder, {row["Trial"]: row for row in rows})
    print(f"{len(apart)} trials, largest relative difference:")
    for name, worst in zip(NAMES, np.abs(apart).max(axis=0), strict=True):
        print(f"  {name:9} {worst:.1e}")
    print("spread between trials of one person (SD of the logarithm):  " + "  ".join(NAMES))
    for condition, spread in spreads(rows).items():
        print(f"  {condition:12} " + "  ".join(f"{x:9.3f}" for x in spread))
    print(f"{len(refused)} trials would be refused:", *refused, sep="\n  ")


if __name__ == "__main__":
    main()
