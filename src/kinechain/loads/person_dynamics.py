"""Inverse dynamics of a person from files: body, motion, ground reaction, moments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.care.person.person import Person
from kinechain.core.errors import RecordingError
from kinechain.loads.ground import ground_reaction, segment_wrenches
from kinechain.loads.inverse_dynamics import InverseDynamics, solve_inverse_dynamics
from kinechain.loads.kinematics import motion_kinematics
from kinechain.loads.loads import LoadSettings
from kinechain.loads.newton_euler import dynamics_of
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.recording.join import join_plates
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording

__all__ = ["person_inverse_dynamics", "person_walk", "trial_sentences"]


def person_walk(
    person: Person,
    recording: Path,
    static: Path | None,
    forces: Path | None,
    settings: LoadSettings,
    say: Callable[[str], None],
) -> tuple[Body, GaitTrial]:
    """Fit a person's body and solve a walk.

    Parameters
    ----------
    person : Person
        Its own standing trial is used if none is given.
    recording : path
    static : path, optional
        Standing trial; without any the body is scaled from size.
    forces : path, optional
        Table of plates beside the markers, where the recording does not hold them.
    settings : LoadSettings
        ``cutoff_hz`` is used.
    say : callable
        Called with one short sentence per step.

    Raises
    ------
    InputError
        If a file cannot be used, or nobody walks in it.
    """
    say("Reading the recording")
    trial = prepare_recording(_with_forces(read_recording(recording), forces))
    standing = static or (Path(person.static) if person.static else None)
    still = prepare_recording(read_recording(standing)) if standing else None
    say("Fitting the body")
    size = BodySize(
        mass_kg=person.mass_kg,
        height_m=person.height_m,
        sex=person.sex,
        age_years=person.age_years,
        foot_length_m=person.foot_length_m,
    )
    body = fit_body(size, static=still, recording=trial)
    say("Solving the motion")
    return body, analyze_gait(body, trial, settings.cutoff_hz, least_cycles=0)


def person_inverse_dynamics(
    person: Person,
    recording: Path,
    static: Path | None,
    forces: Path | None,
    settings: LoadSettings,
    say: Callable[[str], None],
) -> tuple[Body, InverseDynamics]:
    """Fit a person's body, solve a walk, and return the moments it takes.

    Parameters
    ----------
    person, recording, static, forces, say
        As for `person_walk`.
    settings : LoadSettings
        ``cutoff_hz`` and ``ground`` are used.

    Raises
    ------
    InputError
        If a file cannot be used, or nobody walks in it.
    """
    body, gait = person_walk(person, recording, static, forces, settings, say)
    say("Finding the ground reaction")
    ground = ground_reaction(body, gait, settings)
    say("Computing moments")
    dynamics = dynamics_of(body)
    kinematics = motion_kinematics(dynamics.tree, gait.motion)
    result = solve_inverse_dynamics(dynamics, kinematics, segment_wrenches(body, gait.motion, ground))
    notes = (*body.notes, *gait.motion.notes, *trial_sentences(gait), *ground.notes, *result.notes)
    return body, InverseDynamics(dynamics, kinematics, result.forces, result.moments, result.powers, notes)


def trial_sentences(gait: GaitTrial) -> tuple[str, ...]:
    """Return what was found wrong with the plates of a trial, what was done about it, and that somebody runs in it.

    Parameters
    ----------
    gait : GaitTrial
    """
    plates = tuple(n.text for n in gait.recording.notes if n.code.startswith("plates.") and n.kind != "found")
    if not gait.is_running:
        return plates
    name = gait.recording.name
    return (*plates, f"{name}: this is running; predicted ground reactions and loads were checked in walking only.")


def _with_forces(trial: Recording, forces: Path | None) -> Recording:
    if forces is None:
        return trial
    table = read_recording(forces)
    if not table.plates:
        raise RecordingError(
            f"{forces.name} holds no force plates; give a table with the force of each plate and where it acts, such "
            "as ground_force_1_vx and ground_force_1_px"
        )
    return join_plates(trial, table)
