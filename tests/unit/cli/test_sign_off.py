"""`kinechain evidence --sign-off`: every choice of the data stands on the page, with its count."""

import json
from collections.abc import Iterator
from typing import Any

from called import Call
from kinechain.care.person.red_flag_text import sign_off_list
from kinechain.cli.sign_off import COURSE
from kinechain.evidence.checked import packaged, parse_toml


def rows(file: str, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parse_toml(packaged("clinical", file), file)[table]
    return found


def in_course() -> Iterator[str]:
    """Yield the rows of course.toml that hold a choice, read anew."""
    for name, table in parse_toml(packaged("clinical", "course.toml"), "course.toml").items():
        for row in table if isinstance(table, list) else ():
            if any(key.endswith("basis") and value == "choice" for key, value in row.items()):
                yield f"{name}.{row['id']}"


def test_the_page_holds_every_choice_of_the_data(call: Call) -> None:
    result = call("evidence", "--sign-off", "--json")
    document = json.loads(result.out)
    listed = {name: [row["key"] for row in group] for name, group in document["choices"].items()}
    assert {name: len(keys) for name, keys in listed.items()} == document["counts"]
    assert listed["danger_signs"] == [flag.id for flag in sign_off_list()]
    assert listed["rules"] == [row["id"] for row in rows("rules.toml", "rule") if row.get("choice")]
    against = rows("contraindications.toml", "contraindication")
    assert listed["contraindications"] == [row["id"] for row in against if row["basis"] == "choice"]
    chosen = [row["exercise"] for row in rows("plan_choices.toml", "choice") if row["basis"] == "choice"]
    assert listed["plan_choices"] == chosen
    doses = [r["id"] for r in rows("exercises.toml", "exercise") if r["dosage"].get("choices")]
    assert listed["doses"] == doses
    assert sorted(listed["course"]) == sorted(in_course())
    assert all(row["text"] for group in document["choices"].values() for row in group)


def test_the_page_can_be_signed(call: Call) -> None:
    out = call("evidence", "--sign-off").out
    total = out.count("  [ ] ")
    assert f"signature of a responsible clinician: {total}" in " ".join(out.split())
    assert "[ ] foot_drop: same day:" in out and "Name, date and signature:" in out
    assert "page of its own" in call("evidence", "--sign-off", "R5.3").refusal


def test_no_table_of_the_course_is_left_out() -> None:
    tables = parse_toml(packaged("clinical", "course.toml"), "course.toml")
    assert set(COURSE) == {name for name, table in tables.items() if isinstance(table, list)}
