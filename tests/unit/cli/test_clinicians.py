"""`kinechain clinician`: keys are made, listed and trusted, and never overwritten."""

from pathlib import Path

import pytest

from called import Call

PASSPHRASE = "correct horse battery"


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch, call: Call) -> None:
    """Give scripts the passphrase."""
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", PASSPHRASE)


def test_there_is_nobody_at_first(call: Call) -> None:
    result = call("clinician", "list")
    assert result.code == 0 and "kinechain clinician new NAME" in result.out


def test_a_key_is_made_closed_and_listed(call: Call, secret: None, tmp_path: Path) -> None:
    made = call("clinician", "new", "dr_ono")
    assert made.code == 0, made.err
    folder = tmp_path / "home" / "clinicians"
    private = folder / "dr_ono.pem"
    assert private.stat().st_mode & 0o077 == 0 and "ENCRYPTED" in private.read_text()
    assert str(folder / "dr_ono.pub") in made.out
    figures = made.out.split("key now: ")[1].split(".")[0]
    assert f"  dr_ono  {figures}" in call("clinician", "list").out
    assert "never overwritten" in call("clinician", "new", "dr_ono").refusal


def test_a_script_is_told_how_to_give_a_passphrase(call: Call) -> None:
    assert "set KINECHAIN_PASSPHRASE" in call("clinician", "new", "dr_ono", typed=[PASSPHRASE] * 2).refusal


def test_a_short_passphrase_is_refused(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", "short")
    assert "too short" in call("clinician", "new", "dr_ono").refusal


def test_a_key_of_another_machine_is_trusted_and_not_overwritten(
    call: Call, secret: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("clinician", "new", "dr_ono")
    (tmp_path / "dr_ono.pub").write_bytes((tmp_path / "home" / "clinicians" / "dr_ono.pub").read_bytes())
    monkeypatch.setenv("KINECHAIN_HOME", str(tmp_path / "other"))
    result = call("clinician", "trust", "dr_ono.pub")
    assert result.code == 0 and "dr_ono is trusted here" in result.out
    assert "dr_ono" in call("clinician", "list").out
    assert "never overwritten" in call("clinician", "trust", "dr_ono.pub").refusal
    assert not (tmp_path / "other" / "clinicians" / "dr_ono.pem").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nwe", "dr_ono"], "Did you mean 'new'"),
        (["new"], "needs a name"),
        (["trust"], "needs a public key"),
        (["trust", "gone.pub"], "there is no file gone.pub"),
        (["trust", "wrong.pub"], "no clinician's public key"),
        (["list", "dr_ono"], "takes no name"),
        (["new", "../ono"], "a clinician's name has"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(
    call: Call, secret: None, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    (tmp_path / "wrong.pub").write_text("no key")
    assert sentence in call("clinician", *arguments).refusal
