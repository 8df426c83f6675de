"""Markers whose labels were exchanged: found by where they stand on the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.recording.recording import Note

__all__ = ["exchange_upside_down", "without_swaps"]

#: Pairs (upper, lower) of landmarks of one segment; in an upright person nothing turns them over.
_UPPER_LOWER = (("suprasternal_notch", "xiphoid"), ("c7", "t10"))


def exchange_upside_down(
    positions: FloatArray,
    labels: Sequence[str],
    landmarks: Mapping[str, str],
    swap_share: float,
    notes: list[Note],
) -> FloatArray:
    """Exchange the two markers of a pair that stands upside down throughout, and say so."""
    columns = {landmark: labels.index(label) for label, landmark in landmarks.items()}
    out = positions.copy()
    for upper, lower in _UPPER_LOWER:
        if upper not in columns or lower not in columns:
            continue
        a, b = columns[upper], columns[lower]
        rise = positions[:, a, 2] - positions[:, b, 2]
        rise = rise[np.isfinite(rise)]
        if len(rise) and np.mean(rise < -0.03) > swap_share:
            out[:, [a, b]] = positions[:, [b, a]]
            text = (
                f"{labels[a]} stands {-np.median(rise) * 1e3:.0f} mm below {labels[b]} throughout: "
                "the two labels were exchanged back."
            )
            notes.append(Note("repaired", text))
    return out


#: Pairs (outer, inner) of landmarks whose order across the foot, ankle or knee never changes.
_OUTER_INNER = (
    ("lateral_malleolus", "medial_malleolus"),
    ("lateral_femoral_epicondyle", "medial_femoral_epicondyle"),
    ("metatarsal_5_head", "metatarsal_2_head"),
    ("metatarsal_5_head", "metatarsal_1_head"),
    ("metatarsal_2_head", "metatarsal_1_head"),
)


def without_swaps(
    tracks: Mapping[str, FloatArray],
    landmarks: tuple[tuple[str, str], ...],
    swap_share: float,
    notes: list[Note],
) -> tuple[tuple[str, str], ...]:
    """Leave out pairs of markers that stand the wrong way round, and say so."""
    out = dict((landmark, label) for label, landmark in landmarks)
    dropped: set[str] = set()
    for side, sign in (("r", -1.0), ("l", 1.0)):
        for outer, inner in _OUTER_INNER:
            a, b = f"{outer}_{side}", f"{inner}_{side}"
            across = _across(tracks, side)
            if a not in tracks or b not in tracks or across is None:
                continue
            lateral = sign * np.sum((tracks[a] - tracks[b]) * across, axis=1)
            lateral = lateral[np.isfinite(lateral)]
            if len(lateral) and np.mean(lateral < -0.01) > swap_share:
                dropped |= {a, b}
                text = (
                    f"{out[a]} stands {-np.median(lateral) * 1e3:.0f} mm on the inner side of {out[b]} throughout: "
                    "the two labels look exchanged, so neither marker is used."
                )
                notes.append(Note("defect", text))
    return tuple((label, landmark) for label, landmark in landmarks if landmark not in dropped)


def _across(tracks: Mapping[str, FloatArray], side: str) -> FloatArray | None:
    """Return the horizontal direction to the left of a foot (time, 3), from heel or ankle to the toes."""
    back = next((tracks[n] for n in (f"heel_{side}", f"lateral_malleolus_{side}") if n in tracks), None)
    front = [tracks[n] for n in tracks if n.startswith(("metatarsal", "hallux", "toe_2")) and n.endswith(f"_{side}")]
    if back is None or not front:
        return None
    ahead = np.mean(front, axis=0) - back
    ahead[:, 2] = 0.0
    norm = np.linalg.norm(ahead, axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.cross([0.0, 0.0, 1.0], ahead / norm))
