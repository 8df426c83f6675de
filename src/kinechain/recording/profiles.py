"""Marker-set profiles: which label stands for which landmark, as data files."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from kinechain.core.errors import SettingError, suggest
from kinechain.recording.label_words import plain, side_and_stem

__all__ = [
    "DEFAULT_WEIGHT",
    "USABLE_SCORE",
    "Guess",
    "LabelKeys",
    "Match",
    "Profile",
    "compile_index",
    "find_profile",
    "judged",
    "known_landmarks",
    "match_keys",
    "match_labels",
    "read_profiles",
    "segment_of",
]

#: Weight of a bony landmark in inverse kinematics where a profile states none (assumption).
DEFAULT_WEIGHT = 5.0
#: The TOML files of the marker sets in one, for speed.
INDEX = "index.json"
#: A profile with a smaller share of its required landmarks is not used (assumption).
USABLE_SCORE = 0.75
#: How much a required landmark counts that was read from the words of a label (assumption): a set of which every
#: landmark is read from words stays behind a profile that names them all, and can still be used.
GUESSED = 0.88
_KEYS = {"title", "source", "citation", "doi", "side_letters", "sided", "midline", "required"}


@dataclass(frozen=True)
class Profile:
    """One marker set.

    Attributes
    ----------
    name : str
    title, source, citation, doi : str
        What the set is and where its labels are defined.
    meanings : tuple of (plain label, landmark, weight)
        Plain labels are lower case without blanks, dots and dashes; the landmark is a landmark name or
        'segment:<segment>' for a marker that only tracks.
    required : tuple of tuple of str
        One of each inner tuple must be there.
    """

    name: str
    title: str
    source: str
    citation: str
    doi: str
    meanings: tuple[tuple[str, str, float], ...]
    required: tuple[tuple[str, ...], ...]

    def weight(self, label: str) -> float:
        """Return the weight of a marker in inverse kinematics, 0 for labels the set does not know."""
        found = self.order.get(plain(label)) or self.by_stem.get(side_and_stem(label))
        return self.meanings[found[0]][2] if found is not None else 0.0

    @cached_property
    def order(self) -> Mapping[str, tuple[int, str]]:
        """Rank and landmark by plain label; the first of two meanings counts."""
        out: dict[str, tuple[int, str]] = {}
        for rank, (known, landmark, _) in enumerate(self.meanings):
            out.setdefault(known, (rank, landmark))
        return out

    @cached_property
    def by_stem(self) -> Mapping[tuple[str, str], tuple[int, str]]:
        """Rank and landmark by (side, plain label without its side), for labels with the side elsewhere.

        Stems of less than three letters are left out: too many words end that way.
        """
        out: dict[tuple[str, str], tuple[int, str]] = {}
        for rank, (known, landmark, _) in enumerate(self.meanings):
            side = landmark[-1] if landmark[-2:] in ("_r", "_l") else ""
            ends = (known[1:] if known[:1] == side else "", known[:-1] if known[-1:] == side else "")
            for stem in ends if side else ():
                if len(stem) >= 3:
                    out.setdefault((side, stem), (rank, landmark))
        return out


@dataclass(frozen=True)
class Guess:
    """A label that no profile names and whose words were read."""

    label: str
    landmark: str
    weight: float


@dataclass(frozen=True)
class Match:
    """How well a profile fits the labels of a recording.

    Attributes
    ----------
    profile : Profile
    score : float
        Share of the required landmarks that were found, one that was read from words counting less, minus a hundredth
        of the share of labels left over.
    landmarks : tuple of (label, landmark)
    unused : tuple of str
        Labels without a meaning in this profile.
    missing : tuple of str
        Required landmarks that were not found.
    guessed : tuple of Guess
        Labels of ``landmarks`` that the profile does not know and whose words were read.
    weights : mapping of label to float
        In inverse kinematics, of the labels of ``landmarks``.
    """

    profile: Profile
    score: float
    landmarks: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]
    missing: tuple[str, ...]
    guessed: tuple[Guess, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)

    def weight(self, label: str) -> float:
        """Return the weight of a marker in inverse kinematics, 0 for labels without a meaning."""
        return self.weights.get(label, 0.0)


@dataclass(frozen=True)
class LabelKeys:
    """A label and the ways it is looked up.

    Attributes
    ----------
    label : str
        As the recording writes it.
    plain : str
        In lower case without blanks, dots and dashes.
    side, stem : str
        Where the side stands apart or at the end: it, and the rest in plain letters.
    read : str
        The label as it is read in words: without a common beginning, with R and L for the sides.
    """

    label: str
    plain: str
    side: str
    stem: str
    read: str = ""


@cache
def read_profiles() -> tuple[Profile, ...]:
    """Return the profiles that come with the package, by name.

    They are read from ``labels/index.json``, which says the same as the TOML files beside it (`compile_index`) and is
    read twenty times as fast.
    """
    text = (files("kinechain.recording") / "labels" / INDEX).read_text("utf-8")
    return tuple(
        Profile(name, title, source, citation, doi, tuple(map(tuple, meanings)), tuple(map(tuple, required)))
        for (name, title, source, citation, doi), meanings, required in json.loads(text)
    )


def compile_index() -> str:
    """Return the text of ``labels/index.json``: the profiles that the TOML files of the package hold, checked."""
    folder = files("kinechain.recording") / "labels"
    found = sorted(f.name for f in folder.iterdir() if f.name.endswith(".toml") and f.name != "landmarks.toml")
    profiles = [_profile(name[:-5], tomllib.loads((folder / name).read_text("utf-8"))) for name in found]
    held = [((p.name, p.title, p.source, p.citation, p.doi), p.meanings, p.required) for p in profiles]
    return json.dumps(held, ensure_ascii=False, separators=(",", ":")) + "\n"


def find_profile(name: str) -> Profile:
    """Return a profile by its name, or read one from a TOML file of the same layout.

    Raises
    ------
    SettingError
        If there is no such profile or the file is not one.
    """
    known = {p.name: p for p in read_profiles()}
    if name in known:
        return known[name]
    path = Path(name)
    if path.exists() and not path.is_file():
        raise SettingError(f"the marker-set profile {path.name} is a folder, a pipe or a device; give a TOML file")
    if path.suffix.lower() != ".toml":
        raise SettingError(f"there is no marker-set profile '{name}'. {suggest(name, known)}")
    try:
        return _profile(path.stem, tomllib.loads(path.read_text("utf-8")))
    except OSError:
        raise SettingError(
            f"the marker-set profile {path.name} cannot be read; check the name and the folder"
        ) from None
    except (ValueError, RecursionError) as error:
        # Brackets nested too deep, and numbers of too many digits, are no fault of TOML's grammar.
        raise SettingError(f"{path.name} is not a valid marker-set profile: {error}") from None


def match_labels(profile: Profile, labels: Sequence[str]) -> Match:
    """Return what a profile makes of some labels: as they are written, or with the side elsewhere ('ASI_L')."""
    return match_keys(profile, [LabelKeys(x, plain(x), *side_and_stem(x)) for x in labels])


def match_keys(profile: Profile, keys: Sequence[LabelKeys]) -> Match:
    """Return what a profile makes of labels whose keys are known already."""
    taken: dict[str, tuple[int, str]] = {}
    trackers: dict[str, str] = {}
    weights: dict[str, float] = {}
    for key in keys:
        found = profile.order.get(key.plain) or profile.by_stem.get((key.side, key.stem))
        if found is None:
            continue
        rank, landmark = found
        weights[key.label] = profile.meanings[rank][2]
        if landmark.startswith("segment:"):
            trackers[key.label] = landmark
        elif landmark not in taken or rank < taken[landmark][0]:
            taken[landmark] = (rank, key.label)
    pairs = {label: landmark for landmark, (_, label) in taken.items()} | trackers
    landmarks = tuple((k.label, pairs[k.label]) for k in keys if k.label in pairs)
    return judged(profile, landmarks, (), weights, keys)


def judged(
    profile: Profile,
    landmarks: tuple[tuple[str, str], ...],
    guessed: tuple[Guess, ...],
    weights: Mapping[str, float],
    keys: Sequence[LabelKeys],
) -> Match:
    """Return the match of some landmarks, with its score."""
    named = {label for label, _ in landmarks}
    by_words = {g.label: g.landmark for g in guessed}
    there = set(dict(landmarks).values())
    read = there | set(by_words.values())
    missing = tuple(" or ".join(group) for group in profile.required if not read & set(group))
    sure = sum(bool(there & set(group)) for group in profile.required)
    guess = len(profile.required) - len(missing) - sure
    unused = tuple(k.label for k in keys if k.label not in named and k.label not in by_words)
    # A profile of one's own that requires nothing is content with any landmark.
    share = (sure + GUESSED * guess) / len(profile.required) if profile.required else float(bool(read))
    score = share - 0.01 * (len(unused) + 0.5 * len(guessed)) / max(len(keys), 1)
    both = dict(landmarks) | by_words
    ordered = tuple((k.label, both[k.label]) for k in keys if k.label in both)
    every = {**weights, **{g.label: g.weight for g in guessed}}
    return Match(profile, score, ordered, unused, missing, guessed, {label: every[label] for label, _ in ordered})


def segment_of(landmark: str) -> str:
    """Return the segment that carries a landmark or a tracking marker ('' if unknown)."""
    if landmark.startswith("segment:"):
        return landmark[8:]
    return _segments().get(landmark, "")


def known_landmarks() -> tuple[str, ...]:
    """Return the names of all landmarks, sided ones without their side."""
    return tuple(dict.fromkeys(x[:-2] if x.endswith(("_r", "_l")) else x for x in _segments()))


@cache
def _segments() -> dict[str, str]:
    table = tomllib.loads((files("kinechain.recording") / "labels" / "landmarks.toml").read_text("utf-8"))
    out = {landmark: segment for segment, names in table["midline"].items() for landmark in names}
    for segment, names in table["sided"].items():
        for landmark in names:
            for side in "rl":
                out[f"{landmark}_{side}"] = segment.replace("*", side)
    return out


def _profile(name: str, data: dict[str, Any]) -> Profile:
    """Turn a profile file into a value; a fault names the key."""
    if unknown := sorted(set(data) - _KEYS):
        raise SettingError(
            f"marker-set profile '{name}' has an unknown key '{unknown[0]}'. {suggest(unknown[0], _KEYS)}"
        )
    for table in ("sided", "midline", "required"):
        if not isinstance(data.get(table, {}), dict):
            raise SettingError(f"marker-set profile '{name}': [{table}] must be a table, e.g. [{table}]")
    right, left = _side_letters(name, data.get("side_letters", ["r", "l"]))
    meanings: list[tuple[str, str, float]] = []
    for table, sides in (("sided", (("r", right), ("l", left))), ("midline", (("", ""),))):
        for key, entry in data.get(table, {}).items():
            for labels, weight in _entries(name, key, entry):
                _check_stars(name, key, labels, table == "sided")
                for suffix, letter in sides:
                    landmark = _landmark(name, key, suffix)
                    meanings += [(plain(label.replace("*", letter)), landmark, weight) for label in labels]
    if not meanings:
        raise SettingError(f"marker-set profile '{name}' names no label; write e.g. [sided] and asis = [\"*ASI\"]")
    _check_twice(name, meanings)
    title, source, citation, doi = (str(data.get(key, "")) for key in ("title", "source", "citation", "doi"))
    return Profile(name, title or name, source, citation, doi, tuple(meanings), _required(name, data))


def _side_letters(name: str, letters: Any) -> tuple[str, str]:
    is_pair = isinstance(letters, list) and len(letters) == 2 and all(isinstance(x, str) and x for x in letters)
    if not is_pair or letters[0].lower() == letters[1].lower():
        raise SettingError(
            f'marker-set profile \'{name}\': side_letters must be two different texts, right first, e.g. ["R", "L"]'
        )
    return letters[0], letters[1]


def _check_stars(name: str, key: str, labels: Sequence[str], is_sided: bool) -> None:
    """Refuse a sided label without the place of its side, and a midline label with one."""
    wrong = next((x for x in labels if ("*" in x) != is_sided), None)
    if wrong is not None:
        need = "needs a * where R or L stands" if is_sided else "has a *, which only [sided] labels may have"
        raise SettingError(f"marker-set profile '{name}', {key}: the label '{wrong}' {need}")


def _check_twice(name: str, meanings: Sequence[tuple[str, str, float]]) -> None:
    seen: dict[str, str] = {}
    for label, landmark, _ in meanings:
        if seen.setdefault(label, landmark) != landmark:
            raise SettingError(
                f"marker-set profile '{name}' gives the label '{label}' to '{seen[label]}' and to '{landmark}'; "
                "a label means one place"
            )


def _required(name: str, data: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return what a profile must find: groups of landmarks of which one suffices."""
    table, sided, midline = data.get("required", {}), data.get("sided", {}), data.get("midline", {})
    required: list[tuple[str, ...]] = []
    for part in ("midline", "sided"):
        for group in table.get(part, []):
            if not isinstance(group, list) or not group or not all(isinstance(g, str) for g in group):
                raise SettingError(
                    f"marker-set profile '{name}', required.{part}: a list of lists of landmarks is expected, "
                    'e.g. sided = [["asis"], ["psis", "sacrum"]]'
                )
            for suffix in "rl" if part == "sided" else ("",):
                names = (_landmark(name, g, "" if g in midline and g not in sided else suffix) for g in group)
                required.append(tuple(names))
    return tuple(required)


