"""What finding faults and filling gaps must not depend on: the laboratory's axes, the order of markers, the clock."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.core.frames import about_axis
from kinechain.recording.gaps import fill_gaps
from kinechain.recording.tracking import without_tracking_faults

RATE, FRAMES = 100.0, 120
SEGMENTS = {i: ("femur_l", "femur_r", "pelvis")[i // 4] for i in range(12)}
LABELS = tuple("abcdefghijkl")


def walk(seed):
    """Three parts of four markers that swing and travel, with the noise of cameras."""
    rng = np.random.default_rng(seed)
    time = np.arange(FRAMES) / RATE
    parts = []
    for swing, side in ((0.5, 0.1), (-0.5, -0.1), (0.05, 0.0)):
        turns = about_axis(np.array([0.0, 1.0, 0.0]), swing * np.sin(6.0 * time))
        place = np.stack([1.3 * time, side + 0 * time, 0.9 + 0 * time], axis=1)
        parts.append(np.einsum("tij,mj->tmi", turns, rng.uniform(-0.15, 0.15, (4, 3))) + place[:, None])
    return np.concatenate(parts, axis=1) + rng.normal(0, 2e-4, (FRAMES, 12, 3))


def faulty(seed):
    """A leap, an exchange, a gap and a marker that leaves, somewhere."""
    rng = np.random.default_rng([seed, 1])
    positions = walk(seed)
    a, b, c, d = rng.permutation(12)[:4]
    first = int(rng.integers(15, 60))
    positions[first : first + 3, a] += rng.normal(0, 0.2, 3)
    positions[first + 10 : first + 40, [b, c]] = positions[first + 10 : first + 40, [c, b]]
    positions[first : first + 12, d] = np.nan
    return positions


def mended(positions, segments=SEGMENTS, labels=LABELS):
    notes = []
    now = without_tracking_faults(positions, labels, segments, RATE, notes)
    return fill_gaps(now, segments, RATE)[0], sorted(n.code for n in notes)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(-3.0, 3.0), st.integers(0, 2))
def test_the_axes_of_the_laboratory_do_not_matter(seed, angle, axis):
    turn, shift = about_axis(np.eye(3)[axis], angle), np.array([1.0, -2.0, 0.5])
    here, codes = mended(faulty(seed))
    there, same = mended(faulty(seed) @ turn.T + shift)
    assert codes == same
    np.testing.assert_allclose(there, here @ turn.T + shift, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_the_markers_does_not_matter(seed):
    order = np.random.default_rng([seed, 2]).permutation(12)
    here, codes = mended(faulty(seed))
    segments = {i: SEGMENTS[int(k)] for i, k in enumerate(order)}
    there, same = mended(faulty(seed)[:, order], segments, tuple(LABELS[k] for k in order))
    assert codes == same
    np.testing.assert_allclose(there, here[:, order], atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_what_was_mended_is_sound(seed):
    notes = []
    once = without_tracking_faults(faulty(seed), LABELS, SEGMENTS, RATE, notes)
    again = []
    without_tracking_faults(once, LABELS, SEGMENTS, RATE, again)
    assert notes
    assert [n.code for n in again] == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_the_exchange_and_the_leap_are_undone(seed):
    truth = walk(seed)
    now, _ = mended(faulty(seed))
    off = np.linalg.norm(now - truth, axis=2)
    assert np.isfinite(off).all()
    assert off.max() < 0.02


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_nothing_is_found_in_a_sound_walk(seed):
    positions = walk(seed)
    assert mended(positions) == (pytest.approx(positions), [])
