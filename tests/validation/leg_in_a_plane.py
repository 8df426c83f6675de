"""A leg in the sagittal plane: `csu_2d_inverse_dynamics`, markers and treadmill forces with their published results.

The reference is the output of leg2d.m (van den Bogert, Hnat, Moore): Newton and Euler by segment with the masses of
Winter 2005.  Its segments follow their own markers, so here each hangs on its parent by two slides and a turn.

The published results were made by a version that gave thigh and shank the mass of the foot: the vertical forces at hip
and knee differ by 0.0145 g per kg of body throughout, which is the foot's share, not the thigh's 0.100.
"""

from pathlib import Path

import numpy as np

from kinechain.body.body import Body, Coordinate, Joint, Segment
from kinechain.loads.kinematics import kinematics_of
from kinechain.loads.newton_euler import dynamics_of, solve_forces
from kinechain.motion.smooth import low_pass
from toy_bodies import IDENTITY, slide, turn

#: As the manifest states it; the file does not.
MASS_KG = 67.2
CUTOFF_HZ = 6.0
#: Winter's share of the body's mass, place of the centre and radius of gyration as shares of the length.
SEGMENTS = {"thigh": (0.100, 0.433, 0.323), "shank": (0.0465, 0.433, 0.302), "foot": (0.0145, 0.500, 0.475)}
#: What the published results were made with.
AS_PUBLISHED = {name: (0.0145, centre, gyration) for name, (_, centre, gyration) in SEGMENTS.items()}
MARKERS = ("shoulder", "hip", "knee", "ankle", "heel", "toe")


def read(folder: Path) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Return times, markers (time, 2) and force and moment about the origin (time, 3), filtered alike."""
    table = np.loadtxt(folder / "rawdata.txt", comments="%")
    for column in table.T:
        missing = ~np.isfinite(column)
        column[missing] = np.interp(np.flatnonzero(missing), np.flatnonzero(~missing), column[~missing])
    smooth = low_pass(table[:, 1:], CUTOFF_HZ, 100.0, 150)
    return table[:, 0], {m: smooth[:, 2 * i : 2 * i + 2] for i, m in enumerate(MARKERS)}, smooth[:, 12:]


Shares = dict[str, tuple[float, float, float]]


def leg(shares: Shares, lengths: dict[str, float], ankle_to_centre: np.ndarray) -> Body:
    segments, joints, coordinates = [], [], []
    parent = "ground"
    for name, (mass, centre, gyration) in shares.items():
        place = ankle_to_centre if name == "foot" else np.array([centre * lengths[name], 0.0])
        about = MASS_KG * mass * (gyration * lengths[name]) ** 2
        segments.append(Segment(name, MASS_KG * mass, np.array([*place, 0.0]), np.diag([1e-9, about, about])))
        mobilities = (
            slide((1, 0, 0), f"{name}_x"),
            slide((0, 1, 0), f"{name}_y"),
            turn((0, 0, 1), f"{name}_angle"),
        )
        joints.append(Joint(name, parent, name, IDENTITY, IDENTITY, mobilities))
        coordinates += [Coordinate(f"{name}_{c}", "translation") for c in "xy"]
        coordinates.append(Coordinate(f"{name}_angle", "rotation"))
        parent = name
    return Body("leg", tuple(segments), tuple(joints), tuple(coordinates), up="y")


def moments_and_forces(folder: Path, shares: Shares) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return angles (time, 3), moments (time, 3), N m/kg, and forces (time, 6), N/kg, as the reference has them."""
    _, markers, plate = read(folder)
    ends = {"trunk": ("shoulder", "hip"), "thigh": ("hip", "knee"), "shank": ("knee", "ankle"), "foot": ("heel", "toe")}
    line = {name: markers[b] - markers[a] for name, (a, b) in ends.items()}
    angle = {name: np.unwrap(np.arctan2(v[:, 1], v[:, 0])) for name, v in line.items()}
    lengths = {name: float(np.linalg.norm(v, axis=1).mean()) for name, v in line.items()}
    middle = 0.5 * (markers["heel"] + markers["toe"]) - markers["ankle"]
    body = leg(shares, lengths, turned(middle, -angle["foot"]).mean(axis=0))
    values = []
    before, parent_angle = np.zeros_like(markers["hip"]), np.zeros(len(plate))
    for name, origin in (("thigh", "hip"), ("shank", "knee"), ("foot", "ankle")):
        values += [*turned(markers[origin] - before, -parent_angle).T, angle[name] - parent_angle]
        before, parent_angle = markers[origin], angle[name]
    dynamics = dynamics_of(body)
    motion = kinematics_of(dynamics.inputs, np.stack(values, axis=1), 100.0)
    external = np.zeros((len(plate), 3, 6))
    external[:, 2, [0, 1, 5]] = plate
    forces = solve_forces(dynamics, motion.values, motion.velocities, motion.accelerations, external)
    wrench = forces.joint_wrench / MASS_KG
    # Hip and knee flexion and plantarflexion are positive: the thigh turns with the angle, shank and foot against it.
    signs = np.array([1.0, -1.0, -1.0])
    angles = np.stack(
        [angle["thigh"] - angle["trunk"], angle["shank"] - angle["thigh"], angle["foot"] - angle["shank"]], axis=1
    )
    return signs * angles, signs * wrench[:, :, 5], wrench[:, :, :2].reshape(-1, 6)


def turned(points: np.ndarray, angle: np.ndarray) -> np.ndarray:
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y = points.T
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=1)
