"""Words in addresses: none is a way out of a folder, into the database, or makes a page fall over."""

import pytest

from kinechain.web.limits import LIMITS, Allowance, Limits
from route_table import HOSTILE, fill, routes, state_of
from web_fixtures import csrf

#: Shows a button for whatever stands in its address, so that programs that follow links use none up.
LOOKS_NOTHING_UP = {"link"}
WHO = {"public": "nobody", "staff": "clinician", "case": "clinician", "admin": "admin", "patient": "patient"}


@pytest.fixture
def table(client_for, clinic):
    """Return every route with a client that may call it, and the own things its path names."""
    own = fill(clinic)[0]
    clients = {role: client_for(role) for role in set(WHO.values())}
    clients["nobody"].app.state.limits = Limits({kind: Allowance(10**9, 1.0) for kind in LIMITS})
    return [
        (route, clients[WHO[route.access]], own.of(route)) for route in routes(clients["nobody"].app) if route.access
    ]


def test_no_word_in_a_path_is_a_way_out(table, clinic):
    faults, before = [], state_of(clinic)
    for route, client, values in table:
        for word in route.words:
            # The guard looks at ids of patients, the same for every route.
            for bad in HOSTILE[::4] if word == "patient_id" else HOSTILE:
                headers = {} if route.is_safe else csrf(client)
                answer = client.request(route.method, route.at(**{**values, word: bad}), headers=headers)
                looks_nothing_up = route.name in LOOKS_NOTHING_UP and answer.status_code == 200
                if not (looks_nothing_up or 300 <= answer.status_code < 500):
                    faults.append(f"{route} with {word}={bad[:40]}: {answer.status_code}")
                if "<script>" in answer.text or "a=b" in answer.headers.get("set-cookie", ""):
                    faults.append(f"{route} with {word}={bad[:40]}: comes back as it was")
    assert not faults, "\n".join(faults)
    assert state_of(clinic) == before


def test_no_word_in_a_question_makes_a_page_fall_over_or_reaches_the_database(table, clinic):
    before, faults = state_of(clinic), []
    words = ("%", "'; DELETE FROM patient; --", "\\", "\0", "x" * 20_000, "-1", "1e999", '" onload="<script>', "9" * 30)
    for route, client, values in table:
        for name in route.queries if route.is_safe else ():
            for word in words:
                answer = client.get(route.at(**values), params={name: word})
                if answer.status_code >= 500:
                    faults.append(f"{route}?{name}={word[:30]}: {answer.status_code}")
                if "other_" in answer.text or "<script>" in answer.text:
                    faults.append(f"{route}?{name}={word[:30]}: shows what it must not")
    assert not faults, "\n".join(faults)
    assert state_of(clinic) == before
