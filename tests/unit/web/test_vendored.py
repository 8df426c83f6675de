"""What the pages bring along is what its README and the licence ledger say, and runs under the policy of the pages."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[3]
FOLDER = HOUSE / "src" / "kinechain" / "web" / "static" / "vendor"
ROW = re.compile(r"^\| `([\w.]+)` \|.*`([0-9a-f]{64})` \|$", re.MULTILINE)
BROUGHT = sorted(
    path.name for path in FOLDER.iterdir() if path.suffix in (".js", ".css") and ".entry." not in path.name
)


def digests(page: Path) -> dict[str, str]:
    return dict(ROW.findall(page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", [FOLDER / "README.md", HOUSE / "docs" / "licences.md"], ids=lambda page: page.name)
def test_every_file_stands_there_with_its_digest(page: Path) -> None:
    found = {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in BROUGHT}
    assert digests(page) == found


def test_a_licence_lies_beside_each() -> None:
    for name in BROUGHT:
        licence = (FOLDER / f"{name.split('.')[0]}.LICENSE.txt").read_text(encoding="utf-8")
        assert "Permission" in licence, name


@pytest.mark.parametrize("name", [name for name in BROUGHT if name.endswith(".bundle.js")])
def test_bundles_make_no_code_from_words_and_ask_for_nothing(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert not re.search(r"\beval\(|new Function\b|importScripts|sourceMappingURL", text)
    assert not re.search(r"""fetch\(["'`]https?:""", text)


def test_the_replay_takes_from_the_bundle_only_what_is_in_it() -> None:
    entry = (FOLDER / "three.entry.js").read_text(encoding="utf-8")
    used = set(re.findall(r"\bthree\.(\w+)", (FOLDER.parent / "js" / "replay.js").read_text(encoding="utf-8")))
    assert used - {"bundle"} <= set(re.findall(r"\b[A-Z]\w+", entry))
