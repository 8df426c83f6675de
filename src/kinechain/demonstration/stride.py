"""A stride that repeats itself, as Fourier coefficients, and the table of the one that the example person walks."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from kinechain.body.body import Body
from kinechain.core.arrays import FloatArray, Immutable, frozen

__all__ = ["HARMONICS", "Stride", "basis", "read_stride", "stride_table"]

#: Harmonics of the stride; what is faster is lost in the low-pass filter of the assessment.
HARMONICS = 7


@dataclass(frozen=True, eq=False)
class Stride(Immutable):
    """One stride that repeats itself.

    Attributes
    ----------
    coefficients : (coordinate, 1 + 2 * HARMONICS) array, rad or m
        Mean, cosines and sines of the phase, in the order of the body's coordinates; the first of them carries the
        pelvis forward.
    places : (2, 3) array, m and rad
        Where the right and the left foot stand in the first stride: x and y of the heel, direction.
    length_m : float
    cost : float
        How far the stride is from all that is wanted of it: half a sum of squares in standard deviations.
    """

    coefficients: FloatArray
    places: FloatArray
    length_m: float
    cost: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficients", frozen(self.coefficients, (None, 1 + 2 * HARMONICS), "coefficients"))
        object.__setattr__(self, "places", frozen(self.places, (2, 3), "places"))

    def values(self, phase: FloatArray) -> FloatArray:
        """Return all coordinates, (time, coordinate), at phases in strides, 0 at the first strike of the right foot."""
        out = basis(phase) @ self.coefficients.T
        out[:, 0] += self.length_m * phase
        return np.asarray(out)


def basis(phase: FloatArray, derivative: int = 0) -> FloatArray:
    """Return mean, cosines and sines of the phase, or their derivatives by it.

    Parameters
    ----------
    phase : (time,) array
        In strides.
    derivative : int
        0, 1 or 2.

    Returns
    -------
    (time, 1 + 2 * HARMONICS) array
    """
    turn = 2.0 * np.pi * np.arange(1, HARMONICS + 1)
    angle = phase[:, None] * turn + derivative * np.pi / 2.0
    constant = np.full((len(phase), 1), 0.0 if derivative else 1.0)
    return np.concatenate([constant, turn**derivative * np.cos(angle), turn**derivative * np.sin(angle)], axis=1)


def read_stride(body: Body) -> Stride:
    """Return the stored stride of the example person, in the order of a body's coordinates.

    Coordinates that the table does not name stand still.

    Parameters
    ----------
    body : Body
        Of our tables.
    """
    text = (files("kinechain.demonstration") / "stride.csv").read_text(encoding="utf-8")
    rows = [line.split(",") for line in text.splitlines() if not line.startswith("#")]
    table = {name: np.array([float(number) for number in numbers]) for name, *numbers in rows}
    still = np.zeros(1 + 2 * HARMONICS)
    return Stride(
        np.array([table.get(coordinate.name, still) for coordinate in body.coordinates]),
        np.array([table["right_foot"], table["left_foot"]]),
        float(table["length_m"][0]),
        float(table["cost"][0]),
    )


HEADING = """\
# Stride of the example person: not measured, planned by kinechain.demonstration.plan.  Made by
#     python -m kinechain.demonstration.plan_example > stride.csv; mv stride.csv src/kinechain/demonstration/
# Coordinates: mean, cosines and sines of the harmonics of the stride, rad or m; feet: x, y (m) and direction (rad).
"""


def stride_table(names: tuple[str, ...], stride: Stride) -> str:
    """Return a stride as the text of its table, without coordinates that stand still.

    Parameters
    ----------
    names : tuple of str
        Of the coordinates.
    stride : Stride
    """
    waves = [f"{kind}_{k}" for kind in ("cosine", "sine") for k in range(1, HARMONICS + 1)]
    rows = [("length_m", [stride.length_m]), ("cost", [stride.cost])]
    rows += [("right_foot", list(stride.places[0])), ("left_foot", list(stride.places[1]))]
    rows += [(name, list(row)) for name, row in zip(names, stride.coefficients, strict=True) if row.any()]
    lines = [",".join(["# name", "mean", *waves])]
    lines += [",".join([name, *(f"{value:.6f}" for value in numbers)]) for name, numbers in rows]
    return HEADING + "\n".join(lines) + "\n"
