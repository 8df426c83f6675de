"""Published experiments as data: who stood or walked on what, what was published, and what counts as a pass.

An experiment is a ``[[experiment]]`` of a TOML file; one file adds one (`read_experiments`).  The packaged ones lie in
``evidence/data/chain/experiments``.  Every fault of a file is one sentence with the experiment and the field.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from kinechain.chain.change import Change, parse_change
from kinechain.core.errors import FileError, KinechainError, suggest
from kinechain.core.text import printable
from kinechain.evidence.chain import noise_floor, study

__all__ = [
    "LABELS",
    "MEASURES",
    "QUANTITIES",
    "RULES",
    "Experiment",
    "Label",
    "People",
    "Published",
    "Rule",
    "parse_experiments",
    "read_experiments",
    "read_packaged",
]

Label = Literal["predicted", "computed from a recording", "input check", "calibrated on", "NotComputable"]
LABELS: tuple[Label, ...] = get_args(Label)

Task = Literal["standing", "one leg left", "one leg right", "walking"]
TASKS: tuple[Task, ...] = get_args(Task)

Measure = Literal["change", "percent change", "value", "ratio", "slope", "r squared", "correlation", "fading"]
#: What is made of the response of every person, and in which words.
MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "change": "the last arm less the baseline, mean of the outputs",
        "percent change": "the same, in percent of the baseline",
        "value": "the output in the last arm",
        "ratio": "the output in the last arm over the baseline",
        "slope": "change per dose, by least squares through zero",
        "r squared": "how much of the changes of all arms a line over the doses explains",
        "correlation": "between drawn amounts and changes, over people; of several outputs the largest share of the "
        "one before",
        "fading": "the largest share that the median size of an output (of an arm) is of the one before it",
    }
)
#: Rules, their parameters, and which of them must be told.
RULES: Mapping[str, tuple[Mapping[str, bool], str]] = MappingProxyType(
    {
        "inside": ({"low": False, "high": False}, "inside low and high, or what was published: interval, else one SD"),
        "standard errors": ({"times": False, "size": False}, "within so many standard errors of the study"),
        "sign": ({"direction": True, "least": False}, "of this sign, and at least so large"),
        "null": ({"floor": False, "limit": False, "with": True}, "smaller than a floor, counted with non-nulls"),
        "monotone": ({"direction": True}, "every arm further than the one before, in this direction"),
        "at most": ({"limit": True}, "at most this"),
        "at least": ({"limit": True}, "at least this"),
        "relative": ({"tolerance": True}, "within this share of what was published"),
    }
)
#: Quantities that are no link and no target, by name; computed in `kinechain.chain.quantities`.
QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        "tibia_turn_per_eversion": "turn of the tibia per eversion of the heel, tibia upright",
        "tibia_turn_per_heel_turn": "turn of the tibia per turn of the heel about the vertical, heel not everted",
        "subtalar_axis_angle": "angle between drawn and generic subtalar axes, deg",
        "facet_share_erect": "share of the compression that facet joints take, erect, %",
        "facet_share_flexed": "the same, flexed, %",
        "leg_length_difference": "difference of leg lengths of drawn people, mm",
        "hip_moment_of_forward_bend": "passive extension moment of the hip flexed by 60 degrees, N m",
        "nerve_length_of_hip_flexion": "growth of the sciatic and tibial path with hip flexion 0 to 60 degrees, %",
        "fascia_strain_of_hip_flexion": "strain of the plantar fascia with hip flexion 0 to 60 degrees, %",
        "achilles_share": "tension of the Achilles tendon over the weight on the foot, %",
        "fascia_by_achilles": "plantar fascia tension per tendon force over that per weight on the foot",
    }
)
SEXES = ("female", "male", "both")

#: As many people as the study has are drawn; a larger n is a slip of the pen and would fill the memory.
MOST_PEOPLE = 10_000
#: Years; as in a person file.
OLDEST = 125


@dataclass(frozen=True)
class Published:
    """What a study found.

    Attributes
    ----------
    text : str
        As a sentence.
    value, sd, low, high, standard_error : float or None
        In ``unit``; the interval as published.
    unit : str
    p : float or None
        Of a paired test of the value against zero; an upper limit where '<' was printed.
    read : str
        What was read: 'abstract', 'table' ...
    """

    text: str
    value: float | None = None
    unit: str = ""
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    standard_error: float | None = None
    p: float | None = None
    read: str = ""


@dataclass(frozen=True)
class People:
    """Who took part.

    Attributes
    ----------
    n : int or None
        None: not told.
    sex : 'female', 'male' or 'both'
    men : int or None
        How many of them, where told.
    age : float or None
        Mean, years.
    """

    n: int | None = None
    sex: Literal["female", "male", "both"] = "both"
    men: int | None = None
    age: float | None = None


@dataclass(frozen=True)
class Rule:
    """What counts as a pass.

    Attributes
    ----------
    kind : str
        One of `RULES`.
    low, high, limit, tolerance, least : float or None
    times : float
    size : bool
        True: the sign is left aside, as it was not read.
    direction : '+', '-' or ''
    floor : str
        Key of a noise floor.
    partners : tuple of str
        Experiments of the same input that have to show something for a null to count.
    """

    kind: str
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    tolerance: float | None = None
    least: float = 0.0
    times: float = 1.96
    size: bool = False
    direction: str = ""
    floor: str = ""
    partners: tuple[str, ...] = ()


@dataclass(frozen=True)
class Experiment:
    """One published experiment.

    Attributes
    ----------
    key, title : str
    study : str
        Key of the study; of those in the package unless there is a citation.
    citation : str
        Of a study that is not in the package.
    label : str
        One of `LABELS`.
    grade : str
        'A' numeric with n and p, SD or interval; 'B' incomplete; 'C' direction or null; 'D' secondary source.
    published : Published
    people : People
    row : int or None
        Number in the project's list of benchmarks.
    is_counted : bool
        False: shown, never fitted, and left out of every share.
    reason : str
        Why it has its label; needed for all but predicted ones.
    task : str
    arms : tuple of tuple of Change
        What was done, one after the other; of none where nothing is altered.
    baseline : tuple of Change
        What every arm is compared with; of none: nothing altered.
    doses : tuple of float
        One per arm.
    unread : tuple of tuple of Change
        What the only arm may have been as well, as far as it was read; a verdict that hangs on it is none.
    drawn : (mean, sd) or None
        Amount of the only change, drawn for every person; its sign too.
    outputs : tuple of str
        Links or targets; without the side the mean of both, with '-' before it turned round.
    quantity : str
        One of `QUANTITIES` in place of outputs.
    measure : str
        One of `MEASURES`.
    over : 'peak' or 'mean'
        What of a stride is looked at; of no meaning in standing.
    rule : Rule or None
        None where the row is not computed.
    """

    key: str
    title: str
    study: str
    label: Label
    grade: str
    published: Published
    citation: str = ""
    people: People = People()
    row: int | None = None
    is_counted: bool = True
    reason: str = ""
    task: Task = "standing"
    arms: tuple[tuple[Change, ...], ...] = ()
    baseline: tuple[Change, ...] = ()
    doses: tuple[float, ...] = ()
    unread: tuple[tuple[Change, ...], ...] = ()
    drawn: tuple[float, float] | None = None
    outputs: tuple[str, ...] = ()
    quantity: str = ""
    measure: Measure = "change"
    over: Literal["peak", "mean"] = "peak"
    rule: Rule | None = None

    @property
    def is_computed(self) -> bool:
        """True if the simulation gives something to compare."""
        return self.rule is not None


@cache
def read_packaged() -> Mapping[str, Experiment]:
    """Return the packaged experiments by key, in the order of the list of benchmarks."""
    folder = files("kinechain.evidence") / "data" / "chain" / "experiments"
    found: dict[str, Experiment] = {}
    for path in sorted((p for p in folder.iterdir() if p.name.endswith(".toml")), key=lambda p: p.name):
        _add(found, parse_experiments(path.read_text(encoding="utf-8"), path.name), path.name)
    _check_partners(found, {}, "the packaged experiments")
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: item[1].row or math.inf)))


def read_experiments(path: Path) -> Mapping[str, Experiment]:
    """Return the experiments of a file by key; nulls may name packaged partners.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FileError
        If the file cannot be read or holds a fault.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not a file of experiments: it is no UTF-8 text ({error.reason})") from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error
    found: dict[str, Experiment] = {}
    _add(found, parse_experiments(text, path.name), path.name)
    _check_partners(found, read_packaged(), path.name)
    return MappingProxyType(found)


