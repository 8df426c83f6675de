"""Nothing is said that the ledger does not back: words, numbers and percentages (decision rules, section 8)."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import kinechain
from kinechain.care.drivers import NOT_THE_CAUSE
from kinechain.core.errors import EvidenceError
from kinechain.evidence.check import sentence_fault
from kinechain.evidence.ledger import all_sentences, backing
from kinechain.evidence.rules import refuse_unread
from kinechain.evidence.sources import all_sources
from kinechain.evidence.wording import ALLOWED, FORBIDDEN, Sentence, claims_too_much, wording
from report_reading import FORBIDDEN as READ_BY_REPORTS

PACKAGE = Path(kinechain.__file__).parent
SAYING = sorted(p for folder in ("care", "report", "cli") for p in (PACKAGE / folder).glob("*.py"))
#: Pages and verbs of the workspace: their interface is labels and help lines, which stand where they are shown.
SHOWING = sorted(p for folder in ("web", "workspace") for p in (PACKAGE / folder).rglob("*.py"))
TEMPLATES = sorted(
    p
    for folder in ("report", "web")
    for p in (PACKAGE / folder).rglob("*")
    if p.suffix in (".j2", ".typ", ".js") and "vendor" not in p.parts
)
#: What patients see of the workspace: every sentence of it comes from the ledger.
FOR_PATIENTS = sorted(
    p
    for p in (PACKAGE / "web").rglob("*")
    if p.suffix in (".j2", ".js", ".py") and (p.name.startswith("my") or p.parent.name == "my")
)

#: Modules of earlier steps that say sentences of their own, and how many: these may only become fewer. Everything else
#: in care and report takes its sentences from the ledger.
OWN_SENTENCES = {
    "care/drivers.py": 1,
    "care/screening/red_flags.py": 1,
    "report/chain.py": 1,
    "report/figures.py": 1,
    "report/inspection_text.py": 4,
    "report/inspection_words.py": 2,
    "report/kinetics.py": 2,
    "report/norms.py": 1,
    "report/pages.py": 2,
    "report/scene.py": 1,
    "report/timeline.py": 1,
    "report/validation.py": 2,
}

#: What a frame may not say: it holds no fact.
STATES_A_FACT = re.compile(
    r"\b(go(es)? with|linked (to|with)|associated with|reduces?|improves?|prevents|most people|effective|proven)\b"
    r"|\bevidence\b",
    re.IGNORECASE,
)
PERCENTAGE = re.compile(r"(?<![\d.{])(\d+(?:\.\d+)?) ?(?:%|percent\b)")
#: Not shares of anything: the width of intervals and sets, and the ends of what is printed of a probability.
LEVELS = ("1", "80", "95", "99", "100")


def spoken(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string but docstrings and what is raised; values of f-strings become '{}'."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.body:
            first = node.body[0]
            silent |= {id(first.value)} if isinstance(first, ast.Expr) else set()
        raises = isinstance(node, ast.Raise) or (
            isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error")
        )
        if raises:
            silent |= {id(below) for below in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in silent:
            parts = [str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values]
            silent |= {id(value) for value in node.values}
            yield node.lineno, "".join(parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.lineno, node.value


def is_sentence(text: str) -> bool:
    """Four words and a full stop, or six words that begin like a sentence."""
    words = re.findall(r"[A-Za-z][A-Za-z'\u2019]+", text)
    ends = text.rstrip().endswith((".", "!", "?"))
    return len(words) >= 4 and (ends or (len(words) >= 6 and text[:1].isupper()))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def strings_of(path: Path) -> list[tuple[int, str]]:
    return list(spoken(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("path", [p for p in SAYING if p.parent.name != "cli"], ids=name_of)
def test_sentences_come_from_the_ledger(path: Path) -> None:
    own = [f"line {line}: {text}" for line, text in strings_of(path) if is_sentence(text)]
    allowed = OWN_SENTENCES.get(name_of(path), 0)
    assert len(own) <= allowed, "say it through the ledger (evidence/data/clinical/wording):\n" + "\n".join(own)


def test_the_count_of_own_sentences_is_published() -> None:
    """What is not yet backed one by one is said where the library is described."""
    page = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
    for folder in ("report", "care"):
        number = sum(count for name, count in OWN_SENTENCES.items() if name.startswith(folder))
        assert re.search(rf"\b{number}\s+in `{folder}`", page), (folder, number)


def test_the_reader_of_sentences_can_tell() -> None:
    """The check itself must see a sentence, and must pass over names, docstrings and refusals."""
    code = (
        '"""A module that says something."""\n'
        "def f(x):\n"
        '    """Return what is said to people."""\n'
        "    if not x:\n"
        '        raise SettingError("this is no way to ask for it.")\n'
        '    return f"Walking helps {x} of all people.", "plan.stay_active", "a short label"\n'
    )
    said = [text for _, text in spoken(ast.parse(code))]
    assert [text for text in said if is_sentence(text)] == ["Walking helps {} of all people."]


def shown_in(path: Path) -> list[str]:
    """Return what a template, a script or a module says itself: texts between tags, attributes that are read out."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return [said for _, said in strings_of(path)]
    if path.suffix == ".js":
        code = re.sub(r"(?m)^\s*(//|\*|/\*).*$", "", text)
        return ["".join(found) for found in re.findall(r"\"([^\"\\\n]*)\"|'([^'\\\n]*)'|`([^`]*)`", code)]
    plain = re.sub(r"(?s)\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", text)
    labels = re.findall(r"(?:aria-label|title|alt|placeholder)=\"([^\"]*)\"", plain)
    return [*re.split(r"<[^>]*>", plain), *labels]


