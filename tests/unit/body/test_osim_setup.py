"""Reading OpenSim's inverse kinematics setups and marker sets."""

import numpy as np
import pytest
from osim_models import COUPLED

from kinechain.body.osim import coordinate_targets, read_ik_setup, read_marker_set, read_osim, with_ik_weights
from kinechain.core.errors import FileError

SETUP = """<OpenSimDocument Version="30000"><InverseKinematicsTool name="walk">
<constraint_weight>Inf</constraint_weight><accuracy>1e-7</accuracy>
<IKTaskSet><objects>
<IKMarkerTask name="on_a"><apply>true</apply><weight>10</weight></IKMarkerTask>
<IKMarkerTask name="on_b"><apply>false</apply><weight>3</weight></IKMarkerTask>
<IKMarkerTask name="elsewhere"><apply>true</apply><weight>1</weight></IKMarkerTask>
<IKCoordinateTask name="qa"><apply>true</apply><weight>5</weight><value_type>manual_value</value_type><value>0.4</value>
</IKCoordinateTask>
<IKCoordinateTask name="qb"><apply>true</apply><weight>5</weight></IKCoordinateTask>
</objects><groups /></IKTaskSet>
<marker_file>walk.trc</marker_file><coordinate_file>Unassigned</coordinate_file><time_range> 0.5 2.5</time_range>
</InverseKinematicsTool></OpenSimDocument>"""


@pytest.fixture
def write(tmp_path):
    def write_file(content: str, name: str):
        path = tmp_path / name
        path.write_text(content)
        return path

    return write_file


def test_a_setup_gives_weights_tasks_and_times(write):
    setup = read_ik_setup(write(SETUP, "setup.xml"))
    assert setup.marker_weights == (("on_a", 10.0), ("elsewhere", 1.0))
    assert setup.time_range == (0.5, 2.5)
    assert setup.accuracy == 1e-7
    assert np.isinf(setup.constraint_weight)
    assert (setup.marker_file, setup.coordinate_file) == ("walk.trc", "")


def test_markers_without_a_task_get_no_weight(write):
    body = read_osim(write(COUPLED, "small.osim"))
    weighted = with_ik_weights(body, read_ik_setup(write(SETUP, "setup.xml")))
    assert {m.name: m.weight for m in weighted.markers} == {"on_a": 10.0, "on_b": 0.0, "on_c": 0.0, "on_d": 0.0}
    assert any("elsewhere" in note for note in weighted.notes)


def test_soft_couplings_are_noted(write):
    body = read_osim(write(COUPLED, "small.osim"))
    soft = read_ik_setup(write(SETUP.replace("<constraint_weight>Inf", "<constraint_weight>20"), "setup.xml"))
    assert any("hold exactly" in note for note in with_ik_weights(body, soft).notes)
    strict = read_ik_setup(write(SETUP, "setup.xml"))
    assert not any("hold exactly" in note for note in with_ik_weights(body, strict).notes)


def test_only_free_coordinates_are_targets(write):
    body = read_osim(write(COUPLED, "small.osim"))
    setup = read_ik_setup(write(SETUP, "setup.xml"))
    (target,) = coordinate_targets(body, setup)
    assert (target.coordinate, target.value.tolist(), target.weight) == ("qa", [0.4], 5.0)
    by_default = read_ik_setup(write(SETUP.replace("manual_value", "default_value"), "setup.xml"))
    assert coordinate_targets(body, by_default)[0].value.tolist() == [0.25]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<weight>10", "<weight>-100", "negative"),
        ("<weight>10", "<weight>nan", "finite"),
        ('name="elsewhere"', 'name="on_a"', "more than once"),
        ("0.5 2.5", "2.5 0.5", "back to"),
        ("manual_value", "guessed", "value type"),
        ("InverseKinematicsTool", "ScaleTool", "no <InverseKinematicsTool>"),
        ("</OpenSimDocument>", "", "truncated"),
    ],
)
def test_a_wrong_setup_is_refused(write, old, new, expected):
    with pytest.raises(FileError, match=r"setup\.xml") as caught:
        read_ik_setup(write(SETUP.replace(old, new), "setup.xml"))
    assert expected in str(caught.value)


def test_tasks_that_cannot_be_kept_are_refused(write):
    body = read_osim(write(COUPLED, "small.osim"))
    with pytest.raises(FileError, match="from a file"):
        coordinate_targets(body, read_ik_setup(write(SETUP.replace("manual_value", "from_file"), "s.xml")))
    with pytest.raises(FileError, match="'hip'"):
        coordinate_targets(body, read_ik_setup(write(SETUP.replace('name="qa"', 'name="hip"'), "s.xml")))


def test_marker_sets_of_every_age_are_read(write):
    marker = '<Marker name="m"><body> torso </body><location>1 2 3</location></Marker>'
    old = f'<MarkerSet name="s"><objects>{marker}</objects></MarkerSet>'
    new = old.replace("<body> torso </body>", "<socket_parent_frame>/bodyset/torso</socket_parent_frame>")
    for content in (old, f'<OpenSimDocument Version="20302">{old}</OpenSimDocument>', new):
        (marker,) = read_marker_set(write(content, "set.xml"))
        assert (marker.name, marker.segment, marker.position.tolist()) == ("m", "torso", [1.0, 2.0, 3.0])
    with pytest.raises(FileError, match="which body"):
        read_marker_set(write(old.replace("<body> torso </body>", ""), "set.xml"))
    with pytest.raises(FileError, match="no <MarkerSet>"):
        read_marker_set(write("<OpenSimDocument />", "set.xml"))


def test_the_shared_setups_are_read(shared):
    models = shared / "models"
    assert len(read_ik_setup(models / "gait2392/subject01_Setup_IK.xml").marker_weights) == 31
    assert len(read_marker_set(models / "gait2392/gait2392_Scale_MarkerSet.xml")) == 39
    before = read_osim(models / "rajagopal/Rajagopal2016.osim")
    markers = read_marker_set(models / "rajagopal/markerset_walk_preScale.xml")
    setup = read_ik_setup(models / "rajagopal/ik_setup_walk.xml")
    tracked = [m for m in with_ik_weights(before.with_markers(markers), setup).markers if m.weight > 0]
    assert len(tracked) > 30
