"""Mass and height in the metadata: numbers that can be a person's, and no word of who it is."""

import numpy as np
import pytest
from c3d_bytes import C3dBytes, Entry

from kinechain.recording.readers.c3d_format import parse_c3d
from kinechain.recording.readers.c3d_person import find_body_size


def size(*entries, subject=None):
    c3d = parse_c3d(C3dBytes(np.ones((2, 1, 3)), entries=[Entry(*e) for e in entries]).build(), "a.c3d")
    notes = []
    return find_body_size(c3d.parameters, subject, notes), notes


@pytest.mark.parametrize("group", ["PROCESSING", "SUBJECT", "SUBJECTS"])
@pytest.mark.parametrize("mass", ["Bodymass", "BODY_MASS", "Mass", "Weight", "Body weight (kg)", "SubjectMass"])
@pytest.mark.parametrize(("height", "stated"), [("Height", 1820.0), ("HEIGHT_CM", 182.0), ("Stature", 1.82)])
def test_names_and_units(group, mass, height, stated):
    found, notes = size((group, mass, 67.0, "real"), (group, height, stated, "real"))
    assert found == pytest.approx((67.0, 1.82))
    assert notes == []


def test_integers_texts_and_lists_of_names_and_values():
    assert size(("SUBJECT", "WEIGHT", 67), ("SUBJECT", "HEIGHT", 182))[0] == pytest.approx((67.0, 1.82))
    assert size(("SUBJECT", "WEIGHT", ["67,5 kg"]), ("SUBJECT", "HEIGHT", ["182"]))[0] == pytest.approx((67.5, 1.82))
    listed = (("SUBJECT", "LABELS", ["Age", "Mass", "Height"]), ("SUBJECT", "VALUES", np.array([30.0, 67.0, 1820.0])))
    assert size(*listed)[0] == pytest.approx((67.0, 1.82))


def test_text_is_no_number():
    assert size(("SUBJECT", "WEIGHT", ["Anna 67"]), ("SUBJECT", "HEIGHT", ["born 1955"])) == ((None, None), [])


@pytest.mark.parametrize(
    ("stated", "kg", "code"), [(67000.0, 67.0, "person.mass_unit"), (657.0, 67.0, "person.mass_unit")]
)
def test_grams_and_newtons_are_told_and_said(stated, kg, code):
    (mass, _), notes = size(("SUBJECT", "MASS", stated, "real"))
    assert mass == pytest.approx(kg, rel=1e-3)
    assert [n.code for n in notes] == [code]


def test_pounds_and_inches_where_they_are_named():
    found, _ = size(("SUBJECT", "WEIGHT_LBS", 148.0, "real"), ("SUBJECT", "HEIGHT_IN", 70.0, "real"))
    assert found == pytest.approx((67.13, 1.778), rel=1e-3)


def test_an_adult_of_seventy_is_measured_in_inches():
    (mass, height), notes = size(("SUBJECT", "WEIGHT", 67.0, "real"), ("SUBJECT", "HEIGHT", 70.0, "real"))
    assert (mass, height) == pytest.approx((67.0, 1.778))
    assert [n.code for n in notes] == ["person.height_unit"]
    assert size(("SUBJECT", "WEIGHT", 9.0, "real"), ("SUBJECT", "HEIGHT", 70.0, "real"))[0] == pytest.approx((9.0, 0.7))


def test_placeholders_are_refused():
    found, notes = size(("PROCESSING", "Bodymass", 1.0, "real"), ("PROCESSING", "Height", 1.0e5, "real"))
    assert found == (None, None)
    assert {n.code for n in notes} == {"person.mass", "person.height"}
    assert size(("PROCESSING", "Bodymass", 0.0, "real"), ("PROCESSING", "Height", float("nan"), "real")) == (
        (None, None),
        [],
    )


def test_of_several_subjects_only_the_one_read_counts():
    several = ("PROCESSING", "Bodymass", np.array([67.0, 80.0]))
    assert size(several)[0] == (None, None)
    assert size(several, subject=1)[0] == (80.0, None)
