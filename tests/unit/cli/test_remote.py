"""``kinechain remote`` against a workspace that is really served, and against servers that are none."""

from __future__ import annotations

import http.server
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from api_program import answered, trail
from called import Call, Called
from doing_work import do_work
from followed_clinic import follow_plan
from kinechain.cli.remote import client as client_module
from kinechain.cli.remote import remote as group

if TYPE_CHECKING:
    from web_fixtures import Clinics

Remote = Callable[..., Called]
TRC = "PathFileType\t4\t(X/Y/Z)\twalk.trc\n"


@dataclass
class Fake:
    """A server that answers what it is told, and keeps what it was asked."""

    answers: list[tuple[int, dict[str, str], bytes]]
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def serve() -> Iterator[Callable[..., Fake]]:
    """Return a function that starts such a server on this machine."""
    running = []

    def _serve(*answers: tuple[int, dict[str, str], bytes], context: ssl.SSLContext | None = None) -> Fake:
        fake = Fake(list(answers))

        class Handler(http.server.BaseHTTPRequestHandler):
            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                fake.asked.append((self.command, self.path, dict(self.headers)))
                status, head, body = fake.answers.pop(0) if len(fake.answers) > 1 else fake.answers[0]
                self.send_response(status)
                for name, value in {**head, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

            def log_message(self, *_: object) -> None: ...

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        running.append(server)
        fake.address = f"http{'s' if context else ''}://127.0.0.1:{server.server_address[1]}"
        return fake

    yield _serve
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def workspace(clinic: Clinics) -> Iterator[str]:
    """Serve the clinic, and return its address."""
    import uvicorn

    from kinechain.web.app import create_app

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(clinic.place), log_level="critical", ws="none", http="h11")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(20)
    listening.close()
    assert not thread.is_alive()


