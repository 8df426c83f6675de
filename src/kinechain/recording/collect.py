"""The recordings of one visit: read, joined, prepared, and told apart into standing and walking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kinechain.core.errors import InputError, KinechainError
from kinechain.core.text import printable
from kinechain.recording.join import join_recordings
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording
from kinechain.recording.still import keep_still_part

__all__ = ["Collection", "collect_recordings", "named"]


@dataclass(frozen=True)
class Collection:
    """The recordings that could be prepared, and why the others could not.

    Attributes
    ----------
    standing : Recording or None
        Its still part.
    walking : tuple of Recording
    refused : tuple of str
        One sentence per file that cannot be used; it names the file.
    inputs : mapping of file name to SHA-256
        Of every file that was read; a second file of the same name carries its folder's name too.
    """

    standing: Recording | None
    walking: tuple[Recording, ...]
    refused: tuple[str, ...]
    inputs: Mapping[str, str]


def collect_recordings(paths: Sequence[Path], static: Path | None = None, profile: str | None = None) -> Collection:
    """Read, join and prepare every file; a file that cannot be used becomes a sentence.

    Parameters
    ----------
    paths : sequence of path
        Walking trials, tables of plates, and perhaps the standing trial.
    static : path, optional
        The standing trial; else the first recording in which somebody stands.
    profile : str, optional
        Marker-set profile by name or file.

    Raises
    ------
    InputError
        If files were given and none can be used.
    """
    refused: list[str] = []
    read: dict[Path, Recording] = {}
    for path in dict.fromkeys([*([static] if static else []), *paths]):
        try:
            recording = read_recording(path)
        except InputError as error:
            refused.append(named(printable(path.name), error))
            continue
        twin = next((r for r in read.values() if r.sha256 == recording.sha256), None)
        if twin is None:
            read[path] = recording
        else:
            refused.append(f"{recording.name} holds the same bytes as {twin.name}; it counts once.")
    prepared: dict[Path, Recording] = {}
    for path, recording in _joined(read, refused).items():
        try:
            ready = prepare_recording(recording, profile=profile)
            is_standing = path == static or ready.task == "standing"
            prepared[path] = keep_still_part(ready) if is_standing else ready
        except InputError as error:
            refused.append(named(recording.name, error))
    if (paths or static) and not prepared:
        raise InputError(refused[0])
    chosen = [p for p in prepared if p == static] or [p for p, r in prepared.items() if r.task == "standing"]
    standing = chosen[0] if chosen else None
    return Collection(
        prepared[standing] if standing else None,
        tuple(r for p, r in prepared.items() if p != standing),
        tuple(refused),
        _inputs(read),
    )


def named(name: str, error: KinechainError) -> str:
    """Return what is wrong with a file as a sentence that names it."""
    return str(error) if name in str(error) else f"{name}: {error}"


def _joined(read: Mapping[Path, Recording], refused: list[str]) -> dict[Path, Recording]:
    """Attach tables of plates to the markers of their trial; where they do not fit, use the markers alone."""
    try:
        joined = join_recordings(tuple(read.values()))
    except InputError as error:
        refused.append(str(error))
        joined = tuple(r for r in read.values() if r.markers is not None)
    places = {(r.name, r.sha256): p for p, r in reversed(list(read.items()))}
    return {places[r.name, r.sha256]: r for r in joined}


def _inputs(read: Mapping[Path, Recording]) -> dict[str, str]:
    out: dict[str, str] = {}
    for path, recording in read.items():
        name = recording.name if recording.name not in out else f"{printable(path.parent.name)}/{recording.name}"
        out[name] = recording.sha256
    return out
