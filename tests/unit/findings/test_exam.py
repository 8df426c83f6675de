"""The examination alone: measures, verdicts, and what is missing."""

from datetime import date

import pytest

from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.person.person import ExamItem, NotExamined, Person
from kinechain.findings.exam import _half_width, _norm, find_exam, read_exam_measures
from kinechain.findings.find import find_findings


def person(*items: tuple[str, str, float, str], age: float | None = 25.0, sex: str | None = "female") -> Person:
    exam = tuple(ExamItem(key, side, value, unit, "by hand") for key, side, value, unit in items)  # type: ignore[arg-type]
    return Person(age_years=age, sex=sex, exam=exam)  # type: ignore[arg-type]


def verdict(found: Person, measure: str) -> str:
    return next(f.verdict for f in find_exam(found)[0] if f.id == measure)


def test_every_item_a_person_file_may_hold_has_its_place() -> None:
    assert set(read_exam_definitions()) == set(read_exam_measures())
    for key, measure in read_exam_measures().items():
        definition = read_exam_definitions()[key]
        units = {*definition.units, *(u for scale in definition.parts.values() for u in scale.units)}
        is_told_otherwise = definition.words or definition.parts or definition.table
        assert measure.unit in units or (measure.unit == "" and is_told_otherwise), key


def test_every_rule_finds_its_rows() -> None:
    found = 0
    for measure in read_exam_measures().values():
        half_width = _half_width(measure.rules.get("error"))
        assert (half_width is None) == ("error" not in measure.rules)
        for sex in ("female", "male", None):
            for name in ("norms", "difference_norms"):
                norm, _, _ = _norm(measure.rules.get(name, ()), Person(sex=sex, age_years=25.0))  # type: ignore[arg-type]
                found += norm is not None
    assert found > 0


@pytest.mark.parametrize(
    ("value", "expected"), [(2.0, "within"), (9.0, "outside"), (6.0, "unknown"), (4.0, "unknown"), (-6.0, "outside")]
)
def test_the_foot_posture_index_is_judged_with_its_error(value: float, expected: str) -> None:
    assert verdict(person(("fpi6", "left", value, "points")), "foot.fpi6") == expected


def test_outside_the_age_of_the_cohort_nothing_is_judged() -> None:
    findings, _ = find_exam(person(("fpi6", "left", 9.0, "points"), age=70.0))
    assert findings[0].verdict == "unknown" and findings[0].norm is not None
    assert "18-30 y" in findings[0].method


def test_without_an_age_nothing_is_judged() -> None:
    findings, _ = find_exam(person(("fpi6", "left", 9.0, "points"), age=None))
    assert findings[0].verdict == "unknown" and "age not known" in findings[0].method


def test_the_norm_follows_the_sex_and_covers_both_without_one() -> None:
    norms = {}
    for sex in ("female", "male", None):
        norms[sex] = find_exam(person(("navicular_drop", "left", 7.0, "mm"), sex=sex))[0][0].norm
    assert norms["female"].mean == 7.1 and norms["male"].mean == 6.1
    assert norms[None].high == norms["female"].high and norms[None].mean is None


def test_an_item_without_a_known_error_has_no_interval_and_no_verdict() -> None:
    findings, _ = find_exam(person(("arch_index", "left", 0.3, "ratio")))
    assert findings[0].verdict == "unknown"
    assert findings[0].estimate.low == findings[0].estimate.high
    assert "not known" in findings[0].estimate.source


def test_another_unit_is_shown_and_not_judged() -> None:
    findings, _ = find_exam(person(("lunge_test", "left", 40.0, "degrees")))
    assert findings[0].estimate.unit == "degrees" and findings[0].verdict == "unknown"


def test_side_differences_know_their_error() -> None:
    findings, _ = find_exam(person(("lunge_test", "left", 12.0, "cm"), ("lunge_test", "right", 11.0, "cm")))
    difference = next(f for f in findings if f.id == "ankle.lunge_test_difference")
    assert difference.estimate.value == 1.0 and difference.minimal_detectable_change == 1.5
    assert "smaller than the test can tell" in difference.method


