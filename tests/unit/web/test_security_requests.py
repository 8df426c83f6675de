"""What a request may look like: forged, oversized, misshapen, too frequent; and what every answer carries."""

import json
import logging
from itertools import pairwise

import pytest

from kinechain.web.headers import HEADERS, POLICY
from kinechain.web.limits import LIMITS, Allowance, Limits
from route_table import fill, routes, state_of, whole_text
from web_fixtures import PASSWORD, csrf, email

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def clinic(lived):
    """Return clinics where every page has something to show."""
    return lived


@pytest.fixture
def table(client_for, clinic):
    """Return every route, each with a client that may call it and an address of an own thing."""
    own = fill(clinic)[0]
    clients = {role: client_for(role) for role in ("nobody", "clinician", "admin", "patient")}
    clients["nobody"].app.state.limits = Limits({kind: Allowance(10**9, 1.0) for kind in LIMITS})
    who = {"public": "nobody", "staff": "clinician", "case": "clinician", "admin": "admin", "patient": "patient"}
    return [
        (route, clients[who[route.access]], route.at(**own.of(route)))
        for route in routes(clients["nobody"].app)
        if route.access
    ]


def test_nothing_is_changed_without_the_token_of_the_session_or_from_another_site(table, clinic, client_for):
    another = csrf(client_for("admin"))
    forged = (
        ("no token", {}, {}),
        ("a wrong token", {"X-CSRF-Token": "x"}, {}),
        ("the token of another session", another, {}),
        ("a wrong token in the form", {}, {"data": {"csrf": "x"}}),
        ("a token in the address", {}, {"params": {"csrf": "$"}}),
        ("a token in text", {"Content-Type": "text/plain"}, {"content": "csrf=$"}),
        ("another origin", {"X-CSRF-Token": "$", "Origin": "https://evil.example"}, {}),
        ("an origin that hides", {"X-CSRF-Token": "$", "Origin": "null"}, {}),
        ("an origin that looks alike", {"X-CSRF-Token": "$", "Origin": "http://testserver.local.evil.example"}, {}),
        ("another site", {"X-CSRF-Token": "$", "Sec-Fetch-Site": "cross-site"}, {}),
        ("a sister of this site", {"X-CSRF-Token": "$", "Sec-Fetch-Site": "same-site"}, {}),
    )
    before, faults = state_of(clinic), []
    for route, client, address in table:
        if route.is_safe:
            continue
        for what, headers, more in forged:
            is_about_origin = "Origin" in headers or "Sec-Fetch-Site" in headers
            if route.access == "public" and not is_about_origin:
                continue
            sent = json.loads(json.dumps([headers, more]).replace("$", client.csrf))
            answer = client.request(route.method, address, headers=sent[0], **sent[1])
            if answer.status_code != 403:
                faults.append(f"{route} with {what}: {answer.status_code}")
    assert not faults, "\n".join(faults)
    assert state_of(clinic) == before


