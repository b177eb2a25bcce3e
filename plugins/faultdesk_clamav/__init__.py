"""Has clamd look at what came with files before any of it is passed on; what is infected stays with the desk."""

from collections.abc import Mapping
from datetime import timedelta

from faultdesk.domain.decision import Inspection, Job, Mail
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Event
from faultdesk.errors import NotFoundError
from faultdesk.handlers import Desk, Handler, JobFunction, hookimpl
from faultdesk.handlers.settings import require_positive
from faultdesk_clamav.clamd import Clamd, ClamdUnavailableError, ScanFailedError, Verdict, is_address

SCAN = "clamav.scan"
_ATTEMPTS = 3
_AGAIN = timedelta(seconds=30)
_HEAD = b"Received: by faultdesk\r\n"
"""clamd takes octets for a mail by their first line; a client chose that of the original."""


class ClamavHandler(Handler, frozen=True, kw_only=True):
    """Where clamd listens, how long it may think, and how long a work order waits for its verdict."""

    clamd: str = "/run/clamav/clamd.ctl"
    """A UNIX socket's path, or "HOST:PORT" of a network you trust: nothing is encrypted."""
    timeout: timedelta = timedelta(seconds=60)
    give_up_after: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        if not is_address(self.clamd):
            raise ValueError(f"clamd: {self.clamd} is neither an absolute path nor HOST:PORT")
        require_positive("timeout", self.timeout)
        require_positive("give_up_after", self.give_up_after)

    @hookimpl
    def inspect_message(self, message: InboundMessage) -> Inspection | None:
        """Want a look at what has attachments, or something that could not be read."""
        if not message.attachments and not message.problems:
            return None
        # Without a ticket: its lane is that of all scans, one after the other, and no client's mail waits in it.
        job = Job(SCAN, arguments={"inbox": message.id})
        return Inspection(job, self.give_up_after, "not scanned for viruses yet")

    @hookimpl
    def job_functions(self) -> Mapping[str, JobFunction]:
        """Perform the scan."""
        return {SCAN: self.scan}

    @hookimpl
    def check_online(self) -> str | None:
        """Ask whether clamd is there."""
        try:
            self._clamd().ping()
        except ClamdUnavailableError as error:
            return str(error)
        return None

    def scan(self, job: Job, desk: Desk) -> None:
        """Have one original scanned; while clamd is away, the job is held."""
        inbox_id = int(job.arguments["inbox"])
        try:
            verdict = self._clamd().scan(_HEAD + desk.original(inbox_id))
        except NotFoundError:
            return  # purged meanwhile: there is nothing left to withhold
        except ScanFailedError as error:
            failed = int(job.arguments.get("failed", 0)) + 1
            if failed < _ATTEMPTS:
                # Anew, and not by raising: what clamd chokes on shall not stand before all others.
                arguments = {"inbox": inbox_id, "failed": failed}
                desk.put(Job(SCAN, arguments=arguments, run_at=desk.now + _AGAIN))
                return
            verdict = Verdict(unscanned=str(error))
        _settle(inbox_id, verdict, desk)

    def _clamd(self) -> Clamd:
        return Clamd(self.clamd, self.timeout.total_seconds())


def _settle(inbox_id: int, verdict: Verdict, desk: Desk) -> None:
    ticket_id = desk.ticket_of(inbox_id)
    if verdict.signature:
        desk.withhold(inbox_id, f"infected: {verdict.signature}")
        if ticket_id is not None:
            data = {"inbox": inbox_id, "signature": verdict.signature}
            desk.record(ticket_id, Event("infected", data))
            _tell(inbox_id, ticket_id, verdict.signature, desk)
    elif verdict.unscanned:
        desk.withhold(inbox_id, f"not scanned for viruses: {verdict.unscanned}")
        if ticket_id is not None:
            desk.record(ticket_id, Event("not_scanned", {"inbox": inbox_id, "reason": verdict.unscanned}))
    else:
        desk.release(inbox_id)


def _tell(inbox_id: int, ticket_id: int, signature: str, desk: Desk) -> None:
    """Tell the desk, once for a ticket and signature however often the client sends it."""
    reference = desk.ticket(ticket_id).reference
    desk.send(
        Mail(
            name=f"clamav/{ticket_id}/{signature}",
            ticket_id=ticket_id,
            to=tuple(map(Address, desk.identity.alerts)),
            subject=f"[{reference}] 客户来信带有病毒 infected: {signature}",
            text=f"{reference}: message {inbox_id} holds {signature} and is withheld.\n"
            "请致电客户告知；原件仍在邮箱中。 Tell the client; the mailbox still holds the original.\n"
            f"faultdesk ticket {reference}\n",
            purpose="alert",
            internal=True,
        )
    )