@pytest.fixture
def token(clinic: Clinics, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give this process a token of the clinician, as the page Account makes one."""
    from kinechain.workspace.signing_in import make_token

    made = make_token(clinic.place.database, clinic.actor(), "tests", 30)
    monkeypatch.setenv("KINECHAIN_TOKEN", made)
    return made


@pytest.fixture
def remote(call: Call, workspace: str, token: str, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """Return a function that runs ``kinechain remote`` on the served clinic; it never shows the token."""
    monkeypatch.setenv("KINECHAIN_SERVER", workspace)

    def _remote(*arguments: str, typed: list[str] | None = None) -> Called:
        found = call("remote", *arguments, typed=typed)
        assert token not in found.out + found.err
        return found

    return _remote


def told(found: Called, code: int = 0) -> Any:
    """Return the JSON a call printed."""
    assert found.code == code, found.err
    return json.loads(found.out)


def refused(found: Called) -> str:
    """Return the one sentence of a refusal."""
    assert found.code == 2 and not found.out, found
    lines = [line for line in found.err.splitlines() if not line.endswith(" ...")]
    assert len(lines) == 1 and lines[0].startswith("kinechain: "), found.err
    return lines[0]


def lock(clinic: Clinics) -> None:
    """Let the patient name a danger sign."""
    answered(clinic, screen={"ces_saddle": "yes"})


def actions(clinic: Clinics) -> set[str]:
    """Return what was done, by the audit trail."""
    return {action for _, action, _ in trail(clinic)}


# ---- patients and answers


def test_patients_are_found_registered_and_named_by_code_or_id(remote: Remote, clinic: Clinics) -> None:
    assert told(remote("me")) == {"name": "Cleo Clinician", "role": "clinician"}
    rows = told(remote("patients"))["patients"]
    assert {row["code"] for row in rows} == {"p-1", "p-2"} and rows[0]["name"]
    assert [row["code"] for row in told(remote("patients", "--search", "petra"))["patients"]] == ["p-1"]
    made = told(remote("register", "--code", "p-17", typed=["Ann Lee"]))
    assert made["code"] == "p-17"
    assert told(remote("screen", made["id"]), 1) == told(remote("screen", "p-17"), 1)
    assert "taken" in refused(remote("register", "--code", "p-17", typed=["Bea Lee"]))
    assert "needs a name" in refused(remote("register", typed=[""]))
    assert "no patient with the code 'p-99'" in refused(remote("screen", "p-99"))
    assert "no patient with the code" in refused(remote("screen", "other_p-1"))
    assert "no such patient" in refused(remote("screen", clinic.other.patient))
    assert "register patient" in actions(clinic) and "refused read screen" in actions(clinic)


def test_a_long_list_is_read_to_its_end(remote: Remote, clinic: Clinics) -> None:
    from kinechain.workspace.patients import register

    for number in range(120):
        register(clinic.place.database, clinic.actor(), f"Nobody {number}", f"n-{number}")
    assert len(told(remote("patients"))["patients"]) == 122


def test_answers_are_replaced_by_a_file_unless_somebody_was_faster(remote: Remote, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    first = remote("person", "p-1", "--out", str(path))
    assert first.code == 0 and not first.out and "Version 1." in first.err
    assert remote("person", "p-1").out == path.read_text(encoding="utf-8")
    changed = path.read_text(encoding="utf-8").replace("mass_kg = ", "mass_kg = 1")
    path.write_text(changed, encoding="utf-8")
    second = remote("person", "p-1", "--put", str(path), "--version", "1")
    assert second.code == 0 and not second.out and "Version 2." in second.err
    assert told(remote("person", "p-1", "--json"))["version"] == 2
    assert "in between" in refused(remote("person", "p-1", "--put", str(path), "--version", "1"))
    path.write_text("[person]\nmass = 70\n", encoding="utf-8")
    assert "Did you mean 'mass_kg'" in refused(remote("person", "p-1", "--put", str(path), "--version", "2"))
    path.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in refused(remote("person", "p-1", "--put", str(path), "--version", "2"))
    assert "belong together" in refused(remote("person", "p-1", "--put", str(path)))
    assert "no file" in refused(remote("person", "p-1", "--put", "gone.toml", "--version", "2"))
    assert "nothing can be written to gone" in refused(remote("person", "p-1", "--out", "gone/p.toml"))
    unanswered = remote("person", "p-2")
    assert (unanswered.code, unanswered.out) == (0, "") and "version 0" in unanswered.err


# ---- recordings and analyses


def test_a_large_recording_goes_over_in_parts_and_once(remote: Remote, clinic: Clinics, tmp_path: Path) -> None:
    path = tmp_path / "walk fast ü.trc"
    path.write_text(TRC + "1\t0.01\t1.0\t2.0\t3.0\n" * 1_500_000, encoding="utf-8")
    found = remote("send", "p-1", str(path))
    (row,) = told(found)
    assert row["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert (row["name"], row["size"], row["use"]) == (path.name, path.stat().st_size, "walking")
    assert "Sending walk fast ü.trc: 50 % ..." in found.err and str(tmp_path) not in found.err
    (again,) = told(remote("send", "p-1", str(path), "--use", "standing"))
    assert (again["id"], again["use"]) == (row["id"], "standing")
    assert told(remote("recordings", "p-1")) == [again]
    (aside,) = told(remote("recordings", "p-1", "--use", row["id"], "aside"))
    assert aside["use"] == "aside"
    assert "walking or standing or aside" in refused(remote("recordings", "p-1", "--use", row["id"], "x"))
    assert told(remote("recordings", "p-1", "--remove", row["id"])) == []
    assert "no such recording" in refused(remote("recordings", "p-1", "--remove", row["id"]))
    assert "no id" in refused(remote("recordings", "p-1", "--remove", "../x"))
    assert "hand in recording again" in actions(clinic)


def test_what_is_too_large_or_no_recording_is_refused(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "walk.trc"
    path.write_text(TRC + "1\t0.01\t1.0\t2.0\t3.0\n" * 300_000, encoding="utf-8")
    monkeypatch.setenv("KINECHAIN_UPLOAD_MB", "1")
    assert "up to 1 MB" in refused(remote("send", "p-1", str(path)))
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    assert "ZIP" in refused(remote("send", "p-1", str(path)))
    path.write_bytes(b"")
    assert "empty" in refused(remote("send", "p-1", str(path)))
    assert "no file" in refused(remote("send", "p-1", "gone.c3d"))
    assert "one recording" in refused(remote("send", "p-1", str(path), str(path), "--use", "walking"))
    assert told(remote("recordings", "p-1")) == []


def test_an_analysis_is_waited_for_and_is_the_same_again(remote: Remote, clinic: Clinics, tmp_path: Path) -> None:
    state = told(remote("assess", "p-1", "--no-wait"))
    assert state["state"] == "queued"
    work = threading.Thread(target=do_work, args=(clinic.place,))
    work.start()
    found = remote("assess", "p-1", "--out", str(tmp_path / "a.json"))
    work.join()
    assert found.code == 0 and not found.out and "Written: " in found.err, found.err
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert document["schema"] == "kinechain/assessment/1" and document["drivers"]
    assert told(remote("assess", "p-1")) == document
    assert told(remote("assess", "p-1", "--no-wait"))["id"] == state["id"]
    lock(clinic)
    assert told(remote("assess", "p-1", "--no-wait"))["id"] != state["id"]
    do_work(clinic.place)
    locked = told(remote("assess", "p-1"), 1)
    assert locked["screen"]["plan_locked"] and not locked.get("drivers") and not locked.get("plan")


@pytest.mark.parametrize("is_looked_at", [True, False])
def test_a_look_at_every_recording_is_waited_for_but_not_for_ever(
    remote: Remote, clinic: Clinics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_looked_at: bool
) -> None:
    if not is_looked_at:
        monkeypatch.setattr(sys.modules["kinechain.cli.remote.measures"], "LONGEST_LOOK_S", 1.0)
    (tmp_path / "walk.trc").write_text(TRC, encoding="utf-8")
    assert told(remote("send", "p-1", str(tmp_path / "walk.trc")))[0]["inspected"] is None

    def work() -> None:
        time.sleep(2.0)
        for _ in range(600):
            do_work(clinic.place, ("inspect", "assess") if is_looked_at else ("assess",))
            if set(states(clinic)) & {"done", "failed"}:
                return
            time.sleep(0.2)

    worker = threading.Thread(target=work)
    worker.start()
    found = remote("assess", "p-1")
    worker.join()
    if is_looked_at:
        assert told(found)["recordings"]["used"] == []
    else:
        assert "walk.trc is not a valid TRC" in refused(found)
    assert found.err.count("Waiting for a look at the recordings") == 1
    assert ("Going on without a look" in found.err) is not is_looked_at
    assert told(remote("recordings", "p-1"))[0]["use"] == ("aside" if is_looked_at else "walking")


def states(clinic: Clinics) -> list[str]:
    """Return the states of the patient's analyses."""
    from kinechain.workspace.assessing import assessments_of

    with clinic.place.database.reading() as connection:
        return [job.state for job in assessments_of(connection, clinic.patient)]


def test_an_analysis_that_fails_says_why(remote: Remote, clinic: Clinics) -> None:
    from kinechain.store.jobs import fail, lease

    assert "nothing to analyse" in refused(remote("assess", "p-2"))

    def spoil() -> None:
        while (job := lease(clinic.place.database, "test", ("assess",), 60.0)) is None:
            time.sleep(0.05)
        fail(clinic.place.database, job, "the trial is empty; record it again")

    work = threading.Thread(target=spoil)
    work.start()
    assert "the trial is empty; record it again" in refused(remote("assess", "p-1"))
    work.join()


def test_ctrl_c_stops_the_analysis(remote: Remote, clinic: Clinics, token: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kinechain.cli", "remote", "assess", "p-1"]
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        # Whoever runs the tests may be deaf to Ctrl+C, as what a shell starts in the background is; this one is not.
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    finally:
        signal.signal(signal.SIGINT, heard)
    assert process.stderr is not None
    line = ""
    for line in process.stderr:
        if line == "Waiting for a worker ...\n":
            break
    assert line == "Waiting for a worker ...\n"
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=60)
    assert process.returncode == 130 and out == "", rest
    assert "The analysis was stopped." in rest and "Traceback" not in rest
    assert states(clinic) == ["cancelled"]


# ---- plan, log, progress, exchange


def test_a_plan_is_read_agreed_on_and_followed(remote: Remote, clinic: Clinics, tmp_path: Path) -> None:
    found = remote("plan", "p-1")
    proposed = told(found)
    assert proposed["schema"] == "kinechain/plan/1" and "nobody agreed" in found.err
    assert "belong together" in refused(remote("plan", "p-1", "--agree", proposed["id"]))
    assert "has changed" in refused(remote("plan", "p-1", "--agree", "0" * 8, "--patient-agrees"))
    agreed = remote("plan", "p-1", "--agree", proposed["id"], "--patient-agrees")
    assert told(agreed) == proposed and "in force" in agreed.err
    assert told(remote("plan", "p-1")) == proposed
    part = next(part for part in proposed["parts"] if "exercise" in part)
    diary = tmp_path / "diary.csv"
    rows = ["event,at,exercise,side,sets,repetitions,pain_during"]
    now = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() - 3600)) + "+00:00"
    rows += [f"session,{now},{part['exercise']},{part['side']},{count},8,2" for count in (1, 2)]
    diary.write_text("\n".join(rows) + "\n", encoding="utf-8")
    written = told(remote("log", "p-1", "--file", str(diary)))
    assert len(written["accepted"]) == 2 and written["told"] and not written["refused"]
    assert told(remote("log", "p-1", "--file", str(diary)))["accepted"] == written["accepted"]
    progress = told(remote("progress", "p-1"))
    assert progress["plan"] == proposed["id"] and not progress["suspended"]
    assert told(remote("fhir", "p-1"))["resourceType"] == "Bundle"
    assert {"agree plan", "write log", "read progress", "download fhir"} <= actions(clinic)


