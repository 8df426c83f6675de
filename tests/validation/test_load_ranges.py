"""Published loads beside computed ones: what is met is held, what is missed is named; either changing fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from load_table import Row, Walks, Weighting, measure, print_rows, spine_rows, standing_rows, trials, walking_rows

from kinechain.body.body import Body
from kinechain.motion.trial import GaitTrial

Trials = list[tuple[Body, GaitTrial, str, float]]

#: Missed under every setting.  Hip and knee: the model asks hamstrings, abductors and hip flexors against each other
#: late in stance.  Fascia: a model's figure, above the cadavers' that is met.  L3/4: least load, slow walks above all.
ALWAYS = {
    "hip, walking 4 km/h",
    "hip, walking 1 km/h",
    "knee, walking",
    "fascia, model",
    "L3/4 minimum, very slow",
    "L3/4 minimum, slow",
    "L3/4 minimum, preferred",
}
#: By weighting of the muscles and delay of the plates (none given: the lag that the motion shows is taken off).
MISSED: dict[tuple[Weighting, float | None], set[str]] = {
    ("volume", None): ALWAYS | {"L3/4 minimum, fast"},
    ("volume", 0.0): ALWAYS
    | {"L3/4 minimum, fast", "L3/4 maximum, fast", "Achilles, walking 1.34 m/s", "Achilles, walking 1.4 m/s"},
    ("activation", None): ALWAYS,
    ("activation", 0.0): ALWAYS,
}
#: Standing straight and level, as no one quite does.
MISSED_STANDING = {"knee, two-legged stance", "hip, one-legged stance"}
MISSED_SPINE = {"L4/5 joint reaction, static posture: extension 15 deg"}


@pytest.fixture(scope="module")
def walking(shared: Path) -> Trials:
    return trials(shared)


@pytest.fixture(scope="module")
def walks(walking: Trials) -> Walks:
    return measure(walking)


def missed(rows: list[Row]) -> set[str]:
    assert all(row.computed and np.isfinite(row.computed).all() for row in rows)
    return {row.name for row in rows if not row.is_met}


def test_every_walk_and_nearly_every_leg_is_in_the_table(walking: Trials, walks: Walks) -> None:
    assert len(walking) == len(walks.spines) == 28
    assert len(walks.legs) >= 52
    assert {leg.kind for leg in walks.legs} == {"very slow", "slow", "preferred", "fast", "natural"}


@pytest.mark.parametrize(("weighting", "delay_s"), MISSED)
def test_loads_of_walking_lie_in_the_published_ranges(
    walking: Trials,
    walks: Walks,
    capsys: pytest.CaptureFixture[str],
    weighting: Weighting,
    delay_s: float | None,
) -> None:
    is_default = (weighting, delay_s) == ("volume", None)
    rows = walking_rows(walks if is_default else measure(walking, weighting, delay_s))
    if is_default:
        with capsys.disabled():
            print()
            print_rows(rows)
    assert missed(rows) == MISSED[weighting, delay_s]


def test_what_is_missed_is_missed_by_no_more_than_today(walks: Walks) -> None:
    """Ratchets, body weights: published are 2.4 at 4 km/h, 2.8 at 1 km/h, 2.6 at the knee."""
    rows = {row.name: row.median / 100 for row in walking_rows(walks) if row.unit == "%BW"}
    assert rows["hip, walking 4 km/h"] < 5.9
    assert rows["hip, walking 1 km/h"] < 4.6
    assert rows["knee, walking"] < 3.8


def test_the_lumbar_spine_is_loaded_more_at_higher_speed(walks: Walks) -> None:
    """Cappozzo 1984: the largest load rises and the least falls; the same person at four speeds, five at two."""
    by_person: dict[str, list[tuple[float, float, float]]] = {}
    for spine in walks.spines:
        if spine.kind != "natural":
            by_person.setdefault(spine.name[:7], []).append((spine.speed_m_s, spine.largest, spine.smallest))
    assert len(by_person) == 6
    for person, found in by_person.items():
        slow, fast = min(found), max(found)
        assert fast[1] > slow[1], person
        assert fast[2] < slow[2] + 0.02, person
    steps = sorted(by_person["2014001"])
    assert np.corrcoef([s[0] for s in steps], [s[1] for s in steps])[0, 1] > 0.5


def test_the_hip_is_loaded_more_at_higher_speed(walks: Walks) -> None:
    """Bergmann 1993: 2.8 body weights at 1 km/h, 4.8 at 5 km/h, a rise of 0.7."""
    rows = {row.name: row.median for row in walking_rows(walks)}
    rise = rows["hip, walking 5 km/h"] / rows["hip, walking 1 km/h"]
    assert 1.2 < rise < 1.72


def test_loads_of_standing_lie_in_the_published_ranges() -> None:
    assert missed(standing_rows()) == MISSED_STANDING


def test_loads_of_the_spine_in_still_postures_lie_in_the_published_ranges() -> None:
    assert missed(spine_rows()) == MISSED_SPINE
