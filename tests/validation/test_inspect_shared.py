"""``kinechain inspect`` over every shared file: no fault, nothing personal, and what is known of some trials."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from kinechain.inspection.folder import RECORDING_SUFFIXES, find_trials
from kinechain.inspection.inspect_file import inspect_file, inspect_trial
from kinechain.inspection.inspect_folder import inspect_trials
from kinechain.inspection.inspection import Inspection
from kinechain.report.inspection_html import render_inspection_html
from kinechain.report.inspection_json import inspection_json, read_inspection_schema
from kinechain.report.inspection_text import render_folder, render_inspection
from schema_check import faults

CHILD = "broken/odd/elite_anonym_child_address_fields.c3d"


@pytest.fixture(scope="module")
def everything(shared: Path) -> dict[str, Inspection]:
    """Every shared recording by its name below data/."""
    found = find_trials([shared / "data"])
    begun = time.perf_counter()
    rows = inspect_trials(found.trials)
    assert time.perf_counter() - begun < 60.0  # 3 s on two idle cores; the slack is for a busy machine
    return {row.name: row for row in rows}


def test_every_recording_is_a_row_and_none_is_a_fault_of_ours(shared: Path, everything: dict[str, Inspection]) -> None:
    data = shared / "data"
    files = [p for p in data.rglob("*") if p.is_file() and p.suffix.lower() in RECORDING_SUFFIXES]
    shown = set(everything) | {
        f"{name.rpartition('/')[0]}/{companion}" for name, row in everything.items() for companion in row.companions
    }
    assert {p.relative_to(data).as_posix() for p in files} <= shown
    for name, row in everything.items():
        assert "fault of this program" not in row.refused, f"{name}: {row.refused}"
        assert "ended" not in row.refused, f"{name}: {row.refused}"
        assert bool(row.refused) != bool(row.uses), name


def test_what_cannot_be_read_is_said_in_one_sentence_that_names_the_file(everything: dict[str, Inspection]) -> None:
    refused = {name: row.refused for name, row in everything.items() if row.refused}
    assert "broken/truncated/empty.c3d" in refused
    assert len(refused) < 20, refused
    for name, sentence in refused.items():
        assert name.rpartition("/")[2] in sentence
        assert sentence.isprintable() and len(sentence) < 400


def test_every_output_of_everything_can_be_made(everything: dict[str, Inspection]) -> None:
    rows = list(everything.values())
    assert faults(json.loads(inspection_json(rows)), read_inspection_schema()) == []
    assert max(map(len, render_folder(rows).splitlines())) <= 100
    for row in rows:
        assert max(map(len, render_inspection(row).splitlines())) <= 100, row.name
    assert len(render_inspection_html(rows)) < 8_000_000


def test_every_defect_says_where_what_it_does_and_what_to_do(everything: dict[str, Inspection]) -> None:
    for name, row in everything.items():
        for defect in row.defects:
            assert defect.code, (name, defect.text)
            assert defect.place and defect.effect and defect.cure, (name, defect.code, defect.text)


@pytest.mark.parametrize(
    ("name", "task", "usable"),
    [
        ("dev/lab_FMC/MH0222_BP06.c3d", "walking", {"ik": "yes", "events": "yes", "loads": "yes", "posture": "no"}),
        ("dev/lab_FMC/MH0222_BP01.c3d", "standing", {"ik": "yes", "events": "no", "posture": "yes"}),
        ("dev/uwa_fast_walk/fast_walking_a.c3d", "walking", {"events": "yes", "loads": "partly"}),
        ("dev/opencap_validation_s4/walking1.trc", "walking", {"ik": "yes", "posture": "no"}),
        ("dev/opencap_validation_s4/static1.trc", "standing", {"loads": "partly", "posture": "yes"}),
        ("dev/opencap_validation_s4/STS1.trc", "other", {"events": "no"}),
        (
            "dev/schreiber_moissenet/2014001/2014001_C4_05.c3d",
            "walking",
            {"ik": "yes", "events": "yes", "loads": "yes"},
        ),
        ("broken/odd/emg_only_no_points.c3d", "", {"ik": "no", "events": "no", "loads": "no", "posture": "no"}),
    ],
)
def test_what_is_known_of_a_trial_is_found(
    everything: dict[str, Inspection], name: str, task: str, usable: dict[str, str]
) -> None:
    row = everything[name]
    assert row.task == task
    assert {use.name: use.verdict for use in row.uses}.items() >= usable.items(), row.uses


def test_the_dead_plate_is_not_used_and_the_foot_on_the_other_is_named(everything: dict[str, Inspection]) -> None:
    row = everything["dev/uwa_fast_walk/fast_walking_a.c3d"]
    assert [plate.is_used for plate in row.plates] == [True, False]
    assert [(c.side, c.state) for c in row.plates[0].contacts] == [("right", "clean")]
    assert row.plates[0].type == 2 and row.plates[0].offset_n == pytest.approx(13.4, abs=0.2)
    assert (row.mass_kg, row.height_m, row.unlabelled) == (67.0, 1.82, 29)


def test_forces_beside_the_markers_are_joined(everything: dict[str, Inspection]) -> None:
    joined = {name for name, row in everything.items() if row.companions}
    assert {f"dev/opencap_validation_s4/walking{k}.trc" for k in (1, 2, 4)} <= joined
    assert {"dev/bmc_gait_pressure/walk1.trc", "dev/rezaie_qtm_running/gait_1_marker.trc"} <= joined


def test_nothing_of_a_person_is_told(shared: Path) -> None:
    import ezc3d

    path = shared / "data" / CHILD
    groups = ezc3d.c3d(str(path))["parameters"]
    secrets = {
        str(text).strip()
        for name, group in groups.items()
        if name.startswith("SUBJECT")
        for key, entry in group.items()
        if not key.startswith("__") and entry["type"] == -1
        for text in entry["value"]
    }
    secrets = {text for text in secrets if len(text) > 3 and text.strip("?")}
    assert len(secrets) >= 3
    row = inspect_file(path)
    for made in (
        inspection_json([row]),
        render_inspection(row),
        render_folder([row, row]),
        render_inspection_html([row]),
    ):
        assert not [text for text in secrets if re.search(rf"\b{re.escape(text)}\b", made, re.IGNORECASE)]


def test_a_trial_is_inspected_at_once(shared: Path) -> None:
    folder = shared / "data/dev/opencap_validation_s4"
    paths = [folder / "walking1.trc", folder / "walking1_grf.mot"]
    inspect_trial(paths)
    begun = time.perf_counter()
    inspect_trial(paths)
    assert time.perf_counter() - begun < 1.0  # 0.03 s on an idle core
