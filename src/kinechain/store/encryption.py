"""Content encrypted at rest: AES-256-GCM in chunks that can be neither cut, nor put in another order, nor exchanged.

A key of its own is made for every content from the key of the installation and 32 random bytes. Each chunk's nonce is
its number and whether it is the last one; the last one is also bound to the digest of the whole content.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kinechain.core.errors import FileError, SettingError

__all__ = ["CHUNK_BYTES", "Sealer", "key_mark", "opened", "read_key"]

#: Of the content in one chunk.
CHUNK_BYTES = 256 * 1024
KEY_BYTES = 32
SALT_BYTES = 32
TAG_BYTES = 16
#: Name and version of this way of writing.
MAGIC = b"kinechain-sealed-1\n"
HEAD_BYTES = len(MAGIC) + SALT_BYTES
DAMAGED = "a kept file is damaged: it was cut, altered or exchanged; restore a backup"


def read_key(environment: Mapping[str, str] | None = None) -> bytes | None:
    """Return the key of this installation: ``KINECHAIN_KEY``, or the content of ``KINECHAIN_KEY_FILE``; None if none.

    Parameters
    ----------
    environment : mapping, optional
        Instead of the process's.

    Raises
    ------
    SettingError
        If it is none, or its file cannot be read.
    """
    given = os.environ if environment is None else environment
    text, where = given.get("KINECHAIN_KEY", ""), "KINECHAIN_KEY"
    if not text and given.get("KINECHAIN_KEY_FILE"):
        where = "KINECHAIN_KEY_FILE"
        try:
            text = Path(given[where]).read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise SettingError(f"{where} names a file that cannot be read; write the key into it, as text") from error
    text = text.strip()
    if not text:
        return None
    key = _decoded(text)
    if key is None or len(key) != KEY_BYTES:
        raise SettingError(f"{where} holds no key: it is {KEY_BYTES} random bytes; make one with: openssl rand -hex 32")
    return key


def _decoded(text: str) -> bytes | None:
    try:
        if len(text) == 2 * KEY_BYTES:
            return bytes.fromhex(text)
        return base64.b64decode(text, altchars=b"-_" if "-" in text or "_" in text else None, validate=True)
    except (ValueError, binascii.Error):
        return None


def key_mark(key: bytes) -> str:
    """Return what tells one key from another and gives neither away.

    Parameters
    ----------
    key : bytes
    """
    return _derived(key, b"", b"kinechain: which key", 16).hex()


def _derived(key: bytes, salt: bytes, purpose: bytes, length: int = KEY_BYTES) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt or None, info=purpose).derive(key)


class Sealer:
    """Writes one content: chunks in order, then the last one with the digest.

    Parameters
    ----------
    stream : binary stream
        Where to.
    key : bytes
    """

    def __init__(self, stream: BinaryIO, key: bytes) -> None:
        self._stream = stream
        self._head = MAGIC + secrets.token_bytes(SALT_BYTES)
        self._cipher = _cipher(key, self._head)
        self._number = 0
        stream.write(self._head)

    def add(self, chunk: bytes) -> None:
        """Write a full chunk that is not the last."""
        self._stream.write(self._cipher.encrypt(_nonce(self._number, False), chunk, self._head))
        self._number += 1

    def close(self, chunk: bytes, digest: str) -> None:
        """Write the last chunk, which may be short or empty."""
        bound = self._head + digest.encode("ascii")
        self._stream.write(self._cipher.encrypt(_nonce(self._number, True), chunk, bound))


def opened(stream: BinaryIO, key: bytes, digest: str) -> Iterator[bytes]:
    """Yield the chunks of a sealed content, each as it was written.

    Parameters
    ----------
    stream : binary stream
        From its beginning.
    key : bytes
    digest : str
        Of the content that is expected.

    Raises
    ------
    FileError
        If anything of it is not as it was written, or another key is needed.
    """
    head = stream.read(HEAD_BYTES)
    if len(head) != HEAD_BYTES or not head.startswith(MAGIC):
        raise FileError(DAMAGED)
    cipher = _cipher(key, head)
    for number, (sealed, is_last) in enumerate(_marked(_sealed_chunks(stream))):
        bound = head + digest.encode("ascii") if is_last else head
        try:
            yield cipher.decrypt(_nonce(number, is_last), sealed, bound)
        except InvalidTag as error:
            raise FileError(DAMAGED) from error


def _cipher(key: bytes, head: bytes) -> AESGCM:
    return AESGCM(_derived(key, head, b"kinechain: one content"))


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _sealed_chunks(stream: BinaryIO) -> Iterator[bytes]:
    found = False
    while chunk := stream.read(CHUNK_BYTES + TAG_BYTES):
        found = True
        yield chunk
    if not found:
        raise FileError(DAMAGED)


def _marked(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield every chunk and whether it is the last."""
    before: bytes | None = None
    for chunk in chunks:
        if before is not None:
            yield before, False
        before = chunk
    if before is not None:
        yield before, True
