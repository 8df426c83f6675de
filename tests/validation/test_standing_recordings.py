"""Who carries what in shared recordings: the figures of the manifest, recovered by feet and plates."""

from pathlib import Path

import pytest

from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.loads.quiet_standing import FootLoads, Sway, foot_loads, left_share, measure_standing
from kinechain.motion.marker_paths import marker_paths
from kinechain.recording.collect import collect_recordings
from kinechain.recording.join import join_recordings
from kinechain.recording.read import read_recording
from kinechain.recording.visit import prepare_visit


def opencap(shared: Path, trial: str) -> FootLoads | NotMeasured:
    folder = shared / "data" / "dev" / "opencap_validation_s4"
    paths = [folder / f"{trial}.trc", folder / f"{trial}_grf.mot"]
    joined = join_recordings([read_recording(path) for path in paths])
    refused: list[str] = []
    (whole,) = (r for r in joined if r.markers)
    (ready,) = prepare_visit({paths[0]: whole}, None, None, refused).values()
    return foot_loads(ready.plates, marker_paths(ready))


def test_an_asymmetric_rise_loads_the_right_leg_and_a_symmetric_one_both(shared: Path) -> None:
    uneven, even = opencap(shared, "STSAsym1"), opencap(shared, "STS1")
    assert isinstance(uneven, FootLoads) and isinstance(even, FootLoads)
    # The manifest: 277.8 N against 105.7 N on average.
    assert uneven.right_n.mean() == pytest.approx(277.8, abs=0.1)
    assert uneven.left_n.mean() == pytest.approx(105.7, abs=0.1)
    assert left_share(uneven).value == pytest.approx(27.6, abs=0.1)
    assert left_share(even).low < 50.0 < left_share(even).high


def test_a_short_stand_has_shares_and_a_sway_without_frequency(shared: Path) -> None:
    folder = shared / "data" / "dev" / "opencap_validation_s4"
    standing = collect_recordings([folder / "static1_grf.mot"], folder / "static1.trc").standing
    assert standing is not None
    measured = measure_standing(standing, 60.0)
    # The manifest: 588.8 N stand on the plates; 311.1 of them under the left foot.
    assert isinstance(measured.left, Estimate) and measured.left.value == pytest.approx(52.84, abs=0.05)
    assert isinstance(measured.sway, Sway) and measured.sway.frequency_hz is None
    assert 0.005 < measured.sway.velocity_m_s < 0.02
    for _, share in measured.rear:
        assert isinstance(share, Estimate) and 35.0 < share.value < 75.0


@pytest.mark.parametrize(
    ("trial", "mass", "said"),
    [
        ("lab_FMC/MH0222_BP08.c3d", 81.0, "69.6 of 81.0 kg"),
        ("rezaie_qtm_running/static_1_marker.trc", None, "no force plate that can be used"),
        ("c3dorg_qualisys/Standing_Hybrid_2.c3d", None, "no force plate carries a load"),
    ],
)
def test_a_stand_that_the_plates_do_not_carry_says_so(shared: Path, trial: str, mass: float | None, said: str) -> None:
    standing = collect_recordings([], shared / "data" / "dev" / trial).standing
    assert standing is not None
    measured = measure_standing(standing, mass)
    assert isinstance(measured.sway, NotMeasured) and said in measured.sway.reason
