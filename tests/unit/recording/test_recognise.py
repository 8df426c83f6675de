"""What is no recording is called by its name, by content before ending."""

import pytest

from kinechain.core.errors import FileError
from kinechain.recording.read import read_recording

CONTENTS = [
    ("walk.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(100), "is a video"),
    ("walk.c3d", b"\x00\x00\x00\x18ftypmp42" + bytes(100), "is a video"),
    ("walk.avi", b"RIFF\x10\x00\x00\x00AVI LIST" + bytes(100), "is a video"),
    ("walk.mkv", b"\x1a\x45\xdf\xa3" + bytes(100), "is a video"),
    ("walk.vc1", bytes(range(200)), "is a video"),
    ("walk.mat", b"MATLAB 5.0 MAT-file, Platform: PCWIN64" + bytes(100), "is a MATLAB file"),
    ("walk.h5", b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
    ("walk.xlsx", b"PK\x03\x04" + bytes(30) + b"[Content_Types].xml", "is an Excel workbook"),
    ("walk.zip", b"PK\x03\x04" + bytes(30) + b"walk.c3d", "is a packed file"),
    ("walk.c3d.gz", b"\x1f\x8b\x08" + bytes(50), "is a packed file"),
    ("walk.pdf", b"%PDF-1.7\n", "is a PDF"),
    ("walk.png", b"\x89PNG\r\n\x1a\n" + bytes(50), "is a picture"),
    ("walk.npy", b"\x93NUMPY\x01\x00" + bytes(50), "is a NumPy array"),
    ("walk.parquet", b"PAR1" + bytes(50), "is a damaged Parquet file"),
    ("walk.x2d", bytes(range(1, 200)), "raw camera data of Vicon"),
    ("walk.qtm", bytes(range(1, 200)), "a capture of Qualisys"),
    ("walk.tak", bytes(range(1, 200)), "a take of OptiTrack Motive"),
    ("walk.json", b'{"name": 1}', "is a JSON file"),
    ("model.osim", b'<?xml version="1.0"?>\n<OpenSimDocument><Model name="x"/>', "is an OpenSim model"),
    ("setup.xml", b'<?xml version="1.0"?>\n<OpenSimDocument><InverseKinematicsTool/>', "is an OpenSim setup"),
    ("page.html", b"<!DOCTYPE html><html></html>", "is a web page"),
    ("walk.bvh", b"HIERARCHY\nROOT Hips\n{\n CHANNELS 6\n", "skeleton's animation"),
    ("norm.gcd", b"#!DST-0.1 GCD Oxford Metrics\n!HipFlexExt 3\n", "give it with --norms"),
    ("person.toml", b"[person]\nmass_kg = 70\n", "file of settings"),
    ("walk.anc", b"File_Type:\tAnalog R/C ASCII\tGeneration#:\t2\n", "analog file of Cortex"),
    ("imu.txt", b"PacketCounter\tAcc_X\tAcc_Y\tAcc_Z\tGyr_X\n0\t1\t2\t3\t4\n", "inertial sensors"),
    ("walk.trc", b"hello\n", "is not a valid TRC"),
    ("walk.xyz", bytes(range(1, 255)) * 3, "no format that can be read|unknown layout"),
    ("walk.txt", b"once upon a time\n", "unknown layout"),
]


@pytest.mark.parametrize(
    ("name", "content", "said"), CONTENTS, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(CONTENTS)]
)
def test_a_file_is_called_by_its_name(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match=said) as caught:
        read_recording(tmp_path / name)
    text = str(caught.value)
    assert text.startswith(name) and text.isprintable() and (";" in text or "give" in text)


def test_words_of_a_table_are_not_repeated(tmp_path):
    (tmp_path / "people.csv").write_text("Schmidt,Anna,1955-05-05\nMeyer,Otto,1960-01-01\n")
    with pytest.raises(FileError) as caught:
        read_recording(tmp_path / "people.csv")
    assert "Anna" not in str(caught.value) and "1955" not in str(caught.value)
