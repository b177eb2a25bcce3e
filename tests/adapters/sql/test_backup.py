import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from faultdesk.adapters.sql.backup import back_up
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.migrate import migrate
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.errors import DatabaseUnavailableError, PermanentError
from faultdesk.pipeline.ports import Batch, Cursor, RawMessage
from pipeline.desk import NOON


def store_message(store: SqlStore, number: int) -> None:
    raw = RawMessage(str(number), b"Subject: x\r\n\r\n", NOON, 14)
    with store.write() as tx:
        tx.inbox.add("service", Batch((raw,), Cursor(1, number)), NOON)


def messages(file: Path) -> int:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        found: int = connection.execute("SELECT count(*) FROM inbox").fetchone()[0]
    return found


def test_a_backup_holds_all_that_was_committed_and_nobody_else_reads_it(
    sqlite_store: SqlStore, tmp_path: Path
) -> None:
    store_message(sqlite_store, 1)
    file = tmp_path / "backup.db"

    octets = back_up(sqlite_store.database, file)

    assert messages(file) == 1
    assert octets == file.stat().st_size
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("backup*")] == ["backup.db"]


def test_a_backup_waits_for_nobody_and_keeps_nobody_waiting(sqlite_store: SqlStore, tmp_path: Path) -> None:
    store_message(sqlite_store, 1)

    with sqlite_store.write() as tx:
        raw = RawMessage("2", b"x", NOON, 1)
        tx.inbox.add("service", Batch((raw,), Cursor(1, 2)), NOON)
        back_up(sqlite_store.database, tmp_path / "backup.db")

    assert messages(tmp_path / "backup.db") == 1
    assert messages(tmp_path / "faultdesk.db") == 2


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "50% of #1?"
    folder.mkdir()
    database = Database(sa.URL.create("sqlite", database=str(folder / "faultdesk.db")).render_as_string())
    migrate(database)

    back_up(database, folder / "backup.db")

    database.close()
    assert (folder / "backup.db").stat().st_size > 0


def test_an_earlier_backup_is_replaced_only_when_that_is_meant(
    sqlite_store: SqlStore, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    back_up(sqlite_store.database, file)
    store_message(sqlite_store, 1)

    with pytest.raises(PermanentError, match="is there already"):
        back_up(sqlite_store.database, file)
    assert messages(file) == 0

    back_up(sqlite_store.database, file, overwrite=True)
    assert messages(file) == 1


def test_a_damaged_database_gives_no_backup(sqlite_store: SqlStore, tmp_path: Path) -> None:
    for number in range(1, 200):
        store_message(sqlite_store, number)
    sqlite_store.database.close()
    source = tmp_path / "faultdesk.db"
    octets = bytearray(source.read_bytes())
    for page in range(len(octets) // 4096 // 2, len(octets) // 4096):
        octets[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    source.write_bytes(octets)

    with pytest.raises((PermanentError, DatabaseUnavailableError), match=r"damaged|malformed"):
        back_up(sqlite_store.database, tmp_path / "backup.db")

    assert list(tmp_path.glob("backup*")) == []


def test_a_database_that_can_be_read_but_is_not_whole_gives_no_backup(
    sqlite_store: SqlStore, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "faultdesk.db")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        # Its pages belong to nobody then.
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'ix_inbox_sha256'")
        connection.commit()

    with pytest.raises(PermanentError, match=r"the database is damaged: (?s:.)*never used"):
        back_up(sqlite_store.database, tmp_path / "backup.db")

    assert list(tmp_path.glob("backup*")) == []


def test_a_place_that_cannot_be_written_is_named(sqlite_store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"nowhere/backup\.db: .*No such file"):
        back_up(sqlite_store.database, tmp_path / "nowhere/backup.db")


def test_postgresql_is_left_to_its_own_program(tmp_path: Path) -> None:
    database = Database("postgresql+psycopg://desk@db.example:5433/faultdesk", "secret")

    with pytest.raises(PermanentError) as refused:
        back_up(database, tmp_path / "backup")

    assert f"pg_dump --format=custom --file={tmp_path / 'backup'}" in str(refused.value)
    assert "'postgresql://desk@db.example:5433/faultdesk'" in str(refused.value)
    assert "secret" not in str(refused.value)
