"""The job ledger in SQL."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from sqlalchemy import bindparam, select

from faultdesk.adapters.sql.tables import job
from faultdesk.adapters.sql.upsert import insert
from faultdesk.domain.decision import Job
from faultdesk.pipeline.store import Claim, ClaimedJob, JobState

_DUE = job.c.state == sa.literal_column("'due'")
"""A literal, not a parameter: only so SQLite uses the partial index."""

_COLUMNS = [job.c[name] for name in (*Job.__struct_fields__, "lane")]
_OFFERED = (
    select(job.c.id, job.c.lane, job.c.tries)
    .where(job.c.id.in_(bindparam("offered", expanding=True)), job.c.state == JobState.SENT)
    .order_by(job.c.id)
)
_BACKING_OFF = select(job.c.id, job.c.lane, job.c.run_at).where(
    job.c.lane.in_(bindparam("lanes", expanding=True)), _DUE, job.c.tries > 0
)
_BEGIN = (
    job.update()
    .where(job.c.id.in_(bindparam("begun", expanding=True)))
    .values(tries=job.c.tries + 1)
    .returning(*_COLUMNS)
)
_MINE = (job.c.id == bindparam("mine"), job.c.state == JobState.SENT, job.c.tries == bindparam("fence"))
_FINISH = job.delete().where(*_MINE)


@cache
def _put(dialect: str) -> sa.Executable:
    fresh = insert(dialect, job)
    moved = {name: fresh.excluded[name] for name in ("arguments", "state", "run_at", "tries")}
    return fresh.on_conflict_do_update(
        index_elements=["name"], set_={**moved, "error": None}, where=job.c.state != JobState.SENT
    ).returning(job.c.id)


class SqlJobs:
    """What must happen; only these statements change it."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def put(self, new: Job, lane: str, state: JobState, run_at: datetime) -> int | None:
        """Add a job or move a named one; None when one of this name is under way already."""
        values = {
            "kind": new.kind,
            "ticket_id": new.ticket_id,
            "arguments": dict(new.arguments),
            "name": new.name,
            "lane": lane,
            "state": state,
            "run_at": run_at,
            "tries": 0,
        }
        statement = _put(self._connection.dialect.name)
        job_id: int | None = self._connection.execute(statement, values).scalar_one_or_none()
        return job_id

    def cancel(self, name: str) -> None:
        """Take back a named job that waits."""
        self._connection.execute(job.delete().where(job.c.name == name, _DUE))

    def take_due(self, now: datetime, limit: int) -> list[tuple[int, str]]:
        """Mark what has come due as sent; return ids and lanes in order."""
        due = (
            select(job.c.id)
            .where(_DUE, job.c.run_at <= now)
            .order_by(job.c.run_at, job.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self._connection.execute(
            job.update()
            .where(job.c.id.in_(due))
            .values(state=JobState.SENT)
            .returning(job.c.run_at, job.c.id, job.c.lane)
        ).all()
        return [(job_id, lane) for _, job_id, lane in sorted(rows)]

    def sent(self) -> list[tuple[int, str]]:
        """List what was given to an engine and has not ended, in order."""
        rows = self._connection.execute(
            select(job.c.id, job.c.lane).where(job.c.state == JobState.SENT).order_by(job.c.id)
        )
        return [(row.id, row.lane) for row in rows]

    def claim(self, job_ids: Sequence[int]) -> Claim:
        """Begin an attempt at the first job of each lane, behind nothing that backs off."""
        rows = self._connection.execute(_OFFERED, {"offered": list(job_ids)}).all()
        chosen: dict[str, int] = {}
        passed: set[str] = set()
        for row in rows:
            # Begun before, it may have ended the process: the others' attempts shall not count for that.
            if row.tries and chosen:
                passed.add(row.lane)
            elif row.lane not in chosen and row.lane not in passed:
                chosen[row.lane] = row.id
            if row.tries and row.id in chosen.values():
                break
        held = self._put_behind(chosen)
        begun = set(chosen.values()) - held
        claimed = self._connection.execute(_BEGIN, {"begun": list(begun)}).all() if begun else []
        left = [row.id for row in rows if row.id not in begun and row.id not in held]
        in_order = sorted(claimed, key=lambda row: int(row.id))
        return Claim([ClaimedJob(Job(*row[:-1]), row.lane) for row in in_order], left)

    def _put_behind(self, chosen: dict[str, int]) -> set[int]:
        """Let jobs wait for an earlier one of their lane that backs off: order is kept."""
        held: dict[int, datetime] = {}
        for row in self._connection.execute(_BACKING_OFF, {"lanes": list(chosen)}):
            job_id = chosen[row.lane]
            if row.id < job_id:
                held[job_id] = max(row.run_at, held.get(job_id, row.run_at))
        for job_id, until in held.items():
            self._connection.execute(
                job.update().where(job.c.id == job_id).values(state=JobState.DUE, run_at=until)
            )
        return set(held)

    def finish(self, done: Job) -> bool:
        """End a job; False when somebody else has begun it since."""
        ended = self._connection.execute(_FINISH, {"mine": done.id, "fence": done.tries})
        return ended.rowcount == 1

    def postpone(self, failed: Job, run_at: datetime, error: str) -> None:
        """Let a failed job wait for its next attempt."""
        self._connection.execute(
            job.update().where(*_MINE).values(state=JobState.DUE, run_at=run_at, error=error),
            {"mine": failed.id, "fence": failed.tries},
        )

    def park(self, failed: Job, error: str) -> None:
        """Put a job aside for a person to look at."""
        self._connection.execute(
            job.update().where(*_MINE).values(state=JobState.PARKED, error=error),
            {"mine": failed.id, "fence": failed.tries},
        )

    def next_due(self) -> datetime | None:
        """Tell when the next waiting job comes due."""
        return self._connection.scalar(select(job.c.run_at).where(_DUE).order_by(job.c.run_at).limit(1))