def test_a_row_that_is_impossible_is_named_before_anything_is_sent(remote: Remote, tmp_path: Path) -> None:
    diary = tmp_path / "diary.csv"
    diary.write_text("event,at,pain\nnext_morning,2026-01-01T07:00,99\n", encoding="utf-8")
    assert "diary.csv" in refused(remote("log", "p-1", "--file", str(diary)))
    diary.write_text("event,at,pain\nnext_morning,1999-01-01T07:00+00:00,2\n", encoding="utf-8")
    found = remote("log", "p-1", "--file", str(diary))
    assert found.code == 2 and "1 of 1 entries were refused" in found.err
    assert json.loads(found.out)["refused"][0]["why"]


def test_a_named_danger_sign_tells_itself_by_the_exit_code(remote: Remote, clinic: Clinics, tmp_path: Path) -> None:
    follow_plan(clinic, 3)
    diary = tmp_path / "diary.jsonl"
    now = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() - 600)) + "+00:00"
    diary.write_text(json.dumps({"event": "check_in", "at": now, "danger": "ces_saddle", "back_pain": 5}) + "\n")
    written = told(remote("log", "p-1", "--file", str(diary)), 1)
    assert written["screen"]["level"] == "emergency"
    assert told(remote("progress", "p-1"), 1)["locked"]


