"""Two markers whose labels are exchanged in part of the frames: told from the paths that fit on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, IntArray, runs_of
from kinechain.recording.gaps import find_gaps
from kinechain.recording.jolts import Jolts, find_jolts, jolt_sizes, stretch
from kinechain.recording.places import Place, body_part, pieces_of
from kinechain.recording.recording import Note

__all__ = ["exchange_back", "exchange_by_place"]

#: The paths that cross over must be this much smoother than the labelled ones (assumption).
SMOOTHER = 0.3
#: Longest time for which both markers may be hidden while their labels change over, s (assumption).
HIDDEN_S = 0.25
#: Least distance between the two markers where they come back from hiding, m (assumption).
HIDDEN_APART_M = 0.03
#: More gaps than this that begin during one hide the whole body.
MOST_HIDDEN = 40
#: Least distance by which a marker sits in the wrong place among its neighbours when its label is exchanged, m
#: (assumption: above the 2 to 3 cm of soft tissue for the worse of the two).
WRONG_PLACE_M = 0.02


def exchange_back(
    positions: FloatArray, labels: Sequence[str], jolts: Jolts, rate_hz: float, notes: list[Note]
) -> tuple[FloatArray, Jolts]:
    """Exchange the samples of two markers back where their paths cross over without a reason.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
    labels : sequence of str
    jolts : Jolts
        Of these positions.
    rate_hz : float
    notes : list of Note
        Grows.

    Returns
    -------
    positions : (time, marker, 3) array, m
    jolts : Jolts
        Of the positions returned.

    Notes
    -----
    Where both markers jolt in the same step and each fits on to the path of the other, the labels change over; so
    they do where both come back from a short gap on the path of the other.  The labels that hold for most of the
    recording are taken to be right.
    """
    turns = _crossings(positions, jolts)
    for pair, frames in _crossings_in_gaps(positions, jolts, rate_hz).items():
        turns.setdefault(pair, []).extend(frames)
    if not turns:
        return positions, jolts
    out = positions.copy()
    pairs: dict[bytes, list[tuple[str, str]]] = {}
    for (a, b), frames in sorted(turns.items()):
        exchanged = _exchanged_frames(out, a, b, sorted(set(frames)))
        if not exchanged.any():
            continue
        _exchange(out, a, b, exchanged)
        pairs.setdefault(exchanged.tobytes(), []).append((labels[a], labels[b]))
    notes += [_note(same, np.frombuffer(mask, dtype=bool), rate_hz) for mask, same in pairs.items()]
    return out, find_jolts(out, rate_hz)


def _crossings(positions: FloatArray, jolts: Jolts) -> dict[tuple[int, int], list[int]]:
    """Return the frames from which on two markers continue each other's path, by pair."""
    turns: dict[tuple[int, int], list[int]] = {}
    for step in np.flatnonzero(jolts.is_jolt.sum(axis=1) >= 2):
        some = np.flatnonzero(jolts.is_jolt[step])
        size = jolts.sizes[step, some]
        before, after = positions[step : step + 2][:, some], positions[step + 2 : step + 4][:, some]
        joined = np.empty((4, len(some), len(some), 3))
        joined[:2], joined[2:] = before[:, :, None], after[:, None]
        # Entry (a, b): the path of a until this step, that of b from then on.
        crossed = jolt_sizes(joined)[0]
        worst = np.maximum(crossed, crossed.T)
        allowed = SMOOTHER * np.minimum(size[:, None], size)
        np.fill_diagonal(worst, np.inf)
        while worst.size and (worst < allowed).any():
            a, b = np.unravel_index(np.argmin(np.where(worst < allowed, worst, np.inf)), worst.shape)
            turns.setdefault((int(some[min(a, b)]), int(some[max(a, b)])), []).append(int(step) + 2)
            worst[[a, b]] = np.inf
            worst[:, [a, b]] = np.inf
    return turns


def _crossings_in_gaps(positions: FloatArray, jolts: Jolts, rate_hz: float) -> dict[tuple[int, int], list[int]]:
    """Return the same for pairs that change over while both are hidden."""
    gaps = find_gaps(np.isfinite(positions[:, :, 0]))
    last, back = gaps[:, 1] - 1, gaps[:, 1] + gaps[:, 2]
    short = (gaps[:, 2] <= HIDDEN_S * rate_hz) & (last >= 1) & (back + 1 < len(positions))
    order = np.flatnonzero(short)[np.argsort(last[short], kind="stable")]
    marker, last, back = gaps[order, 0], last[order], back[order]
    # Those that begin while a gap lasts; where a whole frame is hidden, no two of its markers are told apart.
    until = np.searchsorted(last, back - 1) - np.arange(len(last)) - 1
    until[until > MOST_HIDDEN] = 0
    i = np.repeat(np.arange(len(last)), until)
    j = i + 1 + np.arange(len(i)) - np.repeat(np.cumsum(until) - until, until)
    start, end = positions[last, marker], positions[back, marker]
    leaves, returns = start - positions[last - 1, marker], positions[back + 1, marker] - end

    def misfit(into: IntArray, out: IntArray) -> FloatArray:
        """How far the path into a gap leads past where that out of a gap begins, m."""
        frames = (back[out] - last[into])[:, None]
        past = end[out] - start[into] - frames * 0.5 * (leaves[into] + returns[out])
        return np.asarray(np.nan_to_num(np.sqrt(np.einsum("pk,pk->p", past, past)), nan=np.inf))

    straight = np.minimum(misfit(i, i), misfit(j, j))
    crosses = np.maximum(misfit(i, j), misfit(j, i)) < SMOOTHER * straight
    crosses &= straight > np.maximum(jolts.limits[marker[i]], jolts.limits[marker[j]])
    crosses &= (np.linalg.norm(end[i] - end[j], axis=1) > HIDDEN_APART_M) & (marker[i] != marker[j])
    turns: dict[tuple[int, int], list[int]] = {}
    for a, b in zip(i[crosses].tolist(), j[crosses].tolist(), strict=True):
        pair = (int(min(marker[a], marker[b])), int(max(marker[a], marker[b])))
        turns.setdefault(pair, []).append(int(max(back[a], back[b])))
    return turns


