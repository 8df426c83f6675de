"""Paths of imported models against OpenSim 4.6: stored figures everywhere, every muscle where OpenSim is installed."""

import sys
from pathlib import Path

import numpy as np
import pytest

from kinechain.body.osim import read_osim
from kinechain.body.osim_muscles import read_osim_muscles
from kinechain.body.path_geometry import _Instant
from kinechain.body.paths import flatten_paths, input_arms, measure_paths
from kinechain.body.pose import coordinate_values, node_frames

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import opensim_paths

#: Muscle, swept coordinate, its value with all others at their default, and OpenSim 4.6's length, m, and moment arm,
#: m: ``getLength`` and ``computeMomentArm`` as in benchmarks/opensim_paths.py.
OPENSIM = {
    "gait2392/subject01_scaled.osim": (
        ("rect_fem_r", "hip_flexion_r", -1.2566370600, 0.490809978, -0.012762268),
        ("rect_fem_r", "hip_flexion_r", 0.8377580400, 0.426160283, 0.054855051),
        ("rect_fem_r", "knee_angle_r", -1.6406094940, 0.541592440, 0.031814783),
        ("rect_fem_r", "knee_angle_r", -0.5061454790, 0.494861830, 0.050721688),
        ("semimem_l", "knee_angle_l", -1.6406094940, 0.414379543, -0.025377202),
        ("semimem_l", "knee_angle_l", -0.5061454790, 0.453827728, -0.036615384),
        ("psoas_r", "hip_flexion_r", -1.2566370600, 0.312343887, 0.016879473),
        ("psoas_r", "hip_flexion_r", 0.8377580400, 0.237595127, 0.045697657),
        ("glut_max2_l", "hip_rotation_l", -1.2566370600, 0.235181013, 0.031768666),
        ("glut_max2_l", "hip_rotation_l", 0.8377580400, 0.254557174, -0.036328725),
        ("per_long_r", "subtalar_angle_r", -0.9424777980, 0.385073802, 0.018398216),
        ("per_long_r", "subtalar_angle_r", 0.6283185320, 0.412745495, -0.022528551),
        ("med_gas_r", "ankle_angle_r", -0.9424777980, 0.403948184, -0.041269375),
        ("med_gas_r", "ankle_angle_r", 0.6283185320, 0.478987526, -0.034378671),
        ("ercspn_l", "lumbar_bending", -0.9424777980, 0.111508135, -0.058013742),
        ("ercspn_l", "lumbar_bending", 0.6283185320, 0.177669398, -0.017432216),
        ("flex_hal_r", "mtp_angle_r", -0.9424777980, 0.423149748, -0.000541082),
        ("flex_hal_r", "mtp_angle_r", 0.6283185320, 0.430566568, -0.005987373),
        ("vas_lat_l", "knee_angle_l", -1.6406094940, 0.299781243, 0.032469999),
        ("vas_lat_l", "knee_angle_l", -0.5061454790, 0.254865938, 0.047293809),
        ("sar_r", "knee_angle_r", -1.6406094940, 0.610083793, -0.017998438),
        ("sar_r", "knee_angle_r", -0.5061454790, 0.626462386, -0.008321800),
        ("tfl_l", "hip_adduction_l", -1.2566370600, 0.499078573, -0.097341945),
        ("tfl_l", "hip_adduction_l", 0.8377580400, 0.623883327, -0.007766338),
    ),
    "rajagopal/Rajagopal2016.osim": (
        ("glmax1_r", "hip_flexion_r", -0.0000000040, 0.191454140, -0.049129190),
        ("glmax1_r", "hip_flexion_r", 1.3089969360, 0.247647300, -0.035144453),
        ("glmax2_l", "hip_rotation_l", -0.4188790200, 0.213423892, -0.001999699),
        ("glmax2_l", "hip_rotation_l", 0.2792526800, 0.225509415, -0.029300278),
        ("psoas_r", "hip_flexion_r", -0.0000000040, 0.228828034, 0.024141457),
        ("psoas_r", "hip_flexion_r", 1.3089969360, 0.190371277, 0.034406508),
        ("iliacus_l", "hip_adduction_l", -0.5934119480, 0.203229746, -0.009293377),
        ("iliacus_l", "hip_adduction_l", 0.1047197570, 0.208210411, -0.004626102),
        ("recfem_r", "knee_angle_r", 0.4188800000, 0.531919398, -0.046506948),
        ("recfem_r", "knee_angle_r", 1.4660800000, 0.573026403, -0.027091295),
        ("vaslat_l", "knee_angle_l", 0.4188800000, 0.314210827, -0.044174854),
        ("vaslat_l", "knee_angle_l", 1.4660800000, 0.350015029, -0.021015766),
        ("bfsh_r", "knee_angle_r", 0.4188800000, 0.227861845, 0.027277339),
        ("bfsh_r", "knee_angle_r", 1.4660800000, 0.189996443, 0.039061573),
        ("semimem_l", "knee_angle_l", 0.4188800000, 0.396440766, 0.040409186),
        ("semimem_l", "knee_angle_l", 1.4660800000, 0.350071925, 0.040189713),
        ("addmagIsch_r", "hip_flexion_r", -0.0000000040, 0.339341825, -0.038826760),
        ("addmagIsch_r", "hip_flexion_r", 1.3089969360, 0.412331443, -0.054619005),
        ("soleus_l", "ankle_angle_l", -0.4537856040, 0.303147315, -0.044004926),
        ("soleus_l", "ankle_angle_l", 0.1570796360, 0.329129103, -0.038620055),
        ("gasmed_r", "knee_angle_r", 0.4188800000, 0.454838372, 0.020158506),
        ("gasmed_r", "knee_angle_r", 1.4660800000, 0.426666067, 0.031000039),
        ("grac_r", "knee_angle_r", 0.4188800000, 0.426664686, 0.033762566),
        ("grac_r", "knee_angle_r", 1.4660800000, 0.381850583, 0.046592769),
    ),
    "pose2sim/full_body_318_muscles.osim": (
        ("gaslat_r", "knee_angle_r", 0.5410520681, 0.461541236, 0.024454127),
        ("gaslat_r", "knee_angle_r", 1.8936822384, 0.428177936, 0.015858801),
        ("glmax1_l", "hip_flexion_l", -0.1724020000, 0.171971830, -0.045137773),
        ("glmax1_l", "hip_flexion_l", 1.5715930000, 0.238405395, -0.036439587),
        ("psoas_r", "hip_flexion_r", -0.1724020000, 0.242088144, 0.039443853),
        ("psoas_r", "hip_flexion_r", 1.5715930000, 0.175340860, 0.026014390),
        ("LD_L2_r", "L5_S1_Flex_Ext", -0.1436755240, 0.402968936, 0.018478000),
        ("LD_L2_r", "L5_S1_Flex_Ext", -0.0141720840, 0.396221692, 0.028681206),
        ("LD_L2_r", "L5_S1_Lat_Bending", -0.0235619460, 0.398791737, 0.157115785),
        ("LD_L2_r", "L5_S1_Lat_Bending", 0.0157079640, 0.393113154, 0.166731628),
        ("LD_T8_l", "arm_flex_l", -0.9420000000, 0.268068852, 0.007080870),
        ("LD_T8_l", "arm_flex_l", 0.6280000000, 0.259061537, 0.001926193),
        ("LD_T8_l", "arm_add_l", -1.3580000000, 0.260903212, 0.009412260),
        ("LD_T8_l", "arm_add_l", 0.4720000000, 0.240304051, 0.006244249),
        ("LTpT_T1_r", "L5_S1_Flex_Ext", -0.1436755240, 0.343606341, 0.024656402),
        ("LTpT_T1_r", "L5_S1_Flex_Ext", -0.0141720840, 0.340340309, 0.025698250),
        ("LTpT_T1_r", "L5_S1_Lat_Bending", -0.0235619460, 0.340090470, 0.003466799),
        ("LTpT_T1_r", "L5_S1_Lat_Bending", 0.0157079640, 0.339871868, 0.006756433),
        ("MF_m1s_r", "L5_S1_Flex_Ext", -0.1436755240, 0.075857983, 0.125440813),
        ("MF_m1s_r", "L5_S1_Flex_Ext", -0.0141720840, 0.059587505, 0.123931876),
        ("MF_m1s_r", "L5_S1_Lat_Bending", -0.0235619460, 0.059195542, 0.057743137),
        ("MF_m1s_r", "L5_S1_Lat_Bending", 0.0157079640, 0.056936208, 0.057210541),
        ("IL_L1_r", "L5_S1_Flex_Ext", -0.1436755240, 0.203169225, 0.200952512),
        ("IL_L1_r", "L5_S1_Flex_Ext", -0.0141720840, 0.168207744, 0.331030694),
        ("IL_L1_r", "L5_S1_Lat_Bending", -0.0235619460, 0.171279041, 0.314298975),
        ("IL_L1_r", "L5_S1_Lat_Bending", 0.0157079640, 0.157754343, 0.372532210),
        ("LTpL_L3_l", "L5_S1_Flex_Ext", -0.1436755240, 0.133345093, 0.141401159),
        ("LTpL_L3_l", "L5_S1_Flex_Ext", -0.0141720840, 0.112328132, 0.180531348),
        ("LTpL_L3_l", "L5_S1_Lat_Bending", -0.0235619460, 0.105949108, -0.163662419),
        ("LTpL_L3_l", "L5_S1_Lat_Bending", 0.0157079640, 0.112207423, -0.154770612),
        ("rect_abd_r", "L5_S1_Flex_Ext", -0.1436755240, 0.282629253, -0.932840829),
        ("rect_abd_r", "L5_S1_Flex_Ext", -0.0141720840, 0.380985144, -0.558081217),
        ("rect_abd_r", "L5_S1_Lat_Bending", -0.0235619460, 0.391812707, 0.042568721),
        ("rect_abd_r", "L5_S1_Lat_Bending", 0.0157079640, 0.383858249, 0.360931180),
        ("IO1_l", "L5_S1_Flex_Ext", -0.1436755240, 0.086847839, 0.166848401),
        ("IO1_l", "L5_S1_Flex_Ext", -0.0141720840, 0.104802692, -0.373457013),
        ("IO1_l", "L5_S1_Lat_Bending", -0.0235619460, 0.094482054, -0.640005223),
        ("IO1_l", "L5_S1_Lat_Bending", 0.0157079640, 0.121105210, -0.687646137),
        ("Ps_L1_VB_r", "L5_S1_Flex_Ext", -0.1436755240, 0.258860539, -0.274648258),
        ("Ps_L1_VB_r", "L5_S1_Flex_Ext", -0.0141720840, 0.281061631, -0.063678193),
        ("Ps_L1_VB_r", "L5_S1_Lat_Bending", -0.0235619460, 0.288523623, 0.254688145),
        ("Ps_L1_VB_r", "L5_S1_Lat_Bending", 0.0157079640, 0.276530113, 0.353719279),
    ),
}
#: Bent twice: OpenSim adds up stale places of the touching points (see the test of the gastrocnemius).
TWICE = ("gasmed", "gaslat")


