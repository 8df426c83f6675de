"""The two figures of the exercise pictures: a whole person, and a large right foot with five toes.

x forward, y left, z up, in m.  Lengths and thicknesses are drawing choices near an adult of 1.7 m, not measures.
"""

from __future__ import annotations

from collections.abc import Mapping

from kinechain.report.exercise_chain import Bead, Chain, Frame, Joint, Part, Point

__all__ = ["FIGURES", "foot_chain", "person_chain"]

#: Bead of a table: frame without its side, x, y (away from the midline on the right side: minus), z, radius.
Row = tuple[str, float, float, float, float]
SIDES = (("right", 1.0), ("left", -1.0))

TRUNK_FRAMES = (
    Frame("pelvis", "", (0.0, 0.0, 0.0)),
    Frame("lumbar_low", "pelvis", (-0.02, 0.0, 0.10)),
    Frame("lumbar_high", "lumbar_low", (0.0, 0.0, 0.09)),
    Frame("thorax_low", "lumbar_high", (0.0, 0.0, 0.09)),
    Frame("thorax", "thorax_low", (0.0, 0.0, 0.09)),
    Frame("neck", "thorax", (0.005, 0.0, 0.135)),
    Frame("head", "neck", (0.01, 0.0, 0.07)),
)
LIMB_FRAMES: tuple[tuple[str, str, Point], ...] = (
    ("thigh", "pelvis", (0.0, -0.085, 0.0)),
    ("shank", "_thigh", (0.0, 0.0, -0.41)),
    ("foot", "_shank", (0.0, 0.0, -0.40)),
    ("toes", "_foot", (0.125, 0.0, -0.060)),
    ("upper_arm", "thorax", (0.0, -0.165, 0.075)),
    ("forearm", "_upper_arm", (0.0, 0.0, -0.275)),
    ("hand", "_forearm", (0.0, 0.0, -0.24)),
)
SPINE_TURNS = (("flexion", "y", 1), ("side", "x", 1), ("rotation", "z", 1))
LIMB_JOINTS: tuple[tuple[str, str, tuple[tuple[str, str, int], ...]], ...] = (
    ("hip", "thigh", (("flexion", "y", -1), ("abduction", "x", -1), ("rotation", "z", 1))),
    ("knee", "shank", (("flexion", "y", 1),)),
    ("ankle", "foot", (("dorsiflexion", "y", -1), ("inversion", "x", -1))),
    ("toes", "toes", (("extension", "y", -1),)),
    ("shoulder", "upper_arm", (("flexion", "y", -1), ("abduction", "x", -1), ("rotation", "z", 1))),
    ("elbow", "forearm", (("flexion", "y", -1),)),
    ("wrist", "hand", (("extension", "y", -1), ("deviation", "x", 1))),
)
TRUNK_PARTS: tuple[tuple[str, str, tuple[Row, ...]], ...] = (
    (
        "pelvis",
        "shorts",
        (
            ("pelvis", -0.025, 0.082, 0.0, 0.092),
            ("pelvis", -0.025, -0.082, 0.0, 0.092),
            ("pelvis", 0.0, 0.075, 0.09, 0.082),
            ("pelvis", 0.0, -0.075, 0.09, 0.082),
        ),
    ),
    (
        "belly",
        "shirt",
        (
            ("pelvis", 0.0, 0.07, 0.095, 0.083),
            ("pelvis", 0.0, -0.07, 0.095, 0.083),
            ("lumbar_high", 0.02, 0.062, 0.0, 0.084),
            ("lumbar_high", 0.02, -0.062, 0.0, 0.084),
        ),
    ),
    (
        "ribs",
        "shirt",
        (
            ("lumbar_high", 0.02, 0.062, 0.0, 0.084),
            ("lumbar_high", 0.02, -0.062, 0.0, 0.084),
            ("thorax_low", 0.024, 0.07, 0.02, 0.092),
            ("thorax_low", 0.024, -0.07, 0.02, 0.092),
        ),
    ),
    (
        "chest",
        "shirt",
        (
            ("thorax_low", 0.024, 0.07, 0.02, 0.092),
            ("thorax_low", 0.024, -0.07, 0.02, 0.092),
            ("thorax", 0.012, 0.085, 0.03, 0.085),
            ("thorax", 0.012, -0.085, 0.03, 0.085),
            ("thorax", 0.0, 0.15, 0.075, 0.045),
            ("thorax", 0.0, -0.15, 0.075, 0.045),
            ("thorax", 0.0, 0.0, 0.105, 0.055),
        ),
    ),
)
HEAD_PARTS: tuple[tuple[str, str, tuple[Row, ...]], ...] = (
    ("neck", "skin", (("thorax", 0.005, 0.0, 0.115, 0.052), ("head", 0.0, 0.0, 0.02, 0.05))),
    ("hair_back", "hair", (("head", -0.022, 0.0, 0.105, 0.098), ("head", -0.035, 0.0, 0.055, 0.07))),
    ("face", "skin", (("head", 0.008, 0.0, 0.105, 0.094), ("head", 0.032, 0.0, 0.03, 0.052))),
    (
        "nose",
        "skin",
        (("head", 0.098, 0.0, 0.085, 0.008), ("head", 0.112, 0.0, 0.065, 0.012), ("head", 0.085, 0.0, 0.06, 0.012)),
    ),
)
#: Drawn last, and only on the side of the head that looks at the eye.
FACE_FEATURES: tuple[tuple[str, str, tuple[Row, ...]], ...] = (
    ("eye", "eye", (("head", 0.086, -0.036, 0.098, 0.0085), ("head", 0.086, -0.036, 0.106, 0.0085))),
    ("ear", "under", (("head", -0.004, -0.09, 0.100, 0.019), ("head", -0.002, -0.086, 0.070, 0.013))),
)
HAIR: tuple[tuple[str, tuple[Row, ...]], ...] = (
    ("hair_top", (("head", 0.045, 0.0, 0.168, 0.046), ("head", -0.02, 0.0, 0.135, 0.078))),
    ("hair_nape", (("head", -0.045, 0.0, 0.12, 0.072), ("head", -0.05, 0.0, 0.06, 0.055))),
)
LIMB_PARTS: tuple[tuple[str, str, str, tuple[Row, ...]], ...] = (
    (
        "thigh",
        "leg",
        "skin",
        (("_thigh", 0.0, 0.0, -0.03, 0.08), ("_thigh", 0.004, 0.0, -0.20, 0.066), ("_thigh", 0.0, 0.0, -0.41, 0.049)),
    ),
    ("knee", "leg", "skin", (("_thigh", 0.0, 0.0, -0.40, 0.049), ("_thigh", 0.014, 0.0, -0.41, 0.042))),
    (
        "shank",
        "leg",
        "skin",
        (("_shank", 0.004, 0.0, 0.0, 0.046), ("_shank", -0.012, 0.0, -0.12, 0.052), ("_shank", 0.0, 0.0, -0.38, 0.033)),
    ),
    (
        "foot",
        "leg",
        "skin",
        (
            ("_foot", -0.002, 0.0, 0.005, 0.036),
            ("_foot", -0.042, 0.0, -0.045, 0.033),
            ("_foot", 0.06, 0.0, -0.034, 0.03),
            ("_foot", 0.125, 0.022, -0.060, 0.018),
            ("_foot", 0.115, -0.03, -0.061, 0.017),
        ),
    ),
    (
        "toes",
        "leg",
        "skin",
        (
            ("_toes", 0.0, 0.022, 0.0, 0.0175),
            ("_toes", -0.005, -0.028, -0.001, 0.0165),
            ("_toes", 0.06, 0.018, -0.004, 0.0135),
            ("_toes", 0.04, -0.026, -0.005, 0.0125),
        ),
    ),
    ("shorts", "leg", "shorts", (("_thigh", -0.012, 0.0, 0.0, 0.09), ("_thigh", 0.002, 0.0, -0.19, 0.076))),
    (
        "upper_arm",
        "arm",
        "skin",
        (
            ("_upper_arm", 0.0, 0.0, 0.0, 0.048),
            ("_upper_arm", 0.004, 0.0, -0.11, 0.043),
            ("_upper_arm", 0.0, 0.0, -0.275, 0.036),
        ),
    ),
    (
        "forearm",
        "arm",
        "skin",
        (
            ("_forearm", 0.0, 0.0, 0.0, 0.036),
            ("_forearm", 0.0, 0.0, -0.07, 0.037),
            ("_forearm", 0.0, 0.0, -0.24, 0.024),
        ),
    ),
    (
        "hand",
        "arm",
        "skin",
        (("_hand", 0.0, 0.0, 0.0, 0.024), ("_hand", 0.012, 0.0, -0.07, 0.024), ("_hand", -0.014, 0.0, -0.065, 0.023)),
    ),
    (
        "fingers",
        "arm",
        "skin",
        (
            ("_hand", 0.014, 0.0, -0.07, 0.020),
            ("_hand", -0.012, 0.0, -0.065, 0.020),
            ("_hand", 0.008, 0.0, -0.145, 0.013),
            ("_hand", -0.008, 0.0, -0.14, 0.013),
        ),
    ),
    ("thumb", "arm", "skin", (("_hand", 0.012, 0.012, -0.03, 0.015), ("_hand", 0.042, 0.016, -0.075, 0.0115))),
    ("sleeve", "arm", "shirt", (("_upper_arm", 0.0, 0.004, 0.004, 0.060), ("_upper_arm", 0.004, 0.0, -0.135, 0.054))),
)
#: Patches over the working muscles: group on which each lies, beads.
LIMB_MUSCLES: dict[str, tuple[str, tuple[Row, ...]]] = {
    "gluteus_medius": (
        "leg",
        (
            ("pelvis", -0.012, -0.118, 0.085, 0.028),
            ("pelvis", -0.04, -0.118, 0.075, 0.028),
            ("_thigh", -0.005, -0.055, -0.02, 0.02),
        ),
    ),
    "gluteus_maximus": (
        "leg",
        (
            ("pelvis", -0.075, -0.07, 0.05, 0.032),
            ("pelvis", -0.07, -0.085, -0.03, 0.042),
            ("_thigh", -0.042, -0.03, -0.10, 0.022),
        ),
    ),
    "quadriceps": ("leg", (("_thigh", 0.044, 0.0, -0.19, 0.030), ("_thigh", 0.022, -0.01, -0.35, 0.022))),
    "hamstrings": ("leg", (("_thigh", -0.044, 0.0, -0.20, 0.026), ("_thigh", -0.026, 0.0, -0.35, 0.018))),
    "hip_flexors": (
        "leg",
        (
            ("pelvis", 0.048, -0.07, 0.065, 0.026),
            ("_thigh", 0.046, 0.0, -0.05, 0.032),
            ("_thigh", 0.04, 0.0, -0.15, 0.024),
        ),
    ),
    "calf": (
        "leg",
        (
            ("_shank", -0.036, 0.0, -0.09, 0.025),
            ("_shank", -0.036, 0.0, -0.15, 0.024),
            ("_shank", -0.024, 0.0, -0.29, 0.010),
        ),
    ),
    "sole": (
        "leg",
        (
            ("_foot", -0.03, 0.0, -0.066, 0.009),
            ("_foot", 0.05, 0.004, -0.050, 0.009),
            ("_foot", 0.115, 0.01, -0.066, 0.009),
        ),
    ),
    "ankle": ("leg", (("_foot", 0.0, -0.008, 0.0, 0.026),)),
    "sciatic": ("leg", (("_thigh", -0.055, 0.0, -0.04, 0.012), ("_thigh", -0.042, 0.0, -0.38, 0.010))),
    "oblique": ("trunk", (("lumbar_low", 0.035, -0.105, 0.03, 0.032), ("lumbar_high", 0.04, -0.11, 0.05, 0.032))),
}
TRUNK_MUSCLES: dict[str, tuple[Row, ...]] = {
    "back_extensors": (
        ("pelvis", -0.062, 0.0, 0.09, 0.018),
        ("lumbar_high", -0.042, 0.0, 0.0, 0.022),
        ("thorax_low", -0.04, 0.0, 0.03, 0.022),
    ),
    "abdominals": (
        ("pelvis", 0.06, 0.0, 0.07, 0.02),
        ("lumbar_high", 0.078, 0.0, 0.0, 0.024),
        ("thorax_low", 0.088, 0.0, 0.0, 0.022),
    ),
}
POINTS: tuple[tuple[str, str, Point], ...] = (
    ("hip", "_thigh", (0.0, 0.0, 0.0)),
    ("knee", "_shank", (0.0, 0.0, 0.0)),
    ("kneecap", "_shank", (0.045, 0.0, 0.0)),
    ("ankle", "_foot", (0.0, 0.0, 0.0)),
    ("heel", "_foot", (-0.06, 0.0, -0.05)),
    ("ball", "_foot", (0.125, 0.0, -0.06)),
    ("toe", "_toes", (0.07, 0.0, 0.0)),
    ("elbow", "_forearm", (0.0, 0.0, 0.0)),
    ("wrist", "_hand", (0.0, 0.0, 0.0)),
    ("palm", "_hand", (0.0, 0.0, -0.06)),
    ("fingertip", "_hand", (0.0, 0.0, -0.15)),
    ("shoulder", "_upper_arm", (0.0, 0.0, 0.0)),
)


