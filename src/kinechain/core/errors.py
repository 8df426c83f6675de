"""The one tree of errors.

::

    KinechainError
    ├── InputError            something a person handed in cannot be used (exit code 2)
    │   ├── FileError         a file is unreadable, empty, truncated or of another format
    │   ├── RecordingError    a recording was read but cannot be used for what was asked
    │   │   └── SidesError    right and left cannot be told in it
    │   ├── PersonError       the person file is wrong (unknown key, impossible value)
    │   ├── JournalError      a journal is damaged, or an entry of it is impossible
    │   └── SettingError      a setting or an argument is impossible
    │       └── LockedError   danger signs hold it back
    ├── BodyError             a body cannot be built, scaled or compiled
    ├── SolveError            a computation did not converge
    └── EvidenceError         a number has no source, or a key dangles

Every message says what was asked, what there is, and what to try.  Command line and
web catch ``KinechainError`` and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BodyError",
    "EvidenceError",
    "FileError",
    "InputError",
    "JournalError",
    "KinechainError",
    "LockedError",
    "PersonError",
    "RecordingError",
    "SettingError",
    "SidesError",
    "SolveError",
    "suggest",
]


class KinechainError(Exception):
    """Anything this project refuses to do, said in one sentence."""


class InputError(KinechainError):
    """Something a person handed in cannot be used."""


class FileError(InputError):
    """A file is unreadable, empty, truncated or not of the format it claims."""


class RecordingError(InputError):
    """A recording was read but cannot be used for what was asked."""


class SidesError(RecordingError):
    """Right and left of a recording are exchanged or mirrored, and nothing in it tells which."""


class PersonError(InputError):
    """The person file holds an unknown key or an impossible value."""


class SettingError(InputError):
    """A setting or an argument is impossible."""


class JournalError(InputError):
    """A journal is damaged, or an entry of it is impossible."""


class LockedError(SettingError):
    """Danger signs hold back what was asked: raised, open, or not yet cleared by a clinician."""


class BodyError(KinechainError):
    """A body cannot be built, scaled or compiled."""


class SolveError(KinechainError):
    """A computation did not reach an answer that can be trusted."""


class EvidenceError(KinechainError):
    """A number has no source, a source was not read, or a key dangles."""


def suggest(asked: str, known: Iterable[str], limit: int = 8) -> str:
    """Return the end of an error message: the nearest known name, or the names there are.

    Parameters
    ----------
    asked : str
        The name that was not found.
    known : iterable of str
        The names there are.
    limit : int
        At most this many names are listed.
    """
    names = sorted(set(known))
    near = get_close_matches(asked, names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    listed = ", ".join(names[:limit]) + (", ..." if len(names) > limit else "")
    return f"There is: {listed}." if names else "There is none."