@pytest.fixture(scope="module", params=OPENSIM)
def model(request, shared: Path):
    file = shared / "models" / request.param
    body = read_osim(file)
    return request.param, body, read_osim_muscles(file, body)


def is_on_ellipsoid(musculature, name: str) -> bool:
    kinds = {s.name: s.kind for s in musculature.surfaces}
    return any(kinds[w.surface] == "ellipsoid" for w in musculature.muscle(name).path.wraps)


def test_lengths_and_arms_are_those_opensim_computed(model):
    file, body, musculature = model
    paths = flatten_paths(body, musculature, pull="tension")
    names = [body.coordinates[i].name for i in paths.tree.inputs]
    default = np.array([body.coordinates[i].default for i in paths.tree.inputs])
    for muscle, coordinate, value, length, arm in OPENSIM[file]:
        inputs = default[None].copy()
        inputs[0, names.index(coordinate)] = value
        lengths, arms, _ = measure_paths(paths, inputs)
        row = paths.names.index(muscle)
        if muscle.startswith(TWICE):
            continue
        near, close = (1e-4, 2e-4) if is_on_ellipsoid(musculature, muscle) else (1e-7, 2e-6)
        assert lengths[0, row] == pytest.approx(length, abs=near), (muscle, coordinate)
        found = input_arms(paths, inputs, arms)[0, row, names.index(coordinate)]
        assert found == pytest.approx(arm, abs=close), (muscle, coordinate)


