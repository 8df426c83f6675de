"""Units of length in a text file: by their word, else by the size of a body."""

from __future__ import annotations

from kinechain.core.arrays import FloatArray
from kinechain.recording.recording import Note
from kinechain.recording.unit import SPAN_M, cloud_span

__all__ = ["length_of", "length_from_size"]

#: Metres in a unit, by how its word begins; longer beginnings first.
UNITS = (
    ("millim", 1e-3),
    ("mm", 1e-3),
    ("centim", 1e-2),
    ("cm", 1e-2),
    ("decim", 1e-1),
    ("dm", 1e-1),
    ("mete", 1.0),
    ("metr", 1.0),
    ("inch", 0.0254),
    ("in", 0.0254),
    ("feet", 0.3048),
    ("foot", 0.3048),
    ("ft", 0.3048),
)
#: Of several units that fit a person, the first of these is taken, in the order of how often laboratories use them.
USUAL = (("millimetres", 1e-3), ("metres", 1.0), ("centimetres", 1e-2))


def length_of(word: str) -> float | None:
    """Return the metres in a unit of length, None if the word names none.

    Parameters
    ----------
    word : str
        'mm', 'Meters', '[cm]', ...
    """
    plain = word.strip().strip("[]()").strip().lower()
    if plain == "m":
        return 1.0
    return next((metres for beginning, metres in UNITS if plain.startswith(beginning)), None)


def length_from_size(positions: FloatArray, stated: str, place: str, notes: list[Note]) -> float:
    """Return the metres in the unit in which these markers have the size of a person.

    Parameters
    ----------
    positions : (time, marker, 3) array
    stated : str
        What the file says, '' if nothing.
    place : str
        Where it says so, for the note.
    notes : list of Note
        Appended to.
    """
    span = cloud_span(positions)
    fits = [(word, metres) for word, metres in USUAL if SPAN_M[0] <= span * metres <= SPAN_M[1]]
    word, metres = fits[0] if fits else USUAL[0] if span > 20.0 else USUAL[1]
    said = f"states the unit '{stated[:20]}'" if stated else "states no unit of length"
    notes.append(
        Note(
            "assumed",
            f"The file {said}; {word} were taken because the markers span {span:.4g} units.",
            "file.unit",
            place,
            "Every length rests on it.",
            "State the unit (mm or m) in the file.",
        )
    )
    return metres
