"""What a clinician and a patient change of a proposed plan before they agree on it; the rules of plans stay in force.

::

    proposed plan ──► edits ──► plan of the same rules: nothing forbidden comes in, nothing that protects goes out
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal, get_args

from kinechain.care.person.person import Person, PersonSide
from kinechain.care.planning.contraindications import Known, against, is_kept_away, what_is_known
from kinechain.care.planning.doses import dose_of, has_dose, week_reached
from kinechain.care.planning.exercise_choice import exercise_part
from kinechain.care.planning.maintenance import KEEP
from kinechain.care.planning.orthosis import MATERIALS, PREFABRICATED, resheeted
from kinechain.care.planning.plan import (
    MAX_FIRST_EXERCISES,
    Advice,
    Because,
    Dose,
    Exercise,
    Goal,
    HeelLift,
    Hypothesis,
    NotOffered,
    Orthosis,
    OrthosisParameters,
    Part,
    Plan,
)
from kinechain.core.errors import LockedError, SettingError, suggest
from kinechain.evidence.clinical import exercise, exercises
from kinechain.evidence.ledger import exercise_sentences
from kinechain.evidence.wording import Sentence, claims_too_much, say

__all__ = [
    "NOTE_TOPICS",
    "ORTHOSIS_LIMITS",
    "AddedExercise",
    "DoseEdit",
    "Edits",
    "GoalEdit",
    "Note",
    "OwnGoal",
    "carried_on",
    "dose_limits",
    "edited",
    "is_droppable",
    "may_be_added",
]

Topic = Literal["education", "activity", "footwear", "habit"]
NOTE_TOPICS: tuple[Topic, ...] = get_args(Topic)

#: Of a reason or a note, and of notes and own goals in one plan (choices).
MOST_WORDS, MOST_ENTRIES = 300, 6

#: Parts that protect, or by which a plan is known: they are never taken out.
PROTECTED = frozenset({"footwear.skin", KEEP})

#: What a sheet can be set to, as far as the model of an insole reaches (``orthosis`` of changes.toml); no trial set a
#: limit, so these keep out slips of the pen and are no advice.
ORTHOSIS_LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "rearfoot_posting_deg": (-15.0, 15.0),
        "forefoot_posting_deg": (-15.0, 15.0),
        "arch_mm": (0.0, 40.0),
        "heel_lift_mm": (0.0, 30.0),
    }
)

#: Greatest value of a scale.
MOST_POINTS: Mapping[str, float] = MappingProxyType({"nprs": 10.0, "psfs": 10.0, "rmdq24": 24.0, "odi": 100.0})


@dataclass(frozen=True)
class DoseEdit:
    """Another dose for one exercise; every pair is (least, most)."""

    sets: tuple[int, int]
    repetitions: tuple[int, int]
    days_per_week: tuple[int, int]
    times_per_day: tuple[int, int] = (1, 1)
    hold_s: tuple[float, float] | None = None
    load: str = ""


@dataclass(frozen=True)
class AddedExercise:
    """An exercise of the library; the patient reads the reason."""

    exercise: str
    side: PersonSide
    reason: str


@dataclass(frozen=True)
class GoalEdit:
    """Another aim for one goal; ``target`` None leaves it open."""

    target: float | None
    by_week: int


@dataclass(frozen=True)
class OwnGoal:
    """A goal in the patient's own words."""

    activity: str
    by_week: int


@dataclass(frozen=True)
class Note:
    """What the clinician writes to the patient in their own words."""

    topic: Topic
    text: str


@dataclass(frozen=True)
class Edits:
    """Everything that was changed of a proposed plan.

    Attributes
    ----------
    dropped : mapping of part to str
        Id of the part that goes, and why.
    doses : mapping of part to DoseEdit
        Of exercises that are proposed or added.
    added : tuple of AddedExercise
    goals : mapping of part to GoalEdit
    own_goals : tuple of OwnGoal
    notes : tuple of Note
    orthoses : mapping of part to OrthosisParameters
        What is built instead of the starting values.
    """

    dropped: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    doses: Mapping[str, DoseEdit] = field(default_factory=lambda: MappingProxyType({}))
    added: tuple[AddedExercise, ...] = ()
    goals: Mapping[str, GoalEdit] = field(default_factory=lambda: MappingProxyType({}))
    own_goals: tuple[OwnGoal, ...] = ()
    notes: tuple[Note, ...] = ()
    orthoses: Mapping[str, OrthosisParameters] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def count(self) -> int:
        """How many changes these are."""
        each = (self.dropped, self.doses, self.added, self.goals, self.own_goals, self.notes, self.orthoses)
        return sum(map(len, each))