def parse_experiments(text: str, name: str) -> tuple[Experiment, ...]:
    """Return the experiments of a TOML text.

    Parameters
    ----------
    text : str
    name : str
        File name, for messages.

    Raises
    ------
    FileError
        If the text is no TOML, a field is unknown, lacks or is impossible.
    """
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # A whole number of thousands of digits is a ValueError of its own.
        raise FileError(f"{name} is not valid TOML: {printable(str(error))}") from error
    known = ("schema_version", "experiment")
    for key in content:
        if key not in known:
            raise FileError(f"{name}: unknown entry '{printable(key)}'. {suggest(key, known)}")
    if content.get("schema_version", "1") not in ("1", 1):
        raise FileError(f"{name}: schema_version is '1', not '{printable(str(content['schema_version']))}'")
    listed = content.get("experiment")
    if not isinstance(listed, list) or not listed:
        raise FileError(f"{name} holds no experiment; write [[experiment]]")
    return tuple(_experiment(entry, f"{name}: experiment {i}", name) for i, entry in enumerate(listed, start=1))


def _add(found: dict[str, Experiment], more: Iterable[Experiment], name: str) -> None:
    for experiment in more:
        if experiment.key in found:
            raise FileError(f"{name}: experiment '{experiment.key}' is there twice; every key names one")
        found[experiment.key] = experiment


