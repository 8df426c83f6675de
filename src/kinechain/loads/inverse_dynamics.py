"""Net moments and powers of a motion, and what the ground reaction leaves unexplained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinechain.body.body import Body
from kinechain.body.osim import is_in_degrees
from kinechain.core.arrays import FloatArray, Immutable, runs_of
from kinechain.core.errors import SettingError, suggest
from kinechain.loads.kinematics import Kinematics
from kinechain.loads.loads import Table
from kinechain.loads.newton_euler import Dynamics, Forces, solve_forces

__all__ = ["InverseDynamics", "moment_labels", "residual_notes", "solve_inverse_dynamics"]

#: Residual force on the root, in body weights, from which a frame is named; an assumption: several times what filters
#: and masses leave in walking (0.06 to 0.1 root mean square in the shared trials).
UNEXPLAINED = 0.25
#: Shorter stretches count neither for nor against; an assumption: less than a tenth of a stance.
BRIEF_S = 0.06


@dataclass(frozen=True, eq=False)
class InverseDynamics(Immutable):
    """What a motion takes.

    Attributes
    ----------
    dynamics : Dynamics
    kinematics : Kinematics
    forces : Forces
        By node, input, coordinate and joint.
    moments : Table, N m (N for translations)
        Internal net moment about every input, positive as the coordinate; those of the root are the residuals.
    powers : Table, W
        Moment times velocity of the same input.
    notes : tuple of str
        Filter and size of the residuals, in sentences.
    """

    dynamics: Dynamics
    kinematics: Kinematics
    forces: Forces
    moments: Table
    powers: Table
    notes: tuple[str, ...] = ()

    @property
    def residuals(self) -> FloatArray:
        """What the ground reaction does not explain: the root's rows of the moments, (time, root input) array."""
        return np.asarray(self.moments.values[:, self.dynamics.tree.is_root == 1])


def solve_inverse_dynamics(
    dynamics: Dynamics, kinematics: Kinematics, external: FloatArray | None = None
) -> InverseDynamics:
    """Return moments, powers and residuals of a motion.

    Parameters
    ----------
    dynamics : Dynamics
    kinematics : Kinematics
        Of the same inputs.
    external : (time, segment, 6) array, N and N m, optional
        As for `kinechain.loads.newton_euler.solve_forces`.

    Raises
    ------
    SettingError
        If the kinematics are of other inputs.
    """
    if kinematics.inputs != dynamics.inputs:
        odd = next((n for n in dynamics.inputs if n not in kinematics.inputs), "")
        raise SettingError(f"the kinematics lack the input '{odd}'. {suggest(odd, kinematics.inputs)}")
    forces = solve_forces(dynamics, kinematics.values, kinematics.velocities, kinematics.accelerations, external)
    moments = Table(dynamics.inputs, forces.inputs, "N m")
    powers = Table(dynamics.inputs, forces.inputs * kinematics.velocities, "W")
    notes = (*kinematics.notes, *residual_notes(dynamics, kinematics, forces.inputs))
    return InverseDynamics(dynamics, kinematics, forces, moments, powers, notes)


def residual_notes(dynamics: Dynamics, kinematics: Kinematics, inputs: FloatArray) -> tuple[str, ...]:
    """Say how large the forces on the root are that nothing outside explains, and when they are too large.

    Parameters
    ----------
    dynamics : Dynamics
    kinematics : Kinematics
    inputs : (time, input) array, N m and N
        Net moments about the inputs.
    """
    return (*_residual_note(dynamics, inputs), *_unexplained_note(dynamics, kinematics, inputs))


def _residual_note(dynamics: Dynamics, inputs: FloatArray) -> tuple[str, ...]:
    """Say how large the forces on the root are that nothing outside explains."""
    tree = dynamics.tree
    root = inputs[:, tree.is_root == 1]
    whole = np.isfinite(root).all(axis=1)
    if not whole.any() or not root.size:
        return ()
    is_angle = tree.is_angle[tree.is_root == 1] == 1
    weight = float(dynamics.mass_kg.sum() * np.linalg.norm(dynamics.gravity))
    force = np.linalg.norm(root[whole][:, ~is_angle], axis=1)
    moment = np.linalg.norm(root[whole][:, is_angle], axis=1)
    return (
        f"Residuals on the root, root mean square and largest: force {_rms(force):.0f} and {force.max():.0f} N "
        f"({100 * _rms(force) / weight:.1f} % of body weight), moment {_rms(moment):.1f} and {moment.max():.1f} N m.",
    )


def _unexplained_note(dynamics: Dynamics, kinematics: Kinematics, inputs: FloatArray) -> tuple[str, ...]:
    """Name the times at which a large part of the weight hangs on nothing: a foot stands on no plate there."""
    tree = dynamics.tree
    root = inputs[:, (tree.is_root == 1) & (tree.is_angle == 0)]
    weight = float(dynamics.mass_kg.sum() * np.linalg.norm(dynamics.gravity))
    if not root.size or weight == 0.0:
        return ()
    size = np.linalg.norm(root, axis=1)
    longest = max(1, round(BRIEF_S * kinematics.rate_hz))
    # Stretches that are almost one are told as one, and a moment's excess not at all.
    large = np.asarray(size > UNEXPLAINED * weight)
    for a, b in runs_of(~large):
        large[a:b] = b - a < longest and 0 < a and b < len(large)
    spans = [(a, b) for a, b in runs_of(large) if b - a >= longest]
    if not spans:
        return ()
    times = kinematics.times_s
    said = ", ".join(f"{times[a]:.2f} to {times[b - 1]:.2f} s" for a, b in spans[:6])
    more = f" and {len(spans) - 6} more stretches" if len(spans) > 6 else ""
    return (
        f"Not to be trusted where forces from outside are lacking or belong to another motion: from {said}{more} more "
        f"than {100 * UNEXPLAINED:.0f} % of body weight is left on the root (up to {np.nanmax(size):.0f} N).",
    )


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def moment_labels(body: Body) -> tuple[str, ...]:
    """Return OpenSim's name of the generalised force of every coordinate, in the body's order.

    Of an imported model a coordinate that OpenSim calls coupled (a patella's) is a force there, though it turns.
    """
    turns = [is_in_degrees(body, c.name) if body.up == "y" else c.kind == "rotation" for c in body.coordinates]
    return tuple(f"{c.name}_{'moment' if t else 'force'}" for c, t in zip(body.coordinates, turns, strict=True))
