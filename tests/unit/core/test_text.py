"""Text from outside, and the joints of sentences."""

import pytest

from kinechain.core.text import listed, printable, sentence


def test_what_cannot_be_shown_becomes_a_question_mark():
    assert printable("Gang\x1b[31m\n") == "Gang?[31m?"
    assert printable("Fußgänger") == "Fußgänger"


@pytest.mark.parametrize(
    ("names", "words"),
    [([], ""), (["LASI"], "LASI"), (["LASI", "RASI"], "LASI, RASI"), (["A", "B", "C", "D"], "A, B and 2 more")],
)
def test_a_list_names_the_first_and_counts_the_others(names, words):
    assert listed(names, 2) == words


def test_a_sentence_has_a_capital_letter_and_one_full_stop():
    assert sentence("the markers\n  were  lost") == "The markers were lost."
    assert sentence("Were they lost?") == "Were they lost?"
