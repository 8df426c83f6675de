"""Write a real walk the way another laboratory would have: names, markers, axes, clock, plates, events.

A ``Walk`` is a prepared recording in the world frame, by landmark.  Functions from walk to walk change who walks and
how; a ``Dress`` says how a laboratory writes it down; ``write`` makes the C3D and keeps what its labels must mean.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from kinechain.recording.prepare import landmark_tracks
from kinechain.recording.recording import Event, ForcePlate, Recording

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "recording"))
from c3d_bytes import C3dBytes, Entry

Tracks = dict[str, np.ndarray]


@dataclass(frozen=True)
class Walk:
    """A walk in the world frame: landmark tracks (time, 3), m, plates and events from the start of the clock at 0 s."""

    tracks: Tracks
    rate: float
    plates: tuple[ForcePlate, ...] = ()
    events: tuple[Event, ...] = ()
    mass: float | None = None

    @property
    def frames(self) -> int:
        return len(next(iter(self.tracks.values())))


def walk_of(ready: Recording) -> Walk:
    """Return a prepared recording as a walk whose clock begins at zero."""
    start = ready.markers.start_s
    tracks = {k: v for k, v in landmark_tracks(ready.markers, ready.landmarks).items() if not k.startswith("segment:")}
    tracks = {k: np.array(v) for k, v in tracks.items()}
    for s in "lr":
        if f"metatarsal_2_head_{s}" not in tracks and f"metatarsal_1_head_{s}" in tracks:
            # Between the outer heads, nearer to the first (proportions of the forefoot, an assumption).
            one, five = tracks[f"metatarsal_1_head_{s}"], tracks[f"metatarsal_5_head_{s}"]
            tracks[f"metatarsal_2_head_{s}"] = one + 0.3 * (five - one)
    tracks = with_segment_markers(tracks)
    plates = tuple(replace(p, start_s=p.start_s - start) for p in ready.plates)
    events = tuple(replace(e, time_s=e.time_s - start) for e in ready.events)
    return Walk(tracks, ready.markers.rate_hz, plates, events, ready.mass_kg)


def _frame(origin: np.ndarray, end: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Return axes (time, 3, 3) in columns: x across, y along the bone, z the rest."""
    along = end - origin
    along = along / np.linalg.norm(along, axis=1, keepdims=True)
    rest = np.cross(along, side - origin)
    rest = rest / np.linalg.norm(rest, axis=1, keepdims=True)
    return np.stack([np.cross(rest, along), along, rest], axis=2)


def with_segment_markers(tracks: Tracks) -> Tracks:
    """Add wands, clusters of four, sacrum, iliac crests and joint centres, rigid with their segments."""
    out = dict(tracks)
    if "psis_l" in out:
        out.setdefault("sacrum", (out["psis_l"] + out["psis_r"]) / 2)
        for s in "lr":
            other = "r" if s == "l" else "l"
            middle = (out[f"asis_{s}"] + out[f"psis_{s}"]) / 2
            across = out[f"asis_{s}"] - out[f"asis_{other}"]
            up = np.cross(out["asis_l"] - out["psis_r"], out["asis_r"] - out["psis_l"])
            up = up / np.linalg.norm(up, axis=1, keepdims=True)
            up = up * np.sign(up[:, 2:])
            out[f"iliac_crest_{s}"] = middle + 0.12 * across + 0.05 * up
    for s in "lr":
        knee, ankle = out.get(f"lateral_femoral_epicondyle_{s}"), out.get(f"lateral_malleolus_{s}")
        inner_knee, inner_ankle = out.get(f"medial_femoral_epicondyle_{s}"), out.get(f"medial_malleolus_{s}")
        hip = out.get(f"greater_trochanter_{s}")
        if any(x is None for x in (knee, ankle, inner_knee, inner_ankle, hip)):
            continue
        thigh, shank = _frame(knee, hip, inner_knee), _frame(ankle, knee, inner_ankle)
        sizes = np.nanmedian(np.linalg.norm(hip - knee, axis=1)), np.nanmedian(np.linalg.norm(knee - ankle, axis=1))
        # x points to the inner side for both legs by construction.
        for name, origin, axes, length in (("femur", knee, thigh, sizes[0]), ("tibia", ankle, shank, sizes[1])):
            places = {"wand": (-0.10, 0.45, 0.0), "1": (-0.05, 0.55, 0.10), "2": (-0.05, 0.55, -0.10),
                      "3": (-0.05, 0.40, 0.10), "4": (-0.06, 0.38, -0.12)}  # fmt: skip
            for number, place in places.items():
                out[f"segment:{name}_{s}#{number}"] = origin + length * (axes @ np.array(place))
        out[f"knee_centre_{s}"] = (knee + inner_knee) / 2
        out[f"ankle_centre_{s}"] = (ankle + inner_ankle) / 2
        out[f"hip_centre_{s}"] = hip + 0.09 * thigh[:, :, 0]
    return out


# ---------------------------------------------------------------------------------------------- people


def scaled(walk: Walk, factor: float) -> Walk:
    """Return a child's walk: lengths by a factor, time by its root, forces by its cube (Froude)."""
    root = np.sqrt(factor)
    plates = tuple(
        replace(
            p,
            corners=p.corners * factor,
            centre_of_pressure=p.centre_of_pressure * factor,
            force=p.force * factor**3,
            free_moment=p.free_moment * factor**4,
            rate_hz=p.rate_hz / root,
            start_s=p.start_s * root,
        )
        for p in walk.plates
    )
    events = tuple(replace(e, time_s=e.time_s * root) for e in walk.events)
    mass = walk.mass * factor**3 if walk.mass else None
    return Walk({k: v * factor for k, v in walk.tracks.items()}, walk.rate / root, plates, events, mass)


