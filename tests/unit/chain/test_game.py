import math

import numpy as np
import pytest

from kinechain.chain.game import (
    all_subsets,
    cover,
    entropy_bits,
    expected_information,
    group_players,
    information_of_unmeasured,
    play,
    relevant_sets,
    shapley,
    subset_loads,
)
from kinechain.core.errors import SettingError

RANDOM = np.random.default_rng(5)


def draws_of(count, players, mean=3.0):
    return mean + 0.3 * RANDOM.standard_normal((count, players))


def players(count):
    return [[i] for i in range(count)]


def linear(weights):
    weights = np.atleast_2d(weights)
    return lambda values, numbers: values @ weights.T


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_an_additive_game_gives_every_player_exactly_its_own(count):
    weights = RANDOM.standard_normal((2, count))
    draws = draws_of(60, count)
    played = play(linear(weights), draws, np.ones(count), players(count), np.full(2, 0.1))
    for i in range(count):
        expected = (draws[:, i, None] - 1.0) * weights[:, i]
        assert played.contributions[i] == pytest.approx(expected)
    assert played.is_exact == (count <= 4)


def test_an_interaction_is_split_equally():
    draws = draws_of(40, 2)
    played = play(lambda x, _: x[:, :1] * x[:, 1:], draws, np.zeros(2), players(2), np.ones(1))
    half = 0.5 * draws[:, 0] * draws[:, 1]
    assert played.contributions[0, :, 0] == pytest.approx(half)
    assert played.contributions[1, :, 0] == pytest.approx(half)
    beyond = played.pairs[0, 1] - played.singles[0] - played.singles[1]
    assert beyond[:, 0] == pytest.approx(2 * half)


def curved(x, _numbers):
    first = x[:, 0] ** 2 + np.sin(x[:, 1]) + x[:, 0] * x[:, 2] + 0.1 * x[:, 0] * x[:, 1] * x[:, 2]
    return np.stack([first, x[:, 2] ** 3], axis=1)


def test_contributions_add_up_to_the_whole_difference():
    draws = draws_of(50, 3)
    played = play(curved, draws, np.zeros(3), players(3), np.ones(2))
    assert played.contributions.sum(axis=0) == pytest.approx(played.now - played.typical)


def test_a_dummy_contributes_nothing():
    draws = draws_of(50, 3)
    played = play(curved, draws, np.zeros(3), players(3), np.ones(2))
    assert played.contributions[:2, :, 1] == pytest.approx(0.0)
    assert played.contributions[2, :, 1] == pytest.approx(draws[:, 2] ** 3)


def test_players_that_do_the_same_get_the_same():
    draws = np.repeat(draws_of(50, 1), 3, axis=1)
    played = play(lambda x, _: np.prod(x, axis=1, keepdims=True), draws, np.zeros(3), players(3), np.ones(1))
    assert played.contributions[0] == pytest.approx(played.contributions[1])
    assert played.contributions[0] == pytest.approx(played.contributions[2])


def test_renaming_the_players_renames_the_result():
    draws, order = draws_of(50, 3), [2, 0, 1]
    played = play(curved, draws, np.zeros(3), players(3), np.ones(2))

    def renamed(x, numbers):
        return curved(x[:, np.argsort(order)], numbers)

    other = play(renamed, draws[:, order], np.zeros(3), players(3), np.ones(2))
    assert other.contributions == pytest.approx(played.contributions[order])


def test_shapley_of_the_glove_game():
    # One left glove (player 0), two right ones: a pair is worth 1.
    loads = -np.array([float(0 in s and len(s) > 1) for s in all_subsets(3)])
    assert shapley(loads, 3) == pytest.approx([2 / 3, 1 / 6, 1 / 6])


def second_order(count):
    cross = RANDOM.standard_normal((count, count))

    def evaluate(x, _numbers):
        return np.stack([(x @ cross * x).sum(axis=1) + np.exp(0.1 * x).sum(axis=1)], axis=1)

    return evaluate


def test_orders_are_exact_where_players_act_in_pairs():
    evaluate, draws = second_order(5), draws_of(80, 5)
    played = play(evaluate, draws, np.zeros(5), players(5), np.full(1, 0.1))
    exact = shapley(
        subset_loads(evaluate, draws, np.zeros(5), players(5), all_subsets(5), np.arange(80)),
        5,
    )
    assert not played.is_exact
    assert played.contributions == pytest.approx(exact)
    assert played.audit_error[0] == pytest.approx(0.0, abs=1e-9)
    assert played.typical == pytest.approx(evaluate(np.zeros((80, 5)), None))


def product(x, _numbers):
    return np.prod(x, axis=1, keepdims=True)


def test_orders_are_without_bias_where_all_act_together():
    draws = draws_of(3000, 5, mean=1.0)
    played = play(product, draws, np.zeros(5), players(5), np.full(1, 1e6))
    exact = np.prod(draws, axis=1) / 5
    assert not played.is_exact
    for contribution in played.contributions[..., 0]:
        spread = (contribution - exact).std() / np.sqrt(len(draws))
        assert contribution.mean() - exact.mean() == pytest.approx(0.0, abs=4.0 * spread)
    assert played.contributions.sum(axis=0)[:, 0] == pytest.approx(5 * exact)
    assert played.audit_error[0] > 0.1
    # The audited draws are exact.
    assert played.contributions[0, :20, 0] == pytest.approx(exact[:20])


def test_where_orders_tell_other_probabilities_all_subsets_are_computed():
    draws = draws_of(40, 5, mean=1.0)
    floor = np.median(np.prod(draws, axis=1)) / 5
    played = play(product, draws, np.zeros(5), players(5), np.full(1, floor))
    assert played.is_exact
    assert played.contributions[3, :, 0] == pytest.approx(np.prod(draws, axis=1) / 5)
    assert played.singles.shape == (5, 40, 1)
    assert played.tried.tolist() == list(range(40))


