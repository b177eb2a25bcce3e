"""A handler's failure as the log and the ticket tell it."""

import structlog

from faultdesk.domain.ticket import Event
from faultdesk.handlers.host import Failure

log = structlog.get_logger()


def failure_event(failure: Failure) -> Event:
    """Log a handler's failure with its traceback; return what the ticket says of it."""
    log.error("handler.failed", handler=failure.handler, hook=failure.hook, exc_info=failure.error)
    error = f"{type(failure.error).__name__}: {failure.error}"
    return Event("handler_failed", {"hook": failure.hook, "error": error}, actor=failure.handler)
