import numpy as np
import pytest

from kinechain.body.body import Body, Coordinate, Function, Joint, Marker
from kinechain.body.tree import flatten
from kinechain.core.errors import BodyError
from toy_bodies import at, leg, segment, turn


def names(tree, indices):
    return [tree.coordinates[i] for i in indices]


def test_only_coordinates_that_move_by_themselves_are_inputs():
    tree = flatten(leg(), leg().markers)
    assert names(tree, tree.inputs) == [
        "tx", "ty", "tz", "yaw", "obliquity", "tilt", "hip_flexion", "hip_adduction", "hip_rotation", "knee", "ankle",
    ]  # fmt: skip
    assert tree.constants[tree.coordinates.index("toe")] == 0.3


def test_a_locked_or_held_coordinate_costs_no_node():
    body = leg()
    assert len(flatten(body).node_parent) == len(flatten(body, locks=False).node_parent) - 1
    held = flatten(body, held=("knee",))
    assert "knee" not in names(held, held.inputs)
    assert held.constants[held.coordinates.index("patella")] == pytest.approx(3.0 * 0.01)


def test_bounds_hold_only_where_a_coordinate_is_clamped():
    tree = flatten(leg())
    low = dict(zip(names(tree, tree.inputs), tree.low, strict=True))
    assert low["knee"] == 0.0
    assert low["ankle"] == -np.inf


def test_the_same_body_is_flattened_once():
    assert flatten(leg(), leg().markers) is flatten(leg(), leg().markers)
    moved = (*leg().markers[:-1], Marker(leg().markers[-1].name, "foot", np.zeros(3)))
    assert flatten(leg(), moved) is not flatten(leg(), leg().markers)


def test_coordinates_that_drive_each_other_are_refused():
    circle = Body(
        "circle",
        (segment("a"),),
        (Joint("j", "ground", "a", at(0, 0, 0), at(0, 0, 0), (turn((0, 0, 1), "first"),)),),
        (
            Coordinate("first", "rotation", driver="second", coupling=Function.linear(1.0)),
            Coordinate("second", "rotation", driver="first", coupling=Function.linear(1.0)),
        ),
    )
    with pytest.raises(BodyError, match="circle"):
        flatten(circle)


def test_a_driver_that_does_not_exist_is_named():
    body = Body(
        "b",
        (segment("a"),),
        (Joint("j", "ground", "a", at(0, 0, 0), at(0, 0, 0), (turn((0, 0, 1), "first"),)),),
        (Coordinate("first", "rotation", driver="kne", coupling=Function.linear(1.0)), Coordinate("knee", "rotation")),
    )
    with pytest.raises(BodyError, match="Did you mean 'knee'"):
        flatten(body)


def test_a_marker_on_an_unknown_segment_is_named():
    with pytest.raises(BodyError, match="'shin'"):
        flatten(leg(), (Marker("m", "shin", np.zeros(3)),))
