"""Gives handlers what is in force of their artefacts: at the start, and soon after it changed, whoever changed it."""

import time
from collections.abc import Mapping

import structlog

from faultdesk.handlers.host import Failure, Host
from faultdesk.pipeline.failures import outline
from faultdesk.pipeline.store import Store

log = structlog.get_logger()

_LOOK_SECONDS = 5.0


class InForce:
    """What the handlers of this process were told; used by the thread that asks them."""

    def __init__(self, store: Store, host: Host) -> None:
        self._store = store
        self._host = host
        self._told: Mapping[str, int] = {}
        self._told_at_reload = host.reloads
        self._look_at = time.monotonic()

    def look(self) -> None:
        """Tell the handlers what changed; seldom more than a look at the time.

        Raises:
            DatabaseUnavailableError: They go on with what they have.
        """
        if self._told_at_reload != self._host.reloads:
            self._told, self._told_at_reload = {}, self._host.reloads
        elif time.monotonic() < self._look_at:
            return
        with self._store.read() as tx:
            now = tx.artefacts.in_force()
        for name in sorted({*self._told, *now}):
            if self._told.get(name) != now.get(name):
                self._tell(name)
        self._told = now
        self._look_at = time.monotonic() + _LOOK_SECONDS

    def _tell(self, name: str) -> None:
        with self._store.read() as tx:
            artefact = tx.artefacts.kept(name)
        failures: list[Failure] = []
        self._host.artefact_kept(name, artefact, failures.append)
        for failure in failures:
            log.error(
                "handler.failed", handler=failure.handler, hook=failure.hook, error=outline(failure.error)
            )
        log.info("artefact.taken", artefact=name, version=artefact.version if artefact else None)
