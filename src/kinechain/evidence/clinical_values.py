"""Exercises, interventions, claims of others and common rules as values; `kinechain.evidence.clinical` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kinechain.evidence.wording import Certainty

__all__ = [
    "Activity",
    "Basis",
    "CommonRule",
    "Dosage",
    "Exercise",
    "Intervention",
    "PopularClaim",
    "Range",
    "Recommended",
    "Stage",
    "Verdict",
]

Basis = Literal["trial", "ACSM", "article", "choice"]
Recommended = Literal["offer", "option", "only_if", "do_not_offer", "block_until_cleared"]
Verdict = Literal["supported", "mixed", "weak", "contradicted", "unverifiable"]
Range = tuple[int, int]


@dataclass(frozen=True)
class Stage:
    """One step of a programme that was tried as a whole.

    Attributes
    ----------
    from_week, sets, repetitions : int
    """

    from_week: int
    sets: int
    repetitions: int


@dataclass(frozen=True)
class Dosage:
    """How much in numbers; every pair is (least, most), None where no number belongs.

    Attributes
    ----------
    basis : 'trial', 'ACSM', 'article' or 'choice'
    sets, repetitions, days_per_week : pair of int or None
    times_per_day : pair of int
    hold_s, hold_older_s, minutes : pair of int or None
        Held for so long; older adults; minutes of walking aimed at.
    build_weeks : int or None
        Over which the aim is reached.
    stages : tuple of Stage
    sources : tuple of str
    choices : tuple of str
        What of it no source states; ('all',) for a dose that is a choice.
    """

    basis: Basis
    sets: Range | None = None
    repetitions: Range | None = None
    days_per_week: Range | None = None
    times_per_day: Range = (1, 1)
    hold_s: Range | None = None
    hold_older_s: Range | None = None
    minutes: Range | None = None
    build_weeks: int | None = None
    stages: tuple[Stage, ...] = ()
    sources: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Activity:
    """How hard a muscle worked in an exercise, in healthy people: it ranks effort, not benefit.

    Attributes
    ----------
    muscle, value : str
        The value in percent of the maximal voluntary contraction, as it was read.
    source : str
    """

    muscle: str
    value: str
    source: str


@dataclass(frozen=True)
class Exercise:
    """One exercise of the library.

    Attributes
    ----------
    id, name, setup, dose, dose_note, article_dose : str
        ``article_dose`` is what an article without a trial says.
    targets, cues, progression, regressions, stop_rules : tuple of str
        A stop rule 'common' stands for those of every exercise.
    dosage : Dosage
    evidence_note : str
    certainty : str
        Of the note; '' without one.
    emg : tuple of Activity
    sources : tuple of str
    """

    id: str
    name: str
    targets: tuple[str, ...]
    setup: str
    cues: tuple[str, ...]
    dose: str
    dosage: Dosage
    progression: tuple[str, ...]
    regressions: tuple[str, ...]
    stop_rules: tuple[str, ...]
    emg: tuple[Activity, ...]
    sources: tuple[str, ...]
    dose_note: str = ""
    article_dose: str = ""
    evidence_note: str = ""
    certainty: Certainty | Literal[""] = ""


@dataclass(frozen=True)
class Intervention:
    """What may be offered, for whom, with the effect that was read.

    Attributes
    ----------
    id, whom, effect : str
    advice : 'offer', 'option', 'only_if', 'do_not_offer' or 'block_until_cleared'
    certainty : str
        A word of GRADE where a source used it, else 'not graded'.
    certainty_note : str
        In full.
    contraindications, sources : tuple of str
    """

    id: str
    whom: str
    advice: Recommended
    effect: str
    certainty: Certainty
    certainty_note: str
    contraindications: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class PopularClaim:
    """A claim of an article for patients, and what the evidence that was read says of it.

    Attributes
    ----------
    id, article, claim, note : str
        The claim is quoted in short; the note is ours.
    verdict : 'supported', 'mixed', 'weak', 'contradicted' or 'unverifiable'
    sources : tuple of str
        Empty only for what no study was found on.
    association : bool
        True: it was studied what goes together, not what follows from what.
    own_numbers : tuple of float
        Numbers of the note that are our arithmetic.
    """

    id: str
    article: str
    claim: str
    verdict: Verdict
    note: str
    sources: tuple[str, ...]
    association: bool = False
    own_numbers: tuple[float, ...] = ()


@dataclass(frozen=True)
class CommonRule:
    """What holds for every exercise: pain, soreness, progress, when to stop.

    Attributes
    ----------
    id, text, rule : str
    sources : tuple of str
    """

    id: str
    text: str
    rule: str
    sources: tuple[str, ...] = ()
