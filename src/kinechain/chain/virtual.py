"""People whose drivers are known: who they are, what is true of them, and what an analyst gets to see.

A person is drawn with a body of their own (`kinechain.chain.virtual_body`), every parameter that may be a driver within
its norm, and none, one or several of them set beyond it.  What is relevant is then computed on that body, without any
error of measurement, by the definition that the analyst uses: what a parameter adds to a target in its harmful
direction (Shapley value over the parameters that lie beyond their norm), held against 5 % of the typical target.  A
driver that was set may turn out to carry nothing; a parameter that was not set never lies beyond its norm.

The analyst sees an examination sheet with the errors of its tests, and perhaps a standing trial.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from kinechain.body.musculature import person_muscles
from kinechain.body.scale import BodySize, mean_mass, mean_stature
from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.person.person import ExamItem, Person, Sex
from kinechain.care.screening.red_flags import read_red_flags
from kinechain.chain.alter import alter
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.game import all_subsets, shapley
from kinechain.chain.players import Parameter, PlayerKind, survey_person
from kinechain.chain.respond import tightness
from kinechain.chain.situation import ChainModel, Equilibrium, Situation
from kinechain.chain.standing_model import chain_model, pad_places
from kinechain.chain.targets import TARGETS, compute_targets
from kinechain.chain.virtual_body import draw_body, draw_generator_unknowns, generator_model, generator_situation
from kinechain.chain.virtual_recordings import SIDES, Bearing, record_standing
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import SettingError, SolveError
from kinechain.evidence.library import find_fact
from kinechain.recording.recording import Recording, Side

__all__ = [
    "Draw",
    "Made",
    "draw_person",
    "examine",
    "make_person",
    "read_virtual_settings",
]

Direction = Literal["none", "foot-first", "back-first", "both"]

#: Places of the chain (`kinechain.chain.players.PlayerKind.place`) by where a driver of theirs begins.
_FIRST: Mapping[str, Direction] = MappingProxyType(
    {"foot": "foot-first", "leg": "foot-first", "hip": "back-first", "back": "back-first"}
)
#: How many bodies are drawn until one stands.
_TRIES = 60


@dataclass(frozen=True)
class Draw:
    """One person as drawn, before any physics.

    Attributes
    ----------
    name : str
        Pseudonym.
    size : BodySize
        Complete.
    values : mapping of parameter to value
        True value of every parameter that has a norm for this person, in the unit of the parameter.
    sizes : mapping of parameter to 'small', 'medium' or 'large'
        Of those that were set as drivers.
    direction : 'none', 'foot-first', 'back-first' or 'both'
    parameters : tuple of Parameter
        The same parameters with their norms, nothing measured.
    """

    name: str
    size: BodySize
    values: Mapping[str, float]
    sizes: Mapping[str, str]
    direction: Direction
    parameters: tuple[Parameter, ...]

    def __post_init__(self) -> None:
        for name in ("values", "sizes"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[Any, ...]:
        return Draw, (self.name, self.size, dict(self.values), dict(self.sizes), self.direction, self.parameters)


@dataclass(frozen=True, eq=False)
class Made(Immutable):
    """One person with a body, at rest, and what is true of them.

    Attributes
    ----------
    draw : Draw
    model : ChainModel
        The generator's.
    posture : (coordinate,) array, rad or m
        All coordinates of the generator's body, at rest.
    bearings : mapping of side to Bearing
        What the ground does to each foot.
    contributions : (driver, target) array
        What each of ``draw.sizes`` adds to each of ``TARGETS`` in its harmful direction, in the target's unit.
    now, typical : (target,) array
        Targets as the person is, and with every driver typical.
    tries : int
        How many bodies were drawn until one stood.
    """

    draw: Draw
    model: ChainModel
    posture: FloatArray
    bearings: Mapping[Side, Bearing]
    contributions: FloatArray
    now: FloatArray
    typical: FloatArray
    tries: int

    def __post_init__(self) -> None:
        for name in ("posture", "contributions", "now", "typical"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def relevant(self, floors: FloatArray) -> frozenset[str]:
        """Return which drivers exceed the floor of any target.

        Parameters
        ----------
        floors : (target,) array
            In the units of ``TARGETS``; NaN for a target that is not asked.
        """
        with np.errstate(invalid="ignore"):
            over = np.any(self.contributions > floors, axis=1).tolist()
        return frozenset(key for key, is_over in zip(self.draw.sizes, over, strict=True) if is_over)

    def recording(self, plates: bool, random: np.random.Generator) -> Recording:
        """Return a standing trial of this person as cameras, and plates if there are any, would have seen it."""
        bearings = self.bearings if plates else {}
        settings = read_virtual_settings()["recording"]
        return record_standing(self.model.body, self.posture, bearings, settings, random, self.draw.name)


@cache
def read_virtual_settings() -> Mapping[str, Any]:
    """Return how people with known drivers are made: the tables of ``evidence/data/chain/virtual.toml``."""
    path = files("kinechain.evidence") / "data" / "chain" / "virtual.toml"
    return MappingProxyType(tomllib.loads(path.read_text(encoding="utf-8")))


def draw_person(name: str, share_none: float, random: np.random.Generator) -> Draw:
    """Return one person as drawn.

    Parameters
    ----------
    name : str
    share_none : float
        Probability that nothing is set as a driver.
    random : numpy.random.Generator

    Raises
    ------
    SettingError
        If the share is none.
    """
    if not 0.0 <= share_none <= 1.0:
        raise SettingError(f"{share_none} is no share of people with no driver; give 0 to 1")
    size = _draw_size(read_virtual_settings()["people"], random)
    parameters = _parameters(size)
    rules = read_virtual_settings()["drivers"]
    direction: Direction = "none"
    if random.random() >= share_none:
        direction = _pick(rules["directions"], random)
    chosen = _drivers(parameters, direction, rules, random)
    values, sizes = {}, {}
    for parameter in parameters:
        if parameter.key in chosen:
            sizes[parameter.key] = _pick(rules["size_shares"], random)
            values[parameter.key] = _beyond(parameter, rules["sizes"][sizes[parameter.key]], rules, random)
        else:
            values[parameter.key] = _within(parameter, rules["typical_limit"], random)
    return Draw(name, size, values, sizes, direction if sizes else "none", parameters)


def examine(draw: Draw, random: np.random.Generator) -> Person:
    """Return the person as their examination sheet has them: screened without a danger sign, tests with their errors.

    Parameters
    ----------
    draw : Draw
    random : numpy.random.Generator
    """
    exam: list[ExamItem] = []
    for parameter in draw.parameters:
        for test in parameter.kind.tests:
            if test.kind != "finding" and random.random() < read_virtual_settings()["exam"]["done"]:
                exam += _tested(test.kind, test.item, test.unit, test.error.sem, parameter, draw, random)
    size = draw.size
    return Person(
        pseudonym=draw.name,
        sex=size.sex,
        age_years=size.age_years,
        height_m=size.height_m,
        mass_kg=size.mass_kg,
        screen=MappingProxyType({flag.id: "no" for flag in read_red_flags()}),
        exam=tuple(exam),
    )


def make_person(draw: Draw, random: np.random.Generator) -> Made:
    """Return a drawn person with their body, their posture and what is true of them.

    What is unknown of the body is drawn until the person stands, for only people who stand are examined; of the first
    try that does, every subset of the drivers is made typical in turn.

    Parameters
    ----------
    draw : Draw
    random : numpy.random.Generator

    Raises
    ------
    SolveError
        If none of the tries stands.
    """
    rules = read_virtual_settings()["body"]
    body = draw_body(draw.size, rules, random)
    model = generator_model(chain_model(body, person_muscles(body)), rules, random)
    for tries in range(1, _TRIES + 1):
        situation = generator_situation(model, draw_generator_unknowns(rules, random))
        if not solve_equilibrium(model, situation, workers=1).is_solved[0]:
            continue
        rest, loads = _stood_up(model, situation, draw)
        if rest.is_solved.all():
            return _made(draw, model, rest, loads, tries)
    raise SolveError(
        f"{draw.name} stands in none of {_TRIES} tries with {', '.join(draw.sizes) or 'no driver'}; take another seed"
    )


def _stood_up(model: ChainModel, situation: Situation, draw: Draw) -> tuple[Equilibrium, FloatArray]:
    """Return rest and targets of a person with all their parameters, one case per subset of drivers made typical."""
    subsets, drivers = all_subsets(len(draw.sizes)), list(draw.sizes)
    reference = situation.repeated(len(subsets))
    amounts = []
    for parameter in draw.parameters:
        values = np.full(len(subsets), draw.values[parameter.key])
        if parameter.key in draw.sizes:
            which = drivers.index(parameter.key)
            values[[which in subset for subset in subsets]] = parameter.mean
        amounts.append(parameter.amounts(values))
    changes = [parameter.change() for parameter in draw.parameters]
    altered = alter(model, reference, changes, amounts)
    rest = solve_equilibrium(model, altered, workers=1)
    given = tightness(model, reference, changes, rest.inputs, amounts)
    return rest, compute_targets(model, altered, rest, passive=given)


def _made(draw: Draw, model: ChainModel, rest: Equilibrium, loads: FloatArray, tries: int) -> Made:
    harmful = np.array([float(t.harmful) for t in TARGETS])
    values = np.zeros(len(model.body.coordinates))
    values[model.tree.inputs] = rest.inputs[0]
    return Made(
        draw=draw,
        model=model,
        posture=values,
        bearings=_bearings(model, rest),
        contributions=shapley(harmful * loads, len(draw.sizes)),
        now=loads[0],
        typical=loads[-1],
        tries=tries,
    )


def _bearings(model: ChainModel, rest: Equilibrium) -> dict[Side, Bearing]:
    """Return what the ground does to each foot of the person as they are."""
    places = pad_places(model, rest.inputs[:1])[0]
    out: dict[Side, Bearing] = {}
    for side in SIDES:
        of = model.pads_of(side)
        force = rest.pad_force[0, of]
        share = force[:, 2] / max(float(force[:, 2].sum()), 1e-9)
        centre = share @ places[of]
        out[side] = Bearing(force.sum(axis=0), np.array([centre[0], centre[1], 0.0]))
    return out


def _draw_size(rules: Mapping[str, Any], random: np.random.Generator) -> BodySize:
    """Draw sex, age, stature (ANSUR II) and a mass that goes with the square of the stature."""
    sex: Sex = "female" if random.random() < 0.5 else "male"
    spread = find_fact("anthropometry_ansur2", measure="stature", sex=sex, statistic="mean").number("sd") * 1e-3
    height = mean_stature(sex) + spread * float(np.clip(random.standard_normal(), -2.5, 2.5))
    off = float(np.clip(random.standard_normal(), -2.5, 2.5)) * rules["mass_log_sd"]
    mass = mean_mass(sex) * (height / mean_stature(sex)) ** 2 * math.exp(off)
    age = random.uniform(*rules["age_years"])
    return BodySize(round(mass, 1), round(height, 3), sex, float(round(age)))


def _parameters(size: BodySize) -> tuple[Parameter, ...]:
    """Return every parameter that has a norm for somebody of this sex, age and size."""
    person = Person(sex=size.sex, age_years=size.age_years, height_m=size.height_m)
    return survey_person(person).unmeasured


def _pick(shares: Mapping[str, float], random: np.random.Generator) -> Any:
    names = list(shares)
    weights = np.array([shares[n] for n in names], dtype=float)
    return names[int(random.choice(len(names), p=weights / weights.sum()))]


def _drivers(
    parameters: Sequence[Parameter], direction: Direction, rules: Mapping[str, Any], random: np.random.Generator
) -> frozenset[str]:
    """Choose which parameters are set as drivers; of both directions at least one of each."""
    groups = [
        [p.key for p in parameters if _FIRST[p.kind.place] == first]
        for first in ("foot-first", "back-first")
        if direction in (first, "both")
    ]
    count = int(_pick(rules["counts"], random))
    wanted = max(count, len(groups))
    chosen = {str(random.choice(group)) for group in groups if group}
    rest = sorted({key for group in groups for key in group} - chosen)
    random.shuffle(rest)
    return frozenset([*chosen, *rest[: max(0, wanted - len(chosen))]])


def _beyond(
    parameter: Parameter, distances: Sequence[float], rules: Mapping[str, Any], random: np.random.Generator
) -> float:
    """Draw a value so many SDs from the norm's mean; a value nobody can have is turned to the other side."""
    adverse = rules["adverse"].get(parameter.kind.id)
    far = random.uniform(distances[0], distances[1])
    turned = random.random()
    sign = (
        (1.0 if turned < 0.5 else -1.0)
        if adverse is None
        else adverse * (1.0 if turned < rules["adverse_share"] else -1.0)
    )
    value = parameter.mean + sign * far * parameter.sd
    return float(value if _is_possible(parameter.kind, value) else parameter.mean - sign * far * parameter.sd)


