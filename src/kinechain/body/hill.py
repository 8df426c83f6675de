"""How much force a muscle gives at a length and a speed: three published families of Hill-type curves.

Every curve is a pure number of a pure number: fibre length in optimal fibre lengths, fibre speed (lengthening is
positive) in maximal contraction velocities, tendon length in slack lengths; force in maximal isometric forces.

- ``thelen2003``: Thelen DG 2003, J Biomech Eng 125:70-77, eqs 1 to 7.
- ``millard2012``: Millard M et al 2013, J Biomech Eng 135:021005: quintic Bezier curves through points with slopes.
- ``degroote2016``: De Groote F et al 2016, Ann Biomed Eng 44:2922-2936, supplement.

Neither formula nor numbers were read in the papers: both were read in the classes of OpenSim 4.6 that carry these names
(opensim-core, commit 0435b081dc38; grade "code"), and are tested against the values these classes return.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from kinechain.body.muscle import Curves, Muscle, Musculature
from kinechain.body.tree import KERNELS, kernels
from kinechain.core.arrays import FloatArray, Immutable, IntArray, frozen
from kinechain.core.errors import BodyError, suggest

__all__ = [
    "CURVE_VALUES",
    "Fibres",
    "active_force_length",
    "fibre_forces",
    "flatten_fibres",
    "force_velocity",
    "passive_force",
    "passive_force_length",
    "strength",
    "tendon_force_strain",
]

#: What may differ between muscles of one family, with the value of OpenSim's class.
CURVE_VALUES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "thelen2003": MappingProxyType(
            {
                "active_width": 0.45,
                "concentric_shape": 0.25,
                "eccentric_plateau": 1.4,
                "passive_strain": 0.6,
                "passive_shape": 5.0,
            }
        ),
        "millard2012": MappingProxyType(
            {
                "shortest_active": 0.4441,
                "ascending_corner": 0.73,
                "longest_active": 1.8123,
                "shallow_slope": 0.8616,
                "least_active": 0.1,
                "eccentric_plateau": 1.4,
                "passive_strain": 0.7,
            }
        ),
        # OpenSim's class widens the active curve about its peak by the scale.
        "degroote2016": MappingProxyType({"active_width_scale": 1.0, "passive_strain": 0.6}),
    }
)

#: Fibres are tabulated from 0 to this many optimal lengths, and within this many maximal contraction velocities.
LONGEST, FASTEST = 2.0, 1.0
#: Pieces of the cubic tables; the formulae are met within 1e-6.
LENGTH_PIECES, SPEED_PIECES = 512, 512
#: No fibre pennates more than this cosine says, and none is shorter than this share of its optimal length
#: (OpenSim's maximal pennation angle and least fibre length).
LEAST_COSINE, LEAST_LENGTH = 0.1, 0.01

#: Three Gaussians of De Groote 2016: height, centre, width and its growth.
_GAUSSIANS = (
    (0.8150671134243542, 1.055033428970575, 0.162384573599574, 0.063303448465465),
    (0.433004984392647, 0.716775413397760, -0.029947116970696, 0.200356847296188),
    (0.1, 1.0, 0.353553390593274, 0.0),
)

_Values = tuple[tuple[str, float], ...]


def active_force_length(length: ArrayLike, family: Curves = "degroote2016", **values: float) -> FloatArray:
    """Return the active force of a fibre at rest, 1 at the optimal length.

    Parameters
    ----------
    length : array_like
        Optimal fibre lengths.
    family : str
    **values : float
        What differs from `CURVE_VALUES`.
    """
    x, p = np.asarray(length, dtype=float), _values(family, values)
    if family == "thelen2003":
        return np.asarray(np.exp(-((x - 1.0) ** 2) / p["active_width"]))
    if family == "degroote2016":
        x = (x - 1.0) / p["active_width_scale"] + 1.0
        parts = (h * np.exp(-0.5 * ((x - at) / (width + growth * x)) ** 2) for h, at, width, growth in _GAUSSIANS)
        return np.asarray(sum(parts))
    return _Bezier.active(p)(x)


def force_velocity(speed: ArrayLike, family: Curves = "degroote2016", **values: float) -> FloatArray:
    """Return the factor by which speed changes the active force: 0 at the fastest shortening, 1 at rest.

    Parameters
    ----------
    speed : array_like
        Maximal contraction velocities; lengthening is positive.
    family : str
    **values : float
        What differs from `CURVE_VALUES`.
    """
    v, p = np.asarray(speed, dtype=float), _values(family, values)
    if family == "thelen2003":
        return _thelen_velocity(v, p["concentric_shape"], p["eccentric_plateau"])
    if family == "degroote2016":
        d1, d2, d3, d4 = -0.3211346127989808, -8.149, -0.374, 0.8825327733249912
        return np.asarray(np.maximum(d1 * np.arcsinh(d2 * v + d3) + d4, 0.0))
    return _Bezier.velocity(p["eccentric_plateau"])(v)


def passive_force_length(length: ArrayLike, family: Curves = "degroote2016", **values: float) -> FloatArray:
    """Return the force of a fibre that is stretched and not activated.

    Parameters
    ----------
    length : array_like
        Optimal fibre lengths.
    family : str
    **values : float
        What differs from `CURVE_VALUES`.
    """
    x, p = np.asarray(length, dtype=float), _values(family, values)
    if family == "thelen2003":
        grown = np.expm1(p["passive_shape"] * np.maximum(x - 1.0, 0.0) / p["passive_strain"])
        return np.asarray(grown / np.expm1(p["passive_shape"]))
    if family == "degroote2016":
        # The curve starts at 0.2 optimal lengths so that no fibre ever pushes.
        shape, least = 4.0, np.exp(4.0 * (0.2 - 1.0) / p["passive_strain"])
        grown = np.exp(shape * (np.maximum(x, 0.2) - 1.0) / p["passive_strain"]) - least
        return np.asarray(grown / (np.exp(shape) - least))
    return _Bezier.passive(p["passive_strain"])(x)


def tendon_force_strain(strain: ArrayLike, family: Curves = "degroote2016", at_one: float = 0.049) -> FloatArray:
    """Return the force of a tendon, 1 at the strain ``at_one``; slack tendons give none.

    Parameters
    ----------
    strain : array_like
        Length over slack length, less 1.
    family : str
    at_one : float
        Strain at the maximal isometric force.
    """
    x = np.maximum(np.asarray(strain, dtype=float), 0.0)
    _values(family, {})
    if family == "degroote2016":
        return np.asarray(0.2 * np.expm1(np.log(1.2 / 0.2) / at_one * x))
    if family == "thelen2003":
        # Exponential toe up to a third of the force, then straight; the paper's 0.609 is this number rounded.
        toe = 99.0 * at_one * np.e**3 / (166.0 * np.e**3 - 67.0)
        bent = 0.33 / np.expm1(3.0) * np.expm1(3.0 * np.minimum(x, toe) / toe)
        return np.asarray(bent + 0.67 / (at_one - toe) * np.maximum(x - toe, 0.0))
    return _Bezier.tendon(at_one)(1.0 + x)


def _values(family: str, changed: Mapping[str, float]) -> dict[str, float]:
    if family not in CURVE_VALUES:
        raise BodyError(f"no family of muscle curves named '{family}'. {suggest(family, CURVE_VALUES)}")
    for name in changed:
        if name not in CURVE_VALUES[family]:
            raise BodyError(f"the curves '{family}' have no '{name}'. {suggest(name, CURVE_VALUES[family])}")
    return {**CURVE_VALUES[family], **changed}


def _thelen_velocity(v: FloatArray, shape: float, plateau: float) -> FloatArray:
    """Eqs 6 and 7 turned round, at full activation; straight from 95 % of the plateau on."""
    slow = np.clip(v, -1.0, 0.0)
    shortening = (1.0 + slow) / (1.0 - slow / shape)
    k = (2.0 + 2.0 / shape) / (plateau - 1.0)
    high = 0.95 * plateau
    last = (high - 1.0) / (k * (plateau - high))
    fast = np.clip(v, 0.0, last)
    lengthening = (1.0 + k * plateau * fast) / (1.0 + k * fast)
    slope = k * (plateau - 1.0) / (1.0 + k * last) ** 2
    return np.asarray(np.where(v <= 0.0, shortening, lengthening + slope * np.maximum(v - last, 0.0)))


class _Bezier:
    """A chain of quintic Bezier curves that bend once each, straight outside."""

    def __init__(self, nodes: Sequence[tuple[float, float, float]], curviness: Sequence[float]) -> None:
        self.sections = [
            self._corner(a, b, 0.1 + 0.8 * c) for a, b, c in zip(nodes[:-1], nodes[1:], curviness, strict=True)
        ]
        self.nodes = nodes

    @staticmethod
    def _corner(a: tuple[float, float, float], b: tuple[float, float, float], c: float) -> FloatArray:
        """Control points between two points (x, y, slope); c pulls them to where the tangents meet."""
        (x0, y0, d0), (x1, y1, d1) = a, b
        x = (y1 - y0 - x1 * d1 + x0 * d0) / (d0 - d1)
        first, last, corner = np.array([x0, y0]), np.array([x1, y1]), np.array([x, (x - x1) * d1 + y1])
        near, far = first + c * (corner - first), last + c * (corner - last)
        return np.array([first, near, near, far, far, last])

    def __call__(self, x: FloatArray) -> FloatArray:
        (x0, y0, d0), (x1, y1, d1) = self.nodes[0], self.nodes[-1]
        out = np.where(x < x0, y0 + d0 * (x - x0), y1 + d1 * (x - x1))
        for points in self.sections:
            inside = (x >= points[0, 0]) & (x <= points[-1, 0])
            if inside.any():
                u = self._parameter(points[:, 0], x[inside])
                out[inside] = _bernstein(points[:, 1], u)
        return out

    @staticmethod
    def _parameter(points: FloatArray, x: FloatArray) -> FloatArray:
        """Where along the curve its x is reached: x grows with the parameter, nearly straight, so Newton steps do."""
        grid = np.linspace(0.0, 1.0, 65)
        u = np.interp(x, _bernstein(points, grid), grid)
        slopes = 5.0 * np.diff(points)
        for _ in range(5):
            u = np.clip(u - (_bernstein(points, u) - x) / _bernstein(slopes, u), 0.0, 1.0)
        return u

    @classmethod
    def active(cls, p: Mapping[str, float]) -> _Bezier:
        x0, x1, x3 = p["shortest_active"], p["ascending_corner"], p["longest_active"]
        least, shallow, plateau = p["least_active"], p["shallow_slope"], 0.05
        y1 = 1.0 - shallow * (1.0 - plateau - x1)
        steep = 1.25 * y1 / (x1 - x0)
        middle = 0.5 * (x1 + 1.0 - plateau)
        nodes = [
            (x0, least, 0.0),
            (0.5 * (x0 + x1), 0.5 * y1, steep),
            (middle, 0.5 * (1.0 + y1), shallow),
            (1.0, 1.0, 0.0),
            (0.5 * (1.0 + plateau + x3), 0.5, -1.0 / (x3 - 1.0 - 2.0 * plateau)),
            (x3, least, 0.0),
        ]
        return cls(nodes, [1.0] * 5)

    @classmethod
    def velocity(cls, plateau: float) -> _Bezier:
        nodes = [
            (-1.0, 0.0, 0.0),
            (-0.9, 0.5 * 0.25 * 0.1, 0.25),
            (0.0, 1.0, 5.0),
            (0.9, plateau - 0.5 * 0.15 * 0.1, 0.15),
            (1.0, plateau, 0.0),
        ]
        return cls(nodes, [0.6, 0.6, 0.9, 0.9])

    @classmethod
    def passive(cls, strain: float) -> _Bezier:
        steep, low = 2.0 / strain, 0.2
        start = min(0.1 / steep, 0.1 * strain)
        return cls([(1.0, 0.0, 0.0), (1.0 + start, low * 0.5 * start, low), (1.0 + strain, 1.0, steep)], [0.75] * 2)

    @classmethod
    def tendon(cls, at_one: float) -> _Bezier:
        steep, end = 1.375 / at_one, 2.0 / 3.0
        toe = at_one + (end - 1.0) / steep
        foot, middle = toe / 10.0, at_one + (0.5 * end - 1.0) / steep
        slope, bend = 0.5 * end / (middle - foot), 0.5 * (foot + middle)
        nodes = [(1.0, 0.0, 0.0), (1.0 + bend, slope * (bend - foot), slope), (1.0 + toe, end, steep)]
        return cls(nodes, [0.5] * 2)


def _bernstein(points: FloatArray, u: FloatArray) -> FloatArray:
    """Return the Bezier polynomial of some control points."""
    degree = len(points) - 1
    return np.asarray(sum(comb(degree, k) * u**k * (1.0 - u) ** (degree - k) * p for k, p in enumerate(points)))


@dataclass(frozen=True, eq=False)
class Fibres(Immutable):
    """The muscles of a body as flat arrays.

    Attributes
    ----------
    force : (muscle,) array, N
        Maximal isometric.
    length, slack : (muscle,) array, m
        Optimal fibre length and tendon slack length.
    height : (muscle,) array, m
        Of the fibres' parallelogram: optimal length times sine of the pennation, kept at every length.
    speed : (muscle,) array, m/s
        Maximal contraction velocity.
    has_passive : (muscle,) array
        0 for muscles without passive force.
    curve : (muscle,) array
        Row of the tables.
    active, passive : (curve, piece, 4) array
        Cubic pieces over the fibre length from 0 to `LONGEST`, in powers of the share of the piece.
    velocity : (curve, piece, 4) array
        Over the speed from -`FASTEST` to `FASTEST`.
    """

    force: FloatArray
    length: FloatArray
    slack: FloatArray
    height: FloatArray
    speed: FloatArray
    has_passive: FloatArray
    curve: IntArray
    active: FloatArray
    velocity: FloatArray
    passive: FloatArray

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            object.__setattr__(self, name, value if name == "curve" else frozen(value))


def strength(musculature: Musculature, lengths: FloatArray, speeds: FloatArray) -> FloatArray:
    """Return the force of every muscle along its tendon at full activation, (time, muscle) array, N.

    Parameters
    ----------
    musculature : Musculature
    lengths, speeds : (time, path) array, m and m/s
        Of whole paths, muscles first; lengthening is positive.

    Notes
    -----
    The tendon is taken as rigid; passive force is not part of it.
    """
    return fibre_forces(flatten_fibres(musculature), lengths, speeds)[0]


def passive_force(musculature: Musculature, lengths: FloatArray) -> FloatArray:
    """Return the passive force of every muscle along its tendon, (time, muscle) array, N.

    Parameters
    ----------
    musculature : Musculature
    lengths : (time, path) array, m
        Of whole paths, muscles first.
    """
    return fibre_forces(flatten_fibres(musculature), lengths, np.zeros_like(lengths))[1]


def fibre_forces(fibres: Fibres, lengths: FloatArray, speeds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return active force at full activation and passive force along the tendon, (time, muscle) arrays, N.

    Parameters
    ----------
    fibres : Fibres
    lengths, speeds : (time, path) array, m and m/s
        Of whole paths, muscles first; lengthening is positive.
    """
    if KERNELS == "Python":
        return _fibre_forces(fibres, lengths, speeds)
    f = fibres
    active, passive = kernels().fibre_forces(
        f.force, f.length, f.slack, f.height, f.speed, f.has_passive, f.curve, f.active, f.velocity, f.passive,
        np.ascontiguousarray(lengths, dtype=np.float64), np.ascontiguousarray(speeds, dtype=np.float64),
    )  # fmt: skip
    return active, passive


