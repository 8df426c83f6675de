"""One stride that a body can walk: joint angles near the mean curves, feet that stay put, and Newton's laws.

Angles measured on many people and averaged are no motion of one body: carried out by it they ask the ground for
forces no foot could give.  So the stride is planned.  Its unknowns are the Fourier coefficients of the coordinates that
move, the place of each foot and the length of the stride; wanted, in the sense of least squares, each within what is
stated below, are

* the mean curves, with what is changed on purpose,
* contacts that rest on the floor while they carry, and clear it in swing; steps of one length,
* no moment about the pelvis beyond what the ground gives: the force the whole body needs, from a centre of pressure
  that travels under each foot, passed from foot to foot as walking does (`kinechain.loads.predicted_ground`),
* small moments at the joints.

The Jacobian is taken frame by frame, by differences in positions, velocities and accelerations, so one Gauss-Newton
step costs a fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kinechain.body.body import Body, Marker
from kinechain.body.pose import marker_positions, segment_poses
from kinechain.core.arrays import FloatArray, cross
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.demonstration.stride import HARMONICS, Stride, basis
from kinechain.loads.contact_phases import TRAILING_SHARE
from kinechain.loads.foot_contact import sole_of, sole_paths
from kinechain.loads.newton_euler import Dynamics, dynamics_of, solve_forces
from kinechain.loads.predicted_ground import LEAN, PROGRESS_ALONG, PROGRESS_OUTWARD
from kinechain.recording.recording import Side

__all__ = ["CONTACTS", "STANCE_FRACTION", "plan_stride"]

#: Landmarks of one foot that may touch the ground, and from when to when they rest, in parts of the stride from the
#: strike of their foot.  Assumption: heel to toe, as the phases of walking are usually told.
CONTACTS = ("heel", "metatarsal_1_head", "metatarsal_5_head", "hallux_tip")
RESTS = ((0.0, 0.33), (0.12, 0.54), (0.12, 0.52), (0.14, 0.61))
SIDES: tuple[Side, Side] = ("right", "left")
#: Share of the stride in which a foot carries.  Declared for this demonstration.
STANCE_FRACTION = 0.62
#: Frames of one stride at which all is asked.
FRAMES = 50

#: How near each thing is wanted, one standard deviation.  Assumptions, weighed against each other by the tests' bounds.
#: A contact at rest; how high and how surely it clears the floor in swing, m.
REST_M, CLEARANCE_M, CLEARANCE_SD_M = 0.0015, 0.008, 0.0015
#: Half a stride from foot to foot, in each frame, m.
STEP_M = 0.03
#: The knee about the peak of swing, where the stated asymmetry lies: from, to (parts of the stride) and within, rad.
SWING_KNEE, SWING_KNEE_RAD = (0.64, 0.82), np.deg2rad(0.5)
#: The moment at the pelvis that the ground does not explain; that about the vertical is wanted by so much less, for
#: friction under the soles holds some of it.
PELVIS_MOMENT_NM, FREE_MOMENT = 4.0, 3.0
#: Moments at the joints: about their usual size in walking, more where muscles are strong.
MOMENT_NM_PER_KG = {
    "hip_flexion": 0.8,
    "hip_adduction": 0.8,
    "hip_rotation": 0.3,
    "knee_flexion": 0.4,
    "ankle_dorsiflexion": 2.0,
    "lumbar_flexion": 0.3,
    "lumbar_bending": 0.3,
    "lumbar_rotation": 0.3,
}
#: The vertical force about body weight, in body weights.
VERTICAL_BW = 0.15
#: Distance from the mean curves, deg; coordinates that are not named keep to them, translations are as good as free.
NEAR_DEG = {
    "pelvis_rotation": 3.0,
    "pelvis_obliquity": 2.0,
    "pelvis_tilt": 2.0,
    "lumbar_flexion": 3.0,
    "lumbar_bending": 3.0,
    "lumbar_rotation": 4.0,
    "hip_flexion": 1.5,
    "hip_adduction": 2.5,
    "hip_rotation": 3.0,
    "knee_flexion": 4.0,
    "ankle_dorsiflexion": 3.0,
    "subtalar_eversion": 1.5,
    "mtp_dorsiflexion": 8.0,
    "shoulder_flexion": 10.0,
    "elbow_flexion": 10.0,
}
TRANSLATIONS, NEAR_M = ("pelvis_tx", "pelvis_ty", "pelvis_tz"), 0.3
#: From this harmonic on coefficients are kept the nearer to the curves the faster they are.
SMOOTH_HARMONIC = 3.0


@dataclass(frozen=True, eq=False)
class _Problem:
    """What one stride of a body is asked for.

    Attributes
    ----------
    body : Body
    wanted : (coordinate, 1 + 2 * HARMONICS) array, rad or m
        The mean curves, with what is changed on purpose.
    stride_time_s : float
    """

    body: Body
    wanted: FloatArray
    stride_time_s: float

    @cached_property
    def dynamics(self) -> Dynamics:
        return dynamics_of(self.body)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.body.coordinates)

    @cached_property
    def moving(self) -> list[int]:
        """Coordinates whose coefficients are looked for."""
        return [i for i, n in enumerate(self.names) if n in TRANSLATIONS or _stem(n) in NEAR_DEG]

    @cached_property
    def near(self) -> FloatArray:
        """Standard deviation of every coefficient that is looked for, (coordinate, 1 + 2 * HARMONICS)."""
        sd = np.array([NEAR_M if n in TRANSLATIONS else np.deg2rad(NEAR_DEG[_stem(n)]) for n in self._moving_names])
        order = np.concatenate([[0], np.arange(1, HARMONICS + 1), np.arange(1, HARMONICS + 1)])
        return np.asarray(sd[:, None] / (1.0 + (order / SMOOTH_HARMONIC) ** 2))

    @property
    def _moving_names(self) -> list[str]:
        return [self.names[i] for i in self.moving]

    @cached_property
    def phase(self) -> FloatArray:
        return np.arange(FRAMES) / FRAMES

    @cached_property
    def within(self) -> FloatArray:
        """Phase of each foot since its own strike, (time, foot)."""
        return np.asarray((self.phase[:, None] - np.array([0.0, 0.5])) % 1.0)

    @cached_property
    def behind(self) -> FloatArray:
        """Strides by which the foot stands behind its place, (time, foot)."""
        return np.asarray(np.floor(self.phase[:, None] - np.array([0.0, 0.5])))

    @cached_property
    def rest(self) -> FloatArray:
        """How far each contact rests, 0 to 1, (time, foot, contact)."""
        ramp = 0.03
        begin, end = np.array(RESTS).T
        at = self.within[:, :, None]
        return np.asarray(np.clip(np.minimum((at - begin) / ramp, (end - at) / ramp) + 0.5, 0.0, 1.0))

    @cached_property
    def clearance(self) -> FloatArray:
        """How high the contacts of each foot are wanted at the least, (time, foot, 1), m: in swing, up and down."""
        part = np.clip((self.within - STANCE_FRACTION) / (1.0 - STANCE_FRACTION), 0.0, 1.0)
        return np.asarray(CLEARANCE_M * np.sin(np.pi * part)[:, :, None] ** 2)

    @cached_property
    def share(self) -> FloatArray:
        """Part of the force on each foot, (time, foot)."""
        double = STANCE_FRACTION - 0.5
        passed = np.array(TRAILING_SHARE)
        grid = np.linspace(0.0, 1.0, len(passed))
        at = self.within[:, 0]
        right = np.where(at < double, 1.0 - np.interp(at / double, grid, passed), (at < STANCE_FRACTION) * 1.0)
        late = (at >= 0.5) & (at < STANCE_FRACTION)
        right = np.where(late, np.interp((at - 0.5) / double, grid, passed), right)
        return np.stack([right, 1.0 - right], axis=1)

    @cached_property
    def marks(self) -> tuple[Marker, ...]:
        """The contacts of the right foot, then of the left."""
        return tuple(self.body.landmark(f"{name}_{side}") for side in "rl" for name in CONTACTS)

    @cached_property
    def soles(self) -> tuple[FloatArray, FloatArray]:
        """Contacts of the feet at rest, (foot, contact, 3), and centre of pressure, (time, foot, 2), from the heel.

        A foot that is everted on purpose stands a little lower on its inner side and higher on its outer.
        """
        neutral = np.zeros((1, len(self.names)))
        turned = [i for i, name in enumerate(self.names) if name.startswith("subtalar_eversion")]
        everted = neutral.copy()
        everted[0, turned] = self.wanted[turned, 0]
        flat, rest = (marker_positions(self.body, self.marks, v)[0].reshape(2, -1, 3) for v in (neutral, everted))
        floor = flat[..., 2].min(axis=1) + (rest - flat)[:, :3, 2].mean(axis=1)
        poses = segment_poses(self.body, everted)
        path = [self._pressure(poses, foot) - rest[foot, 0, :2] for foot in range(2)]
        rest = rest - np.concatenate([rest[:, 0, :2], floor[:, None]], axis=1)[:, None]
        return rest, np.stack(path, axis=1)

    def _pressure(self, poses: FloatArray, foot: int) -> FloatArray:
        """Return where the prediction looks for the centre of pressure of a foot that stands so, (time, 2)."""
        sole = sole_of(self.body, SIDES[foot])
        points = sole_paths(sole, poses)[0, :, :2]
        heel, second = points[np.flatnonzero(sole.regions == 0)[0]], points[np.flatnonzero(sole.regions == 2)[-1]]
        ahead = (second - heel) / np.linalg.norm(second - heel)
        outward = np.array([ahead[1], -ahead[0]]) * (1.0 if foot == 0 else -1.0)
        part = np.clip(self.within[:, foot] / STANCE_FRACTION, 0.0, 1.0)
        grid = np.linspace(0.0, 1.0, len(PROGRESS_ALONG))
        along, aside = (sole.length_m * np.interp(part, grid, curve) for curve in (PROGRESS_ALONG, PROGRESS_OUTWARD))
        return np.asarray(heel + along[:, None] * ahead + aside[:, None] * outward)

    @cached_property
    def moment_columns(self) -> tuple[list[int], FloatArray]:
        """Inputs whose moment is kept small, and within what, N m."""
        inputs = self.dynamics.inputs
        columns = [i for i, n in enumerate(inputs) if _stem(n) in MOMENT_NM_PER_KG]
        return columns, np.array([MOMENT_NM_PER_KG[_stem(inputs[i])] for i in columns]) * self.body.mass_kg

    def residuals(
        self, q: FloatArray, dq: FloatArray, ddq: FloatArray, places: FloatArray, length: float
    ) -> FloatArray:
        """Return what is wrong in each frame, in standard deviations, (time, kind).

        The frames may be those of several strides, one after another.
        """
        times, again = len(q), len(q) // FRAMES
        cos, sin = np.cos(places[:, 2]), np.sin(places[:, 2])
        turn = np.array([[cos, -sin], [sin, cos]]).transpose(2, 0, 1)
        shift = places[:, :2] + length * np.tile(self.behind, (again, 1))[..., None] * np.array([1.0, 0.0])
        rest, path = self.soles
        stands = np.einsum("fij,fcj->fci", turn, rest[..., :2]) + shift[:, :, None]
        pressure = np.einsum("fij,tfj->tfi", turn, np.tile(path, (again, 1, 1))) + shift
        found = marker_positions(self.body, self.marks, q).reshape(times, 2, len(CONTACTS), 3)
        resting = np.tile(self.rest, (again, 1, 1))
        height = found[..., 2] - rest[..., 2]
        kinds = (
            resting[..., None] * (found[..., :2] - stands) / REST_M,
            resting * height / REST_M,
            (1.0 - resting) * np.minimum(0.0, height - np.tile(self.clearance, (again, 1, 1))) / CLEARANCE_SD_M,
            np.full((times, 1), (places[1, 0] - places[0, 0] - 0.5 * length) / STEP_M),
            self._knees(q),
            self._moments(q, dq, ddq, pressure, np.tile(self.share, (again, 1))),
        )
        return np.concatenate([kind.reshape(times, -1) for kind in kinds], axis=1)

    def _knees(self, q: FloatArray) -> FloatArray:
        """Return how far the knees are from what is stated of them, in swing."""
        columns = [self.names.index(f"knee_flexion_{side}") for side in "rl"]
        stated = basis(self.phase) @ self.wanted[columns].T
        in_swing = (self.within > SWING_KNEE[0]) & (self.within < SWING_KNEE[1])
        again = (len(q) // FRAMES, 1)
        return np.asarray(np.tile(in_swing, again) * (q[:, columns] - np.tile(stated, again)) / SWING_KNEE_RAD)

    def _moments(
        self, q: FloatArray, dq: FloatArray, ddq: FloatArray, pressure: FloatArray, share: FloatArray
    ) -> FloatArray:
        """Return moments of the pelvis that the ground does not explain, and those at the joints."""
        inputs = self.dynamics.tree.inputs
        root = 0
        z, dz, ddz = (np.ascontiguousarray(v[:, inputs]) for v in (q, dq, ddq))
        force = solve_forces(self.dynamics, z, dz, ddz).joint_wrench[:, root, :3]
        weight = self.body.mass_kg * GRAVITY_M_S2
        # In double support the feet lean to each other, their sum unchanged.
        lean = LEAN * share[:, 0] * share[:, 1] * force[:, 2] * (pressure[:, 0, 0] - pressure[:, 1, 0]) / q[:, 2]
        external = np.zeros((len(q), len(self.body.segments), 6))
        segments = [s.name for s in self.body.segments]
        for foot, (side, sign) in enumerate((("r", -1.0), ("l", 1.0))):
            push = share[:, foot, None] * force
            push[:, 0] += sign * lean
            at = np.concatenate([pressure[:, foot], np.zeros((len(q), 1))], axis=1)
            external[:, segments.index(f"calcaneus_{side}")] = np.concatenate([push, cross(at, push)], axis=1)
        solved = solve_forces(self.dynamics, z, dz, ddz, external)
        left = solved.joint_wrench[:, root, 3:] / (PELVIS_MOMENT_NM * np.array([1.0, 1.0, FREE_MOMENT]))
        columns, sd = self.moment_columns
        vertical = (force[:, 2:] / weight - 1.0) / VERTICAL_BW
        return np.concatenate([left, solved.inputs[:, columns] / sd, vertical], axis=1)


def _stem(name: str) -> str:
    return name.removesuffix("_r").removesuffix("_l")


def plan_stride(body: Body, wanted: FloatArray, stride_time_s: float, start: Stride) -> Stride:
    """Return the stride that a body can walk and that is nearest to what is wanted.

    Parameters
    ----------
    body : Body
        Of our tables, with the mass of the person; z up.
    wanted : (coordinate, 1 + 2 * HARMONICS) array, rad
        Coefficients of the mean curves, with what is changed on purpose; translations of the pelvis are not looked at.
    stride_time_s : float
    start : Stride
        Where the search begins.  One that meets all as well as it says is taken as it is.

    Returns
    -------
    Stride
        With its cost: half a sum of squares, the least that Gauss-Newton steps find.
    """
    problem = _Problem(body, wanted, stride_time_s)
    stride = replace(start, cost=_cost(problem, start))
    if stride.cost <= (1.0 + SAME_COST) * start.cost:
        return start
    damping = 1e-3
    for _ in range(MOST_STEPS):
        gradient, square = _normal_equations(problem, stride)
        better, damping = _step(problem, stride, gradient, square, damping)
        gain = stride.cost - better.cost
        stride = better
        if gain < LEAST_GAIN * stride.cost:
            break
    return stride


#: A stored stride serves if it costs no more than this part above what it says; the search ends when a step gains less
#: than this part, or after so many steps.
SAME_COST, LEAST_GAIN, MOST_STEPS = 1e-3, 1e-5, 40


def _step(
    problem: _Problem, stride: Stride, gradient: FloatArray, square: FloatArray, damping: float
) -> tuple[Stride, float]:
    """Return the stride after one damped Gauss-Newton step that costs less, and the damping of the next."""
    while damping < 1e6:
        matrix = square + damping * np.diag(np.diag(square))
        trial = _moved(problem, stride, -np.asarray(np.linalg.solve(matrix, gradient)))
        if trial.cost < stride.cost:
            return trial, max(damping / 4.0, 1e-9)
        damping *= 4.0
    return stride, damping


def _state(problem: _Problem, stride: Stride) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return values, velocities and accelerations of all coordinates at the frames of the problem."""
    rate = 1.0 / problem.stride_time_s
    q, dq, ddq = (basis(problem.phase, k) @ stride.coefficients.T * rate**k for k in range(3))
    q[:, 0] += stride.length_m * problem.phase
    dq[:, 0] += stride.length_m * rate
    return q, dq, ddq


