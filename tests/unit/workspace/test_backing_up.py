"""Backup and restore: from either database into either, whole or not at all."""

import gzip
import hashlib
import io
import json
import stat
import tarfile
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from kinechain.care.follow_up.events import CheckIn
from kinechain.cli import main
from kinechain.core.errors import InputError, KinechainError
from kinechain.store import backup as archives
from kinechain.store.clock import now
from kinechain.store.database import open_database
from kinechain.store.jobs import Kept, add_job, finish, lease
from kinechain.store.sessions import add_session
from kinechain.store.tables import METADATA, file, job, session
from kinechain.workspace.backing_up import back_up, restore
from kinechain.workspace.case import read_case, write_events
from kinechain.workspace.place import Place, open_place

if TYPE_CHECKING:
    from web_fixtures import Clinics

CONTENT = b"markers and forces" * 50_000


def live(clinics: "Clinics") -> "Clinics":
    """Give an installation something of everything."""
    place, of, who = clinics.place, clinics.patient, clinics.actor()
    stored = place.files.put(CONTENT)
    with place.database.writing() as connection:
        events = [CheckIn(id=str(uuid4()), at=now(), by="patient", back_pain=n % 10) for n in range(30)]
        write_events(connection, who, of, events, "log")
        row = {"id": str(uuid4()), "patient_id": of, "digest": stored.digest, "name": "Gäng 步.c3d", "kind": "C3D"}
        more = {"size": stored.size, "use": "walking", "uploaded_at": now(), "uploaded_by": who.code}
        connection.execute(insert(file).values(**row, **more))
        for key in ("done", "running"):
            add_job(connection, clinic_id=clinics.own.id, patient_id=of, kind="assess", key=key, input={}, by="x")
        add_session(connection, link_id=clinics.own.link)
    done = lease(place.database, "w", ["assess"], 60)
    assert done is not None
    finish(place.database, done, [Kept("report.html", "text/html", *place.files.put(b"<p>report</p>"))])
    assert lease(place.database, "w", ["assess"], 60)
    return clinics


@pytest.fixture
def source(each_clinic: "Clinics") -> "Clinics":
    return live(each_clinic)


@pytest.fixture
def simple(clinic: "Clinics", tmp_path: Path) -> Path:
    """Return a backup of an installation on SQLite."""
    live(clinic)
    back_up(tmp_path / "b.tar.gz", clinic.place.folder)
    return tmp_path / "b.tar.gz"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, postgres_server: str) -> Iterator[str]:
    """Return the address of an empty database, '' for SQLite in the folder."""
    from private_postgres import at_database, fresh_database

    if request.param == "sqlite":
        yield ""
        return
    with fresh_database(at_database(postgres_server, "postgres")) as url:
        yield url


def url_of(place: Place) -> str:
    return "" if place.database.is_sqlite else place.url


def rows(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    with place.database.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in METADATA.sorted_tables
            if table.name not in ("audit", *archives.LEFT_OUT)
        }


