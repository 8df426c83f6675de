"""The manifest of the shared recordings: its rows, and what each of its clauses means for kinechain."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from kinechain.core.errors import InputError
from kinechain.recording.plates import PlateSettings
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import ReadSettings, read_recording
from kinechain.recording.recording import Recording

Row = dict[str, Any]

SHARED = Path(os.environ.get("KINECHAIN_SHARED", Path(__file__).resolve().parents[3] / "shared"))
DATA = SHARED / "data"
#: Plates as they were measured, as the manifest gives them: nothing subtracted.
AS_MEASURED = ReadSettings(plates=PlateSettings(remove_baseline=False))
#: Kinds of data that later steps of the project bring; until then each is refused by name.
LATER = {
    "imu_foot_gaitmap": "inertial",
    "imu_lowback_feet_ipol": "inertial",
    "opensense_xsens_gait": "inertial",
    "phone_steps": "inertial",
    "moticon_opengo": "pressure",
    "mun104_template": "pressure",
    "video_sports2d_demo": "video",
}


@cache
def manifest() -> dict[str, list[Row]]:
    """Return the manifest, or empty tables where the recordings are absent."""
    path = DATA / "MANIFEST.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {"dataset": [], "file": [], "broken": []}


def parameters(rows: list[Row], name: Callable[[Row], str]) -> list[Any]:
    """Return rows as test parameters; a single absent one where there are none, so that the fixture can tell why."""
    return [pytest.param(row, id=name(row)) for row in rows] or [pytest.param({}, id="absent")]


def clauses(dataset: Row, column: str) -> list[str]:
    """Return the clauses of 'checks' or 'defects', which the manifest parts by semicolons."""
    return [clause.strip() for clause in dataset[column].split(";") if clause.strip()]


@cache
def read(path: str) -> Recording:
    """Read a shared file as users do."""
    return read_recording(DATA / path)


@cache
def measured(path: str) -> Recording:
    """Read a shared file, its plates as measured."""
    return read_recording(DATA / path, AS_MEASURED)


@cache
def prepared(path: str) -> Recording:
    """Read and prepare a shared file."""
    return prepare_recording(read(path))


def refusal(path: str) -> str:
    """Return the sentence with which a file is refused, '' if it is prepared."""
    try:
        prepared(path)
    except InputError as error:
        return str(error)
    return ""


def said(recording: Recording, *words: str) -> bool:
    """Tell whether one note holds all the words, in any case."""
    return any(all(word.lower() in note.text.lower() for word in words) for note in recording.notes)


def codes(recording: Recording) -> set[str]:
    """Return the codes of all notes."""
    return {note.code for note in recording.notes if note.code}
