"""Loads of hip, knee, tendon, fascia and lumbar spine beside published ones; misses are kept.

::

    python benchmarks/load_table.py [--every] [--walks]

Every row of ``params/loads.csv`` that our recordings and still postures can answer: all walking trials of
schreiber_moissenet (16) and opencap_validation_s4 (12), with their plates and the lag of these taken off, and the
generic man standing on two legs and on one.  ``--every`` adds the plates as they are and muscles weighted alike;
``--walks`` prints a line per leg.

A leg of a trial counts if its plate shows it carrying the body (`BORNE`); computed is the median over legs, with the
range.  A row is met if that median lies within the published range, within one standard deviation, or, where a single
figure was published, within a quarter of it (assumption).  Implants belong to people of 50 to 80 years, tendons and
trunk to young adults, our recordings to neither: agreement is to be expected roughly, not closely.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import ground_table
import numpy as np
import spine_table

from kinechain.body.body import Body
from kinechain.body.muscle import Musculature
from kinechain.body.musculature import person_muscles
from kinechain.body.pose import segment_poses
from kinechain.body.scale import BodySize, size_body
from kinechain.body.skeleton import template_body
from kinechain.core.arrays import FloatArray
from kinechain.core.frames import transform_points
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.evidence.library import find_fact
from kinechain.loads.analyze_loads import LoadModel, analyze_loads, load_model, solve_loads
from kinechain.loads.kinematics import Kinematics
from kinechain.loads.loads import FOOT_REGIONS, FootReaction, GroundReaction, Loads, LoadSettings
from kinechain.loads.tissues import compute_achilles_tension, compute_fascia_tension
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.recording.recording import Side

SIDES: tuple[Side, Side] = ("right", "left")
#: A leg counts if it carries more than this part of body weight for this long, s (assumption).
BORNE, LONG_S = 0.8, 0.25
#: How far a single published figure may be missed (assumption).
NEAR = 0.25
Weighting = Literal["activation", "volume"]


# --- Walking --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leg:
    """What one leg of one walk carried: peaks, in body weights."""

    name: str
    side: Side
    kind: str
    speed_m_s: float
    mass_kg: float
    hip: float
    knee: float
    ankle: float
    achilles: float
    fascia: float


@dataclass(frozen=True)
class Spine:
    """What L3/4 carried in one walk: largest and smallest compression, in body weights."""

    name: str
    kind: str
    speed_m_s: float
    largest: float
    smallest: float


@dataclass(frozen=True)
class Walks:
    """All walks under one setting."""

    legs: tuple[Leg, ...]
    spines: tuple[Spine, ...]


def trials(shared: Path) -> list[tuple[Body, GaitTrial, str, float]]:
    """Return body, walk, class and speed of every walking trial."""
    out = []
    for read in ground_table.SETS.values():
        for body, recording in read(shared):
            trial = analyze_gait(body, recording, least_cycles=0)
            kind = next((word for key, word in ground_table.CLASSES.items() if key in recording.name), "natural")
            out.append((body, trial, kind, ground_table.speed(body, trial)))
    return out


def measure(
    walks: Iterable[tuple[Body, GaitTrial, str, float]], weighting: Weighting = "volume", delay_s: float | None = None
) -> Walks:
    """Return the loads of every walk; without ``delay_s`` the lag that the motion shows is taken off the plates."""
    legs: list[Leg] = []
    spines: list[Spine] = []
    settings = LoadSettings(ground="measured", weighting=weighting, plate_delay_s=delay_s)
    muscles: dict[int, Musculature] = {}
    for body, trial, kind, speed in walks:
        musculature = muscles.setdefault(id(body), person_muscles(body))
        loads = analyze_loads(body, musculature, trial, settings)
        name, weight = trial.recording.name, body.mass_kg * GRAVITY_M_S2
        for side in SIDES:
            if carries(loads, side):
                legs.append(Leg(name, side, kind, speed, body.mass_kg, *leg_peaks(loads, musculature, side)))
        disc = loads.reaction("l3_l4").compression_n / weight
        if np.isfinite(disc).any():
            spines.append(Spine(name, kind, speed, float(np.nanmax(disc)), float(np.nanmin(disc))))
    return Walks(tuple(legs), tuple(spines))


def carries(loads: Loads, side: Side) -> bool:
    """Return whether the known frames show this leg carrying the body."""
    known = np.isfinite(loads.reaction(f"hip_{side[0]}").force[:, 0])
    borne = known & (loads.ground.foot(side).force[:, 2] > BORNE * loads.mass_kg * GRAVITY_M_S2)
    return bool(np.count_nonzero(borne) * np.median(np.diff(loads.times_s)) > LONG_S)


def leg_peaks(loads: Loads, musculature: Musculature, side: Side) -> tuple[float, float, float, float, float]:
    """Return the largest load of hip, knee, ankle, Achilles tendon and plantar fascia, in body weights."""
    end = side[0]
    achilles = compute_achilles_tension(musculature, loads.muscle_forces.values, side)
    fascia = compute_fascia_tension(musculature, loads.tissue_forces.values, side)
    each = [loads.reaction(f"{joint}_{end}").resultant_n for joint in ("hip", "knee", "ankle")]
    hip, knee, ankle, tendon, sole = (
        float(np.nanmax(v)) / (loads.mass_kg * GRAVITY_M_S2) for v in (*each, achilles, fascia)
    )
    return hip, knee, ankle, tendon, sole


# --- Still postures -------------------------------------------------------------------------------


def generic_man() -> Body:
    """Return the man of `spine_table`: 70 kg, 1.74 m."""
    size = BodySize(mass_kg=spine_table.MASS_KG, height_m=spine_table.HEIGHT_M, sex="male")
    return size_body(template_body(), size)


def posed(model: LoadModel, degrees: dict[str, float]) -> FloatArray:
    """Return the inputs (1, input) of a posture."""
    values = np.zeros((1, len(model.dynamics.inputs)))
    for name, angle in degrees.items():
        values[0, model.dynamics.inputs.index(name)] = np.radians(angle)
    return values


def places(model: LoadModel, values: FloatArray) -> dict[str, FloatArray]:
    """Return the pose (4, 4) of every segment."""
    full = np.zeros((1, len(model.body.coordinates)))
    full[:, model.dynamics.tree.inputs] = values
    return dict(zip((s.name for s in model.body.segments), segment_poses(model.body, full)[0], strict=True))


def centre_of_mass(
    model: LoadModel, values: FloatArray, without: Callable[[str], bool] = lambda _: False
) -> FloatArray:
    """Return mass (kg) and centre (m) of all segments but some, (4,) array."""
    at = places(model, values)
    of = [s for s in model.body.segments if not without(s.name)]
    mass = sum(s.mass_kg for s in of)
    centres = np.array([transform_points(at[s.name], s.centre_of_mass) for s in of])
    return np.append(mass, np.array([s.mass_kg for s in of]) @ centres / mass)


def one_legged(
    model: LoadModel, side: Literal["r", "l"] = "r", ahead_m: float = spine_table.AHEAD_OF_ANKLES
) -> FloatArray:
    """Return the posture on one leg: the other knee bent by 60 and its hip by 30 deg, the centre of mass over the foot.

    The pelvis stays level and the leg leans until the foot stands under the body (angles: assumption).
    """
    other = "l" if side == "r" else "r"
    degrees = {f"knee_flexion_{other}": 60.0, f"hip_flexion_{other}": 30.0}
    values = posed(model, degrees)
    for _ in range(30):  # each turn moves the foot nearly by leg length times angle
        centre, ankle = centre_of_mass(model, values)[1:], places(model, values)[f"talus_{side}"][:3, 3]
        hip = places(model, values)[f"femur_{side}"][:3, 3]
        length = hip[2] - ankle[2]
        inward = (centre[1] - ankle[1]) * (1.0 if side == "r" else -1.0)
        for name, step in (
            (f"hip_adduction_{side}", inward / length),
            (f"hip_flexion_{side}", (centre[0] - ahead_m - ankle[0]) / length),
            (f"ankle_dorsiflexion_{side}", -(centre[0] - ahead_m - ankle[0]) / length),
        ):
            values[0, model.dynamics.inputs.index(name)] += step
    return values


def two_legged(model: LoadModel) -> FloatArray:
    """Return the upright posture with the centre of mass a little ahead of the ankles."""
    values = posed(model, {})
    for _ in range(30):
        at = places(model, values)
        centre, ankle = centre_of_mass(model, values)[1:], at["talus_r"][:3, 3]
        step = (centre[0] - spine_table.AHEAD_OF_ANKLES - ankle[0]) / (at["femur_r"][2, 3] - ankle[2])
        for s in "rl":
            values[0, model.dynamics.inputs.index(f"hip_flexion_{s}")] += step
            values[0, model.dynamics.inputs.index(f"ankle_dorsiflexion_{s}")] -= step
    return values


def standing_loads(model: LoadModel, values: FloatArray, feet: Sequence[str]) -> Loads:
    """Return the loads of a still posture whose weight goes down through the hindfeet named ('r', 'l')."""
    whole = centre_of_mass(model, values)
    mass, centre = float(whole[0]), whole[1:]
    external = np.zeros((1, len(model.body.segments), 6))
    names = [s.name for s in model.body.segments]
    for side in feet:
        ankle = places(model, values)[f"talus_{side}"][:3, 3]
        point = np.array([centre[0], ankle[1] if len(feet) > 1 else centre[1], 0.0])
        force = np.array([0.0, 0.0, mass * GRAVITY_M_S2 / len(feet)])
        external[0, names.index(f"calcaneus_{side}")] += np.concatenate([force, np.cross(point, force)])
    return still_loads(model, values, external)


def still_loads(model: LoadModel, values: FloatArray, external: FloatArray) -> Loads:
    """Return the loads of still postures (time, input) under given forces."""
    rest = np.zeros_like(values)
    moving = Kinematics(model.dynamics.inputs, values, rest, rest, 1.0, 0.0)
    return solve_loads(model, moving, _no_ground(len(values)), external)


def _no_ground(frames: int) -> GroundReaction:
    zero, regions = np.zeros((frames, 3)), np.zeros((frames, len(FOOT_REGIONS), 3))
    first, second = (FootReaction(s, zero, zero, zero, regions, regions, np.zeros(frames)) for s in SIDES)
    return GroundReaction(np.arange(float(frames)), (first, second))


# --- The table ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One published load beside the computed ones.

    Attributes
    ----------
    name, unit, source : str
    low, high : float
        What would be met.
    published : str
    computed : tuple of float
    """

    name: str
    unit: str
    source: str
    published: str
    low: float
    high: float
    computed: tuple[float, ...]

    @property
    def median(self) -> float:
        return float(np.median(self.computed)) if self.computed else float("nan")

    @property
    def is_met(self) -> bool:
        return self.low <= self.median <= self.high


