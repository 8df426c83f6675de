"""The ground under the feet where no plate measured it, from the movement alone.

The whole body must obey Newton and Euler, which fixes the sum of all forces at every frame.  Three decisions are left:

1. *Which foot carries what.*  One foot alone carries all.  In double support the share of the trailing foot follows
   both how walking passes the weight on (`contact_phases.TRAILING_SHARE`) and where the moment of the whole body wants
   the centre of pressure between the feet, each weighted by how far it is known to err.  While standing the moment
   alone decides.
2. *Where under the foot.*  The centre of pressure travels from heel to toes through a stance (`PROGRESS_ALONG`), as
   far as the moment of the whole body does not want it elsewhere and as the points of the sole that are low and slow
   allow.
3. *The shear.*  Both feet give it in proportion to their normal force, and in double support lean to each other, as if
   to a point above the centre of mass.  The cone of friction holds for each foot and each region.

Forces so add up exactly; the moment is met as well as contact allows, and what it lacks is returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import Body
from kinechain.core.arrays import FloatArray, cross, lengths, median
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.contact_phases import Stance, find_stances, on_ground, trailing_share
from kinechain.loads.foot_contact import SOFT_M, Sole, readiness, sole_of, sole_paths, spread
from kinechain.loads.whole_body import Demand, ground_demand
from kinechain.motion.motion import Motion
from kinechain.recording.recording import Event, Side

__all__ = ["FRICTION", "FootPrediction", "Prediction", "predict_ground", "prediction_notes"]

SIDES: tuple[Side, Side] = ("right", "left")
#: Each foot with the other one.
PAIRS: tuple[tuple[Side, Side], ...] = (("right", "left"), ("left", "right"))
#: Coefficient of friction between foot and floor.  Assumption: dry floor; walking needs a third of it.
FRICTION = 0.8
#: How far each kind of knowledge is taken to err, chosen for the least error of the vertical force on the calibration
#: trials (2014001 and 2014004 of schreiber_moissenet): the share of the trailing foot by its curve, 1; the centre of
#: pressure of the whole body by its moment, m, where single support does not show it, and at the least.
SHARE_SD, MOMENT_SD_M, LEAST_MOMENT_SD_M = 0.12, 0.05, 0.015
#: While standing nothing but the moment is known: a share of half and half within the first, a centre amid the sole
#: within the second, m, the centre by the moment within the third, m.  Assumption.
OPEN_SHARE_SD, STANDING_SD_M, STANDING_MOMENT_SD_M = 0.5, 0.1, 1e-3
#: Centre of pressure at 0, 10 ... 100 % of a stance, along and outward of the line heel to second metatarsal head, in
#: parts of the length of the foot: median of the stances of the calibration trials but the two slowest.
#: (`python benchmarks/ground_table.py --calibrate`).
PROGRESS_ALONG = (0.06, 0.17, 0.31, 0.41, 0.56, 0.66, 0.70, 0.74, 0.77, 0.79, 0.85)
PROGRESS_OUTWARD = (-0.015, 0.007, 0.026, 0.041, 0.049, 0.049, 0.046, 0.023, 0.003, -0.017, -0.041)
#: By how much single stances differ in the first: their spread, widened to at least 0.04 for other people.
PROGRESS_SD = (0.04, 0.04, 0.05, 0.08, 0.12, 0.12, 0.08, 0.05, 0.04, 0.04, 0.06)
#: In double support the forces of both feet lean to each other, fore and aft, by this part of what would point them at
#: the centre of mass: least error on the calibration trials, whose own median is 0.7.
LEAN = 0.75
#: The centre of mass is taken to be no lower than this above the feet when they lean, m.  Assumption.
LOWEST_M = 0.3
#: A foot is on the ground, where no event says so, while a point of its sole is readier than this (log).  Assumption.
DOWN_READY = -2.0
#: Where the foot lies flat within its stance, part of the stance.
FLAT_AT = 0.35
#: Largest offset of the centre of mass that is believed, m, and the fewest frames on one foot that can tell it.
LARGEST_OFFSET_M, FEWEST_FRAMES = 0.05, 10


@dataclass(frozen=True, eq=False)
class FootPrediction:
    """What the ground does to one foot, by prediction.

    Attributes
    ----------
    sole : Sole
    points : (time, point, 3) array, m
        Of the sole, on the floor.
    ready : (time, point) array
        Logarithm of how ready each is to carry.
    is_down : (time,) array of bool
    force : (time, 3) array, N
        0 where the foot is off the ground, NaN where the motion is not known.
    centre : (time, 3) array, m
        Of pressure; NaN where the foot is off the ground.
    free_moment : (time,) array, N m
    shares : (time, point) array
    """

    sole: Sole
    points: FloatArray
    ready: FloatArray
    is_down: NDArray[np.bool_]
    force: FloatArray
    centre: FloatArray
    free_moment: FloatArray
    shares: FloatArray


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the ground does to both feet, and what that leaves of the equations of motion.

    Attributes
    ----------
    feet : mapping of side to FootPrediction
    stances : tuple of Stance
    demand : Demand
    floor_m : float
        Height of the floor by the feet.
    offset_m : float
        How far the centre of mass of the body lies ahead of where the feet want it; taken off its moment.
    residual : (time, 6) array, N and N m
        Demand minus prediction, moment about the centre of mass.
    """

    feet: Mapping[Side, FootPrediction]
    stances: tuple[Stance, ...]
    demand: Demand
    floor_m: float
    offset_m: float
    residual: FloatArray


