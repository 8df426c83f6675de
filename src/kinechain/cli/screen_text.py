"""The danger signs as a terminal prints them: how urgent, what was answered, what to do, who must sign."""

from __future__ import annotations

from kinechain.care.person.person import Person
from kinechain.care.screening.red_flags import ASK
from kinechain.care.screening.screen import Flag, Screen
from kinechain.care.screening.settings import emergency_lines
from kinechain.evidence.wording import say

__all__ = ["emergency_page", "flag_lines", "screen_lines"]

#: Around the emergency page, which depends on no colour.
FRAME = "=" * 72


def screen_lines(person: Person, screen: Screen, most_open: int | None = None) -> list[str]:
    """Return the outcome of the danger signs, one paragraph a line.

    Parameters
    ----------
    person : Person
    screen : Screen
        Of the same person.
    most_open : int or None
        At most this many open questions are printed, the rest is counted; None for all.
    """
    raised = [flag for flag in screen.flags if flag.rule != ASK]
    still_open = [flag for flag in screen.flags if flag.rule == ASK]
    lock = say("terminal.locked" if screen.plan_locked else "terminal.unlocked").text
    lines = [say("terminal.screen_title", person=person.pseudonym).text, ""]
    if page := emergency_page(screen):
        lines += [*page, ""]
    level = "cleared" if screen.level == "none" and screen.cleared else screen.level
    lines += [f"{say(f'terminal.level_{level}').text.rstrip('.')}. {lock}"]
    lines += [screen.reason] if screen.plan_locked and not raised and not still_open else []
    for flag in raised:
        lines += ["", *flag_lines(flag)]
    for flag, clearance in screen.cleared:
        values = {"clinician": clearance.clinician, "day": clearance.at.date().isoformat(), "reason": clearance.reason}
        lines += ["", *flag_lines(flag, "-"), f"      {say('terminal.flag_cleared', **values).text}"]
    if screen.contradictions:
        lines += ["", say("terminal.contradictions_title").text]
        lines += [f"  ! {sentence}" for sentence in screen.contradictions]
    if still_open and screen.level == "emergency":  # Nothing pushes whom to call off the screen.
        lines += ["", say("terminal.open_can_wait", count=len(still_open)).text]
    elif still_open:
        lines += ["", say("terminal.open_title", count=len(still_open)).text]
        lines += [f"  ? {flag.asked} ({flag.answer})" for flag in still_open[:most_open]]
        if more := len(still_open[most_open:]) if most_open is not None else 0:
            lines.append(f"  {say('terminal.open_more', count=more).text}")
    if screen.not_asked and most_open is None and screen.level != "emergency":
        names = ", ".join(screen.not_asked)
        lines += ["", say("terminal.open_other_title", count=len(screen.not_asked), names=names).text]
    return lines


def emergency_page(screen: Screen) -> list[str]:
    """Return the emergency page of a person in a frame, nothing if there is no emergency.

    Parameters
    ----------
    screen : Screen
    """
    lines = emergency_lines(screen)
    return [FRAME, *lines, FRAME] if lines else []


def flag_lines(flag: Flag, mark: str = "!") -> list[str]:
    """Return one raised danger sign: urgency and question, answer, what to do, where that comes from.

    Parameters
    ----------
    flag : Flag
    mark : str
        Stands before it.
    """
    others = ", ".join(name.replace("_", " ") for name in flag.together_with)
    answer = (
        say("terminal.flag_answer_together", answer=flag.answer, others=others)
        if others
        else say("terminal.flag_answer", answer=flag.answer)
    )
    sources = ", ".join(flag.sources)
    origin = (
        say("terminal.flag_from", rule=flag.rule_id, sources=sources)
        if flag.rule_id
        else say("terminal.flag_from_question", sources=sources)
    )
    lines = [
        f"  {mark} {say(f'terminal.urgency_{flag.urgency}').text}  {flag.asked}",
        f"      {answer.text}",
        f"      {say('terminal.flag_do', action=flag.rule).text}",
        f"      {origin.text}",
    ]
    return [*lines, f"      {say('terminal.flag_sign_off').text}"] if flag.needs_sign_off else lines
