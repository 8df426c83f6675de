"""The Wells score: ten items, two levels, one urgency, clinicians only."""

from itertools import combinations

import pytest

from kinechain.care.person.person import Person
from kinechain.care.person.red_flag_text import read_wells_items
from kinechain.care.screening.wells import wells_score
from kinechain.core.errors import PersonError

#: As the table of rule R-DVT.
POINTS = {
    "active_cancer": 1,
    "paralysis_or_plaster": 1,
    "bedridden_or_surgery": 1,
    "tenderness_deep_veins": 1,
    "entire_leg_swollen": 1,
    "calf_3cm_larger": 1,
    "pitting_oedema": 1,
    "collateral_veins": 1,
    "previous_dvt": 1,
    "alternative_diagnosis": -2,
}


def scored(*yes: str, **other: str) -> Person:
    answers = {**dict.fromkeys(POINTS, "no"), **dict.fromkeys(yes, "yes"), **other}
    return Person(wells=answers, wells_examiner="C1")  # type: ignore[arg-type]


def test_the_items_and_points_are_those_of_the_rule() -> None:
    assert {item.id: item.points for item in read_wells_items()} == POINTS


@pytest.mark.parametrize("count", range(4))
def test_the_score_is_the_sum_and_two_points_are_likely(count: int) -> None:
    for yes in combinations(POINTS, count):
        found = wells_score(scored(*yes))
        points = sum(POINTS[key] for key in yes)
        assert found is not None
        assert (found.least, found.most) == (points, points)
        assert found.level == ("likely" if points >= 2 else "unlikely")
        assert found.urgency == "same_day"


def test_open_items_leave_the_level_open_where_they_decide() -> None:
    one = wells_score(scored("calf_3cm_larger", previous_dvt="unknown"))
    assert one is not None
    assert (one.least, one.most, one.level, one.still_open) == (1, 2, "open", ("previous_dvt",))
    three = wells_score(scored("calf_3cm_larger", "pitting_oedema", "previous_dvt", active_cancer="skipped"))
    assert three is not None
    assert three.level == "likely"
    partial = wells_score(Person(wells={"calf_3cm_larger": "yes"}, wells_examiner="C1"))
    assert partial is not None
    assert (partial.least, partial.most, partial.level) == (-1, 9, "open")


def test_nobody_scored_it_or_nobody_knows_who() -> None:
    assert wells_score(Person()) is None
    with pytest.raises(PersonError, match="clinicians"):
        wells_score(Person(wells={"previous_dvt": "yes"}))
    with pytest.raises(PersonError, match="Did you mean 'previous_dvt'"):
        wells_score(Person(wells={"previous_dtv": "yes"}, wells_examiner="C1"))
