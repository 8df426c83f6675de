"""The page about danger signs says what the data say."""

import importlib.util
from pathlib import Path

from kinechain.care.screening.red_flags import read_red_flags, sign_off_list

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_current() -> None:
    spec = importlib.util.spec_from_file_location("make_danger_signs", DOCS / "make_danger_signs.py")
    assert spec is not None and spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    page = (DOCS / "danger_signs.md").read_text(encoding="utf-8")
    assert page == maker.page(), "run: python docs/make_danger_signs.py"
    for flag in read_red_flags():
        assert flag.question in page


def test_every_urgency_that_no_source_states_is_on_the_sign_off_list() -> None:
    """24 of the 40 given questions, and all of the 7 that were added."""
    listed = sign_off_list()
    assert [flag.id for flag in listed] == [flag.id for flag in read_red_flags() if flag.basis == "choice"]
    assert (sum(not flag.is_added for flag in listed), sum(flag.is_added for flag in listed)) == (24, 7)
    assert all(flag.basis == "choice" for flag in read_red_flags() if flag.is_added)
