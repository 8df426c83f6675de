"""Rows at even times: what a time column says, and what can be made good where it is wrong."""

from __future__ import annotations

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError
from kinechain.recording.recording import Note

__all__ = ["even_rows", "rate_of"]

#: A frame number beyond this is none (assumption: four months at 100 Hz).
LARGEST_FRAME = 1e9

#: Stands for the rate of a single frame, on which nothing rests (assumption: that of most cameras).
ANY_HZ = 100.0

#: A clock beyond these is none (assumption: no camera takes 10 million frames a second; milliseconds since 1970 stay
#: below the other).
SHORTEST_S, LATEST_S = 1e-7, 1e13

#: Steps to which programs round the times that they write, s, the coarsest first.
ROUNDINGS_S = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)

#: Frames that may be missing in the time column, as a multiple of those there are (assumption: more is no one trial).
LARGEST_LOSS = 10

#: Steps of an uneven clock may be this many usual ones long before the rows count as two trials (assumption: cameras
#: that drop single frames stay below it).
LARGEST_STEP = 5.0


def rate_of(times: FloatArray) -> float | None:
    """Return the usual rate of some times, Hz; None without two different ones.

    Parameters
    ----------
    times : (time,) array, s
    """
    steps = np.diff(times)
    steps = steps[np.isfinite(steps) & (steps > SHORTEST_S)]
    return float(1.0 / np.median(steps)) if len(steps) else None


def even_rows(
    values: FloatArray,
    times: FloatArray | None,
    frames: FloatArray | None,
    stated_hz: float | None,
    place: str,
    name: str,
    kind: str,
    notes: list[Note],
) -> tuple[FloatArray, float, float]:
    """Put rows at even times.

    Parameters
    ----------
    values : (row, column) array
    times : (row,) array, s, or None
        As written; in milliseconds or counting frames where that alone fits the rate stated.
    frames : (row,) array or None
        Numbers of the frames, used where times say nothing.
    stated_hz : float or None
        What the header states; NaN, zero and less count as nothing.
    place : str
        Of the first row, for messages, e.g. 'line 7'.
    name, kind : str
        File name and format for messages.
    notes : list of Note
        Appended to.

    Returns
    -------
    values : (time, column) array
        Rows that were lost stand as missing.
    rate_hz, start_s : float

    Raises
    ------
    FileError
        If neither times nor header tell a rate, or rows are not in order of time.
    """
    stated = stated_hz if stated_hz is not None and np.isfinite(stated_hz) and 1e-3 < stated_hz < 1e5 else None
    if times is not None:
        times = _whole_times(np.array(times, dtype=float), notes)
    if times is None:
        return _by_frames(values, frames, stated, name, kind, notes)
    if np.abs(times).max() > LATEST_S:
        raise FileError(f"{name} is not a usable {kind}: its times reach {np.abs(times).max():.3g} s; write seconds")
    if len(times) < 2:
        return values, _of_one_frame(stated, notes), float(times[0])
    values, times = _in_order(values, times, place, name, kind, notes)
    if len(times) < 2:
        return values, _of_one_frame(stated, notes), float(times[0])
    times = _in_seconds(times, stated, notes)
    rate = _needed(stated or rate_of(times), name, kind)
    if _is_uneven(times, rate):
        values, times = _interpolated(values, times, rate, name, kind, notes)
        return values, (len(times) - 1) / float(times[-1] - times[0]), float(times[0])
    values, times = _with_lost_rows(values, times, rate, name, kind, notes)
    return values, _checked_rate(rate, stated, times, notes), float(times[0])


def _of_one_frame(stated: float | None, notes: list[Note]) -> float:
    """Return the rate stated, or one that stands for none: nothing of a single frame rests on it."""
    if stated is None:
        text = f"A single frame tells no frame rate; {ANY_HZ:g} Hz stand in its place."
        effect, cure = "None, nothing moves in a single frame.", "Give a trial of several frames to measure movement."
        notes.append(Note("assumed", text, "file.rate", "row 1", effect, cure))
    return stated or ANY_HZ


def _needed(rate: float | None, name: str, kind: str) -> float:
    if rate is None or not np.isfinite(rate) or not 1e-3 < rate < 1e5:
        raise FileError(f"{name} is not a usable {kind}: it states no frame rate above 0 Hz; state one, or times in s")
    return rate


