"""What a file is that is no recording of a body, and what to give in its place."""

from __future__ import annotations

import re
from pathlib import PurePath

from kinechain.recording.readers.text import delimiter_of, split_cells, split_lines, to_number
from kinechain.recording.readers.tidy import NEEDED

__all__ = ["READABLE", "describe_unreadable", "looks_inertial"]

#: What can be read, for messages.
READABLE = "C3D, TRC, MOT, STO, CSV, TSV or Parquet"
_GIVE = "give the C3D or TRC of the trial"

#: First bytes, what they mean, and what to give instead.
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (or a MATLAB file of version 7.3)", "export the trial as C3D or TRC"),
    (b"%PDF", "a PDF", _GIVE),
    (b"\x1a\x45\xdf\xa3", "a video (Matroska or WebM)", "kinechain does not read video yet; " + _GIVE),
    (b"OggS", "a video or sound (Ogg)", "kinechain does not read video yet; " + _GIVE),
    (b"\x89PNG", "a picture (PNG)", _GIVE),
    (b"\xff\xd8\xff", "a picture (JPEG)", _GIVE),
    (b"GIF8", "a picture (GIF)", _GIVE),
    (b"\x1f\x8b", "a packed file (gzip)", "unpack it and give the recording in it"),
    (b"7z\xbc\xaf\x27\x1c", "a packed file (7z)", "unpack it and give the recording in it"),
    (b"Rar!", "a packed file (RAR)", "unpack it and give the recording in it"),
    (b"BZh", "a packed file (bzip2)", "unpack it and give the recording in it"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (xls or doc)", "save the table as CSV, or " + _GIVE),
    (b"SQLite format 3", "a database", "export the trial as C3D or TRC"),
    (b"\x93NUMPY", "a NumPy array", "write it as CSV with named columns: " + NEEDED),
    (b"QTM", "a project of Qualisys", "export the trial as C3D"),
    (b"PAR1", "a damaged Parquet file", "export it again"),
    (b"ViconRaw", "a raw capture of Vicon (x2d)", "reconstruct and label it, then export it as C3D"),
)

#: Endings of names whose content does not tell, what they mean, and what to give instead.
_SUFFIXES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        (".mp4", ".mov", ".avi", ".mkv", ".webm", ".wmv", ".m4v", ".mpg", ".mpeg", ".vc", ".vc1"),
        ("a video", "kinechain does not read video yet; " + _GIVE),
    ),
    ".mat": ("a MATLAB file", "export the trial as C3D or TRC"),
    ".anc": ("an analog file of Cortex (ANC)", "give the C3D of the trial, which holds markers and plates"),
    ".anb": ("an analog file of Cortex (ANB)", "give the C3D of the trial, which holds markers and plates"),
    ".cal": ("a calibration of force plates", "give the C3D of the trial, which holds markers and plates"),
    ".apd": ("a pressure-plate import file (APD)", "pressure is not read yet; " + _GIVE),
    ".xlsx": ("an Excel workbook", "save the table as CSV: " + NEEDED),
    ".xls": ("an Excel workbook", "save the table as CSV: " + NEEDED),
    ".zip": ("a packed file (ZIP)", "unpack it and give the recording in it"),
    ".h5": ("an HDF5 file", "export the trial as C3D or TRC"),
    ".hdf5": ("an HDF5 file", "export the trial as C3D or TRC"),
    ".x1d": ("raw analog data of Vicon (X1D)", "process it in Nexus and export it as C3D"),
    ".x2d": ("raw camera data of Vicon (X2D)", "reconstruct and label it, then export it as C3D"),
    ".xcp": ("a camera calibration of Vicon", _GIVE),
    ".vsk": ("a subject's skeleton of Vicon", _GIVE),
    ".mp": ("a subject's parameters of Vicon", _GIVE),
    ".qtm": ("a capture of Qualisys", "export it as C3D"),
    ".tak": ("a take of OptiTrack Motive", "export it as C3D or CSV"),
    ".cap": ("a capture of Cortex", "export it as C3D or TRC"),
    ".bvh": ("a skeleton's animation (BVH)", "give the markers it was made from, as C3D or TRC"),
    ".fbx": ("a skeleton's animation (FBX)", "give the markers it was made from, as C3D or TRC"),
    ".pkl": ("a Python pickle, which may run code", "export the trial as C3D or TRC"),
    ".npy": ("a NumPy array", "write it as CSV with named columns: " + NEEDED),
    ".npz": ("NumPy arrays", "write them as CSV with named columns: " + NEEDED),
    ".gcd": ("a file of gait curves (GCD)", "give it with --norms, or give the C3D of a trial"),
    ".edf": ("a biosignal recording (EDF)", _GIVE),
    ".xdf": ("a stream recording (XDF)", _GIVE),
}
_KNOWN = {
    ".c3d": ("C3D", "its first bytes are not those of a C3D"),
    ".trc": ("TRC", "line 1 does not begin with 'PathFileType'"),
    ".mot": ("MOT", "it has no line 'endheader'"),
    ".sto": ("STO", "it has no line 'endheader'"),
    ".parquet": ("Parquet", "its first bytes are not those of a Parquet file"),
}
_INERTIAL = re.compile(
    r"\b(acc(el)?(erometer|eration)?|gyro?(scope)?|mag(netometer)?|quat|packetcounter|sampletimefine)(_|\b)",
    re.IGNORECASE,
)
_INERTIAL_FILE = ("a table of inertial sensors", "inertial sensors are not read yet; " + _GIVE)
_PLANAR = re.compile(r"\.?pos[xy]$", re.IGNORECASE)


