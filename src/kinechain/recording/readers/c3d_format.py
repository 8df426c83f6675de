"""The bytes of a C3D: header, parameter section, points and analog channels, in every encoding.

Written from the C3D User Guide, https://www.c3d.org/HTML/.  Every size a file states is held against the bytes it has
before anything is made of it, so that no file can take more memory than a few times its own size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError
from kinechain.recording.readers.c3d_parameters import BLOCK, ENCODINGS, Encoding, Parameters, read_parameters
from kinechain.recording.recording import Note

__all__ = ["C3dFile", "is_c3d", "parse_c3d"]

#: Frame rates at which a header's real number is believed when the file names no known processor: an assumption.
PLAUSIBLE_RATES_HZ = (0.5, 20000.0)
#: Room for this share of the frames behind the last one passes for padding: an assumption.
PADDING = 0.1


@dataclass(frozen=True, eq=False)
class C3dFile:
    """What a C3D stores, in its own units.

    Attributes
    ----------
    encoding : 'Intel', 'DEC' or 'MIPS'
    is_real : bool
        Whether the data are reals or scaled integers.
    parameters : Parameters
    rate_hz : float
        Frames per second; may be impossible, the reader judges it.
    first_frame : int
        Number of the first stored frame, counted from 1.
    samples_per_frame : int
        Analog samples in each frame.
    points : (time, point, 3) array
        As stored.
    scale : float
        Unit of length per stored number: 1 for reals.
    status : (time, point) array
        The fourth word of each point: negative where no camera saw it.
    analogs : (sample, channel) array
        Scaled, in the unit of each channel.
    header_events : tuple of (str, float)
        Label and time in s of the events of the old header.
    notes : tuple of Note
    """

    encoding: str
    is_real: bool
    parameters: Parameters
    rate_hz: float
    first_frame: int
    samples_per_frame: int
    points: NDArray[Any]
    scale: float
    status: NDArray[Any]
    analogs: FloatArray
    header_events: tuple[tuple[str, float], ...]
    notes: tuple[Note, ...]

    @property
    def analog_rate_hz(self) -> float:
        """Samples per second."""
        return self.rate_hz * self.samples_per_frame


@dataclass(frozen=True)
class _Header:
    """The first block, word by word."""

    n_points: int
    n_values: int
    first: int
    last: int
    scale: float
    data_block: int
    samples: int
    rate_hz: float


@dataclass(frozen=True)
class _Layout:
    """One reading of where the data lie and how wide a frame is."""

    start: int
    n_points: int
    is_real: bool
    frames: int
    samples: int
    channels: int

    @property
    def width(self) -> int:
        """Numbers in a frame."""
        return 4 * self.n_points + self.samples * self.channels

    def stored(self, size: int) -> tuple[int, int]:
        """Return whole frames and bytes left over in a file of some size."""
        each = self.width * (4 if self.is_real else 2)
        return divmod(max(size - self.start, 0), each) if each else (self.frames, 0)

    def is_padded(self, size: int) -> bool:
        """Return whether what lies behind the last frame passes for padding."""
        stored, left = self.stored(size)
        rest = stored - self.frames
        return rest <= PADDING * self.frames or rest * self.width * (4 if self.is_real else 2) + left < BLOCK


def is_c3d(data: bytes) -> bool:
    """Return whether a file begins like a C3D: its key byte 0x50 behind the pointer to its parameters, and no text."""
    # A picture (PNG) and a PDF have the same second byte.
    is_other = data.startswith((b"\x89PNG", b"%PDF"))
    return len(data) >= 2 and data[1] == 0x50 and data[0] >= 2 and b"\x00" in data[:BLOCK] and not is_other


def parse_c3d(data: bytes, file: str) -> C3dFile:
    """Read a C3D from its bytes.

    Parameters
    ----------
    data : bytes
        The whole file.
    file : str
        Its name, for messages.

    Returns
    -------
    C3dFile

    Raises
    ------
    FileError
        If the header, the parameters or the data cannot be what they say.
    """
    notes: list[Note] = []
    section = (data[0] - 1) * BLOCK
    if len(data) < section + 4 or len(data) < BLOCK:
        raise FileError(
            f"{file} is not a valid C3D: it ends after {len(data)} bytes, before its parameters; export it again"
        )
    encoding = _encoding(data, section, notes)
    header = _header(data, encoding)
    parameters, end = _read_section(data, section, header, encoding, file, notes)
    readings = list(_layouts(header, parameters, -(-end // BLOCK) * BLOCK, len(data)))
    layout, frames = _choose_layout(data, readings, file, notes)
    points, status, raw = _frames(data, layout, frames, encoding)
    rate = _rate(header, parameters, layout.samples, notes)
    return C3dFile(
        encoding=encoding.name,
        is_real=layout.is_real,
        parameters=parameters,
        rate_hz=rate,
        first_frame=_first_frame(header, parameters),
        samples_per_frame=layout.samples,
        points=points,
        scale=1.0 if layout.is_real else _integer_scale(header, parameters, notes),
        status=status,
        analogs=_scaled(raw, layout.channels, parameters, layout.is_real, notes),
        header_events=tuple(_header_events(data, encoding)),
        notes=tuple(notes),
    )


def _encoding(data: bytes, section: int, notes: list[Note]) -> Encoding:
    known = ENCODINGS.get(data[section + 3])
    if known is not None:
        return known
    low, high = PLAUSIBLE_RATES_HZ
    fits = [e for e in ENCODINGS.values() if low <= e.real(data, 20) <= high]
    guess = fits[0] if fits else ENCODINGS[84]
    text = f"The file names no known processor (byte {data[section + 3]}); {guess.name} was taken"
    effect, cure = "A wrong guess would give impossible positions.", "Export the trial again if positions look wrong."
    notes.append(Note("assumed", f"{text}.", "file.processor", f"byte {section + 4}", effect, cure))
    return guess


def _header(data: bytes, encoding: Encoding) -> _Header:
    word = [encoding.word(data, at) for at in range(0, 24, 2)]
    return _Header(
        n_points=word[1],
        n_values=word[2],
        first=word[3],
        last=word[4],
        scale=encoding.real(data, 12),
        data_block=word[8],
        samples=word[9],
        rate_hz=encoding.real(data, 20),
    )


def _read_section(
    data: bytes, section: int, header: _Header, encoding: Encoding, file: str, notes: list[Note]
) -> tuple[Parameters, int]:
    """Read the parameters up to the data, or as many blocks as the section states where that alone reads whole."""
    blocks = min(len(data), section + BLOCK * (data[section + 2] or 255))
    start_of_data = (header.data_block - 1) * BLOCK
    limits = [start_of_data] if section < start_of_data <= len(data) else []
    limits += [blocks] if not limits or blocks > limits[0] else []
    found: list[tuple[Parameters, int, list[Note]]] = []
    refusal: FileError | None = None
    for limit in limits:
        said: list[Note] = []
        try:
            parameters, end = read_parameters(data, section + 4, limit, encoding, file, said)
        except FileError as error:
            refusal = refusal or error
            continue
        found.append((parameters, end, said))
        if not any(note.kind == "defect" for note in said):
            break
    if not found:
        raise refusal or FileError(f"{file} is not a valid C3D: it has no parameters; export it again")
    parameters, end, said = found[-1] if not any(note.kind == "defect" for note in found[-1][2]) else found[0]
    notes += said
    return parameters, end


def _single(parameters: Parameters, group: str, name: str) -> float | None:
    """First value of a parameter, None where there is none or it is no finite number."""
    values = parameters.numbers(group, name)
    if values is None:
        return None
    first = float(values.flat[0])
    return first if math.isfinite(first) else None


def _analog_shapes(header: _Header, parameters: Parameters) -> list[tuple[int, int]]:
    """Return (samples in a frame, channels), the header's own first; some writers put the channels for the values."""
    values, samples = header.n_values, header.samples
    if not values:
        return [(0, 0)]
    used = (parameters.words("ANALOG", "USED") or [0])[0]
    rates = [_single(parameters, group, "RATE") or 0.0 for group in ("ANALOG", "POINT")]
    ratio = round(rates[0] / rates[1]) if rates[1] > 0 and 0 < rates[0] / rates[1] < 0xFFFF else 0
    found = [(samples, values // samples)] if samples and values % samples == 0 else []
    found += [(n, used) for n in (samples, ratio) if n and used]
    found += [(values // used, used)] if used and values % used == 0 else []
    return list(dict.fromkeys(found)) or [(1, values)]


def _scale(header: _Header, parameters: Parameters) -> float:
    """Return unit per integer; its sign tells reals from integers."""
    if math.isfinite(header.scale) and header.scale:
        return header.scale
    return _single(parameters, "POINT", "SCALE") or -1.0


def _integer_scale(header: _Header, parameters: Parameters, notes: list[Note]) -> float:
    """Return the unit per integer; where POINT:SCALE differs, the header counts, as the one such file at hand shows."""
    in_header, stated = abs(_scale(header, parameters)), abs(_single(parameters, "POINT", "SCALE") or 0.0)
    if stated and abs(in_header - stated) > 1e-3 * stated:
        text = f"The header scales positions by {in_header:.6g}, the parameters by {stated:.6g}; the header counts."
        effect, cure = "Every length rests on it.", "Check the size of the body; export real numbers if it is wrong."
        notes.append(Note("assumed", text, "file.scale", "POINT:SCALE", effect, cure))
    return in_header


def _stated_frames(header: _Header, parameters: Parameters) -> list[int]:
    """Numbers of frames the file states, the most trusted first, none twice."""
    found = []
    overflow = header.last == 0xFFFF
    if header.first <= header.last and not overflow:
        found.append(header.last - header.first + 1)
    words = parameters.words("POINT", "FRAMES")
    if words and not (words[0] == 0xFFFF and len(words) == 1):
        found.append(words[0])
    found += parameters.words("POINT", "LONG_FRAMES")[:1]
    start, end = (_long(parameters.words("TRIAL", f"ACTUAL_{x}_FIELD")) for x in ("START", "END"))
    if start is not None and end is not None and end >= start:
        found.append(end - start + 1)
    if overflow:
        found += [header.last - header.first + 1, 0xFFFF]
    return list(dict.fromkeys(n for n in found if n > 0))


def _long(words: list[int]) -> int | None:
    """One number from a low and a high word."""
    return words[0] + (words[1] << 16 if len(words) > 1 else 0) if words else None


def _layouts(header: _Header, parameters: Parameters, after: int, size: int) -> Iterator[_Layout]:
    """Every reading of the file that some of its own numbers support, the header's first."""
    blocks = [header.data_block, *parameters.words("POINT", "DATA_START")[:1]]
    starts = [(b - 1) * BLOCK for b in blocks if b > 1 and after - BLOCK <= (b - 1) * BLOCK < size]
    scales = [_scale(header, parameters), _single(parameters, "POINT", "SCALE") or 0.0]
    kinds = [s < 0 for s in scales if s]
    counts = [header.n_points, *parameters.words("POINT", "USED")[:1]]
    shapes = _analog_shapes(header, parameters)
    for is_real in dict.fromkeys(kinds):
        for start in dict.fromkeys([*starts, after]):
            for points, (samples, channels) in product(dict.fromkeys(counts), shapes):
                for frames in _stated_frames(header, parameters):
                    yield _Layout(start, points, is_real, frames, samples, channels)


def _choose_layout(data: bytes, readings: list[_Layout], file: str, notes: list[Note]) -> tuple[_Layout, int]:
    """Return the reading that the bytes confirm, and its number of frames; say what did not agree."""
    if not readings:
        raise FileError(f"{file} is not a usable C3D: it states no frames; export the trial again")
    size, first = len(data), readings[0]
    near = [r for r in readings if r.stored(size)[0] == r.frames and r.stored(size)[1] < BLOCK]
    enough = [r for r in readings if r.stored(size)[0] >= r.frames]
    stored, left = first.stored(size)
    if first in enough and first.is_padded(size):
        near = [first]
    chosen = next(iter(near), None) or (first if first in enough else max(enough, key=lambda r: r.frames, default=None))
    if chosen is not None:
        if chosen is not first:
            _say_disagreement(first, chosen, notes)
        _say_rest(chosen, size, notes)
        return chosen, chosen.frames
    stated = min(r.frames for r in readings)
    if not stored or left >= BLOCK or any(data[size - left :] if left else b""):
        raise FileError(f"{file} is truncated: it states {stated} frames and holds {stored}; copy or export it again")
    text = f"The file states {stated} frames and ends after {stored} whole ones; those were read."
    effect, cure = "The end of the trial is missing.", "Copy or export the file again if the end matters."
    notes.append(Note("defect", text, "file.frames", f"frame {stored + 1} on", effect, cure))
    return first, stored


def _say_disagreement(first: _Layout, chosen: _Layout, notes: list[Note]) -> None:
    said = []
    if first.n_points != chosen.n_points:
        said.append(f"{chosen.n_points} points instead of {first.n_points}")
    if first.frames != chosen.frames:
        said.append(f"{chosen.frames} frames instead of {first.frames}")
    if first.start != chosen.start:
        said.append(f"data from byte {chosen.start + 1} instead of {first.start + 1}")
    if first.samples * first.channels != chosen.samples * chosen.channels:
        said.append(f"{chosen.samples} samples of {chosen.channels} analog channels in a frame")
    if first.is_real != chosen.is_real:
        said.append("reals instead of integers" if chosen.is_real else "integers instead of reals")
    text = f"Header and parameters disagree; the size of the file fits {', '.join(said)}, which was taken."
    effect, cure = "None if the size of the file is right.", "Update the software that wrote the file."
    notes.append(Note("repaired", text, "file.header", "header", effect, cure))


def _say_rest(layout: _Layout, size: int, notes: list[Note]) -> None:
    rest = layout.stored(size)[0] - layout.frames
    text = f"Behind the {layout.frames} frames stated the file has room for {rest} more; they were not read."
    if layout.width and not layout.is_padded(size):
        effect, cure = "None if the number of frames is right.", "Export the trial again if its end is missing."
        notes.append(Note("found", text, "file.frames", f"frame {layout.frames + 1} on", effect, cure))


def _frames(
    data: bytes, layout: _Layout, frames: int, encoding: Encoding
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return points (time, point, 3), their fourth words (time, point) and analog values (time, value), as stored."""
    count = frames * layout.width
    read = encoding.reals if layout.is_real else encoding.integers
    words = read(data, min(layout.start, len(data)), count).reshape(frames, layout.width)
    points = words[:, : 4 * layout.n_points].reshape(frames, layout.n_points, 4)
    return points[:, :, :3], points[:, :, 3], words[:, 4 * layout.n_points :]


def _rate(header: _Header, parameters: Parameters, samples: int, notes: list[Note]) -> float:
    """Return frames per second; where header and parameter differ, that which the analog rate confirms."""
    in_header, stated = header.rate_hz, _single(parameters, "POINT", "RATE")
    analog = _single(parameters, "ANALOG", "RATE") or 0.0
    usable = [r for r in (stated, in_header) if r is not None and math.isfinite(r) and r > 0]
    if not usable and samples and analog > 0:
        rate = analog / samples
        text = f"The file states no frame rate; {rate:g} Hz follow from its analog channels."
        effect, cure = "All times and speeds rest on it.", "Check the frame rate of the cameras."
        notes.append(Note("assumed", text, "file.rate", "POINT:RATE", effect, cure))
        return rate
    if not usable:
        return in_header if stated is None else stated
    confirmed = [r for r in usable if samples and abs(analog / samples / r - 1) < 1e-3]
    rate = (confirmed or usable)[0]
    if abs(usable[-1] / usable[0] - 1) > 1e-3:
        text = f"The header states {in_header:g} Hz and the parameters {stated:g} Hz; {rate:g} Hz was taken."
        effect, cure = "All times and speeds rest on it.", "Check the frame rate of the cameras."
        notes.append(Note("assumed", text, "file.rate", "POINT:RATE", effect, cure))
    if samples and analog > 0 and abs(analog / samples / rate - 1) > 5e-3:
        text = (
            f"The file states {analog:g} Hz for its analog channels and holds {samples} samples in each frame of "
            f"{1 / rate:.4g} s; the samples were counted."
        )
        effect, cure = "The times of forces rest on it.", "Check the rate of the analog channels."
        notes.append(Note("assumed", text, "file.analog_rate", "ANALOG:RATE", effect, cure))
    return rate


def _first_frame(header: _Header, parameters: Parameters) -> int:
    """Return the number of the first frame; 16 bits of the header hold no more than 65535."""
    start = _long(parameters.words("TRIAL", "ACTUAL_START_FIELD"))
    if start is not None and start > 0xFFFF and (start & 0xFFFF == header.first or header.first in (0, 0xFFFF)):
        return start
    return max(header.first, 1)


def _scaled(raw: NDArray[Any], channels: int, parameters: Parameters, is_real: bool, notes: list[Note]) -> FloatArray:
    """Return (value - OFFSET) SCALE GEN_SCALE for every channel, (sample, channel) array."""
    if not raw.size:
        return np.zeros((0, 0))
    offset = _per_channel(parameters, "OFFSET", channels, 0.0)
    if _is_unsigned(parameters, offset, raw if is_real else None):
        raw = raw if is_real else raw.view(raw.dtype.str.replace("i", "u"))
        # Only an offset beyond half of the signed range is an unsigned one that a signed integer could not hold.
        offset = np.where(offset < -16384.0, offset + 65536.0, offset)
    general = _single(parameters, "ANALOG", "GEN_SCALE")
    if general == 0.0:
        general = 1.0
        text = "The file scales all analog channels by zero (ANALOG:GEN_SCALE); one was taken."
        effect, cure = "All forces rest on it.", "Check the forces against the weight of the person."
        notes.append(Note("assumed", text, "file.analog_scale", "ANALOG:GEN_SCALE", effect, cure))
    with np.errstate(all="ignore"):
        values = np.empty((raw.size // channels, channels))
        values.reshape(raw.shape)[...] = raw
        if offset.any():
            values -= offset
        values *= _per_channel(parameters, "SCALE", channels, 1.0)
        if general is not None and general != 1.0:
            values *= general
    return values


def _per_channel(parameters: Parameters, name: str, channels: int, default: float) -> FloatArray:
    """ANALOG:NAME for every channel, filled up where the file has too few."""
    stated = parameters.numbered_numbers("ANALOG", name)[:channels]
    return np.concatenate([stated, np.full(channels - len(stated), default)])


def _is_unsigned(parameters: Parameters, offset: FloatArray, reals: NDArray[Any] | None) -> bool:
    """Return whether values count from 0 to 65535: as stated, or told by an offset that only they can have."""
    stated = (parameters.texts("ANALOG", "FORMAT") or [""])[0].upper()
    if stated.startswith("U"):
        return True
    if not offset.size or not np.isin(offset, (-32768.0, 32768.0)).all():
        return False
    if reals is not None:
        return bool(np.median(reals[0]) > 0)
    return not stated.startswith("S")


def _header_events(data: bytes, encoding: Encoding) -> Iterator[tuple[str, float]]:
    """Events of the old header (words 150 to 234); one switched off counts only where all are."""
    if encoding.word(data, 298) != 12345:
        return
    count = min(encoding.word(data, 300), 18)
    times = encoding.reals(data, 304, count).tolist()
    switches = data[376 : 376 + count]
    on = [k for k in range(count) if switches[k] == 0] or list(range(count))
    for k in on:
        label = data[396 + 4 * k : 400 + 4 * k].decode("latin-1").strip("\x00 ")
        if label and math.isfinite(times[k]):
            yield label, times[k]