def _bead(row: Row, side: str = "", sign: float = 1.0) -> Bead:
    frame, x, y, z, radius = row
    return Bead(f"{side}{frame}" if frame.startswith("_") else frame, (x, sign * y, z), radius)


def _beads(rows: tuple[Row, ...], side: str = "", sign: float = 1.0) -> tuple[Bead, ...]:
    return tuple(_bead(row, side, sign) for row in rows)


def _side_turns(turns: tuple[tuple[str, str, int], ...], sign: float) -> tuple[tuple[str, str, int], ...]:
    """Return turns so that the same angle means the same movement on both sides."""
    return tuple((name, axis, way if axis == "y" else int(sign) * way) for name, axis, way in turns)


def person_chain() -> Chain:
    """Return the whole person: joints pelvis (pitch, roll, yaw), lumbar, thoracic, neck, and those of each limb."""
    frames, parts = list(TRUNK_FRAMES), [Part(n, "trunk", tone, _beads(rows)) for n, tone, rows in TRUNK_PARTS]
    parts += [Part(name, "head", tone, _beads(rows)) for name, tone, rows in HEAD_PARTS]
    parts += [Part(name, "head", "hair", _beads(rows)) for name, rows in HAIR]
    joints = [
        Joint("pelvis", ("pelvis",), (("yaw", "z", 1), ("pitch", "y", 1), ("roll", "x", 1))),
        Joint("lumbar", ("lumbar_low", "lumbar_high"), SPINE_TURNS),
        Joint("thoracic", ("thorax_low", "thorax"), SPINE_TURNS),
        Joint("neck", ("neck", "head"), SPINE_TURNS),
    ]
    points = {
        "pelvis": Bead("pelvis", (0.0, 0.0, 0.0), 0.0),
        "belly": Bead("lumbar_high", (0.02, 0.0, 0.0), 0.0),
        "back": Bead("lumbar_high", (-0.06, 0.0, 0.0), 0.0),
        "breastbone": Bead("thorax", (0.09, 0.0, 0.05), 0.0),
        "head": Bead("head", (0.0, 0.0, 0.11), 0.0),
        "crown": Bead("head", (0.0, 0.0, 0.21), 0.0),
    }
    muscles = {name: (Part(name, "trunk", "accent", _beads(rows)),) for name, rows in TRUNK_MUSCLES.items()}
    for side, sign in SIDES:
        for name, parent, (x, y, z) in LIMB_FRAMES:
            frames.append(Frame(f"{side}_{name}", f"{side}{parent}" if parent[0] == "_" else parent, (x, sign * y, z)))
        for name, frame, turns in LIMB_JOINTS:
            joints.append(Joint(f"{side}_{name}", (f"{side}_{frame}",), _side_turns(turns, sign)))
        for name, tone, rows in FACE_FEATURES:
            parts.append(Part(f"{side}_{name}", "head", tone, _beads(rows, side, sign)))
        for name, group, tone, rows in LIMB_PARTS:
            parts.append(Part(f"{side}_{name}", f"{side}_{group}", tone, _beads(rows, side, sign)))
        for name, (group, rows) in LIMB_MUSCLES.items():
            where = group if group == "trunk" else f"{side}_{group}"
            muscles[f"{side}_{name}"] = (Part(f"{side}_{name}", where, "accent", _beads(rows, side, sign)),)
        for name, frame, at in POINTS:
            points[f"{side}_{name}"] = Bead(f"{side}{frame}", at, 0.0)
    return Chain(tuple(frames), tuple(joints), tuple(parts), points, muscles)


