"""What stands behind any key, who cites it, and how near a wrong key comes."""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from kinechain import cli
from kinechain.core.errors import EvidenceError
from kinechain.evidence import check as checking
from kinechain.evidence.chain import read_floors, read_studies
from kinechain.evidence.citations import cited_by, places_citing
from kinechain.evidence.lookup import counts, find, search

Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def ask() -> Ask:
    def call(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.app, ["evidence", *arguments])
        return result.exit_code, result.output

    return call


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("nice_ng59", "source"),
        ("redmond2008", "source"),
        ("intervention.walking.1", "fact"),
        ("R5.3", "rule"),
        ("r5.3", "rule"),
        ("W3", "rule"),
        ("R-EMS", "rule"),
        ("ces_bladder", "danger sign"),
        ("lunge_test", "test"),
        ("rmdq24", "questionnaire"),
        ("clamshell", "exercise"),
        ("walking", "intervention"),
        ("A-01", "popular claim"),
        ("exercise.clamshell.cue.1", "sentence"),
        ("normative_sway:12", "row of a table"),
        ("params/normative_sway:12", "row of a table"),
        ("passive_hip", "unknown of the chain"),
        ("dispute.3", "disputed claim"),
        (next(iter(read_studies())), "study"),
        (f"{next(iter(read_studies()))}:1", "result of a study"),
        (next(iter(read_floors())), "noise floor"),
    ],
)
def test_any_key_has_its_card(key: str, kind: str) -> None:
    cards = find(key)
    assert kind in [card.kind for card in cards]
    assert all(card.title for card in cards)


def test_a_source_names_all_that_cites_it() -> None:
    (card,) = find("pinto2008")
    told = dict(card.lines)
    assert told["DOI"] == "10.1016/j.math.2007.06.004"
    assert told["n"] == "14" and told["year"] == "2008" and told["read"] == "abstract"
    assert told["interest"] == "not stated: what was read does not say"
    assert {"rules: W3", "claims: A-14", "report/context.toml"} <= set(card.cited_by)


def test_a_claim_has_its_verdict_and_a_rule_its_choice() -> None:
    (claim,) = find("A-02")
    assert dict(claim.lines)["verdict"] == "contradicted"
    (rule,) = find("R0.1")
    assert "age limit is ours" in dict(rule.lines)["choice of ours"]
    assert rule.sources == ("nice_ng59", "mdcalc_ottawa")


def test_words_are_searched_and_nonsense_is_not_found() -> None:
    keys = [card.key for card in search("lunge")]
    assert "lunge_test" in keys and "R4.6" in keys
    assert search("") == ()
    with pytest.raises(EvidenceError, match="no row in line 99999"):
        find("normative_sway:99999")


def test_the_verb_prints_a_card_a_list_or_one_sentence(ask: Ask) -> None:
    code, page = ask("R5.3")
    assert code == 0 and page.startswith("R5.3  (rule)") and "bachmann2018_adherence" in page
    code, page = ask("knee", "wall")
    assert code == 0 and "lunge_test  (test)" in page
    result = CliRunner().invoke(cli.app, ["evidence", "nice_ng50"])
    assert isinstance(result.exception, EvidenceError)
    assert "nothing in the library has the key 'nice_ng50'. Did you mean 'nice_ng" in str(result.exception)


def test_the_verb_counts_and_checks(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    code, page = ask()
    assert code == 0
    for number in (counts()["entries"]["sources"], counts()["entries"]["facts in all"]):
        assert str(number) in page
    code, page = ask("--check")
    assert code == 0 and page.endswith("The library is in order.\n") and "sources" in page
    monkeypatch.setattr(checking, "check", lambda: ("rules: R5.3 cites 'gone', which is not among the sources",))
    code, page = ask("--check")
    assert (code, page) == (1, "rules: R5.3 cites 'gone', which is not among the sources\n1 fault\n")


def test_json_holds_the_same(ask: Ask) -> None:
    told = json.loads(ask("R5.3", "--json")[1])
    assert told["exact"] and told["cards"][0]["sources"] == ["bachmann2018_adherence"]
    assert json.loads(ask("--check", "--json")[1])["faults"] == []
    assert json.loads(ask("--json")[1])["entries"]["rules"] == counts()["entries"]["rules"]


def test_counts_add_up() -> None:
    counted = counts()
    entries = counted["entries"]
    assert entries["sources"] == entries["of them cited"] + entries["of them background"]
    assert sum(counted["how deep sources were read"].values()) == entries["sources"]
    assert sum(counted["conflict of interest"].values()) == entries["sources"]
    assert sum(counted["certainty of clinical facts"].values()) == entries["facts in clinical sentences"]
    assert entries["sources"] > 600 and entries["facts in all"] > 5000


def test_the_places_of_one_source_are_those_found_by_reading_everything() -> None:
    every = cited_by()
    for key in ("pinto2008", "nice_ng59", "schwartz2008"):
        assert every[key] and places_citing(key) == tuple(every[key])
