"""What both engines promise: one contract."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from faultdesk.adapters.engines.lost import prepare_tables
from faultdesk.adapters.engines.procrastinate import ProcrastinateEngine
from faultdesk.adapters.engines.threads import ThreadsEngine
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.migrate import migrate
from faultdesk.adapters.sql.presence import Presence
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Job
from faultdesk.errors import ConfigError, TransientError
from faultdesk.handlers import Desk
from faultdesk.pipeline.work import Claim, ClaimedJob, JobState
from pipeline.desk import NOON, PlayedDesk
from servers.postgresql import PostgreSQL
from servers.process import wait_until

AnyEngine = ThreadsEngine | ProcrastinateEngine
MakeEngine = Callable[..., AnyEngine]


@pytest.fixture(params=["threads on sqlite", "threads on postgresql", "procrastinate on postgresql"])
def engines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SqlStore, MakeEngine]]:
    """A store and what makes an engine on it."""
    kind, _, where = request.param.partition(" on ")
    url = (
        f"sqlite:///{tmp_path / 'f.db'}" if where == "sqlite" else request.getfixturevalue("postgresql").url()
    )
    database = Database(url)
    migrate(database, prepare_tables if kind == "procrastinate" else lambda _: None)
    opened = SqlStore(database)
    made: list[AnyEngine] = []

    def make(workers: int = 2) -> AnyEngine:
        of_kind = ThreadsEngine if kind == "threads" else ProcrastinateEngine
        made.append(of_kind(opened, threading.Event(), workers))
        return made[-1]

    yield opened, make
    for engine in made:
        if engine.is_alive():
            engine.stop(cut=lambda: None)
    database.close()


@pytest.fixture
def store(engines: tuple[SqlStore, MakeEngine]) -> SqlStore:
    return engines[0]


@pytest.fixture
def make_engine(engines: tuple[SqlStore, MakeEngine]) -> MakeEngine:
    return engines[1]


class Recording:
    """A worker that notes what runs, and when two jobs of a lane run at once."""

    def __init__(self, desk: PlayedDesk) -> None:
        self.desk = desk
        self.ran: list[tuple[str, int]] = []
        self.running: list[str] = []
        self.overlapped: list[str] = []

    def begin(self, job_ids: Sequence[int]) -> Claim:
        return self.desk.performer.begin(job_ids)

    def perform(self, claimed: ClaimedJob) -> None:
        if claimed.lane in self.running:
            self.overlapped.append(claimed.lane)
        self.running.append(claimed.lane)
        self.ran.append((claimed.lane, claimed.job.id))
        time.sleep(0.001)
        self.desk.performer.perform(claimed)
        self.running.remove(claimed.lane)


def put(desk: PlayedDesk, engine: AnyEngine, job: Job, lane: str) -> None:
    with desk.store.write() as tx:
        job_id = tx.jobs.put(job, lane, JobState.SENT, NOON)
        assert job_id is not None
        engine.send(tx, job_id, lane)


def test_a_lane_runs_in_order_and_alone(store: SqlStore, make_engine: MakeEngine) -> None:
    desk = PlayedDesk(store, {}, {"test.nothing": lambda job, desk: None})
    worker, engine = Recording(desk), make_engine(workers=3)
    engine.serve(worker)
    for number in range(60):
        put(desk, engine, Job("test.nothing"), f"lane-{number % 6}")
    engine.join()
    engine.stop(cut=lambda: None)

    assert len(worker.ran) == 60
    assert worker.overlapped == []
    for lane in {lane for lane, _ in worker.ran}:
        ids = [job_id for ran, job_id in worker.ran if ran == lane]
        assert ids == sorted(ids)


def test_what_belongs_to_no_ticket_keeps_no_ticket_waiting(store: SqlStore, make_engine: MakeEngine) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def take_long(job: Job, desk: Desk) -> None:
        begun.set()
        may_end.wait(60)

    desk = PlayedDesk(store, {}, {"test.long": take_long, "test.nothing": lambda job, desk: None})
    engine = make_engine(workers=2)
    engine.serve(desk.performer)
    put(desk, engine, Job("test.long"), "job/test.long")
    assert begun.wait(10)

    for number in range(8):
        put(desk, engine, Job("test.nothing"), f"ticket/{number}")

    wait_until(lambda: _left(store) == 1, "the tickets' jobs are done")
    may_end.set()
    engine.join()


def _left(store: SqlStore) -> int:
    with store.read() as tx:
        return len(tx.jobs.sent())


def test_what_the_last_process_left_is_run_at_the_next_start(
    store: SqlStore, make_engine: MakeEngine
) -> None:
    desk = PlayedDesk(store, {}, {"test.nothing": lambda job, desk: None})
    left = make_engine()
    put(desk, left, Job("test.nothing"), "lane")
    worker, engine = Recording(desk), make_engine()

    engine.serve(worker)
    engine.join()
    engine.stop(cut=lambda: None)

    assert len(worker.ran) == 1


def test_a_job_whose_commit_was_never_answered_is_run_all_the_same(
    store: SqlStore, make_engine: MakeEngine
) -> None:
    desk = PlayedDesk(store, {}, {"test.nothing": lambda job, desk: None})
    worker, engine = Recording(desk), make_engine()
    engine.serve(worker)
    with store.write() as tx:
        tx.jobs.put(Job("test.nothing"), "lane", JobState.SENT, NOON)

    engine.give_what_was_lost()
    engine.join()
    engine.stop(cut=lambda: None)

    assert len(worker.ran) == 1


def test_what_is_under_way_is_not_lost(store: SqlStore, make_engine: MakeEngine) -> None:
    begun, may_end = threading.Event(), threading.Event()
    ran: list[int] = []

    def take_long(job: Job, desk: Desk) -> None:
        ran.append(job.id)
        begun.set()
        may_end.wait(10)

    desk = PlayedDesk(store, {}, {"test.long": take_long})
    engine = make_engine(workers=1)
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


def test_a_stopped_engine_begins_nothing_more(store: SqlStore, make_engine: MakeEngine) -> None:
    desk = PlayedDesk(store, {}, {"test.nothing": lambda job, desk: None})
    worker, engine = Recording(desk), make_engine()
    engine.serve(worker)
    engine.stop(cut=lambda: None)

    put(desk, engine, Job("test.nothing"), "lane")

    assert worker.ran == []
    with pytest.raises(TransientError, match="a worker ended"):
        engine.join()


def test_join_waits_for_what_a_job_of_another_lane_decides(store: SqlStore, make_engine: MakeEngine) -> None:
    def hand_on(job: Job, desk: Desk) -> None:
        for number in range(4):
            desk.put(Job("test.end", name=f"{job.id}/{number}"))

    ended: list[int] = []
    functions = {"test.begin": hand_on, "test.end": lambda job, desk: ended.append(job.id)}
    desk = PlayedDesk(store, {}, functions)
    engine = make_engine(workers=4)
    desk.ledger._engine = engine  # noqa: SLF001 - the played desk has one of its own
    engine.serve(desk.performer)
    for number in range(1, 11):
        put(desk, engine, Job("test.begin"), f"lane-{number}")
        engine.join()

        assert len(ended) == 4 * number
    engine.stop(cut=lambda: None)


class Peek:
    """Looks into procrastinate's tables, and does there what another daemon would."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def __call__(self, statement: str) -> list[Any]:
        with self._store.database.write() as connection:
            result = connection.exec_driver_sql(statement)
            return list(result.scalars()) if result.returns_rows else []


