"""Waits for a database that is away, locked or full, instead of losing what was done."""

import threading

import structlog
import tenacity

from faultdesk.errors import SupersededError, TransientError

log = structlog.get_logger()


def patience(stopping: threading.Event) -> tenacity.Retrying:
    """Make what repeats a call until it succeeds or the daemon stops.

    Raises, when called: TransientError, the last one, when the daemon stops meanwhile; SupersededError at once.
    """

    def pause(seconds: float) -> None:
        stopping.wait(seconds)

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientError)
        & tenacity.retry_if_not_exception_type(SupersededError),
        wait=tenacity.wait_exponential_jitter(multiplier=0.2, max=10),
        stop=lambda _: stopping.is_set(),
        sleep=pause,
        before_sleep=_tell,
        reraise=True,
    )


def _tell(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("database.waited_for", attempt=state.attempt_number, error=str(error))