def test_forms_of_this_site_are_let_through_as_browsers_send_them(client_for):
    client = client_for("clinician")
    for headers in (
        {"Origin": "http://testserver.local", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {},
    ):
        fields = {"name": "laptop", "days": "3", "csrf": client.csrf}
        assert client.post("/account/tokens", data=fields, headers=headers).status_code == 200


def test_the_token_of_a_form_is_read_and_the_form_too(client_for, clinic):
    client = client_for("clinician")
    made = client.post("/patients", data={"name": "Nia New", "code": "n-1", "csrf": client.csrf})
    assert made.status_code == 302
    assert "Nia New" in whole_text(clinic, "patient")


def check_headers(answer):
    for name, value in HEADERS.items():
        if name not in ("Cache-Control", "Content-Security-Policy"):
            assert answer.headers.get(name) == value, (answer.url, name)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe-eval" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy or "frame-ancestors 'self'" in policy
    script = [part for part in policy.split(";") if part.strip().startswith("script-src")]
    assert all("unsafe" not in part and "http" not in part for part in script), policy
    assert "http:" not in policy.replace("http://testserver.local", ""), policy
    assert "Strict-Transport-Security" not in answer.headers, "this place is reached by http"
    assert "server" not in answer.headers


def test_every_answer_carries_the_headers(table, client_for, monkeypatch):
    for route, client, address in table:
        if route.is_safe:
            answer = client.get(address)
            check_headers(answer)
            if route.access != "public":
                assert "no-store" in answer.headers["Cache-Control"], str(route)
                assert "public" not in answer.headers["Cache-Control"], str(route)
    nobody, clinician = client_for("nobody"), client_for("clinician")
    nobody.app.state.limits = Limits({kind: Allowance(1, 1000.0) for kind in LIMITS})
    nobody.get("/invitation/wrong")
    said = {
        404: nobody.get("/no/such/page"),
        405: nobody.delete("/sign-in"),
        302: nobody.get("/patients"),
        403: nobody.post("/sign-in", headers={"Origin": "https://evil.example"}),
        413: nobody.post("/sign-in", content=b"a=" + b"x" * 2_100_000, headers={"Content-Type": FORM}),
        429: nobody.get("/invitation/wrong"),
        401: nobody.post("/account/tokens"),
        400: clinician.post("/account/tokens", data={"csrf": clinician.csrf}),
    }
    monkeypatch.setattr("kinechain.web.access.find_session", lambda *_: 1 / 0)
    said[500] = clinician.get("/account")
    for status, answer in said.items():
        assert answer.status_code == status
        check_headers(answer)
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert "no-store" in answer.headers["Cache-Control"]
    assert int(said[429].headers["Retry-After"]) > 0


def test_cookies_hold_nothing_but_what_they_must(table):
    for route, client, address in table:
        if route.is_safe:
            for said in client.get(address).headers.get_list("set-cookie"):
                assert "HttpOnly" in said, f"{route}: {said}"
                assert "samesite=" in said.lower(), f"{route}: {said}"


BODIES = (
    ("a large form", FORM, b"a=" + b"x" * 2_100_000),
    ("a long field", FORM, b"name=" + b"x" * 300_000),
    ("many fields", FORM, b"&".join(b"f%d=1" % number for number in range(50_000))),
    ("one field many times", FORM, b"a=1&" * 100_000),
    ("no text", FORM, b"name=%ff%fe%00&email=%00&\xff=\xfe"),
    ("a large JSON", "application/json", b'["' + b"x" * 2_100_000 + b'"]'),
    ("a deep JSON", "application/json", b"[" * 100_000 + b"]" * 100_000),
    ("a deep object", "application/json", b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    ("a broken JSON", "application/json", b'{"a": '),
    ("no JSON", "application/json", b"\xff\xfe\x00"),
    ("a list", "application/json", b"[1, 2]"),
    ("a word", "application/json", b'"word"'),
    ("null", "application/json", b"null"),
    ("a large number", "application/json", b'{"value": 1e999, "number": 99999999999999999999999}'),
    (
        "wrong types",
        "application/json",
        b'{"events": 1, "name": [], "value": {}, "fields": null, "id": false, "at": 5}',
    ),
    ("half a character", "application/json", b'{"name": "\\ud800", "note": "\\u0000"}'),
    ("broken parts", "multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n"),
    ("parts without a boundary", "multipart/form-data", b"--x--"),
    ("packed", "application/json; charset=utf-16", b"\x1f\x8b\x08\x00"),
)


def test_no_body_makes_a_route_fall_over(table, clinic):
    faults = []
    for route, client, address in table:
        if route.is_safe:
            continue
        client.cookies.clear()
        for what, kind, content in BODIES:
            if client.csrf:
                client.cookies.set(client.cookie, client.token, domain="testserver.local")
            headers = {"Content-Type": kind, "Accept": "application/json", **csrf(client)}
            answer = client.request(route.method, address, headers=headers, content=content)
            if answer.status_code >= 500:
                faults.append(f"{route} with {what}: {answer.status_code}")
            elif answer.status_code >= 400 and len(answer.text) > 2_000 and "<html" not in answer.text:
                faults.append(f"{route} with {what}: says {len(answer.text)} characters")
            if "Traceback" in answer.text or "sqlalchemy" in answer.text.lower():
                faults.append(f"{route} with {what}: tells how it is made")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("words", ["%", "_", "'", "' OR 1=1 --", "\\", "%' OR '1'='1"])
def test_a_search_finds_what_is_written_and_no_pattern(each_clinic, words):
    from kinechain.workspace.patients import list_patients

    assert list_patients(each_clinic.place.database, each_clinic.actor(), words) == ()
    assert len(list_patients(each_clinic.place.database, each_clinic.actor())) == 2


def test_a_bucket_fills_again():
    moment = [0.0]
    limits = Limits({"guess": Allowance(3, 10.0)}, clock=lambda: moment[0])
    assert [limits.take("guess", "a") for _ in range(5)] == [0, 0, 0, 10, 10]
    assert limits.take("guess", "b") == 0, "another one is not held up"
    moment[0] = 10.0
    assert limits.wait("guess", "a") == 0
    assert [limits.take("guess", "a") for _ in range(2)] == [0, 10]
    moment[0] = 10_000.0
    assert [limits.take("guess", "a") for _ in range(4)] == [0, 0, 0, 10]


def test_guesses_are_counted_only_where_they_are_wrong(client_for):
    client = client_for("nobody")
    client.app.state.limits = Limits({**LIMITS, "guess": Allowance(3, 10.0)})
    codes = [client.get(f"/invitation/guess{number}").status_code for number in range(5)]
    assert codes == [400] * 3 + [429] * 2
    assert client.get("/sign-in").status_code == 200


def test_routes_that_cost_much_have_a_limit(table):
    """By what stands in their address: handing in, analysing, what-if, printing, and coming in by a secret."""
    wanted = {
        "what-if": "what-if", ".pdf": "print", "/pdf": "print", "/invitation/": "guess", "/start/": "guess",
        "/my/log": "log", "/my/events": "log",
    }  # fmt: skip
    faults = [
        f"{route}: rule(..., limit={limit!r})"
        for route, _, _ in table
        for part, limit in wanted.items()
        if part in route.path and route.opt.get("limit") != limit and not (part == "what-if" and route.is_safe)
    ]
    faults += [
        f"{route}: rule(..., limit='upload' or 'analyse')"
        for route, _, _ in table
        if not route.is_safe
        and route.path.endswith(("/recordings", "/analysis", "/jobs", "/assess", "/files"))
        and not route.opt.get("limit")
    ]
    assert not faults, "\n".join(faults)


def test_limits_leave_room_for_work_by_hand():
    for kind, allowance in LIMITS.items():
        assert allowance.at_once >= 20, kind
    assert all(a.at_once > 0 and a.seconds > 0 for a in LIMITS.values())


def test_no_secret_and_no_name_is_logged_or_stands_in_the_trail(client_for, clinic, caplog):
    caplog.set_level(logging.INFO)
    client, staff = client_for("nobody"), client_for("clinician")
    secrets = [PASSWORD, "a wrong password", email("clinician"), "Petra", "Quirin", "Nia New", staff.token, staff.csrf]
    client.post("/sign-in", data={"email": email("clinician"), "password": "a wrong password"})
    client.post("/sign-in", data={"email": email("clinician"), "password": PASSWORD})
    staff.post("/patients", data={"name": "Nia New", "code": "n-2", "csrf": staff.csrf})
    staff.get("/patients", params={"search": "Petra"})
    staff.get(f"/patients/{clinic.patient}")
    for route in routes(client.app):
        if route.is_safe and route.access == "case" and route.words == ("patient_id",):
            staff.get(route.at(patient_id=clinic.patient))
    own = [record for record in caplog.records if record.name.startswith(("kinechain", "litestar", "uvicorn"))]
    text = "\n".join(record.getMessage() for record in own)
    trail = whole_text(clinic, "audit")
    for secret in secrets:
        assert secret not in text, secret
        assert secret not in trail, secret


def test_a_fault_is_logged_by_its_place_and_not_by_its_words(client_for, clinic, monkeypatch, caplog):
    def fails(*_):
        raise RuntimeError("the answers of Petra Muster")

    monkeypatch.setattr("kinechain.web.access.find_session", fails)
    answer = client_for("clinician").get(f"/patients/{clinic.patient}")
    assert answer.status_code == 500
    assert "Petra" not in answer.text
    (line,) = [record.getMessage() for record in caplog.records if record.name == "kinechain.web"]
    assert "RuntimeError at test_security_requests.py" in line
    assert "Petra" not in line
    assert clinic.patient not in line


def test_the_address_a_request_claims_to_come_from_is_not_believed(client_for):
    client = client_for("nobody")
    fields = {"email": email("clinician")}
    codes = [
        client.post(
            "/sign-in",
            data={**fields, "email": f"x{number}@y.example", "password": "wrong password"},
            headers={"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for=10.0.0.{number}"},
        ).status_code
        for number in range(22)
    ]
    assert codes == [401] * 20 + [429] * 2


def test_the_trail_is_written_before_anything_is_answered(client_for, clinic, monkeypatch):
    """Where it cannot be written, nothing is read."""

    def fails(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr("kinechain.web.access.record", fails)
    answer = client_for("clinician").get(f"/patients/{clinic.patient}")
    assert answer.status_code == 500
    assert "Petra" not in answer.text


def test_entries_of_the_trail_follow_each_other(client_for, clinic):
    from kinechain.store.audit import entries

    client = client_for("clinician")
    for _ in range(3):
        client.get(f"/patients/{clinic.patient}")
    with clinic.place.database.reading() as connection:
        found = entries(connection, clinic_id=clinic.own.id, patient_id=clinic.patient)
    assert all(later.at >= earlier.at for later, earlier in pairwise(found))
    assert sum(entry.action == "read case" for entry in found) == 3
