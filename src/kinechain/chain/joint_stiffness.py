"""What resists the motion of joints whose muscles are at rest: one moment per coordinate, and what couples two.

Which law holds a coordinate stands in ``body/parts/joint_stiffness.csv``; the laws themselves stand where they were
collected (``passive_stiffness.csv`` of the evidence, ``disc_stiffness.csv``).  No tissue is counted twice:

- hip, knee and ankle in the sagittal plane are the whole passive moment of living legs (riener1999): passive muscle,
  capsule and skin are in it.  Neither the passive force of a muscle nor the tissue 'anterior_hip', which was fitted to
  the same curve, may be added; active muscle may (`kinechain.chain.muscle_stiffness`).
- Lumbar levels hold their ligaments and facets already.
- Plantar fascia and plantar ligaments are tissues of the musculature; the rows of the foot are what they leave.

The curves of riener1999 depend on the angles of the neighbours too and are not the slope of one energy: turned in a
circle they would give or take work.  Each is taken as a function of its own angle with the neighbours at the reference,
and what one angle does to the moment about the other as the mean of both directions, straight (`passive_coupling`).
Lost are the difference between the two directions and that the coupling changes with the angles.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import Function
from kinechain.body.tables import Row, lookup, read_table
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import EvidenceError, SettingError
from kinechain.evidence.library import find_fact
from kinechain.loads.lumbar import LUMBAR_JOINTS, disc_stiffness

__all__ = ["passive_coupling", "passive_springs"]

#: Real, or complex where a derivative is taken.
_Values = NDArray[Any]
_Law = Callable[[_Values], _Values]

#: Distance of knots, rad: exponentials of 40 per radian are met within 0.1 %.
_STEP = math.radians(1.0)
#: Lumbar levels turn from flexion to extension over this angle, rad (assumption: the cadaver curves are smooth there).
_TURN = math.radians(1.0)
#: Of a coordinate without a row of its own in coordinates.csv, on either side of the reference, rad.
_LEVEL_RANGE = math.radians(30.0)
#: Step of a complex-step derivative; no difference is taken, so that it may be as small as it likes.
_TINY = 1e-30

#: The equations of riener1999: the joint of a coordinate, the coordinate and sign of a letter (the ankle's is positive
#: towards plantarflexion), and the letters in the equation of a joint.
_RIENER = MappingProxyType({"hip_flexion": "hip", "knee_flexion": "knee", "ankle_dorsiflexion": "ankle"})
_ANGLES = MappingProxyType({"H": ("hip_flexion", 1.0), "K": ("knee_flexion", 1.0), "A": ("ankle_dorsiflexion", -1.0)})
_SEEN = MappingProxyType({"hip": "HK", "knee": "HKA", "ankle": "KA"})

#: Rows of demers2017 by the axis they turn about: x forward (inversion is positive on the right), y up (adduction is).
_DEMERS = MappingProxyType({"x": "ankle complex inversion/eversion (x)", "y": "ankle complex ab/adduction (y)"})


def passive_springs(free: Sequence[str], reference: FloatArray, *, fascia: bool = True) -> tuple[Function | None, ...]:
    """Return the passive moment that acts on every coordinate, as a function of its value.

    Parameters
    ----------
    free : sequence of str
        Coordinates; lumbar levels as 'l5_s1_flexion', '..._bending', '..._rotation'.
    reference : (free,) array, rad or m
        Posture whose neighbours count, and in which discs and the springs without a curve of their own hold nothing.
    fascia : bool
        The plantar fascia is a tissue of its own; False: the spring at the toes holds it.

    Returns
    -------
    tuple of Function or None
        N m over rad, positive where it would increase the coordinate; None where nothing passive is known to act (the
        root).  Straight beyond the range of the coordinate.

    Raises
    ------
    SettingError
        If there is not one reference value per coordinate, or a curve needs a neighbour that is not free.
    """
    at = _by_name(free, reference)
    return tuple(_spring(name, at, fascia) for name in free)


def passive_coupling(free: Sequence[str], reference: FloatArray) -> FloatArray:
    """Return what muscles at rest over two joints do between them, (free, free) array, N m/rad.

    Parameters
    ----------
    free : sequence of str
    reference : (free,) array, rad or m
        Posture about which the curves of riener1999 are taken as straight.

    Returns
    -------
    (free, free) array, N m/rad
        Stiffness: minus the change of the moment on one coordinate with the other.  Symmetric: the mean of both
        directions; zero on the diagonal, which `passive_springs` holds.
    """
    at = _by_name(free, reference)
    place = {name: i for i, name in enumerate(free)}
    slopes = np.zeros((len(free), len(free)))
    for name, row in place.items():
        for other in _neighbours(name):
            moment = _riener(name, at, by=other)(np.array(at[other] + 1j * _TINY))
            slopes[row, place[other]] = moment.imag / _TINY
    return np.asarray(-(slopes + slopes.T) / 2.0)


def _by_name(free: Sequence[str], reference: FloatArray) -> Mapping[str, float]:
    values = np.asarray(reference, dtype=float)
    if values.shape != (len(free),):
        raise SettingError(f"{len(free)} coordinates need as many reference values; got the shape {values.shape}")
    return dict(zip(free, values.tolist(), strict=True))


def _unsided(name: str) -> tuple[str, str]:
    """Return a coordinate without its side, and the side as '_r', '_l' or ''."""
    return (name[:-2], name[-2:]) if name.endswith(("_r", "_l")) else (name, "")


def _level(name: str) -> tuple[str, str] | None:
    """Return joint and motion of a coordinate of a lumbar level."""
    joint, _, motion = name.rpartition("_")
    return (joint, motion) if joint in LUMBAR_JOINTS else None


@cache
def _rows(name: str, fascia: bool) -> tuple[Row, ...]:
    wanted = "lumbar" if _level(name) else _unsided(name)[0]
    left_out = "stiffness_without_fascia" if fascia else "stiffness_with_fascia"
    rows = [r for r in read_table("joint_stiffness") if r["coordinate"] == wanted and r["law"] != left_out]
    return tuple(rows)


def _spring(name: str, at: Mapping[str, float], fascia: bool) -> Function | None:
    rows = _rows(name, fascia)
    if not rows:
        return None
    laws = [(float(row["value"]), _law(row["law"], name, at)) for row in rows]
    return _pieces(lambda q: np.sum([factor * law(q) for factor, law in laws], axis=0), *_reach(name, at[name]))


def _reach(name: str, reference: float) -> tuple[float, float]:
    """Return the range a coordinate has in the tables, the reference inside."""
    known = [r for r in read_table("coordinates") if r["coordinate"] == _unsided(name)[0]]
    if not known:
        return reference - _LEVEL_RANGE, reference + _LEVEL_RANGE
    low, high = (math.radians(float(known[0][column])) for column in ("low", "high"))
    return min(low, reference - _STEP), max(high, reference + _STEP)


def _pieces(law: _Law, low: float, high: float) -> Function:
    """Return the cubics that meet a law and its slope at every knot."""
    knots = np.linspace(low, high, math.ceil((high - low) / _STEP) + 1)
    both = law(knots + 1j * _TINY)
    value, slope, width = both.real, both.imag / _TINY, np.diff(knots)
    rise = np.diff(value) / width
    square = (3.0 * rise - 2.0 * slope[:-1] - slope[1:]) / width
    cube = (slope[:-1] + slope[1:] - 2.0 * rise) / width**2
    return Function(knots, np.stack([value[:-1], slope[:-1], square, cube], axis=1))


def _law(law: str, name: str, at: Mapping[str, float]) -> _Law:
    """Return the moment on a coordinate, by a row whose value is 1."""
    if law.startswith("stiffness"):
        return lambda q: np.asarray(at[name] - q)
    if law == "riener":
        return _riener(name, at)
    if law == "disc":
        return _disc(name, at[name])
    if law == "anderson":
        return _anderson(_unsided(name)[0])
    if law == "vanarkel":
        return _vanarkel()
    if law == "demers":
        return _demers()
    raise EvidenceError(f"body/parts/joint_stiffness.csv names the law '{law}' for '{name}', which there is not")


def _neighbours(name: str) -> tuple[str, ...]:
    """Return the coordinates beside its own that a curve of riener1999 sees."""
    base, side = _unsided(name)
    letters = _SEEN[_RIENER[base]] if base in _RIENER else ""
    return tuple(f"{_ANGLES[k][0]}{side}" for k in letters if _ANGLES[k][0] != base)


def _riener(name: str, at: Mapping[str, float], *, by: str = "") -> _Law:
    """Return the moment on a coordinate as a function of its own angle, or of that of the neighbour ``by``."""
    base, side = _unsided(name)
    joint = _RIENER[base]
    missing = [n for n in _neighbours(name) if n not in at]
    if missing:
        raise SettingError(f"the passive moment of '{name}' needs the angle of {', '.join(missing)}; make it free too")
    equation = find_fact("passive_stiffness", item=f"{joint} passive moment", source="riener1999").text("value")
    # The curve of the ankle is positive towards plantarflexion.
    sense = math.copysign(1.0, next(sign for c, sign in _ANGLES.values() if c == base))

    def moment(q: _Values) -> _Values:
        angles = {}
        for letter in _SEEN[joint]:
            other, sign = _ANGLES[letter]
            angle = q if f"{other}{side}" == (by or name) else at[f"{other}{side}"]
            angles[letter] = np.asarray(sign * np.degrees(1.0) * angle)
        return sense * _evaluate(equation, angles)

    return moment


def _disc(name: str, reference: float) -> _Law:
    level = _level(name)
    if level is None:
        raise EvidenceError(f"'{name}' is no lumbar level, but body/parts/joint_stiffness.csv gives it a disc")
    joint, motion = level
    motions = {"flexion": ("flexion", "extension"), "bending": ("lateral_bending",) * 2}
    flexed, extended = (disc_stiffness(joint, m) for m in motions.get(motion, ("axial_rotation",) * 2))
    factor = lookup("disc_load_effects", quantity="preload_factor")

    def moment(q: _Values) -> _Values:
        turned = q - reference
        bent = np.sqrt(turned**2 + _TURN**2) - _TURN
        return np.asarray(-factor * ((flexed + extended) / 2.0 * turned + (flexed - extended) / 2.0 * bent))

    return moment


def _anderson(coordinate: str) -> _Law:
    k1, k2, k3, k4, first, second = (
        find_fact("passive_stiffness", item=coordinate, quantity=q, source="anderson1999_limit").number()
        for q in ("K1", "K2", "K3", "K4", "theta1", "theta2")
    )
    return lambda q: np.asarray(k1 * np.exp(k2 * (q - second)) + k3 * np.exp(k4 * (q - first)))


def _vanarkel() -> _Law:
    equation = find_fact("passive_stiffness", item="hip rotation ligament moment").text("value")
    return lambda q: _evaluate(equation, {"q": q})


def _demers() -> _Law:
    row = next(r for r in read_table("mobilities") if r["joint"] == "subtalar")
    shares = {"x": float(row["axis_x"]), "y": float(row["axis_z"])}
    equations = {k: find_fact("passive_stiffness", item=item).text("value") for k, item in _DEMERS.items()}
    return lambda q: -np.sum([s * _evaluate(equations[k], {k: s * q}) for k, s in shares.items()], axis=0)


_OPERATORS: Mapping[type, Callable[..., _Values]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Pow: operator.pow,
        ast.USub: operator.neg,
        ast.UAdd: operator.pos,
    }
)


def _evaluate(equation: str, letters: Mapping[str, _Values]) -> _Values:
    """Return the value of an equation of ``passive_stiffness.csv``: numbers, letters, ``+ - * ^`` and ``exp``."""

    def value(node: ast.expr) -> _Values:
        match node:
            case ast.Constant(value=float() | int() as number):
                return np.asarray(number, dtype=complex)
            case ast.Name(id=letter) if letter in letters:
                return np.asarray(letters[letter], dtype=complex)
            case ast.Call(func=ast.Name(id="exp"), args=[inner], keywords=[]):
                return np.asarray(np.exp(value(inner)))
            case ast.UnaryOp(op=op, operand=inner) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(inner))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(left), value(right))
        raise EvidenceError(f"the equation '{equation}' of passive_stiffness.csv cannot be read")

    return value(ast.parse(equation.replace("^", "**"), mode="eval").body)
