"""Loads of the lumbar spine in still postures, computed beside published; misses are kept.

::

    python benchmarks/spine_table.py

The generic man of 70 kg and 1.74 m takes each posture symmetrically.  Which joint bends how far no source says: the
angles below are assumptions, and so are the place of a load and the feet, which stand under the centre of mass.
Published disc pressures (Wilke 1999, one man, L4/5) are compared as ratios to relaxed standing: pressure is
compression over an area that stays the same person's.  Forces that a musculoskeletal model gave are compared in body
weights, the forces of vertebral body replacements as rises over standing (the implant bears an unknown share).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from kinechain.body.body import Body
from kinechain.body.muscle import Musculature
from kinechain.body.musculature import person_muscles
from kinechain.body.pose import segment_poses
from kinechain.body.scale import BodySize, size_body
from kinechain.body.skeleton import RHYTHMS, SIDES, template_body
from kinechain.core.arrays import FloatArray
from kinechain.core.frames import transform_points
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.evidence.library import find_fact
from kinechain.loads.balance import BALANCED
from kinechain.loads.joint_reactions import PathLoads, joint_reactions, reaction_plan
from kinechain.loads.loads import JointReaction
from kinechain.loads.lumbar import (
    LUMBAR_JOINTS,
    compute_disc_moments,
    disc_axes,
    level_nodes,
    level_tolerances,
    lumbar_rows,
)
from kinechain.loads.muscle_forces import MuscleSettings, plan_muscles, share_forces
from kinechain.loads.newton_euler import dynamics_of, solve_forces

MASS_KG, HEIGHT_M = 70.0, 1.74

#: How far in front of the ankles the centre of mass stands, m (assumption).
AHEAD_OF_ANKLES = 0.05
#: Of the muscles of the shoulder only the latissimus is modelled; it is not asked to balance the arm alone.
SHOULDERS = tuple(f"shoulder_{motion}_{s}" for motion in ("flexion", "adduction", "rotation") for s in SIDES)


@dataclass(frozen=True)
class Posture:
    """A still posture.

    Attributes
    ----------
    name : str
    degrees : mapping of coordinate to deg
        Of trunk and arms; both arms alike.
    knee_deg : float
        Flexion of both knees; hips and ankles follow, so that the feet stand flat under the centre of mass.
    load_kg : float
        Half in each hand.
    load_ahead_m : float or None
        Of the load in front of the centre of L4/5; None: in the hands.
    """

    name: str
    degrees: Mapping[str, float] = field(default_factory=dict)
    knee_deg: float = 0.0
    load_kg: float = 0.0
    load_ahead_m: float | None = None


def _arms(shoulder: float, elbow: float = 0.0) -> dict[str, float]:
    return {f"{name}_{s}": a for s in SIDES for name, a in (("shoulder_flexion", shoulder), ("elbow_flexion", elbow))}


#: What the lumbar spine makes of 15 degrees of trunk rotation, deg: 1.45 per level of 45 (fujii2007), five levels; the
#: rest is thoracic, where our thorax is one piece.
LUMBAR_ROTATION = 15.0 * 5 * 1.45 / 45.0

STANDING = Posture("relaxed standing")
WILKE = (
    STANDING,
    Posture("standing flexed forward", {"pelvis_tilt": 12.0, "lumbar_flexion": 24.0}),
    # The belly 0.12 m ahead of the spine, the middle of a crate 0.13 m ahead of the belly.
    Posture("holding 20 kg close to the body", _arms(0.0, 70.0), load_kg=20.0, load_ahead_m=0.25),
    Posture(
        "lifting 20 kg, round flexed back", {"pelvis_tilt": 30.0, "lumbar_flexion": 50.0, **_arms(80.0)}, load_kg=20.0
    ),
    Posture(
        "lifting 20 kg, flexed knees",
        {"pelvis_tilt": 25.0, "lumbar_flexion": 15.0, **_arms(40.0)},
        knee_deg=80.0,
        load_kg=20.0,
    ),
)
MODEL = (
    Posture("static posture: flexion 20 deg", {"lumbar_flexion": 20.0}),
    Posture("static posture: extension 15 deg", {"lumbar_flexion": -15.0}),
    Posture("static posture: lateral bending 20 deg right", {"lumbar_bending": 20.0}),
    Posture("static posture: axial rotation 15 deg right", {"lumbar_rotation": -LUMBAR_ROTATION}),
    Posture("static posture: axial rotation 15 deg left", {"lumbar_rotation": LUMBAR_ROTATION}),
)


@cache
def man(rhythm: str = "christophy2012") -> tuple[Body, Musculature]:
    """Return the generic man and his muscles, without passive tissues of the foot."""
    body = size_body(template_body(rhythm), BodySize(mass_kg=MASS_KG, height_m=HEIGHT_M, sex="male"))
    return body, replace(person_muscles(body), tissues=())


def posed(body: Body, posture: Posture) -> FloatArray:
    """Return the inputs (1, input) of a posture, its feet flat under the centre of mass (load included)."""
    tree = dynamics_of(body).tree
    names = [tree.coordinates[i] for i in tree.inputs]
    values = np.zeros((1, len(names)))

    def put(name: str, degrees: float) -> None:
        values[0, names.index(name)] = np.radians(degrees)

    for name, degrees in posture.degrees.items():
        put(name, degrees)
    tilt = posture.degrees.get("pelvis_tilt", 0.0)

    def ahead(thigh: float) -> float:
        for s in SIDES:
            put(f"hip_flexion_{s}", thigh + tilt)
            put(f"knee_flexion_{s}", posture.knee_deg)
            put(f"ankle_dorsiflexion_{s}", posture.knee_deg - thigh)
        at = segment_places(body, values)
        return float(centre_of_mass(body, posture, at)[0] - at["talus_r"][0, 3] - AHEAD_OF_ANKLES)

    low, high = -60.0, 120.0
    for _ in range(60):  # the thighs forward bring the feet forward under the body
        middle = 0.5 * (low + high)
        low, high = (middle, high) if ahead(middle) > 0 else (low, middle)
    return values


def segment_places(body: Body, values: FloatArray) -> dict[str, FloatArray]:
    """Return the pose (4, 4) of every segment."""
    tree = dynamics_of(body).tree
    full = np.zeros((1, len(body.coordinates)))
    full[:, tree.inputs] = values
    return dict(zip((s.name for s in body.segments), segment_poses(body, full)[0], strict=True))


def load_points(body: Body, posture: Posture, at: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return where the load pulls on each hand, m."""
    out = {}
    for s in SIDES:
        hand = body.segment(f"hand_{s}")
        out[hand.name] = transform_points(at[hand.name], hand.centre_of_mass)
        if posture.load_ahead_m is not None:
            out[hand.name][0] = at["lumbar4"][0, 3] + posture.load_ahead_m
    return out


