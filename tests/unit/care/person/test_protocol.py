"""Every examination item has a protocol that can be printed, and nothing in it stands without a source."""

import re
from pathlib import Path

import pytest

from kinechain.care.person import contradictions
from kinechain.care.person.bands import fpi_band, fpi_sentences, score_sentences
from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.person.person import Score
from kinechain.care.person.protocol import find_protocol, general_rules, protocols
from kinechain.core.errors import PersonError
from kinechain.evidence.wording import wording


def test_every_item_of_the_sheet_has_a_protocol() -> None:
    assert list(protocols()) == list(read_exam_definitions())
    assert len(protocols()) >= 38
    for protocol in protocols().values():
        assert protocol.position and protocol.how and protocol.stop.text and protocol.sides, protocol.id
        assert protocol.values or protocol.id == "symptom_map"
        assert protocol.self_test in ("yes", "with_helper", "no") and protocol.use in ("decide", "describe", "research")


def test_a_figure_of_reliability_has_a_source_with_its_depth() -> None:
    read = [p for p in protocols().values() if p.has_read_reliability]
    assert len(read) > 15
    for protocol in read:
        assert protocol.sources and all(s.level and s.citation for s in protocol.sources), protocol.id
    assert not find_protocol("chippaux_smirak").has_read_reliability


def test_every_sentence_of_the_examination_is_said_somewhere() -> None:
    written = {key.removeprefix("exam.") for key in wording() if key.startswith("exam.")}
    source = Path(contradictions.__file__).read_text(encoding="utf-8")
    said = {f"contradiction_{name}" for name in re.findall(r"_named\(\s*\"(\w+)\"", source)}
    said |= {rule.key.removeprefix("exam.") for rule in general_rules()} | {"protocol_stop_item", "fpi_note"}
    said |= {f"fpi_{fpi_band(points)}" for points in (-12.0, -4.0, 0.0, 6.0, 12.0)}
    said |= {f"startback_{group}" for group in ("low", "medium", "high")}
    said |= {"score_range_not_read", "score_licence", "lab_error", "lab_too_few"}
    assert written == said


def test_a_test_that_can_harm_says_when_not_to() -> None:
    for key in ("single_heel_rise", "single_leg_stance", "sorensen"):
        assert find_protocol(key).stop_note and "also" in find_protocol(key).stop.text


def test_what_to_write_down_is_what_the_person_file_takes() -> None:
    values = {value.part: value for value in find_protocol("root_screen_l2_s2").values}
    assert (values["L4 strength"].low, values["L4 strength"].high, values["L4 strength"].unit) == (0.0, 5.0, "grade")
    assert values["L4 sensation"].words == ("same", "reduced", "absent")
    lunge = find_protocol("lunge_test").values[0]
    assert (lunge.unit, lunge.other_units) == ("cm", ("degrees",))


def test_general_rules_and_unknown_items() -> None:
    assert len({rule.text for rule in general_rules()}) == 8
    with pytest.raises(PersonError, match="Did you mean 'slump'"):
        find_protocol("slumps")


@pytest.mark.parametrize(
    ("points", "band"),
    [
        (-12.0, "highly_supinated"),
        (-5.0, "highly_supinated"),
        (-4.0, "supinated"),
        (-1.0, "supinated"),
        (0.0, "normal"),
        (5.0, "normal"),
        (5.5, "normal"),
        (6.0, "pronated"),
        (9.0, "pronated"),
        (10.0, "highly_pronated"),
        (12.0, "highly_pronated"),
    ],
)
def test_foot_posture_falls_into_the_band_that_was_read(points: float, band: str) -> None:
    assert fpi_band(points) == band
    text, note = fpi_sentences(points)
    assert text.text and "+4" in note.text and note.sources


def test_a_foot_posture_outside_the_scale_is_refused() -> None:
    with pytest.raises(PersonError, match="not possible"):
        fpi_band(13.0)


def test_a_score_says_its_group_its_range_and_whose_items_they_are() -> None:
    keys = [s.key for s in score_sentences(Score("startback", 6.0, {"subscale": 4.0}))]
    assert keys == ["exam.startback_high", "exam.score_licence"]
    assert [s.key for s in score_sentences(Score("pseq", 30.0))] == ["exam.score_range_not_read", "exam.score_licence"]
    assert score_sentences(Score("rmdq24", 9.0)) == ()
