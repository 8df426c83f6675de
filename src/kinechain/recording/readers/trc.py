"""TRC: marker positions in a tab-separated text file."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.readers.c3d import GHOST, LENGTHS, merge_duplicates
from kinechain.recording.readers.text import parse_rows
from kinechain.recording.recording import Markers, Note

__all__ = ["TrcContent", "looks_like_trc", "read_trc"]

#: Frames that may be missing in the time column, as a multiple of those there are (assumption: more is no one trial).
LARGEST_LOSS = 10


@dataclass(frozen=True, eq=False)
class TrcContent:
    """Markers of a TRC, m, lab frame."""

    markers: Markers
    notes: tuple[Note, ...]


def looks_like_trc(text: str) -> bool:
    """Return whether a text begins as a TRC does."""
    return text.lstrip("\ufeff \t\r\n")[:12].lower() == "pathfiletype"


def read_trc(text: str, name: str) -> TrcContent:
    """Read a TRC from its text.

    Parameters
    ----------
    text : str
        The whole file.
    name : str
        File name for messages.

    Raises
    ------
    FileError
        With the line at which it stops being a TRC.

    Notes
    -----
    Blank cells, ``nan`` tokens and points with three zeros are missing markers.  Numbers of the header are
    found by name when its two lines have as many entries, else by order.
    """
    lines = text.lstrip("\ufeff").splitlines()
    notes: list[Note] = []
    label_line = next((i for i, line in enumerate(lines[:12]) if line.strip().lower().startswith("frame#")), None)
    if label_line is None:
        raise FileError(f"{name} is not a valid TRC: it ends or breaks off before the line of marker names (Frame#)")
    stated = _header_numbers(lines[:label_line], name)
    cells = [printable(c.strip()) for c in lines[label_line].split("\t")]
    # What stands before a colon is the subject, perhaps by name.
    labels = [c.rsplit(":", 1)[-1].strip() for c in cells if c][2:]
    if len(labels) < 1:
        raise FileError(
            f"{name} is not a usable TRC: line {label_line + 1} names no markers; name them and export again"
        )
    first = next((i for i in range(label_line + 1, len(lines)) if re.match(r"^\s*\d", lines[i])), None)
    if first is None:
        raise FileError(f"{name} is not a valid TRC: it names {len(labels)} markers but holds no frames")
    table = parse_rows(lines[first:], first + 1, 2 + 3 * len(labels), name, "TRC")
    _compare_with_header(stated, len(labels), len(table), notes)
    rate = float(stated.get("datarate") or _rate_from_times(table[:, 1]) or 0.0)
    if not (np.isfinite(rate) and 0 < rate < 1e5):
        raise FileError(f"{name} is not a usable TRC: line 3 states no frame rate above 0 Hz")
    _check_order(table[:, 1], first + 1, name)
    table = _with_lost_rows(table, rate, name, notes)
    positions = table[:, 2:].reshape(len(table), len(labels), 3)
    positions = np.where((positions == 0.0).all(axis=2, keepdims=True), np.nan, positions)
    positions = np.where(np.isfinite(positions).all(axis=2, keepdims=True), positions, np.nan)
    positions = positions * _metres(str(stated.get("units", "")), positions, notes)
    rate = _checked_rate(rate, table[:, 1], notes)
    kept = [i for i, label in enumerate(labels) if not GHOST.match(label)]
    if len(kept) < len(labels):
        notes.append(Note("found", f"{len(labels) - len(kept)} unlabelled points were left out."))
    if not kept:
        raise FileError(f"{name} is not a usable TRC: none of its points has a name; name them and export again")
    names, positions = merge_duplicates([labels[i] for i in kept], positions[:, kept], notes)
    start = float(table[0, 1]) if np.isfinite(table[0, 1]) else 0.0
    return TrcContent(Markers(names, positions, rate, start), tuple(notes))


def _header_numbers(lines: list[str], name: str) -> dict[str, float | str]:
    """Return the header's entries by lower-case name; extra tabs and blanks between them do not matter."""
    for i, line in enumerate(lines[:-1]):
        keys = line.lower().split()
        if "datarate" in keys:
            values = lines[i + 1].split()
            out: dict[str, float | str] = {}
            for key, value in zip(keys, values, strict=False):
                try:
                    out[key] = float(value)
                except ValueError:
                    out[key] = value
            for key in ("datarate", "numframes", "nummarkers"):
                if isinstance(out.get(key), str):
                    raise FileError(
                        f"{name} is not a valid TRC: line {i + 2} gives '{_short(out[key])}' for {key}, not a number"
                    )
            return out
    raise FileError(f"{name} is not a valid TRC: its header has no line that states DataRate")


