"""A Maildir as a mailbox (https://cr.yp.to/proto/maildir.html)."""

import os
import stat
import threading
import time
from collections import deque
from collections.abc import Container, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog

from faultdesk.adapters.maildir_layout import INFO, make_folders
from faultdesk.adapters.oversize import HEADER_OCTETS, header_section
from faultdesk.config.settings import MaildirSettings
from faultdesk.errors import MailboxUnavailableError
from faultdesk.pipeline.ports import Batch, Cursor, RawMessage

log = structlog.get_logger()

# A Maildir has no UIDs that rise: every name in new/ is looked at, and the inbox knows which it has.
_NO_CURSOR = Cursor(uid_validity=0, last_uid=0)
_BATCH_MESSAGES = 100
_BATCH_OCTETS = 8 * 1024 * 1024
_GLANCE_SECONDS = 0.25


class _File(NamedTuple):
    name: str
    uid: str
    octets: int
    modified_ns: int
    changed_ns: int


class MaildirMailbox:
    """Implements `pipeline.ports.Mailbox`: a message is collected from new/ and moves to cur/ once it is stored.

    What lies in cur/ belongs to people's mail programs and is never looked at.
    """

    def __init__(self, name: str, settings: MaildirSettings) -> None:
        self.name = name
        self._path = settings.path
        self._max_message_octets = settings.max_message_octets
        self._names: dict[str, str] = {}
        self._complained: set[str] = set()
        self._looked_at_ns = 0
        self._interrupted = threading.Event()

    def open(self) -> None:
        """Make the folders if they are missing.

        Raises:
            MailboxUnavailableError: The folder around them is missing, or we may not enter.
        """
        try:
            make_folders(self._path)
        except OSError as error:
            raise self._unavailable(error) from error

    def fetch_new(self, cursor: Cursor | None) -> Iterator[Batch]:  # noqa: ARG002 - there is none here
        """Yield what is in new/, oldest first.

        Raises:
            MailboxUnavailableError: The folder is gone or may not be read.
        """
        self._names = {}
        waiting = deque(_divide(self._newer()))
        while waiting:
            yield Batch(tuple(self._read_all(waiting.popleft())), _NO_CURSOR)
            if waiting:
                # What comes meanwhile goes first: it must not wait behind a backlog of thousands.
                waiting.extendleft(reversed(list(_divide(self._newer()))))

    def _newer(self) -> list[_File]:
        """List what has come since it was last asked for."""
        try:
            self._looked_at_ns = self._changed_at_ns()
            files = self._list(skip=frozenset(self._names.values()))
        except OSError as error:
            raise self._unavailable(error) from error
        self._names |= {file.uid: file.name for file in files}
        return files

    def mark_done(self, uids: Sequence[str], uid_validity: int = 0) -> None:  # noqa: ARG002 - a Maildir has none
        """Move stored messages to cur/; one that is gone is no error.

        Raises:
            MailboxUnavailableError: The folder may not be written.
        """
        try:
            if not self._names.keys() >= set(uids):
                self._names = {file.uid: file.name for file in self._list()}
            for uid in uids:
                if name := self._names.pop(uid, None):
                    self._move_to_cur(name)
        except OSError as error:
            raise self._unavailable(error) from error

    def uids(
        self,
        cursor: Cursor,  # noqa: ARG002 - there is none here
        since: datetime,
        until: datetime,
    ) -> Iterator[list[str]]:
        """Yield what somebody moved to cur/ that came after `since`, and what lies in new/ since before `until`.

        Raises:
            MailboxUnavailableError: The folder is gone or may not be read.
        """
        try:
            yield [file.uid for file in self._list("cur") if file.modified_ns > since.timestamp() * 1e9]
            # By when it got there: its own time may be what a copying program gave it.
            yield [file.uid for file in self._list() if file.changed_ns < until.timestamp() * 1e9]
        except OSError as error:
            raise self._unavailable(error) from error

    def fetch(self, uids: Sequence[str]) -> Iterator[RawMessage]:
        """Yield these messages; what is gone or cannot be read is left out.

        Raises:
            MailboxUnavailableError: The folder is gone or may not be read.
        """
        wanted = set(uids)
        try:
            for folder in ("cur", "new"):
                yield from self._read_all([file for file in self._list(folder) if file.uid in wanted], folder)
        except OSError as error:
            raise self._unavailable(error) from error

    def wait(self, at_most: timedelta) -> None:
        """Return when new/ changed, after `at_most`, or when interrupted."""
        deadline = time.monotonic() + at_most.total_seconds()
        while (left := deadline - time.monotonic()) > 0:
            if self._interrupted.wait(min(left, _GLANCE_SECONDS)) or self._has_changed():
                break
        self._interrupted.clear()

    def interrupt(self) -> None:
        """End a `wait` from another thread, now or as soon as it begins."""
        self._interrupted.set()

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _list(self, folder: str = "new", skip: Container[str] = ()) -> list[_File]:
        files = []
        with os.scandir(self._path / folder) as entries:
            for entry in entries:
                if entry.name in skip:
                    continue
                try:
                    told = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # somebody else was faster
                # A link may lead anywhere, a pipe nowhere: neither is a delivery.
                if stat.S_ISREG(told.st_mode) and not entry.name.startswith("."):
                    times = (told.st_mtime_ns, told.st_ctime_ns)
                    files.append(_File(entry.name, _uid(entry.name), told.st_size, *times))
        return sorted(files, key=lambda file: (file.modified_ns, file.name))

    def _read_all(self, files: list[_File], folder: str = "new") -> Iterator[RawMessage]:
        for file in files:
            try:
                yield self._read(file, folder)
            except FileNotFoundError:
                continue
            except OSError as error:
                # One file that cannot be read must not keep the others from us.
                self._complain_once(file, error)

    def _read(self, file: _File, folder: str) -> RawMessage:
        large = file.octets > self._max_message_octets
        with (self._path / folder / file.name).open("rb") as opened:
            content = opened.read(HEADER_OCTETS if large else -1)
        return RawMessage(
            uid=file.uid,
            content=header_section(content) if large else content,
            arrived_at=datetime.fromtimestamp(file.modified_ns / 1e9, UTC),
            size=max(file.octets, len(content)),
            truncated=large,
        )

    def _complain_once(self, file: _File, error: OSError) -> None:
        if file.uid not in self._complained:
            self._complained.add(file.uid)
            log.error("mailbox.unreadable", mailbox=self.name, file=file.uid, error=str(error))

    def _move_to_cur(self, name: str) -> None:
        target = self._path / "cur" / (name if INFO in name else name + INFO)
        try:
            (self._path / "new" / name).rename(target)
        except FileNotFoundError:
            if not target.parent.is_dir():
                raise

    def _has_changed(self) -> bool:
        try:
            return self._changed_at_ns() != self._looked_at_ns
        except OSError:
            return True  # the next `open` says what is wrong

    def _changed_at_ns(self) -> int:
        return (self._path / "new").stat().st_mtime_ns

    def _unavailable(self, error: OSError) -> MailboxUnavailableError:
        return MailboxUnavailableError(
            f"{self.name}: {error.filename or self._path}: {error.strerror or error}"
        )


def _uid(name: str) -> str:
    """Take the unique part of a file's name, as text that any database takes."""
    unique = name.partition(INFO)[0]
    return os.fsencode(unique).decode(errors="backslashreplace")


def _divide(files: list[_File]) -> Iterator[list[_File]]:
    part: list[_File] = []
    octets = 0
    for file in files:
        if len(part) == _BATCH_MESSAGES or (part and octets + file.octets > _BATCH_OCTETS):
            yield part
            part, octets = [], 0
        part.append(file)
        octets += file.octets
    if part:
        yield part
