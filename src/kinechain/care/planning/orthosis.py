"""The parameter sheet of an orthosis: for the clinician alone, for a limited time, only after core care has failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from kinechain.care.person.complaint import exam_values, has_back_pain, has_heel_pain
from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.person.person import ExamItem, PersonSide
from kinechain.care.planning.contraindications import is_kept_away
from kinechain.care.planning.exercise_choice import CORE_WEEKS
from kinechain.care.planning.plan import Because, Orthosis, OrthosisParameters
from kinechain.care.planning.reasons import because_exam, because_history, because_rule
from kinechain.care.planning.situation import Situation
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import Sentence, say

__all__ = [
    "CLEARLY_PRONATED",
    "CUSTOM",
    "MATERIALS",
    "PREFABRICATED",
    "TRIAL_WEEKS",
    "failed_core_care",
    "orthoses",
    "resheeted",
]

MATERIALS = ("not chosen", "prefabricated shell", "foam", "cork", "plastic shell")

#: From this Foot Posture Index on a foot is clearly pronated (rule R5.7, castromendez2021).
CLEARLY_PRONATED = 6.0

#: The trial that favoured insoles looked after four weeks (castromendez2021).
TRIAL_WEEKS = 4

#: Back pain that lasts as long is persistent (a choice: three months, as the trial took people with chronic pain).
PERSISTENT_WEEKS = 12.0

#: Above this difference of the legs, mm, the trial took nobody (castromendez2021).
MOST_LEG_DIFFERENCE_MM = 5.0

CORE_TREATMENTS = ("advice", "exercise", "stretching", "walking", "taping", "manual_therapy")


#: Where a custom insole starts: a choice of this project for the clinician to change; no trial gave a number.
CUSTOM = OrthosisParameters(rearfoot_posting_deg=4.0, material="foam")

#: A shell as it is sold: nothing is posted, so nothing is predicted.
PREFABRICATED = OrthosisParameters(material="prefabricated shell")

#: Sentences on what a sheet would change.
EFFECT_KEYS = ("plan.orthosis_predicted", "plan.orthosis_zero", "plan.orthosis_no_prediction")


def failed_core_care(situation: Situation, region: str) -> tuple[Because, ...]:
    """Return why core care of a region counts as failed, empty if it does not.

    Parameters
    ----------
    situation : Situation
    region : 'back' or 'foot'

    Notes
    -----
    It was done for six weeks and did not help, as the person tells; that a plan ran so long alone does not say so.
    """
    tried = [
        t
        for t in situation.person.history.treatments
        if t.region == region
        and t.kind in CORE_TREATMENTS
        and (t.weeks or 0.0) >= CORE_WEEKS
        and t.response in ("same", "worse")
    ]
    if not tried:
        return ()
    helped = [t for t in situation.person.history.treatments if t.region == region and t.response == "better"]
    if helped:
        return ()
    what = ", ".join(sorted({t.kind.replace("_", " ") for t in tried}))
    return (because_history("history.treatments", f"{what} for six weeks or more did not help the {region}"),)


def orthoses(situation: Situation) -> tuple[Orthosis, ...]:
    """Return the sheets that rule R5.7 allows: clearly pronated, core care failed, a complaint, and never to prevent.

    Parameters
    ----------
    situation : Situation
    """
    pronated = tuple(e for e in exam_values(situation.person, "fpi6", "points") if e.value >= CLEARLY_PRONATED)
    if not pronated:
        return ()
    if has_heel_pain(situation.person):
        failed = failed_core_care(situation, "foot")
        if failed and not is_kept_away("php_orthoses", situation.known):
            return tuple(_sheets(situation, pronated, failed, is_heel=True))
        return ()
    failed = failed_core_care(situation, "back")
    if failed and _back_trial_fits(situation) and not is_kept_away("lbp_orthotics_treatment", situation.known):
        return tuple(_sheets(situation, pronated, failed, is_heel=False))
    return ()


def _back_trial_fits(situation: Situation) -> bool:
    """Return whether a person is like those of the trial: persistent low back pain, no large difference of the legs."""
    person = situation.person
    weeks = (
        person.history.back_onset_weeks if person.history.back_onset_weeks is not None else person.history.pain_weeks
    )
    differences = [
        e.value for item in ("leg_length_imaging", "leg_length_block") for e in exam_values(person, item, "mm")
    ]
    is_persistent = weeks is not None and weeks >= PERSISTENT_WEEKS
    return has_back_pain(person) and is_persistent and all(d <= MOST_LEG_DIFFERENCE_MM for d in differences)


def _sheets(
    situation: Situation, pronated: tuple[ExamItem, ...], failed: tuple[Because, ...], *, is_heel: bool
) -> Iterable[Orthosis]:
    had_prefabricated = any(
        t.kind == "insoles_prefabricated" and t.region == "foot" and t.response in ("same", "worse")
        for t in situation.person.history.treatments
    )
    parameters = PREFABRICATED if is_heel and not had_prefabricated else CUSTOM
    name = read_exam_definitions()["fpi6"].name
    rule = because_rule("R5.7", "heel") if is_heel else because_rule("R5.7")
    for item in pronated:
        because = (rule, because_exam(item, name), *failed)
        predicted = situation.predict(parameters, item.side) if situation.predict and any(_amounts(parameters)) else ()
        yield sheet(parameters, item.side, because, situation.today, predicted)


def sheet(
    parameters: OrthosisParameters,
    side: PersonSide,
    because: tuple[Because, ...],
    today: date,
    predicted: tuple[tuple[str, Estimate], ...] = (),
) -> Orthosis:
    """Return one sheet; with every parameter zero nothing is predicted.

    Parameters
    ----------
    parameters : OrthosisParameters
    side : 'left', 'right' or 'both'
    because : tuple of Because
    today : date
    predicted : tuple of (str, Estimate)
        What the model predicts for these parameters.
    """
    stop = today + timedelta(weeks=TRIAL_WEEKS)
    is_zero = not any(_amounts(parameters))
    kept = () if is_zero else predicted
    return Orthosis(
        id=f"orthosis.{side}",
        title=say("plan.title_orthosis") if side == "both" else say("plan.title_orthosis_side", side=side),
        because=because,
        sentences=(
            *_said(parameters, stop, any(b.sentence.key.endswith("heel") for b in because)),
            *_effect(kept, is_zero),
        ),
        side=side,
        **vars(parameters),
        trial_weeks=TRIAL_WEEKS,
        stop_on=stop,
        predicted=kept,
    )


def resheeted(made: Orthosis, parameters: OrthosisParameters, because: Because) -> Orthosis:
    """Return a sheet with the values a clinician chose; nothing is predicted of them until it is computed anew.

    Parameters
    ----------
    made : Orthosis
        As it was proposed.
    parameters : OrthosisParameters
    because : Because
        Why they are others.
    """
    chosen = _numbers("edit.orthosis_values", parameters)
    kept = [s for s in made.sentences if s.key not in EFFECT_KEYS]
    told = [chosen if s.key == "plan.orthosis_parameters" else s for s in kept]
    return replace(
        made,
        because=(*made.because, because),
        sentences=(*told, *_effect((), not any(_amounts(parameters)))),
        **vars(parameters),
        predicted=(),
    )


def _amounts(parameters: OrthosisParameters) -> tuple[float, ...]:
    p = parameters
    return (p.rearfoot_posting_deg, p.forefoot_posting_deg, p.arch_mm, p.heel_lift_mm)


def _numbers(key: str, parameters: OrthosisParameters) -> Sentence:
    """Return the sentence of the ledger that names every value."""
    rearfoot, forefoot, arch, lift = (f"{amount:g}" for amount in _amounts(parameters))
    return say(key, rearfoot=rearfoot, forefoot=forefoot, arch=arch, lift=lift, material=parameters.material)


def _said(parameters: OrthosisParameters, stop: date, is_heel: bool) -> tuple[Sentence, ...]:
    return (
        say("plan.orthosis_prefabricated") if is_heel else say("plan.orthosis_custom"),
        _numbers("plan.orthosis_parameters", parameters),
        say("plan.orthosis_average"),
        say("plan.orthosis_trial", weeks=TRIAL_WEEKS, stop=stop.isoformat()),
        say("plan.orthosis_skin"),
        say("plan.orthosis_never_prevent"),
        *(() if is_heel else (say("plan.orthosis_against"),)),
    )


def _effect(predicted: tuple[tuple[str, Estimate], ...], is_zero: bool) -> tuple[Sentence, ...]:
    if is_zero:
        return (say("plan.orthosis_zero"),)
    if not predicted:
        return (say("plan.orthosis_no_prediction"),)
    return tuple(
        say(
            "plan.orthosis_predicted",
            name=name,
            value=f"{e.value:+.3g}",
            low=f"{e.low:+.3g}",
            high=f"{e.high:+.3g}",
            unit=e.unit,
        )
        for name, e in predicted
    )
