"""Headers of every answer: nothing from elsewhere is loaded, nothing is framed, health data is not kept by caches."""

from __future__ import annotations

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

__all__ = ["POLICY", "add_headers"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)

#: Set where the handler set none of its own.  With 'no-referrer', browsers would hide the origin of forms from us too.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
#: Where the workspace is reached by https, browsers shall not try otherwise for a year.
STRICT_TRANSPORT = "max-age=31536000"


async def add_headers(message: Message, scope: Scope) -> None:
    """Give an answer the headers it lacks, whoever made it: a handler, an error, a route that does not exist.

    Parameters
    ----------
    message : Message
    scope : Scope
    """
    if message["type"] != "http.response.start":
        return
    state = scope["litestar_app"].state
    headers = MutableScopeHeaders.from_message(message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if state.place.is_secure:
        headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT)
    # A route where secrets could be guessed, and a guess that was wrong; see `web.access`.
    if message["status"] >= 400 and (guess := scope.get("state", {}).get("guess")):
        state.limits.take(*guess)
