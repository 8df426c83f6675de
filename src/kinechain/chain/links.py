"""The links of the chain from the sole to the head, and how they stand.

Signs are those of the table of clinical angles (`kinechain.motion.signs`); what that table does not hold (a segment
against the world, a single coordinate of the foot, the sum of the lumbar levels) stands here.  The world stands for the
walking frame: in standing a person faces along x.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from kinechain.body.pose import coordinate_values, segment_poses
from kinechain.chain.situation import ChainModel
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError, suggest
from kinechain.loads.lumbar import LUMBAR_JOINTS
from kinechain.motion.angles import anatomical_frames
from kinechain.motion.signs import ANGLES, SIDES
from kinechain.recording.recording import Side

__all__ = ["LINKS", "Link", "compute_links", "link_index"]

LinkSide = Literal["left", "right", "middle"]
_Kind = Literal["world", "angle", "coordinate", "levels", "height"]


@dataclass(frozen=True)
class Link:
    """One way in which one link of the chain can stand.

    Attributes
    ----------
    id : str
        E.g. 'calcaneus_eversion_left', 'pelvis_tilt'.
    name : str
        As printed.
    side : 'left', 'right' or 'middle'
    unit : 'rad' or 'm'
    positive : str
        What a positive value means.
    stem : str
        Without the side: the same link of both sides.
    """

    id: str
    name: str
    side: LinkSide
    unit: Literal["rad", "m"]
    positive: str
    stem: str


@dataclass(frozen=True)
class _Row:
    """How one kind of link is computed.

    'world' decomposes a frame against the world (frame:axis), 'angle' looks into the clinical angles, 'coordinate' into
    the inputs, 'levels' adds up the lumbar levels, 'height' is where the hip stands.
    """

    stem: str
    name: str
    positive: str
    kind: _Kind
    source: str
    sign_right: int = 1
    sign_left: int = 1
    is_sided: bool = True


# fmt: off
#: From the floor upwards.
_ROWS: tuple[_Row, ...] = (
    _Row("calcaneus_eversion", "Heel eversion against the floor", "eversion", "world", "calcaneus:x", -1, 1),
    _Row("subtalar_eversion", "Subtalar eversion", "eversion", "coordinate", "subtalar_eversion_{s}"),
    _Row("arch", "Arch (midfoot against hindfoot)", "flatter", "coordinate", "midtarsal_dorsiflexion_{s}"),
    _Row("ankle_dorsiflexion", "Ankle dorsiflexion", "dorsiflexion", "coordinate", "ankle_dorsiflexion_{s}"),
    _Row("shank_rotation", "Shank rotation", "internal", "world", "tibia:z", 1, -1),
    _Row("shank_lean_frontal", "Shank lean, from the front", "knee outside of the ankle", "world", "tibia:x", 1, -1),
    _Row("shank_lean_sagittal", "Shank lean, from the side", "knee ahead of the ankle", "world", "tibia:y"),
    _Row("knee_flexion", "Knee flexion", "flexion", "angle", "knee_flexion"),
    _Row("knee_rotation", "Knee rotation", "tibia internally", "angle", "knee_rotation"),
    _Row("thigh_rotation", "Thigh rotation", "internal", "world", "femur:z", 1, -1),
    _Row("hip_flexion", "Hip flexion", "flexion", "angle", "hip_flexion"),
    _Row("hip_adduction", "Hip adduction", "adduction", "angle", "hip_adduction"),
    _Row("hip_rotation", "Hip rotation", "internal", "angle", "hip_rotation"),
    _Row("hip_height", "Height of the hip", "higher", "height", "hip_{s}"),
    _Row("pelvis_tilt", "Pelvic tilt", "anterior", "angle", "pelvis_tilt", is_sided=False),
    _Row("pelvis_obliquity", "Pelvic obliquity", "that side up", "angle", "pelvis_obliquity"),
    _Row("pelvis_rotation", "Pelvic rotation", "that side forward", "angle", "pelvis_rotation"),
    _Row("lumbar_flexion", "Lumbar flexion, sum of the levels", "flexion", "levels", "flexion", is_sided=False),
    _Row("lordosis", "Lordosis against the reference, minus the sum of segment flexions", "more lordosis", "levels",
         "flexion", -1, -1, is_sided=False),
    _Row("lumbar_bending", "Lumbar bending, sum of the levels", "towards that side", "levels", "bending", 1, -1),
    _Row("lumbar_rotation", "Lumbar rotation, sum of the levels", "that side of the thorax forward", "levels",
         "rotation", 1, -1),
    _Row("thorax_tilt", "Thorax tilt", "forward", "angle", "thorax_tilt", is_sided=False),
    _Row("thorax_lean", "Thorax lean", "towards that side", "world", "thorax:x", 1, -1),
    _Row("thorax_rotation", "Thorax rotation", "that side forward", "angle", "thorax_rotation"),
    _Row("head_tilt", "Head tilt", "forward", "world", "head:y", is_sided=False),
    _Row("head_lean", "Head lean", "towards that side", "world", "head:x", 1, -1),
    _Row("head_rotation", "Head rotation", "that side forward", "world", "head:z", 1, -1),
)
# fmt: on


def _links() -> tuple[Link, ...]:
    out = []
    for row in _ROWS:
        sides: tuple[LinkSide, ...] = SIDES if row.is_sided else ("middle",)
        for side in sides:
            name = row.stem if side == "middle" else f"{row.stem}_{side}"
            unit: Literal["rad", "m"] = "m" if row.kind == "height" else "rad"
            out.append(Link(name, row.name, side, unit, row.positive, row.stem))
    return tuple(out)


#: Every link from the floor to the head, left before right.
LINKS = _links()


@cache
def link_index(name: str) -> int:
    """Return the place of a link among `LINKS`.

    Parameters
    ----------
    name : str
        Its id.

    Raises
    ------
    SettingError
        If there is no such link.
    """
    known = [link.id for link in LINKS]
    if name not in known:
        raise SettingError(f"no link of the chain is named '{name}'. {suggest(name, known)}")
    return known.index(name)


def compute_links(model: ChainModel, inputs: FloatArray) -> FloatArray:
    """Return how every link stands.

    Parameters
    ----------
    model : ChainModel
    inputs : (case, input) array, rad or m

    Returns
    -------
    (case, link) array, rad or m
        In the order of `LINKS`; NaN where an input is.  Only differences between postures of one body are meant: a zero
        is that of the body's neutral posture.
    """
    inputs = np.asarray(inputs, dtype=float)
    known = np.isfinite(inputs).all(axis=1)
    out = np.full((len(inputs), len(LINKS)), np.nan)
    if known.any():
        out[known] = _links_of(model, np.ascontiguousarray(inputs[known]))
    return out


def _links_of(model: ChainModel, inputs: FloatArray) -> FloatArray:
    values = coordinate_values(model.tree, inputs)
    poses = segment_poses(model.body, values)
    frames = anatomical_frames(model.body, poses)
    place = {name: i for i, name in enumerate(model.tree.segments)}
    frames["head"] = poses[:, place["head"], :3, :3]
    frames["walking"] = np.broadcast_to(np.eye(3), frames["head"].shape)
    coordinates = dict(zip(model.tree.coordinates, values.T, strict=True))
    columns = []
    for row in _ROWS:
        sides = SIDES if row.is_sided else ("right",)
        for side in sides:
            sign = row.sign_right if side == "right" else row.sign_left
            if row.kind in ("world", "angle"):
                value = _turn(row, side, frames)
            elif row.kind == "coordinate":
                value = coordinates[row.source.format(s=side[0])]
            elif row.kind == "levels":
                value = _sum_of_levels(coordinates, row.source)
            else:
                value = poses[:, place[f"femur_{side[0]}"], 2, 3]
            columns.append(sign * value)
    return np.stack(columns, axis=1)


def _turn(row: _Row, side: Side, frames: Mapping[str, FloatArray]) -> FloatArray:
    """Return the angle of a row of the kinds 'world' and 'angle', (case,) array, rad."""

    def frame(name: str) -> FloatArray:
        return frames[name] if name in frames else frames[f"{name}_{side[0]}"]

    if row.kind == "world":
        name, axis = row.source.split(":")
        return _cardan(frame(name), "ZXY", axis)
    angle = next(a for a in ANGLES if a.id == row.source)
    between = np.swapaxes(frame(angle.proximal), 1, 2) @ frame(angle.distal)
    return angle.sign(side) * _cardan(between, angle.sequence, angle.axis)


def _cardan(rotation: FloatArray, sequence: str, axis: str) -> FloatArray:
    """Return one rotation of a Cardan sequence, (case,) array, rad: every case for itself.

    `kinechain.motion.angles.decompose` follows angles through time; cases have no order, and one that is bent far must
    not turn those after it.
    """
    i, j, k = ("XYZ".index(letter) for letter in sequence)
    parity = 1.0 if (j - i) % 3 == 1 else -1.0
    if axis.upper() == sequence[1]:
        return np.asarray(np.arcsin(np.clip(parity * rotation[:, i, k], -1.0, 1.0)))
    if axis.upper() == sequence[0]:
        return np.asarray(np.arctan2(-parity * rotation[:, j, k], rotation[:, k, k]))
    return np.asarray(np.arctan2(-parity * rotation[:, i, j], rotation[:, i, i]))


def _sum_of_levels(coordinates: dict[str, FloatArray], motion: str) -> FloatArray:
    return np.asarray(np.sum([coordinates[f"{joint}_{motion}"] for joint in LUMBAR_JOINTS], axis=0))
