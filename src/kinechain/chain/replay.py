"""Experiments done in the simulation: the same people without and with what was altered, arm by arm.

Nothing here knows what was published; see `kinechain.chain.validate`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kinechain.chain.alter import alter
from kinechain.chain.change import Change
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.experiments import Experiment
from kinechain.chain.links import compute_links
from kinechain.chain.outputs import is_target, pick_output
from kinechain.chain.situation import ChainModel, Situation
from kinechain.chain.stand import one_leg, standing_situation
from kinechain.chain.study_people import Group
from kinechain.chain.targets import compute_targets
from kinechain.core.arrays import FloatArray, Immutable
from kinechain.core.errors import SolveError
from kinechain.recording.recording import Side

__all__ = ["Answers", "Bench", "Stood", "draw_amounts", "joined_answers", "replay", "statistic"]

#: Coefficient of friction under the people of a study (assumption: the upper end of dry floors). It alters no posture;
#: it only tells who slides off, and nobody of any study is told to have: they stepped onto what they stood on.
_FRICTION = 1.0


@dataclass(frozen=True, eq=False)
class Answers(Immutable):
    """What people showed who stood through all arms of an experiment.

    Attributes
    ----------
    before : (case, output) array
        Under the baseline, printed units.
    changes : (case, arm, output) array
        Less the baseline.
    world : (case,) array
    amounts : (case,) array
        What was drawn for each; of no meaning where nothing was.
    failed : Counter
        Why people left out did not stand.
    """

    before: FloatArray
    changes: FloatArray
    world: FloatArray
    amounts: FloatArray
    failed: Counter[str]

    def case(self, which: int | NDArray[np.bool_]) -> Answers:
        """Return the answers of some of the people."""
        some = slice(which, which + 1) if isinstance(which, int) else which
        return Answers(self.before[some], self.changes[some], self.world[some], self.amounts[some], self.failed)


@dataclass(frozen=True, eq=False)
class Stood(Immutable):
    """How one group stands under some changes.

    Attributes
    ----------
    links : (case, link) array, rad or m
    targets : (case, target) array or None
        None where no load was asked.
    reason : tuple of str
        Why a case does not stand, '' where it does.
    """

    links: FloatArray
    targets: FloatArray | None
    reason: tuple[str, ...]


@dataclass(frozen=True)
class Bench:
    """Groups of people with what was computed of them already, so that experiments of one input share their solves.

    Attributes
    ----------
    groups : tuple of Group
    situations : dict of (group, task) to Situation and reasons
    stood : dict of (group, task, changes, whether loads) to Stood
        Filled as experiments ask.
    """

    groups: tuple[Group, ...]
    situations: dict[tuple[int, str], tuple[Situation, tuple[str, ...]]]
    stood: dict[tuple[int, str, tuple[str, ...], bool], Stood]

    @classmethod
    def of(cls, groups: Sequence[Group]) -> Bench:
        """Return a bench on which nothing stood yet."""
        return cls(tuple(groups), {}, {})


def replay(experiment: Experiment, bench: Bench, seed: int, say: Callable[[str], None] = lambda _: None) -> Answers:
    """Do a standing experiment with every group of a bench.

    Parameters
    ----------
    experiment : Experiment
        With outputs.
    bench : Bench
    seed : int
        Of the drawn amounts.
    say : callable
        Told which arm is done.
    """
    loads = any(is_target(o) for o in experiment.outputs)
    parts = []
    for g, group in enumerate(bench.groups):
        amounts = draw_amounts(experiment, len(group.unknowns), seed + g)
        told = None if experiment.drawn is None else amounts
        arms = [_stood(bench, g, experiment.task, experiment.baseline, loads, None)]
        for arm in experiment.arms:
            say(" + ".join(c.text for c in arm))
            arms.append(_stood(bench, g, experiment.task, arm, loads, told))
        parts.append(_answers(experiment, arms, group, amounts))
    return joined_answers(parts)


def draw_amounts(experiment: Experiment, count: int, seed: int) -> FloatArray:
    """Return the drawn amount of every person, (count,) array, within what the change accepts; zeros if none is."""
    if experiment.drawn is None:
        return np.zeros(count)
    mean, sd = experiment.drawn
    low, high = experiment.arms[0][0].limits
    return np.clip(np.random.default_rng(seed).normal(mean, sd, count), low, high)


def joined_answers(parts: Sequence[Answers]) -> Answers:
    """Return the answers of several groups as one."""
    failed: Counter[str] = Counter()
    for part in parts:
        failed += part.failed
    before, changes, world, amounts = (
        np.concatenate([getattr(p, n) for p in parts]) for n in ("before", "changes", "world", "amounts")
    )
    return Answers(before, changes, world, amounts, failed)


def statistic(experiment: Experiment, answers: Answers) -> float:
    """Return what an experiment looks at, over the people who stood; NaN where nobody did."""
    changes, before = answers.changes, answers.before
    if not len(changes):
        return float("nan")
    last = changes[:, -1].mean(axis=1)
    base = before.mean(axis=1)
    if experiment.measure == "change":
        return float(last.mean())
    if experiment.measure == "value":
        return float((base + last).mean())
    if experiment.measure == "ratio":
        return float(((base + last) / base).mean())
    if experiment.measure == "percent change":
        return float((100.0 * last / base).mean())
    if experiment.measure == "correlation":
        found = [abs(float(np.corrcoef(answers.amounts, column)[0, 1])) for column in changes[:, -1].T]
        return found[0] if len(found) == 1 else _fading(np.array(found))
    if experiment.measure == "fading":
        table = changes[:, -1] if len(experiment.outputs) > 1 else changes[:, :, 0]
        return _fading(np.median(np.abs(table), axis=0))
    doses, means = np.array(experiment.doses), changes.mean(axis=(0, 2))
    slope = float(doses @ means / (doses @ doses))
    if experiment.measure == "slope":
        return slope
    return float(1.0 - ((means - slope * doses) ** 2).sum() / ((means - means.mean()) ** 2).sum())


def _fading(sizes: FloatArray) -> float:
    """Return the largest share that a size is of the one before it; infinite where something comes from nothing."""
    before, after = sizes[:-1], sizes[1:]
    shares = np.where(before > 0.0, after / np.where(before > 0.0, before, 1.0), np.where(after > 0.0, np.inf, 0.0))
    return float(shares.max())


def _answers(experiment: Experiment, arms: Sequence[Stood], group: Group, amounts: FloatArray) -> Answers:
    reasons = [next((s.reason[i] for s in arms if s.reason[i]), "") for i in range(len(amounts))]
    tables = [np.stack([pick_output(o, s.links, s.targets) for o in experiment.outputs], axis=1) for s in arms]
    values = np.stack(tables, axis=1)
    known = [bool(np.isfinite(row).all()) for row in values]
    reasons = [r or ("" if k else "a load could not be computed") for r, k in zip(reasons, known, strict=True)]
    kept = np.array([r == "" for r in reasons], dtype=bool)
    return Answers(
        before=values[kept, 0],
        changes=values[kept, 1:] - values[kept, :1],
        world=group.world[kept],
        amounts=amounts[kept],
        failed=Counter(r for r in reasons if r),
    )


def _stood(
    bench: Bench, g: int, task: str, changes: tuple[Change, ...], loads: bool, amounts: FloatArray | None
) -> Stood:
    """Return how a group stands under some changes, from the bench if it stood so already."""
    place = (g, task, tuple(c.text for c in changes), loads)
    if amounts is None and place in bench.stood:
        return bench.stood[place]
    if (g, task) not in bench.situations:
        bench.situations[g, task] = _situation(bench.groups[g], task)
    situation, unfit = bench.situations[g, task]
    found = _stand(bench.groups[g].model, situation, unfit, changes, loads, amounts)
    if amounts is None:
        bench.stood[place] = found
    return found


def _situation(group: Group, task: str) -> tuple[Situation, tuple[str, ...]]:
    """Return how a group is about to stand, and who cannot do the task at all."""
    both = standing_situation(group.model, group.unknowns)
    if task == "standing":
        return both, ("",) * len(both)
    side: Side = "left" if task == "one leg left" else "right"
    try:
        return one_leg(group.model, both, side), ("",) * len(both)
    except SolveError:
        each = [_on_one_leg(group.model, both.case(i), side) for i in range(len(both))]
    return Situation.joined(tuple(s for s, _ in each)), tuple(reason for _, reason in each)


def _on_one_leg(model: ChainModel, situation: Situation, side: Side) -> tuple[Situation, str]:
    """Return one person on one leg, or on both with the reason."""
    try:
        return one_leg(model, situation, side), ""
    except SolveError:
        return situation, "does not stand on one leg"


def _stand(
    model: ChainModel,
    situation: Situation,
    unfit: tuple[str, ...],
    changes: tuple[Change, ...],
    loads: bool,
    amounts: FloatArray | None,
) -> Stood:
    given = None if amounts is None else [amounts]
    altered = alter(model, situation, changes, given) if changes else situation
    rest = solve_equilibrium(model, altered, friction=_FRICTION)
    reason = tuple(a or b for a, b in zip(unfit, rest.reason, strict=True))
    stands: NDArray[np.bool_] = np.array([r == "" for r in reason], dtype=bool)
    inputs = np.where(stands[:, None], rest.inputs, np.nan)
    targets = compute_targets(model, altered, replace(rest, inputs=inputs)) if loads else None
    return Stood(compute_links(model, inputs), targets, reason)
