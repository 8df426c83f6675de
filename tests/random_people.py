"""Many people drawn from a seed, with everything a plan is made from; and their mirror images."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from typing import Any

from care_people import CALM, TODAY, drivers, finding, item, player, treatment
from kinechain.care.drivers import Drivers
from kinechain.care.finding import Finding
from kinechain.care.person.history_keys import TREATMENTS, read_keys
from kinechain.care.person.person import ExamItem, History, Person, Score, Symptom, Treatment
from kinechain.care.planning.plan import Plan
from kinechain.care.planning.planner import make_plan
from kinechain.care.screening.lock import unlock
from kinechain.core.estimate import Estimate

REGIONS = ("low_back", "sacrum", "buttock", "knee", "calf", "ankle", "heel", "arch", "toes", "forefoot", "upper_back")
CONDITIONS = tuple(key for key in read_keys("conditions") if key != "iwgdf_risk")
ROUTINE = ("pregnancy", "heel_pain_not_improving", "axspa_gate")
CLEARED_LATER = ("achilles_rupture", "stress_fracture", "both_feet_numb", "ces_bladder", "dvt_wells", "charcot")
AXSPA = tuple(
    f"axspa_{key}" for key in ("before_35", "wakes_second_half", "buttock", "better_moving", "nsaid_48h", "relative")
)
PLAYERS = ("calf_tightness", "hip_abductor_weakness", "hamstring_tightness", "arch_drop")
FINDINGS = (
    "ankle.lunge_test",
    "hip.abduction_strength",
    "ankle.single_heel_rise",
    "foot.navicular_drop",
    "gait.speed_timed",
)
SIDES = ("left", "right")
PREDICTED = (("load on the lowest disc", Estimate(-4.0, -9.0, 1.0, "N", "what-if")),)
OTHER = {"left": "right", "right": "left"}
WORD = re.compile(r"(?<![a-z])(left|right)(?![a-z])")


@dataclass(frozen=True)
class Case:
    """One person with what was found about them."""

    person: Person
    findings: tuple[Finding, ...]
    drivers: Drivers | None
    predicted: tuple[tuple[str, Estimate], ...]

    def plan(self) -> Plan:
        """Return the plan; raises if the person is locked."""
        return make_plan(
            self.person, unlock(self.person), findings=self.findings, drivers=self.drivers,
            today=TODAY, version="0.1.0", predict=lambda _parameters, _side: self.predicted,
        )  # fmt: skip


def draw(seed: int) -> Case:
    """Return the person of one seed; about one in four is locked."""
    chance = random.Random(seed)
    person = Person(
        sex=chance.choice(("female", "male", None)),
        age_years=chance.choice((None, 17.0, 25.0, 40.0, 64.9, 65.0, 80.0, 40.0, 40.0)),
        height_m=1.7,
        mass_kg=chance.choice((None, 70.0, 110.0)),
        history=_history(chance),
        conditions=_answers(chance, CONDITIONS, chance.choice((0.0, 0.01, 0.05, 0.3))),
        screen=_screen(chance),
        exam=_exam(chance),
        questionnaires=_scores(chance),
        symptoms=_symptoms(chance),
        iwgdf_risk=chance.choice((None, None, None, 0, 1, 2, 3)),
    )
    if chance.random() < 0.08:
        person = _not_helped(chance, person)
    return Case(person, _findings(chance), _drivers(chance), PREDICTED if chance.random() < 0.5 else ())


def _not_helped(chance: random.Random, person: Person) -> Person:
    """Return a person with clearly pronated feet whom core care did not help: few draws would be one."""
    back = chance.random() < 0.5
    tried = Treatment("exercise" if back else "stretching", "back" if back else "foot", 10.0, "same")
    place = "low_back" if back else chance.choice(("heel_left", "heel_right"))
    history = replace(
        person.history, pain_regions=(place,), pain_weeks=30.0, back_onset_weeks=None, treatments=(tried,)
    )
    exam = tuple(e for e in person.exam if not e.id.startswith(("fpi6", "leg_length")))
    return replace(person, history=history, exam=(*exam, item("fpi6", chance.choice(SIDES), 8.0, "points")))


def _code(chance: random.Random) -> str:
    return chance.choice(REGIONS) + chance.choice(("", "_left", "_right"))


def _maybe(chance: random.Random, *values: Any) -> Any:
    return chance.choice(values) if chance.random() < 0.5 else None


def _history(chance: random.Random) -> History:
    places = chance.choice((0, 0, 1, 1, 1, 2, 3))
    return History(
        pain_regions=tuple(sorted({_code(chance) for _ in range(places)})),
        pain_weeks=_maybe(chance, 2.0, 30.0),
        back_onset_weeks=_maybe(chance, 5.0, 60.0),
        pain_average=_maybe(chance, 0.0, 3.0, 8.0) if places else _maybe(chance, 0.0, 0.0, 2.0),
        first_step_pain=_maybe(chance, 0.0, 6.0) if places else None,
        sitting_hours=_maybe(chance, 0.0, 8.0),
        activity_minutes=_maybe(chance, 0.0, 90.0),
        steps_per_day=_maybe(chance, 3000.0),
        treatments=tuple(_treatment(chance) for _ in range(chance.choice((0, 0, 1, 3)))),
        skipped=frozenset({"pain_regions"}) if not places and chance.random() < 0.2 else frozenset(),
    )


def _treatment(chance: random.Random) -> Treatment:
    kind = chance.choice(("exercise", "stretching", chance.choice(TREATMENTS)))
    region = "back" if kind == "exercise" else chance.choice(("back", "foot"))
    weeks, response = chance.choice((None, 4.0, 10.0, 10.0)), chance.choice((None, "same", "worse", "better"))
    return Treatment(kind, region, weeks, response)  # type: ignore[arg-type]


def _answers(chance: random.Random, keys: tuple[str, ...], share: float) -> dict[str, Any]:
    found = {}
    for key in keys:
        draw_one = chance.random()
        if draw_one < share:
            found[key] = chance.choice(("yes", "unknown", "skipped"))
        elif draw_one < 0.7:
            found[key] = "no"
    return found


def _screen(chance: random.Random) -> dict[str, Any]:
    screen = dict(CALM)
    if chance.random() < 0.4:
        screen[chance.choice(ROUTINE)] = chance.choice(("yes", "unknown", "skipped"))
    if chance.random() < 0.2:
        screen[chance.choice(CLEARED_LATER)] = chance.choice(("yes", "unknown", "skipped"))
    if chance.random() < 0.1:
        screen.pop(chance.choice((*ROUTINE, *CLEARED_LATER)), None)
    if screen.get("axspa_gate") == "yes":
        screen |= {key: chance.choice(("yes", "no", "unknown")) for key in AXSPA}
    return screen


def _exam(chance: random.Random) -> tuple[ExamItem, ...]:
    rows = (
        ("fpi6", "points", (-2.0, 3.0, 6.0, 9.0)),
        ("lunge_test", "cm", (6.0, 9.0, 10.4, 12.0)),
        ("single_heel_rise", "repetitions", (5.0, 20.0, 27.0)),
        ("single_leg_stance", "s", (3.0, 5.0, 30.0)),
        ("monofilament", "sites felt", (2.0, 3.0)),
        ("ipswich_touch", "sites not felt", (0.0, 1.0)),
        ("footwear_fit", "mm", (-4.0, 6.0)),
        ("leg_length_imaging", "mm", (3.0, 9.0)),
        ("navicular_drop", "mm", (5.0, 14.0)),
        ("trendelenburg", "negative / positive", (0.0, 1.0)),
        ("slump", "negative / positive", (0.0, 1.0)),
    )
    found = [
        item(key, side, chance.choice(values), unit)
        for key, unit, values in rows
        for side in SIDES
        if chance.random() < 0.25
    ]
    for part in range(chance.choice((0, 0, 1, 2, 3))):
        side = chance.choice(("left", "left", "right"))
        found.append(item("leg_length_block", side, chance.choice((4.0, 8.0, 10.0)), "mm", part=f"repeat {part + 1}"))
    chance.shuffle(found)
    return tuple(found)


def _scores(chance: random.Random) -> tuple[Score, ...]:
    possible = (
        Score("nprs", chance.choice((0.0, 4.0))),
        Score("rmdq24", chance.choice((2.0, 14.0, None))),
        Score("psfs", 4.0, {"1": 3.0, "2": 5.0}, ("climb the stairs", "carry the shopping")),
        Score("startback", chance.choice((2.0, 6.0)), {"subscale": chance.choice((1.0, 4.0))}),
    )
    return tuple(score for score in possible if chance.random() < 0.3)


def _symptoms(chance: random.Random) -> tuple[Symptom, ...]:
    if chance.random() < 0.7:
        return ()
    return (Symptom(chance.choice(("pain", "numbness", "tingling")), _code(chance)),)


def _findings(chance: random.Random) -> tuple[Finding, ...]:
    found = []
    for key in FINDINGS:
        for side in SIDES:
            if chance.random() < 0.3:
                value, half = chance.choice((70.0, 84.0, 88.0, 100.0, 130.0)), chance.choice((0.0, 3.0, 8.0))
                change = chance.choice((None, 2.0, 15.0))
                verdict = chance.choice(("outside", "outside", "within", "unknown"))
                found.append(finding(key, side, value, half, change, verdict=verdict))
    return tuple(found)


def _drivers(chance: random.Random) -> Drivers | None:
    if chance.random() < 0.5:
        return None
    keys = [(key, side) for key in PLAYERS for side in SIDES]
    chosen = sorted(chance.sample(keys, chance.randint(0, 3)))
    players = tuple(player(key, side) for key, side in chosen)
    players += (player("leg_length", "middle"),) if chance.random() < 0.3 else ()
    leading = tuple(sorted(p.key for p in players if chance.random() < 0.6))
    offered = tuple(treatment(p.key, low=-9.0 - n, high=chance.choice((-1.0, 2.0))) for n, p in enumerate(players))
    return drivers(*players, leading=leading, undetermined=chance.random() < 0.25, treatments=offered)


# ---------------------------------------------------------------- mirror images


def mirror_text(text: str) -> str:
    """Return a text with every left and right exchanged."""
    return WORD.sub(lambda found: OTHER[found[1]], text)


def mirrored(case: Case) -> Case:
    """Return the mirror image of a person and of everything found."""
    person = case.person
    history = replace(person.history, pain_regions=tuple(sorted(map(mirror_text, person.history.pain_regions))))
    image = replace(
        person,
        history=history,
        exam=tuple(replace(e, side=OTHER.get(e.side, e.side)) for e in person.exam),
        symptoms=tuple(replace(s, region=mirror_text(s.region)) for s in person.symptoms),
    )
    findings = tuple(replace(f, side=OTHER.get(f.side, f.side)) for f in case.findings)
    return Case(image, findings, None if case.drivers is None else _mirrored_drivers(case.drivers), case.predicted)


def _mirrored_drivers(made: Drivers) -> Drivers:
    players = tuple(replace(p, side=OTHER.get(p.side, p.side), change=mirror_text(p.change)) for p in made.players)
    sets = tuple(replace(s, drivers=tuple(sorted(map(mirror_text, s.drivers)))) for s in made.sets)
    offered = tuple(replace(t, players=tuple(map(mirror_text, t.players))) for t in made.treatments)
    return replace(made, players=players, sets=sets, treatments=offered)
