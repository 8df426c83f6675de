"""Style, scripts and vendored libraries: the files of this package, and nothing beside them."""

from __future__ import annotations

import mimetypes
from importlib.resources import files

from litestar import Response, get
from litestar.exceptions import NotFoundException

from kinechain.web.access import rule
from kinechain.web.threads import in_thread

__all__ = ["serve_static"]

TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@get("/static/{file_path:path}", name="static", opt=rule("public"))
@in_thread
def serve_static(file_path: str) -> Response[bytes]:
    """Return one file of the package's folder ``static``."""
    parts = str(file_path).strip("/").split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        raise NotFoundException("there is no such file")
    found = files("kinechain.web").joinpath("static", *parts)
    if not found.is_file():
        raise NotFoundException("there is no such file")
    ending = "." + parts[-1].rpartition(".")[2]
    media_type = TYPES.get(ending) or mimetypes.guess_type(parts[-1])[0] or "application/octet-stream"
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(found.read_bytes(), media_type=media_type, headers=headers)
