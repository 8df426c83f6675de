"""What serve, account, backup and restore refuse: each in one sentence, with exit code 2, and nothing is lost."""

import errno
import hashlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from called import Call
from kinechain.core.errors import InputError
from kinechain.store.database import open_database, sqlite_url
from kinechain.store.troubles import told, trouble

PASSWORD = "walk slowly and look"
SECRET = "hunter-of-norms"
AWAY = f"postgresql://ann:{SECRET}@127.0.0.1:1/kinechain"
#: What each verb is asked for beside --data; a backup lies beside the folder of data.
VERBS: Mapping[str, tuple[str, ...]] = {
    "serve": ("serve", "--port", "0"),
    "serve --demo": ("serve", "--demo", "--port", "0"),
    "account list": ("account", "list"),
    "account password": ("account", "password", "ann@clinic.example"),
    "backup": ("backup", "new.tar.gz"),
}
every_verb = pytest.mark.parametrize("verb", list(VERBS))


@pytest.fixture
def clinic_folder(call: Call, tmp_path: Path) -> Path:
    """Return a folder of data with an account in it; a backup of it is ``kept.tar.gz``."""
    folder = tmp_path / "data"
    arguments = ("ann@clinic.example", "--name", "Ann", "--clinic", "Lake clinic", "--data", str(folder))
    assert call("account", "add", *arguments, typed=[PASSWORD]).code == 0
    assert call("backup", "kept.tar.gz", "--data", str(folder)).code == 0
    return folder


@pytest.fixture
def refused(call: Call) -> Callable[..., str]:
    """Return a function that runs a verb on a folder and gives the one line it refuses with."""

    def _refused(verb: str, folder: Path, *more: str) -> str:
        return call(*VERBS[verb], "--data", str(folder), *more, typed=[PASSWORD]).refusal

    return _refused