def predict_ground(body: Body, motion: Motion, events: Iterable[Event], belt_m_s: float = 0.0) -> Prediction:
    """Return the ground reaction that a motion needs, by contact under friction.

    Parameters
    ----------
    body : Body
        With the landmarks of our tables and the mass of the person.
    motion : Motion
        Filtered.
    events : iterable of Event
        Strikes and offs, by the movement alone if no plate may be looked at.
    belt_m_s : float
        Speed of a treadmill.

    Returns
    -------
    Prediction
    """
    demand = ground_demand(body, motion)
    soles = {side: sole_of(body, side) for side in SIDES}
    paths = {side: sole_paths(soles[side], demand.poses) for side in SIDES}
    belt = belt_m_s * (motion.times_s - motion.start_s)
    floor = _floor(paths, belt, motion.rate_hz)
    ready = {side: _ready(paths[side], floor, belt, motion.rate_hz) for side in SIDES}
    down = {side: np.asarray(ready[side].max(axis=1) > DOWN_READY) for side in SIDES}
    stances = find_stances(events, down, motion.times_s)
    known = np.asarray(np.isfinite(np.concatenate([demand.force, demand.moment], axis=1)).all(axis=1))
    on = {side: on_ground(stances, side, motion.times_s) & known for side in SIDES}
    points = {side: _on_floor(paths[side], floor) for side in SIDES}
    aims = {side: _aims(soles[side], points[side], ready[side], stances, motion.times_s, belt) for side in SIDES}
    share = trailing_share(stances, motion.times_s)
    wanted = _wanted_centre(demand, floor)
    offset, moment_sd, ahead = _offset(wanted, aims, on, demand, body)
    wanted = _later(wanted - offset * ahead, LAG_S * motion.rate_hz)
    right = _share_of_right(wanted, aims, on, share)
    feet, residual = _share_out(demand, soles, points, ready, aims, on, right, wanted, known, floor, moment_sd, ahead)
    return Prediction(feet, stances, demand, floor, offset, residual)


def _floor(paths: Mapping[Side, FloatArray], belt: FloatArray, rate_hz: float) -> float:
    """Return the height at which the lowest points of both soles rest, m: the median over the slow frames."""
    lowest = []
    for path in paths.values():
        speed = _speeds(path, belt, rate_hz)
        low = path[..., 2].argmin(axis=1)
        frames = np.arange(len(path))
        slow = speed[frames, low] < SLOW_M_S
        lowest += path[frames[slow], low[slow], 2].tolist()
    if lowest:
        return median(lowest)
    heights = np.concatenate([p[..., 2].min(axis=1) for p in paths.values()])
    return float(np.nanmin(heights)) if np.isfinite(heights).any() else 0.0


