"""What cannot all be true of one person: named, with the danger signs that are asked again; nothing is thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from kinechain.care.person.exam import current_exam
from kinechain.care.person.examined import ROOTS, SIDES, WEAK_GRADE, examined_values
from kinechain.care.person.person import History, Person
from kinechain.care.person.questionnaires import mean_activity
from kinechain.care.person.symptom_map import in_group, sides_marked
from kinechain.evidence.wording import Sentence, say

__all__ = ["Contradiction", "contradictions", "find_contradictions"]

#: Weeks in a year, and how much later than birth pain can be remembered wrongly (assumption).
WEEKS, SLACK_WEEKS = 52.2, 52.0

#: Mass over height squared, and foot length over height, that nobody was recorded with: a slip of the pen (assumption).
MASS_PER_SQUARE, FOOT_PER_HEIGHT = (9.0, 105.0), (0.10, 0.20)

#: New back pain, and the gate of axial spondyloarthritis (rules R1.2 as a choice, R1.5).
NEW_WEEKS, GATE_WEEKS, GATE_YEARS, OLD_YEARS, ADULT_YEARS = 6.0, 13.0, 45.0, 70.0, 18.0

#: Two values of one thing that differ by more than rounding.
TOTAL_STEP, LENGTH_STEP_MM = 0.06, 0.0

SWOLLEN = ("entire_leg_swollen", "calf_3cm_larger", "pitting_oedema", "tenderness_deep_veins")


@dataclass(frozen=True)
class Contradiction:
    """Two answers that cannot both be true.

    Attributes
    ----------
    sentence : Sentence
        What does not fit, and what to check.
    reopens : tuple of str
        Danger signs whose 'no' is not believed until they are asked again.
    """

    sentence: Sentence
    reopens: tuple[str, ...] = ()


def contradictions(person: Person) -> tuple[str, ...]:
    """Return every contradiction of a person as a sentence.

    Parameters
    ----------
    person : Person
    """
    return tuple(found.sentence.text for found in find_contradictions(person))


def find_contradictions(person: Person) -> tuple[Contradiction, ...]:
    """Return every contradiction of a person, those that re-open a danger sign first.

    Parameters
    ----------
    person : Person
    """
    checks: tuple[Callable[[Person], Iterable[Contradiction]], ...] = (
        _of_symptom_map,
        _of_weakness,
        _of_clots,
        _of_conditions,
        _of_danger_signs,
        _of_inflammation,
        _of_age,
        _of_size,
        _of_injury,
        _of_times,
        _of_pain,
        _of_lists,
        _of_scores,
        _of_leg_length,
    )
    found = dict.fromkeys(c for check in checks for c in check(person))
    return tuple(sorted(found, key=lambda c: not c.reopens))


def _named(entry: str, /, *reopens: str, **values: str | float) -> Contradiction:
    told = {
        place: f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")
        for place, value in values.items()
    }
    return Contradiction(say(f"exam.contradiction_{entry}", **told), reopens)


def _yes(answers: Mapping[str, str], keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(key for key in keys if answers.get(key) == "yes")


def _may_hurt(person: Person, group: str) -> bool:
    """Tell whether pain of a group of places is named, or no place is."""
    regions = person.history.pain_regions
    return not regions or any(in_group(region, group) for region in regions)


# ---- danger signs


def _of_symptom_map(person: Person) -> Iterator[Contradiction]:
    """Marks of the kind a danger sign asks for, where its answer is no.

    Notes
    -----
    Pain in both legs counts as coming from the back where thigh, shin or calf is marked on both sides and the back
    hurts; numbness or tingling counts in both legs above the foot.  Both feet alone ask about both feet (choices).
    """
    both, altered = {"left", "right"}, ("numbness", "tingling")
    marks, screen = person.symptoms, person.screen
    above = tuple(s for s in marks if in_group(s.region, "leg") and not in_group(s.region, "foot"))
    long = tuple(s for s in above if s.region.startswith(("thigh", "calf", "shin")))
    places = (*person.history.pain_regions, *(s.region for s in marks if s.kind == "pain"))
    radiates = sides_marked(long, "leg", ("pain",)) >= both and any(in_group(place, "back") for place in places)
    if screen.get("ces_saddle") == "no" and any(in_group(s.region, "saddle") for s in marks):
        yield _named("saddle", "ces_saddle")
    if screen.get("ces_bilateral_leg") == "no" and (sides_marked(above, "leg", altered) >= both or radiates):
        yield _named("both_legs", "ces_bilateral_leg")
    if screen.get("both_feet_numb") == "no" and sides_marked(marks, "foot", altered) >= both:
        yield _named("both_feet", "both_feet_numb")


def _of_weakness(person: Person) -> Iterator[Contradiction]:
    """Both legs weak at the examination (a choice: the grade of rule R1.7)."""
    weak = {
        side
        for root in ROOTS
        for side in SIDES
        if any(grade <= WEAK_GRADE for grade in examined_values(person, "root_screen_l2_s2", side, f"{root} strength"))
    }
    if len(weak) == 2 and person.screen.get("ces_bilateral_leg") == "no":
        yield _named("both_weak", "ces_bilateral_leg")


def _of_clots(person: Person) -> Iterator[Contradiction]:
    """A leg that is swollen by one answer and not by another."""
    signs, screen = _yes(person.wells, SWOLLEN), person.screen
    if screen.get("dvt_wells") == "no":
        if signs:
            yield _named("dvt_wells", "dvt_wells", "leg_swelling_breathless")
        if person.conditions.get("blood_clot_now_or_suspected") == "yes":
            yield _named("dvt_clot", "dvt_wells", "leg_swelling_breathless")
        if screen.get("leg_swelling_breathless") == "yes":
            yield _named("dvt_breathless", "dvt_wells")
    if person.wells.get("active_cancer") == "yes" and person.conditions.get("cancer_now") == "no":
        yield _named("wells_cancer", "cancer_history")
    if person.wells and not person.wells_examiner:
        yield _named("wells_nobody")


def _of_conditions(person: Person) -> Iterator[Contradiction]:
    """A condition that one answer has and another has not."""
    conditions, screen = person.conditions, person.screen
    if conditions.get("diabetes") == "no":
        if _yes(screen, ("diabetic_active_other", "diabetic_no_screen")):
            yield _named("diabetes_no")
        if person.iwgdf_risk:
            yield _named("diabetes_risk", risk=float(person.iwgdf_risk))
    began = person.history.back_onset_weeks
    is_new = began is not None and began <= NEW_WEEKS
    if conditions.get("diabetes") == "yes" and screen.get("infection_risk") == "no" and is_new:
        yield _named("diabetes_infection", "infection_risk")
    if conditions.get("cancer_now") == "yes" and screen.get("cancer_history") == "no" and _may_hurt(person, "back"):
        yield _named("cancer", "cancer_history")
    if conditions.get("osteoporosis") == "yes" and screen.get("spine_steroids") == "no":
        yield _named("osteoporosis", "spine_steroids")
    if conditions.get("anticoagulants") == "no" and screen.get("anticoagulant_trauma") == "yes":
        yield _named("anticoagulants")


def _of_danger_signs(person: Person) -> Iterator[Contradiction]:
    """One danger sign that speaks of another."""
    screen = person.screen
    if screen.get("cancer_history") == "no" and _yes(screen, ("mscc_pain", "mscc_neuro")):
        yield _named("cord_cancer", "cancer_history")
    if screen.get("stress_fracture") == "no" and screen.get("stress_fracture_high_risk_site") == "yes":
        yield _named("stress_fracture", "stress_fracture")
    if screen.get("psych_distress") == "no" and _yes(screen, ("self_harm", "hopelessness")):
        yield _named("distress")
    if person.sex == "male" and screen.get("pregnancy") == "yes":
        yield _named("pregnancy", "pregnancy")


def _of_inflammation(person: Person) -> Iterator[Contradiction]:
    """The gate of inflammatory back disease against age and duration."""
    gate, weeks, age = person.screen.get("axspa_gate"), person.history.back_onset_weeks, person.age_years
    if gate not in ("yes", "no") or weeks is None:
        return
    began_at = None if age is None else age - weeks / WEEKS
    if gate == "yes" and (weeks < GATE_WEEKS - 1 or (began_at is not None and began_at > GATE_YEARS + 1)):
        yield _named("gate_yes", "axspa_gate")
    if gate == "no" and weeks > GATE_WEEKS + 1 and began_at is not None and began_at < GATE_YEARS - 1:
        yield _named("gate_no", "axspa_gate")
    if person.history.night_pain == "none" and person.screen.get("axspa_wakes_second_half") == "yes":
        yield _named("night")


# ---- age and size


def _of_age(person: Person) -> Iterator[Contradiction]:
    age = person.age_years
    if age is None:
        return
    if age >= ADULT_YEARS and person.screen.get("under_18") == "yes":
        yield _named("adult", "under_18", age=age)
    if age < ADULT_YEARS and person.screen.get("under_18") == "no":
        yield _named("child", age=age)
    if age <= OLD_YEARS and person.screen.get("spine_fragility_age") == "yes":
        yield _named("not_old", age=age)
    history = person.history
    weeks = {key: getattr(history, key) for key in ("pain_weeks", "back_onset_weeks", "foot_onset_weeks")}
    weeks["injury_days"] = None if history.injury_days is None else history.injury_days / 7.0
    for key, told in weeks.items():
        if told is not None and told > age * WEEKS + SLACK_WEEKS:
            yield _named("before_birth", name=key, age=age)


def _of_size(person: Person) -> Iterator[Contradiction]:
    height, mass, foot = person.height_m, person.mass_kg, person.foot_length_m
    if height is None:
        return
    low, high = MASS_PER_SQUARE
    if mass is not None and person.age_years is not None and person.age_years >= ADULT_YEARS:
        if not low <= mass / height**2 <= high:
            yield _named("mass_height", mass=mass, height=height)
    low, high = FOOT_PER_HEIGHT
    if foot is not None and not low <= foot / height <= high:
        yield _named("foot_height", foot=foot, height=height)


# ---- history


def _of_injury(person: Person) -> Iterator[Contradiction]:
    history, screen = person.history, person.screen
    if history.injury_days is not None and history.onset in ("gradual", "sudden"):
        yield _named("injury_onset", onset=history.onset)
    if history.onset == "gradual" and screen.get("spine_major_trauma") == "yes":
        yield _named("trauma_gradual")
    if history.injury_days is not None and history.injury_days > 10 and screen.get("ottawa_weight_bearing") == "yes":
        yield _named("old_injury", days=history.injury_days)
    if history.onset == "injury" and None not in (history.injury_days, history.pain_weeks):
        if (history.pain_weeks or 0.0) * 7.0 > (history.injury_days or 0.0) + 7.0:
            yield _named("pain_before_injury")


def _of_times(person: Person) -> Iterator[Contradiction]:
    history = person.history
    back, foot = history.back_onset_weeks, history.foot_onset_weeks
    if back is not None and foot is not None:
        if (history.onset_order == "foot_first" and foot < back) or (
            history.onset_order == "back_first" and back < foot
        ):
            yield _named("onset_order", order=history.onset_order, back=back, foot=foot)
        if history.pain_weeks is not None and history.pain_weeks > max(back, foot) + 4.0:
            yield _named("pain_older", weeks=history.pain_weeks)
    hours = (history.standing_hours or 0.0) + (history.sitting_hours or 0.0)
    if hours > 24.0:
        yield _named("hours", hours=hours)
    if history.footwear == "barefoot" and (history.footwear_heel_mm or 0.0) > 0.0:
        yield _named("barefoot_heel")


def _of_pain(person: Person) -> Iterator[Contradiction]:
    history = person.history
    worst = history.pain_worst
    if worst is not None:
        for key in ("pain_average", "first_step_pain", "pain_after_standing"):
            told = getattr(history, key)
            if told is not None and told > worst:
                yield _named("worst", name=key, told=told, worst=worst)
        if worst == 0.0 and (history.pain_regions or history.course == "worse"):
            yield _named("no_pain")
    felt = max((pain for pain in (worst, history.pain_average) if pain is not None), default=0.0)
    is_told = {"pain_regions"} & (history.skipped | history.unknown)
    if felt > 0.0 and not history.pain_regions and not is_told and not any(s.kind == "pain" for s in person.symptoms):
        yield _named("no_place", pain=felt)


def _of_lists(person: Person) -> Iterator[Contradiction]:
    history: History = person.history
    for key in ("aggravating", "easing"):
        words = getattr(history, key)
        if "nothing" in words and len(words) > 1:
            yield _named("nothing", name=key)
    for region in ("back", "foot"):
        kinds = [t.kind for t in history.treatments if t.region == region]
        if "none" in kinds and len(kinds) > 1:
            yield _named("no_treatment", region=region)


# ---- scores and examination


def _of_scores(person: Person) -> Iterator[Contradiction]:
    for score in person.questionnaires:
        if score.total is None or not score.parts:
            continue
        if score.activities:
            computed = mean_activity(score.parts)
        elif all(part.isdigit() for part in score.parts):
            computed = float(len(score.parts))
        elif "subscale" in score.parts and score.parts["subscale"] > score.total:
            computed = score.parts["subscale"]
        else:
            continue
        if abs(score.total - computed) > TOTAL_STEP:
            yield _named("total", id=score.id, total=score.total, computed=computed)


def _of_leg_length(person: Person) -> Iterator[Contradiction]:
    """The shorter leg is the left one by one entry and the right one by another."""
    items = [i for i in current_exam(person)[0] if i.id in ("leg_length_block", "leg_length_imaging")]
    short = {item.side for item in items if item.value > LENGTH_STEP_MM and item.side != "both"}
    if len(short) > 1:
        yield _named("leg_length")
