"""The JSON of inspections: against its schema, stable, without NaN."""

import json
from dataclasses import replace

import pytest
from inspected import hostile, refused, walk

from kinechain.inspection.folder import LeftOut
from kinechain.inspection.inspection import Inspection
from kinechain.report.inspection_json import inspection_json, read_inspection_schema
from schema_check import faults


@pytest.mark.parametrize(
    "rows", [[walk()], [walk(), refused()], [hostile()], [], [Inspection("a.mot", 1, "00" * 32, format="MOT")]]
)
def test_every_output_fits_the_schema(rows):
    document = json.loads(inspection_json(rows, [LeftOut(".txt", ("a.txt",))]))
    assert faults(document, read_inspection_schema()) == []


def test_the_schema_refuses_what_it_does_not_know():
    document = json.loads(inspection_json([walk()]))
    document["files"][0]["uses"][0]["verdict"] = "maybe"
    document["files"][0]["axes"]["up"] = "Z"
    document["files"][0]["secret"] = 1
    assert len(faults(document, read_inspection_schema())) >= 3


def test_a_number_that_is_none_is_null():
    text = inspection_json([replace(walk(), speed_m_s=float("nan"), plate_mass_kg=float("inf"))])
    (file,) = json.loads(text)["files"]
    assert file["speed_m_s"] is None
    assert file["person"]["plate_mass_kg"] is None
    assert "NaN" not in text and "Infinity" not in text


def test_the_same_files_give_the_same_text():
    assert inspection_json([walk(), refused()]) == inspection_json([walk(), refused()])


def test_a_refused_file_says_why_and_nothing_else():
    (file,) = json.loads(inspection_json([refused()]))["files"]
    assert file["refused"].startswith("broken.c3d is empty")
    assert (file["format"], file["uses"], file["markers"]) == (None, [], [])
