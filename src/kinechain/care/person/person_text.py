"""From the bytes of a person file to its tables: TOML, or the same tables as JSON."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from kinechain.core.errors import FileError
from kinechain.core.text import printable

__all__ = ["TABLES", "parse_tables", "read_text"]

TABLES = (
    *("person", "history", "conditions", "screen", "wells"),
    *("exam", "questionnaires", "symptoms", "recordings"),
)
MAX_BYTES = 200_000

#: A longer line of TOML is no line of a person file; dotted keys take memory by the square of their length.
MAX_LINE = 2000


def read_text(path: Path) -> str:
    """Return the text of a person file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FileError
        If it cannot be read, is far too long, or is no text.
    """
    if path.is_dir():
        raise FileError(f"{path.name} is a folder; give the person file inside it (TOML)")
    if not path.is_file():
        raise FileError(f"there is no person file {path}")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileError(f"{path.name} cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise FileError(f"{path.name} is larger than 200 kB; a person file is a short TOML text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileError(f"{path.name} is not a person file: line {line} is not UTF-8 text") from error


def parse_tables(text: str, name: str) -> dict[str, Any]:
    """Return the tables of a person file.

    Parameters
    ----------
    text : str
    name : str
        File name; one that ends in ``.json`` is read as JSON.

    Raises
    ------
    FileError
        If it is not valid; the line is named.
    """
    if not text.strip():
        raise FileError(f"{name} is empty; a person file needs at least a [person] or an [exam] table")
    tables = _parse_json(name, text) if name.lower().endswith(".json") else _parse_toml(name, text)
    if not isinstance(tables, dict):
        raise FileError(f"{name} is not a person file: it must hold the tables {', '.join(TABLES)}")
    return tables


def _parse_toml(name: str, text: str) -> Any:
    long = next((i for i, line in enumerate(text.splitlines(), 1) if len(line) > MAX_LINE), None)
    if long is not None:
        raise FileError(f"{name} is not a person file: line {long} is longer than {MAX_LINE} characters")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.DOTALL)
        line = (found[2] if found else None) or str(len(text.splitlines()))
        raise FileError(f"{name} is not valid TOML: line {line}: {found[1] if found else error}") from error
    except RecursionError as error:
        raise FileError(f"{name} is not a person file: its brackets are nested too deep") from error
    except ValueError as error:
        raise FileError(f"{name} is not valid TOML: a number in it has too many digits") from error


def _parse_json(name: str, text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise FileError(f"{name} is not a person file: '{printable(twice)}' stands twice in one table")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise FileError(f"{name} is not valid JSON: line {error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise FileError(f"{name} is not a person file: its brackets are nested too deep") from error
    except ValueError as error:
        raise FileError(f"{name} is not valid JSON: a number in it has too many digits") from error
