"""What the pipeline needs of the world; adapters provide it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from faultdesk.domain.fax import Page
from faultdesk.domain.message import Language


class RawMessage(msgspec.Struct, frozen=True):
    """A message's octets as a mailbox holds them.

    `uid` is the server's (RFC 9051 section 2.3.1.1) or a Maildir's unique name; `arrived_at` is
    INTERNALDATE or the file's time, aware UTC. Above the size limit only the header section is
    fetched: `truncated`, with `size` still the octets of the whole.
    """

    uid: str
    content: bytes
    arrived_at: datetime
    size: int
    truncated: bool = False


class Cursor(msgspec.Struct, frozen=True):
    """How far a mailbox has been collected: every UID up to `last_uid` under this UIDVALIDITY."""

    uid_validity: int
    last_uid: int


class Batch(msgspec.Struct, frozen=True):
    """Some messages and the cursor behind them, to be stored in one transaction."""

    messages: tuple[RawMessage, ...]
    cursor: Cursor


class Mailbox(Protocol):
    """A place where messages arrive; used by one thread, but for `interrupt`."""

    name: str

    def open(self) -> None:
        """Connect, log in and select; a no-op when that is done already.

        Raises:
            MailboxUnavailableError: The server cannot be reached, refused us or is not to be trusted.
        """

    def fetch_new(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Yield what is above the cursor, oldest first, leaving flags alone.

        Raises:
            MailboxUnavailableError: The server cannot be reached or ended the session.
        """

    def mark_done(self, uids: Sequence[str], uid_validity: int) -> None:
        """Flag or move stored messages, as the settings say; a UID that is gone is no error.

        Under another UIDVALIDITY these UIDs are other messages: then nothing is marked.

        Raises:
            MailboxUnavailableError: The server cannot be reached or ended the session.
        """

    def uids(self, cursor: Cursor, since: datetime, until: datetime) -> Iterator[Sequence[str]]:
        """Yield, in runs, the UIDs that must be in the ledger by now; look only, and change nothing.

        Those up to the cursor, none under another UIDVALIDITY; where UIDs do not rise, what came after
        `since` and is no longer new, and what is new and came before `until`.

        Raises:
            MailboxUnavailableError: The server cannot be reached or ended the session.
        """

    def fetch(self, uids: Sequence[str]) -> Iterator[RawMessage]:
        """Yield these messages, leaving flags alone; what is gone or cannot be read is left out.

        Raises:
            MailboxUnavailableError: The server cannot be reached or ended the session.
        """

    def wait(self, at_most: timedelta) -> None:
        """Return when there may be news, after `at_most`, or when interrupted.

        Raises:
            MailboxUnavailableError: The server ended the session.
        """

    def interrupt(self) -> None:
        """End a `wait` from another thread, now or as soon as it begins."""

    def close(self) -> None:
        """Let go of the connection; never raises."""


class Mailer(Protocol):
    """A way out for mail. Any thread may send; sending is one at a time."""

    def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> None:
        """Hand over one mail (CRLF line ends) and return once it was accepted for all recipients.

        Raises:
            MailerUnavailableError: Not now, and no other mail either: no connection, or nobody is let in.
            MailDeferredError: Not this mail now: a 4xx answer, or the connection was lost over it.
            MailRefusedError: Never: a 5xx answer, with the server's words.
        """

    def check(self) -> None:
        """Connect and log in, for `faultdesk check --online`.

        Raises:
            MailerUnavailableError: The server cannot be reached or refused us.
        """

    def close(self) -> None:
        """Let go of the connection; never raises."""


class PageReader(Protocol):
    """Reads pages; what cannot be read is told on the page, and raises nothing."""

    def read(self, content: bytes, documents: Sequence[str]) -> tuple[Page, ...]:
        """Read the pages of the attachments of these names of a mail.

        Raises:
            TransientError: No child can be started, or the reader is closed: no page is to blame.
        """

    def close(self) -> None:
        """End what reads; never raises."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What is to stand on a fax."""

    subject: str
    text: str
    at: datetime
    reference: str = ""
    """The ticket's, large and as a QR code, so that an answer is known by it."""
    number: str = ""
    """Whom it goes to, E.164."""
    desk: str = ""
    """The desk's name."""
    time_zone: str = "Asia/Shanghai"
    language: Language = Language.ZH_HANS


class FaxPress(Protocol):
    """Sets letters as pages that can be read after a transmission at standard resolution."""

    def convert(self, document: bytes, media_type: str) -> bytes:
        """Give the pages of a PDF as image/tiff or application/pdf.

        Raises:
            ConfigError: What draws them is not installed.
        """

    def print(self, letter: Letter, media_type: str) -> bytes:
        """Give the pages as image/tiff (1 bit, 204 x 196 dpi) or application/pdf; the same letter, the same octets.

        Raises:
            ConfigError: A font or the typesetter is missing.
        """


class FaxSender(Protocol):
    """A way out for faxes. Any thread may send."""

    @property
    def media_type(self) -> str:
        """What the gateway takes: image/tiff or application/pdf."""

    def send(self, number: str, document: bytes, media_type: str, tag: str) -> str:
        """Hand pages over for an E.164 number; return the gateway's name of the job. That is no delivery.

        Raises:
            OutageError: Not now, and no other fax either.
            TransientError: Not this fax now.
            PermanentError: Never.
        """

    def check(self) -> None:
        """Look whether the gateway can be reached, for `faultdesk check --online`.

        Raises:
            OutageError: It cannot.
        """

    def close(self) -> None:
        """Let go of what is open; never raises."""


class Clock(Protocol):
    """The only one who tells the time."""

    def now(self) -> datetime:
        """Tell the time, aware UTC."""
