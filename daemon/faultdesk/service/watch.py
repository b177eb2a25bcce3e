"""Looks whether everything moves; tells people when something does not, and when it does again."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import structlog

from faultdesk.errors import DatabaseUnavailableError
from faultdesk.pipeline.ledger import Ledger
from faultdesk.pipeline.ports import Clock
from faultdesk.pipeline.store import Store, Transaction

log = structlog.get_logger()

_COMMAND_SECONDS = 30.0
_POLLS = 3
"""A mailbox is silent when it was not reached for so many of its polls."""


class Watch:
    """Raises an alarm once for what has stood still for `after`, and once more when it moves again.

    The desk is told in two ways: by mail, as of everything, and by a command of the operator's that needs
    neither the database nor the mail server. `own` names what only this process knows: the loops of it
    that keep failing for another reason than a mailbox, with the last error. `polls` names every mailbox
    with the time between two looks at it.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        polls: Mapping[str, timedelta],
        after: timedelta,
        command: Sequence[str],
        own: Callable[[timedelta], Mapping[str, str]],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._polls = polls
        self._after = after
        self._command = command
        self._own = own
        self._own_told: dict[str, str] = {}
        self._started_at = clock.now()
        self.standing: Mapping[str, str] = {}
        """What is told of and not over."""

    def begin_anew(self) -> None:
        """Let `after` pass before anything stands still: the clock was set, and old times mean nothing."""
        self._started_at = self._clock.now()

    def look(self) -> None:
        """Compare what stands still with what people were told."""
        self._tell_own()
        try:
            self._tell_shared()
        except DatabaseUnavailableError as error:
            log.warning("watch.blind", error=str(error))

    def _tell_own(self) -> None:
        """Tell of this process's troubles: by the command alone, for they may well be the database's."""
        own = dict(self._own(self._after))
        for name in own.keys() - self._own_told.keys():
            self._run(*_trouble(name, own[name]))
        for name in self._own_told.keys() - own.keys():
            self._run(*_recovery(name))
        self._own_told = self.standing = own

    def _tell_shared(self) -> None:
        now = self._clock.now()
        if now - self._after < self._started_at:
            return  # before that moment nobody looked, so that nothing moved means nothing
        awaited = {name: now - max(self._after, _POLLS * poll) for name, poll in self._polls.items()}
        with self._store.read() as tx:
            troubles = tx.health.troubles(awaited, now - self._after)
            told = tx.health.alarms()
        for name in troubles.keys() - told.keys():
            with self._store.write() as tx:
                self._note(
                    tx, tx.health.raise_alarm(name, troubles[name], now), _trouble(name, troubles[name])
                )
        for name in told.keys() - troubles.keys():
            with self._store.write() as tx:
                self._note(tx, tx.health.clear_alarm(name), _recovery(name))
        self.standing = {**self._own_told, **troubles}

    def _note(self, tx: Transaction, is_news: bool, words: tuple[str, str]) -> None:  # noqa: FBT001 - no option
        """Tell of it both ways, unless another daemon does."""
        if is_news:
            self._ledger.alert(tx, f"alarm/{words[0]}", *words)
            tx.after_commit(lambda: self._run(*words))

    def _run(self, subject: str, text: str) -> None:
        log.error("alarm.told", subject=subject)
        if not self._command:
            return
        try:
            subprocess.run(  # noqa: S603 - the operator's own command
                self._command,
                input=f"{subject}\n\n{text}".encode(),
                check=True,
                timeout=_COMMAND_SECONDS,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except (OSError, subprocess.SubprocessError) as error:
            log.error("alarm.command_failed", error=str(error))  # noqa: TRY400 - the command's failure


def _trouble(name: str, reason: str) -> tuple[str, str]:
    return f"faultdesk: {name} stands still", f"{name}: {reason}\n\nfaultdesk status\n"


def _recovery(name: str) -> tuple[str, str]:
    return f"faultdesk: {name} recovered", f"{name} moves again.\n\nfaultdesk status\n"
