"""Who works on a database, who collects what, and what is refused from those who do no longer."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from faultdesk.adapters.sql.daemons import MIGRATING, daemon_rows
from faultdesk.adapters.sql.database import Database
from faultdesk.adapters.sql.membership import LockFile, Membership, succeed
from faultdesk.adapters.sql.migrate import migrate
from faultdesk.adapters.sql.presence import Presence, shares
from faultdesk.adapters.sql.store import SqlStore, SqlTransaction
from faultdesk.adapters.sql.tables import daemon
from faultdesk.domain.decision import Job
from faultdesk.domain.ticket import Event, Status
from faultdesk.errors import ConfigError, DatabaseUnavailableError, SupersededError
from faultdesk.handlers.testing import a_message
from faultdesk.pipeline.ports import Batch, Cursor, RawMessage
from faultdesk.pipeline.work import JobState
from pipeline.desk import PlayedDesk
from servers.postgresql import PostgreSQL

NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
MAILBOXES = ("east", "west")
MakeStore = Callable[[], SqlStore]


def batch(uid: int) -> Batch:
    return Batch((RawMessage(str(uid), b"mail %d" % uid, NOW, 6),), Cursor(1, uid))


@pytest.fixture
def another(database: Database) -> Iterator[MakeStore]:
    """Make one process's view of the database after the other."""
    opened: list[Database] = []

    def make() -> SqlStore:
        opened.append(Database(database.url.render_as_string(hide_password=False)))
        return SqlStore(opened[-1])

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def another_on_postgresql(postgresql: PostgreSQL) -> Iterator[MakeStore]:
    opened = [Database(postgresql.url())]
    migrate(opened[0])

    def make() -> SqlStore:
        opened.append(Database(opened[0].url.render_as_string(hide_password=False)))
        return SqlStore(opened[-1])

    yield make
    for one in opened:
        one.close()


def alone(store: SqlStore) -> Membership:
    if store.database.is_sqlite:
        return LockFile(store, MAILBOXES)
    return Presence(store, MAILBOXES, alone=True)


def one_of_many(store: SqlStore, *mailboxes: str) -> Presence:
    return Presence(store, mailboxes or MAILBOXES, alone=False)


def test_a_second_daemon_beside_the_only_one_is_refused(another: MakeStore) -> None:
    first, second = alone(another()), alone(another())
    first.join()

    with pytest.raises(SupersededError, match="another faultdesk daemon"):
        second.join()

    first.leave()
    second.join()
    second.leave()


def test_the_only_one_collects_everything(another: MakeStore) -> None:
    membership = alone(another())
    membership.join()
    membership.keep()

    assert all(membership.collects(name) for name in MAILBOXES)
    membership.leave()


def test_only_its_collector_moves_a_mailbox_s_cursor(another: MakeStore) -> None:
    former, later = another(), another()
    for store, uid in ((former, 1), (later, 2)):
        succeed(store, MAILBOXES)
        with store.write() as tx:
            assert tx.inbox.add("east", batch(uid), NOW) == 1

    with pytest.raises(SupersededError, match="another daemon collects it"), former.write() as tx:
        tx.inbox.add("east", batch(1), NOW)

    with later.read() as tx:
        assert tx.inbox.cursor("east") == Cursor(1, 2)


def test_what_one_has_in_hand_another_neither_takes_nor_decides(another_on_postgresql: MakeStore) -> None:
    stores = [another_on_postgresql() for _ in range(2)]
    members = [one_of_many(store, name) for store, name in zip(stores, MAILBOXES, strict=True)]
    for member in members:
        member.join()
        member.keep()
    with stores[0].write() as tx:
        tx.inbox.add("east", batch(1), NOW)
        (claimed,) = tx.inbox.claim(10, 10**6)

    with stores[1].write() as tx:
        assert tx.inbox.claim(10, 10**6) == []
    members[0].leave()
    members[1].keep()
    with stores[1].write() as tx:
        (taken_over,) = tx.inbox.claim(10, 10**6)
    with pytest.raises(SupersededError, match="another daemon has it in hand"), stores[0].write() as tx:
        tx.inbox.ignore(claimed.id, "too late")

    assert (claimed.is_left, taken_over.is_left) == (False, True)
    members[1].leave()


