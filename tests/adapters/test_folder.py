import contextlib
import email
import fcntl
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

import msgspec
import pytest
import structlog.testing

from faultdesk.adapters.clock import SystemClock
from faultdesk.adapters.folder import FolderMailbox
from faultdesk.adapters.sql.audit import SqlBooks
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.config.settings import FolderSettings
from faultdesk.domain.fax import Reception
from faultdesk.errors import MailboxUnavailableError
from faultdesk.pipeline.audit import audit
from faultdesk.pipeline.collect import collect
from faultdesk.pipeline.ports import Clock, Cursor, RawMessage
from faultdesk.reading import read_message
from faultdesk_fax import FaxHandler
from faultdesk_fax.gateways import Gateway
from pipeline.desk import SetClock
from servers.process import wait_until

NINE = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
PAGES = b"II*\x00 pages"
AT_ONCE, NEVER = timedelta(), timedelta(hours=1)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    return folder


def a_mailbox(
    path: Path, settled: timedelta = AT_ONCE, clock: Clock | None = None, **settings: object
) -> FolderMailbox:
    usual = FolderSettings(path=path, settled=settled)
    opened = FolderMailbox("scans", msgspec.structs.replace(usual, **settings), clock or SystemClock())
    opened.open()
    return opened


def drop(folder: Path, name: str, content: bytes = PAGES, at: datetime = NINE) -> Path:
    file = folder / name
    file.write_bytes(content)
    os.utime(file, (at.timestamp(), at.timestamp()))
    return file


def collected(mailbox: FolderMailbox) -> list[RawMessage]:
    return [message for batch in mailbox.fetch_new(None) for message in batch.messages]


def names(messages: list[RawMessage]) -> list[str]:
    return [str(parsed(message)["Subject"]) for message in messages]


def parsed(message: RawMessage) -> EmailMessage:
    return email.message_from_bytes(message.content, EmailMessage, policy=modern)


def test_file_is_a_mail_of_the_folder_with_the_file_attached(scans: Path) -> None:
    drop(scans, "报修单.tif")

    (message,) = collected(a_mailbox(scans))

    mail = parsed(message)
    assert (mail["From"], mail["Subject"]) == ("scans@folder.invalid", "报修单.tif")
    assert (mail["Date"], mail["X-Faultdesk-Folder"]) == ("Thu, 05 Mar 2026 09:00:00 +0000", "scans")
    assert (mail.get_content_type(), mail.get_filename()) == ("image/tiff", "报修单.tif")
    assert mail.get_payload(decode=True) == PAGES
    assert (message.arrived_at, message.size, message.truncated) == (NINE, len(message.content), False)
    assert message.uid == "20260305T090000Z.10.报修单.tif"


def test_same_file_is_the_same_octets(scans: Path) -> None:
    drop(scans, "a.pdf")

    assert collected(a_mailbox(scans)) == collected(a_mailbox(scans))


def test_files_come_oldest_first_each_by_itself(scans: Path) -> None:
    drop(scans, "b.tif", at=NINE)
    drop(scans, "a.JPG", at=NINE + timedelta(minutes=1))
    drop(scans, "c.png", at=NINE - timedelta(minutes=1))

    batches = list(a_mailbox(scans).fetch_new(None))

    assert [names(list(batch.messages)) for batch in batches] == [["c.png"], ["b.tif"], ["a.JPG"]]


def test_stored_file_goes_to_done_under_a_name_of_its_own(scans: Path) -> None:
    mailbox = a_mailbox(scans)
    for minute in (1, 2):
        drop(scans, "scan.tif", at=NINE + timedelta(minutes=minute))
        mailbox.mark_done([message.uid for message in collected(mailbox)])

    assert collected(mailbox) == []
    assert sorted(file.name for file in (scans / "done").iterdir()) == [
        "20260305T090100Z.10.scan.tif",
        "20260305T090200Z.10.scan.tif",
    ]


def test_stored_file_may_stay_where_it_is_and_comes_once(scans: Path) -> None:
    mailbox = a_mailbox(scans, after="nothing")
    drop(scans, "fax000000001.tif")

    mailbox.mark_done([message.uid for message in collected(mailbox)])

    assert collected(mailbox) == []
    assert [file.name for file in scans.iterdir()] == ["fax000000001.tif"]


def test_what_the_last_run_stored_is_moved_after_a_restart(scans: Path) -> None:
    drop(scans, "a.tif")
    (message,) = collected(a_mailbox(scans))

    a_mailbox(scans).mark_done([message.uid, "20260305T090000Z.10.gone.tif"])

    assert [file.name for file in (scans / "done").iterdir()] == ["20260305T090000Z.10.a.tif"]


