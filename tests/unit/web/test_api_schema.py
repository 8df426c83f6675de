"""The API does what its description says: requests made from the OpenAPI document, as a program and as a patient."""

import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

from kinechain.store.sessions import add_session
from kinechain.web.limits import LIMITS, Allowance, Limits
from route_table import IDS, fill, state_of

#: Per operation; the same ones each time.
EXAMPLES = 6
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
#: Computes for seconds; its own tests try it.
SLOW = {("POST", "/api/patients/{patient_id}/whatif")}


@pytest.fixture
def clinic(lived):
    return lived


@pytest.fixture
def nobody(client_for):
    client = client_for("nobody")
    client.app.state.limits = Limits({kind: Allowance(10**9, 1.0) for kind in LIMITS})
    return client


def operations(client: Any) -> list[Any]:
    """Return every operation of the description."""
    answer = client.get("/api/openapi.json")
    if answer.status_code == 404:
        pytest.skip("there is no API yet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_dict(answer.json())
        return [found.ok() for found in schema.get_all_operations()]


def send(client: Any, case: Any, headers: dict[str, str]) -> Any:
    """Send what was made from the description, as a program would."""
    sent = case.as_transport_kwargs(base_url="http://testserver.local", headers=headers)
    sent.pop("cookies", None)
    client.cookies.clear()
    return client.request(**{name: value for name, value in sent.items() if value is not None})


def try_one(client, headers, things, check, operation):
    @given(st.data())
    @BOUNDED
    def run(data):
        case = data.draw(operation.as_strategy())
        own = {name: vars(things)[name] for name in case.path_parameters or {} if name in IDS}
        if data.draw(st.booleans(), label="own ids"):
            case.path_parameters = {**(case.path_parameters or {}), **own}
        elif "patient_id" in own:
            case.path_parameters = {**case.path_parameters, "patient_id": own["patient_id"]}
        check(case, send(client, case, headers))

    run()


def try_all(client, headers, things, check):
    """Make requests of every operation, with ids that are there, and with made-up ones, and check each answer."""
    faults = []
    for operation in operations(client):
        if (operation.method.upper(), operation.path) in SLOW:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try_one(client, headers, things, check, operation)
        except Exception as error:  # noqa: BLE001
            faults.append(f"{operation.method.upper()} {operation.path}: {type(error).__name__} {str(error)[:700]}")
    return faults


def test_the_api_answers_as_it_says_and_never_falls_over(nobody, clinic):
    own = fill(clinic)[0]
    with clinic.place.database.writing() as connection:
        token, _ = add_session(connection, account_id=clinic.own.clinician, kind="token", name="tests")
    kept = (content_type_conformance, response_schema_conformance, status_code_conformance)

    done = set()

    def check(case, answer):
        assert answer.status_code < 500, answer.text[:300]
        assert answer.status_code not in (401, 403), answer.text[:300]
        if answer.status_code < 400:
            done.add(case.operation.label)
            case.validate_response(answer, checks=[not_a_server_error, *kept])
        else:
            assert set(answer.json()) >= {"error"}, answer.text[:300]
            assert len(answer.json()["error"]) < 1_000

    faults = try_all(nobody, {"Authorization": f"Bearer {token}", "Accept": "application/json"}, own, check)
    assert not faults, "\n\n".join(faults)
    assert len(done) >= 10, f"hardly anything of the API was reached: {done}"


def test_a_patient_and_another_clinic_get_nothing_from_it(nobody, clinic):
    own, before = fill(clinic)[0], None
    with clinic.place.database.writing() as connection:
        strange, _ = add_session(connection, account_id=clinic.other.clinician, kind="token", name="tests")
        patient, _ = add_session(connection, link_id=clinic.own.link)
    before = state_of(clinic, ignored=("patient", "person_version", "summary"))

    def refused(case, answer):
        if "/patients/" in case.operation.path:
            assert answer.status_code in (401, 403, 404, 405), answer.text[:300]
        assert clinic.patient not in answer.text
        assert "Petra" not in answer.text.replace("other_Petra", "")

    faults = try_all(nobody, {"Authorization": f"Bearer {strange}"}, own, refused)
    faults += try_all(nobody, {"Authorization": f"Bearer {patient}"}, own, refused)
    assert not faults, "\n\n".join(faults)
    assert state_of(clinic, ignored=("patient", "person_version", "summary")) == before
