"""The ledgers as an auditor reads them, in SQL: by runs of ids, each in a short transaction of its own."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import and_, bindparam, exists, func, or_, select

from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.inbox import SqlInbox
from faultdesk.adapters.sql.tables import audit, event, inbox, job, message, ticket
from faultdesk.domain.replay import TELLING, Standing
from faultdesk.domain.ticket import Event
from faultdesk.pipeline.audit import Finding, Logged, Report
from faultdesk.pipeline.inbox import InboxState
from faultdesk.pipeline.ledger import SENDING
from faultdesk.pipeline.ports import Cursor

_RUN = 20_000
_LOGS = 2_000
_KEPT = 100

_MAIL_OF_JOB = job.c.arguments["mail"].as_integer()
_UNSENT = sa.text("inbox_id IS NULL AND at IS NULL AND withheld IS NULL")
"""As in the partial index, word for word."""

_STUCK = select(inbox.c.id, inbox.c.state)
_ON_ITS_WAY = {
    InboxState.RECEIVED: "waits for triage for more than an hour",
    InboxState.PAGES: "waits for its pages to be read for more than an hour",
}
_WITHOUT_MESSAGE = select(inbox.c.id).where(
    or_(
        inbox.c.state == InboxState.DONE,
        and_(inbox.c.state == InboxState.FAILED, inbox.c.ticket_id.is_not(None)),
    ),
    ~exists().where(message.c.inbox_id == inbox.c.id),
)
# A message that an operator lets be triaged again is filed again on its own ticket.
_DOUBLED = (
    select(message.c.inbox_id.label("id"))
    .group_by(message.c.inbox_id)
    .having(func.count(message.c.ticket_id.distinct()) > 1)
)
_UNACKNOWLEDGED = select(ticket.c.reference).where(
    ~exists().where(message.c.ticket_id == ticket.c.id, message.c.purpose == "acknowledgement"),
    ~exists().where(
        event.c.ticket_id == ticket.c.id,
        or_(
            event.c.kind.in_(("answered", "resolved")),
            and_(event.c.kind == "mail_withheld", event.c.data["purpose"].as_string() == "acknowledgement"),
        ),
    ),
)
_LOGGED = (
    select(
        ticket.c.reference, ticket.c.status, ticket.c.noticed_at, ticket.c.held, event.c.kind, event.c.data
    )
    .outerjoin(event, and_(event.c.ticket_id == ticket.c.id, event.c.kind.in_(TELLING)))
    .order_by(ticket.c.id, event.c.id)
)
_LOST_MAILS = select(message.c.id).where(_UNSENT).except_(select(_MAIL_OF_JOB).where(job.c.kind.in_(SENDING)))
_MAIL = (
    select(message.c.purpose, ticket.c.reference)
    .outerjoin(ticket, ticket.c.id == message.c.ticket_id)
    .where(message.c.id == bindparam("row"))
)
_MAILLESS = (
    select(job.c.id)
    .outerjoin(message, and_(message.c.id == _MAIL_OF_JOB, message.c.inbox_id.is_(None)))
    .where(job.c.kind.in_(SENDING), message.c.id.is_(None))
)
_TICKETLESS = (
    select(job.c.id)
    .outerjoin(ticket, ticket.c.id == job.c.ticket_id)
    .where(job.c.ticket_id.is_not(None), ticket.c.id.is_(None))
)


class SqlBooks:
    """Implements `pipeline.audit.Books`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cursor(self, mailbox_name: str) -> Cursor | None:
        """Tell how far a mailbox has been collected."""
        with self._database.read() as connection:
            return SqlInbox(connection).cursor(mailbox_name)

    def collected_since(self, mailbox_name: str) -> datetime | None:
        """Tell when the first message of a mailbox was stored."""
        first = select(inbox.c.collected_at).where(inbox.c.mailbox == mailbox_name).order_by(inbox.c.id)
        with self._database.read() as connection:
            return connection.scalar(first.limit(1))

    def unknown_uids(self, mailbox_name: str, uid_validity: int, uids: Sequence[str]) -> list[str]:
        """Pick the UIDs that are not in the ledger."""
        found = select(inbox.c.uid).where(
            inbox.c.mailbox == mailbox_name, inbox.c.uid_validity == uid_validity, inbox.c.uid.in_(uids)
        )
        with self._database.read() as connection:
            known = set(connection.scalars(found))
        return [uid for uid in uids if uid not in known]

    def is_known(self, mailbox_name: str, sha256: bytes) -> bool:
        """Tell whether a message of these octets is in the ledger."""
        found = select(inbox.c.id).where(inbox.c.mailbox == mailbox_name, inbox.c.sha256 == sha256).limit(1)
        with self._database.read() as connection:
            return connection.scalar(found) is not None

    def counts(self) -> tuple[int, int]:
        """Count messages and tickets."""
        with self._database.read() as connection:
            messages, tickets = (
                connection.scalar(select(func.count()).select_from(table)) or 0 for table in (inbox, ticket)
            )
        return messages, tickets

    def logs(self) -> Iterator[Logged]:
        """Read every ticket with what its standing follows from."""
        for first in self._starts(ticket.c.id, _LOGS):
            # One statement: a ticket and its log must be of the same moment.
            rows = self._at_once(_LOGGED.where(ticket.c.id.between(first, first + _LOGS - 1)))
            for reference, of_ticket in groupby(rows, key=lambda row: str(row.reference)):
                log = list(of_ticket)
                stored = Standing(status=log[0].status, noticed_at=log[0].noticed_at, held=log[0].held)
                yield Logged(
                    reference, stored, tuple(Event(row.kind, row.data) for row in log if row.kind is not None)
                )

    def faults(self, before: datetime, kinds: Collection[str]) -> Iterator[Finding]:
        """Find what is stuck since `before`, not acknowledged, not sent, or points at nothing."""
        yield from self._inbox_faults(before)
        for row in self._over(_UNACKNOWLEDGED, ticket.c.id):
            yield Finding(
                row.reference, "was never acknowledged", "write to the client; an answer in the log ends this"
            )
        for row in self._at_once(_LOST_MAILS):
            yield self._lost_mail(row.id)
        yield from self._job_faults(kinds)

    def _inbox_faults(self, before: datetime) -> Iterator[Finding]:
        is_stuck = or_(
            inbox.c.state.not_in(list(InboxState)),
            and_(inbox.c.state.in_(_ON_ITS_WAY), inbox.c.collected_at < before),
        )
        for row in self._over(_STUCK.where(is_stuck), inbox.c.id):
            yield Finding(
                f"message {row.id}",
                _ON_ITS_WAY.get(row.state, f"is in a state that does not exist: {row.state}"),
                "is the daemon running? see its journal",
            )
        for row in self._over(_WITHOUT_MESSAGE, inbox.c.id):
            yield Finding(
                f"message {row.id}",
                "is done, but no ticket holds it",
                f"`faultdesk inbox show {row.id} --raw`",
            )
        for row in self._over(_DOUBLED, message.c.inbox_id):
            yield Finding(
                f"message {row.id}", "is on more than one ticket", f"`faultdesk inbox show {row.id}`"
            )

    def _job_faults(self, kinds: Collection[str]) -> Iterator[Finding]:
        unperformed = select(job.c.id).where(job.c.kind.not_in(list(kinds)))
        for statement, problem in (
            (_MAILLESS, "shall send a mail that does not exist"),
            (_TICKETLESS, "belongs to a ticket that does not exist"),
            (unperformed, "is of a kind that no handler performs"),
        ):
            for row in self._at_once(statement):
                yield Finding(
                    f"job {row.id}", problem, f"`faultdesk jobs show {row.id}`, `jobs drop {row.id}`"
                )

    def _lost_mail(self, mail: int) -> Finding:
        with self._database.read() as connection:
            row = connection.execute(_MAIL, {"row": mail}).one()
        remedy = f"`faultdesk ticket {row.reference}`" if row.reference else "no ticket knows more of it"
        return Finding(
            f"mail {mail} ({row.purpose})", "was decided, and is neither sent nor under way", remedy
        )

    def _starts(self, column: sa.ColumnElement[Any], run: int) -> range:
        with self._database.read() as connection:
            first, last = connection.execute(select(func.min(column), func.max(column))).one()
        return range(first or 1, (last or 0) + 1, run)

    def _over(self, statement: sa.Select[Any], column: sa.ColumnElement[Any]) -> Iterator[sa.Row[Any]]:
        for first in self._starts(column, _RUN):
            yield from self._at_once(statement.where(column.between(first, first + _RUN - 1)))

    def _at_once(self, statement: sa.Executable) -> list[sa.Row[Any]]:
        with self._database.read() as connection:
            return list(connection.execute(statement).all())


def keep_report(connection: sa.Connection, report: Report, at: datetime) -> None:
    """Keep the last audit's result for `faultdesk status`, in the place of the one before."""
    connection.execute(audit.delete())
    listed = [msgspec.to_builtins(finding) for finding in report.findings[:_KEPT]]
    connection.execute(
        audit.insert().values(at=at, total=report.total, summary=report.summary, findings=listed)
    )


def status_rows(connection: sa.Connection) -> list[dict[str, Any]]:
    """Give the last audit as a row of `faultdesk status`; none before the first."""
    return [
        {"what": "audit", "name": "", "count": row.total, "since": row.at, "detail": row.summary}
        for row in connection.execute(select(audit))
    ]
