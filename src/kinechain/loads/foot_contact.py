"""The sole as points by region: where they are, how ready each is to carry, and how a force spreads over them.

One rule spreads a measured force and a predicted one alike.  Of all ways to press with the points of a sole that have
the wanted centre of pressure, the one is taken that is nearest to the readiness of the points (least relative
entropy): ``share_i = ready_i * exp(a + b x_i + c y_i)``.  No share is negative, and the shear of a region is to its
normal force as the shear of the foot is to its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kinechain.body.body import Body
from kinechain.body.pose import segment_poses
from kinechain.core.arrays import FloatArray, IntArray, lengths
from kinechain.core.errors import BodyError
from kinechain.core.frames import inverse
from kinechain.loads.loads import FOOT_REGIONS
from kinechain.recording.recording import Side

__all__ = ["REGION_SEGMENTS", "Sole", "readiness", "region_loads", "sole_of", "sole_paths", "spread"]

#: The segment that each region of the sole belongs to.
REGION_SEGMENTS = ("calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")
#: A point carries while it is low and slow; its readiness falls to 0.6 at these, m and m/s.  Assumption, tried on the
#: calibration trials (benchmarks/ground_table.py).
READY_M, READY_M_S = 0.015, 0.35
#: Lowest logarithm of a readiness: enough to leave a point out.
LEAST_READY = -30.0
#: What the sole may give way, m: soft tissue and shoe, and a landmark some millimetres off.  Assumption.
SOFT_M = 0.02
#: Half a heel as part of the breadth from the first to the fifth metatarsal head; the little toe ahead of the fifth
#: head as part of the foot; the pads of the toes behind their tips, m.  Assumption.
HALF_HEEL, LITTLE_TOE, PAD_M = 0.25, 0.12, 0.012


@dataclass(frozen=True, eq=False)
class Sole:
    """Points under one foot.

    Attributes
    ----------
    side : 'left' or 'right'
    segments : (point,) array of int
        Index of the segment in the body.
    regions : (point,) array of int
        Index in ``FOOT_REGIONS``.
    positions : (point, 3) array, m, segment frame
    length_m : float
        Heel to tip of the hallux.
    """

    side: Side
    segments: IntArray
    regions: IntArray
    positions: FloatArray
    length_m: float


def sole_of(body: Body, side: Side) -> Sole:
    """Return the points under one foot of a body, from its landmarks in the neutral posture.

    Parameters
    ----------
    body : Body
        With the landmarks of our own tables; another body has no sole.
    side : 'left' or 'right'

    Raises
    ------
    BodyError
        If a landmark or a part of the foot is lacking.
    """
    letter = side[0]
    names = [s.name for s in body.segments]
    lacking = [s for s in REGION_SEGMENTS if f"{s}_{letter}" not in names]
    if lacking:
        raise BodyError(
            f"body '{body.name}' has no {lacking[0]} on the {side}, so it has no sole for a ground reaction to act on; "
            "use a body of our own tables, or one whose foot has these parts"
        )
    neutral = segment_poses(body, np.array([[c.default for c in body.coordinates]]))[0]

    def at(name: str) -> FloatArray:
        mark = body.landmark(f"{name}_{letter}")
        pose = neutral[names.index(mark.segment)]
        return np.asarray(pose[:3, :3] @ mark.position + pose[:3, 3])

    segments, regions, positions = [], [], []
    for region, point in _neutral_points(at):
        index = names.index(f"{REGION_SEGMENTS[region]}_{letter}")
        local = inverse(neutral[index])
        segments.append(index)
        regions.append(region)
        positions.append(local[:3, :3] @ point + local[:3, 3])
    length = float(np.linalg.norm((at("hallux_tip") - at("heel"))[:2]))
    return Sole(side, np.array(segments), np.array(regions), np.array(positions), length)


def _neutral_points(at: Callable[[str], FloatArray]) -> list[tuple[int, FloatArray]]:
    """Return region and place of every point in the neutral posture, m."""
    heel, under, ball = at("heel"), at("sole_heel"), at("sole_forefoot")
    first, second, fifth = at("metatarsal_1_head"), at("metatarsal_2_head"), at("metatarsal_5_head")
    base, hallux, toe = at("metatarsal_5_base"), at("hallux_tip"), at("toe_2_tip")
    ahead = (second - heel) * np.array([1.0, 1.0, 0.0])
    ahead /= np.linalg.norm(ahead)
    across = fifth - first
    across = HALF_HEEL * (across - (across @ ahead) * ahead) * np.array([1.0, 1.0, 0.0])
    reach = float((under - heel) @ ahead)
    rear = [heel + 0.3 * reach * ahead, under + across, under - across, under + reach * ahead]
    arch = [base, 0.5 * (base + under), 0.5 * (base + fifth)]
    little = fifth + LITTLE_TOE * float((hallux - heel) @ ahead) * ahead
    toes = [hallux - PAD_M * ahead, toe - PAD_M * ahead, little]
    out = [(0, p) for p in rear] + [(1, p) for p in arch] + [(2, p) for p in (first, second)]
    out += [(3, p) for p in (0.5 * (second + fifth), fifth)] + [(4, p) for p in toes]
    # All lie on the floor that heel and ball stand on.
    slope = (ball[2] - under[2]) / max(float((ball - under) @ ahead), 1e-6)
    return [(r, np.array([p[0], p[1], under[2] + slope * float((p - under) @ ahead)])) for r, p in out]


def sole_paths(sole: Sole, poses: FloatArray) -> FloatArray:
    """Return where the points of a sole go, (time, point, 3) array, m, world.

    Parameters
    ----------
    sole : Sole
    poses : (time, segment, 4, 4) array
    """
    on = poses[:, sole.segments]
    return np.asarray(np.einsum("tpij,pj->tpi", on[..., :3, :3], sole.positions) + on[..., :3, 3])


def readiness(heights: FloatArray, speeds: FloatArray) -> FloatArray:
    """Return the logarithm of how ready points are to carry: falling smoothly with height and speed.

    Parameters
    ----------
    heights : (time, point) array, m
        Above the floor.
    speeds : (time, point) array, m/s
        Over the floor.
    """
    up = np.maximum(heights, 0.0) / READY_M
    return np.asarray(np.maximum(-0.5 * up**2 - 0.5 * (speeds / READY_M_S) ** 2, LEAST_READY))


def spread(points: FloatArray, ready: FloatArray, wanted: FloatArray, give_m: float = 1e-3) -> FloatArray:
    """Return the shares (time, point) of the points that have the wanted centre, as near to their readiness as can be.

    Parameters
    ----------
    points : (time, point, 2) array, m
    ready : (time, point) array
        Logarithm, see ``readiness``.
    wanted : (time, 2) array, m
        Centre of pressure.
    give_m : float
        By how much the centre may stay behind what is wanted: least is relative entropy plus half the square of the
        distance in units of this.

    Returns
    -------
    (time, point) array
        None negative, each row sums to 1.
    """
    apart = points - wanted[:, None]
    tilt = np.zeros((len(points), 2))
    shares = _softmax(ready)
    for _ in range(NEWTON_STEPS):
        mean = np.einsum("tp,tpi->ti", shares, apart)
        gradient = mean + give_m**2 * tilt
        if np.abs(gradient).max(initial=0.0) < 1e-7:
            break
        about = apart - mean[:, None]
        spread_ = np.einsum("tp,tpi,tpj->tij", shares, about, about)
        a, d, b = (
            spread_[:, 0, 0] + LEAST_SPREAD + give_m**2,
            spread_[:, 1, 1] + LEAST_SPREAD + give_m**2,
            spread_[:, 0, 1],
        )
        step = -np.stack([d * gradient[:, 0] - b * gradient[:, 1], a * gradient[:, 1] - b * gradient[:, 0]], axis=1)
        step /= (a * d - b * b)[:, None]
        size = lengths(np.concatenate([step, np.zeros((len(step), 1))], axis=1))
        tilt += step * np.minimum(1.0, LONGEST_STEP / np.maximum(size, 1e-12))[:, None]
        shares = _softmax(ready + np.einsum("tpi,ti->tp", apart, tilt))
    return shares


#: Of the search for the shares: number of steps, longest step in 1/m, least variance in m^2.
NEWTON_STEPS, LONGEST_STEP, LEAST_SPREAD = 25, 150.0, 1e-6


def _softmax(logarithm: FloatArray) -> FloatArray:
    out = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def region_loads(
    sole: Sole, points: FloatArray, shares: FloatArray, force: FloatArray, centre: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the force of every region (time, region, 3), N, and where it acts (time, region, 3), m.

    Parameters
    ----------
    sole : Sole
    points : (time, point, 3) array, m
    shares : (time, point) array
        As from ``spread``.
    force : (time, 3) array, N
    centre : (time, 3) array, m
        Centre of pressure; what the shares lack of it shifts all regions alike, so that sums agree exactly.
    """
    count = len(FOOT_REGIONS)
    on = np.zeros((points.shape[1], count))
    on[np.arange(points.shape[1]), sole.regions] = 1.0
    part = shares @ on
    flat = points[..., :2]
    weighted = np.einsum("tp,tpi,pr->tri", shares, flat, on)
    middle = np.einsum("tpi,pr->tri", flat, on) / on.sum(axis=0)[:, None]
    used = part > 1e-12
    place = np.where(used[..., None], weighted / np.where(used, part, 1.0)[..., None], middle)
    place = place + (centre[:, :2] - np.einsum("tr,tri->ti", part, place))[:, None]
    where = np.concatenate([place, np.broadcast_to(centre[:, None, 2:], (*place.shape[:2], 1))], axis=2)
    return part[..., None] * force[:, None], where