def _check_partners(found: Mapping[str, Experiment], others: Mapping[str, Experiment], name: str) -> None:
    known = {**others, **found}
    for experiment in found.values():
        for partner in experiment.rule.partners if experiment.rule else ():
            if partner not in known:
                raise FileError(
                    f"{name}: '{experiment.key}' counts with '{partner}', which is not there. {suggest(partner, known)}"
                )
            rule = known[partner].rule
            if rule is None or rule.kind == "null":
                raise FileError(
                    f"{name}: '{experiment.key}' counts with '{partner}', which shows no effect; name a row that is "
                    "computed and no null"
                )


_FIELDS: Mapping[str, tuple[type, ...]] = {
    "key": (str,),
    "title": (str,),
    "study": (str,),
    "citation": (str,),
    "label": (str,),
    "grade": (str,),
    "row": (int,),
    "counted": (bool,),
    "reason": (str,),
    "people": (dict,),
    "task": (str,),
    "changes": (list,),
    "arms": (list,),
    "against": (list,),
    "doses": (list,),
    "drawn": (dict,),
    "unread": (list,),
    "outputs": (list,),
    "quantity": (str,),
    "measure": (str,),
    "over": (str,),
    "published": (dict,),
    "rule": (dict,),
}
_NEEDED = ("key", "title", "study", "label", "grade", "published")
_PUBLISHED: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "value": (float,),
    "unit": (str,),
    "sd": (float,),
    "low": (float,),
    "high": (float,),
    "standard_error": (float,),
    "p": (float,),
    "read": (str,),
}
_PEOPLE: Mapping[str, tuple[type, ...]] = {"n": (int,), "sex": (str,), "men": (int,), "age": (float,)}
_RULE: Mapping[str, tuple[type, ...]] = {
    "kind": (str,),
    "low": (float,),
    "high": (float,),
    "limit": (float,),
    "tolerance": (float,),
    "least": (float,),
    "times": (float,),
    "size": (bool,),
    "direction": (str,),
    "floor": (str,),
    "with": (list,),
}
_WORDS = {str: "text", float: "a number", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}


