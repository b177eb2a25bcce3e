"""Versions of what handlers have the desk keep, on both databases."""

from datetime import timedelta

import pytest

from faultdesk.adapters.sql.migrate import differences
from faultdesk.adapters.sql.store import SqlStore
from pipeline.desk import NOON


def keep(store: SqlStore, content: bytes, hour: int = 0, name: str = "reader.model") -> int:
    with store.write() as tx:
        return tx.artefacts.keep(name, content, {"texts": len(content)}, NOON + timedelta(hours=hour))


def in_force(store: SqlStore, name: str = "reader.model") -> tuple[int, bytes] | None:
    with store.read() as tx:
        artefact = tx.artefacts.kept(name)
    return (artefact.version, artefact.content) if artefact else None


def test_the_tables_are_those_of_the_migrations(store: SqlStore) -> None:
    assert differences(store.database) == []


def test_what_was_kept_last_is_in_force_each_name_for_itself(store: SqlStore) -> None:
    keep(store, b"one")
    keep(store, b"two", hour=1)
    keep(store, b"other", name="reader.index")

    assert (in_force(store), in_force(store, "reader.index")) == ((2, b"two"), (1, b"other"))
    with store.read() as tx:
        assert tx.artefacts.in_force() == {"reader.model": 2, "reader.index": 1}
        assert tx.artefacts.kept("reader.none") is None


def test_what_was_only_tried_is_listed_and_changes_nothing(store: SqlStore) -> None:
    keep(store, b"one")
    keep(store, b"", hour=1)

    with store.read() as tx:
        told = [
            (one.version, one.in_force, one.content, one.made_at)
            for one in tx.artefacts.versions("reader.model")
        ]
    assert told == [(1, True, b"", NOON), (2, False, b"", NOON + timedelta(hours=1))]
    assert in_force(store) == (1, b"one")


def withdraw(store: SqlStore, *, everything: bool = False) -> None:
    with store.write() as tx:
        tx.artefacts.withdraw("reader.model", NOON + timedelta(hours=9), everything=everything)


def test_what_is_withdrawn_gives_way_to_the_one_before_and_never_comes_back(store: SqlStore) -> None:
    for content in (b"one", b"two", b"three"):
        keep(store, content)

    withdraw(store)
    assert in_force(store) == (2, b"two")
    withdraw(store)
    assert in_force(store) == (1, b"one")
    withdraw(store)
    assert in_force(store) is None
    assert keep(store, b"four") == 4
    withdraw(store)

    assert in_force(store) is None
    with store.read() as tx:
        assert all(one.withdrawn_at for one in tx.artefacts.versions("reader.model"))


def test_everything_can_be_withdrawn_at_once_and_no_octets_are_left(store: SqlStore) -> None:
    keep(store, b"one")
    keep(store, b"two")

    withdraw(store, everything=True)

    assert in_force(store) is None
    with store.database.read() as connection:
        assert (
            connection.exec_driver_sql("SELECT content FROM artefact WHERE content IS NOT NULL").all() == []
        )


def test_octets_of_old_versions_are_let_go(store: SqlStore) -> None:
    for number in range(7):
        keep(store, b"octets %d" % number)

    with store.database.read() as connection:
        left = connection.exec_driver_sql(
            "SELECT version FROM artefact WHERE content IS NOT NULL ORDER BY version"
        )
        assert [row.version for row in left] == [4, 5, 6, 7]


def test_of_an_undone_transaction_nothing_is_kept(store: SqlStore) -> None:
    keep(store, b"one")

    with pytest.raises(ZeroDivisionError), store.write() as tx:
        tx.artefacts.keep("reader.model", b"two", {}, NOON)
        raise ZeroDivisionError

    assert in_force(store) == (1, b"one")
