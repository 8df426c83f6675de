"""Recordings that are handed in: checked by what they begin with, kept by digest, looked at by a worker before use."""

from __future__ import annotations

import json
import os
import re
import shutil
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, Protocol, cast
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select, update

from kinechain.core.errors import FileError, InputError, SettingError
from kinechain.core.text import printable
from kinechain.recording.readers.c3d_format import is_c3d
from kinechain.recording.readers.forces import looks_like_forces
from kinechain.recording.readers.mot import looks_like_table
from kinechain.recording.readers.text import decode_text
from kinechain.recording.readers.trc import looks_like_trc
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.jobs import add_job
from kinechain.store.people import Patient, find_patient, hold, search_text
from kinechain.store.tables import file
from kinechain.store.tables import job as job_table
from kinechain.workspace.place import Place

__all__ = [
    "HEAD",
    "USES",
    "FileRow",
    "Stream",
    "TooLargeError",
    "Use",
    "check_size",
    "choose_use",
    "clean_name",
    "hand_in",
    "largest_upload",
    "recordings_of",
    "remove_recording",
    "sniff",
    "write_inspection",
]

#: Kind of the job that looks at a recording.
LOOK = "inspect"
Use = Literal["walking", "standing", "aside"]
USES: tuple[Use, ...] = ("walking", "standing", "aside")

#: So much of a file tells what it is.
HEAD = 65_536
CHUNK = 1 << 20
#: Largest file where ``KINECHAIN_UPLOAD_MB`` names no other, MB.
USUAL_MB = 300
#: No patient has more recordings than that; who needs them removes old ones first.
MOST_FILES = 200
#: Said where a look failed and nothing tells why.
NO_REASON = "a worker could not look at it; hand it in again"
#: So much room stays on the disk, bytes.
SPARE = 500_000_000

#: How files begin that are something else, and what they are.
OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive (or a spreadsheet, which is one); unpack it and hand in the recordings in it"),
    (b"PK\x05\x06", "an empty ZIP archive; hand in the recordings themselves"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"%PDF", "a PDF; hand in the recording it was made from"),
    (b"\x89PNG", "a picture; kinechain reads markers and forces"),
    (b"\xff\xd8\xff", "a picture; kinechain reads markers and forces"),
    (b"GIF8", "a picture; kinechain reads markers and forces"),
    (b"\xd0\xcf\x11\xe0", "a document of an office program; export the recording as C3D, TRC or CSV"),
    (b"MATLAB", "a MATLAB file; export the recording as C3D, TRC or CSV"),
    (b"\x89HDF", "an HDF5 or MATLAB file; export the recording as C3D, TRC or CSV"),
)


#: How letters are written where a keyboard lacks them; accents are taken off by `kinechain.store.people.search_text`.
AS_TWO = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe", "þ": "th"})
AS_ONE = str.maketrans({"ø": "o", "å": "a", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "a"})


class TooLargeError(FileError):
    """A file is larger than files may be."""


class Stream(Protocol):
    """Bytes as they arrive."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; b'' at the end."""


@dataclass(frozen=True)
class FileRow:
    """One recording of a patient.

    Attributes
    ----------
    id, patient_id, digest, name : str
    kind : str
        'C3D', 'TRC', 'table', 'forces', 'text' or 'Parquet', as its beginning says.
    size : int
    use : 'walking', 'standing' or 'aside'
    inspected : mapping or None
        One file of schema ``kinechain/inspection/1``; None until a worker has looked. Where the look failed there is
        no more than ``name``, ``bytes``, ``sha256``, ``format`` and why, in ``refused``.
    uploaded_at : datetime
    uploaded_by : str
    is_new : bool
        False if the same bytes were there already.
    """

    id: str
    patient_id: str
    digest: str
    name: str
    kind: str
    size: int
    use: Use
    inspected: dict[str, Any] | None
    uploaded_at: datetime
    uploaded_by: str
    is_new: bool = True


def largest_upload() -> int:
    """Return how large a file may be, bytes: ``KINECHAIN_UPLOAD_MB`` or the usual.

    Raises
    ------
    SettingError
        If the setting is no number.
    """
    written = os.environ.get("KINECHAIN_UPLOAD_MB", "")
    if not written:
        return USUAL_MB * 1_000_000
    if not written.isascii() or not written.isdigit() or not 1 <= int(written) <= 10_000:
        raise SettingError(f"KINECHAIN_UPLOAD_MB is '{printable(written[:20])}'; write megabytes, 1 to 10000")
    return int(written) * 1_000_000


