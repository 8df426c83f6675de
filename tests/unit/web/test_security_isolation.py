"""Nobody reaches what is another's: every route of the application, asked as everybody, for own and for others' things.

The table is made from the routes themselves.  A route without a rule fails, and so does one with a name in its path
that `route_table` cannot fill with a thing of somebody else.
"""

import shutil
from dataclasses import replace

import pytest

from kinechain.web.limits import LIMITS, Allowance, Limits
from route_table import IDS, WORDS, Things, fill, routes, state_of, whole_text
from web_fixtures import ROLES, csrf

ACCESS = {"public", "staff", "admin", "case", "patient"}
STAFF = {"admin", "clinician", "other_clinician"}
#: Routes of these kinds read or write no health data, so that no action is named for the trail.
WITHOUT_ACTION = {"public", "admin"}
#: Tell no health data: that a job runs, the token of forms, where links are shown.
SAYS_NOTHING = {"work", "token", "links"}
#: Read by a verb that writes the trail itself, with more in it.  What changes something is tried below.
WRITTEN_BY_THE_VERB = {"copy my data"}
#: What a route needs in its body to do what it is for; by name of the route.
BODIES = {
    "choose use": {"use": "aside"},
    "change role": {"role": "clinician"},
}
#: The same where the body is JSON.
JSON_BODIES = {"api choose use": {"use": "aside"}}


@pytest.fixture
def clinic(lived):
    """Return clinics where every page has something to show."""
    return lived


@pytest.fixture
def everybody(client_for, clinic):
    """Return a client of each role, whom no limit of haste holds up."""
    clients = {role: client_for(role) for role in ROLES}
    clients["clinician"].app.state.limits = Limits({kind: Allowance(10**9, 1.0) for kind in LIMITS})
    return clients


@pytest.fixture
def things(clinic):
    return fill(clinic)


def ask(client, route, address, **more):
    """Send a request as a page of the workspace would, with nothing in it; who was signed out before is in again."""
    client.cookies.clear()
    if client.csrf:
        client.cookies.set(client.cookie, client.token, domain="testserver.local")
    return client.request(route.method, address, headers=csrf(client) if not route.is_safe else {}, **more)


def all_routes(clients):
    return routes(clients["nobody"].app)


def test_every_route_has_a_rule_that_fits_its_path(everybody):
    faults = []
    for route in all_routes(everybody):
        if route.access not in ACCESS:
            faults.append(f"{route}: no rule; give it opt=rule(...)")
        if not route.name and route.access != "public":
            faults.append(f"{route}: no name")
        if (route.access == "case") != ("patient_id" in route.words):
            faults.append(f"{route}: a patient in the path goes with the rule 'case', and no other")
        is_own = (route.path + "/").startswith(("/my/", "/api/my/"))
        if route.access not in (("patient", "public") if is_own else ACCESS - {"patient"}):
            faults.append(f"{route}: routes of patients, and they alone, lie under /my")
        is_told = not route.is_safe or route.opt.get("action") or route.name in SAYS_NOTHING | WRITTEN_BY_THE_VERB
        if route.access in ("case", "patient") and not is_told:
            faults.append(f"{route}: health data is read or written, so the trail needs an action")
        faults += [
            f"{route}: '{word}' in its path is unknown; add it to tests/route_table.py, with a thing of somebody else"
            for word in route.words
            if word not in IDS and word not in WORDS
        ]
    assert not faults, "\n".join(faults)


def test_what_nobody_wrote_is_refused(everybody):
    client = everybody["admin"]
    for route in all_routes(everybody):
        address = route.at(**dict.fromkeys(route.words, "x"))
        # Of a public address one may ask which methods it knows; that is all an answer without a body tells.
        wanted = (204, 401, 403, 404, 405) if route.access == "public" else (401, 403, 404, 405)
        assert client.options(address).status_code in wanted, str(route)
        assert client.request("TRACE", address).status_code in (401, 403, 404, 405), str(route)


