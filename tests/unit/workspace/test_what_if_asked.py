"""What-ifs by processes that keep a person standing: answers, limits, the newest first, nothing for the locked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from kinechain.chain.change import kinds, parse_change
from kinechain.core.errors import InputError, SettingError, SolveError
from kinechain.workspace.case import change_person, read_case
from kinechain.workspace.own_data import delete_everything
from kinechain.workspace.what_if import (
    SLIDERS,
    SupersededError,
    UnansweredError,
    _Pool,
    ask_what_if,
    end_processes,
)

if TYPE_CHECKING:
    from web_fixtures import Clinics


@pytest.fixture(autouse=True)
def no_process_stays() -> Iterator[None]:
    yield
    end_processes()


@pytest.mark.parametrize("slider", SLIDERS, ids=lambda slider: slider.kind)
def test_every_slider_stays_within_what_its_change_takes(slider: Any) -> None:
    kind = kinds()[slider.kind]
    for side in slider.sides:
        for amount in (slider.low, slider.high, slider.neutral):
            assert parse_change(slider.change(side, amount)).kind == slider.kind
        assert parse_change(slider.change(side, slider.neutral)).is_neutral
    assert slider.neutral == kind.neutral and slider.low <= slider.neutral <= slider.high


def test_answers_come_from_a_person_who_stands_already(clinic: Clinics) -> None:
    def ask(*changes: str, draws: int = 60) -> dict[str, Any]:
        return ask_what_if(clinic.place, clinic.actor(), clinic.patient, changes, draws)

    now = ask()
    assert {row["id"] for row in now["loads"]} >= {"l5_s1_compression"}
    assert not now["links"] and not now["has_recording"]
    times = []
    for degrees in (2, 4, 6):
        begun = time.perf_counter()
        answer = ask(f"wedge left {degrees} raise=lateral")
        times.append(time.perf_counter() - begun)
    assert min(times) < 1.0
    heel = next(row for row in answer["links"] if row["id"] == "calcaneus_eversion_left")
    assert heel["is_sure"] and 1 < heel["value"] < 7 and heel["low"] < heel["value"] < heel["high"]
    assert all(
        row["before"]["value"] is not None and row["after"]["low"] <= row["after"]["high"] for row in answer["loads"]
    )
    assert ask("wedge left 6 raise=lateral")["links"] == answer["links"]
    for wrong, words in (
        (("wedge left 99 raise=lateral",), "wedge"),
        (("wege left 3",), "wedge"),
        (("lift left 3",) * 21, "up to 20"),
        (("lift left " + "3" * 300,), "up to 20"),
    ):
        with pytest.raises(SettingError, match=words):
            ask(*wrong)
    with pytest.raises(SettingError, match="draws"):
        ask(draws=10_000)
    # Locked from now on: asked of the answers of now, also where the person stands ready.
    with clinic.place.database.writing() as connection:
        change_person(connection, clinic.actor(), clinic.patient, lambda p: replace(p, screen={}), "write intake")
    with pytest.raises(UnansweredError, match="danger signs"):
        ask("lift left 3")


def test_a_newer_question_takes_the_place_of_one_that_waits(clinic: Clinics, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    asked = []

    class Slow:
        is_alive = True

        def __init__(self, _: object) -> None: ...

        def ask(self, question: dict[str, Any]) -> dict[str, Any]:
            asked.append(question["number"])
            begun.set()
            go_on.wait(10)
            return question

        def end(self) -> None: ...

    monkeypatch.setattr("kinechain.workspace.what_if._Process", Slow)
    pool = _Pool(clinic.place, 1)
    found: dict[int, object] = {}

    def ask(number: int, who: str = "a") -> None:
        try:
            found[number] = pool.ask(who, {"number": number})
        except InputError as error:
            found[number] = type(error)

    threads = [threading.Thread(target=ask, args=(1,))]
    threads[0].start()
    assert begun.wait(10)
    for number, who in ((2, "a"), (3, "a"), (4, "b")):
        thread = threading.Thread(target=ask, args=(number, who))
        thread.start()
        threads.append(thread)
        time.sleep(0.1)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert found[2] is SupersededError
    assert {found[n]["number"] for n in (1, 3, 4)} == {1, 3, 4}  # type: ignore[index]
    assert 2 not in asked


def test_a_fault_is_told_by_its_kind_and_not_by_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    import kinechain.workspace.what_if_work as work

    def broken(*_: Any, **__: Any) -> None:
        raise KeyError("Petra Muster")

    monkeypatch.setattr(work, "answer", broken)
    question: Any = {"patient_id": "p", "changes": [], "draws": 60, "is_document": False}
    assert work._answered(None, question) == {"fault": "a fault of this program, please report it (KeyError)"}  # type: ignore[arg-type]


def test_while_a_slider_moves_the_search_is_short_and_what_it_refuses_is_searched_again(
    clinic: Clinics, monkeypatch: pytest.MonkeyPatch
) -> None:
    import kinechain.workspace.what_if_work as work

    searched: list[tuple[int, ...]] = []
    true_respond = work.respond

    def noted(*given: Any, **named: Any) -> Any:
        searched.append(tuple(named["ways"]))
        if falls and len(searched) == 1:
            raise SolveError("they fall")
        return true_respond(*given, **named)

    monkeypatch.setattr(work, "respond", noted)
    falls = False
    moving = work.answer(clinic.place, clinic.patient, ["lift left 6mm"], 60)
    assert searched == [work.SHORTLY]
    assert len(work.SHORTLY) < len(work.WAYS)
    searched.clear()
    falls = True
    again = work.answer(clinic.place, clinic.patient, ["lift left 6mm"], 60)
    assert searched == [work.SHORTLY, work.WAYS]
    assert again["links"] == moving["links"]
    assert again["links"]
    searched.clear()
    falls = False
    work.answer(clinic.place, clinic.patient, ["lift left 6mm"], 200)
    assert searched == [work.WAYS]
    work._KEPT.clear()


def test_processes_end_once_people_are_to_be_forgotten_also_one_that_answers(
    clinic: Clinics, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Idle] = []
    begun, go_on = threading.Event(), threading.Event()

    class Idle:
        def __init__(self, _: object) -> None:
            self.is_alive = True
            made.append(self)

        def ask(self, question: dict[str, Any]) -> dict[str, Any]:
            begun.set()
            go_on.wait(10)
            return question

        def end(self) -> None:
            self.is_alive = False

    monkeypatch.setattr("kinechain.workspace.what_if._Process", Idle)
    pool = _Pool(clinic.place, 1)
    asking = threading.Thread(target=pool.ask, args=("a", {}))
    asking.start()
    assert begun.wait(10)
    pool.end()
    go_on.set()
    asking.join(10)
    assert [process.is_alive for process in made] == [False]
    assert pool.ask("a", {"number": 2}) == {"number": 2}
    assert [process.is_alive for process in made] == [False, True]
    pool.end()
    assert [process.is_alive for process in made] == [False, False]
    assert pool.ask("b", {"number": 3}) == {"number": 3}


def test_who_was_erased_stands_nowhere(clinic: Clinics, monkeypatch: pytest.MonkeyPatch) -> None:
    import kinechain.workspace.what_if_work as work

    monkeypatch.setattr(work, "_stood", lambda *_: object())
    work._KEPT.clear()
    with clinic.place.database.reading() as connection:
        cases = [read_case(connection, id) for id in (clinic.patient, clinic.own.new_patient)]
    for case in cases:
        work._stand(clinic.place, case, (), 60)
    work._forget_erased(clinic.place)
    assert [key[0] for key in work._KEPT] == [clinic.patient, clinic.own.new_patient]
    told: list[object] = []
    monkeypatch.setattr("kinechain.workspace.own_data.forget_people", told.append)
    delete_everything(clinic.place, clinic.actor("patient"), "delete")
    assert told == [clinic.place]
    # A process of another part of the server hears nothing of it and looks for itself.
    work._forget_erased(clinic.place)
    assert [key[0] for key in work._KEPT] == [clinic.own.new_patient]
    work._KEPT.clear()
