"""Gives out what is kept of one person: the mails, and the tickets as JSON, in a zip."""

import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy import or_, select

from faultdesk.adapters.sql import person
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.inbox import SqlInbox
from faultdesk.adapters.sql.quarantine import SqlQuarantine
from faultdesk.adapters.sql.tables import event, message, ticket
from faultdesk.errors import DatabaseUnavailableError, PermanentError

_WRITTEN = ("id", "inbox_id", "purpose", "sender", "recipients", "subject", "text", "at", "message_id")
_ASKED = (
    "reference", "status", "subject", "channel", "language", "classification",
    "requester_address", "requester_name", "noticed_at", "opened_at",
)  # fmt: skip


class Exported(NamedTuple):
    """What was given out."""

    tickets: int
    mails: int


def export(database: Database, address: str, file: Path, *, with_withheld: bool = False) -> Exported:
    """Write `tickets.json` and the mails from and to this address, as `received-ID.eml` and `sent-ID.eml`.

    Of a mail that is withheld only why, as `received-ID.txt`, unless it is asked for.

    Raises:
        PermanentError: The file is there already.
        DatabaseUnavailableError: The file could not be written or the database not be read.
    """
    found = person.find(database, address)
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise PermanentError(f"{file}: is there already") from error
    except OSError as error:
        raise DatabaseUnavailableError(f"{file}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
            tickets = [_ticket(database, one, address) for one in found.tickets]
            parts.writestr("tickets.json", msgspec.json.format(msgspec.json.encode(tickets), indent=2))
            mails = 0
            for name, content in _mails(database, found, address, with_withheld=with_withheld):
                parts.writestr(name, content)
                mails += 1
    except BaseException as error:
        with suppress(OSError):
            file.unlink()
        if isinstance(error, OSError):
            raise DatabaseUnavailableError(f"{file}: {error.strerror}") from error
        raise
    return Exported(len(tickets), mails)


def _is_of(address: str) -> sa.ColumnElement[bool]:
    return or_(message.c.sender == address, person.is_recipient(address))


def _ticket(database: Database, ticket_id: int, address: str) -> dict[str, Any]:
    """Tell of a ticket what concerns this person; where an event names somebody else, only that it was."""
    with database.read() as connection:
        of_ticket = connection.execute(
            select(*(ticket.c[name] for name in _ASKED)).where(ticket.c.id == ticket_id)
        ).one()
        written = connection.execute(
            select(*(message.c[name] for name in _WRITTEN))
            .where(message.c.ticket_id == ticket_id, _is_of(address))
            .order_by(message.c.id)
        ).all()
        happened = connection.execute(
            select(event.c.at, event.c.kind, event.c.actor, event.c.data)
            .where(event.c.ticket_id == ticket_id)
            .order_by(event.c.id)
        ).all()
    about = of_ticket._asdict()
    if of_ticket.requester_address != address:
        about = {name: about[name] for name in ("reference", "status", "noticed_at", "opened_at")}
    events = [_event(row.at, row.kind, row.actor, row.data, address) for row in happened]
    return about | {"messages": [row._asdict() for row in written], "events": events}


def _event(at: datetime, kind: str, actor: str, data: dict[str, Any], address: str) -> dict[str, Any]:
    words = f"{actor} {msgspec.json.encode(data).decode()}".lower()
    is_others = "@" in words and address not in words
    return {"at": at, "kind": kind} | ({} if is_others else {"actor": actor, "data": data})


def _mails(
    database: Database, found: person.Found, address: str, *, with_withheld: bool
) -> Iterator[tuple[str, bytes]]:
    with database.read() as connection:
        rows = connection.execute(
            select(message.c.id, message.c.inbox_id).where(_is_of(address)).order_by(message.c.id)
        ).all()
    received = {row.inbox_id for row in rows if row.inbox_id} | set(found.received)
    for inbox_id in sorted(received):
        with database.read() as connection:
            reason = SqlQuarantine(connection).reasons([inbox_id]).get(inbox_id)
            if reason is not None and not with_withheld:
                yield f"received-{inbox_id}.txt", f"withheld: {reason}\n".encode()
                continue
            yield f"received-{inbox_id}.eml", SqlInbox(connection).content(inbox_id)
    for row in rows:
        if row.inbox_id is None:
            with database.read() as connection:
                content = connection.scalar(select(message.c.content).where(message.c.id == row.id))
            yield f"sent-{row.id}.eml", bytes(content or b"")
