"""Whether markers stand where their landmarks can stand, told from distances alone.

No axis, unit or posture is needed: a heel stands nearer to the ankle than to the knee in every laboratory.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

from kinechain.core.arrays import FloatArray

__all__ = ["broken_places"]

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


def broken_places(tracks: Mapping[str, FloatArray]) -> tuple[int, tuple[str, ...]]:
    """Return how many rules could be asked, and what breaks one.

    Parameters
    ----------
    tracks : mapping of landmark to (time, 3) array
        In any unit; trackers as 'segment:<segment>#<label>'.

    Returns
    -------
    asked : int
    broken : tuple of str
        One clause per broken rule, e.g. 'heel_r stands nearer to lateral_femoral_epicondyle_r than to ...'.
    """
    names = list(tracks)
    rules = _rules(names)
    if not rules:
        return 0, ()
    frames = len(tracks[names[0]])
    some = np.unique(np.linspace(0, frames - 1, _FRAMES).astype(int))
    used = sorted({i for rule in rules for i in rule[:4]})
    points = np.zeros((len(some), len(names), 3))
    points[:, used] = np.stack([tracks[names[i]][some] for i in used], axis=1)
    first, second, third, fourth = np.array([rule[:4] for rule in rules]).T
    longer = np.linalg.norm(points[:, third] - points[:, fourth], axis=2)
    longer = longer - np.linalg.norm(points[:, first] - points[:, second], axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=RuntimeWarning)  # points that are never seen together tell nothing
        margin = np.nanmedian(longer, axis=0)
    broken = tuple(rule[4] for rule, m in zip(rules, margin, strict=True) if m < 0)
    return int(np.isfinite(margin).sum()), broken


def _rules(names: list[str]) -> list[tuple[int, int, int, int, str]]:
    """Return (a, b, c, d, what it means when broken): a and b stand nearer together than c and d."""
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
        ends = [at[f"{name}_{side}"] for name in (inner, outer) for side in "rl" if f"{name}_{side}" in at]
        if len(ends) == 4:
            a, b, c, d = ends
            out.append((a, b, c, d, f"the two {inner} stand wider apart than the two {outer}"))
    return out


def _columns(names: list[str], name: str, side: str) -> list[int]:
    if name.startswith("segment:"):
        return [i for i, n in enumerate(names) if n.startswith(f"{name}_{side}#")]
    return [names.index(f"{name}_{side}")] if f"{name}_{side}" in names else []
