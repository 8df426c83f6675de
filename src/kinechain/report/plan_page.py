"""Plan and progress as HTML: a fragment for the report, or a page that stands alone; nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from statistics import fmean

from kinechain.care.follow_up.days import plan_week
from kinechain.care.follow_up.follow_up import Progress
from kinechain.care.follow_up.pain_series import DayPain
from kinechain.care.planning.plan import Plan
from kinechain.care.screening.settings import Settings
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.evidence.wording import say
from kinechain.report.letter import Letter, Section
from kinechain.report.page import page_policy, page_template, static_text
from kinechain.report.plan_letter import clinician_plan, patient_plan
from kinechain.report.progress_letter import progress_sections
from kinechain.report.svg import Figure, line, rect, svg, text

__all__ = ["letter_fragment", "letter_page", "plan_fragment", "plan_page"]

#: Blocks that only make sense on paper.
ON_PAPER = ("ticks", "blanks")
GREATEST = 10.0
BAR, LABEL, WIDTH, ROW = 180.0, 62.0, 290.0, 22.0


def plan_fragment(
    plan: Plan, pseudonym: str, settings: Settings, *, progress: Progress | None = None, for_clinician: bool = False
) -> str:
    """Return plan and progress as one ``<section>``, to stand inside a page with ``plan.css``.

    Parameters
    ----------
    plan : Plan
    pseudonym : str
    settings : Settings
    progress : Progress, optional
        How it goes; printed first.
    for_clinician : bool
        With sources and certainty, the orthosis sheet, alerts.
    """
    letter, figure = _content(plan, pseudonym, settings, progress, for_clinician)
    return letter_fragment(letter, figure)


def plan_page(
    plan: Plan, pseudonym: str, settings: Settings, *, progress: Progress | None = None, for_clinician: bool = False
) -> str:
    """Return plan and progress as one self-contained page.

    Parameters
    ----------
    plan, pseudonym, settings, progress, for_clinician
        As `plan_fragment`.

    Returns
    -------
    str
        HTML whose content security policy forbids everything but its own style.
    """
    letter, figure = _content(plan, pseudonym, settings, progress, for_clinician)
    return letter_page(letter, figure)


def letter_fragment(letter: Letter, figure: Figure | None = None, base: int = 2) -> str:
    """Return any letter as one ``<section>``.

    Parameters
    ----------
    letter : Letter
    figure : Figure, optional
        Placed below the title.
    base : int
        Level of its heading in the page around it.
    """
    sections = [_shown(section) for section in letter.sections]
    sides = {side: say(f"letters.side_{side}").text for side in ("left", "right", "both")}
    fragment: str = page_template("plan.html.j2").render(
        letter=letter, sections=[s for s in sections if s.blocks], sides=sides, figure=figure, base=base
    )
    return fragment


def letter_page(letter: Letter, figure: Figure | None = None) -> str:
    """Return any letter as one self-contained page.

    Parameters
    ----------
    letter : Letter
    figure : Figure, optional
        Placed below the title.
    """
    style = static_text("plan.css")
    page: str = page_template("plan_page.html.j2").render(
        title=letter.title,
        style=style,
        policy=page_policy(style, ()),
        fragment=letter_fragment(letter, figure, base=1),
        purpose=INTENDED_PURPOSE,
    )
    return page


def pain_figure(series: Sequence[DayPain], start: date, today: date) -> Figure | None:
    """Return the mean pain of each week of a plan as bars with their numbers; None if none was told.

    Parameters
    ----------
    series : sequence of DayPain
    start, today : date
        First day of the plan, and the last to show.
    """
    told = [(plan_week(d.day, start), d.main) for d in series if d.main is not None and start <= d.day <= today]
    if not told:
        return None
    means: dict[int, float | None] = {}
    for week in range(1, max(week for week, _ in told) + 1):
        values = [value for w, value in told if w == week]
        means[week] = fmean(values) if values else None
    words = [_week_words(week, mean) for week, mean in means.items()]
    title = say("letters.progress_chart").text
    height = ROW * len(means) + 4.0
    parts = [line(LABEL, 0, LABEL, height, stroke="currentColor", stroke_width=1.0)]
    for row, (week, mean) in enumerate(means.items()):
        y = row * ROW + 4.0
        parts.append(text(0, y + 12, f"{say('letters.plan_week').text} {week}", fill="currentColor", font_size=12))
        if mean is not None:
            width = max(BAR * mean / GREATEST, 1.0)
            parts.append(rect(LABEL, y, width, ROW - 8, fill="currentColor", fill_opacity=0.65))
            parts.append(text(LABEL + width + 5, y + 12, f"{mean:.1f}", fill="currentColor", font_size=12))
    alt = f"{title}. {'; '.join(words)}"
    return Figure(svg(WIDTH, height, parts, alt, kind="pain"), title, alt)


def _week_words(week: int, mean: float | None) -> str:
    if mean is None:
        return say("letters.progress_chart_silent", week=week).text
    return say("letters.progress_chart_week", week=week, value=f"{mean:.1f}", most=f"{GREATEST:g}").text


def _content(
    plan: Plan, pseudonym: str, settings: Settings, progress: Progress | None, for_clinician: bool
) -> tuple[Letter, Figure | None]:
    letter = clinician_plan(plan, pseudonym) if for_clinician else patient_plan(plan, pseudonym, settings)
    if progress is None:
        return letter, None
    told = progress_sections(progress, plan, for_clinician=for_clinician)
    # A patient reads first whom to call; what both tell stands once.
    first = 0 if for_clinician else 2
    rest = [s for s in letter.sections[first:] if not s.heading or s.heading not in {t.heading for t in told}]
    sections = (*letter.sections[:first], *told, *rest)
    whole = Letter(letter.title, letter.about, sections, letter.is_large, progress.suspended)
    return whole, pain_figure(progress.pain, plan.made_on, progress.today)


def _shown(section: Section) -> Section:
    """Return a section without what is to be filled in by hand, and without leads that are left alone."""
    blocks = [block for block in section.blocks if not block.is_empty and block.kind not in ON_PAPER]
    after = [*(block.kind for block in blocks[1:]), "lead"]
    kept = [
        block for block, next_kind in zip(blocks, after, strict=False) if (block.kind, next_kind) != ("lead", "lead")
    ]
    return Section(section.heading, tuple(kept), section.side, section.level)