#: A point of the sole rests if it is slower than this, m/s.  Assumption.
SLOW_M_S = 0.15


def _speeds(path: FloatArray, belt: FloatArray, rate_hz: float) -> FloatArray:
    """Return the speed of points over the floor, (time, point) array, m/s."""
    over = path.copy()
    over[..., 0] += belt[:, None]
    return lengths(np.gradient(over, 1.0 / rate_hz, axis=0))


def _ready(path: FloatArray, floor: float, belt: FloatArray, rate_hz: float) -> FloatArray:
    """Return the readiness of points; each stands on its own lowest level, as far as a sole gives way."""
    speed, height = _speeds(path, belt, rate_hz), path[..., 2] - floor
    slow = np.where(speed < SLOW_M_S, height, np.nan)
    own = np.array([median(column[np.isfinite(column)]) for column in slow.T])
    own = np.clip(np.nan_to_num(own), -SOFT_M, SOFT_M)
    return np.nan_to_num(readiness(height - own, speed), nan=-30.0)


def _on_floor(path: FloatArray, floor: float) -> FloatArray:
    out = path.copy()
    out[..., 2] = floor
    return out


@dataclass(frozen=True, eq=False)
class _Aim:
    """Where the centre of pressure of a foot is looked for, (time, 2) array, m, and how far that errs, (time,) m."""

    centre: FloatArray
    sd_m: FloatArray


def _aims(
    sole: Sole,
    points: FloatArray,
    ready: FloatArray,
    stances: Iterable[Stance],
    times_s: FloatArray,
    belt: FloatArray,
) -> _Aim:
    """Return where the centre of pressure of a foot is looked for: by the course of stance, else amid ready points."""
    weight = np.exp(ready - ready.max(axis=1, keepdims=True))
    centre = np.einsum("tp,tpi->ti", weight, points[..., :2]) / weight.sum(axis=1)[:, None]
    sd = np.full(len(times_s), STANDING_SD_M)
    known = np.isfinite(centre).all(axis=1)
    for stance in stances:
        inside = np.flatnonzero((times_s >= stance.start_s) & (times_s < stance.end_s) & known)
        part = _part_of_stance(stance, times_s[inside])
        if stance.side != sole.side or part is None:
            continue
        flat = inside[int(FLAT_AT * len(inside))] if stance.has_start else inside[np.abs(part - FLAT_AT).argmin()]
        heel = points[flat, np.flatnonzero(sole.regions == 0)[0], :2]
        second = points[flat, np.flatnonzero(sole.regions == 2)[-1], :2]
        ahead = (second - heel) / max(float(np.hypot(*(second - heel))), 1e-9)
        outward = np.array([ahead[1], -ahead[0]]) * (1.0 if sole.side == "right" else -1.0)
        grid = np.linspace(0.0, 1.0, len(PROGRESS_ALONG))
        along, across = (np.interp(part, grid, curve) * sole.length_m for curve in (PROGRESS_ALONG, PROGRESS_OUTWARD))
        centre[inside] = heel + along[:, None] * ahead + across[:, None] * outward
        centre[inside, 0] -= belt[inside] - belt[flat]
        sd[inside] = np.interp(part, grid, PROGRESS_SD) * sole.length_m
    return _Aim(centre, sd)


def _part_of_stance(stance: Stance, times_s: FloatArray) -> FloatArray | None:
    """Return how far a stance has come at some times, 0 to 1; None if that cannot be said, as while standing."""
    if not len(times_s) or not (stance.has_start or stance.has_end):
        return None
    if stance.has_start and stance.has_end:
        length = stance.end_s - stance.start_s
    else:
        length = max(stance.end_s - stance.start_s, USUAL_STANCE_S)
    start = stance.start_s if stance.has_start else stance.end_s - length
    if stance.end_s - stance.start_s > LONGEST_STANCE_S:
        return None
    return np.clip((times_s - start) / length, 0.0, 1.0)


#: Of a stance that the recording cuts off, s; a longer one than the second is standing.  Assumption.
USUAL_STANCE_S, LONGEST_STANCE_S = 0.7, 3.5


