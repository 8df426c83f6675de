"""What a part of a plan says in its lines is not said again in its sentences."""

from __future__ import annotations

from care_people import item, plan_of, with_pain
from kinechain.care.person.person import Treatment
from kinechain.care.planning.plan import Orthosis, OrthosisParameters, Plan
from kinechain.cli.plan_text import Style, plan_lines
from kinechain.core.estimate import Estimate
from kinechain.report.letter_pdf import letter_text
from kinechain.report.plan_letter import clinician_plan, orthosis_sheets
from kinechain.report.plan_lines import part_lines, said_beside_lines
from kinechain.report.plan_summary import summarised


def predict(parameters: OrthosisParameters, side: str) -> tuple[tuple[str, Estimate], ...]:
    """Predict the same of any insole."""
    return (
        ("tilt of the pelvis", Estimate(-0.83, -1.52, -0.14, "deg", "what-if")),
        ("turn of the shin", Estimate(1.4, 0.9, 1.9, "deg", "what-if")),
    )


def made() -> tuple[Plan, Orthosis]:
    person = with_pain(
        "low_back",
        pain_weeks=30.0,
        treatments=(Treatment("exercise", "back", 8.0, "same"),),
        exam=(item("fpi6", "left", 7.0, "points"),),
    )
    plan = plan_of(person, predict=predict)
    (sheet,) = (part for part in plan.parts if isinstance(part, Orthosis))
    return plan, sheet


def test_each_prediction_of_an_orthosis_stands_once_wherever_a_clinician_reads() -> None:
    plan, sheet = made()
    letter = orthosis_sheets(plan, "P01")
    assert letter is not None
    read = {
        "sheet": letter_text(letter),
        "plan": letter_text(clinician_plan(plan, "P01")),
        "summary": summarised(sheet, "clinician").text,
        "terminal": "\n".join(plan_lines(plan, "P01", Style())),
        "terminal, all": "\n".join(plan_lines(plan, "P01", Style(is_full=True))),
    }
    for where, text in read.items():
        for name, _ in sheet.predicted:
            assert text.count(name) == 1, (where, name)
        assert "+1.4" not in text, where


def test_nothing_but_the_predictions_is_left_out_of_the_sentences() -> None:
    _, sheet = made()
    left_out = [s.key for s in sheet.said_to("clinician") if s not in said_beside_lines(sheet)]
    assert left_out == ["plan.orthosis_predicted"] * 2
    assert sum("predicts" in label.text for label, _ in part_lines(sheet)) == 2
    assert said_beside_lines(sheet, "patient") == sheet.said_to("patient")
