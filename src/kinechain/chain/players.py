"""Which parameters of a person may be drivers, what is known of them, and to which change of the chain they belong.

A parameter becomes a player only if it can be changed, maps to a change of the chain, and has both a norm (mean, SD)
and a measurement error that were read in a source; ``evidence/data/chain/players.toml`` lists them, and what fails with
the reason that is shown.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from kinechain.care.drivers import NotPlayer, Player, PlayerSide
from kinechain.care.finding import Finding, Norm
from kinechain.care.person.exam import current_exam
from kinechain.care.person.person import ExamItem, Person
from kinechain.chain.change import Change, find_kind
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import EvidenceError, SettingError, suggest
from kinechain.core.estimate import Estimate
from kinechain.evidence.library import Fact, find_fact, read_facts, source

__all__ = [
    "MOST_PLAYERS",
    "PRIORS",
    "REFERENCE_SD",
    "Error",
    "Measurement",
    "Parameter",
    "PlayerKind",
    "Prior",
    "Survey",
    "choose_players",
    "find_player_kind",
    "read_player_kinds",
    "survey_person",
    "to_player",
    "worst_grade",
]

#: At most this many parameters are players at once.
MOST_PLAYERS = 6
#: A reference range reaches this many standard deviations to either side.
REFERENCE_SD = 1.96
#: A parameter enters when it lies outside its reference range with at least this probability.
LEAST_P_OUTSIDE = 0.5

#: Of one parameter, how many people lie beyond the norm (assumption, plausibly 0.05 to 0.2), and up to how many SDs
#: they are spread evenly (assumption, plausibly 4 to 6).
SHARE_BEYOND, FARTHEST_SD = 0.1, 5.0

Prior = Literal["mixture", "flat", "population"]
#: What is known of a parameter before it is measured, in words.
PRIORS: Mapping[Prior, str] = MappingProxyType(
    {
        "mixture": "norm or beyond: nine of ten people within the norm as its people are, one beyond it, flat there",
        "flat": "flat: before the test every value is as likely as any other",
        "population": "population: before the test the person is one of those the norm was measured in",
    }
)

_FILE = "chain/players.toml"
#: Words of grades, from the deepest reading to none.
_GRADES = ("definition", "table", "code", "model", "fulltext", "abstract", "derived", "excerpt", "assumption")


@dataclass(frozen=True)
class Error:
    """How far one test of one parameter may be off.

    Attributes
    ----------
    sem : float
        Standard deviation of one measurement about the truth, in the unit of the parameter.
    source, grade : str
    """

    sem: float
    source: str
    grade: str


@dataclass(frozen=True)
class Test:
    """One way to measure a parameter.

    Attributes
    ----------
    kind : 'value', 'sides', 'block' or 'finding'
    item : str
        Of the examination, or the id of a finding.
    unit, name : str
    error : Error
    """

    kind: str
    item: str
    unit: str
    name: str
    error: Error


@dataclass(frozen=True)
class NormRow:
    """One norm and whom it may judge.

    Attributes
    ----------
    norm : Norm
        With mean and SD.
    sex : str or None
        None: either.
    ages : (youngest, oldest), years
    """

    norm: Norm
    sex: str | None
    ages: tuple[float, float]


@dataclass(frozen=True)
class PlayerKind:
    """One parameter that may be a player.

    Attributes
    ----------
    id, name, unit : str
    sides : tuple of 'left', 'right', 'middle'
    place : 'foot', 'leg', 'hip' or 'back'
        Where in the chain it lies.
    is_structural : bool
        True for bone, which no other link can have made.
    change : mapping
        ``kind``, ``side`` (of a parameter of the middle) and ``options`` of the change; ``halved`` where one half is
        made on that side and the other, with the opposite sign, on the other.
    amount : mapping
        How a value becomes an amount of that change.
    tests : tuple of Test
    norms : tuple of NormRow
    next_test : str
    """

    id: str
    name: str
    unit: str
    sides: tuple[PlayerSide, ...]
    place: str
    is_structural: bool
    change: Mapping[str, Any]
    amount: Mapping[str, Any]
    tests: tuple[Test, ...]
    norms: tuple[NormRow, ...]
    next_test: str


@dataclass(frozen=True)
class Measurement:
    """One measurement of one parameter.

    Attributes
    ----------
    value : float
        In the unit of the parameter.
    name : str
        Of the test.
    error : Error
    """

    value: float
    name: str
    error: Error


@dataclass(frozen=True)
class Parameter:
    """One parameter of one person, with its norm; measured or not.

    Attributes
    ----------
    kind : PlayerKind
    side : 'left', 'right' or 'middle'
    norm : Norm
        For the sex and age of the person.
    measurements : tuple of Measurement
    height_m : float or None
        Of the person, where the amount depends on it.
    """

    kind: PlayerKind
    side: PlayerSide
    norm: Norm
    measurements: tuple[Measurement, ...]
    height_m: float | None = None

    @property
    def key(self) -> str:
        """Name within sets, as `kinechain.care.drivers.Player.key`."""
        return self.kind.id if self.side == "middle" else f"{self.kind.id} {self.side}"

    @property
    def mean(self) -> float:
        """Mean of the norm: what is typical."""
        return float(self.norm.mean)  # type: ignore[arg-type]

    @property
    def sd(self) -> float:
        """Standard deviation of the norm."""
        return float(self.norm.sd)  # type: ignore[arg-type]

    @property
    def sem(self) -> float:
        """Standard error of all measurements together; of none that of its best test."""
        if not self.measurements:
            return min(test.error.sem for test in self.kind.tests)
        return 1.0 / math.sqrt(sum(m.error.sem**-2 for m in self.measurements))

    @property
    def value(self) -> float:
        """Mean of all measurements, each by its accuracy; not measured: what is typical."""
        if not self.measurements:
            return self.mean
        return self.sem**2 * sum(m.value / m.error.sem**2 for m in self.measurements)

    @property
    def minimal_detectable_change(self) -> float:
        """Smallest difference between two such measurements that is more than their error (95 %)."""
        return REFERENCE_SD * math.sqrt(2.0) * self.sem

    @property
    def grade(self) -> str:
        """The worst grade of norm, error, conversion and change."""
        grades = [self.norm.grade, self.kind.amount["grade"], find_kind(self.kind.change["kind"]).grade]
        return worst_grade(grades + [m.error.grade for m in self.measurements])

    @property
    def sources(self) -> tuple[str, ...]:
        """Source keys of the norm, the errors and the conversion."""
        keys = [self.norm.source, *(m.error.source for m in self.measurements), self.kind.amount["source"]]
        return tuple(k for k in dict.fromkeys(keys) if k not in ("definition", "assumption"))

    def at(self, normal: FloatArray, prior: Prior = "mixture") -> FloatArray:
        """Return values of the posterior at standard normal quantiles, of any shape; not measured: what is typical."""
        if not self.measurements:
            return np.full(np.shape(normal), self.mean)
        normal = np.asarray(normal, dtype=float)
        if self.kind.amount["form"] == "loss":
            # No strength is below none: the part of the posterior that lies there is cut off.
            grid = self._unbounded(_QUANTILES, prior)
            impossible = float((grid < 0.0).mean())
            normal = ndtri(impossible + (1.0 - impossible) * ndtr(normal))
        return np.maximum(self._unbounded(normal, prior), 0.0 if self.kind.amount["form"] == "loss" else -np.inf)

    def _unbounded(self, normal: FloatArray, prior: Prior) -> FloatArray:
        """Return values of the posterior as if every value were possible."""
        if prior == "mixture":
            return self.mean + self.sd * _mixture(normal, (self.value - self.mean) / self.sd, self.sem / self.sd)
        mean, sd = self.value, self.sem
        if prior == "population":
            precision = self.sem**-2 + self.sd**-2
            mean = (self.value / self.sem**2 + self.mean / self.sd**2) / precision
            sd = precision**-0.5
        return np.asarray(mean + sd * normal)

    def before(self, normal: FloatArray, prior: Prior = "mixture") -> FloatArray:
        """Return values as they are likely without any measurement, at standard normal quantiles, of any shape."""
        off = _mixture(normal) if prior == "mixture" else np.asarray(normal, dtype=float)
        return np.asarray(self.mean + self.sd * off)

    def is_beyond(self, values: FloatArray) -> NDArray[np.bool_]:
        """Return which values lie beyond 1.96 SD of the norm, bool array of their shape."""
        return np.asarray(np.abs(np.asarray(values) - self.mean) > REFERENCE_SD * self.sd)

    def p_beyond(self, prior: Prior = "mixture") -> float:
        """Return the posterior probability of lying beyond 1.96 SD of the norm."""
        return float(self.is_beyond(self.at(_QUANTILES, prior)).mean())

    @property
    def can_be_made(self) -> bool:
        """True unless legs differ by more than a body can be given: no slip of a tape becomes a smaller difference.

        Other parameters are held within the limits of their change: what is tighter still is as tight as can be told.
        """
        if not self.kind.change.get("halved"):
            return True
        low, high = self.change().limits
        return low <= float(self.kind.amount["scale"]) * (self.value - self.mean) <= high

    def amounts(self, values: FloatArray) -> FloatArray:
        """Return the amounts of its change that bring a typical body to some values.

        Parameters
        ----------
        values : (case,) array
            In the unit of the parameter.

        Returns
        -------
        (case,) array
            In the printed unit of the change; its neutral amount where a value is typical.
        """
        rule = self.kind.amount
        deviation = np.asarray(values, dtype=float) - self.mean
        if rule["form"] == "difference":
            amount = float(rule["scale"]) * deviation
        elif rule["form"] == "loss":
            amount = -deviation / self.mean
        elif rule["form"] == "lunge":
            arm = _shank_m(self.height_m) * math.cos(math.radians(float(rule["inclination_deg"])))
            amount = -np.degrees(0.01 * deviation / arm)
        else:
            amount = self.mean / np.maximum(deviation + self.mean, self.mean / float(rule["high"]))
        low, high = self.change().limits
        return np.clip(amount, max(low, rule.get("low", -math.inf)), min(high, rule.get("high", math.inf)))

    def made(self, values: FloatArray, has: float = 0.0) -> tuple[tuple[Change, FloatArray], ...]:
        """Return the changes that bring a typical body to some values, each with its (case,) amounts.

        A difference between the legs is made half on one and half on the other, so that a mirrored person is the mirror
        image and nobody grows.

        Parameters
        ----------
        values : (case,) array
            In the unit of the parameter.
        has : float
            Amount that the body has already.
        """
        change, amounts = self.change(), self.amounts(values) - has
        if not self.kind.change.get("halved"):
            return ((change, np.clip(amounts, *change.limits)),)
        other: PlayerSide = "right" if change.side == "left" else "left"
        mirrored = Change(change.kind, other, change.amount, change.options)
        return ((change, np.clip(0.5 * amounts, *change.limits)), (mirrored, np.clip(-0.5 * amounts, *change.limits)))

    def change(self, amount: float | None = None) -> Change:
        """Return its change as it is told, by default of the neutral amount; see `made` for how it is made."""
        spec = self.kind.change
        side = spec.get("side") or self.side
        neutral = find_kind(spec["kind"]).neutral
        return Change(spec["kind"], side, neutral if amount is None else amount, spec.get("options", {}))


@dataclass(frozen=True)
class Survey:
    """What of a person can be attributed to, and what cannot.

    Attributes
    ----------
    measured : tuple of Parameter
    unmeasured : tuple of Parameter
        With norm and error, but without a measurement of this person.
    refused : tuple of NotPlayer
        Measures of this person, or parameters, that cannot be players.
    """

    measured: tuple[Parameter, ...]
    unmeasured: tuple[Parameter, ...]
    refused: tuple[NotPlayer, ...]


def worst_grade(grades: Iterable[str]) -> str:
    """Return the weakest of some grades; an unknown word counts as an assumption."""

    def depth(grade: str) -> int:
        found = [i for i, word in enumerate(_GRADES) if word in grade.lower()]
        return max(found) if found else len(_GRADES)

    return max(grades, key=depth)


def survey_person(person: Person, findings: Sequence[Finding] = ()) -> Survey:
    """Return what of a person can be attributed to.

    Parameters
    ----------
    person : Person
        With its examination.
    findings : sequence of Finding
        Of its recordings.
    """
    measured: list[Parameter] = []
    unmeasured: list[Parameter] = []
    refused: list[NotPlayer] = []
    for kind in read_player_kinds().values():
        for side in kind.sides:
            found = _measurements(kind, side, person, findings)
            norm = _norm_for(kind, person)
            if isinstance(norm, str):
                refused.append(NotPlayer(kind.id, side, kind.name, norm))
            elif kind.amount["form"] == "lunge" and person.height_m is None:
                refused.append(NotPlayer(kind.id, side, kind.name, "the height is not known", "Height"))
            elif found:
                measured.append(Parameter(kind, side, norm, found, person.height_m))
            else:
                unmeasured.append(Parameter(kind, side, norm, (), person.height_m))
    return Survey(tuple(measured), tuple(unmeasured), (*refused, *_refusals(person, findings)))


def choose_players(survey: Survey, prior: Prior = "mixture") -> tuple[tuple[Parameter, ...], tuple[NotPlayer, ...]]:
    """Return the players, the largest standardised deviation first, and everything that is none, with the reason.

    A measured parameter enters when the posterior probability of lying outside 1.96 SD of the norm is at least one half
    and the deviation exceeds the minimal detectable change; at most six do.
    """
    chosen: list[Parameter] = []
    out: list[NotPlayer] = []
    for parameter in survey.measured:
        reason = _why_not(parameter, prior)
        if reason:
            out.append(NotPlayer(parameter.kind.id, parameter.side, parameter.kind.name, reason))
        else:
            chosen.append(parameter)
    chosen.sort(key=lambda p: (-abs(p.value - p.mean) / p.sd, p.key))
    for parameter in chosen[MOST_PLAYERS:]:
        reason = f"{MOST_PLAYERS} other parameters lie further out; no more are told apart"
        out.append(NotPlayer(parameter.kind.id, parameter.side, parameter.kind.name, reason))
    for parameter in survey.unmeasured:
        kind = parameter.kind
        out.append(NotPlayer(kind.id, parameter.side, kind.name, "not measured in this person", kind.next_test))
    return tuple(chosen[:MOST_PLAYERS]), (*out, *survey.refused)


def to_player(parameter: Parameter, prior: Prior = "mixture") -> Player:
    """Return a chosen parameter as it is shown."""
    low, middle, high = (float(x) for x in parameter.at(np.array([-REFERENCE_SD, 0.0, REFERENCE_SD]), prior))
    named = ", ".join(f"{m.name} ({m.error.source})" for m in parameter.measurements)
    amount = float(parameter.amounts(np.array([middle]))[0])
    return Player(
        id=parameter.kind.id,
        side=parameter.side,
        name=parameter.kind.name,
        change=parameter.change(round(amount, 3)).text,
        value=Estimate(middle, low, high, parameter.kind.unit, named),
        norm=parameter.norm,
        deviation_sd=(middle - parameter.mean) / parameter.sd,
        p_outside=parameter.p_beyond(prior),
        minimal_detectable_change=parameter.minimal_detectable_change,
        prior=PRIORS[prior],
        grade=parameter.grade,
        sources=parameter.sources,
    )


def find_player_kind(name: str) -> PlayerKind:
    """Return one parameter that may be a player.

    Raises
    ------
    SettingError
        If there is none of that id.
    """
    if name not in read_player_kinds():
        raise SettingError(f"no parameter '{name}' can be a driver. {suggest(name, read_player_kinds())}")
    return read_player_kinds()[name]


@cache
def read_player_kinds() -> Mapping[str, PlayerKind]:
    """Return every parameter that may be a player, by id.

    Raises
    ------
    EvidenceError
        If an entry lacks something, names no source, or rests on an error that nobody read.
    """
    return MappingProxyType({entry["id"]: _kind(entry) for entry in _content()["player"]})


def _why_not(parameter: Parameter, prior: Prior) -> str:
    chance = parameter.p_beyond(prior)
    deviation, least = abs(parameter.value - parameter.mean), parameter.minimal_detectable_change
    unit = parameter.kind.unit
    if chance < LEAST_P_OUTSIDE:
        return f"within what is usual: outside 1.96 SD of the norm with {100 * chance:.0f} % probability only"
    if deviation <= least:
        return f"{deviation:.1f} {unit} from the norm's mean is less than the test can tell ({least:.1f} {unit})"
    if not parameter.can_be_made:
        change = parameter.change()
        low, high = change.limits
        return (
            f"{parameter.value:.0f} {unit} is more than a body can be given here ({low:g} to {high:g} {change.unit}); "
            "check the measurement"
        )
    return ""


def _measurements(
    kind: PlayerKind, side: PlayerSide, person: Person, findings: Sequence[Finding]
) -> tuple[Measurement, ...]:
    out = []
    sheet, _ = current_exam(person)
    for test in kind.tests:
        items: dict[str, ExamItem] = {i.side: i for i in sheet if (i.id, i.unit, i.part) == (test.item, test.unit, "")}
        value = _read(test, side, items, findings)
        if value is not None and math.isfinite(value):
            out.append(Measurement(value, test.name, test.error))
    return tuple(out)


def _read(test: Test, side: PlayerSide, items: Mapping[str, ExamItem], findings: Sequence[Finding]) -> float | None:
    """Return what one test tells of a parameter, None if it was not done."""
    if test.kind == "finding":
        found = [f for f in findings if f.id == test.item and f.estimate.unit == test.unit]
        return found[0].estimate.value if found else None
    if test.kind == "sides":
        return items["left"].value - items["right"].value if {"left", "right"} <= set(items) else None
    if test.kind == "block":
        # The blocks stand under the shorter leg; none under either is a difference of nothing.
        told = {"left": -1.0, "right": 1.0, "both": 0.0}
        return sum(told[s] * i.value for s, i in items.items()) if items else None
    item = items.get(side) or items.get("both")
    return item.value if item else None


def _norm_for(kind: PlayerKind, person: Person) -> Norm | str:
    """Return the norm of a person's sex and age, or why there is none."""
    if person.age_years is None:
        return "the age is not known, and with it what is typical"
    if person.sex is None and all(row.sex for row in kind.norms):
        return "the sex is not known, and with it what is typical"
    for row in kind.norms:
        if row.sex in (None, person.sex):
            youngest, oldest = row.ages
            if youngest <= math.floor(person.age_years) <= oldest:
                return row.norm
            return f"the norm ({row.norm.cohort}) is used from {youngest:.0f} to {oldest:.0f} years only"
    return "no norm with a mean and a standard deviation was read for this sex"