def test_every_file_is_in_the_ledger_once_however_often_it_is_looked_at(scans: Path, store: SqlStore) -> None:
    for number in range(3):
        drop(scans, f"fax00000000{number}.tif")
    for _ in range(2):
        collect(a_mailbox(scans, after="nothing"), store, SetClock(), lambda: None)

    with store.read() as tx:
        assert tx.inbox.waiting() == 3


def test_file_that_changed_a_moment_ago_waits(scans: Path) -> None:
    mailbox = a_mailbox(scans, settled=NEVER)
    drop(scans, "a.tif")

    assert collected(mailbox) == collected(mailbox) == []


def test_who_looks_once_gets_what_has_not_changed_for_a_minute_more(scans: Path) -> None:
    drop(scans, "a.tif")
    drop(scans, "empty.tif", b"")
    clock = SetClock()

    def found_after(seconds: int) -> list[str]:
        clock.time = datetime.now(UTC) + timedelta(seconds=seconds)
        return names(collected(a_mailbox(scans, settled=timedelta(seconds=30), clock=clock)))

    assert (found_after(60), found_after(100), found_after(130)) == ([], ["a.tif"], ["a.tif", "empty.tif"])


def test_file_that_grows_is_collected_whole(scans: Path) -> None:
    mailbox = a_mailbox(scans, settled=timedelta(seconds=0.3))
    with (scans / "a.tif").open("wb", buffering=0) as writing:
        for _ in range(20):
            writing.write(PAGES)
            assert collected(mailbox) == []

    # Nothing marks it, so it comes again.
    wait_until(lambda: bool(collected(mailbox)), "the file is collected")
    (message,) = collected(mailbox)

    assert parsed(message).get_payload(decode=True) == PAGES * 20


def test_file_that_somebody_has_locked_waits(scans: Path) -> None:
    mailbox = a_mailbox(scans)
    with drop(scans, "fax000000001.tif").open("rb") as receiving:
        fcntl.flock(receiving, fcntl.LOCK_EX)
        assert collected(mailbox) == []

    assert names(collected(mailbox)) == ["fax000000001.tif"]


def test_file_that_gets_its_name_when_it_is_done_is_collected_then(scans: Path) -> None:
    mailbox = a_mailbox(scans)
    unfinished = drop(scans, "a.tif.part")
    hidden = drop(scans, ".b.tif")
    assert collected(mailbox) == []

    unfinished.rename(scans / "a.tif")
    hidden.rename(scans / "b.tif")

    assert names(collected(mailbox)) == ["a.tif", "b.tif"]


def test_empty_file_is_given_time_to_be_filled(scans: Path) -> None:
    mailbox = a_mailbox(scans)
    drop(scans, "a.tif", b"")

    assert collected(mailbox) == []


def test_file_above_the_limit_is_told_of_without_its_content(scans: Path) -> None:
    drop(scans, "large.pdf", b"%PDF" + bytes(100_000))

    (message,) = collected(a_mailbox(scans, max_message_octets=100_000))

    assert (message.size, message.truncated) == (100_004, True)
    assert parsed(message)["Subject"] == "large.pdf"
    assert parsed(message).get_payload(decode=True) == b""


