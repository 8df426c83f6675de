"""Small hand-made bodies for tests."""

import numpy as np

from kinechain.body.body import Body, Coordinate, Function, Joint, Marker, Mobility, Segment

IDENTITY = np.eye(4)
BEND = Function(
    knots=np.array([-0.5, 0.5, 1.5, 2.5]),
    coefficients=np.array([[0.0, 0.01, 0.002, 0.001], [0.013, 0.017, -0.004, 0.0005], [0.0265, 0.0105, -0.0025, 0.0]]),
)


def at(x: float, y: float, z: float) -> np.ndarray:
    out = np.eye(4)
    out[:3, 3] = (x, y, z)
    return out


def turned(axis: tuple[float, float, float], angle: float, place: tuple[float, float, float]) -> np.ndarray:
    """Rotation by Rodrigues' formula, written out here so that tests do not lean on the code they test."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    out = at(*place)
    out[:3, :3] = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return out


def turn(axis: tuple[float, float, float], coordinate: str | None, function: Function | None = None) -> Mobility:
    return Mobility("rotation", np.array(axis), coordinate, function or Function.linear(1.0))


def slide(axis: tuple[float, float, float], coordinate: str | None, function: Function | None = None) -> Mobility:
    return Mobility("translation", np.array(axis), coordinate, function or Function.linear(1.0))


def segment(name: str) -> Segment:
    return Segment(name, 1.0, np.zeros(3), 0.01 * np.eye(3))


def arm() -> Body:
    """Two links of 1 m in the x-z plane, hinged at the origin; angles turn z towards x."""
    return Body(
        "arm",
        (segment("upper"), segment("lower")),
        (
            Joint("shoulder", "ground", "upper", IDENTITY, IDENTITY, (turn((0, 1, 0), "shoulder"),)),
            Joint("elbow", "upper", "lower", at(0, 0, 1), IDENTITY, (turn((0, 1, 0), "elbow"),)),
        ),
        (Coordinate("shoulder", "rotation"), Coordinate("elbow", "rotation", 0.0, 2.5, is_clamped=True)),
        (
            Marker("elbow", "upper", np.array([0, 0, 1.0])),
            Marker("hand", "lower", np.array([0, 0, 1.0])),
            Marker("side", "lower", np.array([0.0, 0.1, 0.5])),
        ),
    )


def leg() -> Body:
    """A free pelvis and one leg: a spline knee that slides, coupled tibial rotation and patella, a locked toe."""
    generator = np.random.default_rng(1)
    names = ("pelvis", "thigh", "shank", "foot", "patella")
    markers = tuple(Marker(f"{n}_{i}", n, 0.1 * generator.normal(size=3)) for n in names for i in range(3))
    joints = (
        Joint(
            "root",
            "ground",
            "pelvis",
            IDENTITY,
            IDENTITY,
            (
                *(slide(axis, c) for axis, c in (((1, 0, 0), "tx"), ((0, 1, 0), "ty"), ((0, 0, 1), "tz"))),
                *(turn(axis, c) for axis, c in (((0, 0, 1), "yaw"), ((1, 0, 0), "obliquity"), ((0, 1, 0), "tilt"))),
            ),
        ),
        Joint(
            "hip",
            "pelvis",
            "thigh",
            turned((0.1, 0.2, 1), 0.2, (0, -0.1, -0.05)),
            IDENTITY,
            (turn((0, -1, 0), "hip_flexion"), turn((1, 0, 0), "hip_adduction"), turn((0, 0, 1), "hip_rotation")),
        ),
        Joint(
            "knee",
            "thigh",
            "shank",
            at(0, 0, -0.4),
            turned((1, 0, 0), 0.1, (0, 0, 0.02)),
            (
                turn((0.0, 1, 0.1), "knee"),
                slide((1, 0, 0), "knee", BEND),
                slide((0, 0, 1), None, Function.constant(0.01)),
                turn((0, 0, 1), "tibial_rotation", Function.linear(-1.0)),
            ),
        ),
        Joint(
            "ankle", "shank", "foot", at(0, 0, -0.4), IDENTITY, (turn((0.1, -1, 0.3), "ankle"), turn((0, 1, 0), "toe"))
        ),
        Joint("patella", "thigh", "patella", at(0.04, 0, -0.36), IDENTITY, (turn((0, 1, 0), "patella"),)),
    )
    coordinates = (
        *(Coordinate(c, "translation") for c in ("tx", "ty", "tz")),
        *(Coordinate(c, "rotation") for c in ("yaw", "obliquity", "tilt")),
        *(Coordinate(c, "rotation") for c in ("hip_flexion", "hip_adduction", "hip_rotation")),
        Coordinate("patella", "rotation", driver="tibial_rotation", coupling=Function.linear(3.0)),
        Coordinate("tibial_rotation", "rotation", driver="knee", coupling=Function.linear(0.2, 0.01)),
        Coordinate("knee", "rotation", 0.0, 2.2, is_clamped=True),
        Coordinate("ankle", "rotation", -1.0, 1.0),
        Coordinate("toe", "rotation", default=0.3, is_locked=True),
    )
    return Body("leg", tuple(segment(n) for n in names), joints, coordinates, markers)


def leg_values(frames: int, **columns: float | np.ndarray) -> np.ndarray:
    """Values (time, coordinate) of ``leg``, defaults where not given; driven columns filled by hand."""
    body = leg()
    values = np.tile([c.default for c in body.coordinates], (frames, 1))
    names = [c.name for c in body.coordinates]
    for name, column in columns.items():
        values[:, names.index(name)] = column
    knee = values[:, names.index("knee")]
    values[:, names.index("tibial_rotation")] = 0.2 * knee + 0.01
    values[:, names.index("patella")] = 3.0 * (0.2 * knee + 0.01)
    return values


def random_leg_values(generator: np.random.Generator, frames: int) -> np.ndarray:
    """Random poses of ``leg`` inside its ranges and far from gimbal lock."""
    uniform = generator.uniform
    return leg_values(
        frames,
        **{c: uniform(-2, 2, frames) for c in ("tx", "ty", "tz")},
        yaw=uniform(-3, 3, frames),
        obliquity=uniform(-0.6, 0.6, frames),
        tilt=uniform(-0.6, 0.6, frames),
        hip_flexion=uniform(-0.5, 1.2, frames),
        hip_adduction=uniform(-0.5, 0.5, frames),
        hip_rotation=uniform(-0.5, 0.5, frames),
        knee=uniform(0.05, 2.1, frames),
        ankle=uniform(-0.8, 0.8, frames),
    )
