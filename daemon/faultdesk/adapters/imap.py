"""A mailbox on an IMAP server (RFC 9051, RFC 3501)."""

import contextlib
import imaplib
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import structlog

from faultdesk.adapters.imap_session import Folder, Overview, Session
from faultdesk.adapters.interruption import Interruption
from faultdesk.adapters.oversize import header_section
from faultdesk.adapters.protection import refuse_plain_text, trust
from faultdesk.config.settings import After, ImapSettings, Security
from faultdesk.errors import ConfigError, MailboxUnavailableError
from faultdesk.pipeline.ports import Batch, Cursor, RawMessage

log = structlog.get_logger()

# A server may end an IDLE after 30 minutes (RFC 2177), a router forgets it after 10.
IDLE_RENEWED_AFTER = timedelta(minutes=9)
_MARKED_AT_ONCE = 500
# Who interrupts wants to leave: a dead server must not hold the daemon up.
_PATIENCE_SECONDS = 2.0
# A server's nonsense surfaces in imaplib's and imapclient's parsers as any of these.
_TROUBLE = (
    imaplib.IMAP4.error,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
)


class ImapMailbox:
    """Implements `pipeline.ports.Mailbox`; after an error `open` begins anew with a fresh connection."""

    def __init__(
        self,
        name: str,
        settings: ImapSettings,
        password: str,
        idle_renewed_after: timedelta = IDLE_RENEWED_AFTER,
    ) -> None:
        where = f"mailboxes.{name}"
        refuse_plain_text(settings.security, settings.host, where, allowed=settings.allow_plain_text)
        if settings.after is After.MOVE and not settings.move_to:
            raise ConfigError(f'{where}: after = "move" needs move_to')
        if any(ord(character) < ord(" ") for character in settings.user + password):
            raise ConfigError(f"{where}: user or password holds a control character")
        self.name = name
        self._settings = settings
        self._password = password
        self._context = trust(settings.ca_file, where)
        self._idle_renewed_after = idle_renewed_after
        self._interruption = Interruption()
        self._session: Session | None = None
        self._folder: Folder | None = None

    def open(self) -> None:
        """Connect, log in and select; a no-op when that is done already.

        Raises:
            MailboxUnavailableError: The server cannot be reached, refused us or is not to be trusted.
        """
        if self._session is not None:
            return
        with self._translated("connect"):
            self._session = Session(self._settings, self._context)
        with self._talking("STARTTLS") as session:
            if self._settings.security is Security.STARTTLS:
                session.starttls(self._context)
        with self._talking(
            f"log in as {self._settings.user} (some providers want an authorisation code)"
        ) as session:
            session.log_in(self._settings.user, self._password)
        self._choose_folder()

    def fetch_new(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Yield what is above the cursor, oldest first, leaving flags alone.

        Raises:
            MailboxUnavailableError: The server cannot be reached or ended the session.
        """
        # Each time: only SELECT tells that the folder was replaced by another of its name.
        folder = self._choose_folder()
        is_other = cursor is not None and cursor.uid_validity != folder.uid_validity
        last_uid = 0 if cursor is None or is_other else cursor.last_uid
        with self._talking("search") as session:
            uids = session.uids_above(last_uid, folder)
        if is_other and not uids:
            yield Batch((), Cursor(folder.uid_validity, 0))
        for messages, behind in self._fetch_all(uids, last_uid):
            yield Batch(messages, Cursor(folder.uid_validity, behind))

    def _fetch_all(self, uids: list[int], behind: int) -> Iterator[tuple[tuple[RawMessage, ...], int]]:
        """Yield messages in batches, oldest first, each with the UID up to which all were yielded.

        What comes meanwhile goes first: a mail of this minute must not wait behind a backlog of thousands.
        The cursor stays behind it, so a crash costs no more than a second look at it.
        """
        most = self._settings.batch_messages
        waiting, top = deque(uids), uids[-1] if uids else behind
        while waiting:
            some = [waiting.popleft() for _ in range(min(most, len(waiting)))]
            for messages, end in self._fetch(some):
                behind = top if not waiting and end == some[-1] else end
                yield messages, behind
            if waiting and (newer := self._newer(top)[:most]):
                top = newer[-1]
                for messages, _ in self._fetch(newer):
                    yield messages, behind

    def _newer(self, than: int) -> list[int]:
        with self._talking("search") as session:
            return session.uids_newer(than)

    def mark_done(self, uids: Sequence[str], uid_validity: int | None = None) -> None:
        """Flag or move stored messages, as the settings say; a UID that is gone is no error.

        `uid_validity`: what the UIDs belong to; nothing is touched when the folder has another by now,
        for then they are other messages.

        Raises:
            MailboxUnavailableError: The server cannot be reached or refused it.
        """
        after = self._settings.after
        if after is After.NOTHING or not uids:
            return
        with self._talking(f"{after} stored messages") as session:
            if self._folder is None or uid_validity not in (None, self._folder.uid_validity):
                return
            for first in range(0, len(uids), _MARKED_AT_ONCE):
                some = [int(uid) for uid in uids[first : first + _MARKED_AT_ONCE]]
                if after is After.MOVE:
                    session.relocate(some, self._settings.move_to)
                elif self._folder.takes_flag:
                    session.flag(some)

    def uids(
        self,
        cursor: Cursor,
        since: datetime,  # noqa: ARG002 - UIDs rise here
        until: datetime,  # noqa: ARG002
    ) -> Iterator[list[str]]:
        """Yield, in runs, the UIDs up to the cursor; none under another UIDVALIDITY.

        Raises:
            MailboxUnavailableError: The server cannot be reached or ended the session.
        """
        folder = self._choose_folder()
        if cursor.last_uid and folder.uid_validity == cursor.uid_validity:
            with self._talking("list") as session:
                for run in session.uids_up_to(cursor.last_uid, folder):
                    yield [str(uid) for uid in run]

    def fetch(self, uids: Sequence[str]) -> Iterator[RawMessage]:
        """Yield these messages, leaving flags alone; what is gone is left out.

        Raises:
            MailboxUnavailableError: The server cannot be reached or ended the session.
        """
        for messages, _ in self._fetch([int(uid) for uid in uids]):
            yield from messages

    def wait(self, at_most: timedelta) -> None:
        """Return when there may be news, after `at_most`, or when interrupted.

        Raises:
            MailboxUnavailableError: The server ended the session.
        """
        with self._interruption.listening() as alarm:
            if self._session is not None and self._settings.idle and self._session.can_idle:
                self._idle(time.monotonic() + at_most.total_seconds(), alarm)
            else:
                poll = select.poll()
                poll.register(alarm, select.POLLIN)
                poll.poll(min(at_most, self._settings.poll) / timedelta(milliseconds=1))

    def interrupt(self) -> None:
        """End a `wait` from another thread, now or as soon as it begins."""
        self._interruption.ring()

    def close(self) -> None:
        """Let go of the connection; never raises."""
        session, self._session, self._folder = self._session, None, None
        if session is not None:
            with contextlib.suppress(*_TROUBLE):
                # Without LOGOUT: the server may be why we close, and nothing hangs on it.
                session.shutdown()

    def _choose_folder(self) -> Folder:
        with self._talking(f"select {self._settings.folder}") as session:
            folder = session.choose(self._settings.folder, readonly=self._settings.after is After.NOTHING)
        if self._settings.after is After.FLAG and not folder.takes_flag and self._folder is None:
            log.warning("mailbox.unflaggable", mailbox=self.name, folder=self._settings.folder)
        self._folder = folder
        return folder

    def _idle(self, deadline: float, alarm: socket.socket) -> None:
        renewed_after = self._idle_renewed_after.total_seconds()
        with self._talking("wait for news") as session:
            while not (session.has_news() or self._interruption.has_rung() or time.monotonic() >= deadline):
                session.start_idle()
                if not session.has_news():  # it may have come before the server's "go ahead"
                    session.wait_readable(min(deadline - time.monotonic(), renewed_after), alarm)
                with session.impatient(_PATIENCE_SECONDS if self._interruption.has_rung() else None):
                    session.idle_done()

    def _fetch(self, uids: list[int]) -> Iterator[tuple[tuple[RawMessage, ...], int]]:
        """Yield messages in batches, each with the last UID that is behind it."""
        with self._talking("fetch sizes") as session:
            overviews = session.overviews(uids)
        parts = list(_divide(overviews, self._settings.batch_octets)) or [[]]
        # What was expunged meanwhile is behind us too.
        ends = [part[-1].uid for part in parts[:-1]] + [uids[-1]]
        for part, end in zip(parts, ends, strict=True):
            yield tuple(self._fetch_part(part)), end

    def _fetch_part(self, overviews: list[Overview]) -> Iterator[RawMessage]:
        most = self._settings.max_message_octets
        whole = [overview.uid for overview in overviews if overview.octets <= most]
        with self._talking("fetch messages") as session:
            contents = session.contents(whole)
            for overview in overviews:
                if overview.octets > most:
                    contents |= session.header(overview.uid)
        for uid, told, arrived_at in overviews:
            if (content := contents.get(uid)) is None:
                continue  # expunged between our questions
            size = max(told, len(content))
            kept = header_section(content) if size > most else content
            yield RawMessage(str(uid), kept, arrived_at, size, truncated=size > most)

    @contextlib.contextmanager
    def _talking(self, step: str) -> Iterator[Session]:
        with self._translated(step):
            if self._session is None:
                raise MailboxUnavailableError(f"{self.name}: {step}: not connected")
            yield self._session

    @contextlib.contextmanager
    def _translated(self, step: str) -> Iterator[None]:
        try:
            yield
        except _TROUBLE as error:
            self.close()
            raise MailboxUnavailableError(f"{self.name}: {step}: {_words(error)}") from error


def _divide(overviews: list[Overview], most_octets: int) -> Iterator[list[Overview]]:
    """Divide into runs of at most so many octets, or of one message."""
    part: list[Overview] = []
    octets = 0
    for overview in overviews:
        if part and octets + overview.octets > most_octets:
            yield part
            part, octets = [], 0
        part.append(overview)
        octets += overview.octets
    if part:
        yield part


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {error.verify_message}"
    words = error.args[0] if error.args else ""
    text = words.decode(errors="replace") if isinstance(words, bytes) else str(error)
    # imapclient passes the server's words on as the repr of bytes.
    return text.removeprefix("b'").removesuffix("'")[:300] or type(error).__name__
