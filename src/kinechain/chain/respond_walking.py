"""What one change does to a walking person: the walk as it was, each frame of stance disturbed for itself.

How a person walks was measured; how this person would walk with a wedge was not, and mechanics does not compute it.
What can be computed is what the change does at once: a frame of the walk, its forces and its inertia held, is made a
rest of its own (what the ground does not bear of the frame is held by forces that stay as they are), then the support
or the body is changed and the frame comes to a new rest beside the old one.  The difference is the response; its loads
go through the frame's own velocities and accelerations.

Inertia answers too: nobody topples, or sways to a new posture, within a step.  The change is given about a tenth of a
second (`REACH_S`) from the frame's own motion, as one implicit step of that length: every displacement ``d`` asks for
the acceleration ``d / t^2`` beside that of the frame, which resists as a stiffness ``mass matrix / t^2`` and goes into
the loads.

Held: speed and timing of the frame, and the muscles' stiffness, which is that of standing in proportion to what a leg
carries (assumption).

Posture control has no time: nobody reacts within a tenth of a second, so in a frame it does not act.

What decides what a wedge does to the knee: on a made walk, a lateral wedge of 5 degrees moves the centre of pressure 7
to 9 mm outward and the knee 3 to 5 mm inward.  With posture control as in standing it takes 10 % off the peak of the
knee adduction moment, without 8 %, and 6 % with the subtalar joint half as stiff as it is held in a frame (70 to 150
N m/rad).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import Body
from kinechain.chain.alter import alter, co_contraction, stance_shortening
from kinechain.chain.bearing import pad_levels
from kinechain.chain.chain_body import posture_of
from kinechain.chain.change import Change
from kinechain.chain.equilibrium import evaluate, solve_equilibrium
from kinechain.chain.links import LINKS, compute_links
from kinechain.chain.reach import reach_equilibrium
from kinechain.chain.respond import Response, failures, summarise, tightness
from kinechain.chain.situation import ROOT, ChainModel, Situation
from kinechain.chain.stand import standing_situation
from kinechain.chain.standing_model import pad_places
from kinechain.chain.targets import TARGETS, Moving, compute_targets, pad_wrenches
from kinechain.chain.unknowns import Unknowns
from kinechain.core.arrays import FloatArray, Immutable, IntArray
from kinechain.core.errors import RecordingError, SettingError, SolveError
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.ground import segment_wrenches
from kinechain.loads.kinematics import kinematics_of
from kinechain.loads.loads import FOOT_REGIONS, MEASURED, PREDICTED, Loads
from kinechain.loads.newton_euler import dynamics_of, solve_forces
from kinechain.loads.tissues import infer_toe_dorsiflexion
from kinechain.motion.signs import SIDES
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Side

__all__ = ["PHASES", "REACH_S", "WORKING", "respond_walking"]

#: Where in stance frames are taken, as a share of it: not the first and last tenth, when a foot hardly bears.
PHASES = (0.12, 0.2, 0.28, 0.36, 0.5, 0.64, 0.72, 0.8, 0.88)
#: Time in which the change acts on a frame, s: best, lowest and highest (assumption: a foot takes about a tenth of a
#: second to be loaded, and a body needs three times as long to topple).
REACH_S = (0.1, 0.05, 0.15)
#: Draws that are in memory together.
AT_ONCE = 16
#: A foot that carries less than this share of body weight is in swing: its pads are off.
_SWING = 0.02
#: How far away the support of a foot in swing is, m.
_OFF_M = 1.0
#: What lies above its surface in stance is at least this far off, m.
_CLEAR_M = 0.002
#: Stiffness of a leg over that of standing on two lies within these, whatever it carries (assumption).
_LEAST_TONE, _MOST_TONE = 0.2, 2.5
#: What a muscle at work adds to the stiffness of a joint, N m/rad per N m that it holds in the frame: best, lowest and
#: highest (assumption: the toes of a foot that pushes off are held by nothing else).
WORKING = (2.0, 0.5, 5.0)
#: The shear of a frame is held with it, so that pads show only what the change adds: no foot is said to slip by that.
_NO_SLIP = 1e6
#: Load from which toes that no marker shows are taken to lie flat, as a share of body weight.
_FLAT = 0.5


@dataclass(frozen=True, eq=False)
class _Frames(Immutable):
    """Frames of a walk.

    Attributes
    ----------
    inputs, velocities, accelerations : (frame, input) arrays, rad or m, per s, per s^2
    external : (frame, segment, 6) array, N and N m
        Of the ground.
    region_load : (frame, side, region) array, N
        Upward; left, then right.
    side : tuple of 'left' or 'right'
        Whose stance each frame was taken from.
    """

    inputs: FloatArray
    velocities: FloatArray
    accelerations: FloatArray
    external: FloatArray
    region_load: FloatArray
    side: tuple[Side, ...]


def respond_walking(
    model: ChainModel,
    body: Body,
    trial: GaitTrial,
    loads: Loads,
    changes: Sequence[Change],
    unknowns: Unknowns,
    *,
    seed: int = 0,
    workers: int | None = None,
) -> Response:
    """Return what a change does to the frames of one stance of each side.

    Parameters
    ----------
    model : ChainModel
        Of ``body``, with muscles.
    body : Body
        Of the trial.
    trial : GaitTrial
    loads : Loads
        Of the trial (`kinechain.loads.person_loads`).
    changes : sequence of Change
        Made together.
    unknowns : Unknowns
        What is not known of the person, one case per draw.
    seed : int
        Of how long the change acts on a frame and how stiff muscles at work are, which are drawn too if there are
        several draws.
    workers : int, optional
        Cases solved at once; None: as many as there are cores.

    Returns
    -------
    Response
        Of a link the mean change over the stance of its side, of a load the change of its peak there; what lies in the
        midline over both stances.

    Raises
    ------
    SettingError
        If there is no change, or the model has no muscles.
    RecordingError
        If no stance has a known ground reaction from its beginning to its end.
    SolveError
        If more than 5 % of the drawn people have no rest with the change.
    """
    if not changes or model.musculature is None:
        raise SettingError("a response to a change in walking needs a change, and a chain model with muscles")
    frames = _frames_of(model, body, trial, loads)
    base = standing_situation(model, unknowns)
    held = _draw_holding(len(base), seed)
    blocks = []
    for start in range(0, len(base), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        blocks.append(_disturb(model, frames, base.case(some), held[some], tuple(changes), workers))
    whole = {name: np.concatenate([getattr(block, name) for block in blocks]) for name in _Block.__annotations__}
    kept = np.flatnonzero((whole["reason"] == "").mean(axis=0) > 0.5)
    if not len(kept):
        raise SolveError(f"no frame of {trial.recording.name} has a rest beside it; check its ground reaction")
    first, second = ([next((r for r in row if r), "") for row in whole[n][:, kept]] for n in ("reason", "reason_after"))
    failed = failures(first, second, changes)
    stands = np.flatnonzero([not (a or b) for a, b in zip(first, second, strict=True)])
    moved, before, after = (whole[name][np.ix_(stands, kept)] for name in ("moved", "before", "after"))
    sides = [frames.side[k] for k in kept]
    peaks, peaks_after = _peaks(before, after, sides)
    means = np.stack([moved[:, _seen(link.side, sides), k].mean(axis=1) for k, link in enumerate(LINKS)], axis=1)
    notes = (*_walking_notes(changes, len(kept), len(frames.side) - len(kept)), *model.notes)
    return summarise(tuple(changes), means, peaks, peaks_after - peaks, failed, notes, phase="walking")


@dataclass(frozen=True, eq=False)
class _Block(Immutable):
    """Some draws, each in every frame.

    Attributes
    ----------
    reason, reason_after : (draw, frame) array of str
        Why there is no rest, '' where there is.
    moved : (draw, frame, link) array, rad or m
    before, after : (draw, frame, target) array, N, N m, 1 or %
    """

    reason: NDArray[np.object_]
    reason_after: NDArray[np.object_]
    moved: FloatArray
    before: FloatArray
    after: FloatArray


def _draw_holding(count: int, seed: int) -> FloatArray:
    """Return time of reach (s) and stiffness of working muscle (1/rad) of every draw, (draw, 2) array."""
    if count == 1:
        return np.array([[REACH_S[0], WORKING[0]]])
    low, high = (np.log([REACH_S[i], WORKING[i]]) for i in (1, 2))
    return np.asarray(np.exp(low + (high - low) * np.random.default_rng(seed).random((count, 2))))


def _disturb(
    model: ChainModel,
    frames: _Frames,
    base: Situation,
    holding: FloatArray,
    changes: tuple[Change, ...],
    workers: int | None,
) -> _Block:
    """Return what changes do to every frame of some draws."""
    shape = (len(base), len(frames.side))
    draw, frame = (a.ravel() for a in np.indices(shape))
    held = _held(model, base.case(draw), frames, frame, holding[draw])
    changed = alter(model, held, changes)
    first = solve_equilibrium(model, held, friction=_NO_SLIP, workers=workers)
    second = reach_equilibrium(model, held, changed, first, friction=_NO_SLIP, workers=workers)
    moving = Moving(
        frames.velocities[frame],
        frames.accelerations[frame],
        frames.external[frame] - pad_wrenches(model, held.reference, first.pad_force),
    )
    swayed = _with_sway(model, moving, second.inputs - first.inputs, holding[draw, 0])
    given = tightness(model, held, changes, second.inputs)
    moved = compute_links(model, second.inputs) - compute_links(model, first.inputs)
    before = compute_targets(model, held, first, moving)
    after = compute_targets(model, changed, second, swayed, passive=given, co_contraction=co_contraction(changes))
    reasons = [np.array(e.reason, dtype=object).reshape(shape) for e in (first, second)]
    return _Block(*reasons, *(a.reshape(*shape, -1) for a in (moved, before, after)))


def _frames_of(model: ChainModel, body: Body, trial: GaitTrial, loads: Loads) -> _Frames:
    """Return frames of one stance of each side whose ground reaction is known, with the motion of the whole walk."""
    motion = trial.motion
    values = posture_of(model.body, body, motion.values)[:, model.tree.inputs]
    weight = body.mass_kg * GRAVITY_M_S2
    for side in SIDES:
        name = f"mtp_dorsiflexion_{side[0]}"
        if body.coordinate(name).is_locked:
            share = np.clip(np.nan_to_num(loads.ground.foot(side).force[:, 2]) / (_FLAT * weight), 0.0, 1.0)
            values[:, model.input_index(name)] = share * infer_toe_dorsiflexion(body, motion.values, side, share > 0.0)
    kinematics = kinematics_of(model.inputs, values, motion.rate_hz, motion.start_s)
    rows: list[int] = []
    sides: list[Side] = []
    for side in SIDES:
        found = _stance_frames(trial, loads, side)
        rows, sides = rows + found, sides + [side] * len(found)
    if not rows:
        raise RecordingError(
            f"no stance of {trial.recording.name} has a known ground reaction from its beginning to its end; record a "
            "walk over force plates, or one that shows whole strides"
        )
    load = np.stack([np.nan_to_num(loads.ground.foot(side).region_force[rows][..., 2]) for side in SIDES], axis=1)
    return _Frames(
        kinematics.values[rows],
        kinematics.velocities[rows],
        kinematics.accelerations[rows],
        np.nan_to_num(segment_wrenches(body, motion, loads.ground)[rows]),
        np.maximum(load, 0.0),
        tuple(sides),
    )


def _stance_frames(trial: GaitTrial, loads: Loads, side: Side) -> list[int]:
    """Return frames of the first stance of a side in which pose and ground are known; measured ones come first."""
    motion = trial.motion
    for wanted in ((MEASURED,), (MEASURED, PREDICTED)):
        for cycle in trial.cycles:
            if cycle.side != side:
                continue
            at = cycle.start_s + np.array(PHASES) * (cycle.foot_off_s - cycle.start_s)
            rows = np.rint((at - motion.start_s) * motion.rate_hz).astype(int)
            own = np.isin(loads.ground.foot(side).origin[rows], wanted)
            known = np.isfinite(motion.values[rows]).all() and np.isfinite(loads.moments.values[rows]).all()
            if own.all() and known:
                return [int(row) for row in rows]
    return []


def _held(model: ChainModel, base: Situation, frames: _Frames, frame: IntArray, holding: FloatArray) -> Situation:
    """Return the situation in which every frame is at rest, (draw x frame) cases."""
    inputs = frames.inputs[frame]
    own = [model.input_index(name) for name in model.parameters]
    inputs[:, own] = base.reference[:, own]
    places = pad_places(model, inputs)
    load = _pad_loads(model, frames.region_load)[frame]
    level = np.where(load > 0.0, pad_levels(load, base.pad_stiffness), -_CLEAR_M)
    for k, side in enumerate(SIDES):
        pads = model.pads_of(side)
        carried = frames.region_load[frame, k].sum(axis=1) > _SWING * GRAVITY_M_S2 * base.mass.sum(axis=1)
        above = places[:, pads, 2] - places[:, pads, 2].min(axis=1, keepdims=True)
        level[:, pads] = np.where(load[:, pads] > 0.0, level[:, pads], -np.maximum(above, _CLEAR_M))
        level[:, pads] = np.where(carried[:, None], level[:, pads], -_OFF_M)
    tone = np.sqrt(_tones(model, base, frames.region_load[frame].sum(axis=2)))
    inertia = _mass_matrices(model, frames.inputs)[frame] / holding[:, 0, None, None] ** 2
    draft = replace(
        base,
        reference=inputs,
        stiffness=tone[:, :, None] * base.stiffness * tone[:, None, :] + inertia,
        tonic=np.zeros_like(base.tonic),
        pad_level=level,
        pad_anchor=places,
    )
    there = evaluate(model, draft, inputs[:, [model.input_index(name) for name in model.free]])
    working = np.zeros_like(draft.stiffness)
    diagonal = np.arange(len(ROOT), len(model.free))
    working[:, diagonal, diagonal] = holding[:, 1:] * np.abs(there.gradient[:, len(ROOT) :])
    return replace(
        draft,
        stiffness=draft.stiffness + working,
        tonic=there.gradient,
        # Within a tenth of a second nobody reacts: what answers is what is stiff already.
        centre_gain=np.zeros_like(draft.centre_gain),
        centre_target=there.centre_of_mass[:, :2],
        direction_gain=np.zeros_like(draft.direction_gain),
        direction_target=there.directions,
    )


def _mass_matrices(model: ChainModel, inputs: FloatArray) -> FloatArray:
    """Return the mass matrix of every frame over the free coordinates, (frame, free, free), kg m^2, kg m or kg."""
    dynamics = replace(dynamics_of(model.body, locks=False), gravity=np.zeros(3))
    free = [model.input_index(name) for name in model.free]
    still = np.zeros_like(inputs)
    out = np.empty((len(inputs), len(free), len(free)))
    for i, column in enumerate(free):
        unit = np.zeros_like(inputs)
        unit[:, column] = 1.0
        out[:, i] = solve_forces(dynamics, inputs, still, unit).inputs[:, free]
    return np.asarray(0.5 * (out + np.swapaxes(out, 1, 2)))


def _with_sway(model: ChainModel, moving: Moving, moved: FloatArray, reach: FloatArray) -> Moving:
    """Return the motion of frames with the acceleration that the displacement of each takes."""
    free = [model.input_index(name) for name in model.free]
    accelerations = moving.accelerations.copy()
    accelerations[:, free] += moved[:, free] / reach[:, None] ** 2
    return replace(moving, accelerations=accelerations)


def _pad_loads(model: ChainModel, region_load: FloatArray) -> FloatArray:
    """Return the load of every pad, (frame, pad), N: that of its region, its pads alike."""
    out = np.zeros((len(region_load), len(model.pads)))
    for k, side in enumerate(SIDES):
        for r, region in enumerate(FOOT_REGIONS):
            pads = model.pads_of(side, region)
            out[:, pads] = region_load[:, k, r, None] / max(len(pads), 1)
    return out


def _tones(model: ChainModel, base: Situation, load: FloatArray) -> FloatArray:
    """Return by how much stiffer than in standing every coordinate is held, (case, free)."""
    half = 0.5 * GRAVITY_M_S2 * base.mass.sum(axis=1)
    out = np.ones((len(base), len(model.free)))
    for k, side in enumerate(SIDES):
        own = [i for i, name in enumerate(model.free) if name.endswith(f"_{side[0]}")]
        out[:, own] = np.clip(load[:, k] / half, _LEAST_TONE, _MOST_TONE)[:, None]
    return out


def _seen(side: str, sides: list[Side]) -> list[int]:
    """Return the frames in which something of a side is looked at: its own stance, or every one."""
    return [i for i, own in enumerate(sides) if side in ("middle", own)]


def _peaks(before: FloatArray, after: FloatArray, sides: list[Side]) -> tuple[FloatArray, FloatArray]:
    """Return the largest of every load over the frames that are known with and without the change, (draw, target)."""
    known = np.isfinite(before) & np.isfinite(after)
    out = []
    for values in (before, after):
        low = np.where(known, values, -np.inf)
        peaks = [low[:, _seen(t.side, sides), k].max(axis=1, initial=-np.inf) for k, t in enumerate(TARGETS)]
        stacked = np.stack(peaks, axis=1)
        out.append(np.where(np.isfinite(stacked), stacked, np.nan))
    return out[0], out[1]


def _walking_notes(changes: Sequence[Change], kept: int, left_out: int) -> tuple[str, ...]:
    out = [
        f"Walking as it was measured: {kept} frames of stance, each disturbed for itself over "
        f"{REACH_S[1]:g} to {REACH_S[2]:g} s; speed and timing stay.",
        "Loads are peaks over these frames, angles means over the stance of their side.",
    ]
    if left_out:
        out.append(f"{left_out} frames were left out: most drawn people have no rest beside them.")
    for side in SIDES:
        if shorter := stance_shortening(changes, side):
            out.append(
                f"Stance of the {side} side was asked to be {100 * shorter:.0f} % shorter; which gait follows from "
                "it is behaviour and not computable."
            )
    return tuple(out)