def _fibre_forces(f: Fibres, lengths: FloatArray, speeds: FloatArray) -> tuple[FloatArray, FloatArray]:
    count = len(f.force)
    shortest = np.maximum(f.height * LEAST_COSINE / np.sqrt(1.0 - LEAST_COSINE**2), LEAST_LENGTH * f.length)
    along, speeds = lengths[:, :count] - f.slack, speeds[:, :count]
    is_slack = along < shortest
    unknown = ~np.isfinite(speeds) | (~is_slack & ~np.isfinite(along))
    along, speeds = np.where(is_slack | unknown, shortest, along), np.where(unknown, 0.0, speeds)
    fibre = np.hypot(along, f.height)
    cosine = along / fibre
    stretch = fibre / f.length * (LENGTH_PIECES / LONGEST)
    quick = np.clip(speeds * cosine / f.speed, -FASTEST, FASTEST)
    quick = (quick + FASTEST) * (SPEED_PIECES / (2.0 * FASTEST))
    active = _look_up(f.active, f.curve, np.minimum(stretch, LENGTH_PIECES)) * _look_up(f.velocity, f.curve, quick)
    passive = _look_up(f.passive, f.curve, stretch) * f.has_passive
    along_tendon = np.where(unknown, np.nan, np.where(is_slack, 0.0, f.force * cosine))
    return active * along_tendon, passive * along_tendon