def row(name: str, item: str, quantity: str, computed: Iterable[float], scale: float = 1.0, subgroup: str = "") -> Row:
    """Return one row of ``params/loads.csv`` beside computed values in its unit times ``scale``."""
    keys = {"item": item, "quantity": quantity} | ({"subgroup": subgroup} if subgroup else {})
    fact = find_fact("loads", **keys)
    unit = fact.text("unit")
    values = tuple(float(v) * scale for v in computed)
    if fact.text("value"):
        middle = fact.number("value")
        spread = fact.number("sd") if fact.text("sd") else 0.0
        reach = spread or NEAR * middle
        told = f"{middle:g} +- {spread:g}" if spread else f"{middle:g}"
        low, high = middle - reach, middle + reach
    else:
        low, high = fact.number("low"), fact.number("high")
        told = f"{low:g} to {high:g}"
    return Row(name, unit, fact.source.key, told, low, high, values)


def walking_rows(walks: Walks) -> list[Row]:
    """Return every published load of walking beside ours at like speed."""
    legs, spines = walks.legs, walks.spines

    def at(low: float, high: float) -> list[Leg]:
        return [leg for leg in legs if low <= leg.speed_m_s <= high]

    usual = [leg for leg in legs if leg.kind in ("preferred", "natural")]
    hip, knee = "hip contact force", "knee contact force peak resultant (average)"
    lumbar, disc = "level walking", "L3-L4 compression"
    achilles = "Achilles tendon force"
    return [
        row("hip, walking 4 km/h", "level walking ~4 km/h", f"{hip} peak", [x.hip for x in at(0.9, 1.3)], 100),
        row("hip, walking 1 km/h", "walking 1 km/h", f"{hip} median peak", [x.hip for x in at(0.0, 0.6)], 100),
        row("hip, walking 5 km/h", "walking 5 km/h", f"{hip} median peak", [x.hip for x in at(1.2, 1.6)], 100),
        row("knee, walking", "level walking", knee, [x.knee for x in usual], 100),
        row(
            "Achilles, walking 1.34 m/s",
            "walking 1.34 m/s",
            f"{achilles} peak",
            [x.achilles for x in at(1.1, 1.6)],
            GRAVITY_M_S2,
        ),
        row(
            "Achilles, walking 1.4 m/s",
            "walking 1.4 m/s to running 3.5 m/s",
            f"{achilles} maximum",
            [x.achilles * x.mass_kg * GRAVITY_M_S2 / 1000 for x in at(1.1, 1.6)],
        ),
        row(
            "Achilles, walking (secondary)",
            "walking",
            achilles,
            [x.achilles * x.mass_kg * GRAVITY_M_S2 / 1000 for x in usual],
        ),
        row(
            "fascia, cadaver feet",
            "simulated walking stance, late stance",
            "plantar aponeurosis tension, maximum",
            [x.fascia for x in usual],
        ),
        row(
            "fascia, model",
            "barefoot walking",
            "plantar aponeurosis tension, mean maximum",
            [x.fascia for x in usual],
        ),
        *(
            row(f"L3/4 {word}, {kind}", lumbar, f"{disc}, {word}", values)
            for word, of in (("maximum", "largest"), ("minimum", "smallest"))
            for kind in ("very slow", "slow", "preferred", "natural", "fast")
            if (values := [getattr(s, of) for s in spines if s.kind == kind])
        ),
    ]