def test_two_claim_different_messages(another_on_postgresql: MakeStore) -> None:
    stores = [another_on_postgresql() for _ in range(2)]
    members = [one_of_many(store) for store in stores]
    for member in members:
        member.join()
    for uid in (1, 2):
        with another_on_postgresql().write() as tx:
            tx.inbox.add("east", batch(uid), NOW)

    with stores[0].write() as mine, stores[1].write() as theirs:
        claimed = [tx.inbox.claim(1, 10**6)[0].id for tx in (mine, theirs)]

    assert len(set(claimed)) == 2
    for member in members:
        member.leave()


def test_a_message_in_two_mailboxes_is_decided_by_one_after_the_other(
    another_on_postgresql: MakeStore,
) -> None:
    seen: list[int | None] = []
    desks = [PlayedDesk(another_on_postgresql(), {}) for _ in range(2)]
    message = a_message(message_id="<1@owner.example>", text="camera 4 is dark")
    ids = [desk.receive() for desk in desks[:1]]

    def decide_second() -> None:
        with desks[1].store.write() as tx:
            tx.tickets.lock_threads([message.message_id])
            seen.append(tx.tickets.twin(message))

    other = threading.Thread(target=decide_second)
    with desks[0].store.write() as tx:
        tx.tickets.lock_threads([message.message_id])
        received = next(one for one in tx.inbox.claim(9, 10**6) if one.id == ids[0])
        desks[0].clerk.decide(tx, received, message)
        other.start()
        other.join(0.3)
        assert seen == []
    other.join(10)

    assert [ticket_id is not None for ticket_id in seen] == [True]


def test_an_answer_does_not_undo_what_a_command_decides_in_the_same_moment(
    another_on_postgresql: MakeStore,
) -> None:
    by_mail, by_command = (PlayedDesk(another_on_postgresql(), {}) for _ in range(2))
    ticket_id = by_mail.decide(a_message(text="camera 4 is dark"))
    assert ticket_id is not None

    def answer() -> None:
        with by_mail.store.write() as tx:
            by_mail.changes.change(tx, ticket_id, Event("answered", {}))

    other = threading.Thread(target=answer)
    with by_command.store.write() as tx:
        by_command.changes.change(tx, ticket_id, Event("resolved", {}))
        other.start()
        other.join(0.3)
    other.join(10)

    with by_mail.store.read() as tx:
        assert tx.tickets.get(ticket_id).status is Status.RESOLVED
    assert by_mail.events(ticket_id)[-2:] == ["resolved", "answered"]


def test_mailboxes_are_dealt_anew_when_somebody_comes_or_goes(another_on_postgresql: MakeStore) -> None:
    stores = [another_on_postgresql() for _ in range(2)]
    first, second = (one_of_many(store) for store in stores)
    first.join()
    first.keep()
    assert [first.collects(name) for name in MAILBOXES] == [True, True]

    second.join()
    let_go = first.keep()
    second.keep()
    assert [first.collects(name) for name in let_go] == [False]
    assert [second.collects(name) for name in let_go] == [True]
    with stores[0].read() as tx:
        shown = list(daemon_rows(tx.connection))
    assert [row["count"] for row in shown] == [1, 1]

    second.leave()
    first.keep()
    assert [first.collects(name) for name in MAILBOXES] == [True, True]
    first.leave()


def test_one_of_many_and_an_only_one_do_not_work_together(another_on_postgresql: MakeStore) -> None:
    member, only = one_of_many(another_on_postgresql()), alone(another_on_postgresql())
    member.join()
    with pytest.raises(SupersededError, match="another faultdesk daemon"):
        only.join()
    member.leave()
    only.join()
    with pytest.raises(SupersededError, match="must be the only one"):
        member.join()
    only.leave()


def test_a_place_that_was_lost_is_taken_again_under_another_number(
    another_on_postgresql: MakeStore, postgresql: PostgreSQL
) -> None:
    store = another_on_postgresql()
    only = Presence(store, MAILBOXES, alone=True)
    only.join()
    number = store.daemon
    postgresql.end_sessions()
    lost = keep_until(only, lambda: store.daemon != number)

    assert lost
    assert only.collects("east")
    only.leave()


def test_the_only_one_ends_when_another_has_its_place(
    another_on_postgresql: MakeStore, postgresql: PostgreSQL
) -> None:
    only, other = alone(another_on_postgresql()), alone(another_on_postgresql())
    only.join()
    postgresql.end_sessions()
    join_until_it_may(other)

    with pytest.raises(SupersededError):
        keep_until(only, lambda: False)
    other.leave()