def edited(plan: Plan, edits: Edits, person: Person, clinician: str) -> Plan:
    """Return a plan with the changes of a clinician.

    Parameters
    ----------
    plan : Plan
        As proposed for this person.
    edits : Edits
    person : Person
        As they answer now.
    clinician : str
        Stands as the reason of what they decided.

    Raises
    ------
    LockedError
        If the plan was made for other answers.
    SettingError
        If a change names what is not there, or the rules forbid it: the sentence says why.
    """
    if not plan.unlocked.belongs_to(person) or plan.answers != plan.unlocked.answers:
        raise LockedError("the answers have changed since this plan was proposed; look at the new proposal first")
    if not edits.count:
        return plan
    known = what_is_known(person)
    parts = _dropped(plan, edits, clinician)
    parts = _with_exercises(parts, edits, known, clinician)
    parts = tuple(_changed(part, edits, clinician) for part in parts)
    parts = _with_goals(parts, edits, plan.weeks, clinician)
    parts = (*_with_notes(parts, edits, clinician), *_record_of_dropped(plan, edits, clinician))
    _check_named(plan, edits, parts)
    _check_rules(plan, parts, known)
    return replace(plan, parts=parts, hypotheses=_kept_hypotheses(plan, parts))


def is_droppable(part: Part) -> bool:
    """Return whether a part may be taken out: nothing that protects, refers or says what is not offered.

    Parameters
    ----------
    part : Part
    """
    if isinstance(part, Advice):
        return part.topic != "safety" and part.id not in PROTECTED
    return isinstance(part, Exercise | Goal | Orthosis | HeelLift)


def may_be_added(person: Person) -> Mapping[str, tuple[Sentence, ...]]:
    """Return every exercise of the library that has a dose, with what forbids it to this person; empty: nothing.

    Parameters
    ----------
    person : Person
    """
    known = what_is_known(person)
    return {
        key: tuple(dict.fromkeys(c.sentence for c in against(key, known) if c.effect != "restrict"))
        for key in exercises()
        if has_dose(key)
    }


def dose_limits(key: str) -> Mapping[str, tuple[float, float]]:
    """Return the least and the most a dose of an exercise may be set to: never more than was published.

    Parameters
    ----------
    key : str
        Of ``exercises.toml``.
    """
    dosage = exercise(key).dosage
    sets = [*(dosage.sets or ()), *(stage.sets for stage in dosage.stages)]
    repetitions = [*(dosage.repetitions or ()), *(stage.repetitions for stage in dosage.stages)]
    holds = [*(dosage.hold_s or ()), *(dosage.hold_older_s or ())]
    limits = {
        "sets": (1.0, float(max(sets))),
        "repetitions": (1.0, float(max(repetitions))),
        "days_per_week": (1.0, float(max(dosage.days_per_week or (7,)))),
        "times_per_day": (1.0, float(max(dosage.times_per_day))),
    }
    return limits | ({"hold_s": (1.0, float(max(holds)))} if holds else {})


def carried_on(plan: Plan, previous: Plan | None, reason: str, today: date, age_years: float | None) -> Plan:
    """Return a proposed plan as it would be made today in place of another, or as a first one.

    Parameters
    ----------
    plan : Plan
        As an assessment proposed it, perhaps days ago.
    previous : Plan or None
        The plan it replaces.
    reason : str
        Why; '' for a first plan.
    today : date
    age_years : float or None

    Raises
    ------
    SettingError
        If the plan it replaces was made later, or there is a reason and no plan, or a plan and no reason.
    """
    if (previous is None) == bool(reason):
        raise SettingError("a plan that replaces another needs the plan and the reason, and a first plan neither")
    if previous is not None and today < previous.made_on:
        raise SettingError("a plan cannot replace one that was made later; check the date")
    reached = {} if previous is None else {e.exercise: week_reached(e.exercise, e.dose) for e in previous.exercises}
    since = 0.0 if previous is None else (today - previous.made_on).days / 7.0
    parts = tuple(
        replace(part, dose=dose_of(part.exercise, age_years, reached[part.exercise] + since))
        if isinstance(part, Exercise) and part.exercise in reached
        else _from(part, today)
        for part in plan.parts
    )
    return replace(plan, parts=parts, made_on=today, replaces=previous.id if previous else "", reason=reason)


