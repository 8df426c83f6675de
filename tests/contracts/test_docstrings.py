"""Docstrings keep their promises: everything public has one, and every array states its shape."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kinechain

PACKAGE = Path(kinechain.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
ARRAY = re.compile(r"\b(FloatArray|IntArray|NDArray)\b")
#: "(time, marker, 3) array", "(3,) unit array", "array of any shape", "array_like".
SHAPE = re.compile(r"\(.*,.*\)|any shape|shape of|array_like")


def public_classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    return (n for n in tree.body if isinstance(n, ast.ClassDef) and not n.name.startswith("_"))


def documented_fields(docstring: str) -> dict[str, str]:
    """Return the lines of the Attributes section by field; 'a, b : x' documents both."""
    found: dict[str, str] = {}
    section = re.search(r"Attributes\n-{4,}\n(.*?)(?:\n\n?[A-Z]\w*\n-{4,}\n|\Z)", docstring, re.DOTALL)
    names: list[str] = []
    for line in (section[1] if section else "").splitlines():
        head = re.fullmatch(r"([\w, ]+?)(?: : (.*))?", line) if not line.startswith(" ") else None
        if head:
            names = [name.strip() for name in head[1].split(",")]
        for name in names:
            found[name] = found.get(name, "") + " " + line
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_array_field_states_its_shape(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = []
    for kind in public_classes(tree):
        fields = documented_fields(ast.get_docstring(kind) or "")
        for node in kind.body:
            is_field = isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
            if not is_field or not ARRAY.search(ast.unparse(node.annotation)):  # type: ignore[union-attr]
                continue
            name = node.target.id  # type: ignore[union-attr]
            if not name.startswith("_") and not SHAPE.search(fields.get(name, "")):
                silent.append(f"{kind.name}.{name}")
    assert not silent, f"state the shape in the Attributes section: {', '.join(silent)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_everything_public_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    exported = next(
        (
            ast.literal_eval(n.value)
            for n in tree.body
            if isinstance(n, ast.Assign)
            and ast.unparse(n.targets[0]) == "__all__"
            and isinstance(n.value, (ast.List, ast.Tuple))
        ),
        None,
    )
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and (node.name in exported if exported is not None else not node.name.startswith("_"))
        and not ast.get_docstring(node)
    ]
    assert not silent
    assert path.name == "__init__.py" or ast.get_docstring(tree), "the module says nothing about itself"


def test_the_reader_of_shapes_can_tell() -> None:
    """The check itself must fail on a field without a shape."""
    fields = documented_fields("Title.\n\nAttributes\n----------\na, b : (time, 3) array, m\nc : array\n    Long.\n")
    assert SHAPE.search(fields["a"]) and SHAPE.search(fields["b"])
    assert not SHAPE.search(fields["c"])
