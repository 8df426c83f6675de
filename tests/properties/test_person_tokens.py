"""A person file with one wrong token is refused in one sentence, or read as a possible person."""

import math
import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.care.person import Person
from kinechain.care.person_file import PERSON_NUMBERS, read_person
from kinechain.care.red_flags import screen_person
from kinechain.core.errors import InputError

TEXT = """[person]
pseudonym = "P-017"
sex = "female"
age_years = 52
height_m = 1.68
mass_kg = 71.5
[history]
pain_regions = ["low_back", "heel_left"]
pain_worst = 7
[screen]
ces_bladder = "no"
under_18 = "no"
[exam]
fpi6 = [{ side = "left", value = 7, method = "standing" }, { side = "right", value = 3, method = "standing" }]
slump = { side = "left", value = "positive", method = "seated" }
[recordings]
trials = []
"""
TOKENS = re.findall(r'"[^"]*"|[\w.-]+|\s+|[^\w\s]', TEXT)
PLACES = [k for k, token in enumerate(TOKENS) if not token.isspace()]
WRONG = ["nan", "inf", "-inf", "0", "-100", "1e308", "true", '""', '"yes"', "[]", "{}", "=", "[person]", "1979-05-27"]
WRONG += ['"\\u0000"', '"skipped"', '"unknown"', "left", "999999999999999999999999", "\x00", "\n", "#"]


@given(
    st.sampled_from(PLACES),
    st.one_of(st.sampled_from(WRONG), st.sampled_from(sorted(set(TOKENS))), st.text(max_size=6)),
)
@settings(max_examples=250, deadline=None)
def test_one_wrong_token_is_refused_or_read_as_a_possible_person(place: int, token: str) -> None:
    text = "".join([*TOKENS[:place], token, *TOKENS[place + 1 :]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "person.toml"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            person = read_person(path)
        except InputError as refusal:
            assert str(refusal).startswith(("person.toml", "there is no"))
            return
    assert_possible(person)


def assert_possible(person: Person) -> None:
    for key, (low, high, _) in PERSON_NUMBERS.items():
        value = getattr(person, key)
        assert value is None or (type(value) is float and low <= value <= high)
    assert all(math.isfinite(item.value) and item.side in ("left", "right", "both") for item in person.exam)
    assert all(answer in ("yes", "no", "unknown", "skipped") for answer in person.screen.values())
    assert screen_person(person).plan_locked
