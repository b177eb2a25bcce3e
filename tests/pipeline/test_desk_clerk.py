from datetime import timedelta
from email import message_from_bytes

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Decision, Mail, Rejection
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.promise import Promise
from faultdesk.domain.ticket import Event, Status, Ticket
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.testing import a_message
from faultdesk_sla import SlaHandler
from faultdesk_sla.levels import Level
from pipeline.desk import NOON, PlayedDesk

LI = Address("li@owner.example", "Li Ming")
STRANGER = Address("x@free.example")


class Answering(Handler, frozen=True):
    @hookimpl
    def promise_ticket(self, ticket: Ticket) -> Promise:
        return Promise(timedelta(hours=2), timedelta(hours=24))

    @hookimpl
    def ticket_opened(self, ticket: Ticket, message: InboundMessage) -> list[Decision]:
        return [_mail(f"open/{message.id}", ticket, message.sender)]

    @hookimpl
    def message_added(self, ticket: Ticket, message: InboundMessage) -> list[Decision]:
        return [_mail(f"add/{message.id}", ticket, message.sender)]


def _mail(name: str, ticket: Ticket, to: Address) -> Mail:
    return Mail(name=name, ticket_id=ticket.id, to=(to,), subject="s", text="t", purpose="acknowledgement")


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    return PlayedDesk(store, {"answering": Answering()})


def first_message(desk: PlayedDesk) -> int:
    ticket_id = desk.decide(a_message(sender=LI, message_id="<first@owner.example>"))
    assert ticket_id is not None
    return ticket_id


def reference(desk: PlayedDesk, ticket_id: int) -> str:
    with desk.store.read() as tx:
        return tx.tickets.get(ticket_id).reference


def test_a_notice_opens_a_ticket_with_both_deadlines(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)

    with desk.store.read() as tx:
        ticket = tx.tickets.get(ticket_id)
    assert [deadline.due_at - NOON for deadline in ticket.deadlines] == [
        timedelta(hours=2),
        timedelta(hours=24),
    ]
    assert ticket.thread == ("<first@owner.example>",)


def test_an_answer_to_our_mail_joins_by_its_signed_message_id(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)
    signed = desk.seal.message_id(ticket_id, "open/1", "faultdesk.example")

    joined = desk.decide(a_message(sender=STRANGER, message_id="<2@x>", references=(signed,)))

    assert joined == ticket_id
    assert "message_received" in desk.events(ticket_id)


def test_an_answer_to_the_signed_address_joins(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)
    to = (Address(desk.seal.reply_address(ticket_id, "service@faultdesk.example")),)

    assert desk.decide(a_message(sender=STRANGER, message_id="<2@x>", to=to)) == ticket_id


def test_a_message_below_the_clients_own_message_joins(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)

    second = a_message(sender=LI, message_id="<2@owner.example>", references=("<first@owner.example>",))

    assert desk.decide(second) == ticket_id


def test_a_participant_joins_by_the_reference_alone(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)

    message = a_message(sender=LI, message_id="<2@owner.example>", subject=reference(desk, ticket_id))

    assert desk.decide(message) == ticket_id


def test_a_colleague_joins_by_the_reference_alone(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)
    colleague = Address("night@owner.example")

    message = a_message(sender=colleague, message_id="<2@owner.example>", subject=reference(desk, ticket_id))

    assert desk.decide(message) == ticket_id


def test_a_stranger_with_a_reference_gets_a_ticket_of_its_own_that_says_so(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)

    other = desk.decide(a_message(sender=STRANGER, message_id="<2@x>", subject=reference(desk, ticket_id)))

    assert other not in {None, ticket_id}
    assert "stranger_refused" in desk.events(other)
    assert "message_received" not in desk.events(ticket_id)


def test_the_same_message_received_twice_is_one_ticket(desk: PlayedDesk) -> None:
    first = first_message(desk)

    again = desk.decide(a_message(sender=LI, message_id="<first@owner.example>"))

    assert again == first
    assert desk.state(2) == ("ignored", "the same message was received before")
    desk.perform()
    assert len(desk.mailer.sent) == 1


