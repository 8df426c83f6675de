"""Settings of one installation: emergency number, crisis line, clinic; and the emergency page that shows them."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kinechain.care.screening.screen import Screen
from kinechain.core.errors import FileError, InputError, SettingError, suggest
from kinechain.core.text import printable, sentence
from kinechain.evidence.wording import Sentence, say

__all__ = ["Settings", "emergency_lines", "emergency_screen", "home_folder", "read_settings"]

MAX_LENGTH, MAX_BYTES = 80, 10_000

#: Signs whose page names the crisis line.
SELF_HARM = frozenset({"self_harm", "psych_distress"})


@dataclass(frozen=True)
class Settings:
    """What an installation has to say of itself; '' where it was not set, for no number is ever invented.

    Attributes
    ----------
    emergency_number : str
        Of the ambulance where the people live.
    crisis_line : str
        For thoughts of self-harm.
    clinic : str
        Name and number of the clinic, as printed.
    """

    emergency_number: str = ""
    crisis_line: str = ""
    clinic: str = ""


#: Setting, and the variable of the environment that comes before the file.
VARIABLES: Mapping[str, str] = {
    "emergency_number": "KINECHAIN_EMERGENCY_NUMBER",
    "crisis_line": "KINECHAIN_CRISIS_LINE",
    "clinic": "KINECHAIN_CLINIC",
}


def home_folder() -> Path:
    """Return the folder of this installation's settings and clinicians' keys: ``KINECHAIN_HOME``, or the platform's."""
    if given := os.environ.get("KINECHAIN_HOME"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", Path.home())) / "kinechain"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "kinechain"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kinechain"


def read_settings() -> Settings:
    """Return the settings: the environment first, then ``settings.toml`` in the folder of this installation.

    Raises
    ------
    FileError
        If the file is there and cannot be read.
    SettingError
        If a setting is not known, or is no short line of text.
    """
    path = home_folder() / "settings.toml"
    values = dict(_read(path)) if path.exists() or path.is_symlink() else {}
    values |= {key: os.environ[name] for key, name in VARIABLES.items() if os.environ.get(name)}
    for key, value in values.items():
        if key not in VARIABLES:
            shown = printable(key)[:MAX_LENGTH]
            raise SettingError(f"settings.toml: there is no setting '{shown}'. {suggest(key, VARIABLES)}")
        if not isinstance(value, str) or len(value) > MAX_LENGTH or not value.isprintable():
            raise SettingError(f"setting {key} must be one line of text in quotes, at most {MAX_LENGTH} characters")
    return Settings(**{key: value.strip() for key, value in values.items()})


def _read(path: Path) -> dict[str, str]:
    if not path.is_file():
        raise FileError(f"{path.name} is no file; the settings are a short TOML text in the folder of the installation")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileError(f"{path.name} cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise FileError(f"{path.name} is larger than {MAX_BYTES // 1000} kB; the settings are three short lines")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except RecursionError as error:
        raise FileError(f"{path.name} cannot be read as TOML: its brackets are nested too deep") from error
    except ValueError as error:
        raise FileError(f"{path.name} cannot be read as TOML: {error}") from error


def emergency_lines(screen: Screen) -> tuple[str, ...]:
    """Return the emergency page with the settings of this installation; settings that are broken never hold it back.

    Parameters
    ----------
    screen : Screen

    Returns
    -------
    tuple of str
        Empty unless an emergency sign is raised; where the settings cannot be read, the reason stands last.
    """
    try:
        return tuple(said.text for said in emergency_screen(read_settings(), screen))
    except InputError as error:
        said = tuple(said.text for said in emergency_screen(Settings(), screen))
        return (*said, sentence(printable(str(error)))) if said else ()


def emergency_screen(settings: Settings, screen: Screen) -> tuple[Sentence, ...]:
    """Return what an emergency page says, in order; nothing of it needs a network or a colour.

    Parameters
    ----------
    settings : Settings
    screen : Screen

    Returns
    -------
    tuple of Sentence
        Empty unless an emergency sign is raised.
    """
    raised = [flag for flag in screen.flags if flag.urgency == "emergency" and not flag.is_open]
    if not raised:
        return ()
    lines = [say("screen.emergency_title")]
    if settings.emergency_number:
        lines.append(say("screen.emergency_call", number=settings.emergency_number))
    else:
        lines.append(say("screen.emergency_call_local"))
    if any(flag.id in SELF_HARM for flag in raised):
        if settings.crisis_line:
            lines.append(say("screen.crisis_line", number=settings.crisis_line))
        else:
            lines.append(say("screen.crisis_line_local"))
        lines.append(say("screen.not_alone"))
    lines += [say("screen.emergency_because", question=flag.question, advice=flag.advice) for flag in raised]
    lines += [say("screen.nobody_watches"), say("screen.emergency_no_plan")]
    if settings.clinic:
        lines.append(say("screen.clinic", clinic=settings.clinic))
    return tuple(lines)
