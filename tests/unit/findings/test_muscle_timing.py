"""EMG of a walk beside computed activations, and channels that show no muscle."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.skeleton import generic_body
from kinechain.findings.muscle_timing import compare_with_emg
from kinechain.motion.cycles import find_cycles
from kinechain.motion.motion import Angles, Motion
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Event, Recording, Series
from made_loads import made_loads

RATE = 2000.0


@pytest.fixture(scope="module")
def trial():
    events = [Event("foot_strike", "left", 0.10 + 1.1 * k, "plates") for k in range(5)]
    events += [Event("foot_off", "left", 0.78 + 1.1 * k, "plates") for k in range(4)]
    events = tuple(events)
    body = generic_body("female")
    names = tuple(c.name for c in body.coordinates)
    still = Motion(names, np.zeros((500, len(names))), 100.0, 0.0, (), np.empty((500, 0)), np.ones(500), body.hash)
    angles = Angles(("knee_flexion_left",), np.zeros((500, 1)), 100.0, 0.0)
    time = np.arange(round(5 * RATE)) / RATE
    noise = np.random.default_rng(1).standard_normal((2, len(time)))
    # The made activation of the soleus peaks 30 frames after each foot strike of its side.
    strength = np.exp(-((((time - 0.40 + 0.55) % 1.1 - 0.55) / 0.12) ** 2))
    values = np.column_stack([strength * noise[0], 0.0 * time]) * 1e-4 + 1e-7 * noise.T
    values[:, 1] = 0.0
    series = Series(("L_soleus", "L_tibialis_anterior"), values, ("V", "V"), time)
    recording = Recording("walk.c3d", "ab" * 32, "C3D", series=series)
    return GaitTrial(recording, still, angles, events, find_cycles(events))


def test_emg_and_activation_of_one_muscle_stand_side_by_side(trial):
    curves, _ = compare_with_emg([trial], [made_loads()])
    (soleus,) = curves
    assert (soleus.muscle, soleus.side, soleus.strides) == ("soleus", "left", 4)
    assert abs(int(np.argmax(soleus.mean)) - 27) <= 4
    assert abs(int(np.argmax(soleus.computed)) - 27) <= 1
    assert soleus.agreement is not None
    assert soleus.agreement.correlation > 0.9


def test_a_dead_channel_is_named_with_its_recording(trial):
    _, said = compare_with_emg([trial])
    (sentence,) = said
    assert sentence.startswith("walk.c3d: EMG channel L_tibialis_anterior is not used: ")


def test_emg_alone_and_no_emg_at_all(trial):
    ((soleus,), _) = compare_with_emg([trial])
    assert soleus.computed is None
    assert soleus.agreement is None
    bare = replace(trial, recording=replace(trial.recording, series=None))
    assert compare_with_emg([bare], [made_loads()]) == ((), ())
