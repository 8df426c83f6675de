"""Many trials and what-ifs give what each gives alone, in order, whoever solves them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.musculature import person_muscles
from kinechain.body.skeleton import generic_body
from kinechain.core.errors import KinechainError, SettingError
from kinechain.demonstration.demonstrate import _curves
from kinechain.demonstration.walk import Asymmetry, synthesize_walk
from kinechain.loads import many
from kinechain.loads.analyze_loads import LoadCase, analyze_loads, load_case, load_model, solve_loads
from kinechain.loads.kinematics import Kinematics
from kinechain.loads.loads import Loads, LoadSettings
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Recording


@pytest.fixture(scope="module")
def body() -> Body:
    generic = generic_body("female")
    return generic.with_markers(generic.landmarks)


def walk(body: Body, duration_s: float) -> Recording:
    even = Asymmetry(0.0, 0.0, 0.0, marker_noise_mm=0.0, soft_tissue_mm=0.0, gaps=0)
    markers = synthesize_walk(body, body.landmarks, _curves(body), even, duration_s=duration_s)
    return Recording(f"{duration_s}", "0", "C3D", markers, (), is_world=True, task="walking")


@pytest.fixture(scope="module")
def solved(body: Body) -> tuple[tuple[GaitTrial, Loads], ...]:
    recordings = [walk(body, seconds) for seconds in (2.9, 3.5, 3.2)]
    return many.analyze_walks(body, person_muscles(body), recordings, workers=2)


def same(one: Loads, other: Loads) -> None:
    np.testing.assert_array_equal(one.activations.values, other.activations.values)
    np.testing.assert_array_equal(one.moments.values, other.moments.values)
    for a, b in zip(one.reactions, other.reactions, strict=True):
        np.testing.assert_array_equal(a.force, b.force)
    assert one.notes == other.notes


def test_walks_side_by_side_come_in_order_and_as_alone(body: Body, solved: tuple[tuple[GaitTrial, Loads], ...]) -> None:
    assert [trial.recording.name for trial, _ in solved] == ["2.9", "3.5", "3.2"]
    muscles = person_muscles(body)
    for trial, loads in solved:
        assert np.isfinite(loads.reactions[0].force).any()
        same(loads, analyze_loads(body, muscles, trial))


def test_threads_do_what_processes_do(
    body: Body, solved: tuple[tuple[GaitTrial, Loads], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many.threading, "active_count", lambda: 2)
    trials = [trial for trial, _ in solved[:2]]
    by_threads = many.analyze_trials(body, person_muscles(body), trials, workers=2)
    assert len(by_threads) == 2
    for loads, (_, alone) in zip(by_threads, solved[:2], strict=True):
        same(loads, alone)


def cases(body: Body, trial: GaitTrial) -> tuple[Kinematics, list[LoadCase]]:
    """Return the body as it is, weaker, heavier, under another criterion, and as it is again."""
    muscles = person_muscles(body)
    heavier = replace(body, segments=tuple(replace(s, mass_kg=1.1 * s.mass_kg) for s in body.segments))
    kinematics, own = load_case(load_model(body, muscles), body, trial)
    weak = load_model(body, muscles, LoadSettings(strength={"gluteus_medius_r": 0.5}))
    cubic = load_model(body, muscles, LoadSettings(exponent=3.0))
    others = [replace(own, model=model) for model in (weak, load_model(heavier, muscles), cubic)]
    return kinematics, [own, *others, own]


def test_what_ifs_share_paths_and_give_what_each_gives_alone(
    body: Body, solved: tuple[tuple[GaitTrial, Loads], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    kinematics, asked = cases(body, solved[0][0])
    assert len({id(case.model.plan.paths) for case in asked}) == 1
    calls = []
    measure = many.measure_muscles
    monkeypatch.setattr(many, "measure_muscles", lambda *a, **k: calls.append(1) or measure(*a, **k))
    found = many.solve_cases(asked, kinematics, lambda loads: loads, workers=1)
    assert len(calls) == len(list(many.chunks(len(kinematics.values))))
    for loads, case in zip(found, asked, strict=True):
        same(loads, solve_loads(case.model, kinematics, case.ground, case.external))
    peaks = [np.nanmax(loads.activations.values[:, 0]) for loads in found]
    assert peaks[0] == peaks[-1] and len(set(peaks)) > 1
    monkeypatch.setattr(many, "BATCH", 2)
    shared = many.solve_cases(asked, kinematics, lambda loads: np.nanmax(loads.activations.values), workers=2)
    assert shared == tuple(np.nanmax(loads.activations.values) for loads in found)


def test_what_cannot_be_solved_is_named(body: Body, solved: tuple[tuple[GaitTrial, Loads], ...]) -> None:
    kinematics, asked = cases(body, solved[0][0])
    short = replace(asked[0], external=asked[0].external[:-1])
    with pytest.raises(SettingError, match="case 1 "):
        many.solve_cases([asked[0], short], kinematics, lambda loads: loads)
    with pytest.raises(SettingError, match="0 workers"):
        many.solve_cases(asked, kinematics, lambda loads: loads, workers=0)
    assert many.solve_cases([], kinematics, lambda loads: loads) == ()
    # A fault in a worker comes back as itself.
    lying = walk(body, 2.9)
    still = replace(lying, markers=replace(lying.markers, positions=lying.markers.positions[:1].repeat(290, axis=0)))
    with pytest.raises(KinechainError):
        many.analyze_walks(body, person_muscles(body), [still, still], workers=2)
