"""A host of its own: a network namespace at the end of a cable, which can be pulled out."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Self

import pytest

from servers.process import leash, program
from servers.proxy import Address, Proxy

_NETWORK = "198.18.77"
"""Of the range that RFC 2544 sets apart for tests."""


class LonelyHost:
    """What runs `under` it reaches us at `outside` and nobody else; use it in a `with` statement."""

    outside = f"{_NETWORK}.1"

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            pytest.skip("only root lays cables between network namespaces")
        self._open = ExitStack()
        self._holder = subprocess.Popen(
            [
                *leash(),
                program("unshare", package="util-linux"),
                "--net",
                "sh",
                "-c",
                "echo ready; exec sleep infinity",
            ],
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        self._holder.stdout.readline()
        self._cable = f"fd{os.getpid()}"
        self._ip(
            "link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", str(self._holder.pid)
        )
        self._ip("addr", "add", f"{self.outside}/30", "dev", self._cable)
        self._ip("link", "set", self._cable, "up")
        self._ip("addr", "add", f"{_NETWORK}.2/30", "dev", "eth0", inside=True)
        self._ip("link", "set", "eth0", "up", inside=True)
        self._ip("link", "set", "lo", "up", inside=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._ip("link", "del", self._cable)
        self._holder.kill()
        with self._holder:  # closes its pipe
            pass

    @property
    def under(self) -> list[str]:
        """What runs a program on this host."""
        return [program("nsenter", package="util-linux"), "--target", str(self._holder.pid), "--net"]

    def door(self, host: str, port: int) -> int:
        """Let the host reach a server of ours; return the port, at `outside`."""
        return self._open.enter_context(Proxy(Address(host, port), self.outside)).port

    def cut_off(self) -> None:
        """Pull the cable: what is sent is lost, and no connection is told."""
        self._ip("link", "set", self._cable, "down")

    def connect(self) -> None:
        """Put the cable back."""
        self._ip("link", "set", self._cable, "up")

    def _ip(self, *arguments: str, inside: bool = False) -> None:
        subprocess.run(
            [*(self.under if inside else []), program("ip", package="iproute2"), *arguments],
            check=True,
            capture_output=True,
        )


@pytest.fixture
def lonely_host() -> Iterator[LonelyHost]:
    with LonelyHost() as host:
        yield host