def _off(problem: _Problem, stride: Stride) -> FloatArray:
    """Return how far the coefficients are from the curves, in standard deviations."""
    apart = (stride.coefficients - problem.wanted)[problem.moving] / problem.near
    return np.asarray(np.sqrt(FRAMES / 2.0) * apart)


def _cost(problem: _Problem, stride: Stride) -> float:
    wrong = problem.residuals(*_state(problem, stride), stride.places, stride.length_m)
    return 0.5 * float((wrong**2).sum() + (_off(problem, stride) ** 2).sum())


def _moved(problem: _Problem, stride: Stride, step: FloatArray) -> Stride:
    count = problem.near.size
    coefficients = stride.coefficients.copy()
    coefficients[problem.moving] += step[:count].reshape(problem.near.shape)
    places = stride.places + step[count:-1].reshape(2, 3)
    moved = Stride(coefficients, places, stride.length_m + float(step[-1]), 0.0)
    return replace(moved, cost=_cost(problem, moved))


def _normal_equations(problem: _Problem, stride: Stride) -> tuple[FloatArray, FloatArray]:
    """Return gradient and approximate Hessian by every unknown: coefficients, places of the feet, length."""
    state = _state(problem, stride)
    base = problem.residuals(*state, stride.places, stride.length_m)
    moving, count = problem.moving, problem.near.size
    steps = (1e-6, 1e-5, 1e-4)
    stacked = [np.tile(s, (3 * len(moving), 1, 1)) for s in state]
    for order in range(3):
        for i, c in enumerate(moving):
            stacked[order][order * len(moving) + i, :, c] += steps[order]
    q, dq, ddq = (rows.reshape(-1, rows.shape[-1]) for rows in stacked)
    local = problem.residuals(q, dq, ddq, stride.places, stride.length_m).reshape(3, len(moving), FRAMES, -1) - base
    local /= np.array(steps)[:, None, None, None]
    rate = 1.0 / problem.stride_time_s
    of_phase = np.stack([basis(problem.phase, k) * rate**k for k in range(3)])
    jacobian = np.einsum("dctr,dtb->trcb", local, of_phase, optimize=True).reshape(base.size, count)
    more = np.empty((base.size, 7))
    for k in range(7):
        shifted = _moved(problem, stride, np.eye(count + 7)[count + k] * 1e-6)
        wrong = problem.residuals(*_state(problem, shifted), shifted.places, shifted.length_m)
        more[:, k] = (wrong - base).ravel() / 1e-6
    jacobian = np.concatenate([jacobian, more], axis=1)
    gradient, square = jacobian.T @ base.ravel(), jacobian.T @ jacobian
    weight = np.sqrt(FRAMES / 2.0) / problem.near.ravel()
    gradient[:count] += weight * _off(problem, stride).ravel()
    square[np.arange(count), np.arange(count)] += weight**2
    return gradient, square
