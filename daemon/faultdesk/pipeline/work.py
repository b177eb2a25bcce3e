"""The ledger of jobs, and who performs them, as the pipeline needs them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import msgspec

from faultdesk.domain.decision import Job


class JobState(StrEnum):
    """Where a job is; one that is done is deleted.

    due: waits for its time; sent: with the engine; held: its way out is down; parked: failed for good.
    """

    DUE = "due"
    SENT = "sent"
    HELD = "held"
    PARKED = "parked"


class ClaimedJob(msgspec.Struct, frozen=True):
    """A job that is ours to run as long as its `tries` has not changed; begun at `begun_at`, aware UTC."""

    job: Job
    lane: str
    begun_at: datetime
    uncounted: int = 0
    """Attempts that tell nothing about the job: they met an outage, or came before it was put again."""

    @property
    def attempt(self) -> int:
        """The number of this attempt among those that count."""
        return self.job.tries - self.uncounted


class Claim(msgspec.Struct, frozen=True):
    """What was begun, and what is to be asked for again; the rest is not ours to run any more."""

    claimed: list[ClaimedJob]
    left: list[int]


class Worker(Protocol):
    """What an engine calls."""

    def begin(self, job_ids: Sequence[int]) -> Claim:
        """Begin jobs, in their order."""

    def perform(self, claimed: ClaimedJob) -> None:
        """Make one attempt at a job that was begun."""


class Jobs(Protocol):
    """The ledger of what must happen. Only its transactions change it."""

    def put(self, new: Job, lane: str, state: JobState, run_at: datetime) -> int:
        """Add a job or move a named one; an attempt at it that is under way will count for nothing."""

    def cancel(self, name: str) -> None:
        """Take back a named job that waits."""

    def advance(self, name: str, run_at: datetime) -> None:
        """Move a named job that waits and was never begun; one that is not there stays so."""

    def take_due(self, now: datetime, limit: int) -> list[tuple[int, str]]:
        """Mark what has come due as sent; return ids and lanes in order."""

    def sent(self) -> list[tuple[int, str]]:
        """List what was given to an engine and has not ended, in order."""

    def claim(self, job_ids: Sequence[int], now: datetime) -> Claim:
        """Begin an attempt at the first job of each lane, behind nothing that backs off.

        A job that was begun before, and so may have ended the process, is begun alone.

        Raises:
            SupersededError: This daemon's place was taken by another, to whom the jobs belong now.
        """

    def is_ours(self, begun: Job) -> bool:
        """Tell whether nobody has begun this job again, or ended it, since this attempt began."""

    def finish(self, done: Job) -> bool:
        """End a job; False when somebody else has begun it since."""

    def postpone(self, failed: Job, run_at: datetime, error: str) -> None:
        """Let a failed job wait for its next attempt."""

    def park(self, failed: Job, error: str) -> bool:
        """Put a job aside for a person to look at; False when somebody else has begun it, or ended it."""

    def hold(self, failed: Job, reason: str) -> None:
        """Let a job wait for the end of an outage; its attempt does not count."""

    def take_probes(self) -> list[tuple[int, str]]:
        """Mark of each kind the held job that was tried least as sent; return ids and lanes."""

    def any_held(self) -> bool:
        """Tell whether something waits for the end of an outage."""

    def release(self, over: ClaimedJob, now: datetime) -> None:
        """Let what is held come due: of this job's kind, of its lane, and what stands behind these."""

    def hasten(self, now: datetime, longest: timedelta) -> None:
        """Let come due now what was put off beyond `longest`, by a clock that has been put back since."""

    def next_due(self) -> datetime | None:
        """Tell when the next waiting job comes due."""
