import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest

from faultdesk.adapters.imap import ImapMailbox
from faultdesk.config.settings import Security
from faultdesk.errors import MailboxUnavailableError
from servers.dovecot import MailAccount
from servers.mailboxes import MakeMailbox, collect_all
from servers.process import wait_until
from servers.scripted import HANG_UP, SILENCE, ScriptedImap

NOTICE = b"Subject: lift stands still\r\n\r\nHelp.\r\n"
# So long that a test which really waits fails, and its thread ends all the same.
LONG = timedelta(seconds=60)
SOON = 30.0


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    """Another thread, in which a mailbox waits."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


def waiting(mailbox: ImapMailbox, beside: ThreadPoolExecutor) -> "Future[None]":
    return beside.submit(mailbox.wait, LONG)


@pytest.mark.parametrize("security", list(Security))
def test_delivery_ends_the_wait(
    account: MailAccount, mailbox_of: MakeMailbox, beside: ThreadPoolExecutor, security: Security
) -> None:
    port = account.server.tls_port if security is Security.TLS else account.server.port
    mailbox = mailbox_of(account, security=security, port=port, ca_file=account.server.ca_file)
    _, cursor = collect_all(mailbox)
    ended = waiting(mailbox, beside)

    account.deliver(NOTICE)

    ended.result(SOON)
    assert [message.content for message in collect_all(mailbox, cursor)[0]] == [NOTICE]


def test_interruption_ends_the_wait_and_keeps_the_session(
    account: MailAccount, mailbox_of: MakeMailbox, beside: ThreadPoolExecutor
) -> None:
    mailbox = mailbox_of(account)
    collect_all(mailbox)
    ended = waiting(mailbox, beside)

    mailbox.interrupt()

    ended.result(SOON)
    account.deliver(NOTICE)
    assert [message.content for message in collect_all(mailbox)[0]] == [NOTICE]


def test_interruption_before_the_wait_ends_it_as_it_begins(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    mailbox = mailbox_of(account)
    collect_all(mailbox)

    mailbox.interrupt()
    mailbox.interrupt()

    mailbox.wait(LONG)


def test_interruption_ends_one_wait_only(mailbox_of: MakeMailbox, beside: ThreadPoolExecutor) -> None:
    with ScriptedImap({"DONE": b"{tag} OK done\r\n"}, capabilities="IMAP4rev1 IDLE") as server:
        mailbox = mailbox_of(server)
        collect_all(mailbox)
        mailbox.interrupt()
        mailbox.wait(LONG)

        ended = waiting(mailbox, beside)

        wait_until(lambda: "IDLE" in server.verbs(), "IDLE")
        mailbox.interrupt()
        ended.result(SOON)


@pytest.mark.parametrize("connected", [True, False])
def test_wait_without_idle_is_interrupted_too(
    account: MailAccount, mailbox_of: MakeMailbox, beside: ThreadPoolExecutor, *, connected: bool
) -> None:
    mailbox = mailbox_of(account, idle=False, poll=LONG)
    if connected:
        mailbox.open()
    ended = waiting(mailbox, beside)

    mailbox.interrupt()

    ended.result(SOON)


def test_wait_without_idle_ends_for_the_next_poll(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    mailbox = mailbox_of(account, idle=False, poll=timedelta(milliseconds=10))
    mailbox.open()

    mailbox.wait(LONG)


def test_wait_with_idle_ends_when_its_time_is_over(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    mailbox = mailbox_of(account)
    mailbox.open()

    mailbox.wait(timedelta(milliseconds=10))

    assert collect_all(mailbox)[0] == []


def test_message_that_came_while_others_were_marked_ends_the_wait(
    account: MailAccount, mailbox_of: MakeMailbox
) -> None:
    account.deliver(NOTICE)
    mailbox = mailbox_of(account)
    _, cursor = collect_all(mailbox)
    account.deliver(NOTICE)
    mailbox.mark_done(["1"])  # with the answer comes the news, which IDLE will not repeat

    mailbox.wait(LONG)

    assert [message.uid for message in collect_all(mailbox, cursor)[0]] == ["2"]


def test_idle_is_renewed_before_the_server_forgets_it(
    mailbox_of: MakeMailbox, beside: ThreadPoolExecutor
) -> None:
    with ScriptedImap({"DONE": b"{tag} OK done\r\n"}, capabilities="IMAP4rev1 IDLE") as server:
        mailbox = mailbox_of(server, idle_renewed_after=0.01)
        mailbox.open()
        ended = waiting(mailbox, beside)

        wait_until(lambda: server.verbs().count("IDLE") >= 3, "a third IDLE")
        mailbox.interrupt()
        ended.result(SOON)

    assert server.commands.count("DONE") == server.verbs().count("IDLE")


@pytest.mark.parametrize(
    "answer",
    [
        b"* 5 EXISTS\r\n+ idling\r\n",
        b"+ idling\r\n* 5 EXISTS\r\n",
        b"+ idling\r\n* OK still here\r\n* 4 EXPUNGE\r\n* 5 EXISTS\r\n* 1 RECENT\r\n",
    ],
    ids=["before the go-ahead", "in the same breath", "among others"],
)
@pytest.mark.parametrize("renewed_after", [540, 0.01])
def test_news_at_the_edge_of_idle_ends_the_wait(
    mailbox_of: MakeMailbox, answer: bytes, renewed_after: float
) -> None:
    answers = {"IDLE": answer, "DONE": b"{tag} OK done\r\n"}
    with ScriptedImap(answers, capabilities="IMAP4rev1 IDLE") as server:
        mailbox = mailbox_of(server, idle_renewed_after=renewed_after)
        collect_all(mailbox)

        mailbox.wait(LONG)

    assert server.verbs().count("IDLE") == 1


def test_sign_of_life_does_not_end_the_wait(mailbox_of: MakeMailbox, beside: ThreadPoolExecutor) -> None:
    answers: dict[str, bytes | list[bytes]] = {
        "IDLE": [b"+ idling\r\n* OK still here\r\n"] * 3 + [b"+ idling\r\n* 1 EXISTS\r\n"],
        "DONE": b"{tag} OK done\r\n",
    }
    with ScriptedImap(answers, capabilities="IMAP4rev1 IDLE") as server:
        mailbox = mailbox_of(server)
        collect_all(mailbox)

        waiting(mailbox, beside).result(SOON)

    assert server.verbs().count("IDLE") == 4


@pytest.mark.parametrize("farewell", [HANG_UP, b"* BYE restarting\r\n" + HANG_UP, b"{tag} NO not now\r\n"])
def test_server_that_ends_the_idle_is_unavailable(mailbox_of: MakeMailbox, farewell: bytes) -> None:
    with ScriptedImap({"IDLE": b"+ idling\r\n" + farewell}, capabilities="IMAP4rev1 IDLE") as server:
        mailbox = mailbox_of(server)
        collect_all(mailbox)

        with pytest.raises(MailboxUnavailableError, match="desk: wait for news: "):
            mailbox.wait(LONG)


def test_server_that_refuses_idle_is_unavailable(mailbox_of: MakeMailbox) -> None:
    with ScriptedImap({"IDLE": b"{tag} NO not today\r\n"}, capabilities="IMAP4rev1 IDLE") as server:
        mailbox = mailbox_of(server)
        collect_all(mailbox)

        with pytest.raises(MailboxUnavailableError, match="refused IDLE"):
            mailbox.wait(LONG)


def test_dead_server_does_not_hold_up_who_leaves(mailbox_of: MakeMailbox, beside: ThreadPoolExecutor) -> None:
    with ScriptedImap({"DONE": SILENCE}, capabilities="IMAP4rev1 IDLE") as server:
        mailbox = mailbox_of(server, timeout=LONG)
        collect_all(mailbox)
        ended = waiting(mailbox, beside)
        wait_until(lambda: "IDLE" in server.verbs(), "IDLE")

        mailbox.interrupt()

        with pytest.raises(MailboxUnavailableError, match="timed out"):
            ended.result(SOON)


def test_server_killed_during_the_wait_is_unavailable_until_it_is_back(
    account: MailAccount, mailbox_of: MakeMailbox, beside: ThreadPoolExecutor
) -> None:
    mailbox = mailbox_of(account)
    _, cursor = collect_all(mailbox)
    ended = waiting(mailbox, beside)

    account.server.kill()

    with pytest.raises(MailboxUnavailableError, match="desk: wait for news: "):
        ended.result(SOON)
    account.server.start()
    account.deliver(NOTICE)
    assert [message.content for message in collect_all(mailbox, cursor)[0]] == [NOTICE]


def test_interruptions_from_many_threads_never_hang(account: MailAccount, mailbox_of: MakeMailbox) -> None:
    mailbox = mailbox_of(account, idle=False, poll=LONG)
    mailbox.open()
    ringers = [threading.Thread(target=mailbox.interrupt) for _ in range(20)]

    for ringer in ringers:
        ringer.start()
    mailbox.wait(LONG)
    for ringer in ringers:
        ringer.join()
    mailbox.interrupt()
    mailbox.wait(LONG)
