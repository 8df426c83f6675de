"""A program that talks to the API of a clinic, as tests of it do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

if TYPE_CHECKING:
    from web_fixtures import Clinics


@dataclass(frozen=True)
class Program:
    """A client with a token and without cookies, who asks about one patient."""

    client: Any
    token: str
    patient: str

    def __call__(self, method: str, path: str, document: Any = None, **more: Any) -> Any:
        """Ask a path of the API; '{patient}' in it is the patient's id."""
        head = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        where = f"/api{path.replace('{patient}', self.patient)}"
        if document is not None:
            more["json"] = document
        return self.client.request(method, where, headers=head, **more)

    def get(self, path: str) -> Any:
        """Return what a path of the patient answers, after checking that it does."""
        answer = self("GET", f"/patients/{{patient}}/{path}")
        assert answer.status_code == 200, answer.text[:500]
        return answer.json()

    def of(self, patient: str) -> Program:
        """Return the same program, asking about somebody else."""
        return replace(self, patient=patient)


def program_of(client: Any, clinics: Clinics, role: str = "clinician") -> Program:
    """Return a program with a token of an account; the client is nobody's."""
    from kinechain.store.sessions import add_session

    with clinics.place.database.writing() as connection:
        token, _ = add_session(connection, account_id=clinics.actor(role).id, kind="token", name="tests")
    return Program(client, token, clinics.patient)


def refusal(answer: Any, status: int, words: str) -> None:
    """Check that an answer is a refusal in one sentence that says something."""
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    told = answer.json()
    assert set(told) == {"error"} and words in told["error"], told
    assert "\n" not in told["error"] and "Traceback" not in told["error"]


def answered(clinics: Clinics, patient: str = "", **fields: Any) -> None:
    """Change answers of a patient; ``screen`` is added to what is there."""
    from kinechain.workspace.case import change_person

    told = fields.pop("screen", {})

    def changed(person: Any) -> Any:
        return replace(person, screen={**person.screen, **told}, **fields)

    with clinics.place.database.writing() as connection:
        change_person(connection, clinics.actor(), patient or clinics.patient, changed, "write intake")


def trail(clinics: Clinics) -> list[tuple[str, str, str]]:
    """Return who did what to whom, by the audit trail, the oldest first."""
    from kinechain.store.tables import audit

    with clinics.place.database.reading() as connection:
        rows = connection.execute(select(audit.c.actor, audit.c.action, audit.c.patient_id).order_by(audit.c.id))
        return [(row[0], row[1], row[2] or "") for row in rows]