#: Toes from big to small: where each begins on the forefoot, lengths of its two pieces, thickness.
TOES = (
    ((0.075, 0.034, -0.030), 0.034, 0.026, 0.0155),
    ((0.080, 0.010, -0.032), 0.030, 0.020, 0.0110),
    ((0.074, -0.010, -0.034), 0.026, 0.018, 0.0105),
    ((0.064, -0.028, -0.036), 0.023, 0.016, 0.0100),
    ((0.050, -0.044, -0.038), 0.019, 0.014, 0.0098),
)


#: Of the foot but its toes: name, tone, beads.
FOOT_PARTS: tuple[tuple[str, str, tuple[Row, ...]], ...] = (
    ("leg", "skin", (("shank", -0.004, 0.0, 0.0, 0.040), ("shank", -0.006, 0.0, 0.15, 0.042))),
    (
        "hindfoot",
        "skin",
        (
            ("heel", -0.046, 0.0, -0.046, 0.036),
            ("heel", -0.002, 0.0, 0.002, 0.040),
            ("heel", -0.038, 0.0, 0.0, 0.022),
        ),
    ),
    (
        "border",
        "under",
        (
            ("heel", -0.046, -0.006, -0.052, 0.030),
            ("forefoot", 0.0, -0.03, -0.034, 0.026),
            ("forefoot", 0.050, -0.044, -0.041, 0.021),
        ),
    ),
    (
        "instep",
        "skin",
        (
            ("heel", 0.0, 0.0, 0.0, 0.040),
            ("heel", -0.03, 0.004, -0.045, 0.036),
            ("forefoot", 0.0, 0.006, 0.006, 0.031),
        ),
    ),
    (
        "forefoot",
        "skin",
        (
            ("forefoot", 0.0, 0.006, 0.006, 0.031),
            ("forefoot", 0.075, 0.034, -0.036, 0.026),
            ("forefoot", 0.052, -0.04, -0.042, 0.020),
            ("forefoot", 0.078, 0.0, -0.038, 0.0235),
        ),
    ),
)
#: Under the sole; what is shown as one may be two strips.
FOOT_MUSCLES: Mapping[str, tuple[tuple[str, tuple[Row, ...]], ...]] = {
    "arch": (
        (
            "arch",
            (
                ("heel", -0.02, 0.014, -0.072, 0.009),
                ("forefoot", 0.0, 0.022, -0.022, 0.010),
                ("forefoot", 0.062, 0.034, -0.048, 0.010),
            ),
        ),
    ),
    "fascia": (
        ("fascia_1", (("heel", -0.025, 0.012, -0.07, 0.0075), ("forefoot", -0.002, 0.020, -0.026, 0.0075))),
        ("fascia_2", (("forefoot", -0.002, 0.020, -0.026, 0.0075), ("forefoot", 0.07, 0.034, -0.05, 0.0075))),
    ),
}
FOOT_POINTS: tuple[tuple[str, str, Point], ...] = (
    ("heel", "heel", (-0.05, 0.0, -0.06)),
    ("arch", "forefoot", (0.0, 0.02, -0.02)),
    ("instep", "forefoot", (0.0, 0.0, 0.05)),
    ("ball", "forefoot", (0.075, 0.034, -0.05)),
    ("shin", "shank", (0.04, 0.0, 0.12)),
)


