"""Style, scripts and vendored libraries: the files of this package, and nothing beside them."""

from __future__ import annotations

import hashlib
import mimetypes
from importlib.resources import files
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException

from kinechain.web.access import rule
from kinechain.web.threads import in_thread

__all__ = ["serve_static"]

#: Longer than the path of any file there.
LONGEST_PATH = 200
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@get("/static/{file_path:path}", name="static", opt=rule("public"))
@in_thread
def serve_static(request: Request[Any, Any, Any], file_path: str) -> Response[bytes]:
    """Return one file of the package's folder ``static``."""
    parts = str(file_path)[:LONGEST_PATH].strip("/").split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        raise NotFoundException("there is no such file")
    found = files("kinechain.web").joinpath("static", *parts)
    if not found.is_file():
        raise NotFoundException("there is no such file")
    content = found.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    # By its digest it never changes; by its bare name, as modules import each other, the browser asks again.
    is_fixed = request.query_params.get("v") == digest[:12]
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if is_fixed else "no-cache",
        "ETag": f'"{digest[:32]}"',
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers)
    ending = "." + parts[-1].rpartition(".")[2]
    media_type = TYPES.get(ending) or mimetypes.guess_type(parts[-1])[0] or "application/octet-stream"
    return Response(content, media_type=media_type, headers=headers)
