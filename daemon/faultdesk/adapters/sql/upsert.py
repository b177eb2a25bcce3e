"""INSERT that meets an existing row, in the words of either database."""

from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Insert = sqlite.Insert | postgresql.Insert


def insert(dialect: str, table: sa.Table) -> Insert:
    """Begin an INSERT that knows ON CONFLICT."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


@cache  # a statement made once keeps its compiled form at hand
def insert_or_skip(dialect: str, table: sa.Table) -> sa.Executable:
    """Make an INSERT that leaves an existing row as it is, and returns the id of a new one where there is one."""
    return insert(dialect, table).on_conflict_do_nothing().returning(table.c.id)
