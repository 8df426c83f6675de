"""Page one: what is said, and what is kept back."""

from dataclasses import replace

from kinechain.care.finding import Finding
from kinechain.care.person.person import Person
from kinechain.care.screening.screen import Screen
from kinechain.core.estimate import Estimate
from kinechain.report.verdict import LINKS, find_verdict, link_of, render_verdict
from kinechain.report.words import state_of


def test_lists_hold_every_finding_once(make_assessment):
    assessment = make_assessment()
    verdict = find_verdict(assessment)
    listed = [*verdict.outside, *verdict.within, *verdict.edge, *verdict.unjudged]
    assert sorted(map(id, listed)) == sorted(map(id, assessment.findings))


def test_outside_is_ranked_by_distance_from_the_range(make_assessment):
    ids = [f.id for f in find_verdict(make_assessment()).outside]
    # 17.9 lies 3.9 beyond a range of 8; 48.2 lies 5.8 below a range of 14.
    assert ids == ["ankle.dorsiflexion_peak_stance", "knee.flexion_peak_swing"]


def test_an_open_verdict_says_whether_the_interval_or_the_norm_is_missing(make_assessment):
    findings = {(f.id, f.side): f for f in make_assessment().findings}
    assert state_of(findings["ankle.dorsiflexion_peak_stance", "right"]) == "edge"
    assert state_of(findings["hindfoot.eversion_peak", "left"]) == "unjudged"
    assert state_of(findings["thorax.tilt_range", "both"]) == "unjudged"


def test_links_run_from_the_sole_up_with_their_state_per_side(make_assessment):
    links = {link.name: {s.side: s.state for s in link.sides} for link in find_verdict(make_assessment()).links}
    assert list(links) == [name for name, _ in LINKS]
    assert next(iter(links)) == "Foot"
    assert list(links)[-1] == "Thorax"
    assert links["Knee"] == {"left": "outside", "right": "within"}
    assert links["Foot"] == {"left": "unknown", "right": "missing"}
    assert links["Lumbar spine"] == {"both": "missing"}
    assert links["Pelvis"] == {"both": "within"}


def test_measures_find_their_link():
    assert link_of("hindfoot.eversion_peak") == "Foot"
    assert link_of("leg.length_markers_difference") == "Hip and leg"
    assert link_of("gait.walking_speed") is None


def test_a_difference_counts_only_if_its_whole_interval_lies_beside_zero(make_assessment):
    base = next(f for f in make_assessment().findings if f.id == "leg.length_markers_difference")
    clearer = replace(base, id="knee.flexion_range_difference", estimate=replace(base.estimate, low=-11.0, high=-7.0))
    wide = replace(base, id="hip.flexion_range_difference", estimate=replace(base.estimate, low=-20.0, high=2.0))
    assert find_verdict(make_assessment(findings=(base, wide, clearer))).differences == (clearer, base)


def test_the_screen_comes_first_and_names_what_is_open(make_assessment, emergency):
    assert render_verdict(make_assessment()).startswith("Not screened.")
    locked = render_verdict(make_assessment(screen=emergency))
    assert locked.startswith("Danger sign: emergency.")
    assert "Emergency department now." in locked
    assert "no plan" in find_verdict(make_assessment()).screen.sentence


def test_next_tests_start_with_the_danger_signs_while_unscreened(make_assessment):
    assert find_verdict(make_assessment()).next_tests[0].startswith("Answer the danger-sign questions")
    screened = find_verdict(make_assessment(screen=Screen("none", (), False)))
    assert not any("danger-sign" in test for test in screened.next_tests)


def test_what_would_change_the_verdict_names_the_range(make_assessment):
    mind = find_verdict(make_assessment()).mind
    assert mind[0].startswith("Ankle dorsiflexion, peak, left: a repeated measurement inside 6.0 to 14.0°")
    assert any("only 7 strides" in line for line in mind)


def test_under_18_is_told_to_see_a_clinician(make_assessment):
    verdict = find_verdict(make_assessment(person=Person(age_years=12.0), screen=Screen("none", (), False)))
    assert "please see a clinician" in verdict.screen.sentence


def test_nothing_measured_is_said_as_such(make_assessment):
    verdict = find_verdict(make_assessment(findings=()))
    assert verdict.headline.startswith("No measure could be taken; 2 are listed")


def test_sides_are_not_compared_where_the_body_misses_its_markers(make_assessment):
    difference = Finding(
        "knee.flexion_range_difference", "Knee flexion, range, left minus right", "both",
        Estimate(-9.0, -12.0, -6.0, "deg", "made up"), "made up",
    )  # fmt: skip
    fit = Finding(
        "quality.marker_fit", "Fit of the body to the markers", "both", Estimate(67.0, 67.0, 67.0, "mm", "made up"),
        "made up", verdict="outside",
    )  # fmt: skip
    assert find_verdict(make_assessment(findings=(difference,))).differences == (difference,)
    assert find_verdict(make_assessment(findings=(difference, fit))).differences == ()
