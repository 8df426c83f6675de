"""What a terminal shows: aligned, at most 100 columns, in plain words."""

import re

import pytest
from inspected import hostile, refused, walk

from kinechain.inspection.folder import LeftOut
from kinechain.report.inspection_text import render_folder, render_inspection
from kinechain.report.inspection_words import shortened
from report_reading import FORBIDDEN


def test_one_recording_is_told_in_sections():
    text = render_inspection(walk())
    order = ["Holds", "Can be used for", "Defects", "Events", "Plates", "Markers with gaps", "Also found"]
    places = [text.index(f"\n{title}") for title in order]
    assert places == sorted(places)
    for words in (
        "4.00 s at 100 Hz, 400 frames, from 1.50 s on",
        "walking at 1.20 m/s, whole strides: 2 left and 1 right",
        "up +Z, forward -X, turned by 2.4°, mirrored, turned back, lengths multiplied by 0.001",
        "joined with walk_grf.mot",
        "70.0 kg stated, 69.5 kg by the plates, 1.70 m stated",
        "◐ partly",
        "Some strides. -> Record more.",
        "plate 2 is noise.",
        "-> Check the cable.",
        "2.00 to 2.70 s  left foot, clean and whole",
        "file after plates",
        "-4 ms (3)",
        "moves with femur l",
    ):
        assert " ".join(words.split()) in " ".join(text.split()), words
    assert re.search(r"never seen +NEVER", text)
    assert "\x1b" not in text


@pytest.mark.parametrize("make", [walk, hostile, refused])
def test_no_line_is_wider_than_100_columns(make):
    for text in (render_inspection(make()), render_folder([make(), make()], [LeftOut(".txt", ("a" * 200,))])):
        assert max(map(len, text.splitlines())) <= 100


def test_a_long_name_of_wide_letters_keeps_the_table_aligned():
    text = render_folder([walk("歩行" * 40 + ".c3d"), walk()])
    _, wide, plain, *_ = text.splitlines()
    assert wide.startswith("歩行")
    # Letters of East Asia take two columns of a terminal.
    columns = sum(2 if ord(c) > 0x2E80 else 1 for c in wide[: wide.index("C3D")])
    assert columns == plain.index("C3D")


def test_a_folder_is_one_table_with_its_refusals_and_what_was_left_out():
    rows = [walk("one/walk.c3d"), walk("two/walk.c3d"), refused("two/broken.c3d")]
    text = render_folder(rows, [LeftOut(".txt", ("a.txt", "b.txt")), LeftOut("person file", ("visit.toml",))])
    lines = text.splitlines()
    assert lines[0].split() == "file what s Hz mark set task pl ev IK evts load post def".split()
    assert lines[1] == "one/"
    assert lines[2].split() == "walk.c3d C3D 4.0 100 4 plug_in_gait walking 1 2 yes part part no 1".split()
    assert lines[3] == "two/"
    assert "3 recordings: 2 walking, 1 not read" in text
    assert "2 files of other kinds left out: 2 .txt." in text
    assert "visit.toml" in text
    assert text.count("is empty (0 bytes)") == 2


def test_colours_stand_only_where_they_are_asked_for():
    plain, coloured = render_folder([walk()]), render_folder([walk()], is_coloured=True)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain
    assert "\x1b[32m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", render_inspection(walk(), True)) == render_inspection(walk())


def test_a_name_is_shortened_in_the_middle():
    assert shortened("abcdefghij", 5) == "ab…ij"
    assert shortened("abcdefghij", 10) == "abcdefghij"
    assert [len(shortened("abcdefghij", k)) for k in range(2, 12)] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 10]


def test_the_words_claim_no_more_than_a_measure_can():
    text = render_inspection(walk()) + render_folder([walk(), refused()])
    for pattern in FORBIDDEN:
        assert not re.search(pattern, text, re.IGNORECASE), pattern
