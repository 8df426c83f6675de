"""The report as a tagged PDF (PDF/UA-1), landscape A4, from the same content as the page."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from kinechain.core.errors import KinechainError
from kinechain.report.content import Content, build_content
from kinechain.report.figures import Palette
from kinechain.report.sheets import FigurePage
from kinechain.report.svg import Figure
from kinechain.report.verdict import Verdict
from kinechain.report.words import STATE_SYMBOLS

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = ["render_pdf"]

#: Room for the figures of one page, mm, shared by its rows; a demonstration's banner takes some of it.
FIGURES_MM, BANNER_MM = 161.0, 5.0
#: A figure is never higher than this, mm: beyond, three side by side would not fit the width.
HIGHEST_MM = 42.0


def render_pdf(assessment: Assessment, palette: Palette | None = None, content: Content | None = None) -> bytes:
    """Render an assessment as a PDF.

    Parameters
    ----------
    assessment : Assessment
    palette : Palette, optional
        Colours of the two sides.
    content : Content, optional
        What ``build_content`` makes of both, if it is there already.

    Returns
    -------
    bytes
        PDF 1.7, tagged, PDF/UA-1; only fonts that come with the typesetter.

    Raises
    ------
    KinechainError
        If the typesetter refuses the report.
    """
    import typst

    palette = palette or Palette()
    content = content or build_content(assessment, palette)
    inputs = _files(content, palette)
    try:
        # The stubs lack the dictionary of files that the typesetter takes.
        compile_files: Any = typst.compile
        pdf: bytes = compile_files(inputs, format="pdf", ignore_system_fonts=True, pdf_standards=["ua-1"])
    except typst.TypstError as error:
        raise KinechainError(f"the PDF could not be typeset, so no report was written: {error}") from error
    return pdf


def _files(content: Content, palette: Palette) -> dict[str, bytes]:
    """Return the typesetter's input: the layout, the content as data, and one file per figure."""
    pictures: dict[str, bytes] = {}

    def placed(value: Any) -> Any:
        if isinstance(value, Figure):
            name = f"figure-{len(pictures)}.svg"
            pictures[name] = value.svg.encode()
            return {"file": name, "title": value.title, "alt": value.alt}
        if isinstance(value, (tuple, list)):
            return [placed(v) for v in value]
        if isinstance(value, FigurePage):
            return {**_shallow(value, placed), "height": _figure_height(value, bool(content.demonstration))}
        if isinstance(value, Verdict):
            return None
        return _shallow(value, placed) if hasattr(value, "__dataclass_fields__") else value

    data = placed(content)
    data["verdict"] = _verdict(content)
    data["palette"] = {"left": palette.left, "right": palette.right}
    data["symbols"] = STATE_SYMBOLS
    layout = files("kinechain.report").joinpath("templates", "report.typ").read_bytes()
    return {"main.typ": layout, "content.json": json.dumps(data, allow_nan=False).encode(), **pictures}


def _verdict(content: Content) -> dict[str, Any]:
    """Return the verdict without its findings: they stand in the content as printed."""
    verdict = content.verdict
    lists = ("outside", "within", "edge", "unjudged", "differences")
    return {
        **{f.name: getattr(verdict, f.name) for f in fields(verdict) if f.name not in lists},
        "screen": asdict(verdict.screen),
        "links": [asdict(link) for link in verdict.links],
        "counts": {name: len(getattr(verdict, name)) for name in lists},
    }


def _shallow(value: Any, placed: Any) -> dict[str, Any]:
    return {name: placed(getattr(value, name)) for name in value.__dataclass_fields__}


def _figure_height(page: FigurePage, has_banner: bool) -> float:
    """Return the height of one figure, mm, so that all rows stand on one page."""
    room = FIGURES_MM - (BANNER_MM if has_banner else 0.0)
    return min(HIGHEST_MM, room / max(len(page.rows), 1))
