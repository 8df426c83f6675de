"""What one file holds, in SI units, with every repair written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import RecordingError, suggest

__all__ = ["Event", "ForcePlate", "Markers", "Note", "Recording", "Series", "Side"]

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Note:
    """One thing that was found, assumed or repaired, in a sentence a clinician can read.

    Attributes
    ----------
    kind : 'found', 'assumed', 'repaired' or 'defect'
    text : str
        The whole sentence.
    code : str
        What it is, for tables and programs, e.g. 'plate.origin_sign'; '' for a plain finding.
    place : str
        Where in the file: 'plate 2', 'LTOE', 'line 7', 'frames 12 to 40'.
    effect : str
        What it does to results, as a sentence.
    cure : str
        What to do about it, as a sentence.
    """

    kind: Literal["found", "assumed", "repaired", "defect"]
    text: str
    code: str = ""
    place: str = ""
    effect: str = ""
    cure: str = ""


@dataclass(frozen=True)
class Event:
    """A gait event.

    Attributes
    ----------
    kind : 'foot_strike' or 'foot_off'
    side : 'left' or 'right'
    time_s : float
        On the recording's own clock.
    source : str
        'file', 'plates' or the name of the kinematic method.
    """

    kind: Literal["foot_strike", "foot_off"]
    side: Side
    time_s: float
    source: str


@dataclass(frozen=True, eq=False)
class Markers(Immutable):
    """Trajectories of labelled markers.

    Attributes
    ----------
    labels : tuple of str
        One name per marker, all different.
    positions : (time, marker, 3) array, m
        NaN where a marker was not seen.
    rate_hz : float
    start_s : float
        Time of the first frame.
    """

    labels: tuple[str, ...]
    positions: FloatArray
    rate_hz: float
    start_s: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", frozen(self.positions, (None, len(self.labels), 3), "positions"))
        if not self.rate_hz > 0 or not np.isfinite(self.rate_hz):
            raise RecordingError(f"a marker recording needs a frame rate above 0 Hz, this one states {self.rate_hz}")
        if len(set(self.labels)) != len(self.labels):
            twice = sorted({x for x in self.labels if self.labels.count(x) > 1})
            raise RecordingError(f"marker names must differ; more than once: {', '.join(twice)}")
        if np.isinf(self.positions).any():
            raise RecordingError("marker positions must be finite numbers or missing; some are infinite")

    @property
    def times_s(self) -> FloatArray:
        """Time of each frame, (time,) array, s."""
        return self.start_s + np.arange(len(self.positions)) / self.rate_hz

    def position(self, label: str) -> FloatArray:
        """Trajectory of one marker, (time, 3) array, m."""
        column = self._columns.get(label)
        if column is None:
            raise RecordingError(f"no marker named '{label}'. {suggest(label, self.labels)}")
        return self.positions[:, column]

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {label: i for i, label in enumerate(self.labels)}


@dataclass(frozen=True, eq=False)
class ForcePlate(Immutable):
    """Ground reaction **on the person** from one plate.

    Attributes
    ----------
    name : str
    corners : (4, 3) array, m
        In the same frame as the markers; NaN if the file does not say.
    force : (time, 3) array, N
    centre_of_pressure : (time, 3) array, m
        NaN below the threshold at which it means anything.
    free_moment : (time, 3) array, N m
        About the vertical through the centre of pressure.
    rate_hz, start_s : float
    origin : (float, float, float) or None
        Vector from the transducer's origin to the middle of the surface by which the centre of pressure was computed,
        m, in the axes of the plate; None if unknown.
    type : int or None
        As a C3D counts its types of plates; None for a table.
    """

    name: str
    corners: FloatArray
    force: FloatArray
    centre_of_pressure: FloatArray
    free_moment: FloatArray
    rate_hz: float
    start_s: float = 0.0
    origin: tuple[float, float, float] | None = None
    type: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "corners", frozen(self.corners, (4, 3), "corners"))
        for name in ("force", "centre_of_pressure", "free_moment"):
            object.__setattr__(self, name, frozen(getattr(self, name), (None, 3), name))

    @cached_property
    def times_s(self) -> FloatArray:
        """Time of each sample, (time,) array, s."""
        return frozen(self.start_s + np.arange(len(self.force)) / self.rate_hz)


@dataclass(frozen=True, eq=False)
class Series(Immutable):
    """Named columns against time: a MOT/STO table, analog channels, or angles stored in a C3D.

    Attributes
    ----------
    labels : tuple of str
    values : (time, column) array
        In the unit of its column.
    units : tuple of str
        One per column, '' if unknown.
    times_s : (time,) array, s
    """

    labels: tuple[str, ...]
    values: FloatArray
    units: tuple[str, ...]
    times_s: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, (None, len(self.labels)), "values"))
        object.__setattr__(self, "times_s", frozen(self.times_s, (len(self.values),), "times_s"))

    def column(self, label: str) -> FloatArray:
        """One column, (time,) array, in its unit."""
        if label not in self.labels:
            raise RecordingError(f"no column named '{label}'. {suggest(label, self.labels)}")
        return np.asarray(self.values[:, self.labels.index(label)])


@dataclass(frozen=True, eq=False)
class Recording(Immutable):
    """One file, read.

    Attributes
    ----------
    name : str
        File name without folder (never a person's name).
    sha256 : str
        Of the file's bytes.
    format : str
        'C3D', 'TRC', 'MOT', 'STO', 'FORCES', 'CSV', 'TSV' or 'Parquet'.
    markers : Markers or None
    plates : tuple of ForcePlate
    events : tuple of Event
        As stored in the file.
    outputs : Series or None
        Model outputs stored beside the markers (angles, moments), in the file's own unit and sign.
    series : Series or None
        The whole table of a MOT/STO, or the analog channels of a C3D.
    mass_kg, height_m : float or None
        As stated in the file's metadata; never the person's name or birth date.
    is_world : bool
        True once the data stand in the world frame (x forward, y left, z up).
    profile : str
        Name of the marker-set profile, '' until one is chosen.
    score : float
        How well that profile fits, at most 1.
    runner_up : (str, float)
        The next best profile and its score.
    missing : tuple of str
        Landmarks that the profile asks for and the recording lacks.
    landmarks : tuple of (str, str)
        Pairs (marker label, landmark name) by that profile.
    weights : tuple of float
        Weight in inverse kinematics of each pair of `landmarks`, by the profile.
    notes : tuple of Note
        What was found, assumed or repaired on the way.
    task : str
        'walking', 'standing' or 'other' once prepared, '' before.
    world_from_lab : (3, 3) array or None
        Once prepared: the world's axes in its rows, in the laboratory's; a reflection if those were mirrored.
    vertical_error_deg : float
        Once prepared: within which the vertical is known; 0 for an axis of the laboratory.
    """

    name: str
    sha256: str
    format: str
    markers: Markers | None = None
    plates: tuple[ForcePlate, ...] = ()
    events: tuple[Event, ...] = ()
    outputs: Series | None = None
    series: Series | None = None
    mass_kg: float | None = None
    height_m: float | None = None
    is_world: bool = False
    profile: str = ""
    landmarks: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = field(default=())
    task: Literal["", "walking", "standing", "other"] = ""
    weights: tuple[float, ...] = ()
    score: float = 0.0
    runner_up: tuple[str, float] = ("", 0.0)
    missing: tuple[str, ...] = ()
    world_from_lab: FloatArray | None = None
    vertical_error_deg: float = 0.0

    def require_markers(self) -> Markers:
        """Return the markers, or say that there are none."""
        if self.markers is None or not self.markers.labels:
            raise RecordingError(
                f"{self.name} holds no markers, so no body can be fitted to it; give a C3D or TRC with labelled markers"
            )
        return self.markers
