"""The queue of jobs: one lease at a time, one end each, one job per key."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from kinechain.store import jobs
from kinechain.store.jobs import Job, Kept

if TYPE_CHECKING:
    from web_fixtures import Clinics

KINDS = ("assess", "inspect")


class Queue:
    """The queue of the own clinic's patient."""

    def __init__(self, clinics: "Clinics") -> None:
        self.clinics = clinics
        self.database = clinics.place.database

    def add(self, key: str = "k", kind: str = "assess", patient: str = "") -> Job:
        with self.database.writing() as connection:
            return jobs.add_job(
                connection,
                clinic_id=self.clinics.own.id,
                patient_id=patient or self.clinics.patient,
                kind=kind,
                key=key,
                input={"files": ["f"]},
                by="account:x",
            )

    def lease(self, worker: str = "w", kinds: tuple[str, ...] = KINDS, seconds: float = 60) -> Job | None:
        return jobs.lease(self.database, worker, kinds, seconds)

    def leased(self, worker: str = "w", seconds: float = 60) -> Job:
        found = self.lease(worker, seconds=seconds)
        assert found is not None
        return found

    def at(self, job: Job) -> Job:
        with self.database.reading() as connection:
            found = jobs.find_job(connection, job.id)
        assert found is not None
        return found

    def cancel(self, job: Job) -> Job | None:
        with self.database.writing() as connection:
            return jobs.ask_cancel(connection, job.id)


@pytest.fixture
def queue(each_clinic: "Clinics") -> Iterator[Queue]:
    yield Queue(each_clinic)


def test_a_job_goes_from_queued_over_running_to_done(queue: Queue) -> None:
    added = queue.add()
    assert (added.state, added.input, added.attempts) == ("queued", {"files": ["f"]}, 0)
    leased = queue.leased()
    assert (leased.id, leased.state, leased.worker, leased.attempts) == (added.id, "running", "w", 1)
    jobs.tell_step(queue.database, leased.id, "w", "s" * 300)
    assert queue.at(leased).step == "s" * 200
    kept = Kept("report.html", "text/html", "0" * 64, 12)
    assert jobs.finish(queue.database, leased, [kept])
    done = queue.at(leased)
    assert (done.state, done.is_open, done.step) == ("done", False, "")
    assert done.finished_at is not None
    with queue.database.reading() as connection:
        assert jobs.outputs_of(connection, done.id) == (kept,)
        assert jobs.jobs_of(connection, queue.clinics.patient) == (done,)
        assert jobs.jobs_of(connection, queue.clinics.patient, "inspect") == ()


def test_the_oldest_comes_first_and_only_of_the_kinds_asked_for(queue: Queue) -> None:
    first, other, second = queue.add("1"), queue.add("2", "inspect"), queue.add("3")
    assert [queue.leased(f"w{n}").id for n in range(2)] == [first.id, other.id]
    assert queue.lease("w9", ("inspect",)) is None
    assert queue.leased().id == second.id
    assert queue.lease() is None


def test_one_key_stands_for_one_job_until_it_fails(queue: Queue) -> None:
    first = queue.add()
    assert queue.add().id == first.id
    assert queue.add(patient=queue.clinics.own.new_patient).id != first.id
    running = queue.leased()
    assert queue.add().id == running.id
    assert jobs.fail(queue.database, running, "no markers")
    again = queue.add()
    assert again.id != first.id
    assert jobs.finish(queue.database, next(j for j in (queue.leased(), queue.leased()) if j.id == again.id), [])
    assert queue.add().id == again.id


def test_many_who_ask_at_once_get_one_job_and_one_worker_gets_it(queue: Queue) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({job.id for job in pool.map(lambda _: queue.add(), range(16))}) == 1
        leased = [job for job in pool.map(lambda n: queue.lease(f"w{n}"), range(16)) if job]
    assert len(leased) == 1


def test_workers_beside_each_other_take_every_job_once(queue: Queue) -> None:
    added = {queue.add(str(n)).id for n in range(20)}

    def work(name: int) -> list[str]:
        done = []
        while job := queue.lease(f"w{name}"):
            assert jobs.finish(queue.database, job, [])
            done.append(job.id)
        return done

    with ThreadPoolExecutor(4) as pool:
        taken = [job for some in pool.map(work, range(4)) for job in some]
    assert sorted(taken) == sorted(added)


