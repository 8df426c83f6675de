"""Which parameters of a person carry load to which site: the definition, put together.

Players are the measured parameters that lie outside their norm (`kinechain.chain.players`); the rules of the game are
`kinechain.chain.game`.  For every target the contribution of a player is the Shapley value of making it typical while
all else stays the person's, over draws of the parameters from their posterior and of everything that is not known of
the body, paired across the counterfactuals.  A player is relevant for a target in a draw when its contribution exceeds
the floor of the target: 5 % of the typical load, or 1.96 SD of the load re-estimated over the error of the tests.

Relevant for *any* target is what the sets say.  Over fifty targets do not make fifty chances of a false driver, for all
are functions of the same few parameters; but the floors alone do not hold their union to 5 % either.  Of one player
whose true deviation is nothing, measured with the error of its test, a first-order reading would have every target over
its floor only where the error is beyond 1.96 of its standard deviations.  On a standing body (150 drawn bodies) some
target was over its floor in 30 % of draws for leg length and in 10 to 11 % for calf, hamstrings and arch: bodies differ
in how much a deviation loads them, and what rises on both sides of typical has a skew noise.  What keeps false drivers
rare is that a draw must lie beyond the norm as well (below): then it was 4, 0, 7 and 0 %.

Where this differs from the letter of the definition it is on purpose, for the sake of people with known drivers:

- *Beyond the norm, draw by draw.*  A player is relevant in a draw only if the draw lies beyond 1.96 SD of the norm.
  The definition makes nobody a player who lies within the norm, so a person with exactly those values would have no
  such player, however much it carries.
- *A test that reads within the norm does not make a parameter typical.*  Every other measured parameter is followed
  too, by what making it typical alone would take off the load (``Drivers.silent``); the full distribution of the
  relevant set holds it.
- *The prior* is the norm within the norm and flat beyond it, with one in ten beyond.  One that is flat everywhere calls
  every person deviant in whom a test erred: on a linear stand-in of a standing body
  (``benchmarks/attribution_calibration.py``, examination alone, 200 people each of whom 25, 50 and 75 % have no driver)
  sets that claim 80 % held the truth in 76, 81 and 78 % against 87, 87 and 88 % under a flat prior, and of people
  without a relevant parameter 7, 6 and 4 % were given one against 29, 21 and 19 %.  Flat and population priors are
  printed as sensitivity.
- *Above four players* orders of the players take the place of an expansion by gradients: they hold all that it holds
  and are without bias beyond it, see `kinechain.chain.game.play`.
- *Undetermined because the summed interval spans zero* is said only where the leading set names a driver: where the
  leading set is empty with at least one half, contributions around zero are what it says, and "no driver is supported"
  is the answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kinechain.care.drivers import (
    UNDETERMINED_BELOW,
    Candidate,
    Direction,
    Drivers,
    DriverSet,
    Floor,
    Group,
    NextTest,
    NotPlayer,
    Permission,
    PlayerSide,
    Sensitivity,
    Silent,
    TargetTable,
    Treatment,
    judge_drivers,
)
from kinechain.chain.game import (
    Evaluate,
    Play,
    cover,
    expected_information,
    group_players,
    information_of_unmeasured,
    play,
    relevant_sets,
)
from kinechain.chain.players import PRIORS, Parameter, Prior, Survey, choose_players, to_player, worst_grade
from kinechain.core.arrays import FloatArray, IntArray
from kinechain.core.errors import SettingError, SolveError
from kinechain.core.estimate import Estimate

__all__ = ["AttributionSettings", "HarmfulTarget", "attribute", "draw_parameters", "least_contribution"]

#: Share of the typical load that is no contribution worth naming.
FLOOR_SHARE = 0.05
#: Draws over which the noise of the tests is propagated, and over which the typical load is averaged.
NOISE_DRAWS = 100
#: Draws in which a parameter that was not measured is tried.
TRIED_DRAWS = 8
#: A target that cannot be computed in more than this share of the draws is left out, and named.
LARGEST_MISSING = 0.2
#: Tests that are named, and the least they are expected to tell, bits.
MOST_TESTS, LEAST_BITS = 5, 0.005
#: A structural set this probable has a direction.
DIRECTION_ABOVE = 0.8

BoolArray = NDArray[np.bool_]


class HarmfulTarget(Protocol):
    """What a target must tell, see `kinechain.chain.targets.Target`."""

    @property
    def id(self) -> str:
        """E.g. 'knee_contact_left'."""

    @property
    def name(self) -> str:
        """As printed."""

    @property
    def site(self) -> str:
        """E.g. 'knee'."""

    @property
    def side(self) -> PlayerSide:
        """'left', 'right' or 'middle'."""

    @property
    def unit(self) -> str:
        """As printed."""

    @property
    def harmful(self) -> int:
        """+1 where more is worse, else -1."""

    @property
    def least(self) -> float:
        """Smallest change that means anything."""

    @property
    def is_asked(self) -> bool:
        """False for what decides no driver."""


@dataclass(frozen=True)
class AttributionSettings:
    """How an attribution is computed.

    Attributes
    ----------
    draws, seed : int
    coverage : float
        Probability up to which sets are named.
    prior : 'mixture', 'flat' or 'population'
    """

    draws: int = 200
    seed: int = 0
    coverage: float = 0.8
    prior: Prior = "mixture"

    def __post_init__(self) -> None:
        if self.draws < 20:
            raise SettingError(f"probabilities are told from at least 20 draws; got {self.draws}")
        if self.prior not in PRIORS:
            raise SettingError(f"there is no prior '{self.prior}'; there is: {', '.join(PRIORS)}")


@dataclass(frozen=True)
class _Game:
    """Everything the answer is read from; arrays over the draws and targets that could be computed."""

    players: tuple[Parameter, ...]
    silent: tuple[Parameter, ...]
    groups: tuple[tuple[int, ...], ...]
    targets: tuple[HarmfulTarget, ...]
    asked: tuple[int, ...]
    draws: FloatArray
    normals: FloatArray
    played: Play
    floors: tuple[Floor, ...]
    relevant: BoolArray
    relevant_silent: BoolArray
    notes: tuple[str, ...]

    def keys(self, group: int) -> tuple[str, ...]:
        """Names of the parameters of one player of the game."""
        return tuple(self.players[i].key for i in self.groups[group])

    @property
    def any_target(self) -> BoolArray:
        """(player, draw): relevant for any target."""
        return np.asarray(self.relevant.any(axis=2))

    @property
    def source(self) -> str:
        """Of every interval."""
        return f"{len(self.draws)} draws of the parameters and of what is not known of the body"


def attribute(
    evaluate: Evaluate,
    survey: Survey,
    targets: Sequence[HarmfulTarget],
    permission: Permission,
    settings: AttributionSettings | None = None,
    *,
    site: str | None = None,
) -> Drivers:
    """Return which parameters of a person carry load, how surely, and what nobody can tell.

    Parameters
    ----------
    evaluate : callable
        From (case, parameter) values, in the order of ``survey.measured`` and then ``survey.unmeasured``, and the
        (case,) number of the draw of everything else, to (case, target) loads; NaN where there is none.
    survey : Survey
    targets : sequence of Target
        In the order of ``evaluate``.
    permission : Permission
        Of `kinechain.care.drivers.may_attribute`.
    settings : AttributionSettings or None
        None: 200 draws, sets up to 80 %, the norm or beyond as prior.
    site : str or None
        Where it hurts: only orders what is shown.

    Raises
    ------
    SettingError
        If no permission is given.
    SolveError
        If fewer than half of the draws could be computed.
    """
    if not permission.is_given:
        raise SettingError(permission.reason)
    settings = AttributionSettings() if settings is None else settings
    chosen, rest = choose_players(survey, settings.prior)
    game = _play(evaluate, survey, chosen, targets, settings)
    sets = relevant_sets(game.any_target)
    none = sum(p for members, p in sets if not members)
    order = sorted(range(len(game.targets)), key=lambda t: game.targets[t].site != site)
    tables = tuple(_table(game, t, settings) for t in order)
    undetermined = _is_undetermined(game, sets)
    named = _driver_sets(game, cover(sets, settings.coverage))
    direction, why = _direction(game, sets)
    groups = [g for g in range(len(game.groups)) if len(game.groups[g]) > 1]
    return Drivers(
        players=tuple(to_player(p, settings.prior) for p in chosen),
        not_players=rest,
        targets=tables,
        candidates=tuple(c for table in tables for c in table.candidates),
        sets=named,
        coverage=settings.coverage,
        none_supported=min(1.0, none),
        undetermined=undetermined,
        p_relevant=_per_player(game, game.any_target.mean(axis=1)),
        groups=tuple(Group(game.keys(g), _least_correlation(game, g)) for g in groups),
        priors=tuple(f"{p.kind.name} ({p.side}): {PRIORS[settings.prior]}" for p in chosen),
        sensitivity=tuple(_sensitivity(game, other) for other in PRIORS),
        next_tests=_next_tests(evaluate, survey, game, settings),
        treatments=_treatments(game),
        direction=direction,
        direction_reason=why,
        verdict=judge_drivers({p.key: _spoken(p) for p in chosen}, named, none, undetermined, _open(survey, rest)),
        method="exact subsets" if game.played.is_exact else "orders of the players",
        audit_error=_audit_error(game),
        draws=len(game.draws),
        seed=settings.seed,
        notes=game.notes,
        distribution=_distribution(game),
        silent=tuple(
            Silent(p.kind.id, p.side, p.kind.name, float(row.mean()))
            for p, row in zip(game.silent, game.relevant_silent, strict=True)
        ),
    )


def draw_parameters(parameters: Sequence[Parameter], prior: Prior, count: int, seed: int) -> FloatArray:
    """Return values of parameters drawn from their posteriors, (draw, parameter), in the unit of each.

    The first of many draws are those of few, and what a parameter draws depends on no other.

    Parameters
    ----------
    parameters : sequence of Parameter
    prior : 'mixture', 'flat' or 'population'
    count, seed : int
    """
    out = np.empty((count, len(parameters)))
    for i, parameter in enumerate(parameters):
        out[:, i] = parameter.at(_normal(seed, parameter.key, count), prior)
    return out


def _normal(seed: int, name: str, count: int) -> FloatArray:
    """Return (draw,) standard normal numbers that depend on nothing but a name and a seed."""
    return np.random.default_rng([seed, *name.encode()]).standard_normal(count)


def _play(
    evaluate: Evaluate,
    survey: Survey,
    chosen: tuple[Parameter, ...],
    targets: Sequence[HarmfulTarget],
    settings: AttributionSettings,
) -> _Game:
    parameters = (*survey.measured, *survey.unmeasured)
    sign = np.array([t.harmful for t in targets], dtype=float)

    def harm(values: FloatArray, numbers: IntArray) -> FloatArray:
        return np.asarray(evaluate(values, numbers) * sign)

    draws = draw_parameters(parameters, settings.prior, settings.draws, settings.seed)
    typical = np.array([p.mean for p in parameters])
    columns = [parameters.index(p) for p in chosen]
    groups = group_players(draws, columns)
    floors = _floors(harm, targets, parameters, columns, settings)
    limits = np.array([f.value for f in floors])
    played = play(harm, draws, typical, groups, limits)
    kept, asked, notes = _computable(played, targets)
    silent = tuple(p for p in survey.measured if p not in chosen)
    unheard = _silent(harm, draws, parameters, silent, played.now, limits)
    beyond = (
        np.stack([_any_beyond(draws, parameters, group) for group in groups]) if groups else np.zeros((0, len(draws)))
    )
    played = played.part(kept, asked)
    relevant = (played.contributions > limits[asked]) & (beyond[:, kept, None] > 0.0)
    return _Game(
        chosen,
        silent,
        tuple(tuple(columns.index(c) for c in group) for group in groups),
        tuple(targets[t] for t in asked),
        tuple(asked),
        draws[kept][:, columns],
        np.stack([_normal(settings.seed, p.key, settings.draws)[kept] for p in chosen], axis=1)
        if chosen
        else np.zeros((int(kept.sum()), 0)),
        played,
        tuple(floors[t] for t in asked),
        np.asarray(relevant),
        np.asarray(unheard[:, kept][..., asked].any(axis=2)),
        notes,
    )


def _any_beyond(draws: FloatArray, parameters: Sequence[Parameter], columns: Sequence[int]) -> BoolArray:
    """Return in which draws a parameter of one player lies beyond its norm, (draw,)."""
    return np.asarray(np.any([parameters[c].is_beyond(draws[:, c]) for c in columns], axis=0))


def _silent(
    harm: Evaluate,
    draws: FloatArray,
    parameters: Sequence[Parameter],
    silent: Sequence[Parameter],
    now: FloatArray,
    floors: FloatArray,
) -> BoolArray:
    """Return in which draws each silent parameter is relevant for which target, (parameter, draw, target).

    Its contribution is what making it alone typical takes off; asked only where the draw lies beyond the norm.
    """
    out = np.zeros((len(silent), *now.shape), dtype=bool)
    asked = [(i, k) for i, p in enumerate(silent) for k in np.flatnonzero(p.is_beyond(draws[:, parameters.index(p)]))]
    if not asked:
        return out
    rows, numbers = np.array(asked, dtype=np.int64).T
    cases = draws[numbers].copy()
    for i, p in enumerate(silent):
        cases[rows == i, parameters.index(p)] = p.mean
    with np.errstate(invalid="ignore"):
        out[rows, numbers] = now[numbers] - harm(cases, numbers) > floors
    return out


def least_contribution(typical: float, least: float) -> float:
    """Return what a contribution must exceed beside noise: a share of the load, or the least that means anything."""
    return max(FLOOR_SHARE * abs(typical), least)


def _floors(
    harm: Evaluate,
    targets: Sequence[HarmfulTarget],
    parameters: Sequence[Parameter],
    columns: Sequence[int],
    settings: AttributionSettings,
) -> tuple[Floor, ...]:
    """Return the floor of every target; the noise is that of all tests of this person, those of no player too."""
    count = min(NOISE_DRAWS, settings.draws)
    numbers = np.arange(count)
    middle = np.tile([p.value for p in parameters], (count, 1))
    sems = np.array([p.sem if p.measurements else 0.0 for p in parameters])
    error = np.stack([_normal(settings.seed + 1, p.key, count) for p in parameters], axis=1) if parameters else middle
    normal = middle.copy()
    normal[:, list(columns)] = [parameters[c].mean for c in columns]
    loads = harm(np.concatenate([normal, middle, middle + sems * error]), np.tile(numbers, 3)).reshape(3, count, -1)
    out = []
    for t in range(loads.shape[2]):
        typical, noise = loads[0, :, t], loads[2, :, t] - loads[1, :, t]
        if np.isfinite(typical).sum() < 2 or np.isfinite(noise).sum() < 2:
            out.append(Floor(math.nan, math.nan, math.nan))
            continue
        share = least_contribution(float(np.nanmean(typical)), targets[t].least)
        spread = 1.96 * float(np.nanstd(noise, ddof=1))
        out.append(Floor(max(share, spread), share, spread))
    return tuple(out)


def _computable(played: Play, targets: Sequence[HarmfulTarget]) -> tuple[BoolArray, list[int], tuple[str, ...]]:
    """Return which draws and targets could be computed, and what is to be said about the others."""
    finite = np.isfinite(played.contributions).all(axis=0) & np.isfinite(played.now) & np.isfinite(played.typical)
    stood: BoolArray = np.asarray(finite.any(axis=1))
    if stood.mean() < 0.5:
        raise SolveError(
            f"only {int(stood.sum())} of {len(stood)} draws of this person come to rest; check the measurements, "
            "most of all leg lengths and ranges"
        )
    wanted = [t for t in range(len(targets)) if targets[t].is_asked]
    asked = [t for t in wanted if finite[stood, t].mean() >= 1.0 - LARGEST_MISSING]
    kept: BoolArray = np.asarray(stood & finite[:, asked].all(axis=1))
    notes = []
    left_out = [targets[t].name for t in wanted if t not in asked]
    if left_out:
        notes.append(
            f"Not computable in more than one of five draws, and left out: {', '.join(dict.fromkeys(left_out))}."
        )
    if not kept.all():
        notes.append(
            f"{int((~kept).sum())} of {len(kept)} draws did not come to rest, or not with all loads, and are left out."
        )
    return kept, asked, tuple(notes)


def _driver_sets(game: _Game, sets: Sequence[tuple[tuple[int, ...], float]]) -> tuple[DriverSet, ...]:
    return tuple(DriverSet(tuple(sorted(k for g in s for k in game.keys(g))), min(1.0, p)) for s, p in sets)


def _distribution(game: _Game) -> tuple[DriverSet, ...]:
    """Return every relevant set that was drawn, players and silent parameters together."""
    keys = [game.keys(g) for g in range(len(game.groups))] + [(p.key,) for p in game.silent]
    sets = relevant_sets(np.concatenate([game.any_target, game.relevant_silent]))
    return tuple(DriverSet(tuple(sorted(k for i in s for k in keys[i])), min(1.0, p)) for s, p in sets)


def _per_player(game: _Game, values: FloatArray) -> tuple[float, ...]:
    """Return a value of every group for every parameter in it, in the order of the players."""
    out = [0.0] * len(game.players)
    for group, value in zip(game.groups, values, strict=True):
        for i in group:
            out[i] = float(value)
    return tuple(out)


def _estimate(values: FloatArray, unit: str, source: str) -> Estimate:
    low, middle, high = np.percentile(values, [2.5, 50.0, 97.5])
    return Estimate(float(middle), float(low), float(high), unit, source)


def _table(game: _Game, t: int, settings: AttributionSettings) -> TargetTable:
    target, played = game.targets[t], game.played
    contributions, relevant = played.contributions[:, :, t], game.relevant[:, :, t]
    sets = relevant_sets(relevant)
    total = _estimate(contributions.sum(axis=0), target.unit, game.source)
    means = contributions.mean(axis=1)
    one_sign = len(means) > 0 and bool((means > 0).all() or (means < 0).all())
    candidates = []
    for g in np.argsort(-means, kind="stable"):
        members = [game.players[i] for i in game.groups[g]]
        low, middle, high = np.percentile(contributions[g], [2.5, 50.0, 97.5])
        candidates.append(
            Candidate(
                id=" + ".join(dict.fromkeys(m.kind.id for m in members)),
                side=members[0].side,
                target=target.id,
                contribution=float(middle),
                low=float(low),
                high=float(high),
                unit=target.unit,
                p_relevant=float(relevant[g].mean()),
                share=float(100.0 * means[g] / means.sum()) if one_sign else None,
                grade=worst_grade(m.grade for m in members),
            )
        )
    return TargetTable(
        target=target.id,
        name=target.name,
        site=target.site,
        side=target.side,
        unit=target.unit,
        now=_estimate(target.harmful * played.now[:, t], target.unit, game.source),
        typical=_estimate(target.harmful * played.typical[:, t], target.unit, game.source),
        total=total,
        floor=game.floors[t],
        candidates=tuple(candidates),
        p_relevant=_per_player(game, relevant.mean(axis=1)),
        sets=_driver_sets(game, cover(sets, settings.coverage)),
        none_supported=min(1.0, sum(p for members, p in sets if not members)),
        undetermined=sets[0][1] < UNDETERMINED_BELOW or (bool(sets[0][0]) and _spans_zero(total)),
    )


def _spans_zero(estimate: Estimate) -> bool:
    return estimate.low <= 0.0 <= estimate.high


def _is_undetermined(game: _Game, sets: Sequence[tuple[tuple[int, ...], float]]) -> bool:
    """Return whether no set reaches one half, or no target that the leading set loads has a sum apart from zero."""
    members, probability = sets[0]
    if probability < UNDETERMINED_BELOW:
        return True
    if not members:
        return False
    loaded = np.flatnonzero((game.relevant[list(members)].mean(axis=1) >= UNDETERMINED_BELOW).any(axis=0))
    sums = game.played.contributions.sum(axis=0)
    return all(_spans_zero(_estimate(sums[:, t], game.targets[t].unit, game.source)) for t in loaded)


def _least_correlation(game: _Game, group: int) -> float:
    columns = game.draws[:, list(game.groups[group])]
    return float(np.abs(np.corrcoef(columns, rowvar=False)).min())


def _sensitivity(game: _Game, other: Prior) -> Sensitivity:
    """Return the answer under another prior; contributions go in proportion to the deviation of their player."""
    floors = np.array([f.value for f in game.floors])
    relevant = np.zeros_like(game.any_target)
    for g, group in enumerate(game.groups):
        parameter = game.players[group[0]]
        deviation = game.draws[:, group[0]] - parameter.mean
        moved = parameter.at(game.normals[:, group[0]], other)
        # Close to what is typical a proportion says nothing; there the middle one of the other draws is taken.
        far = np.abs(deviation) > 0.5 * parameter.sd
        slopes = game.played.contributions[g] / np.where(far, deviation, np.nan)[:, None]
        slopes = np.where(far[:, None], slopes, np.nanmedian(slopes, axis=0) if far.any() else 0.0)
        over = (slopes * (moved - parameter.mean)[:, None] > floors).any(axis=1)
        relevant[g] = over & parameter.is_beyond(moved)
    sets = relevant_sets(relevant)
    none = min(1.0, sum(p for members, p in sets if not members))
    return Sensitivity(PRIORS[other], _per_player(game, relevant.mean(axis=1)), none, _driver_sets(game, sets[:1])[0])


def _next_tests(evaluate: Evaluate, survey: Survey, game: _Game, settings: AttributionSettings) -> tuple[NextTest, ...]:
    relevant, count = np.concatenate([game.any_target, game.relevant_silent]), len(game.draws)
    out = []
    for i, parameter in enumerate(game.players):
        sem = min(test.error.sem for test in parameter.kind.tests)
        normal = _normal(settings.seed + 2, parameter.key, count)
        out.append((expected_information(relevant, game.draws[:, i], sem, normal), parameter, False))
    for parameter, slopes in _slopes(evaluate, survey, game, settings):
        likely = parameter.before(_normal(settings.seed + 3, parameter.key, count), settings.prior)
        floors = np.array([f.value for f in game.floors])
        off, beyond = likely - parameter.mean, parameter.is_beyond(likely)
        error = _normal(settings.seed + 2, parameter.key, count)
        bits = information_of_unmeasured(relevant, slopes, floors, off, beyond, parameter.sem, error)
        out.append((bits, parameter, True))
    out.sort(key=lambda row: (-row[0], row[1].key))
    return tuple(
        NextTest(p.kind.id, p.side, p.kind.name, p.kind.next_test, bits, is_new)
        for bits, p, is_new in out[:MOST_TESTS]
        if bits >= LEAST_BITS
    )


def _slopes(
    evaluate: Evaluate, survey: Survey, game: _Game, settings: AttributionSettings
) -> list[tuple[Parameter, FloatArray]]:
    """Return what each parameter that was not measured would add per unit above and below typical, (2, target) arrays.

    NaN for a target that cannot be computed in one of the draws tried.
    """
    if not survey.unmeasured:
        return []
    parameters = (*survey.measured, *survey.unmeasured)
    base = draw_parameters(parameters, settings.prior, TRIED_DRAWS, settings.seed)
    cases = [base]
    for parameter in survey.unmeasured:
        column = parameters.index(parameter)
        for sign in (1.0, -1.0):
            moved = base.copy()
            moved[:, column] += sign * parameter.sd
            cases.append(moved)
    numbers = np.tile(np.arange(TRIED_DRAWS), len(cases))
    loads = np.asarray(evaluate(np.concatenate(cases), numbers)).reshape(len(cases), TRIED_DRAWS, -1)
    signs = np.array([t.harmful for t in game.targets], dtype=float)
    mean = np.mean(loads[1:] - loads[0], axis=1)[:, list(game.asked)] * signs
    return [(p, mean[2 * i : 2 * i + 2] / p.sd) for i, p in enumerate(survey.unmeasured)]


def _treatments(game: _Game) -> tuple[Treatment, ...]:
    """Return what making one or two players typical takes off every target that a player loads more likely than not."""
    out = []
    played = game.played
    for t, target in enumerate(game.targets):
        if not (game.relevant[:, :, t].mean(axis=1) >= UNDETERMINED_BELOW).any():
            continue
        for g in range(len(game.groups)):
            change = _estimate(played.singles[g, :, t], target.unit, game.source)
            out.append(Treatment(game.keys(g), target.id, change))
        for g, other in combinations(range(len(game.groups)), 2):
            both = played.pairs[g, other, :, t]
            beyond = both - played.singles[g, :, t] - played.singles[other, :, t]
            change = _estimate(both, target.unit, game.source)
            keys = (*game.keys(g), *game.keys(other))
            out.append(Treatment(keys, target.id, change, _estimate(beyond, target.unit, game.source)))
    return tuple(out)


def _direction(game: _Game, sets: Sequence[tuple[tuple[int, ...], float]]) -> tuple[Direction, str]:
    """Return which end drives the other, where the mechanics decide: only of bone, which no other link has made."""
    members, probability = sets[0]
    parts = [game.players[i] for g in members for i in game.groups[g]]
    if parts and probability >= DIRECTION_ABOVE and all(p.kind.is_structural for p in parts):
        return "foot first", "The leading set is bone of the leg, which the links above it cannot have made."
    return (
        "not identifiable",
        "One visit shows what carries load now, not what came first; no sourced likelihood ratio for the order of "
        "onset is known.",
    )


def _audit_error(game: _Game) -> float | None:
    """Return the largest audited error of a contribution, in floors of its target."""
    floors = np.array([f.value for f in game.floors])
    known = np.isfinite(game.played.audit_error) & (floors > 0.0)
    return float((game.played.audit_error[known] / floors[known]).max()) if known.any() else None


def _spoken(parameter: Parameter) -> str:
    """Return how a verdict names a parameter: with what was measured, and what is usual."""
    side = f", {parameter.side}" if parameter.side in ("left", "right") else ""
    name = parameter.kind.name[:1].lower() + parameter.kind.name[1:]
    return f"{name}{side} ({parameter.value:.3g} {parameter.kind.unit}, usual {parameter.mean:.3g})"


def _open(survey: Survey, rest: Sequence[NotPlayer]) -> int:
    kinds = {p.kind.id for p in survey.unmeasured}
    return len({(r.id, r.side) for r in rest if r.id in kinds and r.reason == "not measured in this person"})
