"""The emergency page: the local number, and that nobody watches."""

from pathlib import Path

import pytest

from care_people import CALM
from kinechain.care.person.person import Person
from kinechain.care.screening.red_flags import screen_person
from kinechain.care.screening.settings import Settings, emergency_screen, read_settings
from kinechain.core.errors import FileError, SettingError


def page(settings: Settings, **answers: str) -> str:
    screen = screen_person(Person(age_years=40, screen={**CALM, **answers}))  # type: ignore[arg-type]
    return "\n".join(sentence.text for sentence in emergency_screen(settings, screen))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KINECHAIN_HOME", str(tmp_path))
    for name in ("EMERGENCY_NUMBER", "CRISIS_LINE", "CLINIC"):
        monkeypatch.delenv(f"KINECHAIN_{name}", raising=False)
    return tmp_path


def test_the_page_names_the_number_of_the_place_and_that_nobody_watches() -> None:
    text = page(Settings("999", "", "Hill Street 555"), ces_bladder="yes")
    assert text.startswith("STOP")
    assert "Call 999 now" in text
    assert "Nobody watches this software" in text
    assert "Hill Street 555" in text
    assert "crisis" not in text


def test_without_a_setting_no_number_is_invented() -> None:
    text = page(Settings(), aaa_rupture="yes")
    assert "your local emergency number" in text
    assert not any(character.isdigit() for character in text.split("You were asked")[0])


@pytest.mark.parametrize("flag", ["self_harm", "psych_distress"])
def test_self_harm_shows_the_crisis_line(flag: str) -> None:
    answers = {flag: "yes", **({"self_harm": "unknown"} if flag == "psych_distress" else {})}
    assert "talk to someone right now: 0800 1" in page(Settings(crisis_line="0800 1"), **answers)
    assert "crisis line where you live" in page(Settings(), **answers)


def test_there_is_no_page_without_an_emergency() -> None:
    assert page(Settings("999"), foot_drop="yes") == ""
    assert page(Settings("999"), ces_bladder="unknown") == ""


def test_the_environment_comes_before_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings() == Settings()
    (home / "settings.toml").write_text('emergency_number = "112"\nclinic = "Hill Street"\n', encoding="utf-8")
    assert read_settings() == Settings("112", "", "Hill Street")
    monkeypatch.setenv("KINECHAIN_EMERGENCY_NUMBER", "911")
    assert read_settings().emergency_number == "911"


def test_a_wrong_setting_is_named(home: Path) -> None:
    path = home / "settings.toml"
    path.write_text('emergency_numbr = "112"', encoding="utf-8")
    with pytest.raises(SettingError, match="Did you mean 'emergency_number'"):
        read_settings()
    path.write_text("emergency_number = 112", encoding="utf-8")
    with pytest.raises(SettingError, match="in quotes"):
        read_settings()
    path.write_text("emergency_number = ", encoding="utf-8")
    with pytest.raises(FileError, match=r"settings\.toml"):
        read_settings()
