"""Which files of a folder are recordings, and which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kinechain.core.errors import FileError
from kinechain.core.text import printable

__all__ = ["Found", "LeftOut", "Trial", "find_trials"]

#: Endings of recordings; a file of another name is one only if it begins like one.
RECORDING_SUFFIXES = (".c3d", ".trc", ".mot", ".sto", ".forces")
_TABLES = (".mot", ".sto", ".forces")
#: So many bytes tell what a file is.
HEAD_BYTES = 4096


@dataclass(frozen=True)
class Trial:
    """Files that belong together: the one with markers first, then tables whose names begin like it.

    Attributes
    ----------
    paths : tuple of Path
    names : tuple of str
        As they are shown: below the folder that was asked for.
    """

    paths: tuple[Path, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class LeftOut:
    """Files that are no recordings.

    Attributes
    ----------
    kind : str
        'person file' or the ending of their names, '.txt'.
    names : tuple of str
    """

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What lies at some paths.

    Attributes
    ----------
    trials : tuple of Trial
        In the order of their names.
    left_out : tuple of LeftOut
    is_folder : bool
        A folder was asked for, or more than one trial.
    """

    trials: tuple[Trial, ...]
    left_out: tuple[LeftOut, ...]
    is_folder: bool


def find_trials(paths: Sequence[Path]) -> Found:
    """Return the trials among files and folders; a file that was named counts whatever it is.

    Parameters
    ----------
    paths : sequence of path
        Files are taken as given, folders with everything below them except hidden files.

    Raises
    ------
    FileError
        If a path does not exist.
    """
    named: list[tuple[Path, str]] = []
    others: dict[str, list[str]] = {}
    is_folder = False
    for path in paths:
        if path.is_dir():
            is_folder = True
            for file, name in _below(path, path.name if len(paths) > 1 else ""):
                kind = _kind(file)
                if kind is None:
                    named.append((file, name))
                else:
                    others.setdefault(kind, []).append(name)
        elif not path.exists():
            raise FileError(f"there is no file {path}; check the name and the folder")
        else:
            named.append((path, printable(path.name)))
    trials = _together(list(dict(named).items()))
    left_out = tuple(LeftOut(kind, tuple(others[kind])) for kind in sorted(others))
    return Found(trials, left_out, is_folder or len(trials) > 1)


def _below(folder: Path, prefix: str) -> list[tuple[Path, str]]:
    """Return every file below a folder with its name, sorted as people sort: walk2 before walk10."""
    files = []
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in inside.parts):
            files.append((path, printable("/".join([*([prefix] if prefix else []), *inside.parts]))))
    return sorted(files, key=lambda pair: _order(pair[1]))


def _order(name: str) -> list[tuple[bool, int, str]]:
    return [
        (piece.isdigit(), int(piece) if piece.isdigit() else 0, piece)
        for piece in re.split(r"([0-9]+)", name.casefold())
    ]


def _kind(path: Path) -> str | None:
    """Return what a file is that is no recording; None for a recording."""
    suffix = path.suffix.lower()
    if suffix in RECORDING_SUFFIXES:
        return None
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return printable(suffix) or "no ending"
    is_c3d = len(head) >= 512 and head[1] == 0x50 and 2 <= head[0] < 64
    if is_c3d or head.startswith(b"PathFileType") or (suffix in (".txt", "") and b"endheader" in head.lower()):
        return None
    if suffix == ".toml" and re.search(rb"^\s*\[person\]", head, re.MULTILINE):
        return "person file"
    return printable(suffix) or "no ending"


def _together(files: Sequence[tuple[Path, str]]) -> tuple[Trial, ...]:
    """Put tables beside the trial of the same folder whose name begins theirs; the longest such name wins."""
    partners: dict[Path, list[int]] = {}
    stems = {path: path.stem.casefold() for path, _ in files}
    hosts: dict[tuple[Path, str], Path] = {}
    for path, _ in files:
        if path.suffix.lower() not in _TABLES:
            hosts.setdefault((path.parent, stems[path]), path)
    taken: set[int] = set()
    for index, (path, _) in enumerate(files):
        if path.suffix.lower() in _TABLES and (host := _host(path.parent, stems[path], hosts)):
            partners.setdefault(host, []).append(index)
            taken.add(index)
    trials = []
    for index, (path, name) in enumerate(files):
        if index not in taken:
            mine = [files[i] for i in partners.get(path, [])]
            trials.append(Trial((path, *(p for p, _ in mine)), (name, *(n for _, n in mine))))
    return tuple(trials)


def _host(folder: Path, stem: str, hosts: dict[tuple[Path, str], Path]) -> Path | None:
    beginnings: Iterable[str] = (stem[:end] for end in range(len(stem), 0, -1))
    return next((hosts[folder, start] for start in beginnings if (folder, start) in hosts), None)
