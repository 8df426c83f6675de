"""Recordings of nobody: a walk on two plates, a standing trial, and files of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from kinechain.recording.recording import Markers, Recording
from kinechain.recording.writers.trc import write_trc
from walker import STANCE, WEIGHT_N, plate, strikes, walk

STRIDE_S = 1.1
#: Two half sines of 700 N over 0.62 of a stride each, by the law of impulse.
WEIGHED_KG = 2 * WEIGHT_N * (2 / np.pi) * STANCE / 9.80665


def beside(path, *apart):
    """A path (time, 3) moved by (x, y, z), m."""
    return path + np.array(apart)


def points(feet, pelvis):
    """Markers of Plug-in Gait (time, 3) by label, x forward, y left, z up."""
    out = {}
    for side, letter, y in (("left", "L", 1), ("right", "R", -1)):
        heel, toe = feet[side]
        ankle = beside(heel, 0.05, 0.02 * y, 0.06)
        hip = beside(pelvis, 0.05, 0.09 * y, -0.07)
        knee = (hip + ankle) / 2 + [0.04, 0.04 * y, 0.0]
        out |= {
            f"{letter}ASI": beside(pelvis, 0.15, 0.12 * y, 0.0),
            f"{letter}PSI": beside(pelvis, 0.0, 0.05 * y, 0.01),
            f"{letter}THI": (hip + knee) / 2 + [0.0, 0.08 * y, 0.0],
            f"{letter}KNE": knee,
            f"{letter}TIB": (knee + ankle) / 2 + [0.0, 0.06 * y, 0.0],
            f"{letter}ANK": ankle,
            f"{letter}HEE": heel,
            f"{letter}TOE": toe,
        }
    return out


def as_recording(tracks, rate_hz=100.0, name="walk.c3d", **more):
    """A recording as read, in the axes of a laboratory that is the world."""
    positions = np.stack(list(tracks.values()), axis=1)
    # Without the noise of cameras a marker at rest would look frozen.
    positions = positions + np.random.default_rng(7).normal(0.0, 2e-4, positions.shape)
    markers = Markers(tuple(tracks), positions, rate_hz)
    return Recording(name, "ab" * 32, "C3D", markers=markers, **more)


def walking(plates=("left", "right"), mass_kg=WEIGHED_KG, lasts_s=4.0, **more):
    """A walk at 1.2 m/s; one plate under the second stance of each foot that is named."""
    paths = walk(STRIDE_S, 1.3, lasts_s)
    feet = {side: (paths.heel[side], paths.forefoot[side]) for side in ("left", "right")}
    loaded = []
    for number, side in enumerate(plates):
        first = strikes(side, STRIDE_S, lasts_s)[1]
        loaded.append(replace(plate(paths, side, first, first + STANCE * STRIDE_S), name=f"plate {number + 1}"))
    return as_recording(points(feet, paths.pelvis), plates=tuple(loaded), mass_kg=mass_kg, **more)


def standing(frames=100, rate_hz=100.0):
    """Somebody who stands."""
    still = np.zeros((frames, 3))
    heel = {"left": beside(still, 0.0, 0.1, 0.04), "right": beside(still, 0.0, -0.1, 0.04)}
    feet = {side: (heel[side], beside(heel[side], 0.19, 0.0, 0.0)) for side in heel}
    return as_recording(points(feet, beside(still, 0.0, 0.0, 0.95)), rate_hz, "standing.c3d")


def without(recording, *labels):
    """The recording without some markers."""
    markers = recording.markers
    kept = [k for k, label in enumerate(markers.labels) if label not in labels]
    names = tuple(markers.labels[k] for k in kept)
    return replace(recording, markers=replace(markers, labels=names, positions=markers.positions[:, kept]))


def hidden(recording, label, first, end):
    """The recording with one marker unseen from a frame to another."""
    positions = np.array(recording.markers.positions)
    positions[first:end, recording.markers.labels.index(label)] = np.nan
    return replace(recording, markers=replace(recording.markers, positions=positions))


def trc(path: Path, recording=None) -> Path:
    """The markers of a recording as a TRC."""
    markers = (recording or walking(plates=())).markers
    write_trc(markers, path)
    return path


def forces(path: Path, recording) -> Path:
    """The plates of a recording as the table OpenSim reads, in its axes (y up)."""
    columns, names = [recording.plates[0].times_s], ["time"]
    turn = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
    for k, one in enumerate(recording.plates):
        point = np.nan_to_num(one.centre_of_pressure) @ turn.T
        for part, values in (("v", one.force @ turn.T), ("p", point)):
            columns += list(values.T)
            names += [f"ground_force_{k + 1}_{part}{axis}" for axis in "xyz"]
    table = np.stack(columns, axis=1)
    head = f"{path.stem}\nversion=1\nnRows={len(table)}\nnColumns={len(names)}\ninDegrees=yes\nendheader\n"
    rows = "\n".join("\t".join(f"{x:.6f}" for x in row) for row in table)
    path.write_text(head + "\t".join(names) + "\n" + rows + "\n")
    return path
