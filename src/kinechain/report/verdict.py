"""Page one: what is dangerous, outside, within, unknown, and what to do next.

Says no more than the assessment holds.  It ranks what stands outside its usual range by
how far and never weighs measures against each other; drivers come from `kinechain.chain.attribute`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from kinechain.care.finding import Finding, Unmeasured
from kinechain.care.person.person import Person
from kinechain.care.planning.plan import Plan
from kinechain.care.screening.red_flags import ASK
from kinechain.care.screening.screen import Screen
from kinechain.care.screening.settings import emergency_lines
from kinechain.core.text import listed
from kinechain.evidence.wording import say
from kinechain.report.chain import driver_lines, driver_tests
from kinechain.report.loads import load_lines
from kinechain.report.words import named, norm_words, state_of, value_words

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = [
    "LINKS",
    "Link",
    "LinkSide",
    "ScreenWords",
    "Verdict",
    "find_verdict",
    "link_of",
    "plan_line",
    "render_verdict",
]

State = Literal["outside", "within", "unknown", "missing"]

#: The chain from the sole up: name as printed, and the regions of measure ids that belong to it.
LINKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Foot", ("foot", "hindfoot", "midfoot", "forefoot", "hallux", "toes", "arch", "navicular", "fpi6")),
    ("Ankle", ("ankle", "subtalar", "tibia", "shank")),
    ("Knee", ("knee",)),
    ("Hip and leg", ("hip", "leg")),
    ("Pelvis", ("pelvis", "sacrum")),
    ("Lumbar spine", ("lumbar", "spine", "l5s1", "lordosis")),
    ("Thorax", ("thorax", "trunk", "thoracic")),
)

#: Links that are one structure for both sides.
MIDLINE = ("Pelvis", "Lumbar spine", "Thorax")

#: Outside, within, at the edge, unjudged.
Lists = tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[Finding, ...], tuple[Finding, ...]]

#: Tests on page one that would settle which parameter carries load.
DRIVER_TESTS = 2

#: With fewer strides than this the report asks for more (a choice of this project: five per side).
FEW_STRIDES = 10


@dataclass(frozen=True)
class ScreenWords:
    """The danger-sign status as printed.

    Attributes
    ----------
    tone : 'stop', 'warn' or 'calm'
    title, sentence : str
    flags : tuple of str
        One sentence per sign that is present.
    open : tuple of str
        Questions without an answer that hold back a plan.
    emergency : tuple of str
        What to do now, in order; empty unless an emergency sign is raised.
    also : tuple of str
        Signs a clinician cleared, and answers that cannot both be true.
    """

    tone: Literal["stop", "warn", "calm"]
    title: str
    sentence: str
    flags: tuple[str, ...]
    open: tuple[str, ...] = ()
    emergency: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class LinkSide:
    """One link on one side.

    Attributes
    ----------
    side : 'left', 'right' or 'both'
    state : 'outside', 'within', 'unknown' or 'missing'
    brief : str
        The state in a few words, with the count behind it.
    names : str
        The measures that stand outside; '' unless the state is 'outside'.
    title : str
        Left, right, both sides, or what lies between them.
    """

    side: Literal["left", "right", "both"]
    state: State
    brief: str
    names: str = ""
    title: str = ""


@dataclass(frozen=True)
class Link:
    """One link of the chain."""

    name: str
    sides: tuple[LinkSide, ...]


@dataclass(frozen=True)
class Verdict:
    """Everything page one says.

    Attributes
    ----------
    screen : ScreenWords
    headline : str
    outside, within, edge, unjudged : tuple of Finding
        Outside ranked by distance from the range in widths of the range; ``edge``: the interval touches an
        edge of the range; ``unjudged``: no range fits this person or this method.
    differences : tuple of Finding
        Left minus right, the whole interval on one side of zero, the clearest first; also in the lists above.
    links : tuple of Link
        From the sole up.
    drivers : str
        Which parameters carry load, how surely, or why none is named.
    plan : str
        What to do, in one line; '' where there is no plan.
    mind : tuple of str
        What would change this verdict.
    next_tests : tuple of str
        Best first.
    """

    screen: ScreenWords
    headline: str
    outside: tuple[Finding, ...]
    within: tuple[Finding, ...]
    edge: tuple[Finding, ...]
    unjudged: tuple[Finding, ...]
    differences: tuple[Finding, ...]
    links: tuple[Link, ...]
    drivers: str
    plan: str
    mind: tuple[str, ...]
    next_tests: tuple[str, ...]


def link_of(measure: str) -> str | None:
    """Return the link a measure id belongs to, or None for measures of the whole gait."""
    region = measure.split(".", 1)[0]
    for name, regions in LINKS:
        if region in regions or any(region.startswith(f"{r}_") for r in regions):
            return name
    return None


def find_verdict(assessment: Assessment) -> Verdict:
    """Sort the findings of an assessment into the verdict of page one.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    Verdict
    """
    outside = sorted((f for f in assessment.findings if f.verdict == "outside"), key=_distance, reverse=True)
    within, edge, unjudged = (
        tuple(f for f in assessment.findings if state_of(f) == s) for s in ("within", "edge", "unjudged")
    )
    lists = (tuple(outside), within, edge, unjudged)
    differences = tuple(sorted(_differences(assessment.findings), key=_clearness, reverse=True))
    return Verdict(
        screen_words(assessment.screen, assessment.person),
        _headline(lists, differences, assessment.unmeasured),
        *lists,
        differences,
        links=_links(assessment.findings),
        drivers=" ".join(line.strip() for line in driver_lines(assessment)),
        plan=plan_line(assessment.plan),
        mind=_change_of_mind(lists, assessment),
        next_tests=_next_tests(assessment),
    )


def _differences(findings: Sequence[Finding]) -> list[Finding]:
    """Return the left-right differences that are clear, none where the body does not fit its markers."""
    if any(f.id == "quality.marker_fit" and f.verdict == "outside" for f in findings):
        return []
    return [f for f in findings if _is_difference(f)]


def _is_difference(finding: Finding) -> bool:
    """True for a left-right difference whose whole interval lies on one side of zero."""
    return finding.id.endswith("_difference") and not finding.estimate.low <= 0.0 <= finding.estimate.high


def _clearness(finding: Finding) -> float:
    """Return a difference in widths of its own interval."""
    return abs(finding.estimate.value) / max(finding.estimate.high - finding.estimate.low, 1e-9)


def _distance(finding: Finding) -> float:
    """Return how far a measure lies outside its range, in widths of the range."""
    if finding.norm is None:
        return 0.0
    value, norm = finding.estimate.value, finding.norm
    width = max(norm.high - norm.low, 1e-9)
    return max(norm.low - value, value - norm.high, 0.0) / width


def screen_words(screen: Screen, person: Person) -> ScreenWords:
    """Return the danger-sign status as printed, what is locked first."""
    is_young = person.age_years is not None and person.age_years < 18
    tone: Literal["stop", "warn", "calm"] = "stop"
    if screen.level == "none":
        tone = "warn" if screen.plan_locked else "calm"
    elif screen.level in ("not_screened", "routine"):
        tone = "warn"
    if screen.level == "not_screened":
        key = "report.not_screened"
    elif screen.level == "none":
        key = "report.no_sign"
    elif screen.plan_locked:
        key = "report.locked"
    else:
        key = "report.see_a_clinician"
    sentence = say(key).text
    if screen.reason and screen.reason not in sentence:
        sentence = f"{sentence} {screen.reason}"
    if is_young:
        sentence = f"{sentence} {say('report.under_18', age=18).text}"
    present = tuple(f"{f.asked} {f.answer.capitalize()}. {f.rule}".strip() for f in screen.flags if f.rule != ASK)
    unanswered = tuple(f.asked for f in screen.flags if f.rule == ASK)
    emergency = emergency_lines(screen)
    title = say(f"report.title_{screen.level}").text
    return ScreenWords(tone, title, sentence, present, unanswered, emergency, _also(screen))


def _also(screen: Screen) -> tuple[str, ...]:
    """Return the signs that were cleared, by whom and why, and the answers that contradict each other."""
    cleared = [
        say("page.cleared", who=c.clinician, day=c.at.date().isoformat(), question=flag.asked, reason=c.reason)
        for flag, c in screen.cleared
    ]
    against = [say("page.contradiction", what=sentence) for sentence in screen.contradictions]
    return tuple(said.text for said in (*cleared, *against))


def plan_line(plan: Plan | None) -> str:
    """Return the plan in one line; '' without one.

    Parameters
    ----------
    plan : Plan or None
    """
    if plan is None:
        return ""
    weeks, reviews = plan.weeks, ", ".join(plan.reviews)
    if not plan.exercises:
        return say("page.plan_without_exercises", weeks=weeks, reviews=reviews).text
    named_exercises = ", ".join(f"{e.title.text} ({e.side})" if e.side else e.title.text for e in plan.exercises)
    return say("page.plan", weeks=weeks, exercises=named_exercises, reviews=reviews).text


def _headline(lists: Lists, differences: tuple[Finding, ...], unmeasured: tuple[Unmeasured, ...]) -> str:
    outside, within, edge, unjudged = (len(v) for v in lists)
    judged = outside + within + edge
    if not judged + unjudged:
        return say("report.no_measure", count=len(unmeasured)).text
    words = say("report.no_range").text
    if judged:
        lead = {0: f"None of {judged} measures lies", 1: f"1 of {judged} measures lies"}
        some = lead.get(outside, f"{outside} of {judged} measures lie")
        words = say("report.outside_of", lead=some, within=within, edge=edge).text
    if differences:
        many = "differences are" if len(differences) != 1 else "difference is"
        found = f"{len(differences)} left-right {many}"
        words = f"{words} {say('report.differences', differences=found).text}"
    return words


def _links(findings: tuple[Finding, ...]) -> tuple[Link, ...]:
    links = []
    for name, _ in LINKS:
        mine = [f for f in findings if link_of(f.id) == name]
        if name in MIDLINE:
            links.append(Link(name, (_side("both", mine),)))
            continue
        sides = [_side(s, [f for f in mine if f.side == s]) for s in ("left", "right")]
        between = [f for f in mine if f.side == "both" and state_of(f) != "unjudged"]
        both = (replace(_side("both", between), title="Left − right"),) if between else ()
        links.append(Link(name, (*sides, *both)))
    return tuple(links)


def _side(side: Literal["left", "right", "both"], findings: list[Finding]) -> LinkSide:
    title = {"left": "Left", "right": "Right", "both": "Both sides"}[side]
    states = [state_of(f) for f in findings]
    outside, within = states.count("outside"), states.count("within")
    left_open = len(states) - outside - within
    brief = ", ".join(
        f"{count} {word}" for count, word in ((outside, "outside"), (within, "within"), (left_open, "open")) if count
    )
    if outside:
        names = [named(f) if side == "both" else f.name for f in findings if f.verdict == "outside"]
        shown = listed(names, 3)
        return LinkSide(side, "outside", brief, shown, title)
    if findings:
        return LinkSide(side, "within" if within else "unknown", brief, "", title)
    return LinkSide(side, "missing", "not measured", "", title)


def _change_of_mind(lists: Lists, assessment: Assessment) -> tuple[str, ...]:
    """Return what observation would move a measure to another list."""
    outside, _, edge, unjudged = lists
    lines = [
        say(
            "report.repeat_outside",
            name=named(f),
            range=norm_words(f.norm, f.estimate),
            value=value_words(f.estimate),
        ).text
        for f in outside[:3]
    ]
    if edge:
        lines.append(say("report.repeat_edge", count=len(edge)).text)
    if unjudged:
        lines.append(say("report.range_missing", count=len(unjudged)).text)
    strides = sum(len(t.cycles) for t in assessment.trials)
    if assessment.trials and strides < FEW_STRIDES:
        some = f"{strides} {'stride was' if strides == 1 else 'strides were'}"
        lines.append(say("report.more_walking", strides=some).text)
    return tuple(lines)


def _next_tests(assessment: Assessment) -> tuple[str, ...]:
    """Return the next best tests, the danger signs first, then those that answer most open measures.

    An emergency stops everything else (rule R0.2).
    """
    if assessment.screen.level == "emergency":
        return (say("report.danger_first").text,)
    counts: dict[str, list[Unmeasured]] = {}
    for item in assessment.unmeasured:
        if item.answer.next_test:
            counts.setdefault(item.answer.next_test, []).append(item)
    ranked = sorted(counts, key=lambda t: -len(counts[t]))
    is_open = assessment.screen.level == "not_screened" or any(flag.rule == ASK for flag in assessment.screen.flags)
    lines = [say("report.answer_danger_signs").text] if is_open else []
    lines += driver_tests(assessment)[:DRIVER_TESTS]
    for test in ranked:
        names = list(dict.fromkeys(i.name.lower() for i in counts[test]))
        answers = listed(names, 3)
        lines.append(f"{test.rstrip('.')} (for {answers}).")
    return tuple(lines)


def render_verdict(assessment: Assessment) -> str:
    """Return page one as plain text, for the terminal.

    Parameters
    ----------
    assessment : Assessment
    """
    verdict = find_verdict(assessment)
    lines = [f"{verdict.screen.title}. {verdict.screen.sentence}"]
    lines += [f"  !! {sentence}" for sentence in verdict.screen.emergency]
    lines += [f"  ! {flag}" for flag in verdict.screen.flags] + [f"  · {said}" for said in verdict.screen.also]
    still_open = [f.id for f in assessment.screen.flags if f.rule == ASK]
    lines += [f"  ? Not answered: {', '.join(still_open)}"] if still_open else []
    lines += [""]
    lines += [verdict.headline]
    lines += [
        f"  ▲ {named(f)}: {value_words(f.estimate)} (usual {norm_words(f.norm, f.estimate)})" for f in verdict.outside
    ]
    lines += [f"  ≠ {f.name}: {value_words(f.estimate)}" for f in verdict.differences]
    if loads := load_lines(assessment):
        lines += ["", *loads]
    lines += ["", *driver_lines(assessment)]
    lines += ["", verdict.plan] if verdict.plan else []
    if verdict.next_tests:
        lines += ["", "Next best tests:", *(f"  {k}. {t}" for k, t in enumerate(verdict.next_tests[:5], 1))]
    return "\n".join(lines)
