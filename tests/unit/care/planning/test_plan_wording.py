"""What a plan says can be read at twelve: short sentences, common words."""

import re

import pytest

from kinechain.evidence.wording import wording

#: Sentences a patient reads.
PATIENT = {key: e for key, e in wording().items() if key.startswith("plan.") and e.audience != "clinician"}

#: School grade of a twelve-year-old, and of the hardest single text (both are choices).
GRADE = 6.0
HARDEST = 12.0


def syllables(word: str) -> int:
    """Count groups of vowels, a silent e at the end left out; every word has one."""
    found = re.findall(r"[aeiouy]+", word.lower())
    return max(1, len(found) - (word.lower().endswith("e") and not word.lower().endswith("le")))


def grade(text: str) -> float:
    """Return the Flesch-Kincaid grade of a text."""
    bare = re.sub(r"\{\w+\}", "this", text)
    sentences = [s for s in re.split(r"[.:!?]+(?:\s|$)", bare) if s.strip()]
    words = re.findall(r"[A-Za-z']+", bare)
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def test_all_of_it_reads_at_twelve() -> None:
    texts = [e.text if e.text.endswith((".", ":")) else e.text + "." for e in PATIENT.values() if " " in e.text]
    assert len(texts) > 120
    assert grade(" ".join(texts)) < GRADE


@pytest.mark.parametrize("key", sorted(key for key, e in PATIENT.items() if len(e.text.split()) > 8))
def test_no_text_is_hard_or_long(key: str) -> None:
    text = PATIENT[key].text
    assert grade(text) < HARDEST, text
    longest = max(len(s.split()) for s in re.split(r"[.:!?]+(?:\s|$)", text))
    assert longest <= 24, text


def test_the_measure_can_tell() -> None:
    hard = "Multidisciplinary biopsychosocial rehabilitation necessitates interdisciplinary coordination."
    assert grade("The dog ran to the old house.") < 3 < 15 < grade(hard)
