"""What the clinic must look at."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.tasks import close_task, open_tasks

__all__ = ["ROUTES"]


@get("/tasks", name="tasks", opt=rule("staff", "list tasks"))
@in_thread
def tasks_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the open tasks of the clinic."""
    tasks = open_tasks(request.app.state.database, visitor_of(request).actor)
    return page(request, "tasks.html.j2", title="Tasks", tasks=tasks)


@post("/tasks/{task_id:str}/close", name="close task", opt=rule("staff"), status_code=200)
async def closing(request: Request[Any, Any, Any], task_id: str) -> Redirect:
    """Close a task."""
    fields = await read_form(request)
    database, actor, seen = request.app.state.database, visitor_of(request).actor, fields.get("seen", "")
    done = await to_thread.run_sync(close_task, database, actor, task_id, seen)
    is_from_case = fields.get("back", "") == done.patient_id
    return Redirect(f"/patients/{done.patient_id}/progress" if is_from_case else "/tasks")


ROUTES = (tasks_page, closing)
