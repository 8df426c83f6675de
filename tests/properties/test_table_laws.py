"""No table, however damaged, does more than raise one sentence; and what is written is read."""

import random
import string
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinechain.core.errors import InputError
from kinechain.findings.own_norms import read_own_norms
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Markers
from kinechain.recording.writers.csv import write_markers_csv
from kinechain.recording.writers.parquet import write_markers_parquet
from kinechain.recording.writers.trc import write_trc

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "recording"))
from test_tidy import MOTIVE, NEXUS, QUALISYS, ROWS

TABLES = {
    "nexus.csv": NEXUS,
    "motive.csv": MOTIVE.replace("{unit}", "Meters"),
    "qualisys.tsv": QUALISYS + "".join("\t".join(map(str, [i, t, *v])) + "\n" for i, (t, v) in enumerate(ROWS)),
    "long.csv": "time,marker,x,y,z,unit\n" + "".join(f"{t},{m},1,2,3,mm\n" for t in (0, 0.1, 0.2) for m in "AB"),
    "wide.csv": "time [s],A_x [mm],A_y [mm],A_z [mm],emg\n" + "".join(f"{t},1,2,3,4\n" for t in (0, 0.1, 0.2)),
    "values.csv": "time,name,value,unit\n" + "".join(f"{t},knee,{t},deg\n" for t in range(4)),
    "two.csv": ",,A,,\nFrame,Time,X,Y,Z\n1,0,1,2,3\n2,0.1,1,2,3\n3,0.2,1,2,3\n",
}
GCD = (
    "#!DST-0.1 GCD Oxford Metrics\n$PREFIXES\nLeft\n!HipFlexExt 3\n"
    + "1.5 2.5\n" * 51
    + "!KneePower 3\n"
    + "1 2\n" * 51
)
TOKENS = [
    *("nan", "0", "-100", "inf", "1e400", "", "A", "time", "Frame", "\x00", "é", "1,5", "0x10", "1_0", '"', "-", "mm"),
    *("\u2028", "\ufeff", "X", "marker", "99999999999999999999", "1e-320", "Trajectories", "!", "NO_OF_FRAMES"),
]


def damaged(text, seed):
    """A text with a few tokens swapped, separators changed, lines lost, doubled, moved or cut."""
    draw = random.Random(seed)
    lines = text.split("\n")
    for _ in range(draw.randint(1, 5)):
        row = draw.randrange(len(lines))
        mark = max(",;\t ", key=lines[row].count)
        kind = draw.choice(("token", "token", "mark", "line", "cut"))
        if kind == "token":
            cells = lines[row].split(mark)
            cells[draw.randrange(len(cells))] = draw.choice([*TOKENS, *cells])
            lines[row] = mark.join(cells)
        elif kind == "mark":
            lines[row] = lines[row].replace(
                mark, draw.choice(["", " ", "\t", ";", mark * 2, "\r"]), draw.choice((1, -1))
            )
        elif kind == "line":
            lines[row : row + 1] = draw.choice(
                [[], [lines[row]] * 2, [""], [lines[row], lines[draw.randrange(len(lines))]]]
            )
            lines = lines or [""]
        else:
            lines[row] = lines[row][: draw.randrange(len(lines[row]) + 1)]
    return "\n".join(lines)


def check(read, path, content):
    path.write_bytes(content.encode("utf-8", "surrogatepass") or b"\n")
    try:
        return read(path)
    except InputError as error:
        assert str(error).isprintable() and path.name in str(error)
        return None


@pytest.mark.parametrize("name", sorted(TABLES))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9))
def test_a_damaged_table_is_read_or_refused(tmp_path, name, seed):
    recording = check(read_recording, tmp_path / name, damaged(TABLES[name], seed))
    if recording is not None and recording.markers is not None:
        assert not np.isinf(recording.markers.positions).any()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9))
def test_damaged_norms_are_read_or_refused(tmp_path, seed):
    norms = check(read_own_norms, tmp_path / "n.gcd", damaged(GCD, seed))
    if norms is not None:
        assert all(np.isfinite(c.mean).all() and (c.sd >= 0).all() for c in norms.curves)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(alphabet=string.printable, max_size=300),
    begin=st.sampled_from(["time,", "Devices\n", "Format Version", ""]),
)
def test_any_text_is_refused_in_one_sentence(tmp_path, text, begin):
    check(read_recording, tmp_path / "x.csv", begin + text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**9),
    frames=st.integers(3, 40),
    rate=st.sampled_from([25.0, 59.94, 100.0, 240.0]),
    kind=st.sampled_from(["trc", "csv-long", "csv-wide", "parquet-long", "parquet-wide"]),
)
def test_what_is_written_is_read(tmp_path, seed, frames, rate, kind):
    draw = np.random.default_rng(seed)
    positions = draw.uniform(0.2, 1.8, (frames, 4, 3))
    positions[draw.random((frames, 4)) < 0.2] = np.nan
    positions[[0, -1]] = 1.0 + 0.1 * np.arange(12).reshape(4, 3)
    markers = Markers(("LASI", "R.Knee", "C7 (top)", "é"), positions, rate, float(draw.uniform(0, 5)))
    suffix, _, layout = kind.partition("-")
    path = tmp_path / f"x.{suffix}"
    if suffix == "trc":
        write_trc(markers, path)
    elif suffix == "csv":
        write_markers_csv(markers, path, layout)
    else:
        write_markers_parquet(markers, path, "as recorded", layout)
    back = read_recording(path).markers
    assert back.labels == markers.labels
    np.testing.assert_allclose(back.positions, positions, atol=1e-7)
    np.testing.assert_allclose(back.times_s, markers.times_s, atol=2e-6 * frames)