def check_size(size: int) -> None:
    """Refuse a file that is said to be too large, before anything of it is read.

    Parameters
    ----------
    size : int
        As the browser says it.

    Raises
    ------
    FileError
        If it is larger than files may be.
    """
    largest = largest_upload()
    if size > largest:
        raise TooLargeError(
            f"this file has {size / 1e6:.0f} MB, and files of up to {largest / 1e6:.0f} MB are taken; "
            "cut the recording to the walk, or export it without video and unused channels"
        )


def clean_name(name: str, patient: Patient | None = None) -> str:
    """Return a file's name as it is kept: printable, without a path, and without the name of the patient.

    Parameters
    ----------
    name : str
        As the browser says it.
    patient : Patient, optional
        Words of their name are replaced by the pseudonym, because file names stand in reports.
    """
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    plain = " ".join("".join(c if c.isprintable() and c not in '<>:"|?*' else " " for c in last).split()).lstrip(". ")
    if patient is not None:
        plain = _without_words(plain, patient)
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > 8 or not ending.isalnum():
        stem, ending = plain, ""
    stem = stem.strip(" .")[:100] or "recording"
    return f"{stem}.{ending}" if ending else stem


def _without_words(name: str, patient: Patient) -> str:
    """Replace every word of a patient's name, whatever its accents, case and spelling, by their pseudonym once.

    Of four letters and more, also where other letters stand beside it, as in 'PMuster' or 'musterpetra'.
    """
    given = unicodedata.normalize("NFC", patient.name.casefold())
    spelled = " ".join(search_text(text, "") for text in (given, given.translate(AS_TWO), given.translate(AS_ONE)))
    words = {word for word in re.findall(r"\w{3,}", spelled) if not word.isdigit()}
    words -= set(re.findall(r"\w+", search_text(patient.pseudonym, "")))
    pieces = re.split(r"([^\W\d_]+)", name)
    long = {word for word in words if len(word) > 3}
    plain = [search_text(piece, "") for piece in pieces]
    found = [k for k, piece in enumerate(plain) if piece in words or any(word in piece for word in long)]
    for k in found:
        pieces[k] = patient.pseudonym if k == found[0] else ""
    return re.sub(r"([ _-])[ _-]+", r"\1", "".join(pieces)).strip(" _-") if found else name


def sniff(head: bytes, name: str = "") -> str:
    """Return what a file is by how it begins, whatever its name says.

    Parameters
    ----------
    head : bytes
        Its first `HEAD` bytes.
    name : str
        For the message.

    Raises
    ------
    FileError
        If it is no recording.
    """
    said = f"'{printable(name)}' is " if name else "this is "
    if not head:
        raise FileError(f"{said}empty; export the recording again")
    for start, what in OTHERS:
        if head.startswith(start):
            raise FileError(said + what)
    if is_c3d(head[:1024]):
        return "C3D"
    if head.startswith(b"PAR1"):
        return "Parquet"
    text = None if b"\0" in head.replace(b"\xff\xfe", b"") and not _is_wide(head) else decode_text(_whole_lines(head))
    if text is None or "<" in text.lstrip("\ufeff \t\r\n")[:1]:
        raise FileError(f"{said}no recording that is known here: C3D, TRC, MOT, STO, CSV, TSV or Parquet are")
    if looks_like_trc(text):
        return "TRC"
    if looks_like_table(text):
        return "table"
    return "forces" if looks_like_forces(text) else "text"


def _is_wide(head: bytes) -> bool:
    return head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _whole_lines(head: bytes) -> bytes:
    """Return the head without a last line, or character, that is cut in two."""
    return head if len(head) < HEAD or _is_wide(head) else head[: head.rfind(b"\n") + 1] or head


class _Limited:
    """A stream that gives back its head first, and refuses to become too large."""

    def __init__(self, head: bytes, rest: Stream, largest: int) -> None:
        self.waiting, self.rest, self.largest, self.size = head, rest, largest, 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        if self.waiting:
            given = self.waiting if size < 0 else self.waiting[:size]
            self.waiting = self.waiting[len(given) :]
        else:
            given = self.rest.read(CHUNK if size < 0 else size)
        self.size += len(given)
        if self.size > self.largest:
            check_size(self.size)
        return given

    def __iter__(self) -> Iterator[bytes]:
        while part := self.read(CHUNK):
            yield part


def hand_in(place: Place, actor: Actor, patient_id: str, name: str, stream: Stream | IO[bytes]) -> FileRow:
    """Take a recording in: to the store of files, a row, and a job that looks at it.

    Parameters
    ----------
    place : Place
    actor : Actor
    patient_id : str
    name : str
        As the browser says it.
    stream : readable
        Read once, in parts; nothing of it is interpreted here but its beginning.

    Raises
    ------
    FileError
        If it is too large, empty or no recording.
    InputError
        If there is no room, or the patient has too many.
    """
    with place.database.reading() as connection:
        patient = _patient(connection, patient_id)
        if len(recordings_of(connection, patient_id)) >= MOST_FILES:
            raise InputError(f"this patient has {MOST_FILES} recordings; remove some that are no longer needed")
    if shutil.disk_usage(place.folder).free < SPARE:
        raise InputError("the disk of this installation is nearly full; make room before handing in recordings")
    shown = clean_name(name, patient)
    head = _begin(stream)
    kind = sniff(head, shown)
    digest, size = place.files.put(cast(BinaryIO, _Limited(head, stream, largest_upload())))
    with place.database.writing() as connection:
        return _add(connection, actor, patient, shown, kind, digest, size)


