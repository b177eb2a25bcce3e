"""Originals that do not leave the desk, in SQL."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam, select

from faultdesk.adapters.sql.tables import quarantine
from faultdesk.adapters.sql.upsert import insert

_ONE = (quarantine.c.inbox_id == bindparam("of"), quarantine.c.inspector == bindparam("by"))
# Locked: a mail is noted either before the look ends, which then frees it, or after, and finds none.
_WAITED = select(quarantine.c.mails).where(*_ONE).with_for_update()
_LET_GO = quarantine.delete().where(*_ONE)
_UNDER_WAY = (
    select(quarantine.c.inbox_id, quarantine.c.inspector, quarantine.c.until, quarantine.c.mails)
    .where(
        quarantine.c.inbox_id.in_(bindparam("originals", expanding=True)),
        quarantine.c.until > bindparam("now"),
    )
    .order_by(quarantine.c.inbox_id, quarantine.c.inspector)
    .with_for_update()
)
_NOTE = quarantine.update().where(*_ONE).values(mails=bindparam("waiting"))
_REASONS = (
    select(quarantine.c.inbox_id, quarantine.c.reason)
    .where(quarantine.c.inbox_id.in_(bindparam("originals", expanding=True)))
    .order_by(quarantine.c.inbox_id, quarantine.c.inspector)
)


class SqlQuarantine:
    """A row for each inspector and original; what was let go has none."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def begin(self, inbox_id: int, inspector: str, reason: str, until: datetime) -> None:
        """Withhold an original while it is looked at; what was settled by this inspector stays settled."""
        row = {"inbox_id": inbox_id, "inspector": inspector, "reason": reason, "until": until, "mails": []}
        statement = insert(self._connection.dialect.name, quarantine).on_conflict_do_nothing()
        self._connection.execute(statement, row)

    def settle(self, inbox_id: int, inspector: str, reason: str | None) -> list[int]:
        """End a look: withhold for good, or (None) let go; return the mails that waited for it."""
        which = {"of": inbox_id, "by": inspector}
        waited: list[int] = self._connection.scalar(_WAITED, which) or []
        if reason is None:
            self._connection.execute(_LET_GO, which)
            return waited
        row = {"inbox_id": inbox_id, "inspector": inspector, "reason": reason, "until": None, "mails": []}
        fresh = insert(self._connection.dialect.name, quarantine)
        for_good = {name: fresh.excluded[name] for name in ("reason", "until", "mails")}
        statement = fresh.on_conflict_do_update(index_elements=["inbox_id", "inspector"], set_=for_good)
        self._connection.execute(statement, row)
        return waited

    def wait(self, inbox_ids: Sequence[int], mail: int, now: datetime) -> datetime | None:
        """Note that a mail waits for the looks at these that are under way; tell until when, None if for none."""
        rows = self._connection.execute(_UNDER_WAY, {"originals": list(inbox_ids), "now": now}).all()
        for row in rows:
            if mail not in row.mails:
                note = {"of": row.inbox_id, "by": row.inspector, "waiting": [*row.mails, mail]}
                self._connection.execute(_NOTE, note)
        return max((row.until for row in rows), default=None)

    def reasons(self, inbox_ids: Sequence[int]) -> dict[int, str]:
        """Say of those that are withheld, or looked at, why."""
        reasons: dict[int, str] = {}
        for row in self._connection.execute(_REASONS, {"originals": list(inbox_ids)}):
            known = reasons.get(row.inbox_id)
            reasons[row.inbox_id] = f"{known}; {row.reason}" if known else row.reason
        return reasons
