"""Page one: what is dangerous, outside, within, unknown, and what to do next.

Says no more than the assessment holds.  It ranks what stands outside its usual range by
how far, it never weighs measures against each other, and it names no driver.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kinechain.care.finding import Finding, Unmeasured
from kinechain.care.person import Person
from kinechain.care.red_flags import ASK
from kinechain.care.screen import Screen
from kinechain.report.words import named, norm_words, value_words

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = ["LINKS", "Link", "LinkSide", "ScreenWords", "Verdict", "find_verdict", "link_of", "render_verdict"]

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

#: With fewer strides than this the report asks for more (a choice of this project: five per side).
FEW_STRIDES = 10

LEVEL_TITLES = {
    "none": "Screened: no danger sign",
    "routine": "Screened: a sign for a routine visit",
    "soon": "Danger sign: see a clinician soon",
    "next_working_day": "Danger sign: see a clinician on the next working day",
    "same_day": "Danger sign: see a clinician today",
    "emergency": "Danger sign: emergency",
    "not_screened": "Not screened",
}


@dataclass(frozen=True)
class ScreenWords:
    """The danger-sign status as printed.

    Attributes
    ----------
    tone : 'stop', 'warn' or 'calm'
    title, sentence : str
    flags : tuple of str
        One sentence per sign.
    """

    tone: Literal["stop", "warn", "calm"]
    title: str
    sentence: str
    flags: tuple[str, ...]


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
    """

    side: Literal["left", "right", "both"]
    state: State
    brief: str
    names: str = ""


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
    links : tuple of Link
        From the sole up.
    drivers : str
        Why no driver is named.
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
    links: tuple[Link, ...]
    drivers: str
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
    within = tuple(f for f in assessment.findings if f.verdict == "within")
    unknown = tuple(f for f in assessment.findings if f.verdict == "unknown")
    edge = tuple(f for f in unknown if _touches_edge(f))
    unjudged = tuple(f for f in unknown if not _touches_edge(f))
    lists = (tuple(outside), within, edge, unjudged)
    return Verdict(
        screen_words(assessment.screen, assessment.person),
        _headline(lists, assessment.unmeasured),
        *lists,
        links=_links(assessment.findings),
        drivers=_drivers(assessment.screen, assessment.person),
        mind=_change_of_mind(lists, assessment),
        next_tests=_next_tests(assessment),
    )


def _touches_edge(finding: Finding) -> bool:
    """True if the verdict is open only because the interval reaches over an edge of the range."""
    norm, estimate = finding.norm, finding.estimate
    return norm is not None and any(estimate.low <= edge <= estimate.high for edge in (norm.low, norm.high))


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
        sentence = (
            "The danger-sign questions were not answered, so this report gives measures only: no plan, no drivers."
        )
    elif screen.level == "none":
        sentence = "Every emergency question was answered with no, and no other sign is present."
    elif screen.plan_locked:
        sentence = "The plan is locked until a clinician has cleared the signs below: measures only."
    else:
        sentence = "A clinician should see the signs below."
    if screen.reason and screen.reason not in sentence:
        sentence = f"{sentence} {screen.reason}"
    if is_young:
        sentence = f"{sentence} Under 18: measures only; please see a clinician."
    flags = tuple(
        f"{flag.question or flag.id.replace('_', ' ')}: {flag.answer}. {flag.rule}".strip() for flag in screen.flags
    )
    return ScreenWords(tone, LEVEL_TITLES.get(screen.level, screen.level), sentence, flags)


def _headline(lists: Lists, unmeasured: tuple[Unmeasured, ...]) -> str:
    outside, within, edge, unjudged = (len(v) for v in lists)
    total = outside + within + edge + unjudged
    if not total:
        return f"No measure could be taken; {len(unmeasured)} are listed with the test that would give them."
    lead = f"{outside} of {total} measures lie" if outside != 1 else f"1 of {total} measures lies"
    if not outside:
        lead = f"None of {total} measures lies clearly"
    return (
        f"{lead} outside the usual range; {within} within; {edge} at its edge; {unjudged} without a range that fits; "
        f"{len(unmeasured)} not measured."
    )


