import threading
from collections.abc import Sequence

import pytest

from faultdesk.adapters.engines.threads import ThreadsEngine
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Job
from faultdesk.errors import TransientError
from faultdesk.handlers import Desk
from faultdesk.pipeline.work import Claim, ClaimedJob, JobState
from pipeline.desk import NOON, PlayedDesk


class Recording:
    """A worker that notes what runs when, on which thread."""

    def __init__(self, desk: PlayedDesk) -> None:
        self.desk = desk
        self.ran: list[tuple[str, int, str]] = []

    def begin(self, job_ids: Sequence[int]) -> Claim:
        return self.desk.performer.begin(job_ids)

    def perform(self, claimed: ClaimedJob) -> None:
        self.ran.append((claimed.lane, claimed.job.id, threading.current_thread().name))
        self.desk.performer.perform(claimed)


def put(desk: PlayedDesk, engine: ThreadsEngine, job: Job, lane: str) -> None:
    with desk.store.write() as tx:
        job_id = tx.jobs.put(job, lane, JobState.SENT, NOON)
        assert job_id is not None
        engine.send(tx, job_id, lane)


def test_a_lane_runs_in_order_on_one_thread(store: SqlStore) -> None:
    desk = PlayedDesk(store, {}, {"test.nothing": lambda job, desk: None})
    worker, engine = Recording(desk), ThreadsEngine(store, threading.Event(), workers=3)
    engine.serve(worker)
    for number in range(60):
        put(desk, engine, Job("test.nothing"), f"lane-{number % 6}")
    engine.join()
    engine.stop(cut=lambda: None)

    assert len(worker.ran) == 60
    for lane in {lane for lane, _, _ in worker.ran}:
        ids = [job_id for ran, job_id, _ in worker.ran if ran == lane]
        assert ids == sorted(ids)
        assert len({thread for ran, _, thread in worker.ran if ran == lane}) == 1


def test_what_the_last_process_left_is_run_at_the_next_start(store: SqlStore) -> None:
    desk = PlayedDesk(store, {}, {"test.nothing": lambda job, desk: None})
    left = ThreadsEngine(store, threading.Event())
    put(desk, left, Job("test.nothing"), "lane")
    worker, engine = Recording(desk), ThreadsEngine(store, threading.Event())

    engine.serve(worker)
    engine.join()
    engine.stop(cut=lambda: None)

    assert len(worker.ran) == 1


def test_a_job_whose_commit_was_never_answered_is_run_all_the_same(store: SqlStore) -> None:
    desk = PlayedDesk(store, {}, {"test.nothing": lambda job, desk: None})
    worker, engine = Recording(desk), ThreadsEngine(store, threading.Event())
    engine.serve(worker)
    with store.write() as tx:
        tx.jobs.put(Job("test.nothing"), "lane", JobState.SENT, NOON)

    engine.give_what_was_lost()
    engine.join()
    engine.stop(cut=lambda: None)

    assert len(worker.ran) == 1


def test_what_is_under_way_is_not_lost(store: SqlStore) -> None:
    begun, may_end = threading.Event(), threading.Event()
    ran: list[int] = []

    def take_long(job: Job, desk: Desk) -> None:
        ran.append(job.id)
        begun.set()
        may_end.wait(10)

    desk = PlayedDesk(store, {}, {"test.long": take_long})
    engine = ThreadsEngine(store, threading.Event(), workers=1)
    engine.serve(desk.performer)
    for _ in range(3):
        put(desk, engine, Job("test.long"), "lane")
    assert begun.wait(10)

    engine.give_what_was_lost()
    assert engine.waiting() == 3
    may_end.set()
    engine.join()
    engine.stop(cut=lambda: None)

    assert sorted(ran) == ran
    assert len(ran) == 3


def test_a_stopped_engine_begins_nothing_more(store: SqlStore) -> None:
    desk = PlayedDesk(store, {}, {"test.nothing": lambda job, desk: None})
    stopping = threading.Event()
    worker, engine = Recording(desk), ThreadsEngine(store, stopping)
    engine.serve(worker)
    engine.stop(cut=lambda: None)

    put(desk, engine, Job("test.nothing"), "lane")

    assert worker.ran == []
    with pytest.raises(TransientError, match="a worker ended"):
        engine.join()


def test_join_waits_for_what_a_job_of_another_lane_decides(store: SqlStore) -> None:
    def hand_on(job: Job, desk: Desk) -> None:
        for number in range(4):
            desk.put(Job("test.end", name=f"{job.id}/{number}"))

    ended: list[int] = []
    functions = {"test.begin": hand_on, "test.end": lambda job, desk: ended.append(job.id)}
    desk = PlayedDesk(store, {}, functions)
    engine = ThreadsEngine(store, threading.Event(), workers=4)
    desk.ledger._engine = engine  # noqa: SLF001 - the played desk has one of its own
    engine.serve(desk.performer)
    for number in range(1, 11):
        put(desk, engine, Job("test.begin"), f"lane-{number}")
        engine.join()

        assert len(ended) == 4 * number
    engine.stop(cut=lambda: None)