@pytest.fixture
def prepared(postgresql: PostgreSQL) -> Iterator[SqlStore]:
    database = Database(postgresql.url())
    migrate(database, prepare_tables)
    yield SqlStore(database)
    database.close()


@pytest.fixture
def procrastinated(prepared: SqlStore) -> Iterator[tuple[SqlStore, ProcrastinateEngine]]:
    engine = ProcrastinateEngine(prepared, threading.Event(), 2)
    yield prepared, engine
    engine.stop(cut=lambda: None)


def test_a_heart_that_missed_a_beat_goes_on(
    procrastinated: tuple[SqlStore, ProcrastinateEngine], capsys: pytest.CaptureFixture[str]
) -> None:
    store, engine = procrastinated
    peek = Peek(store)
    engine.serve(PlayedDesk(store, {}).performer)
    wait_until(lambda: bool(peek("SELECT id FROM procrastinate_workers")), "it signs on")

    peek("ALTER TABLE procrastinate_workers RENAME TO away")
    wait_until(lambda: "engine.heartbeat_failed" in capsys.readouterr().out, "a beat is missed")
    peek("ALTER TABLE away RENAME TO procrastinate_workers")
    (before,) = peek("SELECT last_heartbeat FROM procrastinate_workers")

    wait_until(lambda: peek("SELECT last_heartbeat FROM procrastinate_workers") > [before], "it beats again")


