from dataclasses import replace

import numpy as np
import pytest

from care_people import CALM
from kinechain.body.scale import BodySize, size_body
from kinechain.body.skeleton import template_body
from kinechain.care.person.person import ExamItem, Person
from kinechain.care.screening.screen import Screen
from kinechain.chain import person_game
from kinechain.chain.alter import alter
from kinechain.chain.attribute import AttributionSettings
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.person_game import attribute_standing, chain_game, leg_difference_mm
from kinechain.chain.players import survey_person
from kinechain.chain.stand import standing_situation
from kinechain.chain.standing_model import chain_model
from kinechain.chain.targets import target_index
from kinechain.chain.unknowns import best_unknowns, draw_unknowns
from kinechain.core.errors import SettingError

OPEN = Screen("none", (), plan_locked=False)
FEW = AttributionSettings(draws=20)


def item(name, side, value, unit):
    return ExamItem(name, side, value, unit, "tester")


def man(*exam):
    return Person(sex="male", age_years=30.0, height_m=1.78, mass_kg=76.0, exam=exam, screen=CALM)


def legs(difference):
    return item("leg_length_tape", "left", 900.0 + difference, "mm"), item("leg_length_tape", "right", 900.0, "mm")


@pytest.fixture(scope="module")
def model():
    return chain_model(size_body(template_body(), BodySize(76.0, 1.78, "male", 30.0)))


@pytest.fixture(scope="module")
def parameters():
    survey = survey_person(man(*legs(20.0)))
    return (*survey.measured, *survey.unmeasured)


def typical(parameters):
    return np.array([p.mean for p in parameters])


def column(parameters, key):
    return [p.key for p in parameters].index(key)


def test_a_symmetric_body_has_legs_of_one_length(model):
    assert leg_difference_mm(model) == pytest.approx(0.0, abs=1e-9)


def test_a_typical_person_stands_as_the_body_does(model, parameters):
    game = chain_game(model, parameters, best_unknowns())
    loads = game(typical(parameters)[None], np.zeros(1, dtype=np.int64))[0]
    for name in ("hip_contact", "achilles_tension", "plantar_load_heel"):
        left, right = (loads[target_index(f"{name}_{side}")] for side in ("left", "right"))
        assert left == pytest.approx(right, rel=1e-3)
        assert left > 0


def test_mirrored_deviations_load_the_other_side(model, parameters):
    game = chain_game(model, parameters, best_unknowns())
    one, other = typical(parameters), typical(parameters)
    one[column(parameters, "leg_length")] = 10.0
    one[column(parameters, "calf_tightness left")] = 8.0
    other[column(parameters, "leg_length")] = -10.0
    other[column(parameters, "calf_tightness right")] = 8.0
    loads = game(np.stack([one, other]), np.zeros(2, dtype=np.int64))
    for name in ("hip_contact", "achilles_tension", "plantar_load_heel", "sacroiliac_load"):
        left, right = target_index(f"{name}_left"), target_index(f"{name}_right")
        assert loads[0, left] == pytest.approx(loads[1, right], rel=1e-4)
        assert loads[0, right] == pytest.approx(loads[1, left], rel=1e-4)
    assert abs(loads[0, target_index("achilles_tension_left")] - loads[0, target_index("achilles_tension_right")]) > 10


def test_a_tight_calf_is_carried_by_the_achilles_tendon(model, parameters):
    game = chain_game(model, parameters, best_unknowns())
    tight = typical(parameters)
    tight[column(parameters, "calf_tightness left")] = 4.0
    loads = game(np.stack([typical(parameters), tight]), np.zeros(2, dtype=np.int64))
    achilles = target_index("achilles_tension_left")
    assert loads[1, achilles] > 1.05 * loads[0, achilles]


def test_each_draw_has_its_own_body(model, parameters):
    game = chain_game(model, parameters, draw_unknowns(4, 1))
    values = np.tile(typical(parameters), (4, 1))
    loads = game(values, np.arange(4))
    backwards = game(values, np.arange(4)[::-1])
    assert backwards[::-1] == pytest.approx(loads, nan_ok=True)
    assert np.nanstd(loads[:, target_index("plantar_load_heel_left")]) > 1.0


