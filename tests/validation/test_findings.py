"""One healthy person from file to findings: every link answered, few measures outside, the plates weigh the mass."""

from pathlib import Path

import pytest

from kinechain.analysis import Assessment, assess
from kinechain.care.person.person import ExamItem, Person
from kinechain.findings.find import LINKS, REGIONS


@pytest.fixture(scope="module")
def healthy(shared: Path) -> Assessment:
    folder = shared / "data" / "dev" / "schreiber_moissenet" / "2014001"
    exam = (ExamItem("fpi6", "left", 2.0, "points", "observed"),)
    person = Person(sex="male", age_years=31.0, height_m=1.66, mass_kg=67.0, exam=exam)
    walks = [folder / f"2014001_{name}.c3d" for name in ("C1_01", "C4_05", "C5_01")]
    return assess(person, walks, folder / "2014001_ST.c3d")


def test_every_link_is_measured_or_named_as_missing(healthy: Assessment) -> None:
    spoken = [f.id for f in healthy.findings] + [u.id for u in healthy.unmeasured]
    for link in LINKS:
        assert any(name.startswith(link.ids) or name == link.id for name in spoken), link.id
    places = [REGIONS.index(f.id.partition(".")[0]) for f in healthy.findings]
    assert places == sorted(places)


def test_a_healthy_walk_is_mostly_within_and_hardly_outside(healthy: Assessment) -> None:
    judged = [f for f in healthy.findings if f.verdict != "unknown"]
    assert len(judged) >= 15
    assert sum(f.verdict == "outside" for f in judged) <= 0.1 * len(judged)


def test_only_one_speed_is_averaged_and_the_others_are_named(healthy: Assessment) -> None:
    knee = next(f for f in healthy.findings if f.id == "knee.flexion_peak_swing")
    assert "2014001_C1_01.c3d" in knee.method and "left out" in knee.method


def test_the_gait_profile_of_a_healthy_adult_is_single_digit(healthy: Assessment) -> None:
    scores = [f for f in healthy.findings if f.id == "gait_profile.gps"]
    assert {f.side for f in scores} == {"left", "right", "both"}
    assert all(2.0 < f.estimate.value < 10.0 for f in scores)


def test_the_plates_weigh_the_person(healthy: Assessment) -> None:
    mass = next(f for f in healthy.findings if f.id == "quality.plate_mass")
    assert mass.estimate.value == pytest.approx(67.0, rel=0.06)


def test_everything_shown_has_a_source_a_method_and_a_showable_norm(healthy: Assessment) -> None:
    for finding in healthy.findings:
        assert finding.method and finding.estimate.source
        if finding.norm is not None:
            assert finding.norm.cohort and finding.norm.source and finding.norm.grade
        if finding.verdict != "unknown":
            assert finding.norm is not None and finding.norm.is_adult


def test_no_deviation_below_its_error_is_called_outside(healthy: Assessment) -> None:
    for finding in healthy.findings:
        change = finding.minimal_detectable_change
        if finding.verdict == "outside" and change is not None and finding.norm is not None:
            middle = (finding.norm.low + finding.norm.high) / 2
            assert abs(finding.estimate.value - middle) >= change
