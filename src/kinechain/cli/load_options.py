"""Options of loads, as every command that computes them takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kinechain.core.errors import SettingError

if TYPE_CHECKING:
    from kinechain.loads.loads import LoadSettings

__all__ = [
    "GroundOption",
    "LoadsOption",
    "PlateDelayOption",
    "SamplesOption",
    "SeedOption",
    "StrengthOption",
    "load_settings",
]

LoadsOption = Annotated[bool, typer.Option("--loads/--no-loads", help="Compute joint loads and muscle forces.")]
GroundOption = Annotated[
    str,
    typer.Option(
        help="Ground reaction: measured where plates carry every foot and predicted elsewhere, or one of the two.",
        metavar="automatic|measured|predicted",
    ),
]
PlateDelayOption = Annotated[
    float | None,
    typer.Option(
        help="By how much the force plates' clock lags the cameras'; told from the motion if not given, 0 for none.",
        metavar="MS",
        show_default=False,
    ),
]
SamplesOption = Annotated[
    int, typer.Option(help="Bodies drawn from what is not known, for the intervals of loads.", metavar="N")
]
SeedOption = Annotated[int, typer.Option(help="Seed of the drawn bodies.", metavar="N")]
StrengthOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Strength left to a muscle group, e.g. gluteus_medius_r=0.6; may be given again.",
        metavar="GROUP[_r|_l]=SHARE",
        show_default=False,
    ),
]

#: More draws than this are a slip of the pen: they would take hours.
_MOST_SAMPLES = 10_000
#: A longer lag is no lag of a clock, ms.
_LONGEST_DELAY_MS = 1000.0


def load_settings(
    wanted: bool, ground: str, plate_delay: float | None, samples: int, seed: int, strength: list[str] | None
) -> LoadSettings | None:
    """Return the settings of loads from a command's options; None where none are wanted.

    Raises
    ------
    SettingError
        In one sentence that names the option.
    """
    from kinechain.body.musculature import template_muscles
    from kinechain.loads.loads import LoadSettings
    from kinechain.loads.strength import parse_strength

    if ground not in ("automatic", "measured", "predicted"):
        raise SettingError(f"--ground is '{ground}'; write automatic, measured or predicted")
    if not 0 <= samples <= _MOST_SAMPLES:
        raise SettingError(f"--samples is {samples}; give 0 for none, or up to {_MOST_SAMPLES}")
    if seed < 0:
        raise SettingError(f"--seed is {seed}; give 0 or more")
    if plate_delay is not None and not abs(plate_delay) <= _LONGEST_DELAY_MS:
        raise SettingError(f"--plate-delay is {plate_delay:g} ms; give the lag of the plates in ms, such as 16")
    if not wanted:
        return None
    shares = parse_strength(strength, template_muscles()) if strength else {}
    return LoadSettings(
        ground=ground,  # type: ignore[arg-type]
        strength=shares,
        plate_delay_s=None if plate_delay is None else plate_delay / 1e3,
        seed=seed,
        samples=samples,
    )
