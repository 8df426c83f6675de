"""Handing in recordings: what is taken, under which name, by whom it can be changed, and what a worker makes of it."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from doing_work import do_work
from kinechain.core.errors import FileError, InputError, SettingError
from kinechain.store.jobs import MOST_DEATHS, fail, jobs_of, lease, let_go
from kinechain.store.people import Patient
from kinechain.store.tables import audit
from kinechain.web.api.answers import recording_row
from kinechain.workspace.assessing import ready
from kinechain.workspace.case import read_case
from kinechain.workspace.recordings import (
    HEAD,
    FileRow,
    check_size,
    choose_use,
    clean_name,
    hand_in,
    largest_upload,
    recordings_of,
    remove_recording,
    sniff,
)
from web_fixtures import Clinics

WALK = "data/dev/schreiber_moissenet/2014015/2014015_C4_04.c3d"
STANDING = "data/dev/schreiber_moissenet/2014015/2014015_ST.c3d"
TRC = b"PathFileType\t4\t(X/Y/Z)\twalk.trc\nDataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\n"


def give(clinic: Clinics, content: bytes, name: str = "walk.c3d", **more: Any) -> FileRow:
    return hand_in(clinic.place, clinic.actor(), more.get("patient", clinic.patient), name, io.BytesIO(content))


def rows(clinic: Clinics, patient: str = "") -> tuple[FileRow, ...]:
    with clinic.place.database.reading() as connection:
        return recordings_of(connection, patient or clinic.patient)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("walk1.c3d", "walk1.c3d"),
        ("C:\\lab\\walk 1.c3d", "walk 1.c3d"),
        ("../../etc/passwd", "passwd"),
        ("...hidden.trc", "hidden.trc"),
        ("a\x00b\n<script>.c3d", "a b script.c3d"),
        ("", "recording"),
        ("ко\u0301д.c3d", "ко́д.c3d"),
        ("x" * 300 + ".c3d", "x" * 100 + ".c3d"),
        ("no ending", "no ending"),
        ("\u202egnp.c3d", "gnp.c3d"),
    ],
)
def test_a_name_is_kept_without_path_and_without_what_cannot_be_printed(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_words_of_the_patient_leave_the_name_of_a_file() -> None:
    from kinechain.store.clock import now

    who = Patient("1", "c", "p-7", "Zoë Müller-Li", now())
    assert clean_name("Mueller_walk.c3d", who) == "p-7_walk.c3d"
    assert clean_name("ZMuller2.c3d", who) == clean_name("zoemueller2.c3d", who) == "p-72.c3d"
    assert clean_name("Soerensen Sorensen.trc", Patient("1", "c", "p-7", "Sørensen", now())) == "p-7.trc"
    assert clean_name("MÜLLER_zoe_walk1.c3d", who) == "p-7_walk1.c3d"
    assert clean_name("muller.c3d", who) == "p-7.c3d"
    assert clean_name("lift walk.c3d", who) == "lift walk.c3d"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + bytes(200), "ZIP archive"),
        (b"\x1f\x8b\x08" + bytes(200), "gzip"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "picture"),
        (b"<!doctype html><script>alert(1)</script>", "no recording"),
        (bytes(5000), "no recording"),
        (b"MATLAB 5.0 MAT-file" + bytes(200), "MATLAB"),
        (b"\x7fELF" + bytes(300), "no recording"),
    ],
)
def test_what_is_no_recording_is_refused_by_its_beginning(clinic: Clinics, content: bytes, words: str) -> None:
    with pytest.raises(FileError, match=words):
        give(clinic, content)
    assert rows(clinic) == ()
    assert not list(clinic.place.files.digests())


def test_kinds_are_told_from_content_and_not_from_the_name(shared: Path) -> None:
    assert sniff((shared / WALK).read_bytes()[:HEAD], "walk.txt") == "C3D"
    assert sniff(TRC) == "TRC"
    table = (shared / "data/dev/opencap_validation_s4/walking1_grf.mot").read_bytes()[:HEAD]
    assert sniff(table) == "table"
    assert sniff(b"time,a,b\n0,1,2\n0.01,2,3\n") == "text"
    assert sniff(b"PAR1" + bytes(100)) == "Parquet"


def test_every_readable_recording_of_the_shared_ones_is_taken(shared: Path) -> None:
    refused = []
    for path in sorted((shared / "data" / "dev").rglob("*")):
        if path.suffix.lower() in (".c3d", ".trc", ".mot", ".sto", ".forces"):
            with path.open("rb") as file:
                try:
                    sniff(file.read(HEAD), path.name)
                except FileError as error:
                    refused.append(str(error))
    assert not refused


def test_a_file_that_says_it_is_too_large_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINECHAIN_UPLOAD_MB", "2")
    check_size(2_000_000)
    with pytest.raises(FileError, match="files of up to 2 MB are taken"):
        check_size(2_000_001)
    for wrong in ("0", "many", "-3", "1e3", "٣"):
        monkeypatch.setenv("KINECHAIN_UPLOAD_MB", wrong)
        with pytest.raises(SettingError, match="KINECHAIN_UPLOAD_MB"):
            largest_upload()


def test_a_file_that_grows_too_large_on_the_way_leaves_nothing(
    clinic: Clinics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINECHAIN_UPLOAD_MB", "1")
    with pytest.raises(FileError, match="up to 1 MB"):
        give(clinic, TRC + b"0\t" * 700_000)
    assert rows(clinic) == ()
    assert not [path for path in clinic.place.files.folder.rglob("*") if path.is_file()]


def test_handing_in_keeps_the_bytes_a_row_a_job_and_a_line_of_the_trail(clinic: Clinics, shared: Path) -> None:
    content = (shared / WALK).read_bytes()
    row = give(clinic, content, "Petra walk.c3d")
    assert clinic.place.files.read(row.digest) == content
    assert (row.name, row.kind, row.size, row.is_new) == ("p-1 walk.c3d", "C3D", len(content), True)
    with clinic.place.database.reading() as connection:
        (job,) = jobs_of(connection, clinic.patient)
        said = connection.execute(select(audit).where(audit.c.action == "hand in recording")).all()
    assert (job.kind, job.state, job.input["file"]) == ("inspect", "queued", row.id)
    assert len(said) == 1 and "Petra" not in said[0].detail and "Petra" not in json.dumps(dict(job.input))


def test_the_same_bytes_again_are_the_same_recording_of_this_patient_alone(clinic: Clinics) -> None:
    first = give(clinic, TRC, "a.trc")
    again = give(clinic, TRC, "b.trc")
    other = give(clinic, TRC, "a.trc", patient=clinic.own.new_patient)
    assert (again.id, again.is_new, other.is_new) == (first.id, False, True)
    assert other.id != first.id and len(rows(clinic)) == 1


def test_two_recordings_of_one_name_are_told_apart(clinic: Clinics) -> None:
    names = [give(clinic, TRC + str(k).encode(), "walk.trc").name for k in range(3)]
    assert names == ["walk.trc", "walk (2).trc", "walk (3).trc"]


def test_a_worker_presets_the_use_by_what_it_sees_and_leaves_a_choice_alone(clinic: Clinics, shared: Path) -> None:
    give(clinic, (shared / WALK).read_bytes(), "a.c3d")
    give(clinic, (shared / STANDING).read_bytes(), "b.c3d")
    give(clinic, (shared / "data/broken/malformed/phasespace_no_parameters.c3d").read_bytes(), "c.c3d")
    chosen = give(clinic, TRC, "d.trc")
    choose_use(clinic.place, clinic.actor(), clinic.patient, chosen.id, "aside")
    do_work(clinic.place, ("inspect",))
    found = {row.name: row for row in rows(clinic)}
    assert [found[name].use for name in ("a.c3d", "b.c3d", "c.c3d", "d.trc")] == [
        "walking",
        "standing",
        "aside",
        "aside",
    ]
    assert found["a.c3d"].inspected is not None and found["a.c3d"].inspected["task"] == "walking"
    assert all(row.inspected is not None for row in found.values())


def test_there_is_one_standing_trial(clinic: Clinics) -> None:
    first, second = give(clinic, TRC + b"1", "a.trc"), give(clinic, TRC + b"2", "b.trc")
    for row in (first, second):
        choose_use(clinic.place, clinic.actor(), clinic.patient, row.id, "standing")
    assert [row.use for row in rows(clinic)] == ["aside", "standing"]
    with pytest.raises(InputError, match="used for"):
        choose_use(clinic.place, clinic.actor(), clinic.patient, first.id, "jumping")


def test_a_recording_of_another_patient_is_none_of_theirs(clinic: Clinics) -> None:
    row = give(clinic, TRC)
    for act in (
        lambda: choose_use(clinic.place, clinic.actor(), clinic.own.new_patient, row.id, "aside"),
        lambda: remove_recording(clinic.place, clinic.actor(), clinic.own.new_patient, row.id),
    ):
        with pytest.raises(InputError, match="no such recording"):
            act()
    assert len(rows(clinic)) == 1


def test_what_was_removed_is_not_used_and_can_be_handed_in_again(clinic: Clinics) -> None:
    row = give(clinic, TRC)
    remove_recording(clinic.place, clinic.actor(), clinic.patient, row.id)
    assert rows(clinic) == ()
    assert give(clinic, TRC).is_new


def test_personal_fields_of_a_file_reach_no_row(clinic: Clinics, shared: Path) -> None:
    path = shared / "data/broken/odd/elite_anonym_child_address_fields.c3d"
    give(clinic, path.read_bytes(), "child.c3d")
    do_work(clinic.place, ("inspect",))
    (row,) = rows(clinic)
    said = json.dumps(row.inspected).casefold()
    assert row.inspected is not None
    for word in ("address", "birth", "telephone", "phone", "surname"):
        assert word not in said


def test_bombs_and_damage_end_as_a_sentence_and_the_worker_goes_on(clinic: Clinics, shared: Path) -> None:
    """A real worker with its limited process: every file is told of, none stops it."""
    from kinechain.workspace.worker import run_worker

    broken = shared / "data" / "broken"
    paths = [
        broken / "malformed" / "bkin_memory_bomb.c3d",
        broken / "malformed" / "badParameterOffset.c3d",
        broken / "malformed" / "bad_parameter_section.c3d",
        broken / "malformed" / "optitrack_mocap36_missing_byte.c3d",
        broken / "truncated" / "Truncated.trc",
    ]
    kept = {give(clinic, path.read_bytes(), path.name).id for path in paths}
    walk = (shared / WALK).read_bytes()
    # A header that promises two thousand million frames.
    bomb = bytearray(walk)
    bomb[6:10] = b"\x01\x00\xff\xff"
    kept.add(give(clinic, bytes(bomb), "frames.c3d").id)
    kept.add(give(clinic, walk, "good.c3d").id)
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(clinic.place, stop))
    worker.start()
    try:
        end = time.monotonic() + 90
        while time.monotonic() < end:
            with clinic.place.database.reading() as connection:
                jobs = jobs_of(connection, clinic.patient, "inspect")
            if not any(job.is_open for job in jobs):
                break
            time.sleep(0.2)
    finally:
        stop.set()
        worker.join(20)
    assert len(jobs) == len(kept) and not any(job.is_open for job in jobs)
    assert all(job.state == "done" or job.fault for job in jobs)
    found = {row.name: row for row in rows(clinic)}
    assert found["good.c3d"].inspected is not None and not found["good.c3d"].inspected["refused"]


def end_look_of(clinic: Clinics, how: str) -> str:
    """Have the look at the one recording that waits fail, and return why."""
    database = clinic.place.database
    if how == "told":
        job = lease(database, "test", ("inspect",), 60.0)
        assert job is not None and fail(database, job, "this took longer than 2 minutes")
    else:
        for _ in range(MOST_DEATHS):
            job = lease(database, "test", ("inspect",), 60.0)
            assert job is not None
            let_go(database, job)
    with database.reading() as connection:
        found = jobs_of(connection, clinic.patient, "inspect")[0]
    assert found.state == "failed" and found.fault
    return found.fault


@pytest.mark.parametrize("how", ["told", "without a word"])
def test_a_look_that_failed_is_told_and_stands_in_nobodys_way(clinic: Clinics, shared: Path, how: str) -> None:
    bad = give(clinic, TRC, "standing.trc")
    fault = end_look_of(clinic, how)
    good = give(clinic, (shared / WALK).read_bytes(), "walk.c3d")
    do_work(clinic.place, ("inspect",))
    first, second = rows(clinic)
    assert first.inspected == {
        "name": "standing.trc",
        "bytes": len(TRC),
        "sha256": bad.digest,
        "format": None,
        "refused": fault,
    }
    assert first.use == "aside" and recording_row(first).inspected == first.inspected
    assert second.id == good.id and second.use == "walking" and second.inspected is not None
    with clinic.place.database.reading() as connection:
        found = ready(read_case(connection, clinic.patient), rows(clinic))
    assert (found.waiting, found.used, found.aside) == (0, (second,), (first,))
    with pytest.raises(InputError, match="cannot be used"):
        choose_use(clinic.place, clinic.actor(), clinic.patient, bad.id, "walking")
    assert choose_use(clinic.place, clinic.actor(), clinic.patient, bad.id, "aside").use == "aside"


def test_a_lease_that_ended_too_often_fails_the_look_and_the_recording_says_so(
    clinic: Clinics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinechain.store.jobs.MOST_ENDED_LEASES", 1)
    give(clinic, TRC)
    assert lease(clinic.place.database, "dead", ("inspect",), -1.0) is not None
    assert rows(clinic)[0].inspected is None
    assert lease(clinic.place.database, "other", ("inspect",), 60.0) is None
    assert (rows(clinic)[0].inspected or {})["refused"].startswith("the work ended without a word")


def test_a_failed_look_is_done_again_where_the_same_recording_is_handed_in_again(clinic: Clinics, shared: Path) -> None:
    content = (shared / WALK).read_bytes()
    row = give(clinic, content)
    end_look_of(clinic, "told")
    again = give(clinic, content)
    assert (again.id, again.is_new, again.inspected, again.use) == (row.id, False, None, "walking")
    do_work(clinic.place, ("inspect",))
    (found,) = rows(clinic)
    assert found.use == "walking" and found.inspected is not None and not found.inspected["refused"]


@pytest.mark.parametrize("is_seen_before", [True, False])
def test_what_was_removed_and_comes_again_is_known(clinic: Clinics, shared: Path, is_seen_before: bool) -> None:
    content = (shared / STANDING).read_bytes()
    row = give(clinic, content, "a.c3d")
    if is_seen_before:
        do_work(clinic.place, ("inspect",))
    remove_recording(clinic.place, clinic.actor(), clinic.patient, row.id)
    again = give(clinic, content, "b.c3d")
    assert again.is_new and (again.inspected is not None) == is_seen_before
    do_work(clinic.place, ("inspect",))
    (found,) = rows(clinic)
    assert found.id == again.id and found.use == "standing" and found.inspected is not None


def test_the_page_tells_of_a_failed_look_and_stops_asking(clinic: Clinics, client_for: Callable[[str], Any]) -> None:
    give(clinic, TRC)
    fault = end_look_of(clinic, "told")
    text = client_for("clinician").get(f"/patients/{clinic.patient}/recordings").text
    assert "It cannot be read." in text and fault in text and 'data-waiting="0"' in text
    assert "A worker looks at it" not in text and 'name="use"' not in text
