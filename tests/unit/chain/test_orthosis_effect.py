"""What an orthosis would change: nothing of nothing, the same mirrored, and on the sheet of a plan."""

from dataclasses import replace

import pytest

from kinechain.analysis import Settings, assess
from kinechain.care.drivers import may_attribute
from kinechain.care.person.person import ExamItem, Treatment
from kinechain.care.planning.plan import Orthosis, OrthosisParameters
from kinechain.care.screening.red_flags import screen_person
from kinechain.chain.orthosis_effect import orthosis_changes, orthosis_effect
from kinechain.chain.person_chain import ChainSettings, standing_person
from kinechain.core.errors import SettingError
from kinechain.demonstration.demonstrate import example_person

FEW = ChainSettings(draws=20)
POSTED = OrthosisParameters(rearfoot_posting_deg=4.0)


@pytest.fixture(scope="module")
def stood():
    return standing_person(example_person(), None, None, FEW)


@pytest.fixture(scope="module")
def permission():
    return may_attribute(example_person(), screen_person(example_person()))


def test_zero_parameters_are_no_change_and_have_no_effect(stood, permission):
    assert orthosis_changes(OrthosisParameters(material="foam"), "left") == ()
    assert orthosis_effect(stood, permission, OrthosisParameters(material="cork"), "both") == ()


def test_every_parameter_reaches_the_model():
    sheet = OrthosisParameters(3.0, -2.0, 5.0, 4.0)
    rear, fore = orthosis_changes(sheet, "right")
    assert (rear.side, rear.options["posting"], rear.options["arch"], rear.options["lift"]) == ("right", 3.0, 5.0, 4.0)
    assert (fore.options["posting"], fore.options["region"]) == (-2.0, "forefoot")


def test_raising_the_inner_edge_inverts_that_heel_and_less_posting_does_less(stood, permission):
    whole = dict(orthosis_effect(stood, permission, POSTED, "left"))
    half = dict(orthosis_effect(stood, permission, OrthosisParameters(rearfoot_posting_deg=2.0), "left"))
    heel, half_heel = whole["Heel eversion against the floor"], half["Heel eversion against the floor"]
    assert heel.unit == "deg" and heel.high < 0.0
    # The heel pad yields, so the heel turns less than the insole slopes.
    assert -4.0 < heel.value < half_heel.value < 0.0


def test_nobody_who_is_locked_is_told_of_an_effect(stood):
    locked = replace(example_person(), screen={})
    with pytest.raises(SettingError, match="danger signs"):
        orthosis_effect(stood, may_attribute(locked, screen_person(locked)), POSTED, "left")


def test_the_sheet_of_a_plan_tells_what_its_own_side_would_do():
    person = example_person()
    fpi = tuple(ExamItem("fpi6", side, 8.0, "points", "six observations") for side in ("left", "right"))
    person = replace(
        person,
        exam=(*(item for item in person.exam if item.id != "fpi6"), *fpi),
        history=replace(
            person.history, pain_regions=("low_back",), treatments=(Treatment("exercise", "back", 8.0, "same"),)
        ),
    )
    plan = assess(person, settings=Settings(chain=FEW)).plan
    sheets = {part.side: dict(part.predicted) for part in plan.parts if isinstance(part, Orthosis)}
    assert set(sheets) == {"left", "right"}
    left, right = (sheets[side]["Heel eversion against the floor"] for side in ("left", "right"))
    assert left.high < 0.0 and right.high < 0.0
    without = assess(person, settings=Settings(chain=None)).plan
    assert all(not part.predicted for part in without.parts if isinstance(part, Orthosis))
