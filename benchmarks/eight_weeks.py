"""Eight simulated weeks: what reviews, alerts and the re-test of the driver do, as docs/validation_follow_up.md prints.

::

    python benchmarks/eight_weeks.py --people 300 --seed 1

Every rate stands with its 95 % interval (Wilson).  A false alarm is an alert that asks for a clinician, or a decision
to change or refer, in a person whose true pain did not rise; a true course is known because it is put in.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from kinechain.care.follow_up.follow_up import Progress, follow_up
from simulated_people import KINDS, ONSET_WEEKS, START, Kind, Simulated, new_drivers, simulate

#: Day of each checkpoint on which the log is looked at.
LOOKS = {"day 3-7": 5, "week 2": 14, "week 6": 42, "week 8": 56}
LAST_DAY = 63


@dataclass(frozen=True)
class Eight:
    """One person's eight weeks as the code saw them at each checkpoint and at the end."""

    person: Simulated
    looks: dict[str, Progress]
    end: Progress

    def decision(self, checkpoint: str) -> str:
        """Return what the review of a checkpoint came to on its day."""
        outcome = next(r for r in self.looks[checkpoint].reviews if r.checkpoint == checkpoint).outcome
        return outcome.decision if outcome else "none"


def live(person: Simulated, seed: int) -> Eight:
    """Return the eight weeks of one person.

    Parameters
    ----------
    person : Simulated
    seed : int
        Of the drivers computed anew.
    """
    drivers = new_drivers(person, np.random.default_rng(seed))
    looks = {
        name: follow_up(
            person.events,
            person.plan,
            person.day(day),
            measures=person.before,
            drivers=drivers if day >= LOOKS["week 6"] else None,
            onset_weeks=ONSET_WEEKS,
        )
        for name, day in (*LOOKS.items(), ("end", LAST_DAY))
    }
    return Eight(person, looks, looks["end"])


def wilson(hits: int, of: int) -> str:
    """Return a share with its 95 % interval, as printed.

    Parameters
    ----------
    hits, of : int
    """
    if not of:
        return "-"
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return f"{100 * share:.1f} % ({100 * max(0.0, middle - half):.1f} to {100 * min(1.0, middle + half):.1f})"


def counted(values: Iterable[str], order: Sequence[str]) -> str:
    """Return how often each value came, as cells of a table.

    Parameters
    ----------
    values : iterable of str
    order : sequence of str
    """
    counts = Counter(values)
    return " | ".join(str(counts[value]) for value in order)


def decisions(lives: dict[Kind, list[Eight]]) -> str:
    """Return the table of decisions by kind and checkpoint.

    Parameters
    ----------
    lives : dict of kind to list of Eight
    """
    order = ("continue", "change", "refer", "not enough known")
    lines = ["| kind | checkpoint | " + " | ".join(order) + " |", "|---|---|" + "---:|" * len(order)]
    for kind, people in lives.items():
        for name in LOOKS:
            lines.append(f"| {kind} | {name} | {counted((p.decision(name) for p in people), order)} |")
    return "\n".join(lines)


def alarms(lives: dict[Kind, list[Eight]]) -> str:
    """Return the table of people with an alert, by kind.

    Parameters
    ----------
    lives : dict of kind to list of Eight
    """
    names = ("pain of a week up by 2", "two bad mornings", "any alert about pain", "danger sign", "log silent")
    lines = [f"| kind | {' | '.join(names)} | plan rested |", "|---|" + "---|" * 6]
    for kind, people in lives.items():
        cells = []
        for start in ("pain.worsening", "pain.above_two pain.worse_two", "pain.", "danger", "log."):
            hits = sum(any(a.id.startswith(tuple(start.split())) for a in p.end.alerts) for p in people)
            cells.append(wilson(hits, len(people)))
        rested = sum(any(look.suspended for look in p.looks.values()) for p in people)
        lines.append(f"| {kind} | {' | '.join(cells)} | {wilson(rested, len(people))} |")
    return "\n".join(lines)


def delays(people: Sequence[Eight], first: int) -> str:
    """Return how long after the true pain had risen by two points an alert about pain came, in words.

    Parameters
    ----------
    people : sequence of Eight
        Worsening ones.
    first : int
        So many days before the rise an alert counts as early, not as a false one.
    """
    risen = [(p, p.person.rises_on) for p in people if p.person.rises_on is not None]
    lines = []
    for name in ("pain.worsening", "pain."):
        since = [
            sorted((a.since - START).days - rise for a in p.end.alerts if a.id.startswith(name)) for p, rise in risen
        ]
        true = [min(d for d in days if d >= -first) for days in since if any(d >= -first for d in days)]
        early = sum(any(d < -first for d in days) for days in since)
        told = ", ".join(f"{q:.0f}" for q in np.percentile(true, [0, 25, 50, 75, 95, 100]))
        lines.append(
            f"{name}*: {wilson(len(true), len(risen))} alerted; days from the true rise by 2 points to the alert, "
            f"least, quarter, half, three quarters, 95 %, most: {told}; "
            f"before the rise had begun {wilson(early, len(risen))}"
        )
    return "\n".join(lines)


