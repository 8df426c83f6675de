"""One archive of everything: rows as JSON lines, which either database can take, and the store of files as it is.

Rows come from one snapshot, also while people write. Digests of every member stand in the manifest, which comes last:
an archive without it was cut. They tell damage; an archive that somebody altered on purpose is not told by them.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO

from sqlalchemy import Column, Connection, Table, insert, select

from kinechain import __version__
from kinechain.core.errors import FileError, InputError
from kinechain.store.clock import now
from kinechain.store.database import Database
from kinechain.store.files import MARK, SEALED, Files
from kinechain.store.migrate import newest_layout
from kinechain.store.people import find_patient, read_events
from kinechain.store.tables import METADATA, Moment, attempt, erasure, file, output, patient, person_version, session

__all__ = ["Manifest", "check_rows", "fill", "unpack", "write_backup"]

FORMAT = "kinechain-backup/1"
MANIFEST = "manifest.json"
#: Everybody signs in again after a restore: a copy of an old state must not let anybody in who was shut out since.
LEFT_OUT = frozenset(table.name for table in (session, attempt, erasure))
TABLES: tuple[Table, ...] = tuple(table for table in METADATA.sorted_tables if table.name not in LEFT_OUT)
#: What a member of an archive may be called; nothing else is written anywhere.
NAMES = re.compile(
    r"manifest\.json|tables/[a-z_]{1,30}\.jsonl|files/key\.mark|files/([0-9a-f]{2})/([0-9a-f]{2})/\1\2[0-9a-f]{60}(\.sealed)?"
)
LARGEST_MANIFEST = 200_000_000
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
#: Of what an archive says of a member beside its name and size, bytes.
LARGEST_HEAD = 10_000
PIECE = 1 << 20
ROWS_AT_ONCE = 1000
DAMAGED = "the backup is damaged or cut short; take another one"


@dataclass(frozen=True)
class Manifest:
    """What an archive holds.

    Attributes
    ----------
    layout : str
        Of the database.
    made_at, program : str
    is_sealed : bool
        Whether files in it need the key of the installation.
    rows : dict
        Of each table, how many.
    members : dict
        SHA-256 of each member but this.
    missing : list of str
        Digests of contents that rows name and the store no longer had.
    """

    layout: str
    made_at: str
    program: str
    is_sealed: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def write_backup(database: Database, files: Files, path: Path) -> Manifest:
    """Write an archive; it is whole when it has its name.

    Parameters
    ----------
    database : Database
        Of the newest layout.
    files : Files
    path : Path
        Must not exist.

    Raises
    ------
    InputError
        If the path exists.
    FileError
        If a kept file is damaged.
    """
    if path.exists():
        raise InputError(f"{path} exists already; a backup never replaces another, choose a new name")
    handle, name = tempfile.mkstemp(prefix=".unfinished-", dir=path.absolute().parent)
    try:
        with os.fdopen(handle, "wb") as raw:
            # Recordings and results are small or hardly shrink: the lowest level is several times quicker.
            with gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as zipped:
                with tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as archive:
                    manifest = _written(archive, database, files)
            raw.flush()
            os.fsync(raw.fileno())
        Path(name).rename(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return manifest


def _written(archive: tarfile.TarFile, database: Database, files: Files) -> Manifest:
    made = Manifest(newest_layout(), now().isoformat(), __version__)
    with database.reading() as connection:
        for table in TABLES:
            with tempfile.TemporaryFile() as lines:
                made.rows[table.name] = _write_rows(connection, table, lines)
                _add(archive, made, f"tables/{table.name}.jsonl", lines)
        needed = _needed(connection)
    for digest in sorted(needed):
        path = files.find(digest)
        if path is None:
            made.missing.append(digest)
            continue
        with path.open("rb") as stream:
            _add(archive, made, f"files/{digest[:2]}/{digest[2:4]}/{path.name}", stream)
    mark = files.folder / MARK
    is_sealed = mark.exists()
    if is_sealed:
        with mark.open("rb") as stream:
            _add(archive, made, f"files/{MARK}", stream)
    with database.reading() as connection:
        # What was erased while this was written is missing rightly, though its rows are in the snapshot.
        still = _needed(connection)
    whole = Manifest(**{**asdict(made), "is_sealed": is_sealed, "missing": [d for d in made.missing if d in still]})
    content = json.dumps({"format": FORMAT, **asdict(whole)}, indent=1, sort_keys=True).encode()
    _add(archive, None, MANIFEST, io.BytesIO(content))
    return whole


def _needed(connection: Connection) -> set[str]:
    return {row.digest for asked in (file, output) for row in connection.execute(select(asked.c.digest).distinct())}


def _write_rows(connection: Connection, table: Table, lines: BinaryIO | IO[bytes]) -> int:
    rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(
        select(table).order_by(*table.primary_key.columns)
    )
    count = 0
    for row in rows.mappings():
        count += 1
        values = {column.name: _plain(row[column.name]) for column in table.columns}
        lines.write(json.dumps(values, sort_keys=True).encode("ascii") + b"\n")
    return count


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _add(archive: tarfile.TarFile, made: Manifest | None, name: str, stream: BinaryIO | IO[bytes]) -> None:
    """Add a member as long as the stream is now, and note its digest."""
    member = tarfile.TarInfo(name)
    member.size = stream.seek(0, io.SEEK_END)
    member.mode = 0o600
    stream.seek(0)
    counted = _Hashed(stream)
    archive.addfile(member, counted)
    found = counted.digest.hexdigest()
    digest = name.rpartition("/")[2]
    if name.startswith("files/") and len(digest) == 64 and digest != found:
        raise FileError(f"the kept file {digest[:12]} is damaged; restore it from an earlier backup before making one")
    if made is not None:
        made.members[name] = found


class _Hashed:
    """A stream that is hashed as it is read."""

    def __init__(self, stream: BinaryIO | IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        part = self._stream.read(size)
        self.digest.update(part)
        return part


@contextmanager
def _told() -> Iterator[None]:
    """Say in one sentence that an archive cannot be read."""
    try:
        yield
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise FileError(DAMAGED) from error


def unpack(path: Path, folder: Path) -> Manifest:
    """Write the members of an archive into an empty folder, each checked.

    Parameters
    ----------
    path : Path
    folder : Path

    Raises
    ------
    FileError
        If it is no backup, or damaged, or holds anything else.
    """
    found: dict[str, str] = {}
    with _told(), path.open("rb") as raw:
        if raw.read(2) != b"\x1f\x8b":
            raise FileError(f"{path.name} is no backup of kinechain; name the file that 'kinechain backup' wrote")
        raw.seek(0)
        with gzip.GzipFile(fileobj=raw) as unzipped:
            with tarfile.open(fileobj=unzipped, mode="r|", tarinfo=_Member) as archive:
                for member in archive:
                    _check_member(member, found, folder)
                    found[member.name] = _extract(archive, member, folder)
            while unzipped.read(PIECE):
                # To the end, where the check sum stands.
                pass
    return _manifest(folder, found)


class _Member(tarfile.TarInfo):
    """A member whose head is not read into memory before it is known to be small."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Member:
        made = super().frombuf(buf, encoding, errors)
        if made.type not in PLAIN and made.size > LARGEST_HEAD:
            raise FileError(DAMAGED)
        return made


