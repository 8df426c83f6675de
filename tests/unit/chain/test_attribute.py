from dataclasses import dataclass, replace

import numpy as np
import pytest

from kinechain.care.drivers import NOT_THE_CAUSE, Permission
from kinechain.care.person.person import ExamItem, Person
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import questions
from kinechain.chain.attribute import AttributionSettings, attribute, draw_parameters
from kinechain.chain.players import survey_person
from kinechain.core.errors import SettingError, SolveError

YES = Permission(unlock(Person(age_years=40.0, screen={flag.id: "no" for flag in questions()})))
FEW = AttributionSettings(draws=100)


@dataclass(frozen=True)
class Stand:
    id: str
    site: str
    side: str = "middle"
    name: str = "a load"
    unit: str = "N"
    harmful: int = 1
    least: float = 0.0
    is_asked: bool = True


BACK, KNEE = Stand("back_load", "back"), Stand("knee_load", "knee")
SWAP = {"left": "right", "right": "left"}


def item(name, side, value, unit):
    return ExamItem(name, side, value, unit, "tester")


def man(*exam):
    return Person(sex="male", age_years=30.0, height_m=1.8, exam=exam)


def legs(difference):
    return item("leg_length_tape", "left", 900.0 + difference, "mm"), item("leg_length_tape", "right", 900.0, "mm")


def lunge(side, value):
    return item("lunge_test", side, value, "cm")


def strength(side, value):
    return item("hip_abduction_strength", side, value, "Nm/kg")


def drop(side, value):
    return item("navicular_drop", side, value, "mm")


THREE = man(*legs(40.0), lunge("left", 3.0), strength("right", 0.6))


def loads(survey, *rows, base=1000.0, spread=0.0):
    """Return a game: each row maps the key of a parameter to what each unit of its deviation adds to one target."""
    parameters = (*survey.measured, *survey.unmeasured)
    mean = np.array([p.mean for p in parameters])
    weights = np.array([[row.get(p.key, 0.0) for p in parameters] for row in rows])
    bases = np.array([base] * len(rows), dtype=float)

    def evaluate(values, numbers):
        shaken = 1.0 + spread * np.sin(np.arange(1, 5001))[numbers]
        return bases + shaken[:, None] * ((values - mean) @ weights.T)

    return evaluate


def drivers_of(person, *rows, targets=(BACK,), settings=FEW, **kwargs):
    survey = survey_person(person)
    keep = {k: v for k, v in kwargs.items() if k in ("site",)}
    made = {k: v for k, v in kwargs.items() if k in ("base", "spread")}
    return attribute(loads(survey, *rows, **made), survey, targets, YES, settings, **keep)


def test_the_one_that_carries_load_is_named():
    drivers = drivers_of(THREE, {"leg_length": 10.0, "calf_tightness left": -0.1})
    assert {p.key for p in drivers.players} == {"leg_length", "calf_tightness left", "hip_abductor_weakness right"}
    assert drivers.sets[0].drivers == ("leg_length",)
    assert drivers.sets[0].probability > 0.9
    assert drivers.none_supported < 0.1
    assert not drivers.undetermined
    assert drivers.method == "exact subsets" and drivers.audit_error is None
    assert drivers.verdict.startswith("With") and drivers.verdict.endswith(NOT_THE_CAUSE)
    first = drivers.candidates[0]
    assert (first.id, first.target, first.unit) == ("leg_length", "back_load", "N")
    assert first.low < first.contribution < first.high
    assert first.contribution == pytest.approx(400.0, rel=0.1)


def test_contributions_are_in_the_harmful_direction():
    worse_when_less = replace(BACK, harmful=-1)
    drivers = drivers_of(THREE, {"leg_length": 10.0}, targets=(worse_when_less,))
    assert drivers.candidates[-1].contribution == pytest.approx(-400.0, rel=0.1)
    assert drivers.sets[0].drivers == ()
    drivers = drivers_of(THREE, {"leg_length": -10.0}, targets=(worse_when_less,))
    assert drivers.candidates[0].contribution == pytest.approx(400.0, rel=0.1)
    assert drivers.table("back_load").now.value == pytest.approx(600.0, rel=0.1)