def _short(value: object) -> str:
    return str(value)[:20]


def _metres(stated: str, positions: FloatArray, notes: list[Note]) -> float:
    for beginning, metres in LENGTHS:
        if stated.lower().startswith(beginning):
            return metres
    seen = positions[np.isfinite(positions[:, :, 0]).any(axis=1)]
    extent = float(np.max(np.nanmax(seen[0], axis=0) - np.nanmin(seen[0], axis=0))) if len(seen) else 0.0
    metres = 1e-3 if extent > 20.0 else 1.0
    word = "millimetres" if metres < 1 else "metres"
    text = f"The file states no known unit of length; {word} were taken because the markers span {extent:.4g} units."
    notes.append(Note("assumed", text))
    return metres


def _rate_from_times(times: FloatArray) -> float | None:
    steps = np.diff(times)
    steps = steps[np.isfinite(steps) & (steps > 0)]
    return float(1.0 / np.median(steps)) if len(steps) else None


def _check_order(times: FloatArray, first_line: int, name: str) -> None:
    """Refuse rows whose time runs backwards: they were shuffled, reversed or joined from two trials."""
    back = np.flatnonzero(np.diff(times) < 0)
    if len(back):
        raise FileError(
            f"{name} is not a usable TRC: its time runs backwards at row {int(back[0]) + 2} of the table that starts "
            f"at line {first_line}; its rows are not in order or are of two trials; export it again"
        )


def _with_lost_rows(table: FloatArray, rate: float, name: str, notes: list[Note]) -> FloatArray:
    """Put empty rows where the time column jumps, so that every row stands at its time."""
    since = table[:, 1] - table[0, 1]
    if len(table) < 3 or not np.isfinite(since).all() or not since[-1] > 0:
        return table
    # Times written with two digits stray by less than 10 ms from an even run.
    step = since[-1] / (len(since) - 1)
    if np.abs(since - step * np.arange(len(since))).max() < max(1.5 * step, 0.0101):
        return table
    if abs(float(np.median(np.diff(since))) * rate - 1.0) > 0.1:
        raise FileError(
            f"{name} is not a usable TRC: its time column is uneven and does not run at the stated {rate:g} Hz; "
            "export it again with every frame"
        )
    at = np.rint(since * rate).astype(np.int64)
    if (np.diff(at) < 1).any():
        raise FileError(f"{name} is not a usable TRC: its time column jumps and stands still; export it again")
    lost = int(at[-1]) + 1 - len(table)
    if lost > LARGEST_LOSS * len(table):
        raise FileError(
            f"{name} is not a usable TRC: its time column leaps over {lost} frames and it holds {len(table)}; "
            "cut it to one trial"
        )
    whole = np.full((int(at[-1]) + 1, table.shape[1]), np.nan)
    whole[at] = table
    whole[:, 1] = table[0, 1] + np.arange(len(whole)) / rate
    notes.append(Note("repaired", f"The time column jumps over {lost} frames; they were put back as missing."))
    return whole


def _checked_rate(rate: float, times: FloatArray, notes: list[Note]) -> float:
    """Prefer the time column over the header when the two tell different rates."""
    if len(times) < 3 or not np.isfinite(times[[0, -1]]).all() or times[-1] <= times[0]:
        return rate
    told = (len(times) - 1) / float(times[-1] - times[0])
    if abs(told - rate) > 0.02 * rate:
        # The last step may be shorter than the others; the usual one tells the rate better.
        usual = _rate_from_times(times)
        told = usual if usual is not None and abs(usual - told) < 0.05 * told else told
        text = f"The header states {rate:g} Hz, the time column runs at {told:.4g} Hz; the time column was used."
        notes.append(Note("repaired", text))
        return told
    return rate


def _compare_with_header(stated: dict[str, float | str], markers: int, frames: int, notes: list[Note]) -> None:
    for key, word, have in (("nummarkers", "markers", markers), ("numframes", "frames", frames)):
        want = stated.get(key)
        if isinstance(want, float) and np.isfinite(want) and int(want) != have:
            notes.append(Note("found", f"The header states {int(want)} {word}, the file holds {have}."))
