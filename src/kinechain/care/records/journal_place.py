"""Where a journal lies; apart from the journal, so that asking whether there is one loads nothing of it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SUFFIX", "journal_path"]

#: What the name of a journal ends with.
SUFFIX = ".journal.jsonl"


def journal_path(person_file: Path | str) -> Path:
    """Return where the journal of a person file lies: NAME.journal.jsonl beside NAME.toml."""
    path = Path(person_file)
    return path.with_name(path.stem + SUFFIX)
