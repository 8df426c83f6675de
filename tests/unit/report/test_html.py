"""The page: alone, safe, complete, and careful with words."""

import base64
import hashlib
import html as html_library
import itertools
import re
import time
from dataclasses import replace

import pytest

from kinechain.care.drivers import may_attribute
from kinechain.care.person.person import Person
from kinechain.care.screening.screen import Screen
from kinechain.evidence.wording import say
from kinechain.report.figures import Palette
from kinechain.report.html import render_html
from kinechain.report.verdict import find_verdict
from report_reading import FORBIDDEN, Page

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def source(make_assessment):
    return render_html(make_assessment())


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


def test_nothing_is_loaded_from_anywhere(source, page):
    assert not page.named("link")
    assert not page.named("iframe")
    for _, attributes in page.elements:
        assert "src" not in attributes
        assert "style" not in attributes, "an inline style would break the content security policy"
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in source
    assert "@import" not in source
    assert re.findall(r"https?://[^\"' <)]+", source).count("http://www.w3.org/2000/svg") == len(
        re.findall(r"https?://", source)
    ), "only the namespace of SVG may look like an address"


def test_the_policy_allows_exactly_the_styles_and_scripts_inside(source, page):
    policy = next(a["content"] for a in page.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    styles = re.findall(r"<style>(.*?)</style>", source, re.DOTALL)
    scripts = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    assert len(styles) == 1
    assert len(scripts) == 2
    for text in [*styles, *scripts]:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_every_finding_appears_with_both_sides_in_its_row(page, make_assessment):
    for finding in make_assessment().findings:
        assert finding.name.removesuffix(", left minus right") in page.text
    row = page.text[page.text.index("Numbers, link by link") :]
    assert re.search(r"Knee flexion, peak ▲ 48° \(46 to 50\) .{0,40}● 61° \(59 to 63\)", row)


def test_what_was_not_measured_appears_with_its_next_test(page, make_assessment):
    for item in make_assessment().unmeasured:
        assert item.answer.reason in page.text
        assert item.answer.next_test in page.text


def test_refused_recordings_notes_sources_and_provenance_appear(page):
    for words in (
        "broken.c3d is not a valid C3D",
        "Height taken from the recording.",
        "Two gaps of up to 80 ms",
        "pycgm2_cgm23",
        "ab" * 32,
        "christophy2012",
        "No load was computed for this recording.",
    ):
        assert words in page.text


def test_radians_become_degrees_and_norms_of_others_than_adults_say_so(page):
    assert "6.9°" in page.text  # 0.12 rad
    assert "not known to be adults: 409, free speed" in page.text


def test_purpose_is_stated_and_an_invented_person_is_named_as_such(page, make_assessment):
    assert "clinician, who decides" in page.text
    assert "Demonstration" not in page.text
    assert "Demonstration: nobody." in Page(render_html(make_assessment(is_demonstration=True))).text


@pytest.mark.parametrize("is_demonstration", [True, False])
def test_wording_never_claims_more_than_a_measure(make_assessment, emergency, is_demonstration):
    for screen in (Screen("none", (), False), Screen("not_screened", (), True), emergency):
        text = Page(render_html(make_assessment(screen=screen, is_demonstration=is_demonstration))).text.lower()
        for words in FORBIDDEN:
            assert not re.search(words, text), f"{words}: {re.search(f'.{{40}}{words}.{{40}}', text)}"


def test_unscreened_locked_and_young_people_never_see_a_plan_or_a_driver(make_assessment, emergency):
    young = Person(pseudonym="Q", age_years=15.0)
    cases = {
        "the danger signs were not asked": make_assessment(),
        "a danger sign is answered 'yes'": make_assessment(screen=emergency),
        "for people of 18 years and over": make_assessment(person=young, screen=Screen("none", (), False)),
    }
    for words, assessment in cases.items():
        why = may_attribute(assessment.person, assessment.screen).reason
        text = Page(render_html(replace(assessment, no_chain=why))).text
        assert words in text
        text = text.replace(say("screen.emergency_no_plan").text, "")
        assert not re.search(r"\bexercise|\binsole|\borthos|probab", text, re.IGNORECASE)


def test_an_emergency_proposes_no_other_test(make_assessment, emergency):
    assert find_verdict(make_assessment(screen=emergency)).next_tests == ("None now: act on the danger sign first.",)
    assert len(find_verdict(make_assessment()).next_tests) > 1


def test_an_emergency_says_what_to_do_now_and_that_nobody_watches(make_assessment, emergency, monkeypatch):
    monkeypatch.setenv("KINECHAIN_EMERGENCY_NUMBER", "000")
    text = Page(render_html(make_assessment(screen=emergency))).text
    for key in ("screen.emergency_title", "screen.nobody_watches", "screen.emergency_no_plan"):
        assert say(key).text in text
    assert say("screen.emergency_call", number="000").text in text
    assert say("screen.nobody_watches").text not in Page(render_html(make_assessment())).text


def test_a_danger_sign_stands_before_every_measure(make_assessment, emergency):
    text = Page(render_html(make_assessment(screen=emergency))).text
    assert text.index("Emergency department now.") < text.index("outside the usual range")


def test_hostile_names_stay_words(make_assessment):
    trial = make_assessment().trials[0]
    hostile = replace(trial, recording=replace(trial.recording, name=HOSTILE))
    assessment = make_assessment(
        person=Person(pseudonym=HOSTILE), notes=(HOSTILE,), refused=(HOSTILE,), trials=(hostile,)
    )
    source = render_html(assessment)
    page = Page(source)
    assert len(page.named("script")) == 3  # ours: two scripts and the replay's data
    assert not page.named("img")
    assert html_library.escape("<script>alert") in source
    assert "alert('x')" in page.text


def test_headings_tables_and_pictures_are_accessible(page, source):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels)), "a heading level is skipped"
    assert len(page.named("caption")) == len(page.named("table"))
    assert all(a.get("scope") in ("row", "col") for a in page.named("th"))
    for picture in page.named("svg"):
        assert picture["role"] == "img"
        assert len(picture["aria-label"] or "") > 10
    assert page.named("html")[0]["lang"] == "en"
    assert 'class="skip"' in source
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for anchor in page.named("a"):
        assert (anchor["href"] or "")[1:] in ids


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_has_the_contrast_that_wcag_aa_asks_for(source):
    style = re.search(r"<style>(.*?)</style>", source, re.DOTALL).group(1)
    blocks = re.findall(r":root\s*\{(.*?)\}", style, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block)) for block in blocks[1:3])
    palette = Palette()
    for theme, left, right in ((light, palette.left, palette.right), (dark, palette.left_dark, palette.right_dark)):
        for ink in (theme["ink"], theme["muted"], theme["accent"], left, right):
            assert _contrast(ink, theme["card"]) >= 4.5
        for state in ("outside", "within", "unknown", "stop", "warn"):
            assert _contrast(theme[state], theme[f"{state}-ground"]) >= 4.5


