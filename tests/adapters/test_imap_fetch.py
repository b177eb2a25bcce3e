from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from faultdesk.errors import MailboxUnavailableError
from faultdesk.pipeline.ports import Batch, Cursor
from servers.dovecot import MailAccount
from servers.mailboxes import MakeMailbox, collect_all
from servers.scripted import ScriptedImap

NOTICE = b"From: wang@client.example\r\nSubject: lift stands still\r\n\r\nHelp.\r\n"
BEIJING = timezone(timedelta(hours=8))


def a_notice(octets: int) -> bytes:
    return NOTICE + b"x" * (octets - len(NOTICE))


def test_messages_come_oldest_first_with_the_cursor_behind_them(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(b"Subject: one\r\n\r\n1\r\n", b"Subject: two\r\n\r\n2\r\n")
    mailbox = mailbox_of(account)
    mailbox.open()

    (batch,) = mailbox.fetch_new(None)

    assert [message.uid for message in batch.messages] == ["1", "2"]
    assert [message.content for message in batch.messages] == [
        b"Subject: one\r\n\r\n1\r\n",
        b"Subject: two\r\n\r\n2\r\n",
    ]
    assert [message.size for message in batch.messages] == [19, 19]
    assert batch.cursor.last_uid == 2
    assert batch.cursor.uid_validity > 0


def test_nothing_new_above_the_cursor_yields_nothing(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    account.deliver(NOTICE)
    mailbox = mailbox_of(account)
    _, cursor = collect_all(mailbox)

    assert list(mailbox.fetch_new(cursor)) == []


def test_empty_folder_yields_nothing(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    assert collect_all(mailbox_of(account)) == ([], None)


def test_cursor_survives_a_new_session(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    account.deliver(NOTICE, NOTICE)
    _, cursor = collect_all(mailbox_of(account))
    account.deliver(b"Subject: three\r\n\r\n")

    messages, behind = collect_all(mailbox_of(account), cursor)

    assert [message.uid for message in messages] == ["3"]
    assert behind is not None
    assert behind.last_uid == 3


def test_fetching_leaves_flags_alone(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    account.deliver(NOTICE, a_notice(500))

    collect_all(mailbox_of(account, max_message_octets=400))

    assert account.flags() == {1: set(), 2: set()}


@pytest.mark.parametrize("local_zone", ["Asia/Shanghai", "America/New_York", "UTC"])
def test_arrival_is_utc_wherever_the_desk_stands(
    account: MailAccount, mailbox_of: MakeMailbox, local_zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", local_zone)
    account.deliver(NOTICE, internal_date=datetime(2026, 3, 1, 7, 30, 5, tzinfo=BEIJING))

    ((message,), _) = collect_all(mailbox_of(account))

    assert message.arrived_at == datetime(2026, 2, 28, 23, 30, 5, tzinfo=UTC)
    assert message.arrived_at.tzinfo is UTC


def test_batches_hold_so_many_messages(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    account.deliver(*[NOTICE] * 5)
    mailbox = mailbox_of(account, batch_messages=2)
    mailbox.open()

    batches = list(mailbox.fetch_new(None))

    assert [[message.uid for message in batch.messages] for batch in batches] == [
        ["1", "2"],
        ["3", "4"],
        ["5"],
    ]
    assert [batch.cursor.last_uid for batch in batches] == [2, 4, 5]


def test_what_comes_during_a_backlog_goes_before_the_rest_of_it(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(*[NOTICE] * 5)
    mailbox = mailbox_of(account, batch_messages=2)
    mailbox.open()
    batches = mailbox.fetch_new(None)
    fetched = [next(batches)]

    account.deliver(NOTICE)
    fetched += batches

    uids = [[message.uid for message in batch.messages] for batch in fetched]
    assert uids == [["1", "2"], ["6"], ["3", "4"], ["5"]]
    # Never beyond what is still left: a crash in between loses nothing.
    assert [batch.cursor.last_uid for batch in fetched] == [2, 2, 4, 6]


def test_batches_hold_so_many_octets_or_one_large_message(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(a_notice(400), a_notice(400), a_notice(5000), a_notice(400), a_notice(601))
    mailbox = mailbox_of(account, batch_octets=1000)
    mailbox.open()

    batches = list(mailbox.fetch_new(None))

    assert [[message.size for message in batch.messages] for batch in batches] == [
        [400, 400],
        [5000],
        [400],
        [601],
    ]
    assert [batch.cursor.last_uid for batch in batches] == [2, 3, 4, 5]


def test_message_above_the_limit_comes_as_its_header_section(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(a_notice(10_000), a_notice(9_999))

    (large, small), _ = collect_all(mailbox_of(account, max_message_octets=9_999))

    assert large.content == b"From: wang@client.example\r\nSubject: lift stands still\r\n\r\n"
    assert (large.size, large.truncated) == (10_000, True)
    assert (small.size, small.truncated, len(small.content)) == (9_999, False, 9_999)


def test_header_section_of_a_large_message_is_limited_too(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(b"Subject: x\r\n" + b"X-Filler: nothing\r\n" * 100_000 + b"\r\nbody\r\n")

    ((message,), _) = collect_all(mailbox_of(account, max_message_octets=100_000))

    assert len(message.content) == 1024 * 1024
    assert message.truncated


@pytest.mark.parametrize(
    "content",
    [b"\r\n", b"\r\n\r\n", b"x", b"\0\xff\r\n\r\n\0", b"Subject: {5}\r\n\r\n{3}\r\n)\r\n* 1 EXISTS\r\n"],
)
def test_nonsense_comes_through_as_it_is(
    account: MailAccount, mailbox_of: MakeMailbox, content: bytes
) -> None:
    account.deliver(content)

    ((message,), _) = collect_all(mailbox_of(account))

    assert message.content.replace(b"\x80", b"\0") == content  # Dovecot stores a NUL as 0x80


def test_message_expunged_before_its_sizes_are_asked_is_passed_over(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(*[NOTICE] * 4)
    mailbox = mailbox_of(account, batch_messages=2)
    mailbox.open()
    batches = mailbox.fetch_new(None)
    next(batches)
    account.expunge(3, 4)

    assert list(batches) == [Batch((), a_cursor_at(4, batches_of=account))]


def test_message_expunged_before_its_octets_are_asked_does_not_hold_up_the_next(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(*[a_notice(600)] * 3)
    mailbox = mailbox_of(account, batch_octets=1000)
    mailbox.open()
    batches = mailbox.fetch_new(None)
    next(batches)
    account.expunge(2)

    left = list(batches)

    # Dovecot may still give the octets of the second, as the RFC allows.
    assert [batch.cursor.last_uid for batch in left] == [2, 3]
    assert [message.uid for message in left[1].messages] == ["3"]


def test_message_whose_octets_do_not_come_is_passed_over(mailbox_of: MakeMailbox) -> None:
    scripted = one_message(told=10, content=NOTICE)
    scripted["UID FETCH"] = [
        scripted["UID FETCH"],
        b"* 1 FETCH (UID 1 FLAGS (\\Deleted))\r\n{tag} OK some are gone\r\n",
    ]
    with ScriptedImap(scripted) as server:
        mailbox = mailbox_of(server)
        mailbox.open()

        assert list(mailbox.fetch_new(None)) == [Batch((), Cursor(7, 1))]


def test_folder_replaced_by_another_is_scanned_anew(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    account.deliver(NOTICE, NOTICE, folder="Faults")
    mailbox = mailbox_of(account, folder="Faults")
    _, before = collect_all(mailbox)
    mailbox.close()
    account.recreate("Faults")
    account.deliver(NOTICE, folder="Faults")
    mailbox.open()

    (batch,) = mailbox.fetch_new(before)

    assert [message.uid for message in batch.messages] == ["1"]
    assert before is not None
    assert batch.cursor.uid_validity != before.uid_validity
    assert list(mailbox.fetch_new(batch.cursor)) == []


def test_folder_replaced_by_an_empty_one_hands_over_its_new_cursor(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(NOTICE, folder="Faults")
    mailbox = mailbox_of(account, folder="Faults")
    _, before = collect_all(mailbox)
    mailbox.close()
    account.recreate("Faults")
    mailbox.open()

    (batch,) = mailbox.fetch_new(before)

    assert batch.messages == ()
    assert batch.cursor.last_uid == 0


def test_folder_replaced_under_an_open_session_is_noticed(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(NOTICE, folder="Faults")
    mailbox = mailbox_of(account, folder="Faults")
    _, before = collect_all(mailbox)
    account.recreate("Faults")
    account.deliver(NOTICE, folder="Faults")

    try:
        batches = list(mailbox.fetch_new(before))
    except MailboxUnavailableError:  # Dovecot may end a session whose folder is gone
        mailbox.open()
        batches = list(mailbox.fetch_new(before))

    assert [message.uid for batch in batches for message in batch.messages] == ["1"]


def test_thousands_of_messages_come_once_each(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    account.deliver(*[NOTICE] * 1_234)

    messages, _ = collect_all(mailbox_of(account))

    assert [message.uid for message in messages] == [str(uid) for uid in range(1, 1_235)]


def test_size_told_too_small_is_corrected_by_the_octets(mailbox_of: MakeMailbox) -> None:
    with ScriptedImap(one_message(told=10, content=a_notice(300))) as server:
        ((message,), _) = collect_all(mailbox_of(server))

    assert (message.size, len(message.content), message.truncated) == (300, 300, False)


def test_message_that_is_larger_than_told_and_allowed_is_cut_to_its_header(mailbox_of: MakeMailbox) -> None:
    with ScriptedImap(one_message(told=10, content=a_notice(300))) as server:
        ((message,), _) = collect_all(mailbox_of(server, max_message_octets=200))

    assert message.content == b"From: wang@client.example\r\nSubject: lift stands still\r\n\r\n"
    assert (message.size, message.truncated) == (300, True)


def test_size_told_too_large_is_kept_with_the_whole_message(mailbox_of: MakeMailbox) -> None:
    with ScriptedImap(one_message(told=999, content=a_notice(300))) as server:
        ((message,), _) = collect_all(mailbox_of(server))

    assert (message.size, len(message.content), message.truncated) == (999, 300, False)


def test_message_of_100_megabytes_is_never_asked_for_whole(mailbox_of: MakeMailbox) -> None:
    header = b"From: wang@client.example\r\nSubject: a film of the lift\r\n\r\n"
    with ScriptedImap(one_message(told=100_000_000, content=header)) as server:
        ((message,), _) = collect_all(mailbox_of(server))

    assert (message.truncated, message.size, message.content) == (True, 100_000_000, header)
    asked = [line.partition("FETCH ")[2] for line in server.commands if "FETCH" in line]
    assert asked == ["1 (RFC822.SIZE INTERNALDATE)", "1 (BODY.PEEK[HEADER]<0.1048576>)"]


def test_uids_that_jump_to_the_end_are_followed(mailbox_of: MakeMailbox) -> None:
    answers = one_message(told=10, content=NOTICE)
    answers["UID SEARCH"] = b"* SEARCH 4294967295\r\n{tag} OK done\r\n"
    answers["UID FETCH"] = answers["UID FETCH"].replace(b"UID 1 ", b"UID 4294967295 ")
    with ScriptedImap(answers) as server:
        (message,), cursor = collect_all(mailbox_of(server), Cursor(7, 5))

    assert (message.uid, cursor) == ("4294967295", Cursor(7, 4294967295))


def test_last_message_below_the_cursor_is_not_fetched_again(mailbox_of: MakeMailbox) -> None:
    # As RFC 9051 has it: "UID 2:*" finds message 1 when there is no other.
    with ScriptedImap(one_message(told=10, content=NOTICE)) as server:
        mailbox = mailbox_of(server)
        mailbox.open()

        assert list(mailbox.fetch_new(Cursor(uid_validity=7, last_uid=1))) == []

    assert "UID FETCH" not in server.verbs()


def test_server_that_refuses_a_whole_fetch_for_one_expunged_message_gives_the_others(
    mailbox_of: MakeMailbox,
) -> None:
    answers = one_message(told=10, content=NOTICE) | {
        "UID SEARCH": b"* SEARCH 1 2\r\n{tag} OK done\r\n",
        "UID FETCH": b"{tag} NO [EXPUNGEISSUED] some are gone\r\n",
    }
    with ScriptedImap(answers) as server:
        mailbox = mailbox_of(server)
        mailbox.open()

        assert list(mailbox.fetch_new(None)) == [Batch((), Cursor(7, 2))]


def test_large_folder_is_searched_in_ranges(mailbox_of: MakeMailbox) -> None:
    selected = b"* 200000 EXISTS\r\n* 0 RECENT\r\n* FLAGS ()\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 200001] n\r\n{tag} OK [READ-WRITE] done\r\n"
    with ScriptedImap({"SELECT": selected}) as server:
        mailbox = mailbox_of(server)
        mailbox.open()

        assert list(mailbox.fetch_new(Cursor(7, 10))) == []

    searches = [line.partition("SEARCH ")[2] for line in server.commands if "SEARCH" in line]
    assert searches == ["UID 11:80010", "UID 80011:160010", "UID 160011:240010"]


def test_folder_without_uidvalidity_is_refused(mailbox_of: MakeMailbox) -> None:
    with (
        ScriptedImap({"SELECT": b"* 0 EXISTS\r\n* 0 RECENT\r\n* FLAGS ()\r\n{tag} OK done\r\n"}) as server,
        pytest.raises(MailboxUnavailableError, match="no UIDVALIDITY"),
    ):
        mailbox_of(server).open()


@pytest.mark.parametrize(
    ("nonsense", "complaint"),
    [
        (b"* 1 FETCH (UID 1 RFC822.SIZE {tag} OK done\r\n", "timed out"),
        (b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n", "announces 99999999999 octets"),
        (b"* 1 FETCH " + b"(" * 5000 + b"\r\n{tag} OK done\r\n", "recursion"),
        (b"* 1 FETCH (UID one RFC822.SIZE 10)\r\n{tag} OK done\r\n", "invalid UID"),
        (b"* 1 FETCH 12\r\n{tag} OK done\r\n", "bad response type"),
        (b"\0\0\0\r\n", "unexpected response"),
        (b"* \xff\xfe\r\n", "unexpected response"),
        (b"{tag} BAD what\r\n", "BAD"),
        (b"x" * 5_000_000 + b"\r\n", "a line of more than 4194304 octets"),
        (b"* OK still here\r\n" * 1_000_000, "an answer of more than 1088576 octets"),
    ],
    ids=[
        "open tuple",
        "huge literal",
        "deep tuple",
        "UID",
        "no tuple",
        "NUL",
        "letters",
        "BAD",
        "line",
        "flood",
    ],
)
def test_server_that_answers_nonsense_is_unavailable(
    mailbox_of: MakeMailbox, nonsense: bytes, complaint: str
) -> None:
    # The limit on a whole answer stands above the limit on a line, except where it is what is tested.
    most = 10_000 if len(nonsense) > 10_000_000 else 10_000_000
    with ScriptedImap(one_message(told=10, content=NOTICE) | {"UID FETCH": nonsense}) as server:
        mailbox = mailbox_of(server, max_message_octets=most, batch_octets=most, timeout=timedelta(seconds=1))

        with pytest.raises(MailboxUnavailableError, match=f"desk: fetch sizes: .*{complaint}"):
            collect_all(mailbox)


def a_cursor_at(last_uid: int, batches_of: MailAccount) -> Cursor:
    with batches_of.imap() as client:
        return Cursor(client.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"], last_uid)


def one_message(told: int, content: bytes) -> dict[str, Any]:
    """Script a folder with one message, UID 1, whose size is told as `told`."""
    return {
        "SELECT": (
            b"* 1 EXISTS\r\n* 0 RECENT\r\n* FLAGS ()\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 2] next\r\n"
            b"{tag} OK [READ-WRITE] selected\r\n"
        ),
        "UID SEARCH": b"* SEARCH 1\r\n{tag} OK done\r\n",
        "UID FETCH": (
            f'* 1 FETCH (UID 1 RFC822.SIZE {told} INTERNALDATE "01-Mar-2026 07:30:05 +0800"'
            f" BODY[] {{{len(content)}}}\r\n".encode()
            + content
            + b")\r\n{tag} OK done\r\n"
        ),
    }
