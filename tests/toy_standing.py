"""Small bodies that stand on pads, for tests."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kinechain.body.body import Body, Coordinate, Function, Joint, Mobility, Segment
from kinechain.body.tree import flatten
from kinechain.chain.equilibrium import evaluate
from kinechain.chain.situation import ROOT, ChainModel, Direction, Pad, Situation
from toy_bodies import BEND, IDENTITY, at, slide, turn, turned

AXES = ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0))


def root_joint(child: str, height: float) -> Joint:
    turns = (turn(AXES[2], ROOT[3]), turn(AXES[0], ROOT[4]), turn(AXES[1], ROOT[5]))
    moves = (*(slide(axis, name) for axis, name in zip(AXES, ROOT, strict=False)), *turns)
    return Joint("root", "ground", child, at(0, 0, height), IDENTITY, moves)


def mass(name: str, kilograms: float, centre: Sequence[float]) -> Segment:
    return Segment(name, kilograms, np.array(centre, dtype=float), 0.01 * np.eye(3))


def coordinates(*names: str) -> tuple[Coordinate, ...]:
    return tuple(Coordinate(n, "translation" if n in ROOT[:3] else "rotation") for n in (*ROOT, *names))


def pad(name: str, side: str, segment: str, position: Sequence[float]) -> Pad:
    return Pad(name, side, "heel" if "heel" in name else "forefoot", segment, np.array(position, dtype=float))


def model(
    body: Body,
    joints: Sequence[str],
    pads: Sequence[Pad],
    directions: Sequence[Direction] = (),
    springs: dict[str, Function] | None = None,
    parameters: tuple[str, ...] = (),
) -> ChainModel:
    tree, free = flatten(body, locks=False), (*ROOT, *joints)
    each = tuple((springs or {}).get(name) for name in free)
    return ChainModel(body, tree, None, free, parameters, tuple(pads), tuple(directions), each)


def stand_on(
    model: ChainModel,
    *,
    reference: Sequence[float] | None = None,
    stiffness: float | Sequence[float] = 200.0,
    pad_stiffness: float = 3e4,
    pad_shear: float = 2e4,
    depth: float | Sequence[float] = 0.003,
    centre_gain: float = 0.0,
    direction_gain: float = 0.0,
) -> Situation:
    """Return one case with pads pressed in by ``depth`` at the reference; tonic moments are not solved for."""
    body, pads = model.body, len(model.pads)
    joints = len(model.free) - len(ROOT)
    diagonal = np.concatenate([np.zeros(len(ROOT)), np.broadcast_to(stiffness, joints)])
    place = np.zeros(len(model.inputs)) if reference is None else np.array(reference, dtype=float)
    blank = Situation(
        reference=place[None],
        mass=np.array([[s.mass_kg for s in body.segments]]),
        centre=np.array([[s.centre_of_mass for s in body.segments]]),
        stiffness=np.diag(diagonal)[None],
        spring_scale=np.ones((1, len(model.free))),
        spring_shift=np.zeros((1, len(model.free))),
        tonic=np.zeros((1, len(model.free))),
        pad_stiffness=np.full((1, pads), pad_stiffness),
        pad_shear=np.full((1, pads), pad_shear),
        pad_level=np.broadcast_to(depth, (1, pads)),
        pad_anchor=np.zeros((1, pads, 3)),
        pad_normal=np.tile([0.0, 0.0, 1.0], (1, pads, 1)),
        centre_gain=np.full(1, centre_gain),
        centre_target=np.zeros((1, 2)),
        direction_gain=np.full((1, len(model.directions)), direction_gain),
        direction_target=np.tile([0.0, 0.0, 1.0], (1, len(model.directions), 1)),
        strength=np.ones((1, 0)),
        tissue_scale=np.ones((1, 0)),
    )
    there = evaluate(model, blank, place[None][:, [model.input_index(n) for n in model.free]])
    return replace(
        blank,
        pad_anchor=there.pad_position,
        centre_target=there.centre_of_mass[:, :2],
        direction_target=there.directions,
    )


def at_rest(model: ChainModel, situation: Situation) -> Situation:
    """Return a situation whose reference is its rest: pad levels and tonic moments solved for."""
    free = [model.input_index(n) for n in model.free]
    for _ in range(60):
        there = evaluate(model, situation, situation.reference[:, free])
        # Loads shift between the pads until the root is borne; each pad answers as its slope says.
        root = there.gradient[0, :6]
        if np.abs(root).max() < 1e-10:
            break
        jacobian = _pad_rows(model, situation)
        push = np.linalg.lstsq(jacobian.T, root, rcond=None)[0]
        situation = replace(situation, pad_level=situation.pad_level + push / situation.pad_stiffness)
    there = evaluate(model, situation, situation.reference[:, free])
    return replace(situation, tonic=np.concatenate([np.zeros((1, 6)), there.gradient[:, 6:]], axis=1))


def _pad_rows(model: ChainModel, situation: Situation) -> np.ndarray:
    """Return how far every pad rises per unit of every root coordinate (pad, 6), by differences."""
    free = [model.input_index(n) for n in model.free]
    here, step, rows = situation.reference[:, free], 1e-6, []
    for i in range(6):
        ahead, behind = (evaluate(model, situation, here + s * step * np.eye(len(free))[i]) for s in (1, -1))
        rows.append((ahead.pad_position - behind.pad_position)[0, :, 2] / (2 * step))
    return np.array(rows).T


HINGE = Function(
    knots=np.array([-0.6, -0.1, 0.2, 0.9]),
    coefficients=np.array([[20.0, -30.0, 5.0, 2.0], [6.5, -23.5, 8.0, -20.0], [-0.37, -24.1, -10.0, -4.0]]),
)


def two_legs() -> ChainModel:
    """A trunk with a hinged head on two legs whose knees slide on splines; feet with four pads each."""
    segments = [mass("pelvis", 12.0, (0, 0, 0.1)), mass("trunk", 35.0, (0.0, 0, 0.25))]
    joints = [root_joint("pelvis", 0.9)]
    back = (turn(AXES[1], "back_flexion"), turn(AXES[0], "back_bending"), turn(AXES[2], "back_rotation"))
    joints.append(Joint("back", "pelvis", "trunk", at(-0.02, 0, 0.12), IDENTITY, back))
    names, pads = ["back_flexion", "back_bending", "back_rotation"], []
    shifts = []
    for side, sign, letter in (("right", -1.0, "r"), ("left", 1.0, "l")):
        thigh, shank, foot = f"thigh_{letter}", f"shank_{letter}", f"foot_{letter}"
        segments += [
            mass(thigh, 8.0, (0, 0, -0.18)),
            mass(shank, 3.5, (0, 0, -0.18)),
            mass(foot, 1.0, (0.05, 0, -0.03)),
        ]
        hip = (
            turn((0, -1.0, 0), f"hip_{letter}"),
            turn((sign, 0, 0), f"adduction_{letter}"),
            turn((0, 0, sign), f"hip_rotation_{letter}"),
        )
        joints.append(Joint(f"hip_{letter}", "pelvis", thigh, at(0, 0.09 * sign, 0), IDENTITY, hip))
        length = slide(AXES[2], f"length_{letter}", Function.linear(-1.0))
        knee: tuple[Mobility, ...] = (
            length,
            turn((0, 1.0, 0.05 * sign), f"knee_{letter}"),
            slide(AXES[0], f"knee_{letter}", BEND),
            turn(AXES[2], f"shank_rotation_{letter}", Function.linear(sign)),
        )
        joints.append(
            Joint(f"knee_{letter}", thigh, shank, at(0, 0, -0.42), turned(AXES[0], 0.02 * sign, (0, 0, 0)), knee)
        )
        ankle = (
            turn((0.05 * sign, -1.0, 0.1 * sign), f"ankle_{letter}"),
            turn((-sign, 0.2, 0.7 * sign), f"subtalar_{letter}"),
        )
        joints.append(Joint(f"ankle_{letter}", shank, foot, at(0, 0, -0.40), IDENTITY, ankle))
        for name, place in (
            ("heel_medial", (-0.05, -0.02)),
            ("heel_lateral", (-0.05, 0.02)),
            ("toe_medial", (0.14, -0.04)),
            ("toe_lateral", (0.12, 0.04)),
        ):
            pads.append(pad(f"{name}_{letter}", side, foot, (place[0], sign * place[1], -0.07)))
        names += [
            f"hip_{letter}",
            f"adduction_{letter}",
            f"hip_rotation_{letter}",
            f"knee_{letter}",
            f"ankle_{letter}",
            f"subtalar_{letter}",
        ]
        shifts += [
            Coordinate(f"shank_rotation_{letter}", "rotation", driver=f"knee_{letter}", coupling=BEND),
            Coordinate(f"length_{letter}", "translation"),
        ]
    body = Body("two_legs", tuple(segments), tuple(joints), (*coordinates(*names), *shifts))
    directions = (Direction("thorax_up", "trunk", AXES[2]), Direction("thorax_forward", "trunk", AXES[0]))
    return model(
        body,
        names,
        pads,
        directions,
        dict.fromkeys(("back_flexion", "hip_r", "hip_l"), HINGE),
        ("length_r", "length_l"),
    )
