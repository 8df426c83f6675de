"""The words a change is written in: what is understood, what is refused, and that both sides agree."""

import copy
import math
import pickle
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.body.tables import read_table
from kinechain.chain.change import Change, find_kind, find_shoe, groups_of, joints_of, kinds, parse_change
from kinechain.chain.situation import Situation
from kinechain.core.errors import InputError, SettingError
from kinechain.evidence.chain import read_studies
from kinechain.evidence.library import source_keys


def _example(name: str) -> Change:
    """Return a change of a kind that is not neutral, its options told."""
    kind = find_kind(name)
    low, high = next(iter(kind.units.values()))
    amount = next(x for x in (2.0, 0.5, high) if low <= x <= high and x != kind.neutral)
    options = {o.name: o.choices[0] for o in kind.options.values() if o.is_asked}
    return Change(name, kind.sides[0], amount, options)


@pytest.mark.parametrize("name", kinds())
def test_what_is_written_is_read_back(name: str) -> None:
    change = _example(name)
    assert parse_change(change.text) == change
    assert parse_change(change.text).text == change.text
    assert hash(parse_change(change.text)) == hash(change)
    for option in find_kind(name).options.values():
        told = option.choices[-1] if option.choices else (option.low + option.high) / 2
        other = Change(name, change.side, change.amount, {**change.options, option.name: told})
        assert parse_change(other.text) == other


@pytest.mark.parametrize("name", kinds())
def test_every_kind_says_what_it_does_and_where_that_comes_from(name: str) -> None:
    kind = find_kind(name)
    known = {*source_keys(), *read_studies(), "assumption", "definition"}
    assert kind.source in known
    assert kind.spread or kind.source != "assumption"
    assert set(kind.alters) <= {f.name for f in fields(Situation)}
    assert len(kind.meaning) > 20
    for low, high in kind.units.values():
        assert math.isfinite(low) and math.isfinite(high) and low <= kind.neutral <= high
    for option in kind.options.values():
        assert option.meaning
        assert option.choices or (math.isfinite(option.low) and math.isfinite(option.high) and option.unit)
        assert option.default is None or not option.choices or option.default in option.choices


def test_every_shoe_was_measured_by_somebody() -> None:
    known = read_studies()
    for category in find_kind("footwear").options["category"].choices:
        assert find_shoe(category).source in known


def test_groups_are_those_of_the_muscle_tables() -> None:
    tables = {row["group"] for part in ("leg", "foot", "trunk") for row in read_table(f"muscles_{part}")}
    named = {single for name in find_kind("weakness").options["group"].choices for single in groups_of(name)}
    assert named == tables
    assert groups_of("triceps_surae") == ("gastrocnemius_lateral", "gastrocnemius_medial", "soleus")
    assert groups_of("soleus") == ("soleus",)
    assert len(joints_of("lumbar")) == 6


def test_a_wedge_as_the_issue_writes_it() -> None:
    change = parse_change("wedge left 5 raise=lateral")
    assert (change.kind, change.side, change.amount, change.unit) == ("wedge", "left", 5.0, "deg")
    assert change.word("region") == "whole" and change.word("pivot") == "thin_edge"
    assert change.sides == ("left",) and parse_change("lift both 5").sides == ("left", "right")
    assert parse_change("wedge left 5deg raise=lateral") == parse_change("wedge left 5° raise=lateral") == change
    assert parse_change("wedge raise=lateral 5 deg left") == change


def test_units_belong_to_the_amount() -> None:
    assert parse_change("body_mass +10%").unit == "%"
    assert parse_change("body_mass 10").unit == "kg"
    assert parse_change("body_mass 10 %") == parse_change("body_mass 10 unit=%")
    assert parse_change("weakness 40% group=soleus").text == "weakness both 40% group=soleus"
    assert parse_change("list left 20mm").limits == (-120.0, 120.0)
    assert parse_change("orthosis left posting=4deg") == parse_change("orthosis left 1 posting=4")


def test_zero_has_no_sign() -> None:
    change = parse_change("lift left -0")
    assert math.copysign(1.0, change.amount) == 1.0
    assert change.is_neutral and change.text == "lift left 0"


