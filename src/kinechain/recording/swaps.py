"""Two markers of one segment whose labels were exchanged: found by where they stand on the body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray, cross, lengths, median
from kinechain.recording.recording import Note
from kinechain.recording.snapshots import Snapshots, median_apart

__all__ = ["Swaps", "find_swaps"]

#: Pairs (upper, lower) of landmarks; in an upright person nothing turns them over.
_UPPER_LOWER = (
    ("suprasternal_notch", "xiphoid"),
    ("c7", "t10"),
    ("asis", "lateral_femoral_epicondyle"),
    ("greater_trochanter", "lateral_femoral_epicondyle"),
    ("lateral_femoral_epicondyle", "lateral_malleolus"),
    ("medial_femoral_epicondyle", "medial_malleolus"),
    ("fibula_head", "lateral_malleolus"),
    ("acromion", "asis"),
)
#: Pairs (front, back) of landmarks of one segment, by the way the body faces.
_FRONT_BACK = (
    ("asis", "psis"),
    ("head_front", "head_back"),
    ("suprasternal_notch", "c7"),
    ("xiphoid", "t10"),
)
#: The same of the ankle and the heel: however far a foot points down, 60 deg, or up, the malleoli stay in front.
_ANKLE_HEEL = (("lateral_malleolus", "heel"), ("medial_malleolus", "heel"))
_TOES = ("metatarsal_2_head", "metatarsal_1_head", "metatarsal_5_head", "hallux_tip", "toe_2_tip")
#: Pairs (outer, inner) of landmarks whose order across the foot, ankle or knee never changes.
_OUTER_INNER = (
    ("lateral_malleolus", "medial_malleolus"),
    ("lateral_femoral_epicondyle", "medial_femoral_epicondyle"),
    ("metatarsal_5_head", "metatarsal_2_head"),
    ("metatarsal_5_head", "metatarsal_1_head"),
    ("metatarsal_2_head", "metatarsal_1_head"),
)
#: Landmarks of the trunk; of one that leans further than this, deg, above and in front mean nothing any more
#: (assumption: short of a trunk that is level, as in camptocormia).
_TRUNK = ("suprasternal_notch", "xiphoid", "c7", "t10", "acromion")
BENT_TRUNK_DEG = 50.0
#: How far the wrong way round two markers must stand to count, m (assumption: beyond where fingers stick them).
NEARER_SHARE = 0.6
UPSIDE_DOWN_M, BACK_TO_FRONT_M, INSIDE_OUT_M = 0.03, 0.03, 0.01
#: The same of ankle and heel, which are 2 to 6 cm apart along the way, m (assumption).
ANKLE_BEHIND_M = 0.015


@dataclass(frozen=True)
class Swaps:
    """Exchanged labels within a side of the body.

    Attributes
    ----------
    exchanged : tuple of (label, label)
        To be exchanged back.
    dropped : tuple of str
        Labels of which it is not certain what they mark; no result may use them.
    """

    exchanged: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()


def find_swaps(shots: Snapshots, up: FloatArray, facing: FloatArray | None, share: float, notes: list[Note]) -> Swaps:
    """Find pairs of markers that stand upside down, back to front or inside out throughout.

    Parameters
    ----------
    shots : Snapshots
        Right and left in order; right-handed axes.
    up : (3,) unit array
    facing : (time, 3) array or None
        Where the body faces.
    share : float
        A pair counts when it stands the wrong way round in this share of the instants.
    notes : list of Note
        Appended to.

    Notes
    -----
    Upside down and back to front are told by the vertical and by the way the rest of the body faces, and inside out by
    the line from heel to toes, so those are certain once the markers fit the other foot better exchanged than as they
    are; where they do not, both are left out.
    """
    upper_lower, front_back = _both_sides(_UPPER_LOWER), _both_sides(_FRONT_BACK)
    if _is_bent(shots, up):
        upper_lower, front_back = ([p for p in x if not p[0].startswith(_TRUNK)] for x in (upper_lower, front_back))
    told = [(w, a, b, "below") for w, a, b in _wrong(shots, upper_lower, up, UPSIDE_DOWN_M, share)]
    if facing is not None:
        behind = _wrong(shots, front_back, facing, BACK_TO_FRONT_M, share)
        behind += _wrong(shots, _both_sides(_ANKLE_HEEL), facing, ANKLE_BEHIND_M, share)
        told += [(w, a, b, "behind") for w, a, b in behind]
        told += _heel_for_toe(shots, facing, share)
    exchanged: list[tuple[str, str, str]] = []
    dropped: list[str] = []
    taken: set[str] = set()
    # One exchange turns over several pairs; the widest names the two markers.
    for wrong, a, b, where in sorted(told, reverse=True):
        if not {a, b} & taken:
            taken |= {a, b}
            exchanged.append((a, b, f"stands {wrong * 1e3:.0f} mm {where}"))
    label = dict(zip(shots.names, shots.labels, strict=True))
    sorted_out = shots.exchanged(tuple((label[a], label[b]) for a, b, _ in exchanged))
    for side in "rl":
        for a, b, wrong, is_certain in _inside_out(sorted_out, up, side, share):
            if {a, b} & taken:
                continue
            how = f"stands {wrong * 1e3:.0f} mm on the inner side of"
            if is_certain:
                exchanged.append((a, b, how))
            else:
                dropped += [a, b]
                notes.append(_note(shots, a, b, how, False))
    for a, b, how in exchanged:
        notes.append(_note(shots, a, b, how, True))
    return Swaps(tuple((label[a], label[b]) for a, b, _ in exchanged), tuple(dict.fromkeys(label[x] for x in dropped)))


def _is_bent(shots: Snapshots, up: FloatArray) -> bool:
    """Tell whether the trunk lies more nearly level than upright, from the pelvis to the middle of the trunk."""
    trunk, pelvis = shots.centre(_TRUNK), shots.pelvis
    if trunk is None or pelvis is None:
        return False
    line = trunk - pelvis
    cosine = line @ up / np.maximum(np.linalg.norm(line, axis=1), 1e-9)
    cosine = cosine[np.isfinite(cosine)]
    return bool(len(cosine) and np.median(cosine) < np.cos(np.radians(BENT_TRUNK_DEG)))


def _note(shots: Snapshots, a: str, b: str, how: str, is_repaired: bool) -> Note:
    first, second = (shots.labels[shots.names.index(x)] for x in (a, b))
    done = "the two labels were exchanged back" if is_repaired else "they look exchanged, so neither marker is used"
    return Note(
        "repaired" if is_repaired else "defect",
        f"{first} {how} {second} throughout: {done}.",
        "markers.swapped",
        f"{first}, {second}",
        "Angles of that segment were wrong before." if is_repaired else "Angles that rest on them are less certain.",
        "Exchange the two labels in the tracking software.",
    )


def _both_sides(pairs: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [(f"{a}{ending}", f"{b}{ending}") for a, b in pairs for ending in ("", "_r", "_l")]


def _wrong(
    shots: Snapshots, pairs: Sequence[tuple[str, str]], along: FloatArray, least: float, share: float
) -> list[tuple[float, str, str]]:
    """Pairs of which the first stands behind the second along a direction throughout: (how far in m, first, second).

    The direction is one (3,) vector or one for every instant, (time, 3).
    """
    place = {name: row for row, name in enumerate(shots.names)}
    there = [(a, b) for a, b in pairs if a in place and b in place]
    if not there:
        return []
    first, second = ([place[pair[k]] for pair in there] for k in (0, 1))
    behind = -np.vecdot(shots.points[first] - shots.points[second], along)
    seen = np.isfinite(behind).sum(axis=1)
    with np.errstate(invalid="ignore"):
        often = (behind > least).sum(axis=1)
    return [
        (median(behind[k][np.isfinite(behind[k])]), *pair)
        for k, pair in enumerate(there)
        if seen[k] and often[k] > share * seen[k]
    ]


def _heel_for_toe(shots: Snapshots, facing: FloatArray, share: float) -> list[tuple[float, str, str, str]]:
    """Heels that stand in front of a toe: exchanged with the toe marker that is the hindmost of the foot.

    A heel is nearer to its ankle than a toe is; where that agrees, the foot may stand steep for longer.
    """
    out = []
    for side in "rl":
        heel, ankle = f"heel_{side}", shots.track(f"lateral_malleolus_{side}")
        steep = _wrong(shots, [(f"{toe}_{side}", heel) for toe in _TOES], facing, BACK_TO_FRONT_M, NEARER_SHARE)
        level = {toe for _, toe, _ in _wrong(shots, [(t, heel) for _, t, _ in steep], facing, BACK_TO_FRONT_M, share)}
        wrong = [
            (far, toe)
            for far, toe, _ in steep
            if (toe in level if ankle is None else _reach(shots, toe, ankle) < _reach(shots, heel, ankle))
        ]
        if wrong:
            far, toe = max(wrong)
            out.append((far, toe, heel, "behind"))
    return out


def _reach(shots: Snapshots, name: str, ankle: FloatArray) -> float:
    return median_apart(shots.points[shots.names.index(name)], ankle)


def _inside_out(shots: Snapshots, up: FloatArray, side: str, share: float) -> list[tuple[str, str, float, bool]]:
    """Pairs (outer, inner, how far, whether exchanging them is certain) that stand the wrong way round."""
    across = _across(shots, up, side)
    if across is None:
        return []
    outward = across * (-1.0 if side == "r" else 1.0)
    pairs = [(f"{outer}_{side}", f"{inner}_{side}") for outer, inner in _OUTER_INNER]
    found = [(a, b, wrong) for wrong, a, b in _wrong(shots, pairs, outward, INSIDE_OUT_M, share)]
    # Of three markers across the forefoot the exchange of two can turn over up to three pairs: take the widest.
    found.sort(key=lambda f: -f[2])
    out: list[tuple[str, str, float, bool]] = []
    taken: set[str] = set()
    for a, b, wrong in found:
        if not {a, b} & taken:
            taken |= {a, b}
            out.append((a, b, wrong, _fits_the_other_side(shots, a, b)))
    return out


def _fits_the_other_side(shots: Snapshots, a: str, b: str) -> bool:
    """Whether the distances of two markers to their leg match the other leg's better when they are exchanged."""
    side, other = a[-2:], "_l" if a.endswith("_r") else "_r"
    names = ("heel", "lateral_malleolus", "medial_malleolus", "lateral_femoral_epicondyle", *_TOES)
    anchors = [n for n in names if f"{n}{side}" in shots.names and f"{n}{other}" in shots.names]
    anchors = [n for n in anchors if n not in (a[:-2], b[:-2])]
    if not anchors or f"{a[:-2]}{other}" not in shots.names or f"{b[:-2]}{other}" not in shots.names:
        return False
    kept = swapped = 0.0
    for anchor in anchors:
        here, there = (shots.points[shots.names.index(anchor + s)] for s in (side, other))
        mine = [_reach(shots, x, here) for x in (a, b)]
        theirs = [_reach(shots, x[:-2] + other, there) for x in (a, b)]
        kept += abs(mine[0] - theirs[0]) + abs(mine[1] - theirs[1])
        swapped += abs(mine[1] - theirs[0]) + abs(mine[0] - theirs[1])
    return swapped < kept


def _across(shots: Snapshots, up: FloatArray, side: str) -> FloatArray | None:
    """Return the horizontal direction to the left of a foot (time, 3), from heel or ankle to the toes."""
    back = shots.track(f"heel_{side}")
    back = shots.track(f"lateral_malleolus_{side}") if back is None else back
    front = shots.centre(("metatarsal", "hallux", "toe_2"), f"_{side}")
    if back is None or front is None:
        return None
    ahead = front - back
    ahead = ahead - (ahead @ up)[:, None] * up
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(cross(up, ahead / lengths(ahead)[:, None]))
