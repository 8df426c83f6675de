"""What a motion costs each link, as values: the ground under the feet, moments, muscle forces, contact loads.

Every array runs over the frames of the motion it was computed from; NaN where a frame could not be computed.
World frame: x forward, y left, z up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import SettingError, suggest
from kinechain.core.estimate import Estimate
from kinechain.recording.recording import Side

__all__ = [
    "FOOT_REGIONS",
    "MEASURED",
    "NO_CONTACT",
    "PREDICTED",
    "UNKNOWN",
    "FootReaction",
    "GroundReaction",
    "JointReaction",
    "Load",
    "LoadSettings",
    "Loads",
    "Table",
    "Unknowns",
]

#: Regions of the sole, from behind.
FOOT_REGIONS = ("heel", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")

#: How the force under one foot is known at a frame.
UNKNOWN, NO_CONTACT, MEASURED, PREDICTED = -1, 0, 1, 2


#: What may be chosen, and between which numbers; beyond them lies a slip of the pen or another unit (assumption).
CHOICES = {
    "ground": ("automatic", "measured", "predicted"),
    "weighting": ("activation", "volume"),
    "balance": ("levels", "rhythm"),
}
LIMITS: Mapping[str, tuple[float, float]] = {
    "cutoff_hz": (0.1, 1000.0),
    "exponent": (1.5, 5.0),
    "fascia_area_mm2": (1.0, 1000.0),
    "plate_delay_s": (-1.0, 1.0),
    "seed": (0, 2**63),
    "samples": (0, 10_000),
}


@dataclass(frozen=True)
class LoadSettings:
    """What a user may choose about loads; every field is printed with the result.

    Attributes
    ----------
    cutoff_hz : float
        Low-pass cut-off of coordinates and of plate forces alike.
    ground : 'automatic', 'measured' or 'predicted'
        Plates where every foot on the ground stands clean on them, prediction elsewhere; plates only; prediction only
        (plates are then not looked at, not even for events).
    exponent : float
        Static optimisation minimises the sum of ``weight * activation ** exponent``.
    weighting : 'activation' or 'volume'
        Every muscle alike, or by its volume (optimal fibre length times maximal force).  By volume agrees
        better with EMG (``benchmarks/emg_table.py``).
    balance : 'levels' or 'rhythm'
        The muscles of the trunk balance the moment at every lumbar level, or the three moments of the lumbar
        coordinates, the rhythm carrying the rest.
    strength : mapping of muscle group to fraction
        Capacity left, e.g. ``{"gluteus_medius_r": 0.6}``; groups not named have 1.
    fascia_area_mm2 : float
        Cross-section of the plantar fascia; sources disagree (70 or 290).
    plate_delay_s : float or None
        By how much the plates' clock is late against the cameras'; their forces are taken so much earlier.  None takes
        off the lag that the motion itself shows, and says so; 0 leaves the plates as they are.
    seed : int
        Of the samples over model uncertainty.
    samples : int
        0: no intervals from model uncertainty.

    Raises
    ------
    SettingError
        If a choice is none of these, or a number is none that can be meant.
    """

    cutoff_hz: float = 6.0
    ground: Literal["automatic", "measured", "predicted"] = "automatic"
    exponent: float = 2.0
    weighting: Literal["activation", "volume"] = "volume"
    balance: Literal["levels", "rhythm"] = "levels"
    strength: Mapping[str, float] = field(default_factory=dict)
    fascia_area_mm2: float = 70.0
    plate_delay_s: float | None = None
    seed: int = 0
    samples: int = 0

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if (chosen := getattr(self, name)) not in choices:
                raise SettingError(f"{name} of the loads is {chosen!r}; choose {' or '.join(choices)}")
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise SettingError(f"{name} of the loads is {value!r}; give a number from {low:g} to {high:g}")


@dataclass(frozen=True)
class Unknowns:
    """What a body's loads depend on and no measurement of the person tells; None takes the published mean.

    Attributes
    ----------
    inclinations : mapping of joint to rad, or None
        Of the plane of each disc.
    preload_factor : float or None
        Stiffness of discs under the load of the day over that without.
    centre_shift_m : (float, float)
        By which the centre of pressure lies farther ahead and to the left than measured or predicted.
    """

    inclinations: Mapping[str, float] | None = None
    preload_factor: float | None = None
    centre_shift_m: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Table(Immutable):
    """Named columns of one unit over the frames.

    Attributes
    ----------
    labels : tuple of str
    values : (time, column) array
    unit : str
    """

    labels: tuple[str, ...]
    values: FloatArray
    unit: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, (None, len(self.labels)), "values"))

    def column(self, label: str) -> FloatArray:
        """One column, (time,) array."""
        if label not in self.labels:
            raise SettingError(f"no column named '{label}'. {suggest(label, self.labels)}")
        return np.asarray(self.values[:, self.labels.index(label)])


@dataclass(frozen=True, eq=False)
class FootReaction(Immutable):
    """What the ground does to one foot.

    Attributes
    ----------
    side : 'left' or 'right'
    force : (time, 3) array, N, world
    centre_of_pressure : (time, 3) array, m, world
        NaN without contact.
    free_moment : (time, 3) array, N m, world
        About the vertical through the centre of pressure.
    region_force : (time, region, 3) array, N, world
        The same force by region of the sole (`FOOT_REGIONS`).
    region_point : (time, region, 3) array, m, world
        Where each acts; with `free_moment` they make the force and the centre of pressure above.
    origin : (time,) array
        `UNKNOWN`, `NO_CONTACT`, `MEASURED` or `PREDICTED`.
    """

    side: Side
    force: FloatArray
    centre_of_pressure: FloatArray
    free_moment: FloatArray
    region_force: FloatArray
    region_point: FloatArray
    origin: FloatArray

    def __post_init__(self) -> None:
        frames = len(self.force)
        for name in ("force", "centre_of_pressure", "free_moment"):
            object.__setattr__(self, name, frozen(getattr(self, name), (frames, 3), name))
        for name in ("region_force", "region_point"):
            object.__setattr__(self, name, frozen(getattr(self, name), (frames, len(FOOT_REGIONS), 3), name))
        object.__setattr__(self, "origin", frozen(self.origin, (frames,), "origin"))


@dataclass(frozen=True, eq=False)
class GroundReaction(Immutable):
    """What the ground does to both feet.

    Attributes
    ----------
    times_s : (time,) array, s
    feet : tuple of 2 FootReaction
        Right, then left.
    notes : tuple of str
        Which contacts were measured, which predicted and why, and the stated error of the prediction, in sentences.
    """

    times_s: FloatArray
    feet: tuple[FootReaction, FootReaction]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_s", frozen(self.times_s, (None,), "times_s"))

    def foot(self, side: Side) -> FootReaction:
        """The reaction under one foot."""
        return next(f for f in self.feet if f.side == side)


@dataclass(frozen=True, eq=False)
class JointReaction(Immutable):
    """The force and moment that the upper segment of a joint exerts on the lower one, at the joint centre.

    In the axes of the lower segment (of the disc plane at a lumbar level): x forward, y left, z up, so that
    ``compression_n = -force[:, 2]`` presses the joint together and x > 0 pushes the upper segment's load forward.

    Attributes
    ----------
    joint : str
        As in the body, e.g. 'knee_r', 'l5_s1'.
    force : (time, 3) array, N
    moment : (time, 3) array, N m
        What muscles and tissues leave to the joint itself.
    """

    joint: str
    force: FloatArray
    moment: FloatArray

    def __post_init__(self) -> None:
        for name in ("force", "moment"):
            object.__setattr__(self, name, frozen(getattr(self, name), (None, 3), name))

    @property
    def compression_n(self) -> FloatArray:
        """What presses the joint together, (time,) array, N."""
        return np.asarray(-self.force[:, 2])

    @property
    def resultant_n(self) -> FloatArray:
        """Size of the force, (time,) array, N."""
        return np.asarray(np.linalg.norm(self.force, axis=1))


@dataclass(frozen=True)
class Load:
    """One load of one site in one part of the gait cycle or posture, as it leaves the physics.

    Attributes
    ----------
    site : str
        'l5_s1', 'l4_l5', 'knee', 'hip', 'ankle', 'achilles', 'plantar_fascia', ...
    side : 'left', 'right' or 'both'
    quantity : str
        'compression_peak', 'anterior_shear_peak', 'resultant_peak', 'tension_peak', ...
    estimate : Estimate
        In N, N m or 1 (shares); reports turn it into body weights.
    phase : str
        Where in the cycle, as printed, e.g. 'stance', '45 % of the cycle', 'quiet standing'.
    origin : 'measured' or 'predicted'
        Whether the ground reaction below it was measured.
    """

    site: str
    side: Literal["left", "right", "both"]
    quantity: str
    estimate: Estimate
    phase: str
    origin: Literal["measured", "predicted"]


@dataclass(frozen=True, eq=False)
class Loads(Immutable):
    """Everything computed of one motion of one body.

    Attributes
    ----------
    times_s : (time,) array, s
    mass_kg : float
    settings : LoadSettings
    ground : GroundReaction
    moments : Table, N m (N for the three translations of the pelvis)
        Internal net moment about every free coordinate, positive as the coordinate; the six of the pelvis are the
        residuals: what the ground reaction does not explain.
    powers : Table, W
        Moment times velocity of the same coordinates.
    activations : Table, 1
    muscle_forces : Table, N
        Along the tendon, active and passive.
    reserves : Table, N m
        Moment no muscle could give, by row of the balance.
    tissue_forces : Table, N
    tissue_lengths : Table, m
        Of all passive paths, nerves included.
    reactions : tuple of JointReaction
    net_reactions : tuple of JointReaction
        The same without muscles and tissues: what a joint and all that crosses it give together.
    notes : tuple of str
        Methods, approximations, frames left out and why, impossible demands with their frames, in sentences.
    """

    times_s: FloatArray
    mass_kg: float
    settings: LoadSettings
    ground: GroundReaction
    moments: Table
    powers: Table
    activations: Table
    muscle_forces: Table
    reserves: Table
    tissue_forces: Table
    tissue_lengths: Table
    reactions: tuple[JointReaction, ...]
    notes: tuple[str, ...] = ()
    net_reactions: tuple[JointReaction, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_s", frozen(self.times_s, (None,), "times_s"))

    def reaction(self, joint: str) -> JointReaction:
        """The reaction of one joint."""
        for reaction in self.reactions:
            if reaction.joint == joint:
                return reaction
        raise SettingError(f"no reaction of '{joint}'. {suggest(joint, (r.joint for r in self.reactions))}")
