"""What is said and done without a dose: safety, what is known of the pain, walking, skin, taping, weight."""

from __future__ import annotations

from collections.abc import Iterable

from kinechain.care.person.choices import choices
from kinechain.care.person.complaint import (
    exam_values,
    has_back_pain,
    has_foot_pain,
    has_heel_pain,
    has_pain,
    is_insensate,
)
from kinechain.care.person.questionnaires import startback_group
from kinechain.care.planning.contraindications import against, is_kept_away
from kinechain.care.planning.plan import Advice, Because
from kinechain.care.planning.reasons import (
    because_driver,
    because_history,
    because_no_pain,
    because_pain,
    because_rule,
    because_unsettled,
)
from kinechain.care.planning.situation import Situation
from kinechain.evidence.ledger import common_sentences
from kinechain.evidence.wording import Sentence, say

__all__ = [
    "chain_advice",
    "education",
    "prevention",
    "risk",
    "risk_group",
    "safety",
    "skin",
    "taping",
    "walking",
    "SHORT_STANCE_S",
]

#: A one-leg stance shorter than this, s, is a reason to think about falls (rule R4.8, bohannon2006).
SHORT_STANCE_S = 5.0

STOP = (
    "stop_frame",
    "stop_emergency",
    "stop_hot",
    "stop_nerve",
    "stop_chest",
    "stop_snap",
    "stop_harm",
    "stop_pain",
    "nobody_watches",
)


def safety(situation: Situation) -> tuple[Advice, ...]:
    """Return what to do if something goes wrong, and how much pain and soreness is fine.

    Parameters
    ----------
    situation : Situation
    """
    person = situation.person
    thinners = ("stop_blood_thinners",) if _may_be(person.conditions.get("anticoagulants")) else ()
    stop = tuple(say(f"plan.{key}") for key in (*STOP[:-1], *thinners, STOP[-1]))
    numb = (say("plan.skin_no_pain"),) if is_insensate(person) else ()
    if is_kept_away("walking_programme", situation.known) and _may_be_pregnant(situation):
        stop = (say("plan.pregnancy_first"), *stop)
    return (
        Advice(
            id="safety.stop",
            title=say("plan.title_stop"),
            because=(because_rule("R0.2"), because_rule("R0.5")),
            sentences=stop,
            topic="safety",
        ),
        Advice(
            id="safety.pain_rule",
            title=say("plan.title_pain_rule"),
            because=(because_rule("R6.1"),),
            sentences=(*common_sentences("pain_rule"), *numb),
            topic="safety",
        ),
        Advice(
            id="safety.soreness",
            title=say("plan.title_soreness"),
            because=(because_rule("R6.5"),),
            sentences=common_sentences("soreness_rule"),
            topic="safety",
        ),
        *_falls(situation),
    )


def _may_be_pregnant(situation: Situation) -> bool:
    return _may_be(situation.person.screen.get("pregnancy"))


def _may_be(answer: str | None) -> bool:
    """Return whether an answer leaves a yes possible; a question nobody asked does not (`plan.not_asked` names it)."""
    return answer in ("yes", "unknown", "skipped")


def falls_reasons(situation: Situation) -> tuple[Because, ...]:
    """Return why falls are thought of, empty if they are not (rule R4.8).

    Parameters
    ----------
    situation : Situation
    """
    short = [e for e in exam_values(situation.person, "single_leg_stance", "s") if e.value < SHORT_STANCE_S]
    fell = situation.person.conditions.get("falls_last_year") == "yes"
    told = (because_history("conditions.falls_last_year", "a fall in the last year"),) if fell else ()
    return ((because_rule("R4.8"),) if short else ()) + told


def _falls(situation: Situation) -> Iterable[Advice]:
    if reasons := falls_reasons(situation):
        yield Advice(
            id="safety.falls",
            title=say("plan.title_balance"),
            because=reasons,
            sentences=(say("plan.edu_falls"),),
            topic="safety",
        )


