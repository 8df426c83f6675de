"""What can be written into a person's journal: one value per kind of event, none ever changed afterwards.

Every event says who wrote it, when (with the offset of its clock from UTC) and why.  Its id is made where it is
written, so that journals kept apart, offline, merge without loss and without counting anything twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal, get_args

from kinechain.care.person.person import Answer, PersonSide, Score
from kinechain.care.person.red_flag_text import screen_ids
from kinechain.care.screening.clearance import Clearance
from kinechain.core.errors import JournalError, suggest
from kinechain.core.estimate import Estimate

__all__ = [
    "Acknowledged",
    "AdverseEvent",
    "Alerted",
    "CheckIn",
    "Cleared",
    "ClearingWithdrawn",
    "ConsentGiven",
    "ConsentWithdrawn",
    "Event",
    "FootwearWorn",
    "NextMorning",
    "NotDone",
    "Paused",
    "PlanMade",
    "Reviewed",
    "Session",
    "StandingDay",
    "StepsTaken",
    "VisitMade",
]


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event has.

    Attributes
    ----------
    id : str
        Unique; made where the event is written (a UUID, or any text of 8 to 64 letters, digits, '-' and '_').
    at : datetime
        When it happened, aware; its date in its own offset is the person's day.
    by : str
        'patient', or the code of a clinician.
    why : str
        The reason, where one is needed; '' otherwise.
    """

    id: str
    at: datetime
    by: str
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Session(Event):
    """One exercise done once.

    Attributes
    ----------
    exercise : str
        Of ``exercises.toml``.
    side : 'left', 'right' or 'both'
    sets, repetitions : int
        Sets done, and repetitions in each; 'both' counts each side once.
    load_kg : float
        Beyond the body's own weight.
    hold_s : float or None
        Held per repetition.
    effort : float or None
        0 to 10.
    pain_before, pain_during : float or None
        The person's own familiar pain, 0 to 10.
    repetitions_in_reserve : int or None
        How many more would have been possible.
    """

    exercise: str
    side: PersonSide
    sets: int
    repetitions: int
    load_kg: float = 0.0
    hold_s: float | None = None
    effort: float | None = None
    pain_before: float | None = None
    pain_during: float | None = None
    repetitions_in_reserve: int | None = None


@dataclass(frozen=True, kw_only=True)
class NextMorning(Event):
    """How it was the morning after: own pain and muscle soreness are two things.

    Attributes
    ----------
    pain : float or None
        The person's own familiar pain, 0 to 10.
    usual_pain : float or None
        What it usually is in the morning, 0 to 10.
    soreness : float or None
        Of the trained muscles, 0 to 10.
    soreness_days : float or None
        For how long it has been sore.
    """

    pain: float | None = None
    usual_pain: float | None = None
    soreness: float | None = None
    soreness_days: float | None = None


@dataclass(frozen=True, kw_only=True)
class CheckIn(Event):
    """A day's check: the danger signs again, pain, and what the day was like.

    Attributes
    ----------
    screen : mapping of danger-sign id to Answer
        The emergency questions, asked again; no other name is taken, for nobody would look at its answer.
    back_pain, foot_pain, worst_pain, first_step_pain : float or None
        0 to 10.
    minutes_walked : float or None
    """

    screen: Mapping[str, Answer] = field(default_factory=lambda: MappingProxyType({}))
    back_pain: float | None = None
    foot_pain: float | None = None
    worst_pain: float | None = None
    first_step_pain: float | None = None
    minutes_walked: float | None = None

    def __post_init__(self) -> None:
        known = screen_ids()
        for key, answer in self.screen.items():
            if key not in known:
                raise JournalError(f"there is no danger sign '{key[:40]}'. {suggest(key, known)}")
            if answer not in get_args(Answer):
                raise JournalError(f"there is no answer '{str(answer)[:40]}'. {suggest(str(answer), get_args(Answer))}")


@dataclass(frozen=True, kw_only=True)
class StandingDay(Event):
    """One day of the standing-awareness diary.

    Attributes
    ----------
    prompts, noticed : int
        How often the person was to look at how they stand, and how often they did.
    weight_on : 'left', 'right', 'both' or 'not noticed'
        Where the weight mostly was.
    hours : float or None
        Stood in all.
    """

    prompts: int
    noticed: int
    weight_on: Literal["left", "right", "both", "not noticed"] = "not noticed"
    hours: float | None = None


@dataclass(frozen=True, kw_only=True)
class FootwearWorn(Event):
    """What was worn, and for how long.

    Attributes
    ----------
    kind : str
        Of the kinds of shoe of the history; 'barefoot' too.
    hours : float
    orthosis : bool
    """

    kind: str
    hours: float
    orthosis: bool = False


