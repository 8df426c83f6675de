"""Force plates: examples by hand, and every defect that is repaired or refused."""

from dataclasses import replace

import numpy as np
import pytest
from people import labels, standing, write_c3d
from plate_maker import RATE, bump, source

from kinechain.recording.plate_types import PlateSource, wrench_at_surface
from kinechain.recording.plates import compute_plate, compute_plates
from kinechain.recording.read import read_recording

#: A plate of 0.4 by 0.6 m in a floor with z up: seen from above corner 1 lies at (0.4, 0), and its z points down.
CORNERS = np.array([[0.4, 0.0, 0], [0, 0.0, 0], [0, 0.6, 0], [0.4, 0.6, 0]])


def codes(notes):
    return [n.code for n in notes]


def of(kind, channels, origin=(0.0, 0.0, -0.04), **more):
    values = np.asarray(channels, dtype=float)
    return PlateSource("plate 1", kind, values, CORNERS, np.array(origin), RATE, 0.0, **more)


def test_type_2_by_hand():
    # 600 N straight up, 0.1 m from the middle along the plate's x: My = -x Fz = -0.1 * -600 = 60 N m; on top 5 N m.
    force, moment = wrench_at_surface(of(2, [[0, 0, -600, 0, 60, 5]], origin=(0, 0, 0)))
    np.testing.assert_allclose((force[0], moment[0]), ([0, 0, -600], [0, 60, 5]))
    # The same seen by a transducer 40 mm below: 30 N of shear along x there adds a moment of -30 * 0.04 about y.
    _, moment = wrench_at_surface(of(2, [[30, 0, -600, 0, 60, 5]]))
    np.testing.assert_allclose(moment[0], [0, 60 + 30 * 0.04, 5])


def test_type_3_by_the_rule_of_levers():
    # Sensors at 0.12 and 0.2 m; 600 N half way between middle and edge in both: three quarters go to the nearer side.
    sensors = -600 * np.array([0.75 * 0.75, 0.25 * 0.75, 0.25 * 0.25, 0.75 * 0.25])
    force, moment = wrench_at_surface(of(3, [[0, 0, 0, 0, *sensors]], origin=(0.12, 0.2, -0.05)))
    np.testing.assert_allclose(force[0], [0, 0, -600])
    np.testing.assert_allclose((-moment[0, 1] / -600, moment[0, 0] / -600), (0.06, 0.1))
    # 10 N forward at both sensors of one long side turn the plate by 20 N at 0.2 m.
    _, moment = wrench_at_surface(of(3, [[10, -10, 0, 0, *sensors]], origin=(0.12, 0.2, -0.05)))
    np.testing.assert_allclose(moment[0, 2], -0.2 * 20)


def test_type_1_says_where_the_force_acts():
    load = 500 * bump()
    zero = np.zeros(600)
    sway = 1e-6 * np.arange(600)
    plate, _ = compute_plate(of(1, np.column_stack([zero, zero, -load, 0.05 + sway, 0.1 - sway, zero])))
    # The plate's y runs along -y of this laboratory.
    np.testing.assert_allclose(plate.centre_of_pressure[350], [0.25, 0.2, 0.0], atol=1e-3)
    np.testing.assert_allclose(plate.force[350], [0, 0, load[350]])


def test_kistlers_polynomial_is_taken_off():
    load = 500 * bump()
    zero = np.zeros(600)
    channels = np.column_stack([zero, zero, -load, zero, 0.1 * load, zero])
    polynomial = np.zeros((6, 2))
    polynomial[5, 0] = 0.05  # 5 % of x, in mm as in m
    sensors = np.repeat(-load[:, None] / 4, 4, axis=1) * (1 + 0.1 / 0.12 * np.array([1, -1, -1, 1]))
    channels = np.column_stack([zero, zero, zero, zero, sensors])
    made = of(3, channels, origin=(0.12, 0.2, -0.05))
    bare, _ = compute_plate(made)
    corrected, _ = compute_plate(replace(made, polynomial=polynomial))
    x = (bare.centre_of_pressure - [0.2, 0.3, 0])[350, 0]
    assert abs(x) == pytest.approx(0.1)
    assert (corrected.centre_of_pressure - [0.2, 0.3, 0])[350, 0] == pytest.approx(0.95 * x)


