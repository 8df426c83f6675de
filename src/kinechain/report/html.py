"""The report as one HTML page that opens offline and asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from kinechain.report.content import build_content
from kinechain.report.figures import Palette
from kinechain.report.replay import replay_json
from kinechain.report.svg import Figure
from kinechain.report.words import STATE_SYMBOLS, STATE_WORDS

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = ["render_html"]


def render_html(assessment: Assessment, palette: Palette | None = None) -> str:
    """Render an assessment as one self-contained page.

    Parameters
    ----------
    assessment : Assessment
    palette : Palette, optional
        Colours of the two sides; left red and right blue unless given.

    Returns
    -------
    str
        HTML with styles, scripts, figures and the replay inside; a content security policy forbids
        everything else.
    """
    palette = palette or Palette()
    style = _style(palette)
    scripts = tuple(_static(name) for name in ("page.js", "replay.js"))
    template: Any = _template()
    page: str = template.render(
        content=build_content(assessment, palette),
        replay=replay_json(assessment, palette),
        style=style,
        scripts=scripts,
        symbols=STATE_SYMBOLS,
        state_words=STATE_WORDS,
        policy=_policy(style, scripts),
    )
    return page


def _style(palette: Palette) -> str:
    sides = (
        f":root{{--left:{palette.left};--right:{palette.right};--left-dark:{palette.left_dark};"
        f"--right-dark:{palette.right_dark}}}\n"
    )
    return sides + _static("report.css")


def _policy(style: str, scripts: tuple[str, ...]) -> str:
    """Return the content security policy: only these very styles and scripts, nothing from anywhere."""
    script = " ".join(_digest(s) for s in scripts)
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {script}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@lru_cache(maxsize=8)
def _static(name: str) -> str:
    return files("kinechain.report").joinpath("static", name).read_text(encoding="utf-8").strip()


@lru_cache(maxsize=1)
def _template() -> object:
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
    source = files("kinechain.report").joinpath("templates", "report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source)
