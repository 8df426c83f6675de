"""Where standing bodies come to rest, and whether they stay there.

The physics and every formula are in `kinechain.chain.rest`, the readable twin of the compiled solver: gravity, the
ground's pads, passive and active stiffness make an energy; the ground bears the whole body (the centre of pressure lies
below the centre of mass, and the pads carry exactly the weight); posture control acts through the joints alone.

A body that has no such rest gets no posture, but a reason.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinechain.body.tree import KERNELS
from kinechain.chain.rest import (
    BALANCED,
    CONVERGED,
    FALLS,
    SITUATION_ARRAYS,
    Case,
    Rests,
    Shared,
    Terms,
    find_rests,
    terms_of,
)
from kinechain.chain.situation import ROOT, ChainModel, Equilibrium, Situation
from kinechain.core.arrays import FloatArray, Immutable, IntArray, frozen
from kinechain.core.errors import SettingError
from kinechain.loads.many import core_count, share_out

__all__ = ["FRICTION", "LIMIT_RAD", "Evaluation", "evaluate", "solve_equilibrium"]

#: Largest change of a joint that the model is asked for: beyond, its linear muscle stiffness says nothing (assumption).
LIMIT_RAD = math.radians(45.0)
#: Coefficient of friction between foot or shoe and floor (assumption: dry floor; plausible 0.3 to 1.0).
FRICTION = 0.5

#: Shear beyond friction of the single pads, in weights, above which the soles are taken to slip (assumption: such shear
#: needs pads that rise by centimetres; plausible 1 to 10).
HANGING = 3.0
#: Who would topple with locked joints stands only if the centre of mass is at least so far inside the base, m: no
#: muscle brings the centre of pressure beyond its edge (assumption: as much as people sway; plausible 2 to 10 mm).
ROOM_M = 0.005
#: So many cases are handed to a worker at once.
CHUNK = 32

Reason = Literal["", "no rest was found", "falls", "not stable", "far away", "slips"]


@dataclass(frozen=True, eq=False)
class Evaluation(Immutable):
    """Energy and derivatives of many cases, each at one posture.

    Attributes
    ----------
    energy : (case,) array, J
    gradient : (case, free) array, N m or N
        Of the physical energy; at rest without posture control it vanishes.
    hessian : (case, free, free) array, N m/rad (N/m, N for translations)
    control : (case,) array, J
        The objective of posture control.
    control_gradient : (case, free) array, N m or N
    control_hessian : (case, free, free) array, N m/rad
    centre_of_mass : (case, 3) array, m, world
    centre_jacobian : (case, 3, free) array, m/rad or 1
    pad_position : (case, pad, 3) array, m, world
    pad_force : (case, pad, 3) array, N, world
        Of the ground on the body.
    directions : (case, direction, 3) array, world
    direction_jacobian : (case, direction, 3, free) array, 1/rad
    """

    energy: FloatArray
    gradient: FloatArray
    hessian: FloatArray
    control: FloatArray
    control_gradient: FloatArray
    control_hessian: FloatArray
    centre_of_mass: FloatArray
    centre_jacobian: FloatArray
    pad_position: FloatArray
    pad_force: FloatArray
    directions: FloatArray
    direction_jacobian: FloatArray

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            object.__setattr__(self, name, frozen(value))


def evaluate(model: ChainModel, situation: Situation, values: FloatArray) -> Evaluation:
    """Return energy and derivatives at given postures.

    Parameters
    ----------
    model : ChainModel
    situation : Situation
    values : (case, free) array, rad or m
        Of the free coordinates; all others stand at the reference.

    Raises
    ------
    SettingError
        If the arrays do not fit the model.
    """
    shared = _shared(model)
    _check(model, situation)
    values = np.asarray(values, dtype=float)
    if values.shape != (len(situation), len(model.free)):
        raise SettingError(
            f"postures of shape {values.shape} do not fit {len(situation)} cases of {len(model.free)} free coordinates"
        )
    if KERNELS == "compiled":
        return Evaluation(**shared.compiled.evaluate(_arrays(situation), np.ascontiguousarray(values)))
    each = [terms_of(shared, Case.of(situation, i, len(model.free)), v) for i, v in enumerate(values)]
    return Evaluation(**{f.name: np.array([getattr(t, f.name) for t in each]) for f in fields(Terms)})


def solve_equilibrium(
    model: ChainModel,
    situation: Situation,
    *,
    start: FloatArray | None = None,
    limit_rad: float = LIMIT_RAD,
    friction: float = FRICTION,
    workers: int | None = None,
) -> Equilibrium:
    """Return where every case comes to rest.

    A case that has no rest, or holds a number that is none, gets its reason and spoils no other.

    Parameters
    ----------
    model : ChainModel
    situation : Situation
    start : (case, input) array, rad or m, optional
        Postures to begin at, as of a neighbouring situation; None begins at the reference.
    limit_rad : float
        A joint that moves further makes the case 'far away'.
    friction : float
        Coefficient between foot and support; a foot that would need more 'slips'.
    workers : int, optional
        How many cases are solved at once; None takes every core this process may use.

    Raises
    ------
    SettingError
        If the arrays do not fit the model, or a limit is impossible.
    """
    _check(model, situation)
    if not (limit_rad > 0 and friction >= 0):
        raise SettingError(
            f"a limit of {limit_rad} rad with a friction of {friction} is impossible; give positive numbers"
        )
    shared = _shared(model)
    if start is not None and np.shape(start) != situation.reference.shape:
        raise SettingError(f"starts have shape {np.shape(start)}, the postures {situation.reference.shape}")
    begins = None if start is None else np.asarray(start, dtype=float)[:, shared.free].copy()
    rests = _with_room(model, situation, _rests(shared, situation, begins, workers))
    return _equilibrium(model, situation, shared, rests, limit_rad, friction)


def _rests(shared: Shared, situation: Situation, begins: FloatArray | None, workers: int | None) -> Rests:
    cases = len(situation)
    if workers is not None and workers < 1:
        raise SettingError(f"{workers} workers do no work; give 1 or more, or none for as many as there are cores")
    parts = [(i, min(i + CHUNK, cases)) for i in range(0, cases, CHUNK)] or [(0, 0)]
    if KERNELS != "compiled":
        done = share_out(lambda part: find_rests(shared, situation, begins, *part), parts, workers)
    else:
        arrays, starts = _arrays(situation), np.empty((0, len(shared.free))) if begins is None else begins
        solve, count = shared.compiled.solve, min(workers or core_count(), len(parts))
        if count == 1:
            done = [Rests(*solve(arrays, starts, 0, cases))]
        else:
            with ThreadPoolExecutor(count) as threads:
                done = list(threads.map(lambda part: Rests(*solve(arrays, starts, *part)), parts))
    return Rests(**{f.name: np.concatenate([getattr(d, f.name) for d in done]) for f in fields(Rests)})


def _with_room(model: ChainModel, situation: Situation, rests: Rests) -> Rests:
    """Return the rests, of those that are balanced only such as have room to be: the others fall."""
    values, status = rests.values.copy(), rests.status.copy()
    force, centre = rests.pad_force.copy(), rests.centre_of_mass.copy()
    residual, smallest = rests.residual.copy(), rests.smallest_eigenvalue.copy()
    for i in np.flatnonzero(status == BALANCED):
        pads = evaluate(model, situation.case(int(i)), values[i : i + 1]).pad_position[0]
        about = pads[situation.pad_level[i] > 0.0, :2] - centre[i, :2]
        status[i] = CONVERGED if _room(about) >= ROOM_M else FALLS
        if status[i] == FALLS:
            for numbers in (values, force, centre, residual, smallest):
                numbers[i] = np.nan
    return Rests(values, force, centre, residual, smallest, rests.iterations, status)


def _room(about: FloatArray) -> float:
    """Return how far the origin lies inside the hull of points (point, 2), negative outside."""
    sides = (about[:, None] - about[None]).reshape(-1, 2)
    length = np.sqrt((sides**2).sum(axis=1))
    sides = sides[length > 0.0] / length[length > 0.0, None]
    outward = np.stack([sides[:, 1], -sides[:, 0]], axis=1)
    return float((outward @ about.T).max(axis=1).min(initial=np.inf)) if len(outward) else -np.inf


def _arrays(situation: Situation) -> dict[str, FloatArray]:
    return {name: np.ascontiguousarray(getattr(situation, name)) for name in SITUATION_ARRAYS}


def _equilibrium(
    model: ChainModel, situation: Situation, shared: Shared, rests: Rests, limit_rad: float, friction: float
) -> Equilibrium:
    inputs = situation.reference.copy()
    inputs[:, shared.free] = rests.values
    inputs[rests.status != CONVERGED] = np.nan
    change = np.abs(inputs - situation.reference)[:, shared.free[len(ROOT) :]]
    distance = change.max(axis=1, initial=0.0)
    slips = _slips(model, rests.pad_force, situation.pad_normal, friction)
    return Equilibrium(
        inputs=inputs,
        pad_force=rests.pad_force,
        centre_of_mass=rests.centre_of_mass,
        residual=rests.residual,
        smallest_eigenvalue=rests.smallest_eigenvalue,
        distance=distance,
        iterations=rests.iterations,
        reason=_reasons(rests, distance > limit_rad, slips),
    )


def _reasons(rests: Rests, is_far: NDArray[np.bool_], slips: NDArray[np.bool_]) -> tuple[Reason, ...]:
    out: list[Reason] = []
    for status, smallest, far, slip in zip(rests.status, rests.smallest_eigenvalue, is_far, slips, strict=True):
        if status != CONVERGED:
            out.append("falls" if status == FALLS else "no rest was found")
        else:
            out.append("not stable" if not smallest > 0 else "far away" if far else "slips" if slip else "")
    return tuple(out)


def _slips(model: ChainModel, force: FloatArray, normal: FloatArray, friction: float) -> NDArray[np.bool_]:
    """Say of every case whether a foot, as a whole, needs more friction than there is, (case,) array.

    Pads that rise keep their hold along the surface, which within a foot cancels.  Where what they hold beyond their
    own friction adds up to many times the weight, it no longer does: the body hangs on its soles.
    """
    slips, unheld = np.zeros(len(force), dtype=bool), np.zeros(len(force))
    for side in ("left", "right"):
        pads = model.pads_of(side)
        press = (force[:, pads] * normal[:, pads]).sum(axis=-1)
        shear = force[:, pads] - press[..., None] * normal[:, pads]
        slips |= np.sqrt((shear.sum(axis=1) ** 2).sum(axis=-1)) > friction * press.sum(axis=1) + 1e-6
        unheld += np.maximum(np.sqrt((shear**2).sum(axis=-1)) - friction * press, 0.0).sum(axis=1)
    return np.asarray(slips | (unheld > HANGING * force[..., 2].sum(axis=1)))


@lru_cache(maxsize=16)
def _shared(model: ChainModel) -> Shared:
    """Return what all cases of a model share."""
    tree = model.tree

    def on(segment: str) -> int:
        if segment not in tree.segments:
            raise SettingError(f"a pad or direction sits on '{segment}', which this body lacks")
        return tree.segments.index(segment)

    pads, directions = [on(p.segment) for p in model.pads], [on(d.segment) for d in model.directions]
    position = np.array([p.position for p in model.pads]).reshape(-1, 3)
    vector = np.array([d.vector for d in model.directions]).reshape(-1, 3)
    return Shared(
        tree=tree,
        free=np.array([model.input_index(name) for name in model.free], dtype=np.int64),
        pad_node=tree.segment_node[pads],
        pad_position=np.einsum("pij,pj->pi", tree.segment_rotation[pads], position) + tree.segment_translation[pads],
        direction_node=tree.segment_node[directions],
        direction_vector=np.einsum("dij,dj->di", tree.segment_rotation[directions], vector),
        springs=model.springs,
    )


def _check(model: ChainModel, situation: Situation) -> None:
    """Refuse a situation of another model."""
    free, pads, directions = len(model.free), len(model.pads), len(model.directions)
    segments = len(model.tree.segments)
    shapes: dict[str, tuple[int, ...]] = {
        "reference": (len(model.inputs),),
        "mass": (segments,),
        "centre": (segments, 3),
        "stiffness": (free, free),
        **dict.fromkeys(("spring_scale", "spring_shift", "tonic"), (free,)),
        **dict.fromkeys(("pad_stiffness", "pad_shear", "pad_level"), (pads,)),
        **dict.fromkeys(("pad_anchor", "pad_normal"), (pads, 3)),
        "centre_gain": (),
        "centre_target": (2,),
        "direction_gain": (directions,),
        "direction_target": (directions, 3),
    }
    for name, shape in shapes.items():
        array: FloatArray | IntArray = getattr(situation, name)
        if array.shape[1:] != shape:
            raise SettingError(
                f"'{name}' of the situation has shape {array.shape}, this model asks for (cases, {str(shape)[1:]}"
            )
