"""Make changes: a `Situation` in, a `Situation` out.

What every kind of change does stands in the functions named here, and is told to users in
``evidence/data/chain/changes.toml``.  A neutral amount (0, or a factor of 1) gives the identical situation back.
People who get used to a change move otherwise than before; that is behaviour, and nothing here computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from kinechain.chain.alter_ground import (
    lay_footwear,
    lay_heel,
    lay_lift,
    lay_orthosis,
    lay_pad,
    lay_wedge,
    spare_region,
)
from kinechain.chain.alter_joints import (
    bend_knee,
    brace_joint,
    couple_posterior_chain,
    curve_back,
    guard_back,
    lean_trunk,
    stiffen_arch,
    stiffen_hip_rotation,
    stiffen_joint,
    tighten,
    tilt_pelvis,
    turn_leg,
)
from kinechain.chain.alter_joints import nerve_posture as _nerve_posture
from kinechain.chain.alter_muscles import pull_muscles, weaken_group, weaken_root
from kinechain.chain.alteration import Alteration, Fields
from kinechain.chain.change import Change, find_kind
from kinechain.chain.situation import ChainModel, Situation
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError
from kinechain.recording.recording import Side

__all__ = ["ALTERATIONS", "alter", "co_contraction", "nerve_posture", "stance_shortening"]


def alter(
    model: ChainModel,
    situation: Situation,
    changes: Change | Sequence[Change],
    amounts: FloatArray | Sequence[FloatArray | None] | None = None,
    size: FloatArray | None = None,
) -> Situation:
    """Return a situation with changes made, one after the other.

    Parameters
    ----------
    model : ChainModel
    situation : Situation
        Stays as it is.
    changes : Change or sequence of Change
    amounts : (case,) array, or a sequence of one such array or None per change
        The amount of every case, in the unit of the change; None: that of the change.
    size : (case,) array or None
        How many times as large as the model each person is (`kinechain.chain.stand.scaled`); lengths and masses of
        changes are the person's own.

    Raises
    ------
    SettingError
        If an amount is impossible, or the body lacks what a change is about.
    """
    several = (changes,) if isinstance(changes, Change) else tuple(changes)
    given = [None] * len(several) if amounts is None else [amounts] if isinstance(changes, Change) else list(amounts)
    if len(given) != len(several):
        raise SettingError(f"{len(given)} rows of amounts do not belong to {len(several)} changes")
    sizes = np.ones(len(situation)) if size is None else np.asarray(size, dtype=float)
    for change, amount in zip(several, given, strict=True):
        situation = _altered(model, situation, change, amount, sizes)
    return situation


def nerve_posture(model: ChainModel, situation: Situation, change: Change) -> FloatArray:
    """Return the posture in which a nerve change asks for the length of its path, (case, input) array, rad or m."""
    if change.kind != "nerve":
        raise SettingError(f"a {change.kind} asks for no nerve; write 'nerve left 70 test=slr'")
    ones = np.ones(len(situation))
    return _nerve_posture(Alteration(model, situation, change, change.amount * ones, ones))


def stance_shortening(changes: Sequence[Change], side: Side) -> float:
    """Return by which share stance of a side is shortened in walking; spared regions that ask for it add up."""
    return sum(c.number("stance") / 100.0 for c in changes if c.kind == "painful_region" and side in c.sides)


def co_contraction(changes: Sequence[Change]) -> float:
    """Return with which share of their strength lumbar muscles pull beside what they need; the largest counts."""
    return max((c.number("co_contraction") for c in changes if c.kind == "guarding"), default=0.0)


def _altered(
    model: ChainModel, situation: Situation, change: Change, amount: FloatArray | None, size: FloatArray
) -> Situation:
    amounts = _amounts(situation, change, amount)
    is_neutral = amounts == find_kind(change.kind).neutral
    if is_neutral.all():
        return situation
    fields = ALTERATIONS[change.kind](Alteration(model, situation, change, amounts, size))
    if is_neutral.any():
        fields = {name: _kept(getattr(situation, name), value, is_neutral) for name, value in fields.items()}
    return replace(situation, **fields)


def _kept(before: FloatArray, after: FloatArray, is_kept: np.ndarray) -> FloatArray:
    """Return an array with some cases as they were: to the last bit, whatever the arithmetic of a change does."""
    return np.where(is_kept.reshape(-1, *[1] * (before.ndim - 1)), before, after)


def _amounts(situation: Situation, change: Change, amount: FloatArray | None) -> FloatArray:
    """Return the amount of every case, checked."""
    if amount is None:
        return np.full(len(situation), change.amount)
    amounts = np.asarray(amount, dtype=float)
    if amounts.shape != (len(situation),):
        raise SettingError(f"amounts of shape {amounts.shape} do not belong to {len(situation)} cases")
    low, high = change.limits
    is_out = ~((amounts >= low) & (amounts <= high))
    if is_out.any():
        raise SettingError(
            f"a {change.kind} lies from {low:g} to {high:g} {change.unit}; case {int(is_out.argmax())} asks for "
            f"{amounts[is_out.argmax()]:g}"
        )
    return amounts


def _gain_mass(a: Alteration) -> Fields:
    """Return body mass gained everywhere in proportion, or before the spine."""
    now, gained = a.situation, a.kilograms()
    if a.change.word("where") == "whole":
        left = 1.0 + gained / now.mass.sum(axis=1)
        if not (left > 0.0).all():
            raise SettingError(f"'{a.change.text}' leaves nothing of the body; take less than it weighs")
        return {"mass": now.mass * left[:, None]}
    return _loaded(a, "lumbar3", gained, np.stack([a.lengths(a.change.number("forward")), *np.zeros((2, len(now)))], 1))


def _put_on_pack(a: Alteration) -> Fields:
    """Return a pack hung on the thorax, at a distance from its centre."""
    place = [-a.lengths(a.change.number("behind")), np.zeros(len(a.situation)), a.lengths(a.change.number("up"))]
    return _loaded(a, "thorax", a.kilograms(), np.stack(place, axis=1))


def _fill_hands(a: Alteration) -> Fields:
    """Return a load in one hand, or half in each."""
    mass = a.situation.mass.copy()
    for side in a.sides:
        mass[:, a.model.tree.segments.index(f"hand_{side[0]}")] += a.kilograms() / len(a.sides)
    return {"mass": mass}


def _loaded(a: Alteration, segment: str, gained: FloatArray, beside: FloatArray) -> Fields:
    """Return a segment with a mass (case,) added, its centre (case, 3) from that of the segment, in its frame."""
    i = a.model.tree.segments.index(segment)
    mass, centre = a.situation.mass.copy(), a.situation.centre.copy()
    if (mass[:, i] + gained <= 0.0).any():
        raise SettingError(f"a {a.change.kind} cannot take more than the {segment} weighs; write where=whole")
    mass[:, i] += gained
    centre[:, i] += (gained / mass[:, i])[:, None] * beside
    return {"mass": mass, "centre": centre}


def _lengthen_legs(a: Alteration) -> Fields:
    """Return legs with longer bones: the coordinates that stand for their lengths."""
    bones = {"both": ("thigh", "shank")}.get(a.change.word("segment"), (a.change.word("segment"),))
    turns = {f"{bone}_length_{side[0]}": a.metres / len(bones) for side in a.sides for bone in bones}
    return {"reference": a.moved_reference(turns)}


def _ask_nerve(a: Alteration) -> Fields:
    """Return nothing: a nerve change asks, it alters no load."""
    return {}


#: What makes each kind of change.
ALTERATIONS: Mapping[str, Callable[[Alteration], Fields]] = MappingProxyType(
    {
        "wedge": lay_wedge,
        "lift": lay_lift,
        "heel_height": lay_heel,
        "pad": lay_pad,
        "arch": stiffen_arch,
        "orthosis": lay_orthosis,
        "footwear": lay_footwear,
        "body_mass": _gain_mass,
        "pack": _put_on_pack,
        "carry": _fill_hands,
        "painful_region": spare_region,
        "leg_length": _lengthen_legs,
        "weakness": weaken_group,
        "myotome": weaken_root,
        "stiffness": stiffen_joint,
        "hip_rotation_stiffness": stiffen_hip_rotation,
        "brace": brace_joint,
        "guarding": guard_back,
        "list": lean_trunk,
        "tightness": tighten,
        "posterior_chain": couple_posterior_chain,
        "nerve": _ask_nerve,
        "foot_progression": turn_leg,
        "pelvic_tilt": tilt_pelvis,
        "lordosis": curve_back,
        "knee_flexion": bend_knee,
        "muscle_force": pull_muscles,
    }
)
