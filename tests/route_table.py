"""Every route of the workspace with its rule, and what can be put into its path: own things, and things of others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text

from kinechain.store.clock import now
from kinechain.store.tables import METADATA, audit, file, job, link, output, session, task
from web_fixtures import Clinics, OneClinic

#: Names in a path that are ids of rows; a route with another name in its path fails until it is listed here or below.
IDS = ("patient_id", "file_id", "job_id", "link_id", "account_id", "task_id", "session_code")
#: Names in a path that are no ids: a value that fits the example, and none of them may be a way out.
WORDS: Mapping[str, str] = {
    "file_path": "css/base.css",
    "path": "no/such/thing",
    "token": "no-such-token",
    "number": "1",
    "index": "1",
    "name": "report.html",
    "kind": "plan-patient",
}
HOSTILE = (
    "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e%2fapp.py", "..%5c..%5capp.py", "%00", "-1",
    "999999999999999999999999", "%F0%9F%A6%B6", "%ff%fe", "'%20OR%20'1'='1", "%22%3E%3Cscript%3E", "a" * 3000,
    "%0d%0aSet-Cookie:%20a=b",
)  # fmt: skip


@dataclass(frozen=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    name: str
    opt: Mapping[str, Any]
    words: tuple[str, ...]
    queries: tuple[str, ...] = ()

    @property
    def access(self) -> str | None:
        return self.opt.get("access")

    @property
    def is_safe(self) -> bool:
        return self.method == "GET"

    def at(self, **values: str) -> str:
        """Return the address with something in each place of it."""
        return self.path.format(**values)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes(app: Any) -> list[Route]:
    """Return every route that somebody wrote; answers to OPTIONS, which nobody wrote, are left out."""
    return [route for route in _all(app) if route.method != "OPTIONS"]


def _all(app: Any) -> Iterator[Route]:
    for found in app.routes:
        for handler in found.route_handlers:
            for method in sorted(handler.http_methods):
                words = tuple(found.path_parameters)
                asked = set(handler.parsed_fn_signature.parameters) - {"request", "data", *words}
                yield Route(
                    method, found.path_format, handler.name or "", dict(handler.opt), words, tuple(sorted(asked))
                )


@dataclass(frozen=True)
class Things:
    """Ids of everything a path can name, all of one patient."""

    patient_id: str
    file_id: str
    job_id: str
    link_id: str
    account_id: str
    task_id: str
    session_code: str

    def of(self, route: Route) -> dict[str, str]:
        return {word: vars(self).get(word, WORDS.get(word, "")) for word in route.words}


def fill(clinics: Clinics) -> tuple[Things, Things, Things]:
    """Add a file, an analysis and a task for three patients: the own one, a colleague's, and another clinic's."""
    own, other = clinics.own, clinics.other
    return (
        _add(clinics, own, own.patient, own.clinician),
        _add(clinics, own, own.new_patient, own.admin),
        _add(clinics, other, other.patient, other.clinician),
    )


def _add(clinics: Clinics, clinic: OneClinic, patient_id: str, account_id: str) -> Things:
    from kinechain.store.sessions import add_session

    content = f"<p>of {patient_id}</p>".encode()
    stored = clinics.place.files.put(content)
    made = Things(patient_id, *(str(uuid4()) for _ in range(3)), account_id, str(uuid4()), "")
    moment = now()
    with clinics.place.database.writing() as connection:
        _, ticket = add_session(connection, account_id=account_id, kind="token", name="of a program")
        connection.execute(
            file.insert().values(
                id=made.file_id, patient_id=patient_id, digest=stored[0], name="walk.trc", kind="trc", size=stored[1],
                use="walking", uploaded_at=moment, uploaded_by="account:x",
            )
        )  # fmt: skip
        connection.execute(
            job.insert().values(
                id=made.job_id, clinic_id=clinic.id, patient_id=patient_id, kind="assess",
                key=made.job_id.replace("-", ""), input="{}", state="done",
                created_at=moment, created_by="account:x", finished_at=moment,
            )
        )  # fmt: skip
        for name, kind in (("report.html", "text/html"), ("report.pdf", "application/pdf")):
            connection.execute(
                output.insert().values(job_id=made.job_id, name=name, media_type=kind, digest=stored[0], size=stored[1])
            )
        connection.execute(
            task.insert().values(
                id=made.task_id, clinic_id=clinic.id, patient_id=patient_id, kind="alert", urgency="soon",
                text="Look at this.", source=f"test:{patient_id}", created_at=moment,
            )
        )  # fmt: skip
        there = connection.execute(select(link.c.id).where(link.c.patient_id == patient_id)).scalar()
        if there is None:
            connection.execute(
                link.insert().values(
                    id=made.link_id, patient_id=patient_id, token_digest=made.link_id.replace("-", ""),
                    created_at=moment, created_by=account_id, expires_at=moment.replace(year=moment.year + 1),
                )
            )  # fmt: skip
    return Things(**{**vars(made), "link_id": there or made.link_id, "session_code": ticket.code})


def state_of(clinics: Clinics, ignored: tuple[str, ...] = ()) -> dict[str, str]:
    """Return a digest of every table but the trail of who asked and the moments of sessions."""
    said = {}
    with clinics.place.database.reading() as connection:
        for name, table in METADATA.tables.items():
            if name in (audit.name, "attempt", *ignored):
                continue
            columns = [c for c in table.columns if not (table is session and c.name == "seen_at")]
            rows = sorted(repr(tuple(row)) for row in connection.execute(select(*columns)))
            said[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return said


def whole_text(clinics: Clinics, table: str) -> str:
    """Return everything a table holds, as one text."""
    with clinics.place.database.reading() as connection:
        return "\n".join(repr(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {table}")))
