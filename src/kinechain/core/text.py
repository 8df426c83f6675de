"""Text that came from outside, made fit to be shown."""

from __future__ import annotations

__all__ = ["printable"]


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