@pytest.mark.parametrize(
    ("corners", "said"),
    [
        (np.full((4, 3), np.nan), "states no corners"),
        (CORNERS * 1e24, "impossible"),
        (np.zeros((4, 3)), "impossible"),
        (CORNERS + np.array([[0, 0, 0], [0.3, 0, 0], [0, 0, 0], [0, 0, 0]]), "rectangle"),
        (CORNERS + np.array([[0, 0, 0.2], [0, 0, 0], [0, 0, 0.2], [0, 0, 0]]), "one plane"),
    ],
)
def test_impossible_corners(corners, said):
    plate, notes = compute_plate(replace(source(2, 0)[0], corners=corners))
    assert plate is None
    assert codes(notes) == ["plates.corners"]
    assert said in notes[0].text
    assert notes[0].effect and notes[0].cure and notes[0].place == "plate 1"


@pytest.mark.parametrize("order", [[0, 2, 1, 3], [0, 1, 3, 2]])
def test_corners_stated_crosswise_are_put_in_order(order):
    made, (force, point, _) = source(2, 0)
    plate, notes = compute_plate(replace(made, corners=made.corners[order]))
    assert codes(notes) == ["plates.corner_order"]
    np.testing.assert_allclose(plate.corners, made.corners)
    np.testing.assert_allclose(plate.centre_of_pressure[350], point[350])
    np.testing.assert_allclose(plate.force[350], force[350])


def test_a_tilted_plate_is_a_plate():
    made, _ = source(2, 0)
    tilt = np.array([[1, 0, 0], [0, np.cos(0.2), -np.sin(0.2)], [0, np.sin(0.2), np.cos(0.2)]])
    flat, _ = compute_plate(made)
    ramp, notes = compute_plate(replace(made, corners=made.corners @ tilt.T))
    assert not notes
    np.testing.assert_allclose(ramp.force, flat.force @ tilt.T, atol=1e-9)


@pytest.mark.parametrize("what", ["corners", "origin"])
def test_millimetres_among_metres(what):
    made, (_, point, _) = source(2, 3)
    origin = np.array([0.002, -0.001, -0.04])
    plate, notes = compute_plate(replace(made, **{what: (made.corners if what == "corners" else origin) * 1e3}))
    assert codes(notes) == ["plates.unit_of_length"]
    np.testing.assert_allclose(plate.centre_of_pressure[350], point[350], atol=1e-9)


@pytest.mark.parametrize("kind", [2, 3, 4, 6])
def test_an_origin_above_the_surface_is_turned(kind):
    made, (_, point, _) = source(kind, 1)
    turned = made.origin * ([1, 1, -1] if kind in (3, 6) else -1)
    plate, notes = compute_plate(replace(made, origin=np.asarray(turned, dtype=float)))
    assert codes(notes) == ["plates.origin_sign"]
    np.testing.assert_allclose(plate.centre_of_pressure[350], point[350], atol=1e-9)


@pytest.mark.parametrize("factor", [1e3, 1e-3])
@pytest.mark.parametrize("seed", range(3))
def test_moments_in_another_unit(factor, seed):
    made, _ = source(2, seed)
    scale = np.array([1, 1, 1, factor, factor, factor])
    plate, notes = compute_plate(replace(made, channels=made.channels * scale, origin=np.zeros(3)))
    right, _ = compute_plate(replace(made, origin=np.zeros(3)))
    assert codes(notes) == ["plates.moment_unit"]
    np.testing.assert_allclose(plate.centre_of_pressure[350], right.centre_of_pressure[350], atol=1e-9)
    np.testing.assert_allclose(plate.free_moment[350], right.free_moment[350], atol=1e-9)


def test_moments_that_no_unit_explains_stay():
    made, _ = source(2, 0)
    channels = made.channels * np.array([1, 1, 1, 30, 30, 30])
    _, notes = compute_plate(replace(made, channels=channels))
    assert "plates.moment_unit" not in codes(notes)


def drifting(first, last, seed=0):
    made, truth = source(2, seed, n=1800)
    line = np.linspace(first, last, len(made.channels))
    offset = np.outer(line, [0.1, 0.0, -1.0, 0.02, 0.01, 0.0])
    return replace(made, channels=made.channels + offset), truth


