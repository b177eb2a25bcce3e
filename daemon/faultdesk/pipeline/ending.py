"""What a ticket must have before it may end without a reason (P6)."""

from faultdesk.domain.promise import REOPENED, Clock, delivered
from faultdesk.domain.ticket import Kind, Ticket
from faultdesk.pipeline.store import Transaction

ANSWER, RECOVERY, REPORT = "answer 答复", "recovery 恢复时间", "report 报告"


def lacks_of_end(tx: Transaction, ticket: Ticket) -> list[str]:
    """Name what a ticket must have before it may be closed without a reason: an answer; a fault a recovery and its report (P6)."""
    answer = ticket.deadline(Clock.RESPONSE)
    unanswered = [ANSWER] if answer is not None and answer.met_at is None else []
    return unanswered + (_lacks_of_fault(tx, ticket) if ticket.classification.kind is Kind.FAULT else [])


def _lacks_of_fault(tx: Transaction, ticket: Ticket) -> list[str]:
    lacking = [RECOVERY, REPORT]
    for event in delivered(tx.tickets.events(ticket.id)):
        if event.kind == REOPENED:
            lacking = [RECOVERY, REPORT]
        elif event.kind == "resolved":
            lacking = [REPORT]
        elif (
            event.kind in {"mail_sent", "fax_sent"}
            and event.data.get("purpose") == "report"
            and len(lacking) == 1
        ):
            lacking = []
    return lacking
