"""Norm curves a laboratory brings along, turned to our angles and signs.

``OWN_SIGNS`` names the variables of Polygon's GCD files.  Their positive directions are those of Plug-in Gait
(gaitutils, ``models.py``: HipFlexExt is HipAngles X with flexion positive, and so on).  Each was checked on the norms
that come with gaitutils by the physiology that settles ``findings.norms.CURVE_SIGNS``: a hip of 33 deg at contact and
-8 deg at 60 %, a knee of 61 deg at 80 %, an adducted hip and a pelvis that rises in early stance, an ankle of 16 deg
at 50 %, feet that point outward (-14 to -9 deg).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.motion.cycles import PERCENT_POINTS
from kinechain.motion.signs import ANGLES
from kinechain.recording.readers.gcd import GaitCurve, looks_like_gcd, read_curve_csv, read_gcd
from kinechain.recording.readers.text import decode_text

__all__ = ["OWN_SIGNS", "OwnCurve", "OwnNorms", "own_sign_table", "read_own_norms"]

#: A file of norms is never larger, bytes (assumption: a hundred variables of 101 rows are 200 kB).
LARGEST_BYTES = 20 << 20

#: Variable of a GCD to our angle and the sign between them.
OWN_SIGNS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "PelvicTilt": ("pelvis_tilt", 1),
        "PelvicObliquity": ("pelvis_obliquity", 1),
        "PelvicRotation": ("pelvis_rotation", 1),
        "HipFlexExt": ("hip_flexion", 1),
        "HipAbAdduct": ("hip_adduction", 1),
        "HipRotation": ("hip_rotation", 1),
        "KneeFlexExt": ("knee_flexion", 1),
        "KneeValgVar": ("knee_varus", 1),
        "KneeRotation": ("knee_rotation", 1),
        "DorsiPlanFlex": ("ankle_dorsiflexion", 1),
        "FootProgression": ("foot_progression", 1),
    }
)


@dataclass(frozen=True, eq=False)
class OwnCurve(Immutable):
    """One angle of a laboratory's own norms, with our sign.

    Attributes
    ----------
    angle : str
        Id in ``motion.signs``.
    variable : str
        As the file calls it.
    mean, sd : (101,) array, deg
        At 0, 1 ... 100 % of the gait cycle.
    """

    angle: str
    variable: str
    mean: FloatArray
    sd: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", frozen(self.mean, (PERCENT_POINTS,), "mean"))
        object.__setattr__(self, "sd", frozen(self.sd, (PERCENT_POINTS,), "sd"))


@dataclass(frozen=True)
class OwnNorms:
    """A laboratory's own norms.

    Attributes
    ----------
    name : str
        Of the file, without folder.
    sha256 : str
        Of the file's bytes.
    curves : tuple of OwnCurve
    unused : tuple of str
        Variables of the file that have no counterpart here.
    """

    name: str
    sha256: str
    curves: tuple[OwnCurve, ...]
    unused: tuple[str, ...] = ()

    @property
    def cohort(self) -> str:
        """What stands under a curve."""
        return f"own norms, {self.name} (sha256 {self.sha256[:12]})"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was taken from the file and what was not, in sentences."""
        taken = ", ".join(f"{c.variable} as {c.angle}" for c in self.curves)
        said = [f"Own norms of {self.name} (sha256 {self.sha256}) are drawn in place of the published ones: {taken}."]
        if self.unused:
            said.append(f"Without a counterpart here, and not drawn: {', '.join(self.unused)}.")
        said.append("Own norms are drawn and judge nobody: whom they were measured in is not in the file.")
        return tuple(said)


def read_own_norms(path: Path | str) -> OwnNorms:
    """Read a GCD of Polygon, or a CSV with the columns variable, percent, mean, sd.

    Parameters
    ----------
    path : path
        The variables of a CSV are ids of our angles with our signs, or names of a GCD; degrees.

    Raises
    ------
    FileError
        If it is neither, is damaged, or no variable has a counterpart.
    """
    path = Path(path)
    name = printable(path.name)
    try:
        if not path.is_file():
            raise FileError(f"there is no file {name or printable(str(path))}; --norms takes a GCD or a CSV of norms")
        if path.stat().st_size > LARGEST_BYTES:
            raise FileError(f"{name} is larger than {LARGEST_BYTES >> 20} MB, more than norms are; give a GCD or a CSV")
        data = path.read_bytes()
    except OSError as error:
        raise FileError(f"{name} cannot be read ({error.strerror or 'input error'})") from None
    text = decode_text(data)
    if text is None or not text.strip():
        raise FileError(f"{name} is no text; --norms takes a GCD of Polygon or a CSV of norms")
    found = read_gcd(text, name) if looks_like_gcd(text) else read_curve_csv(text, name)
    by_angle: dict[str, list[tuple[GaitCurve, int]]] = {}
    unused = []
    known = {a.id for a in ANGLES}
    lower = {variable.lower(): target for variable, target in OWN_SIGNS.items()}
    for variable, curve in found.items():
        angle, sign = lower.get(curve.name.lower(), (curve.name if curve.name in known else "", 1))
        if angle and not curve.sd.any():
            unused.append(f"{variable} (without spread)")
        elif angle:
            by_angle.setdefault(angle, []).append((curve, sign))
        else:
            unused.append(variable)
    if not by_angle:
        raise FileError(f"{name} is not usable as norms: none of its variables has a counterpart; {_known()}")
    curves = tuple(_joined(angle, pairs) for angle, pairs in by_angle.items())
    return OwnNorms(name, hashlib.sha256(data).hexdigest(), curves, tuple(unused))


def _known() -> str:
    return f"known are {', '.join(OWN_SIGNS)} and the ids of our angles"


def _joined(angle: str, pairs: list[tuple[GaitCurve, int]]) -> OwnCurve:
    """Bring a curve to 101 points; of left and right the mean, with the spread of both."""
    even = np.linspace(0.0, 100.0, PERCENT_POINTS)
    means, spreads = [], []
    for curve, sign in pairs:
        at = np.linspace(0.0, 100.0, len(curve.mean))
        means.append(sign * np.interp(even, at, curve.mean))
        spreads.append(np.interp(even, at, curve.sd))
    mean, sd = np.mean(means, axis=0), np.sqrt(np.mean(np.square(spreads), axis=0))
    return OwnCurve(angle, pairs[0][0].name, mean, sd)


def own_sign_table() -> str:
    """Return the variables of a GCD and our angles as Markdown, for the documentation."""
    head = "| variable of a GCD | our angle | sign |\n|---|---|---|\n"
    rows = [f"| `{v}` | `{angle}` | {'+' if sign > 0 else '−'} |" for v, (angle, sign) in OWN_SIGNS.items()]
    return head + "\n".join(rows) + "\n"