def test_the_models_hold_the_muscles_they_are_known_for(model):
    file, _, musculature = model
    counts = {"gait2392": (92, 0), "rajagopal": (80, 46), "pose2sim": (318, 89)}
    assert (len(musculature.muscles), sum(len(m.path.wraps) for m in musculature.muscles)) == counts[file.split("/")[0]]
    assert not any(note for note in musculature.notes if "CoordinateActuator" in note and "rajagopal" not in file)


def test_lengths_change_as_the_arms_say(model):
    """Exact derivatives on every muscle, in poses drawn by chance."""
    _, body, musculature = model
    paths = flatten_paths(body, musculature)
    poses = opensim_paths.choose_poses(body, paths, 6, 2, seed=5)
    inputs = poses.inputs[poses.swept < 0]
    arms = input_arms(paths, inputs, measure_paths(paths, inputs)[1])
    step = 1e-6
    for i in np.unique(paths.entry_input[paths.entry_input >= 0]):
        shift = step * np.eye(inputs.shape[1])[i]
        up, down = (measure_paths(paths, inputs + sign * shift, arms=False)[0] for sign in (1, -1))
        off = np.abs(arms[:, :, i] + (up - down) / (2 * step))
        assert off.max() < 2e-7, (paths.names[int(np.argmax(off.max(axis=0)))], i)


