"""Sampled people have the sizes of ANSUR II, stand, and cost little."""

import numpy as np
import pytest

from kinechain.chain.population import population_situation
from kinechain.chain.stand import stand
from kinechain.core.gravity import GRAVITY_M_S2


def test_sizes_are_those_of_the_survey():
    people = population_situation("male", 3000, 1)
    assert people.stature_m.mean() == pytest.approx(1.7562, abs=0.004)
    assert people.stature_m.std() == pytest.approx(0.0686, rel=0.06)
    assert people.mass_kg.mean() == pytest.approx(85.5, rel=0.02)
    assert people.mass_kg.std() == pytest.approx(14.2, rel=0.12)
    assert not people.is_woman.any()


def test_the_same_seed_gives_the_same_people_and_the_first_of_many_those_of_few():
    few, many = population_situation(None, 6, 4), population_situation(None, 20, 4)
    np.testing.assert_array_equal(few.mass_kg, many.mass_kg[:6])
    np.testing.assert_allclose(few.situation.tonic, many.situation.tonic[:6], atol=1e-9)
    assert 0 < many.is_woman.sum() < 20


def test_everybody_stands_at_rest_and_the_ground_bears_their_weight():
    people = population_situation("female", 100, 2)
    equilibrium = stand(people.model, people.situation, allow_failed=True)
    assert np.mean(equilibrium.is_solved) > 0.98
    solved = equilibrium.is_solved
    np.testing.assert_array_equal(equilibrium.inputs[solved], people.situation.reference[solved])
    # In the lengths of the model a force is the true one times the size.
    force = equilibrium.pad_force[solved, :, 2].sum(axis=1) / people.size[solved]
    np.testing.assert_allclose(force, people.mass_kg[solved] * GRAVITY_M_S2, rtol=1e-9)


def test_legs_are_of_many_lengths_but_alike_on_both_sides():
    people = population_situation("female", 500, 3)
    right, left = (people.unknowns.of(f"thigh_length_{s}") for s in "rl")
    assert 0.01 < right.std() < 0.04
    assert np.abs(right - left).std() < 0.3 * right.std()