def _refusals(person: Person, findings: Sequence[Finding]) -> Iterator[NotPlayer]:
    """Yield the measures of this person that cannot be players."""
    played = {t.item for kind in read_player_kinds().values() for t in kind.tests if t.kind == "finding"}
    for entry in _content()["refused"]:
        items = [i for i in person.exam if i.id in entry.get("items", ()) and i.unit == entry.get("unit", i.unit)]
        starts = tuple(entry.get("findings", ()))
        seen = [f for f in findings if not f.method.startswith("examination")]
        recorded = [f for f in seen if starts and f.id.startswith(starts) and f.id not in played]
        if items or recorded or entry.get("always"):
            yield NotPlayer(entry["id"], "both", entry["name"], entry["reason"])


@cache
def _content() -> Mapping[str, Any]:
    text = (files("kinechain.evidence") / "data" / "chain" / "players.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _kind(entry: Mapping[str, Any]) -> PlayerKind:
    try:
        sides = tuple(entry["sides"])
        if not set(sides) <= set(get_args(PlayerSide)):
            raise EvidenceError(f"{_FILE}: '{entry['id']}' has impossible sides {sides}")
        find_kind(entry["change"]["kind"])
        return PlayerKind(
            id=entry["id"],
            name=entry["name"],
            unit=entry["unit"],
            sides=sides,
            place=entry["place"],
            is_structural=bool(entry.get("structural", False)),
            change=MappingProxyType(entry["change"]),
            amount=MappingProxyType(entry["amount"]),
            tests=tuple(_test(entry["id"], test) for test in entry["test"]),
            norms=tuple(_norm_row(entry["id"], row) for row in entry["norm"]),
            next_test=entry["next_test"],
        )
    except KeyError as error:
        raise EvidenceError(f"{_FILE}: '{entry.get('id', '?')}' lacks {error}") from error


def _test(player: str, entry: Mapping[str, Any]) -> Test:
    rule = entry["error"]
    if "table" in rule:
        fact = _row(player, rule)
        value, key, grade = fact.number(rule["column"]), fact.source.key, fact.grade
    else:
        value, key = float(rule["value"]), rule["source"]
        grade = rule.get("grade") or source(key).level
    if key == "kinechain_choice" or "assumption" in grade:
        raise EvidenceError(f"{_FILE}: the error of '{player}' by {entry['name']} was declared, not read")
    factor = {"sem": 1.0, "sd": 1.0, "change": 1.0 / (REFERENCE_SD * math.sqrt(2.0))}[rule["kind"]]
    return Test(entry["kind"], entry["item"], entry["unit"], entry["name"], Error(factor * value, key, grade))


def _norm_row(player: str, entry: Mapping[str, Any]) -> NormRow:
    if "table" in entry:
        fact = _row(player, entry)
        mean, sd, key, grade = fact.number(), fact.number("sd"), fact.source.key, fact.grade
        cohort = ", n = ".join(x for x in (fact.columns["subgroup"], fact.columns["n"]) if x)
    else:
        mean, sd, key, cohort = float(entry["mean"]), float(entry["sd"]), entry["source"], entry["cohort"]
        grade = entry.get("grade") or source(key).level
    if entry.get("magnitude"):
        mean, sd, grade = 0.0, math.hypot(mean, sd), f"derived, {grade}"
    half = REFERENCE_SD * sd
    norm = Norm(mean, sd, mean - half, mean + half, cohort, key, grade)
    youngest, oldest = entry["ages"]
    return NormRow(norm, entry.get("sex"), (youngest, oldest))


def _row(player: str, rule: Mapping[str, Any]) -> Fact:
    columns = {k: rule[k] for k in ("item", "subgroup", "quantity") if k in rule}
    rows = [f for f in read_facts(rule["table"]) if f.source.key == rule["source"]]
    rows = [f for f in rows if all(f.columns[k] == v for k, v in columns.items())]
    if len(rows) != 1:
        raise EvidenceError(f"{_FILE}: {len(rows)} rows of {rule['table']} fit '{player}'; one was asked for")
    return rows[0]


#: Standard normal quantiles that stand for a whole distribution.
_QUANTILES = ndtri((np.arange(2000) + 0.5) / 2000)


def _mixture(normal: FloatArray, value: float | None = None, sem: float = 1.0) -> FloatArray:
    """Return deviations in SDs of the norm at standard normal quantiles: normal within the norm, flat beyond it.

    ``value`` and ``sem`` are of a measurement, in SDs; None: nothing was measured.
    """
    far = FARTHEST_SD if value is None else max(FARTHEST_SD, abs(value) + 4.0 * sem)
    z = np.linspace(-far, far, 4001)
    inside = np.abs(z) <= REFERENCE_SD
    normal_share = float(ndtr(REFERENCE_SD) - ndtr(-REFERENCE_SD))
    within = (1.0 - SHARE_BEYOND) * np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi) / normal_share
    density = np.where(inside, within, 0.5 * SHARE_BEYOND / (FARTHEST_SD - REFERENCE_SD))
    if value is not None:
        density = density * np.exp(-0.5 * ((z - value) / sem) ** 2)
    total = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]))])
    return np.asarray(np.interp(ndtr(normal), total / total[-1], z))


def _shank_m(height_m: float | None) -> float:
    """Return the length of the shank, m; the share of the stature is that of men (deleva1996)."""
    if height_m is None:
        raise SettingError("the length of the shank needs the height of the person; write height_m under [person]")
    share = find_fact(
        "anthropometry_segment_lengths", segment="Shank (KJC-LMAL)", sex="male", quantity="length_over_stature"
    )
    return share.number() * height_m
