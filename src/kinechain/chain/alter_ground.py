"""What changes below the soles: wedges, lifts, heels, pads, insoles, shoes, and regions that are spared.

A support is where the soles find it: the anchor of every pad (where it touches without load) and the normal of the
surface there.  Supports are laid upon what is there already, so that they add up.  A sloped one turns the anchors of
its pads about its pivot, a line in the surface: a pad ``x`` from the pivot rises by ``x sin a`` and comes nearer by
``x (1 - cos a)``, as a sole that is laid on it does; below it the wedge is as high as its slope, ``tan a``, has it.

On a heel the ankle takes an angle far beyond what the tone of standing muscles answers to (a few degrees, see
``posture_share`` in ``body/parts/joint_stiffness.csv``): with the tone of the flat foot kept, the ball of the foot
would hang free above the floor.  So the muscles of ankle and toes rest where the heel puts them ('settled'); their
passive moments stay what they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kinechain.chain.alteration import Alteration, Fields
from kinechain.chain.change import find_shoe
from kinechain.chain.situation import ChainModel, Situation
from kinechain.core.arrays import FloatArray, IntArray, cross
from kinechain.core.errors import SettingError
from kinechain.recording.recording import Side

__all__ = [
    "ARCH_PAD",
    "lay_footwear",
    "lay_heel",
    "lay_lift",
    "lay_orthosis",
    "lay_pad",
    "lay_wedge",
    "spare_region",
    "turn_feet",
]

_FOREFOOT = ("forefoot_medial", "forefoot_lateral")
#: Regions of the sole under which a support may lie.
_REGIONS = {"whole": (), "heel": ("heel",), "forefoot": (*_FOREFOOT, "toes")}
#: What an insole or a shoe alters.
_SHOD = ("pad_anchor", "pad_normal", "pad_stiffness", "pad_shear", "reference")
#: With this begins the name of a pad below the arch, which bears nothing but on an insole.
ARCH_PAD = "arch"
#: Height over length of a slope beyond which it is refused (assumption: 53 degrees).
_STEEPEST = 0.8
#: The pivot of a wedge as the share of its width from the thin edge.
_PIVOTS = {"thin_edge": 0.0, "middle": 0.5, "thick_edge": 1.0}


def lay_wedge(a: Alteration) -> Fields:
    """Return the support, and on a slope along the foot the rest of the ankle, with a wedge under one foot or both."""
    now, raised, region = a.situation, a.change.word("raise"), a.change.word("region")
    pivot = _pivot_share(raised, a.change.word("pivot"))
    width = a.lengths(a.change.number("width")) if "width" in a.change.options else None
    turns: dict[str, FloatArray] = {}
    for side in a.sides:
        ramp = _ramp(a.model, now, side, region, raised, width)
        angle = a.radians if a.change.unit == "deg" else _slope(a.metres, ramp.wide)
        now = _put(a.model, now, side, region, *ramp.tilted(pivot, angle))
        if raised in ("heel", "toe") and region == "whole" and a.change.word("ankle") == "settled":
            turns[f"ankle_dorsiflexion_{side[0]}"] = angle if raised == "toe" else -angle
    return {"pad_anchor": now.pad_anchor, "pad_normal": now.pad_normal, "reference": a.moved_reference(turns)}


def lay_lift(a: Alteration) -> Fields:
    """Return anchors with a flat lift under one foot or both."""
    anchor = a.situation.pad_anchor.copy()
    for side in a.sides:
        anchor[:, _pads(a.model, side, "whole"), 2] += a.metres[:, None]
    return {"pad_anchor": anchor}


def lay_pad(a: Alteration) -> Fields:
    """Return anchors with a pad under one region."""
    anchor = a.situation.pad_anchor.copy()
    for side in a.sides:
        anchor[:, _region(a.model, side, a.change.word("region")), 2] += a.metres[:, None]
    return {"pad_anchor": anchor}


def lay_heel(a: Alteration) -> Fields:
    """Return the support, and the rest of ankles and toes, with heels under one foot or both."""
    now, is_settled = a.situation, a.change.word("ankle") == "settled"
    for side in a.sides:
        now = _on_heel(a.model, now, side, a.metres, is_sloped=a.change.word("seat") == "sloped", is_settled=is_settled)
    return {n: getattr(now, n) for n in ("pad_anchor", "pad_normal", "reference")}


def lay_orthosis(a: Alteration) -> Fields:
    """Return the support and the pads with an insole under one foot or both; its share scales all of it."""
    now = a.situation
    for side in a.sides:
        posting = a.share * np.radians(a.change.number("posting"))
        now = _posted(a.model, now, side, a.change.word("region"), posting)
        lift = a.share * a.lengths(a.change.number("lift"))
        now = _on_heel(a.model, now, side, lift)
        if a.change.number("arch"):
            now = _under_arch(a.model, now, side, a.share * a.lengths(a.change.number("arch")))
        now = _padded(a.model, now, side, a.change.number("stiffness") ** a.share)
    return {n: getattr(now, n) for n in _SHOD}


def lay_footwear(a: Alteration) -> Fields:
    """Return the support and the pads with a shoe on one foot or both."""
    shoe, now = find_shoe(a.change.word("category")), a.situation
    for side in a.sides:
        height = a.share * a.lengths(shoe.heel_mm)
        now = _padded(a.model, _on_heel(a.model, now, side, height), side, shoe.stiffness**a.share)
    return {n: getattr(now, n) for n in _SHOD}


def spare_region(a: Alteration) -> Fields:
    """Return softer pads where it hurts: at the same depth they bear so much less."""
    factor = np.ones_like(a.situation.pad_stiffness)
    for side in a.sides:
        factor[:, _region(a.model, side, a.change.word("region"))] *= (1.0 - a.share)[:, None]
    return {"pad_stiffness": a.situation.pad_stiffness * factor, "pad_shear": a.situation.pad_shear * factor}


def turn_feet(model: ChainModel, situation: Situation, side: Side, inward: FloatArray, about: FloatArray) -> Fields:
    """Return anchors and normals of one foot turned inward about a vertical line.

    Parameters
    ----------
    model : ChainModel
    situation : Situation
    side : 'left' or 'right'
    inward : (case,) array, rad
    about : (case, 3) array, m, world
        A point of the line.
    """
    pads = model.pads_of(side)
    anchor, normal = situation.pad_anchor.copy(), situation.pad_normal.copy()
    turn = inward if side == "right" else -inward
    up = np.broadcast_to([0.0, 0.0, 1.0], about.shape)
    anchor[:, pads] = about[:, None] + _turned(anchor[:, pads] - about[:, None], up, turn)
    normal[:, pads] = _turned(normal[:, pads], up, turn)
    return {"pad_anchor": anchor, "pad_normal": normal}


def _pads(model: ChainModel, side: Side, region: str) -> IntArray:
    return _some(model, side, _REGIONS[region], region)


def _region(model: ChainModel, side: Side, region: str) -> IntArray:
    return _some(model, side, _FOREFOOT if region == "forefoot" else (region,), region)


def _some(model: ChainModel, side: Side, regions: tuple[str, ...], name: str) -> IntArray:
    pads = model.pads_of(side, *regions)
    if not len(pads):
        raise SettingError(f"the {side} sole of this body has no pad in the region '{name}' to lay anything under")
    return pads


def _pivot_share(raised: str, pivot: str) -> float:
    """Return how far the pivot lies from the thin edge, as a share of the width."""
    if pivot in _PIVOTS:
        return _PIVOTS[pivot]
    if raised not in ("medial", "lateral"):
        raise SettingError(
            f"a wedge that raises the {raised} cannot turn about its {pivot.replace('_', ' ')}; "
            "write pivot=thin_edge, pivot=middle or pivot=thick_edge"
        )
    return 1.0 if pivot == f"{raised}_edge" else 0.0


def _directions(model: ChainModel, anchor: FloatArray, side: Side) -> dict[str, FloatArray]:
    """Return the directions of a foot on its support by name, each a (case, 3) array of level unit vectors."""
    heel, ball = (
        anchor[:, _some(model, side, r, n)].mean(axis=1) for n, r in (("heel", ("heel",)), ("ball", _FOREFOOT))
    )
    along = (ball - heel) * [1.0, 1.0, 0.0]
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    left = np.stack([-along[:, 1], along[:, 0], np.zeros(len(along))], axis=1)
    lateral = left if side == "left" else -left
    return {"toe": along, "heel": -along, "lateral": lateral, "medial": -lateral}


@dataclass(frozen=True)
class _Ramp:
    """What a wedge will tilt.

    ``anchor`` and ``normal`` (case, pad, 3) of its pads, the normal ``up`` of the surface and the level way ``across``
    it towards the raised side (case, 3), the ``thin`` edge (case, 3), m, and how ``wide`` it is (case,), m.
    """

    anchor: FloatArray
    normal: FloatArray
    up: FloatArray
    across: FloatArray
    thin: FloatArray
    wide: FloatArray

    def tilted(self, pivot: float, angle: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return anchors and normals after a turn (case,), rad, about a line at a share of the width."""
        line = (self.thin + pivot * self.wide[:, None] * self.across)[:, None]
        axis = cross(self.across, self.up)
        return line + _turned(self.anchor - line, axis, angle), _turned(self.normal, axis, angle)