def test_a_level_offset_is_subtracted():
    made, (force, point, _) = drifting(14.0, 14.0)
    plate, notes = compute_plate(made)
    assert codes(notes) == ["plates.offset"]
    assert "14.0 N while nobody stands on it" in notes[0].text
    np.testing.assert_allclose(plate.force, force, atol=1e-9)
    np.testing.assert_allclose(plate.centre_of_pressure[750], point[750], atol=1e-9)


def test_an_offset_is_subtracted_though_some_samples_dropped_out_to_zero():
    made, _ = drifting(14.0, 14.0)
    channels = made.channels.copy()
    channels[1500:1650] = 0.0
    plate, notes = compute_plate(replace(made, channels=channels))
    assert codes(notes) == ["plates.offset"]
    assert plate.force[100, 2] == pytest.approx(0.0, abs=0.1)


def test_of_two_resting_levels_one_is_the_zero():
    channels = np.where(np.arange(1000) < 500, 0.3, 30.0)[:, None] * [0, 0, -1.0, 0, 0, 0]
    channels[:, 2] += 0.1 * np.sin(np.arange(1000))
    plate, notes = compute_plate(replace(source(2, 0)[0], channels=channels))
    assert np.isfinite(plate.force).all()
    assert min(abs(plate.force[200, 2]), abs(plate.force[700, 2])) < 0.5
    assert codes(notes) in (["plates.offset"], [])


def test_a_zero_that_the_software_set_stays():
    made, (force, _, _) = source(2, 0, n=1800)
    cut = np.where(made.channels[:, 2:3] > -12.0, 0.0, made.channels)
    plate, notes = compute_plate(replace(made, channels=cut))
    assert notes == []
    assert plate.force[750, 2] == force[750, 2]


@pytest.mark.parametrize("seed", range(3))
def test_a_drifting_zero_is_subtracted_as_a_line(seed):
    made, (force, point, _) = drifting(-5.0, 25.0, seed)
    plate, notes = compute_plate(made)
    assert codes(notes) == ["plates.drift"]
    assert "from -5.0 to 25.0 N" in notes[0].text
    np.testing.assert_allclose(plate.force, force, atol=1e-6)
    np.testing.assert_allclose(plate.centre_of_pressure[750], point[750], atol=1e-6)


def test_a_load_throughout_leaves_the_zero_unseen():
    made, _ = source(2, 0)
    loaded = made.channels + np.outer(300 + 30 * np.sin(np.arange(600) / 9), [0, 0, -1.0, 0, 0, 0])
    plate, notes = compute_plate(replace(made, channels=loaded))
    assert codes(notes) == ["plates.zero_unseen"]
    assert plate.force[0, 2] == pytest.approx(300, abs=1)


def test_a_large_offset_is_believed_where_the_file_says_nobody_stood_there():
    made, (force, _, _) = drifting(200.0, 200.0)
    rng = np.random.default_rng(4)
    noisy = made.channels + rng.normal(0, 1.0, made.channels.shape) * [1, 1, 1, 0.01, 0.01, 0.01]
    stated, notes = compute_plate(replace(made, channels=noisy, zero=(0, 99)))
    assert codes(notes) == ["plates.offset"]
    np.testing.assert_allclose(stated.force[:, 2], force[:, 2], atol=6.0)
    unstated, notes = compute_plate(replace(made, channels=noisy))
    assert codes(notes) == ["plates.zero_unseen"]
    assert unstated.force[0, 2] == pytest.approx(200, abs=6)


def test_a_stated_zero_in_which_somebody_stands_is_not_believed():
    made, _ = source(2, 0)
    standing_first = np.where(np.arange(600) < 300, 500.0 + np.sin(np.arange(600)), 350.0 + 9 * np.sin(np.arange(600)))
    channels = made.channels + np.outer(standing_first, [0, 0, -1.0, 0, 0, 0])
    plate, notes = compute_plate(replace(made, channels=channels, zero=(0, 99)))
    assert codes(notes) == ["plates.zero_unseen"]
    assert plate.force[50, 2] == pytest.approx(500, abs=5)


