"""Bands that were read for two scores: foot posture, and the risk of long disability in low back pain."""

from __future__ import annotations

from typing import Literal

from kinechain.care.person.person import Score
from kinechain.care.person.questionnaires import find_questionnaire, startback_group
from kinechain.core.errors import PersonError
from kinechain.evidence.wording import Sentence, say

__all__ = ["FpiBand", "fpi_band", "fpi_sentences", "score_sentences"]

FpiBand = Literal["highly_supinated", "supinated", "normal", "pronated", "highly_pronated"]

#: Lower end of each band, the highest first (rule R4.4, fpi_cutoffs_paragon); below the last it is highly supinated.
FPI_BANDS: tuple[tuple[float, FpiBand], ...] = (
    (10.0, "highly_pronated"),
    (6.0, "pronated"),
    (0.0, "normal"),
    (-4.0, "supinated"),
)


def fpi_band(points: float) -> FpiBand:
    """Return the band of a foot posture index.

    Parameters
    ----------
    points : float
        -12 to +12; a mean of repeats falls into the band whose lower end it reaches.

    Raises
    ------
    PersonError
        If it lies outside the scale.
    """
    if not -12.0 <= points <= 12.0:
        raise PersonError(f"a foot posture index of {points:g} is not possible; it lies between -12 and +12")
    return next((band for lowest, band in FPI_BANDS if points >= lowest), "highly_supinated")


def fpi_sentences(points: float) -> tuple[Sentence, ...]:
    """Return the band in words, and what must be printed beside it (rule R4.4).

    Parameters
    ----------
    points : float
    """
    return say(f"exam.fpi_{fpi_band(points)}"), say("exam.fpi_note")


def score_sentences(score: Score) -> tuple[Sentence, ...]:
    """Return what is said beside an entered score: its group, a range that was not read, whose items they are.

    Parameters
    ----------
    score : Score
    """
    questionnaire = find_questionnaire(score.id)
    said = []
    if group := startback_group(score):
        said.append(say(f"exam.startback_{group}"))
    if questionnaire.total_basis == "range not read":
        said.append(say("exam.score_range_not_read", name=questionnaire.name))
    if questionnaire.may_embed != "yes":
        said.append(say("exam.score_licence", name=questionnaire.name))
    return tuple(said)
