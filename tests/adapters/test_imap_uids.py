"""What an audit asks a mailbox for: a listing and a look, which change nothing."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from faultdesk.adapters import imap_session
from faultdesk.adapters.imap import ImapMailbox
from faultdesk.config.settings import After
from faultdesk.errors import MailboxUnavailableError
from faultdesk.pipeline.ports import Cursor
from servers.dovecot import MailAccount
from servers.mailboxes import MakeMailbox, collect_all
from servers.scripted import ScriptedImap

NOW = datetime.now(UTC)
NOTICE = b"Subject: lift\r\n\r\nstands still\r\n"


@pytest.fixture
def cursor(account: MailAccount, mailbox_of: MakeMailbox) -> Cursor:
    """Five messages that were collected."""
    account.deliver(*[NOTICE] * 5)
    _, behind = collect_all(mailbox_of(account))
    assert behind is not None
    return behind


@pytest.fixture
def looking(account: MailAccount, mailbox_of: MakeMailbox) -> ImapMailbox:
    return mailbox_of(account, after=After.NOTHING)


def runs(mailbox: ImapMailbox, cursor: Cursor) -> Iterator[Sequence[str]]:
    mailbox.open()
    return mailbox.uids(cursor, NOW, NOW)


def test_the_uids_up_to_the_cursor_are_listed(
    account: MailAccount, looking: ImapMailbox, cursor: Cursor
) -> None:
    account.deliver(NOTICE)

    assert list(runs(looking, cursor)) == [["1", "2", "3", "4", "5"]]


def test_many_uids_are_listed_in_runs(
    looking: ImapMailbox, cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_session, "_SEARCHED_AT_ONCE", 2)

    assert list(runs(looking, cursor)) == [["1", "2"], ["3", "4"], ["5"]]


def test_messages_that_go_meanwhile_are_no_trouble(
    account: MailAccount, looking: ImapMailbox, cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_session, "_SEARCHED_AT_ONCE", 2)
    listing = runs(looking, cursor)
    first = next(listing)
    account.expunge(3, 4, 5)

    assert list(first) == ["1", "2"]
    assert {uid for run in listing for uid in run} <= {"1", "2", "3", "4", "5"}


def test_no_message_beyond_the_last_is_asked_for(
    mailbox_of: MakeMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Dovecot forgives it; by RFC 9051 section 9 it is an error, and messages may have gone meanwhile.
    monkeypatch.setattr(imap_session, "_SEARCHED_AT_ONCE", 2)
    five = b"* 5 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 6] next\r\n{tag} OK [READ-ONLY] selected\r\n"
    with ScriptedImap({"EXAMINE": five}) as server:
        list(runs(mailbox_of(server, after=After.NOTHING), Cursor(7, 5)))

        asked = [line.partition("SEARCH ")[2] for line in server.commands if "SEARCH" in line]
    assert asked == ["1:2 UID 1:5", "3:4 UID 1:5", "5:* UID 1:5"]


def test_under_another_uidvalidity_nothing_is_listed(looking: ImapMailbox, cursor: Cursor) -> None:
    other = Cursor(cursor.uid_validity + 1, cursor.last_uid)

    assert list(runs(looking, other)) == []


def test_messages_are_fetched_by_uid_and_those_that_are_gone_left_out(
    account: MailAccount, looking: ImapMailbox, cursor: Cursor
) -> None:
    account.expunge(2)
    looking.open()

    fetched = list(looking.fetch(["1", "2", "3"]))

    assert [(raw.uid, raw.content) for raw in fetched] == [("1", NOTICE), ("3", NOTICE)]
    assert b"\\Seen" not in {flag for flags in account.flags().values() for flag in flags}


def test_a_server_that_went_away_is_an_unavailable_mailbox(looking: ImapMailbox, cursor: Cursor) -> None:
    listing = runs(looking, cursor)
    looking.close()

    with pytest.raises(MailboxUnavailableError):
        list(listing)