def _from(part: Part, today: date) -> Part:
    """Return a sheet whose trial begins today."""
    if not isinstance(part, Orthosis) or part.stop_on is None:
        return part
    stop = today + timedelta(weeks=part.trial_weeks)
    told = say("plan.orthosis_trial", weeks=part.trial_weeks, stop=stop.isoformat())
    return replace(part, stop_on=stop, sentences=tuple(told if s.key == told.key else s for s in part.sentences))


def _dropped(plan: Plan, edits: Edits, clinician: str) -> tuple[Part, ...]:
    by_id = {part.id: part for part in plan.parts}
    for key, reason in edits.dropped.items():
        part = by_id.get(key)
        if part is None:
            raise SettingError(f"'{key[:60]}' is no part of this plan. {suggest(key, by_id)}")
        if not is_droppable(part):
            raise SettingError(f"'{part.title.text}' protects the patient and stays in every plan")
        _words(reason, "the reason for taking a part out")
    return tuple(part for part in plan.parts if part.id not in edits.dropped)


def _record_of_dropped(plan: Plan, edits: Edits, clinician: str) -> tuple[NotOffered, ...]:
    """Return what was taken out, for the clinicians who read the plan later."""
    return tuple(
        NotOffered(
            id=f"dropped.{part.id}",
            title=say("edit.title_dropped", what=part.title.text),
            because=(_because(clinician, say("edit.because_dropped", reason=edits.dropped[part.id])),),
            audience="clinician",
            side=part.side,
            intervention=part.exercise if isinstance(part, Exercise) else part.id,
        )
        for part in plan.parts
        if part.id in edits.dropped
    )


def _with_exercises(parts: tuple[Part, ...], edits: Edits, known: Known, clinician: str) -> tuple[Part, ...]:
    made: list[Exercise] = []
    there = {part.exercise for part in parts if isinstance(part, Exercise)}
    for added in edits.added:
        if added.exercise not in exercises() or not has_dose(added.exercise):
            raise SettingError(f"there is no exercise '{added.exercise[:60]}' with a dose in sets and repetitions")
        name = exercise_sentences(added.exercise).name.text
        if added.exercise in there:
            raise SettingError(f"'{name}' stands in the plan already; change its dose, or take it out first")
        if added.side not in get_args(PersonSide):
            raise SettingError("an exercise is for left, right or both")
        reason = _words(added.reason, "the reason for an exercise")
        if is_kept_away(added.exercise, known):
            blocking = next(c for c in against(added.exercise, known) if c.effect != "restrict")
            raise SettingError(f"'{name}' is not for this person: {blocking.sentence.text}")
        because = (_because(clinician, say("edit.because", reason=reason)),)
        made.append(exercise_part(added.exercise, added.side, because, known, 0.0))
        there.add(added.exercise)
    places = [i for i, part in enumerate(parts) if isinstance(part, Exercise)]
    goals = [i for i, part in enumerate(parts) if isinstance(part, Goal)]
    place = 1 + max([*places, *([] if places else goals)], default=len(parts) - 1)
    return (*parts[:place], *made, *parts[place:])


def _changed(part: Part, edits: Edits, clinician: str) -> Part:
    if isinstance(part, Exercise) and part.id in edits.doses:
        return replace(part, dose=_dose(part, edits.doses[part.id]))
    if isinstance(part, Goal) and part.id in edits.goals:
        return _goal(part, edits.goals[part.id])
    if isinstance(part, Orthosis) and part.id in edits.orthoses:
        return _orthosis(part, edits.orthoses[part.id], clinician)
    return part


def _orthosis(part: Orthosis, wanted: OrthosisParameters, clinician: str) -> Orthosis:
    """Return a sheet with other values; what was predicted of the old ones goes."""
    for name, (least, most) in ORTHOSIS_LIMITS.items():
        amount = getattr(wanted, name)
        if not math.isfinite(amount) or not least <= amount <= most:
            quantity, _, unit = name.rpartition("_")
            raise SettingError(f"the {quantity.replace('_', ' ')} of an orthosis can be {least:g} to {most:g} {unit}")
    if wanted.material not in MATERIALS:
        raise SettingError(f"the material of an orthosis is one of {', '.join(MATERIALS)}")
    is_posted = any(getattr(wanted, name) for name in ORTHOSIS_LIMITS)
    if wanted.material == PREFABRICATED.material and is_posted:
        raise SettingError("a prefabricated shell is taken as it is sold; choose another material to post it")
    return resheeted(part, wanted, _because(clinician, say("edit.because_values")))