def _ramp(
    model: ChainModel, situation: Situation, side: Side, region: str, raised: str, width: FloatArray | None = None
) -> _Ramp:
    """Return what a wedge under a region of a foot will tilt; without a width it is as wide as the pads lie."""
    pads = _pads(model, side, region)
    own, normal = situation.pad_anchor[:, pads], situation.pad_normal[:, pads]
    up = normal.mean(axis=1)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    towards = _directions(model, situation.pad_anchor, side)[raised]
    across = towards - (towards * up).sum(axis=1, keepdims=True) * up
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    middle = own.mean(axis=1)
    reach = np.einsum("cpi,ci->cp", own - middle[:, None], across)
    low, high = reach.min(axis=1), reach.max(axis=1)
    wide = high - low if width is None else width
    thin = middle + (0.5 * (low + high - wide))[:, None] * across
    return _Ramp(own, normal, up, across, thin, wide)


def _turned(vectors: FloatArray, axis: FloatArray, angle: FloatArray) -> FloatArray:
    """Return vectors (case, point, 3) turned about a unit axis (case, 3) by an angle (case,), rad."""
    sine, cosine = np.sin(angle)[:, None, None], np.cos(angle)[:, None, None]
    on = axis[:, None]
    along = (vectors * on).sum(axis=-1, keepdims=True) * on
    return np.asarray(along + cosine * (vectors - along) + sine * cross(np.broadcast_to(on, vectors.shape), vectors))


