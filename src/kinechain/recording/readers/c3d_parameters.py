"""The parameter section of a C3D: groups, parameters, and the three kinds of numbers they are written in.

Nothing is allocated by what the file says: every size is held against the bytes that are there.  The layout is that of
the C3D User Guide, https://www.c3d.org/HTML/.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError
from kinechain.recording.recording import Note

__all__ = ["ENCODINGS", "Encoding", "Parameter", "Parameters", "read_parameters"]

#: Bytes of one block of a C3D.
BLOCK = 512
#: Names of groups that programs misspell.
SPELLINGS = dict.fromkeys(
    ("FORCE_PLATEFORM", "FORCE_PLATFORMS", "FORCEPLATFORM", "FORCE_PLATE", "FORCEPLATE"), "FORCE_PLATFORM"
)
#: What stands around a text that is shorter than its field.
BLANKS = "\x00 \t\r\n"


@dataclass(frozen=True)
class Encoding:
    """How a processor writes numbers: 'Intel', 'DEC' (VAX floats) or 'MIPS' (big-endian)."""

    name: Literal["Intel", "DEC", "MIPS"]

    @property
    def order(self) -> Literal["big", "little"]:
        """Order of the bytes of an integer."""
        return "big" if self.name == "MIPS" else "little"

    @property
    def sign(self) -> str:
        """NumPy's sign for the order of bytes."""
        return ">" if self.name == "MIPS" else "<"

    def word(self, data: bytes, at: int) -> int:
        """One unsigned 16-bit integer."""
        return int.from_bytes(data[at : at + 2], self.order)

    def integers(self, data: bytes, at: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
        """Signed 16-bit integers, (count,) array without a copy."""
        return np.frombuffer(data, f"{self.sign}i2", count, at)

    def reals(self, data: bytes, at: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.floating]]:
        """32-bit reals, (count,) array; a DEC real is a quarter of what its swapped words mean to IEEE 754."""
        if self.name != "DEC":
            return np.frombuffer(data, f"{self.sign}f4", count, at)
        words = np.frombuffer(data, "<u2", 2 * count, at).astype(np.uint32)
        swapped = ((words[0::2] << 16) | words[1::2]).view(np.float32)
        with np.errstate(all="ignore"):
            return swapped * np.float32(0.25)

    def real(self, data: bytes, at: int) -> float:
        """One 32-bit real."""
        return float(self.reals(data, at, 1)[0])


#: By the byte that tells the processor, the fourth of the parameter section.
ENCODINGS = {84: Encoding("Intel"), 85: Encoding("DEC"), 86: Encoding("MIPS")}


