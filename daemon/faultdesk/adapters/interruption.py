"""Ends a wait on a socket from another thread."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Interruption:
    """A bell that a waiting thread hears beside its socket; rung too early, it ends the next wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rung = False
        self._clapper: socket.socket | None = None

    def ring(self) -> None:
        """End the wait under way, or else the next one."""
        with self._lock:
            self._rung = True
            if self._clapper is not None:
                with contextlib.suppress(BlockingIOError):  # it rings already
                    self._clapper.send(b"!")

    def has_rung(self) -> bool:
        """Tell whether the wait under way is to end."""
        return self._rung

    @contextlib.contextmanager
    def listening(self) -> Iterator[socket.socket]:
        """Yield a socket that becomes readable when the bell rings; afterwards the bell is silent again."""
        # Made for one wait, so that nobody need remember to close it.
        heard, clapper = socket.socketpair()
        with heard, clapper:
            clapper.settimeout(0)
            with self._lock:
                self._clapper = clapper
                if self._rung:
                    clapper.send(b"!")
            try:
                yield heard
            finally:
                with self._lock:
                    self._clapper = None
                    self._rung = False
