"""EMG and landings of real walks: when muscles work, and how faster walking loads faster."""

from pathlib import Path

import numpy as np
import pytest

from kinechain.core.estimate import NotMeasured
from kinechain.loads.impact import landings
from kinechain.loads.muscle_activity import MuscleCurve, envelopes, muscle_curves
from kinechain.motion.contacts import find_contacts
from kinechain.motion.cycles import find_cycles
from kinechain.motion.events import choose_events
from kinechain.motion.marker_paths import marker_paths
from kinechain.recording.collect import collect_recordings

TRIALS = ("2014001/2014001_C3_01", "2014001/2014001_C4_05", "2014001/2014001_C5_01", "2014007/2014007_C4_04",
          "2014015/2014015_C4_04", "2014022/2014022_C4_04")  # fmt: skip


@pytest.fixture(scope="module")
def recordings(shared: Path):
    folder = shared / "data" / "dev" / "schreiber_moissenet"
    return {name[8:]: collect_recordings([folder / f"{name}.c3d"]).walking[0] for name in TRIALS}


@pytest.fixture(scope="module")
def curves(recordings) -> dict[str, MuscleCurve]:
    walks = []
    for recording in recordings.values():
        found = envelopes(recording)
        assert not isinstance(found, NotMeasured)
        good, bad = found
        assert len(good) == 8 and not bad
        paths = marker_paths(recording)
        assert paths is not None
        chosen = choose_events(recording, paths)
        walks.append((good, find_cycles(chosen.events, chosen.stretches), None, None))
    return {curve.muscle: curve for curve in muscle_curves(walks)}


def test_every_right_muscle_has_its_strides(curves) -> None:
    assert set(curves) == {
        "tibialis_anterior", "soleus", "gastrocnemius_medialis", "vastus_medialis", "rectus_femoris",
        "semitendinosus", "gluteus_maximus", "gluteus_medius",
    }  # fmt: skip
    assert all(curve.side == "right" and curve.strides == 6 for curve in curves.values())


@pytest.mark.parametrize(
    ("muscle", "first", "last"),
    [
        ("soleus", 30, 52),
        ("gastrocnemius_medialis", 28, 50),
        ("vastus_medialis", 96, 15),
        ("gluteus_maximus", 92, 18),
        ("gluteus_medius", 96, 25),
        ("semitendinosus", 84, 10),
        ("tibialis_anterior", 92, 12),
    ],
)
def test_muscles_peak_where_anatomy_needs_them(curves, muscle: str, first: int, last: int) -> None:
    """The calf pushes off, thigh and hip take the load, the hamstrings brake the swing, the shin lowers the foot."""
    peak = int(np.argmax(curves[muscle].mean))
    assert first <= peak <= last if first < last else peak >= first or peak <= last, peak


def test_faster_walking_loads_faster(recordings) -> None:
    rates = []
    for speed in ("2014001_C3_01", "2014001_C4_05", "2014001_C5_01"):
        plates = recordings[speed].plates
        paths = marker_paths(recordings[speed])
        assert paths is not None
        found = landings(plates, find_contacts(plates, paths))
        assert not isinstance(found, NotMeasured) and len(found) == 2
        assert all(0.9 < x.stance_peak_n / (67.0 * 9.81) < 1.6 for x in found)
        rates.append(np.mean([x.average_rate_n_s for x in found]))
    assert rates == sorted(rates)
