"""What changes in joints: their stiffness, what is tight, and the postures that muscles hold.

Stiffness is told about the reference posture.  Where a joint is made stiffer, muscles are taken to hold so much less
that it still rests there: a stiffer joint answers differently, it does not move by itself.  Of what is tight and of the
arch the tone stays, and the joint goes where the balance has moved.
"""

from __future__ import annotations

import math
import re
from functools import cache

import numpy as np

from kinechain.body.pose import node_frames, segment_poses
from kinechain.chain.alter_ground import turn_feet
from kinechain.chain.alteration import Alteration, Fields, scaled_stiffness, spring_moments
from kinechain.chain.chain_body import LEVELS
from kinechain.chain.change import joints_of
from kinechain.chain.situation import ChainModel
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import EvidenceError, SettingError
from kinechain.evidence.library import find_fact
from kinechain.recording.recording import Side

__all__ = [
    "brace_joint",
    "couple_posterior_chain",
    "curve_back",
    "guard_back",
    "lean_trunk",
    "nerve_posture",
    "stiffen_arch",
    "stiffen_hip_rotation",
    "stiffen_joint",
    "tighten",
    "tilt_pelvis",
    "turn_leg",
    "bend_knee",
]

#: Coordinates of the arch, named without side; what they hold in standing is held by tissue, not by muscle (assumption:
#: the muscles of a standing foot are nearly silent).
ARCH = ("midtarsal_dorsiflexion", "forefoot_eversion")
#: The fascia ties the toes to the arch: their stiffness is its stiffness.
_TOES = "mtp_dorsiflexion"
#: Tissues of the sole, named without side.
_SOLE = (
    "plantar_fascia_medial",
    "plantar_fascia_central",
    "plantar_fascia_lateral",
    "long_plantar_ligament",
    "short_plantar_ligament",
    "spring_ligament",
)
#: How the posterior line lengthens with each joint, named without side: all three alike (assumption).
_POSTERIOR = {"hip_flexion": 1.0, "knee_flexion": -1.0, "ankle_dorsiflexion": 1.0}
#: What is tight: coordinate, its equation in riener1999, the exponential that is the muscle's, the letter of the angle.
_TIGHT = {
    "hip_flexors": (("hip_flexion", "hip", 0, "H"),),
    "hamstrings": (("hip_flexion", "hip", 1, "H"), ("knee_flexion", "knee", 0, "K")),
    "calf": (("ankle_dorsiflexion", "ankle", 0, "A"),),
}
#: Spine and neck of someone who slumps, rad (assumption, plausibly 30 to 60 degrees each).
_SLUMP = math.radians(45.0)


def stiffen_joint(a: Alteration) -> Fields:
    """Return a joint as many times as stiff, in its passive moment and in what muscles add."""
    return _stiffer(a, _coordinates(a, a.change.word("joint"), a.change.word("about")))


def stiffen_hip_rotation(a: Alteration) -> Fields:
    """Return hips as many times as stiff in rotation."""
    return _stiffer(a, [f"hip_rotation_{side[0]}" for side in a.sides])


def brace_joint(a: Alteration) -> Fields:
    """Return a stiffness added about one motion of a joint, from outside or by muscles of both sides of it."""
    stiffness = a.situation.stiffness.copy()
    for name in _coordinates(a, a.change.word("joint"), a.change.word("about")):
        i = a.model.free_index(name)
        stiffness[:, i, i] += a.amount
    return {"stiffness": stiffness}


def guard_back(a: Alteration) -> Fields:
    """Return what muscles add to the lumbar joints so many times over; the discs stay as they are."""
    factor = _factors(a, [n for n in a.model.free if n.startswith(LEVELS)])
    return {"stiffness": scaled_stiffness(a.situation.stiffness, factor)}


def stiffen_arch(a: Alteration) -> Fields:
    """Return arches as many times as stiff; what is softer gives way under the load it bears."""
    factor, tied = (
        _factors(a, [f"{name}_{side[0]}" for side in a.sides for name in names]) for names in (ARCH, (*ARCH, _TOES))
    )
    tissue = np.ones_like(a.situation.tissue_scale)
    if a.model.musculature is not None:
        for i, one in enumerate(a.model.musculature.tissues):
            if one.name[:-2] in _SOLE and one.name[-1] in [side[0] for side in a.sides]:
                tissue[:, i] = a.amount
    return {
        "stiffness": scaled_stiffness(a.situation.stiffness, tied),
        "spring_scale": a.situation.spring_scale * factor,
        "tonic": a.situation.tonic * factor,
        "tissue_scale": a.situation.tissue_scale * tissue,
    }


