"""How a path bends around one surface: the Python twin of ``src/kernels/surfaces.cpp``, one piece at a time.

OpenSim's rules say whether a piece of a path bends, around which side, and where it touches a surface that may be
touched on one half only. With the method 'shortest', and around several surfaces, the way on a cylinder is the
shortest. Else it is OpenSim's: OpenSim lays a plane through both ends and an apex on the line that halves the angle
between them, and slides the tangent points along the axis into it. That plane is level along the halving line, which
gives its height in closed form: with distances ``rho`` from the axis, tangents ``t``, the angle ``2 h`` from p to q in
the sense of the path and the rise ``z``, the touching point of p stands ``z t_p (t_p + r / tan h) / (rho_p (rho_p +
rho_q))`` above p, if that is between 0 and ``2 z``; else level with p. The length agrees with OpenSim's to rounding.

References
----------
Rules learnt from ``WrapCylinder.cpp``, ``WrapSphere.cpp`` and ``WrapEllipsoid.cpp`` of opensim-core, commit 0435b081d.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinechain.body.path_ellipsoid import bend_ellipsoid
from kinechain.core.arrays import FloatArray, cross

__all__ = ["FAIR", "MAY_BEND", "MUST_BEND", "STRAIGHT", "BentPiece", "bend"]

STRAIGHT, MAY_BEND, MUST_BEND = 0, 2, 3
FAIR = 3
_TURN = 2 * np.pi
#: Below this distance, m, a point counts as lying on the surface.
_TOUCHING = 1e-9


@dataclass(frozen=True, eq=False)
class BentPiece:
    """A bent piece between two points p and q, in the surface's frame.

    Attributes
    ----------
    length : float
        Whole, m, with both straight ends.
    gradient_p, gradient_q : (3,) array
        Derivative of the length by either point.
    first, last : (3,) array, m
        Where it touches the surface and leaves it.
    arc : float
        Length on the surface, m.
    """

    length: float
    gradient_p: FloatArray
    gradient_q: FloatArray
    first: FloatArray
    last: FloatArray
    arc: float


def bend(
    kind: int,
    radii: FloatArray,
    half_length: float,
    side: tuple[int, float],
    method: int,
    p: FloatArray,
    q: FloatArray,
    is_shortest: bool,
) -> tuple[int, BentPiece | None]:
    """Return whether the piece from p to q must, may or does not bend around a surface, and how.

    Parameters
    ----------
    kind : int
        0 cylinder, 1 sphere, 2 ellipsoid.
    radii : (3,) array, m
    half_length : float
    side : (int, float)
        Axis and sign of the half that may be touched; axis -1 for all.
    method : int
        0 hybrid, 1 midpoint, 2 axial, 3 shortest: on a cylinder, neither way round is preferred.
    p, q : (3,) array, m, surface frame
    is_shortest : bool
        On a cylinder, the shortest way instead of OpenSim's.
    """
    if kind == 0:
        return _bend_cylinder(radii[0], half_length, side, method == FAIR, p, q, is_shortest)
    if kind == 1:
        return _bend_sphere(radii[0], side, p, q)
    found = bend_ellipsoid(radii, side, method, p, q)
    return (STRAIGHT, None) if found is None else (MUST_BEND, BentPiece(*found))


def _is_on(side: tuple[int, float], p: FloatArray) -> bool:
    return bool((p[side[0]] >= 0) == (side[1] > 0))


def _cylinder_need(r: float, side: tuple[int, float], p: FloatArray, q: FloatArray) -> int:
    d = q - p
    t = -(p[:2] @ d[:2]) / (d[:2] @ d[:2])
    near = p + t * d
    meets = near[:2] @ near[:2] < r * r and 0 < t < 1
    if side[0] < 0:
        return MUST_BEND if meets else STRAIGHT
    p_on, q_on = _is_on(side, p), _is_on(side, q)
    if not p_on and not q_on:
        return MAY_BEND
    if meets:
        return MUST_BEND
    return MAY_BEND if p_on != q_on and not _is_on(side, near) else STRAIGHT


def _turned(x: FloatArray, angle: float) -> FloatArray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([c * x[0] - s * x[1], s * x[0] + c * x[1]])


def _turns_left(r: float, side: tuple[int, float], is_fair: bool, p: FloatArray, q: FloatArray, delta: float) -> bool:
    """Say whether a path passes a cylinder counter-clockwise about z."""
    if side[0] < 0:
        return delta >= 0
    touch = []
    for x in (p, q):
        rho = np.hypot(x[0], x[1])
        for sign in (1, -1):
            flat = r * _turned(x[:2] / rho, sign * np.arccos(r / rho))
            touch.append(np.array([*flat, x[2]]))
    pa, pb, qa, qb = (_is_on(side, t) for t in touch)
    if is_fair:
        if pa + qb != pb + qa:
            return pa + qb > pb + qa
        return bool(touch[0][:2] @ touch[3][:2] > touch[1][:2] @ touch[2][:2])
    if pa != pb:
        return pa
    if qa or pa or qb:
        return not qa
    return bool(touch[0][:2] @ touch[3][:2] < touch[1][:2] @ touch[2][:2])


def _bend_cylinder(
    r: float,
    half_length: float,
    side: tuple[int, float],
    is_fair: bool,
    p: FloatArray,
    q: FloatArray,
    is_shortest: bool,
) -> tuple[int, BentPiece | None]:
    rho = np.array([np.hypot(p[0], p[1]), np.hypot(q[0], q[1])])
    if (rho < r).any():
        return STRAIGHT, None
    need = _cylinder_need(r, side, p, q)
    if need == STRAIGHT:
        return need, None
    delta = float(np.arctan2(p[0] * q[1] - p[1] * q[0], p[:2] @ q[:2]))
    turn = 1.0 if _turns_left(r, side, is_fair, p, q, delta) else -1.0
    tangent = np.sqrt(np.maximum(rho**2 - r * r, _TOUCHING**2))
    angle = np.arctan2(tangent, r)
    arc = r * float((turn * delta - angle.sum()) % _TURN)
    rise = q[2] - p[2]
    with np.errstate(divide="ignore", invalid="ignore"):
        up = tangent * (tangent + turn * r / np.tan(delta / 2)) / (rho * rho.sum())
    slides = (up > 0) & (up < 2)
    up = np.where(slides, up, 0.0)
    if abs(p[2] + up[0] * rise) > half_length and abs(q[2] - up[1] * rise) > half_length:
        return STRAIGHT, None
    if is_shortest:
        level = tangent[0] + arc + tangent[1]
        length = float(np.hypot(level, rise))
        by_rho, by_delta, by_rise = level / length * tangent / rho, level / length * turn * r, rise / length
        up, on_surface = tangent / level, length * arc / level
    else:
        ways = np.array([tangent[0], arc, tangent[1]]), rise * np.array([up[0], 1 - up.sum(), up[1]])
        parts = np.hypot(*ways)
        length, on_surface = float(parts.sum()), float(parts[1])
        by_rho, by_delta, by_rise = _slopes_of_curve(r, turn, delta, rho, tangent, up, slides, rise, ways, parts)
    p1, q1 = p[:2] / rho[0], q[:2] / rho[1]
    gradient_p = np.array([*(by_rho[0] * p1 - by_delta / rho[0] * np.array([-p1[1], p1[0]])), -by_rise])
    gradient_q = np.array([*(by_rho[1] * q1 + by_delta / rho[1] * np.array([-q1[1], q1[0]])), by_rise])
    first = np.array([*(r * _turned(p1, turn * angle[0])), p[2] + up[0] * rise])
    last = np.array([*(r * _turned(q1, -turn * angle[1])), q[2] - up[1] * rise])
    return need, BentPiece(length, gradient_p, gradient_q, first, last, on_surface)


def _slopes_of_curve(
    r: float,
    turn: float,
    delta: float,
    rho: FloatArray,
    tangent: FloatArray,
    up: FloatArray,
    slides: FloatArray,
    rise: float,
    ways: tuple[FloatArray, FloatArray],
    parts: FloatArray,
) -> tuple[FloatArray, float, float]:
    """Return the derivatives of OpenSim's curve by both distances from the axis, the angle between, and the rise."""
    with np.errstate(divide="ignore", invalid="ignore"):
        level, climb = np.where(parts > 0, ways[0] / parts, 1.0), np.where(parts > 0, ways[1] / parts, 0.0)
    by_rise = float(up[0] * climb[0] + (1 - up.sum()) * climb[1] + up[1] * climb[2])
    by_rho = level[[0, 2]] * rho / tangent - level[1] * r * r / (rho * tangent)
    by_delta = level[1] * turn * r
    for i in (0, 1):
        if not slides[i]:
            continue
        by_up = (climb[2 * i] - climb[1]) * rise
        cotangent, total = 1 / np.tan(delta / 2), rho.sum()
        own = (2 * tangent[i] + turn * r * cotangent) / (tangent[i] * total) - up[i] * (1 / rho[i] + 1 / total)
        by_rho[i] += by_up * own
        by_rho[1 - i] -= by_up * up[i] / total
        by_delta -= by_up * tangent[i] * turn * r / (2 * np.sin(delta / 2) ** 2 * rho[i] * total)
    return by_rho, float(by_delta), by_rise


