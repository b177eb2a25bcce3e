"""One IMAP session, from the greeting to the farewell, in the verbs that a mailbox needs."""

import imaplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from imapclient import IMAPClient

from faultdesk import __version__
from faultdesk.adapters.imap_wire import Wire
from faultdesk.adapters.oversize import HEADER_OCTETS
from faultdesk.config.settings import ImapSettings, Security

DONE_FLAG = b"$FaultdeskDone"

# A SEARCH answer is one line of up to eleven octets a message; beyond this many it is asked for in ranges.
_SEARCHED_AT_ONCE = 80_000
_WHO_WE_ARE = {"name": "faultdesk", "version": __version__, "vendor": "faultdesk"}


class Folder(NamedTuple):
    """What SELECT tells."""

    uid_validity: int
    uid_next: int
    messages: int
    takes_flag: bool


class Overview(NamedTuple):
    """A message before its octets: `octets` is the server's word, which may be wrong."""

    uid: int
    octets: int
    arrived_at: datetime


class Session(IMAPClient):  # type: ignore[misc] # imapclient ships no types
    """A connection; every error of imaplib, the socket or TLS passes through as it is."""

    _imap: Wire
    can_idle = False

    def __init__(self, settings: ImapSettings, context: ssl.SSLContext) -> None:
        self._protected = context if settings.security is Security.TLS else None
        # Twice, because RFC822.SIZE is wrong on some servers; and room for envelopes.
        self._max_octets = 2 * (settings.batch_octets + settings.max_message_octets) + HEADER_OCTETS
        default_port = 993 if settings.security is Security.TLS else 143
        super().__init__(
            settings.host,
            settings.port or default_port,
            ssl=settings.security is Security.TLS,
            timeout=settings.timeout.total_seconds(),
        )
        self._imap.debug = 0  # imapclient's 5 formats every line for a log that nobody reads
        self.normalise_times = False  # True would answer naive local times

    def _create_IMAP4(self) -> Wire:  # noqa: N802 - imapclient's name
        return Wire(self.host, self.port, self._timeout.read, self._max_octets, self._protected)

    def log_in(self, user: str, password: str) -> None:
        """Log in, and say who we are where the server wants to know."""
        if not (user + password).isascii():
            self.plain_login(user, password)  # LOGIN's strings are ASCII, SASL's are UTF-8 (RFC 4616)
        elif self.has_capability("LOGINDISABLED"):
            raise self.Error("the server takes no password on this connection (LOGINDISABLED)")
        else:
            self.login(user, password)
        if self.has_capability("ID"):
            # NetEase (163, 126, 188) answers SELECT with "Unsafe Login" before it.
            self.id_(_WHO_WE_ARE)
        self.can_idle = self.has_capability("IDLE")

    def choose(self, folder: str, *, readonly: bool = False) -> Folder:
        """Select a folder, read-only where the server allows no more."""
        try:
            told = self.select_folder(folder, readonly)
        except imaplib.IMAP4.readonly:
            told = self.select_folder(folder, readonly=True)
            readonly = True
        # From here on EXISTS is news, also when it comes with the answer to another command.
        self._imap.untagged_responses.pop("EXISTS", None)
        if b"UIDVALIDITY" not in told:
            raise self.Error(f"{folder} has no UIDVALIDITY, so its messages cannot be told apart")
        permanent = told.get(b"PERMANENTFLAGS", ())
        return Folder(
            uid_validity=told[b"UIDVALIDITY"],
            uid_next=told.get(b"UIDNEXT", 0),
            messages=told[b"EXISTS"],
            takes_flag=not readonly and (rb"\*" in permanent or DONE_FLAG in permanent),
        )

    def uids_above(self, last_uid: int, folder: Folder) -> list[int]:
        """Find the UIDs above `last_uid`, in rising order."""
        if not folder.messages:
            return []
        found: set[int] = set()
        if folder.messages <= _SEARCHED_AT_ONCE or not folder.uid_next:
            found.update(self.search(f"UID {last_uid + 1}:*"))
        else:
            for first in range(last_uid + 1, folder.uid_next, _SEARCHED_AT_ONCE):
                found.update(self.search(f"UID {first}:{first + _SEARCHED_AT_ONCE - 1}"))
        # "n:*" is never empty: above the last message it means the last message (RFC 9051 section 9).
        return sorted(uid for uid in found if uid > last_uid)

    def uids_up_to(self, last_uid: int, folder: Folder) -> Iterator[list[int]]:
        """Find the UIDs up to `last_uid`, in runs."""
        # By sequence numbers, which have no gaps: UIDs may lie far apart.
        for first in range(1, folder.messages + 1, _SEARCHED_AT_ONCE):
            last = first + _SEARCHED_AT_ONCE - 1
            # "*", for messages may be expunged meanwhile, and a number beyond the last is an error.
            yield self.search(f"{first}:{last if last < folder.messages else '*'} UID 1:{last_uid}")

    def uids_newer(self, than: int) -> list[int]:
        """Find the UIDs of what has come since `than` was the last, in rising order."""
        self.noop()  # only then a server must tell of it
        return sorted(uid for uid in self.search(f"UID {than + 1}:*") if uid > than)

    def overviews(self, uids: Sequence[int]) -> list[Overview]:
        """Ask size and time of messages; those that are gone are left out."""
        return [
            Overview(uid, _octets(told), _arrived_at(told))
            for uid, told in self._ask(uids, "RFC822.SIZE", "INTERNALDATE").items()
        ]

    def contents(self, uids: Sequence[int]) -> dict[int, bytes]:
        r"""Fetch whole messages without setting \Seen; those that are gone are left out."""
        return _bodies(self._ask(uids, "BODY.PEEK[]"))

    def header(self, uid: int) -> dict[int, bytes]:
        """Fetch the header section of one message, 1 MiB at most; empty when it is gone."""
        return _bodies(self._ask([uid], f"BODY.PEEK[HEADER]<0.{HEADER_OCTETS}>"))

    def flag(self, uids: Sequence[int]) -> None:
        """Set our keyword, beside whatever flags people use."""
        self.add_flags(uids, [DONE_FLAG], silent=True)

    def relocate(self, uids: Sequence[int], to: str) -> None:
        r"""Move messages, making the folder when it is missing.

        Without MOVE (RFC 6851) they are copied and marked \Deleted; without UIDPLUS (RFC 4315) that
        is where it ends: a plain EXPUNGE would also remove what somebody else has marked.
        """
        copying = not self.has_capability("MOVE")
        self._transfer(self.copy if copying else self.move, uids, to)
        if copying:
            self.delete_messages(uids, silent=True)
            if self.has_capability("UIDPLUS"):
                self.uid_expunge(uids)

    def _transfer(
        self, command: Callable[[Sequence[int], str], object], uids: Sequence[int], to: str
    ) -> None:
        try:
            command(uids, to)
        except imaplib.IMAP4.abort:
            raise
        except self.Error as error:
            if "EXPUNGEISSUED" in str(error):
                # Some are gone, which is no error, but for it the server may have left the others where they are.
                for uid in uids if len(uids) > 1 else ():
                    self._transfer(command, [uid], to)
            elif "TRYCREATE" in str(error) or not self.folder_exists(to):
                self.create_folder(to)
                self._transfer(command, uids, to)
            else:
                raise

    def has_news(self) -> bool:
        """Tell whether the server spoke of new messages since the folder was selected."""
        return "EXISTS" in self._imap.untagged_responses

    def start_idle(self) -> None:
        """Ask to be told of news (RFC 2177)."""
        self._idle_tag = self._imap._command("IDLE")  # noqa: SLF001 - as imapclient does
        # Not imapclient's idle(): it takes news that come before the "+" for an error.
        while self._imap._get_response() is not None:  # noqa: SLF001
            if self._imap.tagged_commands[self._idle_tag] is not None:
                raise self.Error("the server refused IDLE")

    def wait_readable(self, seconds: float, alarm: socket.socket) -> bool:
        """Wait until the server speaks or hangs up; false after `seconds` or when `alarm` is readable."""
        return self._imap.wait_readable(seconds, alarm)

    def impatient(self, seconds: float | None) -> AbstractContextManager[None]:
        """Let the steps inside end within `seconds`, if it is given."""
        return self._imap.impatient(seconds)

    def _ask(self, uids: Sequence[int], *items: str) -> dict[int, dict[bytes, Any]]:
        """Fetch, dividing what is refused: some servers refuse all because one was just expunged."""
        try:
            answer: dict[int, dict[bytes, Any]] = self.fetch(uids, items)
        except imaplib.IMAP4.abort:
            raise
        except self.Error as error:
            if len(uids) > 1:
                middle = len(uids) // 2
                return self._ask(uids[:middle], *items) | self._ask(uids[middle:], *items)
            if "EXPUNGEISSUED" in str(error):
                return {}
            raise
        return answer


def _octets(told: dict[bytes, Any]) -> int:
    octets = told.get(b"RFC822.SIZE")
    return octets if isinstance(octets, int) else 0


def _arrived_at(told: dict[bytes, Any]) -> datetime:
    at = told.get(b"INTERNALDATE")
    try:
        return at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo else datetime.now(UTC)
    except (ValueError, OverflowError):  # an offset or a year that does not exist
        return datetime.now(UTC)


def _bodies(answer: dict[int, dict[bytes, Any]]) -> dict[int, bytes]:
    """Take the one BODY of each message; an answer without it was about flags, or the message is gone."""
    return {
        uid: value or b""
        for uid, told in answer.items()
        for key, value in told.items()
        if key.startswith(b"BODY[") and isinstance(value, bytes | None)
    }