def _wanted_centre(demand: Demand, floor: float) -> FloatArray:
    """Return where on the floor one upright force would meet force and moment, (time, 2) array, m."""
    arm = demand.centre_of_mass - np.array([0.0, 0.0, floor])
    moment = demand.moment + cross(arm, demand.force)
    up = np.maximum(demand.force[:, 2], LEAST_UP * demand.mass_kg * GRAVITY_M_S2)
    return np.stack([-moment[:, 1] / up, moment[:, 0] / up], axis=1)


#: The moment is taken to press this much later than the skeleton asks for, s: soft tissue follows the bones.  Least
#: error on the calibration trials, whose vertical forces come 0.016 to 0.020 s late; opencap's come 0.008 s late.
LAG_S = 0.012


def _later(values: FloatArray, frames: float) -> FloatArray:
    """Return values (time, column) moved to later by some part of a frame or more, as they are next to a gap."""
    at = np.maximum(np.arange(len(values)) - frames, 0.0)
    low = np.minimum(at.astype(int), max(len(values) - 2, 0))
    part = (at - low)[:, None]
    moved = (1 - part) * values[low] + part * values[np.minimum(low + 1, len(values) - 1)]
    return np.where(np.isfinite(moved), moved, values)


#: Below this part of body weight the moment says nothing of a centre of pressure.  Assumption.
LEAST_UP = 0.1


def _offset(
    wanted: FloatArray, aims: Mapping[Side, _Aim], on: Mapping[Side, NDArray[np.bool_]], demand: Demand, body: Body
) -> tuple[float, float, FloatArray]:
    """Return how far ahead the body's centre of mass lies of where walking puts it, m, and ahead (time, 2)."""
    pelvis = demand.poses[:, [s.name for s in body.segments].index("pelvis"), :2, 0]
    ahead = pelvis / np.maximum(np.hypot(pelvis[:, 0], pelvis[:, 1]), 1e-9)[:, None]
    apart, sd = [], []
    for side, other in PAIRS:
        alone = on[side] & ~on[other] & (aims[side].sd_m < STANDING_SD_M)
        apart += ((wanted - aims[side].centre) * ahead).sum(axis=1)[alone].tolist()
        sd += aims[side].sd_m[alone].tolist()
    if len(apart) < FEWEST_FRAMES:
        return 0.0, MOMENT_SD_M, ahead
    off, weight = np.array(apart), np.array(sd) ** -2
    offset = float(np.clip((off * weight).sum() / weight.sum(), -LARGEST_OFFSET_M, LARGEST_OFFSET_M))
    spread_ = float(((off - offset) ** 2 * weight).sum() / weight.sum())
    return offset, max(np.sqrt(spread_), LEAST_MOMENT_SD_M), ahead


def _share_of_right(
    wanted: FloatArray, aims: Mapping[Side, _Aim], on: Mapping[Side, NDArray[np.bool_]], usual: FloatArray
) -> FloatArray:
    """Return the share of the normal force on the right foot, (time,) array, 0 to 1."""
    apart = aims["right"].centre - aims["left"].centre
    square = np.maximum((apart**2).sum(axis=1), 1e-4)
    by_moment = ((wanted - aims["left"].centre) * apart).sum(axis=1) / square
    moment_sd = MOMENT_SD_M / np.sqrt(square)
    share_sd = np.where(np.isfinite(usual), SHARE_SD, OPEN_SHARE_SD)
    expected = np.where(np.isfinite(usual), usual, 0.5)
    trust = share_sd**2 / (share_sd**2 + np.where(np.isfinite(usual), moment_sd, STANDING_MOMENT_SD_M) ** 2)
    share = np.clip(expected + trust * (by_moment - expected), 0.0, 1.0)
    # Where the curve is at its end the foot has just come or is just going.
    certain = np.isfinite(usual)
    limit = np.minimum(usual, 1.0 - usual)
    share = np.where(certain, np.clip(share, usual - limit, usual + limit), share)
    share = np.where(on["right"] & ~on["left"], 1.0, np.where(on["left"] & ~on["right"], 0.0, share))
    return np.asarray(share)