def _dose(part: Exercise, wanted: DoseEdit) -> Dose:
    """Return a dose within what was published; easier than that it is a choice and says so."""
    limits = dose_limits(part.exercise)
    given: dict[str, tuple[float, float] | None] = {
        "sets": wanted.sets,
        "repetitions": wanted.repetitions,
        "days_per_week": wanted.days_per_week,
        "times_per_day": wanted.times_per_day,
        "hold_s": wanted.hold_s,
    }
    for name, pair in given.items():
        if pair is None:
            if name in limits:
                raise SettingError(f"'{part.title.text}' is held: say for how many seconds")
            continue
        if name not in limits:
            raise SettingError(f"'{part.title.text}' is not held, so it has no seconds")
        least, most = limits[name]
        if not all(map(math.isfinite, pair)) or not least <= pair[0] <= pair[1] <= most:
            words = name.removesuffix("_s").replace("_", " ")
            raise SettingError(
                f"{words} of '{part.title.text}' can be {least:g} to {most:g}, the least first; nobody published more"
            )
    load = wanted.load.strip()
    if load:
        _words(load, "the load")
    asked = replace(part.dose, basis="choice", sources=(), load=load, **given)  # type: ignore[arg-type]
    if _is_published(part.exercise, asked):
        dosage = exercise(part.exercise).dosage
        return replace(asked, basis=dosage.basis, sources=dosage.sources)
    return asked


def _is_published(key: str, dose: Dose) -> bool:
    dosage = exercise(key).dosage
    pairs = [(dose.repetitions, dosage.repetitions), (dose.days_per_week, dosage.days_per_week)]
    pairs += [(dose.sets, dosage.sets), (dose.times_per_day, dosage.times_per_day)]
    if dosage.stages:
        at = {(s.sets, s.repetitions) for s in dosage.stages}
        pairs = pairs[1:2] + pairs[3:]
        if (dose.sets[0], dose.repetitions[0]) not in at or (dose.sets[1], dose.repetitions[1]) not in at:
            return False
    inside = all(known is not None and known[0] <= given[0] and given[1] <= known[1] for given, known in pairs)
    holds = [h for h in (dosage.hold_s, dosage.hold_older_s) if h]
    held = dose.hold_s is None or any(h[0] <= dose.hold_s[0] and dose.hold_s[1] <= h[1] for h in holds)
    return inside and held


def _goal(goal: Goal, wanted: GoalEdit) -> Goal:
    if wanted.target is not None:
        _check_target(goal, wanted.target)
    sentences = tuple(_aim(s, goal, wanted.target) for s in goal.sentences)
    because = (*goal.because, _because("", say("edit.because_agreed")))
    return replace(goal, target=wanted.target, by_week=wanted.by_week, sentences=sentences, because=because)


def _check_target(goal: Goal, target: float) -> None:
    if goal.baseline is None:
        raise SettingError(f"'{goal.title.text}' has no value to begin with; measure it first, then set a target")
    most = MOST_POINTS.get(goal.measure.split()[0])
    if not math.isfinite(target) or (most is not None and not 0.0 <= target <= most):
        raise SettingError(
            f"the target of '{goal.title.text}' must lie on its scale" + (f", 0 to {most:g}" if most else "")
        )
    proposed = goal.target
    falls = proposed < goal.baseline if proposed is not None else goal.measure.split()[0] in ("nprs", "rmdq24", "odi")
    if (target < goal.baseline) != falls or target == goal.baseline:
        word = "below" if falls else "above"
        raise SettingError(f"the target of '{goal.title.text}' must lie {word} {goal.baseline:g}, where it stands now")


def _aim(sentence: Sentence, goal: Goal, target: float | None) -> Sentence:
    """Return a sentence that names the aim with the new one."""
    if sentence.key != "plan.goal_measure" or goal.baseline is None:
        return sentence
    if target is None:
        return say("plan.goal_measure_open")
    return say("plan.goal_measure", baseline=f"{goal.baseline:.3g}", target=f"{target:.3g}", unit=goal.unit)


