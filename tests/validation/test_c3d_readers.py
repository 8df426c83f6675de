"""Our reader of C3D beside ezc3d on every shared file, and one trial in every encoding.

Equal means equal to the last bit: both turn the same bytes into the same 32-bit numbers and scale them in double
precision in the same order.  Where the two differ, the reason stands in `DIFFERENT` and is shown to be ezc3d's reading.
"""

import os
from pathlib import Path

import ezc3d
import numpy as np
import pytest

from kinechain.core.errors import FileError
from kinechain.recording.plates import PlateSettings
from kinechain.recording.read import ReadSettings, read_recording
from kinechain.recording.readers.c3d_format import parse_c3d

SHARED = Path(os.environ.get("KINECHAIN_SHARED", Path(__file__).resolve().parents[3] / "shared"))
AS_MEASURED = ReadSettings(plates=PlateSettings(remove_baseline=False))
FILES = sorted(p for p in (SHARED / "data").rglob("*") if p.suffix.lower() == ".c3d" and p.stat().st_size)
#: ezc3d allocates on these until the process is killed.
BOMBS = {"bkin_memory_bomb.c3d", "bad_parameter_section.c3d"}
#: ezc3d refuses these.
REFUSED = {
    "MACsample_sgi_int.c3d": "MIPS",
    "sgi_int.c3d": "MIPS",
    "sgi_real.c3d": "MIPS",
    "badParameterOffset.c3d": "values that fill less than their offset",
    "optitrack_mocap36_missing_byte.c3d": "a missing byte",
    "phoenix_dance.c3d": "a real ANALOG:OFFSET",
}
#: What ezc3d reads otherwise, and why.
DIFFERENT = {
    "bts_dynamic_missing_params_duplicates.c3d": "without ANALOG:RATE it does not step over analog values",
    "bts_standing_missing_params.c3d": "the same",
    "elite_anonym_child_address_fields.c3d": "the same",
    "type1_corrected.c3d": "the same",
    "kyowa_scale_24kN.c3d": "it takes 12 points by POINT:USED where header, labels and size of the file say 11",
    "phasespace_no_parameters.c3d": "without a POINT group it sees no points",
}
#: ezc3d takes the magnitude of a negative ANALOG:OFFSET; the manual says to read it as an unsigned number.
OTHER_OFFSETS = {"кириллица имя.c3d"}


def cases(without):
    """Shared files but those, or one that the fixture skips or fails where there are none."""
    found = [pytest.param(p, id=str(p.relative_to(SHARED / "data"))) for p in FILES if p.name not in without]
    return found or [pytest.param(None, id="absent")]


def ours_of(path):
    return parse_c3d(path.read_bytes(), path.name)


def theirs_of(path):
    return ezc3d.c3d(str(path), ignore_bad_formatting=True)


def smoothness(points):
    """Median over points of the 95th percentile of the step from frame to frame, in the file's unit."""
    seen = np.where((points != 0).any(axis=2, keepdims=True), points, np.nan)
    steps = np.linalg.norm(np.diff(seen, axis=0), axis=2)
    whole = [s[np.isfinite(s)] for s in steps.T if np.isfinite(s).sum() > 10]
    return np.median([np.percentile(s, 95) for s in whole])


@pytest.mark.parametrize("path", cases(BOMBS | set(REFUSED) | set(DIFFERENT)))
def test_points_and_analogs_are_those_of_ezc3d(shared: Path, path):
    ours, theirs = ours_of(path), theirs_of(path)
    points = theirs["data"]["points"][:3].transpose(2, 1, 0)
    residuals = theirs["data"]["meta_points"]["residuals"][0].T
    # ezc3d shows points marked invalid as NaN.
    shown = np.where((ours.status < 0)[:, :, None], np.nan, ours.points * ours.scale)
    hidden = np.isnan(points) & np.isfinite(shown)
    np.testing.assert_array_equal(np.where(hidden, np.nan, shown), points)
    assert not shown[hidden].any()
    np.testing.assert_array_equal(ours.status < 0, residuals < 0)
    analogs = theirs["data"]["analogs"][0].T
    if analogs.size:
        same = np.ones(analogs.shape[1], bool)
        if path.name in OTHER_OFFSETS:
            same = ours.parameters.numbered_numbers("ANALOG", "OFFSET") >= 0
            assert 0 < same.sum() < len(same)
        np.testing.assert_array_equal(ours.analogs[:, same], analogs[:, same])
    else:
        assert not ours.analogs.size
    header = theirs["header"]["points"]
    assert ours.first_frame == header["first_frame"] + 1
    if header["frame_rate"]:  # 0 where the POINT group states no rate
        assert ours.rate_hz == header["frame_rate"]


