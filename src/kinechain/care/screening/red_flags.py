"""The danger-sign screen: what the answers mean together, and whether they hold back a plan.

::

    answers, age, examination, symptom map ──► effective_answers ──► combinations ──► Screen ──► unlock

A recording never answers a danger sign: a person without answers is *not screened*, and *not screened* is locked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kinechain.care.person.contradictions import find_contradictions
from kinechain.care.person.person import Person
from kinechain.care.person.red_flag_text import (
    URGENCIES,
    Level,
    RedFlag,
    asked_again,
    questions,
    read_red_flags,
    screen_ids,
    sign_off_list,
)
from kinechain.care.screening.answers import Given, effective_answers, facts_of, is_adult
from kinechain.care.screening.clearance import Clearance, TrustedClearance, answers_digest
from kinechain.care.screening.combine import COMBINATIONS, SECOND_LOOKS, Combined
from kinechain.care.screening.facts import Facts
from kinechain.care.screening.screen import TOLD_LATER, UNSURE_COUNTS, Flag, Screen
from kinechain.core.errors import LockedError, PersonError, suggest
from kinechain.evidence.wording import say

__all__ = [
    "ASK",
    "LOCKING",
    "NOT_CLEARABLE",
    "URGENCIES",
    "RedFlag",
    "asked_again",
    "questions",
    "read_red_flags",
    "screen_ids",
    "screen_person",
    "sign_off_list",
]

#: Urgencies that withhold the plan until a clinician has cleared the item (rule R0.3).
LOCKING = frozenset(URGENCIES[:4])

#: No clinician's signature makes a person older (rule R0.1).
NOT_CLEARABLE = frozenset({"under_18"})

#: What to do about a question without an answer: its action is for a yes, and would only alarm.
ASK = "Ask this question: until it is answered it counts as not cleared."


def screen_person(person: Person, clearances: Sequence[TrustedClearance] = (), told: Sequence[Flag] = ()) -> Screen:
    """Return what the answers to the danger signs mean; recordings are not looked at.

    Parameters
    ----------
    person : Person
    clearances : sequence of TrustedClearance
        Verified ones (`keyring.trusted`); one that is for other answers, or for a sign that is not raised, does
        nothing.
    told : sequence of Flag
        What the journal holds against a plan beside the answers (`kinechain.care.follow_up.standing.told_since`);
        ``clearances`` do nothing to it, for those it outlived are taken out there.

    Raises
    ------
    PersonError
        If an answered id is no danger sign.
    LockedError
        If a clearance was not verified.

    Notes
    -----
    The level is the most urgent sign that is raised and not cleared.  While none of those holds back a plan, an open
    question that could makes it 'not_screened': an open question is never read as a no (rule R0.4).
    """
    _check(person, clearances)
    contradictions = find_contradictions(person)
    answers = effective_answers(person, {key for found in contradictions for key in found.reopens})
    facts = facts_of(person, answers)
    raised = _raised(answers, facts)
    again = {flag.id for flag in told}
    cleared = tuple(pair for pair in _cleared(person, raised, clearances) if pair[0].id not in again)
    standing = _with_told([flag for flag in raised if flag not in [flag for flag, _ in cleared]], told)
    still_open = _open(answers, facts)
    still_open += tuple(
        flag for flag in told if flag.is_open and flag.id not in {f.id for f in (*standing, *still_open)}
    )
    held = {flag.id for flag in still_open}
    reopening = [found.sentence.text for found in contradictions if held.intersection(found.reopens)]
    reasons = _reasons(person, standing, still_open, reopening)
    return Screen(
        level=_level(standing, bool(reasons)),
        flags=(*standing, *still_open),
        plan_locked=bool(reasons),
        reason=" ".join(reasons),
        cleared=cleared,
        not_asked=_not_asked(answers, still_open),
        contradictions=tuple(found.sentence.text for found in contradictions),
    )


def _check(person: Person, clearances: Sequence[TrustedClearance]) -> None:
    known = screen_ids()
    if unknown := sorted(set(person.screen) - set(known)):
        raise PersonError(f"no danger sign '{unknown[0]}'. {suggest(unknown[0], known)}")
    if any(not isinstance(clearance, TrustedClearance) for clearance in clearances):
        raise LockedError("a clearance was not verified; pass it through trusted(clearances) first")


def _raised(answers: Mapping[str, Given], facts: Facts) -> tuple[Flag, ...]:
    """Return every sign that is raised, the most urgent first."""
    found = []
    for flag in read_red_flags():
        given = answers[flag.id]
        if given.truth == "yes" or (given.answer == "unknown" and flag.id in UNSURE_COUNTS):
            combined = _combined(flag, facts)
        elif given.answer == "no" and flag.id in SECOND_LOOKS:
            combined = SECOND_LOOKS[flag.id](facts)
        else:
            continue
        if combined.urgency != "none":
            found.append(_flag(flag, given, combined))
    return tuple(sorted(found, key=lambda flag: URGENCIES.index(flag.urgency)))


def _with_told(raised: Sequence[Flag], told: Sequence[Flag]) -> tuple[Flag, ...]:
    """Return what is raised by the answers or the journal, once each at the more urgent of the two."""
    found = {flag.id: flag for flag in raised}
    for flag in told:
        held = found.get(flag.id)
        if not flag.is_open and (held is None or URGENCIES.index(flag.urgency) < URGENCIES.index(held.urgency)):
            found[flag.id] = flag
    return tuple(sorted(found.values(), key=lambda flag: URGENCIES.index(flag.urgency)))


def _combined(flag: RedFlag, facts: Facts) -> Combined:
    combine = COMBINATIONS.get(flag.id)
    return combine(facts) if combine else Combined(flag.urgency, flag.rule_id)


def _flag(flag: RedFlag, given: Given, combined: Combined) -> Flag:
    return Flag(
        id=flag.id,
        urgency=combined.urgency,
        basis=flag.basis,
        answer=given.answer,
        rule=say(combined.action).text if combined.action else flag.action,
        question=flag.question,
        rule_id=combined.rule_id,
        together_with=tuple(dict.fromkeys((*given.because, *combined.together_with))),
        sources=flag.sources,
        advice=_advice(flag, combined),
    )


def _advice(flag: RedFlag, combined: Combined) -> str:
    """Return what the person does: the question's own words, unless other answers made it more or less urgent."""
    if flag.patient_action and combined.urgency == flag.urgency:
        return flag.patient_action
    return say(f"screen.advice_{combined.urgency}").text


