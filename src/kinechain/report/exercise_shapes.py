"""From balls in space to outlines on paper: a camera without perspective, and skins around circles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.report.svg import number

__all__ = ["Camera", "Disc", "arrow_head", "smooth_line", "skin_path"]

#: Directions in which the outermost circle is asked for.
DIRECTIONS = np.linspace(0.0, 2.0 * np.pi, 360, endpoint=False)
UNIT = np.column_stack([np.cos(DIRECTIONS), np.sin(DIRECTIONS)])


@dataclass(frozen=True)
class Camera:
    """Where a figure is seen from.

    Attributes
    ----------
    azimuth : float
        In degrees: 0 from the right side of a person who looks along x, 90 from the front, 180 from the left.
    elevation : float
        In degrees above the floor.
    is_mirrored : bool
        The picture of the left side is the mirror image of that of the right.
    """

    azimuth: float = 0.0
    elevation: float = 0.0
    is_mirrored: bool = False

    def axes(self) -> FloatArray:
        """Return the directions right, up and away on the screen, as rows of a (3, 3) array."""
        a, e = np.radians(self.azimuth), np.radians(self.elevation)
        right = np.array([np.cos(a), np.sin(a), 0.0])
        up = np.array([-np.sin(a) * np.sin(e), np.cos(a) * np.sin(e), np.cos(e)])
        away = np.array([-np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), -np.sin(e)])
        return np.array([-right if self.is_mirrored else right, up, away])

    def seen(self, points: FloatArray) -> FloatArray:
        """Return screen coordinates in m (right, down) and depth, (n, 3), of points (n, 3)."""
        seen: FloatArray = np.asarray(points, dtype=float) @ self.axes().T * np.array([1.0, -1.0, 1.0])
        return seen


@dataclass(frozen=True)
class Disc:
    """A ball as it is seen.

    Attributes
    ----------
    x, y, radius : float
        On the screen, y down.
    depth : float
        Away from the eye.
    """

    x: float
    y: float
    radius: float
    depth: float = 0.0


def skin_path(discs: Sequence[Disc]) -> str:
    """Return the path data of the tightest outline around circles: arcs joined by straight lines.

    Parameters
    ----------
    discs : sequence of Disc
    """
    centres = np.array([[d.x, d.y] for d in discs])
    radii = np.array([d.radius for d in discs])
    outermost = np.argmax(UNIT @ centres.T + radii, axis=1)
    # Begin where one circle hands over to the next, so that no run is cut in two.
    changes = np.flatnonzero(outermost != np.roll(outermost, 1))
    if changes.size == 0:
        return _whole(discs[int(outermost[0])])
    runs = [(k, list(run)) for k, run in groupby(np.roll(np.arange(360), -changes[0]), key=lambda i: outermost[i])]
    pieces: list[str] = []
    for k, run in runs:
        first, last = (centres[k] + radii[k] * UNIT[i] for i in (run[0], run[-1]))
        r = number(float(radii[k]))
        joined = "L" if pieces else "M"
        arc = f"A{r} {r} 0 {int(len(run) > 180)} 1 {_pair(last)}" if len(run) > 1 else ""
        pieces.append(f"{joined}{_pair(first)}{arc}")
    return "".join(pieces) + "Z"


def _whole(disc: Disc) -> str:
    r = number(disc.radius)
    left, right = _pair((disc.x - disc.radius, disc.y)), _pair((disc.x + disc.radius, disc.y))
    return f"M{left}A{r} {r} 0 1 1 {right}A{r} {r} 0 1 1 {left}Z"


def _pair(point: FloatArray | tuple[float, float]) -> str:
    return f"{number(float(point[0]) + 0.0)} {number(float(point[1]) + 0.0)}"


def smooth_line(points: FloatArray) -> str:
    """Return the path data of a smooth line.

    Parameters
    ----------
    points : array (n, 2)
        It goes through them.
    """
    table = np.asarray(points, dtype=float)
    slopes = np.gradient(table, axis=0) / 3.0
    pieces = [f"M{_pair(table[0])}"]
    for k in range(len(table) - 1):
        first, second = table[k] + slopes[k], table[k + 1] - slopes[k + 1]
        pieces.append(f"C{_pair(first)} {_pair(second)} {_pair(table[k + 1])}")
    return "".join(pieces)


def arrow_head(points: FloatArray, size: float) -> str:
    """Return the path data of a head at the end of a line; its tip lies one size beyond the line.

    Parameters
    ----------
    points : array (n, 2)
        Of the line.
    size : float
    """
    table = np.asarray(points, dtype=float)
    along = table[-1] - table[-2]
    along = along / max(float(np.hypot(*along)), 1e-9)
    across = np.array([-along[1], along[0]])
    corners = (table[-1] + size * along, table[-1] + 0.62 * size * across, table[-1] - 0.62 * size * across)
    return "M" + "L".join(_pair(corner) for corner in corners) + "Z"
