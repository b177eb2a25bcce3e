"""Starts the loops, listens to signals, feeds the watchdog, and ends it all at a safe point."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from faultdesk.adapters import systemd
from faultdesk.config import Config, load_config
from faultdesk.errors import ConfigError, FaultdeskError, MailboxUnavailableError, SupersededError
from faultdesk.pipeline.ports import Mailbox
from faultdesk.service.clock_steps import ClockSteps
from faultdesk.service.loop import Loop
from faultdesk.service.steps import collect_once, put_times_right
from faultdesk.service.watch import Watch
from faultdesk.service.wiring import Desk, Works, load_handlers

log = structlog.get_logger()

_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_TICK_SECONDS = 1.0
_HUNG_AFTER = 900.0
"""Seconds: longer than any step can take with all its own limits, a batch that hangs the readers included."""
_IDLE_CHECK = 30.0
_WATCH_SECONDS = 5.0
_MOST_WAITING = 100
"""Messages, beside those in hand: a second's work for triage, so that it never waits for a collector."""
_CATCHING_UP_SECONDS = 0.1
_MOST_UNDER_WAY = 100
_JOBS_CATCH_UP_SECONDS = 5.0
"""A mail server that hangs slows triage down; it does not stop it."""
_UNCOLLECTED_SECONDS = 0.2
_LOOPS_END_SECONDS = 2.0


