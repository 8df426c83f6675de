"""Templates: everything is escaped, a name that is not given is an error, and every page knows its visitor."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import uuid4

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response
from litestar.enums import MediaType
from markupsafe import Markup

from kinechain.care.person.symptom_map import region_name
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.evidence.wording import say
from kinechain.report.svg import Figure

__all__ = ["asset", "environment", "fragment", "page"]


@cache
def asset(name: str) -> str:
    """Return the address of a file under ``static``; it changes with the content, so that browsers may keep it.

    Parameters
    ----------
    name : str
        Such as ``css/base.css``.
    """
    content = files("kinechain.web").joinpath("static", *name.split("/")).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


@cache
def environment() -> Environment:
    """Return the templates of the workspace."""
    made = Environment(
        loader=PackageLoader("kinechain.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def words(key: str, **values: Any) -> str:
        """Return a sentence of the ledger."""
        return say(key, **values).text

    def picture(figure: Figure) -> Markup:
        """Return the drawing of a figure; its words were escaped when it was drawn."""
        return Markup(figure.svg)

    def trusted(text: str) -> Markup:
        """Mark what another renderer of this project made and escaped."""
        return Markup(text)

    made.globals |= {"asset": asset, "say": words, "purpose": INTENDED_PURPOSE, "new_id": lambda: str(uuid4())}
    made.filters |= {"picture": picture, "trusted": trusted, "place_name": region_name}
    return made


def page(request: Request[Any, Any, Any], template: str, status: int = 200, **values: Any) -> Response[str]:
    """Return a page for whoever sent the request.

    Parameters
    ----------
    request : Request
    template : str
        Such as ``patients.html.j2``.
    status : int
    **values
        What the template is given, beside ``visitor`` (None if public) and ``path``.
    """
    visitor = request.scope["state"].get("visitor")
    html = environment().get_template(template).render(visitor=visitor, path=request.url.path, **values)
    return Response(html, media_type=MediaType.HTML, status_code=status)


def fragment(
    request: Request[Any, Any, Any], template: str, block: str, status: int = 200, **values: Any
) -> Response[str]:
    """Return one block of a template, as an answer to htmx.

    Parameters
    ----------
    request : Request
    template, block : str
    status : int
    **values
        As `page`.
    """
    found = environment().get_template(template)
    context = found.new_context({"visitor": request.scope["state"].get("visitor"), "path": request.url.path, **values})
    html = "".join(found.blocks[block](context))
    return Response(html, media_type=MediaType.HTML, status_code=status)
