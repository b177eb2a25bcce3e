from datetime import UTC, datetime

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.errors import NotFoundError
from faultdesk.pipeline.ports import Batch, Cursor, RawMessage

NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


def raw(uid: int, content: bytes = b"Subject: x\r\n\r\n") -> RawMessage:
    return RawMessage(str(uid), content + str(uid).encode(), NOW, len(content))


def add(store: SqlStore, batch: Batch, mailbox: str = "service") -> int:
    with store.write() as tx:
        return tx.inbox.add(mailbox, batch, NOW)


def test_messages_and_cursor_are_stored_together(store: SqlStore) -> None:
    add(store, Batch((raw(4), raw(5)), Cursor(77, 5)))

    with store.read() as tx:
        assert tx.inbox.cursor("service") == Cursor(77, 5)
        assert [received.content[-1:] for received in tx.inbox.claim(10, 10**6)] == [b"4", b"5"]


def test_nothing_is_stored_when_the_transaction_fails(store: SqlStore) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:
        tx.inbox.add("service", Batch((raw(4),), Cursor(77, 4)), NOW)
        raise RuntimeError

    with store.read() as tx:
        assert tx.inbox.cursor("service") is None
        assert tx.inbox.claim(10, 10**6) == []


def test_a_batch_seen_twice_is_stored_once(store: SqlStore) -> None:
    batch = Batch((raw(4), raw(5)), Cursor(77, 5))

    assert add(store, batch) == 2
    assert add(store, batch) == 0


def test_the_same_uid_in_another_mailbox_is_another_message(store: SqlStore) -> None:
    add(store, Batch((raw(4),), Cursor(77, 4)), "service")

    assert add(store, Batch((raw(4),), Cursor(77, 4)), "fax") == 1


def test_after_a_new_uidvalidity_known_octets_are_not_stored_again(store: SqlStore) -> None:
    add(store, Batch((raw(4), raw(5)), Cursor(77, 5)))
    renumbered = RawMessage("1", raw(4).content, NOW, 14)

    assert add(store, Batch((renumbered, raw(9)), Cursor(78, 9))) == 1

    with store.read() as tx:
        assert tx.inbox.cursor("service") == Cursor(78, 9)


def test_who_is_killed_after_a_batch_of_a_new_uidvalidity_stores_none_of_the_others_again(
    store: SqlStore,
) -> None:
    add(store, Batch((raw(4), raw(5)), Cursor(77, 5)))
    add(store, Batch((RawMessage("1", raw(4).content, NOW, 14),), Cursor(78, 1)))

    assert add(store, Batch((RawMessage("2", raw(5).content, NOW, 14),), Cursor(78, 2))) == 0


def test_what_was_stored_and_not_marked_done_is_remembered(store: SqlStore) -> None:
    add(store, Batch((raw(4), raw(5)), Cursor(77, 5)))

    with store.write() as tx:
        tx.inbox.settle("service", ["4"])

    with store.read() as tx:
        assert tx.inbox.unsettled("service") == ("5",)


def test_a_batch_is_limited_by_octets_but_never_empty(store: SqlStore) -> None:
    add(store, Batch(tuple(raw(uid, b"x" * 100) for uid in range(1, 6)), Cursor(77, 5)))

    with store.read() as tx:
        assert len(tx.inbox.claim(10, 250)) == 2
        assert len(tx.inbox.claim(10, 1)) == 1
        assert len(tx.inbox.claim(3, 10**6)) == 3


def test_strikes_stay_with_the_message(store: SqlStore) -> None:
    add(store, Batch((raw(4),), Cursor(77, 4)))
    with store.read() as tx:
        (received,) = tx.inbox.claim(1, 10**6)

    with store.write() as tx:
        assert tx.inbox.strike(received.id, "boom") == 1
    with store.write() as tx:
        assert tx.inbox.strike(received.id, "boom") == 2


def test_a_message_with_an_end_does_not_come_again(store: SqlStore) -> None:
    add(store, Batch((raw(4), raw(5), raw(6)), Cursor(77, 6)))
    with store.read() as tx:
        first, second, third = tx.inbox.claim(10, 10**6)

    with store.write() as tx:
        tx.inbox.done(first.id, None)
        tx.inbox.ignore(second.id, "advert")
        tx.inbox.fail(third.id)

    with store.read() as tx:
        assert tx.inbox.claim(10, 10**6) == []


def test_octets_are_kept_as_they_came(store: SqlStore) -> None:
    octets = bytes(range(256))
    add(store, Batch((RawMessage("1", octets, NOW, 256),), Cursor(1, 1)))

    with store.read() as tx:
        (received,) = tx.inbox.claim(1, 10**6)
        assert tx.inbox.content(received.id) == octets


def test_octets_of_an_unknown_message_are_not_found(store: SqlStore) -> None:
    with store.read() as tx, pytest.raises(NotFoundError, match="no message 9"):
        tx.inbox.content(9)


def test_a_failing_mailbox_shows_since_when(store: SqlStore) -> None:
    later = NOW.replace(hour=9)
    with store.write() as tx:
        tx.inbox.report("service", NOW, "refused")
    with store.write() as tx:
        tx.inbox.report("service", later, "refused again")

    with store.database.read() as connection:
        row = connection.exec_driver_sql("SELECT error, failing_since FROM mailbox").one()
    assert row.error == "refused again"
    assert "04:00:00" in str(row.failing_since)
