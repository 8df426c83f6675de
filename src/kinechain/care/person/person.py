"""One person: who they are, what they tell, what a clinician found.

Three kinds of absence are kept apart everywhere: a key that was never asked is *missing* (``None``, or no entry), one
that was asked and passed over is *skipped*, one that was answered with "I do not know" is *unknown*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal

__all__ = [
    "Answer",
    "ExamItem",
    "History",
    "NotExamined",
    "Person",
    "PersonSide",
    "Score",
    "Sex",
    "Symptom",
    "Treatment",
]

Sex = Literal["female", "male"]
Answer = Literal["yes", "no", "unknown", "skipped"]
PersonSide = Literal["left", "right", "both"]


@dataclass(frozen=True)
class ExamItem:
    """One item of the examination.

    Attributes
    ----------
    id : str
        Key of the measure, e.g. ``navicular_drop``.
    side : 'left', 'right' or 'both'
    value : float
    unit : str
    method : str
        How it was measured, as written in the person file.
    part : str
        Which part of a test with several values, e.g. 'L4 strength' of the root screen; '' otherwise.
    examiner : str
        Code of who measured, '' if not stated.
    measured_on : date or None
    reliability : str
        Error of this examiner or laboratory, as written ('repeated on 10 people, SD 1.2 mm'); '' if not stated.
    """

    id: str
    side: PersonSide
    value: float
    unit: str
    method: str
    part: str = ""
    examiner: str = ""
    measured_on: date | None = None
    reliability: str = ""


@dataclass(frozen=True)
class NotExamined:
    """One item of the examination that has no value; an item that was never named is simply absent.

    Attributes
    ----------
    id, side, part : str
        As in :class:`ExamItem`.
    state : 'skipped' or 'unknown'
        'skipped': asked for and not done; 'unknown': done, and the result is not known.
    method, examiner : str
    measured_on : date or None
    """

    id: str
    side: PersonSide
    state: Literal["skipped", "unknown"]
    method: str
    part: str = ""
    examiner: str = ""
    measured_on: date | None = None


@dataclass(frozen=True)
class Treatment:
    """One earlier treatment.

    Attributes
    ----------
    kind : str
        Of ``TREATMENTS`` in `kinechain.care.person.history_keys`.
    region : 'back' or 'foot'
    weeks : float or None
        How long it was done.
    response : 'better', 'same', 'worse' or None
    """

    kind: str
    region: Literal["back", "foot"]
    weeks: float | None = None
    response: Literal["better", "same", "worse"] | None = None


@dataclass(frozen=True)
class History:
    """What the person tells.  ``None`` and empty mean missing; `skipped` and `unknown` name the other absences.

    Attributes
    ----------
    pain_regions : tuple of str
        Regions, with '_left' or '_right' where the side was named.
    pain_weeks, back_onset_weeks, foot_onset_weeks : float or None
        How long ago it began, weeks.
    onset_order : 'foot_first', 'back_first', 'together' or None
    onset : 'sudden', 'gradual', 'injury' or None
    injury_days : float or None
        Days since the injury.
    course : 'better', 'same', 'worse', 'comes_and_goes' or None
    pain_average, pain_worst, first_step_pain, pain_after_standing : float or None
        0 to 10.
    aggravating, easing : tuple of str
        Positions and activities.
    night_pain : 'none', 'on_turning', 'wakes', 'every_night' or None
    standing_hours, sitting_hours : float or None
        Per working day.
    lifting : 'none', 'light', 'heavy' or None
        At work.
    footwear : str or None
        Usual kind of shoe.
    footwear_heel_mm, footwear_age_months : float or None
    orthoses : 'none', 'prefabricated', 'custom' or None
        Worn now.
    activity_minutes : float or None
        Brisk activity per week.
    steps_per_day : float or None
    treatments : tuple of Treatment
    dominant_leg : 'left', 'right' or None
    skipped, unknown : frozenset of str
        Keys that were passed over, and keys answered with "I do not know".
    """

    pain_regions: tuple[str, ...] = ()
    pain_weeks: float | None = None
    back_onset_weeks: float | None = None
    foot_onset_weeks: float | None = None
    onset_order: Literal["foot_first", "back_first", "together"] | None = None
    onset: Literal["sudden", "gradual", "injury"] | None = None
    injury_days: float | None = None
    course: Literal["better", "same", "worse", "comes_and_goes"] | None = None
    pain_average: float | None = None
    pain_worst: float | None = None
    first_step_pain: float | None = None
    pain_after_standing: float | None = None
    aggravating: tuple[str, ...] = ()
    easing: tuple[str, ...] = ()
    night_pain: Literal["none", "on_turning", "wakes", "every_night"] | None = None
    standing_hours: float | None = None
    sitting_hours: float | None = None
    lifting: Literal["none", "light", "heavy"] | None = None
    footwear: str | None = None
    footwear_heel_mm: float | None = None
    footwear_age_months: float | None = None
    orthoses: Literal["none", "prefabricated", "custom"] | None = None
    activity_minutes: float | None = None
    steps_per_day: float | None = None
    treatments: tuple[Treatment, ...] = ()
    dominant_leg: Literal["left", "right"] | None = None
    skipped: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Symptom:
    """One marked place of the symptom map.

    Attributes
    ----------
    kind : 'pain', 'numbness' or 'tingling'
    region : str
        Code of the region, with '_left' or '_right' where it has a side.
    view : 'front', 'back', 'sole_left', 'sole_right' or ''
        Which outline the coordinates belong to; '' if only the region was named.
    x, y : float or None
        Place on the outline, 0 to 1 from its left and its top edge as seen.
    """

    kind: Literal["pain", "numbness", "tingling"]
    region: str
    view: Literal["front", "back", "sole_left", "sole_right", ""] = ""
    x: float | None = None
    y: float | None = None


@dataclass(frozen=True)
class Score:
    """One questionnaire, as entered: a total, and its parts where the questionnaire has them.

    Attributes
    ----------
    id : str
        Of ``questionnaires.toml``.
    total : float or None
        In the questionnaire's own points; computed from the parts where they are given.
    parts : mapping of str to float
        Subscales, ticks by number (RMDQ-24), or activities by number (patient-specific activities).
    activities : tuple of str
        The person's own words for patient-specific activities.
    answered_on : date or None
    """

    id: str
    total: float | None
    parts: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    activities: tuple[str, ...] = ()
    answered_on: date | None = None


@dataclass(frozen=True)
class Person:
    """One person, as far as they are known.  ``None`` means not known, never zero.

    Attributes
    ----------
    pseudonym : str
        A code, never a name.
    sex, age_years, height_m, mass_kg, foot_length_m
        Of the person, SI units.
    history : History
    conditions : mapping of condition id to Answer
        Absent means missing.
    screen : mapping of danger-sign id (or a question that belongs to one) to Answer
        Absent means missing.
    exam : tuple of ExamItem
    not_examined : tuple of NotExamined
    questionnaires : tuple of Score
    not_answered : mapping of questionnaire id to 'skipped' or 'unknown'
        Absent means missing.
    symptoms : tuple of Symptom
    wells : mapping of item id to Answer
        Of the two-level Wells score; only a clinician's examination fills it.
    wells_examiner : str
        Code of that clinician, '' if nobody scored it.
    static : str or None
        Path of the standing trial, as resolved from the person file.
    recordings : tuple of str
        Paths of the walking trials.
    iwgdf_risk : int or None
        Risk group of the diabetic foot, 0 to 3; 'unknown' and 'skipped' stand in ``conditions``.
    skipped, unknown : frozenset of str
        Of sex, age, height, mass and foot length: keys that were passed over, and keys answered with "I do not know".
    """

    pseudonym: str = "person"
    sex: Sex | None = None
    age_years: float | None = None
    height_m: float | None = None
    mass_kg: float | None = None
    foot_length_m: float | None = None
    history: History = field(default_factory=History)
    conditions: Mapping[str, Answer] = field(default_factory=lambda: MappingProxyType({}))
    screen: Mapping[str, Answer] = field(default_factory=lambda: MappingProxyType({}))
    exam: tuple[ExamItem, ...] = ()
    not_examined: tuple[NotExamined, ...] = ()
    questionnaires: tuple[Score, ...] = ()
    not_answered: Mapping[str, Literal["skipped", "unknown"]] = field(default_factory=lambda: MappingProxyType({}))
    symptoms: tuple[Symptom, ...] = ()
    wells: Mapping[str, Answer] = field(default_factory=lambda: MappingProxyType({}))
    wells_examiner: str = ""
    static: str | None = None
    recordings: tuple[str, ...] = ()
    iwgdf_risk: int | None = None
    skipped: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
