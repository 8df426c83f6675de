"""Which marker set a recording was made with: the profile that explains its labels best, or the words in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError
from kinechain.core.text import listed
from kinechain.recording.label_places import broken_places, frames_looked_at
from kinechain.recording.label_words import (
    Reading,
    common_ends,
    is_of_two,
    plain,
    read_labels,
    side_and_stem,
    side_letters,
)
from kinechain.recording.profiles import (
    USABLE_SCORE,
    Guess,
    LabelKeys,
    Match,
    Profile,
    find_profile,
    judged,
    match_keys,
    read_profiles,
    segment_of,
)
from kinechain.recording.recording import Note

__all__ = ["WORDS", "ProfileChoice", "choose_profile", "starter_profile"]

#: Name of the set that is no set: every meaning was read from the words of a label.
WORDS = "label_words"
#: Two profiles whose scores differ by less are told apart by where the markers stand, and said (assumption).
CLOSE = 0.05
#: What the score loses where every rule of place is broken (assumption: more than the distance of two near profiles).
PLACE_LOSS = 0.3
#: Profiles that are looked at closely.
_SHORT_LIST = 6
#: A score from which on a profile is taken without a look at the others (assumption).
CERTAIN = 0.97

#: Effect and cure of the choice of a marker set.
_OF_THE_SET = (
    "Every measure rests on these meanings of the labels.",
    "Where one is wrong, name the markers in a profile of your own and give it with --profile.",
)
#: Characters of one name in a message.
_LONGEST_SHOWN = 120

_BOTH = (
    ("lateral_femoral_epicondyle", "segment:femur"),
    ("lateral_malleolus", "segment:tibia"),
    ("heel", "segment:calcaneus", "heel_proximal", "segment:midfoot"),
    ("metatarsal_1_head", "metatarsal_2_head", "metatarsal_5_head", "hallux_tip", "toe_2_tip", "segment:midfoot"),
)


_PELVIS = (("asis", ("segment:pelvis",)), ("psis", ("sacrum", "segment:pelvis")))


@dataclass(frozen=True)
class ProfileChoice:
    """The profile chosen for a recording.

    Attributes
    ----------
    match : Match
    runner_up : (str, float)
        The next best profile and its score.
    notes : tuple of Note
        How it was chosen, what was assumed and what contradicts it.
    """

    match: Match
    runner_up: tuple[str, float]
    notes: tuple[Note, ...]


def choose_profile(
    labels: Sequence[str],
    name: str | None = None,
    recording: str = "this recording",
    positions: FloatArray | None = None,
) -> ProfileChoice:
    """Return the profile that explains the labels best, with the runner-up and what was assumed.

    Labels that the profile does not know are read as words ('R Knee Med'); what comes of them is an assumption and
    counts less.  A set of which every label is read that way is called 'label_words'.

    Parameters
    ----------
    labels : sequence of str
    name : str, optional
        A profile by name or file; chosen by score when absent.
    recording : str
        Name of the recording, for messages.
    positions : (time, marker, 3) array, optional
        In any unit and frame: markers that cannot stand where a profile puts them speak against it.

    Raises
    ------
    RecordingError
        If no profile finds enough of its required landmarks.
    """
    if name is not None:
        return _as_asked(labels, name, recording)
    keys, ranked = _ranked(tuple(labels))
    if not keys:
        raise RecordingError(
            f"{recording} holds the same labels behind two different beginnings, so two people or one person twice "
            f"({len(labels)} markers); export one of them, or give a profile file that names its labels in full"
        )
    listed, broken = _ranked_closely(ranked, keys, labels, positions)
    best, second = listed[0], listed[1]
    if best.score < USABLE_SCORE:
        raise RecordingError(_refusal(best, labels, recording))
    kind: Literal["found", "assumed"] = "found"
    said = f"Marker set '{best.profile.name}' was recognised ({_covered(best)}, score {best.score:.2f}); "
    if best.profile.name == WORDS:
        kind = "assumed"
        said = f"No known marker set: the labels were read as words ({_covered(best)}, score {best.score:.2f}); "
    said += f"next best '{second.profile.name}' (score {max(second.score, 0.0):.2f})."
    notes = [Note(kind, said, "markers.profile", best.profile.name, *_OF_THE_SET)]
    best, broken, moves = _medial_where_it_stands(best, broken)
    notes += [*_guess_notes(best), *_close_notes(best, ranked), *moves, *_place_notes(best, broken)]
    return ProfileChoice(best, (second.profile.name, max(second.score, 0.0)), tuple(notes))


@lru_cache(maxsize=64)
def _ranked(labels: tuple[str, ...]) -> tuple[tuple[LabelKeys, ...], tuple[Match, ...]]:
    """Return the keys of labels and the matches of the likely profiles, the best first; nothing for two people's.

    The trials of a visit share their labels, so this is asked again and again.
    """
    if is_of_two(labels):
        return (), ()
    keys = tuple(_keys(labels))
    return keys, tuple(sorted((match_keys(p, keys) for p in _likely(keys)), key=_by_score))


def _likely(keys: Sequence[LabelKeys]) -> list[Profile]:
    """Return the profiles that know the most of the labels."""
    counts = [(sum(k.plain in p.order or (k.side, k.stem) in p.by_stem for k in keys), p) for p in read_profiles()]
    return [p for _, p in sorted(counts, key=lambda c: -c[0])[:_SHORT_LIST]]


def _ranked_closely(
    ranked: Sequence[Match], keys: Sequence[LabelKeys], labels: Sequence[str], positions: FloatArray | None
) -> tuple[list[Match], tuple[str, ...]]:
    """Return the matches from the best on, words read and places judged, and the rules of place the best breaks.

    A profile that explains nearly everything and breaks no rule needs no comparison.
    """
    readings = read_labels(k.read for k in keys) if ranked[0].unused else {}
    first = _with_words(ranked[0], keys, readings)
    loss, broken = _broken(first, labels, positions)
    if first.score >= CERTAIN and loss <= CLOSE:
        return [replace(first, score=first.score - loss), *ranked[1:]], broken
    readings = readings or read_labels(k.read for k in keys)
    known = [_with_words(m, keys, readings) for m in ranked if _is_known(m)]
    listed = [*known, _with_words(_words_only(keys), keys, readings)]
    judged_places = {m.profile.name: _broken(m, labels, positions) for m in listed}
    listed = sorted((replace(m, score=m.score - judged_places[m.profile.name][0]) for m in listed), key=_by_score)
    rest = [m for m in ranked if not _is_known(m)]
    return [*listed, *rest], judged_places[listed[0].profile.name][1]


def _is_known(match: Match) -> bool:
    """Tell whether a profile names at least three fifths of what it requires itself, not by words (assumption)."""
    return len(match.missing) <= 0.4 * len(match.profile.required)


def _as_asked(labels: Sequence[str], name: str, recording: str) -> ProfileChoice:
    keys = [LabelKeys(x, plain(x), *side_and_stem(x)) for x in labels]
    match = match_keys(find_profile(name), keys)
    if not match.landmarks:
        raise RecordingError(
            f"the marker set '{match.profile.name}' names none of the labels of {recording} ({_listed(labels)}); "
            "write them as the recording does"
        )
    if match.score < USABLE_SCORE:
        raise RecordingError(
            f"the marker set '{match.profile.name}' needs {', '.join(match.missing)}, "
            f"which {recording} does not hold; it holds {_listed(labels)}"
        )
    text = f"Marker set '{match.profile.name}' as asked for ({_covered(match)})."
    note = Note("assumed", text, "markers.profile", match.profile.name, *_OF_THE_SET)
    return ProfileChoice(match, ("", 0.0), (note,))


def _keys(labels: Sequence[str]) -> list[LabelKeys]:
    """Return labels with what they are looked up by, without a common beginning and with R and L for the sides."""
    short = common_ends(labels)
    lettered = side_letters(list(short.values()))
    is_cut = any(x != y for x, y in short.items())
    out = []
    for label in labels:
        name = lettered[short[label]]
        # Beside labels of one program ('r_knee_study') those of another ('RKnee' of a video) are not read.
        read = "" if is_cut and short[label] == label else name
        out.append(LabelKeys(label, plain(name), *side_and_stem(name), read))
    return out


def _words_only(keys: Sequence[LabelKeys]) -> Match:
    """Return the match of a profile that knows no label and asks for what a walking body needs."""
    required = [tuple(f"{n}_{side}" for n in group) for group in _BOTH for side in "rl"]
    required += [(f"{n}_{side}", *other) for side in "rl" for n, other in _PELVIS]
    title, source = "Meanings read from the words of the labels", "label words"
    profile = Profile(
        WORDS, title, source, "Read from the labels of this recording (assumption)", "", (), tuple(required)
    )
    return judged(profile, (), (), {}, keys)


def _with_words(match: Match, keys: Sequence[LabelKeys], readings: Mapping[str, Reading]) -> Match:
    """Return a match in which labels without a meaning were read as words, where their place is not taken."""
    named = dict(match.landmarks)
    taken = {x for x in named.values() if not x.startswith("segment:")}
    guessed = []
    for key in keys:
        reading = readings.get(key.read)
        if key.label in named or reading is None or reading.landmark in taken:
            continue
        if not reading.landmark.startswith("segment:"):
            taken.add(reading.landmark)
        guessed.append(Guess(key.label, reading.landmark, reading.weight))
    return judged(match.profile, match.landmarks, tuple(guessed), match.weights, keys) if guessed else match


def _by_score(match: Match) -> tuple[float, int, str]:
    return (-match.score, -len(match.landmarks), match.profile.name)


def _medial_where_it_stands(match: Match, broken: Sequence[str]) -> tuple[Match, tuple[str, ...], list[Note]]:
    """Take a marker that is only called medial for the joint at which it stands: 'LMED' is an ankle's or a knee's."""
    there = {landmark: label for label, landmark in match.landmarks}
    moved = {}
    for side in "rl":
        ankle, knee = f"medial_malleolus_{side}", f"medial_femoral_epicondyle_{side}"
        at_knee = f"{ankle} stands nearer to lateral_femoral_epicondyle_{side}"
        stem = plain(there.get(ankle, "")).strip("rl")
        if stem in ("med", "medial") and knee not in there and any(x.startswith(at_knee) for x in broken):
            moved[there[ankle]] = knee
    if not moved:
        return match, tuple(broken), []
    landmarks = tuple((label, moved.get(label, landmark)) for label, landmark in match.landmarks)
    rest = tuple(x for x in broken if not x.startswith("medial_malleolus"))
    note = Note(
        "assumed",
        f"{_listed(list(moved))} stand at the knee, not at the ankle: taken as the medial femoral epicondyles.",
        "markers.place_moved",
        _listed(list(moved)),
        "The knee centre lies midway to them; the ankle centre is told without a medial marker.",
        "Give a profile of your own if these markers mean something else.",
    )
    return replace(match, landmarks=landmarks), rest, [note]


def _broken(match: Match, labels: Sequence[str], positions: FloatArray | None) -> tuple[float, tuple[str, ...]]:
    """Return what a match loses because markers stand where their landmarks cannot, and the broken rules."""
    if positions is None or match.score < USABLE_SCORE:
        return 0.0, ()
    column = {label: i for i, label in enumerate(labels)}
    names = tuple(f"{name}#{label}" if name.startswith("segment:") else name for label, name in match.landmarks)
    some = positions[frames_looked_at(len(positions))][:, [column[label] for label, _ in match.landmarks]]
    asked, broken = broken_places(names, some.transpose(1, 0, 2))
    return PLACE_LOSS * len(broken) / max(asked, 1), broken


def _guess_notes(match: Match) -> list[Note]:
    if not match.guessed:
        return []
    pairs = [f"{g.label} = {_said(g.landmark)}" for g in match.guessed]
    return [
        Note(
            "assumed",
            f"Labels that no marker set names were read as words ({len(pairs)}): {_listed(pairs, 60)}.",
            "markers.label_words",
            _listed([g.label for g in match.guessed], 8),
            "A wrong reading moves the joint or segment that the marker stands on.",
            "Give a marker-set profile of your own where one of them means something else.",
        )
    ]


def _close_notes(best: Match, ranked: Sequence[Match]) -> list[Note]:
    """Say where another profile knows the labels as well by itself, and means something else."""
    second = next((m for m in ranked if m.profile.name != best.profile.name), None)
    if second is None or second.score < USABLE_SCORE or best.score - second.score > CLOSE:
        return []
    one, other = dict(best.landmarks), dict(second.landmarks)
    differ = [x for x in one if x in other and one[x] != other[x] and segment_of(one[x]) != segment_of(other[x])]
    if not differ:
        return []
    shown = [f"{x} ({_said(one[x])} or {_said(other[x])})" for x in differ]
    return [
        Note(
            "assumed",
            f"The marker sets '{best.profile.name}' and '{second.profile.name}' explain the labels nearly as well "
            f"({best.score:.2f} and {second.score:.2f}) and differ over {_listed(shown)}; the first was taken.",
            "markers.profile_close",
            _listed(differ, 8),
            "If the other set is meant, these markers stand on other bones.",
            f"Choose with --profile {second.profile.name}, or give a profile of your own.",
        )
    ]


def _place_notes(match: Match, broken: Sequence[str]) -> list[Note]:
    if not broken:
        return []
    labels = {landmark: label for label, landmark in match.landmarks}
    place = broken[0].split(" ")[0]
    return [
        Note(
            "defect",
            f"Markers stand where their names say they cannot: {_listed(broken, 4)}.",
            "markers.place",
            labels.get(place.partition("#")[0], place.partition("#")[2] or place),
            "The fit of the body and every angle of that limb are wrong if labels are exchanged.",
            "Check the labels of these markers, or give a profile of your own that says what they mean.",
        )
    ]


def _refusal(best: Match, labels: Sequence[str], recording: str) -> str:
    """Return the sentence for labels that no profile explains; a set on one leg is said to be one."""
    legs = {side: _of_leg(best, side) for side in ("r", "l")}
    if best.landmarks and not (legs["r"] or legs["l"]):
        return (
            f"{recording} marks no leg ({_listed(labels)}); a body needs markers on the pelvis and on both legs, so "
            "posture and gait cannot be measured; if some of these are on a leg, say so in a profile file of your own"
        )
    for side, word, other in (("r", "right", "left"), ("l", "left", "right")):
        if len(legs[side]) >= 3 and not legs["l" if side == "r" else "r"]:
            return (
                f"{recording} marks the {word} leg only ({_listed(legs[side])}); a body needs markers on both legs, "
                f"so angles and steps cannot be measured; record the {other} leg too, or keep to the plates"
            )
    flat = {plain(x) for x in labels}
    if {"rhip", "lhip", "rknee", "lknee", "rankle", "lankle"} <= flat and not flat & {"rasis", "rasi", "rias"}:
        return (
            f"{recording} holds joint centres or the key points of a video ({_listed(labels)}), not markers on bony "
            "landmarks, from which no body can be fitted; give the recording of the markers"
        )
    near = f"the nearest is '{best.profile.name}', which also needs {_listed(best.missing)}"
    if best.profile.name == WORDS:
        near = f"read as words they lack {_listed(best.missing)}"
    if not best.landmarks:
        near = "none of them names a place on the body without doubt"
    return f"no marker set fits the labels of {recording} ({_listed(labels)}); {near}; give a profile file of your own"


def _of_leg(match: Match, side: str) -> list[str]:
    parts = ("femur", "tibia", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")
    leg = {f"{part}_{side}" for part in parts}
    return [label for label, landmark in match.landmarks if segment_of(landmark) in leg]


def _covered(match: Match) -> str:
    return f"{len(match.landmarks)} of {len(match.landmarks) + len(match.unused)} markers have a meaning in it"


def _said(landmark: str) -> str:
    """Return a landmark in words: 'right medial malleolus', 'tracker of the left femur'."""
    stem, _, end = landmark.rpartition("_")
    side = {"r": "right ", "l": "left "}.get(end, "")
    words = (stem if side else landmark).replace("_", " ")
    if words.startswith("segment:"):
        return f"tracker of the {side}{words[8:]}"
    return side + words


def _listed(names: Sequence[str], limit: int = 12) -> str:
    return listed([x if len(x) <= _LONGEST_SHOWN else f"{x[:_LONGEST_SHOWN]}..." for x in names], limit)


#: What a person needs who completes a profile by hand.
_HOW_TO_COMPLETE = (
    "# Labels without a meaning yet: put a landmark in place of <landmark> and take the # away, or leave the line out.",
    "# Landmarks of the right end in _r, of the left in _l: asis, psis, greater_trochanter, lateral_malleolus, heel,",
    "# lateral_femoral_epicondyle, medial_femoral_epicondyle, medial_malleolus, metatarsal_1_head, metatarsal_2_head,",
    "# metatarsal_5_head, hallux_tip, acromion. In the middle: sacrum, c7, t10, suprasternal_notch, xiphoid. Markers",
    "# that only move with a segment: segment:femur_r, segment:tibia_l, segment:pelvis. All: docs/marker_sets.md.",
)


def starter_profile(labels: Sequence[str]) -> str:
    """Return the text of a marker-set profile to be completed by hand, as TOML.

    Every label stands in it once: with the meaning that the best profile or its words give it, or in a comment at
    the end, to be moved to a landmark.

    Parameters
    ----------
    labels : sequence of str
    """
    keys = _keys(labels)
    readings = read_labels(k.read for k in keys)
    matches = [_with_words(match_keys(p, keys), keys, readings) for p in read_profiles()]
    best = min([*filter(_is_known, matches), _with_words(_words_only(keys), keys, readings)], key=_by_score)
    weights = {label: best.weight(label) for label, _ in best.landmarks}
    tables: dict[str, dict[tuple[str, float], list[str]]] = {"sided": {}, "midline": {}}
    for label, landmark in best.landmarks:
        tables["midline"].setdefault((landmark, weights[label]), []).append(label)
    lines = [
        "# A marker-set profile: [midline] landmark = [labels]. Check every line; kinechain guessed it from the names.",
        'title = "My laboratory"' + ("" if best.profile.name == WORDS else f"  # begun from {best.profile.name}"),
        'source = "own laboratory"',
        'citation = "who said what the labels mean"',
        "",
        "[midline]",
    ]
    by_landmark: dict[str, list[tuple[float, list[str]]]] = {}
    for (landmark, weight), own in tables["midline"].items():
        by_landmark.setdefault(landmark, []).append((weight, own))
    for landmark, entries in by_landmark.items():
        shown = ", ".join(f"{{ labels = [{', '.join(map(_quoted, own))}], weight = {w:g} }}" for w, own in entries)
        lines.append(f"{_quoted(landmark)} = " + (shown if len(entries) == 1 else f"[{shown}]"))
    if best.unused:
        lines += ["", *_HOW_TO_COMPLETE]
        lines += [f'# "<landmark>" = [{_quoted(label)}]' for label in best.unused]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
