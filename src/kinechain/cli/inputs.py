"""Which of the files given is what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kinechain.core.errors import FileError, SettingError

__all__ = ["PERSON_SUFFIXES", "RECORDING_SUFFIXES", "is_person_file", "sort_inputs"]

PERSON_SUFFIXES = (".toml", ".json")
RECORDING_SUFFIXES = (".c3d", ".trc", ".mot", ".sto", ".csv", ".tsv", ".parquet", ".forces")


def sort_inputs(paths: Sequence[Path]) -> tuple[Path | None, tuple[Path, ...]]:
    """Return the person file and the recordings among some files.

    Parameters
    ----------
    paths : sequence of path

    Raises
    ------
    InputError
        If a file does not exist or is neither, or if there are two person files.
    """
    people = [path for path in paths if is_person_file(path)]
    if len(people) > 1:
        names = " and ".join(path.name for path in people)
        raise SettingError(f"one person at a time: {names} are both person files; run the command once for each")
    return (people[0] if people else None), tuple(path for path in paths if path not in people)


def is_person_file(path: Path) -> bool:
    """Tell a person file from a recording by its suffix, else by how it begins."""
    if path.is_dir():
        raise FileError(f"{path} is a folder; give the files in it, e.g. {path}/*.c3d")
    if not path.exists():
        raise FileError(f"there is no file {path}")
    if not path.is_file():
        raise FileError(f"{path} is a pipe or a device; give a file on a disk")
    suffix = path.suffix.lower()
    if suffix in PERSON_SUFFIXES or suffix in RECORDING_SUFFIXES:
        return suffix in PERSON_SUFFIXES
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise FileError(f"{path.name} cannot be read: {error.strerror}") from error
    is_c3d = len(head) > 1 and head[1] == 0x50
    if is_c3d or head.startswith(b"PathFileType"):
        return False
    if head.lstrip().startswith((b"[", b"#")):
        return True
    raise FileError(f"{path.name} is neither a person file (.toml) nor a recording ({', '.join(RECORDING_SUFFIXES)})")
