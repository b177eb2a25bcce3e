import email
import mailbox as standard
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from faultdesk.adapters.maildir import MaildirMailbox
from faultdesk.adapters.maildir_mailer import MaildirMailer
from faultdesk.config.settings import MaildirSettings
from faultdesk.errors import MailboxUnavailableError, MailerUnavailableError, MailRefusedError
from faultdesk.pipeline.ports import Cursor, RawMessage
from servers.process import wait_until

NOTICE = b"From: wang@client.example\nSubject: lift stands still\n\nHelp.\n"
LONG = timedelta(seconds=60)
SOON = 30.0


def a_mailbox(path: Path, max_message_octets: int = 30 << 20) -> MaildirMailbox:
    opened = MaildirMailbox("desk", MaildirSettings(path=path, max_message_octets=max_message_octets))
    opened.open()
    return opened


def drop(path: Path, name: str, content: bytes = NOTICE, at: datetime | None = None) -> Path:
    file = path / "new" / name
    file.write_bytes(content)
    if at is not None:
        os.utime(file, (at.timestamp(), at.timestamp()))
    return file


def collected(mailbox: MaildirMailbox) -> list[RawMessage]:
    return [message for batch in mailbox.fetch_new(None) for message in batch.messages]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_folders_are_made_when_missing(inbox: Path) -> None:
    a_mailbox(inbox)

    assert sorted(folder.name for folder in inbox.iterdir()) == ["cur", "new", "tmp"]


def test_folder_without_a_place_to_be_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(MailboxUnavailableError, match=r"desk: .*missing/inbox: No such file"):
        a_mailbox(tmp_path / "missing" / "inbox")


def test_file_in_the_folders_place_is_unavailable(inbox: Path) -> None:
    inbox.write_text("no folder")

    with pytest.raises(MailboxUnavailableError, match="desk: "):
        a_mailbox(inbox)


