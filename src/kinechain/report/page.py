"""What makes a page stand alone: its style and scripts inside it, and a policy that forbids everything else."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from kinechain.report.svg import Figure

__all__ = ["page_policy", "page_template", "static_text"]


def page_policy(style: str, scripts: tuple[str, ...]) -> str:
    """Return the content security policy: only these very styles and scripts, nothing from anywhere."""
    script = " ".join(_digest(s) for s in scripts) or "'none'"
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {script}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@lru_cache(maxsize=8)
def static_text(name: str) -> str:
    """Return one of our own style sheets or scripts."""
    return files("kinechain.report").joinpath("static", name).read_text(encoding="utf-8").strip()


@lru_cache(maxsize=4)
def page_template(name: str) -> Any:
    """Return a template: everything is escaped, and a name that is not given is an error."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)

    def trusted(text: str) -> Markup:
        """Mark our own style, script or drawing as safe; its words were escaped when it was drawn."""
        return Markup(text)

    def picture(figure: Figure) -> Markup:
        """Return the drawing of a figure."""
        return Markup(figure.svg)

    environment.filters |= {"trusted": trusted, "picture": picture}
    source = files("kinechain.report").joinpath("templates", name).read_text(encoding="utf-8")
    return environment.from_string(source)
