"""Which files of a folder are recordings, and which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.join import trial_words
from kinechain.recording.readers.c3d_format import is_c3d
from kinechain.recording.readers.forces import looks_like_forces
from kinechain.recording.readers.mot import looks_like_table
from kinechain.recording.readers.motive import looks_like_motive
from kinechain.recording.readers.nexus import looks_like_nexus
from kinechain.recording.readers.qualisys import looks_like_qualisys
from kinechain.recording.readers.recognise import looks_inertial
from kinechain.recording.readers.text import decode_text
from kinechain.recording.readers.tidy import looks_like_columns
from kinechain.recording.readers.trc import looks_like_trc

__all__ = ["Found", "LeftOut", "Trial", "find_trials"]

#: Endings of recordings; a file of another name is one only if it begins like one.
RECORDING_SUFFIXES = (".c3d", ".trc", ".mot", ".sto", ".forces")
#: Endings of files that hold forces or columns and may belong to a file with markers.
_TABLES = (".mot", ".sto", ".forces")
#: Endings of tables of any content: one is a recording if a reader knows its layout.
_TEXTS = (".csv", ".tsv", ".txt", ".xls", "")
#: So many bytes tell what a file is.
HEAD_BYTES = 20000
_LAYOUTS = (
    looks_like_trc,
    looks_like_table,
    looks_like_forces,
    looks_like_nexus,
    looks_like_motive,
    looks_like_qualisys,
)


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
        elif len(paths) > 1 and path.suffix.lower() == ".toml" and _kind(path) == "person file":
            others.setdefault("person file", []).append(printable(path.name))
        else:
            named.append((path, printable(path.name)))
    files = list(dict(named).items())
    trials = _together(files)
    if not is_folder and sum(path.suffix.lower() not in _TABLES for path, _ in files) == 1:
        # Handed over together, they are meant together, whatever their names.
        files.sort(key=lambda pair: pair[0].suffix.lower() in _TABLES)
        trials = (Trial(tuple(path for path, _ in files), tuple(name for _, name in files)),)
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
    if (len(head) >= 512 and is_c3d(head)) or (suffix == ".parquet" and head.startswith(b"PAR1")):
        return None
    if suffix in _TEXTS and _is_known_text(head):
        return None
    if suffix == ".toml" and re.search(rb"^\s*\[person\]", head, re.MULTILINE):
        return "person file"
    return printable(suffix) or "no ending"


def _is_known_text(head: bytes) -> bool:
    """Whether a reader knows the layout of a text; a table of inertial sensors is none of a body's."""
    text = decode_text(head[: head.rfind(b"\n") + 1] or head)
    if text is None:
        return False
    return any(known(text) for known in _LAYOUTS) or (looks_like_columns(text) and not looks_inertial(text))


def _together(files: Sequence[tuple[Path, str]]) -> tuple[Trial, ...]:
    """Put tables beside the file with markers whose name says the same trial in the same folder."""
    hosts: dict[tuple[Path, tuple[str, ...]], Path] = {}
    stems: dict[tuple[Path, str], Path] = {}
    # A TRC comes first: a C3D of the same trial holds its plates itself.
    for path, _ in sorted(files, key=lambda pair: pair[0].suffix.lower() != ".trc"):
        if path.suffix.lower() not in _TABLES:
            hosts.setdefault((path.parent, trial_words(path.name)), path)
            stems.setdefault((path.parent, path.stem), path)
    partners: dict[Path, list[tuple[Path, str]]] = {}
    alone: list[tuple[Path, str]] = []
    for path, name in files:
        host = None
        if path.suffix.lower() in _TABLES:
            host = hosts.get((path.parent, trial_words(path.name))) or _begun(path, stems)
        if host is None:
            alone.append((path, name))
        else:
            partners.setdefault(host, []).append((path, name))
    trials = []
    for path, name in alone:
        own = [(path, name), *partners.get(path, [])]
        trials.append(Trial(tuple(p for p, _ in own), tuple(n for _, n in own)))
    return tuple(trials)


def _begun(table: Path, stems: dict[tuple[Path, str], Path]) -> Path | None:
    """Return the file whose whole name begins that of a table; the longest such name wins."""
    beginnings = (table.stem[:end] for end in range(len(table.stem), 0, -1))
    return next((stems[table.parent, start] for start in beginnings if (table.parent, start) in stems), None)