def standing_rows() -> list[Row]:
    """Return the loads of the generic man's joints, standing on both legs and on one."""
    body = generic_man()
    model = load_model(body, person_muscles(body))
    weight = body.mass_kg * GRAVITY_M_S2
    both = standing_loads(model, two_legged(model), "rl")
    alone = standing_loads(model, one_legged(model), "r")
    knee = "knee contact force peak resultant (average)"
    slightly = row(
        "hip, one-legged stance", "level walking ~4 km/h", "hip contact force peak", _peak(alone, "hip", weight)
    )
    return [
        row("knee, two-legged stance", "two-legged stance", knee, _peak(both, "knee", weight)),
        row("knee, one-legged stance", "one-legged stance", knee, _peak(alone, "knee", weight)),
        Row(slightly.name, "%BW", slightly.source, "slightly below 238", slightly.low, 238.0, slightly.computed),
    ]


def _peak(loads: Loads, joint: str, weight: float) -> tuple[float]:
    return (100.0 * float(loads.reaction(f"{joint}_r").resultant_n[0]) / weight,)


def spine_rows() -> list[Row]:
    """Return the still postures of `spine_table`, held to the same rule."""
    return [
        Row(
            f"{r.quantity}, {r.item}", r.unit, r.source, f"{r.published:.2f}",
            (1 - NEAR) * r.published, (1 + NEAR) * r.published, (r.computed,),
        )
        for r in spine_table.table()
    ]  # fmt: skip


