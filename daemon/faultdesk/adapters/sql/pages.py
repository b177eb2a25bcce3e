"""The ledger of pages to be read, in SQL."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy import bindparam, or_, select

from faultdesk.adapters.sql.tables import daemon, inbox, octets, pages
from faultdesk.domain.fax import Page
from faultdesk.errors import SupersededError
from faultdesk.pipeline.inbox import InboxState, PagesWanted

_WAITING = inbox.c.state == sa.literal_column("'pages'")
"""A literal, not a parameter: only so SQLite uses the partial index."""
_FREE = or_(
    inbox.c.reader.is_(None),
    inbox.c.reader == bindparam("daemon"),
    inbox.c.reader.not_in(select(daemon.c.id)),
)
_NEXT = (
    select(pages.c.inbox_id, pages.c.documents, pages.c.attempts, octets.c.content)
    .join(inbox, inbox.c.id == pages.c.inbox_id)
    .join(octets, octets.c.inbox_id == inbox.c.id)
    .where(_WAITING, pages.c.look_at <= bindparam("now"), _FREE)
    .order_by(inbox.c.id)
    .limit(1)
)
_ANY = (
    select(pages.c.inbox_id)
    .join(inbox, inbox.c.id == pages.c.inbox_id)
    .where(_WAITING, pages.c.look_at <= bindparam("now"))
    .limit(1)
)
_IN_HAND = (
    inbox.c.id == bindparam("row"),
    inbox.c.reader.is_not_distinct_from(bindparam("daemon", type_=sa.BigInteger)),
)
_MOVE = inbox.update().values(state=bindparam("new_state"), reader=None)
_AWAIT = _MOVE.where(*_IN_HAND, inbox.c.state == InboxState.RECEIVED)
_READ = _MOVE.where(*_IN_HAND, _WAITING)


class SqlPages:
    """Which messages wait for their pages to be read, and what was read."""

    def __init__(self, connection: sa.Connection, daemon_id: int | None) -> None:
        self._connection = connection
        self._daemon = daemon_id

    def want(self, inbox_id: int, documents: Sequence[str], look_at: datetime) -> None:
        """Let a message in hand wait until its pages are read, not before `look_at`."""
        self._move(_AWAIT, inbox_id, InboxState.PAGES)
        self._connection.execute(
            pages.insert().values(inbox_id=inbox_id, documents=list(documents), look_at=look_at, attempts=0)
        )

    def is_any_waiting(self, now: datetime) -> bool:
        """Tell whether messages wait whose pages may be read now."""
        return self._connection.execute(_ANY, {"now": now}).first() is not None

    def next(self, now: datetime) -> PagesWanted | None:
        """Take the oldest in hand that waits, its attempts counted with this one."""
        found = self._connection.execute(_NEXT, {"now": now, "daemon": self._daemon}).one_or_none()
        if found is None:
            return None
        self._connection.execute(
            inbox.update().where(inbox.c.id == found.inbox_id).values(reader=self._daemon)
        )
        self._connection.execute(
            pages.update().where(pages.c.inbox_id == found.inbox_id).values(attempts=found.attempts + 1)
        )
        return PagesWanted(found.inbox_id, bytes(found.content), tuple(found.documents), found.attempts + 1)

    def put(self, inbox_id: int, read: Sequence[Page]) -> None:
        """Keep what was read, and let the message be decided."""
        self._move(_READ, inbox_id, InboxState.RECEIVED)
        self._connection.execute(
            pages.update().where(pages.c.inbox_id == inbox_id).values(content=msgspec.to_builtins(read))
        )

    def _move(self, statement: sa.Update, inbox_id: int, state: InboxState) -> None:
        values = {"row": inbox_id, "daemon": self._daemon, "new_state": state}
        if not self._connection.execute(statement, values).rowcount:
            raise SupersededError(f"message {inbox_id}: another daemon has it in hand")
