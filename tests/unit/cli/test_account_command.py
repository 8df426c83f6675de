"""Accounts managed at the machine itself."""

import pytest

from kinechain.store.database import open_database, sqlite_url
from kinechain.workspace.signing_in import sign_in

PASSWORD = "walk slowly and look"


@pytest.fixture
def at(call, tmp_path):
    """Return a function that runs ``kinechain account`` on a workspace of its own."""
    return lambda *arguments, typed=(): call("account", *arguments, "--data", str(tmp_path / "data"), typed=list(typed))


@pytest.fixture
def enter(tmp_path):
    """Return a function that signs in."""

    def _enter(email, password=PASSWORD):
        database = open_database(sqlite_url(tmp_path / "data" / "workspace.sqlite"))
        try:
            return sign_in(database, email, password).account
        finally:
            database.close()

    return _enter


def test_the_first_account_of_a_clinic_manages_it_and_the_next_does_not(at, enter):
    first = at("add", "ann@clinic.example", "--name", "Ann Lee", "--clinic", "Lake clinic", typed=[PASSWORD])
    assert (first.code, first.out) == (0, "ann@clinic.example signs in as admin.\n")
    second = at("add", "Bob@clinic.example", "--name", "Bob", typed=[PASSWORD])
    assert second.out == "bob@clinic.example signs in as clinician.\n"
    assert enter("ann@clinic.example").role == "admin"
    listed = at("list").out
    assert "ann@clinic.example  Ann Lee  admin  active  Lake clinic" in listed
    assert "bob@clinic.example  Bob  clinician  active  Lake clinic" in listed
    assert PASSWORD not in listed


def test_a_password_is_set_and_an_account_disabled_and_enabled(at, enter):
    at("add", "ann@clinic.example", "--name", "Ann", "--clinic", "C", typed=[PASSWORD])
    at("add", "bob@clinic.example", "--name", "Bob", typed=[PASSWORD])
    assert at("password", "ann@clinic.example", typed=["another long one"]).code == 0
    assert enter("ann@clinic.example", "another long one")
    assert at("disable", "bob@clinic.example").code == 0
    assert "disabled" in at("list").out
    assert at("disable", "ann@clinic.example").code == 2, "the last who manages the clinic stays"
    assert at("enable", "bob@clinic.example").code == 0
    assert enter("bob@clinic.example").name == "Bob"


@pytest.mark.parametrize(
    ("arguments", "typed", "says"),
    [
        (("add", "a@b.example", "--name", "A"), [PASSWORD], "which clinic"),
        (("add", "a@b.example", "--name", "A", "--clinic", "C"), ["short"], "10 to 200 characters"),
        (("add", "a@b.example", "--name", "A", "--clinic", "C"), [], "10 to 200 characters"),
        (("add", "a@b.example", "--clinic", "C"), [PASSWORD], "--name"),
        (("add", "no address", "--name", "A", "--clinic", "C"), [PASSWORD], "e-mail"),
        (("add", "a@b.example", "--name", "A", "--clinic", "C", "--role", "king"), [PASSWORD], "role"),
        (("add",), [], "e-mail address"),
        (("list", "a@b.example"), [], "takes no address"),
        (("password", "x@y.example"), [PASSWORD], "there is no account"),
        (("disable", "x@y.example", "--name", "X"), [], "--name"),
        (("remove", "x@y.example"), [], "there is no 'account remove'"),
    ],
)
def test_a_refusal_is_one_sentence_that_says_what_to_try(at, arguments, typed, says):
    done = at(*arguments, typed=typed)
    assert done.code == 2
    assert says in done.err
    assert done.out == ""
    assert PASSWORD not in done.err


def test_an_empty_workspace_says_how_to_begin(at):
    assert "account add" in at("list").out
