"""What a marker label says in words: side, place on the body, and which face of it.

Laboratories that follow no published set still name their markers after bones: 'R Knee Lat', 'KneeOut_R', 'r_knee_med',
'RLFE'.  A label is cut into words; every word must be known, and together they must name one place.  A label that
says nothing of the body ('M1', 'PT03', '0012') has no meaning here, and neither has one with a word left over: a
profile file must say it.  Nothing in this module is more than a reading of names: what it finds is an assumption.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kinechain.recording.label_vocabulary import (
    BESIDE,
    CLUSTERS,
    CODES,
    COMPUTED,
    EMPTY,
    FACE_OF,
    FACED_JOINTS,
    FACED_PLACES,
    IDLE,
    MIDLINE_PLACES,
    MIDLINE_TRACKERS,
    NOUN_OF,
    SIDED_PLACES,
    SIDES,
    TRACKERS,
    TRUNK_TRACKERS,
)

__all__ = ["Reading", "common_ends", "is_of_two", "plain", "read_label", "read_labels", "side_and_stem", "side_letters"]

#: A longer label is no name of a place.
LONGEST = 60
_CLUSTER_CODE = re.compile(r"([a-z]{1,2})([1-9])")
#: Markers of a segment told apart by letters: LTHIB, LTHID, RTIBF, LTHAP.
_LETTERED = re.compile(r"(thi|thigh|tib|tibia|shank|shk|shn)(?:[a-f]|ap|ad|p|d|u|l|lat|lo|up)")


@dataclass(frozen=True)
class Reading:
    """What a label says.

    Attributes
    ----------
    landmark : str
        With its side, or 'segment:<segment>' for a marker that only tracks.
    weight : float
        In inverse kinematics.
    """

    landmark: str
    weight: float


@lru_cache(maxsize=4096)
def plain(label: str) -> str:
    """Return a label in lower case without blanks, dots, dashes and brackets."""
    return re.sub(r"[^0-9a-z]", "", label.lower())


@lru_cache(maxsize=4096)
def _words(label: str) -> list[str]:
    """Cut a label at separators and at capitals."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", " ", label)
    return [w for w in re.split(r"[^0-9a-z]+", apart.lower()) if w]


@lru_cache(maxsize=4096)
def side_and_stem(label: str) -> tuple[str, str]:
    """Return the side ('r', 'l' or '') that stands apart in a label or at its end, and the rest in plain letters.

    'Left_ASI', 'ASI.L' and 'ASIL' are all ('l', 'asi').  A side letter at the beginning of a word stays where it is.
    """
    words = _words(label)
    sides = [i for i, word in enumerate(words) if word in SIDES]
    if len(sides) == 1 and len(words) > 1:
        return SIDES[words[sides[0]]], "".join(words[: sides[0]] + words[sides[0] + 1 :])
    flat = "".join(words)
    if len(flat) > 3 and flat[-1] in "rl" and flat not in NOUN_OF:
        return flat[-1], flat[:-1]
    return "", flat


def common_ends(labels: Sequence[str]) -> dict[str, str]:
    """Return labels without what a program or a subject's name put around most of them.

    'Ann_LASI' and 'Q_LHeel' lose their beginning, 'r_knee_study' its end.  Only a beginning or an end that a separator
    parts off, that at least half of the labels share and six of them (assumption) and that is no word of the body is
    taken off.
    """
    count: dict[tuple[bool, str], int] = {}
    for label in labels:
        for mark in re.finditer(r"[\s_.:\-]+", label):
            for part in ((True, label[: mark.end()]), (False, label[mark.start() :])):
                count[part] = count.get(part, 0) + 1
    least = max(0.5 * len(labels), 6)
    shared = [part for part, n in count.items() if n >= least and _is_foreign(part[1])]
    before = max((text for is_first, text in shared if is_first), key=len, default="")
    after = max((text for is_first, text in shared if not is_first), key=len, default="")
    return {x: x.removeprefix(before).removesuffix(after) or x for x in labels}


def is_of_two(labels: Sequence[str]) -> bool:
    """Tell whether the same six or more labels occur behind two different beginnings: two people, or one twice."""
    behind: dict[str, set[str]] = {}
    for label in labels:
        for mark in re.finditer(r"[\s_.:\-]+", label):
            if _is_foreign(label[: mark.end()]):
                behind.setdefault(label[: mark.end()], set()).add(plain(label[mark.end() :]))
    large = [stems for stems in behind.values() if len(stems) >= 6]
    return any(len(one & other) >= 6 for i, one in enumerate(large) for other in large[:i])


