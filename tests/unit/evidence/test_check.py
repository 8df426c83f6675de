"""The whole library holds, and taking anything out of it is seen."""

from dataclasses import replace

import pytest

from kinechain.evidence import check as checking
from kinechain.evidence import citations as citing
from kinechain.evidence.check import check, citation_faults, interest_fault, sentence_fault
from kinechain.evidence.checked import packaged
from kinechain.evidence.citations import background, cited_by, cited_by_code, declared_citations, named_by_code
from kinechain.evidence.sources import Source, all_sources, parse_sources
from kinechain.evidence.wording import Sentence

TIED = Source("maker", "A maker's manual", "a shop", "full text", interest="commercial", interest_reason="sells it")
FREE = Source("paper", "Somebody 2001", "a journal", "abstract")
KNOWN = {"maker": TIED, "paper": FREE}
SAID = Sentence("plan.made_up", "Walking helps 3 % of people.", "fact", "both", ("paper",), "", "low")


def test_the_whole_library_is_in_order() -> None:
    assert check() == ()


def test_taking_out_any_single_source_is_seen_and_named() -> None:
    """Each of them: every source is cited or kept as background, so nothing goes unnoticed."""
    known = dict(all_sources())
    unseen = []
    for key in all_sources():
        without = {k: v for k, v in known.items() if k != key}
        if not any(f"cites '{key}', which is not among the sources" in fault for fault in citation_faults(without)):
            unseen.append(key)
    assert len(known) > 600
    assert not unseen


@pytest.mark.parametrize("name", ["params/sources.toml", "clinical/sources.toml"])
def test_taking_it_out_of_its_file_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What data cites does not hang on the sources that are there; readers refuse what they cannot find."""
    keys = parse_sources(packaged(*name.split("/")), name)
    key = next(k for k in keys if k in named_by_code() or k in background())
    assert key in {citation.key for citation in declared_citations()}
    left = {k: made for k, made in all_sources().items() if k != key}
    monkeypatch.setattr(citing, "all_sources", lambda: left)
    citing.cited_by_code.cache_clear()
    try:
        assert any(f"'{key}', which is not among the sources" in fault for fault in citation_faults(left))
    finally:
        citing.cited_by_code.cache_clear()


def test_what_only_code_names_is_kept_in_a_list() -> None:
    in_code = {citation.key for citation in cited_by_code()}
    assert set(named_by_code()) <= in_code
    parts = {citation.key for citation in declared_citations() if citation.where.startswith("body/parts/")}
    assert {"cui2008", "fhb_table_2018", "riener1999"} <= parts


def test_the_whole_check_fails_without_a_source() -> None:
    without = {key: made for key, made in all_sources().items() if key != "nice_ng59"}
    faults = check(without)
    assert any("'nice_ng59'" in fault for fault in faults)
    assert all("nice_ng59" in fault for fault in faults)


def test_a_source_that_nobody_cites_is_a_fault() -> None:
    extra = {**all_sources(), "lonely2001": FREE}
    assert "source 'lonely2001' is cited nowhere; cite it, or name it in background.toml with the reason" in list(
        citation_faults(extra)
    )


def test_background_has_reasons_and_is_cited_by_nothing_else() -> None:
    assert background()
    for key, reason in background().items():
        assert key in all_sources()
        assert len(reason) > 20
        assert cited_by()[key] == ("background",)


@pytest.mark.parametrize("certainty", ["high", "moderate", "low"])
def test_a_source_with_a_commercial_tie_cannot_raise_a_grade_alone(certainty: str) -> None:
    assert "commercial tie alone (maker)" in interest_fault(certainty, ("maker",), KNOWN)
    assert interest_fault(certainty, ("maker", "paper"), KNOWN) == ""
    assert interest_fault(certainty, ("paper",), KNOWN) == ""


@pytest.mark.parametrize("certainty", ["very low", "not graded", ""])
def test_it_may_be_shown_ungraded(certainty: str) -> None:
    assert interest_fault(certainty, ("maker",), KNOWN) == ""


def test_the_company_funded_trials_are_marked() -> None:
    for key in ("cambron2017", "kumaran2024", "kumaran2022_protocol"):
        assert all_sources()[key].interest == "company-funded", key
    for key in ("enraf_nmes_ifu", "eva_nmes_ifu", "directsupply_tens_ifu"):
        assert all_sources()[key].has_commercial_tie, key


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        (SAID, ""),
        (replace(SAID, sources=("gone",)), "cites 'gone', which is not among the sources"),
        (replace(SAID, rule="R99.9"), "follows rule 'R99.9', which is not there"),
        (replace(SAID, text="The foot causes back pain."), "says 'causes'"),
        (replace(SAID, text="Your spine is misaligned."), "says 'misalign'"),
        (replace(SAID, kind="frame", certainty="", sources=()), "percentage without the key of a source"),
        (replace(SAID, certainty=""), "states a fact without a source and a certainty"),
        (replace(SAID, text="Go on.", kind="advice", sources=(), certainty=""), "advice without a rule or a source"),
        (replace(SAID, text="An arch index above 0.26 is flat."), "was not read and does not ship"),
        (replace(SAID, text="It takes 10,000 repetitions."), "was not read and does not ship"),
        (replace(SAID, sources=("maker",)), "graded 'low' on sources with a commercial tie alone"),
    ],
)
def test_a_sentence_is_judged(sentence: Sentence, fault: str) -> None:
    found = sentence_fault(sentence, KNOWN)
    assert (fault in found) if fault else found == ""


def test_a_file_that_cannot_be_read_is_a_fault_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise checking.EvidenceError("rules.toml is not valid TOML")

    monkeypatch.setattr(checking, "rules", broken)
    assert check() == ("rules.toml is not valid TOML",)
