"""The report as one HTML page that opens offline and asks the network for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kinechain.report.content import Content, build_content
from kinechain.report.page import page_policy, page_template, static_text
from kinechain.report.palette import Palette
from kinechain.report.replay import replay_json
from kinechain.report.words import STATE_SYMBOLS, STATE_WORDS

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = ["render_html"]


def render_html(assessment: Assessment, palette: Palette | None = None, content: Content | None = None) -> str:
    """Render an assessment as one self-contained page.

    Parameters
    ----------
    assessment : Assessment
    palette : Palette, optional
        Colours of the two sides; left red and right blue unless given.
    content : Content, optional
        What ``build_content`` makes of both, if it is there already.

    Returns
    -------
    str
        HTML with styles, scripts, figures and the replay inside; a content security policy forbids
        everything else.
    """
    palette = palette or Palette()
    style = palette.style() + static_text("report.css")
    scripts = tuple(static_text(name) for name in ("page.js", "replay.js"))
    page: str = page_template("report.html.j2").render(
        content=content or build_content(assessment, palette),
        replay=replay_json(assessment, palette),
        style=style,
        scripts=scripts,
        symbols=STATE_SYMBOLS,
        state_words=STATE_WORDS,
        policy=page_policy(style, scripts),
    )
    return page
