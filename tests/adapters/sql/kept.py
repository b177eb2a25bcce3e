"""A desk with one client's case in it, and a look at every word that is stored."""

from collections.abc import Iterable
from datetime import timedelta
from email.message import EmailMessage

import sqlalchemy as sa

from faultdesk.adapters.sql.listings import Wanted, tickets
from faultdesk.adapters.sql.store import SqlStore
from faultdesk.adapters.sql.tables import metadata
from faultdesk.domain.message import Address, Attachment, InboundMessage
from faultdesk.domain.ticket import Event
from faultdesk_acknowledge import AcknowledgeHandler
from faultdesk_classify import ClassifyHandler
from faultdesk_dispatch import DispatchHandler
from faultdesk_report import ReportHandler
from faultdesk_sla import SlaHandler
from pipeline.desk import PlayedDesk

LI, WANG = Address("li@owner.example", "Li Ming"), Address("wang@owner.example", "Wang Fang")
WORDS = ("li@owner", "Li Ming", "13800138000", "access control", "plan-of-gate", "<1@", "construction")
"""Of everything that belongs to the case of Li Ming, something."""


def a_desk(store: SqlStore) -> PlayedDesk:
    handlers = {
        "classify": ClassifyHandler(),
        "sla": SlaHandler(),
        "acknowledge": AcknowledgeHandler(),
        "dispatch": DispatchHandler(duty="duty@faultdesk.example"),
        "report": ReportHandler(),
    }
    return PlayedDesk(store, handlers)


def raw_mail(sender: Address, text: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = str(sender)
    mail["Subject"] = "access control out of order"
    mail.set_content(text)
    return mail.as_bytes()


def notice(number: int = 1, sender: Address = LI, **fields: object) -> InboundMessage:
    known: dict[str, object] = {
        "subject": "access control out of order",
        "sender": sender,
        "to": (Address("service@faultdesk.example"),),
        "message_id": f"<{number}@owner.example>",
        "text": f"access control at gate {number} is dead, call 13800138000",
        "attachments": (Attachment("plan-of-gate.pdf", "application/pdf", 1000),),
    }
    return InboundMessage(**(known | fields))  # type: ignore[arg-type]


def receive(desk: PlayedDesk, message: InboundMessage) -> int:
    """Have a message with its octets filed and all mails sent; return its ticket."""
    inbox_id = desk.receive(raw_mail(message.sender, message.text))
    with desk.store.read() as tx:
        (received,) = [one for one in tx.inbox.claim(99, 10**9) if one.id == inbox_id]
    with desk.store.write() as tx:
        desk.clerk.decide(tx, received, message)
    desk.perform()
    with desk.store.database.read() as connection:
        row = connection.exec_driver_sql(f"SELECT ticket_id FROM inbox WHERE id = {inbox_id}").one()  # noqa: S608
    ticket_id: int = row.ticket_id
    return ticket_id


def resolve(desk: PlayedDesk, ticket_id: int) -> None:
    data = {
        "cause": "construction cut the line",
        "method": "new line",
        "recovered_at": desk.clock.now().isoformat(),
        "completed_at": desk.clock.now().isoformat(),
        "number": 1,
    }
    with desk.store.write() as tx:
        desk.changes.change(tx, ticket_id, Event("resolved", data, actor="wang"))
    desk.perform()


def a_resolved_ticket(desk: PlayedDesk, number: int = 1, sender: Address = LI) -> int:
    ticket_id = receive(desk, notice(number, sender))
    desk.clock.advance(timedelta(hours=1))
    resolve(desk, ticket_id)
    return ticket_id


def pass_time(desk: PlayedDesk, span: timedelta) -> None:
    """Let time pass, and all that comes due meanwhile be done."""
    desk.clock.advance(span)
    desk.perform()


def change(desk: PlayedDesk, ticket_id: int, kind: str) -> None:
    with desk.store.write() as tx:
        desk.changes.change(tx, ticket_id, Event(kind, {}, actor="operator"))


def everything(store: SqlStore) -> str:
    """Write down all that is in any table."""
    written: list[str] = []
    with store.database.read() as connection:
        for table in metadata.sorted_tables:
            written += [
                (
                    bytes(value).decode("utf-8", "replace")
                    if isinstance(value, bytes | memoryview)
                    else str(value)
                )
                for row in connection.execute(sa.select(table))
                for value in row
            ]
    return "\n".join(written)


def still_there(store: SqlStore, words: Iterable[str] = WORDS) -> list[str]:
    """Find the words that are stored somewhere."""
    stored = everything(store).lower()
    return [word for word in words if word.lower() in stored]


def figures(store: SqlStore) -> list[dict[str, object]]:
    """List every ticket with what is counted."""
    with store.database.read() as connection:
        rows = tickets(connection, Wanted(with_ended=True), 999)
    return [
        {name: row[name] for name in row if name not in {"subject", "client", "engineer"}} for row in rows
    ]
