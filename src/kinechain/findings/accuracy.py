"""How far each measure can be trusted: the method's own error, with its source.

A standard error of measurement (SEM) is one standard deviation of a measure repeated on the
same person; the minimal detectable change between two measurements is 1.96 * sqrt(2) * SEM.
Where only the change was published, the SEM is worked back from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import EvidenceError
from kinechain.core.estimate import Estimate
from kinechain.evidence.library import Fact, read_facts

__all__ = [
    "Z95",
    "MethodError",
    "angle_error",
    "drift_half_width",
    "hip_centre_sd_m",
    "interval_of_strides",
    "landmark_sd_m",
    "leg_length_error",
    "level_error",
    "propagate",
    "spatiotemporal_error",
]

#: Half-width of a 95 % interval in standard deviations.
Z95 = 1.96


@dataclass(frozen=True)
class MethodError:
    """The error of one way of measuring.

    Attributes
    ----------
    sem : float
        Standard error of measurement, in ``unit``.
    unit : str
    source : str
        Source keys, comma-separated; 'kinechain_choice' marks a declared assumption.
    """

    sem: float
    unit: str
    source: str

    @property
    def minimal_detectable_change(self) -> float:
        """Smallest difference between two measurements that is more than their error (95 %)."""
        return Z95 * math.sqrt(2.0) * self.sem


def angle_error(angle: str, is_range: bool = False) -> MethodError:
    """Return the error of one joint angle in walking, deg.

    Parameters
    ----------
    angle : str
        Id in ``motion.signs``.
    is_range : bool
        True for a difference within one curve, in which a constant offset cancels.

    Notes
    -----
    Most angles: about 5 deg between sessions (wilken2012).  Rotations of hip and knee follow the knee axis: 7.59 deg
    per 10 mm of marker displacement (osis2016), for the declared 5 mm of a landmark.  Knee varus: up to 4.4 deg
    against bone pins (benoit2006).  Foot segments: ofm_repeat_adults.  Trunk: imperial_spine2020.
    """
    if angle in ("hip_rotation", "knee_rotation") and not is_range:
        slope = _value("osis2016", "knee and ankle transverse angle per 10 mm of marker displacement")
        return MethodError(slope * landmark_sd_m() / 0.010, "deg", "osis2016, kinechain_choice")
    if angle == "knee_varus":
        return MethodError(_value("benoit2006", "average rotational error, up to") / Z95, "deg", "benoit2006")
    if angle.startswith(("hindfoot", "forefoot", "hallux")):
        return _foot_error(angle, is_range)
    trunk = {
        "bending": "lumbar side flexion SEM",
        "rotation": "lumbar axial rotation SEM",
        "flexion": "lower thoracic flexion SEM",
    }
    if angle.startswith("lumbar") and angle.rpartition("_")[2] in trunk:
        return MethodError(_value("imperial_spine2020", trunk[angle.rpartition("_")[2]]), "deg", "imperial_spine2020")
    change = _value("wilken2012", "minimal detectable change, kinematics")
    return MethodError(change / (Z95 * math.sqrt(2.0)), "deg", "wilken2012")


def level_error(angle: str) -> MethodError:
    """Return the difference between two laboratories that measure the same angle, deg (pinzone2014_paper).

    It is added where an absolute value is held against a norm from another laboratory.
    """
    special = {"hip_rotation": "hip rotation", "foot_progression": "foot progression"}
    which = special.get(angle, "most kinematic variables")
    return MethodError(
        _value("pinzone2014_paper", f"difference from the common mean, {which}"), "deg", "pinzone2014_paper"
    )


#: Measure to the quantity of the table, the factor to our unit, and our unit.
_STP = {
    "walking_speed": ("walking speed SEM", 1.0, "m/s"),
    "stance_fraction": ("stance SEM", 1.0, "%"),
    "swing_fraction": ("stance SEM", 1.0, "%"),
    "stride_time": ("stride time SEM", 1.0, "s"),
    "step_time": ("stride time SEM", 1.0, "s"),
    "stride_length": ("stride length SEM", 0.01, "m"),
    "step_length": ("step length SEM", 0.01, "m"),
    "step_width": ("step length SEM", 0.01, "m"),
    "cadence": ("cadence SEM", 2.0, "steps/min"),
    "double_support_fraction": ("stance SEM", 1.0, "%"),
    "single_support_fraction": ("stance SEM", 1.0, "%"),
}


def spatiotemporal_error(measure: str) -> MethodError:
    """Return the test-retest error of a spatiotemporal measure (stp_retest2024).

    Parameters
    ----------
    measure : str
        Key of ``motion.spatiotemporal.MEASURES``.

    Notes
    -----
    Units as ``findings.norms.spatiotemporal_norm``: m/s, steps/min, s, m, % of the gait cycle.  Step time, step width
    and the support phases were not in the table; they borrow the error of stride time, step length and stance.
    """
    quantity, factor, unit = _STP[measure]
    fact = _fact("stp_retest2024", quantity)
    borrowed = measure in ("step_time", "step_width", "double_support_fraction", "single_support_fraction")
    keys = "stp_retest2024, kinechain_choice" if borrowed else "stp_retest2024"
    return MethodError(factor * fact.number(), unit, keys)


def landmark_sd_m() -> float:
    """Return the standard deviation of a skin marker on a bony landmark, per axis, m (declared assumption)."""
    return 1e-3 * _value("kinechain_choice", "placement error, standard deviation per landmark")


def hip_centre_sd_m() -> float:
    """Return the error of a regressed hip joint centre, per axis, m (mantovani2016, distance over sqrt 3)."""
    fact = _fact("mantovani2016", "distance to the CT centre", "67 adults, Harrington regression")
    return 1e-3 * fact.number() / math.sqrt(3.0)


def leg_length_error(method: str) -> MethodError:
    """Return the error of a left-right leg-length difference, mm (lld_iga2023, against radiographs of children).

    Parameters
    ----------
    method : 'joint_centres', 'markers' or 'tape'
    """
    group = {
        "joint_centres": "31 children with 0-36 mm difference, sum of joint-centre distances (Harrington hip)",
        "markers": "31 children with 0-36 mm difference, ASIS - medial condyle - medial malleolus markers",
        "tape": "31 children with 0-36 mm difference",
    }[method]
    return MethodError(_fact("lld_iga2023", "difference to radiograph", group).number("sd"), "mm", "lld_iga2023")


def drift_half_width(duration_s: float) -> float:
    """Return how far a standing posture angle may drift beyond what a recording shows, deg.

    Parameters
    ----------
    duration_s : float
        Of the recording; one frame lasts 0 s.

    Notes
    -----
    Within one minute of still standing the sacrum moved by a median of 3 deg (pan2021).  One frame carries all of it,
    a whole minute none: ``3 * sqrt(1 - min(T, 60) / 60)``, a declared rule.
    """
    median = _value("pan2021", "median change of sacral orientation and lordosis")
    return median * math.sqrt(1.0 - min(max(duration_s, 0.0), 60.0) / 60.0)


def propagate(measure: Callable[[Mapping[str, FloatArray]], float], points: Mapping[str, FloatArray]) -> float:
    """Return the standard deviation of a measure when every point is uncertain on its own.

    Parameters
    ----------
    measure : callable
        From named points, (3,) arrays, m, to the measure.
    points : mapping of name to (3,) array, m
        Hip joint centres carry the error of the regression, all others that of a landmark.

    Notes
    -----
    First-order: the variance is the sum over every coordinate of (derivative * standard deviation) squared.
    """
    variance, step = 0.0, 1e-4
    for name, position in points.items():
        sd = hip_centre_sd_m() if name.startswith("hip_centre") else landmark_sd_m()
        for axis in range(3):
            shift = np.zeros(3)
            shift[axis] = step
            up, down = (measure({**points, name: position + s}) for s in (shift, -shift))
            variance += ((up - down) / (2 * step) * sd) ** 2
    return math.sqrt(variance)


def interval_of_strides(values: Sequence[float], errors: Sequence[MethodError], unit: str, what: str) -> Estimate:
    """Return the mean over strides, its interval from between-stride variation and the method's own errors.

    Parameters
    ----------
    values : sequence of float
        One per stride, finite, in ``unit``.
    errors : sequence of MethodError
        Independent of each other and of the strides, in ``unit``.
    unit : str
    what : str
        'strides' or 'frames', for the source line.

    Notes
    -----
    ``half^2 = (t * s / sqrt(n))^2 + sum (1.96 SEM)^2``; with one stride the first term is not known and the source
    line says so.  Two strides cannot tell their own spread either: for them t is 1.96, and the line says so too.
    """
    numbers = np.asarray(values, dtype=float)
    mean, count = float(numbers.mean()), len(numbers)
    between = 0.0
    if count > 1:
        between = _t975(count - 1) * float(numbers.std(ddof=1)) / math.sqrt(count)
    half = math.hypot(between, *(Z95 * e.sem for e in errors))
    keys = ", ".join(dict.fromkeys(k for e in errors for k in e.source.split(", ")))
    few = {1: f"one {what.rstrip('s')} (its spread is not known)", 2: f"spread of only 2 {what}"}
    spread = few.get(count, f"spread of {count} {what}")
    return Estimate(mean, mean - half, mean + half, unit, f"{spread} and method error ({keys})" if keys else spread)


@cache
def _t975(degrees_of_freedom: int) -> float:
    """Return the 97.5 % point of Student's t; of the normal distribution for a single degree of freedom."""
    if degrees_of_freedom < 2:
        return Z95
    from scipy.special import stdtrit  # only here, to keep the start fast

    return float(stdtrit(degrees_of_freedom, 0.975))


def _value(source_key: str, quantity: str) -> float:
    return _fact(source_key, quantity).number()


@cache
def _fact(source_key: str, quantity: str, subgroup: str = "") -> Fact:
    """Return the one row of ``accuracy.csv`` with this source and quantity."""
    rows = [f for f in read_facts("accuracy") if f.source.key == source_key and f.columns["quantity"] == quantity]
    rows = [f for f in rows if not subgroup or f.columns["subgroup"] == subgroup]
    if len(rows) != 1:
        raise EvidenceError(
            f"accuracy: {len(rows)} rows of '{source_key}' with quantity '{quantity}'; one was asked for"
        )
    return rows[0]


def _foot_error(angle: str, is_range: bool) -> MethodError:
    if is_range:
        quantity = "SEM, referenced to standing, all planes"
    elif angle.endswith("eversion"):
        quantity = "SEM, frontal plane, not referenced to standing"
    else:
        quantity = "SEM, sagittal and transverse planes, not referenced"
    return MethodError(_value("ofm_repeat_adults", quantity), "deg", "ofm_repeat_adults")
