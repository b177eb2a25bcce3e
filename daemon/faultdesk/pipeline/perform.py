"""perform: from a job to the outside world; its writes commit together with its end."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

import structlog
import tenacity

from faultdesk.domain.decision import Job
from faultdesk.domain.promise import UNDELIVERED
from faultdesk.domain.ticket import Event
from faultdesk.errors import OutageError, PermanentError, TransientError
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.failures import details, outline
from faultdesk.pipeline.job_desk import JobDesk
from faultdesk.pipeline.ledger import SEND_FAX, SENDING
from faultdesk.pipeline.letters import OutgoingMail
from faultdesk.pipeline.other_ways import try_otherwise
from faultdesk.pipeline.outages import Outages
from faultdesk.pipeline.ports import Clock
from faultdesk.pipeline.store import Store, Transaction
from faultdesk.pipeline.work import Claim, ClaimedJob

log = structlog.get_logger()

_FIRST_BACKOFF = timedelta(seconds=30)
LONGEST_BACKOFF = timedelta(hours=2)
"""No attempt is put off by more."""
_jitter = random.SystemRandom()
_FRESH = timedelta(seconds=4)
"""How long after its beginning nobody can have taken a job over: others wait twice as long for a daemon that is silent."""


PerformFunction = Callable[[Job, JobDesk], None]
"""What performs one kind of job; a handler's sees the JobDesk as the public Desk."""


