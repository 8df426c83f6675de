"""The one table of clinical angles: what each is, what positive means, and how it is computed.

``motion.angles`` computes from this table, the documentation prints it, and
``tests/validation/test_signs.py`` checks every sign against point sets built without
any of it.  Frames stand x forward, y left, z up in the neutral upright posture.

Sequences name the axes in the order of rotation, each axis moving with the child:

``YXZ``
    Flexion about the proximal left-right axis, then adduction about the floating axis,
    then rotation about the distal long axis (grood1983).
``ZXY``
    Rotation, obliquity, tilt: the order baker2001 proposes for the pelvis against the
    laboratory, because it matches what clinicians mean by the three words.  Plug-in Gait
    uses tilt, obliquity, rotation (vicon_plug_in_gait); at 12 deg of tilt and 6 deg of
    rotation the two differ by about 1 deg of obliquity.

Foot progression is the rotation of the foot against the walking frame in the order pitch, roll,
rotation (``YXZ``), as Plug-in Gait has it (vicon_plug_in_gait): with the foot flat it is the
heading of the foot, and in swing, when the foot stands steep, it does not run away as the
heading of its shadow on the floor would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "ANGLES",
    "FLEXION_SHARES",
    "LUMBAR_LEVELS",
    "REGIONS",
    "RHYTHMS",
    "SIDES",
    "ClinicalAngle",
    "angle_of",
    "labels",
    "sign_table",
]

Frame = Literal["walking", "pelvis", "femur", "tibia", "foot", "calcaneus", "forefoot", "toes", "thorax", "none"]
Sequence = Literal["YXZ", "ZXY", "line", "share"]

SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")

#: Lumbar joints from below; the shares of each come from the two published rhythms.
LUMBAR_LEVELS = ("l5s1", "l4l5", "l3l4", "l2l3", "l1l2", "t12l1")
RHYTHMS = ("christophy2012", "lifting_full_body")

#: Share of each joint, from below, in the total lumbar flexion.  Sources: christophy2012_axialupd (T12/L1 rigid in
#: that model) and lfb_pose2sim, as in ``evidence/data/params/lumbar_rhythm.csv``; a test compares the two.
FLEXION_SHARES = {
    "christophy2012": (0.125, 0.185, 0.204, 0.231, 0.255, 0.0),
    "lifting_full_body": (0.14, 0.26, 0.23, 0.16, 0.13, 0.08),
}


#: Segments of each region of the foot, without the side.
REGIONS = {
    "foot": ("talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral"),
    "hindfoot": ("talus", "calcaneus"),
    "forefoot": ("midfoot", "forefoot_medial", "forefoot_lateral"),
    "toes": ("toes",),
}


@dataclass(frozen=True)
class ClinicalAngle:
    """One clinical angle.

    Attributes
    ----------
    id : str
        Without the side; the label of a column is ``<id>_<left|right>``.
    name : str
        As printed.
    positive : str
        What a positive value means.
    plane : 'sagittal', 'frontal' or 'transverse'
    proximal, distal : str
        The two frames; 'walking' is vertical plus the direction of walking.
    sequence : 'YXZ', 'ZXY', 'line' or 'share'
        'line' is the angle of a line between two points, 'share' a fraction of another angle.
    axis : 'x', 'y' or 'z'
        The elementary rotation that is reported.
    sign_right, sign_left : +1 or -1
        Turns the right-handed rotation about that axis into the clinical sign.
    coordinates : tuple of str
        Coordinates of the body that must be free to measure it, ``{s}`` for r or l.
    markers : tuple of (str, int)
        How many tracked markers each region of the foot must carry; regions are those of ``REGIONS``.
    """

    id: str
    name: str
    positive: str
    plane: Literal["sagittal", "frontal", "transverse"]
    proximal: Frame
    distal: Frame
    sequence: Sequence
    axis: Literal["x", "y", "z"]
    sign_right: int
    sign_left: int
    coordinates: tuple[str, ...] = ()
    markers: tuple[tuple[str, int], ...] = ()

    def sign(self, side: Literal["left", "right"]) -> int:
        """Return +1 or -1."""
        return self.sign_right if side == "right" else self.sign_left

    @property
    def computed(self) -> str:
        """How it is computed, in words."""
        if self.sequence == "line":
            return f"line from {self.proximal} to {self.distal} against the vertical, seen along the walking direction"
        if self.sequence == "share":
            return "share of the total lumbar flexion (thorax against pelvis, zero in the neutral upright posture)"
        return f"{self.distal} against {self.proximal}, sequence {self.sequence}, rotation about {self.axis}"


def _three(
    prefix: str, names: tuple[str, str, str], frames: tuple[Frame, Frame], sequence: Sequence
) -> tuple[ClinicalAngle, ...]:
    """Return tilt, obliquity and rotation of a frame against the walking frame."""
    part = prefix.capitalize()
    free = ("pelvis_tilt", "pelvis_obliquity", "pelvis_rotation")
    if prefix == "thorax":
        free = ("lumbar_flexion", "lumbar_bending", "lumbar_rotation")
    return (
        ClinicalAngle(f"{prefix}_tilt", f"{part} tilt", names[0], "sagittal", *frames, sequence, "y", 1, 1, free[:1]),
        ClinicalAngle(
            f"{prefix}_obliquity", f"{part} obliquity", names[1], "frontal", *frames, sequence, "x", -1, 1, free[1:2]
        ),
        ClinicalAngle(
            f"{prefix}_rotation", f"{part} rotation", names[2], "transverse", *frames, sequence, "z", 1, -1, free[2:]
        ),
    )


_LEVEL_NAMES = {"l5s1": "L5/S1", "l4l5": "L4/L5", "l3l4": "L3/L4", "l2l3": "L2/L3", "l1l2": "L1/L2", "t12l1": "T12/L1"}

_LEVELS = tuple(
    ClinicalAngle(
        f"{level}_flexion_{rhythm}",
        f"{_LEVEL_NAMES[level]} flexion (rhythm {rhythm})",
        "flexion",
        "sagittal",
        "pelvis",
        "thorax",
        "share",
        "y",
        1,
        1,
        ("lumbar_flexion",),
    )
    for rhythm in RHYTHMS
    for level in LUMBAR_LEVELS
)

# fmt: off
ANGLES: tuple[ClinicalAngle, ...] = (
    *_three("pelvis", ("anterior tilt", "that side up", "that side forward"), ("walking", "pelvis"), "ZXY"),
    ClinicalAngle("hip_flexion", "Hip flexion", "flexion", "sagittal", "pelvis", "femur", "YXZ", "y", -1, -1,
                  ("hip_flexion_{s}",)),
    ClinicalAngle("hip_adduction", "Hip adduction", "adduction", "frontal", "pelvis", "femur", "YXZ", "x", 1, -1,
                  ("hip_adduction_{s}",)),
    ClinicalAngle("hip_rotation", "Hip rotation", "internal rotation", "transverse", "pelvis", "femur", "YXZ", "z",
                  1, -1, ("hip_rotation_{s}",)),
    ClinicalAngle("knee_flexion", "Knee flexion", "flexion", "sagittal", "femur", "tibia", "YXZ", "y", 1, 1,
                  ("knee_flexion_{s}",)),
    ClinicalAngle("knee_varus", "Knee varus", "varus (adduction)", "frontal", "femur", "tibia", "YXZ", "x", 1, -1,
                  ("knee_varus_{s}",)),
    ClinicalAngle("knee_rotation", "Knee rotation", "internal rotation of the tibia", "transverse", "femur", "tibia",
                  "YXZ", "z", 1, -1, ("knee_rotation_{s}",)),
    ClinicalAngle("ankle_dorsiflexion", "Ankle dorsiflexion", "dorsiflexion (whole foot against tibia)", "sagittal",
                  "tibia", "foot", "YXZ", "y", -1, -1, ("ankle_dorsiflexion_{s}",), (("foot", 1),)),
    ClinicalAngle("foot_progression", "Foot progression", "internal (toe-in)", "transverse", "walking", "foot", "YXZ",
                  "z", 1, -1, ("ankle_dorsiflexion_{s}",), (("foot", 2),)),
    ClinicalAngle("hindfoot_dorsiflexion", "Hindfoot dorsiflexion", "dorsiflexion (calcaneus against tibia)",
                  "sagittal", "tibia", "calcaneus", "YXZ", "y", -1, -1, ("ankle_dorsiflexion_{s}",), (("foot", 3),)),
    ClinicalAngle("hindfoot_eversion", "Hindfoot eversion", "eversion (pronation)", "frontal", "tibia", "calcaneus",
                  "YXZ", "x", -1, 1, ("subtalar_eversion_{s}",), (("foot", 3),)),
    ClinicalAngle("hindfoot_rotation", "Hindfoot rotation", "internal rotation (calcaneus against tibia)",
                  "transverse", "tibia", "calcaneus", "YXZ", "z", 1, -1, ("subtalar_eversion_{s}",), (("foot", 3),)),
    ClinicalAngle("forefoot_dorsiflexion", "Forefoot dorsiflexion", "dorsiflexion (forefoot against calcaneus)",
                  "sagittal", "calcaneus", "forefoot", "YXZ", "y", -1, -1, ("midtarsal_dorsiflexion_{s}",),
                  (("hindfoot", 2), ("forefoot", 2))),
    ClinicalAngle("forefoot_eversion", "Forefoot eversion", "eversion (pronation) of the forefoot", "frontal",
                  "calcaneus", "forefoot", "YXZ", "x", -1, 1, ("forefoot_eversion_{s}",),
                  (("hindfoot", 2), ("forefoot", 2))),
    ClinicalAngle("forefoot_adduction", "Forefoot adduction", "adduction (toes towards the midline)", "transverse",
                  "calcaneus", "forefoot", "YXZ", "z", 1, -1, ("forefoot_adduction_{s}",),
                  (("hindfoot", 2), ("forefoot", 2))),
    ClinicalAngle("hallux_dorsiflexion", "Hallux dorsiflexion", "dorsiflexion (toes against forefoot)", "sagittal",
                  "forefoot", "toes", "YXZ", "y", -1, -1, ("mtp_dorsiflexion_{s}",), (("forefoot", 2), ("toes", 1))),
    ClinicalAngle("lumbar_flexion", "Lumbar flexion", "flexion (thorax against pelvis)", "sagittal", "pelvis",
                  "thorax", "YXZ", "y", 1, 1, ("lumbar_flexion",)),
    ClinicalAngle("lumbar_bending", "Lumbar bending", "bending towards that side", "frontal", "pelvis", "thorax",
                  "YXZ", "x", 1, -1, ("lumbar_bending",)),
    ClinicalAngle("lumbar_rotation", "Lumbar rotation", "that side of the thorax forward of the pelvis", "transverse",
                  "pelvis", "thorax", "YXZ", "z", 1, -1, ("lumbar_rotation",)),
    *_three("thorax", ("forward tilt", "that side up", "that side forward"), ("walking", "thorax"), "ZXY"),
    ClinicalAngle("trunk_lean", "Trunk lean", "C7 leans towards that side of the sacrum", "frontal", "pelvis",
                  "thorax", "line", "x", 1, -1, ("lumbar_bending",)),
    *_LEVELS,
)
# fmt: on


def labels() -> tuple[str, ...]:
    """Return every column label, ``<id>_left`` then ``<id>_right``, in the order of the table."""
    return tuple(f"{angle.id}_{side}" for angle in ANGLES for side in SIDES)


def angle_of(label: str) -> tuple[ClinicalAngle, Literal["left", "right"]]:
    """Return the angle and the side that a column label names.

    Raises
    ------
    KeyError
        If the label is not in the table.
    """
    stem, _, end = label.rpartition("_")
    for angle in ANGLES:
        for side in SIDES:
            if angle.id == stem and side == end:
                return angle, side
    raise KeyError(label)


def sign_table() -> str:
    """Return the table as Markdown, for the documentation."""
    head = "| id | angle | positive means | plane | proximal | distal | computed |\n|---|---|---|---|---|---|---|\n"
    rows = (
        f"| `{a.id}` | {a.name} | {a.positive} | {a.plane} | {a.proximal} | {a.distal} | {a.computed} |" for a in ANGLES
    )
    return head + "\n".join(rows) + "\n"