def _experiment(entry: Any, where: str, name: str) -> Experiment:
    """Return one experiment; every complaint begins with its key as soon as it is known."""
    if isinstance(entry, dict) and isinstance(entry.get("key"), str) and entry["key"]:
        where = f"{name}: experiment '{printable(entry['key'])}'"
    given = _checked(entry, _FIELDS, where)
    for field in _NEEDED:
        if not given.get(field):
            raise FileError(f"{where} has no {field}")
    label = _one_of(given["label"], LABELS, "label", where)
    arms = _arms(given, where)
    experiment = Experiment(
        key=given["key"],
        title=given["title"],
        study=given["study"] if given.get("citation") else _said(where, "study", study, given["study"]).key,
        citation=given.get("citation", ""),
        label=label,  # type: ignore[arg-type]
        grade=_one_of(given["grade"], ("A", "B", "C", "D"), "grade", where),
        published=_published(given["published"], f"{where}, published"),
        people=_people(given.get("people", {}), f"{where}, people"),
        row=given.get("row"),
        is_counted=given.get("counted", True),
        reason=given.get("reason", ""),
        task=_one_of(given.get("task", "standing"), TASKS, "task", where),  # type: ignore[arg-type]
        arms=arms,
        baseline=_changes(given.get("against", []), "against", where),
        doses=_numbers(given.get("doses", []), "doses", where),
        unread=tuple(_changes(arm, "unread", where) for arm in given.get("unread", [])),
        drawn=_drawn(given.get("drawn"), where),
        outputs=_outputs(given.get("outputs", []), where),
        quantity=_one_of(given.get("quantity", ""), ("", *QUANTITIES), "quantity", where),
        measure=_one_of(given.get("measure", "change"), tuple(MEASURES), "measure", where),  # type: ignore[arg-type]
        over=_one_of(given.get("over", "peak"), ("peak", "mean"), "over", where),  # type: ignore[arg-type]
        rule=_rule(given["rule"], f"{where}, rule") if "rule" in given else None,
    )
    _check_whole(experiment, where)
    return experiment


def _check_whole(made: Experiment, where: str) -> None:
    """Refuse what does not go together."""
    if made.label != "predicted" and not made.reason:
        raise FileError(f"{where} is labelled '{made.label}' and needs a reason")
    if made.label == "NotComputable":
        if made.rule or made.arms or made.outputs or made.quantity or made.unread:
            raise FileError(f"{where} is NotComputable and cannot have changes, outputs, a quantity or a rule")
        return
    if made.label != "predicted" and not (made.rule or made.arms or made.quantity):
        return
    if made.rule is None:
        raise FileError(f"{where} has no rule; say what counts as a pass: {', '.join(RULES)}")
    if bool(made.outputs) == bool(made.quantity):
        raise FileError(f"{where} needs outputs or a quantity, one of them")
    if made.outputs and not made.arms:
        raise FileError(f"{where} has outputs but no changes; write changes, or arms")
    if made.doses and len(made.doses) != len(made.arms):
        raise FileError(f"{where} has {len(made.doses)} doses for {len(made.arms)} arms")
    if made.unread and (len(made.arms) != 1 or made.task == "walking"):
        raise FileError(f"{where}: unread holds what the only arm of a standing experiment may have been as well")
    if made.measure in ("slope", "r squared") and not any(made.doses):
        raise FileError(f"{where}: a {made.measure} needs doses, not all of them 0")
    if made.measure == "correlation" and (made.drawn is None or len(made.arms) != 1 or len(made.arms[0]) != 1):
        raise FileError(f"{where}: a correlation needs one change whose amount is drawn, drawn = {{mean, sd}}")
    if made.measure == "fading" and max(len(made.outputs), len(made.arms)) < 2:
        raise FileError(f"{where}: fading needs two outputs, or two arms, or more, the largest first")
    if made.rule.kind == "monotone" and len(made.arms) < 2:
        raise FileError(f"{where}: a monotone rule needs two arms or more")
    _check_numbers(made, made.rule, where)