def _links(findings: tuple[Finding, ...]) -> tuple[Link, ...]:
    links = []
    for name, _ in LINKS:
        mine = [f for f in findings if link_of(f.id) == name]
        midline = [f for f in mine if f.side == "both" and (name in MIDLINE or f.norm is not None)]
        sides: list[LinkSide] = []
        if midline or (name in MIDLINE and not mine):
            sides.append(_side("both", midline))
        if name not in MIDLINE or any(f.side != "both" for f in mine):
            sides += [_side(s, [f for f in mine if f.side == s]) for s in ("left", "right")]
        links.append(Link(name, tuple(sides)))
    return tuple(links)


def _side(side: Literal["left", "right", "both"], findings: list[Finding]) -> LinkSide:
    outside = [f for f in findings if f.verdict == "outside"]
    within = [f for f in findings if f.verdict == "within"]
    if outside:
        names = ", ".join(f.name for f in outside[:3]) + (f" and {len(outside) - 3} more" if len(outside) > 3 else "")
        return LinkSide(side, "outside", f"outside: {len(outside)} of {len(findings)}", names)
    if within:
        return LinkSide(side, "within", f"within: {len(within)} of {len(findings)}")
    if findings:
        return LinkSide(side, "unknown", f"cannot be judged: {len(findings)}")
    return LinkSide(side, "missing", "not measured")


def _drivers(screen: Screen, person: Person) -> str:
    text = (
        "Which link plausibly drives the complaint is not computed in this version. A measure outside its usual range "
        "is only that: many people without pain have one."
    )
    if person.age_years is not None and person.age_years < 18:
        return f"{text} Under 18 it stays locked in any case."
    if screen.level == "not_screened":
        return f"{text} It also stays locked until the danger-sign questions are answered."
    if screen.plan_locked:
        return f"{text} It also stays locked until a clinician has cleared the danger signs."
    return text


def _change_of_mind(lists: Lists, assessment: Assessment) -> tuple[str, ...]:
    """Return what observation would move a measure to another list."""
    outside, _, edge, unjudged = lists
    lines = [
        f"{named(f)}: a repeated measurement inside {norm_words(f.norm, f.estimate)} (now {value_words(f.estimate)})."
        for f in outside[:3]
    ]
    if edge:
        lines.append(f"A more exact or repeated measurement of the {len(edge)} at the edge of their range.")
    if unjudged:
        lines.append(f"A published range that fits this person and method, for the {len(unjudged)} that have none.")
    strides = sum(len(t.cycles) for t in assessment.trials)
    if assessment.trials and strides < FEW_STRIDES:
        lines.append(f"More walking: only {strides} strides were recorded.")
    return tuple(lines)


def _next_tests(assessment: Assessment) -> tuple[str, ...]:
    """Return the next best tests, the danger signs first, then those that answer most open measures."""
    counts: dict[str, list[Unmeasured]] = {}
    for item in assessment.unmeasured:
        if item.answer.next_test:
            counts.setdefault(item.answer.next_test, []).append(item)
    ranked = sorted(counts, key=lambda t: -len(counts[t]))
    lines = (
        ["Answer the danger-sign questions of the person file."] if assessment.screen.level == "not_screened" else []
    )
    for test in ranked:
        names = list(dict.fromkeys(i.name.lower() for i in counts[test]))
        answers = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        lines.append(f"{test.rstrip('.')} (for {answers}).")
    return tuple(lines)


def render_verdict(assessment: Assessment) -> str:
    """Return page one as plain text, for the terminal.

    Parameters
    ----------
    assessment : Assessment
    """
    verdict = find_verdict(assessment)
    still_open = [f for f in assessment.screen.flags if f.rule == ASK]
    lines = [f"{verdict.screen.title}. {verdict.screen.sentence}"]
    lines += [f"  ! {f.question}: {f.answer}. {f.rule}" for f in assessment.screen.flags if f not in still_open]
    lines += [f"  ? Not answered: {', '.join(f.id for f in still_open)}"] if still_open else []
    lines += [""]
    lines += [verdict.headline]
    lines += [
        f"  ▲ {named(f)}: {value_words(f.estimate)} (usual {norm_words(f.norm, f.estimate)})" for f in verdict.outside
    ]
    lines += ["", verdict.drivers]
    if verdict.next_tests:
        lines += ["", "Next best tests:", *(f"  {k}. {t}" for k, t in enumerate(verdict.next_tests[:5], 1))]
    return "\n".join(lines)
