"""Signing in and out in a browser: sessions, lock-out, invitations, the first account."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from kinechain.core.errors import InputError
from kinechain.store import clock
from kinechain.store.sessions import find_session
from kinechain.store.tables import attempt, audit
from kinechain.workspace.passwords import check_password
from kinechain.workspace.signing_in import EVERYWHERE_TRIES, WaitError, change_password, sign_in
from kinechain.workspace.starting import start_address
from web_fixtures import PASSWORD, csrf, email, signed_in

COOKIE = "kinechain_session"


def enter(client, role="clinician", password=PASSWORD, **more):
    return client.post("/sign-in", data={"email": email(role), "password": password, **more})


def later(monkeypatch, **time):
    """Turn the clock of every module that asks it."""
    real = clock.now
    for module in ("sessions", "limits", "accounts", "audit"):
        monkeypatch.setattr(f"kinechain.store.{module}.now", lambda: real() + timedelta(**time))


def actions(clinic, **where):
    with clinic.place.database.reading() as connection:
        rows = connection.execute(select(audit).order_by(audit.c.at)).mappings().all()
    return [row["action"] for row in rows if all(row[name] == value for name, value in where.items())]


def test_each_client_is_who_it_says(client_for, clinic):
    assert client_for("nobody").get("/account").status_code == 302
    assert client_for("clinician").get(f"/patients/{clinic.patient}").status_code == 200
    assert client_for("other_clinician").get(f"/patients/{clinic.patient}").status_code == 404
    assert client_for("patient").get("/account").status_code == 302
    one = client_for("clinician")
    assert one.post("/sign-out", headers=csrf(one)).status_code == 302
    assert one.get("/account").status_code == 302


def test_a_password_opens_a_session_and_another_one_does_not(client_for, clinic):
    client = client_for("nobody")
    wrong = enter(client, password="not the password")
    assert wrong.status_code == 401
    assert COOKIE not in wrong.cookies
    nobody = client.post("/sign-in", data={"email": "x@y.example", "password": PASSWORD})
    assert nobody.status_code == 401
    assert sentence(nobody) == sentence(wrong)
    right = enter(client, next="/account")
    assert (right.status_code, right.headers["location"]) == (302, "/account")
    assert client.get("/account").status_code == 200
    assert actions(clinic, actor=f"account:{clinic.own.clinician}")[-2:] == ["refused sign in", "sign in"]


def sentence(answer):
    return re.search(r'role="alert"[^>]*><p[^>]*>([^<]+)', answer.text)[1]


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(client_for, clinic):
    said = enter(client_for("nobody")).headers["set-cookie"]
    assert said.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in said.split(";")}
    assert "Secure" not in said
    assert "Domain" not in said


def test_by_https_the_cookie_is_of_this_host_alone(clinic):
    from dataclasses import replace

    from anyio.from_thread import start_blocking_portal

    from kinechain.web.app import create_app

    clinic = replace(clinic, place=replace(clinic.place, address="https://clinic.example"))
    with start_blocking_portal() as portal:
        client = signed_in(create_app(clinic.place), clinic, "nobody", portal)
        answer = enter(client)
        said = answer.headers["set-cookie"]
        assert said.startswith("__Host-kinechain_session=")
        assert "Secure" in said
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        # A cookie that another host of the domain, or one by http, could have set is not looked at.
        token = said.partition("=")[2].partition(";")[0]
        bare = signed_in(create_app(clinic.place), clinic, "nobody", portal)
        bare.cookies.set(COOKIE, token, domain="testserver.local")
        assert bare.get("/account").status_code == 302
        bare.cookies.set("__Host-kinechain_session", token, domain="testserver.local")
        assert bare.get("/account").status_code == 200


def test_signing_in_gives_a_new_session_and_ends_the_one_before(client_for, clinic):
    """Against fixation: a token that somebody put into a browser opens nothing afterwards."""
    client = client_for("clinician")
    planted = client.token
    assert enter(client).status_code == 302
    assert client.cookies[COOKIE] != planted
    with clinic.place.database.reading() as connection:
        assert find_session(connection, planted) is None
    invented = client_for("nobody")
    invented.cookies.set(COOKIE, "a-token-of-the-attacker", domain="testserver.local")
    enter(invented)
    assert invented.cookies.get(COOKIE, domain="testserver.local") != "a-token-of-the-attacker"


def test_five_wrong_passwords_lock_an_account_for_a_while_even_for_the_right_one(client_for, clinic, monkeypatch):
    client = client_for("nobody")
    assert [enter(client, password=f"wrong number {n}").status_code for n in range(5)] == [401] * 5
    locked = enter(client)
    assert locked.status_code == 429
    assert 800 < int(locked.headers["retry-after"]) <= 900
    assert "15 minutes" in locked.text
    assert client_for("clinician").get("/account").status_code == 200, "who is signed in stays so"
    assert enter(client, "admin").status_code == 302, "another account is not locked"
    later(monkeypatch, minutes=16)
    assert enter(client).status_code == 302


def test_an_account_that_does_not_exist_is_locked_alike(client_for):
    client = client_for("nobody")
    codes = [
        client.post("/sign-in", data={"email": "x@y.example", "password": "some password"}).status_code
        for _ in range(6)
    ]
    assert codes == [401] * 5 + [429]


def test_twenty_wrong_tries_from_one_address_lock_it_and_the_table_names_nobody(client_for, clinic):
    client = client_for("nobody")
    for n in range(20):
        enter(client, role=f"somebody{n}")
    assert enter(client).status_code == 429
    with clinic.place.database.reading() as connection:
        keys = " ".join(connection.execute(select(attempt.c.key)).scalars())
    assert "testclient" not in keys
    assert "somebody" not in keys


def test_a_right_password_clears_the_count(client_for):
    client = client_for("nobody")
    for _ in range(2):
        for n in range(4):
            assert enter(client, password=f"wrong number {n}").status_code == 401
        assert enter(client).status_code == 302


def test_a_stranger_does_not_shut_anybody_out_of_their_own_browser(client_for, clinic):
    own, other, stranger = (client_for("nobody") for _ in range(3))
    assert enter(own).status_code == 302
    assert enter(other, "admin").status_code == 302
    assert [enter(stranger, password=f"wrong number {n}").status_code for n in range(6)] == [401] * 5 + [429]
    for n in range(20):
        enter(stranger, role=f"somebody{n}")
    assert enter(stranger).status_code == 429
    # From the same address, in a browser the account signed in from before.
    assert enter(own).status_code == 302
    # That browser is no way past the limit either, and what somebody else's browser shows helps nobody.
    assert enter(other).status_code == 429
    assert [enter(own, password=f"wrong number {n}").status_code for n in range(6)] == [401] * 5 + [429]
    assert enter(own).status_code == 429


def test_guesses_from_many_addresses_lock_all_but_the_own_browser(clinic, client_for):
    database = clinic.place.database
    own = sign_in(database, email("clinician"), PASSWORD, "home")
    assert own.device
    for n in range(EVERYWHERE_TRIES):
        with pytest.raises(InputError, match="do not go together"):
            sign_in(database, email("clinician"), "wrong password", f"address {n}")
    with pytest.raises(WaitError):
        sign_in(database, email("clinician"), PASSWORD, "an address that never tried")
    again = sign_in(database, email("clinician"), PASSWORD, "home", devices=["invented", own.device])
    assert again.device == ""


def test_a_browser_that_was_used_before_opens_nothing_and_is_unknown_after_a_new_password(client_for, clinic):
    client = client_for("nobody")
    enter(client)
    device = client.cookies["kinechain_device"]
    bare = client_for("nobody")
    for name in (COOKIE, "kinechain_device"):
        bare.cookies.set(name, device, domain="testserver.local")
    assert bare.get("/account").status_code == 302
    assert bare.get("/api/patients", headers={"authorization": f"Bearer {device}"}).status_code == 401
    place = clinic.place
    with place.database.reading() as connection:
        assert find_session(connection, device) is None
        found = find_session(connection, client.cookies[COOKIE])
        assert find_session(connection, device, "device") is not None
    change_password(place.database, found.actor, found.session, PASSWORD, "another long password")
    with place.database.reading() as connection:
        assert find_session(connection, device, "device") is None


def test_people_who_share_a_browser_are_each_known_to_it(client_for):
    client = client_for("nobody")
    for role in ("clinician", "admin", "clinician", "admin"):
        assert enter(client, role).status_code == 302
    assert client.cookies["kinechain_device"].count(".") == 1


def test_tries_at_the_same_moment_do_not_slip_by(client_for, clinic):
    from concurrent.futures import ThreadPoolExecutor

    clients = [client_for("nobody") for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda client: enter(client, password="wrong password").status_code, clients))
    assert sorted(codes) == [401] * 5 + [429] * 7


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/\t/evil.example", "/\n/evil.example",
     "javascript:alert(1)", "", "evil", "/%0d%0aSet-Cookie: a=b\r\nx", " //evil.example"],
)  # fmt: skip
def test_after_signing_in_nobody_is_sent_to_another_site(client_for, target):
    client = client_for("nobody")
    assert enter(client, next=target).headers["location"] == "/patients"
    shown = client.get("/sign-in", params={"next": target}).text
    assert 'name="next" value="/patients"' in shown


def test_where_one_wanted_to_go_is_kept(client_for, clinic):
    client = client_for("nobody")
    asked = client.get(f"/patients/{clinic.patient}")
    assert asked.headers["location"] == f"/sign-in?next=/patients/{clinic.patient}"
    assert enter(client, next=f"/patients/{clinic.patient}").headers["location"] == f"/patients/{clinic.patient}"


def test_a_session_ends_when_idle_and_in_any_case(client_for, monkeypatch):
    client = client_for("clinician")
    with monkeypatch.context() as patch:
        later(patch, minutes=119)
        assert client.get("/account").status_code == 200, "and this counts as use"
    with monkeypatch.context() as patch:
        later(patch, minutes=230)
        assert client.get("/account").status_code == 200
    with monkeypatch.context() as patch:
        later(patch, minutes=230 + 121)
        assert client.get("/account").status_code == 302
    idle_not = client_for("clinician")
    for hours in range(1, 12):
        with monkeypatch.context() as patch:
            later(patch, hours=hours)
            assert idle_not.get("/account").status_code == 200
    later(monkeypatch, hours=12, seconds=1)
    assert idle_not.get("/account").status_code == 302


def test_a_new_password_ends_other_sessions_and_tokens_but_not_this_one(client_for, clinic):
    here, there = client_for("clinician"), client_for("clinician")
    made = here.post("/account/tokens", data={"name": "laptop", "days": "30", "csrf": here.csrf})
    token = re.search(r'id="token"[^>]*value="([^"]+)"', made.text)[1]
    fields = {"old": PASSWORD, "new": "another long one", "again": "another long one", "csrf": here.csrf}
    assert here.post("/account/password", data=fields | {"old": "wrong"}).status_code == 400
    assert here.post("/account/password", data=fields | {"again": "x"}).status_code == 400
    assert here.post("/account/password", data=fields | {"new": "short", "again": "short"}).status_code == 400
    assert here.post("/account/password", data=fields).status_code == 200
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302
    nobody = client_for("nobody")
    assert nobody.get("/patients", headers={"Authorization": f"Bearer {token}"}).status_code == 302
    assert enter(nobody).status_code == 401
    assert enter(nobody, password="another long one").status_code == 302


def test_a_token_works_where_it_may_and_is_revoked(client_for, clinic):
    client, program = client_for("admin"), client_for("nobody")
    made = client.post("/account/tokens", data={"name": "<b>laptop", "days": "30", "csrf": client.csrf})
    token = re.search(r'id="token"[^>]*value="([^"]+)"', made.text)[1]
    assert token not in client.get("/account").text
    bearer = {"Authorization": f"Bearer {token}"}
    assert program.get(f"/patients/{clinic.patient}", headers=bearer).status_code == 200
    assert program.get("/account", headers=bearer).status_code == 403, "a token makes no tokens"
    assert program.get("/clinic", headers=bearer).status_code == 403, "nor accounts"
    program.cookies.set(COOKIE, token, domain="testserver.local")
    assert program.get("/account").status_code == 302, "a token is no session of a browser"
    as_bearer = {"Authorization": f"Bearer {client.token}"}
    assert client_for("nobody").get("/patients", headers=as_bearer).status_code == 302, "nor the other way round"
    page = client.get("/account").text
    assert "&lt;b&gt;laptop" in page
    code = re.search(r"laptop.*?/account/sessions/([^/]+)/end", page, re.S)[1]
    other = client_for("other_clinician")
    assert other.post(f"/account/sessions/{code}/end", headers=csrf(other)).status_code == 400
    assert client.post(f"/account/sessions/{code}/end", headers=csrf(client)).status_code == 302
    assert program.get(f"/patients/{clinic.patient}", headers=bearer).status_code == 302


def test_signing_out_everywhere_leaves_this_one(client_for):
    here, there = client_for("clinician"), client_for("clinician")
    assert here.post("/account/sessions/end-others", headers=csrf(here)).status_code == 302
    assert (here.get("/account").status_code, there.get("/account").status_code) == (200, 302)


def test_whoever_is_invited_chooses_a_password_once(client_for, clinic):
    admin, guest = client_for("admin"), client_for("nobody")
    fields = {"email": "new@clinic.example", "name": "Nia New", "role": "clinician", "csrf": admin.csrf}
    made = admin.post("/clinic/accounts", data=fields)
    path = re.search(r'id="url"[^>]*value="http://testserver.local([^"]+)"', made.text)[1]
    assert admin.post("/clinic/accounts", data=fields).status_code == 400, "the address is taken"
    assert "Nia New" in guest.get(path).text
    chosen = {"password": "chosen by Nia", "again": "chosen by Nia"}
    assert guest.post(path, data=chosen | {"again": "other"}).status_code == 400
    assert guest.post(path, data=chosen).status_code == 302
    assert guest.get("/account").status_code == 200
    assert client_for("nobody").get(path).status_code == 400
    assert client_for("nobody").post(path, data=chosen).status_code == 400
    assert client_for("nobody").get("/invitation/nonsense").status_code == 400


def test_a_disabled_account_is_out_at_once_and_the_last_administrator_stays(client_for, clinic):
    admin, clinician = client_for("admin"), client_for("clinician")
    where = f"/clinic/accounts/{clinic.own.clinician}"
    assert clinician.get("/clinic").status_code == 403
    assert admin.post(f"{where}/disable", headers=csrf(admin)).status_code == 302
    assert clinician.get("/account").status_code == 302
    assert enter(client_for("nobody")).status_code == 401
    assert admin.post(f"{where}/enable", headers=csrf(admin)).status_code == 302
    assert enter(client_for("nobody")).status_code == 302
    me = f"/clinic/accounts/{clinic.own.admin}"
    assert admin.post(f"{me}/disable", headers=csrf(admin)).status_code == 400
    assert admin.post(f"{me}/role", data={"role": "clinician", "csrf": admin.csrf}).status_code == 400
    assert admin.get("/clinic").status_code == 200
    assert admin.post(f"{where}/role", data={"role": "admin", "csrf": admin.csrf}).status_code == 302
    assert admin.post(f"{me}/role", data={"role": "clinician", "csrf": admin.csrf}).status_code == 302
    assert admin.get("/clinic").status_code == 403
    theirs = client_for("other_clinician")
    assert theirs.post(f"{where}/disable", headers=csrf(theirs)).status_code == 403


def test_an_administrator_does_not_reach_accounts_of_another_clinic(client_for, clinic):
    admin = client_for("admin")
    for verb, more in (("disable", {}), ("enable", {}), ("invite", {}), ("role", {"role": "admin"})):
        where = f"/clinic/accounts/{clinic.other.clinician}/{verb}"
        assert admin.post(where, data={"csrf": admin.csrf, **more}).status_code == 400
    assert "other_" not in admin.get("/clinic").text


def test_the_first_account_is_made_once_in_the_browser(sqlite_place):
    from anyio.from_thread import start_blocking_portal
    from litestar.testing import TestClient

    from kinechain.web.app import create_app

    address = start_address(sqlite_place)
    assert address == start_address(sqlite_place)
    path = address.removeprefix(sqlite_place.address)
    assert (sqlite_place.folder / "start-token").stat().st_mode & 0o077 == 0
    fields = {"clinic": "Clinic", "name": "Ann", "email": "Ann@Clinic.example", "password": PASSWORD, "again": PASSWORD}
    with start_blocking_portal() as portal:
        client = TestClient(create_app(sqlite_place), base_url="http://testserver.local")
        client.blocking_portal, client.follow_redirects = portal, False
        assert client.get("/start/wrong").status_code == 404
        assert client.post("/start/wrong", data=fields).status_code == 404
        assert client.get(path).status_code == 200
        assert client.post(path, data=fields | {"password": "short", "again": "short"}).status_code == 400
        assert client.post(path, data=fields).status_code == 302
        assert client.get("/clinic").status_code == 200
        assert client.get(path).status_code == 404
        assert client.post(path, data=fields).status_code == 404
    assert start_address(sqlite_place) == ""
    assert not (sqlite_place.folder / "start-token").exists()


def test_an_old_hash_is_renewed_at_the_next_sign_in(client_for, clinic):
    from argon2 import PasswordHasher

    from kinechain.store.accounts import account_by_id, change_account

    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with clinic.place.database.writing() as connection:
        change_account(connection, clinic.own.clinician, password_hash=old)
    assert enter(client_for("nobody")).status_code == 302
    with clinic.place.database.reading() as connection:
        found = account_by_id(connection, clinic.own.clinician)
    assert "m=19456,t=2,p=1" in found.password_hash
    assert check_password(found.password_hash, PASSWORD)


def test_passwords_on_two_keyboards_are_the_same():
    from kinechain.workspace.passwords import hash_password

    assert check_password(hash_password("läuft langsam"), "läuft langsam")
    assert not check_password("", "nobody's password"), "an account without a password lets nobody in"
