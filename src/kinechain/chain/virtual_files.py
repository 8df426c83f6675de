"""People with known drivers as files: what an analyst gets, and beside it, for the score alone, what is true.

::

    DIR/virtual.json            how they were made
    DIR/virtual_0001/person.toml      the examination sheet
    DIR/virtual_0001/standing.trc     cameras alone
    DIR/virtual_0001/standing.c3d     cameras and force plates
    DIR/virtual_0001/truth.json       what is true
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from kinechain import __version__
from kinechain.care.person.person import Person
from kinechain.care.person.person_writer import update_person
from kinechain.chain.targets import TARGETS
from kinechain.chain.virtual import Made, draw_person, examine, make_person
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import FileError
from kinechain.recording.recording import Recording
from kinechain.recording.writers.c3d import write_c3d
from kinechain.recording.writers.trc import write_trc

__all__ = ["Truth", "make_people", "read_truths", "truth_of", "write_person", "write_sheet"]

SCHEMA = "kinechain/virtual/1"
_SUMMARY = "virtual.json"
_NOBODY = "# Nobody: made by kinechain, with known drivers.\n"


@dataclass(frozen=True, eq=False)
class Truth(Immutable):
    """What is true of one person.

    Attributes
    ----------
    name : str
    direction : 'none', 'foot-first', 'back-first' or 'both'
    sizes : mapping of driver to 'small', 'medium' or 'large'
    values : mapping of parameter to value
    targets : tuple of str
    contributions : (driver, target) array
        In the order of ``sizes``, in the harmful direction, in the targets' units.
    typical : (target,) array
        Every target with all drivers typical.
    """

    name: str
    direction: str
    sizes: Mapping[str, str]
    values: Mapping[str, float]
    targets: tuple[str, ...]
    contributions: FloatArray
    typical: FloatArray

    def __post_init__(self) -> None:
        shape = (len(self.sizes), len(self.targets))
        object.__setattr__(self, "contributions", frozen(self.contributions, shape, "contributions"))
        object.__setattr__(self, "typical", frozen(self.typical, shape[1:], "typical"))
        for name in ("sizes", "values"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[Any, ...]:
        out = (self.name, self.direction, dict(self.sizes), dict(self.values), self.targets)
        return Truth, (*out, np.array(self.contributions), np.array(self.typical))

    def relevant(self, floors: Mapping[str, float]) -> frozenset[str]:
        """Return which drivers exceed the floor of any target.

        Parameters
        ----------
        floors : mapping of target to floor
            In the target's unit; a target that is not named is not asked.
        """
        floor = np.array([floors.get(target, np.inf) for target in self.targets])
        with np.errstate(invalid="ignore"):
            over = np.any(self.contributions > floor, axis=1).tolist()
        return frozenset(key for key, is_over in zip(self.sizes, over, strict=True) if is_over)


def truth_of(made: Made) -> Truth:
    """Return what is true of a made person."""
    draw, targets = made.draw, tuple(t.id for t in TARGETS)
    return Truth(draw.name, draw.direction, draw.sizes, draw.values, targets, made.contributions, made.typical)


def write_person(folder: Path, made: Made, person: Person, cameras: Recording, plates: Recording) -> None:
    """Write one person: sheet, recordings and truth.

    Parameters
    ----------
    folder : path
        Of this person; made if absent.
    made : Made
    person : Person
        As the examination sheet has them.
    cameras, plates : Recording
        The same standing, without and with force plates.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_sheet(person, folder / "person.toml")
    write_trc(cameras.require_markers(), folder / "standing.trc")
    write_c3d(plates, folder / "standing.c3d")
    truth = truth_of(made)
    rows = {
        key: dict(zip(truth.targets, map(_number, row), strict=True))
        for key, row in zip(truth.sizes, truth.contributions, strict=True)
    }
    content = {
        "schema": SCHEMA,
        "name": truth.name,
        "direction": truth.direction,
        "drivers": dict(truth.sizes),
        "values": dict(truth.values),
        "contributions": rows,
        "typical": dict(zip(truth.targets, map(_number, truth.typical), strict=True)),
        "bodies_tried": made.tries,
    }
    (folder / "truth.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def make_people(
    folder: Path, count: int, seed: int, share_none: float, say: Callable[[str], None] | None = None
) -> tuple[Truth, ...]:
    """Make people with known drivers and write them; the first of many are the first of few.

    Parameters
    ----------
    folder : path
        Made if absent.
    count, seed : int
    share_none : float
        Probability that a person has nothing set as a driver.
    say : callable, optional
        Called with one short sentence per person.

    Raises
    ------
    FileError
        If the folder holds something else.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _SUMMARY).is_file():
        raise FileError(f"{folder} holds something else than made people; name a new folder with --out")
    folder.mkdir(parents=True, exist_ok=True)
    truths = []
    for number in range(1, count + 1):
        name = f"virtual_{number:04d}"
        (say or (lambda _: None))(f"Making {name} of {count}")
        random = np.random.default_rng([seed, number])
        made = make_person(draw_person(name, share_none, random), random)
        person = examine(made.draw, random)
        # The same standing twice: cameras draw first, so that plates change nothing of what they see.
        state = random.bit_generator.state
        cameras = made.recording(plates=False, random=random)
        random.bit_generator.state = state
        write_person(folder / name, made, person, cameras, made.recording(plates=True, random=random))
        truths.append(truth_of(made))
    content = {"schema": SCHEMA, "version": __version__, "people": count, "seed": seed, "share_none": share_none}
    (folder / _SUMMARY).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return tuple(truths)


def read_truths(folder: Path) -> dict[Path, Truth]:
    """Return what is true of every person of a folder, by the person's own folder, in order.

    Raises
    ------
    FileError
        If the folder holds no such people.
    """
    if not (folder / _SUMMARY).is_file():
        raise FileError(f"{folder} holds no {_SUMMARY}; make people with 'kinechain virtual N --out {folder}' first")
    made = _read_count(folder / _SUMMARY)
    found = {path.parent: _read_truth(path) for path in sorted(folder.glob("*/truth.json"))}
    if len(found) != made:
        raise FileError(
            f"{folder} holds the truth of {len(found)} people, and {made} were made; make the people again, in a new "
            "folder"
        )
    return found


def write_sheet(person: Person, path: Path) -> None:
    """Write the person file of who was examined and what was found, over any there is.

    Parameters
    ----------
    person : Person
    path : path
    """
    path.write_text(_NOBODY, encoding="utf-8")
    update_person(person, path)


def _number(value: float) -> float | None:
    """A number as JSON has it; what could not be computed is null."""
    return float(value) if np.isfinite(value) else None


def _read_count(path: Path) -> int:
    """Return how many people a folder was made with."""
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["people"])
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise FileError(f"{path} does not tell how many people were made; make the people again") from error


def _read_truth(path: Path) -> Truth:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise FileError(f"{path} is of '{content['schema']}', not of {SCHEMA}; make the people again")
        targets = tuple(content["typical"])
        if set(targets) != {t.id for t in TARGETS}:
            raise FileError(f"{path} tells of other loads than this version computes; make the people again")
        if content["drivers"].keys() != content["contributions"].keys():
            raise FileError(f"{path} tells what others contribute than its drivers; make the people again")
        if content["name"] != path.parent.name:
            raise FileError(f"{path} is the truth of somebody else than its folder says; make the people again")
        rows = [[_value(content["contributions"][key][t]) for t in targets] for key in content["drivers"]]
        return Truth(
            content["name"],
            content["direction"],
            content["drivers"],
            content["values"],
            targets,
            np.array(rows).reshape(len(rows), len(targets)),
            np.array([_value(content["typical"][t]) for t in targets]),
        )
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise FileError(f"{path} is no truth of a made person ({error}); make the people again") from error


def _value(written: float | None) -> float:
    """A number of JSON; null is what could not be computed, and nothing else is no number."""
    if written is not None and not np.isfinite(written):
        raise ValueError(f"{written} is no number")
    return float("nan") if written is None else float(written)
