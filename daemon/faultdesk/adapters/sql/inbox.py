"""The ledger of notices in SQL."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import bindparam, select

from faultdesk.adapters.sql.tables import daemon, inbox, mailbox, octets, pages
from faultdesk.domain.fax import Page
from faultdesk.errors import NotFoundError, SupersededError
from faultdesk.pipeline.inbox import InboxState, Received
from faultdesk.pipeline.ports import Batch, Cursor, RawMessage

_OF_INBOX = ("id", "mailbox", "arrived_at", "size", "truncated", "ticket_id", "strikes")
_RECEIVED = inbox.c.state == sa.literal_column("'received'")
"""A literal, not a parameter: only so SQLite uses the partial index."""


class SqlInbox:
    """Messages as they came, and how far each mailbox has been collected.

    `daemon`: the number of the one that works here; a command has none, and takes nothing in hand.
    """

    def __init__(self, connection: sa.Connection, daemon: int | None = None) -> None:
        self._connection = connection
        self._daemon = daemon

    def cursor(self, mailbox_name: str) -> Cursor | None:
        """Tell how far this mailbox has been collected."""
        row = self._connection.execute(
            select(mailbox.c.uid_validity, mailbox.c.last_uid).where(mailbox.c.name == mailbox_name)
        ).one_or_none()
        return Cursor(*row) if row and row.uid_validity is not None else None

    def add(self, mailbox_name: str, batch: Batch, now: datetime) -> int:
        """Store what is not known yet, move the cursor; return how many were new."""
        # First: whoever collected here before has ended its transaction then, and its cursor is known.
        self._move_cursor(mailbox_name, batch.cursor)
        hashed = {raw.uid: hashlib.sha256(raw.content).digest() for raw in batch.messages}
        known = self._known(mailbox_name, batch, hashed)
        new = {raw.uid: raw for raw in batch.messages if raw.uid not in known}
        if new:
            validity = batch.cursor.uid_validity
            rows = [_row(mailbox_name, validity, raw, hashed[uid], now) for uid, raw in new.items()]
            stored = self._connection.execute(_STORE, rows).all()
            self._connection.execute(
                octets.insert(), [{"inbox_id": row.id, "content": new[row.uid].content} for row in stored]
            )
        return len(new)

    def _move_cursor(self, mailbox_name: str, cursor: Cursor) -> None:
        place = {"uid_validity": cursor.uid_validity, "last_uid": cursor.last_uid}
        if self._daemon is None:
            self._set_mailbox(mailbox_name, **place)
            return
        ours = mailbox.update().where(mailbox.c.name == mailbox_name, mailbox.c.owner == self._daemon)
        if not self._connection.execute(ours.values(**place)).rowcount:
            raise SupersededError(f"mailbox {mailbox_name}: another daemon collects it")

    def _known(self, mailbox_name: str, batch: Batch, hashed: dict[str, bytes]) -> set[str]:
        """Name those stored under today's UIDVALIDITY by their UIDs, and under another one by their octets.

        Each time: who was killed in the middle of a folder of a new UIDVALIDITY goes on behind its cursor.
        """
        here, today = inbox.c.mailbox == mailbox_name, batch.cursor.uid_validity
        uids = select(inbox.c.uid).where(here, inbox.c.uid_validity == today, inbox.c.uid.in_(hashed))
        digests = select(inbox.c.sha256).where(
            here, inbox.c.uid_validity != today, inbox.c.sha256.in_(hashed.values())
        )
        seen = set(self._connection.scalars(digests))
        return {*self._connection.scalars(uids), *(uid for uid, digest in hashed.items() if digest in seen)}

    def unsettled(self, mailbox_name: str) -> tuple[str, ...]:
        """Name the UIDs that were stored under today's UIDVALIDITY and not yet marked done there."""
        current = select(mailbox.c.uid_validity).where(mailbox.c.name == mailbox_name).scalar_subquery()
        return tuple(
            self._connection.scalars(
                select(inbox.c.uid)
                .where(
                    inbox.c.mailbox == mailbox_name,
                    sa.text("NOT settled"),
                    inbox.c.uid_validity == current,
                )
                .order_by(inbox.c.id)
            )
        )

    def settle(self, mailbox_name: str, uids: Sequence[str]) -> None:
        """Note that these were marked done on the server."""
        self._connection.execute(
            inbox.update()
            .where(inbox.c.mailbox == mailbox_name, sa.text("NOT settled"), inbox.c.uid.in_(uids))
            .values(settled=True)
        )

    def is_any_away(self) -> bool:
        """Tell whether a mailbox could not be reached when it was looked for last."""
        away = select(mailbox.c.name).where(mailbox.c.error.is_not(None)).limit(1)
        return self._connection.scalar(away) is not None

    def is_well_since(self, mailbox_name: str, moment: datetime) -> bool:
        """Tell whether a mailbox was reported as reached since then, and no error after it."""
        row = self._connection.execute(
            select(mailbox.c.reached_at, mailbox.c.error).where(mailbox.c.name == mailbox_name)
        ).one_or_none()
        return (
            row is not None and row.error is None and row.reached_at is not None and row.reached_at > moment
        )

    def report(self, mailbox_name: str, now: datetime, error: str | None) -> None:
        """Note that a mailbox was reached just now, or why it was not."""
        if error is None:
            self._set_mailbox(mailbox_name, reached_at=now, error=None, failing_since=None)
            return
        since = self._connection.scalar(select(mailbox.c.failing_since).where(mailbox.c.name == mailbox_name))
        self._set_mailbox(mailbox_name, error=error, failing_since=since or now)

    def _set_mailbox(self, mailbox_name: str, **values: Any) -> None:  # noqa: ANN401 - column values
        changed = self._connection.execute(
            mailbox.update().where(mailbox.c.name == mailbox_name).values(**values)
        )
        if not changed.rowcount:
            self._connection.execute(mailbox.insert().values(name=mailbox_name, **values))

    def claim(self, limit: int, most_octets: int) -> list[Received]:
        """Take the oldest that wait in hand, at most so many and so large; at least one if there is any."""
        free = self._connection.execute(_FREE, {"daemon": self._daemon, "most": limit})
        readers: dict[int, int | None] = {}
        for row in free:
            most_octets -= row.octets
            if readers and most_octets < 0:
                break
            readers[row.id] = row.reader
        if self._daemon is not None and readers:
            self._connection.execute(_CLAIM, {"daemon": self._daemon, "chosen": list(readers)})
        rows = self._connection.execute(_WAITING, {"chosen": list(readers)})
        return [
            Received(**_with_pages(row), is_left=readers[row.id] not in {None, self._daemon}) for row in rows
        ]

    def is_any_waiting(self) -> bool:
        """Tell whether messages wait for triage."""
        return self._connection.execute(_ANY).first() is not None

    def waiting(self) -> int:
        """Count the messages that wait for triage and that nobody has in hand."""
        waiting = select(sa.func.count()).select_from(inbox).where(_RECEIVED, inbox.c.reader.is_(None))
        return self._connection.scalar(waiting) or 0

    def done(self, inbox_id: int, ticket_id: int | None) -> None:
        """End in a ticket."""
        self._end(inbox_id, InboxState.DONE, ticket_id, None)

    def ignore(self, inbox_id: int, reason: str, ticket_id: int | None = None) -> None:
        """End without opening a ticket."""
        self._end(inbox_id, InboxState.IGNORED, ticket_id, reason)

    def fail(self, inbox_id: int, ticket_id: int | None = None) -> None:
        """Set aside."""
        self._end(inbox_id, InboxState.FAILED, ticket_id, "failed again and again")

    def _end(self, inbox_id: int, state: InboxState, ticket_id: int | None, reason: str | None) -> None:
        values = {"row": inbox_id, "state": state, "ticket_id": ticket_id, "reason": reason}
        if not self._connection.execute(_END, values | {"daemon": self._daemon}).rowcount:
            raise _superseded(inbox_id)

    def strike(self, inbox_id: int, error: str) -> int:
        """Count a failure; return how many there are now."""
        return self._count(inbox_id, inbox.c.strikes, error=error)

    def begin(self, inbox_id: int) -> int:
        """Count an attempt that may end the process; return how many ended it, if this one does."""
        return self._count(inbox_id, inbox.c.begun)

    def _count(self, inbox_id: int, what: sa.Column[int], **more: str) -> int:
        counting = inbox.update().where(*_IN_HAND).values(**{what.name: what + 1}, **more).returning(what)
        counted: int | None = self._connection.scalar(counting, {"row": inbox_id, "daemon": self._daemon})
        if counted is None:
            raise _superseded(inbox_id)
        return counted

    def survive(self, inbox_id: int) -> None:
        """Note that the process is still there."""
        self._connection.execute(inbox.update().where(inbox.c.id == inbox_id).values(begun=0))

    def ticket_of(self, inbox_id: int) -> int | None:
        """Tell which ticket a message was filed on."""
        ticket_id: int | None = self._connection.scalar(
            select(inbox.c.ticket_id).where(inbox.c.id == inbox_id)
        )
        return ticket_id

    def content(self, inbox_id: int) -> bytes:
        """Give the octets as they came, withheld or not."""
        row = self._connection.execute(_CONTENT, {"row": inbox_id}).one_or_none()
        if row is None:
            raise NotFoundError(f"no message {inbox_id} in the inbox")
        if row.purged_at is not None:
            raise NotFoundError(f"message {inbox_id} was purged on {row.purged_at:%Y-%m-%d}")
        return bytes(row.content)