def _begin(stream: Stream | IO[bytes]) -> bytes:
    parts, held = [], 0
    while held < HEAD and (part := stream.read(HEAD - held)):
        parts.append(part)
        held += len(part)
    return b"".join(parts)


def _patient(connection: Connection, patient_id: str) -> Patient:
    patient = find_patient(connection, patient_id)
    if patient is None or patient.erased_at is not None:
        raise InputError("there is no such patient, or their data were erased")
    return patient


def _add(
    connection: Connection, actor: Actor, patient: Patient, name: str, kind: str, digest: str, size: int
) -> FileRow:
    """Write the row and queue the look at it; the same bytes of the same patient are one row."""
    hold(connection, patient.id)
    # Looked at again: what was erased while the file came in stays erased.
    _patient(connection, patient.id)
    there = next((row for row in recordings_of(connection, patient.id) if row.digest == digest), None)
    if there is not None:
        record(connection, actor, "hand in recording again", patient.id, {"file": there.id})
        if digest in _failed_looks(connection, patient.id, [digest]):
            _ask_look(connection, actor, patient, there)
            there = _own(connection, patient.id, there.id)
        return FileRow(**{**vars(there), "is_new": False})
    taken = {row.name for row in recordings_of(connection, patient.id)}
    row = FileRow(
        id=str(uuid4()),
        patient_id=patient.id,
        digest=digest,
        name=_free(name, taken),
        kind=kind,
        size=size,
        use=_guess(name),
        inspected=None,
        uploaded_at=now(),
        uploaded_by=actor.code,
    )
    values = {k: v for k, v in vars(row).items() if k not in ("inspected", "is_new")}
    connection.execute(insert(file).values(**values))
    record(connection, actor, "hand in recording", patient.id, {"file": row.id, "kind": kind, "size": size})
    if (seen := _seen_before(connection, row)) is not None:
        write_inspection(connection, row.id, seen)
        return replace(_own(connection, patient.id, row.id), is_new=True)
    _ask_look(connection, actor, patient, row)
    return row


def _ask_look(connection: Connection, actor: Actor, patient: Patient, row: FileRow) -> None:
    add_job(
        connection,
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        kind=LOOK,
        key=row.digest,
        input={"file": row.id, "digest": row.digest, "name": row.name},
        by=actor.code,
    )


def _seen_before(connection: Connection, row: FileRow) -> dict[str, Any] | None:
    """Return what was seen in the same bytes of this patient that were removed since: they are not looked at twice."""
    where = (file.c.patient_id == row.patient_id, file.c.digest == row.digest, file.c.inspected.is_not(None))
    seen = connection.execute(select(file.c.inspected).where(*where).limit(1)).scalar()
    return None if seen is None else cast(dict[str, Any], json.loads(seen))


def _free(name: str, taken: set[str]) -> str:
    path = Path(name)
    names = [name, *(f"{path.stem} ({k}){path.suffix}" for k in range(2, len(taken) + 3))]
    return next(n for n in names if n not in taken)


def _guess(name: str) -> Use:
    """Return a first guess of what a recording is for; the look at it corrects that."""
    return "standing" if re.search(r"stat|stand|_st\b|cal", Path(name).stem.casefold()) else "walking"


def recordings_of(connection: Connection, patient_id: str) -> tuple[FileRow, ...]:
    """Return the recordings of a patient, the newest last, those removed left out.

    One whose look failed is told as refused, and is used for nothing.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    """
    found = connection.execute(
        select(file)
        .where(file.c.patient_id == patient_id, file.c.removed_at.is_(None))
        .order_by(file.c.uploaded_at, file.c.id)
    )
    rows = [_row(row) for row in found]
    unseen = {row.digest for row in rows if row.inspected is None}
    faults = _failed_looks(connection, patient_id, unseen) if unseen else {}
    return tuple(
        _refused(row, faults[row.digest]) if row.digest in faults and not row.inspected else row for row in rows
    )


