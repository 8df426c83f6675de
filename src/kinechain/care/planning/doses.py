"""How much of an exercise: the numbers of ``exercises.toml``, for an age and a week."""

from __future__ import annotations

from kinechain.care.planning.plan import Dose
from kinechain.core.errors import SettingError
from kinechain.evidence.clinical import Dosage, exercise

__all__ = ["OLDER_ADULT_YEARS", "dose_of", "has_dose", "week_reached"]

#: From this age on a stretch is held as long as for older adults; the sources read give no age (choice).
OLDER_ADULT_YEARS = 65.0


def has_dose(key: str) -> bool:
    """Return whether an exercise is dosed in sets and repetitions, and not by minutes or feeling.

    Parameters
    ----------
    key : str
        Of ``exercises.toml``.
    """
    dosage = exercise(key).dosage
    return bool(dosage.sets and dosage.repetitions and dosage.days_per_week) and dosage.minutes is None


def dose_of(key: str, age_years: float | None = None, week: float = 0.0) -> Dose:
    """Return how much of an exercise to do.

    Parameters
    ----------
    key : str
        Of ``exercises.toml``.
    age_years : float, optional
    week : float
        Since it was begun; only a programme that was tried in stages changes with it.

    Raises
    ------
    SettingError
        If the exercise has no dose in sets and repetitions.
    """
    dosage = exercise(key).dosage
    if not has_dose(key) or dosage.sets is None or dosage.repetitions is None or dosage.days_per_week is None:
        raise SettingError(f"'{key}' has no dose in sets and repetitions; it is built up by minutes")
    sets, repetitions = _stage(dosage, week)
    hold = dosage.hold_s
    if dosage.hold_older_s and age_years is not None and age_years >= OLDER_ADULT_YEARS:
        hold = dosage.hold_older_s
    return Dose(
        sets=sets,
        repetitions=repetitions,
        days_per_week=dosage.days_per_week,
        times_per_day=dosage.times_per_day,
        hold_s=None if hold is None else (float(hold[0]), float(hold[1])),
        basis=dosage.basis,
        sources=dosage.sources,
    )


def week_reached(key: str, dose: Dose) -> float:
    """Return the week of its programme at which a dose stands, 0 for an exercise without stages.

    Parameters
    ----------
    key : str
        Of ``exercises.toml``.
    dose : Dose
    """
    stages = exercise(key).dosage.stages
    return max((float(s.from_week) for s in stages if dose.sets == (s.sets, s.sets)), default=0.0)


def _stage(dosage: Dosage, week: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return sets and repetitions, of the stage reached where there are stages."""
    reached = [stage for stage in dosage.stages if stage.from_week <= max(week, 0.0)]
    if reached:
        return (reached[-1].sets, reached[-1].sets), (reached[-1].repetitions, reached[-1].repetitions)
    if dosage.sets is None or dosage.repetitions is None:
        raise SettingError("an exercise without sets and repetitions has no dose")
    return dosage.sets, dosage.repetitions