def education(situation: Situation) -> tuple[Advice, ...]:
    """Return what is known of such pain, how it usually goes on, and what helps most people.

    Parameters
    ----------
    situation : Situation
    """
    back, heel, foot = (f(situation.person) for f in (has_back_pain, has_heel_pain, has_foot_pain))
    rules = [("R5.1", back), ("R5.2", heel), ("R5.6", foot and not heel)]
    because = tuple(because_rule(rule) for rule, holds in rules if holds)
    known: list[Sentence] = []
    if back:
        known += [
            say("plan.edu_common"),
            say("plan.edu_posture"),
            say("plan.edu_active"),
            say("plan.edu_active_clinician"),
        ]
        known += [say("plan.edu_exercise_effect"), say("plan.edu_hands_on")]
    known += [say("plan.edu_heel")] if heel else [say("plan.edu_foot")] if foot else []
    known += [say("plan.edu_pain_link")] if back and foot else []
    told = because_pain(situation.person)
    parts = [
        Advice(
            id="education.pain",
            title=say("plan.title_understand"),
            because=(*because, told),
            sentences=tuple(known) or (say("plan.edu_active"),),
            topic="education",
        )
    ]
    parts += _course(back, heel)
    parts.append(
        Advice(
            id="education.few",
            title=say("plan.title_how_many"),
            because=(because_rule("R5.3"),),
            sentences=(say("plan.edu_adherence"), say("plan.edu_count")),
            topic="education",
        )
    )
    return tuple(parts)


def _course(back: bool, heel: bool) -> list[Advice]:
    reasons = [because_rule("R7.1")] if back else []
    said = [say("plan.edu_course_back")] if back else []
    if heel:
        reasons.append(because_rule("R7.1", "heel"))
        said.append(say("plan.edu_course_heel"))
    if not said:
        return []
    return [
        Advice(
            id="education.course",
            title=say("plan.title_course"),
            because=tuple(reasons),
            sentences=(*said, say("plan.edu_course_not_proof")),
            topic="education",
        )
    ]


def prevention(situation: Situation) -> tuple[Advice, ...]:
    """Return what is said to a person without pain.

    Parameters
    ----------
    situation : Situation
    """
    return (
        Advice(
            id="education.prevention",
            title=say("plan.title_prevention"),
            because=(because_rule("R5.1"), because_no_pain()),
            sentences=(say("plan.edu_prevention"), say("plan.edu_adherence"), say("plan.edu_count")),
            topic="education",
        ),
    )


def chain_advice(situation: Situation, answered: frozenset[str]) -> tuple[Advice, ...]:
    """Return what the chain says as a whole, and the drivers that no exercise answers.

    Parameters
    ----------
    situation : Situation
    answered : frozenset of str
        `Player.key` of the drivers that an exercise of the plan answers.
    """
    drivers = situation.drivers
    if drivers is None:
        return ()
    said = {"undetermined": "undetermined", "nothing supported": "nothing_in_chain", "supported": "supported"}
    if situation.players:
        shares = dict(zip((p.key for p in drivers.players), drivers.p_relevant, strict=True))
        because = tuple(because_driver(p, shares[p.key]) for p in situation.players)
    else:
        because = (because_unsettled("undetermined" if drivers.undetermined else "none supported"),)
    whole = Advice(
        id="education.chain",
        title=say("plan.title_chain"),
        because=because,
        sentences=(say(f"plan.edu_{said[situation.support]}"),),
        topic="education",
    )
    return (whole, *_unanswered(situation, because, answered))


def _unanswered(situation: Situation, because: tuple[Because, ...], answered: frozenset[str]) -> Iterable[Advice]:
    answerable = {player for choice in choices() for player in choice.players}
    for player, reason in zip(situation.players, because, strict=False):
        if player.key not in answered:
            why = say("plan.edu_not_answered" if player.id in answerable else "plan.edu_no_exercise_for")
            leg = (say("plan.edu_leg_length_first"),) if player.id == "leg_length" else ()
            yield Advice(
                id=f"education.driver.{player.key.replace(' ', '.')}",
                title=say("plan.title_chain_driver", name=player.name),
                because=(reason,),
                sentences=(why, *leg),
                side=player.side if player.side in ("left", "right", "both") else "",
                audience="clinician",
                topic="education",
            )


