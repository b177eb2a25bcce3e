"""Reads a gateway's mail by its dialect."""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from faultdesk.domain.fax import Outcome, Receipt, Reception
from faultdesk.domain.message import Address, InboundMessage
from faultdesk_fax.dialects import Dialect, compiled
from faultdesk_fax.numbers import e164

_MOST_CHARACTERS = 20_000
_NOBODY = frozenset(
    {"", "<none>", "none", "unknown", "anonymous", "unavailable", "private", "restricted", "匿名", "未知"}
)
_LONGEST_COUNT = 4
"""Digits."""
_PAGES = ("image/tiff", "application/pdf", "image/png", "image/jpeg")
"""Of a fax that comes in several forms the first of these is read."""


class Gateway(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fax gateway that is believed."""

    dialect: str
    senders: tuple[str, ...]
    """Addresses, or domains, of its mails: whoever can write from there can claim any number."""
    country: str = "CN"
    """In whose notation numbers are, ISO 3166."""
    area: str = ""
    """The area code of numbers that have none."""
    time_zone: str = "Asia/Shanghai"

    def is_sender(self, person: Address) -> bool:
        """Tell whether this claims to be the gateway; HylaFAX on the same host writes a name without a domain."""
        if person.address:
            return person.address in self.senders or person.domain in self.senders
        return any(f"<{sender}>" in person.name.lower() for sender in self.senders if "@" not in sender)


def reception(name: str, gateway: Gateway, dialect: Dialect, message: InboundMessage) -> Reception | None:
    """Read what the gateway says of a fax that it received; None when the mail brings none."""
    said = _said(message)
    documents = _documents(message)
    if not compiled(dialect.fax).search(said) or (dialect.needs_pages and not documents):
        return None
    facts = _facts(dialect.facts, said)
    return Reception(
        gateway=name,
        caller=_number(facts.get("caller", ""), gateway),
        called=_number(facts.get("called", ""), gateway),
        station=_number(facts.get("station", ""), gateway),
        pages=_count(facts.get("pages", "")),
        received_at=_time(facts.get("received", ""), dialect.times, gateway.time_zone),
        is_complete=not (dialect.incomplete and compiled(dialect.incomplete).search(said)),
        documents=documents,
        key=facts.get("key", ""),
        note=facts.get("note", ""),
    )


def receipt(name: str, gateway: Gateway, dialect: Dialect, message: InboundMessage) -> Receipt | None:
    """Read what the gateway says of a fax that it was to send; None when the mail is no receipt."""
    said = _said(message)
    outcome = next(
        (outcome for outcome, pattern in dialect.receipts.items() if compiled(pattern).search(said)), None
    )
    report = message.delivery_report
    if outcome is None and report is None:
        return None
    facts = _facts(dialect.receipt_facts, said)
    if outcome is None and report is not None:
        outcome = Outcome.FAILED if any(one.is_final for one in report.recipients) else Outcome.RETRYING
        if all(one.action in {"delivered", "relayed", "expanded"} for one in report.recipients):
            outcome = Outcome.DELIVERED
        facts.setdefault("reason", next((one.diagnostic or one.status for one in report.recipients), ""))
    about = report.message_id if report else next(iter(message.references), "")
    return Receipt(
        gateway=name,
        outcome=outcome or Outcome.FAILED,
        number=_number(facts.get("number", ""), gateway),
        job=facts.get("job", "") or about,
        reason=facts.get("reason", ""),
        pages=_count(facts.get("pages", "")),
        station=facts.get("station", ""),
    )


def _said(message: InboundMessage) -> str:
    """Put head and text together as the patterns see them; what the reader took for quoted is text here."""
    head = f"From: {message.sender}\nTo: {', '.join(map(str, (*message.to, *message.cc)))}\n"
    delivered = f"Delivered-To: {', '.join(message.delivered_to)}\nSubject: {message.subject}\n\n"
    body = "\n".join(part for part in (message.text, message.quoted, message.signature) if part)
    return (head + delivered + body)[:_MOST_CHARACTERS]


def _facts(patterns: Iterable[str], said: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for pattern in patterns:
        match = compiled(pattern).search(said)
        for name, value in (match.groupdict() if match else {}).items():
            if value and value.strip().casefold() not in _NOBODY:
                facts.setdefault(name, value.strip())
    return facts


def _number(told: str, gateway: Gateway) -> str:
    return e164(told, gateway.country, gateway.area) or told


def _count(told: str) -> int | None:
    return int(told) if told.isascii() and told.isdigit() and len(told) <= _LONGEST_COUNT else None


def _time(told: str, forms: Iterable[str], zone: str) -> datetime | None:
    for form in forms:
        try:
            time = datetime.strptime(told, form)  # noqa: DTZ007 - the zone is the gateway's, or in the form
            return (time if time.tzinfo else time.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _documents(message: InboundMessage) -> tuple[str, ...]:
    """Name what holds the pages: a gateway may attach the same fax in two forms."""
    for media_type in _PAGES:
        if found := tuple(file.name for file in message.attachments if file.media_type == media_type):
            return found
    return ()
