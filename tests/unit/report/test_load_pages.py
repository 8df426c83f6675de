"""What a reader sees of loads: the numbers that were put there, how they are known, and what stands beside them."""

import json
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pypdfium2
import pytest

from kinechain.care.person.person import Person
from kinechain.care.screening.screen import Screen
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.evidence.library import source_keys
from kinechain.findings.loads import load_series, summarise_loads, with_samples
from kinechain.findings.standing_loads import summarise_standing
from kinechain.loads.loads import MEASURED, PREDICTED, JointReaction, Table
from kinechain.loads.muscle_activity import Agreement, MuscleCurve
from kinechain.report.content import build_content
from kinechain.report.html import render_html
from kinechain.report.json import assessment_json, read_schema
from kinechain.report.kinetics import KINETIC_ROWS, collect_loads
from kinechain.report.loads import clinical_load, load_doubts, load_lines, why_no_loads
from kinechain.report.norms import KINETIC_CURVES, kinetic_bands
from kinechain.report.pdf import render_pdf
from kinechain.report.svg import Figure
from kinechain.report.verdict import render_verdict
from kinechain.report.write import write_outputs
from made_loads import CONTACT_BW, LEFT, MOMENTS, made_loads, unsolved_loads
from report_reading import FORBIDDEN, Page
from schema_check import faults


@pytest.fixture(scope="module")
def make_loaded(make_assessment):
    """Return a maker of assessments with loads whose peaks are known."""

    def make(origin=PREDICTED, **changes):
        base = make_assessment()
        walking, standing = made_loads(origin=origin), made_loads(frames=50, origin=origin)
        rows = (*summarise_loads(base.body, base.trials, [walking]), *summarise_standing(standing))
        loaded = replace(base, loads=(walking,), load_rows=rows, standing_loads=standing)
        return replace(loaded, **changes)

    return make


@pytest.fixture(scope="module")
def loaded(make_loaded):
    return make_loaded()


@pytest.fixture(scope="module")
def html(loaded):
    return render_html(loaded)


