"""What people type is shown as they typed it and never becomes part of a page; templates leave no way for it to."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import String, update

import kinechain.web
from kinechain.store.tables import METADATA, account, file, job, patient, session, task
from kinechain.web.limits import LIMITS, Allowance, Limits
from route_table import fill, routes
from web_fixtures import csrf

TEMPLATES = sorted((Path(kinechain.web.__file__).parent / "templates").glob("*.j2"))
SCRIPTS = sorted((Path(kinechain.web.__file__).parent / "static" / "js").rglob("*.js"))

#: Ends an attribute, a script and a comment, begins a tag, and would be computed by a template of a template.
PAYLOAD = "\"'--></script><b id=xss>{{191*7}}"
LINK = "javascript:alert(1)//"
RAW = re.compile(r"<b id=xss|1337")
TEXT_INPUTS = {"text", "search", "email", "password", "tel", "url", "number", "hidden"}


@pytest.fixture
def clinic(lived):
    return lived


@pytest.fixture
def people(client_for, clinic):
    """Return a client and an own thing for each kind of route."""
    own = fill(clinic)[0]
    clients = {role: client_for(role) for role in ("nobody", "clinician", "admin", "patient")}
    clients["nobody"].app.state.limits = Limits({kind: Allowance(10**9, 1.0) for kind in LIMITS})
    who = {"public": "nobody", "staff": "clinician", "case": "clinician", "admin": "admin", "patient": "patient"}
    return own, {access: clients[role] for access, role in who.items()}


class Forms(HTMLParser):
    """Reads the forms of a page: where each goes, and its fields with what stands in them."""

    def __init__(self, page):
        super().__init__()
        self.found, self._form, self._select = [], None, None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        told = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._form = {"action": told.get("action"), "method": told.get("method", "get").lower(), "fields": {}}
            self.found.append(self._form)
        elif self._form is not None and told.get("name"):
            if tag == "textarea" or (tag == "input" and told.get("type", "text") in TEXT_INPUTS):
                self._form["fields"][told["name"]] = (told.get("value", ""), told.get("type", "text") != "hidden")
            elif tag == "input" and told.get("type") in ("radio", "checkbox"):
                self._form["fields"].setdefault(told["name"], (told.get("value", "on"), False))
            elif tag == "select":
                self._select = told["name"]
            elif tag == "button" and told.get("value"):
                self._form["fields"].setdefault(told["name"], (told["value"], False))
        if tag == "option" and self._select and self._form is not None:
            self._form["fields"].setdefault(self._select, (told.get("value", ""), False))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = None


def pages(people):
    """Yield every page there is to read, as whoever may read it."""
    own, clients = people
    for route in routes(clients["public"].app):
        if route.access and route.is_safe and route.name != "static":
            client = clients[route.access]
            if client.csrf and client.cookie not in client.cookies:
                client.cookies.set(client.cookie, client.token, domain="testserver.local")
            answer = client.get(route.at(**own.of(route)))
            if "html" in answer.headers.get("content-type", ""):
                yield route, client, answer


def faults_of(people):
    faults = []
    for route, _, answer in pages(people):
        if found := RAW.search(answer.text):
            faults.append(f"{route}: ...{answer.text[max(found.start() - 80, 0) : found.end() + 20]!r}")
        if re.search(r"(href|src|action|formaction)\s*=\s*[\"']?\s*javascript:", answer.text, re.IGNORECASE):
            faults.append(f"{route}: an address that runs")
    return faults


def test_what_the_database_holds_is_shown_as_text(people, clinic):
    """The payload in every column of words, whichever form or program wrote it there."""
    own, _ = people
    with clinic.place.database.writing() as connection:
        for table, columns in (
            (patient, ("name",)),
            (account, ("name",)),
            (file, ("name",)),
            (session, ("name",)),
            (task, ("text",)),
            (job, ("step", "fault")),
            (METADATA.tables["clinic"], ("name",)),
        ):
            connection.execute(update(table).values(dict.fromkeys(columns, PAYLOAD)))
        connection.execute(update(job).where(job.c.id == own.job_id).values(state="failed"))
    shown = " ".join(answer.text for _, _, answer in pages(people))
    assert "&lt;b id=xss&gt;" in shown
    assert faults_of(people) == []


def test_what_a_case_holds_is_shown_as_text(people, clinic):
    from dataclasses import replace

    from kinechain.workspace.case import change_person

    def change(person):
        # An examiner is a name, and a method one line of text.
        return replace(person, exam=tuple(replace(item, method=PAYLOAD) for item in person.exam))

    with clinic.place.database.writing() as connection:
        change_person(connection, clinic.actor(), clinic.patient, change, "write exam")
    assert faults_of(people) == []


@pytest.mark.parametrize("payload", [PAYLOAD, LINK])
def test_no_field_of_any_form_becomes_markup(people, clinic, payload):
    """Every form of every page, with the payload in each of its fields at once and in each one alone."""
    sent, faults, seen = 0, [], set()
    forms = [
        (route, client, form)
        for route, client, answer in pages(people)
        for form in Forms(answer.text).found
        if form["method"] == "post"
        and "sign-out" not in (form["action"] or "")
        and "delete" not in (form["action"] or "")
    ]
    for route, client, form in forms:
        where = form["action"] or route.at(**people[0].of(route))
        typed = [name for name, (_, is_typed) in form["fields"].items() if is_typed]
        alone = [[name] for name in typed] if payload == PAYLOAD and len(typed) > 1 else []
        for chosen in [typed, *alone]:
            if (where, *chosen) in seen:
                continue
            seen.add((where, *chosen))
            fields = {name: payload if name in chosen else value for name, (value, _) in form["fields"].items()}
            answer = client.post(where, data={**fields, "csrf": client.csrf}, headers=csrf(client))
            sent += 1
            if answer.status_code >= 500:
                faults.append(f"POST {where} with {chosen}: {answer.status_code}")
            if RAW.search(answer.text) or 'href="javascript:' in answer.text:
                faults.append(f"POST {where} with {chosen}: comes back as markup")
            if client.csrf:
                client.cookies.set(client.cookie, client.token, domain="testserver.local")
    assert sent > 10
    assert not faults, "\n".join(faults)
    assert faults_of(people) == []


def test_a_file_whose_name_is_markup_is_shown_as_text(people, clinic):
    _, clients = people
    made = clients["case"].post(
        f"/patients/{clinic.patient}/recordings",
        headers=csrf(clients["case"]),
        files={"file": (PAYLOAD.replace("/", "") + ".trc", b"PathFileType\t4\n", "text/plain")},
    )
    assert made.status_code < 500
    assert faults_of(people) == []


# Templates and scripts themselves ---------------------------------------------------------------------------------


def _without_comments(text):
    return re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)


def _outside_expressions(text):
    """Return a template without what Jinja computes."""
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", _without_comments(text), flags=re.DOTALL)


#: What may pass unescaped: drawings and letters of this project's own renderers, which escape what they are given.
TRUSTED = {
    "preview|trusted", "letter|trusted", "f.svg|trusted", "qr|trusted", "picture|picture",
    "figure|picture", "chart|picture", "pictures[row.part.id]|picture",
}  # fmt: skip
#: What an address may begin with, beside a literal.
ADDRESSES = ("asset(", "address(", "base ", "base}", "draft_url", "where", "back", "pdf", "csv", "older", "'/")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_leave_nothing_unescaped(path):
    text = _without_comments(path.read_text(encoding="utf-8"))
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", text)
    passed = {
        re.sub(r"\s", "", found)
        for found in re.findall(r"\{\{-?(.*?)-?\}\}", text, re.DOTALL)
        if re.search(r"\|\s*(trusted|picture)\b", found)
    }
    assert passed <= TRUSTED, f"{passed - TRUSTED}: who escaped it? then name it in TRUSTED"
    for attribute, expression in re.findall(r"\b(href|src|action|formaction|data)=\"\{\{\s*(.*?)\}\}", text):
        assert f"{expression} ".startswith(ADDRESSES), f'{attribute}="{{{{ {expression} }}}}" could be javascript:'
    assert not re.search(r"<[^<>]*\s[\w-]+\s*=\s*\{\{", text), "an attribute without quotes"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_script_and_no_style_of_their_own(path):
    text = _outside_expressions(path.read_text(encoding="utf-8"))
    for attributes, body in re.findall(r"<script\b([^>]*)>(.*?)</script>", text, re.DOTALL | re.IGNORECASE):
        assert "application/json" in attributes or ("src=" in attributes and not body.strip()), attributes
    assert not re.search(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=|\bhx-on|js:", text, re.IGNORECASE)
    assert not re.search(r"(href|src|action)\s*=\s*[\"']?(https?:)?//(?!www\.w3\.org)", text), "an address elsewhere"
    for link in re.findall(r"<a\b[^>]*target=[^>]*>", text):
        assert "noopener" in link


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_make_no_markup_of_words(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML\s*=", text)
    for written in re.findall(r"innerHTML\s*=\s*([^;]+);", text):
        assert re.fullmatch(r"\"[^\"]*\"|'[^']*'|`[^`$]*`|\"\"", written.strip()), f"innerHTML = {written[:80]}"
    assert not re.search(r"https?://(?!www\.w3\.org)", re.sub(r"//.*|/\*.*?\*/", "", text, flags=re.DOTALL)[:0] or "")
    assert 'fetch("http' not in text


def test_every_column_of_words_was_thought_of():
    """A new column of words must be tried with markup too, or be named here as one that no person writes."""
    tried = {
        ("patient", "name"), ("account", "name"), ("file", "name"), ("session", "name"), ("task", "text"),
        ("job", "step"), ("job", "fault"), ("clinic", "name"),
    }  # fmt: skip
    checked = {
        ("patient", "pseudonym"), ("patient", "search"), ("account", "email"), ("account", "role"),
        ("account", "password_hash"), ("person_version", "text"), ("event", "line"), ("file", "inspected"),
        ("job", "input"), ("draft", "content"), ("audit", "detail"), ("summary", "plan_made_on"),
    }  # fmt: skip
    made_here = re.compile(
        r"(^|_)(id|digest|key|kind|by|state|use|worker|csrf|urgency|source|media_type|screen)$|^uploaded"
    )
    left = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        for column in table.columns
        if isinstance(column.type, String) and not made_here.search(column.name)
    } - tried - checked  # fmt: skip
    assert left <= {
        ("audit", "actor"), ("audit", "action"), ("audit", "request"), ("output", "name"), ("task", "done_by"),
    }, left  # fmt: skip