def _check_numbers(made: Experiment, rule: Rule, where: str) -> None:
    """Refuse a rule that asks for a number nobody gave."""
    shown = made.published
    if rule.kind in ("standard errors", "relative") and shown.value is None:
        raise FileError(f"{where}: the rule '{rule.kind}' needs published.value")
    if rule.kind == "standard errors" and shown.standard_error is None and not (shown.p and made.people.n):
        if shown.sd is None or made.people.n is None:
            raise FileError(f"{where}: standard errors need published.standard_error, or n with p or sd")
    told = (rule.low, rule.high) if rule.low is not None or rule.high is not None else _interval(shown)
    if rule.kind == "inside" and told == (None, None):
        raise FileError(f"{where}: inside what? Give the rule low or high, or published an interval or sd")
    if rule.kind == "null" and (rule.floor == "") == (rule.limit is None):
        raise FileError(f"{where}: a null needs a floor (a key of the noise floors) or a limit, one of them")


def _interval(shown: Published) -> tuple[float | None, float | None]:
    if shown.low is not None:
        return shown.low, shown.high
    if shown.value is not None and shown.sd is not None:
        return shown.value - shown.sd, shown.value + shown.sd
    return None, None


def _arms(given: Mapping[str, Any], where: str) -> tuple[tuple[Change, ...], ...]:
    if "changes" in given and "arms" in given:
        raise FileError(f"{where} has changes and arms; write one of them")
    if "changes" in given:
        return (_changes(given["changes"], "changes", where),)
    return tuple(_changes(arm, "arms", where) for arm in given.get("arms", []))


def _changes(listed: Any, field: str, where: str) -> tuple[Change, ...]:
    if not isinstance(listed, list) or not all(isinstance(c, str) for c in listed):
        raise FileError(f"{where}: {field} is a list of changes such as ['wedge both 10 raise=lateral']")
    return tuple(_said(where, field, parse_change, text) for text in listed)


def _outputs(listed: Any, where: str) -> tuple[str, ...]:
    from kinechain.chain.outputs import check_output

    if not all(isinstance(o, str) for o in listed):
        raise FileError(f"{where}: outputs is a list of links or targets such as ['pelvis_tilt']")
    for name in listed:
        _said(where, "outputs", check_output, name)
    return tuple(listed)


def _published(entry: Mapping[str, Any], where: str) -> Published:
    given = _checked(entry, _PUBLISHED, where)
    if not given.get("text"):
        raise FileError(f"{where} has no text; write what was published as a sentence")
    shown = Published(**given)
    if shown.value is not None and not shown.unit:
        raise FileError(f"{where}: a number without a unit (write 1 for none)")
    if (shown.low is None) != (shown.high is None) or (shown.low or 0.0) > (shown.high or 0.0):
        raise FileError(f"{where}: an interval needs low and high, the low one first")
    if any(x is not None and x <= 0 for x in (shown.sd, shown.standard_error)):
        raise FileError(f"{where}: sd and standard_error are above zero")
    if shown.p is not None and not 0 < shown.p < 1:
        raise FileError(f"{where}: p lies between 0 and 1")
    return shown