def test_nothing_of_a_plan_is_answered_while_it_is_locked(remote: Remote, clinic: Clinics) -> None:
    lock(clinic)
    screen = told(remote("screen", "p-1"), 1)
    assert screen["emergency"]["act_now"]
    assert told(remote("plan", "p-1"), 1) == screen
    assert "a danger sign" in refused(remote("whatif", "p-1", "--change", "lift left 3"))
    assert told(remote("plan", "p-1", "--agree", "0" * 8, "--patient-agrees"), 1) == screen
    kinds = {entry["resource"]["resourceType"] for entry in told(remote("fhir", "p-1"))["entry"]}
    assert not kinds & {"CarePlan", "Goal"} and "ServiceRequest" in kinds


def test_a_what_if_is_the_one_of_the_local_verb(remote: Remote, call: Call) -> None:
    from kinechain.workspace.what_if import end_processes

    try:
        here = remote("person", "p-1", "--out", "p.toml")
        assert here.code == 0
        found = remote("whatif", "p-1", "--change", "lift left 6")
        assert told(found)
        assert found.out == call("whatif", "p.toml", "--change", "lift left 6", "--json").out
        assert "60 or 200" in refused(remote("whatif", "p-1", "--change", "lift left 6", "--draws", "7"))
        assert "wedge" in refused(remote("whatif", "p-1", "--change", "wege left 6"))
    finally:
        end_processes()


