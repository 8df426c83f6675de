"""Muscles share demands as a reference solver does, and nothing else does better."""

import numpy as np
import pytest

from kinechain.loads import balance as module
from kinechain.loads.balance import BALANCED, NOT_ASKED, Problem, Rows, balance

MUSCLES, ROWS, FRAMES = 30, 7, 12


def case(seed: int, frames: int = FRAMES, muscles: int = MUSCLES, count: int = ROWS, wanted: float = 60.0):
    """Return rows, entries and arrays of muscles that cross one to three neighbouring rows, in random directions."""
    rng = np.random.default_rng(seed)
    first = np.sort(np.arange(muscles) % count)
    entries = [(m, r) for m in range(muscles) for r in range(first[m], min(first[m] + rng.integers(1, 4), count))]
    path, column = np.array(entries).T
    base = rng.uniform(-0.06, 0.06, len(entries))
    arms = base + 0.01 * np.cumsum(rng.standard_normal((frames, len(entries))), axis=0) * 0.1
    strengths = rng.uniform(200.0, 2000.0, muscles) * np.ones((frames, 1))
    demand = wanted * np.sin(np.linspace(0.0, 2.0, frames)[:, None] + rng.uniform(0, 6, count))
    rows = Rows(tuple(f"row{i}" for i in range(count)), np.arange(count), np.zeros(count))
    return rows, path, column, arms, np.ones((frames, count)), strengths, demand


def matrix(path, column, arms, strengths, count: int) -> np.ndarray:
    out = np.zeros((count, strengths.shape[0]))
    out[column, path] = -arms * strengths[path]
    return out


def problem(muscles: int = MUSCLES, count: int = ROWS, low: float = 0.01, reserve: float = 1.0, exponent: float = 2.0):
    rng = np.random.default_rng(5)
    return Problem(
        np.full(muscles, low), np.ones(muscles), rng.uniform(0.5, 2.0, muscles), np.full(count, reserve), exponent
    )


def cost(p: Problem, a: np.ndarray, reserve: np.ndarray) -> float:
    return float((p.weight * a**p.exponent).sum() + ((reserve / p.reserve_force) ** 2).sum())


def polished(p: Problem, moments, demand, near: np.ndarray) -> np.ndarray:
    """Solve the linear conditions of the optimum with the bounds that a rough answer touches."""
    free = np.flatnonzero((near > p.low + 1e-4) & (near < p.high - 1e-4))
    a = np.where(near > 0.5 * (p.low + p.high), p.high, p.low)
    n, m = len(free), len(demand)
    left = np.block(
        [
            [np.diag(2.0 * p.weight[free]), -moments[:, free].T],
            [moments[:, free], np.diag(0.5 * p.reserve_force**2)],
        ]
    )
    a[free] = 0.0
    a[free] = np.linalg.solve(left, np.concatenate([np.zeros(n), demand - moments @ a]))[:n]
    assert left.shape == (n + m, n + m)
    return a


@pytest.mark.parametrize("exponent", [2.0, 3.0])
@pytest.mark.parametrize("reserve", [1.0, 0.1])
def test_activations_are_those_of_a_reference_solver(exponent, reserve):
    from scipy.optimize import LinearConstraint, minimize

    rows, path, column, arms, slopes, strengths, demand = case(1, frames=3)
    p = problem(exponent=exponent, reserve=reserve)
    found = balance(rows, p, path, column, arms, slopes, strengths, demand)
    assert (found.status == BALANCED).all()
    for t in range(len(demand)):
        moments = matrix(path, column, arms[t], strengths[t], ROWS)
        whole = np.hstack([moments, np.diag(p.reserve_force)])
        n = MUSCLES

        def objective(x, p=p, n=n):
            a, r = x[:n], x[n:]
            value = (p.weight * a**p.exponent).sum() + (r**2).sum()
            return value, np.concatenate([p.weight * p.exponent * a ** (p.exponent - 1.0), 2.0 * r])

        bounds = [(0.01, 1.0)] * n + [(None, None)] * ROWS
        reference = minimize(
            objective, np.concatenate([np.full(n, 0.1), np.zeros(ROWS)]), jac=True, method="SLSQP", bounds=bounds,
            constraints=LinearConstraint(whole, demand[t], demand[t]), options={"maxiter": 1000, "ftol": 1e-15},
        )  # fmt: skip
        if exponent == 2.0:
            exact = polished(p, moments, demand[t], reference.x[:n])
            assert np.abs(found.activations[t] - exact).max() < 1e-8
        assert cost(p, found.activations[t], found.reserves[t]) == pytest.approx(reference.fun, rel=1e-6)


@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0, 5.0])
@pytest.mark.parametrize("low", [0.0, 0.01])
@pytest.mark.parametrize("wanted", [5.0, 60.0, 400.0])
def test_every_condition_of_the_optimum_holds(exponent, low, wanted):
    rows, path, column, arms, slopes, strengths, demand = case(2, frames=FRAMES, wanted=wanted)
    p = problem(low=low, exponent=exponent)
    found = balance(rows, p, path, column, arms, slopes, strengths, demand)
    assert (found.status == BALANCED).all()
    for t in range(FRAMES):
        moments = matrix(path, column, arms[t], strengths[t], ROWS)
        a, r, y = found.activations[t], found.reserves[t], found.multipliers[t]
        assert np.abs(moments @ a + r - demand[t]).max() < 1e-8 * max(1.0, wanted)
        assert a.min() >= low and a.max() <= 1.0
        np.testing.assert_allclose(2.0 * r / p.reserve_force**2, y, atol=1e-12, rtol=1e-12)
        # What a little more activation would cost, less what it would give.
        slope = p.exponent * p.weight * a ** (p.exponent - 1.0) - moments.T @ y
        scale = 1.0 + np.abs(moments.T @ y)
        assert (np.abs(slope / scale)[(a > low) & (a < 1.0)] < 1e-9).all()
        assert (slope[a == low] >= -1e-9 * scale[a == low]).all()
        assert (slope[a == 1.0] <= 1e-9 * scale[a == 1.0]).all()