def test_messages_come_oldest_first_with_the_time_of_their_files(inbox: Path) -> None:
    mailbox = a_mailbox(inbox)
    drop(inbox, "b.host", b"second", at=datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
    drop(inbox, "c.host", b"first", at=datetime(2026, 3, 1, 7, 0, tzinfo=UTC))

    (batch,) = mailbox.fetch_new(None)

    assert batch.messages == (
        RawMessage("c.host", b"first", datetime(2026, 3, 1, 7, 0, tzinfo=UTC), 5),
        RawMessage("b.host", b"second", datetime(2026, 3, 1, 8, 0, tzinfo=UTC), 6),
    )
    assert batch.cursor == Cursor(0, 0)


def test_stored_message_moves_to_cur_without_flags(inbox: Path) -> None:
    mailbox = a_mailbox(inbox)
    drop(inbox, "a.host")
    collected(mailbox)

    mailbox.mark_done(["a.host"])

    assert [file.name for file in (inbox / "cur").iterdir()] == ["a.host:2,"]
    assert collected(mailbox) == []


def test_message_that_is_not_marked_comes_again_under_the_same_uid(inbox: Path) -> None:
    drop_in = a_mailbox(inbox)
    drop(inbox, "a.host")

    assert [m.uid for m in collected(drop_in)] == [m.uid for m in collected(a_mailbox(inbox))] == ["a.host"]


def test_what_the_last_run_stored_is_marked_after_a_restart(inbox: Path) -> None:
    a_mailbox(inbox)
    drop(inbox, "a.host:2,")

    a_mailbox(inbox).mark_done(["a.host"])

    assert [file.name for file in (inbox / "cur").iterdir()] == ["a.host:2,"]


def test_marking_what_is_gone_is_no_error(inbox: Path) -> None:
    mailbox = a_mailbox(inbox)
    file = drop(inbox, "a.host")
    collected(mailbox)
    file.unlink()

    mailbox.mark_done(["a.host", "never.host"])

    assert list((inbox / "cur").iterdir()) == []


def test_message_that_disappears_while_others_are_read_is_passed_over(inbox: Path) -> None:
    mailbox = a_mailbox(inbox)
    for number in range(101):
        drop(inbox, f"{number:03}.host", at=datetime(2026, 3, 1, tzinfo=UTC))
    batches = mailbox.fetch_new(None)
    first = next(batches)
    (inbox / "new" / "100.host").unlink()

    (second,) = batches

    assert (len(first.messages), second.messages) == (100, ())


def test_what_comes_during_a_backlog_goes_before_the_rest_of_it(inbox: Path) -> None:
    mailbox = a_mailbox(inbox)
    for number in range(201):
        drop(inbox, f"{number:03}.host", at=datetime(2026, 3, 1, tzinfo=UTC))
    batches = mailbox.fetch_new(None)
    first = next(batches)
    mailbox.mark_done([message.uid for message in first.messages])

    drop(inbox, "news.host")
    newer, *rest = batches

    assert [message.uid for message in newer.messages] == ["news.host"]
    assert [len(batch.messages) for batch in rest] == [100, 1]


def test_batches_hold_so_many_octets_or_one_large_message(inbox: Path) -> None:
    mailbox = a_mailbox(inbox)
    for number in range(3):
        drop(inbox, f"{number}.host", b"x" * (3 << 20), at=datetime(2026, 3, 1, tzinfo=UTC))
    drop(inbox, "9.host", b"x" * (9 << 20))

    assert [len(batch.messages) for batch in mailbox.fetch_new(None)] == [2, 1, 1]


def test_message_above_the_limit_comes_as_its_header_section(inbox: Path) -> None:
    mailbox = a_mailbox(inbox, max_message_octets=100)
    drop(inbox, "large.host", NOTICE + b"x" * 100)
    drop(inbox, "headless.host", b"x" * (2 << 20))

    large, headless = sorted(collected(mailbox), key=lambda message: message.size)

    assert large.content == b"From: wang@client.example\nSubject: lift stands still\n\n"
    assert (large.size, large.truncated) == (len(NOTICE) + 100, True)
    assert (len(headless.content), headless.size, headless.truncated) == (1 << 20, 2 << 20, True)


def test_what_is_no_delivery_is_left_alone(inbox: Path, tmp_path: Path) -> None:
    mailbox = a_mailbox(inbox)
    (tmp_path / "secret").write_text("of another")
    (inbox / "new" / "link.host").symlink_to(tmp_path / "secret")
    (inbox / "new" / "folder.host").mkdir()
    os.mkfifo(inbox / "new" / "pipe.host")
    drop(inbox, ".hidden")
    (inbox / "tmp" / "unfinished.host").write_bytes(NOTICE)
    (inbox / "cur" / "read.host:2,S").write_bytes(NOTICE)

    assert collected(mailbox) == []


def test_name_that_is_no_text_is_collected_and_marked(inbox: Path) -> None:
    mailbox = a_mailbox(inbox)
    drop(inbox, os.fsdecode(b"\xff\xfe.host"))

    (message,) = collected(mailbox)
    mailbox.mark_done([message.uid])

    assert message.uid == r"\xff\xfe.host"
    assert [os.fsencode(file.name) for file in (inbox / "cur").iterdir()] == [b"\xff\xfe.host:2,"]


def test_mailbox_that_vanishes_is_unavailable_and_made_anew(inbox: Path) -> None:
    mailbox = a_mailbox(inbox)
    inbox.rename(inbox.with_name("elsewhere"))

    with pytest.raises(MailboxUnavailableError, match=r"desk: .*inbox/new: No such file"):
        collected(mailbox)
    with pytest.raises(MailboxUnavailableError):
        mailbox.mark_done(["a.host"])
    mailbox.open()

    assert collected(mailbox) == []


def test_delivery_ends_the_wait(inbox: Path, beside: ThreadPoolExecutor) -> None:
    mailbox = a_mailbox(inbox)
    collected(mailbox)
    ended = beside.submit(mailbox.wait, LONG)

    drop(inbox, "a.host")

    ended.result(SOON)


def test_interruption_ends_the_wait_under_way_or_the_next(inbox: Path, beside: ThreadPoolExecutor) -> None:
    mailbox = a_mailbox(inbox)
    collected(mailbox)
    ended = beside.submit(mailbox.wait, LONG)

    mailbox.interrupt()
    ended.result(SOON)
    mailbox.interrupt()

    beside.submit(mailbox.wait, LONG).result(SOON)


def test_wait_ends_when_its_time_is_over(inbox: Path) -> None:
    mailbox = a_mailbox(inbox)
    collected(mailbox)

    mailbox.wait(timedelta(milliseconds=1))


def test_mail_is_written_with_its_envelope_on_top(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path / "outbox")

    mailer.send(
        "desk@example.net",
        ["wang@client.example", "li@client.example"],
        b"Subject: received\r\n\r\nHello.\r\n",
    )

    (file,) = (tmp_path / "outbox" / "new").iterdir()
    assert file.read_bytes() == (
        b"Return-Path: <desk@example.net>\r\n"
        b"Delivered-To: wang@client.example\r\nDelivered-To: li@client.example\r\n"
        b"Subject: received\r\n\r\nHello.\r\n"
    )
    assert list((tmp_path / "outbox" / "tmp").iterdir()) == []


def test_automatic_mail_has_an_empty_return_path(tmp_path: Path) -> None:
    MaildirMailer(tmp_path).send("", ["wang@client.example"], b"\r\n")

    (file,) = (tmp_path / "new").iterdir()
    assert file.read_bytes().startswith(b"Return-Path: <>\r\n")


def test_other_programs_read_what_is_written(tmp_path: Path) -> None:
    MaildirMailer(tmp_path).send(
        "desk@example.net", ["王@客户.example"], b"Subject: received\r\n\r\nHello.\r\n"
    )

    (message,) = standard.Maildir(tmp_path, create=False)

    assert message["Subject"] == "received"
    assert email.message_from_bytes(bytes(message)).get_payload() == "Hello.\n"


def test_many_mails_have_many_names(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path)

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(lambda _: mailer.send("", ["wang@client.example"], b"\r\n"), range(200)))

    assert len(list((tmp_path / "new").iterdir())) == 200


