"""Accounts and sessions on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from kinechain.core.errors import InputError
from kinechain.store.accounts import accounts_of, count_accounts
from kinechain.store.sessions import find_session
from kinechain.workspace.accounts import disable_account, invite, invite_again, make_clinic, set_role
from kinechain.workspace.signing_in import (
    WaitError,
    accept_invitation,
    change_password,
    end_own,
    end_own_all,
    make_token,
    own_sessions,
    sign_in,
    sign_out,
)
from web_fixtures import PASSWORD, email


def token_of(url):
    return url.rpartition("/")[2]


def test_a_session_begins_and_ends(each_clinic):
    database = each_clinic.place.database
    signed = sign_in(database, f" {email('clinician').upper()} ", PASSWORD)
    with database.reading() as connection:
        found = find_session(connection, signed.token)
        assert found.actor.clinic_id == each_clinic.own.id
        assert find_session(connection, signed.token, "token") is None
        assert find_session(connection, signed.token, patient_id=each_clinic.patient).holder == each_clinic.own.id
        assert find_session(connection, signed.token, patient_id=each_clinic.other.patient).holder != each_clinic.own.id
        assert find_session(connection, signed.token, patient_id="nobody").holder == ""
        assert find_session(connection, "x" * 100_000) is None
    sign_out(database, found.actor, found.session)
    with database.reading() as connection:
        assert find_session(connection, signed.token) is None


def test_of_many_tries_at_once_five_are_heard(each_clinic):
    """Twelve tries of one account at the same moment, on a database that lets writers in at the same time too."""

    def attempt(_):
        try:
            sign_in(each_clinic.place.database, email("clinician"), "a wrong password")
        except WaitError:
            return "wait"
        except InputError:
            return "wrong"
        return "in"

    with ThreadPoolExecutor(12) as pool:
        said = sorted(pool.map(attempt, range(12)))
    assert said == ["wait"] * 7 + ["wrong"] * 5


def test_the_first_clinic_is_made_once_however_many_ask(place):
    def attempt(number):
        try:
            make_clinic(place.database, "C", f"x{number}@y.example", "Ann", PASSWORD, by="start")
        except InputError:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    with place.database.reading() as connection:
        assert count_accounts(connection) == 1


def test_an_invitation_is_used_once_however_many_try(each_clinic):
    place = each_clinic.place
    made, url = invite(place, each_clinic.actor("admin"), "new@clinic.example", "Nia New", "clinician")
    assert made.is_invited

    def attempt(number):
        try:
            chosen = f"chosen by number {number}"
            accept_invitation(place.database, token_of(url), {"password": chosen, "again": chosen})
        except InputError:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1


def test_a_new_invitation_ends_the_one_before_and_a_chosen_password_every_session(each_clinic):
    place, admin = each_clinic.place, each_clinic.actor("admin")
    before = sign_in(place.database, email("clinician"), PASSWORD)
    _, first = invite_again(place, admin, each_clinic.own.clinician)
    _, second = invite_again(place, admin, each_clinic.own.clinician)
    chosen = {"password": "quite another one", "again": "quite another one"}
    with pytest.raises(InputError, match="was used, has ended"):
        accept_invitation(place.database, token_of(first), chosen)
    accept_invitation(place.database, token_of(second), chosen)
    with place.database.reading() as connection:
        assert find_session(connection, before.token) is None
    with pytest.raises(InputError):
        sign_in(place.database, email("clinician"), PASSWORD)


def test_one_of_two_administrators_who_leave_at_once_stays(each_clinic):
    place, admin = each_clinic.place, each_clinic.actor("admin")
    set_role(place.database, admin, each_clinic.own.clinician, "admin")

    def attempt(account_id):
        try:
            disable_account(place.database, admin, account_id)
        except InputError:
            return 0
        return 1

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(attempt, (each_clinic.own.admin, each_clinic.own.clinician))) == 1


def test_sessions_and_tokens_are_ones_own(each_clinic):
    database, actor = each_clinic.place.database, each_clinic.actor()
    here, there = (sign_in(database, email("clinician"), PASSWORD) for _ in range(2))
    make_token(database, actor, "laptop", 30)
    assert sorted(item.kind for item in own_sessions(database, actor)) == ["browser", "browser", "token"]
    with pytest.raises(InputError, match="no session or token of yours"):
        end_own(database, each_clinic.actor("admin"), there.session.code)
    end_own_all(database, actor, here.session)
    assert sorted(item.kind for item in own_sessions(database, actor)) == ["browser", "token"]
    change_password(database, actor, here.session, PASSWORD, "quite another one")
    assert [item.digest for item in own_sessions(database, actor)] == [here.session.digest]


@pytest.mark.parametrize(("name", "days"), [("", 3), ("x" * 61, 3), ("a\nb\x07", 3), ("a", 0), ("a", 366)])
def test_an_impossible_token_is_refused(clinic, name, days):
    with pytest.raises(InputError):
        make_token(clinic.place.database, clinic.actor(), name, days)


@pytest.mark.parametrize("address", ["", "a", "a@", "@b", "a b@c", "<a@b>", "a@b@c", "x" * 70 + "@b.example"])
def test_what_is_no_address_is_refused(clinic, address):
    with pytest.raises(InputError, match="e-mail"):
        invite(clinic.place, clinic.actor("admin"), address, "Nia", "clinician")


def test_accounts_of_one_clinic_are_listed_by_name(each_clinic):
    with each_clinic.place.database.reading() as connection:
        names = [item.name for item in accounts_of(connection, each_clinic.own.id)]
        assert names == ["Ada Admin", "Cleo Clinician"]
        assert len(accounts_of(connection)) == 4