def test_everything_comes_back_from_either_database_in_either(source: "Clinics", empty: str, tmp_path: Path) -> None:
    before = rows(source.place)
    back_up(tmp_path / "b.tar.gz", source.place.folder, url_of(source.place))
    done = restore(tmp_path / "b.tar.gz", tmp_path / "again", empty)
    assert (done.manifest.missing, done.manifest.rows["event"]) == ([], 30)
    again = open_place(tmp_path / "again", empty)
    try:
        after = rows(again)
        # Who worked on a job here does not work on it there.
        states = {row[0]: row[6] for row in after.pop("job")}
        assert sorted(states.values()) == ["done", "queued"]
        assert {row[0] for row in before.pop("job")} == set(states)
        assert after == before
        with again.database.reading() as connection:
            case = read_case(connection, source.patient)
            assert len(case.events) == 30
            assert connection.execute(select(session)).first() is None
            digest, name = connection.execute(select(file.c.digest, file.c.name)).one()
        assert (again.files.read(digest), name) == (CONTENT, "Gäng 步.c3d")
        for path in again.folder.rglob("*"):
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
        with again.database.writing() as connection:
            write_events(connection, source.actor(), source.patient, case.events[:1], "log")
    finally:
        again.database.close()
    assert stat.S_IMODE((tmp_path / "b.tar.gz").stat().st_mode) == 0o600
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_people_who_write_meanwhile_are_in_it_whole_or_not_at_all(source: "Clinics", tmp_path: Path) -> None:
    stop = threading.Event()
    written = []

    def log() -> None:
        while not stop.is_set():
            with source.place.database.writing() as connection:
                made = CheckIn(id=str(uuid4()), at=now(), by="patient", back_pain=1)
                write_events(connection, source.actor(), source.patient, [made], "log")
            written.append(made.id)
            time.sleep(0.005)

    thread = threading.Thread(target=log)
    thread.start()
    try:
        for number in range(3):
            back_up(tmp_path / f"{number}.tar.gz", source.place.folder, url_of(source.place))
    finally:
        stop.set()
        thread.join()
    assert written
    counts = [restore(tmp_path / f"{n}.tar.gz", tmp_path / f"{n}").manifest.rows["event"] for n in range(3)]
    assert counts == sorted(counts) and counts[-1] <= 30 + len(written)


