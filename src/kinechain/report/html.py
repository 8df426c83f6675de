"""The report as one HTML page that opens offline and asks the network for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kinechain.care.screening.settings import read_settings
from kinechain.report.content import Content, build_content
from kinechain.report.page import page_policy, page_template, static_text
from kinechain.report.palette import Palette
from kinechain.report.plan_page import plan_fragment
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
    style = palette.style() + static_text("report.css") + static_text("plan.css")
    scripts = tuple(static_text(name) for name in ("page.js", "replay.js"))
    page: str = page_template("report.html.j2").render(
        content=content or build_content(assessment, palette),
        replay=replay_json(assessment, palette),
        plan=_plan(assessment),
        style=style,
        scripts=scripts,
        symbols=STATE_SYMBOLS,
        state_words=STATE_WORDS,
        policy=page_policy(style, scripts),
    )
    return page


def _plan(assessment: Assessment) -> str:
    """Return the plan as the clinician reads it; '' without one."""
    if assessment.plan is None:
        return ""
    return plan_fragment(assessment.plan, assessment.person.pseudonym, read_settings(), for_clinician=True)
