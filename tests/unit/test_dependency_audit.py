"""The audit of dependencies: what it says when it found something, and when it could not look."""

import importlib.util
from datetime import date
from pathlib import Path

import pytest

TODAY = date(2026, 1, 2)


@pytest.fixture(scope="module")
def audit():
    path = Path(__file__).resolve().parents[2] / ".ci" / "audit.py"
    spec = importlib.util.spec_from_file_location("ci_audit", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(audit, tmp_path):
    def _run(answers, judged=""):
        (tmp_path / "x.lock").write_text("one==1.0 \\\n    --hash=sha256:00\ntwo==2.0 \\\n")
        (tmp_path / "judged.toml").write_text(judged)
        asked = lambda service, lock: answers.get(service, {})  # noqa: E731
        code, lines = audit.audit(tmp_path / "x.lock", tmp_path / "judged.toml", TODAY, asked)
        return code, "\n".join(lines)

    return _run


def test_packages_that_no_service_knows_are_not_called_safe(run):
    """As a mirror without advisories answers: every package is skipped, and the tool itself says all is well."""
    code, said = run({"pypi": {"one": None, "two": None}})
    assert code == 0
    assert said.startswith("NOT AUDITED")
    assert "audited: " not in said


def test_packages_without_advisories_pass(run):
    assert run({"pypi": {"one": [], "two": []}}) == (0, "audited: 2 packages, 0 advisories, 0 judged")


def test_what_one_service_does_not_know_the_next_is_asked(run):
    code, said = run({"pypi": {"one": [], "two": None}, "osv": {"two": ["GHSA-1"]}})
    assert code == 1
    assert "VULNERABLE: two: GHSA-1" in said


def test_what_was_left_out_is_named(run):
    code, said = run({"pypi": {"one": []}})
    assert code == 0
    assert "NOT AUDITED: 1 of 2 packages: two" in said


ENTRY = '[[allowed]]\npackage = "one"\nadvisory = "GHSA-1"\nwhy = "not used"\nuntil = {until}\n'


def test_what_was_judged_passes_until_its_day(run):
    answers = {"pypi": {"one": ["GHSA-1"], "two": []}}
    assert run(answers, ENTRY.format(until="2026-01-02"))[0] == 0
    assert run(answers, ENTRY.format(until="2026-01-01"))[0] == 1
    assert run(answers, ENTRY.format(until="2026-03-01").replace("not used", " "))[0] == 1


def test_the_list_of_this_project_can_be_read(audit):
    assert audit.allowed(audit.ALLOWED, date.min)[1] == []
