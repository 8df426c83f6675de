"""Laws of the clinical angles of a moving body: nothing jumps, and left and right are mirror images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.body.body import Body
from kinechain.body.pose import segment_poses
from kinechain.body.skeleton import generic_body
from kinechain.motion.angles import _trunk_lines, anatomical_frames, angles_from_frames
from kinechain.motion.signs import labels

FRAMES = 60
#: Coordinates that change sign when a person is mirrored; the others keep it, and ``_r`` and ``_l`` swap.
TURNED = {"pelvis_ty", "pelvis_rotation", "pelvis_obliquity", "lumbar_bending", "lumbar_rotation", "neck_bending",
          "neck_rotation"}  # fmt: skip
BODY = generic_body("female")


def motion(seed: int) -> np.ndarray:
    """Smooth random motion of every free coordinate within the middle of its range, away from gimbal positions."""
    generator = np.random.default_rng(seed)
    time = np.linspace(0, 1, FRAMES)
    columns = []
    for coordinate in BODY.coordinates:
        low, high = (x if np.isfinite(x) else d for x, d in ((coordinate.low, -1.0), (coordinate.high, 1.0)))
        middle, reach = (low + high) / 2, (high - low) / 2 * 0.6
        wave = generator.uniform(-1, 1) * np.sin(2 * np.pi * (generator.uniform(0.3, 2) * time + generator.uniform()))
        columns.append(middle + reach * wave if coordinate.is_free else np.full(FRAMES, coordinate.default))
    return np.stack(columns, axis=1)


def mirrored(values: np.ndarray) -> np.ndarray:
    names = [c.name for c in BODY.coordinates]
    out = values.copy()
    for column, name in enumerate(names):
        other = name[:-2] + {"_r": "_l", "_l": "_r"}[name[-2:]] if name[-2:] in ("_r", "_l") else name
        out[:, column] = values[:, names.index(other)] * (-1.0 if name in TURNED else 1.0)
    return out


def angles(body: Body, values: np.ndarray) -> np.ndarray:
    poses = segment_poses(body, values)
    frames = {**anatomical_frames(body, poses), "walking": np.repeat(np.eye(3)[None], len(values), axis=0)}
    return angles_from_frames(frames, _trunk_lines(body, poses))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_no_angle_jumps_while_the_body_moves_smoothly(seed: int) -> None:
    values = motion(seed)
    fine = np.stack([np.interp(np.linspace(0, FRAMES - 1, 4000), np.arange(FRAMES), c) for c in values.T], axis=1)
    steps = np.abs(np.diff(angles(BODY, fine), axis=0))
    assert np.isfinite(steps).all()
    assert steps.max() < np.radians(15.0)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_a_mirrored_posture_swaps_the_sides(seed: int) -> None:
    values = motion(seed)[:1]
    direct, swapped = angles(BODY, values)[0], angles(BODY, mirrored(values))[0]
    columns = labels()
    for column, label in enumerate(columns):
        stem, _, side = label.rpartition("_")
        other = columns.index(f"{stem}_{'left' if side == 'right' else 'right'}")
        apart = np.angle(np.exp(1j * (direct[column] - swapped[other])))
        assert apart == pytest.approx(0.0, abs=1e-9), label
