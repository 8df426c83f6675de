"""What the library of exercises, interventions, claims and rules says, as sentences with what backs each of them.

Together with the files of `kinechain.evidence.wording` this is everything that may be said to a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from kinechain.core.errors import EvidenceError, suggest
from kinechain.evidence.clinical import Exercise, claims, common_rules, exercise, exercises, intervention, interventions
from kinechain.evidence.rules import rule, rules
from kinechain.evidence.sources import Source, all_sources
from kinechain.evidence.wording import Audience, Certainty, Sentence, SentenceKind, wording

__all__ = [
    "CHOICE",
    "ExerciseSentences",
    "all_sentences",
    "backing",
    "claim_sentence",
    "common_sentences",
    "exercise_sentences",
    "intervention_sentences",
    "library_sentences",
    "rule_sentence",
]

#: In the place of a rule: no source states it, it is a careful choice of this project.
CHOICE = "choice"

_LEVELS = {"fulltext": "all of it", "fulltext-part": "part of it"}
_DOSE_RULES = {"trial": "R6.4", "ACSM": "R6.2", "article": CHOICE, "choice": CHOICE}


@dataclass(frozen=True)
class ExerciseSentences:
    """What is said of one exercise.

    Attributes
    ----------
    name, setup, dose : Sentence
    cues, progressions, regressions, stop_rules : tuple of Sentence
        The stop rules of every exercise are among them.
    note : Sentence or None
        What it was shown to do.
    effort : tuple of Sentence
        How hard muscles work in it; for clinicians.
    """

    name: Sentence
    setup: Sentence
    dose: Sentence
    cues: tuple[Sentence, ...]
    progressions: tuple[Sentence, ...]
    regressions: tuple[Sentence, ...]
    stop_rules: tuple[Sentence, ...]
    note: Sentence | None
    effort: tuple[Sentence, ...]

    @property
    def all(self) -> tuple[Sentence, ...]:
        """Every sentence, in order."""
        lists = (*self.cues, *self.progressions, *self.regressions, *self.stop_rules, *self.effort)
        return (self.name, self.setup, self.dose, *lists, *((self.note,) if self.note else ()))


@cache
def exercise_sentences(key: str) -> ExerciseSentences:
    """Return what is said of one exercise; keys such as 'exercise.clamshell.cue.1'.

    Parameters
    ----------
    key : str

    Raises
    ------
    EvidenceError
        If there is no such exercise.
    """
    made = exercise(key)

    def listed(part: str, texts: tuple[str, ...]) -> tuple[Sentence, ...]:
        return tuple(_of(made, f"{part}.{place}", text) for place, text in enumerate(texts, start=1))

    own_stops = tuple(text for text in made.stop_rules if text != "common")
    common = common_sentences("stop") if "common" in made.stop_rules else ()
    return ExerciseSentences(
        Sentence(f"exercise.{made.id}.name", made.name, "frame", "both"),
        _of(made, "setup", made.setup),
        _dose(made),
        listed("cue", made.cues),
        listed("progression", made.progression),
        listed("regression", made.regressions),
        (*listed("stop", own_stops), *common),
        _note(made),
        tuple(
            Sentence(f"exercise.{made.id}.effort.{place}", f"{e.muscle}: {e.value}", *_READ, (e.source,), "R5.4", _NONE)
            for place, e in enumerate(made.emg, start=1)
        ),
    )


def common_sentences(part: str = "") -> tuple[Sentence, ...]:
    """Return what holds for every exercise: pain, soreness, progress, when to stop.

    Parameters
    ----------
    part : str
        Beginning of the id ('stop', 'pain_rule' ...); '' for all.
    """
    return tuple(
        Sentence(f"exercise.common.{key}", row.text, "advice", "both", row.sources, row.rule)
        for key, row in common_rules().items()
        if key.startswith(part)
    )


def intervention_sentences(key: str) -> tuple[Sentence, ...]:
    """Return what is said of one intervention: its effect, then what stands against it.

    Parameters
    ----------
    key : str

    Raises
    ------
    EvidenceError
        If there is no such intervention.
    """
    made = intervention(key)
    effect = Sentence(f"intervention.{key}", made.effect, "fact", "both", made.sources, "", made.certainty)
    against = (
        Sentence(f"intervention.{key}.contraindication.{place}", text, "advice", "both", made.sources, CHOICE)
        for place, text in enumerate(made.contraindications, start=1)
    )
    return (effect, *against)


def claim_sentence(key: str) -> Sentence:
    """Return what the evidence says of a popular claim, our note and not the claim itself.

    Parameters
    ----------
    key : str
        Such as 'A-01'.
    """
    made = claims()[key]
    kind: SentenceKind = "fact" if made.sources else "frame"
    return Sentence(f"claim.{key}", made.note, kind, "both", made.sources, "", _NONE if made.sources else "")


def rule_sentence(key: str) -> Sentence:
    """Return one rule as a sentence for clinicians.

    Parameters
    ----------
    key : str

    Raises
    ------
    EvidenceError
        If there is no such rule.
    """
    made = rule(key)
    return Sentence(f"rule.{key}", made.text, "advice", "clinician", made.sources, key)


def backing(sentence: Sentence) -> str:
    """Return what stands behind a sentence in a few words: how certain, of how many, how deep it was read (rule W4).

    Parameters
    ----------
    sentence : Sentence

    Raises
    ------
    EvidenceError
        If it cites a source or a rule that is not there.
    """
    parts: list[str] = []
    if sentence.rule == CHOICE:
        parts.append("our choice, to be signed by a clinician")
    elif sentence.rule:
        chosen = " with a choice of ours" if rule(sentence.rule).choice else ""
        parts.append(f"rule {sentence.rule}{chosen}")
    if sentence.certainty:
        graded = sentence.certainty != "not graded"
        parts.append(f"{sentence.certainty} certainty" if graded else "certainty not graded")
    cited = [_known(key) for key in sentence.sources]
    people = dict.fromkeys(_people(made.n) for made in cited if made.n not in ("", "n/a"))
    levels = dict.fromkeys(
        made.level.replace("fulltext-part", "part of it").replace("fulltext", "all of it") for made in cited
    )
    if people:
        parts.append(", ".join(people))
    if levels:
        parts.append(f"read: {', '.join(levels)}")
    if any(made.has_commercial_tie for made in cited):
        parts.append("a source with a commercial tie")
    return "; ".join(parts)


@cache
def library_sentences() -> Mapping[str, Sentence]:
    """Return every sentence about exercises, interventions, claims and rules by key."""
    said = [s for key in exercises() for s in exercise_sentences(key).all]
    said += common_sentences()
    said += [s for key in interventions() for s in intervention_sentences(key)]
    said += [claim_sentence(key) for key in claims()]
    said += [rule_sentence(key) for key in rules()]
    return MappingProxyType({sentence.key: sentence for sentence in said})


@cache
def all_sentences() -> Mapping[str, Sentence]:
    """Return every sentence that may be said, by key: the wording and the library; places for values left open."""
    worded = {
        key: Sentence(key, e.text, e.kind, e.audience, e.sources, e.rule, e.certainty) for key, e in wording().items()
    }
    return MappingProxyType({**worded, **library_sentences()})


def _known(key: str) -> Source:
    if key not in all_sources():
        raise EvidenceError(f"no source with the key '{key}'. {suggest(key, all_sources())}")
    return all_sources()[key]


def _people(n: str) -> str:
    return f"n = {n}" if n[0].isdigit() and not any(c.isalpha() for c in n) else n


_READ: tuple[SentenceKind, Audience] = ("fact", "clinician")
_NONE: Certainty = "not graded"


def _of(made: Exercise, part: str, text: str) -> Sentence:
    return Sentence(f"exercise.{made.id}.{part}", text, "advice", "both", made.sources)


def _dose(made: Exercise) -> Sentence:
    dosage = made.dosage
    ruled = _DOSE_RULES[dosage.basis]
    if dosage.basis == "ACSM" and dosage.hold_s:
        ruled = "R6.3"
    elif dosage.basis == "trial" and not dosage.stages:
        ruled = "R5.1"
    text = f"{made.dose}. {made.dose_note}" if made.dose_note else made.dose
    return Sentence(f"exercise.{made.id}.dose", text, "advice", "both", dosage.sources, ruled)


def _note(made: Exercise) -> Sentence | None:
    if not made.evidence_note:
        return None
    certainty: Certainty | Literal[""] = made.certainty
    return Sentence(f"exercise.{made.id}.note", made.evidence_note, "fact", "both", made.sources, "", certainty)