def paced(walk: Walk, factor: float) -> Walk:
    """Return the same way in ``1/factor`` of the time."""
    plates = tuple(replace(p, rate_hz=p.rate_hz * factor, start_s=p.start_s / factor) for p in walk.plates)
    events = tuple(replace(e, time_s=e.time_s / factor) for e in walk.events)
    return replace(walk, rate=walk.rate * factor, plates=plates, events=events)


def at_rate(walk: Walk, rate: float) -> Walk:
    """Return the walk with markers at another rate, on straight lines between frames."""
    duration = (walk.frames - 1) / walk.rate
    times, old = np.arange(int(duration * rate) + 1) / rate, np.arange(walk.frames) / walk.rate
    tracks = {k: np.stack([np.interp(times, old, v[:, i]) for i in range(3)], axis=1) for k, v in walk.tracks.items()}
    return replace(walk, tracks=tracks, rate=rate)


def repeated(walk: Walk, times: int, is_on_belt: bool = False) -> Walk:
    """Return one stride walked again and again without plates, overground or on a belt of the same speed."""
    strikes = [e for e in walk.events if e.kind == "foot_strike"]
    first, last = next((a, b) for a in strikes for b in strikes if a.side == b.side and b.time_s > a.time_s)
    a, b = round(first.time_s * walk.rate), round(last.time_s * walk.rate)
    seen = [k for k, v in walk.tracks.items() if np.isfinite(v[a : b + 1]).all()]
    ramp = np.linspace(0.0, 1.0, b - a + 1)[:-1, None]
    way = np.zeros(3)
    way[0] = np.mean([walk.tracks[k][b, 0] - walk.tracks[k][a, 0] for k in seen])
    tracks = {}
    for k in seen:
        # What one stride ends elsewhere than it began is spread over the stride, so that it can follow itself.
        rest = walk.tracks[k][b] - walk.tracks[k][a] - way
        stride = walk.tracks[k][a:b] - ramp * rest - (ramp * way if is_on_belt else 0.0)
        tracks[k] = np.concatenate([stride + (0.0 if is_on_belt else n) * way for n in range(times)])
    period, events = (b - a) / walk.rate, []
    for e in walk.events:
        if a / walk.rate <= e.time_s < b / walk.rate - 0.005:
            events += [replace(e, time_s=e.time_s - a / walk.rate + n * period) for n in range(times)]
    return Walk(tracks, walk.rate, (), tuple(sorted(events, key=lambda e: e.time_s)), walk.mass)


def on_treadmill(walk: Walk) -> Walk:
    """Return ten strides on a belt."""
    return repeated(walk, 10, is_on_belt=True)


def without(walk: Walk, *words: str) -> Walk:
    return replace(walk, tracks={k: v for k, v in walk.tracks.items() if not any(w in k for w in words)})


def without_arms(walk: Walk) -> Walk:
    return without(walk, "hand_", "ulnar", "radial", "humer", "forearm")


def without_trunk(walk: Walk) -> Walk:
    return without(
        without_arms(walk), "c7", "t10", "xiphoid", "notch", "acromion", "thorax", "head_front", "head_back", "vertex"
    )


def cut(walk: Walk, first_s: float, last_s: float) -> Walk:
    first, last = round(first_s * walk.rate), round(last_s * walk.rate)
    plates = []
    for p in walk.plates:
        a, b = (max(round((x / walk.rate - p.start_s) * p.rate_hz), 0) for x in (first, last))
        plates.append(
            replace(
                p,
                force=p.force[a:b],
                centre_of_pressure=p.centre_of_pressure[a:b],
                free_moment=p.free_moment[a:b],
                start_s=0.0,
            )
        )
    start = first / walk.rate
    events = tuple(replace(e, time_s=e.time_s - start) for e in walk.events if start < e.time_s < last / walk.rate)
    tracks = {k: v[first:last] for k, v in walk.tracks.items()}
    return replace(walk, tracks=tracks, plates=tuple(plates), events=events)


def with_gaps(walk: Walk, seed: int = 0) -> Walk:
    """Return the walk with the foot markers lost for 80 ms at a time."""
    chance = np.random.default_rng(seed)
    tracks = {k: v.copy() for k, v in walk.tracks.items()}
    for name in tracks:
        if name.startswith(("heel", "metatarsal", "lateral_malleolus")):
            first = int(chance.integers(5, walk.frames - 20))
            tracks[name][first : first + max(round(0.08 * walk.rate), 2)] = np.nan
    return replace(walk, tracks=tracks)


# ---------------------------------------------------------------------------------------------- names

PLUG_IN_GAIT = {
    "asis": "*ASI", "psis": "*PSI", "segment:femur#wand": "*THI", "lateral_femoral_epicondyle": "*KNE",
    "segment:tibia#wand": "*TIB", "lateral_malleolus": "*ANK", "heel": "*HEE", "metatarsal_2_head": "*TOE",
    "acromion": "*SHO", "humeral_lateral_epicondyle": "*ELB", "radial_styloid": "*WRA", "ulnar_styloid": "*WRB",
    "hand_2_head": "*FIN", "c7": "C7", "t10": "T10", "suprasternal_notch": "CLAV", "xiphoid": "STRN",
}  # fmt: skip

