"""The engine of several daemons: procrastinate on the PostgreSQL that holds the ledger.

A lane is a lock of procrastinate's: its jobs run in order and alone, on whichever machine.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, cast
from weakref import WeakKeyDictionary

import procrastinate
import psycopg
import structlog
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.worker import Worker as ProcrastinateWorker

from faultdesk.adapters.engines import lost
from faultdesk.adapters.engines.fenced import FencedJobs, cause_of
from faultdesk.adapters.sql import postgresql
from faultdesk.adapters.sql.postgresql import SILENCE_SECONDS
from faultdesk.adapters.sql.store import SqlStore, SqlTransaction
from faultdesk.errors import DatabaseUnavailableError, TransientError
from faultdesk.pipeline.store import Transaction
from faultdesk.pipeline.work import Worker

log = structlog.get_logger()

_TASK = "faultdesk.perform"
_HEARTBEAT_SECONDS = 2.0
_POLL_SECONDS = 1.0
"""For what no notification told of: what was taken over, or given back."""
_SWEEP_SECONDS, _LOST_SECONDS = 2.0, 60.0
_LOOK_SECONDS = 0.05
_AGAIN_SECONDS = 1
_STOP_SECONDS, _CUT_SECONDS = 3.0, 1.0


class _Given(NamedTuple):
    """One of procrastinate's jobs on its way to a thread and back."""

    number: int
    job_ids: list[int]
    ended: asyncio.Future[BaseException | None]