def _entries(name: str, key: str, entry: Any) -> list[tuple[list[str], float]]:
    """Return (labels, weight) of an entry: a list of labels, a table, or a list of tables."""
    if isinstance(entry, list) and entry and all(isinstance(x, str) for x in entry):
        return [(entry, DEFAULT_WEIGHT)]
    tables = entry if isinstance(entry, list) else [entry]
    out = []
    for table in tables:
        own = table.get("labels") if isinstance(table, dict) else None
        if not isinstance(table, dict) or not isinstance(own, list) or not all(isinstance(x, str) for x in own):
            raise SettingError(f"marker-set profile '{name}', {key}: a list of labels is expected")
        if unknown := sorted(set(table) - {"labels", "weight"}):
            raise SettingError(
                f"marker-set profile '{name}', {key}: unknown key '{unknown[0]}'; there is: labels, weight"
            )
        weight = table.get("weight", DEFAULT_WEIGHT)
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < float("inf"):
            raise SettingError(f"marker-set profile '{name}', {key}: the weight must be a number of at least 0")
        out.append((own, float(weight)))
    return out


def _landmark(name: str, key: str, side: str) -> str:
    if key.startswith("segment:"):
        segment = key[8:]
        return key if segment in ("pelvis", "thorax", "head", "sacrum") or not side else f"{key}_{side}"
    landmark = f"{key}_{side}" if side else key
    if landmark not in _segments():
        raise SettingError(
            f"marker-set profile '{name}' names an unknown landmark '{key}'. {suggest(landmark, _segments())}"
        )
    return landmark
