"""What an analyst concludes of a made person, by the path of everybody: sheet, recording, body, findings, drivers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.body.musculature import person_muscles
from kinechain.body.scale import size_body
from kinechain.body.skeleton import template_body
from kinechain.care.drivers import Drivers
from kinechain.care.finding import Finding
from kinechain.care.person import Person
from kinechain.care.red_flags import screen_person
from kinechain.chain.attribute import AttributionSettings
from kinechain.chain.person_game import attribute_standing
from kinechain.chain.players import Survey, survey_person
from kinechain.chain.score import Forecast
from kinechain.chain.standing_model import chain_model
from kinechain.chain.virtual_files import Truth
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.findings.posture import find_posture
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.recording.recording import Recording

__all__ = ["LEVELS", "Stance", "analyse", "forecast_of", "stance_of"]

#: What was measured, the least first.
LEVELS = ("exam", "exam+mocap", "exam+mocap+plates")


@dataclass(frozen=True, eq=False)
class Stance(Immutable):
    """What a standing trial tells.

    Attributes
    ----------
    body : Body
        Fitted.
    posture : (coordinate,) array, rad or m
        Median over the trial, all coordinates of the body.
    findings : tuple of Finding
    """

    body: Body
    posture: FloatArray
    findings: tuple[Finding, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "posture", frozen(self.posture, (None,), "posture"))


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
    return Stance(body, np.nanmedian(motion.values, axis=0), tuple(findings))


def analyse(
    person: Person,
    stance: Stance | None = None,
    settings: AttributionSettings | None = None,
    *,
    workers: int | None = None,
) -> tuple[Drivers, Survey]:
    """Return the drivers of a person, and what of them was measured.

    Parameters
    ----------
    person : Person
        With the examination sheet.
    stance : Stance, optional
        Without it the person stands upright, sized by height, mass and sex.
    settings : AttributionSettings, optional
    workers : int, optional
    """
    findings = stance.findings if stance else ()
    if stance is None:
        body = size_body(template_body(), _size(person))
        model, posture = chain_model(body, person_muscles(body)), None
    else:
        model = chain_model(stance.body, person_muscles(stance.body), stance.posture)
        posture = model.tree.default[model.tree.inputs]
    screen = screen_person(person)
    drivers = attribute_standing(model, person, screen, findings, settings, posture=posture, workers=workers)
    return drivers, survey_person(person, findings)


def forecast_of(truth: Truth, drivers: Drivers, survey: Survey, measured: str, *, noise_floor: bool = True) -> Forecast:
    """Return what was said of a person beside what is true of them.

    Parameters
    ----------
    truth : Truth
    drivers : Drivers
    survey : Survey
    measured : str
        One of `LEVELS`.
    noise_floor : bool
        What counts as relevant.  True: what exceeds 5 % of the person's own typical load and the error with which the
        analyst tells the load; False: 5 % of the typical load alone.
    """
    own = {t: 0.05 * abs(float(v)) for t, v in zip(truth.targets, truth.typical, strict=True) if np.isfinite(v)}
    noise = {table.target: table.floor.of_noise if noise_floor else 0.0 for table in drivers.targets}
    relevant = truth.relevant({t: max(own[t], noise[t]) for t in noise if t in own})
    seen = {p.key: 0.0 for p in survey.measured}
    said = dict(zip((p.key for p in drivers.players), drivers.p_relevant, strict=True))
    return Forecast(
        person=truth.name,
        measured=measured,
        probability=seen | said,
        sets=tuple((frozenset(s.drivers), s.probability) for s in drivers.distribution),
        truth=relevant & set(seen),
        unmeasured=relevant - set(seen),
        sizes=truth.sizes,
        direction=truth.direction,
    )


def _size(person: Person) -> BodySize:
    return BodySize(person.mass_kg, person.height_m, person.sex, person.age_years, person.foot_length_m)
