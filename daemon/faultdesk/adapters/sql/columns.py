"""What the tables are made of."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.engine import Dialect


class Moment(sa.TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite keeps it as text without a zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse what has no zone: it would be a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return it aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = sa.BigInteger().with_variant(Integer, "sqlite")


def identity() -> Column[int]:
    """Make the column that numbers a table's rows."""
    return Column("id", Id, primary_key=True)


def reference(column: str, *, nullable: bool = False, index: bool = True) -> Column[Any]:
    """Make the column that names a row of another table: `ticket_id` of `ticket`."""
    target = column.removesuffix("_id")
    return Column(column, Id, ForeignKey(f"{target}.id"), nullable=nullable, index=index)
