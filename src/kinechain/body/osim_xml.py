"""Reading OpenSim's XML files without trusting them.

OpenSim never writes a document type, so any is refused: that alone rules out entity
expansion and external entities.  Size and depth are bounded.  The helpers raise
``FileError`` about one element; ``naming`` puts the file's name in front.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from math import isfinite, nan
from pathlib import Path
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import BodyError, FileError

__all__ = [
    "Content",
    "children",
    "describe",
    "document_bytes",
    "floats",
    "naming",
    "number",
    "numbers",
    "parse_document",
    "read_document",
    "require_unique",
    "text",
    "truth",
    "words",
]

#: Largest file read; the largest public model known to us has 3 MB.
MAX_BYTES = 64 * 1024 * 1024
#: Deepest nesting read; OpenSim's own files stay below 20.
MAX_DEPTH = 100
#: How text of two bytes a letter begins.
_WIDE = (b"\xff\xfe", b"\xfe\xff")
#: Longest account of a fault; a damaged file can hold names of any length.
MAX_MESSAGE = 300


@contextmanager
def naming(path: Path, what: str) -> Iterator[None]:
    """Put the file's name in front of every fault found inside.

    Raises
    ------
    FileError
        "NAME is not a usable WHAT: ..." for any ``FileError``, ``BodyError`` or operating-system error inside.
    """
    try:
        yield
    except (FileError, BodyError) as fault:
        said = " ".join(str(fault).split())
        said = said if len(said) <= MAX_MESSAGE else said[:MAX_MESSAGE] + "..."
        raise FileError(f"{path.name} is not a usable {what}: {said}") from fault
    except OSError as fault:
        raise FileError(f"{path.name} cannot be read: {fault.strerror or fault}; check the path") from fault


def read_document(path: Path) -> Element:
    """Return the root element of an OpenSim XML file.

    Raises
    ------
    FileError
        If the file is empty, too large, not XML, truncated, or declares a document type or entities.
    """
    return parse_document(document_bytes(path))


def document_bytes(path: Path) -> bytes:
    """Return what a file holds; FileError if it is empty or too large."""
    size = path.stat().st_size
    if size == 0:
        raise FileError("the file is empty")
    if size > MAX_BYTES:
        raise FileError(f"it has {size} bytes; at most {MAX_BYTES} are read")
    return path.read_bytes()


class Content:
    """What a file of some name holds, as a key of a cache: equal if both are.

    Comparing the bytes with those kept takes a tenth of the time that hashing them takes.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data = name, data

    def __hash__(self) -> int:
        return hash((self.name, len(self.data)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and (other.name, other.data) == (self.name, self.data)


def parse_document(data: bytes) -> Element:
    """Return the root element of the text of an OpenSim XML file; raises as `read_document`."""
    return _parse(Content("", data))


def _says_utf8(data: bytes) -> bool:
    """Tell whether a text declares UTF-8, or nothing."""
    declaration = data[:200].split(b"?>")[0].lower()
    return not data.startswith(_WIDE) and (b"encoding" not in declaration or b"utf-8" in declaration)


def _in_utf8(data: bytes) -> bytes:
    """Return the text in UTF-8.

    Files edited outside OpenSim say UTF-8 and hold single Latin-1 letters (in authors' names); OpenSim reads them.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1").encode("utf-8")
    return data


# Body and muscles are read from the same file one after the other, and reading it takes longer than solving the trial.
# Nobody changes an element.
@lru_cache(maxsize=2)
def _parse(content: Content) -> Element:
    data = content.data
    if not _says_utf8(data):
        return _parse_wary(data)
    data = _in_utf8(data)
    # Without a document type, by which alone entities can be declared, only the depth is left to be bounded.
    root = None if b"<!DOCTYPE" in data or b"\0" in data else _parse_plain(data)
    return _parse_wary(data) if root is None else root


def _parse_plain(data: bytes) -> Element | None:
    """Return the root element, None if anything is wrong with it; no step of it runs in Python."""
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):
        return None
    root = builder.close()
    level = [root]
    for _ in range(MAX_DEPTH):
        level = list(filter(len, chain.from_iterable(level)))
        if not level:
            return root
    return None


def _parse_wary(data: bytes) -> Element:
    """Return the root element, watching every step; what is wrong is said in one sentence."""
    builder = TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise FileError(f"its elements are nested deeper than {MAX_DEPTH} levels")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: Any) -> NoReturn:
        raise FileError("it declares a document type; OpenSim files have none, and entities are not expanded")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as fault:
        reason = expat.ErrorString(fault.code)
        raise FileError(f"it is not well-formed XML, line {fault.lineno}: {reason}; it may be truncated") from fault
    except (ValueError, LookupError) as fault:
        raise FileError(f"its text encoding cannot be read: {fault}") from fault
    return builder.close()


def describe(element: Element) -> str:
    """Return how a message names an element: its tag and its name."""
    name = element.get("name")
    return f"{element.tag} '{name}'" if name else element.tag


def children(element: Element, tag: str) -> list[Element]:
    """Return the objects of a set or list property: ``<tag><objects>...`` or ``<tag>...``; none if absent."""
    found = element.find(tag)
    if found is None:
        return []
    objects = found.find("objects")
    return [child for child in (found if objects is None else objects) if child.tag != "groups"]


def text(element: Element, tag: str, default: str = "") -> str:
    """Return the stripped text of a child, ``default`` if it is absent or empty."""
    return (element.findtext(tag) or "").strip() or default


def words(element: Element, tag: str) -> list[str]:
    """Return the names of a child, separated by white space."""
    return text(element, tag).split()


def numbers(
    element: Element, tag: str, count: int | None = None, default: FloatArray | Sequence[float] | None = None
) -> FloatArray:
    """Return the finite numbers of a child.

    Parameters
    ----------
    element : Element
    tag : str
    count : int, optional
        How many there must be.
    default : (count,) array, optional
        Returned when the child is absent; without it an absent child is a fault.

    Raises
    ------
    FileError
        If the child is missing, holds another number of values, or one that is no finite number.
    """
    return np.array(floats(element, tag, count, default), dtype=float)


def floats(
    element: Element, tag: str, count: int | None = None, default: FloatArray | Sequence[float] | None = None
) -> list[float]:
    """Return the finite numbers of a child as a list; see ``numbers``.  Of few numbers an array takes longer."""
    parts = (element.findtext(tag) or "").split()
    if not parts:
        if default is not None:
            return [float(value) for value in default]
        raise FileError(f"{describe(element)} has no <{tag}>")
    try:
        values = list(map(float, parts))
    except ValueError:
        raise FileError(f"<{tag}> of {describe(element)} holds '{_short(parts)}', which are not numbers") from None
    if not all(map(isfinite, values)):
        raise FileError(f"<{tag}> of {describe(element)} holds '{_short(parts)}'; it must be finite")
    if count is not None and len(values) != count:
        raise FileError(f"<{tag}> of {describe(element)} holds {len(values)} numbers; it needs {count}")
    return values


def _short(parts: list[str]) -> str:
    joined = " ".join(parts)
    return joined if len(joined) <= 60 else joined[:57] + "..."


def number(element: Element, tag: str, default: float | None = None) -> float:
    """Return one finite number of a child; see ``numbers``."""
    try:
        value = float(element.findtext(tag) or "")
    except ValueError:
        value = nan
    # What is no single finite number is looked at again, for a default or a sentence.
    return value if isfinite(value) else floats(element, tag, 1, None if default is None else (default,))[0]


def truth(element: Element, tag: str, default: bool = False) -> bool:
    """Return a child that says true or false."""
    found = text(element, tag).lower()
    if found == "true":
        return True
    if found == "false":
        return False
    if not found:
        return default
    raise FileError(f"<{tag}> of {describe(element)} holds '{found}'; it must be true or false")


def require_unique(names: list[str], what: str) -> None:
    """Refuse names that are empty or stand twice."""
    if any(not name for name in names):
        raise FileError(f"a {what} has no name")
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise FileError(f"{what} names must differ; more than once: {', '.join(twice[:8])}")