def _share_out(
    demand: Demand,
    soles: Mapping[Side, Sole],
    points: Mapping[Side, FloatArray],
    ready: Mapping[Side, FloatArray],
    aims: Mapping[Side, _Aim],
    on: Mapping[Side, NDArray[np.bool_]],
    right: FloatArray,
    wanted: FloatArray,
    known: NDArray[np.bool_],
    floor: float,
    moment_sd: float,
    ahead: FloatArray,
) -> tuple[dict[Side, FootPrediction], FloatArray]:
    part: dict[Side, FloatArray] = {
        "right": np.where(on["right"], right, 0.0),
        "left": np.where(on["left"], 1.0 - right, 0.0),
    }
    up = np.where(known, np.maximum(demand.force[:, 2], 0.0), np.nan)
    normal = {side: part[side] * up for side in SIDES}
    shares: dict[Side, FloatArray] = {}
    centre: dict[Side, FloatArray] = {}
    aimed = sum(part[side][:, None] * aims[side].centre for side in SIDES)
    for side in SIDES:
        sd = aims[side].sd_m
        trust = sd**2 / (sd**2 + np.where(sd < STANDING_SD_M, moment_sd, STANDING_MOMENT_SD_M) ** 2)
        goal = np.where(on[side][:, None], aims[side].centre + trust[:, None] * (wanted - aimed), 0.0)
        rows = np.flatnonzero(on[side])
        shares[side] = np.zeros(points[side].shape[:2])
        shares[side][rows] = spread(points[side][rows, :, :2], ready[side][rows], goal[rows], GIVE_M)
        centre[side] = np.full((len(up), 3), np.nan)
        centre[side][rows, :2] = np.einsum("tp,tpi->ti", shares[side][rows], points[side][rows, :, :2])
        centre[side][rows, 2] = floor
    shear = _shear(demand, normal, part, centre, on, ahead)
    force = {side: np.concatenate([shear[side], normal[side][:, None]], axis=1) for side in SIDES}
    free = _free_moments(demand, force, normal, centre)
    feet = {
        side: FootPrediction(
            soles[side], points[side], ready[side], on[side], force[side], centre[side], free[side], shares[side]
        )
        for side in SIDES
    }
    return feet, _residual(demand, feet)


#: By how much the centre of pressure may stay behind its aim where the points that are ready do not reach it, m.
GIVE_M = 0.004


def _shear(
    demand: Demand,
    normal: Mapping[Side, FloatArray],
    part: Mapping[Side, FloatArray],
    centre: Mapping[Side, FloatArray],
    on: Mapping[Side, NDArray[np.bool_]],
    ahead: FloatArray,
) -> dict[Side, FloatArray]:
    """Return the horizontal force of each foot, (time, 2) array, N: leaning to each other, within friction."""
    total = normal["right"] + normal["left"]
    ratio = demand.force[:, :2] / np.maximum(total, 1e-9)[:, None]
    size = np.hypot(ratio[:, 0], ratio[:, 1])
    common = ratio * np.minimum(1.0, FRICTION / np.maximum(size, 1e-9))[:, None]
    both = on["right"] & on["left"]
    apart = np.where(both[:, None], (centre["right"] - centre["left"])[:, :2], 0.0)
    height = demand.centre_of_mass[:, 2] - np.where(on["right"], centre["right"][:, 2], centre["left"][:, 2])
    # Each foot leans to the other, fore and aft, the sum unchanged.
    toward = -LEAN * (apart * ahead).sum(axis=1)[:, None] * ahead
    toward /= np.maximum(np.nan_to_num(height), LOWEST_M)[:, None]
    lean: dict[Side, FloatArray] = {"right": part["left"][:, None] * toward, "left": -part["right"][:, None] * toward}
    room = np.ones(len(total))
    for side in SIDES:
        room = np.minimum(room, _room(common, lean[side]))
    return {
        side: np.where(
            on[side][:, None], normal[side][:, None] * (common + room[:, None] * lean[side]), 0.0 * total[:, None]
        )
        for side in SIDES
    }


