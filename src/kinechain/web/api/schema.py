"""The description of the API (OpenAPI) at ``/api/openapi.json``: its own routes, and nothing of the pages."""

from __future__ import annotations

from litestar import Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from kinechain import __version__
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.web.access import rule

__all__ = ["api_description"]


def api_description() -> OpenAPIConfig:
    """Return how the API describes itself, to everybody: the description holds nothing of anybody."""
    return OpenAPIConfig(
        title="kinechain",
        version=__version__,
        description=f"The verbs of kinechain as JSON. {INTENDED_PURPOSE}",
        components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"token": []}],
        use_handler_docstrings=True,
        openapi_router=Router(path="/api", route_handlers=[], opt=rule("public")),
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
    )
