"""A clinician's clearance of one danger sign: who, when, why, and of which answers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from kinechain.care.person.person import Person
from kinechain.care.screening.proof import Proof

__all__ = ["Clearance", "TrustedClearance", "answers_digest"]


@dataclass(frozen=True)
class Clearance:
    """One danger sign that a clinician looked into and cleared, for exactly these answers.

    Attributes
    ----------
    flag : str
        Id of the danger sign.
    answers : str
        `answers_digest` of the person it was given for; any other answers end it.
    clinician : str
        Name of the clinician, as their key says.
    reason : str
    at : datetime
        Aware.
    key_id : str
        Fingerprint of the clinician's public key.
    signature : str
        Base64 of the Ed25519 signature over all the fields above.
    """

    flag: str
    answers: str
    clinician: str
    reason: str
    at: datetime
    key_id: str
    signature: str

    @property
    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        fields = [self.flag, self.answers, self.clinician, self.reason, self.at.isoformat(), self.key_id]
        return json.dumps(["kinechain/clearance/1", *fields], ensure_ascii=True, separators=(",", ":")).encode()


class TrustedClearance(Proof):
    """A clearance whose signature was verified against the clinicians' keys of this installation.

    Only `kinechain.care.screening.keyring.trusted` and `kinechain.care.screening.keyring.sign_clearance` make one.

    Attributes
    ----------
    clearance : Clearance
    """

    __slots__ = ("clearance",)
    clearance: Clearance


def answers_digest(person: Person) -> str:
    """Return the SHA-256 of everything a danger sign is judged by.

    Parameters
    ----------
    person : Person

    Notes
    -----
    Age, sex, history, conditions, answers, symptom map, Wells items and examination all enter, and the pseudonym, so
    that nothing is cleared for one person by what another answered alike; recordings do not.
    """
    history = {k: sorted(v) if isinstance(v, frozenset) else v for k, v in vars(person.history).items()}
    history["treatments"] = [vars(treatment) for treatment in person.history.treatments]
    content = [
        [person.pseudonym, person.sex, person.age_years, person.iwgdf_risk],
        history,
        *(dict(sorted(answers.items())) for answers in (person.conditions, person.screen, person.wells)),
        sorted((s.kind, s.region) for s in person.symptoms),
        sorted((e.id, e.part, e.side, e.value, e.unit, str(e.measured_on or "")) for e in person.exam),
        sorted((e.id, e.part, e.side, e.state) for e in person.not_examined),
    ]
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
