"""Rests that are not found at once are found by small steps, and what was found at once stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import kinechain.chain.reach as module
from kinechain.body.skeleton import generic_body
from kinechain.chain.alter import alter
from kinechain.chain.change import parse_change
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.reach import reach_equilibrium
from kinechain.chain.situation import ChainModel, Equilibrium, Situation
from kinechain.chain.stand import standing_situation
from kinechain.chain.standing_model import chain_model
from kinechain.chain.unknowns import draw_unknowns

CASES = 4


@pytest.fixture(scope="module")
def model() -> ChainModel:
    return chain_model(generic_body(), muscles=False)


@pytest.fixture(scope="module")
def people(model: ChainModel) -> Situation:
    return standing_situation(model, draw_unknowns(CASES, 7))


def test_what_is_found_at_once_stays(model: ChainModel, people: Situation) -> None:
    first = solve_equilibrium(model, people, workers=1)
    changed = alter(model, people, parse_change("lift left 5"))
    at_once = solve_equilibrium(model, changed, workers=1)
    reached = reach_equilibrium(model, people, changed, first, workers=1)
    assert np.array_equal(reached.inputs, at_once.inputs)
    assert reached.reason == at_once.reason == ("",) * CASES
    searched = solve_equilibrium(model, changed, start=first.inputs, workers=1)
    assert reached.inputs == pytest.approx(searched.inputs, abs=1e-7)
    assert (reached.iterations < searched.iterations).all()


def test_who_stands_away_from_the_reference_begins_there(model: ChainModel, people: Situation) -> None:
    lifted = alter(model, people, parse_change("lift left 20"))
    first = solve_equilibrium(model, lifted, workers=1)
    changed = alter(model, lifted, parse_change("lift left 1"))
    reached = reach_equilibrium(model, lifted, changed, first, workers=1)
    searched = solve_equilibrium(model, changed, start=first.inputs, workers=1)
    assert np.array_equal(reached.inputs, searched.inputs)


def test_a_search_that_lost_its_way_gets_there_by_steps(
    model: ChainModel, people: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = solve_equilibrium(model, people, workers=1)
    changed = alter(model, people, parse_change("lift left 6"))
    truth = solve_equilibrium(model, changed, start=first.inputs, workers=1)
    far = 0.01

    def short_sighted(
        model: ChainModel, situation: Situation, *, start: np.ndarray | None, **rest: object
    ) -> Equilibrium:
        """Lose every second case, and later all, that would move by more than `far`."""
        found = solve_equilibrium(model, situation, start=start, workers=1)
        jump = np.abs(found.inputs - (situation.reference if start is None else start)).max(axis=1)
        reasons = tuple("falls" if (j > far and len(situation) < CASES) or (j > far and k % 2) else r
                        for k, (j, r) in enumerate(zip(jump, found.reason, strict=True)))  # fmt: skip
        lost = np.array([r != "" for r in reasons])
        return replace(found, reason=reasons, inputs=np.where(lost[:, None], np.nan, found.inputs))

    monkeypatch.setattr(module, "solve_equilibrium", short_sighted)
    reached = reach_equilibrium(model, people, changed, first)
    assert reached.reason == ("",) * CASES
    assert reached.inputs == pytest.approx(truth.inputs, abs=1e-7)
    assert reached.pad_force == pytest.approx(truth.pad_force, abs=1e-3)
    # A short search is quicker and finds fewer; whom it finds rests where the long one does.
    hurried = reach_equilibrium(model, people, changed, first, ways=())
    assert set(hurried.reason) == {"", "falls"}
    found = [k for k, reason in enumerate(hurried.reason) if not reason]
    assert hurried.inputs[found] == pytest.approx(truth.inputs[found], abs=1e-7)


def test_who_did_not_stand_before_is_not_sought(model: ChainModel, people: Situation) -> None:
    first = solve_equilibrium(model, people, workers=1)
    fallen = replace(first, reason=("falls",) * CASES)
    changed = alter(model, people, parse_change("lift left 5"))
    reached = reach_equilibrium(model, people, changed, fallen, workers=1)
    assert np.array_equal(reached.inputs, solve_equilibrium(model, changed, workers=1).inputs)