def describe_unreadable(data: bytes, text: str | None, name: str) -> str:
    """Return the sentence that says what a file looks like and what to give instead.

    Parameters
    ----------
    data : bytes
        The whole file.
    text : str or None
        The file as text, if it is one.
    name : str
        File name for messages; its ending is looked at last.
    """
    suffix = PurePath(name).suffix.lower()
    found = _by_bytes(data, suffix) or (_by_words(text) if text is not None else None)
    if found is None and suffix in _KNOWN:
        kind, why = _KNOWN[suffix]
        return f"{name} is not a valid {kind}: {why}; export it again"
    if found is None:
        found = _SUFFIXES.get(suffix)
    if found is None and text is not None:
        return f"{name} is a text of unknown layout; {NEEDED}; or give a {READABLE}"
    if found is None:
        return f"{name} is of no format that can be read here (not a text and not a C3D); give a {READABLE}"
    what, cure = found
    return f"{name} is {what}, no recording of a body that can be read; {cure}"


def looks_inertial(text: str) -> bool:
    """Return whether a text is a table of accelerations and turning rates.

    Parameters
    ----------
    text : str
    """
    return _by_columns(split_lines(text[:20000])[:60]) == _INERTIAL_FILE


def _by_bytes(data: bytes, suffix: str) -> tuple[str, str] | None:
    """Tell a file by its first bytes."""
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        if b"xl/" in data[:8192] or suffix in (".xlsx", ".xlsm") or b"[Content_Types].xml" in data[:256]:
            return _SUFFIXES[".xlsx"]
        return _SUFFIXES.get(suffix if suffix == ".npz" else ".zip")
    if data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") or (data[:4] == b"RIFF" and data[8:11] == b"AVI"):
        return _SUFFIXES[".mp4"]
    if data[:10] == b"MATLAB 5.0" or b"MAT-file" in data[:116]:
        return _SUFFIXES[".mat"]
    return next(((what, cure) for begin, what, cure in _MAGIC if data.startswith(begin)), None)


def _by_words(text: str) -> tuple[str, str] | None:
    """Tell a text by its first lines."""
    head = text[:20000].lstrip("\ufeff \t\r\n")
    lower = head.lower()
    lines = [line for line in split_lines(head) if line.strip()][:60]
    first = lines[0].strip().lower() if lines else ""
    if not lines:
        return "an empty text", "copy or export it again"
    if lower.startswith("<?xml") or lower.startswith("<"):
        if "<opensimdocument" in lower:
            is_model = re.search(r"<model\b", lower) is not None
            what = "an OpenSim model" if is_model else "an OpenSim setup"
            return what, "give the recording (C3D or TRC), and the model with --body"
        if lower.startswith(("<!doctype html", "<html")):
            return "a web page", _GIVE
        return "an XML file", _GIVE
    if (
        head[0] in "{["
        and (head[1:2] in '"{[]} \r\n\t' or head[1:2].isdigit())
        and not re.match(r"\[[A-Za-z ]+\]", head)
    ):
        return "a JSON file", _GIVE
    if first.startswith("file_type:") and "analog" in first:
        return _SUFFIXES[".anc"]
    if "insole" in lower[:4000] or "moticon" in lower[:4000]:
        return "a recording of insoles", "insoles are not read yet; " + _GIVE
    if "pedcad" in lower[:400] or "pressure" in lower[:2000]:
        return "a pressure measurement", "pressure is not read yet; " + _GIVE
    if re.search(r"(?m)^\[[A-Za-z_.]+\]\s*$", head) and re.search(r"(?m)^\w+ *= *\S", head):
        return (
            "a file of settings (TOML or INI)",
            "give it as a person file to a command that takes one, and a recording",
        )
    if first.startswith("#!dst"):
        return _SUFFIXES[".gcd"]
    if first.startswith(("hierarchy", "motion")) and "channels" in lower[:4000]:
        return _SUFFIXES[".bvh"]
    return _by_columns(lines)


def _by_columns(lines: list[str]) -> tuple[str, str] | None:
    """Tell a table by the names of its columns."""
    heads = [line for line in lines[:20] if re.match(r"\s*[+-]?\.?\d", line) is None]
    rows = [split_cells(line.lstrip("%#/ "), delimiter_of(line)) for line in heads]
    if any(sum(_INERTIAL.search(cell) is not None for cell in row) >= 2 for row in rows):
        return _INERTIAL_FILE
    for row in rows:
        is_deep = any(re.search(r"\.?posz$", cell, re.IGNORECASE) for cell in row)
        if sum(_PLANAR.search(cell) is not None for cell in row) >= 4 and not is_deep:
            return "a table of points in a plane (x and y, no z)", "give markers in three dimensions, as C3D or TRC"
    if any(len(row) > 2 and sum(to_number(cell) is None for cell in row) >= 2 for row in rows):
        # The words are not repeated: they may be a person's.
        return "a table without times and markers", NEEDED
    rows = [split_cells(line, max((",", ";", "\t", " "), key=line.count)) for line in lines[:20]]
    if all(len(row) > 1 and all(to_number(cell) is not None for cell in row) for row in rows):
        return "a table of numbers without names of columns", NEEDED
    return None
