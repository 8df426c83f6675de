"""A letter as a value: sections of a few kinds of blocks, from which the PDF and the plain text are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kinechain.evidence.wording import Sentence, say

__all__ = ["Block", "BlockKind", "Letter", "Section", "about", "backed", "bullets", "led", "lines", "table", "text_of"]

BlockKind = Literal["paragraphs", "lead", "bullets", "steps", "notice", "table", "record", "lines", "blanks", "ticks"]


@dataclass(frozen=True)
class Block:
    """One thing on a page.

    Attributes
    ----------
    kind : str
        'paragraphs', 'bullets' or 'steps' of texts; 'lead': a line in bold above what follows; 'notice': texts in a
        box that stands out without colour; 'table' with a head; 'record': one with boxes to write in; 'lines' of
        label and value; 'blanks' to be filled in by hand; 'ticks': one box a day.
    texts : tuple of str
    head : tuple of str
        Of a table.
    rows : tuple of tuple of str
        Of a table or of lines; of ticks one row a week.
    """

    kind: BlockKind
    texts: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to print."""
        return not self.texts and not self.rows


@dataclass(frozen=True)
class Section:
    """A heading with what stands below it.

    Attributes
    ----------
    heading : str
        '' for none.
    blocks : tuple of Block
    side : 'left', 'right', 'both' or ''
        Printed as a mark beside the heading.
    level : int
        Of the heading, from 2.
    starts_page : bool
    """

    heading: str
    blocks: tuple[Block, ...]
    side: str = ""
    level: int = 2
    starts_page: bool = False


@dataclass(frozen=True)
class Letter:
    """One letter, plan or sheet.

    Attributes
    ----------
    title : str
    about : tuple of (str, str)
        Code, day, version: printed small below the title.
    sections : tuple of Section
    is_large : bool
        Big type, for a patient.
    is_urgent : bool
        Printed with a heavy frame around the title.
    """

    title: str
    about: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    is_large: bool = False
    is_urgent: bool = False


def text_of(name: str) -> str:
    """Return the words of ``letters.<name>``."""
    return say(f"letters.{name}").text


def led(name: str, block: Block) -> tuple[Block, ...]:
    """Return a block under its lead ``letters.<name>``; nothing where it is empty."""
    return () if block.is_empty else (Block("lead", (backed(say(f"letters.{name}"), True),)), block)


def about(pseudonym: str, made_on: date, version: str) -> tuple[tuple[str, str], ...]:
    """Return what stands below every title: code, day and version."""
    return (
        (say("letters.person").text, pseudonym),
        (say("letters.made_on").text, made_on.isoformat()),
        ("", say("letters.made_by", version=version).text),
    )


def backed(sentence: Sentence, for_clinician: bool) -> str:
    """Return a sentence with what stands behind it: sources for a clinician, how sure for a patient.

    Parameters
    ----------
    sentence : Sentence
    for_clinician : bool
    """
    if sentence.kind == "frame":
        return sentence.text
    sure = sentence.certainty
    if not for_clinician:
        if sentence.kind != "fact" or sure == "not graded":  # Said once, in the lead of the advice.
            return sentence.text
        return f"{sentence.text} ({say('letters.sure', certainty=sure).text})"
    behind = _behind(sentence)
    return f"{sentence.text} [{behind}]" if behind else sentence.text


def _behind(sentence: Sentence) -> str:
    """Return what stands behind a sentence, as a clinician reads it; '' for a frame."""
    if sentence.kind == "frame":
        return ""
    behind = [say("letters.behind_rule", rule=sentence.rule).text] if sentence.rule else []
    if sentence.sources:
        sources = ", ".join(sentence.sources)
        behind.append(say("letters.behind", sources=sources, certainty=sentence.certainty or "not graded").text)
    return "; ".join(behind)


def bullets(sentences: Iterable[Sentence], for_clinician: bool, kind: BlockKind = "bullets") -> Block:
    """Return sentences as a block; a patient's holds none that is for the clinician alone.

    Where the same stands behind all of them, it is printed once, after the last.
    """
    kept = [s for s in sentences if for_clinician or s.audience != "clinician"]
    behind = {_behind(sentence) for sentence in kept}
    if not for_clinician or len(kept) < 2 or len(behind) > 1 or behind == {""}:
        return Block(kind, tuple(dict.fromkeys(backed(s, for_clinician) for s in kept)))
    texts = tuple(dict.fromkeys(s.text for s in kept))
    return Block(kind, (*texts[:-1], f"{texts[-1]} [{say('letters.behind_all', behind=behind.pop()).text}]"))


def lines(pairs: Iterable[tuple[Sentence, str]], for_clinician: bool = True) -> Block:
    """Return labels with values."""
    kept = [(label, value) for label, value in pairs if for_clinician or label.audience != "clinician"]
    return Block("lines", rows=tuple((label.text, value) for label, value in kept))


def table(head: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Block:
    """Return a table whose head are sentences ``letters.column_...``."""
    return Block("table", head=tuple(say(f"letters.column_{name}").text for name in head), rows=tuple(rows))
