"""How a path bends around an ellipsoid: the Python twin of ``src/kernels/ellipsoid.cpp``.

OpenSim cuts the ellipsoid by a plane through both ends p and q and a third point c on the surface; the path is the taut
string in that plane. c is chosen by the direction of the chord that the straight line makes inside: near an axis, the
point nearest to where the chord crosses the plane across that axis; else from a fan of directions along the chord; in
between, a blend. Stretched to a unit sphere the cut is a circle, so its tangents have closed forms.

The fan, 300 samples in OpenSim, and the arc, a chain of chords there, are integrals here, so that the length is smooth.
The derivative of c is taken backwards through the steps that lead to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kinechain.core.arrays import FloatArray, cross

__all__ = ["bend_ellipsoid"]

_TURN = 2 * np.pi
#: OpenSim's numbers (``WrapEllipsoid.cpp``): where one rule for the plane fades into the other, how near to the ends of
#: the chord it fades, and of its fan of 300 samples the part that it sums, as an integral.
_FAN_ONLY, _AXIS_ONLY, _EDGE = 0.7073, 0.9, 0.3
_FAN_ENDS = (0.5 / 300, 298.5 / 300)
_FAN_POINTS, _ARC_POINTS = 4, 12
#: Roots are found to the first; points this near to a plane of symmetry, the second, are put beside it.
_ROOT, _ON_PLANE = 1e-10, 1e-12


def _gauss(count: int) -> tuple[FloatArray, FloatArray]:
    """Return points and weights of Gauss and Legendre on [0, 1]."""
    at, weight = np.polynomial.legendre.leggauss(count)
    return (at + 1) / 2, weight / 2


def _unit(x: FloatArray) -> FloatArray:
    return np.asarray(x / np.linalg.norm(x))


@dataclass(eq=False)
class _Nearest:
    """The point of the ellipsoid nearest to x, ``share * x``; with ``flat`` in the plane through x across that axis."""

    point: FloatArray
    share: FloatArray
    along: FloatArray
    bend: float
    reach: FloatArray

    def pull(self, back: FloatArray) -> FloatArray:
        """Return the derivative backwards; the matrix is symmetric."""
        return np.asarray(self.share * back + 2 * (self.along @ back) / self.bend * self.along)


def _nearest(a: FloatArray, x: FloatArray, flat: int = -1) -> _Nearest:
    """Solve sum of a^2 x^2 / (t + a^2)^2 = 1 for t, by Newton's method on one over its root, from the left."""
    on = np.arange(3) != flat
    x = np.where(on & (np.abs(x) < _ON_PLANE), np.where(x < 0, -_ON_PLANE, _ON_PLANE), x)
    t = least = float((a * np.abs(x) - a * a)[on].max())
    for _ in range(40):
        reach = np.where(on, 1 / (t + a * a), 0.0)
        along = a * a * x * reach**2
        total, bend = float(along @ x), float(-2 * (along * x) @ reach)
        change = 2 * total * (1 - np.sqrt(total)) / bend
        if not abs(change) > _ROOT:
            break
        t = max(least, t + change)
    share = np.where(on, a * a * reach, 1.0)
    return _Nearest(share * x, share, along, bend, reach)


