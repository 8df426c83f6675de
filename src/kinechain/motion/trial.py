"""One walking trial of one body, from prepared recording to strides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import Body
from kinechain.core.arrays import Immutable
from kinechain.core.errors import RecordingError
from kinechain.motion.angles import compute_angles
from kinechain.motion.body_paths import foot_paths
from kinechain.motion.cycles import Cycle, find_cycles
from kinechain.motion.events import Agreement, choose_events
from kinechain.motion.foot_paths import SIDES, FootPaths
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.motion.motion import Angles, Motion
from kinechain.motion.smooth import smooth
from kinechain.motion.weight import body_weight_from_plates
from kinechain.recording.recording import Event, Recording

__all__ = ["GaitTrial", "analyze_gait", "no_cycle"]


#: Largest believable distance of a stride's weight from the body's (every trial of schreiber_moissenet lies within);
#: narrower than `weight.STRIDE_TOLERANCE`, from which an assessment warns of the mass.
LARGEST_MASS_ERROR = 0.06

#: Longest time inside a stride without a pose, as long as a gap that is filled at most (assumption): a swing is longer,
#: so no strike and foot off of one foot can both fall into it.
LONGEST_HIDDEN_S = 0.2


@dataclass(frozen=True, eq=False)
class GaitTrial(Immutable):
    """Everything computed from one walking recording.

    Attributes
    ----------
    recording : Recording
        Prepared: in the world frame, profile chosen, short gaps filled.
    motion : Motion
        Filtered.
    angles : Angles
    events : tuple of Event
        The events used, each with its source.
    cycles : tuple of Cycle
    notes : tuple of str
    is_running : bool
        The person runs: events and angles hold, measures and norms of walking do not.
    """

    recording: Recording
    motion: Motion
    angles: Angles
    events: tuple[Event, ...]
    cycles: tuple[Cycle, ...]
    notes: tuple[str, ...] = ()
    is_running: bool = False


def analyze_gait(body: Body, recording: Recording, cutoff_hz: float = 6.0, *, least_cycles: int = 1) -> GaitTrial:
    """Return motion, clinical angles, events and strides of one walking recording.

    Parameters
    ----------
    body : Body
        Fitted, with the markers of the recording.
    recording : Recording
        Prepared.
    cutoff_hz : float
        Of the zero-phase low-pass filter on the coordinates.
    least_cycles : int
        0 accepts a walk that holds no full stride: angles against time, and no measure per stride.

    Returns
    -------
    GaitTrial

    Raises
    ------
    RecordingError
        If nobody walks in it, or it holds fewer full gait cycles than asked for.
    """
    motion = smooth(solve_motion(body, recording), cutoff_hz)
    paths = foot_paths(body, motion)
    chosen = choose_events(recording, paths)
    found = find_cycles(chosen.events, chosen.stretches)
    seen = paths.is_seen & _feet_seen(body, motion)
    cycles = tuple(c for c in found if _hidden_s(seen, paths, c.start_s, c.end_s) <= LONGEST_HIDDEN_S)
    hidden = _hidden_strides(chosen.events, seen, paths)
    reason = next((n.text for n in chosen.notes if n.code in ("events.not_forwards", "events.too_slow")), "")
    if reason:
        raise RecordingError(f"{recording.name}: {reason[0].lower()}{reason[1:].rstrip('.')}")
    if len(cycles) < least_cycles or not chosen.events:
        raise RecordingError(_too_short(recording, motion, chosen.events))
    angles = compute_angles(body, motion, float(np.mean([c.duration_s for c in cycles])) if cycles else None)
    said = (*(note.text for note in chosen.notes), *(_sentence(a) for a in chosen.agreements))
    notes = (*said, *_weight_note(body, recording, paths))
    if hidden:
        notes += (
            f"{hidden} strides were left out: the person or a foot is hidden for more than "
            f"{LONGEST_HIDDEN_S:g} s of each, so events may be missing",
        )
    is_running = chosen.walk is not None and chosen.walk.is_running
    return GaitTrial(recording, motion, angles, chosen.events, cycles, notes, is_running)


def _feet_seen(body: Body, motion: Motion) -> NDArray[np.bool_]:
    """Return per frame whether each foot that has tracked markers shows one, (time,) array."""
    segments = {marker.name: marker.segment for marker in body.markers}
    seen = np.ones(len(motion.values), dtype=bool)
    for side in "rl":
        columns = [i for i, name in enumerate(motion.markers) if segments.get(name, "") in _foot_segments(side)]
        if columns:
            seen &= np.isfinite(motion.marker_error[:, columns]).any(axis=1)
    return seen


def _foot_segments(side: str) -> set[str]:
    names = ("talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")
    return {f"{name}_{side}" for name in names}


def _hidden_strides(events: Sequence[Event], is_seen: NDArray[np.bool_], paths: FootPaths) -> int:
    """Return how many times a foot strikes, and strikes again after too long a time in which something is hidden."""
    count = 0
    for side in SIDES:
        strikes = sorted(e.time_s for e in events if e.side == side and e.kind == "foot_strike")
        count += sum(_hidden_s(is_seen, paths, start, end) > LONGEST_HIDDEN_S for start, end in pairwise(strikes))
    return count


def _hidden_s(is_seen: NDArray[np.bool_], paths: FootPaths, start_s: float, end_s: float) -> float:
    """Return the longest time without a pose or a foot between two times, s."""
    inside = (paths.times_s > start_s) & (paths.times_s < end_s)
    seen = np.flatnonzero(np.concatenate([[True], is_seen[inside], [True]]))
    return float(np.diff(seen).max() - 1) / paths.rate_hz


def no_cycle(trial: GaitTrial) -> str:
    """Return the sentence that says why a trial holds no stride."""
    return _too_short(trial.recording, trial.motion, trial.events)


def _too_short(recording: Recording, motion: Motion, events: Sequence[Event]) -> str:
    lasts = f"{recording.name} lasts {len(motion.values) / motion.rate_hz:.1f} s"
    if not events:
        return (
            f"{lasts} and nobody walks steadily in it; a gait analysis needs at least one full stride of level walking"
        )
    strikes = sum(e.kind == "foot_strike" for e in events)
    return (
        f"{lasts} and holds less than one full gait cycle ({strikes} foot strikes, no two of the same foot with the "
        "foot off between them); record at least two strikes of the same foot"
    )


def _weight_note(body: Body, recording: Recording, paths: FootPaths) -> tuple[str, ...]:
    """Say what one stride weighs, and whether that contradicts the mass of the body."""
    weight = body_weight_from_plates(recording, paths)
    if weight is None:
        return ()
    said = f"The plates weigh {weight.mass_kg:.1f} kg over one stride (impulse of both stances over the stride time)"
    if abs(weight.ratio(body.mass_kg) - 1.0) <= LARGEST_MASS_ERROR:
        return (f"{said}, {body.mass_kg:.1f} kg is used.",)
    return (f"{said}, but {body.mass_kg:.1f} kg is used: check the mass, or the plates.",)


def _sentence(agreement: Agreement) -> str:
    name = agreement.kind.replace("_", " ").capitalize()
    apart = round(agreement.median_ms)
    when = f"{abs(apart)} ms {'later' if apart > 0 else 'earlier'} than" if apart else "at the time told"
    return f"{name} by {agreement.second} is {when} by {agreement.first} (median of {agreement.count})."