def _people(entry: Mapping[str, Any], where: str) -> People:
    given = _checked(entry, _PEOPLE, where)
    _one_of(given.get("sex", "both"), SEXES, "sex", where)
    people = People(**given)
    if people.n is not None and not 1 <= people.n <= MOST_PEOPLE:
        raise FileError(f"{where}: n is a number of people from 1 to {MOST_PEOPLE}, got {people.n}")
    if people.age is not None and not 0 <= people.age <= OLDEST:
        raise FileError(f"{where}: age is a mean in years from 0 to {OLDEST}, got {people.age:g}")
    if people.men is not None and not 0 <= people.men <= (people.n or 0):
        raise FileError(f"{where}: {people.men} men among {people.n} people")
    return people


def _rule(entry: Mapping[str, Any], where: str) -> Rule:
    given = _checked(entry, _RULE, where)
    kind = _one_of(given.pop("kind", ""), tuple(RULES), "kind", where)
    asked = RULES[kind][0]
    for name in given:
        if name not in asked:
            raise FileError(f"{where}: '{kind}' has no '{name}'. {suggest(name, asked)}")
    for name, needed in asked.items():
        if needed and name not in given:
            raise FileError(f"{where}: '{kind}' needs {name}")
    partners = given.pop("with", [])
    if not all(isinstance(p, str) for p in partners):
        raise FileError(f"{where}: with is a list of keys of experiments")
    rule = Rule(kind, partners=tuple(partners), **given)
    if "direction" in asked:
        _one_of(rule.direction, ("+", "-"), "direction", where)
    if rule.floor:
        _said(where, "floor", noise_floor, rule.floor)
    if kind == "null" and not partners:
        raise FileError(f"{where}: a null needs with = [...], the rows of the same input that show something")
    if rule.low is not None and rule.high is not None and rule.low > rule.high:
        raise FileError(f"{where}: low lies above high")
    if rule.times <= 0 or rule.least < 0 or (rule.tolerance is not None and rule.tolerance < 0):
        raise FileError(f"{where}: times lies above 0, least and tolerance not below 0")
    return rule


def _drawn(entry: Any, where: str) -> tuple[float, float] | None:
    if entry is None:
        return None
    given = _checked(entry, {"mean": (float,), "sd": (float,)}, f"{where}, drawn")
    if set(given) != {"mean", "sd"} or given["sd"] <= 0:
        raise FileError(f"{where}: drawn needs mean and sd, sd above zero")
    return given["mean"], given["sd"]


def _numbers(listed: Any, field: str, where: str) -> tuple[float, ...]:
    if not all(isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in listed):
        raise FileError(f"{where}: {field} is a list of numbers")
    return tuple(float(x) for x in listed)


def _checked(entry: Any, fields: Mapping[str, tuple[type, ...]], where: str) -> dict[str, Any]:
    """Return a table after checking names and types of its fields; numbers become floats."""
    if not isinstance(entry, dict):
        raise FileError(f"{where} is no table")
    out: dict[str, Any] = {}
    for name, value in entry.items():
        if name not in fields:
            raise FileError(f"{where}: unknown field '{printable(name)}'. {suggest(name, fields, limit=30)}")
        (kind,) = fields[name]
        fits = isinstance(value, int | float) if kind is float else isinstance(value, kind)
        if isinstance(value, bool) and kind is not bool:
            fits = False
        if not fits or (kind is float and not math.isfinite(value)):
            raise FileError(f"{where}: {name} must be {_WORDS[kind]}, got {printable(repr(value))[:40]}")
        out[name] = float(value) if kind is float else value
    return out


def _one_of(value: str, known: tuple[str, ...], field: str, where: str) -> str:
    if value not in known:
        raise FileError(f"{where}: {field} cannot be '{printable(value)}'. {suggest(value, known, limit=20)}")
    return value


def _said(where: str, field: str, read: Any, value: str) -> Any:
    """Read a value and put the place before what is wrong with it."""
    try:
        return read(value)
    except KinechainError as error:
        raise FileError(f"{where}, {field}: {printable(str(error))}") from error
