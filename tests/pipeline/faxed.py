"""Faxes as a gateway of the tests' own brings them."""

from collections.abc import Sequence

from faultdesk.domain.client import Client, Project
from faultdesk.domain.fax import Line, Outcome, Page, PageImage, PageReading, Receipt, Reception
from faultdesk.domain.identity import Identity
from faultdesk.domain.message import Address, Attachment, InboundMessage
from faultdesk.domain.ticket import Participant, Role
from faultdesk.handlers import Handler, hookimpl
from faultdesk.handlers.testing import a_message
from faultdesk.pipeline.read_pages import PagesReading
from pipeline.desk import PlayedDesk

GATEWAY = Address("faxmaster@fax.example")
NUMBER = "+862088881111"
DESK = Identity(name="desk", address="service@faultdesk.example")
TIFF = Attachment("fax1.tif", "image/tiff", 100)


class Gateway(Handler, frozen=True):
    """Takes what its mails say in a form of the test's own: "caller pages key"."""

    @hookimpl
    def recognise_fax(self, message: InboundMessage) -> Reception | Receipt | None:
        if message.sender != GATEWAY:
            return None
        if message.subject.startswith("receipt"):
            _, outcome, job = message.subject.split()
            # "-" is a gateway that tells no job of its own.
            job = job.strip("-")
            return Receipt(gateway="office", outcome=Outcome(outcome), job=job, number=NUMBER, reason="busy")
        caller, pages, key = message.subject.split()
        documents = tuple(file.name for file in message.attachments)
        return Reception(gateway="office", caller=caller, pages=int(pages), key=key, documents=documents)

    @hookimpl
    def read_page(self, page: PageImage) -> PageReading | None:
        return None


class KnownPages:
    """Reads what the test says stands on them."""

    def __init__(self, *pages: Page) -> None:
        self.pages = pages
        self.asked: list[Sequence[str]] = []

    def read(self, content: bytes, documents: Sequence[str]) -> tuple[Page, ...]:
        self.asked.append(documents)
        return self.pages

    def close(self) -> None: ...


def a_page(text: str, **told: object) -> Page:
    lines = tuple(Line(line, 0.99, 0, 0, 100, 20) for line in text.splitlines())
    return Page(number=1, lines=lines, **told)  # type: ignore[arg-type]


def a_fax(subject: str = f"{NUMBER} 1 k1", *files: Attachment) -> InboundMessage:
    message_id = f"<{subject.replace(' ', '.')}@fax.example>"
    return a_message(
        sender=GATEWAY, subject=subject, attachments=files, automatic="robot", message_id=message_id
    )


def read_pages(desk: PlayedDesk, *pages: Page) -> KnownPages:
    reader = KnownPages(*pages)
    reading = PagesReading(desk.store, reader, desk.clock)
    while reading.read_next():
        pass
    return reader


def again(desk: PlayedDesk, message: InboundMessage) -> int | None:
    """Let the message be decided that waits now, as triage would after its pages were read."""
    with desk.store.read() as tx:
        (received,) = tx.inbox.claim(10, 10**9)
    return desk.decide_received(received, message)


def opened(desk: PlayedDesk, *pages: Page, message: InboundMessage | None = None) -> int:
    message = message or a_fax(f"{NUMBER} 1 k1", TIFF)
    desk.decide(message)
    read_pages(desk, *pages)
    ticket_id = again(desk, message)
    assert ticket_id is not None
    return ticket_id


NEXT, RECORDED = "+862088882222", "+862088883333"
LI = Address("li@owner.example")
OWNER = Client(
    name="滨江物业",
    numbers=("+862087561234", NUMBER),
    faxes=(RECORDED, "+862088884444x12"),
    addresses=("wang@binjiang.example",),
    projects=(Project(name="滨江广场"),),
)


def take_part(desk: PlayedDesk, ticket_id: int, *addresses: str) -> None:
    with desk.store.write() as tx:
        tx.tickets.add_participants(ticket_id, [Participant(Address(one), Role.CLIENT) for one in addresses])


def record(desk: PlayedDesk, client: Client) -> None:
    with desk.store.write() as tx:
        tx.clients.put([client])


def called(desk: PlayedDesk) -> list[str]:
    return [number for number, _, _ in desk.fax_sender.sent]


def mailed(desk: PlayedDesk) -> list[list[str]]:
    return [recipients for _, recipients, _ in desk.mailer.sent]
