"""Muscles of OpenSim models: everything a path can hold, what is left out, and files that are wrong in every way."""

import re
from pathlib import Path

import numpy as np
import pytest
from osim_models import SPLINE, body, coordinate, document, joint, model

from kinechain.body.osim import read_osim
from kinechain.body.osim_muscles import read_osim_muscles
from kinechain.body.paths import flatten_paths, measure_paths
from kinechain.core.errors import FileError

WRAPS = """<WrapObjectSet name="wrapobjectset"><objects>
  <WrapCylinder name="roller"><active>true</active><xyz_body_rotation>0.1 -0.2 0.3</xyz_body_rotation>
    <translation>0.01 0.02 0.03</translation><quadrant>-x</quadrant><radius>0.025</radius><length>0.3</length>
  </WrapCylinder>
  <WrapEllipsoid name="egg"><quadrant>all</quadrant><dimensions>0.03 0.02 0.05</dimensions></WrapEllipsoid>
  <WrapSphere name="ball"><quadrant>z</quadrant><radius>0.02</radius></WrapSphere>
  <WrapTorus name="idle"><active>false</active></WrapTorus>
</objects><groups /></WrapObjectSet>"""

POINTS = f"""
  <PathPoint name="p1"><socket_parent_frame>/bodyset/a</socket_parent_frame><location>0.1 0 0.01</location></PathPoint>
  <ConditionalPathPoint name="p2"><socket_parent_frame>/bodyset/a</socket_parent_frame>
    <location>0.05 -0.1 0</location><socket_coordinate>/jointset/jb/qb</socket_coordinate><range>-0.3 0.9</range>
  </ConditionalPathPoint>
  <MovingPathPoint name="p3"><socket_parent_frame>/bodyset/b</socket_parent_frame>
    <socket_x_coordinate>/jointset/jb/qb</socket_x_coordinate><socket_y_coordinate>/jointset/jb/qb</socket_y_coordinate>
    <socket_z_coordinate>/jointset/ja/qa</socket_z_coordinate>
    <x_location>{SPLINE}</x_location><y_location><Constant><value>-0.1</value></Constant></y_location>
    <z_location><MultiplierFunction><function>{SPLINE}</function><scale>0.5</scale></MultiplierFunction></z_location>
  </MovingPathPoint>
  <PathPoint name="p4"><socket_parent_frame>/bodyset/b</socket_parent_frame><location>0 -0.3 0</location></PathPoint>"""


def muscle(kind: str, name: str, wraps: str = "", points: str = POINTS, more: str = "") -> str:
    return f"""<{kind} name="{name}"><GeometryPath name="path"><PathPointSet><objects>{points}</objects></PathPointSet>
      <PathWrapSet><objects>{wraps}</objects></PathWrapSet></GeometryPath>
      <max_isometric_force>800</max_isometric_force><optimal_fiber_length>0.1</optimal_fiber_length>
      <tendon_slack_length>0.2</tendon_slack_length>{more}</{kind}>"""


def wrap(surface: str, span: str = "-1 -1", method: str = "hybrid") -> str:
    return (
        f'<PathWrap name="pathwrap"><wrap_object>{surface}</wrap_object><method>{method}</method>'
        f"<range>{span}</range></PathWrap>"
    )


FORCES = "".join(
    [
        muscle(
            "Thelen2003Muscle",
            "long_r",
            wrap("roller", "1 3") + wrap("egg", method="axial"),
            more="<pennation_angle_at_optimal>0.2</pennation_angle_at_optimal>"
            "<FmaxTendonStrain>0.033</FmaxTendonStrain><max_contraction_velocity>12</max_contraction_velocity>",
        ),
        muscle(
            "Millard2012EquilibriumMuscle",
            "round_r",
            wrap("ball"),
            more='<TendonForceLengthCurve name="c"><strain_at_one_norm_force>0.06</strain_at_one_norm_force>'
            "</TendonForceLengthCurve>",
        ),
        muscle(
            "DeGrooteFregly2016Muscle",
            "stiff_r",
            wrap("idle"),
            more="<ignore_tendon_compliance>true</ignore_tendon_compliance>"
            "<ignore_passive_fiber_force>true</ignore_passive_fiber_force>",
        ),
        muscle("Thelen2003Muscle", "off_r", more="<appliesForce>false</appliesForce>"),
        '<CoordinateActuator name="motor"><coordinate>qa</coordinate></CoordinateActuator>',
    ]
)
GROUPS = (
    '<ObjectGroup name="front"><members>long_r round_r</members></ObjectGroup>'
    '<ObjectGroup name="all"><members>long_r</members></ObjectGroup>'
)
DEFAULTS = (
    '<defaults><Millard2012EquilibriumMuscle name="default"><max_contraction_velocity>15</max_contraction_velocity>'
    "</Millard2012EquilibriumMuscle></defaults>"
)