def contents(folder: Path) -> dict[str, str]:
    """Return the digest of every file of a folder; what SQLite keeps beside a file that is open counts not."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def overwritten(path: Path, begin: int, end: int) -> None:
    content = bytearray(path.read_bytes())
    content[begin:end] = b"\xaa" * (min(end, len(content)) - begin)
    path.write_bytes(content)


DAMAGES: Mapping[str, Callable[[Path], object]] = {
    "not a database": lambda path: path.write_bytes(os.urandom(20_000)),
    "cut": lambda path: os.truncate(path, 30_000),
    "overwritten in the middle": lambda path: overwritten(path, 4096, path.stat().st_size // 2),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@every_verb
@pytest.mark.parametrize("damage", list(DAMAGES))
def test_a_damaged_database_is_named_and_left_as_it_is(
    refused: Callable[..., str], clinic_folder: Path, damage: str, verb: str
) -> None:
    DAMAGES[damage](clinic_folder / "workspace.sqlite")
    before = contents(clinic_folder)
    line = refused(verb, clinic_folder)
    if not (damage == "a folder" and verb == "backup"):
        assert "workspace.sqlite cannot be opened" in line or "the database is damaged" in line, line
    assert contents(clinic_folder) == before
    assert not Path("new.tar.gz").exists()


@pytest.mark.parametrize("verb", ["account list", "account password", "backup"])
def test_rows_that_are_damaged_are_told_when_they_are_read(
    refused: Callable[..., str], clinic_folder: Path, verb: str
) -> None:
    path = clinic_folder / "workspace.sqlite"
    connection = sqlite3.connect(path)
    page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'account'").fetchone()[0]
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    overwritten(path, (page - 1) * size, page * size)
    assert "the database is damaged; keep its file" in refused(verb, clinic_folder)
    assert not list(Path.cwd().glob(".unfinished*"))


@every_verb
def test_a_database_of_a_newer_version_is_left_alone(
    refused: Callable[..., str], clinic_folder: Path, verb: str
) -> None:
    with sqlite3.connect(clinic_folder / "workspace.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = contents(clinic_folder)
    assert "has the layout '9999', of a newer kinechain; install that one" in refused(verb, clinic_folder)
    assert contents(clinic_folder) == before


@every_verb
def test_a_database_of_another_program_is_left_alone(
    refused: Callable[..., str], clinic_folder: Path, verb: str
) -> None:
    path = clinic_folder / "workspace.sqlite"
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE patient (theirs TEXT)")
        connection.execute("INSERT INTO patient VALUES ('kept')")
    connection.close()
    assert "holds tables of another program; name an empty one" in refused(verb, clinic_folder)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT * FROM patient").fetchall() == [("kept",)]
    connection.close()


@every_verb
def test_a_file_where_the_folder_should_be_is_named(refused: Callable[..., str], tmp_path: Path, verb: str) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        line = refused(verb, folder)
        assert str(tmp_path / "file") in line
    assert (tmp_path / "file").read_text() == "mine"


@every_verb
@pytest.mark.parametrize("key", ["", "22" * 32, "no key"])
def test_another_key_than_the_files_are_sealed_with_is_told_at_the_start(
    refused: Callable[..., str], clinic_folder: Path, monkeypatch: pytest.MonkeyPatch, verb: str, key: str
) -> None:
    from kinechain.workspace.place import open_place

    monkeypatch.setenv("KINECHAIN_KEY", "11" * 32)
    place = open_place(clinic_folder)
    stored = place.files.put(b"a recording")
    place.database.close()
    monkeypatch.setenv("KINECHAIN_KEY", key)
    if verb == "backup" and key != "no key":
        # A backup copies sealed files as they are, without a key.
        return
    line = refused(verb, clinic_folder)
    assert "sealed with" in line or "holds no key" in line
    assert "22222222" not in line
    monkeypatch.setenv("KINECHAIN_KEY", "11" * 32)
    assert open_place(clinic_folder).files.read(stored.digest) == b"a recording"


@every_verb
@pytest.mark.parametrize(
    ("address", "says"),
    [
        (AWAY, "postgresql://ann:***@127.0.0.1:1/kinechain cannot be opened"),
        (f"postgresql://ann:{SECRET}@no-such-host.invalid/kinechain", "cannot be opened"),
        (f"postgresql://ann:{SECRET}@127.0.0.1:port/kinechain", "--database is no address"),
        (f"postgresql://ann:{SECRET}@127.0.0.1:1/kinechain?nonsense=1", "cannot be opened"),
        (f"mysql://ann:{SECRET}@127.0.0.1/kinechain", "SQLite or PostgreSQL"),
        (f"ann:{SECRET}", "--database is no address"),
    ],
)
def test_a_database_that_cannot_be_reached_is_named_without_its_password(
    refused: Callable[..., str], clinic_folder: Path, verb: str, address: str, says: str
) -> None:
    before = contents(clinic_folder)
    line = refused(verb, clinic_folder, "--database", address)
    assert says in line
    assert SECRET not in line
    assert contents(clinic_folder) == before


def test_a_port_that_is_taken_is_named_before_anything_is_made(call: Call, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for demo in ((), ("--demo",)):
            line = call("serve", *demo, "--data", str(tmp_path / "data"), "--port", port).refusal
            assert f"port {port} at 127.0.0.1 is taken by another program; choose another with --port" in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--host", "nowhere.invalid"), "is no address of this machine"),
        (("--host", "192.0.2.1"), "cannot be had"),
        (("--port", "99999"), "--port"),
        (("--port", "many"), "--port"),
        (("--workers", "-1"), "--workers"),
        (("--address", "clinic.example"), "--address begins with https://"),
    ],
)
def test_an_impossible_offer_is_refused(call: Call, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    assert says in call("serve", "--data", str(tmp_path / "data"), *(("--port", "0", *arguments))).refusal
    assert not (tmp_path / "data").exists()


def test_an_example_never_goes_into_a_real_clinic(call: Call, clinic_folder: Path) -> None:
    before = contents(clinic_folder)
    line = call("serve", "--demo", "--data", str(clinic_folder), "--port", "0").refusal
    assert "there is a clinic here already; name another --data" in line
    assert contents(clinic_folder) == before


def test_an_example_that_was_left_half_made_says_what_to_do(call: Call, clinic_folder: Path) -> None:
    (clinic_folder / "example.json").touch()
    line = call("serve", "--demo", "--data", str(clinic_folder), "--port", "0").refusal
    assert "left half made; remove that folder" in line


@pytest.mark.parametrize("below", ["", "workspace.sqlite"])
def test_a_restore_never_goes_over_what_is_there(call: Call, clinic_folder: Path, below: str) -> None:
    before = contents(clinic_folder)
    line = call("restore", "kept.tar.gz", "--data", str(clinic_folder / below)).refusal
    assert "is not empty; a backup is restored only into a new or an empty folder" in line
    assert contents(clinic_folder) == before


def test_a_restore_into_a_database_that_is_away_leaves_nothing(call: Call, clinic_folder: Path, tmp_path: Path) -> None:
    line = call("restore", "kept.tar.gz", "--data", str(tmp_path / "again"), "--database", AWAY).refusal
    assert "cannot be opened" in line and SECRET not in line
    assert not (tmp_path / "again").exists() and not list(tmp_path.glob(".restoring*"))


def test_a_backup_never_replaces_a_file(call: Call, clinic_folder: Path) -> None:
    before = Path("kept.tar.gz").read_bytes()
    assert "never replaces another" in call("backup", "kept.tar.gz", "--data", str(clinic_folder)).refusal
    assert Path("kept.tar.gz").read_bytes() == before


def _small_disk(tmp_path: Path) -> list[str]:
    """Return the beginning of a command that sees a disk of 700 kB at ``tmp_path / "disk"``."""
    (tmp_path / "disk").mkdir()
    command = ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs -o size=700k none "{tmp_path}/disk" && exec "$@"', "sh"]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("this system lets nobody mount a small disk to fill: no unshare, or no rights for it")
    return command


#: Run on a small disk: everything that writes, when the disk is full and when there is room again.
FILLING = """
set -u
kinechain() { "$PYTHON" -m kinechain.cli "$@"; echo "code $?"; }
cd "$FOLDER"
cp -r "$DATA" disk/data
head -c 700000 /dev/zero > disk/ballast 2> /dev/null
echo "$PASSWORD" | kinechain account password ann@clinic.example --data disk/data
kinechain account list --data disk/data
kinechain backup disk/b.tar.gz --data disk/data
kinechain restore kept.tar.gz --data disk/again
kinechain serve --data disk/new --port 0
ls -A disk
rm disk/ballast
echo "$PASSWORD" | kinechain account password ann@clinic.example --data disk/data
kinechain backup disk/b.tar.gz --data disk/data
rm disk/b.tar.gz disk/data -r
kinechain restore kept.tar.gz --data disk/again
"""


def test_a_full_disk_is_told_and_loses_nothing(clinic_folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [*_small_disk(tmp_path), "bash", "-c", FILLING],
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("KINECHAIN_")},
            **{"PYTHON": sys.executable, "FOLDER": str(tmp_path), "DATA": str(clinic_folder), "PASSWORD": PASSWORD},
            **{"KINECHAIN_HOME": str(tmp_path / "home"), "COLUMNS": "200", "NO_COLOR": "1"},
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    full, _, roomy = done.stdout.partition("ballast\n")
    assert "Traceback" not in done.stdout and "a fault of this program" not in done.stdout, done.stdout
    lines = [line for line in full.splitlines() if line.startswith(("kinechain:", "code"))]
    refusals = [line for line in lines if line.startswith("kinechain:")]
    assert lines.count("code 2") == len(refusals) >= 4, done.stdout
    said = ("full", "no room", "No space left")
    assert all(any(words in line for words in said) for line in refusals), done.stdout
    # What was begun is gone, and the account is as it was: three lines of success once there is room.
    assert ".unfinished" not in full and ".restoring" not in full
    assert roomy.count("code 0") == 3 and "code 2" not in roomy, done.stdout


@pytest.fixture
def kept_from_writing(clinic_folder: Path) -> Iterator[Path]:
    """Return a folder of data that its user may read and not write."""
    paths = [clinic_folder, *clinic_folder.rglob("*")]
    for path in paths:
        path.chmod(0o444 if path.is_file() else 0o555)
    yield clinic_folder
    for path in paths:
        path.chmod(0o600 if path.is_file() else 0o700)


def _mere_mortal() -> list[str]:
    """Return the beginning of a command that rights of files hold for, as they do not for root."""
    if os.geteuid():
        return []
    command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
    if shutil.which("setpriv") is None or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("root writes where it may not, and here is no setpriv to take that from it")
    return command


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX here")
@pytest.mark.parametrize("verb", ["serve", "account password", "backup"])
def test_a_folder_that_cannot_be_written_is_named(kept_from_writing: Path, tmp_path: Path, verb: str) -> None:
    before = contents(kept_from_writing)
    for folder in (kept_from_writing, kept_from_writing / "below"):
        done = subprocess.run(
            [*_mere_mortal(), sys.executable, "-m", "kinechain.cli", *VERBS[verb], "--data", str(folder)],
            env={**os.environ, "KINECHAIN_HOME": str(tmp_path / "home"), "COLUMNS": "200"},
            input=PASSWORD + "\n",
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
        said = ("cannot be used", "cannot be opened", "cannot be written", "Permission denied", "there is no workspace")
        assert done.stderr.startswith("kinechain: ") and any(words in done.stderr for words in said), done.stderr
    assert contents(kept_from_writing) == before


class _CodedError(Exception):
    """A fault of PostgreSQL's driver, as far as it is looked at."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("words that hold what was written")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("53100", "the disk is full"),
        ("53300", "is busy"),
        ("40001", "is busy"),
        ("25006", "cannot be written"),
        ("57P01", "does not answer"),
        ("08006", "does not answer"),
        ("XX001", "is damaged"),
        ("23505", ""),
        (None, ""),
    ],
)
def test_a_trouble_of_postgresql_is_told_by_its_code(code: str | None, says: str) -> None:
    error = OperationalError("INSERT", {}, _CodedError(code))
    assert says in trouble(error) and bool(trouble(error)) == bool(says)
    assert "words that hold" not in trouble(error)
    with pytest.raises(InputError if says else DBAPIError), told():
        raise error


def test_a_connection_that_broke_is_told() -> None:
    assert "does not answer" in trouble(OperationalError("SELECT", {}, _CodedError(None), connection_invalidated=True))


def test_a_disk_is_told_from_other_faults() -> None:
    assert "the disk is full" in trouble(OSError(errno.ENOSPC, "No space left on device"))
    assert trouble(OSError(errno.EACCES, "Permission denied")) == trouble(ValueError("x")) == ""
    with pytest.raises(PermissionError), told():
        raise PermissionError(errno.EACCES, "Permission denied")


def test_a_full_database_keeps_what_it_had(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "d.sqlite"))
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x TEXT)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('first')")
    with pytest.raises(InputError, match="the disk is full"), told(), database.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        connection.exec_driver_sql("INSERT INTO t VALUES ('second')")
        connection.exec_driver_sql("INSERT INTO t VALUES (hex(randomblob(100000)))")
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT x FROM t").scalars().all() == ["first"]
    database.close()
