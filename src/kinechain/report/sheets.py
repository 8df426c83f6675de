"""A page of figures as a value."""

from __future__ import annotations

from dataclasses import dataclass

from kinechain.report.svg import Figure

__all__ = ["FigurePage", "FigureRow"]


@dataclass(frozen=True)
class FigureRow:
    """One labelled row of three places: a figure, or the words that stand for it ('' for none)."""

    label: str
    figures: tuple[Figure | str, ...]


@dataclass(frozen=True)
class FigurePage:
    """One page of figures.

    Attributes
    ----------
    id : str
        Anchor.
    title, note : str
    rows : tuple of FigureRow
    legend : Figure
    columns : tuple of str
    """

    id: str
    title: str
    note: str
    rows: tuple[FigureRow, ...]
    legend: Figure
    columns: tuple[str, ...] = ("Sagittal plane", "Frontal plane", "Transverse plane")