def whole(forces: str = FORCES, wraps: str = WRAPS, after: str = DEFAULTS) -> str:
    text = model(
        bodies=body("a", extra=wraps) + body("b"),
        joints=joint("PinJoint", "ja", "/ground", "/bodyset/a", coordinate("qa"))
        + joint("PinJoint", "jb", "/bodyset/a", "/bodyset/b", coordinate("qb", "0.4")),
        extra=f'<ForceSet name="forceset"><objects>{forces}</objects><groups>{GROUPS}</groups></ForceSet>',
    )
    return text.replace("</OpenSimDocument>", f"{after}</OpenSimDocument>")


@pytest.fixture
def read(tmp_path: Path):
    def reading(text: str):
        path = tmp_path / "model.osim"
        path.write_text(text, encoding="utf-8")
        return read_osim_muscles(path)

    return reading


def test_every_kind_of_muscle_and_point_is_read(read):
    musculature = read(whole())
    assert [m.name for m in musculature.muscles] == ["long_r", "round_r", "stiff_r"]
    long = musculature.muscle("long_r")
    assert (long.curves, long.pennation_rad, long.tendon_strain, long.max_contraction_velocity) == (
        "thelen2003",
        0.2,
        0.033,
        12,
    )
    assert (long.max_isometric_force_n, long.optimal_fibre_length_m, long.tendon_slack_length_m) == (800, 0.1, 0.2)
    assert long.group == "front, all"
    second, third = long.path.points[1:3]
    assert second.condition == ("qb", pytest.approx(-0.30001), pytest.approx(0.90001))
    assert [c for c, _ in third.motion] == ["qb", "qb", "qa"]
    assert third.position[1] == -0.1
    assert [(w.surface, w.first, w.last, w.method) for w in long.path.wraps] == [
        ("roller", 0, 2, "hybrid"),
        ("egg", None, None, "axial"),
    ]


def test_numbers_that_are_absent_come_from_the_files_defaults_or_opensims(read):
    musculature = read(whole())
    round_muscle, stiff = musculature.muscle("round_r"), musculature.muscle("stiff_r")
    assert (round_muscle.max_contraction_velocity, round_muscle.tendon_strain) == (15, 0.06)
    assert (stiff.max_contraction_velocity, stiff.tendon_strain, stiff.is_tendon_rigid) == (10, 0.049, True)
    assert (stiff.has_passive_force, round_muscle.has_passive_force) == (False, True)


def test_surfaces_keep_their_frame_size_and_half(read):
    roller, egg, ball = read(whole()).surfaces
    assert (roller.segment, roller.kind, roller.quadrant, roller.length_m) == ("a", "cylinder", "-x", 0.3)
    assert roller.radii == pytest.approx([0.025] * 3)
    assert roller.segment_from_surface[:3, 3] == pytest.approx([0.01, 0.02, 0.03])
    # body-fixed x, y, z: the last column is the axis, turned by the first two angles
    axis = [np.sin(-0.2), -np.sin(0.1) * np.cos(-0.2), np.cos(0.1) * np.cos(-0.2)]
    assert roller.segment_from_surface[:3, 2] == pytest.approx(axis)
    assert (egg.kind, egg.quadrant, list(egg.radii)) == ("ellipsoid", "", [0.03, 0.02, 0.05])
    assert (ball.kind, ball.quadrant) == ("sphere", "+z")


def test_what_is_left_out_is_said(read):
    notes = " ".join(read(whole()).notes)
    for said in ("off_r", "CoordinateActuator", "long_r", "ellipsoid"):
        assert said in notes


def test_a_resting_wrap_object_bends_nothing_and_its_type_does_not_matter(read):
    assert read(whole()).muscle("stiff_r").path.wraps == ()


