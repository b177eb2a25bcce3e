"""Handlers' artefacts in SQL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, func, select

from faultdesk.adapters.sql.blanking import overwrite_freed_pages
from faultdesk.adapters.sql.tables import artefact
from faultdesk.domain.artefact import Artefact

_WITH_CONTENT = 4
"""The latest versions whose octets are kept: the one in force, and what a rollback may go back to."""
_MOST_VERSIONS = 200

_TOLD = [artefact.c[name] for name in ("name", "version", "made_at", "figures", "in_force", "withdrawn_at")]
_OF_NAME = artefact.c.name == bindparam("of")
_IN_FORCE = select(artefact.c.name, artefact.c.version).where(artefact.c.in_force)
_KEPT = select(*_TOLD, artefact.c.content).where(_OF_NAME, artefact.c.in_force)
_VERSIONS = select(*_TOLD).where(_OF_NAME).order_by(artefact.c.version)
_LATEST = select(func.max(artefact.c.version)).where(_OF_NAME)
_FIT = (
    select(artefact.c.version)
    .where(_OF_NAME, artefact.c.content.is_not(None), artefact.c.withdrawn_at.is_(None))
    .order_by(artefact.c.version.desc())
)


class SqlArtefacts:
    """Implements `pipeline.artefacts.Artefacts`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def keep(self, name: str, content: bytes, figures: Mapping[str, Any], now: datetime) -> int:
        """Add a version; a second daemon that does so at the same moment fails, and tries again."""
        version = int(self._connection.scalar(_LATEST, {"of": name}) or 0) + 1
        if content:
            self._change(name, {"in_force": False}, artefact.c.in_force)
        values = {
            "name": name,
            "version": version,
            "made_at": now,
            "figures": dict(figures),
            "in_force": bool(content),
            "content": content or None,
        }
        self._connection.execute(artefact.insert().values(values))
        self._let_go(name, version)
        return version

    def withdraw(self, name: str, now: datetime, *, everything: bool) -> None:
        """Take back what is in force, or all there is; its octets may hold names, and are overwritten."""
        overwrite_freed_pages(self._connection)
        taken = [artefact.c.withdrawn_at.is_(None)] if everything else [artefact.c.in_force]
        self._change(name, {"in_force": False, "withdrawn_at": now, "content": None}, *taken)
        before = self._connection.scalar(_FIT.limit(1), {"of": name})
        if before is not None:
            self._change(name, {"in_force": True}, artefact.c.version == before)

    def kept(self, name: str) -> Artefact | None:
        """Give what is in force, with its octets."""
        row = self._connection.execute(_KEPT, {"of": name}).one_or_none()
        return Artefact(**{**row._asdict(), "content": bytes(row.content)}) if row else None

    def versions(self, name: str) -> tuple[Artefact, ...]:
        """List the versions, oldest first, without octets."""
        return tuple(Artefact(**row._asdict()) for row in self._connection.execute(_VERSIONS, {"of": name}))

    def in_force(self) -> Mapping[str, int]:
        """Tell the version in force of every name that has one."""
        return {row.name: row.version for row in self._connection.execute(_IN_FORCE)}

    def _change(self, name: str, values: Mapping[str, Any], *rows: sa.ColumnElement[bool]) -> None:
        self._connection.execute(artefact.update().where(artefact.c.name == name, *rows).values(**values))

    def _let_go(self, name: str, latest: int) -> None:
        """Drop the octets of old versions, and very old versions but for the one in force."""
        fit = list(self._connection.scalars(_FIT, {"of": name}))
        self._change(name, {"content": None}, artefact.c.version.in_(fit[_WITH_CONTENT:]))
        is_old = artefact.c.version <= latest - _MOST_VERSIONS
        self._connection.execute(
            artefact.delete().where(artefact.c.name == name, is_old, ~artefact.c.in_force)
        )
