import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Decision
from faultdesk.domain.ticket import Event, Status, Ticket
from faultdesk.errors import NotFoundError
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.testing import a_message
from pipeline.desk import NOON, PlayedDesk


class Following(Handler, frozen=True):
    @hookimpl
    def ticket_changed(self, ticket: Ticket, event: Event) -> list[Decision]:
        return [Event("followed", {"status": ticket.status, "after": event.kind})]


def test_a_resolution_changes_the_status_and_asks_the_handlers(store: SqlStore) -> None:
    desk = PlayedDesk(store, {"following": Following()})
    ticket_id = desk.decide(a_message())
    assert ticket_id is not None

    with store.write() as tx:
        desk.changes.change(
            tx, ticket_id, Event("resolved", {"recovered_at": NOON.isoformat()}, actor="wang")
        )

    with store.read() as tx:
        assert tx.tickets.get(ticket_id).status is Status.RESOLVED
        last = tx.tickets.events(ticket_id)[-1]
    assert (last.kind, last.actor, last.data) == (
        "followed",
        "following",
        {"status": "resolved", "after": "resolved"},
    )


def test_a_change_of_a_ticket_that_is_not_there_is_refused(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})

    with pytest.raises(NotFoundError), store.write() as tx:
        desk.changes.change(tx, 99, Event("resolved"))