# ---- the way there


def test_a_token_that_is_wrong_ended_or_missing_is_refused(
    remote: Remote, clinic: Clinics, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kinechain.store.clock import now
    from kinechain.store.sessions import add_session
    from kinechain.workspace.signing_in import end_own, own_sessions

    for wrong in ("no-such-token", token[:-1], "x" * 200):
        monkeypatch.setenv("KINECHAIN_TOKEN", wrong)
        said = refused(remote("patients"))
        assert "does not know this token" in said and wrong not in said
    for impossible in ("two words", "line\r\nX-Other: 1", "ümlaut", "x" * 201):
        monkeypatch.setenv("KINECHAIN_TOKEN", impossible)
        said = refused(remote("patients"))
        assert "no token of a workspace" in said and impossible not in said
    monkeypatch.delenv("KINECHAIN_TOKEN")
    assert "there is no token" in refused(remote("patients"))
    with clinic.place.database.writing() as connection:
        ended, _ = add_session(
            connection, account_id=clinic.own.clinician, kind="token", name="t", expires_at=now() - timedelta(1)
        )
        browser, _ = add_session(connection, account_id=clinic.own.clinician)
        patient, _ = add_session(connection, link_id=clinic.own.link)
    (code,) = [item.code for item in own_sessions(clinic.place.database, clinic.actor()) if item.kind == "token"]
    end_own(clinic.place.database, clinic.actor(), code)
    for held in (ended, browser, patient, token):
        monkeypatch.setenv("KINECHAIN_TOKEN", held)
        assert "does not know this token" in refused(remote("patients"))


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "no workspace is named"),
        ("http://clinic.example", "not encrypted"),
        ("http://10.0.0.7:8642", "not encrypted"),
        ("http://localhost.example", "not encrypted"),
        ("http://127.0.0.1.example", "not encrypted"),
        ("ftp://clinic.example", "no address of a workspace"),
        ("clinic.example", "no address of a workspace"),
        ("https://clinic.example/path", "no address of a workspace"),
        ("https://clinic.example?token=x", "no address of a workspace"),
        ("https://ann:secret@clinic.example", "no name and no password"),
        ("https://clinic.example:99999", "is no address"),
        ("https://[::1", "is no address"),
        ("https://exa\x00mple", "is no address"),
    ],
)
def test_an_address_where_others_could_read_is_refused(
    call: Call, monkeypatch: pytest.MonkeyPatch, address: str, says: str
) -> None:
    monkeypatch.setenv("KINECHAIN_TOKEN", "abc")
    monkeypatch.setattr(client_module, "WAITS", ())
    monkeypatch.delenv("KINECHAIN_SERVER", raising=False)
    said = refused(call("remote", "patients", "--server", address))
    assert says in said and "secret" not in said


def test_no_way_to_give_a_token_or_a_name_where_others_read_it() -> None:
    command: Any = typer.main.get_command(group)
    for verb in command.commands.values():
        options = {option for parameter in verb.params for option in parameter.opts}
        assert not options & {"--token", "--name", "--password"}
        assert "Example: kinechain remote " in verb.help


