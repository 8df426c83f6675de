"""Letters as tagged PDF (PDF/UA-1), upright A4, and as plain text; both say the same in the same order."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from textwrap import wrap
from typing import Any

from kinechain.core.errors import KinechainError
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.evidence.wording import say
from kinechain.report.letter import Block, Letter

__all__ = ["letter_pdf", "letter_text"]

#: Characters on a line of plain text (choice).
WIDTH = 88
#: Rule for handwriting in plain text.
BLANK = "_" * 40


def letter_pdf(letter: Letter) -> bytes:
    """Render a letter as a PDF.

    Parameters
    ----------
    letter : Letter

    Returns
    -------
    bytes
        PDF 1.7, tagged, PDF/UA-1; only fonts that come with the typesetter.

    Raises
    ------
    KinechainError
        If the typesetter refuses it.
    """
    import typst

    content = {**asdict(letter), "purpose": INTENDED_PURPOSE, "sides": _sides()}
    layout = files("kinechain.report").joinpath("templates", "letter.typ").read_bytes()
    inputs = {"main.typ": layout, "content.json": json.dumps(content, allow_nan=False).encode()}
    try:
        # The stubs lack the dictionary of files that the typesetter takes.
        compile_files: Any = typst.compile
        pdf: bytes = compile_files(inputs, format="pdf", ignore_system_fonts=True, pdf_standards=["ua-1"])
    except typst.TypstError as error:
        raise KinechainError(f"the letter could not be typeset, so none was written: {error}") from error
    return pdf


def letter_text(letter: Letter) -> str:
    """Return a letter as plain text, at most 88 characters wide where words allow.

    Parameters
    ----------
    letter : Letter
    """
    head = [letter.title.upper() if letter.is_urgent else letter.title, "=" * min(len(letter.title), WIDTH)]
    head += [f"{label}: {value}" if label else value for label, value in letter.about]
    parts = ["\n".join(head)]
    sides = _sides()
    for section in letter.sections:
        if section.heading:
            title = f"{section.heading} - {sides[section.side]}" if section.side else section.heading
            parts.append(f"{title}\n{('-' if section.level == 2 else '.') * min(len(title), WIDTH)}")
        parts += [_block_text(block) for block in section.blocks if not block.is_empty]
    parts.append("\n".join(wrap(INTENDED_PURPOSE, WIDTH)))
    return "\n\n".join(parts) + "\n"


def _sides() -> dict[str, str]:
    return {side: say(f"letters.side_{side}").text for side in ("left", "right", "both")}


def _block_text(block: Block) -> str:
    if block.kind in ("paragraphs", "lead"):
        return "\n\n".join(_wrapped(text) for text in block.texts)
    if block.kind in ("bullets", "steps"):
        marks = [f"{k}. " if block.kind == "steps" else "- " for k in range(1, len(block.texts) + 1)]
        return "\n".join(_wrapped(text, mark) for mark, text in zip(marks, block.texts, strict=True))
    if block.kind == "notice":
        inside = "\n".join(_wrapped(text, "! ") for text in block.texts)
        return f"{'!' * WIDTH}\n{inside}\n{'!' * WIDTH}"
    if block.kind == "blanks":
        return "\n\n".join(f"{text}: {BLANK}" for text in block.texts)
    if block.kind == "lines":
        return "\n".join(_wrapped(f"{label}: {value}") for label, value in block.rows)
    if block.kind == "record":
        return "\n".join(_wrapped(" | ".join(cell or "________" for cell in row)) for row in (block.head, *block.rows))
    if block.kind == "ticks":
        return "\n".join(f"{row[0]:<10}" + "  ".join("[ ]" for _ in range(7)) for row in block.rows)
    return "\n".join(
        _wrapped("; ".join(f"{name}: {cell}" for name, cell in zip(block.head, row, strict=True) if cell), "- ")
        for row in block.rows
    )


def _wrapped(text: str, mark: str = "") -> str:
    return "\n".join(wrap(text, WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark)) or [mark])