class Performer:
    """Runs one job at a time per lane, as often as it takes, up to a limit."""

    def __init__(
        self,
        store: Store,
        changes: Changes,
        clock: Clock,
        functions: Callable[[], Mapping[str, PerformFunction]],
        patience: tenacity.Retrying,
        attempts: int = 8,
    ) -> None:
        self._store = store
        self._changes = changes
        self._ledger = changes.ledger
        self._clock = clock
        self._functions = functions
        self._patience = patience
        self._attempts = attempts
        self._outages = Outages()

    def begin(self, job_ids: Sequence[int]) -> Claim:
        """Begin what is still ours to run; a delivery that is no longer wanted does nothing.

        Raises:
            SupersededError: Another daemon has this one's place.
            DatabaseUnavailableError: The daemon stops.
        """
        return self._patience(self._claim, job_ids)

    def _claim(self, job_ids: Sequence[int]) -> Claim:
        now = self._clock.now()
        with self._store.write() as tx:
            return tx.jobs.claim(job_ids, now)

    def perform(self, claimed: ClaimedJob) -> None:
        """Make one attempt at a job; whatever comes of it is written down."""
        job = claimed.job
        if self._patience(self._is_taken_over, claimed):
            log.warning("job.taken_over", job=job.id, kind=job.kind)
            return
        if self._outages.is_shut(job.kind):
            self._patience(self._hold, job, "another one of its kind met an outage a moment ago")
            return
        try:
            desk = self._attempt(claimed)
        except OutageError as error:
            log.warning("job.held", job=job.id, kind=job.kind, reason=str(error))
            self._outages.began(job.kind)
            self._patience(self._hold, job, str(error))
        except PermanentError as error:
            self._patience(self._park, job, str(error), error)
        # A job runs strangers' code against strangers' servers: whatever it raises is kept and tried again.
        except Exception as error:  # noqa: BLE001
            self._patience(self._postpone, claimed, error)
        else:
            # Patiently: what was done outside is done, and shall not be done again for want of a receipt.
            self._end(claimed, desk)

    def _is_taken_over(self, claimed: ClaimedJob) -> bool:
        """Look again when a while has passed, as the clock has it: the process may have been stopped meanwhile."""
        if abs(self._clock.now() - claimed.begun_at) < _FRESH:
            return False
        with self._store.read() as tx:
            return not tx.jobs.is_ours(claimed.job)

    def _end(self, claimed: ClaimedJob, desk: JobDesk) -> None:
        job = claimed.job
        was_out = self._outages.ended(job.kind) or claimed.uncounted > 0
        try:
            self._patience(self._finish, claimed, desk, was_out)
        except TransientError:
            raise
        # What a job decided may be nothing that can be written down; its worker goes on.
        except Exception as error:  # noqa: BLE001
            park = partial(self._park, is_done=True)
            self._patience(park, job, f"its decisions cannot be written: {error}", error)

    def _attempt(self, claimed: ClaimedJob) -> JobDesk:
        job = claimed.job
        functions = self._functions()
        function = functions.get(job.kind)
        if function is None:
            raise PermanentError(f"no handler performs {job.kind}; there are {sorted(functions)}")
        if claimed.attempt > self._attempts:
            raise PermanentError(
                f"{job.kind} ended the daemon or never came back, {claimed.attempt - 1} times"
            )
        desk = JobDesk(self._store, self._ledger.identity, self._clock)
        function(job, desk)
        return desk

    def _finish(self, claimed: ClaimedJob, desk: JobDesk, was_out: bool) -> None:  # noqa: FBT001 - by patience
        job = claimed.job
        with self._store.write() as tx:
            if was_out:
                tx.jobs.release(claimed, desk.now)
            # First its end, so that a job may put its own name again.
            if not tx.jobs.finish(job):
                log.warning("job.taken_over", job=job.id, kind=job.kind)
                return
            desk.write_down(tx, self._changes, job.kind.partition(".")[0])
        log.debug("job.performed", job=job.id, kind=job.kind, tries=job.tries)

    def _hold(self, job: Job, reason: str) -> None:
        with self._store.write() as tx:
            tx.jobs.hold(job, reason)

    def _postpone(self, claimed: ClaimedJob, error: Exception) -> None:
        job = claimed.job
        if claimed.attempt >= self._attempts:
            self._park(job, str(error) or type(error).__name__, error)
            return
        wait = min(LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** (claimed.attempt - 1) * _jitter.uniform(0.8, 1.2))
        with self._store.write() as tx:
            tx.jobs.postpone(job, self._clock.now() + wait, details(error))
        log.warning(
            "job.postponed",
            job=job.id,
            kind=job.kind,
            attempt=claimed.attempt,
            seconds=wait.total_seconds(),
            error=outline(error),
        )

    def _park(self, job: Job, reason: str, error: Exception, *, is_done: bool = False) -> None:
        """Put a job aside; `is_done` when it was performed, and cannot be written down."""
        log.error("job.parked", job=job.id, kind=job.kind, tries=job.tries, error=outline(error))
        with self._store.write() as tx:
            if not tx.jobs.park(job, details(error)):
                log.warning("job.taken_over", job=job.id, kind=job.kind)
                return
            if job.ticket_id is not None:
                event = Event("job_parked", {"job": job.id, "kind": job.kind, "reason": reason})
                self._ledger.apply(tx, job.ticket_id, "faultdesk", event)
            letter = tx.tickets.mail(int(job.arguments["mail"])) if job.kind in SENDING else None
            if letter is not None and not letter.internal and not is_done:
                self._undeliver(tx, job, letter, reason)
            self._tell(tx, job, reason, letter)

    def _undeliver(self, tx: Transaction, job: Job, letter: OutgoingMail, reason: str) -> None:
        """Take back what a letter said to the client; of a fax there may be another way."""
        if job.kind == SEND_FAX:
            try_otherwise(tx, self._changes, letter.id, reason)
        elif job.ticket_id is not None:
            lost = {"purpose": letter.purpose, "message_id": letter.message_id}
            self._changes.change(tx, job.ticket_id, Event(UNDELIVERED, lost))

    def _tell(self, tx: Transaction, job: Job, reason: str, letter: OutgoingMail | None) -> None:
        if letter is not None and letter.purpose == "alert":
            return  # an alert about an alert would never end
        reference = tx.tickets.get(job.ticket_id).reference if job.ticket_id is not None else "no ticket"
        self._ledger.alert(
            tx,
            f"job/{job.id}",
            f"{reference}: client not reached, phone them"
            if letter is not None and not letter.internal and job.kind != SEND_FAX
            else f"faultdesk: {job.kind} failed for {reference}",
            f"Job {job.id} ({job.kind}, {reference}) was parked after {job.tries} attempts: {reason}\n"
            f"faultdesk jobs show {job.id}\nfaultdesk jobs retry {job.id}\n",
            job.ticket_id,
        )