def _is_foreign(text: str) -> bool:
    """Tell whether a text holds neither a side nor a word of the body."""
    words = _words(text)
    return bool(words) and not any(w in SIDES or w in NOUN_OF or w in FACE_OF or w in COMPUTED for w in words)


def side_letters(labels: Sequence[str]) -> dict[str, str]:
    """Return labels with R and L for the two sides, where a laboratory writes D and G, D and I, or D and E.

    Other letters are believed only where hardly a label has a twin with R and L and at least four have one with the
    others (assumption), at the beginning or at the end.
    """
    known = {plain(x) for x in labels}
    same = {x: x for x in labels}
    for at_end in (False, True):
        if len(_twins(known, "r", "l", at_end)) > 2:
            return same
    for right, left in (("d", "g"), ("d", "i"), ("d", "e")):
        for at_end in (False, True):
            twins = _twins(known, right, left, at_end)
            if len(twins) >= 8:
                return {x: _with_side(x, {right: "R", left: "L"}, at_end) if plain(x) in twins else x for x in labels}
    return same


def _twins(known: set[str], right: str, left: str, at_end: bool) -> set[str]:
    """Return the plain labels that differ from another one in the letter of their side only."""
    out = set()
    for x in known:
        other = {right: left, left: right}.get(x[-1:] if at_end else x[:1])
        if other is not None and len(x) > 2 and (x[:-1] + other if at_end else other + x[1:]) in known:
            out.add(x)
    return out


def _with_side(label: str, letters: Mapping[str, str], at_end: bool) -> str:
    text = label.strip()
    return f"{text[:-1]}_{letters[text[-1].lower()]}" if at_end else letters[text[0].lower()] + text[1:]


def read_labels(labels: Iterable[str]) -> dict[str, Reading]:
    """Return what labels say, one by one and beside each other; labels without a meaning are absent.

    Parameters
    ----------
    labels : iterable of str
        All labels of a recording: some codes count only beside others.

    Returns
    -------
    dict of label to Reading
    """
    labels = list(labels)
    coded = {x: parts for x in labels if (parts := _side_and_code(x)) is not None}
    known = set(coded.values())
    out: dict[str, Reading] = {}
    for label in labels:
        reading = _beside(*coded[label], known) if label in coded else None
        reading = reading or _by_words(label)
        if reading is None and label in coded:
            reading = _by_code(*coded[label], known)
        if reading is not None:
            out[label] = reading
    return _with_toe_tips(out, coded)


def _with_toe_tips(readings: dict[str, Reading], coded: Mapping[str, tuple[str, str]]) -> dict[str, Reading]:
    """Put the toe of a set at its tip where another marker stands on the second metatarsal head."""
    out = dict(readings)
    for side in "rl":
        own = [x for x, r in readings.items() if r.landmark == f"metatarsal_2_head_{side}"]
        toes = [x for x in own if coded.get(x, ("", ""))[1] in ("toe", "toes")]
        if len(own) > len(toes):
            out |= {x: Reading(f"toe_2_tip_{side}", 1.0) for x in toes}
    return out


def _beside(side: str, code: str, known: set[tuple[str, str]]) -> Reading | None:
    """Read a code that means a place only where the others of its set stand on the same side."""
    landmark, others = BESIDE.get(code, ("", ()))
    if not landmark or not {(side, c) for c in others} <= known:
        return None
    return Reading(f"{landmark}_{side}", 5.0)


def _side_and_code(label: str) -> tuple[str, str] | None:
    side, stem = side_and_stem(label)
    if side and _words(label)[0] not in SIDES and len(_words(label)) == 1:
        side, stem = "", plain(label)
    if not side and len(stem) > 2 and stem[0] in "rl":
        side, stem = stem[0], stem[1:]
    return (side, stem) if side and stem else None


def _by_code(side: str, code: str, known: set[tuple[str, str]]) -> Reading | None:
    """Read a two-letter code or a numbered cluster, beside the other labels of its side."""
    if code in CODES:
        landmark, face = CODES[code]
        joint = landmark.partition("_")[2]
        others = [
            CODES.get(c) or FACED_JOINTS[NOUN_OF[c]]
            for s, c in known
            if s == side and c != code and (c in CODES or NOUN_OF.get(c) in FACED_JOINTS)
        ]
        if any(place.partition("_")[2] == joint or other == face for place, other in others):
            return Reading(f"{landmark}_{side}", _weight(landmark))
        return None
    if _LETTERED.fullmatch(code):
        return _tracker("femur" if code.startswith("th") else "tibia", side)
    numbered = _CLUSTER_CODE.fullmatch(code)
    if numbered is None or numbered[1] not in CLUSTERS:
        return None
    segment, least = CLUSTERS[numbered[1]]
    siblings = sum(s == side and re.fullmatch(numbered[1] + "[1-9]", c) is not None for s, c in known)
    return _tracker(segment, side) if siblings >= least else None