#: Landmark (without side) -> label, '*' for the side, after public descriptions of the sets (see each comment).
# fmt: off
DIALECTS: Mapping[str, Mapping[str, str]] = {
    "plug-in gait": PLUG_IN_GAIT,
    # Vicon: sacrum in place of PSIS; medial markers of the calibration under many names.
    "plug-in gait, sacrum": {k: v for k, v in PLUG_IN_GAIT.items() if k != "psis"} | {"sacrum": "SACR"},
    "plug-in gait, medial": PLUG_IN_GAIT
    | {"medial_femoral_epicondyle": "*KNEM", "medial_malleolus": "*MED", "metatarsal_5_head": "*MT5"},
    "plug-in gait, MKNE": PLUG_IN_GAIT | {"medial_femoral_epicondyle": "*MKNE", "medial_malleolus": "*MMA"},
    # CGM2.3 (pyCGM2 documentation): clusters of three on thigh and shank.
    "CGM2.3": PLUG_IN_GAIT
    | {"segment:femur#1": "*THAP", "segment:femur#4": "*THAD", "segment:tibia#1": "*TIAP", "segment:tibia#4": "*TIAD",
       "medial_femoral_epicondyle": "*KNM", "medial_malleolus": "*MED"},
    # Qualisys Sports / PAF marker guides.
    "Qualisys PAF": {
        "asis": "*IAS", "psis": "*IPS", "greater_trochanter": "*FTC", "lateral_femoral_epicondyle": "*FLE",
        "medial_femoral_epicondyle": "*FME", "fibula_head": "*FAX", "tibial_tuberosity": "*TTC",
        "lateral_malleolus": "*FAL", "medial_malleolus": "*TAM", "heel": "*FCC", "metatarsal_1_head": "*FM1",
        "metatarsal_2_head": "*FM2", "metatarsal_5_head": "*FM5", "c7": "CV7", "suprasternal_notch": "SJN",
        "xiphoid": "SXS", "acromion": "*SAE",
    },
    "Qualisys sports": {
        "asis": "Waist*Front", "psis": "Waist*Back", "segment:femur#wand": "*ThighFrontLow", "heel": "*HeelBack",
        "lateral_femoral_epicondyle": "*KneeOut", "medial_femoral_epicondyle": "*KneeIn",
        "segment:tibia#wand": "*ShinFrontHigh", "lateral_malleolus": "*AnkleOut", "metatarsal_5_head": "*ForefootOut",
        "metatarsal_1_head": "*ForefootIn", "acromion": "*ShoulderTop", "humeral_lateral_epicondyle": "*ElbowOut",
    },
    # Visual3D wiki: CODA pelvis, clusters and calibration markers.
    "Visual3D CODA": {
        "asis": "*_ASIS", "psis": "*_PSIS", "iliac_crest": "*_Iliac_Crest", "greater_trochanter": "*_GTR",
        "lateral_femoral_epicondyle": "*_Knee_Lat", "medial_femoral_epicondyle": "*_Knee_Med",
        "lateral_malleolus": "*_Ankle_Lat", "medial_malleolus": "*_Ankle_Med", "heel": "*_Heel",
        "metatarsal_1_head": "*_MT1", "metatarsal_5_head": "*_MT5",
        "segment:femur#1": "*_Thigh_1", "segment:femur#2": "*_Thigh_2", "segment:femur#3": "*_Thigh_3",
        "segment:femur#4": "*_Thigh_4", "segment:tibia#1": "*_Shank_1", "segment:tibia#2": "*_Shank_2",
        "segment:tibia#3": "*_Shank_3", "segment:tibia#4": "*_Shank_4",
    },
    "Visual3D old": {
        "asis": "*ASIS", "psis": "*PSIS", "greater_trochanter": "*GTROC", "lateral_femoral_epicondyle": "*LK",
        "medial_femoral_epicondyle": "*MK", "lateral_malleolus": "*LA", "medial_malleolus": "*MA", "heel": "*HEEL",
        "metatarsal_1_head": "*1MT", "metatarsal_5_head": "*5MT", "segment:femur#1": "*TH1",
        "segment:femur#2": "*TH2", "segment:femur#3": "*TH3", "segment:femur#4": "*TH4", "segment:tibia#1": "*SK1",
        "segment:tibia#2": "*SK2", "segment:tibia#3": "*SK3", "segment:tibia#4": "*SK4",
    },
    "Helen Hayes": {
        "asis": "*.ASIS", "sacrum": "V.Sacral", "segment:femur#wand": "*.Thigh",
        "lateral_femoral_epicondyle": "*.Knee", "segment:tibia#wand": "*.Shank", "lateral_malleolus": "*.Ankle",
        "heel": "*.Heel", "metatarsal_2_head": "*.Toe", "acromion": "*.Shoulder",
        "humeral_lateral_epicondyle": "*.Elbow",
        "medial_femoral_epicondyle": "*.Knee.Medial", "medial_malleolus": "*.Ankle.Medial",
    },
    "words, left first": {
        "asis": "$_ASIS", "psis": "$_PSIS", "greater_trochanter": "$_Greater_Trochanter",
        "lateral_femoral_epicondyle": "$_Knee_Lateral", "medial_femoral_epicondyle": "$_Knee_Medial",
        "lateral_malleolus": "$_Ankle_Lateral", "medial_malleolus": "$_Ankle_Medial", "heel": "$_Heel",
        "metatarsal_1_head": "$_First_Metatarsal", "metatarsal_5_head": "$_Fifth_Metatarsal",
        "metatarsal_2_head": "$_Second_Metatarsal", "acromion": "$_Shoulder", "c7": "C7",
    },
    "words, side last": {
        "asis": "Asis$", "psis": "Psis$", "lateral_femoral_epicondyle": "LatKnee$",
        "medial_femoral_epicondyle": "MedKnee$", "lateral_malleolus": "LatAnkle$", "medial_malleolus": "MedAnkle$",
        "heel": "Heel$", "metatarsal_1_head": "Met1$", "metatarsal_5_head": "Met5$", "segment:femur#wand": "Thigh$",
        "segment:tibia#wand": "Shank$",
    },
    "bone codes, side last": {
        "asis": "ASIS_*", "psis": "PSIS_*", "greater_trochanter": "TROCH_*", "lateral_femoral_epicondyle": "LFE_*",
        "medial_femoral_epicondyle": "MFE_*", "fibula_head": "HF_*", "tibial_tuberosity": "TT_*",
        "lateral_malleolus": "LM_*", "medial_malleolus": "MM_*", "heel": "CAL_*", "metatarsal_1_head": "MT1_*",
        "metatarsal_5_head": "MT5_*",
    },
    # Protocol of Davis as BTS writes it, in small letters.
    "BTS Davis": {
        "c7": "c7", "acromion": "* should", "sacrum": "sacrum", "asis": "* asis", "segment:femur#wand": "* bar 1",
        "segment:tibia#wand": "* bar 2", "lateral_femoral_epicondyle": "* knee 1",
        "fibula_head": "* knee 2", "lateral_malleolus": "* mall",
        "heel": "* heel", "metatarsal_5_head": "* met",
    },
    # CAST (Cappozzo 1995) as written by Codamotion and others.
    "CAST": {
        "asis": "*ASIS", "psis": "*PSIS", "greater_trochanter": "*GT", "lateral_femoral_epicondyle": "*LE",
        "medial_femoral_epicondyle": "*ME", "fibula_head": "*HF", "tibial_tuberosity": "*TT",
        "lateral_malleolus": "*LM", "medial_malleolus": "*MM", "heel": "*CA", "metatarsal_1_head": "*FM",
        "metatarsal_2_head": "*SM", "metatarsal_5_head": "*VM",
    },
    "OpenSim": {
        "asis": "*.ASIS", "psis": "*.PSIS", "segment:femur#1": "*.Thigh.Upper", "segment:femur#2": "*.Thigh.Front",
        "segment:femur#3": "*.Thigh.Rear", "lateral_femoral_epicondyle": "*.Knee.Lat",
        "medial_femoral_epicondyle": "*.Knee.Med", "segment:tibia#1": "*.Shank.Upper",
        "segment:tibia#2": "*.Shank.Front", "segment:tibia#3": "*.Shank.Rear", "lateral_malleolus": "*.Ankle.Lat",
        "medial_malleolus": "*.Ankle.Med", "heel": "*.Heel", "metatarsal_5_head": "*.Toe.Lat",
        "metatarsal_1_head": "*.Toe.Med", "acromion": "*.Acromium",
    },
    "cluster numbers": {
        "asis": "*ASI", "psis": "*PSI", "segment:femur#1": "*THI1", "segment:femur#2": "*THI2",
        "segment:femur#3": "*THI3", "segment:femur#4": "*THI4", "lateral_femoral_epicondyle": "*KNEL",
        "medial_femoral_epicondyle": "*KNEM", "segment:tibia#1": "*TIB1", "segment:tibia#2": "*TIB2",
        "segment:tibia#3": "*TIB3", "segment:tibia#4": "*TIB4", "lateral_malleolus": "*ANKL",
        "medial_malleolus": "*ANKM", "heel": "*HEE", "metatarsal_1_head": "*MT1", "metatarsal_5_head": "*MT5",
        "metatarsal_2_head": "*TOE",
    },
}
# fmt: on