def test_the_number_of_workers_changes_nothing(model, parameters):
    unknowns = draw_unknowns(4, 1)
    values = np.tile(typical(parameters), (person_game.CHUNK + 20, 1))
    values[:, column(parameters, "leg_length")] = np.linspace(-10.0, 10.0, len(values))
    numbers = np.arange(len(values)) % 4
    one, two = (chain_game(model, parameters, unknowns, workers=w)(values, numbers) for w in (1, 2))
    assert np.array_equal(one, two, equal_nan=True)
    assert np.isfinite(one).any(axis=1).all()
    last = chain_game(model, parameters, unknowns, workers=1)(values[-1:], numbers[-1:])
    assert two[-1] == pytest.approx(last[0], rel=1e-6, abs=1e-6, nan_ok=True)


def test_a_person_rests_as_they_were_seen(model, parameters, monkeypatch):
    posture = model.tree.default[model.tree.inputs].copy()
    posture[model.input_index("hip_flexion_l")] += 0.03
    posture[model.input_index("knee_flexion_l")] += 0.03
    seen = typical(parameters)
    seen[column(parameters, "leg_length")] = 12.0
    seen[column(parameters, "calf_tightness left")] = 7.0
    monkeypatch.setattr(person_game, "compute_targets", lambda model, situation, rest, passive: rest.inputs)
    game = chain_game(model, parameters, best_unknowns(), posture=posture, seen=seen)
    still, moved = game(np.stack([seen, typical(parameters)]), np.zeros(2, dtype=np.int64))
    joints = [model.input_index(n) for n in model.free[6:]]
    assert still[joints] == pytest.approx(posture[joints], abs=1e-6)
    assert np.abs(moved[joints] - posture[joints]).max() > 1e-3


def test_a_posture_that_was_seen_bears_like_the_examination_alone(model, parameters):
    # The share of the load that people have on each foot is that of typical people: given to somebody whose calf is
    # tight, making the calf typical would load the other foot.
    tight = typical(parameters)
    tight[column(parameters, "calf_tightness left")] = 5.0
    changes, amounts = person_game._made(parameters, tight[None], 0.0)
    base = standing_situation(model, best_unknowns())
    posture = solve_equilibrium(model, alter(model, base, changes, amounts)).inputs[0]
    asked = np.stack([tight, typical(parameters)]), np.zeros(2, dtype=np.int64)
    told = chain_game(model, parameters, best_unknowns())(*asked)
    seen = chain_game(model, parameters, best_unknowns(), posture=posture, seen=tight)(*asked)
    left, right = (target_index(f"plantar_load_heel_{side}") for side in ("left", "right"))
    assert abs(told[0, left] - told[0, right]) > 30.0
    assert seen[0, left] - seen[0, right] == pytest.approx(told[0, left] - told[0, right], rel=0.3)
    assert abs(seen[1, left] - seen[1, right]) < 0.5 * abs(seen[0, left] - seen[0, right])


def test_a_recorded_posture_needs_what_was_measured_in_it(model, parameters):
    with pytest.raises(SettingError, match="measured in it"):
        chain_game(model, parameters, best_unknowns(), posture=model.tree.default[model.tree.inputs])


def test_what_a_fitted_body_has_is_not_added_again(parameters):
    values = typical(parameters)[None].copy()
    values[0, column(parameters, "leg_length")] = 12.0
    changes, amounts = person_game._made(parameters, values, 12.0)
    assert all(a[0] == c.amount for c, a in zip(changes, amounts, strict=True))
    changes, amounts = person_game._made(parameters, values, 0.0)
    made = {(c.kind, c.side): a[0] for c, a in zip(changes, amounts, strict=True)}
    assert made["leg_length", "left"] == 6.0
    assert made["leg_length", "right"] == -6.0


def test_a_long_leg_is_found_on_the_real_body(model):
    drivers = attribute_standing(model, man(*legs(30.0)), OPEN, settings=FEW)
    assert [p.key for p in drivers.players] == ["leg_length"]
    assert drivers.sets[0].drivers == ("leg_length",)
    assert drivers.direction == "foot first"
    assert len(drivers.targets) > 25


def test_locked_people_get_none(model):
    with pytest.raises(SettingError, match="danger sign"):
        attribute_standing(model, man(*legs(40.0)), Screen("emergency", (), plan_locked=True), settings=FEW)
    young = replace(man(*legs(40.0)), age_years=17.0)
    with pytest.raises(SettingError, match="18 years"):
        attribute_standing(model, young, OPEN, settings=FEW)
