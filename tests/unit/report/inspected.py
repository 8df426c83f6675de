"""Inspections to show: of a walk with something of everything, a refused file, and hostile words."""

from dataclasses import replace

from kinechain.inspection.inspection import (
    Axes,
    ContactRow,
    Defect,
    Inspection,
    MarkerRow,
    MarkerSet,
    PlateRow,
    Span,
    Use,
)
from kinechain.motion.events import Agreement
from kinechain.recording.recording import Event

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


def walk(name="walk.c3d"):
    """A walk with plates, events, gaps and defects."""
    return Inspection(
        name=name,
        bytes=123456,
        sha256="ab" * 32,
        format="C3D",
        companions=("walk_grf.mot",),
        task="walking",
        duration_s=4.0,
        rate_hz=100.0,
        start_s=1.5,
        frames=400,
        markers=(
            MarkerRow("LASI", "asis_l", 1.0, 0, 0.0, 0.0, ()),
            MarkerRow("LTHI", "segment:femur_l", 0.9, 1, 0.05, 0.05, (Span("filled", 2.0, 2.05),)),
            MarkerRow("HAT", "", 0.5, 2, 1.2, 0.0, (Span("missing", 2.0, 3.2), Span("removed", 4.0, 4.4))),
            MarkerRow("NEVER", "", 0.0, 0, 0.0, 0.0, (Span("missing", 1.5, 5.5),)),
        ),
        unlabelled=3,
        marker_set=MarkerSet("plug_in_gait", True, 0.98, "helen_hayes", 0.8, ("HAT",), ("heel_r",)),
        axes=Axes("+Z", "-X", 2.4, True, 0.001),
        speed_m_s=1.2,
        strides=(("left", 2), ("right", 1)),
        plates=(
            PlateRow(
                "plate 1",
                (0.1, 0.2, 0.0),
                (0.6, 0.4),
                1000.0,
                1.5,
                5.5,
                812.0,
                True,
                "",
                (
                    ContactRow("left", 2.0, 2.7, "clean", ""),
                    ContactRow("right", 3.0, 3.6, "straddled", "the foot overhangs the edge of the plate"),
                    ContactRow(None, 4.0, 4.6, "unclear", "the centre of pressure does not stay under one foot"),
                ),
                (0.0, 400.0, 812.0, 0.0),
            ),
            PlateRow("plate 2", None, None, 0.0, 0.0, 0.0, 0.0, False, "plate 2: not used, it is noise.", (), ()),
        ),
        analog=("Fx1", "EMG 1"),
        outputs=("LKneeAngles",),
        file_events=(Event("foot_strike", "left", 2.0, "file"),),
        events=(Event("foot_strike", "left", 2.0, "plates"), Event("foot_off", "right", 2.2, "zeni2008")),
        agreements=(Agreement("foot_strike", "plates", "file", 3, -4.2, 5.0),),
        mass_kg=70.0,
        height_m=1.7,
        plate_mass_kg=69.5,
        uses=(
            Use("ik", "yes", "39 markers are there."),
            Use("events", "partly", "Some strides.", "Record more."),
            Use("loads", "partly", "The left side only.", "Record the other foot."),
            Use("posture", "no", "Nobody stands still.", "Record standing."),
        ),
        defects=(
            Defect("plates.noise", "defect", "plate 2", "No force from it.", "Check the cable.", "plate 2 is noise."),
            Defect("markers.gap", "repaired", "LTHI", "Little.", "Nothing.", "LTHI: a gap was filled."),
        ),
        findings=("The lowest foot marker comes down to 21 mm.",),
    )


def refused(name="broken.c3d"):
    """A file that cannot be read."""
    return Inspection(name, 0, "", refused=f"{name} is empty (0 bytes); copy or export it again")


def hostile():
    """A walk of which every word from outside is hostile."""
    one = walk(HOSTILE)
    rows = tuple(replace(m, label=f"{HOSTILE}{k}") for k, m in enumerate(one.markers))
    rows += (MarkerRow("x" * 300, "", 0.4, 1, 1.0, 0.0, ()), MarkerRow("標識" * 30, "", 0.4, 1, 1.0, 0.0, ()))
    plates = tuple(replace(p, name=HOSTILE, reason=p.reason and HOSTILE) for p in one.plates)
    defects = (Defect("markers.x", "defect", HOSTILE, HOSTILE, HOSTILE, HOSTILE),)
    uses = tuple(replace(u, reason=HOSTILE, cure=HOSTILE) for u in one.uses)
    return replace(
        one,
        markers=rows,
        plates=plates,
        defects=defects,
        uses=uses,
        analog=(HOSTILE,),
        outputs=(HOSTILE,),
        companions=(HOSTILE,),
        findings=(HOSTILE,),
        marker_set=replace(one.marker_set, name=HOSTILE, unused=(HOSTILE,), missing=(HOSTILE,)),
    )