def test_other_colours_of_the_sides_can_be_set(make_assessment):
    source = render_html(make_assessment(), Palette(left="#005f00", right="#5f005f"))
    assert "--left:#005f00" in source
    assert Palette().left not in source


def test_an_examination_alone_gives_a_page_without_empty_panels(make_assessment):
    assessment = make_assessment(body=None, standing=None, trials=())
    page = Page(render_html(assessment))
    assert "No recording: the examination alone." in page.text
    assert not page.named("canvas")
    assert "every stride" not in page.text


def test_standing_alone_gives_posture_and_no_curves(make_assessment):
    page = Page(render_html(make_assessment(trials=())))
    assert "Standing posture" in page.text
    assert "Replay" not in page.text
    assert "every stride" not in page.text


def test_a_walk_without_a_whole_stride_says_so_instead_of_drawing_empty_axes(make_assessment):
    trial = replace(make_assessment().trials[0], cycles=())
    page = Page(render_html(make_assessment(trials=(trial,))))
    assert "Knee flexion: not measured" in page.text
    assert "0 left and 0 right strides" in page.text


def test_a_demonstration_states_what_was_made_on_purpose(make_assessment):
    notes = ("Made on purpose: left shank 12 mm shorter.",)
    verdict = Page(render_html(make_assessment(is_demonstration=True, notes=notes))).text.partition("The chain")[0]
    assert "left shank 12 mm shorter" in verdict


def test_a_page_is_small_and_quick(make_assessment):
    assessment = make_assessment()
    render_html(assessment)
    start = time.process_time()
    source = render_html(assessment)
    assert time.process_time() - start < 2.0  # of processor time; 0.15 s is usual
    assert len(source) < 3_000_000
