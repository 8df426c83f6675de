"""Forward kinematics: where the segments and markers of a body are, for given coordinates."""

from __future__ import annotations

import numpy as np

from kinechain.body.body import Body, Marker
from kinechain.body.tree import KERNELS, Tree, flatten
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import BodyError

__all__ = ["coordinate_values", "marker_positions", "node_frames", "segment_poses", "tree_marker_positions"]


def segment_poses(body: Body, values: FloatArray) -> FloatArray:
    """Return the pose of every segment at every instant.

    Parameters
    ----------
    body : Body
    values : (time, coordinate) array, rad or m
        All coordinates in the body's order.  Coordinates with a driver are computed
        from it, whatever stands in their column.

    Returns
    -------
    world_from_segment : (time, segment, 4, 4) array, m
        In the order of ``body.segments``; NaN where a coordinate is NaN.

    Raises
    ------
    BodyError
        If ``values`` does not hold one column per coordinate.
    """
    tree = flatten(body, locks=False)
    inputs = _inputs(tree, body, values)
    if KERNELS == "compiled":
        return np.asarray(tree.compiled.segment_poses(inputs))
    return _segment_poses(tree, inputs)


def marker_positions(body: Body, markers: tuple[Marker, ...], values: FloatArray) -> FloatArray:
    """Return the position of some points of a body at every instant.

    Parameters
    ----------
    body : Body
    markers : tuple of Marker
        Skin markers or landmarks.
    values : (time, coordinate) array, rad or m
        As for `segment_poses`.

    Returns
    -------
    positions : (time, marker, 3) array, m, world

    Raises
    ------
    BodyError
        If ``values`` does not hold one column per coordinate.
    """
    tree = flatten(body, markers, locks=False)
    return tree_marker_positions(tree, _inputs(tree, body, values))


def tree_marker_positions(tree: Tree, inputs: FloatArray) -> FloatArray:
    """Return the markers of a tree (time, marker, 3), m, for its inputs (time, input)."""
    if KERNELS == "compiled":
        return np.asarray(tree.compiled.marker_positions(np.ascontiguousarray(inputs)))
    return _marker_positions(tree, inputs)


def _inputs(tree: Tree, body: Body, values: FloatArray) -> FloatArray:
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or values.shape[1] != len(tree.coordinates):
        raise BodyError(
            f"body '{body.name}' has {len(tree.coordinates)} coordinates, got values of shape {values.shape}; "
            "give one row per instant and one column per coordinate"
        )
    return np.ascontiguousarray(values[:, tree.inputs])


# The Python twin of the kernel: the same walk, all instants at once.


def coordinate_values(tree: Tree, inputs: FloatArray) -> FloatArray:
    """Return all coordinates (time, coordinate), rad or m, from inputs (time, input)."""
    q = np.tile(tree.constants, (len(inputs), 1))
    q[:, tree.inputs] = inputs
    for c in tree.coordinate_order:
        if tree.coordinate_driver[c] >= 0:
            q[:, c] = tree.functions[tree.coordinate_function[c]].evaluate(q[:, tree.coordinate_driver[c]])[0]
    return q


def _node_values(tree: Tree, inputs: FloatArray) -> FloatArray:
    """Return what every mobility is set to, (time, node) array, from inputs (time, input)."""
    q = coordinate_values(tree, inputs)
    columns = [
        tree.functions[f].evaluate(q[:, c])[0] for c, f in zip(tree.node_coordinate, tree.node_function, strict=True)
    ]
    return np.stack(columns, axis=1) if columns else np.empty((len(inputs), 0))


def node_frames(tree: Tree, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return rotation (time, 1 + node, 3, 3) and origin (time, 1 + node, 3) of the ground and of every node."""
    count = len(tree.node_parent)
    values = _node_values(tree, inputs)
    rotation = np.empty((len(inputs), count + 1, 3, 3))
    origin = np.empty((len(inputs), count + 1, 3))
    rotation[:, 0], origin[:, 0] = np.eye(3), 0.0
    for node in range(count):
        parent = tree.node_parent[node] + 1
        before = rotation[:, parent] @ tree.node_rotation[node]
        at = origin[:, parent] + rotation[:, parent] @ tree.node_translation[node]
        if tree.node_is_rotation[node]:
            cosine, sine = np.cos(values[:, node, None]), np.sin(values[:, node, None])
            x, y = before[..., 0], before[..., 1]
            rotation[:, node + 1] = np.stack([cosine * x + sine * y, cosine * y - sine * x, before[..., 2]], axis=-1)
            origin[:, node + 1] = at
        else:
            rotation[:, node + 1] = before
            origin[:, node + 1] = at + before[..., 2] * values[:, node, None]
    return rotation, origin


def _segment_poses(tree: Tree, inputs: FloatArray) -> FloatArray:
    rotation, origin = node_frames(tree, inputs)
    on = tree.segment_node + 1
    poses = np.zeros((len(inputs), len(on), 4, 4))
    poses[..., :3, :3] = rotation[:, on] @ tree.segment_rotation
    poses[..., :3, 3] = origin[:, on] + np.einsum("tsij,sj->tsi", rotation[:, on], tree.segment_translation)
    poses[..., 3, 3] = 1.0
    return poses


def _marker_positions(tree: Tree, inputs: FloatArray) -> FloatArray:
    rotation, origin = node_frames(tree, inputs)
    on = tree.marker_node + 1
    return np.asarray(origin[:, on] + np.einsum("tmij,mj->tmi", rotation[:, on], tree.marker_position))
