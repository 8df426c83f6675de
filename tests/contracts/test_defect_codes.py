"""Every code that a note can carry stands in the table of the documentation, and nothing else does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import kinechain

PACKAGE = Path(kinechain.__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "inspect.md"
AREAS = "file|markers|axes|plates|events|person"
CODE = re.compile(rf"^({AREAS})\.(?!toml$|json$)[a-z_]+$")
#: Packages that write no notes of recordings; ids with a dot are other things there.
WITHOUT_NOTES = {"care", "evidence", "report", "store", "web", "workspace"}
BEGINNING = re.compile(rf"^({AREAS})\.$")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def completed(tree: ast.Module, path: Path) -> Iterator[str]:
    """Codes of which a function adds the area: f"plates.{code}" with the code as an argument of every call."""
    for function in (n for n in ast.walk(tree) if isinstance(n, Function)):
        names = [a.arg for a in function.args.args]
        for text in (n for n in ast.walk(function) if isinstance(n, ast.JoinedStr) and len(n.values) == 2):
            area, rest = text.values
            if not (isinstance(area, ast.Constant) and BEGINNING.match(str(area.value))):
                continue
            assert isinstance(rest, ast.FormattedValue) and isinstance(rest.value, ast.Name), path
            if rest.value.id not in names:
                continue
            place = names.index(rest.value.id)
            for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
                if isinstance(call.func, ast.Name) and call.func.id == function.name:
                    yield from (f"{area.value}{word}" for word in words(call, place, rest.value.id, path))


def words(call: ast.Call, place: int, name: str, path: Path) -> Iterator[str]:
    """The text handed over for a parameter; a code must be readable where it is given."""
    given = next((k.value for k in call.keywords if k.arg == name), None)
    given = given if given is not None else call.args[place]
    choices = [given.body, given.orelse] if isinstance(given, ast.IfExp) else [given]
    for choice in choices:
        if isinstance(choice, ast.Name):  # handed on from another function, whose calls are looked at themselves
            continue
        assert isinstance(choice, ast.Constant), f"{path.name} line {call.lineno}: write the code as text"
        yield str(choice.value)


def used() -> set[str]:
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] in WITHOUT_NOTES:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {
            n.value
            for n in ast.walk(tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and CODE.match(n.value)
        }
        found |= set(completed(tree, path))
    return found


def described() -> list[str]:
    return re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| \S.*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_code_stands_in_the_table_once() -> None:
    table = described()
    assert len(table) == len(set(table)), "a code stands in the table twice"
    assert not used() - set(table), f"describe these codes in docs/inspect.md: {sorted(used() - set(table))}"


def test_the_table_holds_no_code_that_is_never_given() -> None:
    assert not set(described()) - used(), sorted(set(described()) - used())


def test_a_code_made_of_parts_is_found() -> None:
    source = (
        'def f(code, x):\n    return Note("a", f"plates.{code}")\nf("noise", 1)\nf(code="dead" if x else "old", x=2)\n'
    )
    assert set(completed(ast.parse(source), Path("x.py"))) == {"plates.noise", "plates.dead", "plates.old"}
