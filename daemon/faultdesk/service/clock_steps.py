"""Notices when somebody sets the machine's clock, or when the machine slept."""

import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from faultdesk.pipeline.ports import Clock

log = structlog.get_logger()

_TOLERATED = timedelta(seconds=30)
"""Between two looks; less is how clocks are kept right."""


class ClockSteps:
    """Compares the time with a counter that nobody sets: what one gained on the other was a step.

    `uptime`: seconds, always forward.
    """

    def __init__(self, clock: Clock, uptime: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._uptime = uptime
        self._looked_at = clock.now(), uptime()

    def taken(self) -> bool:
        """Tell whether the clock was set since the last look."""
        before, uptime_before = self._looked_at
        now, uptime = self._looked_at = self._clock.now(), self._uptime()
        step = (now - before) - timedelta(seconds=uptime - uptime_before)
        if abs(step) <= _TOLERATED:
            return False
        log.warning("clock.set", by_seconds=round(step.total_seconds()))
        return True
