"""Names of points in a motion capture file: whose they are, which no operator gave, which a model computed.

Names of subjects are used here to tell people apart and never leave this module.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.text import listed
from kinechain.recording.recording import Note

__all__ = [
    "MODEL_POINT",
    "PointNames",
    "described_labels",
    "is_ghost",
    "is_output",
    "join_fragments",
    "merge_duplicates",
    "name_points",
    "told_apart",
    "without_ghosts",
]

#: Labels no operator gave: unlabelled trajectories of Vicon (*52), Qualisys (unnamed), Cortex (U_12) and others.
GHOST = re.compile(
    r"^(\*.*|u_?\d+|u_?name[d*]?.*|unnamed.*|unlabel+ed.*|unidentified.*|untracked.*|unassigned.*|unknown.*|new[ _]?\d+"
    r"|ghost.*|noname.*|no[ _]name.*|\?+\d*|-+|)$",
    re.IGNORECASE,
)
#: Names that count trajectories; some laboratories name all of their markers so.
COUNTED = re.compile(
    r"^((marker|mkr|point|pt|label|traj(ectory)?|track|target|ball|dot)s?[ _.#-]*\d+|[a-z]{1,2}[ _-]?\d{3,}|\d+)$",
    re.IGNORECASE,
)
#: Endings of model outputs stored among the points (Plug-in Gait; BTK's copies end in V; CGM2 appends '_cgm2.4').
OUTPUT = re.compile(
    r"(Angles?|Moments?|Powers?|Forces?|GRF|GroundReaction\w*|Progress|AngleCom|AbsAnkleAngle)V?\d?([ _.:(-].*)?$",
    re.IGNORECASE,
)
#: The angle of the scapula is a place on the body (ISB: angulus inferior), not an output.
SCAPULA = re.compile(r"scap|inf(erior)?[ _]?angle|angul", re.IGNORECASE)
#: Plug-in Gait segment axes (LFEO, LFEA, LFEL, LFEP ...) and body centres: stored as points, never seen by a camera.
MODEL_POINT = re.compile(
    r"^([LR](FE|TI|FO|TO|CL|HU|RA|HN)|PEL|TRX|HED|[LR]?(BM))[OALP]$|^(CentreOfMass|CentreOfMassFloor|CenterOfMass.*)$"
)
#: Descriptions of points that a program computed.
VIRTUAL = re.compile(r"^v(irtual)?[ _.]", re.IGNORECASE)
#: A further piece of a trajectory: its marker's label and a number behind a sign.
FRAGMENT = re.compile(r"^(.*[^\W\d_])[_ .-]\d{1,2}$")
#: Words for sides, which no subject is called.
SIDES = frozenset("r l right left rt lt re li rechts links droit droite gauche dx sx destra sinistra m mid".split())

#: Fewer markers than this under one prefix are an object or a segment, not a person: an assumption.
PERSON_MARKERS = 8
#: Points of one name further apart than this are two points (m): an assumption, above the noise of any marker.
TWIN_M = 0.005
#: A piece of a trajectory begins this near to where the one before stopped (m): an assumption, 0.1 s of a walk.
MEETING_M = 0.15


@dataclass(frozen=True)
class PointNames:
    """Labels without subjects.

    Attributes
    ----------
    labels : tuple of str
    keep : tuple of bool
        False for the points of other subjects and objects.
    subject : int or None
        Index among the stated subject names of the one kept, where it can be told.
    """

    labels: tuple[str, ...]
    keep: tuple[bool, ...]
    subject: int | None = None


@lru_cache(maxsize=4096)
def is_ghost(label: str) -> bool:
    """Return whether no operator gave this label."""
    return GHOST.match(label) is not None


@lru_cache(maxsize=4096)
def is_output(label: str) -> bool:
    """Return whether a label is that of a model output or of a computed point."""
    return bool(OUTPUT.search(label) and not SCAPULA.search(label)) or MODEL_POINT.match(label) is not None


def name_points(
    raw: Sequence[str], stated: Sequence[str], seen: FloatArray, notes: list[Note], names: Sequence[str] = ()
) -> PointNames:
    """Take the subject off each label, and choose one subject where there are several.

    Parameters
    ----------
    raw : sequence of str
        Labels as stored, one per point.
    stated : sequence of str
        Names and prefixes of subjects by the file's metadata.
    seen : (point,) array
        Share of frames in which each point was seen.
    notes : list of Note
        Appended to; names of subjects never enter.
    names : sequence of str, optional
        Names of subjects in their order, to tell which one was kept.
    """
    pairs = _split(raw, stated)
    labels = tuple(label for _, label in pairs)
    if len({holder for holder, _ in pairs}) < 2:
        return PointNames(labels, (True,) * len(labels))
    markers: dict[str, dict[str, float]] = {}
    for (holder, label), share in zip(pairs, seen, strict=True):
        if not is_ghost(label) and not is_output(label):
            markers.setdefault(holder, {})[label] = max(float(share), markers.get(holder, {}).get(label, 0.0))
    people = _people(markers, {name.strip(":_ ") for name in stated})
    if not people:
        return PointNames(labels, (True,) * len(labels))
    chosen = max(people, key=lambda person: sum(markers[person].values()))
    # What stands under no person, like a rigid body of the foot, is the person's unless it takes one of its names.
    keep = tuple(h == chosen or not label or (h not in people and label not in markers[chosen]) for h, label in pairs)
    _say_people(people, chosen, markers[chosen], len(keep) - sum(keep), notes)
    subject = next((k for k, name in enumerate(names) if name.strip(":_ ") == chosen), None)
    return PointNames(labels, keep, subject)


def _split(raw: Sequence[str], stated: Sequence[str]) -> list[tuple[str, str]]:
    """Return (subject, label) of every point."""
    if any(":" in label for label in raw):
        return [_at_colon(label) for label in raw]
    named = [k for k, label in enumerate(raw) if not is_ghost(label)]
    prefixes = sorted({s.strip(":_ ") for s in stated if len(s.strip(":_ ")) > 1}, key=len, reverse=True)
    glued = {k: next((p for p in prefixes if raw[k].startswith(p) and len(raw[k]) > len(p)), "") for k in named}
    # A name like 'LA' would cut LASI in two; a true prefix of that length stands before most labels.
    if named and sum(map(bool, glued.values())) < 0.5 * len(named):
        glued = {k: p for k, p in glued.items() if len(p) > 3}
    if not any(glued.values()):
        shared = _shared_beginning([raw[k] for k in named])
        glued = {k: shared for k in named if shared and raw[k].startswith(shared)}
    out = []
    for k, label in enumerate(raw):
        prefix = glued.get(k, "")
        out.append((prefix.strip(":_ -."), label[len(prefix) :].lstrip("_: -.") if prefix else label))
    return out


def _at_colon(label: str) -> tuple[str, str]:
    holder, _, name = label.rpartition(":")
    return holder.strip(), name.strip()


def _shared_beginning(labels: Sequence[str]) -> str:
    """Return a word and its separator that nearly all labels begin with, '' if there is none or it names a side."""
    first = Counter(label[:1] for label in labels)
    if len(labels) < PERSON_MARKERS or max(first.values()) < 0.9 * len(labels):
        return ""
    words = Counter(match[0] for label in labels if (match := re.match(r"[^\W_]+[_ .-]", label)))
    if not words:
        return ""
    word, count = words.most_common(1)[0]
    if count < 0.9 * len(labels) or word[:-1].lower() in SIDES:
        return ""
    rest = [label[len(word) :] for label in labels if label.startswith(word)]
    # 'Marker_001' and 'T_10' would lose what they say.
    meaningful = sum(len(re.findall(r"[^\W\d_]", name)) >= 2 for name in rest)
    return word if meaningful >= 0.9 * len(rest) and len(set(rest)) == len(rest) else ""


def _people(markers: Mapping[str, Mapping[str, float]], stated: set[str]) -> list[str]:
    """Return the prefixes that are people, in the order of the file; [] if one set serves all.

    People wear the same marker set, or the file states them; two parts of one body share no names.
    """
    groups = [holder for holder, found in markers.items() if len(found) >= PERSON_MARKERS]
    if len(markers) < 2 or not groups:
        return []
    largest = max(groups, key=lambda holder: len(markers[holder]))

    def is_person(holder: str) -> bool:
        shared = len(markers[holder].keys() & markers[largest].keys())
        return holder in (largest, *stated) or shared >= 0.5 * len(markers[holder])

    return [holder for holder in groups if is_person(holder)]


def _say_people(people: list[str], chosen: str, seen: Mapping[str, float], left_out: int, notes: list[Note]) -> None:
    if len(people) > 1:
        which, share = people.index(chosen) + 1, sum(seen.values()) / len(seen)
        text = (
            f"The file holds {len(people)} subjects; subject {which} in the order of the labels was taken, with "
            f"{len(seen)} markers seen {100 * share:.0f} % of the time, and {left_out} points of others were left out."
        )
        effect, cure = "Everything is said of that subject alone.", "Export each subject into a file of its own."
        notes.append(Note("assumed", text, "person.several", f"subject {which}", effect, cure))
    elif left_out:
        text = f"{left_out} points of another object bear names of the subject's markers; they were left out."
        effect, cure = "None on the subject.", "Give them names of their own if they are the subject's."
        notes.append(Note("found", text, "markers.objects", f"{left_out} points", effect, cure))


def without_ghosts(labels: Sequence[str], notes: list[Note]) -> list[int]:
    """Return the points that an operator named; counted names stay where there is little else.

    Parameters
    ----------
    labels : sequence of str
    notes : list of Note
        Appended to.
    """
    named = [k for k, label in enumerate(labels) if not is_ghost(label)]
    counted = [k for k in named if COUNTED.match(labels[k])]
    others = len(named) - len(counted)
    dropped = len(labels) - len(named)
    if counted and others >= max(PERSON_MARKERS, len(counted) // 4):
        named = [k for k in named if not COUNTED.match(labels[k])]
        dropped += len(counted)
    if dropped:
        text = f"{dropped} unlabelled points were left out."
        effect, cure = "What they show is not used.", "Label the trajectories and export again if they are markers."
        notes.append(Note("found", text, "markers.unlabelled", f"{dropped} points", effect, cure))
    return named


def described_labels(raw: Sequence[str], descriptions: Sequence[str], notes: list[Note]) -> list[str]:
    """Take descriptions as labels where the labels are numbers or one or two letters and the descriptions names.

    Parameters
    ----------
    raw, descriptions : sequence of str
        One of each per point; '' where there is none.
    notes : list of Note
        Appended to.
    """
    named = [k for k, label in enumerate(raw) if not is_ghost(label)]
    said = [descriptions[k] for k in named]
    if len(named) < 3 or len(set(said)) < len(said) or not all(_is_name(text) for text in said):
        return list(raw)
    says_nothing = sum(COUNTED.match(raw[k]) is not None or len(raw[k]) <= 2 for k in named)
    if says_nothing < 0.9 * len(named):
        return list(raw)
    text = "The labels of the points are numbers or single letters; their descriptions were taken as names."
    effect, cure = (
        "Markers are told by their descriptions.",
        "Export the trial with the names of the markers as labels.",
    )
    notes.append(Note("assumed", text, "markers.descriptions", "POINT:DESCRIPTIONS", effect, cure))
    told = set(named)
    return [descriptions[k] if k in told else label for k, label in enumerate(raw)]


def told_apart(labels: list[str], descriptions: Sequence[str], positions: FloatArray, notes: list[Note]) -> list[str]:
    """Name points that share a label but lie apart by their descriptions, as where labels were cut to four letters.

    Parameters
    ----------
    labels : list of str
    descriptions : sequence of str
        One per point, '' where there is none.
    positions : (time, point, 3) array, m
    notes : list of Note
        Appended to.
    """
    if len(set(labels)) == len(labels) or not any(descriptions):
        return labels
    order: dict[str, list[int]] = {}
    for k, label in enumerate(labels):
        order.setdefault(label, []).append(k)
    out, renamed = list(labels), []
    for label, members in order.items():
        said = [descriptions[k] for k in members]
        if len(members) < 2 or len(set(said)) < len(said) or not all(_is_name(x) and x not in order for x in said):
            continue
        if all(VIRTUAL.match(text) for text in said):
            continue  # nobody wears them
        full = [k for k in members if np.isfinite(positions[:, k, 0]).any()]
        if any(_gap(positions[:, a], positions[:, b]) > TWIN_M for a, b in combinations(full, 2)):
            for k in members:
                out[k] = descriptions[k]
            renamed.append(label)
    if renamed:
        text = f"Points that share a label but lie apart ({listed(renamed, 6)}) were named by their descriptions."
        effect, cure = "Each counts as a marker of its own.", "Give every marker one label and export again."
        notes.append(Note("repaired", text, "markers.namesakes", listed(renamed, 6), effect, cure))
    return out


def _is_name(text: str) -> bool:
    return re.search(r"[^\W\d_]", text) is not None and len(text) <= 48 and not (is_ghost(text) or COUNTED.match(text))


def _gap(one: FloatArray, other: FloatArray) -> float:
    """Return the largest distance of two trajectories, 0 where they are never seen together."""
    return float(np.fmax.reduce(np.linalg.norm(one - other, axis=1), initial=0.0))


def merge_duplicates(labels: list[str], positions: FloatArray, notes: list[Note]) -> tuple[tuple[str, ...], FloatArray]:
    """Join points of one label: the fullest one, completed from its twins where they do not contradict it.

    Parameters
    ----------
    labels : list of str
    positions : (time, point, 3) array, m
    notes : list of Note
        Appended to.

    Returns
    -------
    labels : tuple of str
        All different.
    positions : (time, marker, 3) array, m
    """
    if len(set(labels)) == len(labels):
        return tuple(labels), positions
    order: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        order.setdefault(label, []).append(i)
    first = [members[0] for members in order.values()]
    out = positions[:, first]
    refused, empty = [], []
    for k, (label, members) in enumerate(order.items()):
        if len(members) == 1:
            continue
        counts = {i: int(np.isfinite(positions[:, i, 0]).sum()) for i in members}
        members = sorted(members, key=lambda i: -counts[i])
        best = positions[:, members[0]].copy()
        for other in members[1:]:
            if not counts[other]:
                empty.append(label)
                continue
            twin = positions[:, other]
            if _gap(best, twin) > TWIN_M:
                refused.append(label)
                continue
            best = np.where(np.isfinite(best), best, twin)
        out[:, k] = best
    _say_duplicates(order, refused, empty, notes)
    return tuple(order), out


def join_fragments(
    labels: tuple[str, ...], positions: FloatArray, notes: list[Note]
) -> tuple[tuple[str, ...], FloatArray]:
    """Join 'LASI_1' to 'LASI' where the one is seen while the other is not, and takes up where it stopped.

    Parameters
    ----------
    labels : tuple of str
        All different.
    positions : (time, marker, 3) array, m
    notes : list of Note
        Appended to.

    Returns
    -------
    labels : tuple of str
    positions : (time, marker, 3) array, m
    """
    place = {label: k for k, label in enumerate(labels)}
    pairs = [
        (place[match[1]], k)
        for label, k in place.items()
        if (match := FRAGMENT.match(label)) is not None and match[1] in place
    ]
    joined: list[int] = []
    for base, piece in pairs:
        if not joined:
            positions = positions.copy()
        whole, part = positions[:, base], positions[:, piece]
        if _continues(whole, part):
            positions[:, base] = np.where(np.isfinite(whole), whole, part)
            joined.append(piece)
    if not joined:
        return labels, positions
    names = listed([labels[k] for k in joined], 6)
    text = f"{len(joined)} labels continue another of the same name where that stops ({names}); they were joined to it."
    effect, cure = "A marker that is one trajectory less broken.", "Merge the pieces in the recording software."
    notes.append(Note("repaired", text, "markers.fragments", names, effect, cure))
    gone = set(joined)
    kept = [k for k in range(len(labels)) if k not in gone]
    return tuple(labels[k] for k in kept), positions[:, kept]


def _continues(whole: FloatArray, part: FloatArray) -> bool:
    """Return whether a trajectory fills gaps of another, and is near it where the two meet."""
    there, here = np.isfinite(whole[:, 0]), np.isfinite(part[:, 0])
    if not here.any() or not there.any() or (there & here).any():
        return False
    known = np.flatnonzero(there)
    first, last = np.flatnonzero(here)[[0, -1]]
    before, after = np.searchsorted(known, first) - 1, np.searchsorted(known, last)
    steps = [np.linalg.norm(part[first] - whole[known[before]])] if before >= 0 else []
    steps += [np.linalg.norm(part[last] - whole[known[after]])] if after < len(known) else []
    return bool(max(steps, default=np.inf) <= MEETING_M)


def _say_duplicates(order: Mapping[str, list[int]], refused: list[str], empty: list[str], notes: list[Note]) -> None:
    twice = [label for label, members in order.items() if len(members) > 1]
    joined = [label for label in twice if label not in refused and empty.count(label) < len(order[label]) - 1]
    cure = "Give every marker one label and export again."
    if joined:
        text = f"{len(joined)} labels occur more than once ({listed(joined, 6)}); their pieces were joined."
        effect = f"None: the pieces agree within {1e3 * TWIN_M:g} mm or never meet."
        notes.append(Note("repaired", text, "markers.duplicates", listed(joined, 6), effect, cure))
    hollow = [label for label in dict.fromkeys(empty) if label not in joined]
    if hollow:
        names = listed(hollow, 6)
        text = f"{len(hollow)} labels occur again on points that are never seen ({names}); those were left out."
        notes.append(Note("found", text, "markers.empty_twins", names, "None.", cure))
    apart = sorted(set(refused))
    if apart:
        text = f"Points that share a label but lie apart: {listed(apart, 6)}; only the fullest of each was kept."
        effect = "The one kept may be the wrong one."
        notes.append(Note("defect", text, "markers.namesakes", listed(apart, 6), effect, cure))