def _check_member(member: tarfile.TarInfo, found: dict[str, str], folder: Path) -> None:
    # A sparse file is one of a few bytes that unpacks to any size.
    is_plain = member.type in PLAIN and not member.issparse()
    if not NAMES.fullmatch(member.name) or not is_plain or member.name in found or MANIFEST in found:
        raise FileError("the archive holds something that no backup of kinechain holds; nothing was restored")
    if member.name == MANIFEST and member.size > LARGEST_MANIFEST:
        raise FileError(DAMAGED)
    if member.size > shutil.disk_usage(folder).free:
        raise InputError("there is no room on the disk for what this backup holds; make room, or name another --data")


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    # The name was matched whole against what a backup holds, so it stays within the folder.
    target = folder / member.name
    for above in reversed(target.relative_to(folder).parents):
        (folder / above).mkdir(exist_ok=True, mode=0o700)
    stream = archive.extractfile(member)
    assert stream is not None
    digest = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as kept:
        while part := stream.read(PIECE):
            digest.update(part)
            kept.write(part)
        kept.flush()
        os.fsync(kept.fileno())
    return digest.hexdigest()


def _manifest(folder: Path, found: dict[str, str]) -> Manifest:
    if found.pop(MANIFEST, None) is None:
        raise FileError(DAMAGED)
    try:
        content = json.loads((folder / MANIFEST).read_bytes())
        given = content.pop("format")
        manifest = Manifest(**content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError(DAMAGED) from error
    if given != FORMAT:
        raise FileError(f"this backup has the format '{given}', of another kinechain; restore it with that one")
    if manifest.layout != newest_layout():
        raise FileError(
            f"this backup has the layout '{manifest.layout}' and this kinechain works with '{newest_layout()}'; "
            f"restore it with kinechain {manifest.program}, which made it, and upgrade then"
        )
    expected = {f"tables/{table.name}.jsonl" for table in TABLES}
    if manifest.members != found or not expected <= set(found) or set(manifest.rows) != {t.name for t in TABLES}:
        raise FileError(DAMAGED)
    wrong = [name for name in found if _is_content(name) and name.rpartition("/")[2] != found[name]]
    if wrong:
        raise FileError(DAMAGED)
    (folder / MANIFEST).unlink()
    return manifest


def _is_content(name: str) -> bool:
    """Whether a member is a content that lies open under its digest."""
    return name.startswith("files/") and not name.endswith((SEALED, MARK))


def fill(connection: Connection, folder: Path, manifest: Manifest) -> None:
    """Write the rows of an unpacked archive into an empty database.

    Parameters
    ----------
    connection : Connection
        Writing.
    folder : Path
    manifest : Manifest

    Raises
    ------
    InputError
        If the database holds something.
    FileError
        If a row is none.
    """
    for table in TABLES:
        if connection.execute(select(*table.primary_key.columns).limit(1)).first():
            raise InputError("the database is not empty; a backup is restored only into an empty one")
    for table in TABLES:
        count = 0
        with (folder / "tables" / f"{table.name}.jsonl").open(encoding="ascii") as lines:
            while rows := [_row(table, line) for _, line in zip(range(ROWS_AT_ONCE), lines, strict=False)]:
                connection.execute(insert(table), rows)
                count += len(rows)
        if count != manifest.rows[table.name]:
            raise FileError(DAMAGED)


def _row(table: Table, line: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
        if set(values) != set(table.columns.keys()):
            raise FileError(DAMAGED)
        made = {column.name: _typed(column, values[column.name]) for column in table.columns}
    except (ValueError, TypeError) as error:
        raise FileError(DAMAGED) from error
    if table.name == "job" and made["state"] == "running":
        # Its worker worked for the installation that this is a copy of.
        made.update(state="queued", worker=None, leased_until=None, step="")
    return made


def _typed(column: Column[Any], value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(column.type, Moment) and value is not None else value


def check_rows(connection: Connection, files: Files, manifest: Manifest) -> None:
    """Check what digests of members cannot tell: every journal, every version, every file that a row names.

    Parameters
    ----------
    connection : Connection
    files : Files
    manifest : Manifest

    Raises
    ------
    FileError, JournalError
        If something is not as it was written.
    """
    for (patient_id,) in connection.execute(select(patient.c.id)).all():
        found = find_patient(connection, patient_id)
        assert found is not None
        if found.erased_at is None:
            read_events(connection, found)
    for row in connection.execute(select(person_version.c.text, person_version.c.digest)):
        if hashlib.sha256(row.text.encode()).hexdigest() != row.digest:
            raise FileError("a version of a patient's answers is damaged in the backup; take another one")
    missing = {digest for digest in _needed(connection) if not files.has(digest)} - set(manifest.missing)
    if missing:
        raise FileError(f"the backup lacks {len(missing)} files that it names; take another one")
