"""Leg-length differences of six people from one frame of standing, against the lengths supplied with the recordings."""

import csv
import math
from pathlib import Path

import pytest

from kinechain.care.person.person import Person
from kinechain.findings.posture import find_posture
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording

pytestmark = pytest.mark.filterwarnings("default")


def differences(shared: Path, measure: str) -> dict[str, tuple[float, float]]:
    """Return the supplied and the measured difference, left minus right, mm, by subject."""
    folder = shared / "data" / "dev" / "schreiber_moissenet"
    out = {}
    for row in csv.DictReader((folder / "anthropometrics.csv").read_text(encoding="utf-8").splitlines()):
        key = row["subjectID"]
        supplied = 1000.0 * (float(row["leftLegLength"]) - float(row["rightLegLength"]))
        standing = prepare_recording(read_recording(folder / key / f"{key}_ST.c3d"))
        findings, _ = find_posture(Person(age_years=float(row["age"])), None, standing, None)
        found = next(f for f in findings if f.id == measure)
        assert found.estimate.low <= supplied <= found.estimate.high, f"{key}: the interval misses the supplied length"
        out[key] = supplied, found.estimate.value
    return out


def test_signed_error_is_under_seven_millimetres_and_the_longer_side_is_right(shared: Path) -> None:
    """The supplied lengths turn out to be trochanter - epicondyle - malleolus; the same definition must agree."""
    pairs = differences(shared, "leg.length_markers_difference")
    assert len(pairs) == 6
    assert math.sqrt(sum((found - supplied) ** 2 for supplied, found in pairs.values()) / 6) < 7.0
    assert all(supplied * found > 0 for supplied, found in pairs.values() if abs(supplied) >= 8.0)


def test_no_difference_is_called_outside_while_the_error_covers_it(shared: Path) -> None:
    folder = shared / "data" / "dev" / "schreiber_moissenet"
    for path in sorted(folder.glob("*/*_ST.c3d")):
        findings, unmeasured = find_posture(Person(age_years=30.0), None, prepare_recording(read_recording(path)), None)
        legs = [f for f in findings if f.id.startswith("leg.") and f.id.endswith("_difference")]
        assert len(legs) == 4
        assert {f.verdict for f in legs} <= {"within", "unknown"}
        assert "one frame" in legs[0].method
        assert {"foot.arch_height_standing", "hindfoot.alignment_standing"} <= {u.id for u in unmeasured}
