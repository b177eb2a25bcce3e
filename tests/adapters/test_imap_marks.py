import pytest

from faultdesk.config.settings import After
from faultdesk.errors import MailboxUnavailableError
from servers.dovecot import MailAccount
from servers.mailboxes import MakeMailbox, collect_all
from servers.scripted import ScriptedImap

NOTICE = b"Subject: lift stands still\r\n\r\nHelp.\r\n"
SELECTED = b"* 2 EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 7] valid\r\n"


def test_stored_messages_are_flagged_with_our_own_keyword(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(NOTICE, NOTICE, NOTICE)
    mailbox = mailbox_of(account)
    collect_all(mailbox)

    mailbox.mark_done(["1", "3"])

    assert account.flags() == {1: {b"$FaultdeskDone"}, 2: set(), 3: {b"$FaultdeskDone"}}


def test_stored_messages_are_moved_to_a_folder_made_for_them(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(NOTICE, NOTICE)
    mailbox = mailbox_of(account, after=After.MOVE, move_to="已收.2026")
    collect_all(mailbox)

    mailbox.mark_done(["1"])

    assert account.flags() == {2: set()}
    assert account.flags("已收.2026") == {1: set()}


def test_moving_again_finds_the_folder(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    account.deliver(NOTICE, NOTICE)
    mailbox = mailbox_of(account, after=After.MOVE, move_to="Done")
    collect_all(mailbox)
    mailbox.mark_done(["1"])

    mailbox.mark_done(["2"])

    assert account.flags("Done") == {1: set(), 2: set()}


def test_stored_messages_are_left_alone_when_the_settings_say_so(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(NOTICE)
    mailbox = mailbox_of(account, after=After.NOTHING)
    collect_all(mailbox)

    mailbox.mark_done(["1"])

    assert account.flags() == {1: set()}


@pytest.mark.parametrize("after", list(After))
def test_marking_what_is_gone_is_no_error(
    account: MailAccount, mailbox_of: MakeMailbox, after: After
) -> None:
    account.deliver(NOTICE, NOTICE)
    mailbox = mailbox_of(account, after=after, move_to="Done")
    collect_all(mailbox)
    account.expunge(1)

    mailbox.mark_done(["1", "77"])
    mailbox.mark_done([])

    assert account.flags() == {2: set()}


def test_moving_some_that_are_gone_moves_the_others(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    account.deliver(NOTICE, NOTICE, NOTICE)
    mailbox = mailbox_of(account, after=After.MOVE, move_to="Done")
    collect_all(mailbox)
    account.expunge(2)

    mailbox.mark_done(["1", "2", "3"])

    assert account.flags() == {}
    assert len(account.flags("Done")) == 2


def test_uids_of_a_folder_since_replaced_are_not_touched(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(NOTICE, folder="Faults")
    mailbox = mailbox_of(account, folder="Faults")
    _, cursor = collect_all(mailbox)
    assert cursor is not None
    mailbox.close()
    account.recreate("Faults")
    account.deliver(b"Subject: another\r\n\r\n", folder="Faults")
    mailbox.open()

    mailbox.mark_done(["1"], uid_validity=cursor.uid_validity)

    assert account.flags("Faults") == {1: set()}


def test_thousands_of_messages_are_flagged(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    uids = account.deliver(*[NOTICE] * 1_100)
    mailbox = mailbox_of(account)
    collect_all(mailbox)

    mailbox.mark_done([str(uid) for uid in uids])

    assert all(flags == {b"$FaultdeskDone"} for flags in account.flags().values())


@pytest.mark.parametrize(
    "end",
    [
        b"* OK [PERMANENTFLAGS (\\Seen)] no keywords\r\n{tag} OK [READ-WRITE] done\r\n",
        b"* OK [PERMANENTFLAGS ()] none\r\n{tag} OK [READ-ONLY] done\r\n",
    ],
    ids=["no keywords", "read-only"],
)
def test_folder_that_takes_no_keyword_is_collected_without(mailbox_of: MakeMailbox, end: bytes) -> None:
    answers = {
        "SELECT": SELECTED + end,
        "EXAMINE": SELECTED + end,
        "UID SEARCH": b"* SEARCH\r\n{tag} OK done\r\n",
    }
    with ScriptedImap(answers) as server:
        mailbox = mailbox_of(server)
        collect_all(mailbox)

        mailbox.mark_done(["1"])

    assert "UID STORE" not in server.verbs()


def test_server_without_move_copies_marks_and_expunges_just_these(mailbox_of: MakeMailbox) -> None:
    with ScriptedImap({}, capabilities="IMAP4rev1 UIDPLUS") as server:
        mailbox = mailbox_of(server, after=After.MOVE, move_to="Done")
        mailbox.open()

        mailbox.mark_done(["1", "2"])

    assert [line.partition(" ")[2] for line in server.commands[-3:]] == [
        'UID COPY 1,2 "Done"',
        "UID STORE 1,2 +FLAGS.SILENT (\\Deleted)",
        "UID EXPUNGE 1,2",
    ]


def test_server_without_uidplus_never_hears_a_plain_expunge(mailbox_of: MakeMailbox) -> None:
    with ScriptedImap({}) as server:
        mailbox = mailbox_of(server, after=After.MOVE, move_to="Done")
        mailbox.open()

        mailbox.mark_done(["1"])

    assert server.verbs()[-2:] == ["UID COPY", "UID STORE"]


def test_refused_move_is_told_with_the_servers_words(mailbox_of: MakeMailbox) -> None:
    answers = {
        "UID MOVE": b"{tag} NO [OVERQUOTA] the archive is full\r\n",
        "LIST": b'* LIST () "." Done\r\n{tag} OK done\r\n',
    }
    with ScriptedImap(answers, capabilities="IMAP4rev1 MOVE") as server:
        mailbox = mailbox_of(server, after=After.MOVE, move_to="Done")
        mailbox.open()

        with pytest.raises(
            MailboxUnavailableError, match=r"desk: move stored messages: .*the archive is full"
        ):
            mailbox.mark_done(["1"])