@dataclass(eq=False)
class _Chord:
    """The part of the line from q by ``d`` that lies inside, from ``enter`` to ``leave``; gathers derivatives."""

    a: FloatArray
    q: FloatArray
    d: FloatArray
    enter: float
    leave: float
    by_q: FloatArray = field(default_factory=lambda: np.zeros(3))
    by_d: FloatArray = field(default_factory=lambda: np.zeros(3))

    def at(self, place: float) -> FloatArray:
        return np.asarray(self.q + place * self.d)

    def crossing(self, axis: int) -> float:
        return float(-self.q[axis] / self.d[axis])

    def part(self, place: float) -> float:
        return (place - self.enter) / (self.leave - self.enter)

    def add(self, back: FloatArray, place: float) -> None:
        """Take the derivative by a place that stays at its share of the line."""
        self.by_q += back
        self.by_d += place * back

    def add_ends(self, by_enter: float, by_leave: float) -> None:
        for back, place in ((by_enter, self.enter), (by_leave, self.leave)):
            normal = self.at(place) / self.a**2
            self.add(-back / (normal @ self.d) * normal, place)

    def add_crossing(self, back: float, axis: int) -> None:
        self.add(-back / self.d[axis] * np.eye(3)[axis], self.crossing(axis))

    def add_part(self, back: float, place: float, axis: int) -> None:
        """Take the derivative by the part of the chord before a crossing."""
        width, part = self.leave - self.enter, self.part(place)
        self.add_crossing(back / width, axis)
        self.add_ends(-back * (1 - part) / width, -back * part / width)

    def add_middle(self, back: FloatArray) -> None:
        self.add(back, (self.enter + self.leave) / 2)
        by_end = float(back @ self.d) / 2
        self.add_ends(by_end, by_end)


class _Fan:
    """The point nearest to a step from the middle of the chord, along the mean direction to the surface."""

    def __init__(self, chord: _Chord) -> None:
        self.chord, a = chord, chord.a
        # The direction jumps where the chord crosses the plane across the shortest axis.
        self.axis = int(np.argmin(a))
        self.place = chord.crossing(self.axis)
        self.split = chord.part(self.place)
        first, last = _FAN_ENDS
        self.is_split = first < self.split < last
        self.parts = [(first, self.split), (self.split, last)] if self.is_split else [(first, last)]
        at, weight = _gauss(_FAN_POINTS)
        self.blades: list[tuple[Any, ...]] = []
        total = np.zeros(3)
        for i, (start, end) in enumerate(self.parts):
            for u, w in zip(at, weight, strict=True):
                share = start + (end - start) * u
                place = chord.enter + share * (chord.leave - chord.enter)
                near = _nearest(a, chord.at(place))
                y = near.reach * chord.at(place)
                total += (end - start) * w * _unit(y)
                self.blades.append((i, u, w, share, place, near, y))
        self.total = total
        self.near = _nearest(a, chord.at((chord.enter + chord.leave) / 2) + _unit(total))
        self.point = self.near.point

    def pull(self, back: FloatArray) -> None:
        """Add the derivative backwards to the chord."""
        chord = self.chord
        back = self.near.pull(back)
        chord.add_middle(back)
        mean = _unit(self.total)
        by_total = (back - (mean @ back) * mean) / np.linalg.norm(self.total)
        by_ends, by_split = np.zeros(2), 0.0
        for i, u, w, share, place, near, y in self.blades:
            start, end = self.parts[i]
            size, direction = np.linalg.norm(y), _unit(y)
            by_y = (end - start) * w / size * (by_total - (direction @ by_total) * direction)
            by_x = near.reach * by_y + 2 * ((near.reach * y) @ by_y) / near.bend * near.along
            by_place = float(by_x @ chord.d)
            chord.add(by_x, place)
            by_ends += by_place * np.array([1 - share, share])
            by_share, by_width = by_place * (chord.leave - chord.enter), w * float(direction @ by_total)
            by_split += by_share * u + by_width if i == 0 else by_share * (1 - u) - by_width
        chord.add_ends(*by_ends)
        if self.is_split:
            chord.add_part(by_split, self.place, self.axis)


