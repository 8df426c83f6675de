"""Reading OpenSim models: poses against OpenSim 4.6, couplings, and files that are wrong in every way."""

from pathlib import Path
from xml.etree.ElementTree import tostring

import numpy as np
import pytest
from osim_models import (
    COUPLED,
    EVERY_JOINT,
    LINE,
    SPLINE,
    axis,
    body,
    coordinate,
    document,
    joint,
    marker,
    model,
    offset,
    spatial,
)

from kinechain.body.body import Body, Function
from kinechain.body.osim import is_in_degrees, read_osim
from kinechain.body.osim_functions import compose, multiply, simm_spline
from kinechain.body.osim_xml import _parse_plain, _parse_wary
from kinechain.core.errors import FileError
from kinechain.core.frames import about_axis, inverse, transform

#: Ground positions of markers, m, computed by OpenSim 4.6 (4.6-2026-06-22-85aaf64) in the pose of ``stated_pose``.
OPENSIM_EVERY_JOINT = {
    "on_root": (-0.647862564916, -0.629283629796, 0.724032159754),
    "on_wand": (0.134057971437, -1.724744192109, 0.581834647988),
    "on_universal": (0.652426712144, -1.624365649999, 0.095508027139),
    "on_gimbal": (1.060374012202, -0.638544219953, 0.359742068622),
    "on_planar": (-1.113657736998, -1.076503869990, 0.770571342696),
    "on_slid": (-1.191628506646, -1.757221451058, 0.088317418879),
    "on_curved": (-0.729492892191, -1.902403344637, -0.332482791362),
    "on_more_curved": (-0.232269066476, -1.680235545286, -0.685035099144),
    "on_child_offset": (-0.940417677276, -2.024064043378, -0.102760326235),
    "on_parent_offset": (-1.014208427053, -1.955862105691, -0.228048348545),
}
OPENSIM_SHARED = {
    "gait2392/subject01_scaled.osim": {
        "Top.Head": (0.136036687628, 1.013776710472, -0.184101563019),
        "R.Toe.Tip": (-1.355947943503, 0.410897077283, 0.014633893945),
        "L.Shank.Rear": (-1.051131161624, 0.471963522531, -0.339240041694),
    },
    "rajagopal/Rajagopal2016.osim": {
        "RTOE": (0.515938793517, -0.204847716540, -0.517088298243),
        "LFAradius": (0.359901056041, 1.190969690127, -0.852957186252),
        "C7": (0.728934948804, 0.721453292049, -0.566962499988),
    },
}


def stated_pose(body: Body) -> dict[str, float]:
    """Return 0.8 sin(1 + 2 i), rounded to six digits, for the i-th coordinate by name; as OpenSim was given."""
    names = sorted(c.name for c in body.coordinates)
    return {name: float(np.round(0.8 * np.sin(1 + 2 * i), 6)) for i, name in enumerate(names)}


def place_markers(body: Body, values: dict[str, float]) -> dict[str, np.ndarray]:
    world = {"ground": np.eye(4)}
    for connection in body.joints:
        pose = world[connection.parent] @ connection.parent_from_joint
        for m in connection.mobilities:
            amount = float(m.function.evaluate(values.get(m.coordinate or "", 0.0))[0])
            turn = m.kind == "rotation"
            pose = pose @ (transform(about_axis(m.axis, amount)) if turn else transform(translation=amount * m.axis))
        world[connection.child] = pose @ inverse(connection.child_from_joint)
    return {m.name: (world[m.segment] @ np.append(m.position, 1.0))[:3] for m in body.markers}


@pytest.fixture
def write(tmp_path: Path):
    def write_model(content: str | bytes, name: str = "small.osim") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_model