def test_sealed_files_stay_sealed_and_need_the_key(
    clinic: "Clinics", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINECHAIN_KEY", "11" * 32)
    live(replace(clinic, place=replace(clinic.place)))
    monkeypatch.delenv("KINECHAIN_KEY")
    path = tmp_path / "b.tar.gz"
    done = back_up(path, clinic.place.folder)
    assert done.manifest.is_sealed
    unzipped = gzip.decompress(path.read_bytes())
    assert CONTENT[:40] not in unzipped and b"11" * 32 not in unzipped
    for key, sentence in (("", "are sealed with a key; set KINECHAIN_KEY"), ("22" * 32, "sealed with another key")):
        monkeypatch.setenv("KINECHAIN_KEY", key)
        with pytest.raises(InputError, match=sentence):
            restore(path, tmp_path / "again")
    monkeypatch.setenv("KINECHAIN_KEY", "11" * 32)
    restore(path, tmp_path / "again")
    again = open_place(tmp_path / "again")
    with again.database.reading() as connection:
        digest = connection.execute(select(file.c.digest)).scalar_one()
    assert again.files.read(digest) == CONTENT
    again.database.close()


Change = Callable[[dict[str, bytes]], None]


def rewritten(path: Path, change: Change, *, is_honest: bool = True) -> Path:
    """Write an archive anew with other members, and a manifest that fits them."""
    with tarfile.open(path) as archive:
        members = {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]
    change(members)
    if is_honest and members.get("manifest.json", b"").startswith(b"{"):
        manifest = json.loads(members["manifest.json"])
        digests = {name: hashlib.sha256(c).hexdigest() for name, c in members.items() if name != "manifest.json"}
        members["manifest.json"] = json.dumps({**manifest, "members": digests}).encode()
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def table(name: str, change: Callable[[list[dict[str, Any]]], object]) -> Change:
    def edit(members: dict[str, bytes]) -> None:
        found = [json.loads(line) for line in members[f"tables/{name}.jsonl"].splitlines()]
        change(found)
        members[f"tables/{name}.jsonl"] = b"".join(json.dumps(row).encode() + b"\n" for row in found)

    return edit


def drop_a_file(members: dict[str, bytes]) -> None:
    del members[next(name for name in members if name.startswith("files/"))]


def change_a_file(members: dict[str, bytes]) -> None:
    members[next(name for name in members if name.startswith("files/"))] += b"x"


def manifest_says(**values: Any) -> Change:
    def edit(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps({**json.loads(members["manifest.json"]), **values}).encode()

    return edit


CHANGES: dict[str, tuple[Change, str]] = {
    "a line of a journal altered": (
        table("event", lambda rows: rows[3].update(line=rows[3]["line"].replace("check", "chick"))),
        "journal",
    ),
    "a line of a journal gone": (table("event", lambda rows: rows.pop(10)), "damaged"),
    "a version altered": (table("person_version", lambda rows: rows[0].update(text="[person]")), "version"),
    "a column more": (table("clinic", lambda rows: rows[0].update(more=1)), "damaged"),
    "a moment that is none": (table("clinic", lambda rows: rows[0].update(created_at="soon")), "damaged"),
    "no rows but numbers": (lambda m: m.update({"tables/clinic.jsonl": b"1\n2\n"}), "damaged"),
    "a table less": (lambda m: m.pop("tables/task.jsonl") and None, "damaged"),
    "a file less": (drop_a_file, "lacks 1 files"),
    "a file altered": (change_a_file, "damaged"),
    "no manifest": (lambda m: m.pop("manifest.json") and None, "damaged"),
    "an odd manifest": (lambda m: m.update({"manifest.json": b"[]"}), "damaged"),
    "a newer layout": (manifest_says(layout="9999"), "layout '9999'"),
    "another format": (manifest_says(format="kinechain-backup/9"), "of another kinechain"),
}


@pytest.mark.parametrize("name", list(CHANGES))
def test_what_was_altered_is_refused_and_leaves_nothing(simple: Path, tmp_path: Path, name: str) -> None:
    change, sentence = CHANGES[name]
    rewritten(simple, change)
    with pytest.raises(KinechainError, match=sentence):
        restore(simple, tmp_path / "again")
    assert not (tmp_path / "again").exists()
    assert not list(tmp_path.glob(".restoring*"))


def test_a_member_that_does_not_fit_its_digest_is_refused(simple: Path, tmp_path: Path) -> None:
    rewritten(simple, table("task", lambda rows: rows.append({})), is_honest=False)
    with pytest.raises(InputError, match="damaged"):
        restore(simple, tmp_path / "again")


@pytest.mark.parametrize(
    "name",
    ["../escaped", "/tmp/kinechain-escaped", "files/../../escaped", "tables/../../x.jsonl", "files/aa/bb/x", "x",
     "tables/A.jsonl", "files/aa/bb/" + "c" * 64, "tables/task.jsonl\n"],
)  # fmt: skip
def test_no_other_name_gets_out_of_an_archive(simple: Path, tmp_path: Path, name: str) -> None:
    def add(members: dict[str, bytes]) -> None:
        manifest = members.pop("manifest.json")
        members[name] = b"x"
        members["manifest.json"] = manifest

    rewritten(simple, add)
    with pytest.raises(InputError, match="something that no backup"):
        restore(simple, tmp_path / "again")
    assert not (tmp_path / "escaped").exists() and not Path("/tmp/kinechain-escaped").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(simple: Path, tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(simple, "w:gz") as archive:
        member = tarfile.TarInfo("tables/task.jsonl")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(InputError, match="something that no backup"):
        restore(simple, tmp_path / "again")


def test_a_file_with_holes_is_refused(simple: Path, tmp_path: Path) -> None:
    """A few bytes that unpack to any size: GNU's way of writing that, and the one of POSIX."""
    with tarfile.open(simple, "w:gz") as archive:
        member = tarfile.TarInfo("tables/task.jsonl")
        member.type = tarfile.GNUTYPE_SPARSE
        archive.addfile(member)
    with pytest.raises(InputError, match="something that no backup"):
        restore(simple, tmp_path / "again")
    with tarfile.open(simple, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("tables/task.jsonl")
        member.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(2**60), "GNU.sparse.numblocks": "1"}
        archive.addfile(member)
    with pytest.raises(InputError, match="something that no backup"):
        restore(simple, tmp_path / "again")


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_the_head_of_a_member_is_not_read_where_it_is_large(simple: Path, tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(simple, "w:gz") as archive:
        member = tarfile.TarInfo("x")
        member.type, member.size = kind, 50_000_000
        archive.addfile(member, io.BytesIO(bytes(member.size)))
    tracemalloc.start()
    with pytest.raises(InputError, match="damaged"):
        restore(simple, tmp_path / "again")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_what_the_disk_does_not_hold_is_not_begun(
    simple: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinechain.store.backup.shutil.disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(InputError, match="no room on the disk"):
        restore(simple, tmp_path / "again")


def test_a_cut_archive_is_refused(simple: Path, tmp_path: Path) -> None:
    whole = simple.read_bytes()
    for length in (0, 1, 10, len(whole) // 3, len(whole) - 200, len(whole) - 9):
        simple.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"damaged or cut|is no backup"):
            restore(simple, tmp_path / "again")
    simple.write_bytes(whole[:500] + bytes(200) + whole[700:])
    with pytest.raises(InputError, match="damaged or cut"):
        restore(simple, tmp_path / "again")
    simple.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(InputError, match="is no backup"):
        restore(simple, tmp_path / "again")


def test_a_restore_goes_into_an_empty_place_alone(simple: Path, tmp_path: Path, postgres_url: str) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "x").write_text("x")
    with pytest.raises(InputError, match="is not empty"):
        restore(simple, full)
    empty = tmp_path / "empty"
    empty.mkdir()
    restore(simple, empty, postgres_url)
    with pytest.raises(InputError, match="the database is not empty"):
        restore(simple, tmp_path / "second", postgres_url)
    assert not (tmp_path / "second").exists()
    with pytest.raises(InputError, match="there is no file"):
        restore(tmp_path / "gone.tar.gz", tmp_path / "third")


def test_a_backup_needs_a_workspace_and_a_new_name(clinic: "Clinics", tmp_path: Path) -> None:
    (tmp_path / "there.tar.gz").write_bytes(b"mine")
    for path, folder, sentence in (
        (tmp_path / "there.tar.gz", clinic.place.folder, "never replaces another"),
        (tmp_path / "gone" / "b.tar.gz", clinic.place.folder, "no folder"),
        (tmp_path / "b.tar.gz", tmp_path / "nowhere", "no workspace in"),
    ):
        with pytest.raises(InputError, match=sentence):
            back_up(path, folder)
    assert (tmp_path / "there.tar.gz").read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_damaged_file_is_told_before_it_is_backed_up(clinic: "Clinics", tmp_path: Path) -> None:
    live(clinic)
    digest, path = next(clinic.place.files.digests())
    path.write_bytes(b"altered")
    with pytest.raises(InputError, match=f"{digest[:12]} is damaged"):
        back_up(tmp_path / "b.tar.gz", clinic.place.folder)
    assert not (tmp_path / "b.tar.gz").exists()
    path.unlink()
    assert back_up(tmp_path / "b.tar.gz", clinic.place.folder).manifest.missing == [digest]
    assert restore(tmp_path / "b.tar.gz", tmp_path / "again").manifest.missing == [digest]


def test_the_commands_say_what_is_and_what_is_not_in_it(
    clinic: "Clinics", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live(clinic)
    for arguments in (
        ["backup", str(tmp_path / "b.tar.gz"), "--data", str(clinic.place.folder)],
        ["restore", str(tmp_path / "b.tar.gz"), "--data", str(tmp_path / "again")],
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "4 patients, 30 entries of journals, 2 files" in said
    for words in ("Clinicians' keys and settings are not in it", "Everybody signs in again", "keep it as closed"):
        assert words in said
    database = open_database(f"sqlite:///{tmp_path / 'again' / 'workspace.sqlite'}")
    with database.reading() as connection:
        assert len(connection.execute(select(job.c.id)).all()) == 2
    database.close()
    assert not (tmp_path / "again" / "tables").exists()
