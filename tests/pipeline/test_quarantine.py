"""An original that somebody wants to look at first: what waits for it, and what leaves without it."""

from collections.abc import Mapping
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from faultdesk.adapters.sql.store import SqlStore
from faultdesk.domain.decision import Decision, Inspection, Job, Mail
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.ticket import Ticket
from faultdesk.errors import MailDeferredError, NotFoundError
from faultdesk.handlers import Desk, Handler, JobFunction, hookimpl
from faultdesk.handlers.testing import a_message
from pipeline.desk import PlayedDesk

ENGINEER = Address("duty@faultdesk.example")


class Dispatcher(Handler, frozen=True):
    """Acknowledges, and sends the original to an engineer."""

    @hookimpl
    def ticket_opened(self, ticket: Ticket, message: InboundMessage) -> list[Decision]:
        return [
            _mail(ticket, message, "order", ENGINEER, attached=(message.id,)),
            _mail(ticket, message, "acknowledgement", message.sender),
        ]

    @hookimpl
    def message_added(self, ticket: Ticket, message: InboundMessage) -> list[Decision]:
        return self.ticket_opened(ticket, message)


def _mail(
    ticket: Ticket, message: InboundMessage, name: str, to: Address, attached: tuple[int, ...] = ()
) -> Mail:
    return Mail(
        name=f"{name}/{message.id}",
        ticket_id=ticket.id,
        to=(to,),
        subject=name,
        text="",
        purpose=name,
        internal=to is ENGINEER,
        attached=attached,
    )


class Scanner(Handler, frozen=True):
    """Looks at every original after a while; which one it withholds is a matter of its octets."""

    kind: str = "scan"
    after: timedelta = timedelta(minutes=1)
    patience: timedelta = timedelta(minutes=5)

    @hookimpl
    def inspect_message(self, message: InboundMessage) -> Inspection | None:
        job = Job(f"{self.kind}.look", arguments={"inbox": message.id, "again": False})
        return Inspection(job, self.patience, f"not yet looked at by {self.kind}")

    @hookimpl
    def job_functions(self) -> Mapping[str, JobFunction]:
        return {f"{self.kind}.look": self.look}

    def look(self, job: Job, desk: Desk) -> None:
        inbox_id = job.arguments["inbox"]
        if not job.arguments["again"]:
            later = desk.now + self.after
            desk.put(Job(job.kind, arguments={"inbox": inbox_id, "again": True}, run_at=later))
        elif b"bad" in desk.original(inbox_id):
            desk.withhold(inbox_id, f"bad, says {self.kind}")
        else:
            desk.release(inbox_id)


def a_desk(store: SqlStore, *scanners: Scanner) -> PlayedDesk:
    # The dispatcher first: what it decides comes before the scanner is asked about the ticket.
    return PlayedDesk(store, {"dispatch": Dispatcher(), **{one.kind: one for one in scanners}})


@pytest.fixture
def desk(store: SqlStore) -> PlayedDesk:
    return a_desk(store, Scanner())


def receive(desk: PlayedDesk, content: bytes, message: InboundMessage | None = None) -> int:
    """File a message with these octets; return its ledger number."""
    inbox_id = desk.receive(content)
    with desk.store.read() as tx:
        received = next(one for one in tx.inbox.claim(99, 10**9) if one.id == inbox_id)
    with desk.store.write() as tx:
        desk.clerk.decide(tx, received, message or a_message())
    desk.perform()
    return inbox_id


def sent(desk: PlayedDesk) -> list[str]:
    return [str(read["Subject"]) for read in _read(desk)]


def attached(desk: PlayedDesk) -> list[bytes | str]:
    return [part.get_content() for mail in _read(desk) for part in mail.iter_attachments()]


def _read(desk: PlayedDesk) -> list[EmailMessage]:
    return [message_from_bytes(content, policy=policy.default) for _, _, content in desk.mailer.sent]


def pass_time(desk: PlayedDesk, **span: float) -> None:
    desk.clock.advance(timedelta(**span))
    desk.perform()


def reasons(desk: PlayedDesk, inbox_id: int) -> dict[int, str]:
    with desk.store.read() as tx:
        return tx.quarantine.reasons([inbox_id])


def test_what_carries_the_original_waits_for_the_look_and_the_acknowledgement_does_not(
    desk: PlayedDesk,
) -> None:
    inbox_id = receive(desk, b"good")
    assert sent(desk) == ["acknowledgement"]
    assert reasons(desk, inbox_id) == {inbox_id: "not yet looked at by scan"}

    pass_time(desk, minutes=1)

    assert sent(desk) == ["acknowledgement", "order"]
    assert attached(desk) == [b"good"]
    assert reasons(desk, inbox_id) == {}


