"""A body made ready to stand: what is solved for, where the soles bear, what holds the joints at rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kinechain.body.body import Body
from kinechain.body.muscle import Musculature
from kinechain.body.musculature import person_muscles
from kinechain.body.pose import segment_poses
from kinechain.body.tree import flatten
from kinechain.chain.chain_body import ANKLE_PLAY, FOOT_COORDINATES, LEVELS, PARAMETERS, PLANES, chain_body, posture_of
from kinechain.chain.joint_stiffness import passive_springs
from kinechain.chain.situation import ROOT, ChainModel, Direction, Pad
from kinechain.chain.unknowns import read_unknowns
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError
from kinechain.loads.foot_contact import REGION_SEGMENTS, sole_of
from kinechain.loads.loads import FOOT_REGIONS
from kinechain.recording.recording import Side

__all__ = ["HEEL", "PAD_NAMES", "chain_model", "pad_places", "prior_shares"]

#: Which points of a sole bear in the chain, by their place in ``kinechain.loads.foot_contact.Sole``.
PAD_NAMES = {
    "heel_back": 0,
    "heel_lateral": 1,
    "heel_medial": 2,
    "metatarsal_5_base": 4,
    "metatarsal_1": 7,
    "metatarsal_2": 8,
    "metatarsal_5": 10,
    "hallux": 11,
    "lesser_toes": 12,
}
#: The region that carries the share of the rear foot, and the pads whose load it is.
HEEL = FOOT_REGIONS[0]
#: The pad below the arch, which bears nothing on level ground (`kinechain.chain.alter_ground` raises a support to it).
ARCH = "arch"
#: Of the load that the heel leaves: how much the base of the fifth metatarsal, each metatarsal head and each toe pad
#: carry of it against each other (assumption: the heads alike, base and toes half of a head).
_AHEAD = {"midfoot": 0.5, "forefoot_medial": 1.0, "forefoot_lateral": 1.0, "toes": 0.5}

_HIP = ("hip_flexion", "hip_adduction", "hip_rotation")
_KNEE = ("knee_flexion", "knee_rotation")
_FOOT = ("ankle_dorsiflexion", ANKLE_PLAY, "subtalar_eversion", *FOOT_COORDINATES)
_NECK = ("neck_flexion", "neck_bending", "neck_rotation")

_KEPT = {"up": np.array([0.0, 0.0, 1.0]), "forward": np.array([1.0, 0.0, 0.0])}

#: How the search for the upright posture ends: largest error, m or rad, and number of steps.
_LEAST, _STEPS = 1e-12, 30


def chain_model(
    body: Body, musculature: Musculature | None = None, posture: FloatArray | None = None, *, muscles: bool = True
) -> ChainModel:
    """Return a body made ready to stand.

    Parameters
    ----------
    body : Body
        Of our tables: sized, personal or already from `kinechain.chain.chain_body`.
    musculature : Musculature or None
        Of this body; None: that of the tables (``person_muscles``).
    posture : (coordinate,) array or None, rad or m
        How the person stood, all coordinates of ``body`` in its order; None: upright, ankles turned until the feet are
        flat and the centre of mass lies where people have it (ohlendorf2020).
    muscles : bool
        False: without muscles, ligaments and fasciae, which makes the arches of the feet too soft for answers.

    Returns
    -------
    ChainModel
    """
    is_chain = any(c.name == f"{LEVELS[0]}_{PLANES[0]}" for c in body.coordinates)
    chain = body if is_chain else chain_body(body)
    if posture is None:
        chain, note = (
            _upright(chain),
            "Posture: upright, not measured; leaning until heels and balls of the feet share.",
        )
    else:
        values = np.asarray(posture, dtype=float)
        settled = values if is_chain else posture_of(chain, body, values[None])[0]
        chain, note = _with_defaults(chain, settled), "Posture: as measured."
    if muscles and musculature is None:
        musculature = person_muscles(chain)
    free = _free(chain)
    defaults = {c.name: c.default for c in chain.coordinates}
    reference = np.array([defaults[name] for name in free])
    return ChainModel(
        body=chain,
        tree=flatten(chain, locks=False),
        musculature=musculature if muscles else None,
        free=free,
        parameters=tuple(f"{name}_{side}" for side in "rl" for name in PARAMETERS),
        pads=(*_pads(chain, "right"), *_pads(chain, "left")),
        directions=tuple(Direction(f"{s}_{n}", s, v) for s in ("thorax", "head") for n, v in _KEPT.items()),
        springs=passive_springs(free, reference, fascia=muscles),
        notes=(*chain.notes, note),
    )


def pad_places(model: ChainModel, inputs: FloatArray) -> FloatArray:
    """Return where the pads are, (case, pad, 3) array, m, world.

    Parameters
    ----------
    model : ChainModel
    inputs : (case, input) array, rad or m
    """
    values = np.zeros((len(inputs), len(model.body.coordinates)))
    values[:, model.tree.inputs] = inputs
    return _places(model.body, model.pads, values)


def prior_shares(pads: Sequence[Pad], rear_share: float | FloatArray) -> FloatArray:
    """Return how the weight would lie on the pads if only people in general were known, (..., pad) array.

    Both feet alike (ohlendorf2020: 50.07 and 50.12 %), within a foot the heel its share and its pads alike.

    Parameters
    ----------
    pads : sequence of Pad
    rear_share : float or (...) array
        Part of the load of a foot under its heel.
    """
    rear = np.asarray(rear_share, dtype=float)
    sides = sorted({p.side for p in pads})
    out = np.zeros((*rear.shape, len(pads)))
    for side in sides:
        heel = np.array([float(p.side == side and p.region == HEEL) for p in pads])
        ahead = np.array([_AHEAD.get(p.region, 0.0) if p.side == side and not _is_arch(p) else 0.0 for p in pads])
        out += (rear[..., None] * heel / heel.sum() + (1.0 - rear[..., None]) * ahead / ahead.sum()) / len(sides)
    return out


def _free(body: Body) -> tuple[str, ...]:
    """Return what is solved for, the root first."""
    moving = {*_NECK, *(f"{level}_{plane}" for level in LEVELS for plane in PLANES)}
    moving |= {f"{name}_{side}" for name in (*_HIP, *_KNEE, *_FOOT) for side in "rl"}
    names = [c.name for c in body.coordinates]
    lacking = [n for n in (*ROOT, *sorted(moving)) if n not in names]
    if lacking:
        raise SettingError(f"body '{body.name}' has no coordinate '{lacking[0]}' to stand by; use a body of our tables")
    return (*ROOT, *(n for n in names if n in moving))


def _pads(body: Body, side: Side) -> tuple[Pad, ...]:
    """Return where one sole bears; it is shaped in the neutral posture, however the person stands."""
    sole = sole_of(_with_defaults(body, np.zeros(len(body.coordinates))), side)
    letter = side[0]
    bearing = tuple(
        Pad(
            f"{name}_{letter}",
            side,
            FOOT_REGIONS[sole.regions[i]],
            f"{REGION_SEGMENTS[sole.regions[i]]}_{letter}",
            sole.positions[i],
        )
        for name, i in PAD_NAMES.items()
    )
    return (*bearing, _arch(body, side, bearing))


def _arch(body: Body, side: Side, bearing: Sequence[Pad]) -> Pad:
    """Return a point below the navicular, level with the midfoot's pad: it bears nothing but on an insole."""
    letter, (outer,) = side[0], [p for p in bearing if p.region == "midfoot"]
    names = [s.name for s in body.segments]
    mark = body.landmark(f"navicular_{letter}")
    neutral = segment_poses(body, np.zeros((1, len(body.coordinates))))[0]
    own, of = neutral[names.index(outer.segment)], neutral[names.index(mark.segment)]
    place = of[:3, :3] @ mark.position + of[:3, 3]
    place[2] = (own[:3, :3] @ outer.position + own[:3, 3])[2]
    return Pad(f"{ARCH}_{letter}", side, outer.region, outer.segment, own[:3, :3].T @ (place - own[:3, 3]))


