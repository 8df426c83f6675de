"""Walks in which only clusters are worn: the bones were marked while standing, and nothing names the set."""

from __future__ import annotations

import numpy as np
import pytest

import geometric_person as geometry
from kinechain.analysis import Assessment, assess
from kinechain.care.person.person import Person

#: Clusters as weighted means of landmarks of one bone, which are as rigid as the bone.
CLUSTERS = {
    "{S}_TH_1": {"greater_trochanter": 0.6, "lateral_femoral_epicondyle": 0.4},
    "{S}_TH_2": {"greater_trochanter": 0.3, "lateral_femoral_epicondyle": 0.7},
    "{S}_TH_3": {"greater_trochanter": 0.5, "lateral_femoral_epicondyle": 0.2, "medial_femoral_epicondyle": 0.3},
    "{S}_SH_1": {"fibula_head": 0.6, "lateral_malleolus": 0.4},
    "{S}_SH_2": {"fibula_head": 0.3, "lateral_malleolus": 0.7},
    "{S}_SH_3": {"tibial_tuberosity": 0.7, "lateral_malleolus": 0.2, "medial_malleolus": 0.1},
}
WORN_ALWAYS = {
    "{S}_ASIS": "asis", "{S}_PSIS": "psis", "{S}_HEEL": "heel",
    "{S}_MT1": "metatarsal_1_head", "{S}_MT5": "metatarsal_5_head",
}  # fmt: skip
STANDING_ONLY = {
    "{S}_KNEE_LAT": "lateral_femoral_epicondyle", "{S}_KNEE_MED": "medial_femoral_epicondyle",
    "{S}_ANKLE_LAT": "lateral_malleolus", "{S}_ANKLE_MED": "medial_malleolus",
}  # fmt: skip


def worn(markers: dict[str, np.ndarray], single: dict[str, str]) -> dict[str, np.ndarray]:
    out = {}
    for s in "rl":
        out |= {label.format(S=s.upper()): markers[f"{name}_{s}"] for label, name in single.items()}
        for label, parts in CLUSTERS.items():
            out[label.format(S=s.upper())] = sum(share * markers[f"{name}_{s}"] for name, share in parts.items())
    return out


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Assessment, dict[str, np.ndarray]]:
    folder = tmp_path_factory.mktemp("clusters")
    markers, truth = geometry.walk({"r": 0.62, "l": 0.62}, 105.0)
    static = geometry.write(folder / "s.trc", worn(geometry.held(geometry.stand(), 60), WORN_ALWAYS | STANDING_ONLY))
    walk = geometry.write(folder / "w.trc", worn(markers, WORN_ALWAYS), heading=90.0)
    return assess(Person(mass_kg=70.0, height_m=1.72), [walk], static), truth


@pytest.mark.parametrize(
    ("angle", "error_deg"),
    [("hip_flexion", 3.0), ("knee_flexion", 3.0), ("ankle_dorsiflexion", 4.0), ("pelvis_tilt", 2.0)],
)
def test_clusters_alone_carry_the_angles_of_a_walk(walked, angle: str, error_deg: float) -> None:
    assessment, truth = walked
    trial = assessment.trials[0]
    assert len(trial.cycles) >= 4
    for side in ("right", "left"):
        first, last = (
            round(100 * (t - trial.angles.start_s)) for t in (trial.cycles[0].start_s, trial.cycles[-1].end_s)
        )
        error = np.degrees(trial.angles.angle(f"{angle}_{side}")) - truth[f"{angle}_{side}"]
        assert np.abs(error[first:last]).mean() < error_deg


def test_the_set_is_told_and_what_was_read_from_words_is_said(walked) -> None:
    assessment, _ = walked
    for recording in (assessment.trials[0].recording, assessment.standing.recording):
        assert {f"segment:{bone}_{s}" for bone in ("femur", "tibia") for s in "rl"} <= {
            landmark for _, landmark in recording.landmarks
        }
        assert recording.score > 0.75
        assert recording.runner_up[0]