def _on_heel(
    model: ChainModel,
    situation: Situation,
    side: Side,
    height: FloatArray,
    *,
    is_sloped: bool = True,
    is_settled: bool = True,
) -> Situation:
    """Return a situation with the heel of one foot raised about the ball, the midfoot on the line between.

    Heel and ball keep their distance, so that the heel comes nearer by what a stiff foot asks.
    """
    if not height.any():
        return situation
    heel, middle = (_some(model, side, (r,), r) for r in ("heel", "midfoot"))
    anchor, normal = situation.pad_anchor.copy(), situation.pad_normal.copy()
    along = _directions(model, anchor, side)["toe"]
    ball = anchor[:, _some(model, side, _FOREFOOT, "forefoot")].mean(axis=1)
    length = np.einsum("ci,ci->c", ball - anchor[:, heel].mean(axis=1), along)
    slope = _slope(height, length)
    axis = np.stack([-along[:, 1], along[:, 0], np.zeros(len(along))], axis=1)
    turned = np.concatenate([heel, middle]) if is_sloped else middle
    if not is_sloped:
        moved = (length * (1.0 - np.cos(slope)))[:, None] * along + height[:, None] * [0.0, 0.0, 1.0]
        anchor[:, heel] += moved[:, None]
    anchor[:, turned] = ball[:, None] + _turned(anchor[:, turned] - ball[:, None], axis, slope)
    normal[:, turned] = _turned(normal[:, turned], axis, slope)
    reference = situation.reference.copy()
    if is_settled:
        reference[:, model.input_index(f"ankle_dorsiflexion_{side[0]}")] -= slope
        reference[:, model.input_index(f"mtp_dorsiflexion_{side[0]}")] += slope
    return replace(situation, pad_anchor=anchor, pad_normal=normal, reference=reference)