def test_a_plate_that_nobody_touched_is_no_defect():
    made, _ = source(2, 0)
    plate, notes = compute_plate(replace(made, channels=np.zeros((600, 6))))
    assert notes == []
    assert not plate.force.any()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda c: c * [1, 1, 100, 1, 1, 1], "plates.implausible_force"),
        (lambda c: c * [1, 1, 1, 0, 0, 1], "plates.stuck"),
        (lambda c: np.tile([5.0, 3, -400, 20, 30, 1], (600, 1)), "plates.stuck"),
        (lambda c: np.maximum(c, [-1e9, -1e9, -300, -1e9, -1e9, -1e9]), "plates.clipped"),
        (lambda c: np.random.default_rng(0).normal(0, 60, c.shape), "plates.noise"),
        (lambda c: np.where(c == c.max(), np.nan, c), "plates.not_a_number"),
    ],
)
def test_what_no_person_presses_is_refused(change, code):
    made, _ = source(2, 0)
    plate, notes = compute_plate(replace(made, channels=np.asarray(change(made.channels), dtype=float)))
    assert plate is None
    assert codes(notes)[-1] == code
    assert notes[-1].text.startswith("plate 1: not used, ")
    assert notes[-1].effect and notes[-1].cure


def test_three_tonnes_all_the_time_are_no_person():
    made, _ = source(2, 0)
    loaded = made.channels + np.outer(3000 + 40 * np.sin(np.arange(600) / 9), [0, 0, -1.0, 0, 0, 0])
    plate, notes = compute_plate(replace(made, channels=loaded))
    assert plate is None
    assert "which no person weighs" in notes[-1].text


def test_corner_sensors_without_their_distances_tell_no_place():
    made, _ = source(3, 0)
    plate, notes = compute_plate(replace(made, origin=np.zeros(3)))
    assert plate is None
    assert codes(notes) == ["plates.no_sensor_distances"]


def test_channels_in_volts_are_no_newtons():
    made, _ = source(2, 0)
    plate, notes = compute_plate(replace(made, channels=made.channels / 200, units="V"))
    assert plate is None
    assert codes(notes) == ["plates.volts"]


def test_a_plate_calibrated_twice_is_taken_once():
    made, (force, _, _) = source(4, 0)
    twice = made.channels * [5, 5, 5.5, 1.1, 1.1, 1.1]
    standing_n = np.outer(np.full(600, 600.0), [0, 0, -1.0, 0, 0, 0])
    plate, notes = compute_plate(
        replace(made, channels=twice + 5.5 * standing_n, uncalibrated=made.channels + standing_n)
    )
    assert "plates.calibrated_twice" in codes(notes)
    np.testing.assert_allclose(plate.force[:, 2], force[:, 2] + 600, atol=1e-6)


def loaded_throughout(made, level_n):
    wave = level_n + 0.05 * abs(level_n) * np.sin(np.arange(600) / 20)
    return replace(made, channels=np.outer(wave, [0.05, 0.02, -1.0, 0.01, 0.02, 0.0]))


def test_plates_that_pull_the_person_down_together_are_all_refused():
    one, two = loaded_throughout(source(2, 0)[0], -713.0), loaded_throughout(source(2, 1)[0], 380.0)
    plates, notes = compute_plates([one, replace(two, name="plate 2")])
    assert plates == ()
    assert codes(n for n in notes if n.kind == "defect") == ["plates.negative_weight"] * 2


def test_one_plate_of_the_wrong_sign_whose_zero_is_seen_is_turned():
    good, (force, _, _) = source(2, 0)
    other, (wrong, _, _) = source(2, 1)
    other = replace(other, name="plate 2", channels=-other.channels)
    plates, notes = compute_plates([good, other])
    assert codes(notes) == ["plates.sign"]
    np.testing.assert_allclose(plates[0].force, force, atol=1e-9)
    np.testing.assert_allclose(plates[1].force, wrong, atol=1e-9)


def test_a_plate_described_twice_counts_once():
    made, _ = source(2, 0)
    plates, notes = compute_plates([made, replace(made, name="plate 2")])
    assert len(plates) == 1
    assert codes(notes) == ["plates.twice"]


# --- as a C3D says it ----------------------------------------------------------------------------


