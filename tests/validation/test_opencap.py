"""One person told to walk naturally, toe-in, toe-out and with a swaying trunk (opencap_validation_s4)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import validation_tables

from kinechain.body.fit import BodySize, fit_body
from kinechain.core.errors import RecordingError
from kinechain.motion.trial import analyze_gait


@pytest.fixture(scope="module")
def trials(shared: Path) -> list[validation_tables.OpencapTrial]:
    return validation_tables.opencap_trials(shared)


def of_kind(trials, kind: str) -> list[validation_tables.OpencapTrial]:
    found = [t for t in trials if t.kind == kind]
    assert len(found) == 3
    return found


@pytest.mark.parametrize("side", ["left", "right"])
def test_toe_in_is_more_internal_than_natural_and_natural_more_than_toe_out_in_every_trial(trials, side: str) -> None:
    inward, natural, outward = (
        [t.foot_progression_deg[side] for t in of_kind(trials, kind)] for kind in ("toe-in", "natural", "toe-out")
    )
    assert min(inward) > max(natural) + 5.0
    assert min(natural) > max(outward) + 5.0


def test_trunk_sway_leans_more_than_every_other_trial(trials) -> None:
    sway = [t.trunk_lean_range_deg for t in of_kind(trials, "trunk-sway")]
    rest = [t.trunk_lean_range_deg for t in trials if t.kind != "trunk-sway"]
    assert min(sway) > 2 * max(rest)


def test_joint_angles_lie_within_five_degrees_of_the_experts_inverse_kinematics(trials) -> None:
    assert np.median([v for t in trials for v in t.rms_deg.values()]) < 5.0
    for joint in ("hip_flexion", "knee_flexion", "ankle_dorsiflexion"):
        assert np.median([v for t in trials for k, v in t.rms_deg.items() if k.startswith(joint)]) < 5.0


def test_a_trial_without_a_full_stride_is_refused_in_one_sentence(shared: Path) -> None:
    folder = shared / "data/dev/opencap_validation_s4"
    static, walk = (validation_tables.prepared(folder / name) for name in ("static1.trc", "walking1.trc"))
    body = fit_body(BodySize(mass_kg=60.0), static=static, recording=walk)
    with pytest.raises(RecordingError, match="less than one full gait cycle") as refusal:
        analyze_gait(body, walk)
    assert "walking1.trc lasts 1.3 s" in str(refusal.value)
    with pytest.raises(RecordingError, match="nobody walks"):
        analyze_gait(body, static)
