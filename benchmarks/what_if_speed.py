"""How long the what-if sliders take to answer: the first question of a process, then every slider moved.

    python benchmarks/what_if_speed.py

Asks as the page does: first with no change, with few draws while a slider moves and with more once it rests. Prints the
median, 95th percentile and most of each; exit code 1 if more than 1 in 20 moves takes over 1 s
to answer while it moves. What is asked once a slider rests replaces an answer that stands there already.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from kinechain.core.errors import KinechainError
from kinechain.store.audit import Actor
from kinechain.store.tables import patient
from kinechain.workspace.example_clinic import make_example_clinic
from kinechain.workspace.place import Place, open_place
from kinechain.workspace.what_if import DRAWS, SLIDERS, ask_what_if

LIMIT_S = 1.0
MOVES = 60


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="kinechain-what-if-") as folder:
        place = open_place(Path(folder) / "data")
        example = make_example_clinic(place)
        asking = Asking(place, example.followed)
        print(f"first question of a process: {asking.seconds([], DRAWS[0]):.2f} s; "
              f"with {DRAWS[1]} draws: {asking.seconds([], DRAWS[1]):.2f} s")  # fmt: skip
        slow = False
        for draws in DRAWS:
            took = [asking.seconds([change], draws) for change in moves()]
            p95 = statistics.quantiles(took, n=20)[-1]
            slow |= draws == DRAWS[0] and p95 > LIMIT_S
            told = f"median {statistics.median(took):.3f} s, p95 {p95:.3f} s, most {max(took):.3f} s"
            print(f"{draws} draws, {len(took)} moves: {told}, {asking.unsolved} without an answer")
        place.database.close()
    return int(slow)


def moves() -> list[str]:
    """Return changes as sliders are moved: every slider, anywhere on its way."""
    draw = random.Random(3)
    found = []
    for number in range(MOVES):
        slider = SLIDERS[number % len(SLIDERS)]
        steps = round((slider.high - slider.low) / slider.step)
        found.append(slider.change(draw.choice(slider.sides), slider.low + slider.step * draw.randint(0, steps)))
    return found


class Asking:
    """Asks for one patient, and counts what has no answer."""

    def __init__(self, place: Place, patient_id: str) -> None:
        self._place, self._patient = place, patient_id
        self._actor = clinician_of(place, patient_id)
        self.unsolved = 0

    def seconds(self, changes: Sequence[str], draws: int) -> float:
        began = time.perf_counter()
        try:
            ask_what_if(self._place, self._actor, self._patient, changes, draws)
        except KinechainError:
            self.unsolved += 1
        return time.perf_counter() - began


def clinician_of(place: Place, patient_id: str) -> Actor:
    """Return the account that made the example clinic."""
    with place.database.reading() as connection:
        row = connection.execute(
            select(patient.c.created_by, patient.c.clinic_id).where(patient.c.id == patient_id)
        ).one()
    return Actor("admin", row.created_by, "Dr Example", row.clinic_id)


if __name__ == "__main__":
    sys.exit(main())
