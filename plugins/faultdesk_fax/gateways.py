"""Reads a gateway's mail by its dialect."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import phonenumbers

from faultdesk.domain.fax import Outcome, Receipt, Reception
from faultdesk.domain.message import Address, InboundMessage
from faultdesk.domain.number import FAX_BY_MAIL
from faultdesk_fax.dialects import Dialect, compiled
from faultdesk_fax.numbers import e164

_MOST_CHARACTERS = 20_000
_MOST_DIGITS = 4
_MOST_FILES = 20
_NOBODY = frozenset(
    {"", "-", "<none>", "<unspecified>", "none", "null", "n/a", "unknown", "anonymous", "unavailable"}
    | {"private", "restricted", "withheld", "blocked", "not available", "no caller id", "unknown number"}
    | {
        "private number",
        "caller id blocked",
        "匿名",
        "匿名来电",
        "未知",
        "未知号码",
        "无",
        "隐藏",
        "保密",
        "未显示",
    }
)
_GREENWICH = re.compile(r"(?: ?(?:GMT|UTC))(?: \((?:GMT|UTC)\))?$")
_IN_ADDRESS = re.compile(r"(?:^|=)(?P<number>\+?\d[\d.\-]{3,24})(?=[/@])")
_ARRIVED = frozenset({"delivered", "relayed", "expanded"})
_SEEN = frozenset({"displayed", "dispatched", "processed"})
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

    def __post_init__(self) -> None:
        if self.country not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"country: {self.country}: no country of ISO 3166 with telephones")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"time_zone: {self.time_zone}: no time zone of that name") from error

    def is_sender(self, person: Address) -> bool:
        """Tell whether this claims to be the gateway; HylaFAX on the same host writes a name without a domain."""
        if person.address:
            return person.address in self.senders or person.domain in self.senders
        return any(f"<{sender}>" in person.name.lower() for sender in self.senders if "@" not in sender)


def reception(name: str, gateway: Gateway, dialect: Dialect, message: InboundMessage) -> Reception | None:
    """Read what the gateway says of a fax that it received; None when the mail brings none."""
    said = _said(message)
    documents = _documents(message)
    if not _is_fax(dialect, said, documents):
        return None
    facts = _facts(dialect.facts, said)
    pages, total = _count(facts.get("pages", "")), _count(facts.get("total", ""))
    is_damaged = bool(dialect.incomplete and compiled(dialect.incomplete).search(said))
    is_complete = not is_damaged and pages != 0 and (total is None or pages is None or pages >= total)
    return Reception(
        gateway=name,
        caller=_number(facts.get("caller", ""), gateway),
        called=_called(facts, gateway),
        station=_number(facts.get("station", ""), gateway),
        pages=pages if total is None else total,
        received_at=_time(facts.get("received", ""), dialect.times, gateway.time_zone),
        is_complete=is_complete,
        documents=documents,
        key=facts.get("key", ""),
        note="" if is_complete else facts.get("note", ""),
    )


def _is_fax(dialect: Dialect, said: str, documents: tuple[str, ...]) -> bool:
    if dialect.needs_pages and not documents:
        return False
    if dialect.no_fax and compiled(dialect.no_fax).search(said):
        return False
    return compiled(dialect.fax).search(said) is not None


def _called(facts: Mapping[str, str], gateway: Gateway) -> str:
    """Give the number with its extension as RFC 3966 writes it, else the one of them that was told."""
    number, extension = _number(facts.get("called", ""), gateway), facts.get("extension", "")
    return f"{number};ext={extension}" if number and extension else number or extension


def receipt(name: str, gateway: Gateway, dialect: Dialect, message: InboundMessage) -> Receipt | None:
    """Read what the gateway says of a fax that it was to send; None when the mail is no receipt."""
    said = _said(message)
    outcome = _outcome(dialect, said) or _reported(message)
    if outcome is None:
        return None
    facts = {**_of_report(message), **_facts(dialect.receipt_facts, said)}
    return Receipt(
        gateway=name,
        outcome=outcome,
        number=_number(facts.get("number", ""), gateway),
        job=facts.get("job", ""),
        reason="" if outcome is Outcome.DELIVERED else facts.get("reason", ""),
        pages=_count(facts.get("pages", "")),
        station=facts.get("station", ""),
    )


def _outcome(dialect: Dialect, said: str) -> Outcome | None:
    """Look for a retry first, for it tells of a failure, too; then for a failure: "not delivered" names both."""
    for outcome in (Outcome.RETRYING, Outcome.FAILED, Outcome.DELIVERED):
        pattern = dialect.receipts.get(outcome)
        if pattern and compiled(pattern).search(said):
            return outcome
    return None


def _reported(message: InboundMessage) -> Outcome | None:
    """Tell what a delivery report (RFC 3464) or a disposition notification (RFC 8098) says became of our mail."""
    if report := message.delivery_report:
        if any(one.is_final for one in report.recipients):
            return Outcome.FAILED
        is_there = all(one.action in _ARRIVED for one in report.recipients)
        return Outcome.DELIVERED if is_there else Outcome.RETRYING
    if done := message.disposition:
        if done.error or done.kind in {"failed", "deleted"}:
            return Outcome.FAILED
        return Outcome.DELIVERED if done.kind in _SEEN else None
    return None


def _of_report(message: InboundMessage) -> dict[str, str]:
    """Tell job, number and reason by the mail's own parts; of our mail to the gateway the Message-ID is the job."""
    report, done = message.delivery_report, message.disposition
    ours = (one for one in reversed(message.references) if one.startswith(f"<{FAX_BY_MAIL}"))
    job, reason = next(ours, ""), ""
    addresses = [done.address] if done else []
    if report is not None:
        job = report.message_id or job
        reason = next((one.diagnostic or one.status for one in report.recipients), "")
        addresses = [one.address for one in report.recipients]
    elif done is not None:
        job, reason = done.message_id or job, done.error
    number = next((found["number"] for address in addresses if (found := _IN_ADDRESS.search(address))), "")
    return {"job": job, "reason": reason, "number": number}


def _said(message: InboundMessage) -> str:
    """Put head and text together as the patterns see them; what the reader took for quoted is text here."""
    head = [
        f"From: {message.sender}",
        *(f"Reply-To: {person}" for person in message.reply_to),
        f"To: {', '.join(map(str, (*message.to, *message.cc)))}",
        f"Delivered-To: {', '.join(message.delivered_to)}",
        f"Subject: {message.subject}",
        *(f"Attached: {file.name}" for file in message.attachments[:_MOST_FILES]),
        *_described(message),
    ]
    body = (part for part in (message.text, message.quoted, message.signature) if part)
    return "\n".join((*(line.replace("\n", " ") for line in head), "", *body))[:_MOST_CHARACTERS]


def _described(message: InboundMessage) -> Iterator[str]:
    """Give what the first TIFF says of itself, line by line: HylaFAX writes station, caller, name and what was called."""
    told = next((file.description for file in message.attachments if file.description), "")
    yield from (f"Described {number}: {line}" for number, line in enumerate(told.splitlines(), 1))


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
    return int(told) if told.isascii() and told.isdigit() and len(told) <= _MOST_DIGITS else None


def _time(told: str, forms: Iterable[str], zone: str) -> datetime | None:
    told = _GREENWICH.sub(" +0000", told)
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