#: Worn while standing only, where a laboratory takes the calibration markers off.
STATIC_ONLY = ("medial_", "greater_trochanter", "iliac_crest")


def label_of(pattern: str, side: str) -> str:
    return pattern.replace("*", side.upper()).replace("$", {"l": "Left", "r": "Right"}[side])


def names_of(dialect: Mapping[str, str], tracks: Tracks) -> dict[str, str]:
    """Return label -> landmark for what a laboratory of that dialect would mark of a walk."""
    out: dict[str, str] = {}
    for landmark, pattern in dialect.items():
        stem, _, number = landmark.partition("#")
        for side in "lr" if "*" in pattern or "$" in pattern else ("",):
            full = (f"{stem}_{side}" if side else stem) + (f"#{number}" if number else "")
            if full in tracks:
                out[label_of(pattern, side) if side else pattern] = full
    return out


# ---------------------------------------------------------------------------------------------- the laboratory


@dataclass(frozen=True)
class Dress:
    """How a laboratory writes a walk down; the defaults are one that does nothing unusual."""

    dialect: str = "plug-in gait"
    drop: tuple[str, ...] = ()
    prefix: str = ""
    style: Callable[[str], str] = str
    turn: tuple[tuple[float, ...], ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    unit: str = "mm"
    first: int = 1
    encoding: str = "Intel"
    is_real: bool = True
    shuffle: int | None = None
    unlabelled: int = 0
    centres: bool = False
    outputs: str = ""
    analog_times: int = 10
    plate_type: int = 2
    corner_turn: int = 0
    plate_depth: float = 0.04
    is_origin_turned: bool = False
    moment_unit: str = "Nmm"
    zero_n: float = 0.0
    noise_n: float = 0.0
    idle_plates: int = 0
    sign: float = 1.0
    events: str = ""
    mass: bool = False
    is_static: bool = False


@dataclass(frozen=True)
class Dressed:
    """What was written, and what it must mean."""

    path: Path
    meaning: dict[str, str]
    lab_from_world: np.ndarray
    walk: Walk = field(repr=False)


UNITS = {"mm": 1e3, "m": 1.0, "cm": 1e2}


def write(walk: Walk, dress: Dress, path: Path) -> Dressed:
    """Write a walk as the C3D of a laboratory."""
    chance = np.random.default_rng(dress.shuffle or 0)
    names = names_of(DIALECTS[dress.dialect], walk.tracks)
    names = {k: v for k, v in names.items() if not any(v.startswith(d) for d in dress.drop)}
    meaning = {dress.prefix + dress.style(k): v for k, v in names.items()}
    points = {label: walk.tracks[landmark] for label, landmark in meaning.items()}
    if dress.centres:
        for s in "lr":
            for joint, label in (("hip", "HJC"), ("knee", "KJC"), ("ankle", "AJC")):
                if f"{joint}_centre_{s}" in walk.tracks:
                    points[f"{dress.prefix}{s.upper()}{label}"] = walk.tracks[f"{joint}_centre_{s}"]
    for k in range(dress.unlabelled):
        flash = np.full((walk.frames, 3), np.nan)
        first = int(chance.integers(0, max(walk.frames // 2, 1)))
        flash[first : first + 12] = chance.uniform(-1, 1, 3) + np.array([0.0, 0.0, 1.2])
        points[f"*{k + 1}" if k % 2 else f"U{k + 1}"] = flash
    order = list(points)
    if dress.shuffle is not None:
        chance.shuffle(order)
    turn, origin, scale = np.array(dress.turn), np.array(dress.origin), UNITS[dress.unit]
    table = np.stack([points[label] @ turn.T + origin for label in order], axis=1) * scale
    angles = {}
    if dress.outputs:
        wave = np.sin(np.linspace(0, 12, walk.frames))[:, None] * [30.0, 5.0, 8.0]
        values = np.radians(wave) if dress.outputs == "rad" else wave
        angles = {dress.prefix + s + n: values for s in "LR" for n in ("HipAngles", "KneeAngles", "AnkleAngles")}
    labels = [*order, *angles]
    stored = np.concatenate([table, *(v[:, None] for v in angles.values())], axis=1)
    missing = np.isnan(stored).any(axis=2)
    entries = [
        Entry("POINT", "LABELS", labels),
        Entry("POINT", "UNITS", [dress.unit]),
        *_plate_entries(walk, dress, turn, origin, scale),
        *_event_entries(walk, dress),
    ]
    if angles:
        entries += [
            Entry("POINT", "ANGLES", list(angles)),
            Entry("POINT", "ANGLE_UNITS", [dress.outputs]),
            Entry("POINT", "TYPE_GROUPS", ["ANGLES"]),
        ]
    if dress.mass and walk.mass:
        entries += [Entry("PROCESSING", "Bodymass", float(walk.mass), "real")]
    if dress.prefix:
        entries += [Entry("SUBJECTS", "USED", 1), Entry("SUBJECTS", "LABEL_PREFIXES", [dress.prefix])]
    analogs, scales, offsets = _analogs(walk, dress, turn, chance)
    if analogs is not None:
        entries += [
            Entry("ANALOG", "SCALE", scales, "real"),
            Entry("ANALOG", "OFFSET", offsets),
            Entry("ANALOG", "GEN_SCALE", 1.0, "real"),
        ]
    c3d = C3dBytes(
        np.nan_to_num(stored),
        encoding=dress.encoding,
        is_real=dress.is_real,
        scale=float(np.nanmax(np.abs(stored)) / 32000),
        rate=walk.rate,
        first=dress.first,
        status=np.where(missing, -1.0, 0.0),
        analogs=analogs,
        entries=entries,
    )
    path.write_bytes(c3d.build())
    return Dressed(path, meaning, turn, walk)


def lab_plates(walk: Walk, dress: Dress) -> list[ForcePlate]:
    """Return the plates of the laboratory in the world: those of the walk, and idle ones beside them."""
    plates = list(walk.plates)
    for k in range(dress.idle_plates if plates else 0):
        base = plates[0]
        away = np.array([-0.7 * (k + 1), 1.2, 0.0])
        empty = np.zeros_like(base.force)
        plates.append(
            replace(
                base, corners=base.corners + away, force=empty, centre_of_pressure=empty * np.nan, free_moment=empty
            )
        )
    return plates


def _corners(plate: ForcePlate, dress: Dress, turn: np.ndarray, origin: np.ndarray) -> np.ndarray:
    return np.roll(plate.corners @ turn.T + origin, dress.corner_turn, axis=0)


def _depth(dress: Dress) -> np.ndarray:
    """Return ORIGIN in m: for type 3 half distances and depth, else the vector up to the surface (z points down)."""
    return np.array([0.12, 0.2, -dress.plate_depth] if dress.plate_type == 3 else [0.0, 0.0, -dress.plate_depth])


def _plate_entries(walk: Walk, dress: Dress, turn: np.ndarray, origin: np.ndarray, scale: float) -> list[Entry]:
    plates = lab_plates(walk, dress)
    if not plates:
        return []
    stored = _depth(dress) * ([1, 1, -1] if dress.is_origin_turned else [1, 1, 1])
    count, width = len(plates), 8 if dress.plate_type == 3 else 6
    corners = np.stack([_corners(p, dress, turn, origin).T for p in plates], axis=2) * scale
    units = (["N", "N", "N"] + [dress.moment_unit] * 3) if width == 6 else ["N"] * 8
    if dress.plate_type == 1:
        units = ["N", "N", "N", dress.unit, dress.unit, dress.moment_unit]
    names = [f"Force.F{a}" for a in "xyz"] + [f"Moment.M{a}" for a in "xyz"]
    if width == 8:
        names = ["Fx12", "Fx34", "Fy14", "Fy23", "Fz1", "Fz2", "Fz3", "Fz4"]
    entries = [
        Entry("FORCE_PLATFORM", "USED", count),
        Entry("FORCE_PLATFORM", "TYPE", np.full(count, dress.plate_type)),
        Entry("FORCE_PLATFORM", "CORNERS", corners, "real"),
        Entry("FORCE_PLATFORM", "ORIGIN", np.repeat(stored[:, None] * scale, count, axis=1), "real"),
        Entry("FORCE_PLATFORM", "CHANNEL", np.arange(1, width * count + 1).reshape(count, width).T),
        Entry("FORCE_PLATFORM", "ZERO", np.array([1, 0])),
        Entry("ANALOG", "LABELS", [f"{n}{k}" for k in range(1, count + 1) for n in names]),
        Entry("ANALOG", "UNITS", units * count),
    ]
    if dress.plate_type == 4:
        matrix = np.repeat(_matrix(dress)[:, :, None], count, axis=2)
        entries.append(Entry("FORCE_PLATFORM", "CAL_MATRIX", matrix, "real"))
    return entries


def _matrix(dress: Dress) -> np.ndarray:
    """Return a calibration with cross-talk, from volts to the units of the channels."""
    factor = {"Nmm": 1e3, "Nm": 1.0}[dress.moment_unit]
    diagonal = np.array([300.0, 300.0, 1200.0, 240.0 * factor, 240.0 * factor, 120.0 * factor])
    return np.diag(diagonal) @ (np.eye(6) + 0.01 * np.cos(np.arange(36)).reshape(6, 6))


def _channels(plate: ForcePlate, dress: Dress, turn: np.ndarray) -> np.ndarray:
    """Return channels (sample, 6 or 8): force on the person in the axes of the plate, z down (C3D User Guide)."""
    corners = _corners(plate, dress, turn, np.zeros(3))
    x = corners[0] + corners[3] - corners[1] - corners[2]
    x = x / np.linalg.norm(x)
    y = corners[0] + corners[1] - corners[2] - corners[3]
    z = np.cross(x, y)
    z = z / np.linalg.norm(z)
    axes = np.stack([x, np.cross(z, x), z], axis=1)
    force = plate.force @ turn.T @ axes
    at = (np.nan_to_num(plate.centre_of_pressure @ turn.T - corners.mean(axis=0))) @ axes
    at[np.isnan(plate.centre_of_pressure).any(axis=1)] = 0.0
    free = (np.nan_to_num(plate.free_moment) @ turn.T) @ axes
    moment = np.cross(np.column_stack([at[:, :2], np.zeros(len(at))]), force) + free * [0, 0, 1]
    factor = {"Nmm": 1e3, "Nm": 1.0}[dress.moment_unit]
    if dress.plate_type == 1:
        return np.column_stack([force, at[:, :2] * UNITS[dress.unit], free[:, 2] * factor])
    origin = _depth(dress)
    if dress.plate_type == 3:
        a, b, depth = origin
        moment = moment + np.cross([0.0, 0.0, depth], force)
        fz, mx, my, mz = force[:, 2], moment[:, 0] / b, moment[:, 1] / a, moment[:, 2] / 2
        return np.column_stack(
            [
                force[:, 0] / 2 - mz / b / 2, force[:, 0] / 2 + mz / b / 2,
                force[:, 1] / 2 + mz / a / 2, force[:, 1] / 2 - mz / a / 2,
                (fz + mx - my) / 4, (fz + mx + my) / 4, (fz - mx + my) / 4, (fz - mx - my) / 4,
            ]
        )  # fmt: skip
    return np.column_stack([force, (moment + np.cross(origin, force)) * factor])


def _analogs(
    walk: Walk, dress: Dress, turn: np.ndarray, chance: np.random.Generator
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray]:
    plates = lab_plates(walk, dress)
    if not plates:
        return None, np.array([]), np.array([])
    rate = walk.rate * dress.analog_times
    times = np.arange(walk.frames * dress.analog_times) / rate
    blocks = []
    for plate in plates:
        table = _channels(plate, dress, turn)
        # Where a plate of type 1 is pressed does not change its sign with the force.
        table = table * np.where(
            [dress.plate_type == 1 and k in (3, 4) for k in range(table.shape[1])], 1.0, dress.sign
        )
        own = np.arange(len(table)) / plate.rate_hz + plate.start_s
        table = np.stack([np.interp(times, own, c, left=0, right=0) for c in table.T], axis=1)
        if dress.plate_type != 1:
            table[:, :3] += dress.zero_n * np.array([0.3, -0.2, 1.0])
        if dress.noise_n:
            table[:, :3] += chance.normal(0, dress.noise_n, (len(table), 3))
        blocks.append(np.linalg.solve(_matrix(dress), table.T).T if dress.plate_type == 4 else table)
    values = np.concatenate(blocks, axis=1)
    if dress.is_real:
        return values, np.ones(values.shape[1]), np.zeros(values.shape[1], int)
    scales = np.maximum(np.abs(values).max(axis=0), 1e-6) / 30000
    offsets = np.arange(values.shape[1]) % 5 * 20
    # The writer divides integers by the scale of the points; what stands in the file is value / scale + offset.
    return np.round(values / scales) + offsets, scales, offsets


def _event_entries(walk: Walk, dress: Dress) -> list[Entry]:
    if not dress.events or not walk.events:
        return []
    start = (dress.first - 1) / walk.rate
    times = np.array([e.time_s + start for e in walk.events])
    contexts = [e.side.capitalize() for e in walk.events]
    labels = [{"foot_strike": "Foot Strike", "foot_off": "Foot Off"}[e.kind] for e in walk.events]
    if dress.events == "letters":
        labels = [e.side[0].upper() + {"foot_strike": "HS", "foot_off": "TO"}[e.kind] for e in walk.events]
        contexts = [""] * len(labels)
    if dress.events == "general":
        labels = [f"{e.side.capitalize()} {x}" for e, x in zip(walk.events, labels, strict=True)]
        contexts = ["General"] * len(labels)
    return [
        Entry("EVENT", "USED", len(times)),
        Entry("EVENT", "LABELS", labels, "text"),
        Entry("EVENT", "CONTEXTS", contexts, "text"),
        Entry("EVENT", "TIMES", np.stack([np.floor(times / 60), times % 60]), "real"),
    ]


# ---------------------------------------------------------------------------------------------- patients

FOOT = ("heel", "metatarsal", "hallux", "toe")
ANKLE = ("lateral_malleolus", "medial_malleolus", "ankle_centre")
SHANK = ("lateral_femoral", "medial_femoral", "knee_centre", "fibula", "tibial_tub", "segment:tibia")
THIGH = ("greater_trochanter", "segment:femur", "hip_centre")
PELVIS = ("asis", "psis", "sacrum", "iliac")


def side_of(name: str) -> str:
    stem = name.partition("#")[0]
    return stem[-1] if stem.endswith(("_l", "_r")) else ""


def about(axis: int, degrees: float) -> np.ndarray:
    """Return the rotation about a world axis, right-handed."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    a, b = (axis + 1) % 3, (axis + 2) % 3
    out = np.eye(3)
    out[a, a] = out[b, b] = c
    out[a, b], out[b, a] = -s, s
    return out


def moved_part(walk: Walk, parts: tuple[str, ...], centre: Tracks, turn: Mapping[str, np.ndarray]) -> Walk:
    """Turn the landmarks of some parts of each side about a centre of that side."""
    tracks = dict(walk.tracks)
    for name, track in walk.tracks.items():
        side = side_of(name)
        if name.startswith(parts) and side in turn:
            tracks[name] = centre[side] + (track - centre[side]) @ turn[side].T
    return replace(walk, tracks=tracks)


def ankles(walk: Walk) -> Tracks:
    return {s: (walk.tracks[f"lateral_malleolus_{s}"] + walk.tracks[f"medial_malleolus_{s}"]) / 2 for s in "lr"}


def toeing(walk: Walk, inward: float, sides: str = "lr") -> Walk:
    """Turn feet inward (degrees, negative outward), the malleoli with them by half."""
    turn = {s: about(2, inward * (1 if s == "r" else -1)) for s in sides}
    half = {s: about(2, inward / 2 * (1 if s == "r" else -1)) for s in sides}
    return moved_part(moved_part(walk, FOOT, ankles(walk), turn), ANKLE, ankles(walk), half)


def equinus(walk: Walk, degrees: float, sides: str = "lr") -> Walk:
    """Let the toes point down for good and lift what stands above, the plates being stepped on by the toes."""
    out = moved_part(walk, FOOT, ankles(walk), {s: about(1, degrees) for s in sides})
    lift = 0.12 * np.sin(np.radians(degrees))
    return replace(out, tracks={k: v + np.array([0.0, 0.0, lift]) for k, v in out.tracks.items()})


def supinated(walk: Walk, degrees: float, sides: str = "lr") -> Walk:
    return moved_part(walk, FOOT, ankles(walk), {s: about(0, degrees * (1 if s == "r" else -1)) for s in sides})


def sheared_legs(walk: Walk, inward_l: float, inward_r: float) -> Walk:
    """Move the feet inward, m, and what lies between hip and foot in proportion, plates and forces with the feet."""
    tracks = dict(walk.tracks)
    for name, track in walk.tracks.items():
        side = side_of(name)
        if side and name.startswith((*FOOT, *ANKLE, *SHANK, *THIGH)):
            hip = walk.tracks[f"asis_{side}"][:, 2] - 0.08
            share = np.clip(1 - track[:, 2] / hip, 0, 1)
            way = inward_l if side == "l" else -inward_r
            tracks[name] = track + np.stack([0 * share, -way * share, 0 * share], axis=1)
    return replace(walk, tracks=tracks, plates=())


def leaning(walk: Walk, axis: int, degrees: float) -> Walk:
    """Turn all above the pelvis about a horizontal axis through it: 0 sideways, 1 forward."""
    hip = walk.tracks["sacrum"] if "sacrum" in walk.tracks else walk.tracks["asis_l"]
    legs = (*FOOT, *ANKLE, *SHANK, *THIGH, *PELVIS)
    tracks = {k: v if k.startswith(legs) else hip + (v - hip) @ about(axis, degrees).T for k, v in walk.tracks.items()}
    return replace(walk, tracks=tracks)


def crouched(walk: Walk, metres: float) -> Walk:
    """Lower pelvis and trunk and bring the knees forward."""
    tracks = {}
    for name, track in walk.tracks.items():
        if name.startswith((*FOOT, *ANKLE)):
            tracks[name] = track
        elif name.startswith(SHANK):
            tracks[name] = track + metres * np.array([1.0, 0.0, -0.3])
        else:
            tracks[name] = track - metres * np.array([0.2, 0.0, 1.0])
    return replace(walk, tracks=tracks)


def pelvis_turned(walk: Walk, degrees: float) -> Walk:
    """Turn pelvis and trunk about the vertical, as in hemiplegia, the legs going on ahead."""
    hip = walk.tracks["sacrum"]
    legs = (*FOOT, *ANKLE, *SHANK)
    tracks = {k: v if k.startswith(legs) else hip + (v - hip) @ about(2, degrees).T for k, v in walk.tracks.items()}
    return replace(walk, tracks=tracks)


def stiff(walk: Walk, side: str) -> Walk:
    """Let one leg swing straight and round about: its foot lower in swing, further out, its knee behind."""
    tracks = dict(walk.tracks)
    height = walk.tracks[f"heel_{side}"][:, 2]
    lift = np.clip((height - np.nanmin(height)) / 0.25, 0, 1)
    out = 1.0 if side == "l" else -1.0
    for name, track in walk.tracks.items():
        if side_of(name) == side and name.startswith((*FOOT, *ANKLE, *SHANK)):
            share = 0.4 if name.startswith(SHANK) else 1.0
            tracks[name] = track + share * np.stack([0.05 * lift, out * 0.15 * lift, -0.12 * lift], axis=1)
    return replace(walk, tracks=tracks)


def wide_body(walk: Walk) -> Walk:
    """A body of great girth: pelvis markers lie on soft tissue, thighs apart, a broad base."""
    middle = walk.tracks["sacrum"]
    tracks = {}
    for name, track in walk.tracks.items():
        away = track - middle
        if name.startswith("asis"):
            tracks[name] = track + away * [0.6, 0.35, 0.0] + [0, 0, 0.05]
        elif name.startswith((*THIGH, *SHANK, *FOOT, *ANKLE)):
            tracks[name] = track + np.stack([0 * away[:, 0], np.sign(np.nanmean(away[:, 1])) * 0.06 + 0 * away[:, 0],
                                             0 * away[:, 0]], axis=1)  # fmt: skip
        else:
            tracks[name] = track
    return replace(walk, tracks=tracks)


def with_stick(walk: Walk, newtons: float, on_own_plate: bool) -> Walk:
    """Press a stick on the floor beside the right foot while it stands: on another plate, or on the foot's own."""
    plates = []
    for plate in walk.plates:
        loaded = (plate.force[:, 2] > 50).astype(float)
        push = newtons * np.convolve(loaded, np.ones(51) / 51, "same") * loaded
        beside = np.nan_to_num(plate.centre_of_pressure) + np.array([0.1, -0.3, 0.0])
        if on_own_plate:
            total = plate.force[:, 2] - 0.7 * push + push
            share = np.divide(push, total, out=np.zeros_like(push), where=total > 10)[:, None]
            force = plate.force + np.stack([0 * push, 0 * push, 0.3 * push], axis=1)
            point = plate.centre_of_pressure * (1 - share) + beside * share
            plates.append(replace(plate, force=force, centre_of_pressure=point))
        else:
            plates.append(plate)
            force = np.stack([0 * push, 0 * push, push], axis=1)
            point = np.where(force[:, 2:] > 20, beside, np.nan)
            corners = plate.corners + np.array([0.0, -0.65, 0.0])
            plates.append(replace(plate, force=force, centre_of_pressure=point, corners=corners,
                                  free_moment=0 * force))  # fmt: skip
    return replace(walk, plates=tuple(plates))


def short_stepped(walk: Walk, share: float) -> Walk:
    """Shorten every step to a share of it, feet and trunk staying as they are; without plates."""
    pelvis = walk.tracks["sacrum"][:, :1]
    ankle = {s: x[:, :1] for s, x in ankles(walk).items()}
    tracks = {}
    for name, track in walk.tracks.items():
        side = side_of(name)
        way = pelvis
        if side and name.startswith((*FOOT, *ANKLE)):
            way = ankle[side]
        elif side and name.startswith(SHANK):
            way = 0.5 * (pelvis + ankle[side])
        tracks[name] = track - (1.0 - share) * way * np.array([1.0, 0.0, 0.0])
    return replace(walk, tracks=tracks, plates=())
