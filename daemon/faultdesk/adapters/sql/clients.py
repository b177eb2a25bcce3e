"""Clients in SQL: each whole in a row, and by what it is known in rows of their own."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy import bindparam, select

from faultdesk.adapters.sql.tables import client, client_key
from faultdesk.domain.client import Client, KeyKind, folded

_ALL = select(client.c.content).order_by(client.c.name)
_NAMED = select(client.c.id, client.c.name, client.c.content).where(client.c.name == bindparam("named"))
_KNOWN_BY = (
    select(client.c.content)
    .join(client_key, client_key.c.client_id == client.c.id)
    .where(client_key.c.kind == bindparam("by"), client_key.c.key == bindparam("what"))
    .order_by(client.c.name)
)
_FOLDED = (
    select(client.c.id, client.c.name, client.c.content)
    .join(client_key, client_key.c.client_id == client.c.id)
    .where(client_key.c.kind == bindparam("by"), client_key.c.key == bindparam("what"))
)
_FORGET = client_key.delete().where(client_key.c.client_id == bindparam("of"))
_CHANGE = client.update().where(client.c.id == bindparam("of"))


class Stored(NamedTuple):
    """How many clients were new, changed and the same."""

    added: int = 0
    changed: int = 0
    same: int = 0


class SqlClients:
    """Implements `pipeline.store.Clients`, and what the commands need."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def all(self) -> Iterator[Client]:
        """Give all clients by name."""
        return (_client(content) for (content,) in self._connection.execute(_ALL))

    def is_empty(self) -> bool:
        """Tell whether no client is on record."""
        return self._connection.execute(_ALL.limit(1)).first() is None

    def named(self, name: str) -> Client | None:
        """Find a client by its name, whatever its width, case and signs."""
        row = self._stored(name)
        return _client(row.content) if row else None

    def _stored(self, name: str) -> sa.Row[Any, Any, Any] | None:
        """Find the row of a client: by its name as it is written, else as it is folded."""
        exact = self._connection.execute(_NAMED, {"named": name}).one_or_none()
        if exact is not None:
            return exact
        known = self._connection.execute(_FOLDED, {"by": KeyKind.NAME, "what": folded(name)})
        return next((row for row in known if folded(row.name) == folded(name)), None)

    def known_by(self, kind: KeyKind, key: str) -> list[Client]:
        """Find the clients that are known by an address, a domain, a number, a name or a contract."""
        found = self._connection.execute(_KNOWN_BY, {"by": kind, "what": key})
        return [_client(content) for (content,) in found]

    def remove(self, name: str) -> bool:
        """Take a client off the record; False if there is none of this name."""
        row = self._stored(name)
        if row is None:
            return False
        self._connection.execute(_FORGET, {"of": row.id})
        self._connection.execute(client.delete().where(client.c.id == row.id))
        return True

    def put(self, clients: Iterable[Client]) -> Stored:
        """Store clients, each in the place of the one of its name."""
        stored = Stored()
        for one in clients:
            before = self._stored(one.name)
            if before is not None and _client(before.content) == one:
                stored = stored._replace(same=stored.same + 1)
                continue
            content = msgspec.to_builtins(one)
            if before is None:
                row = {"name": one.name, "content": content}
                number = self._connection.execute(client.insert().returning(client.c.id), row).scalar_one()
                stored = stored._replace(added=stored.added + 1)
            else:
                number = before.id
                self._connection.execute(_CHANGE.values(name=one.name, content=content), {"of": number})
                self._connection.execute(_FORGET, {"of": number})
                stored = stored._replace(changed=stored.changed + 1)
            keys = [
                {"kind": kind, "key": key, "client_id": number} for kind, key in dict.fromkeys(one.known_by())
            ]
            self._connection.execute(client_key.insert(), keys)
        return stored


def _client(content: object) -> Client:
    return msgspec.convert(content, Client)
