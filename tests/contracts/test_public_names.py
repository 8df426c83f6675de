"""What a user may import, and what importing costs."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import kinechain

PACKAGE = Path(kinechain.__file__).parent
LIGHT = ("kinechain", "kinechain.core.estimate", "kinechain.evidence.library", "kinechain.care.screening.red_flags")
LIGHT = (*LIGHT, "kinechain.care.person.person_file", "kinechain.cli")
HEAVY = ("mujoco", "scipy", "ezc3d", "pyarrow", "matplotlib")


def stubbed_names() -> set[str]:
    """Return the names that the stub promises."""
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    imported = {a.asname or a.name for node in tree.body if isinstance(node, ast.ImportFrom) for a in node.names}
    return imported | {
        n.target.id for n in tree.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
    }


def test_every_promised_name_can_be_had() -> None:
    names = stubbed_names()
    assert {"Recording", "Body", "Motion", "Estimate", "NotMeasured", "KinechainError", "__version__"} <= names
    for name in names:
        assert getattr(kinechain, name) is not None, name
    assert set(kinechain.__all__) == names - {"__version__"}


def test_a_name_that_is_not_there_says_so() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        kinechain.no_such_name  # noqa: B018


@pytest.mark.parametrize("module", LIGHT)
def test_the_light_part_loads_no_physics(module: str) -> None:
    code = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


@pytest.mark.parametrize(
    "module",
    sorted(
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in PACKAGE.rglob("*.py")
        # Run by Alembic alone, which gives it what it needs.
        if path != PACKAGE / "store" / "migrations" / "env.py"
    ),
)
def test_every_name_of_all_exists(module: str) -> None:
    loaded = importlib.import_module(module)
    for name in getattr(loaded, "__all__", ()):
        assert hasattr(loaded, name), f"{module}.{name}"


def test_the_version_is_said_once() -> None:
    import tomllib

    project = Path(__file__).parents[2] / "pyproject.toml"
    assert tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"] == kinechain.__version__
