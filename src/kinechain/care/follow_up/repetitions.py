"""Repetitions done beside repetitions planned: two counts, and no number that has to be reached (rule R6.6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kinechain.care.follow_up.days import own_day, plan_week
from kinechain.care.follow_up.events import Event, Session
from kinechain.care.follow_up.progression import dose_in_week
from kinechain.care.planning.plan import Dose, Exercise, Plan
from kinechain.evidence.wording import Sentence, say

__all__ = ["LedgerRow", "RepetitionLedger", "planned_repetitions", "repetition_ledger"]


@dataclass(frozen=True)
class LedgerRow:
    """One exercise on one side.

    Attributes
    ----------
    exercise : str
        Of ``exercises.toml``.
    side : 'left', 'right' or ''
        '' for an exercise without a side.
    done_by_week : tuple of int
        From the first week of the plan to the present one.
    planned_by_week : tuple of (int, int)
        Least and most of every week of the plan; empty for an exercise that is not in the plan.
    """

    exercise: str
    side: str
    done_by_week: tuple[int, ...]
    planned_by_week: tuple[tuple[int, int], ...]

    @property
    def done(self) -> int:
        """Repetitions done in all."""
        return sum(self.done_by_week)

    @property
    def planned(self) -> tuple[int, int]:
        """Least and most repetitions of the whole plan."""
        return sum(least for least, _ in self.planned_by_week), sum(most for _, most in self.planned_by_week)

    @property
    def sentence(self) -> Sentence:
        """The two counts as printed."""
        least, most = self.planned
        if not self.planned_by_week:
            return say("follow_up.repetitions_not_planned", done=self.done)
        key = "follow_up.repetitions" if least == most else "follow_up.repetitions_range"
        values = {"planned": most} if least == most else {"least": least, "most": most}
        return say(key, done=self.done, **values)


@dataclass(frozen=True)
class RepetitionLedger:
    """Every row.

    Attributes
    ----------
    rows : tuple of LedgerRow
        In the order of the plan, then what was done beside it.
    """

    rows: tuple[LedgerRow, ...]


def planned_repetitions(dose: Dose) -> tuple[int, int]:
    """Return the least and the most repetitions of one side in a week of a dose.

    Parameters
    ----------
    dose : Dose
    """
    least, most = (dose.sets[i] * dose.repetitions[i] * dose.days_per_week[i] * dose.times_per_day[i] for i in (0, 1))
    return least, most


def repetition_ledger(events: Sequence[Event], plan: Plan, today: date) -> RepetitionLedger:
    """Return repetitions done and planned, by exercise and side.

    Parameters
    ----------
    events : sequence of Event
        Counted ones (`kinechain.care.follow_up.merge.Merged.counted`).
    plan : Plan
    today : date
    """
    done: Counter[tuple[str, str, int]] = Counter()
    without_side = {part.exercise for part in plan.exercises if not part.side}
    for event in events:
        if isinstance(event, Session) and plan.made_on <= own_day(event) <= today:
            for side in _sides(event, event.exercise in without_side):
                done[event.exercise, side, plan_week(own_day(event), plan.made_on)] += event.sets * event.repetitions
    planned = {(part.exercise, side): part for part in plan.exercises for side in part_sides(part)}
    keys = list(planned) + sorted({(exercise, side) for exercise, side, _ in done} - set(planned))
    weeks = max(plan_week(today, plan.made_on), 0)
    return RepetitionLedger(
        tuple(
            LedgerRow(
                exercise,
                side,
                tuple(done[exercise, side, week] for week in range(1, weeks + 1)),
                _planned_weeks(planned.get((exercise, side)), plan.weeks),
            )
            for exercise, side in keys
        )
    )


def part_sides(part: Exercise) -> tuple[str, ...]:
    """Return the sides a part of a plan is counted on.

    Parameters
    ----------
    part : Exercise
    """
    return ("left", "right") if part.side == "both" else (part.side,)


def _planned_weeks(part: Exercise | None, weeks: int) -> tuple[tuple[int, int], ...]:
    if part is None:
        return ()
    return tuple(planned_repetitions(dose_in_week(part, week)) for week in range(1, weeks + 1))


def _sides(session: Session, is_without_side: bool) -> tuple[str, ...]:
    if is_without_side:
        return ("",)
    return ("left", "right") if session.side == "both" else (session.side,)