def _failed_looks(connection: Connection, patient_id: str, digests: Collection[str]) -> dict[str, str]:
    """Return why the newest look at each of some recordings failed; those that wait, run or are done left out."""
    where = (job_table.c.patient_id == patient_id, job_table.c.kind == LOOK, job_table.c.key.in_(digests))
    asked = select(job_table.c.key, job_table.c.state, job_table.c.fault).where(*where)
    newest = {row.key: row for row in connection.execute(asked.order_by(job_table.c.created_at, job_table.c.id))}
    return {key: row.fault or NO_REASON for key, row in newest.items() if row.state == "failed"}


def _refused(row: FileRow, fault: str) -> FileRow:
    """Return a recording that nobody could look at."""
    told = {"name": row.name, "bytes": row.size, "sha256": row.digest, "format": None, "refused": fault}
    return replace(row, inspected=told, use="aside")


def _row(row: Row[Any]) -> FileRow:
    return FileRow(
        row.id,
        row.patient_id,
        row.digest,
        row.name,
        row.kind,
        row.size,
        row.use,
        json.loads(row.inspected) if row.inspected else None,
        row.uploaded_at,
        row.uploaded_by,
    )


def _own(connection: Connection, patient_id: str, file_id: str) -> FileRow:
    """Return a recording of this patient; another patient's is none of theirs."""
    found = next((row for row in recordings_of(connection, patient_id) if row.id == file_id), None)
    if found is None:
        raise InputError("this patient has no such recording; load the page again")
    return found


def choose_use(place: Place, actor: Actor, patient_id: str, file_id: str, use: str) -> FileRow:
    """Say what a recording is used for; of two standing trials the other is put aside.

    Parameters
    ----------
    place : Place
    actor : Actor
    patient_id, file_id, use : str

    Raises
    ------
    InputError
        If there is no such recording of this patient, no such use, or the look at it failed.
    """
    if use not in USES:
        raise InputError(f"a recording is used for {' or '.join(USES)}")
    with place.database.writing() as connection:
        hold(connection, patient_id)
        row = _own(connection, patient_id, file_id)
        fault = _failed_looks(connection, patient_id, [row.digest]).get(row.digest)
        if fault and use != "aside":
            raise InputError(f"this recording cannot be used: {fault}")
        if use == "standing":
            others = (file.c.patient_id == patient_id, file.c.use == "standing", file.c.removed_at.is_(None))
            connection.execute(update(file).where(*others).values(use="aside"))
        connection.execute(update(file).where(file.c.id == row.id).values(use=use))
        record(connection, actor, "choose use of recording", patient_id, {"file": row.id, "use": use})
        return _own(connection, patient_id, file_id)


def remove_recording(place: Place, actor: Actor, patient_id: str, file_id: str) -> None:
    """Take a recording away; what was computed from it stays as it was.

    Parameters
    ----------
    place : Place
    actor : Actor
    patient_id, file_id : str

    Raises
    ------
    InputError
        If there is no such recording of this patient.
    """
    with place.database.writing() as connection:
        hold(connection, patient_id)
        row = _own(connection, patient_id, file_id)
        connection.execute(update(file).where(file.c.id == row.id).values(removed_at=now()))
        record(connection, actor, "remove recording", patient_id, {"file": row.id})


def write_inspection(connection: Connection, file_id: str, inspected: dict[str, Any]) -> None:
    """Write down what a worker saw in a recording, and preset its use by that.

    Parameters
    ----------
    connection : Connection
        Writing.
    file_id : str
    inspected : dict
        One file of schema ``kinechain/inspection/1``.
    """
    looked = connection.execute(select(file).where(file.c.id == file_id)).first()
    if looked is None:
        return
    written = json.dumps(inspected, ensure_ascii=False)
    # The same bytes, removed and handed in again meanwhile, are another row of the same look.
    same = (file.c.patient_id == looked.patient_id, file.c.digest == looked.digest, file.c.inspected.is_(None))
    for row in connection.execute(select(file).where(*same)).all():
        values: dict[str, Any] = {"inspected": written}
        # Somebody may have chosen already while the worker looked: only the first guess is corrected.
        if row.removed_at is None and row.use == _guess(row.name):
            others = [r for r in recordings_of(connection, row.patient_id) if r.id != row.id and r.use == "standing"]
            values["use"] = _preset(inspected, bool(others))
        connection.execute(update(file).where(file.c.id == row.id).values(**values))


def _preset(inspected: dict[str, Any], has_standing: bool) -> Use:
    """Return what a recording is best used for."""
    if inspected.get("refused"):
        return "aside"
    if inspected.get("task") == "standing":
        return "aside" if has_standing else "standing"
    uses = {use["name"]: use["verdict"] for use in inspected.get("uses", ())}
    # Tables of forces go with the markers of the same trial.
    is_table = not inspected.get("markers") and bool(inspected.get("plates"))
    return "walking" if is_table or uses.get("ik") in ("yes", "partly") else "aside"
