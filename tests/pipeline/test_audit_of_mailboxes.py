"""What a mailbox holds against the ledger: a real Dovecot and Maildirs, damaged."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from faultdesk.adapters.imap import ImapMailbox
from faultdesk.adapters.maildir import MaildirMailbox
from faultdesk.adapters.sql.audit import SqlBooks
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.config.settings import After, MaildirSettings
from faultdesk.pipeline.audit import audit
from faultdesk.pipeline.collect import collect
from faultdesk.pipeline.ports import Mailbox
from pipeline.desk import SetClock
from servers.dovecot import MailAccount
from servers.mailboxes import MakeMailbox


def notice(number: int) -> bytes:
    return b"From: li@owner.example\r\nSubject: %d\r\n\r\nThe lift stands still.\r\n" % number


@pytest.fixture
def clock() -> SetClock:
    real = SetClock()
    real.time = datetime.now(UTC)
    return real


def found(store: SqlStore, clock: SetClock, mailbox: Mailbox) -> list[tuple[str, str]]:
    report = audit(SqlBooks(store.database), [mailbox], (), clock.now())
    return [(one.subject, one.problem) for one in report.findings if one.subject.startswith("mailbox")]


def forget(store: SqlStore, uid: int) -> None:
    with store.database.write() as connection:
        for table, column in (("octets", "inbox_id"), ("inbox", "id")):
            connection.exec_driver_sql(
                f"DELETE FROM {table} WHERE {column} = (SELECT id FROM inbox WHERE uid = '{uid}')"  # noqa: S608
            )


@pytest.fixture
def collecting(
    account: MailAccount, mailbox_of: MakeMailbox, store: SqlStore, clock: SetClock
) -> ImapMailbox:
    """A mailbox that was collected: UIDs 1 to 3."""
    account.deliver(notice(1), notice(2), notice(3))
    mailbox = mailbox_of(account)
    collect(mailbox, store, clock, lambda: None)
    return mailbox


@pytest.fixture
def looking(account: MailAccount, mailbox_of: MakeMailbox, collecting: ImapMailbox) -> ImapMailbox:
    """Another connection to it."""
    return mailbox_of(account, after=After.NOTHING)


def test_a_collected_mailbox_misses_nothing(store: SqlStore, clock: SetClock, looking: ImapMailbox) -> None:
    assert found(store, clock, looking) == []


def test_a_uid_that_the_ledger_does_not_know_is_found(
    store: SqlStore, clock: SetClock, looking: ImapMailbox
) -> None:
    forget(store, 2)

    assert found(store, clock, looking) == [("mailbox desk, UID 2", "is not in the ledger")]


def test_a_uid_above_the_cursor_is_not_collected_yet(
    store: SqlStore, clock: SetClock, looking: ImapMailbox, account: MailAccount
) -> None:
    account.deliver(notice(4))

    assert found(store, clock, looking) == []


def test_expunged_messages_are_not_missed(
    store: SqlStore, clock: SetClock, looking: ImapMailbox, account: MailAccount
) -> None:
    account.expunge(1, 2, 3)

    assert found(store, clock, looking) == []


def test_after_a_change_of_uidvalidity_messages_are_known_by_their_octets(
    store: SqlStore, clock: SetClock, account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(notice(1), folder="Faults")
    mailbox = mailbox_of(account, folder="Faults")
    collect(mailbox, store, clock, lambda: None)
    account.recreate("Faults")
    account.deliver(notice(1), notice(2), folder="Faults")
    assert found(store, clock, mailbox_of(account, folder="Faults")) == []
    collect(mailbox, store, clock, lambda: None)
    assert found(store, clock, mailbox_of(account, folder="Faults")) == []

    forget(store, 1)

    assert found(store, clock, mailbox_of(account, folder="Faults")) == [
        ("mailbox desk, UID 1", "is not in the ledger")
    ]


def test_an_audit_changes_nothing_on_the_server(
    store: SqlStore, clock: SetClock, looking: ImapMailbox, account: MailAccount
) -> None:
    before = account.flags()
    forget(store, 2)

    found(store, clock, looking)

    assert account.flags() == before


def test_the_collecting_connection_goes_on(
    store: SqlStore, clock: SetClock, looking: ImapMailbox, collecting: ImapMailbox, account: MailAccount
) -> None:
    found(store, clock, looking)
    account.deliver(notice(4))

    collect(collecting, store, clock, lambda: None)

    with store.read() as tx:
        assert len(tx.inbox.claim(10, 10**6)) == 4


def test_a_mailbox_that_cannot_be_reached_is_a_finding(
    store: SqlStore, clock: SetClock, account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    ((subject, problem),) = found(store, clock, mailbox_of(account, password="wrong"))  # noqa: S106 - is meant

    assert subject == "mailbox desk"
    assert problem.startswith("cannot be looked at: desk: log in")


def test_a_mailbox_never_collected_holds_nothing_that_is_missing(
    store: SqlStore, clock: SetClock, account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(notice(1))

    assert found(store, clock, mailbox_of(account)) == []


@pytest.fixture
def maildir(tmp_path: Path, store: SqlStore, clock: SetClock) -> MaildirMailbox:
    """A Maildir of which one message was collected."""
    mailbox = MaildirMailbox("drop", MaildirSettings(path=tmp_path / "drop"))
    mailbox.open()
    (tmp_path / "drop/new/1.a.b").write_bytes(notice(1))
    collect(mailbox, store, clock, lambda: None)
    return mailbox


def test_a_collected_maildir_misses_nothing(
    store: SqlStore, clock: SetClock, maildir: MaildirMailbox
) -> None:
    assert found(store, clock, maildir) == []


def test_what_lies_in_new_is_missed_after_an_hour(
    store: SqlStore, clock: SetClock, maildir: MaildirMailbox, tmp_path: Path
) -> None:
    (tmp_path / "drop/new/2.a.b").write_bytes(notice(2))
    assert found(store, clock, maildir) == []

    clock.advance(timedelta(hours=2))

    assert found(store, clock, maildir) == [("mailbox drop, UID 2.a.b", "is not in the ledger")]


def test_what_a_mail_program_took_to_cur_before_us_is_found(
    store: SqlStore, clock: SetClock, maildir: MaildirMailbox, tmp_path: Path
) -> None:
    (tmp_path / "drop/cur/2.a.b:2,S").write_bytes(notice(2))

    assert found(store, clock, maildir) == [("mailbox drop, UID 2.a.b", "is not in the ledger")]


def test_what_lay_in_cur_before_the_desk_began_is_not_missed(
    store: SqlStore, clock: SetClock, maildir: MaildirMailbox, tmp_path: Path
) -> None:
    old = tmp_path / "drop/cur/2.a.b:2,S"
    old.write_bytes(notice(2))
    last_year = (clock.now() - timedelta(days=365)).timestamp()
    os.utime(old, (last_year, last_year))

    assert found(store, clock, maildir) == []
