"""Whether markers stand where their landmarks can stand, told from distances alone.

No axis, unit or posture is needed: a heel stands nearer to the ankle than to the knee in every laboratory.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from kinechain.core.arrays import FloatArray, IntArray, lengths

__all__ = ["broken_places", "frames_looked_at"]

#: (landmark, nearer to this one, than to that one), for each leg; anatomy of every person.
_NEARER = (
    ("heel", "lateral_malleolus", "lateral_femoral_epicondyle"),
    ("lateral_malleolus", "heel", "lateral_femoral_epicondyle"),
    ("lateral_malleolus", "metatarsal_2_head", "lateral_femoral_epicondyle"),
    ("medial_malleolus", "lateral_malleolus", "lateral_femoral_epicondyle"),
    ("medial_femoral_epicondyle", "lateral_femoral_epicondyle", "lateral_malleolus"),
    ("medial_femoral_epicondyle", "lateral_femoral_epicondyle", "asis"),
    ("fibula_head", "lateral_femoral_epicondyle", "lateral_malleolus"),
    ("tibial_tuberosity", "lateral_femoral_epicondyle", "lateral_malleolus"),
    ("greater_trochanter", "asis", "lateral_femoral_epicondyle"),
    ("metatarsal_1_head", "lateral_malleolus", "lateral_femoral_epicondyle"),
    ("metatarsal_2_head", "lateral_malleolus", "lateral_femoral_epicondyle"),
    ("metatarsal_5_head", "lateral_malleolus", "lateral_femoral_epicondyle"),
    ("hallux_tip", "metatarsal_1_head", "heel"),
    ("hallux_tip", "metatarsal_2_head", "heel"),
    ("heel_proximal", "heel", "metatarsal_2_head"),
    ("lateral_femoral_epicondyle", "lateral_malleolus", "acromion"),
    ("asis", "lateral_femoral_epicondyle", "lateral_malleolus"),
    ("humeral_lateral_epicondyle", "acromion", "lateral_malleolus"),
    ("segment:femur", "lateral_femoral_epicondyle", "lateral_malleolus"),
    ("segment:tibia", "lateral_malleolus", "asis"),
)
#: (inner, outer): two of these stand nearer together than two of those.
_ACROSS = (
    ("medial_femoral_epicondyle", "lateral_femoral_epicondyle"),
    ("psis", "asis"),
)
#: Frames looked at.
_FRAMES = 15


def broken_places(names: tuple[str, ...], points: FloatArray) -> tuple[int, tuple[str, ...]]:
    """Return how many rules could be asked, and what breaks one.

    Parameters
    ----------
    names : tuple of str
        Landmarks; trackers as 'segment:<segment>#<label>'.
    points : (landmark, time, 3) array
        In some frames, in any unit.

    Returns
    -------
    asked : int
    broken : tuple of str
        One clause per broken rule, e.g. 'heel_r stands nearer to lateral_femoral_epicondyle_r than to ...'.
    """
    ends, meanings = _rules(names)
    if not meanings:
        return 0, ()
    near, far = lengths(points[ends[0]] - points[ends[1]]), lengths(points[ends[2]] - points[ends[3]])
    # What is missing comes last when sorted; points that are never seen together tell nothing.
    longer = np.sort(far - near, axis=1)
    count, rows = np.isfinite(longer).sum(axis=1), np.arange(len(longer))
    margin = longer[rows, np.maximum(count - 1, 0) // 2] + longer[rows, np.minimum(count // 2, points.shape[1] - 1)]
    broken = tuple(meanings[rule] for rule in np.flatnonzero(margin < 0).tolist())
    return int(np.count_nonzero(count)), broken


@lru_cache(maxsize=256)
def frames_looked_at(count: int) -> IntArray:
    """Return the frames of so many that are looked at."""
    return np.unique(np.linspace(0, count - 1, _FRAMES).astype(np.int64))


@lru_cache(maxsize=256)
def _rules(names: tuple[str, ...]) -> tuple[IntArray, tuple[str, ...]]:
    """Return rows a, b, c, d (4, rule), of which a and b stand nearer together than c and d, and what it means if not.

    The trials of a visit share their names, so this is asked again and again.
    """
    at = {name: i for i, name in enumerate(names)}
    out = []
    for side in "rl":
        for name, near, far in _NEARER:
            a, b = at.get(f"{near}_{side}"), at.get(f"{far}_{side}")
            if a is None or b is None:
                continue
            out += [
                (i, a, i, b, f"{names[i]} stands nearer to {names[b]} than to {names[a]}")
                for i in _columns(names, name, side)
            ]
    for inner, outer in _ACROSS:
        four = [at[f"{name}_{side}"] for name in (inner, outer) for side in "rl" if f"{name}_{side}" in at]
        if len(four) == 4:
            a, b, c, d = four
            out.append((a, b, c, d, f"the two {inner} stand wider apart than the two {outer}"))
    ends = np.array([rule[:4] for rule in out], dtype=np.int64).reshape(-1, 4).T
    return ends, tuple(rule[4] for rule in out)


def _columns(names: Sequence[str], name: str, side: str) -> list[int]:
    if name.startswith("segment:"):
        return [i for i, n in enumerate(names) if n.startswith(f"{name}_{side}#")]
    return [names.index(f"{name}_{side}")] if f"{name}_{side}" in names else []
