"""What the chain of one person costs: a rest, a response, an attribution with 0 to 6 players, the chain as a whole.

    python benchmarks/chain_speed.py [--draws 200] [--repeats 3] [--workers 2] [--json FILE]

Every figure is a pair: the time on the wall, which holds whatever else the machine does, and the time of the
processors with all workers, which does not.  Of the repeats the one with the least time of the processors is told.
The first use of a body (its muscles, its paths) is paid before anything is measured, but for the chain as a whole,
which gets a body of its own.  Players are made by examinations far outside the norms, on a body sized by its stature
and mass.  `benchmarks/standing_speed.py` measures rests one by one and a wedge under ten thousand people.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from kinechain.body.scale import BodySize, size_body
from kinechain.body.skeleton import template_body
from kinechain.care.person.person import Answer, ExamItem, Person
from kinechain.care.screening.red_flags import questions
from kinechain.care.screening.screen import Screen
from kinechain.chain.alter import alter
from kinechain.chain.attribute import AttributionSettings
from kinechain.chain.change import parse_change
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.person_chain import ChainSettings, person_chain
from kinechain.chain.person_game import attribute_standing
from kinechain.chain.respond import respond
from kinechain.chain.stand import standing_situation
from kinechain.chain.standing_model import chain_model
from kinechain.chain.unknowns import draw_unknowns

SIZE = BodySize(76.0, 1.78, "male", 30.0)
OPEN = Screen("none", (), plan_locked=False)
WEDGE = "wedge left 5 raise=lateral"

_LEGS = (("leg_length_tape", "left", 930.0, "mm"), ("leg_length_tape", "right", 900.0, "mm"))
_LEFT = (("lunge_test", "left", 3.0, "cm"), ("passive_knee_extension_90_90", "left", 45.0, "degrees"))
_RIGHT = (
    ("lunge_test", "right", 4.5, "cm"),
    ("passive_knee_extension_90_90", "right", 50.0, "degrees"),
    ("hip_abduction_strength", "left", 0.5, "Nm/kg"),
)
#: Examinations by the number of players they make.
EXAMS = {0: (), 1: _LEGS, 3: (*_LEGS, *_LEFT), 6: (*_LEGS, *_LEFT, *_RIGHT)}


@dataclass(frozen=True)
class Cost:
    """One line of the table."""

    what: str
    wall_s: float
    processor_s: float


def processor_s() -> float:
    """Return the time of the processors that this process and its finished workers have used, s."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def measure(what: str, work: Callable[[], object], repeats: int) -> Cost:
    costs = []
    for _ in range(repeats):
        wall, used = time.perf_counter(), processor_s()
        work()
        costs.append(Cost(what, time.perf_counter() - wall, processor_s() - used))
    best = min(costs, key=lambda c: c.processor_s)
    print(f"  {what:44} {best.wall_s:8.4f} s on the wall, {best.processor_s:8.4f} s of the processors", flush=True)
    return best


def examined(players: int) -> Person:
    exam = tuple(ExamItem(name, side, value, unit, "benchmark") for name, side, value, unit in EXAMS[players])
    calm: dict[str, Answer] = {flag.id: "no" for flag in questions()}
    return Person(sex=SIZE.sex, age_years=30.0, height_m=SIZE.height_m, mass_kg=SIZE.mass_kg, exam=exam, screen=calm)


def attributed(players: int, draws: int, workers: int) -> Callable[[], None]:
    model = chain_model(size_body(template_body(), SIZE))
    person, settings = examined(players), AttributionSettings(draws=draws)

    def work() -> None:
        drivers = attribute_standing(model, person, OPEN, settings=settings, workers=workers)
        assert len(drivers.players) == players, f"{len(drivers.players)} players where {players} were made"

    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    model = chain_model(size_body(template_body(), SIZE))
    one = standing_situation(model)
    wedged = alter(model, one, parse_change(WEDGE))
    people = standing_situation(model, draw_unknowns(given.draws, 0))
    respond(model, people, [parse_change(WEDGE)], workers=given.workers)
    print(f"{given.draws} draws, {given.workers} workers, best of {given.repeats}")
    costs = [
        measure("one rest after a wedge", partial(solve_equilibrium, model, wedged, workers=1), 10 * given.repeats),
        measure(
            "response to a wedge",
            partial(respond, model, people, [parse_change(WEDGE)], workers=given.workers),
            given.repeats,
        ),
    ]
    for players in EXAMS:
        work = attributed(players, given.draws, given.workers)
        costs.append(measure(f"attribution, {players} players", work, given.repeats))
    for number, players in enumerate((0, 3, 6)):
        # Another stature makes another body, so that nothing of it was computed before.
        person = replace(examined(players), height_m=1.79 + 0.01 * number)
        whole = partial(person_chain, person, OPEN, None, settings=ChainSettings(draws=given.draws))
        costs.append(measure(f"chain as a whole, {players} players", whole, 1))
    if given.json:
        given.json.write_text(json.dumps([asdict(c) for c in costs], indent=1))


if __name__ == "__main__":
    main()