def c3d(
    tmp_path, kind, analogs, corners=CORNERS, origin=(0.0, 0.0, -0.04), unit="mm", matrix=None, units=None, more=()
):
    """Write one plate to a C3D and return what is read."""
    scale = {"mm": 1e3, "m": 1.0}[unit]
    group = "FORCE_PLATFORM"
    parameters = [
        (group, "USED", [1]),
        (group, "TYPE", [kind]),
        (group, "CHANNEL", np.arange(1.0, analogs.shape[1] + 1)[:, None]),
        (group, "ORIGIN", np.array(origin)[:, None] * scale),
        (group, "CORNERS", corners.T[:, :, None] * scale),
        *more,
    ]
    if matrix is not None:
        parameters.append((group, "CAL_MATRIX", matrix[:, :, None]))
    path = tmp_path / "plate.c3d"
    if units is not None:
        parameters.append(("ANALOG", "UNITS", list(units)))
    write_c3d(path, labels(), standing(60), unit=unit, analogs=analogs.T, parameters=parameters)
    return read_recording(path)


@pytest.mark.parametrize("unit", ["mm", "m"])
@pytest.mark.parametrize(
    ("stated", "factor"),
    [("", None), ("Nmm", 1e3), ("N.mm", 1e3), ("N-mm", 1e3), ("Nm", 1.0), ("N*m", 1.0), ("Ncm", 1e2)],
)
def test_units_of_moments(tmp_path, unit, stated, factor):
    made, (force, point, free) = source(2, 5)
    factor = factor or {"mm": 1e3, "m": 1.0}[unit]
    analogs = made.channels * [1, 1, 1, factor, factor, factor]
    units = ["N"] * 3 + [stated] * 3
    recording = c3d(tmp_path, 2, analogs, made.corners, made.origin, unit, units=units)
    (plate,) = recording.plates
    np.testing.assert_allclose(plate.force[350], force[350], rtol=1e-5)
    np.testing.assert_allclose(plate.centre_of_pressure[350], point[350], atol=2e-5)
    np.testing.assert_allclose(plate.free_moment[350], free[350], atol=2e-3)
    assert "plates.moment_unit" not in codes(recording.notes)


@pytest.mark.parametrize("kind", [4, 5, 6, 7])
def test_calibration_matrices(tmp_path, kind):
    made, (force, point, _) = source(kind, 2)
    rng = np.random.default_rng(kind)
    rows, columns = {4: (6, 6), 5: (6, 8), 6: (12, 12), 7: (8, 8)}[kind]
    matrix = np.zeros((rows, columns))
    matrix[:rows, :rows] = np.diag(rng.uniform(50, 150, rows)) + rng.normal(0, 1, (rows, rows))
    matrix[:, rows:] = rng.normal(0, 1, (rows, columns - rows))
    in_file = matrix.copy()
    if kind in (4, 5):
        in_file[3:] *= 1e3
    volts = made.channels @ np.linalg.pinv(matrix).T
    recording = c3d(tmp_path, kind, volts, made.corners, made.origin, matrix=in_file, units=["V"] * columns)
    (plate,) = recording.plates
    np.testing.assert_allclose(plate.force[350], force[350], rtol=1e-4, atol=0.01)
    np.testing.assert_allclose(plate.centre_of_pressure[350], point[350], atol=1e-4)


def test_a_matrix_stored_by_rows_is_read_by_rows(tmp_path):
    made, (force, _, _) = source(4, 2)
    matrix = np.diag([100.0, 100, 100, 5e4, 5e4, 5e4]) + np.triu(np.full((6, 6), 3.0), 1)
    in_si = matrix * np.array([1, 1, 1, 1e-3, 1e-3, 1e-3])[:, None]
    volts = made.channels @ np.linalg.inv(in_si).T
    more = [("FORCE_PLATFORM", "MATRIX_STORE", ["BYROW"])]
    recording = c3d(tmp_path, 4, volts, made.corners, made.origin, matrix=matrix.T, units=["V"] * 6, more=more)
    np.testing.assert_allclose(recording.plates[0].force[350], force[350], rtol=1e-4, atol=0.01)