def test_a_lease_that_ended_goes_to_another_and_the_first_can_not_finish(queue: Queue) -> None:
    queue.add()
    late = queue.leased("slow", seconds=-1)
    second = queue.leased("quick")
    assert (second.id, second.attempts) == (late.id, 2)
    assert jobs.renew(queue.database, late, 60) == "lost"
    assert jobs.wanted(queue.database, late) == "lost"
    called = []
    output = Kept("a", "text/plain", "0" * 64, 1)
    assert not jobs.finish(queue.database, late, [output], lambda connection, job: called.append(job))
    assert not jobs.fail(queue.database, late, "x")
    assert not jobs.give_back(queue.database, late)
    jobs.let_go(queue.database, late)
    assert queue.at(late).worker == "quick"
    assert jobs.finish(queue.database, second, [output], lambda connection, job: called.append(job))
    assert not jobs.finish(queue.database, second, [output])
    assert called == [second]


def test_the_same_worker_knows_its_new_lease_from_the_one_it_lost(queue: Queue) -> None:
    queue.add()
    before = queue.leased(seconds=-1)
    after = queue.leased()
    assert not jobs.finish(queue.database, before, [])
    assert jobs.finish(queue.database, after, [])


def test_a_renewed_lease_holds(queue: Queue) -> None:
    queue.add()
    leased = queue.leased(seconds=-1)
    assert jobs.renew(queue.database, leased, 60) == "held"
    assert queue.lease("other") is None
    renewed = queue.at(leased).leased_until
    assert renewed is not None and leased.leased_until is not None
    assert renewed - leased.leased_until > timedelta(seconds=50)


def test_work_that_dies_three_times_is_not_tried_again(queue: Queue) -> None:
    added = queue.add()
    for _ in range(3):
        assert queue.at(added).state == "queued"
        jobs.let_go(queue.database, queue.leased())
    failed = queue.at(added)
    assert (failed.state, failed.attempts) == ("failed", 3)
    assert "check the file and ask again" in failed.fault
    assert queue.lease() is None


def test_a_job_whose_worker_always_dies_ends_as_well(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    added = queue.add()
    monkeypatch.setattr(jobs, "MOST_ENDED_LEASES", 5)
    for _ in range(5):
        queue.leased(seconds=-1)
    assert queue.lease() is None
    assert queue.at(added).state == "failed"


def test_what_is_given_back_does_not_count(queue: Queue) -> None:
    added = queue.add()
    for _ in range(5):
        assert jobs.give_back(queue.database, queue.leased())
    assert (queue.at(added).state, queue.at(added).attempts) == ("queued", 0)


def test_cancelling(queue: Queue) -> None:
    waiting = queue.cancel(queue.add("1"))
    assert waiting is not None and waiting.state == "cancelled"
    queue.add("2")
    running = queue.leased()
    asked = queue.cancel(running)
    assert asked is not None and (asked.state, asked.is_cancel_asked) == ("running", True)
    assert jobs.wanted(queue.database, running) == "cancel"
    assert jobs.renew(queue.database, running, 60) == "cancel"
    assert jobs.cancel(queue.database, running)
    assert queue.at(running).state == "cancelled"
    for ended in (queue.at(running), waiting):
        assert queue.cancel(ended) == ended
    assert queue.add("2").state == "queued"


def test_a_job_to_be_cancelled_whose_worker_died_is_cancelled(queue: Queue) -> None:
    queue.add()
    running = queue.leased(seconds=-1)
    queue.cancel(running)
    assert queue.lease() is None
    assert queue.at(running).state == "cancelled"


def test_what_follows_a_job_is_written_with_it_or_not_at_all(queue: Queue) -> None:
    queue.add()
    leased = queue.leased()

    def broken(connection: object, job: Job) -> None:
        raise ValueError("the hook fails")

    with pytest.raises(ValueError, match="hook"):
        jobs.finish(queue.database, leased, [Kept("a", "text/plain", "0" * 64, 1)], broken)
    assert queue.at(leased).state == "running"
    with queue.database.reading() as connection:
        assert jobs.outputs_of(connection, leased.id) == ()
