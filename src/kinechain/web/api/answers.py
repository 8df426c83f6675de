"""What the API answers, and what it takes, as values; documents of their own schema are handed on as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from kinechain.store.jobs import Job
from kinechain.workspace.patients import Row
from kinechain.workspace.recordings import FileRow
from kinechain.workspace.what_if import DRAWS

__all__ = [
    "SHOWN",
    "SHOWN_FILE",
    "Agreement",
    "AnalysisState",
    "Answers",
    "ChangedAnswers",
    "Fault",
    "LogAnswer",
    "LogEntries",
    "NewPatient",
    "PatientPage",
    "PatientRow",
    "PlanState",
    "RecordingRow",
    "RecordingUse",
    "Registered",
    "WhatIfQuestion",
    "WhoAmI",
    "analysis_state",
    "patient_row",
    "recording_row",
]


@dataclass(frozen=True)
class Fault:
    """Why something was not done, in one sentence."""

    error: str


#: Every route of the API may answer with these.
FAULTS: dict[int, ResponseSpec] = {
    status: ResponseSpec(Fault, generate_examples=False, description=words)
    for status, words in {
        400: "What was asked is not possible",
        401: "Not signed in",
        403: "Not allowed",
        404: "There is no such thing in this clinic",
        409: "Somebody else changed it in between",
        413: "Too large",
        429: "Too many requests",
        503: "The database or its disk is in trouble",
    }.items()
}


@dataclass
class Described(Operation):
    """An operation as the description shows it: by what its handler says, not by the handler's name."""

    def __post_init__(self) -> None:
        """Leave out the title made of the name."""
        self.summary = None


@dataclass
class DescribedFile(Described):
    """An operation whose body is a file as it is, read as a stream and not as a value."""

    def __post_init__(self) -> None:
        """Tell of the body."""
        super().__post_init__()
        content = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody({"application/octet-stream": content}, "The file as it is", required=True)


#: What every route of the API is described with; pages are not described.
SHOWN: dict[str, Any] = {"responses": FAULTS, "include_in_schema": True, "operation_class": Described}
#: The same, of a route that takes a file.
SHOWN_FILE: dict[str, Any] = SHOWN | {"operation_class": DescribedFile}


@dataclass(frozen=True)
class WhoAmI:
    """The account a token belongs to."""

    name: str
    role: str


@dataclass(frozen=True)
class NewPatient:
    """Somebody to register; the code stands on reports, and is made up where none is given."""

    name: str
    code: str = ""


@dataclass(frozen=True)
class Registered:
    """A patient who was registered."""

    id: str
    code: str


@dataclass(frozen=True)
class PatientRow:
    """One line of the list of patients."""

    id: str
    name: str
    code: str
    screen: str
    plan_locked: bool
    plan_made_on: str | None
    last_event_at: datetime | None
    pain: float | None
    visits: int
    open_tasks: int


@dataclass(frozen=True)
class PatientPage:
    """Some patients, and what to send as ``after`` for the next ones; '' at the end."""

    patients: tuple[PatientRow, ...]
    next: str


@dataclass(frozen=True)
class Answers:
    """The person file (TOML) as it stands; ``version`` 0 and '' before the first answer."""

    version: int
    toml: str


@dataclass(frozen=True)
class ChangedAnswers:
    """A person file to put in the place of the version that was read."""

    version: int
    toml: str


@dataclass(frozen=True)
class RecordingRow:
    """A recording that was handed in; ``inspected`` is null until a worker has looked."""

    id: str
    name: str
    kind: str
    size: int
    use: str
    sha256: str
    inspected: dict[str, Any] | None


@dataclass(frozen=True)
class RecordingUse:
    """What a recording is used for: 'walking', 'standing' or 'aside'."""

    use: str


@dataclass(frozen=True)
class AnalysisState:
    """How far an analysis is: 'queued', 'running', 'done', 'failed' or 'cancelled'."""

    id: str
    state: str
    step: str
    fault: str | None


@dataclass(frozen=True)
class WhatIfQuestion:
    """Changes to make together, as ``kinechain whatif`` takes them, and the draws that tell the interval: 60 or 200."""

    changes: tuple[str, ...]
    draws: int = DRAWS[1]


@dataclass(frozen=True)
class PlanState:
    """The plan that is agreed, the one that is proposed, and why there is none.

    Attributes
    ----------
    locked : str
        Why a plan is held back; '' if it is not.
    agreed : object or None
        Schema ``kinechain/plan/1``.
    proposed : object or None
        Schema ``kinechain/plan/1``.
    draft : int
        Number of the draft of the proposed plan, to agree on it.
    fault : str
        Why there is no proposal, or what is wrong with it.
    """

    locked: str
    agreed: dict[str, Any] | None
    proposed: dict[str, Any] | None
    draft: int
    fault: str


@dataclass(frozen=True)
class Agreement:
    """That clinician and patient agreed on the proposed plan with this id and number of draft."""

    plan: str
    draft: int
    patient_agrees: bool


@dataclass(frozen=True)
class LogEntries:
    """Entries of the journal, each with an id of its own, so that sending them twice writes them once."""

    entries: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class LogAnswer:
    """Which entries are kept, which are not and why, and what follows for the exercises."""

    accepted: tuple[str, ...]
    refused: tuple[dict[str, str], ...]
    told: tuple[dict[str, str], ...]
    screen: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def patient_row(row: Row) -> PatientRow:
    """Return one line of the list.

    Parameters
    ----------
    row : Row
    """
    return PatientRow(
        id=row.id,
        name=row.name,
        code=row.pseudonym,
        screen=row.screen,
        plan_locked=row.is_locked,
        plan_made_on=row.plan_made_on,
        last_event_at=row.last_event_at,
        pain=row.pain,
        visits=row.visits,
        open_tasks=row.open_tasks,
    )


def recording_row(row: FileRow) -> RecordingRow:
    """Return one recording.

    Parameters
    ----------
    row : FileRow
    """
    return RecordingRow(row.id, row.name, row.kind, row.size, row.use, row.digest, row.inspected)


def analysis_state(job: Job) -> AnalysisState:
    """Return how far an analysis is.

    Parameters
    ----------
    job : Job
    """
    return AnalysisState(job.id, job.state, job.step, job.fault)
