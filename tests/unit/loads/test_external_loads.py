"""External loads: what the files say, what they do to segments, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from kinechain.body.body import Body
from kinechain.body.pose import segment_poses
from kinechain.body.tree import KERNELS
from kinechain.core.errors import FileError, RecordingError, SettingError
from kinechain.loads import external_loads as module
from kinechain.loads.external_loads import (
    AppliedForce,
    ExternalLoads,
    external_wrenches,
    ground_as_external_loads,
    plates_as_external_loads,
    read_external_loads,
    spline_at,
    write_external_loads,
)
from kinechain.loads.loads import MEASURED, NO_CONTACT, UNKNOWN, FootReaction, GroundReaction
from kinechain.recording.recording import ForcePlate
from toy_bodies import leg, leg_values

compiled = pytest.mark.skipif(KERNELS != "compiled", reason="the extension was not built here")
TIMES = np.arange(20) / 100


def loads(point_frame: str = "ground") -> ExternalLoads:
    generator = np.random.default_rng(0)
    force, point, torque = (generator.normal(size=(20, 3)) for _ in range(3))
    return ExternalLoads(
        TIMES,
        (
            AppliedForce("right", "foot", 100 * force, point, 10 * torque, "ground", point_frame),
            AppliedForce("push", "pelvis", 50 * force, None, torque),
        ),
    )


@pytest.mark.parametrize("kernels", [pytest.param("compiled", marks=compiled), "Python"])
def test_the_spline_is_scipys_natural_cubic(kernels, monkeypatch):
    monkeypatch.setattr(module, "KERNELS", kernels)
    generator = np.random.default_rng(0)
    times = np.cumsum(generator.uniform(0.01, 0.03, 30))
    values = generator.normal(size=(30, 3))
    wanted = np.concatenate([np.linspace(times[0], times[-1], 77), times])
    assert spline_at(times, values, wanted) == pytest.approx(CubicSpline(times, values, bc_type="natural")(wanted))
    assert np.isnan(spline_at(times, values, np.array([times[0] - 1e-6, times[-1] + 1e-6]))).all()


def test_few_samples_make_lines_and_one_a_constant():
    assert spline_at(np.array([2.0]), np.array([[7.0]]), np.array([0.0, 5.0])).ravel() == pytest.approx([7.0, 7.0])
    line = spline_at(np.array([0.0, 1.0, 2.0]), np.array([[0.0], [2.0], [2.0]]), np.array([0.5, 1.5]))
    assert line.ravel() == pytest.approx([1.0, 2.0])


def test_a_force_at_a_point_turns_about_the_world_origin():
    force = AppliedForce("f", "foot", np.tile([0, 0, 10.0], (4, 1)), np.tile([2.0, 3, 0], (4, 1)), np.zeros((4, 3)))
    out = external_wrenches(leg(), ExternalLoads(TIMES[:4], (force,)), TIMES[:4])
    foot = [s.name for s in leg().segments].index("foot")
    assert out[0, foot] == pytest.approx([0, 0, 10, 30, -20, 0])
    assert not np.delete(out, foot, axis=1).any()


def test_points_may_move_with_a_segment_and_forces_act_at_its_origin():
    body = leg()
    poses = segment_poses(body, leg_values(20, tx=0.3, yaw=0.4, knee=np.linspace(0.2, 1.0, 20)))
    given = loads("shank")
    out = external_wrenches(body, given, TIMES, poses)
    names = [s.name for s in body.segments]
    shank, foot, pelvis = (names.index(n) for n in ("shank", "foot", "pelvis"))
    right, push = given.forces
    place = poses[:, shank, :3, 3] + np.einsum("tij,tj->ti", poses[:, shank, :3, :3], right.point)
    assert out[:, foot, 3:] == pytest.approx(right.torque + np.cross(place, right.force))
    assert out[:, pelvis, 3:] == pytest.approx(push.torque + np.cross(poses[:, pelvis, :3, 3], push.force))
    with pytest.raises(SettingError, match="poses of the body are needed"):
        external_wrenches(body, given, TIMES)


def test_outside_the_table_nothing_is_known():
    out = external_wrenches(leg(), ExternalLoads(TIMES, loads().forces[:1]), np.array([-0.01, 0.05, 0.2]))
    foot = [s.name for s in leg().segments].index("foot")
    assert np.isnan(out[[0, 2], foot]).all()
    assert np.isfinite(out[1]).all()
    assert np.isfinite(np.delete(out, foot, axis=1)).all()


def test_a_body_that_is_not_there_is_named():
    with pytest.raises(SettingError, match="Did you mean 'foot'"):
        external_wrenches(leg(), ExternalLoads(TIMES, (AppliedForce("f", "fot", *[np.zeros((20, 3))] * 3),)), TIMES)
    with pytest.raises(SettingError, match="names the body 'ground'"):
        external_wrenches(leg(), ExternalLoads(TIMES, (AppliedForce("f", "ground", *[np.zeros((20, 3))] * 3),)), TIMES)


def test_what_is_written_is_read_again(tmp_path):
    written = loads()
    files = write_external_loads(written, tmp_path / "walk_grf.xml")
    assert [f.name for f in files] == ["walk_grf.xml", "walk_grf.mot"]
    read = read_external_loads(tmp_path / "walk_grf.xml")
    assert read.times_s == pytest.approx(TIMES, abs=1e-8)
    for ours, theirs in zip(written.forces, read.forces, strict=True):
        assert (ours.name, ours.segment, ours.point_frame) == (theirs.name, theirs.segment, theirs.point_frame)
        assert theirs.force == pytest.approx(ours.force, abs=1e-8)
        assert theirs.torque == pytest.approx(ours.torque, abs=1e-8)
        assert (theirs.point is None) == (ours.point is None)
    with pytest.raises(SettingError, match=r"must end in \.xml"):
        write_external_loads(written, tmp_path / "walk.mot")


def test_the_shared_loads_are_read(shared):
    found = read_external_loads(shared / "models/gait2392/subject01_walk1_grf.xml")
    assert [(f.name, f.segment) for f in found.forces] == [
        ("ExternalForce_1", "calcn_r"),
        ("ExternalForce_2", "calcn_l"),
    ]
    # First row of the table, as it stands in the file.
    assert found.forces[0].force[0] == pytest.approx([101.5119767, 745.4661142, -47.44870554])
    assert found.forces[1].point[0] == pytest.approx([0.81009656, -0.0075, -0.05354309])
    assert found.forces[0].torque[0] == pytest.approx([0, 13.53783445, 0])
    # The shipped file names a table in a folder that is not there; it lies beside it.
    assert len(read_external_loads(shared / "models/rajagopal/grf_walk.xml").times_s) == 4778


SPOILT = [
    ("xml", "<applied_to_body>foot</applied_to_body>", "<applied_to_body />", "says no body"),
    ("xml", "right_ground_force_v", "ground_force_v", "three columns beginning with 'ground_force_v'"),
    ("xml", "right_ground_force_v", "r", "three columns beginning with 'r'.* has 9"),
    ("xml", 'name="push"', 'name="right"', "names must differ"),
    ("xml", "<datafile>walk.mot</datafile>", "<datafile />", "names no <datafile>"),
    ("xml", "walk.mot", "other.mot", "other.mot is not there"),
    ("xml", "ExternalForce ", "PrescribedForce ", "not well-formed"),
    ("xml", "<OpenSimDocument", "<!DOCTYPE x><OpenSimDocument", "document type"),
    ("xml", "ExternalLoads", "ExternalLoad", "no <ExternalLoads>"),
    ("mot", "\n0.05000000\t", "\n0.05000000\tnan\t#", "where a number is expected|where 16 are expected"),
    ("mot", "\n0.05000000\t", "\n-100\t", "backwards"),
    ("mot", "\n0.05000000\t", "\nabc\t", "number is expected"),
    ("mot", "right_ground_force_vy", "right_ground_force_vx", "more than one column 'right_ground_force_vx'"),
]


@pytest.mark.parametrize(("kind", "old", "new", "said"), SPOILT)
def test_spoilt_files_are_refused_in_one_sentence(tmp_path, kind, old, new, said):
    write_external_loads(loads(), tmp_path / "walk.xml")
    path = tmp_path / f"walk.{kind}"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(FileError, match=said) as fault:
        read_external_loads(tmp_path / "walk.xml")
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("column", [1, 4, 7])
@pytest.mark.parametrize("value", ["nan", "1e9"])
def test_numbers_no_plate_measures_are_refused(tmp_path, column, value):
    write_external_loads(loads(), tmp_path / "walk.xml")
    path = tmp_path / "walk.mot"
    lines = path.read_text().splitlines()
    cells = lines[12].split("\t")
    cells[column] = value
    lines[12] = "\t".join(cells)
    path.write_text("\n".join(lines))
    with pytest.raises(FileError, match=r"(force|point|torque) of 'right' in walk\.mot is "):
        read_external_loads(tmp_path / "walk.xml")


def test_a_point_without_a_force_may_be_anything(tmp_path):
    quiet = AppliedForce("right", "foot", np.zeros((20, 3)), np.full((20, 3), np.nan), np.zeros((20, 3)))
    write_external_loads(ExternalLoads(TIMES, (quiet,)), tmp_path / "walk.xml")
    (read,) = read_external_loads(tmp_path / "walk.xml").forces
    assert not read.point.any()


def test_switched_off_forces_do_not_act(tmp_path):
    write_external_loads(loads(), tmp_path / "walk.xml")
    path = tmp_path / "walk.xml"
    path.write_text(path.read_text().replace('name="push">', 'name="push"><appliesForce>false</appliesForce>'))
    assert [f.name for f in read_external_loads(path).forces] == ["right"]


def foot(side, origin=MEASURED):
    force = np.tile([10.0, 20.0, 700.0], (20, 1))
    point = np.tile([1.0, 0.2, 0.0], (20, 1))
    free = np.tile([0.0, 0.0, 5.0], (20, 1))
    region = np.zeros((20, 5, 3))
    return FootReaction(side, force, point, free, region, region, np.full(20, origin))


def test_a_ground_reaction_is_turned_into_opensims_axes():
    ground = GroundReaction(TIMES, (foot("right"), foot("left", NO_CONTACT)))
    right, left = ground_as_external_loads(ground).forces
    # x forward stays, up becomes y, left becomes minus z.
    assert right.force[0] == pytest.approx([10, 700, -20])
    assert right.point[0] == pytest.approx([1.0, 0, -0.2])
    assert right.torque[0] == pytest.approx([0, 5, 0])
    assert (right.segment, left.segment) == ("calcn_r", "calcn_l")
    assert not left.force.any()


def test_only_the_known_stretch_of_a_reaction_is_written():
    known = foot("right")
    origin = np.array(known.origin)
    origin[:5] = UNKNOWN
    partly = FootReaction(
        "right",
        known.force,
        known.centre_of_pressure,
        known.free_moment,
        known.region_force,
        known.region_point,
        origin,
    )
    found = ground_as_external_loads(GroundReaction(TIMES, (partly, foot("left"))))
    assert found.times_s[0] == pytest.approx(0.05)
    assert any("0.05 to 0.19 s" in note for note in found.notes)
    with pytest.raises(RecordingError, match="known nowhere"):
        ground_as_external_loads(GroundReaction(TIMES, (foot("right", UNKNOWN), foot("left"))))


def test_plates_go_to_the_nearest_foot():
    body = two_feet()
    poses = np.tile(np.eye(4), (20, 2, 1, 1))
    poses[:, 0, 0, 3], poses[:, 1, 0, 3] = 0.1, 0.9
    force = np.zeros((40, 3))
    force[:18], force[22:] = [0, 0, 500.0], [0, 0, 600.0]
    centre = np.zeros((40, 3))
    centre[22:, 0] = 1.0
    plate = ForcePlate("belt", np.zeros((4, 3)), force, centre, np.tile([0, 0, 2.0], (40, 1)), 200.0)
    found = plates_as_external_loads(body, (plate,), TIMES, poses, {"right": "calcn_r", "left": "calcn_l"})
    out = external_wrenches(body, found, np.array([0.02, 0.1025, 0.15]))
    assert out[0, 0, :3] == pytest.approx([0, 0, 500], abs=1)
    assert out[2, 1] == pytest.approx([0, 0, 600, 0, -600, 2], abs=1)
    assert np.abs(out[2, 0]).max() < 1
    still = ForcePlate("belt", np.zeros((4, 3)), np.zeros((40, 3)), centre, centre, 200.0)
    with pytest.raises(RecordingError, match="no plate is loaded"):
        plates_as_external_loads(body, (still,), TIMES, poses, {"right": "calcn_r", "left": "calcn_l"})


def two_feet() -> Body:
    from kinechain.body.body import Joint
    from toy_bodies import IDENTITY, segment, slide

    joints = tuple(Joint(f"j{s}", "ground", f"calcn_{s}", IDENTITY, IDENTITY, (slide((1, 0, 0), None),)) for s in "rl")
    return Body("feet", (segment("calcn_r"), segment("calcn_l")), joints, ())


def test_files_that_are_not_there_are_named(tmp_path: Path):
    with pytest.raises(FileError, match=r"nothing.xml cannot be read"):
        read_external_loads(tmp_path / "nothing.xml")