@pytest.mark.parametrize("path", cases(BOMBS | set(REFUSED)))
def test_parameters_are_those_of_ezc3d(shared: Path, path):
    ours, theirs = ours_of(path).parameters, theirs_of(path)["parameters"]
    compared = 0
    for (group, name), parameter in ours.entries.items():
        entry = theirs.get(group, {}).get(name)
        if entry is None or group.startswith("("):
            continue
        value = entry["value"]
        if isinstance(value, list):
            mine = parameter.texts()
            plain = [x.encode("utf-8", "surrogateescape").strip(b"\x00 \t\r\n") for x in value]
            if all(x.isascii() for x in plain):
                assert [x.encode() for x in mine][: len(plain)] == plain[: len(mine)], (group, name)
                compared += 1
        elif np.size(value) == len(parameter.raw) // max(abs(parameter.kind), 1):
            if name in ("SCALE", "USED", "FRAMES", "DATA_START", "RATE", "OFFSET"):
                continue  # ezc3d writes what it worked out into these
            mine, other = parameter.numbers().ravel(order="F"), np.ravel(value, order="F")
            if parameter.kind == 1:
                other = other.astype(np.int8)
            np.testing.assert_array_equal(mine, other, err_msg=f"{group}:{name}")
            compared += 1
    assert compared >= 1 or not ours.entries


@pytest.mark.parametrize("name", [n for n in DIFFERENT if "phasespace" not in n])
def test_where_ezc3d_slides_our_markers_move_smoothly(shared: Path, name):
    (path,) = [p for p in FILES if p.name == name]
    ours, theirs = ours_of(path), theirs_of(path)["data"]["points"][:3].transpose(2, 1, 0)
    assert smoothness(ours.points * ours.scale) < 60.0  # mm in a frame
    assert smoothness(theirs) > 500.0


def test_what_ezc3d_cannot_open_is_read(shared: Path):
    assert not FILES or {p.name for p in FILES} >= set(REFUSED) | BOMBS
    for path in FILES:
        if path.name in set(REFUSED) | BOMBS:
            recording = read_recording(path)
            assert recording.markers is not None
            size = np.nanmax(recording.markers.positions) - np.nanmin(recording.markers.positions)
            assert 0.2 < size < 10.0


def test_every_shared_c3d_is_read(shared: Path):
    assert len(FILES) > 50
    for path in FILES:
        try:
            read_recording(path)
        except FileError as error:
            pytest.fail(f"{path.name}: {error}")


def encodings(shared, *names):
    return [(ours_of(p), read_recording(p)) for p in (shared / "data" / "broken" / "encodings" / n for n in names)]


@pytest.mark.parametrize("names", [("pc_real.c3d", "Dec_real.c3d", "sgi_real.c3d"), ("pc_int.c3d", "sgi_int.c3d")])
def test_one_trial_in_several_encodings_is_equal_to_the_bit(shared: Path, names):
    first, *others = encodings(shared, *names)
    for other in others:
        np.testing.assert_array_equal(other[0].points, first[0].points)
        np.testing.assert_array_equal(other[0].status < 0, first[0].status < 0)
        np.testing.assert_array_equal(other[0].analogs, first[0].analogs)
        assert other[0].scale == first[0].scale
        assert (other[0].rate_hz, other[0].first_frame) == (first[0].rate_hz, first[0].first_frame)
        np.testing.assert_array_equal(other[1].markers.positions, first[1].markers.positions)
        assert other[1].events == first[1].events
        for a, b in zip(first[1].plates, other[1].plates, strict=True):
            np.testing.assert_array_equal(a.force, b.force)
            np.testing.assert_array_equal(a.centre_of_pressure, b.centre_of_pressure)


def test_integers_of_dec_are_the_reals_and_those_of_intel_were_cut(shared: Path):
    real, dec, intel = (c3d for c3d, _ in encodings(shared, "pc_real.c3d", "DEC_INT.C3D", "pc_int.c3d"))
    # The reals were made from DEC's integers: equal but for the rounding to 24 bits.
    np.testing.assert_allclose(real.points, dec.points * dec.scale, rtol=2.0**-23, atol=0)
    # Whatever made the Intel file cut 59 of 9612 numbers instead of rounding; the files differ, not their reading.
    step = dec.points.astype(int) - intel.points.astype(int)
    assert (int((step != 0).sum()), int(np.abs(step).max())) == (59, 1)
    assert (np.abs(dec.points[step != 0]) > np.abs(intel.points[step != 0])).all()
    for other in (dec, intel):
        np.testing.assert_array_equal(other.analogs, real.analogs)


@pytest.mark.parametrize(
    ("names", "force", "away"),
    [
        (("type-2a.c3d", "type-4a.c3d"), 0.005, 0.005),
        # The two descriptions are two calibrations: the moments of the type-2 one are 0.81 of those of the matrix.
        (("TYPE-2.C3D", "TYPE-4.C3D"), 0.03, 0.025),
    ],
)
def test_twins_with_plates_of_type_2_and_4(shared: Path, names, force, away):
    folder = shared / "data" / "broken" / "plates"
    two, four = (read_recording(folder / name, AS_MEASURED) for name in names)
    np.testing.assert_array_equal(two.markers.positions, four.markers.positions)
    assert len(two.plates) == len(four.plates) > 0
    for a, b in zip(two.plates, four.plates, strict=True):
        loaded = (a.force[:, 2] > 100) & (b.force[:, 2] > 100)
        assert loaded.any()
        np.testing.assert_allclose(b.force[loaded, 2], a.force[loaded, 2], rtol=force)
        assert np.nanmax(np.linalg.norm(a.centre_of_pressure - b.centre_of_pressure, axis=1)[loaded]) < away
