"""Clinicians' keys of this installation: who may clear a danger sign, and whether a clearance is theirs.

A name proves nothing.  A clearance counts if an Ed25519 key of this installation signed it, for one danger sign and for
exactly the answers it was given for.  Whoever can write to the folder of keys decides who is trusted: keep it closed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from kinechain.care.person.person import Person
from kinechain.care.screening.answers import is_adult
from kinechain.care.screening.clearance import Clearance, TrustedClearance, answers_digest
from kinechain.care.screening.red_flags import LOCKING, NOT_CLEARABLE, screen_ids, screen_person
from kinechain.care.screening.screen import Flag
from kinechain.care.screening.settings import home_folder
from kinechain.core.errors import FileError, LockedError, SettingError, suggest

__all__ = [
    "Clinician",
    "Distrusted",
    "clinicians",
    "confirm_clinician",
    "distrusted",
    "keys_folder",
    "new_clinician",
    "sign_clearance",
    "trusted",
]

NAME = re.compile(r"\w(?:[\w .'-]{0,58}\w)?")

#: Of a passphrase, of a reason, and how far a clock may be ahead (choices).
LEAST_PASSPHRASE, MOST_PASSPHRASE, LEAST_REASON_WORDS, MOST_REASON = 8, 500, 3, 500
#: More is no key.
MAX_BYTES = 10_000
CLOCK_AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Clinician:
    """A clinician whom this installation trusts.

    Attributes
    ----------
    name : str
    key_id : str
        SHA-256 of the public key, hexadecimal.
    """

    name: str
    key_id: str


@dataclass(frozen=True)
class Distrusted:
    """A clearance that does not count.

    Attributes
    ----------
    clearance : Clearance
    reason : str
        In one sentence.
    """

    clearance: Clearance
    reason: str


def keys_folder() -> Path:
    """Return the folder of the keys."""
    return home_folder() / "clinicians"


def new_clinician(name: str, passphrase: str) -> Clinician:
    """Make the keys of a clinician: the private one encrypted, readable by its owner alone.

    Parameters
    ----------
    name : str
        As it will stand under every clearance.
    passphrase : str

    Raises
    ------
    SettingError
        If the name or the passphrase will not do, or the clinician has keys already.
    """
    if not NAME.fullmatch(name):
        raise SettingError(
            "a clinician's name has at most 60 letters, digits, spaces, '.', '-' and \"'\", a letter at each end"
        )
    if len(passphrase) < LEAST_PASSPHRASE:
        raise SettingError(f"the passphrase is too short: choose at least {LEAST_PASSPHRASE} characters")
    if len(passphrase) > MOST_PASSPHRASE or not passphrase.isprintable():
        raise SettingError(f"a passphrase has at most {MOST_PASSPHRASE} characters, each of which can be typed")
    folder = keys_folder()
    if (folder / f"{name}.pem").exists() or (folder / f"{name}.pub").exists():
        raise SettingError(f"clinician '{name}' has keys already; keys are never overwritten")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode()))
    _write(folder / f"{name}.pem", secret, 0o600)
    _write(
        folder / f"{name}.pub", key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644
    )
    return Clinician(name, _key_id(key.public_key()))


def clinicians() -> tuple[Clinician, ...]:
    """Return the clinicians whom this installation trusts, by name."""
    return tuple(Clinician(name, _key_id(key)) for name, key in sorted(_public_keys().items()))


def confirm_clinician(name: str, passphrase: str) -> Clinician:
    """Return the clinician whose key a passphrase opens here; a name alone is nobody.

    Parameters
    ----------
    name, passphrase : str

    Raises
    ------
    LockedError
        If the passphrase is wrong, or the key lies open or belongs to another.
    SettingError
        If nobody of that name has a key here.
    """
    return Clinician(name, _key_id(_private_key(name, passphrase).public_key()))


def sign_clearance(
    person: Person,
    flag: str,
    reason: str,
    clinician: str,
    passphrase: str,
    at: datetime | None = None,
    told: Sequence[Flag] = (),
) -> Clearance:
    """Return a clinician's signed clearance of one danger sign, for exactly the answers the person has now.

    Parameters
    ----------
    person : Person
    flag : str
        Id of a danger sign that is raised and holds back a plan.
    reason : str
        What was looked into and found, in a few words at least.
    clinician : str
        Name of the key.
    passphrase : str
    at : datetime, optional
        Aware; now, unless given.
    told : sequence of Flag
        What the journal holds against a plan; those signs can be cleared too.

    Raises
    ------
    LockedError
        If it cannot be cleared: not raised, open, or no adult; or the passphrase is wrong.
    SettingError
        If the sign or the clinician is not known, or the reason or the time will not do.
    """
    at = datetime.now(UTC) if at is None else at
    _check_clearable(person, flag, told)
    if len(reason.split()) < LEAST_REASON_WORDS or len(reason) > MOST_REASON:
        raise SettingError(f"give the reason in {LEAST_REASON_WORDS} words at least, {MOST_REASON} characters at most")
    if not reason.replace("\n", " ").isprintable():
        raise SettingError("the reason holds characters that cannot be shown; write it in plain words")
    if fault := _time_fault(at):
        raise SettingError(fault)
    key = _private_key(clinician, passphrase)
    unsigned = Clearance(flag, answers_digest(person), clinician, reason, at, _key_id(key.public_key()), "")
    return replace(unsigned, signature=base64.b64encode(key.sign(unsigned.signed_bytes)).decode())


def trusted(clearances: Iterable[Clearance]) -> tuple[TrustedClearance, ...]:
    """Return the clearances that a key of this installation signed; `distrusted` names the rest.

    Parameters
    ----------
    clearances : iterable of Clearance
    """
    keys = _public_keys()
    return tuple(TrustedClearance._issue(clearance=c) for c in clearances if not _fault(c, keys))


def distrusted(clearances: Iterable[Clearance]) -> tuple[Distrusted, ...]:
    """Return the clearances that do not count, each with the reason.

    Parameters
    ----------
    clearances : iterable of Clearance
    """
    keys = _public_keys()
    return tuple(Distrusted(c, fault) for c in clearances if (fault := _fault(c, keys)))


def _check_clearable(person: Person, flag: str, told: Sequence[Flag]) -> None:
    known = (*screen_ids(), *(sign.id for sign in told))
    if flag not in known:
        raise SettingError(f"no danger sign '{flag}'. {suggest(flag, known)}")
    if not is_adult(person) or flag in NOT_CLEARABLE:
        raise LockedError("nothing can be cleared for a person under 18, or whose age is not known: measures only")
    found = {f.id: f for f in screen_person(person, (), told).flags}.get(flag)
    if found is None:
        raise LockedError(f"'{flag}' is not raised by these answers: there is nothing to clear")
    if found.is_open:
        raise LockedError(f"'{flag}' has no answer yet: an open question is answered, not cleared")
    if found.urgency not in LOCKING:
        raise LockedError(f"'{flag}' is {found.urgency} and holds back nothing: there is nothing to clear")


def _time_fault(at: datetime) -> str:
    if at.tzinfo is None or at.utcoffset() is None:
        return "the time of a clearance needs its offset from UTC"
    return "the time of the clearance lies in the future" if at > datetime.now(UTC) + CLOCK_AHEAD else ""


def _fault(clearance: Clearance, keys: dict[str, Ed25519PublicKey]) -> str:
    """Return why a clearance does not count, '' if it does."""
    key = keys.get(clearance.clinician)
    if key is None:
        return "no clinician of this installation has that name; a name alone clears nothing"
    if clearance.key_id != _key_id(key):
        return "it names another key than the one this installation trusts"
    try:
        key.verify(base64.b64decode(clearance.signature, validate=True), clearance.signed_bytes)
    except (InvalidSignature, binascii.Error, ValueError):
        return "its signature does not fit what it says"
    return _time_fault(clearance.at)


def _public_keys() -> dict[str, Ed25519PublicKey]:
    folder = keys_folder()
    found = {}
    if folder.is_dir():
        _check_closed(folder)
    for path in sorted(folder.glob("*.pub")) if folder.is_dir() else ():
        _check_closed(path)
        try:
            key = load_pem_public_key(_read(path))
        except (OSError, ValueError, UnsupportedAlgorithm) as error:
            raise FileError(f"{path.name} is no public key; take it out of the folder of clinicians") from error
        if not isinstance(key, Ed25519PublicKey):
            raise FileError(f"{path.name} is no Ed25519 key; take it out of the folder of clinicians")
        found[path.stem] = key
    return found


def _check_closed(path: Path) -> None:
    """Refuse a key, or a folder of keys, that somebody else may have put there: who writes it decides who clears."""
    if os.name != "posix":
        return
    if path.suffix == ".pub" and path.is_symlink():
        raise LockedError(f"{path.name} is a link; a clinician's key is a file of its own: copy it into the folder")
    found = path.stat()
    if found.st_mode & 0o022:
        closed = "644" if path.suffix == ".pub" else "700"
        raise LockedError(
            f"{path.name} can be written by others, so it proves nothing; close it first (chmod {closed})"
        )
    if found.st_uid not in (os.getuid(), 0):
        raise LockedError(
            f"{path.name} belongs to another user of this machine, so it proves nothing; use your own keys"
        )


def _private_key(name: str, passphrase: str) -> Ed25519PrivateKey:
    known = _public_keys()
    path = keys_folder() / f"{name}.pem"
    if name not in known or not path.is_file():
        raise SettingError(f"no clinician '{name}' has a key here. {suggest(name, known)} New: kinechain clinician new")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise LockedError(f"{path.name} can be read by others; close it first (chmod 600)")
    try:
        key = load_pem_private_key(_read(path), passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise LockedError(f"the passphrase does not open the key of '{name}'") from error
    if not isinstance(key, Ed25519PrivateKey) or _key_id(key.public_key()) != _key_id(known[name]):
        raise LockedError(f"the private key of '{name}' does not belong to the public one")
    return key


def _read(path: Path) -> bytes:
    """Return the bytes of a key; a pipe, which may never end, is no key."""
    if not path.is_file():
        raise FileError(f"{path.name} is no file; take it out of the folder of clinicians")
    with path.open("rb") as file:
        return file.read(MAX_BYTES)


def _key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