def test_the_only_one_begins_no_job_once_another_has_its_place(
    another_on_postgresql: MakeStore, postgresql: PostgreSQL
) -> None:
    stores = [another_on_postgresql() for _ in range(2)]
    woken, successor = (alone(store) for store in stores)
    woken.join()
    with stores[0].write() as tx:
        job_id = tx.jobs.put(Job("t"), "lane", JobState.SENT, NOW)
    postgresql.end_sessions()
    join_until_it_may(successor)

    with pytest.raises(SupersededError, match="its place is another's"), stores[0].write() as tx:
        tx.jobs.claim([job_id], NOW)
    with stores[1].write() as tx:
        claim = tx.jobs.claim([job_id], NOW)

    assert [claimed.job.tries for claimed in claim.claimed] == [1]
    successor.leave()


def test_nobody_waits_for_one_that_was_stopped_while_it_began_a_job(
    another_on_postgresql: MakeStore, postgresql: PostgreSQL
) -> None:
    stores = [another_on_postgresql() for _ in range(2)]
    stopped, living = (one_of_many(store) for store in stores)
    stopped.join()
    living.join()
    with stores[0].write() as tx:
        tx.jobs.claim([], NOW)
        stopped.leave()

        living.keep()

        assert [living.collects(name) for name in MAILBOXES] == [True, True]
        with stores[1].read() as other:
            assert count(other, daemon) == 2
    living.keep()
    with stores[1].read() as other:
        assert count(other, daemon) == 1
    living.leave()


def test_daemons_of_different_keys_do_not_work_side_by_side(another_on_postgresql: MakeStore) -> None:
    first = Presence(another_on_postgresql(), MAILBOXES, alone=False, seal="one")
    second = Presence(another_on_postgresql(), MAILBOXES, alone=False, seal="another")
    first.join()

    with pytest.raises(ConfigError, match=rf"desk.signing_key: is not the key of .*pid {os.getpid()}"):
        second.join()

    first.leave()
    second.join()
    second.leave()


def test_a_daemon_s_death_is_told_and_its_leaving_is_not(
    another_on_postgresql: MakeStore, postgresql: PostgreSQL, capsys: pytest.CaptureFixture[str]
) -> None:
    leaving, dying, living = (one_of_many(another_on_postgresql()) for _ in range(3))
    leaving.join()
    leaving.leave()
    dying.join()
    postgresql.end_sessions()
    living.join()

    assert [
        line.count(f"pid={os.getpid()}")
        for line in capsys.readouterr().out.splitlines()
        if "daemon.gone" in line
    ] == [1]
    living.leave()


def test_no_daemon_signs_on_while_tables_change(another_on_postgresql: MakeStore) -> None:
    migrating, store = another_on_postgresql(), another_on_postgresql()
    with migrating.database.write() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATING)))
        with pytest.raises(DatabaseUnavailableError, match="`faultdesk migrate` is at work"):
            one_of_many(store).join()

    member = one_of_many(store)
    member.join()
    member.leave()


def count(tx: SqlTransaction, table: sa.Table) -> int:
    return tx.connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def keep_until(member: Membership, happened: Callable[[], bool]) -> bool:
    """Keep the place as the daemon does, which tries again; tell whether it was lost meanwhile."""
    lost = False
    for _ in range(100):
        try:
            member.keep()
        except DatabaseUnavailableError:
            lost = True
        if happened():
            return lost
        time.sleep(0.05)
    pytest.fail("it did not happen")


def join_until_it_may(member: Membership) -> None:
    for _ in range(100):
        try:
            member.join()
        except (SupersededError, DatabaseUnavailableError):
            time.sleep(0.05)  # the server has not ended the other session yet
        else:
            return
    pytest.fail("it may not")


@given(st.dictionaries(st.integers(1, 99), st.sets(st.sampled_from("abcdefgh")), min_size=1))
def test_every_mailbox_has_one_collector_that_can_reach_it(wanted: dict[int, set[str]]) -> None:
    dealt = shares(wanted)

    assert sorted(name for names in dealt.values() for name in names) == sorted(set().union(*wanted.values()))
    assert all(names <= wanted[number] for number, names in dealt.items())


@given(st.integers(1, 8), st.integers(0, 20))
def test_mailboxes_that_all_can_reach_are_dealt_evenly(daemons: int, mailboxes: int) -> None:
    names = tuple(f"m{number}" for number in range(mailboxes))
    counts = [len(dealt) for dealt in shares(dict.fromkeys(range(daemons), names)).values()]

    assert max(counts) - min(counts) <= 1