def test_twin_and_kernel_measure_the_same_models(model, monkeypatch):
    from kinechain.body import paths as module

    if module.KERNELS != "compiled":
        pytest.skip("the extension was not built")
    _, body, musculature = model
    flat = flatten_paths(body, musculature)
    inputs = opensim_paths.choose_poses(body, flat, 2, 2, seed=7).inputs[-2:]
    fast = measure_paths(flat, inputs, loads=True)
    monkeypatch.setattr(module, "KERNELS", "Python")
    for one, two in zip(fast, measure_paths(flat, inputs, loads=True), strict=True):
        assert one == pytest.approx(two, abs=1e-8)


@pytest.mark.opensim
def test_every_muscle_over_every_range_is_as_opensim_measures_it(model, shared: Path):
    pytest.importorskip("opensim", reason="the extra 'opensim' is not installed")
    file, _, musculature = model
    for row in opensim_paths.compare(shared / "models" / file, random=60, steps=7):
        name = str(row["muscle"])
        if name.startswith(TWICE):
            assert row["length_max_mm"] < 7 and row["tension_arm_max_mm"] < 0.8
        elif is_on_ellipsoid(musculature, name):
            assert row["length_max_mm"] < 0.8 and row["length_rms_mm"] < 0.1
            assert row["tension_arm_max_mm"] < 0.6
        else:
            assert row["length_max_mm"] < 1e-9 and row["tension_arm_max_mm"] < 1e-9, name


@pytest.mark.opensim
def test_a_model_that_opensim_saved_anew_holds_the_same_muscles(model, shared: Path, tmp_path):
    """OpenSim writes every property out, so this tells whether absent ones were read as OpenSim reads them."""
    opensim = pytest.importorskip("opensim", reason="the extra 'opensim' is not installed")
    opensim.Logger.setLevelString("Off")
    file, body, musculature = model
    theirs = opensim.Model(str(shared / "models" / file))
    theirs.initSystem()
    theirs.printToXML(str(tmp_path / "saved.osim"))
    saved = read_osim_muscles(tmp_path / "saved.osim")
    for one, two in zip(musculature.muscles, saved.muscles, strict=True):
        for name in (
            "name max_isometric_force_n optimal_fibre_length_m tendon_slack_length_m pennation_rad curves "
            "tendon_strain max_contraction_velocity is_tendon_rigid has_passive_force group"
        ).split():
            assert getattr(one, name) == getattr(two, name), (one.name, name)
    again = flatten_paths(read_osim(tmp_path / "saved.osim"), saved)
    inputs = np.zeros((1, len(again.tree.inputs)))
    before = measure_paths(flatten_paths(body, musculature), inputs, arms=False)[0]
    assert measure_paths(again, inputs, arms=False)[0] == pytest.approx(before, abs=1e-12)


@pytest.mark.opensim
def test_opensims_twice_bent_gastrocnemius_adds_up_stale_places(shared: Path):
    """Its straight pieces end where the touching points stood after the first round, its arcs are of the last."""
    pytest.importorskip("opensim", reason="the extra 'opensim' is not installed")
    file = shared / "models/rajagopal/Rajagopal2016.osim"
    body = read_osim(file)
    musculature = read_osim_muscles(file, body)
    paths = flatten_paths(body, musculature)
    poses = opensim_paths.choose_poses(body, paths, 20, 5)
    theirs, _ = opensim_paths.measure_opensim(file, musculature, paths, poses)
    ours = measure_paths(paths, poses.inputs, arms=False)[0]
    q, (rotations, origins) = coordinate_values(paths.tree, poses.inputs), node_frames(paths.tree, poses.inputs)
    rows = [paths.names.index(name) for name in ("gasmed_r", "gaslat_r")]
    stale = np.array(
        [[stale_length(_Instant(paths, q[t], rotations[t], origins[t]), row) for row in rows] for t in range(len(q))]
    )
    assert np.abs(stale - theirs[:, rows]).max() < 2e-5
    assert np.abs(ours[:, rows] - theirs[:, rows]).max() > 5e-3


def stale_length(instant: _Instant, path: int) -> float:
    stops = instant._gather(path)
    wraps = range(instant.paths.wrap_start[path], instant.paths.wrap_start[path + 1])
    first: dict[tuple[int, int, bool], np.ndarray] = {}
    before = np.inf
    for _ in range(8):
        for wrap in wraps:
            instant._renew(stops, wrap)
        keys = [(s.wrap, s.point, s.arc > 0) for s in stops]
        for key, stop in zip(keys, stops, strict=True):
            first.setdefault(key, stop.at)
        length = 0.0
        for i in range(1, len(stops)):
            on_surface = stops[i].wrap >= 0 and stops[i - 1].wrap == stops[i].wrap
            apart = float(np.linalg.norm(first[keys[i]] - first[keys[i - 1]]))
            length += stops[i].arc if on_surface else apart
        if abs(length - before) < 0.0005:
            break
        before = length
    return length
