"""The chain on a page: how far a change climbs or descends, which drivers are supported, and the limits beside each."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kinechain.care.drivers import Candidate, Drivers, Link, NextTest, PlayerSide, TargetTable, percent
from kinechain.care.intake.foot_hint import foot_hint
from kinechain.care.person.complaint import has_back_pain
from kinechain.chain.links import LINKS, link_index
from kinechain.chain.respond import Response
from kinechain.chain.targets import TARGETS
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.evidence.wording import say
from kinechain.report.figures import FAINT, INK, MUTED, SHADE
from kinechain.report.palette import Palette
from kinechain.report.svg import Figure, line, path, rect, svg, text
from kinechain.report.words import clinical, value_words

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = [
    "ChainSection",
    "DriverRow",
    "WhatIfTable",
    "chain_figure",
    "chain_section",
    "chain_sources",
    "driver_lines",
    "driver_tests",
    "link_words",
    "no_drivers",
    "what_if_table",
]

#: Where the changes that show the chain are made, as printed.
STARTS = {
    "wedge_left": "left foot, on a wedge whose outer side is raised",
    "wedge_right": "right foot, on a wedge whose outer side is raised",
    "pelvic_tilt": "pelvis, tilted forward by the muscles of the hips",
}

#: Size of the picture and of its columns, user units.
WIDTH, ROW, TOP, NAME, NUMBER = 560.0, 30.0, 62.0, 190.0, 128.0

#: A link that turns less, rad, is not worth a line of a what-if.
LEAST_RAD = math.radians(0.05)
#: A load that changes by less than this share of what it is now, in the best estimate, is not worth one either.
LEAST_SHARE = 0.01

#: Contributions that count with less than this probability are not printed, and no more than so many rows are; all are
#: in the JSON.
LEAST_CHANCE, ROWS_SHOWN = 0.05, 16


@dataclass(frozen=True)
class DriverRow:
    """What one player contributes to one target, as printed.

    Attributes
    ----------
    player, side, target, contribution, interval, chance, share, floor, grade : str
        ``share`` is '' unless all contributions to the target have one sign.
    """

    player: str
    side: str
    target: str
    contribution: str
    interval: str
    chance: str
    share: str
    floor: str
    grade: str


@dataclass(frozen=True)
class WhatIfTable:
    """What one change would do, as printed.

    Attributes
    ----------
    change : str
        As ``kinechain whatif`` reads it.
    links, loads : tuple of (name, change with interval, and for loads the value now)
        Largest first; only what is more than nothing.
    unsure : str
        What of it could go either way.
    """

    change: str
    links: tuple[tuple[str, str], ...]
    loads: tuple[tuple[str, str, str], ...]
    unsure: str


@dataclass(frozen=True)
class ChainSection:
    """Everything the pages say about the chain.

    Attributes
    ----------
    figures : tuple of Figure
        Upwards and downwards; empty where no chain was computed.
    gains : tuple of (from, to, value with interval, grade)
    limits : tuple of str
        What to hold beside the gains, each with its source keys.
    note : str
        How the pictures are read.
    verdict : str
        Which drivers are supported, or why none is named.
    what_ifs : tuple of WhatIfTable
    sets : tuple of (names, probability in words)
    rows : tuple of DriverRow
    tests, treatments, priors, groups, notes : tuple of str
    not_players : tuple of (name, side, reason, next test)
    """

    figures: tuple[Figure, ...]
    gains: tuple[tuple[str, str, str, str], ...]
    limits: tuple[str, ...]
    verdict: str
    note: str = ""
    what_ifs: tuple[WhatIfTable, ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    rows: tuple[DriverRow, ...] = ()
    tests: tuple[str, ...] = ()
    treatments: tuple[str, ...] = ()
    priors: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    not_players: tuple[tuple[str, str, str, str], ...] = ()


def chain_section(assessment: Assessment, palette: Palette | None = None) -> ChainSection:
    """Put the chain of an assessment into words and pictures.

    Parameters
    ----------
    assessment : Assessment
    palette : Palette, optional
    """
    palette = palette or Palette()
    chain = assessment.chain
    if chain is None:
        return ChainSection((), (), (), no_drivers(assessment))
    drivers = chain.drivers
    groups = _by_start(chain.links)
    return ChainSection(
        figures=tuple(chart for start, links in groups if (chart := chain_figure(start, links, palette)) is not None),
        gains=tuple(_gain(link) for link in chain.links),
        limits=chain.limits,
        verdict=drivers.verdict,
        note=say("report.coupling").text,
        what_ifs=tuple(what_if_table(r) for r in chain.what_ifs),
        sets=_sets(drivers),
        rows=tuple(_rows(drivers)),
        tests=tuple(_tests(drivers)),
        treatments=tuple(_treatments(drivers)),
        priors=(*drivers.priors, *_sensitivity(drivers)),
        groups=(*_groups(drivers), *filter(None, [_unmoved(drivers)])),
        notes=(drivers.direction_reason, *drivers.notes, *chain.notes),
        not_players=tuple((p.name, p.side, p.reason, p.next_test) for p in drivers.not_players),
    )


def no_drivers(assessment: Assessment) -> str:
    """Return why no driver is named, in one sentence.

    Parameters
    ----------
    assessment : Assessment
    """
    reason = assessment.no_chain or say("report.chain_not_computed").text
    return f"{reason} {say('report.outside_range').text}"


def driver_lines(assessment: Assessment) -> list[str]:
    """Return what the terminal says of the drivers.

    Parameters
    ----------
    assessment : Assessment
    """
    chain = assessment.chain
    if chain is None:
        return [no_drivers(assessment)]
    drivers = chain.drivers
    lines = [drivers.verdict]
    names = _names(drivers)
    for key, p in zip((p.key for p in drivers.players), drivers.p_relevant, strict=True):
        said = say("drivers.adds_load", name=names[key], chance=percent(p), most=_most(drivers, key))
        lines.append(f"  {said.text}")
    # Where the pain began and what brings it on shifts where to look first; it never enters the computation.
    return [*lines, f"  {foot_hint(assessment.person).sentence.text}"] if has_back_pain(assessment.person) else lines


def _most(drivers: Drivers, key: str) -> str:
    """Return to which load a player adds most surely, as the end of a sentence; '' if to none."""
    found = [(table, c) for table in drivers.targets for c in table.candidates if c.key == key]
    table, surest = max(found, key=lambda row: (row[1].p_relevant, row[1].contribution / row[0].floor.value))
    if surest.p_relevant < LEAST_CHANCE:
        return ""
    estimate = clinical(Estimate(surest.contribution, surest.low, surest.high, surest.unit, "computed by this project"))
    return f", most surely to {table.name}{_of(table.side)}: {_signed(estimate)}"


def chain_sources(assessment: Assessment) -> tuple[str, ...]:
    """Return the keys of every source behind what is said of the chain, sorted.

    Parameters
    ----------
    assessment : Assessment
    """
    chain = assessment.chain
    if chain is None:
        return ()
    keys = {key for link in chain.links for key in link.sources}
    keys |= {key for player in chain.drivers.players for key in player.sources}
    keys |= {key for line in chain.limits for key in re.findall(r"\[(\w+)\]", line)}
    return tuple(sorted(keys))


def driver_tests(assessment: Assessment) -> list[str]:
    """Return the tests that would settle most of which parameter carries load, best first.

    Parameters
    ----------
    assessment : Assessment
    """
    return [] if assessment.chain is None else list(_tests(assessment.chain.drivers))


# Pictures.


def _by_start(links: Sequence[Link]) -> list[tuple[str, list[Link]]]:
    groups: dict[str, list[Link]] = {}
    for link in links:
        groups.setdefault(link.start, []).append(link)
    return list(groups.items())


def chain_figure(start: str, links: Sequence[Link], palette: Palette) -> Figure | None:
    """Draw how much of a change at one link arrives at the others, the head on top.

    Parameters
    ----------
    start : str
        Where the change is made, as printed.
    links : sequence of Link
        From the sole up; of one start.
    palette : Palette
    """
    if not links:
        return None
    high = max(max(abs(k.gain.low), abs(k.gain.high)) for k in links) or 1.0
    height = TOP + ROW * len(links) + 30.0
    middle = NAME + (WIDTH - NAME - NUMBER) / 2
    scale = (WIDTH - NAME - NUMBER) / 2 / high
    where = STARTS[start]
    parts = [text(0, 16, f"From the {where}", "ink", font_size=13.0, font_weight=600, fill=INK)]
    words = f"degrees per degree there; bar: best estimate, line: 95 % interval; grade: {links[0].grade}"
    parts.append(text(0, 34, words, "muted", font_size=11.0, fill=MUTED))
    parts.append(line(middle, TOP - 14, middle, height - 24, "zero", stroke=MUTED, stroke_width=1.0))
    for place, link in enumerate(reversed(links)):
        parts += _row(link, TOP + ROW * place, middle, scale, palette)
    said = "; ".join(f"{link_words(k)}: {k.gain.value:.2f} ({k.gain.low:.2f} to {k.gain.high:.2f})" for k in links)
    alt = f"What arrives of a degree at the {where}. {said}."
    return Figure(svg(WIDTH, height, parts, alt), f"From the {where}", alt)


def link_words(link: Link) -> str:
    """Return how the end of a link is printed.

    Parameters
    ----------
    link : Link
    """
    end = LINKS[link_index(link.end)]
    # What a name explains after its comma stands in the documentation.
    return f"{end.name.split(',', 1)[0]}{_of(end.side)}"


def _row(link: Link, y: float, middle: float, scale: float, palette: Palette) -> Iterable[str]:
    """Draw one link: name, bar, interval, number."""
    colour = {"left": palette.left, "right": palette.right}.get(link.side, MUTED)
    kind = link.side if link.side in ("left", "right") else "muted"
    gain = link.gain
    x, low, high = (middle + scale * v for v in (gain.value, gain.low, gain.high))
    yield text(0, y + 5, link_words(link), "ink", font_size=12.0, fill=INK)
    yield line(NAME, y + 16, WIDTH - NUMBER, y + 16, "grid", stroke=FAINT, stroke_width=0.6)
    dash = "5 2" if link.side == "right" else None
    yield rect(min(x, middle), y - 6, max(abs(x - middle), 0.5), 12, f"gain {kind}", fill=SHADE, stroke=colour,
               stroke_width=1.4, stroke_dasharray=dash)  # fmt: skip
    yield line(low, y, high, y, "ink-line", stroke=INK, stroke_width=1.4)
    yield path(f"M{low:.1f} {y - 4:.1f}v8M{high:.1f} {y - 4:.1f}v8", "ink-line", stroke=INK, stroke_width=1.4)
    yield text(WIDTH, y + 5, f"{gain.value:.2f} ({gain.low:.2f} to {gain.high:.2f})", "muted", font_size=11.0,
               fill=MUTED, text_anchor="end")  # fmt: skip


def _gain(link: Link) -> tuple[str, str, str, str]:
    gain = link.gain
    return (
        STARTS[link.start],
        link_words(link),
        f"{gain.value:.2f} ({gain.low:.2f} to {gain.high:.2f}) {gain.unit}",
        link.grade,
    )


# Drivers.


def _names(drivers: Drivers) -> dict[str, str]:
    return {p.key: p.name + _of(p.side) for p in drivers.players}


def _of(side: PlayerSide) -> str:
    return f", {side}" if side in ("left", "right") else ""


def _sets(drivers: Drivers) -> tuple[tuple[str, str], ...]:
    names = _names(drivers)
    return tuple(
        (" and ".join(names[key] for key in s.drivers) or "none of them", percent(s.probability)) for s in drivers.sets
    )


def _rows(drivers: Drivers) -> Iterable[DriverRow]:
    """Return the contributions that may count, those of the painful site first, then the most probable."""
    names = _names(drivers)
    rows = [(table, c) for table in drivers.targets for c in table.candidates if c.p_relevant >= LEAST_CHANCE]
    rows.sort(key=lambda row: (row[0].site != drivers.targets[0].site, -row[1].p_relevant))
    for table, candidate in rows[:ROWS_SHOWN]:
        yield _driver_row(names, table, candidate)


def _unmoved(drivers: Drivers) -> str:
    """Return which loads no candidate adds to, in one sentence; '' if there is no candidate."""
    if not drivers.players:
        return ""
    still = [t for t in drivers.targets if all(c.p_relevant < LEAST_CHANCE for c in t.candidates)]
    if not still:
        return ""
    named = ", ".join(dict.fromkeys(t.name for t in still))
    chance = percent(LEAST_CHANCE)
    count, total = len(still), len(drivers.targets)
    return say("drivers.none_reaches", chance=chance, count=count, all=total, names=named).text


def _driver_row(names: dict[str, str], table: TargetTable, candidate: Candidate) -> DriverRow:
    estimate = clinical(
        Estimate(candidate.contribution, candidate.low, candidate.high, candidate.unit, "computed by this project")
    )
    floor = clinical(Estimate(*(table.floor.value,) * 3, table.unit, "computed by this project"))
    return DriverRow(
        player=names[candidate.key],
        side=candidate.side,
        target=table.name + _of(table.side),
        contribution=value_words(estimate),
        interval=f"{estimate.low:.3g} to {estimate.high:.3g}",
        chance=percent(candidate.p_relevant),
        share="" if candidate.share is None else f"{candidate.share:.0f} %",
        floor=value_words(floor),
        grade=candidate.grade,
    )


def _tests(drivers: Drivers) -> Iterable[str]:
    best: dict[str, NextTest] = {}
    for test in drivers.next_tests:
        best.setdefault(test.test, test)
    for words, test in best.items():
        where = "" if "both sides" in words else _of(test.side)
        yield say("report.driver_test", test=f"{words}{where}").text


def _treatments(drivers: Drivers) -> Iterable[str]:
    names = _names(drivers)
    targets = {t.target: t.name + _of(t.side) for t in drivers.targets}
    for treatment in drivers.treatments:
        made = " and ".join(names[key] for key in treatment.players)
        change = clinical(treatment.change)
        beyond = ""
        if treatment.beyond_singles is not None:
            more = clinical(treatment.beyond_singles)
            beyond = f"; {value_words(more)} of it beyond the two alone"
        yield (
            f"Make {made} typical: {targets[treatment.target]} {change.value:+.3g} {change.unit} "
            f"({change.low:.3g} to {change.high:.3g}){beyond}."
        )


def _sensitivity(drivers: Drivers) -> Iterable[str]:
    names = _names(drivers)
    for other in drivers.sensitivity:
        leading = " and ".join(names[key] for key in other.leading.drivers) or "none"
        chance, none = percent(other.leading.probability), percent(other.none_supported)
        yield say("drivers.under_other_shares", other=other.prior, leading=leading, chance=chance, none=none).text


def _groups(drivers: Drivers) -> Iterable[str]:
    names = _names(drivers)
    for group in drivers.groups:
        together = " and ".join(names[key] for key in group.players)
        yield say("drivers.not_told_apart", names=together, correlation=f"{group.correlation:.2f}").text


# What-ifs.


def what_if_table(response: Response) -> WhatIfTable:
    """Put what changes would do into words.

    Parameters
    ----------
    response : Response
    """
    turned = [(link, response.links[link.id]) for link in LINKS if link.unit == "rad"]
    moved = [(f"{k.name}{_of(k.side)}", e) for k, e in turned if abs(e.value) >= LEAST_RAD]
    loads, unsure = [], []
    for target in TARGETS:
        change, now = response.targets[target.id], response.before[target.id]
        if isinstance(change, NotMeasured) or isinstance(now, NotMeasured):
            continue
        if abs(change.value) < LEAST_SHARE * abs(now.value):
            continue
        name = f"{target.name}{_of(target.side)}"
        if change.low <= 0.0 <= change.high:
            unsure.append(name.lower())
        loads.append((name, clinical(change), clinical(now)))
    loads.sort(key=lambda row: -abs(row[1].value / row[2].value) if row[2].value else 0.0)
    return WhatIfTable(
        change=" and ".join(c.text for c in response.changes),
        links=tuple((name, _signed(clinical(e))) for name, e in moved),
        loads=tuple((name, _signed(change), value_words(now)) for name, change, now in loads),
        unsure=", ".join(unsure),
    )


def _signed(estimate: Estimate) -> str:
    return f"{estimate.value:+.3g} ({estimate.low:+.3g} to {estimate.high:+.3g}) {estimate.unit}".strip()
