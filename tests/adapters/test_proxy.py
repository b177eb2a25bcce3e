"""The proxy of the tests does what it says: otherwise the tests of faults prove nothing."""

import socket
import threading
from collections.abc import Iterator
from typing import Self

import pytest

from servers.process import wait_until
from servers.proxy import Address, Proxy

SOON = 20.0


class Echo:
    """Greets with its name, and gives back what it hears."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(self.name + b"\r\n")
                while heard := connection.recv(65536):
                    connection.sendall(heard)
            except OSError:
                return


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo(b"echo")
    yield server
    server.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxy(Address("127.0.0.1", echo.port)) as proxy:
        yield proxy


class Client:
    def __init__(self, proxy: Proxy) -> None:
        self.socket = socket.create_connection((proxy.host, proxy.port), timeout=SOON)
        self.lines = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.lines.close()
        self.socket.close()

    def ask(self, line: bytes) -> bytes:
        self.socket.sendall(line)
        return self.lines.readline()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[Client]:
    with Client(proxy) as client:
        assert client.lines.readline() == b"echo\r\n"
        yield client


def test_undisturbed_everything_passes_both_ways(client: Client) -> None:
    octets = bytes(range(256)) * 4096

    threading.Thread(target=client.socket.sendall, args=(octets,)).start()

    assert client.lines.read(len(octets)) == octets


def test_refused_until_it_accepts_again(proxy: Proxy, client: Client) -> None:
    proxy.refuse()
    proxy.cut()

    with pytest.raises(ConnectionResetError):
        client.lines.readline()
    with pytest.raises(ConnectionRefusedError):
        Client(proxy)
    proxy.accept()
    with Client(proxy) as again:
        assert again.lines.readline() == b"echo\r\n"


def test_reset_comes_in_the_middle(proxy: Proxy, client: Client) -> None:
    proxy.reset_at("to client", b"bomb", after=6)

    client.socket.sendall(b"a bo")
    assert client.lines.read(4) == b"a bo"
    client.socket.sendall(b"mb123")

    with pytest.raises(ConnectionResetError):
        client.lines.read(6)


def test_black_hole_takes_everything_and_answers_nothing(proxy: Proxy, client: Client) -> None:
    proxy.swallow()

    client.socket.sendall(b"hello\r\n")
    with Client(proxy) as newcomer:
        for waiting in (client, newcomer):
            waiting.socket.settimeout(0.1)
            with pytest.raises(TimeoutError):
                waiting.lines.readline()
    proxy.spit()
    with Client(proxy) as later:
        assert later.lines.readline() == b"echo\r\n"


def test_slow_passes_octet_by_octet(proxy: Proxy, client: Client) -> None:
    proxy.octets_per_second = 20

    client.socket.sendall(b"x" * 200)

    assert len(client.socket.recv(200)) < 200


def test_what_comes_from_the_pattern_on_is_held_until_released(proxy: Proxy, client: Client) -> None:
    held = proxy.hold("to server", b"stop")
    assert client.ask(b"go on\r\n") == b"go on\r\n"
    assert not held.is_reached

    client.socket.sendall(b"stop\r\n")

    held.wait()
    client.socket.settimeout(0.1)
    with pytest.raises(TimeoutError):
        client.socket.recv(10)
    held.release()
    client.socket.settimeout(SOON)
    assert client.socket.recv(10) == b"stop\r\n"


def test_words_are_put_before_others_or_in_their_place(proxy: Proxy, client: Client) -> None:
    proxy.put_before("to client", b"one", b"before\r\n")
    proxy.put_instead("to client", b"two", b"instead\r\n")

    assert client.ask(b"one\r\n") == b"before\r\n"
    assert client.lines.readline() == b"one\r\n"
    assert client.ask(b"two\r\n") == b"instead\r\n"
    assert client.ask(b"two\r\n") == b"two\r\n"


def test_new_connections_go_where_it_points(proxy: Proxy, client: Client) -> None:
    other = Echo(b"other")

    proxy.target = Address("127.0.0.1", other.port)

    with Client(proxy) as moved:
        assert moved.lines.readline() == b"other\r\n"
    assert client.ask(b"still\r\n") == b"still\r\n"
    other.close()


def test_server_that_hangs_up_is_heard(proxy: Proxy, client: Client, echo: Echo) -> None:
    client.socket.shutdown(socket.SHUT_WR)

    assert client.lines.readline() == b""
    wait_until(lambda: proxy.connections == 1, "one connection was counted")