@pytest.mark.parametrize("path", FOR_PATIENTS, ids=name_of)
def test_patients_read_nothing_but_the_ledger(path: Path) -> None:
    own = [" ".join(text.split()) for text in shown_in(path) if is_sentence(text)]
    assert not own, "say it through the ledger (evidence/data/clinical/wording/web.toml):\n" + "\n".join(own)


def test_there_are_pages_for_patients_and_the_reader_can_tell(tmp_path: Path) -> None:
    assert len(FOR_PATIENTS) > 5
    page = tmp_path / "my.html.j2"
    page.write_text("<p>{{ say('web.open') }}</p><p>Rest a little and then go on.</p>", encoding="utf-8")
    script = tmp_path / "my.js"
    script.write_text(
        "// A remark that is long enough to count.\nshow('Rest a little and then go on.');", encoding="utf-8"
    )
    for path in (page, script):
        assert [text for text in shown_in(path) if is_sentence(text)] == ["Rest a little and then go on."]


@pytest.mark.parametrize("path", [*SAYING, *SHOWING], ids=name_of)
def test_only_the_evidence_makes_sentences(path: Path) -> None:
    """A sentence with made-up backing could be built anywhere; only `say` and the library do."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    made = [
        n.lineno for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) in ("Sentence", "Entry")
    ]
    assert not made, f"a Sentence is made in line {made[0]}; take it from the ledger with say()"


@pytest.mark.parametrize("path", [*SAYING, *SHOWING], ids=name_of)
def test_no_string_claims_too_much_or_states_a_share_of_its_own(path: Path) -> None:
    faults = []
    for line, text in strings_of(path):
        if len(text.split()) < 3:
            continue
        if found := claims_too_much(text):
            faults.append(f"line {line} says '{found}'")
        if shares := unsourced_shares(text):
            faults.append(f"line {line} states {shares[0]} % without the key of a source")
        faults += unread(text, f"line {line}")
    assert not faults


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_no_template_claims_too_much(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    shown = re.sub(r"(?s)<style.*?</style>|\{%.*?%\}|\{\{.*?\}\}", " ", text) if path.suffix == ".j2" else text
    assert not claims_too_much(shown)
    assert not unread(shown, path.name)


def unsourced_shares(text: str) -> list[str]:
    """Return the percentages of a text that names no source in square brackets."""
    named = set(re.findall(r"\[(\w+)\]", text)) & set(all_sources())
    return [] if named else [share for share in PERCENTAGE.findall(text) if share not in LEVELS]


def test_the_reader_of_shares_can_tell() -> None:
    assert unsourced_shares("72 % recover within a year (95 % interval)") == ["72"]
    assert unsourced_shares("72 % recover within a year [henschke2008_prognosis]") == []
    assert unsourced_shares("72 % recover within a year [nobody]") == ["72"]


def unread(text: str, where: str) -> list[str]:
    try:
        refuse_unread(text, where)
    except EvidenceError as error:
        return [str(error)]
    return []


def test_every_sentence_of_the_ledger_keeps_the_rules() -> None:
    known = all_sources()
    faults = {key: fault for key, s in all_sentences().items() if (fault := sentence_fault(s, known))}
    assert not faults


def test_a_frame_states_no_fact() -> None:
    frames = [s for s in all_sentences().values() if s.kind == "frame"]
    assert len(frames) > 100
    stating = {s.key: s.text for s in frames if STATES_A_FACT.search(re.sub(r"\{\w+\}", "", s.text))}
    assert not stating


def test_a_fact_shows_its_certainty_and_how_deep_it_was_read() -> None:
    for sentence in all_sentences().values():
        if sentence.kind == "fact":
            said = backing(sentence)
            assert "certainty" in said and "read: " in said, sentence.key


def test_one_list_of_words_and_one_exception() -> None:
    assert READ_BY_REPORTS is FORBIDDEN
    assert NOT_THE_CAUSE.rstrip(".").endswith(ALLOWED)
    assert all_sentences()["drivers.not_the_cause"].text == NOT_THE_CAUSE
    assert claims_too_much(NOT_THE_CAUSE) == ""
    assert claims_too_much("This is the cause of pain.") == "cause"


def test_the_statements_beside_the_figures_keep_the_rules() -> None:
    """They stand with the report, with people and certainty of their own."""
    text = (PACKAGE / "report" / "context.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["statement"]
    assert rows
    for row in rows:
        said = Sentence("report.context", row["text"], "fact", "both", tuple(row["sources"]), "", row["certainty"])
        assert sentence_fault(said, all_sources()) == ""
        assert row["n"]


@pytest.mark.parametrize("path", SAYING, ids=name_of)
def test_what_is_said_stands_in_the_ledger_with_these_places(path: Path) -> None:
    """`say` would refuse it, but only when the line is reached."""
    faults = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "say" and node.args):
            continue
        key, given = node.args[0], {word.arg for word in node.keywords}
        is_key = isinstance(key, ast.Constant) and re.fullmatch(r"\w+\.\w+", str(key.value))
        if is_key and None not in given:
            entry = wording().get(key.value)
            places = {name for _, name, _, _ in Formatter().parse(entry.text) if name} if entry else set()
            if entry is None or places != given:
                faults.append(f"line {node.lineno}: {key.value} with {sorted(map(str, given))}")
    assert not faults
