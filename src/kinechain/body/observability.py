"""Which coordinates of a body its markers can see."""

from __future__ import annotations

import numpy as np

from kinechain.body.pose import tree_marker_positions
from kinechain.body.tree import Tree
from kinechain.core.arrays import FloatArray

__all__ = ["MINIMUM_REACH_M", "compute_reach"]

#: A marker sees a coordinate if one radian (or metre) moves it by more than this, m; an assumption:
#: below it the millimetre or so of a camera's noise hides the coordinate altogether.
MINIMUM_REACH_M = 1e-3
#: Poses looked at beside the default one, and how far they lie from it, rad.
_POSES, _SPREAD = 4, 0.5
_STEP = 1e-5


def compute_reach(tree: Tree) -> FloatArray:
    """Return how far each input can move each marker.

    Parameters
    ----------
    tree : Tree

    Returns
    -------
    reach : (marker, input) array, m per rad or m per m
        The greatest over the default pose and a few poses around it.
    """
    generator = np.random.default_rng(0)
    default = tree.default[tree.inputs]
    count = len(default)
    reach = np.zeros((len(tree.markers), count))
    for pose in range(1 + _POSES):
        spread = np.where((tree.is_angle == 1) & (pose > 0), _SPREAD, 0.0)
        z = np.clip(default + spread * generator.uniform(-1.0, 1.0, count), tree.low, tree.high)
        steps = _STEP * np.eye(count)
        moved = tree_marker_positions(tree, z + steps) - tree_marker_positions(tree, z - steps)
        reach = np.maximum(reach, np.linalg.norm(moved, axis=-1).T / (2 * _STEP))
    return reach
