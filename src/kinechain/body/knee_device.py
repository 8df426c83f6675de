"""The knee alignment device: three markers on arms of one length at right angles, worn while standing.

Where the arms meet, its pad sits on the skin at the place of the lateral knee marker; one arm points along the axis of
the knee.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kinechain.body.skeleton import SIDES
from kinechain.body.standing import Points
from kinechain.core.arrays import FloatArray

__all__ = ["DEVICE", "device_corner", "with_knee_devices"]

#: Landmarks of the device: the end of the arm on the axis of the knee, and the other two.
DEVICE = ("knee_device_axis", "knee_device_1", "knee_device_2")

#: The three distances of a device differ by no more than this share, or it is none (assumption; 2 % in lab_FMC).
_UNEQUAL = 0.15


def device_corner(ends: FloatArray, medial: FloatArray) -> FloatArray | None:
    """Return the point in which three equal arms at right angles meet.

    Parameters
    ----------
    ends : (3, 3) array, m
        The markers at the ends of the arms.
    medial : (3,) array
        Towards the other leg, on whose side the arms meet.

    Returns
    -------
    (3,) array, m, or None
        None if the distances between the markers are not equal.

    Notes
    -----
    Arms of length a stand a sqrt(2) apart at their ends; their corner lies a / sqrt(3) beside the middle of the ends.
    In the recordings lab_FMC this is the point that Plug-in Gait stored as the knee marker, to 0.1 mm.
    """
    sides = np.linalg.norm(ends - np.roll(ends, 1, axis=0), axis=1)
    if not sides.min() > 0 or sides.max() > (1 + _UNEQUAL) * sides.min():
        return None
    normal = np.cross(ends[1] - ends[0], ends[2] - ends[0])
    normal = normal / np.linalg.norm(normal) * np.sign(normal @ medial)
    return np.asarray(ends.mean(axis=0) + float(sides.mean()) / np.sqrt(6.0) * normal)


def with_knee_devices(points: Points) -> tuple[Points, tuple[str, ...]]:
    """Return the points with the lateral knee landmark of every leg on which only a device marks it.

    A device whose arms are not equal is left out; the second value says so.
    """
    landmarks, notes = dict(points.landmarks), []
    for side in SIDES:
        names = [f"{name}_{side}" for name in DEVICE]
        if not points.has(*names, "asis_r", "asis_l"):
            continue
        medial = landmarks["asis_l"] - landmarks["asis_r"] if side == "r" else landmarks["asis_r"] - landmarks["asis_l"]
        corner = device_corner(np.array([landmarks[n] for n in names]), medial)
        if corner is None:
            notes.append(
                f"The three markers of the {'right' if side == 'r' else 'left'} knee alignment device do not stand at "
                "equal distances, so it is not used: one of them is missing, mislabelled or bent."
            )
            for name in names:
                del landmarks[name]
        else:
            landmarks.setdefault(f"lateral_femoral_epicondyle_{side}", corner)
    return replace(points, landmarks=landmarks), tuple(notes)