def read_refusal(path: Path) -> str:
    with pytest.raises(FileError) as caught:
        read_osim(path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    return message


def test_every_joint_stands_where_opensim_puts_it(write):
    body = read_osim(write(EVERY_JOINT))
    found = place_markers(body, stated_pose(body))
    for name, expected in OPENSIM_EVERY_JOINT.items():
        np.testing.assert_allclose(found[name], expected, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(found["on_ground"], [0.1, 0.2, 0.3])


@pytest.mark.parametrize("name", OPENSIM_SHARED)
def test_known_models_stand_where_opensim_puts_them(shared, name):
    body = read_osim(shared / "models" / name)
    found = place_markers(body, stated_pose(body))
    for marker_name, expected in OPENSIM_SHARED[name].items():
        np.testing.assert_allclose(found[marker_name], expected, atol=1e-9, err_msg=marker_name)


def test_known_models_have_the_sizes_opensim_prints(shared):
    rajagopal = read_osim(shared / "models/rajagopal/Rajagopal2016.osim")
    assert (len(rajagopal.segments), len(rajagopal.coordinates)) == (22, 39)
    assert sum(c.is_free for c in rajagopal.coordinates) == 29
    assert rajagopal.up == "y"
    full = read_osim(shared / "models/pose2sim/full_body_318_muscles.osim")
    assert sum(c.driver is not None for c in full.coordinates) == 20
    assert any("318 x muscle" in note for note in full.notes)
    gait = read_osim(shared / "models/gait2392/subject01_scaled.osim")
    assert gait.mass_kg == pytest.approx(72.6, abs=1e-9)


def test_parents_stand_before_children_and_massless_bodies_are_kept(write):
    body = read_osim(write(EVERY_JOINT))
    assert [s.name for s in body.segments][:2] == ["root", "pinned"]
    assert body.segment("curved").mass_kg == 0.0
    assert body.coordinate("slide").kind == "translation"
    assert body.coordinate("p1").kind == "rotation"
    assert body.segment("root").inertia[0, 2] == -0.002


def test_coordinates_that_only_drive_curves_stay_in_rad_in_motion_files(write):
    # OpenSim 4.6 calls 'slide' coupled, 'fold', 'bend' and 'p1' rotational, 'p2' and 's1' translational.
    body = read_osim(write(EVERY_JOINT))
    found = {name: is_in_degrees(body, name) for name in ("slide", "fold", "bend", "p1", "p2", "s1")}
    assert found == {"slide": False, "fold": True, "bend": True, "p1": True, "p2": False, "s1": False}


def test_a_polynomial_of_high_degree_is_noted_as_approximated(write):
    notes = read_osim(write(EVERY_JOINT)).notes
    assert any("degree 5" in note and "'more'" in note for note in notes)


def test_simm_spline_is_opensims():
    # Values and slopes printed by OpenSim 4.6, the two outer abscissae beyond the points.
    abscissae = np.array([-1.7, -0.9, -0.1, 0.6, 1.2, 2.5])
    spline = simm_spline(np.array([-1, -0.4, 0.1, 0.9, 1.3]), np.array([0.02, -0.05, 0.01, 0.12, 0.1]))
    value, slope, curvature = spline.evaluate(abscissae)
    expected = [0.241407628048, -0.007771732306, -0.021056316104, 0.091822230046, 0.112959893242, -0.092150147081]
    np.testing.assert_allclose(value, expected, atol=1e-11)
    expected = [-0.316296611498, -0.240199560816, 0.138340139076, 0.134838589855, -0.100071045447, -0.160125122568]
    np.testing.assert_allclose(slope, expected, atol=1e-11)
    np.testing.assert_allclose(curvature[1:5], [0.729124721023, 0.213278495997, -0.213678347056, -0.570591676186])


def test_simm_spline_through_two_three_and_four_points_is_opensims():
    abscissae = np.array([-1.7, -0.9, -0.1, 0.6, 1.2, 2.5])
    three = simm_spline(np.array([-1.0, 0, 2]), np.array([0.1, 0.3, -0.2]))
    np.testing.assert_allclose(three.evaluate(abscissae)[0], [-0.145, 0.1335, 0.2935, 0.276, 0.144, -0.475], atol=1e-12)
    two = simm_spline(np.array([0.0, 1]), np.array([1.0, 3]))
    np.testing.assert_allclose(two.evaluate(abscissae)[0], [-2.4, -0.8, 0.8, 2.2, 3.4, 6.0], atol=1e-12)
    four = simm_spline(np.array([-1, -0.4, 0.1, 0.9]), np.array([0.02, -0.05, 0.01, 0.12]))
    expected = [0.241072813152, -0.00773187339, -0.021176849466, 0.092653662127, 0.131361152006, 0.180592810698]
    np.testing.assert_allclose(four.evaluate(abscissae)[0], expected, atol=1e-11)


def test_functions_compose_through_a_line():
    spline = simm_spline(np.array([-1, -0.4, 0.1, 0.9, 1.3]), np.array([0.02, -0.05, 0.01, 0.12, 0.1]))
    line = multiply(simm_spline(np.array([0.0, 1.0]), np.array([0.1, -1.4])), 1.0)
    z = np.linspace(-2, 2, 41)
    for outer, inner in ((spline, line), (line, spline)):
        composed = compose(outer, inner)
        assert composed is not None
        np.testing.assert_allclose(composed.evaluate(z)[0], outer.evaluate(inner.evaluate(z)[0])[0], atol=1e-12)
    assert compose(spline, spline) is None


def test_couplings_keep_their_scale_and_fold_chains(write):
    body = read_osim(write(COUPLED))
    # qb = 2.5 spline(qa), qc = 0.5 (-2 qa + 0.1), qd = -(3 qc + 0.05); assembled by OpenSim 4.6 at qa = 0.25.
    found = {n: float(body.coordinate(n).coupling.evaluate(0.25)[0]) for n in ("qb", "qc", "qd")}
    assert found == pytest.approx({"qb": 0.0894054428, "qc": -0.2, "qd": 0.55}, abs=1e-8)
    assert {body.coordinate(n).driver for n in found} == {"qa"}
    assert body.coordinate("qb").default == pytest.approx(found["qb"])
    assert [c.name for c in body.coordinates if c.is_free] == ["qa"]
    # qd = 3 qa - 0.2 must stay within +-0.9, so qa ends at 1.1 / 3 and -0.7 / 3.
    assert (body.coordinate("qa").low, body.coordinate("qa").high) == pytest.approx((-0.7 / 3, 1.1 / 3))


def test_a_coordinate_coupled_to_a_locked_one_is_locked(write):
    content = COUPLED.replace(
        "<clamped>true</clamped><locked>false</locked>", "<clamped>false</clamped><locked>true</locked>", 1
    )
    body = read_osim(write(content))
    assert all(c.is_locked for c in body.coordinates)
    assert body.coordinate("qc").default == pytest.approx(-0.2)


def one_joint(kind: str = "PinJoint", coordinates: str | None = None, inside: str = "", **rest: str) -> str:
    given = coordinate("q") if coordinates is None else coordinates
    return model(body("a"), joint(kind, "j", "/ground", "/bodyset/a", given, inside), marker("m", "/bodyset/a"), **rest)


def test_an_unnamed_coordinate_gets_opensims_name_and_range(write):
    body = read_osim(write(one_joint(coordinates="")))
    assert body.coordinates[0].name == "j_coord_0"
    assert (body.coordinates[0].low, body.coordinates[0].high) == (-10.0, 10.0)


def test_a_coordinate_that_moves_nothing_is_locked_and_noted(write):
    still = '<TransformAxis name="rotation1"><coordinates>q</coordinates><axis>1 0 0</axis></TransformAxis>'
    body = read_osim(write(one_joint("CustomJoint", inside=spatial(still))))
    assert body.coordinates[0].is_locked
    assert any("moves nothing" in note for note in body.notes)


def test_constant_translations_move_the_joint(write):
    fixed = axis("translation2", "0 2 0", '<Constant name="function"><value>0.25</value></Constant>')
    turning = axis("rotation3", "0 0 1", LINE, "q")
    with_shift = read_osim(write(one_joint("CustomJoint", inside=spatial(turning, fixed))))
    without = read_osim(write(one_joint("CustomJoint", inside=spatial(turning))))
    assert len(with_shift.joints[0].mobilities) == 1
    moved = place_markers(with_shift, {"q": 0.4})["m"] - place_markers(without, {"q": 0.4})["m"]
    np.testing.assert_allclose(moved, 0.25 * without.joints[0].parent_from_joint[:3, 1], atol=1e-12)


def test_what_is_left_out_is_said(write):
    extra = (
        '<ForceSet name="forceset"><objects><Thelen2003Muscle name="a" /><Thelen2003Muscle name="b" />'
        '<CoordinateActuator name="c" /></objects></ForceSet>'
        '<ContactGeometrySet name="c"><objects><ContactSphere name="s" /></objects></ContactGeometrySet>'
    )
    constraints = (
        '<WeldConstraint name="glue" /><PointConstraint name="off"><isEnforced>false</isEnforced></PointConstraint>'
    )
    notes = " ".join(read_osim(write(one_joint(constraints=constraints, extra=extra))).notes)
    for words in (
        "2 x muscle",
        "CoordinateActuator",
        "contact geometry",
        "WeldConstraint 'glue'",
        "'off' is not enforced",
    ):
        assert words in notes


def test_a_joint_that_closes_a_loop_is_left_out_and_noted(write):
    joints = (
        joint("PinJoint", "j1", "/ground", "/bodyset/a", coordinate("q1"))
        + joint("PinJoint", "j2", "/bodyset/a", "/bodyset/b", coordinate("q2"))
        + joint("PinJoint", "j3", "/ground", "/bodyset/b", coordinate("q3"))
    )
    found = read_osim(write(model(body("a") + body("b"), joints)))
    assert len(found.joints) == 2
    assert any("'j2' closes a loop" in note for note in found.notes)


def test_gravity_says_which_axis_is_up(write):
    assert read_osim(write(one_joint().replace("0 -9.80665 0", "0 0 -9.80665"))).up == "z"
    odd = read_osim(write(one_joint().replace("0 -9.80665 0", "-9.8 0 0")))
    assert odd.up == "y"
    assert any("gravity" in note for note in odd.notes)


def test_no_two_axes_may_lie_along_one_line(write):
    twice = spatial(axis("rotation1", "0 0 1", LINE, "q"))
    assert "along one line" in read_refusal(write(one_joint("CustomJoint", inside=twice)))


CHAIN = (
    joint("PinJoint", "j1", "/bodyset/b", "/bodyset/a", coordinate("q1"))
    + joint("PinJoint", "j2", "/bodyset/a", "/bodyset/b", coordinate("q2"))
)  # fmt: skip
TWO = joint("PinJoint", "j", "/ground", "/bodyset/a", coordinate("q")) + joint(
    "PinJoint", "k", "/bodyset/a", "/bodyset/b", coordinate("q")
)
COUPLER = (
    '<CoordinateCouplerConstraint name="c"><coupled_coordinates_function><LinearFunction />'
    "</coupled_coordinates_function><independent_coordinate_names>{}</independent_coordinate_names>"
    "<dependent_coordinate_name>q</dependent_coordinate_name></CoordinateCouplerConstraint>"
)

MALFORMED = {
    "empty": ("", "empty"),
    "not xml": ("time\tq\n0\t1\n", "not well-formed XML"),
    "binary": (b"\x00\x01\x02PK\x03", "not well-formed XML"),
    "a byte order it cannot be": (b"\xff\xfe\x00\x01", "not well-formed XML"),
    "truncated": (one_joint()[:900], "truncated"),
    "another root": ("<mujoco />", "<mujoco>"),
    "another OpenSim file": (document("<ScaleTool />"), "<ScaleTool>"),
    "OpenSim 3": (document("<Model />", "30000"), "save it again"),
    "version is a word": (document("<Model />", "four"), "'four'"),
    "no bodies": (model("", ""), "no bodies"),
    "a body without joint": (model(body("a") + body("b"), joint("WeldJoint", "j", "/ground", "/bodyset/a")), "b"),
    "joints in a circle": (model(body("a") + body("b"), CHAIN), "no chain of joints"),
    "dangling parent": (one_joint().replace("<socket_parent>/ground", "<socket_parent>/bodyset/nobody"), "nobody"),
    "dangling socket": (one_joint().replace(">child_offset</socket_child", ">lost</socket_child"), "'lost'"),
    "empty socket": (one_joint().replace(">child_offset</socket_child", "></socket_child"), "which frame"),
    "frames in a circle": (
        one_joint().replace("<socket_parent>/bodyset/a", "<socket_parent>../child_offset"),
        "circle",
    ),
    "dangling marker": (
        one_joint().replace("frame>/bodyset/a</socket_parent_frame><loc", "frame>/x</socket_parent_frame><loc"),
        "'/x'",
    ),
    "unknown joint": (one_joint("EllipsoidJoint"), "EllipsoidJoint 'j'"),
    "too many coordinates": (one_joint(coordinates=coordinate("q") + coordinate("p")), "needs 1"),
    "custom joint without transform": (one_joint("CustomJoint"), "SpatialTransform"),
    "unknown function": (
        one_joint("CustomJoint", inside=spatial(axis("rotation1", "1 0 0", "<GCVSpline />", "q"))),
        "GCVSpline",
    ),
    "zero axis": (one_joint("CustomJoint", inside=spatial(axis("rotation1", "0 0 0", LINE, "q"))), "zero"),
    "spline of uneven length": (
        one_joint("CustomJoint", inside=spatial(axis("rotation1", "1 0 0", SPLINE.replace("<x>-1 ", "<x>"), "q"))),
        "4 x and 5 y",
    ),
    "spline that does not ascend": (
        one_joint("CustomJoint", inside=spatial(axis("rotation1", "1 0 0", SPLINE.replace("-0.4", "0.1"), "q"))),
        "do not ascend",
    ),
    "two coordinates on an axis": (
        one_joint("CustomJoint", inside=spatial(axis("rotation1", "1 0 0", LINE, "q p"))),
        "2 coordinates",
    ),
    "a mass that is nan": (one_joint().replace("<mass>1.5", "<mass>nan"), "finite"),
    "a mass below zero": (one_joint().replace("<mass>1.5", "<mass>-100"), "negative"),
    "a mass that is a word": (one_joint().replace("<mass>1.5", "<mass>heavy"), "not numbers"),
    "a negative moment of inertia": (one_joint().replace("0.02 0.03 0.04", "0.02 -0.03 0.04"), "negative"),
    "five inertias": (one_joint().replace(" 0.001 -0.002", " 0.001"), "5 numbers"),
    "a marker at infinity": (one_joint().replace("0.1 0.2 0.3</location>", "0.1 inf 0.3</location>"), "finite"),
    "a marker without place": (one_joint().replace("<location>0.1 0.2 0.3</location>", ""), "<location>"),
    "a range upside down": (one_joint().replace("-3 3", "3 -3"), "down to"),
    "locked is a number": (one_joint().replace("<locked>false", "<locked>0"), "true or false"),
    "bodies named alike": (model(body("a") + body("a"), ""), "more than once: a"),
    "a body without name": (model(body(""), ""), "no name"),
    "coordinates named alike": (model(body("a") + body("b"), TWO), "more than once: q"),
    "markers named alike": (
        one_joint().replace("</Marker>", "</Marker>" + marker("m", "/ground")),
        "more than once: m",
    ),
    "a coupler without driver": (one_joint(constraints=COUPLER.format("")), "0 coordinates"),
    "a coupler to nothing": (one_joint(constraints=COUPLER.format("hip")), "'hip'"),
    "a coupler to itself": (one_joint(constraints=COUPLER.format("q")), "circle"),
    "nested too deep": (document("<Model>" + "<a>" * 200 + "</a>" * 200 + "</Model>"), "deeper"),
}  # fmt: skip


@pytest.mark.parametrize("fault", MALFORMED)
def test_a_wrong_file_is_refused_in_one_sentence(write, fault):
    content, expected = MALFORMED[fault]
    assert expected in read_refusal(write(content))


def test_entities_are_never_expanded(write, tmp_path):
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
        '<OpenSimDocument Version="40000"><Model name="&c;" /></OpenSimDocument>'
    )
    assert "document type" in read_refusal(write(bomb))
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    outside = (
        f'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        '<OpenSimDocument Version="40000"><Model name="&x;" /></OpenSimDocument>'
    )
    assert "document type" in read_refusal(write(outside))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_document_types_in_wide_letters_are_refused_too(write, encoding):
    content = '<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "ha">]><OpenSimDocument Version="40000" name="&a;" />'
    assert "document type" in read_refusal(write(content.encode(encoding)))


def test_both_ways_of_parsing_give_the_same_tree():
    data = one_joint().replace("</gravity>", "</gravity><!-- <a> --><credits>a<!-- b -->c &amp; d</credits>").encode()
    assert tostring(_parse_plain(data)) == tostring(_parse_wary(data))
    assert b"ac &amp; d" in tostring(_parse_plain(data))


def test_a_line_and_a_spline_have_one_value_however_asked():
    x, y = np.array([-1.0, 0.2, 0.9, 2.0, 2.5]), np.array([0.3, -0.1, 0.4, 0.2, 1.0])
    smooth = simm_spline(x, y)
    for function in (smooth, Function(smooth.knots, smooth.coefficients, False), Function.linear(-2.0, 0.3)):
        for z in (-3.0, -1.0, 0.2, 0.55, 2.5, 4.0):
            assert function.value(z) == float(function.evaluate(z)[0])


def test_a_file_too_large_is_refused_before_it_is_read(write, monkeypatch):
    monkeypatch.setattr("kinechain.body.osim_xml.MAX_BYTES", 100)
    assert "at most 100" in read_refusal(write(one_joint()))


def test_latin_letters_in_a_file_that_says_utf_8_are_read(write):
    content = one_joint().replace("</gravity>", "</gravity><credits>J\u00f6rg</credits>").encode("latin-1")
    assert read_osim(write(content)).segments[0].name == "a"


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert "cannot be read" in read_refusal(tmp_path / "absent.osim")
    assert "cannot be read" in read_refusal(tmp_path)


def test_one_swapped_token_never_escapes_as_another_error(write):
    """Put nan, 0, -100, nothing and a repeated name in the place of every token of a model in turn."""
    import re

    tokens = list(re.finditer(r'(?<=>)[^<>\s]+(?=[<\s])|(?<=name=")[^"]*(?=")', COUPLED))
    assert len(tokens) > 100
    refused = 0
    for index, token in enumerate(tokens):
        swap = ("nan", "0", "-100", "", "a")[index % 5]
        try:
            found = read_osim(write(COUPLED[: token.start()] + swap + COUPLED[token.end() :]))
        except FileError:
            refused += 1
        else:
            assert all(np.isfinite(p).all() for p in place_markers(found, {}).values())
    assert refused > len(tokens) // 4


def test_early_paths_are_resolved_by_a_name_that_occurs_once(write):
    found = read_osim(write(one_joint().replace("/bodyset/a</socket_parent_frame>", "../a</socket_parent_frame>")))
    assert found.markers[0].segment == "a"


def test_offset_frames_nest(write):
    nested = offset("inner", "..", "0.5 0 0", "0 0 1.5707963267948966")
    deep = offset("outer", "..", "0 1 0", "0 0 1.5707963267948966", f"<components>{nested}</components>")
    content = model(
        body("a", extra=f"<components>{deep}</components>"),
        joint("WeldJoint", "j", "/ground", "/bodyset/a"),
        marker("m", "/bodyset/a/outer/inner", "0.1 0 0"),
    )
    # Two quarter turns about z: 0.1 forward in the inner frame points backward on the body.
    np.testing.assert_allclose(read_osim(write(content)).markers[0].position, [-0.1, 1.5, 0.0], atol=1e-12)