def read_label(label: str) -> Reading | None:
    """Return what one label says by itself, None if it names no place on the body without doubt."""
    return read_labels([label]).get(label)


@lru_cache(maxsize=4096)
def _by_words(label: str) -> Reading | None:
    words = _words(label)
    if not words or len(words) > 6 or len(label) > LONGEST:
        return None
    for side, rest in _side_ways(words):
        cut = _cut(tuple(rest))
        if cut is None:
            continue
        nouns, faces = cut
        reading = _compose(nouns, faces, side)
        if reading is not None:
            return reading
    return None


def _side_ways(words: list[str]) -> Iterable[tuple[str, list[str]]]:
    """Yield the ways in which a side can be told from words: apart, or at the beginning or end of a word, or none."""
    apart = [i for i, word in enumerate(words) if word in SIDES]
    if len(apart) == 1 and len(words) > 1:
        yield SIDES[words[apart[0]]], words[: apart[0]] + words[apart[0] + 1 :]
        return
    if apart == [0, len(words) - 1] and words[-1] == "l" and len(words) > 2:
        # Between two letters of sides the last one is a face: the lateral marker of 'R Knee L' and 'R Knee M'.
        yield SIDES[words[0]], [*words[1:-1], "lat"]
        return
    if apart:
        return
    first, last = words[0], words[-1]
    for name in ("right", "left"):
        if first.startswith(name) and len(first) > len(name):
            yield name[0], [first[len(name) :], *words[1:]]
            return
        if last.endswith(name) and len(last) > len(name):
            yield name[0], [*words[:-1], last[: -len(name)]]
            return
    yield "", words
    if first[0] in "rl" and (len(first) > 2 or (len(first) == 2 and len(words) > 1)):
        yield first[0], [first[1:], *words[1:]]
    if last[-1] in "rl" and len(last) > 3 and last not in NOUN_OF and last not in FACE_OF:
        yield last[-1], [*words[:-1], last[:-1]]


