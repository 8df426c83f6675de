"""No C3D, however damaged, does more than raise one sentence, and none takes more memory than its own size allows."""

import random
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from kinechain.core.errors import InputError
from kinechain.recording.plates import PlateSettings
from kinechain.recording.readers.c3d import read_c3d
from kinechain.recording.readers.c3d_format import parse_c3d

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "recording"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from c3d_bytes import C3dBytes, Entry
from fuzz_readers import damage, damage_bytes, damage_parameter, lie_c3d

CORNERS = np.array([[600, 400, 0], [0, 400, 0], [0, 0, 0], [600, 0, 0]], dtype=float)


def walk(encoding, is_real):
    """A file with everything a reader looks at."""
    rng = np.random.default_rng(5)
    points = rng.normal(800.0, 200.0, (30, 12, 3))
    status = np.where(rng.random((30, 12)) < 0.1, -1.0, 0.0)
    entries = [
        Entry(
            "POINT",
            "LABELS",
            [f"S:{x}" for x in "LASI RASI LKNE RKNE LANK RANK LHEE RHEE LTOE RTOE *12 LHipAngles".split()],
        ),
        Entry("POINT", "ANGLES", ["S:LHipAngles"]),
        Entry("POINT", "ANGLE_UNITS", ["deg"]),
        Entry("ANALOG", "LABELS", [f"F{k}" for k in range(6)]),
        Entry("ANALOG", "SCALE", np.linspace(0.1, 1.0, 6)),
        Entry("ANALOG", "OFFSET", np.arange(6)),
        Entry("ANALOG", "GEN_SCALE", 1.0, "real"),
        Entry("ANALOG", "UNITS", ["N", "N", "N", "Nmm", "Nmm", "Nmm"]),
        Entry("FORCE_PLATFORM", "USED", 1),
        Entry("FORCE_PLATFORM", "TYPE", np.array([2])),
        Entry("FORCE_PLATFORM", "CORNERS", CORNERS.T[:, :, None]),
        Entry("FORCE_PLATFORM", "ORIGIN", np.array([[0.0], [0.0], [-40.0]])),
        Entry("FORCE_PLATFORM", "CHANNEL", np.arange(1, 7)[:, None]),
        Entry("EVENT", "USED", 3),
        Entry("EVENT", "LABELS", ["Foot Strike", "Foot Off", "RHS"]),
        Entry("EVENT", "CONTEXTS", ["Left", "Left", ""]),
        Entry("EVENT", "TIMES", np.array([[0.0, 0.0, 0.0], [0.02, 0.1, 0.2]])),
        Entry("TRIAL", "ACTUAL_START_FIELD", np.array([1, 0])),
        Entry("TRIAL", "ACTUAL_END_FIELD", np.array([30, 0])),
        Entry("SUBJECTS", "NAMES", ["S"]),
        Entry("PROCESSING", "Bodymass", 70.0, "real"),
    ]
    analogs = rng.normal(0, 300, (120, 6))
    return C3dBytes(
        points, encoding, is_real, 0.2, 100.0, 1, status, analogs, entries, events=[("RTO", 0.1, 0)]
    ).build()


FILES = [walk(e, r) for e in ("Intel", "DEC", "MIPS") for r in (True, False)]


def check(data):
    try:
        content = read_c3d(data, "walk.c3d", PlateSettings())
    except InputError as error:
        assert str(error).startswith("walk.c3d is ")
        assert str(error).isprintable()
        return False
    for note in content.notes:
        assert note.code.count(".") == 1, note
        assert note.text.isprintable()
        assert note.effect
        assert note.cure
    if content.markers is not None:
        assert content.markers.rate_hz > 0
        assert len(set(content.markers.labels)) == len(content.markers.labels)
    return True


@pytest.mark.parametrize("data", FILES)
def test_the_undamaged_file_is_read_whole(data):
    content = read_c3d(data, "walk.c3d", PlateSettings(remove_baseline=False))
    assert content.markers.labels[:2] == ("LASI", "RASI")
    assert len(content.markers.labels) == 10
    assert [(e.kind, e.side) for e in content.events] == [
        ("foot_strike", "left"),
        ("foot_off", "left"),
        ("foot_strike", "right"),
    ]
    assert content.mass_kg == 70.0
    assert content.analog.values.shape == (120, 6)


@pytest.mark.parametrize("change", [damage_bytes, damage_parameter, lambda data, draw: damage(data, "c3d", draw)])
def test_damaged_files_are_read_or_refused(change):
    read = 0
    for seed in range(400):
        draw = random.Random(seed)
        data = change(FILES[seed % len(FILES)], draw)
        with np.errstate(all="raise"):  # what is meant to overflow is said so where it happens
            read += bool(data[:2] == b"\x02\x50" and check(data))
    assert 100 < read < 400


def test_no_header_makes_memory_grow():
    data = FILES[0]
    tracemalloc.start()
    try:
        for seed in range(300):
            draw = random.Random(seed)
            changed = bytearray(data)
            for _ in range(3):
                at = draw.randrange(2, 24)
                changed[at] = draw.choice((0, 1, 127, 128, 255))
            try:
                parse_c3d(bytes(changed), "walk.c3d")
            except InputError:
                continue
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Every byte of data becomes at most a number of 8 bytes a few times over.
    assert peak < 40 * len(data)


@pytest.mark.parametrize("seed", range(30))
def test_a_consistent_lie_ends_in_a_recording_or_one_sentence(seed):
    draw = random.Random(seed)
    assert lie_c3d(b"", draw) == b""
    data = lie_c3d(walk("Intel", True), draw)
    try:
        read_c3d(data, "lie.c3d", PlateSettings())
    except InputError as error:
        assert str(error).isprintable() and "lie.c3d" in str(error)


def test_a_rate_that_no_camera_has_is_refused():
    data = C3dBytes(np.zeros((20, 2, 3)) + 500.0, rate=1e30).build()
    with pytest.raises(InputError, match="frame rate of 1e"):
        read_c3d(data, "fast.c3d", PlateSettings())
