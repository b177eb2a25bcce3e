"""What of the ledger's jobs procrastinate has, in SQL; its tables, and what of them nobody works on any more."""

import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from procrastinate.schema import SchemaManager
from sqlalchemy import func, select

from faultdesk.adapters.sql.daemons import LIVING, name_of
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.postgresql import SILENCE_SECONDS
from faultdesk.adapters.sql.store import SqlStore, SqlTransaction
from faultdesk.adapters.sql.tables import job, schema
from faultdesk.errors import ConfigError
from faultdesk.pipeline.work import JobState

_SWEEPING = 0x_FA_17_DE_5D
"""Any number will do that no other program on the database takes for an advisory lock."""

_COUNT = sa.text(
    """SELECT coalesce(sum(jsonb_array_length(args -> 'job_ids')), 0), (
      SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :silence))
    FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"""
).bindparams(silence=SILENCE_SECONDS)
_DONE_BY = sa.text("SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = :worker")
# A worker that is silent counts as gone; one that ended took its number along.
_TAKE_OVER = sa.text(
    """UPDATE procrastinate_jobs AS job SET status = 'todo', worker_id = NULL, attempts = attempts + 1
    WHERE status = 'doing' AND (job.worker_id = :mine AND job.id = ANY(:left) OR NOT EXISTS (
      SELECT FROM procrastinate_workers AS worker WHERE worker.id = job.worker_id
      AND last_heartbeat > now() - make_interval(secs => :silence)))"""
).bindparams(silence=SILENCE_SECONDS)
_KNOWN = sa.text(
    """SELECT jsonb_array_elements(args -> 'job_ids')::bigint AS id FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing')"""
).columns(id=sa.BigInteger)
# Fetching a job asks whether another of its lock comes first: without an index it reads through all that wait.
# Rows live for seconds: what they leave behind is cleared away by number, not by share.
_TUNING = (
    """CREATE INDEX IF NOT EXISTS faultdesk_procrastinate_lock ON procrastinate_jobs (lock)
    WHERE status IN ('todo', 'doing')""",
    """ALTER TABLE procrastinate_jobs
    SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)""",
)


def prepare_tables(connection: sa.Connection) -> None:
    """Make procrastinate's tables, or bring them to the version that is installed."""
    revisions = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    at = connection.scalar(select(schema.c.engine))
    driver: Any = connection.connection.driver_connection
    if at is None:
        driver.execute(SchemaManager.get_schema().encode())
        at = revisions[-1].stem
    missing = [revision for revision in revisions if revision.stem > at]
    if any("_post_" in revision.stem for revision in missing):
        _refuse_living(connection)
    for revision in missing:
        driver.execute(revision.read_bytes())
    for statement in _TUNING:
        connection.exec_driver_sql(statement)
    connection.execute(schema.update().values(engine=max(at, revisions[-1].stem)))


def _refuse_living(connection: sa.Connection) -> None:
    """Refuse procrastinate's second kind of revisions, under which its version before does not work."""
    if living := connection.execute(LIVING).all():
        names = "; ".join(map(name_of, living))
        raise ConfigError(
            f"database: this version's procrastinate takes away what older ones need; stop {names}"
        )


def require_tables(database: Database) -> None:
    """Refuse to work without procrastinate's tables.

    Raises:
        ConfigError: They were never made.
    """
    with database.read() as connection:
        if connection.scalar(select(schema.c.engine)) is None:
            raise ConfigError(
                "database: has no tables for jobs.engine procrastinate; run `faultdesk migrate`"
            )


def count(store: SqlStore) -> int:
    """Count the jobs of the ledger that procrastinate has for each of its workers, rounded up."""
    with store.database.read() as connection:
        jobs, workers = connection.execute(_COUNT).one()
    return math.ceil(int(jobs) / max(1, int(workers)))


def done_by(store: SqlStore, worker: int | None) -> set[int]:
    """List which of its own jobs procrastinate takes this worker to be at."""
    with store.database.read() as connection:
        return set(connection.scalars(_DONE_BY, {"worker": worker}))


def take_over(store: SqlStore, mine: int | None, left: Collection[int]) -> None:
    """Let what a worker that is gone was at be done again, and what is `left` of `mine`."""
    with store.database.write() as connection:
        # One daemon at a time: what another took over a moment ago is not abandoned.
        if connection.scalar(select(func.pg_try_advisory_xact_lock(_SWEEPING))):
            connection.execute(_TAKE_OVER, {"mine": mine, "left": list(left)})


def unknown(tx: SqlTransaction) -> list[tuple[int, str]]:
    """List what the ledger has sent and procrastinate does not have, in order."""
    rows = tx.connection.execute(
        select(job.c.id, job.c.lane)
        .where(job.c.state == JobState.SENT, job.c.id.not_in(_KNOWN))
        .order_by(job.c.id)
    )
    return [(row.id, row.lane) for row in rows]
