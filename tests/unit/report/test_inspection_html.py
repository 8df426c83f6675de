"""The page of inspections: alone, safe, whole without scripts."""

import base64
import hashlib
import re
import time
from dataclasses import replace

import numpy as np
import pytest
from inspected import HOSTILE, hostile, refused, walk

from kinechain.inspection.folder import LeftOut
from kinechain.inspection.inspection import MarkerRow, Span
from kinechain.report.inspection_html import MOST_TIMELINES, render_inspection_html
from kinechain.report.timeline import MOST_MARKERS, timeline_figure
from report_reading import FORBIDDEN, Page


@pytest.fixture(scope="module")
def one():
    return render_inspection_html([walk()])


@pytest.fixture(scope="module")
def many():
    return render_inspection_html([walk("a/walk.c3d"), refused("a/broken.c3d")], [LeftOut(".txt", ("n.txt",))], "visit")


@pytest.mark.parametrize("which", ["one", "many"])
def test_nothing_is_loaded_from_anywhere(which, request):
    source = request.getfixturevalue(which)
    page = Page(source)
    assert not page.named("link") and not page.named("iframe") and not page.named("img")
    for _, attributes in page.elements:
        assert "src" not in attributes and "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in source and "@import" not in source
    assert set(re.findall(r"https?://[^\"' <)]+", source)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("which", ["one", "many"])
def test_the_policy_allows_exactly_what_is_inside(which, request):
    source = request.getfixturevalue(which)
    policy = next(a["content"] for a in Page(source).named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    inside = re.findall(r"<style>(.*?)</style>", source, re.DOTALL) + re.findall(
        r"<script>(.*?)</script>", source, re.DOTALL
    )
    for text in inside:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy


def test_one_file_shows_uses_defects_timeline_plates_events_and_markers(one):
    text = Page(one).text
    for words in (
        "Joint angles (IK)",
        "Record the other foot.",
        "plates.noise",
        "Check the cable.",
        "left foot , clean and whole",
        "stored in the file",
        "file after plates",
        "moves with femur l",
        "SHA-256 " + "ab" * 32,
        "Research and education.",
    ):
        assert words in text, words
    assert len([a for a in Page(one).named("svg") if "Timeline of walk.c3d" in (a.get("aria-label") or "")]) == 1


def test_a_folder_is_a_table_whose_rows_lead_to_their_sheets(many):
    page = Page(many)
    ids = {a.get("id") for _, a in page.elements}
    links = [a["href"] for a in page.named("a")]
    assert {"#file-1", "#file-2"} <= set(links)
    assert all(link[1:] in ids for link in links)
    assert "broken.c3d is empty" in page.text
    assert "1 .txt" in page.text
    assert "2 recordings: 1 walking, 1 not read" in page.text


def test_hostile_words_are_words(one):
    source = render_inspection_html([hostile(), hostile()], [LeftOut(HOSTILE, (HOSTILE,))], HOSTILE)
    page = Page(source)
    assert not page.named("img")
    assert len(page.named("script")) == 1
    assert not [a for _, a in page.elements for name in a if name.startswith("on")]
    assert "alert('x')" in page.text


def test_every_row_of_a_table_has_as_many_cells_as_its_head(many):
    table = re.search(r'<table class="files">(.*?)</table>', many, re.DOTALL)[1]
    head, *rows = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    count = head.count("<th ")
    for row in rows:
        spans = [int(n) for n in re.findall(r'colspan="(\d+)"', row)]
        cells = len(re.findall(r"<t[hd][ >]", row)) + sum(n - 1 for n in spans)
        assert cells == count


def test_many_files_make_a_page_that_still_opens():
    rows = [walk(f"walk{k}.c3d") for k in range(500)]
    start = time.process_time()
    source = render_inspection_html(rows)
    assert time.process_time() - start < 10.0  # of processor time; 0.5 s is usual
    assert len(source) < 6_000_000
    assert 'class="figure timeline"' not in source
    assert str(MOST_TIMELINES) in Page(source).text


def test_the_timeline_puts_everything_on_one_clock():
    figure = timeline_figure(walk())
    assert figure is not None
    circles = re.findall(r'class="t-(strike|off) (left|right)"', figure.svg)
    assert sorted(circles) == [("off", "right"), ("strike", "left"), ("strike", "left")]
    assert re.findall(r">([\d.]+ s)<", figure.svg)[0] == "1.5 s"
    assert "t-filled" in figure.svg and "t-removed" in figure.svg
    assert "1 marker never seen" in figure.svg
    assert "nan" not in figure.svg


def test_a_marker_that_was_never_seen_has_no_bar():
    gone = MarkerRow("HEAD", "", 0.0, 0, 0.0, 0.0, (Span("missing", 1.5, 5.5),))
    figure = timeline_figure(replace(walk(), markers=(gone,)))
    assert figure is not None and "t-seen" not in figure.svg


def test_a_timeline_of_a_crowd_keeps_the_markers_with_gaps():
    rows = tuple(MarkerRow(f"m{k}", "", 0.5 if k == 99 else 1.0, 0, 0.0, 0.0, ()) for k in range(100))
    figure = timeline_figure(replace(walk(), markers=rows))
    assert figure is not None
    assert ">m99<" in figure.svg
    assert f"and {100 - MOST_MARKERS} markers more" in figure.svg


def test_nothing_in_time_gives_no_picture():
    assert timeline_figure(refused()) is None
    assert timeline_figure(replace(walk(), markers=(), plates=())) is None


def test_the_bars_of_a_marker_cover_what_was_seen():
    row = MarkerRow("m", "", 0.5, 1, 2.0, 0.0, (Span("missing", 2.5, 4.5),))
    figure = timeline_figure(replace(walk(), markers=(row,), plates=(), events=(), file_events=()))
    assert figure is not None
    path = re.search(
        r'class="t-seen"[^>]* d="([^"]+)"|d="([^"]+)"[^>]*class="t-seen"|class="t-seen" d="([^"]+)"', figure.svg
    )
    widths = [float(w) for w in re.findall(r"h(\d+(?:\.\d+)?)", next(g for g in path.groups() if g))]
    assert np.allclose(widths, [834 / 4, 834 / 4], atol=0.2)


def test_the_words_claim_no_more_than_a_measure_can(one, many):
    for pattern in FORBIDDEN:
        assert not re.search(pattern, Page(one + many).text, re.IGNORECASE), pattern
