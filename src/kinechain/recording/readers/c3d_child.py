"""Open one C3D in a process of its own and hand its numbers back on standard output.

Run as a script, never imported by the rest of the package: a C3D can make a parser
allocate without end or kill the process, so the parser lives where a limit can stop it.
Only what a recording needs leaves this process: numbers, labels and events.  Names,
dates and free text of the SUBJECTS group do not.

Answer on standard output: 8 bytes with the length of a JSON header, the header
(``{"error": ...}`` or values plus the shape and type of every array), then the bytes of
the arrays one after the other.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from pathlib import Path
from typing import Any

#: The only parameters of a subject or processing group that may leave this process, by lower-case name.
SIZE_NAMES = {
    "bodymass": "mass",
    "mass": "mass",
    "weight": "mass",
    "height": "height",
}
OUTPUT_GROUPS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "REACTIONS")


def main(arguments: list[str]) -> None:
    """Read ``arguments = [path, library, memory_bytes, seconds, *search_path]`` and answer."""
    path, library, memory, seconds = arguments[0], arguments[1], int(arguments[2]), float(arguments[3])
    sys.path[:0] = arguments[4:]
    answer = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    _limit(memory, seconds)
    try:
        header, arrays = (_with_ezc3d if library == "ezc3d" else _with_c3d)(path)
    except MemoryError:
        header, arrays = {"error": "memory"}, {}
    except BaseException as error:  # noqa: BLE001 - whatever a parser throws becomes an answer
        # The text of the exception may quote the file, hence only its type is told.
        header, arrays = {"error": type(error).__name__}, {}
        if "bad_alloc" in str(error) or "length_error" in str(error):
            header = {"error": "memory"}
    header["arrays"] = [[name, list(array.shape), array.dtype.str] for name, array in arrays.items()]
    text = json.dumps(header).encode()
    answer.write(struct.pack("<Q", len(text)) + text)
    for array in arrays.values():
        answer.write(array.tobytes())
    answer.flush()
    os._exit(0)


def _limit(memory: int, seconds: float) -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent's clock is the only limit
        return
    for kind, value in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, int(seconds) + 1)):
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, hard))


def _with_ezc3d(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    import ezc3d

    file = ezc3d.c3d(path, ignore_bad_formatting=True)
    parameters = {}
    for group, entries in file["parameters"].items():
        parameters[group.upper()] = {k.upper(): v["value"] for k, v in entries.items() if k != "__METADATA__"}
    data = file["data"]
    points, analogs = data["points"], data["analogs"]
    residuals = data["meta_points"]["residuals"]
    arrays = {
        "points": points[:3],
        "residuals": residuals.reshape(points.shape[1:]),
        "analogs": analogs[0] if analogs.ndim == 3 else analogs,
    }
    head = file["header"]
    events = head["events"]
    header = {
        "rate": float(head["points"]["frame_rate"]),
        "first_frame": int(head["points"]["first_frame"]) + 1,
        "header_events": [
            [str(x), float(t)]
            for x, t in zip(events["events_label"], events["events_time"], strict=False)
            if str(x).strip()
        ],
        "n_rotations": int(head["rotations"]["size"]),
    }
    return _answer(header, arrays, parameters)


def _with_c3d(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    import warnings

    import c3d
    import numpy as np

    warnings.simplefilter("ignore")
    with Path(path).open("rb") as handle:
        reader = c3d.Reader(handle)
        parameters = {}
        for name, group in reader.group_items():
            parameters[name.upper()] = {k.upper(): _c3d_value(p) for k, p in group.param_items()}
        frames = [(points[:, :4], analog) for _, points, analog in reader.read_frames(copy=True)]
        rate, first = float(reader.point_rate), int(reader.first_frame)
    if frames:
        points = np.stack([p for p, _ in frames], axis=-1).astype(float)  # (point, 4, frame)
        analogs = np.atleast_2d(np.concatenate([a for _, a in frames], axis=-1).astype(float))
        analogs = analogs if analogs.size else np.zeros((0, 0))
    else:
        points, analogs = np.zeros((0, 4, 0)), np.zeros((0, 0))
    arrays = {"points": points[:, :3].transpose(1, 0, 2), "residuals": points[:, 3], "analogs": analogs}
    return _answer({"rate": rate, "first_frame": first, "header_events": [], "n_rotations": 0}, arrays, parameters)


def _c3d_value(parameter: Any) -> Any:
    import numpy as np

    shape = tuple(parameter.dimensions)
    if parameter.bytes_per_element == -1:
        texts = [parameter.string_value] if len(shape) < 2 else np.ravel(parameter.string_array)
        return [str(x).strip("\x00 ") for x in texts]
    single = {1: "int8_value", 2: "int16_value", 4: "float_value"}
    several = {1: "int8_array", 2: "int16_array", 4: "float_array"}
    if not shape:
        return np.array([getattr(parameter, single[parameter.bytes_per_element])])
    value = np.asarray(getattr(parameter, several[parameter.bytes_per_element]))
    # C3D counts the first dimension fastest; the library gives the dimensions in reverse.
    return value.ravel().reshape(shape, order="F")


def _answer(
    header: dict[str, Any], arrays: dict[str, Any], parameters: dict[str, dict[str, Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    import numpy as np

    def texts(group: str, name: str) -> list[str]:
        value = parameters.get(group, {}).get(name, [])
        return [str(x).strip("\x00 \t") for x in value] if isinstance(value, list) else []

    def numbers(group: str, name: str) -> Any:
        value = parameters.get(group, {}).get(name)
        if value is None or isinstance(value, list):
            return None
        return np.asarray(value, dtype=float)

    def numbered(group: str, name: str) -> list[str]:
        found = texts(group, name)
        for i in range(2, 100):
            more = texts(group, f"{name}{i}")
            if not more:
                return found
            found += more
        return found

    prefixes = sorted(
        {x for x in texts("SUBJECTS", "LABEL_PREFIXES") + texts("SUBJECTS", "NAMES") if len(x) > 1}, key=len
    )
    n_points = arrays["points"].shape[1]
    labels = [_without_subject(x, prefixes) for x in numbered("POINT", "LABELS")[:n_points]]
    header["labels"] = labels
    header["label_prefixes"] = len({x.split(":")[0] for x in numbered("POINT", "LABELS")[:n_points] if ":" in x})
    header["point_units"] = texts("POINT", "UNITS")
    rate = numbers("POINT", "RATE")
    if rate is not None and rate.size:
        header["parameter_rate"] = float(rate.ravel()[0])
    header["output_groups"] = {
        g: [_without_subject(x, prefixes) for x in numbered("POINT", g)] for g in OUTPUT_GROUPS if texts("POINT", g)
    }
    header["output_units"] = {
        g: (texts("POINT", f"{g[:-1]}_UNITS") or [""])[0] for g in OUTPUT_GROUPS if texts("POINT", f"{g[:-1]}_UNITS")
    }
    header["analog_labels"] = numbered("ANALOG", "LABELS")[: arrays["analogs"].shape[0]]
    header["analog_units"] = numbered("ANALOG", "UNITS")[: arrays["analogs"].shape[0]]
    header["plate_matrix_store"] = (texts("FORCE_PLATFORM", "MATRIX_STORE") or [""])[0]
    header["event_labels"] = texts("EVENT", "LABELS")
    header["event_contexts"] = texts("EVENT", "CONTEXTS")
    for key, group, name in (
        ("event_times", "EVENT", "TIMES"),
        ("plate_types", "FORCE_PLATFORM", "TYPE"),
        ("plate_used", "FORCE_PLATFORM", "USED"),
        ("plate_corners", "FORCE_PLATFORM", "CORNERS"),
        ("plate_origins", "FORCE_PLATFORM", "ORIGIN"),
        ("plate_channels", "FORCE_PLATFORM", "CHANNEL"),
        ("plate_calibrations", "FORCE_PLATFORM", "CAL_MATRIX"),
        ("plate_zero", "FORCE_PLATFORM", "ZERO"),
        ("plate_polynomial", "FORCE_PLATFORM", "FPCOPPOLY"),
        ("actual_start", "TRIAL", "ACTUAL_START_FIELD"),
    ):
        value = numbers(group, name)
        if value is not None and value.size:
            arrays[key] = value
    header.update(_sizes(parameters))
    return header, {k: np.ascontiguousarray(v, dtype=np.float64) for k, v in arrays.items()}


def _without_subject(label: str, prefixes: list[str]) -> str:
    """Drop what stands before the last colon, and the subject's own prefix when it is glued on."""
    if ":" in label:
        return label.rsplit(":", 1)[1].strip()
    for prefix in reversed(prefixes):
        if label.startswith(prefix) and len(label) > len(prefix):
            return label[len(prefix) :].lstrip("_: ")
    return label


def _sizes(parameters: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Body mass and height only: single numbers under a known name, or paired with a list of names."""
    import numpy as np

    found: dict[str, float] = {}
    for group in ("PROCESSING", "SUBJECT", "SUBJECTS"):
        entries = parameters.get(group, {})
        for name, value in entries.items():
            key = SIZE_NAMES.get(name.lower())
            if key and not isinstance(value, list) and np.size(value) == 1:
                found.setdefault(key, float(np.ravel(value)[0]))
        names, values = entries.get("LABELS"), entries.get("VALUES")
        if isinstance(names, list) and values is not None and not isinstance(values, list):
            for name, value in zip(names, np.ravel(values), strict=False):
                key = SIZE_NAMES.get(name.strip().lower())
                if key:
                    found.setdefault(key, float(value))
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
