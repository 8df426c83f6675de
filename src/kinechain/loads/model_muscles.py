"""Muscle forces and joint reactions of an imported model, as StaticOptimization and JointReaction give them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kinechain.body.body import Body
from kinechain.body.muscle import Musculature
from kinechain.core.arrays import FloatArray, Immutable
from kinechain.core.errors import RecordingError
from kinechain.loads.external_loads import ExternalLoads
from kinechain.loads.inverse_dynamics import residual_notes
from kinechain.loads.joint_reactions import PathLoads, opensim_plan, solve_reactions
from kinechain.loads.kinematics import Kinematics, motion_kinematics
from kinechain.loads.loads import JointReaction, Table
from kinechain.loads.model_dynamics import external_of
from kinechain.loads.muscle_forces import (
    MuscleForces,
    MuscleSettings,
    chunks,
    gather,
    plan_muscles,
    share_forces,
)
from kinechain.loads.newton_euler import dynamics_of, solve_forces
from kinechain.motion.motion import Motion
from kinechain.recording.writers.mot import write_mot
from kinechain.recording.writers.parquet import write_parquet

__all__ = ["ModelLoads", "model_muscles", "muscle_table", "write_muscles"]


@dataclass(frozen=True, eq=False)
class ModelLoads(Immutable):
    """What a motion costs a model.

    Attributes
    ----------
    kinematics : Kinematics
    moments : Table, N m (N for translations)
        About every free coordinate, all that follows it folded in; those of the root are the residuals.
    muscles : MuscleForces
    reactions : tuple of JointReaction
        Of every joint, on the child and in its axes, at the joint's frame in it.
    notes : tuple of str
    """

    kinematics: Kinematics
    moments: Table
    muscles: MuscleForces
    reactions: tuple[JointReaction, ...]
    notes: tuple[str, ...] = ()


def model_muscles(
    body: Body,
    musculature: Musculature,
    motion: Motion,
    loads: ExternalLoads | None = None,
    settings: MuscleSettings | None = None,
    cutoff_hz: float | None = 6.0,
    times_s: tuple[float, float] | None = None,
    strengths: FloatArray | None = None,
) -> ModelLoads:
    """Return muscle forces and joint reactions of a model's motion.

    Parameters
    ----------
    body : Body
        Imported; locked coordinates are held.
    musculature : Musculature
        Of the same file.
    motion : Motion
        Not filtered.
    loads : ExternalLoads, optional
        Not filtered further, as in OpenSim.
    settings : MuscleSettings, optional
    cutoff_hz : float or None
        Low-pass cut-off for the coordinates; None filters nothing.
    times_s : (float, float), optional
        Muscles are solved between these times only, both ends included; the filter sees the whole motion.
    strengths : (time, muscle) array, N, optional
        Force at full activation at the solved times, in place of the one computed here.

    Raises
    ------
    RecordingError
        If the motion has no frame between the times, or lies outside those of the loads.
    SettingError
        If a setting names a muscle, a group or a row that is not there.
    """
    dynamics = dynamics_of(body)
    kinematics = motion_kinematics(dynamics.tree, motion, cutoff_hz)
    external, notes = external_of(body, dynamics, kinematics, motion, loads)
    if times_s is not None:
        half = 0.5 / kinematics.rate_hz
        wanted = (kinematics.times_s > times_s[0] - half) & (kinematics.times_s < times_s[1] + half)
        if not wanted.any():
            raise RecordingError(
                f"no frame lies between {times_s[0]:g} and {times_s[1]:g} s; the motion runs from "
                f"{kinematics.times_s[0]:.2f} to {kinematics.times_s[-1]:.2f} s"
            )
        first, last = int(np.argmax(wanted)), len(wanted) - int(np.argmax(wanted[::-1]))
        kinematics, external = kinematics.cut(first, last), None if external is None else external[first:last]
    plan = plan_muscles(body, musculature, settings)
    joints = [j.name for j in body.joints]
    report = opensim_plan(body, dynamics, joints, ["child"] * len(joints), ["child"] * len(joints))
    parts, moments, reactions = [], [], []
    for a, b in chunks(len(kinematics.values)):
        moving, push = kinematics.cut(a, b), None if external is None else external[a:b]
        forces = solve_forces(dynamics, moving.values, moving.velocities, moving.accelerations, push)
        given = None if strengths is None else strengths[a:b]
        part = share_forces(plan, moving.values, moving.velocities, forces.nodes, strengths=given, with_loads=True)
        pull = PathLoads(plan.paths.load_path, plan.paths.load_segment, part.loads)
        reactions.append(solve_reactions(dynamics, report, moving.values, forces.joint_wrench, part.forces, pull))
        moments.append(forces.inputs)
        empty = np.empty((b - a, 0))
        parts.append(replace(part, loads=np.empty((b - a, 0, 6)), arms=empty, slopes=empty))
    muscles, found, asked = gather(plan, parts), np.concatenate(reactions), np.concatenate(moments)
    residuals = residual_notes(dynamics, kinematics, asked) if loads else ()
    return ModelLoads(
        kinematics,
        Table(dynamics.inputs, asked, "N m"),
        muscles,
        tuple(JointReaction(name, found[:, j, :3], found[:, j, 3:]) for j, name in enumerate(joints)),
        (*motion.notes, *(loads.notes if loads else ()), *kinematics.notes, *notes, *residuals, *muscles.notes),
    )


def muscle_table(
    muscles: Table, activations: Table, reserves: Table, reactions: tuple[JointReaction, ...] = ()
) -> tuple[list[str], list[str], FloatArray]:
    """Return names, units and columns: activations, forces, reserves, joint reactions.

    Parameters
    ----------
    muscles, activations, reserves : Table
    reactions : tuple of JointReaction
    """
    tables = ((activations, "activation"), (muscles, "force"), (reserves, "reserve"))
    names = [f"{label}_{what}" for table, what in tables for label in table.labels]
    units = [table.unit for table, _ in tables for _ in table.labels]
    columns = [table.values for table, _ in tables]
    for reaction in reactions:
        names += [f"{reaction.joint}_{what}{axis}" for what in "fm" for axis in "xyz"]
        units += ["N"] * 3 + ["N m"] * 3
        columns += [reaction.force, reaction.moment]
    return names, units, np.concatenate(columns, axis=1)


def write_muscles(table: tuple[list[str], list[str], FloatArray], times_s: FloatArray, path: Path, frame: str) -> None:
    """Write muscle forces, and what goes with them, as a table against time.

    Parameters
    ----------
    table : names, units and columns
        Of `muscle_table`.
    times_s : (time,) array, s
    path : path
        ``.sto`` or ``.mot``, or ``.parquet``.
    frame : str
        In which axes joint reactions stand, in words.
    """
    names, units, values = table
    if re.fullmatch(r"\.parquet", path.suffix, re.IGNORECASE):
        write_parquet(names, units, values, times_s, path, frame)
        return
    write_mot(names, ["as it is"] * len(names), values, times_s, path, [f"forces in N, moments in N m; {frame}"])
