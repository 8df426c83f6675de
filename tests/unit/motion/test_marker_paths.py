"""Paths of feet and pelvis from markers alone, for full sets, poor sets and sets with gaps."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from kinechain.motion.foot_paths import FootPaths
from kinechain.motion.kinematic_events import find_bonci_events, find_zeni_events
from kinechain.motion.marker_paths import BALL_FRACTION, BREADTH_FRACTION, marker_paths
from kinechain.recording.recording import Markers, Recording
from walker import walk

SIDES = ("left", "right")


def tracks(paths: FootPaths) -> dict[str, np.ndarray]:
    """Every landmark that the paths can give."""
    spines = {"psis": np.array([0, 0.05, 0]), "asis": np.array([0.15, 0.12, 0])}
    out = {}
    for name, apart in spines.items():
        out |= {f"{name}_r": paths.pelvis + apart * [1, -1, 1], f"{name}_l": paths.pelvis + apart}
    for side in SIDES:
        s = side[0]
        out |= {
            f"heel_{s}": paths.heel[side],
            f"metatarsal_2_head_{s}": paths.forefoot[side],
            f"metatarsal_1_head_{s}": paths.inner[side],
            f"metatarsal_5_head_{s}": paths.outer[side],
            f"hallux_tip_{s}": paths.hallux[side],
            f"lateral_malleolus_{s}": paths.heel[side] + [0.05, 0, 0.08],
        }
    return out


def recording(
    some: dict[str, np.ndarray], rate_hz: float = 100.0, landmarks: dict[str, str] | None = None
) -> Recording:
    labels = tuple(some)
    markers = Markers(labels, np.stack(list(some.values()), axis=1), rate_hz, 0.0)
    meant = tuple((label, (landmarks or {}).get(label, label)) for label in labels)
    return Recording("walk.c3d", "0" * 64, "C3D", markers=markers, is_world=True, landmarks=meant)


def only(some: dict[str, np.ndarray], *names: str) -> dict[str, np.ndarray]:
    return {k: v for k, v in some.items() if k.startswith(names)}


def test_a_full_set_gives_back_what_was_put_in() -> None:
    true = walk()
    found = marker_paths(recording(tracks(true)))
    assert found is not None
    for name in ("heel", "forefoot", "hallux", "inner", "outer"):
        for side in SIDES:
            apart = np.linalg.norm(getattr(found, name)[side] - getattr(true, name)[side], axis=1)
            assert apart.max() < 0.02, (name, side)  # the corners that the walker's foot has are rounded off
            assert np.median(apart) < 0.001, (name, side)
    np.testing.assert_allclose(found.pelvis, true.pelvis, atol=1e-3)
    assert found.is_seen.all()
    assert found.belt_m_s == 0.0


@pytest.mark.parametrize(
    "names",
    [
        ("psis", "heel", "metatarsal_2"),
        ("asis", "heel", "metatarsal_5"),
        ("psis", "heel", "metatarsal_1", "metatarsal_5"),
        ("asis", "heel", "hallux"),
        ("psis", "lateral_malleolus", "metatarsal_2"),
    ],
)
@pytest.mark.parametrize("find", [find_zeni_events, find_bonci_events])
def test_poor_sets_have_the_events_of_the_full_one(names, find) -> None:
    full, poor = (marker_paths(recording(some)) for some in (tracks(walk()), only(tracks(walk()), *names)))
    whole, left = find(full), find(poor)
    assert len(whole) >= 10
    assert [(e.kind, e.side) for e in whole] == [(e.kind, e.side) for e in left]
    assert max(abs(a.time_s - b.time_s) for a, b in zip(whole, left, strict=True)) < 0.05


def test_what_no_marker_shows_is_placed_by_the_proportions_of_a_mean_foot() -> None:
    found = marker_paths(recording(only(tracks(walk()), "psis", "heel", "metatarsal_2")))
    assert found is not None
    for side, outward in (("left", 1.0), ("right", -1.0)):
        ball = np.linalg.norm((found.forefoot[side] - found.heel[side])[:, :2], axis=1)
        tip = np.linalg.norm((found.hallux[side] - found.heel[side])[:, :2], axis=1)
        np.testing.assert_allclose(tip, ball / BALL_FRACTION)
        flat = (found.forefoot[side] - found.heel[side])[:, 0] > 0.15
        breadth = (found.outer[side] - found.inner[side])[flat, 1] * outward
        np.testing.assert_allclose(breadth, ball[flat] / BALL_FRACTION * BREADTH_FRACTION, rtol=1e-3)


def test_the_lowest_marker_of_a_hindfoot_cluster_stands_for_the_heel() -> None:
    true = walk()
    some = only(tracks(true), "psis", "metatarsal_2")
    meant = {}
    for side in SIDES:
        for n, height in enumerate((0.06, 0.0, 0.03)):
            some[f"C{n}{side}"] = true.heel[side] + [0.0, 0.0, height]
            meant[f"C{n}{side}"] = f"segment:calcaneus_{side[0]}"
    found = marker_paths(recording(some, landmarks=meant))
    assert found is not None
    assert np.median(np.abs(found.heel["left"] - true.heel["left"])) < 1e-3


def test_a_cluster_alone_shows_a_foot_by_its_hindmost_and_foremost_marker() -> None:
    true = walk()
    some, meant = only(tracks(true), "psis"), {}
    for side in SIDES:
        for name, point in (("front", true.forefoot[side]), ("back", true.heel[side] + [0.03, 0, 0.05])):
            some[f"{name}{side}"] = point
            meant[f"{name}{side}"] = f"segment:midfoot_{side[0]}"
    found = marker_paths(recording(some, landmarks=meant))
    assert found is not None
    whole = find_zeni_events(marker_paths(recording(tracks(true))))
    for find in (find_zeni_events, find_bonci_events):
        events = find(found)
        assert [(e.kind, e.side) for e in events] == [(e.kind, e.side) for e in whole]


def test_frames_without_a_foot_or_without_the_pelvis_are_not_seen() -> None:
    some = {k: v.copy() for k, v in only(tracks(walk()), "psis", "heel", "metatarsal_2").items()}
    some["heel_l"][100:150] = np.nan
    some["psis_r"][300:] = np.nan
    some["psis_l"][300:] = np.nan
    found = marker_paths(recording(some))
    assert found is not None
    seen = np.ones(400, dtype=bool)
    seen[100:150] = seen[300:] = False
    np.testing.assert_array_equal(found.is_seen, seen)
    for find in (find_zeni_events, find_bonci_events):
        assert all(seen[round(e.time_s * 100)] for e in find(found))


def test_a_gap_of_one_posterior_spine_is_bridged_by_the_front_of_the_pelvis() -> None:
    some = {k: v.copy() for k, v in only(tracks(walk()), "psis", "asis", "heel", "metatarsal_2").items()}
    some["psis_r"][150:250] = np.nan
    found = marker_paths(recording(some))
    assert found is not None
    assert found.is_seen.all()
    np.testing.assert_allclose(found.pelvis, walk().pelvis, atol=1e-3)


def test_a_set_of_one_leg_has_the_events_of_that_leg() -> None:
    some = {k: v for k, v in tracks(walk()).items() if k.startswith("psis") or k.endswith("_l")}
    found = marker_paths(recording(some))
    assert found is not None
    assert np.isnan(found.heel["right"]).all()
    for find in (find_zeni_events, find_bonci_events):
        events = find(found)
        assert {e.side for e in events} == {"left"}
        assert {e.kind for e in events} == {"foot_strike", "foot_off"}


def test_there_are_no_paths_without_feet_without_a_pelvis_or_before_preparing() -> None:
    some = tracks(walk())
    assert marker_paths(recording(only(some, "psis"))) is None
    assert marker_paths(recording(only(some, "heel", "metatarsal"))) is None
    assert marker_paths(Recording("walk.c3d", "0" * 64, "C3D")) is None


def test_events_from_markers_need_neither_a_body_nor_scipy_nor_mujoco() -> None:
    code = (
        "import sys, kinechain.motion.marker_paths, kinechain.motion.events, kinechain.motion.contacts\n"
        "print([m for m in sys.modules if m.startswith(('scipy', 'mujoco', 'kinechain.body', 'pandas'))])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