def print_rows(rows: Iterable[Row]) -> None:
    for r in rows:
        spread = f"({min(r.computed):7.2f} to {max(r.computed):7.2f}, {len(r.computed):2d})" if r.computed else ""
        print(
            f"  {r.name:66.66s} {r.unit:5s} published {r.published:18s} computed {r.median:7.2f} {spread:32s} "
            f"{'met' if r.is_met else 'MISSED':6s} {r.source}"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", action="store_true", help="also the plates as they are, and muscles weighted alike")
    parser.add_argument("--walks", action="store_true", help="a line per leg")
    chosen = parser.parse_args()
    found = trials(ground_table.shared_folder())
    weightings: tuple[Weighting, ...] = ("volume", "activation") if chosen.every else ("volume",)
    for weighting in weightings:
        for delay in (None, 0.0) if chosen.every else (None,):
            walks = measure(found, weighting, delay)
            clock = "lag of the plates taken off" if delay is None else "plates as they are"
            print(f"\nWalking, muscles weighted by {weighting}, {clock}: {len(walks.legs)} legs")
            print_rows(walking_rows(walks))
            for leg in walks.legs if chosen.walks else ():
                print(
                    f"    {leg.name:20s} {leg.side:5s} {leg.kind:9s} {leg.speed_m_s:4.2f} m/s  hip {leg.hip:4.1f}  "
                    f"knee {leg.knee:4.1f}  ankle {leg.ankle:4.1f}  Achilles {leg.achilles:4.1f}  "
                    f"fascia {leg.fascia:4.2f} BW"
                )
    print("\nStill postures of the generic man")
    print_rows([*standing_rows(), *spine_rows()])


if __name__ == "__main__":
    main()
