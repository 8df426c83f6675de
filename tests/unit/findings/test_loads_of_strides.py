"""The loads of strides against loads whose peaks are known."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.skeleton import generic_body
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.evidence.library import read_facts
from kinechain.findings.loads import LOAD_MEASURES, load_measure, load_series, summarise_loads, with_samples
from kinechain.findings.published_loads import PUBLISHED, PUBLISHED_STANDING, load_sources, published_beside
from kinechain.findings.standing_loads import STANDING, summarise_standing
from kinechain.loads.loads import MEASURED, PREDICTED, UNKNOWN, FootReaction, JointReaction
from kinechain.loads.lumbar import estimate_facet_share
from kinechain.loads.strides import cut_stride, stride_curves
from kinechain.motion.cycles import find_cycles
from kinechain.motion.motion import Angles, Motion
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Event, Recording
from made_loads import ACHILLES_BW, CONTACT_BW, FASCIA_BW, LEFT, LUMBAR_BW, MOMENTS, SHARES, SHEAR_BW, made_loads

MASS = 64.0
WEIGHT = MASS * GRAVITY_M_S2


@pytest.fixture(scope="module")
def trial():
    events = []
    for side, first in (("left", 0.10), ("right", 0.65)):
        for k in range(5):
            start = first + 1.1 * k
            events += [Event("foot_strike", side, start, "plates")] if start < 5 else []
            events += [Event("foot_off", side, start + 0.68, "plates")] if start + 0.68 < 5 else []
    body = generic_body("female")
    names = tuple(c.name for c in body.coordinates)
    still = Motion(names, np.zeros((500, len(names))), 100.0, 0.0, (), np.empty((500, 0)), np.ones(500), body.hash)
    angles = Angles(("knee_flexion_left",), np.zeros((500, 1)), 100.0, 0.0)
    events = tuple(events)
    return GaitTrial(Recording("walk.c3d", "ab" * 32, "C3D"), still, angles, events, find_cycles(events))


@pytest.fixture(scope="module")
def rows(trial):
    return {(r.site, r.side, r.quantity): r for r in summarise_loads(generic_body("female"), [trial], [made_loads()])}


def test_a_peak_put_there_comes_back_to_the_last_digit(rows):
    for joint, (peak, frame) in CONTACT_BW.items():
        right, left = rows[joint, "right", "resultant_peak"], rows[joint, "left", "resultant_peak"]
        assert right.estimate.value == pytest.approx(peak * WEIGHT, rel=1e-12)
        assert left.estimate.value == pytest.approx(LEFT * peak * WEIGHT, rel=1e-12)
        assert right.phase == f"{round(100 * frame / 110)} % of the cycle"
        assert right.estimate.unit == "N"
    assert rows["achilles", "right", "tension_peak"].estimate.value == pytest.approx(ACHILLES_BW * WEIGHT)
    assert rows["plantar_fascia", "right", "tension_peak"].estimate.value == pytest.approx(FASCIA_BW * WEIGHT)


def test_compression_presses_and_forward_shear_pushes_the_upper_vertebra_forward(rows):
    for level, (base, rise) in LUMBAR_BW.items():
        peak = rows[level, "both", "compression_peak"]
        assert peak.estimate.value == pytest.approx((base + rise) * WEIGHT, rel=1e-9)
        assert rows[level, "both", "compression_least"].estimate.value == pytest.approx(base * WEIGHT, rel=1e-3)
        assert rows[level, "both", "anterior_shear_peak"].estimate.value == pytest.approx(SHEAR_BW * WEIGHT, rel=1e-9)
        assert rows[level, "both", "lateral_shear_peak"].estimate.value == pytest.approx(0.125 * WEIGHT, rel=1e-6)
        assert peak.phase == "9 % of a cycle after a foot strike"


def test_the_sacroiliac_force_is_told_whole_and_by_side(trial):
    loads = made_loads()
    down = np.zeros((500, 3))
    down[:, 2] = -1.5 * WEIGHT
    both = JointReaction("sacroiliac", down, np.zeros((500, 3)))
    rows = summarise_loads(generic_body("female"), [trial], [replace(loads, reactions=(both,))])
    found = {(r.side, r.quantity): r.estimate.value for r in rows if r.site == "sacroiliac"}
    assert found["both", "both_resultant_peak"] == pytest.approx(1.5 * WEIGHT)
    assert found["left", "resultant_peak"] == pytest.approx(0.75 * WEIGHT)
    assert found["right", "resultant_peak"] == pytest.approx(0.75 * WEIGHT)


def test_internal_moments_are_named_by_what_the_muscles_do(rows):
    for site, quantity, coordinate in (
        ("hip", "extension_moment_peak", "hip_flexion"),
        ("hip", "abduction_moment_peak", "hip_adduction"),
        ("knee", "extension_moment_peak", "knee_flexion"),
        ("ankle", "plantarflexion_moment_peak", "ankle_dorsiflexion"),
    ):
        found = rows[site, "right", quantity].estimate
        assert found.value == pytest.approx(-MOMENTS[coordinate][0] * MASS)
        assert found.unit == "N m"
    assert rows["ankle", "right", "power_generation_peak"].estimate.value == pytest.approx(2.5 * MASS)
    assert rows["knee", "right", "power_absorption_peak"].estimate.value == pytest.approx(0.75 * MASS)


def test_shares_of_the_sole_add_up_to_the_whole(rows):
    shares = [r.estimate.value for (site, side, _), r in rows.items() if (site, side) == ("sole", "left")]
    assert shares == pytest.approx(SHARES)


def test_a_load_says_how_the_ground_below_it_was_known(trial):
    body = generic_body("female")
    for origin, word in ((MEASURED, "measured"), (PREDICTED, "predicted")):
        assert {r.origin for r in summarise_loads(body, [trial], [made_loads(origin=origin)])} == {word}


def _with_right_foot(loads, origin):
    right, left = loads.ground.feet
    parts = {n: getattr(right, n) for n in FootReaction.__dataclass_fields__}
    ground = replace(loads.ground, feet=(FootReaction(**{**parts, "origin": origin}), left))
    return replace(loads, ground=ground)


def test_strides_on_plates_come_before_predicted_ones_and_the_other_foot_does_not_spoil_a_leg(trial):
    loads = made_loads(origin=MEASURED)
    origin = np.array(loads.ground.foot("right").origin)
    second = np.arange(500) > 300
    mixed = _with_right_foot(loads, np.where(second & (origin > 0), PREDICTED, origin))
    rows = summarise_loads(generic_body("female"), [trial], [mixed])
    found = {(r.site, r.side): r for r in rows if r.quantity == "resultant_peak"}
    assert found["knee", "left"].origin == "measured"
    assert found["knee", "left"].estimate.source == "spread of 4 strides"
    assert found["knee", "right"].origin == "measured"
    assert found["knee", "right"].estimate.source == "spread of only 2 strides"


def test_a_stride_whose_ground_nobody_knows_gives_no_load_of_that_leg(trial):
    loads = made_loads(origin=MEASURED)
    lost = _with_right_foot(loads, np.full(500, UNKNOWN))
    found = {(r.site, r.side) for r in summarise_loads(generic_body("female"), [trial], [lost])}
    assert ("knee", "left") in found
    assert ("knee", "right") not in found
    assert ("l5_s1", "both") not in found


def test_a_frame_that_could_not_be_computed_costs_its_stride_only(trial):
    loads = made_loads()
    knee = loads.reaction("knee_l")
    force = np.array(knee.force)
    force[60] = np.nan
    broken = replace(knee, force=force)
    reactions = tuple(broken if r.joint == "knee_l" else r for r in loads.reactions)
    before = summarise_loads(generic_body("female"), [trial], [loads])
    after = summarise_loads(generic_body("female"), [trial], [replace(loads, reactions=reactions)])
    said = [
        next(r for r in found if (r.site, r.side, r.quantity) == ("knee", "left", "resultant_peak")).estimate.source
        for found in (before, after)
    ]
    assert said == ["spread of 4 strides", "spread of 3 strides"]
    assert len(before) == len(after)


def test_every_load_measure_is_one_of_its_kind_and_can_be_looked_up(rows):
    keys = [(m.site, m.quantity) for m in LOAD_MEASURES]
    assert len(set(keys)) == len(keys)
    for row in rows.values():
        assert load_measure(row) is not None
    assert {m.site for m in LOAD_MEASURES} - {site for site, _, _ in rows} == {"sacroiliac"}


def test_achilles_is_what_the_triceps_pulls_and_a_tissue_where_there_is_no_such_muscle():
    loads = made_loads()
    table, tissues = loads.muscle_forces, loads.tissue_forces
    expected = table.column("soleus_r") + table.column("gasmed_r")
    np.testing.assert_allclose(load_series(loads, "tension achilles_{s}", "right"), expected)
    bare = replace(loads, muscle_forces=replace(table, labels=tuple(f"m{k}" for k in range(len(table.labels)))))
    assert load_series(bare, "tension achilles_{s}", "right") is None
    named = replace(bare, tissue_forces=replace(tissues, labels=("achilles_r", "b", "c", "d")))
    np.testing.assert_allclose(load_series(named, "tension achilles_{s}", "right"), tissues.values[:, 0])
    assert load_series(named, "tension plantar_fascia_{s}", "right") is None


def test_samples_of_the_model_widen_the_interval_to_their_side_only(rows):
    row = rows["knee", "right", "resultant_peak"]
    value = row.estimate.value
    samples = [
        [replace(row, estimate=replace(row.estimate, value=value + d, low=value + d, high=value + d))]
        for d in np.linspace(0.0, 100.0, 41)
    ]
    (wide,) = with_samples([row], samples)
    assert wide.estimate.value == value
    assert wide.estimate.low == row.estimate.low
    assert wide.estimate.high == pytest.approx(value + 97.5, abs=0.1)
    assert "41 models" in wide.estimate.source
    assert with_samples([row], []) == (row,)


def test_every_published_row_that_is_looked_for_exists():
    known = {(f.text("item"), f.text("quantity")) for f in read_facts("loads")}
    for wanted in (*PUBLISHED.values(), *PUBLISHED_STANDING.values()):
        assert set(wanted) <= known


def test_published_figures_stand_in_their_own_unit_and_misses_are_kept(rows):
    (spine,) = published_beside(rows["l3_l4", "both", "compression_peak"], MASS)
    assert (spine.low, spine.high, spine.unit, spine.place) == (1.0, 2.5, "BW", "inside")
    assert spine.computed == pytest.approx(1.75)
    assert spine.source == "cappozzo1984"
    assert spine.n == 5
    knee, *none = published_beside(rows["knee", "right", "resultant_peak"], MASS)
    assert not none
    assert (knee.value, knee.unit, knee.place) == (261.0, "%BW", "one value")
    assert knee.computed == pytest.approx(250.0)
    per_kg, in_kn, cited = published_beside(rows["achilles", "right", "tension_peak"], MASS)
    assert per_kg.computed == pytest.approx(ACHILLES_BW * GRAVITY_M_S2)
    assert in_kn.computed == pytest.approx(ACHILLES_BW * WEIGHT / 1000.0)
    assert in_kn.place == "inside"
    assert cited.place == "one value"
    cadaver, model = published_beside(rows["plantar_fascia", "right", "tension_peak"], MASS)
    assert cadaver.place == "inside"
    assert (cadaver.low, cadaver.high) == pytest.approx((0.96 - 1.96 * 0.36, 0.96 + 1.96 * 0.36))
    assert model.place == "one value"
    heavy = replace(rows["l3_l4", "both", "compression_peak"])
    assert published_beside(heavy, MASS / 4)[0].place == "above"
    assert load_sources((heavy, rows["knee", "right", "resultant_peak"]), MASS) == ("cappozzo1984", "kutzner2010")


def test_curves_and_cuts_follow_the_cycle(trial):
    cycle = trial.cycles[0]
    times = np.arange(500) / 100.0
    ramp = ((times - cycle.start_s) / cycle.duration_s)[:, None]
    np.testing.assert_allclose(stride_curves(times, ramp, cycle)[:, 0], np.linspace(0, 1, 101), atol=1e-9)
    percent, cut = cut_stride(times, ramp, cycle, (0.0, 50.0))
    np.testing.assert_allclose(percent, 100.0 * cut[:, 0], atol=1e-9)
    assert len(cut) == 56
    assert len(cut_stride(times[:80], ramp[:80], cycle)[1]) == 0
    holed = np.column_stack([ramp, np.where(times == 0.5, np.nan, 1.0)])
    curves = stride_curves(times, holed, cycle)
    assert np.isfinite(curves[:, 0]).all()
    assert np.isnan(curves[:, 1]).all()


def test_standing_loads_are_means_and_the_published_figure_of_standing_beside_them():
    rows = {(r.site, r.side, r.quantity): r for r in summarise_standing(made_loads())}
    knee = rows["knee", "right", "resultant_mean"]
    mean = made_loads().reaction("knee_r").resultant_n.mean()
    assert knee.estimate.value == pytest.approx(mean)
    assert knee.phase == STANDING
    assert {(p.item, p.value) for p in published_beside(knee, MASS)} == {("two-legged stance", 107.0)}
    spine = rows["l5_s1", "both", "compression_mean"].estimate
    assert spine.low < spine.value < spine.high
    facets = rows["l5_s1", "both", "facet_share"].estimate
    assert facets == estimate_facet_share(0.0)
    assert 0.0 <= facets.low < facets.high < 1.0


@pytest.mark.parametrize(
    ("frame", "later", "words"),
    [
        (10, 0, "9 % of a cycle after a foot strike"),
        (10, 10, "9 to 18 % of a cycle after a foot strike"),
        (52, 0, "3 % of a cycle before a foot strike"),
        (52, 9, "from 3 % of a cycle before to 5 % after a foot strike"),
        (46, 7, "8 % of a cycle before a foot strike"),
        (40, 9, "36 to 45 % of a cycle after a foot strike"),
    ],
)
def test_peaks_of_the_spine_around_a_foot_strike_are_told_as_one(trial, frame, later, words):
    """Some strides see such a peak at their end, others at their beginning: it is the same instant."""
    loads = made_loads()
    at = np.arange(500)
    shift = np.where(at > 310, later, 0)
    bump = np.exp(-((((at - 10 - frame - shift + 27.5) % 55 - 27.5) / 4.0) ** 2))
    spine = replace(loads.reaction("l5_s1"), force=-np.stack([0 * bump, 0 * bump, bump], axis=1))
    reactions = tuple(spine if r.joint == "l5_s1" else r for r in loads.reactions)
    rows = summarise_loads(generic_body("female"), [trial], [replace(loads, reactions=reactions)])
    (row,) = [r for r in rows if (r.site, r.quantity) == ("l5_s1", "compression_peak")]
    assert row.phase == words
