"""A standing trial of a made person: what cameras and plates would have seen of the posture they rest in.

The markers sit where a tester with an honest error put them, on skin that shifts over the bone; the person sways, and
drifts from the posture of the equilibrium as people do within a minute; trajectories have gaps.  The analyst never
sees the posture itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kinechain.body.body import Body, Marker
from kinechain.body.pose import marker_positions
from kinechain.chain.chain_body import LEVELS
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.evidence.library import find_fact
from kinechain.recording.recording import ForcePlate, Markers, Recording, Side

__all__ = ["SIDES", "Bearing", "record_standing", "skin_markers"]

SIDES: tuple[Side, Side] = ("right", "left")

#: Landmarks that are marked, and their labels of the ISB set ('*': R or L).
_LABELS = {
    "asis": "*_IAS",
    "psis": "*_IPS",
    "greater_trochanter": "*_FTC",
    "lateral_femoral_epicondyle": "*_FLE",
    "medial_femoral_epicondyle": "*_FME",
    "fibula_head": "*_FAX",
    "tibial_tuberosity": "*_TTC",
    "lateral_malleolus": "*_FAL",
    "medial_malleolus": "*_TAM",
    "heel": "*_FCC",
    "heel_proximal": "*_FCP",
    "navicular": "*_FNT",
    "metatarsal_1_head": "*_FM1",
    "metatarsal_2_head": "*_FM2",
    "metatarsal_5_head": "*_FM5",
    "acromion": "*_SAE",
    "humeral_lateral_epicondyle": "*_HLE",
    "humeral_medial_epicondyle": "*_HME",
    "radial_styloid": "*_RSP",
    "ulnar_styloid": "*_UHE",
    "c7": "CV7",
    "t10": "TV10",
    "xiphoid": "SXS",
    "suprasternal_notch": "SJN",
}
#: Segments that stay on the floor while a body sways about its ankles.
_FOOT = ("talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")
#: Half the size of a plate, m, and how far each lies from the line between the feet.
_HALF_PLATE = (0.30, 0.20)
#: Chi-square of two degrees of freedom at 95 %: the ellipse of sway holds this many variances.
_ELLIPSE = 5.991
#: Whom the sway is of: young adults on a firm floor, eyes open (older ones sway more; the trial is not judged by it).
_SWAY = {"subset": "all", "sex": "all", "age_min": "18", "age_max": "29", "eyes": "Open", "surface": "Firm"}
#: Height of the centre of mass above the ankles as a share of that of the highest marker (assumption, 0.6 to 0.7).
_CENTRE_SHARE = 0.65
#: Median of the absolute value of a normal variable, in SDs.
_MEDIAN_ABSOLUTE = 0.6744897501960817


@dataclass(frozen=True, eq=False)
class Bearing(Immutable):
    """What the ground does to one foot.

    Attributes
    ----------
    force : (3,) array, N, world
    centre : (3,) array, m, world
        Of pressure, on the floor.
    """

    force: FloatArray
    centre: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "force", frozen(self.force, (3,), "force"))
        object.__setattr__(self, "centre", frozen(self.centre, (3,), "centre"))


def skin_markers(body: Body, random: np.random.Generator) -> tuple[Marker, ...]:
    """Return the markers as a tester put them on, each beside its landmark by the error of placing (accuracy.csv).

    Parameters
    ----------
    body : Body
    random : numpy.random.Generator
    """
    error = find_fact("accuracy", source="kinechain_choice", item="Skin marker on a bony landmark")
    spread = float(error.columns["value"]) * 1e-3
    labels = {f"{stem}_{s}": label.replace("*", s.upper()) for stem, label in _LABELS.items() for s in "rl"}
    labels |= {stem: label for stem, label in _LABELS.items() if "*" not in label}
    return tuple(
        replace(mark, name=labels[mark.name], position=mark.position + random.normal(0.0, spread, 3))
        for mark in body.landmarks
        if mark.name in labels
    )


def record_standing(
    body: Body,
    posture: FloatArray,
    bearings: Mapping[Side, Bearing],
    settings: Mapping[str, Any],
    random: np.random.Generator,
    name: str = "standing",
) -> Recording:
    """Return a standing trial of a body at rest, as read from a file: world axes, nothing prepared.

    Parameters
    ----------
    body : Body
        The generator's.
    posture : (coordinate,) array, rad or m
        All coordinates of the body.
    bearings : mapping of side to Bearing
        None are recorded of a laboratory without plates: give an empty one.
    settings : mapping
        Table ``recording`` of ``evidence/data/chain/virtual.toml``.
    random : numpy.random.Generator
    name : str
        File name without ending.
    """
    markers = skin_markers(_with_longer_bones(body, np.asarray(posture, dtype=float)), random)
    frames = round(settings["duration_s"] * settings["rate_hz"])
    times = np.arange(frames) / settings["rate_hz"]
    drifted = _drifted(body, np.asarray(posture, dtype=float), random)
    positions = np.repeat(marker_positions(body, markers, drifted[None]), frames, axis=0)
    positions = positions + _soft_tissue(markers, times, settings, random)
    sway = _sway(times, settings["rate_hz"], random)
    positions = _swayed(body, markers, positions, drifted, sway)
    positions += random.normal(0.0, settings["noise_mm"] * 1e-3, positions.shape)
    _cut_gaps(positions, settings, random)
    shift = random.normal(0.0, settings["weight_shift_sd"]) + 0.01 * sway[:, 1] / max(float(np.std(sway[:, 1])), 1e-9)
    plates = tuple(_plate(side, bearings[side], sway, shift, settings, random) for side in SIDES if side in bearings)
    return Recording(
        name=f"{name}.{'c3d' if plates else 'trc'}",
        sha256="",
        format="C3D" if plates else "TRC",
        markers=Markers(tuple(m.name for m in markers), positions, settings["rate_hz"]),
        plates=plates,
    )


def _with_longer_bones(body: Body, posture: FloatArray) -> Body:
    """Return the body with the landmarks of thighs and shanks where a posture's lengths of these bones bring them.

    A length moves the joint at the far end alone; what lies along the bone moves by its share of the way.
    """
    value = {c.name: posture[i] for i, c in enumerate(body.coordinates)}
    landmarks = list(body.landmarks)
    for side in "rl":
        for bone, segment, end in (("thigh", "femur", "knee_centre"), ("shank", "tibia", "ankle_centre")):
            longer, far = value.get(f"{bone}_length_{side}", 0.0), body.landmark(f"{end}_{side}").position
            for i, mark in enumerate(landmarks):
                if mark.segment == f"{segment}_{side}":
                    share = float(np.clip(mark.position @ far / (far @ far), 0.0, 1.0))
                    moved = mark.position + share * longer * far / np.linalg.norm(far)
                    landmarks[i] = replace(mark, position=moved)
    return replace(body, landmarks=tuple(landmarks))


def _drifted(body: Body, posture: FloatArray, random: np.random.Generator) -> FloatArray:
    """Return the posture at the moment of the recording: the pelvis tilted on the thighs, the spine bent against it.

    The thorax and the legs stay.  The median change within a minute (pan2021) is that of the difference of two moments.
    """
    fact = find_fact("accuracy", source="pan2021", quantity="median change of sacral orientation and lordosis")
    spread = float(fact.columns["value"]) / _MEDIAN_ABSOLUTE / math.sqrt(2.0)
    tilt = math.radians(random.normal(0.0, spread))
    column = {c.name: i for i, c in enumerate(body.coordinates)}
    levels = [column[f"{level}_flexion"] for level in LEVELS if f"{level}_flexion" in column]
    out = posture.copy()
    out[column["pelvis_tilt"]] += tilt
    out[[column["hip_flexion_r"], column["hip_flexion_l"]]] += tilt
    out[levels or [column["lumbar_flexion"]]] -= tilt / max(len(levels), 1)
    return out


def _soft_tissue(
    markers: tuple[Marker, ...], times: FloatArray, settings: Mapping[str, Any], random: np.random.Generator
) -> FloatArray:
    """Return how far the skin of each segment stands from the bone as one, (time, marker, 3) array, m."""
    steady, out = settings["soft_tissue_steady_mm"], np.zeros((len(times), len(markers), 3))
    for segment in dict.fromkeys(m.segment for m in markers):
        kind = segment[:-2] if segment.endswith(("_r", "_l")) else segment
        shift = random.normal(0.0, steady.get(kind, steady["other"]), 3)
        wobble = random.normal(0.0, settings["soft_tissue_wobble_mm"], 3)
        phase = random.uniform(0.0, 2.0 * np.pi, 3)
        moved = shift + wobble * np.sin(2.0 * np.pi * settings["wobble_hz"] * times[:, None] + phase)
        out[:, [m.segment == segment for m in markers]] = 1e-3 * moved[:, None]
    return out


def _sway(times: FloatArray, rate_hz: float, random: np.random.Generator) -> FloatArray:
    """Return the path of the centre of pressure about its mean, (time, 2) array, m: slow, of the published area."""
    area = float(find_fact("normative_sway", **_SWAY, quantity="COParea").columns["median"]) * 1e-4
    centre = float(find_fact("normative_sway", **_SWAY, quantity="COPmfreq").columns["median"])
    frequencies = np.fft.rfftfreq(len(times), 1.0 / rate_hz)
    weight = np.where(frequencies > 0.0, np.exp(-frequencies / centre), 0.0)
    phases = np.exp(2j * np.pi * random.uniform(size=(len(frequencies), 2)))
    path = np.fft.irfft(weight[:, None] * phases, len(times), axis=0)
    return np.asarray(path / path.std(axis=0) * math.sqrt(area / (math.pi * _ELLIPSE)))


def _swayed(
    body: Body, markers: tuple[Marker, ...], positions: FloatArray, posture: FloatArray, sway: FloatArray
) -> FloatArray:
    """Return the positions with all but the feet turned about the ankles, the centre of mass following the sway."""
    ankles = marker_positions(body, (body.landmark("ankle_centre_r"), body.landmark("ankle_centre_l")), posture[None])
    middle = ankles[0].mean(axis=0)
    moves = np.array([not m.segment.startswith(_FOOT) for m in markers])
    height = max(float(positions[0, moves, 2].max() - middle[2]) * _CENTRE_SHARE, 1e-6)
    angle = (sway / height)[:, None, :]
    arm = positions[:, moves] - middle
    turned = positions.copy()
    # Small turns: forward x and leftward y of a point go with its height, its height with neither to first order.
    turned[:, moves, :2] += angle * arm[..., 2:]
    turned[:, moves, 2] -= (angle * arm[..., :2]).sum(axis=-1)
    return turned


def _cut_gaps(positions: FloatArray, settings: Mapping[str, Any], random: np.random.Generator) -> None:
    """Take some stretches of some markers away, in place."""
    frames, count, _ = positions.shape
    length = max(1, round(settings["gap_s"] * settings["rate_hz"]))
    for _ in range(settings["gaps"]):
        start = int(random.integers(length, frames - 2 * length))
        positions[start : start + length, int(random.integers(count))] = np.nan


def _plate(
    side: Side,
    bearing: Bearing,
    sway: FloatArray,
    shift: FloatArray,
    settings: Mapping[str, Any],
    random: np.random.Generator,
) -> ForcePlate:
    """Return what the plate under one foot says: the bearing, with sway, shift of weight, noise and gain."""
    frames = len(sway)
    factor = 1.0 + (shift if side == "left" else -shift)
    force = bearing.force * factor[:, None] * (1.0 + random.normal(0.0, settings["force_gain_sd"]))
    force = force + random.normal(0.0, settings["force_noise_n"], force.shape)
    steady = random.normal(0.0, settings["pressure_noise_mm"] * 1e-3, 2)
    centre = np.zeros((frames, 3))
    centre[:, :2] = bearing.centre[:2] + sway * [1.0, 0.0] + steady
    length, width = _HALF_PLATE
    middle = np.array([bearing.centre[0], math.copysign(width + 0.01, bearing.centre[1]), 0.0])
    corners = middle + np.array([[length, width, 0], [length, -width, 0], [-length, -width, 0], [-length, width, 0.0]])
    return ForcePlate(
        name=f"plate_{side}",
        corners=corners,
        force=force,
        centre_of_pressure=centre,
        free_moment=np.zeros((frames, 3)),
        rate_hz=settings["rate_hz"],
    )