def _cleared(
    person: Person, raised: Sequence[Flag], clearances: Sequence[TrustedClearance]
) -> tuple[tuple[Flag, Clearance], ...]:
    """Return the raised signs a clinician cleared for exactly these answers; under 18 nothing is cleared."""
    if not clearances or not is_adult(person):
        return ()
    digest = answers_digest(person)
    valid = {c.clearance.flag: c.clearance for c in clearances if c.clearance.answers == digest}
    return tuple((flag, valid[flag.id]) for flag in raised if flag.id in valid and flag.id not in NOT_CLEARABLE)


def _open(answers: Mapping[str, Given], facts: Facts) -> tuple[Flag, ...]:
    """Return the questions without an answer that hold back a plan, the emergencies first."""
    found = []
    for flag in questions():
        given = answers[flag.id]
        if not given.is_open or (given.answer == "unknown" and flag.id in UNSURE_COUNTS):
            continue
        if given.truth == "missing" and not flag.is_required:
            continue
        if flag.urgency == "emergency" or _would_lock(flag, facts):
            found.append(
                Flag(
                    id=flag.id,
                    urgency=flag.urgency,
                    basis=flag.basis,
                    answer=given.answer,
                    rule=ASK,
                    question=flag.question,
                    rule_id="R0.4" if flag.urgency == "emergency" else "R0.3",
                    together_with=given.because,
                    sources=flag.sources,
                )
            )
    return tuple(found)


def _would_lock(flag: RedFlag, facts: Facts) -> bool:
    """Return whether a yes, given the other answers, would hold back a plan."""
    answered = Facts(facts.person, {**facts.truths, flag.id: "yes"}, facts.insensate)
    return _combined(flag, answered).urgency in LOCKING


def _not_asked(answers: Mapping[str, Given], still_open: Sequence[Flag]) -> tuple[str, ...]:
    held = {flag.id for flag in still_open}
    return tuple(flag.id for flag in questions() if answers[flag.id].truth == "missing" and flag.id not in held)


def _level(standing: Sequence[Flag], is_locked: bool) -> Level:
    worst: Level = standing[0].urgency if standing else "none"
    return "not_screened" if is_locked and worst not in LOCKING else worst


def _reasons(
    person: Person, standing: Sequence[Flag], still_open: Sequence[Flag], reopening: Sequence[str]
) -> list[str]:
    """Return every reason why the plan is locked, as sentences; none means unlocked."""
    reasons = [
        say(_reason_key(flag), flag=flag.id, urgency=flag.urgency.replace("_", " ")).text
        for flag in standing
        if flag.urgency in LOCKING
    ]
    emergencies = [flag for flag in still_open if flag.urgency == "emergency"]
    others = [flag.id for flag in still_open if flag.urgency != "emergency"]
    if emergencies:
        reasons.append(say("screen.open_emergency", count=len(emergencies)).text)
    if others:
        reasons.append(say("screen.open_other", flags=", ".join(others)).text)
    reasons += [say("screen.contradiction", sentence=sentence).text for sentence in reopening]
    if not is_adult(person) and not any(flag.id in NOT_CLEARABLE for flag in standing):
        reasons.append(say("screen.age_unknown").text)
    return reasons


def _reason_key(flag: Flag) -> str:
    words = {"examination": "screen.found", "no": "screen.needs_clinician", TOLD_LATER: "screen.told_later"}
    return words.get(flag.answer, "screen.answered_yes")
