"""The job `faultdesk.audit`: audits at night, tells the desk what is missing, and puts itself for the next night."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from faultdesk.adapters.sql.audit import keep_report
from faultdesk.adapters.sql.listings import time_of_job
from faultdesk.adapters.sql.store import SqlStore, SqlTransaction
from faultdesk.config import Config
from faultdesk.domain.decision import Job, Mail
from faultdesk.domain.message import Address
from faultdesk.domain.night import next_night
from faultdesk.pipeline.audit import Report
from faultdesk.pipeline.job_desk import JobDesk
from faultdesk.pipeline.ledger import Ledger
from faultdesk.pipeline.ports import Clock

log = structlog.get_logger()

AUDIT = "faultdesk.audit"
_TOLD = 20
"""Findings in the mail to the desk; the rest is a command away."""


def arrange_audit(config: Config, tx: SqlTransaction, ledger: Ledger, clock: Clock) -> None:
    """Put the audit for the coming night, unless it is put already; one that was due meanwhile is not lost."""
    coming = _next_audit(config, clock.now())
    put_for = time_of_job(tx.connection, AUDIT)
    # Later than that it was put by a clock that went ahead.
    if put_for is None or (coming.run_at and put_for > coming.run_at):
        ledger.put(tx, coming)


def _next_audit(config: Config, now: datetime) -> Job:
    run_at = next_night(now, config.audit.at, ZoneInfo(config.desk.time_zone))
    return Job(AUDIT, name=AUDIT, run_at=run_at)


class NightlyAudit:
    """Performs the job."""

    def __init__(
        self,
        config: Config,
        store: SqlStore,
        run_audit: Callable[[], Report],
        look_ahead: Callable[[datetime], list[str]],
    ) -> None:
        self._config = config
        self._store = store
        self._run_audit = run_audit
        self._look_ahead = look_ahead

    def __call__(self, job: Job, desk: JobDesk) -> None:  # noqa: ARG002 - what performs a job takes it
        """Audit; a mailbox or a ledger that is wrong is a finding, not a failure."""
        report = self._run_audit()
        with self._store.database.write() as connection:
            keep_report(connection, report, desk.now)
        tell = log.error if report.total else log.info
        tell("audit.ended", findings=report.total, summary=report.summary)
        if report.total and self._config.desk.alerts:
            desk.send(self._mail("audit", *_told(report), desk.now))
        if (told := self._look_ahead(desk.now)) and self._config.desk.alerts:
            subject = "faultdesk: what will go wrong in the coming days"
            desk.send(self._mail("ahead", subject, "\n".join(told), desk.now))
        desk.put(_next_audit(self._config, desk.now))

    def _mail(self, what: str, subject: str, text: str, now: datetime) -> Mail:
        return Mail(
            name=f"alert/{what}/{now.isoformat()}",
            ticket_id=None,
            to=tuple(Address(address) for address in self._config.desk.alerts),
            subject=subject,
            text=text + "\n",
            purpose="alert",
            internal=True,
        )


def _told(report: Report) -> tuple[str, str]:
    """Write subject and text of what was found."""
    lines = [f"{one.subject}: {one.problem}\n    {one.remedy}" for one in report.findings[:_TOLD]]
    return f"faultdesk: the audit found {report.total}", "\n".join(
        [report.summary, "", *lines, "", "faultdesk audit"]
    )