def test_a_server_that_is_away_is_said_so(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINECHAIN_TOKEN", "abc")
    monkeypatch.setattr(client_module, "WAITS", (0.0,))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert "cannot be reached" in refused(call("remote", "me", "--server", address))


def test_a_token_follows_no_redirect(call: Call, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINECHAIN_TOKEN", "abc")
    elsewhere = serve((200, {}, b'{"name": "x", "role": "admin"}'))
    fake = serve((307, {"Location": f"{elsewhere.address}/api/me"}, b""))
    assert "sends on to another address" in refused(call("remote", "me", "--server", fake.address))
    assert len(fake.asked) == 1 and not elsewhere.asked
    assert fake.asked[0][2]["Authorization"] == "Bearer abc"


def test_a_proxy_of_the_environment_gets_nothing_that_is_not_encrypted(
    call: Call, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINECHAIN_TOKEN", "abc")
    proxy, fake = serve((200, {}, b"{}")), serve((200, {}, b'{"name": "x"}'))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.address)
    assert told(call("remote", "me", "--server", fake.address)) == {"name": "x"}
    assert not proxy.asked


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((200, {}, b"<html>hello</html>"), "something else than JSON"),
        ((404, {}, b"<html>nothing</html>"), "answered 404"),
        ((500, {}, b'{"error": "Something went wrong here."}'), "Something went wrong here."),
        ((400, {}, b'{"error": "no\\u001b[31m\\nway"}'), "no"),
        ((403, {}, b"[1]"), "answered 403"),
    ],
)
def test_what_is_no_workspace_is_said_so(
    call: Call, serve: Any, monkeypatch: pytest.MonkeyPatch, answer: Any, says: str
) -> None:
    monkeypatch.setenv("KINECHAIN_TOKEN", "abc")
    said = refused(call("remote", "me", "--server", serve(answer).address))
    assert says in said and "\x1b" not in said


def test_only_what_may_be_sent_twice_is(
    call: Call, serve: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KINECHAIN_TOKEN", "abc")
    monkeypatch.setattr(client_module, "WAITS", (0.01, 0.01))
    busy = (503, {"Retry-After": "0"}, b'{"error": "wait"}')
    fake = serve(busy, busy, (200, {}, b'{"name": "x"}'))
    assert told(call("remote", "me", "--server", fake.address)) == {"name": "x"}
    assert len(fake.asked) == 3
    fake = serve(busy)
    assert "wait" in refused(call("remote", "register", "--server", fake.address, typed=["Ann Lee"]))
    assert [asked[0] for asked in fake.asked] == ["POST"]
    path = tmp_path / "walk.trc"
    path.write_text(TRC)
    page = (200, {}, b'{"patients": [], "next": ""}')
    fake = serve(busy, page)
    patient = "5f0f6f0e-2b1e-4a58-9c57-0d6f3a1c2b3d"
    call("remote", "send", patient, str(path), "--server", fake.address)
    assert [asked[2]["Content-Length"] for asked in fake.asked] == [str(len(TRC))] * 2
    assert all("Transfer-Encoding" not in asked[2] for asked in fake.asked)


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return a certificate that nobody signed but itself, for this machine, and a server's way to use it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from kinechain.store.clock import now

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "clinic")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "clinic.pem"
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + own)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


def test_a_certificate_is_always_checked(
    call: Call, serve: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KINECHAIN_TOKEN", "abc")
    path, context = certificate(tmp_path)
    fake = serve((200, {}, b'{"name": "x"}'), context=context)
    assert "certificate" in refused(call("remote", "me", "--server", fake.address))
    assert not fake.asked
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    assert told(call("remote", "me", "--server", fake.address)) == {"name": "x"}


def test_a_fault_of_this_program_shows_no_token(token: str, workspace: str, tmp_path: Path) -> None:
    script = (
        "from kinechain import cli\n"
        "from kinechain.cli.remote import client\n"
        "client.Workspace._read = lambda self, answer: 1 / 0\n"
        "cli.main(['remote', 'me'])\n"
    )
    environment = {**os.environ, "KINECHAIN_SERVER": workspace, "KINECHAIN_DEBUG": "1"}
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert found.returncode != 0 and "ZeroDivisionError" in found.stderr
    assert token not in found.stdout + found.stderr


def test_every_operation_of_the_api_has_a_verb(remote: Remote, workspace: str, tmp_path: Path) -> None:
    import httpx

    described = httpx.get(f"{workspace}/api/openapi.json").json()["paths"]
    operations = {(method.upper(), path) for path, methods in described.items() for method in methods}
    text = "".join(path.read_text(encoding="utf-8") for path in Path(client_module.__file__).parent.glob("*.py"))
    for method, path in operations:
        last = path.removesuffix("/{file_id}").removesuffix("/{job_id}").rpartition("/")[2]
        assert f"/{last}" in text or path == "/api/patients/{patient_id}", f"{method} {path}"