@pytest.mark.parametrize(
    ("forces", "said"),
    [
        (FORCES.replace("Thelen2003Muscle", "Schutte1993Muscle_Deprecated"), "supported are Thelen2003Muscle"),
        (FORCES.replace('name="round_r"', 'name="long_r"'), "more than once: long_r"),
        (FORCES.replace("/bodyset/b<", "/bodyset/wing<"), "wing"),
        (FORCES.replace("/jointset/jb/qb", "/jointset/jb/qx"), "qx"),
        (FORCES.replace("<wrap_object>roller", "<wrap_object>rollor"), "Did you mean 'roller'"),
        (FORCES.replace("<range>1 3<", "<range>3 1<"), "no piece"),
        (FORCES.replace("<range>1 3<", "<range>1 9<"), "4 points"),
        (FORCES.replace("axial", "sideways"), "sideways"),
        (FORCES.replace("-0.3 0.9", "0.9 -0.3"), "runs from 0.9 down"),
        (FORCES.replace("<max_isometric_force>800</max_isometric_force>", "", 1), "no <max_isometric_force>"),
        (FORCES.replace("<pennation_angle_at_optimal>0.2", "<pennation_angle_at_optimal>2.2"), "pennation"),
        (FORCES.replace("ConditionalPathPoint", "OddPathPoint"), "OddPathPoint"),
        (muscle("Thelen2003Muscle", "short", points=""), "0 points"),
    ],
)
def test_a_wrong_muscle_is_refused_in_one_sentence(read, forces, said):
    with pytest.raises(FileError, match=said) as refused:
        read(whole(forces))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("wraps", "said"),
    [
        (WRAPS.replace("WrapSphere", "WrapTorus"), "WrapTorus"),
        (WRAPS.replace("<quadrant>z<", "<quadrant>w<"), "'w'"),
        (WRAPS.replace("<radius>0.02<", "<radius>0<"), "0 or less"),
        (WRAPS.replace("<length>0.3<", "<length>-1<"), "0 or less"),
    ],
)
def test_a_wrong_wrap_object_is_refused(read, wraps, said):
    with pytest.raises(FileError, match=said):
        read(whole(wraps=wraps))


def test_a_file_that_is_no_model_is_refused(read):
    for text in ("", "<a/>", document(""), whole()[:900]):
        with pytest.raises(FileError):
            read(text)


def test_a_muscle_of_the_defaults_is_no_muscle(read):
    musculature = read(whole(after=f"<defaults>{muscle('Millard2012EquilibriumMuscle', 'default')}</defaults>"))
    assert "default" not in musculature.names


def places() -> list[tuple[int, int]]:
    """Return where every text token of the forces and wrap objects stands in the file."""
    text = whole()
    start, end = text.index("<WrapObjectSet"), text.index("</WrapObjectSet>")
    spans = [(start, end), (text.index("<ForceSet"), len(text))]
    out = []
    for low, high in spans:
        for found in re.finditer(r">([^<>]*\S[^<>]*)<", text[low:high]):
            for token in re.finditer(r"\S+", found[1]):
                at = low + found.start(1) + token.start()
                out.append((at, at + len(token[0])))
    return out


@pytest.mark.parametrize("token", ["nan", "0", "-100", "", "inf", "1e400", "roller", "0.5 0.5"])
def test_one_wrong_token_is_refused_or_read_as_possible_muscles(tmp_path, token):
    text, path = whole(), tmp_path / "model.osim"
    path.write_text(text, encoding="utf-8")
    skeleton = read_osim(path)
    refused = 0
    for start, end in places():
        path.write_text(text[:start] + token + text[end:], encoding="utf-8")
        try:
            musculature = read_osim_muscles(path, skeleton)
        except FileError as fault:
            assert str(fault).startswith("model.osim") and "\n" not in str(fault)
            refused += 1
            continue
        flat = flatten_paths(skeleton, musculature)
        lengths, arms, _ = measure_paths(flat, np.array([[0.1, 0.4]]))
        assert np.isfinite(lengths).all() and (lengths > 0).all() and np.isfinite(arms).all()
        assert all(m.max_isometric_force_n > 0 and m.optimal_fibre_length_m > 0 for m in musculature.muscles)
    assert refused > 20
