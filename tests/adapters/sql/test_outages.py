"""What a database does to us from outside, and what is our own fault."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.postgresql import PatientConnection
from faultdesk.errors import DatabaseUnavailableError
from servers.postgresql import PostgreSQL
from servers.proxy import Proxy

MakeProxy = Callable[[str, int], Proxy]


@pytest.fixture
def way(postgresql: PostgreSQL, proxied: MakeProxy) -> Proxy:
    return proxied(postgresql.host, postgresql.port)


@pytest.fixture
def behind(postgresql: PostgreSQL, way: Proxy) -> Iterator[Database]:
    """A database behind the proxy, with a table and a connection in the pool."""
    url = postgresql.url().replace(str(postgresql.port), str(way.port))
    opened = Database(f"{url}?connect_timeout=2")
    with opened.write() as connection:
        connection.execute(sa.text("CREATE TABLE note (n int)"))
    yield opened
    opened.close()


def write(database: Database) -> None:
    with database.write() as connection:
        connection.execute(sa.text("INSERT INTO note VALUES (1)"))


def notes(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.scalars(sa.text("SELECT n FROM note")))


def raise_state(state: str) -> sa.TextClause:
    return sa.text(f"DO $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{state}'; END $$")


@pytest.mark.parametrize(
    "state",
    [
        "08006",
        "25006",
        "40001",
        "40P01",
        "53100",
        "53200",
        "53300",
        "55P03",
        "57014",
        "57P01",
        "57P03",
        "58030",
    ],
)
def test_trouble_of_the_server_is_waited_for(behind: Database, state: str) -> None:
    with pytest.raises(DatabaseUnavailableError, match="database: as told"), behind.write() as connection:
        connection.execute(raise_state(state))

    write(behind)


@pytest.mark.parametrize("state", ["22003", "22021", "23505", "42P01", "42601", "54000", "54023", "XX000"])
def test_what_the_server_will_never_take_is_no_outage(behind: Database, state: str) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="as told"), behind.write() as connection:
        connection.execute(raise_state(state))

    write(behind)


def test_a_statement_that_is_wrong_is_no_outage(database: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="nowhere"), database.read() as connection:
        connection.execute(sa.text("SELECT 1 FROM nowhere"))


def test_connections_cut_between_two_transactions_go_unnoticed(behind: Database, way: Proxy) -> None:
    way.cut()

    write(behind)

    assert notes(behind) == [1]


def test_connection_cut_in_a_transaction_leaves_nothing_of_it(behind: Database, way: Proxy) -> None:
    with pytest.raises(DatabaseUnavailableError), behind.write() as connection:
        connection.execute(sa.text("INSERT INTO note VALUES (1)"))
        way.cut()
        connection.execute(sa.text("INSERT INTO note VALUES (2)"))

    assert notes(behind) == []


def test_refused_connections_are_an_outage_until_they_are_taken(behind: Database, way: Proxy) -> None:
    way.refuse()
    way.cut()
    with pytest.raises(DatabaseUnavailableError, match="refused"):
        write(behind)
    way.accept()

    write(behind)


def test_server_that_ends_our_session_in_a_transaction_is_unavailable(
    behind: Database, postgresql: PostgreSQL
) -> None:
    with (
        pytest.raises(DatabaseUnavailableError, match=r"terminating connection|closed the connection"),
        behind.write() as connection,
    ):
        connection.execute(sa.text("INSERT INTO note VALUES (1)"))
        postgresql.end_sessions()
        connection.execute(sa.text("INSERT INTO note VALUES (2)"))

    assert notes(behind) == []


def test_server_that_takes_a_statement_and_never_answers_is_given_up(
    behind: Database, way: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PatientConnection, "answer_seconds", 0.3)
    with pytest.raises(DatabaseUnavailableError, match="no answer within"), behind.write() as connection:
        way.swallow()
        connection.execute(sa.text("INSERT INTO note VALUES (1)"))
    way.spit()

    assert notes(behind) == []


def test_pooled_connections_into_a_black_hole_are_given_up(
    behind: Database, way: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PatientConnection, "answer_seconds", 0.3)
    way.swallow()
    with pytest.raises(DatabaseUnavailableError, match=r"timeout expired|no answer within"):
        write(behind)
    way.spit()

    write(behind)


def test_migration_may_take_its_time(behind: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientConnection, "answer_seconds", 0.3)

    with behind.write() as connection, behind.unhurried(connection):
        connection.execute(sa.text("SELECT pg_sleep(0.6)"))
    with pytest.raises(DatabaseUnavailableError), behind.read() as connection:
        connection.execute(sa.text("SELECT pg_sleep(0.6)"))


def test_server_that_only_reads_is_left_for_one_that_writes(behind: Database) -> None:
    with behind.write() as connection:
        connection.execute(
            sa.text(f"ALTER DATABASE {behind.url.database} SET default_transaction_read_only = on")
        )
        connection.execute(sa.text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
    with pytest.raises(DatabaseUnavailableError, match="read-only"):
        write(behind)
    operator = Database(behind.url.render_as_string())
    with operator.session() as connection:
        connection.execute(sa.text("SET default_transaction_read_only = off"))
        connection.execute(
            sa.text(f"ALTER DATABASE {behind.url.database} RESET default_transaction_read_only")
        )
    operator.close()

    write(behind)

    assert notes(behind) == [1]


def test_sqlite_held_by_another_is_an_outage_until_it_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faultdesk.adapters.sql.database._BUSY_SECONDS", 0.1)
    database = Database(f"sqlite:///{tmp_path / 'notes.db'}")
    with database.write() as connection:
        connection.execute(sa.text("CREATE TABLE note (n int)"))
    other = sqlite3.connect(tmp_path / "notes.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailableError, match="database is locked"):
        write(database)
    other.close()

    write(database)

    assert notes(database) == [1]
    database.close()


def test_sqlite_file_that_cannot_be_opened_is_an_outage(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'nowhere' / 'notes.db'}")

    with pytest.raises(DatabaseUnavailableError, match="unable to open"), database.read():
        pass