def _look_up(table: FloatArray, curve: IntArray, x: FloatArray) -> FloatArray:
    """Evaluate cubic pieces; beyond the last the curve goes on straight."""
    pieces = table.shape[1]
    piece = np.minimum(x.astype(np.int64), pieces - 1)
    inside = np.minimum(x - piece, 1.0)
    c0, c1, c2, c3 = np.moveaxis(table[curve, piece], -1, 0)
    slope = c1 + inside * (2.0 * c2 + 3.0 * inside * c3)
    value = c0 + inside * (c1 + inside * (c2 + inside * c3))
    return np.asarray(value + slope * (x - piece - inside))


@lru_cache(maxsize=16)
def flatten_fibres(musculature: Musculature) -> Fibres:
    """Return the muscles as flat arrays; made once for each musculature.

    Raises
    ------
    BodyError
        If a muscle has an impossible number.
    """
    muscles = musculature.muscles
    for muscle in muscles:
        _check(muscle)
    kinds = list(dict.fromkeys((m.curves, m.curve_values) for m in muscles))
    tables = [_tables(family, values) for family, values in kinds]
    shapes = ((0, LENGTH_PIECES, 4), (0, SPEED_PIECES, 4), (0, LENGTH_PIECES, 4))
    active, velocity, passive = (np.array([t[i] for t in tables]) if tables else np.empty(shapes[i]) for i in range(3))
    length = np.array([m.optimal_fibre_length_m for m in muscles])
    return Fibres(
        force=np.array([m.max_isometric_force_n for m in muscles]),
        length=length,
        slack=np.array([m.tendon_slack_length_m for m in muscles]),
        height=length * np.sin([m.pennation_rad for m in muscles]),
        speed=length * np.array([m.max_contraction_velocity for m in muscles]),
        has_passive=np.array([m.has_passive_force for m in muscles], dtype=float),
        curve=np.array([kinds.index((m.curves, m.curve_values)) for m in muscles], dtype=np.int64),
        active=active,
        velocity=velocity,
        passive=passive,
    )