def _posted(model: ChainModel, situation: Situation, side: Side, region: str, angle: FloatArray) -> Situation:
    """Return a situation with the medial side of a foot raised (the lateral one below 0) about the thin edge."""
    for raised, sign in (("medial", 1.0), ("lateral", -1.0)):
        some = np.flatnonzero(sign * angle > 0.0)
        if len(some):
            ramp = _ramp(model, situation, side, region, raised)
            tilted = ramp.tilted(0.0, np.maximum(sign * angle, 0.0))
            situation = _put(model, situation, side, region, *tilted, cases=some)
    return situation


def _put(
    model: ChainModel,
    situation: Situation,
    side: Side,
    region: str,
    anchor: FloatArray,
    normal: FloatArray,
    cases: IntArray | slice = slice(None),
) -> Situation:
    """Return a situation with the pads of a region, (case, pad, 3), put elsewhere."""
    pads = _pads(model, side, region)
    places, normals = situation.pad_anchor.copy(), situation.pad_normal.copy()
    for all_pads, new in ((places, anchor), (normals, normal)):
        kept = all_pads[cases]
        kept[:, pads] = new[cases]
        all_pads[cases] = kept
    return replace(situation, pad_anchor=places, pad_normal=normals)


def _slope(height: FloatArray, length: FloatArray) -> FloatArray:
    """Return the angle (case,), rad, at which one end of a sole lies higher than the other."""
    if (np.abs(height) > _STEEPEST * length).any():
        raise SettingError(
            f"{1000 * np.abs(height).max():.0f} mm is too high for {1000 * length.min():.0f} mm of sole; tell less"
        )
    return np.asarray(np.arcsin(height / length))


def _under_arch(model: ChainModel, situation: Situation, side: Side, height: FloatArray) -> Situation:
    """Return a situation with the arch of a foot supported so much above where it is in the reference posture."""
    pads = [int(i) for i in model.pads_of(side) if model.pads[i].name.startswith(ARCH_PAD)]
    if not pads:
        raise SettingError(
            f"the sole of this body has no point under the {side} arch for an insole to press on; "
            "write arch=0 and describe the insole by posting and lift"
        )
    others = [int(i) for i in model.pads_of(side) if i not in pads]
    # A pad that bears nothing hangs above its surface: the support comes up to it first.  So do all pads of a foot that
    # is in the air, to which no insole brings the floor.
    clearance = np.maximum(-situation.pad_level[:, pads], 0.0)
    is_standing = (situation.pad_level[:, others].max(axis=1) > -clearance.max(axis=1)) & (height != 0.0)
    anchor = situation.pad_anchor.copy()
    anchor[:, pads, 2] += np.where(is_standing[:, None], clearance + height[:, None], 0.0)
    return replace(situation, pad_anchor=anchor)


def _padded(model: ChainModel, situation: Situation, side: Side, factor: FloatArray) -> Situation:
    """Return a situation with all pads of a foot stiffer by a factor (case,)."""
    by = np.ones_like(situation.pad_stiffness)
    by[:, model.pads_of(side)] *= factor[:, None]
    return replace(situation, pad_stiffness=situation.pad_stiffness * by, pad_shear=situation.pad_shear * by)
