"""The default engine: threads of this process, nothing to install."""

import contextlib
import queue
import threading
import time
import zlib
from collections.abc import Callable

import structlog

from faultdesk.errors import SupersededError, TransientError
from faultdesk.pipeline.store import Store, Transaction
from faultdesk.pipeline.work import Claim, Worker

log = structlog.get_logger()

_LOOK_SECONDS = 1.0
_AGAIN_SECONDS = 1.0
_LOST_SECONDS = 60.0
_STOP_SECONDS, _CUT_SECONDS = 3.0, 1.0
"""A mail that is being sent may take so long; then its server is given up, and the mail goes out later."""
_BATCH = 32
"""Jobs begun in one transaction: the more, the fewer commits, and the more that a kill counts an attempt of."""


class ThreadsEngine:
    """A lane always lands on the same thread, so its jobs are in order and alone.

    What belongs to no ticket has one more thread for itself: an audit or a scanner takes its time, and no
    client's mail stands behind it.
    """

    def __init__(self, store: Store, stopping: threading.Event, workers: int = 2) -> None:
        self._store = store
        self._stopping = stopping
        self._queues: list[queue.Queue[int | None]] = [queue.Queue() for _ in range(workers + 1)]
        self._threads: list[threading.Thread] = []
        self._given: set[int] = set()
        """What was delivered and has not ended."""
        self._look_for_lost_at = time.monotonic() + _LOST_SECONDS

    def send(self, tx: Transaction, job_id: int, lane: str) -> None:
        """Deliver once the transaction is committed."""
        tx.after_commit(lambda: self._give(job_id, lane))

    def _give(self, job_id: int, lane: str) -> None:
        self._given.add(job_id)
        *shared, aside = self._queues
        (aside if lane.startswith("job/") else shared[zlib.crc32(lane.encode()) % len(shared)]).put(job_id)

    def serve(self, worker: Worker) -> None:
        """Start the threads, with what the last process was given and did not finish first."""
        self.give_what_was_lost()
        self._threads = [
            # Daemons: when the process ends, one that hangs on a server does not keep it.
            threading.Thread(target=self._work, args=(given, worker), name=f"worker-{number}", daemon=True)
            for number, given in enumerate(self._queues)
        ]
        for thread in self._threads:
            thread.start()

    def recover(self) -> None:
        """Look every minute for what was lost: each look reads through all that waits."""
        if time.monotonic() >= self._look_for_lost_at:
            self._look_for_lost_at = time.monotonic() + _LOST_SECONDS
            self.give_what_was_lost()

    def give_what_was_lost(self) -> None:
        """Deliver what is noted as sent and never came: a commit was done whose answer was lost.

        Given twice a job runs once: the second time, behind the first on the same thread, it is not there any more.
        """
        with self._store.read() as tx:
            lost = [(job_id, lane) for job_id, lane in tx.jobs.sent() if job_id not in self._given]
        for job_id, lane in lost:
            self._give(job_id, lane)

    def _work(self, given: queue.Queue[int | None], worker: Worker) -> None:
        waiting: list[int] = []
        try:
            while not self._stopping.is_set() and self._take(given, waiting):
                claim = self._begin(worker, waiting)
                for claimed in claim.claimed:
                    if self._stopping.is_set():
                        return
                    worker.perform(claimed)
                self._given.difference_update(set(waiting).difference(claim.left))
                for _ in range(len(waiting) - len(claim.left)):
                    given.task_done()
                waiting = claim.left
        except TransientError as error:
            log.warning("worker.stopped_waiting", error=str(error))

    def _begin(self, worker: Worker, waiting: list[int]) -> Claim:
        try:
            return worker.begin(waiting)
        except SupersededError as error:
            # The only daemon takes its place again, and begins what waits; or it ends.
            log.warning("worker.without_a_place", error=str(error))
            self._stopping.wait(_AGAIN_SECONDS)
            return Claim([], waiting)

    @staticmethod
    def _take(given: queue.Queue[int | None], waiting: list[int]) -> bool:
        """Fill up what waits, in order, blocking only for the first; false when the end was given."""
        while len(waiting) < _BATCH:
            try:
                job_id = given.get(block=not waiting)
            except queue.Empty:
                return True
            if job_id is None:
                return False
            waiting.append(job_id)
        return True

    def is_alive(self) -> bool:
        """Tell whether every worker is still there."""
        return all(thread.is_alive() for thread in self._threads)

    def waiting(self) -> int:
        """Count what was delivered and has not ended."""
        return sum(given.unfinished_tasks for given in self._queues)

    def join(self) -> None:
        """Wait until everything delivered so far has been run.

        Raises:
            TransientError: A worker is gone, and what it was given waits for the next start.
        """
        while unfinished := self._unfinished():
            with unfinished.all_tasks_done:
                if unfinished.unfinished_tasks:
                    unfinished.all_tasks_done.wait(_LOOK_SECONDS)
            if not self.is_alive():
                raise TransientError("a worker ended before its work; see the log")

    def _unfinished(self) -> queue.Queue[int | None] | None:
        """Find a queue that is not done; looked at all at once, for a job of one may be decided in another."""
        with contextlib.ExitStack() as looking:
            for given in self._queues:
                looking.enter_context(given.mutex)
            return next((given for given in self._queues if given.unfinished_tasks), None)

    def stop(self, cut: Callable[[], None]) -> None:
        """Let the workers end the job they are at, and no other; then cut off what they still wait for."""
        self._stopping.set()
        for given in self._queues:
            given.put(None)
        self._ended_within(_STOP_SECONDS)
        cut()
        if not self._ended_within(_CUT_SECONDS):
            # As after a kill: what it was at is begun again at the next start.
            log.warning("worker.left_behind")

    def _ended_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)
