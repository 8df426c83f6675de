"""Every link of the chain is either measured or named as missing, in order."""

import numpy as np
import pytest

from kinechain.care.person.person import ExamItem, Person
from kinechain.findings.find import LINKS, REGIONS, find_findings
from kinechain.recording.recording import Markers, Recording


def recording(**points: tuple[float, float, float]) -> Recording:
    names = tuple(points)
    positions = np.array([[points[n] for n in names]], dtype=float)
    markers = Markers(names, positions, 100.0)
    return Recording("standing.c3d", "0" * 64, "C3D", markers, landmarks=tuple((n, n) for n in names))


def test_a_person_nobody_measured_has_every_link_missing_in_order() -> None:
    findings, unmeasured = find_findings(Person(), None, None, None, ())
    assert findings == ()
    assert {u.id for u in unmeasured} == {link.id for link in LINKS}
    places = [REGIONS.index(u.id.partition(".")[0]) for u in unmeasured]
    assert places == sorted(places)
    assert REGIONS.index("thorax") < REGIONS.index("pelvis") < REGIONS.index("knee") < REGIONS.index("hallux")


def test_every_region_of_the_chain_has_a_link() -> None:
    assert {link.region for link in LINKS} >= set(REGIONS[: REGIONS.index("gait")])
    for link in LINKS:
        assert link.id.startswith(f"{link.region}.")
        assert link.reason and link.next_test


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.id)
def test_a_standing_trial_without_landmarks_closes_no_link_silently(link) -> None:
    _, unmeasured = find_findings(Person(), None, recording(vertex=(0, 0, 1.7)), None, ())
    region = link.id.partition(".")[0]
    assert any(u.id.startswith(f"{region}.") for u in unmeasured)


def test_what_the_examination_measured_is_not_missing() -> None:
    exam = (ExamItem("single_heel_rise", "left", 20.0, "repetitions", "metronome"),)
    _, unmeasured = find_findings(Person(exam=exam), None, None, None, ())
    assert "ankle.strength" not in {u.id for u in unmeasured}


def test_leg_length_is_never_guessed() -> None:
    _, unmeasured = find_findings(Person(), None, None, None, ())
    leg = next(u for u in unmeasured if u.id == "leg.length")
    assert "never guessed" in leg.answer.reason


def test_findings_of_a_standing_trial_come_from_proximal_to_distal() -> None:
    standing = recording(
        asis_r=(0.08, -0.12, 1.0), asis_l=(0.08, 0.12, 1.0), psis_r=(-0.08, -0.05, 1.02), psis_l=(-0.08, 0.05, 1.02)
    )
    findings, unmeasured = find_findings(Person(age_years=30.0, sex="male"), None, standing, None, ())
    assert [f.id for f in findings if f.id.startswith("pelvis.")] == [
        "pelvis.obliquity_standing",
        "pelvis.tilt_standing",
    ]
    assert len({(u.id, u.side) for u in unmeasured}) == len(unmeasured)


def test_what_both_sides_lack_is_said_once() -> None:
    standing = recording(asis_r=(0.08, -0.12, 1.0), asis_l=(0.08, 0.12, 1.0))
    _, unmeasured = find_findings(Person(), None, standing, None, ())
    arch = [u for u in unmeasured if u.id == "foot.arch_height_standing"]
    assert [u.side for u in arch] == ["both"]
    assert "the left and right navicular" in arch[0].answer.reason
