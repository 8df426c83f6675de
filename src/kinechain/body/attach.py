"""Which marker sits on which segment, how much it counts, and what a marker set cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kinechain.body.body import Body, Coordinate
from kinechain.core.arrays import FloatArray
from kinechain.recording.profiles import segment_of
from kinechain.recording.recording import Recording

__all__ = [
    "ARM_SEGMENTS",
    "ARM_SHARE",
    "GIRDLE_SHARE",
    "UPPER_BODY_SHARE",
    "lock_unseen",
    "marker_weight",
    "median_position",
]

#: How much markers of the upper body count against those of pelvis and legs (assumption).  Three coordinates move
#: the whole trunk and nothing stretches it: what it cannot follow must not pull the pelvis off its markers.
UPPER_BODY_SHARE = 0.1

#: How much markers of the arms count beside those of the trunk (assumption).  There is no clavicle: arms that count
#: as much turn the thorax up to twice as far as its own four markers do (tests/validation/test_trunk.py).
ARM_SHARE = 0.01

#: How much the acromia, which move with the shoulder blades, count beside spine and sternum (assumption).
GIRDLE_SHARE = 0.1

_GIRDLE = ("acromion_r", "acromion_l")
_SPINE_AND_STERNUM = frozenset({"c7", "t10", "suprasternal_notch", "xiphoid"})
#: Segments of the arms, without their side.
ARM_SEGMENTS = ("humerus", "forearm", "hand")
_UPPER_BODY = ("thorax", "head", *ARM_SEGMENTS)


def median_position(track: FloatArray) -> FloatArray | None:
    """Return the median position of a track (time, 3), m, over the frames that show it; None if none does."""
    seen = track[np.isfinite(track).all(axis=1)]
    return np.median(seen, axis=0) if len(seen) else None


def marker_weight(recording: Recording, label: str) -> float:
    """Return the weight of a marker in inverse kinematics.

    That of its marker-set profile (1 if the recording states none), times `UPPER_BODY_SHARE` on trunk, head and
    arms, times `ARM_SHARE` on the arms, and `GIRDLE_SHARE` on the acromia where spine and sternum show the thorax.
    """
    names = dict(recording.landmarks)
    name = names.get(label, "")
    weights = dict(zip(names, recording.weights, strict=False))
    weight = weights.get(label, 1.0)
    segment = segment_of(name).split("_")[0]
    if segment in _UPPER_BODY:
        weight *= UPPER_BODY_SHARE
    if segment in ARM_SEGMENTS:
        weight *= ARM_SHARE
    if name in _GIRDLE and len(_SPINE_AND_STERNUM & set(names.values())) >= 3:
        weight *= GIRDLE_SHARE
    return weight


def lock_unseen(body: Body, recording: Recording) -> tuple[Body, tuple[str, ...]]:
    """Hold the coordinates at rest that the markers of a recording cannot tell, free those they can, and say so.

    Parameters
    ----------
    body : Body
        With its markers.
    recording : Recording
        The trial to be solved.

    Returns
    -------
    Body
    notes : tuple of str
    """
    assert recording.markers is not None
    seen = {
        label
        for label, track in zip(recording.markers.labels, recording.markers.positions.swapaxes(0, 1), strict=True)
        if np.isfinite(track).all(axis=1).any()
    }
    named = [(label, segment_of(name)) for label, name in recording.landmarks if label in seen]
    count: dict[str, int] = {}
    for label, segment in named:
        if marker_weight(recording, label) > 0:
            count[segment] = count.get(segment, 0) + 1
    locked: set[str] = set()
    freed: set[str] = set()
    notes: list[str] = []
    for side, word in (("r", "right"), ("l", "left")):
        locked |= _foot_locks(count, side, word, notes)
        if f"midtarsal_dorsiflexion_{side}" not in locked:
            # A heel rolls over a forefoot that stays on the floor; a foot of one piece would show none of it.
            freed |= {f"forefoot_eversion_{side}", f"forefoot_adduction_{side}"}
        locked |= _arm_locks(count, side)
    if count.get("thorax", 0) + count.get("head", 0) < 3:
        locked |= {f"lumbar_{m}" for m in ("flexion", "bending", "rotation")}
        notes.append("Too few markers on the trunk: the lumbar spine is held still.")
    if count.get("head", 0) < 3:
        locked |= {f"neck_{m}" for m in ("flexion", "bending", "rotation")}

    def held(coordinate: Coordinate) -> Coordinate:
        is_locked = (coordinate.is_locked and coordinate.name not in freed) or coordinate.name in locked
        return replace(coordinate, is_locked=is_locked)

    return replace(body, coordinates=tuple(held(c) for c in body.coordinates)), tuple(notes)


def _foot_locks(count: Mapping[str, int], side: str, word: str, notes: list[str]) -> set[str]:
    hind = count.get(f"calcaneus_{side}", 0)
    front = sum(count.get(f"{part}_{side}", 0) for part in ("midfoot", "forefoot_medial", "forefoot_lateral"))
    toes = count.get(f"toes_{side}", 0)
    locked = set()
    if hind < 2 or front < 3:
        locked.add(f"midtarsal_dorsiflexion_{side}")
        notes.append(
            f"The {word} foot is followed as one piece from heel to metatarsal heads: too few markers on its parts."
        )
    if front == 0 or toes == 0:
        locked.add(f"mtp_dorsiflexion_{side}")
    if hind + front + toes < 3:
        locked.add(f"subtalar_eversion_{side}")
        notes.append(f"The {word} subtalar joint is held still: two markers on a foot do not show its roll.")
    return locked


def _arm_locks(count: Mapping[str, int], side: str) -> set[str]:
    locked = set()
    upper, lower, hand = (count.get(f"{part}_{side}", 0) for part in ("humerus", "forearm", "hand"))
    if upper + lower < 2:
        locked |= {f"shoulder_{m}_{side}" for m in ("flexion", "adduction", "rotation")}
    if lower < 1:
        locked |= {f"elbow_flexion_{side}"}
    if lower < 2:
        locked |= {f"forearm_pronation_{side}"}
    if hand < 1:
        locked |= {f"wrist_{m}_{side}" for m in ("flexion", "deviation")}
    elif hand < 2:
        locked |= {f"wrist_deviation_{side}"}
    return locked
