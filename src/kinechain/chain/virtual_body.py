"""The body behind a made person: not the analyst's, in structure and in parameters.

What differs, so that an attribution cannot succeed by sharing its model with the truth:

- sizes: every segment is off what stature says (both sides alike: a difference of leg length is a parameter);
- inertia: trunk, pelvis and limbs share the mass by other tables (dumas2007_humod instead of deleva1996), each segment
  off by its own factor, centres off along and across the segment;
- passive moments of hip, knee and ankle in the sagittal plane: limit torques, slack about standing
  (anderson1999_limit), instead of the curves of riener1999, and no passive muscle that ties two joints;
- soles: every pad elsewhere, and not all of the analyst's pads bear;
- the axis of the subtalar joint, tone, stiffnesses and the gains of posture control: drawn evenly (the analyst
  believes in bell curves) and wider.

Figures stand in table ``body`` of ``evidence/data/chain/virtual.toml``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from kinechain.body.body import Body, Function, Segment
from kinechain.body.scale import BodySize, scale_body, size_body
from kinechain.body.skeleton import template_body
from kinechain.chain.joint_stiffness import passive_coupling
from kinechain.chain.situation import ROOT, ChainModel, Pad, Situation
from kinechain.chain.stand import standing_situation
from kinechain.chain.unknowns import Unknowns, read_unknowns
from kinechain.evidence.library import find_fact

__all__ = ["GENERATOR_INERTIA", "draw_body", "draw_generator_unknowns", "generator_model", "generator_situation"]

#: The tables by which the generator shares mass among segments.
GENERATOR_INERTIA = "dumas2007_humod"
#: Published segments and the segments of ours they are made of, without side; how many of each there are.
_PUBLISHED: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "head": (1, ("head",)),
    "thorax": (1, ("thorax",)),
    "abdomen": (1, ("lumbar1", "lumbar2", "lumbar3", "lumbar4", "lumbar5")),
    "pelvis": (1, ("pelvis", "sacrum")),
    "upperArm": (2, ("humerus",)),
    "lowerArm": (2, ("forearm",)),
    "hand": (2, ("hand",)),
    "thigh": (2, ("femur",)),
    "shank": (2, ("tibia",)),
    "foot": (2, ("talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")),
}
#: Segments that keep together when a size is off.
_SIZED = (("femur",), ("tibia",), _PUBLISHED["foot"][1], ("pelvis", "sacrum"), ("thorax",))
#: Coordinates whose passive moment is a limit torque here: their names in the table, and the sign of ours in theirs.
_LIMITED = {
    "hip_flexion": ("hip_flexion", 1.0),
    "knee_flexion": ("knee_angle (extension positive)", -1.0),
    "ankle_dorsiflexion": ("ankle_angle (dorsiflexion positive)", 1.0),
}
#: A limit torque is tabulated up to this exponent beyond its limits, at this distance of knots, rad.
_BEYOND, _STEP = 1.5, math.radians(1.0)
#: Half width of an even distribution of standard deviation 1.
_EVEN = math.sqrt(3.0)


def draw_body(size: BodySize, settings: Mapping[str, Any], random: np.random.Generator) -> Body:
    """Return the generator's body of one person.

    Parameters
    ----------
    size : BodySize
        Complete.
    settings : mapping
        Table ``body`` of ``virtual.toml``.
    random : numpy.random.Generator
    """
    body = size_body(template_body(), size)
    factors: dict[str, float] = {}
    for group in _SIZED:
        factor = math.exp(random.normal(0.0, settings["segment_log_sd"]))
        for stem in group:
            sides = ("",) if stem in ("pelvis", "sacrum", "thorax") else ("_r", "_l")
            factors |= {f"{stem}{side}": factor for side in sides}
    return _with_other_inertia(scale_body(body, factors), size, settings, random)


def _with_other_inertia(body: Body, size: BodySize, settings: Mapping[str, Any], random: np.random.Generator) -> Body:
    """Return the body with the mass shared by other tables, off by a factor each; the total stays."""
    shares: dict[str, float] = {}
    for published, (count, stems) in _PUBLISHED.items():
        fact = find_fact("anthropometry_dumas", segment=published, sex=str(size.sex), quantity="mass_fraction")
        for side in ("",) if count == 1 else ("_r", "_l"):
            names = [f"{stem}{side}" for stem in stems]
            own = sum(body.segment(n).mass_kg for n in names)
            off = math.exp(random.normal(0.0, settings["mass_log_sd"]))
            shares |= {n: fact.number() * off * body.segment(n).mass_kg / own for n in names}
    total = sum(shares.values())
    whole = body.mass_kg
    return replace(
        body,
        segments=tuple(_heavier(s, whole * shares[s.name] / total, settings, random) for s in body.segments),
    )


def _heavier(segment: Segment, mass: float, settings: Mapping[str, Any], random: np.random.Generator) -> Segment:
    reach = float(np.linalg.norm(segment.centre_of_mass))
    centre = segment.centre_of_mass + random.normal(0.0, settings["centre_sd"] * reach, 3)
    factor = mass / segment.mass_kg if segment.mass_kg > 0 else 1.0
    return replace(segment, mass_kg=mass, centre_of_mass=centre, inertia=segment.inertia * factor)


def draw_generator_unknowns(settings: Mapping[str, Any], random: np.random.Generator) -> Unknowns:
    """Return one draw of everything the analyst does not know, from even distributions wider than the analyst's.

    Lengths of bones are left at their best: the generator's body has its own.
    """
    names: list[str] = []
    values: list[float] = []
    for key, unknown in read_unknowns().items():
        half = min(_EVEN * float(settings["unknowns_spread"]), unknown.limit)
        common = random.uniform(-half, half)
        for column in unknown.columns:
            alone = random.uniform(-half, half)
            z = (
                math.sqrt(1.0 - unknown.apart) * common + math.sqrt(unknown.apart) * alone
                if unknown.is_sided
                else common
            )
            names.append(column)
            values.append(unknown.best if key.endswith("_length") else float(unknown.at(np.array(z))))
    return Unknowns(tuple(names), np.array([values]))


def generator_model(model: ChainModel, settings: Mapping[str, Any], random: np.random.Generator) -> ChainModel:
    """Return a chain model with the generator's passive moments and soles.

    Parameters
    ----------
    model : ChainModel
        Of the generator's body.
    settings : mapping
        Table ``body`` of ``virtual.toml``.
    random : numpy.random.Generator
    """
    springs = list(model.springs)
    for i, name in enumerate(model.free):
        stem = name[:-2] if name.endswith(("_r", "_l")) else name
        if stem in _LIMITED:
            springs[i] = _limit_torque(*_LIMITED[stem])
    pads = tuple(_shifted(pad, settings, random) for pad in model.pads)
    return replace(model, springs=tuple(springs), pads=pads)


def generator_situation(model: ChainModel, unknowns: Unknowns) -> Situation:
    """Return the situation of a typical person with this body: nothing ties two joints but muscles that are at work.

    Parameters
    ----------
    model : ChainModel
        From `generator_model`.
    unknowns : Unknowns
    """
    situation = standing_situation(model, unknowns)
    free = [model.input_index(name) for name in model.free]
    root = np.sqrt(situation.spring_scale)
    tied = root[:, :, None] * passive_coupling(model.free, situation.reference[0, free]) * root[:, None, :]
    tied[:, : len(ROOT)], tied[:, :, : len(ROOT)] = 0.0, 0.0
    return replace(situation, stiffness=situation.stiffness - tied)


def _shifted(pad: Pad, settings: Mapping[str, Any], random: np.random.Generator) -> Pad:
    """Return a pad a few millimetres elsewhere on the sole."""
    moved = np.array([*random.normal(0.0, settings["pad_shift_m"], 2), 0.0])
    return replace(pad, position=pad.position + moved)


def _limit_torque(item: str, sign: float) -> Function:
    """Return a double exponential as piecewise cubics that meet its values and slopes, N m over rad of our sign."""
    k1, k2, k3, k4, low, high = (
        find_fact("passive_stiffness", source="anderson1999_limit", item=item, quantity=q).number()
        for q in ("K1", "K2", "K3", "K4", "theta1", "theta2")
    )

    # Beyond the limits the moment grows without bound; what no standing body reaches is held straight.
    ends = sorted(float(sign * end) for end in (low + _BEYOND / k4, high + _BEYOND / k2))
    knots = np.linspace(ends[0], ends[1], math.ceil((ends[1] - ends[0]) / _STEP) + 1)
    upper, lower = k1 * np.exp(k2 * (sign * knots - high)), k3 * np.exp(k4 * (sign * knots - low))
    value, slope, width = sign * (upper + lower), k2 * upper + k4 * lower, np.diff(knots)
    rise = np.diff(value) / width
    square = (3.0 * rise - 2.0 * slope[:-1] - slope[1:]) / width
    cube = (slope[:-1] + slope[1:] - 2.0 * rise) / width**2
    return Function(knots, np.stack([value[:-1], slope[:-1], square, cube], axis=1))
