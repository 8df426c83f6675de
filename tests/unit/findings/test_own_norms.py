"""A laboratory's own norms, turned to our angles, and where they are drawn."""

import hashlib

import numpy as np
import pytest

from kinechain.care.person.person import Person
from kinechain.core.errors import FileError
from kinechain.findings.norms import CURVE_SIGNS, read_cohort
from kinechain.findings.own_norms import OWN_SIGNS, own_sign_table, read_own_norms
from kinechain.report.norms import find_bands


def gcd_of_adults():
    """The published adult curves as a laboratory would bring them in a GCD."""
    lines = ["#!DST-0.1 GCD Oxford Metrics", "$PREFIXES", "Left", "Right"]
    adults = read_cohort("adults")
    for variable, (angle, sign) in OWN_SIGNS.items():
        lines.append(f"!{variable} 3")
        mean, sd = (np.degrees(v)[::2] for v in adults[angle])
        lines += [f"{sign * m:.6f} {s:.6f}" for m, s in zip(mean, sd, strict=True)]
    return "\n".join([*lines, "!KneePower 3", *["0.1 0.2"] * 51, "!LeftKneeRotation 1", *["1 0"] * 51]) + "\n"


def test_curves_of_a_gcd_stand_where_ours_stand(tmp_path):
    path = tmp_path / "our_lab.gcd"
    path.write_text(gcd_of_adults() + "\x1a")
    own = read_own_norms(path)
    assert own.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert own.unused == ("KneePower", "LeftKneeRotation (without spread)")
    adults = read_cohort("adults")
    for curve in own.curves:
        np.testing.assert_allclose(curve.mean[::2], np.degrees(adults[curve.angle][0])[::2], atol=1e-5)
    assert "KneePower" in " ".join(own.notes) and own.sha256 in own.notes[0]
    bands = find_bands(Person(age_years=40.0), own)
    assert bands["knee_flexion"].cohort == own.cohort and not bands["knee_flexion"].can_judge
    assert bands["thorax_tilt"].cohort == find_bands(Person(age_years=40.0))["thorax_tilt"].cohort


def test_signs_of_a_gcd_agree_with_the_physiology_that_settles_the_published_ones(tmp_path):
    """In early stance a walker's hip is flexed and adducted, the foot points outward; the knee flexes in swing."""
    (tmp_path / "n.gcd").write_text(gcd_of_adults())
    curves = {c.angle: c.mean for c in read_own_norms(tmp_path / "n.gcd").curves}
    assert curves["hip_flexion"][0] > 20 and curves["knee_flexion"][72] > 40
    assert curves["hip_adduction"][15] > 0 and curves["foot_progression"][30] < 0
    assert {angle for angle, _ in OWN_SIGNS.values()} <= {row.angle for row in CURVE_SIGNS}
    assert "`HipFlexExt` | `hip_flexion` | + |" in own_sign_table()


def test_left_and_right_become_one_curve_and_a_csv_takes_our_ids(tmp_path):
    rows = [
        f"LeftKneeFlexExt,{p},{p},3\nRightKneeFlexExt,{p},{p + 10},4\nhip_flexion,{p},1,1" for p in range(0, 101, 5)
    ]
    (tmp_path / "n.csv").write_text("variable,percent,mean,sd\n" + "\n".join(rows) + "\n")
    curves = {c.angle: c for c in read_own_norms(tmp_path / "n.csv").curves}
    assert curves["hip_flexion"].mean[0] == 1.0
    assert curves["knee_flexion"].mean[50] == pytest.approx(55.0)
    assert curves["knee_flexion"].sd[50] == pytest.approx(np.sqrt((9 + 16) / 2))


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\x00\x01\x02", "no text"), (b"variable,percent,mean,sd\n", "no rows"), (b"hello", "neither a GCD nor a CSV")],
)
def test_other_files_are_no_norms(tmp_path, content, said):
    (tmp_path / "n.csv").write_bytes(content)
    with pytest.raises(FileError, match=said):
        read_own_norms(tmp_path / "n.csv")
    with pytest.raises(FileError, match="there is no file"):
        read_own_norms(tmp_path / "gone.gcd")


def test_an_assessment_names_the_file_and_its_hash(tmp_path):
    from kinechain.analysis import assess
    from kinechain.care.person.person_file import read_person

    (tmp_path / "p.toml").write_text(
        '[person]\nage_years = 45\n[exam]\nnavicular_drop = { side = "left", value = 9, method = "ruler" }\n'
    )
    (tmp_path / "lab.gcd").write_text(gcd_of_adults())
    assessment = assess(read_person(tmp_path / "p.toml"), norms=tmp_path / "lab.gcd")
    digest = hashlib.sha256((tmp_path / "lab.gcd").read_bytes()).hexdigest()
    assert assessment.provenance.inputs["lab.gcd (own norms)"] == digest
    assert any(digest in note and "knee_flexion" in note for note in assessment.notes)
    assert assessment.own_norms is not None and assessment.own_norms.sha256 == digest