def _with_goals(parts: tuple[Part, ...], edits: Edits, weeks: int, clinician: str) -> tuple[Part, ...]:
    asked = [*(goal.by_week for goal in edits.goals.values()), *(goal.by_week for goal in edits.own_goals)]
    wrong = [week for week in asked if not 1 <= week <= weeks]
    if wrong:
        raise SettingError(f"a goal is looked at in week 1 to {weeks} of the plan, not in week {wrong[0]}")
    if len(edits.own_goals) > MOST_ENTRIES:
        raise SettingError(f"a plan has room for {MOST_ENTRIES} goals of one's own")
    made = tuple(
        Goal(
            id=f"goal.own_{place}",
            title=say("plan.title_goal_activity", activity=_words(goal.activity, "a goal")),
            because=(_because(clinician, say("edit.because_agreed")),),
            measure=f"own {place}",
            baseline=None,
            target=None,
            unit="",
            by_week=goal.by_week,
        )
        for place, goal in enumerate(edits.own_goals, 1)
    )
    places = [i for i, part in enumerate(parts) if isinstance(part, Goal)]
    safety = [i for i, part in enumerate(parts) if isinstance(part, Advice) and part.topic == "safety"]
    place = 1 + max(places or safety, default=-1)
    return (*parts[:place], *made, *parts[place:])


def _with_notes(parts: tuple[Part, ...], edits: Edits, clinician: str) -> tuple[Part, ...]:
    if len(edits.notes) > MOST_ENTRIES:
        raise SettingError(f"a plan has room for {MOST_ENTRIES} notes")
    made = []
    for place, note in enumerate(edits.notes, 1):
        if note.topic not in NOTE_TOPICS:
            raise SettingError(f"a note is about one of {', '.join(NOTE_TOPICS)}")
        made.append(
            Advice(
                id=f"note.{note.topic}_{place}",
                title=say(f"edit.title_{note.topic}"),
                because=(_because(clinician, say("edit.because_agreed")),),
                sentences=(say("edit.note", note=_words(note.text, "a note")),),
                topic=note.topic,
            )
        )
    return (*parts, *made)


def _because(clinician: str, sentence: Sentence) -> Because:
    return Because("clinician", clinician or "agreed", sentence)


def _words(text: str, what: str) -> str:
    """Return words that may stand in a plan: short, printable, and claiming nothing."""
    said = " ".join(text.split())
    if not said or len(said) > MOST_WORDS or not said.isprintable():
        raise SettingError(f"{what} is 1 to {MOST_WORDS} characters of plain words")
    if found := claims_too_much(said):
        raise SettingError(
            f"{what} says '{found}', which claims more than was shown or frightens; say it in other words"
        )
    return said


def _check_named(plan: Plan, edits: Edits, parts: tuple[Part, ...]) -> None:
    """Refuse a change of a part that is not there."""
    kinds = (("dose", edits.doses, Exercise), ("goal", edits.goals, Goal), ("orthosis", edits.orthoses, Orthosis))
    for what, keys, kind in kinds:
        there = [part.id for part in parts if isinstance(part, kind)]
        if lost := [key for key in keys if key not in there]:
            raise SettingError(f"the {what} of '{lost[0][:60]}' was changed, which is no part of this plan any more")


def _check_rules(plan: Plan, parts: tuple[Part, ...], known: Known) -> None:
    """Refuse what no plan may hold, whichever way it came in."""
    done = [part for part in parts if isinstance(part, Exercise)]
    if len(done) > MAX_FIRST_EXERCISES:
        raise SettingError(
            f"a plan has at most {MAX_FIRST_EXERCISES} exercises, so that they are done; take one out first"
        )
    for part in done:
        if is_kept_away(part.exercise, known):
            sentence = next(c.sentence for c in against(part.exercise, known) if c.effect != "restrict")
            raise SettingError(f"'{part.title.text}' is not for this person: {sentence.text}")
    kept = {part.id for part in parts}
    if lost := [part for part in plan.parts if not is_droppable(part) and part.id not in kept]:
        raise SettingError(f"'{lost[0].title.text}' protects the patient and stays in every plan")


def _kept_hypotheses(plan: Plan, parts: tuple[Part, ...]) -> tuple[Hypothesis, ...]:
    """Return the hypotheses that something in the plan still stands on."""
    there = {part.id for part in parts}
    kept = [replace(h, parts=tuple(part for part in h.parts if part in there)) for h in plan.hypotheses]
    return tuple(hypothesis for hypothesis in kept if hypothesis.parts)
