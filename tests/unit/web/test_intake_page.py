"""The intake under review: what is shown first, answers corrected, scores, marking it as seen."""

import re
from dataclasses import replace
from types import MappingProxyType

import pytest

from kinechain.care.intake.intake_list import intake_questions
from kinechain.care.person.questionnaires import read_questionnaires
from kinechain.store.clock import now
from kinechain.workspace.case import change_person, read_case
from web_fixtures import csrf

PATHS = {question.path: number for number, question in enumerate(intake_questions())}


@pytest.fixture
def client(client_for):
    return client_for("clinician")


def person_of(clinic, patient=None):
    with clinic.place.database.reading() as connection:
        return read_case(connection, patient or clinic.patient).person


def form_of(html, section):
    """Return the fields of a section's form as a browser would send them back."""
    body = re.search(rf'<form[^>]*id="section-{section}".*?</form>', html, re.S)[0]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", body):
        name = re.search(r'name="([^"]+)"', tag)
        if not name:
            continue
        if re.search(r'type="(radio|checkbox)"', tag) and not re.search(r"\bchecked\b", tag):
            continue
        value = re.search(r'value="([^"]*)"', tag)
        value = (value[1] if value else "").replace("&#34;", '"').replace("&amp;", "&").replace("&#39;", "'")
        old = fields.get(name[1])
        fields[name[1]] = value if old is None else [*(old if isinstance(old, list) else [old]), value]
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', body, re.S):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        fields[name] = (chosen[1] or chosen[2]) if chosen else ""
    return fields


def save(client, patient, fields):
    return client.post(f"/patients/{patient}/intake", data=fields, headers=csrf(client))


def test_a_form_sent_back_as_it_was_changes_nothing(client, clinic):
    shown = client.get(f"/patients/{clinic.patient}/intake").text
    sections = re.findall(r'id="section-([a-z]+)"', shown)
    assert len(sections) >= 7
    before = person_of(clinic)
    for section in sections:
        saved = save(client, clinic.patient, form_of(shown, section))
        assert saved.status_code in (302, 303) and "saved=0" in saved.headers["location"], section
    assert person_of(clinic) == before


def test_danger_signs_stand_first_with_what_to_do_and_open_ones_are_counted(client, clinic):
    told = {"ces_saddle": "yes", "cancer_history": "unknown"}
    with clinic.place.database.writing() as connection:
        change_person(
            connection,
            clinic.actor(),
            clinic.patient,
            lambda p: replace(p, screen=MappingProxyType({**p.screen, **told})),
            "write intake",
        )
    shown = client.get(f"/patients/{clinic.patient}/intake").text
    assert shown.index("Emergency department now") < shown.index('id="section-')
    assert "Emergency" in shown and "1 not known" in shown and "not answered" in shown
    assert f'href="#q{PATHS["screen.ces_saddle"]}"' in shown


def test_one_answer_is_corrected_by_somebody_with_a_name(client, clinic):
    number = PATHS["history.pain_worst"]
    fields = form_of(client.get(f"/patients/{clinic.patient}/intake").text, "pain")
    assert "saved=1" in save(client, clinic.patient, fields | {f"a{number}": "8,5"}).headers["location"]
    assert person_of(clinic).history.pain_worst == 8.5
    assert "Cleo Clinician" in client.get(f"/patients/{clinic.patient}").text
    sex = PATHS["person.sex"]
    fields = form_of(client.get(f"/patients/{clinic.patient}/intake").text, "about")
    save(client, clinic.patient, fields | {f"x{sex}": "unknown"})
    assert "sex" in person_of(clinic).unknown


def test_lists_treatments_and_activities_are_written_and_taken_away(client, clinic):
    patient = clinic.patient
    shown = client.get(f"/patients/{patient}/intake").text
    several, regions = PATHS["history.aggravating"], PATHS["history.pain_regions"]
    fields = form_of(shown, "pain") | {f"a{several}": ["standing", "walking"], f"a{regions}": ["heel_left", "low_back"]}
    assert save(client, patient, fields).status_code in (302, 303)
    history = person_of(clinic).history
    assert history.aggravating == ("standing", "walking") and history.pain_regions == ("heel_left", "low_back")
    treatments = PATHS["history.treatments"]
    section = intake_questions()[treatments].section
    fields = form_of(client.get(f"/patients/{patient}/intake").text, section)
    for row in range(8):
        fields.pop(f"t{treatments}.{row}.kind", None)
    fields |= {f"t{treatments}.0.kind": "exercise", f"t{treatments}.0.region": "foot", f"t{treatments}.0.weeks": "6"}
    assert save(client, patient, fields).status_code in (302, 303)
    (treatment,) = person_of(clinic).history.treatments
    assert (treatment.kind, treatment.region, treatment.weeks) == ("exercise", "foot", 6)
    psfs = PATHS["questionnaires.psfs"]
    section = intake_questions()[psfs].section
    fields = form_of(client.get(f"/patients/{patient}/intake").text, section)
    save(client, patient, fields | {f"w{psfs}.0": "stairs, two at a time", f"s{psfs}.0": "4"})
    score = person_of(clinic).questionnaires[-1]
    assert score.activities[0] == "stairs, two at a time" and score.parts["1"] == 4


