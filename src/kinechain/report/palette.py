"""The colours of the two sides."""

from __future__ import annotations

from dataclasses import dataclass

from kinechain.recording.recording import Side

__all__ = ["Palette"]


@dataclass(frozen=True)
class Palette:
    """Colours of the two sides on paper (contrast on white at least 4.5 : 1).

    Attributes
    ----------
    left, right : str
        CSS colours on light ground and in print.
    left_dark, right_dark : str
        CSS colours on dark ground.
    """

    left: str = "#b3261e"
    right: str = "#1a5fb4"
    left_dark: str = "#ff8f85"
    right_dark: str = "#7fb4ff"

    def of(self, side: Side) -> str:
        """Colour of one side on paper."""
        return self.left if side == "left" else self.right

    def style(self) -> str:
        """Return the style sheet's variables."""
        return (
            f":root{{--left:{self.left};--right:{self.right};--left-dark:{self.left_dark};"
            f"--right-dark:{self.right_dark}}}\n"
        )
