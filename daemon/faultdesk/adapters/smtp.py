"""The way out over SMTP (RFC 5321), on one kept connection."""

import base64
import contextlib
import smtplib
import socket
import threading
from collections.abc import Sequence

from faultdesk.adapters.protection import refuse_plain_text, trust
from faultdesk.adapters.smtp_syntax import data_octets, mail_options, spell_address
from faultdesk.adapters.smtp_wire import Wire
from faultdesk.config.settings import Security, SmtpSettings
from faultdesk.errors import ConfigError, MailDeferredError, MailerUnavailableError, MailRefusedError

_CLOSING = 421
_GO_AHEAD = 354
_REFUSALS = range(400, 600)
_FOR_GOOD = range(500, 600)
_FAREWELL_SECONDS = 2.0
_TROUBLE = (smtplib.SMTPException, OSError, ValueError)


class SmtpMailer:
    """Implements `pipeline.ports.Mailer`.

    A mail goes to all its recipients or to none: a refused one is found out before DATA. Once the
    whole mail was handed over nothing is repeated here; only the ledger of jobs decides on that.
    """

    def __init__(self, settings: SmtpSettings, password: str | None) -> None:
        refuse_plain_text(settings.security, settings.host, "mailer", allowed=settings.allow_plain_text)
        if settings.user and password is None:
            raise ConfigError("mailer: user needs a password")
        self._settings = settings
        self._password = password or ""
        self._context = trust(settings.ca_file, "mailer")
        self._lock = threading.Lock()
        self._connection: Wire | None = None

    def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> None:
        """Hand over one mail and return once it was accepted for all recipients.

        Raises:
            MailerUnavailableError: Not now, and no other mail either: no connection, or a 421 before
                this mail was begun.
            MailDeferredError: A 4xx answer to this mail, or the connection was lost over it. When that was
                after the whole mail was handed over it may have arrived; the text says so.
            MailRefusedError: Never: a 5xx answer, with the server's words; nothing was sent.
        """
        sender, *to = [spell_address(address) for address in (envelope_from, *recipients)]
        octets = data_octets(content)
        with self._lock:
            self._begin(sender, to, octets)
            self._name_recipients(to)
            self._hand_over(octets)

    def check(self) -> None:
        """Connect and log in.

        Raises:
            MailerUnavailableError: The server cannot be reached or refused us.
        """
        with self._lock:
            self._drop()
            self._connect()

    def close(self) -> None:
        """Say goodbye and let go of the connection; never raises."""
        # Who still waits for an answer keeps the lock; the daemon does not wait for a hung server.
        mine = self._lock.acquire(timeout=_FAREWELL_SECONDS)
        try:
            connection = self._connection
            if connection is None:
                return
            with contextlib.suppress(*_TROUBLE):
                if mine and connection.sock is not None:
                    connection.sock.settimeout(_FAREWELL_SECONDS)
                    connection.quit()
            if mine:
                self._drop()
            elif connection.sock is not None:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
        finally:
            if mine:
                self._lock.release()

    def _begin(self, sender: str, recipients: Sequence[str], octets: bytes) -> None:
        """Say MAIL, on a new connection if the server has meanwhile given up the kept one."""
        kept = self._connection is not None
        connection = self._connection or self._connect()
        try:
            code, words = connection.mail(sender, mail_options(connection, [sender, *recipients], octets))
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefusedError(
                f"an address needs SMTPUTF8, which the server lacks: {recipients}"
            ) from error
        except _TROUBLE as error:
            self._drop()
            if not kept:
                raise self._unavailable("lost the connection at MAIL", error) from error
            code, words = _CLOSING, b"lost the connection"
        if code == _CLOSING and kept:
            # Nothing of this mail was taken yet, so a second try can double nothing.
            self._drop()
            self._begin(sender, recipients, octets)
        elif code == _CLOSING:
            self._drop()
            raise MailerUnavailableError(f"{self._settings.host}: {_told(code, words)}")
        else:
            self._require_success(code, words, f"the sender {sender or '<>'}")

    def _name_recipients(self, recipients: Sequence[str]) -> None:
        """Say RCPT for each; if one is refused, withdraw before anything was sent to anybody."""
        refused: list[str] = []
        worst = 0
        for recipient in recipients:
            code, words = self._ask(f"RCPT TO:{smtplib.quoteaddr(recipient)}")
            if not _is_success(code):
                worst = max(worst, code)
                refused.append(f"{recipient}: {_told(code, words)}")
            if code == _CLOSING:
                break
        if refused:
            summary = (
                f"{len(refused)} of {len(recipients)} recipients refused, nothing was sent: "
                + "; ".join(refused)
            )
            self._withdraw(worst, summary)

    def _hand_over(self, octets: bytes) -> None:
        code, words = self._ask("DATA")
        if code != _GO_AHEAD:
            self._withdraw(code, f"the mail refused: {_told(code, words)}")
        connection = self._required()
        try:
            code, words = connection.hand_over(octets)
        except _TROUBLE as error:
            self._drop()
            raise self._deferred(
                "lost the connection after the mail was handed over, it may have arrived", error
            ) from error
        self._require_success(code, words, "the mail")

    def _require_success(self, code: int, words: bytes, what: str) -> None:
        if not _is_success(code):
            self._withdraw(code, f"{what} refused: {_told(code, words)}")

    def _withdraw(self, code: int, text: str) -> None:
        """Leave the connection fit for the next mail, and raise what the code means."""
        try:
            # An answer that means nothing here: who knows what the next one answers.
            lost = code == _CLOSING or code not in _REFUSALS
            if lost or not _is_success(self._required().rset()[0]):
                self._drop()
        except _TROUBLE:
            self._drop()
        if code in _FOR_GOOD:
            raise MailRefusedError(f"{self._settings.host}: {text}")
        raise MailDeferredError(f"{self._settings.host}: {text}")

    def _ask(self, command: str) -> tuple[int, bytes]:
        try:
            return self._required().docmd(command)
        except _TROUBLE as error:
            self._drop()
            raise self._deferred(f"lost the connection at {command[:4]}", error) from error

    def _connect(self) -> Wire:
        try:
            connection = Wire(
                self._settings, self._context if self._settings.security is Security.TLS else None
            )
        except _TROUBLE as error:
            raise self._unavailable("connect", error) from error
        self._connection = connection
        try:
            if self._settings.security is Security.STARTTLS:
                connection.starttls(context=self._context)
            connection.ehlo_or_helo_if_needed()
            if self._settings.user:
                self._log_in(connection)
        except _TROUBLE as error:
            self._drop()
            raise self._unavailable("greet and log in", error) from error
        return connection

    def _log_in(self, connection: smtplib.SMTP) -> None:
        user, password = self._settings.user, self._password
        if (user + password).isascii():
            connection.login(user, password)
            return
        # smtplib knows ASCII only, and would print the password's letters in its complaint.
        response = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        code, words = connection.docmd("AUTH PLAIN", response)
        if not _is_success(code):
            raise smtplib.SMTPAuthenticationError(code, words)

    def _required(self) -> Wire:
        if self._connection is None:
            raise MailerUnavailableError(f"{self._settings.host}: the connection is closed")
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _unavailable(self, step: str, error: Exception) -> MailerUnavailableError:
        return MailerUnavailableError(self._tell(step, error))

    def _deferred(self, step: str, error: Exception) -> MailDeferredError:
        return MailDeferredError(self._tell(step, error))

    def _tell(self, step: str, error: Exception) -> str:
        if isinstance(error, smtplib.SMTPResponseException):
            words = _told(error.smtp_code, error.smtp_error)
        else:
            words = str(error) or type(error).__name__
        return f"{self._settings.host}: {step}: {words}"


def _is_success(code: int) -> bool:
    return 200 <= code < 300  # noqa: PLR2004 - RFC 5321 section 4.2.1


def _told(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:300]
