"""Sphinx: the pages are Markdown; tables that repeat the code are made from it here, at every build."""

import os
import subprocess
import sys
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

import typer

from kinechain import __version__
from kinechain.care.person.person_file import read_person
from kinechain.care.person.person_reference import renewed
from kinechain.chain.change import kinds
from kinechain.cli import app
from kinechain.demonstration.demonstrate import write_recordings
from kinechain.demonstration.walk import Asymmetry
from kinechain.evidence.lookup import counts
from kinechain.evidence.rules import rules
from kinechain.findings.own_norms import own_sign_table
from kinechain.motion.signs import sign_table

project = "kinechain"
author = "The kinechain authors"
copyright = "The kinechain authors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "generated"]
html_theme = "alabaster"
html_title = f"kinechain {release}"
html_theme_options = {
    "description": "From the sole to the spine",
    "page_width": "1300px",
    "body_max_width": "1060px",
    "fixed_sidebar": True,
}
html_static_path = ["_static"]
html_css_files = ["site.css"]
numpydoc_show_class_members = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"

HERE = Path(__file__).parent
GENERATED = HERE / "generated"


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def change_kinds() -> str:
    """Return every kind of change with its sides, amounts, options and sources."""
    parts = []
    for kind in kinds().values():
        units = "; ".join(f"{low:g} to {high:g} {unit}" for unit, (low, high) in kind.units.items())
        source = f"`{kind.source}`" + (f", {kind.grade}" if kind.grade != kind.source else "")
        facts = [f"Sides: {', '.join(kind.sides)}. Amount: {units}; {kind.neutral:g} alters nothing. Source: {source}."]
        facts += [f"Spread: {kind.spread}."] if kind.spread else []
        parts.append(f"### `{kind.name}`\n\n{kind.meaning[0].upper()}{kind.meaning[1:]}.\n\n{' '.join(facts)}\n")
        rows = []
        for option in kind.options.values():
            values = ", ".join(option.choices) or f"{option.low:g} to {option.high:g} {option.unit}"
            default = "" if option.default is None else f"{option.default:g}" if not option.choices else option.default
            rows.append((f"`{option.name}`", option.meaning, values, default or ("asked" if option.is_asked else "")))
        parts += [table(("option", "meaning", "values", "default"), rows)] if rows else []
    return "\n".join(parts)


def evidence_counts() -> str:
    """Return how much evidence there is, how certain it is and how deep it was read."""
    parts = []
    for group, counted in counts().items():
        rows = [(name, str(number)) for name, number in counted.items()]
        parts.append(f"**{group[0].upper()}{group[1:]}**\n\n{table(('', 'number'), rows)}")
    return "\n".join(parts)


def decision_rules() -> str:
    """Return every rule with its sources, and what of it is a choice."""
    return table(
        ("id", "rule", "choice of ours", "sources"),
        [(f"`{r.id}`", r.text, r.choice, ", ".join(f"`{s}`" for s in r.sources)) for r in rules().values()],
    )


def command_pages() -> str:
    """Return the help of every verb, as the command prints it."""
    environment = {**os.environ, "COLUMNS": "96", "NO_COLOR": "1", "TERM": "dumb"}
    pages = []
    group = typer.main.get_command(app)
    verbs = ["", *group.commands]
    verbs += [f"{name} {verb}" for name, part in group.commands.items() for verb in getattr(part, "commands", ())]
    for verb in verbs:
        command = [sys.executable, "-m", "kinechain.cli", *verb.split(), "--help"]
        text = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        body = "\n".join(line.rstrip() for line in text.strip().splitlines())
        pages.append(f"## `{' '.join(['kinechain', verb]).strip()}`\n\n```text\n{body}\n```\n")
    return "\n".join(pages)


def inspected(*arguments: str) -> str:
    """Return what `kinechain inspect` prints of the example person's recordings."""
    with tempfile.TemporaryDirectory() as folder, as_file(files("kinechain.demonstration") / "person.toml") as person:
        visit = Path(folder) / "visit"
        visit.mkdir()
        write_recordings(visit, read_person(person), Asymmetry())
        command = [sys.executable, "-m", "kinechain.cli", "inspect", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    return f"```text\n$ kinechain inspect {' '.join(arguments)}\n\n{done.stdout}```\n"


GENERATED.mkdir(exist_ok=True)
for name, make in {
    "changes": change_kinds,
    "evidence_counts": evidence_counts,
    "decision_rules": decision_rules,
    "commands": command_pages,
    "signs": sign_table,
    "own_signs": own_sign_table,
    "inspect_example": lambda: inspected("visit/demo_walk.trc"),
    "inspect_folder": lambda: inspected("visit"),
}.items():
    (GENERATED / f"{name}.md").write_text(make(), encoding="utf-8")

# Its tables stand in the page itself, so that it can be read without a build.
PERSON_FILE = HERE / "person_file.md"
PERSON_FILE.write_text(renewed(PERSON_FILE.read_text(encoding="utf-8")), encoding="utf-8")