def test_tape_measure_of_both_legs() -> None:
    findings, _ = find_exam(person(("leg_length_tape", "left", 900.0, "mm"), ("leg_length_tape", "right", 860.0, "mm")))
    difference = next(f for f in findings if f.id == "leg.length_tape_difference")
    assert difference.estimate.value == 40.0
    assert difference.estimate.high - 40.0 == pytest.approx(1.96 * 7.0)
    assert difference.verdict == "outside" and difference.norm is not None and difference.norm.source == "knutson2005"


def test_counts_are_judged_as_they_are() -> None:
    assert verdict(person(("monofilament", "left", 3.0, "sites felt")), "foot.monofilament") == "within"
    assert verdict(person(("monofilament", "left", 2.0, "sites felt")), "foot.monofilament") == "outside"


def test_skipped_items_are_said() -> None:
    skipped = Person(not_examined=(NotExamined("fpi6", "left", "skipped", ""),))
    _, unmeasured = find_exam(skipped)
    assert unmeasured[0].id == "foot.fpi6" and "skipped" in unmeasured[0].answer.reason


def test_an_exam_sheet_alone_yields_measures_gaps_and_next_tests() -> None:
    findings, unmeasured = find_findings(person(("fpi6", "left", 9.0, "points")), None, None, None, ())
    assert [f.id for f in findings] == ["foot.fpi6"]
    assert {"pelvis.motion", "leg.length", "knee.posture", "hip.strength"} <= {u.id for u in unmeasured}
    assert all(u.answer.reason and u.answer.next_test for u in unmeasured)


def measured(value: float, day: int, part: str = "", item: str = "lunge_test", unit: str = "cm") -> ExamItem:
    return ExamItem(item, "left", value, unit, "by hand", part, measured_on=date(2026, 11, day))


def test_of_several_days_the_latest_is_judged_and_repeats_of_one_day_are_averaged() -> None:
    exam = (measured(5.0, 1), measured(9.0, 8), measured(10.0, 8, "repeat 2"))
    (finding,), _ = find_exam(Person(age_years=25.0, sex="female", exam=exam))
    assert finding.estimate.value == 9.5 and "mean of 2 repeats" in finding.method
    assert finding.id == "ankle.lunge_test"


def test_the_difference_of_sides_is_of_the_latest_values() -> None:
    right = ExamItem("lunge_test", "right", 9.0, "cm", "by hand")
    findings, _ = find_exam(Person(exam=(measured(5.0, 1), measured(12.0, 8), right)))
    assert next(f for f in findings if f.id == "ankle.lunge_test_difference").estimate.value == 3.0


def test_each_part_of_a_test_has_its_own_place_and_no_verdict() -> None:
    exam = (
        measured(5.0, 1, "hip angle", "modified_thomas", "degrees"),
        measured(70.0, 1, "knee angle", "modified_thomas", "degrees"),
        measured(1.0, 1, "L4 sensation", "root_screen_l2_s2", "same / reduced / absent"),
    )
    findings, _ = find_exam(Person(age_years=25.0, exam=exam))
    assert [f.id for f in findings] == [
        "hip.modified_thomas.hip_angle",
        "hip.modified_thomas.knee_angle",
        "nerve.root_screen.l4_sensation",
    ]
    assert {f.verdict for f in findings} == {"unknown"}


def test_repeats_in_words_that_differ_are_shown_as_not_known() -> None:
    exam = tuple(measured(v, 1, p, "slump", "negative / positive") for v, p in ((0.0, ""), (1.0, "repeat 2")))
    findings, (gap,) = find_exam(Person(exam=exam))
    assert findings == [] and gap.id == "lumbar.slump" and "not known" in gap.answer.reason


def test_a_skipped_part_says_which() -> None:
    skipped = Person(not_examined=(NotExamined("root_screen_l2_s2", "left", "skipped", "", "ankle reflex"),))
    (gap,) = find_exam(skipped)[1]
    assert gap.id == "nerve.root_screen.ankle_reflex" and "ankle reflex" in gap.name