def _whole_times(times: FloatArray, notes: list[Note]) -> FloatArray | None:
    """Fill single missing times; None where the column says nothing."""
    seen = np.isfinite(times)
    if len(times) > 1 and (seen.sum() < 0.5 * len(times) or np.ptp(times[seen]) == 0):
        what = "holds no times" if not seen.any() else "stands still" if seen.all() else "is mostly empty"
        notes.append(
            Note(
                "repaired",
                f"The time column {what}; times were counted from the frame numbers and the stated rate.",
                "file.time",
                "the time column",
                "All durations and speeds rest on the stated rate.",
                "Check the frame rate, or export again with times.",
            )
        )
        return None
    if seen.all():
        return times
    if not seen.any():
        return None
    rows = np.arange(len(times))
    notes.append(
        Note(
            "repaired",
            f"{int((~seen).sum())} times are missing; they were put in between their neighbours.",
            "file.time",
            f"row {int(np.argmin(seen)) + 1}",
            "None if the frames run evenly.",
            "Export again with every time.",
        )
    )
    step = np.median(np.diff(times[seen]) / np.diff(rows[seen])) if seen.sum() > 1 else 0.0
    first, last = rows[seen][0], rows[seen][-1]
    filled = np.interp(rows, rows[seen], times[seen])
    filled[:first] = times[first] - step * (first - rows[:first])
    filled[last + 1 :] = times[last] + step * (rows[last + 1 :] - last)
    return filled


def _by_frames(
    values: FloatArray, frames: FloatArray | None, stated: float | None, name: str, kind: str, notes: list[Note]
) -> tuple[FloatArray, float, float]:
    """Place rows by the numbers of their frames, at the rate stated."""
    rate = _needed(stated, name, kind)
    counts = frames is not None and len(frames) > 1 and np.isfinite(frames).all() and (np.diff(frames) > 0).all()
    if frames is None or not counts or np.abs(frames).max() > LARGEST_FRAME:
        return values, rate, 0.0
    at = np.rint(frames - frames[0]).astype(np.int64)
    start = float(max(frames[0] - 1, 0) / rate)
    lost = int(at[-1]) + 1 - len(at)
    if not 0 < lost <= LARGEST_LOSS * len(at) or (np.diff(at) < 1).any():
        return values, rate, start
    notes.append(_lost_note(lost, "The frame numbers jump"))
    return _spread(values, at), rate, start


