"""What one recording holds, what it can be used for, and what is wrong with it: as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kinechain.motion.events import Agreement
from kinechain.recording.recording import Event, Side

__all__ = [
    "USES",
    "Axes",
    "ContactRow",
    "ContactState",
    "Defect",
    "Inspection",
    "MarkerRow",
    "MarkerSet",
    "PlateRow",
    "Span",
    "Use",
    "UseName",
    "Verdict",
]

Verdict = Literal["yes", "partly", "no"]
UseName = Literal["ik", "events", "loads", "posture"]
ContactState = Literal["clean", "partial", "straddled", "unclear"]

#: What a recording can be used for, in the order in which it is told.
USES: tuple[UseName, ...] = ("ik", "events", "loads", "posture")


@dataclass(frozen=True)
class Use:
    """One thing a recording might be used for.

    Attributes
    ----------
    name : 'ik', 'events', 'loads' or 'posture'
    verdict : 'yes', 'partly' or 'no'
    reason : str
        A sentence.
    cure : str
        What to do about it, '' where the answer is yes.
    """

    name: UseName
    verdict: Verdict
    reason: str
    cure: str = ""


@dataclass(frozen=True)
class Defect:
    """One defect, repair or assumption.

    Attributes
    ----------
    code : str
        'area.what', see the table in the documentation.
    kind : 'defect', 'repaired' or 'assumed'
    place, effect, cure, text : str
        Where, what it does to results, what to do, and the whole sentence.
    """

    code: str
    kind: Literal["defect", "repaired", "assumed"]
    place: str
    effect: str
    cure: str
    text: str


@dataclass(frozen=True)
class Span:
    """A stretch of time in which a marker was not simply seen.

    Attributes
    ----------
    state : 'missing', 'filled' or 'removed'
        Not seen and left open; not seen and filled; seen and taken out because it cannot be true.
    start_s, end_s : float
    """

    state: Literal["missing", "filled", "removed"]
    start_s: float
    end_s: float


@dataclass(frozen=True)
class MarkerRow:
    """One marker.

    Attributes
    ----------
    label : str
    landmark : str
        What it stands for in the marker set, '' if nothing.
    seen_share : float
        Share of the frames in which it was seen, 0 to 1.
    gaps : int
        Stretches between two sightings in which it was not seen.
    longest_gap_s : float
    filled_share : float
        Share of the frames that were filled.
    spans : tuple of Span
        By time; of a marker that flickers only the longest.
    """

    label: str
    landmark: str
    seen_share: float
    gaps: int
    longest_gap_s: float
    filled_share: float
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class MarkerSet:
    """The marker set that was recognised, or the nearest one.

    Attributes
    ----------
    name : str
    is_usable : bool
    score : float
        How well it fits, at most 1.
    runner_up : str
    runner_up_score : float
    unused, missing : tuple of str
        Labels without a meaning in the set; landmarks of the set that were not found.
    """

    name: str
    is_usable: bool
    score: float
    runner_up: str
    runner_up_score: float
    unused: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Axes:
    """Which axes of the laboratory point up and forward.

    Attributes
    ----------
    up, forward : str
        '+Z', '-X'.
    turned_deg : float
        Angle between the direction of walking and that axis.
    is_mirrored : bool
        The laboratory's axes are left-handed; they were turned back.
    scale : float
        By which positions were multiplied to give metres, beyond the unit the file states.
    """

    up: str
    forward: str
    turned_deg: float
    is_mirrored: bool
    scale: float


@dataclass(frozen=True)
class ContactRow:
    """One contact of a plate with a foot.

    Attributes
    ----------
    side : 'left', 'right' or None
    start_s, end_s : float
    state : 'clean', 'partial', 'straddled' or 'unclear'
        One foot, whole, on this plate alone; only a part of it recorded; one foot over an edge or on two plates; not
        one foot.
    reason : str
        Why it is not clean.
    """

    side: Side | None
    start_s: float
    end_s: float
    state: ContactState
    reason: str


@dataclass(frozen=True)
class PlateRow:
    """One force plate.

    Attributes
    ----------
    name : str
    middle_m : tuple of float or None
        x, y, z of the middle of its surface in the axes of the file, m; None if the file does not say.
    size_m : tuple of float or None
        Its two sides, m.
    rate_hz, start_s, end_s : float
    peak_n : float
        Largest vertical force; the largest component where the vertical is not known.
    is_used : bool
    reason : str
        Why it is not used, '' if it is.
    contacts : tuple of ContactRow
    type : int or None
        As a C3D counts its types of plates.
    offset_n : float or None
        What it read while nobody stood on it, which was subtracted; None if nothing was.
    load_n : tuple of float
        Vertical force for drawing: the largest in each of at most 240 equal stretches between start and end.
    """

    name: str
    middle_m: tuple[float, float, float] | None
    size_m: tuple[float, float] | None
    rate_hz: float
    start_s: float
    end_s: float
    peak_n: float
    is_used: bool
    reason: str
    contacts: tuple[ContactRow, ...]
    load_n: tuple[float, ...]
    type: int | None = None
    offset_n: float | None = None


@dataclass(frozen=True)
class Inspection:
    """One file, or a trial of several files that belong together; see the fields.

    Attributes
    ----------
    name : str
        File name, below the folder that was asked for.
    companions : tuple of str
        Files that were joined to it.
    bytes : int
    sha256 : str
        '' if the file could not be opened.
    format : str
        'C3D', 'TRC', ...; '' if the file was refused.
    refused : str
        The one sentence that says why the file cannot be read, '' if it can.
    task : str
        'walking', 'standing', 'other', or '' where markers could not be understood.
    duration_s, rate_hz, start_s : float
    frames : int
    markers : tuple of MarkerRow
        Labelled ones, in the order of the file.
    unlabelled : int
    marker_set : MarkerSet or None
    axes : Axes or None
    speed_m_s : float or None
        Of steady walking.
    strides : tuple of (str, int)
        Whole strides of 'left' and 'right'.
    plates : tuple of PlateRow
    analog : tuple of str
        Names of the channels or columns.
    outputs : tuple of str
        Names of stored model outputs.
    file_events, events : tuple of Event
        As stored in the file; as chosen from plates, file and two kinematic methods.
    agreements : tuple of Agreement
    mass_kg, height_m : float or None
        As stated in the file.
    plate_mass_kg : float or None
        As the plates weigh it.
    uses : tuple of Use
        One of each of `USES`.
    defects : tuple of Defect
    findings : tuple of str
        What else was found, in sentences.
    """

    name: str
    bytes: int
    sha256: str
    format: str = ""
    companions: tuple[str, ...] = ()
    refused: str = ""
    task: str = ""
    duration_s: float = 0.0
    rate_hz: float = 0.0
    start_s: float = 0.0
    frames: int = 0
    markers: tuple[MarkerRow, ...] = ()
    unlabelled: int = 0
    marker_set: MarkerSet | None = None
    axes: Axes | None = None
    speed_m_s: float | None = None
    strides: tuple[tuple[str, int], ...] = ()
    plates: tuple[PlateRow, ...] = ()
    analog: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    file_events: tuple[Event, ...] = ()
    events: tuple[Event, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    mass_kg: float | None = None
    height_m: float | None = None
    plate_mass_kg: float | None = None
    uses: tuple[Use, ...] = ()
    defects: tuple[Defect, ...] = ()
    findings: tuple[str, ...] = field(default=())

    @property
    def faults(self) -> int:
        """How many defects were left, repairs and assumptions not counted."""
        return sum(d.kind == "defect" for d in self.defects)

    def use(self, name: UseName) -> Use | None:
        """Return what was judged of one use; None for a file that was refused."""
        return next((u for u in self.uses if u.name == name), None)