@pytest.mark.parametrize("exponent", [2.0, 3.0])
@pytest.mark.parametrize("wanted", [5.0, 60.0, 400.0])
def test_twin_finds_the_same(exponent, wanted):
    rows, path, column, arms, slopes, strengths, demand = case(3, wanted=wanted)
    p = problem(exponent=exponent)
    passive = np.full_like(strengths, 20.0)
    found = balance(rows, p, path, column, arms, slopes, strengths, demand, passive)
    twin = module._balance(rows, p, path, column, arms, slopes, strengths, passive, demand)
    assert (twin.status == BALANCED).all()
    np.testing.assert_allclose(found.activations, twin.activations, atol=1e-8)
    np.testing.assert_allclose(found.reserves, twin.reserves, atol=1e-7)


@pytest.mark.parametrize("solver", [balance, None], ids=["kernel", "twin"])
def test_a_start_changes_how_fast_the_answer_is_found_and_not_which(solver):
    rows, path, column, arms, slopes, strengths, demand = case(3, wanted=60.0)
    found = balance(rows, problem(), path, column, arms, slopes, strengths, demand)
    starts = found.multipliers.copy()
    starts[2] = np.nan
    rest = np.zeros_like(strengths)
    if solver is None:
        again = module._balance(rows, problem(), path, column, arms, slopes, strengths, rest, demand, starts=starts)
    else:
        again = balance(rows, problem(), path, column, arms, slopes, strengths, demand, rest, starts)
    np.testing.assert_allclose(again.activations, found.activations, atol=1e-8)
    kept = np.arange(FRAMES) != 2
    assert (again.iterations[kept] == 0).all() and again.iterations[2] > 0


def test_passive_force_takes_its_share_of_the_demand():
    rows, path, column, arms, slopes, strengths, demand = case(4)
    passive = np.random.default_rng(1).uniform(0.0, 100.0, strengths.shape)
    moment = np.array([matrix(path, column, arms[t], passive[t], ROWS).sum(axis=1) for t in range(FRAMES)])
    with_it = balance(rows, problem(), path, column, arms, slopes, strengths, demand, passive)
    without = balance(rows, problem(), path, column, arms, slopes, strengths, demand - moment)
    np.testing.assert_allclose(with_it.activations, without.activations, atol=1e-10)


def test_weaker_bounds_cost_more_and_are_kept():
    rows, path, column, arms, slopes, strengths, demand = case(6)
    whole, weak = problem(), problem()
    high = np.where(np.arange(MUSCLES) < 10, 0.1, 1.0)
    weak = Problem(weak.low, high, weak.weight, weak.reserve_force)
    first = balance(rows, whole, path, column, arms, slopes, strengths, demand)
    second = balance(rows, weak, path, column, arms, slopes, strengths, demand)
    assert second.activations[:, :10].max() <= 0.1
    assert first.activations[:, :10].max() > 0.1
    for t in range(FRAMES):
        assert cost(weak, second.activations[t], second.reserves[t]) >= cost(
            whole, first.activations[t], first.reserves[t]
        )


def test_frames_without_numbers_have_no_answer_and_harm_no_other():
    rows, path, column, arms, slopes, strengths, demand = case(7)
    holed = demand.copy()
    holed[4, 2] = np.nan
    found = balance(rows, problem(), path, column, arms, slopes, strengths, holed)
    whole = balance(rows, problem(), path, column, arms, slopes, strengths, demand)
    assert found.status[4] == NOT_ASKED and np.isnan(found.activations[4]).all()
    kept = np.arange(FRAMES) != 4
    np.testing.assert_allclose(found.activations[kept], whole.activations[kept], atol=1e-9)


def test_too_few_steps_are_no_answer():
    rows, path, column, arms, slopes, strengths, demand = case(8)
    p = problem()
    hasty = Problem(p.low, p.high, p.weight, p.reserve_force, max_iterations=1)
    for solver in (balance, lambda *a: module._balance(*a[:-1], np.zeros_like(strengths), a[-1])):
        found = solver(rows, hasty, path, column, arms, slopes, strengths, demand)
        assert (found.status == module.NOT_BALANCED).any()
        assert np.isnan(found.activations[found.status != BALANCED]).all()


def test_kernel_refuses_arrays_that_do_not_fit():
    rows, path, column, arms, slopes, strengths, demand = case(9)
    if module.KERNELS == "Python":
        pytest.skip("no kernels here")
    with pytest.raises(ValueError, match="arms"):
        balance(rows, problem(), path, column, arms[:, :-1], slopes, strengths, demand)
    with pytest.raises(ValueError, match="entry_column"):
        balance(rows, problem(), path, column + 100, arms, slopes, strengths, demand)
    with pytest.raises(ValueError, match="low"):
        balance(rows, problem(muscles=5), path, column, arms, slopes, strengths, demand)