def test_small_contributions_stay_below_five_percent_of_the_typical_load():
    drivers = drivers_of(THREE, {"leg_length": 1.0})
    floor = drivers.table("back_load").floor
    assert floor.value == floor.of_typical == pytest.approx(50.0)
    assert drivers.none_supported > 0.9
    assert drivers.verdict.startswith("No driver is supported")
    assert not drivers.undetermined


def test_the_noise_of_the_tests_raises_the_floor():
    drivers = drivers_of(THREE, {"leg_length": 10.0}, base=0.0)
    floor = drivers.table("back_load").floor
    assert floor.of_typical == 0.0
    assert floor.value == floor.of_noise == pytest.approx(1.96 * 7.0 * 10.0, rel=0.25)


def test_noise_of_a_measured_parameter_that_does_not_play_counts_too():
    quiet = drivers_of(man(*legs(40.0)), {"leg_length": 10.0, "arch_drop left": 100.0}, base=0.0)
    noisy = drivers_of(man(*legs(40.0), drop("left", 6.0)), {"leg_length": 10.0, "arch_drop left": 100.0}, base=0.0)
    assert [p.key for p in noisy.players] == ["leg_length"]
    assert noisy.table("back_load").floor.value > 2.0 * quiet.table("back_load").floor.value


def test_without_a_deviation_nobody_plays_and_nothing_is_named():
    drivers = drivers_of(man(*legs(2.0)), {"leg_length": 10.0})
    assert drivers.players == () and drivers.candidates == ()
    assert drivers.none_supported == 1.0
    assert drivers.sets[0].drivers == ()
    assert drivers.verdict.startswith("Nothing measured lies outside")


def test_a_split_posterior_is_undetermined():
    drivers = drivers_of(man(*legs(22.0), lunge("left", 6.0)), {"leg_length": 2.28, "calf_tightness left": -6.02})
    assert max(s.probability for s in drivers.sets) < 0.5
    assert drivers.undetermined
    assert drivers.verdict.startswith("Undetermined")


def test_a_sum_around_zero_is_undetermined():
    drivers = drivers_of(man(*legs(40.0), lunge("left", 3.0)), {"leg_length": 10.0, "calf_tightness left": 36.0})
    table = drivers.table("back_load")
    assert table.total.low < 0.0 < table.total.high
    assert drivers.sets[0].drivers == ("leg_length",)
    assert drivers.undetermined and table.undetermined


def test_percentages_only_where_all_contributions_have_one_sign():
    person = man(*legs(40.0), lunge("left", 3.0))
    same = drivers_of(person, {"leg_length": 10.0, "calf_tightness left": -10.0})
    assert sum(c.share for c in same.candidates) == pytest.approx(100.0)
    mixed = drivers_of(person, {"leg_length": 10.0, "calf_tightness left": 10.0})
    assert all(c.share is None for c in mixed.candidates)


def test_the_site_of_pain_only_orders_what_is_shown():
    rows = ({"leg_length": 10.0}, {"calf_tightness left": -10.0})
    none = drivers_of(THREE, *rows, targets=(BACK, KNEE))
    knee = drivers_of(THREE, *rows, targets=(BACK, KNEE), site="knee")
    assert [t.target for t in none.targets] == ["back_load", "knee_load"]
    assert [t.target for t in knee.targets] == ["knee_load", "back_load"]
    assert set(knee.targets) == set(none.targets)
    assert set(knee.candidates) == set(none.candidates)
    assert replace(knee, targets=(), candidates=()) == replace(none, targets=(), candidates=())


def test_pain_alone_never_makes_a_driver():
    assert drivers_of(man(*legs(2.0)), {"leg_length": 10.0}, site="back").players == ()


def test_relevant_for_any_target_counts():
    rows = ({"leg_length": 10.0}, {"calf_tightness left": -30.0})
    drivers = drivers_of(THREE, *rows, targets=(BACK, KNEE))
    assert drivers.sets[0].drivers == ("calf_tightness left", "leg_length")
    assert drivers.table("knee_load").sets[0].drivers == ("calf_tightness left",)
    assert drivers.table("back_load").sets[0].drivers == ("leg_length",)


def test_many_targets_do_not_make_many_chances_of_a_false_driver():
    # A person whose true difference is nothing, measured 22 mm by chance, seen by 1 and by 40 noise-limited targets.
    weights = np.random.default_rng(1).standard_normal(40)
    rows = [{"leg_length": w} for w in weights]
    targets = [replace(BACK, id=f"load_{i}") for i in range(40)]
    one = drivers_of(man(*legs(22.0)), {"leg_length": 1.0}, base=0.0)
    many = drivers_of(man(*legs(22.0)), *rows, targets=targets, base=0.0)
    # All targets of one sign decide alike; those of the other sign never do, so the union is that of one target.
    assert many.p_relevant[0] == pytest.approx(one.p_relevant[0], abs=0.02)


