"""What a newcomer hands in by mistake: one clear sentence and exit code 2, or the part refused and named."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Call = Callable[..., tuple[int, str, str]]

NOBODY = ("--mass", "70", "--height", "1.75")


def assert_refused(answer: tuple[int, str, str], *words: str) -> None:
    code, out, said = answer
    assert code == 2, said
    assert out == ""
    assert said.startswith("kinechain: ")
    assert "\n" not in said, said
    for word in words:
        assert word.lower() in said.lower(), said


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("walk.c3d", b"", ("walk.c3d", "empty")),
        ("walk.trc", b"", ("walk.trc", "empty")),
        ("walk.c3d", b"this is a letter, not a recording\n" * 40, ("walk.c3d",)),
        ("walk.trc", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, ("walk.trc",)),
        ("walk.trc", b"PathFileType\t4\t(X/Y/Z)\twalk.trc\n", ("walk.trc",)),
        ("walk.c3d", b"\x02\x50" + b"\x00" * 600, ("walk.c3d",)),
        ("walk.mp4", b"\x00\x00\x00\x18ftypmp42" * 20, ("walk.mp4", "neither")),
    ],
)
def test_an_empty_or_foreign_file(
    call: Call, tmp_path: Path, name: str, content: bytes, words: tuple[str, ...]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert_refused(call("assess", path, *NOBODY), *words)


def test_a_file_that_is_not_there(call: Call, tmp_path: Path) -> None:
    assert_refused(call("assess", tmp_path / "gone.c3d"), "there is no file")
    assert_refused(call("assess", tmp_path), "folder")


def test_a_truncated_recording(call: Call, shared: Path, tmp_path: Path) -> None:
    whole = shared / "data/dev/schreiber_moissenet/2014001/2014001_C4_05.c3d"
    half = tmp_path / "half.c3d"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert_refused(call("assess", half, *NOBODY), "half.c3d")
    assert_refused(call("assess", shared / "data/broken/truncated/Truncated.trc", *NOBODY), "Truncated.trc")


def test_a_recording_without_a_usable_marker_set(call: Call, shared: Path) -> None:
    for name in ("MyCube_not_a_person.c3d", "unnamed_markers.trc", "emg_only_no_points.c3d"):
        assert_refused(call("assess", shared / "data/broken/odd" / name, *NOBODY), name, "marker")


def test_a_standing_trial_that_is_not_there(call: Call, shared: Path, tmp_path: Path) -> None:
    walk = shared / "data/dev/schreiber_moissenet/2014001/2014001_C4_05.c3d"
    assert_refused(call("assess", walk, "--static", tmp_path / "standing.c3d"), "there is no file", "standing.c3d")


def test_an_unknown_key_in_the_person_file(call: Call, tmp_path: Path) -> None:
    person = tmp_path / "person.toml"
    person.write_text("[person]\nmass = 70\n")
    assert_refused(call("assess", person), "person.toml", "'mass'", "mass_kg")


def cut_trc(source: Path, target: Path, frames: int) -> Path:
    """Write the first frames of a TRC file."""
    lines = source.read_text().splitlines()
    values = lines[2].split("\t")
    values[2] = str(frames)
    if len(values) > 7:
        values[7] = str(frames)
    lines[2] = "\t".join(values)
    start = next(k for k, line in enumerate(lines[5:], 5) if line.split("\t")[0].strip() == "1")
    target.write_text("\n".join(lines[: start + frames]) + "\n")
    return target


def test_less_than_one_stride(call: Call, shared: Path, tmp_path: Path) -> None:
    walk = sorted((shared / "data/dev/opencap_validation_s4").rglob("*walking*.trc"))[0]
    short = cut_trc(walk, tmp_path / "short.trc", 30)
    assert_refused(call("assess", short, *NOBODY), "short.trc", "less than one full gait cycle")


def test_a_step_without_a_stride_gives_angles_and_names_what_is_missing(
    call: Call, shared: Path, tmp_path: Path
) -> None:
    folder = shared / "data/dev/opencap_validation_s4"
    code, out, _ = call("assess", folder / "walkingTI1.trc", "--static", folder / "static1.trc", *NOBODY, "--json")
    assert code == 1
    answer = json.loads(out)
    flat = {m["side"]: m["value"] for m in answer["measures"] if m["id"] == "foot.progression_flat"}
    assert flat["left"] > 0 < flat["right"]
    assert any("less than one full gait cycle" in note for note in answer["recordings"]["refused"])


def test_a_recording_of_something_else_than_walking(call: Call, shared: Path) -> None:
    rising = shared / "data/dev/opencap_validation_s4/STS1.trc"
    assert_refused(call("assess", rising, *NOBODY), "STS1.trc", "nobody walks steadily", "full stride")


def test_a_mass_that_contradicts_the_plates_is_said(call: Call, shared: Path) -> None:
    folder = shared / "data/dev/schreiber_moissenet/2014001"
    code, out, said = call(
        "assess",
        folder / "2014001_C4_05.c3d",
        "--static",
        folder / "2014001_ST.c3d",
        "--mass",
        "120",
        "--height",
        "1.66",
        "--json",
    )
    assert code == 1, said
    (sentence,) = json.loads(out)["recordings"]["refused"]
    assert "plates weigh 66" in sentence and "120.0 kg is stated" in sentence


def test_one_bad_file_does_not_stop_the_others(call: Call, shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/dev/schreiber_moissenet/2014001"
    broken = tmp_path / "broken.c3d"
    broken.write_bytes(b"")
    code, out, said = call("assess", folder / "2014001_C4_05.c3d", broken, "--mass", "67", "--height", "1.66", "--json")
    assert code == 1, said
    answer = json.loads(out)
    assert any("broken.c3d" in sentence for sentence in answer["recordings"]["refused"])
    assert answer["measures"]


def test_a_marker_set_that_does_not_fit_is_named_with_what_it_lacks(call: Call, shared: Path) -> None:
    walk = shared / "data/dev/opencap_validation_s4/walking1.trc"
    assert_refused(
        call("assess", walk, *NOBODY, "--profile", "plug_in_gait"), "needs", "which walking1.trc does not hold"
    )
    assert_refused(call("assess", walk, *NOBODY, "--profile", "plugin_gait"), "walking1.trc", "plug_in_gait")
    assert_refused(call("assess", walk, *NOBODY, "--rhythm", "none"), "lumbar rhythm", "christophy2012")
