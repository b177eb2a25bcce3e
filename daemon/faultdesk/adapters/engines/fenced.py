"""procrastinate's job manager, in which a worker ends only what is still its own, and outlives a blip of the database."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

log = structlog.get_logger()

_ANSWER_SECONDS = 20.0
_MINE = "WHERE id = %(job)s AND status = 'doing' AND worker_id = %(worker)s RETURNING id"
_END = f"DELETE FROM procrastinate_jobs {_MINE}"  # noqa: S608 - two constants
_GIVE_BACK = (
    f"UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL, attempts = attempts + 1 {_MINE}"  # noqa: S608
)
_BEAT = "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %(worker)s RETURNING id"


class FencedJobs(JobManager):
    """What procrastinate's own does for anybody this does for the worker that a job was given to, and no other.

    A job ends by being deleted, whatever came of it: the ledger knows. `gone` is called when the others have
    taken this worker for dead.
    """

    def __init__(self, connector: BaseConnector, gone: Callable[[], None]) -> None:
        super().__init__(connector)
        self._gone = gone

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Take the next job; none when the database has no answer, and the next poll asks again."""
        try:
            return await asyncio.wait_for(super().fetch_job(queues, worker_id), _ANSWER_SECONDS)
        except (ConnectorException, TimeoutError) as error:
            log.warning("engine.fetch_failed", error=cause_of(error))
            return None

    async def update_heartbeat(self, worker_id: int) -> None:
        """Show that the worker lives, or learn that it does not."""
        try:
            if not await self._execute(_BEAT, worker=worker_id):
                self._gone()
        except (ConnectorException, TimeoutError) as error:
            log.warning("engine.heartbeat_failed", error=cause_of(error))

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002, FBT001 - procrastinate's
        """End a job."""
        await self._settle(_END, job)

    async def retry_job(self, job: Job, *_: Any, **__: Any) -> None:  # noqa: ANN401 - when and where is not asked for
        """Give a job back."""
        await self._settle(_GIVE_BACK, job)

    async def _settle(self, query: str, job: Job) -> None:
        try:
            if not await self._execute(query, job=job.id, worker=job.worker_id):
                log.warning("engine.job_taken_over", job=job.id)
        except (ConnectorException, TimeoutError) as error:
            # It stays noted as ours and not under way, which the next look mends.
            log.warning("engine.settling_failed", job=job.id, error=cause_of(error))

    async def _execute(self, query: str, **arguments: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - parameters
        asked = self.connector.execute_query_all_async(query, **arguments)
        return await asyncio.wait_for(asked, _ANSWER_SECONDS)


def cause_of(error: BaseException) -> str:
    """Say what the database said: procrastinate's own words are the same for everything."""
    cause = error.__cause__ or error
    return str(cause).strip() or type(cause).__name__
