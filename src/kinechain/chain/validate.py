"""Published experiments beside the simulation: what was found, what the chain gives, and whether that is a pass.

The simulated value is the mean over people like those of the study; the spread is that between them.  The interval is
another thing: how far the mean moves between worlds that differ in what the model does not know.  Where it spans zero
the sign is not decided, and a row that hangs on the sign is *undetermined*, whatever its mean says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinechain.chain.experiments import Experiment, Label, People, Rule, read_packaged
from kinechain.chain.outputs import output_unit
from kinechain.chain.quantities import QUANTITY_UNITS, compute_quantity
from kinechain.chain.replay import Answers, Bench, replay, statistic
from kinechain.chain.study_people import draw_people, draw_worlds
from kinechain.chain.walking_replay import Answered, Walk, replay_walking
from kinechain.core.errors import KinechainError, SettingError, suggest
from kinechain.evidence.chain import noise_floor

__all__ = ["Outcome", "Settings", "judge", "select", "share_passed", "standard_error", "validate"]


@dataclass(frozen=True)
class Settings:
    """How much is computed.

    Attributes
    ----------
    seed : int
    people : int
        At least so many people per experiment: a smaller study is repeated.
    many : int
        The same where the simulated mean is held against the standard error of the study.
    worlds : int
        How often what the model does not know is drawn.
    largest_failure : float
        More people than this share may not fail to stand, or the rest would be a chosen few.
    """

    seed: int = 1
    people: int = 48
    many: int = 1008
    worlds: int = 32
    largest_failure: float = 0.25


@dataclass(frozen=True)
class Outcome:
    """One experiment, published beside simulated.

    Attributes
    ----------
    experiment : Experiment
    simulated : float or None
        Mean over people; None where it was not computed.
    low, high : float or None
        2.5 and 97.5 % of the means of worlds.
    spread : float or None
        Standard deviation between people, of a change.
    unit : str
    people : int
    passed : bool or None
        None: undetermined, not counted, or not computed; ``reason`` says which.
    reason : str
    """

    experiment: Experiment
    simulated: float | None = None
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    unit: str = ""
    people: int = 0
    passed: bool | None = None
    reason: str = ""

    @property
    def verdict(self) -> str:
        """'pass', 'miss', 'undetermined' or '-' where nothing was computed."""
        if self.simulated is None:
            return "-"
        return {True: "pass", False: "miss", None: "undetermined"}[self.passed]


def select(keys: Sequence[str], known: Mapping[str, Experiment]) -> dict[str, Experiment]:
    """Return experiments by key, by study, or all of them where nothing is asked.

    Parameters
    ----------
    keys : sequence of str
        Keys of experiments or of studies.
    known : mapping of key to Experiment

    Raises
    ------
    SettingError
        If a key names neither.
    """
    if not keys:
        return dict(known)
    names = {*known, *(e.study for e in known.values())}
    for key in keys:
        if key not in names:
            raise SettingError(f"no experiment and no study is named '{key}'. {suggest(key, names)}")
    return {k: e for k, e in known.items() if k in keys or e.study in keys}


def validate(
    experiments: Mapping[str, Experiment],
    settings: Settings = Settings(),
    say: Callable[[str], None] = lambda _: None,
    walk: Callable[[], Walk] | None = None,
) -> tuple[Outcome, ...]:
    """Run experiments and say of each whether it passes.

    Rows that a null counts with are run too, but not returned unless they were asked for.

    Parameters
    ----------
    experiments : mapping of key to Experiment
    settings : Settings
    say : callable
        Told what is being done.
    walk : callable, optional
        Returns a walk at hand; asked once, if an experiment is done in walking.  None: those are not computed.
    """
    wanted = {**_partners(experiments), **experiments}
    benches: dict[tuple[int, int, int], Bench] = {}
    answered: Answered = {}
    walking = [e for e in wanted.values() if e.task == "walking" and e.is_computed]
    at_hand = walk() if walk is not None and walking else None
    found = {}
    for key, experiment in wanted.items():
        say(experiment.title)
        try:
            if experiment.is_computed and experiment.task == "walking":
                found[key] = _run_walking(experiment, settings, at_hand, answered)
            else:
                found[key] = _run(experiment, settings, benches)
        except KinechainError as error:
            found[key] = Outcome(experiment, unit=_unit(experiment), reason=f"could not be computed: {error}")
    counted = {key: _counted_null(outcome, found) for key, outcome in found.items()}
    return tuple(counted[key] for key in experiments)


def share_passed(outcomes: Sequence[Outcome], label: Label = "predicted") -> tuple[int, int, int]:
    """Return how many counted rows of a label pass, are undetermined, and are there at all."""
    rows = [o for o in outcomes if o.experiment.label == label and o.experiment.is_counted]
    return sum(o.passed is True for o in rows), sum(o.passed is None for o in rows), len(rows)


def standard_error(experiment: Experiment) -> float:
    """Return the standard error of a published value: as published, from its p and n as a paired t test, or sd and n.

    A p that was printed as an upper limit makes it an upper limit too.
    """
    from scipy.special import stdtrit

    shown, n = experiment.published, experiment.people.n
    if shown.standard_error is not None:
        return shown.standard_error
    if shown.p is not None and n is not None and shown.value is not None:
        return abs(shown.value) / float(stdtrit(n - 1, 1.0 - shown.p / 2.0))
    if shown.sd is not None and n is not None:
        return shown.sd / math.sqrt(n)
    raise SettingError(f"'{experiment.key}' has no standard error; give published.standard_error, or n with p or sd")


def judge(
    experiment: Experiment,
    simulated: float,
    low: float | None,
    high: float | None,
    arms: Sequence[float] = (),
) -> tuple[bool | None, str]:
    """Return whether a simulated value passes the rule of an experiment, and the reason.

    Parameters
    ----------
    experiment : Experiment
        With a rule.
    simulated : float
    low, high : float or None
        Interval of what the model does not know; None where there is none.
    arms : sequence of float
        Mean change of every arm, for monotone rules.
    """
    rule = experiment.rule
    assert rule is not None
    if not math.isfinite(simulated):
        return None, "nothing could be computed"
    passed, reason = _RULES[rule.kind](experiment, rule, simulated, arms)
    hangs = rule.kind in ("sign", "monotone") or (rule.kind == "standard errors" and not rule.size)
    if hangs and low is not None and high is not None and low < 0.0 < high:
        return None, f"the sign hangs on what the model does not know ({low:.2f} to {high:.2f}); {reason}"
    return passed, reason


def _inside(experiment: Experiment, rule: Rule, value: float, arms: Sequence[float]) -> tuple[bool, str]:
    low, high = rule.low, rule.high
    shown = experiment.published
    if low is None and high is None:
        if shown.low is not None:
            low, high = shown.low, shown.high
        elif shown.value is not None and shown.sd is not None:
            low, high = shown.value - shown.sd, shown.value + shown.sd
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    return low <= value <= high, f"wanted {low:g} to {high:g}"


def _standard_errors(experiment: Experiment, rule: Rule, value: float, arms: Sequence[float]) -> tuple[bool, str]:
    shown = experiment.published.value
    assert shown is not None
    error = standard_error(experiment)
    off = abs(abs(value) - abs(shown)) if rule.size else abs(value - shown)
    words = "in size, " if rule.size else ""
    return (
        off <= rule.times * error,
        f"{words}{off / error:.1f} standard errors ({error:.2f}) off; wanted {rule.times:g}",
    )


def _sign(experiment: Experiment, rule: Rule, value: float, arms: Sequence[float]) -> tuple[bool, str]:
    turned = value if rule.direction == "+" else -value
    return turned > rule.least, f"wanted {rule.direction}" + (f", at least {rule.least:g}" if rule.least else "")


def _null(experiment: Experiment, rule: Rule, value: float, arms: Sequence[float]) -> tuple[bool, str]:
    limit = noise_floor(rule.floor).value if rule.floor else rule.limit
    assert limit is not None
    return abs(value) < limit, f"wanted less than {limit:g} in size"


def _monotone(experiment: Experiment, rule: Rule, value: float, arms: Sequence[float]) -> tuple[bool, str]:
    turned = [0.0, *(a if rule.direction == "+" else -a for a in arms)]
    steps = np.diff(turned)
    told = ", ".join(f"{a:.2f}" for a in arms)
    return bool((steps > 0.0).all()), f"wanted {rule.direction} and further at each step; got {told}"


def _at_most(experiment: Experiment, rule: Rule, value: float, arms: Sequence[float]) -> tuple[bool, str]:
    assert rule.limit is not None
    return value <= rule.limit, f"wanted at most {rule.limit:g}"


def _at_least(experiment: Experiment, rule: Rule, value: float, arms: Sequence[float]) -> tuple[bool, str]:
    assert rule.limit is not None
    return value >= rule.limit, f"wanted at least {rule.limit:g}"


def _relative(experiment: Experiment, rule: Rule, value: float, arms: Sequence[float]) -> tuple[bool, str]:
    shown, tolerance = experiment.published.value, rule.tolerance
    assert shown is not None and tolerance is not None
    return abs(value - shown) <= tolerance * abs(shown), f"wanted within {100 * tolerance:g} %"


_RULES: Mapping[str, Callable[[Experiment, Rule, float, Sequence[float]], tuple[bool, str]]] = {
    "inside": _inside,
    "standard errors": _standard_errors,
    "sign": _sign,
    "null": _null,
    "monotone": _monotone,
    "at most": _at_most,
    "at least": _at_least,
    "relative": _relative,
}


def _partners(experiments: Mapping[str, Experiment]) -> dict[str, Experiment]:
    """Return the packaged rows that nulls count with, those of the experiments left out."""
    needed = [p for e in experiments.values() if e.rule for p in e.rule.partners if p not in experiments]
    return {key: read_packaged()[key] for key in needed}


def _run(experiment: Experiment, settings: Settings, benches: dict[tuple[int, int, int], Bench]) -> Outcome:
    if not experiment.is_computed:
        return Outcome(experiment, unit=experiment.published.unit, reason=experiment.reason)
    if experiment.quantity:
        return _run_quantity(experiment, settings)
    women, men = _women_and_men(experiment, settings)
    answers = replay(experiment, _bench(benches, women, men, 0, settings), settings.seed)
    bench = _bench(benches, women, men, settings.worlds, settings)
    outcome = _outcome(experiment, settings, answers, replay(experiment, bench, settings.seed))
    others = [statistic(e, replay(e, bench, settings.seed)) for e in _alternatives(experiment)]
    return _hedged(outcome, others)


def _alternatives(experiment: Experiment) -> list[Experiment]:
    """Return the experiment as it may have been as well, as far as its input was read."""
    return [replace(experiment, arms=(arm,), unread=()) for arm in experiment.unread]


def _hedged(outcome: Outcome, others: Sequence[float]) -> Outcome:
    """Return an outcome whose verdict does not hang on what of the input was not read, or none.

    Whatever lies between the answers to the inputs that may have been is possible.
    """
    values = [v for v in others if math.isfinite(v)]
    if outcome.simulated is None or outcome.passed is None or not values:
        return outcome
    ends = [outcome.simulated, *values]
    between = np.linspace(min(ends), max(ends), 41)
    verdicts = {judge(outcome.experiment, float(v), None, None, (float(v),))[0] for v in between}
    low, high = (f([x for x in (end, *ends) if x is not None]) for f, end in ((min, outcome.low), (max, outcome.high)))
    if len(verdicts) == 1:
        return replace(outcome, low=low, high=high)
    reason = f"hangs on what of the input was not read ({between[0]:.2f} to {between[-1]:.2f}); {outcome.reason}"
    return replace(outcome, low=low, high=high, passed=None, reason=reason)


def _outcome(experiment: Experiment, settings: Settings, answers: Answers, worlds: Answers) -> Outcome:
    """Return the outcome of what people and worlds showed."""
    value, people = statistic(experiment, answers), len(answers.changes)
    unit = _unit(experiment)
    lost = answers.failed.total()
    if lost > settings.largest_failure * (lost + people):
        words = ", ".join(f"{reason} ({count})" for reason, count in sorted(answers.failed.items()))
        return Outcome(experiment, unit=unit, reason=f"{lost} of {lost + people} people cannot be computed: {words}")
    low, high = _interval(experiment, worlds)
    arms = tuple(float(x) for x in answers.changes.mean(axis=(0, 2)))
    passed, reason = judge(experiment, value, low, high, arms)
    apart = float(answers.changes[:, -1].mean(axis=1).std(ddof=1)) if people > 1 else None
    spread = apart if experiment.measure == "change" else None
    return Outcome(experiment, value, low, high, spread, unit, people, passed, reason)


def _interval(experiment: Experiment, worlds: Answers) -> tuple[float | None, float | None]:
    """Return 2.5 and 97.5 % of the statistic over worlds; None where nobody stands in most of them."""
    if experiment.measure == "correlation":
        return None, None
    values = [statistic(experiment, worlds.case(worlds.world == world)) for world in np.unique(worlds.world)]
    finite = [v for v in values if math.isfinite(v)]
    if len(finite) < 8:
        return None, None
    low, high = np.quantile(finite, [0.025, 0.975])
    return float(low), float(high)


def _run_quantity(experiment: Experiment, settings: Settings) -> Outcome:
    women, men = _women_and_men(experiment, settings)
    values = compute_quantity(experiment, draw_people(women, men, settings.seed))
    unit = QUANTITY_UNITS[experiment.quantity]
    known = values[np.isfinite(values)]
    if len(known) < (1.0 - settings.largest_failure) * len(values):
        return Outcome(experiment, unit=unit, reason="it cannot be computed for most of the people")
    # Ratios of slopes have no mean: one person in whom the lower one vanishes would be all of it.
    low, value, high = (float(x) for x in np.quantile(known, [0.025, 0.5, 0.975]))
    passed, reason = judge(experiment, value, None, None, (value,))
    spread = float(known.std(ddof=1)) if len(known) > 1 else None
    reason = f"{reason}; median and interval over people"
    return Outcome(experiment, value, low, high, spread, unit, len(known), passed, reason)


def _run_walking(experiment: Experiment, settings: Settings, walk: Walk | None, answered: Answered) -> Outcome:
    if walk is None:
        return Outcome(experiment, unit=_unit(experiment), reason="no walk is at hand")
    answers = replay_walking(experiment, walk, settings.worlds, settings.seed, answered)
    outcome = _outcome(experiment, settings, answers, answers)
    if outcome.simulated is None or experiment.measure == "fading":
        return outcome
    # One walk in many draws, as in every response in walking: the middle draw stands for it.
    each = [statistic(experiment, answers.case(i)) for i in range(len(answers.changes))]
    value, arms = float(np.median(each)), tuple(float(x) for x in np.median(answers.changes.mean(axis=2), axis=0))
    passed, reason = judge(experiment, value, outcome.low, outcome.high, arms)
    return replace(outcome, simulated=value, passed=passed, reason=f"{reason}; median of draws")


def _counted_null(outcome: Outcome, found: Mapping[str, Outcome]) -> Outcome:
    """Return a passed null as undetermined unless all rows of the same input that show something passed."""
    rule = outcome.experiment.rule
    if outcome.passed is not True or rule is None or rule.kind != "null":
        return outcome
    failing = [p for p in rule.partners if found[p].passed is not True]
    if failing:
        return replace(outcome, passed=None, reason=f"not counted, as {failing[0]} did not pass; {outcome.reason}")
    return replace(outcome, reason=f"{outcome.reason}; counted with {', '.join(rule.partners)}")


def _women_and_men(experiment: Experiment, settings: Settings) -> tuple[int, int]:
    """Return how many women and men are simulated: the study's, as often as it takes to be enough."""
    rule, people = experiment.rule, experiment.people
    enough = settings.many if rule is not None and rule.kind == "standard errors" else settings.people
    n = people.n or enough
    times = max(1, math.ceil(enough / n))
    men = _men_of(people, n) * times
    return n * times - men, men


def _men_of(people: People, n: int) -> int:
    if people.sex == "both":
        return n // 2 if people.men is None else people.men
    return n if people.sex == "male" else 0


def _bench(benches: dict[tuple[int, int, int], Bench], women: int, men: int, worlds: int, settings: Settings) -> Bench:
    """Return the bench of a population, or of its worlds, kept for the next experiment."""
    place = (min(women, 1), min(men, 1), worlds) if worlds else (women, men, 0)
    if place not in benches:
        if worlds:
            sexes = [sex for sex, count in (("female", women), ("male", men)) if count]
            benches[place] = Bench.of(draw_worlds(sexes, worlds, settings.seed))  # type: ignore[arg-type]
        else:
            benches[place] = Bench.of(draw_people(women, men, settings.seed))
    return benches[place]


def _unit(experiment: Experiment) -> str:
    if experiment.quantity:
        return QUANTITY_UNITS[experiment.quantity]
    if experiment.measure in ("ratio", "r squared", "correlation", "fading"):
        return "1"
    if experiment.measure == "percent change":
        return "%"
    unit = output_unit(experiment.outputs[0])
    return experiment.published.unit or f"{unit}/dose" if experiment.measure == "slope" else unit
