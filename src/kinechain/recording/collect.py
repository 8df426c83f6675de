"""The recordings of one visit: read, joined, prepared, and told apart into standing and walking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kinechain.core.errors import InputError
from kinechain.core.text import printable
from kinechain.recording.join import join_recordings
from kinechain.recording.prepare import PrepareSettings
from kinechain.recording.read import ReadSettings, read_recording
from kinechain.recording.recording import Recording
from kinechain.recording.still import find_still_window, keep_still_part
from kinechain.recording.visit import named, prepare_visit

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


def collect_recordings(
    paths: Sequence[Path],
    static: Path | None = None,
    profile: str | None = None,
    reading: ReadSettings | None = None,
    preparing: PrepareSettings | None = None,
) -> Collection:
    """Read, join and prepare every file; a file that cannot be used becomes a sentence.

    Parameters
    ----------
    paths : sequence of path
        Walking trials, tables of plates, and perhaps the standing trial.
    static : path, optional
        The standing trial; else the first recording in which somebody stands.
    profile : str, optional
        Marker-set profile by name or file.
    reading : ReadSettings, optional
    preparing : PrepareSettings, optional

    Raises
    ------
    InputError
        If files were given and none can be used.
    """
    refused: list[str] = []
    read: dict[Path, Recording] = {}
    for path in dict.fromkeys([*([static] if static else []), *paths]):
        try:
            recording = read_recording(path, reading)
        except InputError as error:
            refused.append(named(printable(path.name), error))
            continue
        twin = next((r for r in read.values() if r.sha256 == recording.sha256), None)
        if twin is None:
            read[path] = recording
        else:
            refused.append(f"{recording.name} holds the same bytes as {twin.name}; it counts once.")
    ready = prepare_visit(_joined(read, refused), profile, preparing, refused)
    standing = _standing(ready, static)
    prepared: dict[Path, Recording] = {}
    still: Recording | None = None
    for path, recording in ready.items():
        try:
            part = keep_still_part(recording) if path == standing or recording.task == "standing" else recording
        except InputError as error:
            refused.append(named(recording.name, error))
            continue
        if path == standing:
            still = part
        if path != standing or (path != static and recording.task == "other"):
            # Somebody who pauses and walks on is looked at twice: standing, and as recorded.
            prepared[path] = recording if path == standing else part
    if (paths or static) and not prepared and still is None:
        raise InputError(refused[0])
    return Collection(still, tuple(prepared.values()), tuple(refused), _inputs(read))


def _standing(ready: Mapping[Path, Recording], static: Path | None) -> Path | None:
    """Return the standing trial: the one named, else the first in which somebody stands, if only for a while."""
    if static in ready:
        return static
    standing = [p for p, r in ready.items() if r.task == "standing"]
    pausing = [p for p, r in ready.items() if r.task == "other" and find_still_window(r) is not None]
    return next(iter(standing + pausing), None)


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
