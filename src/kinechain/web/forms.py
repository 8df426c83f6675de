"""Forms as pages read them: one text per field, nothing else."""

from __future__ import annotations

from typing import Any

from litestar import Request

from kinechain.core.errors import InputError

__all__ = ["read_form"]

LONGEST_FIELD, MOST_FIELDS = 20_000, 2_000


async def read_form(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Return the fields of a form; of a repeated field, its values joined by commas.

    Parameters
    ----------
    request : Request

    Raises
    ------
    InputError
        If a field is too long or is a file, or there are too many.
    """
    fields: dict[str, str] = {}
    form = await request.form()
    if len(form) > MOST_FIELDS:
        raise InputError(f"this form has more than {MOST_FIELDS} fields; load the page again and repeat it")
    for name in dict.fromkeys(form):
        values = form.getall(name)
        if any(not isinstance(value, str) for value in values):
            raise InputError(f"the field '{name[:40]}' holds a file; files are handed in on the page for recordings")
        text = ",".join(values)
        if len(text) > LONGEST_FIELD or "\0" in text:
            raise InputError(f"the field '{name[:40]}' is too long, or holds what is no text")
        fields[name] = text
    return fields