@dataclass(frozen=True, kw_only=True)
class StepsTaken(Event):
    """Steps of one day.

    Attributes
    ----------
    day : date
    steps : int
    source : str
        What counted them.
    """

    day: date
    steps: int
    source: str = "not stated"


@dataclass(frozen=True, kw_only=True)
class AdverseEvent(Event):
    """Something unwanted that may have come with the plan.

    Attributes
    ----------
    what : str
        Of ``ADVERSE_EVENTS`` in `kinechain.care.follow_up.alerts`.
    severity : 'mild', 'moderate' or 'severe'
    exercise : str
        Of ``exercises.toml``, '' if none is meant.
    note : str
    """

    what: str
    severity: Literal["mild", "moderate", "severe"]
    exercise: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class VisitMade(Event):
    """A visit: what was found, by which version of the model, from which files.

    Attributes
    ----------
    visit : str
        Name of the visit, e.g. 'baseline', 'week 6'.
    version : str
        Of kinechain.
    inputs : mapping of file name to SHA-256
    assessment : mapping
        The assessment as JSON (schema ``kinechain/assessment/1``), or what was kept of it.
    scores : tuple of Score
    rerun_of : str
        Id of the visit this is a new computation of; '' for a visit of its own.
    """

    visit: str
    version: str
    inputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    assessment: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    scores: tuple[Score, ...] = ()
    rerun_of: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanMade(Event):
    """A plan was made; an older one is replaced, never edited.

    Attributes
    ----------
    plan : mapping
        As JSON (schema ``kinechain/plan/1``).
    replaces : str
        Id of the plan it replaces, '' for the first; ``why`` then says the reason.
    """

    plan: Mapping[str, object]
    replaces: str = ""


@dataclass(frozen=True, kw_only=True)
class Reviewed(Event):
    """A review of how it goes.

    Attributes
    ----------
    checkpoint : str
        'day 3-7', 'week 2', 'week 6' or 'week 8'.
    decision : str
        'continue', 'change', 'refer' or 'not enough known'.
    measures : mapping of measure to Estimate
        Key measures of the visit, e.g. 'lunge_test left'.
    """

    checkpoint: str
    decision: str
    measures: Mapping[str, Estimate] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class Cleared(Event):
    """A danger sign was cleared by a clinician."""

    clearance: Clearance


@dataclass(frozen=True, kw_only=True)
class ClearingWithdrawn(Event):
    """A clinician took a clearance back: the danger sign stands again from then on.

    Attributes
    ----------
    signature : str
        `kinechain.care.screening.clearance.Clearance.signature` of the clearance that ends.
    """

    signature: str


@dataclass(frozen=True, kw_only=True)
class Alerted(Event):
    """The clinician was told of something.

    Attributes
    ----------
    alert : str
        Id of the alert rule.
    urgency : str
        As of danger signs.
    text : str
    """

    alert: str
    urgency: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Acknowledged(Event):
    """A clinician has seen an alert.

    Attributes
    ----------
    alert : str
        `kinechain.care.follow_up.alerts.Alert.key` of the alert that was seen.
    """

    alert: str


@dataclass(frozen=True, kw_only=True)
class NotDone(Event):
    """An exercise was due and was not done; its ``why`` may tell the reason.

    Attributes
    ----------
    exercise : str
        Of ``exercises.toml``; '' for all of that day.
    side : 'left', 'right' or 'both'
    """

    exercise: str = ""
    side: PersonSide = "both"


@dataclass(frozen=True, kw_only=True)
class Paused(Event):
    """Days without exercise that have a reason of their own.

    Attributes
    ----------
    first, last : date
        Both included.
    reason : 'sick', 'holiday' or 'other'
    """

    first: date
    last: date
    reason: Literal["sick", "holiday", "other"]


@dataclass(frozen=True, kw_only=True)
class ConsentGiven(Event):
    """What the person agreed to.

    Attributes
    ----------
    scope : tuple of str
        Of 'care', 'recordings', 'research', 'sharing'.
    keep_until : date or None
        Day after which the data are deleted; None: as the clinic's rule says.
    wording : str
        SHA-256 of the text that was agreed to.
    """

    scope: tuple[str, ...]
    keep_until: date | None = None
    wording: str = ""


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(Event):
    """What the person no longer agrees to.

    Attributes
    ----------
    scope : tuple of str
        As of `ConsentGiven`.
    """

    scope: tuple[str, ...]
