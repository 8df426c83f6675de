"""However plates are spoilt: what is used as measured agrees with the motion, or a sentence names the plate."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinechain.body.fit import BodySize, fit_body
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.ground import ground_reaction
from kinechain.loads.loads import MEASURED, LoadSettings
from kinechain.loads.predicted_ground import predict_ground
from kinechain.motion.trial import analyze_gait
from kinechain.recording.plate_gaps import without_gaps
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import ForcePlate

MASS_KG = 67.0
#: What may be left between plates and motion where nothing is said, root mean square, in body weights.
LEFT = 0.25
NAMED = re.compile(r"^Plate \d|^The contact of plate|^No foot stands")


@pytest.fixture(scope="module")
def walk(shared: Path):
    folder = shared / "data/dev/schreiber_moissenet/2014001"
    still = prepare_recording(read_recording(folder / "2014001_ST.c3d"))
    trial = prepare_recording(read_recording(folder / "2014001_C4_05.c3d"))
    body = fit_body(BodySize(mass_kg=MASS_KG, height_m=1.66, sex="male"), static=still, recording=trial)
    gait = analyze_gait(body, trial, 6.0, least_cycles=0)
    # Behind a function, so that a failing example does not print a whole body.
    return lambda: (body, gait, predict_ground(body, gait.motion, gait.events).demand.force)


def spoilt(plate: ForcePlate, how: str, size: float) -> ForcePlate:
    force, point, free = (np.array(x) for x in (plate.force, plate.centre_of_pressure, plate.free_moment))
    loaded = np.flatnonzero(force[:, 2] > 100.0)
    some = loaded[int(size * 0.7 * len(loaded)) :][: max(len(loaded) // 5, 1)]
    match how:
        case "gain":
            force *= 10.0 ** (4.0 * size - 2.0)
        case "sign":
            force[:, int(size * 2.99)] *= -1.0
        case "swap":
            force = np.roll(force, int(size * 2.99), axis=1)
        case "shift":
            return replace(plate, start_s=plate.start_s + size - 0.5)
        case "gap":
            force[some] = np.nan
        case "burst":
            force[some] *= 20.0 * size
        case "offset":
            force[:, 2] += 400.0 * (size - 0.5)
        case "place":
            point[:, :2] += 2.0 * (size - 0.5)
        case "lost place":
            point[some] = np.nan
        case "twist":
            free *= 1e4 * size
    return replace(plate, force=force, centre_of_pressure=point, free_moment=free)


HOW = ("gain", "sign", "swap", "shift", "gap", "burst", "offset", "place", "lost place", "twist")


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 1), st.sampled_from(HOW), st.floats(0, 1)), min_size=1, max_size=3))
def test_spoilt_plates_agree_with_the_motion_or_are_named(walk, changes) -> None:
    body, gait, demand = walk()
    plates = list(gait.recording.plates)
    for which, how, size in changes:
        plates[which] = spoilt(plates[which], how, size)
    notes: list = []
    whole = without_gaps(plates, notes)
    recording = replace(gait.recording, plates=whole)
    ground = ground_reaction(body, replace(gait, recording=recording), LoadSettings())
    for foot in ground.feet:
        assert np.isfinite(foot.force).all()
        assert not [note for note in ground.notes if re.search(r"\b(nan|inf)\b", note)]
    measured = np.any([foot.origin == MEASURED for foot in ground.feet], axis=0)
    total = sum(foot.force for foot in ground.feet)
    apart = np.linalg.norm((total - demand)[measured], axis=1)
    weight = MASS_KG * GRAVITY_M_S2
    said = [note for note in ground.notes if NAMED.search(note)]
    if measured.any() and not said and not notes:
        assert np.sqrt((apart**2).mean()) < LEFT * weight
