"""How a plan goes as JSON, schema ``kinechain/progress/1``."""

from __future__ import annotations

import json
from typing import Any

from kinechain.care.follow_up.follow_up import Progress
from kinechain.care.records.plain_values import to_plain
from kinechain.core.purpose import INTENDED_PURPOSE

__all__ = ["PROGRESS_SCHEMA", "no_progress_json", "progress_json"]

PROGRESS_SCHEMA = "kinechain/progress/1"


def progress_json(pseudonym: str, progress: Progress) -> str:
    """Return how a plan goes as JSON.

    Parameters
    ----------
    pseudonym : str
    progress : Progress

    Returns
    -------
    str
        Indented JSON that ends with a line break.  Of the log it holds only what was written twice or in conflict.
    """
    told = {name: to_plain(getattr(progress, name)) for name in progress.__dataclass_fields__ if name != "merged"}
    log = {name: to_plain(getattr(progress.merged, name)) for name in ("duplicates", "conflicts")}
    return _text(pseudonym, {"locked": False, "reason": "", **told, **log})


def no_progress_json(pseudonym: str, reason: str) -> str:
    """Return that there is no plan to follow.

    Parameters
    ----------
    pseudonym : str
    reason : str
        Of the lock; '' if there is simply no plan.
    """
    return _text(pseudonym, {"locked": bool(reason), "reason": reason, "plan": None})


def _text(pseudonym: str, told: dict[str, Any]) -> str:
    head = {"schema": PROGRESS_SCHEMA, "intended_purpose": INTENDED_PURPOSE, "person": pseudonym}
    return json.dumps({**head, **told}, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
