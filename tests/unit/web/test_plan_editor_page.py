"""The page of a plan: what is shown, what a form changes, what is refused, and what stays locked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from kinechain.care.person.person import Person, Treatment
from kinechain.store.tables import audit
from kinechain.workspace.case import change_person

if TYPE_CHECKING:
    from web_fixtures import Clinics

ClientFor = Callable[[str], Any]
HTMX = {"hx-request": "true"}
TITLE = "Plantar fascia stretch"
WEDGE = "Wedge under the heel"


def change(clinic: Clinics, how: Callable[[Person], Person]) -> None:
    with clinic.place.database.writing() as connection:
        change_person(connection, clinic.actor(), clinic.patient, how, "write intake")


def locked(person: Person) -> Person:
    return replace(person, screen=MappingProxyType({**person.screen, "weight_loss": "yes"}))


def with_orthosis(person: Person) -> Person:
    """Return a pronated person with heel pain whose stretching did not help, and prefabricated insoles neither."""
    tried = (Treatment("stretching", "foot", 8.0, "same"), Treatment("insoles_prefabricated", "foot", 8.0, "same"))
    return replace(person, history=replace(person.history, treatments=tried))


def url(clinic: Clinics, rest: str = "plan") -> str:
    return f"/patients/{clinic.patient}/{rest}"


def edit(client: Any, clinic: Clinics, do: str, number: int, **fields: object) -> Any:
    data = {"csrf": client.csrf, "do": do, "number": str(number), **{k: str(v) for k, v in fields.items()}}
    return client.post(url(clinic, "plan/draft"), data=data, headers=HTMX)


def fault(answer: Any) -> str:
    found = re.search(r'role="alert"[^>]*>(?:<p[^>]*>)?([^<]*)', answer.text)
    return found[1] if found else ""


def test_a_proposal_shows_every_part_with_reason_and_source(client_for: ClientFor, clinic: Clinics) -> None:
    text = client_for("clinician").get(url(clinic)).text
    for words in (TITLE, "Why, and how sure", "The dose rests on", "As the patient reads it", "R5.1", "Not offered"):
        assert words in text
    assert "style=" not in text


def test_every_change_is_made_by_its_form(client_for: ClientFor, clinic: Clinics) -> None:
    client = client_for("clinician")
    part = "exercise.bridge.both"
    dose = {"sets_least": 1, "sets_most": 2, "repetitions_least": 5, "repetitions_most": 8}
    dose |= {"days_per_week_least": 2, "days_per_week_most": 3, "times_per_day_least": 1, "times_per_day_most": 1}
    steps: list[tuple[str, dict[str, object], str]] = [
        ("dose", {"part": part, "load": "a light band", **dose}, "a light band"),
        ("drop", {"part": part, "reason": "cannot lie down"}, "cannot lie down"),
        ("restore", {"part": part}, "Bridge"),
        ("drop", {"part": part, "reason": "cannot lie down"}, "cannot lie down"),
        ("add", {"exercise": "clamshell", "side": "left", "reason": "hip tires early"}, "hip tires early"),
        ("goal", {"part": "goal.nprs", "target": "1.5", "by_week": 8}, "1.5"),
        ("usual goal", {"part": "goal.nprs"}, "Goal: less pain"),
        ("own goal", {"activity": "carry my grandchild", "by_week": 6}, "carry my grandchild"),
        ("note", {"topic": "habit", "text": "stand up at noon"}, "stand up at noon"),
    ]
    for number, (do, fields, shown) in enumerate(steps):
        answer = edit(client, clinic, do, number, **fields)
        assert answer.status_code == 200
        assert not fault(answer), (do, fault(answer))
        assert shown in answer.text
    text = edit(client, clinic, "no note", len(steps), place=1).text
    assert "stand up at noon" not in text
    text = edit(client, clinic, "as proposed", len(steps) + 1).text
    assert "carry my grandchild" not in text
    answer = edit(client, clinic, "discard", len(steps) + 2)
    assert answer.headers["hx-redirect"] == url(clinic)


@pytest.mark.parametrize(
    ("do", "fields", "sentence"),
    [
        ("drop", {"part": "safety.stop", "reason": "too long to read"}, "protects the patient"),
        ("add", {"exercise": "clamshell", "side": "left", "reason": "asked"}, "at most 3 exercises"),
        ("add", {"exercise": "handstand", "side": "left", "reason": "asked"}, "no exercise"),
        ("note", {"topic": "habit", "text": "your pelvis is misaligned"}, "claims more than was shown"),
        ("note", {"topic": "hats", "text": "wear one"}, "a note is about one of"),
        ("goal", {"part": "goal.nprs", "target": "9", "by_week": "6"}, "must lie below"),
        ("goal", {"part": "goal.nprs", "target": "soon", "by_week": "6"}, "is a number"),
        ("fly", {}, "no change"),
    ],
)
def test_what_the_rules_forbid_is_said_and_not_kept(
    client_for: ClientFor, clinic: Clinics, do: str, fields: dict[str, str], sentence: str
) -> None:
    client = client_for("clinician")
    assert sentence in fault(edit(client, clinic, do, 0, **fields)).replace("&#39;", "'")
    assert "Last changed" not in client.get(url(clinic)).text


def test_a_second_tab_is_told_that_somebody_was_quicker(client_for: ClientFor, clinic: Clinics) -> None:
    client, other = client_for("clinician"), client_for("admin")
    edit(client, clinic, "note", 0, topic="habit", text="stand up at noon")
    assert "somebody else changed this draft" in fault(edit(other, clinic, "note", 0, topic="habit", text="sit down"))
    text = other.get(url(clinic)).text
    assert "sit down" not in text
    assert "stand up at noon" in text


def agree(client: Any, clinic: Clinics, **fields: str) -> Any:
    text = client.get(url(clinic)).text
    plan, number = (re.search(rf'name="{name}" value="(\w+)"', text)[1] for name in ("plan", "number"))  # type: ignore[index]
    data = {"csrf": client.csrf, "plan": plan, "number": number, "agreed": "yes", **fields}
    return client.post(url(clinic, "plan/agree"), data=data)


def test_agreeing_takes_a_tick_and_makes_the_plan_unchangeable(client_for: ClientFor, clinic: Clinics) -> None:
    client = client_for("clinician")
    refused = agree(client, clinic, agreed="")
    assert refused.status_code == 400
    assert "agreed by two" in fault(refused)
    assert agree(client, clinic).status_code == 302
    text = client.get(url(clinic)).text
    assert "The plan that is agreed" in text
    assert "Change the dose" not in text
    assert "Cleo Clinician" in text
    assert "needs the reason" in fault(edit(client, clinic, "note", 0, topic="habit", text="stand up at noon"))
    begun = edit(client, clinic, "begin", 0, reason="week 6: no change")
    assert "not agreed yet" in begun.text
    with clinic.place.database.reading() as connection:
        rows = connection.execute(select(audit.c.action, audit.c.actor)).all()
    assert ("agree plan", clinic.actor().code) in {(row.action, row.actor) for row in rows}


def test_both_roles_see_the_same_and_every_edit_names_its_author(client_for: ClientFor, clinic: Clinics) -> None:
    clinician, admin = client_for("clinician"), client_for("admin")
    edit(clinician, clinic, "note", 0, topic="habit", text="stand up at noon")
    edit(admin, clinic, "own goal", 1, activity="walk to the lake", by_week=6)
    pages = []
    for client in (clinician, admin):
        text = client.get(url(clinic)).text
        pages.append(re.search(r'<div id="plan-editor".*?</main>', text, re.DOTALL)[0].replace(client.csrf, ""))  # type: ignore[index]
    assert pages[0] == pages[1]
    with clinic.place.database.reading() as connection:
        wrote = connection.execute(select(audit.c.actor).where(audit.c.action == "write plan draft")).scalars().all()
    assert wrote == [clinic.actor().code, clinic.actor("admin").code]


def test_an_orthosis_is_for_the_clinic_alone(client_for: ClientFor, clinic: Clinics) -> None:
    change(clinic, with_orthosis)
    client = client_for("clinician")
    sheet = client.get(url(clinic, "orthosis")).text
    assert WEDGE in sheet
    assert "4°, inner edge raised" in sheet
    assert client.get(url(clinic, "orthosis/pdf")).content.startswith(b"%PDF")
    page = client.get(url(clinic)).text
    preview = page.partition('id="preview-title"')[2]
    assert preview
    for words in ("orthosis", "Orthosis", WEDGE, "foam"):
        assert words not in preview
    assert agree(client, clinic).status_code == 302
    printed = client.get(url(clinic, "documents/plan-patient")).text.partition('class="sheet"')[2]
    assert printed
    assert WEDGE not in printed
    assert "foam" not in printed
    assert WEDGE in client.get(url(clinic, "documents/plan-clinician")).text
    for role in ("patient", "other_clinician", "nobody"):
        answer = client_for(role).get(url(clinic, "orthosis"))
        assert answer.status_code in (302, 401, 403, 404)
        assert WEDGE not in answer.text


def test_the_values_of_an_orthosis_are_the_clinicians_to_change(client_for: ClientFor, clinic: Clinics) -> None:
    change(clinic, with_orthosis)
    client = client_for("clinician")
    part = re.search(r'id="part-(orthosis\.\w+)"', client.get(url(clinic)).text)
    assert part is not None
    values = {"forefoot_posting_deg": "0", "arch_mm": "0", "heel_lift_mm": "2", "material": "cork"}
    for wrong in ("forty", "40", "nan", ""):
        answer = edit(client, clinic, "orthosis", 0, part=part[1], rearfoot_posting_deg=wrong, **values)
        assert "orthosis" in fault(answer), wrong
    answer = edit(client, clinic, "orthosis", 0, part=part[1], rearfoot_posting_deg="2,5", **values)
    assert "2.5°, inner edge raised" in answer.text
    assert "chosen by the clinician: rearfoot 2.5 degrees" in answer.text
    assert "2.5°, inner edge raised" in client.get(url(clinic, "orthosis")).text
    answer = edit(client, clinic, "usual orthosis", 1, part=part[1])
    assert "4°, inner edge raised" in answer.text
    assert "chosen by the clinician" not in answer.text


def test_while_locked_no_page_holds_anything_of_a_plan(client_for: ClientFor, clinic: Clinics) -> None:
    change(clinic, with_orthosis)
    client = client_for("clinician")
    edit(client, clinic, "note", 0, topic="habit", text="stand up at noon")
    assert agree(client, clinic).status_code == 302
    change(clinic, locked)
    paths = ["plan", "orthosis", "orthosis/pdf", "sign-off", "documents", "progress", "files/fhir", "audit"]
    paths += [f"documents/{kind}" for kind in ("plan-patient", "plan-clinician", "progress-patient", "referral-1")]
    for path in paths:
        answer = client.get(url(clinic, path))
        assert answer.status_code in (200, 400), path
        held = answer.text.partition("<main")[2] or answer.text
        for words in (TITLE, "stand up at noon", "foam", WEDGE, "inner edge raised", "Agree on this plan"):
            assert words not in held, (path, words)
    text = client.get(url(clinic)).text
    assert "No plan for now" in text
    assert "Look into them and sign off" in text
    for do in ("note", "begin", "add"):
        answer = edit(
            client, clinic, do, 0, topic="habit", text="x y z", reason="x y z", exercise="clamshell", side="left"
        )
        assert TITLE not in answer.text
    data = {"csrf": client.csrf, "plan": "0" * 16, "number": "0", "agreed": "yes"}
    assert client.post(url(clinic, "plan/agree"), data=data).status_code == 400


def test_a_form_of_another_site_or_session_changes_nothing(client_for: ClientFor, clinic: Clinics) -> None:
    client = client_for("clinician")
    data = {"do": "note", "number": "0", "topic": "habit", "text": "stand up at noon"}
    assert client.post(url(clinic, "plan/draft"), data=data).status_code == 403
    assert client.post(url(clinic, "plan/draft"), data={**data, "csrf": "x"}).status_code == 403
    assert "stand up at noon" not in client.get(url(clinic)).text


def test_words_of_a_clinician_are_escaped(client_for: ClientFor, clinic: Clinics) -> None:
    client = client_for("clinician")
    edit(client, clinic, "note", 0, topic="habit", text="<script>alert(1)</script>")
    text = client.get(url(clinic)).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