def test_orders_cost_few_evaluations():
    cases = []

    def evaluate(x, numbers):
        cases.extend(map(tuple, np.column_stack([numbers, x])))
        return x.sum(axis=1, keepdims=True)

    play(evaluate, draws_of(200, 6), np.zeros(6), players(6), np.ones(1))
    assert len(cases) <= 64 * 20 + 22 * 180
    assert len(set(cases)) == len(cases)


def test_a_draw_without_any_load_is_asked_no_further():
    cases = []

    def evaluate(x, numbers):
        cases.append(len(x))
        out = x.sum(axis=1, keepdims=True)
        out[numbers == 4] = np.nan
        return out

    played = play(evaluate, draws_of(10, 2), np.zeros(2), players(2), np.ones(1))
    assert sum(cases) == 10 + 3 * 9
    assert np.isnan(played.contributions[:, 4]).all()
    assert np.isfinite(played.contributions[:, 5:]).all()


def test_a_part_of_a_game_keeps_draws_and_trials_together():
    draws = draws_of(60, 5)
    played = play(linear(np.ones((2, 5))), draws, np.zeros(5), players(5), np.ones(2))
    kept = np.arange(60) % 3 != 1
    part = played.part(kept, [1])
    assert part.contributions == pytest.approx(played.contributions[:, kept][..., [1]])
    assert part.singles[2, :, 0] == pytest.approx(-draws[kept][part.tried, 2])
    assert len(part.tried) == 13


def test_draws_are_paired_across_subsets():
    offset = 100.0 * RANDOM.standard_normal(30)
    played = play(
        lambda x, numbers: (x[:, 0] + offset[numbers])[:, None], draws_of(30, 1), np.zeros(1), [[0]], np.ones(1)
    )
    assert played.contributions[0, :, 0] == pytest.approx(draws := played.now[:, 0] - offset)
    assert draws.std() < 1.0


def test_two_parameters_of_one_player_are_typical_together():
    draws = draws_of(30, 2)
    played = play(linear([1.0, 2.0]), draws, np.zeros(2), [[0, 1]], np.ones(1))
    assert played.contributions[0, :, 0] == pytest.approx(draws @ [1.0, 2.0])


def test_nobody_plays():
    played = play(linear([1.0]), draws_of(30, 1), np.zeros(1), [], np.ones(1))
    assert played.contributions.shape == (0, 30, 1)
    assert played.now == pytest.approx(played.typical)


def test_parameters_that_cannot_be_told_apart_are_one_player():
    base = RANDOM.standard_normal(500)
    other = RANDOM.standard_normal(500)
    draws = np.stack([base, other, -base + 0.1 * other], axis=1)
    assert group_players(draws, [0, 1, 2]) == [[0, 2], [1]]
    assert group_players(draws, [0, 1]) == [[0], [1]]


def test_sets_by_their_share_of_the_draws():
    relevant = np.array([[1, 1, 1, 0, 0], [1, 1, 0, 0, 0]], dtype=bool)
    sets = relevant_sets(relevant)
    assert sets == [((), pytest.approx(0.4)), ((0, 1), pytest.approx(0.4)), ((0,), pytest.approx(0.2))]
    assert [s for s, _ in cover(sets, 0.8)] == [(), (0, 1)]
    assert [s for s, _ in cover(sets, 0.81)] == [(), (0, 1), (0,)]
    weighed = relevant_sets(relevant, np.array([0.0, 0.0, 1.0, 0.0, 0.0]))
    assert weighed[0] == ((0,), 1.0)


def test_nobody_is_relevant_when_nobody_plays():
    assert relevant_sets(np.zeros((0, 7), dtype=bool)) == [((), pytest.approx(1.0))]


def test_a_coverage_is_a_probability():
    with pytest.raises(SettingError, match="coverage"):
        cover([((), 1.0)], 0.0)


def test_entropy_of_a_coin_is_one_bit():
    relevant = np.array([[0, 0, 1, 1]], dtype=bool)
    assert entropy_bits(relevant, np.ones((1, 4)))[0] == pytest.approx(1.0)
    assert entropy_bits(relevant, np.array([[1.0, 1.0, 0.0, 0.0]]))[0] == 0.0


def test_the_test_that_decides_tells_most():
    count = 400
    values = RANDOM.standard_normal(count)
    idle = RANDOM.standard_normal(count)
    relevant = np.array([values > 0.0])
    noise = RANDOM.standard_normal(count)
    sharp = expected_information(relevant, values, 0.05, noise)
    blunt = expected_information(relevant, values, 2.0, noise)
    assert sharp > 0.85
    assert blunt < 0.3 * sharp
    # A parameter that decides nothing tells nothing, but for what a finite number of draws lets it seem to.
    assert expected_information(relevant, idle, 1.0, noise) < 0.05


def test_a_parameter_that_was_not_measured_tells_what_it_could_decide():
    normal = RANDOM.standard_normal((2, 400))
    settled = np.zeros((1, 400), dtype=bool)

    def information(slope, floor):
        slopes, beyond = np.array([[slope], [-slope]]), np.abs(normal[0]) > 0.0
        return information_of_unmeasured(settled, slopes, np.array([floor]), normal[0], beyond, 0.1, normal[1])

    chance = 0.5 * math.erfc(0.5 / math.sqrt(2.0))
    open_question = -chance * math.log2(chance) - (1 - chance) * math.log2(1 - chance)
    assert information(2.0, 1.0) > 0.7 * open_question
    assert information(0.0, 1.0) == 0.0
