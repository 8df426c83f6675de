"""The store of files: every content once, under its digest, written so that a power cut leaves all of it or nothing."""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple

from kinechain.core.errors import FileError, InputError, SettingError
from kinechain.store.clock import now
from kinechain.store.encryption import CHUNK_BYTES, DAMAGED, Sealer, key_mark, opened

__all__ = ["Files", "Stored"]

#: Ending of the name of a sealed content; an open one has none.
SEALED = ".sealed"
#: Beginning of the name of a file that is still being written, or on its way out.
UNFINISHED = "unfinished-"
#: Holds the mark of the key that this folder is written with.
MARK = "key.mark"
#: A file that was begun longer ago belongs to a process that has ended.
LONGEST_WRITING = timedelta(hours=6)
#: Beginning of the name of a folder in which work has contents open, and how long the longest work takes.
WORK, LONGEST_WORK = "work-", timedelta(hours=1)


class Stored(NamedTuple):
    """What `Files.put` has kept: the SHA-256 of the content, in hexadecimal, and its size in bytes."""

    digest: str
    size: int


class Files:
    """A folder of contents: ``aa/bb/DIGEST``, sealed if there is a key.

    Parameters
    ----------
    folder : Path
        Made when the first content comes.
    key : bytes, optional
        As `kinechain.store.encryption.read_key` returns it.
    """

    def __init__(self, folder: Path, key: bytes | None = None) -> None:
        self.folder = folder
        self._key = key

    def check_key(self) -> None:
        """Refuse to go on without the key this folder is written with.

        Raises
        ------
        SettingError
            If there is none, or another one.
        """
        mark = self.folder / MARK
        if mark.exists() and (self._key is None or mark.read_text(encoding="ascii").strip() != key_mark(self._key)):
            what = "are sealed with another key" if self._key else "are sealed with a key"
            raise SettingError(
                f"the files of this installation {what}; set KINECHAIN_KEY, or KINECHAIN_KEY_FILE, to the one they "
                "were written with"
            )

    def put(self, content: BinaryIO | bytes, limit: int | None = None) -> Stored:
        """Keep a content and return its digest and size; it is safe on disk when this returns.

        Parameters
        ----------
        content : binary stream or bytes
            Read piece by piece.
        limit : int, optional
            Bytes that it may have.

        Raises
        ------
        InputError
            If it is larger; nothing is kept of it.
        """
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        self._prepare()
        handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=self.folder)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                stored = self._write(stream, file, limit)
                file.flush()
                os.fsync(file.fileno())
            # Also where the content is there already: the new moment of writing tells `remove` that it is wanted.
            self._move(path, self._path(stored.digest, self._key is not None))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if self._key is not None:
            self._path(stored.digest, False).unlink(missing_ok=True)
        return stored

    def _write(self, stream: BinaryIO, file: BinaryIO, limit: int | None) -> Stored:
        sealer = Sealer(file, self._key) if self._key is not None else None
        digest, size = hashlib.sha256(), 0
        chunk = _full(stream)
        while True:
            after = _full(stream) if len(chunk) == CHUNK_BYTES else b""
            digest.update(chunk)
            size += len(chunk)
            if limit is not None and size > limit:
                raise InputError(f"this file is too large: {limit // 1_000_000} MB are taken; send a shorter recording")
            if sealer is None:
                file.write(chunk)
            elif after:
                sealer.add(chunk)
            else:
                sealer.close(chunk, digest.hexdigest())
            if not after:
                return Stored(digest.hexdigest(), size)
            chunk = after

    def has(self, digest: str) -> bool:
        """Tell whether a content is there; it is not read.

        Parameters
        ----------
        digest : str
        """
        return self.find(digest) is not None

    def chunks(self, digest: str) -> Iterator[bytes]:
        """Yield a content piece by piece; the whole of it is checked by the time the last piece has come.

        Parameters
        ----------
        digest : str

        Raises
        ------
        FileError
            If it is not there, or not what was put in.
        """
        path = self.find(digest)
        if path is None:
            raise FileError("a kept file is missing; restore a backup, or hand it in again")
        found = hashlib.sha256()
        with path.open("rb") as stream:
            for chunk in self._unsealed(stream, digest) if path.suffix == SEALED else _pieces(stream):
                found.update(chunk)
                yield chunk
        if found.hexdigest() != digest:
            raise FileError(DAMAGED)

    def _unsealed(self, stream: BinaryIO, digest: str) -> Iterator[bytes]:
        if self._key is None:
            raise SettingError("this file is sealed with a key; set KINECHAIN_KEY or KINECHAIN_KEY_FILE")
        return opened(stream, self._key, digest)

    def read(self, digest: str) -> bytes:
        """Return a content, checked.

        Parameters
        ----------
        digest : str
        """
        return b"".join(self.chunks(digest))

    @contextmanager
    def open(self, digest: str) -> Iterator[BinaryIO]:
        """Give a content as a stream, from a copy that was checked before the first byte and vanishes afterwards.

        Parameters
        ----------
        digest : str
        """
        with tempfile.TemporaryFile() as copy:
            for chunk in self.chunks(digest):
                copy.write(chunk)
            copy.seek(0)
            yield copy

    def copy(self, digest: str, path: Path) -> None:
        """Write a content to a path, for readers that need a file; checked, and for this user alone.

        Parameters
        ----------
        digest : str
        path : Path
            Must not exist.
        """
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            for chunk in self.chunks(digest):
                file.write(chunk)

    def remove(self, digest: str, put_before: datetime) -> bool:
        """Take a content away unless somebody put it in again since; return whether it is gone.

        Parameters
        ----------
        digest : str
        put_before : datetime
            The last moment at which it was put in by whoever no longer needs it.
        """
        return all(self._take(self._path(digest, sealed), put_before) for sealed in (True, False))

    def _take(self, path: Path, put_before: datetime) -> bool:
        away = self.folder / f"{UNFINISHED}{secrets.token_hex(8)}"
        try:
            # Out of the way first: a content put in from now on is another file.
            path.rename(away)
        except FileNotFoundError:
            return True
        if away.stat().st_mtime > put_before.timestamp():
            self._move(away, path)
            return False
        away.unlink()
        return True

    def digests(self) -> Iterator[tuple[str, Path]]:
        """Yield the digest and the file of every content that is there."""
        for path in sorted(self.folder.glob("??/??/*")):
            digest = path.name.removesuffix(SEALED)
            if re.fullmatch(r"[0-9a-f]{64}", digest):
                yield digest, path

    @contextmanager
    def work_folder(self) -> Iterator[Path]:
        """Give an empty folder for contents that readers need open; it vanishes with the work.

        Of work that was killed it goes when `tidy` is called: in the folder for temporary files of the machine nobody
        would take it away.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=WORK, dir=self.folder) as name:
            yield Path(name)

    def tidy(self) -> None:
        """Remove what processes that have ended left behind."""
        for path in self.folder.glob(f"{WORK}*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < (now() - LONGEST_WORK).timestamp():
                    shutil.rmtree(path, ignore_errors=True)
        for path in self.folder.glob(f"{UNFINISHED}*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < (now() - LONGEST_WRITING).timestamp():
                    path.unlink()

    def _path(self, digest: str, is_sealed: bool) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise InputError("this is no digest of a file")
        return self.folder / digest[:2] / digest[2:4] / (digest + (SEALED if is_sealed else ""))

    def find(self, digest: str) -> Path | None:
        """Return where a content lies, sealed or not; None if it is not there.

        Parameters
        ----------
        digest : str
        """
        return next((path for sealed in (True, False) if (path := self._path(digest, sealed)).exists()), None)

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark = self.folder / MARK
        if self._key is not None and not mark.exists():
            handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=self.folder)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(key_mark(self._key) + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._move(Path(name), mark)

    def _move(self, path: Path, target: Path) -> None:
        """Give a file its name, and see that the name lasts."""
        for folder in (target.parent.parent, target.parent):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
                _keep_names(folder.parent)
        path.replace(target)
        _keep_names(target.parent)


def _keep_names(folder: Path) -> None:
    """Write the names of a folder to disk, where the system lets one."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _full(stream: BinaryIO) -> bytes:
    """Read a full chunk, also from a stream that gives less than was asked for."""
    parts, missing = [], CHUNK_BYTES
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk
