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
EXACT_PLAYERS = 4
#: Above that, so many orders of the players per draw, each once forward and once backward.
ORDERS = 2
#: Draws on which those are held against all subsets.
AUDIT_DRAWS = 20
#: Largest error of the probability of any player on those draws before all subsets of all draws are computed.
LARGEST_AUDIT_ERROR = 0.1
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
    tried : (trial,) array of int
        The draws for which the change of one and of two players is known.
    singles : (player, trial, target) array
        Change of the load when one player is made typical.
    pairs : (player, player, trial, target) array
        Change when two are, symmetric; the diagonal holds the singles.
    audit_error : (target,) array
        95th percentile of the error of a contribution, in the units of the targets; NaN where all subsets were
        computed.
    is_exact : bool
        True if all subsets were computed.
    """

    contributions: FloatArray
    now: FloatArray
    typical: FloatArray
    tried: IntArray
    singles: FloatArray
    pairs: FloatArray
    audit_error: FloatArray
    is_exact: bool

    def __post_init__(self) -> None:
        for name in ("contributions", "now", "typical", "singles", "pairs", "audit_error"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def part(self, draws: BoolArray, targets: Sequence[int]) -> Play:
        """Return the same of some of the draws and targets.

        Parameters
        ----------
        draws : (draw,) array of bool
        targets : sequence of int
        """
        columns, trials = list(targets), draws[self.tried]
        return Play(
            self.contributions[:, draws][..., columns],
            self.now[draws][:, columns],
            self.typical[draws][:, columns],
            (np.cumsum(draws) - 1)[self.tried[trials]],
            self.singles[:, trials][..., columns],
            self.pairs[:, :, trials][..., columns],
            self.audit_error[columns],
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
    masks = np.array([sum(1 << i for i in subset) for subset in subsets], dtype=np.int64)
    return _loads(evaluate, draws, typical, players, np.tile(masks, (len(draws), 1)), numbers).swapaxes(0, 1)


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
    """Play a game: all subsets of up to four players, of more a few orders of the players per draw, audited.

    In an order the players are made typical one after the other, and each contributes the change it makes; the mean
    over all orders is the Shapley value.  Two random orders per draw, each forward and backward, give it without bias,
    and exactly where players act alone or in pairs: all that an expansion to second order holds, but over the whole
    deviations and not by gradients.  (Of a standing person with six players, the expansion missed contributions by up
    to 1.9 floors, because feet roll off and muscles take over; the orders by 0.4, and no probability by more than
    0.06.)  On twenty draws all subsets are computed too; where the probability that a player is relevant differs there
    by more than 0.1, they are computed for all draws.

    Parameters
    ----------
    evaluate : callable
    draws : (draw, parameter) array
    typical : (parameter,) array
    players : sequence of sequences of int
        The parameters of each player.
    floors : (target,) array
        What a relevant contribution exceeds; NaN for a target that is not asked.
    """
    count, numbers = len(players), np.arange(len(draws))
    subsets = all_subsets(count)
    if count <= EXACT_PLAYERS:
        return _exact(subset_loads(evaluate, draws, typical, players, subsets, numbers), count)
    audited, rest = numbers[:AUDIT_DRAWS], numbers[AUDIT_DRAWS:]
    known = subset_loads(evaluate, draws[audited], typical, players, subsets, audited)
    whole = _exact(known, count)
    told, now, end = _in_orders(evaluate, draws, typical, players, known)
    wrong = _probabilities(told[:, audited], floors) - _probabilities(whole.contributions, floors)
    if np.abs(wrong).max() > LARGEST_AUDIT_ERROR:
        others = _exact(subset_loads(evaluate, draws[rest], typical, players, subsets, rest), count)
        return _joined(whole, others)
    errors = np.abs(told[:, audited] - whole.contributions).reshape(-1, told.shape[-1])
    percentile = [np.percentile(e[np.isfinite(e)], 95) if np.isfinite(e).any() else np.nan for e in errors.T]
    told[:, audited] = whole.contributions
    return Play(told, now, end, audited, whole.singles, whole.pairs, np.array(percentile), is_exact=False)


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
    relevant: BoolArray,
    slopes: FloatArray,
    floors: FloatArray,
    deviations: FloatArray,
    is_beyond: BoolArray,
    sem: float,
    outcomes: FloatArray,
) -> float:
    """Return by how much a first measurement of one more parameter is expected to settle the relevant set, bits.

    Parameters
    ----------
    relevant : (player, draw) array of bool
        Of the players there are.
    slopes : (2, target) array
        Harmful load that each unit of the parameter adds above, and below, what is typical.
    floors : (target,) array
    deviations : (draw,) array
        From what is typical, as they are likely before the test.
    is_beyond : (draw,) array of bool
        Which of them lie beyond the norm.
    sem : float
        Standard error of the measurement.
    outcomes : (draw,) array
        Standard normal: the error of the simulated result of each draw.
    """
    finite = np.isfinite(slopes).all(axis=0) & np.isfinite(floors)
    above, below = np.maximum(deviations, 0.0)[:, None], np.maximum(-deviations, 0.0)[:, None]
    over = above * slopes[0, finite] + below * slopes[1, finite] > floors[finite]
    joined = np.concatenate([relevant, (over.any(axis=1) & is_beyond)[None]])
    return expected_information(joined, deviations, sem, outcomes)


def _loads(
    evaluate: Evaluate,
    draws: FloatArray,
    typical: FloatArray,
    players: Sequence[Sequence[int]],
    masks: IntArray,
    numbers: IntArray,
) -> FloatArray:
    """Return the loads of every draw with each of its sets typical, (draw, set, target).

    ``masks`` is (draw, set): bit i is set where player i is typical; the first set is the person as they are.  A draw
    in which that has no load at all is asked no further.
    """
    cases = np.repeat(draws[:, None], masks.shape[1], axis=1)
    for i, columns in enumerate(players):
        for column in columns:
            cases[..., column] = np.where(masks >> i & 1, typical[column], cases[..., column])
    first = np.asarray(evaluate(cases[:, 0], numbers))
    out = np.full((*masks.shape, first.shape[1]), np.nan)
    out[:, 0] = first
    alive = np.isfinite(first).any(axis=1)
    if alive.any() and masks.shape[1] > 1:
        others, sets = cases[alive, 1:], masks[alive, 1:]
        # Two orders of the players often begin or end alike: no set of a draw is asked twice.
        keys = np.arange(len(sets))[:, None] * (1 << len(players)) + sets
        _, once, which = np.unique(keys, return_index=True, return_inverse=True)
        each = np.repeat(numbers[alive], sets.shape[1])
        flat = np.asarray(evaluate(others.reshape(-1, draws.shape[1])[once], each[once]))
        out[alive, 1:] = flat[which.ravel()].reshape(*sets.shape, -1)
    return out


def _in_orders(
    evaluate: Evaluate, draws: FloatArray, typical: FloatArray, players: Sequence[Sequence[int]], known: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return contributions (player, draw, target) by orders of the players, and the loads before and after all.

    ``known`` holds the loads of every subset in the first draws, (subset, draw, target): they are not asked again.
    """
    count, random = len(players), np.random.default_rng(len(players))
    half = random.permuted(np.tile(np.arange(count), (len(draws), ORDERS, 1)), axis=2)
    orders = np.concatenate([half, half[..., ::-1]], axis=1)
    masks = np.cumsum(1 << orders, axis=2)
    inner = masks[..., :-1].reshape(len(draws), -1)
    ends = np.tile([0, (1 << count) - 1], (len(draws), 1))
    sets, given = np.concatenate([ends, inner], axis=1), known.shape[1]
    rest = _loads(evaluate, draws[given:], typical, players, sets[given:], np.arange(given, len(draws)))
    loads = np.concatenate([known[sets[:given], np.arange(given)[:, None]], rest])
    now, end = loads[:, 0], loads[:, 1]
    steps = loads[:, 2:].reshape(*orders.shape[:2], count - 1, -1)
    first = np.broadcast_to(now[:, None, None], (*steps.shape[:2], 1, steps.shape[-1]))
    last = np.broadcast_to(end[:, None, None], first.shape)
    path = np.concatenate([first, steps, last], axis=2)
    change = path[:, :, :-1] - path[:, :, 1:]
    out = np.zeros((count, len(draws), loads.shape[-1]))
    for i in range(count):
        out[i] = (change * (orders == i)[..., None]).sum(axis=2).mean(axis=1)
    return out, now, end


