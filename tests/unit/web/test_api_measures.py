"""Recordings, analyses and what-ifs over the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from api_program import Program, answered, program_of, refusal, trail
from doing_work import do_work
from kinechain.web.limits import LIMITS, Allowance, Limits
from kinechain.workspace.recordings import USES
from kinechain.workspace.what_if import SupersededError

if TYPE_CHECKING:
    from web_fixtures import Clinics

TRC = b"PathFileType\t4\t(X/Y/Z)\twalk.trc\nDataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\n"
CASE = "/patients/{patient}"
LIFT = {"changes": ["lift left 6"]}


@pytest.fixture
def ask(client_for: Callable[[str], Any], clinic: Clinics) -> Program:
    """Return a program with the clinician's token."""
    return program_of(client_for("nobody"), clinic)


def send(ask: Program, content: Any, name: str = "walk.trc", **head: str) -> Any:
    return ask("POST", f"{CASE}/recordings", content=content, params={"name": name}, headers=head)


def test_a_recording_is_handed_in_once_used_and_taken_away(ask: Program, clinic: Clinics) -> None:
    made = send(ask, TRC, "../../walk 1.trc")
    assert made.status_code == 201
    row = made.json()
    assert (row["name"], row["kind"], row["use"], row["inspected"]) == ("walk 1.trc", "TRC", "walking", None)
    assert (row["sha256"], row["size"]) == (sha256(TRC).hexdigest(), len(TRC))
    assert send(ask, TRC, "another name.trc").json()["id"] == row["id"]
    assert ask.get("recordings") == [row]
    for use in USES:
        assert ask("PUT", f"{CASE}/recordings/{row['id']}", {"use": use}).json()["use"] == use
    refusal(ask("PUT", f"{CASE}/recordings/{row['id']}", {"use": "x"}), 400, "walking or standing or aside")
    refusal(ask("PUT", f"{CASE}/recordings/{row['id']}", {"use": None}), 400, "look at use")
    other = ask.of(clinic.own.new_patient)
    refusal(other("PUT", f"{CASE}/recordings/{row['id']}", {"use": "aside"}), 400, "no such recording")
    refusal(other("DELETE", f"{CASE}/recordings/{row['id']}"), 400, "no such recording")
    gone = ask("DELETE", f"{CASE}/recordings/{row['id']}")
    assert gone.status_code == 204 and not gone.content
    refusal(ask("DELETE", f"{CASE}/recordings/{row['id']}"), 400, "no such recording")
    assert ask.get("recordings") == []
    done = {action for _, action, of in trail(clinic) if of == clinic.patient}
    assert {"hand in recording", "hand in recording again", "choose use of recording", "remove recording"} <= done


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + bytes(60), "ZIP"),
        (b"%PDF-1.7", "a PDF"),
        (bytes(range(256)) * 20, "no recording that is known here"),
        (b"<svg onload=alert(1)>", "no recording that is known here"),
    ],
)
def test_what_is_no_recording_is_refused(ask: Program, content: bytes, words: str) -> None:
    refusal(send(ask, content), 400, words)
    assert ask.get("recordings") == []