def risk(situation: Situation) -> str:
    """Return the STarT Back group by rule R4.1, '' without low back pain or without the score.

    Parameters
    ----------
    situation : Situation
    """
    score = next((s for s in situation.person.questionnaires if s.id == "startback"), None)
    return startback_group(score) if score is not None and has_back_pain(situation.person) else ""


def risk_group(situation: Situation) -> tuple[Advice, ...]:
    """Return what the STarT Back group asks for, for the clinician.

    Parameters
    ----------
    situation : Situation
    """
    group = risk(situation)
    if not group:
        return ()
    return (
        Advice(
            id="education.risk_group",
            title=say("plan.title_risk_group"),
            because=(because_rule("R4.1"), because_history("questionnaires.startback", f"STarT Back group {group}")),
            sentences=(say(f"plan.edu_risk_{group}"),),
            audience="clinician",
            topic="education",
        ),
    )


def walking(situation: Situation) -> tuple[Advice, ...]:
    """Return how much to walk, from where the person is now.

    Parameters
    ----------
    situation : Situation
    """
    person = situation.person
    against_it = against("walking_programme", situation.known)
    blocking = [c for c in against_it if c.effect != "restrict"]
    minutes, steps = person.history.activity_minutes, person.history.steps_per_day
    if blocking:
        said = [say("plan.walk_clinician"), *dict.fromkeys(c.sentence for c in blocking), say("plan.walk_instead")]
    else:
        said = [say("plan.walk_start")]
        said += [say("plan.walk_minutes", minutes=f"{minutes:.0f}")] if minutes is not None else []
        said += [say("plan.walk_steps", steps=f"{steps:.0f}")] if minutes is None and steps is not None else []
        said += [say("plan.walk_measure_first")] if minutes is None and steps is None else []
        said += [say("plan.walk_grow"), *dict.fromkeys(c.sentence for c in against_it)]
        said += [say("plan.walk_foot")] if has_foot_pain(person) else []
        said += [say("plan.walk_evidence")] if has_back_pain(person) else []
    reasons = [because_rule("R5.1" if has_back_pain(person) or not has_pain(person) else "R6.1")]
    if minutes is not None:
        reasons.append(because_history("history.activity_minutes", f"{minutes:.0f} minutes of activity a week"))
    return (
        Advice(
            id="walking.programme",
            title=say("plan.title_walking"),
            because=tuple(reasons),
            sentences=tuple(said),
            topic="walking",
        ),
    )


def skin(situation: Situation) -> tuple[Advice, ...]:
    """Return how to look after feet that may feel less (rule R3.4).

    Parameters
    ----------
    situation : Situation
    """
    if not is_insensate(situation.person):
        return ()
    return (
        Advice(
            id="footwear.skin",
            title=say("plan.title_skin"),
            because=(because_rule("R3.4"),),
            sentences=(say("plan.skin_look"), say("plan.skin_shoes"), say("plan.skin_wound")),
            topic="footwear",
        ),
    )


def taping(situation: Situation) -> tuple[Advice, ...]:
    """Return low-dye taping for heel pain, for the clinician, unless something speaks against it.

    Parameters
    ----------
    situation : Situation
    """
    if not has_heel_pain(situation.person) or is_kept_away("low_dye_taping", situation.known):
        return ()
    return (
        Advice(
            id="taping.low_dye",
            title=say("plan.title_taping"),
            because=(because_rule("R5.2"), because_pain(situation.person)),
            sentences=(say("plan.tape_option"), say("plan.tape_who")),
            audience="clinician",
            topic="taping",
        ),
    )
