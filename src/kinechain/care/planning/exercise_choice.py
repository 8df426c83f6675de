"""Which exercises: what the complaint asks for first, then what drivers and deviations answer, at most three."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kinechain.care.person.choices import Choice, ExamDifference, choices
from kinechain.care.person.complaint import both_or, exam_values, has_back_pain, has_heel_pain, has_pain, heel_sides
from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.person.person import PersonSide
from kinechain.care.planning.contraindications import Known, against, is_kept_away
from kinechain.care.planning.doses import dose_of
from kinechain.care.planning.plan import MAX_FIRST_EXERCISES, Because, Exercise, Hypothesis, NotOffered
from kinechain.care.planning.reasons import (
    because_driver,
    because_exam,
    because_finding,
    because_no_pain,
    because_pain,
    because_rule,
)
from kinechain.care.planning.situation import Situation
from kinechain.core.errors import SettingError
from kinechain.evidence.ledger import exercise_sentences
from kinechain.evidence.wording import Sentence, say

__all__ = ["CORE_WEEKS", "Candidate", "candidates", "exercise_part", "exercise_parts"]


#: Weeks of core care before the next step (rule R5.2, weeks 0 to 6).
CORE_WEEKS = 6.0

#: What is said of the effect of each exercise; any other is said to need its weeks.
EXPECTED: Mapping[str, tuple[str, ...]] = {
    "plantar_fascia_stretch": ("plan.edu_stretch_time",),
    "heel_raise_towel": ("plan.edu_heel_loading",),
    "ankle_dorsiflexion_stretch": ("plan.edu_ankle_range",),
    "short_foot": ("plan.edu_soft_foot",),
    "clamshell": ("plan.edu_hip_effect", "plan.edu_emg"),
    "lateral_step_up": ("plan.edu_hip_effect", "plan.edu_emg"),
    "lateral_band_walk": ("plan.edu_hip_effect", "plan.edu_emg"),
    "side_lying_abduction": ("plan.edu_hip_effect", "plan.edu_emg"),
}


@dataclass(frozen=True)
class Candidate:
    """An exercise with a reason to be in a plan, on one side.

    Attributes
    ----------
    choice : Choice
    side : str
        'left', 'right' or 'both'.
    because : tuple of Because
    hypothesis : str
        `Player.key`, or the measure with its side; '' where it stands on a rule.
    p_relevant : float or None
    """

    choice: Choice
    side: str
    because: tuple[Because, ...]
    hypothesis: str = ""
    p_relevant: float | None = None


def candidates(situation: Situation) -> tuple[Candidate, ...]:
    """Return every exercise with a reason, the first to be taken first, before anything that speaks against it.

    Parameters
    ----------
    situation : Situation
    """
    asked = list(_for_complaints(situation))
    kept = [c for c in asked if c.choice.first]
    more = [c for c in asked if not c.choice.first]
    if not has_pain(situation.person) or situation.stands_on_rules_alone:
        return (*kept, *more)
    return (*kept, *_for_drivers(situation), *_for_deviations(situation), *more)


def _for_complaints(situation: Situation) -> Iterable[Candidate]:
    person = situation.person
    complaints = {
        "back": has_back_pain(person),
        "heel": has_heel_pain(person),
        "none": not has_pain(person),
    }
    for choice in choices():
        if not complaints.get(choice.complaint) or (choice.next_step and not _first_step_is_done(situation)):
            continue
        told = because_no_pain() if choice.complaint == "none" else because_pain(person)
        side = both_or(heel_sides(person)) if choice.complaint == "heel" else "both"
        yield Candidate(choice, side, (because_rule(choice.rule), told))


def _first_step_is_done(situation: Situation) -> bool:
    """Return whether stretching was tried for six weeks without getting better, or stood in the plan before (R5.2)."""
    before = situation.weeks_before
    if before is not None and before >= CORE_WEEKS and "plantar_fascia_stretch" in situation.exercised_before:
        return True
    return any(
        t.kind == "stretching"
        and t.region == "foot"
        and (t.weeks or 0) >= CORE_WEEKS
        and t.response in ("same", "worse")
        for t in situation.person.history.treatments
    )


def _for_drivers(situation: Situation) -> Iterable[Candidate]:
    drivers = situation.drivers
    if drivers is None:
        return
    shares = dict(zip((p.key for p in drivers.players), drivers.p_relevant, strict=True))
    for player in situation.players:
        for choice in choices():
            if player.id in choice.players:
                side = player.side if player.side in ("left", "right") else "both"
                share = shares[player.key]
                yield Candidate(choice, side, (because_driver(player, share),), player.key, share)


def _for_deviations(situation: Situation) -> Iterable[Candidate]:
    judged = situation.drivers is not None
    for choice in choices():
        if judged and choice.players:
            continue  # the chain weighed this deviation as a player: it counts as a driver or not at all
        for finding in situation.findings:
            too_low = finding.norm is not None and finding.estimate.value < finding.norm.low
            if finding.id in choice.findings and (too_low or not choice.low):
                yield Candidate(choice, finding.side, (because_finding(finding),), f"{choice.measure} {finding.side}")
        if choice.exam_difference is not None:
            yield from _for_difference(situation, choice, choice.exam_difference)


def _for_difference(situation: Situation, choice: Choice, rule: ExamDifference) -> Iterable[Candidate]:
    values = exam_values(situation.person, rule.item, rule.unit)
    pair = {side: [v for v in values if v.side == side] for side in ("left", "right")}
    if len(pair["left"]) != 1 or len(pair["right"]) != 1:
        return
    low, high = sorted((pair["left"][0], pair["right"][0]), key=lambda v: v.value)
    if high.value - low.value > rule.above:
        name = read_exam_definitions()[rule.item].name
        because = (because_rule(rule.rule), because_exam(low, name), because_exam(high, name))
        yield Candidate(choice, low.side, because, f"{choice.measure} {low.side}")


def exercise_parts(situation: Situation) -> tuple[tuple[Exercise, ...], tuple[NotOffered, ...], tuple[Hypothesis, ...]]:
    """Return the exercises, those that something speaks against, and what the exercises are built on.

    Parameters
    ----------
    situation : Situation
    """
    found = candidates(situation)
    allowed = [(_allowed(c, situation), c) for c in found]
    taken: dict[str, list[Candidate]] = {}
    for exercise, candidate in allowed:
        if exercise and (exercise in taken or len(taken) < MAX_FIRST_EXERCISES):
            taken.setdefault(exercise, []).append(candidate)
    parts = tuple(_taken(exercise, group, situation) for exercise, group in taken.items())
    refused: dict[str, list[Candidate]] = {}
    for exercise, candidate in allowed:
        if exercise != candidate.choice.exercise:
            refused.setdefault(candidate.choice.exercise, []).append(candidate)
    left_out = tuple(_refused(key, refused[key], situation) for key in sorted(refused))
    return parts, left_out, _hypotheses(parts, taken)


def _allowed(candidate: Candidate, situation: Situation) -> str:
    """Return the exercise, or the first in its stead that nothing speaks against; '' if none."""
    for exercise in (candidate.choice.exercise, *candidate.choice.instead):
        if not is_kept_away(exercise, situation.known):
            return exercise
    return ""


def _taken(key: str, group: list[Candidate], situation: Situation) -> Exercise:
    """Return one exercise for everything it answers."""
    side = both_or(frozenset(c.side for c in group))
    before = situation.exercised_before
    week = before[key] + (situation.weeks_before or 0.0) if key in before else 0.0
    return exercise_part(key, side, tuple(dict.fromkeys(b for c in group for b in c.because)), situation.known, week)


def exercise_part(key: str, side: PersonSide, because: tuple[Because, ...], known: Known, week: float) -> Exercise:
    """Return one exercise of a plan, with what restricts it in this person.

    Parameters
    ----------
    key : str
        Of ``exercises.toml``; nothing may keep it away from the person.
    side : 'left', 'right' or 'both'
    because : tuple of Because
    known : Known
        Of the person.
    week : float
        Since it was begun.

    Raises
    ------
    SettingError
        If something keeps it away.
    """
    if is_kept_away(key, known):
        raise SettingError(f"'{key}' is not for this person: {against(key, known)[0].id}; choose another exercise")
    text = exercise_sentences(key)
    limits = tuple(c.sentence for c in against(key, known))
    own_stops = tuple(s for s in text.stop_rules if not s.key.startswith("exercise.common"))
    return Exercise(
        id=f"exercise.{key}.{side}",
        title=text.name,
        because=because,
        sentences=(*dict.fromkeys(limits), *expected_effect(key, has_heel_pain(known.person))),
        side=side,
        exercise=key,
        dose=dose_of(key, known.person.age_years, week),
        setup=(text.setup,),
        cues=text.cues,
        regressions=text.regressions,
        progressions=text.progressions,
        stop_rules=(say("plan.stop_exercise"), *own_stops),
    )


def expected_effect(key: str, for_heel: bool = False) -> tuple[Sentence, ...]:
    """Return when and how much an exercise may be expected to do, as far as it was read.

    Parameters
    ----------
    key : str
    for_heel : bool
        Whether a heel hurts.
    """
    said = EXPECTED.get(key, ("plan.edu_strength_time",))
    said = ("plan.edu_calf_stretch", *said) if key == "ankle_dorsiflexion_stretch" and for_heel else said
    return tuple(say(sentence) for sentence in said)


def _refused(key: str, group: list[Candidate], situation: Situation) -> NotOffered:
    reasons = [c for c in against(key, situation.known) if c.effect != "restrict"]
    return NotOffered(
        id=f"not_offered.{key}",
        title=say("plan.title_not_offered", what=exercise_sentences(key).name.text),
        because=tuple(dict.fromkeys(b for c in group for b in c.because)),
        sentences=tuple(dict.fromkeys(c.sentence for c in reasons)),
        intervention=key,
        blocked_by=tuple(dict.fromkeys(c.ref for c in reasons)),
    )


def _hypotheses(parts: tuple[Exercise, ...], taken: Mapping[str, list[Candidate]]) -> tuple[Hypothesis, ...]:
    found: dict[str, Hypothesis] = {}
    for part in parts:
        for candidate in taken[part.exercise]:
            if not candidate.hypothesis:
                continue
            side = f" {candidate.side}" if candidate.side in ("left", "right") else ""
            made = Hypothesis(
                candidate.hypothesis, f"{candidate.choice.measure}{side}", (part.id,), candidate.p_relevant
            )
            known = found.setdefault(candidate.hypothesis, made)
            if part.id not in known.parts:
                found[candidate.hypothesis] = replace(known, parts=(*known.parts, part.id))
    return tuple(found[key] for key in sorted(found))