def centre_of_mass(body: Body, posture: Posture, at: Mapping[str, FloatArray]) -> FloatArray:
    """Return the centre of mass of body and load, (3,) array, m."""
    parts = [(s.mass_kg, transform_points(at[s.name], s.centre_of_mass)) for s in body.segments]
    parts += [(posture.load_kg / 2, point) for point in load_points(body, posture, at).values()]
    return np.asarray(sum(m * p for m, p in parts) / sum(m for m, _ in parts))


def outside_forces(body: Body, posture: Posture, at: Mapping[str, FloatArray]) -> FloatArray:
    """Return the wrench (1, segment, 6) of load and ground on every segment, about the origin of the world."""
    place = {s.name: i for i, s in enumerate(body.segments)}
    out = np.zeros((1, len(body.segments), 6))

    def push(segment: str, point: FloatArray, upward: float) -> None:
        force = np.array([0.0, 0.0, upward])
        out[0, place[segment]] += np.concatenate([force, np.cross(point, force)])

    for hand, point in load_points(body, posture, at).items():
        push(hand, point, -posture.load_kg / 2 * GRAVITY_M_S2)
    weight = (body.mass_kg + posture.load_kg) * GRAVITY_M_S2
    centre = centre_of_mass(body, posture, at)
    right, left = (at[f"talus_{s}"][:3, 3] for s in SIDES)
    share = (centre[1] - left[1]) / (right[1] - left[1])
    for s, foot, part in (("r", right, share), ("l", left, 1 - share)):
        push(f"calcaneus_{s}", np.array([centre[0], foot[1], 0.0]), part * weight)
    return out


@dataclass(frozen=True)
class Spine:
    """What a posture costs the lumbar spine.

    Attributes
    ----------
    reactions : mapping of joint to JointReaction
        In disc planes.
    net_flexion_moment : mapping of joint to N m
        What muscles, discs and ligaments together must give; negative extends.
    activation : mapping of muscle to 1
    disc_missing : float
        Largest moment that a level was missed by, N m.
    reserve : float
        Largest reserve of hips, knees and ankles, N m.
    """

    reactions: Mapping[str, JointReaction]
    net_flexion_moment: Mapping[str, float]
    activation: Mapping[str, float]
    disc_missing: float
    reserve: float


