"""Coming in by a link and leaving again, and what a phone needs to go on without a connection."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from kinechain.store.clock import now
from kinechain.web.access import PATIENT_COOKIE, rule, session_cookie, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.pages.my_common import READ_COOKIE, owner_code
from kinechain.web.render import asset, page
from kinechain.web.threads import in_thread
from kinechain.workspace.links import CLOSED, ClosedLinkError, leave, open_link
from kinechain.workspace.place import Place

__all__ = ["ROUTES", "gone_cookies"]

#: What stands on every page of a patient; kept on the phone. Modules go by their bare names, as they import each other.
STYLES = ("css/base.css", "css/my.css", "icon.svg", "js/theme.js")
MODULES = ("js/base.js", "js/my/outbox.js", "js/my/my.js", "js/my/player.js")
PICTURES = "/my/exercise.css"


def _shell() -> tuple[str, ...]:
    """Return the addresses of what stands on every page."""
    return (*(asset(name) for name in STYLES), *(f"/static/{name}" for name in MODULES), PICTURES)


@get(PICTURES, name="style of pictures", opt=rule("public"))
@in_thread
def style_of_pictures() -> Response[bytes]:
    """Return the colours of the pictures of exercises, light and dark, as reports have them."""
    found = files("kinechain.report").joinpath("static", "exercise.css")
    content = found.read_bytes() if found.is_file() else b""
    return Response(content, media_type="text/css", headers={"Cache-Control": "no-cache"})


@get("/p/{token:str}", name="link", opt=rule("public"))
@in_thread
def link_page(request: Request[Any, Any, Any], token: str) -> Response[str]:
    """Ask to open the link: whoever only looks at the address, as programs for messages do, opens nothing."""
    return page(request, "my_open.html.j2", title="Your page", token=token[:200], fault="")


@post("/p/open", name="open link", opt=rule("public"), status_code=200)
async def opening(request: Request[Any, Any, Any]) -> Response[Any]:
    """Begin a session of the patient of the link."""
    fields, place = await read_form(request), request.app.state.place
    address = request.client.host if request.client else ""
    try:
        opened = await to_thread.run_sync(open_link, place, fields.get("token", "")[:200], address)
    except ClosedLinkError:
        return page(request, "my_open.html.j2", 401, title="Your page", token="", fault=CLOSED)
    seconds = max(int((opened.session.expires_at - now()).total_seconds()), 0)
    return Redirect("/my", cookies=[session_cookie(PATIENT_COOKIE, place, opened.token, seconds)])


@post("/my/leave", name="leave", opt=rule("patient", ""), status_code=200)
@in_thread
def leaving(request: Request[Any, Any, Any]) -> Response[str]:
    """End the session on this phone."""
    visitor = visitor_of(request)
    leave(request.app.state.place, visitor.actor, visitor.session)
    answer = page(request, "my_gone.html.j2", title="You have left", is_deleted=False)
    answer.cookies.extend(gone_cookies(request.app.state.place))
    return answer


@get("/my/token", name="token", opt=rule("patient", ""))
@in_thread
def token(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """Return what a page from the phone's store needs to send what waits there."""
    return Response({"csrf": visitor_of(request).csrf, "owner": owner_code(request)})


@get("/my/sw.js", name="service worker", opt=rule("public"))
@in_thread
def service_worker() -> Response[bytes]:
    """Return the service worker; it changes with what it keeps, so that phones renew their store."""
    folder = files("kinechain.web").joinpath("static")
    script = folder.joinpath("js", "my", "sw.js").read_text(encoding="utf-8")
    shell = _shell()
    kept = b"".join(folder.joinpath(*name.split("/")).read_bytes() for name in (*STYLES, *MODULES))
    version = hashlib.sha256(script.encode() + kept).hexdigest()[:12]
    head = f"const VERSION = {json.dumps(version)};\nconst SHELL = {json.dumps(shell)};\n"
    headers = {"Service-Worker-Allowed": "/my", "Cache-Control": "no-cache"}
    return Response((head + script).encode(), media_type="text/javascript", headers=headers)


@get("/my/manifest.webmanifest", name="manifest", opt=rule("public"), sync_to_thread=False)
def manifest() -> Response[bytes]:
    """Return what makes the page an application on the home screen."""
    content = {
        "name": "My exercises",
        "short_name": "Exercises",
        "start_url": "/my",
        "scope": "/my",
        "display": "standalone",
        "background_color": "#f3f6f6",
        "theme_color": "#0a5a61",
        "icons": [{"src": asset("icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return Response(json.dumps(content).encode(), media_type="application/manifest+json")


@get("/my/offline", name="offline", opt=rule("public"))
@in_thread
def offline_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Show what a phone shows for a page it did not keep."""
    return page(request, "my_offline.html.j2", title="No connection")


def gone_cookies(place: Place) -> list[Cookie]:
    """Return the cookies of a session that has ended.

    Parameters
    ----------
    place : Place
    """
    return [
        session_cookie(PATIENT_COOKIE, place, "", 0),
        Cookie(key=READ_COOKIE, value="", path="/my", httponly=True, max_age=0),
    ]


ROUTES = (link_page, opening, leaving, token, service_worker, manifest, offline_page, style_of_pictures)
