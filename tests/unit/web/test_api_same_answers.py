"""The API answers what the command line answers for the same person file and the same journal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api_program import answered, program_of
from doing_work import do_work
from followed_clinic import follow_plan
from kinechain import cli
from kinechain.workspace.case import read_case
from kinechain.workspace.documents import journal_file
from kinechain.workspace.what_if import end_processes
from web_fixtures import Clinics

Local = Callable[..., Any]


@pytest.fixture
def ask(client_for: Callable[[str], Any], clinic: Clinics) -> Callable[..., Any]:
    """Return a function that asks the API as a program does, with a token."""
    program = program_of(client_for("nobody"), clinic)

    def _ask(path: str, document: Any = None) -> Any:
        answer = program("GET" if document is None else "POST", f"/patients/{{patient}}{path}", document)
        assert answer.status_code in (200, 201), answer.text[:500]
        return answer.json()

    return _ask


@pytest.fixture
def local(
    clinic: Clinics, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Local:
    """Return a function that runs a local verb on the patient's person file and journal, and returns its JSON."""

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def _local(verb: str, *arguments: str, code: int = 0, has_journal: bool = False) -> Any:
        with clinic.place.database.reading() as connection:
            case = read_case(connection, clinic.patient)
        assert case.version is not None
        path = tmp_path / "p.toml"
        path.write_text(case.version.text, encoding="utf-8")
        journal = tmp_path / "p.journal.jsonl"
        journal.unlink(missing_ok=True)
        if has_journal:
            journal.write_bytes(journal_file(case).content)
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main([verb, str(path), *arguments])
        told = capsys.readouterr()
        assert left.value.code == code, told.err
        return json.loads(told.out)

    return _local


def test_danger_signs(ask: Any, local: Local, clinic: Clinics) -> None:
    assert ask("/screen") == local("screen", "--json", "--no-ask")
    for fields in (
        {"screen": {"ces_saddle": "yes"}},
        {"screen": {"ces_saddle": "unknown"}},
        {"screen": {"ces_saddle": "no"}, "age_years": 16.0},
    ):
        answered(clinic, **fields)
        told = ask("/screen")
        assert told == local("screen", "--json", "--no-ask", code=1)
        assert told["screen"]["plan_locked"]


def test_what_if(ask: Any, local: Local) -> None:
    changes = ["wedge left 5 raise=medial", "lift right 6"]
    try:
        told = ask("/whatif", {"changes": changes})
    finally:
        end_processes()
    assert told == local("whatif", "--json", *(word for change in changes for word in ("--change", change)))
    assert told["schema"] == "kinechain/whatif/1" and told["loads"]


def test_plan_from_the_examination_alone(ask: Any, local: Local) -> None:
    told = ask("/plan")
    assert told["agreed"] is None and told["locked"] == told["fault"] == ""
    assert told["proposed"] == local("plan", "--json", "--no-drivers")


def test_assessment_and_the_plan_after_it(ask: Any, local: Local, clinic: Clinics) -> None:
    begun = ask("/assessments", {})
    assert begun["state"] == "queued"
    do_work(clinic.place)
    assert ask(f"/assessments/{begun['id']}")["state"] == "done"
    told, here = ask("/assessment"), local("assess", "--json")
    for document in (told, here):
        document["provenance"].pop("inputs", None)
        document["provenance"].pop("created_at", None)
    assert told == here
    assert told["drivers"]["sets"]
    assert ask("/plan")["proposed"] == local("plan", "--json")


@pytest.mark.parametrize("is_worse", [False, True])
def test_progress(ask: Any, local: Local, clinic: Clinics, is_worse: bool) -> None:
    assert ask("/progress") == local("progress", "--json", code=1)
    follow_plan(clinic, 20, is_worse=is_worse)
    told = ask("/progress")
    assert told == local("progress", "--json", has_journal=True, code=int(told["suspended"]))
    assert told["plan"] is not None
    answered(clinic, screen={"ces_saddle": "yes"})
    told = ask("/progress")
    assert told == local("progress", "--json", has_journal=True, code=1)
    assert told["locked"]


def test_exchange(ask: Any, local: Local, clinic: Clinics, tmp_path: Path) -> None:
    follow_plan(clinic, 3)
    local("plan", "--json", "--no-drivers", "--fhir", str(tmp_path / "p.fhir.json"), has_journal=True)
    told, here = ask("/fhir"), json.loads((tmp_path / "p.fhir.json").read_text(encoding="utf-8"))
    assert _timeless(told) == _timeless(here)


def _timeless(bundle: Any) -> Any:
    """Return a bundle without the moment it was made at, and with numbers for the addresses that are made of it."""
    text = json.dumps(bundle).replace(bundle["timestamp"], "")
    for number, address in enumerate(dict.fromkeys(re.findall(r"urn:uuid:([0-9a-f-]+)", text))):
        text = text.replace(address, str(number))
    return json.loads(text)
