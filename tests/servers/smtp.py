"""An SMTP server on loopback (aiosmtpd) that keeps what it gets and answers as it is told."""

import asyncio
import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from servers.certificates import make_certificate
from servers.process import free_port, private_folder, unprivileged

# ruff: noqa: N802 - handle_DATA and its like are aiosmtpd's names

Protection = Literal["tls", "starttls", "plain"]
Stage = Literal["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "NOOP", "RSET"]


class ReceivedMail(NamedTuple):
    """A mail as it came over the wire: CRLF line ends, dots unstuffed."""

    envelope_from: str
    recipients: list[str]
    content: bytes
    smtp_utf8: bool
    options: list[str]
    tls: bool
    user: str | None


class _Answer(NamedTuple):
    text: str | None
    recipient: str | None = None
    close: bool = False


class _Server(SMTP):
    """Adds what aiosmtpd leaves out: an answer instead of the greeting."""

    event_handler: "_Handler"

    def __init__(self, handler: "_Handler", *, auth_required: bool, **options: Any) -> None:  # noqa: ANN401 - aiosmtpd's
        super().__init__(handler, **options)
        # Not as an option: aiosmtpd warns of AUTH without STARTTLS, even under implicit TLS.
        self._auth_required = auth_required

    async def _handle_client(self) -> None:
        self.event_handler.sink.connections += 1
        answer = self.event_handler.sink.take("CONNECT")
        if answer is None:
            await super()._handle_client()
            return
        if answer.text is not None:
            await self.push(answer.text)
        if self.transport is not None:
            self.transport.close()


class _Handler:
    def __init__(self, sink: "SmtpSink") -> None:
        self.sink = sink

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        told = await self._answer("EHLO", server)
        return responses if told is None else [told]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        told = await self._answer("MAIL", server)
        if told is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return told or "250 2.1.0 sender ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        told = await self._answer("RCPT", server, address)
        if told is None:
            envelope.rcpt_tos.append(address)
        return told or "250 2.1.5 recipient ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = ReceivedMail(
            envelope_from=(envelope.mail_from or "").removeprefix("<>"),
            recipients=list(envelope.rcpt_tos),
            content=envelope.original_content or b"",
            smtp_utf8=envelope.smtp_utf8,
            options=list(envelope.mail_options),
            tls=session.ssl is not None or self.sink.security == "tls",
            user=session.auth_data.login.decode() if session.auth_data else None,
        )
        answer = self.sink.take("DATA")
        # A mail that gets no answer may be kept or not: here it is not.
        if answer is None or (answer.text or "").startswith("2"):
            self.sink.keep(mail)
        return await self._say(answer, server) or "250 2.0.0 queued"

    async def handle_NOOP(self, server: SMTP, session: Session, envelope: Envelope, argument: str) -> str:
        return await self._answer("NOOP", server) or "250 2.0.0 ok"

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._answer("RSET", server) or "250 2.0.0 ok"

    async def _answer(self, stage: Stage, server: SMTP, recipient: str | None = None) -> str | None:
        return await self._say(self.sink.take(stage, recipient), server)

    async def _say(self, answer: _Answer | None, server: SMTP) -> str | None:
        if answer is None:
            return None
        if answer.close and server.transport is not None:
            if answer.text is not None:
                await server.push(answer.text)
            server.transport.close()
        if answer.close or answer.text is None:
            self.sink.silent.set()
            await asyncio.Event().wait()  # until the lost connection cancels us: nothing more is said
        return answer.text


