"""Options that say what a laboratory's file cannot tell: its vertical, its sides and its clock."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from kinechain.core.errors import SettingError

__all__ = ["ExchangeSidesOption", "MirroredOption", "RateOption", "UpOption", "checked_up", "turned_over"]

_PANEL = "What a file cannot tell"
UpOption = Annotated[
    str,
    typer.Option(help="Axis that points up.", metavar="+x|-x|+y|-y|+z|-z", show_default=False, rich_help_panel=_PANEL),
]
MirroredOption = Annotated[bool, typer.Option("--mirrored", help="The axes are mirrored.", rich_help_panel=_PANEL)]
ExchangeSidesOption = Annotated[
    bool, typer.Option("--exchange-sides", help="Right and left labels are exchanged.", rich_help_panel=_PANEL)
]
RateOption = Annotated[
    float | None, typer.Option(help="True frame rate of the markers.", metavar="HZ", rich_help_panel=_PANEL)
]


def checked_up(up: str) -> str:
    """Return the axis as given, or say what it must be.

    Raises
    ------
    SettingError
        If it names no axis.
    """
    if up:
        from kinechain.recording.vertical import read_direction

        read_direction(up)
    return up


def turned_over(mirrored: bool, exchange_sides: bool) -> Literal["", "mirrored", "exchanged"]:
    """Return what the user says of a body whose right and left stand the wrong way round.

    Raises
    ------
    SettingError
        If both are said, which would undo each other.
    """
    if mirrored and exchange_sides:
        raise SettingError("--mirrored and --exchange-sides undo each other; give the one that is true")
    return "mirrored" if mirrored else "exchanged" if exchange_sides else ""