def test_what_one_writes_the_other_collects(tmp_path: Path) -> None:
    MaildirMailer(tmp_path).send("a@b.example", ["desk@example.net"], b"Subject: x\r\n\r\n")

    (message,) = collected(a_mailbox(tmp_path))

    assert message.content.endswith(b"Subject: x\r\n\r\n")


@pytest.mark.parametrize("address", ["a@b.example\r\nBcc: all@b.example", "a\0@b.example", "a@b.example\n"])
def test_address_that_would_add_a_line_is_refused(tmp_path: Path, address: str) -> None:
    mailer = MaildirMailer(tmp_path)

    with pytest.raises(MailRefusedError, match="control character"):
        mailer.send("desk@example.net", [address], b"\r\n")
    with pytest.raises(MailRefusedError):
        mailer.send(address, ["desk@example.net"], b"\r\n")


def test_outbox_without_a_place_to_be_is_unavailable(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path / "missing" / "outbox")

    with pytest.raises(MailerUnavailableError, match="missing/outbox: No such file"):
        mailer.check()
    with pytest.raises(MailerUnavailableError):
        mailer.send("", ["wang@client.example"], b"\r\n")


def test_check_makes_the_outbox(tmp_path: Path) -> None:
    MaildirMailer(tmp_path / "outbox").check()

    assert (tmp_path / "outbox" / "new").is_dir()


def test_full_disk_is_unavailable_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # A file may grow to 1 MiB here, which to a process is as good as a full disk.
    program = """if True:
        import resource, signal, sys
        from pathlib import Path
        from faultdesk.adapters.maildir_mailer import MaildirMailer
        from faultdesk.errors import MailerUnavailableError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        try:
            MaildirMailer(Path(sys.argv[1])).send("", ["wang@client.example"], b"x" * (2 << 20))
        except MailerUnavailableError:
            sys.exit(75)
    """

    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, env=with_sources())

    assert ended.returncode == 75
    assert [*(tmp_path / "tmp").iterdir(), *(tmp_path / "new").iterdir()] == []


@pytest.mark.parametrize("killed_after", [3, 10, 25])
def test_writer_killed_at_any_moment_leaves_whole_mails_only(tmp_path: Path, killed_after: int) -> None:
    program = """if True:
        import sys
        from pathlib import Path
        from faultdesk.adapters.maildir_mailer import MaildirMailer
        mailer = MaildirMailer(Path(sys.argv[1]))
        while True:
            mailer.send("", ["wang@client.example"], b"x" * 300_000 + b"the end")
    """
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], env=with_sources()) as writer:
        wait_until(lambda: len(list(tmp_path.glob("new/*"))) >= killed_after, "mails are written")
        writer.kill()

    assert all(file.read_bytes().endswith(b"xthe end") for file in (tmp_path / "new").iterdir())


def with_sources() -> dict[str, str]:
    """Let a child import what this process imports."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
