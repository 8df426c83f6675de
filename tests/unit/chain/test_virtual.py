"""People with known drivers: how they are drawn, what is true of them, and what their files hold."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from kinechain.body.scale import BodySize, size_body
from kinechain.body.skeleton import template_body
from kinechain.care.person.person_file import read_person
from kinechain.care.screening.red_flags import screen_person
from kinechain.chain.attribute import AttributionSettings
from kinechain.chain.players import survey_person
from kinechain.chain.targets import TARGETS
from kinechain.chain.unknowns import read_unknowns
from kinechain.chain.virtual import draw_person, examine, make_person, read_virtual_settings
from kinechain.chain.virtual_analyst import Answer, analyse, forecast_of, read_and_analyse, stance_of
from kinechain.chain.virtual_body import draw_body, draw_generator_unknowns, generator_model
from kinechain.chain.virtual_files import Truth, make_people, read_truths, truth_of, write_sheet
from kinechain.chain.virtual_recordings import skin_markers
from kinechain.core.errors import FileError, SettingError
from kinechain.recording.collect import collect_recordings
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.still import keep_still_part

FEW = AttributionSettings(draws=20)


def drawn(count, share_none=0.0, seed=5):
    """Return people as drawn."""
    return [draw_person(f"p{i}", share_none, np.random.default_rng([seed, i])) for i in range(count)]


@pytest.fixture(scope="module")
def made():
    """Return one person with drivers, examined."""
    random = np.random.default_rng([5, 2])
    person = make_person(draw_person("made", 0.0, random), random)
    return person, examine(person.draw, random)


def test_the_same_seed_draws_the_same_person_and_the_share_with_none_is_what_was_asked():
    again = [draw_person(f"p{i}", 0.4, np.random.default_rng([5, i])) for i in range(300)]
    people = drawn(300, 0.4)
    assert [p.values for p in again] == [p.values for p in people]
    none = sum(not p.sizes for p in people)
    assert none == pytest.approx(120, abs=4 * math.sqrt(300 * 0.4 * 0.6))
    assert all((p.direction == "none") == (not p.sizes) for p in people)
    with pytest.raises(SettingError, match="no share"):
        draw_person("x", 1.2, np.random.default_rng(0))


def test_drivers_lie_as_far_out_as_their_size_says_and_nothing_else_lies_beyond_its_norm():
    rules = read_virtual_settings()["drivers"]["sizes"]
    for person in drawn(200):
        for parameter in person.parameters:
            far = abs(person.values[parameter.key] - parameter.mean) / parameter.sd
            if parameter.key in person.sizes:
                low, high = rules[person.sizes[parameter.key]]
                assert low <= far <= high
            else:
                assert far < 1.96


def test_drivers_begin_where_the_direction_says():
    place = {p.key: p.kind.place for person in drawn(3) for p in person.parameters}
    seen = set()
    for person in drawn(200):
        seen.add(person.direction)
        places = {place[k] for k in person.sizes if k in place}
        if person.direction == "foot-first":
            assert places <= {"foot", "leg"}
        elif person.direction == "back-first":
            assert places <= {"hip", "back"}
        else:
            assert places & {"foot", "leg"} and places & {"hip", "back"}
    assert seen == {"foot-first", "back-first", "both"}


def test_the_sheet_errs_as_its_sources_say():
    person = drawn(1)[0]
    true = person.values["calf_tightness left"]
    found = []
    for i in range(400):
        survey = survey_person(examine(person, np.random.default_rng(i)))
        found.append(next(p for p in survey.measured if p.key == "calf_tightness left"))
    errors = np.array([p.value - true for p in found])
    sem = found[0].sem
    assert errors.mean() == pytest.approx(0.0, abs=4 * sem / 20)
    assert errors.std() == pytest.approx(sem, rel=0.15)


def test_a_sheet_is_screened_and_reads_back_from_its_file(tmp_path):
    person = examine(drawn(1)[0], np.random.default_rng(1))
    assert screen_person(person).level == "none"
    path = tmp_path / "person.toml"
    write_sheet(person, path)
    read = read_person(path)
    assert read.exam == person.exam
    assert (read.sex, read.age_years, read.height_m, read.mass_kg) == (
        person.sex,
        person.age_years,
        person.height_m,
        person.mass_kg,
    )
    assert dict(read.screen) == dict(person.screen)


def test_the_generators_body_is_not_the_analysts_but_weighs_the_same():
    size = BodySize(70.0, 1.70, "female", 30.0)
    rules = read_virtual_settings()["body"]
    other, own = draw_body(size, rules, np.random.default_rng(1)), size_body(template_body(), size)
    assert other.mass_kg == pytest.approx(70.0)
    shares = [abs(other.segment(s.name).mass_kg / s.mass_kg - 1.0) for s in own.segments if s.mass_kg > 0]
    assert np.mean(shares) > 0.05
    # A difference of leg length is a parameter, and the body has none of its own.
    for name in ("knee_centre", "ankle_centre"):
        right, left = (other.landmark(f"{name}_{s}").position for s in "rl")
        assert np.linalg.norm(right) == pytest.approx(np.linalg.norm(left))


def test_the_generators_unknowns_are_drawn_wider_and_evenly():
    rules = read_virtual_settings()["body"]
    draws = [draw_generator_unknowns(rules, np.random.default_rng(i)) for i in range(400)]
    tone, known = np.log([float(d.of("tone_lumbar")[0]) for d in draws]), read_unknowns()["tone_lumbar"]
    z = (tone - math.log(known.best)) / known.spread
    assert z.std() == pytest.approx(1.4, rel=0.08)
    # Even: the kurtosis of a uniform distribution is 1.8, that of a normal one 3.
    assert np.mean((z - z.mean()) ** 4) / z.var() ** 2 == pytest.approx(1.8, abs=0.2)


def test_a_limit_torque_pulls_back_and_is_slack_where_people_stand(made):
    model = made[0].model
    for name in ("hip_flexion_r", "knee_flexion_l", "ankle_dorsiflexion_r"):
        spring = model.springs[model.free_index(name)]
        middle = spring.evaluate(0.05 if name.startswith("knee") else 0.0)[0]
        # N m, against hundreds at the limits.
        assert abs(float(middle)) < 3.0
        assert float(spring.evaluate(spring.knots[-1])[0]) < -0.5
        assert float(spring.evaluate(spring.knots[0])[0]) > 0.5


def test_soles_of_the_generator_bear_elsewhere(made):
    rules = read_virtual_settings()["body"]
    model = made[0].model
    moved = generator_model(model, rules, np.random.default_rng(3))
    shifts = [np.linalg.norm(a.position - b.position) for a, b in zip(moved.pads, model.pads, strict=True)]
    # Two axes of 4 mm each.
    assert 0.002 < np.mean(shifts) < 0.009


def test_truth_is_nothing_where_nothing_was_set_and_contributions_add_up(made):
    random = np.random.default_rng([5, 1])
    nobody = make_person(draw_person("none", 1.0, random), random)
    assert nobody.contributions.shape == (0, len(TARGETS))
    assert nobody.relevant(np.zeros(len(TARGETS))) == frozenset()
    person = made[0]
    harmful = np.array([t.harmful for t in TARGETS])
    # Shapley values share out the whole difference between as they are and all drivers typical.
    np.testing.assert_allclose(
        person.contributions.sum(axis=0), harmful * (person.now - person.typical), rtol=1e-9, atol=1e-9
    )
    assert person.relevant(np.full(len(TARGETS), np.inf)) == frozenset()


def test_markers_are_put_on_within_the_error_of_placing(made):
    body = made[0].model.body
    off = []
    for seed in range(20):
        for marker in skin_markers(body, np.random.default_rng(seed)):
            nearest = min(
                (m for m in body.landmarks if m.segment == marker.segment),
                key=lambda m: float(np.linalg.norm(m.position - marker.position)),
            )
            off.append(marker.position - nearest.position)
    assert np.std(off) == pytest.approx(0.005, rel=0.1)


def test_plates_bear_the_person_and_cameras_see_a_standing_person(made):
    person, sheet = made
    recording = prepare_recording(person.recording(plates=True, random=np.random.default_rng(1)))
    assert recording.task == "standing"
    assert recording.profile == "isb_full_body"
    weight = sum(float(p.force[:, 2].mean()) for p in recording.plates)
    assert weight == pytest.approx(9.81 * sheet.mass_kg, rel=0.03)
    assert np.isnan(person.recording(plates=False, random=np.random.default_rng(1)).markers.positions).any()


def test_cameras_see_a_difference_of_leg_length():
    random = np.random.default_rng([5, 7])
    draw = draw_person("legs", 1.0, random)
    found = {}
    for difference in (-25.0, 25.0):
        person = make_person(replace(draw, values={**draw.values, "leg_length": difference}), np.random.default_rng(3))
        sheet = examine(person.draw, np.random.default_rng(4))
        recording = keep_still_part(prepare_recording(person.recording(plates=False, random=np.random.default_rng(5))))
        findings = stance_of(sheet, recording).findings
        found[difference] = next(f for f in findings if f.id == "leg.length_joint_centres_difference").estimate.value
    # The same errors of the same markers in both; the tolerance is the published error of one such measurement, twice.
    assert found[25.0] - found[-25.0] == pytest.approx(50.0, abs=12.0)


def test_files_and_memory_give_the_same_answer(tmp_path, made):
    truths = make_people(tmp_path, 2, 5, 0.0)
    folder = tmp_path / truths[0].name
    random = np.random.default_rng([5, 1])
    person = make_person(draw_person(truths[0].name, 0.0, random), random)
    sheet = examine(person.draw, random)
    recording = keep_still_part(prepare_recording(person.recording(plates=True, random=random)))
    read = collect_recordings([], folder / "standing.c3d").standing
    assert read is not None
    # C3D holds single precision.
    np.testing.assert_allclose(
        read.require_markers().positions, recording.require_markers().positions, rtol=0, atol=1e-6
    )
    for level, stance in (("exam", None), ("exam+mocap+plates", stance_of(sheet, recording))):
        one, other = analyse(sheet, stance, FEW), read_and_analyse(folder, level, FEW)
        assert one.players == other.players
        assert dict(one.probability) == pytest.approx(dict(other.probability), abs=0.051)
    assert dict(truth_of(person).sizes) == dict(read_truths(tmp_path)[folder].sizes)
    np.testing.assert_allclose(
        read_truths(tmp_path)[folder].contributions, person.contributions, rtol=1e-9, atol=1e-12, equal_nan=True
    )


def test_an_answer_tells_of_every_parameter_that_was_measured_and_its_sets_agree(made):
    answer = analyse(made[1], None, FEW)
    assert set(answer.probability) == {p.key for p in survey_person(made[1]).measured}
    assert sum(p for _, p in answer.sets) == pytest.approx(1.0)
    for key, probability in answer.probability.items():
        assert sum(p for players, p in answer.sets if key in players) == pytest.approx(probability, abs=1e-9)


def test_what_is_relevant_is_told_by_the_floor_and_what_nothing_measured_is_kept_apart():
    targets = ("one", "two")
    truth = Truth(
        "p",
        "both",
        {"a": "small", "b": "large"},
        {},
        targets,
        np.array([[3.0, 0.0], [0.0, 30.0]]),
        np.array([40.0, 40.0]),
    )
    answer = Answer({"a": 0.4}, ((frozenset("a"), 0.4), (frozenset(), 0.6)), {"one": 5.0, "two": 1.0}, ("a",))
    strict = forecast_of(truth, answer, "exam", noise_floor=False)
    assert strict.truth == {"a"}
    assert strict.unmeasured == {"b"}
    # 3 exceeds 5 % of 40, but not the 5 that the tests of this person cannot tell.
    assert forecast_of(truth, answer, "exam").truth == frozenset()


def test_folders_that_hold_something_else_are_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(FileError, match="something else"):
        make_people(tmp_path, 1, 0, 0.5)
    with pytest.raises(FileError, match=r"virtual\.json"):
        read_truths(tmp_path)


def test_the_commands_make_and_score(tmp_path):
    from kinechain.cli import app

    out = tmp_path / "people"
    made = CliRunner().invoke(app, ["virtual", "2", "--seed", "3", "--none", "0", "--out", str(out), "--json"])
    assert made.exit_code == 0, made.output
    assert len(json.loads(made.stdout)["people"]) == 2
    scored = CliRunner().invoke(app, ["score", str(out), "--draws", "20", "--measured", "exam", "--json"])
    assert scored.exit_code == 0, scored.output
    assert "NaN" not in scored.stdout
    content = json.loads(scored.stdout)
    assert content["schema"] == "kinechain/score/1"
    assert content["measured"]["exam"]["people"] == 2
    assert sum(group["people"] for group in content["direction"]["exam"].values()) == 2


def test_a_wrong_level_and_a_wrong_folder_are_refused_in_one_line(tmp_path, capsys):
    from kinechain.cli import main

    for arguments, word in ((["score", str(tmp_path)], "virtual.json"), (["score", ".", "--measured", "x"], "exam")):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == 2
        said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("kinechain:")]
        assert len(said) == 1
        assert word in said[0]