def test_a_second_message_is_acknowledged_while_the_first_one_is_looked_at(desk: PlayedDesk) -> None:
    receive(desk, b"good")
    with desk.store.read() as tx:
        reference = tx.tickets.get(1).reference

    receive(desk, b"good", a_message("more", subject=reference, message_id="<2@owner.example>"))

    assert sent(desk) == ["acknowledgement", "acknowledgement"]


def test_an_original_that_is_withheld_stays_and_the_reason_goes(desk: PlayedDesk) -> None:
    inbox_id = receive(desk, b"bad")

    pass_time(desk, minutes=1)

    assert sent(desk) == ["acknowledgement", "order"]
    (told,) = attached(desk)
    assert isinstance(told, str)
    assert "bad, says scan" in told
    assert reasons(desk, inbox_id) == {inbox_id: "bad, says scan"}
    with desk.store.read() as tx:
        (event,) = [one for one in tx.tickets.events(1) if one.data.get("purpose") == "order"]
    assert event.data["without"] == [f"message {inbox_id}: bad, says scan"]


def test_after_the_patience_the_mail_goes_without_the_original_and_once(store: SqlStore) -> None:
    desk = a_desk(store, Scanner(after=timedelta(hours=1)))
    inbox_id = receive(desk, b"good")

    pass_time(desk, minutes=5)

    assert sent(desk) == ["acknowledgement", "order"]
    (told,) = attached(desk)
    assert "not yet looked at by scan" in str(told)
    assert reasons(desk, inbox_id) == {inbox_id: "not yet looked at by scan"}

    pass_time(desk, hours=1)

    assert sent(desk) == ["acknowledgement", "order"]
    assert reasons(desk, inbox_id) == {}


@pytest.mark.parametrize("content", [b"good", b"bad"])
def test_of_two_who_look_the_slower_one_is_waited_for(store: SqlStore, content: bytes) -> None:
    slow = Scanner(kind="slow", after=timedelta(minutes=3))
    desk = a_desk(store, Scanner(), slow)
    inbox_id = receive(desk, content)

    pass_time(desk, minutes=1)
    assert sent(desk) == ["acknowledgement"]
    pass_time(desk, minutes=2)

    assert sent(desk) == ["acknowledgement", "order"]
    both = {inbox_id: "bad, says scan; bad, says slow"}
    assert reasons(desk, inbox_id) == ({} if content == b"good" else both)


def test_a_message_that_opens_no_ticket_is_looked_at_too(desk: PlayedDesk) -> None:
    inbox_id = receive(desk, b"bad", a_message(automatic="Auto-Submitted"))

    pass_time(desk, minutes=1)

    assert reasons(desk, inbox_id) == {inbox_id: "bad, says scan"}


def test_a_message_that_could_not_be_read_is_looked_at_before_it_goes_out(desk: PlayedDesk) -> None:
    inbox_id = desk.receive(b"bad")
    with desk.store.read() as tx:
        (received,) = tx.inbox.claim(9, 10**9)
    with desk.store.write() as tx:
        ticket_id = desk.clerk.open_unreadable(tx, received, a_message(), "it ended the reader")
        tx.inbox.fail(inbox_id, ticket_id)
    desk.perform()

    pass_time(desk, minutes=1)

    assert "bad, says scan" in str(attached(desk)[0])


def test_a_mail_that_backs_off_is_not_hastened_by_the_end_of_a_look(store: SqlStore) -> None:
    desk = a_desk(store, Scanner(after=timedelta(minutes=5, seconds=1)))
    receive(desk, b"good")
    desk.mailer.error = MailDeferredError("450 later")
    pass_time(desk, minutes=5)
    desk.mailer.error = None

    pass_time(desk, seconds=1)

    assert sent(desk) == ["acknowledgement"]
    pass_time(desk, minutes=2)
    assert sent(desk) == ["acknowledgement", "order"]
    assert attached(desk) == [b"good"]


def test_a_job_learns_which_ticket_a_message_is_on(desk: PlayedDesk) -> None:
    inbox_id = receive(desk, b"good")

    with desk.store.read() as tx:
        assert tx.inbox.ticket_of(inbox_id) == 1
        assert tx.inbox.ticket_of(999) is None
        with pytest.raises(NotFoundError):
            tx.inbox.content(999)
