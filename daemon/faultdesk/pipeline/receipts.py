"""What follows when a gateway says what became of a fax of ours, and when it says nothing."""

from datetime import datetime, timedelta
from functools import partial

from faultdesk.domain.decision import Job
from faultdesk.domain.fax import Outcome, Receipt
from faultdesk.domain.message import InboundMessage
from faultdesk.domain.promise import FAX_DELIVERED
from faultdesk.domain.reference import find_references
from faultdesk.domain.ticket import Event
from faultdesk.pipeline.changes import Changes
from faultdesk.pipeline.job_desk import JobDesk
from faultdesk.pipeline.ledger import FAX_OVERDUE
from faultdesk.pipeline.letters import SentFax
from faultdesk.pipeline.other_ways import try_otherwise
from faultdesk.pipeline.store import Store, Transaction

_TOLD_WITHIN = timedelta(days=2)
_LATE = timedelta(minutes=5)
"""So long after its time the job was not begun: the daemon did not run, and collected no receipt."""
_EVENTS = {
    Outcome.DELIVERED: FAX_DELIVERED,
    Outcome.FAILED: "fax_failed",
    Outcome.RETRYING: "fax_retrying",
}


def overdue(letter: int, ticket_id: int | None, now: datetime, patience: timedelta, *, always: bool) -> Job:
    """Give the job that waits so long for the receipt of a letter; unless `always`, of a gateway that ever told anything."""
    due = now + patience
    arguments = {
        "mail": letter,
        "due": due.isoformat(),
        "patience": patience.total_seconds(),
        "always": always,
    }
    return Job(FAX_OVERDUE, ticket_id, arguments, _name(letter), due)


def _name(letter: int) -> str:
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
    if _changes_nothing(tx.tickets.fax_outcome(sent.id), told.outcome):
        return sent.ticket_id
    tx.tickets.mark_fax(sent.id, told.outcome)
    if told.outcome is not Outcome.RETRYING:
        tx.jobs.cancel(_name(sent.id))
    if told.outcome is Outcome.FAILED:
        try_otherwise(tx, changes, sent.id, told.reason or "the gateway gives no reason")
    return sent.ticket_id


def _changes_nothing(known: Outcome | None, told: Outcome) -> bool:
    """Tell whether a receipt comes after the end: a report may come twice, and from more than one server."""
    return known in {Outcome.DELIVERED, told} or (told is Outcome.RETRYING and known is not None)


def _meant(tx: Transaction, changes: Changes, message: InboundMessage, told: Receipt) -> SentFax | None:
    """Find the fax: by the gateway's job, else by the number, of which several faxes may be under way.

    Of those one whose ticket the receipt names, as where it quotes our subject; else the one that went first.
    """
    sent = tx.tickets.faxes_of(told.job, told.number, changes.now - _TOLD_WITHIN)
    if sent and sent[0].fax_job == told.job:
        return sent[0]
    # Another job of the form that ours have is somebody else's; a form of its own says nothing.
    sent = [fax for fax in sent if not told.job or _is_mailed(fax.fax_job) != _is_mailed(told.job)]
    if named := set(find_references(message.subject, message.text, message.quoted)):
        sent = [fax for fax in sent if fax.ticket_id and tx.tickets.get(fax.ticket_id).reference in named]
    return sent[0] if sent else None


def _is_mailed(job: str) -> bool:
    """Tell whether a job is the Message-ID of our mail to a gateway, and no number of HylaFAX's."""
    return job.startswith("<")


class FaxOverdue:
    """The job `fax.overdue`: a fax of which nobody told the end is taken for lost while there is time left."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, job: Job, desk: JobDesk) -> None:
        """Send the letter another way, unless the end was told meanwhile.

        Once more it is waited for a gateway that still tries, and for receipts that lie where nobody could collect them.
        """
        letter = int(job.arguments["mail"])
        with self._store.read() as tx:
            outcome, is_away = tx.tickets.fax_outcome(letter), tx.inbox.is_any_away()
            tells = job.arguments["always"] or tx.tickets.any_fax_told()
        is_late = is_away or desk.now - datetime.fromisoformat(job.arguments["due"]) > _LATE
        if not tells:
            return
        if not job.arguments.get("again") and (is_late or outcome is Outcome.RETRYING):
            due = desk.now + timedelta(seconds=job.arguments["patience"])
            arguments = {**job.arguments, "due": due.isoformat(), "again": True}
            desk.put(Job(FAX_OVERDUE, job.ticket_id, arguments, _name(letter), due))
        else:
            desk.decide(partial(_give_up, letter=letter))


def _give_up(tx: Transaction, changes: Changes, letter: int) -> None:
    mail = tx.tickets.mail(letter)
    if mail.ticket_id is None:
        return
    tx.tickets.lock(mail.ticket_id)
    outcome = tx.tickets.fax_outcome(letter)
    if outcome in {Outcome.DELIVERED, Outcome.FAILED, Outcome.UNCONFIRMED}:
        return
    reason = (
        "the gateway still tries"
        if outcome == Outcome.RETRYING
        else "the gateway has not told what became of it"
    )
    data = {
        "purpose": mail.purpose,
        "to": mail.recipients[0],
        "message_id": mail.message_id,
        "reason": reason,
    }
    tx.tickets.record(mail.ticket_id, [Event("fax_unconfirmed", data)], changes.now)
    tx.tickets.mark_fax(letter, Outcome.UNCONFIRMED)
    try_otherwise(tx, changes, letter, f"{reason} (fax.sender.receipt_within)")