def test_what_is_no_page_is_left_alone(scans: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.tif").write_bytes(b"of another")
    (scans / "link.tif").symlink_to(tmp_path / "secret.tif")
    (scans / "folder.tif").mkdir()
    os.mkfifo(scans / "pipe.tif")
    drop(scans, "seqf")
    drop(scans, "thumbs.db")

    assert collected(a_mailbox(scans)) == []


def test_file_that_vanishes_while_others_are_read_is_passed_over(scans: Path) -> None:
    for name in ("a.tif", "b.tif", "c.tif"):
        drop(scans, name)
    batches = a_mailbox(scans).fetch_new(None)
    next(batches)

    (scans / "b.tif").unlink()

    assert [names(list(batch.messages)) for batch in batches] == [["c.tif"]]


@pytest.mark.skipif(os.geteuid() != 0, reason="steps down to somebody who may not read the file")
def test_file_that_cannot_be_read_is_told_once_and_keeps_no_other_up(scans: Path) -> None:
    drop(scans, "a.tif").chmod(0)
    drop(scans, "b.tif")
    mailbox = a_mailbox(scans, after="nothing")

    with structlog.testing.capture_logs() as told, as_nobody(scans):
        found = [names(collected(mailbox)) for _ in range(2)]

    assert found == [["b.tif"], ["b.tif"]]
    assert [(one["event"], one["file"]) for one in told] == [
        ("mailbox.unreadable", "20260305T090000Z.10.a.tif")
    ]


def test_name_that_is_no_text_or_holds_a_line_end_is_collected_and_moved(scans: Path) -> None:
    mailbox = a_mailbox(scans)
    drop(scans, os.fsdecode(b"\xff\xfe.tif"))
    drop(scans, "a\r\nBcc: all@b.example.tif")

    messages = collected(mailbox)
    mailbox.mark_done([message.uid for message in messages])

    assert names(messages) == ["a__Bcc: all@b.example.tif", r"\xff\xfe.tif"]
    assert [file.name for file in scans.iterdir()] == ["done"]


def test_folder_that_is_missing_is_unavailable_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(MailboxUnavailableError, match=r"scans: .*missing.*: No such file"):
        a_mailbox(tmp_path / "missing")
    with pytest.raises(MailboxUnavailableError, match=r"scans: .*missing: No such file"):
        a_mailbox(tmp_path / "missing", after="nothing")


def test_folder_that_vanishes_is_unavailable(scans: Path) -> None:
    mailbox = a_mailbox(scans)
    (scans / "done").rmdir()
    drop(scans, "a.tif")
    (message,) = collected(mailbox)
    with pytest.raises(MailboxUnavailableError):
        mailbox.mark_done([message.uid])

    scans.rename(scans.with_name("elsewhere"))

    with pytest.raises(MailboxUnavailableError, match="No such file"):
        collected(mailbox)


def test_audit_misses_what_lies_there_for_an_hour_and_what_somebody_put_into_done(
    scans: Path, store: SqlStore
) -> None:
    clock = SetClock()
    clock.time = datetime.now(UTC)
    mailbox = a_mailbox(scans)
    drop(scans, "a.tif")
    collect(mailbox, store, clock, lambda: None)
    drop(scans, "b.tif")
    drop(scans / "done", "c.tif")
    clock.advance(timedelta(hours=2))

    found = audit(SqlBooks(store.database), [a_mailbox(scans)], (), clock.now()).findings

    assert [one.subject for one in found if one.subject.startswith("mailbox")] == [
        "mailbox scans, UID 20260305T090000Z.10.c.tif",
        "mailbox scans, UID 20260305T090000Z.10.b.tif",
    ]


def test_messages_are_given_again_from_done_and_from_the_folder(scans: Path) -> None:
    mailbox = a_mailbox(scans)
    drop(scans, "a.tif")
    first = collected(mailbox)
    mailbox.mark_done([message.uid for message in first])
    drop(scans, "b.tif")

    again = list(mailbox.fetch([first[0].uid, "20260305T090000Z.10.b.tif", "gone"]))

    assert again == [first[0], *collected(mailbox)]
    assert list(mailbox.uids(Cursor(0, 0), NINE, datetime.now(UTC) + NEVER)) == [
        ["20260305T090000Z.10.a.tif"],
        ["20260305T090000Z.10.b.tif"],
    ]


@contextlib.contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Become somebody who reaches the folder and has no right to all files."""
    for above in (folder, *folder.parents):
        if not above.stat().st_mode & stat.S_IXOTH:
            above.chmod(0o755)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_interruption_ends_the_wait_under_way_or_the_next(scans: Path, beside: ThreadPoolExecutor) -> None:
    mailbox = a_mailbox(scans)
    ended = beside.submit(mailbox.wait, NEVER)

    mailbox.interrupt()
    ended.result(30)
    mailbox.interrupt()

    beside.submit(mailbox.wait, NEVER).result(30)


def test_a_folders_mail_is_a_fax_to_the_handler(scans: Path) -> None:
    gateway = Gateway(dialect="folder", senders=("scans@folder.invalid",))
    drop(scans, "fax000000001.tif")
    (message,) = collected(a_mailbox(scans))

    found = FaxHandler(gateways={"scans": gateway}).recognise_fax(read_message(message.content))

    assert isinstance(found, Reception)
    assert (found.caller, found.documents) == ("", ("fax000000001.tif",))


def test_a_dialect_of_ones_own_finds_the_caller_in_a_files_name(scans: Path, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/fax.md").read_text(encoding="utf-8")
    dialects = tmp_path / "dialects.toml"
    dialects.write_text(page.partition("# dialects.toml")[2].partition("\n")[2].partition("```")[0])
    gateway = Gateway(dialect="printer", senders=("scans@folder.invalid",))
    drop(scans, "FAX_02088881111_20260305.tif")
    (message,) = collected(a_mailbox(scans))

    handler = FaxHandler(gateways={"scans": gateway}, dialects=dialects)
    found = handler.recognise_fax(read_message(message.content))

    assert isinstance(found, Reception)
    assert found.caller == "+862088881111"
