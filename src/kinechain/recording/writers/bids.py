"""Write a recording as a dataset of the Brain Imaging Data Structure, extension for motion (Motion-BIDS).

Source: BIDS specification 1.11.1, "Motion" (modality-specific files), whose required files and fields are: for every
tracking system ``*_motion.tsv`` without a header line, ``*_motion.json`` with ``TaskName`` and ``SamplingFrequency``,
``*_channels.tsv`` that begins with the columns name, component, type, tracked_point, units and has one row a column;
``dataset_description.json`` with ``Name`` and ``BIDSVersion``; a README; labels of letters, digits and '+' alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinechain import __version__
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError, SettingError
from kinechain.recording.recording import Event, Markers, Recording, Series

__all__ = ["BIDS_VERSION", "BidsNames", "write_bids"]

BIDS_VERSION = "1.11.1"
_LABEL = re.compile(r"[0-9a-zA-Z]+")


@dataclass(frozen=True)
class BidsNames:
    """What a user calls a recording; nothing of it comes from the file.

    Attributes
    ----------
    subject : str
        A pseudonym of letters and digits, without 'sub-'.
    task : str
        Letters and digits, e.g. 'walking'.
    session : str
        '' if there is one session.
    run : int
        0 if there is one run.
    tracksys : str
        Name of the tracking system.

    Raises
    ------
    SettingError
        If a label is one that BIDS does not allow.
    """

    subject: str
    task: str = "walking"
    session: str = ""
    run: int = 0
    tracksys: str = "optical"

    def __post_init__(self) -> None:
        for what, label in (("subject", self.subject), ("task", self.task), ("tracking system", self.tracksys)):
            _check(what, label)
        if self.session:
            _check("session", self.session)
        if self.run < 0:
            raise SettingError(f"the run is {self.run}; BIDS counts runs from 1")

    @property
    def folder(self) -> Path:
        """Where the motion files lie below the dataset."""
        session = f"ses-{self.session}" if self.session else ""
        return Path(f"sub-{self.subject}") / session / "motion"

    @property
    def stem(self) -> str:
        """What the names of the files begin with."""
        session = f"_ses-{self.session}" if self.session else ""
        run = f"_run-{self.run:02d}" if self.run else ""
        return f"sub-{self.subject}{session}_task-{self.task}_tracksys-{self.tracksys}{run}"


def _check(what: str, label: str) -> None:
    if not _LABEL.fullmatch(label):
        raise SettingError(
            f"the label '{label[:40]}' of the {what} is not one that BIDS allows; "
            "use letters and digits alone, without blanks, dashes and underscores, and never a person's name"
        )


def write_bids(
    recording: Recording,
    folder: Path | str,
    names: BidsNames,
    events: Sequence[Event] | None = None,
    angles: Series | None = None,
) -> tuple[Path, ...]:
    """Write one recording into a dataset, which is begun or continued.

    Parameters
    ----------
    recording : Recording
        Markers; plates and analog channels have no place in the motion extension and are not written.
    folder : path
        Of the dataset.
    names : BidsNames
        Pseudonyms given by the user; the file's own words about the subject are not in a recording.
    events : sequence of Event, optional
        Written in place of those the recording holds.
    angles : Series, optional
        In degrees, in the frames of the markers: written as channels of the type JNTANG.

    Returns
    -------
    tuple of Path
        Files written, in the order of writing.

    Raises
    ------
    RecordingError
        If there are no markers, angles of other frames, or the dataset holds this recording already.
    """
    folder = Path(folder)
    markers = recording.markers
    if markers is None or not markers.labels:
        raise RecordingError(f"there are no markers to write to {folder.name}; BIDS motion holds trajectories")
    if angles is not None and len(angles.values) != len(markers.positions):
        raise RecordingError(
            f"{folder.name} cannot be written: {len(angles.values)} rows of angles for {len(markers.positions)} frames"
        )
    place = folder / names.folder
    if (place / f"{names.stem}_motion.tsv").exists():
        raise RecordingError(
            f"{folder.name} holds {names.stem} already; give another subject, session, task or run, or another folder"
        )
    place.mkdir(parents=True, exist_ok=True)
    written = _begin(folder)
    _add_participant(folder, names.subject)
    columns, rows = _channels(recording, markers, angles)
    _write(place / f"{names.stem}_motion.tsv", _table(columns), written)
    _write(place / f"{names.stem}_motion.json", _json(_sidecar(recording, markers, names, angles)), written)
    _write(place / f"{names.stem}_channels.tsv", _lines(rows), written)
    _write(place / f"{names.stem}_channels.json", _json(_frames(recording, angles)), written)
    marked = recording.events if events is None else events
    if marked:
        _write(place / f"{names.stem}_events.tsv", _lines(_event_rows(marked, markers.start_s)), written)
        _write(place / f"{names.stem}_events.json", _json(_EVENT_COLUMNS), written)
    return tuple(written)


def _write(path: Path, text: str, written: list[Path]) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
    written.append(path)


def _json(content: Mapping[str, object]) -> str:
    return json.dumps(content, indent=2) + "\n"


def _lines(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("\t".join(cell.replace("\t", " ") or "n/a" for cell in row) for row in rows) + "\n"


def _table(columns: FloatArray) -> str:
    cells = np.where(np.isnan(columns), "n/a", np.char.mod("%.9g", columns))
    return "\n".join("\t".join(row) for row in cells) + "\n"


def _begin(folder: Path) -> list[Path]:
    """Write what a dataset has once, where it is not there yet."""
    written: list[Path] = []
    about = {
        "Name": "Motion exported by kinechain",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "kinechain", "Version": __version__}],
    }
    readme = (
        "Motion of markers, exported by kinechain into the Brain Imaging Data Structure (BIDS), extension "
        "for motion.\n\n"
        "Participants bear pseudonyms given at the export. Positions are in metres; missing values are n/a.\n"
    )
    participants = {
        "participant_id": {"Description": "Pseudonym given at the export; it begins with sub-"},
    }
    for name, text in (
        ("dataset_description.json", _json(about)),
        ("README", readme),
        ("participants.json", _json(participants)),
    ):
        if not (folder / name).exists():
            _write(folder / name, text, written)
    if not (folder / "participants.tsv").exists():
        _write(folder / "participants.tsv", "participant_id\n", written)
    return written


def _add_participant(folder: Path, subject: str) -> None:
    path = folder / "participants.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0].startswith("participant_id"):
        raise RecordingError(
            f"{folder.name} holds a participants.tsv without the column participant_id; give a new folder"
        )
    if f"sub-{subject}" in {line.split("\t")[0] for line in lines[1:]}:
        return
    row = [f"sub-{subject}", *["n/a"] * lines[0].count("\t")]
    path.write_text("\n".join([*lines, "\t".join(row)]) + "\n", encoding="utf-8", newline="\n")


def _channels(
    recording: Recording, markers: Markers, angles: Series | None
) -> tuple[FloatArray, list[tuple[str, ...]]]:
    """Return the columns (time, channel) and the rows of the table that describes them."""
    frame = "world" if recording.is_world else "laboratory"
    rows: list[tuple[str, ...]] = [("name", "component", "type", "tracked_point", "units", "reference_frame")]
    rows += [(f"{label}_{axis}", axis, "POS", label, "m", frame) for label in markers.labels for axis in "xyz"]
    columns = markers.positions.reshape(len(markers.positions), -1)
    if angles is not None:
        rows += [(label, "n/a", "JNTANG", label.rpartition("_")[0], "deg", "joint") for label in angles.labels]
        columns = np.concatenate([columns, angles.values], axis=1)
    return columns, rows


def _sidecar(recording: Recording, markers: Markers, names: BidsNames, angles: Series | None) -> dict[str, object]:
    joints = 0 if angles is None else len(angles.labels)
    points = len(markers.labels)
    return {
        "TaskName": names.task,
        "SamplingFrequency": markers.rate_hz,
        "SamplingFrequencyEffective": markers.rate_hz,
        "TrackingSystemName": names.tracksys,
        "MotionChannelCount": 3 * points + joints,
        "POSChannelCount": 3 * points,
        "JNTANGChannelCount": joints,
        "TrackedPointsCount": points,
        "RecordingDuration": len(markers.positions) / markers.rate_hz,
        "MissingValues": "n/a",
        "SoftwareVersions": f"kinechain {__version__}",
        "SourceFileSHA256": recording.sha256,
    }


def _frames(recording: Recording, angles: Series | None) -> dict[str, object]:
    levels: dict[str, dict[str, str]] = {}
    if recording.is_world:
        levels["world"] = {
            "SpatialAxes": "ALS",
            "RotationRule": "right-hand",
            "Description": "x in the direction of walking, y to the left of it, z up",
        }
    else:
        levels["laboratory"] = {
            "RotationRule": "right-hand",
            "Description": "Axes as the laboratory recorded them; their directions are not stated",
        }
    if angles is not None:
        levels["joint"] = {
            "Description": "Clinical angles of kinechain, distal against proximal segment, with the signs of its manual"
        }
    return {"reference_frame": {"Description": "Axes the channel is given in", "Levels": levels}}


_EVENT_COLUMNS: Mapping[str, object] = {
    "onset": {"Description": "Time after the first row of the motion file", "Units": "s"},
    "duration": {"Description": "Events of gait are instants", "Units": "s"},
    "trial_type": {
        "Description": "Event of gait",
        "Levels": {
            "left_foot_strike": "The left foot meets the floor",
            "left_foot_off": "The left foot leaves the floor",
            "right_foot_strike": "The right foot meets the floor",
            "right_foot_off": "The right foot leaves the floor",
        },
    },
    "source": {"Description": "Where the event comes from: the file, the plates, or the name of the method"},
}


def _event_rows(events: Sequence[Event], start_s: float) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("onset", "duration", "trial_type", "source")]
    for event in sorted(events, key=lambda e: e.time_s):
        rows.append((f"{event.time_s - start_s:.6f}", "0", f"{event.side}_{event.kind}", event.source))
    return rows