def _check(muscle: Muscle) -> None:
    given = (muscle.max_isometric_force_n, muscle.optimal_fibre_length_m, muscle.max_contraction_velocity)
    if not (np.isfinite(given).all() and given[0] >= 0.0 and min(given[1:]) > 0.0):
        raise BodyError(
            f"muscle '{muscle.name}' has a maximal force of {given[0]} N, an optimal fibre length of {given[1]} m and "
            f"a maximal velocity of {given[2]} lengths per second; they must be positive numbers"
        )
    if not (muscle.tendon_slack_length_m >= 0.0 and 0.0 <= muscle.pennation_rad < np.arccos(LEAST_COSINE)):
        raise BodyError(
            f"muscle '{muscle.name}' has a tendon slack length of {muscle.tendon_slack_length_m} m and a pennation of "
            f"{muscle.pennation_rad} rad; the first must not be negative, the second lie between 0 and 1.47"
        )


@lru_cache(maxsize=64)
def _tables(family: Curves, values: _Values) -> tuple[FloatArray, FloatArray, FloatArray]:
    changed = dict(values)
    return (
        _pieces(lambda x: active_force_length(x, family, **changed), 0.0, LONGEST, LENGTH_PIECES),
        _pieces(lambda x: force_velocity(x, family, **changed), -FASTEST, FASTEST, SPEED_PIECES),
        _pieces(lambda x: passive_force_length(x, family, **changed), 0.0, LONGEST, LENGTH_PIECES),
    )


def _pieces(function: Callable[[FloatArray], FloatArray], low: float, high: float, count: int) -> FloatArray:
    """Return the cubics through the ends and two inner points of every piece, (piece, 4) array."""
    fractions = np.linspace(0.0, 1.0, 4)
    edges = np.linspace(low, high, count + 1)
    x = edges[:-1, None] + (high - low) / count * fractions
    return np.asarray(np.linalg.solve(np.vander(fractions, increasing=True), function(x).T).T)
