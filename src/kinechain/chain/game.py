"""Who contributes how much: counterfactuals, Shapley values, sets that are relevant together, what a test would tell.

Nothing here knows a body.  A game is a function ``evaluate(values, draws)`` from values of parameters to harmful loads;
a player is one parameter, or several that the measurements cannot tell apart; making a set of players typical, all else
left as it is, is one evaluation.  With ``h(S)`` the harmful load when the set S is typical, ``v(S) = h(S) - h(none)``
and a contribution is the Shapley value of ``-v``: what the player adds to the load, in the unit of the load.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, Immutable, IntArray, frozen
from kinechain.core.errors import SettingError

__all__ = [
    "Evaluate",
    "Play",
    "cover",
    "entropy_bits",
    "expected_information",
    "group_players",
    "information_of_unmeasured",
    "play",
    "relevant_sets",
    "shapley",
    "subset_loads",
]

#: (case, parameter) values and the (case,) number of the draw of everything that is unknown, to (case, target) loads in
#: their harmful direction; NaN where there is none.
Evaluate = Callable[[FloatArray, IntArray], FloatArray]

#: Up to this many players all subsets are computed.
EXACT_PLAYERS = 3
#: Draws on which the expansion is held against all subsets.
AUDIT_DRAWS = 20
#: Largest error of the expansion (95th percentile), in floors of the target.
LARGEST_AUDIT_ERROR = 0.25
#: Players whose posteriors correlate more than this are one.
ONE_GROUP = 0.9

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Play(Immutable):
    """A game played out.

    Attributes
    ----------
    contributions : (player, draw, target) array
    now, typical : (draw, target) array
        Harmful loads as the person is, and with all players typical.
    singles : (player, draw, target) array
        Change of the load when one player is made typical.
    pairs : (player, player, draw, target) array
        Change when two are, symmetric; the diagonal holds the singles.
    audit_error : (target,) array
        95th percentile of the error of the expansion in the units of the targets; NaN where nothing was expanded.
    is_exact : bool
        True if all subsets were computed.
    """

    contributions: FloatArray
    now: FloatArray
    typical: FloatArray
    singles: FloatArray
    pairs: FloatArray
    audit_error: FloatArray
    is_exact: bool

    def __post_init__(self) -> None:
        for name in ("contributions", "now", "typical", "singles", "pairs", "audit_error"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def draws(self, which: BoolArray) -> Play:
        """Return the same of some of the draws."""
        return Play(
            self.contributions[:, which],
            self.now[which],
            self.typical[which],
            self.singles[:, which],
            self.pairs[:, :, which],
            self.audit_error,
            self.is_exact,
        )


def subset_loads(
    evaluate: Evaluate,
    draws: FloatArray,
    typical: FloatArray,
    players: Sequence[Sequence[int]],
    subsets: Sequence[Sequence[int]],
    numbers: IntArray,
) -> FloatArray:
    """Return the loads when each of some sets of players is made typical, (subset, draw, target) array.

    Parameters
    ----------
    evaluate : callable
    draws : (draw, parameter) array
    typical : (parameter,) array
    players : sequence of sequences of int
        The parameters of each player.
    subsets : sequence of sequences of int
        Players that are typical.
    numbers : (draw,) array of int
        Handed to ``evaluate``, the same for every subset: the draws are paired.
    """
    cases = np.repeat(draws[None], len(subsets), axis=0)
    for k, subset in enumerate(subsets):
        for player in subset:
            cases[k][:, list(players[player])] = typical[list(players[player])]
    flat = evaluate(cases.reshape(-1, draws.shape[1]), np.tile(numbers, len(subsets)))
    return np.asarray(flat).reshape(len(subsets), len(draws), -1)


def all_subsets(count: int) -> list[tuple[int, ...]]:
    """Return every subset of so many players: subset k holds player i where bit i of k is set."""
    return [tuple(i for i in range(count) if k >> i & 1) for k in range(1 << count)]


def shapley(loads: FloatArray, count: int) -> FloatArray:
    """Return what each player adds to the load, (player, ...) array.

    Parameters
    ----------
    loads : (subset, ...) array
        Load with each subset typical, in the order of `all_subsets`.
    count : int
        Of players.
    """
    out = np.zeros((count, *loads.shape[1:]))
    for k in range(1 << count):
        size = k.bit_count()
        for i in range(count):
            if not k >> i & 1:
                weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
                out[i] += weight * (loads[k] - loads[k | 1 << i])
    return out


def play(
    evaluate: Evaluate,
    draws: FloatArray,
    typical: FloatArray,
    players: Sequence[Sequence[int]],
    floors: FloatArray,
) -> Play:
    """Play a game: all subsets of up to three players, of more an expansion to second order that is audited.

    The expansion takes every player alone over its whole deviation (so that whatever is curved in one player is exact)
    and of every two the cross term, ``k d1 d2`` with the deviations d of the draw and k by least squares over the
    audit draws; what three or more players do only together is left out.  Its error is told by cross-validation: k from
    one half of the audit draws, held against all subsets in the other half.  Where the error exceeds a quarter of the
    floor of any target, all subsets of all draws are computed.

    Parameters
    ----------
    evaluate : callable
    draws : (draw, parameter) array
    typical : (parameter,) array
    players : sequence of sequences of int
        The parameters of each player.
    floors : (target,) array
        What the error of the expansion is held against; NaN for a target that is not asked.
    """
    count, numbers = len(players), np.arange(len(draws))
    if count <= EXACT_PLAYERS:
        return _exact(subset_loads(evaluate, draws, typical, players, all_subsets(count), numbers), count)
    audited = numbers[: min(AUDIT_DRAWS, len(draws))]
    whole = subset_loads(evaluate, draws[audited], typical, players, all_subsets(count), audited)
    few = [(), *((i,) for i in range(count)), tuple(range(count))]
    rest = numbers[len(audited) :]
    loads = subset_loads(evaluate, draws[rest], typical, players, few, rest)
    order = [sum(1 << i for i in subset) for subset in few]
    loads = np.concatenate([whole[order], loads], axis=1)
    deviations = np.stack([draws[:, p[0]] - typical[p[0]] for p in players])
    error = _audit(whole, deviations[:, audited], count)
    asked = np.isfinite(floors) & np.isfinite(error)
    if np.any(error[asked] > LARGEST_AUDIT_ERROR * floors[asked]):
        return _exact(subset_loads(evaluate, draws, typical, players, all_subsets(count), numbers), count)
    curvature = _curvature(_interactions(whole, count), deviations[:, audited])
    cross = curvature[:, :, None, :] * (deviations[:, None] * deviations[None])[..., None]
    singles = loads[1 : count + 1] - loads[0]
    return Play(
        -singles - 0.5 * cross.sum(axis=1),
        loads[0],
        loads[-1],
        singles,
        _pairs(singles, cross),
        error,
        is_exact=False,
    )


def group_players(draws: FloatArray, columns: Sequence[int], limit: float = ONE_GROUP) -> list[list[int]]:
    """Return parameters joined to players: those whose posteriors correlate above a limit are one.

    Parameters
    ----------
    draws : (draw, parameter) array
    columns : sequence of int
        The parameters that play.
    limit : float
    """
    groups = [[c] for c in columns]
    if len(draws) < 3:
        return groups
    for one, other in combinations(columns, 2):
        if abs(_correlation(draws[:, one], draws[:, other])) > limit:
            first = next(g for g in groups if one in g)
            second = next(g for g in groups if other in g)
            if first is not second:
                first += second
                groups.remove(second)
    return groups


def relevant_sets(relevant: BoolArray, weights: FloatArray | None = None) -> list[tuple[tuple[int, ...], float]]:
    """Return every set that was relevant in some draw, with its share of the draws, the largest first.

    Parameters
    ----------
    relevant : (player, draw) array of bool
    weights : (draw,) array or None
        Of the draws; None: all alike.
    """
    share = np.full(relevant.shape[1], 1.0) if weights is None else weights
    mass: dict[tuple[int, ...], float] = {}
    for column, weight in zip(relevant.T, share / share.sum(), strict=True):
        key = tuple(np.flatnonzero(column).tolist())
        mass[key] = mass.get(key, 0.0) + float(weight)
    return sorted(mass.items(), key=lambda item: (-item[1], len(item[0]), item[0]))


def cover(sets: Sequence[tuple[tuple[int, ...], float]], coverage: float) -> list[tuple[tuple[int, ...], float]]:
    """Return the most probable sets until they reach a probability together."""
    if not 0.0 < coverage <= 1.0:
        raise SettingError(f"the coverage of the sets is a probability above 0; got {coverage}")
    out: list[tuple[tuple[int, ...], float]] = []
    total = 0.0
    for item in sets:
        if total >= coverage - 1e-9:
            break
        out.append(item)
        total += item[1]
    return out


def entropy_bits(relevant: BoolArray, weights: FloatArray) -> FloatArray:
    """Return how undecided the relevant set is under some weights of the draws, (weighing,) array, bits.

    Parameters
    ----------
    relevant : (player, draw) array of bool
    weights : (weighing, draw) array
    """
    codes = (1 << np.arange(len(relevant))) @ relevant.astype(np.int64) if len(relevant) else np.zeros(weights.shape[1])
    _, which = np.unique(codes, return_inverse=True)
    mass = np.zeros((len(weights), which.max() + 1))
    for column, code in enumerate(which):
        mass[:, code] += weights[:, column]
    mass /= mass.sum(axis=1, keepdims=True)
    logs = np.log2(mass, out=np.zeros_like(mass), where=mass > 0.0)
    return np.asarray(-(mass * logs).sum(axis=1))


def expected_information(relevant: BoolArray, values: FloatArray, sem: float, outcomes: FloatArray) -> float:
    """Return by how much one more measurement is expected to settle the relevant set, bits.

    Every draw is taken in turn as the truth, a result of the test simulated for it, and the draws weighed by how well
    they fit that result.  That the floor falls with a better measurement is left out, so the figure is a lower one.

    Parameters
    ----------
    relevant : (player, draw) array of bool
    values : (draw,) array
        Of the parameter that is measured.
    sem : float
        Standard error of the measurement.
    outcomes : (draw,) array
        Standard normal: the error of the simulated result of each draw.
    """
    result = values + sem * outcomes
    distance = (result[:, None] - values[None, :]) / sem
    weights = np.exp(-0.5 * (distance**2 - (distance**2).min(axis=1, keepdims=True)))
    before = entropy_bits(relevant, np.ones((1, len(values))))[0]
    return max(0.0, float(before - entropy_bits(relevant, weights).mean()))


def information_of_unmeasured(
    relevant: BoolArray, slopes: FloatArray, floors: FloatArray, sd: float, sem: float, normal: FloatArray
) -> float:
    """Return by how much a first measurement of one more parameter is expected to settle the relevant set, bits.

    Parameters
    ----------
    relevant : (player, draw) array of bool
        Of the players there are.
    slopes : (2, target) array
        Harmful load that each unit of the parameter adds above, and below, what is typical.
    floors : (target,) array
    sd : float
        Of the norm: what is known of the parameter before.
    sem : float
        Standard error of the measurement.
    normal : (2, draw) array
        Standard normal: the parameter of each draw, and the error of its simulated result.
    """
    values = sd * normal[0]
    finite = np.isfinite(slopes).all(axis=0) & np.isfinite(floors)
    above, below = np.maximum(values, 0.0)[:, None], np.maximum(-values, 0.0)[:, None]
    over = above * slopes[0, finite] + below * slopes[1, finite] > floors[finite]
    joined = np.concatenate([relevant, over.any(axis=1)[None]])
    return expected_information(joined, values, sem, normal[1])


def _exact(loads: FloatArray, count: int) -> Play:
    singles = np.stack([loads[1 << i] - loads[0] for i in range(count)]) if count else np.zeros((0, *loads.shape[1:]))
    return Play(
        shapley(loads, count),
        loads[0],
        loads[-1],
        singles,
        _pairs(singles, _interactions(loads, count)),
        np.full(loads.shape[-1], np.nan),
        is_exact=True,
    )


def _interactions(loads: FloatArray, count: int) -> FloatArray:
    """Return what two players do together beyond each alone, (player, player, draw, target); zero with itself."""
    out = np.zeros((count, count, *loads.shape[1:]))
    for i, j in combinations(range(count), 2):
        both = loads[1 << i | 1 << j]
        out[i, j] = out[j, i] = both - loads[1 << i] - loads[1 << j] + loads[0]
    return out


def _pairs(singles: FloatArray, cross: FloatArray) -> FloatArray:
    """Return the change when two players are typical, (player, player, draw, target)."""
    pairs = singles[:, None] + singles[None] + cross
    for i, single in enumerate(singles):
        pairs[i, i] = single
    return pairs


def _curvature(interactions: FloatArray, deviations: FloatArray) -> FloatArray:
    """Return the cross terms k of ``k d1 d2`` by least squares over the draws, (player, player, target)."""
    product = deviations[:, None] * deviations[None]
    over = np.where(np.isfinite(interactions), interactions, 0.0)
    seen = np.isfinite(interactions) * product[..., None] ** 2
    total = seen.sum(axis=2)
    top = (over * product[..., None]).sum(axis=2)
    return np.asarray(np.divide(top, total, out=np.zeros_like(top), where=total > 0.0))


def _audit(whole: FloatArray, deviations: FloatArray, count: int) -> FloatArray:
    """Return the 95th percentile of the error of the expansion per target, each half told by the other."""
    interactions, exact = _interactions(whole, count), shapley(whole, count)
    singles = np.stack([whole[1 << i] - whole[0] for i in range(count)])
    errors = np.full_like(exact, np.nan)
    for half in (0, 1):
        taken, told = np.arange(half, whole.shape[1], 2), np.arange(1 - half, whole.shape[1], 2)
        curvature = _curvature(interactions[:, :, taken], deviations[:, taken])
        product = deviations[:, None, told] * deviations[None][:, :, told]
        cross = (curvature[:, :, None, :] * product[..., None]).sum(axis=1)
        errors[:, told] = np.abs(-singles[:, told] - 0.5 * cross - exact[:, told])
    flat = errors.reshape(-1, errors.shape[-1])
    return np.array([np.percentile(e[np.isfinite(e)], 95) if np.isfinite(e).any() else np.nan for e in flat.T])


def _correlation(one: FloatArray, other: FloatArray) -> float:
    if one.std() == 0.0 or other.std() == 0.0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