def _spread(values: FloatArray, at: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatArray:
    whole = np.full((int(at[-1]) + 1, values.shape[1]), np.nan)
    whole[at] = values
    return whole


def _lost_note(lost: int, what: str) -> Note:
    return Note(
        "repaired",
        f"{what} over {lost} frames; they were put back as missing.",
        "file.lost_frames",
        "the time column",
        "Markers have gaps there.",
        "Export again with every frame.",
    )


def _in_order(
    values: FloatArray, times: FloatArray, place: str, name: str, kind: str, notes: list[Note]
) -> tuple[FloatArray, FloatArray]:
    """Turn a table that runs backwards throughout, leave out rows written twice, refuse any other disorder."""
    steps = np.diff(times)
    if (steps <= 0).all() and (steps < 0).any() and len(times) > 2:
        notes.append(
            Note(
                "repaired",
                "The rows run backwards in time from first to last; they were turned round.",
                "file.order",
                "all rows",
                "None if the times are right.",
                "Check that the person moves forwards.",
            )
        )
        values, times = values[::-1], times[::-1]
        steps = np.diff(times)
    back = np.flatnonzero(steps < 0)
    if len(back):
        raise FileError(
            f"{name} is not a usable {kind}: its time runs backwards at row {int(back[0]) + 2} of the table that "
            f"starts at {place}; its rows are not in order or are of two trials; export it again"
        )
    still = steps == 0
    if still.any():
        same = np.concatenate([[False], still & ((values[1:] == values[:-1]) | np.isnan(values[1:])).all(axis=1)])
        if same.any():
            notes.append(
                Note(
                    "repaired",
                    f"{int(same.sum())} rows are written twice; one of each was kept.",
                    "file.repeated_rows",
                    f"row {int(np.argmax(same)) + 1}",
                    "None.",
                    "Export it again.",
                )
            )
            values, times = values[~same], times[~same]
    return values, times


def _in_seconds(times: FloatArray, stated: float | None, notes: list[Note]) -> FloatArray:
    """Turn milliseconds, or numbers of frames, into seconds where only that fits the stated rate."""
    told = rate_of(times)
    if stated is None or told is None:
        if stated is None and told is not None and told < 1.5 and len(times) > 100:
            return _scaled(times, 1e-3, "milliseconds", notes)
        return times
    if abs(stated / told / 1000.0 - 1.0) < 0.1:
        return _scaled(times, 1e-3, "milliseconds", notes)
    if abs(told - 1.0) < 1e-6 and stated > 5.0:
        return _scaled(times, 1.0 / stated, "numbers of frames", notes)
    return times


def _scaled(times: FloatArray, factor: float, words: str, notes: list[Note]) -> FloatArray:
    notes.append(
        Note(
            "repaired",
            f"The time column holds {words}, not seconds; it was converted.",
            "file.time_unit",
            "the time column",
            "None if the rate is right.",
            "Write times in seconds.",
        )
    )
    return times * factor


def _runs_evenly(since: FloatArray) -> bool:
    """Tell an even run; times written with two digits stray by less than 10 ms from one."""
    if len(since) < 3 or not since[-1] > 0:
        return True
    step = since[-1] / (len(since) - 1)
    return bool(np.abs(since - step * np.arange(len(since))).max() < max(1.5 * step, 0.0101))


def _is_uneven(times: FloatArray, rate: float) -> bool:
    """Tell times that are no whole numbers of frames apart."""
    since = times - times[0]
    if _runs_evenly(since):
        return False
    at = since * rate
    return bool(abs(float(np.median(np.diff(at))) - 1.0) > 0.1 or np.abs(at - np.rint(at)).max() > 0.3)


def _with_lost_rows(
    values: FloatArray, times: FloatArray, rate: float, name: str, kind: str, notes: list[Note]
) -> tuple[FloatArray, FloatArray]:
    """Put empty rows where the time column jumps, so that every row stands at its time."""
    since = times - times[0]
    if _runs_evenly(since):
        return values, times
    at = np.rint(since * rate).astype(np.int64)
    if (np.diff(at) < 1).any():
        raise FileError(f"{name} is not a usable {kind}: its time column jumps and stands still; export it again")
    lost = int(at[-1]) + 1 - len(times)
    if lost > LARGEST_LOSS * len(times):
        raise FileError(
            f"{name} is not a usable {kind}: its time column leaps over {lost} frames and it holds {len(times)}; "
            "cut it to one trial"
        )
    if lost:
        notes.append(_lost_note(lost, "The time column jumps"))
    whole = _spread(values, at)
    return whole, times[0] + np.arange(len(whole)) / rate


def _interpolated(
    values: FloatArray, times: FloatArray, rate: float, name: str, kind: str, notes: list[Note]
) -> tuple[FloatArray, FloatArray]:
    """Bring rows of an uneven clock to even times, on straight lines between them."""
    steps = np.diff(times)
    usual = float(np.median(steps))
    if steps.min() <= 0 or steps.max() > LARGEST_STEP * usual:
        raise FileError(
            f"{name} is not a usable {kind}: its time column is uneven and does not run at the stated {rate:g} Hz; "
            "export it again with every frame"
        )
    mean = float(times[-1] - times[0]) / (len(times) - 1)
    even = times[0] + mean * np.arange(len(times))
    notes.append(
        Note(
            "repaired",
            f"The time column is uneven (steps of {steps.min() * 1e3:.0f} to {steps.max() * 1e3:.0f} ms); positions "
            f"were brought to even times at {1.0 / mean:.4g} Hz.",
            "file.uneven_clock",
            "the time column",
            "Fast movements lose a little of their peaks.",
            "Record with cameras that run on one clock.",
        )
    )
    at = np.clip(np.searchsorted(times, even, side="right") - 1, 0, len(times) - 2)
    share = ((even - times[at]) / steps[at])[:, None]
    return values[at] * (1.0 - share) + values[at + 1] * share, even


def _mean_rate(times: FloatArray) -> float:
    """Return the rate from first to last time, Hz; a whole one where the rounding of the times hides no other."""
    steps, span = len(times) - 1, float(times[-1] - times[0])
    whole = float(round(steps / span))
    rounded = (times / step for step in ROUNDINGS_S)
    is_on = (np.abs(counts - np.rint(counts)).max() < 1e-3 for counts in rounded)
    hidden = next((step for step, on in zip(ROUNDINGS_S, is_on, strict=True) if on), 1e-9)
    return whole if whole > 0 and abs(steps / whole - span) < hidden else steps / span


def _checked_rate(rate: float, stated: float | None, times: FloatArray, notes: list[Note]) -> float:
    """Prefer the time column over the header when the two tell different rates."""
    if len(times) < 3 or times[-1] <= times[0]:
        return rate
    told = _mean_rate(times)
    if stated is None:
        return told
    if abs(told - rate) <= 0.02 * rate:
        return rate
    # The last step may be shorter than the others; the usual one tells the rate better.
    usual = rate_of(times)
    told = usual if usual is not None and abs(usual - told) < 0.05 * told else told
    notes.append(
        Note(
            "repaired",
            f"The header states {rate:g} Hz, the time column runs at {told:.4g} Hz; the time column was used.",
            "file.rate",
            "the header and the time column",
            "Speeds and durations follow the time column.",
            "Check at what rate the cameras ran.",
        )
    )
    return told
