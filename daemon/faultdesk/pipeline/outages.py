"""Remembers which ways out are down, so that not every job finds it out by itself."""

import threading
import time

SHUT_SECONDS = 8.0
"""So long after a failed attempt no other is made; shorter than the time between two probes."""


class Outages:
    """The kinds of jobs whose way out failed just now; any thread may ask or tell."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shut_until: dict[str, float] = {}

    def began(self, kind: str) -> None:
        """Note that the way out of these jobs is down."""
        with self._lock:
            self._shut_until[kind] = time.monotonic() + SHUT_SECONDS

    def ended(self, kind: str) -> bool:
        """Note that a job of this kind went through; return whether that is news."""
        with self._lock:
            return self._shut_until.pop(kind, None) is not None

    def is_shut(self, kind: str) -> bool:
        """Tell whether an attempt would only find out what another found out a moment ago."""
        with self._lock:
            return time.monotonic() < self._shut_until.get(kind, 0.0)
