"""The same model in OpenSim and here: where does every body and marker stand?"""

from pathlib import Path

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.osim import is_in_degrees, read_osim
from kinechain.core.frames import about_axis, inverse, transform
from kinechain.motion.motion import Motion
from kinechain.motion.motion_file import write_motion

pytestmark = pytest.mark.opensim
opensim = pytest.importorskip("opensim", reason="the extra 'opensim' is not installed")

MODELS = [
    "gait2392/subject01_scaled.osim",
    "rajagopal/Rajagopal2016.osim",
    "pose2sim/full_body_318_muscles.osim",
]


def place_segments(body: Body, values: dict[str, float]) -> dict[str, np.ndarray]:
    """Return world_from_segment for one pose, as plainly as the formula in ``Body`` says it."""
    world = {"ground": np.eye(4)}
    for joint in body.joints:
        pose = world[joint.parent] @ joint.parent_from_joint
        for m in joint.mobilities:
            amount = float(m.function.evaluate(values.get(m.coordinate or "", 0.0))[0])
            if m.kind == "rotation":
                pose = pose @ transform(about_axis(m.axis, amount))
            else:
                pose = pose @ transform(translation=amount * m.axis)
        world[joint.child] = pose @ inverse(joint.child_from_joint)
    return world


def random_pose(body: Body, rng: np.random.Generator) -> dict[str, float]:
    """Return values beyond the ranges for every coordinate, so that extrapolation is tested too."""
    values = {}
    for c in body.coordinates:
        low, high = max(c.low, -1.5), min(c.high, 1.5)
        values[c.name] = rng.uniform(low - 0.3, high + 0.3) if high > low else c.default
    return values


def opensim_transform(frame, state) -> np.ndarray:
    found = frame.getTransformInGround(state)
    rotation = np.array([[found.R().get(i, j) for j in range(3)] for i in range(3)])
    return transform(rotation, np.array([found.p().get(i) for i in range(3)]))


@pytest.fixture(params=MODELS)
def pair(request, shared: Path):
    path = shared / "models" / request.param
    opensim.Logger.setLevelString("Off")
    model = opensim.Model(str(path))
    return read_osim(path), model, model.initSystem()


def test_bodies_and_markers_stand_where_opensim_puts_them(pair):
    body, model, state = pair
    rng = np.random.default_rng(2)
    for _ in range(20):
        values = random_pose(body, rng)
        for name, value in values.items():
            coordinate = model.getCoordinateSet().get(name)
            coordinate.setLocked(state, False)
            coordinate.setClamped(state, False)
            coordinate.setValue(state, value, False)
        model.realizePosition(state)
        world = place_segments(body, values)
        for segment in body.segments:
            expected = opensim_transform(model.getBodySet().get(segment.name), state)
            assert np.abs(world[segment.name] - expected).max() < 1e-9, segment.name
        for marker in body.markers:
            expected = model.getMarkerSet().get(marker.name).getLocationInGround(state)
            found = (world[marker.segment] @ np.append(marker.position, 1.0))[:3]
            assert np.abs(found - [expected.get(i) for i in range(3)]).max() < 1e-9, marker.name


def test_couplings_give_the_values_opensim_assembles(pair):
    body, model, state = pair
    free = [c for c in body.coordinates if c.is_free]
    rng = np.random.default_rng(3)
    for c in free:
        model.getCoordinateSet().get(c.name).setValue(state, rng.uniform(max(c.low, 0.0), min(c.high, 0.3)), False)
    model.assemble(state)
    values = {c.name: model.getCoordinateSet().get(c.name).getValue(state) for c in body.coordinates}
    for c in body.coordinates:
        if c.driver is not None:
            assert c.coupling.evaluate(values[c.driver])[0] == pytest.approx(values[c.name], abs=1e-8), c.name
        if c.is_locked:
            assert values[c.name] == pytest.approx(c.default, abs=1e-9)


def test_masses_and_inertia_are_opensims(pair):
    body, model, state = pair
    assert body.mass_kg == pytest.approx(model.getTotalMass(state), rel=1e-12)
    for segment in body.segments:
        theirs = model.getBodySet().get(segment.name)
        centre = theirs.getMassCenter()
        np.testing.assert_allclose(segment.centre_of_mass, [centre.get(i) for i in range(3)], atol=1e-12)
        moments, products = theirs.getInertia().getMoments(), theirs.getInertia().getProducts()
        np.testing.assert_allclose(np.diag(segment.inertia), [moments.get(i) for i in range(3)], atol=1e-12)
        np.testing.assert_allclose(
            segment.inertia[[0, 0, 1], [1, 2, 2]], [products.get(i) for i in range(3)], atol=1e-12
        )


def test_opensim_reads_back_the_motion_file_that_we_write(pair, tmp_path):
    body, model, _ = pair
    poses = [random_pose(body, np.random.default_rng(seed)) for seed in range(3)]
    values = np.array([[pose[c.name] for c in body.coordinates] for pose in poses])
    names = tuple(c.name for c in body.coordinates)
    motion = Motion(names, values, 100.0, 0.0, (), np.empty((3, 0)), np.ones(3), body.hash)
    write_motion(body, motion, tmp_path / "poses.mot")
    storage = opensim.Storage(str(tmp_path / "poses.mot"))
    model.getSimbodyEngine().convertDegreesToRadians(storage)
    for index, name in enumerate(names):
        column = opensim.ArrayDouble()
        storage.getDataColumn(name, column)
        found = [column.get(i) for i in range(column.getSize())]
        np.testing.assert_allclose(found, values[:, index], atol=1e-8, err_msg=name)


def test_coordinates_say_the_same(pair):
    body, model, _ = pair
    for c in body.coordinates:
        theirs = model.getCoordinateSet().get(c.name)
        kinds = {1: "rotation", 2: "translation"}
        assert c.kind == kinds.get(int(theirs.getMotionType()), c.kind), c.name
        assert is_in_degrees(body, c.name) == (int(theirs.getMotionType()) == 1), c.name
        if c.driver is None:
            assert (c.low, c.high, c.default) == (theirs.getRangeMin(), theirs.getRangeMax(), theirs.getDefaultValue())
            assert (c.is_locked, c.is_clamped) == (theirs.getDefaultLocked(), theirs.getDefaultClamped())
