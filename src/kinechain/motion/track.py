"""From files to a motion: a recording, and a model or a person it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from kinechain.body.body import Body
from kinechain.body.osim import coordinate_targets, read_ik_setup, read_osim, with_ik_weights
from kinechain.care.person.person import Person
from kinechain.core.errors import RecordingError
from kinechain.motion.inverse_kinematics import IkSettings, solve_motion
from kinechain.motion.motion import Motion
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Markers, Recording

__all__ = ["cut_recording", "solve_model_motion", "track_model", "track_person"]

Say = Callable[[str], None]


def track_model(model: Path, recording: Path, setup: Path | None, say: Say) -> tuple[Body, Motion]:
    """Solve the motion of an OpenSim model.

    Parameters
    ----------
    model : path
        ``.osim``, scaled to the person, with markers named as in the recording.
    recording : path
        A TRC file is taken to stand in OpenSim's axes; a C3D is brought into the world frame, then turned.
    setup : path, optional
        ``InverseKinematicsTool`` setup: marker weights, coordinate tasks and time range.  Without it every
        marker of the model counts alike.
    say : callable
        Called with one short sentence per step.

    Raises
    ------
    InputError
        If a file cannot be used, or fewer than three markers are shared.
    """
    say("Reading the model")
    body = read_osim(model)
    say("Reading the recording and solving the motion")
    return solve_model_motion(body, recording, setup)


def solve_model_motion(body: Body, recording: Path, setup: Path | None = None) -> tuple[Body, Motion]:
    """Solve the motion of a model that was read.

    Parameters
    ----------
    body : Body
    recording, setup : path
        As for `track_model`.

    Returns
    -------
    body : Body
        With the setup's weights.
    motion : Motion
    """
    settings = IkSettings()
    trial = read_recording(recording)
    if trial.format == "C3D":
        from kinechain.recording.prepare import prepare_recording

        trial = prepare_recording(trial)
    if setup is not None:
        tasks = read_ik_setup(setup)
        body = with_ik_weights(body, tasks)
        settings = IkSettings(coordinate_targets=coordinate_targets(body, tasks))
        if tasks.time_range is not None:
            trial = cut_recording(trial, *tasks.time_range)
    motion = solve_motion(body, trial, settings)
    return body, replace(motion, notes=(*body.notes, *motion.notes))


def track_person(person: Person, recording: Path, static: Path | None, say: Say) -> tuple[Body, Motion]:
    """Fit a person's body and solve its motion.

    Parameters
    ----------
    person : Person
        Its own standing trial is used if none is given.
    recording : path
    static : path, optional
        Standing trial; without any the body is scaled from size.
    say : callable

    Raises
    ------
    InputError
        If a file cannot be used.
    """
    # A model and a TRC need neither, and loading them takes longer than solving.
    from kinechain.body.fit import BodySize, fit_body
    from kinechain.recording.prepare import prepare_recording

    say("Reading the recording")
    trial = prepare_recording(read_recording(recording))
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
    motion = solve_motion(body, trial)
    return body, replace(motion, notes=(*body.notes, *motion.notes))


def cut_recording(recording: Recording, start_s: float, end_s: float) -> Recording:
    """Return a recording whose markers start and end at the frames nearest to two times.

    Parameters
    ----------
    recording : Recording
    start_s, end_s : float
        On the recording's own clock.

    Raises
    ------
    RecordingError
        If no frame lies between them.
    """
    markers = recording.require_markers()
    times = markers.times_s
    half = 0.5 / markers.rate_hz
    kept = np.flatnonzero((times >= start_s - half) & (times <= end_s + half))
    if not len(kept):
        raise RecordingError(
            f"{recording.name} runs from {times[0]:.2f} to {times[-1]:.2f} s, "
            f"and {start_s:g} to {end_s:g} s was asked for"
        )
    first, last = int(kept[0]), int(kept[-1])
    short = Markers(markers.labels, markers.positions[first : last + 1], markers.rate_hz, float(times[first]))
    return replace(recording, markers=short)