class ProcrastinateEngine:
    """A worker of procrastinate's in a thread of its own, and threads that run its jobs."""

    def __init__(self, store: SqlStore, stopping: threading.Event, workers: int = 2) -> None:
        self._store = store
        self._stopping = stopping
        self._workers = workers
        self._deferring = procrastinate.App(connector=procrastinate.SyncPsycopgConnector()).job_manager
        self._sent: WeakKeyDictionary[Transaction, dict[str, list[int]]] = WeakKeyDictionary()
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._given: queue.SimpleQueue[_Given | None] = queue.SimpleQueue()
        self._worker: Worker
        self._procrastinate: ProcrastinateWorker | None = None
        self._running: dict[int, _Given] = {}
        """Of procrastinate's jobs."""
        self._unaccounted: set[int] = set()
        self._sweep_at = self._look_for_lost_at = 0.0

    def send(self, tx: Transaction, job_id: int, lane: str) -> None:
        """Deliver once the transaction is committed; what it sends in one lane is delivered together."""
        lanes = self._sent.get(tx)
        if lanes is None:
            lanes = self._sent[tx] = {}
            tx.before_commit(lambda: self._defer(cast("SqlTransaction", tx), self._sent.pop(tx)))
        lanes.setdefault(lane, []).append(job_id)

    def _defer(self, tx: SqlTransaction, lanes: dict[str, list[int]]) -> None:
        jobs = [
            Job(
                queue="faultdesk",
                lock=lane,
                queueing_lock=None,
                task_name=_TASK,
                task_kwargs={"job_ids": list(job_ids)},
            )
            for lane, job_ids in lanes.items()
        ]
        try:
            self._deferring.batch_defer_jobs(jobs, connection=tx.connection.connection.driver_connection)
        except ConnectorException as error:
            if postgresql.is_transient(error.__cause__):
                raise DatabaseUnavailableError(f"database: {error.__cause__}") from error
            raise

    def serve(self, worker: Worker) -> None:
        """Start the worker."""
        lost.require_tables(self._store.database)
        self._worker = worker
        forward_logs()
        for number in range(self._workers):
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True).start()
        self._thread.start()

    def recover(self) -> None:
        """Take over from workers that are gone, and deliver what nobody knows of any more."""
        if time.monotonic() < self._sweep_at:
            return
        self._sweep_at = time.monotonic() + _SWEEP_SECONDS
        mine = self._procrastinate.worker_id if self._procrastinate else None
        # Seen twice: procrastinate fetches a job a moment before it begins here.
        doing = lost.done_by(self._store, mine) - self._running.keys()
        lost.take_over(self._store, mine, doing & self._unaccounted)
        self._unaccounted = doing
        if time.monotonic() >= self._look_for_lost_at:
            self._look_for_lost_at = time.monotonic() + _LOST_SECONDS
            self.give_what_was_lost()

    def give_what_was_lost(self) -> None:
        """Deliver what is noted as sent and procrastinate does not have."""
        with self._store.write() as tx:
            for job_id, lane in lost.unknown(tx):
                self.send(tx, job_id, lane)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                asyncio.run(self._run())
            except (ConnectorException, psycopg.Error, OSError, asyncio.CancelledError) as error:
                log.warning("engine.backing_off", error=cause_of(error))
            self._stopping.wait(_AGAIN_SECONDS)

    async def _run(self) -> None:
        app = procrastinate.App(
            connector=postgresql.make_connector(self._store.database.url, self._workers + 4)
        )
        app.task(name=_TASK, pass_context=True, retry=procrastinate.RetryStrategy(wait=_AGAIN_SECONDS))(
            self._perform
        )
        async with app.open_async():
            self._procrastinate = ProcrastinateWorker(
                app,
                name=None,
                concurrency=self._workers,
                install_signal_handlers=False,
                fetch_job_polling_interval=_POLL_SECONDS,
                update_heartbeat_interval=_HEARTBEAT_SECONDS,
                stalled_worker_timeout=SILENCE_SECONDS,
                shutdown_graceful_timeout=_STOP_SECONDS,
            )
            app.job_manager = FencedJobs(app.connector, self._procrastinate.stop)
            if not self._stopping.is_set():
                await self._procrastinate.run()  # type: ignore[no-untyped-call]

    async def _perform(self, context: procrastinate.JobContext, job_ids: list[int]) -> None:
        """Have jobs of one lane run in a thread that does not keep the process when a server hangs."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[BaseException | None] = loop.create_future()
        number = cast("int", context.job.id)
        given = self._running[number] = _Given(number, job_ids, ended)
        self._given.put(given)
        if error := await ended:
            raise error

    def _work(self) -> None:
        while given := self._given.get():
            outcome = self._work_off(given.job_ids)
            if self._running.get(given.number) is given:  # and not delivered again meanwhile
                del self._running[given.number]
            try:
                given.ended.get_loop().call_soon_threadsafe(_settle, given.ended, outcome)
            except RuntimeError:  # its loop is closed: procrastinate delivers it again
                log.warning("engine.ended_before_its_job", jobs=given.job_ids)

    def _work_off(self, job_ids: list[int]) -> BaseException | None:
        """Run jobs one after the other; return why some are left."""
        waiting = job_ids
        try:
            while waiting:
                claim = self._worker.begin(waiting)
                for claimed in claim.claimed:
                    if self._stopping.is_set():
                        return TransientError("the daemon ends")
                    self._worker.perform(claimed)
                waiting = claim.left
        except Exception as error:  # noqa: BLE001 - procrastinate delivers them again
            return error
        return None

    def is_alive(self) -> bool:
        """Tell whether the worker's thread is still there."""
        return self._thread.is_alive()

    def waiting(self) -> int:
        """Count what was delivered and has not ended, for each daemon that works."""
        return lost.count(self._store)

    def join(self) -> None:
        """Wait until everything delivered so far has been run.

        Raises:
            TransientError: The worker is gone, and what it was given waits for another.
        """
        while self.waiting():
            self.recover()
            if not self.is_alive() or self._stopping.wait(_LOOK_SECONDS):
                raise TransientError("a worker ended before its work; see the log")

    def stop(self, cut: Callable[[], None]) -> None:
        """Let the jobs that run come to their end, and begin no other; then cut off what they still wait for."""
        self._stopping.set()
        if self._procrastinate is not None:
            self._procrastinate.stop()  # type: ignore[no-untyped-call]
        self._thread.join(_STOP_SECONDS)
        cut()
        self._thread.join(_CUT_SECONDS)
        for _ in range(self._workers):
            self._given.put(None)
        if self._thread.is_alive():
            log.warning("worker.left_behind")


def _settle(ended: asyncio.Future[BaseException | None], outcome: BaseException | None) -> None:
    if not ended.done():  # nobody waits any more when the daemon ends
        ended.set_result(outcome)


class _Forward(logging.Handler):
    """Says in our log what a library says in its own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on: at most as a warning, for whatever it is, the next look tries again."""
        log.log(
            min(record.levelno, logging.WARNING), "engine.said", by=record.name, message=record.getMessage()
        )


def forward_logs() -> None:
    """Let the engine's libraries speak through our log, from warnings up."""
    for name in ("procrastinate", "psycopg.pool"):
        library = logging.getLogger(name)
        library.setLevel(logging.WARNING)
        library.propagate = False
        library.handlers = [_Forward()]