def test_automatic_mail_opens_nothing_and_is_never_answered(desk: PlayedDesk) -> None:
    assert desk.decide(a_message(automatic="Auto-Submitted: auto-replied")) is None

    desk.perform()
    assert desk.mailer.sent == []
    assert desk.state(1) == ("ignored", "automatic: Auto-Submitted: auto-replied")


def test_automatic_mail_about_a_ticket_is_kept_with_it_and_changes_nothing(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)
    signed = desk.seal.message_id(ticket_id, "open/1", "faultdesk.example")

    joined = desk.decide(a_message(sender=LI, message_id="<2@x>", references=(signed,), automatic="vacation"))

    assert joined == ticket_id
    assert desk.events(ticket_id)[-1] == "automatic_mail_received"
    desk.perform()
    assert len(desk.mailer.sent) == 1  # the first message's acknowledgement


def test_a_screened_message_is_kept_with_its_reason(store: SqlStore) -> None:
    class Screen(Handler, frozen=True):
        @hookimpl
        def screen_message(self, message: InboundMessage) -> Rejection:
            return Rejection("on the block list")

    desk = PlayedDesk(store, {"screen": Screen()})

    assert desk.decide(a_message()) is None
    assert desk.state(1) == ("ignored", "on the block list")


def test_a_handler_that_raises_is_named_on_the_ticket_and_the_client_answered(store: SqlStore) -> None:
    class Broken(Handler, frozen=True):
        @hookimpl
        def ticket_opened(self, ticket: Ticket) -> list[Decision]:
            raise RuntimeError("no printer")

    desk = PlayedDesk(store, {"broken": Broken(), "answering": Answering()})
    ticket_id = first_message(desk)

    with store.read() as tx:
        failed = next(event for event in tx.tickets.events(ticket_id) if event.kind == "handler_failed")
    assert (failed.actor, failed.data["error"]) == ("broken", "RuntimeError: no printer")
    desk.perform()
    assert len(desk.mailer.sent) == 1


def test_an_address_that_cannot_be_written_to_still_gets_a_ticket(desk: PlayedDesk) -> None:
    ticket_id = desk.decide(a_message(sender=Address("not an address")))

    assert "mail_withheld" in desk.events(ticket_id)


def an_engineers_reply(desk: PlayedDesk, ticket_id: int, to: Address, references: tuple[str, ...]) -> None:
    engineer = Address("wang@faultdesk.example")
    desk.order(ticket_id, engineer)
    desk.decide(a_message(sender=engineer, message_id="<e@x>", to=(to,), references=references))


def test_an_engineers_answer_to_the_client_stops_the_response_clock(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)
    desk.clock.advance(timedelta(minutes=30))

    an_engineers_reply(desk, ticket_id, LI, (desk.seal.message_id(ticket_id, "order", "faultdesk.example"),))

    with desk.store.read() as tx:
        ticket = tx.tickets.get(ticket_id)
    assert ticket.status is Status.ANSWERED
    assert ticket.deadlines[0].met_at == NOON + timedelta(minutes=30)


def test_an_engineer_who_writes_to_the_desk_only_has_not_answered_the_client(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)
    to_desk = Address("service@faultdesk.example")

    an_engineers_reply(
        desk, ticket_id, to_desk, (desk.seal.message_id(ticket_id, "order", "faultdesk.example"),)
    )

    assert "answered" not in desk.events(ticket_id)


def test_somebody_who_only_claims_to_be_the_engineer_has_not_answered(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)

    an_engineers_reply(desk, ticket_id, LI, ("<first@owner.example>",))

    assert "answered" not in desk.events(ticket_id)


def test_what_the_sender_clock_says_does_not_move_the_deadline(desk: PlayedDesk) -> None:
    ticket_id = desk.decide(
        a_message(date=NOON - timedelta(days=900), received_at=NOON - timedelta(minutes=5))
    )

    assert ticket_id is not None
    with desk.store.read() as tx:
        assert tx.tickets.get(ticket_id).noticed_at == NOON - timedelta(minutes=5)