def test_a_recording_that_is_too_large_is_refused_said_or_not(ask: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINECHAIN_UPLOAD_MB", "1")

    def parts() -> Iterator[bytes]:
        yield TRC
        for _ in range(40):
            yield b"1\t2\t3\n" * 5000

    refusal(send(ask, b"".join(parts())), 413, "up to 1 MB")
    refusal(send(ask, parts()), 413, "up to 1 MB")
    assert ask.get("recordings") == []


def test_haste_is_refused_with_how_long_to_wait(ask: Program) -> None:
    ask.client.app.state.limits = Limits({kind: Allowance(1, 60.0) for kind in LIMITS})
    assert send(ask, TRC).status_code == 201
    again = send(ask, TRC)
    refusal(again, 429, "wait 60 seconds")
    assert again.headers["Retry-After"] == "60"


def test_an_analysis_is_asked_for_followed_and_read(ask: Program, clinic: Clinics) -> None:
    refusal(ask("GET", f"{CASE}/assessment"), 400, "nothing was analysed yet")
    refusal(ask.of(clinic.own.new_patient)("POST", f"{CASE}/assessments"), 400, "nothing to analyse")
    new = ask.of(clinic.own.new_patient)
    assert send(new, TRC).status_code == 201
    refusal(new("POST", f"{CASE}/assessments"), 400, "no answers yet")
    state = ask("POST", f"{CASE}/assessments")
    assert state.status_code == 201 and state.json()["state"] == "queued"
    job = state.json()["id"]
    assert ask("POST", f"{CASE}/assessments").json()["id"] == job
    assert ask.get(f"assessments/{job}")["state"] == "queued"
    for method in ("GET", "DELETE"):
        refusal(ask.of(clinic.own.new_patient)(method, f"{CASE}/assessments/{job}"), 400, "no such analysis")
        refusal(ask(method, f"{CASE}/assessments/0"), 400, "no such analysis")
    do_work(clinic.place)
    assert ask.get(f"assessments/{job}") == {"id": job, "state": "done", "step": "", "fault": ""}
    first = ask.get("assessment")
    assert first["schema"] == "kinechain/assessment/1" and first["drivers"]
    assert {"ask for analysis", "read analysis", "read assessment"} <= {action for _, action, _ in trail(clinic)}
    # Answers that lock hold back what was told of drivers before.
    answered(clinic, screen={"ces_saddle": "yes"})
    refusal(ask("GET", f"{CASE}/assessment"), 400, "ces_saddle")


def test_the_assessment_is_the_one_of_the_answers_as_they_are(ask: Program, clinic: Clinics) -> None:
    masses = []
    for mass in (64.0, 80.0):
        answered(clinic, mass_kg=mass)
        ask("POST", f"{CASE}/assessments")
        do_work(clinic.place)
        masses.append(ask.get("assessment")["person"]["mass_kg"])
    answered(clinic, mass_kg=64.0)
    assert ask("POST", f"{CASE}/assessments").json()["state"] == "done"
    assert [*masses, ask.get("assessment")["person"]["mass_kg"]] == [64.0, 80.0, 64.0]


def test_an_analysis_is_stopped(ask: Program, clinic: Clinics) -> None:
    job = ask("POST", f"{CASE}/assessments").json()["id"]
    stopped = ask("DELETE", f"{CASE}/assessments/{job}")
    assert stopped.status_code == 200 and stopped.json()["state"] == "cancelled"
    assert ask("DELETE", f"{CASE}/assessments/{job}").json()["state"] == "cancelled"
    assert do_work(clinic.place) == []
    assert ask("POST", f"{CASE}/assessments").json()["id"] != job
    assert "cancel analysis" in {action for _, action, _ in trail(clinic)}


def test_a_what_if_is_refused_with_the_reason(
    ask: Program, clinic: Clinics, no_processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for document, words in (
        ({"changes": ["wege left 3"]}, "wedge"),
        ({"changes": ["wedge left 99 raise=lateral"]}, "wedge"),
        ({"changes": ["lift left 3"] * 21}, "up to 20"),
        ({"changes": []}, "needs a change"),
        ({"changes": "lift left 3"}, "look at changes"),
        ({**LIFT, "draws": 100_000}, "60 or 200"),
        ({**LIFT, "draws": "many"}, "look at draws"),
    ):
        refusal(ask("POST", f"{CASE}/whatif", document), 400, words)
    refusal(ask.of(clinic.own.new_patient)("POST", f"{CASE}/whatif", LIFT), 400, "danger sign")
    answered(clinic, age_years=16.0)
    refusal(ask("POST", f"{CASE}/whatif", LIFT), 400, "18 years and over")
    answered(clinic, age_years=45.0, screen={"ces_saddle": "unknown"})
    refusal(ask("POST", f"{CASE}/whatif", LIFT), 400, "danger sign")

    def newer(*_: Any, **__: Any) -> Any:
        raise SupersededError("a newer question came")

    monkeypatch.setattr("kinechain.web.api.analyses.ask_what_if", newer)
    refusal(ask("POST", f"{CASE}/whatif", LIFT), 409, "a newer question came")
    assert "ask what-if" in {action for _, action, _ in trail(clinic)}


@pytest.fixture
def no_processes() -> Iterator[None]:
    """End the processes that answer what-ifs."""
    from kinechain.workspace.what_if import end_processes

    yield
    end_processes()