class _ThirdPoint:
    """The third point of the plane, by OpenSim's rules."""

    def __init__(self, chord: _Chord, method: int, side: tuple[int, float]) -> None:
        self.chord, self.method, self.fan_weight, self.fade = chord, method, 0.0, 1.0
        if method == 1:
            self.middle = _nearest(chord.a, chord.at((chord.enter + chord.leave) / 2))
            self.point = self.middle.point
        else:
            self._by_rules()
        self.axis, sign = side
        self.flips = self.axis >= 0 and (self.point[self.axis] >= 0) != (sign > 0)
        if self.flips:
            self.before_flip = float(self.point[self.axis])
            self.point = self.point.copy()
            self.point[self.axis] *= -(1 - self.fan_weight)
            if self.fan_weight > 0:
                self.flipped = _nearest(chord.a, self.point, self.axis if self.fan_weight == 1 else -1)
                self.point = self.flipped.point

    def _by_rules(self) -> None:
        chord = self.chord
        self.best = int(np.argmax(np.abs(chord.d)))
        self.along = float(abs(chord.d[self.best]) / np.linalg.norm(chord.d))
        self.place = chord.crossing(self.best)
        part = chord.part(self.place)
        if self.method != 2 and self.along <= _FAN_ONLY:
            self.fan_weight = 1.0
        elif self.method != 2:
            self.fade = float(np.clip(min(part, 1 - part) / _EDGE, 0, 1))
            weight = 1 - self.fade * (self.along - _FAN_ONLY) / (_AXIS_ONLY - _FAN_ONLY)
            self.fan_weight = float(np.clip(weight, 0, 1))
        if self.fan_weight < 1:
            self.on_axis = _nearest(chord.a, chord.at(self.place), self.best)
            self.point = self.on_axis.point
        if self.fan_weight > 0:
            self.fan = _Fan(chord)
            self.point = self.fan.point
        if 0 < self.fan_weight < 1:
            mixed = (1 - self.fan_weight) * self.on_axis.point + self.fan_weight * self.fan.point
            self.blended = _nearest(chord.a, mixed)
            self.point = self.blended.point

    def pull(self, back: FloatArray) -> None:
        """Add the derivative backwards to the chord."""
        by_weight = 0.0
        if self.flips:
            back = self.flipped.pull(back) if self.fan_weight > 0 else back.copy()
            by_weight = float(back[self.axis]) * self.before_flip
            back[self.axis] *= -(1 - self.fan_weight)
        if self.method == 1:
            self.chord.add_middle(self.middle.pull(back))
            return
        if 0 < self.fan_weight < 1:
            back = self.blended.pull(back)
            self._pull_weight(by_weight + float(back @ (self.fan.point - self.on_axis.point)))
        if self.fan_weight < 1:
            x = self.on_axis.pull((1 - self.fan_weight) * back)
            x[self.best] = 0.0  # stays in the plane across the axis
            self.chord.add(x, self.place)
            self.chord.add_crossing(float(x @ self.chord.d), self.best)
        if self.fan_weight > 0:
            self.fan.pull(self.fan_weight * back)

    def _pull_weight(self, back: float) -> None:
        chord, span = self.chord, _AXIS_ONLY - _FAN_ONLY
        length = np.linalg.norm(chord.d)
        slope = np.sign(chord.d[self.best]) * np.eye(3)[self.best] / length - self.along * chord.d / length**2
        chord.by_d += -back * self.fade / span * slope
        if 0 < self.fade < 1:
            by_part = -back * (self.along - _FAN_ONLY) / span / _EDGE
            chord.add_part(by_part if chord.part(self.place) < 0.5 else -by_part, self.place, self.best)


def bend_ellipsoid(
    radii: FloatArray, side: tuple[int, float], method: int, p: FloatArray, q: FloatArray
) -> tuple[float, FloatArray, FloatArray, FloatArray, FloatArray, float] | None:
    """Return the whole length, its gradients, both touching points and the arc; None where the piece stays straight.

    Parameters
    ----------
    radii : (3,) array, m
    side : (int, float)
        Axis and sign of the half that may be touched; axis -1 for all.
    method : int
        0 hybrid, 1 midpoint, 2 axial.
    p, q : (3,) array, m, surface frame
    """
    scale = 3 / radii.sum()  # OpenSim's tolerances are for radii near 1
    a, p, q = radii * scale, p * scale, q * scale
    d, f, g = p - q, (p - q) / a, q / a
    if min((p / a) @ (p / a), g @ g) < 1 - 1e-4 or abs(_unit(p) @ _unit(q) - 1) < 1e-4:
        return None
    left = (f @ g) ** 2 - (f @ f) * (g @ g - 1)
    if not left >= 0:
        return None
    enter, leave = ((-(f @ g) + sign * np.sqrt(left)) / (f @ f) for sign in (1, -1))
    if not (0 < enter < 1 and 0 < leave < 1):
        return None
    chord = _Chord(a, q, d, enter, leave)
    third = _ThirdPoint(chord, method, side)
    n = _unit(cross(d, p - third.point))
    length, arc, first, last, pulls, lifts = _section(a, p, q, third.point, n)
    third.pull(lifts[2] * n)
    by_p = pulls[0] + lifts[0] * n + chord.by_d
    by_q = pulls[1] + lifts[1] * n + chord.by_q - chord.by_d
    return length / scale, by_p, by_q, first / scale, last / scale, arc / scale


