"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kinechain.core.errors import SettingError
from kinechain.core.text import printable

__all__ = ["drafted"]


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """Give a file beside one to be written, and put it in its place once it is whole.

    Parameters
    ----------
    path : Path
        What was there before stays until then.

    Raises
    ------
    SettingError
        If a folder, a pipe or a device has that name.
    OSError
        If the file cannot be put there.
    """
    if path.exists() and not path.is_file():
        raise SettingError(f"{printable(path.name)} is a folder, a pipe or a device; name a file to be written")
    # A name of its own length would not fit where the other just does.
    draft = path.with_name(f".kinechain-{os.getpid()}{path.suffix}")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
