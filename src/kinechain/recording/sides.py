"""Right and left: which labels were exchanged, and whether the laboratory's axes are mirrored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray, cross, lengths, median
from kinechain.core.errors import SidesError
from kinechain.recording.label_words import plain
from kinechain.recording.recording import ForcePlate, Note
from kinechain.recording.snapshots import Snapshots, median_apart
from kinechain.recording.vertical import plate_normal

__all__ = ["Sides", "exchange_labels", "find_facing", "find_sides", "mirrored_plate"]

#: A pair of markers is told right from left when it points sideways by this share of its length (assumption).
SIDEWAYS_SHARE = 0.15
#: Pairs on the wrong side are single slips as long as they are fewer than this share of the body (assumption).
SLIP_SHARE = 0.4
WALKING_SPEED = 0.3
#: No two markers of one pair stand further apart than this, m, unless one is lost (assumption: wider than a step).
WIDEST_M = 1.6
#: The middle between heel and toes lies in front of the ankle; this far behind it the two were exchanged (assumption).
BEHIND_ANKLE_M = 0.01

#: A marker moves with a leg if its distance to it changes less than this share of that to the other (assumption).
STEADIER = 0.7
#: Only in legs that stride does the distance to the wrong leg change by this much, m, both sides together (assumption).
LEAST_SWAY_M = 0.02

#: Parts of the body that tell front from back without knowing right from left: (name, front, back, weight).
#: A foot points up to 40 deg outward or inward, so each counts less than the pelvis (assumption).
_FRONT_BACK = (
    ("pelvis", ("asis",), ("psis", "sacrum"), "", 1.0),
    ("trunk", ("suprasternal_notch", "xiphoid"), ("c7", "t10"), "", 1.0),
    ("head", ("head_front",), ("head_back",), "", 0.5),
    ("right foot", ("metatarsal", "hallux", "toe_2", "segment:toes"), ("heel", "sustentaculum"), "_r", 0.8),
    ("left foot", ("metatarsal", "hallux", "toe_2", "segment:toes"), ("heel", "sustentaculum"), "_l", 0.8),
)
_ANKLE = ("lateral_malleolus", "ankle_centre")
_FOOT_SEGMENTS = ("segment:calcaneus", "segment:midfoot", "segment:forefoot", "segment:toes")
#: Landmarks that stand on one segment of the vote each; hands may cross, so they have none.
_SEGMENTS = {
    "pelvis": ("asis", "psis", "iliac_crest", "hip_centre"),
    "thigh": ("greater_trochanter", "segment:femur"),
    "knee": ("lateral_femoral_epicondyle", "medial_femoral_epicondyle", "knee_centre"),
    "shank": ("fibula_head", "tibial_tuberosity", "segment:tibia"),
    "ankle": ("lateral_malleolus", "medial_malleolus", "ankle_centre"),
    "foot": ("heel", "sustentaculum", "navicular", "metatarsal", "hallux", "toe_2", *_FOOT_SEGMENTS),
    "shoulder": ("acromion", "shoulder_centre"),
    "arm": ("humeral", "elbow_centre", "segment:humerus"),
}
_LEG = ("knee", "shank", "ankle", "foot")
#: Markers that a marker set puts on one side only: they show whether labels or axes were turned over.
_RIGHT_ONLY = ("rbak", "rbac", "rback", "rscap", "rsca")


@dataclass(frozen=True)
class Sides:
    """What to do so that right is right.

    Attributes
    ----------
    exchanged : tuple of (right label, left label)
        Markers whose labels were exchanged.
    is_mirrored : bool
        True if the laboratory's axes are left-handed.
    """

    exchanged: tuple[tuple[str, str], ...] = ()
    is_mirrored: bool = False


def find_facing(shots: Snapshots, up: FloatArray) -> FloatArray | None:
    """Return where the body faces at every instant, told without knowing right from left.

    Parameters
    ----------
    shots : Snapshots
        Lab frame.
    up : (3,) unit array

    Returns
    -------
    (time, 3) array or None
        Horizontal unit vectors, NaN where nothing was seen; None if nobody walks and no part of the body tells front
        from back.

    Notes
    -----
    Pelvis, trunk, head and feet each have a front, and people walk forwards; they are weighed so that one with
    exchanged labels is outvoted.
    """
    fronts, weights = [], []
    for _, front, back, ending, weight in _FRONT_BACK:
        ahead, behind = shots.centre(front, ending), shots.centre(back, ending)
        if behind is None and ending:
            behind = shots.centre(_ANKLE, ending)
        sense = _foot_sense(shots, ahead, behind, ending) if ending else 1.0
        if ahead is not None and behind is not None and sense and np.isfinite(step := ahead - behind).any():
            fronts.append(_horizontal_units(step * sense, up))
            weights.append(weight)
    travel = _travel(shots, up)
    if not fronts and not travel.any():
        return None
    if travel.any():
        # People walk forwards more often than somebody exchanges heel and toes of both feet.
        fronts.append(np.tile(travel, (shots.points.shape[1], 1)))
        weights.append(1.0)
    stack = np.nan_to_num(np.stack(fronts)) * np.array(weights)[:, None, None]
    share = np.linalg.eigh(np.einsum("itk,jtk->ij", stack, stack))[1][:, -1]
    share = share / np.abs(share).max()
    if share @ np.array(weights) < 0.0:
        share = -share
    # A part that points aside of all others (one exchanged label will do that) has a share near zero.
    facing = np.einsum("i,itk->tk", share, stack)
    return _horizontal_units(np.where(np.abs(facing).sum(axis=1, keepdims=True) > 0, facing, np.nan), up)


def _foot_sense(shots: Snapshots, ahead: FloatArray | None, behind: FloatArray | None, ending: str) -> float:
    """-1 where heel and toes of a foot were exchanged, 0 where its heel is the other foot's, else 1.

    Most of a foot lies in front of its ankle.
    """
    ankle, other = shots.centre(_ANKLE, ending), shots.centre(_ANKLE, "_l" if ending == "_r" else "_r")
    if ankle is None or ahead is None or behind is None:
        return 1.0
    if other is not None and median_apart(behind, ankle) > median_apart(behind, other):
        return 0.0
    along = ahead - behind
    size = lengths(along)
    middle = np.sum((0.5 * (ahead + behind) - ankle) * along, axis=1) / np.maximum(size, 1e-9)
    middle = middle[np.isfinite(middle)]
    return -1.0 if len(middle) and median(middle) < -BEHIND_ANKLE_M else 1.0


def find_sides(
    name: str,
    shots: Snapshots,
    up: FloatArray,
    facing: FloatArray | None,
    plates: Sequence[ForcePlate],
    notes: list[Note],
    known: Mapping[str, str] | None = None,
) -> Sides:
    """Tell exchanged labels and mirrored axes from where every pair of markers stands.

    Parameters
    ----------
    name : str
        Of the recording, for messages.
    shots : Snapshots
        Lab frame.
    up : (3,) unit array
    facing : (time, 3) array or None
        From `find_facing`.
    plates : sequence of ForcePlate
    notes : list of Note
        Appended to.
    known : mapping of str to 'mirrored' or 'exchanged', optional
        Who says what of a body that is turned over as a whole; else the evidence decides.

    Raises
    ------
    SidesError
        If the whole body, or half of it, stands the wrong way round and nothing tells why.
    """
    pairs = _pairs(shots)
    if facing is None or not pairs:
        return Sides()
    signs = _pair_signs(shots, pairs, cross(up, facing))
    signs = _with_crossed_legs(shots, pairs, signs, notes)
    votes = _segment_votes(shots, pairs, signs)
    if not votes:
        return Sides()
    wrong = sum(votes.values()) / len(votes)
    if known and wrong < 1e-9:
        who, what = next(iter(known.items()))
        notes.append(Note("found", f"Right and left stand as labelled; what {who} says ({what}) was not applied."))
    if wrong > 1.0 - 1e-9:
        return _turned_over(name, shots, up, plates, pairs, known or {}, notes)
    if wrong > SLIP_SHARE:
        where = ", ".join(segment for segment, share in votes.items() if share > 0.5)
        raise SidesError(
            f"in {name} right and left are exchanged at {where} and right elsewhere, so it cannot be told which part "
            "is wrong; correct the labels"
        )
    slips = tuple(
        (shots.labels[r], shots.labels[left])
        for (r, left), sign in zip(pairs, signs, strict=True)
        if sign < 0 and _segment(shots.names[r])
    )
    for right, left in slips:
        notes.append(
            Note(
                "repaired",
                f"{right} and {left} stand on each other's side throughout: the two labels were exchanged back.",
                "markers.sides",
                f"{right}, {left}",
                "Unrepaired, every angle of that segment would be of the other side.",
                "Exchange the two labels in the tracking software.",
            )
        )
    return Sides(exchanged=slips)


def _turned_over(
    name: str,
    shots: Snapshots,
    up: FloatArray,
    plates: Sequence[ForcePlate],
    pairs: list[tuple[int, int]],
    known: Mapping[str, str],
    notes: list[Note],
) -> Sides:
    """Tell mirrored axes from exchanged labels, which look the same on a symmetric body."""
    evidence = known or _asymmetric_evidence(shots, up, plates)
    found = set(evidence.values())
    if len(found) != 1:
        raise SidesError(
            f"in {name} the feet point against the pelvis: right and left labels are exchanged, or an axis is "
            "mirrored, and nothing tells which; give another trial of the visit as well, or say --exchange-sides or "
            "--mirrored"
        )
    why = " and ".join(evidence)
    kind: Literal["assumed", "repaired"] = "assumed" if known else "repaired"
    if found == {"mirrored"}:
        text = (
            f"The axes are left-handed, so the whole body was mirrored, as {why} tells; they were turned right-handed."
        )
        cure = "Export in right-handed axes."
        notes.append(Note(kind, text, "axes.mirrored", "all markers and plates", _TURNED_EFFECT, cure))
        return Sides(is_mirrored=True)
    text = f"Right and left labels are exchanged on the whole body, as {why} tells; they were exchanged back."
    notes.append(Note(kind, text, "markers.sides", "all markers", _TURNED_EFFECT, "Correct the labels."))
    return Sides(exchanged=tuple((shots.labels[r], shots.labels[left]) for r, left in pairs))


_TURNED_EFFECT = "If this is wrong, every result stands on the wrong side of the body."


def _asymmetric_evidence(shots: Snapshots, up: FloatArray, plates: Sequence[ForcePlate]) -> dict[str, str]:
    """What breaks the symmetry between mirrored axes and exchanged labels: {evidence: 'mirrored' or 'exchanged'}."""
    out = {}
    normals = [float(n @ up) for p in plates if (n := plate_normal(p)) is not None]
    if normals and min(map(abs, normals)) > 0.7 and len({n > 0 for n in normals}) == 1:
        out["the order of the plates' corners"] = "mirrored" if normals[0] > 0 else "exchanged"
    for row, label in enumerate(shots.labels):
        if not plain(label).startswith(_RIGHT_ONLY):
            continue
        right, left = shots.track("acromion_r"), shots.track("acromion_l")
        if right is None or left is None:
            continue
        across, middle = right - left, 0.5 * (right + left)
        aside = np.sum((shots.points[row] - middle) * across, axis=1) / np.sum(across**2, axis=1)
        aside = aside[np.isfinite(aside)]
        # The marker is stuck on the right shoulder blade, whatever the others are called.
        if len(aside) and abs(np.median(aside)) > 0.1:
            out[label] = "mirrored" if np.median(aside) > 0 else "exchanged"
    return out


def _pairs(shots: Snapshots) -> list[tuple[int, int]]:
    """Rows (right, left) of landmarks that a body has twice."""
    places = {name: row for row, name in enumerate(shots.names)}
    out = [
        (row, places[name[:-2] + "_l"])
        for name, row in places.items()
        if name.endswith("_r") and "#" not in name and name[:-2] + "_l" in places
    ]
    lefts = {row: shots.labels[row] for name, row in places.items() if "#" in name and name.split("#")[0][-2:] == "_l"}
    for name, row in places.items():
        segment, _, label = name.partition("#")
        if label and segment.endswith("_r"):
            twin = next(
                (k for k, x in lefts.items() if shots.names[k].startswith(segment[:-1]) and _is_twin(label, x)), None
            )
            if twin is not None:
                out.append((row, twin))
    return out


@lru_cache(maxsize=4096)
def _is_twin(right: str, left: str) -> bool:
    """Whether two labels differ only by the letter, or the word, of the side."""
    a, b = right.lower(), left.lower()
    if a.replace("right", "left") == b and a != b:
        return True
    return len(a) == len(b) and {(x, y) for x, y in zip(a, b, strict=True) if x != y} == {("r", "l")}


def _pair_signs(shots: Snapshots, pairs: list[tuple[int, int]], left: FloatArray) -> FloatArray:
    """Return +1 for pairs the right way round, -1 for exchanged ones, 0 where it cannot be told, (pair,).

    Below the knee legs may cross, so a pair there follows those it moves with: two markers of one leg are never
    nearer to the other leg's on average.
    """
    right_rows, left_rows = np.array(pairs).T
    across = shots.points[left_rows] - shots.points[right_rows]
    seen = np.isfinite(across[:, :, 0]) & np.isfinite(left[None, :, 0])
    length = lengths(np.where(seen[:, :, None], across, 0.0))
    across = np.where((seen & (length < WIDEST_M))[:, :, None], across, 0.0)
    length = np.where(length < WIDEST_M, length, 0.0).sum(axis=1)
    aside = np.einsum("ptk,tk->p", across, np.where(np.isfinite(left), left, 0.0))
    share = np.where(length > 0, aside / np.maximum(length, 1e-9), 0.0)
    signs = np.where(np.abs(share) > SIDEWAYS_SHARE, np.sign(share), 0.0)
    leg = [k for k, (row, _) in enumerate(pairs) if _segment(shots.names[row]) in _LEG]
    if len(leg) < 2:
        return np.asarray(signs)
    flat = across[leg].reshape(len(leg), -1)
    flat = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)
    together = np.linalg.eigh(flat @ flat.T)[1][:, -1]
    strength = np.abs(together) / np.abs(together).max()
    together = np.sign(together) * np.where(strength > 0.3, 1.0, 0.0)
    whole = float(together @ share[leg])
    if abs(whole) > SIDEWAYS_SHARE:
        signs[leg] = together * np.sign(whole)
    return np.asarray(signs)


def _with_crossed_legs(
    shots: Snapshots, pairs: list[tuple[int, int]], signs: FloatArray, notes: list[Note]
) -> FloatArray:
    """Return the signs of pairs, those of a crossing leg set right: it stands aside, but moves with its own thigh.

    Labels that were exchanged stand on the other leg, so their distance to its own next marker changes with each step.
    """
    legs = [k for k, (row, _) in enumerate(pairs) if _segment(shots.names[row]) in (*_LEG, "thigh", "pelvis")]
    wrong = [k for k in legs if signs[k] < 0.0 and _segment(shots.names[pairs[k][0]]) in _LEG]
    right = [k for k in legs if signs[k] > 0.0]
    if not wrong or not right:
        return signs
    kept, crossed = min(
        ((_sway(shots, pairs[a], pairs[b]), _sway(shots, pairs[a], pairs[b][::-1])) for a in wrong for b in right),
        key=min,
    )
    if not (kept < STEADIER * crossed and LEAST_SWAY_M < crossed < np.inf):
        return signs
    out = signs.copy()
    out[wrong] = 1.0
    names = ", ".join(shots.labels[row] for k in wrong for row in pairs[k])
    text = f"The legs cross: {names} stand on the other side of each other, but move with the leg they are named after."
    effect = "Right and left stay as labelled."
    notes.append(Note("found", text, "person.legs_cross", names, effect, "Nothing, if the legs do cross."))
    return out


def _sway(shots: Snapshots, one: tuple[int, int], other: tuple[int, int]) -> float:
    """Return how much the distances between the right and between the left of two pairs change, m; inf if unseen."""
    total = 0.0
    for a, b in zip(one, other, strict=True):
        apart = np.linalg.norm(shots.points[a] - shots.points[b], axis=1)
        apart = apart[np.isfinite(apart)]
        total += float(np.std(apart)) if len(apart) > 2 else float("inf")
    return total


@lru_cache(maxsize=4096)
def _segment(name: str) -> str:
    return next((s for s, names in _SEGMENTS.items() if name.startswith(names)), "")


def _segment_votes(shots: Snapshots, pairs: list[tuple[int, int]], signs: FloatArray) -> dict[str, float]:
    """Share of the pairs of each segment that stand the wrong way round."""
    told: dict[str, list[bool]] = {}
    for (row, _), sign in zip(pairs, signs, strict=True):
        segment = _segment(shots.names[row])
        if segment and sign != 0.0:
            told.setdefault(segment, []).append(bool(sign < 0))
    return {segment: sum(wrong) / len(wrong) for segment, wrong in told.items()}


def _horizontal_units(vectors: FloatArray, up: FloatArray) -> FloatArray:
    flat = vectors - (vectors @ up)[:, None] * up
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(flat / lengths(flat)[:, None])


def _travel(shots: Snapshots, up: FloatArray) -> FloatArray:
    """Mean horizontal direction of travel, (3,) unit array, zeros if nobody walks."""
    pelvis = shots.pelvis
    seen = np.flatnonzero(np.isfinite(pelvis[:, 0])) if pelvis is not None else np.zeros(0, int)
    if pelvis is None or len(seen) < 2:
        return np.zeros(3)
    way = pelvis[seen[-1]] - pelvis[seen[0]]
    way = way - (way @ up) * up
    size = float(np.linalg.norm(way))
    return way / size if size > WALKING_SPEED * (shots.times_s[seen[-1]] - shots.times_s[seen[0]]) else np.zeros(3)


def mirrored_plate(plate: ForcePlate, up: FloatArray) -> ForcePlate:
    """Return a plate that was read in left-handed axes with its force pointing up again.

    A reader takes the plate's normal from the order of its corners as a product of vectors, which a mirror turns over,
    and the force along the normal with it.

    Parameters
    ----------
    plate : ForcePlate
        Lab frame, left-handed.
    up : (3,) unit array
    """
    normal = plate_normal(plate)
    along = plate.force @ normal if normal is not None else np.zeros(0)
    if normal is None or not len(along) or normal @ up < 0.0 or float(np.sum(along) * (normal @ up)) >= 0.0:
        return plate
    return replace(plate, force=plate.force - 2.0 * np.outer(along, normal))


def exchange_labels(positions: FloatArray, labels: Sequence[str], exchanged: Sequence[tuple[str, str]]) -> FloatArray:
    """Return positions (time, marker, 3), m, with the trajectories of each pair of labels exchanged, in turn."""
    if not exchanged:
        return positions
    order = list(range(len(labels)))
    place = {label: i for i, label in enumerate(labels)}
    for a, b in exchanged:
        order[place[a]], order[place[b]] = order[place[b]], order[place[a]]
    return positions[:, order]
