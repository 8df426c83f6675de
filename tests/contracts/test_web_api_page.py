"""The page about the API names what the API has, with bodies that fit and commands that exist."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from kinechain import cli

if TYPE_CHECKING:
    from web_fixtures import Clinics

PAGE = (Path(__file__).parents[2] / "docs" / "web_api.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `([A-Z]+ /api\S*)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture
def described(clinic: Clinics) -> dict[str, Any]:
    """Return the description of the API."""
    from kinechain.web.app import create_app

    found: dict[str, Any] = create_app(clinic.place).openapi_schema.to_schema()
    return found


def operations(described: dict[str, Any]) -> dict[str, Any]:
    """Return every operation by method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def test_the_page_names_every_operation_and_no_other(described: dict[str, Any]) -> None:
    assert set(SECTIONS) == set(operations(described))


def test_the_page_names_every_refusal(described: dict[str, Any]) -> None:
    listed = set(re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE))
    for name, operation in operations(described).items():
        assert {code for code in operation["responses"] if code >= "400"} == listed, name


def test_every_body_shown_fits_the_description(described: dict[str, Any]) -> None:
    shown = 0
    for name, operation in operations(described).items():
        bodies = [json.loads(text) for text in re.findall(r"--json '(.*?)'", SECTIONS[name])]
        content = operation.get("requestBody", {}).get("content", {})
        assert len(bodies) == int("application/json" in content), name
        for body in bodies:
            schema = described["components"]["schemas"][
                content["application/json"]["schema"]["$ref"].rpartition("/")[2]
            ]
            assert set(schema["required"]) <= set(body) <= set(schema["properties"]), name
            shown += 1
        line = next(line for line in SECTIONS[name].splitlines() if line.startswith("curl "))
        method, path = name.split()
        given = re.search(r"-X (\w+)", line)
        usual = "POST" if "--json" in line or "--data-binary" in line else "GET"
        assert (given[1] if given else usual) == method, line
        tail = path.replace("{patient_id}", "$ID").replace("{file_id}", "$FILE").replace("{job_id}", "$JOB")
        assert re.search(rf"\$KINECHAIN_SERVER{re.escape(tail)}(\?\S*)?\"?$", line), line
    assert shown >= 6


def test_every_command_shown_exists() -> None:
    group: Any = typer.main.get_command(cli.app)
    remote = group.commands["remote"]
    lines = re.findall(r"^kinechain remote (.*?)(?:\s{2,}#.*)?$", PAGE, re.MULTILINE)
    assert {shlex.split(line)[0] for line in lines} == set(remote.commands)
    for name, text in SECTIONS.items():
        assert re.search(r"^kinechain remote ", text, re.MULTILINE), name
    for line in lines:
        verb, *rest = shlex.split(line)
        known = {option for parameter in remote.commands[verb].params for option in parameter.opts}
        known |= {option for parameter in remote.commands[verb].params for option in parameter.secondary_opts}
        assert {word for word in rest if word.startswith("--")} <= known, line
