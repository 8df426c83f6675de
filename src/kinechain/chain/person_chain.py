"""The chain of one person: how far a change climbs and descends, which parameters carry load, what-ifs.

::

    body, standing posture ──► chain_model ──► standing_situation (drawn) ──► respond ──► gains, what-ifs
    examination, findings  ──► survey ────────────────────────────────────► attribute ──► drivers
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinechain.body.body import Body
from kinechain.body.scale import BodySize, size_body
from kinechain.body.skeleton import template_body
from kinechain.care.drivers import Drivers, Link, Permission, may_attribute
from kinechain.care.finding import Finding
from kinechain.care.person.person import Person
from kinechain.care.screening.screen import Screen
from kinechain.chain.attribute import AttributionSettings
from kinechain.chain.change import Change, parse_change
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.links import LINKS
from kinechain.chain.person_game import attribute_standing
from kinechain.chain.players import PRIORS, Prior
from kinechain.chain.posture_noise import draw_postures
from kinechain.chain.respond import Response, draw_slopes, respond
from kinechain.chain.situation import ChainModel, Situation
from kinechain.chain.stand import standing_situation
from kinechain.chain.standing_model import chain_model
from kinechain.chain.targets import compute_targets
from kinechain.chain.unknowns import draw_unknowns, read_unknowns
from kinechain.core.arrays import FloatArray, Immutable
from kinechain.core.errors import SettingError, SolveError
from kinechain.core.estimate import Estimate
from kinechain.evidence.chain import noise_floor
from kinechain.evidence.library import find_fact
from kinechain.loads.many import share_out
from kinechain.motion.motion import Motion

__all__ = [
    "GAIN_CHANGES",
    "ChainSettings",
    "PersonChain",
    "StandingPerson",
    "person_chain",
    "standing_person",
    "what_if",
]

#: Small changes at the sole and at the pelvis by which the chain of a person is shown, upwards and downwards: the
#: change, the id it has as the start of a `Link`, and the sides of the legs that are shown.
GAIN_CHANGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("wedge left 5 raise=lateral", "wedge_left", ("left",)),
    ("wedge right 5 raise=lateral", "wedge_right", ("right",)),
    ("pelvic_tilt 5", "pelvic_tilt", ("left", "right")),
)

#: Links that the picture of the chain shows, by stem, from the sole to the head.
SHOWN_LINKS = (
    "calcaneus_eversion",
    "subtalar_eversion",
    "shank_rotation",
    "thigh_rotation",
    "hip_rotation",
    "pelvis_tilt",
    "pelvis_obliquity",
    "lordosis",
    "thorax_tilt",
    "thorax_lean",
    "head_tilt",
)

#: Links that are one structure and told for both sides.
MIDLINE_STEMS = ("pelvis_obliquity", "thorax_lean")

#: Changes whose effect the report shows beside what making each driver typical would do.
SHOWN_WHAT_IFS = (
    "wedge left 5 raise=medial",
    "wedge right 5 raise=medial",
    "lift left 5",
    "lift right 5",
    "heel_height both 20",
)


#: Angles of a standing trial whose error is drawn.
_MEASURED_ANGLES = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_flexion", "ankle_dorsiflexion")

#: The site of the loads that are shown first, by where it hurts (how the name of a region begins).
_SITES = {
    "low_back": "l5_s1",
    "buttock": "sacroiliac",
    "groin": "hip",
    "hip": "hip",
    "knee": "knee",
    "calf": "achilles",
    "heel": "plantar_fascia",
    "arch": "plantar_fascia",
    "forefoot": "sole",
    "toes": "sole",
}


@dataclass(frozen=True)
class ChainSettings:
    """How the chain of a person is computed; every field is printed with the result.

    Attributes
    ----------
    draws : int
        Of everything no measurement of the person tells.
    seed : int
    prior : one of ``kinechain.chain.players.PRIORS``
        Of the parameters that may be drivers.
    """

    draws: int = 200
    seed: int = 0
    prior: Prior = "mixture"

    def __post_init__(self) -> None:
        if not 20 <= self.draws <= 10_000:
            raise SettingError(f"draws of the chain is {self.draws}; give a number from 20 to 10000")
        if self.seed < 0:
            raise SettingError(f"the seed of the chain is {self.seed}; give 0 or more")
        if self.prior not in PRIORS:
            raise SettingError(f"the prior of the chain is '{self.prior}'; choose {' or '.join(PRIORS)}")


@dataclass(frozen=True, eq=False)
class StandingPerson(Immutable):
    """A person made ready to stand under changes.

    Attributes
    ----------
    model : ChainModel
    situation : Situation
        One case per draw.
    posture : (input,) array, rad or m, or None
        As recorded; None: an upright posture was taken.
    slopes : (draw,) array, rad
        By how much steeper the plate of S1 is than the average adult's, which no recording tells.
    notes : tuple of str
    """

    model: ChainModel
    situation: Situation
    posture: FloatArray | None
    slopes: FloatArray
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class PersonChain(Immutable):
    """What the chain of one person says.

    Attributes
    ----------
    links : tuple of Link
        How much of a small change at one link arrives at the others.
    drivers : Drivers
    what_ifs : tuple of Response
    limits : tuple of str
        What to hold beside these figures.
    notes : tuple of str
    """

    links: tuple[Link, ...]
    drivers: Drivers
    what_ifs: tuple[Response, ...]
    limits: tuple[str, ...]
    notes: tuple[str, ...]


def person_chain(
    person: Person,
    screen: Screen,
    body: Body | None,
    standing: Motion | None = None,
    findings: Sequence[Finding] = (),
    settings: ChainSettings | None = None,
    progress: Callable[[str], None] | None = None,
) -> PersonChain:
    """Return what the chain of a person says, standing.

    Parameters
    ----------
    person : Person
    screen : Screen
        Of the danger signs.
    body : Body or None
        Fitted to recordings; None: sized by what is known of the person.
    standing : Motion, optional
        Of that body in the standing trial.
    findings : sequence of Finding
    settings : ChainSettings, optional
    progress : callable, optional

    Raises
    ------
    SettingError
        If the person may be given none (danger signs, not screened, not of age); the reason is the message.
    SolveError
        If the person's body finds no rest.
    """
    settings, say = settings or ChainSettings(), progress or (lambda _: None)
    permission = may_attribute(person, screen)
    if not permission.is_given:
        raise SettingError(permission.reason)
    say("Standing the body up")
    stood = standing_person(person, body, standing, settings)
    asked = _asker(stood)
    say("Following changes along the chain")
    always = [*(text for text, _, _ in GAIN_CHANGES), *SHOWN_WHAT_IFS]
    answers = dict(zip(always, share_out(asked, always), strict=True))
    say("Asking which link carries load")
    drivers = attribute_standing(
        stood.model,
        person,
        screen,
        findings,
        AttributionSettings(draws=settings.draws, seed=settings.seed, prior=settings.prior),
        posture=stood.posture,
        site=_site(person),
    )
    told = {text: answer for text, answer in answers.items() if isinstance(answer, Response)}
    return PersonChain(
        links=tuple(g for text, start, sides in GAIN_CHANGES if text in told for g in _gains(told[text], start, sides)),
        drivers=drivers,
        what_ifs=tuple(told[text] for text in SHOWN_WHAT_IFS if text in told),
        limits=tuple(_limits()),
        notes=(*stood.notes, *(answer for answer in answers.values() if isinstance(answer, str))),
    )


def _asker(stood: StandingPerson) -> Callable[[str], Response | str]:
    """Return what answers one change of a person on one core; what is so without a change is computed here, once.

    A change with which the body does not stand is answered by a sentence: it takes nothing else away.
    """
    at_rest = solve_equilibrium(stood.model, stood.situation)
    loads = compute_targets(stood.model, stood.situation, at_rest, slopes=stood.slopes)

    def asked(text: str) -> Response | str:
        try:
            return respond(
                stood.model,
                stood.situation,
                [parse_change(text)],
                before=at_rest,
                loads=loads,
                slopes=stood.slopes,
                workers=1,
            )
        except (SettingError, SolveError) as error:
            return f"What if '{text}' has no answer: {str(error).rstrip('.')}."

    return asked


def what_if(stood: StandingPerson, changes: Sequence[Change], permission: Permission) -> Response:
    """Return what changes would do to a standing person.

    Parameters
    ----------
    stood : StandingPerson
    changes : sequence of Change
        Made together.
    permission : Permission
        Of `kinechain.care.drivers.may_attribute`.

    Raises
    ------
    SettingError
        If it is not given.
    SolveError
        If the body does not stand with the change.
    """
    if not permission.is_given:
        raise SettingError(permission.reason)
    answer = respond(stood.model, stood.situation, changes, slopes=stood.slopes)
    return replace(answer, notes=tuple(dict.fromkeys([*answer.notes, *stood.notes])))


def standing_person(
    person: Person, body: Body | None, standing: Motion | None = None, settings: ChainSettings | None = None
) -> StandingPerson:
    """Make a person ready to stand under changes.

    Parameters
    ----------
    person : Person
    body : Body or None
        Fitted to recordings; None: sized by what is known of the person.
    standing : Motion, optional
        Of that body in the standing trial; its median pose is the reference.
    settings : ChainSettings, optional

    Raises
    ------
    SolveError
        If the body finds no rest.
    """
    settings = settings or ChainSettings()
    notes: list[str] = []
    if body is None:
        size = BodySize(person.mass_kg, person.height_m, person.sex, person.age_years, person.foot_length_m)
        body = size_body(template_body(), size)
        notes.append("No recording: a body of the stated size, typical in everything else, standing upright.")
    unknowns = draw_unknowns(settings.draws, settings.seed)
    slopes = draw_slopes(settings.draws, settings.seed)
    pose = None if standing is None else _median_pose(standing)
    if pose is not None:
        try:
            model = chain_model(body, posture=pose)
            seen = draw_postures(model, posture_errors(), settings.draws, settings.seed)
            situation = standing_situation(model, unknowns, seen)
            posture = model.tree.default[model.tree.inputs]
            return StandingPerson(model, situation, posture, slopes, (*notes, *model.notes))
        except SolveError as error:
            notes.append(
                f"The recorded standing posture cannot be at rest ({str(error).rstrip('.')}); an upright posture of "
                "the same body was taken in its place."
            )
    model = chain_model(body)
    return StandingPerson(model, standing_situation(model, unknowns), None, slopes, (*notes, *model.notes))


def posture_errors() -> dict[str, float]:
    """Return the standard deviation of the error of each angle of a leg in a standing trial, rad.

    From the smallest detectable change of angles between sessions (wilken2012), which is 1.96 sqrt(2) of it.
    """
    row = find_fact("accuracy", item="Marker-based gait, between sessions", source="wilken2012")
    error = math.radians(row.number()) / (1.96 * math.sqrt(2.0))
    return dict.fromkeys(_MEASURED_ANGLES, error)


def _median_pose(standing: Motion) -> FloatArray | None:
    solved = standing.values[np.isfinite(standing.values).all(axis=1)]
    return np.asarray(np.median(solved, axis=0)) if len(solved) else None


def _gains(response: Response, start: str, sides: Sequence[str]) -> list[Link]:
    """Return how far every shown link turns per degree of a change, from the sole to the head."""
    (change,) = response.changes
    sources = tuple(sorted({key for u in read_unknowns().values() for key in u.source.split()} - {"assumption"}))
    out = []
    for link in LINKS:
        once = link.side == "right" and link.stem in MIDLINE_STEMS
        if link.stem not in SHOWN_LINKS or link.side not in ("middle", *sides) or (once and len(sides) > 1):
            continue
        moved, per = response.links[link.id], math.radians(change.amount)
        gain = Estimate(moved.value / per, moved.low / per, moved.high / per, "deg per deg", moved.source)
        out.append(Link(start, link.id, link.side, gain, "assumption", sources))
    return out


def _site(person: Person) -> str | None:
    """Return the site of the first region of pain that a target belongs to; it orders what is shown, nothing else."""
    for region in person.history.pain_regions:
        for word, site in _SITES.items():
            if region.startswith(word):
                return site
    return None


def _limits() -> list[str]:
    """Return what to hold beside every figure of the chain."""
    sway, axis, zero = (noise_floor(key) for key in ("lordosis", "subtalar_axis", "asis_psis_angle"))
    return [
        f"Effects fade as they climb. A pelvis that turns by a degree or two turns less than the lumbar curve drifts "
        f"in one minute of quiet standing ({sway.value:g} {sway.unit}) [{sway.study.key}].",
        f"The axis below the ankle is not measured: a generic one lies {axis.value:g} {axis.unit} from a person's own "
        f"on average, and the intervals hold that [{axis.study.key}].",
        f"The shape of a pelvis alone makes its front-to-back angle {zero.value:g} {zero.unit}, so a tilt says little "
        f"by itself [{zero.study.key}].",
        "Everything is of quiet standing, at once: how a person adapts over weeks is behaviour and is not computed.",
    ]
