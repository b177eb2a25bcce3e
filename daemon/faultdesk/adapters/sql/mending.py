"""What an operator does to messages and jobs that went wrong."""

import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import select

from faultdesk.adapters.sql.tables import inbox, job, message, octets, pages
from faultdesk.pipeline.ledger import SENDING

_AT_REST = ("due", "held", "parked")
"""What nobody performs at the moment."""


def retry_inbox(connection: sa.Connection, inbox_id: int) -> bool:
    """Let a message be triaged again; False when it neither failed nor was ignored without a ticket."""
    ignored = sa.and_(inbox.c.state == "ignored", inbox.c.ticket_id.is_(None))
    changed = connection.execute(
        inbox.update()
        .where(
            inbox.c.id == inbox_id, inbox.c.purged_at.is_(None), sa.or_(inbox.c.state == "failed", ignored)
        )
        .values(state="received", reader=None, strikes=0, begun=0, reason=None, error=None)
    )
    if changed.rowcount == 1:
        connection.execute(pages.delete().where(pages.c.inbox_id == inbox_id))  # they are read anew
    return changed.rowcount == 1


def put_back(connection: sa.Connection, inbox_id: int, content: bytes, now: datetime) -> int | None:
    """Receive other octets in place of a failed message; None when it has not failed.

    What came stays as it came. The notice keeps its time: the clocks ran from then.
    """
    failed = connection.execute(
        select(inbox).where(inbox.c.id == inbox_id, inbox.c.state == "failed")
    ).one_or_none()
    if failed is None:
        return None
    kept = {name: getattr(failed, name) for name in ("mailbox", "uid_validity", "arrived_at", "ticket_id")}
    new: int = connection.execute(
        inbox.insert()
        .values(
            **kept,
            uid=f"{failed.uid}.{inbox_id}",
            sha256=hashlib.sha256(content).digest(),
            size=len(content),
            truncated=False,
            collected_at=now,
            state="received",
            settled=True,
        )
        .returning(inbox.c.id)
    ).scalar_one()
    connection.execute(octets.insert().values(inbox_id=new, content=content))
    connection.execute(
        inbox.update()
        .where(inbox.c.id == inbox_id)
        .values(state="ignored", reason=f"put back as message {new}")
    )
    return new


def drop_inbox(connection: sa.Connection, inbox_id: int) -> bool:
    """Give a failed message up, its octets kept; False when it is not a failed one."""
    changed = connection.execute(
        inbox.update()
        .where(inbox.c.id == inbox_id, inbox.c.state == "failed")
        .values(state="ignored", reason="dropped by an operator")
    )
    return changed.rowcount == 1


def retry_job(connection: sa.Connection, job_id: int, now: datetime) -> bool:
    """Let a job that is parked, held or waits run now; False when it is none of these."""
    return _run_now(connection, now, job.c.id == job_id, job.c.state.in_(_AT_REST)) == 1


def retry_parked(connection: sa.Connection, now: datetime) -> int:
    """Let every parked job run now; return how many."""
    return _run_now(connection, now, job.c.state == "parked")


def _run_now(connection: sa.Connection, now: datetime, *which: sa.ColumnElement[bool]) -> int:
    changed = connection.execute(
        job.update().where(*which).values(state="due", run_at=now, uncounted=job.c.tries)
    )
    return changed.rowcount


def drop_job(connection: sa.Connection, job_id: int) -> bool:
    """Take a job that is parked, held or waits out of the ledger; False when it is none of these."""
    deleted = connection.execute(
        job.delete()
        .where(job.c.id == job_id, job.c.state.in_(_AT_REST))
        .returning(job.c.kind, job.c.arguments)
    ).one_or_none()
    if deleted is not None and deleted.kind in SENDING:
        connection.execute(
            message.update()
            .where(message.c.id == deleted.arguments.get("mail"), message.c.at.is_(None))
            .values(withheld="dropped by an operator")
        )
    return deleted is not None
