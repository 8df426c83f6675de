"""Everything that was measured of one person, link by link from the thorax to the toes, and everything that was not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kinechain.body.body import Body
from kinechain.care.finding import Finding, Unmeasured
from kinechain.care.person.person import Person
from kinechain.care.person.repeatability import LabErrors
from kinechain.core.estimate import NotMeasured
from kinechain.findings.balance import Stance, find_balance
from kinechain.findings.exam import find_exam
from kinechain.findings.gait import choose_pace, find_gait
from kinechain.findings.gait_profile import find_gait_profile
from kinechain.findings.impact import find_impact
from kinechain.findings.norms import curve_norms
from kinechain.findings.own_errors import with_own_errors
from kinechain.findings.posture import find_posture
from kinechain.motion.motion import Motion
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Recording

__all__ = ["LINKS", "REGIONS", "Link", "find_findings"]

#: Regions of measure ids from proximal to distal, then what concerns the whole walk.
REGIONS = (
    "thorax",
    "lumbar",
    "pelvis",
    "sacrum",
    "hip",
    "leg",
    "knee",
    "ankle",
    "hindfoot",
    "foot",
    "forefoot",
    "hallux",
    "balance",
    "gait",
    "gait_profile",
    "exam",
    "quality",
)


@dataclass(frozen=True)
class Link:
    """One link of the chain, and what to say while nothing of it was measured.

    Attributes
    ----------
    region : str
        First part of the ids of its measures.
    id, name : str
        Of the line that says it is missing.
    ids : tuple of str
        Starts of the ids that close it; empty for any of the region.
    reason, next_test : str
    """

    region: str
    id: str
    name: str
    ids: tuple[str, ...]
    reason: str
    next_test: str


_WALK = "no walking trial was recorded"
_STAND = "no standing trial was recorded"
_EXAM = "not in the examination"
_WALK_TEST = "Record walking with markers on trunk, pelvis, legs and feet, three or more strides of each side"

#: Every link from thorax to toes: standing, walking and the examination each close their own gap.
LINKS: tuple[Link, ...] = (
    Link("thorax", "thorax.motion", "Thorax in walking", ("thorax.",), _WALK, _WALK_TEST),
    Link(
        "lumbar",
        "lumbar.posture",
        "Lumbar spine in standing",
        ("lumbar.flexion_standing", "lumbar.lordosis"),
        _STAND,
        "Flexible ruler or inclinometers at T12 and S1 in standing",
    ),
    Link(
        "lumbar",
        "lumbar.motion",
        "Lumbar spine in walking",
        ("lumbar.flexion_mean", "lumbar.flexion_range"),
        _WALK,
        _WALK_TEST,
    ),
    Link(
        "lumbar",
        "lumbar.nerve_screen",
        "Nerve tension and roots",
        ("lumbar.straight_leg_raise", "lumbar.slump"),
        _EXAM,
        "Straight leg raise, slump test and the lower-limb root screen",
    ),
    Link(
        "lumbar",
        "lumbar.endurance",
        "Endurance of the trunk",
        ("lumbar.sorensen", "lumbar.prone_plank"),
        _EXAM,
        "Back-extensor endurance (Biering-Sorensen) or prone plank",
    ),
    Link(
        "lumbar",
        "lumbar.muscle_timing",
        "Whether the trunk muscles switch on before the limbs",
        ("lumbar.muscle_timing",),
        "not measurable without EMG of trunk and limb muscles",
        "Surface EMG of multifidus, oblique muscles and deltoid while an arm is raised quickly",
    ),
    Link(
        "pelvis",
        "pelvis.posture",
        "Pelvis in standing",
        ("pelvis.tilt_standing", "pelvis.angle_inclinometer"),
        _STAND,
        "Inclinometer on ASIS and PSIS in standing",
    ),
    Link(
        "pelvis",
        "pelvis.motion",
        "Pelvis in walking",
        ("pelvis.tilt_mean", "pelvis.obliquity_range"),
        _WALK,
        _WALK_TEST,
    ),
    Link(
        "sacrum",
        "sacrum.motion",
        "Sacroiliac joints",
        ("sacrum.",),
        "skin markers cannot show it: the joint turns by less than the markers' own error (jacob1995: 1.7 deg)",
        "Clinical examination of the sacroiliac joints",
    ),
    Link("hip", "hip.motion", "Hip in walking", ("hip.flexion", "hip.extension"), _WALK, _WALK_TEST),
    Link(
        "hip",
        "hip.strength",
        "Strength and control of the hip",
        ("hip.abduction_strength", "hip.single_leg", "hip.trendelenburg"),
        _EXAM,
        "Hip abduction strength with a hand-held dynamometer, single-leg stance",
    ),
    Link(
        "leg",
        "leg.length",
        "Leg length",
        ("leg.length",),
        "never guessed from the pose of a model: it needs a standing trial with landmarks, blocks or a tape",
        "Blocks under the shorter leg until the pelvis is level",
    ),
    Link(
        "knee",
        "knee.posture",
        "Knee alignment in standing",
        ("knee.alignment_standing", "knee.tibiofemoral_angle"),
        _STAND,
        "Tibiofemoral angle with a goniometer in standing",
    ),
    Link("knee", "knee.motion", "Knee in walking", ("knee.flexion_peak", "knee.flexion_range"), _WALK, _WALK_TEST),
    Link("ankle", "ankle.motion", "Ankle in walking", ("ankle.dorsiflexion",), _WALK, _WALK_TEST),
    Link(
        "ankle",
        "ankle.mobility",
        "Ankle dorsiflexion under load",
        ("ankle.lunge_test",),
        _EXAM,
        "Weight-bearing lunge (knee to wall), both sides",
    ),
    Link(
        "ankle",
        "ankle.strength",
        "Strength of the calf",
        ("ankle.single_heel_rise",),
        _EXAM,
        "Single-leg heel-rise count, both sides",
    ),
    Link(
        "hindfoot",
        "hindfoot.posture",
        "Hindfoot in standing",
        ("hindfoot.alignment", "hindfoot.resting_calcaneal", "foot.fpi6"),
        _STAND,
        "Foot Posture Index (FPI-6)",
    ),
    Link(
        "hindfoot",
        "hindfoot.motion",
        "Hindfoot in walking",
        ("hindfoot.eversion",),
        _WALK,
        "Record barefoot walking with a foot marker set",
    ),
    Link(
        "foot",
        "foot.arch",
        "Arch of the foot",
        ("foot.arch_height", "foot.navicular_drop", "foot.arch_index", "foot.fpi6"),
        _EXAM,
        "Navicular drop and Foot Posture Index (FPI-6)",
    ),
    Link(
        "foot",
        "foot.sensation",
        "Sensation of the sole",
        ("foot.monofilament", "foot.ipswich_touch"),
        _EXAM,
        "10 g monofilament at three sites of each sole",
    ),
    Link(
        "foot",
        "foot.load",
        "Pressure under the foot",
        ("foot.load",),
        "no pressure recording can be read yet",
        "Pressure plate or insoles in standing and walking",
    ),
    Link(
        "forefoot",
        "forefoot.motion",
        "Forefoot in walking",
        ("forefoot.",),
        _WALK,
        "Record barefoot walking with a foot marker set",
    ),
    Link(
        "hallux",
        "hallux.motion",
        "Big toe",
        ("hallux.",),
        _EXAM,
        "Record barefoot walking with a foot marker set; Manchester scale for hallux valgus",
    ),
    Link(
        "balance",
        "balance.sway",
        "Sway in quiet standing",
        ("balance.sway",),
        _STAND,
        "Stand still on force plates for 60 s, each foot on a plate of its own, eyes open and eyes closed",
    ),
    Link(
        "balance",
        "balance.load_left",
        "Share of the load on the left foot, standing",
        ("balance.load_left",),
        _STAND,
        "Stand with each foot on a force plate or a bathroom scale of its own",
    ),
    Link(
        "gait",
        "gait.speed",
        "Walking speed",
        ("gait.walking_speed", "gait.speed_timed"),
        _WALK,
        "Timed walk over 4 to 10 m",
    ),
)


def find_findings(
    person: Person,
    body: Body | None,
    standing_recording: Recording | None,
    standing_motion: Motion | None,
    trials: Sequence[GaitTrial],
    stance: Stance | None = None,
    lab: LabErrors | None = None,
) -> tuple[tuple[Finding, ...], tuple[Unmeasured, ...]]:
    """Return every measure of one person and everything that was not measured, from proximal to distal.

    Parameters
    ----------
    person : Person
        With the examination, if there was one.
    body : Body or None
        None without recordings.
    standing_recording, standing_motion : Recording and Motion, or None
        The prepared standing trial and the pose solved from it.
    trials : sequence of GaitTrial
    stance : Stance, optional
        How the person stood in the standing trial; sway is judged only where that is stated.
    lab : LabErrors, optional
        Errors between sessions the laboratory found itself, in place of the published ones.

    Returns
    -------
    findings : tuple of Finding
    unmeasured : tuple of Unmeasured
        Each with its reason and the next best test; every link of the chain is in one of the two.
    """
    findings, unmeasured = find_exam(person, lab)
    if standing_recording is not None:
        more, missing = find_posture(person, body, standing_recording, standing_motion)
        findings, unmeasured = findings + more, unmeasured + missing
        more, missing = find_balance(person, standing_recording, stance)
        findings, unmeasured = findings + more, unmeasured + missing
    if trials and body is not None:
        pace = choose_pace(body, trials, person)
        norms = curve_norms(person.age_years)
        for more, missing in (
            find_gait(person, body, pace, norms),
            find_gait_profile(pace.trials, norms),
            find_impact(body, pace.trials),
        ):
            findings, unmeasured = findings + more, unmeasured + missing
    unmeasured = _both_sides(_without_answered(unmeasured, findings))
    unmeasured += _open_links(findings, unmeasured)
    return tuple(sorted(with_own_errors(findings, lab), key=_order)), tuple(sorted(unmeasured, key=_order))


def _without_answered(unmeasured: list[Unmeasured], findings: list[Finding]) -> list[Unmeasured]:
    """Drop what another way of measuring has answered, and say each thing once."""
    known = {(f.id, f.side) for f in findings}
    out: dict[tuple[str, str], Unmeasured] = {}
    for item in unmeasured:
        if (item.id, item.side) not in known:
            out.setdefault((item.id, item.side), item)
    return list(out.values())


def _both_sides(unmeasured: list[Unmeasured]) -> list[Unmeasured]:
    """Say once what both sides lack for the same reason."""
    by_side = {(u.id, u.side): u for u in unmeasured}
    out = []
    for item in unmeasured:
        left, right = by_side.get((item.id, "left")), by_side.get((item.id, "right"))
        if item.side == "both" or left is None or right is None:
            out.append(item)
        elif left.answer.reason.replace("left", "right") != right.answer.reason:
            out.append(item)
        elif item is left:
            reason = left.answer.reason.replace("the left ", "the left and right ")
            out.append(replace(left, side="both", answer=NotMeasured(reason, left.answer.next_test)))
    return out


def _open_links(findings: Iterable[Finding], unmeasured: Iterable[Unmeasured]) -> list[Unmeasured]:
    """Return a line for every link that no measure and no explained gap speaks of."""
    spoken = [f.id for f in findings] + [u.id for u in unmeasured]
    out = []
    for link in LINKS:
        if not any(name.startswith(link.ids) for name in spoken):
            out.append(Unmeasured(link.id, link.name, "both", NotMeasured(link.reason, link.next_test)))
    return out


def _order(item: Finding | Unmeasured) -> tuple[int, str, int]:
    region = item.id.partition(".")[0]
    place = REGIONS.index(region) if region in REGIONS else len(REGIONS)
    sides: tuple[Literal["right", "left", "both"], ...] = ("both", "left", "right")
    return place, item.id, sides.index(item.side)
