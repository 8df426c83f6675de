"""What the danger signs say, as a value: how urgent, which, and whether they hold back a plan."""

from __future__ import annotations

from dataclasses import dataclass

from kinechain.care.person.red_flag_text import Level
from kinechain.care.screening.clearance import Clearance

__all__ = ["TOLD_LATER", "UNSURE_COUNTS", "Flag", "Screen"]

#: Bone tenderness pressed by oneself: unsure counts as yes (its action in ``red_flags.toml``; rule R2.4).
UNSURE_COUNTS = frozenset({"ottawa_malleoli", "ottawa_midfoot"})

#: Answer of a sign that was told in the journal since the questions were answered.
TOLD_LATER = "told later"


@dataclass(frozen=True)
class Flag:
    """One danger sign that is raised, or a question that holds back a plan because it has no answer.

    Attributes
    ----------
    id, urgency, basis, answer, rule : str
        As in ``red_flags.toml``; ``basis`` is 'source' or 'choice'; ``answer`` is 'yes', 'no', 'unknown', 'skipped',
        'not asked', 'examination' where a clinician's finding raises it, or 'told later' where the journal does;
        ``rule`` is what to do.
    question : str
        As printed.
    rule_id : str
        Id of the rule that gave this urgency, e.g. 'R1.2'; '' where the question alone did.
    together_with : tuple of str
        Ids of the answers it was read beside.
    sources : tuple of str
        Source keys.
    advice : str
        What the person does, in plain words; ``rule`` speaks to clinicians.
    """

    id: str
    urgency: Level
    basis: str
    answer: str
    rule: str
    question: str = ""
    rule_id: str = ""
    together_with: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    advice: str = ""

    @property
    def asked(self) -> str:
        """The question as printed, or the id in words where a flag has none."""
        return self.question or f"{self.id.replace('_', ' ').capitalize()}?"

    @property
    def is_open(self) -> bool:
        """True for a question without a yes or no; bone that nobody is sure of counts as sore (rule R2.4)."""
        if self.answer == "unknown" and self.id in UNSURE_COUNTS:
            return False
        return self.answer in ("unknown", "skipped", "not asked")

    @property
    def needs_sign_off(self) -> bool:
        """True where the urgency is a choice of this project that a responsible clinician must sign off."""
        return self.basis == "choice"


@dataclass(frozen=True)
class Screen:
    """The outcome of the danger-sign questions.

    Attributes
    ----------
    level : str
        The most urgent that is raised and not cleared; 'not_screened' while a question that could hold back a plan is
        open and nothing more urgent than 'routine' is raised; 'none'.
    flags : tuple of Flag
        Raised ones first, the most urgent first; then open questions.
    plan_locked : bool
    reason : str
        Every reason of the lock, in sentences; '' if unlocked.
    cleared : tuple of (Flag, Clearance)
        Danger signs that a clinician cleared for exactly these answers, and that nobody told again since.
    not_asked : tuple of str
        Ids of questions without an answer that hold back nothing.
    contradictions : tuple of str
        Answers that cannot both be true, in sentences.
    """

    level: Level
    flags: tuple[Flag, ...]
    plan_locked: bool
    reason: str = ""
    cleared: tuple[tuple[Flag, Clearance], ...] = ()
    not_asked: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