def _exchanged_frames(positions: FloatArray, a: int, b: int, frames: list[int]) -> NDArray[np.bool_]:
    """Return in which frames the labels are the wrong way round: those of the rarer state."""
    state = np.zeros(len(positions), dtype=np.int64)
    np.add.at(state, frames, 1)
    odd = np.cumsum(state) % 2 == 1
    seen = np.isfinite(positions[:, [a, b], 0]).any(axis=1)
    return np.asarray(odd if (odd & seen).sum() * 2 <= seen.sum() else ~odd)


def _exchange(positions: FloatArray, a: int, b: int, frames: NDArray[np.bool_]) -> None:
    """Exchange the samples of two markers in some frames, in place."""
    kept = positions[frames, a].copy()
    positions[frames, a] = positions[frames, b]
    positions[frames, b] = kept


def _note(pairs: Sequence[tuple[str, str]], exchanged: NDArray[np.bool_], rate_hz: float) -> Note:
    runs = runs_of(exchanged)
    longest = max(runs, key=lambda run: run[1] - run[0])
    where = stretch(*longest, rate_hz) + (f" and {len(runs) - 1} more stretches" if len(runs) > 1 else "")
    names = ", ".join(f"{a} and {b}" for a, b in pairs)
    text = (
        f"The labels {names} are exchanged in {int(exchanged.sum())} of {len(exchanged)} frames ({where}), where "
        "each marker runs on the path of the other; they were exchanged back."
    )
    effect = "The markers are used as if they had kept the labels that they have for most of the recording."
    cure = f"Check {names} in the capture software and exchange the labels there."
    return Note("repaired", text, "markers.exchanged_part", f"{names}, {where}", effect, cure)


def exchange_by_place(
    positions: FloatArray,
    labels: Sequence[str],
    segments: Mapping[int, str],
    jolts: Jolts,
    rate_hz: float,
    notes: list[Note],
) -> tuple[FloatArray, Jolts]:
    """Exchange the labels of two neighbours in a piece in which each sits in the place of the other.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
    labels : sequence of str
    segments : mapping of marker index to segment name
    jolts : Jolts
        Of these positions.
    rate_hz : float
    notes : list of Note
        Grows.

    Returns
    -------
    positions : (time, marker, 3) array, m
    jolts : Jolts
        Of the positions returned.

    Notes
    -----
    For labels that change over where the path was broken or smoothed over by hand: judged by the distances to the
    other markers of the segment or foot, against those in the longest piece.
    """
    out = positions
    for marker, pieces in pieces_of(positions, segments, jolts).items():
        part = body_part(segments[marker])
        mates = [k for k, s in segments.items() if k != marker and body_part(s) == part]
        if len(mates) < 2:
            continue
        main = max(pieces, key=lambda piece: piece[1] - piece[0])
        own = Place(out, marker, mates, main)
        for piece in pieces:
            wrong = float(own.outside(piece)[0].max(initial=0.0)) if piece != main else 0.0
            if wrong < WRONG_PLACE_M:
                continue
            other = _partner(out, own, mates, main, piece, wrong)
            if other is not None:
                exchanged = np.zeros(len(out), dtype=bool)
                exchanged[piece[0] : piece[1]] = True
                out = out.copy()
                _exchange(out, marker, other, exchanged)
                own.positions = out
                notes.append(_note([(labels[marker], labels[other])], exchanged, rate_hz))
    return (out, find_jolts(out, rate_hz)) if out is not positions else (positions, jolts)


def _partner(
    positions: FloatArray, own: Place, mates: list[int], main: tuple[int, int], piece: tuple[int, int], wrong: float
) -> int | None:
    """Return the mate with which a marker has exchanged places in a piece, or None."""
    best, least = None, SMOOTHER * wrong
    for mate in mates:
        here = own.outside(piece, mate, mate)[0]
        if len(here) < 2 or here.max() > least:
            continue
        place = Place(positions, mate, [k for k in (*mates, own.marker) if k != mate], main)
        there = place.outside(piece, own.marker, own.marker)[0]
        theirs = float(place.outside(piece)[0].max(initial=0.0))
        if len(there) < 2 or theirs < WRONG_PLACE_M:
            continue
        worst = float(max(here.max(), there.max()))
        if worst < min(least, SMOOTHER * theirs):
            best, least = mate, worst
    return best
