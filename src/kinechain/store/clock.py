"""The moment now, in one place so that a test can turn the clock."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["now"]


def now() -> datetime:
    """Return the present moment, UTC."""
    return datetime.now(UTC)
