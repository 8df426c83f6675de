"""A plan: what to do for six to eight weeks, each part with the reason it stands there and how sure that reason is.

A plan cannot be made without `Unlocked`, is never edited (a new one replaces it, with the reason), and
refuses a part that traces to nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import ClassVar, Literal

from kinechain.care.person.person import PersonSide
from kinechain.care.screening.lock import Unlocked
from kinechain.core.errors import LockedError, SettingError
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import Audience, Sentence

__all__ = [
    "MAX_FIRST_EXERCISES",
    "Advice",
    "Because",
    "Dose",
    "Exercise",
    "Goal",
    "HeelLift",
    "Hypothesis",
    "NotOffered",
    "Orthosis",
    "OrthosisParameters",
    "Part",
    "Plan",
    "Predict",
    "Referral",
]

#: At most this many exercises in a first plan (rule R5.3, bachmann2018_adherence: fewer than four).
MAX_FIRST_EXERCISES = 3


@dataclass(frozen=True)
class Because:
    """Why a part of a plan stands there.

    Attributes
    ----------
    kind : 'finding', 'driver', 'rule', 'history', 'exam' or 'clinician'
    ref : str
        Id of the finding with its side ('ankle.lunge right'), key of the player, id of the rule ('R5.1'), key of the
        history, id of the examination item with its side, or name of the clinician who decided so.
    sentence : Sentence
        The reason as printed.
    """

    kind: Literal["finding", "driver", "rule", "history", "exam", "clinician"]
    ref: str
    sentence: Sentence


@dataclass(frozen=True)
class Dose:
    """How much, from a published progression; every pair is (least, most).

    Attributes
    ----------
    sets, repetitions : tuple of int
    days_per_week, times_per_day : tuple of int
    hold_s : tuple of float or None
    load : str
        In words, e.g. 'a band above the knees'; '' for the body's own weight.
    basis : 'trial', 'ACSM', 'article' or 'choice'
    sources : tuple of str
        Empty only for a choice.
    """

    sets: tuple[int, int]
    repetitions: tuple[int, int]
    days_per_week: tuple[int, int]
    times_per_day: tuple[int, int] = (1, 1)
    hold_s: tuple[float, float] | None = None
    load: str = ""
    basis: Literal["trial", "ACSM", "article", "choice"] = "choice"
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        pairs = [
            self.sets,
            self.repetitions,
            self.days_per_week,
            self.times_per_day,
            *([self.hold_s] if self.hold_s else []),
        ]
        if any(not 0 < least <= most for least, most in pairs) or self.days_per_week[1] > 7:
            raise SettingError("a dose must have positive amounts, the least first, on at most 7 days a week")
        if self.basis != "choice" and not self.sources:
            raise SettingError("a dose without a source is a choice, and must say so")


@dataclass(frozen=True, kw_only=True)
class Part:
    """What every part of a plan has.

    Attributes
    ----------
    id : str
        Unique within the plan, e.g. 'exercise.calf_raise.right'.
    title : str
    side : 'left', 'right', 'both' or ''
    audience : 'patient', 'clinician' or 'both'
    because : tuple of Because
        Never empty.
    sentences : tuple of Sentence
        What is said, in order.
    """

    kind: ClassVar[str] = "part"
    id: str
    title: Sentence
    because: tuple[Because, ...]
    sentences: tuple[Sentence, ...] = ()
    side: PersonSide | Literal[""] = ""
    audience: Audience = "both"

    def __post_init__(self) -> None:
        if not self.because:
            raise SettingError(f"part '{self.id}' of the plan traces to no finding and no rule")

    def said_to(self, reader: Literal["patient", "clinician"]) -> tuple[Sentence, ...]:
        """Return the sentences that one reader sees: the patient none of the clinician's.

        Parameters
        ----------
        reader : 'patient' or 'clinician'
        """
        return tuple(s for s in self.sentences if s.audience in ("both", reader))


@dataclass(frozen=True, kw_only=True)
class Goal(Part):
    """What is aimed at, measured by what, by when.

    Attributes
    ----------
    measure : str
        'nprs', 'psfs 1', 'rmdq24', or an examination item.
    baseline, target : float or None
        In ``unit``; None where the baseline is not known.
    unit : str
    by_week : int
    """

    kind: ClassVar[str] = "goal"
    measure: str
    baseline: float | None
    target: float | None
    unit: str
    by_week: int


@dataclass(frozen=True, kw_only=True)
class Exercise(Part):
    """One exercise.

    Attributes
    ----------
    exercise : str
        Of ``exercises.toml``.
    dose : Dose
    setup, cues, regressions, progressions, stop_rules : tuple of Sentence
    """

    kind: ClassVar[str] = "exercise"
    exercise: str
    dose: Dose
    setup: tuple[Sentence, ...] = ()
    cues: tuple[Sentence, ...] = ()
    regressions: tuple[Sentence, ...] = ()
    progressions: tuple[Sentence, ...] = ()
    stop_rules: tuple[Sentence, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.stop_rules:
            raise SettingError(f"exercise '{self.exercise}' has no stop rule")


@dataclass(frozen=True, kw_only=True)
class Advice(Part):
    """Education, walking, activity, footwear, a habit, weight: what is said and done without a dose.

    Attributes
    ----------
    topic : str
        'education', 'walking', 'activity', 'footwear', 'habit', 'weight', 'taping' or 'safety'.
    """

    kind: ClassVar[str] = "advice"
    topic: Literal["education", "walking", "activity", "footwear", "habit", "weight", "taping", "safety"]


@dataclass(frozen=True)
class OrthosisParameters:
    """What is built.

    Attributes
    ----------
    rearfoot_posting_deg, forefoot_posting_deg : float
        Raising the inner edge is positive.
    arch_mm, heel_lift_mm : float
    material : str
        Of ``MATERIALS`` in `kinechain.care.planning.orthosis`.
    """

    rearfoot_posting_deg: float = 0.0
    forefoot_posting_deg: float = 0.0
    arch_mm: float = 0.0
    heel_lift_mm: float = 0.0
    material: str = "not chosen"


#: What an orthosis of these parameters would change on one side, by name.
Predict = Callable[[OrthosisParameters, PersonSide], tuple[tuple[str, Estimate], ...]]


@dataclass(frozen=True, kw_only=True)
class Orthosis(Part):
    """A parameter sheet for the clinician alone; zero everywhere predicts zero.

    Attributes
    ----------
    rearfoot_posting_deg, forefoot_posting_deg : float
        Raising the inner edge is positive.
    arch_mm, heel_lift_mm : float
    material : str
        Of ``MATERIALS`` in `kinechain.care.planning.orthosis`.
    trial_weeks : int
        After which it is reviewed.
    stop_on : date or None
    predicted : tuple of (str, Estimate)
        What it would change, by name; empty where nothing was computed.
    """

    kind: ClassVar[str] = "orthosis"
    audience: Audience = "clinician"
    rearfoot_posting_deg: float = 0.0
    forefoot_posting_deg: float = 0.0
    arch_mm: float = 0.0
    heel_lift_mm: float = 0.0
    material: str = "not chosen"
    trial_weeks: int = 4
    stop_on: date | None = None
    predicted: tuple[tuple[str, Estimate], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.audience != "clinician":
            raise SettingError("an orthosis sheet is for the clinician alone")
        amounts = (self.rearfoot_posting_deg, self.forefoot_posting_deg, self.arch_mm, self.heel_lift_mm)
        if not any(amounts) and any(e.value or e.low or e.high for _, e in self.predicted):
            raise SettingError("an orthosis whose parameters are all zero changes nothing; leave the prediction out")


@dataclass(frozen=True, kw_only=True)
class HeelLift(Part):
    """A lift under the shorter leg, only from imaging or agreeing repeated block tests.

    Attributes
    ----------
    difference : Estimate
        Of the legs, mm.
    lift_mm, first_step_mm : float
    basis : 'imaging' or 'repeated block test'
    """

    kind: ClassVar[str] = "heel lift"
    audience: Audience = "clinician"
    difference: Estimate
    lift_mm: float
    first_step_mm: float
    basis: Literal["imaging", "repeated block test"]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.audience != "clinician":
            raise SettingError("a heel lift sheet is for the clinician alone")


@dataclass(frozen=True, kw_only=True)
class Referral(Part):
    """To whom, how soon, and for what.

    Attributes
    ----------
    to : 'podiatrist', 'physiotherapist', 'physician', 'emergency', 'rheumatologist', 'foot protection service'
    urgency : str
        As of danger signs.
    """

    kind: ClassVar[str] = "referral"
    to: Literal["podiatrist", "physiotherapist", "physician", "emergency", "rheumatologist", "foot protection service"]
    urgency: Literal["routine", "soon", "next_working_day", "same_day", "emergency"]


@dataclass(frozen=True, kw_only=True)
class NotOffered(Part):
    """What is not offered, or blocked, and why.

    Attributes
    ----------
    intervention : str
        Of ``interventions.toml`` or ``exercises.toml``.
    blocked_by : tuple of str
        Conditions, answers or findings that block it; empty if it is not recommended for anybody.
    """

    kind: ClassVar[str] = "not offered"
    intervention: str
    blocked_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hypothesis:
    """A driver the plan is built on; it is tested again at each visit and can fall.

    Attributes
    ----------
    player : str
        `kinechain.care.drivers.Player.key`, or the id of an examination item with its side.
    measure : str
        What is measured again.
    parts : tuple of str
        Ids of the parts that stand on it.
    p_relevant : float or None
        When the plan was made; None if it rests on an examination alone.
    """

    player: str
    measure: str
    parts: tuple[str, ...]
    p_relevant: float | None = None


@dataclass(frozen=True)
class Plan:
    """One plan.

    Attributes
    ----------
    unlocked : Unlocked
        Without it there is no plan.
    mode : 'care' or 'screen only'
        'screen only': for a person without pain.
    made_on : date
    weeks : int
    parts : tuple of Part
        In the order they are shown.
    hypotheses : tuple of Hypothesis
    reviews : tuple of str
        Checkpoints.
    not_asked : tuple of Sentence
        What is not known and would change the plan.
    version : str
        Of kinechain.
    replaces, reason : str
        Id of the plan it replaces and why; '' for a first plan.
    answers : str
        Digest of the answers it was made for: those of ``unlocked``, but for a past plan that is read again.
    """

    unlocked: Unlocked
    mode: Literal["care", "screen only"]
    made_on: date
    weeks: int
    parts: tuple[Part, ...]
    hypotheses: tuple[Hypothesis, ...]
    reviews: tuple[str, ...]
    version: str
    not_asked: tuple[Sentence, ...] = ()
    replaces: str = ""
    reason: str = ""
    answers: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.unlocked, Unlocked):
            raise LockedError("no plan without unlocked danger signs: call unlock(person) first")
        object.__setattr__(self, "answers", self.answers or self.unlocked.answers)
        ids = [part.id for part in self.parts]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise SettingError(f"part '{twice[0]}' stands twice in the plan")
        if bool(self.replaces) != bool(self.reason):
            raise SettingError("a plan that replaces another says why, and only such a plan does")
        if not self.replaces and len(self.exercises) > MAX_FIRST_EXERCISES:
            raise SettingError(f"a first plan has at most {MAX_FIRST_EXERCISES} exercises, not {len(self.exercises)}")
        for hypothesis in self.hypotheses:
            if loose := sorted(set(hypothesis.parts) - set(ids)):
                raise SettingError(f"hypothesis '{hypothesis.player}' names '{loose[0]}', which is no part of the plan")

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises among its parts."""
        return tuple(part for part in self.parts if isinstance(part, Exercise))

    @property
    def id(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of its content: equal plans, however they came about, share it."""
        # Asked for at every look at a plan, which never changes.
        found: str | None = vars(self).get("_id")
        if found is None:
            content = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "unlocked"}
            text = json.dumps(_plain(content), sort_keys=True, ensure_ascii=True)
            found = vars(self)["_id"] = hashlib.sha256(text.encode()).hexdigest()[:16]
        return found

    def for_patient(self) -> tuple[Part, ...]:
        """Return the parts a patient sees: never an orthosis sheet, never a clinician's note."""
        return tuple(part for part in self.parts if part.audience != "clinician")


def _plain(value: object) -> object:
    """Return a value as JSON can hold it, with the kind of every part; a whole number and its float are one."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return repr(float(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if is_dataclass(value):
        return [type(value).__name__, _plain({f.name: getattr(value, f.name) for f in fields(value)})]
    raise SettingError(f"a plan cannot hold a {type(value).__name__}")