def _room(common: FloatArray, lean: FloatArray) -> FloatArray:
    """Return the largest part, at most 1, of a lean that keeps common + part * lean within the cone."""
    a = (lean**2).sum(axis=1)
    b = (common * lean).sum(axis=1)
    c = (common**2).sum(axis=1) - FRICTION**2
    root = np.sqrt(np.maximum(b * b - a * np.minimum(c, 0.0), 0.0))
    return np.where(a > 1e-12, np.clip((root - b) / np.maximum(a, 1e-12), 0.0, 1.0), 1.0)


#: The moment that friction under a sole can hold about the vertical, as an arm, m.  Assumption: a third of a foot.
TWIST_ARM_M = 0.08


def _free_moments(
    demand: Demand,
    force: Mapping[Side, FloatArray],
    normal: Mapping[Side, FloatArray],
    centre: Mapping[Side, FloatArray],
) -> dict[Side, FloatArray]:
    """Return the free moment of each foot, (time,) array, N m: what the motion lacks, as far as friction holds."""
    lacks = demand.moment[:, 2].copy()
    total = normal["right"] + normal["left"]
    for side in SIDES:
        arm = np.nan_to_num(centre[side] - demand.centre_of_mass)
        lacks -= np.nan_to_num(arm[:, 0] * force[side][:, 1] - arm[:, 1] * force[side][:, 0])
    limit = FRICTION * TWIST_ARM_M * total
    held = np.clip(lacks, -limit, limit)
    return {side: held * normal[side] / np.maximum(total, 1e-9) for side in SIDES}


def _residual(demand: Demand, feet: Mapping[Side, FootPrediction]) -> FloatArray:
    force, moment = demand.force.copy(), demand.moment.copy()
    for foot in feet.values():
        force -= foot.force
        moment -= cross(np.nan_to_num(foot.centre - demand.centre_of_mass), foot.force)
        moment[:, 2] -= foot.free_moment
    return np.concatenate([force, moment], axis=1)


def prediction_notes(prediction: Prediction) -> tuple[str, ...]:
    """Return what the prediction rests on, how well it met the motion and how far it is known to err, in sentences.

    Parameters
    ----------
    prediction : Prediction
    """
    known = np.isfinite(prediction.residual).all(axis=1)
    on = np.logical_or.reduce([foot.is_down for foot in prediction.feet.values()]) & known
    said = [
        f"Predicted forces add up to {prediction.demand.mass_kg:.1f} kg times its acceleration; friction of up to "
        f"{FRICTION:g} times the normal force holds. {STATED_ERROR}"
    ]
    if on.any():
        moment = float(np.sqrt((prediction.residual[on, 3:5] ** 2).sum(axis=1).mean()))
        said.append(f"The moment about the centre of mass is met within {moment:.0f} N m (root mean square).")
        short = on & (lengths(prediction.residual[:, :3]) > LEAST_RESIDUAL * prediction.demand.mass_kg)
        if short.any():
            said.append(
                f"In {np.count_nonzero(short)} frames the motion asks the ground to pull or to hold more than friction "
                "can; the force there is less than the motion needs."
            )
    if abs(prediction.offset_m) > WORTH_SAYING_M:
        said.append(
            f"The feet put the centre of mass {abs(prediction.offset_m) * 1e3:.0f} mm farther "
            f"{'back' if prediction.offset_m > 0 else 'ahead'} than the masses of the body do; the place of the forces "
            "allows for it, the masses are left as they are."
        )
    return tuple(said)


#: Of a force that the prediction does not meet, N/kg; of an offset, m.
LEAST_RESIDUAL, WORTH_SAYING_M = 1e-3, 0.015
#: Medians of the 28 walking trials of schreiber_moissenet and opencap_validation_s4 (benchmarks/ground_table.py).
STATED_ERROR = (
    "On 28 walks with hidden plates the vertical force of a foot erred by 8.3, 6.2 and 7.5 % of body weight in the "
    "first double support, single support and the second double support (root mean square, medians; fast walking 10.0, "
    "8.6 and 7.6 %), the fore and aft force by 3.5, 1.7 and 4.0 %, the centre of pressure in single support by 20 mm."
)