def test_a_change_is_a_value() -> None:
    change = parse_change("wedge left 5 raise=lateral width=90")
    assert pickle.loads(pickle.dumps(change)) == copy.deepcopy(change) == change
    with pytest.raises(TypeError):
        change.options["raise"] = "medial"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "kind, side, amount"),
        (" \t\n", "got nothing"),
        ("wegde left 5 raise=lateral", "Did you mean 'wedge'?"),
        ("wedge 5 raise=lateral", "needs a side"),
        ("wedge left raise=lateral", "needs an amount in deg or mm, such as 'wedge left 10"),
        ("wedge left 5", "needs raise="),
        ("wedge left 5 lateral", "Write raise=lateral."),
        ("wedge left 5 rase=lateral", "Did you mean 'raise'?"),
        ("wedge left 5 raise=latral", "Did you mean 'lateral'?"),
        ("wedge left 5 raise=lateral raise=medial", "told twice"),
        ("wedge left right 5 raise=lateral", "one side"),
        ("wedge left 5 6 raise=lateral", "one amount"),
        ("wedge middle 5 raise=lateral", "no side 'middle'"),
        ("wedge left nan raise=lateral", "got 'nan'"),
        ("wedge left inf raise=lateral", "got 'inf'"),
        ("wedge left 1e999 raise=lateral", "from -35 to 35 deg"),
        ("wedge left -100 raise=lateral", "from -35 to 35 deg"),
        ("wedge left ٥ raise=lateral", "got '٥'"),
        ("wedge left 5 raise=lateral width=nan", "width of a wedge lies from 20 to 400 mm"),
        ("wedge left 5 raise=lateral width=50cm", "from 20 to 400 mm"),
        ("lift left 3m", "told in mm, not in 'm'"),
        ("lift left 3000", "from -120 to 120 mm"),
        ("lift left 5mm unit=mm", "told twice"),
        ("body_mass 5kg unit=%", "unit of a body_mass is told twice"),
        ("body_mass 5 unit=lb", "told in kg or %, not in 'lb'"),
        ("weakness 40 group=soleus", "from 0 to 1 fraction"),
        ("weakness 0.4 group=glutes", "gluteus"),
        ("myotome left 0.5 root=L6", "There is: L2, L3, L4, L5, S1, S2."),
        ("footwear category=sneaker", "not computable: no source"),
        ("lift left 5 \x1b[31m", "?[31m"),
        ("x" * 500, "500 characters"),
    ],
)
def test_what_is_not_understood_is_refused_in_one_sentence(text: str, part: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_change(text)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_a_value_is_checked_like_a_text() -> None:
    for wrong in (
        lambda: Change("wedge", "left", math.nan, {"raise": "lateral"}),
        lambda: Change("wedge", "up", 5.0, {"raise": "lateral"}),  # type: ignore[arg-type]
        lambda: Change("wedge", "left", 5.0),
        lambda: Change("wedge", "left", 5.0, {"raise": "lateral", "width": math.inf}),
        lambda: Change("wedge", "left", True, {"raise": "lateral"}),
        lambda: Change("body_mass", "middle", 5.0, {"unit": "stone"}),
        lambda: Change("lift", "left", "high"),  # type: ignore[arg-type]
    ):
        with pytest.raises(SettingError):
            wrong()


_WORDS = (
    *kinds(),
    *("left", "right", "both", "middle", "5", "-0", "nan", "inf", "1e308", "0x5", "5mm", "%", "deg", "mm", "kg"),
    *("raise=lateral", "raise=", "=", "==", "width=nan", "group=soleus", "root=L5", "joint=hip", "unit=kg", "unit=%"),
    *("category=heels_51", "region=heel", "stance=5%", "\u202e", "\x00", "é", "--", "raise=lateral=medial"),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(_WORDS) | st.text(max_size=8), max_size=7).map(" ".join))
def test_any_text_is_a_change_or_a_refusal(text: str) -> None:
    try:
        change = parse_change(text)
    except InputError as refusal:
        assert "\n" not in str(refusal)
    else:
        assert parse_change(change.text) == change
        low, high = change.limits
        assert low <= change.amount <= high