def _section(a: FloatArray, p: FloatArray, q: FloatArray, c: FloatArray, n: FloatArray) -> tuple[Any, ...]:
    """Return the taut string in the plane with normal n through p, q and c.

    Its length, arc and touching points; the directions of its straight ends; and the derivatives of the length by
    shifts of p, q and c out of the plane.
    """
    sp, sq, sc, m = p / a, q / a, c / a, _unit(n * a)
    centre = (m @ sc) * m
    r = float(np.sqrt(max(0.0, 1 - float(centre @ centre))))
    side = -1.0 if cross(sq - sp, sc - sp) @ m < 0 else 1.0
    e = _unit(sp - centre)
    h = -side * cross(m, e)
    touch_p, touch_q = (float(np.arccos(min(1.0, r / float(np.linalg.norm(x - centre))))) for x in (sp, sq))
    between = np.arctan2((sq - centre) @ h, (sq - centre) @ e)
    angle = float((between - touch_p - touch_q) % _TURN)
    A, B, middle = r * a * e, r * a * h, a * centre
    ends = np.array([touch_p, touch_p + angle])
    first, last = (middle + np.cos(u) * A + np.sin(u) * B for u in ends)
    pulls, length = [], 0.0
    for end, touch, u, sign in ((p, first, ends[0], -1.0), (q, last, ends[1], 1.0)):
        size = float(np.linalg.norm(end - touch))
        length += size
        pulls.append((end - touch) / size if size > 1e-9 else sign * _unit(np.cos(u) * B - np.sin(u) * A))
    arc, lifts = _arc(a, p, q, c, n, A, B, middle, touch_p, angle)
    return length + arc, arc, first, last, pulls, lifts


def _arc(
    a: FloatArray,
    p: FloatArray,
    q: FloatArray,
    c: FloatArray,
    n: FloatArray,
    A: FloatArray,
    B: FloatArray,
    middle: FloatArray,
    start: float,
    angle: float,
) -> tuple[float, FloatArray]:
    """Return the length of the arc and its derivative by shifts of p, q and c out of the plane."""
    panels = 2 if angle > 1.2 else 1
    at, weight = _gauss(_ARC_POINTS)
    u = start + angle / panels * (np.arange(panels)[:, None] + at).ravel()
    weight = np.tile(weight, panels) * angle / panels
    r = middle + np.cos(u)[:, None] * A + np.sin(u)[:, None] * B
    speed = np.linalg.norm(np.cos(u)[:, None] * B - np.sin(u)[:, None] * A, axis=1)
    normal = r / a**2
    out = normal @ n
    # A curve that tightens at the rate of its curvature where it is lifted along the sloping surface.
    lift = -weight * np.linalg.norm(cross(A, B)) / speed**2 * out / np.sqrt((normal**2).sum(axis=1) - out**2)
    size = float(np.linalg.norm(p - q))
    x = (p - q) / size
    y = cross(n, x)
    part_c = (r - q) @ y / ((c - q) @ y)
    part_p = ((r - q) @ x - part_c * ((c - q) @ x)) / size
    return float(weight @ speed), np.array([lift @ part_p, lift @ (1 - part_c - part_p), lift @ part_c])