def refused(route, role, things_of_other_clinic):
    """Return the answers that are right where somebody may not; None where they may, or everybody may."""
    if route.access == "public":
        return None
    if route.access == "patient":
        return None if role.endswith("patient") else {401}
    if role not in STAFF:
        return {302, 401}
    if route.access == "admin" and role != "admin":
        return {403}
    if route.access == "case" and things_of_other_clinic:
        return {404}
    return None


def test_every_role_is_refused_where_it_has_no_right_and_nothing_changes(everybody, clinic, things):
    own, _, other = things
    before, faults = state_of(clinic), []
    for route in all_routes(everybody):
        for role, client in everybody.items():
            for whose, is_foreign in ((own, role == "other_clinician"), (other, role != "other_clinician")):
                wanted = refused(route, role, is_foreign)
                if wanted is None:
                    continue
                answer = ask(client, route, route.at(**whose.of(route)))
                if answer.status_code not in wanted:
                    faults.append(f"{route} as {role}: {answer.status_code}, not one of {wanted}")
                elif answer.status_code == 302 and not answer.headers["location"].startswith("/sign-in?next="):
                    faults.append(f"{route} as {role}: sent to {answer.headers['location']}")
                faults += leaks(route, role, answer)
    assert not faults, "\n".join(faults)
    assert state_of(clinic) == before


def leaks(route, role, answer):
    """Return what an answer told of somebody the asker may not know."""
    named = ("Petra", "Quirin", "clinic.example")
    return [f"{route} as {role}: names {name}" for name in named if name in answer.text]


def test_refusals_stand_in_the_trail_with_the_asker(everybody, clinic):
    everybody["clinician"].get(f"/patients/{clinic.other.patient}")
    everybody["clinician"].get("/patients/Petra%20Muster")
    trail = whole_text(clinic, "audit")
    (line,) = [line for line in trail.splitlines() if clinic.other.patient in line and "refused read case" in line]
    assert f"account:{clinic.own.clinician}" in line
    assert clinic.own.id in line
    assert "Petra" not in trail


def mixed(route, own, someone):
    """Give the ids of a path with one thing of somebody else in place of an own one, each in turn."""
    for word in route.words:
        if word in IDS and word != "patient_id":
            yield word, {**own.of(route), word: vars(someone)[word]}


def test_no_thing_of_somebody_else_is_reached_by_way_of_an_own_patient(everybody, clinic, things):
    """The file, job, link, task ... of another patient, of this clinic or another, under a patient one may see."""
    own, colleagues, strangers = things
    clients, faults = {"clinician": everybody["clinician"], "admin": everybody["admin"]}, []
    before = state_of(clinic)
    for route in all_routes(everybody):
        if route.access in ("public", "patient"):
            continue
        client = clients["admin" if route.access == "admin" else "clinician"]
        for someone in (colleagues, strangers):
            for word, values in mixed(route, own, someone):
                if word == "account_id" and someone is colleagues:
                    continue  # A clinic's administrator manages the accounts of all of it.
                if word == "task_id" and "patient_id" not in route.words and someone is colleagues:
                    continue  # The clinic's list of tasks is of all of its patients.
                answer = ask(
                    client, route, route.at(**values), data=BODIES.get(route.name), json=JSON_BODIES.get(route.name)
                )
                if answer.status_code not in (400, 404):
                    faults.append(f"{route} with another's {word}: {answer.status_code}")
                if someone.patient_id in answer.text:
                    faults.append(f"{route} with another's {word}: tells their id")
    assert not faults, "\n".join(faults)
    assert state_of(clinic) == before


def test_own_things_are_reached_so_that_the_refusals_above_mean_something(everybody, clinic, things):
    own, faults = things[0], []
    path = clinic.place.folder / "workspace.sqlite"
    clinic.place.database.close()
    shutil.copy(path, path.with_suffix(".kept"))
    for route in all_routes(everybody):
        if route.access == "public" or not [word for word in route.words if word in IDS and word != "patient_id"]:
            continue
        client = everybody["admin" if route.access == "admin" else "clinician"]
        values = replace(own, account_id=clinic.own.clinician) if route.access == "admin" else own
        answer = ask(
            client, route, route.at(**values.of(route)), data=BODIES.get(route.name), json=JSON_BODIES.get(route.name)
        )
        if answer.status_code >= 400:
            faults.append(f"{route}: {answer.status_code} {answer.text[:2000].partition('role=')[2][:200]}")
        clinic.place.database.close()
        shutil.copy(path.with_suffix(".kept"), path)
    assert not faults, "\n".join(faults)


