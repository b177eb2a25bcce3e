"""Delivery status (RFC 3464) and disposition (RFC 8098): which of our mails, which recipient, and is it final."""

import re
from collections.abc import Iterator
from email.message import Message

from faultdesk.domain.message import DeliveryReport, Disposition, RecipientStatus
from faultdesk.reading.headers import Fields, message_ids, one_line

_MOST_RECIPIENTS = 50
_LONGEST = 300
_TYPED = re.compile(r"^[\w-]{1,20};\s*")
"""The type before an address or a diagnostic: "rfc822;", "smtp;"."""
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_ADDRESS = re.compile(r"[^\s<>;\"]{1,256}@[^\s<>;\"]{1,255}")
_KIND = re.compile(r"; ?(?P<kind>[a-z]{4,12})(?:/[a-z,\- ]{0,60}?(?P<modifier>error|failure))?")
"""Of "automatic-action/MDN-sent-automatically; displayed/error"."""
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})


def delivery_report(message: Message) -> DeliveryReport | None:
    """Read the report in a message; None when it holds none."""
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    recipients: list[RecipientStatus] = []
    about = ""
    for part in message.get_payload():
        if not isinstance(part, Message):
            continue
        kind = part.get_content_type()
        if kind in {"message/delivery-status", "message/global-delivery-status"}:
            recipients += _recipients(part)
        elif kind in {
            "message/rfc822",
            "text/rfc822-headers",
            "message/global-headers",
            "message/rfc822-headers",
        }:
            about = about or _message_id(part)
    return DeliveryReport(about, tuple(recipients[:_MOST_RECIPIENTS])) if recipients else None


def disposition(message: Message) -> Disposition | None:
    """Read the disposition notification in a message; None when it holds none."""
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    for part in message.get_payload():
        if isinstance(part, Message) and part.get_content_type() == "message/disposition-notification":
            return _disposition(part)
    return None


def _disposition(part: Message) -> Disposition | None:
    blocks = part.get_payload()
    block = (
        next((one for one in blocks if isinstance(one, Message)), None) if isinstance(blocks, list) else None
    )
    fields = Fields(block.raw_items()) if block is not None else None
    kind = _KIND.search(fields.text("disposition").lower()) if fields else None
    if fields is None or kind is None:
        return None
    address = _ADDRESS.search(_untyped(fields, "original-recipient") or _untyped(fields, "final-recipient"))
    failure = _untyped(fields, "error") or _untyped(fields, "failure") or (kind["modifier"] or "")
    return Disposition(
        next(iter(message_ids(fields.first("original-message-id"))), ""),
        kind["kind"],
        address[0].lower() if address else "",
        failure,
    )


def _recipients(part: Message) -> Iterator[RecipientStatus]:
    """Read the blocks of fields; the first is about the message, each other about one recipient."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message):
            continue
        fields = Fields(block.raw_items())
        address = _ADDRESS.search(
            _untyped(fields, "original-recipient") or _untyped(fields, "final-recipient")
        )
        action = fields.text("action").lower()
        if address is None or action not in _ACTIONS:
            continue
        status = _STATUS.search(fields.text("status"))
        yield RecipientStatus(
            address[0].lower(), action, status[0] if status else "", _untyped(fields, "diagnostic-code")
        )


def _untyped(fields: Fields, name: str) -> str:
    return one_line(_TYPED.sub("", fields.text(name)))[:_LONGEST]


def _message_id(part: Message) -> str:
    """Find the id of the mail that came back, whole or only its header."""
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        ids = message_ids(Fields(payload[0].raw_items()).first("message-id"))
    else:
        found = re.search(r"^message-id:\s*(<[^<>\s]{1,900}>)", str(payload), re.IGNORECASE | re.MULTILINE)
        ids = [found[1]] if found else []
    return next(iter(ids), "")
