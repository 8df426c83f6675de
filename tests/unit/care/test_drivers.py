from dataclasses import replace
from datetime import UTC, datetime

import pytest

from care_people import CALM
from kinechain.care.drivers import (
    NOT_THE_CAUSE,
    Drivers,
    DriverSet,
    Permission,
    Player,
    judge_drivers,
    may_attribute,
)
from kinechain.care.finding import Norm
from kinechain.care.person.person import Person
from kinechain.care.screening.clearance import Clearance, answers_digest
from kinechain.care.screening.screen import Flag, Screen
from kinechain.core.errors import SettingError
from kinechain.core.estimate import Estimate

NOW = datetime(2026, 1, 2, tzinfo=UTC)
OPEN = Screen("none", (), plan_locked=False)
ADULT = Person(age_years=40.0, screen=CALM)
PLAYER = Player(
    "leg_length",
    "middle",
    "leg-length difference",
    "leg_length left 12",
    Estimate(12.0, 8.0, 16.0, "mm", "tape"),
    Norm(0.0, 6.6, -13.0, 13.0, "x-ray studies", "knutson2005", "abstract"),
    1.8,
    0.4,
    5.0,
    "flat",
    "abstract",
    ("knutson2005",),
)
BY_NAME = Clearance(
    "foot_drop", answers_digest(replace(ADULT, screen={**CALM, "foot_drop": "yes"})), "dr_ono", "seen", NOW, "", ""
)
FORGED = Screen("none", (), plan_locked=False, cleared=((Flag("foot_drop", "same_day", "choice", "yes", ""), BY_NAME),))
EMPTY = Drivers(
    players=(PLAYER,),
    not_players=(),
    targets=(),
    candidates=(),
    sets=(DriverSet(("leg_length",), 0.7),),
    coverage=0.8,
    none_supported=0.3,
    undetermined=False,
    p_relevant=(0.7,),
    groups=(),
    priors=(),
    sensitivity=(),
    next_tests=(),
    treatments=(),
    direction="not identifiable",
    direction_reason="",
    verdict="",
    method="exact subsets",
    audit_error=None,
    draws=200,
    seed=0,
)


@pytest.mark.parametrize(
    ("person", "screen", "word"),
    [
        (ADULT, Screen("not_screened", (), plan_locked=True), "not asked"),
        (ADULT, Screen("not_screened", (), plan_locked=False), "not asked"),
        (ADULT, Screen("emergency", (), plan_locked=True), "danger sign"),
        (Person(age_years=17.9), OPEN, "18 years"),
        (Person(), OPEN, "age is not known"),
        (Person(age_years=40.0), OPEN, "screen this person again"),
        (Person(age_years=40.0, screen={**CALM, "ces_bladder": "yes"}), OPEN, "screen this person again"),
        (replace(ADULT, screen={**CALM, "foot_drop": "yes"}), FORGED, "screen this person again"),
        (Person(age_years=float("nan")), OPEN, "age is not known"),
    ],
)
def test_locked_unscreened_and_young_people_get_no_drivers(person, screen, word):
    permission = may_attribute(person, screen)
    assert not permission.is_given
    assert word in permission.reason
    assert permission.reason.count(".") == 1


def test_a_screened_adult_may_be_given_drivers():
    assert may_attribute(ADULT, OPEN).is_given
    assert may_attribute(replace(ADULT, age_years=18.0), OPEN).is_given


def test_a_permission_without_the_proof_is_none():
    assert not Permission(True).is_given
    assert not Permission(None).is_given


def test_a_player_is_named_with_its_side():
    assert PLAYER.key == "leg_length"
    assert replace(PLAYER, side="left").key == "leg_length left"


def test_sets_name_only_players():
    with pytest.raises(SettingError, match="no player"):
        replace(EMPTY, sets=(DriverSet(("leg_lenght",), 0.7),))


def test_probabilities_are_probabilities():
    with pytest.raises(SettingError, match="outside 0 to 1"):
        replace(EMPTY, none_supported=1.2)
    with pytest.raises(SettingError, match="players"):
        replace(EMPTY, p_relevant=())


def test_an_unknown_target_is_refused_with_what_there_is():
    with pytest.raises(SettingError, match="no target 'knee'"):
        EMPTY.table("knee")


@pytest.mark.parametrize(
    ("sets", "none", "undetermined", "start"),
    [
        ((DriverSet(("a", "b"), 0.7),), 0.1, False, "With 70 % probability A and B each add"),
        ((DriverSet(("a",), 0.7),), 0.1, False, "With 70 % probability A adds"),
        ((DriverSet((), 0.9),), 0.9, False, "No driver is supported: with 90 %"),
        ((DriverSet(("a",), 0.4),), 0.1, True, "Undetermined"),
        ((), 0.1, True, "Undetermined"),
    ],
)
def test_the_verdict_says_what_it_is_and_what_it_is_not(sets, none, undetermined, start):
    verdict = judge_drivers({"a": "A", "b": "B"}, sets, none, undetermined, 3)
    assert verdict.startswith(start)
    assert verdict.endswith(NOT_THE_CAUSE)
    assert "3 more could not be judged" in verdict


def test_without_candidates_no_driver_is_named():
    verdict = judge_drivers({}, (DriverSet((), 1.0),), 1.0, False, 0)
    assert verdict.startswith("Nothing measured lies outside")
    assert "could not be judged" not in verdict