def solve_posture(
    posture: Posture,
    rhythm: str = "christophy2012",
    balanced: str = "levels",
    tone: float = 0.01,
    preload_factor: float | None = None,
    inclinations: Mapping[str, float] | None = None,
) -> Spine:
    """Return the loads of the lumbar spine of the generic man in a posture.

    Parameters
    ----------
    posture : Posture
    rhythm, balanced : str
    tone : float
        Least activation of every muscle.
    preload_factor : float, optional
        Of the discs; 0 leaves everything to the muscles.
    inclinations : mapping, optional
        Of disc planes.
    """
    body, musculature = man(rhythm)
    values = posed(body, posture)
    at = segment_places(body, values)
    dynamics = dynamics_of(body)
    tree, still = dynamics.tree, np.zeros_like(values)
    forces = solve_forces(dynamics, values, still, still, outside_forces(body, posture, at))
    discs = compute_disc_moments(body, tree, values, preload_factor=preload_factor)
    slack = dict(zip((r.name for r in lumbar_rows(body, tree)), level_tolerances(body, tree), strict=True))
    single = level_nodes(body, tree) if balanced == "levels" else {}
    settings = MuscleSettings(least_activation=tone, has_speed=False, reserves=slack if single else {})
    plan = plan_muscles(body, musculature, settings, single, SHOULDERS)
    muscles = share_forces(plan, values, still, forces.nodes - discs, with_loads=True)
    if muscles.shares.status[0] != BALANCED:
        raise RuntimeError(f"{posture.name}: {muscles.shares.residual[0]:.1f} N m found no muscle")
    loads = PathLoads(plan.paths.load_path, plan.paths.load_segment, muscles.loads)
    axes = reaction_plan(body, dynamics, LUMBAR_JOINTS, disc_axes(inclinations))
    found = joint_reactions(dynamics, axes, values, forces, muscles.forces, loads)
    missed = dict(zip(plan.rows.labels, muscles.shares.reserves[0], strict=True))
    return Spine(
        {r.joint: r for r in found},
        {r.joint: float(forces.nodes[0, r.node]) for r in lumbar_rows(body, tree) if r.motion == "flexion"},
        dict(zip((m.name for m in musculature.muscles), muscles.shares.activations[0], strict=True)),
        max((abs(v) for n, v in missed.items() if n in slack), default=0.0),
        max(abs(v) for n, v in missed.items() if n not in slack),
    )


@dataclass(frozen=True)
class Row:
    """One published figure beside the computed one.

    Attributes
    ----------
    item, quantity, unit : str
    published, computed : float
    source : str
    """

    item: str
    quantity: str
    unit: str
    published: float
    computed: float
    source: str


def table(rhythm: str = "christophy2012", balanced: str = "levels", tone: float = 0.01) -> list[Row]:
    """Return every published figure of a still posture with the computed one."""
    weight = MASS_KG * GRAVITY_M_S2

    def spine(posture: Posture) -> Spine:
        return solve_posture(posture, rhythm, balanced, tone)

    standing = spine(STANDING)
    base = float(standing.reactions["l4_l5"].compression_n[0])
    pressure = {p.name: _published(p.name, "intradiscal pressure L4-L5") for p in WILKE}
    rows = [
        Row(
            p.name,
            "L4/5 compression over standing",
            "1",
            pressure[p.name] / pressure[STANDING.name],
            float(spine(p).reactions["l4_l5"].compression_n[0]) / base,
            "wilke1999",
        )
        for p in WILKE
    ]
    rows += [
        Row(
            p.name,
            "L4/5 joint reaction",
            "%BW",
            _published(p.name, "L4-L5 joint reaction, total"),
            100 * float(spine(p).reactions["l4_l5"].resultant_n[0]) / weight,
            "fbioe661837",
        )
        for p in MODEL
    ]
    flexed = WILKE[1]
    rise = spine(flexed).reactions["l1_l2"].resultant_n[0] - standing.reactions["l1_l2"].resultant_n[0]
    published = _published("flexion while standing, increase over upright", "VBR resultant force increase")
    rows.append(
        Row(
            "flexion while standing, rise over upright",
            "L1/2 joint reaction",
            "N",
            published,
            float(rise),
            "dreischarf2015",
        )
    )
    return rows


def _published(item: str, quantity: str) -> float:
    return find_fact("loads", item=item, quantity=quantity).number("value")


def main(arguments: Iterable[str]) -> None:
    """Print the tables under both rhythms and both balances."""
    for rhythm in RHYTHMS:
        for balanced in ("levels", "rhythm"):
            for tone in (0.0, 0.01):
                standing = solve_posture(STANDING, rhythm, balanced, tone)
                base = standing.reactions["l4_l5"].compression_n[0]
                print(f"\n{rhythm}, balance '{balanced}', least activation {tone:g}: standing L4/5 {base:.0f} N")
                for row in table(rhythm, balanced, tone):
                    print(
                        f"  {row.item:46s} {row.quantity:32s} {row.unit:4s} published {row.published:7.2f} "
                        f"computed {row.computed:7.2f}  {row.source}"
                    )
    print("\nLevel by level, 'christophy2012', 'levels', least activation 0.01: compression, forward and left shear, N")
    for posture in (*WILKE, *MODEL):
        spine = solve_posture(posture)
        told = "  ".join(
            f"{j} {r.compression_n[0]:5.0f} {r.force[0, 0]:5.0f} {r.force[0, 1]:4.0f}"
            for j, r in spine.reactions.items()
        )
        print(f"  {posture.name:46s} {told}  missed {spine.disc_missing:.1f} N m")


if __name__ == "__main__":
    main(sys.argv[1:])
