"""A TCP proxy between the code under test and a real server, which does to the traffic what a network does."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, Self

import pytest

from servers.process import free_port

Way = Literal["to server", "to client"]
_CHUNK = 64 * 1024
_TAIL = 256
"""Octets kept to find a pattern that lies across two chunks."""


class Address(NamedTuple):
    """Where the real server listens."""

    host: str
    port: int


class Held:
    """Traffic that was stopped at a pattern; the connection's other direction flows on."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._released = threading.Event()

    @property
    def is_reached(self) -> bool:
        """Tell whether the pattern came by."""
        return self._reached.is_set()

    def wait(self, seconds: float = 60.0) -> None:
        """Return once the pattern came by; fail when it does not."""
        if not self._reached.wait(seconds):
            pytest.fail(f"what was to be held did not come within {seconds:g} s")

    def release(self) -> None:
        """Let it pass."""
        self._released.set()

    def keep(self, _: bytes) -> bytes | None:
        """Stop here until released; what is held then passes."""
        self._reached.set()
        self._released.wait()
        return None


class _Rule(NamedTuple):
    way: Way
    pattern: bytes
    act: Callable[[bytes], bytes | None]
    """Gets what follows the pattern's begin; gives what passes instead, or None to let it pass as it is."""


class Proxy:
    """Listens on `host` and `port` in a `with` statement; every method may be called while traffic flows."""

    def __init__(self, target: Address, host: str = "127.0.0.1") -> None:
        self.target = target
        self.host = host
        self.port = free_port()
        self.connections = 0
        self.octets_per_second = 0
        """0: as fast as it goes."""
        self._swallowing = threading.Event()
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._sockets: set[socket.socket] = set()
        self._listener: socket.socket | None = None

    def __enter__(self) -> Self:
        self.accept()
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()
        self.cut()

    def accept(self) -> None:
        """Take connections, again if need be."""
        listener = socket.create_server((self.host, self.port), reuse_port=False)
        self._listener = listener
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def refuse(self) -> None:
        """Take no connection any more; those there are go on."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # ends the accept that waits
            listener.close()

    def cut(self) -> None:
        """Reset every connection."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for one in sockets:
            _reset(one)

    def swallow(self) -> None:
        """Become a black hole: take everything, pass nothing on, close nothing."""
        self._swallowing.set()

    def spit(self) -> None:
        """Be a black hole no more; what was swallowed stays lost."""
        self._swallowing.clear()

    def hold(self, way: Way, pattern: bytes, time: int = 1) -> Held:
        """Stop the traffic at this pattern when it comes by for this time."""
        held = Held()
        for _ in range(time - 1):
            self._add(way, pattern, lambda _: None)
        self._add(way, pattern, held.keep)
        return held

    def reset_at(self, way: Way, pattern: bytes, after: int = 0) -> None:
        """Reset all connections at this pattern, so many octets of it being passed on before."""

        def act(rest: bytes) -> bytes:
            threading.Thread(target=self._cut_soon, daemon=True).start()
            return rest[:after]

        self._add(way, pattern, act)

    def put_before(self, way: Way, pattern: bytes, octets: bytes) -> None:
        """Say something more before this pattern, the next time it comes."""
        self._add(way, pattern, lambda rest: octets + rest)

    def put_instead(self, way: Way, pattern: bytes, octets: bytes) -> None:
        """Say something else from this pattern to the end of what comes with it."""
        self._add(way, pattern, lambda _: octets)

    def _add(self, way: Way, pattern: bytes, act: Callable[[bytes], bytes | None]) -> None:
        with self._lock:
            self._rules.append(_Rule(way, pattern, act))

    def _cut_soon(self) -> None:
        time.sleep(0.05)  # what was passed on must be read first: a reset overtakes it
        self.cut()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                server = socket.create_connection(self.target, 10)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            with self._lock:
                self._sockets |= {client, server}
            threading.Thread(target=self._connect, args=(client, server), daemon=True).start()

    def _connect(self, client: socket.socket, server: socket.socket) -> None:
        """Let traffic flow until both ends have hung up."""
        back = threading.Thread(target=self._pump, args=("to client", server, client), daemon=True)
        back.start()
        self._pump("to server", client, server)
        back.join()
        with self._lock:
            self._sockets -= {client, server}
        client.close()
        server.close()

    def _pump(self, way: Way, source: socket.socket, sink: socket.socket) -> None:
        tail = b""
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                if self._swallowing.is_set():
                    continue
                for piece in self._through_rules(way, tail, chunk):
                    self._send(sink, piece)
                tail = (tail + chunk)[-_TAIL:]
        # A sender that reset us is gone as well; one that we cut off says no farewell.
        if not self._swallowing.is_set() and sink in self._sockets:
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

    def _through_rules(self, way: Way, tail: bytes, chunk: bytes) -> Iterator[bytes]:
        rule, at = self._find(way, tail, chunk)
        if rule is None:
            yield chunk
            return
        yield chunk[:at]
        passed = rule.act(chunk[at:])
        yield chunk[at:] if passed is None else passed

    def _find(self, way: Way, tail: bytes, chunk: bytes) -> tuple[_Rule | None, int]:
        with self._lock:
            for rule in self._rules:
                seen = tail[-(len(rule.pattern) - 1) :] if len(rule.pattern) > 1 else b""
                if rule.way == way and (at := (seen + chunk).find(rule.pattern)) >= 0:
                    self._rules.remove(rule)
                    return rule, max(0, at - len(seen))
        return None, 0

    def _send(self, sink: socket.socket, octets: bytes) -> None:
        if not self.octets_per_second:
            sink.sendall(octets)
            return
        for at in range(len(octets)):
            sink.sendall(octets[at : at + 1])
            if rate := self.octets_per_second:
                time.sleep(1 / rate)


def _reset(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # A thread may wait in recv: shutdown ends that, close sends the reset.
        one.shutdown(socket.SHUT_RD)
    one.close()


@pytest.fixture
def proxied() -> Iterator[Callable[[str, int], Proxy]]:
    """Put a proxy before a server: `proxied(dovecot.host, dovecot.port)`."""
    with contextlib.ExitStack() as stack:
        yield lambda host, port: stack.enter_context(Proxy(Address(host, port)))