def _cut(words: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the (nouns, faces) of words; None if one of them is unknown."""
    nouns: set[str] = set()
    faces: set[str] = set()
    i = 0
    while i < len(words):
        for reach in range(len(words), i, -1):
            joined = "".join(words[i:reach])
            if joined in NOUN_OF and (reach > i + 1 or joined not in FACE_OF):
                nouns.add(NOUN_OF[joined])
                break
        else:
            reach = i + 1
            pieces = [words[i]] if words[i] in FACE_OF or words[i] in EMPTY else _pieces(words[i])
            if pieces is None or words[i] in COMPUTED:
                return None
            nouns |= {NOUN_OF[p] for p in pieces if p in NOUN_OF and p not in FACE_OF}
            faces |= {FACE_OF[p] for p in pieces if p in FACE_OF}
        i = reach
    return frozenset(nouns), frozenset(faces)


@lru_cache(maxsize=4096)
def _pieces(word: str) -> list[str] | None:
    """Cut one word into known words of three letters and more, digits, "in" and "of"; None if that leaves a rest."""
    if not word:
        return []
    for size in range(len(word), 0, -1):
        piece = word[:size]
        is_known = piece in FACE_OF or piece in NOUN_OF or piece in EMPTY
        if is_known and (size >= 3 or piece.isdigit() or piece in ("in", "of")):
            rest = _pieces(word[size:])
            if rest is not None:
                return [piece, *rest]
    return None


def _tracker(segment: str, side: str, weight: float = 0.5) -> Reading:
    if segment == "pelvis":
        # A cluster on the pelvis stands in for the iliac spines, which legs must not pull along (assumption).
        weight = 10 * weight
    name = segment if segment in ("pelvis", "thorax", "head") else f"{segment}_{side}"
    return Reading(f"segment:{name}", weight)


def _weight(landmark: str) -> float:
    """Return a weight as the profiles that come with the package give it."""
    return {"asis": 15.0, "psis": 15.0, "iliac_crest": 2.0, "greater_trochanter": 2.0}.get(landmark, 5.0)


def _compose(nouns: frozenset[str], faces: frozenset[str], side: str) -> Reading | None:
    """Return the one place that nouns and faces name together, None where they contradict each other."""
    noun = _one_noun(nouns, faces)
    if noun is None:
        return None
    if noun == "head_" and "head" in faces:
        faces = faces - {"head"}
    if noun in MIDLINE_TRACKERS:
        return None if side or faces else _tracker(MIDLINE_TRACKERS[noun], "")
    if noun in MIDLINE_PLACES and not side:
        return None if faces else Reading(MIDLINE_PLACES[noun], 5.0)
    if noun == "sternum" and not side and faces and faces <= {"upper", "lower"}:
        return Reading("suprasternal_notch" if "upper" in faces else "xiphoid", 5.0)
    if noun == "head_" and not side and faces == {"upper"}:
        return Reading("vertex", 5.0)
    place = _place(noun, faces - IDLE.get(noun, set()))
    if place is not None:
        return Reading(f"{place}_{side}", _weight(place)) if side else None
    if noun in TRUNK_TRACKERS:
        return _tracker(TRUNK_TRACKERS[noun], side)
    if noun == "foot" and faces == {"back"}:
        noun = "hindfoot"
    if noun in TRACKERS or noun in ("foot", "metatarsal"):
        # The patella slides over the thigh as the knee bends: it tracks nothing.
        weight = 0.0 if noun == "patella" else 0.5
        return _tracker(TRACKERS.get(noun, "midfoot"), side, weight) if side else None
    return _tracker("thorax", side) if noun == "acromion" and faces <= {"back", "front"} else None


def _place(noun: str, faces: frozenset[str] | set[str]) -> str | None:
    """Return the landmark, without its side, that a noun and its faces name."""
    if noun in ("metatarsal", "mt1", "mt2", "mt5") and "base" in faces:
        number = {"mt1": "1", "mt2": "2", "mt5": "5"}.get(noun) or next(
            (n for n, face in (("1", "first"), ("2", "second"), ("5", "fifth")) if face in faces), None
        )
        return f"metatarsal_{number}_base" if number else None
    if noun.startswith("mt") and faces <= {"head", "lateral", "medial", "first", "second", "fifth"}:
        return SIDED_PLACES.get(noun)
    if not faces and noun in SIDED_PLACES:
        return SIDED_PLACES[noun]
    if len(faces) > 1:
        return None
    return FACED_PLACES.get((noun, next(iter(faces), "")))


#: Nouns that name one place together.
_SAME = {
    frozenset({"knee", "condyle"}): "knee", frozenset({"condyle", "thigh"}): "knee", frozenset({"condyle"}): "knee",
    frozenset({"knee", "thigh", "condyle"}): "knee", frozenset({"ankle", "malleolus"}): "ankle",
    frozenset({"malleolus"}): "ankle", frozenset({"elbow", "condyle"}): "elbow",
    frozenset({"upperarm", "condyle"}): "elbow", frozenset({"elbow", "upperarm", "condyle"}): "elbow",
    frozenset({"wrist", "radius"}): "radius", frozenset({"wrist", "ulna"}): "ulna",
    frozenset({"iliac_crest", "pelvis"}): "iliac_crest", frozenset({"asis", "pelvis"}): "asis",
    frozenset({"psis", "pelvis"}): "psis",
    frozenset({"foot", "toe"}): "toe", frozenset({"foot", "heel"}): "heel",
    frozenset({"trochanter", "thigh"}): "trochanter",
    frozenset({"shank", "tuberosity"}): "tuberosity", frozenset({"shank", "malleolus"}): "ankle",
    frozenset({"fibula", "malleolus"}): "ankle_lateral", frozenset({"fibula", "shank"}): "fibula",
    frozenset({"pelvis", "sacrum"}): "sacrum", frozenset({"toe", "metatarsal"}): "metatarsal",
    frozenset({"foot", "metatarsal"}): "metatarsal", frozenset({"hallux", "toe"}): "hallux",
    frozenset({"foot", "navicular"}): "navicular", frozenset({"wrist", "hand"}): "wrist",
}  # fmt: skip


def _one_noun(nouns: frozenset[str], faces: frozenset[str]) -> str | None:
    if nouns in _SAME:
        return _SAME[nouns]
    if len(nouns) == 1:
        return next(iter(nouns))
    if not nouns:
        # 'head' and 'back' are faces of other bones, and alone they are the head and the back.
        return "head_" if "head" in faces else "spine" if faces == {"back"} else None
    return None
