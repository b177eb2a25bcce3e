"""What follows when a gateway says what became of a fax of ours, and when it says nothing."""

from datetime import timedelta

from faultdesk.domain.decision import Job
from faultdesk.domain.fax import Outcome, Receipt
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.promise import FAX_DELIVERED
from faultdesk.domain.reference import find_references
from faultdesk.domain.ticket import Event
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.job_desk import JobDesk
from faultdesk.pipeline.other_ways import try_otherwise
from faultdesk.pipeline.store import SentFax, Store, Transaction

FAX_OVERDUE = "fax.overdue"
"""The job that looks whether a gateway told the end of the fax whose letter is `mail`."""
_TOLD_WITHIN = timedelta(days=2)
_EVENTS = {
    Outcome.DELIVERED: FAX_DELIVERED,
    Outcome.FAILED: "fax_failed",
    Outcome.RETRYING: "fax_retrying",
}


def overdue(letter: int) -> str:
    """Name the job that waits for the receipt of a letter."""
    return f"{FAX_OVERDUE}/{letter}"


def note(tx: Transaction, changes: Changes, message: InboundMessage) -> int | None:
    """Write on the ticket what became of its fax, and try another way if it failed; None if it is none of ours."""
    told = message.receipt
    sent = _meant(tx, changes, message, told) if told else None
    if told is None or sent is None or sent.ticket_id is None:
        return None
    data = {
        "purpose": sent.purpose,
        "to": sent.recipients[0],
        "job": told.job,
        "pages": told.pages,
        "reason": told.reason,
        "message_id": sent.message_id,
    }
    known = {name: value for name, value in data.items() if value}
    changes.change(tx, sent.ticket_id, Event(_EVENTS[told.outcome], known, actor=told.gateway))
    tx.tickets.mark_fax(sent.id, told.outcome)
    if told.outcome is not Outcome.RETRYING:
        tx.jobs.cancel(overdue(sent.id))
    if told.outcome is Outcome.FAILED:
        try_otherwise(tx, changes, sent.id, told.reason or "the gateway gives no reason")
    return sent.ticket_id


def _meant(tx: Transaction, changes: Changes, message: InboundMessage, told: Receipt) -> SentFax | None:
    """Find the fax: by the gateway's job, else by the number, of which several faxes may be under way.

    Of those the one whose ticket the receipt names, as where it quotes our subject; else the one that went first.
    """
    sent = tx.tickets.faxes_of(told.job, told.number, changes.now - _TOLD_WITHIN)
    if len(sent) > 1:
        named = set(find_references(message.subject, message.text, message.quoted))
        of_named = [fax for fax in sent if fax.ticket_id and tx.tickets.get(fax.ticket_id).reference in named]
        sent = of_named or sent
    return sent[0] if sent else None


class FaxOverdue:
    """The job `fax.overdue`: a fax of which nobody told the end is taken for lost while there is time left."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, job: Job, desk: JobDesk) -> None:
        """Send the letter another way, unless the end was told meanwhile."""
        letter = int(job.arguments["mail"])
        with self._store.read() as tx:
            mail, outcome = tx.tickets.mail(letter), tx.tickets.fax_outcome(letter)
        if mail.ticket_id is None or outcome in {Outcome.DELIVERED, Outcome.FAILED}:
            return
        data = {"purpose": mail.purpose, "to": mail.recipients[0], "message_id": mail.message_id}
        desk.record(mail.ticket_id, Event("fax_unconfirmed", data))
        reason = "the gateway has not told what became of it (fax.sender.receipt_within)"
        desk.decide(lambda tx, changes: try_otherwise(tx, changes, letter, reason))