def tighten(a: Alteration) -> Fields:
    """Return what a muscle group that is stretched so many degrees earlier adds about the reference posture.

    Only the exponential of riener1999 that is the group's is moved, and its moment and slope are taken in the reference
    posture: the whole curve, moved, would loosen what lies on the other side of the joint.
    """
    tonic, stiffness = a.situation.tonic.copy(), a.situation.stiffness.copy()
    for side in a.sides:
        for coordinate, joint, which, letter in _TIGHT[a.change.word("group")]:
            i = a.model.free_index(f"{coordinate}_{side[0]}")
            angles = {
                name: sign * np.degrees(a.situation.reference[:, a.model.input_index(f"{of}_{side[0]}")])
                for name, of, sign in (
                    ("H", "hip_flexion", 1),
                    ("K", "knee_flexion", 1),
                    ("A", "ankle_dorsiflexion", -1),
                )
            }
            own = -1.0 if letter == "A" else 1.0
            sign, rates = _exponential(joint, which)
            now = sign * np.exp(rates["1"] + sum(rates.get(name, 0.0) * angle for name, angle in angles.items()))
            gain = a.situation.spring_scale[:, i] * own * now * np.expm1(abs(rates[letter]) * a.amount)
            tonic[:, i] += gain
            stiffness[:, i, i] -= gain * own * rates[letter] * 180.0 / math.pi
    return {"tonic": tonic, "stiffness": stiffness}


def couple_posterior_chain(a: Alteration) -> Fields:
    """Return the stiffness of a line behind hip, knee and ankle, which pulls at nothing in the reference posture."""
    stiffness = a.situation.stiffness.copy()
    for side in a.sides:
        along = np.zeros(len(a.model.free))
        for name, rate in _POSTERIOR.items():
            along[a.model.free_index(f"{name}_{side[0]}")] = rate
        stiffness += a.amount[:, None, None] * np.outer(along, along)
    return {"stiffness": stiffness}


def lean_trunk(a: Alteration) -> Fields:
    """Return a trunk held over to one side: what control aims at, and the lumbar posture muscles hold."""
    lean = a.radians
    if a.change.unit == "mm":
        lean = np.arcsin(np.clip(a.metres / _trunk_length(a.model), -0.99, 0.99))
    to_right = lean if a.change.side == "right" else -lean
    target = a.situation.direction_target.copy()
    for i, direction in enumerate(a.model.directions):
        if direction.segment == "thorax":
            y, z = target[:, i, 1].copy(), target[:, i, 2].copy()
            target[:, i, 1] = np.cos(to_right) * y - np.sin(to_right) * z
            target[:, i, 2] = np.sin(to_right) * y + np.cos(to_right) * z
    turns = {f"{level}_bending": to_right / len(LEVELS) for level in LEVELS}
    return {"direction_target": target, "reference": a.moved_reference({**turns, "neck_bending": -to_right})}


def tilt_pelvis(a: Alteration) -> Fields:
    """Return a pelvis that the muscles of both hips turn forward; the legs stay, and the trunk keeps its targets."""
    turns = {name: a.radians for name in ("pelvis_tilt", "hip_flexion_r", "hip_flexion_l")}
    return {"reference": a.moved_reference(turns)}


def curve_back(a: Alteration) -> Fields:
    """Return lumbar levels that muscles hold more extended, all alike."""
    return {"reference": a.moved_reference({f"{n}_flexion": -a.radians / len(LEVELS) for n in LEVELS})}


def bend_knee(a: Alteration) -> Fields:
    """Return knees that muscles hold more bent, hip and ankle with them so that the trunk stays above the foot."""
    turns: dict[str, FloatArray] = {}
    for side in a.sides:
        turns[f"knee_flexion_{side[0]}"] = a.radians
        for name in ("hip_flexion", "ankle_dorsiflexion"):
            turns[f"{name}_{side[0]}"] = a.radians / 2.0
    return {"reference": a.moved_reference(turns)}


def turn_leg(a: Alteration) -> Fields:
    """Return feet set down turned inward about the ankle, the hips turned as far by their muscles."""
    now = {"pad_anchor": a.situation.pad_anchor, "pad_normal": a.situation.pad_normal}
    for side in a.sides:
        ankle = _ankle(a, side)
        turned = turn_feet(a.model, a.situation, side, a.radians, ankle)
        pads = a.model.pads_of(side)
        for name, value in turned.items():
            kept = now[name].copy()
            kept[:, pads] = value[:, pads]
            now[name] = kept
    turns = {f"hip_rotation_{side[0]}": a.radians for side in a.sides}
    return {**now, "reference": a.moved_reference(turns)}