def _probabilities(contributions: FloatArray, floors: FloatArray) -> FloatArray:
    """Return how often each player exceeds the floor of any target, (player,)."""
    with np.errstate(invalid="ignore"):
        return np.asarray((contributions > floors).any(axis=2).mean(axis=1))


def _joined(one: Play, other: Play) -> Play:
    """Return two plays of the same game with all subsets, one draw after the other."""
    return Play(
        np.concatenate([one.contributions, other.contributions], axis=1),
        np.concatenate([one.now, other.now]),
        np.concatenate([one.typical, other.typical]),
        np.concatenate([one.tried, len(one.now) + other.tried]),
        np.concatenate([one.singles, other.singles], axis=1),
        np.concatenate([one.pairs, other.pairs], axis=2),
        one.audit_error,
        is_exact=True,
    )


def _exact(loads: FloatArray, count: int) -> Play:
    """Return the game of which the load with every subset typical is known, (subset, draw, target)."""
    singles = np.stack([loads[1 << i] - loads[0] for i in range(count)]) if count else np.zeros((0, *loads.shape[1:]))
    return Play(
        shapley(loads, count),
        loads[0],
        loads[-1],
        np.arange(loads.shape[1]),
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


def _correlation(one: FloatArray, other: FloatArray) -> float:
    if one.std() == 0.0 or other.std() == 0.0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
