"""Strides and stances behind the figures."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.motion.signs import ANGLES
from kinechain.report.curves import KINEMATIC_PAGES, collect_forces, collect_strides, mean_stride


def test_each_side_is_cut_at_its_own_strikes(make_assessment):
    trial = make_assessment().trials[0]
    strides = collect_strides((trial,), "knee_flexion")
    assert strides.left.shape == (4, 101)
    assert strides.right.shape == (3, 101)
    assert strides.left_foot_off == pytest.approx(62.0, abs=0.1)
    # The invented curve has its peak at 72 % of the cycle of either side.
    assert np.argmax(mean_stride(strides.left)) == pytest.approx(72, abs=2)
    assert np.argmax(mean_stride(strides.right)) == pytest.approx(72, abs=2)
    assert mean_stride(strides.left).max() == pytest.approx(54.0, abs=2.0)


def test_an_angle_that_was_not_measured_is_empty(make_assessment):
    trials = make_assessment().trials
    assert collect_strides(trials, "hallux_dorsiflexion").is_empty
    assert collect_strides(trials, "no_such_angle").is_empty


def test_every_panel_draws_an_angle_of_the_sign_table():
    known = {angle.id for angle in ANGLES}
    assert {panel.key for page in KINEMATIC_PAGES for panel in page.panels} <= known


def test_panels_stand_in_the_column_of_their_plane():
    planes = {angle.id: angle.plane for angle in ANGLES}
    columns = ("sagittal", "frontal", "transverse")
    for page in KINEMATIC_PAGES:
        for label, row in page.rows:
            if label.startswith("L5/S1"):
                continue
            for panel, plane in zip(row, columns, strict=True):
                assert panel is None or planes[panel.key] == plane


def test_forces_are_in_body_weight_and_medial_is_positive_on_both_sides(make_assessment):
    assessment = make_assessment()
    forces = collect_forces(assessment.trials, 64.0)
    assert len(forces["vertical"].left) == 1
    assert len(forces["vertical"].right) == 1
    middle = mean_stride(forces["vertical"].left)[10:90]
    assert 60 < middle.min() < middle.max() < 160
    for side in ("left", "right"):
        assert mean_stride(forces["medial"].of(side))[50] == pytest.approx(100 * 0.04 * 9.81 / 9.80665, abs=0.1)
        braking, push_off = mean_stride(forces["forward"].of(side))[[25, 75]]
        assert braking < 0 < push_off


def test_a_stance_that_spills_over_a_plate_is_left_out(make_assessment):
    trial = make_assessment().trials[0]
    late = tuple(replace(p, start_s=p.start_s + 0.2) for p in trial.recording.plates)
    assert collect_forces((replace(trial, recording=replace(trial.recording, plates=late)),), 64.0) == {}