def test_who_may_is_not_refused_and_nothing_falls_over(everybody, clinic, things):
    faults = []
    path = clinic.place.folder / "workspace.sqlite"
    clinic.place.database.close()
    shutil.copy(path, path.with_suffix(".kept"))
    for route in all_routes(everybody):
        for role in ("admin", "clinician", "patient", "nobody"):
            client, whose = everybody[role], things[0]
            if refused(route, role, False) is not None or (role == "admin" and route.access == "case"):
                continue
            before = None if route.is_safe else (state_of(clinic), len(whole_text(clinic, "audit").splitlines()))
            answer = ask(client, route, route.at(**whose.of(route)))
            if before and state_of(clinic) != before[0]:
                if len(whole_text(clinic, "audit").splitlines()) == before[1]:
                    faults.append(f"{route} as {role}: changes something, and the trail does not tell")
            if answer.status_code in (401, 403, 405) or answer.status_code >= 500:
                # Whoever may try to come in is told that this was not the way.
                if (route.access, answer.status_code) != ("public", 401):
                    faults.append(f"{route} as {role}: {answer.status_code}")
            if not route.is_safe:
                clinic.place.database.close()
                shutil.copy(path.with_suffix(".kept"), path)
    assert not faults, "\n".join(faults)


def test_patients_read_nothing_of_others(everybody, clinic, things):
    faults = []
    for route in all_routes(everybody):
        if route.access == "patient" and route.is_safe:
            text = ask(everybody["other_patient"], route, route.at(**things[2].of(route))).text
            faults += [
                f"{route}: {word}"
                for word in ("Petra", "Quirin", clinic.own.patient, clinic.own.new_patient)
                if word in text.replace("other_Petra", "")
            ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static//etc/passwd", "/static/%2e%2e/app.py", "/static/css/..%2f..%2fapp.py", "/static/",
     "/static/css", "/static/.", "/static/css/base.css%00.js", "/static/css\\base.css", "/static/__init__.py"],
)  # fmt: skip
def test_only_files_of_the_folder_are_served(client_for, path):
    assert client_for("nobody").get(path).status_code in (400, 404)


def test_ids_are_compared_as_they_are(client_for, clinic):
    client = client_for("clinician")
    assert client.get(f"/patients/{clinic.patient}").status_code == 200
    assert client.get(f"/patients/{clinic.patient.upper()}").status_code == 404
    assert client.get(f"/patients/%20{clinic.patient}").status_code == 404
    assert client.get(f"/patients/{clinic.other.patient}/").status_code == 404
    assert client.head(f"/patients/{clinic.other.patient}").status_code in (404, 405)


def test_who_is_erased_put_away_or_whose_link_is_revoked_is_out_at_once(client_for, clinic):
    from sqlalchemy import update

    from kinechain.store.clock import now
    from kinechain.store.tables import link, patient

    def set_to(table, where, **values):
        with clinic.place.database.writing() as connection:
            connection.execute(update(table).where(table.c.id == where).values(**values))

    client, staff = client_for("patient"), client_for("clinician")
    (first,) = [route for route in routes(client.app) if route.path == "/my" and route.is_safe] or [None]
    if first is None:
        pytest.skip("there is no page of patients yet")
    for table, where, column in (
        (link, clinic.own.link, "revoked_at"),
        (link, clinic.own.link, "expires_at"),
        (patient, clinic.patient, "archived_at"),
        (patient, clinic.patient, "erased_at"),
    ):
        assert client.get("/my").status_code != 401
        set_to(table, where, **{column: now()})
        assert client.get("/my").status_code == 401, column
        if column == "erased_at":
            assert staff.get(f"/patients/{clinic.patient}").status_code == 404
        later = now().replace(year=now().year + 1)
        set_to(table, where, **{column: later if column == "expires_at" else None})


def test_things_cover_every_kind_of_id():
    assert set(IDS) == set(Things.__dataclass_fields__)