@pytest.fixture(scope="module")
def pdf_text(loaded):
    document = pypdfium2.PdfDocument(render_pdf(loaded))
    try:
        return [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def read(assessment):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(assessment_json(assessment), parse_constant=refuse)


def test_the_machine_output_holds_exactly_the_peaks_put_there_in_body_weights(loaded):
    document = read(loaded)
    assert faults(document, read_schema()) == []
    found = {(x["site"], x["side"], x["quantity"]): x for x in document["loads"]}
    assert len(found) == len(document["loads"]) == len(loaded.load_rows)
    for joint, (peak, frame) in CONTACT_BW.items():
        right = found[joint, "right", "resultant_peak"]
        assert right["value"] == pytest.approx(peak, rel=1e-5)
        assert right["unit"] == "BW"
        assert right["phase"] == f"{round(100 * frame / 110)} % of the cycle"
        assert right["origin"] == "predicted"
        assert found[joint, "left", "resultant_peak"]["value"] == pytest.approx(LEFT * peak, rel=1e-5)
    ankle = found["ankle", "right", "plantarflexion_moment_peak"]
    assert (ankle["value"], ankle["unit"]) == (pytest.approx(-MOMENTS["ankle_dorsiflexion"][0], rel=1e-5), "N m/kg")
    assert found["ankle", "right", "power_generation_peak"]["unit"] == "W/kg"
    assert found["sole", "right", "heel_share"]["value"] == pytest.approx(25.0)
    assert found["sole", "right", "heel_share"]["unit"] == "%"
    assert found["l5_s1", "both", "compression_peak"]["value"] == pytest.approx(2.0, rel=1e-4)


def test_the_machine_output_keeps_what_was_published_and_where_the_load_lies(loaded):
    found = {(x["site"], x["side"], x["quantity"]): x for x in read(loaded)["loads"]}
    (knee,) = found["knee", "right", "resultant_peak"]["published"]
    assert knee["value"] == 261.0
    assert knee["unit"] == "%BW"
    assert knee["computed"] == pytest.approx(250.0, rel=1e-5)
    assert knee["place"] == "one value"
    assert knee["low"] is None
    (spine,) = found["l3_l4", "both", "compression_peak"]["published"]
    assert (spine["low"], spine["high"], spine["place"], spine["n"]) == (1.0, 2.5, "inside", 5)
    published = [p for x in found.values() for p in x["published"]]
    assert {p["source"] for p in published} <= set(source_keys())
    assert all(p["grade"] for p in published)
    assert found["ankle", "right", "resultant_peak"]["published"] == []


def test_without_loads_the_machine_output_says_why(make_assessment):
    document = read(make_assessment(no_loads="The plates do not fit the motion."))
    assert document["loads"] == []
    assert {"id": "loads", "side": "both", "reason": "The plates do not fit the motion.", "next_test": ""} in document[
        "not_measured"
    ]
    assert faults(document, read_schema()) == []
    assert not [x for x in read(make_assessment(trials=()))["not_measured"] if x["id"] == "loads"]


@pytest.mark.parametrize("where", ["html", "pdf"])
def test_page_and_pdf_hold_the_same_numbers(where, html, pdf_text):
    text = Page(html).text if where == "html" else " ".join(pdf_text)
    for words in (
        "Loads, with what was published beside",
        "Loads are estimates of a model, not measurements.",
        "They are no norm",
        "take contact forces of hip and knee as too high",
        "Hip contact force, peak",
        "2.75 BW",
        "2.20 BW",
        "261 %BW, level walking: 5 TKA subjects (n = 5; read from: abstract) [kutzner2010]",
        "left 200 (77 % of it), right 250 (96 % of it)",
        "1.00 to 2.50 BW, level walking: 5 young men, model + EMG check",
        "Here: 1.75 (inside).",
        "1.50 N m/kg",
        "45 % of the cycle",
        "Ground reaction: predicted from the motion, no plate used.",
        "residual at the pelvis): force RMS 11.3 N (1.8 % of body weight), at most 16.0 N",
        "reserve): at most 1.50 N m, at hip rotation r",
        "low-passed at 6 Hz",
        "plantar fascia of 70 mm²",
        "Joint moments and powers: every stride",
        "Joint moments and powers: average",
        "Joint contact forces",
        "Lumbar contact forces",
        "Muscle activation",
        "Internal moments",
        "Standing still",
        "Static optimisation of the sum of squared activations.",
    ):
        assert words in text, words


def test_page_and_pdf_tell_predicted_from_measured(make_loaded, html):
    predicted, measured = Page(html).text, Page(render_html(make_loaded(origin=MEASURED))).text
    assert "ground reaction predicted;" in predicted
    assert "ground reaction measured;" not in predicted
    assert "ground reaction measured;" in measured
    assert "predicted" not in measured.partition("Loads, with what was published")[2].partition("Standing posture")[0]
    assert "Ground reaction: measured by force plates throughout." in measured
    assert "Vertical force, predicted" in predicted
    assert "Vertical force, predicted" not in measured


def test_without_plates_the_ground_reaction_is_titled_predicted_and_drawn_in_dots(make_loaded, make_assessment):
    base = make_assessment()
    trial = base.trials[0]
    bare = replace(trial, recording=replace(trial.recording, plates=()))
    page = next(p for p in build_content(make_loaded(trials=(bare,))).pages if p.id == "forces")
    assert page.title == "Ground reaction forces, predicted from the motion"
    assert "Predicted from the motion, no plate used" in page.note
    assert {row.label for row in page.rows} == {"Predicted, every stance", "Predicted, average"}
    for row in page.rows:
        for figure in row.figures:
            assert 'stroke-dasharray="1.5 3"' in figure.svg
            assert 'stroke-dasharray="6 3 1.5 3"' in figure.svg
            assert "predicted" in figure.title


def test_a_predicted_stance_is_drawn_with_the_force_that_was_put_there(make_loaded):
    page = next(p for p in build_content(make_loaded()).pages if p.id == "forces")
    figure = next(r for r in page.rows if r.label == "Predicted, average").figures[0]
    body_kg = make_loaded().body.mass_kg
    expected = 100.0 * 1.125 * 64.0 / body_kg
    found = re.search(r"right: \d strides, mean from \d+ to (\d+) % body weight", figure.alt)
    assert float(found[1]) == pytest.approx(expected, abs=1.0)


def test_the_pages_of_loads_come_in_the_order_of_a_clinic(loaded):
    ids = [p.id for p in build_content(loaded).pages]
    assert ids[-6:] == ["forces", "kinetics-strides", "kinetics-average", "contact", "spine-loads", "muscles"]
    kinetics = next(p for p in build_content(loaded).pages if p.id == "kinetics-average")
    assert [row.label for row in kinetics.rows] == ["Hip", "Knee", "Ankle", "Lumbar spine"]
    assert kinetics.columns == ("Sagittal moment", "Frontal moment", "Power")


def test_extensor_plantarflexor_and_abductor_are_drawn_upwards(loaded):
    kinetics = next(p for p in build_content(loaded).pages if p.id == "kinetics-average")
    hip, frontal, power = kinetics.rows[0].figures
    assert re.search(r"right: 3 strides, mean from 0.00 to 0.75 N m/kg", hip.alt)
    assert "to 0.87 N m/kg" in frontal.alt
    assert "to 1.24 W/kg" in power.alt
    assert "mean from 0.00 to 1.4" in kinetics.rows[2].figures[0].alt


def test_published_moments_point_the_way_they_are_drawn():
    for person in (Person(age_years=40.0), Person(age_years=9.0), Person()):
        bands = kinetic_bands(person)
        keys = {p.panel.key for _, row in KINETIC_ROWS for p in row}
        assert set(bands) == set(KINETIC_CURVES) <= keys
        # Physiology: extensors take the load in early stance, the calf pushes off, abductors carry single stance.
        assert bands["hip_extension"].mean[8] > 0.2
        assert bands["hip_extension"].mean[50] < -0.3
        assert bands["knee_extension"].mean[12] > 0.2
        assert bands["ankle_plantarflexion"].mean[48] > 1.0
        assert bands["hip_abduction"].mean[30] > 0.2
        assert bands["ankle_power"].mean[52] > 1.0
        assert not any(b.can_judge for b in bands.values())
        assert bands["hip_power"].is_adult is (person.age_years != 9.0)


def test_a_moment_that_was_not_computed_is_said_not_drawn(loaded):
    kinetics = next(p for p in build_content(loaded).pages if p.id == "kinetics-average")
    assert kinetics.rows[1].figures[1].endswith("not computed for this body")


def test_the_frontal_moment_of_the_knee_resists_adduction_on_both_sides():
    moment = np.tile([-30.0, 0.0, 0.0], (3, 1))
    net = tuple(JointReaction(f"knee_{s}", np.zeros((3, 3)), moment * (1.0 if s == "r" else -1.0)) for s in ("r", "l"))
    loads = replace(made_loads(frames=3), net_reactions=net)
    for side in ("right", "left"):
        assert load_series(loads, "frontal knee_{s}", side) == pytest.approx([30.0] * 3)


def test_both_lumbar_rhythms_stand_under_each_other(make_loaded):
    page = next(
        p for p in build_content(make_loaded(other_rhythm_loads=(made_loads(),))).pages if p.id == "spine-loads"
    )
    assert [row.label for row in page.rows] == ["L3/L4", "L4/L5", "L5/S1", "L5/S1, other rhythm"]
    assert "both published lumbar rhythms" in page.note


def test_side_to_side_loads_look_the_same_for_the_same_motion_on_both_sides(loaded):
    page = next(p for p in build_content(loaded).pages if p.id == "spine-loads")
    side = next(r for r in page.rows if r.label == "L5/S1").figures[2]
    # Made towards the left after the left foot strike and towards the right after the right one.
    assert "left: 4 strides, mean from -0.12 to 0.12" in side.alt
    assert "right: 3 strides, mean from -0.12 to 0.12" in side.alt
    strides = collect_loads([(loaded.trials[0], loaded.loads[0])], lambda x, s: x.reaction("l5_s1").force[:, 1])
    assert strides.left[0].argmax() < 20
    assert strides.right[0].argmin() < 20


def test_no_load_reaches_the_reader_as_nan(make_loaded):
    base = make_loaded()
    loads = base.loads[0]
    knee = replace(loads.reaction("knee_r"), force=np.full((500, 3), np.nan))
    reactions = tuple(knee if r.joint == "knee_r" else r for r in loads.reactions)
    values = np.array(loads.activations.values)
    values[:40] = np.nan
    holed = replace(loads, reactions=reactions, activations=Table(loads.activations.labels, values, "1"))
    rows = summarise_loads(base.body, base.trials, [holed])
    broken = replace(base, loads=(holed,), load_rows=rows)
    assert not re.search(r"\bnan\b|\binf\b", render_html(broken))
    assert not [r for r in rows if r.site == "knee" and r.side == "right" and r.quantity == "resultant_peak"]
    assert faults(read(broken), read_schema()) == []


def test_locked_and_unscreened_still_see_loads_and_are_told_what_they_are_not(make_loaded, emergency):
    for screen in (emergency, Screen("not_screened", (), True)):
        text = Page(render_html(make_loaded(screen=screen))).text
        assert "Measures only: neither a plan nor a driver follows from these loads" in text
        assert "Hip contact force, peak" in text
    free = Page(render_html(make_loaded(screen=Screen("none", (), False)))).text
    assert "Measures only: neither" not in free


def test_the_wording_rules_hold_for_loads(html):
    said = Page(html).text.partition("Methods and sources")[0].lower()
    for words in FORBIDDEN:
        assert not re.search(words, said), re.search(f".{{40}}{words}.{{40}}", said)
    loads = said.partition("loads, with what was published beside")[2].partition("standing posture")[0]
    assert not re.search(r"▲|●|within the usual|outside the usual", loads)


def test_every_source_printed_beside_a_load_is_listed(html, loaded):
    text = Page(html).text
    listed = text.partition("Sources behind the numbers")[2]
    named = set(re.findall(r"\[(\w+)\]\. Here:", text))
    assert named == {
        "cappozzo1984", "bergmann2001", "bergmann1993", "kutzner2010", "tensiometry2024", "kharazi2021", "erdemir2004",
        "caravaggi2009",
    }  # fmt: skip
    assert all(key in listed for key in named)


def test_the_terminal_says_the_loads_in_two_lines(loaded, make_assessment):
    first, second = load_lines(loaded)
    assert "estimates of a model" in first
    assert "knee 2.00/2.50 BW" in first
    assert second == "  Ground reaction: predicted from the motion, no plate used."
    assert first in render_verdict(loaded)
    assert load_lines(make_assessment()) == ["Loads: No load was computed for this recording."]
    assert load_lines(make_assessment(trials=())) == []
    assert "no walk with a whole stride" in why_no_loads(make_assessment(trials=()))
    (walk,) = loaded.loads
    for ground, words in (("measured", "--ground automatic"), ("automatic", "No stride could be computed")):
        asked = replace(walk, settings=replace(walk.settings, ground=ground))
        assert words in why_no_loads(replace(loaded, loads=(asked,), load_rows=()))


def test_a_clinic_reads_body_weights_and_per_kilogram(loaded):
    row = next(r for r in loaded.load_rows if (r.site, r.side, r.quantity) == ("knee", "right", "resultant_peak"))
    estimate = clinical_load(row.estimate, 64.0)
    assert estimate.value * 64.0 * GRAVITY_M_S2 == pytest.approx(row.estimate.value)
    assert estimate.unit == "BW"


def test_activation_is_the_mean_of_a_muscles_parts_in_percent(loaded):
    page = next(p for p in build_content(loaded).pages if p.id == "muscles")
    drawn = {f.title: f for row in page.rows for f in row.figures if isinstance(f, Figure)}
    assert "to 50 % active" in drawn["Soleus"].alt
    assert {"Gluteus medius", "Vasti", "Erector spinae", "Multifidus", "Abdominal muscles"} <= set(drawn)
    assert any(f == "Gluteus maximus: not part of this body" for row in page.rows for f in row.figures)
    assert "not an EMG" in page.note


def test_emg_stands_grey_behind_the_computed_line_and_its_agreement_in_words(make_loaded):
    percent = np.linspace(0.0, 1.0, 101)
    mean = 0.5 + 0.25 * np.sin(2 * np.pi * percent)
    agreement = Agreement(0.82, 0.04, 76.0, -3.0, 4)
    curves = (
        MuscleCurve("soleus", "Soleus", "left", mean, 0.1 * mean, 0.5 * mean, agreement, (), 4, 62.0),
        MuscleCurve("soleus", "Soleus", "right", mean, 0.1 * mean, None, None, (), 3, 61.0),
    )
    pages = build_content(make_loaded(muscle_curves=curves)).pages
    page = next(p for p in pages if p.id == "emg-1")
    (row,) = page.rows
    left, right, words = row.figures
    assert "left: 1 stride, mean from 12 to 38 %" in left.alt
    assert "grey band: EMG of 4 strides" in left.alt
    assert "right: no stride" in right.alt
    assert words == (
        "Left: r 0.82 at a delay of 40 ms; on or off together 76 % of the cycle; peak 3 % of the cycle before the EMG "
        "(4 strides). Right: nothing computed to compare with."
    )
    assert not [p for p in build_content(make_loaded()).pages if p.id.startswith("emg")]
    assert words in Page(render_html(make_loaded(muscle_curves=curves))).text


def test_the_page_with_loads_keeps_its_headings_tables_and_anchors_in_order(html):
    page = Page(html)
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h[1-6]", name)]
    assert all(b <= a + 1 for a, b in pairwise(levels))
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    targets = [a["href"][1:] for a in page.named("a") if (a.get("href") or "").startswith("#")]
    assert set(targets) <= set(ids)
    assert len(page.named("caption")) == len(page.named("table"))
    assert not [attributes for _, attributes in page.elements if "style" in attributes]


def test_loads_that_leave_too_much_over_are_doubted_in_page_pdf_and_terminal(make_loaded):
    base = make_loaded()
    loads = base.loads[0]
    assert load_doubts(base) == ()
    reserves = np.zeros((500, 1))
    reserves[120] = -42.0
    moments = np.array(loads.moments.values)
    moments[:, loads.moments.labels.index("pelvis_tilt")] = 80.0
    broken = replace(
        loads,
        reserves=Table(("hip_flexion_r",), reserves, "N m"),
        moments=Table(loads.moments.labels, moments, "N m"),
    )
    doubted = replace(base, loads=(broken,))
    (sentence,) = load_doubts(doubted)
    assert sentence.startswith(
        "Do not trust the loads of walk_1.c3d: it asks for 42.0 N m at hip flexion r that these muscles cannot give "
        "(1.20 s); 80.0 N m is left over at the pelvis."
    )
    assert sentence in Page(render_html(doubted)).text
    assert sentence in render_verdict(doubted)
    document = pypdfium2.PdfDocument(render_pdf(doubted))
    text = " ".join(re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document)
    document.close()
    assert "Do not trust the loads of walk_1.c3d" in text


def test_a_walk_whose_loads_could_not_be_computed_is_named_and_spoils_no_other(make_loaded, tmp_path):
    why = "The loads of walk_2.c3d are not known: the sole of the right foot is missing."
    base = make_loaded()
    trial = base.trials[0]
    second = replace(trial, recording=replace(trial.recording, name="walk_2.c3d"))
    both = (base.loads[0], unsolved_loads(why))
    rows = summarise_loads(base.body, (trial, second), both)
    mixed = replace(base, trials=(trial, second), loads=both, load_rows=rows)
    assert why in load_doubts(mixed)
    assert why in Page(render_html(mixed)).text
    assert faults(read(mixed), read_schema()) == []
    knee = next(r for r in rows if (r.site, r.side, r.quantity) == ("knee", "right", "resultant_peak"))
    assert knee.estimate.value == pytest.approx(2.5 * 64.0 * GRAVITY_M_S2)
    names = {p.name for p in write_outputs(mixed, tmp_path) if p.parent.name == "loads"}
    assert "walk_1_moments.sto" in names
    assert not [name for name in names if name.startswith("walk_2")]
    alone = replace(base, trials=(second,), loads=(unsolved_loads(why),), load_rows=(), standing_loads=None)
    assert why_no_loads(alone) == why
    assert why in Page(render_html(alone)).text
    assert load_lines(alone) == [f"Loads: {why}"]


def test_drawn_bodies_are_counted_in_a_few_words(make_loaded):
    base = make_loaded()
    wide = with_samples(base.load_rows, [base.load_rows] * 8)
    text = Page(render_html(replace(base, load_rows=wide))).text
    assert "ground reaction predicted; left: 4 strides, 8 drawn bodies; right: 3 strides, 8 drawn bodies" in text
    assert (
        "models drawn from the uncertainty of the body" not in text.partition("Standing still")[0].partition("Hip")[2]
    )
