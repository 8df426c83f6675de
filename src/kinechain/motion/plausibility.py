"""Joint angles that no joint can reach: the sign of exchanged or misplaced markers that a fitted body absorbed."""

from __future__ import annotations

import numpy as np

from kinechain.body.body import Body
from kinechain.motion.motion import Motion

__all__ = ["impossible_joints"]

#: Coordinates of the leg that are judged, and how a sentence names them.
_NAMES = {
    "hip_flexion": "hip flexion",
    "hip_adduction": "hip adduction",
    "hip_rotation": "hip rotation",
    "knee_flexion": "knee flexion",
    "knee_rotation": "knee rotation",
    "ankle_dorsiflexion": "ankle dorsiflexion",
    "subtalar_eversion": "hindfoot eversion",
}
#: Narrower than the range of the coordinate, which is kept wide for inverse kinematics, deg.  Assumption: beyond the
#: equinus of any foot that is walked on, and beyond any dorsiflexion.
_NARROWER = {"ankle_dorsiflexion": (-70.0, 45.0)}
#: Share of the frames outside the range, or at its end, from which it is no single stray frame.  Assumption: of the
#: walks of sound markers known to us none has more than 0.02.
OUTSIDE_SHARE = 0.05
#: So near to the end of its range a coordinate is held there, deg.  Assumption.
AT_THE_END_DEG = 0.5


def impossible_joints(body: Body, motion: Motion, name: str) -> tuple[str, ...]:
    """Return one sentence for each leg whose joints leave the range of their coordinates in a motion.

    Parameters
    ----------
    body : Body
        Ranges come from its coordinates (``body/parts/coordinates.csv`` names their sources).
    motion : Motion
        Of walking.
    name : str
        Of the recording, for the sentence.
    """
    ranges = {c.name: (np.degrees(c.low), np.degrees(c.high)) for c in body.coordinates}
    said = []
    for side in ("right", "left"):
        beyond = []
        for coordinate, words in _NAMES.items():
            low, high = ranges.get(f"{coordinate}_{side[0]}", (-np.inf, np.inf))
            low, high = _NARROWER.get(coordinate, (low + AT_THE_END_DEG, high - AT_THE_END_DEG))
            if f"{coordinate}_{side[0]}" not in motion.coordinates:
                continue
            values = np.degrees(motion.coordinate(f"{coordinate}_{side[0]}"))
            values = values[np.isfinite(values)]
            if len(values) and np.mean((values < low) | (values > high)) > OUTSIDE_SHARE:
                beyond.append(f"{words} {values.min():.0f} to {values.max():.0f} deg")
        if beyond:
            said.append(
                f"{name}: the {side} leg moves as no leg can ({', '.join(beyond)}): markers of it are exchanged, "
                "misplaced or hidden for long; do not trust its angles until that is cleared."
            )
    return tuple(said)
