"""The job ledger in SQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy import bindparam, select

from faultdesk.adapters.sql.tables import daemon, job
from faultdesk.adapters.sql.upsert import insert
from faultdesk.domain.decision import Job
from faultdesk.errors import SupersededError
from faultdesk.pipeline.work import Claim, ClaimedJob, JobState

_DUE = job.c.state == sa.literal_column("'due'")
"""A literal, not a parameter: only so SQLite uses the partial index."""

_HELD = job.c.state == sa.literal_column("'held'")
_COUNTED = (job.c.tries - job.c.uncounted).label("counted")

_COLUMNS = [job.c[name] for name in (*Job.__struct_fields__, "lane", "uncounted")]
_OFFERED = (
    select(job.c.id, job.c.lane, _COUNTED)
    .where(job.c.id.in_(bindparam("offered", expanding=True)), job.c.state == JobState.SENT)
    .order_by(job.c.id)
)
_AHEAD = select(job.c.id, job.c.lane, job.c.state, job.c.run_at).where(
    job.c.lane.in_(bindparam("lanes", expanding=True)),
    sa.or_(sa.and_(_DUE, job.c.tries > job.c.uncounted), _HELD),
)
_BEGIN = (
    job.update()
    .where(job.c.id.in_(bindparam("begun", expanding=True)), job.c.state == JobState.SENT)
    .values(tries=job.c.tries + 1)
    .returning(*_COLUMNS)
)
_HELD_KINDS = select(job.c.kind).where(_HELD).distinct()
_ahead = job.alias()
# The first of its lane, or it would only be put behind; and the least tried, so that no single one,
# at which a server hangs up, stands in the others' way.
_PROBE = (
    job.update()
    .where(
        job.c.id
        == select(job.c.id)
        .where(_HELD, job.c.kind == bindparam("of"))
        .where(
            ~select(_ahead.c.id)
            .where(_ahead.c.lane == job.c.lane, _ahead.c.id < job.c.id, _ahead.c.state == JobState.HELD)
            .exists()
        )
        .order_by(job.c.uncounted, job.c.run_at, job.c.id)
        .limit(1)
        .scalar_subquery()
    )
    .values(state=JobState.SENT)
    .returning(job.c.id, job.c.lane)
)
_MINE = (job.c.id == bindparam("mine"), job.c.state == JobState.SENT, job.c.tries == bindparam("fence"))
_FINISH = job.delete().where(*_MINE)
_OURS = select(job.c.id).where(*_MINE)
# Locked, so that nobody forgets this daemon, and takes its jobs over, before what it begins is committed.
_PLACE = select(daemon.c.id).where(daemon.c.id == bindparam("me")).with_for_update(read=True, key_share=True)


@cache
def _put(dialect: str) -> sa.Executable:
    fresh = insert(dialect, job)
    moved = {name: fresh.excluded[name] for name in ("arguments", "lane", "state", "run_at")}
    # Past the fence of an attempt under way, which knew nothing of this decision.
    anew = {"tries": job.c.tries + 1, "uncounted": job.c.tries + 1, "error": None}
    return fresh.on_conflict_do_update(index_elements=["name"], set_=moved | anew).returning(job.c.id)


class SqlJobs:
    """What must happen; only these statements change it.

    `daemon`: the number of the one that works here; it begins nothing when its place is another's.
    """

    def __init__(self, connection: sa.Connection, daemon: int | None = None) -> None:
        self._connection = connection
        self._daemon = daemon

    def put(self, new: Job, lane: str, state: JobState, run_at: datetime) -> int:
        """Add a job or move a named one; an attempt at it that is under way will count for nothing."""
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
        job_id: int = self._connection.execute(_put(self._connection.dialect.name), values).scalar_one()
        return job_id

    def cancel(self, name: str) -> None:
        """Take back a named job that waits."""
        self._connection.execute(job.delete().where(job.c.name == name, _DUE))

    def advance(self, name: str, run_at: datetime) -> None:
        """Move a named job that waits and was never begun; one that is not there stays so."""
        waits = (job.c.name == name, job.c.tries == 0, _DUE)
        self._connection.execute(job.update().where(*waits).values(run_at=run_at))

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

    def claim(self, job_ids: Sequence[int], now: datetime) -> Claim:
        """Begin an attempt at the first job of each lane, behind nothing that backs off."""
        self._require_place()
        rows = self._connection.execute(_OFFERED, {"offered": list(job_ids)}).all()
        chosen: dict[str, int] = {}
        passed: set[str] = set()
        for row in rows:
            # Begun before, it may have ended the process: the others' attempts shall not count for that.
            if row.counted and chosen:
                passed.add(row.lane)
            elif row.lane not in chosen and row.lane not in passed:
                chosen[row.lane] = row.id
            if row.counted and row.id in chosen.values():
                break
        held = self._put_behind(chosen)
        begun = set(chosen.values()) - held
        claimed = self._connection.execute(_BEGIN, {"begun": list(begun)}).all() if begun else []
        left = [row.id for row in rows if row.id not in begun and row.id not in held]
        in_order = sorted(claimed, key=lambda row: int(row.id))
        return Claim([ClaimedJob(Job(*row[:-2]), row.lane, now, row.uncounted) for row in in_order], left)

    def _require_place(self) -> None:
        if self._daemon is None:
            return
        if self._connection.execute(_PLACE, {"me": self._daemon}).first() is None:
            raise SupersededError(f"daemon {self._daemon}: its place is another's")

    def _put_behind(self, chosen: dict[str, int]) -> set[int]:
        """Let jobs wait like an earlier one of their lane that backs off or is held: order is kept."""
        behind: dict[int, tuple[bool, datetime]] = {}
        for row in self._connection.execute(_AHEAD, {"lanes": list(chosen)}):
            job_id = chosen[row.lane]
            if row.id < job_id:
                ahead = (row.state == JobState.HELD, row.run_at)
                behind[job_id] = max(ahead, behind.get(job_id, ahead))
        for job_id, (is_held, until) in behind.items():
            state = JobState.HELD if is_held else JobState.DUE
            self._connection.execute(job.update().where(job.c.id == job_id).values(state=state, run_at=until))
        return set(behind)

    def is_ours(self, begun: Job) -> bool:
        """Tell whether nobody has begun this job again, or ended it, since this attempt began."""
        return self._connection.execute(_OURS, {"mine": begun.id, "fence": begun.tries}).first() is not None

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

    def park(self, failed: Job, error: str) -> bool:
        """Put a job aside for a person to look at; False when somebody else has begun it, or ended it."""
        parked = self._connection.execute(
            job.update().where(*_MINE).values(state=JobState.PARKED, error=error),
            {"mine": failed.id, "fence": failed.tries},
        )
        return parked.rowcount == 1

    def hold(self, failed: Job, reason: str) -> None:
        """Let a job wait for the end of an outage; its attempt does not count."""
        self._connection.execute(
            job.update()
            .where(*_MINE)
            .values(state=JobState.HELD, uncounted=job.c.uncounted + 1, error=reason),
            {"mine": failed.id, "fence": failed.tries},
        )

    def take_probes(self) -> list[tuple[int, str]]:
        """Mark of each kind the held job that was tried least as sent; return ids and lanes."""
        probes: list[tuple[int, str]] = []
        for kind in self._connection.scalars(_HELD_KINDS).all():
            probes += [(row.id, row.lane) for row in self._connection.execute(_PROBE, {"of": kind})]
        return probes

    def any_held(self) -> bool:
        """Tell whether something waits for the end of an outage."""
        return self._connection.scalar(select(job.c.id).where(_HELD).limit(1)) is not None

    def release(self, over: ClaimedJob, now: datetime) -> None:
        """Let what is held come due: of this job's kind, of its lane, and what stands behind these."""
        lanes = select(job.c.lane).where(_HELD, job.c.kind == over.job.kind)
        freed = sa.or_(job.c.lane == over.lane, job.c.lane.in_(lanes))
        self._connection.execute(job.update().where(_HELD, freed).values(state=JobState.DUE, run_at=now))

    def hasten(self, now: datetime, longest: timedelta) -> None:
        """Let come due now what was put off beyond `longest`, by a clock that has been put back since."""
        far = sa.and_(_DUE, job.c.run_at > now + longest)
        # What waits behind one that failed was given the same moment.
        moments = select(job.c.run_at).where(far, job.c.tries > job.c.uncounted)
        self._connection.execute(job.update().where(far, job.c.run_at.in_(moments)).values(run_at=now))

    def next_due(self) -> datetime | None:
        """Tell when the next waiting job comes due."""
        return self._connection.scalar(select(job.c.run_at).where(_DUE).order_by(job.c.run_at).limit(1))
