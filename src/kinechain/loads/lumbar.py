"""Sacrum and lumbar levels: disc planes, what discs and ligaments resist, which moments the trunk's muscles balance.

Signs, all in the axes of a disc plane (x forward, y left, z out of the plate, upward): the force that the upper segment
exerts on the lower one presses with ``-z``; ``x > 0`` is anterior shear (the upper segment slides forward), ``y > 0``
shear to the left.  A plate whose front edge is the lower one has a positive inclination: a weight above it presses and
shears forward.

Balance.  A rhythm is a statement about angles, not about moments.  If the muscles balance only the three lumbar
coordinates, what they leave to single levels is up to 34 N m (20 kg held close, T12/L1) and 31 N m (lifting, L5/S1):
discs of 1 to 7 N m per degree would have to bend by ten degrees and more to carry it.  So the muscles balance every
level ('levels').  But the angle of a level is known to a degree or two only, and its disc answers an error of one
degree with its stiffness: `level_tolerances` is that moment, the scale at which a level's row may be missed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from kinechain.body.body import Body
from kinechain.body.tables import lookup, read_table
from kinechain.body.tree import Tree
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import BodyError, SettingError
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.core.frames import about_axis
from kinechain.loads.loads import JointReaction

__all__ = [
    "LUMBAR_JOINTS",
    "LumbarRow",
    "compute_disc_moments",
    "disc_axes",
    "disc_inclinations",
    "disc_stiffness",
    "estimate_facet_share",
    "level_nodes",
    "level_tolerances",
    "lumbar_notes",
    "lumbar_rows",
    "sample_disc_inclinations",
    "split_sacroiliac",
]

Motion = Literal["flexion", "bending", "rotation"]

#: From below; each joint's disc lies on the upper plate of the segment below it.
LUMBAR_JOINTS = ("l5_s1", "l4_l5", "l3_l4", "l2_l3", "l1_l2", "t12_l1")

#: By the last word of the coordinate: 'lumbar_bending' bends every level, 'l4_l5_bending' one.
_MOTIONS: Mapping[str, Motion] = {"flexion": "flexion", "bending": "bending", "rotation": "rotation"}

#: Moment at which the ranges of motion of ``body/parts/disc_stiffness.csv`` were measured, N m (yamamoto1989).
_TEST_MOMENT = 10.0

#: Within this much lumbar flexion of standing the share of the facets is that of the erect posture, and from this much
#: on that of the flexed one, rad (assumption).
_UPRIGHT, _FLEXED = math.radians(5.0), math.radians(20.0)


@dataclass(frozen=True)
class LumbarRow:
    """One rotation of one level.

    Attributes
    ----------
    joint : str
        One of `LUMBAR_JOINTS`.
    motion : 'flexion', 'bending' or 'rotation'
        Positive forward, to the right, to the left.
    node : int
        Of the tree.
    """

    joint: str
    motion: Motion
    node: int

    @property
    def name(self) -> str:
        """As a row of the balance is called, e.g. 'l4_l5_flexion'."""
        return f"{self.joint}_{self.motion}"


def lumbar_rows(body: Body, tree: Tree) -> tuple[LumbarRow, ...]:
    """Return the rotations of the lumbar levels that a tree can make, from below.

    Parameters
    ----------
    body : Body
        Of our tables.
    tree : Tree
        Of the same body.

    Returns
    -------
    tuple of LumbarRow
        A level that a rhythm leaves rigid (T12/L1 in 'christophy2012') has no row: its joint carries every moment.

    Raises
    ------
    BodyError
        If the body has no lumbar levels.
    """
    place = {name: i for i, name in enumerate(tree.segments)}
    joints = {j.name: j for j in body.joints}
    if not set(LUMBAR_JOINTS) <= set(joints):
        raise BodyError(f"body '{body.name}' has no lumbar levels {', '.join(LUMBAR_JOINTS)}; use a body of our tables")
    rows: list[LumbarRow] = []
    for name in LUMBAR_JOINTS:
        below = int(tree.segment_node[place[joints[name].parent]])
        node = int(tree.segment_node[place[joints[name].child]])
        own: list[LumbarRow] = []
        while node not in (below, -1):
            coordinate = tree.coordinates[int(tree.node_coordinate[node])]
            own.append(LumbarRow(name, _MOTIONS[coordinate.rpartition("_")[2]], node))
            node = int(tree.node_parent[node])
        rows += reversed(own)
    return tuple(rows)


def level_nodes(body: Body, tree: Tree) -> dict[int, str]:
    """Return the nodes whose moment the muscles balance level by level, with the name of their row.

    Parameters
    ----------
    body : Body
    tree : Tree

    Returns
    -------
    dict of node to str
        E.g. 'l4_l5_flexion'; what `kinechain.loads.balance.rows_of` takes as ``single``.
    """
    return {row.node: row.name for row in lumbar_rows(body, tree)}


@cache
def disc_inclinations() -> Mapping[str, float]:
    """Return the inclination of the plate below every disc, rad, standing; the front edge lower is positive.

    The upper plate of S1 falls by the sacral slope; every plate above it by the segmental lordosis less (means of
    adults, ``body/parts/disc_planes.csv``).  It is the plate below the disc, not the plane through its middle, which
    leans back by half the disc's own wedge (not read).
    """
    values = [lookup("disc_planes", joint=joint) for joint in LUMBAR_JOINTS]
    return dict(zip(LUMBAR_JOINTS, _stacked(np.array(values)).tolist(), strict=True))


def sample_disc_inclinations(generator: np.random.Generator, count: int) -> FloatArray:
    """Return inclinations drawn from the spread between people, (count, joint) array, rad.

    Slope and lordosis are drawn apart, which overstates the spread of the upper levels: in people they go together.
    """
    mean = np.array([lookup("disc_planes", joint=joint) for joint in LUMBAR_JOINTS])
    spread = np.array([lookup("disc_planes", "sd", joint=joint) for joint in LUMBAR_JOINTS])
    return _stacked(mean + spread * generator.standard_normal((count, len(mean))))


def _stacked(degrees: FloatArray) -> FloatArray:
    """From sacral slope and lordosis of each level to the inclination of each plate, rad."""
    signs = np.array([1.0] + [-1.0] * (len(LUMBAR_JOINTS) - 1))
    return np.asarray(np.radians(np.cumsum(degrees * signs, axis=-1)))


def disc_axes(inclinations: Mapping[str, float] | None = None) -> dict[str, FloatArray]:
    """Return the axes of every disc plane in the segment below it, in which reactions are told.

    The plates are fixed in their segments as they stand in the neutral posture, which is taken for the standing one.

    Parameters
    ----------
    inclinations : mapping of joint to rad, optional
        Of a person (from a radiograph) or a sample; default `disc_inclinations`.

    Returns
    -------
    dict of joint to (3, 3) array
        Columns are forward along the plate, left, and out of the plate.
    """
    known = dict(disc_inclinations()) | dict(inclinations or {})
    unknown = set(known) - set(LUMBAR_JOINTS)
    if unknown:
        raise SettingError(f"there is no disc at {', '.join(sorted(unknown))}; there is one at each of {LUMBAR_JOINTS}")
    left = np.array([0.0, 1.0, 0.0])
    return {joint: about_axis(left, known[joint]) for joint in LUMBAR_JOINTS}


@cache
def disc_stiffness(joint: str, motion: str) -> float:
    """Return what disc, ligaments and facets of one level resist, N m/rad, without the preload of the day.

    Parameters
    ----------
    joint : str
    motion : 'flexion', 'extension', 'lateral_bending' or 'axial_rotation'

    Notes
    -----
    The slope from upright to the rotation under 10 N m in cadavers, muscles removed: whatever holds a level but muscle
    is in it, so no ligament and no limit torque may be added.
    """
    return _TEST_MOMENT / math.radians(lookup("disc_stiffness", joint=joint, motion=motion))


def compute_disc_moments(
    body: Body,
    tree: Tree,
    values: FloatArray,
    standing: FloatArray | None = None,
    *,
    preload_factor: float | None = None,
) -> FloatArray:
    """Return the moment that discs and ligaments give at every node of the tree, resisting departure from standing.

    Parameters
    ----------
    body : Body
        Of our tables.
    tree : Tree
        Of the same body.
    values : (time, input) array, rad or m
    standing : (coordinate,) array, rad or m, optional
        Posture in which discs and ligaments hold nothing; default: the defaults of the body, which are the standing
        posture of a personal one.
    preload_factor : float, optional
        Stiffness under load over that without; default 1.33 (range 1 to 2.11, ``disc_load_effects.csv``).

    Returns
    -------
    (time, node) array, N m
        Zero but at lumbar nodes.  The muscles have the moment of the node less this to give.
    """
    factor = lookup("disc_load_effects", quantity="preload_factor") if preload_factor is None else preload_factor
    if not (np.isfinite(factor) and factor >= 0):
        raise SettingError(f"a preload cannot change the stiffness of discs by the factor {factor}; give 1 to 2.11")
    rest = tree.default if standing is None else np.asarray(standing, dtype=float)
    out = np.zeros((len(values), len(tree.node_parent)))
    for row in lumbar_rows(body, tree):
        coordinate = int(tree.node_coordinate[row.node])
        function = tree.functions[int(tree.node_function[row.node])]
        now = values[:, int(tree.coordinate_input[coordinate])]
        turned = function.evaluate(now)[0] - function.evaluate(rest[coordinate])[0]
        out[:, row.node] = -factor * _stiffness(row, turned) * turned
    return out


def _stiffness(row: LumbarRow, turned: FloatArray) -> FloatArray:
    if row.motion == "flexion":
        return np.where(turned >= 0, disc_stiffness(row.joint, "flexion"), disc_stiffness(row.joint, "extension"))
    return np.full_like(
        turned, disc_stiffness(row.joint, "lateral_bending" if row.motion == "bending" else "axial_rotation")
    )


def level_tolerances(body: Body, tree: Tree, angle_rad: float = math.radians(1.0)) -> FloatArray:
    """Return the moment by which each row of `lumbar_rows` may be missed, (row,) array, N m.

    A level that stands ``angle_rad`` otherwise than the rhythm says is held by its disc with this moment; below it a
    difference between muscles and demand says nothing.  One degree is an assumption (the two rhythms differ by 1.5
    degrees at L4/5 after 20 degrees of lumbar flexion).
    """
    factor = lookup("disc_load_effects", quantity="preload_factor")
    small = np.array([1e-9])
    return np.array([factor * angle_rad * float(_stiffness(row, small)[0]) for row in lumbar_rows(body, tree)])


def estimate_facet_share(lumbar_flexion_rad: float) -> Estimate | NotMeasured:
    """Return the share of a level's compression that its facet joints take.

    Parameters
    ----------
    lumbar_flexion_rad : float
        Against standing.

    Returns
    -------
    Estimate, 1, or NotMeasured
        Two postures were read (adams_hutton1980, cadavers): erect, after the discs lost height, and flexed.  Nothing
        was read about postures in between, in extension, or about the share of shear.
    """
    if abs(lumbar_flexion_rad) <= _UPRIGHT:
        quantity = "facet_share_upright"
    elif lumbar_flexion_rad >= _FLEXED:
        quantity = "facet_share_flexed"
    else:
        return NotMeasured(
            f"no source tells the share of the facets at {math.degrees(lumbar_flexion_rad):.0f} degrees of lumbar "
            "flexion; it was read for the erect and the flexed posture only",
            "none outside the laboratory",
        )
    row = next(r for r in read_table("disc_load_effects") if r["quantity"] == quantity)
    return Estimate(float(row["value"]), float(row["low"]), float(row["high"]), "1", row["source"])


def split_sacroiliac(body: Body, reaction: JointReaction) -> tuple[JointReaction, JointReaction]:
    """Return the reactions of the right and the left sacroiliac joint from that of the one joint of the sacrum.

    Parameters
    ----------
    body : Body
        Its posterior iliac spines tell how far apart the joints are.
    reaction : JointReaction
        Of the joint 'sacroiliac'.

    Returns
    -------
    right, left : JointReaction
        Their forces add up to the whole; the moments about the forward and the vertical axis become a difference of
        forces between the sides, that about the transverse axis is halved.  An assumption: no ligament takes a part of
        these moments, so differences between the sides are upper limits.  The lateral force is halved.
    """
    apart = float(body.landmark("psis_l").position[1] - body.landmark("psis_r").position[1])
    more = np.zeros_like(reaction.force)
    more[:, 0] = -reaction.moment[:, 2] / apart
    more[:, 2] = reaction.moment[:, 0] / apart
    moment = np.zeros_like(reaction.moment)
    moment[:, 1] = reaction.moment[:, 1] / 2
    half = reaction.force / 2
    return (
        JointReaction("sacroiliac_r", half - more, moment),
        JointReaction("sacroiliac_l", half + more, moment),
    )


def lumbar_notes(body: Body, tree: Tree) -> tuple[str, ...]:
    """Return what every result about the lumbar spine rests on, in sentences."""
    slope = math.degrees(disc_inclinations()["l5_s1"])
    spread = lookup("disc_planes", "sd", joint="l5_s1")
    stiff = next(r for r in read_table("disc_load_effects") if r["quantity"] == "preload_factor")
    out = [
        f"Compression and shear of a lumbar level are told in the plane of the endplate below the disc: sacral slope "
        f"{slope:.1f} degrees (SD {spread:.1f} between adults) and segmental lordosis of the average adult.",
        f"Discs and ligaments resist departure from the standing posture as cadavers do, times {stiff['value']} for "
        f"the load of the day ({stiff['low']} to {stiff['high']} by source); muscles give the rest of the moment.",
        "Pressure in the abdomen is neglected; in lifting it would take load off the spine.",
        "One joint in the midline stands for both sacroiliac joints.",
    ]
    rigid = [j for j in LUMBAR_JOINTS if not any(r.joint == j for r in lumbar_rows(body, tree))]
    if rigid:
        out.append(f"The lumbar rhythm leaves {', '.join(rigid)} rigid: no muscle is asked to balance it.")
    return tuple(out)
