"""What an analyst concludes of a made person, by the path of everybody: sheet, recording, body, findings, drivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.care.drivers import Drivers
from kinechain.care.finding import Finding
from kinechain.care.person.person import Person
from kinechain.care.person.person_file import read_person
from kinechain.care.screening.red_flags import screen_person
from kinechain.chain.attribute import AttributionSettings, least_contribution
from kinechain.chain.person_chain import ChainSettings, standing_person
from kinechain.chain.person_game import attribute_standing
from kinechain.chain.players import survey_person
from kinechain.chain.score import Forecast
from kinechain.chain.targets import TARGETS
from kinechain.chain.virtual_files import Truth
from kinechain.core.errors import RecordingError
from kinechain.findings.posture import find_posture
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.motion.motion import Motion
from kinechain.recording.collect import collect_recordings
from kinechain.recording.recording import Recording

__all__ = ["LEVELS", "Answer", "Stance", "analyse", "forecast_of", "read_and_analyse", "stance_of"]

#: What was measured, the least first.
LEVELS = ("exam", "exam+mocap", "exam+mocap+plates")
#: The file of a made person that is read for each.
_FILES = {LEVELS[0]: None, LEVELS[1]: "standing.trc", LEVELS[2]: "standing.c3d"}


@dataclass(frozen=True)
class Stance:
    """What a standing trial tells.

    Attributes
    ----------
    body : Body
        Fitted.
    motion : Motion
        Of that body in the trial.
    findings : tuple of Finding
    """

    body: Body
    motion: Motion
    findings: tuple[Finding, ...]


def stance_of(person: Person, recording: Recording) -> Stance:
    """Return what a prepared standing trial tells of a person.

    Parameters
    ----------
    person : Person
    recording : Recording
        Prepared, its still part.
    """
    body = fit_body(_size(person), static=recording)
    motion = solve_motion(body, recording)
    findings, _ = find_posture(person, body, recording, motion)
    return Stance(body, motion, tuple(findings))


@dataclass(frozen=True)
class Answer:
    """What an attribution says, as far as it is scored.

    Attributes
    ----------
    probability : mapping of parameter to probability
        Of being relevant; of every parameter that was measured, player or not.
    sets : tuple of (players, probability)
        All that were drawn.
    noise_floor : mapping of target to float
        1.96 SD of the target over the error of the tests, in its unit.
    players : tuple of str
    """

    probability: Mapping[str, float]
    sets: tuple[tuple[frozenset[str], float], ...]
    noise_floor: Mapping[str, float]
    players: tuple[str, ...]


def analyse(
    person: Person,
    stance: Stance | None = None,
    settings: AttributionSettings | None = None,
    *,
    workers: int | None = None,
) -> Answer:
    """Return what is said of a person.

    Parameters
    ----------
    person : Person
        With the examination sheet.
    stance : Stance, optional
        Without it the person stands upright, sized by height, mass and sex.
    settings : AttributionSettings, optional
    workers : int, optional
    """
    settings = settings or AttributionSettings()
    findings = stance.findings if stance else ()
    body, motion = (stance.body, stance.motion) if stance else (None, None)
    stood = standing_person(person, body, motion, ChainSettings(settings.draws, settings.seed))
    screen = screen_person(person)
    drivers = attribute_standing(
        stood.model, person, screen, findings, settings, posture=stood.posture, workers=workers
    )
    return _answer(drivers, [p.key for p in survey_person(person, findings).measured])


def read_and_analyse(folder: Path, measured: str, settings: AttributionSettings | None = None) -> Answer:
    """Return what is said of a person from their files, by one level of what was measured.

    Parameters
    ----------
    folder : path
        Of one person, as ``kinechain virtual`` writes it.
    measured : str
        One of `LEVELS`.
    settings : AttributionSettings, optional

    Raises
    ------
    RecordingError
        If nobody stands in the recording.
    """
    person = read_person(folder / "person.toml")
    file = _FILES[measured]
    if file is None:
        return analyse(person, None, settings)
    standing = collect_recordings([], folder / file).standing
    if standing is None:
        raise RecordingError(f"nobody stands in {folder / file}; make the people again")
    return analyse(person, stance_of(person, standing), settings)


def _answer(drivers: Drivers, measured: Sequence[str]) -> Answer:
    players = tuple(p.key for p in drivers.players)
    said = dict(zip(players, drivers.p_relevant, strict=True)) | {s.key: s.p_relevant for s in drivers.silent}
    return Answer(
        {key: said.get(key, 0.0) for key in measured},
        tuple((frozenset(s.drivers), s.probability) for s in drivers.distribution),
        {table.target: table.floor.of_noise for table in drivers.targets},
        players,
    )


def forecast_of(truth: Truth, answer: Answer, measured: str, *, noise_floor: bool = True) -> Forecast:
    """Return what was said of a person beside what is true of them.

    Parameters
    ----------
    truth : Truth
    answer : Answer
    measured : str
        One of `LEVELS`.
    noise_floor : bool
        What counts as relevant.  True: what exceeds 5 % of the person's own typical load and the error with which the
        analyst tells the load, as the definition has it; False: 5 % of the typical load alone.
    """
    least = {target.id: target.least for target in TARGETS}
    own = {
        t: least_contribution(float(v), least.get(t, 0.0))
        for t, v in zip(truth.targets, truth.typical, strict=True)
        if np.isfinite(v)
    }
    noise = answer.noise_floor if noise_floor else {}
    asked = set(answer.noise_floor)
    relevant = truth.relevant({t: max(value, noise.get(t, 0.0)) for t, value in own.items() if t in asked})
    return Forecast(
        person=truth.name,
        measured=measured,
        probability=answer.probability,
        sets=answer.sets,
        truth=relevant & set(answer.probability),
        unmeasured=relevant - set(answer.probability),
        sizes=truth.sizes,
        direction=truth.direction,
    )


def _size(person: Person) -> BodySize:
    return BodySize(person.mass_kg, person.height_m, person.sex, person.age_years, person.foot_length_m)