def _is_arch(pad: Pad) -> bool:
    return pad.name.startswith(f"{ARCH}_")


def _with_defaults(body: Body, values: FloatArray) -> Body:
    pairs = zip(body.coordinates, values, strict=True)
    return replace(body, coordinates=tuple(replace(c, default=float(v)) for c, v in pairs))


def _places(body: Body, pads: Sequence[Pad], values: FloatArray) -> FloatArray:
    index = {s.name: i for i, s in enumerate(body.segments)}
    poses = segment_poses(body, values)[:, [index[p.segment] for p in pads]]
    local = np.array([p.position for p in pads])
    return np.asarray(np.einsum("cpij,pj->cpi", poses[..., :3, :3], local) + poses[..., :3, 3])


def _upright(body: Body) -> Body:
    """Return a body whose defaults are its posture with feet flat on the floor and the load where people have it."""
    pads = (*_pads(body, "right"), *_pads(body, "left"))
    shares = prior_shares(pads, read_unknowns()["rear_share"].best)
    names = [c.name for c in body.coordinates]
    turned = [[names.index(f"ankle_dorsiflexion_{s}") for s in "rl"], [names.index("pelvis_tilt")]]
    values = np.array([c.default for c in body.coordinates])
    for _ in range(_STEPS):
        error = _lean_error(body, pads, shares, values)
        if np.abs(error).max() < _LEAST:
            break
        slope = np.empty((2, 2))
        for column, which in enumerate(turned):
            moved = values.copy()
            moved[which] += 1e-6
            slope[:, column] = (_lean_error(body, pads, shares, moved) - error) / 1e-6
        step = np.linalg.solve(slope, -error)
        for column, which in enumerate(turned):
            values[which] += step[column]
    places = _places(body, pads, values[None])[0]
    values[names.index("pelvis_tz")] -= shares @ places[:, 2]
    return _with_defaults(body, values)


def _lean_error(body: Body, pads: Sequence[Pad], shares: FloatArray, values: FloatArray) -> FloatArray:
    """Return how far the centre of mass lies ahead of the load, and how far the soles fall forward, (2,) array."""
    places = _places(body, pads, values[None])[0]
    poses = segment_poses(body, values[None])[0]
    mass = np.array([s.mass_kg for s in body.segments])
    centre = np.einsum("sij,sj->si", poses[:, :3, :3], [s.centre_of_mass for s in body.segments]) + poses[:, :3, 3]
    about = places - shares @ places
    slope = (shares * about[:, 0]) @ about[:, 2] / ((shares * about[:, 0]) @ about[:, 0])
    return np.array([(mass @ centre / mass.sum() - shares @ places)[0], slope])