def foot_chain() -> Chain:
    """Return a large right foot: joints heel, shank, arch, and toe and tip of each toe."""
    frames = [
        Frame("heel", "", (0.0, 0.0, 0.0)),
        Frame("shank", "heel", (0.0, 0.0, 0.0)),
        Frame("forefoot", "heel", (0.055, 0.0, -0.02)),
    ]
    joints = [
        Joint("heel", ("heel",), (("pitch", "y", 1),)),
        Joint("shank", ("shank",), (("dorsiflexion", "y", 1),)),
        Joint("arch", ("forefoot",), (("lift", "y", 1),)),
    ]
    parts = [Part(name, "foot", tone, _beads(rows)) for name, tone, rows in FOOT_PARTS]
    points = {name: Bead(frame, at, 0.0) for name, frame, at in FOOT_POINTS}
    for k, (at, first, second, radius) in enumerate(TOES, start=1):
        frames += [Frame(f"toe_{k}", "forefoot", at), Frame(f"tip_{k}", f"toe_{k}", (first, 0.0, -0.004))]
        joints += [Joint(f"toe_{k}", (f"toe_{k}",), (("extension", "y", -1),))]
        joints += [Joint(f"tip_{k}", (f"tip_{k}",), (("flexion", "y", 1),))]
        parts += _toe_parts(k, at, second, radius)
        points[f"toe_{k}"] = Bead(f"tip_{k}", (second, 0.0, 0.0), 0.0)
    muscles = {
        name: tuple(Part(strip, "foot", "accent", _beads(rows)) for strip, rows in strips)
        for name, strips in FOOT_MUSCLES.items()
    }
    return Chain(tuple(frames), tuple(joints), tuple(parts), points, muscles)


def _toe_parts(k: int, at: Point, second: float, radius: float) -> list[Part]:
    """Return what a toe is drawn from: two pieces and the nail."""
    low = -0.058 + radius - at[2]  # the sole of a toe lies as low as the ball of the foot
    base: tuple[Row, ...] = ((f"toe_{k}", 0.0, 0.0, 0.0, radius * 1.15), (f"tip_{k}", 0.0, 0.0, low, radius))
    tip: tuple[Row, ...] = ((f"tip_{k}", 0.0, 0.0, low, radius), (f"tip_{k}", second, 0.0, low, radius * 0.92))
    nail: tuple[Row, ...] = (
        (f"tip_{k}", second * 0.75, 0.0, low + 0.002 + radius * 0.55, radius * 0.42),
        (f"tip_{k}", second * 1.1, 0.0, low + radius * 0.5, radius * 0.42),
    )
    rows = ((f"toe_{k}", "skin", base), (f"tip_{k}", "skin", tip), (f"nail_{k}", "nail", nail))
    return [Part(name, "foot", tone, _beads(beads)) for name, tone, beads in rows]


FIGURES = {"person": person_chain(), "foot": foot_chain()}
