"""Recordings, their events and their angles as files that other programs read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.care.person.person import Person
from kinechain.core.arrays import FloatArray
from kinechain.core.draft import drafted
from kinechain.core.errors import FileError, RecordingError, SettingError
from kinechain.core.text import printable
from kinechain.motion.events import choose_events
from kinechain.motion.marker_paths import marker_paths
from kinechain.motion.motion import Angles
from kinechain.motion.trial import analyze_gait
from kinechain.recording.join import join_recordings
from kinechain.recording.prepare import PrepareSettings, turned_plate
from kinechain.recording.read import ReadSettings, read_recording
from kinechain.recording.recording import Event, ForcePlate, Markers, Recording, Series
from kinechain.recording.still import keep_still_part
from kinechain.recording.visit import prepare_visit
from kinechain.recording.writers.bids import BidsNames, write_bids
from kinechain.recording.writers.c3d import write_c3d
from kinechain.recording.writers.csv import write_markers_csv, write_series_csv
from kinechain.recording.writers.mot import write_mot
from kinechain.recording.writers.parquet import write_markers_parquet, write_parquet
from kinechain.recording.writers.trc import write_trc

__all__ = ["FORMATS", "ExportSettings", "Exported", "export_recordings"]

FORMATS = ("c3d", "trc", "mot", "csv", "parquet", "bids")
Say = Callable[[str], None]

#: OpenSim's axes (x forward, y up, z right) seen from the world frame (x forward, y left, z up).
OPENSIM_FROM_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
FRAMES = {
    "lab": "as recorded",
    "world": "world: x forward, y left, z up",
    "opensim": "OpenSim: x forward, y up, z right",
}


@dataclass(frozen=True)
class ExportSettings:
    """What is written.

    Attributes
    ----------
    to : str
        One of :data:`FORMATS`.
    axes : 'lab', 'world' or 'opensim'
        As recorded, or turned as ``prepare_recording`` and OpenSim have it; turned markers have short gaps filled.
    events : bool
        Foot strikes and foot-offs as ``kinechain assess`` takes them, in place of those of the file.
    angles : bool
        Clinical angles of a body fitted to the person.
    profile : str or None
        Marker-set profile by name or file.
    reading : ReadSettings
    preparing : PrepareSettings
        What the user says of vertical, sides and clock, where a file cannot tell.
    """

    to: str
    axes: Literal["lab", "world", "opensim"] = "lab"
    events: bool = False
    angles: bool = False
    profile: str | None = None
    reading: ReadSettings = field(default_factory=ReadSettings)
    preparing: PrepareSettings = field(default_factory=PrepareSettings)

    def __post_init__(self) -> None:
        if self.to not in FORMATS:
            raise SettingError(f"nothing can be written as '{self.to[:20]}'; choose one of {', '.join(FORMATS)}")
        if self.axes not in FRAMES:
            raise SettingError(f"the axes are '{str(self.axes)[:20]}'; choose one of {', '.join(FRAMES)}")

    @property
    def needs_preparing(self) -> bool:
        """True if the markers must be understood, not only copied."""
        return self.events or self.angles or self.axes != "lab"


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    paths : tuple of Path
    said : tuple of str
        What could not be written as it was, in sentences.
    """

    paths: tuple[Path, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Trial:
    """One recording and what was computed from it."""

    recording: Recording
    events: tuple[Event, ...] = ()
    angles: Angles | None = None


def export_recordings(
    paths: Sequence[Path],
    out: Path,
    settings: ExportSettings,
    person: Person | None = None,
    static: Path | None = None,
    names: BidsNames | None = None,
    say: Say = lambda _: None,
) -> Exported:
    """Write recordings in another format.

    Parameters
    ----------
    paths : sequence of path
        Tables of plates are joined to the markers of their trial.
    out : path
        A file for one recording, a folder for several; for BIDS the folder of the dataset.
    settings : ExportSettings
    person : Person, optional
        Whose body the angles are of.
    static : path, optional
        The standing trial that the body is fitted to.
    names : BidsNames, optional
        Pseudonyms; several recordings of one subject and task are counted as runs.
    say : callable
        Called with one short sentence per step.

    Raises
    ------
    InputError
        If a file cannot be used, an input would be overwritten, or something needed is missing.
    """
    if settings.angles and person is None:
        raise SettingError(
            "--angles needs the person they are of: give --body PERSON.toml, and --static if there is one"
        )
    if settings.to == "bids" and names is None:
        raise SettingError("BIDS needs a pseudonym: give --subject LABEL, letters and digits, never a person's name")
    say("Reading the recordings")
    read = {path: read_recording(path, settings.reading) for path in dict.fromkeys(paths)}
    joined = join_recordings(list(read.values()))
    targets = _targets(joined, out, settings.to)
    inputs = {path.resolve() for path in [*paths, *([static] if static else [])]}
    for target in targets:
        if any(made.resolve() in inputs for made in _files_of(target, settings)):
            raise SettingError(f"{target.name} is one of the inputs and is not overwritten; give another --out")
    trials = _understood(joined, settings, person, static, say) if settings.needs_preparing else None
    say("Writing")
    written: list[Path] = []
    said: list[str] = []
    for number, (recording, target) in enumerate(zip(joined, targets, strict=True)):
        trial = trials[number] if trials else _Trial(recording, recording.events)
        if settings.to == "bids" and names is not None:
            run = replace(names, run=names.run or number + 1) if len(joined) > 1 else names
            written += write_bids(trial.recording, target, run, trial.events, _in_degrees(trial.angles))
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        made, sentences = _write(trial, target, settings)
        written += made
        said += sentences
    return Exported(tuple(written), tuple(said))


def _targets(recordings: Sequence[Recording], out: Path, to: str) -> list[Path]:
    """Return where each recording goes."""
    if to == "bids":
        if out.exists() and not out.is_dir():
            raise FileError(f"{printable(out.name)} is a file; a dataset of BIDS is a folder")
        return [out] * len(recordings)
    if len(recordings) == 1 and out.suffix and not out.is_dir():
        return [out]
    if out.exists() and not out.is_dir():
        raise FileError(f"{printable(out.name)} is a file; {len(recordings)} recordings need a folder")
    targets = [out / f"{Path(recording.name).stem}.{to}" for recording in recordings]
    twice = next((t for t in targets if targets.count(t) > 1), None)
    if twice is not None:
        raise SettingError(
            f"two of the recordings would be written to {printable(twice.name)}; export them into different folders"
        )
    return targets


def _files_of(target: Path, settings: ExportSettings) -> list[Path]:
    if settings.to == "bids":
        return []
    stem = target.with_suffix("")
    return [target, *(Path(f"{stem}_{what}{target.suffix}") for what in ("angles", "events"))]


def _understood(
    recordings: Sequence[Recording], settings: ExportSettings, person: Person | None, static: Path | None, say: Say
) -> list[_Trial]:
    """Prepare every recording, and compute what is asked for."""
    keyed = {Path(f"{i}"): recording for i, recording in enumerate(recordings)}
    if static is not None:
        keyed[Path("static")] = read_recording(static, settings.reading)
    refused: list[str] = []
    ready = prepare_visit(keyed, settings.profile, settings.preparing, refused)
    if refused:
        raise RecordingError(refused[0])
    body = None
    if settings.angles and person is not None:
        say("Fitting the body")
        standing = ready.get(Path("static"))
        body = _body(person, keep_still_part(standing) if standing is not None else None, ready[Path("0")])
    out = []
    for i, recording in enumerate(recordings):
        say(f"Solving {recording.name}")
        out.append(_trial(recording, ready[Path(f"{i}")], body, settings))
    return out


def _body(person: Person, standing: Recording | None, walking: Recording) -> Body:
    mass = person.mass_kg or walking.mass_kg or (standing.mass_kg if standing else None)
    height = person.height_m or walking.height_m or (standing.height_m if standing else None)
    size = BodySize(
        mass_kg=mass,
        height_m=height,
        sex=person.sex,
        age_years=person.age_years,
        foot_length_m=person.foot_length_m,
    )
    return fit_body(size, static=standing, recording=walking)


def _trial(recording: Recording, ready: Recording, body: Body | None, settings: ExportSettings) -> _Trial:
    """Return one recording in the axes asked for, with its events and angles."""
    events: tuple[Event, ...] = recording.events
    angles = None
    if body is not None:
        gait = analyze_gait(body, ready, least_cycles=0)
        angles = gait.angles
        events = gait.events if settings.events else events
    elif settings.events:
        paths = marker_paths(ready)
        if paths is None:
            raise RecordingError(f"{recording.name} shows no feet, so no events of gait can be told")
        events = choose_events(ready, paths).events
    return _Trial(_in_axes(recording, ready, settings.axes), events, angles)


def _in_axes(recording: Recording, ready: Recording, axes: str) -> Recording:
    """Return a recording as recorded, in the world frame or in OpenSim's; always on the clock of its events."""
    if axes == "world":
        return ready
    if axes == "opensim":
        markers = ready.require_markers()
        turned = Markers(markers.labels, markers.positions @ OPENSIM_FROM_WORLD.T, markers.rate_hz, markers.start_s)
        plates = tuple(turned_plate(plate, OPENSIM_FROM_WORLD) for plate in ready.plates)
        return replace(ready, markers=turned, plates=plates, is_world=False)
    own, clock = recording.require_markers(), ready.require_markers()
    if len(own.positions) != len(clock.positions):
        raise RecordingError(
            f"{recording.name} had to be cut to be understood; export it with --axes world, or without "
            "events and angles"
        )
    return replace(recording, markers=replace(own, rate_hz=clock.rate_hz, start_s=clock.start_s))


def _in_degrees(angles: Angles | None) -> Series | None:
    if angles is None:
        return None
    return Series(angles.labels, np.degrees(angles.values), ("deg",) * len(angles.labels), angles.times_s)


def _write(trial: _Trial, target: Path, settings: ExportSettings) -> tuple[list[Path], tuple[str, ...]]:
    """Write one recording in any format but BIDS."""
    recording, angles = trial.recording, _in_degrees(trial.angles)
    if settings.to == "c3d":
        said = write_c3d(recording, target, trial.events, angles)
        return [target], tuple(f"{recording.name}: {sentence}" for sentence in said)
    if settings.to == "trc":
        with drafted(target) as draft:
            write_trc(recording.require_markers(), draft)
        lost = _beside_markers(recording) + ["events"] * bool(trial.events) + ["angles"] * settings.angles
        return [target], _not_written(target, lost)
    if settings.to == "mot":
        return _write_table(trial, target, settings)
    paths = _write_columns(trial, target, settings, angles)
    lost = _beside_markers(recording) if recording.markers is not None else []
    return paths, _not_written(target, lost)


def _beside_markers(recording: Recording) -> list[str]:
    """Return what a recording holds that a table of its markers does not."""
    return ["plates"] * bool(recording.plates) + ["channels"] * (recording.series is not None)


def _not_written(target: Path, lost: Sequence[str]) -> tuple[str, ...]:
    if not lost:
        return ()
    names = " and ".join(filter(None, (", ".join(lost[:-1]), lost[-1])))
    return (f"{printable(target.name)} holds markers alone: {names} are left out; a C3D would hold them.",)


def _write_table(trial: _Trial, target: Path, settings: ExportSettings) -> tuple[list[Path], tuple[str, ...]]:
    """Write angles, else plates, else the columns of the recording, as a MOT."""
    recording = trial.recording
    said = ("A MOT holds no events; they are not in it.",) if settings.events else ()
    if trial.angles is not None:
        angles = trial.angles
        write_mot(angles.labels, ["rotation"] * len(angles.labels), angles.values, angles.times_s, target)
    elif recording.plates:
        labels, values, times = _plate_columns(recording.plates)
        remark = f"Ground reaction on the person, N, m and N m, axes {FRAMES[settings.axes]}"
        write_mot(labels, ["as it is"] * len(labels), values, times, target, [remark])
    elif recording.series is not None:
        series = recording.series
        write_mot(series.labels, ["as it is"] * len(series.labels), series.values, series.times_s, target)
    else:
        raise RecordingError(
            f"{recording.name} holds no columns for a MOT (plates, coordinates, channels); "
            "export its markers with --to trc, or angles with --angles"
        )
    return [target], said


def _plate_columns(plates: Sequence[ForcePlate]) -> tuple[list[str], FloatArray, FloatArray]:
    """Return OpenSim's columns of every plate on one clock; an unloaded plate has its point at zero."""
    longest = max(plates, key=lambda plate: len(plate.force))
    times = longest.times_s
    labels: list[str] = []
    columns: list[FloatArray] = []
    for number, plate in enumerate(plates, 1):
        for pattern, values in (
            ("ground_force_{n}_v{a}", plate.force),
            ("ground_force_{n}_p{a}", plate.centre_of_pressure),
            ("ground_torque_{n}_{a}", plate.free_moment),
        ):
            for axis in range(3):
                labels.append(pattern.format(n=number, a="xyz"[axis]))
                column = np.nan_to_num(values[:, axis])
                at = plate.times_s
                same = len(at) == len(times) and np.allclose(at, times, atol=1e-6)
                columns.append(column if same else np.interp(times, at, column, left=0.0, right=0.0))
    return labels, np.stack(columns, axis=1), times


def _write_columns(trial: _Trial, target: Path, settings: ExportSettings, angles: Series | None) -> list[Path]:
    """Write tidy text or Parquet: markers, beside them angles and events, each in a file of its own."""
    recording, written = trial.recording, []
    is_text = settings.to == "csv"
    frame = FRAMES[settings.axes]
    if recording.markers is not None:
        if is_text:
            write_markers_csv(recording.markers, target)
        else:
            write_markers_parquet(recording.markers, target, frame, metadata={"source_sha256": recording.sha256})
        written.append(target)
    elif recording.series is not None:
        _write_series(recording.series, target, is_text, frame)
        written.append(target)
    else:
        raise RecordingError(f"{recording.name} holds neither markers nor columns to write to {target.name}")
    if angles is not None:
        path = target.with_name(f"{target.stem}_angles{target.suffix}")
        _write_series(angles, path, is_text, "joint")
        written.append(path)
    if trial.events:
        path = target.with_name(f"{target.stem}_events.csv")
        rows = [f"{e.time_s:.6f},{e.side},{e.kind},{e.source}" for e in sorted(trial.events, key=lambda e: e.time_s)]
        path.write_text("\n".join(["time,side,event,source", *rows]) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _write_series(series: Series, path: Path, is_text: bool, frame: str) -> None:
    if is_text:
        write_series_csv(series.labels, series.units, series.values, series.times_s, path)
    else:
        write_parquet(series.labels, series.units, series.values, series.times_s, path, frame)
