"""Ticket references that people read, and signed tokens that only the desk can make."""

import hashlib
import hmac
import re
from collections.abc import Iterable

import msgspec

_REFERENCE = re.compile(r"\bFD-(?:19|20)\d\d-\d{6,9}\b", re.IGNORECASE | re.ASCII)
_SIGNED = re.compile(r"^<fd\.(\d{1,18})\.([0-9a-f]{16})\.([0-9a-f]{20})@", re.ASCII)
_SIGNED_TAG = re.compile(r"\+(\d{1,18})\.([0-9a-f]{20})@", re.ASCII)


def format_reference(year: int, number: int) -> str:
    """Write a reference, "FD-2026-000123": it rises within a year and is never given twice."""
    return f"FD-{year}-{number:06d}"


def find_references(*texts: str) -> tuple[str, ...]:
    """Find references in the texts, in order, each once. A reference alone proves nothing."""
    found = (match.group().upper() for text in texts for match in _REFERENCE.finditer(text))
    return tuple(dict.fromkeys(found))


def _tag(ticket_id: str, person: str) -> str:
    return f"+{ticket_id}/{person}" if person else f"+{ticket_id}"


class Seal(msgspec.Struct, frozen=True):
    """Signs the desk's Message-IDs and reply addresses (HMAC-SHA-256, truncated to 80 bits)."""

    key: bytes

    @property
    def fingerprint(self) -> str:
        """Tell this key from others; says nothing of it."""
        return self._sign("fingerprint")

    def message_id(self, ticket_id: int, name: str, domain: str) -> str:
        """Make the Message-ID of the mail of this unique name, always the same one."""
        nonce = hashlib.sha256(name.encode()).hexdigest()[:16]
        return f"<fd.{ticket_id}.{nonce}.{self._sign(f'{ticket_id}.{nonce}')}@{domain}>"

    def reply_address(self, ticket_id: int, address: str, person: str = "") -> str:
        """Make the plus address (RFC 5233) by which answers find their ticket; one's own for a `person` of the desk."""
        local, _, domain = address.partition("@")
        return f"{local}+{ticket_id}.{self._sign(_tag(str(ticket_id), person))}@{domain}"

    def ticket_of_message_ids(self, message_ids: Iterable[str]) -> int | None:
        """Find the ticket in the first Message-ID that bears our signature."""
        for message_id in message_ids:
            match = _SIGNED.match(message_id)
            if match and self._proves(f"{match[1]}.{match[2]}", match[3]):
                return int(match[1])
        return None

    def ticket_of_addresses(self, addresses: Iterable[str], sender: str) -> int | None:
        """Find the ticket in the first plus address that bears our signature, for everybody or for this sender."""
        for address in addresses:
            match = _SIGNED_TAG.search(address)
            if match and any(self._proves(_tag(match[1], person), match[2]) for person in ("", sender)):
                return int(match[1])
        return None

    def is_for(self, person: str, ticket_id: int, addresses: Iterable[str]) -> bool:
        """Tell whether one of these is the reply address that only this person was given, of this ticket."""
        found = (match for address in addresses if (match := _SIGNED_TAG.search(address)))
        return any(
            int(match[1]) == ticket_id and self._proves(_tag(match[1], person), match[2]) for match in found
        )

    def _sign(self, text: str) -> str:
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()[:20]

    def _proves(self, text: str, signature: str) -> bool:
        return hmac.compare_digest(self._sign(text), signature)