def test_a_look_for_jobs_that_failed_is_followed_by_another(
    procrastinated: tuple[SqlStore, ProcrastinateEngine], capsys: pytest.CaptureFixture[str]
) -> None:
    store, engine = procrastinated
    peek = Peek(store)
    done = threading.Event()
    desk = PlayedDesk(store, {}, {"test.do": lambda _job, _desk: done.set()})
    engine.serve(desk.performer)
    wait_until(lambda: bool(peek("SELECT id FROM procrastinate_workers")), "it signs on")

    peek("ALTER TABLE procrastinate_jobs RENAME TO away")
    wait_until(lambda: "engine.fetch_failed" in capsys.readouterr().out, "a look fails")
    peek("ALTER TABLE away RENAME TO procrastinate_jobs")
    put(desk, engine, Job("test.do"), "lane")

    assert done.wait(10)


def test_a_delivery_whose_end_could_not_be_written_is_ended_later(
    procrastinated: tuple[SqlStore, ProcrastinateEngine], capsys: pytest.CaptureFixture[str]
) -> None:
    store, engine = procrastinated
    peek = Peek(store)
    begun, may_end, performed = threading.Event(), threading.Event(), []

    def do(_job: Job, _desk: Desk) -> None:
        begun.set()
        may_end.wait(10)
        performed.append(1)

    desk = PlayedDesk(store, {}, {"test.do": do})
    engine.serve(desk.performer)
    put(desk, engine, Job("test.do"), "lane")
    assert begun.wait(10)

    peek("ALTER TABLE procrastinate_jobs RENAME TO away")
    may_end.set()
    wait_until(lambda: "engine.settling_failed" in capsys.readouterr().out, "its end is not written")
    peek("ALTER TABLE away RENAME TO procrastinate_jobs")

    def is_ended() -> bool:
        engine.recover()
        return not engine.waiting()

    wait_until(is_ended, "it is ended")
    assert performed == [1]


def test_what_older_daemons_need_is_not_taken_away_while_they_live(prepared: SqlStore) -> None:
    peek = Peek(prepared)
    (at,) = peek("SELECT engine FROM schema")
    peek("UPDATE schema SET engine = '03.04.00_01_pre'")
    member = Presence(prepared, ["east"], alone=False)
    member.join()

    with pytest.raises(ConfigError, match=rf"procrastinate takes away .* stop .*pid {os.getpid()}"):
        migrate(prepared.database, prepare_tables)

    member.leave()
    peek(f"UPDATE schema SET engine = '{at}'")  # noqa: S608 - its own
    migrate(prepared.database, prepare_tables)


def test_an_older_version_does_not_forget_how_far_the_tables_are(prepared: SqlStore) -> None:
    peek = Peek(prepared)
    peek("UPDATE schema SET engine = '99.00.00_01_pre'")

    migrate(prepared.database, prepare_tables)

    assert peek("SELECT engine FROM schema") == ["99.00.00_01_pre"]


def test_a_worker_that_was_taken_for_dead_signs_on_anew(
    procrastinated: tuple[SqlStore, ProcrastinateEngine],
) -> None:
    store, engine = procrastinated
    peek = Peek(store)
    engine.serve(PlayedDesk(store, {}).performer)
    wait_until(lambda: bool(peek("SELECT id FROM procrastinate_workers")), "it signs on")
    (worker,) = peek("DELETE FROM procrastinate_workers RETURNING id")

    wait_until(lambda: any(one != worker for one in peek("SELECT id FROM procrastinate_workers")), "anew")


def test_a_worker_that_wakes_ends_no_delivery_that_another_is_at(
    procrastinated: tuple[SqlStore, ProcrastinateEngine],
) -> None:
    store, engine = procrastinated
    peek = Peek(store)
    begun, may_end = threading.Event(), threading.Event()

    def take_long(job: Job, desk: Desk) -> None:
        begun.set()
        may_end.wait(10)

    desk = PlayedDesk(store, {}, {"test.long": take_long})
    engine.serve(desk.performer)
    put(desk, engine, Job("test.long"), "lane")
    assert begun.wait(10)
    (other,) = peek(
        "WITH other AS (INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id) SELECT id FROM other"
    )
    peek("UPDATE procrastinate_jobs SET worker_id = (SELECT max(id) FROM procrastinate_workers)")
    may_end.set()
    put(desk, engine, Job("test.long"), "another lane")
    wait_until(lambda: peek("SELECT count(*) FROM job") == [0], "both jobs are done")
    wait_until(lambda: peek("SELECT count(*) FROM procrastinate_jobs") == [1], "the second delivery ends")

    assert peek("SELECT status::text FROM procrastinate_jobs") == ["doing"]
    assert peek("SELECT worker_id FROM procrastinate_jobs") == [other]
