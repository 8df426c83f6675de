"""How people stand: the situation a posture is at rest in, and where a body comes to rest when its situation changes.

The reference posture is an exact equilibrium of its own situation.  The weight lies on the pads so that the centre of
pressure is below the centre of mass and heels and balls share as people have it; every pad is pressed in as far as its
load asks, whatever the shape of the sole; muscles hold what is left.  No change, then, gives no response.

What the muscles do beyond holding is stiffness: that of a small tone of all of them, which ties the joints each of them
crosses, and of every joint a multiple of what toppling asks of it, by which posture is regulated.  Joints that carry
nothing that could topple (rotation about a vertical axis, the joints of the fore- and midfoot) have none of the latter.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kinechain.chain.bearing import (
    Posed,
    balanced_shares,
    joint_demand,
    pad_levels,
    pad_loads,
    posed,
    toppling,
)
from kinechain.chain.chain_body import ANKLE_PLAY, FOOT_COORDINATES, LEVELS
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.joint_stiffness import passive_coupling
from kinechain.chain.muscle_stiffness import (
    PathStiffness,
    lowered_arches,
    muscle_stiffness,
    posed_paths,
    tissue_stiffness,
)
from kinechain.chain.situation import ROOT, ChainModel, Equilibrium, Situation
from kinechain.chain.standing_model import HEEL, prior_shares
from kinechain.chain.unknowns import Unknowns, best_unknowns, read_unknowns
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError, SolveError
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.recording.recording import Side

__all__ = ["one_leg", "scaled", "settled", "stand", "standing_paths", "standing_situation"]

#: Least eigenvalue of the stiffness in which a person stands, N m/rad; who has less gets stiffer by steps, so many at
#: most (assumption: whoever stands has the tone it takes).
_STEADY, _MORE, _MORE_TIMES = 1.0, 1.25, 10
#: Level of a pad that bears nothing, m: so far below its surface that no change brings it to bear.
_OFF_M = -1.0
#: On the way to one leg: how far the centre of mass is brought at each step.
_STEPS_ASIDE = tuple((i + 1) / 30 for i in range(30))

#: How many times as stiff a joint is in the leg that stands alone.
_ON_ONE_LEG = {"hip_flexion": 2.0, "hip_adduction": 4.0, "hip_rotation": 2.0, "knee_flexion": 2.0, "knee_rotation": 2.0}
#: Stiffness of the sole of one foot against tilting sideways, over what toppling asks, at least.
_ENOUGH = 3.0

_LEG = ("femur", "tibia", "talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")


def standing_situation(
    model: ChainModel,
    unknowns: Unknowns | None = None,
    posture: FloatArray | None = None,
    shares: FloatArray | None = None,
    *,
    mass_kg: FloatArray | None = None,
    size: FloatArray | None = None,
) -> Situation:
    """Return the situation in which a posture is at rest, for as many cases as there are unknowns.

    Whoever stands has the tone it takes: joints too weak for the weight they were drawn with are stiffer than drawn.

    Parameters
    ----------
    model : ChainModel
    unknowns : Unknowns or None
        None: one case with the best values.
    posture : (input,) or (case, input) array or None, rad or m
        How the person stands, personal parameters left aside; None: as the model has it.  What muscles and tissues tie
        together is taken from the posture of the model in any case.
    shares : (pad,) or (case, pad) array or None
        How the weight lies on the pads as far as balance leaves it open; None: as people have it (ohlendorf2020).
    mass_kg : (case,) array or None
        Mass of each person; None: that of the body.
    size : (case,) array or None
        How many times as large as the body each person is, the joints as stiff passively; None: as large.  What holds
        of such a situation stands in `scaled`.

    Raises
    ------
    SolveError
        If the centre of mass is not over the feet.
    """
    unknowns = best_unknowns() if unknowns is None else unknowns
    inputs = _reference(model, unknowns, posture)
    mass, centre = _masses(model, unknowns)
    large = np.ones((len(mass), 1)) if size is None else np.asarray(size, dtype=float)[:, None]
    mass = mass * large * (1.0 if mass_kg is None else np.asarray(mass_kg, dtype=float)[:, None] / model.body.mass_kg)
    at = posed(model, inputs, mass, centre)
    prior = prior_shares(model.pads, unknowns.of("rear_share")) if shares is None else np.asarray(shares, dtype=float)
    scale, pad_stiffness = _spring_scale(model, unknowns), large**2 * _pad_stiffness(model, unknowns)
    count, muscles = len(inputs), model.musculature
    up = np.zeros_like(at.pads)
    up[..., 2] = 1.0
    draft = Situation(
        reference=inputs,
        mass=mass,
        centre=centre,
        stiffness=_stiffness(at, unknowns, scale),
        spring_scale=scale,
        spring_shift=np.zeros_like(scale),
        tonic=np.zeros_like(scale),
        pad_stiffness=pad_stiffness,
        pad_shear=pad_stiffness * unknowns.of("pad_shear")[:, None],
        pad_level=np.zeros_like(pad_stiffness),
        pad_anchor=at.pads,
        pad_normal=up,
        centre_gain=_centre_gain(at, unknowns),
        centre_target=at.centre_of_mass[:, :2],
        direction_gain=_direction_gain(at, unknowns),
        direction_target=_directions(at),
        strength=np.ones((count, 0 if muscles is None else len(muscles.muscles))),
        tissue_scale=np.ones((count, 0 if muscles is None else len(muscles.tissues))),
    )
    return _steadied(model, settled(model, draft, inputs, prior))


def _steadied(model: ChainModel, situation: Situation) -> Situation:
    """Return a situation in which everybody has the tone it takes to stand: drawn ones that lack it get stiffer."""
    for _ in range(_MORE_TIMES):
        is_weak = ~(stand(model, situation, allow_failed=True).smallest_eigenvalue >= _STEADY)
        if not is_weak.any():
            break
        more = np.where(is_weak, _MORE, 1.0)
        situation = replace(situation, stiffness=more[:, None, None] * situation.stiffness)
    return situation


def settled(model: ChainModel, situation: Situation, inputs: FloatArray, shares: FloatArray) -> Situation:
    """Return a situation made anew so that a posture is its reference and at rest; stiffness and gains stay.

    Parameters
    ----------
    model : ChainModel
    situation : Situation
        On level ground.
    inputs : (case, input) array, rad or m
    shares : (pad,) or (case, pad) array
        How the weight would lie on the pads; 0 where a pad bears nothing.

    Raises
    ------
    SolveError
        If the centre of mass is not over the pads that bear.
    """
    at = posed(model, inputs, situation.mass, situation.centre)
    prior = np.broadcast_to(shares, at.pads.shape[:2])
    force = np.zeros_like(at.pads)
    force[..., 2] = balanced_shares(at, prior) * (GRAVITY_M_S2 * situation.mass.sum(axis=1))[:, None]
    tonic = joint_demand(at, force) - situation.spring_scale * _spring_moments(model, inputs, situation.spring_shift)
    tonic[:, : len(ROOT)] = 0.0
    levels = pad_levels(force[..., 2], situation.pad_stiffness)
    return replace(
        situation,
        reference=inputs,
        tonic=tonic,
        pad_level=np.where(prior > 0.0, levels, _OFF_M),
        pad_anchor=at.pads,
        centre_target=at.centre_of_mass[:, :2],
        direction_target=_directions(at),
    )


def stand(model: ChainModel, situation: Situation, *, allow_failed: bool = False) -> Equilibrium:
    """Return where every case comes to rest.

    Parameters
    ----------
    model : ChainModel
    situation : Situation
    allow_failed : bool
        True: a case without a rest has its reason in the result; False: it is an error.

    Raises
    ------
    SolveError
        If a case has no rest and ``allow_failed`` is False.
    """
    equilibrium = solve_equilibrium(model, situation)
    failed = np.flatnonzero(~equilibrium.is_solved)
    if len(failed) and not allow_failed:
        first = int(failed[0])
        raise SolveError(
            f"{len(failed)} of {len(situation)} cases do not stand (case {first}: {equilibrium.reason[first]}); make "
            "the change smaller, or allow failed cases and look at their reasons"
        )
    return equilibrium


def one_leg(model: ChainModel, situation: Situation, side: Side) -> Situation:
    """Return the situation of the same people on one leg, the posture found from where they stood on both.

    The centre of mass is brought over the foot step by step, by joints alone; then the other foot no longer bears, and
    what was found is the new reference.  Hip and knee hold twice the weight and are twice as stiff, the hip sideways
    four times, for no other leg shares; the sole is twice as stiff, at least so stiff that a body with locked joints
    does not topple.  Ankle and foot stay as on two legs: what they resist shows as a shift of the load, for which there
    is little room under one foot (all assumption).

    Parameters
    ----------
    model : ChainModel
    situation : Situation
        On both feet, on level ground, at rest in its reference.
    side : 'left' or 'right'
        The foot that bears.

    Raises
    ------
    SolveError
        If the centre of mass does not come over the foot.
    """
    bears = np.array([p.side == side for p in model.pads])
    prior = np.where(bears, prior_shares(model.pads, read_unknowns()["rear_share"].best), 0.0)
    middle = np.einsum("p,cpi->ci", prior / prior.sum(), situation.pad_anchor[..., :2])
    firmer = _firmer_soles(model, situation, bears)
    own = np.sqrt([_ON_ONE_LEG.get(n[:-2], 1.0) if n.endswith(f"_{side[0]}") else 1.0 for n in model.free])
    held = replace(
        situation,
        stiffness=own[:, None] * situation.stiffness * own,
        pad_stiffness=situation.pad_stiffness * firmer,
        pad_shear=situation.pad_shear * firmer,
    )
    held = settled(model, held, situation.reference, pad_loads(situation.pad_level, situation.pad_stiffness))
    start = None
    for share in _STEPS_ASIDE:
        target = situation.centre_target + share * (middle - situation.centre_target)
        moved = replace(held, centre_target=target)
        there = solve_equilibrium(model, moved, start=start)
        if not there.is_solved.all():
            case = int(np.flatnonzero(~there.is_solved)[0])
            raise SolveError(
                f"case {case} does not come to stand on its {side} leg ({there.reason[case]}, with the centre of mass "
                f"{100 * share:.0f} % of the way); try it from another posture"
            )
        start = there.inputs
    return _steadied(model, settled(model, held, np.asarray(start), prior))


def _firmer_soles(model: ChainModel, situation: Situation, bears: NDArray[np.bool_]) -> FloatArray:
    """Return how many times as stiff the soles are when one foot bears all, (case, 1)."""
    at = posed(model, situation.reference, situation.mass, situation.centre)
    across = at.pads[:, bears, 1] - at.pads[:, bears, 1].mean(axis=1, keepdims=True)
    holds = (situation.pad_stiffness[:, bears] * across**2).sum(axis=1)
    height = at.centre_of_mass[:, 2] - at.pads[:, bears, 2].mean(axis=1)
    topples = GRAVITY_M_S2 * situation.mass.sum(axis=1) * height
    return np.asarray(np.maximum(2.0, _ENOUGH * topples / holds)[:, None])


def scaled(model: ChainModel, situation: Situation, factor: float | FloatArray) -> Situation:
    """Return the situation of people ``factor`` times as large, with the same masses, joints and angles.

    Lengths stay those of the model and energies are true: weight acts on lengths that are ``factor`` times as long,
    pads are pressed in ``factor`` times as far.  Whoever adds a length (a lift, the width of a wedge) divides it by the
    factor.

    Parameters
    ----------
    model : ChainModel
    situation : Situation
        At rest in its reference, on level ground, with the masses of the people.
    factor : float or (case,) array
        Stature over that of the model.
    """
    size = np.broadcast_to(np.asarray(factor, dtype=float), (len(situation),))
    load = np.where(situation.pad_level > _OFF_M, pad_loads(situation.pad_level, situation.pad_stiffness), 0.0)
    larger = replace(
        situation,
        mass=situation.mass * size[:, None],
        pad_stiffness=situation.pad_stiffness * size[:, None] ** 2,
        pad_shear=situation.pad_shear * size[:, None] ** 2,
        centre_gain=situation.centre_gain * size**2,
    )
    return settled(model, larger, situation.reference, load / load.sum(axis=1, keepdims=True))


def _reference(model: ChainModel, unknowns: Unknowns, posture: FloatArray | None) -> FloatArray:
    at = model.tree.default[model.tree.inputs] if posture is None else np.asarray(posture, dtype=float)
    if at.shape not in ((len(model.inputs),), (len(unknowns), len(model.inputs))):
        raise SettingError(
            f"a posture of shape {at.shape} does not belong to {len(unknowns)} cases of {len(model.inputs)} inputs"
        )
    inputs = np.broadcast_to(at, (len(unknowns), len(model.inputs))).copy()
    for name in model.parameters:
        inputs[:, model.input_index(name)] = unknowns.of(name)
    return inputs


def _masses(model: ChainModel, unknowns: Unknowns) -> tuple[FloatArray, FloatArray]:
    """Return mass (case, segment) and centres (case, segment, 3); what the legs gain, the rest loses."""
    own = np.array([s.mass_kg for s in model.body.segments])
    is_leg = np.array([s.name[:-2] in _LEG for s in model.body.segments])
    leg = unknowns.of("leg_mass")[:, None]
    rest = (own.sum() - leg * own[is_leg].sum()) / own[~is_leg].sum()
    centre = np.array([s.centre_of_mass for s in model.body.segments])
    return np.where(is_leg, leg, rest) * own, np.tile(centre, (len(unknowns), 1, 1))


def _pad_stiffness(model: ChainModel, unknowns: Unknowns) -> FloatArray:
    """Return the stiffness of every pad, (case, pad): those of a heel share that of the heel, the others are alike."""
    heel = sum(p.region == HEEL and p.side == model.pads[0].side for p in model.pads)
    return np.repeat(unknowns.of("pad_stiffness")[:, None] / heel, len(model.pads), axis=1)


def _spring_scale(model: ChainModel, unknowns: Unknowns) -> FloatArray:
    """Return the factor on every passive spring, (case, free)."""
    middle = np.sqrt(unknowns.of("passive_stiffness_r") * unknowns.of("passive_stiffness_l"))
    preload = unknowns.of("lumbar_preload") / read_unknowns()["lumbar_preload"].best
    out = np.ones((len(unknowns), len(model.free)))
    for i, name in enumerate(model.free[len(ROOT) :], start=len(ROOT)):
        base, side = name[:-2], name[-1]
        if not name.endswith(("_r", "_l")):
            out[:, i] = middle * (preload if name.startswith(LEVELS) else 1.0)
            continue
        out[:, i] = unknowns.of(f"passive_stiffness_{side}")
        if base in ("subtalar_eversion", *FOOT_COORDINATES):
            out[:, i] *= unknowns.of(f"passive_foot_{side}")
        elif base in ("hip_adduction", "hip_rotation"):
            out[:, i] *= unknowns.of(f"passive_hip_{side}")
    return out


def _spring_moments(model: ChainModel, inputs: FloatArray, shift: FloatArray) -> FloatArray:
    """Return the passive moments of postures, (case, free), N m, every spring as strong as its table has it."""
    out = np.zeros((len(inputs), len(model.free)))
    for i, (name, spring) in enumerate(zip(model.free, model.springs, strict=True)):
        if spring is not None:
            out[:, i] = spring.evaluate(inputs[:, model.input_index(name)] - shift[:, i])[0]
    return out


def _stiffness(at: Posed, unknowns: Unknowns, scale: FloatArray) -> FloatArray:
    """Return the stiffness about the reference, (case, free, free): tone, muscles, tissues and passive coupling."""
    model, need = at.model, toppling(at)
    is_spine = np.array([not n.endswith(("_r", "_l")) for n in model.free])
    is_foot = np.array([n[:-2] in FOOT_COORDINATES for n in model.free])
    sagittal, frontal, lumbar = (unknowns.of(f"tone_{n}")[:, None] for n in ("sagittal", "frontal", "lumbar"))
    tone = np.where(
        is_spine, lumbar * (need.sagittal + need.frontal), sagittal * need.sagittal + frontal * need.frontal
    )
    free = np.array([model.input_index(n) for n in model.free])
    passive, root = passive_coupling(model.free, model.tree.default[model.tree.inputs][free]), np.sqrt(scale)
    out = np.zeros((len(unknowns), len(free), len(free)))
    if model.musculature is not None:
        muscles, tissues = standing_paths(model)
        passive = passive + tissue_stiffness(tissues)[0]
        out += muscle_stiffness(muscles, 1.0, tone=unknowns.of("co_contraction"), share=unknowns.of("muscle_share"))
    out += root[:, :, None] * passive * root[:, None, :]
    diagonal = np.arange(len(free))
    out[:, diagonal, diagonal] += np.where(is_foot, 0.0, tone)
    for side in "rl":
        play = model.free_index(f"{ANKLE_PLAY}_{side}")
        out[:, play, play] += unknowns.of(f"ankle_play_{side}")
    out[:, : len(ROOT)], out[:, :, : len(ROOT)] = 0.0, 0.0
    return out


@lru_cache(maxsize=8)
def standing_paths(model: ChainModel) -> tuple[PathStiffness, PathStiffness]:
    """Return the paths of a model in its posture, and once more with the arches as low as the load of standing asks.

    The tables have the tissues of the foot slack in the neutral foot; of the second, only tissues are to be taken.

    Parameters
    ----------
    model : ChainModel
        With muscles.

    Raises
    ------
    SettingError
        If the model has no muscles.
    """
    if model.musculature is None:
        raise SettingError(
            "this body was made to stand without muscles, so there are no paths; give it its musculature"
        )
    posture = np.array([c.default for c in model.body.coordinates])
    bare = standing_situation(replace(model, musculature=None))
    sides: tuple[Side, ...] = ("right", "left")
    moments = {s: max(0.0, -float(bare.tonic[0, model.free_index(f"midtarsal_dorsiflexion_{s[0]}")])) for s in sides}
    lowered = lowered_arches(model.body, model.musculature, posture, moments)
    return (
        posed_paths(model.body, model.musculature, posture, model.free),
        posed_paths(model.body, model.musculature, lowered, model.free),
    )


def _centre_gain(at: Posed, unknowns: Unknowns) -> FloatArray:
    height = at.centre_of_mass[:, 2] - at.pads[..., 2].min(axis=1)
    return np.asarray(unknowns.of("centre_gain") * GRAVITY_M_S2 * at.mass.sum(axis=1) / height)


def _direction_gain(at: Posed, unknowns: Unknowns) -> FloatArray:
    """Return how strongly thorax and head are kept, (case, direction), N m."""
    whole, free = toppling(at).whole, at.model.free
    gain = {
        "thorax": unknowns.of("thorax_gain") * whole[:, free.index("l5_s1_flexion")],
        "head": unknowns.of("head_gain") * whole[:, free.index("neck_flexion")],
    }
    return np.stack([gain[d.segment] for d in at.model.directions], axis=1)


def _directions(at: Posed) -> FloatArray:
    """Return where the directions point, (case, direction, 3), world."""
    tree = at.model.tree
    out = []
    for direction in at.model.directions:
        i = tree.segments.index(direction.segment)
        out.append(at.rotation[:, tree.segment_node[i] + 1] @ tree.segment_rotation[i] @ direction.vector)
    return np.stack(out, axis=1)
