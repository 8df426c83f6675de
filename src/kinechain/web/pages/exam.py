"""The examination sheet, written field by field, and the body map."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.enums import MediaType

from kinechain.care.person.protocol import general_rules
from kinechain.core.errors import InputError, SettingError
from kinechain.evidence.library import source
from kinechain.report.body_map import body_map
from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.case import Case, read_case
from kinechain.workspace.exam import Change, ChangedValueError, write_value
from kinechain.workspace.exam_sheet import exam_sheet, field_at

__all__ = ["ROUTES"]

#: What one field may send.
FIELDS = ("item", "part", "side", "kind", "answer", "unit", "method", "examiner", "before")


@get("/patients/{patient_id:str}/exam", name="exam", opt=rule("case", "read exam"))
@in_thread
def exam_page(request: Request[Any, Any, Any], patient_id: str, day: str = "") -> Response[str]:
    """Show the examination sheet of a day, today's if none is named."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
    sheet = exam_sheet(case.person, _day(day))
    return page(
        request,
        "exam.html.j2",
        title="Examination",
        case=case,
        tab="exam",
        sheet=sheet,
        today=date.today(),
        examiner=initials(visitor_of(request).actor.name),
        rules=general_rules(),
        source=source,
        regions=body_map(),
    )


@post("/patients/{patient_id:str}/exam/item", name="write exam", opt=rule("case", "write exam"), status_code=200)
async def writing(request: Request[Any, Any, Any], patient_id: str) -> Response[Any]:
    """Keep one value; where somebody else wrote another in between, say which."""
    fields = await read_form(request)
    told = {name: fields.get(name, "") for name in FIELDS}
    change = Change(day=_day(fields.get("day", "")), **told)
    database, actor = request.app.state.database, visitor_of(request).actor
    try:
        case = await to_thread.run_sync(write_value, database, actor, patient_id, change)
    except ChangedValueError as error:
        content = {"error": str(error), "there": error.there}
        return Response(content, status_code=409, media_type=MediaType.JSON)
    return Response(await to_thread.run_sync(_saved, case, change), media_type=MediaType.JSON)


def _saved(case: Case, change: Change) -> dict[str, Any]:
    """Return what the page needs to go on: what stands in the field now, and how far the sheet is."""
    sheet = exam_sheet(case.person, change.day)
    field = field_at(sheet, change.item, change.part, change.side, change.kind)
    test = next(test for test in sheet.tests if test.id == change.item)
    return {
        "text": field.text if field else "",
        "number": field.number if field else "",
        "unit": field.unit if field else "",
        "done": sheet.done,
        "today": sheet.done_today,
        "total": len(sheet.tests),
        "is_done": test.is_done,
        "groups": [group.done for group in sheet.groups],
        "version": case.number,
    }


def _day(written: str) -> date:
    if not written:
        return date.today()
    try:
        found = date.fromisoformat(written[:10])
    except ValueError as error:
        raise SettingError(f"the day is no date; write it as {date.today().isoformat()}") from error
    # A browser east of the server may be a day ahead, and the person file takes no day after the server's own.
    if found > date.today() + timedelta(days=1) or found.year < 1900:
        raise InputError("an examination lies between 1900 and today")
    return min(found, date.today())


def initials(name: str) -> str:
    """Return the code an examiner begins with: the initials of their name, for the sheet holds no names.

    Parameters
    ----------
    name : str
    """
    return "".join(word[0] for word in name.split() if word[:1].isalnum())[:6].upper()


ROUTES = (exam_page, writing)