def test_damage_that_was_found_while_reading_is_told_on_the_ticket(desk: PlayedDesk) -> None:
    ticket_id = desk.decide(a_message(problems=("3 characters could not be read",)))

    assert "message_damaged" in desk.events(ticket_id)


def test_events_decided_by_handlers_carry_their_name(store: SqlStore) -> None:
    class Noting(Handler, frozen=True):
        @hookimpl
        def ticket_opened(self, ticket: Ticket) -> list[Decision]:
            return [Event("noted")]

    desk = PlayedDesk(store, {"noting": Noting()})
    ticket_id = first_message(desk)

    with store.read() as tx:
        assert tx.tickets.events(ticket_id)[-1].actor == "noting"


def test_the_desk_itself_takes_no_part_under_any_of_its_addresses(desk: PlayedDesk) -> None:
    to = (Address("service@faultdesk.example"), Address("service+7.abc@faultdesk.example"))

    ticket_id = desk.decide(a_message(sender=LI, to=to))

    assert ticket_id is not None
    with desk.store.read() as tx:
        assert [who.person for who in tx.tickets.get(ticket_id).participants] == [LI]


def test_an_answer_to_an_alert_of_no_ticket_is_a_message_like_any_other(desk: PlayedDesk) -> None:
    with desk.store.write() as tx:
        desk.ledger.alert(tx, "job/1", "a job failed", "look")
    desk.perform()
    alert = str(message_from_bytes(desk.mailer.sent[0][2])["Message-ID"])

    assert desk.decide(a_message(sender=LI, references=(alert,))) is not None
    assert (
        desk.decide(a_message(sender=LI, message_id="<2@x>", references=(alert,), automatic="vacation"))
        is None
    )


def test_another_notice_under_the_same_message_id_is_no_twin(desk: PlayedDesk) -> None:
    first = first_message(desk)

    second = desk.decide(a_message(sender=LI, message_id="<first@owner.example>", text="gate 4 now"))

    assert second not in {None, first}


def test_a_claimed_sender_brings_nobody_in_and_gets_no_answer_elsewhere(desk: PlayedDesk) -> None:
    ticket_id = first_message(desk)
    subject = reference(desk, ticket_id)

    desk.decide(
        a_message(sender=LI, message_id="<2@x>", subject=subject, reply_to=(STRANGER,), cc=(STRANGER,))
    )
    desk.perform()

    with desk.store.read() as tx:
        assert tx.tickets.get(ticket_id).role_of(STRANGER.address) is None
    assert STRANGER.address not in {to for _, recipients, _ in desk.mailer.sent for to in recipients}


def test_an_answer_that_overtook_what_it_answers_is_joined_by_it_and_the_clocks_run_from_the_earlier(
    store: SqlStore,
) -> None:
    desk = PlayedDesk(store, {"sla": SlaHandler(levels=(Level(at=0.5, to=("duty@faultdesk.example",)),))})
    answer = a_message(message_id="<2@owner.example>", references=("<1@owner.example>",), text="and camera 5")
    ticket_id = desk.decide(answer)
    inbox_id = desk.receive(arrived_at=desk.clock.now() - timedelta(hours=1))
    with store.read() as tx:
        (received,) = tx.inbox.claim(10, 10**6)

    with store.write() as tx:
        desk.clerk.decide(tx, received, a_message(message_id="<1@owner.example>", text="camera 4 is dark"))

    assert desk.state(inbox_id) == ("done", None)
    with store.read() as tx:
        ticket = tx.tickets.get(ticket_id or 0)
    assert len(ticket.thread) == 2
    assert ticket.noticed_at == desk.clock.now() - timedelta(hours=1)
    assert {deadline.started_at for deadline in ticket.deadlines} == {ticket.noticed_at}
    desk.perform()
    assert "warned" in desk.events(ticket_id)


def test_a_stranger_s_message_does_not_join_what_spoke_of_its_message_id(store: SqlStore) -> None:
    desk = PlayedDesk(store, {})
    first = desk.decide(a_message(message_id="<2@owner.example>", references=("<1@owner.example>",)))

    stranger = a_message(
        message_id="<1@owner.example>", sender=Address("x@elsewhere.example"), text="something else"
    )
    assert desk.decide(stranger) != first
