"""A folder as a mailbox: what a scanner drops there, or HylaFAX's recvq."""

import fcntl
import os
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import structlog

from faultdesk.adapters.folder_mail import DOMAIN, as_mail, media_type_of, readable
from faultdesk.adapters.oversize import header_section
from faultdesk.config.settings import FolderSettings
from faultdesk.errors import MailboxUnavailableError
from faultdesk.pipeline.ports import Batch, Clock, Cursor, RawMessage

log = structlog.get_logger()

_NO_CURSOR = Cursor(uid_validity=0, last_uid=0)
_DONE = "done"
_EMPTY_SECONDS = 60.0
"""Some scanners make the file long before they write it."""
_LONG_AGO_SECONDS = 60.0
"""By this much the clock of a file server may differ from ours."""
_FILE_OCTETS, _MAIL_OCTETS = 57, 78
"""Of a line in base64 (RFC 2045 section 6.8), with its CRLF."""
# A link may lead anywhere, and to open a pipe may take for ever.
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class _Unfinished(Exception):  # noqa: N818 - no error: it is looked at again
    """Somebody is still writing."""


class _File(NamedTuple):
    path: Path
    uid: str
    inode: int
    octets: int
    modified_ns: int
    changed_ns: int


class FolderMailbox:
    """Implements `pipeline.ports.Mailbox`: a finished file is a message, and goes to done/ or stays.

    A file's UID is its time, size and name, which is its name in done/, too: a name that a scanner uses
    again is another message, and a copy of the folder holds the same ones.
    """

    def __init__(self, name: str, settings: FolderSettings, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._path = settings.path
        self._moves = settings.after == "move"
        self._settled_seconds = settings.settled.total_seconds()
        self._sender = settings.sender or f"{name}@{DOMAIN}"
        self._max_message_octets = settings.max_message_octets
        self._seen: dict[_File, float] = {}
        self._stored: set[str] = set()
        self._complained: set[str] = set()
        self._interrupted = threading.Event()

    def open(self) -> None:
        """Make done/ if it is wanted; the folder itself may be a mount that is missing, and is not made.

        Raises:
            MailboxUnavailableError: The folder is missing, or we may not write there.
        """
        try:
            if self._moves:
                (self._path / _DONE).mkdir(exist_ok=True)
            self._path.stat()
        except OSError as error:
            raise self._unavailable(error) from error

    def fetch_new(self, cursor: Cursor | None) -> Iterator[Batch]:  # noqa: ARG002 - there is none here
        """Yield the finished files, oldest first, each by itself.

        Raises:
            MailboxUnavailableError: The folder is gone or may not be read.
        """
        try:
            files = self._list(self._path)
        except OSError as error:
            raise self._unavailable(error) from error
        self._stored &= {file.uid for file in files}
        now = time.monotonic()
        self._seen = {file: self._seen.get(file, now) for file in files if file.uid not in self._stored}
        for file, since in list(self._seen.items()):
            if self._is_settled(file, now - since) and (message := self._read(file)):
                yield Batch((message,), _NO_CURSOR)

    def mark_done(self, uids: Sequence[str], uid_validity: int = 0) -> None:  # noqa: ARG002 - a folder has none
        """Move stored files to done/, or remember them; one that is gone is no error.

        Raises:
            MailboxUnavailableError: The folder may not be written.
        """
        self._stored |= set(uids)
        if not self._moves:
            return
        files = {file.uid: file for file in self._seen}
        try:
            if not files.keys() >= set(uids):
                files = {file.uid: file for file in self._list(self._path)}
            for uid in uids:
                if file := files.get(uid):
                    self._move(file)
        except OSError as error:
            raise self._unavailable(error) from error

    def uids(
        self,
        cursor: Cursor,  # noqa: ARG002 - there is none here
        since: datetime,
        until: datetime,
    ) -> Iterator[list[str]]:
        """Yield what came to done/ after `since`, and what has lain in the folder since before `until`.

        Raises:
            MailboxUnavailableError: The folder is gone or may not be read.
        """
        try:
            if self._moves:
                done = self._list(self._path / _DONE)
                yield [file.uid for file in done if file.changed_ns > since.timestamp() * 1e9]
            # By when it got there: its own time may be what a copying program gave it.
            yield [file.uid for file in self._list(self._path) if file.changed_ns < until.timestamp() * 1e9]
        except OSError as error:
            raise self._unavailable(error) from error

    def fetch(self, uids: Sequence[str]) -> Iterator[RawMessage]:
        """Yield these messages; what is gone or cannot be read is left out.

        Raises:
            MailboxUnavailableError: The folder is gone or may not be read.
        """
        wanted = set(uids)
        try:
            for folder in (self._path / _DONE, self._path) if self._moves else (self._path,):
                for file in self._list(folder):
                    if file.uid in wanted and (message := self._read(file)):
                        yield message
        except OSError as error:
            raise self._unavailable(error) from error

    def wait(self, at_most: timedelta) -> None:
        """Return after `at_most`, or when interrupted: whether a file is finished shows with time alone."""
        self._interrupted.wait(at_most.total_seconds())
        self._interrupted.clear()

    def interrupt(self) -> None:
        """End a `wait` from another thread, now or as soon as it begins."""
        self._interrupted.set()

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _is_settled(self, file: _File, seen_seconds: float) -> bool:
        """Tell by how long we have seen it so; or by its own time, for who looks once (run --drain)."""
        patience = self._settled_seconds if file.octets else max(self._settled_seconds, _EMPTY_SECONDS)
        age = self._clock.now().timestamp() - file.changed_ns / 1e9
        return seen_seconds >= patience or age >= patience + _LONG_AGO_SECONDS

    def _list(self, folder: Path) -> list[_File]:
        files = []
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    told = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # somebody else was faster
                if stat.S_ISREG(told.st_mode) and media_type_of(entry.name):
                    files.append(_file(Path(entry.path), told))
        return sorted(files, key=lambda file: (file.modified_ns, file.path))

    def _read(self, file: _File) -> RawMessage | None:
        large = file.octets // _FILE_OCTETS * _MAIL_OCTETS > self._max_message_octets
        try:
            content = _octets(file, at_most=0 if large else file.octets)
        except (_Unfinished, FileNotFoundError):
            return None
        except OSError as error:
            # One file that cannot be read must not keep the others from us.
            self._complain_once(file, error)
            return None
        modified = datetime.fromtimestamp(file.modified_ns / 1e9, UTC)
        name = _own_name(file)
        mail = as_mail(self.name, self._sender, file.uid, name, modified, content)
        size = max(file.octets, len(mail)) if large else len(mail)
        return RawMessage(file.uid, header_section(mail) if large else mail, modified, size, truncated=large)

    def _complain_once(self, file: _File, error: OSError) -> None:
        if file.uid not in self._complained:
            self._complained.add(file.uid)
            log.error("mailbox.unreadable", mailbox=self.name, file=file.uid, error=str(error))

    def _move(self, file: _File) -> None:
        try:
            file.path.rename(self._path / _DONE / f"{_mark(file)}{_own_name(file)}")
        except FileNotFoundError:
            if not (self._path / _DONE).is_dir():
                raise

    def _unavailable(self, error: OSError) -> MailboxUnavailableError:
        return MailboxUnavailableError(
            f"{self.name}: {error.filename or self._path}: {error.strerror or error}"
        )


def _file(path: Path, told: os.stat_result) -> _File:
    file = _File(path, "", told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns)
    return file._replace(uid=readable(f"{_mark(file)}{_own_name(file)}"))


def _mark(file: _File) -> str:
    """Give what a name gets in front, by which files of one name are told apart: 20261126T131241Z.20480."""
    return f"{datetime.fromtimestamp(file.modified_ns // 10**9, UTC):%Y%m%dT%H%M%SZ}.{file.octets}."


def _own_name(file: _File) -> str:
    return file.path.name.removeprefix(_mark(file))


def _octets(file: _File, at_most: int) -> bytes:
    """Read a file that is as it was listed, and that nobody holds while he writes.

    Raises:
        _Unfinished: It has changed meanwhile, or HylaFAX is receiving it.
        OSError: It is gone, or may not be read.
    """
    with open(os.open(file.path, _LOOK), "rb") as opened:  # noqa: PTH123 - a descriptor
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _Unfinished from error
        except OSError:
            pass  # a file system without locks
        content = opened.read(at_most)
        told = os.fstat(opened.fileno())
    if (told.st_ino, told.st_size, told.st_mtime_ns) != (file.inode, file.octets, file.modified_ns):
        raise _Unfinished
    return content