def test_two_people_who_answer_the_same_question_are_told(client, clinic):
    number = PATHS["history.pain_worst"]
    stale = form_of(client.get(f"/patients/{clinic.patient}/intake").text, "pain")
    save(client, clinic.patient, stale | {f"a{number}": "8"})
    refused = save(client, clinic.patient, stale | {f"a{number}": "3"})
    assert refused.status_code == 409 and "somebody else answered" in refused.text
    assert person_of(clinic).history.pain_worst == 8
    other = PATHS["history.pain_average"]
    assert save(client, clinic.patient, stale | {f"a{other}": "2"}).status_code in (302, 303)
    assert person_of(clinic).history.pain_worst == 8 and person_of(clinic).history.pain_average == 2


@pytest.mark.parametrize(
    ("path", "given"), [("history.pain_worst", "11"), ("history.pain_worst", "bad"), ("person.sex", "x")]
)
def test_what_is_no_answer_is_refused_in_a_sentence(client, clinic, path, given):
    section = intake_questions()[PATHS[path]].section
    fields = form_of(client.get(f"/patients/{clinic.patient}/intake").text, section)
    refused = save(client, clinic.patient, fields | {f"a{PATHS[path]}": given})
    assert refused.status_code == 400 and 'role="alert"' in refused.text


def test_the_swollen_leg_score_is_asked_when_it_matters_and_names_its_examiner(client, clinic):
    assert 'id="section-wells"' not in client.get(f"/patients/{clinic.patient}/intake").text
    danger = form_of(client.get(f"/patients/{clinic.patient}/intake").text, "danger")
    emergency = form_of(client.get(f"/patients/{clinic.patient}/intake").text, "emergency")
    number = PATHS["screen.dvt_wells"]
    fields = danger if f"was{number}" in danger else emergency
    save(client, clinic.patient, fields | {f"a{number}": "yes"})
    wells = form_of(client.get(f"/patients/{clinic.patient}/intake").text, "wells")
    items = [n for path, n in PATHS.items() if path.startswith("wells.") and path != "wells.examiner"]
    save(client, clinic.patient, wells | {f"a{n}": "yes" for n in items[:3]})
    assert person_of(clinic).wells_examiner == "CC"
    assert "Wells score" in client.get(f"/patients/{clinic.patient}/intake").text


def test_every_questionnaire_takes_a_score(client, clinic):
    address = f"/patients/{clinic.own.new_patient}/intake/score"
    for key, questionnaire in read_questionnaires().items():
        fields = {"id": key, "on": now().date().isoformat()}
        if questionnaire.activities:
            fields |= {"what.0": "stairs", "score.0": "4,5"}
        elif questionnaire.parts:
            fields |= {f"part.{part}": f"{high:g}" for part, (low, high) in questionnaire.parts.items()}
        if questionnaire.has_total and not questionnaire.activities:
            fields["total"] = f"{questionnaire.limits[1]:g}"
        kept = client.post(address, data=fields, headers=csrf(client))
        assert kept.status_code in (302, 303), (key, kept.text[-600:])
    person = person_of(clinic, clinic.own.new_patient)
    assert {score.id for score in person.questionnaires} == set(read_questionnaires())
    ticked = {"id": "rmdq24", "on": now().date().isoformat(), "ticks": ["1", "5", "24"]}
    assert client.post(address, data=ticked, headers=csrf(client)).status_code in (302, 303)
    assert client.post(address, data={"id": "nprs", "total": "12"}, headers=csrf(client)).status_code == 400
    assert client.post(address, data={"id": "<b>", "total": "1"}, headers=csrf(client)).status_code == 400
    shown = client.get(f"/patients/{clinic.own.new_patient}/intake").text
    assert "High risk of long disability" in shown or "risk" in shown


def test_marking_as_reviewed_closes_the_task_unless_answers_came_in_between(client, clinic):
    from kinechain.workspace.intake import note_answers
    from kinechain.workspace.tasks import tasks_of

    with clinic.place.database.writing() as connection:
        note_answers(connection, read_case(connection, clinic.patient))
        note_answers(connection, read_case(connection, clinic.patient))
    address = f"/patients/{clinic.patient}/intake/review"
    assert client.post(address, data={"version": "7"}, headers=csrf(client)).status_code == 409
    assert client.post(address, data={"version": "x"}, headers=csrf(client)).status_code == 409
    assert client.post(address, data={"version": "1"}, headers=csrf(client)).status_code in (302, 303)
    with clinic.place.database.reading() as connection:
        (task,) = tasks_of(connection, clinic.patient)
    assert task.done_at is not None
    shown = client.get(f"/patients/{clinic.patient}/intake").text
    assert "Last reviewed: version 1, Cleo Clinician" in shown and "Mark as reviewed" not in shown


def test_hostile_words_stay_words(client, clinic):
    psfs = PATHS["questionnaires.psfs"]
    section = intake_questions()[psfs].section
    odd = "\"><img src=x>&'<b>"
    fields = form_of(client.get(f"/patients/{clinic.patient}/intake").text, section)
    save(client, clinic.patient, fields | {f"w{psfs}.0": odd, f"s{psfs}.0": "4"})
    shown = client.get(f"/patients/{clinic.patient}/intake").text
    assert "<img src=x>" not in shown and "&lt;img src=x&gt;" in shown
    assert "<img src=x>" not in client.get(f"/patients/{clinic.patient}/versions/2").text