def _bend_sphere(r: float, side: tuple[int, float], p: FloatArray, q: FloatArray) -> tuple[int, BentPiece | None]:
    far = np.array([np.linalg.norm(p), np.linalg.norm(q)])
    d = q - p
    t = -(p @ d) / (d @ d)
    near = p + t * d
    if (far < r).any() or not (near @ near < r * r and 0 < t < 1):
        return STRAIGHT, None
    normal = cross(p, q)
    size = float(np.linalg.norm(normal))
    # A line through the centre may bend to any side.
    if not size > 1e-12 * far[0] * far[1]:
        return STRAIGHT, None
    tangent = np.sqrt(np.maximum(far**2 - r * r, _TOUCHING**2))
    across = cross(normal, p) / (size * far[0]), cross(normal, q) / (size * far[1])

    def touch(turn: float) -> tuple[FloatArray, FloatArray]:
        first = r * (r * p / far[0] + turn * tangent[0] * across[0]) / far[0]
        return first, r * (r * q / far[1] - turn * tangent[1] * across[1]) / far[1]

    turn = 1.0
    first, last = touch(turn)
    if side[0] >= 0 and not (_is_on(side, p) and _is_on(side, q)):
        if (first - p + last - q)[side[0]] * side[1] < 0:
            turn = -1.0
            first, last = touch(turn)
    between = float(np.arctan2(size, p @ q))
    arc = r * ((between if turn > 0 else _TURN - between) - float(np.arctan2(tangent, r).sum()))
    gradient_p = (tangent[0] * p / far[0] - turn * r * across[0]) / far[0]
    gradient_q = (tangent[1] * q / far[1] + turn * r * across[1]) / far[1]
    return MUST_BEND, BentPiece(float(tangent.sum()) + arc, gradient_p, gradient_q, first, last, arc)
