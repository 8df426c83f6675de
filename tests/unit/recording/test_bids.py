"""A dataset of BIDS motion has what the specification requires (BIDS 1.11.1, "Motion")."""

import json
import re

import numpy as np
import pytest
from people import labels, walking

from kinechain.core.errors import RecordingError, SettingError
from kinechain.recording.recording import Event, Markers, Recording, Series
from kinechain.recording.writers.bids import BidsNames, write_bids


def recording():
    positions = walking(50)
    positions[3:6, 2] = np.nan
    events = (Event("foot_strike", "left", 1.25, "file"), Event("foot_off", "right", 1.1, "plates"))
    return Recording("Anna Schmidt.c3d", "0" * 64, "C3D", Markers(labels(), positions, 100.0, 1.0), events=events)


def angles():
    return Series(("knee_flexion_left", "hip_rotation_right"), np.ones((50, 2)), ("deg", "deg"), np.arange(50) / 100)


@pytest.mark.parametrize("session", ["", "pre"])
@pytest.mark.parametrize("joints", [None, angles()])
def test_required_files_fields_and_columns(tmp_path, session, joints):
    names = BidsNames("K01", "walking", session, run=1)
    written = write_bids(recording(), tmp_path, names, angles=joints)
    assert all(path.exists() for path in written)
    about = json.loads((tmp_path / "dataset_description.json").read_text())
    assert about["Name"] and re.fullmatch(r"\d+\.\d+\.\d+", about["BIDSVersion"])
    assert (tmp_path / "README").stat().st_size > 100
    assert (tmp_path / "participants.tsv").read_text().splitlines() == ["participant_id", "sub-K01"]
    middle = f"_ses-{session}" if session else ""
    folder = tmp_path / "sub-K01" / (f"ses-{session}" if session else "") / "motion"
    stem = f"sub-K01{middle}_task-walking_tracksys-optical_run-01"
    assert {p.name for p in folder.iterdir()} == {
        f"{stem}_{end}"
        for end in (
            "motion.tsv",
            "motion.json",
            "channels.tsv",
            "channels.json",
            "events.tsv",
            "events.json",
        )
    }
    sidecar = json.loads((folder / f"{stem}_motion.json").read_text())
    assert sidecar["TaskName"] == "walking" and sidecar["SamplingFrequency"] == 100.0
    channels = [line.split("\t") for line in (folder / f"{stem}_channels.tsv").read_text().splitlines()]
    assert channels[0][:5] == ["name", "component", "type", "tracked_point", "units"]
    assert {row[2] for row in channels[1:]} <= {"POS", "JNTANG"}
    assert all(row[1] in ("x", "y", "z") for row in channels[1:] if row[2] == "POS")
    assert len({row[0] for row in channels[1:]}) == len(channels) - 1 == sidecar["MotionChannelCount"]
    rows = [line.split("\t") for line in (folder / f"{stem}_motion.tsv").read_text().splitlines()]
    assert len(rows) == 50 and {len(row) for row in rows} == {len(channels) - 1}
    assert all(cell == "n/a" or np.isfinite(float(cell)) for row in rows for cell in row)
    assert rows[3][6:9] == ["n/a"] * 3
    levels = json.loads((folder / f"{stem}_channels.json").read_text())["reference_frame"]["Levels"]
    assert {row[5] for row in channels[1:]} <= set(levels)
    events = [line.split("\t") for line in (folder / f"{stem}_events.tsv").read_text().splitlines()]
    assert events[0][:2] == ["onset", "duration"]
    assert [(row[0], row[2]) for row in events[1:]] == [
        ("0.100000", "right_foot_off"),
        ("0.250000", "left_foot_strike"),
    ]
    everything = "".join(p.read_text() for p in tmp_path.rglob("*") if p.is_file())
    assert "Schmidt" not in everything and not any("Schmidt" in str(p) for p in tmp_path.rglob("*"))


def test_a_dataset_grows_and_holds_nothing_twice(tmp_path):
    write_bids(recording(), tmp_path, BidsNames("A"))
    write_bids(recording(), tmp_path, BidsNames("B"))
    write_bids(recording(), tmp_path, BidsNames("B", "running"))
    assert (tmp_path / "participants.tsv").read_text().splitlines() == ["participant_id", "sub-A", "sub-B"]
    with pytest.raises(RecordingError, match="holds sub-A_task-walking"):
        write_bids(recording(), tmp_path, BidsNames("A"))


@pytest.mark.parametrize("label", ["", "Anna Schmidt", "sub-01", "a_b", "ä", "../x", "1.5"])
def test_labels_that_bids_does_not_allow_are_refused(label):
    with pytest.raises(SettingError, match="not one that BIDS allows"):
        BidsNames(label)
    with pytest.raises(SettingError, match="not one that BIDS allows"):
        BidsNames("A", task=label)