def test_a_matrix_beside_a_type_2_is_left_alone(tmp_path):
    made, (force, _, _) = source(2, 2)
    analogs = made.channels * [1, 1, 1, 1e3, 1e3, 1e3]
    recording = c3d(tmp_path, 2, analogs, made.corners, made.origin, matrix=7 * np.eye(6))
    np.testing.assert_allclose(recording.plates[0].force[350], force[350], rtol=1e-5)


@pytest.mark.parametrize("units", [["N"] * 3 + ["Nmm"] * 3, ["V"] * 6])
def test_a_type_4_without_its_matrix(tmp_path, units):
    made, (force, _, _) = source(4, 2)
    analogs = made.channels * [1, 1, 1, 1e3, 1e3, 1e3]
    recording = c3d(tmp_path, 4, analogs, made.corners, made.origin, units=units)
    note = next(n for n in recording.notes if n.code == "plates.no_matrix")
    if units[0] == "V":
        assert (note.kind, recording.plates) == ("defect", ())
    else:
        assert note.kind == "assumed"
        np.testing.assert_allclose(recording.plates[0].force[350], force[350], rtol=1e-5)


def test_a_file_of_one_plate_may_leave_out_the_dimension_of_plates(tmp_path):
    made, (force, point, _) = source(4, 2)
    group, matrix = "FORCE_PLATFORM", np.diag([2.0, 2, 2, 2e3, 2e3, 2e3])
    more = [
        (group, "CHANNEL", np.arange(1.0, 7)),
        (group, "ORIGIN", made.origin * 1e3),
        (group, "CORNERS", made.corners.T * 1e3),
        (group, "CAL_MATRIX", matrix),
    ]
    recording = c3d(tmp_path, 4, made.channels / 2, made.corners, made.origin, units=["V"] * 6, more=more)
    np.testing.assert_allclose(recording.plates[0].force[350], force[350], rtol=1e-4)
    np.testing.assert_allclose(recording.plates[0].centre_of_pressure[350], point[350], atol=1e-4)


@pytest.mark.parametrize(("kind", "said"), [(11, "split-belt"), (12, "split-belt"), (21, "stairs"), (99, "type 99")])
def test_types_that_nobody_defines_are_refused(tmp_path, kind, said):
    recording = c3d(tmp_path, kind, np.zeros((60, 8)))
    assert recording.plates == ()
    note = next(n for n in recording.notes if n.code == "plates.type")
    assert said in note.text


def test_channels_that_are_missing(tmp_path):
    more = [("FORCE_PLATFORM", "CHANNEL", np.array([1.0, 2, 3, 4, 5, 0])[:, None])]
    recording = c3d(tmp_path, 2, np.zeros((60, 6)), more=more)
    assert recording.plates == ()
    assert "plates.channels" in codes(recording.notes)


def test_forces_in_kilonewtons(tmp_path):
    made, (force, _, _) = source(2, 4)
    analogs = made.channels * [1e-3, 1e-3, 1e-3, 1, 1, 1]
    recording = c3d(tmp_path, 2, analogs, made.corners, made.origin, units=["kN"] * 3 + ["Nm"] * 3)
    np.testing.assert_allclose(recording.plates[0].force[350], force[350], rtol=1e-4)


def test_plates_that_say_the_same_share_one_note(tmp_path):
    one, two = source(2, 0)[0], source(2, 1)[0]
    group = "FORCE_PLATFORM"
    parameters = [
        (group, "USED", [2]),
        (group, "TYPE", [2, 2]),
        (group, "CHANNEL", np.arange(1.0, 13).reshape(2, 6).T),
        (group, "ORIGIN", np.array([[0, 0, 40.0], [0, 0, 40.0]]).T),
        (group, "CORNERS", np.stack([one.corners.T, two.corners.T], axis=2) * 1e3),
    ]
    analogs = np.column_stack([one.channels, two.channels]) * ([1, 1, 1, 1e3, 1e3, 1e3] * 2)
    path = write_c3d(tmp_path / "a.c3d", labels(), standing(60), analogs=analogs.T, parameters=parameters)
    (note,) = [n for n in read_recording(path).notes if n.code == "plates.origin_sign"]
    assert (note.place, note.text[:13]) == ("plates 1, 2", "Plates 1, 2: ")