_CONTENT = (
    select(octets.c.content, inbox.c.purged_at)
    .select_from(inbox.outerjoin(octets))
    .where(inbox.c.id == bindparam("row"))
)
_ANY = select(inbox.c.id).where(_RECEIVED).limit(1)
_FREE = (
    select(inbox.c.id, inbox.c.reader, sa.func.length(octets.c.content).label("octets"))
    .join(octets)
    .where(
        _RECEIVED,
        sa.or_(
            inbox.c.reader.is_(None),
            inbox.c.reader == bindparam("daemon"),
            inbox.c.reader.not_in(select(daemon.c.id)),
        ),
    )
    .order_by(inbox.c.id)
    .limit(bindparam("most"))
    .with_for_update(of=inbox, skip_locked=True)
)
_CLAIM = (
    inbox.update()
    .where(inbox.c.id.in_(bindparam("chosen", expanding=True)))
    .values(reader=bindparam("daemon"))
)
_IN_HAND = (
    inbox.c.id == bindparam("row"),
    _RECEIVED,
    inbox.c.reader.is_not_distinct_from(bindparam("daemon", type_=sa.BigInteger)),
)
_STORE = inbox.insert().returning(inbox.c.id, inbox.c.uid)
_WAITING = (
    select(*(inbox.c[name] for name in _OF_INBOX), octets.c.content, pages.c.content.label("pages"))
    .join_from(inbox, octets)
    .outerjoin(pages, pages.c.inbox_id == inbox.c.id)
    .where(inbox.c.id.in_(bindparam("chosen", expanding=True)))
    .order_by(inbox.c.id)
)
_END = (
    inbox.update()
    .where(*_IN_HAND)
    .values(state=bindparam("state"), ticket_id=bindparam("ticket_id"), reason=bindparam("reason"))
)


def _with_pages(row: sa.Row[*tuple[Any, ...]]) -> dict[str, Any]:
    values = dict(row._mapping)  # noqa: SLF001 - its name
    if values["pages"] is not None:
        values["pages"] = msgspec.convert(values["pages"], tuple[Page, ...])
    return values


def _superseded(inbox_id: int) -> SupersededError:
    return SupersededError(f"message {inbox_id}: another daemon has it in hand")


def _row(mailbox_name: str, validity: int, raw: RawMessage, digest: bytes, now: datetime) -> dict[str, Any]:
    return {
        "mailbox": mailbox_name,
        "uid_validity": validity,
        "uid": raw.uid,
        "sha256": digest,
        "size": raw.size,
        "truncated": raw.truncated,
        "arrived_at": raw.arrived_at,
        "collected_at": now,
        "state": InboxState.RECEIVED,
        "settled": False,
    }
