"""A change with wrong words is refused in one sentence, or read as a possible change that reads back as itself."""

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from kinechain.chain.change import Change, find_kind, kinds, parse_change
from kinechain.core.errors import SettingError


def plain_change(name: str) -> str:
    """Return a change of a kind as it is usually written."""
    kind = kinds()[name]
    amount = next(x for x in (2.0, 0.5) if all(low <= x <= high for low, high in kind.units.values()))
    asked = [f"{option.name}={option.choices[-1]}" for option in kind.options.values() if option.is_asked]
    return " ".join([name, kind.sides[0], f"{amount:g}", *asked])


VALID = [
    *map(plain_change, sorted(kinds())),
    "wedge left 5 raise=lateral region=heel pivot=medial_edge width=90",
    "wedge right 4 mm raise=medial region=forefoot",
    "body_mass +10%",
    "orthosis left posting=5 arch=10 lift=4 stiffness=0.5",
    "list right 20mm",
]
WRONG = ["nan", "inf", "-inf", "-0", "0", "1e308", "1e999", "-100", "", "=", "==", "raise=", "raise=nan", "width=nan"]
WRONG += ["\n", "\x00", "\x1b[31m", '"', "'", "５", "٥", "5°", "5deg", "5 mm", "unit=mm", "%", "left", "both", "middle"]
WORDS = sorted({word for text in VALID for word in text.split()} | set(WRONG))


@given(
    st.sampled_from(VALID),
    st.lists(
        st.tuples(st.integers(0, 6), st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), st.booleans()),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([" ", "  ", "\n", "\u00a0"]),
)
@example("wedge left 5 raise=lateral", [(2, "nan", True)], " ")
@example("wedge left 5 raise=lateral", [(2, "-0", True)], " ")
@example("wedge left 5 raise=lateral", [(3, "raise=lateral", False)], " ")
@settings(max_examples=400, deadline=None)
def test_wrong_words_are_refused_or_read_as_a_possible_change(
    text: str, swaps: list[tuple[int, str, bool]], space: str
) -> None:
    words = text.split()
    for place, word, is_replaced in swaps:
        at = min(place, len(words))
        words[at : at + is_replaced] = [word]
    try:
        change = parse_change(space.join(words))
    except SettingError as refusal:
        said = str(refusal)
        assert said and said.isprintable() and len(said) < 1500
        return
    assert_possible(change)


@given(st.sampled_from(VALID), st.floats(allow_nan=True, allow_infinity=True))
@settings(max_examples=300, deadline=None)
def test_any_amount_is_refused_or_reads_back(text: str, amount: float) -> None:
    valid = parse_change(text)
    low, high = valid.limits
    try:
        change = Change(valid.kind, valid.side, amount, valid.options)
    except SettingError:
        assert not low <= amount <= high
        return
    assert_possible(change)


def test_every_kind_reads_back() -> None:
    for text in VALID:
        assert_possible(parse_change(text))


def assert_possible(change: Change) -> None:
    kind = find_kind(change.kind)
    low, high = kind.units[change.unit]
    assert change.side in kind.sides
    assert math.isfinite(change.amount) and low <= change.amount <= high
    assert math.copysign(1.0, change.amount) > 0 or change.amount < 0
    for name, value in change.options.items():
        if name != "unit":
            option = kind.options[name]
            assert value in option.choices if option.choices else option.low <= float(value) <= option.high
    assert parse_change(change.text) == change
    assert parse_change(change.text).text == change.text