class Supervisor:
    """The running daemon."""

    def __init__(self, desk: Desk, works: Works) -> None:
        self._desk = desk
        self._works = works
        self._stopping = works.stopping
        self._received = threading.Event()
        self._received.set()  # what the last run left
        self._are_times_right = False
        self._refused: FaultdeskError | None = None
        self._steps_for_tick, self._steps_for_watch = ClockSteps(desk.clock), ClockSteps(desk.clock)
        self._watch = Watch(
            desk.store,
            desk.ledger,
            desk.clock,
            {name: settings.poll for name, settings in desk.config.mailboxes.items()},
            desk.config.alarm.after,
            desk.config.alarm.command,
            self._failing_loops,
        )
        self._loops = [
            Loop("triage", self._triage, self._stopping, _HUNG_AFTER),
            Loop("pages", self._read_pages, self._stopping, _HUNG_AFTER),
            Loop("tick", self._tick, self._stopping, _HUNG_AFTER),
            Loop("membership", self._keep_membership, self._stopping, _HUNG_AFTER),
            Loop("watch", self._look, self._stopping, _HUNG_AFTER),
            *(
                Loop(f"mailbox-{mailbox.name}", self._collecting(mailbox), self._stopping, _HUNG_AFTER)
                for mailbox in works.mailboxes
            ),
        ]

    def run(self) -> None:
        """Work until SIGTERM or SIGINT.

        Raises:
            SupersededError: Another daemon has taken this one's place.
            ConfigError: The database has come to need a later version.
        """
        # Blocked before any thread starts: they inherit it, and only sigtimedwait sees a signal.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        self._works.engine.serve(self._works.performer)
        for loop in self._loops:
            loop.start()
        systemd.notify("READY=1", f"STATUS={len(self._works.mailboxes)} mailboxes")
        log.info("daemon.started", mailboxes=len(self._works.mailboxes), handlers=self._desk.host.names)
        try:
            self._attend()
        finally:
            self._stop()
        if self._refused:
            raise self._refused

    def _attend(self) -> None:
        watchdog = systemd.watchdog_seconds()
        while True:
            received = signal.sigtimedwait(_SIGNALS, watchdog / 3 if watchdog else _IDLE_CHECK)
            # After a stop of the process that outlasts the wait, Python 3.11 makes up a signal.
            if received is None or received.si_signo not in _SIGNALS:
                self._feed_watchdog()
            elif received.si_signo == signal.SIGHUP:
                self._reload()
            else:
                log.info("daemon.stopping", signal=signal.Signals(received.si_signo).name)
                return

    def _feed_watchdog(self) -> None:
        ill = [loop.name for loop in self._loops if not loop.is_well()]
        if not self._works.engine.is_alive():
            ill.append("workers")
        if ill:
            # Not fed: systemd restarts us, and nothing is lost by that.
            log.error("daemon.hung", loops=ill)
        else:
            systemd.notify("WATCHDOG=1")

    def _reload(self) -> None:
        systemd.notify("RELOADING=1", systemd.monotonic_usec())
        try:
            config = load_config(self._desk.config.path)
            self._desk.host.reload(load_handlers(config))
        except ConfigError as error:
            log.error("config.refused", errors=str(error).splitlines())  # noqa: TRY400 - no bug of ours
        else:
            log.info("config.reloaded", handlers=self._desk.host.names)
            self._name_unreloaded(config)
        systemd.notify("READY=1")

    def _name_unreloaded(self, config: Config) -> None:
        running = self._desk.config
        changed = [
            name for name in config.__struct_fields__ if getattr(config, name) != getattr(running, name)
        ]
        if unreloaded := [name for name in changed if name != "handlers"]:
            log.warning("config.needs_restart", tables=unreloaded)

    def _stop(self) -> None:
        systemd.notify("STOPPING=1")
        self._stopping.set()
        self._received.set()
        for mailbox in self._works.mailboxes:
            mailbox.interrupt()
        # The reading children first: triage may be waiting for one, and what it read is read again.
        self._works.readers.close()
        self._works.page_readers.close()
        self._works.engine.stop(cut=self._works.mailer.close)
        self._end_loops()
        self._desk.store.database.close()
        log.info("daemon.stopped")

    def _end_loops(self) -> None:
        """Wait for the loops; one that hangs on a mail server is left behind, having stored what it got."""
        until = time.monotonic() + _LOOPS_END_SECONDS
        for loop in self._loops:
            loop.join(max(0.0, until - time.monotonic()))
        left = [loop.name for loop in self._loops if loop.is_alive()]
        if left:
            log.warning("loop.left_behind", loops=left)
            return
        for mailbox in self._works.mailboxes:
            mailbox.close()

    def _triage(self) -> None:
        self._received.wait(_TICK_SECONDS)
        self._received.clear()
        if self._desk.store.daemon is None:
            return  # nothing can be taken in hand yet
        self._works.artefacts.look()
        # A batch a step: a long backlog must not look like a hang.
        if not self._stopping.is_set() and self._works.triage.triage_next():
            self._received.set()
            self._let_jobs_catch_up()

    def _read_pages(self) -> None:
        if self._desk.store.daemon is not None and self._works.pages.read_next():
            self._received.set()
            return
        self._works.page_readers.rest()
        self._stopping.wait(_TICK_SECONDS)

    def _let_jobs_catch_up(self) -> None:
        """Decide no faster than it is sent: what a new mail is answered with waits behind all that was decided."""
        until = time.monotonic() + _JOBS_CATCH_UP_SECONDS
        while self._works.engine.waiting() > _MOST_UNDER_WAY and time.monotonic() < until:
            if self._stopping.wait(_CATCHING_UP_SECONDS):
                return

    def _keep_membership(self) -> None:
        try:
            let_go = self._works.membership.keep()
        except (SupersededError, ConfigError) as error:
            self._refused = error
            os.kill(os.getpid(), signal.SIGTERM)
            self._stopping.wait()
            return
        for mailbox in self._works.mailboxes:
            if mailbox.name in let_go:
                mailbox.interrupt()
        self._stopping.wait(_TICK_SECONDS)

    def _tick(self) -> None:
        if self._steps_for_tick.taken():
            self._are_times_right = False
        if not self._are_times_right:
            # Here, not at the start: a locked database is waited for.
            put_times_right(self._desk)
            self._are_times_right = True
        self._works.engine.recover()
        while self._desk.ledger.tick(self._desk.store):
            if self._stopping.is_set():
                return
        self._stopping.wait(_TICK_SECONDS)

    def _look(self) -> None:
        self._stopping.wait(_WATCH_SECONDS)
        if self._steps_for_watch.taken():
            self._watch.begin_anew()
        standing = sorted(self._watch.standing)
        self._watch.look()
        if sorted(self._watch.standing) != standing:
            troubles = ", ".join(sorted(self._watch.standing)) or "all is well"
            systemd.notify(f"STATUS={len(self._works.mailboxes)} mailboxes; {troubles}")

    def _failing_loops(self, longer_than: timedelta) -> dict[str, str]:
        """Say which loops fail for another reason than their mailbox, and why."""
        failing = [
            f"{loop.name}: {loop.error}"
            for loop in self._loops
            if loop.failing_for() >= longer_than and not isinstance(loop.error, MailboxUnavailableError)
        ]
        return {f"the daemon on {socket.gethostname()}": "; ".join(failing)} if failing else {}

    def _note_batch(self) -> None:
        """Wake triage, and wait until it has caught up: what waits ahead of a new mail stays short."""
        self._received.set()
        loop = threading.current_thread()
        while self._is_behind():
            if isinstance(loop, Loop):
                loop.beat()
            if self._stopping.wait(_CATCHING_UP_SECONDS):
                return

    def _is_behind(self) -> bool:
        with self._desk.store.read() as tx:
            return tx.inbox.waiting() >= _MOST_WAITING

    def _collecting(self, mailbox: Mailbox) -> Callable[[], None]:
        poll = self._desk.config.mailboxes[mailbox.name].poll

        def step() -> None:
            if not self._works.membership.collects(mailbox.name):
                mailbox.close()
                self._stopping.wait(_UNCOLLECTED_SECONDS)
                return
            collect_once(self._desk, mailbox, self._note_batch)
            if not self._stopping.is_set():
                mailbox.wait(poll)

        return step
