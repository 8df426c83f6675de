"""Words are readable in both modes: the contrast of every pair of tokens that carries words or borders."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[3] / "src/kinechain/web/static/css"
WORDS = [
    *(
        (ink, ground)
        for ink in ("ink", "muted", "accent", "accent-strong")
        for ground in ("ground", "surface", "sunken")
    ),
    *(
        (ink, ground)
        for ink in ("stop", "left", "right", "outside", "within")
        for ground in ("ground", "surface", "sunken")
    ),
    *((name, f"{name}-ground") for name in ("stop", "urgent", "warn", "good", "info", "unknown", "outside", "within")),
    *((ink, "accent-soft") for ink in ("ink", "accent")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-stop", "stop-solid"),
    ("ground", "ink"),
]
BORDERS = [(name, ground) for name in ("edge", "accent") for ground in ("ground", "surface", "sunken")]


def tokens() -> dict[str, tuple[str, str]]:
    text = (CSS / "base.css").read_text(encoding="utf-8")
    return {m[1]: (m[2], m[3]) for m in re.finditer(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", text)}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), [(*p, 4.5) for p in WORDS] + [(*p, 3.0) for p in BORDERS])
def test_every_pair_of_tokens_can_be_read(ink, ground, least, mode):
    found = tokens()
    assert contrast(found[ink][mode], found[ground][mode]) >= least


def test_contrast_is_the_one_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("sheet", sorted(CSS.glob("*.css")), ids=lambda path: path.name)
def test_sheets_name_tokens_that_there_are_and_no_other_site(sheet):
    text, base = sheet.read_text(encoding="utf-8"), (CSS / "base.css").read_text(encoding="utf-8")
    made = set(re.findall(r"(--[\w-]+)\s*:", base + text))
    assert set(re.findall(r"var\((--[\w-]+)", text)) <= made
    assert "http" not in text and "@import" not in text