def nerve_posture(a: Alteration) -> FloatArray:
    """Return the posture in which the length of the sciatic-tibial path is asked, (case, input) array, rad or m.

    The other leg and the arms stay as they are; of a slump lumbar spine and neck are bent 45 degrees each (assumption).
    """
    posture = a.situation.reference.copy()
    for side in a.sides:
        told = {
            "hip_flexion": a.radians,
            "knee_flexion": np.radians(a.change.number("knee")),
            "ankle_dorsiflexion": np.radians(a.change.number("ankle")),
        }
        for name, value in told.items():
            posture[:, a.model.input_index(f"{name}_{side[0]}")] = value
    if a.change.word("test") == "slump":
        for level in LEVELS:
            posture[:, a.model.input_index(f"{level}_flexion")] = _SLUMP / len(LEVELS)
        posture[:, a.model.input_index("neck_flexion")] = _SLUMP
    return np.asarray(posture)


def _coordinates(a: Alteration, joint: str, about: str) -> list[str]:
    """Return the free coordinates of a joint on the sides of a change."""
    starts = tuple(f"{word}_" for word in joints_of(joint))
    own = [n for n in a.model.free if n.startswith(starts)]
    is_sided = any(n.endswith(("_r", "_l")) for n in own)
    if own and (a.change.side == "middle" if is_sided else a.change.side in ("left", "right")):
        sides = "left, right or both" if is_sided else "middle"
        raise SettingError(f"the side of the {joint} is {sides}; got '{a.change.side}'")
    if is_sided:
        own = [n for n in own if n[-1] in [side[0] for side in a.sides]]
    chosen = [n for n in own if about == "all" or n.removesuffix("_r").removesuffix("_l").endswith(f"_{about}")]
    if not chosen:
        motions = sorted({n.removesuffix("_r").removesuffix("_l").rpartition("_")[2] for n in own})
        raise SettingError(
            f"the {joint} of this body has no {about}; write about={' or about='.join(motions) or 'all'}"
        )
    return chosen


def _factors(a: Alteration, names: list[str]) -> FloatArray:
    """Return the amount at some free coordinates and 1 at the others, (case, free) array."""
    factor = np.ones((len(a.situation), len(a.model.free)))
    factor[:, [a.model.free_index(n) for n in names]] = a.amount[:, None]
    return factor


def _stiffer(a: Alteration, names: list[str]) -> Fields:
    factor = _factors(a, names)
    return {
        "stiffness": scaled_stiffness(a.situation.stiffness, factor),
        "spring_scale": a.situation.spring_scale * factor,
        "tonic": a.situation.tonic - (factor - 1.0) * spring_moments(a.model, a.situation),
    }


@cache
def _exponential(joint: str, which: int) -> tuple[float, dict[str, float]]:
    """Return sign and exponents (by letter, per degree; '1' for the constant) of a term of an equation of riener1999.

    The equations of hip and knee are positive towards flexion; that of the ankle towards plantarflexion.
    """
    text = find_fact("passive_stiffness", item=f"{joint} passive moment", source="riener1999").text("value")
    terms = re.findall(r"([+-]?)exp\(([^)]*)\)", text)
    if which >= len(terms):
        raise EvidenceError(
            f"the passive moment of the {joint} in riener1999 has {len(terms)} exponentials, not {which + 1}"
        )
    sign, inside = terms[which]
    rates = {letter or "1": float(rate) for rate, letter in re.findall(r"([+-]?[0-9.]+)\*?([A-Z]?)", inside)}
    return (-1.0 if sign == "-" else 1.0), rates


def _trunk_length(model: ChainModel) -> float:
    """Return how far the head's joint lies from the lowest lumbar one in the model's own posture, m."""
    values = np.array([[c.default for c in model.body.coordinates]])
    poses = dict(zip((s.name for s in model.body.segments), segment_poses(model.body, values)[0], strict=True))
    return float(np.linalg.norm(poses["head"][:3, 3] - poses["lumbar5"][:3, 3]))


def _ankle(a: Alteration, side: Side) -> FloatArray:
    """Return where the ankle is in the reference posture, (case, 3) array, m, world."""
    tree = a.model.tree
    rotation, origin = node_frames(tree, a.situation.reference)
    i = tree.segments.index(f"talus_{side[0]}")
    on = tree.segment_node[i] + 1
    return np.asarray(origin[:, on] + rotation[:, on] @ tree.segment_translation[i])