def test_more_than_four_players_are_ordered_and_audited():
    person = man(*legs(40.0), lunge("left", 3.0), strength("right", 0.6), strength("left", 0.6), drop("left", 20.0))
    drivers = drivers_of(person, {"leg_length": 10.0, "arch_drop left": 2.0})
    assert len(drivers.players) == 5
    assert drivers.method == "orders of the players"
    assert drivers.audit_error == pytest.approx(0.0, abs=1e-9)
    assert drivers.sets[0].drivers == ("leg_length",)


def test_the_same_seed_gives_the_same_answer_and_another_nearly_the_same():
    one, again = (drivers_of(THREE, {"leg_length": 1.8}) for _ in range(2))
    assert one == again
    other = drivers_of(THREE, {"leg_length": 1.8}, settings=replace(FEW, seed=7))
    assert other != one
    assert other.p_relevant[0] == pytest.approx(one.p_relevant[0], abs=0.2)


def test_what_a_parameter_draws_depends_on_no_other():
    few, all_three = survey_person(man(*legs(40.0))).measured, survey_person(THREE).measured
    column = [p.key for p in all_three].index("leg_length")
    short = draw_parameters(few, "flat", 50, 3)[:, 0]
    assert draw_parameters(all_three, "flat", 200, 3)[:50, column] == pytest.approx(short)
    assert short.mean() == pytest.approx(40.0, abs=4.0)
    assert short.std() == pytest.approx(7.0, rel=0.35)


def test_a_mirrored_person_gets_a_mirrored_answer():
    exam = (*legs(40.0), lunge("left", 3.0), strength("right", 0.6))
    mirrored = tuple(replace(i, side=SWAP[i.side]) for i in exam)
    row = {"leg_length": 10.0, "calf_tightness left": -10.0, "hip_abductor_weakness right": 5.0}
    other_row = {"leg_length": -10.0, "calf_tightness right": -10.0, "hip_abductor_weakness left": 5.0}
    settings = AttributionSettings(draws=2000)
    one = drivers_of(man(*exam), row, settings=settings)
    other = drivers_of(man(*mirrored), other_row, settings=settings)

    def plain(drivers):
        return {c.id: (c.contribution, c.p_relevant) for c in drivers.candidates}

    for name, (contribution, probability) in plain(one).items():
        assert plain(other)[name][0] == pytest.approx(contribution, rel=0.03)
        assert plain(other)[name][1] == pytest.approx(probability, abs=0.03)


def test_uncertainty_of_the_body_widens_the_answer():
    sure = drivers_of(THREE, {"leg_length": 10.0}).candidates[0]
    unsure = drivers_of(THREE, {"leg_length": 10.0}, spread=0.9).candidates[0]
    assert unsure.high - unsure.low > 1.5 * (sure.high - sure.low)


def test_the_priors_are_listed_and_their_sensitivity_is_told():
    drivers = drivers_of(man(*legs(24.0)), {"leg_length": 3.0})
    mixture, flat, population = drivers.sensitivity
    assert drivers.priors[0].startswith("Leg-length difference")
    assert mixture.p_relevant == pytest.approx(drivers.p_relevant)
    assert population.p_relevant[0] < mixture.p_relevant[0] < flat.p_relevant[0]
    assert population.none_supported > flat.none_supported


def test_the_next_test_is_the_one_that_decides():
    rows = ({"leg_length": 10.0}, {"calf_tightness left": -6.02})
    drivers = drivers_of(man(*legs(60.0), lunge("left", 6.0)), *rows, targets=(BACK, KNEE))
    best = drivers.next_tests[0]
    assert (best.id, best.side, best.is_new) == ("calf_tightness", "left", False)
    assert best.information > 0.15
    new = drivers_of(man(*legs(60.0)), {"leg_length": 10.0, "arch_drop right": 40.0})
    assert (new.next_tests[0].id, new.next_tests[0].side, new.next_tests[0].is_new) == ("arch_drop", "right", True)
    assert new.next_tests[0].test.startswith("Navicular drop")


