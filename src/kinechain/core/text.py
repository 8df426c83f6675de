"""Text that came from outside, made fit to be shown, and the joints of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

__all__ = ["listed", "printable", "sentence"]


@lru_cache(maxsize=4096)
def printable(text: str) -> str:
    """Return a text with '?' for every character that cannot be shown or stored.

    Line breaks, terminal control sequences, changes of writing direction and bytes of a file
    name that are no UTF-8 all fall under it; letters of every script stay.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        As long as ``text``.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "?" for c in text)


def listed(names: Sequence[str], limit: int) -> str:
    """Return the first names with commas between them, and how many more there are: 'LASI, RASI and 3 more'."""
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def sentence(text: str) -> str:
    """Return a text on one line as a sentence: a capital letter first, but for a file name, and a full stop last."""
    text = " ".join(text.split())
    is_file = "." in text.partition(" ")[0].rstrip(".,:;")
    return (text if is_file else f"{text[:1].upper()}{text[1:]}") + ("" if text.endswith((".", "!", "?")) else ".")
