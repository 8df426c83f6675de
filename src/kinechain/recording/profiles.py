"""Marker-set profiles: which label stands for which landmark, as data files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from kinechain.core.errors import RecordingError, SettingError, suggest
from kinechain.recording.recording import Note

__all__ = [
    "DEFAULT_WEIGHT",
    "Match",
    "Profile",
    "choose_profile",
    "find_profile",
    "match_labels",
    "read_profiles",
    "segment_of",
]

#: Weight of a bony landmark in inverse kinematics where a profile states none (assumption).
DEFAULT_WEIGHT = 5.0
#: A profile with a smaller share of its required landmarks is not used (assumption).
USABLE_SCORE = 0.75
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
        plain = _plain(label)
        return next((w for known, _, w in self.meanings if known == plain), 0.0)


@dataclass(frozen=True)
class Match:
    """How well a profile fits the labels of a recording.

    Attributes
    ----------
    profile : Profile
    score : float
        Share of the required landmarks that were found, less a hundredth of the share of labels left over.
    landmarks : tuple of (label, landmark)
    unused : tuple of str
        Labels without a meaning in this profile.
    missing : tuple of str
        Required landmarks that were not found.
    """

    profile: Profile
    score: float
    landmarks: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]
    missing: tuple[str, ...]


@cache
def read_profiles() -> tuple[Profile, ...]:
    """Return the profiles that come with the package, by name."""
    folder = files("kinechain.recording") / "labels"
    found = [f for f in folder.iterdir() if f.name.endswith(".toml") and f.name != "landmarks.toml"]
    return tuple(
        _profile(f.name[:-5], tomllib.loads(f.read_text("utf-8"))) for f in sorted(found, key=lambda f: f.name)
    )


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
    if path.suffix.lower() != ".toml":
        raise SettingError(f"there is no marker-set profile '{name}'. {suggest(name, known)}")
    try:
        return _profile(path.stem, tomllib.loads(path.read_text("utf-8")))
    except OSError:
        raise SettingError(
            f"the marker-set profile {path.name} cannot be read; check the name and the folder"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path.name} is not a valid marker-set profile: {error}") from None


def choose_profile(
    labels: Sequence[str], name: str | None = None, recording: str = "this recording"
) -> tuple[Match, Note]:
    """Return the profile that explains the labels best, and a note that says so with the runner-up.

    Parameters
    ----------
    labels : sequence of str
    name : str, optional
        A profile by name or file; chosen by score when absent.
    recording : str
        Name of the recording, for messages.

    Raises
    ------
    RecordingError
        If no profile finds enough of its required landmarks.
    """
    if name is not None:
        match = match_labels(find_profile(name), labels)
        if not _usable(match):
            raise RecordingError(
                f"the marker set '{match.profile.name}' needs {', '.join(match.missing)}, "
                f"which {recording} does not hold; "
                f"it holds {_listed(labels)}"
            )
        return match, Note("assumed", f"Marker set '{match.profile.name}' as asked for ({_covered(match)}).")
    matches = sorted(
        (match_labels(p, labels) for p in read_profiles()), key=lambda m: (-m.score, -len(m.landmarks), m.profile.name)
    )
    best, second = matches[0], matches[1]
    if not _usable(best):
        raise RecordingError(
            f"no marker set fits the labels of {recording} ({_listed(labels)}); the nearest is "
            f"'{best.profile.name}', which also needs "
            f"{_listed(best.missing)}; give a profile file of your own"
        )
    text = f"Marker set '{best.profile.name}' was recognised ({_covered(best)}, score {best.score:.2f}); "
    text += f"next best '{second.profile.name}' (score {max(second.score, 0.0):.2f})."
    return best, Note("found", text)


def match_labels(profile: Profile, labels: Sequence[str]) -> Match:
    """Return what a profile makes of some labels."""
    order: dict[str, tuple[int, str]] = {}
    for rank, (plain, landmark, _) in enumerate(profile.meanings):
        order.setdefault(plain, (rank, landmark))
    taken: dict[str, tuple[int, str]] = {}
    trackers, unused = [], []
    for label in labels:
        found = order.get(_plain(label))
        if found is None:
            unused.append(label)
        elif found[1].startswith("segment:"):
            trackers.append((label, found[1]))
        elif found[1] not in taken or found[0] < taken[found[1]][0]:
            if found[1] in taken:
                unused.append(taken[found[1]][1])
            taken[found[1]] = (found[0], label)
        else:
            unused.append(label)
    pairs = {label: landmark for landmark, (_, label) in taken.items()} | dict(trackers)
    there = set(pairs.values())
    missing = tuple(" or ".join(group) for group in profile.required if not there & set(group))
    share = 1.0 - len(missing) / max(len(profile.required), 1)
    score = share - 0.01 * len(unused) / max(len(labels), 1)
    return Match(profile, score, tuple((x, pairs[x]) for x in labels if x in pairs), tuple(unused), missing)


def segment_of(landmark: str) -> str:
    """Return the segment that carries a landmark or a tracking marker ('' if unknown)."""
    if landmark.startswith("segment:"):
        return landmark[8:]
    return _segments().get(landmark, "")


@cache
def _segments() -> dict[str, str]:
    table = tomllib.loads((files("kinechain.recording") / "labels" / "landmarks.toml").read_text("utf-8"))
    out = {landmark: segment for segment, names in table["midline"].items() for landmark in names}
    for segment, names in table["sided"].items():
        for landmark in names:
            for side in "rl":
                out[f"{landmark}_{side}"] = segment.replace("*", side)
    return out


def _plain(label: str) -> str:
    return re.sub(r"[^0-9a-z]", "", label.lower())


def _usable(match: Match) -> bool:
    return match.score >= USABLE_SCORE


def _covered(match: Match) -> str:
    return f"{len(match.landmarks)} of {len(match.landmarks) + len(match.unused)} markers have a meaning in it"


def _listed(names: Sequence[str], limit: int = 12) -> str:
    return ", ".join(names[:limit]) + (", ..." if len(names) > limit else "")


def _profile(name: str, data: dict[str, Any]) -> Profile:
    """Turn a profile file into a value; a fault names the key."""
    if unknown := sorted(set(data) - _KEYS):
        raise SettingError(
            f"marker-set profile '{name}' has an unknown key '{unknown[0]}'. {suggest(unknown[0], _KEYS)}"
        )
    right, left = data.get("side_letters", ["r", "l"])
    meanings: list[tuple[str, str, float]] = []
    for table, sides in (("sided", (("r", right), ("l", left))), ("midline", (("", ""),))):
        for key, entry in data.get(table, {}).items():
            for labels, weight in _entries(name, key, entry):
                for suffix, letter in sides:
                    landmark = _landmark(name, key, suffix)
                    meanings += [(_plain(label.replace("*", letter)), landmark, weight) for label in labels]
    required = [tuple(group) for group in data.get("required", {}).get("midline", [])]
    midline = set(data.get("midline", {}))
    for group in data.get("required", {}).get("sided", []):
        for suffix in "rl":
            required.append(
                tuple(g if g in midline and g not in data["sided"] else _landmark(name, g, suffix) for g in group)
            )
    title, source = data.get("title", name), data.get("source", "")
    return Profile(name, title, source, data.get("citation", ""), data.get("doi", ""), tuple(meanings), tuple(required))


def _entries(name: str, key: str, entry: Any) -> list[tuple[list[str], float]]:
    """Return (labels, weight) of an entry: a list of labels, a table, or a list of tables."""
    if isinstance(entry, list) and entry and all(isinstance(x, str) for x in entry):
        return [(entry, DEFAULT_WEIGHT)]
    tables = entry if isinstance(entry, list) else [entry]
    out = []
    for table in tables:
        if not isinstance(table, dict) or not isinstance(table.get("labels"), list):
            raise SettingError(f"marker-set profile '{name}', {key}: a list of labels is expected")
        if unknown := sorted(set(table) - {"labels", "weight"}):
            raise SettingError(
                f"marker-set profile '{name}', {key}: unknown key '{unknown[0]}'; there is: labels, weight"
            )
        weight = table.get("weight", DEFAULT_WEIGHT)
        if not isinstance(weight, (int, float)) or not 0 <= weight < float("inf"):
            raise SettingError(f"marker-set profile '{name}', {key}: the weight must be a number of at least 0")
        out.append(([str(x) for x in table["labels"]], float(weight)))
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