@dataclass(frozen=True, eq=False)
class Parameter:
    """One parameter as it is stored.

    Attributes
    ----------
    kind : int
        -1 text, 1 byte, 2 integer, 4 real.
    shape : tuple of int
        The first counts fastest.
    raw : bytes
    encoding : Encoding
    """

    kind: int
    shape: tuple[int, ...]
    raw: bytes
    encoding: Encoding

    def numbers(self) -> FloatArray | None:
        """Values as an array of the stored shape, or None for text."""
        if self.kind == -1:
            return None
        count = len(self.raw) // self.kind
        if self.kind == 1:
            flat = np.frombuffer(self.raw, np.int8).astype(np.float64)
        elif self.kind == 2:
            flat = self.encoding.integers(self.raw, 0, count).astype(np.float64)
        else:
            flat = self.encoding.reals(self.raw, 0, count).astype(np.float64)
        return flat.reshape(self.shape or (1,), order="F")

    def words(self) -> list[int]:
        """Unsigned 16-bit integers, or whole numbers of reals; [] for text and for what is no whole number."""
        if self.kind == 2:
            return [self.encoding.word(self.raw, at) for at in range(0, len(self.raw), 2)]
        if self.kind == 4:
            reals = self.encoding.reals(self.raw, 0, len(self.raw) // 4).tolist()
            return [int(x) for x in reals if math.isfinite(x)]
        return list(self.raw) if self.kind == 1 else []

    def texts(self) -> list[str]:
        """Strings without the blanks around them; a table of strings row after row."""
        return list(self._texts)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        if self.kind != -1:
            return ()
        width = self.shape[0] if self.shape else 1
        # Strings of no length could be stated by the billion, and say nothing.
        places = range(0, len(self.raw), width or 1)
        if self.raw.isascii():
            whole = self.raw.decode("ascii")
            return tuple(whole[at : at + width].strip(BLANKS) for at in places)
        return tuple(_decode(self.raw[at : at + width]) for at in places)


def _decode(raw: bytes) -> str:
    """Text of an unknown code page: UTF-8 where it is, else the Western one of Windows."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    return text.strip(BLANKS)


@dataclass(frozen=True, eq=False)
class Parameters:
    """All parameters of a file, by (group, name) in capitals."""

    entries: Mapping[tuple[str, str], Parameter]

    def texts(self, group: str, name: str) -> list[str]:
        """Strings of one parameter, [] if it is absent or no text."""
        found = self.entries.get((group, name))
        return found.texts() if found is not None else []

    def numbered(self, group: str, name: str) -> list[str]:
        """Strings of NAME, NAME2, NAME3 ..., the continuations of a list of more than 255."""
        found = self.texts(group, name)
        for k in range(2, 256):
            more = self.texts(group, f"{name}{k}")
            if not more:
                return found
            found = found + more
        return found

    def numbers(self, group: str, name: str) -> FloatArray | None:
        """Values of one parameter, None if it is absent, empty or a text."""
        found = self.entries.get((group, name))
        values = found.numbers() if found is not None else None
        return values if values is not None and values.size else None

    def numbered_numbers(self, group: str, name: str) -> FloatArray:
        """Values of NAME, NAME2, NAME3 ... one after the other, (value,) array."""
        pieces = []
        for k in range(1, 256):
            more = self.numbers(group, name if k == 1 else f"{name}{k}")
            if more is None:
                break
            pieces.append(more.ravel(order="F"))
        return np.concatenate(pieces) if pieces else np.zeros(0)

    def words(self, group: str, name: str) -> list[int]:
        """Unsigned whole numbers of one parameter, [] if it is absent."""
        found = self.entries.get((group, name))
        return found.words() if found is not None else []

    def names(self, group: str) -> list[str]:
        """Names of a group's parameters."""
        return [name for holder, name in self.entries if holder == group]


class _Record(NamedTuple):
    """One group or parameter: where its content lies and where the next one should begin."""

    name: str
    group: int
    body: int
    following: int


def read_parameters(
    data: bytes, start: int, limit: int, encoding: Encoding, file: str, notes: list[Note]
) -> tuple[Parameters, int]:
    """Read the parameter section.

    Parameters
    ----------
    data : bytes
        The whole file.
    start : int
        Byte of the first record.
    limit : int
        Byte at which the data begin, or the end of the file.
    encoding : Encoding
    file : str
        Name for messages.
    notes : list of Note
        Appended to.

    Returns
    -------
    parameters : Parameters
    end : int
        Byte after the last record.

    Raises
    ------
    FileError
        If the section breaks off before the names of the points; the message names the byte.
    """
    groups: dict[int, str] = {}
    found: list[tuple[int, str, Parameter]] = []
    skipped: list[int] = []
    moved: list[int] = []
    at, record = start, _record(data, start, limit, encoding)
    while at + 4 <= limit and data[at] != 0:
        if record is None:
            _stop(file, at, groups, found, notes)
            break
        parameter, ends = _content(data, record, limit, encoding)
        if record.group < 0:
            groups.setdefault(-record.group, record.name)
        elif parameter is None:
            skipped.append(at)
        else:
            found.append((record.group, record.name, parameter))
        if record.following == record.body - 2:
            break  # an offset of zero marks the last record
        following = record.following
        if following not in ends[:1]:
            chosen = _choose_next(data, record, ends, limit, encoding)
            if chosen is None:
                _stop(file, at, groups, found, notes)
                break
            following = chosen
            if following not in (record.following, limit):
                moved.append(at)
        at, record = following, _record(data, following, limit, encoding)
    _say(skipped, moved, notes)
    known = {g: SPELLINGS.get(name.upper(), name.upper()) for g, name in groups.items()}
    entries = {(known.get(g, f"({g})"), name.upper()): p for g, name, p in found}
    return Parameters(entries), min(at + 1, limit)


def _byte(data: bytes, at: int) -> int:
    return data[at] if at < len(data) else 0


def _record(data: bytes, at: int, limit: int, encoding: Encoding) -> _Record | None:
    """Return the record that begins at a byte, or None when none can."""
    if at + 4 > limit:
        return None
    # A negative length marks a locked record.
    length = data[at] if data[at] < 128 else 256 - data[at]
    group = data[at + 1] if data[at + 1] < 128 else data[at + 1] - 256
    body = at + 4 + length
    if not group or not length or body > limit:
        return None
    raw = data[at + 2 : body - 2]
    if min(raw) < 0x20:
        return None
    name = raw.decode("ascii") if raw.isascii() else _decode(raw)
    return _Record(name.strip(), group, body, body - 2 + int.from_bytes(data[body - 2 : body], encoding.order))


def _content(data: bytes, record: _Record, limit: int, encoding: Encoding) -> tuple[Parameter | None, tuple[int, ...]]:
    """Return the parameter of a record, None for a group, and where the record ends with and without a description."""
    if record.group < 0:
        return None, (record.body + 1 + _byte(data, record.body), record.body)
    parameter, end = _parameter(data, record.body, limit, encoding)
    return parameter, () if end is None else (end + 1 + _byte(data, end), end)


def _choose_next(data: bytes, record: _Record, ends: tuple[int, ...], limit: int, encoding: Encoding) -> int | None:
    """Return where the next record begins when a record's offset and its content disagree, None if nowhere."""
    places = [p for p in (record.following, *ends) if p >= record.body]
    for place in places:
        if _is_sound(data, place, limit, encoding):
            return place
    return next((p for p in places if _record(data, p, limit, encoding) is not None), None)


def _is_sound(data: bytes, at: int, limit: int, encoding: Encoding) -> bool:
    """Return whether the end of the section stands at a byte, or a record whose offset and content agree."""
    if at + 4 > limit:
        return at <= limit
    if not any(data[at : at + 4]):
        return True
    record = _record(data, at, limit, encoding)
    return record is not None and record.following in (record.body - 2, *_content(data, record, limit, encoding)[1])


def _parameter(data: bytes, at: int, limit: int, encoding: Encoding) -> tuple[Parameter | None, int | None]:
    """Return the parameter whose type stands at a byte, and the byte after its values; None for what is impossible."""
    if at + 2 > limit:
        return None, None
    kind = data[at] if data[at] < 128 else data[at] - 256
    count = data[at + 1]
    values = at + 2 + count
    if kind not in (-1, 1, 2, 4) or count > 7 or values > limit:
        return None, None
    shape = tuple(data[at + 2 : values])
    end = values + abs(kind) * math.prod(shape)
    if end > limit:
        return None, None
    return Parameter(kind, shape, data[values:end], encoding), end


def _stop(
    file: str, at: int, groups: Mapping[int, str], found: list[tuple[int, str, Parameter]], notes: list[Note]
) -> None:
    """Refuse a section that breaks off, or note it when the names of the points stand before the break."""
    if not any(name.upper() == "LABELS" and groups.get(g, "").upper() == "POINT" for g, name, _ in found):
        raise FileError(
            f"{file} is not a valid C3D: its parameter section is damaged at byte {at + 1}, before the names of its "
            "points; export it again"
        )
    text = f"The parameter section breaks off at byte {at + 1}."
    effect, cure = "What stands behind it (perhaps plates or events) was not read.", "Export the trial again."
    notes.append(Note("defect", f"{text} {effect}", "file.parameters", f"byte {at + 1}", effect, cure))


def _say(skipped: list[int], moved: list[int], notes: list[Note]) -> None:
    if skipped:
        text = f"Parameters that state more values than the file holds, or values of no known type: {len(skipped)}."
        place = f"byte {skipped[0] + 1}"
        effect, cure = "They were not read.", "Export the trial again if something you need is missing."
        notes.append(Note("defect", f"{text} {effect}", "file.parameters", place, effect, cure))
    if moved:
        text = (
            f"Entries of the parameter section that point to a wrong byte: {len(moved)}; "
            "the next one was found all the same."
        )
        place = f"byte {moved[0] + 1}"
        effect, cure = "None, as far as can be told.", "Update the software that wrote the file."
        notes.append(Note("repaired", text, "file.parameters", place, effect, cure))
