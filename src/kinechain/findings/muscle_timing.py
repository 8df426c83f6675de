"""When muscles work: surface EMG of a walk beside the activations computed for it."""

from __future__ import annotations

from collections.abc import Sequence

from kinechain.core.arrays import FloatArray
from kinechain.core.estimate import NotMeasured
from kinechain.loads.loads import Loads, Table
from kinechain.loads.muscle_activity import Envelope, MuscleCurve, envelopes, muscle_curves
from kinechain.motion.cycles import Cycle
from kinechain.motion.trial import GaitTrial

__all__ = ["compare_with_emg"]


def compare_with_emg(
    trials: Sequence[GaitTrial], loads: Sequence[Loads] = ()
) -> tuple[tuple[MuscleCurve, ...], tuple[str, ...]]:
    """Return the EMG of every muscle over the strides, with what was computed, and what was wrong with channels.

    Parameters
    ----------
    trials : sequence of GaitTrial
    loads : sequence of Loads
        One per trial, in their order; empty for the EMG alone.

    Returns
    -------
    curves : tuple of MuscleCurve
        Empty without EMG.
    said : tuple of str
        Channels that show no muscle, with the recording.
    """
    said: list[str] = []
    found: list[tuple[tuple[Envelope, ...], tuple[Cycle, ...], Table | None, FloatArray | None]] = []
    for k, trial in enumerate(trials):
        seen = envelopes(trial.recording)
        if isinstance(seen, NotMeasured):
            continue
        of_trial = loads[k] if k < len(loads) else None
        computed = (None, None) if of_trial is None else (of_trial.activations, of_trial.times_s)
        found.append((seen[0], trial.cycles, *computed))
        said += [f"{trial.recording.name}: EMG channel {bad.label} is not used: {bad.reason}." for bad in seen[1]]
    return (muscle_curves(found) if found else ()), tuple(said)
