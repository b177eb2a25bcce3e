"""One thread that repeats one step, patiently, and shows that it lives."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
import tenacity

log = structlog.get_logger()

_LONGEST_WAIT = 8.0
"""Seconds: what comes back is found again soon, and a server that is away is not stormed."""


class Loop(threading.Thread):
    """Repeats `step` until stopped; a step that fails is repeated after a growing wait.

    `allowed_seconds`: silent for longer, it counts as hung.
    """

    def __init__(
        self, name: str, step: Callable[[], None], stopping: threading.Event, allowed_seconds: float
    ) -> None:
        # A daemon: when the process ends, a loop that hangs on a server does not keep it.
        super().__init__(name=name, daemon=True)
        self._step = step
        self._stopping = stopping
        self._allowed_seconds = allowed_seconds
        self._beaten_at = time.monotonic()
        self._failing_since = 0.0
        self.error: BaseException | None = None
        """Of the last attempt; None when it succeeded."""

    def run(self) -> None:
        """Work until stopped."""
        patiently = tenacity.Retrying(
            wait=tenacity.wait_exponential_jitter(multiplier=0.5, max=_LONGEST_WAIT),
            stop=lambda _: self._stopping.is_set(),
            sleep=self._pause,
            before_sleep=self._tell,
        )
        while not self._stopping.is_set():
            self.beat()
            try:
                patiently(self._step)
            except tenacity.RetryError:
                return  # stopped while it failed
            self.error = None

    def beat(self) -> None:
        """Show that the loop lives; a step that takes long does so in between."""
        self._beaten_at = time.monotonic()

    def failing_for(self) -> timedelta:
        """Tell for how long no attempt has succeeded; nothing while the last one did."""
        return timedelta(seconds=time.monotonic() - self._failing_since) if self.error else timedelta()

    def is_well(self) -> bool:
        """Tell whether the loop lives and has come round lately."""
        return self.is_alive() and time.monotonic() - self._beaten_at <= self._allowed_seconds

    def _pause(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def _tell(self, state: tenacity.RetryCallState) -> None:
        self.beat()
        if self.error is None:
            self._failing_since = time.monotonic()
        self.error = state.outcome.exception() if state.outcome else None
        log.warning("loop.backing_off", loop=self.name, attempt=state.attempt_number, error=str(self.error))
