"""No text, however damaged, does more than raise one sentence."""

import random
import string
import sys
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinechain.core.errors import InputError
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Markers
from kinechain.recording.writers.trc import write_trc

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "recording"))
from people import labels, walking

TRC = [
    "PathFileType\t4\t(X/Y/Z)\twalk.trc",
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
    "100\t100\t3\t2\tmm\t100\t1\t3",
    "Frame#\tTime\tA\t\t\tB\t\t",
    "\t\tX1\tY1\tZ1\tX2\tY2\tZ2",
    "",
    "1\t0.00\t1.5\t2\t3\t4\t5\t6",
    "2\t0.01\t7\t8\t9\t10\t11\t12",
    "3\t0.02\t7\t8\t9\t10\t11\t12",
]
MOT = [
    "name",
    "version=1",
    "nRows=3",
    "nColumns=3",
    "inDegrees=yes",
    "endheader",
    "time\tknee_angle_r\tground_force_vx",
    "0\t1\t2",
    "0.1\t3\t4",
    "0.2\t5\t6",
]
TOKENS = [
    "nan",
    "0",
    "-100",
    "inf",
    "-inf",
    "1e400",
    "",
    "A",
    "Frame#",
    "endheader",
    "time",
    "\x00",
    "é",
    "1,5",
    "0x10",
    "1_0",
]


def damaged(lines):
    """Files with a few tokens swapped, a tab removed or doubled, a line lost or repeated."""

    def change(arguments):
        seed, kind = arguments
        draw = random.Random(seed)
        out = list(lines)
        for _ in range(draw.randint(1, 4)):
            row = draw.randrange(len(out))
            cells = out[row].split("\t")
            if kind == "token":
                cells[draw.randrange(len(cells))] = draw.choice([*TOKENS, *cells])
                out[row] = "\t".join(cells)
            elif kind == "tab":
                out[row] = out[row].replace("\t", draw.choice(["", " ", "\t\t"]), 1)
            elif kind == "line" and len(out) > 1:
                out[row : row + 1] = draw.choice([[], [out[row]] * 2, [""]])
            else:
                text = "\n".join(out)
                return text[: draw.randrange(len(text) + 1)]
        return "\n".join(out) + "\n"

    return st.tuples(st.integers(0, 10**9), st.sampled_from(["token", "tab", "line", "cut"])).map(change)


def check(path, text):
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        recording = read_recording(path)
    except InputError as error:
        assert "\n" not in str(error)
        assert str(error)
        return
    if recording.markers is not None:
        assert recording.markers.rate_hz > 0
        assert not np.isinf(recording.markers.positions).any()
        try:
            prepare_recording(recording)
        except InputError as error:
            assert "\n" not in str(error)
    if recording.series is not None:
        assert len(set(recording.series.labels)) == len(recording.series.labels)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=damaged(TRC))
def test_a_damaged_trc_is_read_or_refused(tmp_path, text):
    check(tmp_path / "walk.trc", text)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=damaged(MOT))
def test_a_damaged_mot_is_read_or_refused(tmp_path, text):
    check(tmp_path / "table.mot", text)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=string.printable, max_size=400))
def test_any_text_is_refused_in_one_sentence(tmp_path, text):
    check(tmp_path / "walk.trc", "PathFileType" + text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9), swaps=st.integers(1, 30))
def test_a_damaged_walk_is_prepared_or_refused(tmp_path, seed, swaps):
    draw = random.Random(seed)
    path = tmp_path / "walk.trc"
    write_trc(Markers(labels(), walking(40, 20.0), 20.0), path)
    lines = path.read_text().split("\n")
    for _ in range(swaps):
        row = draw.choice([2, 3, *range(6, len(lines) - 1)])
        cells = lines[row].split("\t")
        cells[draw.randrange(len(cells))] = draw.choice(["nan", "0", "-100", "99999", "", *cells])
        lines[row] = "\t".join(cells)
    check(path, "\n".join(lines))
