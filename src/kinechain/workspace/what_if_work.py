"""The process that answers what-ifs: a person stands in it once, and every change after that takes a moment.

Lines of JSON come in, one question each, and go out. It reads the case itself, so that what may be answered is judged
by the answers of now.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from sqlalchemy.exc import DBAPIError

from kinechain.analysis import Settings, stand_up
from kinechain.care.drivers import may_attribute
from kinechain.care.person.person import Person
from kinechain.chain.change import Change, parse_change
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.links import LINKS
from kinechain.chain.person_chain import ChainSettings, StandingPerson
from kinechain.chain.reach import WAYS
from kinechain.chain.respond import Response, respond
from kinechain.chain.situation import Equilibrium
from kinechain.chain.targets import TARGETS, compute_targets
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import KinechainError, SettingError, SolveError
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.report.chain_json import response_json
from kinechain.report.words import clinical, value_words
from kinechain.store.people import find_patient
from kinechain.workspace.case import Case, read_case
from kinechain.workspace.inspecting import safe_name
from kinechain.workspace.place import Place, open_place
from kinechain.workspace.recordings import FileRow, recordings_of

__all__ = ["answer", "main"]

#: With so many draws a slider is moving: whoever loses their rest is searched for shortly, because a far change such as
#: a heavy pack has some who fall, and each search for them takes as long as all the others together.
MOVING, SHORTLY = 60, WAYS[:1]
#: So many people stand ready.
MOST_KEPT = 6
#: A process that nobody asked for so long ends, s; the next question begins another.
IDLE_S = 1200.0
#: While nobody asks, it is looked so often whether somebody who stands ready was erased, s.
LOOK_S = 20.0
#: A link that turns less, degrees, is not worth a line, and neither is a load that changes by less than this share.
LEAST_DEG, LEAST_SHARE = 0.05, 0.01


@dataclass(frozen=True, eq=False)
class _Stood:
    """A person who stands, with everything that is so without a change."""

    person: StandingPerson
    at_rest: Equilibrium
    loads: FloatArray
    has_recording: bool
    #: What the recording adds to the size of the body, or says against it.
    notes: tuple[str, ...] = ()


#: By patient first, then by what the body is made of.
_KEPT: OrderedDict[tuple[str, str, str, int], _Stood] = OrderedDict()


def answer(
    place: Place, patient_id: str, changes: Sequence[str], draws: int, *, is_document: bool = False
) -> dict[str, Any]:
    """Return what changes would do to a patient, standing; of no change, what is so now.

    Parameters
    ----------
    place : Place
    patient_id : str
    changes : sequence of str
        As `kinechain.chain.change.parse_change` reads them; made together.
    draws : int
    is_document : bool
        Schema ``kinechain/whatif/1``, in place of what the page shows.

    Raises
    ------
    SettingError
        If the patient may be given no what-if, or a change is impossible.
    InputError
        If mass and height cannot be of one adult, or the standing trial cannot be used.
    SolveError
        If the body does not stand with the changes.
    """
    begun = time.monotonic()
    _forget_erased(place)
    with place.database.reading() as connection:
        case = read_case(connection, patient_id)
        files = recordings_of(connection, patient_id)
    permission = may_attribute(case.person, case.screened())
    if not permission.is_given:
        raise SettingError(permission.reason)
    asked = [parse_change(text) for text in changes]
    stood = _stand(place, case, files, draws)
    if is_document:
        return _document(stood, asked)
    if not asked:
        found: dict[str, Any] = {"links": [], "loads": _now(stood), "notes": list(stood.person.notes), "unsure": []}
    else:
        response = _moved(stood, asked) if draws == MOVING else _responded(stood, asked)
        found = {"links": _links(response), "loads": _loads(response), "notes": list(response.notes)}
    return {
        **found,
        "changes": [change.text for change in asked],
        "draws": draws,
        "has_recording": stood.has_recording,
        "seconds": round(time.monotonic() - begun, 3),
    }


def _document(stood: _Stood, changes: Sequence[Change]) -> dict[str, Any]:
    """Return what ``kinechain whatif --json`` prints for the same answers and the same standing trial."""
    response = _responded(stood, changes)
    notes = (*stood.notes, *dict.fromkeys([*response.notes, *stood.person.notes]))
    document: dict[str, Any] = json.loads(response_json(replace(response, notes=notes)))
    return document


def _stand(place: Place, case: Case, files: Sequence[FileRow], draws: int) -> _Stood:
    """Return the person standing, from memory where the same person stood before."""
    trial = next((row for row in reversed(files) if row.use == "standing"), None)
    made_of = (case.version.digest if case.version else "", f"{trial.digest} {trial.name}" if trial else "")
    key = (case.patient.id, *made_of, draws)
    if key not in _KEPT:
        _KEPT[key] = _stood(place, case.person, trial, draws)
        while len(_KEPT) > MOST_KEPT:
            _KEPT.popitem(last=False)
    _KEPT.move_to_end(key)
    return _KEPT[key]


def _forget_erased(place: Place) -> None:
    """Let nobody stand any longer whose data were erased, in whichever process of the server that was asked for."""
    patients = {key[0] for key in _KEPT}
    if not patients:
        return
    with place.database.reading() as connection:
        found = {id: find_patient(connection, id) for id in patients}
    gone = {id for id, patient in found.items() if patient is None or patient.erased_at is not None}
    for key in [key for key in _KEPT if key[0] in gone]:
        del _KEPT[key]


def _stood(place: Place, person: Person, trial: FileRow | None, draws: int) -> _Stood:
    settings = Settings(chain=ChainSettings(draws=draws))
    with place.files.work_folder() as folder:
        path = None
        if trial is not None:
            path = folder / safe_name(trial.name)
            place.files.copy(trial.digest, path)
        up = stand_up(person, static=path, settings=settings)
    stood = up.person
    at_rest = solve_equilibrium(stood.model, stood.situation)
    loads = compute_targets(stood.model, stood.situation, at_rest, slopes=stood.slopes)
    return _Stood(stood, at_rest, loads, up.standing is not None, up.notes)


def _moved(stood: _Stood, changes: Sequence[Change]) -> Response:
    """Return what changes do while a slider moves; that they cannot be borne is said only after the whole search."""
    try:
        return _responded(stood, changes, SHORTLY)
    except SolveError:
        return _responded(stood, changes)


def _responded(stood: _Stood, changes: Sequence[Change], ways: Sequence[int] = WAYS) -> Response:
    return respond(
        stood.person.model,
        stood.person.situation,
        list(changes),
        before=stood.at_rest,
        loads=stood.loads,
        slopes=stood.person.slopes,
        ways=ways,
    )


def _links(response: Response) -> list[dict[str, Any]]:
    """Return the links that turn, the surest and largest first."""
    rows = []
    for link in LINKS:
        moved = clinical(response.links[link.id])
        if link.unit == "m":
            moved = Estimate(1000 * moved.value, 1000 * moved.low, 1000 * moved.high, "mm", moved.source)
        if abs(moved.value) < LEAST_DEG:
            continue
        rows.append(
            {
                "id": link.id,
                "name": link.name.split(",", 1)[0],
                "side": link.side,
                "way": link.positive if moved.value > 0 else f"less {link.positive}",
                **_plain(moved),
            }
        )
    return sorted(rows, key=lambda row: (not row["is_sure"], -abs(row["value"])))


def _loads(response: Response) -> list[dict[str, Any]]:
    """Return loads before and after: what is sure first, then from the spine to the sole."""
    rows = []
    for column, target in enumerate(TARGETS):
        change, before = response.targets[target.id], response.before[target.id]
        if isinstance(change, NotMeasured) or isinstance(before, NotMeasured):
            continue
        after = response.target_before[:, column] + response.target_changes[:, column]
        low, middle, high = (float(q) for q in np.nanquantile(after, (0.025, 0.5, 0.975)))
        # Of what lies about zero there is no share.
        is_shared = before.low * before.high > 0.0
        share = change.value / abs(before.value) if is_shared else 0.0
        if is_shared and abs(share) < LEAST_SHARE:
            continue
        shown = clinical(Estimate(middle, low, high, before.unit, before.source))
        rows.append(
            {
                "id": target.id,
                "name": target.name,
                "side": target.side,
                "before": _plain(clinical(before)),
                "after": _plain(shown),
                "share": round(100 * share, 1) if is_shared else None,
                **_plain(clinical(change)),
            }
        )
    return sorted(rows, key=lambda row: not row["is_sure"])


def _now(stood: _Stood) -> list[dict[str, Any]]:
    """Return the loads without a change."""
    rows = []
    for column, target in enumerate(TARGETS):
        known = stood.loads[:, column][np.isfinite(stood.loads[:, column])]
        if len(known) < 0.95 * len(stood.loads):
            continue
        low, middle, high = (float(q) for q in np.quantile(known, (0.025, 0.5, 0.975)))
        now = clinical(Estimate(middle, low, high, target.unit, "drawn people"))
        rows.append({"id": target.id, "name": target.name, "side": target.side, "before": _plain(now)})
    return rows


def _plain(estimate: Estimate) -> dict[str, Any]:
    return {
        "value": _rounded(estimate.value),
        "low": _rounded(estimate.low),
        "high": _rounded(estimate.high),
        "unit": estimate.unit,
        "words": value_words(estimate),
        "is_sure": estimate.low * estimate.high > 0.0,
    }


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")


def main() -> None:
    """Answer one question after the other, until the input ends or nobody asks for long."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    questions: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(questions,), daemon=True).start()
    setup = questions.get()
    _limit(int(setup["memory_bytes"]))
    place = open_place(Path(setup["folder"]), setup["url"], setup["address"])
    asked_at = time.monotonic()
    while time.monotonic() - asked_at < IDLE_S:
        try:
            question = questions.get(timeout=LOOK_S)
        except Empty:
            # A database that is away for a moment is asked again at the next look.
            with suppress(DBAPIError):
                _forget_erased(place)
            continue
        found = _answered(place, question)
        asked_at = time.monotonic()
        answers.write(json.dumps(found) + "\n")
        answers.flush()


def _listen(questions: SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        questions.put(json.loads(line))
    # Whoever asked has gone, perhaps killed: nobody would hear the answer.
    os._exit(0)


def _limit(memory_bytes: int) -> None:
    """Bound what the process may take, where the system can: it reads a standing trial."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answered(place: Place, question: dict[str, Any]) -> dict[str, Any]:
    try:
        asked = (question["patient_id"], question["changes"], question["draws"])
        return answer(place, *asked, is_document=bool(question.get("is_document")))
    except KinechainError as error:
        return {"fault": " ".join(str(error).split())}
    except MemoryError:
        return {"fault": "this question needs more memory than it may have; make fewer changes at once"}
    except Exception as error:  # noqa: BLE001 - of any fault only the kind is told: its words may hold somebody's data
        return {"fault": f"a fault of this program, please report it ({type(error).__name__})"}


if __name__ == "__main__":
    main()
