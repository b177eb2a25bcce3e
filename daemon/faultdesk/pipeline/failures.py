"""An error as the log, the ledger and the ticket tell it. What it says may be a client's words: not in the log."""

import traceback
from pathlib import PurePath

import structlog

from faultdesk.domain.ticket import Event
from faultdesk.handlers.host import Failure

log = structlog.get_logger()


_FRAMES = 5


def outline(error: BaseException) -> str:
    """Say what kind of error it is and where it came from, the innermost place last; nothing of what it says."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = (f"{'/'.join(PurePath(frame.filename).parts[-2:])}:{frame.lineno}" for frame in frames)
    return " ".join([type(error).__name__, *places])


def details(error: BaseException) -> str:
    """Give the whole traceback, for the ledger."""
    return "".join(traceback.format_exception(error))


def failure_event(failure: Failure) -> Event:
    """Log where a handler failed; return what the ticket says of it."""
    log.error("handler.failed", handler=failure.handler, hook=failure.hook, error=outline(failure.error))
    error = f"{type(failure.error).__name__}: {failure.error}"
    return Event("handler_failed", {"hook": failure.hook, "error": error}, actor=failure.handler)