class SmtpSink:
    """The server. Use it in a `with` statement, or take the fixture `smtp_sink`."""

    host = "127.0.0.1"

    def __init__(
        self,
        security: Protection = "plain",
        credentials: Mapping[str, str] | None = None,
        folder: Path | None = None,
        *,
        smtp_utf8: bool = True,
    ) -> None:
        self.port = free_port()
        self.security = security
        self.connections = 0
        self.silent = threading.Event()
        self.ca_file: Path | None = None
        self._credentials = dict(credentials or {})
        self._smtp_utf8 = smtp_utf8
        self._context: ssl.SSLContext | None = None
        if security != "plain":
            assert folder is not None, "a sink with TLS needs a folder for its certificate"
            certificate = make_certificate(folder)
            self.ca_file = certificate.authority
            self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._context.load_cert_chain(certificate.chain, certificate.key)
        self._news = threading.Condition()
        self._mails: list[ReceivedMail] = []
        self._answers: dict[Stage, deque[_Answer]] = defaultdict(deque)
        self._servers: list[_Server] = []
        self._controller: Controller | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def messages(self) -> list[ReceivedMail]:
        """What was accepted so far, oldest first."""
        with self._news:
            return list(self._mails)

    def wait_for(self, count: int, seconds: float = 30.0) -> list[ReceivedMail]:
        """Return the mails as soon as there are `count`; fail when they do not come."""
        with self._news:
            if not self._news.wait_for(lambda: len(self._mails) >= count, seconds):
                pytest.fail(f"{len(self._mails)} of {count} mails came within {seconds:g} s")
            return list(self._mails)

    def answer(
        self, stage: Stage, text: str, *, recipient: str | None = None, times: int = 1, close: bool = False
    ) -> None:
        """Say `text` to the next `times` commands (CONNECT: as greeting); `close`: and hang up."""
        self._answers[stage].extend([_Answer(text, recipient, close)] * times)

    def hang_up(self, stage: Stage, *, times: int = 1) -> None:
        """Close the connection instead of an answer; at DATA: after the whole mail came, which is not kept."""
        self._answers[stage].extend([_Answer(None, close=True)] * times)

    def fall_silent(self, stage: Stage) -> None:
        """Never answer the next such command, and set `silent` when it came."""
        self._answers[stage].append(_Answer(None))

    def forget(self) -> None:
        """Drop all mails and all answers not yet said."""
        with self._news:
            self._mails.clear()
        self._answers.clear()

    def drop_connections(self) -> None:
        """Close every connection from the server's side, as an idle timeout does, and wait until it is done."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(self._close_transports, done)
        assert done.wait(10)

    def start(self) -> None:
        """Listen on `port`; after `stop`, on the same one."""
        self._servers = []
        self._controller = _Controller(self, self._context if self.security == "tls" else None)
        self._controller.start()
        # The controller tries its own door once.
        deadline = time.monotonic() + 10
        while self.connections < 1 and time.monotonic() < deadline:
            time.sleep(0.001)
        self.drop_connections()
        self.connections = 0

    def stop(self) -> None:
        """Close all connections and stop listening."""
        controller, self._controller = self._controller, self._controller
        if controller is None:
            return
        self.drop_connections()
        controller.stop()
        self._controller = None

    def make_server(self) -> SMTP:
        """Make aiosmtpd's protocol object for one more connection."""
        server = _Server(
            _Handler(self),
            hostname="sink.example",
            data_size_limit=100 * 1024 * 1024,
            enable_SMTPUTF8=self._smtp_utf8,
            tls_context=self._context if self.security == "starttls" else None,
            require_starttls=self.security == "starttls",
            auth_required=bool(self._credentials),
            auth_require_tls=self.security == "starttls",
            authenticator=self._authenticate,
            loop=self._loop,
        )
        self._servers.append(server)
        return server

    def take(self, stage: Stage, recipient: str | None = None) -> _Answer | None:
        """Take the next answer meant for this command, if there is one."""
        waiting = self._answers[stage]
        for answer in waiting:
            if answer.recipient in (None, recipient):
                waiting.remove(answer)
                return answer
        return None

    def keep(self, mail: ReceivedMail) -> None:
        """Record an accepted mail and tell who waits for it."""
        with self._news:
            self._mails.append(mail)
            self._news.notify_all()

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        assert self._controller is not None, "the sink is not started"
        return self._controller.loop

    def _close_transports(self, done: threading.Event) -> None:
        for server in self._servers:
            # Not close: under TLS that waits for the client's farewell.
            if isinstance(server.transport, asyncio.WriteTransport):
                server.transport.abort()
        # Two turns of the loop later the sockets are closed and the handlers cancelled.
        self._loop.call_soon(self._loop.call_soon, done.set)

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _method: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        known = self._credentials.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=known, handled=False, auth_data=data)


class _Controller(Controller):
    def __init__(self, sink: SmtpSink, context: ssl.SSLContext | None) -> None:
        super().__init__(_Handler(sink), hostname=sink.host, port=sink.port, ssl_context=context)
        self.sink = sink

    def factory(self) -> SMTP:
        return self.sink.make_server()


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A sink without TLS and AUTH."""
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
def smtp_folder() -> Iterator[Path]:
    """A folder for the certificates of a sink with TLS."""
    with private_folder("smtp", unprivileged("nobody")) as folder:
        yield folder
