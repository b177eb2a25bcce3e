"""The table of daemons: who works, who lives, who collects what."""

import os
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.sql.dml import ReturningInsert

from faultdesk.adapters.sql.advisory import lock_key
from faultdesk.adapters.sql.revisions import head_revision
from faultdesk.adapters.sql.tables import daemon, mailbox
from faultdesk.adapters.sql.upsert import insert

PLACES = 0x_FA_17
"""With a daemon's number, its advisory lock. Any number will do that no other program on the database takes."""
MIGRATING = lock_key("migrating")
"""Locked while tables change, and shared by daemons while they sign on."""
_OF_TWO_NUMBERS = 2
"""What pg_locks calls such a lock."""

_locks = sa.table(
    "pg_locks", *map(sa.column, ("locktype", "granted", "database", "classid", "objid", "objsubid"))
)
_databases = sa.table("pg_database", sa.column("oid"), sa.column("datname"))
_HERE = select(_databases.c.oid).where(_databases.c.datname == sa.func.current_database()).scalar_subquery()
_HELD = sa.exists().where(
    _locks.c.locktype == "advisory",
    _locks.c.granted,
    _locks.c.database == _HERE,
    sa.cast(_locks.c.classid, sa.BigInteger) == PLACES,
    sa.cast(_locks.c.objid, sa.BigInteger) == daemon.c.id,
    _locks.c.objsubid == _OF_TWO_NUMBERS,
)
LIVING = select(daemon).where(_HELD).order_by(daemon.c.id)
"""On PostgreSQL: those that hold their lock."""
# Not whom a transaction of its own still locks, which the server ends soon: nobody waits for a dead one.
FORGET = (
    daemon.delete()
    .where(daemon.c.id.in_(select(daemon.c.id).where(~_HELD).with_for_update(skip_locked=True)))
    .returning(daemon.c.id, daemon.c.host, daemon.c.pid)
)


def sign_on(mailboxes: Sequence[str], seal: str = "") -> ReturningInsert[Any]:
    """Note a new daemon; returns its number."""
    me = {"host": socket.gethostname(), "pid": os.getpid(), "revision": head_revision(), "seal": seal}
    return (
        daemon.insert()
        .values(**me, mailboxes=list(mailboxes), started_at=datetime.now(UTC))
        .returning(daemon.c.id)
    )


def take(connection: sa.Connection, number: int, mailboxes: Sequence[str]) -> None:
    """Note that this daemon collects these mailboxes from now on; what another one brings is refused."""
    for name in mailboxes:
        statement = insert(connection.dialect.name, mailbox).values(name=name, owner=number)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_={"owner": statement.excluded.owner})
        )


def name_of(row: sa.Row[Any]) -> str:
    """Name a daemon for people."""
    return f"{row.host}, pid {row.pid}"


def daemon_rows(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """Show who works on a PostgreSQL, and which mailboxes each collects; SQLite's only daemon is systemd's."""
    if connection.dialect.name == "sqlite":
        return
    living = connection.execute(LIVING).all()
    if not living:
        yield {"what": "daemon", "name": "none lives", "count": 0, "since": None, "detail": ""}
    for row in living:
        owned = select(mailbox.c.name).where(mailbox.c.owner == row.id).order_by(mailbox.c.name)
        names = connection.scalars(owned).all()
        yield {
            "what": "daemon",
            "name": f"{row.id}: {name_of(row)}",
            "count": len(names),
            "since": row.started_at,
            "detail": f"revision {row.revision}; collects {', '.join(names) or 'nothing'}",
        }
