"""The application: routes, what guards them, and what becomes of an error."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from litestar import Litestar, Request, Response
from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.enums import MediaType
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

from kinechain.core.errors import KinechainError
from kinechain.store.troubles import trouble
from kinechain.web.access import check_access
from kinechain.web.api import analyses as api_analyses
from kinechain.web.api import following as api_following
from kinechain.web.api import patients as api_patients
from kinechain.web.api.schema import api_description
from kinechain.web.headers import add_headers
from kinechain.web.limits import Limits
from kinechain.web.pages import (
    accounts,
    audit,
    documents,
    exam,
    intake,
    jobs,
    my_data,
    my_intake,
    my_log,
    my_opening,
    my_progress,
    my_start,
    my_today,
    orthosis,
    patient,
    patients,
    plan,
    progress,
    recordings,
    replay,
    sign_off,
    signing_in,
    start,
    tasks,
    verdict,
    visits,
    what_if,
)
from kinechain.web.render import page
from kinechain.web.static_files import serve_static
from kinechain.workspace.case import ConflictError
from kinechain.workspace.links import CLOSED
from kinechain.workspace.place import Place
from kinechain.workspace.recordings import TooLargeError

__all__ = ["create_app"]

#: Passwords that are looked at at once: each takes one core, and memory, on purpose.
HASHES_AT_ONCE = 2
#: Recordings that come in at once: each holds a thread as long as its sender takes, and pages need threads too.
UPLOADS_AT_ONCE = 12

#: Requests that one server works on at once; the others wait for their turn.  More would only take turns at one core,
#: and all of them would answer later.
THREADS = 6
#: What-ifs that are asked at once: each waits for a process of its own, and pages need threads too.
WHAT_IFS_AT_ONCE = 8

#: Bytes of journals and answers whose content a server holds in memory, where it takes about four times as much.
MOST_REMEMBERED = 48 * 1024**2

LOG = logging.getLogger("kinechain.web")

#: Of the stack where a fault happened, so many places are logged.
LOGGED_FRAMES = 6

#: Said in place of the words of the framework.
SENTENCES = {
    400: "this request cannot be read; load the page again and repeat it",
    405: "this address does not do that; go back and load the page again",
    413: "this is too large to be sent; recordings are handed in on their own page",
}

FAILED = "Something went wrong here, and nothing was changed by this request. Try again."

#: Of an error of this project that is no 400.
STATUSES: Mapping[type[KinechainError], int] = {ConflictError: 409, TooLargeError: 413}

#: Every handler; each module of pages names its own.
ROUTES: tuple[ControllerRouterHandler, ...] = (
    serve_static,
    *signing_in.ROUTES,
    *start.ROUTES,
    *accounts.ROUTES,
    *patients.ROUTES,
    *patient.ROUTES,
    *exam.ROUTES,
    *intake.ROUTES,
    *plan.ROUTES,
    *recordings.ROUTES,
    *jobs.ROUTES,
    *verdict.ROUTES,
    *replay.ROUTES,
    *sign_off.ROUTES,
    *my_data.ROUTES,
    *my_intake.ROUTES,
    *my_log.ROUTES,
    *my_opening.ROUTES,
    *my_progress.ROUTES,
    *my_start.ROUTES,
    *my_today.ROUTES,
    *documents.ROUTES,
    *orthosis.ROUTES,
    *what_if.ROUTES,
    *progress.ROUTES,
    *visits.ROUTES,
    *audit.ROUTES,
    *tasks.ROUTES,
    *api_patients.ROUTES,
    *api_analyses.ROUTES,
    *api_following.ROUTES,
)


def create_app(place: Place) -> Litestar:
    """Return the workspace as an ASGI application.

    Parameters
    ----------
    place : Place
        Its database, files and settings; the database has the newest layout.
    """
    place.database.memory.most = MOST_REMEMBERED

    def with_routes(config: AppConfig) -> AppConfig:
        config.state = State(
            {
                "database": place.database,
                "place": place,
                "limits": Limits(),
                "hashing": CapacityLimiter(HASHES_AT_ONCE),
                "uploads": CapacityLimiter(UPLOADS_AT_ONCE),
                "what_ifs": CapacityLimiter(WHAT_IFS_AT_ONCE),
            }
        )
        return config

    return Litestar(
        route_handlers=list(ROUTES),
        guards=[check_access],
        on_app_init=[with_routes],
        on_startup=[_limit_threads],
        before_send=[add_headers],
        exception_handlers={
            NotAuthorizedException: _sign_in,
            HTTPException: _refused,
            KinechainError: _not_possible,
            RecursionError: _too_deep,
            Exception: _failed,
        },
        request_max_body_size=2_000_000,
        openapi_config=api_description(),
        # The pages are no part of the API; its routes say that they are.
        include_in_schema=False,
        # The one of Litestar would let every library write to standard error.
        logging_config=None,
    )


async def _limit_threads() -> None:
    to_thread.current_default_thread_limiter().total_tokens = THREADS


def _wants_json(request: Request[Any, Any, Any]) -> bool:
    return request.url.path.startswith("/api") or "application/json" in request.headers.get("accept", "")


def _answer(
    request: Request[Any, Any, Any], status: int, sentence: str, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    if _wants_json(request):
        answer: Response[Any] = Response({"error": sentence}, status_code=status, media_type=MediaType.JSON)
    else:
        answer = page(request, "error.html.j2", status, title="Not possible", sentence=sentence)
    for name, value in (headers or {}).items():
        answer.headers[name] = value
    return answer


def _sign_in(request: Request[Any, Any, Any], error: NotAuthorizedException) -> Response[Any]:
    if request.url.path.startswith("/my") and not _wants_json(request):
        return page(request, "my_open.html.j2", 401, title="Your page", token="", fault=CLOSED)
    if request.method != "GET" or _wants_json(request):
        return _answer(request, 401, str(error.detail))
    return Redirect(f"/sign-in?next={quote(request.url.path)}")


def _refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    # What a framework says of its own faults may repeat what was sent; what this project says names no person.
    sentence = SENTENCES.get(error.status_code, str(error.detail))
    if error.status_code == 400 and request.url.path.startswith("/api"):
        sentence = "this request does not fit the description at /api/openapi.json"
        if keys := _misfits(error):
            sentence += f": look at {', '.join(keys)}"
    return _answer(request, error.status_code, sentence, error.headers)


def _not_possible(request: Request[Any, Any, Any], error: KinechainError) -> Response[Any]:
    return _answer(request, next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 400), str(error))


def _too_deep(request: Request[Any, Any, Any], error: RecursionError) -> Response[Any]:
    # The reader of JSON gives up on brackets within brackets in this way.
    if traceback.extract_tb(error.__traceback__)[-1].name == "decode_json":
        return _refused(request, HTTPException(status_code=400))
    return _failed(request, error)


def _misfits(error: HTTPException) -> list[str]:
    """Return the names of what does not fit, as far as the framework tells them; never what was sent."""
    faults = error.extra if isinstance(error.extra, list) else []
    return [str(fault["key"])[:40] for fault in faults[:5] if isinstance(fault, dict) and "key" in fault]


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    # What was sent may hold health data, and so may the words of the fault: the log has the route and the place.
    frames = traceback.extract_tb(error.__traceback__)[-LOGGED_FRAMES:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    LOG.error("failed: %s %s: %s at %s", request.method, _template(request), type(error).__name__, where)
    sentence = trouble(error)
    # Patients cannot mend a server: they read what they read of any fault, and their phone tries again.
    said = f"On the server, {sentence}." if sentence and not request.url.path.startswith("/my") else FAILED
    return _answer(request, 503 if sentence else 500, said)


def _template(request: Request[Any, Any, Any]) -> str:
    """Return the path of a route with the names of its ids, not the ids."""
    return str(request.scope.get("path_template", ""))
