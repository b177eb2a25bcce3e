"""Migrated databases of both kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.migrate import migrate
from faultdesk.adapters.sql.store import SqlStore


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a fresh, empty database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'faultdesk.db'}"
    url: str = request.getfixturevalue("postgresql").url()
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database) -> SqlStore:
    return SqlStore(database)


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = Database(f"sqlite:///{tmp_path / 'faultdesk.db'}")
    migrate(opened)
    yield SqlStore(opened)
    opened.close()
