"""The turn of the thorax against a rigid fit of its own four markers, with no body in between."""

from pathlib import Path

import numpy as np
import pytest

from kinechain import BodySize, compute_angles, fit_body, prepare_recording, read_recording, smooth, solve_motion
from kinechain.recording.recording import Recording

TRUNK = ("CV7", "TV10", "SJN", "SXS")


def turn_of_markers(standing: Recording, walking: Recording) -> np.ndarray:
    """Turn about the vertical of the best rigid fit, (time,) array, deg; NaN where a marker is missing."""
    rest = np.array([standing.require_markers().position(n)[0] for n in TRUNK])
    rest -= rest.mean(axis=0)
    tracks = np.array([walking.require_markers().position(n) for n in TRUNK]).swapaxes(0, 1)
    out = np.full(len(tracks), np.nan)
    for frame, points in enumerate(tracks):
        if np.isfinite(points).all():
            u, _, vt = np.linalg.svd((points - points.mean(axis=0)).T @ rest)
            rotation = u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
            out[frame] = np.degrees(np.arctan2(rotation[1, 0], rotation[0, 0]))
    return out


@pytest.mark.parametrize(("subject", "trial"), [("2014001", "C4_05"), ("2014004", "C4_02"), ("2014015", "C4_04")])
def test_arms_do_not_turn_the_thorax(shared: Path, subject: str, trial: str) -> None:
    folder = shared / "data/dev/schreiber_moissenet" / subject
    standing = prepare_recording(read_recording(folder / f"{subject}_ST.c3d"))
    walking = prepare_recording(read_recording(folder / f"{subject}_{trial}.c3d"))
    body = fit_body(BodySize(), static=standing, recording=walking)
    ours = np.degrees(compute_angles(body, smooth(solve_motion(body, walking))).angle("thorax_rotation_right"))
    theirs = turn_of_markers(standing, walking)
    both = np.isfinite(ours + theirs)
    assert np.corrcoef(ours[both], theirs[both])[0, 1] > 0.95
    difference = ours[both] - theirs[both]
    assert np.std(difference) < 1.5