def _within(parameter: Parameter, limit: float, random: np.random.Generator) -> float:
    """Draw a value of the norm within so many SDs that somebody can have."""
    while True:
        z = random.standard_normal()
        value = parameter.mean + z * parameter.sd
        if abs(z) < limit and _is_possible(parameter.kind, value):
            return float(value)


def _is_possible(kind: PlayerKind, value: float) -> bool:
    """Tell whether a value can stand on an examination sheet."""
    return all(
        low <= value <= high
        for test in kind.tests
        if test.kind == "value"
        for low, high in [read_exam_definitions()[test.item].units[test.unit]]
    )


def _tested(
    kind: str, item: str, unit: str, sem: float, parameter: Parameter, draw: Draw, random: np.random.Generator
) -> list[ExamItem]:
    """Return what one test of one parameter finds, as it is written on the sheet."""
    true, method = draw.values[parameter.key], "made"
    low, high = read_exam_definitions()[item].units[unit]
    if kind == "value":
        found = float(np.clip(true + random.normal(0.0, sem), low, high))
        return [ExamItem(item, parameter.side, round(found, 3), unit, method)]  # type: ignore[arg-type]
    if kind == "sides":
        # Only the difference matters; the length of the leg itself is about half of the stature.
        middle = 500.0 * float(draw.size.height_m or 0.0)
        apart = true + random.normal(0.0, sem)
        return [
            ExamItem(item, "left", round(middle + apart / 2, 1), unit, method),
            ExamItem(item, "right", round(middle - apart / 2, 1), unit, method),
        ]
    rules = read_virtual_settings()["exam"]
    seen = math.copysign(max(abs(true) - rules["block_low_mm"], 0.0), true) + random.normal(0.0, rules["block_sd_mm"])
    step = rules["block_step_mm"]
    height = float(np.clip(step * round(seen / step), -high, high))
    side: Literal["left", "right", "both"] = "right" if height > 0 else "left" if height < 0 else "both"
    return [ExamItem(item, side, abs(height), unit, method)]
