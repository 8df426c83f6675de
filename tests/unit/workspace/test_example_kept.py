"""The example clinic, opened again: the same people, and a link that works today."""

import json
from dataclasses import replace

import pytest

from kinechain.store.audit import Actor
from kinechain.store.links import find_link, links_of
from kinechain.workspace import example_clinic
from kinechain.workspace.accounts import make_clinic
from kinechain.workspace.example_clinic import EMAIL, KEPT, ExampleClinic, fill_example
from kinechain.workspace.links import make_link, revoke_link
from kinechain.workspace.patients import register
from kinechain.workspace.place import Place

PASSWORD = "walk slowly and look"


def small_example(place: Place) -> ExampleClinic:
    """Make an example of one patient, without the analysis that takes long."""
    account = make_clinic(place.database, "Example clinic", EMAIL, "Dr Example", PASSWORD)
    actor = Actor("admin", account.id, account.name, account.clinic_id)
    patient = register(place.database, actor, "Cora Example").id
    link, _ = make_link(place, actor, patient)
    return ExampleClinic(EMAIL, PASSWORD, patient, patient, patient, link)


@pytest.fixture
def example(sqlite_place: Place, monkeypatch: pytest.MonkeyPatch) -> ExampleClinic:
    monkeypatch.setattr(example_clinic, "make_example_clinic", small_example)
    fill_example(sqlite_place)
    return kept(sqlite_place)


def kept(place: Place) -> ExampleClinic:
    return ExampleClinic(**json.loads((place.folder / KEPT).read_text()))


def test_opened_again_it_is_the_same_at_the_address_of_today(sqlite_place: Place, example: ExampleClinic) -> None:
    lines = "\n".join(fill_example(replace(sqlite_place, address="http://127.0.0.1:9999")))
    again = kept(sqlite_place)
    assert again == replace(example, link=again.link)
    assert again.link == f"http://127.0.0.1:9999/p/{example.link.rpartition('/')[2]}"
    for shown in (EMAIL, PASSWORD, again.link):
        assert shown in lines


def test_a_link_that_was_closed_or_has_ended_is_made_anew(sqlite_place: Place, example: ExampleClinic) -> None:
    with sqlite_place.database.reading() as connection:
        (link,) = links_of(connection, example.followed)
    revoke_link(sqlite_place, Actor("command", "test"), example.followed, link.id)
    fill_example(sqlite_place)
    again = kept(sqlite_place)
    assert again.link != example.link
    with sqlite_place.database.reading() as connection:
        assert find_link(connection, again.link.rpartition("/")[2]) is not None


def test_keys_made_while_trying_things_out_are_the_examples_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from kinechain.care.screening.settings import home_folder
    from kinechain.cli.serving import serve
    from kinechain.web import serve as serving

    folder = tmp_path_factory.mktemp("data")
    seen = []
    # Set first, so that what the command sets is taken back with it.
    monkeypatch.setenv("KINECHAIN_HOME", "")
    monkeypatch.delenv("KINECHAIN_HOME")
    monkeypatch.setattr(serving, "run_server", lambda *_, **__: seen.append(home_folder()))
    serve(data=folder, demo=True)
    assert seen == [folder / "home"]
