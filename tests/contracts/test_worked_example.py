"""The worked example prints today what its page shows."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

HOUSE = Path(__file__).parents[2]
RENEW = HOUSE / "docs" / "worked_example" / "renew.py"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the example is lived in a pseudo-terminal")


def renewal() -> ModuleType:
    """Return the script that writes the page, as a module."""
    spec = importlib.util.spec_from_file_location("renew_worked_example", RENEW)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_shows_what_is_printed_today() -> None:
    written = (HOUSE / "docs" / "worked_example.md").read_text(encoding="utf-8")
    assert written == renewal().render(), "renew the page: python docs/worked_example/renew.py"


def test_an_excerpt_says_what_it_leaves_out_and_misses_nothing_silently() -> None:
    excerpt = renewal().excerpt
    text = "one\ntwo\n\nthree\nfour\n"
    assert excerpt(text, ()) == text.rstrip("\n")
    assert excerpt(text, (("one", "two"), ("four", ""))) == "one\n[...]\nfour"
    with pytest.raises(RuntimeError, match="no line begins with 'five'"):
        excerpt(text, (("five", ""),))