def exercises(lives: dict[Kind, list[Eight]]) -> str:
    """Return the table of what is said about the exercises at the checkpoints.

    Parameters
    ----------
    lives : dict of kind to list of Eight
    """
    order = ("progress", "keep", "regress", "stop", "not enough known")
    lines = ["| kind | " + " | ".join(order) + " |", "|---|" + "---:|" * len(order)]
    for kind, people in lives.items():
        actions = (d.action for p in people for name in LOOKS for d in p.looks[name].decisions)
        lines.append(f"| {kind} | {counted(actions, order)} |")
    return "\n".join(lines)


def hypotheses(people: int, seed: int) -> str:
    """Return the table of verdicts on the driver at week 8, by what is true.

    Parameters
    ----------
    people, seed : int
    """
    order = ("still supported", "weakened", "fallen", "not needed", "not tested")
    cases: tuple[tuple[str, Kind, bool], ...] = (
        ("true: the measure got better, pain followed", "responder", True),
        ("true, not reached: the measure stayed, pain stayed", "non-responder", False),
        ("false: the measure got better, pain stayed", "non-responder", True),
        ("false: the measure got better, pain rose", "worsening", True),
        ("false: the measure stayed, pain fell for another reason", "responder", False),
        ("false, but pain fell as it does anyway while the measure got better", "expected course", True),
    )
    lines = ["| truth | " + " | ".join(order) + " | dropped |", "|---|" + "---:|" * len(order) + "---|"]
    for name, kind, moves in cases:
        verdicts = []
        for number in range(people):
            person = simulate(kind, seed + number, measure_moves=moves)
            verdicts.append(live(person, seed + number).looks["week 8"].retests[0].verdict)
        dropped = sum(verdict in ("weakened", "fallen") for verdict in verdicts)
        lines.append(f"| {name} | {counted(verdicts, order)} | {wilson(dropped, people)} |")
    return "\n".join(lines)


def courses(lives: dict[Kind, list[Eight]]) -> str:
    """Return the table of the comparison with the expected course at week 6.

    Parameters
    ----------
    lives : dict of kind to list of Eight
    """
    order = ("lower than expected", "as expected", "higher than expected", "not enough known")
    lines = ["| kind | " + " | ".join(order) + " | told 'no proof' |", "|---|" + "---:|" * (len(order) + 1)]
    for kind, people in lives.items():
        seen = [p.looks["week 6"].course for p in people]
        told = sum(course.sentences[-1].key == "follow_up.course_no_proof" for course in seen)
        lines.append(f"| {kind} | {counted((c.verdict for c in seen), order)} | {told} of {len(seen)} |")
    return "\n".join(lines)


def swings(people: int, seed: int) -> str:
    """Return how false alarms and missed rises depend on how much pain swings from day to day.

    Parameters
    ----------
    people, seed : int
    """
    names = ("swing, SD", "steady: any alert about pain", "steady: week up by 2", "worsening: any alert about pain")
    lines = [f"| {' | '.join(names)} |", "|---|---|---|---|"]
    for sd, flares in ((0.3, False), (0.6, False), (1.0, False), (1.5, False), (0.6, True)):
        cells = []
        for kind, start in (("non-responder", "pain."), ("non-responder", "pain.worsening"), ("worsening", "pain.")):
            made = (simulate(kind, seed + i, swing_sd=sd, flares=flares) for i in range(people))
            ends = (follow_up(p.events, p.plan, p.day(LAST_DAY), onset_weeks=ONSET_WEEKS) for p in made)
            cells.append(wilson(sum(any(a.id.startswith(start) for a in end.alerts) for end in ends), people))
        lines.append(f"| {sd}{' and flares' if flares else ''} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    lives: dict[Kind, list[Eight]] = {
        kind: [live(simulate(kind, given.seed + i, measure_moves=kind == "responder"), i) for i in range(given.people)]
        for kind in KINDS
    }
    print(f"{given.people} people of each kind, seed {given.seed}\n")
    for table in (decisions, alarms, exercises, courses):
        print(table(lives), "\n")
    print(delays(lives["worsening"], first=14), "\n")
    print(hypotheses(given.people, given.seed), "\n")
    print(swings(given.people, given.seed))


if __name__ == "__main__":
    main()