def test_a_draw_within_the_norm_has_no_such_player():
    # Ten N per mm exceed the floor from 5 mm on, but up to 13 mm a leg-length difference is usual.
    drivers = drivers_of(man(*legs(24.0)), {"leg_length": 10.0}, settings=AttributionSettings(draws=2000))
    [parameter] = survey_person(man(*legs(24.0))).measured
    assert drivers.p_relevant[0] == pytest.approx(parameter.p_beyond(), abs=0.03)
    assert drivers.p_relevant[0] < 0.95


def test_a_test_within_the_norm_leaves_a_parameter_in_question():
    person = man(*legs(40.0), drop("left", 12.8))
    drivers = drivers_of(person, {"leg_length": 10.0, "arch_drop left": 100.0})
    assert [p.key for p in drivers.players] == ["leg_length"]
    [silent] = drivers.silent
    assert silent.key == "arch_drop left"
    expected = next(p for p in survey_person(person).measured if p.key == "arch_drop left").p_beyond()
    assert silent.p_relevant == pytest.approx(expected, abs=0.1)
    assert 0.05 < silent.p_relevant < 0.5
    assert sum(s.probability for s in drivers.distribution) == pytest.approx(1.0)
    both = next(s for s in drivers.distribution if len(s.drivers) == 2)
    assert both.drivers == ("arch_drop left", "leg_length")
    assert all(set(s.drivers) <= {"leg_length"} for s in drivers.sets)
    # One that carries nothing is never relevant, wherever it lies.
    idle = drivers_of(person, {"leg_length": 10.0})
    assert idle.silent[0].p_relevant == 0.0


def test_treat_one_against_treat_two():
    drivers = drivers_of(man(*legs(40.0), lunge("left", 3.0)), {"leg_length": 10.0, "calf_tightness left": -30.0})
    change = {t.players: t for t in drivers.treatments}
    one = change[("leg_length",)]
    both = next(t for t in drivers.treatments if len(t.players) == 2)
    assert one.change.value == pytest.approx(-400.0, rel=0.1)
    assert one.beyond_singles is None
    assert both.change.value == pytest.approx(-400.0 - 30.0 * 11.3, rel=0.1)
    assert both.beyond_singles.value == pytest.approx(0.0, abs=1e-6)


def test_the_direction_is_known_of_bone_alone():
    bone = drivers_of(THREE, {"leg_length": 10.0})
    assert bone.direction == "foot first"
    soft = drivers_of(THREE, {"calf_tightness left": -30.0})
    assert soft.direction == "not identifiable"
    assert "onset" in soft.direction_reason


def test_players_that_are_not_come_with_a_reason():
    drivers = drivers_of(THREE, {"leg_length": 10.0})
    assert {"body_mass", "arch_drop", "hamstring_tightness"} <= {n.id for n in drivers.not_players}
    assert all(n.reason for n in drivers.not_players)
    assert "could not be judged" in drivers.verdict


def test_no_permission_no_drivers():
    survey = survey_person(THREE)
    with pytest.raises(SettingError, match="adults only"):
        attribute(loads(survey, {}), survey, (BACK,), Permission(None, "they are for adults only."))


def test_a_target_that_cannot_be_computed_is_left_out_and_named():
    survey = survey_person(THREE)
    whole = loads(survey, {"leg_length": 10.0}, {"leg_length": 10.0})

    def evaluate(values, numbers):
        out = whole(values, numbers)
        out[:, 1] = np.nan
        out[numbers == 3] = np.nan
        return out

    drivers = attribute(evaluate, survey, (BACK, replace(KNEE, name="the share of the facets")), YES, FEW)
    assert [t.target for t in drivers.targets] == ["back_load"]
    assert drivers.draws == 99
    assert any("the share of the facets" in note for note in drivers.notes)
    assert any("1 of 100 draws" in note for note in drivers.notes)


def test_a_person_that_does_not_stand_is_an_error():
    survey = survey_person(THREE)
    with pytest.raises(SolveError, match="come to rest"):
        attribute(lambda x, _: np.full((len(x), 1), np.nan), survey, (BACK,), YES, FEW)


def test_settings_are_checked():
    with pytest.raises(SettingError, match="20 draws"):
        AttributionSettings(draws=3)
    with pytest.raises(SettingError, match="no prior"):
        AttributionSettings(prior="hope")
