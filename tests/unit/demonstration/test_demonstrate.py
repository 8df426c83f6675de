"""The example person: what was made on purpose comes back, inside the stated intervals."""

from pathlib import Path

import numpy as np
import pytest

from kinechain.analysis import Assessment
from kinechain.care.person import Person
from kinechain.demonstration import demonstrate
from kinechain.demonstration.demonstrate import write_recordings
from kinechain.demonstration.walk import Asymmetry
from kinechain.recording.read import read_recording

PERSON = Person(sex="female", age_years=38.0, height_m=1.68, mass_kg=64.0)


@pytest.fixture(scope="module")
def assessment() -> Assessment:
    return demonstrate()


@pytest.mark.parametrize(
    ("measure", "made"),
    [
        ("knee.flexion_peak_swing_difference", -Asymmetry().knee_flexion_left_deg),
        ("hindfoot.eversion_peak_stance_difference", -Asymmetry().eversion_right_deg),
        ("leg.length_joint_centres_difference", -Asymmetry().shank_left_mm),
    ],
)
def test_what_was_made_on_purpose_lies_in_the_stated_interval(
    assessment: Assessment, measure: str, made: float
) -> None:
    estimate = next(f.estimate for f in assessment.findings if f.id == measure)
    assert estimate.low <= made <= estimate.high
    assert estimate.value * made > 0


def test_the_stiff_knee_is_the_one_measure_outside(assessment: Assessment) -> None:
    outside = [(f.id, f.side) for f in assessment.findings if f.verdict == "outside"]
    assert ("knee.flexion_peak_swing", "left") in outside
    assert ("knee.flexion_peak_swing", "right") not in outside


def test_the_page_can_say_that_nobody_walked(assessment: Assessment) -> None:
    assert assessment.is_demonstration
    assert any("nobody walked" in note for note in assessment.notes)
    assert not assessment.screen.plan_locked
    assert len(assessment.trials[0].cycles) >= 4


def test_the_same_files_are_made_every_time(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    for one, other in zip(
        write_recordings(first, PERSON, Asymmetry()), write_recordings(second, PERSON, Asymmetry()), strict=True
    ):
        assert one.read_bytes() == other.read_bytes()


def test_the_standing_foot_neither_slips_nor_sinks(tmp_path: Path) -> None:
    """In the middle of stance the heel stays where it is; the file's second axis points up, its third forward."""
    still = Asymmetry(marker_noise_mm=0.0, soft_tissue_mm=0.0, gaps=0)
    markers = read_recording(write_recordings(tmp_path, PERSON, still)[1]).require_markers()
    heel = markers.position("R_FCC")
    stride = round(still.stride_time_s * markers.rate_hz)
    middle = heel[stride + round(0.15 * stride) : stride + round(0.30 * stride)]
    assert np.ptp(middle[:, 1]) < 0.01
    assert np.ptp(middle[:, 2]) < 0.02
    assert -0.02 < heel[:, 1].min() < 0.05


def test_gaps_are_where_they_are_said_to_be(tmp_path: Path) -> None:
    made = Asymmetry(gaps=5)
    positions = read_recording(write_recordings(tmp_path, PERSON, made)[1]).require_markers().positions
    missing = np.isnan(positions).any(axis=2).sum()
    assert 0 < missing <= made.gaps * round(made.gap_s * 100)
