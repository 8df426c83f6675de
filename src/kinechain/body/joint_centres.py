"""Where joint centres lie between skin markers."""

from __future__ import annotations

import numpy as np

from kinechain.body.tables import lookup
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError

__all__ = ["beside", "chord_centre", "hip_centres", "orthogonal", "pelvis_axes", "unit"]


def unit(vector: FloatArray) -> FloatArray:
    """Return a vector (..., 3) at length 1."""
    return np.asarray(vector / np.linalg.norm(vector, axis=-1, keepdims=True))


def orthogonal(up: FloatArray, left: FloatArray) -> FloatArray:
    """Return axes (..., 3, 3), columns forward, left, up: up as given, left as near as possible to the given one."""
    z = unit(up)
    x = unit(np.cross(left, z))
    return np.stack([x, np.cross(z, x), z], axis=-1)


def pelvis_axes(asis_r: FloatArray, asis_l: FloatArray, psis: FloatArray) -> FloatArray:
    """Return the axes of the plane of the iliac spines.

    Parameters
    ----------
    asis_r, asis_l : (..., 3) array, m
    psis : (..., 3) array, m
        Midpoint of the posterior superior iliac spines.

    Returns
    -------
    (..., 3, 3) array
        World from spine axes: left along the ASIS, forward in the plane of the spines.

    References
    ----------
    ISB pelvis, Wu G et al. J Biomech 35:543 (2002), doi:10.1016/S0021-9290(01)00222-6.
    """
    left = unit(asis_l - asis_r)
    up = np.cross(0.5 * (asis_r + asis_l) - psis, left)
    return orthogonal(up, left)


def hip_centres(asis_r: FloatArray, asis_l: FloatArray, psis: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the right and the left hip joint centre by regression on pelvic width and depth.

    Parameters
    ----------
    asis_r, asis_l : (..., 3) array, m
    psis : (..., 3) array, m
        Midpoint of the posterior superior iliac spines.

    Returns
    -------
    right, left : (..., 3) array, m

    Notes
    -----
    In the plane of the iliac spines, from the midpoint of the ASIS, with depth D and width W in mm:
    0.24 D + 9.9 behind, 0.30 W + 10.9 below, 0.33 W + 7.3 beside.  32 people, 10 of them children with cerebral palsy.

    References
    ----------
    Harrington ME et al. Prediction of the hip joint centre in adults, children, and patients with cerebral palsy.
    J Biomech 40:595 (2007), doi:10.1016/j.jbiomech.2006.02.003; numbers read in public implementations.
    """

    def number(quantity: str) -> float:
        return lookup("joint_centre_regressions", regression="hip", quantity=quantity)

    axes = pelvis_axes(asis_r, asis_l, psis)
    middle = 0.5 * (asis_r + asis_l)
    width = np.linalg.norm(asis_l - asis_r, axis=-1, keepdims=True)
    depth = np.linalg.norm(middle - psis, axis=-1, keepdims=True)
    behind = number("behind_per_depth") * depth + number("behind_constant")
    below = number("below_per_width") * width + number("below_constant")
    apart = number("beside_per_width") * width + number("beside_constant")
    forward, left, up = (axes[..., i] for i in range(3))
    centre = middle - behind * forward - below * up
    return np.asarray(centre - apart * left), np.asarray(centre + apart * left)


def beside(lateral: FloatArray, proximal: FloatArray, towards: FloatArray, half_width: float) -> FloatArray:
    """Return the centre of a joint that lies ``half_width`` medial of a lateral marker.

    Parameters
    ----------
    lateral : (..., 3) array, m
        Marker on the lateral side of the joint.
    proximal : (..., 3) array, m
        Centre of the next joint up the limb.
    towards : (..., 3) array
        Roughly the medial direction; made perpendicular to the line from the marker to the proximal joint.
    half_width : float
        m, half the breadth of the joint with the marker's radius.
    """
    limb = unit(proximal - lateral)
    medial = unit(towards - np.sum(towards * limb, axis=-1, keepdims=True) * limb)
    # The right angle stands at the joint centre: lean the offset so that centre-marker is perpendicular to the limb.
    reach = np.linalg.norm(proximal - lateral, axis=-1, keepdims=True)
    tilt = np.arcsin(np.clip(half_width / reach, -1.0, 1.0))
    return np.asarray(lateral + half_width * (np.cos(tilt) * medial + np.sin(tilt) * limb))


def chord_centre(proximal: FloatArray, lateral: FloatArray, wand: FloatArray, half_width: float) -> FloatArray:
    """Return the centre of a joint in the plane of proximal centre, lateral marker and wand (Plug-in Gait's chord).

    The line from the centre to the lateral marker is perpendicular to the line from the centre to the proximal joint.

    Parameters
    ----------
    proximal, lateral, wand : (3,) array, m
    half_width : float
        m

    Raises
    ------
    RecordingError
        If the three points stand on one line.

    References
    ----------
    Davis RB et al. Hum Mov Sci 10:575 (1991), doi:10.1016/0167-9457(91)90046-Z.
    """
    limb = unit(proximal - lateral)
    out_of_line = wand - lateral - ((wand - lateral) @ limb) * limb
    if np.linalg.norm(out_of_line) < 0.005:
        raise RecordingError(
            "the wand marker stands on the line of the limb, so it shows no joint axis; give medial markers"
        )
    # The wand stands out laterally; the centre lies on the other side of the marker.
    return beside(lateral, proximal, -out_of_line, half_width)
