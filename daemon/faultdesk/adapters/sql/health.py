"""What stands still although it should move, and what people were told of it, in SQL."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import func, select

from faultdesk.adapters.sql.tables import alarm, inbox, job, mailbox
from faultdesk.adapters.sql.upsert import insert
from faultdesk.pipeline.ledger import SEND_MAIL

_OLDEST = (
    ("triage", "received messages wait and are not read", inbox.c.collected_at, inbox.c.state, "received"),
    ("the reader of pages", "pages wait and are not read", inbox.c.collected_at, inbox.c.state, "pages"),
    ("the ledger of jobs", "jobs are due and are not performed", job.c.run_at, job.c.state, "due"),
)
# Without an error another kind only stands behind one that is held.
_HELD = (
    select(job.c.kind, func.count().label("count"), func.min(job.c.run_at).label("oldest"))
    .where(
        job.c.state == sa.literal_column("'held'"),
        sa.or_(job.c.kind == SEND_MAIL, job.c.error.is_not(None)),
    )
    .group_by(job.c.kind)
)


class SqlHealth:
    """Derived from the ledgers: whoever looks, on whichever machine, sees the same."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def troubles(self, mailboxes: Mapping[str, datetime], before: datetime) -> dict[str, str]:
        """Name what has not moved since `before`, and mailboxes not reached since their moment; with reasons."""
        return dict(self._silent(mailboxes)) | dict(self._stuck(before))

    def _silent(self, mailboxes: Mapping[str, datetime]) -> Iterator[tuple[str, str]]:
        rows = self._connection.execute(
            select(mailbox.c.name, mailbox.c.reached_at, mailbox.c.error).where(mailbox.c.name.in_(mailboxes))
        )
        told = {row.name: row for row in rows}
        for name, before in mailboxes.items():
            row = told.get(name)
            if row is None or row.reached_at is None or row.reached_at < before:
                yield f"mailbox {name}", (row and row.error) or "no answer, and no error either"

    def _stuck(self, before: datetime) -> Iterator[tuple[str, str]]:
        for name, reason, moment, state, value in _OLDEST:
            # A literal, not a parameter: only so SQLite uses the partial index.
            of_state = state == sa.literal_column(f"'{value}'")
            count, oldest = self._connection.execute(
                select(func.count(), func.min(moment)).where(of_state)
            ).one()
            if oldest is not None and oldest < before:
                yield name, f"{count} {reason}, the oldest since {oldest:%Y-%m-%d %H:%M} UTC"
        for row in self._connection.execute(_HELD):
            if row.oldest < before:
                name = "the way out" if row.kind == SEND_MAIL else row.kind
                yield (
                    name,
                    f"it is down, {row.count} jobs are held, the oldest since {row.oldest:%Y-%m-%d %H:%M} UTC",
                )

    def forget_the_future(self, now: datetime) -> None:
        """Let no mailbox have been reached after `now`: the clock was ahead, and silence would hide behind it."""
        for moment in (mailbox.c.reached_at, mailbox.c.failing_since):
            self._connection.execute(mailbox.update().where(moment > now).values({moment: now}))

    def alarms(self) -> dict[str, str]:
        """Name what people were told of and not yet told that it is over, with the reason."""
        return {row.name: row.reason for row in self._connection.execute(select(alarm))}

    def raise_alarm(self, name: str, reason: str, now: datetime) -> bool:
        """Note that people are told; False when somebody did so already."""
        statement = (
            insert(self._connection.dialect.name, alarm).on_conflict_do_nothing().returning(alarm.c.name)
        )
        noted = self._connection.execute(statement, {"name": name, "reason": reason, "told_at": now})
        return noted.scalar() is not None

    def clear_alarm(self, name: str) -> bool:
        """Note that people are told that it is over; False when somebody did so already."""
        return self._connection.execute(alarm.delete().where(alarm.c.name == name)).rowcount == 1
