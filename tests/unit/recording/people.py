"""A stick person to record: bony landmarks in the world frame, standing or walking, and files of it."""

import ezc3d
import numpy as np

from kinechain.recording.recording import Markers, Recording

#: Landmark -> (x forward, y left for the left side, z up) in m, standing at the origin; a 1.7 m adult.
STANDING = {
    "IAS": (0.10, 0.12, 0.98),
    "IPS": (-0.08, 0.05, 1.00),
    "FTC": (0.0, 0.17, 0.90),
    "FLE": (0.0, 0.14, 0.50),
    "FME": (0.0, 0.05, 0.50),
    "FAX": (-0.03, 0.13, 0.44),
    "TTC": (0.05, 0.09, 0.44),
    "FAL": (-0.02, 0.12, 0.08),
    "TAM": (0.0, 0.05, 0.09),
    "FCC": (-0.06, 0.08, 0.03),
    "FM1": (0.14, 0.05, 0.03),
    "FM2": (0.14, 0.08, 0.04),
    "FM5": (0.11, 0.13, 0.03),
    "SAE": (0.0, 0.18, 1.42),
    "HLE": (0.0, 0.22, 1.10),
}
MIDLINE = {"CV7": (-0.06, 0.0, 1.46), "SJN": (0.06, 0.0, 1.40), "SXS": (0.10, 0.0, 1.25)}


#: How much of the swing of the foot a landmark of the leg takes part in.
SWING = {x: 1.0 for x in ("FAL", "TAM", "FCC", "FM1", "FM2", "FM5")} | {
    "FLE": 0.5,
    "FME": 0.5,
    "FAX": 0.57,
    "TTC": 0.57,
}


def labels():
    return tuple(f"{side}_{name}" for side in "RL" for name in STANDING) + tuple(MIDLINE)


def standing(frames=50):
    """Landmarks (time, marker, 3), m, world frame."""
    points = [np.array(p) * (1, -1 if side == "R" else 1, 1) for side in "RL" for p in STANDING.values()]
    points += [np.array(p) for p in MIDLINE.values()]
    return np.tile(np.array(points), (frames, 1, 1))


def exchanged(*pairs):
    """Labels with each pair of names exchanged."""
    names = list(labels())
    for a, b in pairs:
        i, j = names.index(a), names.index(b)
        names[i], names[j] = names[j], names[i]
    return tuple(names)


def recording(positions, names=None, rate=100.0, name="walk.c3d", **more):
    """A recording of the stick person as a reader gives it."""
    return Recording(name, "0" * 64, "C3D", Markers(names or labels(), positions, rate), **more)


def walking(frames=200, rate=100.0, speed=1.2):
    """A body carried forward with swinging feet; no gait model, only the right kind of travel."""
    out = standing(frames)
    time = np.arange(frames) / rate
    out[:, :, 0] += (speed * (time - time.mean()))[:, None]
    for i, label in enumerate(labels()):
        share = SWING.get(label[2:], 0.0)
        phase = 0.0 if label[0] == "R" else np.pi
        out[:, i, 0] += 0.3 * share * np.sin(2 * np.pi * time + phase)
        out[:, i, 2] += 0.05 * share * (1 + np.sin(2 * np.pi * time + phase + 1.0))
    return out


def write_c3d(path, names, positions, rate=100.0, unit="mm", analogs=None, parameters=(), events=()):
    """Write a C3D with ezc3d; positions (time, marker, 3) in m, analogs (channel, sample)."""
    file = ezc3d.c3d()
    scale = {"mm": 1e3, "m": 1.0, "mete": 1.0, "cm": 1e2}[unit]
    points = np.ones((4, len(names), len(positions)))
    points[:3] = np.transpose(np.nan_to_num(positions, nan=0.0), (2, 1, 0)) * scale
    residuals = np.zeros((1, len(names), len(positions)))
    residuals[0][np.isnan(positions[:, :, 0]).T] = -1
    file["parameters"]["POINT"]["RATE"]["value"] = [rate]
    file["parameters"]["POINT"]["LABELS"]["value"] = list(names)
    file["parameters"]["POINT"]["UNITS"]["value"] = [unit]
    file["data"]["points"] = points
    file["data"]["meta_points"]["residuals"] = residuals
    if analogs is not None:
        file["parameters"]["ANALOG"]["RATE"]["value"] = [rate * analogs.shape[1] / len(positions)]
        file["parameters"]["ANALOG"]["LABELS"]["value"] = [f"ch{i}" for i in range(len(analogs))]
        file["data"]["analogs"] = analogs[None]
    for group, name, value in parameters:
        file.add_parameter(group, name, value)
    for time, context, label in events:
        file.add_event(time=[0, time], context=context, label=label)
    file.write(str(path))
    return path
